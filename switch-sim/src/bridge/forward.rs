//! Where a bridged frame goes.

use sai::types::PacketAction;
use sai::{MacAddr, ObjectId};

use super::Bridge;
use super::fdb::Value;
use crate::hostif;
use crate::pipeline::packet::flag;
use crate::pipeline::{DropReason, Engine, Event, NONE, Node, Out, Packet, Tracer, Work};
use crate::router;
use crate::switch::Switch;
use crate::table::exact::station_key;
use crate::wire::parse::L3;

pub(crate) fn run<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, t: &mut T) {
    let now = engine.now();
    for i in work {
        let (p, frame) = engine.packet(i);
        if p.has(flag::MULTICAST) {
            decide_multicast(&sw.bridge, p, frame, t);
            if p.has(flag::MULTICAST_ROUTED) && (p.drop.is_some() || p.out == Out::None) {
                // The bridge has no copy to send, but the router has.
                (p.drop, p.out) = (None, Out::Ipmc(p.adjacency));
            }
        } else {
            let key = station_key(p.domain, p.dst);
            match sw.bridge.fdb.table.get(key) {
                Some(&value) => {
                    if T::ON {
                        let object = sw.bridge.port(value.port()).map(|b| b.id).unwrap_or_default();
                        t.event(
                            p,
                            Event::Hit { table: "fdb".into(), object, key: address(p.dst).to_string() },
                        );
                    }
                    by_entry(sw, p, value, key);
                }
                None => {
                    if T::ON {
                        t.event(p, Event::Miss { table: "fdb".into(), key: address(p.dst).to_string() });
                    }
                    flood(&sw.bridge, p, 0);
                }
            }
        }
        if sw.policers.storms && p.has(flag::FLOODED | flag::MULTICAST) {
            crate::meter::storm(sw, p, now, t);
        }
        engine.onward(sw, i, Node::Bridge);
    }
}

fn address(mac: u64) -> MacAddr {
    let [_, _, a, b, c, d, e, f] = mac.to_be_bytes();
    MacAddr([a, b, c, d, e, f])
}

/// Sends a packet where the entry of its destination leads, as the entry's action says.
#[inline(always)]
pub(crate) fn by_entry(sw: &mut Switch, p: &mut Packet, value: Value, key: u64) {
    let user_trap = hit(sw, p, value, key);
    if value.is_plain() {
        p.out = Out::BridgePort(value.port());
        return;
    }
    let out = if value.port() == NONE { None } else { Some(Out::BridgePort(value.port())) };
    act(p, value.action(), out, DropReason::FdbUcDiscard);
    if p.has(flag::PUNT) {
        p.trap = hostif::slot_of(sw, user_trap);
    }
}

/// A packet has hit the entry of its destination: it is counted, and takes over the entry's meta data. Answers the
/// user-defined trap.
#[inline(always)]
fn hit(sw: &mut Switch, p: &mut Packet, value: Value, key: u64) -> ObjectId {
    p.flags |= flag::FDB_HIT;
    if value.is_plain() {
        return ObjectId::NULL;
    }
    let extra = sw.bridge.fdb.extra(key);
    p.dst_meta[0] = extra.meta;
    router::count(&mut sw.router, router::counter_slot(extra.counter), p);
    extra.user_trap
}

/// Carries out a packet action of an entry whose way out is `out`; without one the packet is dropped.
fn act(p: &mut Packet, action: PacketAction, out: Option<Out>, discard: DropReason) {
    let forwards = matches!(
        action,
        PacketAction::FORWARD | PacketAction::COPY | PacketAction::LOG | PacketAction::TRANSIT
    );
    if matches!(action, PacketAction::COPY | PacketAction::TRAP | PacketAction::LOG) {
        p.flags |= flag::PUNT;
    }
    match out {
        Some(out) if forwards => p.out = out,
        _ if action == PacketAction::TRAP => {}
        _ => p.drop = Some(discard),
    }
}

/// Decides by the entries of the packet's domain, or to flood.
#[cold]
pub(crate) fn decide_multicast<T: Tracer>(bridge: &Bridge, p: &mut Packet, frame: &[u8], t: &mut T) {
    if p.has(flag::BROADCAST) {
        return flood(bridge, p, 2);
    }
    match bridge.multicast.look_up(bridge, p, frame, address(p.dst).0) {
        Some(hit) => {
            if T::ON {
                let event = Event::Hit { table: hit.table.into(), object: hit.object, key: hit.key };
                t.event(p, event);
            }
            p.dst_meta[0] = hit.meta;
            act(p, hit.action, Some(Out::L2mc(hit.group)), DropReason::FdbMcDiscard);
        }
        None => match unknown_group(bridge, p, frame) {
            NONE => flood(bridge, p, 1),
            group => {
                p.flags |= flag::FLOODED;
                let action = PacketAction(bridge.miss[1]);
                act(p, action, Some(Out::L2mc(group)), DropReason::FdbMcDiscard);
            }
        },
    }
}

/// The L2MC group that the VLAN names for unknown multicast of this sort.
fn unknown_group(bridge: &Bridge, p: &Packet, frame: &[u8]) -> u16 {
    let Some(domain) = bridge.domain(p.domain) else { return NONE };
    let at = usize::from(p.headers.l3);
    let sort = match p.headers.kind {
        // 224.0.0.0/24, and the scope of the link.
        L3::Ipv4 if frame.get(at + 16..at + 19) == Some(&[224, 0, 0]) => 3,
        L3::Ipv6 if frame.get(at + 24) == Some(&0xff) && frame.get(at + 25).is_some_and(|b| b & 15 == 2) => 3,
        L3::Ipv4 => 1,
        L3::Ipv6 => 2,
        _ => 0,
    };
    domain.unknown[sort]
}

/// Floods a packet of this class (0 unknown unicast, 1 unknown multicast, 2 broadcast), unless the switch's
/// miss action forbids it.
#[cold]
pub(crate) fn flood(bridge: &Bridge, p: &mut Packet, class: usize) {
    p.flags |= flag::FLOODED;
    let reason = if class == 0 { DropReason::FdbUcDiscard } else { DropReason::FdbMcDiscard };
    let action = PacketAction(bridge.miss[class]);
    act(p, action, Some(Out::Flood), reason);
    if bridge.to_cpu[class] {
        p.flags |= flag::PUNT;
    }
    let control = bridge.domain(p.domain).map(|d| d.flood[class]);
    if p.out == Out::Flood && control == Some(super::FloodControl::None) {
        p.out = Out::None;
        if !p.has(flag::PUNT) {
            p.drop = Some(DropReason::FloodDisabled);
        }
    }
}
