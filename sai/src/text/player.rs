//! Replays a recording on any backend.
//!
//! Recorded object ids are the recorder's own: each is mapped to the id that the backend returned for
//! the same create, or that a get answered in the same place. A second `INIT_VIEW`, or a second create of
//! the same switch, begins a new view, which is played on a fresh backend.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use super::query::Question;
use super::recording::{Attr, BulkItem, BulkOp, Key, Line, Op, Recording};
use super::value;
use crate::{
    AttrEntry, Backend, Bulk, BulkCreate, BulkErrorMode, BulkGet, BulkSet, ObjectId, ObjectRef, ObjectType,
    Result, Special, StatsOp, Status, Target, Value,
};

mod report;

pub use report::{Difference, DifferenceKind, Heard, Report};

/// Replays recordings. See the [module](self).
pub struct Player<'a> {
    fresh: Box<dyn FnMut() -> Arc<dyn Backend> + 'a>,
    pause: Box<dyn FnMut(u64) + 'a>,
    line: Box<dyn FnMut(usize) + 'a>,
    stop: bool,
}

impl<'a> Player<'a> {
    /// A player. `fresh` makes the backend of each view, a switch not yet created.
    pub fn new(fresh: impl FnMut() -> Arc<dyn Backend> + 'a) -> Player<'a> {
        Player { fresh: Box::new(fresh), pause: Box::new(|_| {}), line: Box::new(|_| {}), stop: false }
    }

    /// Stops at the first difference that is not [`DifferenceKind::Better`], instead of going on.
    pub fn stop_at_difference(mut self, stop: bool) -> Player<'a> {
        self.stop = stop;
        self
    }

    /// Calls `pause` with the milliseconds of a pause (`@`), to advance a clock. Without it pauses are
    /// passed over.
    pub fn on_pause(mut self, pause: impl FnMut(u64) + 'a) -> Player<'a> {
        self.pause = Box::new(pause);
        self
    }

    /// Calls `line` after each line with how many are done.
    pub fn on_line(mut self, line: impl FnMut(usize) + 'a) -> Player<'a> {
        self.line = Box::new(line);
        self
    }

    /// Replays a recording. Never fails: what differs is in the report.
    pub fn play(&mut self, recording: &Recording) -> Report {
        let backend = (self.fresh)();
        let mut play = Play {
            player: self,
            lines: recording.lines(),
            view: View { backend, ids: HashMap::new(), switches: Vec::new() },
            answered: HashSet::new(),
            report: Report { views: 1, ..Report::default() },
        };
        for at in 0..play.lines.len() {
            play.report.lines += 1;
            let before = play.report.differences.len();
            play.line(at);
            (play.player.line)(at + 1);
            let new = &play.report.differences[before..];
            if play.player.stop && new.iter().any(|d| d.kind != DifferenceKind::Better) {
                play.report.stopped_at = Some(play.lines[at].number());
                break;
            }
        }
        play.report
    }
}

/// A backend with what is known of the recorded ids.
struct View {
    backend: Arc<dyn Backend>,
    ids: HashMap<ObjectId, ObjectId>,
    /// Recorded ids of the switches.
    switches: Vec<ObjectId>,
}

struct Play<'p, 'a, 'r> {
    player: &'p mut Player<'a>,
    lines: &'r [Line],
    view: View,
    /// Positions of lines that were taken as the answer to a call.
    answered: HashSet<usize>,
    report: Report,
}

impl View {
    /// The backend's id for a recorded one.
    fn id(&self, recorded: ObjectId) -> Result<ObjectId, ObjectId> {
        if recorded.is_null() { Ok(recorded) } else { self.ids.get(&recorded).copied().ok_or(recorded) }
    }

    fn learn(&mut self, recorded: ObjectId, id: ObjectId) {
        if !recorded.is_null() && !id.is_null() {
            self.ids.insert(recorded, id);
        }
    }

    /// A value with the backend's ids; the recorded id that is not known.
    fn value(&self, mut value: Value) -> Result<Value, ObjectId> {
        let mut unknown = None;
        value.for_each_oid_mut(|id| match self.id(*id) {
            Ok(own) => *id = own,
            Err(id) => unknown = Some(id),
        });
        unknown.map_or(Ok(value), Err)
    }

    fn object(&self, object: &ObjectRef) -> Result<ObjectRef, ObjectId> {
        match object {
            ObjectRef::Object(t, id) => Ok(ObjectRef::Object(*t, self.id(*id)?)),
            ObjectRef::Entry(entry) => {
                let mut entry = entry.clone();
                let mut unknown = None;
                entry.for_each_oid_mut(|id, _| match self.id(*id) {
                    Ok(own) => *id = own,
                    Err(id) => unknown = Some(id),
                });
                unknown.map_or(Ok(ObjectRef::Entry(entry)), Err)
            }
        }
    }

