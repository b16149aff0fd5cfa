//! A switch with something of each feature, and changes to it.

use super::bed::*;
use sai::meta::{self, AttrFlags, AttrMeta, ValueType};
use sai::types::{AclStage, PacketAction};
use sai::vlan::TaggingMode;
use sai::{
    AclAction, AclField, Answer, AttrEntry, Backend, MacAddr, ObjectId, ObjectRef, ObjectType, Query, Target,
    Value, bridge, bridge_port, hostif, hostif_table_entry as entry, hostif_trap as trap,
    router_interface as rif, switch,
};
use switch_sim::{Timing, World};

/// A set: which object, which of its attributes, and what to make the value of.
pub(crate) type Change = (u16, u16, u64);

/// A switch with something of each feature.
pub(crate) struct Full {
    pub(crate) bed: Bed,
    pub(crate) netdevs: Vec<ObjectId>,
}

impl Full {
    pub(crate) fn new(timing: Timing) -> Full {
        let mut profile = eight_ports();
        profile.timing = timing;
        profile.chip.queue_size = 2_000;
        let bed = Bed::with_profile(&World::new(9), profile);
        let mut netdevs = Vec::new();
        let tagged = TaggingMode::TAGGED;
        let vlan10 =
            bed.vlan(10, &[(0, tagged), (1, TaggingMode::UNTAGGED), (2, TaggingMode::PRIORITY_TAGGED)]);
        let lag = bed.lag(&[6, 7]);
        let on_lag = bed.bridge_port(lag);
        bed.member(vlan10, on_lag, tagged);
        let kind = attr(bridge::TYPE.id(), Value::I32(bridge::Type::TYPE_1D.0));
        let one_d = bed.create(ObjectType::BRIDGE, &[kind]);
        for n in [2, 3] {
            bed.create(
                ObjectType::BRIDGE_PORT,
                &[
                    attr(bridge_port::TYPE.id(), Value::I32(bridge_port::Type::SUB_PORT.0)),
                    attr(bridge_port::PORT_ID.id(), Value::Oid(bed.ports[n])),
                    attr(bridge_port::VLAN_ID.id(), Value::U16(20)),
                    attr(bridge_port::BRIDGE_ID.id(), Value::Oid(one_d)),
                    attr(bridge_port::ADMIN_STATE.id(), Value::Bool(true)),
                ],
            );
        }
        bed.free_port(5);
        let vr = bed.get(ObjectType::SWITCH, bed.switch, switch::DEFAULT_VIRTUAL_ROUTER_ID.id());
        let interface = |ty: rif::Type, more: &[AttrEntry]| {
            let attrs =
                [attr(rif::VIRTUAL_ROUTER_ID.id(), vr.clone()), attr(rif::TYPE.id(), Value::I32(ty.0))];
            bed.create(ObjectType::ROUTER_INTERFACE, &[&attrs, more].concat())
        };
        let vlan_rif = interface(rif::Type::VLAN, &[attr(rif::VLAN_ID.id(), Value::Oid(bed.vlan1))]);
        let port_rif = interface(rif::Type::PORT, &[attr(rif::PORT_ID.id(), Value::Oid(bed.ports[5]))]);
        let on_sub = [
            attr(rif::PORT_ID.id(), Value::Oid(bed.ports[4])),
            attr(rif::OUTER_VLAN_ID.id(), Value::U16(40)),
        ];
        interface(rif::Type::SUB_PORT, &on_sub);
        let add = |entry: sai::Entry, attrs: &[AttrEntry]| {
            bed.sim.create(bed.switch, Target::Entry(&entry), attrs).unwrap();
        };
        let mut hops = Vec::new();
        for (n, rif_id) in [(2u8, vlan_rif), (3, port_rif)] {
            let ip = Value::IpAddress([10, 0, 0, n].into());
            let neighbor =
                sai::entry::NeighborEntry { switch_id: bed.switch, rif_id, ip_address: [10, 0, 0, n].into() };
            let mac = Value::Mac(MacAddr([2, 0, 0, 0, 0, n]));
            add(neighbor.into(), &[attr(sai::neighbor_entry::DST_MAC_ADDRESS.id(), mac)]);
            hops.push(bed.create(
                ObjectType::NEXT_HOP,
                &[
                    attr(sai::next_hop::TYPE.id(), Value::I32(sai::next_hop::Type::IP.0)),
                    attr(sai::next_hop::ROUTER_INTERFACE_ID.id(), Value::Oid(rif_id)),
                    attr(sai::next_hop::IP.id(), ip),
                ],
            ));
        }
        let ecmp = Value::I32(sai::next_hop_group::Type::DYNAMIC_UNORDERED_ECMP.0);
        let group = bed.create(ObjectType::NEXT_HOP_GROUP, &[attr(sai::next_hop_group::TYPE.id(), ecmp)]);
        for hop in &hops {
            bed.create(
                ObjectType::NEXT_HOP_GROUP_MEMBER,
                &[
                    attr(sai::next_hop_group_member::NEXT_HOP_GROUP_ID.id(), Value::Oid(group)),
                    attr(sai::next_hop_group_member::NEXT_HOP_ID.id(), Value::Oid(*hop)),
                ],
            );
        }
        let cpu = bed.get(ObjectType::SWITCH, bed.switch, switch::CPU_PORT.id()).as_oid().unwrap();
        for (to, by) in [
            ("10.1.0.0/16", group),
            ("10.2.0.0/16", hops[0]),
            ("10.0.0.1/32", cpu),
            ("10.0.0.0/24", vlan_rif),
        ] {
            let route = sai::entry::RouteEntry {
                switch_id: bed.switch,
                vr_id: vr.as_oid().unwrap(),
                destination: to.parse().unwrap(),
            };
            add(route.into(), &[attr(sai::route_entry::NEXT_HOP_ID.id(), Value::Oid(by))]);
        }
        let traps = bed.create(ObjectType::HOSTIF_TRAP_GROUP, &[]);
        for ty in [
            trap::Type::ARP_REQUEST,
            trap::Type::LLDP,
            trap::Type::TTL_ERROR,
            trap::Type::IP2ME,
            trap::Type::SAMPLEPACKET,
            trap::Type::NEIGHBOR_MISS,
            trap::Type::PIPELINE_DISCARD_ROUTER,
        ] {
            bed.create(
                ObjectType::HOSTIF_TRAP,
                &[
                    attr(trap::TRAP_TYPE.id(), Value::I32(ty.0)),
                    attr(trap::PACKET_ACTION.id(), Value::I32(PacketAction::TRAP.0)),
                    attr(trap::TRAP_GROUP.id(), Value::Oid(traps)),
                ],
            );
        }
        for on in [bed.ports[0], lag, vlan10] {
            netdevs.push(bed.create(
                ObjectType::HOSTIF,
                &[
                    attr(hostif::TYPE.id(), Value::I32(hostif::Type::NETDEV.0)),
                    attr(hostif::OBJ_ID.id(), Value::Oid(on)),
                    attr(hostif::NAME.id(), Value::CharData("dev".try_into().unwrap())),
                    attr(hostif::OPER_STATUS.id(), Value::Bool(true)),
                ],
            ));
        }
        let any = attr(entry::TYPE.id(), Value::I32(entry::Type::WILDCARD.0));
        let channel = Value::I32(entry::ChannelType::NETDEV_LOGICAL_PORT.0);
        bed.create(ObjectType::HOSTIF_TABLE_ENTRY, &[any, attr(entry::CHANNEL_TYPE.id(), channel)]);
        let l2mc = bed.create(ObjectType::L2MC_GROUP, &[]);
        for n in [1, 3] {
            let attrs = [
                attr(sai::l2mc_group_member::L2MC_GROUP_ID.id(), Value::Oid(l2mc)),
                attr(sai::l2mc_group_member::L2MC_OUTPUT_ID.id(), Value::Oid(bed.bridge_ports[n])),
            ];
            bed.create(ObjectType::L2MC_GROUP_MEMBER, &attrs);
        }
        let stp = bed.create(ObjectType::STP, &[]);
        for n in 0..4 {
            let attrs = [
                attr(sai::stp_port::STP.id(), Value::Oid(stp)),
                attr(sai::stp_port::BRIDGE_PORT.id(), Value::Oid(bed.bridge_ports[n])),
                attr(sai::stp_port::STATE.id(), Value::I32(sai::stp_port::State::FORWARDING.0)),
            ];
            bed.create(ObjectType::STP_PORT, &attrs);
        }
        let apart = Value::I32(sai::isolation_group::Type::BRIDGE_PORT.0);
        let group = bed.create(ObjectType::ISOLATION_GROUP, &[attr(sai::isolation_group::TYPE.id(), apart)]);
        let attrs = [
            attr(sai::isolation_group_member::ISOLATION_GROUP_ID.id(), Value::Oid(group)),
            attr(sai::isolation_group_member::ISOLATION_OBJECT.id(), Value::Oid(bed.bridge_ports[2])),
        ];
        bed.create(ObjectType::ISOLATION_GROUP_MEMBER, &attrs);
        join_ports(&bed);
        add_groups(&bed, vr.as_oid().unwrap(), [vlan_rif, port_rif]);
        add_watchers(&bed, lag);
        add_acls(&bed);
        Full { bed, netdevs }
    }

