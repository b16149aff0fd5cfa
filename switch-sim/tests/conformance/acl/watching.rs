//! Entries that mirror, sample and police.

use sai::hostif_table_entry::{self as host_entry, ChannelType};
use sai::object::policer::{Mode, Stat};
use sai::types::MeterType;
use sai::{Special, SpecialAnswer, hostif, hostif_trap, mirror_session, policer, port, samplepacket};

use super::*;

/// A table that looks at EtherTypes, bound to the switch, with an entry for IPv4 that does what `attrs` says.
fn doing(acl: &Acl, stage: AclStage, attrs: &[AttrEntry]) -> ObjectId {
    let table = acl.table_of(stage, &[acl_table::FIELD_ETHER_TYPE.id()]);
    let ipv4 = [field(acl_entry::FIELD_ETHER_TYPE.id(), u16(0x0800))];
    let entry = acl.entry(table, 10, &[&ipv4, attrs].concat());
    let bind = match stage {
        AclStage::PRE_INGRESS => sai::switch::PRE_INGRESS_ACL.id(),
        AclStage::EGRESS => sai::switch::EGRESS_ACL.id(),
        _ => sai::switch::INGRESS_ACL.id(),
    };
    acl.set(ObjectType::SWITCH, acl.switch, bind, Value::Oid(table));
    entry
}

/// A station of VLAN 7 at port 1, and the frames that reach it by port 0: IPv4, and others.
fn known(acl: &Acl) -> [Vec<u8>; 2] {
    acl.send(1, &f("eth src=02:00:00:00:00:02 dst=02:00:00:00:00:01/vlan vid=7/ipv6"));
    ["ipv4", "ipv6"].map(|l3| f(&format!("eth src=02:00:00:00:00:01 dst=02:00:00:00:00:02/vlan vid=7/{l3}")))
}

/// A session that copies to port 7, which is taken out of all VLANs.
fn session(acl: &Acl) -> ObjectId {
    acl.free_port(7);
    acl.create(
        ObjectType::MIRROR_SESSION,
        &[
            attr(mirror_session::TYPE.id(), Value::I32(mirror_session::Type::LOCAL.0)),
            attr(mirror_session::MONITOR_PORT.id(), Value::Oid(acl.ports[7])),
        ],
    )
}

/// Acts: SAI_ACL_ENTRY_ATTR_ACTION_MIRROR_INGRESS, SAI_ACL_ENTRY_ATTR_ACTION_MIRROR_EGRESS.
#[test]
fn entries_mirror_what_they_match() {
    use acl_entry::{ACTION_MIRROR_EGRESS, ACTION_MIRROR_INGRESS, ACTION_SET_DSCP};
    for (stage, by) in [
        (AclStage::PRE_INGRESS, ACTION_MIRROR_INGRESS.id()),
        (AclStage::INGRESS, ACTION_MIRROR_INGRESS.id()),
        (AclStage::POST_INGRESS, ACTION_MIRROR_INGRESS.id()),
        (AclStage::PRE_INGRESS, ACTION_MIRROR_EGRESS.id()),
        (AclStage::INGRESS, ACTION_MIRROR_EGRESS.id()),
        (AclStage::EGRESS, ACTION_MIRROR_EGRESS.id()),
    ] {
        let acl = Acl::new();
        let [v4, v6] = known(&acl);
        let session = session(&acl);
        let copies = action(by, AclAction::OidList(vec![session]));
        let entry = doing(&acl, stage, &[copies, action(ACTION_SET_DSCP.id(), AclAction::U8(9))]);
        let out = acl.send(0, &v4);
        assert_eq!(out.iter().map(|(port, _)| *port).collect::<Vec<_>>(), [1, 7], "{stage}");
        let wanted = if by == ACTION_MIRROR_INGRESS.id() { &v4 } else { &out[0].1 };
        assert_eq!(&out[1].1, wanted, "{stage}: as it came in, or as it leaves");
        assert_ne!(out[0].1, v4);
        assert_eq!(acl.to(0, &v6), [1], "{stage}");
        acl.set(ObjectType::ACL_ENTRY, entry, by, Value::AclAction(AclAction::Disabled));
        assert_eq!(acl.to(0, &v4), [1], "{stage}");
        acl.remove(ObjectType::MIRROR_SESSION, session);
    }
}

