//! Traps and host interfaces: packets in, packets to the host.

use std::sync::{Arc, Mutex};

use super::bed::*;
use sai::notify::{Notification, NotificationSink};
use sai::types::PacketAction;
use sai::{
    AttrEntry, ObjectId, ObjectType, Special, SpecialAnswer, Value, hostif, hostif_packet,
    hostif_table_entry as entry, hostif_trap as trap, hostif_trap_group as group, queue,
};
use switch_sim::pipeline::{DropReason, Fate};

/// An LLDP frame, which no bridge forwards.
fn lldp() -> Vec<u8> {
    let mut f = frame([1, 0x80, 0xC2, 0, 0, 0x0E], A);
    f[12..14].copy_from_slice(&[0x88, 0xCC]);
    f
}

fn arp_request() -> Vec<u8> {
    let mut f = [&ALL[..], &A, &[8, 6, 0, 1, 8, 0, 6, 4, 0, 1], &A].concat();
    f.extend([10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2]);
    f.resize(60, 0);
    f
}

fn add_trap(bed: &Bed, ty: trap::Type, action: PacketAction, more: &[AttrEntry]) -> ObjectId {
    let attrs =
        [attr(trap::TRAP_TYPE.id(), Value::I32(ty.0)), attr(trap::PACKET_ACTION.id(), Value::I32(action.0))];
    bed.create(ObjectType::HOSTIF_TRAP, &[&attrs, more].concat())
}

fn add_group(bed: &Bed, queue: u32) -> ObjectId {
    bed.create(ObjectType::HOSTIF_TRAP_GROUP, &[attr(group::QUEUE.id(), Value::U32(queue))])
}

fn netdev(bed: &Bed, on: ObjectId, tag: hostif::VlanTag) -> ObjectId {
    bed.create(
        ObjectType::HOSTIF,
        &[
            attr(hostif::TYPE.id(), Value::I32(hostif::Type::NETDEV.0)),
            attr(hostif::OBJ_ID.id(), Value::Oid(on)),
            attr(hostif::NAME.id(), Value::CharData("Ethernet0".try_into().unwrap())),
            attr(hostif::OPER_STATUS.id(), Value::Bool(true)),
            attr(hostif::VLAN_TAG.id(), Value::I32(tag.0)),
        ],
    )
}

fn wildcard(bed: &Bed, channel: entry::ChannelType) -> ObjectId {
    bed.create(
        ObjectType::HOSTIF_TABLE_ENTRY,
        &[
            attr(entry::TYPE.id(), Value::I32(entry::Type::WILDCARD.0)),
            attr(entry::CHANNEL_TYPE.id(), Value::I32(channel.0)),
        ],
    )
}

/// The next packet on a host interface.
fn recv(bed: &Bed, hostif: ObjectId) -> Option<(Vec<u8>, Vec<AttrEntry>)> {
    match bed.backend().special(bed.switch, Special::RecvHostifPacket { hostif }).ok()? {
        SpecialAnswer::Packet { frame, attrs } => Some((frame, attrs)),
        other => panic!("{other:?} is no packet"),
    }
}

fn oid(attrs: &[AttrEntry], id: sai::AttrId) -> Option<ObjectId> {
    attrs.iter().find(|a| a.id == id).and_then(|a| a.value.as_oid())
}

/// Acts: SAI_HOSTIF_ATTR_TYPE, SAI_HOSTIF_ATTR_OBJ_ID, SAI_HOSTIF_ATTR_OPER_STATUS,
/// SAI_HOSTIF_TRAP_ATTR_TRAP_GROUP, SAI_HOSTIF_TRAP_GROUP_ATTR_QUEUE, SAI_HOSTIF_TRAP_ATTR_TRAP_TYPE.
#[test]
fn a_trapped_frame_reaches_the_netdev_of_its_port_and_counts_on_its_queue() {
    let bed = Bed::new();
    let device = netdev(&bed, bed.ports[2], hostif::VlanTag::STRIP);
    wildcard(&bed, entry::ChannelType::NETDEV_PHYSICAL_PORT);
    let in_group = attr(trap::TRAP_GROUP.id(), Value::Oid(add_group(&bed, 5)));
    let id = add_trap(&bed, trap::Type::LLDP, PacketAction::TRAP, &[in_group]);
    assert!(bed.to(2, &lldp()).is_empty());
    let (frame, attrs) = recv(&bed, device).unwrap();
    assert_eq!(frame, lldp());
    assert_eq!(oid(&attrs, hostif_packet::HOSTIF_TRAP_ID.id()), Some(id));
    assert_eq!(oid(&attrs, hostif_packet::INGRESS_PORT.id()), Some(bed.ports[2]));
    assert_eq!(oid(&attrs, hostif_packet::INGRESS_LAG.id()), None);
    assert_eq!(recv(&bed, device), None);
    let count = |q, stat: queue::Stat| bed.stat(ObjectType::QUEUE, bed.cpu_queue(q), stat.0);
    assert_eq!((count(5, queue::Stat::PACKETS), count(5, queue::Stat::BYTES)), (1, 64));
    assert_eq!(count(0, queue::Stat::PACKETS), 0);
    // A device that is down takes nothing, though the packet came to the CPU.
    bed.set(ObjectType::HOSTIF, device, hostif::OPER_STATUS.id(), Value::Bool(false));
    bed.send(2, &lldp());
    assert_eq!(recv(&bed, device), None);
    assert_eq!(count(5, queue::Stat::PACKETS), 2);
    bed.remove(ObjectType::HOSTIF_TRAP, id);
    bed.send(2, &lldp());
    assert_eq!(count(5, queue::Stat::PACKETS), 2);
}

