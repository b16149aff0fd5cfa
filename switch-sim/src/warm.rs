//! Profile keys: the strings by which a client configures a SAI library, and warm restart through them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;

use sai::{AttrEntry, Error, ObjectRef, ObjectType, Result, Status, Value, meta, switch};

pub use crate::profile::sizes::size_keys;
use crate::profile::{Profile, ProfileError, invalid, sizes};
use crate::snapshot::Snapshot;
use crate::switch::Switch;
use crate::world::Clock;

/// `0` cold, `1` warm, `2` fast.
pub const BOOT_TYPE: &str = "SAI_BOOT_TYPE";
/// The file that a warm shutdown writes.
pub const WARM_BOOT_WRITE_FILE: &str = "SAI_WARM_BOOT_WRITE_FILE";
/// The file that a warm boot reads.
pub const WARM_BOOT_READ_FILE: &str = "SAI_WARM_BOOT_READ_FILE";
/// The TOML file of the profile, or several with commas between for switches to choose from.
pub const PROFILE: &str = "SWITCH_SIM_PROFILE";
/// A `lanemap.ini`, by either key.
pub const LANE_MAP: &str = "SWITCH_SIM_LANE_MAP";
/// SONiC's name of [`LANE_MAP`].
pub const SONIC_LANE_MAP: &str = "SAI_VS_INTERFACE_LANE_MAP_FILE";
/// A `port_config.ini`.
pub const PORT_CONFIG: &str = "SWITCH_SIM_PORT_CONFIG";

/// The values of profile keys.
#[derive(Clone, Debug, Default)]
pub struct Keys(HashMap<String, String>);

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Keys {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(keys: I) -> Keys {
        Keys(keys.into_iter().map(|(k, v)| (k.into(), v.into())).collect())
    }
}

impl Keys {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The profiles that the keys name, the default one where they name none. The ports of a lane map or a
    /// port configuration are those of the first.
    ///
    /// # Errors
    /// When a file cannot be read or makes no sense.
    pub fn profiles(&self) -> std::result::Result<Vec<Profile>, ProfileError> {
        let read = |path: &str| {
            std::fs::read_to_string(path)
                .map_err(|source| ProfileError::Read { path: path.to_owned(), source })
        };
        if let Some(other) = self.get(BOOT_TYPE).filter(|value| !["0", "1", "2"].contains(value)) {
            return Err(invalid(BOOT_TYPE, format!("is '{other}', not 0 (cold), 1 (warm) or 2 (fast)")));
        }
        let of_key = |key| move |error| ProfileError::Key { key, error: Box::new(error) };
        let mut profiles = match self.get(PROFILE) {
            Some(paths) => paths
                .split(',')
                .map(|p| Profile::load(p.trim()))
                .collect::<std::result::Result<Vec<_>, _>>()
                .map_err(of_key(PROFILE))?,
            None => vec![Profile::default()],
        };
        let lane_map = [LANE_MAP, SONIC_LANE_MAP].into_iter().find_map(|key| Some((key, self.get(key)?)));
        if let Some((key, path)) = lane_map {
            let used =
                read(path).and_then(|text| profiles[0].use_lanemap(&text).map_err(|e| e.in_file(path)));
            used.map_err(of_key(key))?;
        }
        if let Some(path) = self.get(PORT_CONFIG) {
            let used =
                read(path).and_then(|text| profiles[0].use_port_config(&text).map_err(|e| e.in_file(path)));
            used.map_err(of_key(PORT_CONFIG))?;
        }
        profiles.iter_mut().try_for_each(|profile| profile.use_sizes(self))?;
        Ok(profiles)
    }

    /// The file of a switch: each but the first has its number appended.
    fn file(&self, key: &str, number: u8) -> Option<PathBuf> {
        let path = self.get(key)?;
        Some(if number == 1 { path.into() } else { format!("{path}.{number}").into() })
    }

    /// The attributes of a switch that boots cold: those given, and what the keys say of others.
    pub(crate) fn cold_boot<'a>(&self, attrs: &'a [AttrEntry]) -> Cow<'a, [AttrEntry]> {
        let members = switch::ECMP_MEMBER_COUNT.id();
        match self.get(sizes::ECMP_MEMBERS).and_then(|count| count.trim().parse().ok()) {
            Some(count) if attrs.iter().all(|a| a.id != members) => {
                let of_key = AttrEntry::new(members, Value::U32(count));
                attrs.iter().cloned().chain([of_key]).collect()
            }
            _ => attrs.into(),
        }
    }

    /// The switch that a warm boot brings back, as it went; `None` for a cold boot.
    pub(crate) fn warm_boot(&self, number: u8, clock: &Clock) -> Result<Option<Switch>> {
        if self.get(BOOT_TYPE) != Some("1") {
            return Ok(None);
        }
        let invalid = |reason: String| Error::because(Status::INVALID_NV_STORAGE, reason);
        let path = self
            .file(WARM_BOOT_READ_FILE, number)
            .ok_or_else(|| invalid(format!("{BOOT_TYPE} is 1, and {WARM_BOOT_READ_FILE} is not given")))?;
        let fail = |e: &dyn std::fmt::Display| invalid(format!("{}: {e}", path.display()));
        let bytes = std::fs::read(&path).map_err(|e| fail(&e))?;
        let snapshot = Snapshot::from_bytes(&bytes).map_err(|e| fail(&e))?;
        if snapshot.switch() != number {
            return Err(fail(&format_args!("it is of switch {}, not {number}", snapshot.switch())));
        }
        let mut sw = Switch::restore_at(&snapshot, clock.clone()).map_err(|e| fail(&e))?;
        let this = ObjectRef::Object(ObjectType::SWITCH, sw.id);
        for flag in [switch::RESTART_WARM.id(), switch::PRE_SHUTDOWN.id()] {
            sw.store.set(&this, AttrEntry::new(flag, Value::Bool(false)));
        }
        // Functions of a process that is gone.
        let kept = sw.store.get(sw.id).map_or(&[][..], |o| o.attrs());
        let functions = kept.iter().filter(|a| matches!(a.value, Value::Pointer(_))).map(|a| a.id);
        for id in functions.collect::<Vec<_>>() {
            sw.store.set(&this, AttrEntry::new(id, Value::Pointer(0)));
        }
        Ok(Some(sw))
    }

    /// Writes the file of a warm shutdown, where the client asked for one.
    pub(crate) fn warm_shutdown(&self, sw: &Switch) -> Result<()> {
        let this = ObjectRef::Object(ObjectType::SWITCH, sw.id);
        if sw.value(&this, switch::RESTART_WARM.id()) != Ok(Value::Bool(true)) {
            return Ok(());
        }
        let Some(path) = self.file(WARM_BOOT_WRITE_FILE, sw.store.switch_number()) else {
            let name = meta::attr(ObjectType::SWITCH, switch::RESTART_WARM.id()).map_or("", |a| a.name);
            let reason = format!("{name} is true, and the key {WARM_BOOT_WRITE_FILE} is not given");
            return Err(Error::because(Status::FAILURE, reason));
        };
        let bytes = sw.snapshot().to_bytes().map_err(|e| Error::because(Status::FAILURE, e.to_string()))?;
        std::fs::write(&path, bytes)
            .map_err(|e| Error::because(Status::FAILURE, format!("{}: {e}", path.display())))
    }
}
