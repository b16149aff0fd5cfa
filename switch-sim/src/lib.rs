//! A software switch behind SAI.
pub mod prefetch;
pub mod table;
pub mod wire;
