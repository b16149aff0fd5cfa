//! What a careless client may do at the C boundary: each call answers the status that SAI prescribes, and
//! the process lives.

#![allow(unsafe_code)]

mod common;
#[path = "common/raw.rs"]
mod raw;

use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

use parking_lot::Mutex;
use raw::{Sai, init_switch};
use sai::Status;
use sai_sys::*;

#[test]
fn calls_out_of_turn() {
    let sai = Sai::open();
    let api: &sai_switch_api_t = sai.table(SAI_API_SWITCH);
    let mut id = 7;
    // SAFETY: the arguments are as SAI wants them.
    let mut create = || unsafe { Status(api.create_switch.unwrap()(&raw mut id, 1, &init_switch())) };
    assert_eq!(create(), Status::UNINITIALIZED);
    assert_eq!(sai.uninit(), Status::UNINITIALIZED);
    assert_eq!(sai.init(), Status::SUCCESS);
    assert_eq!(sai.init(), Status::FAILURE, "twice");
    assert_eq!(create(), Status::SUCCESS);
    assert_eq!(sai.uninit(), Status::SUCCESS);
    assert_eq!(create(), Status::UNINITIALIZED);
}

#[test]
fn a_thousand_lives_forget_each_other() {
    let sai = Sai::open();
    for life in 0..1000 {
        assert_eq!(sai.init(), Status::SUCCESS, "life {life}");
        if life % 100 == 0 {
            let first = sai.switch();
            if life % 200 == 0 {
                let api: &sai_switch_api_t = sai.table(SAI_API_SWITCH);
                // SAFETY: any id may be removed.
                assert_eq!(Status(unsafe { api.remove_switch.unwrap()(first) }), Status::SUCCESS);
            }
        }
        assert_eq!(sai.uninit(), Status::SUCCESS, "life {life}");
    }
}

#[test]
fn null_pointers_and_zero_counts() {
    let sai = Sai::open();
    sai.init();
    let sw = sai.switch();
    let switches: &sai_switch_api_t = sai.table(SAI_API_SWITCH);
    let routes: &sai_route_api_t = sai.table(SAI_API_ROUTE);
    let vlans: &sai_vlan_api_t = sai.table(SAI_API_VLAN);
    let ports: &sai_port_api_t = sai.table(SAI_API_PORT);
    let invalid = Status::INVALID_PARAMETER;
    // SAFETY: null pointers and counts that do not fit them are what is tested.
    unsafe {
        assert_eq!(Status(switches.create_switch.unwrap()(null_mut(), 1, &init_switch())), invalid);
        let mut id = 7;
        assert_eq!(Status(switches.create_switch.unwrap()(&mut id, 1, null())), invalid);
        assert_eq!(id, 0, "a failed create gives a null id");
        assert_eq!(Status(switches.get_switch_attribute.unwrap()(sw, 1, null_mut())), invalid);
        assert_eq!(Status(switches.get_switch_attribute.unwrap()(sw, 0, null_mut())), invalid);
        assert_eq!(Status(switches.set_switch_attribute.unwrap()(sw, null())), invalid);
        assert_eq!(Status(routes.create_route_entry.unwrap()(null(), 0, null())), invalid);
        assert_eq!(Status(routes.remove_route_entry.unwrap()(null())), invalid);
        assert_eq!(Status(ports.get_port_stats.unwrap()(sw, 1, null(), null_mut())), invalid);
        // A list with a count and no memory.
        let mut attr = sai_attribute_t { id: SAI_SWITCH_ATTR_PORT_LIST.0, ..Default::default() };
        attr.value.objlist = sai_object_list_t { count: 5, list: null_mut() };
        let status = Status(switches.get_switch_attribute.unwrap()(sw, 1, &mut attr));
        assert_eq!(status, Status::INVALID_ATTR_VALUE_0);
        // One list too short, and the other attribute of the call still filled.
        let mut two = [attr, sai_attribute_t { id: SAI_SWITCH_ATTR_PORT_NUMBER.0, ..Default::default() }];
        two[0].value.objlist = sai_object_list_t { count: 0, list: null_mut() };
        let status = Status(switches.get_switch_attribute.unwrap()(sw, 2, two.as_mut_ptr()));
        assert_eq!(status, Status::BUFFER_OVERFLOW);
        assert_eq!((two[0].value.objlist.count, two[1].value.u32_), (32, 32));
        // Bulk: every status is written on every path.
        let mode = SAI_BULK_OP_ERROR_MODE_STOP_ON_ERROR;
        let mut statuses = [99; 3];
        let mut ids = [7u64; 3];
        let create = vlans.create_vlan_members.unwrap();
        let status = Status(create(sw, 3, null(), null_mut(), mode, ids.as_mut_ptr(), statuses.as_mut_ptr()));
        assert_eq!(status, Status::FAILURE);
        assert_eq!(statuses.map(Status), [invalid, Status::NOT_EXECUTED, Status::NOT_EXECUTED]);
        assert_eq!(ids, [0; 3]);
        let none = create(sw, 0, null(), null_mut(), mode, null_mut(), null_mut());
        assert_eq!(Status(none), invalid);
        let remove = vlans.remove_vlan_members.unwrap();
        assert_eq!(Status(remove(3, [1u64, 2, 3].as_ptr(), mode, null_mut())), invalid);
        let odd = sai_bulk_op_error_mode_t(9);
        assert_eq!(Status(remove(3, [1u64, 2, 3].as_ptr(), odd, statuses.as_mut_ptr())), invalid);
        assert_eq!(statuses.map(Status), [Status::NOT_EXECUTED; 3]);
    }
    assert_eq!(sai.uninit(), Status::SUCCESS);
}

