//! A lock that is passed on in the order in which threads came.
//!
//! A thread that forwards takes it again and again, for a group of frames at a time. Who else wants it announces that,
//! and from then on all that come later stand behind: a call waits for the group that is under way, not for the next.
//! A waiting thread sleeps at once instead of giving its processor away in the hope that the lock is free soon, which
//! costs it a slice of time where threads are many.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};

/// A value under a lock that is passed on in order.
#[derive(Debug, Default)]
pub(crate) struct Turns<T> {
    /// How many wait.
    waiting: AtomicU64,
    queue: Mutex<Queue>,
    turn: Condvar,
    value: Mutex<T>,
}

/// Those that wait, by number.
#[derive(Debug, Default)]
struct Queue {
    /// The number of who comes next.
    next: u64,
    /// The number of whose turn it is.
    served: u64,
}

impl<T> Turns<T> {
    pub(crate) fn new(value: T) -> Turns<T> {
        Turns {
            waiting: AtomicU64::new(0),
            queue: Mutex::default(),
            turn: Condvar::new(),
            value: value.into(),
        }
    }

    /// How many threads wait.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Acquire)
    }

    /// Waits for those that came before, then has the value until the guard is dropped.
    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        if self.waiting.load(Ordering::Acquire) == 0 {
            match self.value.try_lock() {
                Ok(value) => return value,
                // An operation that panicked has left what it left; the caller of it knows.
                Err(TryLockError::Poisoned(value)) => return value.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        self.wait()
    }

    #[cold]
    fn wait(&self) -> MutexGuard<'_, T> {
        let mut queue = held(self.queue.lock());
        let mine = queue.next;
        queue.next += 1;
        self.waiting.store(queue.next - queue.served, Ordering::Release);
        drop(held(self.turn.wait_while(queue, |queue| queue.served != mine)));
        // One at a time comes here, so whoever has the value passes it on to this thread.
        let value = held(self.value.lock());
        let mut queue = held(self.queue.lock());
        queue.served += 1;
        let left = queue.next - queue.served;
        self.waiting.store(left, Ordering::Release);
        drop(queue);
        if left > 0 {
            self.turn.notify_all();
        }
        value
    }
}

/// What is locked, though a thread may have panicked with it.
fn held<G>(locked: Result<G, PoisonError<G>>) -> G {
    locked.unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    /// What has happened under the lock.
    #[derive(Default)]
    struct Log {
        groups: u64,
        /// How many groups there had been when a call got its turn.
        calls: Vec<u64>,
    }

    /// Waits until so many threads wait for the lock.
    fn until(turns: &Turns<Log>, waiting: u64) {
        while turns.waiting() != waiting {
            std::thread::yield_now();
        }
    }

    #[test]
    fn who_announced_itself_is_served_before_the_next_group() {
        let turns = Turns::new(Log::default());
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let group = turns.lock();
            for n in 1..=3 {
                scope.spawn(|| {
                    let mut log = turns.lock();
                    let groups = log.groups;
                    log.calls.push(groups);
                });
                until(&turns, n);
            }
            // A flood: it wants the lock again whenever it has had it.
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    turns.lock().groups += 1;
                }
            });
            until(&turns, 4);
            drop(group);
            loop {
                let log = turns.lock();
                if log.groups > 0 {
                    assert_eq!(log.calls, [0, 0, 0], "a group went before calls that waited");
                    break;
                }
            }
            stop.store(true, Ordering::Relaxed);
        });
    }

    #[test]
    fn a_panic_under_the_lock_leaves_it_usable() {
        let turns = Turns::new(1);
        std::thread::scope(|scope| {
            let panics = scope.spawn(|| {
                let _held = turns.lock();
                panic!("on purpose");
            });
            assert!(panics.join().is_err());
        });
        assert_eq!(*turns.lock(), 1);
    }

    #[test]
    fn nothing_is_lost_between_threads() {
        let turns = Turns::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|_| *turns.lock() += 1));
            }
        });
        assert_eq!(*turns.lock(), 40_000);
        assert_eq!(turns.waiting(), 0);
    }
}
