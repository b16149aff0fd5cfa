//! The calls of the tables: create, remove, set, get, statistics and what is special.

use std::ffi::c_void;

use sai_sys as sys;
use sys::sai_attribute_t;

use super::{Dylib, check, notify, table};
use crate::abi::{Arena, make_room, needed, read_value, write_attr, write_entry};
use crate::meta::{self, AttrMeta, ObjectMeta};
use crate::notify::NotificationKind;
use crate::types::{Api, ObjectType};
use crate::{
    AttrEntry, Error, ObjectId, ObjectRef, Result, Special, SpecialAnswer, StatId, StatsOp, Status, Target,
    Value,
};

/// Calls an address as a C function of the arguments' types that answers a status.
macro_rules! c_call {
    ($f:expr; $($arg:expr => $ty:ty),*) => {{
        let f = $f;
        // SAFETY: the slot holds a function of this type, and the arguments live through the call.
        unsafe { std::mem::transmute::<*const std::ffi::c_void, unsafe extern "C" fn($($ty),*) -> i32>(f)($($arg),*) }
    }};
}
pub(super) use c_call;

/// How many elements a list is first asked for, and at most.
const FIRST_ROOM: usize = 64;
const LONGEST: usize = 1 << 20;
/// How often a list is asked for again.
const TRIES: usize = 4;

/// Positions among the bits of `Verbs`.
pub(super) mod verb {
    pub const CREATE: usize = 0;
    pub const REMOVE: usize = 1;
    pub const SET: usize = 2;
    pub const GET: usize = 3;
    pub const BULK_CREATE: usize = 4;
    pub const BULK_REMOVE: usize = 5;
    pub const BULK_SET: usize = 6;
    pub const GET_STATS: usize = 8;
    pub const GET_STATS_EXT: usize = 9;
    pub const CLEAR_STATS: usize = 10;
}

/// The metadata of an object type.
pub(super) fn meta_of(ty: ObjectType) -> Result<&'static ObjectMeta> {
    meta::object(ty)
        .ok_or_else(|| Error::because(Status::INVALID_OBJECT_TYPE, format!("{ty} is no object type of SAI")))
}

/// An entry's key in its C form: as large as the largest key.
pub(super) fn c_key(entry: &crate::Entry) -> sys::sai_object_key_t {
    let mut key = sys::sai_object_key_t::default();
    // SAFETY: the union has room for every key.
    unsafe { write_entry(entry, (&raw mut key.key).cast()) };
    key
}

