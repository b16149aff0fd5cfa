//! The express lane does what the stages do: the same frames with and without a trace, which takes the stages.

use std::net::IpAddr;

use super::bed::*;
use proptest::prelude::*;
use sai::entry::{Entry, FdbEntry, NeighborEntry, RouteEntry};
use sai::types::{AclStage, PacketAction};
use sai::vlan::TaggingMode;
use sai::{
    AclAction, AclField, Backend, MacAddr, ObjectId, ObjectType, QosMap, QosMapParams, Target, Value,
    acl_counter, acl_entry, acl_table, bridge_port, fdb_entry, neighbor_entry, next_hop, next_hop_group,
    next_hop_group_member as member, port, qos_map, route_entry, router_interface as rif, switch,
};
use switch_sim::World;
use switch_sim::pipeline::{Engine, NoTrace, Trace, Tracer};
use switch_sim::port::index;
use switch_sim::wire::PacketBuilder;

/// The switch's own address.
const ROUTER: u8 = 255;

fn station(n: u8) -> [u8; 6] {
    [2, 0, 0, 0, 7, n]
}

pub struct Net {
    pub bed: Bed,
    vr: ObjectId,
    pub mac: [u8; 6],
    /// The interfaces of ports 0 and 1.
    rifs: [ObjectId; 2],
}

impl Net {
    fn rif(&self, kind: rif::Type, on: sai::AttrEntry) -> ObjectId {
        let attrs = [
            attr(rif::VIRTUAL_ROUTER_ID.id(), Value::Oid(self.vr)),
            attr(rif::TYPE.id(), Value::I32(kind.0)),
            on,
        ];
        self.bed.create(ObjectType::ROUTER_INTERFACE, &attrs)
    }

    fn entry(&self, entry: Entry, with: sai::AttrEntry) {
        self.bed.sim.create(self.bed.switch, Target::Entry(&entry), &[with]).unwrap();
    }

    fn neighbor(&self, rif: ObjectId, ip: &str, mac: [u8; 6]) -> ObjectId {
        let ip: IpAddr = ip.parse().unwrap();
        let key = NeighborEntry { switch_id: self.bed.switch, rif_id: rif, ip_address: ip };
        let mac = attr(neighbor_entry::DST_MAC_ADDRESS.id(), Value::Mac(MacAddr(mac)));
        self.entry(Entry::Neighbor(key), mac);
        let attrs = [
            attr(next_hop::TYPE.id(), Value::I32(next_hop::Type::IP.0)),
            attr(next_hop::IP.id(), Value::IpAddress(ip)),
            attr(next_hop::ROUTER_INTERFACE_ID.id(), Value::Oid(rif)),
        ];
        self.bed.create(ObjectType::NEXT_HOP, &attrs)
    }

    fn route(&self, to: &str, next_hop: ObjectId) {
        let destination = to.parse().unwrap();
        let key = RouteEntry { switch_id: self.bed.switch, vr_id: self.vr, destination };
        self.entry(Entry::Route(key), attr(route_entry::NEXT_HOP_ID.id(), Value::Oid(next_hop)));
    }

    /// A group of next hops; the last of them with a counter, if there is to be one.
    fn group(&self, hops: &[ObjectId], counted: bool) -> ObjectId {
        let ecmp = next_hop_group::Type::DYNAMIC_UNORDERED_ECMP;
        let attrs = [attr(next_hop_group::TYPE.id(), Value::I32(ecmp.0))];
        let group = self.bed.create(ObjectType::NEXT_HOP_GROUP, &attrs);
        for (n, hop) in hops.iter().enumerate() {
            let mut attrs = vec![
                attr(member::NEXT_HOP_GROUP_ID.id(), Value::Oid(group)),
                attr(member::NEXT_HOP_ID.id(), Value::Oid(*hop)),
            ];
            if counted && n + 1 == hops.len() {
                let counter = self.bed.create(ObjectType::COUNTER, &[]);
                attrs.push(attr(member::COUNTER_ID.id(), Value::Oid(counter)));
            }
            self.bed.create(ObjectType::NEXT_HOP_GROUP_MEMBER, &attrs);
        }
        group
    }

