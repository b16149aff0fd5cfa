//! Hashes: which packets of a group's traffic stay together.

use super::bed::routed::*;
use super::bed::*;
use sai::hash::Algorithm;
use sai::types::{AclStage, NativeHashField as Field};
use sai::{
    AclAction, AclField, Answer, AttrEntry, AttrId, ObjectId, ObjectRef, ObjectType, Query, Status, Value,
    acl_entry, acl_table, fine_grained_hash_field as fine, hash, lag, lag_member, next_hop_group, port,
    switch, udf, udf_group, udf_match,
};

/// A UDP packet to the router of which everything can be chosen.
#[derive(Clone)]
struct Flow {
    to: [u8; 6],
    from: [u8; 6],
    src: &'static str,
    dst: &'static str,
    ports: (u16, u16),
}

impl Flow {
    fn new(net: &Net) -> Flow {
        Flow { to: net.mac, from: HOST, src: "192.0.2.1", dst: "20.0.0.1", ports: (1000, 53) }
    }

    fn frame(&self) -> Vec<u8> {
        let mut f = packet(self.to, self.from, self.src, self.dst, 64, self.ports.0);
        let at = f.len() - 10;
        f[at..at + 2].copy_from_slice(&self.ports.1.to_be_bytes());
        f
    }
}

fn fields(list: &[Field]) -> AttrEntry {
    attr(hash::NATIVE_HASH_FIELD_LIST.id(), Value::I32List(list.iter().map(|f| f.0).collect()))
}

fn default_hash(net: &Net, of: AttrId) -> ObjectId {
    oid(net, &this(net.switch), of)
}

fn set_switch(net: &Net, id: AttrId, value: Value) {
    net.set(ObjectType::SWITCH, net.switch, id, value);
}

/// How many ports 64 packets leave by.
fn spread(net: &Net, packet: impl Fn(u16) -> Vec<u8>) -> usize {
    net.spread((0..64).map(packet).collect())
}

/// Acts: SAI_HASH_ATTR_NATIVE_HASH_FIELD_LIST.
#[test]
fn only_the_fields_of_the_list_tell_flows_apart() {
    let net = Net::new();
    net.ecmp(&[]);
    let ecmp = default_hash(&net, switch::ECMP_HASH.id());
    let flow = Flow::new(&net);
    let by_source = |n: u16| Flow { ports: (n, 53), ..flow.clone() }.frame();
    let by_destination = |n: u16| Flow { ports: (1000, n), ..flow.clone() }.frame();
    let by_mac = |n: u16| Flow { from: [2, 0, 0, 0, 7, n as u8], ..flow.clone() }.frame();
    // As the switch comes up each of them matters.
    for all in [spread(&net, by_source), spread(&net, by_destination), spread(&net, by_mac)] {
        assert_eq!(all, 3);
    }
    for (field, ways) in
        [(Field::L4_SRC_PORT, [3, 1, 1]), (Field::L4_DST_PORT, [1, 3, 1]), (Field::SRC_MAC, [1, 1, 3])]
    {
        set(&net, &ObjectRef::Object(ObjectType::HASH, ecmp), fields(&[field])).unwrap();
        let seen = [spread(&net, by_source), spread(&net, by_destination), spread(&net, by_mac)];
        assert_eq!(seen, ways, "{field}");
    }
}

#[test]
fn every_native_field_is_offered_and_others_refused() {
    let net = Net::new();
    let ecmp = ObjectRef::Object(ObjectType::HASH, default_hash(&net, switch::ECMP_HASH.id()));
    let list = hash::NATIVE_HASH_FIELD_LIST.id();
    let Ok(Answer::EnumValues(offered)) =
        net.backend().query(net.switch, Query::EnumValues(ObjectType::HASH, list))
    else {
        panic!("the fields can be asked for");
    };
    let all = AttrEntry::new(list, Value::I32List(offered.clone()));
    net.backend().set(&ecmp, &all).unwrap();
    assert!(offered.contains(&Field::RDMA_BTH_DEST_QP.0));
    let wrong = AttrEntry::new(list, Value::I32List(vec![Field::SRC_IP.0, 999]));
    assert_eq!(net.backend().set(&ecmp, &wrong).unwrap_err().status(), Status::INVALID_ATTR_VALUE_0);
    assert_eq!(get(&net, &ecmp, list), Ok(all.value), "a refused set leaves no trace");
    let default = switch::ECMP_DEFAULT_HASH_ALGORITHM.id();
    let none = AttrEntry::new(default, Value::I32(Algorithm::NONE.0));
    let refused = net.backend().set(&this(net.switch), &none).unwrap_err();
    assert_eq!(refused.status(), Status::INVALID_ATTR_VALUE_0);
}

