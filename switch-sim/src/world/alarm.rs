//! How a call wakes the thread that runs a world on the system's clock.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};

use parking_lot::RwLock;

/// Wakes the thread that runs a world on the system's clock.
#[derive(Default)]
pub(crate) struct Alarm {
    /// Whether there is such a thread.
    armed: AtomicBool,
    /// Until when it sleeps; 0 while it is awake.
    until: AtomicU64,
    wake: RwLock<Option<Arc<dyn Fn() + Send + Sync>>>,
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarm").field("until", &self.until).finish_non_exhaustive()
    }
}

impl Alarm {
    /// Whether the thread would sleep beyond what has just become due, [`u64::MAX`] if nothing has. To be asked
    /// after `due` was stored where the thread looks for it.
    #[inline]
    pub(crate) fn is_late(&self, due: u64) -> bool {
        if !self.armed.load(Ordering::Relaxed) {
            return false;
        }
        // The thread says that it sleeps, then looks for what is due: of the two, one sees the other.
        fence(Ordering::SeqCst);
        due < self.until.load(Ordering::Relaxed)
    }

    /// Wakes the thread; whether there is one.
    pub(crate) fn ring(&self) -> bool {
        let wake = self.wake.read().clone();
        wake.as_ref().map(|wake| wake()).is_some()
    }

    /// Says what wakes the thread, which is awake; `None` if there is none any more.
    pub(super) fn set(&self, wake: Option<Arc<dyn Fn() + Send + Sync>>) {
        self.sleep_until(0);
        self.armed.store(wake.is_some(), Ordering::Relaxed);
        *self.wake.write() = wake;
    }

    /// The thread sleeps until then; 0 says that it is awake.
    pub(super) fn sleep_until(&self, until: u64) {
        self.until.store(until, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }
}
