//! A running network: the switches of a [`Topology`], their links and attachments.

use std::fs::File;
use std::io::LineWriter;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sai::layer::chaos::{Chaos, Plan};
use sai::layer::record::{Record, system_time};
use sai::text::player::Player;
use sai::text::recording::Recording;
use sai::{Backend, ObjectId, Oid, Session, switch};
use switch_sim::warm::{BOOT_TYPE, Keys, WARM_BOOT_READ_FILE};
use switch_sim::world::{Clock, Wire};
use switch_sim::{Profile, Simulator, World};

use crate::host::HostDevices;
use crate::netdev::NetDev;
use crate::pcap::{CaptureError, Reader, Writer};
use crate::runner::Runner;
use crate::tap::Tap;
use crate::topology::{Attach, ClockKind, PortName, ProfileSpec, SwitchSpec, Topology, TopologyError, wrong};

/// A switch of a network.
#[derive(Debug)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// The simulator that it is the only switch of.
    pub sim: Simulator,
    /// The way to it with its layers (recording, faults).
    pub backend: Arc<dyn Backend>,
    /// Its id.
    pub switch: Oid<switch::Switch>,
    /// What went otherwise than the recording that set it up says.
    pub setup: Vec<String>,
    record: Option<Arc<Record>>,
    state: Option<PathBuf>,
}

impl Node {
    /// A session on it, through its layers.
    pub fn session(&self) -> Session {
        Session::on(self.backend.clone(), self.switch)
    }

    /// Its ports, in order.
    ///
    /// # Errors
    /// When the switch is gone.
    pub fn ports(&self) -> sai::Result<Vec<ObjectId>> {
        let session = Session::on(Arc::new(self.sim.clone()), self.switch);
        Ok(session.get(self.switch, switch::PORT_LIST)?.into_iter().map(Oid::raw).collect())
    }

    /// The port at a place, from 0.
    ///
    /// # Errors
    /// When there is none; the text says how many there are.
    pub fn port(&self, place: usize) -> sai::Result<ObjectId> {
        let ports = self.ports()?;
        ports.get(place).copied().ok_or_else(|| {
            let why = format!("{} has no port {place}; it has {} of them, from 0", self.name, ports.len());
            sai::Error::because(sai::Status::ITEM_NOT_FOUND, why)
        })
    }

    /// The file that its state is saved to when the network stops.
    pub fn state(&self) -> Option<&Path> {
        self.state.as_deref()
    }

    /// Writes its state to a file that [`SwitchSpec::state`] takes.
    ///
    /// # Errors
    /// When the switch is gone or the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), TopologyError> {
        let at = || format!("{}: {}", self.name, path.display());
        let snapshot =
            self.sim.with_switch(self.switch.raw(), |sw| sw.snapshot()).map_err(|e| wrong(at(), e))?;
        let bytes = snapshot.to_bytes().map_err(|e| wrong(at(), e))?;
        // Whole or not at all: a crash leaves the state from before.
        let part = part_of(path);
        std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, path)).map_err(|e| wrong(at(), e))
    }
}

/// A running network.
#[derive(Debug)]
pub struct Network {
    world: World,
    nodes: Vec<Node>,
    runner: Option<Runner>,
    captures: Vec<Arc<Capture>>,
}

impl Network {
    /// Boots the switches, joins them and attaches them. On the system's clock they forward from then on.
    ///
    /// # Errors
    /// When a file, a device or a port that the topology names cannot be had.
    pub fn start(topology: &Topology) -> Result<Network, TopologyError> {
        let world = match topology.clock {
            ClockKind::Virtual => World::new(topology.seed),
            ClockKind::System => World::real_time(topology.seed),
        };
        let mut network = Network { world, nodes: Vec::new(), runner: None, captures: Vec::new() };
        for spec in &topology.switches {
            let node = network.boot(topology, spec).map_err(|e| match e {
                TopologyError::Value { .. } => e,
                other => wrong(&spec.name, other),
            })?;
            network.nodes.push(node);
        }
        for link in &topology.links {
            let at = |e: &dyn std::fmt::Display| {
                wrong(format_args!("link {} - {}", link.ends[0], link.ends[1]), e)
            };
            let [a, b] = [&link.ends[0], &link.ends[1]].map(|end| network.port(end));
            let ((a, port_a), (b, port_b)) = (a.map_err(|e| at(&e))?, b.map_err(|e| at(&e))?);
            network.world.connect((&a.sim, port_a), (&b.sim, port_b), link.cable()).map_err(|e| at(&e))?;
        }
        if topology.clock == ClockKind::System {
            let runner = Runner::start_with(network.world.clone(), topology.workers);
            network.runner = Some(runner.map_err(|e| wrong("the forwarding threads", e))?);
        } else {
            network.world.set_workers(topology.workers).map_err(|e| wrong("the worker threads", e))?;
        }
        for spec in &topology.switches {
            for (place, attach) in &spec.attach {
                let end = PortName { switch: spec.name.clone(), port: place.parse().unwrap_or(usize::MAX) };
                network.attach(&end, attach, &topology.base)?;
            }
        }
        Ok(network)
    }

