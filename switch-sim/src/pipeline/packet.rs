//! A packet: what the stages have found out about it.
//!
//! The bytes stand in the [`Engine`](super::Engine)'s buffer of the same slot; what is here says where in it.

use super::DropReason;
use crate::hash::{Flow, Outer, Source};
use crate::hostif;
use crate::wire::parse::{Headers, L3, Tci, Tpids};

/// "None" for the dense 16-bit indices of [`Packet`].
pub const NONE: u16 = u16::MAX;

/// Bits of [`Packet::flags`].
pub mod flag {
    /// The destination address is a group address.
    pub const MULTICAST: u32 = 1 << 0;
    /// The destination address is broadcast.
    pub const BROADCAST: u32 = 1 << 1;
    /// To a reserved address (01-80-C2-00-00-00 to -0F): for traps, never bridged unless a trap forwards it.
    pub const LINK_LOCAL: u32 = 1 << 2;
    /// Looked up in a VRF and to be sent by an adjacency.
    pub const ROUTED: u32 = 1 << 3;
    /// A copy goes to the CPU by [`Packet::trap`](super::Packet::trap).
    pub const PUNT: u32 = 1 << 4;
    /// [`Packet::hash`](super::Packet::hash) is valid.
    pub const HASHED: u32 = 1 << 5;
    /// The destination was found in the FDB.
    pub const FDB_HIT: u32 = 1 << 6;
    /// Flooded: unknown unicast, unknown multicast or broadcast.
    pub const FLOODED: u32 = 1 << 7;
    /// Came from the CPU, not from a port.
    pub const FROM_HOST: u32 = 1 << 8;
    /// Arrived with a VLAN tag whose id chose the VLAN.
    pub const TAGGED: u32 = 1 << 9;
    /// Has an outer tag (a priority tag included) that egress may keep, rewrite or take off.
    pub const HAS_TAG: u32 = 1 << 10;
    /// This is a copy that replication made.
    pub const COPY: u32 = 1 << 11;
    /// An egress port was chosen; egress does not select a LAG member again.
    pub const RESOLVED: u32 = 1 << 12;
    /// The source MAC address is not in the FDB where it should be.
    pub const UNKNOWN_SOURCE: u32 = 1 << 13;
    /// To an address of this switch: its route leads to the CPU port.
    pub const TO_ME: u32 = 1 << 14;
    /// An ACL entry forbids to learn the source MAC address.
    pub const NO_LEARN: u32 = 1 << 15;
    /// An ACL entry keeps the packet from the CPU, whatever trap takes it.
    pub const NO_COPY: u32 = 1 << 16;
    /// An ACL entry sends the packet, or a copy, to the CPU.
    pub const ACL_PUNT: u32 = 1 << 17;
    /// An ACL entry has chosen the virtual router.
    pub const VRF_SET: u32 = 1 << 18;
    /// Ingress ACLs have seen the packet.
    pub const ACL_DONE: u32 = 1 << 19;
    /// Sent to the router, for its MAC address.
    pub const TO_ROUTER: u32 = 1 << 20;
    /// The destination was found among the routes.
    pub const ROUTE_HIT: u32 = 1 << 21;
    /// The neighbor that the packet goes to is known.
    pub const NEIGHBOR_HIT: u32 = 1 << 22;
    /// The rewrite leaves the TTL as it is.
    pub const KEEP_TTL: u32 = 1 << 23;
    /// A policer copies the packet to the CPU, once its way is decided.
    pub const WANT_COPY: u32 = 1 << 24;
    /// The packet is mirrored or sampled where its half of the pipeline ends.
    pub const TAPPED: u32 = 1 << 25;
    /// This is a copy that mirroring made: no ACL, mirror or sampler looks at it.
    pub const MIRRORED: u32 = 1 << 26;
    /// The sampler of the ingress port took the packet for the host.
    pub const SAMPLED: u32 = 1 << 27;
    /// IP multicast that the router has no entry for.
    pub const MULTICAST_MISS: u32 = 1 << 28;
    /// The router sends copies to the group in [`Packet::adjacency`](super::Packet::adjacency), whatever the
    /// bridge does.
    pub const MULTICAST_ROUTED: u32 = 1 << 29;
    /// Headers of a protocol that a trap may take.
    pub const WATCHED: u32 = 1 << 30;
    /// The group was found among the IP multicast entries.
    pub const IPMC_HIT: u32 = 1 << 31;
}

/// Where a packet goes. The stage that decides writes it; a later one (ACL redirect, a trap) may replace it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Out {
    /// Nowhere (yet). A packet that ends so must have a drop reason or a punt.
    #[default]
    None,
    /// One bridge port of the packet's domain.
    BridgePort(u16),
    /// A physical port, with no bridging checks: routed out of a port interface, redirected, sent by the host.
    Port(u16),
    /// A LAG, with no bridging checks.
    Lag(u16),
    /// Every member that the domain's flood control of the packet's class names.
    Flood,
    /// The members of an L2 multicast group.
    L2mc(u16),
    /// The members of an IP multicast group, by `router`.
    Ipmc(u32),
    /// The ports and LAGs that an ACL entry lists, by `acl`.
    List(u32),
}

