//! Statistics.

use crate::{Handle, HasStats, ObjectRef, Oid, Result, SaiEnum as _, Session, StatsOp};

impl Session {
    /// Reads statistics of an object, in the order asked for.
    pub fn stats<H>(&self, object: H, stats: &[<H::Object as HasStats>::Stat]) -> Result<Vec<u64>>
    where
        H: Handle<Object: HasStats>,
    {
        self.count(&object, stats, StatsOp::Read)
    }

    /// Reads statistics and sets them to zero, with nothing lost between.
    pub fn stats_and_clear<H>(&self, object: H, stats: &[<H::Object as HasStats>::Stat]) -> Result<Vec<u64>>
    where
        H: Handle<Object: HasStats>,
    {
        self.count(&object, stats, StatsOp::ReadAndClear)
    }

    /// Sets statistics to zero.
    pub fn clear_stats<H>(&self, object: H, stats: &[<H::Object as HasStats>::Stat]) -> Result<()>
    where
        H: Handle<Object: HasStats>,
    {
        self.count(&object, stats, StatsOp::Clear).map(drop)
    }

    /// Reads the same statistics of many objects: one result an object.
    pub fn bulk_stats<T: HasStats>(&self, objects: &[Oid<T>], stats: &[T::Stat]) -> Vec<Result<Vec<u64>>> {
        self.bulk_count(objects, stats, StatsOp::Read)
    }

    /// Reads the same statistics of many objects and sets them to zero, with nothing lost between: one
    /// result an object.
    pub fn bulk_stats_and_clear<T: HasStats>(
        &self,
        objects: &[Oid<T>],
        stats: &[T::Stat],
    ) -> Vec<Result<Vec<u64>>> {
        self.bulk_count(objects, stats, StatsOp::ReadAndClear)
    }

    /// Sets the same statistics of many objects to zero: one result an object.
    pub fn bulk_clear_stats<T: HasStats>(&self, objects: &[Oid<T>], stats: &[T::Stat]) -> Vec<Result<()>> {
        self.bulk_count(objects, stats, StatsOp::Clear).into_iter().map(|r| r.map(drop)).collect()
    }

    fn bulk_count<T: HasStats>(
        &self,
        objects: &[Oid<T>],
        stats: &[T::Stat],
        op: StatsOp,
    ) -> Vec<Result<Vec<u64>>> {
        let objects: Vec<ObjectRef> = objects.iter().map(Handle::to_ref).collect();
        let ids: Vec<u32> = stats.iter().map(|s| s.raw() as u32).collect();
        let mut out = vec![0; objects.len() * ids.len()];
        let results = self.backend().bulk_stats(&objects, &ids, op, &mut out);
        let one = |(n, (result, object)): (usize, (Result<()>, &ObjectRef))| match result {
            Ok(()) => Ok(out[n * ids.len()..][..ids.len()].to_vec()),
            Err(e) => Err(self.explain(e, verb(op), object, &[])),
        };
        results.into_iter().zip(&objects).enumerate().map(one).collect()
    }

    fn count<H>(&self, object: &H, stats: &[<H::Object as HasStats>::Stat], op: StatsOp) -> Result<Vec<u64>>
    where
        H: Handle<Object: HasStats>,
    {
        let object = object.to_ref();
        let ids: Vec<u32> = stats.iter().map(|s| s.raw() as u32).collect();
        let mut out = vec![0; ids.len()];
        self.backend()
            .stats(&object, &ids, op, &mut out)
            .map_err(|e| self.explain(e, verb(op), &object, &[]))?;
        Ok(out)
    }
}

const fn verb(op: StatsOp) -> &'static str {
    match op {
        StatsOp::Read => "read stats of",
        StatsOp::ReadAndClear => "read and clear stats of",
        StatsOp::Clear => "clear stats of",
    }
}
