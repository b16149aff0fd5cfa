//! Ports that take their time, with the profile's timing `wire`.

use super::{Engine, Sink, VECTOR};
use crate::hostif;
use crate::pipeline::packet::{flag, wire_len};
use crate::pipeline::{DropReason, Event, Fate, HEADROOM, NONE, Tracer};
use crate::switch::Switch;

impl Engine {
    /// Sends a packet whose egress port is known if the port is free, else puts it into its queue; drops it when
    /// that is full.
    #[cold]
    pub(super) fn enqueue_timed<T: Tracer, S: Sink>(
        &mut self,
        sw: &mut Switch,
        slot: usize,
        t: &mut T,
        sink: &mut S,
    ) {
        let p = self.packets[slot];
        if sw.ports.servers.is_free(p.out_port, p.queue, self.now) {
            self.slots[0] = slot as u8;
            self.egress_len = 1;
            return self.run_egress(sw, t, sink);
        }
        let room = (sw.profile.chip.queue_size, sw.profile.chip.buffer_size);
        if !sw.ports.servers.has_room(p.out_port, p.queue, wire_len(p.len()), room) {
            self.dropped(sw, slot, DropReason::QueueFull, t);
            if let Some(trap) = hostif::discard_trap(sw, &p) {
                let p = &mut self.packets[slot];
                p.drop = Some(DropReason::QueueFull);
                p.flags |= flag::PUNT;
                p.trap = trap;
                self.punt(sw, slot, t);
            }
            return;
        }
        if T::ON {
            let port = sw.ports.get(p.out_port).map(|r| r.id).unwrap_or_default();
            t.event(&p, Event::End(Fate::Queued { port, queue: p.queue }));
        }
        let frame = self.whole(slot);
        sw.plane.balance.queued += 1;
        sw.ports.servers.hold(p, frame, self.now);
    }

    /// Sends the next packet that waits for a port, at this time.
    pub fn depart<T: Tracer, S: Sink>(
        &mut self,
        sw: &mut Switch,
        now: u64,
        port: u16,
        t: &mut T,
        sink: &mut S,
    ) {
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
