//! Fault injection from a seed.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use crate::notify::{Notification, NotificationSink};
use crate::{
    Answer, AttrEntry, Backend, Bulk, BulkErrorMode, Error, ObjectId, ObjectRef, ObjectType, Query, Result,
    Special, SpecialAnswer, StatId, StatsOp, Target, bulk_by_singles, bulk_stats_by_singles,
};

use super::Operation;

mod plan;
#[cfg(test)]
mod tests;

pub use plan::{Effect, Plan, Rule, Trouble, When};

/// The clock that injected delays pass on.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Lets this much time pass before it returns.
    fn wait(&self, time: Duration);
}

/// The clock of the machine: a delay blocks the calling thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn wait(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// Something that was injected.
#[derive(Clone, Debug, PartialEq)]
pub struct Injection {
    /// Which of the plan's rules, from 0.
    pub rule: usize,
    /// Where.
    pub operation: Operation,
    /// The type of the object, where the call was about one.
    pub object_type: Option<ObjectType>,
    /// What.
    pub effect: Effect,
}

impl fmt::Display for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {}: {}", self.rule, self.operation)?;
        if let Some(t) = self.object_type {
            write!(f, " {t}")?;
        }
        match self.effect {
            Effect::Status(status) => write!(f, ": {status}"),
            Effect::Delay(time) => write!(f, ": delayed by {time:?}"),
            Effect::Trouble(Trouble::Lose) => f.write_str(": lost"),
            Effect::Trouble(Trouble::Double) => f.write_str(": doubled"),
            Effect::Trouble(Trouble::Reorder) => f.write_str(": reordered"),
        }
    }
}

/// A backend that fails, waits and troubles notifications as a [`Plan`] says.
///
/// A call that is failed does not reach the backend below. The same plan and the same calls, in the same
/// order, give the same injections.
#[derive(Debug)]
pub struct Chaos {
    backend: Arc<dyn Backend>,
    fan: Arc<Fan>,
}

impl Chaos {
    /// A layer over a backend; delays pass on `clock`.
    pub fn new(backend: Arc<dyn Backend>, plan: Plan, clock: Arc<dyn Clock>) -> Chaos {
        let states = (0..plan.rules.len() as u64)
            .map(|n| State {
                matched: 0,
                random: plan.seed.wrapping_add(n.wrapping_mul(0xa076_1d64_78bd_642f)),
            })
            .collect();
        let engine = Engine { plan, clock, states: Mutex::new(states), log: Mutex::default() };
        let fan =
            Fan { engine, sinks: Mutex::default(), held: Mutex::default(), closed: AtomicBool::new(false) };
        let fan = Arc::new(fan);
        backend.subscribe(fan.clone());
        Chaos { backend, fan }
    }

    /// What was injected so far, in order. The log grows until it is taken.
    pub fn log(&self) -> Vec<Injection> {
        self.fan.engine.log.lock().clone()
    }

    /// Takes the log and begins a new one.
    pub fn take_log(&self) -> Vec<Injection> {
        std::mem::take(&mut self.fan.engine.log.lock())
    }

    /// Delivers the notifications that are held back to be reordered.
    pub fn release(&self) {
        let held = std::mem::take(&mut *self.fan.held.lock());
        held.iter().for_each(|n| self.fan.deliver(n));
    }

    fn call(&self, operation: Operation, object_type: Option<ObjectType>, attrs: &[AttrEntry]) -> Result<()> {
        self.fan.engine.call(operation, object_type, attrs)
    }
}

impl Drop for Chaos {
    fn drop(&mut self) {
        self.fan.closed.store(true, Ordering::Release);
    }
}

impl Backend for Chaos {
    crate::forward_backend!(backend: info, object_type, switch_of);

    fn create(&self, switch: ObjectId, target: Target<'_>, attrs: &[AttrEntry]) -> Result<ObjectId> {
        self.call(Operation::Create, Some(target.object_type()), attrs)?;
        self.backend.create(switch, target, attrs)
    }

    fn remove(&self, object: &ObjectRef) -> Result<()> {
        self.call(Operation::Remove, Some(object.object_type()), &[])?;
        self.backend.remove(object)
    }

    fn set(&self, object: &ObjectRef, attr: &AttrEntry) -> Result<()> {
        self.call(Operation::Set, Some(object.object_type()), std::slice::from_ref(attr))?;
        self.backend.set(object, attr)
    }

    fn get(&self, object: &ObjectRef, attrs: &mut [AttrEntry]) -> Result<()> {
        self.call(Operation::Get, Some(object.object_type()), attrs)?;
        self.backend.get(object, attrs)
    }

    fn bulk(&self, call: Bulk<'_, '_>, mode: BulkErrorMode) -> Vec<Result<ObjectId>> {
        let (_, single, object_type) = Operation::of_bulk(&call);
        if self.fan.engine.plan.rules.iter().any(|r| r.concerns(single, Some(object_type))) {
            bulk_by_singles(self, call, mode)
        } else {
            self.backend.bulk(call, mode)
        }
    }

    fn stats(&self, object: &ObjectRef, stats: &[StatId], op: StatsOp, out: &mut [u64]) -> Result<()> {
        self.call(Operation::Stats, Some(object.object_type()), &[])?;
        self.backend.stats(object, stats, op, out)
    }

