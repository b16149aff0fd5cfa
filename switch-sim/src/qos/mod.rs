//! QoS maps: the traffic class and color of a packet from what it carries, its queue from the class, and what it
//! carries on from class and color.
//!
//! A map stands at a port, or at the switch for all ports that have none of that type. What a map does not list
//! maps to 0 (class 0, green, queue 0, priority group 0), as SAI has it; a remarking map leaves alone what it does
//! not list. The DSCP of an IP packet goes before the 802.1p priority; a frame without a tag has the default VLAN
//! priority of its port. Without either map the class is the port's default, or the switch's.
//!
//! A router interface with maps classifies what it routes in the port's place; the priority group is chosen before.
//! What leaves by it is marked by its maps where the port has none of its own.
//!
//! An ACL entry's choice of class or color stands above the maps, and what it writes above remarking. Frames of the
//! host go by the queue that the host names, mirror copies by their session's class, both as they are.

pub(crate) mod lane;
mod map;

use std::sync::Arc;

use hashbrown::HashMap;
use sai::{AttrEntry, AttrId, ObjectId, ObjectRef, ObjectType, Result, Status, Value};
use sai::{port, qos_map, router_interface as rif, switch};

use self::map::{AS_IT_IS, Map};
use crate::pipeline::packet::{NONE, flag};
use crate::pipeline::{Event, Out, Packet, Tracer};
use crate::port::index;
use crate::switch::Switch;

pub(crate) mod buffer;
pub(crate) mod group;
pub(crate) mod wred;
pub(crate) use map::MapOwner;

/// The maps that packets and flow control meet, in this order in [`OfPort`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    DscpToTc,
    Dot1pToTc,
    DscpToColor,
    Dot1pToColor,
    TcToGroup,
    TcToQueue,
    ToDscp,
    ToDot1p,
    PfcToQueue,
    PfcToGroup,
}

use Kind::*;

const INGRESS: [Kind; 5] = [DscpToTc, Dot1pToTc, DscpToColor, Dot1pToColor, TcToGroup];
const EGRESS: [Kind; 3] = [TcToQueue, ToDscp, ToDot1p];

/// Of each [`Kind`] its type, the port's attribute and the switch's, where it has one.
const KINDS: [(qos_map::Type, AttrId, Option<AttrId>); 10] = {
    use qos_map::Type as T;
    [
        (T::DSCP_TO_TC, port::QOS_DSCP_TO_TC_MAP.id(), Some(switch::QOS_DSCP_TO_TC_MAP.id())),
        (T::DOT1P_TO_TC, port::QOS_DOT1P_TO_TC_MAP.id(), Some(switch::QOS_DOT1P_TO_TC_MAP.id())),
        (T::DSCP_TO_COLOR, port::QOS_DSCP_TO_COLOR_MAP.id(), Some(switch::QOS_DSCP_TO_COLOR_MAP.id())),
        (T::DOT1P_TO_COLOR, port::QOS_DOT1P_TO_COLOR_MAP.id(), Some(switch::QOS_DOT1P_TO_COLOR_MAP.id())),
        (T::TC_TO_PRIORITY_GROUP, port::QOS_TC_TO_PRIORITY_GROUP_MAP.id(), None),
        (T::TC_TO_QUEUE, port::QOS_TC_TO_QUEUE_MAP.id(), Some(switch::QOS_TC_TO_QUEUE_MAP.id())),
        (
            T::TC_AND_COLOR_TO_DSCP,
            port::QOS_TC_AND_COLOR_TO_DSCP_MAP.id(),
            Some(switch::QOS_TC_AND_COLOR_TO_DSCP_MAP.id()),
        ),
        (
            T::TC_AND_COLOR_TO_DOT1P,
            port::QOS_TC_AND_COLOR_TO_DOT1P_MAP.id(),
            Some(switch::QOS_TC_AND_COLOR_TO_DOT1P_MAP.id()),
        ),
        (T::PFC_PRIORITY_TO_QUEUE, port::QOS_PFC_PRIORITY_TO_QUEUE_MAP.id(), None),
        (T::PFC_PRIORITY_TO_PRIORITY_GROUP, port::QOS_PFC_PRIORITY_TO_PRIORITY_GROUP_MAP.id(), None),
    ]
};

