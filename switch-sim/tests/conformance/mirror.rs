//! Mirror sessions: what leaves by the monitor port, to the byte.

use std::net::IpAddr;

use super::bed::*;
use sai::mirror_session::{self as session, Type};
use sai::object::policer::Mode;
use sai::types::{ErspanEncapsulationType as Encapsulation, MeterType, PacketAction};
use sai::vlan::TaggingMode;
use sai::{
    Answer, AttrEntry, AttrId, MacAddr, ObjectId, ObjectType, Query, Status, Value, counter,
    hostif_trap as trap, lag_member, policer, port, queue, switch,
};
use switch_sim::Timing;
use switch_sim::pipeline::{DropReason, Event};
use switch_sim::warm::Keys;
use switch_sim::wire::checksum::checksum;

const SESSION: ObjectType = ObjectType::MIRROR_SESSION;
const IN: AttrId = port::INGRESS_MIRROR_SESSION.id();
const OUT: AttrId = port::EGRESS_MIRROR_SESSION.id();
/// The monitor port, in no bridge.
const MONITOR: usize = 7;

fn bed() -> Bed {
    let bed = Bed::new();
    bed.free_port(MONITOR);
    bed
}

fn session(bed: &Bed, ty: Type, more: &[(AttrId, Value)]) -> ObjectId {
    let mut attrs = vec![
        attr(session::TYPE.id(), Value::I32(ty.0)),
        attr(session::MONITOR_PORT.id(), Value::Oid(bed.ports[MONITOR])),
    ];
    attrs.extend(more.iter().map(|(id, value)| attr(*id, value.clone())));
    bed.create(SESSION, &attrs)
}

fn bind(bed: &Bed, port: usize, by: AttrId, sessions: &[ObjectId]) {
    bed.set(ObjectType::PORT, bed.ports[port], by, Value::OidList(sessions.to_vec()));
}

/// What the monitor port sends when a frame comes in.
fn copies(bed: &Bed, port: usize, frame: &[u8]) -> Vec<Vec<u8>> {
    let out = bed.send(port, frame).into_iter().filter(|(at, _)| *at == MONITOR);
    out.map(|(_, frame)| frame).collect()
}

/// Acts: SAI_PORT_ATTR_INGRESS_MIRROR_SESSION, SAI_PORT_ATTR_EGRESS_MIRROR_SESSION, SAI_MIRROR_SESSION_ATTR_TYPE,
/// SAI_MIRROR_SESSION_ATTR_MONITOR_PORT.
#[test]
fn ingress_copies_are_as_the_frame_came_and_egress_copies_as_it_leaves() {
    needs!(Trace);
    let bed = bed();
    bed.vlan(5, &[(0, TaggingMode::TAGGED), (1, TaggingMode::UNTAGGED)]);
    let f = tagged(ALL, A, 5);
    let id = session(&bed, Type::LOCAL, &[]);
    assert!(copies(&bed, 0, &f).is_empty());
    bind(&bed, 0, IN, &[id]);
    assert_eq!(copies(&bed, 0, &f), std::slice::from_ref(&f));
    // Also of a packet that is dropped then.
    assert_eq!(copies(&bed, 0, &frame(A, A)), [frame(A, A)]);
    assert!(copies(&bed, 2, &frame(ALL, B)).is_empty(), "another port");
    bind(&bed, 0, IN, &[]);
    assert!(copies(&bed, 0, &f).is_empty());
    bind(&bed, 1, OUT, &[id]);
    assert_eq!(copies(&bed, 0, &f), [frame(ALL, A)], "it leaves port 1 without a tag");
    // Both: first what came in, then what left.
    bind(&bed, 0, IN, &[id]);
    assert_eq!(copies(&bed, 0, &f), [f.clone(), frame(ALL, A)]);
    let trace = bed.trace(0, &f);
    let hits = trace.steps.iter().filter(|s| {
        matches!(&s.event, Event::Hit { table, object, .. } if table == "mirror session" && *object == id)
    });
    assert_eq!(hits.count(), 2, "{trace}");
    bed.sent();
    let refused = bed.backend().remove(&sai::ObjectRef::Object(SESSION, id)).unwrap_err();
    assert_eq!(refused.status(), Status::OBJECT_IN_USE);
    // The monitor port counts what it sends.
    let sent = bed.read_and_clear(ObjectType::PORT, bed.ports[MONITOR], port::Stat::IF_OUT_NON_UCAST_PKTS.0);
    assert!(sent >= 5);
    // A port that is monitor and mirrored does not mirror its copies.
    bind(&bed, MONITOR, OUT, &[id]);
    assert_eq!(copies(&bed, 0, &f).len(), 2);
}

