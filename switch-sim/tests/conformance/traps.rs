//! Each trap type: a packet that it takes, one that it does not, and what becomes of the first without a trap.

use std::net::IpAddr;

use super::bed::*;
use sai::hostif_trap::Type;
use sai::notify::Notification;
use sai::types::PacketAction;
use sai::{
    AttrEntry, MacAddr, ObjectId, ObjectRef, ObjectType, Target, Value, hostif_packet,
    hostif_table_entry as entry, hostif_trap as trap, hostif_trap_group as group, queue,
    router_interface as rif, switch,
};
use switch_sim::wire::text;

/// What becomes of a packet without a trap object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alone {
    /// It is dropped.
    Dropped,
    /// It is forwarded: bridged, routed, or, for this switch, given to the CPU.
    Forwarded,
    /// It goes to the CPU alone.
    Trapped,
}

use Alone::{Dropped, Forwarded, Trapped};

/// Type, its default action, a packet that it takes, and one that it leaves. Packets come in by a port of VLAN 1,
/// `ME` stands for the router's MAC address.
const TABLE: &[(Type, Alone, &str, &str)] = &[
    (Type::STP, Dropped, "dst=01:80:c2:00:00:00/llc/payload zeros=35", "dst=01:80:c2:00:00:00 type=0x1234"),
    (Type::LACP, Dropped, "dst=01:80:c2:00:00:02/lacp", "dst=01:80:c2:00:00:02 type=0x8809/payload hex=0a00"),
    (Type::EAPOL, Dropped, "dst=01:80:c2:00:00:03 type=0x888e", "dst=01:80:c2:00:00:03 type=0x888f"),
    (Type::LLDP, Dropped, "dst=01:80:c2:00:00:0e/lldp", "dst=01:80:c2:00:00:0e type=0x88cd"),
    (
        Type::PVRST,
        Dropped,
        "dst=01:00:0c:cc:cc:cd type=0x32/payload hex=aaaa0300000c010b",
        "dst=01:00:0c:cc:cc:ce type=0x32/payload hex=aaaa0300000c010b",
    ),
    (
        Type::UDLD,
        Dropped,
        "dst=01:00:0c:cc:cc:cc type=0x32/payload hex=aaaa0300000c0111",
        "dst=01:00:0c:cc:cc:cc type=0x32/payload hex=aaaa0300000c0112",
    ),
    (
        Type::CDP,
        Dropped,
        "dst=01:00:0c:cc:cc:cc type=0x32/payload hex=aaaa0300000c2000",
        "dst=01:00:0c:cc:cc:cc type=0x32/payload hex=aaaa03000001200c",
    ),
    (
        Type::VTP,
        Dropped,
        "dst=01:00:0c:cc:cc:cc type=0x32/payload hex=aaaa0300000c2003",
        "dst=01:00:0c:cc:cc:cc type=0x32/payload hex=aaaa0300000c2002",
    ),
    (
        Type::DTP,
        Dropped,
        "dst=01:00:0c:cc:cc:cc type=0x32/payload hex=aaaa0300000c2004",
        "dst=01:00:0c:cc:cc:cc type=0x32/payload hex=aaaa0300000c2002",
    ),
    (
        Type::PAGP,
        Dropped,
        "dst=01:00:0c:cc:cc:cc type=0x32/payload hex=aaaa0300000c0104",
        "dst=01:00:0c:cc:cc:cc type=0x32/payload hex=aaaa0300000c0105",
    ),
    (
        Type::ESMC,
        Dropped,
        "dst=01:80:c2:00:00:02 type=0x8809/payload hex=0a00",
        "dst=01:80:c2:00:00:02 type=0x8809/payload hex=0b00",
    ),
    (
        Type::PTP,
        Dropped,
        "dst=01:1b:19:00:00:00 type=0x88f7/payload hex=0002",
        "dst=01:1b:19:00:00:00 type=0x88f6",
    ),
    (Type::PTP, Dropped, "/ipv4/udp dst=319/payload hex=0002", "/ipv4/udp dst=321/payload hex=0002"),
    (
        Type::PTP_PEER_DELAY,
        Dropped,
        "dst=01:1b:19:00:00:00 type=0x88f7/payload hex=0202",
        "dst=01:1b:19:00:00:00 type=0x88f7/payload hex=0102",
    ),
    (
        Type::PTP_PEER_DELAY,
        Dropped,
        "/ipv4/udp dst=319/payload hex=1302",
        "/ipv4/udp dst=319/payload hex=1902",
    ),
    (Type::ISIS, Forwarded, "dst=01:80:c2:00:00:14/llc dsap=0xfe ssap=0xfe", "dst=01:80:c2:00:00:16/llc"),
    (Type::ISIS, Forwarded, "dst=09:00:2b:00:00:05/llc dsap=0xfe ssap=0xfe", "dst=09:00:2b:00:00:06/llc"),
    (Type::ARP_REQUEST, Forwarded, "dst=ff:ff:ff:ff:ff:ff/arp", "dst=ff:ff:ff:ff:ff:ff/arp op=2"),
    (Type::ARP_RESPONSE, Forwarded, "/arp op=2", "/arp op=1"),
    (
        Type::IGMP_TYPE_QUERY,
        Forwarded,
        "dst=01:00:5e:00:00:01/ipv4 dst=224.0.0.1/igmp type=0x11",
        "/ipv4/igmp",
    ),
    (
        Type::IGMP_TYPE_LEAVE,
        Forwarded,
        "dst=01:00:5e:00:00:02/ipv4 dst=224.0.0.2/igmp type=0x17",
        "/ipv4/igmp",
    ),
    (
        Type::IGMP_TYPE_V1_REPORT,
        Forwarded,
        "dst=01:00:5e:7c:00:01/ipv4/igmp type=0x12",
        "/ipv4/igmp type=0x13",
    ),
    (
        Type::IGMP_TYPE_V2_REPORT,
        Forwarded,
        "dst=01:00:5e:7c:00:01/ipv4/igmp type=0x16",
        "/ipv4/igmp type=0x15",
    ),
    (
        Type::IGMP_TYPE_V3_REPORT,
        Forwarded,
        "dst=01:00:5e:00:00:16/ipv4/igmp type=0x22",
        "/ipv4/igmp type=0x21",
    ),
    (
        Type::DHCP,
        Forwarded,
        "dst=ff:ff:ff:ff:ff:ff/ipv4 dst=255.255.255.255/udp src=68 dst=67",
        "/ipv4/udp src=68 dst=67",
    ),
    (
        Type::DHCP,
        Forwarded,
        "dst=ME/ipv4 dst=10.0.0.1/udp src=67 dst=67",
        "dst=ME/ipv4 dst=10.0.0.1/udp src=67 dst=67 proto=6",
    ),
    (Type::DHCP_L2, Forwarded, "/ipv4/udp src=67 dst=68", "/ipv4/udp src=66 dst=69"),
    (
        Type::DHCPV6,
        Forwarded,
        "dst=33:33:00:01:00:02/ipv6 dst=ff02::1:2/udp src=546 dst=547",
        "/ipv6/udp src=546 dst=547",
    ),
    (Type::DHCPV6_L2, Forwarded, "/ipv6/udp src=546 dst=547", "/ipv6/udp src=545 dst=548"),
    (Type::OSPF, Forwarded, "dst=01:00:5e:00:00:05/ipv4 dst=224.0.0.5 proto=89", "/ipv4 proto=88"),
    (Type::OSPFV6, Forwarded, "dst=33:33:00:00:00:05/ipv6 dst=ff02::5 proto=89", "/ipv6 proto=88"),
    (Type::PIM, Forwarded, "dst=01:00:5e:00:00:0d/ipv4 dst=224.0.0.13 proto=103", "/ipv4 proto=104"),
    (Type::PIM, Forwarded, "dst=33:33:00:00:00:0d/ipv6 dst=ff02::d proto=103", "/ipv6 proto=104"),
    (Type::VRRP, Forwarded, "dst=01:00:5e:00:00:12/ipv4 dst=224.0.0.18 proto=112", "/ipv6 proto=112"),
    (Type::VRRPV6, Forwarded, "dst=33:33:00:00:00:12/ipv6 dst=ff02::12 proto=112", "/ipv4 proto=112"),
    (Type::IPV6_NEIGHBOR_SOLICITATION, Forwarded, "dst=33:33:ff:00:00:02/ipv6/ns", "/ipv6/na"),
    (Type::IPV6_NEIGHBOR_ADVERTISEMENT, Forwarded, "dst=33:33:00:00:00:01/ipv6/na", "/ipv6/ns"),
    (Type::IPV6_NEIGHBOR_DISCOVERY, Forwarded, "dst=33:33:ff:00:00:02/ipv6/ns", "/ipv6/icmpv6 type=128"),
    (
        Type::IPV6_NEIGHBOR_DISCOVERY,
        Forwarded,
        "dst=33:33:00:00:00:02/ipv6/icmpv6 type=133",
        "/ipv6/icmpv6 type=138",
    ),
    (Type::IPV6_MLD_V1_V2, Forwarded, "dst=33:33:00:00:00:01/ipv6/icmpv6 type=130", "/ipv6/icmpv6 type=129"),
    (
        Type::IPV6_MLD_V1_REPORT,
        Forwarded,
        "dst=33:33:00:00:00:01/ipv6/icmpv6 type=131",
        "/ipv6/icmpv6 type=129",
    ),
    (
        Type::IPV6_MLD_V1_DONE,
        Forwarded,
        "dst=33:33:00:00:00:01/ipv6/icmpv6 type=132",
        "/ipv6/icmpv6 type=129",
    ),
    (Type::MLD_V2_REPORT, Forwarded, "dst=33:33:00:00:00:16/ipv6/icmpv6 type=143", "/ipv6/icmpv6 type=142"),
    // To the address of this switch; their default is to drop, and a route to the CPU port brings them there.
    (Type::SSH, Dropped, "dst=ME/ipv4 dst=10.0.0.1/tcp dst=22", "dst=ME/ipv4 dst=10.0.0.1/tcp dst=23"),
    (Type::SSH, Dropped, "dst=ME/ipv6 dst=2001:db8::5/tcp dst=22", "dst=ME/ipv6 dst=2001:db8::5/udp dst=22"),
    (Type::SNMP, Dropped, "dst=ME/ipv4 dst=10.0.0.1/udp dst=161", "dst=ME/ipv4 dst=10.0.0.1/tcp dst=161"),
    (Type::BGP, Dropped, "dst=ME/ipv4 dst=10.0.0.1/tcp dst=179", "dst=ME/ipv6 dst=2001:db8::5/tcp dst=179"),
    (Type::BGP, Dropped, "dst=ME/ipv4 dst=10.0.0.1/tcp src=179", "dst=ME/ipv4 dst=10.0.0.1/tcp src=178"),
    (Type::BGPV6, Dropped, "dst=ME/ipv6 dst=2001:db8::5/tcp dst=179", "dst=ME/ipv4 dst=10.0.0.1/tcp dst=179"),
    (Type::BFD, Dropped, "dst=ME/ipv4 dst=10.0.0.1/udp dst=3784", "dst=ME/ipv4 dst=10.0.0.1/udp dst=3785"),
    (Type::BFD, Dropped, "dst=ME/ipv4 dst=10.0.0.1/udp dst=4784", "dst=ME/ipv6 dst=2001:db8::5/udp dst=4784"),
    (
        Type::BFDV6,
        Dropped,
        "dst=ME/ipv6 dst=2001:db8::5/udp dst=3784",
        "dst=ME/ipv4 dst=10.0.0.1/udp dst=3784",
    ),
    (
        Type::BFD_MICRO,
        Dropped,
        "dst=ME/ipv4 dst=10.0.0.1/udp dst=6784",
        "dst=ME/ipv4 dst=10.0.0.1/udp dst=6785",
    ),
    (
        Type::BFDV6_MICRO,
        Dropped,
        "dst=ME/ipv6 dst=2001:db8::5/udp dst=6784",
        "dst=ME/ipv4 dst=10.0.0.1/udp dst=6784",
    ),
    (Type::LDP, Dropped, "dst=ME/ipv4 dst=10.0.0.1/tcp dst=646", "dst=ME/ipv4 dst=10.0.0.1/tcp dst=647"),
    (
        Type::LDP,
        Dropped,
        "dst=01:00:5e:00:00:02/ipv4 dst=224.0.0.2/udp dst=646",
        "/ipv4 dst=224.0.0.1/udp dst=646",
    ),
    (Type::GNMI, Dropped, "dst=ME/ipv4 dst=10.0.0.1/tcp dst=9339", "dst=ME/ipv4 dst=10.0.0.1/tcp dst=9340"),
    (Type::P4RT, Dropped, "dst=ME/ipv4 dst=10.0.0.1/tcp dst=9559", "dst=ME/ipv4 dst=10.0.0.1/tcp dst=9560"),
    (
        Type::NTPCLIENT,
        Dropped,
        "dst=ME/ipv4 dst=10.0.0.1/udp src=123",
        "dst=ME/ipv4 dst=10.0.0.1/udp dst=123",
    ),
    (
        Type::NTPSERVER,
        Dropped,
        "dst=ME/ipv4 dst=10.0.0.1/udp dst=123",
        "dst=ME/ipv4 dst=10.0.0.1/udp src=123",
    ),
    (Type::HTTPCLIENT, Dropped, "dst=ME/ipv4 dst=10.0.0.1/tcp src=80", "dst=ME/ipv4 dst=10.0.0.1/tcp dst=80"),
    (Type::HTTPSERVER, Dropped, "dst=ME/ipv4 dst=10.0.0.1/tcp dst=80", "dst=ME/ipv4 dst=10.0.0.1/tcp src=80"),
    (Type::IP2ME, Dropped, "dst=ME/ipv4 dst=10.0.0.1/icmp", "dst=ME/ipv4 dst=10.5.0.2/icmp"),
    (
        Type::IP2ME,
        Dropped,
        "dst=ME/ipv6 dst=2001:db8::5/icmpv6",
        "dst=02:00:00:00:00:77/ipv6 dst=2001:db8::5/icmpv6",
    ),
    // Exceptions of the pipeline.
    // The virtual router's action on them is to trap.
    (Type::TTL_ERROR, Trapped, "dst=ME/ipv4 dst=10.5.0.2 ttl=1/udp", "dst=ME/ipv4 dst=10.5.0.2 ttl=2/udp"),
    (
        Type::L3_MTU_ERROR,
        Dropped,
        "dst=ME/ipv4 dst=10.5.0.2/udp/payload zeros=473",
        "dst=ME/ipv4 dst=10.5.0.2/udp/payload zeros=472",
    ),
    (Type::NEIGHBOR_MISS, Trapped, "dst=ME/ipv4 dst=10.5.0.99/udp", "dst=ME/ipv4 dst=10.5.0.2/udp"),
    (Type::STATIC_FDB_MOVE, Dropped, "src=02:00:00:00:00:0b", "src=02:00:00:00:00:0c"),
    (Type::PIPELINE_DISCARD_ROUTER, Dropped, "dst=ME/ipv4 dst=10.8.0.1/udp", "dst=ME/ipv4 dst=10.5.0.2/udp"),
    (
        Type::PIPELINE_DISCARD_ROUTER,
        Dropped,
        "dst=ME/ipv4 dst=10.5.0.2 checksum=1/udp",
        "dst=ME/ipv4 dst=10.5.0.2/udp",
    ),
];

