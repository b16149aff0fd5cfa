//! Ports: as objects here (lanes, speed, administrative and operational state), as packets see them in
//! `record`, with the first and the last stage of the pipeline in `input` and `output`.

use hashbrown::HashMap;
use sai::meta::AttrMeta;
use sai::notify::{Notification, PortOperStatusNotification};
use sai::object::port::{FecMode, HostTxReadyStatus, OperStatus, Type};
use sai::{
    AttrEntry, AttrId, Error, ObjectId, ObjectRef, ObjectType, Result, StatId, Status, Value, port,
    port_serdes,
};

use crate::feature::{Owner, Request};
use crate::store::Object;
use crate::switch::Switch;

pub mod counters;
mod flow;
pub(crate) mod input;
pub(crate) mod output;
pub mod queue;
mod record;
pub(crate) mod scheduler;
pub mod server;

use server::{Mark, Of};

pub use counters::Counters;
pub use record::{Attachment, Ports, Record, Sub, derive, derive_all, index};
pub(crate) use record::{is_kept_from, keeps_apart};

const ADMIN_STATE: AttrId = port::ADMIN_STATE.id();
const ADVERTISED_SPEED: AttrId = port::ADVERTISED_SPEED.id();
const AUTO_NEG_MODE: AttrId = port::AUTO_NEG_MODE.id();
const CURRENT_BREAKOUT_MODE_TYPE: AttrId = port::CURRENT_BREAKOUT_MODE_TYPE.id();
const ECMP_HASH_ALGORITHM: AttrId = port::ECMP_HASH_ALGORITHM.id();
const FEC_MODE: AttrId = port::FEC_MODE.id();
const HOST_TX_READY_STATUS: AttrId = port::HOST_TX_READY_STATUS.id();
const HOST_TX_SIGNAL_ENABLE: AttrId = port::HOST_TX_SIGNAL_ENABLE.id();
const HW_LANE_LIST: AttrId = port::HW_LANE_LIST.id();
const MTU: AttrId = port::MTU.id();
const OPER_PORT_FEC_MODE: AttrId = port::OPER_PORT_FEC_MODE.id();
const OPER_SPEED: AttrId = port::OPER_SPEED.id();
const OPER_STATUS: AttrId = port::OPER_STATUS.id();
const PORT_SERDES_ID: AttrId = port::PORT_SERDES_ID.id();
const SPEED: AttrId = port::SPEED.id();
const SUPPORTED_AUTO_NEG_MODE: AttrId = port::SUPPORTED_AUTO_NEG_MODE.id();
const SUPPORTED_FEC_MODE: AttrId = port::SUPPORTED_FEC_MODE.id();
const SUPPORTED_SPEED: AttrId = port::SUPPORTED_SPEED.id();
const TYPE: AttrId = port::TYPE.id();

/// FEC modes that ports can have.
const FEC_MODES: &[i32] = &[FecMode::NONE.0, FecMode::RS.0, FecMode::FC.0];

/// The state of the links at the ports of a switch.
#[derive(Debug, Default)]
pub struct Links {
    ports: HashMap<ObjectId, Link>,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    /// Whether there is a partner at the other end.
    carrier: bool,
    oper: OperStatus,
}

/// Owns `SAI_OBJECT_TYPE_PORT`.
#[derive(Debug)]
pub(crate) struct PortOwner;

