//! What the host sends: by `send_hostif_packet`, and as the kernel does by a netdev.

use super::bed::*;
use sai::hostif::TxType;
use sai::vlan::TaggingMode;
use sai::{
    AttrEntry, ObjectId, ObjectRef, ObjectType, Result, Special, SpecialAnswer, Status, Value, hostif,
    hostif_packet as packet, port, queue, router_interface as rif, switch, vlan,
};

fn send(bed: &Bed, hostif: ObjectId, frame: &[u8], attrs: &[AttrEntry]) -> Result<SpecialAnswer> {
    bed.backend().special(bed.switch, Special::SendHostifPacket { hostif, frame, attrs })
}

fn how(ty: TxType) -> AttrEntry {
    attr(packet::HOSTIF_TX_TYPE.id(), Value::I32(ty.0))
}

fn to(id: ObjectId) -> AttrEntry {
    attr(packet::EGRESS_PORT_OR_LAG.id(), Value::Oid(id))
}

fn netdev(bed: &Bed, on: ObjectId, more: &[AttrEntry]) -> ObjectId {
    let attrs = [
        attr(hostif::TYPE.id(), Value::I32(hostif::Type::NETDEV.0)),
        attr(hostif::OBJ_ID.id(), Value::Oid(on)),
        attr(hostif::NAME.id(), Value::CharData("dev".try_into().unwrap())),
        attr(hostif::OPER_STATUS.id(), Value::Bool(true)),
    ];
    bed.create(ObjectType::HOSTIF, &[&attrs, more].concat())
}

fn packets(bed: &Bed, port: ObjectId, index: usize) -> u64 {
    bed.stat(ObjectType::QUEUE, bed.queue(port, index), queue::Stat::PACKETS.0)
}

#[test]
fn a_frame_that_bypasses_the_pipeline_leaves_as_it_is_by_its_port_and_queue() {
    let bed = Bed::new();
    let f = tagged(B, A, 0x2345);
    let attrs =
        [how(TxType::PIPELINE_BYPASS), to(bed.ports[4]), attr(packet::EGRESS_QUEUE_INDEX.id(), Value::U8(3))];
    assert_eq!(send(&bed, bed.switch, &f, &attrs).unwrap(), SpecialAnswer::Done);
    assert_eq!(bed.sent(), [(4, f)]);
    assert_eq!((packets(&bed, bed.ports[4], 0), packets(&bed, bed.ports[4], 3)), (0, 1));
    let cpu = bed.get(ObjectType::SWITCH, bed.switch, switch::CPU_PORT.id()).as_oid().unwrap();
    assert_eq!(bed.stat(ObjectType::PORT, cpu, port::Stat::IF_IN_UCAST_PKTS.0), 1);
    assert!(bed.fdb_events().is_empty(), "nothing is learned from the host");
    // A port that is down sends nothing.
    bed.set(ObjectType::PORT, bed.ports[4], port::ADMIN_STATE.id(), Value::Bool(false));
    send(&bed, bed.switch, &frame(B, A), &attrs[..2]).unwrap();
    assert!(bed.sent().is_empty());
    assert_eq!(bed.stat(ObjectType::PORT, bed.ports[4], port::Stat::IF_OUT_DISCARDS.0), 1);
}

#[test]
fn a_file_descriptor_sends_like_the_callback() {
    let bed = Bed::new();
    let fd = bed.create(ObjectType::HOSTIF, &[attr(hostif::TYPE.id(), Value::I32(hostif::Type::FD.0))]);
    send(&bed, fd, &frame(B, A), &[how(TxType::PIPELINE_BYPASS), to(bed.ports[0])]).unwrap();
    assert_eq!(bed.sent(), [(0, frame(B, A))]);
}

#[test]
fn a_lag_sends_by_one_of_its_members() {
    needs!(Hands);
    let bed = Bed::new();
    let lag = bed.lag(&[6, 7]);
    let mut used = [0; 8];
    for n in 0..32 {
        let attrs = [how(TxType::PIPELINE_BYPASS), to(lag)];
        send(&bed, bed.switch, &frame([2, 0, 0, 0, 9, n], A), &attrs).unwrap();
        let [(port, _)] = bed.sent()[..] else { panic!("one frame") };
        used[port] += 1;
    }
    assert_eq!(used[6] + used[7], 32);
    assert!(used[6] > 4 && used[7] > 4, "{used:?}");
    let device = netdev(&bed, lag, &[]);
    bed.host_send(device, &frame(B, A)).unwrap();
    assert!(matches!(bed.sent()[..], [(6 | 7, _)]));
}

