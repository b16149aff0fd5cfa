//! The pages of the book that show the program: every command in a `console` block runs, and prints what the page says.
//!
//! `…` stands for any text in a line, and alone on a line for any lines. A block marked `toml` whose first line is
//! `# file NAME` is written to that file first. A command that ends in `&` runs until the page is through, or until
//! `kill -INT %N` stops the Nth of them.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A command of a page and what it prints.
struct Step {
    command: String,
    prints: Vec<String>,
}

enum Block {
    File(String, String),
    Session(Vec<Step>),
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let kind = match line {
            "```console" | "```toml" => line,
            _ => continue,
        };
        let body: Vec<&str> = lines.by_ref().take_while(|l| *l != "```").collect();
        if kind == "```toml" {
            if let Some(name) = body[0].strip_prefix("# file ") {
                blocks.push(Block::File(name.to_owned(), body.join("\n")));
            }
            continue;
        }
        let mut steps: Vec<Step> = Vec::new();
        for line in body {
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step { command: command.to_owned(), prints: Vec::new() }),
                (None, Some(step)) if step.command.ends_with('\\') => {
                    step.command.truncate(step.command.len() - 1);
                    step.command += line.trim_start();
                }
                (None, Some(step)) => step.prints.push(line.to_owned()),
                (None, None) => panic!("a block begins with output: {line}"),
            }
        }
        blocks.push(Block::Session(steps));
    }
    blocks
}

/// Whether a line is as the page says.
fn line_matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    for (n, part) in parts.iter().enumerate() {
        let last = n + 1 == parts.len();
        match rest.find(part) {
            _ if last && rest.ends_with(part) => return true,
            Some(at) if !last => rest = &rest[at + part.len()..],
            _ => return false,
        }
    }
    rest.is_empty()
}

/// Whether all lines are as the page says.
fn matches(patterns: &[String], lines: &[&str]) -> bool {
    match (patterns.split_first(), lines.split_first()) {
        (None, None) => true,
        (Some((p, others)), _) if p == "…" => (0..=lines.len()).any(|n| matches(others, &lines[n..])),
        (Some((p, others)), Some((line, rest))) => line_matches(p, line) && matches(others, rest),
        _ => false,
    }
}

struct Shell {
    folder: tempfile::TempDir,
    children: Vec<Child>,
}

impl Drop for Shell {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Shell {
    fn command(&self, text: &str) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_switch-sim")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new("bash");
        command.args(["-c", text]).env("PATH", path).env("XDG_RUNTIME_DIR", self.folder.path());
        command.env_remove("SWITCH_SIM_SOCKET").current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    fn run(&mut self, step: &Step) {
        // Jobs are the harness's own here.
        if let Some(job) = step.command.strip_prefix("kill -INT %") {
            let job = &mut self.children[job.parse::<usize>().unwrap() - 1];
            let killed = Command::new("kill").args(["-INT", &job.id().to_string()]).status().unwrap();
            assert!(killed.success() && job.wait().unwrap().success(), "{}", step.command);
            return;
        }
        if let Some(text) = step.command.strip_suffix(" &") {
            // Standing in for the shell, so that it is the program that is ended.
            let mut child = self.command(&format!("exec {text}")).stdout(Stdio::piped()).spawn().unwrap();
            let mut output = BufReader::new(child.stdout.take().unwrap());
            self.children.push(child);
            let mut lines = Vec::new();
            while !lines.last().is_some_and(|l: &String| l.starts_with("running ")) {
                let mut line = String::new();
                assert!(output.read_line(&mut line).unwrap() > 0, "{text} ended: {lines:?}");
                lines.push(line.trim_end().to_owned());
            }
            // It goes on writing as it stops.
            std::thread::spawn(move || output.lines().count());
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            assert!(matches(&step.prints, &lines), "{text}\nprints {lines:#?}\nnot {:#?}", step.prints);
            return;
        }
        let begin = Instant::now();
        loop {
            let output = self.command(&step.command).output().unwrap();
            let out = String::from_utf8_lossy(&output.stdout);
            let err = String::from_utf8_lossy(&output.stderr);
            // 1 means that differences were found, which the page shows.
            assert!(output.status.code().is_some_and(|c| c < 2), "{}\n{out}{err}", step.command);
            let lines: Vec<&str> = out.lines().map(str::trim_end).collect();
            if matches(&step.prints, &lines) {
                return;
            }
            // What is shown may take a moment to come true where switches run on the system's clock.
            let again =
                step.command.starts_with("switch-sim show") && begin.elapsed() < Duration::from_secs(10);
            assert!(again, "{}\nprints\n{out}\nnot\n{}\n{err}", step.command, step.prints.join("\n"));
        }
    }
}

/// What stands before commands that change network devices.
const DEVICES: &str = "<!-- from here on: a network namespace -->";

fn follow(page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src").join(page);
    let mut text = std::fs::read_to_string(&path).unwrap();
    if std::env::var_os(INSIDE).is_none() {
        text.truncate(text.find(DEVICES).unwrap_or(text.len()));
    }
    let mut shell = Shell { folder: tempfile::tempdir().unwrap(), children: Vec::new() };
    let mut commands = 0;
    for block in blocks(&text) {
        match block {
            Block::File(name, text) => std::fs::write(shell.folder.path().join(name), text).unwrap(),
            Block::Session(steps) => {
                commands += steps.len();
                steps.iter().for_each(|step| shell.run(step));
            }
        }
    }
    assert!(commands > 1, "{page} shows commands");
}

/// Set within the namespace.
const INSIDE: &str = "SWITCH_SIM_DOCS_NAMESPACE";

/// Follows a page in a network namespace of its own; without root only up to [`DEVICES`], and says so.
fn follow_in_namespace(test: &str, page: &str) {
    if std::env::var_os(INSIDE).is_some() {
        return follow(page);
    }
    let may = Command::new("unshare").args(["-n", "true"]).stderr(Stdio::null()).status();
    if !may.is_ok_and(|s| s.success()) {
        eprintln!("skipped: the rest of {page} needs a network namespace, which needs root");
        return follow(page);
    }
    let me = std::env::current_exe().unwrap();
    let output = Command::new("unshare")
        .arg("-n")
        .arg(me)
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .output();
    let output = output.unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}

#[test]
fn the_page_of_the_program_is_true() {
    follow("cli.md");
}

#[test]
fn the_page_of_topologies_is_true() {
    follow_in_namespace("docs::the_page_of_topologies_is_true", "topologies.md");
}

#[test]
fn the_page_of_packet_io_is_true() {
    follow_in_namespace("docs::the_page_of_packet_io_is_true", "packet-io.md");
}

#[test]
fn outputs_are_compared_with_their_gaps() {
    let matches = |pattern: &str, text: &str| {
        let patterns: Vec<String> = pattern.lines().map(str::to_owned).collect();
        matches(&patterns, &text.lines().collect::<Vec<_>>())
    };
    assert!(matches("a … c\n…\nz", "a b c\nx\ny\nz"));
    assert!(matches("…\nz", "z"));
    assert!(!matches("a … c", "a b d"));
    assert!(!matches("a", "a\nb"));
    assert!(!matches("a\nb", "a"));
}
