//! Policers: `SAI_OBJECT_TYPE_POLICER`, and where they stand in a packet's way.
//!
//! | bound by | what passes it |
//! |---|---|
//! | `SAI_PORT_ATTR_POLICER_ID` | all that the port takes in |
//! | `SAI_PORT_ATTR_FLOOD_STORM_CONTROL_POLICER_ID` | unknown unicast that is bridged |
//! | `SAI_PORT_ATTR_MULTICAST_STORM_CONTROL_POLICER_ID` | multicast that is bridged, known or not |
//! | `SAI_PORT_ATTR_BROADCAST_STORM_CONTROL_POLICER_ID` | broadcast that is bridged |
//! | `SAI_HOSTIF_TRAP_GROUP_ATTR_POLICER` | what the group's traps give to the CPU |
//! | `SAI_ACL_ENTRY_ATTR_ACTION_SET_POLICER` | what the entry matches |
//! | `SAI_MIRROR_SESSION_ATTR_POLICER` | the copies of the session |
//!
//! A policer is one object with one set of buckets wherever it is bound: two ports that share one share its
//! rate, and packets that meet one in several kinds of place meet it one after the other. `OBJECT_STAGE` says
//! whether it serves what comes in, what leaves (ACL entries of the egress stage alone) or both; where the CPU or an
//! analyzer takes packets any will do. It colors the packet and does what its action of that color says. Rates are bytes or packets a second,
//! bursts bytes or packets; a packet's bytes are those that port counters count, with FCS and padding. Time is
//! the world's: on a virtual clock policers are exact.
//!
//! Statistics count every packet until `SAI_POLICER_ATTR_ENABLE_COUNTER_PACKET_ACTION_LIST` names actions: then
//! those packets whose action it names.

use sai::policer::{ColorSource, Mode, Stat};
use sai::types::{MeterType, ObjectStage, PacketAction, StatsCountMode};
use sai::{AttrEntry, AttrId, Error, ObjectId, ObjectRef, Result, StatId, Status, Value, policer, port};

use crate::feature::{Owner, Request};
use crate::pipeline::packet::{flag, wire_len};
use crate::pipeline::{DropReason, Event, NONE, Out, Packet, Tracer};
use crate::port::index;
use crate::store::{Object, Store};
use crate::switch::Switch;
use crate::table::meter::{Color, Meter, Scheme};

/// A policer as packets meet it.
#[derive(Clone, Debug)]
struct Policer {
    id: ObjectId,
    meter: Meter,
    /// Counts bytes, else packets.
    bytes: bool,
    /// By color.
    actions: [PacketAction; 3],
    /// The actions whose packets count; empty for all.
    counted: Vec<PacketAction>,
    /// Whether packets and bytes are counted.
    units: [bool; 2],
    /// Packets and bytes by color.
    counts: [[u64; 2]; 3],
}

/// Kinds of place in a packet's way where a policer can stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// What a port takes in.
    Port,
    /// Storm control.
    Storm,
    /// The way to the CPU.
    Traps,
    /// ACL entries of a stage: `sai_acl_stage_t`.
    Acl(u8),
}

impl Place {
    const COUNT: usize = 9;

    const fn number(self) -> usize {
        match self {
            Place::Port => 0,
            Place::Storm => 1,
            Place::Traps => 2,
            Place::Acl(stage) => 3 + stage as usize % (Place::COUNT - 3),
        }
    }
}

/// The policers of a switch, by the slot of their ids.
#[derive(Debug, Default)]
pub struct Policers {
    by_slot: Vec<Option<Policer>>,
    /// How many objects of each kind of place name a policer, by its slot.
    uses: Vec<[u32; Place::COUNT]>,
    /// Packets must pass one by one: some policer stands in several places of their way.
    pub(crate) one_by_one: bool,
    /// Whether any port has storm control.
    pub(crate) storms: bool,
}

