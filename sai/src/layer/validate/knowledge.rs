//! What the layer has learned of the objects behind it.

use std::collections::VecDeque;

use hashbrown::{HashMap, HashSet};

use crate::entry::Entry;
use crate::meta::ObjectMeta;
use crate::notify::{FdbEventNotificationData, Notification};
use crate::object::{fdb_entry, fdb_flush};
use crate::types::FdbEvent;
use crate::{AttrEntry, AttrId, ObjectId, ObjectRef, ObjectType, Target, Value};

use super::key::{self, UniqueKey};
use super::rules::given;
use super::value::as_int;

/// How many removed objects and entries are remembered.
const REMEMBERED: usize = 65_536;

const FDB_TYPE: AttrId = sai_sys::SAI_FDB_ENTRY_ATTR_TYPE.0;
const FDB_BRIDGE_PORT: AttrId = sai_sys::SAI_FDB_ENTRY_ATTR_BRIDGE_PORT_ID.0;

/// The ids that a client gave in an attribute.
type Uses = Vec<(AttrId, ObjectId)>;

#[derive(Debug)]
struct Known {
    object_type: ObjectType,
    switch: ObjectId,
    uses: Uses,
    keys: Vec<UniqueKey>,
}

#[derive(Debug, Default)]
struct KnownEntry {
    uses: Uses,
    /// A dynamic FDB entry: it blocks no removal, and may be gone without a word.
    dynamic: bool,
}

/// Objects and entries by what was created, answered and notified.
#[derive(Debug, Default)]
pub(super) struct Knowledge {
    objects: HashMap<ObjectId, Known>,
    entries: HashMap<Entry, KnownEntry>,
    keys: HashMap<UniqueKey, ObjectId>,
    /// How many attributes and keys that a client gave name an object.
    references: HashMap<ObjectId, usize>,
    gone: HashSet<ObjectRef>,
    gone_order: VecDeque<ObjectRef>,
}

impl Knowledge {
    pub(super) fn type_of(&self, id: ObjectId) -> Option<ObjectType> {
        self.objects.get(&id).map(|o| o.object_type)
    }

    pub(super) fn switch_of(&self, id: ObjectId) -> Option<ObjectId> {
        self.objects.get(&id).map(|o| o.switch).filter(|s| !s.is_null())
    }

    /// Whether an object was seen to be removed, and not made anew.
    pub(super) fn is_gone(&self, object: &ObjectRef) -> bool {
        !self.gone.is_empty() && self.gone.contains(object)
    }

    pub(super) fn entry_exists(&self, entry: &Entry) -> Option<bool> {
        match self.entries.get(entry) {
            Some(known) if !known.dynamic => Some(true),
            Some(_) => None,
            None if self.gone.is_empty() => None,
            None => self.gone.contains(&ObjectRef::Entry(entry.clone())).then_some(false),
        }
    }

    pub(super) fn key_owner(&self, key: &UniqueKey) -> Option<ObjectId> {
        self.keys.get(key).copied()
    }

    pub(super) fn references(&self, id: ObjectId) -> usize {
        self.references.get(&id).copied().unwrap_or(0)
    }

    /// The lowest of those that name an object.
    pub(super) fn a_user(&self, id: ObjectId) -> Option<ObjectRef> {
        let names = |uses: &Uses| uses.iter().any(|(_, used)| *used == id);
        let objects = self.objects.iter().filter(|(_, o)| names(&o.uses));
        let objects = objects.map(|(user, o)| ObjectRef::Object(o.object_type, *user));
        let entries = self.entries.iter().filter(|(_, e)| !e.dynamic && names(&e.uses));
        objects.chain(entries.map(|(e, _)| ObjectRef::Entry(e.clone()))).min()
    }

    pub(super) fn created(
        &mut self,
        meta: Option<&'static ObjectMeta>,
        switch: ObjectId,
        target: Target<'_>,
        attrs: &[AttrEntry],
        id: ObjectId,
    ) {
        let mut uses = Uses::new();
        attrs.iter().for_each(|a| push_uses(&mut uses, a));
        match target {
            Target::Object(object_type) => {
                self.revive(&ObjectRef::Object(object_type, id));
                self.count(&uses, 1);
                let mut keys = Vec::new();
                if let Some(meta) = meta {
                    key::for_each(meta, switch, attrs, |key, _| keys.push(key));
                }
                self.keys.extend(keys.iter().map(|key| (*key, id)));
                let switch = if object_type == ObjectType::SWITCH { id } else { switch };
                let before = self.objects.insert(id, Known { object_type, switch, uses, keys });
                self.release(id, before);
            }
            Target::Entry(entry) => {
                self.revive(&ObjectRef::Entry(entry.clone()));
                entry.for_each_oid(|id, _| uses.push((AttrId::MAX, id)));
                let dynamic = matches!(entry, Entry::Fdb(_))
                    && given(attrs, FDB_TYPE).and_then(as_int) == Some(fdb_entry::Type::DYNAMIC.0.into());
                self.put_entry(entry.clone(), KnownEntry { uses, dynamic });
            }
        }
    }

