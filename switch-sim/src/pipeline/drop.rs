//! Why a packet was dropped.

use std::fmt::{self, Write as _};

use sai::types::{InDropReason, OutDropReason};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $sai:expr,)*) => {
        /// Why a packet was dropped. Where SAI names the reason this is it; the others stand after those.
        ///
        /// A reason counts on the port where the packet came in ([`Side::In`]) or was to go out ([`Side::Out`]).
        ///
        /// Prints as SAI names it, `SAI_IN_DROP_REASON_LPM4_MISS`; where SAI has no name in the same style,
        /// `STORM_CONTROL`. Serialises as it prints.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum DropReason {
            $($(#[$doc])* $name,)*
        }

        impl DropReason {
            /// Every reason.
            pub const ALL: &[DropReason] = &[$(DropReason::$name,)*];
            /// How many there are.
            pub const COUNT: usize = Self::ALL.len();

            /// What SAI calls it, where it does.
            pub const fn sai(self) -> Sai {
                match self { $(DropReason::$name => $sai,)* }
            }
        }
    };
}

/// What SAI calls a [`DropReason`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sai {
    /// `sai_in_drop_reason_t`.
    In(i32),
    /// `sai_out_drop_reason_t`.
    Out(i32),
    /// SAI has no name; counted at ingress.
    OtherIn,
    /// SAI has no name; counted at egress.
    OtherOut,
}

/// Which port a drop counts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The port where the packet came in.
    In,
    /// The port where it was to go out.
    Out,
}

/// The layer whose `ANY` reason includes a [`DropReason`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// `SAI_IN_DROP_REASON_L2_ANY`, `SAI_OUT_DROP_REASON_L2_ANY`.
    L2,
    /// `SAI_IN_DROP_REASON_L3_ANY`, `SAI_OUT_DROP_REASON_L3_ANY`.
    L3,
    /// `SAI_IN_DROP_REASON_ACL_ANY`.
    Acl,
    /// None.
    Other,
}

use Sai::{In, OtherIn, OtherOut, Out};