impl Policers {
    /// Counts an object that names a policer in a kind of place, or that no longer does.
    pub(crate) fn count_use(&mut self, place: Place, policer: u16, by: i32) {
        if policer == NONE {
            return;
        }
        let slot = usize::from(policer);
        if self.uses.len() <= slot {
            self.uses.resize(slot + 1, [0; Place::COUNT]);
        }
        let count = &mut self.uses[slot][place.number()];
        *count = count.saturating_add_signed(by);
        self.derive_order();
    }

    /// Counts anew who names policers in a kind of place.
    pub(crate) fn recount(&mut self, place: Place, policers: impl Iterator<Item = u16>) {
        self.uses.iter_mut().for_each(|of| of[place.number()] = 0);
        policers.for_each(|policer| self.count_use(place, policer, 1));
        self.derive_order();
    }

    fn derive_order(&mut self) {
        let shared = |of: &[u32; Place::COUNT]| of.iter().filter(|n| **n > 0).count() > 1;
        self.one_by_one = self.uses.iter().any(shared);
    }

    /// Meters a packet that arrives at `now`, colors it and answers the action of that color, which the caller
    /// carries out: [`carry_out`] does to a packet in the ingress half, [`passes`] tells whether a copy goes on.
    /// `policer` is the [`index`] of its id; without such a policer a packet is forwarded.
    pub(crate) fn police<T: Tracer>(
        &mut self,
        policer: u16,
        p: &mut Packet,
        now: u64,
        t: &mut T,
    ) -> PacketAction {
        let Some(Some(policer)) = self.by_slot.get_mut(usize::from(policer)) else {
            return PacketAction::FORWARD;
        };
        let bytes = wire_len(p.len());
        let before = match p.color {
            0 => Color::Green,
            1 => Color::Yellow,
            _ => Color::Red,
        };
        let color = policer.meter.mark(now, if policer.bytes { bytes } else { 1 }, before);
        (p.color, p.chosen[1]) = (color as u8, true);
        let action = policer.actions[color as usize];
        if policer.counted.is_empty() || policer.counted.contains(&action) {
            let [packets, octets] = &mut policer.counts[color as usize];
            *packets += u64::from(policer.units[0]);
            *octets += if policer.units[1] { bytes } else { 0 };
        }
        if T::ON {
            let key = format!("{color:?}, {action}");
            t.event(p, Event::Hit { table: "policer".into(), object: policer.id, key });
        }
        action
    }
}

/// Whether an action lets go on what was to go: what a policer's color means for a copy that is made anyway.
pub(crate) fn passes(action: PacketAction) -> bool {
    !matches!(action, PacketAction::DROP | PacketAction::DENY)
}

/// Does to a packet of the ingress half what a policer's action says; `reason` is why it is dropped. `false`
/// where its way through bridge and router ends.
pub(crate) fn carry_out(p: &mut Packet, action: PacketAction, reason: DropReason) -> bool {
    match action {
        PacketAction::DROP | PacketAction::DENY => {
            p.flags &= !(flag::PUNT | flag::WANT_COPY);
            if action == PacketAction::DENY {
                p.flags |= flag::NO_COPY;
            }
            p.out = Out::None;
            p.drop = Some(reason);
            return false;
        }
        PacketAction::TRAP => {
            p.flags |= flag::PUNT | flag::ACL_PUNT;
            p.out = Out::None;
            p.drop = None;
            return false;
        }
        PacketAction::COPY | PacketAction::LOG => p.flags |= flag::WANT_COPY,
        PacketAction::COPY_CANCEL | PacketAction::TRANSIT => p.flags |= flag::NO_COPY,
        _ => {}
    }
    true
}

/// Storm control of a packet that bridging has decided about.
#[cold]
pub(crate) fn storm<T: Tracer>(sw: &mut Switch, p: &mut Packet, now: u64, t: &mut T) {
    let class = match () {
        () if p.drop.is_some() => return,
        () if p.has(flag::BROADCAST) => 2,
        () if p.has(flag::MULTICAST) => 1,
        () if p.has(flag::FLOODED) => 0,
        () => return,
    };
    let Some(port) = sw.ports.records.get(usize::from(p.port)) else { return };
    if port.storm[class] != NONE {
        let action = sw.policers.police(port.storm[class], p, now, t);
        carry_out(p, action, DropReason::StormControl);
    }
}

