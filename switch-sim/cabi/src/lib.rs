//! The simulator as `libsai.so`: the functions of SAI over [`switch_sim::Simulator`].

#![allow(unsafe_code)]

mod living;
mod log;
mod profile;

use std::sync::Arc;

use sai::abi::export::Services;
use sai::{Backend, Result};

sai::export_library!(super::open, super::log::set_level);

/// Opens the simulator as the client's profile says.
fn open(services: &Services) -> Result<Arc<dyn Backend>> {
    log::start(services);
    profile::backend(services)
}
