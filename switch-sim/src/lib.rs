//! A software switch behind SAI.

pub mod feature;
pub mod prefetch;
pub mod query;
pub mod resources;
pub mod sim;
pub mod stats;
pub mod store;
pub mod switch;
pub mod table;
pub mod wire;

mod boot;
mod defaults;
mod port;
mod profile;
mod view;

pub use profile::{BootShape, Chip, Limits, PortProfile, PortRow, Profile, ProfileError, Refuse};
pub use sim::Simulator;
pub use switch::Switch;
