//! Running the program.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

/// The program with these arguments.
pub fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switch-sim"));
    command.args(args).env_remove("SWITCH_SIM_SOCKET").stdin(Stdio::null());
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn finished(args: &[&str], output: &Output) -> String {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "switch-sim {}: {}\n{out}{err}", args.join(" "), output.status);
    out
}

/// What the program prints.
pub fn says(args: &[&str]) -> String {
    finished(args, &program(args).output().unwrap())
}

/// The exit code, and what the program prints on standard output and error.
pub fn ends(args: &[&str]) -> (i32, String, String) {
    let output = program(args).output().unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// Switches that run until they are dropped.
pub struct Running {
    child: Child,
    pub socket: String,
    pub folder: tempfile::TempDir,
    /// What `run` printed when it was ready.
    pub greeting: Vec<String>,
    output: BufReader<std::process::ChildStdout>,
}

impl Running {
    /// `switch-sim run` with these arguments, in a folder of its own.
    pub fn start(args: &[&str]) -> Running {
        Running::start_in(tempfile::tempdir().unwrap(), args)
    }

    /// The same in this folder.
    pub fn start_in(folder: tempfile::TempDir, args: &[&str]) -> Running {
        let socket = format!("unix:{}", folder.path().join("socket").display());
        let mut command = program(&["run", "--socket", &socket]);
        let mut child = command.args(args).current_dir(folder.path()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut running = Running { child, socket, folder, greeting: Vec::new(), output };
        while !running.greeting.last().is_some_and(|line| line.starts_with("running ")) {
            let mut line = String::new();
            let n = running.output.read_line(&mut line).unwrap();
            assert!(n > 0, "switch-sim run {} ended: {:?}", args.join(" "), running.greeting);
            running.greeting.push(line.trim_end().to_owned());
        }
        running
    }

    /// The program with these arguments, about these switches.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = program(args);
        command.args(["--socket", &self.socket]).current_dir(self.folder.path());
        command
    }

    /// What a client prints.
    pub fn says(&self, args: &[&str]) -> String {
        finished(args, &self.command(args).output().unwrap())
    }

    /// The JSON that a client prints.
    pub fn json(&self, args: &[&str]) -> serde_json::Value {
        let out = self.says(&[args, &["--json"]].concat());
        serde_json::from_str(&out).unwrap_or_else(|e| panic!("{args:?}: {e}\n{out}"))
    }

    /// The exit code of a client, and what it prints on standard output and error.
    pub fn ends(&self, args: &[&str]) -> (i32, String, String) {
        let output = self.command(args).output().unwrap();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }

    /// A file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Stops the switches by a signal; the folder, and what they printed at last.
    pub fn stop(mut self, signal: &str) -> (tempfile::TempDir, Vec<String>) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        let last = self.output.by_ref().lines().map(Result::unwrap).collect();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {last:?}");
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        (folder, last)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
