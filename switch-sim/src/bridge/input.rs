//! A bridge port takes a frame in: VLAN membership, spanning tree, source address.

use super::fdb::{self, Seen};
use super::{FIRST_1D, state};
use crate::pipeline::packet::{flag, wire_len};
use crate::pipeline::{DropReason, Engine, Event, NONE, Node, Tracer, Work};
use crate::switch::Switch;
use crate::table::exact::mac_key;

pub(crate) fn run<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, t: &mut T) {
    for i in work {
        let now = engine.now();
        let (p, frame) = engine.packet(i);
        let index = p.bridge_port;
        let Some(port) = sw.bridge.ports.get_mut(usize::from(index)).filter(|b| b.up) else {
            engine.drop(i, DropReason::BridgePortDown);
            continue;
        };
        p.domain = if port.domain == NONE { p.vid } else { port.domain };
        let Some(domain) = sw.bridge.domains.get_mut(usize::from(p.domain)).and_then(|d| d.as_deref_mut())
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
        let Some(&[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5]) = frame.first_chunk::<12>() else {
            engine.drop(i, DropReason::Malformed);
            continue;
        };
        let source = mac_key(p.domain, [s0, s1, s2, s3, s4, s5]);
        let target = mac_key(p.domain, [d0, d1, d2, d3, d4, d5]);
        const MAC: u64 = (1 << 48) - 1;
        if s0 & 1 != 0 || source == target || source & MAC == 0 || target & MAC == 0 {
            engine.drop(
                i,
                match () {
                    () if s0 & 1 != 0 => DropReason::SmacMulticast,
                    () if source & MAC == 0 => DropReason::SmacZero,
                    () if target & MAC == 0 => DropReason::DmacZero,
                    () => DropReason::SmacEqualsDmac,
                },
            );
            continue;
        }
        if at & state::NO_LEARN == 0 && !p.has(flag::NO_LEARN) {
            match sw.bridge.fdb.see(source, index, now) {
                Seen::Known => {}
                seen => match fdb::source(sw, engine, i, source, seen, t) {
                    fdb::Verdict::Go => {}
                    fdb::Verdict::Drop(reason) => {
                        engine.drop(i, reason);
                        continue;
                    }
                    fdb::Verdict::Trap => {
                        engine.packet(i).0.flags |= flag::PUNT;
                        engine.onward(sw, i, Node::PostIngressAcl);
                        continue;
                    }
                    fdb::Verdict::Cut => return,
                },
            }
        }
        let (p, _) = engine.packet(i);
        let Some(domain) = sw.bridge.domain_mut(p.domain) else { continue };
        let group = p.has(flag::MULTICAST);
        let size = wire_len(p.len());
        domain.counts[0].add(size, group);
        let next = if domain.rif == NONE { Node::Bridge } else { Node::MyMac };
        p.rif = domain.rif;
        let object = domain.id;
        sw.bridge.ports[usize::from(index)].counts[0].add(size, group);
        if at & state::NO_FORWARD != 0 {
            engine.drop(i, DropReason::IngressStpFilter);
            continue;
        }
        if T::ON {
            let key = format!("bridge port {}", super::name(index));
            t.event(p, Event::Hit { table: "domain".into(), object, key });
        }
        engine.send(i, next);
    }
}