/// The attributes of a port that name policers: of all that comes in, and of storms of unknown unicast, multicast
/// and broadcast.
pub(crate) const PORT_ATTRS: [AttrId; 4] = [
    port::POLICER_ID.id(),
    port::FLOOD_STORM_CONTROL_POLICER_ID.id(),
    port::MULTICAST_STORM_CONTROL_POLICER_ID.id(),
    port::BROADCAST_STORM_CONTROL_POLICER_ID.id(),
];

/// The policers that [`PORT_ATTRS`] name.
pub(crate) fn of_port(store: &Store, port: ObjectId) -> (u16, [u16; 3]) {
    let [all, storms @ ..] = PORT_ATTRS.map(|attr| index(store.oid(port, attr)));
    (all, storms)
}

/// Why a policer cannot stand where packets come in, or where they leave.
pub(crate) fn check_place(sw: &Switch, policer: ObjectId, egress: bool) -> std::result::Result<(), String> {
    let stage = ObjectStage(sw.store.number(policer, policer::OBJECT_STAGE.id()) as i32);
    let other = if egress { ObjectStage::INGRESS } else { ObjectStage::EGRESS };
    if policer.is_null() || stage != other {
        return Ok(());
    }
    Err(format!("{policer} is a policer of {stage}"))
}

const ACTIONS: [AttrId; 3] =
    [policer::GREEN_PACKET_ACTION.id(), policer::YELLOW_PACKET_ACTION.id(), policer::RED_PACKET_ACTION.id()];

/// Owns `SAI_OBJECT_TYPE_POLICER`.
#[derive(Debug)]
pub(crate) struct PolicerOwner;

impl PolicerOwner {
    fn check(n: usize, given: &AttrEntry) -> Result<()> {
        match &given.value {
            Value::OidList(counters)
                if given.id == policer::SELECTIVE_COUNTER_LIST.id() && !counters.is_empty() =>
            {
                let why = "policers of this switch have no selective counters";
                let error = Error::because(Status::ATTR_NOT_IMPLEMENTED_0.nth(n), why);
                Err(error.on_attr("SAI_POLICER_ATTR_SELECTIVE_COUNTER_LIST"))
            }
            _ => Ok(()),
        }
    }
}

