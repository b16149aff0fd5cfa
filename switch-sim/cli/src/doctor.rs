//! `doctor`: what works on this machine, and what to do about what does not.

use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::Result;
use sai::dylib::Options;
use serde_json::json;
use switch_sim_live::control::{Client, Request};
use switch_sim_live::netdev::{self, NetDev};

use crate::End;
use crate::args::Cli;
use crate::way::default_socket;

/// One thing that was looked at.
struct Finding {
    what: String,
    works: bool,
    says: String,
}

/// Prints what works.
pub fn doctor(cli: &Cli, library: Option<&Path>, out: &mut dyn Write) -> Result<End> {
    let mut findings = vec![simulator(), sockets(), tap(), devices(), running(cli)];
    if let Some(path) = library {
        findings.push(vendor(path));
    }
    if cli.json {
        let all: Vec<_> =
            findings.iter().map(|f| json!({"what": f.what, "works": f.works, "says": f.says})).collect();
        writeln!(out, "{:#}", json!(all))?;
    } else {
        for Finding { what, works, says } in &findings {
            writeln!(
                out,
                "{:3}  {what}: {}",
                if *works { "yes" } else { "no" },
                says.replace('\n', "\n     ")
            )?;
        }
    }
    Ok(End::Good)
}

fn simulator() -> Finding {
    Finding {
        what: "simulator".into(),
        works: true,
        says: format!(
            "switch-sim {} with SAI 1.18.1; needs nothing of the machine",
            env!("CARGO_PKG_VERSION")
        ),
    }
}

/// Packet sockets, tried on the loopback device.
fn sockets() -> Finding {
    let (works, says) = match NetDev::open("lo") {
        Ok(_) => (true, "--attach 0=netdev:NAME works".into()),
        Err(error) => (false, error.to_string()),
    };
    Finding { what: "network devices".into(), works, says }
}

/// TAP, without making a device.
fn tap() -> Finding {
    let what = "TAP devices".into();
    let tun = std::fs::OpenOptions::new().read(true).write(true).open("/dev/net/tun");
    let (works, says) = match tun {
        Err(e) if e.kind() == ErrorKind::NotFound => {
            (false, "there is no /dev/net/tun; load it by 'modprobe tun'".into())
        }
        Err(e) => (false, format!("/dev/net/tun: {e}; run as root")),
        Ok(_) if may_administer() => (true, "--attach 0=tap:NAME works".into()),
        Ok(_) => (
            false,
            "making one needs CAP_NET_ADMIN: run as root, or make it before by 'ip tuntap add NAME mode tap user $USER'"
                .into(),
        ),
    };
    Finding { what, works, says }
}

/// Whether this process has CAP_NET_ADMIN.
fn may_administer() -> bool {
    const NET_ADMIN: u64 = 1 << 12;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|l| l.strip_prefix("CapEff:"));
    effective
        .and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
        .is_some_and(|caps| caps & NET_ADMIN != 0)
}

fn devices() -> Finding {
    let what = "devices here".into();
    match netdev::list() {
        Ok(names) => Finding { what, works: true, says: names.join(", ") },
        Err(e) => Finding { what, works: false, says: e.to_string() },
    }
}

fn running(cli: &Cli) -> Finding {
    let address = cli.socket.clone().unwrap_or_else(default_socket);
    let what = "running switches".into();
    let info = Client::connect(&address).and_then(|mut client| client.call(&Request::Info));
    match info {
        Ok(info) => {
            let names = info["switches"].as_array().into_iter().flatten().filter_map(|s| s["name"].as_str());
            let names: Vec<_> = names.collect();
            Finding { what, works: true, says: format!("{} at {address}", names.join(", ")) }
        }
        Err(_) => {
            Finding { what, works: false, says: format!("none at {address}; start some by 'switch-sim run'") }
        }
    }
}

fn vendor(path: &Path) -> Finding {
    let what = format!("library {}", path.display());
    match Options::new().load(path) {
        Ok(library) => {
            let probe = library.probe().to_string();
            Finding { what, works: true, says: probe.trim_end().to_owned() }
        }
        Err(e) => Finding { what, works: false, says: e.to_string() },
    }
}
