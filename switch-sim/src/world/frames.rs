//! What a switch sends, on its way to the ports' plugs.

use sai::ObjectId;

use crate::pipeline::{Sent, Sink};
use crate::switch::Switch;

/// Collects what a switch sends.
#[derive(Debug, Default)]
pub(super) struct Frames {
    sent: Sent,
    /// The ids of the ports that sent.
    named: Vec<ObjectId>,
}

impl Frames {
    /// Turns port indices into ids.
    pub(super) fn name(&mut self, sw: &Switch) {
        let id = |port| sw.ports.get(port).map(|r| r.id).unwrap_or_default();
        self.named.extend(self.sent.iter().map(|(port, _)| id(port)));
    }

    pub(super) fn clear(&mut self) {
        self.sent.clear();
        self.named.clear();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (ObjectId, &[u8])> {
        self.named.iter().zip(self.sent.iter()).map(|(port, (_, frame))| (*port, frame))
    }
}

impl Sink for Frames {
    fn transmit(&mut self, port: u16, head: &[u8], tail: &[u8]) {
        self.sent.transmit(port, head, tail);
    }

    fn transmit_all(&mut self, sent: &mut Sent) {
        self.sent.transmit_all(sent);
    }
}
