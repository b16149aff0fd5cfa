//! A router under test, and IP packets for it.

use std::net::IpAddr;

use sai::entry::{Entry, NeighborEntry, RouteEntry};
use sai::object::router_interface::Type;
use sai::{
    AttrEntry, MacAddr, ObjectId, ObjectRef, ObjectType, Target, Value, neighbor_entry, next_hop,
    next_hop_group, next_hop_group_member, queue, route_entry, router_interface as rif, switch,
};

use super::{Bed, attr};

pub const HOST: [u8; 6] = [2, 0, 0, 0, 1, 0];

pub fn neighbor_mac(n: u8) -> [u8; 6] {
    [2, 0, 0, 0, 9, n]
}

/// Ports 0 to 3 are free of bridging, 4 to 7 are in VLAN 1.
pub struct Routed {
    pub bed: Bed,
    pub vr: ObjectId,
    pub mac: [u8; 6],
}

impl std::ops::Deref for Routed {
    type Target = Bed;
    fn deref(&self) -> &Bed {
        &self.bed
    }
}

impl Routed {
    pub fn new() -> Routed {
        Routed::over(Bed::new())
    }

    pub fn over(bed: Bed) -> Routed {
        (0..4).for_each(|n| bed.free_port(n));
        let mut r = Routed { bed, vr: ObjectId::NULL, mac: [0; 6] };
        let this = ObjectRef::Object(ObjectType::SWITCH, r.switch);
        r.vr = r.get(&this, switch::DEFAULT_VIRTUAL_ROUTER_ID.id()).as_oid().unwrap();
        let Value::Mac(MacAddr(mac)) = r.get(&this, switch::SRC_MAC_ADDRESS.id()) else { panic!() };
        r.mac = mac;
        r
    }

    pub fn get(&self, object: &ObjectRef, id: u32) -> Value {
        let mut asked = [AttrEntry::ask(id)];
        self.backend().get(object, &mut asked).unwrap();
        asked[0].value.clone()
    }

    pub fn rif_with(&self, kind: Type, attrs: &[AttrEntry]) -> ObjectId {
        let mut all = vec![
            attr(rif::VIRTUAL_ROUTER_ID.id(), Value::Oid(self.vr)),
            attr(rif::TYPE.id(), Value::I32(kind.0)),
        ];
        all.extend_from_slice(attrs);
        self.create(ObjectType::ROUTER_INTERFACE, &all)
    }

    pub fn port_rif(&self, port: usize) -> ObjectId {
        self.rif_with(Type::PORT, &[attr(rif::PORT_ID.id(), Value::Oid(self.ports[port]))])
    }

    pub fn entry(&self, entry: Entry, attrs: &[AttrEntry]) {
        self.backend().create(self.switch, Target::Entry(&entry), attrs).unwrap();
    }

    pub fn neighbor_key(&self, rif: ObjectId, ip: &str) -> Entry {
        let ip_address = ip.parse().unwrap();
        Entry::Neighbor(NeighborEntry { switch_id: self.switch, rif_id: rif, ip_address })
    }

    pub fn neighbor(&self, rif: ObjectId, ip: &str, mac: [u8; 6]) {
        let mac = attr(neighbor_entry::DST_MAC_ADDRESS.id(), Value::Mac(MacAddr(mac)));
        self.entry(self.neighbor_key(rif, ip), &[mac]);
    }

    pub fn next_hop(&self, rif: ObjectId, ip: &str) -> ObjectId {
        let ip: IpAddr = ip.parse().unwrap();
        self.create(
            ObjectType::NEXT_HOP,
            &[
                attr(next_hop::TYPE.id(), Value::I32(next_hop::Type::IP.0)),
                attr(next_hop::IP.id(), Value::IpAddress(ip)),
                attr(next_hop::ROUTER_INTERFACE_ID.id(), Value::Oid(rif)),
            ],
        )
    }

    pub fn route_key(&self, to: &str) -> Entry {
        let destination = to.parse().unwrap();
        Entry::Route(RouteEntry { switch_id: self.switch, vr_id: self.vr, destination })
    }

    pub fn route(&self, to: &str, next_hop: ObjectId) {
        let next_hop = attr(route_entry::NEXT_HOP_ID.id(), Value::Oid(next_hop));
        self.entry(self.route_key(to), &[next_hop]);
    }

    pub fn set_entry(&self, entry: Entry, id: u32, value: Value) {
        self.backend().set(&ObjectRef::Entry(entry), &attr(id, value)).unwrap();
    }

    pub fn remove_entry(&self, entry: Entry) {
        self.backend().remove(&ObjectRef::Entry(entry)).unwrap();
    }

    pub fn punted(&self) -> usize {
        self.read_and_clear(ObjectType::QUEUE, self.cpu_queue(0), queue::Stat::PACKETS.0) as usize
    }

    /// A packet to the router from a host.
    pub fn ip(&self, src: &str, dst: &str) -> Vec<u8> {
        packet(self.mac, HOST, src, dst, 64, 1000)
    }
}