    /// Every object that the switch has, of types that act on packets.
    pub(crate) fn objects(&self) -> Vec<ObjectRef> {
        let types = [
            ObjectType::SWITCH,
            ObjectType::PORT,
            ObjectType::LAG,
            ObjectType::LAG_MEMBER,
            ObjectType::VLAN,
            ObjectType::VLAN_MEMBER,
            ObjectType::BRIDGE,
            ObjectType::BRIDGE_PORT,
            ObjectType::STP_PORT,
            ObjectType::VIRTUAL_ROUTER,
            ObjectType::ROUTER_INTERFACE,
            ObjectType::NEIGHBOR_ENTRY,
            ObjectType::NEXT_HOP,
            ObjectType::NEXT_HOP_GROUP,
            ObjectType::NEXT_HOP_GROUP_MEMBER,
            ObjectType::ROUTE_ENTRY,
            ObjectType::HOSTIF,
            ObjectType::HOSTIF_TRAP,
            ObjectType::HOSTIF_TRAP_GROUP,
            ObjectType::HASH,
            ObjectType::ACL_ENTRY,
            ObjectType::IPMC_ENTRY,
            ObjectType::MIRROR_SESSION,
            ObjectType::SAMPLEPACKET,
            ObjectType::POLICER,
            ObjectType::ACL_TABLE,
            ObjectType::ISOLATION_GROUP,
            ObjectType::L2MC_GROUP,
            // What most depends on.
            ObjectType::ACL_ENTRY,
            ObjectType::PORT,
        ];
        let list = |ty| match self.bed.sim.query(self.bed.switch, Query::ObjectKeys(ty)) {
            Ok(Answer::ObjectKeys(all)) => all,
            other => panic!("{ty}: {other:?}"),
        };
        // The types in turn, so that each is as likely as another.
        let lists: Vec<Vec<ObjectRef>> = types.into_iter().map(list).filter(|l| !l.is_empty()).collect();
        (0..64).flat_map(|n| lists.iter().map(move |l| l[n % l.len()].clone())).collect()
    }

