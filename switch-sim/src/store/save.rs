//! The store to and from a snapshot.

use std::collections::BTreeMap;

use sai::layer::validate::key;
use sai::meta;

use super::{Object, Store, id};
use crate::snapshot::{Slots, Stored};
use crate::store::id::Parts;

impl Store {
    /// The slots of each object type that was ever used.
    pub(crate) fn save_slots(&self) -> BTreeMap<String, Slots> {
        let slabs = meta::OBJECTS.iter().zip(&self.slabs);
        slabs
            .map(|(m, slab)| (m, slab.save()))
            .filter(|(_, (generations, _))| !generations.is_empty())
            .map(|(m, (generations, free))| (m.name.to_owned(), Slots { generations, free }))
            .collect()
    }

    /// The objects that the store keeps itself, in order of type and slot.
    pub(crate) fn save_objects(&self) -> Vec<Stored> {
        let ids = meta::OBJECTS.iter().filter(|m| !m.is_entry()).flat_map(|m| self.ids(m.object_type));
        ids.filter_map(|id| {
            let o = self.get(id)?;
            let (attrs, owned, lists) = (o.attrs.clone(), o.owned.clone(), o.lists.clone());
            Some(Stored { id, origin: o.origin, attrs, owned, lists })
        })
        .collect()
    }

    /// Fills an empty store.
    pub(crate) fn load(&mut self, slots: &BTreeMap<String, Slots>, objects: &[Stored]) -> Result<(), String> {
        for (name, s) in slots {
            let m = meta::object_by_name(name).ok_or_else(|| format!("{name} is no object type"))?;
            self.slabs[m.dense as usize] = super::Slab::load(&s.generations, &s.free)
                .ok_or_else(|| format!("{name}: a free slot that is none"))?;
        }
        for stored in objects {
            if !self.is_live(stored.id) || Parts::of(stored.id).meta().is_none() {
                return Err(format!("{} is in no slot that is in use", stored.id));
            }
            if self.get(stored.id).is_some() {
                return Err(format!("{} is there twice", stored.id));
            }
            let mut object = Object::new(stored.attrs.clone(), stored.origin);
            object.owned.clone_from(&stored.owned);
            object.lists.clone_from(&stored.lists);
            let parts = Parts::of(stored.id);
            let m = &meta::OBJECTS[parts.dense as usize];
            key::for_each(m, id::switch_id(self.switch), &object.attrs, |key, _| {
                self.keys.insert(key, stored.id);
            });
            self.slabs[parts.dense as usize].put(parts.slot, object);
        }
        for stored in objects {
            let family = stored.origin.family(stored.id);
            for attr in &stored.attrs {
                attr.value.for_each_oid(|to| self.reference_from(family, to, 1));
            }
        }
        Ok(())
    }
}
