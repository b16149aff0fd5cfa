//! What becomes of a packet that hits entries: the one rule by which verdicts merge.
//!
//! *Each thing that can be decided about a packet is decided once at a stage, by the first in order that wants
//! it.* The things are: whether the packet goes on, whether the CPU gets a copy, where it goes, by whom it is
//! policed and sampled, and each field that an action writes; every counter counts, and every mirror session that
//! is named gets its copy. A policer's action of the packet's color stands above all that drops less. The order is that of [`run`](super::run): of the bind points
//! (port, LAG, VLAN, interface, switch), then of chain groups, then of the tables by priority. A table's winner
//! is its entry of the highest priority, of equal ones the oldest. In a sequential group the first table with a
//! winner ends the look-up. DROP, DENY and TRAP end it for the bind points and chain groups that would follow.

use sai::ObjectId;
use sai::types::PacketAction;

use super::Acl;
use super::action::{More, Redirect};
use super::bind::{Point, Stage};
use super::order;
use super::run::Hit;
use crate::pipeline::packet::flag;
use crate::pipeline::{DropReason, Engine, NONE, Out, Packet, Tracer};
use crate::switch::Switch;
use crate::{meter, mirror, router};

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

impl To {
    fn of(redirect: &Redirect, entry: u32) -> To {
        match redirect {
            Redirect::Port(port) => To::Out(Out::Port(*port)),
            Redirect::Lag(lag) => To::Out(Out::Lag(*lag)),
            Redirect::L2mc(group) => To::Out(Out::L2mc(*group)),
            Redirect::Ipmc(group) => To::Out(Out::Ipmc(*group)),
            Redirect::List(_) => To::Out(Out::List(entry)),
            Redirect::BridgePort(port) => To::BridgePort(*port),
            Redirect::Route(id) => To::Route(*id),
            Redirect::Flood => To::Flood,
        }
    }
}

/// What the entries want that a packet has hit.
struct Verdict {
    way: Option<(Way, Point)>,
    copy: Option<bool>,
    trap: Option<u16>,
    to: Option<To>,
    orders: u32,
    mirror: u16,
    /// The samplepacket, and the number of the entry.
    sampler: Option<(u16, u32)>,
    policer: Option<u16>,
}

impl Verdict {
    /// Merges what the entries want, counts the packet and writes its fields.
    fn of(acl: &mut Acl, p: &mut Packet, hits: &[Hit]) -> Verdict {
        let mut v = Verdict {
            way: None,
            copy: None,
            trap: None,
            to: None,
            orders: u32::MAX,
            mirror: 0,
            sampler: None,
            policer: None,
        };
        let mut taken = Taken::default();
        for hit in hits {
            let actions = &acl.actions[hit.entry as usize];
            if let Some(counter) = actions.counter() {
                acl.counters.count(counter, p);
            }
            if let Some(action) = actions.packet {
                let (goes, copies) = split(action);
                v.way = v.way.or(goes.map(|w| (w, hit.point)));
                v.copy = v.copy.or(copies);
            }
            if actions.order != u32::MAX {
                v.orders = acl.orders.merge(v.orders, actions.order);
            }
            let Some(more) = &actions.more else { continue };
            v.trap = v.trap.or(more.trap);
            v.to = v.to.or(more.redirect.as_ref().map(|to| To::of(to, hit.entry)));
            v.mirror |= more.mirror;
            v.sampler = v.sampler.or(more.sampler.map(|s| (s, hit.entry)));
            v.policer = v.policer.or(more.policer);
            taken.write(p, more);
        }
        v
    }

    /// Whether there is anything to mirror, sample or police.
    const fn watches(&self) -> bool {
        self.mirror != 0 || self.sampler.is_some() || self.policer.is_some()
    }

    /// Whether the packet goes no further.
    const fn ends(&self) -> bool {
        matches!(self.way, Some((Way::Drop | Way::Trap, _)))
    }
}

/// Does what the entries want that a packet has hit; whether it goes no further.
pub(super) fn act<T: Tracer>(
    sw: &mut Switch,
    engine: &mut Engine,
    i: usize,
    stage: Stage,
    hits: &[Hit],
    t: &mut T,
) -> bool {
    let acl = &mut sw.acl;
    let (p, _) = engine.packet(i);
    if let [hit] = hits
        && stage != Stage::PostIngress
        && acl.actions[hit.entry as usize].only_permits()
    {
        if let Some(counter) = acl.actions[hit.entry as usize].counter() {
            acl.counters.count(counter, p);
        }
        return false;
    }
    let verdict = Verdict::of(acl, p, hits);
    if verdict.watches() && watch(sw, engine, i, stage, &verdict, t) {
        return true;
    }
    match stage {
        Stage::Egress => act_out(sw, engine, i, &verdict, t),
        _ => act_in(sw, engine, i, stage, &verdict, t),
    }
    verdict.ends()
}

