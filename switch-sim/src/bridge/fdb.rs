//! The forwarding database: learning, moves, aging, flushing, and the events of each.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::num::NonZeroU64;

use hashbrown::{HashMap, HashSet};
use sai::entry::FdbEntry;
use sai::fdb_entry::Type;
use sai::notify::{FdbEventNotificationData, Notification};
use sai::types::{FdbEvent, PacketAction};
use sai::{AttrEntry, Error, MacAddr, ObjectId, Result, Status, Value as Attr};

use super::{FIRST_1D, Learning};
use crate::attrs::{fdb_entry as attr, fdb_flush, switch};
use crate::pipeline::packet::flag;
use crate::pipeline::{DropReason, Engine, Event, NONE, Node, Packet, Tracer};
use crate::port::index;
use crate::profile::FlushEvents;
use crate::switch::Switch;
use crate::table::exact::{ExactTable, mac_key, split_mac_key};

mod entry;

pub use entry::FDB_ENTRY;

/// What the FDB knows of a station, in one word: bridge port, flags, action and when it was last seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value(NonZeroU64);

const VALID: u64 = 1 << 63;
const STATIC: u64 = 1 << 62;
const EXTRA: u64 = 1 << 61;
const MAY_MOVE: u64 = 1 << 60;
const ACTION: u32 = 56;
const PORT: u32 = 40;
const STAMP: u64 = (1 << 40) - 1;
/// A stamp counts units of 2^16 ns.
const UNIT: u32 = 16;

impl Value {
    fn new(port: u16, action: PacketAction, bits: u64, now: u64) -> Value {
        let word = VALID | bits | (action.0 as u64 & 15) << ACTION | u64::from(port) << PORT;
        Value(NonZeroU64::MIN).with(u64::MAX, word | (now >> UNIT & STAMP))
    }

    #[inline(always)]
    fn with(self, mask: u64, bits: u64) -> Value {
        Value(NonZeroU64::new(self.0.get() & !mask | bits).unwrap_or(self.0))
    }

    #[inline(always)]
    const fn has(self, bit: u64) -> bool {
        self.0.get() & bit != 0
    }

    /// The bridge port; [`NONE`] where the entry has none.
    #[inline(always)]
    pub const fn port(self) -> u16 {
        (self.0.get() >> PORT) as u16
    }

    /// The packet action.
    #[inline(always)]
    pub const fn action(self) -> PacketAction {
        PacketAction((self.0.get() >> ACTION & 15) as i32)
    }

    /// Whether it is static.
    pub const fn is_static(self) -> bool {
        self.has(STATIC)
    }

    /// Forwards by a bridge port and nothing more.
    #[inline(always)]
    pub(super) const fn is_plain(self) -> bool {
        const FORWARD: u64 = (PacketAction::FORWARD.0 as u64) << ACTION;
        self.0.get() & (EXTRA | 15 << ACTION) == FORWARD && self.port() != NONE
    }

    /// When it was last seen, rounded down to 65 µs.
    const fn seen(self) -> u64 {
        (self.0.get() & STAMP) << UNIT
    }
}

/// What few entries have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extra {
    /// User meta data.
    pub meta: u32,
    /// User-defined trap.
    pub user_trap: ObjectId,
    /// Counter.
    pub counter: ObjectId,
}

/// The forwarding database of a switch.
#[derive(Debug)]
pub struct Fdb {
    /// By [`mac_key`] of domain and address.
    pub table: ExactTable<u64, Value>,
    extras: HashMap<u64, Extra>,
    /// When dynamic entries may be due; a refreshed one is looked at again later.
    due: BinaryHeap<Reverse<(u64, u64)>>,
    /// Stations that were told of and not learned.
    told: HashSet<u64>,
    /// Events not delivered yet.
    events: Vec<FdbEventNotificationData>,
    /// Nanoseconds without a packet after which a dynamic entry goes; 0 for never.
    pub aging: u64,
    /// The most addresses that the switch learns; 0 for no limit.
    pub max_learned: u32,
    /// How many are learned.
    pub learned: u32,
    /// The most entries of any sort.
    pub capacity: usize,
    /// Whether a flush tells once what was flushed, instead of once an entry.
    pub consolidated: bool,
}

/// What the source address of a packet says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Known at this bridge port.
    Known,
    /// Not known.
    Unknown,
    /// Known, learned at another bridge port.
    Moved,
    /// Known, static at another bridge port.
    StaticMoved,
}

