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
use switch_sim_live::topology::{Attach, ClockKind, ProfileSpec, SwitchSpec};
use switch_sim_live::{Network, Topology, netdev};

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
    let mut servers = vec![listen(&network, &address, "--socket")?];
    if let Some(port) = run.tcp {
        let address = Address::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        servers.push(listen(&network, &address, "--tcp")?);
    }
    let page = run.web.map(|address| Page::start(network.clone(), address)).transpose()?;
    for server in &servers {
        writeln!(out, "listening on {}", server.address())?;
    }
    if let Some(page) = &page {
        writeln!(out, "showing on http://{}/", page.address())?;
    }
    writeln!(out, "running {}; stop by Ctrl-C", names(&network))?;
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

/// The names of the switches; of many the first and the last.
fn names(network: &Network) -> String {
    const MOST: usize = 20;
    let names: Vec<_> = network.nodes().iter().map(|n| n.name.as_str()).collect();
    match &names[..] {
        [first, .., last] if names.len() > MOST => format!("{} switches, {first} to {last}", names.len()),
        _ => names.join(", "),
    }
}

fn listen(network: &Arc<Network>, address: &Address, option: &str) -> Result<Server> {
    Server::start(network.clone(), address)
        .with_context(|| format!("cannot listen on {address}; name another place by {option}"))
}

/// The topology that the command line describes.
fn topology(run: &Run) -> Result<Topology> {
    let mut topology = match &run.topology {
        Some(name) => Topology::load(name)?,
        None => one(run),
    };
    if let Some(name) = &run.only {
        topology = topology.alone(name)?;
        has_devices(&topology, run.topology.as_deref().unwrap_or_default())?;
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

/// Whether the network devices are there that stand for the links of a switch that runs alone.
fn has_devices(alone: &Topology, of: &str) -> Result<()> {
    let there = netdev::list().context("the network devices")?;
    for attach in alone.switches.iter().flat_map(|s| s.attach.values()) {
        if let Attach::NetDev(name) = attach
            && !there.contains(name)
        {
            bail!(
                "there is no network device {name}; 'switch-sim topology {of} --devices' prints what makes it"
            );
        }
    }
    Ok(())
}

/// The profile that a number of ports stands for.
pub fn profile(ports: u32) -> Profile {
    let mut profile = Profile::with_ports(ports);
    profile.boot.ports_up = true;
    profile
}

/// The one switch of a command line without a topology.
fn one(run: &Run) -> Topology {
    let absolute = |p: &PathBuf| std::path::absolute(p).unwrap_or_else(|_| p.clone());
    let profile = match (&run.profile, run.ports) {
        (Some(path), _) => ProfileSpec::File(absolute(path)),
        (None, None) => ProfileSpec::Default,
        (None, Some(count)) => ProfileSpec::Inline(Box::new(profile(count))),
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
