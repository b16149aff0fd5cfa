//! A switch of eight ports in a world of its own, all in VLAN 1, for tests of packets.
#![allow(dead_code)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sai::notify::{FdbEventNotificationData, Notification, NotificationSink};
use sai::types::FdbEvent;
use sai::{AttrEntry, AttrId, Backend, MacAddr, ObjectId, ObjectRef, ObjectType, StatsOp, Target, Value};
use switch_sim::{Profile, Simulator, World};

#[derive(Debug, Default)]
pub struct Events(Mutex<Vec<Vec<FdbEventNotificationData>>>);

impl NotificationSink for Events {
    fn notify(&self, notification: &Notification) {
        if let Notification::FdbEvent { data } = notification {
            self.0.lock().unwrap().push(data.clone());
        }
    }
}

pub struct Bed {
    pub world: World,
    pub sim: Simulator,
    pub switch: ObjectId,
    pub ports: Vec<ObjectId>,
    pub bridge_ports: Vec<ObjectId>,
    pub vlan1: ObjectId,
    events: Arc<Events>,
}

pub fn attr(id: AttrId, value: Value) -> AttrEntry {
    AttrEntry::new(id, value)
}

impl Bed {
    pub fn new() -> Bed {
        Bed::in_world(&World::new(7))
    }

