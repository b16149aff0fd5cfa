//! `sai_log_set`: what the library says goes to standard error.

use std::sync::atomic::{AtomicU32, Ordering};

use sai::abi::export::Services;
use sai::abi::sys;
use tracing::Level;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

/// The first level, by name: `debug`, `info`, `warn` or `error`; `warn` where it is missing.
const LOG: &str = "SWITCH_SIM_LOG";

/// The level below which nothing is said, as `sai_log_level_t`. The library speaks of calls, not of APIs:
/// it says as much as the most talkative API is asked to.
static LEVEL: AtomicU32 = AtomicU32::new(sys::SAI_LOG_LEVEL_WARN.0);

/// Whether an event of this level is said.
fn is_said(level: &Level) -> bool {
    let at = match *level {
        Level::ERROR => sys::SAI_LOG_LEVEL_ERROR,
        Level::WARN => sys::SAI_LOG_LEVEL_WARN,
        Level::INFO => sys::SAI_LOG_LEVEL_INFO,
        Level::DEBUG | Level::TRACE => sys::SAI_LOG_LEVEL_DEBUG,
    };
    at.0 >= LEVEL.load(Ordering::Relaxed)
}

/// Begins to log, unless the process has a subscriber of its own already.
pub fn start(services: &Services) {
    let wanted = services.profile_value(0, LOG);
    let level = match wanted.as_deref() {
        Some("debug") => Some(sys::SAI_LOG_LEVEL_DEBUG),
        Some("info") => Some(sys::SAI_LOG_LEVEL_INFO),
        Some("error") => Some(sys::SAI_LOG_LEVEL_ERROR),
        Some("warn") | None => Some(sys::SAI_LOG_LEVEL_WARN),
        Some(_) => None,
    };
    LEVEL.store(level.unwrap_or(sys::SAI_LOG_LEVEL_WARN).0, Ordering::Relaxed);
    let said = filter_fn(|event| is_said(event.level()));
    let stderr = fmt::layer().with_writer(std::io::stderr).with_ansi(false).without_time();
    // The second initialisation of a process finds the first one's.
    let _ = tracing_subscriber::registry().with(stderr.with_filter(said)).try_init();
    if let (Some(wanted), None) = (wanted, level) {
        tracing::warn!("{LOG} is {wanted:?}, not debug, info, warn or error: warn is taken");
    }
}

/// `sai_log_set`.
pub fn set_level(api: sys::sai_api_t, level: sys::sai_log_level_t) -> sys::sai_status_t {
    if level.0 > sys::SAI_LOG_LEVEL_CRITICAL.0 || sai::Api(api.0 as i32).to_string().contains('(') {
        return sai::Status::INVALID_PARAMETER.0;
    }
    LEVEL.store(level.0, Ordering::Relaxed);
    tracing::callsite::rebuild_interest_cache();
    sai::Status::SUCCESS.0
}
