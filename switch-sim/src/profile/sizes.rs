//! SAI's own profile keys for table sizes and queues.

use super::{Profile, ProfileError, invalid};
use crate::warm::Keys;

/// The members of a next-hop group: what `SAI_SWITCH_ATTR_ECMP_MEMBER_COUNT` begins with, up to what the chip can.
pub(crate) const ECMP_MEMBERS: &str = "SAI_NUM_ECMP_MEMBERS";
const QUEUES: &str = "SAI_NUM_QUEUES";

/// What a key gives, and the key of the TOML file that is checked for it.
type Use = (&'static str, &'static str, fn(&mut Profile, u32));

/// Those that are each one number of a profile.
const USES: &[Use] = &[
    ("SAI_FDB_TABLE_SIZE", "limits.fdb", |p, n| p.limits.fdb = n),
    ("SAI_L3_ROUTE_TABLE_SIZE", "limits.ipv4_routes", |p, n| {
        (p.limits.ipv4_routes, p.limits.ipv6_routes) = (n, n);
    }),
    ("SAI_L3_NEIGHBOR_TABLE_SIZE", "limits.ipv4_neighbors", |p, n| {
        (p.limits.ipv4_neighbors, p.limits.ipv6_neighbors) = (n, n);
    }),
    ("SAI_NUM_LAGS", "limits.lags", |p, n| p.limits.lags = n),
    ("SAI_NUM_LAG_MEMBERS", "limits.lag_members", |p, n| p.limits.lag_members = n),
    ("SAI_NUM_ECMP_GROUPS", "limits.next_hop_groups", |p, n| p.limits.next_hop_groups = n),
    ("SAI_NUM_UNICAST_QUEUES", "chip.unicast_queues", |p, n| p.chip.unicast_queues = n),
    ("SAI_NUM_MULTICAST_QUEUES", "chip.multicast_queues", |p, n| p.chip.multicast_queues = n),
    ("SAI_NUM_CPU_QUEUES", "chip.cpu_queues", |p, n| p.chip.cpu_queues = n),
];

/// SAI's keys for table sizes and queues.
pub fn size_keys() -> impl Iterator<Item = &'static str> {
    USES.iter().map(|(key, ..)| *key).chain([ECMP_MEMBERS, QUEUES])
}

impl Profile {
    /// Takes over what SAI's keys say of table sizes and queues.
    pub(crate) fn use_sizes(&mut self, keys: &Keys) -> Result<(), ProfileError> {
        let number = |key: &'static str| match keys.get(key).map(|text| (text, text.trim().parse::<u32>())) {
            None => Ok(None),
            Some((_, Ok(n))) => Ok(Some(n)),
            Some((text, Err(_))) => {
                Err(invalid(key, format!("'{text}' is no number from 0 to {}", u32::MAX)))
            }
        };
        let mut first_queues = None;
        for (key, of_file, take) in USES {
            if let Some(n) = number(key)? {
                take(self, n);
                first_queues = first_queues.or(of_file.starts_with("chip.").then_some(*key));
            }
        }
        if let Some(all) = number(QUEUES)? {
            self.use_queues(all, keys)?;
            first_queues = first_queues.or(Some(QUEUES));
        }
        let wide = self.limits.ecmp_width;
        match number(ECMP_MEMBERS)? {
            Some(n) if n == 0 || n > wide => {
                let why = format!("is {n}; a group of profile '{}' can have 1 to {wide} members", self.name);
                return Err(invalid(ECMP_MEMBERS, why));
            }
            _ => {}
        }
        self.check().map_err(|error| match (error, first_queues) {
            (ProfileError::Value { key, reason, .. }, Some(first)) => {
                let given =
                    USES.iter().find(|(key_of, of_file, _)| *of_file == key && keys.get(key_of).is_some());
                invalid(given.map_or(first, |(key_of, ..)| key_of), format!("{key} {reason}"))
            }
            (other, _) => other,
        })
    }

    /// All queues of a port: those of the kind that is not told are the rest, by default the unicast ones.
    fn use_queues(&mut self, all: u32, keys: &Keys) -> Result<(), ProfileError> {
        let (unicast, multicast) = (&mut self.chip.unicast_queues, &mut self.chip.multicast_queues);
        let told = ["SAI_NUM_UNICAST_QUEUES", "SAI_NUM_MULTICAST_QUEUES"].map(|key| keys.get(key).is_some());
        let (rest, other, name) = match told {
            [true, false] => (multicast, *unicast, "unicast"),
            _ => (unicast, *multicast, "multicast"),
        };
        let left = all.checked_sub(other).ok_or_else(|| {
            invalid(QUEUES, format!("is {all}, less than the {other} {name} queues of a port"))
        })?;
        if told == [true, true] && left != *rest {
            let why = format!("is {all}; a port has {rest} unicast and {other} multicast queues");
            return Err(invalid(QUEUES, why));
        }
        *rest = left;
        Ok(())
    }
}
