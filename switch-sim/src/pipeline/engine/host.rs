//! Frames of the host on their way in: they pass no port, and no trap takes them back.

use super::{Engine, Sink};
use crate::pipeline::packet::{flag, wire_len};
use crate::pipeline::{DropReason, Event, Node, Out, Tracer};
use crate::switch::Switch;
use crate::wire::parse::Tpids;
use crate::{hostif, router};

/// Where a frame of the host goes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FromHost {
    /// Out by a port, past the pipeline.
    Port(u16),
    /// Out by a member of a LAG, past the pipeline.
    Lag(u16),
    /// Into a bridge domain: its VLAN's tag, where the frame has one, is the domain's.
    Domain(u16),
    /// Into the pipeline by the CPU port: by the frame's tag, or the CPU port's VLAN, and its addresses.
    LookUp,
}

impl Engine {
    /// Takes a frame (without FCS, at least an Ethernet header) of the host and forwards it, at this time, by
    /// this queue. Received frames must not wait in the vector.
    pub fn host_sends<T: Tracer, S: Sink>(
        &mut self,
        sw: &mut Switch,
        now: u64,
        (way, queue, frame): (FromHost, u8, &[u8]),
        t: &mut T,
        sink: &mut S,
    ) {
        self.now = now;
        self.next_copy = 0;
        let cpu = hostif::cpu_port(sw);
        self.fill(cpu, 0, 0, frame);
        sw.plane.balance.from_host += 1;
        let tpids = sw.ports.records.get(usize::from(cpu)).map_or_else(Tpids::default, |r| r.tpids);
        let p = &mut self.packets[0];
        p.read(frame, &tpids);
        p.flags |= flag::FROM_HOST;
        if let Some(counters) = sw.ports.counters.get_mut(usize::from(cpu)) {
            counters.rx.count(wire_len(frame.len()), p.class());
        }
        p.queue = queue;
        let tagged = p.headers.tags > 0;
        (p.pcp, p.dei) = (p.headers.outer.pcp(), p.headers.outer.dei());
        let node = match way {
            FromHost::Port(port) => {
                p.out = Out::Port(port);
                None
            }
            FromHost::Lag(lag) => {
                p.out = Out::Lag(lag);
                None
            }
            FromHost::Domain(domain) => {
                // Another tag than the domain's is the station's own.
                if tagged && [0, domain].contains(&p.headers.outer.vid()) {
                    p.flags |= flag::HAS_TAG;
                }
                (p.domain, p.vid) = (domain, domain);
                Some(Node::Bridge)
            }
            FromHost::LookUp => {
                let vid = p.headers.outer.vid();
                p.flags |= if tagged { flag::HAS_TAG } else { 0 };
                p.vid = if tagged && vid != 0 { vid } else { hostif::cpu_vlan(sw) };
                p.domain = p.vid;
                let node = router::from_host(sw, p, frame);
                if node == Node::Bridge && sw.bridge.domain(p.domain).is_none() {
                    p.drop = Some(DropReason::IngressVlanFilter);
                    None
                } else {
                    Some(node)
                }
            }
        };
        if T::ON {
            t.event(&self.packets[0], Event::Note("from the host".into()));
        }
        self.first = 0;
        self.limit = 1;
        if let Some(node) = node {
            self.pending[node as usize] = 1;
            self.active = 1 << node as u32;
            self.dispatch(sw, t, sink);
        }
        self.finish(sw, t, sink);
        self.filled = 0;
        self.run_again(sw, t, sink);
    }
}
