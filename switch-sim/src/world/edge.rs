//! What stands at the ports of a world: cables, wires to the outside, monitors.

use std::fmt;
use std::time::Duration;

use sai::ObjectId;

use crate::Simulator;

/// What lies between two ports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cable {
    /// How long a frame travels; at least 1 ns, so that a loop of cables takes time.
    pub delay: Duration,
    /// The share of frames that are lost, 0.0 to 1.0, chosen by the world's seed.
    pub loss: f64,
}

impl Default for Cable {
    /// 500 ns, as 100 m of fibre; nothing is lost.
    fn default() -> Cable {
        Cable { delay: Duration::from_nanos(500), loss: 0.0 }
    }
}

/// What takes the frames that an attached port sends: a network device, a file.
pub trait Wire: Send + Sync + fmt::Debug {
    /// Takes a frame (without FCS). It does not block, and does not call the world.
    fn send(&self, frame: &[u8]);
}

/// Which way a frame passes a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// The port received it.
    In,
    /// The port sent it.
    Out,
}

/// A frame at a port, as a [`Monitor`] sees it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The simulator.
    pub sim: &'a Simulator,
    /// The port.
    pub port: ObjectId,
    /// Which way.
    pub way: Way,
    /// When, in nanoseconds of the world's clock.
    pub at: u64,
    /// The frame without FCS.
    pub frame: &'a [u8],
}

/// Sees every frame at every port: what a capture is made by.
pub trait Monitor: Send + Sync + fmt::Debug {
    /// Takes a frame. It does not block, and does not call the world.
    fn frame(&self, seen: &Seen<'_>);

    /// Whether it is done, so that the world may forget it.
    fn is_closed(&self) -> bool {
        false
    }
}
