//! Mirroring and sampling: the place in the pipeline that they fill.

use crate::pipeline::{Engine, Node, Tracer, Work};
use crate::switch::Switch;

/// Copies packets to the sessions of [`Packet::mirror`](crate::pipeline::Packet::mirror).
pub(crate) fn ingress<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, _: &mut T) {
    for i in work {
        engine.onward(sw, i, Node::Mirror);
    }
}