impl Owner for PolicerOwner {
    fn enforced(&self) -> &'static [AttrId] {
        use policer::*;
        const {
            &[
                METER_TYPE.id(),
                MODE.id(),
                COLOR_SOURCE.id(),
                CBS.id(),
                CIR.id(),
                PBS.id(),
                PIR.id(),
                GREEN_PACKET_ACTION.id(),
                YELLOW_PACKET_ACTION.id(),
                RED_PACKET_ACTION.id(),
                ENABLE_COUNTER_PACKET_ACTION_LIST.id(),
                OBJECT_STAGE.id(),
                SELECTIVE_COUNTER_LIST.id(),
                STATS_COUNT_MODE.id(),
            ]
        }
    }

    fn values(&self, attr: AttrId) -> Option<&'static [i32]> {
        if attr == policer::METER_TYPE.id() {
            return Some(const { &[MeterType::PACKETS.0, MeterType::BYTES.0] });
        }
        let is_action = ACTIONS.contains(&attr) || attr == policer::ENABLE_COUNTER_PACKET_ACTION_LIST.id();
        is_action.then_some(
            const {
                &[
                    PacketAction::DROP.0,
                    PacketAction::FORWARD.0,
                    PacketAction::COPY.0,
                    PacketAction::COPY_CANCEL.0,
                    PacketAction::TRAP.0,
                    PacketAction::LOG.0,
                    PacketAction::DENY.0,
                    PacketAction::TRANSIT.0,
                ]
            },
        )
    }

    fn check_create(&self, _: &Switch, request: &Request<'_>) -> Result<()> {
        request.attrs.iter().enumerate().try_for_each(|(n, given)| Self::check(n, given))
    }

    fn check_set(&self, _: &Switch, _: &ObjectRef, given: &AttrEntry) -> Result<()> {
        Self::check(0, given)
    }

    fn derive(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let number = |attr: AttrId| sw.store.number(id, attr);
        let rate = |attr: AttrId| sw.store.number(id, attr) as u64;
        let [cbs, cir, pbs, pir] =
            [policer::CBS.id(), policer::CIR.id(), policer::PBS.id(), policer::PIR.id()].map(rate);
        let scheme = match Mode(number(policer::MODE.id()) as i32) {
            Mode::SR_TCM => Scheme::SingleRate { cir, cbs, ebs: pbs },
            Mode::TR_TCM => Scheme::TwoRate { cir, cbs, pir, pbs },
            _ => Scheme::Storm { cir, cbs },
        };
        let aware = number(policer::COLOR_SOURCE.id()) as i32 == ColorSource::AWARE.0;
        let bytes = number(policer::METER_TYPE.id()) as i32 == MeterType::BYTES.0;
        let actions = ACTIONS.map(|attr| PacketAction(number(attr) as i32));
        let listed = sw.store.get(id).and_then(|o| o.value(policer::ENABLE_COUNTER_PACKET_ACTION_LIST.id()));
        let counted = match listed {
            Some(Value::I32List(actions)) => actions.iter().map(|a| PacketAction(*a)).collect(),
            _ => Vec::new(),
        };
        let units = match StatsCountMode(number(policer::STATS_COUNT_MODE.id()) as i32) {
            StatsCountMode::PACKET => [true, false],
            StatsCountMode::BYTE => [false, true],
            StatsCountMode::NONE => [false, false],
            _ => [true, true],
        };
        let now = sw.now();
        let slot = usize::from(index(id));
        let policers = &mut sw.policers.by_slot;
        if policers.len() <= slot {
            policers.resize(slot + 1, None);
        }
        match policers[slot].as_mut().filter(|p| p.id == id) {
            Some(policer) => {
                policer.meter.configure(scheme, aware, now);
                (policer.actions, policer.counted, policer.units) = (actions, counted, units);
            }
            None => {
                let meter = Meter::new(scheme, aware, now);
                policers[slot] =
                    Some(Policer { id, meter, bytes, actions, counted, units, counts: [[0; 2]; 3] });
            }
        }
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        let slot = object.oid().map_or(NONE, index);
        if let Some(policer) = sw.policers.by_slot.get_mut(usize::from(slot)) {
            *policer = None;
        }
    }

    fn counted(&self) -> &'static [StatId] {
        const {
            &[
                Stat::PACKETS.0 as StatId,
                Stat::ATTR_BYTES.0 as StatId,
                Stat::GREEN_PACKETS.0 as StatId,
                Stat::GREEN_BYTES.0 as StatId,
                Stat::YELLOW_PACKETS.0 as StatId,
                Stat::YELLOW_BYTES.0 as StatId,
                Stat::RED_PACKETS.0 as StatId,
                Stat::RED_BYTES.0 as StatId,
            ]
        }
    }

    fn stat(&self, sw: &Switch, object: &ObjectRef, stat: StatId) -> Option<u64> {
        let policer = sw.policers.by_slot.get(usize::from(index(object.oid()?)))?.as_ref()?;
        let sum = |unit: usize| policer.counts.iter().map(|c| c[unit]).sum();
        let [green, yellow, red] = policer.counts;
        Some(match Stat(stat as i32) {
            Stat::PACKETS => sum(0),
            Stat::ATTR_BYTES => sum(1),
            Stat::GREEN_PACKETS => green[0],
            Stat::GREEN_BYTES => green[1],
            Stat::YELLOW_PACKETS => yellow[0],
            Stat::YELLOW_BYTES => yellow[1],
            Stat::RED_PACKETS => red[0],
            Stat::RED_BYTES => red[1],
            _ => return None,
        })
    }
}
