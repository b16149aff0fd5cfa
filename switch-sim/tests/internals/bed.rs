//! The conformance suite's bed, with the simulator that it stands on.

use switch_sim::pipeline::{Balance, Engine, NoTrace, Sink};
use switch_sim::port::index;
use switch_sim::{Profile, Simulator, World};

use crate::opener::InProcess;
use crate::suite::bed;
pub use crate::suite::bed::*;

pub struct Bed {
    pub sim: Simulator,
    bed: bed::Bed,
}

impl std::ops::Deref for Bed {
    type Target = bed::Bed;
    fn deref(&self) -> &bed::Bed {
        &self.bed
    }
}

impl Bed {
    pub fn new() -> Bed {
        Bed::in_world(&World::new(7))
    }

    /// Eight ports that are up and in VLAN 1, as [`bed::Bed::new`], beside others in the same world.
    pub fn in_world(world: &World) -> Bed {
        Bed::with_profile(world, eight_ports())
    }

    /// A switch of this profile.
    pub fn with_profile(world: &World, profile: Profile) -> Bed {
        let sim = world.simulator(profile);
        let wires = InProcess { world: world.clone(), sim: sim.clone() };
        Bed { sim, bed: bed::Bed::over(Box::new(wires)) }
    }
}

/// What left a switch: the dense index of each port, and the frame.
#[derive(Debug, Default, PartialEq)]
pub struct Sent(pub Vec<(u16, Vec<u8>)>);

impl Sink for Sent {
    fn transmit(&mut self, port: u16, head: &[u8], tail: &[u8]) {
        self.0.push((port, [head, tail].concat()));
    }
}

impl Sent {
    /// What left by one port, in order.
    pub fn by(&self, port: u16) -> Vec<&[u8]> {
        self.0.iter().filter(|(p, _)| *p == port).map(|(_, frame)| &frame[..]).collect()
    }
}

/// Runs the frames in vectors of up to `size`; answers what left, what became of all, and the FDB.
pub fn run(bed: &Bed, frames: &[(usize, Vec<u8>)], size: usize) -> (Sent, Balance, Vec<(u64, u16)>) {
    let mut sent = Sent::default();
    let mut engine = Engine::new();
    bed.sim
        .with_switch(bed.switch, |sw| {
            for vector in frames.chunks(size) {
                for (port, frame) in vector {
                    engine.receive(index(bed.ports[*port]), frame);
                }
                engine.run(sw, 1, &mut NoTrace, &mut sent);
            }
            let mut fdb: Vec<_> = sw.bridge.fdb.table.iter().map(|(k, v)| (k, v.port())).collect();
            fdb.sort_unstable();
            (sent, sw.plane.balance, fdb)
        })
        .unwrap()
}
