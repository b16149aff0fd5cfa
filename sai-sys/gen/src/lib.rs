//! The SAI interface as data, and what is rendered from it.
//!
//! [`model`] is the interface as Rust types, [`render`] writes the repository's generated files from it,
//! and [`tree`] compares them with what is committed.
pub mod ctype;
pub mod diff;
pub mod format;
pub mod import;
pub mod json;
pub mod libclang;
pub mod macros;
pub mod model;
pub mod render;
pub mod since;
pub mod tree;
