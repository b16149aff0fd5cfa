//! The bed that a case runs on: a switch behind a backend, and the wires at its ports.
#![allow(dead_code, unused_imports, unused_macros)]

mod frames;
mod object;
pub mod routed;

use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use frames::*;
pub use object::*;
use sai::notify::{FdbEventNotificationData, Notification, NotificationSink};
use sai::types::FdbEvent;
use sai::{
    Answer, AttrEntry, AttrId, Backend, MacAddr, ObjectId, ObjectRef, ObjectType, Query, Result, StatId,
    StatsOp, Target, Value, bridge, bridge_port, port, switch, vlan, vlan_member,
};
use switch_sim::Profile;
use switch_sim::pipeline::{DropReason, Trace};
use switch_sim::warm::Keys;

use crate::opener;

/// What a case needs of a backend under test.
pub trait TestBed {
    /// The backend.
    fn backend(&self) -> &dyn Backend;
    /// Puts a frame on the wire into a port.
    fn inject(&self, port: ObjectId, frame: &[u8]);
    /// Takes the next frame that a port sent.
    fn receive(&self, port: ObjectId) -> Option<Vec<u8>>;
    /// Lets time pass.
    fn advance(&self, by: Duration);
    /// Injects a frame and tells what happened to it; for cases that need [`Need::Trace`].
    fn trace(&self, port: ObjectId, frame: &[u8]) -> Trace;
    /// Plugs or pulls the cable of a port; for cases that need [`Need::Hands`].
    fn set_link(&self, port: ObjectId, up: bool);
    /// Sets a statistic; for cases that need [`Need::Hands`].
    fn set_stat(&self, object: &ObjectRef, stat: StatId, value: u64);
    /// A netdev sends a frame, as the kernel would have it do; for cases that need [`Need::Hands`].
    fn host_send(&self, hostif: ObjectId, frame: &[u8]) -> Result<()>;
    /// Waits until everything that the backend has told until now has reached its subscribers.
    fn settle(&self) {}
    /// Asserts that packets balance, where the bed can see it.
    fn check(&self) {}
    /// Asserts that what is kept equals what is computed, where the bed can see it.
    fn audit(&self) {}
    /// Saves the switch, loads it in its place, and asserts that it is the same; for cases that need
    /// [`Need::Hands`].
    fn reload(&self, switch: ObjectId);
}

/// What not every bed has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Profiles and keys of the simulator.
    Profile,
    /// A clock that moves only when told to.
    Clock,
    /// The trace of a packet.
    Trace,
    /// Hands that pull cables, set counters, load snapshots, and send by netdevs as a kernel does.
    Hands,
    /// The words of an error; C carries a status alone.
    Words,
}

/// Leaves the case, and says so, where the bed lacks one of these.
macro_rules! needs {
    ($($need:ident),+) => {
        $(if !$crate::suite::bed::provides($crate::suite::bed::Need::$need) {
            return;
        })+
    };
}
pub(crate) use needs;

/// Whether beds have this. The case that asks is counted as skipped where they do not.
pub fn provides(need: Need) -> bool {
    use std::io::Write as _;
    static SKIPPED: Mutex<usize> = Mutex::new(0);
    let has = opener::has(need);
    if !has {
        let mut skipped = SKIPPED.lock().unwrap();
        *skipped += 1;
        let case = std::thread::current().name().unwrap_or("a case").to_owned();
        // Past the harness, which keeps what a case prints while it passes.
        let _ = writeln!(std::io::stderr(), "skipped {skipped}: {case} needs {need:?}");
    }
    has
}

/// What a case listens to.
#[derive(Debug, Default)]
pub struct Events(Mutex<Vec<Notification>>);

impl NotificationSink for Events {
    fn notify(&self, notification: &Notification) {
        self.0.lock().unwrap().push(notification.clone());
    }
}

/// A switch under test.
pub struct Bed {
    wires: Box<dyn TestBed>,
    pub switch: ObjectId,
    pub ports: Vec<ObjectId>,
    /// Of each port, null where it has none.
    pub bridge_ports: Vec<ObjectId>,
    pub vlan1: ObjectId,
    events: Arc<Events>,
}

pub fn attr(id: AttrId, value: Value) -> AttrEntry {
    AttrEntry::new(id, value)
}

