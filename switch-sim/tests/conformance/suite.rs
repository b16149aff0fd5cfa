//! The conformance suite: what any switch behind a SAI backend does, seen by its calls, its packets and its
//! notifications. One module a feature.
//!
//! Several test binaries have this module and differ in `crate::opener`, which opens the beds: in process,
//! through the C interface of our own library, or on the library that `$SAI_LIBRARY` names.

mod acl;
pub mod bed;
mod boot;
mod bridging;
mod bridging_attributes;
mod buffers;
mod bulk;
mod contract;
mod copp;
mod debug_counters;
mod discards;
mod domains;
mod ecmp;
mod fdb;
mod fits;
mod flooding;
mod flow_control;
mod group_members;
mod hash;
mod host_send;
mod hostif;
mod ipmc;
mod lag;
mod learning;
mod mirror;
mod objects;
mod policers;
mod ports;
mod qinq;
mod qos;
mod route;
mod router;
mod router_interface;
mod sampling;
mod scheduling;
mod several;
mod special;
mod stat_modes;
mod statistics;
mod statuses;
mod timing;
mod traps;
mod warm;
mod wred;