/// The attributes of the switch that act here.
pub(crate) const SWITCH_ATTRS: [AttrId; 8] = {
    let mut attrs = [switch::QOS_DEFAULT_TC.id(); 8];
    let (mut n, mut at) = (0, 0);
    while n < KINDS.len() {
        if let Some(attr) = KINDS[n].2 {
            attrs[at] = attr;
            at += 1;
        }
        n += 1;
    }
    attrs
};

/// A map of each [`Kind`].
#[derive(Clone, Debug, Default)]
struct Maps([Option<Arc<Map>>; KINDS.len()]);

/// The maps of a port, its own and the switch's.
#[derive(Clone, Debug, Default)]
struct OfPort {
    default_tc: u8,
    maps: Maps,
    /// Those of [`EGRESS`] that are its own.
    own: Maps,
}

/// What the maps of a switch make of packets.
#[derive(Debug, Default)]
pub struct Qos {
    /// Each map as packets look it up.
    maps: HashMap<ObjectId, Arc<Map>>,
    ports: Vec<OfPort>,
    /// By slot of the router interface, where it has any.
    interfaces: HashMap<u16, Maps>,
    /// Whether any port or router interface has a map for what leaves by it.
    pub(crate) leaving: bool,
    /// Whether any port has anything to do with what comes in or leaves.
    pub(crate) acts: bool,
}

/// Derives what a port does; answers whether it has anything to do with what comes in.
pub(crate) fn derive(sw: &mut Switch, id: ObjectId) -> bool {
    let at = usize::from(index(id));
    if sw.qos.ports.len() <= at {
        sw.qos.ports.resize_with(at + 1, OfPort::default);
    }
    let mut of_port = OfPort::default();
    if let Some(object) = sw.store.get(id)
        && !sw.is_cpu_port(id)
    {
        let given = object.value(port::QOS_DEFAULT_TC.id()).is_some();
        let (of, attr) =
            if given { (id, port::QOS_DEFAULT_TC.id()) } else { (sw.id, switch::QOS_DEFAULT_TC.id()) };
        of_port.default_tc = sw.store.number(of, attr) as u8;
        for (n, (_, attr, of_switch)) in KINDS.into_iter().enumerate() {
            let own = sw.store.oid(id, attr);
            let map = match of_switch {
                Some(attr) if own.is_null() => sw.store.oid(sw.id, attr),
                _ => own,
            };
            of_port.maps.0[n] = sw.qos.maps.get(&map).cloned();
            of_port.own.0[n] = sw.qos.maps.get(&own).cloned();
        }
    }
    sw.qos.ports[at] = of_port;
    sw.qos.recount();
    sw.qos.ports[at].classifies()
}

/// The attributes of router interfaces that act here.
const INTERFACE_ATTRS: [AttrId; 6] = [
    rif::QOS_DSCP_TO_TC_MAP.id(),
    rif::QOS_DOT1P_TO_TC_MAP.id(),
    rif::QOS_DSCP_TO_COLOR_MAP.id(),
    rif::QOS_DOT1P_TO_COLOR_MAP.id(),
    rif::QOS_TC_AND_COLOR_TO_DSCP_MAP.id(),
    rif::QOS_TC_AND_COLOR_TO_DOT1P_MAP.id(),
];

const OF_INTERFACE: [Kind; 6] = [DscpToTc, Dot1pToTc, DscpToColor, Dot1pToColor, ToDscp, ToDot1p];

/// Derives what a router interface does with packets that are routed: whether it classifies those that come in, and
/// whether it marks those that leave.
pub(crate) fn derive_interface(sw: &mut Switch, slot: u16, id: ObjectId) -> [bool; 2] {
    let mut maps = Maps::default();
    for (kind, attr) in OF_INTERFACE.into_iter().zip(INTERFACE_ATTRS) {
        maps.0[kind as usize] = sw.qos.maps.get(&sw.store.oid(id, attr)).cloned();
    }
    let does = [maps.uses(&INGRESS), maps.uses(&EGRESS)];
    match does {
        [false, false] => drop(sw.qos.interfaces.remove(&slot)),
        _ => drop(sw.qos.interfaces.insert(slot, maps)),
    }
    sw.qos.recount();
    does
}

