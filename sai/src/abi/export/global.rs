//! What is behind the 21 functions that a SAI library exports.

use std::ffi::{CStr, c_char, c_void};
use std::sync::atomic::Ordering;

use sai_sys as sys;
use sys::{
    sai_attr_id_t, sai_attribute_t, sai_object_id_t, sai_object_key_t, sai_stat_id_t, sai_stats_mode_t,
    sai_status_t,
};

use super::notifier::Notifier;
use super::object::{meta_of, stats_op};
use super::{
    LIBRARY, Library, OPENING, Open, Services, array, bulk, call, guard, library, null, some, special, tables,
};
use crate::abi::{CList, Fit, Foreign, Lists, read_attrs, read_key, write_key};
use crate::types::{Api, ObjectType};
use crate::{Answer, Error, ObjectId, ObjectRef, Query, Result, Special, StatsOp, Status};

/// `sai_api_initialize`.
///
/// # Safety
/// `services` is null or a service table whose functions can be called until `uninitialize`.
pub unsafe fn initialize(
    open: Open,
    _flags: u64,
    services: *const sys::sai_service_method_table_t,
) -> sai_status_t {
    guard("sai_api_initialize", || {
        if OPENING.swap(true, Ordering::Acquire) {
            return Err(Error::because(Status::FAILURE, "the library is being initialised"));
        }
        let _until_done = Opening;
        if LIBRARY.read().is_some() {
            return Err(Error::because(Status::FAILURE, "the library is initialised already"));
        }
        let get = match services.is_null() {
            true => None,
            // SAFETY: the caller promises a table.
            false => unsafe { (*services).profile_get_value },
        };
        // A client that goes no further has no log level of its own yet: it is told why in any case.
        let say = |e: &Error| tracing::error!(target: "sai", "the library cannot be opened: {e}");
        let backend = open(&Services { get }).inspect_err(say)?;
        let notifier = Notifier::start(&backend)?;
        *LIBRARY.write() = Some(std::sync::Arc::new(Library { backend, notifier }));
        Ok(())
    })
}

/// Says at its end that the library is no longer being initialised.
struct Opening;

impl Drop for Opening {
    fn drop(&mut self) {
        OPENING.store(false, Ordering::Release);
    }
}

/// `sai_api_uninitialize`: everything is forgotten.
pub fn uninitialize() -> sai_status_t {
    guard("sai_api_uninitialize", || {
        let notifier = library()?.notifier.clone();
        notifier.refuse_within_callback("sai_api_uninitialize")?;
        // While the library is still there, which the client's functions may call; so not under the lock either.
        notifier.drain();
        let library = LIBRARY.write().take();
        library.ok_or(Status::UNINITIALIZED)?.notifier.stop();
        special::forget_packets();
        Ok(())
    })
}

/// `sai_api_query`: a full table for each API, also before `sai_api_initialize`.
///
/// # Safety
/// `table` is null or has room for a pointer.
pub unsafe fn api_query(api: sys::sai_api_t, table: *mut *mut c_void) -> sai_status_t {
    guard("sai_api_query", || {
        if table.is_null() {
            return Err(null("place for the table"));
        }
        let found = tables::table(Api(api.0 as i32));
        // SAFETY: the caller promises room for a pointer.
        unsafe { table.write(found.map_or(std::ptr::null_mut(), <*const c_void>::cast_mut)) };
        match found {
            Some(_) => library().map(|_| ()),
            None => Err(Error::because(Status::INVALID_PARAMETER, format!("{} is no API", api.0))),
        }
    })
}

/// `sai_query_api_version`: the release that the tables are of.
///
/// # Safety
/// `version` is null or has room for a number.
pub unsafe fn query_api_version(version: *mut sys::sai_api_version_t) -> sai_status_t {
    guard("sai_query_api_version", || {
        if version.is_null() {
            return Err(null("place for the version"));
        }
        // SAFETY: as the caller promises.
        unsafe { version.write(sys::SAI_API_VERSION) };
        Ok(())
    })
}