    /// Members of groups and LAGs take turns from now on.
    pub fn take_turns(&self) {
        let turns = Value::I32(sai::hash::Algorithm::ROUND_ROBIN.0);
        for id in [switch::ECMP_DEFAULT_HASH_ALGORITHM.id(), switch::LAG_DEFAULT_HASH_ALGORITHM.id()] {
            self.bed.set(ObjectType::SWITCH, self.bed.switch, id, turns.clone());
        }
    }

    /// Ports, and what they lead to, have from now on what few have.
    fn rare(&self) {
        let bed = &self.bed;
        let of_port = |n: usize, id, value| bed.set(ObjectType::PORT, bed.ports[n], id, value);
        of_port(0, port::DISABLE_DECREMENT_TTL.id(), Value::Bool(true));
        of_port(4, port::ECMP_HASH_SEED.id(), Value::U32(99));
        let turns = sai::hash::Algorithm::ROUND_ROBIN;
        of_port(10, port::ECMP_HASH_ALGORITHM.id(), Value::I32(turns.0));
        let crc = Value::I32(sai::hash::Algorithm::CRC.0);
        bed.set(ObjectType::SWITCH, bed.switch, switch::ECMP_DEFAULT_HASH_ALGORITHM.id(), crc);
        let rdma = bed.create(ObjectType::HASH, &[]);
        bed.set(ObjectType::SWITCH, bed.switch, switch::ECMP_HASH_IPV4_RDMA.id(), Value::Oid(rdma));
        let dscp = |dscp| QosMapParams { dscp, ..QosMapParams::default() };
        let by_dscp =
            (0..8).map(|tc| (dscp(8 * tc), QosMapParams { tc, ..QosMapParams::default() })).collect();
        let double = bed.create(
            ObjectType::ROUTER_INTERFACE,
            &[
                attr(rif::VIRTUAL_ROUTER_ID.id(), Value::Oid(self.vr)),
                attr(rif::TYPE.id(), Value::I32(rif::Type::QINQ_PORT.0)),
                attr(rif::PORT_ID.id(), Value::Oid(bed.ports[1])),
                attr(rif::OUTER_VLAN_ID.id(), Value::U16(5)),
                attr(rif::INNER_VLAN_ID.id(), Value::U16(6)),
            ],
        );
        self.route("10.9.0.0/16", self.neighbor(double, "192.0.2.200", station(106)));
        let on = |rif, id, map| bed.set(ObjectType::ROUTER_INTERFACE, rif, id, map);
        on(self.rifs[1], rif::QOS_DSCP_TO_TC_MAP.id(), self.map(qos_map::Type::DSCP_TO_TC, by_dscp));
        let mark = vec![(QosMapParams::default(), dscp(33))];
        let mark = self.map(qos_map::Type::TC_AND_COLOR_TO_DSCP, mark);
        on(self.rifs[0], rif::QOS_TC_AND_COLOR_TO_DSCP_MAP.id(), mark);
        let counter = bed.create(ObjectType::COUNTER, &[]);
        let station = FdbEntry { switch_id: bed.switch, mac_address: MacAddr(station(2)), bv_id: bed.vlan1 };
        let counter = attr(fdb_entry::COUNTER_ID.id(), Value::Oid(counter));
        bed.sim.set(&sai::ObjectRef::Entry(Entry::Fdb(station)), &counter).unwrap();
    }

