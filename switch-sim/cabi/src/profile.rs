//! The keys of the client's profile: what `profile_get_value` is asked for.

use std::num::NonZeroUsize;
use std::sync::Arc;

use sai::abi::export::Services;
use sai::layer::chaos::{Chaos, Plan};
use sai::layer::record::{Record, system_time};
use sai::layer::validate::{Level, Validate};
use sai::{Backend, Error, Result, Status};
use switch_sim::World;
use switch_sim::warm::{self, Keys};
use switch_sim_live::control::Address;

use super::living::{Living, with_host_devices};

/// The file that every call, answer and notification is recorded to, in the sairedis form.
const RECORDING: &str = "SWITCH_SIM_RECORDING";
/// A plan of faults to inject, a TOML file.
const CHAOS: &str = "SWITCH_SIM_CHAOS";
/// The rules of the metadata, as strict as sairedis' or lenient as the simulator's own.
const VALIDATE: &str = "SWITCH_SIM_VALIDATE";
/// What chance is drawn from, a number.
const SEED: &str = "SWITCH_SIM_SEED";
/// How many threads forward, a number from 1.
const WORKERS: &str = "SWITCH_SIM_WORKERS";
/// Whose clock: `system`, or `virtual`, which stands still until the control socket moves it.
const CLOCK: &str = "SWITCH_SIM_CLOCK";
/// Where the control socket listens.
const CONTROL: &str = "SWITCH_SIM_CONTROL";
/// Whether netdev host interfaces are network devices of the kernel's: `yes` or `no`.
const HOST_DEVICES: &str = "SWITCH_SIM_HOST_DEVICES";
/// SONiC's name of the same, with `true` or `false`.
const TAP_DEVICES: &str = "SAI_VS_HOSTIF_USE_TAP_DEVICE";

/// More threads than this are a mistake.
const MOST_WORKERS: usize = 256;

/// The keys that the simulator reads itself.
const OWN: &[&str] = &[
    warm::BOOT_TYPE,
    warm::WARM_BOOT_WRITE_FILE,
    warm::WARM_BOOT_READ_FILE,
    warm::PROFILE,
    warm::LANE_MAP,
    warm::SONIC_LANE_MAP,
    warm::PORT_CONFIG,
];

/// The simulator, with the layers that the keys ask for.
pub fn backend(services: &Services) -> Result<Arc<dyn Backend>> {
    let value = |key: &str| services.profile_value(0, key).filter(|v| !v.is_empty());
    let own = OWN.iter().copied().chain(warm::size_keys());
    let keys: Keys = own.filter_map(|key| Some((key, value(key)?))).collect();
    let profiles = keys.profiles().map_err(|e| Error::because(Status::INVALID_PARAMETER, e.to_string()))?;

    let seed = match value(SEED) {
        None => 0,
        Some(text) => text.parse().map_err(|_| wrong(SEED, &text, &"expected a number"))?,
    };
    let world = match value(CLOCK).as_deref() {
        None | Some("system") => World::real_time(seed),
        Some("virtual") => World::new(seed),
        Some(other) => return Err(wrong(CLOCK, other, &"expected system or virtual")),
    };
    let workers = match value(WORKERS) {
        None => NonZeroUsize::MIN,
        Some(text) => match text.parse::<NonZeroUsize>() {
            Ok(n) if n.get() <= MOST_WORKERS => n,
            _ => return Err(wrong(WORKERS, &text, &format_args!("expected 1 to {MOST_WORKERS} threads"))),
        },
    };
    let control = match value(CONTROL) {
        None => None,
        Some(text) => Some(text.parse::<Address>().map_err(|e| wrong(CONTROL, &text, &e))?),
    };

    let sim = world.simulator_with_profiles(profiles, keys);
    let mut backend: Arc<dyn Backend> = Arc::new(sim.clone());
    let either = |key, yes, no| match value(key) {
        None => Ok(None),
        Some(text) if text == yes => Ok(Some(true)),
        Some(text) if text == no => Ok(Some(false)),
        Some(text) => Err(wrong(key, &text, &format_args!("expected {yes} or {no}"))),
    };
    let ours = either(HOST_DEVICES, "yes", "no")?;
    if ours.or(either(TAP_DEVICES, "true", "false")?) == Some(true) {
        backend = with_host_devices(backend, &world, &sim)?;
    }
    if let Some(file) = value(CHAOS) {
        let plan = Plan::from_toml(&read(CHAOS, &file)?).map_err(|e| wrong(CHAOS, &file, &e))?;
        backend = Arc::new(Chaos::new(backend, plan, Arc::new(world.clone())));
    }
    match value(VALIDATE).as_deref() {
        None | Some("sai") => {}
        Some("strict") => backend = Arc::new(Validate::new(backend, Level::Strict)),
        Some(other) => return Err(wrong(VALIDATE, other, &"expected sai or strict")),
    }
    if let Some(file) = value(RECORDING) {
        let out = std::fs::File::create(&file).map_err(|e| wrong(RECORDING, &file, &e))?;
        // By lines, so that what was called before a crash is there.
        backend = Arc::new(Record::new(backend, std::io::LineWriter::new(out), system_time));
    }
    Ok(Arc::new(Living::start(world, sim, backend, workers, control.as_ref())?))
}

fn read(key: &str, file: &str) -> Result<String> {
    std::fs::read_to_string(file).map_err(|e| wrong(key, file, &e))
}

fn wrong(key: &str, value: &str, why: &dyn std::fmt::Display) -> Error {
    Error::because(Status::INVALID_PARAMETER, format!("profile key {key}={value}: {why}"))
}
