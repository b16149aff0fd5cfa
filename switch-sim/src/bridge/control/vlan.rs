//! VLANs and their members.

use super::*;

/// Owns `SAI_OBJECT_TYPE_VLAN`.
#[derive(Debug)]
pub struct VlanOwner;

fn derive_vlan(sw: &mut Switch, id: ObjectId) {
    let at = sw.store.number(id, vlan_attr::VLAN_ID) as u16;
    let max = sw.store.number(id, vlan_attr::MAX_LEARNED_ADDRESSES) as u32;
    let learn_disable = sw.store.flag(id, vlan_attr::LEARN_DISABLE);
    let stp = sw.store.oid(id, vlan_attr::STP_INSTANCE);
    let families = [vlan_attr::IPV4_MCAST_LOOKUP_KEY_TYPE, vlan_attr::IPV6_MCAST_LOOKUP_KEY_TYPE];
    let by_group = families.map(|a| match sw.store.number(id, a) {
        1 => LookupKey::Group,
        2 => LookupKey::Source,
        3 => LookupKey::Both,
        _ => LookupKey::Mac,
    });
    let control = [
        vlan_attr::UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE,
        vlan_attr::UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE,
        vlan_attr::BROADCAST_FLOOD_CONTROL_TYPE,
    ];
    let group = [
        vlan_attr::UNKNOWN_UNICAST_FLOOD_GROUP,
        vlan_attr::UNKNOWN_MULTICAST_FLOOD_GROUP,
        vlan_attr::BROADCAST_FLOOD_GROUP,
    ];
    derive_flood(sw, id, at, control, group);
    let unknown = [
        vlan_attr::UNKNOWN_NON_IP_MCAST_OUTPUT_GROUP_ID,
        vlan_attr::UNKNOWN_IPV4_MCAST_OUTPUT_GROUP_ID,
        vlan_attr::UNKNOWN_IPV6_MCAST_OUTPUT_GROUP_ID,
        vlan_attr::UNKNOWN_LINKLOCAL_MCAST_OUTPUT_GROUP_ID,
    ];
    // SAI would drop what no group is named for; its flood control, younger, floods by default.
    let unknown = unknown.map(|a| index(sw.store.oid(id, a)));
    let Some(d) = sw.bridge.domain_mut(at) else { return };
    (d.max_learned, d.learn_disable, d.by_group, d.unknown) = (max, learn_disable, by_group, unknown);
    if std::mem::replace(&mut d.stp, stp) != stp {
        derive_members(sw, at);
    }
}

impl Owner for VlanOwner {
    fn enforced(&self) -> &'static [AttrId] {
        &[
            vlan_attr::VLAN_ID,
            vlan_attr::MAX_LEARNED_ADDRESSES,
            vlan_attr::STP_INSTANCE,
            vlan_attr::LEARN_DISABLE,
            vlan_attr::IPV4_MCAST_LOOKUP_KEY_TYPE,
            vlan_attr::IPV6_MCAST_LOOKUP_KEY_TYPE,
            vlan_attr::UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE,
            vlan_attr::UNKNOWN_UNICAST_FLOOD_GROUP,
            vlan_attr::UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE,
            vlan_attr::UNKNOWN_MULTICAST_FLOOD_GROUP,
            vlan_attr::BROADCAST_FLOOD_CONTROL_TYPE,
            vlan_attr::BROADCAST_FLOOD_GROUP,
            const { sai::vlan::INGRESS_ACL.id() },
            const { sai::vlan::EGRESS_ACL.id() },
            const { sai::vlan::META_DATA.id() },
            vlan_attr::UNKNOWN_NON_IP_MCAST_OUTPUT_GROUP_ID,
            vlan_attr::UNKNOWN_IPV4_MCAST_OUTPUT_GROUP_ID,
            vlan_attr::UNKNOWN_IPV6_MCAST_OUTPUT_GROUP_ID,
            vlan_attr::UNKNOWN_LINKLOCAL_MCAST_OUTPUT_GROUP_ID,
        ]
    }

    fn refused(&self) -> &'static [(AttrId, &'static str)] {
        const {
            &[(
                sai::vlan::CUSTOM_IGMP_SNOOPING_ENABLE.id(),
                "this switch leaves snooping to the host: trap IGMP",
            )]
        }
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let at = sw.store.number(id, vlan_attr::VLAN_ID) as u16;
        put_domain(sw, at, Domain { id, ..Domain::default() });
        derive_vlan(sw, id);
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        if let Some(id) = object.oid() {
            derive_vlan(sw, id);
        }
    }

    fn removed(&self, sw: &mut Switch, _: &ObjectRef, was: Object) {
        if let Some(Value::U16(vid)) = was.value(vlan_attr::VLAN_ID) {
            drop_domain(sw, *vid);
        }
    }

    fn counted(&self) -> &'static [StatId] {
        &[0, 1, 2, 3, 4, 7, 8, 9, 10, 11]
    }

    fn stat(&self, sw: &Switch, object: &ObjectRef, stat: StatId) -> Option<u64> {
        let at = sw.store.number(object.oid()?, vlan_attr::VLAN_ID) as u16;
        counts(ObjectType::VLAN, stat, sw.bridge.domain(at)?.counts)
    }
}

/// Owns `SAI_OBJECT_TYPE_VLAN_MEMBER`.
#[derive(Debug)]
pub struct VlanMemberOwner;

impl Owner for VlanMemberOwner {
    fn enforced(&self) -> &'static [AttrId] {
        &[
            member::VLAN_ID,
            member::BRIDGE_PORT_ID,
            member::VLAN_TAGGING_MODE,
            member::RX_DROP,
            member::TX_DROP,
        ]
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        let (Some((_, Value::Oid(vlan))), Some((n, Value::Oid(port)))) =
            (request.given(member::VLAN_ID), request.given(member::BRIDGE_PORT_ID))
        else {
            return Ok(());
        };
        let refuse = |status: Status, why: String| {
            Err(Error::because(status, why).on_attr("SAI_VLAN_MEMBER_ATTR_BRIDGE_PORT_ID"))
        };
        let Some(record) = sw.bridge.port(index(*port)) else { return Ok(()) };
        if record.domain != NONE {
            let why = format!("{port} belongs to an 802.1D bridge");
            return refuse(Status::INVALID_ATTR_VALUE_0.nth(n), why);
        }
        let vid = sw.store.number(*vlan, vlan_attr::VLAN_ID) as u16;
        if sw.bridge.domain(vid).is_some_and(|d| d.state(index(*port)) & state::MEMBER != 0) {
            return refuse(Status::ITEM_ALREADY_EXISTS, format!("{port} is a member of VLAN {vid} already"));
        }
        Ok(())
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let (at, port) = place(sw, id);
        if let Some(d) = sw.bridge.domain_mut(at) {
            d.members.push((id, port));
        }
        derive_member(sw, at, id, port);
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        let Some(id) = object.oid() else { return };
        let (at, port) = place(sw, id);
        derive_member(sw, at, id, port);
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, was: Object) {
        let Some(id) = object.oid() else { return };
        let vid = sw.store.number(given(&was, member::VLAN_ID), vlan_attr::VLAN_ID) as u16;
        leave(sw, vid, id, index(given(&was, member::BRIDGE_PORT_ID)));
    }
}

/// Domain and bridge port of a VLAN member.
fn place(sw: &Switch, id: ObjectId) -> (u16, u16) {
    let vid = sw.store.number(sw.store.oid(id, member::VLAN_ID), vlan_attr::VLAN_ID);
    (vid as u16, index(sw.store.oid(id, member::BRIDGE_PORT_ID)))
}