/// Acts: SAI_SWITCH_ATTR_ECMP_HASH_IPV4, SAI_SWITCH_ATTR_ECMP_HASH_IPV6,
/// SAI_SWITCH_ATTR_ECMP_HASH_IPV4_IN_IPV4.
#[test]
fn each_kind_of_packet_has_its_own_hash_for_groups() {
    let net = Net::new();
    net.ecmp(&[]);
    let by_source = net.create(ObjectType::HASH, &[fields(&[Field::L4_SRC_PORT])]);
    let by_inner = net.create(ObjectType::HASH, &[fields(&[Field::INNER_L4_SRC_PORT])]);
    let nothing = net.create(ObjectType::HASH, &[fields(&[])]);
    let v4 = |n| packet(net.mac, HOST, "192.0.2.1", "20.0.0.1", 64, n);
    let v6 = |n| packet(net.mac, HOST, "2001:db8:9::1", "2001:db8::1", 64, n);
    let tunneled = |n| ip_in_ip(&v4(n));
    set_switch(&net, switch::ECMP_HASH_IPV4.id(), Value::Oid(nothing));
    assert_eq!([spread(&net, v4), spread(&net, v6), spread(&net, tunneled)], [1, 3, 1]);
    set_switch(&net, switch::ECMP_HASH_IPV6.id(), Value::Oid(nothing));
    assert_eq!([spread(&net, v4), spread(&net, v6), spread(&net, tunneled)], [1, 1, 1]);
    set_switch(&net, switch::ECMP_HASH_IPV4_IN_IPV4.id(), Value::Oid(by_inner));
    assert_eq!([spread(&net, v4), spread(&net, v6), spread(&net, tunneled)], [1, 1, 3]);
    set_switch(&net, switch::ECMP_HASH_IPV6.id(), Value::Oid(by_source));
    set_switch(&net, switch::ECMP_HASH_IPV4.id(), Value::Oid(ObjectId::NULL));
    assert_eq!([spread(&net, v4), spread(&net, v6)], [3, 3]);
}

/// The frame in another IPv4 header, to the same destination.
/// Acts: SAI_SWITCH_ATTR_ECMP_HASH_IPV4_RDMA, SAI_SWITCH_ATTR_ECMP_HASH_IPV6_RDMA.
#[test]
fn rdma_has_a_hash_of_its_own_for_groups() {
    let net = Net::new();
    net.ecmp(&[]);
    let seen = || {
        let of = |src, dst| spread(&net, |n| rdma(packet(net.mac, HOST, src, dst, 64, n)));
        let plain = spread(&net, |n| packet(net.mac, HOST, "192.0.2.1", "20.0.0.1", 64, n));
        [of("192.0.2.1", "20.0.0.1"), of("2001:db8:9::1", "2001:db8::1"), plain]
    };
    assert_eq!(seen(), [3, 3, 3]);
    let nothing = net.create(ObjectType::HASH, &[fields(&[])]);
    set_switch(&net, switch::ECMP_HASH_IPV4_RDMA.id(), Value::Oid(nothing));
    assert_eq!(seen(), [1, 3, 3]);
    set_switch(&net, switch::ECMP_HASH_IPV6_RDMA.id(), Value::Oid(nothing));
    assert_eq!(seen(), [1, 1, 3]);
    set_switch(&net, switch::ECMP_HASH_IPV4_RDMA.id(), Value::Oid(ObjectId::NULL));
    assert_eq!(seen(), [3, 1, 3]);
}

/// Makes RoCE v2 of a UDP packet.
fn rdma(mut frame: Vec<u8>) -> Vec<u8> {
    let at = frame.len() - 10;
    frame[at..at + 2].copy_from_slice(&4791u16.to_be_bytes());
    frame
}