    /// Sets what a change says, as far as the switch lets it.
    pub(crate) fn change(&self, objects: &[ObjectRef], (object, attr_at, seed): Change) {
        let object = &objects[usize::from(object) % objects.len()];
        let settable = |a: &&AttrMeta| {
            !a.flags.intersects(AttrFlags::READ_ONLY | AttrFlags::CREATE_ONLY)
                && !matches!(a.ty, ValueType::AclField(_))
        };
        let attrs: Vec<&AttrMeta> =
            meta::object(object.object_type()).unwrap().attrs.iter().filter(settable).collect();
        if attrs.is_empty() {
            return;
        }
        let a = attrs[usize::from(attr_at) % attrs.len()];
        if let Some(value) = value(a, seed, objects) {
            let _ = self.bed.sim.set(object, &AttrEntry::new(a.id, value));
        }
    }
}

/// A value that an attribute may well take.
fn value(a: &AttrMeta, seed: u64, objects: &[ObjectRef]) -> Option<Value> {
    let of_type = |n: u64| {
        let fitting: Vec<_> = objects.iter().filter(|o| a.objects.contains(&o.object_type())).collect();
        let found = fitting.get((n as usize).checked_rem(fitting.len())?)?.oid()?;
        (!n.is_multiple_of(4)).then_some(found)
    };
    let (ValueType::Plain(kind) | ValueType::AclAction(kind)) = a.ty else { return None };
    let value = match kind.c_member() {
        "booldata" => Value::Bool(seed & 1 != 0),
        "u8" => Value::U8((seed % 9) as u8),
        "u16" => Value::U16([1, 10, 20, 0x8100, 0x88A8, 0, 4094][seed as usize % 7]),
        "u32" => Value::U32([0, 1, 2, 7, 64, 128, 1500, 9000][seed as usize % 8]),
        "s32" => match a.enumeration {
            Some(e) => Value::I32(e.values[seed as usize % e.values.len()].value),
            None => Value::I32((seed % 8) as i32),
        },
        "mac" => Value::Mac(MacAddr([2, 0, 0, 0, 0, (seed % 12) as u8])),
        "oid" => Value::Oid(of_type(seed).unwrap_or_default()),
        "objlist" => Value::OidList(of_type(seed).into_iter().collect()),
        "u64" => Value::U64([0, 1, 3, 100, 1_000_000][seed as usize % 5]),
        _ => return None,
    };
    if matches!(a.ty, ValueType::Plain(_)) {
        return Some(value);
    }
    Some(Value::AclAction(match value {
        Value::Bool(on) => AclAction::Bool(on),
        Value::U8(n) => AclAction::U8(n),
        Value::U16(n) => AclAction::U16(n),
        Value::U32(n) => AclAction::U32(n),
        Value::I32(n) => AclAction::I32(n),
        Value::Mac(mac) => AclAction::Mac(mac),
        Value::Oid(id) if !id.is_null() => AclAction::Oid(id),
        Value::OidList(ids) => AclAction::OidList(ids),
        _ => AclAction::Disabled,
    }))
}

