//! Lists that are derived: a VLAN's members, a bridge's ports, a port's queues.

use sai::{AttrId, ObjectType};

/// A read-only list of a parent object, made of the children that name the parent.
#[derive(Debug)]
pub struct Relation {
    /// The type of the children.
    pub child: ObjectType,
    /// The child's attribute that names the parent.
    pub link: AttrId,
    /// The type of the parent.
    pub parent: ObjectType,
    /// The parent's list of children.
    pub list: AttrId,
    /// The parent's attribute that says how many there are.
    pub number: Option<AttrId>,
}

macro_rules! relations {
    ($($child:ident $cm:ident::$link:ident -> $parent:ident $pm:ident::$list:ident $(, $number:ident)?;)*) => {
        /// Every derived list but those of the switch. The children of a parent keep the order of their creation.
        pub const RELATIONS: &[Relation] = &[$(Relation {
            child: ObjectType::$child,
            link: sai::$cm::$link.id(),
            parent: ObjectType::$parent,
            list: sai::$pm::$list.id(),
            number: relations!(@number $pm $($number)?),
        },)*];
    };
    (@number $pm:ident) => { None };
    (@number $pm:ident $number:ident) => { Some(sai::$pm::$number.id()) };
}

relations! {
    QUEUE queue::PORT -> PORT port::QOS_QUEUE_LIST, QOS_NUMBER_OF_QUEUES;
    INGRESS_PRIORITY_GROUP ingress_priority_group::PORT -> PORT port::INGRESS_PRIORITY_GROUP_LIST, NUMBER_OF_INGRESS_PRIORITY_GROUPS;
    SCHEDULER_GROUP scheduler_group::PORT_ID -> PORT port::QOS_SCHEDULER_GROUP_LIST, QOS_NUMBER_OF_SCHEDULER_GROUPS;
    SCHEDULER_GROUP scheduler_group::PARENT_NODE -> SCHEDULER_GROUP scheduler_group::CHILD_LIST, CHILD_COUNT;
    QUEUE queue::PARENT_SCHEDULER_NODE -> SCHEDULER_GROUP scheduler_group::CHILD_LIST, CHILD_COUNT;
    MACSEC_PORT macsec_port::PORT_ID -> PORT port::MACSEC_PORT_LIST;
    PORT_POOL port_pool::PORT_ID -> PORT port::PORT_POOL_LIST;
    VLAN_MEMBER vlan_member::VLAN_ID -> VLAN vlan::MEMBER_LIST;
    BRIDGE_PORT bridge_port::BRIDGE_ID -> BRIDGE bridge::PORT_LIST;
    STP_PORT stp_port::STP -> STP stp::PORT_LIST;
    LAG_MEMBER lag_member::LAG_ID -> LAG lag::PORT_LIST;
    NEXT_HOP_GROUP_MEMBER next_hop_group_member::NEXT_HOP_GROUP_ID -> NEXT_HOP_GROUP next_hop_group::NEXT_HOP_MEMBER_LIST, NEXT_HOP_COUNT;
    ACL_TABLE_GROUP_MEMBER acl_table_group_member::ACL_TABLE_GROUP_ID -> ACL_TABLE_GROUP acl_table_group::MEMBER_LIST;
    ACL_ENTRY acl_entry::TABLE_ID -> ACL_TABLE acl_table::ENTRY_LIST;
    IPMC_GROUP_MEMBER ipmc_group_member::IPMC_GROUP_ID -> IPMC_GROUP ipmc_group::IPMC_MEMBER_LIST, IPMC_OUTPUT_COUNT;
    L2MC_GROUP_MEMBER l2mc_group_member::L2MC_GROUP_ID -> L2MC_GROUP l2mc_group::L2MC_MEMBER_LIST, L2MC_OUTPUT_COUNT;
    RPF_GROUP_MEMBER rpf_group_member::RPF_GROUP_ID -> RPF_GROUP rpf_group::RPF_MEMBER_LIST, RPF_INTERFACE_COUNT;
    ISOLATION_GROUP_MEMBER isolation_group_member::ISOLATION_GROUP_ID -> ISOLATION_GROUP isolation_group::ISOLATION_MEMBER_LIST;
    IPSEC_SA ipsec_sa::IPSEC_ID -> IPSEC ipsec::SA_LIST;
    MACSEC_SC macsec_sc::FLOW_ID -> MACSEC_FLOW macsec_flow::SC_LIST;
    MACSEC_SA macsec_sa::SC_ID -> MACSEC_SC macsec_sc::SA_LIST;
    TUNNEL_MAP_ENTRY tunnel_map_entry::TUNNEL_MAP -> TUNNEL_MAP tunnel_map::ENTRY_LIST;
    TUNNEL_TERM_TABLE_ENTRY tunnel_term_table_entry::ACTION_TUNNEL_ID -> TUNNEL tunnel::TERM_TABLE_ENTRY_LIST;
    UDF udf::GROUP_ID -> UDF_GROUP udf_group::UDF_LIST;
    POE_PSE poe_pse::DEVICE_ID -> POE_DEVICE poe_device::POE_PSE_LIST;
    POE_PORT poe_port::DEVICE_ID -> POE_DEVICE poe_device::POE_PORT_LIST;
    TAM_COUNTER_SUBSCRIPTION tam_counter_subscription::TEL_TYPE -> TAM_TEL_TYPE tam_tel_type::COUNTER_SUBSCRIPTION_LIST;
}

/// The attribute of `parent` that a relation derives, with whether it is the number of children.
pub fn derived(parent: ObjectType, attr: AttrId) -> Option<(AttrId, bool)> {
    RELATIONS.iter().filter(|r| r.parent == parent).find_map(|r| {
        if r.list == attr {
            Some((r.list, false))
        } else {
            (r.number == Some(attr)).then_some((r.list, true))
        }
    })
}
