//! Host interfaces and their table: over which channel the host takes a packet.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashMap;
use sai::hostif::{self, VlanTag};
use sai::hostif_table_entry::{self as entry, ChannelType, Type as EntryType};
use sai::notify::Notification;
use sai::{
    AttrEntry, AttrId, Error, ObjectId, ObjectRef, ObjectType, Result, Status, Timespec, Value,
    hostif_packet as packet_attr, switch,
};

use super::trap_id;
use crate::bridge::FIRST_1D;
use crate::feature::Owner;
use crate::pipeline::{NONE, Packet, Punted};
use crate::store::Object;
use crate::store::id::type_of;
use crate::switch::Switch;
use crate::wire::parse::Tci;
use crate::world::Wire;

/// How many packets wait on a host interface; more are lost, as on a socket that nobody reads.
pub const BACKLOG: usize = 4096;

/// A packet as the host gets it.
#[derive(Clone, Debug, PartialEq)]
pub struct HostPacket {
    /// The frame without FCS.
    pub frame: Vec<u8>,
    /// What the switch says about it (`sai_hostif_packet_attr_t`).
    pub attrs: Vec<AttrEntry>,
}

/// The host interfaces and the table.
#[derive(Debug, Default)]
pub(super) struct Channels {
    /// What waits on each host interface.
    waiting: HashMap<ObjectId, VecDeque<HostPacket>>,
    /// What takes the frames of a host interface instead: a device of the kernel's.
    wires: HashMap<ObjectId, Arc<dyn Wire>>,
    /// The netdev of a port, LAG or VLAN.
    netdevs: HashMap<ObjectId, ObjectId>,
    /// By what is matched (port, LAG, a VLAN's router interface; null for any) and trap (null for any): entry, channel and the host
    /// interface that it names.
    table: HashMap<(ObjectId, ObjectId), (ObjectId, ChannelType, ObjectId)>,
}

/// The objects that a packet came in by.
struct Origin {
    port: ObjectId,
    lag: ObjectId,
    vlan: ObjectId,
    rif: ObjectId,
    trap: ObjectId,
    bridge: ObjectId,
    /// Of a sample: where the packet leaves.
    egress: ObjectId,
}

impl Origin {
    fn of(sw: &Switch, p: &Packet) -> Origin {
        let at = crate::bridge::ingress_domain(&sw.bridge, p);
        let domain = sw.bridge.domain(at).map(|d| d.id).unwrap_or_default();
        let rif = if p.rif == NONE { sw.bridge.domain(at).map_or(NONE, |d| d.rif) } else { p.rif };
        let is_1d = at != NONE && at >= FIRST_1D;
        Origin {
            port: sw.ports.get(p.port).map(|r| r.id).unwrap_or_default(),
            lag: sw.lags.get(p.lag).map(|l| l.id).unwrap_or_default(),
            vlan: if is_1d { ObjectId::NULL } else { domain },
            rif: sw.router.rifs.get(usize::from(rif)).map(|r| r.id).unwrap_or_default(),
            trap: trap_id(sw, p.trap),
            bridge: match () {
                () if is_1d => domain,
                () if p.bridge_port == NONE => ObjectId::NULL,
                () => sw.default_object(switch::DEFAULT_1Q_BRIDGE_ID.id()).unwrap_or_default(),
            },
            egress: sw.ports.get(p.out_port).map(|r| r.id).unwrap_or_default(),
        }
    }

    /// `sai_hostif_packet_attr_t`, in the order of its ids; what there is none of is left out.
    fn attrs(&self, now: u64) -> Vec<AttrEntry> {
        let objects = [
            (packet_attr::HOSTIF_TRAP_ID.id(), self.trap),
            (packet_attr::INGRESS_PORT.id(), self.port),
            (packet_attr::INGRESS_LAG.id(), self.lag),
            (packet_attr::EGRESS_PORT_OR_LAG.id(), self.egress),
            (packet_attr::BRIDGE_ID.id(), self.bridge),
        ];
        let time = Timespec { tv_sec: now / 1_000_000_000, tv_nsec: (now % 1_000_000_000) as u32 };
        let known = objects.into_iter().filter(|(_, id)| !id.is_null());
        known
            .map(|(attr, id)| AttrEntry::new(attr, Value::Oid(id)))
            .chain([AttrEntry::new(packet_attr::TIMESTAMP.id(), Value::Timespec(time))])
            .collect()
    }
}

/// Hands a packet to the host by the table.
pub(super) fn hand_over(sw: &mut Switch, punted: Punted) {
    let Punted { packet: p, mut frame } = punted;
    let from = Origin::of(sw, &p);
    let null = ObjectId::NULL;
    let table = &sw.host.channels.table;
    let of_trap = |on: ObjectId| if from.trap.is_null() { None } else { table.get(&(on, from.trap)) };
    let specific = [from.port, from.lag, from.rif].into_iter().filter(|on| !on.is_null()).find_map(of_trap);
    let found = specific.or_else(|| of_trap(null)).or_else(|| table.get(&(null, null)));
    let Some(&(_, channel, named)) = found else { return };
    let attrs = from.attrs(sw.now());
    let netdev = |id: ObjectId| sw.host.channels.netdevs.get(&id).copied().unwrap_or_default();
    let logical = if from.lag.is_null() { from.port } else { from.lag };
    let to = match channel {
        ChannelType::CB => {
            let event = Notification::PacketEvent { switch_id: sw.id, buffer: frame, attr_list: attrs };
            sw.events.push(event);
            return;
        }
        ChannelType::FD | ChannelType::GENETLINK => named,
        ChannelType::NETDEV_PHYSICAL_PORT => netdev(from.port),
        ChannelType::NETDEV_LOGICAL_PORT => netdev(logical),
        ChannelType::NETDEV_L3 => match [from.vlan, logical].map(netdev) {
            [vlan, _] if !vlan.is_null() => vlan,
            [_, port] => port,
        },
        _ => return,
    };
    if sw.store.number(to, hostif::TYPE.id()) as i32 == hostif::Type::NETDEV.0 {
        // The kernel takes nothing from a device that is down.
        if !sw.store.flag(to, hostif::OPER_STATUS.id()) {
            return;
        }
        tag(sw, to, &p, &mut frame);
    }
    if let Some(wire) = sw.host.channels.wires.get(&to) {
        sw.host.outbox.push((wire.clone(), frame));
    } else if let Some(waiting) = sw.host.channels.waiting.get_mut(&to).filter(|w| w.len() < BACKLOG) {
        waiting.push_back(HostPacket { frame, attrs });
    }
}

