//! The control protocol: JSON over a Unix socket, or TCP on loopback, by which other programs look at running switches,
//! put frames in, take frames out, and move the clock.
//!
//! A request is a line with a JSON object, whose `op` says what and whose other fields say on what; the answer is a line
//! too, `{"ok": …}` or `{"error": {"status": "SAI_STATUS_…", "message": "…"}}`. Requests on one connection are answered
//! in order. After `watch` or `capture` the connection carries `{"event": …}` lines until the client closes it; events
//! that a slow client does not take are dropped and counted (`{"event": {"lost": n}}`).
//!
//! ```text
//! > {"op": "inject", "port": "leaf1:0", "frame": "ffffffffffff02000000000a0800…"}
//! < {"ok": null}
//! > {"op": "get", "switch": "leaf1", "object": "oid:0x100000000000001", "attrs": ["SAI_PORT_ATTR_OPER_STATUS"]}
//! < {"ok": {"attrs": {"SAI_PORT_ATTR_OPER_STATUS": "SAI_PORT_OPER_STATUS_UP"}, "id": "oid:0x100000000000001", …}}
//! ```
//!
//! A switch is named as in its [`Topology`](crate::Topology); it may be left out where there is one. A port is
//! `SWITCH:PLACE`, `PLACE` where there is one switch, or `SWITCH:oid:0x…`, `oid:0x…`. An object is `oid:0x…`,
//! `SAI_OBJECT_TYPE_…:{key}` or, for a port, its place.

use std::sync::Arc;

use sai::{Backend, ObjectId};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use switch_sim::{Simulator, World};

use crate::runner::Attachment;

mod client;
pub mod hex;
mod operations;
mod read;
mod server;

pub use client::{Client, ClientError, Event};
pub use operations::{answer, reply};
pub use server::{Address, Server};

