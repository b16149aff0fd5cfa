//! Counts and latencies of the calls that pass.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use hashbrown::HashMap;
use hdrhistogram::Histogram;
use parking_lot::Mutex;

use crate::{
    Answer, AttrEntry, Backend, Bulk, BulkErrorMode, ObjectId, ObjectRef, ObjectType, Query, Result,
    SaiEnum as _, Special, SpecialAnswer, StatId, StatsOp, Status, Target,
};

use super::Operation;

/// A backend that counts the calls to the backend below and keeps a histogram of their latency by
/// operation and object type.
///
/// A latency is the time from call to return in nanoseconds, by the machine's monotonic clock, kept to
/// three significant digits; what takes longer than a minute counts as a minute.
#[derive(Debug)]
pub struct Measure {
    backend: Arc<dyn Backend>,
    cells: Mutex<HashMap<(Operation, ObjectType), Cell>>,
}

/// The longest latency that a histogram tells apart, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;

#[derive(Debug)]
struct Cell {
    objects: u64,
    failed: u64,
    latency: Histogram<u64>,
}

impl Cell {
    fn new() -> Cell {
        let latency = Histogram::new_with_bounds(1, LONGEST, 3).expect("the bounds are in order");
        Cell { objects: 0, failed: 0, latency }
    }
}

/// The measurements of one operation on one object type.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The operation.
    pub operation: Operation,
    /// The object type; null where the call was about none.
    pub object_type: ObjectType,
    /// Calls.
    pub calls: u64,
    /// Objects that the calls were about: as many as calls, but for bulk calls.
    pub objects: u64,
    /// Objects whose operation failed. What a bulk call left unexecuted is not among them.
    pub failed: u64,
    /// The latency of the calls in nanoseconds.
    pub latency: Histogram<u64>,
}

/// Everything measured, ordered by operation and object type. Prints as a table.
#[derive(Clone, Debug, Default)]
pub struct Report(
    /// One line each.
    pub Vec<Measured>,
);

impl Measure {
    /// A measuring layer over a backend.
    pub fn new(backend: Arc<dyn Backend>) -> Measure {
        Measure { backend, cells: Mutex::default() }
    }

    /// What was measured so far.
    pub fn report(&self) -> Report {
        let cells = self.cells.lock();
        let mut lines: Vec<Measured> = cells
            .iter()
            .map(|((operation, object_type), cell)| Measured {
                operation: *operation,
                object_type: *object_type,
                calls: cell.latency.len(),
                objects: cell.objects,
                failed: cell.failed,
                latency: cell.latency.clone(),
            })
            .collect();
        lines.sort_by_key(|l| (l.operation, l.object_type));
        Report(lines)
    }

    /// Forgets what was measured.
    pub fn reset(&self) {
        self.cells.lock().clear();
    }

    fn note(&self, operation: Operation, object_type: ObjectType, start: Instant, objects: u64, failed: u64) {
        let nanos = u64::try_from(start.elapsed().as_nanos()).unwrap_or(LONGEST);
        let mut cells = self.cells.lock();
        let cell = cells.entry((operation, object_type)).or_insert_with(Cell::new);
        cell.latency.saturating_record(nanos);
        cell.objects += objects;
        cell.failed += failed;
    }

    fn timed<T>(
        &self,
        operation: Operation,
        object_type: ObjectType,
        call: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let start = Instant::now();
        let result = call();
        self.note(operation, object_type, start, 1, result.is_err().into());
        result
    }
}

impl Backend for Measure {
    crate::forward_backend!(backend: info, object_type, switch_of, subscribe);

    fn create(&self, switch: ObjectId, target: Target<'_>, attrs: &[AttrEntry]) -> Result<ObjectId> {
        self.timed(Operation::Create, target.object_type(), || self.backend.create(switch, target, attrs))
    }

    fn remove(&self, object: &ObjectRef) -> Result<()> {
        self.timed(Operation::Remove, object.object_type(), || self.backend.remove(object))
    }

    fn set(&self, object: &ObjectRef, attr: &AttrEntry) -> Result<()> {
        self.timed(Operation::Set, object.object_type(), || self.backend.set(object, attr))
    }

    fn get(&self, object: &ObjectRef, attrs: &mut [AttrEntry]) -> Result<()> {
        self.timed(Operation::Get, object.object_type(), || self.backend.get(object, attrs))
    }