    fn bulk_stats(
        &self,
        objects: &[ObjectRef],
        stats: &[StatId],
        op: StatsOp,
        out: &mut [u64],
    ) -> Vec<Result<()>> {
        let object_type = objects.first().map(ObjectRef::object_type);
        if self.fan.engine.plan.rules.iter().any(|r| r.concerns(Operation::Stats, object_type)) {
            bulk_stats_by_singles(self, objects, stats, op, out)
        } else {
            self.backend.bulk_stats(objects, stats, op, out)
        }
    }

    fn query(&self, switch: ObjectId, query: Query<'_>) -> Result<Answer> {
        self.call(Operation::Query, Some(query.object_type()), &[])?;
        self.backend.query(switch, query)
    }

    fn special(&self, switch: ObjectId, call: Special<'_>) -> Result<SpecialAnswer> {
        self.call(Operation::Special, None, &[])?;
        self.backend.special(switch, call)
    }

    fn subscribe(&self, sink: Arc<dyn NotificationSink>) {
        self.fan.sinks.lock().push(sink);
    }
}

impl Rule {
    fn concerns(&self, operation: Operation, object_type: Option<ObjectType>) -> bool {
        self.operation.is_none_or(|o| o == operation)
            && (self.object_type.is_none() || self.object_type == object_type)
            && (operation == Operation::Notify) == (self.operation == Some(Operation::Notify))
    }
}

#[derive(Debug)]
struct State {
    matched: u64,
    random: u64,
}

impl State {
    /// The next number of SplitMix64, as a fraction from 0 to 1.
    fn chance(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[derive(Debug)]
struct Engine {
    plan: Plan,
    clock: Arc<dyn Clock>,
    states: Mutex<Vec<State>>,
    log: Mutex<Vec<Injection>>,
}

impl Engine {
    /// The effects that apply now, in the order of the rules.
    fn draw(
        &self,
        operation: Operation,
        object_type: Option<ObjectType>,
        matches: impl Fn(&Rule) -> bool,
    ) -> Vec<(usize, Effect)> {
        let mut effects = Vec::new();
        let mut states = self.states.lock();
        for (n, rule) in self.plan.rules.iter().enumerate() {
            if !rule.concerns(operation, object_type) || !matches(rule) {
                continue;
            }
            let state = &mut states[n];
            state.matched += 1;
            let now = match rule.when {
                When::Always => true,
                When::Nth(nth) => state.matched == nth,
                When::Probability(p) => state.chance() < p,
            };
            if now {
                effects.push((n, rule.effect));
            }
        }
        effects
    }

    fn note(&self, rule: usize, operation: Operation, object_type: Option<ObjectType>, effect: Effect) {
        self.log.lock().push(Injection { rule, operation, object_type, effect });
    }

    fn call(&self, operation: Operation, object_type: Option<ObjectType>, attrs: &[AttrEntry]) -> Result<()> {
        let position = |rule: &Rule| attrs.iter().position(|a| Some(a.id) == rule.attr);
        let effects =
            self.draw(operation, object_type, |rule| rule.attr.is_none() || position(rule).is_some());
        for (n, effect) in effects {
            match effect {
                Effect::Delay(time) => {
                    self.note(n, operation, object_type, effect);
                    self.clock.wait(time);
                }
                Effect::Status(status) => {
                    let status = match (status.attr_index(), position(&self.plan.rules[n])) {
                        (Some(_), Some(at)) => status.family().nth(at),
                        _ => status,
                    };
                    self.note(n, operation, object_type, Effect::Status(status));
                    return Err(Error::because(status, format!("injected by rule {n}")));
                }
                Effect::Trouble(_) => {}
            }
        }
        Ok(())
    }
}

/// Receives the notifications of the backend and hands them to the subscribers, or not.
#[derive(Debug)]
struct Fan {
    engine: Engine,
    sinks: Mutex<Vec<Arc<dyn NotificationSink>>>,
    held: Mutex<Vec<Notification>>,
    closed: AtomicBool,
}

impl Fan {
    fn deliver(&self, notification: &Notification) {
        let sinks = {
            let mut sinks = self.sinks.lock();
            sinks.retain(|s| !s.is_closed());
            sinks.clone()
        };
        sinks.iter().for_each(|s| s.notify(notification));
    }
}

impl NotificationSink for Fan {
    fn notify(&self, notification: &Notification) {
        let kind = notification.kind();
        let effects =
            self.engine.draw(Operation::Notify, None, |rule| rule.notification.is_none_or(|k| k == kind));
        let mut copies = 1;
        let mut hold = false;
        for (n, effect) in effects {
            self.engine.note(n, Operation::Notify, None, effect);
            match effect {
                Effect::Delay(time) => self.engine.clock.wait(time),
                Effect::Trouble(Trouble::Lose) => copies = 0,
                Effect::Trouble(Trouble::Double) => copies *= 2,
                Effect::Trouble(Trouble::Reorder) => hold = true,
                Effect::Status(_) => {}
            }
        }
        if hold {
            let mut held = self.held.lock();
            held.extend(std::iter::repeat_n(notification.clone(), copies));
            return;
        }
        let late = std::mem::take(&mut *self.held.lock());
        (0..copies).for_each(|_| self.deliver(notification));
        late.iter().for_each(|n| self.deliver(n));
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}