struct Router {
    bed: Bed,
    mac: String,
}

impl Router {
    /// VLAN 1 with an interface, 10.0.0.1 and 2001:db8::5 of this switch, 10.5.0.0/16 behind port 5 with the
    /// neighbor 10.5.0.2 and an MTU of 500, 10.8.0.0/16 to be dropped, a static station B at port 7; packets for
    /// the host come back as notifications.
    fn new() -> Router {
        let bed = Bed::new();
        let of = |a| bed.get(ObjectType::SWITCH, bed.switch, a);
        let oid = |a| of(a).as_oid().unwrap();
        let Value::Mac(mac) = of(switch::SRC_MAC_ADDRESS.id()) else { panic!("a MAC address") };
        let vr = attr(rif::VIRTUAL_ROUTER_ID.id(), Value::Oid(oid(switch::DEFAULT_VIRTUAL_ROUTER_ID.id())));
        let kind = |ty: rif::Type| attr(rif::TYPE.id(), Value::I32(ty.0));
        let vlan = attr(rif::VLAN_ID.id(), Value::Oid(bed.vlan1));
        bed.create(ObjectType::ROUTER_INTERFACE, &[vr.clone(), kind(rif::Type::VLAN), vlan]);
        bed.free_port(5);
        let attrs = [
            vr,
            kind(rif::Type::PORT),
            attr(rif::PORT_ID.id(), Value::Oid(bed.ports[5])),
            attr(rif::MTU.id(), Value::U32(500)),
        ];
        let out = bed.create(ObjectType::ROUTER_INTERFACE, &attrs);
        let add = |entry: sai::Entry, attrs: &[AttrEntry]| {
            bed.backend().create(bed.switch, Target::Entry(&entry), attrs).unwrap();
        };
        let route = |to: &str| {
            let vr_id = oid(switch::DEFAULT_VIRTUAL_ROUTER_ID.id());
            sai::entry::RouteEntry { switch_id: bed.switch, vr_id, destination: to.parse().unwrap() }.into()
        };
        let by = |id| attr(sai::route_entry::NEXT_HOP_ID.id(), Value::Oid(id));
        let cpu = oid(switch::CPU_PORT.id());
        add(route("10.0.0.1/32"), &[by(cpu)]);
        add(route("2001:db8::5/128"), &[by(cpu)]);
        add(route("10.5.0.0/16"), &[by(out)]);
        let drop = Value::I32(PacketAction::DROP.0);
        add(route("10.8.0.0/16"), &[attr(sai::route_entry::PACKET_ACTION.id(), drop)]);
        let ip: IpAddr = [10, 5, 0, 2].into();
        let neighbor = sai::entry::NeighborEntry { switch_id: bed.switch, rif_id: out, ip_address: ip };
        let at = attr(sai::neighbor_entry::DST_MAC_ADDRESS.id(), Value::Mac(MacAddr(B)));
        add(neighbor.into(), &[at]);
        let station =
            sai::entry::FdbEntry { switch_id: bed.switch, mac_address: MacAddr(B), bv_id: bed.vlan1 };
        let fixed = Value::I32(sai::fdb_entry::Type::STATIC.0);
        let port = attr(sai::fdb_entry::BRIDGE_PORT_ID.id(), Value::Oid(bed.bridge_ports[7]));
        add(station.into(), &[attr(sai::fdb_entry::TYPE.id(), fixed), port]);
        let any = attr(entry::TYPE.id(), Value::I32(entry::Type::WILDCARD.0));
        let channel = attr(entry::CHANNEL_TYPE.id(), Value::I32(entry::ChannelType::CB.0));
        bed.create(ObjectType::HOSTIF_TABLE_ENTRY, &[any, channel]);
        Router { bed, mac: mac.to_string() }
    }