/// The profile of [`Bed::new`].
pub fn eight_ports() -> Profile {
    let mut profile = Profile::with_ports(8);
    profile.boot.ports_up = true;
    profile.boot.link_up = true;
    profile.boot.bridge_ports = true;
    profile.boot.vlan_members = true;
    profile
}

impl Bed {
    /// Eight ports that are up and in VLAN 1.
    pub fn new() -> Bed {
        let mut bed = Bed::with(eight_ports(), Keys::default());
        if !opener::has(Need::Profile) {
            bed.arrange(8);
        }
        bed
    }

    /// A switch as it comes up: of the simulator, 32 ports that are disabled and in VLAN 1.
    pub fn plain() -> Bed {
        Bed::with(Profile::default(), Keys::default())
    }

    /// A switch of this profile, for cases that need [`Need::Profile`].
    pub fn with(profile: Profile, keys: Keys) -> Bed {
        Bed::over(opener::open(profile, keys))
    }

    /// A switch made on a backend that has none.
    pub fn over(wires: Box<dyn TestBed>) -> Bed {
        let events = Arc::new(Events::default());
        wires.backend().subscribe(events.clone());
        let switch = boot(wires.as_ref());
        let mut bed =
            Bed { wires, switch, ports: vec![], bridge_ports: vec![], vlan1: ObjectId::NULL, events };
        bed.ports = oids(&bed, &this(switch), switch::PORT_LIST.id());
        bed.vlan1 = oid(&bed, &this(switch), switch::DEFAULT_VLAN_ID.id());
        bed.bridge_ports = bed.bridge_ports_of(&bed.ports);
        bed.settle();
        bed.events.0.lock().unwrap().clear();
        bed
    }

    fn bridge_ports_of(&self, ports: &[ObjectId]) -> Vec<ObjectId> {
        let bridge = oid(self, &this(self.switch), switch::DEFAULT_1Q_BRIDGE_ID.id());
        let all: Vec<_> = oids(self, &ObjectRef::Object(ObjectType::BRIDGE, bridge), bridge::PORT_LIST.id())
            .into_iter()
            .map(|bp| {
                let object = ObjectRef::Object(ObjectType::BRIDGE_PORT, bp);
                (bp, get(self, &object, bridge_port::PORT_ID.id()).ok().and_then(|v| v.as_oid()))
            })
            .collect();
        let of = |port| all.iter().find(|(_, on)| *on == Some(port)).map(|(bp, _)| *bp);
        ports.iter().map(|port| of(*port).unwrap_or_default()).collect()
    }

    /// Brings a switch that nobody could give a profile into the shape of [`Bed::new`].
    fn arrange(&mut self, count: usize) {
        assert!(self.ports.len() >= count, "the suite needs {count} ports; there are {}", self.ports.len());
        self.ports.truncate(count);
        self.bridge_ports.truncate(count);
        for n in 0..count {
            let up = |ty, id, a| self.set(ty, id, a, Value::Bool(true));
            up(ObjectType::PORT, self.ports[n], port::ADMIN_STATE.id());
            if self.bridge_ports[n].is_null() {
                self.bridge_ports[n] = self.bridge_port(self.ports[n]);
            }
            if self.members_of(n).is_empty() {
                self.member(self.vlan1, self.bridge_ports[n], vlan::TaggingMode::UNTAGGED);
            }
        }
    }

    /// The backend.
    pub fn backend(&self) -> &dyn Backend {
        self.wires.backend()
    }

    /// The wires, by port id.
    pub fn wires(&self) -> &dyn TestBed {
        self.wires.as_ref()
    }

    pub fn create(&self, ty: ObjectType, attrs: &[AttrEntry]) -> ObjectId {
        self.backend().create(self.switch, Target::Object(ty), attrs).unwrap()
    }

    pub fn try_create(&self, ty: ObjectType, attrs: &[AttrEntry]) -> Result<ObjectId> {
        self.backend().create(self.switch, Target::Object(ty), attrs)
    }

    pub fn set(&self, ty: ObjectType, id: ObjectId, attr: AttrId, value: Value) {
        self.backend().set(&ObjectRef::Object(ty, id), &AttrEntry::new(attr, value)).unwrap();
    }

    pub fn get(&self, ty: ObjectType, id: ObjectId, attr: AttrId) -> Value {
        get(self, &ObjectRef::Object(ty, id), attr).unwrap()
    }

