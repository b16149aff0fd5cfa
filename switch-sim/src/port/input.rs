//! The first stage: a port takes a frame in.

use super::Sub;
use crate::hostif;
use crate::pipeline::packet::{flag, wire_len};
use crate::pipeline::{DropReason, Engine, Event, NONE, Node, Packet, Tracer, Work};
use crate::switch::Switch;
use crate::wire::ethertype;
use crate::wire::parse::{L3, Malformed};

pub(crate) fn run<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, t: &mut T) {
    let now = engine.now();
    let mut rest = work;
    while let Some(i) = rest.next() {
        let (p, frame) = engine.packet(i);
        let Some(port) = sw.ports.records.get(usize::from(p.port)) else {
            engine.drop(i, DropReason::PortDown);
            continue;
        };
        p.read(frame, &port.tpids);
        if is_link_local(p.dst) && hostif::may_bridge(sw) {
            // It may learn after its traps, which those after it in the vector are to see.
            if !engine.isolate(i, Node::PortIn) {
                return;
            }
            rest = Work(0);
        }
        let p = engine.meta(i);
        if !port.rx {
            // What is up and takes nothing in is a member of a LAG with ingress disabled.
            let reason = if port.tx { DropReason::RxDisabled } else { DropReason::PortDown };
            if !(port.tx && is_link_local(p.dst)) {
                engine.drop(i, reason);
                continue;
            }
            p.drop = Some(reason);
        }
        let Some(counters) = sw.ports.counters.get_mut(usize::from(p.port)) else { continue };
        let group = p.has(flag::MULTICAST);
        counters.rx.count(wire_len(p.len()), p.class());
        if p.headers.is_ip() {
            counters.rx.count_ip(p.headers.kind == L3::Ipv6, group, p.headers.end - p.headers.l3);
        } else if p.headers.error == Some(Malformed::TruncatedEthernet) {
            counters.no_group_takes(wire_len(p.len()));
            engine.drop(i, DropReason::Malformed);
            continue;
        } else if p.headers.ethertype == ethertype::MAC_CONTROL {
            // PAUSE and PFC end at the MAC.
            let (body, ingress) = (usize::from(p.headers.l3), p.port);
            counters.no_group_takes(wire_len(p.len()));
            let body = engine.frame(i).0.get(body..).unwrap_or_default();
            if let Some(told) = counters.count_mac_control(body, 0) {
                sw.ports.servers.hear(ingress, told, now, port.speed);
            }
            engine.drop(i, DropReason::MacControl);
            continue;
        }
        if p.len() > port.mtu as usize {
            counters.oversize[0] += 1;
            counters.no_group_takes(wire_len(p.len()));
            engine.drop(i, DropReason::ExceedsL2Mtu);
            continue;
        }
        p.lag = port.lag;
        // VLAN classification (802.1Q 6.9): a priority tag does not choose a VLAN.
        // A tag of another TPID than the port's and the switch's outer one is payload.
        let known = p.headers.tpid == port.tpid || p.headers.tpid == port.outer_tpid;
        let has_tag = p.headers.tags > 0 && known;
        let tagged = has_tag && p.headers.outer.vid() != 0;
        if has_tag {
            p.flags |= flag::HAS_TAG;
            p.pcp = p.headers.outer.pcp();
            p.dei = p.headers.outer.dei();
        } else {
            p.pcp = port.default_pcp;
        }
        if port.classed
            && let Some(group) = sw.qos.classify(p, t)
        {
            p.group = group;
            counters.group_takes(group, [1, wire_len(p.len())]);
        }
        if port.watched {
            crate::mirror::tap_in(&mut sw.mirrors, &sw.ports, p);
        }
        if port.watched && port.keep_ttl {
            p.flags |= flag::KEEP_TTL;
        }
        if port.watched && port.policer != NONE {
            let action = sw.policers.police(port.policer, p, now, t);
            if !crate::meter::carry_out(p, action, DropReason::Policer) {
                engine.onward(sw, i, Node::PostIngressAcl);
                continue;
            }
        }
        p.vid = if tagged { p.headers.outer.vid() } else { port.pvid };
        let forbidden = if tagged { port.drop_tagged } else { port.drop_untagged };
        if tagged {
            p.flags |= flag::TAGGED;
        }
        if is_link_local(p.dst) {
            p.flags |= flag::LINK_LOCAL;
            p.bridge_port = port.attached.bridge_port;
            p.rif = port.attached.rif;
            engine.deny(sw, i, DropReason::DmacReserved, Node::Bridge);
            continue;
        }
        if forbidden || p.vid == 0xfff {
            engine.drop(i, DropReason::VlanTagNotAllowed);
            continue;
        }
        let sub = if port.attached.splits() {
            let inner = (tagged && p.headers.tags > 1).then(|| p.headers.inner.vid());
            port.attached.takes(p.vid, inner)
        } else {
            None
        };
        let next = match sub {
            Some(Sub::Rif(rif)) => {
                p.rif = rif;
                Node::MyMac
            }
            Some(Sub::BridgePort(bridge_port)) => {
                p.bridge_port = bridge_port;
                Node::L2In
            }
            None if port.attached.bridge_port != NONE => {
                p.bridge_port = port.attached.bridge_port;
                sw.bridge.prefetch(p.vid, p.dst, p.src);
                Node::L2In
            }
            None if port.attached.rif != NONE && !tagged => {
                p.rif = port.attached.rif;
                Node::MyMac
            }
            None => {
                if tagged && (port.attached.splits() || port.attached.rif != NONE) {
                    engine.drop(i, DropReason::IngressVlanFilter);
                } else {
                    engine.deny(sw, i, DropReason::NotAttached, Node::Bridge);
                }
                continue;
            }
        };
        if T::ON {
            let key = if tagged { format!("tag {}", p.vid) } else { format!("port VLAN {}", p.vid) };
            let event = Event::Hit { table: "port".into(), object: port.id, key };
            t.event(p, event);
        }
        let pre_acl = port.pre_acl;
        engine.send(i, if pre_acl { Node::PreIngressAcl } else { next });
    }
}

/// Where a packet goes once its port, VLAN or interface is known.
#[inline(always)]
pub(crate) const fn classified(p: &Packet) -> Node {
    if p.bridge_port != NONE { Node::L2In } else { Node::MyMac }
}

/// Whether the destination is one of the addresses that no bridge forwards (802.1Q 8.6.3).
#[inline(always)]
const fn is_link_local(dst: u64) -> bool {
    dst & !0xF == 0x0180_C200_0000
}
