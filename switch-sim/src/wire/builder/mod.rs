//! Making frames, lengths and checksums right.

use super::ethernet::{Ethernet, MacControl};
use super::lacp::{Information, Lacpdu};
use super::llc::{Llc, Snap};
use super::parse::Tci;
use super::vlan::Vlan;
use super::{MacAddr, U16, ethertype, lldp};

mod l3;
mod l4;
mod layer;

pub(super) use layer::{Kind, Layer};

/// A frame as a list of layers, from the outside in.
///
/// ```
/// use switch_sim::wire::PacketBuilder;
///
/// let frame = PacketBuilder::ethernet([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
///     .vlan(100)
///     .ipv4([10, 0, 0, 1], [10, 0, 0, 2])
///     .ttl(64)
///     .udp(5000, 53)
///     .payload(b"hello")
///     .build();
/// assert_eq!(frame.len(), 14 + 4 + 20 + 8 + 5);
/// ```
///
/// [`build`](Self::build) fills in what the next layer tells (EtherType, protocol, bottom of stack), lengths and
/// checksums. What is set by hand stays, so that wrong frames can be made, too. A method that changes a header
/// ([`ttl`](Self::ttl), [`pcp`](Self::pcp), [`checksum`](Self::checksum), …) means the innermost one so far that has
/// the field, and panics if there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct PacketBuilder {
    layers: Vec<Layer>,
    least: usize,
}

impl PacketBuilder {
    /// No layer yet: for a packet without Ethernet.
    pub fn new() -> Self {
        Self::default()
    }

    /// An Ethernet frame. Until a layer follows or [`ethertype`](Self::ethertype) is called, its EtherType is
    /// [`EXPERIMENTAL`](ethertype::EXPERIMENTAL).
    pub fn ethernet(src: MacAddr, dst: MacAddr) -> Self {
        Self::new().inner_ethernet(src, dst)
    }

    /// An Ethernet frame within a tunnel, as after [`vxlan`](Self::vxlan).
    pub fn inner_ethernet(self, src: MacAddr, dst: MacAddr) -> Self {
        let ethertype = U16::new(ethertype::EXPERIMENTAL);
        self.header(Kind::Ethernet, Ethernet { dst, src, ethertype })
    }

    /// The layers of another packet.
    pub fn inner(mut self, packet: PacketBuilder) -> Self {
        self.layers.extend(packet.layers);
        self
    }

    /// An 802.1Q tag with this VLAN id, TPID 0x8100.
    pub fn vlan(self, vid: u16) -> Self {
        self.tag(ethertype::VLAN, Tci::new(vid, 0, false))
    }

    /// An 802.1ad service tag with this VLAN id, TPID 0x88A8.
    pub fn service_vlan(self, vid: u16) -> Self {
        self.tag(ethertype::QINQ, Tci::new(vid, 0, false))
    }

    /// A tag with this TPID.
    pub fn tag(self, tpid: u16, tci: Tci) -> Self {
        let ethertype = U16::new(ethertype::EXPERIMENTAL);
        self.header(Kind::Tag(tpid), Vlan { tci: U16::new(tci.0), ethertype })
    }

    /// Priority of the last tag, 0 to 7.
    #[track_caller]
    pub fn pcp(mut self, pcp: u8) -> Self {
        let tag = self.last("PCP", |kind| matches!(kind, Kind::Tag(_))).head::<Vlan>();
        tag.tci = U16::new(Tci::new(tag.tci().vid(), pcp, tag.tci().dei()).0);
        self
    }

    /// Drop eligibility of the last tag.
    #[track_caller]
    pub fn dei(mut self, dei: bool) -> Self {
        let tag = self.last("DEI", |kind| matches!(kind, Kind::Tag(_))).head::<Vlan>();
        tag.tci = U16::new(Tci::new(tag.tci().vid(), tag.tci().pcp(), dei).0);
        self
    }

    /// The EtherType in the last Ethernet, tag, SNAP or GRE header, instead of what follows it.
    #[track_caller]
    pub fn ethertype(mut self, ethertype: u16) -> Self {
        self.last("EtherType", Kind::carries_ethertype).set_next(ethertype);
        self
    }

    /// LLC with unnumbered information; the EtherType before it becomes the length.
    pub fn llc(self, dsap: u8, ssap: u8) -> Self {
        self.header(Kind::Llc, Llc { dsap, ssap, control: 3 })
    }

    /// LLC with SNAP of organisation 0, so that what follows may be what follows Ethernet (RFC 1042).
    pub fn snap(self) -> Self {
        self.snap_of([0; 3], ethertype::EXPERIMENTAL)
    }