    fn frame(&self, row: &str) -> Vec<u8> {
        let row = row.replace("ME", &self.mac);
        let source = if row.contains("src=02:") { "" } else { "src=02:00:00:00:00:0a" };
        text::parse(&format!("eth {source} {row} pad=60")).unwrap_or_else(|e| panic!("{row}: {e}"))
    }

    /// Sends a packet in; answers how many copies left, and the traps by which the host got it.
    fn send(&self, row: &str) -> (usize, Vec<ObjectId>) {
        let left = self.bed.send(1, &self.frame(row)).len();
        let trap = |attrs: &[AttrEntry]| {
            let id = hostif_packet::HOSTIF_TRAP_ID.id();
            attrs.iter().find(|a| a.id == id).and_then(|a| a.value.as_oid()).unwrap_or_default()
        };
        let packets = self.bed.notifications().into_iter().filter_map(|n| match n {
            Notification::PacketEvent { attr_list, .. } => Some(trap(&attr_list)),
            _ => None,
        });
        (left, packets.collect())
    }

    fn trap(&self, ty: Type, action: PacketAction, more: &[AttrEntry]) -> ObjectId {
        let ty = attr(trap::TRAP_TYPE.id(), Value::I32(ty.0));
        let action = attr(trap::PACKET_ACTION.id(), Value::I32(action.0));
        self.bed.create(ObjectType::HOSTIF_TRAP, &[&[ty, action], more].concat())
    }
}

