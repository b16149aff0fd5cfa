//! Router interfaces.

use sai::meta::AttrMeta;
use sai::object::router_interface::{Stat, Type};
use sai::types::PacketAction;
use sai::{
    AttrEntry, AttrId, Error, ObjectId, ObjectRef, ObjectType, Result, SaiEnum, StatId, Status, Value,
    router_interface as attr, vlan,
};

use super::read;
use crate::bridge::control::{give_way, yields};
use crate::feature::{Owner, Request};
use crate::pipeline::packet::{Packet, flag, wire_len};
use crate::pipeline::{DropReason, NONE, Side};
use crate::qos;
use crate::store::Object;
use crate::store::id::{self, Parts};
use crate::switch::Switch;

/// What an interface stands on. Slots of ports, LAGs and bridges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Base {
    /// Nothing: a loopback interface.
    #[default]
    None,
    /// A port.
    Port(u16),
    /// A LAG.
    Lag(u16),
    /// A VLAN, by VLAN id.
    Vlan(u16),
    /// An 802.1D bridge.
    Bridge(u16),
}

/// A router interface as packets see it.
#[derive(Clone, Debug, Default)]
pub struct Rif {
    /// The object; null where there is none.
    pub id: ObjectId,
    /// Slot of its virtual router.
    pub vr: u16,
    /// What it stands on.
    pub base: Base,
    /// VLAN id of a SUB_PORT, outer one of a QINQ_PORT; 0 for the other types.
    pub vid: u16,
    /// Inner VLAN id of a QINQ_PORT; 0 for the other types.
    pub inner: u16,
    /// Its MAC address: to whom packets are for it, from whom those that it sends are.
    pub mac: [u8; 6],
    /// The address by which packets are for it: its own, unless a My-MAC entry stands in for that.
    pub(super) ingress_mac: [u8; 6],
    /// More MAC addresses that are its own: those of virtual interfaces on the same base.
    pub virtual_macs: Vec<[u8; 6]>,
    /// Another address for a base that has one: adds a MAC address and sends nothing itself.
    pub is_virtual: bool,
    /// Routes IPv4, IPv6.
    pub admin: [bool; 2],
    /// Routes multicast of IPv4, IPv6.
    pub multicast: [bool; 2],
    /// The longest IP packet that it sends.
    pub mtu: u32,
    /// What happens to packets that leave where they came in.
    pub loopback: PacketAction,
    /// What happens to packets to a connected host that is no neighbor.
    pub miss: PacketAction,
    /// Leaves the TTL as it is.
    pub keep_ttl: bool,
    /// Has QoS maps for what it routes.
    pub classes: bool,
    /// Has QoS maps for what leaves by it.
    pub marks: bool,
}

/// Packets and octets, in the order of `sai_router_interface_stat_t`.
pub type Counts = [u64; 8];

/// Owns `SAI_OBJECT_TYPE_ROUTER_INTERFACE`.
#[derive(Debug)]
pub(crate) struct RifOwner;

