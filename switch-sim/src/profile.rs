//! What a modelled chip has and refuses: ports, lanes, speeds, table sizes, how it boots.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use sai::{AttrEntry, Value, switch};
use serde::{Deserialize, Serialize};

mod breakout;
mod check;
mod refusals;
pub(crate) mod sizes;
mod sonic;

pub(crate) use refusals::Refusals;

/// A chip's personality, read from TOML. Every key may be left out; the default is the common chip of
/// 32 ports with 4 lanes each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    /// A name to tell it by.
    pub name: String,
    /// `SAI_SWITCH_ATTR_SWITCH_HARDWARE_INFO` values for which the profile is chosen.
    pub hardware_info: Vec<String>,
    /// `SAI_SWITCH_ATTR_SWITCH_PROFILE_ID` values for which the profile is chosen.
    pub profile_id: Vec<u32>,
    /// The source MAC address when the client gives none.
    pub mac: sai::MacAddr,
    /// The chip.
    pub chip: Chip,
    /// The ports at boot, in a row.
    pub ports: PortRow,
    /// The ports at boot one by one; replaces [`Profile::ports`] where given.
    pub port: Vec<PortProfile>,
    /// The network devices of ports that are created later (a port that is broken out), by their lanes.
    pub later: Vec<LaterPort>,
    /// The speeds in Mbps that a port of this many lanes can have.
    pub speeds: BTreeMap<String, Vec<u32>>,
    /// How it boots.
    pub boot: BootShape,
    /// How long its ports take to send.
    pub timing: Timing,
    /// How a flush of the FDB is told.
    pub fdb_flush_events: FlushEvents,
    /// Table sizes.
    pub limits: Limits,
    /// Groups whose members come and go without moving the flows of others.
    pub resilient: Resilient,
    /// What it refuses.
    pub refuse: Refuse,
    /// Onto which lanes ports can be created.
    pub breakout: Breakout,
    /// Features that the chip has or lacks, by API: `acl = false` for `SAI_API_ACL`. What is not named is
    /// there. Creating an object of a feature that is off answers `NOT_SUPPORTED`, an attribute that can name
    /// only such objects `ATTR_NOT_SUPPORTED_n`, and the queries say so.
    pub features: BTreeMap<String, bool>,
}

/// What the chip is built of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Chip {
    /// Serdes lanes; they are numbered from 1.
    pub lanes: u32,
    /// The most ports at a time, the CPU port not counted; 0 for as many as lanes.
    pub max_ports: u32,
    /// The largest MTU in bytes.
    pub max_mtu: u32,
    /// Unicast queues a port.
    pub unicast_queues: u32,
    /// Multicast queues a port.
    pub multicast_queues: u32,
    /// Queues of the CPU port.
    pub cpu_queues: u32,
    /// Packets that a queue of the CPU port holds until the host takes them.
    pub cpu_queue_packets: u32,
    /// Ingress priority groups a port.
    pub priority_groups: u32,
    /// Traffic classes.
    pub traffic_classes: u8,
    /// Packet buffer in bytes, shared by all queues.
    pub buffer_size: u64,
    /// Bytes that one queue of a port may hold; used with [`Timing::Wire`].
    pub queue_size: u64,
}

/// How long ports take to send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// No time: every frame leaves at once, and no queue fills.
    #[default]
    Ideal,
    /// As long as the frame takes on the wire at the port's speed; what comes meanwhile waits in queues of
    /// [`Chip::queue_size`] bytes.
    Wire,
}

/// How a flush of the FDB is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlushEvents {
    /// An event for each entry that goes.
    #[default]
    Each,
    /// One event a type of entry, with the address 00:00:00:00:00:00, the VLAN or bridge and the bridge port that
    /// were named, whatever goes.
    Consolidated,
}

/// Onto which lanes a client can create ports. The default is any lanes that no port has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Breakout {
    /// Whether ports can be created on other sets of lanes than those of the boot's.
    pub allowed: bool,
    /// Lanes of a port macro, counted from lane 1: a port lies within one. 0 where there are none.
    pub group: u32,
    /// A port of n lanes has n in a row, the first a multiple of n after the macro's first.
    pub aligned: bool,
}

impl Default for Breakout {
    fn default() -> Breakout {
        Breakout { allowed: true, group: 0, aligned: false }
    }
}

/// Ports of one kind in a row, from lane 1 on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PortRow {
    /// How many.
    pub count: u32,
    /// Lanes of each.
    pub lanes: u32,
    /// Speed in Mbps.
    pub speed: u32,
}

/// One port at boot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortProfile {
    /// Its lanes.
    pub lanes: Vec<u32>,
    /// Its speed in Mbps.
    pub speed: u32,
    /// The network device that it attaches to.
    #[serde(default)]
    pub device: Option<String>,
}

/// A port that may be created after the boot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaterPort {
    /// Its lanes.
    pub lanes: Vec<u32>,
    /// The network device that it attaches to.
    pub device: String,
}

