//! To whom a flooded or multicast packet goes.

use super::egress;
use super::{Bridge, Copy, FloodControl, Target, state};
use crate::pipeline::packet::flag;
use crate::pipeline::{NONE, Out, Packet};
use crate::port;
use crate::switch::Switch;

/// Lists the copies of a packet whose way out is a flood or an L2MC group, in order of membership. Who may
/// not get one (the port where it came in, a blocked or isolated port) is left out.
pub(crate) fn copies(sw: &Switch, p: &Packet, copies: &mut Vec<Copy>) {
    let bridge = &sw.bridge;
    match p.out {
        Out::L2mc(group) => add_group(sw, p, group, copies, |_| true),
        _ => {
            let class = match p.flags & (flag::MULTICAST | flag::BROADCAST) {
                0 => 0,
                flag::MULTICAST => 1,
                _ => 2,
            };
            let control = bridge.domain(p.domain).map_or(FloodControl::None, |d| d.flood[class]);
            match control {
                FloodControl::None => {}
                FloodControl::All => add_members(sw, p, copies),
                FloodControl::Group(group) => add_group(sw, p, group, copies, |_| true),
                FloodControl::Combined(group) => {
                    add_members(sw, p, copies);
                    let member =
                        |port| bridge.domain(p.domain).map_or(0, |d| d.state(port)) & state::MEMBER != 0;
                    add_group(sw, p, group, copies, |port| !member(port));
                }
            }
        }
    }
}

fn add_members(sw: &Switch, p: &Packet, copies: &mut Vec<Copy>) {
    if let Some(domain) = sw.bridge.domain(p.domain) {
        for &(_, port) in &domain.members {
            add(sw, p, port, copies);
        }
    }
}

fn add_group(sw: &Switch, p: &Packet, group: u16, copies: &mut Vec<Copy>, takes: impl Fn(u16) -> bool) {
    for &port in sw.bridge.multicast.outputs(group).iter().filter(|port| takes(**port)) {
        add(sw, p, port, copies);
    }
}

#[inline(always)]
fn add(sw: &Switch, p: &Packet, bridge_port: u16, copies: &mut Vec<Copy>) {
    let to = target(&sw.bridge, bridge_port);
    // What is down is in no flood.
    let up = match to {
        Target::None => false,
        Target::Port(port) => is_up(sw, port) && !(sw.ports.isolates && port::is_kept_from(sw, p, port)),
        Target::Lag(lag) => any_is_up(sw, lag),
    };
    if up && egress::allowed(sw, p, bridge_port).is_ok() {
        copies.push(Copy { to, bridge_port, domain: p.domain, rif: NONE, adjacency: u32::MAX });
    }
}

#[inline(always)]
fn is_up(sw: &Switch, port: u16) -> bool {
    sw.ports.records.get(usize::from(port)).is_some_and(port::Record::is_up)
}

#[inline(never)]
fn any_is_up(sw: &Switch, lag: u16) -> bool {
    sw.lags.get(lag).is_some_and(|lag| lag.members.iter().any(|(_, port)| is_up(sw, *port)))
}

fn target(bridge: &Bridge, bridge_port: u16) -> Target {
    bridge.port(bridge_port).map(|b| b.to).unwrap_or_default()
}
