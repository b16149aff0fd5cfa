//! A backend for the tests of layers: it takes everything, gives ids, and remembers what came.

use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;

use crate::notify::{Notification, NotificationSink};
use crate::{
    Answer, AttrEntry, Backend, Error, Info, ObjectId, ObjectRef, ObjectType, Query, Result, Special,
    SpecialAnswer, StatId, StatsOp, Status, Target, Value,
};

/// The switch of every id of [`Fake`].
pub(crate) const SWITCH: ObjectId = Fake::id(ObjectType::SWITCH, 0);

#[derive(Debug, Default)]
pub(crate) struct Fake {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    calls: Vec<String>,
    values: HashMap<(ObjectRef, u32), Value>,
    sinks: Vec<Arc<dyn NotificationSink>>,
}

impl Fake {
    /// The `n`-th id of a type.
    pub(crate) const fn id(object_type: ObjectType, n: u64) -> ObjectId {
        ObjectId((object_type.0 as u64) << 32 | 1 << 31 | n)
    }

    /// The calls since the last time.
    pub(crate) fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().calls)
    }

    pub(crate) fn send(&self, notification: &Notification) {
        let sinks = self.state.lock().sinks.clone();
        sinks.iter().for_each(|s| s.notify(notification));
    }

    fn call(&self, text: String) {
        self.state.lock().calls.push(text);
    }
}

impl Backend for Fake {
    fn info(&self) -> Info {
        Info { name: "fake".into(), api_version: 11801 }
    }

    fn create(&self, _: ObjectId, target: Target<'_>, attrs: &[AttrEntry]) -> Result<ObjectId> {
        self.call(format!("create {}", target.object_type()));
        let mut state = self.state.lock();
        state.next += 1;
        let id = match target {
            Target::Object(t) => Fake::id(t, 1000 + state.next),
            Target::Entry(_) => ObjectId::NULL,
        };
        for a in attrs {
            state.values.insert((target.to_ref(id), a.id), a.value.clone());
        }
        Ok(id)
    }

    fn remove(&self, object: &ObjectRef) -> Result<()> {
        self.call(format!("remove {object}"));
        Ok(())
    }

    fn set(&self, object: &ObjectRef, attr: &AttrEntry) -> Result<()> {
        self.call(format!("set {object}"));
        self.state.lock().values.insert((object.clone(), attr.id), attr.value.clone());
        Ok(())
    }

    fn get(&self, object: &ObjectRef, attrs: &mut [AttrEntry]) -> Result<()> {
        self.call(format!("get {object}"));
        let state = self.state.lock();
        for (n, a) in attrs.iter_mut().enumerate() {
            let value = state.values.get(&(object.clone(), a.id));
            a.value = value.cloned().ok_or(Error::new(Status::ATTR_NOT_SUPPORTED_0.nth(n)))?;
        }
        Ok(())
    }

    fn stats(&self, object: &ObjectRef, _: &[StatId], _: StatsOp, out: &mut [u64]) -> Result<()> {
        self.call(format!("stats {object}"));
        out.fill(7);
        Ok(())
    }

    fn query(&self, _: ObjectId, _: Query<'_>) -> Result<Answer> {
        Err(Status::NOT_IMPLEMENTED.into())
    }

    fn object_type(&self, id: ObjectId) -> Option<ObjectType> {
        (id.0 >> 31 & 1 == 1).then_some(ObjectType((id.0 >> 32) as i32))
    }

    fn switch_of(&self, id: ObjectId) -> Option<ObjectId> {
        self.object_type(id).map(|_| SWITCH)
    }

    fn special(&self, _: ObjectId, call: Special<'_>) -> Result<SpecialAnswer> {
        self.call(format!("{call:?}"));
        Ok(SpecialAnswer::Done)
    }

    fn subscribe(&self, sink: Arc<dyn NotificationSink>) {
        self.state.lock().sinks.push(sink);
    }
}
