//! The actions of entries: which there are, what an entry wants, and what is refused.

use std::sync::Arc;

use sai::AclAction;
use sai::types::{AclActionType, AclStage, PacketAction};
use sai::{AttrEntry, AttrId, Error, ObjectId, ObjectType, Result, Status, Value};
use sai::{acl_counter, acl_entry as attr, bridge_port};

use super::order::Orders;
use super::table::{Table, name};
use crate::bridge::Target;
use crate::pipeline::NONE;
use crate::port::index;
use crate::store::id::{Parts, type_of};
use crate::switch::Switch;
use crate::{hash, hostif, meter, mirror};

const PRE: u8 = 1;
const IN: u8 = 2;
const POST: u8 = 4;
const OUT: u8 = 8;
const ALL: u8 = PRE | IN | POST | OUT;

macro_rules! actions {
    ($($name:ident $id:ident $stages:expr;)*) => {
        /// Every action that is carried out: its type, its attribute, and the stages that can.
        pub(super) const ACTIONS: &[(AclActionType, AttrId, u8)] =
            &[$((AclActionType::$name, attr::$id.id(), $stages)),*];
        /// The types of those.
        pub(super) const TYPES: &[i32] = &[$(AclActionType::$name.0),*];
        /// The attributes of entries, to declare that they act.
        pub(super) const ENTRY_ACTIONS: &[AttrId] = &[$(attr::$id.id()),*];
    };
}

actions! {
    REDIRECT ACTION_REDIRECT IN | POST;
    REDIRECT_LIST ACTION_REDIRECT_LIST IN | POST;
    PACKET_ACTION ACTION_PACKET_ACTION ALL;
    FLOOD ACTION_FLOOD IN | POST;
    COUNTER ACTION_COUNTER ALL;
    MIRROR_INGRESS ACTION_MIRROR_INGRESS PRE | IN | POST;
    MIRROR_EGRESS ACTION_MIRROR_EGRESS ALL;
    SET_POLICER ACTION_SET_POLICER ALL;
    INGRESS_SAMPLEPACKET_ENABLE ACTION_INGRESS_SAMPLEPACKET_ENABLE PRE | IN | POST;
    EGRESS_SAMPLEPACKET_ENABLE ACTION_EGRESS_SAMPLEPACKET_ENABLE ALL;
    DECREMENT_TTL ACTION_DECREMENT_TTL ALL;
    SET_TC ACTION_SET_TC PRE | IN | POST;
    SET_PACKET_COLOR ACTION_SET_PACKET_COLOR PRE | IN | POST;
    SET_INNER_VLAN_ID ACTION_SET_INNER_VLAN_ID ALL;
    SET_INNER_VLAN_PRI ACTION_SET_INNER_VLAN_PRI ALL;
    SET_OUTER_VLAN_ID ACTION_SET_OUTER_VLAN_ID ALL;
    SET_OUTER_VLAN_PRI ACTION_SET_OUTER_VLAN_PRI ALL;
    ADD_VLAN_ID ACTION_ADD_VLAN_ID ALL;
    ADD_VLAN_PRI ACTION_ADD_VLAN_PRI ALL;
    SET_SRC_MAC ACTION_SET_SRC_MAC ALL;
    SET_DST_MAC ACTION_SET_DST_MAC ALL;
    SET_SRC_IP ACTION_SET_SRC_IP ALL;
    SET_DST_IP ACTION_SET_DST_IP ALL;
    SET_SRC_IPV6 ACTION_SET_SRC_IPV6 ALL;
    SET_DST_IPV6 ACTION_SET_DST_IPV6 ALL;
    SET_DSCP ACTION_SET_DSCP ALL;
    SET_ECN ACTION_SET_ECN ALL;
    SET_L4_SRC_PORT ACTION_SET_L4_SRC_PORT ALL;
    SET_L4_DST_PORT ACTION_SET_L4_DST_PORT ALL;
    SET_ACL_META_DATA ACTION_SET_ACL_META_DATA PRE | IN | POST;
    EGRESS_BLOCK_PORT_LIST ACTION_EGRESS_BLOCK_PORT_LIST PRE | IN | POST;
    SET_USER_TRAP_ID ACTION_SET_USER_TRAP_ID ALL;
    SET_DO_NOT_LEARN ACTION_SET_DO_NOT_LEARN PRE | IN;
    SET_ISOLATION_GROUP ACTION_SET_ISOLATION_GROUP PRE | IN | POST;
    SET_VRF ACTION_SET_VRF PRE;
    SET_ECMP_HASH_ID ACTION_SET_ECMP_HASH_ID PRE;
    SET_ECMP_HASH_ALGORITHM ACTION_SET_ECMP_HASH_ALGORITHM PRE;
    SET_LAG_HASH_ID ACTION_SET_LAG_HASH_ID PRE | IN | POST;
    SET_FORWARDING_CLASS ACTION_SET_FORWARDING_CLASS PRE;
    CHAIN_REDIRECT ACTION_CHAIN_REDIRECT ALL;
    SET_INNER_SRC_MAC ACTION_SET_INNER_SRC_MAC ALL;
    SET_INNER_DST_MAC ACTION_SET_INNER_DST_MAC ALL;
}

