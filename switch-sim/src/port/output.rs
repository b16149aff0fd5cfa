//! The egress half: what a frame looks like on the wire of its port, and its leaving.

use crate::bridge;
use crate::pipeline::packet::{flag, wire_len};
use crate::pipeline::{DropReason, Engine, Event, Fate, NONE, Node, Sink, Tracer, Work};
use crate::router;
use crate::switch::Switch;
use crate::wire::edit;
use crate::wire::parse::{L3, Tci};

/// How a frame is tagged on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// As it came in.
    Keep,
    /// Without a tag.
    None,
    /// With a tag of this VLAN; 0 is a priority tag.
    Vid(u16),
}

/// Makes frames what they are on the wire of their port, and sends them unless egress ACLs look at them first.
pub(crate) fn rewrite<T: Tracer, S: Sink>(
    sw: &mut Switch,
    engine: &mut Engine,
    work: Work,
    t: &mut T,
    sink: &mut S,
) {
    let egress_acl = sw.plane.uses(Node::EgressAcl);
    for i in work {
        edit_frame(sw, engine, i, t);
        if egress_acl && !engine.meta(i).has(flag::MIRRORED) {
            engine.send(i, Node::EgressAcl);
        } else if egress_acl || T::ON {
            // In turn with those that egress ACLs look at.
            engine.send(i, Node::Transmit);
        } else {
            send(sw, engine, i, t, sink);
        }
    }
}

#[inline(always)]
fn edit_frame<T: Tracer>(sw: &mut Switch, engine: &mut Engine, i: usize, t: &mut T) {
    let p = engine.meta(i);
    if p.remark_dscp < 64 && p.headers.is_ip() {
        let (p, frame) = engine.packet(i);
        let tos = p.remark_dscp << 2 | p.headers.ecn();
        if T::ON {
            let (from, to) = (p.headers.dscp().to_string(), p.remark_dscp.to_string());
            t.event(p, Event::Rewrite { field: "DSCP".into(), from, to });
        }
        edit::set_tos(frame, &p.headers, tos);
    }
    let p = engine.meta(i);
    if p.has(flag::ROUTED) {
        let (p, frame) = engine.packet(i);
        router::rewrite(sw, p, frame, t);
    }
    let p = engine.meta(i);
    let tag = match () {
        () if p.has(flag::ROUTED) && router::keeps_tag(p) => Tag::Keep,
        () if p.out_bridge_port != NONE => bridge::egress::tag(sw, p),
        () => router::tag(sw, p),
    };
    let (tpid, inner_tpid) =
        sw.ports.records.get(usize::from(p.out_port)).map_or((0x8100, 0x8100), |r| (r.tpid, r.inner_tpid));
    if sw.router.doubles && p.has(flag::ROUTED) && tag != Tag::Keep {
        let [came, leaves] = router::inner_tags(sw, p);
        if came != 0 {
            pop_outer(engine, i, t);
        }
        if leaves != 0 {
            retag(engine, i, Tag::Vid(leaves), inner_tpid, t);
            under(engine, i);
        }
    }
    let p = engine.meta(i);
    let kept = match tag {
        Tag::Keep => true,
        Tag::None => !p.has(flag::HAS_TAG),
        Tag::Vid(vid) => {
            p.has(flag::HAS_TAG) && Tci::new(vid, p.pcp, p.dei) == p.headers.outer && tpid == p.headers.tpid
        }
    };
    if !kept {
        retag(engine, i, tag, tpid, t);
    }
    if engine.meta(i).orders != u32::MAX {
        crate::acl::carry_out(sw, engine, i, t);
    }
}

/// Takes the outer one of two tags off.
#[cold]
fn pop_outer<T: Tracer>(engine: &mut Engine, i: usize, t: &mut T) {
    retag(engine, i, Tag::None, 0, t);
    let (p, frame) = engine.packet(i);
    p.headers.outer = p.headers.inner;
    p.headers.tpid = frame.get(12..14).map_or(0, |b| u16::from_be_bytes([b[0], b[1]]));
}