/// Acts: SAI_MIRROR_SESSION_ATTR_VLAN_ID, SAI_MIRROR_SESSION_ATTR_VLAN_TPID, SAI_MIRROR_SESSION_ATTR_VLAN_PRI,
/// SAI_MIRROR_SESSION_ATTR_VLAN_CFI.
#[test]
fn a_remote_session_adds_the_tag_of_its_vlan() {
    let bed = bed();
    let id = session(&bed, Type::REMOTE, &[(session::VLAN_ID.id(), Value::U16(100))]);
    bind(&bed, 0, IN, &[id]);
    assert_eq!(copies(&bed, 0, &frame(ALL, A)), [tagged(ALL, A, 100)]);
    bed.set(SESSION, id, session::VLAN_PRI.id(), Value::U8(5));
    bed.set(SESSION, id, session::VLAN_CFI.id(), Value::U8(1));
    bed.set(SESSION, id, session::VLAN_TPID.id(), Value::U16(0x88A8));
    let mut expected = tagged(ALL, A, 7);
    expected.splice(12..12, [0x88, 0xA8, 0xB0, 100]);
    assert_eq!(copies(&bed, 0, &tagged(ALL, A, 7)), [expected], "before the tag that it has");
}

fn v4(tos: u8, ttl: u8) -> Vec<(AttrId, Value)> {
    tunnel([IpAddr::from([10, 1, 0, 1]), IpAddr::from([10, 2, 0, 2])], 4, tos, ttl)
}

fn tunnel(ips: [IpAddr; 2], version: u8, tos: u8, ttl: u8) -> Vec<(AttrId, Value)> {
    vec![
        (session::IPHDR_VERSION.id(), Value::U8(version)),
        (session::TOS.id(), Value::U8(tos)),
        (session::TTL.id(), Value::U8(ttl)),
        (session::SRC_IP_ADDRESS.id(), Value::IpAddress(ips[0])),
        (session::DST_IP_ADDRESS.id(), Value::IpAddress(ips[1])),
        (session::SRC_MAC_ADDRESS.id(), Value::Mac(MacAddr([2, 0, 0, 0, 1, 1]))),
        (session::DST_MAC_ADDRESS.id(), Value::Mac(MacAddr([2, 0, 0, 0, 2, 2]))),
    ]
}

fn erspan(bed: &Bed, kind: Encapsulation, protocol: u16, mut more: Vec<(AttrId, Value)>) -> ObjectId {
    more.push((session::ERSPAN_ENCAPSULATION_TYPE.id(), Value::I32(kind.0)));
    more.push((session::GRE_PROTOCOL_TYPE.id(), Value::U16(protocol)));
    session(bed, Type::ENHANCED_REMOTE, &more)
}