/// `sai_object_type_query`: NULL for an id that could not have been issued.
pub fn object_type_query(id: sai_object_id_t) -> sys::sai_object_type_t {
    let mut found = ObjectType::NULL;
    call("sai_object_type_query", |library| {
        found = library.backend.object_type(ObjectId(id)).unwrap_or(ObjectType::NULL);
        Ok(())
    });
    sys::sai_object_type_t(found.0 as u32)
}

/// `sai_switch_id_query`: null for an id that could not have been issued.
pub fn switch_id_query(id: sai_object_id_t) -> sai_object_id_t {
    let mut found = ObjectId::NULL;
    call("sai_switch_id_query", |library| {
        found = library.backend.switch_of(ObjectId(id)).unwrap_or(ObjectId::NULL);
        Ok(())
    });
    found.0
}

/// `sai_dbg_generate_dump`.
///
/// # Safety
/// `file` is null or a C string.
pub unsafe fn dbg_generate_dump(file: *const c_char) -> sai_status_t {
    call("sai_dbg_generate_dump", |library| {
        if file.is_null() {
            return Err(null("file name"));
        }
        // SAFETY: as the caller promises.
        let file = unsafe { CStr::from_ptr(file) }.to_str().map_err(|_| Status::INVALID_PARAMETER)?;
        library.backend.special(ObjectId::NULL, Special::Dump(file)).map(|_| ())
    })
}

/// Asks the backend what is answered by a number, and writes it.
unsafe fn count<T: Copy>(
    library: &Library,
    switch: sai_object_id_t,
    query: Query<'_>,
    out: *mut T,
    convert: impl Fn(u64) -> T,
) -> Result<()> {
    if out.is_null() {
        return Err(null("place for the count"));
    }
    // SAFETY: the client promises room for a number.
    unsafe { out.write(convert(0)) };
    match library.backend.query(ObjectId(switch), query)? {
        // SAFETY: as above.
        Answer::Count(n) => unsafe { out.write(convert(n)) },
        other => return Err(unfit(&other)),
    }
    Ok(())
}

/// A 32-bit count of what may be more.
fn narrow(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cold]
fn unfit(answer: &Answer) -> Error {
    Error::because(Status::FAILURE, format!("the backend answered {answer:?} to another question"))
}

/// `sai_object_type_get_availability`.
///
/// # Safety
/// As the C function.
pub unsafe fn object_type_get_availability(
    switch: sai_object_id_t,
    ty: sys::sai_object_type_t,
    n: u32,
    attrs: *const sai_attribute_t,
    out: *mut u64,
) -> sai_status_t {
    call("sai_object_type_get_availability", |library| {
        let ty = ObjectType(ty.0 as i32);
        // SAFETY: the client's promises are those of SAI.
        let attrs = unsafe { read_attrs(meta_of(ty)?, n, attrs) }?;
        // SAFETY: as above.
        unsafe { count(library, switch, Query::Availability(ty, &attrs), out, |n| n) }
    })
}

/// `sai_get_maximum_attribute_count`.
///
/// # Safety
/// As the C function.
pub unsafe fn get_maximum_attribute_count(
    switch: sai_object_id_t,
    ty: sys::sai_object_type_t,
    out: *mut u32,
) -> sai_status_t {
    call("sai_get_maximum_attribute_count", |library| {
        let ty = meta_of(ObjectType(ty.0 as i32))?.object_type;
        // SAFETY: the client's promises are those of SAI.
        unsafe { count(library, switch, Query::MaxAttributeCount(ty), out, narrow) }
    })
}

/// `sai_get_object_count`.
///
/// # Safety
/// As the C function.
pub unsafe fn get_object_count(
    switch: sai_object_id_t,
    ty: sys::sai_object_type_t,
    out: *mut u32,
) -> sai_status_t {
    call("sai_get_object_count", |library| {
        let ty = meta_of(ObjectType(ty.0 as i32))?.object_type;
        // SAFETY: the client's promises are those of SAI.
        unsafe { count(library, switch, Query::ObjectCount(ty), out, narrow) }
    })
}

