//! The layers that a text can name, with what they hold when no field says otherwise.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Error;
use crate::wire::builder::Kind;
use crate::wire::ethernet::{self, Ethernet};
use crate::wire::icmpv6::Neighbor;
use crate::wire::lacp::Information;
use crate::wire::udp::Udp;
use crate::wire::{
    BROADCAST, MacAddr, PacketBuilder, U16, arp::Arp, icmp, igmp, lacp, llc::Llc, lldp, mld, vxlan,
};

const SRC_MAC: MacAddr = [2, 0, 0, 0, 0, 1];
const DST_MAC: MacAddr = [2, 0, 0, 0, 0, 2];
/// Documentation addresses (RFC 5737, RFC 3849).
const SRC_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const DST_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
const SRC_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
const DST_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
const GROUP_V4: Ipv4Addr = Ipv4Addr::new(233, 252, 0, 1);
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff0e, 0, 0, 0, 0, 0xdb8, 0, 1);
/// The first dynamic port, and that of the discard service.
const SRC_PORT: u16 = 49152;
const DST_PORT: u16 = 9;

type Push = fn(PacketBuilder) -> PacketBuilder;

const LAYERS: &[(&str, Push)] = &[
    ("eth", |p| p.inner_ethernet(SRC_MAC, DST_MAC)),
    ("vlan", |p| p.vlan(1)),
    ("qinq", |p| p.service_vlan(1)),
    ("llc", |p| p.llc(Llc::STP, Llc::STP)),
    ("snap", PacketBuilder::snap),
    ("arp", |p| p.arp(Arp::REQUEST, (SRC_MAC, SRC_V4), ([0; 6], DST_V4))),
    ("lacp", |p| p.lacp(information(SRC_MAC), information([0; 6]))),
    ("lldp", |p| p.lldp(SRC_MAC, "Ethernet0", 120)),
    ("pause", |p| p.pause(0xffff)),
    ("mpls", |p| p.mpls(16)),
    ("ipv4", |p| p.ipv4(SRC_V4, DST_V4)),
    ("ipv6", |p| p.ipv6(SRC_V6, DST_V6)),
    ("icmp", |p| p.icmp(icmp::ECHO_REQUEST, 0)),
    ("icmpv6", |p| p.icmpv6_echo(0, 0)),
    ("ns", |p| p.neighbor_solicitation(DST_V6, SRC_MAC)),
    ("na", |p| p.neighbor_advertisement(SRC_V6, SRC_MAC, Neighbor::OVERRIDE)),
    ("igmp", |p| p.igmp(igmp::REPORT_V2, GROUP_V4)),
    ("mld", |p| p.mld(mld::REPORT_V1, GROUP_V6)),
    ("tcp", |p| p.tcp(SRC_PORT, DST_PORT)),
    ("udp", |p| p.udp(SRC_PORT, DST_PORT)),
    ("gre", PacketBuilder::gre),
    ("erspan", |p| p.erspan(0, 0)),
    ("vxlan", vxlan),
    ("payload", |p| p.payload(&[])),
];

/// The names of all layers.
pub fn names() -> impl Iterator<Item = &'static str> {
    LAYERS.iter().map(|(name, _)| *name)
}

/// Appends the layer of this name.
pub fn push(packet: PacketBuilder, name: &str) -> Result<PacketBuilder, Error> {
    match LAYERS.iter().find(|(known, _)| *known == name) {
        Some((_, push)) => Ok(push(address_group(packet, name))),
        None => Err(Error::UnknownLayer(name.to_owned())),
    }
}

/// VXLAN; a UDP header before it that has no port of its own gets VXLAN's.
fn vxlan(mut packet: PacketBuilder) -> PacketBuilder {
    if let Some(last) = packet.layers_mut().last_mut().filter(|last| last.kind == Kind::Udp) {
        let udp = last.head::<Udp>();
        if udp.dst.get() == DST_PORT {
            udp.dst = U16::new(vxlan::PORT);
        }
    }
    packet.vxlan(0)
}

/// Protocols of one link go to their group address, unless the frame has an address of its own.
fn address_group(mut packet: PacketBuilder, layer: &str) -> PacketBuilder {
    let group = match layer {
        "lacp" => lacp::ADDRESS,
        "lldp" => lldp::ADDRESS,
        "pause" => ethernet::MAC_CONTROL_ADDRESS,
        "arp" => BROADCAST,
        _ => return packet,
    };
    let ethernet = packet.layers_mut().iter_mut().rev().find(|layer| layer.kind == Kind::Ethernet);
    if let Some(ethernet) = ethernet.map(|layer| layer.head::<Ethernet>())
        && ethernet.dst == DST_MAC
    {
        ethernet.dst = group;
    }
    packet
}

fn information(system: MacAddr) -> Information {
    let one = U16::new(1);
    let state = Information::ACTIVITY | Information::TIMEOUT | Information::AGGREGATION;
    Information {
        system_priority: U16::new(0x8000),
        system,
        key: one,
        port_priority: U16::new(0x8000),
        port: one,
        state,
    }
}
