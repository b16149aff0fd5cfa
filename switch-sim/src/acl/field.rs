//! The match fields of tables and entries, and how a value and mask lie in the columns of a key.

use std::sync::LazyLock;

use sai::types::{AclIpFrag, AclIpType, AclStage};
use sai::{AclField, ByteMatch};
use sai::{AttrId, acl_entry as attr};

use super::look::{Col, class};

/// A part of a column: where its bits begin, and how many they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub col: Col,
    pub shift: u8,
    pub width: u8,
}

const fn all(col: Col) -> Part {
    Part { col, shift: 0, width: col.width() }
}

const fn bits(col: Col, shift: u8, width: u8) -> Part {
    Part { col, shift, width }
}

/// What an entry gives for a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number with a mask, the most significant part first.
    Number,
    /// One 32-bit word of an IPv6 address, the least significant being 0.
    Word(u8),
    /// `sai_acl_ip_type_t`.
    IpType,
    /// `sai_acl_ip_frag_t`.
    IpFrag,
    /// A port or LAG: the first part holds ports, the second LAGs.
    Port,
    /// A virtual router.
    Vrf,
    /// A list of ports: in or out.
    Ports { out: bool },
}

/// A match field.
#[derive(Debug)]
pub(super) struct Field {
    pub id: AttrId,
    pub parts: &'static [Part],
    /// Bits of [`class`] that a packet must have for the field to be there.
    pub needs: u32,
    pub kind: Kind,
    /// Known only after look-up.
    pub late: bool,
}

macro_rules! fields {
    ($($name:ident $kind:expr, $needs:expr, $late:literal, [$($part:expr),*];)*) => {
        /// Every field that packets can answer.
        pub(super) const FIELDS: &[Field] = &[$(Field {
            id: attr::$name.id(),
            parts: &[$($part),*],
            needs: $needs,
            kind: $kind,
            late: $late,
        }),*];

        /// The attributes of tables that name them, to declare that they act.
        pub(super) const TABLE_FIELDS: &[AttrId] = &[$(sai::acl_table::$name.id()),*];
        /// The attributes of entries.
        pub(super) const ENTRY_FIELDS: &[AttrId] = &[$(attr::$name.id()),*];
    };
}

use Col::*;
use Kind::{IpFrag, IpType, Number, Ports, Word};
use class::{GRE_KEY, ICMP, ICMPV6, INNER_ETHERNET, INNER_IP, INNER_IPV4, INNER_IPV6, INNER_PORTS};
use class::{INNER, INNER_TAG, IP, IPV4, IPV6, MPLS, PORTS, TCP, VNI};

