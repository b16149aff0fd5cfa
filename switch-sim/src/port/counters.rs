//! What a port counts, and how SAI's statistics read it.

use sai::StatId;
use sai::port::Stat;
use zerocopy::FromBytes;

use super::queue::QueueCounts;
use crate::pipeline::{DropReason, Layer, Packet, Side, Sum, flag};
use crate::wire::ethernet::MacControl;
use crate::wire::parse::L3;

/// The statistics that packets move.
pub const COUNTED: &[StatId] = &[
    Stat::IF_IN_OCTETS.0 as StatId,
    Stat::IF_IN_UCAST_PKTS.0 as StatId,
    Stat::IF_IN_NON_UCAST_PKTS.0 as StatId,
    Stat::IF_IN_MULTICAST_PKTS.0 as StatId,
    Stat::IF_IN_BROADCAST_PKTS.0 as StatId,
    Stat::IF_IN_DISCARDS.0 as StatId,
    Stat::IN_DROPPED_PKTS.0 as StatId,
    Stat::IF_IN_ERRORS.0 as StatId,
    Stat::IF_IN_VLAN_DISCARDS.0 as StatId,
    Stat::IF_OUT_OCTETS.0 as StatId,
    Stat::IF_OUT_UCAST_PKTS.0 as StatId,
    Stat::IF_OUT_NON_UCAST_PKTS.0 as StatId,
    Stat::IF_OUT_MULTICAST_PKTS.0 as StatId,
    Stat::IF_OUT_BROADCAST_PKTS.0 as StatId,
    Stat::IF_OUT_DISCARDS.0 as StatId,
    Stat::OUT_DROPPED_PKTS.0 as StatId,
    Stat::ETHER_STATS_DROP_EVENTS.0 as StatId,
    Stat::ETHER_STATS_MULTICAST_PKTS.0 as StatId,
    Stat::ETHER_STATS_BROADCAST_PKTS.0 as StatId,
    Stat::ETHER_STATS_OCTETS.0 as StatId,
    Stat::ETHER_STATS_PKTS.0 as StatId,
    Stat::ETHER_STATS_RX_NO_ERRORS.0 as StatId,
    Stat::ETHER_STATS_TX_NO_ERRORS.0 as StatId,
    Stat::ETHER_STATS_OVERSIZE_PKTS.0 as StatId,
    Stat::ETHER_RX_OVERSIZE_PKTS.0 as StatId,
    Stat::ETHER_TX_OVERSIZE_PKTS.0 as StatId,
    Stat::ETHER_STATS_PKTS_64_OCTETS.0 as StatId,
    Stat::ETHER_STATS_PKTS_65_TO_127_OCTETS.0 as StatId,
    Stat::ETHER_STATS_PKTS_128_TO_255_OCTETS.0 as StatId,
    Stat::ETHER_STATS_PKTS_256_TO_511_OCTETS.0 as StatId,
    Stat::ETHER_STATS_PKTS_512_TO_1023_OCTETS.0 as StatId,
    Stat::ETHER_STATS_PKTS_1024_TO_1518_OCTETS.0 as StatId,
    Stat::ETHER_STATS_PKTS_1519_TO_2047_OCTETS.0 as StatId,
    Stat::ETHER_STATS_PKTS_2048_TO_4095_OCTETS.0 as StatId,
    Stat::ETHER_STATS_PKTS_4096_TO_9216_OCTETS.0 as StatId,
    Stat::ETHER_STATS_PKTS_9217_TO_16383_OCTETS.0 as StatId,
    Stat::ETHER_IN_PKTS_64_OCTETS.0 as StatId,
    Stat::ETHER_IN_PKTS_65_TO_127_OCTETS.0 as StatId,
    Stat::ETHER_IN_PKTS_128_TO_255_OCTETS.0 as StatId,
    Stat::ETHER_IN_PKTS_256_TO_511_OCTETS.0 as StatId,
    Stat::ETHER_IN_PKTS_512_TO_1023_OCTETS.0 as StatId,
    Stat::ETHER_IN_PKTS_1024_TO_1518_OCTETS.0 as StatId,
    Stat::ETHER_IN_PKTS_1519_TO_2047_OCTETS.0 as StatId,
    Stat::ETHER_IN_PKTS_2048_TO_4095_OCTETS.0 as StatId,
    Stat::ETHER_IN_PKTS_4096_TO_9216_OCTETS.0 as StatId,
    Stat::ETHER_IN_PKTS_9217_TO_16383_OCTETS.0 as StatId,
    Stat::ETHER_IN_PKTS_1519_TO_2500_OCTETS.0 as StatId,
    Stat::ETHER_IN_PKTS_2501_TO_9000_OCTETS.0 as StatId,
    Stat::ETHER_IN_PKTS_9001_TO_16383_OCTETS.0 as StatId,
    Stat::ETHER_OUT_PKTS_64_OCTETS.0 as StatId,
    Stat::ETHER_OUT_PKTS_65_TO_127_OCTETS.0 as StatId,
    Stat::ETHER_OUT_PKTS_128_TO_255_OCTETS.0 as StatId,
    Stat::ETHER_OUT_PKTS_256_TO_511_OCTETS.0 as StatId,
    Stat::ETHER_OUT_PKTS_512_TO_1023_OCTETS.0 as StatId,
    Stat::ETHER_OUT_PKTS_1024_TO_1518_OCTETS.0 as StatId,
    Stat::ETHER_OUT_PKTS_1519_TO_2047_OCTETS.0 as StatId,
    Stat::ETHER_OUT_PKTS_2048_TO_4095_OCTETS.0 as StatId,
    Stat::ETHER_OUT_PKTS_4096_TO_9216_OCTETS.0 as StatId,
    Stat::ETHER_OUT_PKTS_9217_TO_16383_OCTETS.0 as StatId,
    Stat::ETHER_OUT_PKTS_1519_TO_2500_OCTETS.0 as StatId,
    Stat::ETHER_OUT_PKTS_2501_TO_9000_OCTETS.0 as StatId,
    Stat::ETHER_OUT_PKTS_9001_TO_16383_OCTETS.0 as StatId,
    Stat::IP_IN_RECEIVES.0 as StatId,
    Stat::IP_IN_UCAST_PKTS.0 as StatId,
    Stat::IP_IN_NON_UCAST_PKTS.0 as StatId,
    Stat::IP_IN_OCTETS.0 as StatId,
    Stat::IP_IN_DISCARDS.0 as StatId,
    Stat::IP_OUT_DISCARDS.0 as StatId,
    Stat::IPV6_IN_DISCARDS.0 as StatId,
    Stat::IPV6_OUT_DISCARDS.0 as StatId,
    Stat::IP_OUT_UCAST_PKTS.0 as StatId,
    Stat::IP_OUT_NON_UCAST_PKTS.0 as StatId,
    Stat::IP_OUT_OCTETS.0 as StatId,
    Stat::IPV6_IN_RECEIVES.0 as StatId,
    Stat::IPV6_IN_UCAST_PKTS.0 as StatId,
    Stat::IPV6_IN_NON_UCAST_PKTS.0 as StatId,
    Stat::IPV6_IN_MCAST_PKTS.0 as StatId,
    Stat::IPV6_IN_OCTETS.0 as StatId,
    Stat::IPV6_OUT_UCAST_PKTS.0 as StatId,
    Stat::IPV6_OUT_NON_UCAST_PKTS.0 as StatId,
    Stat::IPV6_OUT_MCAST_PKTS.0 as StatId,
    Stat::IPV6_OUT_OCTETS.0 as StatId,
    Stat::GREEN_WRED_DROPPED_PACKETS.0 as StatId,
    Stat::GREEN_WRED_DROPPED_BYTES.0 as StatId,
    Stat::YELLOW_WRED_DROPPED_PACKETS.0 as StatId,
    Stat::YELLOW_WRED_DROPPED_BYTES.0 as StatId,
    Stat::RED_WRED_DROPPED_PACKETS.0 as StatId,
    Stat::RED_WRED_DROPPED_BYTES.0 as StatId,
    Stat::WRED_DROPPED_PACKETS.0 as StatId,
    Stat::WRED_DROPPED_BYTES.0 as StatId,
    Stat::ECN_MARKED_PACKETS.0 as StatId,
    Stat::PAUSE_RX_PKTS.0 as StatId,
    Stat::PFC_0_RX_PKTS.0 as StatId,
    Stat::PFC_1_RX_PKTS.0 as StatId,
    Stat::PFC_2_RX_PKTS.0 as StatId,
    Stat::PFC_3_RX_PKTS.0 as StatId,
    Stat::PFC_4_RX_PKTS.0 as StatId,
    Stat::PFC_5_RX_PKTS.0 as StatId,
    Stat::PFC_6_RX_PKTS.0 as StatId,
    Stat::PFC_7_RX_PKTS.0 as StatId,
    Stat::PAUSE_TX_PKTS.0 as StatId,
    Stat::PFC_0_TX_PKTS.0 as StatId,
    Stat::PFC_1_TX_PKTS.0 as StatId,
    Stat::PFC_2_TX_PKTS.0 as StatId,
    Stat::PFC_3_TX_PKTS.0 as StatId,
    Stat::PFC_4_TX_PKTS.0 as StatId,
    Stat::PFC_5_TX_PKTS.0 as StatId,
    Stat::PFC_6_TX_PKTS.0 as StatId,
    Stat::PFC_7_TX_PKTS.0 as StatId,
    Stat::IN_CONFIGURED_DROP_REASONS_0_DROPPED_PKTS.0 as StatId,
    Stat::IN_CONFIGURED_DROP_REASONS_1_DROPPED_PKTS.0 as StatId,
    Stat::IN_CONFIGURED_DROP_REASONS_2_DROPPED_PKTS.0 as StatId,
    Stat::IN_CONFIGURED_DROP_REASONS_3_DROPPED_PKTS.0 as StatId,
    Stat::IN_CONFIGURED_DROP_REASONS_4_DROPPED_PKTS.0 as StatId,
    Stat::IN_CONFIGURED_DROP_REASONS_5_DROPPED_PKTS.0 as StatId,
    Stat::IN_CONFIGURED_DROP_REASONS_6_DROPPED_PKTS.0 as StatId,
    Stat::IN_CONFIGURED_DROP_REASONS_7_DROPPED_PKTS.0 as StatId,
    Stat::OUT_CONFIGURED_DROP_REASONS_0_DROPPED_PKTS.0 as StatId,
    Stat::OUT_CONFIGURED_DROP_REASONS_1_DROPPED_PKTS.0 as StatId,
    Stat::OUT_CONFIGURED_DROP_REASONS_2_DROPPED_PKTS.0 as StatId,
    Stat::OUT_CONFIGURED_DROP_REASONS_3_DROPPED_PKTS.0 as StatId,
    Stat::OUT_CONFIGURED_DROP_REASONS_4_DROPPED_PKTS.0 as StatId,
    Stat::OUT_CONFIGURED_DROP_REASONS_5_DROPPED_PKTS.0 as StatId,
    Stat::OUT_CONFIGURED_DROP_REASONS_6_DROPPED_PKTS.0 as StatId,
    Stat::OUT_CONFIGURED_DROP_REASONS_7_DROPPED_PKTS.0 as StatId,
    Stat::IF_OUT_QLEN.0 as StatId,
    Stat::OUT_CURR_OCCUPANCY_BYTES.0 as StatId,
    Stat::OUT_WATERMARK_BYTES.0 as StatId,
    Stat::OUT_SHARED_CURR_OCCUPANCY_BYTES.0 as StatId,
    Stat::OUT_SHARED_WATERMARK_BYTES.0 as StatId,
];