impl Owner for PortOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const {
            &[
                ADMIN_STATE,
                ADVERTISED_SPEED,
                AUTO_NEG_MODE,
                HW_LANE_LIST,
                SPEED,
                MTU,
                FEC_MODE,
                port::PORT_VLAN_ID.id(),
                port::DEFAULT_VLAN_PRIORITY.id(),
                port::DROP_UNTAGGED.id(),
                port::DROP_TAGGED.id(),
                port::TPID.id(),
                port::INTERNAL_LOOPBACK_MODE.id(),
                port::LOOPBACK_MODE.id(),
                port::PKT_TX_ENABLE.id(),
                port::DISABLE_DECREMENT_TTL.id(),
                port::META_DATA.id(),
                ECMP_HASH_ALGORITHM,
                port::ECMP_HASH_SEED.id(),
                port::ECMP_HASH_OFFSET.id(),
                port::ISOLATION_GROUP.id(),
                port::EGRESS_BLOCK_PORT_LIST.id(),
                port::INGRESS_ACL.id(),
                port::EGRESS_ACL.id(),
                port::POLICER_ID.id(),
                port::INGRESS_MIRROR_SESSION.id(),
                port::EGRESS_MIRROR_SESSION.id(),
                port::INGRESS_SAMPLEPACKET_ENABLE.id(),
                port::EGRESS_SAMPLEPACKET_ENABLE.id(),
                port::INGRESS_SAMPLE_MIRROR_SESSION.id(),
                port::EGRESS_SAMPLE_MIRROR_SESSION.id(),
                port::FLOOD_STORM_CONTROL_POLICER_ID.id(),
                port::BROADCAST_STORM_CONTROL_POLICER_ID.id(),
                port::MULTICAST_STORM_CONTROL_POLICER_ID.id(),
                port::QOS_DSCP_TO_FORWARDING_CLASS_MAP.id(),
                port::QOS_SCHEDULER_PROFILE_ID.id(),
                port::QOS_DEFAULT_TC.id(),
                port::QOS_DOT1P_TO_TC_MAP.id(),
                port::QOS_DOT1P_TO_COLOR_MAP.id(),
                port::QOS_DSCP_TO_TC_MAP.id(),
                port::QOS_DSCP_TO_COLOR_MAP.id(),
                port::QOS_TC_TO_QUEUE_MAP.id(),
                port::QOS_TC_AND_COLOR_TO_DOT1P_MAP.id(),
                port::QOS_TC_AND_COLOR_TO_DSCP_MAP.id(),
                port::QOS_TC_TO_PRIORITY_GROUP_MAP.id(),
                port::QOS_PFC_PRIORITY_TO_QUEUE_MAP.id(),
                port::QOS_PFC_PRIORITY_TO_PRIORITY_GROUP_MAP.id(),
                port::GLOBAL_FLOW_CONTROL_MODE.id(),
                port::PRIORITY_FLOW_CONTROL_MODE.id(),
                port::PRIORITY_FLOW_CONTROL.id(),
                port::PRIORITY_FLOW_CONTROL_RX.id(),
                port::PRIORITY_FLOW_CONTROL_TX.id(),
            ]
        }
    }

    fn answered(&self) -> &'static [AttrId] {
        &[
            CURRENT_BREAKOUT_MODE_TYPE,
            HOST_TX_READY_STATUS,
            OPER_PORT_FEC_MODE,
            OPER_SPEED,
            OPER_STATUS,
            PORT_SERDES_ID,
            SUPPORTED_AUTO_NEG_MODE,
            SUPPORTED_FEC_MODE,
            SUPPORTED_SPEED,
            TYPE,
        ]
    }

    fn values(&self, attr: AttrId) -> Option<&'static [i32]> {
        match attr {
            FEC_MODE => Some(FEC_MODES),
            ECMP_HASH_ALGORITHM => Some(crate::hash::OWN_ALGORITHMS),
            _ => None,
        }
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        let Some((n, Value::U32List(lanes))) = request.given(HW_LANE_LIST) else { return Ok(()) };
        sw.profile.check_lanes(lanes).map_err(|e| refuse(n, "SAI_PORT_ATTR_HW_LANE_LIST", e))?;
        // The CPU port is one more.
        if sw.store.count(ObjectType::PORT) > sw.profile.max_ports() as usize {
            let reason = format!("the chip has {} ports at most", sw.profile.max_ports());
            return Err(Error::because(Status::INSUFFICIENT_RESOURCES, reason));
        }
        for (n, attr) in request.attrs.iter().enumerate() {
            check(sw, lanes.len(), n, attr)?;
        }
        Ok(())
    }

    fn check_set(&self, sw: &Switch, object: &ObjectRef, attr: &AttrEntry) -> Result<()> {
        if let Some(id) = object.oid() {
            crate::lag::check_port_set(sw, id, attr)?;
        }
        check(sw, lanes(sw, object), 0, attr)
    }

    fn counted(&self) -> &'static [StatId] {
        counters::COUNTED
    }

    fn stat(&self, sw: &Switch, object: &ObjectRef, stat: StatId) -> Option<u64> {
        let port = index(object.oid()?);
        let level = sw.ports.servers.level(Of::Port(port));
        Some(match port::Stat(stat as i32) {
            port::Stat::IF_OUT_QLEN => level.packets,
            port::Stat::OUT_CURR_OCCUPANCY_BYTES | port::Stat::OUT_SHARED_CURR_OCCUPANCY_BYTES => level.bytes,
            port::Stat::OUT_WATERMARK_BYTES | port::Stat::OUT_SHARED_WATERMARK_BYTES => level.most.bytes,
            _ => {
                let of_port = || sw.ports.counters.get(usize::from(port))?.stat(stat);
                return sw.debug.stat(Some(port), stat).or_else(of_port);
            }
        })
    }

    fn levels(&self) -> &'static [StatId] {
        counters::LEVELS
    }

    fn clear_level(&self, sw: &mut Switch, object: &ObjectRef, _: StatId) {
        if let Some(id) = object.oid() {
            sw.ports.servers.clear(Of::Port(index(id)), Mark::Bytes);
        }
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let carrier = sw.profile.boot.link_up;
        sw.links.ports.insert(id, Link { carrier, oper: OperStatus::DOWN });
        if lanes(sw, object) > 0 && !sw.is_cpu_port(id) {
            crate::boot::equip_port(sw, id);
        }
        sw.derive_link(id);
    }

    fn restored(&self, sw: &mut Switch, object: &ObjectRef) {
        if let Some(id) = object.oid() {
            sw.links.ports.insert(id, Link { carrier: true, oper: OperStatus::DOWN });
            sw.derive_link(id);
        }
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, attr: AttrId) {
        let Some(id) = object.oid() else { return };
        if attr == ADMIN_STATE {
            sw.derive_link(id);
        } else {
            derive(sw, id);
        }
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        if let Some(id) = object.oid() {
            sw.links.ports.remove(&id);
            derive(sw, id);
        }
    }

    fn get(&self, sw: &Switch, object: &ObjectRef, attr: &'static AttrMeta) -> Option<Result<Value>> {
        let id = object.oid()?;
        let up = sw.oper_status(id) == Some(OperStatus::UP);
        let cpu = sw.is_cpu_port(id);
        Some(Ok(match attr.id {
            TYPE => Value::I32(if cpu { Type::CPU.0 } else { Type::LOGICAL.0 }),
            OPER_STATUS => Value::I32(sw.oper_status(id)?.0),
            OPER_SPEED if up => return Some(oper_speed(sw, object)),
            OPER_SPEED => Value::U32(0),
            OPER_PORT_FEC_MODE if up => return Some(sw.value(object, FEC_MODE)),
            OPER_PORT_FEC_MODE => Value::I32(FecMode::NONE.0),
            SUPPORTED_SPEED => Value::U32List(sw.profile.speeds(lanes(sw, object)).to_vec()),
            SUPPORTED_FEC_MODE => Value::I32List(FEC_MODES.to_vec()),
            SUPPORTED_AUTO_NEG_MODE => Value::Bool(!cpu),
            HOST_TX_READY_STATUS => {
                let on = |attr| sw.value(object, attr) == Ok(Value::Bool(true));
                let ready = on(ADMIN_STATE) && on(HOST_TX_SIGNAL_ENABLE);
                Value::I32(if ready { HostTxReadyStatus::READY.0 } else { HostTxReadyStatus::NOT_READY.0 })
            }
            CURRENT_BREAKOUT_MODE_TYPE => {
                use sai::object::port::BreakoutModeType as Mode;
                match lanes(sw, object) {
                    1 => Value::I32(Mode::TYPE_1_LANE.0),
                    2 => Value::I32(Mode::TYPE_2_LANE.0),
                    4 => Value::I32(Mode::TYPE_4_LANE.0),
                    _ => return None,
                }
            }
            PORT_SERDES_ID => {
                let serdes = ObjectType::PORT_SERDES;
                let own = sw.store.get(id)?.owned();
                let made = own.iter().find(|o| crate::store::id::type_of(**o) == Some(serdes));
                let port = |s: &ObjectId| {
                    let value = sw.store.get(*s)?.value(port_serdes::PORT_ID.id())?;
                    value.as_oid()
                };
                let by_client = || sw.store.ids(serdes).find(|s| port(s) == Some(id));
                Value::Oid(made.copied().or_else(by_client).unwrap_or(ObjectId::NULL))
            }
            _ => return None,
        }))
    }
}