/// Acts: SAI_ACL_ENTRY_ATTR_ACTION_SET_POLICER.
#[test]
fn entries_police_what_they_match() {
    for stage in [AclStage::PRE_INGRESS, AclStage::INGRESS, AclStage::POST_INGRESS, AclStage::EGRESS] {
        let acl = Acl::new();
        let [v4, v6] = known(&acl);
        let meter = acl.create(
            ObjectType::POLICER,
            &[
                attr(policer::MODE.id(), Value::I32(Mode::SR_TCM.0)),
                attr(policer::METER_TYPE.id(), Value::I32(MeterType::PACKETS.0)),
                attr(policer::CBS.id(), Value::U64(2)),
                attr(policer::PBS.id(), Value::U64(1)),
                attr(policer::YELLOW_PACKET_ACTION.id(), Value::I32(PacketAction::TRAP.0)),
                attr(policer::RED_PACKET_ACTION.id(), Value::I32(PacketAction::DROP.0)),
            ],
        );
        doing(&acl, stage, &[action(acl_entry::ACTION_SET_POLICER.id(), AclAction::Oid(meter))]);
        let sent: Vec<_> = (0..5).map(|_| acl.to(0, &v4).len()).collect();
        assert_eq!(sent, [1, 1, 0, 0, 0], "{stage}");
        assert_eq!(acl.punted(), 1, "{stage}: the yellow one");
        let count = |stat: Stat| acl.stat(ObjectType::POLICER, meter, stat.0);
        assert_eq!([Stat::GREEN_PACKETS, Stat::YELLOW_PACKETS, Stat::RED_PACKETS].map(count), [2, 1, 2]);
        assert_eq!(acl.to(0, &v6), [1], "{stage}: others are not policed");
    }
}

/// Acts: SAI_ACL_ENTRY_ATTR_ACTION_SET_PACKET_COLOR.
#[test]
fn a_color_that_entries_set_is_what_a_color_aware_policer_sees() {
    use acl_entry::{ACTION_SET_PACKET_COLOR, ACTION_SET_POLICER};
    let acl = Acl::new();
    let [v4, _] = known(&acl);
    let meter = acl.create(
        ObjectType::POLICER,
        &[
            attr(policer::MODE.id(), Value::I32(Mode::SR_TCM.0)),
            attr(policer::METER_TYPE.id(), Value::I32(MeterType::PACKETS.0)),
            attr(policer::COLOR_SOURCE.id(), Value::I32(policer::ColorSource::AWARE.0)),
            attr(policer::CBS.id(), Value::U64(9)),
            attr(policer::PBS.id(), Value::U64(9)),
        ],
    );
    let police = action(ACTION_SET_POLICER.id(), AclAction::Oid(meter));
    let yellow = AclAction::I32(sai::types::PacketColor::YELLOW.0);
    let entry = doing(&acl, AclStage::INGRESS, &[police, action(ACTION_SET_PACKET_COLOR.id(), yellow)]);
    let count = |stat: Stat| acl.stat(ObjectType::POLICER, meter, stat.0);
    acl.send(0, &v4);
    assert_eq!([Stat::GREEN_PACKETS, Stat::YELLOW_PACKETS].map(count), [0, 1]);
    let off = Value::AclAction(AclAction::Disabled);
    acl.set(ObjectType::ACL_ENTRY, entry, ACTION_SET_PACKET_COLOR.id(), off);
    acl.send(0, &v4);
    assert_eq!([Stat::GREEN_PACKETS, Stat::YELLOW_PACKETS].map(count), [1, 1]);
}

