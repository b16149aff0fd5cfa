//! Where tables are bound, and what a drop is called there.

use sai::entry::{Entry, NeighborEntry, RouteEntry};
use sai::types::AclBindPointType;
use sai::{lag, lag_member, neighbor_entry, next_hop, port, route_entry, router_interface, switch, vlan};
use switch_sim::pipeline::DropReason;

use super::*;

/// VLAN 1 and VLAN 7 with router interfaces, and 10.7.0.9 behind VLAN 7.
pub(crate) struct Routed {
    pub(crate) acl: Acl,
    pub(crate) rifs: [ObjectId; 2],
    pub(crate) next_hop: ObjectId,
    mac: MacAddr,
}

impl Deref for Routed {
    type Target = Acl;
    fn deref(&self) -> &Acl {
        &self.acl
    }
}

impl Routed {
    pub(crate) fn new() -> Routed {
        let acl = Acl::new();
        let vr = acl.read(ObjectType::SWITCH, acl.switch, switch::DEFAULT_VIRTUAL_ROUTER_ID.id());
        let vr = vr.as_oid().unwrap();
        let rifs = [acl.vlan1, acl.vlan7].map(|vlan| {
            acl.create(
                ObjectType::ROUTER_INTERFACE,
                &[
                    attr(router_interface::VIRTUAL_ROUTER_ID.id(), Value::Oid(vr)),
                    attr(router_interface::TYPE.id(), Value::I32(router_interface::Type::VLAN.0)),
                    attr(router_interface::VLAN_ID.id(), Value::Oid(vlan)),
                ],
            )
        });
        let ip = "10.7.0.9".parse().unwrap();
        let neighbor =
            Entry::Neighbor(NeighborEntry { switch_id: acl.switch, rif_id: rifs[1], ip_address: ip });
        let mac = Value::Mac(MacAddr::new(2, 0, 0, 0, 7, 9));
        let attrs = [
            attr(neighbor_entry::DST_MAC_ADDRESS.id(), mac),
            attr(neighbor_entry::META_DATA.id(), Value::U32(7)),
        ];
        acl.backend().create(acl.switch, Target::Entry(&neighbor), &attrs).unwrap();
        let next_hop = acl.create(
            ObjectType::NEXT_HOP,
            &[
                attr(next_hop::TYPE.id(), Value::I32(next_hop::Type::IP.0)),
                attr(next_hop::IP.id(), Value::IpAddress(ip)),
                attr(next_hop::ROUTER_INTERFACE_ID.id(), Value::Oid(rifs[1])),
            ],
        );
        let destination = "20.0.0.0/8".parse().unwrap();
        let route = Entry::Route(RouteEntry { switch_id: acl.switch, vr_id: vr, destination });
        let attrs = [
            attr(route_entry::NEXT_HOP_ID.id(), Value::Oid(next_hop)),
            attr(route_entry::META_DATA.id(), Value::U32(8)),
        ];
        acl.backend().create(acl.switch, Target::Entry(&route), &attrs).unwrap();
        let Value::Mac(mac) = acl.read(ObjectType::SWITCH, acl.switch, switch::SRC_MAC_ADDRESS.id()) else {
            panic!("a MAC address")
        };
        Routed { acl, rifs, next_hop, mac }
    }

    pub(crate) fn packet(&self, to: &str) -> Vec<u8> {
        f(&format!("eth src=02:00:00:00:00:0a dst={}/ipv4 dst={to} ttl=9/udp", self.mac))
    }
}

fn reason(acl: &Acl, port: usize, frame: &[u8]) -> Option<DropReason> {
    acl.trace(port, frame).drop_reason()
}

/// A table that drops all.
fn wall(acl: &Acl, stage: AclStage) -> ObjectId {
    let table = acl.table_of(stage, &[]);
    acl.entry(table, 1, &[packet_action(PacketAction::DROP)]);
    table
}

