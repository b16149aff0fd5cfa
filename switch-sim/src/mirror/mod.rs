//! Mirroring and sampling: copies of packets for an analyzer or for the host.
//!
//! A mirror session says where copies go and what they wear ([`encap`]); ports bind sessions for what they take
//! in and for what they send, ACL entries for what they match. A copy at ingress is the frame as it came in, also
//! where the packet is dropped later; a copy at egress is the frame as it leaves. Copies are not mirrored again.
//!
//! A samplepacket takes packets at random, one in so many, for the host ([`sample`]) or for mirror sessions.

use sai::mirror_session::{self, Type};
use sai::{AttrEntry, AttrId, Error, ObjectId, ObjectRef, ObjectType, Result, Status, Value, port};

use crate::feature::{Owner, Request};
use crate::pipeline::packet::{flag, wire_len};
use crate::pipeline::{Event, NONE, Packet, Tracer};
use crate::port::{Ports, index};
use crate::random::Random;
use crate::store::Object;
use crate::store::id::{Parts, type_of};
use crate::switch::Switch;
use crate::wire::parse::{Headers, Tpids};
use crate::{lag, meter};

mod encap;
mod sample;

pub(crate) use sample::{Binder, SamplepacketOwner, sample, sample_out};

/// The most sessions: a packet carries a bit for each.
pub(crate) const MAX_SESSIONS: usize = u16::BITS as usize;

/// A mirror session as packets meet it.
#[derive(Clone, Debug)]
struct Session {
    id: ObjectId,
    /// Monitor ports and LAGs.
    targets: Vec<ObjectId>,
    /// Bytes of the packet that a copy keeps; 0 for all.
    truncate: usize,
    /// One packet in so many is copied.
    rate: u32,
    policer: u16,
    /// The slot of the counter object.
    counter: usize,
    /// Queue of the copies at their port: their traffic class.
    tc: u8,
    wear: encap::Wear,
    chance: Random,
    /// GRE sequence number of the next copy.
    sequence: u32,
}

/// What a port copies of its packets.
#[derive(Clone, Debug)]
pub(crate) struct Taps {
    /// Sessions for what comes in, and for what leaves.
    pub mirror: [u16; 2],
    /// Samplepackets for what comes in, and for what leaves.
    pub sample: [u16; 2],
    /// Sessions that those of type MIRROR_SESSION copy to.
    pub sample_mirror: [u16; 2],
}

impl Default for Taps {
    fn default() -> Taps {
        Taps { mirror: [0; 2], sample: [NONE; 2], sample_mirror: [0; 2] }
    }
}

impl Taps {
    /// What a port's attributes name.
    pub(crate) fn of_port(sw: &Switch, port: ObjectId) -> Taps {
        let sessions = |attrs: [AttrId; 2]| attrs.map(|attr| sessions(sw, &sw.store.oids(port, attr)));
        let samples = [port::INGRESS_SAMPLEPACKET_ENABLE.id(), port::EGRESS_SAMPLEPACKET_ENABLE.id()];
        Taps {
            mirror: sessions([port::INGRESS_MIRROR_SESSION.id(), port::EGRESS_MIRROR_SESSION.id()]),
            sample: samples.map(|attr| index(sw.store.oid(port, attr))),
            sample_mirror: sessions([
                port::INGRESS_SAMPLE_MIRROR_SESSION.id(),
                port::EGRESS_SAMPLE_MIRROR_SESSION.id(),
            ]),
        }
    }

    /// Whether anything is to be done with what comes in, and with what leaves.
    pub(crate) const fn used(&self) -> [bool; 2] {
        [self.mirror[0] != 0 || self.sample[0] != NONE, self.mirror[1] != 0 || self.sample[1] != NONE]
    }
}

/// The mirror sessions and samplers of a switch.
#[derive(Debug, Default)]
pub(crate) struct Mirrors {
    /// What chance begins with.
    seed: u64,
    /// Packets must pass one by one: what a copy is (its number, whether chance or a policer lets it be) depends on
    /// those before it, at ingress and at egress.
    pub one_by_one: bool,
    /// `SAI_SWITCH_ATTR_MIRROR_TC`, where it is set: the traffic class of all copies.
    tc: Option<u8>,
    /// By the bit that stands for them in a packet.
    sessions: Vec<Option<Session>>,
    samplers: Vec<Option<sample::Sampler>>,
}

