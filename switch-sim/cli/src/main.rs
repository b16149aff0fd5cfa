//! The program `switch-sim`: runs software switches behind SAI, looks at running ones, and replays recordings.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser};
use tracing_subscriber::filter::LevelFilter;

mod args;
mod bench;
mod client;
mod doctor;
mod manual;
mod packet;
mod replay;
mod run;
mod topology;
mod way;
mod web;

use args::{Cli, Command, Level};

/// How a command ended that did what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// As wished.
    Good,
    /// It found differences.
    Different,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    log(cli.log);
    let mut out = io::stdout().lock();
    match command(&cli, &mut out).and_then(|end| {
        out.flush()?;
        Ok(end)
    }) {
        Ok(End::Good) => ExitCode::SUCCESS,
        Ok(End::Different) => ExitCode::from(1),
        // Whoever read the output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("switch-sim: {}", explained(&error));
            ExitCode::from(2)
        }
    }
}

/// An error with its causes, but for those that the text before ends with already.
fn explained(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
}

fn log(level: Level) {
    let level = match level {
        Level::Off => LevelFilter::OFF,
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt().with_max_level(level).with_ansi(false).with_writer(io::stderr).init();
}

fn command(cli: &Cli, out: &mut dyn Write) -> Result<End> {
    match &cli.command {
        Command::Run(run) => run::run(cli, run, out),
        Command::Replay(replay) => replay::replay(cli, replay, out),
        Command::Compare { file, before, after } => replay::compare(cli, file, before, after, out),
        Command::Bench(args) => bench::bench(cli, args, out),
        Command::Support => {
            if cli.json {
                writeln!(out, "{}", serde_json::to_string_pretty(&switch_sim::query::support_table())?)?;
            } else {
                write!(out, "{}", switch_sim::query::support_matrix())?;
            }
            Ok(End::Good)
        }
        Command::Doctor { library } => doctor::doctor(cli, library.as_deref(), out),
        Command::Topology { name, devices } => topology::print(name.as_deref(), *devices, out),
        Command::Completions { shell } => {
            // To memory first: it cannot tell that a write failed.
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "switch-sim", &mut text);
            out.write_all(&text)?;
            Ok(End::Good)
        }
        Command::Man { folder } => manual::write(folder.as_deref(), out),
        _ => client::command(cli, out),
    }
}
