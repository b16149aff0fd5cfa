//! Bridging: VLANs, 802.1D bridges, bridge ports, spanning tree, the FDB, flooding, L2 multicast.
//!
//! A *domain* is what a MAC address is looked up in: a VLAN of the 802.1Q bridge (index: the VLAN id) or an
//! 802.1D bridge (index: 4096 and its slot). Control code keeps one record a domain and one a bridge port;
//! packets read nothing else.

use hashbrown::HashMap;
use sai::ObjectId;

use crate::pipeline::{DropReason, NONE, Out, Packet, Side, flag};
use crate::table::exact::station_key;

pub mod control;
pub(crate) mod egress;
pub(crate) mod express;
pub mod fdb;
pub(crate) mod flood;
pub(crate) mod forward;
pub(crate) mod input;
pub mod isolation;
pub mod multicast;

pub use fdb::Fdb;

/// The first index of an 802.1D bridge's domain.
pub const FIRST_1D: u16 = 4096;

/// Bits of a bridge port's state in a domain.
pub mod state {
    /// Is a member.
    pub const MEMBER: u8 = 1;
    /// Sends with a tag.
    pub const TAGGED: u8 = 2;
    /// Sends with a priority tag.
    pub const PRIORITY: u8 = 4;
    /// Takes nothing in.
    pub const RX_DROP: u8 = 8;
    /// Sends nothing.
    pub const TX_DROP: u8 = 16;
    /// The spanning tree does not let it learn.
    pub const NO_LEARN: u8 = 32;
    /// The spanning tree does not let it forward.
    pub const NO_FORWARD: u8 = 64;
}

/// Packets and octets of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Octets, as a port counts them.
    pub octets: u64,
    /// Unicast packets.
    pub unicast: u64,
    /// Multicast and broadcast packets.
    pub other: u64,
    /// Packets dropped.
    pub drops: u64,
}

impl Count {
    /// Counts a packet.
    #[inline(always)]
    pub fn add(&mut self, size: u64, group: bool) {
        self.octets += size;
        if group {
            self.other += 1;
        } else {
            self.unicast += 1;
        }
    }

    /// All packets.
    pub const fn packets(&self) -> u64 {
        self.unicast + self.other
    }
}

/// `sai_vlan_flood_control_type_t`; that of a bridge has the same numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FloodControl {
    /// All members.
    #[default]
    All,
    /// Nobody.
    None,
    /// An L2MC group.
    Group(u16),
    /// All members and an L2MC group.
    Combined(u16),
}

/// How a domain treats packets. What plain ones count is one cache line, what they read in another.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Domain {
    /// Received and sent.
    pub counts: [Count; 2],
    /// [`state`] of each bridge port, by index.
    pub states: Vec<u8>,
    /// Router interface.
    pub rif: u16,
    /// The VLAN or bridge.
    pub id: ObjectId,
    /// The member objects (VLAN members, or the bridge ports of an 802.1D bridge) with their bridge port, in
    /// order of creation.
    pub members: Vec<(ObjectId, u16)>,
    /// Flood control of unknown unicast, unknown multicast and broadcast.
    pub flood: [FloodControl; 3],
    /// Does not learn.
    pub learn_disable: bool,
    /// The most addresses to learn; 0 for no limit.
    pub max_learned: u32,
    /// Addresses learned.
    pub learned: u32,
    /// Spanning tree instance.
    pub stp: ObjectId,
    /// Whether IP multicast is looked up by IP group (and source): IPv4, IPv6.
    pub by_group: [LookupKey; 2],
    /// L2MC groups of unknown multicast: not IP, IPv4, IPv6, IP of the link; [`NONE`] leaves it to flood control.
    pub unknown: [u16; 4],
}

/// `sai_vlan_mcast_lookup_key_type_t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LookupKey {
    /// By destination MAC address: MCAST_FDB entries.
    #[default]
    Mac,
    /// By group: L2MC entries of type XG.
    Group,
    /// By source and group: L2MC entries of type SG.
    Source,
    /// By source and group, then by group.
    Both,
}

impl Default for Domain {
    fn default() -> Domain {
        Domain {
            id: ObjectId::NULL,
            states: Vec::new(),
            members: Vec::new(),
            flood: [FloodControl::All; 3],
            learn_disable: false,
            max_learned: 0,
            learned: 0,
            stp: ObjectId::NULL,
            by_group: [LookupKey::Mac; 2],
            unknown: [NONE; 4],
            rif: NONE,
            counts: [Count::default(); 2],
        }
    }
}

impl Domain {
    /// A bridge port's [`state`].
    #[inline(always)]
    pub fn state(&self, bridge_port: u16) -> u8 {
        self.states.get(usize::from(bridge_port)).copied().unwrap_or(0)
    }

    fn set_state(&mut self, bridge_port: u16, state: u8) {
        let at = usize::from(bridge_port);
        if self.states.len() <= at {
            self.states.resize(at + 1, 0);
        }
        self.states[at] = state;
    }
}

/// Where a bridge port sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Nowhere: the router's side.
    #[default]
    None,
    /// A physical port.
    Port(u16),
    /// A LAG.
    Lag(u16),
}

/// `sai_bridge_port_fdb_learning_mode_t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Learning {
    /// Drop packets of unknown stations.
    Drop,
    /// Do not learn.
    Disable,
    /// Learn.
    #[default]
    Hw,
    /// Trap packets of unknown stations.
    CpuTrap,
    /// Copy packets of unknown stations to the CPU.
    CpuLog,
    /// Tell once of an unknown station, and drop its packets.
    Notification,
}

