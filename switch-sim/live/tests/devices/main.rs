//! Network devices and TAP, over veth pairs in a network namespace of each test's own. Needs root and `ip`; says when
//! it is skipped.
#![allow(unsafe_code)]

mod namespace;

mod host;
mod netdev;
mod runner;
mod tap;