/// An isolation group of ports.
fn join_ports(bed: &Bed) {
    let kind = Value::I32(sai::isolation_group::Type::PORT.0);
    let group = bed.create(ObjectType::ISOLATION_GROUP, &[attr(sai::isolation_group::TYPE.id(), kind)]);
    for n in [1, 5, 6] {
        let attrs = [
            attr(sai::isolation_group_member::ISOLATION_GROUP_ID.id(), Value::Oid(group)),
            attr(sai::isolation_group_member::ISOLATION_OBJECT.id(), Value::Oid(bed.ports[n])),
        ];
        bed.create(ObjectType::ISOLATION_GROUP_MEMBER, &attrs);
    }
}

/// An IP multicast group, with an entry for what [`any`](super::any) sends to one.
fn add_groups(bed: &Bed, vr_id: ObjectId, rifs: [ObjectId; 2]) {
    let group = bed.create(ObjectType::IPMC_GROUP, &[]);
    for rif in rifs {
        let attrs = [
            attr(sai::ipmc_group_member::IPMC_GROUP_ID.id(), Value::Oid(group)),
            attr(sai::ipmc_group_member::IPMC_OUTPUT_ID.id(), Value::Oid(rif)),
        ];
        bed.create(ObjectType::IPMC_GROUP_MEMBER, &attrs);
        bed.set(ObjectType::ROUTER_INTERFACE, rif, rif::V4_MCAST_ENABLE.id(), Value::Bool(true));
    }
    let expected = bed.create(ObjectType::RPF_GROUP, &[]);
    let entry = sai::entry::IpmcEntry {
        switch_id: bed.switch,
        vr_id,
        r#type: sai::ipmc_entry::Type::XG,
        destination: [239, 1, 1, 1].into(),
        source: [0, 0, 0, 0].into(),
    };
    let attrs = [
        attr(sai::ipmc_entry::PACKET_ACTION.id(), Value::I32(PacketAction::FORWARD.0)),
        attr(sai::ipmc_entry::OUTPUT_GROUP_ID.id(), Value::Oid(group)),
        attr(sai::ipmc_entry::RPF_GROUP_ID.id(), Value::Oid(expected)),
    ];
    bed.sim.create(bed.switch, Target::Entry(&entry.into()), &attrs).unwrap();
}

