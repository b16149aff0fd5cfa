//! Attribute values: one variant for each member of `sai_attribute_value_t`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::ObjectId;
use crate::object::acl_table::SupportedMatchType;
use crate::object::acl_table_chain_group::Stage as ChainGroupStage;
use crate::object::poe_port::{ActiveChannelType, ClassMethodType, SignatureType};
use crate::object::port::{ErrStatus, PrbsRxStatus};
use crate::types::{AclActionType, AclBindPointType, AclStage, PacketColor};

/// `sai_mac_t`: an IEEE 802 MAC address, most significant byte first.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[doc(alias = "sai_mac_t")]
pub struct MacAddr(pub [u8; 6]);

impl MacAddr {
    /// `ff:ff:ff:ff:ff:ff`.
    pub const BROADCAST: MacAddr = MacAddr([0xff; 6]);
    /// `00:00:00:00:00:00`.
    pub const ZERO: MacAddr = MacAddr([0; 6]);

    /// An address from its six bytes.
    pub const fn new(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8) -> MacAddr {
        MacAddr([a, b, c, d, e, f])
    }

    /// Whether the group bit is set (multicast and broadcast).
    pub const fn is_multicast(self) -> bool {
        self.0[0] & 1 != 0
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that is no MAC address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no MAC address: expected six pairs of hexadecimal digits joined by ':' or '-'")]
pub struct ParseMacError(String);

impl FromStr for MacAddr {
    type Err = ParseMacError;
    fn from_str(s: &str) -> Result<MacAddr, ParseMacError> {
        let mut mac = [0; 6];
        let mut parts = s.split([':', '-']);
        for byte in &mut mac {
            *byte = parts
                .next()
                .filter(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit()))
                .and_then(|p| u8::from_str_radix(p, 16).ok())
                .ok_or_else(|| ParseMacError(s.to_owned()))?;
        }
        if parts.next().is_some() { Err(ParseMacError(s.to_owned())) } else { Ok(MacAddr(mac)) }
    }
}

impl Serialize for MacAddr {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(self) } else { self.0.serialize(s) }
    }
}

impl<'de> Deserialize<'de> for MacAddr {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<MacAddr, D::Error> {
        if d.is_human_readable() {
            let s = std::borrow::Cow::<'de, str>::deserialize(d)?;
            s.parse().map_err(serde::de::Error::custom)
        } else {
            <[u8; 6]>::deserialize(d).map(MacAddr)
        }
    }
}

/// `char[32]`: up to 31 bytes of text, or 32 without a terminating NUL.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CharData(pub [u8; 32]);

impl CharData {
    /// The text cut at the first NUL; bytes that are no UTF-8 are replaced.
    pub fn to_str_lossy(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(self.as_bytes())
    }

    /// The bytes up to the first NUL, or all 32.
    pub fn as_bytes(&self) -> &[u8] {
        let n = self.0.iter().position(|&b| b == 0).unwrap_or(32);
        &self.0[..n]
    }
}

/// Text of more than 31 bytes, or with a NUL inside, for a `char[32]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' does not fit char[32]: at most 31 bytes and no NUL")]
pub struct CharDataError(String);

impl TryFrom<&str> for CharData {
    type Error = CharDataError;
    fn try_from(s: &str) -> Result<CharData, CharDataError> {
        if s.len() > 31 || s.contains('\0') {
            return Err(CharDataError(s.to_owned()));
        }
        let mut data = [0; 32];
        data[..s.len()].copy_from_slice(s.as_bytes());
        Ok(CharData(data))
    }
}

impl fmt::Debug for CharData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_str_lossy())
    }
}

