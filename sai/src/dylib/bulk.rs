//! Bulk calls, where the library has them; one call an object where it has not.

use std::ffi::c_void;

use sai_sys as sys;
use sys::sai_attribute_t;

use super::Dylib;
use super::calls::{c_call, meta_of, verb};
use crate::abi::{Arena, entry_size, write_entry, write_key};
use crate::types::ObjectType;
use crate::{
    AttrEntry, Backend, Bulk, BulkErrorMode, Entry, ObjectId, ObjectRef, Result, StatId, StatsOp, Status,
    Target, bulk_by_singles, bulk_stats_by_singles, each_row,
};

/// The keys of entries one after another, as a C array.
fn c_entries<'a>(ty: ObjectType, entries: impl ExactSizeIterator<Item = &'a Entry>) -> Option<Vec<u64>> {
    let size = entry_size(ty)?;
    let mut array = vec![0u64; (size * entries.len()).div_ceil(8)];
    for (i, entry) in entries.enumerate() {
        if entry.object_type() != ty {
            return None;
        }
        // SAFETY: the array has room for as many; C structs of entries are aligned to 8 bytes and so sized.
        unsafe { write_entry(entry, array.as_mut_ptr().cast::<u8>().add(i * size).cast()) };
    }
    Some(array)
}

/// The ids, or the keys, of the objects of a call, as a C array; `None` unless all are of one type.
fn c_names<'a>(
    ty: ObjectType,
    objects: impl ExactSizeIterator<Item = &'a ObjectRef> + Clone,
) -> Option<Vec<u64>> {
    if entry_size(ty).is_some() {
        let entries: Option<Vec<_>> = objects.map(ObjectRef::entry).collect();
        return c_entries(ty, entries?.into_iter());
    }
    objects.map(|o| o.oid().filter(|_| o.object_type() == ty).map(|id| id.0)).collect()
}

impl Dylib {
    pub(super) fn do_bulk(&self, mut call: Bulk<'_, '_>, mode: BulkErrorMode) -> Vec<Result<ObjectId>> {
        if let Some(results) = self.bulk_call(&mut call, mode) {
            return results;
        }
        bulk_by_singles(self, call, mode)
    }

    /// The library's own bulk call; `None` where it has none, and nothing has been done.
    fn bulk_call(&self, call: &mut Bulk<'_, '_>, mode: BulkErrorMode) -> Option<Vec<Result<ObjectId>>> {
        let n = u32::try_from(call.len()).ok().filter(|n| *n > 0)?;
        let mode = match mode {
            BulkErrorMode::StopOnError => sys::SAI_BULK_OP_ERROR_MODE_STOP_ON_ERROR.0,
            BulkErrorMode::IgnoreError => sys::SAI_BULK_OP_ERROR_MODE_IGNORE_ERROR.0,
        };
        let mut ids = vec![0u64; n as usize];
        let mut statuses = vec![Status::NOT_EXECUTED.0; n as usize];
        let out = statuses.as_mut_ptr();
        let mut arena = Arena::new();
        let status = match call {
            Bulk::Create { switch, items } => {
                let ty = items[0].target.object_type();
                let object = meta_of(ty).ok()?;
                let f = self.tables.verb(object, verb::BULK_CREATE).ok()?;
                let lists: Vec<Vec<sai_attribute_t>> = items
                    .iter()
                    .map(|i| self.c_attrs(object, i.attrs, &mut arena).ok())
                    .collect::<Option<_>>()?;
                let counts: Vec<u32> = lists.iter().map(|l| l.len() as u32).collect();
                let mut attrs: Vec<_> = lists.iter().map(|l| l.as_ptr()).collect();
                let (counts, attrs) = (counts.as_ptr(), attrs.as_mut_ptr());
                if entry_size(ty).is_some() {
                    let entries: Option<Vec<_>> = items
                        .iter()
                        .map(|i| match i.target {
                            Target::Entry(e) => Some(e),
                            Target::Object(_) => None,
                        })
                        .collect();
                    let array = c_entries(ty, entries?.into_iter())?;
                    self.call(|| {
                        c_call!(f; n => u32, array.as_ptr().cast() => *const c_void, counts => *const u32,
                            attrs => *mut *const sai_attribute_t, mode => u32, out => *mut i32)
                    })
                } else {
                    if items.iter().any(|i| i.target.object_type() != ty) {
                        return None;
                    }
                    self.call(|| {
                        c_call!(f; switch.0 => u64, n => u32, counts => *const u32,
                            attrs => *mut *const sai_attribute_t, mode => u32, ids.as_mut_ptr() => *mut u64,
                            out => *mut i32)
                    })
                }
            }
            Bulk::Remove(objects) => {
                let ty = objects[0].object_type();
                let f = self.tables.verb(meta_of(ty).ok()?, verb::BULK_REMOVE).ok()?;
                let names = c_names(ty, objects.iter())?;
                self.call(|| {
                    c_call!(f; n => u32, names.as_ptr().cast() => *const c_void, mode => u32, out => *mut i32)
                })
            }
            Bulk::Set(items) => {
                let ty = items[0].object.object_type();
                let object = meta_of(ty).ok()?;
                let f = self.tables.verb(object, verb::BULK_SET).ok()?;
                let refs: Vec<&ObjectRef> = items.iter().map(|i| i.object).collect();
                let names = c_names(ty, refs.into_iter())?;
                let attrs: Vec<AttrEntry> = items.iter().map(|i| i.attr.clone()).collect();
                let list = self.c_attrs(object, &attrs, &mut arena).ok()?;
                self.call(|| {
                    c_call!(f; n => u32, names.as_ptr().cast() => *const c_void,
                        list.as_ptr() => *const sai_attribute_t, mode => u32, out => *mut i32)
                })
            }
            // Lists that are too short are asked for again one object at a time.
            Bulk::Get(_) => return None,
        };
        if Status(status).is_unsupported() && statuses.iter().all(|s| *s == Status::NOT_EXECUTED.0) {
            return None;
        }
        Some(statuses.iter().zip(ids).map(|(s, id)| Status(*s).ok().map(|()| ObjectId(id))).collect())
    }