/// Acts: SAI_PORT_ATTR_INGRESS_ACL, SAI_PORT_ATTR_EGRESS_ACL, SAI_VLAN_ATTR_INGRESS_ACL,
/// SAI_VLAN_ATTR_EGRESS_ACL, SAI_SWITCH_ATTR_INGRESS_ACL, SAI_SWITCH_ATTR_EGRESS_ACL,
/// SAI_SWITCH_ATTR_PRE_INGRESS_ACL.
#[test]
fn tables_bind_to_ports_vlans_and_the_switch() {
    needs!(Trace);
    use DropReason::{AclEgressPort, AclEgressSwitch, AclEgressVlan};
    use DropReason::{AclIngressPort, AclIngressSwitch, AclIngressVlan};
    let acl = Acl::new();
    let (here, other) = (f("eth/vlan vid=7/ipv4"), f("eth/ipv4"));
    // Port 1 is where both go.
    acl.send(1, &f("eth src=02:00:00:00:00:02 dst=02:00:00:00:00:01/vlan vid=7/ipv4"));
    acl.send(1, &f("eth src=02:00:00:00:00:02 dst=02:00:00:00:00:01/ipv4"));
    type Row = (AclStage, ObjectType, ObjectId, AttrId, DropReason, bool);
    let rows: [Row; 8] = [
        (AclStage::INGRESS, ObjectType::PORT, acl.ports[0], port::INGRESS_ACL.id(), AclIngressPort, true),
        (
            AclStage::POST_INGRESS,
            ObjectType::PORT,
            acl.ports[0],
            port::INGRESS_ACL.id(),
            AclIngressPort,
            true,
        ),
        (AclStage::EGRESS, ObjectType::PORT, acl.ports[1], port::EGRESS_ACL.id(), AclEgressPort, true),
        (AclStage::INGRESS, ObjectType::VLAN, acl.vlan7, vlan::INGRESS_ACL.id(), AclIngressVlan, false),
        (AclStage::EGRESS, ObjectType::VLAN, acl.vlan7, vlan::EGRESS_ACL.id(), AclEgressVlan, false),
        (AclStage::INGRESS, ObjectType::SWITCH, acl.switch, switch::INGRESS_ACL.id(), AclIngressSwitch, true),
        (AclStage::EGRESS, ObjectType::SWITCH, acl.switch, switch::EGRESS_ACL.id(), AclEgressSwitch, true),
        (
            AclStage::PRE_INGRESS,
            ObjectType::SWITCH,
            acl.switch,
            switch::PRE_INGRESS_ACL.id(),
            AclIngressSwitch,
            true,
        ),
    ];
    for (stage, ty, id, bind, called, all) in rows {
        let table = wall(&acl, stage);
        acl.set(ty, id, bind, Value::Oid(table));
        assert_eq!(reason(&acl, 0, &here), Some(called), "{stage} {ty}");
        assert_eq!(reason(&acl, 0, &other), all.then_some(called), "{stage} {ty}");
        let used = acl.backend().remove(&ObjectRef::Object(ObjectType::ACL_TABLE, table)).unwrap_err();
        assert_eq!(used.status(), sai::Status::OBJECT_IN_USE);
        acl.set(ty, id, bind, Value::Oid(ObjectId::NULL));
        assert_eq!(reason(&acl, 0, &here), None, "{stage} {ty}: unbound");
    }
}

/// Acts: SAI_LAG_ATTR_INGRESS_ACL, SAI_LAG_ATTR_EGRESS_ACL.
#[test]
fn tables_bind_to_lags() {
    needs!(Trace);
    use lag::{EGRESS_ACL, INGRESS_ACL};
    let acl = Acl::new();
    acl.free_port(7);
    let lag = acl.create(ObjectType::LAG, &[]);
    acl.create(
        ObjectType::LAG_MEMBER,
        &[
            attr(lag_member::LAG_ID.id(), Value::Oid(lag)),
            attr(lag_member::PORT_ID.id(), Value::Oid(acl.ports[7])),
        ],
    );
    let bridge_port = acl.create(
        ObjectType::BRIDGE_PORT,
        &[
            attr(sai::bridge_port::TYPE.id(), Value::I32(sai::bridge_port::Type::PORT.0)),
            attr(sai::bridge_port::PORT_ID.id(), Value::Oid(lag)),
            attr(sai::bridge_port::ADMIN_STATE.id(), Value::Bool(true)),
        ],
    );
    acl.member(acl.vlan1, bridge_port, TaggingMode::UNTAGGED);
    let frame = f("eth/ipv4");
    assert!(acl.to(0, &frame).contains(&7));
    acl.set(ObjectType::LAG, lag, INGRESS_ACL.id(), Value::Oid(wall(&acl, AclStage::INGRESS)));
    acl.set(ObjectType::LAG, lag, EGRESS_ACL.id(), Value::Oid(wall(&acl, AclStage::EGRESS)));
    assert_eq!(reason(&acl, 7, &frame), Some(DropReason::AclIngressLag));
    assert_eq!(reason(&acl, 0, &frame), Some(DropReason::AclEgressLag));
    acl.sent();
    assert_eq!(acl.to(0, &frame), [1, 2, 3, 4, 5, 6]);
}

