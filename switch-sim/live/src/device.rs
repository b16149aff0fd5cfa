//! What a port can be attached to.

use std::fmt;
use std::io::Result;
use std::os::fd::RawFd;

use crate::frames::Frames;

/// How many frames a device takes or gives in one system call.
pub const BATCH: usize = 64;

/// What passed a device, in frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Received, each part of an aggregate counted.
    pub received: u64,
    /// Sent.
    pub sent: u64,
    /// Received in a form that no switch can take: cut short, or an aggregate of an unknown kind.
    pub refused: u64,
    /// Not sent: longer than the device takes, or its queue was full.
    pub unsent: u64,
}

/// A way for frames (without FCS) into and out of the machine. No call blocks.
pub trait Device: Send + fmt::Debug {
    /// Its name, as people know it.
    fn name(&self) -> &str;

    /// A descriptor that is readable while frames wait.
    fn fd(&self) -> RawFd;

    /// Appends frames that wait, from at most [`BATCH`] reads.
    ///
    /// # Errors
    /// When the device is gone; nothing waiting is none.
    fn receive(&mut self, into: &mut Frames) -> Result<()>;

    /// Sends frames. What the device does not take now is lost and counted, as on a cable.
    fn send(&mut self, frames: &Frames);

    /// Whether there is a partner at the other end.
    fn has_carrier(&self) -> bool;

    /// Whether the device has left the machine: one that comes later under its name is another.
    fn is_gone(&self) -> bool {
        false
    }

    /// What passed.
    fn counters(&self) -> Counters;
}