    pub fn remove(&self, ty: ObjectType, id: ObjectId) {
        self.backend().remove(&ObjectRef::Object(ty, id)).unwrap();
    }

    pub fn stat(&self, ty: ObjectType, id: ObjectId, stat: i32) -> u64 {
        let mut out = [0];
        self.backend().stats(&ObjectRef::Object(ty, id), &[stat as u32], StatsOp::Read, &mut out).unwrap();
        out[0]
    }

    pub fn read_and_clear(&self, ty: ObjectType, id: ObjectId, stat: i32) -> u64 {
        let mut out = [0];
        let object = ObjectRef::Object(ty, id);
        self.backend().stats(&object, &[stat as u32], StatsOp::ReadAndClear, &mut out).unwrap();
        out[0]
    }

    /// Sets a statistic; for cases that need [`Need::Hands`].
    pub fn set_stat(&self, ty: ObjectType, id: ObjectId, stat: i32, value: u64) {
        self.wires.set_stat(&ObjectRef::Object(ty, id), stat as u32, value);
    }

    /// Plugs or pulls the cable of a port; for cases that need [`Need::Hands`].
    pub fn set_link(&self, port: usize, up: bool) {
        self.wires.set_link(self.ports[port], up);
    }

    /// A netdev sends a frame; for cases that need [`Need::Hands`].
    pub fn host_send(&self, hostif: ObjectId, frame: &[u8]) -> Result<()> {
        self.wires.host_send(hostif, frame)
    }

    /// Saves the switch and loads it in its place; for cases that need [`Need::Hands`].
    pub fn reload(&self) {
        self.wires.reload(self.switch);
    }

    /// A queue of a port, by its position in the port's list, which is its index.
    pub fn queue(&self, port: ObjectId, index: usize) -> ObjectId {
        oids(self, &ObjectRef::Object(ObjectType::PORT, port), port::QOS_QUEUE_LIST.id())[index]
    }

    /// A queue of the CPU port.
    pub fn cpu_queue(&self, index: usize) -> ObjectId {
        self.queue(oid(self, &this(self.switch), switch::CPU_PORT.id()), index)
    }

    pub fn vlan(&self, vid: u16, members: &[(usize, vlan::TaggingMode)]) -> ObjectId {
        let vlan = self.create(ObjectType::VLAN, &[attr(vlan::VLAN_ID.id(), Value::U16(vid))]);
        for (port, mode) in members {
            self.member(vlan, self.bridge_ports[*port], *mode);
        }
        vlan
    }

    pub fn member(&self, vlan: ObjectId, bridge_port: ObjectId, mode: vlan::TaggingMode) -> ObjectId {
        self.create(
            ObjectType::VLAN_MEMBER,
            &[
                attr(vlan_member::VLAN_ID.id(), Value::Oid(vlan)),
                attr(vlan_member::BRIDGE_PORT_ID.id(), Value::Oid(bridge_port)),
                attr(vlan_member::VLAN_TAGGING_MODE.id(), Value::I32(mode.0)),
            ],
        )
    }

    /// The VLAN members of a bridge port, in any VLAN.
    fn members_on(&self, bridge_port: ObjectId) -> Vec<ObjectId> {
        let keys = self.backend().query(self.switch, Query::ObjectKeys(ObjectType::VLAN_MEMBER));
        let Ok(Answer::ObjectKeys(members)) = keys else { panic!("{keys:?}") };
        let on = |m: &ObjectRef| oid(self, m, vlan_member::BRIDGE_PORT_ID.id()) == bridge_port;
        members.into_iter().filter(on).filter_map(|m| m.oid()).collect()
    }

    /// An enabled bridge port over a port or LAG, in the default bridge.
    pub fn bridge_port(&self, on: ObjectId) -> ObjectId {
        self.create(
            ObjectType::BRIDGE_PORT,
            &[
                attr(bridge_port::TYPE.id(), Value::I32(bridge_port::Type::PORT.0)),
                attr(bridge_port::PORT_ID.id(), Value::Oid(on)),
                attr(bridge_port::ADMIN_STATE.id(), Value::Bool(true)),
            ],
        )
    }

    /// The VLAN members of a port's bridge port.
    pub fn members_of(&self, port: usize) -> Vec<ObjectId> {
        self.members_on(self.bridge_ports[port])
    }