/// Ethernet and IPv4 with these bytes behind.
fn in_ipv4(tos: u8, ttl: u8, protocol: u8, behind: &[u8]) -> Vec<u8> {
    let mut f = vec![2, 0, 0, 0, 2, 2, 2, 0, 0, 0, 1, 1, 8, 0, 0x45, tos];
    f.extend((20 + behind.len() as u16).to_be_bytes());
    f.extend([0, 0, 0x40, 0, ttl, protocol, 0, 0, 10, 1, 0, 1, 10, 2, 0, 2]);
    let sum = f[14..34].chunks(2).map(|b| u32::from(b[0]) << 8 | u32::from(b[1])).sum::<u32>();
    let sum = (sum & 0xffff) + (sum >> 16);
    f[24..26].copy_from_slice(&(!(sum as u16)).to_be_bytes());
    f.extend(behind);
    f
}

/// Acts: SAI_MIRROR_SESSION_ATTR_ERSPAN_ENCAPSULATION_TYPE, SAI_MIRROR_SESSION_ATTR_IPHDR_VERSION,
/// SAI_MIRROR_SESSION_ATTR_TOS, SAI_MIRROR_SESSION_ATTR_TTL, SAI_MIRROR_SESSION_ATTR_SRC_IP_ADDRESS,
/// SAI_MIRROR_SESSION_ATTR_DST_IP_ADDRESS, SAI_MIRROR_SESSION_ATTR_SRC_MAC_ADDRESS,
/// SAI_MIRROR_SESSION_ATTR_DST_MAC_ADDRESS, SAI_MIRROR_SESSION_ATTR_GRE_PROTOCOL_TYPE,
/// SAI_MIRROR_SESSION_ATTR_VLAN_HEADER_VALID, SAI_MIRROR_SESSION_ATTR_GRE_HEADER_FIRST_16BIT.
#[test]
fn a_gre_copy_is_right_to_the_byte() {
    let bed = bed();
    let f = tagged(ALL, A, 1);
    let id = erspan(&bed, Encapsulation::MIRROR_L3_GRE_TUNNEL, 0x88BE, v4(0x2E, 63));
    bind(&bed, 0, IN, &[id]);
    let gre = |first: u16| [&first.to_be_bytes()[..], &[0x88, 0xBE], &f].concat();
    let plain = in_ipv4(0x2E, 63, 47, &gre(0));
    assert_eq!(copies(&bed, 0, &f), [plain]);
    bed.set(SESSION, id, session::GRE_HEADER_FIRST_16BIT.id(), Value::U16(0x0007));
    bed.set(SESSION, id, session::TTL.id(), Value::U8(5));
    assert_eq!(copies(&bed, 0, &f), [in_ipv4(0x2E, 5, 47, &gre(7))]);
    // With a tag on the tunnel's own Ethernet header.
    bed.set(SESSION, id, session::VLAN_HEADER_VALID.id(), Value::Bool(true));
    bed.set(SESSION, id, session::VLAN_ID.id(), Value::U16(9));
    bed.set(SESSION, id, session::VLAN_PRI.id(), Value::U8(3));
    let mut with_tag = in_ipv4(0x2E, 5, 47, &gre(7));
    with_tag.splice(12..12, [0x81, 0, 0x60, 9]);
    assert_eq!(copies(&bed, 0, &f), [with_tag]);
    bed.set(SESSION, id, session::VLAN_HEADER_VALID.id(), Value::Bool(false));

    let ips = ["2001:db8::1", "2001:db8::2"].map(|ip| ip.parse::<IpAddr>().unwrap());
    let id = erspan(&bed, Encapsulation::MIRROR_L3_GRE_TUNNEL, 0x88BE, tunnel(ips, 6, 0x2E, 63));
    bind(&bed, 0, IN, &[id]);
    let mut expected = vec![2, 0, 0, 0, 2, 2, 2, 0, 0, 0, 1, 1, 0x86, 0xDD, 0x62, 0xE0, 0, 0];
    expected.extend((4 + f.len() as u16).to_be_bytes());
    expected.extend([47, 63]);
    for ip in ips {
        let IpAddr::V6(ip) = ip else { unreachable!() };
        expected.extend(ip.octets());
    }
    expected.extend(gre(0));
    assert_eq!(copies(&bed, 0, &f), [expected]);
}

