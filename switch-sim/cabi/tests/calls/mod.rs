//! Arbitrary sequences of C calls: what the test `calls` runs a bounded number of, and the fuzz target of the same
//! name without end.
//!
//! A byte string chooses the calls and what they are given: null pointers, counts without lists, values of another
//! member, ids that were never issued or are another type's, lists without room, functions that call the library.
//! What C may not do is left out: a pointer that is not null points to as much as its count says.
//!
//! Each call must answer a status that SAI names and write no further than it may; no call may panic.

mod input;

use std::ffi::{CStr, c_char, c_void};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicU64, Ordering};

use input::{Fenced, Input, Known, attribute, attributes, id, object_type};
use sai::abi::{Arena, entry_size, write_entry};
use sai::dylib::slot_of;
use sai::entry::{Entry, FdbEntry, NeighborEntry, RouteEntry};
use sai::meta::{ObjectMeta, Verbs};
use sai::{MacAddr, ObjectId, ObjectType, Status, meta};
use sai_sys::*;

/// How many calls a sequence has at most.
const CALLS: usize = 200;
/// How many objects are remembered.
const KNOWN: usize = 256;
/// How many objects a bulk call has at most.
const BULK: usize = 6;

/// A function of a table, whatever its type.
type Address = *const c_void;

/// Calls an address as a function of these types.
macro_rules! call {
    ($f:expr; $($arg:expr => $ty:ty),*) => {{
        // SAFETY: the slot holds a function of this type; the pointers among the arguments are null or as long
        // as the counts say.
        let status = unsafe {
            std::mem::transmute::<Address, unsafe extern "C" fn($($ty),*) -> i32>($f)($($arg),*)
        };
        seen(status)
    }};
}

mod more;

/// How many creations succeeded, of all sequences.
pub static CREATED: AtomicU64 = AtomicU64::new(0);

/// Asserts that SAI names the status.
fn seen(status: sai_status_t) -> Status {
    let status = Status(status);
    let name = status.to_string();
    assert!(name.as_bytes().get(11).is_some_and(u8::is_ascii_alphabetic), "{name} is no status of SAI");
    status
}

/// Runs the calls that the bytes choose. The library is not initialised before and after.
pub fn run(bytes: &[u8]) {
    let mut driver = Driver { input: Input(bytes), known: Vec::new(), arena: Arena::new() };
    driver.initialize();
    for _ in 0..CALLS {
        if driver.input.is_over() {
            break;
        }
        driver.step();
    }
    // SAFETY: it may be called at any time.
    let end = seen(unsafe { sai_api_uninitialize() });
    assert!(end == Status::SUCCESS || end == Status::UNINITIALIZED, "{end}");
}

struct Driver<'a> {
    input: Input<'a>,
    known: Vec<Known>,
    arena: Arena,
}

/// The client's profile: small, and with a clock that stands still.
unsafe extern "C" fn profile(_: u32, key: *const c_char) -> *const c_char {
    // SAFETY: the library hands over a C string.
    let value = match unsafe { CStr::from_ptr(key) }.to_bytes() {
        b"SWITCH_SIM_CLOCK" => c"virtual",
        b"SWITCH_SIM_LOG" => c"error",
        _ => return null(),
    };
    // SAFETY: any id may be asked about, also now.
    unsafe { sai_object_type_query(1) };
    value.as_ptr()
}

/// What the library tells is answered by calls, each time by others.
fn within() {
    static TURN: AtomicU64 = AtomicU64::new(0);
    static SWITCH: u64 = 1 << 56;
    let turn = TURN.fetch_add(1, Ordering::Relaxed);
    let switch = meta::object(ObjectType::SWITCH).unwrap();
    match turn % 4 {
        0 => {
            // Uninitialised where the client has just done so, and waits for this function to return.
            let refused = [Status::OBJECT_IN_USE, Status::UNINITIALIZED];
            // SAFETY: it may be called at any time.
            assert!(refused.contains(&seen(unsafe { sai_api_uninitialize() })));
        }
        1 => {
            let Some(f) = function(switch, Verbs::REMOVE) else { return };
            let status = call!(f; SWITCH => u64);
            assert_ne!(status, Status::SUCCESS, "a switch removed from within its notification");
        }
        2 => {
            let Some(f) = function(switch, Verbs::GET) else { return };
            let mut attr = sai_attribute_t { id: SAI_SWITCH_ATTR_PORT_NUMBER.0, ..Default::default() };
            call!(f; SWITCH => u64, 1 => u32, &raw mut attr => *mut sai_attribute_t);
        }
        // SAFETY: any id may be asked about.
        _ => drop(unsafe { sai_switch_id_query(turn) }),
    }
}