    /// LLC with SNAP of an organisation, and its protocol; of organisation 0, what follows sets the protocol.
    pub fn snap_of(self, oui: [u8; 3], protocol: u16) -> Self {
        let mut packet =
            self.llc(Llc::SNAP, Llc::SNAP).header(Kind::Snap, Snap { oui, protocol: U16::new(protocol) });
        if oui != [0; 3] {
            packet = packet.ethertype(protocol);
        }
        packet
    }

    /// A PAUSE frame's body (802.3, annex 31B).
    pub fn pause(self, quanta: u16) -> Self {
        let opcode = U16::new(MacControl::PAUSE);
        let body = MacControl { opcode, enabled: U16::new(quanta), quanta: [U16::ZERO; 8] };
        self.header(Kind::MacControl, body)
    }

    /// A PFC frame's body (802.1Qbb): the priorities to pause, each with its time.
    pub fn pfc(self, quanta: [Option<u16>; 8]) -> Self {
        let enabled = (0..8).filter(|&i| quanta[i].is_some()).map(|i| 1u16 << i).sum();
        let quanta = quanta.map(|time| U16::new(time.unwrap_or(0)));
        self.header(
            Kind::MacControl,
            MacControl { opcode: U16::new(MacControl::PFC), enabled: U16::new(enabled), quanta },
        )
    }

    /// A LACPDU (802.1AX).
    pub fn lacp(self, actor: Information, partner: Information) -> Self {
        self.header(Kind::Lacp, Lacpdu::new(actor, partner))
    }

    /// An LLDPDU (802.1AB) with its three mandatory items: chassis id by MAC address, port id by interface name, time
    /// to live in seconds.
    pub fn lldp(self, chassis: MacAddr, port: &str, ttl: u16) -> Self {
        let mut bytes = Vec::new();
        lldp::push(&mut bytes, lldp::CHASSIS_ID, &[&[lldp::CHASSIS_MAC], &chassis[..]].concat());
        lldp::push(&mut bytes, lldp::PORT_ID, &[&[lldp::PORT_NAME], port.as_bytes()].concat());
        lldp::push(&mut bytes, lldp::TTL, &ttl.to_be_bytes());
        lldp::push(&mut bytes, lldp::END, &[]);
        self.layer(Kind::Lldp, bytes)
    }

    /// Bytes as they are.
    pub fn payload(self, bytes: &[u8]) -> Self {
        self.layer(Kind::Payload, bytes.to_vec())
    }

    /// Zeros after the packet, outside of all lengths, until the frame has `least` bytes (without FCS): 60 for the
    /// least frame of Ethernet.
    pub fn pad_to(mut self, least: usize) -> Self {
        self.least = least;
        self
    }

    /// The checksum of the last header that has one, instead of the right one.
    #[track_caller]
    pub fn checksum(mut self, checksum: u16) -> Self {
        self.last("checksum", |kind| kind.checksum_at().is_some()).set_checksum(checksum);
        self
    }

    /// The length in the last IPv4, IPv6 or UDP header, instead of the right one.
    #[track_caller]
    pub fn length(mut self, length: u16) -> Self {
        self.last("length", |kind| kind.length_at().is_some()).set_length(length);
        self
    }

    /// The frame. A length greater than its field can hold is written as the greatest that it can.
    pub fn build(&self) -> Vec<u8> {
        let mut frame = Vec::new();
        let mut starts = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            starts.push(frame.len());
            frame.extend_from_slice(&layer.bytes);
        }
        // From the inside out, since an outer checksum covers inner ones.
        for (at, layer) in self.layers.iter().enumerate().rev() {
            let pseudo = self.layers[..at].iter().rev().find(|outer| outer.kind.is_ip());
            layer.finish(&mut frame[starts[at]..], self.layers.get(at + 1).map(|next| next.kind), pseudo);
        }
        frame.resize(frame.len().max(self.least), 0);
        frame
    }

    /// The layers, from the outside in, to change in place.
    pub(super) fn layers_mut(&mut self) -> &mut [Layer] {
        &mut self.layers
    }

    fn header(self, kind: Kind, header: impl zerocopy::IntoBytes + zerocopy::Immutable) -> Self {
        self.layer(kind, header.as_bytes().to_vec())
    }

    fn layer(mut self, kind: Kind, bytes: Vec<u8>) -> Self {
        self.layers.push(Layer::new(kind, bytes));
        self
    }

    #[track_caller]
    fn last(&mut self, field: &str, has: impl Fn(Kind) -> bool) -> &mut Layer {
        match self.layers.iter_mut().rev().find(|layer| has(layer.kind)) {
            Some(layer) => layer,
            None => panic!("no layer of the packet so far has a field {field}"),
        }
    }
}

#[cfg(test)]
mod tests;
