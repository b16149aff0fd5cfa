//! Tags of other TPIDs, tags on tags, and priorities.

use super::bed::routed::{HOST, Routed, neighbor_mac, packet};
use super::bed::*;
use sai::hostif_trap as trap;
use sai::router_interface::{self as rif, Type};
use sai::types::PacketAction;
use sai::vlan::TaggingMode;
use sai::{AttrEntry, ObjectType, Status, Value, lag, port, queue, switch};

fn with(frame: &[u8], tpid: u16, tci: u16) -> Vec<u8> {
    let tag = [tpid.to_be_bytes(), tci.to_be_bytes()].concat();
    [&frame[..12], &tag, &frame[12..]].concat()
}

/// Acts: SAI_PORT_ATTR_TPID.
#[test]
fn a_provider_port_carries_the_tags_of_its_customers() {
    let bed = Bed::new();
    // Customers at ports 0 and 1, whatever their tags; the provider's network at port 2.
    bed.vlan(100, &[(0, TaggingMode::UNTAGGED), (1, TaggingMode::UNTAGGED), (2, TaggingMode::TAGGED)]);
    for n in [0, 1, 2] {
        bed.set(ObjectType::PORT, bed.ports[n], port::TPID.id(), Value::U16(0x88A8));
    }
    for n in [0, 1] {
        bed.set(ObjectType::PORT, bed.ports[n], port::PORT_VLAN_ID.id(), Value::U16(100));
    }
    let customer = with(&frame(ALL, A), 0x8100, 0xA007);
    let in_network = with(&customer, 0x88A8, 100);
    assert_eq!(bed.send(0, &customer), [(1, customer.clone()), (2, in_network.clone())]);
    assert_eq!(bed.send(2, &in_network), [(0, customer.clone()), (1, customer.clone())]);
    assert_eq!(bed.send(0, &frame(ALL, A)), [(1, frame(ALL, A)), (2, with(&frame(ALL, A), 0x88A8, 100))]);
    // A customer of the same VLAN with three tags.
    let deep = with(&customer, 0x8100, 9);
    assert_eq!(bed.send(0, &deep), [(1, deep.clone()), (2, with(&deep, 0x88A8, 100))]);
}

/// Acts: SAI_SWITCH_ATTR_TPID_OUTER_VLAN, SAI_SWITCH_ATTR_TPID_INNER_VLAN.
#[test]
fn the_switchs_tpids_mark_outer_and_inner_tags() {
    let bed = Bed::new();
    bed.vlan(10, &[(0, TaggingMode::TAGGED), (1, TaggingMode::UNTAGGED)]);
    let f = frame(ALL, A);
    assert_eq!(bed.to(0, &with(&f, 0x88A8, 10)), [1]);
    assert_eq!(bed.to(0, &with(&f, 0x9200, 10)).len(), 7, "no tag: VLAN 1");
    bed.set(ObjectType::SWITCH, bed.switch, switch::TPID_OUTER_VLAN.id(), Value::U16(0x9200));
    assert_eq!(bed.send(0, &with(&f, 0x9200, 10)), [(1, f.clone())]);
    assert_eq!(bed.to(0, &with(&f, 0x88A8, 10)).len(), 7);
    // What stands behind an inner tag is found if its TPID is the switch's.
    let attrs = [
        attr(trap::TRAP_TYPE.id(), Value::I32(trap::Type::EAPOL.0)),
        attr(trap::PACKET_ACTION.id(), Value::I32(PacketAction::COPY.0)),
    ];
    bed.create(ObjectType::HOSTIF_TRAP, &attrs);
    let mut eapol = frame(ALL, A);
    eapol[12..14].copy_from_slice(&[0x88, 0x8E]);
    let stacked = with(&with(&eapol, 0x9300, 5), 0x8100, 10);
    let copies = || bed.stat(ObjectType::QUEUE, bed.cpu_queue(0), queue::Stat::PACKETS.0);
    bed.send(0, &stacked);
    assert_eq!(copies(), 0);
    bed.set(ObjectType::SWITCH, bed.switch, switch::TPID_INNER_VLAN.id(), Value::U16(0x9300));
    bed.send(0, &stacked);
    assert_eq!(copies(), 1);
}