fn ip_in_ip(frame: &[u8]) -> Vec<u8> {
    let (ethernet, inner) = frame.split_at(14);
    let mut ip = vec![0x45, 0, 0, (inner.len() + 20) as u8, 0, 0, 0, 0, 64, 4, 0, 0, 192, 0, 2, 9];
    ip.extend(&inner[16..20]);
    let sum = switch_sim::wire::checksum::checksum(&ip);
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    [ethernet, &ip, inner].concat()
}

/// Acts: SAI_SWITCH_ATTR_ECMP_DEFAULT_HASH_ALGORITHM, SAI_SWITCH_ATTR_ECMP_DEFAULT_HASH_SEED,
/// SAI_SWITCH_ATTR_ECMP_DEFAULT_HASH_OFFSET.
#[test]
fn algorithm_seed_and_offset_move_flows() {
    let net = Net::new();
    net.ecmp(&[]);
    let mut seen = vec![net.flows("20.0.0.1")];
    for number in 1..=10 {
        let random = number == Algorithm::RANDOM.0;
        if number == Algorithm::NONE.0 {
            continue;
        }
        set_switch(&net, switch::ECMP_DEFAULT_HASH_ALGORITHM.id(), Value::I32(number));
        let flows = net.flows("20.0.0.1");
        assert!(flows.iter().all(|f| f.len() == 1) && !seen.contains(&flows), "algorithm {number}");
        let counts = number == Algorithm::ROUND_ROBIN.0;
        assert_eq!(net.flows("20.0.0.1") == flows, !random && !counts, "algorithm {number}");
        seen.push(flows);
    }
    set_switch(&net, switch::ECMP_DEFAULT_HASH_ALGORITHM.id(), Value::I32(Algorithm::CRC.0));
    assert_eq!(net.flows("20.0.0.1"), seen[0]);
    set_switch(&net, switch::ECMP_DEFAULT_HASH_OFFSET.id(), Value::U8(5));
    let turned = net.flows("20.0.0.1");
    assert_ne!(turned, seen[0]);
    set_switch(&net, switch::ECMP_DEFAULT_HASH_SEED.id(), Value::U32(0xDEAD_BEEF));
    assert_ne!(net.flows("20.0.0.1"), turned);
}

/// Acts: SAI_PORT_ATTR_ECMP_HASH_ALGORITHM, SAI_PORT_ATTR_ECMP_HASH_SEED, SAI_PORT_ATTR_ECMP_HASH_OFFSET.
#[test]
fn a_port_hashes_what_comes_in_by_it_in_its_own_way() {
    let net = Net::new();
    net.ecmp(&[]);
    let of_switch = [
        (switch::ECMP_DEFAULT_HASH_ALGORITHM.id(), Value::I32(Algorithm::XOR.0)),
        (switch::ECMP_DEFAULT_HASH_SEED.id(), Value::U32(77)),
        (switch::ECMP_DEFAULT_HASH_OFFSET.id(), Value::U8(3)),
    ];
    let of_port = [
        (port::ECMP_HASH_ALGORITHM.id(), Value::I32(Algorithm::XOR.0)),
        (port::ECMP_HASH_SEED.id(), Value::U32(77)),
        (port::ECMP_HASH_OFFSET.id(), Value::U8(3)),
    ];
    let on_port = |(id, value): &(AttrId, Value)| net.set(ObjectType::PORT, net.ports[0], *id, value.clone());
    // What the switch would do with each of the three, one after the other, a port does alone.
    let mut steps = vec![net.flows("20.0.0.1")];
    for (id, value) in of_switch.clone() {
        set_switch(&net, id, value);
        steps.push(net.flows("20.0.0.1"));
    }
    assert!((1..4).all(|n| steps[n] != steps[n - 1]));
    let plain = [Value::I32(Algorithm::CRC.0), Value::U32(0), Value::U8(0)];
    of_switch.iter().zip(plain).for_each(|((id, _), plain)| set_switch(&net, *id, plain));
    assert_eq!(net.flows("20.0.0.1"), steps[0]);
    for (n, own) in of_port.iter().enumerate() {
        on_port(own);
        assert_eq!(net.flows("20.0.0.1"), steps[n + 1]);
    }
    // The other ports are the switch's matter, and a port that names no algorithm has its.
    let other = packet(net.mac, HOST, "192.0.2.1", "20.0.0.1", 64, 9);
    let first = net.to(1, &other);
    on_port(&(port::ECMP_HASH_ALGORITHM.id(), Value::I32(Algorithm::ROUND_ROBIN.0)));
    assert!((0..4).all(|_| net.to(1, &other) == first));
    let turns: Vec<_> = (0..3).map(|_| net.way(&other)).collect();
    assert_eq!(distinct(&turns), 3);
    on_port(&(port::ECMP_HASH_ALGORITHM.id(), Value::I32(Algorithm::NONE.0)));
    assert!((0..4).all(|_| net.to(0, &other) == net.to(0, &other)));
}

