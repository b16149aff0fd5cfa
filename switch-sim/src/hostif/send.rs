//! Frames that the host sends: by `send_hostif_packet`, or as the kernel sends by a netdev.

use sai::hostif::{self, TxType};
use sai::{
    AttrEntry, AttrId, Error, ObjectId, ObjectRef, ObjectType, Result, Status, Value, hostif_packet as attr,
    meta,
};

use crate::attrs;
use crate::pipeline::{FromHost, MAX_FRAME};
use crate::port::index;
use crate::store::id::type_of;
use crate::switch::Switch;

const ETHERNET_HEADER: usize = 14;

/// A frame of the host and its way.
#[derive(Debug)]
pub(crate) struct Sent {
    /// Where it goes in.
    pub way: FromHost,
    /// The egress queue.
    pub queue: u8,
    /// The frame without FCS.
    pub frame: Vec<u8>,
}

/// Checks a call of `send_hostif_packet`. A netdev takes no attributes: its frame goes as the kernel sends it.
///
/// # Errors
/// `MANDATORY_ATTRIBUTE_MISSING` without a transmit type or, to bypass, without an egress port; `ITEM_NOT_FOUND`,
/// `INVALID_OBJECT_TYPE`, and the statuses of bad attributes, each with the attribute's position;
/// `INVALID_PARAMETER` for a frame that is too short or too long; `UNINITIALIZED` for a netdev that is down.
pub(crate) fn check(sw: &Switch, hostif: ObjectId, frame: &[u8], attrs: &[AttrEntry]) -> Result<Sent> {
    if !(ETHERNET_HEADER..=MAX_FRAME).contains(&frame.len()) {
        let why = format!("{} bytes; a frame has {ETHERNET_HEADER} to {MAX_FRAME}", frame.len());
        return Err(Error::because(Status::INVALID_PARAMETER, why));
    }
    let frame = frame.to_vec();
    if hostif != sw.id {
        exists(sw, ObjectType::HOSTIF, hostif)?;
        let kind = hostif::Type(sw.store.number(hostif, hostif::TYPE.id()) as i32);
        if kind == hostif::Type::NETDEV && attrs.is_empty() {
            return from_netdev(sw, hostif, frame);
        }
    }
    let given = Given::read(sw, attrs)?;
    let way = match given.tx_type {
        None => return Err(missing(attr::HOSTIF_TX_TYPE.id(), "every frame that is sent says how")),
        Some(TxType::PIPELINE_LOOKUP) => FromHost::LookUp,
        Some(_) => given.to.ok_or_else(|| {
            missing(attr::EGRESS_PORT_OR_LAG.id(), "a frame that bypasses the pipeline says where it leaves")
        })?,
    };
    Ok(Sent { way, queue: given.queue, frame })
}

#[derive(Default)]
struct Given {
    tx_type: Option<TxType>,
    to: Option<FromHost>,
    queue: u8,
}

impl Given {
    fn read(sw: &Switch, attrs: &[AttrEntry]) -> Result<Given> {
        let mut given = Given::default();
        for (n, a) in attrs.iter().enumerate() {
            let bad =
                |why: String| Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why).on_attr(name(a.id));
            const TX: AttrId = attr::HOSTIF_TX_TYPE.id();
            const TO: AttrId = attr::EGRESS_PORT_OR_LAG.id();
            const QUEUE: AttrId = attr::EGRESS_QUEUE_INDEX.id();
            const ZERO_COPY: AttrId = attr::ZERO_COPY_TX.id();
            match (a.id, &a.value) {
                (TX, Value::I32(n)) if *n == TxType::PIPELINE_BYPASS.0 || *n == TxType::PIPELINE_LOOKUP.0 => {
                    given.tx_type = Some(TxType(*n));
                }
                (TX, value) => return Err(bad(format!("{value:?} is no transmit type"))),
                (TO, Value::Oid(id)) => given.to = Some(egress(sw, *id).map_err(|e| e.on_attr(name(TO)))?),
                (QUEUE, Value::U8(queue)) => {
                    let queues = queues(sw);
                    if u32::from(*queue) >= queues {
                        return Err(bad(format!("queue {queue}: a port has {queues}")));
                    }
                    given.queue = *queue;
                }
                // The frame was copied when it came in from C; nothing is left to save.
                (ZERO_COPY, Value::Bool(_)) => {}
                (TO | QUEUE | ZERO_COPY, value) => return Err(bad(format!("{value:?} is of another type"))),
                (id, _) => {
                    let known = meta::attr(ObjectType::HOSTIF_PACKET, id).is_some();
                    let status =
                        if known { Status::INVALID_ATTRIBUTE_0 } else { Status::UNKNOWN_ATTRIBUTE_0 };
                    let why =
                        if known { "it is told of received packets" } else { "there is no such attribute" };
                    return Err(Error::because(status.nth(n), why).on_attr(name(id)));
                }
            }
        }
        Ok(given)
    }
}

fn name(id: AttrId) -> &'static str {
    meta::attr(ObjectType::HOSTIF_PACKET, id).map_or("", |a| a.name)
}

fn missing(id: AttrId, why: &'static str) -> Error {
    Error::because(Status::MANDATORY_ATTRIBUTE_MISSING, why).on_attr(name(id))
}

/// The queues of a port.
fn queues(sw: &Switch) -> u32 {
    sw.profile.chip.unicast_queues + sw.profile.chip.multicast_queues
}

fn exists(sw: &Switch, object_type: ObjectType, id: ObjectId) -> Result<()> {
    let meta = crate::switch::known(object_type)?;
    sai::layer::validate::rules::check_exists(sw, meta, &ObjectRef::Object(object_type, id))
}

/// A port or LAG to leave by.
fn egress(sw: &Switch, id: ObjectId) -> Result<FromHost> {
    let object_type = match type_of(id) {
        Some(ObjectType::LAG) => ObjectType::LAG,
        _ => ObjectType::PORT,
    };
    exists(sw, object_type, id)?;
    Ok(if object_type == ObjectType::LAG { FromHost::Lag(index(id)) } else { FromHost::Port(index(id)) })
}

/// A frame that the kernel sends by a netdev: by the port or LAG that it stands for, or into its VLAN.
fn from_netdev(sw: &Switch, netdev: ObjectId, frame: Vec<u8>) -> Result<Sent> {
    if !sw.store.flag(netdev, hostif::OPER_STATUS.id()) {
        return Err(Error::because(Status::UNINITIALIZED, format!("the device of {netdev} is down")));
    }
    let queue = sw.store.number(netdev, hostif::QUEUE.id()) as u8;
    let on = sw.store.oid(netdev, hostif::OBJ_ID.id());
    let way = match type_of(on) {
        Some(ObjectType::PORT | ObjectType::LAG) => Some(egress(sw, on)?),
        Some(ObjectType::VLAN) => {
            let vid = sw.store.number(on, attrs::vlan::VLAN_ID) as u16;
            sw.bridge.domain(vid).map(|_| FromHost::Domain(vid))
        }
        _ => None,
    };
    let way = way.ok_or_else(|| {
        Error::because(Status::INVALID_PARAMETER, format!("{netdev} stands for nothing that sends"))
    })?;
    Ok(Sent { way, queue, frame })
}
