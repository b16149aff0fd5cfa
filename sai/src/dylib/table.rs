//! Function tables of a library, read slot by slot: a reference to a whole table would reach beyond the
//! end of an older library's.

use std::ffi::c_void;

use super::slots::{SLOTS, TABLES};
use crate::meta::{self, ObjectMeta, Release, Verbs};
use crate::types::{Api, ObjectType};
use crate::{Error, Result, SaiEnum as _, Status};

/// Where a function of an object type lies in its API's table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    index: u16,
    since: u8,
}

impl Slot {
    /// The object type has no such function.
    pub(super) const NONE: Slot = Slot { index: u16::MAX, since: 0 };
}

/// The `index`-th slot, that SAI has `since` 1.x.
pub(super) const fn slot(index: u16, since: u8) -> Slot {
    Slot { index, since }
}

/// Where the function of an object type lies in the table of its API
/// ([`ObjectMeta::api`](crate::meta::ObjectMeta::api)), counted in functions; `None` where SAI has no such
/// function. For programs that call tables themselves; `verb` is one of the flags.
pub fn slot_of(object: ObjectType, verb: Verbs) -> Option<usize> {
    let dense = meta::object(object)?.dense;
    let slot = SLOTS[usize::from(dense)].get(verb.bits().trailing_zeros() as usize)?;
    (slot.index != u16::MAX).then_some(usize::from(slot.index))
}

/// A slot of a table by name.
#[derive(Clone, Copy, Debug)]
pub(super) struct TableSlot {
    pub(super) name: &'static str,
    pub(super) since: u8,
}

/// The first number of experimental APIs and object types.
const EXPERIMENTAL: i32 = 0x2000_0000;

/// What answers when something is younger than the library.
pub(super) fn too_young(what: &str, since: Release, library: Release) -> Error {
    Error::because(Status::NOT_SUPPORTED, format!("{what} needs SAI {since}, the library speaks {library}"))
}

/// The function tables that a library has handed out.
#[derive(Debug)]
pub(super) struct Tables {
    release: Release,
    /// In the order of [`TABLES`]; null where the library has none.
    tables: Vec<*const *const c_void>,
}

// SAFETY: the tables are the library's, which never changes them.
unsafe impl Send for Tables {}
// SAFETY: as above.
unsafe impl Sync for Tables {}

impl Tables {
    /// Asks for every table that a library of this release may have.
    pub(super) fn ask(release: Release, query: impl Fn(Api) -> *const *const c_void) -> Tables {
        let allowed = |api: Api, slots: &[TableSlot]| {
            (api.0 < EXPERIMENTAL || release == Release::CURRENT)
                && slots.iter().any(|s| s.since <= release.minor)
        };
        let tables = TABLES
            .iter()
            .map(|(api, slots)| if allowed(*api, slots) { query(*api) } else { std::ptr::null() })
            .collect();
        Tables { release, tables }
    }

    /// The function in a slot.
    fn read(&self, api: Api, index: usize, since: u8, what: &str) -> Result<*const c_void> {
        if since > self.release.minor {
            return Err(too_young(what, Release { major: 1, minor: since }, self.release));
        }
        let at = TABLES.iter().position(|(a, _)| *a == api).ok_or(Status::FAILURE)?;
        let table = self.tables[at];
        if table.is_null() {
            let reason = format!("{what}: the library has no table {}", api.name().unwrap_or("of that API"));
            return Err(Error::because(Status::NOT_SUPPORTED, reason));
        }
        // SAFETY: the slot is no younger than the library, whose table therefore goes as far.
        let function = unsafe { table.add(index).read() };
        if function.is_null() {
            let reason = format!("{what}: the library leaves the function out");
            return Err(Error::because(Status::NOT_IMPLEMENTED, reason));
        }
        Ok(function)
    }

    /// A function of an object type; `verb` is a position among the bits of `Verbs`.
    pub(super) fn verb(&self, object: &ObjectMeta, verb: usize) -> Result<*const c_void> {
        let slot = SLOTS[usize::from(object.dense)][verb];
        if slot.index == u16::MAX {
            return Err(Error::because(
                Status::NOT_SUPPORTED,
                format!("SAI has no such function for {}", object.name),
            ));
        }
        self.read(object.api, usize::from(slot.index), slot.since, object.name)
    }

    /// A function by its table and name.
    pub(super) fn named(&self, api: Api, name: &str) -> Result<*const c_void> {
        let slots = TABLES.iter().find(|(a, _)| *a == api).map_or(&[][..], |(_, slots)| slots);
        let index = slots.iter().position(|s| s.name == name).ok_or(Status::NOT_SUPPORTED)?;
        self.read(api, index, slots[index].since, name)
    }

    /// Each table with its slots, and whether the library has them: `None` for what it is too old for.
    pub(super) fn survey(&self) -> impl Iterator<Item = (Api, Vec<(&'static str, Option<bool>)>)> + '_ {
        TABLES.iter().map(|(api, slots)| {
            let has = |(index, slot): (usize, &TableSlot)| {
                let there = match self.read(*api, index, slot.since, slot.name) {
                    Ok(_) => Some(true),
                    Err(_) if slot.since > self.release.minor => None,
                    Err(_) => Some(false),
                };
                (slot.name, there)
            };
            (*api, slots.iter().enumerate().map(has).collect())
        })
    }
}
