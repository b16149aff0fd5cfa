//! Writes every call in the sairedis recording format.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::notify::{Notification, NotificationSink};
use crate::text::query::Question;
use crate::text::recording::{Attr, BulkItem, BulkOp, Key, Line, Op};
use crate::text::{notification, value};
use crate::{
    Answer, AttrEntry, Backend, Bulk, BulkErrorMode, BulkGet, ObjectId, ObjectRef, ObjectType, Query, Result,
    Special, SpecialAnswer, StatId, StatsOp, Status, Target,
};

/// Tells the time of a line, `2026-08-20.14:03:55.123456`.
pub type Clock = dyn Fn() -> String + Send + Sync;

/// A backend that records what is done to another in the sairedis recording format.
///
/// Lines stand in the order in which the calls began; a notification follows the calls that were under
/// way when it came. A create that failed stands with the null id, as its object never had one. What the
/// format has no form for (object counts and keys, host-interface packets, dumps, …) stands as a comment.
/// A statistics call that reads and clears stands as `get_stats` and `clear_stats`.
///
/// A failure to write never fails a call: the recording ends there, and [`Record::error`] tells it.
pub struct Record {
    inner: Arc<dyn Backend>,
    shared: Arc<Shared>,
}

struct Shared {
    clock: Box<Clock>,
    state: Mutex<State>,
}

struct State {
    out: Box<dyn Write + Send>,
    error: Option<String>,
    /// The next place in the order of lines.
    next: u64,
    /// From the oldest place that is still under way: `None` until its lines are there.
    waiting: BTreeMap<u64, Option<String>>,
}

impl Shared {
    /// Takes a place in the order of lines.
    fn begin(self: &Arc<Self>) -> Call {
        let mut state = self.state.lock();
        let place = state.next;
        state.next += 1;
        state.waiting.insert(place, None);
        drop(state);
        Call { shared: self.clone(), place, begun: (self.clock)(), text: String::new() }
    }
}

impl State {
    /// Writes what no older call holds up.
    fn write(&mut self) {
        while let Some(entry) = self.waiting.first_entry() {
            let Some(text) = entry.get() else { return };
            if self.error.is_none()
                && let Err(e) = self.out.write_all(text.as_bytes())
            {
                tracing::warn!("the recording ends: {e}");
                self.error = Some(e.to_string());
            }
            entry.remove();
        }
    }
}

/// A call under way; its lines are handed over when it is dropped, also by a panic of the backend.
struct Call {
    shared: Arc<Shared>,
    place: u64,
    begun: String,
    text: String,
}

impl Call {
    /// The line of the request, with the time at which the call began.
    fn request(&mut self, op: Op) {
        let line = Line::new(self.begun.as_str(), op);
        self.text.push_str(&format!("{line}\n"));
    }

    /// The line of an answer.
    fn answer(&mut self, op: Op) {
        let line = Line::new((self.shared.clock)(), op);
        self.text.push_str(&format!("{line}\n"));
    }

    /// The line `E` if the call failed.
    fn outcome<T>(&mut self, result: &Result<T>) {
        if let Err(e) = result {
            self.answer(Op::Failed(e.status(), Vec::new()));
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        state.waiting.insert(self.place, Some(std::mem::take(&mut self.text)));
        state.write();
    }
}

/// Receives the notifications of the recorded backend.
struct Sink(Weak<Shared>);

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("record::Sink")
    }
}

impl NotificationSink for Sink {
    fn notify(&self, n: &Notification) {
        if let Some(shared) = self.0.upgrade() {
            shared.begin().request(Op::Notification(n.name().to_owned(), notification::print(n)));
        }
    }

    fn is_closed(&self) -> bool {
        self.0.strong_count() == 0
    }
}

impl Record {
    /// Records what is done to `inner`. `clock` tells the time of each line, as text of the form
    /// `2026-08-20.14:03:55.123456`: [`system_time`], or a test's own.
    pub fn new(
        inner: Arc<dyn Backend>,
        out: impl Write + Send + 'static,
        clock: impl Fn() -> String + Send + Sync + 'static,
    ) -> Record {
        let state = State { out: Box::new(out), error: None, next: 0, waiting: BTreeMap::new() };
        let shared = Arc::new(Shared { clock: Box::new(clock), state: Mutex::new(state) });
        inner.subscribe(Arc::new(Sink(Arc::downgrade(&shared))));
        Record { inner, shared }
    }

    /// Writes a comment.
    pub fn comment(&self, text: &str) {
        self.shared.begin().request(Op::Comment(text.replace(['\n', '\r'], " ")));
    }

    /// Writes the beginning or end of a view as sairedis does: `INIT_VIEW` before the switch is created,
    /// `APPLY_VIEW` when the first configuration is done.
    pub fn view(&self, message: &str) {
        let mut call = self.shared.begin();
        call.request(Op::Syncd(message.to_owned()));
        call.answer(Op::SyncdAnswer(Status::SUCCESS));
    }