/// What the stages know about a packet. Indices are dense; [`NONE`] stands for none.
///
/// The first cache line holds what every packet's way reads and writes, the second the headers and what
/// some ways need. A field that only a feature in use looks at goes last.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Packet {
    /// The destination MAC address as the frame came in, a number of 48 bits.
    pub dst: u64,
    /// The source MAC address as the frame came in.
    pub src: u64,
    /// Where it goes.
    pub out: Out,
    /// Bits of [`flag`].
    pub flags: u32,
    /// Start of the frame in its buffer.
    pub(super) start: u16,
    /// Bytes of the frame that stand in its own buffer.
    pub(super) head: u16,
    /// Bytes of the frame in all, without FCS.
    pub(super) len: u16,
    /// The slot that holds the rest of a copy's frame; [`NONE`] if it is whole.
    pub(super) tail: u16,
    /// Physical ingress port.
    pub port: u16,
    /// Ingress bridge port.
    pub bridge_port: u16,
    /// Bridge domain: below 4096 the VLAN of the 802.1Q bridge, above an 802.1D bridge.
    pub domain: u16,
    /// The VLAN id by which the packet was classified.
    pub vid: u16,
    /// Ingress router interface.
    pub rif: u16,
    /// Physical egress port, once it is known.
    pub out_port: u16,
    /// Egress bridge port, where bridged.
    pub out_bridge_port: u16,
    /// Egress router interface.
    pub out_rif: u16,
    /// Virtual router.
    pub vrf: u16,
    /// Why it is dropped; a later stage (ACL, a trap) may lift it.
    pub drop: Option<DropReason>,
    /// The state of its egress bridge port in its domain: bits of `bridge::state`.
    pub(crate) out_state: u8,
    /// 802.1p priority of the packet inside the switch, 0 to 7.
    pub pcp: u8,
    /// Drop eligible indicator.
    pub dei: bool,
    /// Traffic class.
    pub tc: u8,
    /// Color: `sai_packet_color_t`.
    pub color: u8,
    /// Egress queue index.
    pub queue: u8,
    /// DSCP to write at egress; 64 and above leave it.
    pub remark_dscp: u8,
    /// The parsed headers of the current layer. Offsets count from the start of the frame.
    pub headers: Headers,
    /// Adjacency (next hop or neighbor) that `router` looked up; its rewrite runs at egress.
    pub adjacency: u32,
    /// What ACL entries want done to each copy as it leaves; `u32::MAX` for nothing.
    pub orders: u32,
    /// Where in the slot of `tail` the rest of the frame starts.
    pub(super) tail_start: u16,
    /// Ingress LAG.
    pub lag: u16,
    /// `hostif`'s index of the trap that applies.
    pub trap: u16,
    /// The mirror sessions to copy to, a bit each: at ingress those for what came in, at egress those for what
    /// leaves. `mirror::copy_to` sets them.
    pub mirror: u16,
    /// Number of the copy in a trace, from 0.
    pub copy: u16,
    /// How often the packet has passed the ingress half.
    pub passes: u8,
    /// The priority group of the port that it came in by.
    pub group: u8,
    /// Flow hash, valid with [`flag::HASHED`].
    pub hash: u32,
    /// `SAI_ACL_ENTRY_ATTR_FIELD_ACL_USER_META`.
    pub acl_meta: u32,
    /// The slots of the hash objects that ACL entries chose for it, for next-hop groups and for LAGs.
    pub hash_by: [u16; 2],
    /// The algorithm that an ACL entry chose for next-hop groups, `sai_hash_algorithm_t`; [`u8::MAX`] for none.
    pub ecmp_algorithm: u8,
    /// Whether an ACL entry or a policer chose class and color.
    pub chosen: [bool; 2],
    /// The forwarding class that an ACL entry chose; [`u8::MAX`] for that of the DSCP.
    pub forwarding_class: u8,
    /// Destination user meta data of the FDB, neighbor or route entry and of the next hop that were hit, in this
    /// order.
    pub dst_meta: [u32; 4],
}

