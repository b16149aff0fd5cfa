//! Beds in process: a simulator in a world of its own.

use std::time::Duration;

use sai::{Backend, ObjectId, ObjectRef, Result, StatId};
use switch_sim::pipeline::Trace;
use switch_sim::warm::Keys;
use switch_sim::{Profile, Simulator, Switch, World};

use crate::suite::bed::{Need, TestBed};

/// The simulator in process.
pub struct InProcess {
    pub world: World,
    pub sim: Simulator,
}

/// A bed whose switches have this profile.
pub fn open(profile: Profile, keys: Keys) -> Box<dyn TestBed> {
    let world = World::new(7);
    let sim = world.simulator_with_keys(profile, keys);
    Box::new(InProcess { world, sim })
}

/// It has all that a case may need.
pub fn has(_: Need) -> bool {
    true
}

impl TestBed for InProcess {
    fn backend(&self) -> &dyn Backend {
        &self.sim
    }
    fn inject(&self, port: ObjectId, frame: &[u8]) {
        self.world.inject(&self.sim, port, frame).unwrap();
    }
    fn receive(&self, port: ObjectId) -> Option<Vec<u8>> {
        self.world.receive(&self.sim, port).unwrap()
    }
    fn advance(&self, by: Duration) {
        self.world.advance(by).unwrap();
    }
    fn trace(&self, port: ObjectId, frame: &[u8]) -> Trace {
        self.world.trace(&self.sim, port, frame).unwrap()
    }
    fn set_link(&self, port: ObjectId, up: bool) {
        self.sim.set_link(port, up).unwrap();
    }
    fn set_stat(&self, object: &ObjectRef, stat: StatId, value: u64) {
        self.sim.set_stat(object, stat, value).unwrap();
    }
    fn host_send(&self, hostif: ObjectId, frame: &[u8]) -> Result<()> {
        self.world.host_send(&self.sim, hostif, frame)
    }
    fn check(&self) {
        for switch in self.sim.switches() {
            let holds = self.sim.with_switch(switch, |sw| sw.plane.balance.holds()).unwrap();
            assert!(holds, "packets balance");
        }
    }
    fn audit(&self) {
        for switch in self.sim.switches() {
            assert_eq!(self.sim.with_switch(switch, |sw| sw.audit()).unwrap(), Ok(()));
        }
    }
    fn reload(&self, switch: ObjectId) {
        self.with(switch, |sw| *sw = again(sw));
    }
}

impl InProcess {
    fn with(&self, switch: ObjectId, act: impl FnOnce(&mut Switch)) {
        self.sim.with_switch(switch, act).unwrap();
    }
}

/// Whatever a case leaves behind, a snapshot brings it back.
impl Drop for InProcess {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.sim.switches().into_iter().for_each(|switch| self.with(switch, |sw| drop(again(sw))));
        }
    }
}

/// The switch as a snapshot brings it back: the same.
fn again(sw: &Switch) -> Switch {
    let snapshot = sw.snapshot();
    let back = Switch::restore(&snapshot).unwrap();
    assert_eq!(snapshot.diff(&back.snapshot()), Vec::<String>::new());
    back
}