/// Acts: SAI_ACL_ENTRY_ATTR_ACTION_INGRESS_SAMPLEPACKET_ENABLE,
/// SAI_ACL_ENTRY_ATTR_ACTION_EGRESS_SAMPLEPACKET_ENABLE.
#[test]
fn entries_sample_what_they_match() {
    use acl_entry::{ACTION_EGRESS_SAMPLEPACKET_ENABLE, ACTION_INGRESS_SAMPLEPACKET_ENABLE};
    for (stage, by, sessions) in [
        (
            AclStage::INGRESS,
            ACTION_INGRESS_SAMPLEPACKET_ENABLE.id(),
            (0, port::INGRESS_SAMPLE_MIRROR_SESSION.id()),
        ),
        (
            AclStage::INGRESS,
            ACTION_EGRESS_SAMPLEPACKET_ENABLE.id(),
            (1, port::EGRESS_SAMPLE_MIRROR_SESSION.id()),
        ),
        (
            AclStage::EGRESS,
            ACTION_EGRESS_SAMPLEPACKET_ENABLE.id(),
            (1, port::EGRESS_SAMPLE_MIRROR_SESSION.id()),
        ),
    ] {
        let acl = Acl::new();
        let [v4, v6] = known(&acl);
        let psample = samples(&acl);
        let taken = || {
            let asked = Special::RecvHostifPacket { hostif: psample };
            match acl.backend().special(acl.switch, asked) {
                Ok(SpecialAnswer::Packet { frame, .. }) => Some(frame),
                _ => None,
            }
        };
        let rate = attr(samplepacket::SAMPLE_RATE.id(), Value::U32(1));
        let sampler = acl.create(ObjectType::SAMPLEPACKET, std::slice::from_ref(&rate));
        let entry = doing(&acl, stage, &[action(by, AclAction::Oid(sampler))]);
        assert_eq!(acl.to(0, &v4), [1]);
        assert_eq!(taken(), Some(v4.clone()), "{stage}");
        assert_eq!(acl.to(0, &v6), [1]);
        assert_eq!(taken(), None, "{stage}");
        // To the sample mirror sessions of the port.
        let session = session(&acl);
        let (at, list) = sessions;
        acl.set(ObjectType::PORT, acl.ports[at], list, Value::OidList(vec![session]));
        let to_session = Value::I32(samplepacket::Type::MIRROR_SESSION.0);
        let second = acl.create(ObjectType::SAMPLEPACKET, &[rate, attr(samplepacket::TYPE.id(), to_session)]);
        acl.set(ObjectType::ACL_ENTRY, entry, by, Value::AclAction(AclAction::Oid(second)));
        assert_eq!(acl.to(0, &v4), [1, 7], "{stage}");
        assert_eq!(acl.to(0, &v6), [1], "{stage}");
        assert_eq!(taken(), None, "{stage}");
        acl.remove(ObjectType::SAMPLEPACKET, sampler);
    }
}

/// A netlink channel for samples.
fn samples(acl: &Acl) -> ObjectId {
    let psample = acl.create(
        ObjectType::HOSTIF,
        &[
            attr(hostif::TYPE.id(), Value::I32(hostif::Type::GENETLINK.0)),
            attr(hostif::NAME.id(), Value::CharData("psample".try_into().unwrap())),
            attr(hostif::GENETLINK_MCGRP_NAME.id(), Value::CharData("packets".try_into().unwrap())),
        ],
    );
    let trap = acl.create(
        ObjectType::HOSTIF_TRAP,
        &[
            attr(hostif_trap::TRAP_TYPE.id(), Value::I32(hostif_trap::Type::SAMPLEPACKET.0)),
            attr(hostif_trap::PACKET_ACTION.id(), Value::I32(PacketAction::TRAP.0)),
        ],
    );
    acl.create(
        ObjectType::HOSTIF_TABLE_ENTRY,
        &[
            attr(host_entry::TYPE.id(), Value::I32(host_entry::Type::TRAP_ID.0)),
            attr(host_entry::TRAP_ID.id(), Value::Oid(trap)),
            attr(host_entry::CHANNEL_TYPE.id(), Value::I32(ChannelType::GENETLINK.0)),
            attr(host_entry::HOST_IF.id(), Value::Oid(psample)),
        ],
    );
    psample
}