fn refuse(n: usize, attr: &'static str, reason: String) -> Error {
    Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), reason).on_attr(attr)
}

/// How many lanes a port has.
fn lanes(sw: &Switch, port: &ObjectRef) -> usize {
    match sw.store.lookup(port).and_then(|o| o.value(HW_LANE_LIST)) {
        Some(Value::U32List(lanes)) => lanes.len(),
        _ => 0,
    }
}

/// The speed of a port that is up: the one set, or with auto-negotiation the fastest that the port
/// advertises (an empty list advertises all that it supports); the partner takes any.
fn oper_speed(sw: &Switch, port: &ObjectRef) -> Result<Value> {
    if sw.value(port, AUTO_NEG_MODE)? != Value::Bool(true) {
        return sw.value(port, SPEED);
    }
    let fastest = match sw.value(port, ADVERTISED_SPEED)? {
        Value::U32List(speeds) if !speeds.is_empty() => speeds.into_iter().max(),
        _ => sw.profile.speeds(lanes(sw, port)).iter().copied().max(),
    };
    fastest.map_or_else(|| sw.value(port, SPEED), |speed| Ok(Value::U32(speed)))
}

/// The speed of a port in Mbps, as it is or would be when up.
fn speed(sw: &Switch, port: ObjectId) -> u32 {
    match oper_speed(sw, &ObjectRef::Object(ObjectType::PORT, port)) {
        Ok(Value::U32(speed)) => speed,
        _ => 0,
    }
}