    /// Hands what is buffered to the writer's destination.
    ///
    /// # Errors
    /// What the writer said, now or before.
    pub fn flush(&self) -> std::io::Result<()> {
        let mut state = self.shared.state.lock();
        match &state.error {
            Some(e) => Err(std::io::Error::other(e.clone())),
            None => state.out.flush(),
        }
    }

    /// Why the recording ended, if it did.
    pub fn error(&self) -> Option<String> {
        self.shared.state.lock().error.clone()
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// The time of the system, UTC, in the form of recordings.
pub fn system_time() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86400, since.as_secs() % 86400);
    let (year, month, day) = civil(days as i64);
    let (h, m, s) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}.{h:02}:{m:02}:{s:02}.{:06}", since.subsec_micros())
}

/// The date of a day since 1970 in the Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    // Years begin in March, so that a leap day is the last of its year; eras of 400 years are alike.
    let z = days + 719_468;
    let (era, day) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

fn attrs(object_type: ObjectType, attrs: &[AttrEntry]) -> Vec<Attr> {
    attrs.iter().map(|a| attr(object_type, a)).collect()
}

fn attr(object_type: ObjectType, entry: &AttrEntry) -> Attr {
    Attr::new(object_type, entry.clone()).unwrap_or_else(|| Attr::Unknown {
        name: format!("0x{:x}", entry.id),
        text: format!("{:?}", entry.value),
    })
}

/// Attributes asked for: the values are placeholders of the right type.
fn asked(object_type: ObjectType, attrs: &[AttrEntry]) -> Vec<Attr> {
    let ask = |a: &AttrEntry| match crate::meta::attr(object_type, a.id) {
        Some(meta) => Attr::Known(meta, AttrEntry::new(a.id, value::zero(meta.ty))),
        None => attr(object_type, a),
    };
    attrs.iter().map(ask).collect()
}

fn known(object: &ObjectRef) -> Key {
    Key::Known(object.clone())
}

fn status<T>(result: &Result<T>) -> Status {
    result.as_ref().map_or_else(|e| e.status(), |_| Status::SUCCESS)
}

impl Backend for Record {
    crate::forward_backend!(inner: info, object_type, switch_of, subscribe);

    fn create(&self, switch: ObjectId, target: Target<'_>, list: &[AttrEntry]) -> Result<ObjectId> {
        let mut call = self.shared.begin();
        let result = self.inner.create(switch, target, list);
        let object = target.to_ref(*result.as_ref().unwrap_or(&ObjectId::NULL));
        call.request(Op::Create(Key::Known(object), attrs(target.object_type(), list)));
        call.outcome(&result);
        result
    }

    fn remove(&self, object: &ObjectRef) -> Result<()> {
        let mut call = self.shared.begin();
        let result = self.inner.remove(object);
        call.request(Op::Remove(known(object)));
        call.outcome(&result);
        result
    }

    fn set(&self, object: &ObjectRef, entry: &AttrEntry) -> Result<()> {
        let mut call = self.shared.begin();
        let result = self.inner.set(object, entry);
        call.request(Op::Set(known(object), attr(object.object_type(), entry)));
        call.outcome(&result);
        result
    }

    fn get(&self, object: &ObjectRef, list: &mut [AttrEntry]) -> Result<()> {
        let mut call = self.shared.begin();
        call.request(Op::Get(known(object), asked(object.object_type(), list)));
        let result = self.inner.get(object, list);
        let answers = if result.is_ok() { attrs(object.object_type(), list) } else { Vec::new() };
        call.answer(Op::Answer(status(&result), answers));
        result
    }

    fn bulk(&self, bulk: Bulk<'_, '_>, mode: BulkErrorMode) -> Vec<Result<ObjectId>> {
        let mut call = self.shared.begin();
        match bulk {
            Bulk::Create { switch, items } => {
                let results = self.inner.bulk(Bulk::Create { switch, items }, mode);
                let lines = items.iter().zip(&results).map(|(item, result)| BulkItem {
                    key: Key::Known(item.target.to_ref(*result.as_ref().unwrap_or(&ObjectId::NULL))),
                    attrs: attrs(item.target.object_type(), item.attrs),
                });
                let object_type = items.first().map(|item| item.target.object_type());
                finish(&mut call, BulkOp::Create, object_type, lines.collect(), &results);
                results
            }
            Bulk::Remove(items) => {
                let results = self.inner.bulk(Bulk::Remove(items), mode);
                let lines = items.iter().map(|item| BulkItem { key: known(item), attrs: Vec::new() });
                let object_type = items.first().map(ObjectRef::object_type);
                finish(&mut call, BulkOp::Remove, object_type, lines.collect(), &results);
                results
            }
            Bulk::Set(items) => {
                let results = self.inner.bulk(Bulk::Set(items), mode);
                let lines = items.iter().map(|item| BulkItem {
                    key: known(item.object),
                    attrs: vec![attr(item.object.object_type(), item.attr)],
                });
                let object_type = items.first().map(|item| item.object.object_type());
                finish(&mut call, BulkOp::Set, object_type, lines.collect(), &results);
                results
            }
            Bulk::Get(items) => self.bulk_get(&mut call, items, mode),
        }
    }

