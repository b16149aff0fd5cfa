//! The packet half: which entries a packet hits, and what becomes of it.
//!
//! How verdicts merge, in one rule: *each thing that can be decided about a packet is decided once at a
//! stage, by the first in order that wants it.* The order is that of the bind points (port, LAG, VLAN,
//! interface, switch), then of chain groups, then of the tables by priority. The things are: whether the
//! packet goes on, whether the CPU gets a copy, where it goes, and each field that an action writes; every
//! counter counts. A table's winner is its entry of the highest priority, of equal ones the oldest. In a
//! sequential group the first table with a winner ends the look-up. DROP, DENY and TRAP end it for the bind
//! points and chain groups that would follow.

use sai::ObjectId;
use sai::types::PacketAction;

use super::action::Redirect;
use super::bind::{Phase, Point, Stage};
use super::look::{Look, parse_out};
use super::order;
use crate::bridge::{Copy, FIRST_1D};
use crate::pipeline::packet::flag;
use crate::pipeline::{DropReason, Engine, Event, NONE, Node, Out, Packet, Tracer, Work};
use crate::port::input;
use crate::router;
use crate::switch::Switch;
use crate::table::ternary::MAX_WORDS;

/// An entry that a packet matches, and the bind point of its table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    entry: u32,
    point: Point,
}

/// Before my-MAC and VRF selection.
pub(crate) fn pre_ingress<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, t: &mut T) {
    for i in work {
        if decide(sw, engine, i, Stage::PreIngress, t) {
            engine.onward(sw, i, Node::PostIngressAcl);
        } else {
            let next = input::classified(engine.packet(i).0);
            engine.send(i, next);
        }
    }
}

/// After look-up, with its metadata.
pub(crate) fn ingress<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, t: &mut T) {
    for i in work {
        let p = engine.packet(i).0;
        // A packet that a trap let into bridging comes by a second time.
        if !p.has(flag::ACL_DONE) {
            p.flags |= flag::ACL_DONE;
            decide(sw, engine, i, Stage::Ingress, t);
        }
        engine.onward(sw, i, Node::IngressAcl);
    }
}

/// After the forwarding decision.
pub(crate) fn post_ingress<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, t: &mut T) {
    for i in work {
        decide(sw, engine, i, Stage::PostIngress, t);
        engine.onward(sw, i, Node::PostIngressAcl);
    }
}

/// On the frame as it leaves.
pub(crate) fn egress<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, t: &mut T) {
    for i in work {
        if engine.packet(i).0.drop.is_none() {
            decide(sw, engine, i, Stage::Egress, t);
        }
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
        let copy = |to| Copy { to, bridge_port: NONE, domain: p.domain, rif: NONE };
        copies.extend(targets.iter().map(|to| copy(*to)));
    }
}

/// Whether an entry forbids to learn the source address of a packet: asked before the packet is looked up.
pub(crate) fn forbids_learning(sw: &Switch, p: &Packet, frame: &[u8]) -> bool {
    if sw.acl.no_learn == 0 {
        return false;
    }
    let mut hits = Vec::new();
    search(&mut Look::new(sw, p, frame, &p.headers, false), Stage::Ingress, &mut hits, &mut |_, _| {});
    let forbids = |h: &Hit| sw.acl.actions[h.entry as usize].more.as_ref().is_some_and(|m| m.no_learn);
    hits.iter().any(forbids)
}

/// Looks a packet up at a stage and does what its entries want; whether it goes no further.
fn decide<T: Tracer>(sw: &mut Switch, engine: &mut Engine, i: usize, stage: Stage, t: &mut T) -> bool {
    let mut hits = std::mem::take(&mut sw.acl.hits);
    hits.clear();
    // Which tables were looked at, and who won, for the trace alone.
    let mut seen: Vec<(u16, Option<u32>)> = Vec::new();
    let mut see = |table, winner| {
        if T::ON {
            seen.push((table, winner));
        }
    };
    let (head, tail) = engine.frame(i);
    let long;
    let frame = if tail.is_empty() {
        head
    } else {
        long = [head, tail].concat();
        &long[..]
    };
    let p = engine.peek(i);
    if stage == Stage::Egress {
        let h = parse_out(sw, p, frame);
        search(&mut Look::new(sw, p, frame, &h, true), stage, &mut hits, &mut see);
    } else {
        search(&mut Look::new(sw, p, frame, &p.headers, false), stage, &mut hits, &mut see);
    }
    if T::ON {
        tell(sw, p, &seen, t);
    }
    let ends = !hits.is_empty() && act(sw, engine, i, stage, &hits, t);
    sw.acl.hits = hits;
    ends
}