/// What becomes of the packet.
pub(crate) enum Verdict {
    /// Goes on.
    Go,
    /// Is dropped.
    Drop(DropReason),
    /// Goes to the CPU alone.
    Trap,
    /// Must wait for those before it.
    Cut,
}

impl Fdb {
    /// An empty one with room for any number.
    pub fn new(seed: u64) -> Fdb {
        Fdb {
            table: ExactTable::new(seed),
            extras: HashMap::new(),
            due: BinaryHeap::new(),
            told: HashSet::new(),
            events: Vec::new(),
            aging: 0,
            max_learned: 0,
            learned: 0,
            capacity: usize::MAX,
            consolidated: false,
        }
    }

    /// Looks a source address up and refreshes its age.
    #[inline(always)]
    pub(crate) fn see(&mut self, key: u64, port: u16, now: u64) -> Seen {
        match self.table.get(key) {
            None => Seen::Unknown,
            Some(value) if value.port() == port => {
                let stamp = now >> UNIT & STAMP;
                if value.0.get() & STAMP != stamp {
                    self.refresh(key, now);
                }
                Seen::Known
            }
            Some(value) if value.is_static() => Seen::StaticMoved,
            Some(_) => Seen::Moved,
        }
    }

    /// Whether a source address is known at this bridge port, and its age due for [`refresh`](Self::refresh).
    #[inline(always)]
    pub(crate) fn is_known(&self, key: u64, port: u16, now: u64) -> Option<bool> {
        let value = self.table.get(key).filter(|value| value.port() == port)?;
        Some(value.0.get() & STAMP != now >> UNIT & STAMP)
    }

    /// Notes when a station was seen. Looks up once more: what was found is near now, and most packets come within
    /// the 65 µs that a stamp holds.
    #[inline(never)]
    pub(crate) fn refresh(&mut self, key: u64, now: u64) {
        if let Some(value) = self.table.get_mut(key) {
            *value = value.with(STAMP, now >> UNIT & STAMP);
        }
    }

    /// What an entry has beyond the common.
    pub fn extra(&self, key: u64) -> Extra {
        self.extras.get(&key).copied().unwrap_or_default()
    }

    /// When [`age`] has something to do.
    pub fn deadline(&self) -> Option<u64> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }

    fn schedule(&mut self, key: u64, seen: u64) {
        if self.aging == 0 {
            return;
        }
        if self.due.len() > 2 * self.table.len() + 1024 {
            self.reschedule();
        }
        self.due.push(Reverse((seen + self.aging, key)));
    }

    /// Computes every deadline again: after the aging time changed.
    pub fn reschedule(&mut self) {
        let aging = self.aging;
        let live = self.table.iter().filter(|(_, v)| aging != 0 && !v.is_static());
        self.due = live.map(|(key, v)| Reverse((v.seen() + aging, key))).collect();
    }
}

