//! The way to switches: running ones by their control socket, or ones of this process.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value as Json;
use switch_sim_live::Network;
use switch_sim_live::control::{self, Address, Client, Request};

use crate::args::Cli;

/// Where switches listen and are looked for when nothing else is said.
pub fn default_socket() -> Address {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    Address::Unix(folder.join("switch-sim.sock"))
}

/// The way to switches.
pub enum Way {
    /// By a control socket.
    Running(Box<Client>),
    /// In this process.
    Here(Box<Network>),
}

impl Way {
    /// To the running switches that the command line names.
    pub fn to_running(cli: &Cli) -> Result<Way> {
        connect(cli).map(|client| Way::Running(Box::new(client)))
    }

    /// Asks, and waits for the answer.
    pub fn call(&mut self, request: &Request) -> Result<Json> {
        match self {
            Way::Running(client) => Ok(client.call(request)?),
            Way::Here(network) => Ok(control::answer(&**network, request)?),
        }
    }
}

/// A connection to the running switches that the command line names.
pub fn connect(cli: &Cli) -> Result<Client> {
    let address = cli.socket.clone().unwrap_or_else(default_socket);
    Client::connect(&address)
        .context("no switches listen here; start some by 'switch-sim run', or name their socket by --socket")
}
