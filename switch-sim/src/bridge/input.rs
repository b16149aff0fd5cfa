//! A bridge port takes a frame in: VLAN membership, spanning tree, source address.

use super::fdb::{self, Seen};
use super::{FIRST_1D, state};
use crate::pipeline::packet::{flag, wire_len};
use crate::pipeline::{DropReason, Engine, Event, NONE, Node, Tracer, Work};
use crate::switch::Switch;
use crate::table::exact::station_key;

/// To 01-00-0C-CC-CC-CC and -CD go the protocols between neighbors, a spanning tree's among them, that have a trap
/// however the tree has set the port.
const CISCO: u64 = 0x0100_0CCC_CCCC;

pub(crate) fn run<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, t: &mut T) {
    let now = engine.now();
    for i in work {
        let p = engine.meta(i);
        let index = p.bridge_port;
        let bridge = &mut sw.bridge;
        let Some(port) = bridge.ports.get_mut(usize::from(index)).filter(|b| b.up) else {
            engine.drop(i, DropReason::BridgePortDown);
            continue;
        };
        p.domain = if port.domain == NONE { p.vid } else { port.domain };
        let Some(domain) = bridge.domains.get_mut(usize::from(p.domain)).and_then(|d| d.as_deref_mut())
        else {
            engine.drop(i, DropReason::IngressVlanFilter);
            continue;
        };
        let at = domain.state(index);
        if at & state::MEMBER == 0 && port.ingress_filtering && p.domain < FIRST_1D {
            engine.drop(i, DropReason::IngressVlanFilter);
            continue;
        }
        if at & state::RX_DROP != 0 || port.rx_drop {
            engine.drop(i, DropReason::RxDisabled);
            continue;
        }
        if p.has_bad_address() {
            let reason = p.bad_address();
            engine.drop(i, reason);
            continue;
        }
        let learns = at & state::NO_LEARN == 0 && !p.has(flag::NO_LEARN);
        let key = station_key(p.domain, p.src);
        let seen = if learns { bridge.fdb.see(key, index, now) } else { Seen::Known };
        let (p, domain, port) = if seen == Seen::Known {
            (p, domain, port)
        } else {
            match fdb::source(sw, engine, i, key, seen, t) {
                fdb::Verdict::Go => {}
                fdb::Verdict::Drop(DropReason::StaticMove) => {
                    // A trap may take it.
                    engine.deny(sw, i, DropReason::StaticMove, Node::PostIngressAcl);
                    continue;
                }
                fdb::Verdict::Drop(reason) => {
                    engine.drop(i, reason);
                    continue;
                }
                fdb::Verdict::Trap => {
                    engine.meta(i).flags |= flag::PUNT;
                    engine.onward(sw, i, Node::PostIngressAcl);
                    continue;
                }
                fdb::Verdict::Cut => return,
            }
            let (p, bridge) = (engine.meta(i), &mut sw.bridge);
            let Some(domain) = bridge.domains.get_mut(usize::from(p.domain)).and_then(|d| d.as_deref_mut())
            else {
                continue;
            };
            (p, domain, &mut bridge.ports[usize::from(index)])
        };
        let group = p.has(flag::MULTICAST);
        let size = wire_len(p.len());
        domain.counts[0].add(size, group);
        port.counts[0].add(size, group);
        p.rif = domain.rif;
        if at & state::NO_FORWARD != 0 {
            if p.dst & !1 == CISCO {
                engine.deny(sw, i, DropReason::IngressStpFilter, Node::PostIngressAcl);
            } else {
                engine.drop(i, DropReason::IngressStpFilter);
            }
            continue;
        }
        if T::ON {
            let key = format!("bridge port {}", super::name(index));
            t.event(p, Event::Hit { table: "domain".into(), object: domain.id, key });
        }
        let next = if domain.rif == NONE { Node::Bridge } else { Node::MyMac };
        engine.send(i, next);
    }
}
