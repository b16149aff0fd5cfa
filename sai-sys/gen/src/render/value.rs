//! The members of `sai_attribute_value_t` and the variants of `Value` that stand for them.

use anyhow::{Context as _, Result};

/// A member of the union.
#[derive(Debug)]
pub struct Member {
    /// Its C name.
    pub c_name: &'static str,
    /// The variant of `Value` and `ValueKind`.
    pub variant: &'static str,
    /// The Rust type of the variant's content, with paths from the crate's root.
    pub rust: &'static str,
}

/// A member by its C name.
pub fn member(c_name: &str) -> Result<&'static Member> {
    MEMBERS.iter().find(|m| m.c_name == c_name).with_context(|| format!("no variant of Value for {c_name}"))
}

macro_rules! members {
    ($($c:literal $variant:ident $rust:literal;)*) => {
        const MEMBERS: &[Member] =
            &[$(Member { c_name: $c, variant: stringify!($variant), rust: $rust },)*];
    };
}

members! {
    "booldata" Bool "bool";
    "chardata" CharData "CharData";
    "u8" U8 "u8";
    "s8" I8 "i8";
    "u16" U16 "u16";
    "s16" I16 "i16";
    "u32" U32 "u32";
    "s32" I32 "i32";
    "u64" U64 "u64";
    "s64" I64 "i64";
    "ptr" Pointer "Pointer";
    "mac" Mac "MacAddr";
    "ip4" Ipv4 "Ipv4Addr";
    "ip6" Ipv6 "Ipv6Addr";
    "ipaddr" IpAddress "IpAddr";
    "ipprefix" IpPrefix "IpNet";
    "rx_state" PrbsRxState "PrbsRxState";
    "oid" Oid "AnyOid";
    "objlist" OidList "Vec<AnyOid>";
    "u8list" U8List "Vec<u8>";
    "s8list" I8List "Vec<i8>";
    "u16list" U16List "Vec<u16>";
    "s16list" I16List "Vec<i16>";
    "u32list" U32List "Vec<u32>";
    "s32list" I32List "Vec<i32>";
    "u32range" U32Range "Range<u32>";
    "s32range" I32Range "Range<i32>";
    "u16rangelist" U16RangeList "Vec<Range<u16>>";
    "vlanlist" VlanList "VlanList";
    "qosmap" QosMapList "Vec<crate::value::QosMap>";
    "maplist" MapList "Vec<MapEntry>";
    "aclcapability" AclCapability "AclCapability";
    "aclresource" AclResourceList "Vec<AclResource>";
    "tlvlist" TlvList "Vec<Tlv>";
    "segmentlist" SegmentList "Vec<Ipv6Addr>";
    "ipaddrlist" IpAddressList "Vec<IpAddr>";
    "porteyevalues" PortEyeValuesList "Vec<PortLaneEyeValues>";
    "timespec" Timespec "Timespec";
    "encrypt_key" EncryptKey "EncryptKey";
    "authkey" AuthKey "AuthKey";
    "macsecsak" MacsecSak "MacsecSak";
    "macsecauthkey" MacsecAuthKey "MacsecAuthKey";
    "macsecsalt" MacsecSalt "MacsecSalt";
    "sysportconfig" SystemPortConfig "SystemPortConfig";
    "sysportconfiglist" SystemPortConfigList "Vec<SystemPortConfig>";
    "reachability" FabricPortReachability "FabricPortReachability";
    "porterror" PortErrStatusList "PortErrStatusList";
    "portlanelatchstatuslist" PortLaneLatchStatusList "Vec<PortLaneLatchStatus>";
    "latchstatus" LatchStatus "LatchStatus";
    "json" Json "Json";
    "ipprefixlist" IpPrefixList "Vec<IpNet>";
    "aclchainlist" AclChainList "Vec<AclChain>";
    "portfrequencyoffsetppmlist" PortFrequencyOffsetPpmList "Vec<PortFrequencyOffsetPpm>";
    "portsnrlist" PortSnrList "Vec<PortSnr>";
    "portpowerconsumption" PoePortPowerConsumption "PoePortPowerConsumption";
    "portpam4eyevalues" PortPam4EyeValuesList "Vec<PortPam4LaneEyeValues>";
    "portserdestaps" TapsList "Vec<Vec<i32>>";
    "u16range" U16Range "Range<u16>";
    "prbs_rx_status_list" PrbsLaneRxStatusList "Vec<PrbsLaneRxStatus>";
    "prbs_rx_state_list" PrbsLaneRxStateList "Vec<PrbsLaneRxState>";
    "prbs_ber" PrbsBitErrorRate "PrbsBitErrorRate";
    "prbs_ber_list" PrbsLaneBitErrorRateList "Vec<PrbsLaneBitErrorRate>";
    "u64range" U64Range "Range<u64>";
    "u64rangelist" U64RangeList "Vec<Range<u64>>";
}
