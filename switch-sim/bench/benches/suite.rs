//! All benchmarks: `cargo bench -p switch-sim-bench --bench suite -- [FILTER] [--runs N] [--shrink N] [--json FILE]
//! [--library LIBSAI]`.
#![allow(missing_docs)]

use switch_sim_bench::{Header, Options, run};

fn main() {
    let mut options = Options { library: Options::own_library(), ..Options::default() };
    let mut json = None;
    let mut args = std::env::args().skip(1).filter(|a| a != "--bench");
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|n| n.parse().ok()).unwrap_or(1);
        match arg.as_str() {
            "--runs" => options.runs = number(),
            "--shrink" => options.shrink = number(),
            "--library" => options.library = args.next().map(Into::into),
            "--json" => json = args.next(),
            _ => options.filter = Some(arg),
        }
    }
    println!("{}\n{:<44} {:>9} {:>9} {:>9}", Header::read(), "case", "min", "median", "max");
    let report = run(&options, |measured| println!("{measured}"));
    if let Some(file) = json {
        std::fs::write(file, report.to_json().expect("figures are JSON")).expect("the file can be written");
    }
}
