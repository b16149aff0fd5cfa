//! The commands that talk to running switches.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use indicatif::ProgressBar;
use serde_json::{Map, Value as Json};
use switch_sim::snapshot::Snapshot;
use switch_sim_live::control::{Event, Request, hex};
use switch_sim_live::pcap::Writer;
use switch_sim_live::topology::ClockKind;
use switch_sim_live::{Network, Topology};

use crate::args::{Cli, Command, LinkState, Show};
use crate::way::{Way, connect};
use crate::{End, packet};

mod names;
mod show;

/// Does a command of a client.
pub fn command(cli: &Cli, out: &mut dyn Write) -> Result<End> {
    let switch = cli.switch.clone();
    match &cli.command {
        Command::Show(Show { what }) => show::show(cli, what, out),
        Command::Set { object, attr, value } => {
            let value = Json::String(value.clone());
            done(cli, &Request::Set { switch, object: object.clone(), attr: attr.clone(), value }, out)
        }
        Command::Create { object, attrs } => {
            done(cli, &Request::Create { switch, object: object.clone(), attrs: given(attrs)? }, out)
        }
        Command::Remove { object } => done(cli, &Request::Remove { switch, object: object.clone() }, out),
        Command::Link { port, state } => {
            let (port, up) = (port_name(cli, port), *state == LinkState::Up);
            done(cli, &Request::Link { port, up }, out)
        }
        Command::Inject { port, packet, count } => {
            let frames = packet::frames(packet)?;
            let mut way = Way::to_running(cli)?;
            let port = port_name(cli, port);
            let bar = bar(frames.len());
            for frame in &frames {
                let request =
                    Request::Inject { port: port.clone(), frame: hex::print(frame), count: Some(*count) };
                way.call(&request)?;
                bar.inc(1);
            }
            bar.finish_and_clear();
            Ok(End::Good)
        }
        Command::Receive { port } => {
            let frames =
                Way::to_running(cli)?.call(&Request::Receive { port: port_name(cli, port), limit: None })?;
            if cli.json {
                writeln!(out, "{frames:#}")?;
            } else {
                for frame in frames.as_array().into_iter().flatten().filter_map(Json::as_str) {
                    writeln!(out, "{frame}")?;
                }
            }
            Ok(End::Good)
        }
        Command::Trace { port, packet, inside } => {
            trace(cli, &port_name(cli, port), &packet::frames(packet)?, inside.as_deref(), out)
        }
        Command::Watch { count } => watch(cli, *count, out),
        Command::Capture { file, ports, count } => capture(cli, file, ports, *count, out),
        Command::Advance { by } => done(cli, &Request::Advance { by: by.as_nanos() as u64 }, out),
        Command::Snapshot { file } => {
            // The server may work in another folder.
            let path = std::path::absolute(file).with_context(|| format!("{}", file.display()))?;
            let path = path.into_os_string().into_string();
            let path = path.map_err(|p| anyhow!("{}: a path is sent as UTF-8", p.display()))?;
            done(cli, &Request::Snapshot { switch, path }, out)
        }
        Command::Diff { before, after } => diff(cli, before, after.as_deref(), out),
        _ => bail!("this command has no client"),
    }
}

/// A port of the switch that `--switch` names, where it does.
fn port_name(cli: &Cli, port: &str) -> String {
    let has_switch = port.split_once(':').is_some_and(|(of, _)| of != "oid");
    match &cli.switch {
        Some(switch) if !has_switch => format!("{switch}:{port}"),
        _ => port.to_owned(),
    }
}

/// Makes a request and prints its answer, if there is one.
fn done(cli: &Cli, request: &Request, out: &mut dyn Write) -> Result<End> {
    let answer = Way::to_running(cli)?.call(request)?;
    match &answer {
        _ if cli.json => writeln!(out, "{answer:#}")?,
        Json::Null => {}
        Json::String(text) => writeln!(out, "{text}")?,
        Json::Object(fields) => {
            let text = |v: &Json| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
            let fields: Vec<_> = fields.iter().map(|(k, v)| format!("{k} {}", text(v))).collect();
            writeln!(out, "{}", fields.join(", "))?;
        }
        other => writeln!(out, "{other}")?,
    }
    Ok(End::Good)
}

/// Attributes as `name=value`.
fn given(attrs: &[String]) -> Result<Map<String, Json>> {
    let mut all = Map::new();
    for text in attrs {
        let Some((name, value)) = text.split_once('=') else {
            bail!("'{text}' is no ATTR=VALUE, as vlan-id=20");
        };
        if all.insert(name.to_owned(), Json::String(value.to_owned())).is_some() {
            bail!("{name} is given twice");
        }
    }
    Ok(all)
}

/// A bar on a terminal, where the work is long.
fn bar(len: usize) -> ProgressBar {
    let shown = len > 100 && std::io::stderr().is_terminal();
    if shown { ProgressBar::new(len as u64) } else { ProgressBar::hidden() }
}