reasons! {
    /// `SAI_IN_DROP_REASON_SMAC_MULTICAST`.
    SmacMulticast = In(1),
    /// `SAI_IN_DROP_REASON_SMAC_EQUALS_DMAC`.
    SmacEqualsDmac = In(2),
    /// `SAI_IN_DROP_REASON_DMAC_RESERVED`.
    DmacReserved = In(3),
    /// `SAI_IN_DROP_REASON_VLAN_TAG_NOT_ALLOWED`.
    VlanTagNotAllowed = In(4),
    /// `SAI_IN_DROP_REASON_INGRESS_VLAN_FILTER`.
    IngressVlanFilter = In(5),
    /// `SAI_IN_DROP_REASON_INGRESS_STP_FILTER`.
    IngressStpFilter = In(6),
    /// `SAI_IN_DROP_REASON_FDB_UC_DISCARD`.
    FdbUcDiscard = In(7),
    /// `SAI_IN_DROP_REASON_FDB_MC_DISCARD`.
    FdbMcDiscard = In(8),
    /// `SAI_IN_DROP_REASON_L2_LOOPBACK_FILTER`.
    L2LoopbackFilter = In(9),
    /// `SAI_IN_DROP_REASON_EXCEEDS_L2_MTU`.
    ExceedsL2Mtu = In(10),
    /// `SAI_IN_DROP_REASON_SMAC_ZERO`.
    SmacZero = In(55),
    /// `SAI_IN_DROP_REASON_DMAC_ZERO`.
    DmacZero = In(56),
    /// `SAI_IN_DROP_REASON_EXCEEDS_L3_MTU`.
    ExceedsL3Mtu = In(12),
    /// `SAI_IN_DROP_REASON_TTL`.
    Ttl = In(13),
    /// `SAI_IN_DROP_REASON_L3_LOOPBACK_FILTER`.
    L3LoopbackFilter = In(14),
    /// `SAI_IN_DROP_REASON_NON_ROUTABLE`.
    NonRoutable = In(15),
    /// `SAI_IN_DROP_REASON_NO_L3_HEADER`.
    NoL3Header = In(16),
    /// `SAI_IN_DROP_REASON_IP_HEADER_ERROR`.
    IpHeaderError = In(17),
    /// `SAI_IN_DROP_REASON_UC_DIP_MC_DMAC`.
    UcDipMcDmac = In(18),
    /// `SAI_IN_DROP_REASON_DIP_LOOPBACK`.
    DipLoopback = In(19),
    /// `SAI_IN_DROP_REASON_SIP_LOOPBACK`.
    SipLoopback = In(20),
    /// `SAI_IN_DROP_REASON_SIP_MC`.
    SipMc = In(21),
    /// `SAI_IN_DROP_REASON_SIP_CLASS_E`.
    SipClassE = In(22),
    /// `SAI_IN_DROP_REASON_SIP_UNSPECIFIED`.
    SipUnspecified = In(23),
    /// `SAI_IN_DROP_REASON_MC_DMAC_MISMATCH`.
    McDmacMismatch = In(24),
    /// `SAI_IN_DROP_REASON_SIP_EQUALS_DIP`.
    SipEqualsDip = In(25),
    /// `SAI_IN_DROP_REASON_SIP_BC`.
    SipBc = In(26),
    /// `SAI_IN_DROP_REASON_DIP_LOCAL`.
    DipLocal = In(27),
    /// `SAI_IN_DROP_REASON_DIP_LINK_LOCAL`.
    DipLinkLocal = In(28),
    /// `SAI_IN_DROP_REASON_SIP_LINK_LOCAL`.
    SipLinkLocal = In(29),
    /// `SAI_IN_DROP_REASON_IPV6_MC_SCOPE0`.
    Ipv6McScope0 = In(30),
    /// `SAI_IN_DROP_REASON_IPV6_MC_SCOPE1`.
    Ipv6McScope1 = In(31),
    /// `SAI_IN_DROP_REASON_IRIF_DISABLED`.
    IrifDisabled = In(32),
    /// `SAI_IN_DROP_REASON_ERIF_DISABLED`.
    ErifDisabled = In(33),
    /// `SAI_IN_DROP_REASON_LPM4_MISS`.
    Lpm4Miss = In(34),
    /// `SAI_IN_DROP_REASON_LPM6_MISS`.
    Lpm6Miss = In(35),
    /// `SAI_IN_DROP_REASON_BLACKHOLE_ROUTE`.
    BlackholeRoute = In(36),
    /// `SAI_IN_DROP_REASON_BLACKHOLE_ARP`.
    BlackholeArp = In(37),
    /// `SAI_IN_DROP_REASON_UNRESOLVED_NEXT_HOP`.
    UnresolvedNextHop = In(38),
    /// `SAI_IN_DROP_REASON_L3_EGRESS_LINK_DOWN`.
    L3EgressLinkDown = In(39),
    /// `SAI_IN_DROP_REASON_DECAP_ERROR`.
    DecapError = In(40),
    /// `SAI_IN_DROP_REASON_ACL_INGRESS_PORT`.
    AclIngressPort = In(42),
    /// `SAI_IN_DROP_REASON_ACL_INGRESS_LAG`.
    AclIngressLag = In(43),
    /// `SAI_IN_DROP_REASON_ACL_INGRESS_VLAN`.
    AclIngressVlan = In(44),
    /// `SAI_IN_DROP_REASON_ACL_INGRESS_RIF`.
    AclIngressRif = In(45),
    /// `SAI_IN_DROP_REASON_ACL_INGRESS_SWITCH`.
    AclIngressSwitch = In(46),
    /// `SAI_IN_DROP_REASON_ACL_EGRESS_PORT`.
    AclEgressPort = In(47),
    /// `SAI_IN_DROP_REASON_ACL_EGRESS_LAG`.
    AclEgressLag = In(48),
    /// `SAI_IN_DROP_REASON_ACL_EGRESS_VLAN`.
    AclEgressVlan = In(49),
    /// `SAI_IN_DROP_REASON_ACL_EGRESS_RIF`.
    AclEgressRif = In(50),
    /// `SAI_IN_DROP_REASON_ACL_EGRESS_SWITCH`.
    AclEgressSwitch = In(51),
    /// `SAI_IN_DROP_REASON_FDB_AND_BLACKHOLE_DISCARDS`.
    FdbAndBlackholeDiscards = In(52),
    /// `SAI_IN_DROP_REASON_MPLS_MISS`.
    MplsMiss = In(53),
    /// `SAI_IN_DROP_REASON_SRV6_LOCAL_SID_DROP`.
    Srv6LocalSidDrop = In(54),
    /// `SAI_IN_DROP_REASON_LPM_MISS`.
    LpmMiss = In(57),
    /// `SAI_OUT_DROP_REASON_EGRESS_VLAN_FILTER`.
    EgressVlanFilter = Out(1),
    /// `SAI_OUT_DROP_REASON_L3_EGRESS_LINK_DOWN`.
    OutL3EgressLinkDown = Out(3),
    /// `SAI_OUT_DROP_REASON_TUNNEL_LOOPBACK_PACKET_DROP`.
    TunnelLoopbackPacketDrop = Out(4),
    /// The ingress port is administratively or operationally down.
    PortDown = OtherIn,
    /// PAUSE, PFC and their like: taken by the MAC.
    MacControl = OtherIn,
    /// Given to the CPU in place of leaving, by an ACL entry or policer of the egress stage.
    EgressTrap = OtherIn,
    /// Shorter than an Ethernet header, or cut within its VLAN tags.
    Malformed = OtherIn,
    /// The port is in no bridge, LAG or router interface.
    NotAttached = OtherIn,
    /// The bridge port is administratively down.
    BridgePortDown = OtherIn,
    /// The VLAN member, bridge port or LAG member does not take packets in.
    RxDisabled = OtherIn,
    /// The source address is not known and the bridge port's learning mode drops such packets.
    UnknownSource = OtherIn,
    /// A learning limit is reached and its violation action drops.
    LearningLimit = OtherIn,
    /// A station of a static entry showed up elsewhere and may not move.
    StaticMove = OtherIn,
    /// The destination is not known and the switch's miss action, or the flood control, drops.
    FloodDisabled = OtherIn,
    /// Nobody to flood to.
    NoFloodMember = OtherIn,
    /// A storm-control policer.
    StormControl = OtherIn,
    /// A policer.
    Policer = OtherIn,
    /// A trap's action.
    TrapAction = OtherIn,
    /// The priority group, or the headroom of it, is full.
    PriorityGroupFull = OtherIn,
    /// The CPU queue is full.
    PuntQueueFull = OtherIn,
    /// The pipeline was passed too often.
    RecirculationLimit = OtherIn,
    /// The LAG that a bridged packet was to leave by has no member that transmits.
    NoLagMember = OtherIn,
    /// The egress port is administratively or operationally down, or does not transmit.
    EgressPortDown = OtherOut,
    /// Longer than the egress port's MTU.
    EgressMtu = OtherOut,
    /// The spanning tree blocks the egress port.
    EgressStp = OtherOut,
    /// An isolation group keeps ingress and egress apart.
    Isolation = OtherOut,
    /// The VLAN member or bridge port does not send.
    TxDisabled = OtherOut,
    /// The queue or its buffer was full.
    QueueFull = OtherOut,
    /// WRED.
    Wred = OtherOut,
}

