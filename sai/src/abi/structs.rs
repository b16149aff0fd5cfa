//! The C form of the structs that attribute values are made of.

use std::net::Ipv6Addr;
use std::ptr::{addr_of, addr_of_mut};

use sai_sys as sys;

use super::foreign::{CList, Foreign, foreign_structs, read_field, write_field};
use super::memory::{Arena, Lists};
use crate::value::*;

foreign_structs! {
    PrbsRxState = sai_prbs_rx_state_t { rx_status: rx_status, error_count: error_count, }
    PrbsLaneRxStatus = sai_prbs_per_lane_rx_status_t { lane: lane, rx_status: rx_status, }
    PrbsLaneRxState = sai_prbs_per_lane_rx_state_t { lane: lane, rx_state: rx_state, }
    PrbsBitErrorRate = sai_prbs_bit_error_rate_t { exponent: exponent, mantissa: mantissa, }
    PrbsLaneBitErrorRate = sai_prbs_per_lane_bit_error_rate_t { lane: lane, ber: ber, }
    QosMapParams = sai_qos_map_params_t {
        tc: tc, dscp: dscp, dot1p: dot1p, prio: prio, pg: pg, queue_index: queue_index, color: color,
        mpls_exp: mpls_exp, fc: fc,
    }
    QosMap = sai_qos_map_t { key: key, value: value, }
    MapEntry = sai_map_t { key: key, value: value, }
    AclResource = sai_acl_resource_t { stage: stage, bind_point: bind_point, avail_num: avail_num, }
    AclChain = sai_acl_chain_t {
        chain_group_stage: chain_group_stage, supported_match_type: supported_match_type,
    }
    PortLaneEyeValues = sai_port_lane_eye_values_t { lane: lane, left: left, right: right, up: up, down: down, }
    PortPam4LaneEyeValues = sai_port_pam4_lane_eye_values_t {
        lane: lane, upper_ht: upper_ht, upper_wd: upper_wd, middle_ht: middle_ht, middle_wd: middle_wd,
        lower_ht: lower_ht, lower_wd: lower_wd,
    }
    Timespec = sai_timespec_t { tv_sec: tv_sec, tv_nsec: tv_nsec, }
    SystemPortConfig = sai_system_port_config_t {
        port_id: port_id, attached_switch_id: attached_switch_id, attached_core_index: attached_core_index,
        attached_core_port_index: attached_core_port_index, speed: speed, num_voq: num_voq,
    }
    FabricPortReachability = sai_fabric_port_reachability_t { switch_id: switch_id, reachable: reachable, }
    LatchStatus = sai_latch_status_t { current_status: current_status, changed: changed, }
    PortLaneLatchStatus = sai_port_lane_latch_status_t { lane: lane, value: value, }
    PortFrequencyOffsetPpm = sai_port_frequency_offset_ppm_values_t { lane: lane, ppm: ppm, }
    PortSnr = sai_port_snr_values_t { lane: lane, snr: snr, }
    PoePortPowerConsumption = sai_poe_port_power_consumption_t {
        active_channel: active_channel, voltage: voltage, current: current, consumption: consumption,
        signature_type: signature_type, class_method: class_method, measured_class_a: measured_class_a,
        assigned_class_a: assigned_class_a, measured_class_b: measured_class_b,
        assigned_class_b: assigned_class_b,
    }
}

/// The list within is asked for and answered like any other.
impl Foreign for Box<AclCapability> {
    type C = sys::sai_acl_capability_t;
    unsafe fn read(c: *const Self::C) -> Option<Self> {
        // SAFETY: the fields of what the caller promises can be read.
        unsafe {
            Some(Box::new(AclCapability {
                is_action_list_mandatory: read_field(addr_of!((*c).is_action_list_mandatory))?,
                action_list: read_field(addr_of!((*c).action_list))?,
                supported_match_type: read_field(addr_of!((*c).supported_match_type))?,
                is_non_contiguous_bits_exact_match_supported: read_field(addr_of!(
                    (*c).is_non_contiguous_bits_exact_match_supported
                ))?,
            }))
        }
    }
    unsafe fn write(&self, c: *mut Self::C, lists: &mut Lists<'_>) {
        // SAFETY: the fields of what the caller promises can be written.
        unsafe {
            write_field(&self.is_action_list_mandatory, addr_of_mut!((*c).is_action_list_mandatory), lists);
            write_field(&self.action_list, addr_of_mut!((*c).action_list), lists);
            write_field(&self.supported_match_type, addr_of_mut!((*c).supported_match_type), lists);
            write_field(
                &self.is_non_contiguous_bits_exact_match_supported,
                addr_of_mut!((*c).is_non_contiguous_bits_exact_match_supported),
                lists,
            );
        }
    }
    unsafe fn make_room(c: *mut Self::C, n: usize, arena: &mut Arena) {
        // SAFETY: the field of what the caller promises can be written.
        unsafe { Vec::<i32>::make_room(addr_of_mut!((*c).action_list).cast::<CList<i32>>(), n, arena) }
    }
    unsafe fn needed(c: *const Self::C, n: usize) -> usize {
        // SAFETY: the field of what the caller promises can be read.
        unsafe { Vec::<i32>::needed(addr_of!((*c).action_list).cast::<CList<i32>>(), n) }
    }
}

/// A type of TLV that SAI does not name has no Rust form.
impl Foreign for Tlv {
    type C = sys::sai_tlv_t;
    unsafe fn read(c: *const Self::C) -> Option<Tlv> {
        // SAFETY: the fields of what the caller promises can be read; any bits are each member's.
        unsafe {
            let entry = addr_of!((*c).entry);
            Some(match addr_of!((*c).tlv_type).read() {
                sys::SAI_TLV_TYPE_INGRESS => Tlv::IngressNode(Ipv6Addr::read(entry.cast())?),
                sys::SAI_TLV_TYPE_EGRESS => Tlv::EgressNode(Ipv6Addr::read(entry.cast())?),
                sys::SAI_TLV_TYPE_OPAQUE => Tlv::Opaque(addr_of!((*entry).opaque_container).read()),
                sys::SAI_TLV_TYPE_HMAC => Tlv::Hmac {
                    key_id: addr_of!((*entry).hmac.key_id).read(),
                    hmac: addr_of!((*entry).hmac.hmac).read(),
                },
                _ => return None,
            })
        }
    }
    unsafe fn write(&self, c: *mut Self::C, _: &mut Lists<'_>) {
        let mut entry = sys::sai_tlv_entry_t::default();
        let tlv_type = match self {
            Tlv::IngressNode(ip) => {
                entry.ingress_node = ip.octets();
                sys::SAI_TLV_TYPE_INGRESS
            }
            Tlv::EgressNode(ip) => {
                entry.egress_node = ip.octets();
                sys::SAI_TLV_TYPE_EGRESS
            }
            Tlv::Opaque(words) => {
                entry.opaque_container = *words;
                sys::SAI_TLV_TYPE_OPAQUE
            }
            Tlv::Hmac { key_id, hmac } => {
                entry.hmac = sys::sai_hmac_t { key_id: *key_id, hmac: *hmac };
                sys::SAI_TLV_TYPE_HMAC
            }
        };
        // SAFETY: the caller promises that `c` can be written.
        unsafe { c.write(sys::sai_tlv_t { tlv_type, entry }) }
    }
}