    fn attrs(&self, attrs: &[Attr]) -> Result<Vec<AttrEntry>, ObjectId> {
        let known = attrs.iter().filter_map(Attr::entry);
        known.map(|a| Ok(AttrEntry::new(a.id, self.value(a.value.clone())?))).collect()
    }

    /// The backend's switch to which a recorded object belongs: sairedis keeps the switch's index in the
    /// highest byte of an id.
    fn switch_of(&self, recorded: &ObjectRef) -> ObjectId {
        let index = match recorded {
            ObjectRef::Object(ObjectType::SWITCH, _) => return ObjectId::NULL,
            ObjectRef::Object(_, id) => id.0 >> 56,
            ObjectRef::Entry(entry) => entry.switch_id().0 >> 56,
        };
        let same = self.switches.iter().find(|s| s.0 >> 56 == index);
        same.or(self.switches.last()).and_then(|s| self.id(*s).ok()).unwrap_or(ObjectId::NULL)
    }
}

fn status<T>(result: &Result<T>) -> Status {
    result.as_ref().map_or_else(|e| e.status(), |_| Status::SUCCESS)
}

fn outcome<T>(result: &Result<T>) -> String {
    result.as_ref().map_or_else(|e| e.to_string(), |_| Status::SUCCESS.to_string())
}

impl Play<'_, '_, '_> {
    fn differ(
        &mut self,
        at: usize,
        kind: DifferenceKind,
        subject: String,
        recorded: impl ToString,
        found: impl ToString,
    ) {
        let line = self.lines[at].number();
        let (recorded, found) = (recorded.to_string(), found.to_string());
        self.report.differences.push(Difference { line, kind, subject, recorded, found });
    }

    fn missing(&mut self, at: usize, subject: String, id: ObjectId) {
        let found = format!("{id} was neither created nor answered before");
        self.differ(at, DifferenceKind::Missing, subject, "", found);
    }

    fn same_status<T>(&mut self, at: usize, subject: &str, recorded: Status, result: &Result<T>) {
        if recorded == status(result) {
            return;
        }
        let better = recorded.is_unsupported() && result.is_ok();
        let kind = if better { DifferenceKind::Better } else { DifferenceKind::Status };
        self.differ(at, kind, subject.to_owned(), recorded, outcome(result));
    }

    /// The answer to the call at `at`: the next line that is neither a notification nor a comment, if
    /// `is` takes it.
    fn answer<T>(&mut self, at: usize, is: impl Fn(&Op) -> Option<T>) -> Option<T> {
        let between = |op: &Op| matches!(op, Op::Comment(_) | Op::Notification(..) | Op::Polling(_));
        let next = (at + 1..self.lines.len()).find(|n| !between(self.lines[*n].op()))?;
        let answer = is(self.lines[next].op())?;
        self.answered.insert(next);
        Some(answer)
    }

    /// The recorded status of a call that has a line only when it failed.
    fn failure(&mut self, at: usize) -> (Status, Vec<Status>) {
        let failed = |op: &Op| match op {
            Op::Failed(status, items) => Some((*status, items.clone())),
            _ => None,
        };
        self.answer(at, failed).unwrap_or((Status::SUCCESS, Vec::new()))
    }

    fn new_view(&mut self) {
        self.view = View { backend: (self.player.fresh)(), ids: HashMap::new(), switches: Vec::new() };
        self.report.views += 1;
    }

    fn line(&mut self, at: usize) {
        let line = &self.lines[at];
        for problem in line.problems() {
            self.differ(at, DifferenceKind::NotUnderstood, "not understood".into(), "", problem);
        }
        match line.op() {
            Op::Comment(_) | Op::SyncdAnswer(_) | Op::Polling(_) => self.report.passed_over += 1,
            Op::Syncd(message) => {
                self.report.passed_over += 1;
                if message == "INIT_VIEW" && !self.view.switches.is_empty() {
                    self.new_view();
                }
            }
            Op::Pause(ms) => {
                self.report.passed_over += 1;
                (self.player.pause)(*ms);
            }
            Op::Notification(name, data) => self.report.notifications.push(Heard {
                line: line.number(),
                name: name.clone(),
                data: data.clone(),
            }),
            Op::Create(key, attrs) => self.create(at, key, attrs),
            Op::Remove(key) => self.remove(at, key),
            Op::Set(key, attr) => self.set(at, key, attr),
            Op::Get(key, attrs) => self.get(at, key, attrs),
            Op::Bulk(op, _, items) => self.bulk(at, *op, items),
            Op::Flush(switch, filters) => self.flush(at, *switch, filters),
            Op::Query(name, fields) => self.query(at, name, fields),
            Op::Answer(..)
            | Op::BulkAnswer(..)
            | Op::Failed(..)
            | Op::FlushAnswer(_)
            | Op::QueryAnswer(..) => {
                if !self.answered.remove(&at) {
                    let found = "an answer without its call";
                    self.differ(at, DifferenceKind::NotUnderstood, "not understood".into(), "", found);
                }
            }
            Op::Unknown(_) => {}
        }
    }

