//! The objects of a switch: attributes, references, members.
//!
//! Everything lives here but what a feature keeps in its own compact table (routes, FDB and neighbor
//! entries, group members, ACL entries). The store checks nothing: [`crate::switch::Switch`] checks
//! first, then stores, then lets the feature derive its tables.

use hashbrown::HashMap;
use sai::layer::validate::{UniqueKey, key};
use sai::meta::{self, ObjectMeta};
use sai::{AttrEntry, AttrId, Entry, ObjectId, ObjectRef, ObjectType, Value};

mod audit;
pub mod id;
mod object;
mod read;
pub mod relation;
mod save;
mod slab;

pub use object::{Object, Origin};

use id::Parts;
use relation::{RELATIONS, Relation};
use slab::Slab;

/// The objects of one switch.
#[derive(Debug)]
pub struct Store {
    switch: u8,
    slabs: Vec<Slab>,
    entries: HashMap<Entry, Object>,
    entry_counts: Vec<u32>,
    keys: HashMap<UniqueKey, ObjectId>,
}

impl Store {
    /// An empty store for the switch with this number.
    pub fn new(switch: u8) -> Store {
        let n = meta::OBJECTS.len();
        Store {
            switch,
            slabs: (0..n).map(|_| Slab::default()).collect(),
            entries: HashMap::new(),
            entry_counts: vec![0; n],
            keys: HashMap::new(),
        }
    }

    /// The number of the switch.
    pub fn switch_number(&self) -> u8 {
        self.switch
    }

    /// The id that the next object of this type gets.
    pub fn next_id(&self, meta: &ObjectMeta) -> ObjectId {
        let (slot, generation) = self.slabs[meta.dense as usize].next();
        Parts { switch: self.switch, dense: meta.dense, generation, slot }.id()
    }

    /// Takes the next id for an object that a feature keeps in its own table.
    pub fn reserve(&mut self, meta: &ObjectMeta) -> ObjectId {
        let id = self.next_id(meta);
        self.slabs[meta.dense as usize].reserve();
        id
    }

    /// Gives back an id that [`Store::reserve`] took; it becomes stale.
    pub fn release(&mut self, id: ObjectId) {
        let parts = Parts::of(id);
        self.slabs[parts.dense as usize].release(parts.slot);
    }

    /// Whether the id names a live object, one in a feature's own table included.
    pub fn is_live(&self, id: ObjectId) -> bool {
        let parts = Parts::of(id);
        parts.switch == self.switch
            && self.slabs.get(parts.dense as usize).is_some_and(|s| s.is_live(parts.slot, parts.generation))
    }

    /// Stores a new object and answers its id, which is what [`Store::next_id`] said.
    pub fn insert(
        &mut self,
        meta: &'static ObjectMeta,
        mut attrs: Vec<AttrEntry>,
        origin: Origin,
    ) -> ObjectId {
        let id = self.reserve(meta);
        attrs.sort_by_key(|a| a.id);
        let home = id::switch_id(self.switch);
        key::for_each(meta, home, &attrs, |key, _| {
            self.keys.insert(key, id);
        });
        let family = origin.family(id);
        for attr in &attrs {
            attr.value.for_each_oid(|to| self.reference_from(family, to, 1));
        }
        self.slabs[meta.dense as usize].put(Parts::of(id).slot, Object::new(attrs, origin));
        self.for_links(meta.object_type, id, None, |store, parent, list| store.adopt(parent, list, id));
        if let Origin::Owned(owner) = origin
            && let Some(owner) = self.get_mut(owner)
        {
            owner.owned.push(id);
        }
        id
    }

    /// Takes an object out; its id becomes stale.
    pub fn take(&mut self, id: ObjectId) -> Option<Object> {
        let object_type = id::type_of(id)?;
        self.get(id)?;
        self.for_links(object_type, id, None, |store, parent, list| store.disown(parent, list, id));
        let parts = Parts::of(id);
        let object = self.slabs[parts.dense as usize].take(parts.slot)?;
        let family = object.origin.family(id);
        for attr in &object.attrs {
            attr.value.for_each_oid(|to| self.reference_from(family, to, -1));
        }
        let home = id::switch_id(self.switch);
        key::for_each(&meta::OBJECTS[parts.dense as usize], home, &object.attrs, |key, _| {
            self.keys.remove(&key);
        });
        if let Origin::Owned(owner) = object.origin
            && let Some(owner) = self.get_mut(owner)
        {
            owner.owned.retain(|o| *o != id);
        }
        Some(object)
    }

    /// The object with this id, where it is live and not in a feature's own table.
    pub fn get(&self, id: ObjectId) -> Option<&Object> {
        let parts = Parts::of(id);
        if parts.switch != self.switch {
            return None;
        }
        self.slabs.get(parts.dense as usize)?.get(parts.slot, parts.generation)
    }

    fn get_mut(&mut self, id: ObjectId) -> Option<&mut Object> {
        let parts = Parts::of(id);
        if parts.switch != self.switch {
            return None;
        }
        self.slabs.get_mut(parts.dense as usize)?.get_mut(parts.slot, parts.generation)
    }

    /// Stores an entry that no feature keeps in its own table.
    pub fn insert_entry(&mut self, entry: Entry, mut attrs: Vec<AttrEntry>) {
        attrs.sort_by_key(|a| a.id);
        for attr in &attrs {
            attr.value.for_each_oid(|to| self.reference(to, 1));
        }
        self.count_key_refs(&entry, 1);
        let dense = dense_of(entry.object_type());
        if self.entries.insert(entry, Object::new(attrs, Origin::Client)).is_none() {
            self.entry_counts[dense] += 1;
        }
    }