/// Actions that a table may list though no entry can have them: those of in-band telemetry. SONiC makes tables of them
/// whether it will need them or not.
pub(super) const WITHOUT_EFFECT: &[i32] = &[
    AclActionType::ACL_DTEL_FLOW_OP.0,
    AclActionType::DTEL_INT_SESSION.0,
    AclActionType::DTEL_DROP_REPORT_ENABLE.0,
    AclActionType::DTEL_TAIL_DROP_REPORT_ENABLE.0,
    AclActionType::DTEL_FLOW_SAMPLE_PERCENT.0,
    AclActionType::DTEL_REPORT_ALL_PACKETS.0,
];

/// The actions that a stage can do, a bit for each `sai_acl_action_type_t`.
pub(super) fn at_stage(stage: AclStage) -> u64 {
    let bit = match stage {
        AclStage::PRE_INGRESS => PRE,
        AclStage::INGRESS => IN,
        AclStage::POST_INGRESS => POST,
        _ => OUT,
    };
    ACTIONS.iter().filter(|(_, _, at)| at & bit != 0).fold(0, |set, (ty, ..)| set | 1 << ty.0)
}

/// The slot of an object that an entry names.
fn chosen(id: ObjectId) -> Option<u16> {
    Some(index(id)).filter(|slot| *slot != NONE)
}

/// Where a redirect leads.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Redirect {
    Port(u16),
    Lag(u16),
    BridgePort(u16),
    /// A next hop or a group of them.
    Route(ObjectId),
    L2mc(u16),
    Ipmc(u32),
    /// Ports and LAGs, each of which gets a copy.
    List(Box<[Target]>),
    /// All members of the VLAN or bridge.
    Flood,
}

/// What few entries want.
#[derive(Clone, Debug, Default)]
pub(super) struct More {
    pub redirect: Option<Redirect>,
    pub meta: Option<u32>,
    pub vrf: Option<u16>,
    /// What stands in [`Packet::trap`](crate::pipeline::Packet::trap).
    pub trap: Option<u16>,
    pub chain: Option<ObjectId>,
    /// Slots of the hash objects for next-hop groups and for LAGs.
    pub hash_by: [Option<u16>; 2],
    /// The algorithm for next-hop groups: `sai_hash_algorithm_t`.
    pub ecmp_algorithm: Option<u8>,
    /// The forwarding class, for class-based groups.
    pub forwarding_class: Option<u8>,
    /// The VLAN by which the packet is classified: before look-up.
    pub vid: Option<u16>,
    pub tc: Option<u8>,
    /// `sai_packet_color_t`.
    pub color: Option<u8>,
    pub pcp: Option<u8>,
    pub ttl: Option<bool>,
    pub no_learn: bool,
    /// The policer.
    pub policer: Option<u16>,
    /// Mirror sessions to copy to at this stage: `mirror::sessions`.
    pub mirror: u16,
    /// The samplepacket.
    pub sampler: Option<u16>,
}

