//! The exported functions, and the backend over all.

use std::ffi::CString;
use std::sync::Arc;

use sai_sys as sys;

use super::calls::meta_of;
use super::{Dylib, check};
use crate::abi::{Arena, read_key};
use crate::notify::NotificationSink;
use crate::types::ObjectType;
use crate::{
    Answer, AttrCapability, AttrEntry, Backend, Bulk, BulkErrorMode, Error, Info, ObjectId, ObjectRef, Query,
    Result, Special, SpecialAnswer, StatCapability, StatId, StatsOp, Status, Target,
};

/// How many elements a list is first asked for.
const FIRST_ROOM: u32 = 64;
/// How often a list is asked for again.
const TRIES: usize = 4;

/// Asks for a list, again while the library says that it is longer.
fn list<T: Copy + Default>(mut ask: impl FnMut(&mut u32, *mut T) -> i32) -> Result<Vec<T>> {
    let mut room = FIRST_ROOM;
    for _ in 0..TRIES {
        let mut items = vec![T::default(); room as usize];
        let mut count = room;
        match Status(ask(&mut count, items.as_mut_ptr())) {
            Status::BUFFER_OVERFLOW if count > room => room = count,
            status => {
                status.ok()?;
                items.truncate(count.min(room) as usize);
                return Ok(items);
            }
        }
    }
    Err(Error::because(Status::BUFFER_OVERFLOW, "the library's list grows faster than it is asked for"))
}

type Ty = sys::sai_object_type_t;

fn c_type(ty: ObjectType) -> Ty {
    sys::sai_object_type_t(ty.0 as u32)
}

impl Dylib {
    pub(super) fn dump(&self, file: &str) -> Result<()> {
        let file = CString::new(file).map_err(|_| Status::INVALID_PARAMETER)?;
        // SAFETY: this is the function's type; the text lives through the call.
        unsafe {
            let f: unsafe extern "C" fn(*const std::ffi::c_char) -> i32 =
                self.function("sai_dbg_generate_dump", 12)?;
            check(self.call(|| f(file.as_ptr())))
        }
    }

    fn do_query(&self, switch: ObjectId, query: Query<'_>) -> Result<Answer> {
        let sw = switch.0;
        let mut arena = Arena::new();
        // SAFETY: each type is that of the function of the name; there is room for every answer.
        unsafe {
            match query {
                Query::AttributeCapability(ty, id) => {
                    self.attr(meta_of(ty)?, 0, id)?;
                    type F = unsafe extern "C" fn(u64, Ty, u32, *mut [u8; 3]) -> i32;
                    let f: F = self.function("sai_query_attribute_capability", 12)?;
                    let mut c = [0u8; 3];
                    check(self.call(|| f(sw, c_type(ty), id, &mut c)))?;
                    let [create, set, get] = c.map(|b| b != 0);
                    Ok(Answer::AttributeCapability(AttrCapability { create, set, get }))
                }
                Query::EnumValues(ty, id) => {
                    self.attr(meta_of(ty)?, 0, id)?;
                    type F = unsafe extern "C" fn(u64, Ty, u32, *mut sys::sai_s32_list_t) -> i32;
                    let f: F = self.function("sai_query_attribute_enum_values_capability", 12)?;
                    list(|count, items| {
                        let mut c = sys::sai_s32_list_t { count: *count, list: items };
                        let status = self.call(|| f(sw, c_type(ty), id, &mut c));
                        *count = c.count;
                        status
                    })
                    .map(Answer::EnumValues)
                }
                Query::StatsCapability(ty) => {
                    type F = unsafe extern "C" fn(u64, Ty, *mut sys::sai_stat_capability_list_t) -> i32;
                    let f: F = self.function("sai_query_stats_capability", 12)?;
                    let known = list(|count, items| {
                        let mut c = sys::sai_stat_capability_list_t { count: *count, list: items };
                        let status = self.call(|| f(sw, c_type(ty), &mut c));
                        *count = c.count;
                        status
                    })?;
                    let mode = |c: sys::sai_stat_capability_t| StatCapability {
                        stat: c.stat_enum,
                        modes: c.stat_modes,
                        min_polling_interval: 0,
                    };
                    Ok(Answer::StatsCapability(known.into_iter().map(mode).collect()))
                }
                Query::StatsStCapability(ty) => {
                    type F = unsafe extern "C" fn(u64, Ty, *mut sys::sai_stat_st_capability_list_t) -> i32;
                    let f: F = self.function("sai_query_stats_st_capability", 15)?;
                    let known = list(|count, items| {
                        let mut c = sys::sai_stat_st_capability_list_t { count: *count, list: items };
                        let status = self.call(|| f(sw, c_type(ty), &mut c));
                        *count = c.count;
                        status
                    })?;
                    let mode = |c: sys::sai_stat_st_capability_t| StatCapability {
                        stat: c.capability.stat_enum,
                        modes: c.capability.stat_modes,
                        min_polling_interval: c.minimal_polling_interval,
                    };
                    Ok(Answer::StatsCapability(known.into_iter().map(mode).collect()))
                }
                Query::Availability(ty, attrs) => {
                    let attrs = self.c_attrs(meta_of(ty)?, attrs, &mut arena)?;
                    type F = unsafe extern "C" fn(u64, Ty, u32, *const sys::sai_attribute_t, *mut u64) -> i32;
                    let f: F = self.function("sai_object_type_get_availability", 12)?;
                    let mut n = 0;
                    check(self.call(|| f(sw, c_type(ty), attrs.len() as u32, attrs.as_ptr(), &mut n)))?;
                    Ok(Answer::Count(n))
                }
                Query::ObjectCount(ty) => self.count("sai_get_object_count", switch, ty),
                Query::MaxAttributeCount(ty) => self.count("sai_get_maximum_attribute_count", switch, ty),
                Query::ObjectKeys(ty) => {
                    type F = unsafe extern "C" fn(u64, Ty, *mut u32, *mut sys::sai_object_key_t) -> i32;
                    let f: F = self.function("sai_get_object_key", 12)?;
                    let keys = list(|count, items| self.call(|| f(sw, c_type(ty), count, items)))?;
                    let read = |k: &sys::sai_object_key_t| read_key(ty, k).ok_or(Error::new(Status::FAILURE));
                    keys.iter().map(read).collect::<Result<_>>().map(Answer::ObjectKeys)
                }
                Query::ObjectStage(ty, attrs) => {
                    let attrs = self.c_attrs(meta_of(ty)?, attrs, &mut arena)?;
                    type F = unsafe extern "C" fn(u64, Ty, u32, *const sys::sai_attribute_t, *mut i32) -> i32;
                    let f: F = self.function("sai_query_object_stage", 12)?;
                    let mut stage = 0;
                    check(self.call(|| f(sw, c_type(ty), attrs.len() as u32, attrs.as_ptr(), &mut stage)))?;
                    Ok(Answer::ObjectStage(stage))
                }
            }
        }
    }