#[test]
fn each_trap_takes_its_packets_and_no_others() {
    let router = Router::new();
    let bed = &router.bed;
    let queue = attr(group::QUEUE.id(), Value::U32(9));
    let in_group =
        attr(trap::TRAP_GROUP.id(), Value::Oid(bed.create(ObjectType::HOSTIF_TRAP_GROUP, &[queue])));
    for (ty, _, takes, leaves) in TABLE {
        let id = router.trap(*ty, PacketAction::TRAP, std::slice::from_ref(&in_group));
        let cpu = bed.cpu_queue(9);
        let before = bed.stat(ObjectType::QUEUE, cpu, queue::Stat::PACKETS.0);
        assert_eq!(router.send(takes), (0, vec![id]), "{ty} takes {takes}");
        assert!(!router.send(leaves).1.contains(&id), "{ty} leaves {leaves}");
        let after = bed.stat(ObjectType::QUEUE, cpu, queue::Stat::PACKETS.0);
        assert_eq!(after, before + 1, "{ty} by the queue of its group");
        bed.remove(ObjectType::HOSTIF_TRAP, id);
    }
}

#[test]
fn without_a_trap_the_default_action_of_each_type_holds() {
    let router = Router::new();
    for (ty, default, takes, _) in TABLE {
        let (left, punted) = router.send(takes);
        let to_me = takes.contains("dst=ME") && (takes.contains("10.0.0.1") || takes.contains("2001:db8::5"));
        match default {
            // A route to the CPU port forwards there.
            Forwarded if to_me => assert_eq!((left, punted.len()), (0, 1), "{ty}: {takes}"),
            Forwarded => assert!(left > 0 && punted.is_empty(), "{ty}: {takes}: {left} left, {punted:?}"),
            Dropped => assert_eq!((left, punted), (0, vec![]), "{ty}: {takes}"),
            Trapped => assert_eq!((left, punted), (0, vec![ObjectId::NULL]), "{ty}: {takes}"),
        }
    }
}

