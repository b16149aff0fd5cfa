//! QoS maps in the express lane: they decide nothing about a frame's way, so they are looked up as it leaves.

use crate::pipeline::{Lane, Ledger, NONE, NoTrace, Packet};
use crate::switch::Switch;
use crate::wire::edit;
use crate::wire::parse::{L3, Tci};

/// What maps look at.
fn of_lane(lane: &Lane, frame: &[u8]) -> Packet {
    let mut p = Packet::EMPTY;
    (p.port, p.out_port) = (lane.port, lane.out);
    (p.pcp, p.dei) = lane.priority();
    let at = usize::from(lane.headers.l3);
    p.headers.l3 = lane.headers.l3.into();
    if let Some([a, b, ..]) = frame.get(at..) {
        (p.headers.kind, p.headers.tos) =
            if lane.headers.v6 { (L3::Ipv6, a << 4 | b >> 4) } else { (L3::Ipv4, *b) };
    }
    p
}

/// The traffic class of a frame.
pub(crate) fn class(sw: &Switch, lane: &Lane, frame: &[u8]) -> u8 {
    let mut p = of_lane(lane, frame);
    sw.qos.classify(&mut p, &mut NoTrace);
    p.tc
}

/// Counts a frame that leaves by the lane at its priority group and queue, and marks it: as if it had come in with the
/// DSCP and 802.1p priority that it is to have.
pub(crate) fn pass(ledger: &mut impl Ledger, lane: &mut Lane, frame: &mut [u8]) {
    let (sw, mut p) = (ledger.switch(), of_lane(lane, frame));
    let group = sw.qos.classify(&mut p, &mut NoTrace);
    // An interface with maps takes no part in the lane.
    sw.qos.leave(&sw.profile.chip, NONE, &mut p, &mut NoTrace);
    if let Some(group) = group {
        ledger.took_by(lane.port, group, [1, lane.size.into()]);
    }
    if p.queue != 0 {
        ledger.sent_by(lane.out, p.queue, [1, lane.size_out.into()]);
    }
    if p.remark_dscp < 64 {
        edit::set_tos(frame, &p.headers, p.remark_dscp << 2 | p.headers.ecn());
    }
    let outer = &mut lane.headers.outer;
    if p.pcp != outer.pcp() {
        *outer = Tci::new(outer.vid(), p.pcp, outer.dei());
        if lane.headers.tagged() {
            edit::set_tci(frame, lane.headers.outer);
        }
    }
}