    fn put_entry(&mut self, entry: Entry, known: KnownEntry) {
        if !known.dynamic {
            self.count(&known.uses, 1);
        }
        if let Some(before) = self.entries.insert(entry, known)
            && !before.dynamic
        {
            self.count(&before.uses, -1);
        }
    }

    pub(super) fn removed(&mut self, object: &ObjectRef) {
        match object {
            ObjectRef::Object(ObjectType::SWITCH, id) => self.switch_removed(*id),
            ObjectRef::Object(_, id) => {
                let known = self.objects.remove(id);
                self.release(*id, known);
            }
            ObjectRef::Entry(entry) => self.forget_entry(entry),
        }
        if self.gone.insert(object.clone()) {
            self.gone_order.push_back(object.clone());
            if self.gone_order.len() > REMEMBERED
                && let Some(oldest) = self.gone_order.pop_front()
            {
                self.gone.remove(&oldest);
            }
        }
    }

    pub(super) fn forget_entry(&mut self, entry: &Entry) {
        if let Some(known) = self.entries.remove(entry)
            && !known.dynamic
        {
            self.count(&known.uses, -1);
        }
    }

    pub(super) fn set(&mut self, object: &ObjectRef, attr: &AttrEntry) {
        let mut new = Uses::new();
        push_uses(&mut new, attr);
        match object {
            ObjectRef::Object(object_type, id) => {
                let known = self.objects.entry(*id).or_insert_with(|| Known {
                    object_type: *object_type,
                    switch: ObjectId::NULL,
                    uses: Uses::new(),
                    keys: Vec::new(),
                });
                let old = replace_uses(&mut known.uses, attr.id, &new);
                self.count(&new, 1);
                self.count(&old, -1);
            }
            ObjectRef::Entry(entry) => {
                // An entry that is not known was made before this layer, or was learned.
                let Some(mut known) = self.entries.remove(entry) else { return };
                if !known.dynamic {
                    self.count(&known.uses, -1);
                }
                replace_uses(&mut known.uses, attr.id, &new);
                if matches!(entry, Entry::Fdb(_)) && attr.id == FDB_TYPE {
                    known.dynamic = as_int(&attr.value) == Some(fdb_entry::Type::DYNAMIC.0.into());
                }
                self.put_entry(entry.clone(), known);
            }
        }
    }

    /// An id that the backend named: it lives.
    pub(super) fn seen(&mut self, object_type: ObjectType, id: ObjectId) {
        self.revive(&ObjectRef::Object(object_type, id));
        self.objects.entry(id).or_insert_with(|| Known {
            object_type,
            switch: ObjectId::NULL,
            uses: Uses::new(),
            keys: Vec::new(),
        });
    }

    pub(super) fn notified(&mut self, notification: &Notification) {
        let Notification::FdbEvent { data } = notification else { return };
        for event in data {
            match event.event_type {
                FdbEvent::LEARNED | FdbEvent::MOVE => self.learned(event),
                FdbEvent::AGED | FdbEvent::FLUSHED => self.aged(event),
                _ => {}
            }
        }
    }

    fn learned(&mut self, event: &FdbEventNotificationData) {
        let entry = Entry::Fdb(event.fdb_entry.clone());
        self.revive(&ObjectRef::Entry(entry.clone()));
        let mut known = KnownEntry {
            uses: Uses::new(),
            dynamic: given(&event.attr, FDB_TYPE).and_then(as_int) != Some(fdb_entry::Type::STATIC.0.into()),
        };
        event.attr.iter().for_each(|a| push_uses(&mut known.uses, a));
        entry.for_each_oid(|id, _| known.uses.push((AttrId::MAX, id)));
        self.put_entry(entry, known);
    }

