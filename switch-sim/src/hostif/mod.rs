//! Host interfaces: which packets go to the CPU (`trap`, with the types in `kind`), by which queue, and over
//! which channel the host takes them (`channel`).
//!
//! A packet finds its trap after the forwarding decision. Of the trap objects that take it the one with the
//! highest priority acts, of equal ones the more specific. Without one the type's default action holds, as
//! `saihostif.h` states it. A trap whose group is disabled, or whose list of excluded ports has the ingress
//! port, counts as none.
//!
//! What goes to the CPU passes the policer of its trap group and counts on the group's CPU queue (without a
//! trap object: those of the switch's default trap group). It then goes by the channel
//! of the most specific host interface table entry: port, LAG or VLAN with trap, then trap, then wildcard.
//! Without an entry nobody takes the packet.

use std::sync::Arc;

use crate::meter;
use crate::pipeline::packet::{flag, wire_len};
use crate::pipeline::{NONE, Node, Packet, Tracer};
use crate::port::index;
use crate::port::queue::count_by_color;
use crate::switch::Switch;
use crate::world::Wire;

mod channel;
mod kind;
mod send;
mod trap;

pub use channel::{HostPacket, HostifOwner, TableEntryOwner};
pub(crate) use channel::{attach, receive};
pub(crate) use kind::{may_match, watches, watches_udp};
pub(crate) use send::check as check_send;
pub use trap::{TrapGroupOwner, TrapOwner, UserTrapOwner, slot_of};
pub(crate) use trap::{discard_trap, sample_trap, trap_id, traps};

/// What the host side of a switch keeps.
#[derive(Debug)]
pub struct Host {
    /// Traps and user-defined traps by their slot.
    traps: Vec<Option<trap::Trap>>,
    /// The slot of the trap object of each kind.
    by_kind: [u16; kind::KINDS.len()],
    /// Whether a trap lets on what it takes.
    forwards: bool,
    /// The default trap group: of packets for the CPU without a trap object.
    default: trap::Group,
    /// Host interfaces, with what waits on them.
    channels: channel::Channels,
    /// Frames for wires, to be sent when no lock is held.
    pub(crate) outbox: Vec<(Arc<dyn Wire>, Vec<u8>)>,
}

impl Default for Host {
    fn default() -> Host {
        Host {
            traps: Vec::new(),
            by_kind: [NONE; kind::KINDS.len()],
            forwards: false,
            default: trap::Group::default(),
            channels: channel::Channels::default(),
            outbox: Vec::new(),
        }
    }
}

impl Host {
    fn trap(&self, slot: u16) -> Option<&trap::Trap> {
        self.traps.get(usize::from(slot))?.as_ref()
    }
}

/// Whether a frame to a reserved address may come to bridging, after its traps.
pub(crate) fn may_bridge(sw: &Switch) -> bool {
    sw.host.forwards || sw.plane.stages != 1 << Node::Traps as u32
}

/// The slot of the CPU port.
pub(crate) fn cpu_port(sw: &Switch) -> u16 {
    index(sw.default_object(sai::switch::CPU_PORT.id()).unwrap_or_default())
}

/// The VLAN of untagged frames that the host sends for look-up: the CPU port's.
pub(crate) fn cpu_vlan(sw: &Switch) -> u16 {
    sw.ports.get(cpu_port(sw)).map_or(1, |cpu| cpu.pvid)
}

/// The trap group of a packet: that of its trap, without one the default group.
fn group<'a>(sw: &'a Switch, p: &Packet) -> &'a trap::Group {
    sw.host.trap(p.trap).map_or(&sw.host.default, |t| &t.group)
}

/// The CPU queue of a packet: that of its trap group.
pub(crate) fn queue(sw: &Switch, p: &Packet) -> u8 {
    group(sw, p).queue
}

/// Counts a packet for the CPU by the counter of its trap, then meters it by the policer of the trap's group, and
/// answers whether it goes on.
pub(crate) fn police<T: Tracer>(sw: &mut Switch, p: &Packet, now: u64, t: &mut T) -> bool {
    let counter = sw.host.trap(p.trap).map_or(usize::MAX, |trap| trap.counter as usize);
    if let Some([packets, bytes]) = sw.router.counters.get_mut(counter) {
        *packets += 1;
        *bytes += wire_len(p.len());
    }
    let policer = group(sw, p).policer;
    // The color is the copy's; the packet may go on otherwise.
    policer == NONE || meter::passes(sw.policers.police(policer, &mut p.clone(), now, t))
}

/// Counts a packet for the CPU that was lost since its queue was full.
pub(crate) fn count_loss(sw: &mut Switch, p: &Packet) {
    let (cpu, queue) = (usize::from(cpu_port(sw)), queue(sw, p));
    if let Some(counters) = sw.ports.counters.get_mut(cpu) {
        count_by_color(&mut counters.queue_mut(queue).full, p);
    }
}

/// Takes what the pipeline gave to the CPU: counts it as sent by the CPU port, and hands it to the host.
pub(crate) fn deliver(sw: &mut Switch) {
    let punted = sw.plane.take_punted();
    if punted.is_empty() {
        return;
    }
    let cpu = usize::from(cpu_port(sw));
    for punted in punted {
        let p = &punted.packet;
        let queue = queue(sw, p);
        if let Some(counters) = sw.ports.counters.get_mut(cpu) {
            let size = wire_len(punted.frame.len());
            counters.tx.count(size, (p.flags & (flag::MULTICAST | flag::BROADCAST)).count_ones() as usize);
            if queue != 0 {
                counters.queue_sends(queue, [1, size]);
            }
        }
        channel::hand_over(sw, punted);
    }
}