fn trace(
    cli: &Cli,
    port: &str,
    frames: &[Vec<u8>],
    inside: Option<&str>,
    out: &mut dyn Write,
) -> Result<End> {
    let mut way = match inside {
        None => Way::to_running(cli)?,
        Some(name) => {
            let mut topology = Topology::load(name)?;
            // Nothing is attached and time stands still: the answer is the same each time.
            topology.clock = ClockKind::Virtual;
            topology.switches.iter_mut().for_each(|s| s.attach.clear());
            Way::Here(Box::new(Network::start(&topology)?))
        }
    };
    let names = names::Names::of_ports(&mut way)?;
    let switch = port.split_once(':').map(|(of, _)| of).filter(|of| *of != "oid");
    let mut all = Vec::new();
    let bar = bar(if cli.json { frames.len() } else { 0 });
    for (n, frame) in frames.iter().enumerate() {
        let trace = way.call(&Request::Trace { port: port.to_owned(), frame: hex::print(frame) })?;
        if cli.json {
            all.push(trace["steps"].clone());
            bar.inc(1);
            continue;
        }
        if frames.len() > 1 {
            writeln!(out, "{}packet {}, {} bytes", if n > 0 { "\n" } else { "" }, n + 1, frame.len())?;
        }
        write!(out, "{}", names.with_ports(trace["text"].as_str().unwrap_or_default(), switch))?;
    }
    bar.finish_and_clear();
    if cli.json {
        let answer = if let [one] = &mut all[..] { one.take() } else { Json::Array(all) };
        writeln!(out, "{answer:#}")?;
    }
    Ok(End::Good)
}

fn watch(cli: &Cli, count: Option<u64>, out: &mut dyn Write) -> Result<End> {
    let mut client = connect(cli)?;
    client.call(&Request::Watch { switch: cli.switch.clone() })?;
    eprintln!("watching; stop by Ctrl-C");
    let mut left = count.unwrap_or(u64::MAX);
    while left > 0 {
        match client.next_event()? {
            None => break,
            Some(Event::Lost(lost)) => {
                eprintln!("switch-sim: {lost} notifications came too fast and were lost")
            }
            Some(Event::Event(event)) => {
                left -= 1;
                if cli.json {
                    writeln!(out, "{event}")?;
                } else {
                    let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
                    writeln!(out, "{} {} {}", text("switch"), text("name"), event["data"])?;
                }
                out.flush()?;
            }
        }
    }
    Ok(End::Good)
}

fn capture(cli: &Cli, file: &Path, ports: &[String], count: Option<u64>, out: &mut dyn Write) -> Result<End> {
    let names = names::Names::of_ports(&mut Way::to_running(cli)?)?;
    let list: Vec<&str> = names.ports().iter().map(|p| p.name.as_str()).collect();
    let mut writer = Writer::create(file, &list)?;
    let mut client = connect(cli)?;
    let ports = ports.iter().map(|p| port_name(cli, p)).collect();
    client.call(&Request::Capture { ports })?;
    eprintln!("capturing to {}; stop by Ctrl-C", file.display());
    let mut left = count.unwrap_or(u64::MAX);
    while left > 0 {
        match client.next_event()? {
            None => break,
            Some(Event::Lost(lost)) => eprintln!("switch-sim: {lost} frames came too fast and were lost"),
            Some(Event::Event(event)) => {
                left -= 1;
                let at =
                    |p: &names::Port| event["switch"] == p.switch.as_str() && event["port"] == p.id.as_str();
                let interface = names.ports().iter().position(at).unwrap_or_default() as u32;
                let frame = hex::parse(event["frame"].as_str().unwrap_or_default()).unwrap_or_default();
                let at = Duration::from_nanos(event["at"].as_u64().unwrap_or_default());
                writer.write(at, interface, &frame)?;
                // Ctrl-C leaves a whole file.
                writer.flush()?;
            }
        }
    }
    if let Some(count) = count {
        writeln!(out, "captured {} frames", count - left)?;
    }
    Ok(End::Good)
}

fn diff(cli: &Cli, before: &Path, after: Option<&Path>, out: &mut dyn Write) -> Result<End> {
    let read = |path: &Path| -> Result<Snapshot> {
        let bytes = std::fs::read(path).with_context(|| format!("{}", path.display()))?;
        Snapshot::from_bytes(&bytes).with_context(|| format!("{}", path.display()))
    };
    let first = read(before)?;
    let second = match after {
        Some(path) => read(path)?,
        None => {
            let path = std::env::temp_dir().join(format!("switch-sim-diff-{}", std::process::id()));
            let request = Request::Snapshot { switch: cli.switch.clone(), path: path.display().to_string() };
            Way::to_running(cli)?.call(&request)?;
            let snapshot = read(&path);
            let _ = std::fs::remove_file(&path);
            snapshot?
        }
    };
    let lines = first.diff(&second);
    if cli.json {
        writeln!(out, "{:#}", serde_json::json!(lines))?;
    } else {
        for line in &lines {
            writeln!(out, "{line}")?;
        }
    }
    Ok(if lines.is_empty() { End::Good } else { End::Different })
}
