//! Packets of the host that ask for look-up.

use super::{input, rif};
use crate::pipeline::packet::flag;
use crate::pipeline::{NONE, Node, Packet};
use crate::switch::Switch;

/// Where a frame of the host goes on: to [`Node::Route`] where it is for the MAC address of the interface of its
/// VLAN, or, in a VLAN without one, of the default virtual router; else to [`Node::Bridge`].
pub(crate) fn from_host(sw: &Switch, p: &mut Packet, frame: &[u8]) -> Node {
    let mac = frame.get(..6).unwrap_or_default();
    if p.has(flag::MULTICAST) || !input::is_ip(&p.headers) || p.headers.tags > 1 {
        return Node::Bridge;
    }
    p.rif = sw.bridge.domain(p.domain).map_or(NONE, |d| d.rif);
    match rif::at(&sw.router.rifs, p.rif) {
        Some(rif) if rif.has_mac(mac) => {
            p.vrf = rif.vr;
            Node::Route
        }
        Some(_) => Node::Bridge,
        None => {
            let vr = sw.default_object(sai::switch::DEFAULT_VIRTUAL_ROUTER_ID.id()).unwrap_or_default();
            match sw.router.vrs.iter().position(|v| v.id == vr && v.mac == mac) {
                Some(at) => {
                    p.vrf = at as u16;
                    Node::Route
                }
                None => Node::Bridge,
            }
        }
    }
}