/// Those that are levels: what waits in the queues of the port.
pub const LEVELS: &[StatId] = &[
    Stat::IF_OUT_QLEN.0 as StatId,
    Stat::OUT_CURR_OCCUPANCY_BYTES.0 as StatId,
    Stat::OUT_WATERMARK_BYTES.0 as StatId,
    Stat::OUT_SHARED_CURR_OCCUPANCY_BYTES.0 as StatId,
    Stat::OUT_SHARED_WATERMARK_BYTES.0 as StatId,
];

/// The upper ends of the frame-size bins: fine enough for both of SAI's families.
const BINS: [u64; 12] = [64, 127, 255, 511, 1023, 1518, 2047, 2500, 4095, 9000, 9216, 16383];

/// One direction of a port. Octets count the FCS and the padding to 64 bytes, as on the wire. What a short
/// unicast IPv4 packet counts stands in one cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub struct Direction {
    /// Octets.
    pub octets: u64,
    /// IPv4, IPv6: unicast packets, and octets of all.
    ip: [[u64; 2]; 2],
    /// Frames by size.
    pub bins: [u64; BINS.len() + 1],
    /// Multicast and broadcast frames.
    groups: [u64; 2],
    /// IPv4, IPv6: packets to groups.
    ip_groups: [u64; 2],
}