/// Acts: SAI_HOSTIF_TRAP_ATTR_PACKET_ACTION.
#[test]
fn each_action_does_what_it_says() {
    use PacketAction as Act;
    // What leaves, and whether the CPU gets it: a frame that is flooded, and one that no bridge forwards.
    for (action, leaves, punted) in [
        (Act::DROP, false, false),
        (Act::FORWARD, true, false),
        (Act::COPY, true, true),
        (Act::TRAP, false, true),
        (Act::LOG, true, true),
        (Act::DENY, false, false),
        (Act::TRANSIT, true, false),
    ] {
        let bed = Bed::new();
        add_trap(&bed, trap::Type::ARP_REQUEST, action, &[]);
        add_trap(&bed, trap::Type::LLDP, action, &[]);
        for (n, frame) in [arp_request(), lldp()].into_iter().enumerate() {
            assert_eq!(bed.to(0, &frame).len(), if leaves { 7 } else { 0 }, "{action} of frame {n}");
            let count = bed.stat(ObjectType::QUEUE, bed.cpu_queue(0), queue::Stat::PACKETS.0);
            assert_eq!(count, (n as u64 + 1) * u64::from(punted), "{action} of frame {n}");
        }
    }
}

#[test]
fn without_a_trap_object_the_default_action_holds() {
    needs!(Trace);
    let bed = Bed::new();
    assert_eq!(bed.to(0, &arp_request()).len(), 7, "ARP is forwarded");
    let reason = |f: &[u8]| bed.trace(0, f).drop_reason();
    assert_eq!(reason(&lldp()), Some(DropReason::DmacReserved));
    let mut ptp = frame([1, 0x1B, 0x19, 0, 0, 0], A);
    ptp[12..14].copy_from_slice(&[0x88, 0xF7]);
    assert_eq!(reason(&ptp), Some(DropReason::TrapAction));
    let mut cdp = frame([1, 0, 0x0C, 0xCC, 0xCC, 0xCC], A);
    cdp[12..22].copy_from_slice(&[0, 46, 0xAA, 0xAA, 3, 0, 0, 0x0C, 0x20, 0]);
    assert_eq!(reason(&cdp), Some(DropReason::TrapAction));
    cdp[20] = 0x21;
    assert_eq!(reason(&cdp), None, "another protocol of the same organisation");
}

/// Acts: SAI_HOSTIF_TRAP_ATTR_EXCLUDE_PORT_LIST, SAI_HOSTIF_TRAP_GROUP_ATTR_ADMIN_STATE.
#[test]
fn excluded_ports_and_disabled_groups_have_no_trap() {
    let bed = Bed::new();
    let group_id = add_group(&bed, 1);
    let more = [
        attr(trap::TRAP_GROUP.id(), Value::Oid(group_id)),
        attr(trap::EXCLUDE_PORT_LIST.id(), Value::OidList(vec![bed.ports[1]])),
    ];
    add_trap(&bed, trap::Type::ARP_REQUEST, PacketAction::TRAP, &more);
    assert_eq!(bed.to(1, &arp_request()).len(), 7);
    assert_eq!(bed.to(0, &arp_request()).len(), 0);
    bed.set(ObjectType::HOSTIF_TRAP_GROUP, group_id, group::ADMIN_STATE.id(), Value::Bool(false));
    assert_eq!(bed.to(0, &arp_request()).len(), 7);
}

