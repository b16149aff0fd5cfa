//! What a modelled chip has and refuses: ports, lanes, speeds, table sizes, how it boots.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use sai::{AttrEntry, Value, meta, switch};
use serde::{Deserialize, Serialize};

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
    /// The speeds in Mbps that a port of this many lanes can have.
    pub speeds: BTreeMap<String, Vec<u32>>,
    /// How it boots.
    pub boot: BootShape,
    /// Table sizes.
    pub limits: Limits,
    /// What it refuses.
    pub refuse: Refuse,
}

/// What the chip is built of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Chip {
    /// Serdes lanes; they are numbered from 1.
    pub lanes: u32,
    /// The largest MTU in bytes.
    pub max_mtu: u32,
    /// Unicast queues a port.
    pub unicast_queues: u32,
    /// Multicast queues a port.
    pub multicast_queues: u32,
    /// Queues of the CPU port.
    pub cpu_queues: u32,
    /// Ingress priority groups a port.
    pub priority_groups: u32,
    /// Traffic classes.
    pub traffic_classes: u8,
    /// Packet buffer in bytes.
    pub buffer_size: u64,
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
            speeds: speeds.into_iter().map(|(n, list)| (n.to_owned(), list)).collect(),
            boot: BootShape::default(),
            limits: Limits::default(),
            refuse: Refuse::default(),
        }
    }
}

