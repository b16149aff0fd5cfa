//! The conformance suite on the simulator in process. `switch-sim/cabi/tests/conformance.rs` runs it through
//! the C interface.

#[path = "in_process.rs"]
mod opener;
#[path = "suite.rs"]
mod suite;
