//! Networks of switches as TOML: which switches there are, how their ports are joined, what they are attached to.
//!
//! ```toml
//! clock = "virtual"                        # or "system", the default
//!
//! [[switch]]
//! name = "leaf1"
//! ports = 6
//! attach = { 4 = "netdev:eth1", 5 = "pcap:in.pcap:out.pcap" }
//!
//! [[switch]]
//! name = "spine1"
//! ports = 4
//!
//! [[link]]
//! ends = ["leaf1:0", "spine1:0"]           # switch and place of the port, from 0
//! delay = "2us"
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use switch_sim::Profile;
use switch_sim::world::Cable;

/// Why a topology makes no sense. The text names file, line and key, or the switch or link.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TopologyError {
    /// A file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text is no TOML, or has a key that a topology does not have.
    #[error(transparent)]
    Syntax(#[from] sai::text::TextError),
    /// The parts do not fit together.
    #[error("{at}: {reason}")]
    Value {
        /// The switch or link.
        at: String,
        /// Why.
        reason: String,
    },
}

pub(crate) fn wrong(at: impl fmt::Display, reason: impl fmt::Display) -> TopologyError {
    TopologyError::Value { at: at.to_string(), reason: reason.to_string() }
}

/// The clock of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockKind {
    /// The system's: switches forward by themselves.
    #[default]
    System,
    /// Time passes when it is told to: every run is the same.
    Virtual,
}

/// A network of switches.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Topology {
    /// The clock.
    pub clock: ClockKind,
    /// What chance (the loss of links) is drawn from.
    pub seed: u64,
    /// How many threads forward: on the system's clock ports are dealt out to them
    /// ([`Runner::start_with`](crate::Runner::start_with)), on a virtual clock they share frames that come together
    /// ([`World::set_workers`](switch_sim::World::set_workers)).
    pub workers: NonZeroUsize,
    /// The profile of switches that have none of their own.
    pub profile: ProfileSpec,
    /// The switches.
    #[serde(rename = "switch")]
    pub switches: Vec<SwitchSpec>,
    /// The links between them.
    #[serde(rename = "link")]
    pub links: Vec<LinkSpec>,
    /// The folder that paths start from.
    #[serde(skip)]
    pub base: PathBuf,
}

impl Default for Topology {
    fn default() -> Topology {
        Topology {
            clock: ClockKind::default(),
            seed: 0,
            workers: NonZeroUsize::MIN,
            profile: ProfileSpec::default(),
            switches: Vec::new(),
            links: Vec::new(),
            base: PathBuf::new(),
        }
    }
}

/// A switch.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SwitchSpec {
    /// Its name.
    pub name: String,
    /// Its profile: the path of a file, or the profile itself; the topology's where left out.
    pub profile: ProfileSpec,
    /// Its MAC address, instead of the profile's.
    pub mac: Option<sai::MacAddr>,
    /// How many ports of one lane it has, instead of those of the profile.
    pub ports: Option<u32>,
    /// A recording to play at boot: the switch as its client set it up.
    pub setup: Option<PathBuf>,
    /// The snapshot that the switch begins from, if the file is there, and leaves when it stops.
    pub state: Option<PathBuf>,
    /// The file that calls and notifications are recorded to, in the sairedis form.
    pub recording: Option<PathBuf>,
    /// A plan of faults to inject.
    pub chaos: Option<PathBuf>,
    /// Whether host interfaces of type NETDEV are network devices of the kernel's; needs `CAP_NET_ADMIN`.
    pub host_devices: bool,
    /// What ports are attached to, by their place from 0.
    pub attach: BTreeMap<String, Attach>,
}

/// Where a profile comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ProfileSpec {
    /// The default.
    #[default]
    Default,
    /// A file.
    File(PathBuf),
    /// Given here.
    Inline(Box<Profile>),
}

impl<'de> Deserialize<'de> for ProfileSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ProfileSpec, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::String(path) => Ok(ProfileSpec::File(path.into())),
            value => {
                let profile = Profile::deserialize(value).map_err(serde::de::Error::custom)?;
                Ok(ProfileSpec::Inline(Box::new(profile)))
            }
        }
    }
}