impl Mirrors {
    /// Begins the sequences of chances anew, by this seed.
    pub(crate) fn begin(&mut self, seed: u64) {
        self.seed = seed;
        for (at, session) in self.sessions.iter_mut().enumerate() {
            session.iter_mut().for_each(|s| s.chance = chance(seed, at));
        }
    }

    fn derive_order(&mut self) {
        let counts = |s: &Session| s.rate > 1 || s.policer != NONE || s.wear.numbers();
        self.one_by_one = self.sessions.iter().flatten().any(counts)
            || self.samplers.iter().flatten().any(sample::Sampler::shared);
    }
}

/// The chances of the session at this place.
const fn chance(seed: u64, at: usize) -> Random {
    Random(seed ^ (0x4d00 + at as u64))
}

/// The bits that stand for mirror sessions in [`Packet::mirror`].
pub(crate) fn sessions(sw: &Switch, ids: &[ObjectId]) -> u16 {
    let bit = |id: &ObjectId| {
        let at = sw.mirrors.sessions.iter().position(|s| s.as_ref().is_some_and(|s| s.id == *id))?;
        Some(1 << at)
    };
    ids.iter().filter_map(bit).fold(0, |set, bit: u16| set | bit)
}

/// Has a packet copied to [`sessions`]: in the ingress half as it came in, in the egress half as it leaves. A
/// session copies a packet once, however often it is asked to.
#[inline]
pub(crate) fn copy_to(p: &mut Packet, sessions: u16) {
    if sessions != 0 {
        p.mirror |= sessions;
        p.flags |= flag::TAPPED;
    }
}

/// Has a packet that a port takes in mirrored and sampled.
#[cold]
pub(crate) fn tap_in(mirrors: &mut Mirrors, ports: &Ports, p: &mut Packet) {
    let Some(taps) = ports.taps.get(usize::from(p.port)) else { return };
    copy_to(p, taps.mirror[0]);
    match mirrors.take_sample(taps.sample[0], Binder::In(p.port)) {
        Some(true) => p.flags |= flag::TAPPED | flag::SAMPLED,
        Some(false) => copy_to(p, taps.sample_mirror[0]),
        None => {}
    }
}

/// A copy on its way out.
pub(crate) struct Copy {
    /// The physical port.
    pub port: u16,
    /// Its queue there.
    pub queue: u8,
    /// The frame, as it leaves.
    pub frame: Vec<u8>,
}

/// The copies of a packet for mirror sessions: of what left (`egress`), or of what came in.
pub(crate) fn copies<T: Tracer>(
    sw: &mut Switch,
    (sessions, egress): (u16, bool),
    (p, frame): (&Packet, &[u8]),
    now: u64,
    t: &mut T,
) -> Vec<Copy> {
    let mut all = Vec::new();
    let queues = sw.profile.chip.unicast_queues.max(1) as u8;
    let port = if egress { p.out_port } else { p.port };
    let tpids = sw.ports.get(port).map_or_else(Tpids::default, |r| r.tpids);
    let headers = Headers::parse(frame, &tpids);
    for at in (0..MAX_SESSIONS).filter(|at| sessions & 1 << at != 0) {
        let Some(Some(session)) = sw.mirrors.sessions.get_mut(at) else { continue };
        if session.rate == 0 || !session.chance.one_in(session.rate) {
            continue;
        }
        let mut metered = *p;
        if session.policer != NONE
            && !meter::passes(sw.policers.police(session.policer, &mut metered, now, t))
        {
            continue;
        }
        if T::ON {
            let key = if egress { "as it leaves" } else { "as it came in" };
            t.event(p, Event::Hit { table: "mirror session".into(), object: session.id, key: key.into() });
        }
        let keep = if session.truncate == 0 { frame.len() } else { session.truncate.min(frame.len()) };
        let about = encap::About {
            p,
            tag: (headers.tags > 0).then_some(headers.outer),
            egress,
            truncated: keep < frame.len(),
            sequence: session.sequence,
            now,
        };
        let copy = session.wear.dress(&frame[..keep], &about);
        session.sequence = session.sequence.wrapping_add(1);
        let queue = sw.mirrors.tc.unwrap_or(session.tc).min(queues - 1);
        let (targets, counter) = (session.targets.clone(), session.counter);
        for target in targets {
            let port = match type_of(target) {
                Some(ObjectType::LAG) => lag::select(sw, &mut metered, frame, index(target)),
                _ => Some(index(target)),
            };
            let Some(port) = port else { continue };
            if let Some([packets, octets]) = sw.router.counters.get_mut(counter) {
                *packets += 1;
                *octets += wire_len(copy.len());
            }
            all.push(Copy { port, queue, frame: copy.clone() });
        }
    }
    all
}