#[test]
fn look_up_bridges_by_the_tag_or_the_cpu_ports_vlan() {
    let bed = Bed::new();
    bed.vlan(10, &[(1, TaggingMode::TAGGED), (2, TaggingMode::UNTAGGED)]);
    let look_up = [how(TxType::PIPELINE_LOOKUP)];
    send(&bed, bed.switch, &frame(B, A), &look_up).unwrap();
    assert_eq!(bed.sent().len(), 8, "an unknown destination floods VLAN 1, and no port is left out");
    bed.send(3, &frame(A, B));
    send(&bed, bed.switch, &frame(B, A), &look_up).unwrap();
    assert_eq!(bed.sent(), [(3, frame(B, A))]);
    send(&bed, bed.switch, &tagged(B, A, 0x600A), &look_up).unwrap();
    assert_eq!(bed.sent(), [(1, tagged(B, A, 0x600A)), (2, frame(B, A))]);
    send(&bed, bed.switch, &tagged(B, A, 77), &look_up).unwrap();
    assert!(bed.sent().is_empty());
    let cpu = bed.get(ObjectType::SWITCH, bed.switch, switch::CPU_PORT.id()).as_oid().unwrap();
    assert_eq!(bed.stat(ObjectType::PORT, cpu, port::Stat::IF_IN_VLAN_DISCARDS.0), 1);
}

/// An IPv4 packet to 10.0.9.9.
fn ip(dst: [u8; 6], ttl: u8) -> Vec<u8> {
    let mut f =
        [&dst[..], &A, &[8, 0, 0x45, 0, 0, 20, 0, 0, 0, 0, ttl, 17, 0, 0, 10, 0, 0, 1, 10, 0, 9, 9]].concat();
    let sum = f[14..34].chunks(2).map(|w| u32::from(u16::from_be_bytes([w[0], w[1]]))).sum::<u32>();
    let sum = !(((sum & 0xffff) + (sum >> 16)) as u16);
    f[24..26].copy_from_slice(&sum.to_be_bytes());
    f.resize(60, 0);
    f
}

#[test]
fn look_up_routes_what_is_for_the_router() {
    let bed = Bed::new();
    let Value::Mac(mac) = bed.get(ObjectType::SWITCH, bed.switch, switch::SRC_MAC_ADDRESS.id()) else {
        panic!("a MAC address")
    };
    let vr =
        bed.get(ObjectType::SWITCH, bed.switch, switch::DEFAULT_VIRTUAL_ROUTER_ID.id()).as_oid().unwrap();
    bed.free_port(5);
    let out = bed.create(
        ObjectType::ROUTER_INTERFACE,
        &[
            attr(rif::VIRTUAL_ROUTER_ID.id(), Value::Oid(vr)),
            attr(rif::TYPE.id(), Value::I32(rif::Type::PORT.0)),
            attr(rif::PORT_ID.id(), Value::Oid(bed.ports[5])),
        ],
    );
    let neighbor =
        sai::entry::NeighborEntry { switch_id: bed.switch, rif_id: out, ip_address: [10, 0, 9, 9].into() };
    let known = attr(sai::neighbor_entry::DST_MAC_ADDRESS.id(), Value::Mac(sai::MacAddr(B)));
    bed.backend().create(bed.switch, sai::Target::Entry(&neighbor.into()), &[known]).unwrap();
    send(&bed, bed.switch, &ip(mac.0, 64), &[how(TxType::PIPELINE_LOOKUP)]).unwrap();
    let [(5, f)] = &bed.sent()[..] else { panic!("one packet by port 5") };
    assert_eq!((&f[..6], &f[6..12], f[22]), (&B[..], &mac.0[..], 63));
    send(&bed, bed.switch, &ip(mac.0, 1), &[how(TxType::PIPELINE_LOOKUP)]).unwrap();
    assert!(bed.sent().is_empty(), "its time to live is over");
    // To another address it is bridged.
    send(&bed, bed.switch, &ip(B, 64), &[how(TxType::PIPELINE_LOOKUP)]).unwrap();
    assert_eq!(bed.sent().len(), 7);
}