/// Acts: SAI_SWITCH_ATTR_ECMP_DEFAULT_SYMMETRIC_HASH.
#[test]
fn a_symmetric_hash_keeps_both_directions_together() {
    let net = Net::new();
    net.ecmp(&[]);
    let ecmp = default_hash(&net, switch::ECMP_HASH.id());
    let five = [Field::SRC_IP, Field::DST_IP, Field::IP_PROTOCOL, Field::L4_SRC_PORT, Field::L4_DST_PORT];
    set(&net, &ObjectRef::Object(ObjectType::HASH, ecmp), fields(&five)).unwrap();
    let together = || {
        let both = |n: u16| {
            let there = Flow { src: "20.0.0.7", ports: (n, 53), ..Flow::new(&net) };
            let back = Flow { src: there.dst, dst: there.src, ports: (53, n), ..there.clone() };
            net.way(&there.frame()) == net.way(&back.frame())
        };
        (0..32).filter(|n| both(*n)).count()
    };
    assert!(together() < 32);
    set_switch(&net, switch::ECMP_DEFAULT_SYMMETRIC_HASH.id(), Value::Bool(true));
    assert_eq!(together(), 32);
    assert_eq!(spread(&net, |n| Flow { ports: (n, 53), ..Flow::new(&net) }.frame()), 3);
}

/// Acts: SAI_HASH_ATTR_FINE_GRAINED_HASH_FIELD_LIST,
/// SAI_FINE_GRAINED_HASH_FIELD_ATTR_NATIVE_HASH_FIELD, SAI_FINE_GRAINED_HASH_FIELD_ATTR_IPV4_MASK,
/// SAI_FINE_GRAINED_HASH_FIELD_ATTR_IPV6_MASK, SAI_FINE_GRAINED_HASH_FIELD_ATTR_SEQUENCE_ID.
#[test]
fn fine_grained_fields_have_masks_and_an_order() {
    let net = Net::new();
    net.ecmp(&[]);
    let field = |of: Field, more: AttrEntry, sequence: u32| {
        let attrs = [
            attr(fine::NATIVE_HASH_FIELD.id(), Value::I32(of.0)),
            more,
            attr(fine::SEQUENCE_ID.id(), Value::U32(sequence)),
        ];
        net.create(ObjectType::FINE_GRAINED_HASH_FIELD, &attrs)
    };
    let v4 = |of, mask: &str, sequence| {
        field(of, attr(fine::IPV4_MASK.id(), Value::Ipv4(mask.parse().unwrap())), sequence)
    };
    let ecmp = ObjectRef::Object(ObjectType::HASH, default_hash(&net, switch::ECMP_HASH.id()));
    set(&net, &ecmp, fields(&[])).unwrap();
    let use_fields = |ids: Vec<ObjectId>| {
        set(&net, &ecmp, attr(hash::FINE_GRAINED_HASH_FIELD_LIST.id(), Value::OidList(ids))).unwrap();
    };
    let from = |net_part: u16, host: u16| {
        let src = format!("192.0.{net_part}.{host}");
        packet(net.mac, HOST, &src, "20.0.0.1", 64, 1000)
    };
    use_fields(vec![v4(Field::SRC_IPV4, "255.255.255.0", 1)]);
    assert_eq!(spread(&net, |n| from(2, n + 1)), 1, "hosts of a network stay together");
    assert_eq!(spread(&net, |n| from(n, 1)), 3);
    let mask = attr(fine::IPV6_MASK.id(), Value::Ipv6("ffff:ffff:ffff::".parse().unwrap()));
    use_fields(vec![field(Field::SRC_IPV6, mask, 1)]);
    let from = |site: u16, host: u16| {
        let src = format!("2001:db9:{site:x}::{host:x}");
        packet(net.mac, HOST, &src, "2001:db8::1", 64, 1000)
    };
    assert_eq!([spread(&net, |n| from(1, n + 1)), spread(&net, |n| from(n, 1))], [1, 3]);
    // What has the same sequence number may change places.
    let pair = |sequences: [u32; 2]| {
        let of = [Field::SRC_IPV4, Field::DST_IPV4];
        use_fields((0..2).map(|i| v4(of[i], "255.255.255.255", sequences[i])).collect());
        let both = |n: u16| {
            let one = format!("20.0.0.{}", n + 2);
            let there = packet(net.mac, HOST, &one, "20.0.0.1", 64, 1);
            let back = packet(net.mac, HOST, "20.0.0.1", &one, 64, 1);
            net.way(&there) == net.way(&back)
        };
        (0..32).filter(|n| both(*n)).count()
    };
    assert_eq!(pair([1, 1]), 32);
    assert!(pair([1, 2]) < 32);
}

