//! The slots of objects that have an id, and the verbs behind all slots. A slot is a function of its own
//! for each object type, one call long.

use std::ffi::c_uint;

use sai_sys as sys;
use sys::{
    sai_attribute_t, sai_bulk_op_error_mode_t, sai_object_id_t, sai_stat_id_t, sai_stats_mode_t, sai_status_t,
};

use super::{Library, array, bulk, call, null, some};
use crate::abi::{Attrs, read_attrs, store_attr};
use crate::meta::{self, ObjectMeta};
use crate::types::ObjectType;
use crate::{AttrEntry, Error, ObjectId, ObjectRef, Result, StatsOp, Status, Target};

/// The metadata of an object type that has a slot.
pub(super) fn meta_of(ty: ObjectType) -> Result<&'static ObjectMeta> {
    meta::object(ty)
        .ok_or_else(|| Error::because(Status::INVALID_OBJECT_TYPE, format!("{ty} is no object type")))
}

/// Creates an object and writes its id: null on failure.
pub(super) unsafe fn create_object(
    ty: ObjectType,
    id: *mut sai_object_id_t,
    switch: ObjectId,
    count: u32,
    attrs: *const sai_attribute_t,
) -> sai_status_t {
    if !id.is_null() {
        // SAFETY: the client promises room for an id.
        unsafe { id.write(0) };
    }
    call("create", |library| {
        if id.is_null() {
            return Err(null("place for the object id"));
        }
        // SAFETY: the client promises as many attributes.
        let attrs = unsafe { read_attrs(meta_of(ty)?, count, attrs) }?;
        let new = if ty == ObjectType::SWITCH {
            library.create_switch(&attrs)?
        } else {
            library.backend.create(switch, Target::Object(ty), &attrs)?
        };
        // SAFETY: as above.
        unsafe { id.write(new.0) };
        Ok(())
    })
}

/// Removes an object or entry.
pub(super) fn remove_ref(library: &Library, object: &ObjectRef) -> Result<()> {
    match object {
        ObjectRef::Object(ObjectType::SWITCH, id) => library.remove_switch(*id),
        _ => library.backend.remove(object),
    }
}

/// Sets an attribute of an object or entry.
pub(super) unsafe fn set_ref(
    library: &Library,
    object: &ObjectRef,
    attr: *const sai_attribute_t,
) -> Result<()> {
    if attr.is_null() {
        return Err(null("attribute"));
    }
    let meta = meta_of(object.object_type())?;
    // SAFETY: the client promises an attribute.
    let attr = unsafe { crate::abi::read_attr(meta, attr) }.map_err(|fault| fault.at(0))?;
    library.backend.set(object, &attr)?;
    if let ObjectRef::Object(ObjectType::SWITCH, id) = object {
        library.notifier.take_callbacks(*id, std::slice::from_ref(&attr));
    }
    Ok(())
}

/// The attributes that a client asks for.
pub(super) fn asked(meta: &ObjectMeta, attrs: &[sai_attribute_t], out: &mut Attrs) -> Result<()> {
    for (n, c) in attrs.iter().enumerate() {
        if meta.attr(c.id).is_none() {
            return Err(crate::abi::AttrFault::Unknown(c.id).at(n));
        }
        out.push(AttrEntry::ask(c.id));
    }
    Ok(())
}

/// Stores answers into a client's attributes. Those that fit are filled even if others do not.
///
/// # Safety
/// `c` has as many attributes as there are answers, their lists as much room as their counts say.
pub(super) unsafe fn answer(meta: &ObjectMeta, answers: &[AttrEntry], c: *mut sai_attribute_t) -> Result<()> {
    let mut short = None;
    let mut invalid = None;
    for (n, a) in answers.iter().enumerate() {
        let attr = meta.attr(a.id).ok_or(Status::FAILURE)?;
        // SAFETY: as the caller promises.
        let fit = unsafe { store_attr(attr, a, c.add(n)) }?;
        if fit.overflow {
            short.get_or_insert(attr.name);
        }
        if fit.invalid {
            invalid.get_or_insert((n, attr.name));
        }
    }
    if let Some((n, name)) = invalid {
        let status = Status::INVALID_ATTR_VALUE_0.nth(n);
        return Err(Error::because(status, "the list has a count and a null pointer").on_attr(name));
    }
    match short {
        None => Ok(()),
        Some(name) => Err(Error::because(Status::BUFFER_OVERFLOW, "the list is too short").on_attr(name)),
    }
}

