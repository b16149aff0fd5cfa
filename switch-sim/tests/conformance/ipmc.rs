//! IP multicast: which interfaces a group's packets leave by, and how they look there.

use std::net::IpAddr;

use super::bed::routed::*;
use super::bed::*;
use sai::entry::{Entry, IpmcEntry};
use sai::ipmc_entry::{self as entry, Type as EntryType};
use sai::object::router_interface::Type;
use sai::types::{AclStage, PacketAction};
use sai::vlan::TaggingMode;
use sai::{
    AclAction, AclField, AttrEntry, ObjectId, ObjectRef, ObjectType, Status, Target, Value, acl_entry,
    acl_table, counter, hostif_trap, ipmc_group as group, ipmc_group_member as output, next_hop,
    router_interface as rif, rpf_group_member as rpf, switch, virtual_router,
};

const UNKNOWN: sai::AttrId = virtual_router::UNKNOWN_L3_MULTICAST_PACKET_ACTION.id();
const GROUP: &str = "239.1.2.3";
const MAC: [u8; 6] = [1, 0, 0x5E, 1, 2, 3];
const GROUP6: &str = "ff15::1:2:3";
const MAC6: [u8; 6] = [0x33, 0x33, 0, 2, 0, 3];

/// Interfaces that route multicast on ports 0 to 2, and one on VLAN 20: port 4 untagged, port 5 tagged.
struct Multicast {
    r: Routed,
    rifs: Vec<ObjectId>,
    vlan: ObjectId,
}

impl std::ops::Deref for Multicast {
    type Target = Routed;
    fn deref(&self) -> &Routed {
        &self.r
    }
}

fn enabled() -> [AttrEntry; 2] {
    [rif::V4_MCAST_ENABLE.id(), rif::V6_MCAST_ENABLE.id()].map(|id| attr(id, Value::Bool(true)))
}

impl Multicast {
    fn new() -> Multicast {
        let r = Routed::new();
        let port = |n: usize| {
            let base = attr(rif::PORT_ID.id(), Value::Oid(r.ports[n]));
            r.rif_with(Type::PORT, &[&[base], &enabled()[..]].concat())
        };
        let rifs = (0..3).map(port).collect();
        let vlan = r.vlan(20, &[(4, TaggingMode::UNTAGGED), (5, TaggingMode::TAGGED)]);
        let base = attr(rif::VLAN_ID.id(), Value::Oid(vlan));
        let vlan = r.rif_with(Type::VLAN, &[&[base], &enabled()[..]].concat());
        Multicast { r, rifs, vlan }
    }

    fn outputs(&self, to: &[ObjectId]) -> ObjectId {
        let group = self.create(ObjectType::IPMC_GROUP, &[]);
        for to in to {
            self.output(group, *to);
        }
        group
    }

    fn output(&self, group: ObjectId, to: ObjectId) -> ObjectId {
        let of = attr(output::IPMC_GROUP_ID.id(), Value::Oid(group));
        self.create(ObjectType::IPMC_GROUP_MEMBER, &[of, attr(output::IPMC_OUTPUT_ID.id(), Value::Oid(to))])
    }

    fn expected(&self, from: &[ObjectId]) -> ObjectId {
        let group = self.create(ObjectType::RPF_GROUP, &[]);
        for from in from {
            let of = attr(rpf::RPF_GROUP_ID.id(), Value::Oid(group));
            self.create(
                ObjectType::RPF_GROUP_MEMBER,
                &[of, attr(rpf::RPF_INTERFACE_ID.id(), Value::Oid(*from))],
            );
        }
        group
    }

    fn key(&self, source: Option<&str>, destination: &str) -> Entry {
        let destination: IpAddr = destination.parse().unwrap();
        let any: IpAddr = if destination.is_ipv4() { "0.0.0.0" } else { "::" }.parse().unwrap();
        Entry::Ipmc(IpmcEntry {
            switch_id: self.switch,
            vr_id: self.vr,
            r#type: if source.is_some() { EntryType::SG } else { EntryType::XG },
            destination,
            source: source.map_or(any, |s| s.parse().unwrap()),
        })
    }

