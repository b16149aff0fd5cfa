//! The conformance suite's bed, with the simulator that it stands on.

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