/// What the calls within a notification answered.
static WITHIN: [AtomicI32; 3] = [AtomicI32::new(1), AtomicI32::new(1), AtomicI32::new(1)];
static REMOVE: AtomicUsize = AtomicUsize::new(0);
static UNINIT: AtomicUsize = AtomicUsize::new(0);
static GET: AtomicUsize = AtomicUsize::new(0);
static SWITCH: Mutex<u64> = Mutex::new(0);

unsafe extern "C" fn on_port(_: u32, _: *const sai_port_oper_status_notification_t) {
    let sw = *SWITCH.lock();
    if sw == 0 {
        return;
    }
    // SAFETY: the test has stored functions of these types.
    unsafe {
        let remove: unsafe extern "C" fn(u64) -> i32 = std::mem::transmute(REMOVE.load(Ordering::SeqCst));
        let uninit: unsafe extern "C" fn() -> i32 = std::mem::transmute(UNINIT.load(Ordering::SeqCst));
        let get: unsafe extern "C" fn(u64, u32, *mut sai_attribute_t) -> i32 =
            std::mem::transmute(GET.load(Ordering::SeqCst));
        WITHIN[0].store(remove(sw), Ordering::SeqCst);
        WITHIN[1].store(uninit(), Ordering::SeqCst);
        let mut attr = sai_attribute_t { id: SAI_SWITCH_ATTR_PORT_NUMBER.0, ..Default::default() };
        WITHIN[2].store(get(sw, 1, &mut attr), Ordering::SeqCst);
    }
}