/// Acts: SAI_MIRROR_SESSION_ATTR_ERSPAN_SESSION_ID.
#[test]
fn erspan_headers_number_the_copies_and_tell_of_the_packet() {
    needs!(Clock);
    let bed = bed();
    let id_of = |n| (session::ERSPAN_SESSION_ID.id(), Value::U16(n));
    let mut attrs = v4(0, 255);
    attrs.push(id_of(0x155));
    let second = erspan(&bed, Encapsulation::II, 0x88BE, attrs);
    let port = switch_sim::port::index(bed.ports[0]) as u8;
    bind(&bed, 0, IN, &[second]);
    let f = tagged(ALL, A, 0x6001);
    let ii = |sequence: u8, tell: [u8; 4], f: &[u8]| {
        let gre = [0x10, 0, 0x88, 0xBE, 0, 0, 0, sequence];
        in_ipv4(0, 255, 47, &[&gre[..], &tell, &[0, 0, 0, port], f].concat())
    };
    // Version 1 and VLAN 1; priority 3, its tag still on, not truncated, session 0x155.
    assert_eq!(copies(&bed, 0, &f), [ii(0, [0x10, 1, 0x79, 0x55], &f)]);
    assert_eq!(
        copies(&bed, 0, &frame(ALL, A)),
        [ii(1, [0x10, 1, 0x01, 0x55], &frame(ALL, A))],
        "without a tag"
    );
    bed.set(SESSION, second, session::TRUNCATE_SIZE.id(), Value::U16(40));
    assert_eq!(copies(&bed, 0, &f), [ii(2, [0x10, 1, 0x7D, 0x55], &f[..40])]);

    let mut attrs = v4(0, 255);
    attrs.push(id_of(2));
    let third = erspan(&bed, Encapsulation::III, 0x22EB, attrs);
    bind(&bed, 0, IN, &[third]);
    bed.advance(3);
    let now = 30_000_000u32.to_be_bytes();
    let gre = [0x10, 0, 0x22, 0xEB, 0, 0, 0, 0];
    // Version 2; then time in units of 100 ns; an Ethernet frame that came in.
    let behind = [&gre[..], &[0x20, 1, 0x60, 2], &now, &[0, 0, 0x80, 2], &f].concat();
    assert_eq!(copies(&bed, 0, &f), [in_ipv4(0, 255, 47, &behind)]);
}

/// Acts: SAI_MIRROR_SESSION_ATTR_UDP_SRC_PORT, SAI_MIRROR_SESSION_ATTR_UDP_DST_PORT.
#[test]
fn an_sflow_copy_travels_in_udp() {
    let bed = bed();
    let mut attrs = v4(0, 64);
    attrs.push((session::UDP_SRC_PORT.id(), Value::U16(6344)));
    attrs.push((session::UDP_DST_PORT.id(), Value::U16(6343)));
    let id = session(&bed, Type::SFLOW, &attrs);
    bind(&bed, 0, IN, &[id]);
    let f = frame(ALL, A);
    let copy = copies(&bed, 0, &f).remove(0);
    let mut udp = [6344u16, 6343, 8 + f.len() as u16, 0].map(u16::to_be_bytes).concat();
    udp[6..].copy_from_slice(&copy[40..42]);
    assert_eq!(copy, in_ipv4(0, 64, 17, &[udp, f].concat()));
    // The checksum over the pseudo header holds.
    let pseudo = [&copy[26..34], &[0, 17], &copy[38..40], &copy[34..]].concat();
    assert_eq!(checksum(&pseudo), 0);
}

