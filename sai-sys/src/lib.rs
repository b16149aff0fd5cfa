//! Raw FFI bindings to SAI, the Switch Abstraction Interface: the C interface by which a switch operating
//! system drives a forwarding chip.
//!
//! Everything here has the name it has in C. The bindings are those of SAI 1.18.1, `inc/` and
//! `experimental/`; a C client finds the same interface in the crate's folder `include/`. For a safe and
//! typed API use the package `switch-sai`.
//!
//! - An enum is a newtype over its C integer with its values as constants, so that a value from a newer
//!   library is legal: [`SAI_PORT_OPER_STATUS_UP`] is a [`sai_port_oper_status_t`]. An attribute's id, as
//!   [`sai_attribute_t`] takes it, is the number inside: `SAI_PORT_ATTR_SPEED.0`.
//! - A function pointer type such as [`sai_create_port_fn`] is an `Option`, as are the members of function
//!   tables such as [`sai_port_api_t`]: a library may leave a slot null.
//! - The documentation of an item holds the facts that C cannot say, by the tags of SAI's headers: type,
//!   flags, default, conditions, allowed objects, and `since`, the first release, from 1.13 on, that has it.
//!   What bears no `since` was in 1.12.
//!
//! A vendor's library may be older than these bindings. The functions tables it hands out are then shorter:
//! never read a member, call a function, send an attribute or read a field younger than
//! [`sai_query_api_version`] says the library is.
//!
//! # Features
//! - `linked` links `libsai`: from `SAI_LIB_DIR`, as pkg-config says, or from the linker's own path. Without
//!   it the crate links nothing, and the functions declared here must not be called.
//! - `bindgen` makes the bindings, when building, from the headers in `SAI_INCLUDE_DIR` (a flat folder such
//!   as `/usr/include/sai`, or one with `inc/` and `experimental/`), private extensions included. It needs
//!   libclang.
#![no_std]

// Names are C's, and plain constants have nothing to say beyond their value.
#[allow(missing_docs, non_camel_case_types, non_upper_case_globals, clippy::all)]
mod bindings {
    #[cfg(not(feature = "bindgen"))]
    include!("bindings.rs");
    #[cfg(feature = "bindgen")]
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

pub use bindings::*;