fields! {
    FIELD_SRC_IPV6 Number, IPV6, false, [all(SrcV6High), all(SrcV6Low)];
    FIELD_SRC_IPV6_WORD3 Word(3), IPV6, false, [bits(SrcV6High, 32, 32)];
    FIELD_SRC_IPV6_WORD2 Word(2), IPV6, false, [bits(SrcV6High, 0, 32)];
    FIELD_SRC_IPV6_WORD1 Word(1), IPV6, false, [bits(SrcV6Low, 32, 32)];
    FIELD_SRC_IPV6_WORD0 Word(0), IPV6, false, [bits(SrcV6Low, 0, 32)];
    FIELD_DST_IPV6 Number, IPV6, false, [all(DstV6High), all(DstV6Low)];
    FIELD_DST_IPV6_WORD3 Word(3), IPV6, false, [bits(DstV6High, 32, 32)];
    FIELD_DST_IPV6_WORD2 Word(2), IPV6, false, [bits(DstV6High, 0, 32)];
    FIELD_DST_IPV6_WORD1 Word(1), IPV6, false, [bits(DstV6Low, 32, 32)];
    FIELD_DST_IPV6_WORD0 Word(0), IPV6, false, [bits(DstV6Low, 0, 32)];
    FIELD_INNER_SRC_IPV6 Number, INNER_IPV6, false, [all(InnerSrcV6High), all(InnerSrcV6Low)];
    FIELD_INNER_DST_IPV6 Number, INNER_IPV6, false, [all(InnerDstV6High), all(InnerDstV6Low)];
    FIELD_SRC_MAC Number, 0, false, [all(SrcMac)];
    FIELD_DST_MAC Number, 0, false, [all(DstMac)];
    FIELD_SRC_IP Number, IPV4, false, [all(SrcIp)];
    FIELD_DST_IP Number, IPV4, false, [all(DstIp)];
    FIELD_INNER_SRC_IP Number, INNER_IPV4, false, [all(InnerSrcIp)];
    FIELD_INNER_DST_IP Number, INNER_IPV4, false, [all(InnerDstIp)];
    FIELD_IN_PORTS Ports { out: false }, 0, false, [];
    FIELD_OUT_PORTS Ports { out: true }, 0, true, [];
    FIELD_IN_PORT Kind::Port, 0, false, [all(InPort), all(InLag)];
    FIELD_OUT_PORT Kind::Port, 0, true, [all(OutPort), all(OutLag)];
    FIELD_SRC_PORT Kind::Port, 0, false, [all(InPort), all(InLag)];
    FIELD_OUTER_VLAN_ID Number, 0, false, [bits(OuterVid, 0, 12)];
    FIELD_OUTER_VLAN_PRI Number, 0, false, [all(OuterPri)];
    FIELD_OUTER_VLAN_CFI Number, 0, false, [all(OuterCfi)];
    FIELD_INNER_VLAN_ID Number, INNER_TAG, false, [bits(InnerVid, 0, 12)];
    FIELD_INNER_VLAN_PRI Number, INNER_TAG, false, [all(InnerPri)];
    FIELD_INNER_VLAN_CFI Number, INNER_TAG, false, [all(InnerCfi)];
    FIELD_L4_SRC_PORT Number, PORTS, false, [all(SrcPort)];
    FIELD_L4_DST_PORT Number, PORTS, false, [all(DstPort)];
    FIELD_INNER_L4_SRC_PORT Number, INNER_PORTS, false, [all(InnerSrcPort)];
    FIELD_INNER_L4_DST_PORT Number, INNER_PORTS, false, [all(InnerDstPort)];
    FIELD_ETHER_TYPE Number, 0, false, [all(EtherType)];
    FIELD_INNER_ETHER_TYPE Number, INNER, false, [all(InnerEtherType)];
    FIELD_IP_PROTOCOL Number, IP, false, [all(Protocol)];
    FIELD_INNER_IP_PROTOCOL Number, INNER_IP, false, [all(InnerProtocol)];
    FIELD_IP_IDENTIFICATION Number, IPV4, false, [all(Identification)];
    FIELD_DSCP Number, IP, false, [bits(Tos, 2, 6)];
    FIELD_ECN Number, IP, false, [bits(Tos, 0, 2)];
    FIELD_TTL Number, IP, false, [all(Ttl)];
    FIELD_TOS Number, IP, false, [all(Tos)];
    FIELD_IP_FLAGS Number, IPV4, false, [all(IpFlags)];
    FIELD_TCP_FLAGS Number, TCP, false, [all(TcpFlags)];
    FIELD_ACL_IP_TYPE IpType, 0, false, [];
    FIELD_ACL_IP_FRAG IpFrag, IP, false, [];
    FIELD_IPV6_FLOW_LABEL Number, IPV6, false, [all(FlowLabel)];
    FIELD_TC Number, 0, false, [all(Tc)];
    FIELD_ICMP_TYPE Number, ICMP, false, [all(IcmpType)];
    FIELD_ICMP_CODE Number, ICMP, false, [all(IcmpCode)];
    FIELD_ICMPV6_TYPE Number, ICMPV6, false, [all(IcmpType)];
    FIELD_ICMPV6_CODE Number, ICMPV6, false, [all(IcmpCode)];
    FIELD_PACKET_VLAN Number, 0, false, [all(Tags)];
    FIELD_TUNNEL_VNI Number, VNI, false, [all(Vni)];
    FIELD_HAS_VLAN_TAG Number, 0, false, [all(HasTag)];
    FIELD_MACSEC_SCI Number, class::SCI, false, [all(Sci)];
    FIELD_MPLS_LABEL0_LABEL Number, MPLS[0], false, [bits(Mpls0, 12, 20)];
    FIELD_MPLS_LABEL0_TTL Number, MPLS[0], false, [bits(Mpls0, 0, 8)];
    FIELD_MPLS_LABEL0_EXP Number, MPLS[0], false, [bits(Mpls0, 9, 3)];
    FIELD_MPLS_LABEL0_BOS Number, MPLS[0], false, [bits(Mpls0, 8, 1)];
    FIELD_MPLS_LABEL1_LABEL Number, MPLS[1], false, [bits(Mpls1, 12, 20)];
    FIELD_MPLS_LABEL1_TTL Number, MPLS[1], false, [bits(Mpls1, 0, 8)];
    FIELD_MPLS_LABEL1_EXP Number, MPLS[1], false, [bits(Mpls1, 9, 3)];
    FIELD_MPLS_LABEL1_BOS Number, MPLS[1], false, [bits(Mpls1, 8, 1)];
    FIELD_MPLS_LABEL2_LABEL Number, MPLS[2], false, [bits(Mpls2, 12, 20)];
    FIELD_MPLS_LABEL2_TTL Number, MPLS[2], false, [bits(Mpls2, 0, 8)];
    FIELD_MPLS_LABEL2_EXP Number, MPLS[2], false, [bits(Mpls2, 9, 3)];
    FIELD_MPLS_LABEL2_BOS Number, MPLS[2], false, [bits(Mpls2, 8, 1)];
    FIELD_MPLS_LABEL3_LABEL Number, MPLS[3], false, [bits(Mpls3, 12, 20)];
    FIELD_MPLS_LABEL3_TTL Number, MPLS[3], false, [bits(Mpls3, 0, 8)];
    FIELD_MPLS_LABEL3_EXP Number, MPLS[3], false, [bits(Mpls3, 9, 3)];
    FIELD_MPLS_LABEL3_BOS Number, MPLS[3], false, [bits(Mpls3, 8, 1)];
    FIELD_MPLS_LABEL4_LABEL Number, MPLS[4], false, [bits(Mpls4, 12, 20)];
    FIELD_MPLS_LABEL4_TTL Number, MPLS[4], false, [bits(Mpls4, 0, 8)];
    FIELD_MPLS_LABEL4_EXP Number, MPLS[4], false, [bits(Mpls4, 9, 3)];
    FIELD_MPLS_LABEL4_BOS Number, MPLS[4], false, [bits(Mpls4, 8, 1)];
    FIELD_FDB_DST_USER_META Number, 0, true, [all(FdbMeta)];
    FIELD_ROUTE_DST_USER_META Number, 0, true, [all(RouteMeta)];
    FIELD_NEIGHBOR_DST_USER_META Number, 0, true, [all(NeighborMeta)];
    FIELD_NEXT_HOP_USER_META Number, 0, true, [all(NextHopMeta)];
    FIELD_PORT_USER_META Number, 0, false, [all(PortMeta)];
    FIELD_VLAN_USER_META Number, 0, false, [all(VlanMeta)];
    FIELD_ACL_USER_META Number, 0, false, [all(AclMeta)];
    FIELD_FDB_NPU_META_DST_HIT Number, 0, true, [all(FdbHit)];
    FIELD_NEIGHBOR_NPU_META_DST_HIT Number, 0, true, [all(NeighborHit)];
    FIELD_ROUTE_NPU_META_DST_HIT Number, 0, true, [all(RouteHit)];
    FIELD_IPMC_NPU_META_DST_HIT Number, 0, true, [all(IpmcHit)];
    FIELD_BTH_OPCODE Number, class::BTH, false, [all(BthOpcode)];
    FIELD_AETH_SYNDROME Number, class::AETH, false, [all(AethSyndrome)];
    FIELD_IPV6_NEXT_HEADER Number, IPV6, false, [all(NextHeader)];
    FIELD_GRE_KEY Number, GRE_KEY, false, [all(GreKey)];
    FIELD_INNER_SRC_MAC Number, INNER_ETHERNET, false, [all(InnerSrcMac)];
    FIELD_INNER_DST_MAC Number, INNER_ETHERNET, false, [all(InnerDstMac)];
    FIELD_VRF_ID Kind::Vrf, 0, true, [all(Vrf)];
}

