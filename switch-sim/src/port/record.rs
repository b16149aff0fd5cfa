//! Ports as packets see them: a record each, derived from the stored port and its LAG.

use sai::object::port::OperStatus;
use sai::{ObjectId, ObjectType};

use crate::attrs;
use crate::hash;
use crate::meter::Place;
use crate::mirror::Taps;
use crate::pipeline::{NONE, Packet, flag};
use crate::store::id::Parts;
use crate::switch::Switch;
use crate::wire::parse::Tpids;

use super::Counters;
use super::server::Servers;

/// What a packet of one VLAN meets on a port or LAG before bridging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sub {
    /// A bridge port of type SUB_PORT.
    BridgePort(u16),
    /// A router interface of type SUB_PORT.
    Rif(u16),
}

/// What a port, or the LAG that it belongs to, is attached to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Attachment {
    /// Bridge port of type PORT.
    pub bridge_port: u16,
    /// Router interface of type PORT.
    pub rif: u16,
    /// What takes single VLANs, in ascending order of VLAN id.
    pub subs: Vec<(u16, Sub)>,
    /// Router interfaces that take pairs of an outer and an inner VLAN, in ascending order.
    pub doubles: Vec<((u16, u16), u16)>,
}

impl Default for Attachment {
    fn default() -> Attachment {
        Attachment { bridge_port: NONE, rif: NONE, subs: Vec::new(), doubles: Vec::new() }
    }
}

impl Attachment {
    /// What takes this VLAN alone.
    #[inline]
    pub fn sub(&self, vid: u16) -> Option<Sub> {
        self.subs.binary_search_by_key(&vid, |s| s.0).ok().map(|i| self.subs[i].1)
    }

    /// What takes the packets of a VLAN, with this inner VLAN if they have one, alone.
    #[inline]
    pub fn takes(&self, vid: u16, inner: Option<u16>) -> Option<Sub> {
        let double = inner.and_then(|inner| self.double(vid, inner)).map(Sub::Rif);
        double.or_else(|| self.sub(vid))
    }

    fn double(&self, vid: u16, inner: u16) -> Option<u16> {
        self.doubles.binary_search_by_key(&(vid, inner), |d| d.0).ok().map(|i| self.doubles[i].1)
    }

    /// Adds or takes away the router interface that takes this pair of VLANs.
    pub fn set_double(&mut self, vids: (u16, u16), rif: Option<u16>) {
        self.doubles.retain(|d| d.0 != vids);
        if let Some(rif) = rif {
            let at = self.doubles.partition_point(|d| d.0 < vids);
            self.doubles.insert(at, (vids, rif));
        }
    }

    /// Whether anything takes single VLANs.
    #[inline(always)]
    pub const fn splits(&self) -> bool {
        !self.subs.is_empty() || !self.doubles.is_empty()
    }

    /// Adds, replaces or takes away what takes this VLAN alone.
    pub fn set_sub(&mut self, vid: u16, sub: Option<Sub>) {
        match (self.subs.binary_search_by_key(&vid, |s| s.0), sub) {
            (Ok(i), Some(sub)) => self.subs[i].1 = sub,
            (Ok(i), None) => drop(self.subs.remove(i)),
            (Err(i), Some(sub)) => self.subs.insert(i, (vid, sub)),
            (Err(_), None) => {}
        }
    }
}