    fn attrs(&self, to: ObjectId, from: ObjectId) -> [AttrEntry; 3] {
        [
            attr(entry::PACKET_ACTION.id(), Value::I32(PacketAction::FORWARD.0)),
            attr(entry::OUTPUT_GROUP_ID.id(), Value::Oid(to)),
            attr(entry::RPF_GROUP_ID.id(), Value::Oid(from)),
        ]
    }

    /// Sends a group's packets to interfaces, wherever they come from.
    fn lead(&self, source: Option<&str>, destination: &str, to: &[ObjectId]) -> Entry {
        let key = self.key(source, destination);
        self.entry(key.clone(), &self.attrs(self.outputs(to), self.expected(&[])));
        key
    }

    fn frame(&self, src: &str) -> Vec<u8> {
        packet(MAC, HOST, src, GROUP, 64, 1000)
    }
}

/// Acts: SAI_IPMC_GROUP_MEMBER_ATTR_IPMC_GROUP_ID, SAI_IPMC_GROUP_MEMBER_ATTR_IPMC_OUTPUT_ID,
/// SAI_IPMC_ENTRY_ATTR_OUTPUT_GROUP_ID, SAI_ROUTER_INTERFACE_ATTR_V4_MCAST_ENABLE.
#[test]
fn each_output_gets_a_copy_rewritten_for_it() {
    let m = Multicast::new();
    let key = m.lead(None, GROUP, &[m.rifs[0], m.rifs[1], m.vlan]);
    let routed = packet(MAC, m.mac, "192.0.2.1", GROUP, 63, 1000);
    let mut tagged = routed.clone();
    tagged.splice(12..12, [0x81, 0, 0, 20]);
    let out = [(1, routed.clone()), (4, routed.clone()), (5, tagged)];
    assert_eq!(m.send(0, &m.frame("192.0.2.1")), out, "and none where it came in");
    let count = |id, stat: rif::Stat| m.stat(ObjectType::ROUTER_INTERFACE, id, stat.0);
    assert_eq!(count(m.rifs[0], rif::Stat::IN_PACKETS), 1);
    assert_eq!(count(m.rifs[1], rif::Stat::OUT_PACKETS), 1);
    assert_eq!(count(m.vlan, rif::Stat::OUT_PACKETS), 2);
    // An output that joins, one that leaves.
    let Value::Oid(outputs) = m.get(&ObjectRef::Entry(key.clone()), entry::OUTPUT_GROUP_ID.id()) else {
        panic!()
    };
    let joins = m.output(outputs, m.rifs[2]);
    assert_eq!(m.to(0, &m.frame("192.0.2.1")), [1, 2, 4, 5]);
    m.remove(ObjectType::IPMC_GROUP_MEMBER, joins);
    assert_eq!(m.to(0, &m.frame("192.0.2.1")), [1, 4, 5]);
    m.set(ObjectType::ROUTER_INTERFACE, m.rifs[1], rif::MTU.id(), Value::U32(31));
    assert_eq!(m.to(0, &m.frame("192.0.2.1")), [4, 5], "too long for one");
    m.set_entry(key, entry::OUTPUT_GROUP_ID.id(), Value::Oid(ObjectId::NULL));
    assert!(m.to(0, &m.frame("192.0.2.1")).is_empty());
    m.set(ObjectType::ROUTER_INTERFACE, m.rifs[0], rif::V4_MCAST_ENABLE.id(), Value::Bool(false));
    assert_eq!(count(m.rifs[0], rif::Stat::IN_ERROR_PACKETS), 1);
    assert!(m.to(0, &m.frame("192.0.2.1")).is_empty());
    assert_eq!(count(m.rifs[0], rif::Stat::IN_PACKETS), 6);
}