impl Owner for RifOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const {
            &[
                attr::VIRTUAL_ROUTER_ID.id(),
                attr::TYPE.id(),
                attr::PORT_ID.id(),
                attr::VLAN_ID.id(),
                attr::OUTER_VLAN_ID.id(),
                attr::INNER_VLAN_ID.id(),
                attr::BRIDGE_ID.id(),
                attr::SRC_MAC_ADDRESS.id(),
                attr::ADMIN_V4_STATE.id(),
                attr::ADMIN_V6_STATE.id(),
                attr::MTU.id(),
                attr::NEIGHBOR_MISS_PACKET_ACTION.id(),
                attr::LOOPBACK_PACKET_ACTION.id(),
                attr::IS_VIRTUAL.id(),
                attr::DISABLE_DECREMENT_TTL.id(),
                attr::INGRESS_ACL.id(),
                attr::EGRESS_ACL.id(),
                attr::V4_MCAST_ENABLE.id(),
                attr::V6_MCAST_ENABLE.id(),
                attr::MY_MAC.id(),
                attr::QOS_DSCP_TO_TC_MAP.id(),
                attr::QOS_DSCP_TO_COLOR_MAP.id(),
                attr::QOS_DOT1P_TO_TC_MAP.id(),
                attr::QOS_DOT1P_TO_COLOR_MAP.id(),
                attr::QOS_TC_AND_COLOR_TO_DSCP_MAP.id(),
                attr::QOS_TC_AND_COLOR_TO_DOT1P_MAP.id(),
            ]
        }
    }

    fn values(&self, asked: AttrId) -> Option<&'static [i32]> {
        const TYPES: &[i32] = &[
            Type::PORT.0,
            Type::VLAN.0,
            Type::LOOPBACK.0,
            Type::SUB_PORT.0,
            Type::BRIDGE.0,
            Type::QINQ_PORT.0,
        ];
        (asked == attr::TYPE.id()).then_some(TYPES)
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        let mut given = request.attrs.iter().enumerate();
        given.try_for_each(|(n, given)| qos::check(sw, ObjectType::ROUTER_INTERFACE, n, given))?;
        for (id, name) in VLAN_IDS {
            if let Some((n, Value::U16(vid))) = request.given(id)
                && !(1..4095).contains(vid)
            {
                let why = format!("{vid}: VLAN ids are 1 to 4094");
                return Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why).on_attr(name));
            }
        }
        let is_virtual = matches!(request.given(attr::IS_VIRTUAL.id()), Some((_, Value::Bool(true))));
        let kind = match request.given(attr::TYPE.id()) {
            Some((_, Value::I32(kind))) => Type::from_raw(*kind),
            _ => Type::PORT,
        };
        let given = |a| request.given(a).and_then(|(_, v)| v.as_oid()).unwrap_or(ObjectId::NULL);
        let base = base(sw, kind, given);
        let [vid, inner] = vlan_ids(kind, |a| match request.given(a) {
            Some((_, Value::U16(vid))) => *vid,
            _ => 0,
        });
        let twin = sw.router.rifs.iter().find(|r| {
            !r.id.is_null()
                && !r.is_virtual
                && base != Base::None
                && r.base == base
                && [r.vid, r.inner] == [vid, inner]
        });
        match twin {
            Some(twin) if !is_virtual => {
                let why = format!("{} is the router interface of this port or VLAN already", twin.id);
                Err(Error::because(Status::ITEM_ALREADY_EXISTS, why))
            }
            _ => check_free(sw, base, vid),
        }
    }

    fn check_set(&self, sw: &Switch, _: &ObjectRef, given: &AttrEntry) -> Result<()> {
        qos::check(sw, ObjectType::ROUTER_INTERFACE, 0, given)
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let slot = Parts::of(id).slot as usize;
        if sw.router.rifs.len() <= slot {
            sw.router.rifs.resize_with(slot + 1, Rif::default);
            sw.router.rif_counts.resize(slot + 1, [0; 8]);
        }
        sw.router.rif_counts[slot] = [0; 8];
        derive(sw, id);
        let Rif { base, vid, .. } = sw.router.rifs[slot];
        let bridge_port = bridge_port_at(sw, base, vid);
        give_way(sw, bridge_port);
        super::attach::put(sw, slot as u16, true);
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        if let Some(id) = object.oid() {
            derive(sw, id);
            super::group::monitor::changed(sw);
        }
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        let Some(id) = object.oid() else { return };
        let slot = Parts::of(id).slot as usize;
        super::attach::put(sw, slot as u16, false);
        let gone = std::mem::take(&mut sw.router.rifs[slot]);
        qos::derive_interface(sw, slot as u16, ObjectId::NULL);
        count_doubles(sw);
        if gone.is_virtual {
            derive_virtual(sw, &gone);
        }
    }

    fn counted(&self) -> &'static [StatId] {
        const {
            &[
                Stat::IN_OCTETS.0 as StatId,
                Stat::IN_PACKETS.0 as StatId,
                Stat::OUT_OCTETS.0 as StatId,
                Stat::OUT_PACKETS.0 as StatId,
                Stat::IN_ERROR_OCTETS.0 as StatId,
                Stat::IN_ERROR_PACKETS.0 as StatId,
                Stat::OUT_ERROR_OCTETS.0 as StatId,
                Stat::OUT_ERROR_PACKETS.0 as StatId,
            ]
        }
    }

    fn stat(&self, sw: &Switch, object: &ObjectRef, stat: StatId) -> Option<u64> {
        let slot = Parts::of(object.oid()?).slot as usize;
        sw.router.rif_counts.get(slot)?.get(stat as usize).copied()
    }

    fn get(&self, sw: &Switch, object: &ObjectRef, asked: &'static AttrMeta) -> Option<Result<Value>> {
        // The default is the MAC address of the interface's own virtual router, not of the default one.
        if asked.id != attr::SRC_MAC_ADDRESS.id() {
            return None;
        }
        let stored = sw.store.get(object.oid()?)?;
        if stored.value(asked.id).is_some() {
            return None;
        }
        let vr = stored.value(attr::VIRTUAL_ROUTER_ID.id())?.as_oid()?;
        let vr = ObjectRef::Object(ObjectType::VIRTUAL_ROUTER, vr);
        Some(sw.value(&vr, sai::virtual_router::SRC_MAC_ADDRESS.id()))
    }
}

