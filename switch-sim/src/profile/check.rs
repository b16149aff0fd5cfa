//! Whether the values of a profile make sense together.

use std::collections::BTreeSet;

use sai::meta;

use super::{Profile, ProfileError, invalid, refusals};

/// As many as the slots of ports can be told apart by.
const MOST_LANES: u32 = 8192;
/// The default of `SAI_PORT_ATTR_MTU`.
const MTU: u32 = 1514;

impl Profile {
    /// Checks that the values make sense together.
    ///
    /// # Errors
    /// Names the key.
    pub fn check(&self) -> Result<(), ProfileError> {
        self.check_chip()?;
        self.check_ports()?;
        if self.boot.vlan_members && !self.boot.bridge_ports {
            return Err(invalid("boot.vlan_members", "needs boot.bridge_ports"));
        }
        self.check_names()
    }

    fn check_chip(&self) -> Result<(), ProfileError> {
        let chip = &self.chip;
        let most = |key: &str, value: u32, most: u32| match value {
            v if v > most => Err(invalid(key, format!("is {v}; the most is {most}"))),
            _ => Ok(()),
        };
        most("chip.lanes", chip.lanes, MOST_LANES)?;
        // A queue's index has 8 bits.
        most("chip.multicast_queues", chip.unicast_queues.saturating_add(chip.multicast_queues), 256)?;
        most("chip.cpu_queues", chip.cpu_queues, 256)?;
        most("chip.priority_groups", chip.priority_groups, 256)?;
        most("resilient.lag", self.resilient.lag, 65_536)?;
        most("resilient.ecmp", self.resilient.ecmp, 65_536)?;
        let most = crate::mirror::MAX_SESSIONS;
        if self.limits.mirror_sessions as usize > most {
            return Err(invalid("limits.mirror_sessions", format!("at most {most}")));
        }
        let row = &self.ports;
        if self.port.is_empty() && row.lanes == 0 {
            return Err(invalid("ports.lanes", "a port has at least one lane"));
        }
        if self.port.is_empty() && u64::from(row.count) * u64::from(row.lanes) > u64::from(chip.lanes) {
            let reason =
                format!("{} ports of {} lanes; the chip has {} lanes", row.count, row.lanes, chip.lanes);
            return Err(invalid("ports.count", reason));
        }
        if chip.max_mtu < MTU {
            return Err(invalid("chip.max_mtu", format!("is {}; ports begin with {MTU}", chip.max_mtu)));
        }
        if self.mac.is_multicast() || self.mac == sai::MacAddr::default() {
            return Err(invalid("mac", format!("{} is no address of a station", self.mac)));
        }
        if chip.traffic_classes == 0 {
            return Err(invalid("chip.traffic_classes", "a switch has at least one"));
        }
        let ports = self.boot_ports().len();
        if ports > self.max_ports() as usize {
            let reason = format!("is {}; the boot makes {ports} ports", self.max_ports());
            return Err(invalid("chip.max_ports", reason));
        }
        Ok(())
    }

    fn check_ports(&self) -> Result<(), ProfileError> {
        let (mut used, mut devices) = (BTreeSet::new(), BTreeSet::new());
        for lanes in self.speeds.keys() {
            if lanes.parse::<u32>().is_err() {
                return Err(invalid(&format!("speeds.{lanes}"), "the key is a number of lanes"));
            }
        }
        for (n, port) in self.boot_ports().iter().enumerate() {
            let key = |field: &str| match self.port.is_empty() {
                true => format!("ports.{field}"),
                false => format!("port[{n}].{field}"),
            };
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
            if let Some(device) = &port.device
                && (device.is_empty() || !devices.insert(device.clone()))
            {
                let reason = match device.is_empty() {
                    true => "the name of a network device is empty".to_owned(),
                    false => format!("{device} belongs to another port already"),
                };
                return Err(invalid(&key("device"), reason));
            }
            let speeds = self.speeds(port.lanes.len());
            if !speeds.contains(&port.speed) {
                let reason =
                    format!("{} Mbps on {} lanes: [speeds] allows {speeds:?}", port.speed, port.lanes.len());
                return Err(invalid(&key("speed"), reason));
            }
        }
        Ok(())
    }

    fn check_names(&self) -> Result<(), ProfileError> {
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
        for (name, on) in &self.features {
            let key = format!("features.{name}");
            if name == "switch" && !on {
                return Err(invalid(&key, "a switch without itself"));
            }
            if !meta::OBJECTS.iter().any(|m| refusals::feature(m.api) == *name) {
                return Err(invalid(&key, "there is no such API"));
            }
        }
        Ok(())
    }
}