/// Decides about a packet whose source is not known where it comes from; learns it where that is allowed.
#[cold]
pub(crate) fn source<T: Tracer>(
    sw: &mut Switch,
    engine: &mut Engine,
    i: usize,
    key: u64,
    seen: Seen,
    t: &mut T,
) -> Verdict {
    let now = engine.now();
    let (p, _) = engine.packet(i);
    let (domain_index, port_index) = (p.domain, p.bridge_port);
    let bridge = &sw.bridge;
    let (Some(port), Some(domain)) = (bridge.port(port_index), bridge.domain(domain_index)) else {
        return Verdict::Go;
    };
    let mac = MacAddr(split_mac_key(key).1);
    if seen == Seen::StaticMoved && !bridge.fdb.table.get(key).is_some_and(|v| v.has(MAY_MOVE)) {
        return Verdict::Drop(DropReason::StaticMove);
    }
    p.flags |= flag::UNKNOWN_SOURCE;
    match port.learning {
        Learning::Drop => return Verdict::Drop(DropReason::UnknownSource),
        Learning::Disable => return Verdict::Go,
        Learning::CpuTrap => return Verdict::Trap,
        Learning::CpuLog => {
            p.flags |= flag::PUNT;
            return Verdict::Go;
        }
        Learning::Notification => {
            if sw.bridge.fdb.told.insert(key) {
                tell(sw, FdbEvent::LEARNED, key, Value::new(port_index, PacketAction::FORWARD, 0, now));
            }
            return Verdict::Drop(DropReason::UnknownSource);
        }
        Learning::Hw if domain.learn_disable => return Verdict::Go,
        Learning::Hw => {}
    }
    let full = |learned: u32, max: u32| max != 0 && learned >= max;
    let more = seen == Seen::Unknown;
    let over = full(port.learned, port.max_learned)
        || (more && full(domain.learned, domain.max_learned))
        || (more && full(bridge.fdb.learned, bridge.fdb.max_learned));
    if over && seen != Seen::StaticMoved {
        return match PacketAction(port.violation) {
            PacketAction::FORWARD | PacketAction::TRANSIT => Verdict::Go,
            PacketAction::TRAP => Verdict::Trap,
            PacketAction::COPY | PacketAction::LOG => {
                p.flags |= flag::PUNT;
                Verdict::Go
            }
            _ => Verdict::Drop(DropReason::LearningLimit),
        };
    }
    if more && bridge.fdb.table.len() >= bridge.fdb.capacity {
        return Verdict::Go;
    }
    let (p, frame) = engine.packet(i);
    if crate::acl::forbids_learning(sw, p, frame) {
        return Verdict::Go;
    }
    let awaited = awaited(sw, engine, i, mac);
    let may = if more { Engine::may_add } else { Engine::may_change };
    if !may(engine, i, awaited, Node::L2In) {
        return Verdict::Cut;
    }
    if T::ON {
        let what = if more { "learned" } else { "moved" };
        let text = format!("{what} {mac} at bridge port {port_index}");
        t.event(engine.packet(i).0, Event::Note(text));
    }
    if more {
        let value = Value::new(port_index, PacketAction::FORWARD, 0, now);
        insert(sw, key, value);
        tell(sw, FdbEvent::LEARNED, key, value);
    } else {
        let Some(old) = remove(sw, key) else { return Verdict::Go };
        let value = old.with(0xffff << PORT | STAMP, u64::from(port_index) << PORT | (now >> UNIT & STAMP));
        insert(sw, key, value);
        tell(sw, FdbEvent::MOVE, key, value);
    }
    Verdict::Go
}

/// Whether a packet before this one may still look the source address of this one up: it is for it, it may be
/// routed (the router looks up where a neighbor is), or it is not bridged yet.
fn awaited(sw: &Switch, engine: &Engine, i: usize, mac: MacAddr) -> bool {
    const ACLS: u32 = 1 << Node::IngressAcl as u32 | 1 << Node::PostIngressAcl as u32;
    let mac = mac.0.iter().fold(0, |n, b| n << 8 | u64::from(*b));
    let waits = |p: &Packet| p.dst == mac || p.rif != NONE || p.has(flag::LINK_LOCAL);
    // An ACL may send any packet to the router.
    sw.plane.stages & ACLS != 0 || engine.before(i).iter().any(waits)
}

/// Puts an entry in that is not there, with what counts it.
fn insert(sw: &mut Switch, key: u64, value: Value) {
    count(sw, key, value, 1);
    let fdb = &mut sw.bridge.fdb;
    fdb.told.remove(&key);
    fdb.table.insert(key, value);
    if !value.is_static() {
        fdb.schedule(key, value.seen());
    }
    sw.resources.fdb_holds(sw.bridge.fdb.table.len());
}

/// Takes an entry out; what few have stays for the caller to take.
fn remove(sw: &mut Switch, key: u64) -> Option<Value> {
    let value = sw.bridge.fdb.table.remove(key)?;
    count(sw, key, value, -1);
    sw.resources.fdb_holds(sw.bridge.fdb.table.len());
    Some(value)
}

/// Counts an entry: a dynamic one against the limits, a static one as a reference to what it names.
fn count(sw: &mut Switch, key: u64, value: Value, by: i32) {
    let domain = split_mac_key(key).0;
    if value.is_static() {
        let (bv, port) = (domain_id(sw, domain), port_id(sw, value.port()));
        sw.store.reference(bv, by);
        sw.store.reference(port, by);
        return;
    }
    let bump = |n: &mut u32| *n = n.saturating_add_signed(by);
    bump(&mut sw.bridge.fdb.learned);
    if let Some(d) = sw.bridge.domain_mut(domain) {
        bump(&mut d.learned);
    }
    if let Some(b) = sw.bridge.ports.get_mut(usize::from(value.port())) {
        bump(&mut b.learned);
    }
}