/// What a port is attached to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attach {
    /// Nothing: what it sends waits to be received.
    Memory,
    /// A network device.
    NetDev(String),
    /// A TAP device.
    Tap(String),
    /// A capture that is played into the port by its times, from the start on; one that takes what the port sends.
    Pcap(Option<PathBuf>, Option<PathBuf>),
}

impl FromStr for Attach {
    type Err = String;

    fn from_str(text: &str) -> Result<Attach, String> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let path = |p: &str| (!p.is_empty()).then(|| PathBuf::from(p));
        match kind {
            "memory" if rest.is_empty() => Ok(Attach::Memory),
            "netdev" if !rest.is_empty() => Ok(Attach::NetDev(rest.into())),
            "tap" if !rest.is_empty() => Ok(Attach::Tap(rest.into())),
            "pcap" if rest.len() > 1 => {
                let (input, output) = rest.split_once(':').unwrap_or((rest, ""));
                Ok(Attach::Pcap(path(input), path(output)))
            }
            _ => Err(format!(
                "'{text}' is nothing that a port can be attached to; it is memory, netdev:NAME, tap:NAME or pcap:IN:OUT (either file may be left out)"
            )),
        }
    }
}

impl fmt::Display for Attach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = |p: &Option<PathBuf>| p.as_ref().map(|p| p.display().to_string()).unwrap_or_default();
        match self {
            Attach::Memory => write!(f, "memory"),
            Attach::NetDev(name) => write!(f, "netdev:{name}"),
            Attach::Tap(name) => write!(f, "tap:{name}"),
            Attach::Pcap(input, output) => write!(f, "pcap:{}:{}", path(input), path(output)),
        }
    }
}

impl<'de> Deserialize<'de> for Attach {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Attach, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A port by the name of its switch and its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortName {
    /// The switch.
    pub switch: String,
    /// The place among the switch's ports, from 0.
    pub port: usize,
}

impl FromStr for PortName {
    type Err = String;

    fn from_str(text: &str) -> Result<PortName, String> {
        let parts = text.rsplit_once(':').and_then(|(s, p)| Some((s, p.parse().ok()?)));
        match parts {
            Some((switch, port)) if !switch.is_empty() => Ok(PortName { switch: switch.into(), port }),
            _ => Err(format!("'{text}' names no port; a port is SWITCH:PLACE, as leaf1:0")),
        }
    }
}

impl fmt::Display for PortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.switch, self.port)
    }
}

impl<'de> Deserialize<'de> for PortName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PortName, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A link between two ports.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkSpec {
    /// Its ends.
    pub ends: [PortName; 2],
    /// How long a frame travels, as `500ns`, `2us`, `10ms`; 500 ns where left out.
    #[serde(default, deserialize_with = "duration")]
    pub delay: Option<Duration>,
    /// The share of frames that are lost, 0.0 to 1.0.
    #[serde(default)]
    pub loss: f64,
}

impl LinkSpec {
    /// The cable that it is.
    pub fn cable(&self) -> Cable {
        let plain = Cable::default();
        Cable { delay: self.delay.unwrap_or(plain.delay), loss: self.loss }
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map(Some).map_err(serde::de::Error::custom)
}

/// The ready topologies by name.
pub const READY: &[(&str, &str)] = &[
    ("leaf-spine-4x2", include_str!("../topologies/leaf-spine-4x2.toml")),
    ("fat-tree-20", include_str!("../topologies/fat-tree-20.toml")),
];

impl Topology {
    /// Reads a topology from TOML.
    ///
    /// # Errors
    /// For TOML that is none, an unknown key, or parts that do not fit together.
    pub fn from_toml(text: &str) -> Result<Topology, TopologyError> {
        let topology: Topology = sai::text::toml::read(text)?;
        topology.check()?;
        Ok(topology)
    }

    /// Reads a topology from a file, or takes the ready one of that name. Paths in a file start from its folder.
    ///
    /// # Errors
    /// As [`from_toml`](Topology::from_toml), and when the file cannot be read.
    pub fn load(name: &str) -> Result<Topology, TopologyError> {
        if let Some((_, text)) = READY.iter().find(|(ready, _)| *ready == name) {
            return Topology::from_toml(text);
        }
        let path = Path::new(name);
        let text = std::fs::read_to_string(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => {
                let ready: Vec<_> = READY.iter().map(|(name, _)| *name).collect();
                wrong(
                    name,
                    format_args!(
                        "there is no such file, and no ready topology of that name ({})",
                        ready.join(", ")
                    ),
                )
            }
            _ => TopologyError::Read { path: path.to_owned(), source },
        })?;
        let mut topology = Topology::from_toml(&text).map_err(|e| wrong(path.display(), e))?;
        topology.base = path.parent().map(Path::to_owned).unwrap_or_default();
        Ok(topology)
    }

