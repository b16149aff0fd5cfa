//! A software switch behind SAI: what a client programs through [`sai::Backend`] decides where frames go.
//!
//! It runs in the process that uses it, without privileges, devices or threads of its own, and on a clock that the
//! program moves: the same calls give the same ids, notifications, frames and traces.
//!
//! ```
//! use std::sync::Arc;
//!
//! use sai::{Session, port, switch};
//! use switch_sim::{Profile, World, wire::text};
//!
//! # fn main() -> sai::Result<()> {
//! let world = World::new(1); // the clock, the cables, and what chance is drawn from
//! let simulator = world.simulator(Profile::with_ports(4));
//!
//! // From here on it is SAI, as it would be on any backend.
//! let switch = Session::new(Arc::new(simulator.clone()))
//!     .create_switch(switch::Required { init_switch: true })?;
//! let ports = switch.ports()?;
//! for &port in &ports {
//!     switch.set(port, port::ADMIN_STATE, true)?;
//! }
//!
//! // A frame in, a frame out, and why.
//! let frame = text::parse("eth dst=ff:ff:ff:ff:ff:ff src=02:00:00:00:00:01/ipv4/udp").unwrap();
//! world.inject(&simulator, ports[0].raw(), &frame)?;
//! assert_eq!(world.receive(&simulator, ports[1].raw())?, Some(frame.clone()));
//! println!("{}", world.trace(&simulator, ports[0].raw(), &frame)?);
//! # Ok(()) }
//! ```
//!
//! # Where things are
//!
//! | | |
//! |---|---|
//! | [`World`] | the clock, cables between switches, frames into ports and out of them, traces |
//! | [`Simulator`] | the [`Backend`](sai::Backend); also pulls links and sets statistics |
//! | [`Profile`] | the modelled chip: ports, table sizes, refusals, how it boots |
//! | [`wire`] | frames: [built](wire::PacketBuilder), [described in words](wire::text), parsed, edited |
//! | [`pipeline`] | [traces](pipeline::Trace), [why packets are dropped](pipeline::DropReason); the engine, to run a switch without a world |
//! | [`snapshot`], [`warm`] | the state of a switch as a value and as a file; warm restart |
//! | [`query`] | what is supported, as the capability queries and the support matrix tell it |
//!
//! Network devices, TAP, captures, topologies and the control socket are in the crate `switch-sim-live`; the program and
//! `libsai.so` stand on both. The book in `docs/` of the repository says what the switch does with packets.

pub mod bridge;
pub mod memory;
pub mod pipeline;
pub mod port;
pub mod query;
pub mod sim;
pub mod snapshot;
pub mod switch;
pub mod table;
pub mod warm;
pub mod wire;
pub mod world;

mod acl;
mod attrs;
mod boot;
mod debug_counter;
mod defaults;
mod feature;
mod fits;
mod hash;
mod hostif;
mod lag;
mod meter;
mod mirror;
mod profile;
mod qos;
mod random;
mod resources;
mod router;
mod special;
mod stats;
mod store;
mod turns;
mod view;

pub use profile::{
    BootShape, Breakout, Chip, FlushEvents, LaterPort, Limits, PortProfile, PortRow, Profile, ProfileError,
    Refuse, Resilient, Timing,
};
pub use sim::Simulator;
pub use switch::Switch;
pub use world::World;