/// Acts: SAI_ROUTER_INTERFACE_ATTR_V6_MCAST_ENABLE.
#[test]
fn ipv6_multicast_is_routed_and_links_own_groups_are_not() {
    let m = Multicast::new();
    m.lead(None, GROUP6, &[m.rifs[1]]);
    let frame = packet(MAC6, HOST, "2001:db8::1", GROUP6, 64, 1000);
    assert_eq!(m.send(0, &frame), [(1, packet(MAC6, m.mac, "2001:db8::1", GROUP6, 63, 1000))]);
    for (own, mac) in [("224.0.0.5", [1, 0, 0x5E, 0, 0, 5]), ("ff02::5", [0x33, 0x33, 0, 0, 0, 5])] {
        m.lead(None, own, &[m.rifs[1]]);
        let src = if own.contains(':') { "2001:db8::1" } else { "192.0.2.1" };
        assert!(m.to(0, &packet(mac, HOST, src, own, 64, 1000)).is_empty());
    }
    assert!(m.to(0, &packet(MAC, HOST, "2001:db8::1", GROUP6, 64, 1000)).is_empty(), "another group's MAC");
    m.set(ObjectType::ROUTER_INTERFACE, m.rifs[0], rif::V6_MCAST_ENABLE.id(), Value::Bool(false));
    assert!(m.to(0, &frame).is_empty());
}

#[test]
fn the_entry_of_a_source_stands_before_that_of_the_group() {
    let m = Multicast::new();
    m.lead(None, GROUP, &[m.rifs[1]]);
    let key = m.lead(Some("192.0.2.1"), GROUP, &[m.rifs[2]]);
    assert_eq!(m.to(0, &m.frame("192.0.2.1")), [2]);
    assert_eq!(m.to(0, &m.frame("192.0.2.2")), [1]);
    m.remove_entry(key);
    assert_eq!(m.to(0, &m.frame("192.0.2.1")), [1]);
    for (source, destination) in [(None, "192.0.2.7"), (Some("239.0.0.1"), GROUP)] {
        let key = m.key(source, destination);
        let attrs = m.attrs(ObjectId::NULL, m.expected(&[]));
        let refused = m.backend().create(m.switch, Target::Entry(&key), &attrs);
        assert_eq!(refused.unwrap_err().status(), Status::INVALID_PARAMETER);
    }
}

/// Acts: SAI_IPMC_ENTRY_ATTR_RPF_GROUP_ID, SAI_RPF_GROUP_MEMBER_ATTR_RPF_GROUP_ID,
/// SAI_RPF_GROUP_MEMBER_ATTR_RPF_INTERFACE_ID, SAI_IPMC_ENTRY_ATTR_PACKET_ACTION.
#[test]
fn a_source_is_expected_on_some_interfaces_and_told_to_the_cpu_elsewhere() {
    let m = Multicast::new();
    let key = m.key(None, GROUP);
    m.entry(key.clone(), &m.attrs(m.outputs(&[m.rifs[1], m.rifs[2]]), m.expected(&[m.rifs[0]])));
    let frame = m.frame("192.0.2.1");
    assert_eq!(m.to(0, &frame), [1, 2]);
    assert!(m.to(1, &frame).is_empty());
    assert_eq!(m.punted(), 0);
    let action = |action: PacketAction| {
        m.set_entry(key.clone(), entry::PACKET_ACTION.id(), Value::I32(action.0));
    };
    action(PacketAction::COPY);
    assert!(m.to(1, &frame).is_empty());
    assert_eq!(m.punted(), 1, "the copy for the CPU does not ask where it came in");
    assert_eq!((m.to(0, &frame), m.punted()), (vec![1, 2], 1));
    action(PacketAction::TRAP);
    assert_eq!((m.to(0, &frame), m.punted()), (vec![], 1));
    action(PacketAction::DROP);
    assert_eq!((m.to(0, &frame), m.punted()), (vec![], 0));
    action(PacketAction::FORWARD);
    m.set_entry(key, entry::RPF_GROUP_ID.id(), Value::Oid(m.expected(&[m.rifs[1], m.rifs[2]])));
    assert!(m.to(0, &frame).is_empty());
    assert_eq!(m.to(1, &frame), [2]);
}