/// Acts: SAI_HOSTIF_TRAP_ATTR_TRAP_PRIORITY.
#[test]
fn the_trap_with_the_highest_priority_wins() {
    needs!(Trace);
    let bed = Bed::new();
    let mut dhcp = [&ALL[..], &A, &[8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0]].concat();
    dhcp.extend([0, 0, 0, 0, 255, 255, 255, 255, 0, 68, 0, 67, 0, 8, 0, 0]);
    dhcp.resize(60, 0);
    let priority = |n| attr(trap::TRAP_PRIORITY.id(), Value::U32(n));
    let low = add_trap(&bed, trap::Type::DHCP, PacketAction::TRAP, &[priority(3)]);
    let high = add_trap(&bed, trap::Type::DHCP_L2, PacketAction::COPY, &[priority(7)]);
    let fate = || bed.trace(0, &dhcp);
    let punted = |t: &switch_sim::pipeline::Trace| {
        t.fates().find_map(|f| if let Fate::Punted { trap } = f { Some(*trap) } else { None })
    };
    assert_eq!(punted(&fate()), Some(high));
    bed.set(ObjectType::HOSTIF_TRAP, low, trap::TRAP_PRIORITY.id(), Value::U32(8));
    assert_eq!(punted(&fate()), Some(low));
}

#[test]
fn table_entries_choose_the_channel() {
    #[derive(Debug, Default)]
    struct Packets(Mutex<Vec<(Vec<u8>, Vec<AttrEntry>)>>);
    impl NotificationSink for Packets {
        fn notify(&self, notification: &Notification) {
            if let Notification::PacketEvent { buffer, attr_list, .. } = notification {
                self.0.lock().unwrap().push((buffer.clone(), attr_list.clone()));
            }
        }
    }
    let bed = Bed::new();
    let events = Arc::new(Packets::default());
    bed.backend().subscribe(events.clone());
    let taken = || events.0.lock().unwrap().len();
    let lldp_trap = add_trap(&bed, trap::Type::LLDP, PacketAction::TRAP, &[]);
    add_trap(&bed, trap::Type::ARP_REQUEST, PacketAction::TRAP, &[]);
    bed.send(0, &lldp());
    assert_eq!(taken(), 0, "without an entry nobody takes it");
    wildcard(&bed, entry::ChannelType::CB);
    bed.send(0, &arp_request());
    assert_eq!(taken(), 1);
    let (frame, attrs) = events.0.lock().unwrap()[0].clone();
    assert_eq!(frame, arp_request());
    assert!(oid(&attrs, hostif_packet::BRIDGE_ID.id()).is_some());
    let fd = bed.create(ObjectType::HOSTIF, &[attr(hostif::TYPE.id(), Value::I32(hostif::Type::FD.0))]);
    let by_trap = bed.create(
        ObjectType::HOSTIF_TABLE_ENTRY,
        &[
            attr(entry::TYPE.id(), Value::I32(entry::Type::TRAP_ID.0)),
            attr(entry::TRAP_ID.id(), Value::Oid(lldp_trap)),
            attr(entry::CHANNEL_TYPE.id(), Value::I32(entry::ChannelType::FD.0)),
            attr(entry::HOST_IF.id(), Value::Oid(fd)),
        ],
    );
    bed.send(0, &lldp());
    assert_eq!((taken(), recv(&bed, fd).map(|p| p.0)), (1, Some(lldp())));
    bed.remove(ObjectType::HOSTIF_TABLE_ENTRY, by_trap);
    bed.send(0, &lldp());
    assert_eq!((taken(), recv(&bed, fd)), (2, None));
}

/// Acts: SAI_HOSTIF_ATTR_VLAN_TAG.
#[test]
fn netdevs_strip_keep_or_add_the_tag() {
    let tag = |f: &[u8], vid: u8| [&f[..12], &[0x81, 0, 0, vid], &f[12..]].concat();
    for (mode, untagged, tagged) in [
        (hostif::VlanTag::STRIP, lldp(), lldp()),
        (hostif::VlanTag::KEEP, tag(&lldp(), 1), tag(&lldp(), 9)),
        (hostif::VlanTag::ORIGINAL, lldp(), tag(&lldp(), 9)),
    ] {
        let bed = Bed::new();
        let device = netdev(&bed, bed.ports[0], mode);
        wildcard(&bed, entry::ChannelType::NETDEV_LOGICAL_PORT);
        add_trap(&bed, trap::Type::LLDP, PacketAction::TRAP, &[]);
        bed.send(0, &lldp());
        bed.send(0, &tag(&lldp(), 9));
        assert_eq!(recv(&bed, device).map(|p| p.0), Some(untagged), "{mode}");
        assert_eq!(recv(&bed, device).map(|p| p.0), Some(tagged), "{mode}");
    }
}

