//! The benchmarks of the simulator, as a library: `cargo bench -p switch-sim-bench` and the program run the
//! same cases.
//!
//! A [`Case`] has a name (`forward/ipv4/1M-prefixes/64k-flows`), a unit and a function that answers one figure
//! a run. All times are CPU times of the calling thread, so that other work on the machine moves them little;
//! rates of forwarding are to be read beside the [`bare`] loop's of the same minute.

use std::fmt;
use std::path::PathBuf;

pub mod bare;
pub mod change;
mod clock;
pub mod control;
pub mod forward;
pub mod frames;
pub mod group;
mod header;
mod report;
pub mod rig;

pub use clock::Cpu;
pub use header::Header;
pub use report::{Measured, Report};

/// How much to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only cases whose name holds this.
    pub filter: Option<String>,
    /// Runs of a case; the report has their least, median and greatest.
    pub runs: usize,
    /// Tables and packet numbers divided by this: 1 for figures that mean something, more to see that all works.
    pub shrink: usize,
    /// The `libsai.so` that the cases named `control/c/…` drive. Without one they have no figures.
    pub library: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Options {
        Options { filter: None, runs: 5, shrink: 1, library: None }
    }
}

impl Options {
    /// The simulator's own `libsai.so.1`, where it was built beside the running program.
    pub fn own_library() -> Option<PathBuf> {
        let program = std::env::current_exe().ok()?;
        program.ancestors().skip(1).take(2).map(|dir| dir.join("libsai.so.1")).find(|file| file.exists())
    }

    /// A size, shrunk.
    pub fn size(&self, full: usize) -> usize {
        (full / self.shrink.max(1)).max(1)
    }

    /// Whether a case is asked for.
    pub fn wants(&self, name: &str) -> bool {
        self.filter.as_ref().is_none_or(|f| name.contains(f.as_str()))
    }
}

/// One thing that is measured.
#[derive(Clone, Copy)]
pub struct Case {
    /// Its name, a path.
    pub name: &'static str,
    /// What its figures count: `Mpps`, `M/s`, `ns`, `ms`, `MB`.
    pub unit: &'static str,
    /// Runs it and answers a figure for each run; none where it cannot run.
    pub run: fn(&Options) -> Vec<f64>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.unit)
    }
}

/// Every case, in the order of the report.
pub fn cases() -> Vec<Case> {
    [bare::CASES, forward::CASES, change::CASES, control::CASES, group::CASES].concat()
}

/// Runs the cases that the options ask for and tells `each` of every one when it is done. Cases that cannot run
/// are left out.
pub fn run(options: &Options, mut each: impl FnMut(&Measured)) -> Report {
    let mut report = Report { header: Header::read(), cases: Vec::new() };
    for case in cases().iter().filter(|case| options.wants(case.name)) {
        if let Some(measured) = Measured::of(case, (case.run)(options)) {
            each(&measured);
            report.cases.push(measured);
        }
    }
    report
}