/// Acts: SAI_HOSTIF_ATTR_QUEUE.
#[test]
fn a_netdev_sends_by_what_it_stands_for() {
    needs!(Hands);
    let bed = Bed::new();
    let host = |device, f: &[u8]| {
        bed.host_send(device, f).unwrap();
        bed.sent()
    };
    let on_port = netdev(&bed, bed.ports[2], &[attr(hostif::QUEUE.id(), Value::U32(7))]);
    assert_eq!(host(on_port, &frame(B, A)), [(2, frame(B, A))]);
    assert_eq!((packets(&bed, bed.ports[2], 0), packets(&bed, bed.ports[2], 7)), (0, 1));
    bed.set(ObjectType::HOSTIF, on_port, hostif::QUEUE.id(), Value::U32(2));
    assert_eq!(host(on_port, &frame(B, A)).len(), 1);
    assert_eq!(packets(&bed, bed.ports[2], 2), 1);

    let vlan10 = bed.vlan(10, &[(0, TaggingMode::TAGGED), (1, TaggingMode::UNTAGGED)]);
    let on_vlan = netdev(&bed, vlan10, &[]);
    assert_eq!(host(on_vlan, &frame(ALL, A)), [(0, tagged(ALL, A, 10)), (1, frame(ALL, A))]);
    assert_eq!(bed.stat(ObjectType::VLAN, vlan10, vlan::Stat::OUT_PACKETS.0), 2);
    // A tag of another VLAN is the station's own.
    let inner = tagged(ALL, A, 99);
    let outer = [&inner[..12], &[0x81, 0, 0, 10], &inner[12..]].concat();
    assert_eq!(host(on_vlan, &inner), [(0, outer), (1, inner.clone())]);

    // The device follows its operational status.
    bed.set(ObjectType::HOSTIF, on_port, hostif::OPER_STATUS.id(), Value::Bool(false));
    let down = bed.host_send(on_port, &frame(B, A)).unwrap_err();
    assert_eq!(down.status(), Status::UNINITIALIZED);
    assert!(bed.sent().is_empty());
}

#[test]
fn bad_calls_are_refused_and_send_nothing() {
    needs!(Hands);
    let bed = Bed::new();
    let fd = bed.create(ObjectType::HOSTIF, &[attr(hostif::TYPE.id(), Value::I32(hostif::Type::FD.0))]);
    let bypass = how(TxType::PIPELINE_BYPASS);
    let f = frame(B, A);
    let gone = bed.create(ObjectType::LAG, &[]);
    bed.remove(ObjectType::LAG, gone);
    let cases: Vec<(ObjectId, &[u8], Vec<AttrEntry>, Status)> = vec![
        (fd, &f, vec![], Status::MANDATORY_ATTRIBUTE_MISSING),
        (fd, &f, vec![bypass.clone()], Status::MANDATORY_ATTRIBUTE_MISSING),
        (fd, &f[..13], vec![bypass.clone(), to(bed.ports[0])], Status::INVALID_PARAMETER),
        (fd, &[0; 16_384], vec![bypass.clone(), to(bed.ports[0])], Status::INVALID_PARAMETER),
        (bed.ports[0], &f, vec![bypass.clone(), to(bed.ports[0])], Status::INVALID_OBJECT_TYPE),
        (ObjectId(1), &f, vec![bypass.clone(), to(bed.ports[0])], Status::INVALID_OBJECT_ID),
        (fd, &f, vec![bypass.clone(), to(gone)], Status::ITEM_NOT_FOUND),
        (fd, &f, vec![bypass.clone(), to(bed.vlan1)], Status::INVALID_OBJECT_TYPE),
        (fd, &f, vec![how(TxType(7))], Status::INVALID_ATTR_VALUE_0),
        (
            fd,
            &f,
            vec![bypass.clone(), to(bed.ports[0]), attr(packet::EGRESS_QUEUE_INDEX.id(), Value::U8(20))],
            Status::INVALID_ATTR_VALUE_0.nth(2),
        ),
        (
            fd,
            &f,
            vec![bypass.clone(), attr(packet::INGRESS_PORT.id(), Value::Oid(bed.ports[0]))],
            Status::INVALID_ATTRIBUTE_0.nth(1),
        ),
        (fd, &f, vec![bypass, attr(99, Value::U8(0))], Status::UNKNOWN_ATTRIBUTE_0.nth(1)),
    ];
    for (n, (hostif, frame, attrs, status)) in cases.into_iter().enumerate() {
        let error = send(&bed, hostif, frame, &attrs).unwrap_err();
        assert_eq!(error.status(), status, "case {n}: {error}");
        assert!(bed.sent().is_empty());
    }
    let e = bed.host_send(fd, &f).unwrap_err();
    assert_eq!(e.status(), Status::MANDATORY_ATTRIBUTE_MISSING);
    let object = ObjectRef::Object(ObjectType::HOSTIF, fd);
    bed.backend().remove(&object).unwrap();
    assert_eq!(bed.host_send(fd, &f).unwrap_err().status(), Status::ITEM_NOT_FOUND);
}
