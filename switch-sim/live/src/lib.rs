//! A software switch on real time and real networks.
//!
//! [`switch_sim`] needs no privileges and touches no device. This crate is what stands between its ports and the
//! outside.
//!
//! | module | what |
//! |---|---|
//! | [`runner`] | a thread that runs a world on the system's clock, with ports attached to devices |
//! | [`topology`], [`network`] | networks of switches, from TOML |
//! | [`control`] | the control protocol: JSON over a socket |
//! | [`host`] | host interfaces as network devices of the kernel's |
//! | [`device`] | what a port can be attached to |
//! | [`netdev`] | network devices, by batched packet sockets |
//! | [`tap`] | TAP devices |
//! | [`pcap`] | captures, read and written |
//! | [`offload`] | what the kernel leaves to a network card: checksums, aggregates, tags |
//! | [`frames`] | a batch of frames in one buffer |
//!
//! Linux only. What needs privileges says so in its error.

pub mod control;
pub mod device;
pub mod frames;
pub mod host;
pub mod netdev;
pub mod network;
pub mod offload;
pub mod pcap;
pub mod runner;
mod sys;
pub mod tap;
pub mod topology;

pub use host::HostDevices;
pub use network::Network;
pub use runner::Runner;
pub use topology::Topology;
