//! The whole state of a switch in a file: binary with a checksum to keep, JSON to read and compare.
//!
//! A snapshot holds objects and learned state, never a forwarding table: loading derives the tables anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use sai::layer::validate::{Level, rules};
use sai::meta;
use sai::{AttrEntry, AttrId, ObjectId, ObjectRef, ObjectType, StatId, Target, Value, fdb_entry};
use serde::{Deserialize, Serialize};

use crate::feature::owner;
use crate::profile::Profile;
use crate::store::{Origin, id};
use crate::switch::Switch;
use crate::world::Clock;

const MAGIC: &[u8; 8] = b"SWSIMSNP";
/// The version of the format. Another is refused.
const VERSION: u32 = 3;
/// Magic, version, checksum and length of the body.
const HEADER: usize = 24;

/// The state of a switch, detached from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    switch: u8,
    profile: Profile,
    /// Generations and free slots of each object type that was ever used.
    slots: BTreeMap<String, Slots>,
    objects: Vec<Stored>,
    entries: Vec<Alike>,
    stats: Vec<(ObjectRef, Vec<(StatId, u64)>)>,
    /// Ports without a partner at the other end.
    unplugged: Vec<ObjectId>,
}

/// The slots of an object type.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Slots {
    pub(crate) generations: Vec<u16>,
    pub(crate) free: Vec<u32>,
}

/// An object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) id: ObjectId,
    pub(crate) origin: Origin,
    pub(crate) attrs: Vec<AttrEntry>,
    pub(crate) owned: Vec<ObjectId>,
    pub(crate) lists: Vec<(AttrId, Vec<ObjectId>)>,
}

/// Entries, or objects of a compact table, that say the same: a million routes to a few next hops name each
/// of those a few times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Alike {
    attrs: Vec<AttrEntry>,
    entries: Vec<ObjectRef>,
}

/// Puts together what is alike.
#[derive(Default)]
struct Sorter {
    groups: Vec<Alike>,
    index: HashMap<Vec<AttrEntry>, usize>,
}

impl Sorter {
    /// Adds an entry. Objects with an id keep their order, which may mean something.
    fn add(&mut self, object: ObjectRef, attrs: &[AttrEntry]) {
        let alike = |g: &Alike| g.attrs == attrs && g.entries[0].object_type() == object.object_type();
        if let Some(last) = self.groups.last_mut().filter(|g| alike(g)) {
            last.entries.push(object);
            return;
        }
        let before = self.index.get(attrs).filter(|at| object.entry().is_some() && alike(&self.groups[**at]));
        if let Some(at) = before {
            self.groups[*at].entries.push(object);
            return;
        }
        self.index.insert(attrs.to_vec(), self.groups.len());
        self.groups.push(Alike { attrs: attrs.to_vec(), entries: vec![object] });
    }
}

/// Why a snapshot cannot be used. A damaged one is refused whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The bytes do not begin as a snapshot does.
    #[error("this is no snapshot of a switch")]
    NotASnapshot,
    /// It is of another version of the format.
    #[error("the snapshot is of format {0}; this program reads format {VERSION}")]
    Version(u32),
    /// It was cut off or prolonged.
    #[error("the snapshot has {found} bytes after its header, not {expected}")]
    Length {
        /// What the header says.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// Its checksum is wrong.
    #[error("the snapshot is damaged: its checksum is {found:#010x}, not {expected:#010x}")]
    Checksum {
        /// What the header says.
        expected: u32,
        /// What the bytes have.
        found: u32,
    },
    /// Its body cannot be decoded.
    #[error("the snapshot cannot be decoded: {0}")]
    Body(String),
    /// It contradicts itself.
    #[error("the snapshot contradicts itself: {0}")]
    Inconsistent(String),
}

impl Snapshot {
    /// The number of the switch, which is part of every id.
    pub(crate) fn switch(&self) -> u8 {
        self.switch
    }