/// The VLAN or bridge of a domain.
fn domain_id(sw: &Switch, domain: u16) -> ObjectId {
    sw.bridge.domain(domain).map(|d| d.id).unwrap_or_default()
}

fn port_id(sw: &Switch, port: u16) -> ObjectId {
    sw.bridge.port(port).map(|b| b.id).unwrap_or_default()
}

/// The domain that a VLAN's or bridge's id names.
pub fn domain_of(sw: &Switch, bv: ObjectId) -> Option<u16> {
    let vid = sw.store.number(bv, crate::attrs::vlan::VLAN_ID) as u16;
    let one_d = index(bv).checked_add(FIRST_1D);
    [Some(vid), one_d].into_iter().flatten().find(|d| sw.bridge.domain(*d).is_some_and(|d| d.id == bv))
}

fn tell(sw: &mut Switch, event: FdbEvent, key: u64, value: Value) {
    let (domain, mac) = split_mac_key(key);
    let ty = if value.is_static() { Type::STATIC } else { Type::DYNAMIC };
    let data = FdbEventNotificationData {
        event_type: event,
        fdb_entry: FdbEntry { switch_id: sw.id, mac_address: MacAddr(mac), bv_id: domain_id(sw, domain) },
        attr: vec![
            AttrEntry::new(attr::TYPE, Attr::I32(ty.0)),
            AttrEntry::new(attr::BRIDGE_PORT_ID, Attr::Oid(port_id(sw, value.port()))),
            AttrEntry::new(attr::PACKET_ACTION, Attr::I32(value.action().0)),
        ],
    };
    sw.bridge.fdb.events.push(data);
}

/// Hands the events since the last call over for delivery, in one notification.
pub fn deliver(sw: &mut Switch) {
    if !sw.bridge.fdb.events.is_empty() {
        let data = std::mem::take(&mut sw.bridge.fdb.events);
        sw.events.push(Notification::FdbEvent { data });
    }
}

/// How many entries are looked at under one lock of the switch: a table that ages out at once delays no call.
const AGED: usize = 256;

/// Removes the dynamic entries that are due by now, at most 256 of them: what is left stays due.
pub fn age(sw: &mut Switch, now: u64) {
    for _ in 0..AGED {
        let Some(&Reverse((at, key))) = sw.bridge.fdb.due.peek() else { break };
        if at > now {
            break;
        }
        sw.bridge.fdb.due.pop();
        let Some(value) = sw.bridge.fdb.table.get(key).copied().filter(|v| !v.is_static()) else { continue };
        if value.seen() + sw.bridge.fdb.aging > now {
            sw.bridge.fdb.schedule(key, value.seen());
            continue;
        }
        tell(sw, FdbEvent::AGED, key, value);
        entry::take(sw, key);
    }
    deliver(sw);
}

/// Reads the switch's attributes that the FDB depends on.
pub fn derive_switch(sw: &mut Switch) {
    let seconds = sw.store.number(sw.id, switch::FDB_AGING_TIME) as u64;
    sw.bridge.fdb.capacity = sw.profile.limits.fdb as usize;
    sw.bridge.fdb.consolidated = sw.profile.fdb_flush_events == FlushEvents::Consolidated;
    sw.bridge.fdb.max_learned = sw.store.number(sw.id, switch::MAX_LEARNED_ADDRESSES) as u32;
    let aging = seconds.saturating_mul(1_000_000_000);
    if aging != sw.bridge.fdb.aging {
        sw.bridge.fdb.aging = aging;
        sw.bridge.fdb.reschedule();
    }
    let miss = [
        switch::FDB_UNICAST_MISS_PACKET_ACTION,
        switch::FDB_MULTICAST_MISS_PACKET_ACTION,
        switch::FDB_BROADCAST_MISS_PACKET_ACTION,
    ];
    let of_switch = |attr| sw.store.flag(sw.id, attr);
    sw.bridge.to_cpu =
        [false, of_switch(switch::MCAST_CPU_FLOOD_ENABLE), of_switch(switch::BCAST_CPU_FLOOD_ENABLE)];
    sw.bridge.miss = miss.map(|a| sw.store.number(sw.id, a) as i32);
}

/// Which entries a flush takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flush {
    /// Of this bridge port alone.
    pub port: Option<u16>,
    /// Of this domain alone.
    pub domain: Option<u16>,
    /// Dynamic ones.
    pub dynamic: bool,
    /// Static ones.
    pub statics: bool,
}

