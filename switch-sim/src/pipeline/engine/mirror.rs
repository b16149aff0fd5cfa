//! Copies for mirror sessions and samples for the host.

use super::{Again, Engine, HEADROOM, MAX_PASSES, Sink, VECTOR, count_drop};
use crate::bridge::{self, Target};
use crate::hostif;
use crate::lag;
use crate::mirror::{self, Binder, Copy};
use crate::pipeline::packet::{NONE, Out, Packet, class_of, flag, wire_len};
use crate::pipeline::{DropReason, Event, Fate, Punted, Tracer};
use crate::switch::Switch;

impl Engine {
    /// Remembers that a packet is a sample for the host, by which samplepacket: taken where its half ends.
    pub(crate) fn sampled(&mut self, i: usize, sampler: u16) {
        let slot = self.slot(i);
        self.packets[slot].flags |= flag::TAPPED;
        self.samples.push((slot as u8, sampler));
    }

    /// The samplers that took the packet of a slot.
    fn samplers_of(&mut self, slot: usize) -> Vec<u16> {
        let of = |s: &(u8, u16)| usize::from(s.0) == slot;
        let samplers = self.samples.iter().filter(|s| of(s)).map(|s| s.1).collect();
        self.samples.retain(|s| !of(s));
        samplers
    }

    /// Mirrors and samples a packet where its ingress half ends: its copies leave before it does.
    #[cold]
    pub(super) fn tapped<T: Tracer, S: Sink>(&mut self, sw: &mut Switch, i: usize, t: &mut T, sink: &mut S) {
        let p = &mut self.packets[i];
        let by_port =
            p.has(flag::SAMPLED).then(|| sw.ports.taps.get(usize::from(p.port)).map(|taps| taps.sample[0]));
        p.flags &= !(flag::TAPPED | flag::SAMPLED);
        let sessions = std::mem::take(&mut p.mirror);
        let mut packet = *p;
        let frame = self.frames.of(i, &packet).to_vec();
        let mut samplers = self.samplers_of(i);
        samplers.extend(by_port.flatten());
        if !samplers.is_empty() {
            packet.out_port = egress_of(sw, &mut packet, &frame);
            samplers.into_iter().for_each(|sampler| self.sample(sw, packet, &frame, sampler, t));
            packet.out_port = NONE;
        }
        for copy in mirror::copies(sw, (sessions, false), (&packet, &frame), self.now, t) {
            let slot = VECTOR + self.egress_len;
            self.place(sw, slot, &packet, &copy, t);
            self.enqueue(sw, slot, t, sink);
        }
    }

    /// Mirrors and samples a frame that has left. Its copies leave at once.
    #[cold]
    pub(crate) fn tap_out<T: Tracer, S: Sink>(&mut self, sw: &mut Switch, i: usize, t: &mut T, sink: &mut S) {
        let packet = *self.packet(i).0;
        let slot = self.slot(i);
        let mut samplers = self.samplers_of(slot);
        if packet.has(flag::MIRRORED) {
            return;
        }
        let (head, tail) = self.frame(i);
        let frame = [head, tail].concat();
        let mut sessions = packet.mirror;
        if let Some(taps) = sw.ports.taps.get(usize::from(packet.out_port)) {
            sessions |= taps.mirror[1];
            match sw.mirrors.take_sample(taps.sample[1], Binder::Out(packet.out_port)) {
                Some(true) => samplers.push(taps.sample[1]),
                Some(false) => sessions |= taps.sample_mirror[1],
                None => {}
            }
        }
        samplers.into_iter().for_each(|sampler| self.sample(sw, packet, &frame, sampler, t));
        for copy in mirror::copies(sw, (sessions, true), (&packet, &frame), self.now, t) {
            self.leave(sw, &packet, copy, t, sink);
        }
    }

    /// Sends a copy of a packet out of its port, past the stages of the egress half.
    fn leave<T: Tracer, S: Sink>(
        &mut self,
        sw: &mut Switch,
        of: &Packet,
        copy: Copy,
        t: &mut T,
        sink: &mut S,
    ) {
        sw.plane.balance.replicas += 1;
        self.next_copy += 1;
        let p = Packet {
            out_port: copy.port,
            queue: copy.queue,
            copy: self.next_copy,
            len: copy.frame.len() as u16,
            ..*of
        };
        if T::ON {
            t.event(&p, Event::CopyOf(of.copy));
        }
        let out = usize::from(copy.port);
        let Some(port) = sw.ports.records.get(out).filter(|r| r.tx) else {
            return count_drop(sw, &p, DropReason::EgressPortDown, t);
        };
        let counters = &mut sw.ports.counters[out];
        if p.len() > port.mtu as usize {
            counters.oversize[1] += 1;
            return count_drop(sw, &p, DropReason::EgressMtu, t);
        }
        if port.loopback && of.passes + 1 >= MAX_PASSES {
            return count_drop(sw, &p, DropReason::RecirculationLimit, t);
        }
        let size = wire_len(copy.frame.len());
        if sw.ports.timed {
            if !sw.ports.servers.is_free(copy.port, copy.queue, self.now) {
                return self.wait(sw, of, copy, t);
            }
            sw.ports.servers.sends(copy.port, copy.queue, self.now, size, port.speed);
        }
        counters.tx.count(size, class_of(&copy.frame));
        if copy.queue != 0 {
            counters.queue_sends(copy.queue, [1, size]);
        }
        sw.plane.balance.transmitted += 1;
        if T::ON {
            t.event(&p, Event::End(Fate::Transmitted { port: port.id }));
        }
        if port.loopback {
            self.again.push(Again {
                port: copy.port,
                passes: of.passes + 1,
                copy: p.copy,
                frame: copy.frame,
            });
        } else {
            sink.transmit(copy.port, &copy.frame, &[]);
        }
    }

