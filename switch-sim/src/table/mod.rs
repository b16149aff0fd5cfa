//! Look-up tables, ignorant of SAI: prefix, exact, ternary and group tables, and the hashes that pick members.

pub mod exact;
pub mod group;
pub mod hash;
pub mod meter;
pub mod prefix;
pub mod ternary;
