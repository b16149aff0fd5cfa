//! Attribute ids that the forwarding features read from the store; attributes in a list of a few.

use sai::{AttrEntry, Value};

/// Puts an attribute into a list and answers the value before, if it had one.
pub(crate) fn put(list: &mut Vec<AttrEntry>, given: &AttrEntry) -> Option<Value> {
    match list.iter_mut().find(|a| a.id == given.id) {
        Some(a) => Some(std::mem::replace(&mut a.value, given.value.clone())),
        None => {
            list.push(given.clone());
            None
        }
    }
}

/// `sai_port_attr_t`.
#[allow(missing_docs)]
pub mod port {
    pub const ADMIN_STATE: sai::AttrId = sai::port::ADMIN_STATE.id();
    pub const PORT_VLAN_ID: sai::AttrId = sai::port::PORT_VLAN_ID.id();
    pub const DEFAULT_VLAN_PRIORITY: sai::AttrId = sai::port::DEFAULT_VLAN_PRIORITY.id();
    pub const DROP_UNTAGGED: sai::AttrId = sai::port::DROP_UNTAGGED.id();
    pub const DROP_TAGGED: sai::AttrId = sai::port::DROP_TAGGED.id();
    pub const MTU: sai::AttrId = sai::port::MTU.id();
    pub const TPID: sai::AttrId = sai::port::TPID.id();
    pub const LOOPBACK_MODE: sai::AttrId = sai::port::LOOPBACK_MODE.id();
    pub const INTERNAL_LOOPBACK_MODE: sai::AttrId = sai::port::INTERNAL_LOOPBACK_MODE.id();
    pub const QOS_SCHEDULER_PROFILE_ID: sai::AttrId = sai::port::QOS_SCHEDULER_PROFILE_ID.id();
    pub const DISABLE_DECREMENT_TTL: sai::AttrId = sai::port::DISABLE_DECREMENT_TTL.id();
    pub const PKT_TX_ENABLE: sai::AttrId = sai::port::PKT_TX_ENABLE.id();
    pub const ISOLATION_GROUP: sai::AttrId = sai::port::ISOLATION_GROUP.id();
    pub const EGRESS_BLOCK_PORT_LIST: sai::AttrId = sai::port::EGRESS_BLOCK_PORT_LIST.id();
}

/// `sai_lag_attr_t`.
#[allow(missing_docs)]
pub mod lag {
    pub const PORT_VLAN_ID: sai::AttrId = sai::lag::PORT_VLAN_ID.id();
    pub const DEFAULT_VLAN_PRIORITY: sai::AttrId = sai::lag::DEFAULT_VLAN_PRIORITY.id();
    pub const DROP_UNTAGGED: sai::AttrId = sai::lag::DROP_UNTAGGED.id();
    pub const DROP_TAGGED: sai::AttrId = sai::lag::DROP_TAGGED.id();
    pub const TPID: sai::AttrId = sai::lag::TPID.id();
}

/// `sai_lag_member_attr_t`.
#[allow(missing_docs)]
pub mod lag_member {
    pub const LAG_ID: sai::AttrId = sai::lag_member::LAG_ID.id();
    pub const PORT_ID: sai::AttrId = sai::lag_member::PORT_ID.id();
    pub const EGRESS_DISABLE: sai::AttrId = sai::lag_member::EGRESS_DISABLE.id();
    pub const INGRESS_DISABLE: sai::AttrId = sai::lag_member::INGRESS_DISABLE.id();
    pub const WEIGHT: sai::AttrId = sai::lag_member::WEIGHT.id();
}

/// `sai_vlan_attr_t`.
#[allow(missing_docs)]
pub mod vlan {
    pub const VLAN_ID: sai::AttrId = sai::vlan::VLAN_ID.id();
    pub const MAX_LEARNED_ADDRESSES: sai::AttrId = sai::vlan::MAX_LEARNED_ADDRESSES.id();
    pub const STP_INSTANCE: sai::AttrId = sai::vlan::STP_INSTANCE.id();
    pub const LEARN_DISABLE: sai::AttrId = sai::vlan::LEARN_DISABLE.id();
    pub const IPV4_MCAST_LOOKUP_KEY_TYPE: sai::AttrId = sai::vlan::IPV4_MCAST_LOOKUP_KEY_TYPE.id();
    pub const IPV6_MCAST_LOOKUP_KEY_TYPE: sai::AttrId = sai::vlan::IPV6_MCAST_LOOKUP_KEY_TYPE.id();
    pub const UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE: sai::AttrId =
        sai::vlan::UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE.id();
    pub const UNKNOWN_UNICAST_FLOOD_GROUP: sai::AttrId = sai::vlan::UNKNOWN_UNICAST_FLOOD_GROUP.id();
    pub const UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE: sai::AttrId =
        sai::vlan::UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE.id();
    pub const UNKNOWN_MULTICAST_FLOOD_GROUP: sai::AttrId = sai::vlan::UNKNOWN_MULTICAST_FLOOD_GROUP.id();
    pub const BROADCAST_FLOOD_CONTROL_TYPE: sai::AttrId = sai::vlan::BROADCAST_FLOOD_CONTROL_TYPE.id();
    pub const BROADCAST_FLOOD_GROUP: sai::AttrId = sai::vlan::BROADCAST_FLOOD_GROUP.id();
    pub const UNKNOWN_NON_IP_MCAST_OUTPUT_GROUP_ID: sai::AttrId =
        sai::vlan::UNKNOWN_NON_IP_MCAST_OUTPUT_GROUP_ID.id();
    pub const UNKNOWN_IPV4_MCAST_OUTPUT_GROUP_ID: sai::AttrId =
        sai::vlan::UNKNOWN_IPV4_MCAST_OUTPUT_GROUP_ID.id();
    pub const UNKNOWN_IPV6_MCAST_OUTPUT_GROUP_ID: sai::AttrId =
        sai::vlan::UNKNOWN_IPV6_MCAST_OUTPUT_GROUP_ID.id();
    pub const UNKNOWN_LINKLOCAL_MCAST_OUTPUT_GROUP_ID: sai::AttrId =
        sai::vlan::UNKNOWN_LINKLOCAL_MCAST_OUTPUT_GROUP_ID.id();
}