    /// The file form.
    ///
    /// # Errors
    /// When a value cannot be encoded.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SnapshotError> {
        let body = postcard::to_stdvec(self).map_err(|e| SnapshotError::Body(e.to_string()))?;
        let mut bytes = Vec::with_capacity(HEADER + body.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
        bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&body);
        Ok(bytes)
    }

    /// Reads the file form.
    ///
    /// # Errors
    /// For anything but a whole, undamaged snapshot of this version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Snapshot, SnapshotError> {
        let (header, body) = bytes.split_at_checked(HEADER).ok_or(SnapshotError::NotASnapshot)?;
        if !header.starts_with(MAGIC) {
            return Err(SnapshotError::NotASnapshot);
        }
        let word =
            |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        if word(8) != VERSION {
            return Err(SnapshotError::Version(word(8)));
        }
        let expected = u64::from(word(16)) | u64::from(word(20)) << 32;
        if body.len() as u64 != expected {
            return Err(SnapshotError::Length { expected, found: body.len() as u64 });
        }
        let found = crc32fast::hash(body);
        if found != word(12) {
            return Err(SnapshotError::Checksum { expected: word(12), found });
        }
        postcard::from_bytes(body).map_err(|e| SnapshotError::Body(e.to_string()))
    }

    /// The form that people read.
    ///
    /// # Errors
    /// When a value cannot be encoded.
    pub fn to_json(&self) -> Result<String, SnapshotError> {
        serde_json::to_string_pretty(self).map_err(|e| SnapshotError::Body(e.to_string()))
    }

    /// What differs in `other`: a line for each object, entry or attribute that is missing (`-`), new
    /// (`+`) or has another value (both).
    pub fn diff(&self, other: &Snapshot) -> Vec<String> {
        let lines = |s: &Snapshot| {
            let mut lines = std::collections::BTreeSet::new();
            let mut add = |object: &ObjectRef, attrs: &[AttrEntry]| {
                lines.insert(object.to_string());
                for a in attrs {
                    let name = meta::attr(object.object_type(), a.id);
                    let name = name.map_or_else(|| format!("{:#x}", a.id), |m| m.name_of(a.id).into_owned());
                    lines.insert(format!("{object} {name} = {:?}", a.value));
                }
            };
            for o in &s.objects {
                if let Some(object_type) = id::type_of(o.id) {
                    add(&ObjectRef::Object(object_type, o.id), &o.attrs);
                }
            }
            for group in &s.entries {
                group.entries.iter().for_each(|object| add(object, &group.attrs));
            }
            lines
        };
        let (mine, theirs) = (lines(self), lines(other));
        let gone = mine.difference(&theirs).map(|l| format!("- {l}"));
        gone.chain(theirs.difference(&mine).map(|l| format!("+ {l}"))).collect()
    }
}

impl Switch {
    /// The state of the switch.
    pub fn snapshot(&self) -> Snapshot {
        let mut entries = Sorter::default();
        let mut kept: Vec<_> = self.store.entries().collect();
        kept.sort_by_key(|(entry, _)| *entry);
        kept.into_iter().for_each(|(entry, o)| entries.add(ObjectRef::Entry(entry.clone()), o.attrs()));
        let mut attrs = Vec::new();
        for m in meta::OBJECTS {
            let Some(table) = owner(m).and_then(|o| o.table()) else { continue };
            table.for_each(self, m.object_type, &mut |object| {
                attrs.clear();
                table.given(self, &object, &mut attrs);
                entries.add(object, &attrs);
            });
        }
        let mut objects = self.store.save_objects();
        crate::acl::save_counts(self, &mut objects);
        Snapshot {
            switch: self.store.switch_number(),
            profile: (*self.profile).clone(),
            slots: self.store.save_slots(),
            objects,
            entries: entries.groups,
            stats: self.save_stats(),
            unplugged: self.unplugged(),
        }
    }

    /// The switch of a snapshot: the same ids and answers, the tables derived anew. It stands in no world.
    ///
    /// # Errors
    /// When the snapshot contradicts itself.
    pub fn restore(snapshot: &Snapshot) -> Result<Switch, SnapshotError> {
        Switch::restore_at(snapshot, Clock::default())
    }

    /// The switch of a snapshot, on a clock.
    ///
    /// # Errors
    /// When the snapshot contradicts itself.
    pub fn restore_at(snapshot: &Snapshot, clock: Clock) -> Result<Switch, SnapshotError> {
        let wrong = |e: String| SnapshotError::Inconsistent(e);
        snapshot.profile.check().map_err(|e| wrong(e.to_string()))?;
        let mut sw = Switch::empty(snapshot.switch, Arc::new(snapshot.profile.clone()), clock);
        sw.store.load(&snapshot.slots, &snapshot.objects).map_err(wrong)?;
        sw.check_slots(snapshot).map_err(wrong)?;
        let mut derived = HashSet::new();
        for object in &snapshot.objects {
            sw.derive_from(object.id, &mut derived);
        }
        crate::acl::bind::derive_all(&mut sw);
        for port in &snapshot.unplugged {
            sw.set_link(*port, false).map_err(|e| wrong(e.to_string()))?;
        }
        for group in &snapshot.entries {
            sw.restore_entries(group).map_err(wrong)?;
        }
        for (object, stats) in &snapshot.stats {
            for (stat, value) in stats {
                sw.set_stat(object, *stat, *value).map_err(|e| wrong(e.to_string()))?;
            }
        }
        sw.audit_restored(&snapshot.entries).map_err(wrong)?;
        sw.events.clear();
        Ok(sw)
    }

