//! `bench`: the benchmarks of the simulator, on this machine.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use anyhow::{Result, bail};
use indicatif::ProgressBar;
use switch_sim_bench::{Header, Options, cases, run};

use crate::End;
use crate::args::{Bench, Cli};

/// Runs the cases whose names hold the filter.
pub fn bench(cli: &Cli, args: &Bench, out: &mut dyn Write) -> Result<End> {
    let options = Options {
        filter: args.filter.clone(),
        runs: args.runs.max(1),
        shrink: if args.quick { 100 } else { 1 },
        library: args.library.clone().or_else(Options::own_library),
    };
    let wanted: Vec<_> = cases().into_iter().filter(|case| options.wants(case.name)).collect();
    if wanted.is_empty() {
        bail!("no case is named so; 'switch-sim bench --list' lists them");
    }
    if args.list {
        for case in &wanted {
            writeln!(out, "{} ({})", case.name, case.unit)?;
        }
        return Ok(End::Good);
    }
    let bar = match std::io::stderr().is_terminal() {
        true => ProgressBar::new(wanted.len() as u64),
        false => ProgressBar::hidden(),
    };
    bar.enable_steady_tick(Duration::from_millis(200));
    if !cli.json {
        writeln!(out, "{}", Header::read())?;
        writeln!(out, "{:<44} {:>9} {:>9} {:>9}", "case", "least", "median", "greatest")?;
    }
    let mut written = Ok(());
    let report = run(&options, |measured| {
        bar.inc(1);
        if !cli.json && written.is_ok() {
            written = bar.suspend(|| writeln!(out, "{measured}").and_then(|()| out.flush()));
        }
    });
    bar.finish_and_clear();
    written?;
    if cli.json {
        writeln!(out, "{}", report.to_json()?)?;
    }
    Ok(End::Good)
}