/// Mirrors, samples and polices a packet; whether its policer ends its way.
#[cold]
fn watch<T: Tracer>(
    sw: &mut Switch,
    engine: &mut Engine,
    i: usize,
    stage: Stage,
    verdict: &Verdict,
    t: &mut T,
) -> bool {
    let egress = stage == Stage::Egress;
    mirror::copy_to(engine.packet(i).0, verdict.mirror);
    match verdict.sampler {
        Some((sampler, entry)) if egress => mirror::sample_out(sw, engine, i, sampler, entry),
        Some((sampler, entry)) => mirror::sample(sw, engine, i, sampler, entry),
        None => {}
    }
    let Some(policer) = verdict.policer else { return false };
    let now = engine.now();
    let (p, _) = engine.packet(i);
    let action = sw.policers.police(policer, p, now, t);
    if !egress {
        return !meter::carry_out(p, action, DropReason::Policer);
    }
    if matches!(action, PacketAction::COPY | PacketAction::LOG | PacketAction::TRAP) {
        p.trap = NONE;
        engine.punt_copy(sw, i, t);
    }
    let reason = match action {
        PacketAction::TRAP => DropReason::EgressTrap,
        _ if meter::passes(action) => return false,
        _ => DropReason::Policer,
    };
    engine.drop(i, reason);
    true
}

/// Does what entries want in the ingress half.
fn act_in<T: Tracer>(
    sw: &mut Switch,
    engine: &mut Engine,
    i: usize,
    stage: Stage,
    verdict: &Verdict,
    t: &mut T,
) {
    let (p, _) = engine.packet(i);
    if verdict.orders != u32::MAX {
        p.orders = match p.orders {
            u32::MAX => verdict.orders,
            // A later stage overrules an earlier one.
            before => sw.acl.orders.merge(verdict.orders, before),
        };
    }
    if verdict.copy == Some(true) {
        p.flags |= flag::PUNT | flag::ACL_PUNT;
        p.trap = verdict.trap.unwrap_or(p.trap);
    } else if verdict.copy == Some(false) {
        p.flags &= !flag::PUNT;
        p.flags |= flag::NO_COPY;
    }
    match verdict.way {
        Some((Way::Drop, point)) => {
            p.drop.get_or_insert(point.reason(stage));
            if p.has(flag::TO_ME) && verdict.copy.is_none() {
                // The CPU is where it was to go, not who has a copy.
                p.flags &= !flag::PUNT;
            }
        }
        Some((Way::Trap, point)) if verdict.copy != Some(true) => {
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
            if let Some(to) = verdict.to {
                send(sw, engine, i, to, t);
            }
        }
    }
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
    hash_by: [bool; 2],
    ecmp_algorithm: bool,
    forwarding_class: bool,
}

impl Taken {
    fn write(&mut self, p: &mut Packet, more: &More) {
        let first = |taken: &mut bool, wants: bool| wants && !std::mem::replace(taken, true);
        if first(&mut self.meta, more.meta.is_some()) {
            p.acl_meta = more.meta.unwrap_or_default();
        }
        if first(&mut self.tc, more.tc.is_some()) {
            (p.tc, p.chosen[0]) = (more.tc.unwrap_or_default(), true);
        }
        if first(&mut self.color, more.color.is_some()) {
            (p.color, p.chosen[1]) = (more.color.unwrap_or_default(), true);
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
        for (role, object) in more.hash_by.iter().enumerate() {
            if first(&mut self.hash_by[role], object.is_some()) {
                p.hash_by[role] = object.unwrap_or(NONE);
            }
        }
        if first(&mut self.ecmp_algorithm, more.ecmp_algorithm.is_some()) {
            p.ecmp_algorithm = more.ecmp_algorithm.unwrap_or(u8::MAX);
        }
        if first(&mut self.forwarding_class, more.forwarding_class.is_some()) {
            p.forwarding_class = more.forwarding_class.unwrap_or(u8::MAX);
        }
        if more.no_learn {
            p.flags |= flag::NO_LEARN;
        }
    }
}

/// Replaces the forwarding decision, also one for the CPU alone.
fn send<T: Tracer>(sw: &mut Switch, engine: &mut Engine, i: usize, to: To, t: &mut T) {
    let (p, frame) = engine.packet(i);
    let home = sw.bridge.port(p.bridge_port).map(|b| if b.domain == NONE { p.vid } else { b.domain });
    match to {
        To::Route(_) if !p.headers.is_ip() => return,
        To::Flood if home.is_none() => return,
        _ => {}
    }
    if p.out == Out::None && p.drop.is_none() && !p.has(flag::ACL_PUNT) {
        // It was for the CPU alone. A trap of its own may still want it.
        p.flags &= !flag::PUNT;
        p.trap = NONE;
    }
    p.drop = None;
    if let To::Route(next_hop) = to {
        let (mut p, frame) = (*p, frame.to_vec());
        p.out = Out::None;
        p.drop = router::steer(sw, &mut p, &frame, next_hop, t).err();
        *engine.packet(i).0 = p;
        return;
    }
    // The frame leaves as it came, but for its tag.
    p.flags &= !flag::ROUTED;
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
            p.domain = home.unwrap_or(p.domain);
            p.flags |= flag::FLOODED;
            p.out = Out::Flood;
        }
        To::Route(_) => {}
    }
}

/// Does what entries want at egress, to the frame as it leaves.
fn act_out<T: Tracer>(sw: &mut Switch, engine: &mut Engine, i: usize, verdict: &Verdict, t: &mut T) {
    if verdict.copy == Some(true) {
        engine.packet(i).0.trap = verdict.trap.unwrap_or(NONE);
        engine.punt_copy(sw, i, t);
    }
    match verdict.way {
        Some((Way::Trap, _)) if verdict.copy == Some(true) => return engine.drop(i, DropReason::EgressTrap),
        Some((Way::Drop | Way::Trap, point)) => return engine.drop(i, point.reason(Stage::Egress)),
        _ => {}
    }
    if let Some(orders) = sw.acl.orders.get(verdict.orders).cloned() {
        order::carry_out(sw, engine, i, &orders, t);
    }
}