    fn create(&mut self, at: usize, key: &Key, attrs: &[Attr]) {
        let (recorded_status, _) = self.failure(at);
        let Some(recorded) = key.object() else { return };
        let subject = format!("create {recorded}");
        if let ObjectRef::Object(ObjectType::SWITCH, id) = recorded
            && self.view.switches.contains(id)
        {
            self.new_view();
        }
        let attrs = match self.view.attrs(attrs) {
            Ok(attrs) => attrs,
            Err(id) => return self.missing(at, subject, id),
        };
        let switch = self.view.switch_of(recorded);
        self.report.calls += 1;
        let result = match recorded {
            ObjectRef::Object(t, _) => self.view.backend.create(switch, Target::Object(*t), &attrs),
            ObjectRef::Entry(_) => match self.view.object(recorded) {
                Ok(ObjectRef::Entry(entry)) => {
                    self.view.backend.create(switch, Target::Entry(&entry), &attrs)
                }
                Ok(_) => return,
                Err(id) => return self.missing(at, subject, id),
            },
        };
        self.same_status(at, &subject, recorded_status, &result);
        if let (ObjectRef::Object(t, recorded), Ok(id)) = (recorded, &result) {
            self.view.learn(*recorded, *id);
            if *t == ObjectType::SWITCH {
                self.view.switches.push(*recorded);
            }
        }
    }

    fn remove(&mut self, at: usize, key: &Key) {
        let (recorded_status, _) = self.failure(at);
        let Some(recorded) = key.object() else { return };
        let subject = format!("remove {recorded}");
        match self.view.object(recorded) {
            Ok(object) => {
                self.report.calls += 1;
                let result = self.view.backend.remove(&object);
                self.same_status(at, &subject, recorded_status, &result);
            }
            Err(id) => self.missing(at, subject, id),
        }
    }

    fn set(&mut self, at: usize, key: &Key, attr: &Attr) {
        let (recorded_status, _) = self.failure(at);
        let (Some(recorded), Some(entry)) = (key.object(), attr.entry()) else { return };
        let subject = format!("set {recorded}, {}", attr.name());
        let own = self.view.object(recorded).and_then(|o| Ok((o, self.view.value(entry.value.clone())?)));
        match own {
            Ok((object, value)) => {
                self.report.calls += 1;
                let result = self.view.backend.set(&object, &AttrEntry::new(entry.id, value));
                self.same_status(at, &subject, recorded_status, &result);
            }
            Err(id) => self.missing(at, subject, id),
        }
    }

    fn get(&mut self, at: usize, key: &Key, asked: &[Attr]) {
        let answer = self.answer(at, |op| match op {
            Op::Answer(status, attrs) => Some((*status, attrs.clone())),
            _ => None,
        });
        let Some(recorded) = key.object() else { return };
        let subject = format!("get {recorded}");
        let object = match self.view.object(recorded) {
            Ok(object) => object,
            Err(id) => return self.missing(at, subject, id),
        };
        let mut attrs = questions(asked);
        self.report.calls += 1;
        let result = self.view.backend.get(&object, &mut attrs);
        let Some((recorded_status, answers)) = answer else { return };
        self.compare_get(at, &subject, recorded_status, &answers, &result, &attrs);
    }