impl Default for Chip {
    fn default() -> Chip {
        Chip {
            lanes: 256,
            max_mtu: 10_240,
            unicast_queues: 10,
            multicast_queues: 10,
            cpu_queues: 32,
            priority_groups: 8,
            traffic_classes: 16,
            buffer_size: 64 << 20,
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
    /// The text is no TOML, or has a key that a profile does not have.
    #[error("{0}")]
    Syntax(#[from] toml::de::Error),
    /// A value makes no sense.
    #[error("{key}: {reason}")]
    Value {
        /// The key.
        key: String,
        /// Why.
        reason: String,
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

fn invalid(key: &str, reason: impl Into<String>) -> ProfileError {
    ProfileError::Value { key: key.to_owned(), reason: reason.into() }
}

impl Profile {
    /// Reads a profile from TOML.
    ///
    /// # Errors
    /// For TOML that is none, an unknown key, or a value that makes no sense; the text names line and key.
    pub fn from_toml(text: &str) -> Result<Profile, ProfileError> {
        let profile: Profile = toml::from_str(text)?;
        profile.check()?;
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
        Profile::from_toml(&text)
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

    /// Replaces the ports by those of SONiC's `lanemap.ini`: a line `eth0:65,66,67,68` names a network
    /// device and the lanes of its port.
    ///
    /// # Errors
    /// Names the line that makes no sense.
    pub fn use_lanemap(&mut self, text: &str) -> Result<(), ProfileError> {
        let mut ports = Vec::new();
        for (n, line) in content(text) {
            let (device, lanes) = line.split_once(':').ok_or_else(|| ProfileError::Line {
                line: n,
                reason: format!("'{line}' is no 'device:lane,lane,...'"),
            })?;
            let lanes = parse_lanes(n, lanes)?;
            let speed = self.fastest(lanes.len()).unwrap_or(self.ports.speed);
            ports.push(PortProfile { lanes, speed, device: Some(device.trim().to_owned()) });
        }
        self.take_ports(ports)
    }

    /// Replaces the ports by those of SONiC's `port_config.ini`: columns `name`, `lanes` and perhaps
    /// `speed`, named in a comment line.
    ///
    /// # Errors
    /// Names the line that makes no sense.
    pub fn use_port_config(&mut self, text: &str) -> Result<(), ProfileError> {
        let header = text.lines().find_map(|l| l.trim().strip_prefix('#').filter(|l| l.contains("lanes")));
        let columns: Vec<&str> =
            header.unwrap_or("name lanes alias index speed").split_whitespace().collect();
        let column = |name: &str| columns.iter().position(|c| *c == name);
        let mut ports = Vec::new();
        for (n, line) in content(text) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let lanes = column("lanes")
                .and_then(|c| fields.get(c))
                .ok_or_else(|| ProfileError::Line { line: n, reason: "no lanes".into() })?;
            let lanes = parse_lanes(n, lanes)?;
            let speed = match column("speed").and_then(|c| fields.get(c)) {
                None => self.fastest(lanes.len()).unwrap_or(self.ports.speed),
                Some(s) => s.parse().map_err(|_| ProfileError::Line {
                    line: n,
                    reason: format!("'{s}' is no speed in Mbps"),
                })?,
            };
            let device = column("name").and_then(|c| fields.get(c)).map(|d| (*d).to_owned());
            ports.push(PortProfile { lanes, speed, device });
        }
        self.take_ports(ports)
    }

    fn take_ports(&mut self, ports: Vec<PortProfile>) -> Result<(), ProfileError> {
        let highest = ports.iter().flat_map(|p| &p.lanes).copied().max().unwrap_or(0);
        let before = (std::mem::replace(&mut self.port, ports), self.chip.lanes);
        self.chip.lanes = self.chip.lanes.max(highest);
        self.check().inspect_err(|_| (self.port, self.chip.lanes) = before)
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

    /// Checks that the values make sense together.
    ///
    /// # Errors
    /// Names the key.
    pub fn check(&self) -> Result<(), ProfileError> {
        let mut used = std::collections::BTreeSet::new();
        for lanes in self.speeds.keys() {
            if lanes.parse::<u32>().is_err() {
                return Err(invalid(&format!("speeds.{lanes}"), "the key is a number of lanes"));
            }
        }
        for (n, port) in self.boot_ports().iter().enumerate() {
            let key = |field: &str| format!("port[{n}].{field}");
            if port.lanes.is_empty() {
                return Err(invalid(&key("lanes"), "a port has at least one lane"));
            }
            for lane in &port.lanes {
                if *lane == 0 || *lane > self.chip.lanes {
                    return Err(invalid(
                        &key("lanes"),
                        format!("the chip has lanes 1 to {}, not {lane}", self.chip.lanes),
                    ));
                }
                if !used.insert(*lane) {
                    return Err(invalid(
                        &key("lanes"),
                        format!("lane {lane} belongs to another port already"),
                    ));
                }
            }
            let speeds = self.speeds(port.lanes.len());
            if !speeds.contains(&port.speed) {
                let reason =
                    format!("{} Mbps on {} lanes: [speeds] allows {speeds:?}", port.speed, port.lanes.len());
                return Err(invalid(&key("speed"), reason));
            }
        }
        if self.chip.traffic_classes == 0 {
            return Err(invalid("chip.traffic_classes", "a switch has at least one"));
        }
        if self.boot.vlan_members && !self.boot.bridge_ports {
            return Err(invalid("boot.vlan_members", "needs boot.bridge_ports"));
        }
        for name in &self.refuse.attributes {
            if meta::attr_by_name(name).is_none() {
                return Err(invalid("refuse.attributes", format!("{name} is no attribute")));
            }
        }
        for name in &self.refuse.object_types {
            if meta::object_by_name(name).is_none() {
                return Err(invalid("refuse.object_types", format!("{name} is no object type")));
            }
        }
        Ok(())
    }
}

/// The lines with content, numbered from 1.
fn content(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(n, l)| (n + 1, l.trim()))
        .filter(|(_, l)| !l.is_empty() && !l.starts_with(['#', ';']))
}

fn parse_lanes(line: usize, text: &str) -> Result<Vec<u32>, ProfileError> {
    text.split(',')
        .map(|l| {
            l.trim().parse().map_err(|_| ProfileError::Line { line, reason: format!("'{l}' is no lane") })
        })
        .collect()
}

#[cfg(test)]
mod tests;