    /// One entry, or with a zero MAC address all of a consolidated flush.
    fn aged(&mut self, event: &FdbEventNotificationData) {
        if event.fdb_entry.mac_address.0 != [0; 6] {
            return self.forget_entry(&Entry::Fdb(event.fdb_entry.clone()));
        }
        let port = given(&event.attr, FDB_BRIDGE_PORT).and_then(Value::as_oid);
        let is_static =
            given(&event.attr, FDB_TYPE).and_then(as_int) == Some(fdb_entry::Type::STATIC.0.into());
        let sort = if is_static { fdb_flush::EntryType::STATIC } else { fdb_flush::EntryType::DYNAMIC };
        self.forget_fdb(Some(event.fdb_entry.bv_id), port, sort);
    }

    /// After a flush with these filters.
    pub(super) fn flushed(&mut self, filters: &[AttrEntry]) {
        let oid = |id| given(filters, id).and_then(Value::as_oid);
        let sort = given(filters, sai_sys::SAI_FDB_FLUSH_ATTR_ENTRY_TYPE.0).and_then(as_int);
        self.forget_fdb(
            oid(sai_sys::SAI_FDB_FLUSH_ATTR_BV_ID.0),
            oid(sai_sys::SAI_FDB_FLUSH_ATTR_BRIDGE_PORT_ID.0),
            sort.map_or(fdb_flush::EntryType::DYNAMIC, |v| fdb_flush::EntryType(v as i32)),
        );
    }

    fn forget_fdb(&mut self, bv: Option<ObjectId>, port: Option<ObjectId>, sort: fdb_flush::EntryType) {
        self.forget_entries(|entry, known| {
            let Entry::Fdb(key) = entry else { return false };
            let of_sort = match sort {
                fdb_flush::EntryType::DYNAMIC => known.dynamic,
                fdb_flush::EntryType::STATIC => !known.dynamic,
                _ => true,
            };
            let on = |id: ObjectId| known.uses.contains(&(FDB_BRIDGE_PORT, id));
            of_sort
                && bv.is_none_or(|bv| bv.is_null() || bv == key.bv_id)
                && port.is_none_or(|p| p.is_null() || on(p))
        });
    }

    pub(super) fn neighbors_removed(&mut self) {
        self.forget_entries(|entry, _| matches!(entry, Entry::Neighbor(_)));
    }

    fn forget_entries(&mut self, which: impl Fn(&Entry, &KnownEntry) -> bool) {
        let gone: Vec<Entry> =
            self.entries.iter().filter(|(e, k)| which(e, k)).map(|(e, _)| e.clone()).collect();
        gone.iter().for_each(|entry| self.forget_entry(entry));
    }

    fn switch_removed(&mut self, switch: ObjectId) {
        // An entry with a null switch is of the only switch.
        self.forget_entries(|entry, _| entry.switch_id() == switch || entry.switch_id().is_null());
        let of_switch =
            |(id, o): (&ObjectId, &Known)| (o.switch == switch || o.switch.is_null()).then_some(*id);
        let ids: Vec<ObjectId> = self.objects.iter().filter_map(of_switch).collect();
        for id in ids.into_iter().chain([switch]) {
            let known = self.objects.remove(&id);
            self.release(id, known);
            self.references.remove(&id);
        }
    }

    /// Gives back the keys and references of what an id named before.
    fn release(&mut self, id: ObjectId, known: Option<Known>) {
        let Some(known) = known else { return };
        for key in known.keys {
            if self.keys.get(&key) == Some(&id)
                && !self.objects.get(&id).is_some_and(|o| o.keys.contains(&key))
            {
                self.keys.remove(&key);
            }
        }
        self.count(&known.uses, -1);
    }

    fn revive(&mut self, object: &ObjectRef) {
        if !self.gone.is_empty() {
            self.gone.remove(object);
        }
    }

    fn count(&mut self, uses: &Uses, by: isize) {
        for (_, id) in uses {
            let count = self.references.entry(*id).or_default();
            *count = count.saturating_add_signed(by);
            if *count == 0 {
                self.references.remove(id);
            }
        }
    }
}

fn push_uses(uses: &mut Uses, attr: &AttrEntry) {
    attr.value.for_each_oid(|id| {
        if !id.is_null() {
            uses.push((attr.id, id));
        }
    });
}

fn replace_uses(uses: &mut Uses, attr: AttrId, new: &Uses) -> Uses {
    let old = uses.extract_if(.., |(a, _)| *a == attr).collect();
    uses.extend_from_slice(new);
    old
}
