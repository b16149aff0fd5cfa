//! A vendor's `libsai.so` as a [`Backend`](crate::Backend).
//!
//! The library is asked for its release first. A table slot, function, attribute or field younger than it
//! is never read, called or sent: the answer is NOT_SUPPORTED, which names both releases. A null slot
//! answers NOT_IMPLEMENTED. Lists are asked for again, longer, while the library says that they are too
//! short.

#![allow(unsafe_code)]

mod bulk;
mod calls;
mod global;
mod notify;
mod probe;
mod slots;
mod table;

use std::ffi::{CStr, CString, OsStr, c_char, c_int, c_void};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use parking_lot::{Mutex, RwLock};
use sai_sys as sys;

pub use probe::{ApiProbe, Probe, SlotProbe};
pub use table::slot_of;

use crate::meta::Release;
use crate::types::Api;
use crate::{Error, Result, Status};

/// A library is a process-wide singleton: so is its profile, and whether there is one.
static LOADED: AtomicBool = AtomicBool::new(false);
static PROFILE: RwLock<Vec<(CString, CString)>> = RwLock::new(Vec::new());

/// How a library is to be loaded.
#[derive(Clone, Debug, Default)]
pub struct Options {
    profile: Vec<(String, String)>,
    thread_safe: bool,
}

impl Options {
    /// No profile keys, one call at a time.
    pub fn new() -> Options {
        Options::default()
    }

    /// Answers `value` when the library asks its profile for `key`.
    pub fn profile(mut self, key: impl Into<String>, value: impl Into<String>) -> Options {
        self.profile.push((key.into(), value.into()));
        self
    }

    /// Reads a profile: lines `KEY=VALUE`; a line that begins with `#` is a comment.
    pub fn profile_text(mut self, text: &str) -> Options {
        let lines = text.lines().map(str::trim).filter(|l| !l.starts_with('#'));
        let pairs = lines.filter_map(|l| l.split_once('='));
        self.profile.extend(pairs.map(|(k, v)| (k.trim().to_owned(), v.trim().to_owned())));
        self
    }

    /// Declares that the library may be called from several threads at once. Without it calls are made
    /// one at a time.
    pub fn thread_safe(mut self, yes: bool) -> Options {
        self.thread_safe = yes;
        self
    }

    /// Loads and initialises a library.
    ///
    /// # Errors
    /// When a library is loaded already, when the file is no SAI library, when it does not tell its
    /// release, and what its `sai_api_initialize` answers.
    pub fn load(self, path: impl AsRef<Path>) -> Result<Dylib> {
        Dylib::load(path.as_ref(), self)
    }
}

/// A vendor's library. It is uninitialised when this is dropped, and stays mapped: its threads may live on.
pub struct Dylib {
    path: PathBuf,
    release: Release,
    version: u64,
    library: std::mem::ManuallyDrop<libloading::Library>,
    tables: table::Tables,
    queue: Arc<notify::Queue>,
    thread: Option<JoinHandle<()>>,
    /// Held during a call, unless the library is declared thread-safe.
    one_call: Option<Mutex<()>>,
    _loaded: Loaded,
}

/// Makes room for another library when dropped.
struct Loaded;

impl Drop for Loaded {
    fn drop(&mut self) {
        LOADED.store(false, Ordering::Release);
    }
}

