//! Traps and trap groups: the objects, and what they do with packets.

use sai::types::PacketAction;
use sai::{AttrEntry, AttrId, Error, ObjectId, ObjectRef, ObjectType, Result, Status, Value};
use sai::{hostif_trap, hostif_trap_group, hostif_user_defined_trap};

use super::kind::{self, KINDS};
use crate::feature::{Owner, Request};
use crate::pipeline::packet::flag;
use crate::pipeline::{DropReason, Engine, Event, NONE, Node, Out, Packet, Tracer, Work};
use crate::port::index;
use crate::store::Object;
use crate::switch::Switch;
use crate::{meter, mirror, router};

/// What a trap group says, as packets see it.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Whether its traps act.
    enabled: bool,
    /// The CPU queue.
    pub queue: u8,
    /// The policer; [`NONE`] for none.
    pub policer: u16,
}

impl Default for Group {
    fn default() -> Group {
        Group { enabled: true, queue: 0, policer: NONE }
    }
}

impl Group {
    fn of(sw: &Switch, id: ObjectId) -> Group {
        if id.is_null() {
            return Group::default();
        }
        Group {
            enabled: sw.store.flag(id, hostif_trap_group::ADMIN_STATE.id()),
            queue: sw.store.number(id, hostif_trap_group::QUEUE.id()) as u8,
            policer: index(sw.store.oid(id, hostif_trap_group::POLICER.id())),
        }
    }
}

/// What a trap object says, as packets see it.
#[derive(Clone, Debug)]
pub(super) struct Trap {
    /// The object, a trap or a user-defined trap.
    pub id: ObjectId,
    /// What its group says.
    pub group: Group,
    /// Its position in [`KINDS`]; `None` for a user-defined trap.
    kind: Option<usize>,
    action: PacketAction,
    priority: u32,
    /// Mirror sessions that what it takes is copied to.
    mirror: u16,
    /// Slot of the counter of what it gives to the CPU; `u32::MAX` for none.
    pub counter: u32,
    /// Ports where it does not act, by index.
    excluded: Vec<u16>,
}

/// Looks for the trap of each packet.
pub(crate) fn traps<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, t: &mut T) {
    for i in work {
        let (p, frame) = engine.packet(i);
        if p.has(flag::WANT_COPY) {
            p.flags |= flag::PUNT | flag::ACL_PUNT;
        }
        if p.has(flag::NO_COPY) {
            p.flags &= !flag::PUNT;
            if p.out == Out::None {
                p.drop.get_or_insert(DropReason::TrapAction);
            }
        } else if kind::may_match(p) && !p.has(flag::FROM_HOST) && !decide(sw, p, frame, t) {
            engine.send(i, Node::L2In);
            continue;
        }
        engine.onward(sw, i, Node::Traps);
    }
}

/// Applies the trap of a packet; `false` for a packet to a reserved address that a trap lets into bridging.
#[cold]
fn decide<T: Tracer>(sw: &Switch, p: &mut Packet, frame: &[u8], t: &mut T) -> bool {
    let mut default = None;
    let mut best: Option<(u16, &Trap)> = None;
    if p.has(flag::PUNT) && p.trap != NONE {
        // Somebody who names a user-defined trap has decided already, but for traps of a higher priority.
        match sw.host.trap(p.trap).filter(|trap| trap.group.enabled) {
            Some(named) => best = Some((p.trap, named)),
            None => {
                // A disabled group has no queue of its own.
                p.trap = NONE;
                return true;
            }
        }
    }
    for (at, kind) in KINDS.iter().enumerate() {
        if !kind.takes(p, frame) {
            continue;
        }
        default.get_or_insert(kind.default);
        let slot = sw.host.by_kind[at];
        if let Some(trap) = sw.host.trap(slot)
            && trap.group.enabled
            && !trap.excluded.contains(&p.port)
            && best.is_none_or(|(_, b)| trap.priority > b.priority)
        {
            best = Some((slot, trap));
        }
    }
    let action = match (best, default) {
        (Some((_, trap)), _) if trap.kind.is_none() => return true,
        (Some((_, trap)), _) => trap.action,
        // Without a trap object a reserved address is dropped already, the router has decided, or an ACL about what
        // was for this switch.
        (None, Some(default))
            if p.drop.is_none()
                && !p.has(flag::ACL_PUNT)
                && (!p.has(flag::PUNT) || p.has(flag::TO_ME))
                && (!p.has(flag::TO_ME) || p.out == Out::None) =>
        {
            default
        }
        _ => return true,
    };
    if let Some((_, trap)) = best {
        mirror::copy_to(p, trap.mirror);
    }
    if T::ON
        && let Some((_, trap)) = best
    {
        let key = trap.kind.map(|k| KINDS[k].ty.to_string()).unwrap_or_default();
        t.event(p, Event::Hit { table: "trap".into(), object: trap.id, key });
    }
    if forwards(action) && p.has(flag::LINK_LOCAL) && p.bridge_port != NONE {
        // It comes back here once bridging has found its way, and is copied even if it finds none.
        p.flags &= !flag::LINK_LOCAL;
        p.drop = None;
        if copies(action) {
            p.flags |= flag::PUNT;
            p.trap = best.map_or(NONE, |(slot, _)| slot);
        }
        return false;
    }
    apply(p, action, best.map_or(NONE, |(slot, _)| slot));
    if p.has(flag::PUNT)
        && best.is_some_and(|(_, trap)| trap.kind.is_some_and(kind::is_protocol))
        && ends_here(p)
    {
        p.drop = None;
    }
    true
}

