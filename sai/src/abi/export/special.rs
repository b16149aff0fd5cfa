//! The slots that are no verb of an object type.

use std::ffi::c_void;

use sai_sys as sys;
use sys::{sai_attribute_t, sai_object_id_t, sai_size_t, sai_status_t};

use super::object::{answer, create_object, meta_of};
use super::{array, call, guard, null};
use crate::abi::{Attrs, read_attrs};
use crate::types::ObjectType;
use crate::{Error, ObjectId, Special, SpecialAnswer, Status};

pub(super) unsafe extern "C" fn create_switch(
    id: *mut sai_object_id_t,
    count: u32,
    attrs: *const sai_attribute_t,
) -> sai_status_t {
    // SAFETY: the client's promises are those of SAI.
    unsafe { create_object(ObjectType::SWITCH, id, ObjectId::NULL, count, attrs) }
}

pub(super) unsafe extern "C" fn flush_fdb_entries(
    switch: sai_object_id_t,
    count: u32,
    attrs: *const sai_attribute_t,
) -> sai_status_t {
    call("flush_fdb_entries", |library| {
        // SAFETY: the client's promises are those of SAI.
        let attrs = unsafe { read_attrs(meta_of(ObjectType::FDB_FLUSH)?, count, attrs) }?;
        library.backend.special(ObjectId(switch), Special::FlushFdb(&attrs)).map(|_| ())
    })
}

pub(super) unsafe extern "C" fn remove_all_neighbor_entries(switch: sai_object_id_t) -> sai_status_t {
    call("remove_all_neighbor_entries", |library| {
        library.backend.special(ObjectId(switch), Special::RemoveAllNeighbors).map(|_| ())
    })
}

pub(super) unsafe extern "C" fn clear_port_all_stats(port: sai_object_id_t) -> sai_status_t {
    call("clear_port_all_stats", |library| {
        let port = ObjectId(port);
        let switch = library.backend.switch_of(port).unwrap_or(ObjectId::NULL);
        library.backend.special(switch, Special::ClearPortAllStats(port)).map(|_| ())
    })
}

/// The switch that a host interface, or the switch itself, belongs to.
fn home(library: &super::Library, hostif: ObjectId) -> ObjectId {
    library.backend.switch_of(hostif).unwrap_or(ObjectId::NULL)
}

pub(super) unsafe extern "C" fn send_hostif_packet(
    hostif: sai_object_id_t,
    size: sai_size_t,
    buffer: *const c_void,
    count: u32,
    attrs: *const sai_attribute_t,
) -> sai_status_t {
    call("send_hostif_packet", |library| {
        let size = u32::try_from(size)
            .map_err(|_| Error::because(Status::INVALID_PARAMETER, "the packet is larger than 4 GiB"))?;
        // SAFETY: the client's promises are those of SAI.
        let frame = unsafe { array::<u8>("packet", size, buffer.cast()) }?;
        // SAFETY: as above.
        let attrs = unsafe { read_attrs(meta_of(ObjectType::HOSTIF_PACKET)?, count, attrs) }?;
        let hostif = ObjectId(hostif);
        let call = Special::SendHostifPacket { hostif, frame, attrs: &attrs };
        library.backend.special(home(library, hostif), call).map(|_| ())
    })
}

/// A packet too long for the buffer stays lost, as on a socket: the size that it had is told.
pub(super) unsafe extern "C" fn recv_hostif_packet(
    hostif: sai_object_id_t,
    size: *mut sai_size_t,
    buffer: *mut c_void,
    count: *mut u32,
    attrs: *mut sai_attribute_t,
) -> sai_status_t {
    call("recv_hostif_packet", |library| {
        if size.is_null() || count.is_null() {
            return Err(null("place for the size"));
        }
        // SAFETY: the client promises both counts.
        let (room, attr_room) = unsafe { (size.read(), count.read() as usize) };
        // SAFETY: as above.
        unsafe {
            size.write(0);
            count.write(0);
        }
        let hostif = ObjectId(hostif);
        let packet = library.backend.special(home(library, hostif), Special::RecvHostifPacket { hostif })?;
        let SpecialAnswer::Packet { frame, attrs: known } = packet else {
            return Err(Error::because(Status::FAILURE, "the backend answered no packet"));
        };
        // SAFETY: as above.
        unsafe {
            size.write(frame.len() as sai_size_t);
            count.write(known.len() as u32);
        }
        if frame.len() as u64 > room as u64 || known.len() > attr_room {
            return Err(Error::because(Status::BUFFER_OVERFLOW, "the packet or its attributes do not fit"));
        }
        if (buffer.is_null() && !frame.is_empty()) || (attrs.is_null() && !known.is_empty()) {
            return Err(null("buffer"));
        }
        // SAFETY: the client promises the room that it said.
        unsafe {
            buffer.cast::<u8>().copy_from_nonoverlapping(frame.as_ptr(), frame.len());
            for (n, a) in known.iter().enumerate() {
                attrs.add(n).write(sai_attribute_t { id: a.id, ..Default::default() });
            }
            answer(meta_of(ObjectType::HOSTIF_PACKET)?, &Attrs::from(known), attrs)
        }
    })
}

/// Packets are copied; there is no memory of the device to hand out.
pub(super) unsafe extern "C" fn allocate_hostif_packet(
    _hostif: sai_object_id_t,
    _size: sai_size_t,
    buffer: *mut *mut c_void,
    _count: u32,
    _attrs: *const sai_attribute_t,
) -> sai_status_t {
    if !buffer.is_null() {
        // SAFETY: the client promises room for a pointer.
        unsafe { buffer.write(std::ptr::null_mut()) };
    }
    missing("allocate_hostif_packet")
}

pub(super) unsafe extern "C" fn free_hostif_packet(
    _hostif: sai_object_id_t,
    _buffer: *mut c_void,
) -> sai_status_t {
    missing("free_hostif_packet")
}

/// The answer of a slot that no backend has.
fn missing(operation: &'static str) -> sai_status_t {
    guard(operation, || {
        super::library()?;
        Err(Error::because(Status::NOT_IMPLEMENTED, "this library has no such function"))
    })
}

macro_rules! mdio {
    ($($name:ident($($arg:ty),*);)*) => {$(
        pub(super) unsafe extern "C" fn $name(_: sai_object_id_t, _: u32, _: u32, $(_: $arg),*) -> sai_status_t {
            missing(stringify!($name))
        }
    )*};
}

mdio! {
    switch_mdio_read(u32, *mut u32);
    switch_mdio_write(u32, *const u32);
    switch_mdio_cl22_read(u32, *mut u32);
    switch_mdio_cl22_write(u32, *const u32);
}
