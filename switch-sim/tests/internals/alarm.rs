//! What a thread is promised that runs a world: it is woken for what is due, and for nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use sai::notify::{Notification, NotificationSink};
use sai::{AttrEntry, Backend, ObjectId, ObjectRef, ObjectType, Target, Value, port, switch};
use switch_sim::wire::text;
use switch_sim::world::Cable;
use switch_sim::{Profile, Simulator, World};

/// A world with a switch whose ports are up, and how often its alarm rang.
struct Alarmed {
    world: World,
    sim: Simulator,
    this: ObjectRef,
    ports: Vec<ObjectId>,
    rings: Arc<AtomicUsize>,
}

impl Alarmed {
    fn new(world: World) -> Alarmed {
        let mut profile = Profile::with_ports(4);
        profile.boot.ports_up = true;
        profile.boot.link_up = true;
        profile.boot.bridge_ports = true;
        profile.boot.vlan_members = true;
        let sim = world.simulator(profile);
        let init = AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true));
        let id = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &[init]).unwrap();
        let this = ObjectRef::Object(ObjectType::SWITCH, id);
        let mut asked = [AttrEntry::ask(switch::PORT_LIST.id())];
        sim.get(&this, &mut asked).unwrap();
        let Value::OidList(ports) = asked[0].value.clone() else { panic!("a list of ports") };
        let rings = Arc::new(AtomicUsize::new(0));
        let count = rings.clone();
        world.set_alarm(Some(Arc::new(move || {
            count.fetch_add(1, Ordering::SeqCst);
        })));
        Alarmed { world, sim, this, ports, rings }
    }

    /// How often the alarm rings for what is done.
    fn rings(&self, f: impl FnOnce()) -> usize {
        let before = self.rings.load(Ordering::SeqCst);
        f();
        self.rings.load(Ordering::SeqCst) - before
    }

    fn aging(&self, seconds: u32) {
        let attr = AttrEntry::new(switch::FDB_AGING_TIME.id(), Value::U32(seconds));
        self.sim.set(&self.this, &attr).unwrap();
    }

    fn inject(&self, station: u32) {
        let mut frame = text::parse("eth dst=ff:ff:ff:ff:ff:ff src=02:00:00:00:00:00/ipv4/udp").unwrap();
        frame[8..12].copy_from_slice(&station.to_be_bytes());
        self.world.inject(&self.sim, self.ports[0], &frame).unwrap();
    }
}

#[test]
fn a_call_that_makes_something_due_wakes_the_thread_at_once() {
    let bed = Alarmed::new(World::real_time(1));
    assert_eq!(bed.world.sleep(), None, "there is nothing to wait for");
    // What makes nothing due leaves it asleep.
    assert_eq!(bed.rings(|| bed.aging(600)), 0);
    let mtu = AttrEntry::new(port::MTU.id(), Value::U32(9000));
    let port = ObjectRef::Object(ObjectType::PORT, bed.ports[0]);
    assert_eq!(bed.rings(|| bed.sim.set(&port, &mtu).unwrap()), 0);
    // A station that ages does not.
    assert_eq!(bed.rings(|| bed.inject(1)), 1);
    let due = bed.world.sleep().expect("a station ages");
    assert!(due > 500_000_000_000, "in ten minutes");
    // A later one changes nothing; a shorter time does.
    assert_eq!(bed.rings(|| bed.inject(2)), 0);
    assert_eq!(bed.rings(|| bed.aging(10)), 1);
    assert!(bed.world.sleep().expect("a station ages") < due);
    // Awake, it looks by itself.
    bed.world.wake_up();
    assert_eq!(bed.rings(|| bed.aging(5)), 0);
    // A frame on a cable.
    let cable = Cable { delay: Duration::from_secs(1), loss: 0.0 };
    bed.world.connect((&bed.sim, bed.ports[1]), (&bed.sim, bed.ports[2]), cable).unwrap();
    bed.world.sleep();
    assert_ne!(bed.rings(|| bed.inject(1)), 0);
    // Nobody sleeps any more.
    bed.world.set_alarm(None);
    assert_eq!(bed.rings(|| bed.aging(1)), 0);
}

/// Makes another event for each that it hears, up to a number: what a flooded port does to a slow receiver.
#[derive(Debug)]
struct Busy {
    sim: Simulator,
    port: ObjectId,
    heard: Mutex<usize>,
    most: usize,
    up: AtomicBool,
}

impl NotificationSink for Busy {
    fn notify(&self, _: &Notification) {
        let mut heard = self.heard.lock();
        *heard += 1;
        if *heard < self.most {
            self.sim.set_link(self.port, !self.up.fetch_xor(true, Ordering::SeqCst)).unwrap();
        }
    }
}

#[test]
fn a_caller_does_not_deliver_for_as_long_as_others_make_events() {
    let bed = Alarmed::new(World::real_time(1));
    let sink = Arc::new(Busy {
        sim: bed.sim.clone(),
        port: bed.ports[0],
        heard: Mutex::default(),
        most: 50,
        up: AtomicBool::new(true),
    });
    bed.sim.subscribe(sink.clone());
    bed.sim.set_link(bed.ports[1], false).unwrap();
    assert_eq!(*sink.heard.lock(), 1, "the caller delivers its own event");
    assert_eq!(bed.rings.load(Ordering::SeqCst), 1, "and leaves the next to the thread");
    for heard in 2..=50 {
        bed.world.wake_up();
        assert_eq!(*sink.heard.lock(), heard);
    }
    // Where no thread runs the world, the caller delivers all.
    bed.world.set_alarm(None);
    *sink.heard.lock() = 0;
    bed.sim.set_link(bed.ports[1], true).unwrap();
    assert_eq!(*sink.heard.lock(), 50);
}

#[test]
fn a_table_that_ages_out_at_once_goes_in_parts() {
    let bed = Alarmed::new(World::new(1));
    bed.aging(10);
    (0..1000).for_each(|n| bed.inject(n));
    let (sink, events) = sai::notify::channel(4096);
    bed.sim.subscribe(sink);
    bed.world.advance(Duration::from_secs(11)).unwrap();
    let mut parts = Vec::new();
    while let Some(event) = events.try_recv() {
        let Notification::FdbEvent { data } = event else { panic!("{event:?}") };
        parts.push(data.len());
    }
    assert_eq!(parts.iter().sum::<usize>(), 1000);
    assert!(parts.iter().all(|n| *n <= 256), "{parts:?}");
}