/// Reads attributes of an object or entry.
pub(super) unsafe fn get_ref(
    library: &Library,
    object: &ObjectRef,
    count: u32,
    attrs: *mut sai_attribute_t,
) -> Result<()> {
    some("attributes", count)?;
    let meta = meta_of(object.object_type())?;
    let mut asks = Attrs::new();
    // SAFETY: the client promises as many attributes; the borrow ends before they are written.
    asked(meta, unsafe { array("attribute list", count, attrs.cast_const()) }?, &mut asks)?;
    library.backend.get(object, &mut asks)?;
    // SAFETY: as above.
    unsafe { answer(meta, &asks, attrs) }
}

/// What to do for a mode of reading statistics.
pub(super) fn stats_op(mode: sai_stats_mode_t) -> Result<StatsOp> {
    const READ: c_uint = sys::SAI_STATS_MODE_READ.0 | sys::SAI_STATS_MODE_BULK_READ.0;
    const CLEAR: c_uint = sys::SAI_STATS_MODE_READ_AND_CLEAR.0 | sys::SAI_STATS_MODE_BULK_READ_AND_CLEAR.0;
    match mode.0 {
        m if m & !(READ | CLEAR | sys::SAI_STATS_MODE_BULK_CLEAR.0) != 0 || m == 0 => {
            Err(Error::because(Status::INVALID_PARAMETER, format!("{m:#x} is no mode of reading statistics")))
        }
        m if m & CLEAR != 0 => Ok(StatsOp::ReadAndClear),
        m if m & READ != 0 => Ok(StatsOp::Read),
        _ => Ok(StatsOp::Clear),
    }
}

/// Reads or clears statistics. `counters` is null when they are to be cleared alone.
pub(super) unsafe fn stats_of(
    library: &Library,
    object: &ObjectRef,
    count: u32,
    ids: *const sai_stat_id_t,
    op: StatsOp,
    counters: *mut u64,
) -> Result<()> {
    some("statistics", count)?;
    // SAFETY: the client promises as many ids.
    let ids = unsafe { array("list of statistics", count, ids) }?;
    if op == StatsOp::Clear {
        let mut none = vec![0; ids.len()];
        return library.backend.stats(object, ids, op, &mut none);
    }
    if counters.is_null() {
        return Err(null("list of counters"));
    }
    // SAFETY: the client promises as many counters; they are made zero, and so initialised, first.
    let out = unsafe {
        counters.write_bytes(0, ids.len());
        std::slice::from_raw_parts_mut(counters, ids.len())
    };
    library.backend.stats(object, ids, op, out)
}

const fn object<const T: i32>(id: sai_object_id_t) -> ObjectRef {
    ObjectRef::Object(ObjectType(T), ObjectId(id))
}

pub(super) unsafe extern "C" fn create<const T: i32>(
    id: *mut sai_object_id_t,
    switch: sai_object_id_t,
    count: u32,
    attrs: *const sai_attribute_t,
) -> sai_status_t {
    // SAFETY: the client's promises are those of SAI.
    unsafe { create_object(ObjectType(T), id, ObjectId(switch), count, attrs) }
}

pub(super) unsafe extern "C" fn remove<const T: i32>(id: sai_object_id_t) -> sai_status_t {
    call("remove", |library| remove_ref(library, &object::<T>(id)))
}