    /// Takes a port out of all VLANs and off its bridge port, for LAGs and router interfaces.
    pub fn free_port(&self, port: usize) {
        self.members_of(port).iter().for_each(|m| self.remove(ObjectType::VLAN_MEMBER, *m));
        self.remove(ObjectType::BRIDGE_PORT, self.bridge_ports[port]);
    }

    /// A LAG of ports that leave their VLANs.
    pub fn lag(&self, members: &[usize]) -> ObjectId {
        let lag = self.create(ObjectType::LAG, &[]);
        for n in members {
            self.free_port(*n);
            let attrs = [
                attr(sai::lag_member::LAG_ID.id(), Value::Oid(lag)),
                attr(sai::lag_member::PORT_ID.id(), Value::Oid(self.ports[*n])),
            ];
            self.create(ObjectType::LAG_MEMBER, &attrs);
        }
        lag
    }

    /// The members of a VLAN.
    pub fn members(&self, vlan: ObjectId) -> Vec<ObjectId> {
        oids(self, &ObjectRef::Object(ObjectType::VLAN, vlan), vlan::MEMBER_LIST.id())
    }

    /// Injects a frame.
    pub fn inject(&self, port: usize, frame: &[u8]) {
        self.wires.inject(self.ports[port], frame);
    }

    /// The next frame that a port sent.
    pub fn receive(&self, port: usize) -> Option<Vec<u8>> {
        self.wires.receive(self.ports[port])
    }

    /// Injects a frame and answers what left, by position of the port.
    pub fn send(&self, port: usize, frame: &[u8]) -> Vec<(usize, Vec<u8>)> {
        self.inject(port, frame);
        self.sent()
    }

    /// As [`Bed::send`] for many frames together, which takes less time where time is real.
    pub fn send_all(&self, port: usize, frames: impl IntoIterator<Item = Vec<u8>>) -> Vec<(usize, Vec<u8>)> {
        frames.into_iter().for_each(|frame| self.inject(port, &frame));
        self.sent()
    }

    /// What left since it was last asked, by position of the port.
    pub fn sent(&self) -> Vec<(usize, Vec<u8>)> {
        let mut out = Vec::new();
        for n in 0..self.ports.len() {
            while let Some(frame) = self.receive(n) {
                out.push((n, frame));
            }
        }
        self.settle();
        self.wires.check();
        out
    }

    /// The ports by which a frame left.
    pub fn to(&self, port: usize, frame: &[u8]) -> Vec<usize> {
        self.send(port, frame).into_iter().map(|(port, _)| port).collect()
    }

    /// Injects a frame and tells what happened to it; for cases that need [`Need::Trace`].
    pub fn trace(&self, port: usize, frame: &[u8]) -> Trace {
        self.wires.trace(self.ports[port], frame)
    }

    /// Injects a frame and tells why it, or its first copy, was dropped; as [`Bed::trace`].
    pub fn reason(&self, port: usize, frame: &[u8]) -> Option<DropReason> {
        self.trace(port, frame).drop_reason()
    }

    #[track_caller]
    pub fn advance(&self, seconds: u64) {
        self.wait(Duration::from_secs(seconds));
    }

    /// Lets any time pass.
    #[track_caller]
    pub fn wait(&self, by: Duration) {
        assert!(opener::has(Need::Clock), "the case says needs!(Clock)");
        self.wires.advance(by);
        self.settle();
    }

    /// Waits until everything told until now has reached its subscribers.
    pub fn settle(&self) {
        self.wires.settle();
    }

    /// The notifications since the last call.
    pub fn notifications(&self) -> Vec<Notification> {
        self.settle();
        std::mem::take(&mut *self.events.0.lock().unwrap())
    }

    /// The FDB notifications since the last call. Other notifications go unseen.
    pub fn fdb_notifications(&self) -> Vec<Vec<FdbEventNotificationData>> {
        let fdb = |n| if let Notification::FdbEvent { data } = n { Some(data) } else { None };
        self.notifications().into_iter().filter_map(fdb).collect()
    }

    /// The FDB events since the last call: notifications with their events. Other notifications go unseen.
    pub fn fdb_events(&self) -> Vec<Vec<(FdbEvent, MacAddr)>> {
        let short = |d: FdbEventNotificationData| (d.event_type, d.fdb_entry.mac_address);
        self.fdb_notifications().into_iter().map(|data| data.into_iter().map(short).collect()).collect()
    }
}
