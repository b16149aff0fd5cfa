//! The packet half: which entries a packet hits at a stage.
//!
//! Packets of a vector that meet one and the same table are looked up together, so that they wait for memory at
//! the same time; then each gets its verdict, in order.

use super::action::Redirect;
use super::bind::{Bound, Phase, Point, Stage};
use super::entry::Entry;
use super::look::{Look, parse_out};
use super::order;
use super::verdict::act;
use crate::bridge::{Copy, FIRST_1D};
use crate::pipeline::packet::flag;
use crate::pipeline::{Engine, Event, NONE, Node, Packet, Tracer, VECTOR, Work};
use crate::port::input;
use crate::switch::Switch;
use crate::table::ternary::{MAX_WORDS, Match};

/// An entry that a packet matches, and the bind point of its table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub entry: u32,
    pub point: Point,
}

/// Room for what a vector hits, used again by the next.
#[derive(Default)]
pub(super) struct Scratch {
    hits: Vec<Hit>,
    keys: Vec<u64>,
    found: Vec<Option<Match>>,
}

/// Before my-MAC and VRF selection.
pub(crate) fn pre_ingress<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, t: &mut T) {
    let ended = decide(sw, engine, work, Stage::PreIngress, t);
    for i in work {
        if ended >> i & 1 != 0 {
            engine.onward(sw, i, Node::PostIngressAcl);
        } else {
            let next = input::classified(engine.packet(i).0);
            engine.send(i, next);
        }
    }
}

/// After look-up, with its metadata.
pub(crate) fn ingress<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, t: &mut T) {
    // A packet that a trap let into bridging comes by a second time.
    let mut first = Work(0);
    for i in work {
        let p = engine.packet(i).0;
        first.0 |= u64::from(!p.has(flag::ACL_DONE)) << i;
        p.flags |= flag::ACL_DONE;
    }
    decide(sw, engine, first, Stage::Ingress, t);
    for i in work {
        engine.onward(sw, i, Node::IngressAcl);
    }
}

/// After the forwarding decision.
pub(crate) fn post_ingress<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, t: &mut T) {
    decide(sw, engine, work, Stage::PostIngress, t);
    for i in work {
        engine.onward(sw, i, Node::PostIngressAcl);
    }
}

/// On the frame as it leaves.
pub(crate) fn egress<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, t: &mut T) {
    let alive = work.filter(|i| engine.peek(*i).drop.is_none()).fold(0, |set, i| set | 1 << i);
    decide(sw, engine, Work(alive), Stage::Egress, t);
    for i in work {
        engine.send(i, Node::Transmit);
    }
}

/// Does to a copy that leaves what the entries in [`Packet::orders`] want.
#[cold]
pub(crate) fn carry_out<T: Tracer>(sw: &mut Switch, engine: &mut Engine, i: usize, t: &mut T) {
    let number = engine.packet(i).0.orders;
    if let Some(orders) = sw.acl.orders.get(number).cloned() {
        order::carry_out(sw, engine, i, &orders, t);
    }
}

/// Lists the copies of a packet that an entry sends to a list of ports and LAGs.
pub(crate) fn copies(sw: &Switch, p: &Packet, entry: u32, copies: &mut Vec<Copy>) {
    let actions = sw.acl.actions.get(entry as usize);
    if let Some(Redirect::List(targets)) = actions.and_then(|a| a.more.as_ref()?.redirect.as_ref()) {
        let copy = |to| Copy { to, bridge_port: NONE, domain: p.domain, rif: NONE, adjacency: u32::MAX };
        copies.extend(targets.iter().map(|to| copy(*to)));
    }
}

/// Whether an entry forbids to learn the source address of a packet: asked before the packet is looked up.
pub(crate) fn forbids_learning(sw: &Switch, p: &Packet, frame: &[u8]) -> bool {
    if sw.acl.no_learn == 0 {
        return false;
    }
    let mut hits = Vec::new();
    let met = Met::of(sw, p, Stage::Ingress);
    search(&mut Look::new(sw, p, frame, &p.headers, false), &met, &mut hits, &mut |_, _| {});
    let forbids = |h: &Hit| sw.acl.actions[h.entry as usize].more.as_ref().is_some_and(|m| m.no_learn);
    hits.iter().any(forbids)
}

/// What is bound to a packet at a stage: bind points with their programs, in order.
pub(super) struct Met {
    list: [(Point, u16); 5],
    len: usize,
}

