//! Routing: the places in the pipeline that it fills.
//!
//! Without router interfaces no packet comes here: the stages that lead to it look at the interface of the
//! port or domain first.

use crate::bridge::Copy;
use crate::pipeline::{DropReason, Engine, NONE, Node, Packet, Tracer, Work};
use crate::port::output::Tag;
use crate::switch::Switch;

/// Whether packets are for the router: those to its MAC address go to [`Node::Route`], the others to the
/// bridge, or nowhere from an interface of type port.
pub(crate) fn my_mac<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, _: &mut T) {
    for i in work {
        let (p, _) = engine.packet(i);
        if p.bridge_port == NONE {
            engine.deny(sw, i, DropReason::NonRoutable, Node::MyMac);
        } else {
            engine.send(i, Node::Bridge);
        }
    }
}

/// Routes packets.
pub(crate) fn route<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, _: &mut T) {
    for i in work {
        engine.deny(sw, i, DropReason::NonRoutable, Node::Route);
    }
}

/// Lists the copies of a packet to an IP multicast group.
pub(crate) fn replicate(_: &Switch, _: &Packet, _: u32, _: &mut Vec<Copy>) {}

/// Rewrites a routed packet by its adjacency: MAC addresses and TTL.
#[inline(always)]
pub(crate) fn rewrite<T: Tracer>(_: &mut Switch, _: &mut Packet, _: &mut [u8], _: &mut T) {}

/// How a packet that leaves without a bridge port is tagged: by its sub-port interface, else as it is.
#[inline(always)]
pub(crate) fn tag(_: &Switch, _: &Packet) -> Tag {
    Tag::Keep
}
