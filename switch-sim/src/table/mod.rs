//! Look-up tables, ignorant of SAI: prefix, exact, ternary and group tables.

pub mod exact;
pub mod prefix;
pub mod ternary;
