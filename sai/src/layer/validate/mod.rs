//! Validation: the rules of SAI's metadata, and the layer that holds a backend's callers to them.

use std::ops::Range;
use std::sync::{Arc, Weak};

use hashbrown::HashSet;
use parking_lot::{ReentrantMutex, RwLock};

use crate::entry::Entry;
use crate::meta::{self, ObjectMeta};
use crate::notify::{Notification, NotificationSink};
use crate::{
    AttrEntry, AttrId, Backend, Bulk, BulkErrorMode, Error, ObjectId, ObjectRef, ObjectType, Result, Special,
    SpecialAnswer, StatId, StatsOp, Status, Target, bulk_stats_by_singles,
};

pub mod key;
mod knowledge;
pub mod rules;
#[cfg(test)]
mod tests;
mod value;

use knowledge::Knowledge;

pub use key::UniqueKey;
pub use rules::{Level, Presence, View};

/// A backend that refuses what breaks a rule of the metadata, and passes the rest to the backend below.
///
/// It keeps its own knowledge of what exists: from creates, from the ids in answers, and from
/// notifications. The backend below is asked for the type of an id that was never seen, and an id is not
/// refused for being new; an entry that was never seen is the backend's business too. Objects and entries
/// that were removed are remembered as gone, the last 65,536 of them. References count when a client gave
/// them, so what a switch makes for itself blocks no removal; neither do dynamic FDB entries.
///
/// Calls that change something are passed on one at a time, so that what was checked still holds when the
/// backend acts.
#[derive(Debug)]
pub struct Validate {
    backend: Arc<dyn Backend>,
    level: Level,
    knowledge: Arc<RwLock<Knowledge>>,
    /// Held from the check until the outcome is known. A sink that is called within may call again.
    changing: ReentrantMutex<()>,
}

impl Validate {
    /// A validating layer over a backend.
    pub fn new(backend: Arc<dyn Backend>, level: Level) -> Validate {
        let knowledge = Arc::new(RwLock::new(Knowledge::default()));
        backend.subscribe(Arc::new(Learner(Arc::downgrade(&knowledge))));
        Validate { backend, level, knowledge, changing: ReentrantMutex::new(()) }
    }

    /// How strictly it checks.
    pub fn level(&self) -> Level {
        self.level
    }