/// Stores a list that a query answers into the client's.
unsafe fn store<T: Foreign>(items: &Vec<T>, list: *mut CList<T::C>) -> Result<()> {
    let mut fit = Fit::default();
    // SAFETY: the client promises a list with the room that its count says.
    unsafe { items.write(list, &mut Lists::Caller(&mut fit)) };
    match fit {
        Fit { invalid: true, .. } => Err(null("list")),
        Fit { overflow: true, .. } => Err(Error::because(Status::BUFFER_OVERFLOW, "the list is too short")),
        _ => Ok(()),
    }
}

/// `sai_get_object_key`.
///
/// # Safety
/// As the C function.
pub unsafe fn get_object_key(
    switch: sai_object_id_t,
    ty: sys::sai_object_type_t,
    n: *mut u32,
    list: *mut sai_object_key_t,
) -> sai_status_t {
    call("sai_get_object_key", |library| {
        if n.is_null() {
            return Err(null("count"));
        }
        // SAFETY: the client promises a count.
        let room = unsafe { n.read() } as usize;
        let ty = meta_of(ObjectType(ty.0 as i32))?.object_type;
        let keys = match library.backend.query(ObjectId(switch), Query::ObjectKeys(ty)) {
            Ok(Answer::ObjectKeys(keys)) => keys,
            Ok(other) => return Err(unfit(&other)),
            Err(e) => {
                // SAFETY: as above.
                unsafe { n.write(0) };
                return Err(e);
            }
        };
        // SAFETY: as above.
        unsafe { n.write(keys.len() as u32) };
        if keys.len() > room {
            return Err(Error::because(Status::BUFFER_OVERFLOW, "the list is too short"));
        }
        if list.is_null() && !keys.is_empty() {
            return Err(null("list"));
        }
        for (i, key) in keys.iter().enumerate() {
            // SAFETY: the client promises the room that it said.
            unsafe { list.add(i).write(write_key(key)) };
        }
        Ok(())
    })
}

/// `sai_bulk_get_attribute`.
///
/// # Safety
/// As the C function.
pub unsafe fn bulk_get_attribute(
    _switch: sai_object_id_t,
    ty: sys::sai_object_type_t,
    n: u32,
    keys: *const sai_object_key_t,
    counts: *mut u32,
    attrs: *mut *mut sai_attribute_t,
    statuses: *mut sai_status_t,
) -> sai_status_t {
    let names = bulk::Names::Keys(ObjectType(ty.0 as i32), keys);
    // SAFETY: the client's promises are those of SAI.
    unsafe { bulk::get(names, n, counts, attrs, sys::SAI_BULK_OP_ERROR_MODE_IGNORE_ERROR, statuses) }
}

/// `sai_query_attribute_capability`.
///
/// # Safety
/// As the C function.
pub unsafe fn query_attribute_capability(
    switch: sai_object_id_t,
    ty: sys::sai_object_type_t,
    attr: sai_attr_id_t,
    out: *mut sys::sai_attr_capability_t,
) -> sai_status_t {
    call("sai_query_attribute_capability", |library| {
        if out.is_null() {
            return Err(null("place for the capability"));
        }
        // SAFETY: the client promises room for the answer.
        unsafe { out.write(sys::sai_attr_capability_t::default()) };
        let query = Query::AttributeCapability(ObjectType(ty.0 as i32), attr);
        match library.backend.query(ObjectId(switch), query)? {
            // SAFETY: as above.
            Answer::AttributeCapability(c) => unsafe {
                out.write(sys::sai_attr_capability_t {
                    create_implemented: c.create,
                    set_implemented: c.set,
                    get_implemented: c.get,
                });
            },
            other => return Err(unfit(&other)),
        }
        Ok(())
    })
}

/// `sai_query_attribute_enum_values_capability`.
///
/// # Safety
/// As the C function.
pub unsafe fn query_attribute_enum_values_capability(
    switch: sai_object_id_t,
    ty: sys::sai_object_type_t,
    attr: sai_attr_id_t,
    out: *mut sys::sai_s32_list_t,
) -> sai_status_t {
    call("sai_query_attribute_enum_values_capability", |library| {
        if out.is_null() {
            return Err(null("list"));
        }
        match library.backend.query(ObjectId(switch), Query::EnumValues(ObjectType(ty.0 as i32), attr))? {
            // SAFETY: the client promises a list.
            Answer::EnumValues(values) => unsafe { store(&values, out.cast()) },
            other => Err(unfit(&other)),
        }
    })
}