/// A request. The field names are the protocol's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Request {
    /// The switches, the clock and its time.
    Info,
    /// The ports of a switch (of all where left out) with their states, devices and counters.
    Ports {
        /// The switch.
        #[serde(default)]
        switch: Option<String>,
    },
    /// The objects or entries of a type with the attributes that they have.
    List {
        /// The switch.
        #[serde(default)]
        switch: Option<String>,
        /// The type, `SAI_OBJECT_TYPE_ROUTE_ENTRY` or `route-entry`.
        #[serde(rename = "type")]
        object_type: String,
        /// The most that are wanted.
        #[serde(default)]
        limit: Option<usize>,
    },
    /// One object or entry.
    Get {
        /// The switch.
        #[serde(default)]
        switch: Option<String>,
        /// The object.
        object: String,
        /// The attributes by name; all that it has where left out.
        #[serde(default)]
        attrs: Option<Vec<String>>,
    },
    /// Creates an object (answers its id) or an entry.
    Create {
        /// The switch.
        #[serde(default)]
        switch: Option<String>,
        /// The type, or the entry with its key: `SAI_OBJECT_TYPE_…:{key}`.
        object: String,
        /// Attributes by name.
        #[serde(default)]
        attrs: serde_json::Map<String, Json>,
    },
    /// Removes an object or entry.
    Remove {
        /// The switch.
        #[serde(default)]
        switch: Option<String>,
        /// The object.
        object: String,
    },
    /// Sets one attribute.
    Set {
        /// The switch.
        #[serde(default)]
        switch: Option<String>,
        /// The object.
        object: String,
        /// The attribute by name.
        attr: String,
        /// The value, as JSON or as text.
        value: Json,
    },
    /// The statistics of an object by name.
    Stats {
        /// The switch.
        #[serde(default)]
        switch: Option<String>,
        /// The object.
        object: String,
        /// Whether to set them to zero as they are read.
        #[serde(default)]
        clear: bool,
    },
    /// How many objects of each type there are, and how many more fit.
    Resources {
        /// The switch.
        #[serde(default)]
        switch: Option<String>,
    },
    /// Plugs (`up`) or pulls the cable of a port.
    Link {
        /// The port.
        port: String,
        /// Whether there is a partner.
        up: bool,
    },
    /// A port receives a frame.
    Inject {
        /// The port.
        port: String,
        /// The frame without FCS, in hexadecimal.
        frame: String,
        /// How many times, once where left out.
        #[serde(default)]
        count: Option<u64>,
    },
    /// As `inject` once; answers what happened to the frame.
    Trace {
        /// The port.
        port: String,
        /// The frame.
        frame: String,
    },
    /// Takes the frames that a port with nothing plugged in has sent, in hexadecimal.
    Receive {
        /// The port.
        port: String,
        /// The most that are wanted; all where left out.
        #[serde(default)]
        limit: Option<usize>,
    },
    /// Lets time pass on a virtual clock.
    Advance {
        /// Nanoseconds.
        by: u64,
    },
    /// Lets the frames on cables arrive, on a virtual clock.
    Settle,
    /// Writes a snapshot of a switch to a file of the server's machine.
    Snapshot {
        /// The switch.
        #[serde(default)]
        switch: Option<String>,
        /// The file.
        path: String,
    },
    /// Puts a snapshot from a file of the server's machine in the place of a switch; what has a device or a client keeps
    /// it.
    Load {
        /// The switch.
        #[serde(default)]
        switch: Option<String>,
        /// The file.
        path: String,
    },
    /// Holds a switch to what must always be true of it: packets balance, and what is kept equals what is computed.
    Check {
        /// The switch.
        #[serde(default)]
        switch: Option<String>,
    },
    /// Sets a statistic; what packets move goes on from there.
    SetStat {
        /// The switch.
        #[serde(default)]
        switch: Option<String>,
        /// The object.
        object: String,
        /// The statistic by name.
        stat: String,
        /// The value.
        value: u64,
    },
    /// The host sends a frame by a host interface, as the kernel sends by a network device.
    HostSend {
        /// The host interface, `oid:0x…`.
        hostif: String,
        /// The frame without FCS, in hexadecimal.
        frame: String,
    },
    /// Waits until the client of the switches has taken the notifications of all that has happened.
    Deliver,
    /// Notifications from now on.
    Watch {
        /// The switch; all where left out.
        #[serde(default)]
        switch: Option<String>,
    },
    /// Frames at ports from now on.
    Capture {
        /// The ports; all where left out.
        #[serde(default)]
        ports: Vec<String>,
    },
}

/// A switch that can be controlled.
#[derive(Clone, Debug)]
pub struct Handle {
    /// Its name.
    pub name: String,
    /// Its simulator.
    pub sim: Simulator,
    /// The way by which calls are made, with its layers.
    pub backend: Arc<dyn Backend>,
    /// Its id.
    pub switch: ObjectId,
}

/// What is controlled.
pub trait Site: Send + Sync {
    /// The world.
    fn world(&self) -> &World;

    /// The switches that there are now.
    fn switches(&self) -> Vec<Handle>;

    /// The ports that are attached to devices.
    fn attachments(&self) -> Vec<Attachment> {
        Vec::new()
    }

    /// Waits until the client of the switches, if they have one beside us, has taken what it was told.
    fn deliver(&self) {}

    /// Something was put in: a thread that runs the world looks at once.
    fn wake(&self) {}
}

impl Site for crate::Network {
    fn world(&self) -> &World {
        crate::Network::world(self)
    }

    fn switches(&self) -> Vec<Handle> {
        let handle = |node: &crate::network::Node| Handle {
            name: node.name.clone(),
            sim: node.sim.clone(),
            backend: node.backend.clone(),
            switch: node.switch.raw(),
        };
        self.nodes().iter().map(handle).collect()
    }

    fn attachments(&self) -> Vec<Attachment> {
        self.runner().map_or_else(Vec::new, crate::Runner::attachments)
    }

    fn wake(&self) {
        if let Some(runner) = self.runner() {
            runner.wake();
        }
    }
}