#[test]
fn calls_from_within_a_notification() {
    let sai = Sai::open();
    sai.init();
    let sw = sai.switch();
    let switches: &sai_switch_api_t = sai.table(SAI_API_SWITCH);
    let ports: &sai_port_api_t = sai.table(SAI_API_PORT);
    REMOVE.store(switches.remove_switch.unwrap() as usize, Ordering::SeqCst);
    GET.store(switches.get_switch_attribute.unwrap() as usize, Ordering::SeqCst);
    let uninit: unsafe extern "C" fn() -> i32 = sai.function("sai_api_uninitialize");
    UNINIT.store(uninit as usize, Ordering::SeqCst);
    *SWITCH.lock() = sw;
    // SAFETY: the arguments are as SAI wants them.
    unsafe {
        let mut attr =
            sai_attribute_t { id: SAI_SWITCH_ATTR_PORT_STATE_CHANGE_NOTIFY.0, ..Default::default() };
        attr.value.ptr = on_port as *mut c_void;
        assert_eq!(Status(switches.set_switch_attribute.unwrap()(sw, &attr)), Status::SUCCESS);
        let mut list = [0u64; 64];
        let mut attr = sai_attribute_t { id: SAI_SWITCH_ATTR_PORT_LIST.0, ..Default::default() };
        attr.value.objlist = sai_object_list_t { count: 64, list: list.as_mut_ptr() };
        assert_eq!(Status(switches.get_switch_attribute.unwrap()(sw, 1, &mut attr)), Status::SUCCESS);
        // A bool of 2 is true.
        let mut up = sai_attribute_t { id: SAI_PORT_ATTR_ADMIN_STATE.0, ..Default::default() };
        up.value.u8_ = 2;
        assert_eq!(Status(ports.set_port_attribute.unwrap()(list[0], &up)), Status::SUCCESS);
        // Removing waits until the notification has been delivered.
        assert_eq!(Status(switches.remove_switch.unwrap()(sw)), Status::SUCCESS);
    }
    let within = [0, 1, 2].map(|i| Status(WITHIN[i].load(Ordering::SeqCst)));
    assert_eq!(within, [Status::OBJECT_IN_USE, Status::OBJECT_IN_USE, Status::SUCCESS]);
    *SWITCH.lock() = 0;
    assert_eq!(sai.uninit(), Status::SUCCESS);
}

/// The first port of a switch.
fn port_of(sai: &Sai, sw: u64) -> u64 {
    let switches: &sai_switch_api_t = sai.table(SAI_API_SWITCH);
    let mut list = [0u64; 64];
    let mut attr = sai_attribute_t { id: SAI_SWITCH_ATTR_PORT_LIST.0, ..Default::default() };
    attr.value.objlist = sai_object_list_t { count: 64, list: list.as_mut_ptr() };
    // SAFETY: the arguments are as SAI wants them.
    let status = unsafe { switches.get_switch_attribute.unwrap()(sw, 1, &mut attr) };
    assert_eq!(Status(status), Status::SUCCESS);
    list[0]
}

fn number(id: u32, value: u64) -> sai_attribute_t {
    let mut attr = sai_attribute_t { id, ..Default::default() };
    attr.value.u64_ = value;
    attr
}

