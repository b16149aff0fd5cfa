//! Any [`Backend`] as a C library: with this a `libsai.so` is written in Rust.
//!
//! A crate of type `cdylib` says [`export_library!`](crate::export_library) with a function that opens the
//! backend, and has the 21 functions of SAI. Each entry point catches unwinding and writes every output on
//! every path. Notifications are called from one thread that holds no lock.

mod bulk;
mod entry;
mod global;
mod notifier;
mod object;
mod special;
mod tables;

use std::ffi::{CStr, CString};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use parking_lot::RwLock;
use sai_sys as sys;

pub use global::*;
use notifier::Notifier;

use crate::{Backend, Error, ObjectType, Result, Status};

/// What the client gave to `sai_api_initialize`.
#[derive(Clone, Copy, Debug)]
pub struct Services {
    get: sys::sai_profile_get_value_fn,
}

impl Services {
    /// The value of a key of a profile, where the client has one. A client without a service table has none.
    pub fn profile_value(&self, profile: u32, key: &str) -> Option<String> {
        let key = CString::new(key).ok()?;
        // SAFETY: the client gave the function for this; the key is a C string.
        let value = unsafe { self.get?(profile, key.as_ptr()) };
        // SAFETY: the answer is null or a C string that lives at least until the next call.
        (!value.is_null()).then(|| unsafe { CStr::from_ptr(value) }.to_string_lossy().into_owned())
    }
}

/// Opens the backend of a library when it is initialised.
pub type Open = fn(&Services) -> Result<Arc<dyn Backend>>;

/// An initialised library.
struct Library {
    backend: Arc<dyn Backend>,
    notifier: Arc<Notifier>,
}

/// A process has one library, as C has it.
static LIBRARY: RwLock<Option<Arc<Library>>> = RwLock::new(None);

/// Whether `sai_api_initialize` is at work. Not said by holding the lock of [`LIBRARY`]: the client's service
/// functions, which are called meanwhile, may call the library.
static OPENING: AtomicBool = AtomicBool::new(false);

/// The library, unless it is not initialised.
fn library() -> Result<Arc<Library>> {
    let missing = || Error::because(Status::UNINITIALIZED, "sai_api_initialize was not called");
    LIBRARY.read().clone().ok_or_else(missing)
}

/// Waits until the client has returned from its functions for all that the library has told it until now. For
/// tests that must not go on before; not from within such a function, where it would wait for itself.
pub fn settle() {
    let notifier = LIBRARY.read().as_ref().map(|library| library.notifier.clone());
    if let Some(notifier) = notifier {
        notifier.drain();
    }
}

/// Runs an entry point: a panic becomes FAILURE, an error its status, and both are logged.
fn guard(operation: &'static str, f: impl FnOnce() -> Result<()>) -> sys::sai_status_t {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(Ok(())) => Status::SUCCESS.0,
        Ok(Err(e)) => report(operation, e),
        Err(_) => {
            tracing::error!(target: "sai", "{operation}: panicked; this is a bug of the library");
            Status::FAILURE.0
        }
    }
}

/// Runs an entry point of an initialised library.
fn call(operation: &'static str, f: impl FnOnce(&Library) -> Result<()>) -> sys::sai_status_t {
    guard(operation, || f(&*library()?))
}

/// What is always told of a switch when it is refused.
const HEARD: [&str; 2] = ["create", "remove"];

#[cold]
fn report(operation: &'static str, e: Error) -> sys::sai_status_t {
    let status = e.status();
    let e = e.in_operation(operation);
    // A list that is too short is how a client asks for its size; much else is refused to one that finds out what there
    // is, but a switch that does not come or go.
    if status == Status::BUFFER_OVERFLOW {
        tracing::debug!(target: "sai", "{e}");
    } else if e.object().is_some_and(|o| o.object_type() == ObjectType::SWITCH) && HEARD.contains(&operation)
    {
        tracing::warn!(target: "sai", "{e}");
    } else {
        tracing::info!(target: "sai", "{e}");
    }
    status.0
}

/// The error of a null pointer where something must be.
#[cold]
fn null(what: &'static str) -> Error {
    Error::because(Status::INVALID_PARAMETER, format!("the {what} is a null pointer"))
}

/// The elements that a client's array has.
///
/// # Safety
/// `list` is null or has `count` elements that can be read, and lives as long as the answer is used.
unsafe fn array<'a, T>(what: &'static str, count: u32, list: *const T) -> Result<&'a [T]> {
    if list.is_null() {
        return if count == 0 { Ok(&[]) } else { Err(null(what)) };
    }
    // SAFETY: as the caller promises.
    Ok(unsafe { std::slice::from_raw_parts(list, count as usize) })
}

/// The error of a count of zero where something must be asked for.
fn some(what: &'static str, count: u32) -> Result<()> {
    match count {
        0 => Err(Error::because(Status::INVALID_PARAMETER, format!("there are no {what}"))),
        _ => Ok(()),
    }
}