    /// The metadata of a type; `None` for a type of the vendor's, which only [`Level::Sai`] lets pass.
    fn meta(&self, object_type: ObjectType) -> Result<Option<&'static ObjectMeta>> {
        match meta::object(object_type) {
            Some(meta) => Ok(Some(meta)),
            None if self.level == Level::Sai && is_custom(object_type.0 as u32) => Ok(None),
            None => Err(Error::because(
                Status::INVALID_OBJECT_TYPE,
                format!("object type {} is not known", object_type.0),
            )),
        }
    }

    fn check_create(&self, switch: ObjectId, target: Target<'_>, attrs: &[AttrEntry]) -> Result<()> {
        let Some(meta) = self.meta(target.object_type())? else { return Ok(()) };
        rules::check_create(&self.view(), self.level, meta, switch, target, attrs)
    }

    fn check_remove(&self, object: &ObjectRef) -> Result<()> {
        let Some(meta) = self.meta(object.object_type())? else { return Ok(()) };
        rules::check_remove(&self.view(), meta, object)
    }

    fn check_set(&self, object: &ObjectRef, attr: &AttrEntry) -> Result<()> {
        let Some(meta) = self.meta(object.object_type())? else { return Ok(()) };
        rules::check_set(&self.view(), self.level, meta, object, attr)
    }

    fn check_get(&self, object: &ObjectRef, attrs: &[AttrEntry]) -> Result<()> {
        let Some(meta) = self.meta(object.object_type())? else { return Ok(()) };
        rules::check_get(&self.view(), self.level, meta, object, attrs)
    }

    fn view(&self) -> Seen<'_> {
        Seen { level: self.level, knowledge: self.knowledge.read(), backend: &*self.backend }
    }

    fn note_created(&self, switch: ObjectId, target: Target<'_>, attrs: &[AttrEntry], id: ObjectId) {
        let meta = meta::object(target.object_type());
        self.knowledge.write().created(meta, switch, target, attrs, id);
    }

    /// Learns the ids in an answer.
    fn note_answer(&self, object_type: ObjectType, attrs: &[AttrEntry]) {
        for attr in attrs {
            let allowed = meta::attr(object_type, attr.id).map_or(&[][..], |a| a.objects);
            attr.value.for_each_oid(|id| {
                if id.is_null() || self.knowledge.read().type_of(id).is_some() {
                    return;
                }
                let found = match allowed {
                    [one] => Some(*one),
                    _ => self.backend.object_type(id),
                };
                if let Some(found) = found {
                    self.knowledge.write().seen(found, id);
                }
            });
        }
    }

    /// Whether the `i`-th item of a call may go to the backend.
    fn check_item(&self, call: &Bulk<'_, '_>, i: usize) -> Result<()> {
        match call {
            Bulk::Create { switch, items } => self.check_create(*switch, items[i].target, items[i].attrs),
            Bulk::Remove(items) => self.check_remove(&items[i]),
            Bulk::Set(items) => self.check_set(items[i].object, items[i].attr),
            Bulk::Get(items) => self.check_get(items[i].object, items[i].attrs),
        }
    }

    /// Passes a run of items on and learns from the results.
    fn pass(&self, call: &mut Bulk<'_, '_>, run: Range<usize>, mode: BulkErrorMode) -> Vec<Result<ObjectId>> {
        match call {
            Bulk::Create { switch, items } => {
                let run = &items[run];
                let results = self.backend.bulk(Bulk::Create { switch: *switch, items: run }, mode);
                for (item, result) in run.iter().zip(&results) {
                    if let Ok(id) = result {
                        self.note_created(*switch, item.target, item.attrs, *id);
                    }
                }
                results
            }
            Bulk::Remove(items) => {
                let run = &items[run];
                let results = self.backend.bulk(Bulk::Remove(run), mode);
                let mut knowledge = self.knowledge.write();
                for (item, _) in run.iter().zip(&results).filter(|(_, r)| r.is_ok()) {
                    knowledge.removed(item);
                }
                results
            }
            Bulk::Set(items) => {
                let run = &items[run];
                let results = self.backend.bulk(Bulk::Set(run), mode);
                let mut knowledge = self.knowledge.write();
                for (item, _) in run.iter().zip(&results).filter(|(_, r)| r.is_ok()) {
                    knowledge.set(item.object, item.attr);
                }
                results
            }
            Bulk::Get(items) => {
                let run = &mut items[run];
                let results = self.backend.bulk(Bulk::Get(run), mode);
                for (item, _) in run.iter().zip(&results).filter(|(_, r)| r.is_ok()) {
                    self.note_answer(item.object.object_type(), item.attrs);
                }
                results
            }
        }
    }
}

/// Object types and attributes of the vendor's own.
fn is_custom(number: u32) -> bool {
    (0x1000_0000..0x2000_0000).contains(&number)
}

/// What the items of a bulk call that are not passed on yet will change: an item that touches the same
/// waits for them.
#[derive(Default)]
struct Pending {
    named: HashSet<ObjectRef>,
    keys: HashSet<UniqueKey>,
}

impl Pending {
    /// Adds an item; false, and nothing added, where it touches what an earlier one does.
    fn add(&mut self, call: &Bulk<'_, '_>, i: usize) -> bool {
        match call {
            Bulk::Create { switch, items } => match items[i].target {
                Target::Entry(entry) => self.named.insert(ObjectRef::Entry(entry.clone())),
                Target::Object(object_type) => {
                    let Some(meta) = meta::object(object_type) else { return true };
                    let mut keys = Vec::new();
                    key::for_each(meta, *switch, items[i].attrs, |key, _| keys.push(key));
                    let free = keys.iter().all(|key| !self.keys.contains(key));
                    if free {
                        self.keys.extend(keys);
                    }
                    free
                }
            },
            Bulk::Remove(items) => self.named.insert(items[i].clone()),
            Bulk::Set(_) | Bulk::Get(_) => true,
        }
    }
}

impl Backend for Validate {
    crate::forward_backend!(backend: info, query, object_type, switch_of, subscribe);

    fn create(&self, switch: ObjectId, target: Target<'_>, attrs: &[AttrEntry]) -> Result<ObjectId> {
        let _changing = self.changing.lock();
        self.check_create(switch, target, attrs)?;
        let id = self.backend.create(switch, target, attrs)?;
        self.note_created(switch, target, attrs, id);
        Ok(id)
    }

    fn remove(&self, object: &ObjectRef) -> Result<()> {
        let _changing = self.changing.lock();
        self.check_remove(object)?;
        self.backend.remove(object)?;
        self.knowledge.write().removed(object);
        Ok(())
    }

    fn set(&self, object: &ObjectRef, attr: &AttrEntry) -> Result<()> {
        let _changing = self.changing.lock();
        self.check_set(object, attr)?;
        self.backend.set(object, attr)?;
        self.knowledge.write().set(object, attr);
        Ok(())
    }

