//! The man pages, from the parser.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_mangen::Man;

use crate::End;
use crate::args::Cli;

/// Prints the page of the program, or writes the pages of all commands to a folder.
pub fn write(folder: Option<&Path>, out: &mut dyn Write) -> Result<End> {
    let Some(folder) = folder else {
        Man::new(Cli::command()).render(out)?;
        return Ok(End::Good);
    };
    std::fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    clap_mangen::generate_to(Cli::command(), folder).with_context(|| format!("{}", folder.display()))?;
    writeln!(out, "man pages are in {}; read one by man -l {0}/switch-sim.1", folder.display())?;
    Ok(End::Good)
}
