//! Every match field that a packet alone answers: a frame that matches, and one that does not.

use sai::types::{AclIpFrag, AclIpType, PacketVlan};
use switch_sim::wire::PacketBuilder;

use super::*;

struct Case {
    name: &'static str,
    table: AttrId,
    entry: AttrId,
    value: AclField,
    hit: &'static str,
    miss: &'static str,
}

macro_rules! cases {
    ($($name:ident $value:expr, $hit:literal, $miss:literal;)*) => {
        vec![$(Case {
            name: stringify!($name),
            table: acl_table::$name.id(),
            entry: acl_entry::$name.id(),
            value: $value,
            hit: $hit,
            miss: $miss,
        }),*]
    };
}

fn cases() -> Vec<Case> {
    cases! {
        FIELD_SRC_MAC mac("02:00:00:00:00:03"), "eth src=02:00:00:00:00:03/ipv4", "eth/ipv4";
        FIELD_DST_MAC mac("02:00:00:00:00:03"), "eth dst=02:00:00:00:00:03/ipv4", "eth/ipv4";
        FIELD_ETHER_TYPE u16(0x86dd), "eth/ipv6", "eth/ipv4";
        FIELD_SRC_IP v4("10.1.0.0", "255.255.0.0"), "eth/ipv4 src=10.1.2.3", "eth/ipv4 src=10.2.2.3";
        FIELD_DST_IP v4("10.1.0.0", "255.255.0.0"), "eth/ipv4 dst=10.1.2.3", "eth/ipv4 dst=10.2.2.3";
        FIELD_SRC_IPV6 v6("2001:db8:1::", "ffff:ffff:ffff::"), "eth/ipv6 src=2001:db8:1::7", "eth/ipv6 src=2001:db8:2::7";
        FIELD_DST_IPV6 v6("2001:db8::7", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), "eth/ipv6 dst=2001:db8::7", "eth/ipv6 dst=2001:db8::8";
        FIELD_SRC_IPV6_WORD3 v6("2001:db9::", "ffff:ffff::"), "eth/ipv6 src=2001:db9::1", "eth/ipv6";
        FIELD_SRC_IPV6_WORD2 v6("0:0:1:2::", "0:0:ffff:ffff::"), "eth/ipv6 src=2001:db8:1:2::1", "eth/ipv6";
        FIELD_SRC_IPV6_WORD1 v6("::1:2:0:0", "::ffff:ffff:0:0"), "eth/ipv6 src=2001:db8::1:2:0:1", "eth/ipv6";
        FIELD_SRC_IPV6_WORD0 v6("::3:4", "::ffff:ffff"), "eth/ipv6 src=2001:db8::3:4", "eth/ipv6";
        FIELD_DST_IPV6_WORD3 v6("2001:db9::", "ffff:ffff::"), "eth/ipv6 dst=2001:db9::1", "eth/ipv6";
        FIELD_DST_IPV6_WORD2 v6("0:0:1:2::", "0:0:ffff:ffff::"), "eth/ipv6 dst=2001:db8:1:2::1", "eth/ipv6";
        FIELD_DST_IPV6_WORD1 v6("::1:2:0:0", "::ffff:ffff:0:0"), "eth/ipv6 dst=2001:db8::1:2:0:1", "eth/ipv6";
        FIELD_DST_IPV6_WORD0 v6("::3:4", "::ffff:ffff"), "eth/ipv6 dst=2001:db8::3:4", "eth/ipv6";
        FIELD_INNER_SRC_IP v4("10.0.0.1", "255.255.255.255"), "eth/ipv4/udp/vxlan/eth/ipv4 src=10.0.0.1", "eth/ipv4 src=10.0.0.1/udp/vxlan/eth/ipv4";
        FIELD_INNER_DST_IP v4("10.0.0.1", "255.255.255.255"), "eth/ipv4/gre/ipv4 dst=10.0.0.1", "eth/ipv4 dst=10.0.0.1/gre/ipv4";
        FIELD_INNER_SRC_IPV6 v6("2001:db8::7", "::ffff"), "eth/ipv4/ipv6 src=2001:db8::7", "eth/ipv6 src=2001:db8::7/ipv4";
        FIELD_INNER_DST_IPV6 v6("2001:db8::7", "::ffff"), "eth/ipv6/ipv6 dst=2001:db8::7", "eth/ipv6/ipv6";
        FIELD_INNER_SRC_MAC mac("02:00:00:00:00:03"), "eth/ipv4/udp/vxlan/eth src=02:00:00:00:00:03/ipv4", "eth src=02:00:00:00:00:03/ipv4/udp/vxlan/eth/ipv4";
        FIELD_INNER_DST_MAC mac("02:00:00:00:00:03"), "eth/ipv4/udp/vxlan/eth dst=02:00:00:00:00:03/ipv4", "eth/ipv4/udp/vxlan/eth/ipv4";
        FIELD_INNER_ETHER_TYPE u16(0x86dd), "eth/ipv4/gre/ipv6", "eth/ipv6/gre/ipv4";
        FIELD_INNER_IP_PROTOCOL u8(6), "eth/ipv4/ipv4/tcp", "eth/ipv4/ipv4/udp";
        FIELD_INNER_L4_SRC_PORT u16(80), "eth/ipv4/ipv4/tcp src=80", "eth/ipv4/tcp src=80";
        FIELD_INNER_L4_DST_PORT u16(80), "eth/ipv4/udp/vxlan/eth/ipv6/udp dst=80", "eth/ipv4/udp/vxlan/eth/ipv6/udp";
        FIELD_OUTER_VLAN_ID u16(7), "eth/vlan vid=7/ipv4", "eth/ipv4";
        FIELD_OUTER_VLAN_PRI u8(5), "eth/vlan vid=7 pcp=5/ipv4", "eth/vlan vid=7 pcp=4/ipv4";
        FIELD_OUTER_VLAN_CFI u8(1), "eth/vlan vid=7 dei=1/ipv4", "eth/vlan vid=7/ipv4";
        FIELD_INNER_VLAN_ID u16(9), "eth/vlan vid=7/vlan vid=9/ipv4", "eth/vlan vid=7/vlan vid=8/ipv4";
        FIELD_INNER_VLAN_PRI u8(5), "eth/vlan vid=7/vlan pcp=5/ipv4", "eth/vlan vid=7 pcp=5/ipv4";
        FIELD_INNER_VLAN_CFI u8(1), "eth/vlan vid=7/vlan dei=1/ipv4", "eth/vlan vid=7/vlan/ipv4";
        FIELD_L4_SRC_PORT u16(80), "eth/ipv4/tcp src=80", "eth/ipv4/tcp dst=80";
        FIELD_L4_DST_PORT u16(80), "eth/ipv6/udp dst=80", "eth/ipv6/udp src=80";
        FIELD_IP_PROTOCOL u8(17), "eth/ipv4/udp", "eth/ipv4/tcp";
        FIELD_IPV6_NEXT_HEADER u8(6), "eth/ipv6/tcp", "eth/ipv4/tcp";
        FIELD_IP_IDENTIFICATION u16(7), "eth/ipv4 id=7", "eth/ipv4 id=8";
        FIELD_DSCP AclField::U8 { data: 46, mask: 0x3f }, "eth/ipv6 dscp=46 ecn=1", "eth/ipv6 dscp=45";
        FIELD_ECN AclField::U8 { data: 3, mask: 3 }, "eth/ipv4 dscp=46 ecn=3", "eth/ipv4 dscp=46 ecn=1";
        FIELD_TOS u8(0xb9), "eth/ipv4 dscp=46 ecn=1", "eth/ipv4 dscp=46";
        FIELD_TTL u8(1), "eth/ipv4 ttl=1", "eth/ipv4 ttl=2";
        FIELD_IP_FLAGS AclField::U8 { data: 2, mask: 2 }, "eth/ipv4 df=1", "eth/ipv4 mf=1";
        FIELD_TCP_FLAGS AclField::U8 { data: 2, mask: 0x12 }, "eth/ipv4/tcp flags=3", "eth/ipv4/tcp flags=0x12";
        FIELD_ACL_IP_TYPE AclField::I32 { data: AclIpType::IPV6ANY.0, mask: -1 }, "eth/ipv6", "eth/ipv4";
        FIELD_ACL_IP_FRAG AclField::I32 { data: AclIpFrag::ANY.0, mask: -1 }, "eth/ipv4 mf=1", "eth/ipv4";
        FIELD_IPV6_FLOW_LABEL u32(5), "eth/ipv6 flow=5", "eth/ipv6 flow=6";
        FIELD_ICMP_TYPE u8(8), "eth/ipv4/icmp", "eth/ipv4/icmp type=0";
        FIELD_ICMP_CODE u8(3), "eth/ipv4/icmp type=5 code=3", "eth/ipv4/icmp type=3";
        FIELD_ICMPV6_TYPE u8(128), "eth/ipv6/icmpv6", "eth/ipv6/icmpv6 type=129";
        FIELD_ICMPV6_CODE u8(3), "eth/ipv6/icmpv6 code=3", "eth/ipv6/icmpv6";
        FIELD_PACKET_VLAN AclField::I32 { data: PacketVlan::DOUBLE_TAG.0, mask: -1 }, "eth/vlan vid=7/vlan/ipv4", "eth/vlan vid=7/ipv4";
        FIELD_HAS_VLAN_TAG AclField::Bool(true), "eth/vlan vid=7/ipv4", "eth/ipv4";
        FIELD_TUNNEL_VNI u32(5), "eth/ipv4/udp/vxlan vni=5/eth/ipv4", "eth/ipv4/udp/vxlan vni=6/eth/ipv4";
        FIELD_MACSEC_SCI AclField::U64 { data: 0x0200_0000_0001_0001, mask: u64::MAX }, "eth type=0x88e5/payload hex=2c00000000010200000000010001", "eth type=0x88e5/payload hex=2c00000000010200000000010002";
        FIELD_BTH_OPCODE u8(0x11), "eth/ipv4/udp dst=4791/payload hex=1100ffff000000020000000305000000", "eth/ipv4/udp dst=4791/payload hex=1000ffff000000020000000305000000";
        FIELD_AETH_SYNDROME u8(5), "eth/ipv4/udp dst=4791/payload hex=1100ffff000000020000000305000000", "eth/ipv4/udp dst=4791/payload hex=1100ffff000000020000000306000000";
        FIELD_MPLS_LABEL0_LABEL u32(100), "eth/mpls label=100 tc=0 ttl=9/mpls label=3/ipv4", "eth/mpls label=101 tc=0 ttl=9/mpls label=3/ipv4";
        FIELD_MPLS_LABEL0_TTL u8(7), "eth/mpls label=100 tc=0 ttl=7/mpls label=3/ipv4", "eth/mpls label=100 tc=0 ttl=9/mpls label=3/ipv4";
        FIELD_MPLS_LABEL0_EXP u8(5), "eth/mpls label=100 tc=5 ttl=9/mpls label=3/ipv4", "eth/mpls label=100 tc=4 ttl=9/mpls label=3/ipv4";
        FIELD_MPLS_LABEL0_BOS AclField::Bool(true), "eth/mpls label=100 tc=0 ttl=9/ipv4", "eth/mpls label=100 tc=0 ttl=9/mpls label=3/ipv4";
        FIELD_MPLS_LABEL1_LABEL u32(100), "eth/mpls label=9/mpls label=100 tc=0 ttl=9/mpls label=3/ipv4", "eth/mpls label=9/mpls label=101 tc=0 ttl=9/mpls label=3/ipv4";
        FIELD_MPLS_LABEL1_TTL u8(7), "eth/mpls label=9/mpls label=100 tc=0 ttl=7/mpls label=3/ipv4", "eth/mpls label=9/mpls label=100 tc=0 ttl=9/mpls label=3/ipv4";
        FIELD_MPLS_LABEL1_EXP u8(5), "eth/mpls label=9/mpls label=100 tc=5 ttl=9/mpls label=3/ipv4", "eth/mpls label=9/mpls label=100 tc=4 ttl=9/mpls label=3/ipv4";
        FIELD_MPLS_LABEL1_BOS AclField::Bool(true), "eth/mpls label=9/mpls label=100 tc=0 ttl=9/ipv4", "eth/mpls label=9/mpls label=100 tc=0 ttl=9/mpls label=3/ipv4";
        FIELD_MPLS_LABEL2_LABEL u32(100), "eth/mpls label=9/mpls label=9/mpls label=100 tc=0 ttl=9/mpls label=3/ipv4", "eth/mpls label=9/mpls label=9/mpls label=101 tc=0 ttl=9/mpls label=3/ipv4";
        FIELD_MPLS_LABEL2_TTL u8(7), "eth/mpls label=9/mpls label=9/mpls label=100 tc=0 ttl=7/mpls label=3/ipv4", "eth/mpls label=9/mpls label=9/mpls label=100 tc=0 ttl=9/mpls label=3/ipv4";
        FIELD_MPLS_LABEL2_EXP u8(5), "eth/mpls label=9/mpls label=9/mpls label=100 tc=5 ttl=9/mpls label=3/ipv4", "eth/mpls label=9/mpls label=9/mpls label=100 tc=4 ttl=9/mpls label=3/ipv4";
        FIELD_MPLS_LABEL2_BOS AclField::Bool(true), "eth/mpls label=9/mpls label=9/mpls label=100 tc=0 ttl=9/ipv4", "eth/mpls label=9/mpls label=9/mpls label=100 tc=0 ttl=9/mpls label=3/ipv4";
        FIELD_MPLS_LABEL3_LABEL u32(100), "eth/mpls label=9/mpls label=9/mpls label=9/mpls label=100 tc=0 ttl=9/mpls label=3/ipv4", "eth/mpls label=9/mpls label=9/mpls label=9/mpls label=101 tc=0 ttl=9/mpls label=3/ipv4";
        FIELD_MPLS_LABEL3_TTL u8(7), "eth/mpls label=9/mpls label=9/mpls label=9/mpls label=100 tc=0 ttl=7/mpls label=3/ipv4", "eth/mpls label=9/mpls label=9/mpls label=9/mpls label=100 tc=0 ttl=9/mpls label=3/ipv4";
        FIELD_MPLS_LABEL3_EXP u8(5), "eth/mpls label=9/mpls label=9/mpls label=9/mpls label=100 tc=5 ttl=9/mpls label=3/ipv4", "eth/mpls label=9/mpls label=9/mpls label=9/mpls label=100 tc=4 ttl=9/mpls label=3/ipv4";
        FIELD_MPLS_LABEL3_BOS AclField::Bool(true), "eth/mpls label=9/mpls label=9/mpls label=9/mpls label=100 tc=0 ttl=9/ipv4", "eth/mpls label=9/mpls label=9/mpls label=9/mpls label=100 tc=0 ttl=9/mpls label=3/ipv4";
        FIELD_MPLS_LABEL4_LABEL u32(100), "eth/mpls label=9/mpls label=9/mpls label=9/mpls label=9/mpls label=100 tc=0 ttl=9/mpls label=3/ipv4", "eth/mpls label=9/mpls label=9/mpls label=9/mpls label=9/mpls label=101 tc=0 ttl=9/mpls label=3/ipv4";
        FIELD_MPLS_LABEL4_TTL u8(7), "eth/mpls label=9/mpls label=9/mpls label=9/mpls label=9/mpls label=100 tc=0 ttl=7/mpls label=3/ipv4", "eth/mpls label=9/mpls label=9/mpls label=9/mpls label=9/mpls label=100 tc=0 ttl=9/mpls label=3/ipv4";
        FIELD_MPLS_LABEL4_EXP u8(5), "eth/mpls label=9/mpls label=9/mpls label=9/mpls label=9/mpls label=100 tc=5 ttl=9/mpls label=3/ipv4", "eth/mpls label=9/mpls label=9/mpls label=9/mpls label=9/mpls label=100 tc=4 ttl=9/mpls label=3/ipv4";
        FIELD_MPLS_LABEL4_BOS AclField::Bool(true), "eth/mpls label=9/mpls label=9/mpls label=9/mpls label=9/mpls label=100 tc=0 ttl=9/ipv4", "eth/mpls label=9/mpls label=9/mpls label=9/mpls label=9/mpls label=100 tc=0 ttl=9/mpls label=3/ipv4";
    }
}