    /// One switch of a topology, whose links to the others are network devices, named `SWITCH-PLACE`.
    ///
    /// # Errors
    /// When there is no such switch, or the kernel does not take the name of a device.
    pub fn alone(&self, name: &str) -> Result<Topology, TopologyError> {
        let switch = self.switches.iter().find(|s| s.name == name);
        let mut switch = switch
            .ok_or_else(|| {
                let all: Vec<_> = self.switches.iter().map(|s| s.name.as_str()).collect();
                wrong(name, format_args!("there is no such switch; there are {}", all.join(", ")))
            })?
            .clone();
        for end in self.links.iter().flat_map(|l| &l.ends).filter(|end| end.switch == name) {
            switch.attach.insert(end.port.to_string(), Attach::NetDev(device(end)?));
        }
        Ok(Topology {
            clock: ClockKind::System,
            seed: self.seed,
            workers: self.workers,
            profile: self.profile.clone(),
            switches: vec![switch],
            links: Vec::new(),
            base: self.base.clone(),
        })
    }

    /// The names of the pairs of network devices that stand for the links when each switch is a process.
    ///
    /// # Errors
    /// When the kernel does not take one of them.
    pub fn device_pairs(&self) -> Result<Vec<[String; 2]>, TopologyError> {
        self.links.iter().map(|l| Ok([device(&l.ends[0])?, device(&l.ends[1])?])).collect()
    }

    /// Checks that the parts fit together, as reading a topology does.
    ///
    /// # Errors
    /// Names the switch or link.
    pub fn check(&self) -> Result<(), TopologyError> {
        let mut names = BTreeSet::new();
        for switch in &self.switches {
            let name = &switch.name;
            if name.is_empty() || name.contains([':', '/', ' ']) {
                return Err(wrong("[[switch]]", format_args!("'{name}' is no name for a switch")));
            }
            if !names.insert(name.as_str()) {
                return Err(wrong(name, "two switches have this name"));
            }
            if let Some(place) = switch.attach.keys().find(|p| p.parse::<usize>().is_err()) {
                return Err(wrong(
                    name,
                    format_args!("attach.{place}: the key is the place of a port, from 0"),
                ));
            }
            let needs_time = |a: &&Attach| matches!(a, Attach::NetDev(_) | Attach::Tap(_));
            if let (ClockKind::Virtual, Some(a)) = (self.clock, switch.attach.values().find(needs_time)) {
                return Err(wrong(
                    name,
                    format_args!("{a} needs the system's clock, and the clock is virtual"),
                ));
            }
        }
        let mut ends = BTreeSet::new();
        for link in &self.links {
            let [a, b] = &link.ends;
            let at = format!("link {a} - {b}");
            for end in [a, b] {
                if !names.contains(end.switch.as_str()) {
                    return Err(wrong(at, format_args!("there is no switch {}", end.switch)));
                }
                let attached = self
                    .switches
                    .iter()
                    .any(|s| s.name == end.switch && s.attach.contains_key(&end.port.to_string()));
                if !ends.insert(end) || attached {
                    return Err(wrong(at, format_args!("port {end} is joined or attached already")));
                }
            }
            if !(0.0..=1.0).contains(&link.loss) {
                return Err(wrong(at, "loss is a share, from 0.0 to 1.0"));
            }
        }
        Ok(())
    }
}

/// The name of the network device that stands for a port when each switch is a process: `SWITCH-PLACE`.
///
/// # Errors
/// When it is longer than the 15 bytes that the kernel takes.
fn device(port: &PortName) -> Result<String, TopologyError> {
    const LONGEST: usize = 15;
    let name = format!("{}-{}", port.switch, port.port);
    if name.len() > LONGEST {
        let why = format!(
            "a network device cannot be named {name}, only by {LONGEST} bytes: give the switch a shorter name"
        );
        return Err(wrong(port, why));
    }
    Ok(name)
}