    pub(super) fn do_bulk_stats(
        &self,
        objects: &[ObjectRef],
        stats: &[StatId],
        op: StatsOp,
        out: &mut [u64],
    ) -> Vec<Result<()>> {
        match self.bulk_stats_call(objects, stats, op, out) {
            Some(statuses) => {
                let mut statuses = statuses.into_iter();
                each_row(objects, stats, op, out, |_, _| statuses.next().unwrap_or(Status::FAILURE).ok())
            }
            None => bulk_stats_by_singles(self, objects, stats, op, out),
        }
    }

    /// The library's own bulk call of statistics; `None` where it has none, or not for these, and nothing
    /// has been done.
    fn bulk_stats_call(
        &self,
        objects: &[ObjectRef],
        stats: &[StatId],
        op: StatsOp,
        out: &mut [u64],
    ) -> Option<Vec<Status>> {
        let ty = objects.first()?.object_type();
        let meta = meta_of(ty).ok()?;
        let alike = objects.iter().all(|o| o.object_type() == ty);
        let known = stats.iter().all(|s| meta.stat(*s).is_none_or(|s| s.since <= self.release));
        let (n, width) = (u32::try_from(objects.len()).ok()?, u32::try_from(stats.len()).ok()?);
        let room = op == StatsOp::Clear || out.len() == objects.len() * stats.len();
        if !alike || !known || !room {
            return None;
        }
        let home = |o: &ObjectRef| match o {
            ObjectRef::Object(_, id) => self.switch_of(*id),
            ObjectRef::Entry(entry) => Some(entry.switch_id()),
        };
        let switch = objects.iter().find_map(home)?;
        let keys: Vec<sys::sai_object_key_t> = objects.iter().map(write_key).collect();
        let mut statuses = vec![Status::NOT_EXECUTED.0; objects.len()];
        let (keys, ids, answers) = (keys.as_ptr(), stats.as_ptr(), statuses.as_mut_ptr());
        let ty = sys::sai_object_type_t(ty.0 as u32);
        type Get = unsafe extern "C" fn(
            u64,
            sys::sai_object_type_t,
            u32,
            *const sys::sai_object_key_t,
            u32,
            *const u32,
            u32,
            *mut i32,
            *mut u64,
        ) -> i32;
        type Clear = unsafe extern "C" fn(
            u64,
            sys::sai_object_type_t,
            u32,
            *const sys::sai_object_key_t,
            u32,
            *const u32,
            u32,
            *mut i32,
        ) -> i32;
        // SAFETY: each type is that of the function of the name; there are as many keys, ids, statuses and
        // counters as the call says.
        let status = unsafe {
            match op {
                StatsOp::Clear => {
                    let f: Clear = self.function("sai_bulk_object_clear_stats", 12).ok()?;
                    let mode = sys::SAI_STATS_MODE_BULK_CLEAR.0;
                    self.call(|| f(switch.0, ty, n, keys, width, ids, mode, answers))
                }
                _ => {
                    let f: Get = self.function("sai_bulk_object_get_stats", 12).ok()?;
                    let mode = match op {
                        StatsOp::Read => sys::SAI_STATS_MODE_BULK_READ.0,
                        _ => sys::SAI_STATS_MODE_BULK_READ_AND_CLEAR.0,
                    };
                    self.call(|| f(switch.0, ty, n, keys, width, ids, mode, answers, out.as_mut_ptr()))
                }
            }
        };
        match Status(status) {
            Status::NOT_IMPLEMENTED | Status::NOT_SUPPORTED => None,
            // The statuses need not be written then.
            Status::SUCCESS => Some(vec![Status::SUCCESS; objects.len()]),
            failed => {
                let one = |s: i32| Some(Status(s)).filter(|s| *s != Status::NOT_EXECUTED).unwrap_or(failed);
                Some(statuses.into_iter().map(one).collect())
            }
        }
    }
}