super::super::foreign::foreign_structs! {
    Mode = sai_stat_capability_t { stat: stat_enum, modes: stat_modes, }
    StreamMode = sai_stat_st_capability_t { capability: capability, interval: minimal_polling_interval, }
}

/// A statistic and how it can be read.
struct Mode {
    stat: u32,
    modes: u32,
}

/// The same for streaming.
struct StreamMode {
    capability: Mode,
    interval: u64,
}

/// `sai_query_stats_capability`.
///
/// # Safety
/// As the C function.
pub unsafe fn query_stats_capability(
    switch: sai_object_id_t,
    ty: sys::sai_object_type_t,
    out: *mut sys::sai_stat_capability_list_t,
) -> sai_status_t {
    call("sai_query_stats_capability", |library| {
        if out.is_null() {
            return Err(null("list"));
        }
        let query = Query::StatsCapability(ObjectType(ty.0 as i32));
        let Answer::StatsCapability(known) = library.backend.query(ObjectId(switch), query)? else {
            return Err(Status::FAILURE.into());
        };
        let known = known.iter().map(|c| Mode { stat: c.stat, modes: c.modes }).collect();
        // SAFETY: the client promises a list.
        unsafe { store::<Mode>(&known, out.cast()) }
    })
}

/// `sai_query_stats_st_capability`.
///
/// # Safety
/// As the C function.
pub unsafe fn query_stats_st_capability(
    switch: sai_object_id_t,
    ty: sys::sai_object_type_t,
    out: *mut sys::sai_stat_st_capability_list_t,
) -> sai_status_t {
    call("sai_query_stats_st_capability", |library| {
        if out.is_null() {
            return Err(null("list"));
        }
        let query = Query::StatsStCapability(ObjectType(ty.0 as i32));
        let Answer::StatsCapability(known) = library.backend.query(ObjectId(switch), query)? else {
            return Err(Status::FAILURE.into());
        };
        let mode = |c: &crate::StatCapability| StreamMode {
            capability: Mode { stat: c.stat, modes: c.modes },
            interval: c.min_polling_interval,
        };
        let known = known.iter().map(mode).collect();
        // SAFETY: the client promises a list.
        unsafe { store::<StreamMode>(&known, out.cast()) }
    })
}

/// `sai_bulk_object_get_stats` and, without counters, `sai_bulk_object_clear_stats`.
///
/// # Safety
/// As the C functions.
#[allow(clippy::too_many_arguments)]
pub unsafe fn bulk_object_stats(
    ty: sys::sai_object_type_t,
    n: u32,
    keys: *const sai_object_key_t,
    counters_of_each: u32,
    ids: *const sai_stat_id_t,
    mode: sai_stats_mode_t,
    statuses: *mut sai_status_t,
    counters: Option<*mut u64>,
) -> sai_status_t {
    if !statuses.is_null() {
        // SAFETY: the client promises as many statuses.
        (0..n as usize).for_each(|i| unsafe { statuses.add(i).write(Status::NOT_EXECUTED.0) });
    }
    call("bulk stats", |library| {
        some("objects", n)?;
        if statuses.is_null() {
            return Err(null("list of statuses"));
        }
        let ty = meta_of(ObjectType(ty.0 as i32))?.object_type;
        let op = match counters {
            None => StatsOp::Clear,
            Some(out) if out.is_null() => return Err(null("list of counters")),
            Some(_) => stats_op(mode)?,
        };
        some("statistics", counters_of_each)?;
        // SAFETY: the client promises as many keys and ids.
        let (keys, ids) =
            unsafe { (array("list of keys", n, keys)?, array("list of statistics", counters_of_each, ids)?) };
        // SAFETY: a key is read as what an object of the type has.
        let objects: Vec<_> = keys.iter().map(|key| unsafe { read_key(ty, key) }).collect();
        let readable: Vec<ObjectRef> = objects.iter().flatten().cloned().collect();
        let mut rows = vec![0; readable.len() * ids.len()];
        let mut results = library.backend.bulk_stats(&readable, ids, op, &mut rows).into_iter();
        let mut rows = rows.chunks_exact(ids.len());
        let mut failed = None;
        for (i, object) in objects.iter().enumerate() {
            let (row, result) = match object {
                None => (None, Err(super::entry::unreadable(ty))),
                Some(_) => (rows.next(), results.next().unwrap_or(Err(Status::FAILURE.into()))),
            };
            // SAFETY: the client promises as many statuses, and counters of each object.
            unsafe {
                if let Some(out) = counters.filter(|_| op != StatsOp::Clear) {
                    let out = out.add(i * ids.len());
                    match row {
                        Some(row) => out.copy_from_nonoverlapping(row.as_ptr(), ids.len()),
                        None => out.write_bytes(0, ids.len()),
                    }
                }
                statuses.add(i).write(result.as_ref().map_or_else(Error::status, |()| Status::SUCCESS).0);
            }
            if let Err(e) = result {
                failed.get_or_insert((i, e));
            }
        }
        match failed {
            None => Ok(()),
            Some((i, e)) => Err(Error::because(Status::FAILURE, format!("object {i}: {e}"))),
        }
    })
}