impl Maps {
    fn uses(&self, kinds: &[Kind]) -> bool {
        kinds.iter().any(|k| self.0[*k as usize].is_some())
    }

    /// What the map of the DSCP says of a packet, or that of the priority; `None` where there is neither.
    fn classify<T: Tracer>(&self, p: &Packet, by_dscp: Kind, by_pcp: Kind, t: &mut T) -> Option<u8> {
        let by_dscp = self.0[by_dscp as usize].as_ref().filter(|_| p.headers.is_ip());
        let (map, key, name) = match (by_dscp, &self.0[by_pcp as usize]) {
            (Some(map), _) => (map, p.headers.dscp(), "DSCP"),
            (None, Some(map)) => (map, p.pcp, "priority"),
            (None, None) => return None,
        };
        let value = map.get(key);
        if T::ON {
            t.event(p, hit(map, format!("{name} {key}: {value}")));
        }
        Some(value)
    }
}

impl OfPort {
    /// Whether it has anything to do with what comes in.
    fn classifies(&self) -> bool {
        self.default_tc != 0 || self.maps.uses(&INGRESS)
    }
}

impl Qos {
    /// The queue and the priority group that stand for a PFC priority at a port: those of the same number without a map.
    pub(crate) fn by_priority(&self, port: u16, priority: u8) -> [Option<u8>; 2] {
        let port = self.ports.get(usize::from(port));
        [PfcToQueue, PfcToGroup].map(|kind| match port.and_then(|p| p.maps.0[kind as usize].as_ref()) {
            Some(map) => Some(map.get(priority)).filter(|to| *to != map::NOWHERE),
            None => Some(priority),
        })
    }

    /// The class and color of a packet that a port takes in. Answers its priority group, where the port has a map.
    #[inline(never)]
    pub(crate) fn classify<T: Tracer>(&self, p: &mut Packet, t: &mut T) -> Option<u8> {
        let port = self.ports.get(usize::from(p.port))?;
        p.tc = port.maps.classify(p, DscpToTc, Dot1pToTc, t).unwrap_or(port.default_tc);
        p.color = port.maps.classify(p, DscpToColor, Dot1pToColor, t).unwrap_or_default();
        let map = port.maps.0[TcToGroup as usize].as_ref()?;
        let group = map.get(p.tc);
        if T::ON {
            t.event(p, hit(map, format!("class {}: {group}", p.tc)));
        }
        Some(group)
    }

    /// The class and color of a packet that its interface routes, where the interface has maps and nobody above maps
    /// has chosen.
    #[cold]
    pub(crate) fn classify_routed<T: Tracer>(&self, p: &mut Packet, t: &mut T) {
        let Some(maps) = self.interfaces.get(&p.rif) else { return };
        if !p.chosen[0] {
            p.tc = maps.classify(p, DscpToTc, Dot1pToTc, t).unwrap_or(p.tc);
        }
        if !p.chosen[1] {
            p.color = maps.classify(p, DscpToColor, Dot1pToColor, t).unwrap_or(p.color);
        }
    }

    /// Says again whether there is anything to do for any packet.
    fn recount(&mut self) {
        let any = |uses: &[Kind]| self.interfaces.values().any(|maps| maps.uses(uses));
        self.leaving = self.ports.iter().any(|p| p.maps.uses(&EGRESS)) || any(&EGRESS);
        self.acts = self.leaving || self.ports.iter().any(OfPort::classifies);
    }