    /// Compares what a get answered; learns the ids in it.
    fn compare_get<T>(
        &mut self,
        at: usize,
        subject: &str,
        recorded: Status,
        answers: &[Attr],
        result: &Result<T>,
        found: &[AttrEntry],
    ) {
        // A backend of this crate answers whole lists where the C interface asks for room.
        if !(recorded == Status::BUFFER_OVERFLOW && result.is_ok()) {
            self.same_status(at, subject, recorded, result);
        }
        if result.is_err() || !(recorded.is_ok() || recorded == Status::BUFFER_OVERFLOW) {
            return;
        }
        for answer in answers {
            // A length alone says nothing that a whole list would contradict.
            let Attr::Known(meta, recorded) = answer else { continue };
            let Some(entry) = found.iter().find(|a| a.id == recorded.id) else { continue };
            self.report.values += 1;
            if !self.same_value(&recorded.value, &entry.value) {
                let subject = format!("{subject}, {}", answer.name());
                let recorded = value::print(&recorded.value, meta);
                self.differ(at, DifferenceKind::Value, subject, recorded, value::print(&entry.value, meta));
            }
        }
    }

    /// Whether a recorded value and an answered one are the same, once ids are mapped; learns ids that
    /// stand in the same place.
    fn same_value(&mut self, recorded: &Value, found: &Value) -> bool {
        if let (Value::Pointer(_), Value::Pointer(_)) = (recorded, found) {
            return true;
        }
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        recorded.for_each_oid(|id| theirs.push(id));
        found.for_each_oid(|id| ours.push(id));
        for (recorded, id) in theirs.into_iter().zip(ours) {
            if self.view.id(recorded).is_err() {
                self.view.learn(recorded, id);
            }
        }
        self.view.value(recorded.clone()).is_ok_and(|own| own == *found)
    }

    fn flush(&mut self, at: usize, switch: ObjectId, filters: &[Attr]) {
        let answer = self.answer(at, |op| match op {
            Op::FlushAnswer(status) => Some(*status),
            _ => None,
        });
        let subject = format!("flush {switch}");
        let own = self.view.id(switch).and_then(|switch| Ok((switch, self.view.attrs(filters)?)));
        match own {
            Ok((switch, filters)) => {
                self.report.calls += 1;
                let result = self.view.backend.special(switch, Special::FlushFdb(&filters));
                if let Some(recorded) = answer {
                    self.same_status(at, &subject, recorded, &result);
                }
            }
            Err(id) => self.missing(at, subject, id),
        }
    }

    fn query(&mut self, at: usize, name: &str, fields: &[String]) {
        let answer = self.answer(at, |op| match op {
            Op::QueryAnswer(of, status, fields) if of == name => Some((*status, fields.clone())),
            _ => None,
        });
        let subject = format!("query {name} {}", fields.join(" "));
        let not_understood = |play: &mut Self, e: super::TextError| {
            play.differ(at, DifferenceKind::NotUnderstood, subject.clone(), "", e);
        };
        let (switch, mut question) = match Question::parse(name, fields) {
            Ok(parsed) => parsed,
            // An availability query of 2026 without attributes does not say of which type.
            Err(_) if name == "object_type_get_availability" => return self.report.unanswered += 1,
            Err(e) => return not_understood(self, e),
        };
        if let Question::Availability(_, attrs) = &mut question {
            for attr in attrs {
                match self.view.value(attr.value.clone()) {
                    Ok(value) => attr.value = value,
                    Err(id) => return self.missing(at, subject, id),
                }
            }
        }
        self.report.calls += 1;
        if let Question::GetStats(object, stats) | Question::ClearStats(object, stats) = &question {
            let object = match self.view.object(object) {
                Ok(object) => object,
                Err(id) => return self.missing(at, subject, id),
            };
            let op = if name == "get_stats" { StatsOp::Read } else { StatsOp::Clear };
            let mut counters = vec![0; stats.len()];
            let result = self.view.backend.stats(&object, stats, op, &mut counters);
            let Some((recorded, fields)) = answer else { return };
            self.same_status(at, &subject, recorded, &result);
            let found: Vec<String> = counters.iter().map(u64::to_string).collect();
            if op == StatsOp::Read && result.is_ok() && recorded.is_ok() {
                self.report.values += found.len();
                if found != fields {
                    self.differ(at, DifferenceKind::Value, subject, fields.join(","), found.join(","));
                }
            }
            return;
        }
        let (Ok(switch), Some(query)) = (self.view.id(switch), question.query()) else {
            return self.missing(at, subject, switch);
        };
        let result = self.view.backend.query(switch, query);
        let Some((recorded, fields)) = answer else { return };
        if result.as_ref().is_err_and(|e| e.status().is_unsupported()) && !recorded.is_unsupported() {
            return self.report.unanswered += 1;
        }
        if !(recorded == Status::BUFFER_OVERFLOW && result.is_ok()) {
            self.same_status(at, &subject, recorded, &result);
        }
        let Ok(found) = result else { return };
        if !recorded.is_ok() {
            return;
        }
        match question.parse_answer(&fields) {
            Ok(Some(answer)) => {
                self.report.values += 1;
                if answer != found {
                    let found = question.answer_fields(&found).join(" ");
                    self.differ(at, DifferenceKind::Value, subject, fields.join(" "), found);
                }
            }
            Ok(None) => {}
            Err(e) => not_understood(self, e),
        }
    }

