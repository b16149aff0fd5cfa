//! Host interfaces and traps: the places in the pipeline that they fill.

use sai::ObjectId;

use crate::pipeline::{Engine, Node, Tracer, Work};
use crate::switch::Switch;

/// Looks for the trap of each packet. In use when [`Node::Traps`] is.
pub(crate) fn traps<T: Tracer>(sw: &mut Switch, engine: &mut Engine, work: Work, _: &mut T) {
    for i in work {
        engine.onward(sw, i, Node::Traps);
    }
}

/// The trap object of [`Packet::trap`](crate::pipeline::Packet::trap).
pub(crate) fn trap_id(_: &Switch, _: u16) -> ObjectId {
    ObjectId::NULL
}