/// Tags a frame as a netdev wants it.
fn tag(sw: &Switch, netdev: ObjectId, p: &Packet, frame: &mut Vec<u8>) {
    let of_vlan = type_of(sw.store.oid(netdev, hostif::OBJ_ID.id())) == Some(ObjectType::VLAN);
    let has = p.headers.tags > 0;
    match VlanTag(sw.store.number(netdev, hostif::VLAN_TAG.id()) as i32) {
        VlanTag::KEEP if !has => {
            let tpid = sw.ports.get(p.port).map_or(0x8100, |r| r.tpid).to_be_bytes();
            let tci = Tci::new(p.vid, p.pcp, p.dei).0.to_be_bytes();
            frame.splice(12..12, [tpid, tci].concat());
        }
        VlanTag::KEEP => {}
        VlanTag::ORIGINAL if !of_vlan => {}
        _ if has => drop(frame.drain(12..16)),
        _ => {}
    }
}

/// Takes the next packet that waits on a host interface.
///
/// # Errors
/// `ITEM_NOT_FOUND` when there is no such host interface.
pub(crate) fn receive(sw: &mut Switch, hostif: ObjectId) -> Result<Option<HostPacket>> {
    match sw.host.channels.waiting.get_mut(&hostif) {
        Some(waiting) => Ok(waiting.pop_front()),
        None => {
            let why = format!("{hostif} is no host interface of this switch");
            Err(Error::because(Status::ITEM_NOT_FOUND, why))
        }
    }
}

/// Gives the frames of a host interface to a wire from now on, or to nobody but [`receive`].
///
/// # Errors
/// `ITEM_NOT_FOUND` when there is no such host interface.
pub(crate) fn attach(sw: &mut Switch, hostif: ObjectId, wire: Option<Arc<dyn Wire>>) -> Result<()> {
    if !sw.host.channels.waiting.contains_key(&hostif) {
        let why = format!("{hostif} is no host interface of this switch");
        return Err(Error::because(Status::ITEM_NOT_FOUND, why));
    }
    match wire {
        Some(wire) => drop(sw.host.channels.wires.insert(hostif, wire)),
        None => drop(sw.host.channels.wires.remove(&hostif)),
    }
    Ok(())
}

/// Owns `SAI_OBJECT_TYPE_HOSTIF`.
#[derive(Debug)]
pub struct HostifOwner;

impl Owner for HostifOwner {
    fn enforced(&self) -> &'static [AttrId] {
        use hostif::*;
        const { &[TYPE.id(), OBJ_ID.id(), OPER_STATUS.id(), QUEUE.id(), VLAN_TAG.id()] }
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        sw.host.channels.waiting.insert(id, VecDeque::new());
        let on = sw.store.oid(id, hostif::OBJ_ID.id());
        if sw.store.number(id, hostif::TYPE.id()) as i32 == hostif::Type::NETDEV.0 {
            sw.host.channels.netdevs.insert(on, id);
        }
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        let Some(id) = object.oid() else { return };
        sw.host.channels.waiting.remove(&id);
        sw.host.channels.wires.remove(&id);
        sw.host.channels.netdevs.retain(|_, netdev| *netdev != id);
    }
}

/// Owns `SAI_OBJECT_TYPE_HOSTIF_TABLE_ENTRY`.
#[derive(Debug)]
pub struct TableEntryOwner;

impl Owner for TableEntryOwner {
    fn enforced(&self) -> &'static [AttrId] {
        use entry::*;
        const { &[TYPE.id(), OBJ_ID.id(), TRAP_ID.id(), CHANNEL_TYPE.id(), HOST_IF.id()] }
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let ty = EntryType(sw.store.number(id, entry::TYPE.id()) as i32);
        let trap = sw.store.oid(id, entry::TRAP_ID.id());
        let key = match ty {
            EntryType::WILDCARD => (ObjectId::NULL, ObjectId::NULL),
            EntryType::TRAP_ID => (ObjectId::NULL, trap),
            _ => (sw.store.oid(id, entry::OBJ_ID.id()), trap),
        };
        let channel = ChannelType(sw.store.number(id, entry::CHANNEL_TYPE.id()) as i32);
        let way = (id, channel, sw.store.oid(id, entry::HOST_IF.id()));
        sw.host.channels.table.insert(key, way);
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        let Some(id) = object.oid() else { return };
        sw.host.channels.table.retain(|_, (entry, ..)| *entry != id);
    }
}
