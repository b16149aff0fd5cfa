//! The keys of the client's profile: what `profile_get_value` is asked for.

use std::path::Path;
use std::sync::Arc;

use sai::abi::export::Services;
use sai::layer::chaos::{Chaos, Plan, SystemClock};
use sai::layer::record::{Record, system_time};
use sai::layer::validate::{Level, Validate};
use sai::{Backend, Error, Result, Status};
use switch_sim::warm::{BOOT_TYPE, WARM_BOOT_READ_FILE, WARM_BOOT_WRITE_FILE};
use switch_sim::{Profile, Simulator};

/// The profile of the modelled chip, a TOML file.
const PROFILE: &str = "SWITCH_SIM_PROFILE";
/// Lines `interface:lane,lane,…` that say which ports there are at boot.
const LANE_MAP: &[&str] = &["SWITCH_SIM_LANE_MAP", "SAI_VS_INTERFACE_LANE_MAP_FILE"];
/// A `port_config.ini` that says the same.
const PORT_CONFIG: &str = "SWITCH_SIM_PORT_CONFIG";
/// The file that every call, answer and notification is recorded to, in the sairedis form.
const RECORDING: &str = "SWITCH_SIM_RECORDING";
/// A plan of faults to inject, a TOML file.
const CHAOS: &str = "SWITCH_SIM_CHAOS";
/// The rules of the metadata, as strict as sairedis' or lenient as the simulator's own.
const VALIDATE: &str = "SWITCH_SIM_VALIDATE";

/// The simulator, with the layers that the keys ask for.
pub fn backend(services: &Services) -> Result<Arc<dyn Backend>> {
    let value = |key: &str| services.profile_value(0, key).filter(|v| !v.is_empty());
    let mut profile = match value(PROFILE) {
        None => Profile::default(),
        Some(file) => Profile::load(&file).map_err(|e| wrong(PROFILE, &file, &e))?,
    };
    for key in LANE_MAP {
        if let Some(file) = value(key) {
            profile.use_lanemap(&read(key, &file)?).map_err(|e| wrong(key, &file, &e))?;
            break;
        }
    }
    if let Some(file) = value(PORT_CONFIG) {
        let text = read(PORT_CONFIG, &file)?;
        profile.use_port_config(&text).map_err(|e| wrong(PORT_CONFIG, &file, &e))?;
    }
    let warm = [BOOT_TYPE, WARM_BOOT_WRITE_FILE, WARM_BOOT_READ_FILE];
    let keys = warm.into_iter().filter_map(|key| Some((key, value(key)?))).collect();
    let mut backend: Arc<dyn Backend> = Arc::new(Simulator::with_keys(profile, keys));
    if let Some(file) = value(CHAOS) {
        let plan = Plan::from_toml(&read(CHAOS, &file)?).map_err(|e| wrong(CHAOS, &file, &e))?;
        backend = Arc::new(Chaos::new(backend, plan, Arc::new(SystemClock)));
    }
    match value(VALIDATE).as_deref() {
        None | Some("sai") => {}
        Some("strict") => backend = Arc::new(Validate::new(backend, Level::Strict)),
        Some(other) => return Err(wrong(VALIDATE, other, &"expected sai or strict")),
    }
    if let Some(file) = value(RECORDING) {
        let out = std::fs::File::create(&file).map_err(|e| wrong(RECORDING, &file, &e))?;
        backend = Arc::new(Record::new(backend, std::io::BufWriter::new(out), system_time));
    }
    Ok(backend)
}

fn read(key: &str, file: &str) -> Result<String> {
    std::fs::read_to_string(Path::new(file)).map_err(|e| wrong(key, file, &e))
}

fn wrong(key: &str, value: &str, why: &dyn std::fmt::Display) -> Error {
    Error::because(Status::INVALID_PARAMETER, format!("profile key {key}={value}: {why}"))
}