/// The bridge port that takes the packets of a port or LAG; an interface of a single VLAN is asked before it.
fn bridge_port_at(sw: &Switch, base: Base, vid: u16) -> u16 {
    let attached = match base {
        _ if vid != 0 => None,
        Base::Port(port) => sw.ports.get(port).map(|p| &p.attached),
        Base::Lag(lag) => sw.lags.attachment(lag),
        _ => None,
    };
    attached.map_or(NONE, |a| a.bridge_port)
}

/// A router interface on a port, of the port itself or of a VLAN there.
pub(crate) fn on_port(sw: &Switch, port: u16) -> Option<ObjectId> {
    sw.router.rifs.iter().find(|r| !r.id.is_null() && r.base == Base::Port(port)).map(|r| r.id)
}

/// Refuses a member of a LAG, and a port or LAG that a client bridges.
fn check_free(sw: &Switch, base: Base, vid: u16) -> Result<()> {
    if let Base::Port(port) = base
        && let Some(m) = sw.lags.membership(port)
    {
        let why = format!("the port is a member of {}: let that have the interface", m.lag);
        return Err(Error::because(Status::OBJECT_IN_USE, why).on_attr("SAI_ROUTER_INTERFACE_ATTR_PORT_ID"));
    }
    let bridge_port = bridge_port_at(sw, base, vid);
    if yields(sw, bridge_port) {
        return Ok(());
    }
    let id = sw.bridge.port(bridge_port).map(|b| b.id).unwrap_or_default();
    let why = format!("{id} is a bridge port on the same port or LAG: remove that first");
    Err(Error::because(Status::OBJECT_IN_USE, why))
}

/// What an interface of this type stands on. What belongs to another type is stored, not used.
fn base(sw: &Switch, kind: Type, named: impl Fn(AttrId) -> ObjectId) -> Base {
    let attr = match kind {
        Type::PORT | Type::SUB_PORT | Type::QINQ_PORT => attr::PORT_ID.id(),
        Type::VLAN => attr::VLAN_ID.id(),
        Type::BRIDGE => attr::BRIDGE_ID.id(),
        _ => return Base::None,
    };
    let on = named(attr);
    let slot = Parts::of(on).slot as u16;
    match id::type_of(on) {
        Some(ObjectType::PORT) => Base::Port(slot),
        Some(ObjectType::LAG) => Base::Lag(slot),
        Some(ObjectType::BRIDGE) => Base::Bridge(slot),
        Some(ObjectType::VLAN) => {
            let vlan = ObjectRef::Object(ObjectType::VLAN, on);
            Base::Vlan(read::number(sw, &vlan, vlan::VLAN_ID.id()) as u16)
        }
        _ => Base::None,
    }
}

/// The VLANs of an interface that takes single ones, and what they are called.
const VLAN_IDS: [(AttrId, &str); 2] = [
    (attr::OUTER_VLAN_ID.id(), "SAI_ROUTER_INTERFACE_ATTR_OUTER_VLAN_ID"),
    (attr::INNER_VLAN_ID.id(), "SAI_ROUTER_INTERFACE_ATTR_INNER_VLAN_ID"),
];

/// The outer and the inner VLAN id of an interface of this type; 0 where it has none.
fn vlan_ids(kind: Type, given: impl Fn(AttrId) -> u16) -> [u16; 2] {
    let has = [matches!(kind, Type::SUB_PORT | Type::QINQ_PORT), kind == Type::QINQ_PORT];
    std::array::from_fn(|n| if has[n] { given(VLAN_IDS[n].0) } else { 0 })
}

/// Says again whether any interface has two tags.
fn count_doubles(sw: &mut Switch) {
    sw.router.doubles = sw.router.rifs.iter().any(|r| r.inner != 0);
}

