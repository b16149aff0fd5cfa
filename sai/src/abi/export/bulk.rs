//! Bulk calls. Each object has its status on every path: what C handed over for one may have no meaning,
//! and then the backend sees the others alone.

use std::ffi::c_void;

use sai_sys as sys;
use sys::{sai_attribute_t, sai_bulk_op_error_mode_t, sai_object_id_t, sai_object_key_t, sai_status_t};

use super::object::{answer, asked, meta_of};
use super::{Library, array, call, entry, null, some};
use crate::abi::{Attrs, Key, read_attr, read_attrs, read_key};
use crate::types::ObjectType;
use crate::{
    AttrEntry, Bulk, BulkCreate, BulkErrorMode, BulkGet, BulkSet, Entry, Error, ObjectId, ObjectRef, Result,
    Status, Target,
};

/// What names the objects of a bulk call, as many as its count says.
#[derive(Clone, Copy)]
pub(super) enum Names {
    /// Ids of this type.
    Ids(ObjectType, *const sai_object_id_t),
    /// Keys of this type, and how the n-th is read.
    Entries(ObjectType, *const c_void, unsafe fn(*const c_void, usize) -> Option<Entry>),
    /// Either, as the type says.
    Keys(ObjectType, *const sai_object_key_t),
}

impl Names {
    /// An array of entries.
    pub(super) fn entries<K: Key>(entries: *const K::C) -> Names {
        Names::Entries(K::TYPE, entries.cast(), |list, n| {
            // SAFETY: `get` promises that the array goes as far.
            unsafe { K::read(list.cast::<K::C>().add(n)) }.map(Into::into)
        })
    }

    fn object_type(self) -> ObjectType {
        match self {
            Names::Ids(t, _) | Names::Entries(t, ..) | Names::Keys(t, _) => t,
        }
    }

    fn is_null(self) -> bool {
        match self {
            Names::Ids(_, p) => p.is_null(),
            Names::Entries(_, p, _) => p.is_null(),
            Names::Keys(_, p) => p.is_null(),
        }
    }

    /// The n-th.
    ///
    /// # Safety
    /// The array is not null and goes as far.
    unsafe fn get(self, n: usize) -> Result<ObjectRef> {
        let found = match self {
            // SAFETY: as the caller promises.
            Names::Ids(t, ids) => return Ok(ObjectRef::Object(t, ObjectId(unsafe { ids.add(n).read() }))),
            // SAFETY: as the caller promises.
            Names::Entries(_, list, read) => unsafe { read(list, n) }.map(ObjectRef::Entry),
            // SAFETY: as the caller promises.
            Names::Keys(t, keys) => unsafe { read_key(t, keys.add(n)) },
        };
        found.ok_or_else(|| entry::unreadable(self.object_type()))
    }
}

/// What a bulk call creates.
#[derive(Clone, Copy)]
pub(super) enum Creations {
    /// Objects of a type on a switch, and the place for their ids.
    Objects(ObjectType, ObjectId, *mut sai_object_id_t),
    /// Entries.
    Entries(Names),
}

/// How a call goes on after a failure.
fn error_mode(mode: sai_bulk_op_error_mode_t) -> Result<BulkErrorMode> {
    match mode {
        sys::SAI_BULK_OP_ERROR_MODE_STOP_ON_ERROR => Ok(BulkErrorMode::StopOnError),
        sys::SAI_BULK_OP_ERROR_MODE_IGNORE_ERROR => Ok(BulkErrorMode::IgnoreError),
        m => Err(Error::because(Status::INVALID_PARAMETER, format!("{} is no error mode", m.0))),
    }
}