    /// Ingress tables of the switch and of port 4 from now on, which mostly permit and count. Answers the counters.
    pub fn permit(&self) -> Vec<ObjectId> {
        let bed = &self.bed;
        let mut counters = Vec::new();
        for (object, id, drops) in
            [(ObjectType::SWITCH, bed.switch, 4013), (ObjectType::PORT, bed.ports[4], 4014)]
        {
            let mut attrs = vec![attr(acl_table::ACL_STAGE.id(), Value::I32(AclStage::INGRESS.0))];
            let fields = [acl_table::FIELD_L4_SRC_PORT, acl_table::FIELD_OUTER_VLAN_PRI, acl_table::FIELD_TC];
            attrs.extend(fields.iter().map(|f| attr(f.id(), Value::Bool(true))));
            let table = bed.create(ObjectType::ACL_TABLE, &attrs);
            let of = attr(acl_entry::TABLE_ID.id(), Value::Oid(table));
            let mut entry = |priority, field, action: PacketAction| {
                let counts = [acl_counter::ENABLE_PACKET_COUNT, acl_counter::ENABLE_BYTE_COUNT];
                let mut attrs = vec![attr(acl_counter::TABLE_ID.id(), Value::Oid(table))];
                attrs.extend(counts.iter().map(|id| attr(id.id(), Value::Bool(true))));
                let counter = bed.create(ObjectType::ACL_COUNTER, &attrs);
                counters.push(counter);
                let counts = Value::AclAction(AclAction::Oid(counter));
                let does = Value::AclAction(AclAction::I32(action.0));
                let mut attrs = vec![
                    of.clone(),
                    attr(acl_entry::PRIORITY.id(), Value::U32(priority)),
                    attr(acl_entry::ACTION_COUNTER.id(), counts),
                    attr(acl_entry::ACTION_PACKET_ACTION.id(), does),
                ];
                attrs.extend(field);
                bed.create(ObjectType::ACL_ENTRY, &attrs);
            };
            let source = AclField::U16 { data: drops, mask: 0xffff };
            let source = attr(acl_entry::FIELD_L4_SRC_PORT.id(), Value::AclField(source));
            let priority = AclField::U8 { data: 5, mask: 7 };
            let priority = attr(acl_entry::FIELD_OUTER_VLAN_PRI.id(), Value::AclField(priority));
            let class = AclField::U8 { data: 3, mask: 0xff };
            let class = attr(acl_entry::FIELD_TC.id(), Value::AclField(class));
            entry(10, Some(class), PacketAction::FORWARD);
            entry(9, Some(source), PacketAction::DROP);
            entry(8, Some(priority), PacketAction::FORWARD);
            entry(7, None, PacketAction::FORWARD);
            let bind =
                if object == ObjectType::PORT { port::INGRESS_ACL.id() } else { switch::INGRESS_ACL.id() };
            bed.set(object, id, bind, Value::Oid(table));
        }
        counters
    }

    fn map(&self, kind: qos_map::Type, entries: Vec<(QosMapParams, QosMapParams)>) -> Value {
        let list = entries.into_iter().map(|(key, value)| QosMap { key, value }).collect();
        let list = attr(qos_map::MAP_TO_VALUE_LIST.id(), Value::QosMapList(list));
        let kind = attr(qos_map::TYPE.id(), Value::I32(kind.0));
        Value::Oid(self.bed.create(ObjectType::QOS_MAP, &[kind, list]))
    }

    /// QoS maps of each kind from now on, of the switch or of some ports.
    pub fn mark(&self) {
        let params = QosMapParams::default;
        let map = |kind, entries| self.map(kind, entries);
        let dscp = |dscp| QosMapParams { dscp, ..params() };
        let dot1p = |dot1p| QosMapParams { dot1p, ..params() };
        let tc = |tc| QosMapParams { tc, ..params() };
        let color = |color| QosMapParams { color, ..params() };
        let class = |tc, color| QosMapParams { tc, color, ..params() };
        use qos_map::Type as T;
        use sai::types::PacketColor as C;
        let by_dscp = map(T::DSCP_TO_TC, (0..40).map(|n| (dscp(n), tc(n % 8))).collect());
        let by_pcp = map(T::DOT1P_TO_TC, (0..8).map(|n| (dot1p(n), tc(7 - n))).collect());
        let dscp_color = map(T::DSCP_TO_COLOR, vec![(dscp(9), color(C::RED)), (dscp(18), color(C::YELLOW))]);
        let pcp_color = map(T::DOT1P_TO_COLOR, vec![(dot1p(6), color(C::YELLOW)), (dot1p(5), color(C::RED))]);
        let groups = map(
            T::TC_TO_PRIORITY_GROUP,
            (0..6).map(|n| (tc(n), QosMapParams { pg: n, ..params() })).collect(),
        );
        let queues = map(
            T::TC_TO_QUEUE,
            (1..7).map(|n| (tc(n), QosMapParams { queue_index: n + 1, ..params() })).collect(),
        );
        let to_dscp = (0..6).map(|n| (class(n, C::GREEN), dscp(50 + n))).chain([(class(1, C::RED), dscp(1))]);
        let to_dscp = map(T::TC_AND_COLOR_TO_DSCP, to_dscp.collect());
        let to_dot1p = (0..8).map(|n| (class(n, C::GREEN), dot1p((n + 3) % 8)));
        let to_dot1p = map(T::TC_AND_COLOR_TO_DOT1P, to_dot1p.collect());
        let bed = &self.bed;
        let of_switch = |id, map: &Value| bed.set(ObjectType::SWITCH, bed.switch, id, map.clone());
        let of_port = |n: usize, id, map: &Value| bed.set(ObjectType::PORT, bed.ports[n], id, map.clone());
        of_switch(switch::QOS_DSCP_TO_TC_MAP.id(), &by_dscp);
        of_switch(switch::QOS_DSCP_TO_COLOR_MAP.id(), &dscp_color);
        for n in [2, 4, 6] {
            of_port(n, port::QOS_DOT1P_TO_TC_MAP.id(), &by_pcp);
            of_port(n, port::QOS_DOT1P_TO_COLOR_MAP.id(), &pcp_color);
        }
        bed.set(ObjectType::PORT, bed.ports[7], port::QOS_DEFAULT_TC.id(), Value::U8(5));
        for n in [0, 3, 4, 8] {
            of_port(n, port::QOS_TC_TO_PRIORITY_GROUP_MAP.id(), &groups);
            of_port(n, port::QOS_TC_TO_QUEUE_MAP.id(), &queues);
            of_port(n, port::QOS_TC_AND_COLOR_TO_DSCP_MAP.id(), &to_dscp);
            of_port(n, port::QOS_TC_AND_COLOR_TO_DOT1P_MAP.id(), &to_dot1p);
        }
    }