#[test]
fn unknown_attributes_and_foreign_ids() {
    let sai = Sai::open();
    sai.init();
    let (first, second) = (sai.switch(), sai.switch());
    assert_ne!(first, second);
    let ports: &sai_port_api_t = sai.table(SAI_API_PORT);
    let vlans: &sai_vlan_api_t = sai.table(SAI_API_VLAN);
    let bridges: &sai_bridge_api_t = sai.table(SAI_API_BRIDGE);
    let (port, other) = (port_of(&sai, first), port_of(&sai, second));
    let mtu = number(SAI_PORT_ATTR_MTU.0, 1500);
    // SAFETY: the arguments are as SAI wants them, but for what is tested.
    unsafe {
        // Unknown attributes: the position is told, and what comes before is not applied.
        let unknown = Status::UNKNOWN_ATTRIBUTE_0;
        let set = ports.set_port_attribute.unwrap();
        assert_eq!(Status(set(port, &number(0x0fff_0000, 1))), unknown);
        let mut asked = [mtu, number(0x0fff_0000, 1)];
        let get = ports.get_port_attribute.unwrap();
        assert_eq!(Status(get(port, 2, asked.as_mut_ptr())), unknown.nth(1));
        let mut vlan = 7;
        let attrs = [number(SAI_VLAN_ATTR_VLAN_ID.0, 9), number(0x0fff_0000, 1)];
        let create = vlans.create_vlan.unwrap();
        assert_eq!(Status(create(&mut vlan, first, 2, attrs.as_ptr())), unknown.nth(1));
        assert_eq!(vlan, 0);
        assert_eq!(Status(create(&mut vlan, first, 1, attrs.as_ptr())), Status::SUCCESS, "9 is free still");

        // Ids of another type, in the place of the object and in an attribute.
        assert_eq!(Status(set(vlan, &mtu)), Status::INVALID_OBJECT_TYPE);
        assert_eq!(Status(ports.remove_port.unwrap()(vlan)), Status::INVALID_OBJECT_TYPE);
        assert_eq!(Status(create(&mut vlan, port, 1, attrs.as_ptr())), Status::INVALID_OBJECT_TYPE);
        let mut kind = number(SAI_BRIDGE_PORT_ATTR_TYPE.0, 0);
        kind.value.s32 = SAI_BRIDGE_PORT_TYPE_PORT.0 as i32;
        let on = |id| [kind, number(SAI_BRIDGE_PORT_ATTR_PORT_ID.0, id)];
        let bridge_port = bridges.create_bridge_port.unwrap();
        let mut made = 7;
        let status = Status(bridge_port(&mut made, first, 2, on(first).as_ptr()));
        assert_eq!(status, Status::INVALID_OBJECT_TYPE);
        // Of another switch.
        let status = Status(bridge_port(&mut made, first, 2, on(other).as_ptr()));
        assert_eq!(status, Status::ITEM_NOT_FOUND);
        // Never issued, null, and gone.
        assert_eq!(Status(set(u64::MAX, &mtu)), Status::INVALID_OBJECT_ID);
        assert_eq!(Status(set(0, &mtu)), Status::INVALID_OBJECT_ID);
        let switches: &sai_switch_api_t = sai.table(SAI_API_SWITCH);
        assert_eq!(Status(switches.remove_switch.unwrap()(second)), Status::SUCCESS);
        assert_eq!(Status(set(other, &mtu)), Status::ITEM_NOT_FOUND);
        assert_eq!(Status(switches.remove_switch.unwrap()(second)), Status::ITEM_NOT_FOUND);
    }
    assert_eq!(sai.uninit(), Status::SUCCESS);
}

#[test]
fn text_without_an_end() {
    let sai = Sai::open();
    sai.init();
    let sw = sai.switch();
    let hostifs: &sai_hostif_api_t = sai.table(SAI_API_HOSTIF);
    let mut kind = number(SAI_HOSTIF_ATTR_TYPE.0, 0);
    kind.value.s32 = SAI_HOSTIF_TYPE_NETDEV.0 as i32;
    let mut name = sai_attribute_t { id: SAI_HOSTIF_ATTR_NAME.0, ..Default::default() };
    name.value.chardata = [b'x' as _; 32];
    let on = number(SAI_HOSTIF_ATTR_OBJ_ID.0, port_of(&sai, sw));
    let mut id = 0;
    // SAFETY: the arguments are as SAI wants them, but for the NUL that the name lacks.
    unsafe {
        let create = hostifs.create_hostif.unwrap();
        assert_eq!(Status(create(&mut id, sw, 3, [kind, on, name].as_ptr())), Status::SUCCESS);
        let mut back = sai_attribute_t { id: SAI_HOSTIF_ATTR_NAME.0, ..Default::default() };
        assert_eq!(Status(hostifs.get_hostif_attribute.unwrap()(id, 1, &mut back)), Status::SUCCESS);
        let back = back.value.chardata.map(|c| c as u8);
        assert!(back.iter().take_while(|c| **c == b'x').count() >= 31, "{back:?}");
    }
    assert_eq!(sai.uninit(), Status::SUCCESS);
}