/// Acts: SAI_IPMC_ENTRY_ATTR_COUNTER_ID.
#[test]
fn an_entry_counts_what_hits_it() {
    let m = Multicast::new();
    let key = m.lead(None, GROUP, &[m.rifs[1]]);
    let tally = m.create(ObjectType::COUNTER, &[]);
    m.to(0, &m.frame("192.0.2.1"));
    m.set_entry(key, entry::COUNTER_ID.id(), Value::Oid(tally));
    (0..3).for_each(|_| drop(m.to(0, &m.frame("192.0.2.1"))));
    assert_eq!(m.stat(ObjectType::COUNTER, tally, counter::Stat::PACKETS.0), 3);
    assert_eq!(m.stat(ObjectType::COUNTER, tally, counter::Stat::BYTES.0), 192);
    let busy = m.backend().remove(&ObjectRef::Object(ObjectType::COUNTER, tally));
    assert_eq!(busy.unwrap_err().status(), Status::OBJECT_IN_USE);
}

#[test]
fn the_bridge_of_a_vlan_forwards_its_packets_as_without_a_router() {
    let m = Multicast::new();
    let vlan1 = ObjectRef::Object(ObjectType::VLAN, m.vlan1);
    for member in oids(&m, &vlan1, sai::vlan::MEMBER_LIST.id()) {
        m.remove(ObjectType::VLAN_MEMBER, member);
    }
    for n in [4, 5] {
        m.set(ObjectType::PORT, m.ports[n], sai::port::PORT_VLAN_ID.id(), Value::U16(20));
    }
    m.member(
        oid(&m, &ObjectRef::Object(ObjectType::ROUTER_INTERFACE, m.vlan), rif::VLAN_ID.id()),
        m.bridge_ports[6],
        TaggingMode::UNTAGGED,
    );
    let frame = m.frame("192.0.2.1");
    let mut tagged = frame.clone();
    tagged.splice(12..12, [0x81, 0, 0, 20]);
    let bridged = [(5, tagged.clone()), (6, frame.clone())];
    assert_eq!(m.send(4, &frame), bridged, "without an entry");
    let key = m.lead(None, GROUP, &[m.vlan, m.rifs[1]]);
    let routed = packet(MAC, m.mac, "192.0.2.1", GROUP, 63, 1000);
    assert_eq!(m.send(4, &frame), [&[(1, routed.clone())], &bridged[..]].concat());
    // What the bridge drops the router still sends, and the other way round.
    let miss = switch::FDB_MULTICAST_MISS_PACKET_ACTION.id();
    m.set(ObjectType::SWITCH, m.switch, miss, Value::I32(PacketAction::DROP.0));
    assert_eq!(m.send(4, &frame), [(1, routed)]);
    m.set(ObjectType::SWITCH, m.switch, miss, Value::I32(PacketAction::FORWARD.0));
    m.set_entry(key, entry::PACKET_ACTION.id(), Value::I32(PacketAction::DROP.0));
    assert_eq!(m.send(4, &frame), bridged);
    // Too old for the router, not for the bridge.
    let old = packet(MAC, HOST, "192.0.2.1", GROUP, 1, 1000);
    assert_eq!(m.to(4, &old), [5, 6]);
}

#[test]
fn a_copy_into_a_vlan_goes_where_its_listeners_are() {
    let m = Multicast::new();
    m.lead(None, GROUP, &[m.vlan]);
    assert_eq!(m.to(0, &m.frame("192.0.2.1")), [4, 5]);
    let vlan = oid(&m, &ObjectRef::Object(ObjectType::ROUTER_INTERFACE, m.vlan), rif::VLAN_ID.id());
    let listeners = m.create(ObjectType::L2MC_GROUP, &[]);
    m.create(
        ObjectType::L2MC_GROUP_MEMBER,
        &[
            attr(sai::l2mc_group_member::L2MC_GROUP_ID.id(), Value::Oid(listeners)),
            attr(sai::l2mc_group_member::L2MC_OUTPUT_ID.id(), Value::Oid(m.bridge_ports[5])),
        ],
    );
    m.entry(
        Entry::McastFdb(sai::entry::McastFdbEntry {
            switch_id: m.switch,
            mac_address: sai::MacAddr(MAC),
            bv_id: vlan,
        }),
        &[
            attr(sai::mcast_fdb_entry::GROUP_ID.id(), Value::Oid(listeners)),
            attr(sai::mcast_fdb_entry::PACKET_ACTION.id(), Value::I32(PacketAction::FORWARD.0)),
        ],
    );
    assert_eq!(m.to(0, &m.frame("192.0.2.1")), [5]);
}