/// Acts: SAI_MIRROR_SESSION_ATTR_TRUNCATE_SIZE, SAI_MIRROR_SESSION_ATTR_SAMPLE_RATE, SAI_MIRROR_SESSION_ATTR_POLICER,
/// SAI_MIRROR_SESSION_ATTR_COUNTER_ID.
#[test]
fn copies_are_truncated_sampled_policed_and_counted() {
    let bed = bed();
    let id = session(&bed, Type::REMOTE, &[(session::VLAN_ID.id(), Value::U16(3))]);
    let total = bed.create(ObjectType::COUNTER, &[]);
    bed.set(SESSION, id, session::COUNTER_ID.id(), Value::Oid(total));
    bed.set(SESSION, id, session::TRUNCATE_SIZE.id(), Value::U16(96));
    bind(&bed, 0, IN, &[id]);
    let mut f = frame(ALL, A);
    f.resize(700, 1);
    let copy = copies(&bed, 0, &f).remove(0);
    assert_eq!((copy.len(), &copy[16..]), (100, &f[12..96]));
    let count = |stat: counter::Stat| bed.stat(ObjectType::COUNTER, total, stat.0);
    assert_eq!((count(counter::Stat::PACKETS), count(counter::Stat::BYTES)), (1, 104), "with FCS");
    bed.set(SESSION, id, session::TRUNCATE_SIZE.id(), Value::U16(0));
    assert_eq!(copies(&bed, 0, &f)[0].len(), 704);

    bed.set(SESSION, id, session::SAMPLE_RATE.id(), Value::U32(0));
    assert!(copies(&bed, 0, &f).is_empty());
    bed.set(SESSION, id, session::SAMPLE_RATE.id(), Value::U32(4));
    let some = (0..400).filter(|_| !copies(&bed, 0, &f).is_empty()).count();
    assert!((60..140).contains(&some), "{some} of 400");
    bed.set(SESSION, id, session::SAMPLE_RATE.id(), Value::U32(1));

    let meter = bed.create(
        ObjectType::POLICER,
        &[
            attr(policer::MODE.id(), Value::I32(Mode::SR_TCM.0)),
            attr(policer::METER_TYPE.id(), Value::I32(MeterType::PACKETS.0)),
            attr(policer::CBS.id(), Value::U64(2)),
            attr(policer::RED_PACKET_ACTION.id(), Value::I32(PacketAction::DROP.0)),
        ],
    );
    bed.set(SESSION, id, session::POLICER.id(), Value::Oid(meter));
    let sent: Vec<_> = (0..4).map(|_| bed.send(0, &f).len()).collect();
    assert_eq!(sent, [7, 7, 6, 6], "the packets themselves are not policed");
    bed.set(SESSION, id, session::POLICER.id(), Value::Oid(ObjectId::NULL));
    assert_eq!(copies(&bed, 0, &f).len(), 1);
}

/// Acts: SAI_MIRROR_SESSION_ATTR_TC, SAI_SWITCH_ATTR_MIRROR_TC.
#[test]
fn the_traffic_class_of_copies_chooses_their_queue() {
    let bed = bed();
    let id = session(&bed, Type::LOCAL, &[(session::TC.id(), Value::U8(5))]);
    bind(&bed, 0, IN, &[id]);
    bind(&bed, 1, OUT, &[id]);
    let sent =
        |at: usize| bed.stat(ObjectType::QUEUE, bed.queue(bed.ports[MONITOR], at), queue::Stat::PACKETS.0);
    copies(&bed, 0, &frame(ALL, A));
    assert_eq!((sent(5), sent(3)), (2, 0));
    bed.set(ObjectType::SWITCH, bed.switch, switch::MIRROR_TC.id(), Value::U8(3));
    copies(&bed, 0, &frame(ALL, A));
    assert_eq!((sent(5), sent(3)), (2, 2));
    bed.set(ObjectType::SWITCH, bed.switch, switch::MIRROR_TC.id(), Value::U8(255));
    copies(&bed, 0, &frame(ALL, A));
    assert_eq!((sent(5), sent(3)), (4, 2));
}