    /// A question that a 32-bit number answers.
    fn count(&self, name: &str, switch: ObjectId, ty: ObjectType) -> Result<Answer> {
        let mut n = 0;
        // SAFETY: both functions that come here have this type.
        unsafe {
            let f: unsafe extern "C" fn(u64, Ty, *mut u32) -> i32 = self.function(name, 12)?;
            check(self.call(|| f(switch.0, c_type(ty), &mut n)))?;
        }
        Ok(Answer::Count(n.into()))
    }
}

impl Backend for Dylib {
    fn info(&self) -> Info {
        Info { name: self.path.display().to_string(), api_version: self.version }
    }

    fn create(&self, switch: ObjectId, target: Target<'_>, attrs: &[AttrEntry]) -> Result<ObjectId> {
        self.do_create(switch, target, attrs)
    }

    fn remove(&self, object: &ObjectRef) -> Result<()> {
        self.do_remove(object)
    }

    fn set(&self, object: &ObjectRef, attr: &AttrEntry) -> Result<()> {
        self.do_set(object, attr)
    }

    fn get(&self, object: &ObjectRef, attrs: &mut [AttrEntry]) -> Result<()> {
        self.do_get(object, attrs)
    }

    fn bulk(&self, call: Bulk<'_, '_>, mode: BulkErrorMode) -> Vec<Result<ObjectId>> {
        self.do_bulk(call, mode)
    }

    fn stats(&self, object: &ObjectRef, stats: &[StatId], op: StatsOp, out: &mut [u64]) -> Result<()> {
        self.do_stats(object, stats, op, out)
    }

    fn bulk_stats(
        &self,
        objects: &[ObjectRef],
        stats: &[StatId],
        op: StatsOp,
        out: &mut [u64],
    ) -> Vec<Result<()>> {
        self.do_bulk_stats(objects, stats, op, out)
    }

    fn query(&self, switch: ObjectId, query: Query<'_>) -> Result<Answer> {
        self.do_query(switch, query)
    }

    fn object_type(&self, id: ObjectId) -> Option<ObjectType> {
        // SAFETY: this is the function's type.
        let f: unsafe extern "C" fn(u64) -> i32 =
            unsafe { self.function("sai_object_type_query", 12) }.ok()?;
        // SAFETY: any number may be asked about.
        Some(ObjectType(self.call(|| unsafe { f(id.0) }))).filter(|t| *t != ObjectType::NULL)
    }

    fn switch_of(&self, id: ObjectId) -> Option<ObjectId> {
        // SAFETY: this is the function's type.
        let f: unsafe extern "C" fn(u64) -> u64 = unsafe { self.function("sai_switch_id_query", 12) }.ok()?;
        // SAFETY: any number may be asked about.
        Some(ObjectId(self.call(|| unsafe { f(id.0) }))).filter(|id| !id.is_null())
    }

    fn special(&self, switch: ObjectId, call: Special<'_>) -> Result<SpecialAnswer> {
        self.do_special(switch, call)
    }

    fn subscribe(&self, sink: Arc<dyn NotificationSink>) {
        self.queue.subscribe(sink);
    }
}