    pub fn counts(&self, counters: &[ObjectId]) -> Vec<[Value; 2]> {
        let one = |c, id| self.bed.get(ObjectType::ACL_COUNTER, c, id);
        let both = |c: &ObjectId| [acl_counter::PACKETS.id(), acl_counter::BYTES.id()].map(|id| one(*c, id));
        counters.iter().map(both).collect()
    }

    /// Ports 0 and 1 and a LAG of 10 and 11 route, VLANs 1, 5 and 6 bridge, VLAN 6 has an interface, port 7 takes
    /// no tags, 8 and 9 are a LAG in all VLANs.
    pub fn new() -> Net {
        let mut profile = eight_ports();
        let twelve = switch_sim::Profile::with_ports(12);
        (profile.ports, profile.chip.lanes) = (twelve.ports, twelve.chip.lanes);
        let bed = Bed::with_profile(&World::new(7), profile);
        let read = |id| bed.get(ObjectType::SWITCH, bed.switch, id);
        let vr = read(switch::DEFAULT_VIRTUAL_ROUTER_ID.id()).as_oid().unwrap();
        let Value::Mac(MacAddr(mac)) = read(switch::SRC_MAC_ADDRESS.id()) else { panic!("an address") };
        [0, 1].iter().for_each(|p| bed.free_port(*p));
        bed.vlan(5, &[(2, TaggingMode::TAGGED), (3, TaggingMode::UNTAGGED), (4, TaggingMode::TAGGED)]);
        let six = [(4, TaggingMode::TAGGED), (5, TaggingMode::PRIORITY_TAGGED), (6, TaggingMode::TAGGED)];
        let six = bed.vlan(6, &six);
        let (bridged, routed) = (bed.bridge_port(bed.lag(&[8, 9])), bed.lag(&[10, 11]));
        bed.member(bed.vlan1, bridged, TaggingMode::UNTAGGED);
        bed.member(six, bridged, TaggingMode::TAGGED);
        bed.set(ObjectType::PORT, bed.ports[7], port::DROP_TAGGED.id(), Value::Bool(true));
        let limit = bridge_port::MAX_LEARNED_ADDRESSES.id();
        bed.set(ObjectType::BRIDGE_PORT, bed.bridge_ports[6], limit, Value::U32(2));
        let net = Net { bed, vr, mac, rifs: [ObjectId::NULL; 2] };
        let on = |n: usize| attr(rif::PORT_ID.id(), Value::Oid(net.bed.ports[n]));
        let (a, b) = (net.rif(rif::Type::PORT, on(0)), net.rif(rif::Type::PORT, on(1)));
        let vlan = net.rif(rif::Type::VLAN, attr(rif::VLAN_ID.id(), Value::Oid(six)));
        net.route("10.1.0.0/16", net.neighbor(a, "192.0.2.1", station(101)));
        net.route("10.2.0.0/16", net.neighbor(b, "198.51.100.1", station(102)));
        net.route("10.2.9.0/24", net.neighbor(vlan, "203.0.113.4", station(4)));
        net.route("2001:db8:1::/48", net.neighbor(b, "2001:db8::1", station(102)));
        net.route("2001:db8:2::/48", net.neighbor(vlan, "2001:db8:9::4", station(4)));
        let lag = net.rif(rif::Type::PORT, attr(rif::PORT_ID.id(), Value::Oid(routed)));
        let ways = [
            net.neighbor(a, "192.0.2.7", station(103)),
            net.neighbor(b, "198.51.100.7", station(104)),
            net.neighbor(lag, "192.0.2.129", station(105)),
            net.neighbor(vlan, "203.0.113.7", station(7)),
        ];
        let group = net.group(&ways, false);
        net.route("10.3.0.0/16", ways[2]);
        net.route("10.4.0.0/16", group);
        net.route("10.5.0.0/16", net.group(&ways, true));
        net.route("2001:db8:4::/48", group);
        let counter = net.bed.create(ObjectType::COUNTER, &[]);
        let counted = RouteEntry {
            switch_id: net.bed.switch,
            vr_id: net.vr,
            destination: "10.2.8.0/24".parse().unwrap(),
        };
        net.entry(Entry::Route(counted.clone()), attr(route_entry::NEXT_HOP_ID.id(), Value::Oid(ways[1])));
        let with = attr(route_entry::COUNTER_ID.id(), Value::Oid(counter));
        net.bed.sim.set(&sai::ObjectRef::Entry(Entry::Route(counted)), &with).unwrap();
        let filter = bridge_port::EGRESS_FILTERING.id();
        net.bed.set(ObjectType::BRIDGE_PORT, net.bed.bridge_ports[2], filter, Value::Bool(true));
        // The last two talk in VLANs that their ports are no members of.
        let known: [(usize, u8, Option<u16>); 13] = [
            (8, 7, None),
            (9, 7, Some(6)),
            (2, 1, None),
            (3, 2, None),
            (2, 1, Some(5)),
            (4, 3, Some(5)),
            (4, 4, Some(6)),
            (5, 3, Some(6)),
            (6, 5, Some(6)),
            (7, 6, None),
            (4, 4, None),
            (5, 6, Some(5)),
            (2, 1, Some(6)),
        ];
        for (port, n, vid) in known {
            let frame = match vid {
                Some(vid) => tagged([0xff; 6], station(n), vid),
                None => frame([0xff; 6], station(n)),
            };
            net.bed.send(port, &frame);
        }
        Net { rifs: [a, b], ..net }
    }

