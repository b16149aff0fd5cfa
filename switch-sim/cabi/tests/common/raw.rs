//! The library under test by its C functions.

#![allow(dead_code, unreachable_pub)]

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use libloading::Library;
use parking_lot::{Mutex, MutexGuard};
use sai::Status;
use sai_sys::*;

use crate::common;

/// A process has one library: the tests take turns.
static TURN: Mutex<()> = Mutex::new(());

pub struct Sai {
    library: Library,
    _turn: MutexGuard<'static, ()>,
}

impl Sai {
    pub fn open() -> Sai {
        let turn = TURN.lock();
        let path = common::folder().join("libsai.so");
        // SAFETY: it is the library of this package.
        Sai { library: unsafe { Library::new(path) }.unwrap(), _turn: turn }
    }

    pub fn function<F: Copy>(&self, name: &str) -> F {
        // SAFETY: the callers name the type that SAI says.
        *unsafe { self.library.get::<F>(name) }.unwrap()
    }

    pub fn init(&self) -> Status {
        let f: unsafe extern "C" fn(u64, *const sai_service_method_table_t) -> i32 =
            self.function("sai_api_initialize");
        // SAFETY: a null table is one of the things to be borne.
        Status(unsafe { f(0, null()) })
    }

    pub fn uninit(&self) -> Status {
        let f: unsafe extern "C" fn() -> i32 = self.function("sai_api_uninitialize");
        // SAFETY: it may be called at any time.
        Status(unsafe { f() })
    }

    pub fn table<T>(&self, api: sai_api_t) -> &'static T {
        let f: unsafe extern "C" fn(sai_api_t, *mut *mut c_void) -> i32 = self.function("sai_api_query");
        let mut table = null_mut();
        // SAFETY: there is room for the answer.
        unsafe { f(api, &mut table) };
        assert!(!table.is_null(), "a table is never null");
        // SAFETY: the tables are static and of this release.
        unsafe { &*table.cast::<T>() }
    }

    pub fn switch(&self) -> u64 {
        let api: &sai_switch_api_t = self.table(SAI_API_SWITCH);
        let attr = init_switch();
        let mut id = 0;
        // SAFETY: the arguments are as SAI wants them.
        let status = unsafe { api.create_switch.unwrap()(&mut id, 1, &attr) };
        assert_eq!(Status(status), Status::SUCCESS);
        id
    }
}

pub fn init_switch() -> sai_attribute_t {
    let mut attr = sai_attribute_t { id: SAI_SWITCH_ATTR_INIT_SWITCH.0, ..Default::default() };
    attr.value.booldata = true;
    attr
}