/// Reads the switch's attributes that sessions depend on.
pub(crate) fn derive_switch(sw: &mut Switch) {
    let tc = sw.store.number(sw.id, sai::switch::MIRROR_TC.id()) as u8;
    sw.mirrors.tc = (tc != u8::MAX).then_some(tc);
}

/// Owns `SAI_OBJECT_TYPE_MIRROR_SESSION`.
#[derive(Debug)]
pub(crate) struct SessionOwner;

impl Owner for SessionOwner {
    fn enforced(&self) -> &'static [AttrId] {
        use mirror_session::*;
        const {
            &[
                TYPE.id(),
                MONITOR_PORT.id(),
                MONITOR_PORTLIST_VALID.id(),
                MONITOR_PORTLIST.id(),
                TRUNCATE_SIZE.id(),
                SAMPLE_RATE.id(),
                TC.id(),
                VLAN_TPID.id(),
                VLAN_ID.id(),
                VLAN_PRI.id(),
                VLAN_CFI.id(),
                VLAN_HEADER_VALID.id(),
                ERSPAN_ENCAPSULATION_TYPE.id(),
                IPHDR_VERSION.id(),
                TOS.id(),
                TTL.id(),
                SRC_IP_ADDRESS.id(),
                DST_IP_ADDRESS.id(),
                SRC_MAC_ADDRESS.id(),
                DST_MAC_ADDRESS.id(),
                GRE_PROTOCOL_TYPE.id(),
                GRE_HEADER_FIRST_16BIT.id(),
                ERSPAN_SESSION_ID.id(),
                POLICER.id(),
                UDP_SRC_PORT.id(),
                UDP_DST_PORT.id(),
                COUNTER_ID.id(),
                CONGESTION_MODE.id(),
            ]
        }
    }

    fn values(&self, attr: AttrId) -> Option<&'static [i32]> {
        // A copy that finds no room is dropped alone.
        const MODES: &[i32] = &[mirror_session::CongestionMode::INDEPENDENT.0];
        (attr == mirror_session::CONGESTION_MODE.id()).then_some(MODES)
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        if sw.mirrors.sessions.iter().flatten().count() >= MAX_SESSIONS {
            let why = format!("there are {MAX_SESSIONS} mirror sessions, and all are in use");
            return Err(Error::because(Status::INSUFFICIENT_RESOURCES, why));
        }
        let given = |attr: AttrId| request.given(attr).map(|(_, value)| value.clone());
        let tunnel = !matches!(
            given(mirror_session::TYPE.id()),
            Some(Value::I32(ty)) if [Type::LOCAL, Type::REMOTE].contains(&Type(ty))
        );
        request.attrs.iter().enumerate().try_for_each(|(n, attr)| check(sw, n, attr, tunnel, &given))
    }

    fn check_set(&self, sw: &Switch, object: &ObjectRef, attr: &AttrEntry) -> Result<()> {
        let id = object.oid().unwrap_or_default();
        let tunnel = ![Type::LOCAL, Type::REMOTE].contains(&kind(sw, id));
        check(sw, 0, attr, tunnel, &|attr| sw.store.get(id)?.value(attr).cloned())
    }

    fn derive(&self, sw: &mut Switch, object: &ObjectRef) {
        use mirror_session::*;
        let Some(id) = object.oid() else { return };
        let store = &sw.store;
        let number = |attr: AttrId| store.number(id, attr);
        let targets = if store.flag(id, MONITOR_PORTLIST_VALID.id()) {
            store.oids(id, MONITOR_PORTLIST.id())
        } else {
            vec![store.oid(id, MONITOR_PORT.id())]
        };
        let counter = store.oid(id, COUNTER_ID.id());
        let wear = encap::Wear::of(sw, id);
        let known = sw.mirrors.sessions.iter().position(|s| s.as_ref().is_some_and(|s| s.id == id));
        let at = known
            .or_else(|| sw.mirrors.sessions.iter().position(Option::is_none))
            .unwrap_or(sw.mirrors.sessions.len());
        let (chance, sequence) = match known.and_then(|at| sw.mirrors.sessions[at].as_ref()) {
            Some(session) => (session.chance, session.sequence),
            None => (chance(sw.mirrors.seed, at), 0),
        };
        let session = Session {
            id,
            targets,
            truncate: number(TRUNCATE_SIZE.id()) as usize,
            rate: number(SAMPLE_RATE.id()) as u32,
            policer: index(store.oid(id, POLICER.id())),
            counter: if counter.is_null() { usize::MAX } else { Parts::of(counter).slot as usize },
            tc: number(TC.id()) as u8,
            wear,
            chance,
            sequence,
        };
        if at == sw.mirrors.sessions.len() {
            sw.mirrors.sessions.push(None);
        }
        sw.mirrors.sessions[at] = Some(session);
        sw.mirrors.derive_order();
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        let of = |s: &&mut Option<Session>| s.as_ref().map(|s| s.id) == object.oid();
        if let Some(session) = sw.mirrors.sessions.iter_mut().find(of) {
            *session = None;
        }
        sw.mirrors.derive_order();
    }
}