/// Derives the record of an interface.
fn derive(sw: &mut Switch, id: ObjectId) {
    let object = ObjectRef::Object(ObjectType::ROUTER_INTERFACE, id);
    let slot = Parts::of(id).slot as usize;
    let [classes, marks] = qos::derive_interface(sw, slot as u16, id);
    let sw_ref = &*sw;
    let oid = |a| read::oid(sw_ref, &object, a);
    let flag = |a| read::flag(sw_ref, &object, a);
    let kind = Type::from_raw(read::number(sw, &object, attr::TYPE.id()) as i32);
    let base = base(sw, kind, oid);
    let [vid, inner] = vlan_ids(kind, |a| read::number(sw, &object, a) as u16);
    let mac = read::mac(sw, &object, attr::SRC_MAC_ADDRESS.id());
    // Nobody's unicast address.
    let ingress_mac = if oid(attr::MY_MAC.id()).is_null() { mac } else { [0xff; 6] };
    let record = Rif {
        id,
        ingress_mac,
        vr: Parts::of(oid(attr::VIRTUAL_ROUTER_ID.id())).slot as u16,
        base,
        vid,
        inner,
        mac,
        virtual_macs: Vec::new(),
        is_virtual: flag(attr::IS_VIRTUAL.id()),
        admin: [flag(attr::ADMIN_V4_STATE.id()), flag(attr::ADMIN_V6_STATE.id())],
        multicast: [flag(attr::V4_MCAST_ENABLE.id()), flag(attr::V6_MCAST_ENABLE.id())],
        mtu: read::number(sw, &object, attr::MTU.id()),
        loopback: read::action(sw, &object, attr::LOOPBACK_PACKET_ACTION.id()),
        miss: read::action(sw, &object, attr::NEIGHBOR_MISS_PACKET_ACTION.id()),
        keep_ttl: flag(attr::DISABLE_DECREMENT_TTL.id()),
        classes,
        marks,
    };
    sw.router.rifs[slot] = record;
    count_doubles(sw);
    let record = sw.router.rifs[slot].clone();
    derive_virtual(sw, &record);
}

/// Collects the MAC addresses of the virtual interfaces that share a base.
fn derive_virtual(sw: &mut Switch, of: &Rif) {
    let rifs = &mut sw.router.rifs;
    let same = |r: &Rif| !r.id.is_null() && r.base == of.base && [r.vid, r.inner] == [of.vid, of.inner];
    let Some(real) = rifs.iter().position(|r| same(r) && !r.is_virtual) else { return };
    rifs[real].virtual_macs = rifs.iter().filter(|r| same(r) && r.is_virtual).map(|r| r.mac).collect();
}

/// Derives every interface again: a MAC address that they take from elsewhere or a QoS map changed. Those that a snapshot
/// has still to bring back are left to that.
pub(crate) fn derive_all(sw: &mut Switch) {
    let ids: Vec<_> = sw.router.rifs.iter().map(|rif| rif.id).filter(|id| !id.is_null()).collect();
    ids.into_iter().for_each(|id| derive(sw, id));
}

impl Rif {
    /// Whether a MAC address is one of its own.
    #[inline(always)]
    pub fn has_mac(&self, mac: &[u8]) -> bool {
        mac == self.ingress_mac
            || (!self.virtual_macs.is_empty() && self.virtual_macs.iter().any(|m| mac == m))
    }
}

/// A statistic (`sai_bridge_port_stat_t`) of a bridge port of the router: of one interface in a bridge, or of all
/// interfaces of VLANs. What the router sends comes into the bridge.
pub(crate) fn bridged(sw: &Switch, interface: Option<ObjectId>, stat: StatId) -> Option<u64> {
    use sai::object::bridge_port::Stat as Port;
    let from = match sai::object::bridge_port::Stat(stat as i32) {
        Port::IN_OCTETS => Stat::OUT_OCTETS,
        Port::IN_PACKETS => Stat::OUT_PACKETS,
        Port::OUT_OCTETS => Stat::IN_OCTETS,
        Port::OUT_PACKETS => Stat::IN_PACKETS,
        _ => return None,
    };
    let wanted = |r: &Rif| match interface {
        Some(id) => r.id == id,
        None => !r.id.is_null() && matches!(r.base, Base::Vlan(_)),
    };
    let rifs = sw.router.rifs.iter().zip(&sw.router.rif_counts);
    Some(rifs.filter(|(r, _)| wanted(r)).map(|(_, counts)| counts[from.0 as usize]).sum())
}

/// Counts a routed packet that was dropped on its way out on the interface that it was to leave by.
pub(crate) fn count_drop(sw: &mut Switch, p: &Packet, reason: DropReason) {
    let late = reason.side() == Side::Out || reason.is_egress_acl() || reason == DropReason::L3EgressLinkDown;
    if !late || !p.has(flag::ROUTED) {
        return;
    }
    if let Some([.., octets, packets]) = sw.router.rif_counts.get_mut(usize::from(p.out_rif)) {
        *octets += wire_len(p.len());
        *packets += 1;
    }
}

/// The interface that a slot names, unless it is [`NONE`].
#[inline(always)]
pub(super) fn at(rifs: &[Rif], slot: u16) -> Option<&Rif> {
    if slot == NONE { None } else { rifs.get(usize::from(slot)) }
}