/// `flush_fdb_entries`: the attributes of `sai_fdb_flush_attr_t` are ANDed; without a type the dynamic
/// entries go.
pub fn flush(sw: &mut Switch, attrs: &[AttrEntry]) -> Result<()> {
    let mut filter = Flush { dynamic: true, ..Flush::default() };
    for (n, a) in attrs.iter().enumerate() {
        let bad =
            |what: &'static str| Err(Error::because(Status(Status::INVALID_ATTR_VALUE_0.0 - n as i32), what));
        match (a.id, &a.value) {
            (fdb_flush::BRIDGE_PORT_ID, Attr::Oid(id)) => {
                if id.is_null() {
                    continue;
                }
                if sw.bridge.port(index(*id)).is_none_or(|b| b.id != *id) {
                    return bad("there is no such bridge port");
                }
                filter.port = Some(index(*id));
            }
            (fdb_flush::BV_ID, Attr::Oid(id)) => {
                if id.is_null() {
                    continue;
                }
                let Some(domain) = domain_of(sw, *id) else { return bad("there is no such VLAN or bridge") };
                filter.domain = Some(domain);
            }
            (fdb_flush::ENTRY_TYPE, Attr::I32(ty)) => match ty {
                0 => {}
                1 => (filter.dynamic, filter.statics) = (false, true),
                2 => filter.statics = true,
                _ => return bad("no value of sai_fdb_flush_entry_type_t"),
            },
            (fdb_flush::BRIDGE_PORT_ID | fdb_flush::BV_ID | fdb_flush::ENTRY_TYPE, _) => {
                return bad("a value of another type");
            }
            _ => return Err(Status(Status::UNKNOWN_ATTRIBUTE_0.0 - n as i32).into()),
        }
    }
    flush_where(sw, filter);
    deliver(sw);
    Ok(())
}

/// Removes what the filter takes, and tells as the profile says.
pub fn flush_where(sw: &mut Switch, filter: Flush) {
    let tell_each = !sw.bridge.fdb.consolidated;
    let takes = |key: u64, v: Value| {
        (if v.is_static() { filter.statics } else { filter.dynamic })
            && filter.port.is_none_or(|p| p == v.port())
            && filter.domain.is_none_or(|d| d == split_mac_key(key).0)
    };
    let keys: Vec<(u64, Value)> =
        sw.bridge.fdb.table.iter().filter(|(k, v)| takes(*k, **v)).map(|(k, v)| (k, *v)).collect();
    for (key, value) in keys {
        if tell_each {
            tell(sw, FdbEvent::FLUSHED, key, value);
        }
        entry::take(sw, key);
    }
    if !tell_each {
        tell_flush(sw, filter);
    }
    if filter.port.is_none() && filter.domain.is_none() {
        sw.bridge.fdb.told.clear();
    } else {
        sw.bridge.fdb.told.retain(|key| filter.domain.is_some_and(|d| d != split_mac_key(*key).0));
    }
}

/// Tells at once of all that a flush takes.
fn tell_flush(sw: &mut Switch, filter: Flush) {
    let types = [(filter.dynamic, Type::DYNAMIC), (filter.statics, Type::STATIC)];
    for (_, ty) in types.into_iter().filter(|(on, _)| *on) {
        let mut attr = vec![AttrEntry::new(attr::TYPE, Attr::I32(ty.0))];
        if let Some(port) = filter.port {
            attr.push(AttrEntry::new(attr::BRIDGE_PORT_ID, Attr::Oid(port_id(sw, port))));
        }
        let bv_id = filter.domain.map(|d| domain_id(sw, d)).unwrap_or_default();
        let fdb_entry = FdbEntry { switch_id: sw.id, mac_address: MacAddr::ZERO, bv_id };
        let data = FdbEventNotificationData { event_type: FdbEvent::FLUSHED, fdb_entry, attr };
        sw.bridge.fdb.events.push(data);
    }
}

/// The key of an FDB entry; fails where its VLAN or bridge is unknown.
fn key_of(sw: &Switch, entry: &FdbEntry) -> Result<u64> {
    let domain = domain_of(sw, entry.bv_id).ok_or_else(|| {
        Error::because(Status::INVALID_PARAMETER, "bv_id names no VLAN and no 802.1D bridge")
    })?;
    Ok(mac_key(domain, entry.mac_address.0))
}