/// Whether nobody but the host could have taken a packet: one of a protocol between neighbors on a routed port, or an
/// answer of ARP to the router. A copy for the host is then what was to become of it.
fn ends_here(p: &Packet) -> bool {
    use DropReason::*;
    let nobody = matches!(p.drop, Some(DmacReserved | NonRoutable | NoL3Header | UcDipMcDmac | NotAttached));
    nobody && !p.has(flag::TO_ROUTER)
}

fn forwards(action: PacketAction) -> bool {
    matches!(action, PacketAction::FORWARD | PacketAction::COPY | PacketAction::LOG | PacketAction::TRANSIT)
}

const fn copies(action: PacketAction) -> bool {
    matches!(action, PacketAction::COPY | PacketAction::LOG)
}

fn apply(p: &mut Packet, action: PacketAction, slot: u16) {
    match action {
        PacketAction::TRAP => {
            p.drop = None;
            p.out = Out::None;
            p.flags |= flag::PUNT;
        }
        PacketAction::COPY | PacketAction::LOG => p.flags |= flag::PUNT,
        // What is for this switch is forwarded to the CPU.
        PacketAction::FORWARD => {}
        PacketAction::TRANSIT => {
            p.flags &= !flag::PUNT;
            if p.out == Out::None {
                p.drop.get_or_insert(DropReason::TrapAction);
            }
        }
        PacketAction::DROP if p.has(flag::PUNT) && !p.has(flag::TO_ME) => {
            p.out = Out::None;
            p.drop.get_or_insert(DropReason::TrapAction);
        }
        _ => {
            p.flags &= !flag::PUNT;
            p.out = Out::None;
            p.drop.get_or_insert(DropReason::TrapAction);
        }
    }
    if p.has(flag::PUNT) {
        p.trap = slot;
    }
}

/// The trap that takes a packet which its queue does not, as [`Packet::trap`].
#[cold]
pub(crate) fn discard_trap(sw: &Switch, p: &Packet, reason: DropReason) -> Option<u16> {
    let ty = match reason {
        DropReason::QueueFull => hostif_trap::Type::PIPELINE_DISCARD_EGRESS_BUFFER,
        DropReason::Wred => hostif_trap::Type::PIPELINE_DISCARD_WRED,
        _ => return None,
    };
    let at = KINDS.iter().position(|k| k.ty == ty)?;
    let slot = sw.host.by_kind[at];
    let trap = sw.host.trap(slot)?;
    let takes = matches!(trap.action, PacketAction::TRAP | PacketAction::COPY | PacketAction::LOG);
    (takes && trap.group.enabled && !trap.excluded.contains(&p.port)).then_some(slot)
}

/// The trap object of [`Packet::trap`]; null where there is none.
pub(crate) fn trap_id(sw: &Switch, slot: u16) -> ObjectId {
    sw.host.trap(slot).map_or(ObjectId::NULL, |t| t.id)
}

