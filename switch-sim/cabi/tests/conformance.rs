//! The conformance suite through the C interface: on our own `libsai.so` and `sai::dylib`, with packets and
//! clock by the control socket; or on the library that `$SAI_LIBRARY` names, with the profile that
//! `$SAI_PROFILE` names, where cases that need what only the simulator has are skipped and counted.

mod common;
mod opener;
#[path = "../../tests/conformance/suite.rs"]
mod suite;