/// Mirror sessions, samplers and policers.
fn add_watchers(bed: &Bed, lag: ObjectId) {
    use sai::{mirror_session as mirror, policer, samplepacket as sample};
    let ip = |n| Value::IpAddress([192, 0, 2, n].into());
    for (ty, to) in [
        (mirror::Type::LOCAL, bed.ports[3]),
        (mirror::Type::REMOTE, lag),
        (mirror::Type::ENHANCED_REMOTE, bed.ports[1]),
    ] {
        let attrs = [
            attr(mirror::TYPE.id(), Value::I32(ty.0)),
            attr(mirror::MONITOR_PORT.id(), Value::Oid(to)),
            attr(mirror::VLAN_TPID.id(), Value::U16(0x8100)),
            attr(mirror::VLAN_ID.id(), Value::U16(10)),
            attr(mirror::ERSPAN_ENCAPSULATION_TYPE.id(), Value::I32(0)),
            attr(mirror::IPHDR_VERSION.id(), Value::U8(4)),
            attr(mirror::TOS.id(), Value::U8(0)),
            attr(mirror::SRC_IP_ADDRESS.id(), ip(1)),
            attr(mirror::DST_IP_ADDRESS.id(), ip(2)),
            attr(mirror::SRC_MAC_ADDRESS.id(), Value::Mac(MacAddr(A))),
            attr(mirror::DST_MAC_ADDRESS.id(), Value::Mac(MacAddr(B))),
            attr(mirror::GRE_PROTOCOL_TYPE.id(), Value::U16(0x88BE)),
        ];
        bed.create(ObjectType::MIRROR_SESSION, &attrs);
    }
    for ty in [sample::Type::SLOW_PATH, sample::Type::MIRROR_SESSION] {
        let attrs =
            [attr(sample::SAMPLE_RATE.id(), Value::U32(2)), attr(sample::TYPE.id(), Value::I32(ty.0))];
        bed.create(ObjectType::SAMPLEPACKET, &attrs);
    }
    for mode in [policer::Mode::SR_TCM, policer::Mode::TR_TCM, policer::Mode::STORM_CONTROL] {
        let attrs = [
            attr(policer::METER_TYPE.id(), Value::I32(sai::types::MeterType::PACKETS.0)),
            attr(policer::MODE.id(), Value::I32(mode.0)),
            attr(policer::CBS.id(), Value::U64(5)),
            attr(policer::RED_PACKET_ACTION.id(), Value::I32(PacketAction::DROP.0)),
        ];
        bed.create(ObjectType::POLICER, &attrs);
    }
}

/// A table of each stage, with entries that let IPv4, ARP and what is neither pass, until they are changed.
fn add_acls(bed: &Bed) {
    use sai::{acl_entry, acl_table};
    for (stage, on) in [
        (AclStage::PRE_INGRESS, (ObjectType::SWITCH, bed.switch, switch::PRE_INGRESS_ACL.id())),
        (AclStage::INGRESS, (ObjectType::SWITCH, bed.switch, switch::INGRESS_ACL.id())),
        (AclStage::POST_INGRESS, (ObjectType::PORT, bed.ports[0], sai::port::INGRESS_ACL.id())),
        (AclStage::EGRESS, (ObjectType::SWITCH, bed.switch, switch::EGRESS_ACL.id())),
    ] {
        let attrs = [
            attr(acl_table::ACL_STAGE.id(), Value::I32(stage.0)),
            attr(acl_table::FIELD_ETHER_TYPE.id(), Value::Bool(true)),
        ];
        let table = bed.create(ObjectType::ACL_TABLE, &attrs);
        for (data, mask) in [(0x0800, 0xffff), (0x0806, 0xffff), (0, 0)] {
            let kind = Value::AclField(AclField::U16 { data, mask });
            let attrs = [
                attr(acl_entry::TABLE_ID.id(), Value::Oid(table)),
                attr(acl_entry::PRIORITY.id(), Value::U32(u32::from(mask & 1) + 1)),
                attr(acl_entry::FIELD_ETHER_TYPE.id(), kind),
            ];
            bed.create(ObjectType::ACL_ENTRY, &attrs);
        }
        bed.set(on.0, on.1, on.2, Value::Oid(table));
    }
}