    fn boot(&self, topology: &Topology, spec: &SwitchSpec) -> Result<Node, TopologyError> {
        let base = &topology.base;
        let profile = profile(topology, spec)?;
        let state = spec.state.as_ref().map(|path| base.join(path));
        if let Some(path) = &state {
            // Now and not at the end, when it would be lost.
            let part = part_of(path);
            let made = File::create(&part).and_then(|_| std::fs::remove_file(&part));
            made.map_err(|e| wrong(&spec.name, format_args!("{}: {e}", part.display())))?;
        }
        let mut keys = Keys::default();
        if let Some(path) = state.as_ref().filter(|p| p.exists()) {
            let file = path.display().to_string();
            keys = [(BOOT_TYPE, "1"), (WARM_BOOT_READ_FILE, &file)].into_iter().collect();
        }
        let sim = self.world.simulator_with_keys(profile, keys);
        let mut backend: Arc<dyn Backend> = Arc::new(sim.clone());
        if let Some(path) = &spec.chaos {
            let path = base.join(path);
            let plan = Plan::from_toml(&read(&path)?).map_err(|e| wrong(path.display(), e))?;
            backend = Arc::new(Chaos::new(backend, plan, Arc::new(self.world.clone())));
        }
        if spec.host_devices {
            let layer = HostDevices::new(backend, self.world.clone(), sim.clone());
            backend = Arc::new(layer.map_err(|e| wrong(&spec.name, e))?);
        }
        let mut record = None;
        if let Some(path) = &spec.recording {
            let path = base.join(path);
            let file = File::create(&path).map_err(|source| TopologyError::Read { path, source })?;
            // By lines, so that what was called before a crash is there.
            let layer = Arc::new(Record::new(backend, LineWriter::new(file), system_time));
            record = Some(layer.clone());
            backend = layer;
        }
        let mut setup = Vec::new();
        let restored = state.as_ref().is_some_and(|p| p.exists());
        if let (Some(path), false) = (&spec.setup, restored) {
            let path = base.join(path);
            let bytes =
                std::fs::read(&path).map_err(|source| TopologyError::Read { path: path.clone(), source })?;
            let recording = Recording::from_bytes(&bytes).map_err(|e| wrong(path.display(), e))?;
            let report = Player::new(|| backend.clone()).play(&recording);
            setup = report.differences.iter().map(ToString::to_string).collect();
        }
        let switch = match sim.switches().first().and_then(|id| NonZeroU64::new(id.0)) {
            Some(id) => Oid::new(id),
            None => Session::new(backend.clone())
                .create_switch(switch::Required { init_switch: true })
                .map_err(|e| wrong(&spec.name, e))?
                .id(),
        };
        if record.is_some() {
            introduce(&Session::on(backend.clone(), switch), switch).map_err(|e| wrong(&spec.name, e))?;
        }
        Ok(Node { name: spec.name.clone(), sim, backend, switch, setup, record, state })
    }

    /// Attaches a port. What it was attached to before goes.
    ///
    /// # Errors
    /// When there is no such port, or the device or file cannot be had.
    pub fn attach(&mut self, port: &PortName, attach: &Attach, base: &Path) -> Result<(), TopologyError> {
        let (node, id) = self.port(port).map_err(|e| wrong(port, e))?;
        let sim = node.sim.clone();
        let runner = || {
            let virtual_clock = || wrong(port, format_args!("{attach} needs the system's clock"));
            self.runner.as_ref().ok_or_else(virtual_clock)
        };
        match attach {
            Attach::Memory => self.world.disconnect(&sim, id),
            Attach::NetDev(name) => {
                let device = NetDev::open(name).map_err(|e| wrong(port, e))?;
                runner()?.attach(&sim, id, device)
            }
            Attach::Tap(name) => {
                let device = Tap::open(name).map_err(|e| wrong(port, e))?;
                runner()?.attach(&sim, id, device)
            }
            Attach::Pcap(input, output) => {
                let fail = |e: CaptureError| wrong(port, e);
                if let Some(path) = output {
                    let writer = Writer::create(base.join(path), &[&port.to_string()]).map_err(fail)?;
                    let capture = Arc::new(Capture::new(writer, self.world.clock().clone()));
                    self.captures.push(capture.clone());
                    self.world.attach(&sim, id, capture).map_err(|e| wrong(port, e))?;
                }
                if let Some(path) = input {
                    let frames: Vec<_> =
                        Reader::open(base.join(path)).and_then(Iterator::collect).map_err(fail)?;
                    let first = frames.first().map_or(Duration::ZERO, |c| c.at);
                    let start = self.world.now();
                    for c in frames {
                        let at = start + c.at.saturating_sub(first).as_nanos() as u64;
                        self.world.inject_at(&sim, id, at, c.frame).map_err(|e| wrong(port, e))?;
                    }
                }
                Ok(())
            }
        }
        .map_err(|e| wrong(port, e))
    }