/// Acts: SAI_NEXT_HOP_GROUP_ATTR_HASH_ALGORITHM.
#[test]
fn a_group_may_have_an_algorithm_of_its_own() {
    let net = Net::new();
    let own = |algorithm: Algorithm| attr(next_hop_group::HASH_ALGORITHM.id(), Value::I32(algorithm.0));
    net.ecmp(&[own(Algorithm::ROUND_ROBIN)]);
    let ways: Vec<_> = (0..9).map(|_| net.way(&Flow::new(&net).frame())).collect();
    assert_eq!(ways[..3], ways[3..6]);
    assert_eq!(ways[..3], ways[6..]);
    let mut each = ways[..3].to_vec();
    each.sort_unstable();
    assert_eq!(each, [1, 2, 3], "one after the other");
}

/// Ports 0 to 3 in VLAN 1, ports 4 to 7 a LAG in it.
fn with_lag(more: &[AttrEntry]) -> Bed {
    let bed = Bed::new();
    (4..8).for_each(|n| bed.free_port(n));
    let lag = bed.create(ObjectType::LAG, more);
    for n in 4..8 {
        let port = attr(lag_member::PORT_ID.id(), Value::Oid(bed.ports[n]));
        bed.create(ObjectType::LAG_MEMBER, &[attr(lag_member::LAG_ID.id(), Value::Oid(lag)), port]);
    }
    let bp = bed.bridge_port(lag);
    bed.member(bed.vlan1, bp, sai::vlan::TaggingMode::UNTAGGED);
    bed
}

/// The members of the LAG by which frames leave that ports 0 to 3 flood.
fn members(bed: &Bed, frames: impl Iterator<Item = Vec<u8>>) -> Vec<usize> {
    let frames: Vec<_> = frames.collect();
    let mut sent = bed.send_all(0, frames.iter().cloned());
    sent.retain(|(port, _)| *port >= 4);
    // Each is taken once: frames may be the same.
    let way = |frame| sent.remove(sent.iter().position(|(_, sent)| sent == frame).unwrap()).0;
    frames.iter().map(way).collect()
}

fn distinct(ways: &[usize]) -> usize {
    ways.iter().collect::<std::collections::BTreeSet<_>>().len()
}

/// Acts: SAI_SWITCH_ATTR_LAG_HASH_IPV4, SAI_SWITCH_ATTR_LAG_HASH_IPV6,
/// SAI_SWITCH_ATTR_LAG_HASH_IPV4_IN_IPV4.
#[test]
fn each_kind_of_packet_has_its_own_hash_for_lags() {
    let bed = with_lag(&[]);
    let lag_hash = ObjectRef::Object(ObjectType::HASH, oid(&bed, &this(bed.switch), switch::LAG_HASH.id()));
    set(&bed, &lag_hash, fields(&[Field::SRC_MAC])).unwrap();
    let by_source = bed.create(ObjectType::HASH, &[fields(&[Field::L4_SRC_PORT])]);
    let by_inner = bed.create(ObjectType::HASH, &[fields(&[Field::INNER_L4_SRC_PORT])]);
    let v4 = |n| packet(B, A, "192.0.2.1", "20.0.0.1", 64, n);
    let v6 = |n| packet(B, A, "2001:db8:9::1", "2001:db8::1", 64, n);
    let seen = || {
        let ways = |f: &dyn Fn(u16) -> Vec<u8>| distinct(&members(&bed, (0..32).map(f)));
        [ways(&v4), ways(&v6), ways(&|n| ip_in_ip(&v4(n)))]
    };
    let on = |id: AttrId, hash| bed.set(ObjectType::SWITCH, bed.switch, id, Value::Oid(hash));
    assert_eq!(seen(), [1, 1, 1]);
    on(switch::LAG_HASH_IPV4.id(), by_source);
    assert_eq!(seen(), [4, 1, 1]);
    on(switch::LAG_HASH_IPV6.id(), by_source);
    assert_eq!(seen(), [4, 4, 1]);
    on(switch::LAG_HASH_IPV4_IN_IPV4.id(), by_inner);
    assert_eq!(seen(), [4, 4, 4]);
}