unsafe extern "C" fn on_ports(_: u32, _: *const sai_port_oper_status_notification_t) {
    within();
}
unsafe extern "C" fn on_fdb(_: u32, _: *const sai_fdb_event_notification_data_t) {
    within();
}
unsafe extern "C" fn on_switch(_: u64, _: sai_switch_oper_status_t) {
    within();
}

/// A client's function of this type, null for most.
fn notification(name: &str) -> usize {
    match name {
        "sai_port_state_change_notification_fn" => on_ports as *const () as usize,
        "sai_fdb_event_notification_fn" => on_fdb as *const () as usize,
        "sai_switch_state_change_notification_fn" => on_switch as *const () as usize,
        _ => 0,
    }
}

/// The function of a verb, where the type has it.
fn function(object: &ObjectMeta, verb: Verbs) -> Option<Address> {
    let slot = slot_of(object.object_type, verb)?;
    let mut table = null_mut();
    // SAFETY: there is room for the answer.
    seen(unsafe { sai_api_query(sai_api_t(object.api.0 as u32), &mut table) });
    assert!(!table.is_null(), "{} has no table", object.name);
    // SAFETY: the table is of this release, and so has the slot.
    let function = unsafe { table.cast::<Address>().add(slot).read() };
    assert!(!function.is_null(), "{} lacks a function", object.name);
    Some(function)
}

