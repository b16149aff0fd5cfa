//! The slots that are no verb of an object type.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::c_void;

use parking_lot::Mutex;
use sai_sys as sys;
use sys::{sai_attribute_t, sai_object_id_t, sai_size_t, sai_status_t};

use super::object::{answer, create_object, meta_of};
use super::{array, call, guard, null};
use crate::abi::{Attrs, read_attrs};
use crate::types::ObjectType;
use crate::{AttrEntry, Error, ObjectId, ObjectRef, Result, Special, SpecialAnswer, Status};

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

/// The packet and its attributes are taken over before this returns, whatever
/// `SAI_HOSTIF_PACKET_ATTR_ZERO_COPY_TX` says, and the buffer stays the client's: one of
/// [`allocate_hostif_packet`] can be filled and sent again.
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

/// A packet and its attributes.
type Packet = (Vec<u8>, Vec<AttrEntry>);

/// Packets that did not fit when they were received, by host interface: they are the next to be received.
static UNFIT: Mutex<BTreeMap<ObjectId, VecDeque<Packet>>> = Mutex::new(BTreeMap::new());

/// The next packet of a host interface.
fn next_packet(library: &super::Library, hostif: ObjectId) -> Result<Packet> {
    let unfit = UNFIT.lock().get_mut(&hostif).and_then(VecDeque::pop_front);
    if let Some(packet) = unfit {
        // The interface may have gone meanwhile, and its packets with it.
        return check_hostif(library, hostif).map(|()| packet);
    }
    match library.backend.special(home(library, hostif), Special::RecvHostifPacket { hostif })? {
        SpecialAnswer::Packet { frame, attrs } => Ok((frame, attrs)),
        SpecialAnswer::Done => Err(Error::because(Status::FAILURE, "the backend answered no packet")),
    }
}

/// Both memories are the client's. BUFFER_OVERFLOW where one has not the room: both sizes are told, and the packet
/// waits to be received again.
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
        if (buffer.is_null() && room > 0) || (attrs.is_null() && attr_room > 0) {
            return Err(null("buffer"));
        }
        let hostif = ObjectId(hostif);
        let (frame, known) = next_packet(library, hostif)?;
        // SAFETY: as above.
        unsafe {
            size.write(frame.len() as sai_size_t);
            count.write(known.len() as u32);
        }
        if frame.len() > room || known.len() > attr_room {
            UNFIT.lock().entry(hostif).or_default().push_front((frame, known));
            return Err(Error::because(Status::BUFFER_OVERFLOW, "the packet or its attributes do not fit"));
        }
        // SAFETY: the client promises the room that it said; a null pointer has room for nothing.
        unsafe {
            if !frame.is_empty() {
                buffer.cast::<u8>().copy_from_nonoverlapping(frame.as_ptr(), frame.len());
            }
            for (n, a) in known.iter().enumerate() {
                attrs.add(n).write(sai_attribute_t { id: a.id, ..Default::default() });
            }
            answer(meta_of(ObjectType::HOSTIF_PACKET)?, &Attrs::from(known), attrs)
        }
    })
}

/// The longest buffer for a packet, in bytes, and how many there may be.
const LONGEST_PACKET: usize = 1 << 16;
const MOST_PACKETS: usize = 1 << 16;

/// The buffers that clients have, by their addresses: ordinary memory.
static PACKETS: Mutex<BTreeMap<usize, Box<[u64]>>> = Mutex::new(BTreeMap::new());

/// Frees what clients did not, and what they did not receive.
pub(super) fn forget_packets() {
    PACKETS.lock().clear();
    UNFIT.lock().clear();
}

/// Refuses what is neither a host interface nor a switch.
fn check_hostif(library: &super::Library, id: ObjectId) -> Result<()> {
    let ask = match library.backend.object_type(id) {
        Some(ty @ ObjectType::HOSTIF) => (ty, crate::hostif::TYPE.id()),
        Some(ty @ ObjectType::SWITCH) => (ty, crate::switch::NUMBER_OF_ACTIVE_PORTS.id()),
        _ => {
            let reason = format!("{id} is neither a host interface nor a switch");
            return Err(Error::because(Status::INVALID_OBJECT_ID, reason));
        }
    };
    library.backend.get(&ObjectRef::Object(ask.0, id), &mut [AttrEntry::ask(ask.1)])
}

/// The buffer, aligned to 8 bytes and full of zeros, is the client's until it gives it to [`free_hostif_packet`] or
/// uninitialises the library. The attributes are checked and mean nothing yet: a client says
/// `SAI_HOSTIF_PACKET_ATTR_ZERO_COPY_TX` when it sends.
pub(super) unsafe extern "C" fn allocate_hostif_packet(
    hostif: sai_object_id_t,
    size: sai_size_t,
    buffer: *mut *mut c_void,
    count: u32,
    attrs: *const sai_attribute_t,
) -> sai_status_t {
    if !buffer.is_null() {
        // SAFETY: the client promises room for a pointer.
        unsafe { buffer.write(std::ptr::null_mut()) };
    }
    call("allocate_hostif_packet", |library| {
        if buffer.is_null() {
            return Err(null("place for the buffer"));
        }
        // SAFETY: the client's promises are those of SAI.
        unsafe { read_attrs(meta_of(ObjectType::HOSTIF_PACKET)?, count, attrs) }?;
        check_hostif(library, ObjectId(hostif))?;
        if size == 0 || size > LONGEST_PACKET {
            let reason = format!("a packet of {size} bytes; 1 to {LONGEST_PACKET} are possible");
            return Err(Error::because(Status::INVALID_PARAMETER, reason));
        }
        let mut packets = PACKETS.lock();
        if packets.len() >= MOST_PACKETS {
            let reason = format!("{MOST_PACKETS} buffers were not given back");
            return Err(Error::because(Status::NO_MEMORY, reason));
        }
        let mut memory = vec![0; size.div_ceil(8)].into_boxed_slice();
        let start = memory.as_mut_ptr().cast::<c_void>();
        packets.insert(start as usize, memory);
        // SAFETY: as above.
        unsafe { buffer.write(start) };
        Ok(())
    })
}

/// Once for each buffer, before or after it was sent, whichever host interface is named: SAI tells of nobody else who
/// would free it.
pub(super) unsafe extern "C" fn free_hostif_packet(
    _hostif: sai_object_id_t,
    buffer: *mut c_void,
) -> sai_status_t {
    call("free_hostif_packet", |_| match PACKETS.lock().remove(&(buffer as usize)) {
        Some(_) => Ok(()),
        None => Err(Error::because(Status::INVALID_PARAMETER, "the buffer is none that the library gave")),
    })
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