/// A port as packets see it, derived from the stored port and the LAG that it belongs to. What the express lane
/// reads is one cache line.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Record {
    /// Takes frames in as all do, so that they may take the express lane.
    pub(crate) plain: bool,
    /// Sends frames as all do.
    pub(crate) sends: bool,
    /// An ACL table is bound before my-MAC.
    pub pre_acl: bool,
    /// Priority of untagged frames.
    pub default_pcp: u8,
    /// The longest frame, without FCS.
    pub mtu: u32,
    /// TPIDs that the parser takes for tags on its way to what is behind them.
    pub tpids: Tpids,
    /// The TPID of the tags that this port reads and writes.
    pub tpid: u16,
    /// The switch's outer TPID, whose tags it reads as well.
    pub outer_tpid: u16,
    /// Port VLAN id; 0 admits no untagged frame to a bridge.
    pub pvid: u16,
    /// The LAG that it is a member of.
    pub lag: u16,
    /// What it is attached to; for a LAG member, what the LAG is.
    pub attached: Attachment,
    /// The port object; null where there is none.
    pub id: ObjectId,
    /// Takes packets in: up, and no LAG member with ingress disabled.
    pub rx: bool,
    /// Sends packets: up and transmission enabled.
    pub tx: bool,
    /// Admin state.
    pub admin: bool,
    /// What is sent comes back in.
    pub loopback: bool,
    /// Drops frames without a VLAN id.
    pub drop_untagged: bool,
    /// Drops frames with a VLAN id.
    pub drop_tagged: bool,
    /// Ports that what came in here may not leave by, a bit each.
    pub blocked: Vec<u64>,
    /// Speed in Mbps.
    pub speed: u32,
    /// Has a policer, copies what comes in, or leaves its TTL or chooses how it is hashed: one test for what few ports
    /// have.
    pub watched: bool,
    /// The policer of all that comes in.
    pub policer: u16,
    /// Routing leaves the TTL of what comes in as it is.
    pub keep_ttl: bool,
    /// How next-hop groups hash what comes in, where that is not the switch's matter.
    pub ecmp: hash::OfPort,
    /// Mirrors or samples what it sends.
    pub tapped: bool,
    /// The TPID of the inner tags that it writes: the switch's.
    pub inner_tpid: u16,
    /// Has QoS maps, or a default traffic class, for what comes in.
    pub classed: bool,
    /// Storm-control policers of flooded unicast, multicast and broadcast.
    pub storm: [u16; 3],
}

const _: () = assert!(std::mem::offset_of!(Record, attached) + std::mem::offset_of!(Attachment, rif) < 64);

impl Record {
    const ABSENT: Record = Record {
        id: ObjectId::NULL,
        rx: false,
        tx: false,
        admin: false,
        loopback: false,
        drop_untagged: false,
        drop_tagged: false,
        pvid: 0,
        default_pcp: 0,
        mtu: 0,
        lag: NONE,
        tpid: 0x8100,
        outer_tpid: 0x88A8,
        inner_tpid: 0x8100,
        tpids: Tpids([0x8100, 0x88A8, 0x8100, 0x8100]),
        attached: Attachment { bridge_port: NONE, rif: NONE, subs: Vec::new(), doubles: Vec::new() },
        blocked: Vec::new(),
        speed: 0,
        pre_acl: false,
        watched: false,
        policer: NONE,
        keep_ttl: false,
        ecmp: hash::OfPort::NONE,
        tapped: false,
        classed: false,
        storm: [NONE; 3],
        plain: false,
        sends: false,
    };

    /// Whether it takes frames in as all do. A new field has to be looked at here.
    fn is_plain(&self) -> bool {
        let Record {
            id: _,
            rx,
            tx: _,
            admin: _,
            loopback,
            drop_untagged,
            drop_tagged,
            pvid: _,
            default_pcp: _,
            mtu: _,
            lag: _,
            // The lane compares a tag's TPID itself.
            tpid: _,
            outer_tpid: _,
            inner_tpid: _,
            tpids: _,
            speed: _,
            attached: Attachment { bridge_port, rif, subs, doubles },
            blocked,
            pre_acl: _,
            watched,
            policer: _,
            keep_ttl: _,
            ecmp: _,
            tapped: _,
            // The lane asks QoS maps itself.
            classed: _,
            storm: _,
            plain: _,
            sends: _,
        } = self;
        let attached = (*bridge_port != NONE || *rif != NONE) && subs.is_empty() && doubles.is_empty();
        *rx && attached && !(*loopback || *drop_untagged || *drop_tagged || *watched) && blocked.is_empty()
    }

    /// Whether the operational state is up.
    pub const fn is_up(&self) -> bool {
        self.rx || self.tx
    }
}