impl Driver<'_> {
    fn initialize(&mut self) {
        let table =
            sai_service_method_table_t { profile_get_value: Some(profile), profile_get_next_value: None };
        let none = sai_service_method_table_t { profile_get_value: None, profile_get_next_value: None };
        let services = match self.input.below(16) {
            0 => null(),
            1 => &raw const none,
            _ => &raw const table,
        };
        // SAFETY: the table's function lives for ever.
        seen(unsafe { sai_api_initialize(self.input.number(), services) });
        if !self.input.rarely(8) {
            self.boot();
        }
    }

    /// Creates a switch as managers do.
    fn boot(&mut self) {
        let switch = meta::object(ObjectType::SWITCH).unwrap();
        let Some(f) = function(switch, Verbs::CREATE) else { return };
        let mut attrs = vec![sai_attribute_t { id: SAI_SWITCH_ATTR_INIT_SWITCH.0, ..Default::default() }];
        attrs[0].value.booldata = true;
        for attr in switch.attrs {
            let function = attr.notification.map_or(0, notification);
            if function != 0 && !self.input.rarely(4) {
                let mut told = sai_attribute_t { id: attr.id, ..Default::default() };
                told.value.ptr = function as *mut c_void;
                attrs.push(told);
            }
        }
        let (mut id, list) = (0, attrs.as_ptr());
        let status = call!(f; &raw mut id => *mut u64, attrs.len() as u32 => u32,
            list => *const sai_attribute_t);
        if status == Status::SUCCESS {
            self.remember(ObjectType::SWITCH, id);
            self.look_at(switch, id);
        }
    }

    fn step(&mut self) {
        match self.input.below(32) {
            0 if self.input.rarely(8) => {
                // SAFETY: it may be called at any time.
                seen(unsafe { sai_api_uninitialize() });
            }
            0 => self.initialize(),
            1..=9 => {
                let object = object_type(&mut self.input);
                self.create(object);
            }
            10..=11 => self.remove(),
            12..=15 => self.set(),
            16..=21 => self.get(),
            22..=24 => self.bulk(),
            25..=26 => self.stats(),
            27..=28 => self.special(),
            _ => self.global(),
        }
    }

    fn remember(&mut self, ty: ObjectType, id: u64) {
        if id != 0 && !self.known.contains(&(ty, id)) {
            if self.known.len() >= KNOWN {
                self.known.swap_remove(1);
            }
            self.known.push((ty, id));
        }
    }

    fn id_of(&mut self, ty: ObjectType) -> u64 {
        id(&mut self.input, &self.known, &[ty])
    }

    fn attribute(&mut self, object: &ObjectMeta) -> sai_attribute_t {
        let Some(meta) = self.input.pick(object.attrs) else { return sai_attribute_t::default() };
        attribute(&mut self.input, &self.known, meta, &notification, &mut self.arena)
    }

    fn attributes(&mut self, object: &ObjectMeta) -> Vec<sai_attribute_t> {
        attributes(&mut self.input, &self.known, object, &notification, &mut self.arena)
    }

    /// The key of an entry, or of an object in a call over either: mostly with a meaning.
    fn key(&mut self, object: &ObjectMeta) -> sai_object_key_t {
        let mut key = sai_object_key_t::default();
        let switch = ObjectId(self.id_of(ObjectType::SWITCH));
        let address = std::net::Ipv4Addr::new(10, 0, self.input.byte() % 4, self.input.byte()).into();
        let mac = MacAddr([2, 0, 0, 0, 0, self.input.byte()]);
        let entry = match object.object_type {
            ObjectType::ROUTE_ENTRY => {
                let length = self.input.byte() % 33;
                let destination = format!("{address}/{length}").parse().unwrap();
                let vr_id = ObjectId(self.id_of(ObjectType::VIRTUAL_ROUTER));
                Entry::Route(RouteEntry { switch_id: switch, vr_id, destination })
            }
            ObjectType::NEIGHBOR_ENTRY => {
                let rif_id = ObjectId(self.id_of(ObjectType::ROUTER_INTERFACE));
                Entry::Neighbor(NeighborEntry { switch_id: switch, rif_id, ip_address: address })
            }
            ObjectType::FDB_ENTRY => {
                let bv_id = ObjectId(self.id_of(ObjectType::VLAN));
                Entry::Fdb(FdbEntry { switch_id: switch, mac_address: mac, bv_id })
            }
            ty => {
                // SAFETY: any bytes are a key, and the union is ours.
                unsafe {
                    let bytes = (&raw mut key.key).cast::<u8>();
                    for n in 0..entry_size(ty).unwrap_or_default() {
                        bytes.add(n).write(self.input.byte());
                    }
                }
                key.key.object_id = if entry_size(ty).is_some() { switch.0 } else { self.id_of(ty) };
                return key;
            }
        };
        // SAFETY: the union has room for every entry.
        unsafe { write_entry(&entry, (&raw mut key.key).cast()) };
        if self.input.rarely(16) {
            // The address family, or what lies there.
            // SAFETY: any bytes are a key.
            unsafe { (&raw mut key.key).cast::<u8>().add(16).write(self.input.byte()) };
        }
        key
    }

    /// A list as a call takes it: its length, or another that fits it, and where it is, or null.
    fn list<T>(&mut self, list: &mut [T]) -> (u32, *mut T) {
        match self.input.below(16) {
            0 => (list.len() as u32, null_mut()),
            1 => (self.input.number() as u32, null_mut()),
            2 => (self.input.below(list.len() + 1) as u32, list.as_mut_ptr()),
            _ => (list.len() as u32, list.as_mut_ptr()),
        }
    }

    fn create(&mut self, object: &'static ObjectMeta) {
        let Some(f) = function(object, Verbs::CREATE) else { return };
        let mut attrs = self.attributes(object);
        let (count, list) = self.list(&mut attrs);
        let list = list.cast_const();
        let ty = object.object_type;
        if entry_size(ty).is_some() {
            let mut key = Fenced::new(1, self.key(object));
            let key = key.or_null(&mut self.input).cast_const().cast::<c_void>();
            call!(f; key => *const c_void, count => u32, list => *const sai_attribute_t);
            return;
        }
        let switch = self.id_of(ObjectType::SWITCH);
        let mut room = Fenced::new(1, 77u64);
        let id = room.or_null(&mut self.input);
        let status = match ty {
            ObjectType::SWITCH => call!(f; id => *mut u64, count => u32, list => *const sai_attribute_t),
            _ => call!(f; id => *mut u64, switch => u64, count => u32, list => *const sai_attribute_t),
        };
        room.check();
        if !id.is_null() {
            let new = room.get(0);
            assert_eq!(status == Status::SUCCESS, new != 0, "{}: {status}, id {new:#x}", object.name);
            self.remember(ty, new);
            CREATED.fetch_add(u64::from(new != 0 && ty != ObjectType::SWITCH), Ordering::Relaxed);
            if ty == ObjectType::SWITCH && new != 0 {
                self.look_at(object, new);
            }
        }
    }

    /// Learns what a new switch has.
    fn look_at(&mut self, switch: &ObjectMeta, id: u64) {
        let Some(f) = function(switch, Verbs::GET) else { return };
        for meta in switch.attrs {
            let kind = meta.ty.value_kind();
            let mut room = [0u64; 256];
            let mut attr = sai_attribute_t { id: meta.id, ..Default::default() };
            if kind == sai::ValueKind::OidList {
                attr.value.objlist = sai_object_list_t { count: 256, list: room.as_mut_ptr() };
            } else if kind != sai::ValueKind::Oid {
                continue;
            }
            let status = call!(f; id => u64, 1 => u32, &raw mut attr => *mut sai_attribute_t);
            if status != Status::SUCCESS {
                continue;
            }
            // SAFETY: the attribute's type says which member the answer is.
            let found: &[u64] = unsafe {
                match kind {
                    sai::ValueKind::Oid => &[attr.value.oid],
                    _ => &room[..attr.value.objlist.count as usize],
                }
            };
            for id in found.iter().take(8) {
                // SAFETY: any id may be asked about.
                self.remember(ObjectType(unsafe { sai_object_type_query(*id) }.0 as i32), *id);
            }
        }
    }

    fn remove(&mut self) {
        let object = object_type(&mut self.input);
        let Some(f) = function(object, Verbs::REMOVE) else { return };
        let mut key = Fenced::new(1, self.key(object));
        if entry_size(object.object_type).is_some() {
            call!(f; key.or_null(&mut self.input).cast::<c_void>() => *const c_void);
        } else {
            let id = self.id_of(object.object_type);
            call!(f; id => u64);
        }
    }

    fn set(&mut self) {
        let object = object_type(&mut self.input);
        let Some(f) = function(object, Verbs::SET) else { return };
        let mut attr = [self.attribute(object)];
        let (_, attr) = self.list(&mut attr);
        let mut key = Fenced::new(1, self.key(object));
        if entry_size(object.object_type).is_some() {
            let key = key.or_null(&mut self.input).cast::<c_void>();
            call!(f; key => *const c_void, attr => *const sai_attribute_t);
        } else {
            let id = self.id_of(object.object_type);
            call!(f; id => u64, attr => *const sai_attribute_t);
        }
    }

    fn get(&mut self) {
        let object = object_type(&mut self.input);
        let Some(f) = function(object, Verbs::GET) else { return };
        let mut attrs: Vec<_> = (0..self.input.below(6)).map(|_| self.attribute(object)).collect();
        let (count, list) = self.list(&mut attrs);
        let mut key = Fenced::new(1, self.key(object));
        if entry_size(object.object_type).is_some() {
            let key = key.or_null(&mut self.input).cast::<c_void>();
            call!(f; key => *const c_void, count => u32, list => *mut sai_attribute_t);
        } else {
            let id = self.id_of(object.object_type);
            call!(f; id => u64, count => u32, list => *mut sai_attribute_t);
        }
    }
}