fn check(sw: &Switch, lanes: usize, n: usize, attr: &AttrEntry) -> Result<()> {
    match (attr.id, &attr.value) {
        (SPEED, Value::U32(speed)) if !sw.profile.speeds(lanes).contains(speed) => {
            let allowed = sw.profile.speeds(lanes);
            Err(refuse(
                n,
                "SAI_PORT_ATTR_SPEED",
                format!("{speed} Mbps on {lanes} lanes; supported: {allowed:?}"),
            ))
        }
        (FEC_MODE, Value::I32(mode)) if !FEC_MODES.contains(mode) => {
            Err(refuse(n, "SAI_PORT_ATTR_FEC_MODE", format!("{} is not supported", FecMode(*mode))))
        }
        (MTU, Value::U32(mtu)) if *mtu > sw.profile.chip.max_mtu => {
            let reason = format!("{mtu} bytes; the largest is {}", sw.profile.chip.max_mtu);
            Err(refuse(n, "SAI_PORT_ATTR_MTU", reason))
        }
        (id, Value::Oid(policer)) if crate::meter::PORT_ATTRS.contains(&id) => {
            let why = crate::meter::check_place(sw, *policer, false);
            let name = sai::meta::attr(ObjectType::PORT, id).map_or("", |a| a.name);
            why.map_err(|why| refuse(n, name, why))
        }
        (ADVERTISED_SPEED, Value::U32List(speeds)) => {
            let allowed = sw.profile.speeds(lanes);
            match speeds.iter().find(|s| !allowed.contains(s)) {
                None => Ok(()),
                Some(speed) => Err(refuse(
                    n,
                    "SAI_PORT_ATTR_ADVERTISED_SPEED",
                    format!("{speed} Mbps on {lanes} lanes; supported: {allowed:?}"),
                )),
            }
        }
        _ => crate::qos::check(sw, ObjectType::PORT, n, attr),
    }
}

impl Switch {
    /// The operational state of a port.
    pub fn oper_status(&self, port: ObjectId) -> Option<OperStatus> {
        self.links.ports.get(&port).map(|l| l.oper)
    }

    /// Plugs or pulls the cable of a port: the port is up when it is enabled and has a partner.
    ///
    /// # Errors
    /// `ITEM_NOT_FOUND` when there is no such port.
    pub fn set_link(&mut self, port: ObjectId, up: bool) -> Result<()> {
        let Some(link) = self.links.ports.get_mut(&port) else {
            return Err(Error::because(Status::ITEM_NOT_FOUND, format!("{port} is no port of this switch")));
        };
        link.carrier = up;
        self.derive_link(port);
        Ok(())
    }

    /// The ports without a partner.
    pub(crate) fn unplugged(&self) -> Vec<ObjectId> {
        let ports = self.links.ports.iter().filter(|(_, l)| !l.carrier);
        let mut ports: Vec<_> = ports.map(|(p, _)| *p).collect();
        ports.sort_unstable();
        ports
    }

    /// Brings the operational state in line with the administrative one and the carrier, and tells.
    fn derive_link(&mut self, port: ObjectId) {
        let object = ObjectRef::Object(ObjectType::PORT, port);
        let admin = self.value(&object, ADMIN_STATE) == Ok(Value::Bool(true)) || self.is_cpu_port(port);
        let Some(link) = self.links.ports.get_mut(&port) else { return };
        let oper = if admin && link.carrier { OperStatus::UP } else { OperStatus::DOWN };
        let before = std::mem::replace(&mut link.oper, oper);
        // The CPU port has no link: it is up from the first, which is no news.
        if before != oper && !self.is_cpu_port(port) {
            let data = PortOperStatusNotification {
                port_id: port,
                port_state: oper,
                port_error_status: sai::object::port::ErrorStatus::CLEAR,
            };
            self.events.push(Notification::PortStateChange { data: vec![data] });
        }
        derive(self, port);
        crate::lag::port_changed(self, index(port));
        crate::router::group::monitor::changed(self);
    }
}