impl fmt::Debug for Dylib {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dylib")
            .field("path", &self.path)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

unsafe extern "C" fn profile_value(_profile: u32, key: *const c_char) -> *const c_char {
    if key.is_null() {
        return std::ptr::null();
    }
    // SAFETY: the library hands over a C string.
    let key = unsafe { CStr::from_ptr(key) };
    let profile = PROFILE.read();
    // The text lives until another library is loaded.
    profile.iter().find(|(k, _)| k.as_c_str() == key).map_or(std::ptr::null(), |(_, v)| v.as_ptr())
}

/// Where `next_profile_value` stands.
static NEXT: Mutex<usize> = Mutex::new(0);

unsafe extern "C" fn next_profile_value(
    _profile: u32,
    key: *mut *const c_char,
    value: *mut *const c_char,
) -> c_int {
    let mut next = NEXT.lock();
    if value.is_null() {
        *next = 0;
        return 0;
    }
    let profile = PROFILE.read();
    let Some((k, v)) = profile.get(*next).filter(|_| !key.is_null()) else { return -1 };
    *next += 1;
    // SAFETY: the library promises room for both pointers.
    unsafe {
        key.write(k.as_ptr());
        value.write(v.as_ptr());
    }
    0
}

static SERVICES: sys::sai_service_method_table_t = sys::sai_service_method_table_t {
    profile_get_value: Some(profile_value),
    profile_get_next_value: Some(next_profile_value),
};

/// What a status says of the function that answered it.
fn check(status: sys::sai_status_t) -> Result<()> {
    Status(status).ok()
}

/// A function that a library exports.
///
/// # Safety
/// `F` is the type of the function of that name.
unsafe fn symbol<F: Copy>(library: &libloading::Library, name: &str) -> Result<F> {
    // SAFETY: as the caller promises.
    unsafe { library.get::<F>(name) }
        .map(|f| *f)
        .map_err(|_| Error::because(Status::NOT_IMPLEMENTED, format!("the library has no function {name}")))
}

impl Dylib {
    fn load(path: &Path, options: Options) -> Result<Dylib> {
        if LOADED.swap(true, Ordering::AcqRel) {
            let reason = "a SAI library is loaded already; a process can have one at a time";
            return Err(Error::because(Status::FAILURE, reason));
        }
        let loaded = Loaded;
        // SAFETY: running a SAI library's code is what the caller asks for.
        let library = unsafe { libloading::Library::new(AsRef::<OsStr>::as_ref(path)) }.map_err(|e| {
            // What the loader says, which names the file.
            let why = std::error::Error::source(&e).map_or_else(|| e.to_string(), ToString::to_string);
            Error::because(Status::FAILURE, format!("cannot load {}: {why}", path.display()))
        })?;
        // A library may have started threads when it was loaded: it is never unmapped.
        let library = std::mem::ManuallyDrop::new(library);
        let mut version = 0;
        // SAFETY: this is the function's type, and there is room for the answer.
        unsafe {
            type Ask = unsafe extern "C" fn(*mut u64) -> i32;
            check(symbol::<Ask>(&library, "sai_query_api_version")?(&mut version))?;
        }
        let release = release_of(version)?;
        let text = |s: String| {
            let reason = format!("'{s}' of the profile has a NUL inside");
            CString::new(s).map_err(|_| Error::because(Status::INVALID_PARAMETER, reason))
        };
        let profile: Result<Vec<_>> =
            options.profile.into_iter().map(|(k, v)| Ok((text(k)?, text(v)?))).collect();
        *PROFILE.write() = profile?;
        *NEXT.lock() = 0;
        // SAFETY: this is the function's type; the table lives for ever.
        unsafe {
            type Start = unsafe extern "C" fn(u64, *const sys::sai_service_method_table_t) -> i32;
            check(symbol::<Start>(&library, "sai_api_initialize")?(0, &SERVICES))
                .map_err(|e| e.in_operation("sai_api_initialize"))?;
        }
        // SAFETY: this is the function's type.
        let query: unsafe extern "C" fn(u32, *mut *mut c_void) -> i32 =
            unsafe { symbol(&library, "sai_api_query") }?;
        let tables = table::Tables::ask(release, |api: Api| {
            let mut table = std::ptr::null_mut();
            // SAFETY: there is room for the answer.
            match unsafe { query(api.0 as u32, &mut table) } {
                0 => table.cast_const().cast(),
                _ => std::ptr::null(),
            }
        });
        let queue = notify::Queue::open(release);
        let own = queue.clone();
        let thread = std::thread::Builder::new()
            .name("sai-notify".into())
            .spawn(move || own.deliver())
            .map_err(|e| Error::because(Status::NO_MEMORY, format!("cannot start a thread: {e}")))?;
        Ok(Dylib {
            path: path.to_owned(),
            release,
            version,
            library,
            tables,
            queue,
            thread: Some(thread),
            one_call: (!options.thread_safe).then(Mutex::default),
            _loaded: loaded,
        })
    }

    /// The release that the library speaks.
    pub fn release(&self) -> Release {
        self.release
    }

    /// How many notifications were lost because their receivers did not keep up.
    pub fn lost_notifications(&self) -> u64 {
        self.queue.lost()
    }

    /// Waits until the notifications that the library has told until now have been delivered. Not from a sink,
    /// which would wait for itself.
    pub fn settle(&self) {
        self.queue.settle();
    }

    /// Runs a call of the library, alone unless it is thread-safe.
    fn call<R>(&self, f: impl FnOnce() -> R) -> R {
        let _alone = self.one_call.as_ref().map(Mutex::lock);
        f()
    }

    /// A function that the library exports; `since` is the release that brought it.
    ///
    /// # Safety
    /// `F` is the type of the function of that name.
    unsafe fn function<F: Copy>(&self, name: &str, since: u8) -> Result<F> {
        if since > self.release.minor {
            return Err(table::too_young(name, Release { major: 1, minor: since }, self.release));
        }
        // SAFETY: as the caller promises.
        unsafe { symbol(&self.library, name) }
    }
}

/// The release of a version number. A library newer than these tables is taken for one of their age: what
/// it has beyond is not reached.
fn release_of(version: u64) -> Result<Release> {
    let (major, minor) = (version / 10_000, version / 100 % 100);
    if major != 1 {
        let reason = format!("the library says that it is of version {version}, not of SAI 1.x");
        return Err(Error::because(Status::NOT_SUPPORTED, reason));
    }
    Ok(Release { major: 1, minor: (minor as u8).min(Release::CURRENT.minor) })
}

impl Drop for Dylib {
    fn drop(&mut self) {
        // SAFETY: this is the function's type.
        let end = unsafe { symbol::<unsafe extern "C" fn() -> i32>(&self.library, "sai_api_uninitialize") };
        if let Ok(end) = end {
            // SAFETY: the library was initialised. A failure leaves nothing to be done.
            self.call(|| unsafe { end() });
        }
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            // The last owner may be a sink, which runs on that thread.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}