fn dropping(table: AttrId, entry: AttrId, value: AclField) -> Acl {
    let acl = Acl::new();
    let table = acl.table(&[table]);
    acl.entry(table, 10, &[field(entry, value), packet_action(PacketAction::DROP)]);
    acl.bind_switch(table);
    acl
}

/// A packet that matches is dropped, another one passes.
///
/// Acts: SAI_ACL_TABLE_ATTR_FIELD_SRC_MAC, SAI_ACL_ENTRY_ATTR_FIELD_SRC_MAC,
/// SAI_ACL_TABLE_ATTR_FIELD_DST_MAC, SAI_ACL_ENTRY_ATTR_FIELD_DST_MAC,
/// SAI_ACL_TABLE_ATTR_FIELD_ETHER_TYPE, SAI_ACL_ENTRY_ATTR_FIELD_ETHER_TYPE,
/// SAI_ACL_TABLE_ATTR_FIELD_SRC_IP, SAI_ACL_ENTRY_ATTR_FIELD_SRC_IP, SAI_ACL_TABLE_ATTR_FIELD_DST_IP,
/// SAI_ACL_ENTRY_ATTR_FIELD_DST_IP, SAI_ACL_TABLE_ATTR_FIELD_SRC_IPV6, SAI_ACL_ENTRY_ATTR_FIELD_SRC_IPV6,
/// SAI_ACL_TABLE_ATTR_FIELD_DST_IPV6, SAI_ACL_ENTRY_ATTR_FIELD_DST_IPV6,
/// SAI_ACL_TABLE_ATTR_FIELD_SRC_IPV6_WORD3, SAI_ACL_ENTRY_ATTR_FIELD_SRC_IPV6_WORD3,
/// SAI_ACL_TABLE_ATTR_FIELD_SRC_IPV6_WORD2, SAI_ACL_ENTRY_ATTR_FIELD_SRC_IPV6_WORD2,
/// SAI_ACL_TABLE_ATTR_FIELD_SRC_IPV6_WORD1, SAI_ACL_ENTRY_ATTR_FIELD_SRC_IPV6_WORD1,
/// SAI_ACL_TABLE_ATTR_FIELD_SRC_IPV6_WORD0, SAI_ACL_ENTRY_ATTR_FIELD_SRC_IPV6_WORD0,
/// SAI_ACL_TABLE_ATTR_FIELD_DST_IPV6_WORD3, SAI_ACL_ENTRY_ATTR_FIELD_DST_IPV6_WORD3,
/// SAI_ACL_TABLE_ATTR_FIELD_DST_IPV6_WORD2, SAI_ACL_ENTRY_ATTR_FIELD_DST_IPV6_WORD2,
/// SAI_ACL_TABLE_ATTR_FIELD_DST_IPV6_WORD1, SAI_ACL_ENTRY_ATTR_FIELD_DST_IPV6_WORD1,
/// SAI_ACL_TABLE_ATTR_FIELD_DST_IPV6_WORD0, SAI_ACL_ENTRY_ATTR_FIELD_DST_IPV6_WORD0,
/// SAI_ACL_TABLE_ATTR_FIELD_INNER_SRC_IP, SAI_ACL_ENTRY_ATTR_FIELD_INNER_SRC_IP,
/// SAI_ACL_TABLE_ATTR_FIELD_INNER_DST_IP, SAI_ACL_ENTRY_ATTR_FIELD_INNER_DST_IP,
/// SAI_ACL_TABLE_ATTR_FIELD_INNER_SRC_IPV6, SAI_ACL_ENTRY_ATTR_FIELD_INNER_SRC_IPV6,
/// SAI_ACL_TABLE_ATTR_FIELD_INNER_DST_IPV6, SAI_ACL_ENTRY_ATTR_FIELD_INNER_DST_IPV6,
/// SAI_ACL_TABLE_ATTR_FIELD_INNER_SRC_MAC, SAI_ACL_ENTRY_ATTR_FIELD_INNER_SRC_MAC,
/// SAI_ACL_TABLE_ATTR_FIELD_INNER_DST_MAC, SAI_ACL_ENTRY_ATTR_FIELD_INNER_DST_MAC,
/// SAI_ACL_TABLE_ATTR_FIELD_INNER_ETHER_TYPE, SAI_ACL_ENTRY_ATTR_FIELD_INNER_ETHER_TYPE,
/// SAI_ACL_TABLE_ATTR_FIELD_INNER_IP_PROTOCOL, SAI_ACL_ENTRY_ATTR_FIELD_INNER_IP_PROTOCOL,
/// SAI_ACL_TABLE_ATTR_FIELD_INNER_L4_SRC_PORT, SAI_ACL_ENTRY_ATTR_FIELD_INNER_L4_SRC_PORT,
/// SAI_ACL_TABLE_ATTR_FIELD_INNER_L4_DST_PORT, SAI_ACL_ENTRY_ATTR_FIELD_INNER_L4_DST_PORT,
/// SAI_ACL_TABLE_ATTR_FIELD_OUTER_VLAN_ID, SAI_ACL_ENTRY_ATTR_FIELD_OUTER_VLAN_ID,
/// SAI_ACL_TABLE_ATTR_FIELD_OUTER_VLAN_PRI, SAI_ACL_ENTRY_ATTR_FIELD_OUTER_VLAN_PRI,
/// SAI_ACL_TABLE_ATTR_FIELD_OUTER_VLAN_CFI, SAI_ACL_ENTRY_ATTR_FIELD_OUTER_VLAN_CFI,
/// SAI_ACL_TABLE_ATTR_FIELD_INNER_VLAN_ID, SAI_ACL_ENTRY_ATTR_FIELD_INNER_VLAN_ID,
/// SAI_ACL_TABLE_ATTR_FIELD_INNER_VLAN_PRI, SAI_ACL_ENTRY_ATTR_FIELD_INNER_VLAN_PRI,
/// SAI_ACL_TABLE_ATTR_FIELD_INNER_VLAN_CFI, SAI_ACL_ENTRY_ATTR_FIELD_INNER_VLAN_CFI,
/// SAI_ACL_TABLE_ATTR_FIELD_L4_SRC_PORT, SAI_ACL_ENTRY_ATTR_FIELD_L4_SRC_PORT,
/// SAI_ACL_TABLE_ATTR_FIELD_L4_DST_PORT, SAI_ACL_ENTRY_ATTR_FIELD_L4_DST_PORT,
/// SAI_ACL_TABLE_ATTR_FIELD_IP_PROTOCOL, SAI_ACL_ENTRY_ATTR_FIELD_IP_PROTOCOL,
/// SAI_ACL_TABLE_ATTR_FIELD_IPV6_NEXT_HEADER, SAI_ACL_ENTRY_ATTR_FIELD_IPV6_NEXT_HEADER,
/// SAI_ACL_TABLE_ATTR_FIELD_IP_IDENTIFICATION, SAI_ACL_ENTRY_ATTR_FIELD_IP_IDENTIFICATION,
/// SAI_ACL_TABLE_ATTR_FIELD_DSCP, SAI_ACL_ENTRY_ATTR_FIELD_DSCP, SAI_ACL_TABLE_ATTR_FIELD_ECN,
/// SAI_ACL_ENTRY_ATTR_FIELD_ECN, SAI_ACL_TABLE_ATTR_FIELD_TOS, SAI_ACL_ENTRY_ATTR_FIELD_TOS,
/// SAI_ACL_TABLE_ATTR_FIELD_TTL, SAI_ACL_ENTRY_ATTR_FIELD_TTL, SAI_ACL_TABLE_ATTR_FIELD_IP_FLAGS,
/// SAI_ACL_ENTRY_ATTR_FIELD_IP_FLAGS, SAI_ACL_TABLE_ATTR_FIELD_TCP_FLAGS,
/// SAI_ACL_ENTRY_ATTR_FIELD_TCP_FLAGS, SAI_ACL_TABLE_ATTR_FIELD_ACL_IP_TYPE,
/// SAI_ACL_ENTRY_ATTR_FIELD_ACL_IP_TYPE, SAI_ACL_TABLE_ATTR_FIELD_ACL_IP_FRAG,
/// SAI_ACL_ENTRY_ATTR_FIELD_ACL_IP_FRAG, SAI_ACL_TABLE_ATTR_FIELD_IPV6_FLOW_LABEL,
/// SAI_ACL_ENTRY_ATTR_FIELD_IPV6_FLOW_LABEL, SAI_ACL_TABLE_ATTR_FIELD_ICMP_TYPE,
/// SAI_ACL_ENTRY_ATTR_FIELD_ICMP_TYPE, SAI_ACL_TABLE_ATTR_FIELD_ICMP_CODE,
/// SAI_ACL_ENTRY_ATTR_FIELD_ICMP_CODE, SAI_ACL_TABLE_ATTR_FIELD_ICMPV6_TYPE,
/// SAI_ACL_ENTRY_ATTR_FIELD_ICMPV6_TYPE, SAI_ACL_TABLE_ATTR_FIELD_ICMPV6_CODE,
/// SAI_ACL_ENTRY_ATTR_FIELD_ICMPV6_CODE, SAI_ACL_TABLE_ATTR_FIELD_PACKET_VLAN,
/// SAI_ACL_ENTRY_ATTR_FIELD_PACKET_VLAN, SAI_ACL_TABLE_ATTR_FIELD_HAS_VLAN_TAG,
/// SAI_ACL_ENTRY_ATTR_FIELD_HAS_VLAN_TAG, SAI_ACL_TABLE_ATTR_FIELD_TUNNEL_VNI,
/// SAI_ACL_ENTRY_ATTR_FIELD_TUNNEL_VNI, SAI_ACL_TABLE_ATTR_FIELD_MACSEC_SCI,
/// SAI_ACL_ENTRY_ATTR_FIELD_MACSEC_SCI, SAI_ACL_TABLE_ATTR_FIELD_BTH_OPCODE,
/// SAI_ACL_ENTRY_ATTR_FIELD_BTH_OPCODE, SAI_ACL_TABLE_ATTR_FIELD_AETH_SYNDROME,
/// SAI_ACL_ENTRY_ATTR_FIELD_AETH_SYNDROME, SAI_ACL_TABLE_ATTR_FIELD_MPLS_LABEL0_LABEL,
/// SAI_ACL_ENTRY_ATTR_FIELD_MPLS_LABEL0_LABEL, SAI_ACL_TABLE_ATTR_FIELD_MPLS_LABEL0_TTL,
/// SAI_ACL_ENTRY_ATTR_FIELD_MPLS_LABEL0_TTL, SAI_ACL_TABLE_ATTR_FIELD_MPLS_LABEL0_EXP,
/// SAI_ACL_ENTRY_ATTR_FIELD_MPLS_LABEL0_EXP, SAI_ACL_TABLE_ATTR_FIELD_MPLS_LABEL0_BOS,
/// SAI_ACL_ENTRY_ATTR_FIELD_MPLS_LABEL0_BOS, SAI_ACL_TABLE_ATTR_FIELD_MPLS_LABEL1_LABEL,
/// SAI_ACL_ENTRY_ATTR_FIELD_MPLS_LABEL1_LABEL, SAI_ACL_TABLE_ATTR_FIELD_MPLS_LABEL1_TTL,
/// SAI_ACL_ENTRY_ATTR_FIELD_MPLS_LABEL1_TTL, SAI_ACL_TABLE_ATTR_FIELD_MPLS_LABEL1_EXP,
/// SAI_ACL_ENTRY_ATTR_FIELD_MPLS_LABEL1_EXP, SAI_ACL_TABLE_ATTR_FIELD_MPLS_LABEL1_BOS,
/// SAI_ACL_ENTRY_ATTR_FIELD_MPLS_LABEL1_BOS, SAI_ACL_TABLE_ATTR_FIELD_MPLS_LABEL2_LABEL,
/// SAI_ACL_ENTRY_ATTR_FIELD_MPLS_LABEL2_LABEL, SAI_ACL_TABLE_ATTR_FIELD_MPLS_LABEL2_TTL,
/// SAI_ACL_ENTRY_ATTR_FIELD_MPLS_LABEL2_TTL, SAI_ACL_TABLE_ATTR_FIELD_MPLS_LABEL2_EXP,
/// SAI_ACL_ENTRY_ATTR_FIELD_MPLS_LABEL2_EXP, SAI_ACL_TABLE_ATTR_FIELD_MPLS_LABEL2_BOS,
/// SAI_ACL_ENTRY_ATTR_FIELD_MPLS_LABEL2_BOS, SAI_ACL_TABLE_ATTR_FIELD_MPLS_LABEL3_LABEL,
/// SAI_ACL_ENTRY_ATTR_FIELD_MPLS_LABEL3_LABEL, SAI_ACL_TABLE_ATTR_FIELD_MPLS_LABEL3_TTL,
/// SAI_ACL_ENTRY_ATTR_FIELD_MPLS_LABEL3_TTL, SAI_ACL_TABLE_ATTR_FIELD_MPLS_LABEL3_EXP,
/// SAI_ACL_ENTRY_ATTR_FIELD_MPLS_LABEL3_EXP, SAI_ACL_TABLE_ATTR_FIELD_MPLS_LABEL3_BOS,
/// SAI_ACL_ENTRY_ATTR_FIELD_MPLS_LABEL3_BOS, SAI_ACL_TABLE_ATTR_FIELD_MPLS_LABEL4_LABEL,
/// SAI_ACL_ENTRY_ATTR_FIELD_MPLS_LABEL4_LABEL, SAI_ACL_TABLE_ATTR_FIELD_MPLS_LABEL4_TTL,
/// SAI_ACL_ENTRY_ATTR_FIELD_MPLS_LABEL4_TTL, SAI_ACL_TABLE_ATTR_FIELD_MPLS_LABEL4_EXP,
/// SAI_ACL_ENTRY_ATTR_FIELD_MPLS_LABEL4_EXP, SAI_ACL_TABLE_ATTR_FIELD_MPLS_LABEL4_BOS,
/// SAI_ACL_ENTRY_ATTR_FIELD_MPLS_LABEL4_BOS, SAI_ACL_TABLE_ATTR_FIELD_GRE_KEY,
/// SAI_ACL_ENTRY_ATTR_FIELD_GRE_KEY.
#[test]
fn a_field_tells_packets_apart() {
    for case in cases() {
        let acl = dropping(case.table, case.entry, case.value);
        assert!(!acl.passes(&f(case.hit)), "{}: {} matches", case.name, case.hit);
        assert!(acl.passes(&f(case.miss)), "{}: {} does not match", case.name, case.miss);
    }
    let gre = |key| {
        let frame = PacketBuilder::ethernet([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
        frame.ipv4([10, 0, 0, 1], [10, 0, 0, 2]).gre_key(key).ipv4([1, 1, 1, 1], [2, 2, 2, 2]).build()
    };
    let acl = dropping(acl_table::FIELD_GRE_KEY.id(), acl_entry::FIELD_GRE_KEY.id(), u32(5));
    assert!(!acl.passes(&gre(5)));
    assert!(acl.passes(&gre(6)));
}

#[test]
fn a_field_that_a_packet_lacks_does_not_match_even_zero() {
    for (id, value, frame) in [
        (acl_entry::FIELD_SRC_IP.id(), v4("0.0.0.0", "255.0.0.0"), "eth/ipv6"),
        (acl_entry::FIELD_L4_SRC_PORT.id(), u16(0), "eth/ipv4/icmp"),
        (acl_entry::FIELD_INNER_VLAN_ID.id(), u16(0), "eth/vlan vid=7/ipv4"),
        (acl_entry::FIELD_MPLS_LABEL1_LABEL.id(), u32(0), "eth/mpls/ipv4"),
        (acl_entry::FIELD_TUNNEL_VNI.id(), u32(0), "eth/ipv4/udp"),
    ] {
        assert!(dropping(id, id, value).passes(&f(frame)), "{frame}");
    }
}

#[test]
fn a_mask_of_zero_asks_nothing() {
    let acl = dropping(acl_table::FIELD_SRC_IP.id(), acl_entry::FIELD_SRC_IP.id(), v4("1.2.3.4", "0.0.0.0"));
    assert!(!acl.passes(&f("eth/ipv4")));
    assert!(!acl.passes(&f("eth/ipv6")));
}

#[test]
fn types_of_ip_packets() {
    let id = acl_entry::FIELD_ACL_IP_TYPE.id();
    let frames = ["eth/ipv4", "eth/ipv6", "eth/arp op=1", "eth/arp op=2", "eth type=0x88b5"];
    for (ty, matching) in [
        (AclIpType::ANY, 0b11111),
        (AclIpType::IP, 0b00011),
        (AclIpType::NON_IP, 0b11100),
        (AclIpType::IPV4ANY, 0b00001),
        (AclIpType::NON_IPV4, 0b11110),
        (AclIpType::IPV6ANY, 0b00010),
        (AclIpType::NON_IPV6, 0b11101),
        (AclIpType::ARP, 0b01100),
        (AclIpType::ARP_REQUEST, 0b00100),
        (AclIpType::ARP_REPLY, 0b01000),
    ] {
        let acl = dropping(id, id, AclField::I32 { data: ty.0, mask: -1 });
        for (n, frame) in frames.iter().enumerate() {
            assert_eq!(acl.passes(&f(frame)), matching >> n & 1 == 0, "{ty}: {frame}");
        }
    }
}

#[test]
fn fragments() {
    let id = acl_entry::FIELD_ACL_IP_FRAG.id();
    let frames = ["eth/ipv4", "eth/ipv4 mf=1", "eth/ipv4 frag=100", "eth type=0x88b5"];
    for (frag, matching) in [
        (AclIpFrag::ANY, 0b0110),
        (AclIpFrag::NON_FRAG, 0b0001),
        (AclIpFrag::NON_FRAG_OR_HEAD, 0b0011),
        (AclIpFrag::HEAD, 0b0010),
        (AclIpFrag::NON_HEAD, 0b0100),
    ] {
        let acl = dropping(id, id, AclField::I32 { data: frag.0, mask: -1 });
        for (n, frame) in frames.iter().enumerate() {
            assert_eq!(acl.passes(&f(frame)), matching >> n & 1 == 0, "{frag}: {frame}");
        }
    }
}
