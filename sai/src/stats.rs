//! Statistics.

use crate::{Handle, HasStats, Oid, Result, SaiEnum as _, Session, StatsOp};

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
        objects.iter().map(|object| self.count(object, stats, StatsOp::Read)).collect()
    }

    fn count<H>(&self, object: &H, stats: &[<H::Object as HasStats>::Stat], op: StatsOp) -> Result<Vec<u64>>
    where
        H: Handle<Object: HasStats>,
    {
        let object = object.to_ref();
        let ids: Vec<u32> = stats.iter().map(|s| s.raw() as u32).collect();
        let mut out = vec![0; ids.len()];
        let operation = match op {
            StatsOp::Read => "read stats of",
            StatsOp::ReadAndClear => "read and clear stats of",
            StatsOp::Clear => "clear stats of",
        };
        self.backend()
            .stats(&object, &ids, op, &mut out)
            .map_err(|e| self.explain(e, operation, &object, &[]))?;
        Ok(out)
    }
}
