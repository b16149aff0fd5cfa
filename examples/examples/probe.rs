//! Says what a vendor's SAI library has and lacks.
//!
//! ```text
//! cargo run --example probe -- /usr/lib/libsai.so [profile]
//! ```

use std::process::ExitCode;

use sai::dylib::Options;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let Some(path) = args.next() else {
        eprintln!("usage: probe LIBRARY [PROFILE]");
        return ExitCode::from(2);
    };
    let mut options = Options::new();
    if let Some(profile) = args.next() {
        match std::fs::read_to_string(&profile) {
            Ok(text) => options = options.profile_text(&text),
            Err(e) => {
                eprintln!("{}: {e}", profile.display());
                return ExitCode::FAILURE;
            }
        }
    }
    match options.load(path) {
        Ok(library) => {
            print!("{}", library.probe());
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}
