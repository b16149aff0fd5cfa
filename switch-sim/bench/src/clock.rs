//! CPU time of the calling thread.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A moment in the CPU time of this thread.
#[derive(Clone, Copy, Debug)]
pub struct Cpu(Duration);

impl Cpu {
    /// Now.
    pub fn now() -> Cpu {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        Cpu(Duration::new(now.tv_sec as u64, now.tv_nsec as u32))
    }

    /// Seconds of CPU time since then.
    pub fn seconds(self) -> f64 {
        (Cpu::now().0 - self.0).as_secs_f64()
    }

    /// Seconds of CPU time that a piece of work takes.
    pub fn of<R>(work: impl FnOnce() -> R) -> (f64, R) {
        let start = Cpu::now();
        let result = work();
        (start.seconds(), result)
    }
}