/// Acts: SAI_IPMC_GROUP_ATTR_IPMC_GROUP_WITH_MEMBERS, SAI_IPMC_GROUP_ATTR_IPMC_OUTPUT_LIST.
#[test]
fn a_group_may_list_next_hops_which_give_the_mac_address() {
    let m = Multicast::new();
    m.neighbor(m.rifs[1], "10.0.1.2", neighbor_mac(1));
    m.neighbor(m.vlan, "10.0.20.2", neighbor_mac(2));
    let hops = [m.next_hop(m.rifs[1], "10.0.1.2"), m.next_hop(m.vlan, "10.0.20.2")];
    let unresolved = m.next_hop(m.rifs[2], "10.0.2.2");
    let group = m.create(
        ObjectType::IPMC_GROUP,
        &[
            attr(group::IPMC_GROUP_WITH_MEMBERS.id(), Value::Bool(true)),
            attr(group::IPMC_OUTPUT_LIST.id(), Value::OidList(vec![hops[0], hops[1], unresolved])),
        ],
    );
    let object = ObjectRef::Object(ObjectType::IPMC_GROUP, group);
    assert_eq!(m.get(&object, group::IPMC_OUTPUT_COUNT.id()), Value::U32(3));
    m.entry(m.key(None, GROUP), &m.attrs(group, m.expected(&[])));
    // The station of the VLAN is known on port 5.
    m.to(5, &tagged(ALL, neighbor_mac(2), 20));
    let to = |n| packet(neighbor_mac(n), m.mac, "192.0.2.1", GROUP, 63, 1000);
    let mut in_vlan = to(2);
    in_vlan.splice(12..12, [0x81, 0, 0, 20]);
    assert_eq!(m.send(0, &m.frame("192.0.2.1")), [(1, to(1)), (5, in_vlan)]);
    m.set(ObjectType::NEXT_HOP, hops[0], next_hop::DISABLE_DST_MAC_REWRITE.id(), Value::Bool(true));
    set(&m, &object, attr(group::IPMC_OUTPUT_LIST.id(), Value::OidList(vec![hops[0]]))).unwrap();
    let kept = packet(MAC, m.mac, "192.0.2.1", GROUP, 63, 1000);
    assert_eq!(m.send(0, &m.frame("192.0.2.1")), [(1, kept)]);
    let attrs = [
        attr(output::IPMC_GROUP_ID.id(), Value::Oid(group)),
        attr(output::IPMC_OUTPUT_ID.id(), Value::Oid(m.rifs[1])),
    ];
    let refused = create(&m, m.switch, ObjectType::IPMC_GROUP_MEMBER, &attrs);
    assert_eq!(refused.unwrap_err().status(), Status::INVALID_ATTR_VALUE_0, "its members are its list");
    m.remove_entry(m.neighbor_key(m.rifs[1], "10.0.1.2"));
    assert!(m.to(0, &m.frame("192.0.2.1")).is_empty());
}

/// Acts: SAI_VIRTUAL_ROUTER_ATTR_UNKNOWN_L3_MULTICAST_PACKET_ACTION.
#[test]
fn a_group_without_an_entry_is_dropped_or_told_to_the_cpu() {
    let m = Multicast::new();
    let frame = m.frame("192.0.2.1");
    let count = || m.punted();
    assert_eq!((m.to(0, &frame), count()), (vec![], 0));
    let action = virtual_router::UNKNOWN_L3_MULTICAST_PACKET_ACTION.id();
    for (does, punts) in [(PacketAction::TRAP, 1), (PacketAction::COPY, 1), (PacketAction::FORWARD, 0)] {
        m.set(ObjectType::VIRTUAL_ROUTER, m.vr, action, Value::I32(does.0));
        assert_eq!((m.to(0, &frame), count()), (vec![], punts), "{does}");
    }
    // The trap type of such packets.
    m.create(
        ObjectType::HOSTIF_TRAP,
        &[
            attr(hostif_trap::TRAP_TYPE.id(), Value::I32(hostif_trap::Type::UNKNOWN_L3_MULTICAST.0)),
            attr(hostif_trap::PACKET_ACTION.id(), Value::I32(PacketAction::TRAP.0)),
        ],
    );
    assert_eq!((m.to(0, &frame), count()), (vec![], 1));
}