    /// Lets a copy wait for its port, if the queue has room.
    fn wait<T: Tracer>(&self, sw: &mut Switch, of: &Packet, copy: Copy, t: &mut T) {
        let p = self.packet_of(sw, of, &copy);
        if let Err(reason) = sw.ports.servers.admit(&p, &sw.profile.chip) {
            return count_drop(sw, &p, reason, t);
        }
        if T::ON {
            let port = sw.ports.get(p.out_port).map(|r| r.id).unwrap_or_default();
            t.event(&p, Event::End(Fate::Queued { port, queue: p.queue }));
        }
        sw.plane.balance.queued += 1;
        sw.ports.servers.hold(p, copy.frame, self.now);
    }

    /// Puts a copy into an egress slot, to leave as it is.
    fn place<T: Tracer>(&mut self, sw: &mut Switch, slot: usize, of: &Packet, copy: &Copy, t: &mut T) {
        sw.plane.balance.replicas += 1;
        self.frames.put(slot, &copy.frame);
        self.next_copy += 1;
        self.packets[slot] = self.packet_of(sw, of, copy);
        if T::ON {
            t.event(&self.packets[slot], Event::CopyOf(of.copy));
        }
    }

    /// The packet that a copy is.
    fn packet_of(&self, sw: &Switch, of: &Packet, copy: &Copy) -> Packet {
        let tpids = sw.ports.records.get(usize::from(copy.port)).map(|r| r.tpids).unwrap_or_default();
        let mut p = Packet {
            start: HEADROOM as u16,
            head: copy.frame.len() as u16,
            len: copy.frame.len() as u16,
            port: of.port,
            out_port: copy.port,
            queue: copy.queue,
            passes: of.passes,
            copy: self.next_copy,
            flags: flag::COPY | flag::MIRRORED,
            ..Packet::EMPTY
        };
        p.read(&copy.frame, &tpids);
        p
    }

    /// Gives a sample to the host, by the trap of its type; without one samples are dropped.
    fn sample<T: Tracer>(&mut self, sw: &mut Switch, mut p: Packet, frame: &[u8], sampler: u16, t: &mut T) {
        let Some(trap) = hostif::sample_trap(sw, p.port) else { return };
        sw.plane.balance.replicas += 1;
        self.next_copy += 1;
        (p.trap, p.copy) = (trap, self.next_copy);
        if T::ON {
            t.event(&p, Event::Note("sampled".into()));
        }
        let size = sw.mirrors.sample_size(sampler).min(frame.len());
        give_to_host(sw, &p, &frame[..size], self.now, t);
    }
}

/// Gives a packet to the host, as far as the policer of its trap group and the room allow it.
pub(super) fn give_to_host<T: Tracer>(sw: &mut Switch, p: &Packet, frame: &[u8], now: u64, t: &mut T) {
    if !hostif::police(sw, p, now, t) {
        return count_drop(sw, p, DropReason::Policer, t);
    }
    let waiting = sw.plane.waiting_in(hostif::queue(sw, p));
    if waiting >= sw.profile.chip.cpu_queue_packets {
        hostif::count_loss(sw, p);
        return count_drop(sw, p, DropReason::PuntQueueFull, t);
    }
    sw.plane.balance.punted += 1;
    if T::ON {
        t.event(p, Event::End(Fate::Punted { trap: hostif::trap_id(sw, p.trap) }));
    }
    sw.plane.punt(hostif::queue(sw, p), Punted { packet: *p, frame: frame.to_vec() });
}

/// The physical port by which a packet will leave, where it is one.
fn egress_of(sw: &Switch, p: &mut Packet, frame: &[u8]) -> u16 {
    if p.drop.is_some() {
        return NONE;
    }
    let lag = |p: &mut Packet, lag| lag::select(sw, p, frame, lag).unwrap_or(NONE);
    match p.out {
        Out::Port(port) => port,
        Out::Lag(to) => lag(p, to),
        Out::BridgePort(bp) => match bridge::Bridge::port(&sw.bridge, bp).map(|b| b.to) {
            Some(Target::Port(port)) => port,
            Some(Target::Lag(to)) => lag(p, to),
            _ => NONE,
        },
        _ => NONE,
    }
}
