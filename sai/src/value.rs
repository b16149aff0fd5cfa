//! Attribute values: one variant for each member of `sai_attribute_value_t`.

mod acl;
mod scalar;
mod structs;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub use self::acl::*;
pub use self::scalar::*;
pub use self::structs::*;
use crate::ObjectId;
use crate::object::port::ErrStatus;

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