impl Dylib {
    /// The metadata of an attribute that the library may know.
    pub(super) fn attr(&self, object: &ObjectMeta, n: usize, id: u32) -> Result<&'static AttrMeta> {
        let attr = object.attr(id).ok_or_else(|| {
            let reason = format!("{} has no attribute of the id {id}", object.name);
            Error::because(Status::UNKNOWN_ATTRIBUTE_0.nth(n), reason)
        })?;
        if attr.since > self.release {
            let e = table::too_young(attr.name, attr.since, self.release);
            return Err(e.with_status(Status::ATTR_NOT_SUPPORTED_0.nth(n)).on_attr(attr.name));
        }
        Ok(attr)
    }

    /// Attributes in their C form. Notification pointers of a switch become our static functions.
    pub(super) fn c_attrs(
        &self,
        object: &ObjectMeta,
        attrs: &[AttrEntry],
        arena: &mut Arena,
    ) -> Result<Vec<sai_attribute_t>> {
        let mut list = Vec::with_capacity(attrs.len());
        for (n, a) in attrs.iter().enumerate() {
            let attr = self.attr(object, n, a.id)?;
            if a.value.kind() != attr.ty.value_kind() {
                let reason = format!("{:?} is no value of the attribute's type", a.value);
                return Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), reason).on_attr(attr.name));
            }
            let mut c = write_attr(a, arena);
            if let (Value::Pointer(1..), Some(kind)) = (&a.value, notification(attr)) {
                c.value.ptr = notify::function(kind, self.release) as *mut c_void;
            }
            list.push(c);
        }
        Ok(list)
    }

    pub(super) fn do_create(
        &self,
        switch: ObjectId,
        target: Target<'_>,
        attrs: &[AttrEntry],
    ) -> Result<ObjectId> {
        let object = meta_of(target.object_type())?;
        let create = self.tables.verb(object, verb::CREATE)?;
        let mut arena = Arena::new();
        let mut list = self.c_attrs(object, attrs, &mut arena)?;
        if target.object_type() == ObjectType::SWITCH {
            list.extend(self.first_callback(attrs, &mut arena));
        }
        let (n, list) = (list.len() as u32, list.as_ptr());
        let mut id = 0u64;
        let status = self.call(|| match target {
            Target::Entry(entry) => {
                let key = c_key(entry);
                c_call!(create; (&raw const key).cast() => *const c_void, n => u32, list => *const sai_attribute_t)
            }
            Target::Object(ObjectType::SWITCH) => {
                c_call!(create; &mut id => *mut u64, n => u32, list => *const sai_attribute_t)
            }
            Target::Object(_) => {
                c_call!(create; &mut id => *mut u64, switch.0 => u64, n => u32, list => *const sai_attribute_t)
            }
        });
        check(status)?;
        if target.object_type() == ObjectType::SWITCH {
            self.listen(object, ObjectId(id), attrs);
        }
        Ok(ObjectId(id))
    }

    /// The notification function that a new switch needs from the first: it says that it is up before it can
    /// be asked for anything. Its creator did not name it.
    fn first_callback(&self, given: &[AttrEntry], arena: &mut Arena) -> Option<sai_attribute_t> {
        let attr = meta::attr_by_name("SAI_SWITCH_ATTR_SWITCH_STATE_CHANGE_NOTIFY")?;
        let kind = notification(attr).filter(|_| given.iter().all(|g| g.id != attr.id))?;
        let address = notify::function(kind, self.release);
        (address != 0).then(|| write_attr(&AttrEntry::new(attr.id, Value::Pointer(address)), arena))
    }

    /// Asks a new switch for the notifications that its creator did not name. One that the library does
    /// not have is not missed.
    fn listen(&self, object: &ObjectMeta, switch: ObjectId, given: &[AttrEntry]) {
        let Ok(set) = self.tables.verb(object, verb::SET) else { return };
        for attr in object.attrs.iter().filter(|a| a.since <= self.release) {
            let Some(kind) = notification(attr).filter(|_| given.iter().all(|g| g.id != attr.id)) else {
                continue;
            };
            let address = notify::function(kind, self.release);
            if address != 0 {
                let c = write_attr(&AttrEntry::new(attr.id, Value::Pointer(address)), &mut Arena::new());
                let status = self.call(|| c_call!(set; switch.0 => u64, &c => *const sai_attribute_t));
                tracing::debug!("{}: {}", attr.name, Status(status));
            }
        }
    }

    pub(super) fn do_remove(&self, object: &ObjectRef) -> Result<()> {
        let remove = self.tables.verb(meta_of(object.object_type())?, verb::REMOVE)?;
        check(self.call(|| match object {
            ObjectRef::Object(_, id) => c_call!(remove; id.0 => u64),
            ObjectRef::Entry(entry) => {
                let key = c_key(entry);
                c_call!(remove; (&raw const key).cast() => *const c_void)
            }
        }))
    }

    pub(super) fn do_set(&self, object: &ObjectRef, attr: &AttrEntry) -> Result<()> {
        let meta = meta_of(object.object_type())?;
        let set = self.tables.verb(meta, verb::SET)?;
        let mut arena = Arena::new();
        let list = self.c_attrs(meta, std::slice::from_ref(attr), &mut arena)?;
        check(self.call(|| match object {
            ObjectRef::Object(_, id) => c_call!(set; id.0 => u64, list.as_ptr() => *const sai_attribute_t),
            ObjectRef::Entry(entry) => {
                let key = c_key(entry);
                c_call!(set; (&raw const key).cast() => *const c_void, list.as_ptr() => *const sai_attribute_t)
            }
        }))
    }

    pub(super) fn do_get(&self, object: &ObjectRef, attrs: &mut [AttrEntry]) -> Result<()> {
        let meta = meta_of(object.object_type())?;
        let get = self.tables.verb(meta, verb::GET)?;
        let metas: Vec<_> =
            attrs.iter().enumerate().map(|(n, a)| self.attr(meta, n, a.id)).collect::<Result<_>>()?;
        let mut rooms = vec![FIRST_ROOM; attrs.len()];
        for _ in 0..TRIES {
            let mut arena = Arena::new();
            let mut list: Vec<_> =
                attrs.iter().map(|a| sai_attribute_t { id: a.id, ..Default::default() }).collect();
            for (i, c) in list.iter_mut().enumerate() {
                // SAFETY: the union is ours.
                unsafe { make_room(metas[i].ty, &raw mut c.value, rooms[i], &mut arena) };
            }
            let (n, first) = (list.len() as u32, list.as_mut_ptr());
            let status = self.call(|| match object {
                ObjectRef::Object(_, id) => {
                    c_call!(get; id.0 => u64, n => u32, first => *mut sai_attribute_t)
                }
                ObjectRef::Entry(entry) => {
                    let key = c_key(entry);
                    c_call!(get; (&raw const key).cast() => *const c_void, n => u32, first => *mut sai_attribute_t)
                }
            });
            if Status(status) != Status::BUFFER_OVERFLOW {
                check(status)?;
                return read_answers(&metas, &list, &rooms, attrs);
            }
            let mut grown = false;
            for (i, c) in list.iter().enumerate() {
                // SAFETY: the lists were made with this room.
                let need = unsafe { needed(metas[i].ty, &raw const c.value, rooms[i]) };
                if need > rooms[i] && need <= LONGEST {
                    (rooms[i], grown) = (need, true);
                }
            }
            if !grown {
                break;
            }
        }
        Err(Error::because(Status::BUFFER_OVERFLOW, "the library does not say how long its list is"))
    }

    pub(super) fn do_stats(
        &self,
        object: &ObjectRef,
        stats: &[StatId],
        op: StatsOp,
        out: &mut [u64],
    ) -> Result<()> {
        let meta = meta_of(object.object_type())?;
        for id in stats {
            if let Some(stat) = meta.stat(*id).filter(|s| s.since > self.release) {
                return Err(table::too_young(stat.name, stat.since, self.release));
            }
        }
        if stats.len() != out.len() {
            return Err(Error::because(
                Status::INVALID_PARAMETER,
                "there are not as many counters as statistics",
            ));
        }
        let (n, ids, out) = (stats.len() as u32, stats.as_ptr(), out.as_mut_ptr());
        let verb = match op {
            StatsOp::Read => verb::GET_STATS,
            StatsOp::ReadAndClear => verb::GET_STATS_EXT,
            StatsOp::Clear => verb::CLEAR_STATS,
        };
        let f = self.tables.verb(meta, verb)?;
        let key = object.entry().map(c_key);
        // Calls with the id or the key first.
        macro_rules! stats {
            ($($arg:expr => $ty:ty),*) => {
                match (&key, object.oid()) {
                    (Some(key), _) => c_call!(f; (&raw const *key).cast() => *const c_void, $($arg => $ty),*),
                    (None, id) => c_call!(f; id.unwrap_or_default().0 => u64, $($arg => $ty),*),
                }
            };
        }
        check(self.call(|| match op {
            StatsOp::Read => stats!(n => u32, ids => *const u32, out => *mut u64),
            StatsOp::ReadAndClear => stats!(
                n => u32, ids => *const u32, sys::SAI_STATS_MODE_READ_AND_CLEAR.0 => u32, out => *mut u64
            ),
            StatsOp::Clear => stats!(n => u32, ids => *const u32),
        }))
    }

    pub(super) fn do_special(&self, switch: ObjectId, call: Special<'_>) -> Result<SpecialAnswer> {
        let mut arena = Arena::new();
        let status = match call {
            Special::FlushFdb(attrs) => {
                let f = self.tables.named(Api::FDB, "flush_fdb_entries")?;
                let list = self.c_attrs(meta_of(ObjectType::FDB_FLUSH)?, attrs, &mut arena)?;
                self.call(|| c_call!(f; switch.0 => u64, list.len() as u32 => u32, list.as_ptr() => *const sai_attribute_t))
            }
            Special::RemoveAllNeighbors => {
                let f = self.tables.named(Api::NEIGHBOR, "remove_all_neighbor_entries")?;
                self.call(|| c_call!(f; switch.0 => u64))
            }
            Special::SendHostifPacket { hostif, frame, attrs } => {
                let f = self.tables.named(Api::HOSTIF, "send_hostif_packet")?;
                let list = self.c_attrs(meta_of(ObjectType::HOSTIF_PACKET)?, attrs, &mut arena)?;
                self.call(|| {
                    c_call!(f; hostif.0 => u64, frame.len() => usize, frame.as_ptr() => *const u8,
                        list.len() as u32 => u32, list.as_ptr() => *const sai_attribute_t)
                })
            }
            Special::RecvHostifPacket { hostif } => return self.receive(hostif),
            Special::ClearPortAllStats(port) => {
                let f = self.tables.named(Api::PORT, "clear_port_all_stats")?;
                self.call(|| c_call!(f; port.0 => u64))
            }
            Special::Dump(file) => return self.dump(file).map(|()| SpecialAnswer::Done),
            Special::Call(name, ..) => {
                return Err(Error::because(
                    Status::NOT_IMPLEMENTED,
                    format!("the type of {name} is not known"),
                ));
            }
        };
        check(status).map(|()| SpecialAnswer::Done)
    }

    fn receive(&self, hostif: ObjectId) -> Result<SpecialAnswer> {
        let f = self.tables.named(Api::HOSTIF, "recv_hostif_packet")?;
        let mut frame = vec![0u8; 1 << 16];
        let mut list = [sai_attribute_t::default(); 16];
        let (mut size, mut count) = (frame.len(), list.len() as u32);
        let status = self.call(|| {
            c_call!(f; hostif.0 => u64, &mut size => *mut usize, frame.as_mut_ptr() => *mut u8,
                &mut count => *mut u32, list.as_mut_ptr() => *mut sai_attribute_t)
        });
        check(status)?;
        frame.truncate(size);
        let count = count.min(list.len() as u32);
        // SAFETY: the library has filled that many.
        let attrs = unsafe { crate::abi::read_known_attrs(ObjectType::HOSTIF_PACKET, count, list.as_ptr()) };
        Ok(SpecialAnswer::Packet { frame, attrs })
    }
}

/// The kind of notification whose function an attribute holds.
fn notification(attr: &AttrMeta) -> Option<NotificationKind> {
    let function = attr.notification?;
    NotificationKind::ALL.iter().find(|k| k.c_function() == function).copied()
}

/// Takes the library's answers over.
fn read_answers(
    metas: &[&AttrMeta],
    list: &[sai_attribute_t],
    rooms: &[usize],
    attrs: &mut [AttrEntry],
) -> Result<()> {
    for (i, a) in attrs.iter_mut().enumerate() {
        let c = &raw const list[i].value;
        // SAFETY: the lists were made with this room; a library that says more than it had room for is not
        // followed.
        let value =
            unsafe { (needed(metas[i].ty, c, rooms[i]) <= rooms[i]).then(|| read_value(metas[i].ty, c)) };
        a.value = value.flatten().ok_or_else(|| {
            Error::because(Status::FAILURE, "the library's answer has no meaning").on_attr(metas[i].name)
        })?;
    }
    Ok(())
}
