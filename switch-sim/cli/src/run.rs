//! `run`: switches until a signal comes.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use switch_sim::Profile;
use switch_sim_live::control::{Address, Server};
use switch_sim_live::topology::{ClockKind, ProfileSpec, SwitchSpec};
use switch_sim_live::{Network, Topology};

use crate::End;
use crate::args::{Cli, Run};
use crate::way::default_socket;
use crate::web::Page;

/// Runs switches.
pub fn run(cli: &Cli, run: &Run, out: &mut dyn Write) -> Result<End> {
    // First, so that no signal is missed.
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("signals cannot be handled")?;
    let topology = topology(run)?;
    let network = Arc::new(Network::start(&topology)?);
    for node in network.nodes() {
        for difference in &node.setup {
            tracing::warn!(switch = node.name, "setting up: {difference}");
        }
    }
    let address = cli.socket.clone().unwrap_or_else(default_socket);
    let mut servers = vec![listen(&network, &address)?];
    if let Some(port) = run.tcp {
        servers.push(listen(&network, &Address::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, port))))?);
    }
    for server in &servers {
        writeln!(out, "listening on {}", server.address())?;
    }
    let page = run.web.map(|address| Page::start(network.clone(), address)).transpose()?;
    if let Some(page) = &page {
        writeln!(out, "showing on http://{}/", page.address())?;
    }
    let names: Vec<_> = network.nodes().iter().map(|n| n.name.as_str()).collect();
    writeln!(out, "running {}; stop by Ctrl-C", names.join(", "))?;
    out.flush()?;

    let signal = signals.forever().next();
    tracing::info!(?signal, "stopping");
    drop((servers, page));
    network.stop()?;
    for node in network.nodes().iter().filter_map(|n| n.state()) {
        writeln!(out, "saved {}", node.display())?;
    }
    writeln!(out, "stopped")?;
    Ok(End::Good)
}

fn listen(network: &Arc<Network>, address: &Address) -> Result<Server> {
    Server::start(network.clone(), address)
        .with_context(|| format!("cannot listen on {address}; another place is given by --socket"))
}

/// The topology that the command line describes.
fn topology(run: &Run) -> Result<Topology> {
    let mut topology = match &run.topology {
        Some(name) => {
            let known = Topology::load(name);
            known.with_context(|| {
                format!("'{name}' is no topology; 'switch-sim topology' lists the ready ones")
            })?
        }
        None => one(run),
    };
    if let Some(name) = &run.only {
        topology = topology.alone(name)?;
    }
    if let Some(seed) = run.seed {
        topology.seed = seed;
    }
    if let Some(workers) = run.workers {
        topology.workers = workers;
    }
    if run.host_devices {
        topology.switches.iter_mut().for_each(|s| s.host_devices = true);
    }
    if run.virtual_clock {
        topology.clock = ClockKind::Virtual;
    }
    if topology.switches.is_empty() {
        bail!("the topology has no [[switch]]");
    }
    topology.check()?;
    Ok(topology)
}

/// The one switch of a command line without a topology.
fn one(run: &Run) -> Topology {
    let absolute = |p: &PathBuf| std::path::absolute(p).unwrap_or_else(|_| p.clone());
    let profile = match (&run.profile, run.ports) {
        (Some(path), _) => ProfileSpec::File(absolute(path)),
        (None, None) => ProfileSpec::Default,
        (None, Some(count)) => {
            let mut profile = Profile::with_ports(count);
            profile.boot.ports_up = true;
            ProfileSpec::Inline(Box::new(profile))
        }
    };
    let switch = SwitchSpec {
        name: "switch".into(),
        profile,
        state: run.state.clone(),
        recording: run.recording.clone(),
        chaos: run.chaos.clone(),
        setup: run.setup.clone(),
        attach: run.attach.iter().cloned().collect(),
        ..SwitchSpec::default()
    };
    Topology { switches: vec![switch], ..Topology::default() }
}