    /// The world.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The thread that forwards, on the system's clock.
    pub fn runner(&self) -> Option<&Runner> {
        self.runner.as_ref()
    }

    /// The switches, in the order of the topology.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// A switch by name.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|n| n.name == name)
    }

    /// A port by name.
    ///
    /// # Errors
    /// When there is no such switch or port; the text says which there are.
    pub fn port(&self, name: &PortName) -> sai::Result<(&Node, ObjectId)> {
        let node = self.node(&name.switch).ok_or_else(|| {
            let all: Vec<_> = self.nodes.iter().map(|n| n.name.as_str()).collect();
            let why = format!("there is no switch {}; there are {}", name.switch, all.join(", "));
            sai::Error::because(sai::Status::ITEM_NOT_FOUND, why)
        })?;
        Ok((node, node.port(name.port)?))
    }

    /// Stops: the devices are let go, states saved, recordings and captures completed.
    ///
    /// # Errors
    /// The first file that could not be written; the others are.
    pub fn stop(&self) -> Result<(), TopologyError> {
        if let Some(runner) = &self.runner {
            runner.stop();
        }
        let mut first = Ok(());
        let mut keep = |done: Result<(), TopologyError>| {
            if first.is_ok() {
                first = done;
            }
        };
        for node in &self.nodes {
            if let Some(path) = &node.state {
                keep(node.save(path));
            }
            if let Some(record) = &node.record {
                keep(record.flush().map_err(|e| wrong(&node.name, format_args!("recording: {e}"))));
            }
        }
        for capture in &self.captures {
            keep(capture.finish().map_err(|e| wrong("capture", e)));
        }
        first
    }
}

/// Reads what the switch made at boot, so that a recording tells what those ids stand for.
fn introduce(session: &Session, id: Oid<switch::Switch>) -> sai::Result<()> {
    session.get(id, (switch::PORT_LIST, switch::CPU_PORT, switch::DEFAULT_VIRTUAL_ROUTER_ID))?;
    let (bridge, vlan) = session.get(id, (switch::DEFAULT_1Q_BRIDGE_ID, switch::DEFAULT_VLAN_ID))?;
    session.get(bridge, sai::bridge::PORT_LIST)?;
    session.get(vlan, sai::vlan::MEMBER_LIST).map(drop)
}

/// A file that takes what a port sends.
#[derive(Debug)]
struct Capture {
    clock: Clock,
    file: Mutex<(Writer, Option<CaptureError>)>,
}

impl Capture {
    fn new(writer: Writer, clock: Clock) -> Capture {
        Capture { clock, file: Mutex::new((writer, None)) }
    }

    fn finish(&self) -> Result<(), CaptureError> {
        let mut file = self.file.lock();
        match file.1.take() {
            Some(error) => Err(error),
            None => file.0.flush(),
        }
    }
}

impl Wire for Capture {
    fn send(&self, frame: &[u8]) {
        let at = Duration::from_nanos(self.clock.now());
        let (writer, failed) = &mut *self.file.lock();
        if failed.is_none() {
            *failed = writer.write(at, 0, frame).err();
        }
    }
}

/// Where a state is written before it takes its file's place.
fn part_of(path: &Path) -> PathBuf {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    part.into()
}

fn read(path: &Path) -> Result<String, TopologyError> {
    std::fs::read_to_string(path).map_err(|source| TopologyError::Read { path: path.to_owned(), source })
}

/// The profile of a switch.
fn profile(topology: &Topology, spec: &SwitchSpec) -> Result<Profile, TopologyError> {
    let given = if spec.profile == ProfileSpec::Default { &topology.profile } else { &spec.profile };
    let mut profile = match given {
        ProfileSpec::Default => Profile::default(),
        ProfileSpec::Inline(profile) => (**profile).clone(),
        ProfileSpec::File(path) => {
            Profile::load(topology.base.join(path)).map_err(|e| wrong(&spec.name, e))?
        }
    };
    if let Some(count) = spec.ports {
        let Profile { name, chip, ports, .. } = Profile::with_ports(count);
        profile = Profile { name, chip, ports, port: Vec::new(), ..profile };
    }
    if let Some(mac) = spec.mac {
        profile.mac = mac;
    }
    profile.check().map_err(|e| wrong(&spec.name, e))?;
    Ok(profile)
}
