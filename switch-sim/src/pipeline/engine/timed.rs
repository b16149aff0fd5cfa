//! Ports that take their time, with the profile's timing `wire`.

use sai::{ObjectRef, ObjectType, Value, switch};

use super::{Engine, Sink, Sum, VECTOR};
use crate::hostif;
use crate::pipeline::packet::{flag, wire_len};
use crate::pipeline::{DropReason, Event, Fate, HEADROOM, NONE, Tracer};
use crate::port::queue::count_by_color;
use crate::port::server::{Early, Word};
use crate::switch::Switch;
use crate::wire::PacketBuilder;
use crate::wire::edit;
use crate::wire::ethernet::MAC_CONTROL_ADDRESS;

impl Engine {
    /// Sends a packet whose egress port is known if the port is free, else puts it into its queue; drops it when
    /// that is full, or its WRED profile says so.
    #[cold]
    pub(super) fn enqueue_timed<T: Tracer, S: Sink>(
        &mut self,
        sw: &mut Switch,
        slot: usize,
        t: &mut T,
        sink: &mut S,
    ) {
        let p = &self.packets[slot];
        let speed = sw.ports.get(p.out_port).map_or(0, |r| r.speed);
        let ect = p.headers.is_ip() && p.headers.ecn() != 0;
        let early = sw.ports.servers.early(p, ect, self.now, speed);
        let free = sw.ports.servers.is_free(p.out_port, p.queue, self.now);
        if early == Early::Drop {
            return self.lose(sw, slot, DropReason::Wred, t);
        }
        if !free && let Err(reason) = sw.ports.servers.admit(p, &sw.profile.chip) {
            return self.lose(sw, slot, reason, t);
        }
        if early == Early::Mark {
            self.mark_ce(sw, slot, t);
        }
        if free {
            self.slots[0] = slot as u8;
            self.egress_len = 1;
            return self.run_egress(sw, t, sink);
        }
        let p = self.packets[slot];
        if T::ON {
            let port = sw.ports.get(p.out_port).map(|r| r.id).unwrap_or_default();
            t.event(&p, Event::End(Fate::Queued { port, queue: p.queue }));
        }
        let frame = self.whole(slot);
        sw.plane.balance.queued += 1;
        sw.ports.servers.hold(p, frame, self.now);
    }

    /// Drops a packet that its queue does not take; a trap may give it to the host.
    fn lose<T: Tracer>(&mut self, sw: &mut Switch, slot: usize, reason: DropReason, t: &mut T) {
        self.dropped(sw, slot, reason, t);
        if let Some(trap) = hostif::discard_trap(sw, &self.packets[slot], reason) {
            let p = &mut self.packets[slot];
            p.drop = Some(reason);
            p.flags |= flag::PUNT;
            p.trap = trap;
            self.punt(sw, slot, t);
        }
    }

    /// Marks a packet: it has experienced congestion (RFC 3168).
    fn mark_ce<T: Tracer>(&mut self, sw: &mut Switch, slot: usize, t: &mut T) {
        const CE: u8 = 3;
        let p = &mut self.packets[slot];
        if T::ON {
            let (from, to) = (p.headers.ecn().to_string(), CE.to_string());
            t.event(p, Event::Rewrite { field: "ECN".into(), from, to });
        }
        edit::set_tos(self.frames.of_mut(slot, p), &p.headers, p.headers.tos | CE);
        p.headers.tos |= CE;
        sw.ports.servers.marked(p);
        if let Some(counters) = sw.ports.counters.get_mut(usize::from(p.out_port)) {
            count_by_color(&mut counters.queue_mut(p.queue).marked, p);
        }
    }

    /// Sends what a port tells its partner, or the next packet that waits for it, at this time.
    pub fn depart<T: Tracer, S: Sink>(
        &mut self,
        sw: &mut Switch,
        now: u64,
        port: u16,
        t: &mut T,
        sink: &mut S,
    ) {
        let speed = sw.ports.get(port).map_or(0, |r| r.speed);
        if let Some(word) = sw.ports.servers.tell(port, now, speed) {
            return send_control(sw, port, word, sink);
        }
        let Some(held) = sw.ports.servers.take(port, now) else { return };
        self.now = now;
        self.next_copy = 0;
        self.fill(held.packet.port, held.packet.passes, held.packet.copy, &held.frame);
        let (start, len) = (HEADROOM as u16, held.frame.len() as u16);
        self.packets[0] = held.packet;
        let p = &mut self.packets[0];
        (p.start, p.head, p.len, p.tail) = (start, len, len, NONE);
        self.filled = 0;
        sw.plane.balance.queued -= 1;
        self.slots[0] = 0;
        self.egress_len = 1;
        self.run_egress(sw, t, sink);
        self.run_again(sw, t, sink);
    }

    /// All bytes of the frame in a slot.
    pub(super) fn whole(&mut self, slot: usize) -> Vec<u8> {
        let was = std::mem::replace(&mut self.slots[VECTOR - 1], slot as u8);
        let (head, tail) = self.frame(VECTOR - 1);
        let frame = [head, tail].concat();
        self.slots[VECTOR - 1] = was;
        frame
    }
}

/// Sends a frame of flow control, which no queue holds.
fn send_control<S: Sink>(sw: &mut Switch, port: u16, word: Word, sink: &mut S) {
    if sw.ports.get(port).is_none_or(|r| !r.tx) {
        return;
    }
    let this = ObjectRef::Object(ObjectType::SWITCH, sw.id);
    let Ok(Value::Mac(src)) = sw.value(&this, switch::SRC_MAC_ADDRESS.id()) else { return };
    let frame = PacketBuilder::ethernet(src.0, MAC_CONTROL_ADDRESS);
    let frame = match word {
        Word::Pause(time) => frame.pause(time),
        Word::Pfc(times) => frame.pfc(times),
    };
    let frame = frame.pad_to(60).build();
    sink.transmit(port, &frame, &[]);
    sw.plane.balance.replicas += 1;
    sw.plane.balance.transmitted += 1;
    let size = wire_len(frame.len());
    let counters = &mut sw.ports.counters[usize::from(port)];
    counters.tx.count(size, 1);
    counters.sent_by_none.add(&[1, size]);
    counters.count_mac_control(&frame[14..], 1);
}