/// What a port counts. What most packets move comes first.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Counters {
    /// Received.
    pub rx: Direction,
    /// Sent.
    pub tx: Direction,
    /// Longer than the MTU: received, sent.
    pub oversize: [u64; 2],
    /// PAUSE frames: received, sent.
    pub pause: [u64; 2],
    /// PFC frames by the priorities that they name: received, sent.
    pub pfc: [[u64; 8]; 2],
    /// Frames and octets sent that no queue held: those of flow control.
    pub(crate) sent_by_none: [u64; 2],
    /// Drops by reason.
    pub drops: [u64; DropReason::COUNT],
    /// IP packets dropped: of IPv4 and IPv6, by the router on their way in, and routed ones on their way out.
    pub ip_drops: [[u64; 2]; 2],
    /// Queues, as many as counted something of their own.
    pub(super) queues: Vec<QueueCounts>,
    /// Packets and bytes of priority groups, as many as took something of their own.
    pub(crate) groups: Vec<[u64; 2]>,
    /// Packets and bytes received that ended before they were given to a priority group.
    pub(crate) in_no_group: [u64; 2],
}

impl Default for Counters {
    fn default() -> Counters {
        Counters {
            rx: Direction::default(),
            tx: Direction::default(),
            oversize: [0; 2],
            pause: [0; 2],
            pfc: [[0; 8]; 2],
            sent_by_none: [0; 2],
            drops: [0; DropReason::COUNT],
            ip_drops: [[0; 2]; 2],
            queues: Vec::new(),
            groups: Vec::new(),
            in_no_group: [0; 2],
        }
    }
}