/// The slot of the trap that gives samples of a port to the host; `None` where they are dropped, which is the
/// default.
pub(crate) fn sample_trap(sw: &Switch, port: u16) -> Option<u16> {
    let kind = KINDS.iter().position(|k| k.ty == hostif_trap::Type::SAMPLEPACKET)?;
    let slot = sw.host.by_kind[kind];
    let trap = sw.host.trap(slot).filter(|t| t.group.enabled && !t.excluded.contains(&port))?;
    let gives = matches!(trap.action, PacketAction::TRAP | PacketAction::COPY | PacketAction::LOG);
    gives.then_some(slot)
}

/// What stands in [`Packet::trap`] for a trap or user-defined trap object; [`NONE`] for null.
pub fn slot_of(sw: &Switch, id: ObjectId) -> u16 {
    sw.host.traps.iter().position(|t| t.as_ref().is_some_and(|t| t.id == id)).map_or(NONE, |at| at as u16)
}

/// Derives the record of a trap or user-defined trap from the store.
fn derive(sw: &mut Switch, object: &ObjectRef) {
    let Some(id) = object.oid() else { return };
    let user = object.object_type() == ObjectType::HOSTIF_USER_DEFINED_TRAP;
    let (group, priority) = if user {
        (hostif_user_defined_trap::TRAP_GROUP.id(), hostif_user_defined_trap::TRAP_PRIORITY.id())
    } else {
        (hostif_trap::TRAP_GROUP.id(), hostif_trap::TRAP_PRIORITY.id())
    };
    // Both have the switch's values as defaults.
    let group = sw.value(object, group).ok().and_then(|v| v.as_oid()).unwrap_or_default();
    let priority = match sw.value(object, priority) {
        Ok(Value::U32(n)) => n,
        _ => 0,
    };
    let number = |attr: AttrId| sw.store.number(id, attr) as i32;
    let ty = number(hostif_trap::TRAP_TYPE.id());
    let kind = if user { None } else { KINDS.iter().position(|k| k.ty.0 == ty) };
    let excluded = match user {
        true => Vec::new(),
        false => sw.store.oids(id, hostif_trap::EXCLUDE_PORT_LIST.id()).into_iter().map(index).collect(),
    };
    let trap = Trap {
        id,
        group: Group::of(sw, group),
        mirror: if user {
            0
        } else {
            mirror::sessions(sw, &sw.store.oids(id, hostif_trap::MIRROR_SESSION.id()))
        },
        counter: if user {
            u32::MAX
        } else {
            router::counter_slot(sw.store.oid(id, hostif_trap::COUNTER_ID.id()))
        },
        kind,
        action: PacketAction(if user { 0 } else { number(hostif_trap::PACKET_ACTION.id()) }),
        priority,
        excluded,
    };
    let free = || sw.host.traps.iter().position(Option::is_none).unwrap_or(sw.host.traps.len());
    let slot = match slot_of(sw, id) {
        NONE => free(),
        slot => usize::from(slot),
    };
    if slot == sw.host.traps.len() {
        sw.host.traps.push(None);
    }
    if let Some(kind) = kind {
        sw.host.by_kind[kind] = slot as u16;
    }
    sw.host.traps[slot] = Some(trap);
    recount(sw);
}

/// Derives what all traps together say.
fn recount(sw: &mut Switch) {
    let mut traps = sw.host.traps.iter().flatten();
    sw.host.forwards = traps.any(|trap| trap.kind.is_some() && forwards(trap.action));
    count_policers(sw);
}

/// Tells the policers which trap groups in use name them.
fn count_policers(sw: &mut Switch) {
    let of_traps = sw.host.traps.iter().flatten().map(|trap| trap.group.policer);
    sw.policers.recount(meter::Place::Traps, of_traps.chain([sw.host.default.policer]));
}

fn remove(sw: &mut Switch, object: &ObjectRef) {
    let slot = object.oid().map_or(NONE, |id| slot_of(sw, id));
    if let Some(trap) = sw.host.traps.get_mut(usize::from(slot)) {
        *trap = None;
        sw.host.by_kind.iter_mut().filter(|s| **s == slot).for_each(|s| *s = NONE);
    }
    recount(sw);
}

/// Derives the default trap group, if this is it.
fn derive_default(sw: &mut Switch, group: &ObjectRef) {
    let default = sw.default_object(sai::switch::DEFAULT_TRAP_GROUP.id()).unwrap_or_default();
    if group.oid() == Some(default) {
        sw.host.default = Group::of(sw, default);
        count_policers(sw);
    }
}