/// The programs that a packet meets at a stage, each with its bind point, in order.
#[inline(always)]
fn search(look: &mut Look<'_>, stage: Stage, hits: &mut Vec<Hit>, see: &mut impl FnMut(u16, Option<u32>)) {
    let (sw, p) = (look.sw, look.p);
    let egress = stage == Stage::Egress;
    let port = if egress { p.out_port } else { p.port };
    let lag = if egress { sw.ports.get(port).map_or(NONE, |r| r.lag) } else { p.lag };
    let vlan = if egress { vlan_out(sw, p) } else { vlan_in(sw, p) };
    let rif = match egress {
        true if p.has(flag::ROUTED) => p.out_rif,
        false if p.has(flag::TO_ROUTER) => p.rif,
        _ => NONE,
    };
    for (point, index) in
        [(Point::Port, port), (Point::Lag, lag), (Point::Vlan, vlan), (Point::Rif, rif), (Point::Switch, 0)]
    {
        if let Some(phases) = sw.acl.bound.phases(stage, point, index)
            && run(look, phases, point, hits, see)
        {
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
    see: &mut impl FnMut(u16, Option<u32>),
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
            let winner = table.classifier.lookup(table.key(look, &mut key));
            see(*slot, winner.map(|w| w.handle));
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
        look.meta = meta.unwrap_or(look.meta);
    }
    false
}

/// Whether the packet goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Forward,
    Drop,
    /// To the CPU alone.
    Trap,
    /// Forward, whatever look-ups have said.
    Keep,
}

/// What a packet action says of the packet's way, and whether the CPU gets a copy.
const fn split(action: PacketAction) -> (Option<Way>, Option<bool>) {
    match action {
        PacketAction::DROP => (Some(Way::Drop), None),
        PacketAction::FORWARD => (Some(Way::Forward), None),
        PacketAction::COPY => (None, Some(true)),
        PacketAction::COPY_CANCEL => (None, Some(false)),
        PacketAction::TRAP => (Some(Way::Trap), Some(true)),
        PacketAction::LOG => (Some(Way::Forward), Some(true)),
        PacketAction::DENY => (Some(Way::Drop), Some(false)),
        PacketAction::TRANSIT => (Some(Way::Forward), Some(false)),
        PacketAction::DONOTDROP => (Some(Way::Keep), None),
        _ => (None, None),
    }
}

/// Where a redirect leads, without what stays with the entry.
#[derive(Clone, Copy, Debug)]
enum To {
    Out(Out),
    BridgePort(u16),
    Route(ObjectId),
    Flood,
}

/// Does what the entries want that a packet has hit; whether it goes no further.
fn act<T: Tracer>(
    sw: &mut Switch,
    engine: &mut Engine,
    i: usize,
    stage: Stage,
    hits: &[Hit],
    t: &mut T,
) -> bool {
    let (mut way, mut copy, mut trap, mut to) = (None, None, None, None);
    let mut taken = Taken::default();
    let acl = &mut sw.acl;
    let (p, _) = engine.packet(i);
    let mut orders = u32::MAX;
    for hit in hits {
        let actions = &acl.actions[hit.entry as usize];
        if let Some(counter) = actions.counter() {
            acl.counters.count(counter, p);
        }
        if let Some(action) = actions.packet {
            let (goes, copies) = split(action);
            way = way.or(goes.map(|w| (w, hit.point)));
            copy = copy.or(copies);
        }
        if actions.order != u32::MAX {
            orders = acl.orders.merge(orders, actions.order);
        }
        let Some(more) = &actions.more else { continue };
        trap = trap.or(more.trap);
        if to.is_none()
            && let Some(redirect) = &more.redirect
        {
            to = Some(match redirect {
                Redirect::Port(port) => To::Out(Out::Port(*port)),
                Redirect::Lag(lag) => To::Out(Out::Lag(*lag)),
                Redirect::L2mc(group) => To::Out(Out::L2mc(*group)),
                Redirect::Ipmc(group) => To::Out(Out::Ipmc(*group)),
                Redirect::List(_) => To::Out(Out::List(hit.entry)),
                Redirect::BridgePort(port) => To::BridgePort(*port),
                Redirect::Route(id) => To::Route(*id),
                Redirect::Flood => To::Flood,
            });
        }
        taken.write(p, more);
    }
    if stage == Stage::Egress {
        act_out(sw, engine, i, way, copy, trap, orders, t);
        return false;
    }
    if orders != u32::MAX {
        let merged = sw.acl.orders.merge(orders, p.orders);
        p.orders = if p.orders == u32::MAX { orders } else { merged };
    }
    if copy == Some(true) {
        p.flags |= flag::PUNT | flag::ACL_PUNT;
        p.trap = trap.unwrap_or(p.trap);
    } else if copy == Some(false) {
        p.flags &= !flag::PUNT;
        p.flags |= flag::NO_COPY;
    }
    match way {
        Some((Way::Drop, point)) => {
            p.drop.get_or_insert(point.reason(stage));
        }
        Some((Way::Trap, point)) if copy != Some(true) => {
            p.drop.get_or_insert(point.reason(stage));
        }
        Some((Way::Trap, _)) => {
            p.drop = None;
            p.out = Out::None;
        }
        other => {
            let lifts = match other {
                Some((Way::Keep, _)) => p.out != Out::None,
                Some(_) => stage == Stage::PostIngress && is_acl(p.drop),
                None => false,
            };
            if lifts {
                p.drop = None;
            }
            if let Some(to) = to {
                send(sw, engine, i, to, t);
            }
        }
    }
    matches!(way, Some((Way::Drop | Way::Trap, _)))
}