/// `sai_vlan_member_attr_t`.
#[allow(missing_docs)]
pub mod vlan_member {
    pub const VLAN_ID: sai::AttrId = sai::vlan_member::VLAN_ID.id();
    pub const BRIDGE_PORT_ID: sai::AttrId = sai::vlan_member::BRIDGE_PORT_ID.id();
    pub const VLAN_TAGGING_MODE: sai::AttrId = sai::vlan_member::VLAN_TAGGING_MODE.id();
    pub const RX_DROP: sai::AttrId = sai::vlan_member::RX_DROP.id();
    pub const TX_DROP: sai::AttrId = sai::vlan_member::TX_DROP.id();
}

/// `sai_bridge_attr_t`.
#[allow(missing_docs)]
pub mod bridge {
    pub const TYPE: sai::AttrId = sai::bridge::TYPE.id();
    pub const MAX_LEARNED_ADDRESSES: sai::AttrId = sai::bridge::MAX_LEARNED_ADDRESSES.id();
    pub const LEARN_DISABLE: sai::AttrId = sai::bridge::LEARN_DISABLE.id();
    pub const UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE: sai::AttrId =
        sai::bridge::UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE.id();
    pub const UNKNOWN_UNICAST_FLOOD_GROUP: sai::AttrId = sai::bridge::UNKNOWN_UNICAST_FLOOD_GROUP.id();
    pub const UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE: sai::AttrId =
        sai::bridge::UNKNOWN_MULTICAST_FLOOD_CONTROL_TYPE.id();
    pub const UNKNOWN_MULTICAST_FLOOD_GROUP: sai::AttrId = sai::bridge::UNKNOWN_MULTICAST_FLOOD_GROUP.id();
    pub const BROADCAST_FLOOD_CONTROL_TYPE: sai::AttrId = sai::bridge::BROADCAST_FLOOD_CONTROL_TYPE.id();
    pub const BROADCAST_FLOOD_GROUP: sai::AttrId = sai::bridge::BROADCAST_FLOOD_GROUP.id();
}

/// `sai_bridge_port_attr_t`.
#[allow(missing_docs)]
pub mod bridge_port {
    pub const TYPE: sai::AttrId = sai::bridge_port::TYPE.id();
    pub const PORT_ID: sai::AttrId = sai::bridge_port::PORT_ID.id();
    pub const TAGGING_MODE: sai::AttrId = sai::bridge_port::TAGGING_MODE.id();
    pub const VLAN_ID: sai::AttrId = sai::bridge_port::VLAN_ID.id();
    pub const BRIDGE_ID: sai::AttrId = sai::bridge_port::BRIDGE_ID.id();
    pub const FDB_LEARNING_MODE: sai::AttrId = sai::bridge_port::FDB_LEARNING_MODE.id();
    pub const MAX_LEARNED_ADDRESSES: sai::AttrId = sai::bridge_port::MAX_LEARNED_ADDRESSES.id();
    pub const FDB_LEARNING_LIMIT_VIOLATION_PACKET_ACTION: sai::AttrId =
        sai::bridge_port::FDB_LEARNING_LIMIT_VIOLATION_PACKET_ACTION.id();
    pub const ADMIN_STATE: sai::AttrId = sai::bridge_port::ADMIN_STATE.id();
    pub const INGRESS_FILTERING: sai::AttrId = sai::bridge_port::INGRESS_FILTERING.id();
    pub const EGRESS_FILTERING: sai::AttrId = sai::bridge_port::EGRESS_FILTERING.id();
    pub const ISOLATION_GROUP: sai::AttrId = sai::bridge_port::ISOLATION_GROUP.id();
    pub const RX_DROP: sai::AttrId = sai::bridge_port::RX_DROP.id();
    pub const TX_DROP: sai::AttrId = sai::bridge_port::TX_DROP.id();
}