/// Acts: SAI_HOSTIF_TABLE_ENTRY_ATTR_TYPE, SAI_HOSTIF_TABLE_ENTRY_ATTR_OBJ_ID,
/// SAI_HOSTIF_TABLE_ENTRY_ATTR_TRAP_ID, SAI_HOSTIF_TABLE_ENTRY_ATTR_CHANNEL_TYPE,
/// SAI_HOSTIF_TABLE_ENTRY_ATTR_HOST_IF.
#[test]
fn entries_match_by_port_lag_and_vlan_before_any() {
    let bed = Bed::new();
    let lag = bed.lag(&[6, 7]);
    let trap_id = add_trap(&bed, trap::Type::LLDP, PacketAction::TRAP, &[]);
    let kind = |ty: hostif::Type| attr(hostif::TYPE.id(), Value::I32(ty.0));
    let fd = || bed.create(ObjectType::HOSTIF, &[kind(hostif::Type::FD)]);
    let text = |s: &str| Value::CharData(s.try_into().unwrap());
    let netlink = bed.create(
        ObjectType::HOSTIF,
        &[
            kind(hostif::Type::GENETLINK),
            attr(hostif::NAME.id(), text("psample")),
            attr(hostif::GENETLINK_MCGRP_NAME.id(), text("packets")),
        ],
    );
    let add = |ty: entry::Type, on: ObjectId, channel: entry::ChannelType, to: ObjectId| {
        let attrs = [
            attr(entry::OBJ_ID.id(), Value::Oid(on)),
            attr(entry::TYPE.id(), Value::I32(ty.0)),
            attr(entry::TRAP_ID.id(), Value::Oid(trap_id)),
            attr(entry::CHANNEL_TYPE.id(), Value::I32(channel.0)),
            attr(entry::HOST_IF.id(), Value::Oid(to)),
        ];
        bed.create(ObjectType::HOSTIF_TABLE_ENTRY, &attrs[usize::from(on.is_null())..])
    };
    let [by_port, by_lag, rest] = [fd(), fd(), fd()];
    let of_vlan = bed.create(ObjectType::VLAN, &[attr(sai::vlan::VLAN_ID.id(), Value::U16(30))]);
    bed.member(of_vlan, bed.bridge_ports[2], sai::vlan::TaggingMode::TAGGED);
    let vr = bed.get(ObjectType::SWITCH, bed.switch, sai::switch::DEFAULT_VIRTUAL_ROUTER_ID.id());
    let interface = bed.create(
        ObjectType::ROUTER_INTERFACE,
        &[
            attr(sai::router_interface::VIRTUAL_ROUTER_ID.id(), vr),
            attr(sai::router_interface::TYPE.id(), Value::I32(sai::router_interface::Type::VLAN.0)),
            attr(sai::router_interface::VLAN_ID.id(), Value::Oid(of_vlan)),
        ],
    );
    add(entry::Type::PORT, bed.ports[1], entry::ChannelType::FD, by_port);
    add(entry::Type::LAG, lag, entry::ChannelType::FD, by_lag);
    add(entry::Type::VLAN, interface, entry::ChannelType::GENETLINK, netlink);
    add(entry::Type::TRAP_ID, ObjectId::NULL, entry::ChannelType::FD, rest);
    let in_vlan = |vid: u8| [&lldp()[..12], &[0x81, 0, 0, vid], &lldp()[12..]].concat();
    for (port, frame, to) in [
        (1, lldp(), by_port),
        (7, lldp(), by_lag),
        (2, in_vlan(30), netlink),
        (2, lldp(), rest),
        (0, lldp(), rest),
    ] {
        bed.send(port, &frame);
        let (got, attrs) = recv(&bed, to).unwrap_or_else(|| panic!("port {port}"));
        assert_eq!(got, frame);
        assert_eq!(oid(&attrs, hostif_packet::INGRESS_PORT.id()), Some(bed.ports[port]));
        assert_eq!(oid(&attrs, hostif_packet::INGRESS_LAG.id()), (port == 7).then_some(lag));
        for other in [by_port, by_lag, netlink, rest] {
            assert_eq!(recv(&bed, other), None, "once");
        }
    }
}

