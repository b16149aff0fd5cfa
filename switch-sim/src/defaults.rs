//! What an attribute is when it was never set.

use sai::meta::{self, AttrFlags, AttrMeta, DefaultValue};
use sai::{
    Attr, AttrId, AttrValue, Error, Object, ObjectId, ObjectRef, ObjectType, Result, Status, Value, ValueKind,
};

use crate::feature::owner;
use crate::store::relation;
use crate::switch::{Switch, known};

impl Switch {
    /// The typed value of an attribute: what was given, else its default.
    ///
    /// # Errors
    /// As [`Switch::value`]; `ITEM_NOT_FOUND` when there is no such object.
    pub fn read<T: Object, V: AttrValue, A>(&self, id: ObjectId, attr: Attr<T, V, A>) -> Result<V> {
        if !self.store.is_live(id) {
            return Err(Error::because(Status::ITEM_NOT_FOUND, format!("there is no {} {id}", T::TYPE)));
        }
        let value = self.value(&ObjectRef::Object(T::TYPE, id), attr.id())?;
        V::from_value(value)
            .ok_or_else(|| Error::because(Status::FAILURE, format!("{attr:?} is of another type")))
    }

    /// The value of an attribute as a client reads it: a state, what was set, or the default.
    ///
    /// # Errors
    /// `ATTR_NOT_SUPPORTED_0` for an attribute that has no true value.
    pub fn value(&self, object: &ObjectRef, id: AttrId) -> Result<Value> {
        let meta = known(object.object_type())?;
        let attr = meta.attr(id).ok_or_else(|| Error::new(Status::UNKNOWN_ATTRIBUTE_0))?;
        if self.refuses(meta, id) {
            return Err(unsupported(attr, format!("profile '{}' refuses it", self.profile.name)));
        }
        let owner = owner(meta);
        if let Some(answer) = owner.and_then(|o| o.get(self, object, attr)) {
            return answer;
        }
        let stored = match owner.and_then(|o| o.table()) {
            Some(table) => table.value_of(self, object, attr, id)?,
            None => self.store.lookup(object).and_then(|o| o.value(id)).cloned(),
        };
        if let Some(value) = stored {
            return Ok(value);
        }
        if let Some(value) = self.derived(object, attr) {
            return Ok(value);
        }
        self.default_of(object, attr)
    }

    fn derived(&self, object: &ObjectRef, attr: &AttrMeta) -> Option<Value> {
        if !attr.flags.contains(AttrFlags::READ_ONLY) {
            return None;
        }
        let (list, number) = relation::derived(object.object_type(), attr.id)?;
        let children = self.store.get(object.oid()?)?.list(list);
        Some(if number { Value::U32(children.len() as u32) } else { Value::OidList(children.to_vec()) })
    }

    fn default_of(&self, object: &ObjectRef, attr: &'static AttrMeta) -> Result<Value> {
        if let Some(value) = attr.default_value() {
            return Ok(value);
        }
        let kind = attr.ty.value_kind();
        if let DefaultValue::AttrValue(object_type, id) = attr.default {
            return match self.source(object, object_type) {
                Some(source) => self.value(&source, id),
                None => Err(unsupported(attr, format!("no {object_type} to take it from"))),
            };
        }
        let read_only = attr.flags.contains(AttrFlags::READ_ONLY);
        if !read_only && kind == ValueKind::Oid {
            return Ok(Value::Oid(ObjectId::NULL));
        }
        match Value::empty(kind) {
            Some(empty) if !read_only => Ok(empty),
            _ => Err(unsupported(attr, "it was never set and has no value of its own".into())),
        }
    }

    /// The object that a default is taken from.
    fn source(&self, object: &ObjectRef, wanted: ObjectType) -> Option<ObjectRef> {
        if wanted == object.object_type() {
            return Some(object.clone());
        }
        if wanted == ObjectType::SWITCH {
            return Some(ObjectRef::Object(wanted, self.id));
        }
        let meta = meta::object(object.object_type())?;
        let link = meta.attrs.iter().find(|a| a.objects.contains(&wanted))?;
        let id = self.value(object, link.id).ok()?.as_oid().filter(|id| !id.is_null())?;
        Some(ObjectRef::Object(wanted, id))
    }
}

fn unsupported(attr: &AttrMeta, reason: String) -> Error {
    Error::because(Status::ATTR_NOT_SUPPORTED_0, reason).on_attr(attr.name)
}
