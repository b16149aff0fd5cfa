//! What the figures were measured on.

use sai::Backend;
use serde::{Deserialize, Serialize};

/// The machine and the versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The processor's name.
    pub processor: String,
    /// How many of them this process may use.
    pub processors: usize,
    /// The operating system and its kernel.
    pub system: String,
    /// Version of this package.
    pub version: String,
    /// The SAI release of the interface.
    pub sai: String,
    /// Whether the code was optimized; figures of a debug build mean nothing.
    pub optimized: bool,
    /// Seconds since 1970.
    pub time: u64,
}

impl Header {
    /// Reads them.
    pub fn read() -> Header {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let info = read("/proc/cpuinfo");
        let name = info.lines().find_map(|l| l.strip_prefix("model name")?.split_once(": "));
        let system = rustix::system::uname();
        let text = |s: &std::ffi::CStr| s.to_string_lossy().into_owned();
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let api = switch_sim::Simulator::new(switch_sim::Profile::default()).info().api_version;
        Header {
            processor: name.map_or("unknown", |(_, name)| name).to_string(),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            system: format!("{} {}", text(system.sysname()), text(system.release())),
            version: env!("CARGO_PKG_VERSION").to_string(),
            sai: format!("{}.{}.{}", api / 10_000, api / 100 % 100, api % 100),
            optimized: !cfg!(debug_assertions),
            time: since.map_or(0, |t| t.as_secs()),
        }
    }
}
