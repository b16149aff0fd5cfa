//! What the copies of a mirror session wear.
//!
//! | type | the copy |
//! |---|---|
//! | LOCAL | the frame as it is |
//! | REMOTE (RSPAN) | the frame with a further tag of the remote VLAN |
//! | ENHANCED_REMOTE (ERSPAN), `MIRROR_L3_GRE_TUNNEL` | Ethernet, a tag if asked for, IPv4 or IPv6, GRE, the frame |
//! | ENHANCED_REMOTE, `II` | the same with a GRE sequence number and the 8 bytes of ERSPAN type II |
//! | ENHANCED_REMOTE, `III` | with the 12 bytes of type III, its timestamp in units of 100 ns |
//! | SFLOW | Ethernet, a tag if asked for, IPv4 or IPv6, UDP, the frame |

use std::net::IpAddr;

use sai::mirror_session::{self as attr, Type};
use sai::types::ErspanEncapsulationType;
use sai::{AttrId, MacAddr, ObjectId, Value};

use super::kind;
use crate::pipeline::Packet;
use crate::switch::Switch;
use crate::wire::PacketBuilder;
use crate::wire::edit;
use crate::wire::gre::Gre;
use crate::wire::parse::Tci;

/// The headers of a session's copies.
#[derive(Clone, Debug)]
pub(super) enum Wear {
    /// None.
    Plain,
    /// A tag: TPID and control information.
    Tag(u16, Tci),
    /// A tunnel.
    Tunnel(Box<Tunnel>),
}

#[derive(Clone, Debug)]
pub(super) struct Tunnel {
    src_mac: MacAddr,
    dst_mac: MacAddr,
    tag: Option<(u16, Tci)>,
    src: IpAddr,
    dst: IpAddr,
    tos: u8,
    ttl: u8,
    inside: Inside,
}

#[derive(Clone, Copy, Debug)]
enum Inside {
    /// The first 16 bits of the header, and the protocol type.
    Gre(u16, u16),
    /// The first 16 bits of the GRE header, its protocol type, the session's number, and whether the header is of
    /// type III, else of type II.
    Erspan(u16, u16, u16, bool),
    /// Source and destination port.
    Udp(u16, u16),
}

impl Wear {
    /// As a session's attributes say.
    pub(super) fn of(sw: &Switch, id: ObjectId) -> Wear {
        let number = |attr: AttrId| sw.store.number(id, attr) as u16;
        let tci = Tci::new(
            number(attr::VLAN_ID.id()),
            number(attr::VLAN_PRI.id()) as u8,
            number(attr::VLAN_CFI.id()) != 0,
        );
        let tag = (number(attr::VLAN_TPID.id()), tci);
        let kind = kind(sw, id);
        match kind {
            Type::LOCAL => return Wear::Plain,
            Type::REMOTE => return Wear::Tag(tag.0, tag.1),
            _ => {}
        }
        let value = |attr: AttrId| sw.store.get(id).and_then(|o| o.value(attr)).cloned();
        let mac = |attr| match value(attr) {
            Some(Value::Mac(mac)) => mac,
            _ => MacAddr::default(),
        };
        let ip = |attr| match value(attr) {
            Some(Value::IpAddress(ip)) => ip,
            _ => IpAddr::from([0; 4]),
        };
        let protocol = number(attr::GRE_PROTOCOL_TYPE.id());
        let encapsulation = ErspanEncapsulationType(number(attr::ERSPAN_ENCAPSULATION_TYPE.id()).into());
        Wear::Tunnel(Box::new(Tunnel {
            src_mac: mac(attr::SRC_MAC_ADDRESS.id()),
            dst_mac: mac(attr::DST_MAC_ADDRESS.id()),
            tag: sw.store.flag(id, attr::VLAN_HEADER_VALID.id()).then_some(tag),
            src: ip(attr::SRC_IP_ADDRESS.id()),
            dst: ip(attr::DST_IP_ADDRESS.id()),
            tos: number(attr::TOS.id()) as u8,
            ttl: number(attr::TTL.id()) as u8,
            inside: match kind {
                Type::SFLOW => Inside::Udp(number(attr::UDP_SRC_PORT.id()), number(attr::UDP_DST_PORT.id())),
                _ if encapsulation == ErspanEncapsulationType::MIRROR_L3_GRE_TUNNEL => {
                    Inside::Gre(number(attr::GRE_HEADER_FIRST_16BIT.id()), protocol)
                }
                _ => Inside::Erspan(
                    number(attr::GRE_HEADER_FIRST_16BIT.id()),
                    protocol,
                    number(attr::ERSPAN_SESSION_ID.id()),
                    encapsulation == ErspanEncapsulationType::III,
                ),
            },
        }))
    }

