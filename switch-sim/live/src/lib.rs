//! A software switch on real time and real networks.
//!
//! [`switch_sim`] needs no privileges and touches no device. This crate is what stands between its ports and the
//! outside.
//!
//! | module | what |
//! |---|---|
//! | [`frames`] | a batch of frames in one buffer |

pub mod frames;