/// Acts: SAI_MIRROR_SESSION_ATTR_MONITOR_PORTLIST_VALID, SAI_MIRROR_SESSION_ATTR_MONITOR_PORTLIST.
#[test]
fn a_session_may_copy_to_several_ports_and_to_lags() {
    let bed = bed();
    [5, 6].iter().for_each(|port| bed.free_port(*port));
    let lag = bed.create(ObjectType::LAG, &[]);
    for port in [5, 6] {
        let attrs = [
            attr(lag_member::LAG_ID.id(), Value::Oid(lag)),
            attr(lag_member::PORT_ID.id(), Value::Oid(bed.ports[port])),
        ];
        bed.create(ObjectType::LAG_MEMBER, &attrs);
    }
    let targets = |ids: &[ObjectId]| Value::OidList(ids.to_vec());
    let attrs = [
        attr(session::TYPE.id(), Value::I32(Type::LOCAL.0)),
        attr(session::MONITOR_PORTLIST_VALID.id(), Value::Bool(true)),
        attr(session::MONITOR_PORTLIST.id(), targets(&[bed.ports[MONITOR], lag])),
    ];
    let id = bed.create(SESSION, &attrs);
    bind(&bed, 0, IN, &[id]);
    bed.send(1, &frame(ALL, B));
    let mut members = std::collections::BTreeSet::new();
    for n in 0..60 {
        let out = bed.to(0, &frame(B, [2, 7, 7, 7, 7, n]));
        assert_eq!((out.len(), out[0], out[2]), (3, 1, MONITOR), "{out:?}");
        members.insert(out[1]);
    }
    assert_eq!(members.into_iter().collect::<Vec<_>>(), [5, 6], "flows spread over the members");
    bed.set(SESSION, id, session::MONITOR_PORTLIST.id(), targets(&[bed.ports[6]]));
    assert_eq!(bed.to(0, &frame(B, A)), [1, 6]);
}

#[test]
fn a_monitor_port_that_is_down_drops_the_copy_alone() {
    needs!(Trace);
    let bed = bed();
    let id = session(&bed, Type::LOCAL, &[]);
    for (port, by) in [(0, IN), (1, OUT)] {
        bind(&bed, port, by, &[id]);
        bed.set(ObjectType::PORT, bed.ports[MONITOR], port::ADMIN_STATE.id(), Value::Bool(false));
        assert_eq!(bed.to(0, &frame(ALL, A)), [1, 2, 3, 4, 5, 6]);
        let trace = bed.trace(0, &frame(ALL, A));
        let dropped = |e: &Event| {
            matches!(e, Event::End(switch_sim::pipeline::Fate::Dropped(DropReason::EgressPortDown)))
        };
        assert!(trace.steps.iter().any(|s| dropped(&s.event)), "{trace}");
        bed.sent();
        bed.set(ObjectType::PORT, bed.ports[MONITOR], port::ADMIN_STATE.id(), Value::Bool(true));
        assert_eq!(bed.to(0, &frame(ALL, A)), [1, 2, 3, 4, 5, 6, 7]);
        bind(&bed, port, by, &[]);
    }
    // A copy that its headers make too long for the port.
    let id = session(&bed, Type::REMOTE, &[(session::VLAN_ID.id(), Value::U16(3))]);
    bed.set(ObjectType::PORT, bed.ports[MONITOR], port::MTU.id(), Value::U32(100));
    bind(&bed, 1, OUT, &[id]);
    let mut f = frame(ALL, A);
    f.resize(96, 0);
    assert_eq!(copies(&bed, 0, &f).len(), 1);
    f.resize(97, 0);
    assert!(copies(&bed, 0, &f).is_empty());
}

/// Ports of 1 Gbit/s, which take 672 ns for the shortest frame, and queues for ten of them.
fn timed_bed() -> Bed {
    let mut profile = eight_ports();
    profile.timing = Timing::Wire;
    profile.ports.speed = 1_000;
    profile.chip.queue_size = 640;
    let bed = Bed::with(profile, Keys::default());
    bed.free_port(MONITOR);
    bed
}

