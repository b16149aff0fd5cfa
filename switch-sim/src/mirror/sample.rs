//! `SAI_OBJECT_TYPE_SAMPLEPACKET`: packets taken at random.
//!
//! Each packet is taken with a chance of one in `SAMPLE_RATE`. A sampler of mode EXCLUSIVE is a profile: each port
//! and direction, and each ACL entry, that names it has a sequence of chances of its own. One of mode SHARED
//! has one sequence for all. The world's seed decides them.
//!
//! What is taken goes to the host by the trap of type SAMPLEPACKET and its host interface table entry, with the
//! attributes of a punted packet; or, with type MIRROR_SESSION, to the port's sample mirror sessions.

use hashbrown::HashMap;
use sai::samplepacket;
use sai::{AttrId, ObjectId, ObjectRef};

use super::Mirrors;
use crate::feature::Owner;
use crate::pipeline::{Engine, NONE};
use crate::port::index;
use crate::random::Random;
use crate::store::Object;
use crate::switch::Switch;

/// Who samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Binder {
    /// A port, what it takes in.
    In(u16),
    /// A port, what it sends.
    Out(u16),
    /// An ACL entry, by a number of its own.
    Acl(u32),
    /// Everybody.
    All,
}

impl Binder {
    const fn number(self) -> u64 {
        match self {
            Binder::In(port) => port as u64,
            Binder::Out(port) => 1 << 32 | port as u64,
            Binder::Acl(entry) => 2 << 32 | entry as u64,
            Binder::All => 3 << 32,
        }
    }
}

/// A samplepacket as packets meet it.
#[derive(Clone, Debug)]
pub(super) struct Sampler {
    id: ObjectId,
    rate: u32,
    /// Bytes that a sample keeps.
    truncate: usize,
    to_host: bool,
    shared: bool,
    chances: HashMap<Binder, Random>,
}

impl Mirrors {
    /// Whether a packet is taken: `Some(true)` for the host, `Some(false)` for mirror sessions.
    #[cold]
    pub(crate) fn take_sample(&mut self, sampler: u16, binder: Binder) -> Option<bool> {
        let seed = self.seed;
        let sampler = self.samplers.get_mut(usize::from(sampler))?.as_mut()?;
        let binder = if sampler.shared { Binder::All } else { binder };
        let first = seed ^ 0x5350 ^ (u64::from(index(sampler.id)) << 40) ^ binder.number();
        let chance = sampler.chances.entry(binder).or_insert(Random(first));
        chance.one_in(sampler.rate).then_some(sampler.to_host)
    }

    /// How many bytes of a sample go to the host.
    pub(crate) fn sample_size(&self, sampler: u16) -> usize {
        self.samplers.get(usize::from(sampler)).and_then(|s| s.as_ref()).map_or(usize::MAX, |s| s.truncate)
    }
}

impl Sampler {
    /// Whether all that name it share its chances.
    pub(super) fn shared(&self) -> bool {
        self.shared
    }
}

/// Samples a packet of the ingress half on behalf of an ACL entry, which has this number. What a sampler of type
/// MIRROR_SESSION takes goes to the sample mirror sessions of the ingress port.
pub(crate) fn sample(sw: &mut Switch, engine: &mut Engine, i: usize, sampler: u16, entry: u32) {
    let Some(to_host) = sw.mirrors.take_sample(sampler, Binder::Acl(entry)) else { return };
    let (p, _) = engine.packet(i);
    if to_host {
        engine.sampled(i, sampler);
    } else if let Some(taps) = sw.ports.taps.get(usize::from(p.port)) {
        super::copy_to(p, taps.sample_mirror[0]);
    }
}

/// The same for a packet of the egress half, with the sample mirror sessions of the egress port.
pub(crate) fn sample_out(sw: &mut Switch, engine: &mut Engine, i: usize, sampler: u16, entry: u32) {
    let Some(to_host) = sw.mirrors.take_sample(sampler, Binder::Acl(entry)) else { return };
    let (p, _) = engine.packet(i);
    if to_host {
        engine.sampled(i, sampler);
    } else if let Some(taps) = sw.ports.taps.get(usize::from(p.out_port)) {
        super::copy_to(p, taps.sample_mirror[1]);
    }
}

/// Owns `SAI_OBJECT_TYPE_SAMPLEPACKET`.
#[derive(Debug)]
pub(crate) struct SamplepacketOwner;

impl Owner for SamplepacketOwner {
    fn enforced(&self) -> &'static [AttrId] {
        use samplepacket::*;
        const { &[SAMPLE_RATE.id(), TYPE.id(), MODE.id(), TRUNCATE_ENABLE.id(), TRUNCATE_SIZE.id()] }
    }

    fn derive(&self, sw: &mut Switch, object: &ObjectRef) {
        use samplepacket::*;
        let Some(id) = object.oid() else { return };
        let number = |attr: AttrId| sw.store.number(id, attr) as i32;
        let truncate = match number(TRUNCATE_SIZE.id()) {
            size if size > 0 && sw.store.flag(id, TRUNCATE_ENABLE.id()) => size as usize,
            _ => usize::MAX,
        };
        let slot = usize::from(index(id));
        let samplers = &mut sw.mirrors.samplers;
        if samplers.len() <= slot {
            samplers.resize(slot + 1, None);
        }
        let before = samplers[slot].take().filter(|s| s.id == id);
        samplers[slot] = Some(Sampler {
            id,
            rate: number(SAMPLE_RATE.id()) as u32,
            truncate,
            to_host: number(TYPE.id()) == Type::SLOW_PATH.0,
            shared: number(MODE.id()) == Mode::SHARED.0,
            chances: before.map(|s| s.chances).unwrap_or_default(),
        });
        sw.mirrors.derive_order();
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        let slot = object.oid().map_or(NONE, index);
        if let Some(sampler) = sw.mirrors.samplers.get_mut(usize::from(slot)) {
            *sampler = None;
        }
        sw.mirrors.derive_order();
    }
}
