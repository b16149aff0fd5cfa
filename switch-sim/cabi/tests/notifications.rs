//! Whom the library calls: who stands in the switch's notification attributes, and nobody where that is null.

#![allow(unsafe_code)]

mod common;
#[path = "common/raw.rs"]
mod raw;

use std::collections::BTreeSet;
use std::ffi::c_void;
use std::ptr::{null, null_mut};

use parking_lot::Mutex;
use raw::{Sai, init_switch};
use sai::Status;
use sai_sys::*;

/// Who was called since the last look.
static CALLED: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());

unsafe extern "C" fn on_switch(_: u64, _: sai_switch_oper_status_t) {
    CALLED.lock().insert("switch");
}

unsafe extern "C" fn on_port(_: u32, _: *const sai_port_oper_status_notification_t) {
    CALLED.lock().insert("port");
}

unsafe extern "C" fn on_fdb(_: u32, _: *const sai_fdb_event_notification_data_t) {
    CALLED.lock().insert("fdb");
}

unsafe extern "C" fn on_packet(_: u64, _: usize, _: *const c_void, _: u32, _: *const sai_attribute_t) {
    CALLED.lock().insert("packet");
}

fn with(id: u32, value: impl FnOnce(&mut sai_attribute_value_t)) -> sai_attribute_t {
    let mut attr = sai_attribute_t { id, ..Default::default() };
    value(&mut attr.value);
    attr
}

fn pointer(id: sai_switch_attr_t, to: *mut c_void) -> sai_attribute_t {
    with(id.0, |v| v.ptr = to)
}

const FUNCTIONS: [(sai_switch_attr_t, *mut c_void); 3] = [
    (SAI_SWITCH_ATTR_PORT_STATE_CHANGE_NOTIFY, on_port as *mut c_void),
    (SAI_SWITCH_ATTR_FDB_EVENT_NOTIFY, on_fdb as *mut c_void),
    (SAI_SWITCH_ATTR_PACKET_EVENT_NOTIFY, on_packet as *mut c_void),
];

/// A life of a switch in which a port comes up, a station is learned and a packet trapped: a port that loops back
/// takes in what the host sends by it. `set` has the functions set after the switch was made, in this order; the one
/// that is told of the switch is given with its creation, if it is to be called.
fn life(told: bool, set: &[(sai_switch_attr_t, *mut c_void)]) -> Vec<&'static str> {
    let sai = Sai::open();
    assert_eq!(sai.init(), Status::SUCCESS);
    let switches: &sai_switch_api_t = sai.table(SAI_API_SWITCH);
    let ports: &sai_port_api_t = sai.table(SAI_API_PORT);
    let hosts: &sai_hostif_api_t = sai.table(SAI_API_HOSTIF);
    let done = |status: i32| assert_eq!(Status(status), Status::SUCCESS);
    // SAFETY: the arguments are as SAI wants them.
    unsafe {
        let on_switch = if told { on_switch as *mut c_void } else { null_mut() };
        let made = [init_switch(), pointer(SAI_SWITCH_ATTR_SWITCH_STATE_CHANGE_NOTIFY, on_switch)];
        let mut sw = 0;
        done(switches.create_switch.unwrap()(&mut sw, 2, made.as_ptr()));
        for (id, to) in set {
            done(switches.set_switch_attribute.unwrap()(sw, &pointer(*id, *to)));
        }
        let mut list = [0u64; 64];
        let all = sai_object_list_t { count: 64, list: list.as_mut_ptr() };
        let mut attr = with(SAI_SWITCH_ATTR_PORT_LIST.0, |v| v.objlist = all);
        done(switches.get_switch_attribute.unwrap()(sw, 1, &mut attr));
        let port = list[0];
        let looped = SAI_PORT_INTERNAL_LOOPBACK_MODE_MAC.0 as i32;
        for attr in [
            with(SAI_PORT_ATTR_INTERNAL_LOOPBACK_MODE.0, |v| v.s32 = looped),
            with(SAI_PORT_ATTR_ADMIN_STATE.0, |v| v.booldata = true),
        ] {
            done(ports.set_port_attribute.unwrap()(port, &attr));
        }
        let mut id = 0;
        let trap = [
            with(SAI_HOSTIF_TRAP_ATTR_TRAP_TYPE.0, |v| v.s32 = SAI_HOSTIF_TRAP_TYPE_LLDP.0 as i32),
            with(SAI_HOSTIF_TRAP_ATTR_PACKET_ACTION.0, |v| v.s32 = SAI_PACKET_ACTION_TRAP.0 as i32),
        ];
        done(hosts.create_hostif_trap.unwrap()(&mut id, sw, 2, trap.as_ptr()));
        let (wildcard, cb) = (SAI_HOSTIF_TABLE_ENTRY_TYPE_WILDCARD, SAI_HOSTIF_TABLE_ENTRY_CHANNEL_TYPE_CB);
        let entry = [
            with(SAI_HOSTIF_TABLE_ENTRY_ATTR_TYPE.0, |v| v.s32 = wildcard.0 as i32),
            with(SAI_HOSTIF_TABLE_ENTRY_ATTR_CHANNEL_TYPE.0, |v| v.s32 = cb.0 as i32),
        ];
        done(hosts.create_hostif_table_entry.unwrap()(&mut id, sw, 2, entry.as_ptr()));
        let bypass = SAI_HOSTIF_TX_TYPE_PIPELINE_BYPASS.0 as i32;
        let way = [
            with(SAI_HOSTIF_PACKET_ATTR_HOSTIF_TX_TYPE.0, |v| v.s32 = bypass),
            with(SAI_HOSTIF_PACKET_ATTR_EGRESS_PORT_OR_LAG.0, |v| v.oid = port),
        ];
        let lldp: Vec<u8> = [[0x01, 0x80, 0xc2, 0, 0, 0x0e], [2, 0, 0, 0, 0, 1]].concat();
        let plain: Vec<u8> = [[0xff; 6], [2, 0, 0, 0, 0, 2]].concat();
        for (addresses, ethertype) in [(lldp, [0x88, 0xcc]), (plain, [0x88, 0xb5])] {
            let mut frame = [&addresses[..], &ethertype].concat();
            frame.resize(60, 0x5a);
            let send = hosts.send_hostif_packet.unwrap();
            done(send(sw, 60, frame.as_ptr().cast(), 2, way.as_ptr()));
        }
        // Removing waits until all has been told.
        done(switches.remove_switch.unwrap()(sw));
    }
    assert_eq!(sai.uninit(), Status::SUCCESS);
    std::mem::take(&mut *CALLED.lock()).into_iter().collect()
}

/// Acts: SAI_SWITCH_ATTR_SWITCH_STATE_CHANGE_NOTIFY, SAI_SWITCH_ATTR_PORT_STATE_CHANGE_NOTIFY,
/// SAI_SWITCH_ATTR_FDB_EVENT_NOTIFY, SAI_SWITCH_ATTR_PACKET_EVENT_NOTIFY.
#[test]
fn each_notification_goes_to_the_function_of_its_attribute() {
    assert_eq!(life(true, &FUNCTIONS), ["fdb", "packet", "port", "switch"]);
    assert_eq!(life(false, &[]), [""; 0]);
    for (n, name) in ["port", "fdb", "packet"].into_iter().enumerate() {
        assert_eq!(life(false, &FUNCTIONS[n..=n]), [name]);
        // A null takes the function out again.
        let mut others = FUNCTIONS.to_vec();
        others.push((FUNCTIONS[n].0, null::<c_void>().cast_mut()));
        assert!(!life(false, &others).contains(&name));
    }
}
