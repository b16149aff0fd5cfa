//! Access control: the places in the pipeline that it fills. Each is in use when its stage is.

use crate::bridge::Copy;
use crate::pipeline::{Engine, Node, Packet, Tracer, Work};
use crate::port::input;
use crate::switch::Switch;

/// Before my-MAC and VRF selection.
pub(crate) fn pre_ingress<T: Tracer>(_: &mut Switch, engine: &mut Engine, work: Work, _: &mut T) {
    for i in work {
        let next = input::classified(engine.packet(i).0);
        engine.send(i, next);
    }
}

/// After look-up, with its metadata.
pub(crate) fn ingress<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, _: &mut T) {
    for i in work {
        engine.onward(sw, i, Node::IngressAcl);
    }
}

/// After the forwarding decision.
pub(crate) fn post_ingress<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, _: &mut T) {
    for i in work {
        engine.onward(sw, i, Node::PostIngressAcl);
    }
}

/// On the frame as it leaves.
pub(crate) fn egress<T: Tracer>(_: &mut Switch, engine: &mut Engine, work: Work, _: &mut T) {
    for i in work {
        engine.send(i, Node::Transmit);
    }
}

/// Lists the copies of a packet that an entry sends to a list of ports and LAGs.
pub(crate) fn copies(_: &Switch, _: &Packet, _: u32, _: &mut Vec<Copy>) {}

/// Whether an entry forbids to learn the source address of a packet.
pub(crate) fn forbids_learning(_: &Switch, _: &Packet, _: &[u8]) -> bool {
    false
}

/// Does to a copy that leaves what the entries in [`Packet::orders`] want.
pub(crate) fn carry_out<T: Tracer>(_: &mut Switch, _: &mut Engine, _: usize, _: &mut T) {}
