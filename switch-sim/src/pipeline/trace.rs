//! What happened to a packet, stage by stage.

use std::fmt;

use sai::ObjectId;
use serde::{Deserialize, Serialize};

use super::{DropReason, Node, Packet};

/// Listens to what happens to packets. Stages are generic over it: with [`NoTrace`] nothing is left of it.
pub trait Tracer {
    /// Whether anybody listens; guards the making of an [`Event`].
    const ON: bool;
    /// Takes what happened to a packet.
    fn event(&mut self, packet: &Packet, event: Event);
}

/// Nobody listens.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTrace;

impl Tracer for NoTrace {
    const ON: bool = false;
    #[inline(always)]
    fn event(&mut self, _: &Packet, _: Event) {}
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A stage began.
    Stage(Node),
    /// An entry or object was hit.
    Hit {
        /// Which table, `"fdb"`.
        table: String,
        /// The object, null for an entry without an id.
        object: ObjectId,
        /// The key, in words.
        key: String,
    },
    /// Nothing was found.
    Miss {
        /// Which table.
        table: String,
        /// The key, in words.
        key: String,
    },
    /// The frame changed.
    Rewrite {
        /// What.
        field: String,
        /// The value before, in words.
        from: String,
        /// The value after, in words.
        to: String,
    },
    /// A decision in words: learned, moved, flooded.
    Note(String),
    /// This is a copy of the packet with this number.
    CopyOf(u16),
    /// How it ended.
    End(Fate),
}

/// How a packet, or one copy of it, ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Left by a port.
    Transmitted {
        /// The port.
        port: ObjectId,
    },
    /// Dropped.
    Dropped(DropReason),
    /// Given to the CPU.
    Punted {
        /// The trap, null where the switch's default did it.
        trap: ObjectId,
    },
    /// Waits in a queue.
    Queued {
        /// The port.
        port: ObjectId,
        /// The queue.
        queue: u8,
    },
}

/// One thing that happened to one copy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The copy: 0 is the packet that came in.
    pub copy: u16,
    /// What.
    pub event: Event,
}

/// All that happened to a packet. Prints as text; serializes to JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// The steps, in order.
    pub steps: Vec<Step>,
}

impl Trace {
    /// How each copy ended, in order.
    pub fn fates(&self) -> impl Iterator<Item = &Fate> {
        self.steps.iter().filter_map(|s| match &s.event {
            Event::End(fate) => Some(fate),
            _ => None,
        })
    }

    /// The reason of the first drop.
    pub fn drop_reason(&self) -> Option<DropReason> {
        self.fates().find_map(|f| match f {
            Fate::Dropped(reason) => Some(*reason),
            _ => None,
        })
    }

    /// The stages that any copy passed, in order.
    pub fn stages(&self) -> impl Iterator<Item = Node> + '_ {
        self.steps.iter().filter_map(|s| match s.event {
            Event::Stage(node) => Some(node),
            _ => None,
        })
    }
}

impl Tracer for Trace {
    const ON: bool = true;
    fn event(&mut self, packet: &Packet, event: Event) {
        self.steps.push(Step { copy: packet.copy, event });
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Step { copy, event } in &self.steps {
            if *copy > 0 {
                write!(f, "[copy {copy}] ")?;
            }
            match event {
                Event::Stage(node) => writeln!(f, "{node:?}")?,
                Event::Hit { table, object, key } if object.is_null() => writeln!(f, "    {table}: {key}")?,
                Event::Hit { table, object, key } => writeln!(f, "    {table}: {key} -> {object}")?,
                Event::Miss { table, key } => writeln!(f, "    {table}: {key} not found")?,
                Event::Rewrite { field, from, to } => writeln!(f, "    {field}: {from} => {to}")?,
                Event::Note(text) => writeln!(f, "    {text}")?,
                Event::CopyOf(of) => writeln!(f, "copy of {of}")?,
                Event::End(Fate::Transmitted { port }) => writeln!(f, "transmitted by {port}")?,
                Event::End(Fate::Dropped(reason)) => writeln!(f, "dropped: {reason}")?,
                Event::End(Fate::Punted { trap }) => writeln!(f, "punted by {trap}")?,
                Event::End(Fate::Queued { port, queue }) => writeln!(f, "queued at {port}, queue {queue}")?,
            }
        }
        Ok(())
    }
}
