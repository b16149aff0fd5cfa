//! A software switch behind SAI.

pub mod bridge;
pub mod feature;
mod fits;
pub mod hash;
pub mod lag;
pub mod memory;
pub mod pipeline;
pub mod port;
pub mod query;
pub mod resources;
pub mod router;
pub mod sim;
pub mod snapshot;
pub mod stats;
pub mod store;
pub mod switch;
pub mod table;
pub mod warm;
pub mod wire;
pub mod world;

pub mod acl;
mod attrs;
mod boot;
mod debug_counter;
mod defaults;
pub mod hostif;
mod meter;
mod mirror;
mod profile;
mod qos;
mod random;
mod special;
mod turns;
mod view;

pub use profile::{
    BootShape, Breakout, Chip, FlushEvents, LaterPort, Limits, PortProfile, PortRow, Profile, ProfileError,
    Refuse, Resilient, Timing,
};
pub use sim::Simulator;
pub use switch::Switch;
pub use world::World;