/// Runs a bulk call: `read` takes each object from C, `run` hands those that could be read to the
/// backend and answers their results in order, and each result is told to `done`.
unsafe fn run<T>(
    operation: &'static str,
    count: u32,
    mode: sai_bulk_op_error_mode_t,
    statuses: *mut sai_status_t,
    mut read: impl FnMut(usize) -> Result<T>,
    execute: impl FnOnce(&Library, BulkErrorMode, &mut Vec<T>) -> Vec<Result<ObjectId>>,
    mut done: impl FnMut(usize, &mut T, &Result<ObjectId>) -> Result<()>,
) -> sai_status_t {
    let fill = |n: usize, status: Status| {
        // SAFETY: the client promises as many statuses; null is refused before the second use.
        unsafe { statuses.add(n).write(status.0) }
    };
    if !statuses.is_null() {
        (0..count as usize).for_each(|n| fill(n, Status::NOT_EXECUTED));
    }
    call(operation, |library| {
        some("objects", count)?;
        if statuses.is_null() {
            return Err(null("list of statuses"));
        }
        let mode = error_mode(mode)?;
        let stops = mode == BulkErrorMode::StopOnError;
        let mut items = Vec::with_capacity(count as usize);
        let mut faults = Vec::new();
        for n in 0..count as usize {
            match read(n) {
                Ok(item) => items.push(item),
                Err(e) => {
                    faults.push((n, e));
                    if stops {
                        break;
                    }
                }
            }
        }
        let results = execute(library, mode, &mut items);
        let mut good = items.iter_mut().zip(results);
        let mut faults = faults.into_iter().peekable();
        let mut first = None;
        for n in 0..count as usize {
            let result = match faults.next_if(|f| f.0 == n) {
                Some((_, e)) => Err(e),
                None => match good.next() {
                    Some((item, result)) => {
                        let after = done(n, item, &result);
                        result.map(|_| ()).and(after)
                    }
                    None => break,
                },
            };
            let failed = result.is_err();
            fill(n, result.as_ref().map_or_else(Error::status, |()| Status::SUCCESS));
            if let Err(e) = result {
                first.get_or_insert((n, e));
            }
            if failed && stops {
                break;
            }
        }
        match first {
            None => Ok(()),
            Some((n, e)) => Err(Error::because(Status::FAILURE, format!("object {n}: {e}"))),
        }
    })
}

/// The n-th list of attributes of a bulk call.
///
/// # Safety
/// The arrays are null or go as far.
unsafe fn nth<T: Copy>(counts: *const u32, lists: *const T, n: usize) -> Result<(u32, T)> {
    if counts.is_null() || lists.is_null() {
        return Err(null("list of attribute lists"));
    }
    // SAFETY: as the caller promises.
    Ok(unsafe { (counts.add(n).read(), lists.add(n).read()) })
}

pub(super) unsafe fn create(
    what: Creations,
    count: u32,
    attr_counts: *const u32,
    attrs: *mut *const sai_attribute_t,
    mode: sai_bulk_op_error_mode_t,
    statuses: *mut sai_status_t,
) -> sai_status_t {
    let (ty, switch, ids) = match what {
        Creations::Objects(ty, switch, ids) => (ty, switch, ids),
        Creations::Entries(names) => (names.object_type(), ObjectId::NULL, std::ptr::null_mut()),
    };
    if !ids.is_null() {
        // SAFETY: the client promises as many ids.
        unsafe { ids.write_bytes(0, count as usize) };
    }
    let missing = match what {
        Creations::Objects(..) => ids.is_null(),
        Creations::Entries(names) => names.is_null(),
    };
    // The attributes of all objects lie in one list; an object knows its part.
    let refused = missing || statuses.is_null();
    let mut all: Vec<AttrEntry> = Vec::with_capacity(if refused { 0 } else { count as usize });
    let all = std::cell::RefCell::new(&mut all);
    let read = |n: usize| {
        if missing {
            return Err(null("list of objects"));
        }
        let entry = match what {
            Creations::Objects(..) => None,
            // SAFETY: the client promises as many.
            Creations::Entries(names) => match unsafe { names.get(n) }? {
                ObjectRef::Entry(e) => Some(e),
                ObjectRef::Object(..) => None,
            },
        };
        let mut all = all.borrow_mut();
        let start = all.len();
        let meta = meta_of(ty)?;
        // SAFETY: the client promises as many.
        let (count, list) = unsafe { nth(attr_counts, attrs.cast_const(), n) }?;
        // SAFETY: as above.
        all.extend(unsafe { read_attrs(meta, count, list) }?);
        Ok((entry, start..all.len()))
    };
    let execute = |library: &Library, mode, items: &mut Vec<(Option<Entry>, std::ops::Range<usize>)>| {
        let all = all.borrow();
        let items: Vec<_> = items
            .iter()
            .map(|(entry, range)| BulkCreate {
                target: entry.as_ref().map_or(Target::Object(ty), Target::Entry),
                attrs: &all[range.clone()],
            })
            .collect();
        library.backend.bulk(Bulk::Create { switch, items: &items }, mode)
    };
    // SAFETY: the client's promises are those of SAI.
    unsafe {
        run("bulk create", count, mode, statuses, read, execute, |n, _, result| {
            if let (Ok(id), false) = (result, ids.is_null()) {
                // SAFETY: the client promises as many ids.
                ids.add(n).write(id.0);
            }
            Ok(())
        })
    }
}

