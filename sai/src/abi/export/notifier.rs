//! The thread that calls the client's notification functions, with no lock held.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::thread::{JoinHandle, ThreadId};

use hashbrown::HashMap;
use parking_lot::{Condvar, Mutex};

use super::Library;
use crate::abi::Callback;
use crate::meta;
use crate::notify::{Notification, NotificationKind, NotificationSink};
use crate::types::ObjectType;
use crate::{AttrEntry, Backend, Error, ObjectId, ObjectRef, Result, Status, Target, Value};

/// How many notifications may wait for a client that does not return from its function.
const CAPACITY: usize = 1 << 16;

/// Takes notifications from the backend and calls the client with them, in order.
#[derive(Debug)]
pub(super) struct Notifier {
    state: Mutex<State>,
    /// Something waits, or the thread shall end.
    work: Condvar,
    /// The client has returned from a call.
    returned: Condvar,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Notification>,
    callbacks: HashMap<(ObjectId, NotificationKind), Callback>,
    /// How many `create_switch` have not returned yet: nothing is delivered meanwhile.
    creating: usize,
    /// How many notifications were taken, and of how many the client has returned.
    taken: u64,
    done: u64,
    closed: bool,
    lost: u64,
    thread: Option<ThreadId>,
}

/// Keeps deliveries back until a `create_switch` is over.
struct Creating<'a>(&'a Notifier);

impl Drop for Creating<'_> {
    fn drop(&mut self) {
        self.0.state.lock().creating -= 1;
        self.0.work.notify_one();
    }
}

impl NotificationSink for Notifier {
    fn notify(&self, notification: &Notification) {
        let mut state = self.state.lock();
        if state.closed || state.callbacks.is_empty() && state.creating == 0 {
            return;
        }
        if state.waiting.len() >= CAPACITY {
            if state.lost == 0 {
                tracing::warn!(target: "sai", "the client does not keep up: notifications are lost");
            }
            state.lost += 1;
            return;
        }
        state.waiting.push_back(notification.clone());
        state.taken += 1;
        drop(state);
        self.work.notify_one();
    }

    fn is_closed(&self) -> bool {
        self.state.lock().closed
    }
}

impl Notifier {
    /// A notifier with its thread, subscribed to the backend.
    pub(super) fn start(backend: &Arc<dyn Backend>) -> Result<Arc<Notifier>> {
        let notifier = Arc::new(Notifier {
            state: Mutex::default(),
            work: Condvar::new(),
            returned: Condvar::new(),
            thread: Mutex::default(),
        });
        let (own, source) = (notifier.clone(), Arc::downgrade(backend));
        let thread = std::thread::Builder::new()
            .name("sai-notify".into())
            .spawn(move || own.run(&source))
            .map_err(|e| Error::because(Status::NO_MEMORY, format!("cannot start a thread: {e}")))?;
        notifier.state.lock().thread = Some(thread.thread().id());
        *notifier.thread.lock() = Some(thread);
        backend.subscribe(notifier.clone());
        Ok(notifier)
    }

    fn run(&self, backend: &Weak<dyn Backend>) {
        let mut state = self.state.lock();
        loop {
            if state.creating == 0 || state.closed {
                if let Some(notification) = state.waiting.pop_front() {
                    drop(state);
                    let callback = self.callback(backend, &notification);
                    if let Some(callback) = callback {
                        callback.call(&notification);
                    }
                    state = self.state.lock();
                    state.done += 1;
                    self.returned.notify_all();
                    continue;
                }
                if state.closed {
                    return;
                }
            }
            self.work.wait(&mut state);
        }
    }

    /// The function that a notification is for: that of the switch which it is about.
    fn callback(&self, backend: &Weak<dyn Backend>, notification: &Notification) -> Option<Callback> {
        let mut first = ObjectId::NULL;
        notification.clone().for_each_oid_mut(|id, _| {
            if first.is_null() {
                first = *id;
            }
        });
        // Not under our lock: the backend may take one of its own.
        let backend = backend.upgrade()?;
        let switch = match backend.object_type(first) {
            Some(ObjectType::SWITCH) => Some(first),
            _ => backend.switch_of(first),
        };
        let state = self.state.lock();
        let kind = notification.kind();
        match switch {
            Some(switch) => state.callbacks.get(&(switch, kind)).copied(),
            // The object is gone. With one switch there is no doubt whose it was.
            None => {
                let mut of_kind = state.callbacks.iter().filter(|((_, k), _)| *k == kind);
                of_kind.next().filter(|_| of_kind.next().is_none()).map(|(_, c)| *c)
            }
        }
    }

    /// Takes the notification functions among the attributes of a switch. What is delivered from now on goes to the new
    /// function; the client may still be in a call of the old one.
    pub(super) fn take_callbacks(&self, switch: ObjectId, attrs: &[AttrEntry]) {
        for attr in attrs {
            let Value::Pointer(address) = attr.value else { continue };
            let function = meta::attr(ObjectType::SWITCH, attr.id).and_then(|m| m.notification);
            let kind = NotificationKind::ALL.iter().find(|k| Some(k.c_function()) == function);
            let Some(kind) = kind.copied() else { continue };
            let key = (switch, kind);
            let mut state = self.state.lock();
            // SAFETY: the client gave the address as that of a function of this kind.
            match unsafe { Callback::new(kind, address) } {
                Some(callback) => state.callbacks.insert(key, callback),
                None => state.callbacks.remove(&key),
            };
        }
    }

    /// Refuses what would wait for the thread that it is called from.
    pub(super) fn refuse_within_callback(&self, operation: &'static str) -> Result<()> {
        if self.state.lock().thread == Some(std::thread::current().id()) {
            let reason = format!("{operation} waits for notifications and was called from one");
            return Err(Error::because(Status::OBJECT_IN_USE, reason));
        }
        Ok(())
    }

    /// Waits until the client has returned from all that was taken until now; not from what comes meanwhile, of which
    /// there is no end where a port is flooded.
    pub(super) fn drain(&self) {
        let mut state = self.state.lock();
        let until = state.taken;
        while !state.closed && state.done < until {
            self.returned.wait(&mut state);
        }
    }

    /// Delivers what waits and ends the thread.
    pub(super) fn stop(&self) {
        self.drain();
        self.state.lock().closed = true;
        self.work.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            // It catches nothing since nothing in it panics; the client's function may end the process.
            let _ = thread.join();
        }
    }
}

impl Library {
    /// Creates a switch. Its notifications wait until this has returned.
    pub(super) fn create_switch(&self, attrs: &[AttrEntry]) -> Result<ObjectId> {
        self.notifier.state.lock().creating += 1;
        let _until_done = Creating(&self.notifier);
        let target = Target::Object(ObjectType::SWITCH);
        let made = self.backend.create(ObjectId::NULL, target, attrs);
        let id = made.map_err(|e| e.on_object(&target.to_ref(ObjectId::NULL)))?;
        self.notifier.take_callbacks(id, attrs);
        Ok(id)
    }

    /// Removes a switch once the client has heard all of it.
    pub(super) fn remove_switch(&self, id: ObjectId) -> Result<()> {
        self.notifier.refuse_within_callback("remove_switch")?;
        self.notifier.drain();
        self.backend.remove(&ObjectRef::Object(ObjectType::SWITCH, id))?;
        self.notifier.drain();
        self.notifier.state.lock().callbacks.retain(|(switch, _), _| *switch != id);
        Ok(())
    }
}