    /// What left, and all that was counted and learned.
    fn run<T: Tracer>(
        &self,
        frames: &[(usize, Vec<u8>)],
        size: usize,
        tracer: impl Fn() -> T,
    ) -> (Sent, Vec<String>) {
        let (mut sent, mut engine) = (Sent::default(), Engine::new());
        let run = |sw: &mut switch_sim::Switch| {
            for vector in frames.chunks(size) {
                for (port, frame) in vector {
                    engine.receive(index(self.bed.ports[*port]), frame);
                }
                engine.run(sw, 1 << 20, &mut tracer(), &mut sent);
            }
            state(sw)
        };
        let counted = self.bed.sim.with_switch(self.bed.switch, run).unwrap();
        (sent, counted)
    }
}

/// All that was counted and learned.
pub fn state(sw: &switch_sim::Switch) -> Vec<String> {
    let mut fdb: Vec<_> = sw.bridge.fdb.table.iter().collect();
    fdb.sort_unstable_by_key(|(key, _)| *key);
    let domains: Vec<_> = sw.bridge.domains.iter().flatten().map(|d| d.counts).collect();
    let ports: Vec<_> = sw.bridge.ports.iter().map(|p| p.counts).collect();
    vec![
        format!("{:?}", sw.plane.balance),
        format!("{:?}", sw.ports.counters),
        format!("{domains:?}"),
        format!("{ports:?}"),
        format!("{:?}", sw.router.rif_counts),
        format!("{:?}", sw.router.counters),
        format!("{fdb:?}"),
    ]
}

