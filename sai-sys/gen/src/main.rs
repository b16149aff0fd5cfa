//! `sai-gen`: renders everything repetitive from the SAI model.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand};
use sai_gen::model::Model;
use sai_gen::{diff, import, json, render, since, tree};

/// The model's place in the repository.
const MODEL: &str = "sai-sys/model/1.18.1";

/// Renders everything repetitive of the repository from the SAI model, and reads SAI headers into a model.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    /// Root of the repository [default: the nearest folder upwards that holds the model]
    #[arg(long, global = true, value_name = "DIR")]
    root: Option<PathBuf>,
    /// The model to render from [default: the repository's own]
    #[arg(long, global = true, value_name = "DIR")]
    model: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write all generated files
    Generate,
    /// Fail, naming the first differing file and line, when a generated file is not current
    Check,
    /// Read a set of SAI headers into a model; needs libclang
    Import {
        /// A folder of headers (/usr/include/sai), or one that holds inc/ and experimental/
        dir: PathBuf,
        /// Where to write the model
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Derive the release each item came in from models of a series of releases, oldest first
    Since {
        /// Models, oldest first; the last one is written anew
        #[arg(required = true, value_name = "MODEL")]
        models: Vec<PathBuf>,
        /// Where to write it [default: over the last model]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Compare two models as an ABI; exit status 1 when the change to inc/ is not append-only
    Diff {
        /// The older model
        old: PathBuf,
        /// The newer model
        new: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("sai-gen: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    let root = || match cli.root.clone() {
        Some(root) => Ok(root),
        None => find_root(),
    };
    match cli.command {
        Command::Generate => {
            let root = root()?;
            let outputs = render::outputs(&load(&root, cli.model.as_deref())?)?;
            let done = tree::write(&root, &outputs)?;
            println!(
                "{} generated files: {} written, {} removed, {} unchanged",
                outputs.len(),
                done.changed,
                done.removed,
                done.unchanged
            );
            Ok(ExitCode::SUCCESS)
        }
        Command::Check => {
            let root = root()?;
            let outputs = render::outputs(&load(&root, cli.model.as_deref())?)?;
            match tree::check(&root, &outputs)? {
                None => {
                    println!("{} generated files are current", outputs.len());
                    Ok(ExitCode::SUCCESS)
                }
                Some(stale) => {
                    eprintln!("{stale}\nrun `cargo run -p sai-gen -- generate` and commit the result");
                    Ok(ExitCode::FAILURE)
                }
            }
        }
        Command::Since { models, out } => {
            let series = models.iter().map(|dir| Model::load(dir)).collect::<Result<Vec<_>>>()?;
            let out = out.as_ref().or(models.last()).context("no model given")?;
            json::save(&since::derive(&series)?, out)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Diff { old, new, json } => {
            let report = diff::diff(&Model::load(&old)?, &Model::load(&new)?);
            if json {
                println!("{}", serde_json::to_string_pretty(&report)?);
            } else {
                println!("{report}");
            }
            Ok(if report.append_only { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Import { dir, out } => {
            let model = import::import(&dir)?;
            json::save(&model, &out)?;
            println!(
                "{} headers, {} attributes, {} enums, {} structs and unions",
                model.headers.len(),
                model.attributes().count(),
                model.enums().count(),
                model.structs().count()
            );
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn load(root: &Path, model: Option<&Path>) -> Result<Model> {
    match model {
        Some(dir) => Model::load(dir),
        None => Model::load(&root.join(MODEL)),
    }
}

/// The nearest folder upwards that holds the model.
fn find_root() -> Result<PathBuf> {
    let here = std::env::current_dir().context("cannot tell the current directory")?;
    match here.ancestors().find(|dir| dir.join(MODEL).is_dir()) {
        Some(dir) => Ok(dir.to_owned()),
        None => {
            bail!("no {MODEL} here or above {}: run it inside the repository or give --root", here.display())
        }
    }
}