#[test]
fn an_egress_copy_leaves_when_its_packet_does_if_its_port_is_free() {
    needs!(Profile, Clock);
    let bed = timed_bed();
    for port in [2, 3] {
        bed.send(port, &frame(ALL, [2, 0, 0, 0, 2, port as u8]));
    }
    bed.advance(1);
    bed.sent();
    let id = session(&bed, Type::LOCAL, &[]);
    bind(&bed, 2, OUT, &[id]);
    let to = |port: u8| frame([2, 0, 0, 0, 2, port], A);
    // Three packets wait for port 2: each copy leaves with its packet.
    (0..3).for_each(|_| bed.inject(0, &to(2)));
    for _ in 0..3 {
        let ports: Vec<usize> = bed.sent().into_iter().map(|(port, _)| port).collect();
        assert_eq!(ports, [2, MONITOR]);
        bed.wait(std::time::Duration::from_nanos(672));
    }
    // Copies of what two ports send at once leave one after the other.
    bind(&bed, 3, OUT, &[id]);
    bed.inject(0, &to(2));
    bed.inject(0, &to(3));
    let at_once: Vec<usize> = bed.sent().into_iter().map(|(port, _)| port).collect();
    assert_eq!(at_once, [2, 3, MONITOR]);
    bed.wait(std::time::Duration::from_nanos(671));
    assert!(bed.sent().is_empty());
    bed.wait(std::time::Duration::from_nanos(1));
    assert_eq!(bed.sent(), [(MONITOR, to(3))]);
}

/// Acts: SAI_MIRROR_SESSION_ATTR_CONGESTION_MODE.
#[test]
fn copies_that_find_the_monitor_ports_queue_full_are_dropped_alone() {
    needs!(Profile, Clock);
    let bed = timed_bed();
    let independent = Value::I32(session::CongestionMode::INDEPENDENT.0);
    let id = session(&bed, Type::LOCAL, &[(session::CONGESTION_MODE.id(), independent)]);
    // Two ports at full speed into one monitor port: half of the copies find no room in time.
    for port in [0, 1] {
        bind(&bed, port, IN, &[id]);
        bed.send(2 + port, &frame(ALL, [2, 0, 0, 0, 2, port as u8]));
    }
    bed.advance(1);
    bed.sent();
    for _ in 0..40 {
        for port in [0, 1u8] {
            bed.inject(port.into(), &frame([2, 0, 0, 0, 2, port], [2, 0, 0, 0, 1, port]));
        }
        bed.wait(std::time::Duration::from_nanos(672));
    }
    bed.advance(1);
    let sent = bed.sent();
    let by = |port: usize| sent.iter().filter(|(at, _)| *at == port).count();
    assert_eq!((by(2), by(3)), (40, 40), "the packets all get through");
    assert!((40..60).contains(&by(MONITOR)), "{} copies do", by(MONITOR));
    // Packets never wait for their copies.
    let correlated = [
        attr(session::TYPE.id(), Value::I32(Type::LOCAL.0)),
        attr(session::MONITOR_PORT.id(), Value::Oid(bed.ports[MONITOR])),
        attr(session::CONGESTION_MODE.id(), Value::I32(session::CongestionMode::CORRELATED.0)),
    ];
    let refused = bed.try_create(SESSION, &correlated).unwrap_err();
    assert_eq!(refused.status(), Status::INVALID_ATTR_VALUE_0.nth(2));
}