/// Acts: SAI_ROUTER_INTERFACE_ATTR_INGRESS_ACL, SAI_ROUTER_INTERFACE_ATTR_EGRESS_ACL.
#[test]
fn tables_bind_to_router_interfaces_and_see_what_is_routed() {
    needs!(Trace);
    use router_interface::{EGRESS_ACL, INGRESS_ACL};
    let r = Routed::new();
    let rif = ObjectType::ROUTER_INTERFACE;
    let (routed, bridged) = (r.packet("20.0.0.1"), f("eth/ipv4"));
    assert!(r.passes(&routed));
    let (walls, none) = (wall(&r, AclStage::INGRESS), Value::Oid(ObjectId::NULL));
    r.set(rif, r.rifs[0], INGRESS_ACL.id(), Value::Oid(walls));
    assert_eq!(reason(&r, 0, &routed), Some(DropReason::AclIngressRif));
    assert_eq!(reason(&r, 0, &bridged), None);
    r.set(rif, r.rifs[0], INGRESS_ACL.id(), none);
    let walls = wall(&r, AclStage::EGRESS);
    r.set(rif, r.rifs[1], EGRESS_ACL.id(), Value::Oid(walls));
    assert_eq!(reason(&r, 0, &routed), Some(DropReason::AclEgressRif));
    assert_eq!(reason(&r, 0, &bridged), None);
}

/// Acts: SAI_ACL_TABLE_ATTR_ACL_BIND_POINT_TYPE_LIST, SAI_ACL_TABLE_GROUP_ATTR_ACL_BIND_POINT_TYPE_LIST,
/// SAI_ACL_TABLE_GROUP_ATTR_ACL_STAGE.
#[test]
fn what_is_of_another_stage_or_bind_point_is_refused() {
    let acl = Acl::new();
    let _ = acl_table_group::ACL_STAGE.id();
    let points = |id| {
        let list = vec![AclBindPointType::PORT.0, AclBindPointType::LAG.0];
        attr(id, Value::I32List(list))
    };
    let stage = |id| attr(id, Value::I32(AclStage::INGRESS.0));
    let table = acl.create(
        ObjectType::ACL_TABLE,
        &[stage(acl_table::ACL_STAGE.id()), points(acl_table::ACL_BIND_POINT_TYPE_LIST.id())],
    );
    let group = acl.create(
        ObjectType::ACL_TABLE_GROUP,
        &[stage(acl_table_group::ACL_STAGE.id()), points(acl_table_group::ACL_BIND_POINT_TYPE_LIST.id())],
    );
    let bind = |ty, id, attr, what| {
        acl.backend().set(&ObjectRef::Object(ty, id), &AttrEntry::new(attr, Value::Oid(what)))
    };
    for what in [table, group] {
        assert!(bind(ObjectType::PORT, acl.ports[0], port::INGRESS_ACL.id(), what).is_ok());
        for refused in [
            bind(ObjectType::SWITCH, acl.switch, switch::INGRESS_ACL.id(), what),
            bind(ObjectType::VLAN, acl.vlan7, vlan::INGRESS_ACL.id(), what),
            bind(ObjectType::PORT, acl.ports[1], port::EGRESS_ACL.id(), what),
        ] {
            assert_eq!(refused.unwrap_err().status(), sai::Status::INVALID_ATTR_VALUE_0);
        }
    }
    let egress = acl.table_of(AclStage::EGRESS, &[]);
    let member = [
        attr(acl_table_group_member::ACL_TABLE_GROUP_ID.id(), Value::Oid(group)),
        attr(acl_table_group_member::ACL_TABLE_ID.id(), Value::Oid(egress)),
        attr(acl_table_group_member::PRIORITY.id(), Value::U32(1)),
    ];
    let refused = acl.try_create(ObjectType::ACL_TABLE_GROUP_MEMBER, &member).unwrap_err();
    assert_eq!(refused.status(), sai::Status::INVALID_ATTR_VALUE_0.nth(1), "{refused}");
}

#[test]
fn a_removed_object_takes_its_binding_along() {
    let acl = Acl::new();
    let vlan = acl.vlan(9, &[(0, TaggingMode::TAGGED), (1, TaggingMode::TAGGED)]);
    let table = wall(&acl, AclStage::INGRESS);
    acl.set(ObjectType::VLAN, vlan, vlan::INGRESS_ACL.id(), Value::Oid(table));
    let frame = f("eth/vlan vid=9/ipv4");
    assert!(!acl.passes(&frame));
    let members = acl.read(ObjectType::VLAN, vlan, vlan::MEMBER_LIST.id());
    let Value::OidList(members) = members else { panic!("a list") };
    members.iter().for_each(|m| acl.remove(ObjectType::VLAN_MEMBER, *m));
    acl.remove(ObjectType::VLAN, vlan);
    acl.vlan(9, &[(0, TaggingMode::TAGGED), (1, TaggingMode::TAGGED)]);
    assert!(acl.passes(&frame));
    let entries = acl.read(ObjectType::ACL_TABLE, table, acl_table::ENTRY_LIST.id());
    let Value::OidList(entries) = entries else { panic!("a list") };
    acl.remove(ObjectType::ACL_ENTRY, entries[0]);
    acl.remove(ObjectType::ACL_TABLE, table);
}