#[test]
fn many_groups_replicate_as_a_naive_model_does() {
    let m = Multicast::new();
    let all: Vec<_> = m.rifs.iter().copied().chain([m.vlan]).collect();
    let ports: [&[usize]; 4] = [&[0], &[1], &[2], &[4, 5]];
    let mut random = 7u32;
    let mut below = |n: u32| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 16) % n
    };
    for round in 0..60u32 {
        let (of, from) = (below(16), below(16));
        let destination = format!("239.9.{}.1", round);
        let pick = |set: u32| (0..4).filter(move |n| set >> n & 1 == 1);
        let chosen = |set: u32| pick(set).map(|n| all[n]).collect::<Vec<_>>();
        let key = m.key(None, &destination);
        m.entry(key, &m.attrs(m.outputs(&chosen(of)), m.expected(&chosen(from))));
        let mac = [1, 0, 0x5E, 9, round as u8, 1];
        for port in 0..3 {
            let frame = packet(mac, HOST, "192.0.2.1", &destination, 9, 1);
            let goes = from == 0 || from >> port & 1 == 1;
            let expected: Vec<usize> = match goes {
                true => pick(of).filter(|n| *n != port).flat_map(|n| ports[n].iter().copied()).collect(),
                false => vec![],
            };
            assert_eq!(m.to(port, &frame), expected, "outputs {of:b}, expected on {from:b}, from {port}");
        }
    }
}

/// Acts: SAI_ACL_TABLE_ATTR_FIELD_IPMC_NPU_META_DST_HIT, SAI_ACL_ENTRY_ATTR_FIELD_IPMC_NPU_META_DST_HIT.
#[test]
fn an_acl_tells_groups_with_an_entry() {
    let m = Multicast::new();
    m.lead(None, GROUP, &[m.rifs[1]]);
    let other = packet([1, 0, 0x5E, 1, 2, 4], HOST, "10.9.9.9", "239.1.2.4", 64, 1000);
    m.set(ObjectType::VIRTUAL_ROUTER, m.vr, UNKNOWN, Value::I32(PacketAction::COPY.0));
    let both = || (m.to(0, &m.frame("10.9.9.9")).len(), m.to(0, &other).len(), m.punted());
    assert_eq!(both(), (1, 0, 1), "the one is routed, the other only copied to the CPU");
    let table = m.create(
        ObjectType::ACL_TABLE,
        &[
            attr(acl_table::ACL_STAGE.id(), Value::I32(AclStage::INGRESS.0)),
            attr(acl_table::FIELD_IPMC_NPU_META_DST_HIT.id(), Value::Bool(true)),
        ],
    );
    m.set(ObjectType::SWITCH, m.switch, switch::INGRESS_ACL.id(), Value::Oid(table));
    let drop = |hit: bool| {
        m.create(
            ObjectType::ACL_ENTRY,
            &[
                attr(acl_entry::TABLE_ID.id(), Value::Oid(table)),
                attr(acl_entry::FIELD_IPMC_NPU_META_DST_HIT.id(), Value::AclField(AclField::Bool(hit))),
                attr(
                    acl_entry::ACTION_PACKET_ACTION.id(),
                    Value::AclAction(AclAction::I32(PacketAction::DENY.0)),
                ),
            ],
        )
    };
    let entry = drop(true);
    assert_eq!(both(), (0, 0, 1));
    m.remove(ObjectType::ACL_ENTRY, entry);
    drop(false);
    assert_eq!(both(), (1, 0, 0));
}