fn refuse(n: usize, attr: &'static str, why: String) -> Error {
    Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why).on_attr(attr)
}

/// Refuses a value that a session cannot have together with its others.
fn check(
    sw: &Switch,
    n: usize,
    attr: &AttrEntry,
    tunnel: bool,
    other: &dyn Fn(AttrId) -> Option<Value>,
) -> Result<()> {
    use mirror_session::*;
    const PORT: AttrId = MONITOR_PORT.id();
    const PORTS: AttrId = MONITOR_PORTLIST.id();
    const VERSION: AttrId = IPHDR_VERSION.id();
    const SRC: AttrId = SRC_IP_ADDRESS.id();
    const DST: AttrId = DST_IP_ADDRESS.id();
    match (attr.id, &attr.value) {
        (PORT, Value::Oid(id)) => check_monitor(sw, n, "SAI_MIRROR_SESSION_ATTR_MONITOR_PORT", *id),
        (PORTS, Value::OidList(ids)) => {
            let name = "SAI_MIRROR_SESSION_ATTR_MONITOR_PORTLIST";
            ids.iter().try_for_each(|id| check_monitor(sw, n, name, *id))
        }
        (VERSION, Value::U8(version)) if tunnel && ![4, 6].contains(version) => {
            let why = format!("IP version {version}: it is 4 or 6");
            Err(refuse(n, "SAI_MIRROR_SESSION_ATTR_IPHDR_VERSION", why))
        }
        (SRC | DST, Value::IpAddress(ip)) if tunnel => match other(if attr.id == SRC { DST } else { SRC }) {
            // The version may follow both addresses; the addresses agree.
            Some(Value::IpAddress(peer)) if peer.is_ipv4() != ip.is_ipv4() => {
                let name =
                    ["SAI_MIRROR_SESSION_ATTR_SRC_IP_ADDRESS", "SAI_MIRROR_SESSION_ATTR_DST_IP_ADDRESS"];
                let why = format!("{ip} and {peer} are of different versions");
                Err(refuse(n, name[usize::from(attr.id == DST)], why))
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Refuses the CPU port and what is neither a port nor a LAG.
fn check_monitor(sw: &Switch, n: usize, name: &'static str, id: ObjectId) -> Result<()> {
    if matches!(type_of(id), Some(ObjectType::PORT | ObjectType::LAG)) && !sw.is_cpu_port(id) {
        return Ok(());
    }
    Err(refuse(n, name, format!("{id} cannot be a monitor port: ports and LAGs can")))
}

/// The type of a session.
fn kind(sw: &Switch, id: ObjectId) -> Type {
    Type(sw.store.number(id, mirror_session::TYPE.id()) as i32)
}