    pub fn in_world(world: &World) -> Bed {
        let world = world.clone();
        let mut profile = Profile::with_ports(8);
        profile.boot.ports_up = true;
        profile.boot.link_up = true;
        profile.boot.bridge_ports = true;
        profile.boot.vlan_members = true;
        let sim = world.simulator(profile);
        let events = Arc::new(Events::default());
        sim.subscribe(events.clone());
        let init = attr(sai::switch::INIT_SWITCH.id(), Value::Bool(true));
        let switch = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &[init]).unwrap();
        let read = |id| {
            let mut asked = [AttrEntry::ask(id)];
            sim.get(&ObjectRef::Object(ObjectType::SWITCH, switch), &mut asked).unwrap();
            asked[0].value.clone()
        };
        let Value::OidList(ports) = read(sai::switch::PORT_LIST.id()) else { panic!("a list of ports") };
        let vlan1 = read(sai::switch::DEFAULT_VLAN_ID.id()).as_oid().unwrap();
        let bridge_ports = sim
            .with_switch(switch, |sw| {
                let of = |bp: &ObjectId| sw.store.oid(*bp, sai::bridge_port::PORT_ID.id());
                let all: Vec<_> = sw.store.ids(ObjectType::BRIDGE_PORT).collect();
                ports.iter().map(|p| *all.iter().find(|bp| of(bp) == *p).unwrap()).collect()
            })
            .unwrap();
        Bed { world, sim, switch, ports, bridge_ports, vlan1, events }
    }

    pub fn create(&self, ty: ObjectType, attrs: &[AttrEntry]) -> ObjectId {
        self.sim.create(self.switch, Target::Object(ty), attrs).unwrap()
    }

    pub fn try_create(&self, ty: ObjectType, attrs: &[AttrEntry]) -> sai::Result<ObjectId> {
        self.sim.create(self.switch, Target::Object(ty), attrs)
    }

    /// The VLAN members of a port's bridge port.
    pub fn members_of(&self, port: usize) -> Vec<ObjectId> {
        let of = |id: &ObjectId| {
            let asked = self.get(ObjectType::VLAN_MEMBER, *id, sai::vlan_member::BRIDGE_PORT_ID.id());
            asked == Value::Oid(self.bridge_ports[port])
        };
        match self.get(ObjectType::VLAN, self.vlan1, sai::vlan::MEMBER_LIST.id()) {
            Value::OidList(members) => members.into_iter().filter(of).collect(),
            other => panic!("{other:?} is no list"),
        }
    }

    /// Takes a port out of VLAN 1 and off its bridge port.
    pub fn free_port(&self, port: usize) {
        for member in self.members_of(port) {
            self.remove(ObjectType::VLAN_MEMBER, member);
        }
        self.remove(ObjectType::BRIDGE_PORT, self.bridge_ports[port]);
    }

    pub fn set(&self, ty: ObjectType, id: ObjectId, attr: AttrId, value: Value) {
        self.sim.set(&ObjectRef::Object(ty, id), &AttrEntry::new(attr, value)).unwrap();
    }

    pub fn remove(&self, ty: ObjectType, id: ObjectId) {
        self.sim.remove(&ObjectRef::Object(ty, id)).unwrap();
    }

    pub fn stat(&self, ty: ObjectType, id: ObjectId, stat: i32) -> u64 {
        let mut out = [0];
        self.sim.stats(&ObjectRef::Object(ty, id), &[stat as u32], StatsOp::Read, &mut out).unwrap();
        out[0]
    }

    pub fn read_and_clear(&self, ty: ObjectType, id: ObjectId, stat: i32) -> u64 {
        let mut out = [0];
        let object = ObjectRef::Object(ty, id);
        self.sim.stats(&object, &[stat as u32], StatsOp::ReadAndClear, &mut out).unwrap();
        out[0]
    }

    /// A queue of the CPU port.
    pub fn cpu_queue(&self, index: i64) -> ObjectId {
        let find = |sw: &mut switch_sim::Switch| {
            let cpu = sw.default_object(sai::switch::CPU_PORT.id()).unwrap();
            let of = |id: ObjectId| sw.store.oid(id, sai::queue::PORT.id());
            let at = |id: ObjectId| sw.store.number(id, sai::queue::INDEX.id());
            sw.store.ids(ObjectType::QUEUE).find(|id| of(*id) == cpu && at(*id) == index).unwrap()
        };
        self.sim.with_switch(self.switch, find).unwrap()
    }

    /// Reads an attribute.
    pub fn get(&self, ty: ObjectType, id: ObjectId, attr: AttrId) -> Value {
        let mut asked = [AttrEntry::ask(attr)];
        self.sim.get(&ObjectRef::Object(ty, id), &mut asked).unwrap();
        let [asked] = asked;
        asked.value
    }

    /// A queue of a port, by its position in the port's list, which is its index.
    pub fn queue(&self, port: ObjectId, index: usize) -> ObjectId {
        match self.get(ObjectType::PORT, port, sai::port::QOS_QUEUE_LIST.id()) {
            Value::OidList(queues) => queues[index],
            other => panic!("{other:?} is no list"),
        }
    }

    pub fn vlan(&self, vid: u16, members: &[(usize, sai::vlan::TaggingMode)]) -> ObjectId {
        let vlan = self.create(ObjectType::VLAN, &[attr(sai::vlan::VLAN_ID.id(), Value::U16(vid))]);
        for (port, mode) in members {
            self.member(vlan, self.bridge_ports[*port], *mode);
        }
        vlan
    }

    pub fn member(&self, vlan: ObjectId, bridge_port: ObjectId, mode: sai::vlan::TaggingMode) -> ObjectId {
        self.create(
            ObjectType::VLAN_MEMBER,
            &[
                attr(sai::vlan_member::VLAN_ID.id(), Value::Oid(vlan)),
                attr(sai::vlan_member::BRIDGE_PORT_ID.id(), Value::Oid(bridge_port)),
                attr(sai::vlan_member::VLAN_TAGGING_MODE.id(), Value::I32(mode.0)),
            ],
        )
    }

    /// Injects a frame and answers what left, by position of the port.
    pub fn send(&self, port: usize, frame: &[u8]) -> Vec<(usize, Vec<u8>)> {
        self.world.inject(&self.sim, self.ports[port], frame).unwrap();
        self.sent()
    }

    pub fn sent(&self) -> Vec<(usize, Vec<u8>)> {
        let mut out = Vec::new();
        for (n, port) in self.ports.iter().enumerate() {
            while let Some(frame) = self.world.receive(&self.sim, *port).unwrap() {
                out.push((n, frame));
            }
        }
        let holds = self.sim.with_switch(self.switch, |sw| sw.plane.balance.holds()).unwrap();
        assert!(holds, "packets balance");
        out
    }

    /// The ports by which a frame left.
    pub fn to(&self, port: usize, frame: &[u8]) -> Vec<usize> {
        self.send(port, frame).into_iter().map(|(port, _)| port).collect()
    }

    pub fn advance(&self, seconds: u64) {
        self.world.advance(Duration::from_secs(seconds)).unwrap();
    }

    /// The FDB events since the last call: notifications with their events.
    pub fn fdb_events(&self) -> Vec<Vec<(FdbEvent, MacAddr)>> {
        let all = std::mem::take(&mut *self.events.0.lock().unwrap());
        let short = |d: FdbEventNotificationData| (d.event_type, d.fdb_entry.mac_address);
        all.into_iter().map(|data| data.into_iter().map(short).collect()).collect()
    }
}

pub const A: [u8; 6] = [2, 0, 0, 0, 0, 0xA];
pub const B: [u8; 6] = [2, 0, 0, 0, 0, 0xB];
pub const ALL: [u8; 6] = [0xff; 6];

/// An untagged frame of 60 bytes with an EtherType of no meaning.
pub fn frame(dst: [u8; 6], src: [u8; 6]) -> Vec<u8> {
    let mut f = [&dst[..], &src, &[0x88, 0xB5]].concat();
    f.resize(60, 0x5A);
    f
}

/// The same with a tag.
pub fn tagged(dst: [u8; 6], src: [u8; 6], tci: u16) -> Vec<u8> {
    let mut f = frame(dst, src);
    let tag = [&[0x81, 0x00][..], &tci.to_be_bytes()].concat();
    f.splice(12..12, tag);
    f
}
