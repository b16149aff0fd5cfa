//! Host interfaces: which packets go to the CPU (`trap`, with the types in `kind`), by which queue, and over
//! which channel the host takes them (`channel`).
//!
//! A packet finds its trap after the forwarding decision. Of the trap objects that take it the one with the
//! highest priority acts, of equal ones the more specific. Without one the type's default action holds, as
//! `saihostif.h` states it. A trap whose group is disabled, or whose list of excluded ports has the ingress
//! port, counts as none.
//!
//! What goes to the CPU counts on the CPU queue of its group (queue 0 without a trap) and then on the channel
//! of the most specific host interface table entry: port, LAG or VLAN with trap, then trap, then wildcard.
//! Without an entry nobody takes the packet.

use sai::{AttrId, ObjectRef, StatId, queue};

use crate::feature::Owner;
use crate::pipeline::NONE;
use crate::pipeline::packet::wire_len;
use crate::switch::Switch;

mod channel;
mod kind;
mod trap;

pub(crate) use channel::receive;
pub use channel::{BACKLOG, HostPacket, HostifOwner, TableEntryOwner};
pub use trap::{TrapGroupOwner, TrapOwner, UserTrapOwner, slot_of};
pub(crate) use trap::{trap_id, traps};

/// What the host side of a switch keeps.
#[derive(Debug)]
pub struct Host {
    /// Traps and user-defined traps by their slot.
    traps: Vec<Option<trap::Trap>>,
    /// The slot of the trap object of each kind.
    by_kind: [u16; kind::KINDS.len()],
    /// Packets and bytes of each CPU queue.
    queues: Vec<[u64; 2]>,
    /// Host interfaces, with what waits on them.
    channels: channel::Channels,
}

impl Default for Host {
    fn default() -> Host {
        Host {
            traps: Vec::new(),
            by_kind: [NONE; kind::KINDS.len()],
            queues: Vec::new(),
            channels: channel::Channels::default(),
        }
    }
}

impl Host {
    fn trap(&self, slot: u16) -> Option<&trap::Trap> {
        self.traps.get(usize::from(slot))?.as_ref()
    }
}

/// Takes what the pipeline gave to the CPU: counts it and hands it to the host.
pub(crate) fn deliver(sw: &mut Switch) {
    for punted in std::mem::take(&mut sw.plane.punted) {
        let at = sw.host.trap(punted.packet.trap).map_or(0, |t| usize::from(t.queue));
        if sw.host.queues.len() <= at {
            sw.host.queues.resize(at + 1, [0; 2]);
        }
        let [packets, bytes] = &mut sw.host.queues[at];
        *packets += 1;
        *bytes += wire_len(punted.frame.len());
        channel::hand_over(sw, punted);
    }
}

/// Owns `SAI_OBJECT_TYPE_QUEUE` as far as it is the CPU's.
#[derive(Debug)]
pub struct CpuQueueOwner;

impl Owner for CpuQueueOwner {
    fn counted(&self) -> &'static [StatId] {
        const { &[queue::Stat::PACKETS.0 as StatId, queue::Stat::BYTES.0 as StatId] }
    }

    fn stat(&self, sw: &Switch, object: &ObjectRef, stat: StatId) -> Option<u64> {
        const PORT: AttrId = queue::PORT.id();
        let id = object.oid()?;
        if !sw.is_cpu_port(sw.store.oid(id, PORT)) {
            return None;
        }
        let at = sw.store.number(id, queue::INDEX.id()) as usize;
        let counts = sw.host.queues.get(at).copied().unwrap_or_default();
        counts.get(stat as usize).copied()
    }
}