#[test]
fn every_type_that_the_switch_names_is_in_the_table() {
    let bed = Bed::new();
    let asked = sai::Query::EnumValues(ObjectType::HOSTIF_TRAP, trap::TRAP_TYPE.id());
    let sai::Answer::EnumValues(types) = bed.backend().query(bed.switch, asked).unwrap() else {
        panic!("a list")
    };
    // Samples, multicast that nobody asked for, and what its queue does not take have tests of their own.
    let elsewhere = [
        Type::PIPELINE_DISCARD_EGRESS_BUFFER,
        Type::PIPELINE_DISCARD_WRED,
        Type::SAMPLEPACKET,
        Type::UNKNOWN_L3_MULTICAST,
    ];
    let here = |t: &Type| elsewhere.contains(t) || TABLE.iter().any(|row| row.0 == *t);
    let missing: Vec<Type> = types.into_iter().map(Type).filter(|t| !here(t)).collect();
    assert_eq!(missing, [], "types without a packet");
}

#[test]
fn a_trap_that_copies_leaves_the_way_of_the_packet_alone() {
    let router = Router::new();
    for (ty, default, takes, _) in TABLE.iter().filter(|row| row.1 == Forwarded) {
        let plain = router.send(takes).0;
        let id = router.trap(*ty, PacketAction::COPY, &[]);
        assert_eq!(router.send(takes), (plain, vec![id]), "{ty} {default:?}: {takes}");
        router.bed.remove(ObjectType::HOSTIF_TRAP, id);
        let id = router.trap(*ty, PacketAction::DROP, &[]);
        assert_eq!(router.send(takes), (0, vec![]), "{ty}: {takes}");
        let object = ObjectRef::Object(ObjectType::HOSTIF_TRAP, id);
        let copy = attr(trap::PACKET_ACTION.id(), Value::I32(PacketAction::LOG.0));
        router.bed.backend().set(&object, &copy).unwrap();
        assert_eq!(router.send(takes), (plain, vec![id]), "{ty}: {takes}");
        router.bed.remove(ObjectType::HOSTIF_TRAP, id);
    }
}