    /// The queue of a packet whose egress port is known, and what its frame is to carry; `interface` is where it leaves
    /// the router, for one that was routed. The maps of a port go before those of the interface, and these before the
    /// switch's.
    #[inline(never)]
    pub(crate) fn leave<T: Tracer>(
        &self,
        chip: &crate::profile::Chip,
        interface: u16,
        p: &mut Packet,
        t: &mut T,
    ) {
        let Some(port) = self.ports.get(usize::from(p.out_port)) else { return };
        if p.has(flag::FROM_HOST | flag::MIRRORED) {
            return;
        }
        if let Some(map) = &port.maps.0[TcToQueue as usize] {
            let queue = map.get(p.tc);
            let copied = matches!(p.out, Out::Flood | Out::L2mc(_) | Out::Ipmc(_) | Out::List(_));
            p.queue = if copied { crate::port::queue::of_copy(chip, queue) } else { queue };
            if T::ON {
                t.event(p, hit(map, format!("class {}: {}", p.tc, p.queue)));
            }
        }
        let of_interface = self.interfaces.get(&interface);
        let marks = |kind: Kind, p: &Packet, t: &mut T| {
            let of_interface = || of_interface?.0[kind as usize].as_ref();
            let own = port.own.0[kind as usize].as_ref().or_else(of_interface);
            let map = own.or(port.maps.0[kind as usize].as_ref())?;
            let value = map.get(map::of_class(p.tc, p.color));
            if T::ON && value != AS_IT_IS {
                t.event(p, hit(map, format!("class {}, color {}: {value}", p.tc, p.color)));
            }
            Some(value).filter(|v| *v != AS_IT_IS)
        };
        if let Some(dscp) = marks(ToDscp, p, t) {
            p.remark_dscp = dscp;
        }
        if let Some(pcp) = marks(ToDot1p, p, t) {
            p.pcp = pcp;
        }
    }
}

fn hit(map: &Map, key: String) -> Event {
    Event::Hit { table: "QoS map".into(), object: map.id, key }
}

/// Refuses what an attribute of a port, a router interface or the switch cannot be.
pub(crate) fn check(sw: &Switch, ty: ObjectType, n: usize, attr: &AttrEntry) -> Result<()> {
    let refuse = |why: String| {
        let name = sai::meta::attr(ty, attr.id).map_or("", |a| a.name);
        Err(sai::Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why).on_attr(name))
    };
    let of_interface =
        INTERFACE_ATTRS.iter().position(|a| ty == ObjectType::ROUTER_INTERFACE && *a == attr.id);
    let of_port = ty == ObjectType::PORT;
    let default = if of_port { port::QOS_DEFAULT_TC.id() } else { switch::QOS_DEFAULT_TC.id() };
    match &attr.value {
        Value::U8(tc)
            if ty != ObjectType::ROUTER_INTERFACE
                && attr.id == default
                && *tc >= sw.profile.chip.traffic_classes =>
        {
            refuse(format!("traffic class {tc}; there are {}", sw.profile.chip.traffic_classes))
        }
        Value::Oid(map) if !map.is_null() => {
            let kind = match of_interface {
                Some(n) => Some(&KINDS[OF_INTERFACE[n] as usize]),
                None if of_port => KINDS.iter().find(|k| k.1 == attr.id),
                None if ty == ObjectType::SWITCH => KINDS.iter().find(|k| k.2 == Some(attr.id)),
                None => None,
            };
            let is = qos_map::Type(sw.store.number(*map, qos_map::TYPE.id()) as i32);
            match kind {
                Some((wanted, ..)) if *wanted != is => refuse(format!("a map of type {is}, not {wanted}")),
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Derives all ports again where an attribute of the switch may matter to them.
pub(crate) fn switch_changed(sw: &mut Switch, attr: AttrId) {
    wred::switch_changed(sw, attr);
    if SWITCH_ATTRS.contains(&attr) {
        crate::port::derive_all(sw);
    }
}

/// The port and index of an object that a port owns.
fn place(sw: &Switch, object: &ObjectRef, port: AttrId, at: AttrId) -> Option<(u16, u8)> {
    let id = object.oid()?;
    let port = index(sw.store.oid(id, port));
    (port != NONE).then(|| (port, sw.store.number(id, at) as u8))
}