/// Acts: SAI_SWITCH_ATTR_LAG_HASH_IPV4_RDMA, SAI_SWITCH_ATTR_LAG_HASH_IPV6_RDMA.
#[test]
fn rdma_has_a_hash_of_its_own_for_lags() {
    let bed = with_lag(&[]);
    let lag_hash = ObjectRef::Object(ObjectType::HASH, oid(&bed, &this(bed.switch), switch::LAG_HASH.id()));
    set(&bed, &lag_hash, fields(&[Field::SRC_MAC])).unwrap();
    let by_source = bed.create(ObjectType::HASH, &[fields(&[Field::L4_SRC_PORT])]);
    let seen = || {
        let ways = |f: &dyn Fn(u16) -> Vec<u8>| distinct(&members(&bed, (0..32).map(f)));
        let v4 = |n| packet(B, A, "192.0.2.1", "20.0.0.1", 64, n);
        let v6 = |n| packet(B, A, "2001:db8:9::1", "2001:db8::1", 64, n);
        [ways(&|n| rdma(v4(n))), ways(&|n| rdma(v6(n))), ways(&v4)]
    };
    let on = |id: AttrId, hash| bed.set(ObjectType::SWITCH, bed.switch, id, Value::Oid(hash));
    assert_eq!(seen(), [1, 1, 1]);
    on(switch::LAG_HASH_IPV4_RDMA.id(), by_source);
    assert_eq!(seen(), [4, 1, 1]);
    on(switch::LAG_HASH_IPV6_RDMA.id(), by_source);
    assert_eq!(seen(), [4, 4, 1]);
}

/// Acts: SAI_SWITCH_ATTR_LAG_DEFAULT_HASH_ALGORITHM, SAI_SWITCH_ATTR_LAG_DEFAULT_HASH_SEED,
/// SAI_SWITCH_ATTR_LAG_DEFAULT_HASH_OFFSET, SAI_SWITCH_ATTR_LAG_DEFAULT_SYMMETRIC_HASH.
#[test]
fn a_lag_hashes_by_the_switchs_algorithm_seed_offset_and_symmetry() {
    let bed = with_lag(&[]);
    let flows = || members(&bed, (0..64).map(|n| packet(B, A, "192.0.2.1", "20.0.0.1", 64, n)));
    let mut seen = vec![flows()];
    for (id, value) in [
        (switch::LAG_DEFAULT_HASH_SEED.id(), Value::U32(0xDEAD_BEEF)),
        (switch::LAG_DEFAULT_HASH_OFFSET.id(), Value::U8(5)),
        (switch::LAG_DEFAULT_HASH_ALGORITHM.id(), Value::I32(Algorithm::CRC_CCITT.0)),
    ] {
        bed.set(ObjectType::SWITCH, bed.switch, id, value);
        let now = flows();
        assert!(!seen.contains(&now), "attribute {id}");
        seen.push(now);
    }
    let lag_hash = ObjectRef::Object(ObjectType::HASH, oid(&bed, &this(bed.switch), switch::LAG_HASH.id()));
    set(&bed, &lag_hash, fields(&[Field::SRC_IP, Field::DST_IP])).unwrap();
    let together = || {
        let one = |n: u16| format!("20.0.0.{n}");
        let there = members(&bed, (2..34).map(|n| packet(B, A, &one(n), "20.0.0.1", 64, 1)));
        let back = members(&bed, (2..34).map(|n| packet(B, A, "20.0.0.1", &one(n), 64, 1)));
        there == back
    };
    assert!(!together());
    bed.set(ObjectType::SWITCH, bed.switch, switch::LAG_DEFAULT_SYMMETRIC_HASH.id(), Value::Bool(true));
    assert!(together());
}