/// What an entry wants done with packets that match.
#[derive(Clone, Debug, Default)]
pub(super) struct Actions {
    pub packet: Option<PacketAction>,
    /// Slot of the counter object and 1; 0 for none.
    counter: u32,
    pub more: Option<Box<More>>,
    /// What is done as copies leave.
    pub orders: Option<Box<Orders>>,
    /// Where [`Actions::orders`] stand among those of all entries.
    pub order: u32,
}

impl Actions {
    /// The slot of the counter object.
    #[inline]
    pub fn counter(&self) -> Option<u32> {
        self.counter.checked_sub(1)
    }

    /// Whether there is nothing to do but to count: the packet goes on as it is.
    #[inline(always)]
    pub fn only_permits(&self) -> bool {
        self.more.is_none()
            && self.order == u32::MAX
            && matches!(self.packet, None | Some(PacketAction::FORWARD))
    }

    /// Whether nothing is to be done after it: the verdict is final.
    pub fn ends(&self) -> bool {
        matches!(self.packet, Some(PacketAction::DROP | PacketAction::DENY | PacketAction::TRAP))
    }

    /// The actions of an entry of a table.
    ///
    /// # Errors
    /// For an action that the table or its stage does not have, and for targets that this switch cannot reach.
    pub fn of(
        sw: &Switch,
        table: &Table,
        attrs: &[AttrEntry],
        position: impl Fn(AttrId) -> usize,
    ) -> Result<Actions> {
        let mut actions = Actions { order: u32::MAX, ..Actions::default() };
        for given in attrs {
            let Value::AclAction(value) = &given.value else { continue };
            let n = position(given.id);
            if *value == AclAction::Disabled {
                continue;
            }
            let refuse = |status: Status, why: String| {
                Err(Error::because(status.nth(n), why).on_attr(name(ObjectType::ACL_ENTRY, given.id)))
            };
            let Some((ty, ..)) = ACTIONS.iter().find(|(_, id, _)| *id == given.id) else {
                return refuse(Status::ATTR_NOT_IMPLEMENTED_0, "this switch does not do it".into());
            };
            if at_stage(table.stage) >> ty.0 & 1 == 0 {
                let why = format!("it is not done at stage {}", table.stage);
                return refuse(Status::ATTR_NOT_SUPPORTED_0, why);
            }
            if table.actions >> ty.0 & 1 == 0 {
                let why = format!("{} was created without {ty} among its actions", table.id);
                return refuse(Status::INVALID_ATTR_VALUE_0, why);
            }
            if let Err(why) = actions.take(sw, table, *ty, value) {
                return refuse(Status::INVALID_ATTR_VALUE_0, why);
            }
        }
        if actions.orders.as_deref() == Some(&Orders::default()) {
            actions.orders = None;
        }
        Ok(actions)
    }

    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    fn orders(&mut self) -> &mut Orders {
        self.orders.get_or_insert_default()
    }