macro_rules! plain_structs {
    ($($(#[$doc:meta])* $name:ident = $c:literal { $($(#[$fdoc:meta])* $field:ident: $ty:ty,)* })*) => {
        $($(#[$doc])* #[doc = concat!("\n\nSAI name: `", $c, "`.")] #[doc(alias = $c)]
        #[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub struct $name { $($(#[$fdoc])* pub $field: $ty,)* })*
    };
}

/// An inclusive range, `sai_u32_range_t` and its like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Range<T> {
    /// The smallest value in the range.
    pub min: T,
    /// The largest value in the range.
    pub max: T,
}

plain_structs! {
    /// The state of a PRBS receiver.
    PrbsRxState = "sai_prbs_rx_state_t" {
        /// Whether it has lock and sees errors.
        rx_status: PrbsRxStatus,
        /// Errors counted.
        error_count: u32,
    }
    /// The PRBS receiver status of a lane.
    PrbsLaneRxStatus = "sai_prbs_per_lane_rx_status_t" {
        /// Lane.
        lane: u32,
        /// Whether it has lock and sees errors.
        rx_status: PrbsRxStatus,
    }
    /// The PRBS receiver state of a lane.
    PrbsLaneRxState = "sai_prbs_per_lane_rx_state_t" {
        /// Lane.
        lane: u32,
        /// The state.
        rx_state: PrbsRxState,
    }
    /// A bit error rate: `mantissa * 10^-exponent`.
    PrbsBitErrorRate = "sai_prbs_bit_error_rate_t" {
        /// Negative exponent to base 10.
        exponent: u8,
        /// Mantissa.
        mantissa: u64,
    }
    /// The bit error rate of a lane.
    PrbsLaneBitErrorRate = "sai_prbs_per_lane_bit_error_rate_t" {
        /// Lane.
        lane: u32,
        /// The rate.
        ber: PrbsBitErrorRate,
    }
    /// One side of a QoS map.
    QosMapParams = "sai_qos_map_params_t" {
        /// Traffic class.
        tc: u8,
        /// DSCP, 0 to 63.
        dscp: u8,
        /// IEEE 802.1p priority, 0 to 7.
        dot1p: u8,
        /// PFC priority, 0 to 7.
        prio: u8,
        /// Priority group.
        pg: u8,
        /// Egress queue index.
        queue_index: u8,
        /// Packet color.
        color: PacketColor,
        /// MPLS EXP, 0 to 7.
        mpls_exp: u8,
        /// Forwarding class.
        fc: u8,
    }
    /// An entry of a QoS map.
    QosMap = "sai_qos_map_t" {
        /// What is looked up.
        key: QosMapParams,
        /// What it becomes.
        value: QosMapParams,
    }
    /// A pair of a map.
    MapEntry = "sai_map_t" {
        /// Key.
        key: u32,
        /// Value.
        value: i32,
    }
    /// What an ACL stage can do.
    AclCapability = "sai_acl_capability_t" {
        /// Whether a table must list its actions on create.
        is_action_list_mandatory: bool,
        /// The actions that the stage supports.
        action_list: Vec<AclActionType>,
        /// Exact, ternary or both.
        supported_match_type: SupportedMatchType,
        /// Whether exact-match tables take masks with holes.
        is_non_contiguous_bits_exact_match_supported: bool,
    }
    /// How much room is left for ACL tables or groups at a stage and bind point.
    AclResource = "sai_acl_resource_t" {
        /// The stage.
        stage: AclStage,
        /// The bind point.
        bind_point: AclBindPointType,
        /// How many can still be created.
        avail_num: u32,
    }
    /// A stage of an ACL chain.
    AclChain = "sai_acl_chain_t" {
        /// The stage of the chain.
        chain_group_stage: ChainGroupStage,
        /// Exact, ternary or both.
        supported_match_type: SupportedMatchType,
    }
    /// The eye of a lane.
    PortLaneEyeValues = "sai_port_lane_eye_values_t" {
        /// Lane.
        lane: u32,
        /// Left.
        left: i32,
        /// Right.
        right: i32,
        /// Up.
        up: i32,
        /// Down.
        down: i32,
    }
    /// The PAM4 eyes of a lane.
    PortPam4LaneEyeValues = "sai_port_pam4_lane_eye_values_t" {
        /// Lane.
        lane: u32,
        /// Height of the upper eye.
        upper_ht: i32,
        /// Width of the upper eye.
        upper_wd: i32,
        /// Height of the middle eye.
        middle_ht: i32,
        /// Width of the middle eye.
        middle_wd: i32,
        /// Height of the lower eye.
        lower_ht: i32,
        /// Width of the lower eye.
        lower_wd: i32,
    }
    /// A point in time.
    Timespec = "sai_timespec_t" {
        /// Seconds.
        tv_sec: u64,
        /// Nanoseconds, below 1,000,000,000.
        tv_nsec: u32,
    }
    /// The configuration of a system port.
    SystemPortConfig = "sai_system_port_config_t" {
        /// System port id.
        port_id: u32,
        /// The switch that it belongs to.
        attached_switch_id: u32,
        /// The core of that switch.
        attached_core_index: u32,
        /// The port of that core.
        attached_core_port_index: u32,
        /// Speed in Mbps.
        speed: u32,
        /// Number of virtual output queues.
        num_voq: u32,
    }
    /// Whether a switch can be reached over a fabric port.
    FabricPortReachability = "sai_fabric_port_reachability_t" {
        /// The switch.
        switch_id: u32,
        /// Whether it can be reached.
        reachable: bool,
    }
    /// A status and whether it changed since it was last read.
    LatchStatus = "sai_latch_status_t" {
        /// The status now.
        current_status: bool,
        /// Whether it changed.
        changed: bool,
    }
    /// The latched status of a lane.
    PortLaneLatchStatus = "sai_port_lane_latch_status_t" {
        /// Lane.
        lane: u32,
        /// The status.
        value: LatchStatus,
    }
    /// The receive frequency offset of a lane.
    PortFrequencyOffsetPpm = "sai_port_frequency_offset_ppm_values_t" {
        /// Lane.
        lane: u32,
        /// Offset in parts per million.
        ppm: i16,
    }
    /// The signal-to-noise ratio of a lane.
    PortSnr = "sai_port_snr_values_t" {
        /// Lane.
        lane: u32,
        /// The ratio, in 1/256 dB.
        snr: u16,
    }
    /// What a Power-over-Ethernet port draws.
    PoePortPowerConsumption = "sai_poe_port_power_consumption_t" {
        /// The pairs that carry power.
        active_channel: ActiveChannelType,
        /// Voltage in mV.
        voltage: u32,
        /// Current in mA.
        current: u32,
        /// Power in mW.
        consumption: u32,
        /// Single or dual signature.
        signature_type: SignatureType,
        /// How the class was found.
        class_method: ClassMethodType,
        /// Class measured on channel A.
        measured_class_a: u8,
        /// Class assigned on channel A.
        assigned_class_a: u8,
        /// Class measured on channel B.
        measured_class_b: u8,
        /// Class assigned on channel B.
        assigned_class_b: u8,
    }
}

/// `sai_tlv_t`: a TLV of an SRv6 segment routing header.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[doc(alias = "sai_tlv_t")]
pub enum Tlv {
    /// `SAI_TLV_TYPE_INGRESS`: the ingress node.
    IngressNode(Ipv6Addr),
    /// `SAI_TLV_TYPE_EGRESS`: the egress node.
    EgressNode(Ipv6Addr),
    /// `SAI_TLV_TYPE_OPAQUE`: an opaque container.
    Opaque([u32; 4]),
    /// `SAI_TLV_TYPE_HMAC`.
    Hmac {
        /// Key id.
        key_id: u32,
        /// HMAC.
        hmac: [u32; 8],
    },
}

/// Data and mask of an ACL field of bytes (user-defined fields).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ByteMatch {
    /// What is compared.
    pub data: Vec<u8>,
    /// Which bits count.
    pub mask: Vec<u8>,
}

/// `sai_acl_field_data_t`: what an ACL entry matches in a field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[doc(alias = "sai_acl_field_data_t")]
#[allow(missing_docs)]
pub enum AclField {
    /// The field is not looked at.
    #[default]
    Disabled,
    Bool(bool),
    U8 {
        data: u8,
        mask: u8,
    },
    I8 {
        data: i8,
        mask: i8,
    },
    U16 {
        data: u16,
        mask: u16,
    },
    I16 {
        data: i16,
        mask: i16,
    },
    U32 {
        data: u32,
        mask: u32,
    },
    I32 {
        data: i32,
        mask: i32,
    },
    U64 {
        data: u64,
        mask: u64,
    },
    Mac {
        data: MacAddr,
        mask: MacAddr,
    },
    Ipv4 {
        data: Ipv4Addr,
        mask: Ipv4Addr,
    },
    Ipv6 {
        data: Ipv6Addr,
        mask: Ipv6Addr,
    },
    Oid(ObjectId),
    OidList(Vec<ObjectId>),
    U8List(Box<ByteMatch>),
}

/// `sai_acl_field_data_mask_t` alone: which bits of a field count.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[doc(alias = "sai_acl_field_data_mask_t")]
#[allow(missing_docs)]
pub enum AclMask {
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    U64(u64),
    Mac(MacAddr),
    Ipv4(Ipv4Addr),
    Ipv6(Ipv6Addr),
    U8List(Vec<u8>),
}

/// `sai_acl_action_data_t`: the parameter of an ACL action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[doc(alias = "sai_acl_action_data_t")]
#[allow(missing_docs)]
pub enum AclAction {
    /// The action is not taken.
    #[default]
    Disabled,
    Bool(bool),
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    Mac(MacAddr),
    Ipv4(Ipv4Addr),
    Ipv6(Ipv6Addr),
    Oid(ObjectId),
    OidList(Vec<ObjectId>),
    IpAddress(IpAddr),
}

macro_rules! values {
    ($($(#[$doc:meta])* $variant:ident($ty:ty) = $c:literal,)*) => {
        /// The value of an attribute: one variant for each member of `sai_attribute_value_t`.
        ///
        /// Enums travel as [`Value::I32`], lists of enums as [`Value::I32List`]: the attribute's
        /// metadata names the enum. Numbers are in host order, addresses in network order.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[doc(alias = "sai_attribute_value_t")]
        pub enum Value {
            $($(#[$doc])* #[doc = concat!("\n\nC member: `", $c, "`.")] $variant($ty),)*
        }

        /// Which member of `sai_attribute_value_t` a value is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum ValueKind {
            $(#[doc = concat!("`", $c, "`.")] $variant,)*
        }

        impl Value {
            /// Which member of the C union this is.
            pub const fn kind(&self) -> ValueKind {
                match self { $(Value::$variant(_) => ValueKind::$variant,)* }
            }
        }

        impl ValueKind {
            /// Every kind, in the order of the C union.
            pub const ALL: &[ValueKind] = &[$(ValueKind::$variant,)*];

            /// The name of the C union's member.
            pub const fn c_member(self) -> &'static str {
                match self { $(ValueKind::$variant => $c,)* }
            }
        }
    };
}

values! {
    /// A truth value.
    Bool(bool) = "booldata",
    /// Text of up to 31 bytes.
    CharData(CharData) = "chardata",
    /// 8 bits, unsigned.
    U8(u8) = "u8",
    /// 8 bits, signed.
    I8(i8) = "s8",
    /// 16 bits, unsigned.
    U16(u16) = "u16",
    /// 16 bits, signed.
    I16(i16) = "s16",
    /// 32 bits, unsigned.
    U32(u32) = "u32",
    /// 32 bits, signed; any enum.
    I32(i32) = "s32",
    /// 64 bits, unsigned.
    U64(u64) = "u64",
    /// 64 bits, signed.
    I64(i64) = "s64",
    /// A pointer, mostly to a notification function: an address that only the C layers give meaning.
    Pointer(usize) = "ptr",
    /// A MAC address.
    Mac(MacAddr) = "mac",
    /// An IPv4 address.
    Ipv4(Ipv4Addr) = "ip4",
    /// An IPv6 address.
    Ipv6(Ipv6Addr) = "ip6",
    /// An IP address of either family.
    IpAddress(IpAddr) = "ipaddr",
    /// An IP prefix; its mask is contiguous.
    IpPrefix(IpNet) = "ipprefix",
    /// PRBS receiver state.
    PrbsRxState(PrbsRxState) = "rx_state",
    /// An object id, null where the attribute allows it.
    Oid(ObjectId) = "oid",
    /// A list of object ids.
    OidList(Vec<ObjectId>) = "objlist",
    /// A list of bytes.
    U8List(Vec<u8>) = "u8list",
    /// A list of signed bytes.
    I8List(Vec<i8>) = "s8list",
    /// A list of 16-bit numbers.
    U16List(Vec<u16>) = "u16list",
    /// A list of signed 16-bit numbers.
    I16List(Vec<i16>) = "s16list",
    /// A list of 32-bit numbers.
    U32List(Vec<u32>) = "u32list",
    /// A list of signed 32-bit numbers; any list of enums.
    I32List(Vec<i32>) = "s32list",
    /// A range of 32-bit numbers.
    U32Range(Range<u32>) = "u32range",
    /// A range of signed 32-bit numbers.
    I32Range(Range<i32>) = "s32range",
    /// A list of ranges of 16-bit numbers.
    U16RangeList(Vec<Range<u16>>) = "u16rangelist",
    /// A list of VLAN ids.
    VlanList(Vec<u16>) = "vlanlist",
    /// A QoS map.
    QosMapList(Vec<QosMap>) = "qosmap",
    /// A list of pairs.
    MapList(Vec<MapEntry>) = "maplist",
    /// What an ACL entry matches in a field.
    AclField(AclField) = "aclfield",
    /// The parameter of an ACL action.
    AclAction(AclAction) = "aclaction",
    /// Which bits of a field count.
    AclMask(AclMask) = "aclmask",
    /// What an ACL stage can do.
    AclCapability(Box<AclCapability>) = "aclcapability",
    /// ACL resources left.
    AclResourceList(Vec<AclResource>) = "aclresource",
    /// SRv6 TLVs.
    TlvList(Vec<Tlv>) = "tlvlist",
    /// SRv6 segments.
    SegmentList(Vec<Ipv6Addr>) = "segmentlist",
    /// A list of IP addresses.
    IpAddressList(Vec<IpAddr>) = "ipaddrlist",
    /// Eye values of the lanes.
    PortEyeValuesList(Vec<PortLaneEyeValues>) = "porteyevalues",
    /// A point in time.
    Timespec(Timespec) = "timespec",
    /// An encryption key.
    EncryptKey([u8; 32]) = "encrypt_key",
    /// An authentication key.
    AuthKey([u8; 16]) = "authkey",
    /// A MACsec secure association key.
    MacsecSak([u8; 32]) = "macsecsak",
    /// A MACsec authentication key.
    MacsecAuthKey([u8; 16]) = "macsecauthkey",
    /// A MACsec salt.
    MacsecSalt([u8; 12]) = "macsecsalt",
    /// The configuration of a system port.
    SystemPortConfig(SystemPortConfig) = "sysportconfig",
    /// The configurations of system ports.
    SystemPortConfigList(Vec<SystemPortConfig>) = "sysportconfiglist",
    /// Whether a switch can be reached over a fabric port.
    FabricPortReachability(FabricPortReachability) = "reachability",
    /// Port errors.
    PortErrStatusList(Vec<ErrStatus>) = "porterror",
    /// Latched status of the lanes.
    PortLaneLatchStatusList(Vec<PortLaneLatchStatus>) = "portlanelatchstatuslist",
    /// A status and whether it changed.
    LatchStatus(LatchStatus) = "latchstatus",
    /// JSON text.
    Json(String) = "json",
    /// A list of IP prefixes.
    IpPrefixList(Vec<IpNet>) = "ipprefixlist",
    /// Stages of ACL chains.
    AclChainList(Vec<AclChain>) = "aclchainlist",
    /// Frequency offsets of the lanes.
    PortFrequencyOffsetPpmList(Vec<PortFrequencyOffsetPpm>) = "portfrequencyoffsetppmlist",
    /// Signal-to-noise ratios of the lanes.
    PortSnrList(Vec<PortSnr>) = "portsnrlist",
    /// What a Power-over-Ethernet port draws.
    PoePortPowerConsumption(PoePortPowerConsumption) = "portpowerconsumption",
    /// PAM4 eye values of the lanes.
    PortPam4EyeValuesList(Vec<PortPam4LaneEyeValues>) = "portpam4eyevalues",
    /// Serdes taps: one list a lane.
    TapsList(Vec<Vec<i32>>) = "portserdestaps",
    /// A range of 16-bit numbers.
    U16Range(Range<u16>) = "u16range",
    /// PRBS receiver status of the lanes.
    PrbsLaneRxStatusList(Vec<PrbsLaneRxStatus>) = "prbs_rx_status_list",
    /// PRBS receiver state of the lanes.
    PrbsLaneRxStateList(Vec<PrbsLaneRxState>) = "prbs_rx_state_list",
    /// A bit error rate.
    PrbsBitErrorRate(PrbsBitErrorRate) = "prbs_ber",
    /// Bit error rates of the lanes.
    PrbsLaneBitErrorRateList(Vec<PrbsLaneBitErrorRate>) = "prbs_ber_list",
    /// A range of 64-bit numbers.
    U64Range(Range<u64>) = "u64range",
    /// A list of ranges of 64-bit numbers.
    U64RangeList(Vec<Range<u64>>) = "u64rangelist",
}

impl Value {
    /// The object id, where the value is one.
    pub const fn as_oid(&self) -> Option<ObjectId> {
        match self {
            Value::Oid(id) => Some(*id),
            _ => None,
        }
    }

    /// Calls `f` with every object id in the value, null ones included.
    pub fn for_each_oid(&self, mut f: impl FnMut(ObjectId)) {
        match self {
            Value::Oid(id) | Value::AclField(AclField::Oid(id)) | Value::AclAction(AclAction::Oid(id)) => {
                f(*id)
            }
            Value::OidList(ids)
            | Value::AclField(AclField::OidList(ids))
            | Value::AclAction(AclAction::OidList(ids)) => ids.iter().copied().for_each(f),
            _ => {}
        }
    }

    /// Calls `f` with every object id in the value, so that it can be replaced.
    pub fn for_each_oid_mut(&mut self, mut f: impl FnMut(&mut ObjectId)) {
        match self {
            Value::Oid(id) | Value::AclField(AclField::Oid(id)) | Value::AclAction(AclAction::Oid(id)) => {
                f(id)
            }
            Value::OidList(ids)
            | Value::AclField(AclField::OidList(ids))
            | Value::AclAction(AclAction::OidList(ids)) => ids.iter_mut().for_each(f),
            _ => {}
        }
    }
}

const _: () = assert!(size_of::<Value>() <= 40, "a value is no larger than sai_attribute_value_t");