impl Direction {
    /// Counts a frame of this [size](crate::pipeline::packet::wire_len) and class (0 unicast, 1 multicast,
    /// 2 broadcast).
    #[inline(always)]
    pub fn count(&mut self, size: u64, class: usize) {
        self.octets += size;
        if let Some(of_class) = self.groups.get_mut(class.wrapping_sub(1)) {
            *of_class += 1;
        }
        let bin = if size < 1024 {
            if size <= 64 { 0 } else { size.ilog2() as usize - 5 }
        } else {
            large_bin(size)
        };
        self.bins[bin] += 1;
    }

    /// Counts an IP packet of this length.
    #[inline(always)]
    pub fn count_ip(&mut self, v6: bool, group: bool, len: u16) {
        let [unicast, octets] = &mut self.ip[usize::from(v6)];
        *octets += u64::from(len);
        *unicast += u64::from(!group);
        if group {
            self.ip_groups[usize::from(v6)] += 1;
        }
    }

    pub(crate) fn packets(&self) -> u64 {
        self.bins.iter().sum()
    }

    /// Frames of a class: 0 unicast, 1 multicast, 2 broadcast.
    fn frames(&self, class: usize) -> u64 {
        match class.checked_sub(1) {
            Some(group) => self.groups[group],
            None => self.packets() - self.groups[0] - self.groups[1],
        }
    }
}

