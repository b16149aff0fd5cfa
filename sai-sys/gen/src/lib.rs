//! The SAI interface as data, and what is rendered from it.
pub mod model;