impl Met {
    #[inline(always)]
    pub fn of(sw: &Switch, p: &Packet, stage: Stage) -> Met {
        let egress = stage == Stage::Egress;
        let bound = &sw.acl.bound;
        let mut met = Met { list: [(Point::Switch, NONE); 5], len: 0 };
        let port = if egress { p.out_port } else { p.port };
        met.add(bound, stage, Point::Port, port);
        let lag = if egress { sw.ports.get(port).map_or(NONE, |r| r.lag) } else { p.lag };
        met.add(bound, stage, Point::Lag, lag);
        if bound.has(stage, Point::Vlan) {
            met.add(bound, stage, Point::Vlan, if egress { vlan_out(sw, p) } else { vlan_in(sw, p) });
        }
        let rif = match egress {
            true if p.has(flag::ROUTED) => p.out_rif,
            false if p.has(flag::TO_ROUTER) => p.rif,
            _ => NONE,
        };
        met.add(bound, stage, Point::Rif, rif);
        met.add(bound, stage, Point::Switch, 0);
        met
    }

    #[inline(always)]
    fn add(&mut self, bound: &Bound, stage: Stage, point: Point, index: u16) {
        let program = bound.program(stage, point, index);
        if program != NONE {
            self.list[self.len] = (point, program);
            self.len += 1;
        }
    }

    pub fn list(&self) -> &[(Point, u16)] {
        &self.list[..self.len]
    }
}

/// Looks packets up at a stage and does what their entries want; answers those that go no further.
fn decide<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, stage: Stage, t: &mut T) -> u64 {
    let mut scratch = std::mem::take(&mut sw.acl.scratch);
    let Scratch { hits, keys, found } = &mut scratch;
    hits.clear();
    keys.clear();
    // Where the hits of each packet are.
    let mut range = [(0u32, 0u32); VECTOR];
    // The packets that are looked up together, by their table.
    let (mut together, mut batch, mut points) = (NONE, Work(0), [Point::Switch; VECTOR]);
    for i in work {
        let p = engine.peek(i);
        let met = Met::of(sw, p, stage);
        let alone = match met.list() {
            [] => continue,
            [(point, program)] if !T::ON && stage != Stage::Egress => {
                points[i] = *point;
                sw.acl.bound.single(*program)
            }
            _ => NONE,
        };
        let (head, tail) = engine.frame(i);
        if alone != NONE && (together == NONE || together == alone) {
            together = alone;
            if let Some(table) = sw.acl.at(alone) {
                let mut key = [0; MAX_WORDS];
                let look = Look::new(sw, p, head, &p.headers, false);
                keys.extend_from_slice(table.key(&look, &mut key));
                batch.0 |= 1 << i;
            }
            continue;
        }
        let start = hits.len() as u32;
        one(sw, p, (head, tail), stage, &met, hits, t);
        range[i] = (start, hits.len() as u32);
    }
    if batch.0 != 0
        && let Some(table) = sw.acl.at(together)
    {
        found.resize(batch.count(), None);
        table.classifier.lookup_batch(keys, found);
        for (i, winner) in batch.zip(found.iter()) {
            if let Some(winner) = winner {
                range[i] = (hits.len() as u32, hits.len() as u32 + 1);
                hits.push(Hit { entry: winner.handle, point: points[i] });
            }
        }
    }
    let mut ended = 0;
    for i in work {
        let (from, to) = range[i];
        if from < to && act(sw, engine, i, stage, &hits[from as usize..to as usize], t) {
            ended |= 1 << i;
        }
    }
    sw.acl.scratch = scratch;
    ended
}

/// Looks one packet up in all that it meets.
fn one<T: Tracer>(
    sw: &Switch,
    p: &Packet,
    (head, tail): (&[u8], &[u8]),
    stage: Stage,
    met: &Met,
    hits: &mut Vec<Hit>,
    t: &mut T,
) {
    let long;
    let frame = if tail.is_empty() {
        head
    } else {
        long = [head, tail].concat();
        &long[..]
    };
    // Which tables were looked at, for the trace alone.
    let mut seen: Vec<(u16, Vec<u64>)> = Vec::new();
    let mut see = |table, key: &[u64]| {
        if T::ON {
            seen.push((table, key.to_vec()));
        }
    };
    if stage == Stage::Egress {
        let h = parse_out(sw, p, frame);
        search(&mut Look::new(sw, p, frame, &h, true), met, hits, &mut see);
    } else {
        search(&mut Look::new(sw, p, frame, &p.headers, false), met, hits, &mut see);
    }
    if T::ON {
        tell(sw, p, &seen, t);
    }
}