pub(super) unsafe extern "C" fn set<const T: i32>(
    id: sai_object_id_t,
    attr: *const sai_attribute_t,
) -> sai_status_t {
    // SAFETY: the client's promises are those of SAI.
    call("set", |library| unsafe { set_ref(library, &object::<T>(id), attr) })
}

pub(super) unsafe extern "C" fn get<const T: i32>(
    id: sai_object_id_t,
    count: u32,
    attrs: *mut sai_attribute_t,
) -> sai_status_t {
    // SAFETY: the client's promises are those of SAI.
    call("get", |library| unsafe { get_ref(library, &object::<T>(id), count, attrs) })
}

pub(super) unsafe extern "C" fn get_stats<const T: i32>(
    id: sai_object_id_t,
    count: u32,
    ids: *const sai_stat_id_t,
    counters: *mut u64,
) -> sai_status_t {
    call("get_stats", |library| {
        // SAFETY: the client's promises are those of SAI.
        unsafe { stats_of(library, &object::<T>(id), count, ids, StatsOp::Read, counters) }
    })
}

pub(super) unsafe extern "C" fn get_stats_ext<const T: i32>(
    id: sai_object_id_t,
    count: u32,
    ids: *const sai_stat_id_t,
    mode: sai_stats_mode_t,
    counters: *mut u64,
) -> sai_status_t {
    call("get_stats_ext", |library| {
        // SAFETY: the client's promises are those of SAI.
        unsafe { stats_of(library, &object::<T>(id), count, ids, stats_op(mode)?, counters) }
    })
}

pub(super) unsafe extern "C" fn clear_stats<const T: i32>(
    id: sai_object_id_t,
    count: u32,
    ids: *const sai_stat_id_t,
) -> sai_status_t {
    call("clear_stats", |library| {
        // SAFETY: the client's promises are those of SAI.
        unsafe { stats_of(library, &object::<T>(id), count, ids, StatsOp::Clear, std::ptr::null_mut()) }
    })
}

pub(super) unsafe extern "C" fn bulk_create<const T: i32>(
    switch: sai_object_id_t,
    count: u32,
    attr_counts: *const u32,
    attrs: *mut *const sai_attribute_t,
    mode: sai_bulk_op_error_mode_t,
    ids: *mut sai_object_id_t,
    statuses: *mut sai_status_t,
) -> sai_status_t {
    let what = bulk::Creations::Objects(ObjectType(T), ObjectId(switch), ids);
    // SAFETY: the client's promises are those of SAI.
    unsafe { bulk::create(what, count, attr_counts, attrs, mode, statuses) }
}

pub(super) unsafe extern "C" fn bulk_remove<const T: i32>(
    count: u32,
    ids: *const sai_object_id_t,
    mode: sai_bulk_op_error_mode_t,
    statuses: *mut sai_status_t,
) -> sai_status_t {
    // SAFETY: the client's promises are those of SAI.
    unsafe { bulk::remove(bulk::Names::Ids(ObjectType(T), ids), count, mode, statuses) }
}

pub(super) unsafe extern "C" fn bulk_set<const T: i32>(
    count: u32,
    ids: *const sai_object_id_t,
    attrs: *const sai_attribute_t,
    mode: sai_bulk_op_error_mode_t,
    statuses: *mut sai_status_t,
) -> sai_status_t {
    // SAFETY: the client's promises are those of SAI.
    unsafe { bulk::set(bulk::Names::Ids(ObjectType(T), ids), count, attrs, mode, statuses) }
}

pub(super) unsafe extern "C" fn bulk_get<const T: i32>(
    count: u32,
    ids: *const sai_object_id_t,
    attr_counts: *const u32,
    attrs: *mut *mut sai_attribute_t,
    mode: sai_bulk_op_error_mode_t,
    statuses: *mut sai_status_t,
) -> sai_status_t {
    // SAFETY: the client's promises are those of SAI.
    unsafe { bulk::get(bulk::Names::Ids(ObjectType(T), ids), count, attr_counts, attrs, mode, statuses) }
}