#[test]
fn calls_from_many_threads_at_once() {
    let sai = Sai::open();
    sai.init();
    let sw = sai.switch();
    let vlans: &sai_vlan_api_t = sai.table(SAI_API_VLAN);
    let switches: &sai_switch_api_t = sai.table(SAI_API_SWITCH);
    // SAFETY: the arguments are as SAI wants them.
    let create = |id: u16| unsafe {
        let mut vlan = 0;
        let attr = number(SAI_VLAN_ATTR_VLAN_ID.0, id.into());
        (Status(vlans.create_vlan.unwrap()(&mut vlan, sw, 1, &attr)), vlan)
    };
    // Each VLAN is asked for by all: it is made once.
    let made: Vec<u64> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(|| (2..200).map(create).collect::<Vec<_>>())).collect();
        let all = all.into_iter().flat_map(|t| t.join().unwrap());
        all.filter_map(|(status, id)| match status {
            Status::SUCCESS => Some(id),
            other => {
                assert_eq!(other, Status::ITEM_ALREADY_EXISTS);
                None
            }
        })
        .collect()
    });
    assert_eq!(made.len(), 198);
    // Some look on while others initialise and uninitialise: each call answers one or the other.
    let get = || {
        let mut attr = sai_attribute_t { id: SAI_SWITCH_ATTR_PORT_NUMBER.0, ..Default::default() };
        // SAFETY: as above.
        Status(unsafe { switches.get_switch_attribute.unwrap()(sw, 1, &mut attr) })
    };
    let known = [Status::SUCCESS, Status::UNINITIALIZED, Status::ITEM_NOT_FOUND];
    std::thread::scope(|scope| {
        let readers =
            [(); 4].map(|()| scope.spawn(|| (0..2000).for_each(|_| assert!(known.contains(&get())))));
        for _ in 0..20 {
            sai.uninit();
            sai.init();
        }
        readers.into_iter().for_each(|r| r.join().unwrap());
    });
    assert_eq!(sai.uninit(), Status::SUCCESS);
}

static QUERY: AtomicUsize = AtomicUsize::new(0);
static INIT: AtomicUsize = AtomicUsize::new(0);
static ANSWERED: AtomicI32 = AtomicI32::new(1);

/// A client's profile that calls the library when it is asked.
unsafe extern "C" fn curious(_: u32, _: *const std::ffi::c_char) -> *const std::ffi::c_char {
    // SAFETY: the test has stored functions of these types.
    unsafe {
        let query: unsafe extern "C" fn(u64) -> sai_object_type_t =
            std::mem::transmute(QUERY.load(Ordering::SeqCst));
        let init: unsafe extern "C" fn(u64, *const sai_service_method_table_t) -> i32 =
            std::mem::transmute(INIT.load(Ordering::SeqCst));
        assert_eq!(query(1), SAI_OBJECT_TYPE_NULL);
        ANSWERED.store(init(0, null()), Ordering::SeqCst);
    }
    null()
}

#[test]
fn a_service_function_may_call_the_library() {
    let sai = Sai::open();
    let query: unsafe extern "C" fn(u64) -> sai_object_type_t = sai.function("sai_object_type_query");
    let init: unsafe extern "C" fn(u64, *const sai_service_method_table_t) -> i32 =
        sai.function("sai_api_initialize");
    QUERY.store(query as usize, Ordering::SeqCst);
    INIT.store(init as usize, Ordering::SeqCst);
    let services =
        sai_service_method_table_t { profile_get_value: Some(curious), profile_get_next_value: None };
    // SAFETY: the function lives for ever.
    assert_eq!(Status(unsafe { init(0, &services) }), Status::SUCCESS);
    assert_eq!(Status(ANSWERED.load(Ordering::SeqCst)), Status::FAILURE, "it is being initialised already");
    assert_eq!(sai.uninit(), Status::SUCCESS);
}

