//! The spine: how a packet passes the switch.
//!
//! # Stages
//! A [vector](Engine) of up to 64 packets passes two halves. Each packet says at each stage where it goes
//! next; a stage runs over all packets that wait for it, in the order in which they came in.
//!
//! | stage | who | what |
//! |---|---|---|
//! | [`PortIn`](Node::PortIn) | `port::input` | link and admin state, MTU, parse, counters, VLAN, bridge port or router interface |
//! | [`PreIngressAcl`](Node::PreIngressAcl) | `acl` | may set the VRF |
//! | [`L2In`](Node::L2In) | `bridge::input` | VLAN membership, spanning tree, learning |
//! | [`MyMac`](Node::MyMac) | `router` | to the router or not; only where the domain or port has an interface |
//! | [`Route`](Node::Route) | `router` | interface checks, prefix, next hop, group, neighbor |
//! | [`Bridge`](Node::Bridge) | `bridge::forward` | destination, miss actions, flood control, multicast groups |
//! | [`IngressAcl`](Node::IngressAcl) | `acl` | with the metadata of the look-up |
//! | [`PostIngressAcl`](Node::PostIngressAcl) | `acl` | after the decision |
//! | [`Traps`](Node::Traps) | `hostif` | traps, copies to the CPU |
//! | mirroring | `mirror` | copies of what is mirrored or sampled, as it came in |
//! | replication, enqueue | [`Engine`] | flood, groups, LAG member; then the queue |
//! | [`Rewrite`](Node::Rewrite) | `port::output`, `router` | MAC, TTL, tags, remarking |
//! | [`EgressAcl`](Node::EgressAcl) | `acl` | sees the frame as it leaves |
//! | [`Transmit`](Node::Transmit) | `port::output` | MTU, state, counters, link; copies of what leaves |
//!
//! # The express lane
//! Where nobody traces and no optional stage but the traps is in use, frames that need nothing but the common
//! are forwarded at once by `engine::express`, with the halves of `bridge::express` and `router::express`, and
//! with the same result. A feature that changes what stages do to such frames makes the lane leave them alone:
//! by an optional stage, by a field of the record of the port, bridge port, interface or hop (which the lane
//! takes apart whole, so that it has to be looked at), or by a check of its own there.
//!
//! # For authors of stages
//! - A stage is `fn(&mut Switch, &mut Engine, Work, &mut T)`, generic over [`Tracer`]. It goes over `Work`,
//!   takes `engine.packet(i)` (metadata and bytes), and ends each packet's turn with one of
//!   [`send`](Engine::send) (to a named stage), [`onward`](Engine::onward) (the way is decided: the next
//!   stage in use), [`drop`](Engine::drop) (for good: nothing sees it any more) or [`deny`](Engine::deny)
//!   (a decision that ACLs and traps still see and may lift by clearing [`Packet::drop`]).
//! - The optional stages run only when their bit is set in [`Plane::stages`]: the feature sets it with
//!   [`Plane::use_stage`] when its first object comes and clears it with the last.
//! - The decision is [`Packet::out`]. `router` writes `Out::BridgePort` with [`Packet::domain`] for a VLAN
//!   interface whose neighbor's MAC is known, `Out::Flood` where not, `Out::Port`/`Out::Lag` for a port,
//!   LAG or sub-port interface, sets [`flag::ROUTED`] and [`Packet::adjacency`], and rewrites in
//!   `router::rewrite`, which runs for each copy at egress.
//! - A copy for the CPU: set [`flag::PUNT`] and [`Packet::trap`]. With `drop` set too the packet is trapped
//!   and counts as dropped as well; to trap without a drop clear `drop` and set `out` to `Out::None`. The
//!   frames wait in the CPU queues for `hostif`; beyond what its CPU queue holds they are dropped.
//! - A stage that changes what packets read (learning is the one there is) first asks
//!   [`Engine::may_change`]: only the first packet of a vector may, or one whose change none before it can read
//!   any more, so that a vector does what its packets would do one by one. Counters and what only the same stage
//!   reads, in order (policers), need not ask.
//! - Interfaces are attached by `port::Ports::attachment_mut`, `lag::attach` and `bridge::Bridge::attach_rif`;
//!   the fast path reads the record of the port or domain and never the store.
//! - Where somebody listens (`T::ON`) say what was hit: `t.event(p, Event::Hit { .. })`.

use serde::{Deserialize, Serialize};

mod drop;
mod engine;
pub(crate) mod frames;
pub mod packet;
mod trace;
mod workers;

