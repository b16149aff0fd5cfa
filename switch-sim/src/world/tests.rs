use std::sync::atomic::AtomicUsize;

use sai::{Backend, ObjectType, Target, Value, switch};

use super::*;

/// How many frames are taken for one lock where a call comes during the sixth: one more has been looked at.
fn group(ports: u32, len: usize) -> usize {
    let world = World::new(1);
    let sim = world.simulator(Profile::with_ports(ports));
    let init = AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true));
    let id = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &[init]).unwrap();
    let port = sim.with_switch(id, |sw| sw.ports.records.iter().map(|r| r.id).find(|id| !id.is_null()));
    let (taken, at_call) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let frame = vec![0; len];
    std::thread::scope(|scope| {
        let frames = (0..100).map(|n| {
            taken.store(n, Ordering::SeqCst);
            if n == 5 {
                scope.spawn(|| {
                    sim.with_switch(id, |_| at_call.store(taken.load(Ordering::SeqCst), Ordering::SeqCst))
                });
                while sim.waiting(id) == 0 {
                    std::thread::yield_now();
                }
            }
            &frame[..]
        });
        world.inject_all(&sim, port.unwrap().unwrap(), frames).unwrap();
    });
    assert_eq!(taken.into_inner(), 99, "all frames are taken");
    at_call.into_inner()
}

#[test]
fn a_call_waits_for_one_group_of_frames() {
    assert_eq!(group(8, 60), GROUP);
    assert_eq!(group(512, 60), GROUP_COPIES / 513, "fewer where each makes many copies");
    assert_eq!(group(8, 2048), GROUP * GROUP_BYTES / 2048, "fewer where they are long");
}