/// `sai_fdb_entry_attr_t`.
#[allow(missing_docs)]
pub mod fdb_entry {
    pub const TYPE: sai::AttrId = sai::fdb_entry::TYPE.id();
    pub const PACKET_ACTION: sai::AttrId = sai::fdb_entry::PACKET_ACTION.id();
    pub const USER_TRAP_ID: sai::AttrId = sai::fdb_entry::USER_TRAP_ID.id();
    pub const BRIDGE_PORT_ID: sai::AttrId = sai::fdb_entry::BRIDGE_PORT_ID.id();
    pub const META_DATA: sai::AttrId = sai::fdb_entry::META_DATA.id();
    pub const ENDPOINT_IP: sai::AttrId = sai::fdb_entry::ENDPOINT_IP.id();
    pub const COUNTER_ID: sai::AttrId = sai::fdb_entry::COUNTER_ID.id();
    pub const ALLOW_MAC_MOVE: sai::AttrId = sai::fdb_entry::ALLOW_MAC_MOVE.id();
}

/// `sai_fdb_flush_attr_t`.
#[allow(missing_docs)]
pub mod fdb_flush {
    pub const BRIDGE_PORT_ID: sai::AttrId = sai::fdb_flush::BRIDGE_PORT_ID.id();
    pub const BV_ID: sai::AttrId = sai::fdb_flush::BV_ID.id();
    pub const ENTRY_TYPE: sai::AttrId = sai::fdb_flush::ENTRY_TYPE.id();
}

/// `sai_stp_attr_t`.
#[allow(missing_docs)]
pub mod stp {
    pub const VLAN_LIST: sai::AttrId = sai::stp::VLAN_LIST.id();
}

/// `sai_stp_port_attr_t`.
#[allow(missing_docs)]
pub mod stp_port {
    pub const STP: sai::AttrId = sai::stp_port::STP.id();
    pub const BRIDGE_PORT: sai::AttrId = sai::stp_port::BRIDGE_PORT.id();
    pub const STATE: sai::AttrId = sai::stp_port::STATE.id();
}

/// `sai_isolation_group_member_attr_t`.
#[allow(missing_docs)]
pub mod isolation_group_member {
    pub const ISOLATION_GROUP_ID: sai::AttrId = sai::isolation_group_member::ISOLATION_GROUP_ID.id();
    pub const ISOLATION_OBJECT: sai::AttrId = sai::isolation_group_member::ISOLATION_OBJECT.id();
}

/// `sai_l2mc_group_member_attr_t`.
#[allow(missing_docs)]
pub mod l2mc_group_member {
    pub const L2MC_GROUP_ID: sai::AttrId = sai::l2mc_group_member::L2MC_GROUP_ID.id();
    pub const L2MC_OUTPUT_ID: sai::AttrId = sai::l2mc_group_member::L2MC_OUTPUT_ID.id();
}

/// `sai_l2mc_entry_attr_t`.
#[allow(missing_docs)]
pub mod l2mc_entry {
    pub const PACKET_ACTION: sai::AttrId = sai::l2mc_entry::PACKET_ACTION.id();
    pub const OUTPUT_GROUP_ID: sai::AttrId = sai::l2mc_entry::OUTPUT_GROUP_ID.id();
}

/// `sai_mcast_fdb_entry_attr_t`.
#[allow(missing_docs)]
pub mod mcast_fdb_entry {
    pub const GROUP_ID: sai::AttrId = sai::mcast_fdb_entry::GROUP_ID.id();
    pub const PACKET_ACTION: sai::AttrId = sai::mcast_fdb_entry::PACKET_ACTION.id();
    pub const META_DATA: sai::AttrId = sai::mcast_fdb_entry::META_DATA.id();
}

/// `sai_switch_attr_t`.
#[allow(missing_docs)]
pub mod switch {
    pub const MAX_LEARNED_ADDRESSES: sai::AttrId = sai::switch::MAX_LEARNED_ADDRESSES.id();
    pub const FDB_AGING_TIME: sai::AttrId = sai::switch::FDB_AGING_TIME.id();
    pub const FDB_UNICAST_MISS_PACKET_ACTION: sai::AttrId = sai::switch::FDB_UNICAST_MISS_PACKET_ACTION.id();
    pub const FDB_BROADCAST_MISS_PACKET_ACTION: sai::AttrId =
        sai::switch::FDB_BROADCAST_MISS_PACKET_ACTION.id();
    pub const FDB_MULTICAST_MISS_PACKET_ACTION: sai::AttrId =
        sai::switch::FDB_MULTICAST_MISS_PACKET_ACTION.id();
    pub const TPID_INNER_VLAN: sai::AttrId = sai::switch::TPID_INNER_VLAN.id();
    pub const BCAST_CPU_FLOOD_ENABLE: sai::AttrId = sai::switch::BCAST_CPU_FLOOD_ENABLE.id();
    pub const MCAST_CPU_FLOOD_ENABLE: sai::AttrId = sai::switch::MCAST_CPU_FLOOD_ENABLE.id();
    pub const TPID_OUTER_VLAN: sai::AttrId = sai::switch::TPID_OUTER_VLAN.id();
}