pub use drop::{DropReason, Layer, Sai, Side};
pub(crate) use engine::Sum;
pub use engine::{Engine, FromHost, HEAD, HEADROOM, MAX_FRAME, MAX_PASSES, Sent, Sink, VECTOR, Work};
pub(crate) use engine::{Lane, Ledger};
pub use packet::{NONE, Out, Packet, flag};
pub use trace::{Event, Fate, NoTrace, Step, Trace, Tracer};
pub use workers::Workers;

/// A stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Node {
    /// A port takes a frame in.
    PortIn,
    /// ACL before my-MAC and VRF selection.
    PreIngressAcl,
    /// A bridge port takes a frame in.
    L2In,
    /// Whether a frame is for the router.
    MyMac,
    /// Routing.
    Route,
    /// Bridging.
    Bridge,
    /// ACL after look-up.
    IngressAcl,
    /// ACL after the forwarding decision.
    PostIngressAcl,
    /// Traps and copies for the CPU.
    Traps,
    /// Rewrite for the egress port.
    Rewrite,
    /// ACL on the frame as it leaves.
    EgressAcl,
    /// A port sends a frame.
    Transmit,
}

impl Node {
    /// Every stage, in order.
    pub const ALL: [Node; 12] = [
        Node::PortIn,
        Node::PreIngressAcl,
        Node::L2In,
        Node::MyMac,
        Node::Route,
        Node::Bridge,
        Node::IngressAcl,
        Node::PostIngressAcl,
        Node::Traps,
        Node::Rewrite,
        Node::EgressAcl,
        Node::Transmit,
    ];
    /// How many there are.
    pub const COUNT: usize = Node::ALL.len();
    /// The optional stages after look-up, as bits.
    pub(crate) const AFTER_LOOKUP: u32 =
        1 << Node::IngressAcl as u32 | 1 << Node::PostIngressAcl as u32 | 1 << Node::Traps as u32;
}

/// What became of all packets. `received + from_host + replicas = transmitted + dropped + punted + queued`
/// (a frame that loops back is transmitted and received again).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Taken in by ports.
    pub received: u64,
    /// Sent by the host.
    pub from_host: u64,
    /// Copies made.
    pub replicas: u64,
    /// Left by ports.
    pub transmitted: u64,
    /// Dropped.
    pub dropped: u64,
    /// Given to the CPU.
    pub punted: u64,
    /// Waiting in queues.
    pub queued: u64,
}

impl Balance {
    /// Whether no packet was lost or invented.
    pub const fn holds(&self) -> bool {
        self.received + self.from_host + self.replicas
            == self.transmitted + self.dropped + self.punted + self.queued
    }
}

/// A packet for the CPU.
#[derive(Clone, Debug)]
pub struct Punted {
    /// What was known about it.
    pub packet: Packet,
    /// The frame as it came in.
    pub frame: Vec<u8>,
}

/// What the pipeline keeps of one switch.
#[derive(Debug, Default)]
pub struct Plane {
    /// The optional stages in use, a bit each.
    pub stages: u32,
    /// What became of all packets.
    pub balance: Balance,
    /// Packets for the CPU that `hostif` has not taken yet.
    pub(crate) punted: Vec<Punted>,
    /// How many of them wait in each CPU queue.
    pub(crate) waiting: Vec<u32>,
}

impl Plane {
    /// How many packets wait in a CPU queue.
    pub fn waiting_in(&self, queue: u8) -> u32 {
        self.waiting.get(usize::from(queue)).copied().unwrap_or(0)
    }

    /// Puts a packet into a CPU queue.
    pub(crate) fn punt(&mut self, queue: u8, punted: Punted) {
        let queue = usize::from(queue);
        if self.waiting.len() <= queue {
            self.waiting.resize(queue + 1, 0);
        }
        self.waiting[queue] += 1;
        self.punted.push(punted);
    }

    /// Takes what waits in all CPU queues, in the order in which it came.
    pub(crate) fn take_punted(&mut self) -> Vec<Punted> {
        self.waiting.fill(0);
        std::mem::take(&mut self.punted)
    }

    /// Takes an optional stage into use, or out of it.
    pub fn use_stage(&mut self, node: Node, used: bool) {
        if used {
            self.stages |= 1 << node as u32;
        } else {
            self.stages &= !(1 << node as u32);
        }
    }

    /// Whether an optional stage is in use.
    #[inline(always)]
    pub const fn uses(&self, node: Node) -> bool {
        self.stages & 1 << node as u32 != 0
    }
}
