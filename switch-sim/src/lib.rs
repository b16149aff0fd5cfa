//! A software switch behind SAI.
pub mod table;
pub mod wire;