/// Mostly plain frames.
pub fn frames(mac: [u8; 6]) -> impl Strategy<Value = Vec<(usize, Vec<u8>)>> {
    let to = prop_oneof![4 => 1..8u8, 4 => Just(ROUTER), 1 => 7..9u8, 1 => Just(0u8)];
    let vid =
        prop_oneof![3 => Just(None), 2 => Just(Some(5)), 3 => Just(Some(6)), 1 => (0..8u16).prop_map(Some)];
    let ip = prop_oneof![3 => 0..7usize, 1 => 7..17usize];
    let odd = prop_oneof![9 => Just(None), 1 => (0..60usize, any::<u8>()).prop_map(Some)];
    let len = prop_oneof![6 => Just(18usize), 2 => 0..100usize, 1 => 1400..1520usize];
    let one = (0..12usize, 0..8u8, to, vid, ip, odd, len, any::<bool>());
    let frame = move |(port, from, to, vid, ip, odd, len, tcp): (
        usize,
        u8,
        u8,
        Option<u16>,
        usize,
        _,
        usize,
        bool,
    )| {
        let from = if from == 7 { port as u8 } else { [101, 102, 1, 2, 4, 4, 5, 6, 7, 7, 105, 105][port] };
        let dst = match to {
            ROUTER => mac,
            0 => [0xff; 6],
            n => station(n),
        };
        let mut packet = PacketBuilder::ethernet(station(from), dst);
        if let Some(vid) = vid {
            packet = packet.vlan(vid).pcp(vid as u8 % 8);
        }
        let v4: [[u8; 4]; 9] = [
            [10, 1, 0, 9],
            [10, 2, 0, 9],
            [10, 2, 9, 9],
            [10, 3, 0, 9],
            [10, 4, 0, len as u8],
            [10, 5, 0, len as u8],
            [10, 2, 8, 9],
            [10, 9, 9, 9],
            [169, 254, 0, 1],
        ];
        let v6 = [
            "2001:db8:1::9",
            "2001:db8:2::9",
            "2001:db8:3::9",
            "2001:db8:4::9",
            "2001:db8:4::a",
            "fe80::9",
            "ff02::1",
            "::1",
        ];
        let packet = match ip {
            n @ 0..9 => {
                packet.ipv4([10, 7, 7, 7], v4[n]).ttl(if len % 7 == 1 { 1 } else { 64 }).dscp(len as u8 % 64)
            }
            n => packet
                .ipv6(
                    "2001:db8:7::7".parse::<std::net::Ipv6Addr>().unwrap(),
                    v6[n - 9].parse::<std::net::Ipv6Addr>().unwrap(),
                )
                .dscp(len as u8 % 64),
        };
        let packet = if tcp {
            packet.tcp(4000 + len as u16, 80)
        } else {
            packet.udp(4000 + len as u16, if len % 3 == 0 { 4791 } else { 5000 })
        };
        let mut frame = packet.payload(&vec![7; len]).build();
        if let Some((at, byte)) = odd
            && let Some(place) = frame.get_mut::<usize>(at)
        {
            *place = byte;
        }
        (port, frame)
    };
    prop::collection::vec(one.prop_map(frame), 1..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_lane_does_what_the_stages_do(
        frames in frames(Net::new().mac),
        size in prop_oneof![Just(1usize), Just(64), 2..64usize],
    ) {
        let (lane, stages) = (Net::new(), Net::new());
        let mut counters = Vec::new();
        for phase in 0..5 {
            match phase {
                1 => [&lane, &stages].into_iter().for_each(Net::take_turns),
                2 => [&lane, &stages].into_iter().for_each(Net::mark),
                3 => {
                    counters = lane.permit();
                    prop_assert_eq!(&counters, &stages.permit());
                }
                4 => [&lane, &stages].into_iter().for_each(Net::rare),
                _ => {}
            }
            let (sent, counted) = lane.run(&frames, size, || NoTrace);
            let (sent_by_stages, counted_by_stages) = stages.run(&frames, size, Trace::default);
            for (a, b) in counted.iter().zip(&counted_by_stages) {
                prop_assert_eq!(a, b);
            }
            prop_assert_eq!(lane.counts(&counters), stages.counts(&counters));
            for port in lane.bed.ports.iter().map(|p| index(*p)) {
                prop_assert_eq!(sent.by(port), sent_by_stages.by(port), "port {}", port);
            }
        }
    }
}
