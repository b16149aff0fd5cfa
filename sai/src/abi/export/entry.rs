//! The slots of entries, which bring their key.

use sai_sys as sys;
use sys::{sai_attribute_t, sai_bulk_op_error_mode_t, sai_stat_id_t, sai_stats_mode_t, sai_status_t};

use super::object::{get_ref, meta_of, remove_ref, set_ref, stats_of, stats_op};
use super::{bulk, call, null};
use crate::abi::{Key, read_attrs};
use crate::{Entry, Error, ObjectId, ObjectRef, Result, StatsOp, Status, Target};

/// The key at a client's pointer.
///
/// # Safety
/// `key` is null or can be read.
pub(super) unsafe fn key<K: Key>(key: *const K::C) -> Result<Entry> {
    if key.is_null() {
        return Err(null("entry"));
    }
    // SAFETY: as the caller promises.
    unsafe { K::read(key) }.map(Into::into).ok_or_else(|| unreadable(K::TYPE))
}

/// The error of a key that has no meaning.
#[cold]
pub(super) fn unreadable(ty: crate::ObjectType) -> Error {
    let reason =
        format!("the key of the {ty} has no meaning: an unknown address family or a mask with holes");
    Error::because(Status::INVALID_PARAMETER, reason)
}

pub(super) unsafe extern "C" fn create<K: Key>(
    entry: *const K::C,
    count: u32,
    attrs: *const sai_attribute_t,
) -> sai_status_t {
    call("create", |library| {
        // SAFETY: the client's promises are those of SAI.
        let entry = unsafe { key::<K>(entry) }?;
        // SAFETY: as above.
        let attrs = unsafe { read_attrs(meta_of(K::TYPE)?, count, attrs) }?;
        library.backend.create(entry.switch_id(), Target::Entry(&entry), &attrs).map(|_: ObjectId| ())
    })
}

pub(super) unsafe extern "C" fn remove<K: Key>(entry: *const K::C) -> sai_status_t {
    // SAFETY: the client's promises are those of SAI.
    call("remove", |library| remove_ref(library, &ObjectRef::Entry(unsafe { key::<K>(entry) }?)))
}

pub(super) unsafe extern "C" fn set<K: Key>(
    entry: *const K::C,
    attr: *const sai_attribute_t,
) -> sai_status_t {
    // SAFETY: the client's promises are those of SAI.
    call("set", |library| unsafe { set_ref(library, &ObjectRef::Entry(key::<K>(entry)?), attr) })
}

pub(super) unsafe extern "C" fn get<K: Key>(
    entry: *const K::C,
    count: u32,
    attrs: *mut sai_attribute_t,
) -> sai_status_t {
    // SAFETY: the client's promises are those of SAI.
    call("get", |library| unsafe { get_ref(library, &ObjectRef::Entry(key::<K>(entry)?), count, attrs) })
}

pub(super) unsafe extern "C" fn get_stats<K: Key>(
    entry: *const K::C,
    count: u32,
    ids: *const sai_stat_id_t,
    counters: *mut u64,
) -> sai_status_t {
    call("get_stats", |library| {
        // SAFETY: the client's promises are those of SAI.
        unsafe { stats_of(library, &ObjectRef::Entry(key::<K>(entry)?), count, ids, StatsOp::Read, counters) }
    })
}

pub(super) unsafe extern "C" fn get_stats_ext<K: Key>(
    entry: *const K::C,
    count: u32,
    ids: *const sai_stat_id_t,
    mode: sai_stats_mode_t,
    counters: *mut u64,
) -> sai_status_t {
    call("get_stats_ext", |library| {
        // SAFETY: the client's promises are those of SAI.
        unsafe {
            stats_of(library, &ObjectRef::Entry(key::<K>(entry)?), count, ids, stats_op(mode)?, counters)
        }
    })
}

pub(super) unsafe extern "C" fn clear_stats<K: Key>(
    entry: *const K::C,
    count: u32,
    ids: *const sai_stat_id_t,
) -> sai_status_t {
    call("clear_stats", |library| {
        // SAFETY: the client's promises are those of SAI.
        unsafe {
            let entry = ObjectRef::Entry(key::<K>(entry)?);
            stats_of(library, &entry, count, ids, StatsOp::Clear, std::ptr::null_mut())
        }
    })
}

pub(super) unsafe extern "C" fn bulk_create<K: Key>(
    count: u32,
    entries: *const K::C,
    attr_counts: *const u32,
    attrs: *mut *const sai_attribute_t,
    mode: sai_bulk_op_error_mode_t,
    statuses: *mut sai_status_t,
) -> sai_status_t {
    // SAFETY: the client's promises are those of SAI.
    unsafe {
        bulk::create(
            bulk::Creations::Entries(bulk::Names::entries::<K>(entries)),
            count,
            attr_counts,
            attrs,
            mode,
            statuses,
        )
    }
}

pub(super) unsafe extern "C" fn bulk_remove<K: Key>(
    count: u32,
    entries: *const K::C,
    mode: sai_bulk_op_error_mode_t,
    statuses: *mut sai_status_t,
) -> sai_status_t {
    // SAFETY: the client's promises are those of SAI.
    unsafe { bulk::remove(bulk::Names::entries::<K>(entries), count, mode, statuses) }
}

pub(super) unsafe extern "C" fn bulk_set<K: Key>(
    count: u32,
    entries: *const K::C,
    attrs: *const sai_attribute_t,
    mode: sai_bulk_op_error_mode_t,
    statuses: *mut sai_status_t,
) -> sai_status_t {
    // SAFETY: the client's promises are those of SAI.
    unsafe { bulk::set(bulk::Names::entries::<K>(entries), count, attrs, mode, statuses) }
}

pub(super) unsafe extern "C" fn bulk_get<K: Key>(
    count: u32,
    entries: *const K::C,
    attr_counts: *const u32,
    attrs: *mut *mut sai_attribute_t,
    mode: sai_bulk_op_error_mode_t,
    statuses: *mut sai_status_t,
) -> sai_status_t {
    // SAFETY: the client's promises are those of SAI.
    unsafe { bulk::get(bulk::Names::entries::<K>(entries), count, attr_counts, attrs, mode, statuses) }
}
