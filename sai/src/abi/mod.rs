//! The only conversions between C and Rust: attribute values, entry keys, notifications.
//!
//! What C hands over is not believed: a `bool` may hold 2, a `char[32]` may lack its NUL, a list pointer
//! may be null although the count says otherwise, an address family may be unknown, a mask may have holes.
//! What has no Rust form answers `None` or an [`AttrFault`]; nothing here panics.

#![allow(unsafe_code)]

mod attr;
mod entry;
#[cfg(feature = "export")]
pub mod export;
mod foreign;
mod keys;
mod memory;
mod notify;
mod structs;
mod value;

#[cfg(test)]
mod tests;

/// The raw bindings, for [`export_library!`](crate::export_library).
#[doc(hidden)]
pub use sai_sys as sys;

pub use attr::{AttrFault, Attrs, read_attr, read_attrs, store_attr, write_attr};
pub use entry::{Key, entry_size, read_key, write_entry, write_key};
pub use foreign::{CList, CRange, Foreign, read_list};
pub use memory::{Arena, Fit, Lists};
pub use notify::{Callback, read_known_attrs, read_port_states};
pub use value::{make_room, needed, read_value, write_value};
