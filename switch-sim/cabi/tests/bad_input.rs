//! What a careless client may do at the C boundary: each call answers the status that SAI prescribes, and
//! the process lives.

#![allow(unsafe_code)]

mod common;

use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

use libloading::Library;
use parking_lot::{Mutex, MutexGuard};
use sai::Status;
use sai_sys::*;

/// A process has one library: the tests take turns.
static TURN: Mutex<()> = Mutex::new(());

struct Sai {
    library: Library,
    _turn: MutexGuard<'static, ()>,
}

impl Sai {
    fn open() -> Sai {
        let turn = TURN.lock();
        let path = common::folder().join("libsai.so");
        // SAFETY: it is the library of this package.
        Sai { library: unsafe { Library::new(path) }.unwrap(), _turn: turn }
    }

    fn function<F: Copy>(&self, name: &str) -> F {
        // SAFETY: the callers name the type that SAI says.
        *unsafe { self.library.get::<F>(name) }.unwrap()
    }

    fn init(&self) -> Status {
        let f: unsafe extern "C" fn(u64, *const sai_service_method_table_t) -> i32 =
            self.function("sai_api_initialize");
        // SAFETY: a null table is one of the things to be borne.
        Status(unsafe { f(0, null()) })
    }

    fn uninit(&self) -> Status {
        let f: unsafe extern "C" fn() -> i32 = self.function("sai_api_uninitialize");
        // SAFETY: it may be called at any time.
        Status(unsafe { f() })
    }

    fn table<T>(&self, api: sai_api_t) -> &'static T {
        let f: unsafe extern "C" fn(sai_api_t, *mut *mut c_void) -> i32 = self.function("sai_api_query");
        let mut table = null_mut();
        // SAFETY: there is room for the answer.
        unsafe { f(api, &mut table) };
        assert!(!table.is_null(), "a table is never null");
        // SAFETY: the tables are static and of this release.
        unsafe { &*table.cast::<T>() }
    }

    fn switch(&self) -> u64 {
        let api: &sai_switch_api_t = self.table(SAI_API_SWITCH);
        let attr = init_switch();
        let mut id = 0;
        // SAFETY: the arguments are as SAI wants them.
        let status = unsafe { api.create_switch.unwrap()(&mut id, 1, &attr) };
        assert_eq!(Status(status), Status::SUCCESS);
        id
    }
}

fn init_switch() -> sai_attribute_t {
    let mut attr = sai_attribute_t { id: SAI_SWITCH_ATTR_INIT_SWITCH.0, ..Default::default() };
    attr.value.booldata = true;
    attr
}

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