/// Owns `SAI_OBJECT_TYPE_HOSTIF_TRAP`.
#[derive(Debug)]
pub struct TrapOwner;

impl Owner for TrapOwner {
    fn enforced(&self) -> &'static [AttrId] {
        use hostif_trap::*;
        const {
            &[
                TRAP_TYPE.id(),
                PACKET_ACTION.id(),
                TRAP_PRIORITY.id(),
                EXCLUDE_PORT_LIST.id(),
                TRAP_GROUP.id(),
                MIRROR_SESSION.id(),
                COUNTER_ID.id(),
            ]
        }
    }

    fn values(&self, attr: AttrId) -> Option<&'static [i32]> {
        const ACTIONS: &[i32] = &[
            PacketAction::DROP.0,
            PacketAction::FORWARD.0,
            PacketAction::COPY.0,
            PacketAction::TRAP.0,
            PacketAction::LOG.0,
            PacketAction::DENY.0,
            PacketAction::TRANSIT.0,
        ];
        if attr == hostif_trap::TRAP_TYPE.id() {
            Some(kind::TYPES)
        } else {
            (attr == hostif_trap::PACKET_ACTION.id()).then_some(ACTIONS)
        }
    }

    fn derive(&self, sw: &mut Switch, object: &ObjectRef) {
        derive(sw, object);
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        remove(sw, object);
    }
}

/// Owns `SAI_OBJECT_TYPE_HOSTIF_USER_DEFINED_TRAP`.
#[derive(Debug)]
pub struct UserTrapOwner;

impl Owner for UserTrapOwner {
    fn enforced(&self) -> &'static [AttrId] {
        use hostif_user_defined_trap::*;
        const { &[TYPE.id(), TRAP_PRIORITY.id(), TRAP_GROUP.id()] }
    }

    fn values(&self, attr: AttrId) -> Option<&'static [i32]> {
        use hostif_user_defined_trap::{TYPE, Type};
        const TYPES: &[i32] = &[Type::ROUTER.0, Type::NEIGHBOR.0, Type::ACL.0, Type::FDB.0];
        (attr == TYPE.id()).then_some(TYPES)
    }

    // Collectors of telemetry, which are stored, name such a trap.
    fn stored_values(&self, attr: AttrId) -> &'static [i32] {
        use hostif_user_defined_trap::{TYPE, Type};
        if attr == TYPE.id() { &[Type::TAM.0] } else { &[] }
    }

    fn derive(&self, sw: &mut Switch, object: &ObjectRef) {
        derive(sw, object);
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        remove(sw, object);
    }
}

/// Owns `SAI_OBJECT_TYPE_HOSTIF_TRAP_GROUP`.
#[derive(Debug)]
pub struct TrapGroupOwner;

impl TrapGroupOwner {
    fn check(sw: &Switch, n: usize, attr: &AttrEntry) -> Result<()> {
        match attr.value {
            Value::U32(queue) if attr.id == hostif_trap_group::QUEUE.id() => {
                let queues = sw.profile.chip.cpu_queues;
                if queue < queues {
                    return Ok(());
                }
                let why = format!("queue {queue} does not exist: the CPU port has {queues}");
                Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why)
                    .on_attr("SAI_HOSTIF_TRAP_GROUP_ATTR_QUEUE"))
            }
            _ => Ok(()),
        }
    }
}

impl Owner for TrapGroupOwner {
    fn enforced(&self) -> &'static [AttrId] {
        use hostif_trap_group::*;
        const { &[ADMIN_STATE.id(), QUEUE.id(), POLICER.id()] }
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        request.attrs.iter().enumerate().try_for_each(|(n, attr)| Self::check(sw, n, attr))
    }

    fn check_set(&self, sw: &Switch, _: &ObjectRef, attr: &AttrEntry) -> Result<()> {
        Self::check(sw, 0, attr)
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        derive_default(sw, object);
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        derive_default(sw, object);
        for object_type in [ObjectType::HOSTIF_TRAP, ObjectType::HOSTIF_USER_DEFINED_TRAP] {
            for id in sw.store.ids(object_type).collect::<Vec<_>>() {
                derive(sw, &ObjectRef::Object(object_type, id));
            }
        }
    }
}
