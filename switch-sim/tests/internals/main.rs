//! What tests see of the simulator's inside: its tables against naive models and against those derived from
//! the store anew, its snapshots, replays of recordings, worlds of several switches.

mod bed;
#[path = "../conformance/bed/mod.rs"]
mod conformance_bed;
#[path = "../conformance/in_process.rs"]
mod opener;
mod suite {
    pub(crate) use crate::conformance_bed as bed;
}

mod acl_vector;
mod acts;
mod alarm;
mod any;
mod express;
mod fdb_model;
mod full;
mod group_model;
mod profiles;
mod random_objects;
mod replay;
mod router_model;
mod spine;
mod store;
mod support;
mod warm;
mod workers;