/// The first of the ids of user-defined fields, and how many they are.
pub(super) const UDF: (AttrId, u32) = (attr::USER_DEFINED_FIELD_GROUP_MIN.id(), 256);
/// The ranges of tables and entries.
pub(super) const RANGES: AttrId = attr::FIELD_ACL_RANGE_TYPE.id();

const FIRST: AttrId = attr::FIELD_SRC_IPV6.id();
const LAST: AttrId = attr::FIELD_CSIG_D_BIT.id();

/// Whether an attribute of a table or entry is a match field, of any kind.
pub(super) const fn is_field(id: AttrId) -> bool {
    FIRST <= id && id <= LAST
}

/// The position in [`FIELDS`] of an attribute.
pub(super) fn position(id: AttrId) -> Option<usize> {
    static AT: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let mut at = vec![u8::MAX; (LAST - FIRST + 1) as usize];
        FIELDS.iter().enumerate().for_each(|(n, f)| at[(f.id - FIRST) as usize] = n as u8);
        at
    });
    let n = *AT.get(id.checked_sub(FIRST)? as usize)?;
    (n != u8::MAX).then_some(usize::from(n))
}

/// Whether a field can be known at a stage.
pub(super) fn known_at(field: &Field, stage: AclStage) -> bool {
    !(field.late && stage == AclStage::PRE_INGRESS)
}