/// How a switch boots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BootShape {
    /// A bridge port for each port.
    pub bridge_ports: bool,
    /// Each bridge port an untagged member of VLAN 1; needs bridge ports.
    pub vlan_members: bool,
    /// Ports administratively up.
    pub ports_up: bool,
    /// A link partner at each port, so that a port comes up when it is enabled.
    pub link_up: bool,
}

/// The buckets of resilient groups: a change of members moves only the flows that it must. 0 lays a group out anew
/// at each change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Resilient {
    /// Buckets of each LAG, up to 65,536.
    pub lag: u32,
    /// Buckets of each next-hop group of type `DYNAMIC_UNORDERED_ECMP`, up to 65,536.
    pub ecmp: u32,
}

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident = $default:literal,)*) => {
        /// How many entries and objects fit.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Limits { $($(#[$doc])* pub $name: u32,)* }
        impl Default for Limits {
            fn default() -> Limits {
                Limits { $($name: $default,)* }
            }
        }
    };
}

limits! {
    /// IPv4 routes.
    ipv4_routes = 2_000_000,
    /// IPv6 routes.
    ipv6_routes = 1_000_000,
    /// IPv4 next hops.
    ipv4_next_hops = 65_536,
    /// IPv6 next hops.
    ipv6_next_hops = 65_536,
    /// IPv4 neighbors.
    ipv4_neighbors = 65_536,
    /// IPv6 neighbors.
    ipv6_neighbors = 65_536,
    /// Next-hop groups.
    next_hop_groups = 4_096,
    /// Next-hop-group members.
    next_hop_group_members = 131_072,
    /// Members of one next-hop group.
    ecmp_width = 1_024,
    /// FDB entries.
    fdb = 131_072,
    /// L2 multicast entries.
    l2mc = 8_192,
    /// IP multicast entries.
    ipmc = 8_192,
    /// Source NAT entries.
    snat = 1_024,
    /// Destination NAT entries.
    dnat = 1_024,
    /// Double NAT entries.
    double_nat = 1_024,
    /// SRv6 local SIDs.
    my_sids = 1_024,
    /// My-MAC entries.
    my_macs = 512,
    /// ACL tables.
    acl_tables = 256,
    /// ACL table groups.
    acl_table_groups = 1_024,
    /// ACL entries.
    acl_entries = 65_536,
    /// ACL counters.
    acl_counters = 65_536,
    /// Virtual routers.
    virtual_routers = 1_024,
    /// Router interfaces.
    router_interfaces = 8_192,
    /// LAGs.
    lags = 256,
    /// Members of one LAG.
    lag_members = 64,
    /// STP instances.
    stp_instances = 256,
    /// Mirror sessions.
    mirror_sessions = 4,
    /// Debug counters.
    debug_counters = 64,
    /// MPLS labels.
    inseg = 8_192,
    /// Objects of any other type.
    others = 1_048_576,
}

/// What a chip refuses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Refuse {
    /// Attributes by SAI name: each use answers `ATTR_NOT_SUPPORTED_n`.
    pub attributes: Vec<String>,
    /// Object types by SAI name: creating one answers `NOT_SUPPORTED`.
    pub object_types: Vec<String>,
}

impl Default for Profile {
    fn default() -> Profile {
        let speeds = [
            ("1", vec![1_000, 10_000, 25_000, 50_000, 100_000]),
            ("2", vec![20_000, 50_000, 100_000, 200_000]),
            ("4", vec![10_000, 40_000, 100_000, 200_000, 400_000]),
            ("8", vec![100_000, 200_000, 400_000, 800_000]),
        ];
        Profile {
            name: "common".into(),
            hardware_info: Vec::new(),
            profile_id: Vec::new(),
            mac: sai::MacAddr::new(0x02, 0, 0, 0, 0, 1),
            chip: Chip::default(),
            ports: PortRow::default(),
            port: Vec::new(),
            later: Vec::new(),
            speeds: speeds.into_iter().map(|(n, list)| (n.to_owned(), list)).collect(),
            boot: BootShape::default(),
            timing: Timing::default(),
            fdb_flush_events: FlushEvents::default(),
            limits: Limits::default(),
            resilient: Resilient::default(),
            refuse: Refuse::default(),
            breakout: Breakout::default(),
            features: BTreeMap::new(),
        }
    }
}

impl Default for Chip {
    fn default() -> Chip {
        Chip {
            lanes: 256,
            max_ports: 0,
            max_mtu: 10_240,
            unicast_queues: 10,
            multicast_queues: 10,
            cpu_queues: 32,
            cpu_queue_packets: 1024,
            priority_groups: 8,
            traffic_classes: 16,
            buffer_size: 64 << 20,
            queue_size: 1 << 20,
        }
    }
}

impl Default for PortRow {
    fn default() -> PortRow {
        PortRow { count: 32, lanes: 4, speed: 100_000 }
    }
}

impl Default for BootShape {
    fn default() -> BootShape {
        BootShape { bridge_ports: true, vlan_members: true, ports_up: false, link_up: true }
    }
}