/// Acts: SAI_HOSTIF_TRAP_ATTR_MIRROR_SESSION.
#[test]
fn a_trap_mirrors_what_it_takes() {
    let bed = bed();
    let id = session(&bed, Type::LOCAL, &[]);
    let mut lldp = frame([1, 0x80, 0xC2, 0, 0, 0x0E], A);
    lldp[12..14].copy_from_slice(&[0x88, 0xCC]);
    let trap = bed.create(
        ObjectType::HOSTIF_TRAP,
        &[
            attr(trap::TRAP_TYPE.id(), Value::I32(trap::Type::LLDP.0)),
            attr(trap::PACKET_ACTION.id(), Value::I32(PacketAction::TRAP.0)),
            attr(trap::MIRROR_SESSION.id(), Value::OidList(vec![id])),
        ],
    );
    assert_eq!(copies(&bed, 0, &lldp), [lldp.clone()]);
    assert!(copies(&bed, 0, &frame(ALL, A)).is_empty());
    bed.set(ObjectType::HOSTIF_TRAP, trap, trap::MIRROR_SESSION.id(), Value::OidList(Vec::new()));
    assert!(copies(&bed, 0, &lldp).is_empty());
}

#[test]
fn sessions_run_out_and_wrong_ones_are_refused() {
    let bed = bed();
    let query = |q| match bed.backend().query(bed.switch, q) {
        Ok(Answer::Count(n)) => n,
        other => panic!("{other:?} is no count"),
    };
    let left = || query(Query::Availability(SESSION, &[]));
    let Value::U32(most) = bed.get(ObjectType::SWITCH, bed.switch, switch::MAX_MIRROR_SESSION.id()) else {
        panic!("a number")
    };
    assert_eq!(left(), u64::from(most));
    let ids: Vec<_> = (0..most).map(|_| session(&bed, Type::LOCAL, &[])).collect();
    assert_eq!(left(), 0);
    let local = |monitor: ObjectId| {
        [
            attr(session::TYPE.id(), Value::I32(Type::LOCAL.0)),
            attr(session::MONITOR_PORT.id(), Value::Oid(monitor)),
        ]
    };
    let error = bed.try_create(SESSION, &local(bed.ports[MONITOR])).unwrap_err();
    assert_eq!(error.status(), Status::INSUFFICIENT_RESOURCES);
    bed.remove(SESSION, ids[0]);
    let cpu = bed.get(ObjectType::SWITCH, bed.switch, switch::CPU_PORT.id()).as_oid().unwrap();
    let error = bed.try_create(SESSION, &local(cpu)).unwrap_err();
    assert_eq!(error.status(), Status::INVALID_ATTR_VALUE_0.nth(1));
    says(&error, "SAI_MIRROR_SESSION_ATTR_MONITOR_PORT");
    let mut attrs: Vec<AttrEntry> = local(bed.ports[MONITOR]).to_vec();
    attrs[0].value = Value::I32(Type::ENHANCED_REMOTE.0);
    let kind = Encapsulation::MIRROR_L3_GRE_TUNNEL.0;
    attrs.push(attr(session::ERSPAN_ENCAPSULATION_TYPE.id(), Value::I32(kind)));
    attrs.push(attr(session::GRE_PROTOCOL_TYPE.id(), Value::U16(0x88BE)));
    let ips = [IpAddr::from([10, 1, 0, 1]), "2001:db8::1".parse().unwrap()];
    attrs.extend(tunnel(ips, 4, 0, 1).into_iter().map(|(id, value)| attr(id, value)));
    let error = bed.try_create(SESSION, &attrs).unwrap_err();
    says(&error, "are of different versions");
    attrs.retain(|a| a.id != session::TOS.id());
    attrs.iter_mut().filter(|a| a.id == session::DST_IP_ADDRESS.id()).for_each(|a| {
        a.value = Value::IpAddress(IpAddr::from([10, 2, 0, 2]));
    });
    let error = bed.try_create(SESSION, &attrs).unwrap_err();
    assert_eq!(error.status(), Status::MANDATORY_ATTRIBUTE_MISSING);
    assert_eq!(left(), 1, "nothing was made");
}