/// Acts: SAI_PORT_ATTR_DEFAULT_VLAN_PRIORITY.
#[test]
fn priorities_follow_the_frame_or_the_port() {
    let bed = Bed::new();
    bed.vlan(10, &[(0, TaggingMode::TAGGED), (1, TaggingMode::UNTAGGED), (2, TaggingMode::PRIORITY_TAGGED)]);
    bed.set(ObjectType::PORT, bed.ports[1], port::PORT_VLAN_ID.id(), Value::U16(10));
    let f = frame(ALL, A);
    bed.set(ObjectType::PORT, bed.ports[1], port::DEFAULT_VLAN_PRIORITY.id(), Value::U8(5));
    assert_eq!(bed.send(1, &f), [(0, with(&f, 0x8100, 0xA00A)), (2, with(&f, 0x8100, 0xA000))]);
    // A priority tag brings its own, and does not choose the VLAN; drop eligibility stays.
    let marked = with(&f, 0x8100, 0x7000);
    assert_eq!(bed.send(1, &marked), [(0, with(&f, 0x8100, 0x700A)), (2, marked.clone())]);
}

/// Acts: SAI_LAG_ATTR_TPID, SAI_LAG_ATTR_PORT_VLAN_ID, SAI_LAG_ATTR_DEFAULT_VLAN_PRIORITY,
/// SAI_LAG_ATTR_DROP_UNTAGGED, SAI_LAG_ATTR_DROP_TAGGED.
#[test]
fn a_lags_attributes_stand_for_those_of_its_members() {
    let bed = Bed::new();
    let id = bed.lag(&[6, 7]);
    let on_lag = bed.bridge_port(id);
    let vlan = bed.vlan(10, &[(0, TaggingMode::TAGGED)]);
    bed.member(vlan, on_lag, TaggingMode::TAGGED);
    let set = |a, v| bed.set(ObjectType::LAG, id, a, v);
    let f = frame(ALL, A);
    set(lag::PORT_VLAN_ID.id(), Value::U16(10));
    set(lag::DEFAULT_VLAN_PRIORITY.id(), Value::U8(3));
    assert_eq!(bed.send(7, &f), [(0, with(&f, 0x8100, 0x600A))]);
    set(lag::TPID.id(), Value::U16(0x9100));
    assert_eq!(bed.send(6, &with(&f, 0x9100, 0x200A)), [(0, with(&f, 0x8100, 0x200A))]);
    let [(6 | 7, out)] = &bed.send(0, &with(&f, 0x8100, 10))[..] else { panic!("one copy") };
    assert_eq!(*out, with(&f, 0x9100, 10));
    set(lag::DROP_UNTAGGED.id(), Value::Bool(true));
    assert!(bed.to(6, &f).is_empty());
    assert_eq!(bed.to(6, &with(&f, 0x9100, 10)), [0]);
    set(lag::DROP_UNTAGGED.id(), Value::Bool(false));
    set(lag::DROP_TAGGED.id(), Value::Bool(true));
    assert!(bed.to(6, &with(&f, 0x9100, 10)).is_empty());
    assert_eq!(bed.to(6, &f), [0]);
}

/// An interface takes the tags off that are its own. What has another under them is no IP packet to the router: it
/// would leave with a tag that nobody there knows.
#[test]
fn a_tag_more_than_an_interface_has_is_payload() {
    let r = Routed::new();
    let right = r.port_rif(1);
    r.neighbor(right, "10.0.1.2", neighbor_mac(1));
    let ip = packet(r.mac, HOST, "192.0.2.1", "10.0.1.2", 64, 1000);
    let routed = packet(neighbor_mac(1), r.mac, "192.0.2.1", "10.0.1.2", 63, 1000);
    let on = |port: usize| attr(rif::PORT_ID.id(), Value::Oid(r.ports[port]));
    r.rif_with(Type::SUB_PORT, &[on(0), attr(rif::OUTER_VLAN_ID.id(), Value::U16(10))]);
    r.port_rif(2);
    let vlan = r.vlan(20, &[(4, TaggingMode::TAGGED)]);
    r.rif_with(Type::VLAN, &[attr(rif::VLAN_ID.id(), Value::Oid(vlan))]);
    for (port, own) in [(0, 10), (2, 0), (4, 20)] {
        assert_eq!(r.send(port, &with(&ip, 0x8100, own)), [(1, routed.clone())], "VLAN {own}");
        assert!(r.to(port, &with(&with(&ip, 0x8100, 5), 0x8100, own)).is_empty(), "5 under {own}");
    }
    // A tag of another TPID than the port's is payload as well.
    r.set(ObjectType::PORT, r.ports[2], port::TPID.id(), Value::U16(0x9100));
    assert_eq!(r.send(2, &with(&ip, 0x9100, 0)), [(1, routed.clone())]);
    assert!(r.to(2, &with(&ip, 0x8100, 0)).is_empty());
    assert_eq!(r.send(2, &ip), [(1, routed)]);
}