impl Packet {
    /// A packet without a history.
    pub(crate) const EMPTY: Packet = Packet {
        dst: 0,
        src: 0,
        out_state: 0,
        headers: NO_HEADERS,
        start: 0,
        head: 0,
        len: 0,
        tail: NONE,
        tail_start: 0,
        port: NONE,
        lag: NONE,
        bridge_port: NONE,
        domain: NONE,
        vid: 0,
        rif: NONE,
        vrf: 0,
        out_rif: NONE,
        out_port: NONE,
        out_bridge_port: NONE,
        adjacency: u32::MAX,
        out: Out::None,
        drop: None,
        flags: 0,
        hash: 0,
        trap: NONE,
        mirror: 0,
        acl_meta: 0,
        hash_by: [NONE; 2],
        ecmp_algorithm: u8::MAX,
        chosen: [false; 2],
        forwarding_class: u8::MAX,
        orders: u32::MAX,
        dst_meta: [0; 4],
        tc: 0,
        color: 0,
        queue: 0,
        pcp: 0,
        dei: false,
        remark_dscp: u8::MAX,
        passes: 0,
        group: 0,
        copy: 0,
    };

    /// Reads addresses and headers of the frame, and sets the flags that follow from them.
    #[inline(always)]
    pub(crate) fn read(&mut self, frame: &[u8], tpids: &Tpids) {
        (self.dst, self.src) = addresses(frame);
        self.headers.read(frame, tpids);
        if hostif::watches(&self.headers) {
            self.flags |= flag::WATCHED;
        }
        self.flags |= class_flags(self.dst);
    }

    /// What hashes look at.
    #[inline(always)]
    pub(crate) const fn flow(&self) -> Flow<'_> {
        let outer = Outer::of(&self.headers);
        Flow { outer, headers: Source::Read(&self.headers), vid: self.vid, port: self.port, by: self.hash_by }
    }

    /// Whether no station sends with these addresses.
    #[inline(always)]
    pub(crate) const fn has_bad_address(&self) -> bool {
        self.src & GROUP != 0 || self.src == self.dst || self.src == 0 || self.dst == 0
    }

    /// What is wrong with the addresses, where something is.
    #[cold]
    pub(crate) const fn bad_address(&self) -> DropReason {
        match () {
            () if self.src & GROUP != 0 => DropReason::SmacMulticast,
            () if self.src == 0 => DropReason::SmacZero,
            () if self.dst == 0 => DropReason::DmacZero,
            () => DropReason::SmacEqualsDmac,
        }
    }

    /// Unicast 0, multicast 1, broadcast 2.
    #[inline(always)]
    pub const fn class(&self) -> usize {
        (self.flags & (flag::MULTICAST | flag::BROADCAST)).count_ones() as usize
    }

    /// Bytes of the frame, without FCS.
    #[inline(always)]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether the frame has no byte.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether any of these [`flag`] bits is set.
    #[inline(always)]
    pub const fn has(&self, flags: u32) -> bool {
        self.flags & flags != 0
    }
}

/// The size that counters count: with FCS, and padded to the 64 bytes of the shortest Ethernet frame.
#[inline(always)]
pub const fn wire_len(frame_len: usize) -> u64 {
    if frame_len < 60 { 64 } else { frame_len as u64 + 4 }
}

/// The group bit of an address.
pub(crate) const GROUP: u64 = 1 << 40;
const BROADCAST: u64 = (1 << 48) - 1;

/// The bits of [`flag`] that tell the class of a destination address.
#[inline(always)]
const fn class_flags(dst: u64) -> u32 {
    match (dst & GROUP, dst) {
        (0, _) => 0,
        (_, BROADCAST) => flag::MULTICAST | flag::BROADCAST,
        _ => flag::MULTICAST,
    }
}

/// The class of a frame: unicast 0, multicast 1, broadcast 2.
pub(super) fn class_of(frame: &[u8]) -> usize {
    class_flags(addresses(frame).0).count_ones() as usize
}

/// Destination and source of a frame, as numbers; of a frame too short for them what there is, then zeros.
#[inline(always)]
pub(super) fn addresses(frame: &[u8]) -> (u64, u64) {
    let Some(head) = frame.first_chunk::<14>() else { return short_addresses(frame) };
    let word = |at: usize| head[at..].first_chunk().map_or(0, |word| u64::from_be_bytes(*word));
    (word(0) >> 16, word(4) & BROADCAST)
}

#[cold]
fn short_addresses(frame: &[u8]) -> (u64, u64) {
    let mut whole = [0; 14];
    let len = frame.len().min(12);
    whole[..len].copy_from_slice(&frame[..len]);
    addresses(&whole)
}

const _: () = {
    assert!(std::mem::offset_of!(Packet, headers) == 64, "the first line is what all need");
    assert!(size_of::<Packet>() <= 192);
};

const NO_HEADERS: Headers = Headers {
    ethertype: 0,
    tpid: 0,
    outer: Tci(0),
    inner: Tci(0),
    l3: 0,
    l4: 0,
    end: 0,
    src_port: 0,
    dst_port: 0,
    flags: 0,
    flow_label: 0,
    tags: 0,
    kind: L3::Other,
    protocol: 0,
    tos: 0,
    ttl: 0,
    tcp_flags: 0,
    error: None,
};