/// The ports of a switch by their slot.
#[derive(Debug, Default)]
pub struct Ports {
    /// What packets read.
    pub records: Vec<Record>,
    /// What packets count.
    pub counters: Vec<Counters>,
    /// Whether any port sends back in what it sends.
    pub(crate) loops: bool,
    /// Whether any port keeps what comes in by it from other ports.
    pub(crate) isolates: bool,
    /// What ports copy of their packets.
    pub(crate) taps: Vec<Taps>,
    /// Whether ports take their time: the profile's timing.
    pub(crate) timed: bool,
    /// What waits for ports that take their time.
    pub servers: Servers,
    /// What is attached to each port itself, not counting its LAG.
    own: Vec<Attachment>,
}

/// The dense index of a port, bridge port, LAG or router interface: the slot of its id.
pub const fn index(id: ObjectId) -> u16 {
    let slot = Parts::of(id).slot;
    if id.is_null() || slot >= NONE as u32 { NONE } else { slot as u16 }
}

impl Ports {
    /// No ports yet; `timed` if they are to take their time.
    pub(crate) fn new(timed: bool) -> Ports {
        Ports { timed, ..Ports::default() }
    }

    fn grow(&mut self, at: u16) {
        let len = usize::from(at) + 1;
        if self.records.len() < len {
            self.records.resize(len, Record::ABSENT);
            self.counters.resize_with(len, Counters::default);
            self.taps.resize_with(len, Taps::default);
            self.own.resize_with(len, Attachment::default);
        }
    }

    /// The record of a port.
    pub fn get(&self, port: u16) -> Option<&Record> {
        self.records.get(usize::from(port)).filter(|r| !r.id.is_null())
    }

    /// What is attached to a port itself, to be changed; [`derive()`] makes packets see it.
    pub fn attachment_mut(&mut self, port: u16) -> &mut Attachment {
        self.grow(port);
        &mut self.own[usize::from(port)]
    }
}