fn is_acl(drop: Option<DropReason>) -> bool {
    drop.is_some_and(|d| d.layer() == crate::pipeline::Layer::Acl)
}

/// The fields of a packet that the entry before has written.
#[derive(Default)]
struct Taken {
    meta: bool,
    tc: bool,
    color: bool,
    pcp: bool,
    vid: bool,
    vrf: bool,
    ttl: bool,
}

impl Taken {
    fn write(&mut self, p: &mut Packet, more: &super::action::More) {
        let first = |taken: &mut bool, wants: bool| wants && !std::mem::replace(taken, true);
        if first(&mut self.meta, more.meta.is_some()) {
            p.acl_meta = more.meta.unwrap_or_default();
        }
        if first(&mut self.tc, more.tc.is_some()) {
            p.tc = more.tc.unwrap_or_default();
        }
        if first(&mut self.color, more.color.is_some()) {
            p.color = more.color.unwrap_or_default();
        }
        if first(&mut self.pcp, more.pcp.is_some()) {
            p.pcp = more.pcp.unwrap_or_default();
        }
        if first(&mut self.vid, more.vid.is_some()) {
            p.vid = more.vid.unwrap_or_default();
        }
        if first(&mut self.vrf, more.vrf.is_some()) {
            p.vrf = more.vrf.unwrap_or_default();
            p.flags |= flag::VRF_SET;
        }
        if first(&mut self.ttl, more.ttl.is_some()) {
            let keep = more.ttl == Some(false);
            p.flags = if keep { p.flags | flag::KEEP_TTL } else { p.flags & !flag::KEEP_TTL };
        }
        if more.no_learn {
            p.flags |= flag::NO_LEARN;
        }
    }
}

/// Replaces the forwarding decision.
fn send<T: Tracer>(sw: &mut Switch, engine: &mut Engine, i: usize, to: To, t: &mut T) {
    if let To::Route(next_hop) = to {
        if !engine.peek(i).headers.is_ip() {
            return;
        }
        let (mut p, frame) = (*engine.peek(i), engine.packet(i).1.to_vec());
        (p.drop, p.out) = (None, Out::None);
        if let Err(reason) = router::steer(sw, &mut p, &frame, next_hop, t) {
            p.drop = Some(reason);
        }
        *engine.packet(i).0 = p;
        return;
    }
    let (p, _) = engine.packet(i);
    p.drop = None;
    // The frame leaves as it came, but for its tag.
    p.flags &= !flag::ROUTED;
    let home = sw.bridge.port(p.bridge_port).map(|b| if b.domain == NONE { p.vid } else { b.domain });
    match to {
        To::Out(out) => {
            p.out = out;
            p.domain = home.unwrap_or(p.domain);
        }
        To::BridgePort(port) => {
            let own = sw.bridge.port(port).map_or(NONE, |b| b.domain);
            p.domain = if own == NONE { home.unwrap_or(p.vid) } else { own };
            p.out = Out::BridgePort(port);
        }
        To::Flood => {
            let Some(home) = home else { return };
            p.domain = home;
            p.flags |= flag::FLOODED;
            p.out = Out::Flood;
        }
        To::Route(_) => {}
    }
}

/// Does what entries want at egress, to the frame as it leaves.
#[expect(clippy::too_many_arguments, reason = "what one stage has decided")]
fn act_out<T: Tracer>(
    sw: &mut Switch,
    engine: &mut Engine,
    i: usize,
    way: Option<(Way, Point)>,
    copy: Option<bool>,
    trap: Option<u16>,
    orders: u32,
    t: &mut T,
) {
    if copy == Some(true) {
        engine.packet(i).0.trap = trap.unwrap_or(NONE);
        engine.punt_copy(sw, i, t);
    }
    if let Some((Way::Drop | Way::Trap, point)) = way {
        return engine.drop(i, point.reason(Stage::Egress));
    }
    if let Some(orders) = sw.acl.orders.get(orders).cloned() {
        order::carry_out(sw, engine, i, &orders, t);
    }
}

/// Says which tables were looked at and which entry won.
#[cold]
fn tell<T: Tracer>(sw: &Switch, p: &Packet, seen: &[(u16, Option<u32>)], t: &mut T) {
    for (slot, winner) in seen {
        let Some(table) = sw.acl.at(*slot) else { continue };
        let name = format!("ACL table {} ({})", table.id, table.stage);
        let entry = winner.and_then(|w| sw.acl.entries.get(w as usize));
        match entry {
            Some(entry) => {
                let actions = entry.actions().join(", ");
                let key = format!("priority {}: {actions}", entry.priority);
                t.event(p, Event::Hit { table: name, object: entry.id, key });
            }
            None => t.event(p, Event::Miss { table: name, key: format!("of {} entries", table.entries) }),
        }
    }
}