    fn take(
        &mut self,
        sw: &Switch,
        table: &Table,
        ty: AclActionType,
        value: &AclAction,
    ) -> Result<(), String> {
        use AclAction as A;
        use AclActionType as T;
        let egress = table.stage == AclStage::EGRESS;
        match (ty, value) {
            (T::REDIRECT, A::Oid(id)) => self.more().redirect = Some(redirect(sw, *id)?),
            (T::REDIRECT_LIST, A::OidList(ids)) => {
                let targets: Result<Vec<Target>, String> = ids
                    .iter()
                    .map(|id| match redirect(sw, *id)? {
                        Redirect::Port(port) => Ok(Target::Port(port)),
                        Redirect::Lag(lag) => Ok(Target::Lag(lag)),
                        _ => Err(format!("{id}: a list is of ports and LAGs")),
                    })
                    .collect();
                self.more().redirect.get_or_insert(Redirect::List(targets?.into()));
            }
            (T::FLOOD, _) => {
                self.more().redirect.get_or_insert(Redirect::Flood);
            }
            (T::PACKET_ACTION, A::I32(action)) => {
                let action = PacketAction(*action);
                if egress && action == PacketAction::DONOTDROP {
                    return Err("nothing is lifted at egress".into());
                }
                self.packet = Some(action);
            }
            (T::COUNTER, A::Oid(id)) => {
                let of = sw.store.oid(*id, acl_counter::TABLE_ID.id());
                if of != table.id {
                    return Err(format!("{id} counts for {of}, the entry is of {}", table.id));
                }
                self.counter = Parts::of(*id).slot + 1;
            }
            (T::MIRROR_EGRESS, A::OidList(ids)) if !egress => {
                self.orders().mirror = mirror::sessions(sw, ids)
            }
            (T::MIRROR_INGRESS | T::MIRROR_EGRESS, A::OidList(ids)) => {
                self.more().mirror = mirror::sessions(sw, ids);
            }
            (T::SET_POLICER, A::Oid(id)) => {
                meter::check_place(sw, *id, egress)?;
                self.more().policer = chosen(*id);
            }
            (T::EGRESS_SAMPLEPACKET_ENABLE, A::Oid(id)) if !egress => {
                self.orders().sampler = Some((index(*id), 0));
            }
            (T::INGRESS_SAMPLEPACKET_ENABLE | T::EGRESS_SAMPLEPACKET_ENABLE, A::Oid(id)) => {
                self.more().sampler = chosen(*id);
            }
            (T::DECREMENT_TTL, A::Bool(on)) => {
                self.more().ttl = Some(*on);
                self.orders().ttl = *on;
            }
            (T::SET_TC, A::U8(tc)) => {
                let classes = sw.profile.chip.traffic_classes;
                if *tc >= classes {
                    return Err(format!("traffic class {tc}: there are {classes}"));
                }
                self.more().tc = Some(*tc);
            }
            (T::SET_ECMP_HASH_ID, A::Oid(id)) => self.more().hash_by[0] = chosen(*id),
            (T::SET_LAG_HASH_ID, A::Oid(id)) => self.more().hash_by[1] = chosen(*id),
            (T::SET_FORWARDING_CLASS, A::U8(class)) => {
                if *class == u8::MAX {
                    return Err(format!("class {class}: there are {}", u8::MAX));
                }
                self.more().forwarding_class = Some(*class);
            }
            (T::SET_ECMP_HASH_ALGORITHM, A::I32(algorithm)) => {
                if !hash::OWN_ALGORITHMS.contains(algorithm) {
                    return Err(format!("this switch cannot do {}", sai::hash::Algorithm(*algorithm)));
                }
                self.more().ecmp_algorithm = Some(*algorithm as u8);
            }
            (T::SET_PACKET_COLOR, A::I32(color)) => self.more().color = Some(*color as u8),
            (T::SET_INNER_VLAN_ID, A::U32(vid)) => {
                let vid = u16::try_from(*vid).ok().filter(|v| *v < 4095);
                self.orders().inner_vid = Some(vid.ok_or("a VLAN id is 0 to 4094")?);
            }
            (T::SET_INNER_VLAN_PRI, A::U8(pri)) => self.orders().inner_pri = Some(priority(*pri)?),
            (T::SET_OUTER_VLAN_ID, A::U16(vid)) if table.stage == AclStage::PRE_INGRESS => {
                self.more().vid = Some(*vid);
            }
            (T::SET_OUTER_VLAN_ID, A::U16(vid)) => self.orders().outer_vid = Some(*vid),
            (T::SET_OUTER_VLAN_PRI, A::U8(pri)) if egress => self.orders().outer_pri = Some(priority(*pri)?),
            (T::SET_OUTER_VLAN_PRI, A::U8(pri)) => self.more().pcp = Some(priority(*pri)?),
            (T::ADD_VLAN_ID, A::U16(vid)) => self.orders().add_vid = Some(*vid),
            (T::ADD_VLAN_PRI, A::U8(pri)) => self.orders().add_pri = Some(priority(*pri)?),
            (T::SET_SRC_MAC, A::Mac(mac)) => self.orders().src_mac = Some(mac.0),
            (T::SET_DST_MAC, A::Mac(mac)) => self.orders().dst_mac = Some(mac.0),
            (T::SET_INNER_SRC_MAC, A::Mac(mac)) => self.orders().inner_src_mac = Some(mac.0),
            (T::SET_INNER_DST_MAC, A::Mac(mac)) => self.orders().inner_dst_mac = Some(mac.0),
            (T::SET_SRC_IP, A::Ipv4(ip)) => self.orders().src_ip = Some(ip.octets()),
            (T::SET_DST_IP, A::Ipv4(ip)) => self.orders().dst_ip = Some(ip.octets()),
            (T::SET_SRC_IPV6, A::Ipv6(ip)) => self.orders().src_ipv6 = Some(ip.octets()),
            (T::SET_DST_IPV6, A::Ipv6(ip)) => self.orders().dst_ipv6 = Some(ip.octets()),
            (T::SET_DSCP, A::U8(dscp)) if *dscp < 64 => self.orders().dscp = Some(*dscp),
            (T::SET_ECN, A::U8(ecn)) if *ecn < 4 => self.orders().ecn = Some(*ecn),
            (T::SET_DSCP | T::SET_ECN, A::U8(n)) => return Err(format!("{n} has too many bits")),
            (T::SET_L4_SRC_PORT, A::U16(port)) => self.orders().l4_src_port = Some(*port),
            (T::SET_L4_DST_PORT, A::U16(port)) => self.orders().l4_dst_port = Some(*port),
            (T::SET_ACL_META_DATA, A::U32(meta)) => self.more().meta = Some(*meta),
            (T::EGRESS_BLOCK_PORT_LIST, A::OidList(ids)) => {
                self.orders().block = Some(Arc::from_iter(ids.iter().map(|id| index(*id))));
            }
            (T::SET_ISOLATION_GROUP, A::Oid(id)) => self.orders().isolation = Some(*id),
            (T::SET_USER_TRAP_ID, A::Oid(id)) => self.more().trap = Some(hostif::slot_of(sw, *id)),
            (T::SET_DO_NOT_LEARN, _) => self.more().no_learn = true,
            (T::SET_VRF, A::Oid(id)) => self.more().vrf = Some(Parts::of(*id).slot as u16),
            (T::CHAIN_REDIRECT, A::Oid(id)) => self.more().chain = Some(*id),
            _ => return Err("the parameter is of another type".into()),
        }
        Ok(())
    }
}