/// `sai_query_object_stage`.
///
/// # Safety
/// As the C function.
pub unsafe fn query_object_stage(
    switch: sai_object_id_t,
    ty: sys::sai_object_type_t,
    n: u32,
    attrs: *const sai_attribute_t,
    out: *mut sys::sai_object_stage_t,
) -> sai_status_t {
    call("sai_query_object_stage", |library| {
        if out.is_null() {
            return Err(null("place for the stage"));
        }
        // SAFETY: the client promises room for the answer.
        unsafe { out.write(sys::sai_object_stage_t::default()) };
        let ty = ObjectType(ty.0 as i32);
        // SAFETY: the client's promises are those of SAI.
        let attrs = unsafe { read_attrs(meta_of(ty)?, n, attrs) }?;
        match library.backend.query(ObjectId(switch), Query::ObjectStage(ty, &attrs))? {
            // SAFETY: as above.
            Answer::ObjectStage(stage) => unsafe { out.write(sys::sai_object_stage_t(stage as u32)) },
            other => return Err(unfit(&other)),
        }
        Ok(())
    })
}

/// `sai_tam_telemetry_get_data`: no backend has it.
///
/// # Safety
/// As the C function.
pub unsafe fn tam_telemetry_get_data(size: *mut sys::sai_size_t) -> sai_status_t {
    call("sai_tam_telemetry_get_data", |_| {
        if !size.is_null() {
            // SAFETY: the client promises room for a size.
            unsafe { size.write(0) };
        }
        Err(Error::because(Status::NOT_IMPLEMENTED, "this library has no such function"))
    })
}