    /// Whether its headers number the copies.
    pub(super) fn numbers(&self) -> bool {
        matches!(self, Wear::Tunnel(tunnel) if matches!(tunnel.inside, Inside::Erspan(..)))
    }

    /// The copy of a frame, or of its beginning, with its headers.
    pub(super) fn dress(&self, frame: &[u8], about: &About<'_>) -> Vec<u8> {
        match self {
            Wear::Plain => frame.to_vec(),
            Wear::Tag(tpid, tci) => {
                let mut copy = [&[0; 4], frame].concat();
                if frame.len() >= 12 {
                    edit::push_tag(&mut copy, *tpid, *tci);
                }
                copy
            }
            Wear::Tunnel(tunnel) => tunnel.dress(frame, about),
        }
    }
}

impl Tunnel {
    fn dress(&self, frame: &[u8], about: &About<'_>) -> Vec<u8> {
        let mut packet = PacketBuilder::ethernet(self.src_mac.0, self.dst_mac.0);
        if let Some((tpid, tci)) = self.tag {
            packet = packet.tag(tpid, tci);
        }
        packet = match (self.src, self.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => packet.ipv4(src, dst).dont_fragment(),
            (src, dst) => {
                let wide = |ip: IpAddr| match ip {
                    IpAddr::V4(ip) => ip.to_ipv6_mapped(),
                    IpAddr::V6(ip) => ip,
                };
                packet.ipv6(wide(src), wide(dst))
            }
        };
        packet = packet.dscp(self.tos >> 2).ecn(self.tos & 3).ttl(self.ttl);
        match self.inside {
            Inside::Gre(flags, protocol) => {
                let mut copy = packet.gre().ethertype(protocol).payload(frame).build();
                let gre = copy.len() - frame.len() - 4;
                copy[gre..gre + 2].copy_from_slice(&flags.to_be_bytes());
                copy
            }
            Inside::Erspan(flags, protocol, session, third) => {
                packet = packet.gre().gre_sequence(about.sequence).ethertype(protocol);
                let header = erspan(session, third, about);
                let mut copy = packet.payload(&header).payload(frame).build();
                let gre = copy.len() - frame.len() - header.len() - 8;
                copy[gre..gre + 2].copy_from_slice(&(flags | Gre::SEQUENCE).to_be_bytes());
                copy
            }
            Inside::Udp(src, dst) => packet.udp(src, dst).payload(frame).build(),
        }
    }
}

/// What the headers of a copy tell about the packet.
pub(super) struct About<'a> {
    /// What is known of it.
    pub p: &'a Packet,
    /// The tag of the frame.
    pub tag: Option<Tci>,
    /// It left by a port, else it came in.
    pub egress: bool,
    /// The copy has not all of it.
    pub truncated: bool,
    /// Number of the copy.
    pub sequence: u32,
    /// The time in nanoseconds.
    pub now: u64,
}

/// The header of ERSPAN type II (version 1) or III (version 2). It tells the VLAN and priority of the packet and
/// whether it is truncated; type II whether the packet's tag is still on it (3) or it had none (0), and the port
/// as index; type III the time in units of 100 ns, that an Ethernet frame follows, and the direction.
fn erspan(session: u16, third: bool, about: &About<'_>) -> Vec<u8> {
    let p = about.p;
    let vlan = about.tag.map_or(p.vid, Tci::vid) & 0xfff;
    let version = if third { 2 } else { 1 };
    let tag = if about.tag.is_some() && !third { 3 } else { 0 };
    let cos = u16::from(p.pcp) << 13 | tag << 11 | u16::from(about.truncated) << 10 | session & 0x3ff;
    let mut header = [(version << 12 | vlan).to_be_bytes(), cos.to_be_bytes()].concat();
    if third {
        const ETHERNET: u16 = 1 << 15;
        const UNITS_OF_100_NS: u16 = 1 << 1;
        header.extend(((about.now / 100) as u32).to_be_bytes());
        header.extend([0; 2]);
        header.extend((ETHERNET | u16::from(about.egress) << 3 | UNITS_OF_100_NS).to_be_bytes());
    } else {
        let port = if about.egress { p.out_port } else { p.port };
        header.extend((u32::from(port) & 0xf_ffff).to_be_bytes());
    }
    header
}
