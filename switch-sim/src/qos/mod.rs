//! QoS maps: the traffic class and color of a packet from what it carries, its queue from the class, and what it
//! carries on from class and color.
//!
//! A map stands at a port, or at the switch for all ports that have none of that type. What a map does not list
//! maps to 0 (class 0, green, queue 0, priority group 0), as SAI has it; a remarking map leaves alone what it does
//! not list. The DSCP of an IP packet goes before the 802.1p priority; a frame without a tag has the default VLAN
//! priority of its port. Without either map the class is the port's default, or the switch's.
//!
//! An ACL entry's choice of class or color stands above the maps, and what it writes above remarking. Frames of the
//! host go by the queue that the host names, mirror copies by their session's class, both as they are.

pub(crate) mod lane;
mod map;

use std::sync::Arc;

use hashbrown::HashMap;
use sai::{AttrEntry, AttrId, ObjectId, ObjectRef, ObjectType, Result, Status, Value, port, qos_map, switch};

use self::map::{AS_IT_IS, Map};
use crate::pipeline::packet::{NONE, flag};
use crate::pipeline::{Event, Out, Packet, Tracer};
use crate::port::index;
use crate::switch::Switch;

pub(crate) mod group;
pub(crate) use map::MapOwner;

/// The maps that packets meet, in this order in [`OfPort`].
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
}

use Kind::*;

const INGRESS: [Kind; 5] = [DscpToTc, Dot1pToTc, DscpToColor, Dot1pToColor, TcToGroup];
const EGRESS: [Kind; 3] = [TcToQueue, ToDscp, ToDot1p];

/// Of each [`Kind`] its type, the port's attribute and the switch's, where it has one.
const KINDS: [(qos_map::Type, AttrId, Option<AttrId>); 8] = {
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

/// The maps of a port, its own and the switch's.
#[derive(Clone, Debug, Default)]
struct OfPort {
    default_tc: u8,
    maps: [Option<Arc<Map>>; KINDS.len()],
}

/// What the maps of a switch make of packets.
#[derive(Debug, Default)]
pub struct Qos {
    /// Each map as packets look it up.
    maps: HashMap<ObjectId, Arc<Map>>,
    ports: Vec<OfPort>,
    /// Whether any port has a map for what leaves by it.
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
        for (slot, (_, of_port, of_switch)) in of_port.maps.iter_mut().zip(KINDS) {
            let own = sw.store.oid(id, of_port);
            let map = match of_switch {
                Some(attr) if own.is_null() => sw.store.oid(sw.id, attr),
                _ => own,
            };
            *slot = sw.qos.maps.get(&map).cloned();
        }
    }
    sw.qos.ports[at] = of_port;
    sw.qos.leaving = sw.qos.ports.iter().any(|p| p.uses(&EGRESS));
    sw.qos.acts = sw.qos.leaving || sw.qos.ports.iter().any(OfPort::classifies);
    sw.qos.ports[at].classifies()
}

impl OfPort {
    fn uses(&self, kinds: &[Kind]) -> bool {
        kinds.iter().any(|k| self.maps[*k as usize].is_some())
    }

    /// Whether it has anything to do with what comes in.
    fn classifies(&self) -> bool {
        self.default_tc != 0 || self.uses(&INGRESS)
    }
}

impl Qos {
    /// The class and color of a packet that a port takes in. Answers its priority group, where the port has a map.
    #[inline(never)]
    pub(crate) fn classify<T: Tracer>(&self, p: &mut Packet, t: &mut T) -> Option<u8> {
        let port = self.ports.get(usize::from(p.port))?;
        let ip = p.headers.is_ip();
        let (dscp, pcp) = (p.headers.dscp(), p.pcp);
        let look = |p: &Packet, by_dscp: Kind, by_pcp: Kind, t: &mut T| {
            let by_dscp = port.maps[by_dscp as usize].as_ref().filter(|_| ip);
            let (map, key, name) = match (by_dscp, &port.maps[by_pcp as usize]) {
                (Some(map), _) => (map, dscp, "DSCP"),
                (None, Some(map)) => (map, pcp, "priority"),
                (None, None) => return None,
            };
            let value = map.get(key);
            if T::ON {
                t.event(p, hit(map, format!("{name} {key}: {value}")));
            }
            Some(value)
        };
        p.tc = look(p, DscpToTc, Dot1pToTc, t).unwrap_or(port.default_tc);
        p.color = look(p, DscpToColor, Dot1pToColor, t).unwrap_or_default();
        let map = port.maps[TcToGroup as usize].as_ref()?;
        let group = map.get(p.tc);
        if T::ON {
            t.event(p, hit(map, format!("class {}: {group}", p.tc)));
        }
        Some(group)
    }

    /// The queue of a packet whose egress port is known, and what its frame is to carry.
    #[inline(never)]
    pub(crate) fn leave<T: Tracer>(&self, chip: &crate::profile::Chip, p: &mut Packet, t: &mut T) {
        let Some(port) = self.ports.get(usize::from(p.out_port)) else { return };
        if p.has(flag::FROM_HOST | flag::MIRRORED) {
            return;
        }
        if let Some(map) = &port.maps[TcToQueue as usize] {
            let queue = map.get(p.tc);
            let copied = matches!(p.out, Out::Flood | Out::L2mc(_) | Out::Ipmc(_) | Out::List(_));
            p.queue = if copied { crate::port::queue::of_copy(chip, queue) } else { queue };
            if T::ON {
                t.event(p, hit(map, format!("class {}: {}", p.tc, p.queue)));
            }
        }
        let marks = |kind: Kind, p: &Packet, t: &mut T| {
            let map = port.maps[kind as usize].as_ref()?;
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

/// Refuses what an attribute of a port or the switch cannot be.
pub(crate) fn check(sw: &Switch, ty: ObjectType, n: usize, attr: &AttrEntry) -> Result<()> {
    let refuse = |why: String| {
        let name = sai::meta::attr(ty, attr.id).map_or("", |a| a.name);
        Err(sai::Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why).on_attr(name))
    };
    let of_port = ty == ObjectType::PORT;
    let default = if of_port { port::QOS_DEFAULT_TC.id() } else { switch::QOS_DEFAULT_TC.id() };
    match &attr.value {
        Value::U8(tc) if attr.id == default && *tc >= sw.profile.chip.traffic_classes => {
            refuse(format!("traffic class {tc}; there are {}", sw.profile.chip.traffic_classes))
        }
        Value::Oid(map) if !map.is_null() => {
            let kind = KINDS.iter().find(|k| if of_port { k.1 == attr.id } else { k.2 == Some(attr.id) });
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