/// Has the tag that a frame has got be the inner one: it is to get another.
#[cold]
fn under(engine: &mut Engine, i: usize) {
    engine.meta(i).flags &= !flag::HAS_TAG;
}

fn retag<T: Tracer>(engine: &mut Engine, i: usize, tag: Tag, tpid: u16, t: &mut T) {
    let (p, frame) = engine.packet(i);
    let has = p.has(flag::HAS_TAG);
    let (pcp, dei) = (p.pcp, p.dei);
    match tag {
        Tag::Vid(vid) if has => {
            let tci = Tci::new(vid, pcp, dei);
            if tci != p.headers.outer {
                if T::ON {
                    let (from, to) = (p.headers.outer.vid().to_string(), vid.to_string());
                    t.event(p, Event::Rewrite { field: "VLAN tag".into(), from, to });
                }
                edit::set_tci(frame, tci);
            }
            if tpid != p.headers.tpid {
                edit::set_tpid(frame, tpid);
            }
        }
        Tag::Vid(vid) => {
            if T::ON {
                let (from, to) = ("none".into(), vid.to_string());
                t.event(p, Event::Rewrite { field: "VLAN tag".into(), from, to });
            }
            edit::push_tag(engine.push_front(i, 4), tpid, Tci::new(vid, pcp, dei));
        }
        Tag::None if has => {
            if T::ON {
                let (from, to) = (p.headers.outer.vid().to_string(), "none".into());
                t.event(p, Event::Rewrite { field: "VLAN tag".into(), from, to });
            }
            edit::pop_tag(frame);
            engine.pop_front(i, 4);
        }
        Tag::None | Tag::Keep => {}
    }
}

/// Sends frames.
pub(crate) fn transmit<T: Tracer, S: Sink>(
    sw: &mut Switch,
    engine: &mut Engine,
    work: Work,
    t: &mut T,
    sink: &mut S,
) {
    for i in work {
        send(sw, engine, i, t, sink);
    }
}

#[inline(always)]
fn send<T: Tracer, S: Sink>(sw: &mut Switch, engine: &mut Engine, i: usize, t: &mut T, sink: &mut S) {
    let now = engine.now();
    let p = engine.meta(i);
    if let Some(reason) = p.drop {
        return engine.drop_out(sw, i, reason, t);
    }
    let out = usize::from(p.out_port);
    let ports = &mut sw.ports;
    let (Some(port), Some(counters)) = (ports.records.get(out).filter(|r| r.tx), ports.counters.get_mut(out))
    else {
        let down = p.has(flag::ROUTED) && ports.get(out as u16).is_some_and(|r| !r.is_up());
        let reason = if down { DropReason::OutL3EgressLinkDown } else { DropReason::EgressPortDown };
        return engine.drop_out(sw, i, reason, t);
    };
    if p.len() > port.mtu as usize {
        counters.oversize[1] += 1;
        return engine.drop_out(sw, i, DropReason::EgressMtu, t);
    }
    let tapped = port.tapped || p.has(flag::TAPPED | flag::MIRRORED);
    if port.loopback {
        if let Err(reason) = engine.loop_back(i, out as u16) {
            return engine.drop_out(sw, i, reason, t);
        }
    } else {
        let (head, tail) = engine.frame(i);
        sink.transmit(out as u16, head, tail);
    }
    let p = engine.meta(i);
    let size = wire_len(p.len());
    let class = p.class();
    counters.tx.count(size, class);
    if p.queue != 0 {
        counters.queue_sends(p.queue, [1, size]);
    }
    if p.headers.is_ip() {
        counters.tx.count_ip(p.headers.kind == L3::Ipv6, class > 0, p.headers.end - p.headers.l3);
    }
    bridge::egress::count(&mut sw.bridge, p, size);
    if ports.timed {
        ports.servers.sends(out as u16, p.queue, now, size, port.speed);
    }
    sw.plane.balance.transmitted += 1;
    if T::ON {
        t.event(p, Event::End(Fate::Transmitted { port: port.id }));
    }
    if tapped {
        engine.tap_out(sw, i, t, sink);
    }
}
