//! Many objects of one type in one call.

use crate::attr::target;
use crate::{
    Attr, AttrEntry, AttrValue, Bulk, BulkCreate, BulkErrorMode, BulkGet, BulkSet, Create, Error, Get,
    Handle, Object, ObjectId, ObjectRef, OnSet, Result, Session, Status,
};

impl Session {
    /// Creates many objects of one type. One result an object, in order.
    pub fn bulk_create<C: Create>(
        &self,
        new: impl IntoIterator<Item = C>,
        mode: BulkErrorMode,
    ) -> Vec<Result<<C::Object as Object>::Created>> {
        let new: Vec<_> = new.into_iter().map(Create::into_new).collect();
        let entries: Vec<_> = new.iter().map(|n| n.entry()).collect();
        let items: Vec<_> = new
            .iter()
            .zip(&entries)
            .map(|(n, e)| BulkCreate { target: target::<C::Object>(e.as_ref()), attrs: n.attrs() })
            .collect();
        let call = Bulk::Create { switch: self.switch_raw(), items: &items };
        let results = self.backend().bulk(call, mode);
        let explain = |e: Error, item: &BulkCreate<'_>| {
            self.explain(e, "create", &item.target.to_ref(ObjectId::NULL), item.attrs)
        };
        let one = |(result, item): (Result<ObjectId>, &BulkCreate<'_>)| {
            let id = result.map_err(|e| explain(e, item))?;
            C::Object::created(id).ok_or_else(|| {
                explain(Error::because(Status::FAILURE, "the backend answered a null id"), item)
            })
        };
        results.into_iter().zip(&items).map(one).collect()
    }

    /// Removes many objects of one type. One result an object, in order.
    pub fn bulk_remove<H: Handle>(
        &self,
        objects: impl IntoIterator<Item = H>,
        mode: BulkErrorMode,
    ) -> Vec<Result<()>> {
        let objects: Vec<ObjectRef> = objects.into_iter().map(|o| o.to_ref()).collect();
        let results = self.backend().bulk(Bulk::Remove(&objects), mode);
        let one = |(result, object): (Result<ObjectId>, &ObjectRef)| {
            result.map(drop).map_err(|e| self.explain(e, "remove", object, &[]))
        };
        results.into_iter().zip(&objects).map(one).collect()
    }

    /// Sets an attribute of many objects of one type, each to its own value. One result an object.
    pub fn bulk_set<H: Handle, V: AttrValue, A: OnSet>(
        &self,
        attr: Attr<H::Object, V, A>,
        values: impl IntoIterator<Item = (H, V)>,
        mode: BulkErrorMode,
    ) -> Vec<Result<()>> {
        let owned: Vec<(ObjectRef, AttrEntry)> = values
            .into_iter()
            .map(|(object, value)| (object.to_ref(), AttrEntry::new(attr.id(), value.into_value())))
            .collect();
        let items: Vec<_> = owned.iter().map(|(object, attr)| BulkSet { object, attr }).collect();
        let results = self.backend().bulk(Bulk::Set(&items), mode);
        let one = |(result, (object, attr)): (Result<ObjectId>, &(ObjectRef, AttrEntry))| {
            result.map(drop).map_err(|e| self.explain(e, "set", object, std::slice::from_ref(attr)))
        };
        results.into_iter().zip(&owned).map(one).collect()
    }

    /// Reads the same attributes of many objects of one type. One result an object.
    pub fn bulk_get<H: Handle, G: Get<H::Object>>(
        &self,
        objects: impl IntoIterator<Item = H>,
        attrs: G,
        mode: BulkErrorMode,
    ) -> Vec<Result<G::Values>> {
        let mut owned: Vec<(ObjectRef, Vec<AttrEntry>)> =
            objects.into_iter().map(|object| (object.to_ref(), attrs.ask())).collect();
        let mut items: Vec<_> = owned.iter_mut().map(|(object, attrs)| BulkGet { object, attrs }).collect();
        let results = self.backend().bulk(Bulk::Get(&mut items), mode);
        let one = |(result, (object, entries)): (Result<ObjectId>, (ObjectRef, Vec<AttrEntry>))| {
            result.map_err(|e| self.explain(e, "get", &object, &entries))?;
            attrs.take(&mut entries.into_iter()).map_err(|(id, kind)| {
                let reason = format!("the backend answered {kind}, which the attribute's type does not have");
                self.explain(Error::because(Status::FAILURE, reason), "get", &object, &[AttrEntry::ask(id)])
            })
        };
        results.into_iter().zip(owned).map(one).collect()
    }
}