    /// Whether somebody is in each slot that is in use.
    fn check_slots(&self, snapshot: &Snapshot) -> Result<(), String> {
        let mut there: HashMap<ObjectType, usize> = HashMap::new();
        let kept = snapshot.objects.iter().filter_map(|o| id::type_of(o.id)).map(|t| (t, 1));
        let alike =
            snapshot.entries.iter().filter_map(|g| Some((g.entries.first()?.object_type(), g.entries.len())));
        kept.chain(alike).for_each(|(object_type, n)| *there.entry(object_type).or_default() += n);
        for m in meta::OBJECTS.iter().filter(|m| !m.is_entry()) {
            let (slots, objects) =
                (self.store.count(m.object_type), there.get(&m.object_type).copied().unwrap_or(0));
            if slots != objects {
                return Err(format!("{} has {slots} slots in use, and {objects} objects", m.name));
            }
        }
        Ok(())
    }

    /// Entries as a client's, by the same rules.
    fn restore_entries(&mut self, group: &Alike) -> Result<(), String> {
        let attrs = &group.attrs;
        for object in &group.entries {
            let meta = meta::object(object.object_type()).ok_or_else(|| object.to_string())?;
            let target = match object {
                ObjectRef::Entry(entry) => Target::Entry(entry),
                ObjectRef::Object(object_type, _) => Target::Object(*object_type),
            };
            object.entry().into_iter().for_each(|entry| self.prefetch(entry));
            rules::check_create(self, Level::Sai, meta, self.id, target, attrs).map_err(|e| e.to_string())?;
            let pool = self.resources.pool_of(object, attrs);
            match (owner(meta).and_then(|o| o.table()), object) {
                (Some(table), ObjectRef::Object(object_type, id))
                    if id::type_of(*id) != Some(*object_type)
                        || !self.store.is_live(*id)
                        || table.contains(self, object) =>
                {
                    return Err(format!("{id} is in no slot of {object_type}, or is there twice"));
                }
                (Some(table), _) => {
                    table.create(self, object, attrs).map_err(|e| e.to_string())?;
                }
                (None, ObjectRef::Entry(entry)) => {
                    self.store.insert_entry(entry.clone(), attrs.clone());
                    if let Some(owner) = owner(meta) {
                        owner.restored(self, object);
                    }
                }
                (None, ObjectRef::Object(..)) => return Err(format!("{object} is no entry")),
            }
            self.resources.took(pool);
        }
        Ok(())
    }

    /// Whether the references, lists and keys are those that the objects and entries make.
    fn audit_restored(&self, entries: &[Alike]) -> Result<(), String> {
        let mut outside: HashMap<ObjectId, u32> = HashMap::new();
        let dynamic = AttrEntry::new(fdb_entry::TYPE.id(), Value::I32(fdb_entry::Type::DYNAMIC.0));
        for group in entries {
            let object_type = group.entries.first().map(ObjectRef::object_type);
            let compact = object_type.and_then(meta::object).and_then(owner).and_then(|o| o.table());
            // What the store keeps itself it counts.
            if compact.is_none() {
                continue;
            }
            // Dynamic stations hold neither their bridge port nor their VLAN, only what a client gave them.
            let learned = object_type == Some(ObjectType::FDB_ENTRY) && group.attrs.contains(&dynamic);
            let given = [fdb_entry::USER_TRAP_ID.id(), fdb_entry::COUNTER_ID.id()];
            let holds = |a: &&AttrEntry| !learned || given.contains(&a.id);
            let mut see = |to: ObjectId, n: usize| {
                if to != self.id {
                    *outside.entry(to).or_default() += n as u32;
                }
            };
            let attrs = group.attrs.iter().filter(holds);
            attrs.for_each(|a| a.value.for_each_oid(|to| see(to, group.entries.len())));
            if learned {
                continue;
            }
            for entry in group.entries.iter().filter_map(ObjectRef::entry) {
                entry.for_each_oid(|to, _| see(to, 1));
            }
        }
        self.store.audit(|id| outside.get(&id).copied().unwrap_or(0))
    }

    /// Derives an object's tables, after those of the objects that it names.
    fn derive_from(&mut self, first: ObjectId, derived: &mut HashSet<ObjectId>) {
        let mut stack = vec![(first, false)];
        while let Some((id, ready)) = stack.pop() {
            if ready {
                let Some(object_type) = id::type_of(id) else { continue };
                let object = ObjectRef::Object(object_type, id);
                let attrs = self.store.get(id).map_or_else(Vec::new, |o| o.attrs().to_vec());
                self.resources.count(&object, &attrs, 1);
                if let Some(owner) = meta::object(object_type).and_then(owner) {
                    owner.restored(self, &object);
                }
                crate::stats::mode::changed(self, &object, &attrs);
            } else if let Some(object) = self.store.get(id)
                && derived.insert(id)
            {
                stack.push((id, true));
                for attr in object.attrs() {
                    attr.value.for_each_oid(|to| stack.push((to, false)));
                }
            }
        }
    }
}