impl DropReason {
    /// Whether SAI's `ANY` reason of a layer includes it.
    pub const fn layer(self) -> Layer {
        match self.sai() {
            Sai::In(0..=10 | 55 | 56) | Sai::Out(0..=1) => Layer::L2,
            Sai::In(11..=40 | 53 | 54 | 57) | Sai::Out(2..=4) => Layer::L3,
            Sai::In(41..=51) => Layer::Acl,
            _ => Layer::Other,
        }
    }

    /// Whether an egress ACL drops so; SAI counts that at ingress.
    pub const fn is_egress_acl(self) -> bool {
        matches!(self.sai(), Sai::In(47..=51))
    }

    /// Whether ports and whatever else a packet passed count it as a discard: not what somebody has taken.
    pub const fn is_discard(self) -> bool {
        !matches!(self, DropReason::MacControl | DropReason::EgressTrap)
    }

    /// Which port it counts on.
    pub const fn side(self) -> Side {
        match self.sai() {
            Sai::In(_) | Sai::OtherIn => Side::In,
            Sai::Out(_) | Sai::OtherOut => Side::Out,
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sai() {
            Sai::In(reason) => write!(f, "{}", InDropReason(reason)),
            Sai::Out(reason) => write!(f, "{}", OutDropReason(reason)),
            Sai::OtherIn | Sai::OtherOut => {
                for (n, c) in format!("{self:?}").chars().enumerate() {
                    if n > 0 && c.is_ascii_uppercase() {
                        f.write_char('_')?;
                    }
                    f.write_char(c.to_ascii_uppercase())?;
                }
                Ok(())
            }
        }
    }
}

impl Serialize for DropReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DropReason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<DropReason, D::Error> {
        let name = String::deserialize(deserializer)?;
        let found = DropReason::ALL.iter().find(|reason| reason.to_string() == name);
        found.copied().ok_or_else(|| D::Error::custom(format!("'{name}' is no reason to drop a packet")))
    }
}