/// A bridge port as packets see it. What it counts is one cache line, the rest another.
#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
pub struct BridgePort {
    /// Received and sent.
    pub counts: [Count; 2],
    /// The object; null where there is none.
    pub id: ObjectId,
    /// Administratively up.
    pub up: bool,
    /// Takes frames in, and sends them, as most bridge ports do: for the express lane.
    pub(crate) plain: [bool; 2],
    /// Where it sends.
    pub to: Target,
    /// Domain of a port of an 802.1D bridge; [`NONE`] for the 802.1Q bridge.
    pub domain: u16,
    /// VLAN of a SUB_PORT.
    pub vid: u16,
    /// A SUB_PORT that sends without a tag.
    pub untagged: bool,
    /// How it learns.
    pub learning: Learning,
    /// The most addresses to learn; 0 for no limit.
    pub max_learned: u32,
    /// Addresses learned.
    pub learned: u32,
    /// What happens to packets of unknown stations beyond a limit: `sai_packet_action_t`.
    pub violation: i32,
    /// Drops frames of VLANs it is no member of.
    pub ingress_filtering: bool,
    /// Sends no frames of VLANs it is no member of.
    pub egress_filtering: bool,
    /// Takes nothing in.
    pub rx_drop: bool,
    /// Sends nothing.
    pub tx_drop: bool,
    /// Bridge ports that what came in here may not leave by.
    pub isolated: Vec<u16>,
}

const _: () = assert!(size_of::<BridgePort>() == 128);

/// One copy that replication is to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copy {
    /// Where it goes.
    pub to: Target,
    /// By which bridge port; [`NONE`] for none.
    pub bridge_port: u16,
    /// In which domain.
    pub domain: u16,
    /// Out of which router interface that rewrites it; [`NONE`] for none.
    pub rif: u16,
    /// By which hop of that interface, as [`Packet::adjacency`]; `u32::MAX` for an IP multicast copy that keeps
    /// its destination MAC address.
    pub adjacency: u32,
}

/// Everything of bridging that packets read and write.
#[derive(Debug)]
pub struct Bridge {
    /// By domain index.
    pub domains: Vec<Option<Box<Domain>>>,
    /// By slot of the bridge port.
    pub ports: Vec<BridgePort>,
    /// The forwarding database.
    pub fdb: Fdb,
    /// Multicast entries and groups.
    pub multicast: multicast::Multicast,
    /// The switch's actions on unknown unicast, multicast and broadcast: `sai_packet_action_t`.
    pub miss: [i32; 3],
    /// Whether flooded unicast, multicast and broadcast goes to the CPU too.
    pub to_cpu: [bool; 3],
    /// State by spanning tree instance and bridge port, where a port object gives one.
    pub(crate) stp: HashMap<(ObjectId, u16), u8>,
}

impl Bridge {
    /// No domain, no port.
    pub fn new(seed: u64) -> Bridge {
        Bridge {
            domains: Vec::new(),
            ports: Vec::new(),
            fdb: Fdb::new(seed),
            multicast: multicast::Multicast::default(),
            miss: [1; 3],
            to_cpu: [false; 3],
            stp: HashMap::new(),
        }
    }

    /// A domain.
    #[inline(always)]
    pub fn domain(&self, index: u16) -> Option<&Domain> {
        self.domains.get(usize::from(index))?.as_deref()
    }

    /// A domain, to be changed.
    #[inline(always)]
    pub fn domain_mut(&mut self, index: u16) -> Option<&mut Domain> {
        self.domains.get_mut(usize::from(index))?.as_deref_mut()
    }

    /// A bridge port.
    #[inline(always)]
    pub fn port(&self, index: u16) -> Option<&BridgePort> {
        self.ports.get(usize::from(index)).filter(|p| !p.id.is_null())
    }

    /// Puts a router interface on a domain, or takes it off with [`NONE`]. Packets of the domain then pass
    /// `router::my_mac`.
    pub fn attach_rif(&mut self, domain: u16, rif: u16) {
        if let Some(d) = self.domain_mut(domain) {
            d.rif = rif;
        }
    }

    /// Brings near what the look-ups of a frame's addresses read.
    #[inline(always)]
    pub fn prefetch(&self, domain: u16, dst: u64, src: u64) {
        self.fdb.table.prefetch(station_key(domain, dst));
        self.fdb.table.prefetch(station_key(domain, src));
    }
}

/// The domain that a packet came in by, which routing leaves behind; [`NONE`] for one that was not bridged.
pub(crate) fn ingress_domain(bridge: &Bridge, p: &Packet) -> u16 {
    match bridge.port(p.bridge_port) {
        Some(port) if port.domain != NONE => port.domain,
        Some(_) => p.vid,
        None => NONE,
    }
}

/// Counts a dropped packet on its VLAN or bridge: where it came in, or where it was to go out.
pub(crate) fn count_drop(sw: &mut crate::switch::Switch, p: &Packet, reason: DropReason) {
    let out = reason.side() == Side::Out;
    // What the router sends straight out of a port or LAG is in no VLAN.
    if out && p.has(flag::ROUTED) && matches!(p.out, Out::Port(_) | Out::Lag(_)) {
        return;
    }
    let domain = if out { p.domain } else { ingress_domain(&sw.bridge, p) };
    if let Some(d) = sw.bridge.domain_mut(domain) {
        d.counts[usize::from(out)].drops += 1;
    }
}

/// A domain or bridge port index of a packet, for printing.
pub(crate) fn name(index: u16) -> String {
    if index == NONE { "none".into() } else { index.to_string() }
}