/// Why a profile cannot be used. The text names line and key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The text is no TOML, has a key that a profile does not have, or a value of another type.
    #[error(transparent)]
    Syntax(#[from] sai::text::TextError),
    /// A value makes no sense.
    #[error("{}{key}: {reason}", at(*.line))]
    Value {
        /// The line, from 1, where the key stands in a file.
        line: Option<usize>,
        /// The key.
        key: String,
        /// Why.
        reason: String,
    },
    /// What is wrong in a file.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// What.
        error: Box<ProfileError>,
    },
    /// What is wrong in a file that a key of SAI's profile names.
    #[error("{key}: {error}")]
    Key {
        /// The key.
        key: &'static str,
        /// What.
        error: Box<ProfileError>,
    },
    /// A line of `lanemap.ini` or `port_config.ini` makes no sense.
    #[error("line {line}: {reason}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// Why.
        reason: String,
    },
}

fn at(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!("line {line}: "))
}

pub(crate) fn invalid(key: &str, reason: impl Into<String>) -> ProfileError {
    ProfileError::Value { line: None, key: key.to_owned(), reason: reason.into() }
}

impl ProfileError {
    /// The same, of a file.
    pub(crate) fn in_file(self, path: impl std::fmt::Display) -> ProfileError {
        ProfileError::File { path: path.to_string(), error: Box::new(self) }
    }
}

impl Profile {
    /// Reads a profile from TOML.
    ///
    /// # Errors
    /// For TOML that is none, an unknown key, or a value that makes no sense; the text names line and key.
    pub fn from_toml(text: &str) -> Result<Profile, ProfileError> {
        let profile: Profile = sai::text::toml::read(text)?;
        profile.check().map_err(|e| match e {
            ProfileError::Value { key, reason, .. } => {
                ProfileError::Value { line: sai::text::toml::line_of(text, &key), key, reason }
            }
            other => other,
        })?;
        Ok(profile)
    }

    /// Reads a profile from a TOML file.
    ///
    /// # Errors
    /// As [`Profile::from_toml`], and when the file cannot be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Profile, ProfileError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path)
            .map_err(|source| ProfileError::Read { path: path.display().to_string(), source })?;
        Profile::from_toml(&text).map_err(|e| e.in_file(path.display()))
    }

    /// The default profile with this many ports of one lane each.
    pub fn with_ports(count: u32) -> Profile {
        let lanes = count.max(1);
        Profile {
            name: format!("{count} ports"),
            chip: Chip { lanes, ..Chip::default() },
            ports: PortRow { count, lanes: 1, speed: 100_000 },
            ..Profile::default()
        }
    }

    /// The profile of several that a switch created with these attributes gets: the one that lists its
    /// `SAI_SWITCH_ATTR_SWITCH_HARDWARE_INFO`, else its `SAI_SWITCH_ATTR_SWITCH_PROFILE_ID`, else the first.
    pub(crate) fn choose<'a>(profiles: &'a [Arc<Profile>], attrs: &[AttrEntry]) -> &'a Arc<Profile> {
        let given = |id: sai::AttrId| attrs.iter().find(|a| a.id == id).map(|a| &a.value);
        let by_info = given(switch::SWITCH_HARDWARE_INFO.id()).and_then(|value| {
            let Value::I8List(text) = value else { return None };
            let text: Vec<u8> = text.iter().map(|c| *c as u8).take_while(|c| *c != 0).collect();
            profiles.iter().find(|p| p.hardware_info.iter().any(|info| info.as_bytes() == text))
        });
        let by_id = || {
            let Value::U32(id) = given(switch::SWITCH_PROFILE_ID.id())? else { return None };
            profiles.iter().find(|p| p.profile_id.contains(id))
        };
        by_info.or_else(by_id).unwrap_or(&profiles[0])
    }

    /// The network device of a port of these lanes, at boot or later.
    pub fn device_of(&self, lanes: &[u32]) -> Option<&str> {
        let boot = self.port.iter().filter(|p| p.lanes == lanes).find_map(|p| p.device.as_deref());
        boot.or_else(|| self.later.iter().find(|p| p.lanes == lanes).map(|p| p.device.as_str()))
    }

    /// The network devices of all ports, at boot and later.
    pub fn devices(&self) -> impl Iterator<Item = &str> {
        let boot = self.port.iter().filter_map(|p| p.device.as_deref());
        boot.chain(self.later.iter().map(|p| p.device.as_str()))
    }

    /// The ports that the switch has at boot, in order.
    pub fn boot_ports(&self) -> Vec<PortProfile> {
        if !self.port.is_empty() {
            return self.port.clone();
        }
        let row = &self.ports;
        (0..row.count)
            .map(|i| PortProfile {
                lanes: (1..=row.lanes).map(|l| i * row.lanes + l).collect(),
                speed: row.speed,
                device: None,
            })
            .collect()
    }

    /// The speeds in Mbps that a port of this many lanes can have.
    pub fn speeds(&self, lanes: usize) -> &[u32] {
        self.speeds.get(&lanes.to_string()).map_or(&[], Vec::as_slice)
    }

    fn fastest(&self, lanes: usize) -> Option<u32> {
        self.speeds(lanes).iter().copied().max()
    }
}

#[cfg(test)]
mod tests;