/// Defines the 21 functions that a SAI library exports, over the backend that a function opens:
/// `export_library!(open)` with an [`Open`]. A second argument is called by `sai_log_set` with the API and
/// the level.
#[macro_export]
macro_rules! export_library {
    ($open:expr, $log:expr) => {
        mod exported {
            #![allow(missing_docs, clippy::missing_safety_doc)]
            use $crate::abi::export as e;
            use $crate::abi::sys::*;

            $crate::export_library! { @functions
                fn sai_api_initialize(flags: u64, services: *const sai_service_method_table_t) =>
                    e::initialize($open, flags, services);
                fn sai_api_uninitialize() => e::uninitialize();
                fn sai_api_query(api: sai_api_t, table: *mut *mut std::ffi::c_void) => e::api_query(api, table);
                fn sai_query_api_version(version: *mut sai_api_version_t) => e::query_api_version(version);
                fn sai_log_set(api: sai_api_t, level: sai_log_level_t) => $log(api, level);
                fn sai_dbg_generate_dump(file: *const std::ffi::c_char) => e::dbg_generate_dump(file);
                fn sai_object_type_get_availability(switch: sai_object_id_t, ty: sai_object_type_t, n: u32,
                    attrs: *const sai_attribute_t, count: *mut u64) =>
                    e::object_type_get_availability(switch, ty, n, attrs, count);
                fn sai_get_maximum_attribute_count(switch: sai_object_id_t, ty: sai_object_type_t,
                    count: *mut u32) => e::get_maximum_attribute_count(switch, ty, count);
                fn sai_get_object_count(switch: sai_object_id_t, ty: sai_object_type_t, count: *mut u32) =>
                    e::get_object_count(switch, ty, count);
                fn sai_get_object_key(switch: sai_object_id_t, ty: sai_object_type_t, n: *mut u32,
                    list: *mut sai_object_key_t) => e::get_object_key(switch, ty, n, list);
                fn sai_bulk_get_attribute(switch: sai_object_id_t, ty: sai_object_type_t, n: u32,
                    keys: *const sai_object_key_t, counts: *mut u32, attrs: *mut *mut sai_attribute_t,
                    statuses: *mut sai_status_t) =>
                    e::bulk_get_attribute(switch, ty, n, keys, counts, attrs, statuses);
                fn sai_query_attribute_capability(switch: sai_object_id_t, ty: sai_object_type_t,
                    attr: sai_attr_id_t, out: *mut sai_attr_capability_t) =>
                    e::query_attribute_capability(switch, ty, attr, out);
                fn sai_query_attribute_enum_values_capability(switch: sai_object_id_t, ty: sai_object_type_t,
                    attr: sai_attr_id_t, out: *mut sai_s32_list_t) =>
                    e::query_attribute_enum_values_capability(switch, ty, attr, out);
                fn sai_query_stats_capability(switch: sai_object_id_t, ty: sai_object_type_t,
                    out: *mut sai_stat_capability_list_t) => e::query_stats_capability(switch, ty, out);
                fn sai_query_stats_st_capability(switch: sai_object_id_t, ty: sai_object_type_t,
                    out: *mut sai_stat_st_capability_list_t) => e::query_stats_st_capability(switch, ty, out);
                fn sai_bulk_object_get_stats(_switch: sai_object_id_t, ty: sai_object_type_t, n: u32,
                    keys: *const sai_object_key_t, each: u32, ids: *const sai_stat_id_t,
                    mode: sai_stats_mode_t, statuses: *mut sai_status_t, counters: *mut u64) =>
                    e::bulk_object_stats(ty, n, keys, each, ids, mode, statuses, Some(counters));
                fn sai_bulk_object_clear_stats(_switch: sai_object_id_t, ty: sai_object_type_t, n: u32,
                    keys: *const sai_object_key_t, each: u32, ids: *const sai_stat_id_t,
                    mode: sai_stats_mode_t, statuses: *mut sai_status_t) =>
                    e::bulk_object_stats(ty, n, keys, each, ids, mode, statuses, None);
                fn sai_query_object_stage(switch: sai_object_id_t, ty: sai_object_type_t, n: u32,
                    attrs: *const sai_attribute_t, stage: *mut sai_object_stage_t) =>
                    e::query_object_stage(switch, ty, n, attrs, stage);
                fn sai_tam_telemetry_get_data(_switch: sai_object_id_t, _list: sai_object_list_t, _clear: u8,
                    size: *mut sai_size_t, _buffer: *mut std::ffi::c_void) => e::tam_telemetry_get_data(size);
            }

            /// `sai_object_type_query`.
            #[unsafe(no_mangle)]
            pub extern "C" fn sai_object_type_query(id: sai_object_id_t) -> sai_object_type_t {
                e::object_type_query(id)
            }

            /// `sai_switch_id_query`.
            #[unsafe(no_mangle)]
            pub extern "C" fn sai_switch_id_query(id: sai_object_id_t) -> sai_object_id_t {
                e::switch_id_query(id)
            }
        }
    };
    ($open:expr) => {
        $crate::export_library!($open, |_, _| 0);
    };
    (@functions $(fn $name:ident($($arg:ident: $ty:ty),*) => $body:expr;)*) => {$(
        #[unsafe(no_mangle)]
        #[allow(unused_unsafe)]
        pub unsafe extern "C" fn $name($($arg: $ty),*) -> sai_status_t {
            // SAFETY: the client's promises are those of SAI.
            unsafe { $body }
        }
    )*};
}
