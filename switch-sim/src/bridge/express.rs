//! Bridging plain frames: the decisions of `input`, `forward` and `egress`.

use super::fdb::Value;
use super::{BridgePort, state};
use crate::pipeline::frames::Bytes;
use crate::pipeline::{Lane, Ledger, NONE};
use crate::port::output::Tag;
use crate::router;
use crate::switch::Switch;
use crate::table::exact::station_key;

/// A plain frame comes in by a bridge port, from a station that is known there: to a known station, or to the
/// router, whose interface [`Lane::rif`] then is; `aged` says if the age of its station is to be noted. `false` if a
/// stage would do anything but the common; so with all that follow.
#[inline(always)]
pub(crate) fn arrive(sw: &Switch, lane: &mut Lane, frame: Bytes<'_>, now: u64, aged: &mut bool) -> bool {
    let bridge = &sw.bridge;
    let odd = state::RX_DROP | state::NO_LEARN | state::NO_FORWARD;
    let rif = match (bridge.domain(lane.vid), bridge.ports.get(usize::from(lane.from))) {
        (Some(domain), Some(port))
            if domain.state(lane.from) & (state::MEMBER | odd) == state::MEMBER && port.plain[0] =>
        {
            domain.rif
        }
        _ => return false,
    };
    match bridge.fdb.is_known(station_key(lane.vid, lane.src), lane.from, now) {
        Some(old) => *aged = old,
        None => return false,
    }
    lane.rif = NONE;
    if rif != NONE && router::express::is_mine(sw, rif, lane.dst) {
        return router::express::arrive(sw, lane, frame.get(lane.len), rif);
    }
    match sw.bridge.fdb.table.get(station_key(lane.vid, lane.dst)) {
        Some(value) => value.port() != lane.from && leave(sw, lane, frame, *value),
        None => false,
    }
}

/// Sends a routed frame into its domain, to a known station.
#[inline(always)]
pub(crate) fn enter(sw: &Switch, lane: &mut Lane, frame: Bytes<'_>, mac: u64) -> bool {
    match sw.bridge.fdb.table.get(station_key(lane.domain, mac)) {
        Some(value) => leave(sw, lane, frame, *value),
        None => false,
    }
}

impl BridgePort {
    /// Whether a bridge port of the 802.1Q bridge takes frames in as all do. A new field has to be looked at here
    /// and in [`sends_plainly`](Self::sends_plainly).
    pub(super) fn admits_plainly(&self) -> bool {
        let BridgePort {
            id: _,
            plain: _,
            up,
            to: _,
            domain,
            vid: _,
            untagged: _,
            learning: _,
            max_learned: _,
            learned: _,
            violation: _,
            ingress_filtering: _,
            egress_filtering: _,
            rx_drop,
            tx_drop: _,
            isolated,
            counts: _,
        } = self;
        *up && *domain == NONE && !rx_drop && isolated.is_empty()
    }

    /// Whether a bridge port of the 802.1Q bridge sends as all do.
    pub(super) fn sends_plainly(&self) -> bool {
        self.up && self.domain == NONE && !self.tx_drop
    }
}

/// Sends a frame by the bridge port of an FDB entry.
#[inline(always)]
fn leave(sw: &Switch, lane: &mut Lane, frame: Bytes<'_>, value: Value) -> bool {
    let bridge = &sw.bridge;
    let to = value.port();
    let (Some(domain), Some(port)) = (bridge.domain(lane.domain), bridge.ports.get(usize::from(to))) else {
        return false;
    };
    let at = domain.state(to);
    let takes = value.is_plain()
        && port.plain[1]
        && at & (state::MEMBER | state::TX_DROP | state::NO_FORWARD) == state::MEMBER;
    let tag = match () {
        () if at & state::TAGGED != 0 => Tag::Vid(lane.domain),
        () if at & state::PRIORITY != 0 => Tag::Vid(0),
        () => Tag::None,
    };
    lane.to = to;
    takes && lane.send(sw, frame, port.to, tag)
}

/// Counts a plain frame at the bridge ports and domains that it passes.
#[inline(always)]
pub(crate) fn count(ledger: &mut impl Ledger, lane: &Lane) {
    let mut add = |port: u16, domain: u16, way: usize, size: u16| {
        if port == NONE {
            return;
        }
        if let Some(counts) = ledger.bridge_port(port) {
            counts[way].add(size.into(), false);
        }
        if let Some(counts) = ledger.domain(domain) {
            counts[way].add(size.into(), false);
        }
    };
    add(lane.from, lane.vid, 0, lane.size);
    add(lane.to, lane.domain, 1, lane.size_out);
}
