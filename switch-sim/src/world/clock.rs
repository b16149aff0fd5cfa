//! The time of a world: virtual, or the system's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// The time: nanoseconds since the world began. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
pub(super) enum Source {
    Virtual(AtomicU64),
    System(Instant),
}

impl Clock {
    pub(super) fn new(source: Source) -> Clock {
        Clock(Arc::new(source))
    }

    /// Now.
    #[inline]
    pub fn now(&self) -> u64 {
        match &*self.0 {
            Source::Virtual(now) => now.load(Ordering::Relaxed),
            Source::System(start) => start.elapsed().as_nanos() as u64,
        }
    }

    /// Whether time passes only when the world is told to let it.
    pub fn is_virtual(&self) -> bool {
        matches!(&*self.0, Source::Virtual(_))
    }

    pub(super) fn set(&self, to: u64) {
        if let Source::Virtual(now) = &*self.0 {
            now.fetch_max(to, Ordering::Relaxed);
        }
    }
}

impl Default for Clock {
    /// A virtual clock at 0.
    fn default() -> Clock {
        Clock::new(Source::Virtual(AtomicU64::new(0)))
    }
}
