//! What a bridge port lets out, and how it tags.

use super::control::stp_state;
use super::{Bridge, BridgePort, FIRST_1D, Target, state};
use crate::lag;
use crate::pipeline::DropReason;
use crate::pipeline::frames::Frames;
use crate::pipeline::packet::{NONE, Packet, flag};
use crate::port::output::Tag;
use crate::switch::Switch;

/// A bridge port's [`state`] in a domain, as far as it sends.
#[inline(always)]
pub(crate) fn state_in(sw: &Switch, domain: u16, bridge_port: u16) -> u8 {
    match sw.bridge.domain(domain).map_or(0, |d| d.state(bridge_port)) {
        at if at & state::MEMBER != 0 => at,
        _ => unfiltered(sw, domain, bridge_port).unwrap_or(0),
    }
}

/// Where a bridge port does not filter, it sends in VLANs that it is no member of as if it were one: with the VLAN's
/// tag, as nobody says otherwise.
#[cold]
fn unfiltered(sw: &Switch, at: u16, bridge_port: u16) -> Option<u8> {
    let domain = sw.bridge.domain(at).filter(|_| at < FIRST_1D)?;
    let port = sw.bridge.port(bridge_port)?;
    let open = !port.egress_filtering && port.domain == NONE;
    open.then(|| state::MEMBER | state::TAGGED | stp_state(sw, domain, bridge_port))
}

/// Whether a packet may leave by a bridge port of its domain: the port, with its [`state`] there.
#[inline(always)]
fn admit<'a>(sw: &'a Switch, p: &Packet, bridge_port: u16) -> Result<(&'a BridgePort, u8), DropReason> {
    let port = sw.bridge.port(bridge_port).filter(|b| b.up).ok_or(DropReason::EgressPortDown)?;
    let at = state_in(sw, p.domain, bridge_port);
    if at & (state::MEMBER | state::TX_DROP | state::NO_FORWARD) != state::MEMBER || port.tx_drop {
        return Err(match () {
            () if at & state::MEMBER == 0 => DropReason::EgressVlanFilter,
            () if at & state::NO_FORWARD != 0 => DropReason::EgressStp,
            () => DropReason::TxDisabled,
        });
    }
    if p.has(flag::ROUTED) {
        return Ok((port, at));
    }
    // A bridge sends nothing back where it came from.
    if bridge_port == p.bridge_port {
        return Err(DropReason::L2LoopbackFilter);
    }
    if let Some(from) = sw.bridge.port(p.bridge_port)
        && !from.isolated.is_empty()
        && from.isolated.contains(&bridge_port)
    {
        return Err(DropReason::Isolation);
    }
    Ok((port, at))
}

/// Whether a packet may leave by a bridge port of its domain.
pub(crate) fn allowed(sw: &Switch, p: &Packet, bridge_port: u16) -> Result<(), DropReason> {
    admit(sw, p, bridge_port).map(drop)
}

/// Checks the way of a packet out of a bridge port, and finds the physical port.
#[inline(always)]
pub(crate) fn check(
    sw: &Switch,
    p: &mut Packet,
    frames: &Frames,
    slot: usize,
    bridge_port: u16,
) -> Result<(), DropReason> {
    let (port, at) = match admit(sw, p, bridge_port) {
        Ok(admitted) => admitted,
        Err(reason) => {
            // The drop counts where the packet was to leave.
            if let Some(Target::Port(port)) = sw.bridge.port(bridge_port).map(|b| b.to) {
                p.out_port = port;
            }
            return Err(reason);
        }
    };
    p.out_bridge_port = bridge_port;
    p.out_state = at;
    p.out_port = match port.to {
        Target::Port(port) => port,
        Target::Lag(index) => {
            lag::select(sw, p, frames.of(slot, p), index).ok_or_else(|| lag::no_member(p))?
        }
        Target::None => return Err(DropReason::EgressVlanFilter),
    };
    Ok(())
}

/// How a bridge port tags a packet of its domain.
#[inline(always)]
pub(crate) fn tag(sw: &Switch, p: &Packet) -> Tag {
    let Some(port) = sw.bridge.port(p.out_bridge_port) else { return Tag::Keep };
    if port.domain != NONE {
        return if port.untagged || port.vid == 0 { Tag::None } else { Tag::Vid(port.vid) };
    }
    let at = p.out_state;
    if at & state::TAGGED != 0 {
        Tag::Vid(p.domain)
    } else if at & state::PRIORITY != 0 {
        Tag::Vid(0)
    } else {
        Tag::None
    }
}

/// Counts a packet that leaves.
#[inline(always)]
pub(crate) fn count(bridge: &mut Bridge, p: &Packet, size: u64) {
    let group = p.has(flag::MULTICAST);
    if p.out_bridge_port == NONE {
        return;
    }
    if let Some(d) = bridge.domain_mut(p.domain) {
        d.counts[1].add(size, group);
    }
    if let Some(b) = bridge.ports.get_mut(usize::from(p.out_bridge_port)) {
        b.counts[1].add(size, group);
    }
}