    fn stats(&self, object: &ObjectRef, stats: &[StatId], op: StatsOp, out: &mut [u64]) -> Result<()> {
        let mut call = self.shared.begin();
        let result = self.inner.stats(object, stats, op, out);
        note_stats(&mut call, object, stats, op, &result, out);
        result
    }

    fn bulk_stats(
        &self,
        objects: &[ObjectRef],
        stats: &[StatId],
        op: StatsOp,
        out: &mut [u64],
    ) -> Vec<Result<()>> {
        let mut call = self.shared.begin();
        let results = self.inner.bulk_stats(objects, stats, op, out);
        for (n, (object, result)) in objects.iter().zip(&results).enumerate() {
            let row = out.get(n * stats.len()..(n + 1) * stats.len()).unwrap_or_default();
            note_stats(&mut call, object, stats, op, result, row);
        }
        results
    }

    fn query(&self, switch: ObjectId, query: Query<'_>) -> Result<Answer> {
        let mut call = self.shared.begin();
        let result = self.inner.query(switch, query);
        let Some(question) = Question::of(&query) else {
            let outcome = result.as_ref().map_or_else(|e| e.to_string(), |a| format!("{a:?}"));
            call.request(Op::Comment(format!("query {switch} {query:?}: {outcome}")));
            return result;
        };
        let size = match &result {
            Ok(Answer::EnumValues(list)) => list.len(),
            Ok(Answer::StatsCapability(list)) => list.len(),
            _ => 0,
        };
        let fields = result.as_ref().map(|answer| question.answer_fields(answer)).unwrap_or_default();
        call.request(Op::Query(question.name().to_owned(), question.fields(switch, size)));
        call.answer(Op::QueryAnswer(question.name().to_owned(), status(&result), fields));
        result
    }

    fn special(&self, switch: ObjectId, special: Special<'_>) -> Result<SpecialAnswer> {
        let mut call = self.shared.begin();
        let result = self.inner.special(switch, special);
        if let Special::FlushFdb(filters) = special {
            call.request(Op::Flush(switch, attrs(ObjectType::FDB_FLUSH, filters)));
            call.answer(Op::FlushAnswer(status(&result)));
        } else {
            let text = format!("{switch} {special:?}: {}", status(&result)).replace(['\n', '\r'], " ");
            call.request(Op::Comment(text));
        }
        result
    }
}

impl Record {
    fn bulk_get(
        &self,
        call: &mut Call,
        items: &mut [BulkGet<'_>],
        mode: BulkErrorMode,
    ) -> Vec<Result<ObjectId>> {
        let Some(object_type) = items.first().map(|item| item.object.object_type()) else {
            return self.inner.bulk(Bulk::Get(items), mode);
        };
        let request = items
            .iter()
            .map(|item| BulkItem { key: known(item.object), attrs: asked(object_type, item.attrs) });
        call.request(Op::Bulk(BulkOp::Get, object_type, request.collect()));
        let results = self.inner.bulk(Bulk::Get(items), mode);
        let answers = items.iter().zip(&results).map(|(item, result)| match result {
            Ok(_) => (Status::SUCCESS, attrs(object_type, item.attrs)),
            Err(e) => (e.status(), Vec::new()),
        });
        call.answer(Op::BulkAnswer(overall(&results), answers.collect()));
        results
    }
}

fn overall(results: &[Result<ObjectId>]) -> Status {
    if results.iter().all(Result::is_ok) { Status::SUCCESS } else { Status::FAILURE }
}

/// The lines of a bulk call that is no get; an empty call has none.
fn finish(
    call: &mut Call,
    op: BulkOp,
    object_type: Option<ObjectType>,
    items: Vec<BulkItem>,
    results: &[Result<ObjectId>],
) {
    let Some(object_type) = object_type else { return };
    call.request(Op::Bulk(op, object_type, items));
    if overall(results) != Status::SUCCESS {
        call.answer(Op::Failed(Status::FAILURE, results.iter().map(status).collect()));
    }
}

/// The lines of a call of statistics: a bulk call has those of a single one for each object.
fn note_stats(
    call: &mut Call,
    object: &ObjectRef,
    stats: &[StatId],
    op: StatsOp,
    result: &Result<()>,
    out: &[u64],
) {
    let status = status(result);
    if op != StatsOp::Clear {
        let question = Question::GetStats(object.clone(), stats.to_vec());
        call.request(Op::Query(question.name().to_owned(), question.fields(ObjectId::NULL, 0)));
        let counters = if result.is_ok() { out.iter().map(u64::to_string).collect() } else { Vec::new() };
        call.answer(Op::QueryAnswer(question.name().to_owned(), status, counters));
    }
    if op != StatsOp::Read {
        let question = Question::ClearStats(object.clone(), stats.to_vec());
        call.request(Op::Query(question.name().to_owned(), question.fields(ObjectId::NULL, 0)));
        call.answer(Op::QueryAnswer(question.name().to_owned(), status, Vec::new()));
    }
}
