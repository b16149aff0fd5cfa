//! The conformance suite's bed, with the simulator that it stands on.

use switch_sim::{Simulator, World};

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
        let sim = world.simulator(eight_ports());
        let wires = InProcess { world: world.clone(), sim: sim.clone() };
        Bed { sim, bed: bed::Bed::over(Box::new(wires)) }
    }
}