#[test]
fn netdevs_stand_for_ports_lags_and_vlans() {
    let bed = Bed::new();
    let lag = bed.lag(&[6, 7]);
    let on_lag = netdev(&bed, lag, hostif::VlanTag::ORIGINAL);
    let on_vlan = netdev(&bed, bed.vlan1, hostif::VlanTag::ORIGINAL);
    let on_port = netdev(&bed, bed.ports[0], hostif::VlanTag::ORIGINAL);
    add_trap(&bed, trap::Type::LLDP, PacketAction::TRAP, &[]);
    let mut entry_id = wildcard(&bed, entry::ChannelType::NETDEV_LOGICAL_PORT);
    let got = |device| recv(&bed, device).map(|p| p.0);
    bed.send(6, &lldp());
    bed.send(0, &lldp());
    assert_eq!((got(on_lag), got(on_port), got(on_vlan)), (Some(lldp()), Some(lldp()), None));
    bed.remove(ObjectType::HOSTIF_TABLE_ENTRY, entry_id);
    entry_id = wildcard(&bed, entry::ChannelType::NETDEV_PHYSICAL_PORT);
    bed.send(6, &lldp());
    assert_eq!(got(on_lag), None, "the member port has no device of its own");
    bed.remove(ObjectType::HOSTIF_TABLE_ENTRY, entry_id);
    wildcard(&bed, entry::ChannelType::NETDEV_L3);
    let tagged = [&lldp()[..12], &[0x81, 0, 0, 1], &lldp()[12..]].concat();
    bed.send(0, &tagged);
    assert_eq!((got(on_vlan), got(on_port)), (Some(lldp()), None), "a VLAN's device gets no tag");
    bed.remove(ObjectType::HOSTIF, on_vlan);
    bed.send(0, &tagged);
    assert_eq!(got(on_port), Some(tagged), "without a device of the VLAN that of the port stands in");
}

/// Acts: SAI_HOSTIF_USER_DEFINED_TRAP_ATTR_TRAP_GROUP, SAI_FDB_ENTRY_ATTR_USER_TRAP_ID.
#[test]
fn a_user_defined_trap_gives_its_queue_and_name() {
    use sai::hostif_user_defined_trap as user;
    let bed = Bed::new();
    let fd = bed.create(ObjectType::HOSTIF, &[attr(hostif::TYPE.id(), Value::I32(hostif::Type::FD.0))]);
    let group_id = add_group(&bed, 12);
    let id = bed.create(
        ObjectType::HOSTIF_USER_DEFINED_TRAP,
        &[
            attr(user::TYPE.id(), Value::I32(user::Type::FDB.0)),
            attr(user::TRAP_GROUP.id(), Value::Oid(group_id)),
        ],
    );
    bed.create(
        ObjectType::HOSTIF_TABLE_ENTRY,
        &[
            attr(entry::TYPE.id(), Value::I32(entry::Type::TRAP_ID.0)),
            attr(entry::TRAP_ID.id(), Value::Oid(id)),
            attr(entry::CHANNEL_TYPE.id(), Value::I32(entry::ChannelType::FD.0)),
            attr(entry::HOST_IF.id(), Value::Oid(fd)),
        ],
    );
    let station =
        sai::entry::FdbEntry { switch_id: bed.switch, mac_address: sai::MacAddr(B), bv_id: bed.vlan1 };
    let attrs = [
        attr(sai::fdb_entry::TYPE.id(), Value::I32(sai::fdb_entry::Type::STATIC.0)),
        attr(sai::fdb_entry::BRIDGE_PORT_ID.id(), Value::Oid(bed.bridge_ports[3])),
        attr(sai::fdb_entry::PACKET_ACTION.id(), Value::I32(PacketAction::COPY.0)),
        attr(sai::fdb_entry::USER_TRAP_ID.id(), Value::Oid(id)),
    ];
    bed.backend().create(bed.switch, sai::Target::Entry(&station.into()), &attrs).unwrap();
    let packets = |q| bed.stat(ObjectType::QUEUE, bed.cpu_queue(q), queue::Stat::PACKETS.0);
    assert_eq!(bed.to(0, &frame(B, A)), [3]);
    let (got, attrs) = recv(&bed, fd).unwrap();
    assert_eq!((got, oid(&attrs, hostif_packet::HOSTIF_TRAP_ID.id())), (frame(B, A), Some(id)));
    assert_eq!((packets(0), packets(12)), (0, 1));
    bed.set(ObjectType::HOSTIF_TRAP_GROUP, group_id, group::QUEUE.id(), Value::U32(13));
    bed.send(0, &frame(B, A));
    assert_eq!((packets(12), packets(13)), (1, 1));
    bed.set(ObjectType::HOSTIF_TRAP_GROUP, group_id, group::ADMIN_STATE.id(), Value::Bool(false));
    bed.send(0, &frame(B, A));
    assert_eq!((packets(0), packets(13)), (1, 1), "a disabled group gives no queue");
}