    fn get(&self, object: &ObjectRef, attrs: &mut [AttrEntry]) -> Result<()> {
        self.check_get(object, attrs)?;
        self.backend.get(object, attrs)?;
        self.note_answer(object.object_type(), attrs);
        Ok(())
    }

    fn bulk(&self, mut call: Bulk<'_, '_>, mode: BulkErrorMode) -> Vec<Result<ObjectId>> {
        let _changing = self.changing.lock();
        let len = call.len();
        let mut results = Vec::with_capacity(len);
        while results.len() < len {
            // The longest run of items that pass and do not depend on each other goes down as one call.
            let start = results.len();
            let mut pending = Pending::default();
            let mut refusal = None;
            let mut end = start;
            while end < len && refusal.is_none() {
                match self.check_item(&call, end) {
                    Ok(()) if pending.add(&call, end) => end += 1,
                    Ok(()) => break,
                    Err(e) => refusal = Some(e),
                }
            }
            match refusal {
                Some(e) if end == start => results.push(Err(e)),
                _ => results.extend(self.pass(&mut call, start..end, mode)),
            }
            if mode == BulkErrorMode::StopOnError && results[start..].iter().any(Result::is_err) {
                results.resize_with(len, || Err(Status::NOT_EXECUTED.into()));
            }
        }
        results
    }

    fn stats(&self, object: &ObjectRef, stats: &[StatId], op: StatsOp, out: &mut [u64]) -> Result<()> {
        if let Some(meta) = self.meta(object.object_type())? {
            rules::check_exists(&self.view(), meta, object)?;
        }
        self.backend.stats(object, stats, op, out)
    }

    fn bulk_stats(
        &self,
        objects: &[ObjectRef],
        stats: &[StatId],
        op: StatsOp,
        out: &mut [u64],
    ) -> Vec<Result<()>> {
        let exists = |object: &ObjectRef| match self.meta(object.object_type())? {
            Some(meta) => rules::check_exists(&self.view(), meta, object),
            None => Ok(()),
        };
        if objects.iter().all(|object| exists(object).is_ok()) {
            return self.backend.bulk_stats(objects, stats, op, out);
        }
        bulk_stats_by_singles(self, objects, stats, op, out)
    }

    fn special(&self, switch: ObjectId, call: Special<'_>) -> Result<SpecialAnswer> {
        let _changing = self.changing.lock();
        let answer = self.backend.special(switch, call)?;
        match call {
            Special::FlushFdb(filters) => self.knowledge.write().flushed(filters),
            Special::RemoveAllNeighbors => self.knowledge.write().neighbors_removed(),
            _ => {}
        }
        Ok(answer)
    }
}

/// What the rules see: the knowledge, and the backend for what it does not hold.
struct Seen<'a> {
    level: Level,
    knowledge: parking_lot::RwLockReadGuard<'a, Knowledge>,
    backend: &'a dyn Backend,
}

impl View for Seen<'_> {
    fn presence(&self, id: ObjectId) -> Presence {
        if let Some(object_type) = self.knowledge.type_of(id) {
            return Presence::Live(object_type);
        }
        match self.backend.object_type(id) {
            None => Presence::Impossible,
            Some(t) if self.knowledge.is_gone(&ObjectRef::Object(t, id)) => Presence::Dead(t),
            Some(t) => Presence::Live(t),
        }
    }

    fn switch_of(&self, id: ObjectId) -> Option<ObjectId> {
        self.knowledge.switch_of(id).or_else(|| self.backend.switch_of(id))
    }

    fn entry_exists(&self, entry: &Entry) -> Option<bool> {
        self.knowledge.entry_exists(entry)
    }

    fn key_owner(&self, key: &UniqueKey) -> Option<ObjectId> {
        self.knowledge.key_owner(key)
    }

    fn users(&self, id: ObjectId) -> usize {
        self.knowledge.references(id)
    }

    fn a_user(&self, id: ObjectId) -> Option<ObjectRef> {
        self.knowledge.a_user(id)
    }

    fn is_custom_attr(&self, _: ObjectType, id: AttrId) -> bool {
        self.level == Level::Sai && is_custom(id)
    }
}

/// Learns from notifications for as long as the layer lives.
#[derive(Debug)]
struct Learner(Weak<RwLock<Knowledge>>);

impl NotificationSink for Learner {
    fn notify(&self, notification: &Notification) {
        if let Some(knowledge) = self.0.upgrade() {
            knowledge.write().notified(notification);
        }
    }

    fn is_closed(&self) -> bool {
        self.0.strong_count() == 0
    }
}
