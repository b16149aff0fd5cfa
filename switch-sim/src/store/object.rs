//! A stored object.

use sai::{AttrEntry, AttrId, ObjectId, Value};

/// Who made an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Origin {
    /// A client.
    Client,
    /// The switch, for itself, at boot.
    Switch,
    /// The switch, for this object, with which it goes: a port's queues, priority groups, scheduler
    /// groups and serdes.
    Owned(ObjectId),
}

impl Origin {
    pub(super) fn family(self, own: ObjectId) -> ObjectId {
        match self {
            Origin::Owned(owner) => owner,
            Origin::Client | Origin::Switch => own,
        }
    }
}

/// A stored object or entry: the attributes that were given, in ascending order of id.
#[derive(Clone, Debug)]
pub struct Object {
    pub(super) attrs: Vec<AttrEntry>,
    /// How many attributes and keys of objects outside its family name this object.
    pub refs: u32,
    /// Who made it.
    pub origin: Origin,
    /// What goes with it.
    pub(super) owned: Vec<ObjectId>,
    /// The derived lists.
    pub(super) lists: Vec<(AttrId, Vec<ObjectId>)>,
}

impl Object {
    pub(super) fn new(attrs: Vec<AttrEntry>, origin: Origin) -> Object {
        Object { attrs, refs: 0, origin, owned: Vec::new(), lists: Vec::new() }
    }

    /// The attributes that were given or set.
    pub fn attrs(&self) -> &[AttrEntry] {
        &self.attrs
    }

    /// The value that was given or set.
    pub fn value(&self, id: AttrId) -> Option<&Value> {
        self.attrs.binary_search_by_key(&id, |a| a.id).ok().map(|i| &self.attrs[i].value)
    }

    /// What the switch made for this object, in order of creation.
    pub fn owned(&self) -> &[ObjectId] {
        &self.owned
    }

    /// The children in a derived list, in order of creation.
    pub fn list(&self, list: AttrId) -> &[ObjectId] {
        self.lists.iter().find(|(l, _)| *l == list).map_or(&[], |(_, ids)| ids)
    }

    pub(super) fn adopt(&mut self, list: AttrId, child: ObjectId) {
        match self.lists.iter_mut().find(|(l, _)| *l == list) {
            Some((_, ids)) => ids.push(child),
            None => self.lists.push((list, vec![child])),
        }
    }

    pub(super) fn disown(&mut self, list: AttrId, child: ObjectId) {
        if let Some((_, ids)) = self.lists.iter_mut().find(|(l, _)| *l == list)
            && let Some(at) = ids.iter().rposition(|c| *c == child)
        {
            ids.remove(at);
        }
    }

    pub(super) fn put(&mut self, entry: AttrEntry) -> Option<Value> {
        match self.attrs.binary_search_by_key(&entry.id, |a| a.id) {
            Ok(i) => Some(std::mem::replace(&mut self.attrs[i].value, entry.value)),
            Err(i) => {
                self.attrs.insert(i, entry);
                None
            }
        }
    }
}