/// Acts: SAI_LAG_ATTR_HASH_ALGORITHM.
#[test]
fn a_lag_may_have_an_algorithm_of_its_own() {
    let own = attr(lag::HASH_ALGORITHM.id(), Value::I32(Algorithm::ROUND_ROBIN.0));
    let bed = with_lag(&[own]);
    let same = || std::iter::repeat_n(frame(B, A), 4);
    let ways = members(&bed, same());
    assert_eq!(distinct(&ways), 4, "one after the other: {ways:?}");
    assert_eq!(members(&bed, same()), ways);
}

/// Acts: SAI_HASH_ATTR_UDF_GROUP_LIST, SAI_UDF_ATTR_HASH_MASK.
#[test]
fn user_defined_fields_tell_flows_apart_as_far_as_their_mask_goes() {
    let net = Net::new();
    net.ecmp(&[]);
    let group = net.create(
        ObjectType::UDF_GROUP,
        &[
            attr(udf_group::TYPE.id(), Value::I32(udf_group::Type::HASH.0)),
            attr(udf_group::LENGTH.id(), Value::U16(2)),
        ],
    );
    let ipv4 = AclField::U16 { data: 0x0800, mask: 0xffff };
    let takes = net.create(ObjectType::UDF_MATCH, &[attr(udf_match::L2_TYPE.id(), Value::AclField(ipv4))]);
    let field = net.create(
        ObjectType::UDF,
        &[
            attr(udf::MATCH_ID.id(), Value::Oid(takes)),
            attr(udf::GROUP_ID.id(), Value::Oid(group)),
            attr(udf::BASE.id(), Value::I32(udf::Base::L4.0)),
            attr(udf::OFFSET.id(), Value::U16(0)),
        ],
    );
    let ecmp = ObjectRef::Object(ObjectType::HASH, default_hash(&net, switch::ECMP_HASH.id()));
    set(&net, &ecmp, fields(&[])).unwrap();
    let by_source = |n: u16| packet(net.mac, HOST, "192.0.2.1", "20.0.0.1", 64, n);
    assert_eq!(spread(&net, by_source), 1);
    set(&net, &ecmp, attr(hash::UDF_GROUP_LIST.id(), Value::OidList(vec![group]))).unwrap();
    assert_eq!(spread(&net, by_source), 3);
    net.set(ObjectType::UDF, field, udf::HASH_MASK.id(), Value::U8List(vec![0xff, 0]));
    assert_eq!(spread(&net, by_source), 1, "the low byte is masked");
    assert_eq!(spread(&net, |n| by_source(n << 8)), 3);
}

/// Binds a table for IPv4 packets to a stage, of which one entry chooses how they are hashed.
fn choose(bed: &Bed, stage: AclStage, by: AttrId, id: AttrId, action: AclAction) -> ObjectId {
    let table = bed.create(
        ObjectType::ACL_TABLE,
        &[
            attr(acl_table::ACL_STAGE.id(), Value::I32(stage.0)),
            attr(acl_table::FIELD_ETHER_TYPE.id(), Value::Bool(true)),
        ],
    );
    let ipv4 = AclField::U16 { data: 0x0800, mask: 0xffff };
    let entry = bed.create(
        ObjectType::ACL_ENTRY,
        &[
            attr(acl_entry::TABLE_ID.id(), Value::Oid(table)),
            attr(acl_entry::FIELD_ETHER_TYPE.id(), Value::AclField(ipv4)),
            attr(id, Value::AclAction(action)),
        ],
    );
    bed.set(ObjectType::SWITCH, bed.switch, by, Value::Oid(table));
    entry
}

