//! `replay` and `compare`: recordings of SAI calls on the simulator or on any library.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use parking_lot::Mutex;
use sai::Backend;
use sai::dylib::{Dylib, Options};
use sai::layer::record::{Record, system_time};
use sai::text::player::{Player, Report};
use sai::text::recording::Recording;
use switch_sim::{Profile, World};

use crate::args::{Cli, Replay};
use crate::{End, run};

/// What a recording is replayed on.
enum On {
    Simulator(Box<Profile>),
    Library(Arc<Dylib>),
}

impl On {
    /// A simulator with the profile of this file.
    fn simulator(profile: Option<&Path>) -> Result<On> {
        let profile = match profile {
            None => Profile::default(),
            Some(path) => Profile::load(path).with_context(|| format!("the profile {}", path.display()))?,
        };
        Ok(On::Simulator(Box::new(profile)))
    }

    fn library(path: &Path) -> Result<On> {
        let library = Options::new().load(path);
        Ok(On::Library(Arc::new(library.with_context(|| format!("the library {}", path.display()))?)))
    }

    /// From the command line: `sim`, `sim:PROFILE.toml` or the path of a library.
    fn parse(text: &str) -> Result<On> {
        match text.split_once(':') {
            _ if text == "sim" => On::simulator(None),
            Some(("sim", profile)) => On::simulator(Some(Path::new(profile))),
            _ => On::library(Path::new(text)),
        }
    }

    fn play(
        &self,
        recording: &Recording,
        stop: bool,
        bar: &ProgressBar,
        layer: impl Fn(Arc<dyn Backend>) -> Arc<dyn Backend>,
    ) -> Report {
        // The world of the view that plays; its clock passes the pauses.
        let world = Mutex::new(World::new(0));
        let fresh = || -> Arc<dyn Backend> {
            layer(match self {
                On::Library(library) => library.clone(),
                On::Simulator(profile) => {
                    *world.lock() = World::new(0);
                    Arc::new(world.lock().simulator((**profile).clone()))
                }
            })
        };
        let pause = |milliseconds| {
            if let Err(error) = world.lock().advance(Duration::from_millis(milliseconds)) {
                tracing::error!(%error, "time does not pass");
            }
        };
        bar.set_length(recording.lines().len() as u64);
        let line = |done: usize| bar.set_position(done as u64);
        Player::new(fresh).on_pause(pause).on_line(line).stop_at_difference(stop).play(recording)
    }
}

/// Replays a recording.
pub fn replay(cli: &Cli, args: &Replay, out: &mut dyn Write) -> Result<End> {
    let recording = read(&args.file)?;
    let on = match &args.library {
        Some(path) => On::library(path)?,
        None => match args.ports {
            Some(ports) => {
                let profile = run::profile(ports);
                profile.check().context("--ports")?;
                On::Simulator(Box::new(profile))
            }
            None => On::simulator(args.profile.as_deref())?,
        },
    };
    let bar = bar("replaying");
    let report = on.play(&recording, args.stop, &bar, |backend| backend);
    bar.finish_and_clear();
    print(cli, &report, out)
}

/// Replays a recording on one backend, and what that answered on another.
pub fn compare(cli: &Cli, file: &Path, before: &str, after: &str, out: &mut dyn Write) -> Result<End> {
    let recording = read(file)?;
    let (first, second) = (On::parse(before)?, On::parse(after)?);
    let written = Written::default();
    let bar = bar("on the first");
    let record =
        |backend| -> Arc<dyn Backend> { Arc::new(Record::new(backend, written.clone(), system_time)) };
    first.play(&recording, false, &bar, record);
    bar.set_message("on the second");
    let text = std::mem::take(&mut *written.0.lock());
    let answered = Recording::from_bytes(&text).context("what the first backend answered")?;
    let report = second.play(&answered, false, &bar, |backend| backend);
    bar.finish_and_clear();
    if !cli.json {
        writeln!(out, "'recorded' is {before}, 'found' is {after}; lines are those of the calls made")?;
    }
    print(cli, &report, out)
}

fn read(file: &Path) -> Result<Recording> {
    let bytes = std::fs::read(file).with_context(|| format!("the recording {}", file.display()))?;
    let recording =
        Recording::from_bytes(&bytes).with_context(|| format!("the recording {}", file.display()))?;
    if recording.lines().is_empty() {
        bail!("the recording {} has no lines", file.display());
    }
    Ok(recording)
}

fn print(cli: &Cli, report: &Report, out: &mut dyn Write) -> Result<End> {
    if cli.json {
        writeln!(out, "{:#}", report.to_json())?;
    } else {
        writeln!(out, "{}", report.to_string().trim_end())?;
    }
    Ok(if report.is_same() { End::Good } else { End::Different })
}

/// Shows on a terminal how much is done.
fn bar(what: &'static str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} % of {len} lines")
        .expect("the template is sound");
    ProgressBar::new(0).with_style(style).with_message(what)
}

/// A recording in memory.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
