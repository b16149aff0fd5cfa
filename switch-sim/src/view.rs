//! What the metadata's rules need to know of a switch.

use sai::layer::validate::{Presence, UniqueKey, View};
use sai::meta;
use sai::{Entry, ObjectId, ObjectRef, ObjectType};

use crate::feature::owner;
use crate::store::id::{self, Parts};
use crate::switch::Switch;

impl View for Switch {
    fn presence(&self, id: ObjectId) -> Presence {
        let parts = Parts::of(id);
        match parts.meta() {
            None => Presence::Impossible,
            Some(m) if self.store.is_live(id) => Presence::Live(m.object_type),
            Some(m) => Presence::Dead(m.object_type),
        }
    }

    fn switch_of(&self, id: ObjectId) -> Option<ObjectId> {
        Parts::of(id).meta().map(|_| id::switch_id(Parts::of(id).switch))
    }

    fn entry_exists(&self, entry: &Entry) -> Option<bool> {
        let meta = meta::object(entry.object_type())?;
        Some(match owner(meta).and_then(|o| o.table()) {
            Some(table) => table.contains_entry(self, entry),
            None => self.store.has_entry(entry),
        })
    }

    fn key_owner(&self, key: &UniqueKey) -> Option<ObjectId> {
        self.store.key_owner(key)
    }

    fn users(&self, id: ObjectId) -> usize {
        let Some(object) = self.store.get(id) else { return 0 };
        let refs = |id: &ObjectId| self.store.get(*id).map_or(0, |o| o.refs as usize);
        refs(&id) + object.owned().iter().map(refs).sum::<usize>()
    }

    fn a_user(&self, id: ObjectId) -> Option<ObjectRef> {
        // What the switch made for the object goes with it: who uses that uses the object, and that
        // itself is no user.
        let family = |to: ObjectId| to == id || self.store.get(id).is_some_and(|o| o.owned().contains(&to));
        let names = |object: &crate::store::Object| {
            let mut found = false;
            object.attrs().iter().for_each(|a| a.value.for_each_oid(|to| found |= family(to)));
            found
        };
        let objects = meta::OBJECTS.iter().filter(|m| !m.is_entry());
        for m in objects {
            for user in self.store.ids(m.object_type) {
                if !family(user) && self.store.get(user).is_some_and(&names) {
                    return Some(ObjectRef::Object(m.object_type, user));
                }
            }
        }
        self.store
            .entries()
            .find(|(key, object)| {
                let mut found = names(object);
                key.for_each_oid(|to, _| found |= family(to));
                found
            })
            .map(|(key, _)| ObjectRef::Entry(key.clone()))
    }
}

/// The type that an id names or could have named.
pub(crate) fn object_type(id: ObjectId) -> Option<ObjectType> {
    id::type_of(id)
}
