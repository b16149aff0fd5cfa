//! The structs among SAI's values.

use std::net::Ipv6Addr;

use serde::{Deserialize, Serialize};

use crate::object::acl_table::SupportedMatchType;
use crate::object::acl_table_chain_group::Stage as ChainGroupStage;
use crate::object::poe_port::{ActiveChannelType, ClassMethodType, SignatureType};
use crate::object::port::PrbsRxStatus;
use crate::types::{AclActionType, AclBindPointType, AclStage, PacketColor};

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