    fn bulk(&self, call: Bulk<'_, '_>, mode: BulkErrorMode) -> Vec<Result<ObjectId>> {
        let (operation, _, object_type) = Operation::of_bulk(&call);
        let start = Instant::now();
        let results = self.backend.bulk(call, mode);
        let failed = |r: &&Result<ObjectId>| r.as_ref().is_err_and(|e| e.status() != Status::NOT_EXECUTED);
        let failures = results.iter().filter(failed).count() as u64;
        self.note(operation, object_type, start, results.len() as u64, failures);
        results
    }

    fn stats(&self, object: &ObjectRef, stats: &[StatId], op: StatsOp, out: &mut [u64]) -> Result<()> {
        self.timed(Operation::Stats, object.object_type(), || self.backend.stats(object, stats, op, out))
    }

    fn bulk_stats(
        &self,
        objects: &[ObjectRef],
        stats: &[StatId],
        op: StatsOp,
        out: &mut [u64],
    ) -> Vec<Result<()>> {
        let start = Instant::now();
        let results = self.backend.bulk_stats(objects, stats, op, out);
        if let Some(first) = objects.first() {
            let failed = results.iter().filter(|r| r.is_err()).count() as u64;
            self.note(Operation::Stats, first.object_type(), start, objects.len() as u64, failed);
        }
        results
    }

    fn query(&self, switch: ObjectId, query: Query<'_>) -> Result<Answer> {
        self.timed(Operation::Query, query.object_type(), || self.backend.query(switch, query))
    }

    fn special(&self, switch: ObjectId, call: Special<'_>) -> Result<SpecialAnswer> {
        self.timed(Operation::Special, ObjectType::NULL, || self.backend.special(switch, call))
    }
}

impl Report {
    /// The line of an operation on an object type, if it was ever called.
    pub fn get(&self, operation: Operation, object_type: ObjectType) -> Option<&Measured> {
        self.0.iter().find(|l| l.operation == operation && l.object_type == object_type)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<12} {:<32} {:>10} {:>10} {:>8} {:>12} {:>12} {:>12}",
            "operation", "object type", "calls", "objects", "failed", "p50 ns", "p99 ns", "max ns"
        )?;
        for line in &self.0 {
            let name = line.object_type.name().unwrap_or("?").trim_start_matches("SAI_OBJECT_TYPE_");
            writeln!(
                f,
                "{:<12} {name:<32} {:>10} {:>10} {:>8} {:>12} {:>12} {:>12}",
                line.operation,
                line.calls,
                line.objects,
                line.failed,
                line.latency.value_at_quantile(0.5),
                line.latency.value_at_quantile(0.99),
                line.latency.max(),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BulkCreate;
    use crate::layer::testing::{Fake, SWITCH};

    #[test]
    fn calls_objects_and_failures_are_counted_and_printed() {
        let measure = Measure::new(Arc::new(Fake::default()));
        let lag = Target::Object(ObjectType::LAG);
        let id = measure.create(SWITCH, lag, &[]).unwrap();
        measure.create(SWITCH, lag, &[]).unwrap();
        measure.create(SWITCH, Target::Object(ObjectType::VLAN), &[]).unwrap();
        let object = ObjectRef::Object(ObjectType::LAG, id);
        measure.get(&object, &mut [AttrEntry::ask(1)]).unwrap_err();
        let items = [BulkCreate { target: lag, attrs: &[] }; 5];
        let call = Bulk::Create { switch: SWITCH, items: &items };
        assert_eq!(measure.bulk(call, BulkErrorMode::StopOnError).len(), 5);

        let report = measure.report();
        let figures = |operation, object_type| {
            let line = report.get(operation, object_type).unwrap();
            assert_eq!(line.latency.len(), line.calls);
            (line.calls, line.objects, line.failed)
        };
        assert_eq!(figures(Operation::Create, ObjectType::LAG), (2, 2, 0));
        assert_eq!(figures(Operation::Create, ObjectType::VLAN), (1, 1, 0));
        assert_eq!(figures(Operation::Get, ObjectType::LAG), (1, 1, 1));
        assert_eq!(figures(Operation::BulkCreate, ObjectType::LAG), (1, 5, 0));
        assert!(report.get(Operation::Remove, ObjectType::LAG).is_none());
        let text = report.to_string();
        assert_eq!(text.lines().count(), 5);
        assert!(text.lines().nth(1).unwrap().starts_with("create       LAG "), "{text}");

        measure.reset();
        assert!(measure.report().0.is_empty());
    }
}