/// Looks a packet up in the programs of its bind points, until a verdict is final.
fn search(look: &mut Look<'_>, met: &Met, hits: &mut Vec<Hit>, see: &mut impl FnMut(u16, &[u64])) {
    let bound = &look.sw.acl.bound;
    for (point, program) in met.list() {
        if run(look, bound.phases(*program), *point, hits, see) {
            return;
        }
    }
}

/// The VLAN of a packet that a bridge port of the 802.1Q bridge took in.
#[inline(always)]
fn vlan_in(sw: &Switch, p: &Packet) -> u16 {
    match sw.bridge.port(p.bridge_port) {
        Some(port) if port.domain == NONE => p.vid,
        _ => NONE,
    }
}

/// The VLAN in which a packet leaves by a bridge port.
#[inline(always)]
fn vlan_out(sw: &Switch, p: &Packet) -> u16 {
    match sw.bridge.port(p.out_bridge_port) {
        Some(_) if p.domain < FIRST_1D => p.domain,
        _ => NONE,
    }
}

/// Looks a packet up in the tables of a bind point; whether the verdict ends the look-up.
#[inline(always)]
fn run(
    look: &mut Look<'_>,
    phases: &[Phase],
    point: Point,
    hits: &mut Vec<Hit>,
    see: &mut impl FnMut(u16, &[u64]),
) -> bool {
    let acl = &look.sw.acl;
    let mut key = [0; MAX_WORDS];
    let mut skip_to = None;
    for phase in phases {
        if skip_to.is_some_and(|chain| chain != phase.chain) {
            continue;
        }
        skip_to = None;
        let first = hits.len();
        for slot in &phase.tables {
            let Some(table) = acl.at(*slot) else { continue };
            let key = table.key(look, &mut key);
            let winner = table.classifier.lookup(key);
            see(*slot, key);
            if let Some(winner) = winner {
                hits.push(Hit { entry: winner.handle, point });
                if !phase.parallel {
                    break;
                }
            }
        }
        let mut meta = None;
        for hit in &hits[first..] {
            let actions = &acl.actions[hit.entry as usize];
            if actions.ends() {
                return true;
            }
            if let Some(more) = &actions.more {
                meta = meta.or(more.meta);
                skip_to = skip_to.or(more.chain);
            }
        }
        // What one chain group writes the next one reads.
        if let Some(meta) = meta {
            look.write_meta(meta);
        }
    }
    false
}

/// The most entries of a table that a trace names before the winner.
const TOLD: usize = 16;

/// Says which tables were looked at, which of their entries come before the winner and why they do not match, and
/// which won.
#[cold]
fn tell<T: Tracer>(sw: &Switch, p: &Packet, seen: &[(u16, Vec<u64>)], t: &mut T) {
    for (slot, key) in seen {
        let Some(table) = sw.acl.at(*slot) else { continue };
        let name = format!("ACL table {} ({})", table.id, table.stage);
        let winner = table.classifier.lookup(key).and_then(|w| sw.acl.entries.get(w.handle as usize));
        let mut before: Vec<&Entry> = sw.acl.entries_of(table.id).filter(|e| e.rule.is_some()).collect();
        before.sort_by_key(|e| (std::cmp::Reverse(e.priority), e.age));
        before
            .truncate(before.iter().position(|e| Some(e.id) == winner.map(|w| w.id)).unwrap_or(before.len()));
        for entry in before.iter().take(TOLD) {
            let mismatch = entry.rule.and_then(|rule| table.classifier.mismatch(rule, key));
            let why = mismatch.map(|m| table.column(m)).unwrap_or_default();
            t.event(
                p,
                Event::Note(format!("ACL entry {}: priority {}: {why} differs", entry.id, entry.priority)),
            );
        }
        if let Some(more @ 1..) = before.len().checked_sub(TOLD) {
            t.event(p, Event::Note(format!("{more} more ACL entries do not match")));
        }
        match winner {
            Some(entry) => {
                let actions = entry.actions().join(", ");
                let key = format!("priority {}: {actions}", entry.priority);
                t.event(p, Event::Hit { table: name, object: entry.id, key });
            }
            None => t.event(p, Event::Miss { table: name, key: format!("of {} entries", table.entries) }),
        }
    }
}