/// Value and mask of a field that is a number.
pub(super) fn number(field: &AclField) -> Option<(u128, u128)> {
    let mac = |m: &[u8; 6]| m.iter().fold(0u128, |n, b| n << 8 | u128::from(*b));
    Some(match field {
        AclField::Bool(on) => (u128::from(*on), 1),
        AclField::U8 { data, mask } => ((*data).into(), (*mask).into()),
        AclField::I8 { data, mask } => ((*data as u8).into(), (*mask as u8).into()),
        AclField::U16 { data, mask } => ((*data).into(), (*mask).into()),
        AclField::I16 { data, mask } => ((*data as u16).into(), (*mask as u16).into()),
        AclField::U32 { data, mask } => ((*data).into(), (*mask).into()),
        AclField::I32 { data, mask } => ((*data as u32).into(), (*mask as u32).into()),
        AclField::U64 { data, mask } => ((*data).into(), (*mask).into()),
        AclField::Mac { data, mask } => (mac(&data.0), mac(&mask.0)),
        AclField::Ipv4 { data, mask } => (u32::from(*data).into(), u32::from(*mask).into()),
        AclField::Ipv6 { data, mask } => ((*data).into(), (*mask).into()),
        AclField::Disabled | AclField::Oid(_) | AclField::OidList(_) | AclField::U8List(_) => return None,
    })
}

/// What `sai_acl_ip_type_t` asks of [`class`]: value and mask.
pub(super) fn ip_type(ty: i32) -> (u32, u32) {
    use class::{ARP, ARP_REPLY, ARP_REQUEST, TYPE_IPV4, TYPE_IPV6};
    match AclIpType(ty) {
        AclIpType::IP => (class::IS_IP, class::IS_IP),
        AclIpType::NON_IP => (0, TYPE_IPV4 | TYPE_IPV6),
        AclIpType::IPV4ANY => (TYPE_IPV4, TYPE_IPV4),
        AclIpType::NON_IPV4 => (0, TYPE_IPV4),
        AclIpType::IPV6ANY => (TYPE_IPV6, TYPE_IPV6),
        AclIpType::NON_IPV6 => (0, TYPE_IPV6),
        AclIpType::ARP => (ARP, ARP),
        AclIpType::ARP_REQUEST => (ARP_REQUEST, ARP_REQUEST),
        AclIpType::ARP_REPLY => (ARP_REPLY, ARP_REPLY),
        _ => (0, 0),
    }
}

/// What `sai_acl_ip_frag_t` asks of [`class`]: value and mask.
pub(super) fn ip_frag(frag: i32) -> (u32, u32) {
    use class::{FRAGMENT, LATER};
    let (value, mask) = match AclIpFrag(frag) {
        AclIpFrag::ANY => (FRAGMENT, FRAGMENT),
        AclIpFrag::NON_FRAG => (0, FRAGMENT),
        AclIpFrag::NON_FRAG_OR_HEAD => (0, LATER),
        AclIpFrag::HEAD => (FRAGMENT, FRAGMENT | LATER),
        AclIpFrag::NON_HEAD => (LATER, LATER),
        _ => (0, 0),
    };
    (value | IP, mask | IP)
}

/// The bytes of a user-defined field in 64-bit parts, left-aligned: value and mask.
pub(super) fn bytes(given: &ByteMatch, length: usize) -> impl Iterator<Item = (u64, u64)> + '_ {
    let part = move |list: &[u8], from: usize| {
        (from..(from + 8).min(length))
            .fold(0u64, |n, i| n << 8 | u64::from(list.get(i).copied().unwrap_or(0)))
    };
    (0..length).step_by(8).map(move |from| (part(&given.data, from), part(&given.mask, from)))
}