/// Derives the record of a port after it, its LAG or what is attached to it changed, or it was removed.
pub fn derive(sw: &mut Switch, id: ObjectId) {
    let at = index(id);
    if at == NONE {
        return;
    }
    sw.ports.grow(at);
    let slot = usize::from(at);
    if sw.store.get(id).is_none() {
        sw.ports.records[slot] = Record::ABSENT;
        crate::qos::derive(sw, id);
        sw.ports.own[slot] = Attachment::default();
        sw.ports.taps[slot] = Taps::default();
        sw.ports.servers.shape(at, Default::default());
        sw.ports.servers.control(at, Default::default(), 0);
        count_policers(sw);
        sw.ports.counters[slot] = Counters::default();
        sw.debug.forget(at);
        return;
    }
    let classed = crate::qos::derive(sw, id);
    let rate = super::scheduler::rate_of(sw, sw.store.oid(id, attrs::port::QOS_SCHEDULER_PROFILE_ID));
    sw.ports.servers.shape(at, rate);
    if sw.ports.timed {
        let (flow, now) = (super::flow::of(sw, id), sw.now());
        sw.ports.servers.control(at, flow, now);
    }
    let membership = sw.lags.membership(at);
    let from = membership.as_ref().map_or(id, |m| m.lag);
    let store = &sw.store;
    // A LAG's attributes of classification stand in for those of its members; their numbers differ.
    let of = |port: u32, lag: u32| if from == id { (id, port) } else { (from, lag) };
    let flag = |(id, attr)| store.flag(id, attr);
    let number = |(id, attr)| store.number(id, attr) as u16;
    let admin = store.flag(id, attrs::port::ADMIN_STATE);
    let up = sw.oper_status(id) == Some(OperStatus::UP);
    let loopback = store.number(id, attrs::port::LOOPBACK_MODE) != 0
        || store.number(id, attrs::port::INTERNAL_LOOPBACK_MODE) != 0;
    let up = up || (admin && loopback);
    let tpid = number(of(attrs::port::TPID, attrs::lag::TPID));
    let outer_tpid = number((sw.id, attrs::switch::TPID_OUTER_VLAN));
    let inner_tpid = number((sw.id, attrs::switch::TPID_INNER_VLAN));
    let mut blocked = Vec::new();
    let mut block = |port: ObjectId| {
        let port = usize::from(index(port));
        if blocked.len() <= port / 64 {
            blocked.resize(port / 64 + 1, 0u64);
        }
        blocked[port / 64] |= 1 << (port % 64);
    };
    store.oids(id, attrs::port::EGRESS_BLOCK_PORT_LIST).into_iter().for_each(&mut block);
    let group = store.oid(id, attrs::port::ISOLATION_GROUP);
    crate::bridge::isolation::members(store, group).into_iter().for_each(&mut block);
    let keep_ttl = store.flag(id, attrs::port::DISABLE_DECREMENT_TTL);
    let ecmp = store.get(id).map_or(hash::OfPort::NONE, hash::OfPort::of);
    let (policer, storm) = crate::meter::of_port(store, id);
    let taps = Taps::of_port(sw, id);
    let [taps_in, tapped] = taps.used();
    sw.ports.taps[slot] = taps;
    sw.ports.records[slot] = Record {
        id,
        rx: up && membership.as_ref().is_none_or(|m| m.rx),
        tx: up && store.flag(id, attrs::port::PKT_TX_ENABLE),
        admin,
        loopback,
        drop_untagged: flag(of(attrs::port::DROP_UNTAGGED, attrs::lag::DROP_UNTAGGED)),
        drop_tagged: flag(of(attrs::port::DROP_TAGGED, attrs::lag::DROP_TAGGED)),
        pvid: number(of(attrs::port::PORT_VLAN_ID, attrs::lag::PORT_VLAN_ID)),
        default_pcp: number(of(attrs::port::DEFAULT_VLAN_PRIORITY, attrs::lag::DEFAULT_VLAN_PRIORITY)) as u8,
        mtu: store.number(id, attrs::port::MTU) as u32,
        lag: membership.as_ref().map_or(NONE, |m| index(m.lag)),
        tpid,
        outer_tpid,
        inner_tpid,
        tpids: Tpids::new(&[tpid, outer_tpid, inner_tpid, 0x8100]),
        attached: match &membership {
            Some(m) => sw.lags.attachment(index(m.lag)).cloned().unwrap_or_default(),
            None => sw.ports.own[slot].clone(),
        },
        blocked,
        speed: super::speed(sw, id),
        pre_acl: sw.acl.before_look_up(),
        watched: policer != NONE || taps_in || keep_ttl || ecmp != hash::OfPort::NONE,
        policer,
        keep_ttl,
        ecmp,
        tapped,
        classed,
        storm,
        plain: false,
        sends: false,
    };
    let record = &mut sw.ports.records[slot];
    record.plain = record.is_plain();
    record.sends = record.tx && !(record.loopback || record.tapped);
    sw.ports.loops = sw.ports.records.iter().any(|r| r.loopback);
    sw.ports.isolates = sw.ports.records.iter().any(|r| !r.blocked.is_empty());
    count_policers(sw);
}

/// Whether the port where a packet came in keeps it from this one, bridged or routed.
pub(crate) fn is_kept_from(sw: &Switch, p: &Packet, out: u16) -> bool {
    let from = sw.ports.records.get(usize::from(p.port));
    from.and_then(|r| r.blocked.get(usize::from(out) / 64)).is_some_and(|b| b >> (out % 64) & 1 != 0)
}

/// Whether a packet may not leave by its port, for the port where it came in. What is mirrored may.
#[cold]
pub(crate) fn keeps_apart(sw: &Switch, p: &Packet) -> bool {
    !p.has(flag::MIRRORED) && is_kept_from(sw, p, p.out_port)
}

/// Tells the policers which ports name them.
fn count_policers(sw: &mut Switch) {
    let records = &sw.ports.records;
    sw.policers.storms = records.iter().any(|r| r.storm != [NONE; 3]);
    sw.policers.recount(Place::Port, records.iter().map(|r| r.policer));
    sw.policers.recount(Place::Storm, records.iter().flat_map(|r| r.storm));
}

/// Derives every port again: a change of the switch or of an isolation group.
pub fn derive_all(sw: &mut Switch) {
    for id in sw.store.ids(ObjectType::PORT).collect::<Vec<_>>() {
        derive(sw, id);
    }
}