fn priority(pri: u8) -> Result<u8, String> {
    if pri < 8 { Ok(pri) } else { Err(format!("{pri}: a priority is 0 to 7")) }
}

fn redirect(sw: &Switch, id: ObjectId) -> Result<Redirect, String> {
    let slot = Parts::of(id).slot;
    Ok(match type_of(id) {
        Some(ObjectType::PORT) if sw.is_cpu_port(id) => {
            return Err("the CPU port: packets go there by packet action TRAP".into());
        }
        Some(ObjectType::PORT) => Redirect::Port(index(id)),
        Some(ObjectType::LAG) => Redirect::Lag(index(id)),
        Some(ObjectType::BRIDGE_PORT) => {
            let ty = bridge_port::Type(sw.store.number(id, bridge_port::TYPE.id()) as i32);
            if !matches!(ty, bridge_port::Type::PORT | bridge_port::Type::SUB_PORT) {
                return Err(format!("{id} is a bridge port of type {ty}: no redirect leads there"));
            }
            Redirect::BridgePort(index(id))
        }
        Some(ObjectType::NEXT_HOP | ObjectType::NEXT_HOP_GROUP) => Redirect::Route(id),
        Some(ObjectType::L2MC_GROUP) => Redirect::L2mc(index(id)),
        Some(ObjectType::IPMC_GROUP) => Redirect::Ipmc(slot),
        _ => return Err(format!("{id}: no redirect leads there")),
    })
}
