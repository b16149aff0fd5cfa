//! Notifications on their way to who receives them: in order, with no lock held.

use std::collections::VecDeque;
use std::thread::ThreadId;

use sai::notify::Notification;

use super::{Inner, Simulator};

#[derive(Default)]
pub(super) struct Outbox {
    pub(super) waiting: VecDeque<Notification>,
    /// Who tells what waits.
    teller: Option<ThreadId>,
    /// How many were taken out to be told, and how many of these have been.
    taken: u64,
    told: u64,
}

/// Somebody tells what waits, until this is dropped: also where a receiver panics.
struct Telling<'a>(&'a Inner);

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        let mut outbox = self.0.outbox.lock();
        (outbox.teller, outbox.told) = (None, outbox.taken);
        drop(outbox);
        self.0.told.notify_all();
    }
}

impl Simulator {
    /// Delivers what waits, unless another call on the stack or another thread is at it: that one goes
    /// on until nothing waits, so the order holds. Where a thread runs the world, what came meanwhile is left to
    /// that: a caller does not go on for as long as a flooded port makes events.
    pub(crate) fn deliver(&self) {
        let mut outbox = self.inner.outbox.lock();
        if outbox.teller.is_some() || outbox.waiting.is_empty() {
            return;
        }
        outbox.teller = Some(std::thread::current().id());
        let telling = Telling(&self.inner);
        let mut own = outbox.waiting.len();
        while let Some(event) = outbox.waiting.pop_front() {
            outbox.taken += 1;
            drop(outbox);
            let sinks = self.inner.sinks.read().clone();
            sinks.iter().for_each(|s| s.notify(&event));
            if sinks.iter().any(|s| s.is_closed()) {
                self.inner.sinks.write().retain(|s| !s.is_closed());
            }
            outbox = self.inner.outbox.lock();
            outbox.told += 1;
            own = own.saturating_sub(1);
            if own == 0 && !outbox.waiting.is_empty() && self.ring() {
                break;
            }
        }
        drop(outbox);
        drop(telling);
    }

    /// Sees to it that all has been told which happened until now, by whomever; not what happens meanwhile, nor, from
    /// within a notification, what comes after that.
    pub(super) fn tell_all(&self) {
        let own = Some(std::thread::current().id());
        let mut outbox = self.inner.outbox.lock();
        let until = outbox.taken + outbox.waiting.len() as u64;
        while outbox.told < until && outbox.teller != own {
            if outbox.teller.is_some() {
                self.inner.told.wait(&mut outbox);
            } else {
                drop(outbox);
                self.deliver();
                outbox = self.inner.outbox.lock();
            }
        }
    }
}
