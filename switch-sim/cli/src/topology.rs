//! What topologies there are, and how to run them.

use std::io::Write;

use anyhow::Result;
use switch_sim_live::Topology;
use switch_sim_live::topology::READY;

use crate::End;

/// Prints the ready topologies, one of them, or the commands that make its network devices.
pub fn print(name: Option<&str>, devices: bool, out: &mut dyn Write) -> Result<End> {
    let Some(name) = name else {
        for (name, _) in READY {
            let topology = Topology::load(name)?;
            let (switches, links) = (topology.switches.len(), topology.links.len());
            writeln!(out, "{name}: {switches} switches, {links} links")?;
        }
        writeln!(
            out,
            "Run one by 'switch-sim run NAME'; 'switch-sim topology NAME' prints it, to begin from."
        )?;
        return Ok(End::Good);
    };
    let topology = Topology::load(name)?;
    if devices {
        for [a, b] in topology.device_pairs()? {
            writeln!(out, "ip link add {a} type veth peer name {b}")?;
            writeln!(out, "ip link set {a} up")?;
            writeln!(out, "ip link set {b} up")?;
        }
        for switch in &topology.switches {
            writeln!(out, "# switch-sim run {name} --only {0} --socket unix:/tmp/{0}.sock", switch.name)?;
        }
        return Ok(End::Good);
    }
    match READY.iter().find(|(ready, _)| *ready == name) {
        Some((_, text)) => write!(out, "{text}")?,
        None => {
            for switch in &topology.switches {
                writeln!(out, "switch {}", switch.name)?;
            }
            for link in &topology.links {
                writeln!(out, "link {} - {}", link.ends[0], link.ends[1])?;
            }
        }
    }
    Ok(End::Good)
}