    fn bulk(&mut self, at: usize, op: BulkOp, items: &[BulkItem]) {
        let (statuses, answers) = self.bulk_answer(at, op, items.len());
        // What is not understood or names what is not there is left out of the call.
        let mut calls = Vec::new();
        for (n, item) in items.iter().enumerate() {
            let Some(recorded) = item.key.object() else { continue };
            let creates_id = op == BulkOp::Create && recorded.oid().is_some();
            let own = if creates_id { Ok(recorded.clone()) } else { self.view.object(recorded) };
            let attrs =
                if op == BulkOp::Get { Ok(questions(&item.attrs)) } else { self.view.attrs(&item.attrs) };
            match own.and_then(|own| Ok((own, attrs?))) {
                Ok((_, attrs)) if op == BulkOp::Set && attrs.is_empty() => {}
                Ok((own, attrs)) => calls.push((n, recorded, own, attrs)),
                Err(id) => self.missing(at, format!("bulk {op:?} {recorded}"), id),
            }
        }
        let Some((_, first, ..)) = calls.first() else { return };
        let stops = statuses.contains(&Status::NOT_EXECUTED);
        let mode = if stops { BulkErrorMode::StopOnError } else { BulkErrorMode::IgnoreError };
        let switch = self.view.switch_of(first);
        let backend = self.view.backend.clone();
        self.report.calls += 1;
        self.report.bulk_objects += calls.len();
        let results = match op {
            BulkOp::Create => {
                let items: Vec<_> = calls
                    .iter()
                    .map(|(.., own, attrs)| BulkCreate {
                        target: match own {
                            ObjectRef::Object(t, _) => Target::Object(*t),
                            ObjectRef::Entry(entry) => Target::Entry(entry),
                        },
                        attrs,
                    })
                    .collect();
                backend.bulk(Bulk::Create { switch, items: &items }, mode)
            }
            BulkOp::Remove => {
                let items: Vec<_> = calls.iter().map(|(.., own, _)| own.clone()).collect();
                backend.bulk(Bulk::Remove(&items), mode)
            }
            BulkOp::Set => {
                let items: Vec<_> =
                    calls.iter().map(|(.., own, attrs)| BulkSet { object: own, attr: &attrs[0] }).collect();
                backend.bulk(Bulk::Set(&items), mode)
            }
            BulkOp::Get => {
                let mut items: Vec<_> =
                    calls.iter_mut().map(|(.., own, attrs)| BulkGet { object: own, attrs }).collect();
                backend.bulk(Bulk::Get(&mut items), mode)
            }
        };
        for ((n, recorded, _, attrs), result) in calls.iter().zip(&results) {
            let subject = format!("bulk {} {recorded}", format!("{op:?}").to_lowercase());
            let recorded_status = statuses.get(*n).copied().unwrap_or(Status::SUCCESS);
            match op {
                BulkOp::Get => {
                    let answers = answers.get(*n).map_or(&[][..], Vec::as_slice);
                    self.compare_get(at, &subject, recorded_status, answers, result, attrs);
                }
                _ => self.same_status(at, &subject, recorded_status, result),
            }
            if let (BulkOp::Create, ObjectRef::Object(_, recorded), Ok(id)) = (op, recorded, result) {
                self.view.learn(*recorded, *id);
            }
        }
    }

    /// The recorded status of each object of a bulk call, and for a get its answers.
    fn bulk_answer(&mut self, at: usize, op: BulkOp, len: usize) -> (Vec<Status>, Vec<Vec<Attr>>) {
        if op == BulkOp::Get {
            let answer = self.answer(at, |op| match op {
                Op::BulkAnswer(_, items) => Some(items.clone()),
                Op::Answer(status, _) => Some(vec![(*status, Vec::new()); len]),
                _ => None,
            });
            return answer.unwrap_or_default().into_iter().unzip();
        }
        let (overall, statuses) = self.failure(at);
        if statuses.is_empty() { (vec![overall; len], Vec::new()) } else { (statuses, Vec::new()) }
    }
}

fn questions(attrs: &[Attr]) -> Vec<AttrEntry> {
    attrs.iter().filter_map(Attr::id).map(AttrEntry::ask).collect()
}