/// Acts: SAI_ACL_ENTRY_ATTR_ACTION_SET_ECMP_HASH_ID, SAI_ACL_ENTRY_ATTR_ACTION_SET_ECMP_HASH_ALGORITHM.
#[test]
fn an_acl_chooses_how_packets_are_hashed_for_groups() {
    let net = Net::new();
    net.ecmp(&[]);
    let v4 = |n| packet(net.mac, HOST, "192.0.2.1", "20.0.0.1", 64, n);
    let v6 = |n| packet(net.mac, HOST, "2001:db8:9::1", "2001:db8::1", 64, n);
    assert_eq!((spread(&net, v4), spread(&net, v6)), (3, 3));
    let nothing = net.create(ObjectType::HASH, &[fields(&[])]);
    let pre = (AclStage::PRE_INGRESS, switch::PRE_INGRESS_ACL.id());
    let id = acl_entry::ACTION_SET_ECMP_HASH_ID.id();
    let entry = choose(&net, pre.0, pre.1, id, AclAction::Oid(nothing));
    assert_eq!((spread(&net, v4), spread(&net, v6)), (1, 3));
    net.set(ObjectType::ACL_ENTRY, entry, id, Value::AclAction(AclAction::Disabled));
    assert_eq!(spread(&net, v4), 3);
    let in_turn = AclAction::I32(Algorithm::ROUND_ROBIN.0);
    let id = acl_entry::ACTION_SET_ECMP_HASH_ALGORITHM.id();
    choose(&net, pre.0, pre.1, id, in_turn);
    assert_eq!((spread(&net, |_| v4(1)), spread(&net, |_| v6(1))), (3, 1));
    // Once a packet is routed it is too late.
    let table = net.create(ObjectType::ACL_TABLE, &[attr(acl_table::ACL_STAGE.id(), Value::I32(0))]);
    let late = [
        attr(acl_entry::TABLE_ID.id(), Value::Oid(table)),
        attr(id, Value::AclAction(AclAction::I32(Algorithm::CRC.0))),
    ];
    let refused = net.try_create(ObjectType::ACL_ENTRY, &late).unwrap_err();
    assert_eq!(refused.status(), Status::ATTR_NOT_SUPPORTED_0.nth(1));
}

/// Acts: SAI_ACL_ENTRY_ATTR_ACTION_SET_LAG_HASH_ID.
#[test]
fn an_acl_chooses_how_packets_are_hashed_for_lags() {
    let bed = with_lag(&[]);
    let v4 = |n| packet(B, A, "192.0.2.1", "20.0.0.1", 64, n);
    let v6 = |n| packet(B, A, "2001:db8:9::1", "2001:db8::1", 64, n);
    let seen =
        || [&v4 as &dyn Fn(u16) -> Vec<u8>, &v6].map(|flow| distinct(&members(&bed, (0..32).map(flow))));
    assert_eq!(seen(), [4, 4]);
    let nothing = bed.create(ObjectType::HASH, &[fields(&[])]);
    let id = acl_entry::ACTION_SET_LAG_HASH_ID.id();
    choose(&bed, AclStage::INGRESS, switch::INGRESS_ACL.id(), id, AclAction::Oid(nothing));
    assert_eq!(seen(), [1, 4]);
}

/// Acts: SAI_SWITCH_ATTR_VXLAN_DEFAULT_PORT.
#[test]
fn the_port_of_vxlan_is_the_switchs() {
    let net = Net::new();
    net.ecmp(&[]);
    let by_inner = net.create(ObjectType::HASH, &[fields(&[Field::INNER_L4_SRC_PORT])]);
    set_switch(&net, switch::ECMP_HASH_IPV4.id(), Value::Oid(by_inner));
    let vxlan = |port: u16, n| {
        let inside = packet(B, A, "192.0.2.1", "20.0.0.1", 64, n);
        let mut f = packet(net.mac, HOST, "192.0.2.1", "20.0.0.1", 64, 7);
        f.truncate(14 + 20 + 4);
        f[36..38].copy_from_slice(&port.to_be_bytes());
        f.extend((16 + inside.len() as u16).to_be_bytes());
        f.extend([0, 0, 8, 0, 0, 0, 0, 0, 1, 0]);
        f.extend(inside);
        let length = (f.len() - 14) as u16;
        f[16..18].copy_from_slice(&length.to_be_bytes());
        f[24..26].fill(0);
        let sum = switch_sim::wire::checksum::checksum(&f[14..34]);
        f[24..26].copy_from_slice(&sum.to_be_bytes());
        f
    };
    assert_eq!([4789, 5000].map(|port| spread(&net, |n| vxlan(port, n))), [3, 1]);
    set_switch(&net, switch::VXLAN_DEFAULT_PORT.id(), Value::U16(5000));
    assert_eq!([4789, 5000].map(|port| spread(&net, |n| vxlan(port, n))), [1, 3]);
}