    /// Takes an entry out.
    pub fn take_entry(&mut self, entry: &Entry) -> Option<Object> {
        let object = self.entries.remove(entry)?;
        self.entry_counts[dense_of(entry.object_type())] -= 1;
        for attr in &object.attrs {
            attr.value.for_each_oid(|to| self.reference(to, -1));
        }
        self.count_key_refs(entry, -1);
        Some(object)
    }

    /// The stored object or entry.
    pub fn lookup(&self, object: &ObjectRef) -> Option<&Object> {
        match object {
            ObjectRef::Object(_, id) => self.get(*id),
            ObjectRef::Entry(entry) => self.entries.get(entry),
        }
    }

    /// The object that has a unique key.
    pub fn key_owner(&self, key: &UniqueKey) -> Option<ObjectId> {
        self.keys.get(key).copied()
    }

    /// Sets an attribute of a stored object or entry and answers the value before, if it had one.
    pub fn set(&mut self, object: &ObjectRef, attr: AttrEntry) -> Option<Value> {
        let family = match object {
            ObjectRef::Object(_, id) => self.family(*id),
            ObjectRef::Entry(_) => ObjectId::NULL,
        };
        attr.value.for_each_oid(|to| self.reference_from(family, to, 1));
        let linked = object.oid().filter(|_| is_link(object.object_type(), attr.id));
        let (ty, link) = (object.object_type(), Some(attr.id));
        if let Some(id) = linked {
            self.for_links(ty, id, link, |store, parent, list| store.disown(parent, list, id));
        }
        let stored = match object {
            ObjectRef::Object(_, id) => self.get_mut(*id),
            ObjectRef::Entry(entry) => self.entries.get_mut(entry),
        };
        let before = stored.expect("the caller looked the object up").put(attr);
        if let Some(value) = &before {
            value.for_each_oid(|to| self.reference_from(family, to, -1));
        }
        if let Some(id) = linked {
            self.for_links(ty, id, link, |store, parent, list| store.adopt(parent, list, id));
        }
        before
    }

    /// How many live objects or entries of a type there are, those in a feature's own table included
    /// when they have ids.
    pub fn count(&self, object_type: ObjectType) -> usize {
        let dense = dense_of(object_type);
        (self.slabs[dense].live() + self.entry_counts[dense]) as usize
    }

    /// The live objects of a type, in order of their slots.
    pub fn ids(&self, object_type: ObjectType) -> impl Iterator<Item = ObjectId> + '_ {
        let dense = dense_of(object_type);
        self.slabs[dense].iter().map(move |(slot, generation)| {
            Parts { switch: self.switch, dense: dense as u8, generation, slot }.id()
        })
    }

    /// The entries that no feature keeps in its own table.
    pub fn entries(&self) -> impl Iterator<Item = (&Entry, &Object)> {
        self.entries.iter()
    }

    /// Whether an entry is here.
    pub fn has_entry(&self, entry: &Entry) -> bool {
        self.entries.contains_key(entry)
    }

    /// Counts a reference that stands in a feature's own table.
    pub fn reference(&mut self, id: ObjectId, by: i32) {
        self.reference_from(ObjectId::NULL, id, by);
    }

    /// Counts the references of an entry's key.
    pub fn count_key_refs(&mut self, entry: &Entry, by: i32) {
        let home = id::switch_id(self.switch);
        entry.for_each_oid(|id, _| {
            if id != home {
                self.reference(id, by);
            }
        });
    }

    /// Counts a reference, unless it comes from the same family: what the switch made for a port never
    /// blocks the port's removal.
    fn reference_from(&mut self, family: ObjectId, id: ObjectId, by: i32) {
        if id.is_null() || (!family.is_null() && self.family(id) == family) {
            return;
        }
        if let Some(object) = self.get_mut(id) {
            object.refs = object.refs.checked_add_signed(by).expect("references never fall below zero");
        }
    }

    /// The object that this one goes with, or the object itself.
    fn family(&self, id: ObjectId) -> ObjectId {
        self.get(id).map_or(id, |o| o.origin.family(id))
    }

    /// Calls `f` with each parent and list that an object is a child of, by this link alone where one is given.
    fn for_links(
        &mut self,
        object_type: ObjectType,
        id: ObjectId,
        link: Option<AttrId>,
        mut f: impl FnMut(&mut Store, ObjectId, AttrId),
    ) {
        let by = |r: &&Relation| r.child == object_type && link.is_none_or(|link| r.link == link);
        for relation in RELATIONS.iter().filter(by) {
            let parent = self.get(id).and_then(|o| o.value(relation.link)?.as_oid());
            if let Some(parent) = parent
                && id::type_of(parent) == Some(relation.parent)
            {
                f(self, parent, relation.list);
            }
        }
    }

    /// Adds a child to a derived list.
    pub fn adopt(&mut self, parent: ObjectId, list: AttrId, child: ObjectId) {
        if let Some(parent) = self.get_mut(parent) {
            parent.adopt(list, child);
        }
    }

    /// Takes a child out of a derived list.
    pub fn disown(&mut self, parent: ObjectId, list: AttrId, child: ObjectId) {
        if let Some(parent) = self.get_mut(parent) {
            parent.disown(list, child);
        }
    }
}

fn is_link(child: ObjectType, attr: AttrId) -> bool {
    RELATIONS.iter().any(|r| r.child == child && r.link == attr)
}

fn dense_of(object_type: ObjectType) -> usize {
    meta::object(object_type).expect("a known object type").dense as usize
}