pub(super) unsafe fn remove(
    names: Names,
    count: u32,
    mode: sai_bulk_op_error_mode_t,
    statuses: *mut sai_status_t,
) -> sai_status_t {
    let execute =
        |library: &Library, mode, items: &mut Vec<ObjectRef>| library.backend.bulk(Bulk::Remove(items), mode);
    // SAFETY: the client's promises are those of SAI.
    unsafe { run("bulk remove", count, mode, statuses, |n| name(names, n), execute, |_, _, _| Ok(())) }
}

/// The n-th object of a call.
///
/// # Safety
/// The array is null or goes as far.
unsafe fn name(names: Names, n: usize) -> Result<ObjectRef> {
    if names.is_null() {
        return Err(null("list of objects"));
    }
    // SAFETY: as the caller promises.
    unsafe { names.get(n) }
}

pub(super) unsafe fn set(
    names: Names,
    count: u32,
    attrs: *const sai_attribute_t,
    mode: sai_bulk_op_error_mode_t,
    statuses: *mut sai_status_t,
) -> sai_status_t {
    let read = |n: usize| {
        if attrs.is_null() {
            return Err(null("list of attributes"));
        }
        // SAFETY: the client promises as many objects and attributes.
        let object = unsafe { name(names, n) }?;
        // SAFETY: as above.
        let attr = unsafe { read_attr(meta_of(names.object_type())?, attrs.add(n)) };
        Ok((object, attr.map_err(|fault| fault.at(0))?))
    };
    let execute = |library: &Library, mode, items: &mut Vec<(ObjectRef, AttrEntry)>| {
        let items: Vec<_> = items.iter().map(|(object, attr)| BulkSet { object, attr }).collect();
        library.backend.bulk(Bulk::Set(&items), mode)
    };
    // SAFETY: the client's promises are those of SAI.
    unsafe { run("bulk set", count, mode, statuses, read, execute, |_, _, _| Ok(())) }
}

pub(super) unsafe fn get(
    names: Names,
    count: u32,
    attr_counts: *const u32,
    attrs: *mut *mut sai_attribute_t,
    mode: sai_bulk_op_error_mode_t,
    statuses: *mut sai_status_t,
) -> sai_status_t {
    let read = |n: usize| {
        // SAFETY: the client promises as many objects and lists.
        let (object, (count, list)) = unsafe { (name(names, n)?, nth(attr_counts, attrs.cast_const(), n)?) };
        some("attributes", count)?;
        let mut asks = Attrs::new();
        // SAFETY: the client promises as many attributes; the borrow ends before they are written.
        let wanted = unsafe { array("attribute list", count, list.cast_const()) }?;
        asked(meta_of(names.object_type())?, wanted, &mut asks)?;
        Ok((object, asks, list))
    };
    let execute = |library: &Library, mode, items: &mut Vec<(ObjectRef, Attrs, *mut sai_attribute_t)>| {
        let mut items: Vec<_> =
            items.iter_mut().map(|(object, asks, _)| BulkGet { object, attrs: asks }).collect();
        library.backend.bulk(Bulk::Get(&mut items), mode)
    };
    let done = |_: usize, item: &mut (ObjectRef, Attrs, *mut sai_attribute_t), result: &Result<ObjectId>| {
        if result.is_err() {
            return Ok(());
        }
        // SAFETY: the client promises as many attributes, with the room that their lists say.
        unsafe { answer(meta_of(names.object_type())?, &item.1, item.2) }
    };
    // SAFETY: the client's promises are those of SAI.
    unsafe { run("bulk get", count, mode, statuses, read, execute, done) }
}
