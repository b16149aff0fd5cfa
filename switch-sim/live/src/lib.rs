//! A software switch on real time and real networks.
//!
//! [`switch_sim`] needs no privileges and touches no device. This crate is what stands between its ports and the
//! outside.
//!
//! ```
//! use std::sync::Arc;
//!
//! use switch_sim_live::control::{Client, Request, Server};
//! use switch_sim_live::{Network, Topology};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let topology = Topology::from_toml(
//!     r#"
//!     clock = "virtual" # "system", the default, forwards by itself
//!     profile.boot.ports_up = true
//!     switch = [{ name = "left", ports = 2 }, { name = "right", ports = 2 }]
//!     link = [{ ends = ["left:0", "right:0"], delay = "2us" }]
//!     "#,
//! )?;
//! let network = Arc::new(Network::start(&topology)?);
//! let left = network.node("left").unwrap();
//! let ports = left.session().get(left.switch, sai::switch::PORT_LIST)?; // the typed API
//! assert_eq!(ports.len(), 2);
//!
//! // The program `switch-sim` and others control it by a socket.
//! # let folder = tempfile::tempdir()?;
//! # let socket = folder.path().join("switch-sim.sock");
//! let server = Server::start(network.clone(), &format!("unix:{}", socket.display()).parse()?)?;
//! let mut client = Client::connect(server.address())?;
//! client.call(&Request::Advance { by: 2_000 })?;
//! network.stop()?;
//! # Ok(()) }
//! ```
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