#[test]
fn counts_that_nothing_stands_behind() {
    let sai = Sai::open();
    sai.init();
    let sw = sai.switch();
    let vlans: &sai_vlan_api_t = sai.table(SAI_API_VLAN);
    let mode = SAI_BULK_OP_ERROR_MODE_STOP_ON_ERROR;
    // SAFETY: all pointers are null.
    unsafe {
        let (null_ids, null_statuses) = (null_mut::<u64>(), null_mut::<i32>());
        let create = vlans.create_vlan_members.unwrap();
        let status = create(sw, u32::MAX, null(), null_mut(), mode, null_ids, null_statuses);
        assert_eq!(Status(status), Status::INVALID_PARAMETER);
        let status = vlans.remove_vlan_members.unwrap()(u32::MAX, null(), mode, null_statuses);
        assert_eq!(Status(status), Status::INVALID_PARAMETER);
        let mut id = 7;
        let status = vlans.create_vlan.unwrap()(&mut id, sw, u32::MAX, null());
        assert_eq!((Status(status), id), (Status::INVALID_PARAMETER, 0));
    }
    assert_eq!(sai.uninit(), Status::SUCCESS);
}

#[test]
fn buffers_for_packets() {
    let sai = Sai::open();
    sai.init();
    let sw = sai.switch();
    let hostifs: &sai_hostif_api_t = sai.table(SAI_API_HOSTIF);
    let (allocate, free) = (hostifs.allocate_hostif_packet.unwrap(), hostifs.free_hostif_packet.unwrap());
    let invalid = Status::INVALID_PARAMETER;
    // SAFETY: the arguments are as SAI wants them, but for what is tested.
    unsafe {
        let mut buffer = std::ptr::dangling_mut::<c_void>();
        assert_eq!(Status(allocate(sw, 0, &mut buffer, 0, null())), invalid);
        assert!(buffer.is_null(), "a failed allocation gives a null pointer");
        assert_eq!(Status(allocate(sw, 1 << 20, &mut buffer, 0, null())), invalid);
        assert_eq!(Status(allocate(sw, 60, null_mut(), 0, null())), invalid);
        assert_eq!(Status(allocate(sw, 60, &mut buffer, 1, null())), invalid);
        let port = port_of(&sai, sw);
        assert_eq!(Status(allocate(port, 60, &mut buffer, 0, null())), Status::INVALID_OBJECT_ID);

        // A frame that is built in a buffer is sent from it, by the port that it names.
        assert_eq!(Status(allocate(sw, 60, &mut buffer, 0, null())), Status::SUCCESS);
        buffer.cast::<u8>().write_bytes(2, 60);
        let mut way = number(SAI_HOSTIF_PACKET_ATTR_HOSTIF_TX_TYPE.0, 0);
        way.value.s32 = SAI_HOSTIF_TX_TYPE_PIPELINE_BYPASS.0 as i32;
        let out = number(SAI_HOSTIF_PACKET_ATTR_EGRESS_PORT_OR_LAG.0, port);
        let copied = number(SAI_HOSTIF_PACKET_ATTR_ZERO_COPY_TX.0, 1);
        let attrs = [way, out, copied];
        let sent = hostifs.send_hostif_packet.unwrap()(sw, 60, buffer, 3, attrs.as_ptr());
        assert_eq!(Status(sent), Status::SUCCESS);
        assert_eq!(Status(free(sw, buffer)), Status::SUCCESS);
        assert_eq!(Status(free(sw, buffer)), invalid, "twice");
        assert_eq!(Status(free(sw, null_mut())), invalid);
        // One that the client keeps goes with the library.
        assert_eq!(Status(allocate(sw, 9000, &mut buffer, 0, null())), Status::SUCCESS);
    }
    assert_eq!(sai.uninit(), Status::SUCCESS);
    // SAFETY: any address may be handed over.
    assert_eq!(Status(unsafe { free(sw, null_mut()) }), Status::UNINITIALIZED);
}