/// A UDP packet.
pub fn packet(dmac: [u8; 6], smac: [u8; 6], src: &str, dst: &str, ttl: u8, port: u16) -> Vec<u8> {
    let udp = [&port.to_be_bytes()[..], &[0, 53, 0, 12, 0, 0, 1, 2, 3, 4]].concat();
    let mut f = [&dmac[..], &smac].concat();
    match (src.parse().unwrap(), dst.parse().unwrap()) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => {
            let mut ip = vec![0x45, 0, 0, 32, 0, 0, 0, 0, ttl, 17, 0, 0];
            ip.extend(src.octets());
            ip.extend(dst.octets());
            let sum = switch_sim::wire::checksum::checksum(&ip);
            ip[10..12].copy_from_slice(&sum.to_be_bytes());
            f.extend([0x08, 0x00]);
            f.extend(ip);
        }
        (IpAddr::V6(src), IpAddr::V6(dst)) => {
            f.extend([0x86, 0xDD, 0x60, 0, 0, 0, 0, 12, 17, ttl]);
            f.extend(src.octets());
            f.extend(dst.octets());
        }
        _ => panic!("one family"),
    }
    f.extend(udp);
    f
}

/// A router with an interface, a neighbor 10.0.N.2 without a host route and a next hop on each of ports 0 to 3.
pub struct Net {
    pub r: Routed,
    pub rifs: Vec<ObjectId>,
    pub hops: Vec<ObjectId>,
}

impl std::ops::Deref for Net {
    type Target = Routed;
    fn deref(&self) -> &Routed {
        &self.r
    }
}

impl Net {
    pub fn new() -> Net {
        Net::over(Bed::new())
    }

    pub fn over(bed: Bed) -> Net {
        let r = Routed::over(bed);
        let rifs: Vec<_> = (0..4).map(|port| r.port_rif(port)).collect();
        let hop = |(n, rif): (usize, &ObjectId)| {
            let ip = format!("10.0.{n}.2");
            let attrs = [
                attr(neighbor_entry::DST_MAC_ADDRESS.id(), Value::Mac(MacAddr(neighbor_mac(n as u8)))),
                attr(neighbor_entry::NO_HOST_ROUTE.id(), Value::Bool(true)),
            ];
            r.entry(r.neighbor_key(*rif, &ip), &attrs);
            r.next_hop(*rif, &ip)
        };
        let hops = rifs.iter().enumerate().map(hop).collect();
        Net { r, rifs, hops }
    }

    pub fn group(&self, kind: next_hop_group::Type, more: &[AttrEntry]) -> ObjectId {
        let kind = attr(next_hop_group::TYPE.id(), Value::I32(kind.0));
        self.create(ObjectType::NEXT_HOP_GROUP, &[&[kind], more].concat())
    }

    /// What makes a next hop, or a group, a member of a group.
    pub fn member_attrs(&self, group: ObjectId, way: ObjectId, more: &[AttrEntry]) -> Vec<AttrEntry> {
        let of = attr(next_hop_group_member::NEXT_HOP_GROUP_ID.id(), Value::Oid(group));
        let way = attr(next_hop_group_member::NEXT_HOP_ID.id(), Value::Oid(way));
        [&[of, way], more].concat()
    }

    /// Makes the next hop of a port a member of a group.
    pub fn join(&self, group: ObjectId, port: usize, more: &[AttrEntry]) -> ObjectId {
        let attrs = self.member_attrs(group, self.hops[port], more);
        self.create(ObjectType::NEXT_HOP_GROUP_MEMBER, &attrs)
    }

    /// An unordered group of the next hops of ports 1 to 3, to which 20.0.0.0/8 and 2001:db8::/32 lead.
    pub fn ecmp(&self, more: &[AttrEntry]) -> ObjectId {
        let group = self.group(next_hop_group::Type::DYNAMIC_UNORDERED_ECMP, more);
        for port in 1..4 {
            self.join(group, port, &[]);
        }
        self.route("20.0.0.0/8", group);
        self.route("2001:db8::/32", group);
        group
    }

    /// The port by which a frame that comes in by port 0 leaves.
    #[track_caller]
    pub fn way(&self, frame: &[u8]) -> usize {
        match self.to(0, frame)[..] {
            [port] => port,
            ref other => panic!("left by {other:?}"),
        }
    }

    /// Where 64 flows go that differ in their UDP source port.
    pub fn flows(&self, dst: &str) -> Vec<Vec<usize>> {
        let frames = (0..64).map(|n| packet(self.mac, HOST, "192.0.2.1", dst, 64, n));
        let mut ways = vec![Vec::new(); 64];
        for (port, frame) in self.send_all(0, frames) {
            ways[usize::from(u16::from_be_bytes([frame[34], frame[35]]))].push(port);
        }
        ways
    }

    /// How many ports these frames leave by, each by one.
    #[track_caller]
    pub fn spread(&self, frames: Vec<Vec<u8>>) -> usize {
        let count = frames.len();
        let sent = self.send_all(0, frames);
        assert_eq!(sent.len(), count, "each frame leaves by one port");
        sent.iter().map(|(port, _)| port).collect::<std::collections::BTreeSet<_>>().len()
    }
}