impl Sum for Direction {
    fn add(&mut self, other: &Direction) {
        let Direction { octets, ip, bins, groups, ip_groups } = other;
        self.octets += octets;
        self.ip.add(ip);
        self.bins.add(bins);
        self.groups.add(groups);
        self.ip_groups.add(ip_groups);
    }
}

#[inline(never)]
fn large_bin(size: u64) -> usize {
    BINS.partition_point(|&end| end < size)
}

impl Counters {
    /// Counts PAUSE, or PFC for each priority that it names, by what stands after the EtherType: received at 0, sent at 1.
    /// Answers what it says.
    pub(crate) fn count_mac_control<'a>(&mut self, body: &'a [u8], at: usize) -> Option<&'a MacControl> {
        let (control, _) = MacControl::ref_from_prefix(body).ok()?;
        match control.opcode.get() {
            MacControl::PAUSE => self.pause[at] += 1,
            MacControl::PFC => {
                let named = control.enabled.get();
                self.pfc[at]
                    .iter_mut()
                    .enumerate()
                    .for_each(|(n, count)| *count += u64::from(named >> n & 1));
            }
            _ => {}
        }
        Some(control)
    }

    /// Counts a packet that is dropped here.
    pub(crate) fn count_drop(&mut self, p: &Packet, reason: DropReason) {
        self.drops[reason as usize] += 1;
        let out = reason.side() == Side::Out;
        let by_ip = if out { p.has(flag::ROUTED) } else { reason.layer() == Layer::L3 };
        if by_ip && p.headers.is_ip() {
            self.ip_drops[usize::from(p.headers.kind == L3::Ipv6)][usize::from(out)] += 1;
        }
        super::queue::count_drop(self, p, reason);
    }

    fn dropped(&self, keep: impl Fn(DropReason) -> bool) -> u64 {
        DropReason::ALL.iter().filter(|r| keep(**r)).map(|r| self.drops[*r as usize]).sum()
    }

    /// A statistic of `sai_port_stat_t` that packets move; `None` for others.
    pub fn stat(&self, stat: StatId) -> Option<u64> {
        let (rx, tx) = (&self.rx, &self.tx);
        let both = |bin: usize| rx.bins[bin] + tx.bins[bin];
        let sum = |bins: &[u64]| bins.iter().sum();
        let is_in = |r: DropReason| r.side() == Side::In;
        Some(match Stat(stat as i32) {
            Stat::IF_IN_OCTETS => rx.octets,
            Stat::IF_IN_UCAST_PKTS => rx.frames(0),
            Stat::IF_IN_NON_UCAST_PKTS => rx.frames(1) + rx.frames(2),
            Stat::IF_IN_MULTICAST_PKTS => rx.frames(1),
            Stat::IF_IN_BROADCAST_PKTS => rx.frames(2),
            Stat::IF_IN_DISCARDS | Stat::IN_DROPPED_PKTS => {
                self.dropped(|r| is_in(r) && r != DropReason::Malformed)
            }
            Stat::IF_IN_ERRORS => self.drops[DropReason::Malformed as usize],
            Stat::IF_IN_VLAN_DISCARDS => {
                self.dropped(|r| matches!(r, DropReason::VlanTagNotAllowed | DropReason::IngressVlanFilter))
            }
            Stat::IF_OUT_OCTETS => tx.octets,
            Stat::IF_OUT_UCAST_PKTS => tx.frames(0),
            Stat::IF_OUT_NON_UCAST_PKTS => tx.frames(1) + tx.frames(2),
            Stat::IF_OUT_MULTICAST_PKTS => tx.frames(1),
            Stat::IF_OUT_BROADCAST_PKTS => tx.frames(2),
            Stat::IF_OUT_DISCARDS | Stat::OUT_DROPPED_PKTS => self.dropped(|r| !is_in(r)),
            Stat::ETHER_STATS_DROP_EVENTS => self.drops[DropReason::QueueFull as usize],
            Stat::ETHER_STATS_MULTICAST_PKTS => rx.frames(1) + tx.frames(1),
            Stat::ETHER_STATS_BROADCAST_PKTS => rx.frames(2) + tx.frames(2),
            Stat::ETHER_STATS_OCTETS => rx.octets + tx.octets,
            Stat::ETHER_STATS_PKTS => rx.packets() + tx.packets(),
            Stat::ETHER_STATS_RX_NO_ERRORS => rx.packets() - self.drops[DropReason::Malformed as usize],
            Stat::ETHER_STATS_TX_NO_ERRORS => tx.packets(),
            Stat::ETHER_STATS_OVERSIZE_PKTS => self.oversize[0] + self.oversize[1],
            Stat::ETHER_RX_OVERSIZE_PKTS => self.oversize[0],
            Stat::ETHER_TX_OVERSIZE_PKTS => self.oversize[1],
            Stat::ETHER_STATS_PKTS_64_OCTETS => both(0),
            Stat::ETHER_STATS_PKTS_65_TO_127_OCTETS => both(1),
            Stat::ETHER_STATS_PKTS_128_TO_255_OCTETS => both(2),
            Stat::ETHER_STATS_PKTS_256_TO_511_OCTETS => both(3),
            Stat::ETHER_STATS_PKTS_512_TO_1023_OCTETS => both(4),
            Stat::ETHER_STATS_PKTS_1024_TO_1518_OCTETS => both(5),
            Stat::ETHER_STATS_PKTS_1519_TO_2047_OCTETS => both(6),
            Stat::ETHER_STATS_PKTS_2048_TO_4095_OCTETS => both(7) + both(8),
            Stat::ETHER_STATS_PKTS_4096_TO_9216_OCTETS => both(9) + both(10),
            Stat::ETHER_STATS_PKTS_9217_TO_16383_OCTETS => both(11),
            Stat::ETHER_IN_PKTS_64_OCTETS => rx.bins[0],
            Stat::ETHER_IN_PKTS_65_TO_127_OCTETS => rx.bins[1],
            Stat::ETHER_IN_PKTS_128_TO_255_OCTETS => rx.bins[2],
            Stat::ETHER_IN_PKTS_256_TO_511_OCTETS => rx.bins[3],
            Stat::ETHER_IN_PKTS_512_TO_1023_OCTETS => rx.bins[4],
            Stat::ETHER_IN_PKTS_1024_TO_1518_OCTETS => rx.bins[5],
            Stat::ETHER_IN_PKTS_1519_TO_2047_OCTETS => rx.bins[6],
            Stat::ETHER_IN_PKTS_2048_TO_4095_OCTETS => sum(&rx.bins[7..9]),
            Stat::ETHER_IN_PKTS_4096_TO_9216_OCTETS => sum(&rx.bins[9..11]),
            Stat::ETHER_IN_PKTS_9217_TO_16383_OCTETS => rx.bins[11],
            Stat::ETHER_IN_PKTS_1519_TO_2500_OCTETS => sum(&rx.bins[6..8]),
            Stat::ETHER_IN_PKTS_2501_TO_9000_OCTETS => sum(&rx.bins[8..10]),
            Stat::ETHER_IN_PKTS_9001_TO_16383_OCTETS => sum(&rx.bins[10..12]),
            Stat::ETHER_OUT_PKTS_64_OCTETS => tx.bins[0],
            Stat::ETHER_OUT_PKTS_65_TO_127_OCTETS => tx.bins[1],
            Stat::ETHER_OUT_PKTS_128_TO_255_OCTETS => tx.bins[2],
            Stat::ETHER_OUT_PKTS_256_TO_511_OCTETS => tx.bins[3],
            Stat::ETHER_OUT_PKTS_512_TO_1023_OCTETS => tx.bins[4],
            Stat::ETHER_OUT_PKTS_1024_TO_1518_OCTETS => tx.bins[5],
            Stat::ETHER_OUT_PKTS_1519_TO_2047_OCTETS => tx.bins[6],
            Stat::ETHER_OUT_PKTS_2048_TO_4095_OCTETS => sum(&tx.bins[7..9]),
            Stat::ETHER_OUT_PKTS_4096_TO_9216_OCTETS => sum(&tx.bins[9..11]),
            Stat::ETHER_OUT_PKTS_9217_TO_16383_OCTETS => tx.bins[11],
            Stat::ETHER_OUT_PKTS_1519_TO_2500_OCTETS => sum(&tx.bins[6..8]),
            Stat::ETHER_OUT_PKTS_2501_TO_9000_OCTETS => sum(&tx.bins[8..10]),
            Stat::ETHER_OUT_PKTS_9001_TO_16383_OCTETS => sum(&tx.bins[10..12]),
            Stat::IP_IN_RECEIVES => rx.ip[0][0] + rx.ip_groups[0],
            Stat::IP_IN_UCAST_PKTS => rx.ip[0][0],
            Stat::IP_IN_NON_UCAST_PKTS => rx.ip_groups[0],
            Stat::IP_IN_OCTETS => rx.ip[0][1],
            Stat::IP_IN_DISCARDS => self.ip_drops[0][0],
            Stat::IP_OUT_DISCARDS => self.ip_drops[0][1],
            Stat::IPV6_IN_DISCARDS => self.ip_drops[1][0],
            Stat::IPV6_OUT_DISCARDS => self.ip_drops[1][1],
            Stat::IP_OUT_UCAST_PKTS => tx.ip[0][0],
            Stat::IP_OUT_NON_UCAST_PKTS => tx.ip_groups[0],
            Stat::IP_OUT_OCTETS => tx.ip[0][1],
            Stat::IPV6_IN_RECEIVES => rx.ip[1][0] + rx.ip_groups[1],
            Stat::IPV6_IN_UCAST_PKTS => rx.ip[1][0],
            Stat::IPV6_IN_NON_UCAST_PKTS | Stat::IPV6_IN_MCAST_PKTS => rx.ip_groups[1],
            Stat::IPV6_IN_OCTETS => rx.ip[1][1],
            Stat::IPV6_OUT_UCAST_PKTS => tx.ip[1][0],
            Stat::IPV6_OUT_NON_UCAST_PKTS | Stat::IPV6_OUT_MCAST_PKTS => tx.ip_groups[1],
            Stat::IPV6_OUT_OCTETS => tx.ip[1][1],
            Stat::ECN_MARKED_PACKETS => {
                self.queues.iter().map(|q| super::queue::by_color(&q.marked, 6)).sum()
            }
            Stat(s) if (Stat::GREEN_WRED_DROPPED_PACKETS.0..Stat::ECN_MARKED_PACKETS.0).contains(&s) => {
                let at = s - Stat::GREEN_WRED_DROPPED_PACKETS.0;
                self.queues.iter().map(|q| super::queue::by_color(&q.early, at)).sum()
            }
            Stat::PAUSE_RX_PKTS => self.pause[0],
            Stat::PAUSE_TX_PKTS => self.pause[1],
            Stat::PFC_0_RX_PKTS => self.pfc[0][0],
            Stat::PFC_0_TX_PKTS => self.pfc[1][0],
            Stat::PFC_1_RX_PKTS => self.pfc[0][1],
            Stat::PFC_1_TX_PKTS => self.pfc[1][1],
            Stat::PFC_2_RX_PKTS => self.pfc[0][2],
            Stat::PFC_2_TX_PKTS => self.pfc[1][2],
            Stat::PFC_3_RX_PKTS => self.pfc[0][3],
            Stat::PFC_3_TX_PKTS => self.pfc[1][3],
            Stat::PFC_4_RX_PKTS => self.pfc[0][4],
            Stat::PFC_4_TX_PKTS => self.pfc[1][4],
            Stat::PFC_5_RX_PKTS => self.pfc[0][5],
            Stat::PFC_5_TX_PKTS => self.pfc[1][5],
            Stat::PFC_6_RX_PKTS => self.pfc[0][6],
            Stat::PFC_6_TX_PKTS => self.pfc[1][6],
            Stat::PFC_7_RX_PKTS => self.pfc[0][7],
            Stat::PFC_7_TX_PKTS => self.pfc[1][7],
            _ => return None,
        })
    }
}
