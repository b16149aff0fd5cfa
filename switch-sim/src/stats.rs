//! Statistics: every statistic of every object can be read and cleared; what packets move is the
//! owner's, what a test sets is kept here.

use hashbrown::HashMap;
use sai::{Error, ObjectRef, Result, StatId, StatsOp, Status};

use crate::feature::owner;
use crate::switch::{Switch, known};

pub(crate) mod mode;

/// What was cleared or set: the distance between an owner's count, which never falls, and what a client
/// reads.
#[derive(Debug, Default)]
pub struct Stats {
    baselines: HashMap<ObjectRef, HashMap<StatId, u64>>,
    /// The owner's count where a statistic was stopped.
    stopped: HashMap<ObjectRef, HashMap<StatId, u64>>,
}

impl Stats {
    fn baseline(&self, object: &ObjectRef, stat: StatId) -> u64 {
        self.baselines.get(object).and_then(|b| b.get(&stat)).copied().unwrap_or(0)
    }

    fn set_baseline(&mut self, object: &ObjectRef, stat: StatId, value: u64) {
        if value != 0 || self.baselines.contains_key(object) {
            self.baselines.entry_ref(object).or_default().insert(stat, value);
        }
    }

    /// Forgets what was cleared or set of one statistic, which counts from 0 again.
    pub(crate) fn forget_stat(&mut self, object: &ObjectRef, stat: StatId) {
        if let Some(baselines) = self.baselines.get_mut(object) {
            baselines.remove(&stat);
        }
        if let Some(count) = self.stopped.get_mut(object).and_then(|of| of.get_mut(&stat)) {
            *count = 0;
        }
    }

    pub(crate) fn forget(&mut self, object: &ObjectRef) {
        self.baselines.remove(object);
        self.stopped.remove(object);
    }

    /// Stops a statistic at an owner's count, or has it count on from where it stands.
    fn count(&mut self, object: &ObjectRef, stat: StatId, on: bool, now: u64) {
        if !on {
            self.stopped.entry_ref(object).or_default().entry(stat).or_insert(now);
            return;
        }
        let Some(of) = self.stopped.get_mut(object) else { return };
        let Some(then) = of.remove(&stat) else { return };
        if of.is_empty() {
            self.stopped.remove(object);
        }
        let baseline = self.baseline(object, stat);
        self.set_baseline(object, stat, baseline.wrapping_add(now.wrapping_sub(then)));
    }

    fn stopped_at(&self, object: &ObjectRef, stat: StatId) -> Option<u64> {
        self.stopped.get(object)?.get(&stat).copied()
    }
}

impl Switch {
    /// Reads or clears statistics of an object.
    ///
    /// # Errors
    /// `ITEM_NOT_FOUND` and its like for the object; `NOT_SUPPORTED` for a type without statistics;
    /// `INVALID_PARAMETER` for a statistic that the type does not have. Then nothing is cleared.
    pub fn stats(
        &mut self,
        object: &ObjectRef,
        stats: &[StatId],
        op: StatsOp,
        out: &mut [u64],
    ) -> Result<()> {
        self.check_stats(object, stats)?;
        for (n, stat) in stats.iter().enumerate() {
            let raw = self.raw_stat(object, *stat);
            if op != StatsOp::Clear
                && let Some(out) = out.get_mut(n)
            {
                *out = raw.wrapping_sub(self.stats.baseline(object, *stat));
            }
            if op == StatsOp::Read {
                continue;
            }
            match owner(known(object.object_type())?).filter(|o| o.levels().contains(stat)) {
                Some(owner) => {
                    owner.clear_level(self, object, *stat);
                    self.stats.set_baseline(object, *stat, 0);
                }
                None => self.stats.set_baseline(object, *stat, raw),
            }
        }
        Ok(())
    }

    /// Sets a statistic, for tests; what packets move goes on from there.
    ///
    /// # Errors
    /// As [`Switch::stats`].
    pub fn set_stat(&mut self, object: &ObjectRef, stat: StatId, value: u64) -> Result<()> {
        self.check_stats(object, &[stat])?;
        let raw = self.raw_stat(object, stat);
        self.stats.set_baseline(object, stat, raw.wrapping_sub(value));
        Ok(())
    }

    /// What clients read where it is not zero, of every object.
    pub(crate) fn save_stats(&self) -> Vec<(ObjectRef, Vec<(StatId, u64)>)> {
        let mut all = Vec::new();
        for m in sai::meta::OBJECTS.iter().filter(|m| m.stats.is_some()) {
            let counted = owner(m).map_or(&[][..], |o| o.counted());
            let levels = owner(m).map_or(&[][..], |o| o.levels());
            for object in self.objects(m.object_type).unwrap_or_default() {
                let set = self.stats.baselines.get(&object).map(|b| b.keys().copied());
                let mut ids: Vec<_> = counted.iter().copied().chain(set.into_iter().flatten()).collect();
                ids.sort_unstable();
                ids.dedup();
                ids.retain(|s| !levels.contains(s));
                let shown =
                    |s: &StatId| self.raw_stat(&object, *s).wrapping_sub(self.stats.baseline(&object, *s));
                let values: Vec<_> = ids.iter().map(|s| (*s, shown(s))).filter(|(_, v)| *v != 0).collect();
                if !values.is_empty() {
                    all.push((object, values));
                }
            }
        }
        all
    }

    fn check_stats(&self, object: &ObjectRef, stats: &[StatId]) -> Result<()> {
        let meta = known(object.object_type())?;
        sai::layer::validate::rules::check_exists(self, meta, object)?;
        if meta.stats.is_none() {
            let reason = format!("{} has no statistics", meta.name);
            return Err(Error::because(Status::NOT_SUPPORTED, reason).on_object(object));
        }
        match stats.iter().find(|s| meta.stat(**s).is_none()) {
            Some(stat) => {
                let reason = format!("{} has no statistic {stat}", meta.name);
                Err(Error::because(Status::INVALID_PARAMETER, reason).on_object(object))
            }
            None => Ok(()),
        }
    }

    fn raw_stat(&self, object: &ObjectRef, stat: StatId) -> u64 {
        if let Some(count) = self.stats.stopped_at(object, stat) {
            return count;
        }
        let meta = known(object.object_type()).ok();
        meta.and_then(owner).and_then(|o| o.stat(self, object, stat)).unwrap_or(0)
    }
}
