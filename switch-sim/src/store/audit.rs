//! What the store keeps incrementally, computed from scratch.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use sai::layer::validate::key;
use sai::meta;
use sai::{AttrId, ObjectId};

use super::relation::RELATIONS;
use super::{Store, id};

impl Store {
    /// Compares reference counts, derived lists, unique keys and counts with those computed from the
    /// attributes alone. Features' own tables are not looked into: references from there must be told.
    ///
    /// # Errors
    /// Names the first difference.
    pub fn audit(&self, outside: impl Fn(ObjectId) -> u32) -> Result<(), String> {
        let mut refs: HashMap<ObjectId, u32> = HashMap::new();
        let mut lists: BTreeMap<(ObjectId, AttrId), Vec<ObjectId>> = BTreeMap::new();
        let mut keys = 0;
        let home = id::switch_id(self.switch);
        for m in meta::OBJECTS.iter().filter(|m| !m.is_entry()) {
            let mut live = 0;
            for own in self.ids(m.object_type) {
                live += 1;
                let Some(object) = self.get(own) else { continue };
                let family = object.origin.family(own);
                for attr in object.attrs() {
                    attr.value.for_each_oid(|to| {
                        if self.get(to).is_some() && self.family(to) != family {
                            *refs.entry(to).or_default() += 1;
                        }
                    });
                }
                for r in RELATIONS.iter().filter(|r| r.child == m.object_type) {
                    let parent = object.value(r.link).and_then(|v| v.as_oid());
                    if let Some(parent) = parent.filter(|p| id::type_of(*p) == Some(r.parent)) {
                        lists.entry((parent, r.list)).or_default().push(own);
                    }
                }
                let mut wrong = None;
                key::for_each(m, home, object.attrs(), |key, _| {
                    keys += 1;
                    if self.keys.get(&key) != Some(&own) {
                        wrong = Some(format!("{own}: {key:?} belongs to {:?}", self.keys.get(&key)));
                    }
                });
                wrong.map_or(Ok(()), Err)?;
            }
            if live != self.count(m.object_type) {
                return Err(format!("{}: {live} live, {} counted", m.name, self.count(m.object_type)));
            }
        }
        for (entry, object) in self.entries() {
            let mut seen = |to: ObjectId| {
                if self.get(to).is_some() && to != home {
                    *refs.entry(to).or_default() += 1;
                }
            };
            object.attrs().iter().for_each(|a| a.value.for_each_oid(&mut seen));
            entry.for_each_oid(|to, _| seen(to));
        }
        if keys != self.keys.len() {
            return Err(format!("{} unique keys kept, {keys} in use", self.keys.len()));
        }
        for m in meta::OBJECTS.iter().filter(|m| !m.is_entry()) {
            for own in self.ids(m.object_type) {
                let Some(object) = self.get(own) else { continue };
                let expected = refs.get(&own).copied().unwrap_or(0) + outside(own);
                if object.refs != expected {
                    return Err(format!(
                        "{} {own}: {} references counted, {expected} there",
                        m.name, object.refs
                    ));
                }
                for r in RELATIONS.iter().filter(|r| r.parent == m.object_type) {
                    let mut kept = object.list(r.list).to_vec();
                    kept.sort();
                    let mut expected = lists.get(&(own, r.list)).cloned().unwrap_or_default();
                    expected.sort();
                    if kept != expected {
                        return Err(format!(
                            "{} {own}: list {} is {kept:?}, not {expected:?}",
                            m.name, r.list
                        ));
                    }
                }
            }
        }
        Ok(())
    }
}