/// Acts: SAI_ROUTER_INTERFACE_ATTR_INNER_VLAN_ID, SAI_ROUTER_INTERFACE_ATTR_OUTER_VLAN_ID.
#[test]
fn an_interface_of_two_tags_takes_its_pair_and_sends_with_it() {
    let r = Routed::new();
    let qinq = |port: usize, outer: u16, inner: u16| -> Vec<AttrEntry> {
        vec![
            attr(rif::VIRTUAL_ROUTER_ID.id(), Value::Oid(r.vr)),
            attr(rif::TYPE.id(), Value::I32(Type::QINQ_PORT.0)),
            attr(rif::PORT_ID.id(), Value::Oid(r.ports[port])),
            attr(rif::OUTER_VLAN_ID.id(), Value::U16(outer)),
            attr(rif::INNER_VLAN_ID.id(), Value::U16(inner)),
        ]
    };
    let add = |port, outer, inner| r.try_create(ObjectType::ROUTER_INTERFACE, &qinq(port, outer, inner));
    let left = add(0, 10, 20).unwrap();
    r.neighbor(left, "10.0.0.2", neighbor_mac(0));
    let right = r.port_rif(1);
    r.neighbor(right, "10.0.1.2", neighbor_mac(1));
    let other = add(2, 30, 40).unwrap();
    r.neighbor(other, "10.0.2.2", neighbor_mac(2));
    // What a routed packet looks like without its tags.
    let routed =
        |to: u8, n: u8| packet(neighbor_mac(n), r.mac, "192.0.2.1", &format!("10.0.{to}.2"), 63, 1000);
    let ip = |to: u8| packet(r.mac, HOST, "192.0.2.1", &format!("10.0.{to}.2"), 64, 1000);
    let two = |f: &[u8], outer: u16, inner: u16| with(&with(f, 0x8100, inner), 0x8100, outer);

    assert_eq!(r.send(0, &two(&ip(1), 10, 20)), [(1, routed(1, 1))]);
    assert_eq!(r.send(1, &ip(0)), [(0, two(&routed(0, 0), 10, 20))]);
    assert_eq!(r.send(0, &two(&ip(2), 10, 20)), [(2, two(&routed(2, 2), 30, 40))]);
    for (port, frame) in [
        (0, ip(1)),
        (0, with(&ip(1), 0x8100, 10)),
        (0, with(&ip(1), 0x8100, 20)),
        (0, two(&ip(1), 10, 21)),
        (0, two(&ip(1), 11, 20)),
        (2, two(&ip(1), 10, 20)),
    ] {
        assert!(r.to(port, &frame).is_empty(), "another pair");
    }
    // The priority stays; the TPIDs are those of the port and the switch.
    r.set(ObjectType::PORT, r.ports[2], port::TPID.id(), Value::U16(0x88A8));
    r.set(ObjectType::SWITCH, r.switch, switch::TPID_INNER_VLAN.id(), Value::U16(0x9100));
    let out = with(&with(&routed(2, 2), 0x9100, 0xA000 | 40), 0x88A8, 0xA000 | 30);
    assert_eq!(r.send(0, &two(&ip(2), 0xA000 | 10, 20)), [(2, out)]);
    // A single VLAN of the port is another interface's, as is another pair; the same pair is not.
    let vlan =
        [attr(rif::PORT_ID.id(), Value::Oid(r.ports[0])), attr(rif::OUTER_VLAN_ID.id(), Value::U16(10))];
    r.rif_with(Type::SUB_PORT, &vlan);
    add(0, 10, 21).unwrap();
    assert_eq!(r.send(0, &with(&ip(1), 0x8100, 10)), [(1, routed(1, 1))]);
    assert_eq!(r.send(0, &two(&ip(1), 10, 21)), [(1, routed(1, 1))]);
    assert_eq!(add(0, 10, 20).unwrap_err().status(), Status::ITEM_ALREADY_EXISTS);
    for wrong in [0, 4095] {
        assert_eq!(add(0, 50, wrong).unwrap_err().status(), Status::INVALID_ATTR_VALUE_0.nth(4));
    }
}
