//! What a library has and lacks.

use std::fmt;

use super::Dylib;
use crate::meta::Release;
use crate::types::Api;

/// The functions that every SAI library of its age should export, with the release that brought each.
const EXPORTS: &[(&str, u8)] = &[
    ("sai_api_initialize", 12),
    ("sai_api_query", 12),
    ("sai_api_uninitialize", 12),
    ("sai_bulk_get_attribute", 12),
    ("sai_bulk_object_clear_stats", 12),
    ("sai_bulk_object_get_stats", 12),
    ("sai_dbg_generate_dump", 12),
    ("sai_get_maximum_attribute_count", 12),
    ("sai_get_object_count", 12),
    ("sai_get_object_key", 12),
    ("sai_log_set", 12),
    ("sai_object_type_get_availability", 12),
    ("sai_object_type_query", 12),
    ("sai_query_api_version", 12),
    ("sai_query_attribute_capability", 12),
    ("sai_query_attribute_enum_values_capability", 12),
    ("sai_query_object_stage", 12),
    ("sai_query_stats_capability", 12),
    ("sai_query_stats_st_capability", 15),
    ("sai_switch_id_query", 12),
    ("sai_tam_telemetry_get_data", 12),
];

/// A function, and whether the library has it: `None` for one that is younger than the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotProbe {
    /// Its name.
    pub name: &'static str,
    /// Whether it is there.
    pub there: Option<bool>,
}

/// The table of an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiProbe {
    /// The API.
    pub api: Api,
    /// The functions in the order of the table.
    pub slots: Vec<SlotProbe>,
}

/// What a library has and lacks. It prints as a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The release that it speaks.
    pub release: Release,
    /// The exported functions.
    pub exports: Vec<SlotProbe>,
    /// The tables.
    pub apis: Vec<ApiProbe>,
}

impl Dylib {
    /// Looks at every exported function and table slot; calls none of them.
    pub fn probe(&self) -> Probe {
        let export = |(name, since): &(&'static str, u8)| {
            // SAFETY: the address is looked up and not called.
            let found = unsafe { self.function::<*const std::ffi::c_void>(name, *since) };
            SlotProbe { name, there: (*since <= self.release().minor).then_some(found.is_ok()) }
        };
        let slot = |(name, there)| SlotProbe { name, there };
        let api =
            |(api, slots): (Api, Vec<_>)| ApiProbe { api, slots: slots.into_iter().map(slot).collect() };
        Probe {
            release: self.release(),
            exports: EXPORTS.iter().map(export).collect(),
            apis: self.tables.survey().map(api).collect(),
        }
    }
}

/// `has` of how many, and the names of what is missing.
fn line(f: &mut fmt::Formatter<'_>, title: &str, slots: &[SlotProbe]) -> fmt::Result {
    let possible = slots.iter().filter(|s| s.there.is_some()).count();
    let has = slots.iter().filter(|s| s.there == Some(true)).count();
    writeln!(f, "{title:36} {has:4} of {possible:4}, {} younger", slots.len() - possible)?;
    for slot in slots.iter().filter(|s| s.there == Some(false) && has > 0) {
        writeln!(f, "    lacks {}", slot.name)?;
    }
    Ok(())
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "SAI {}", self.release)?;
        line(f, "exported functions", &self.exports)?;
        self.apis.iter().try_for_each(|a| line(f, &a.api.to_string(), &a.slots))
    }
}
