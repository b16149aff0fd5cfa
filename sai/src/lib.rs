//! A safe, typed API to SAI, the Switch Abstraction Interface: the C interface by which a switch operating
//! system drives a forwarding chip.
//!
//! What is written against it runs on any [`Backend`]: a vendor's `libsai.so`, a simulator, or a stack of
//! layers over either.
//!
//! # A tour
//!
//! ```
//! use std::sync::Arc;
//!
//! use sai::{Backend, Result, Session, next_hop, port, route_entry, router_interface, switch};
//! use sai::entry::RouteEntry;
//!
//! fn bring_up(backend: Arc<dyn Backend>) -> Result<()> {
//!     // A switch. `Required` names what must be given, `with` adds what may be.
//!     let switch = Session::new(backend)
//!         .create_switch(switch::Required { init_switch: true })?;
//!     let changes = switch.subscribe(1024);
//!
//!     // The first port: several attributes are read at once, each with its own type.
//!     let port = switch.ports()?[0];
//!     let (speed, lanes) = switch.get(port, (port::SPEED, port::HW_LANE_LIST))?;
//!     println!("{port}: {speed} Mbps on lanes {lanes:?}");
//!     switch.set(port, port::MTU, 9100)?;
//!     switch.set(port, port::ADMIN_STATE, true)?;
//!
//!     // A router interface on it. Attributes that some types of interface need are added by `with`;
//!     // if one is missing, the error names it and the condition.
//!     let router = switch.read(switch::DEFAULT_VIRTUAL_ROUTER_ID)?;
//!     let interface = switch.create(
//!         router_interface::Required {
//!             virtual_router_id: router,
//!             r#type: router_interface::Type::PORT,
//!         }
//!         .with(router_interface::PORT_ID, port.any()),
//!     )?;
//!
//!     // A next hop, and a route through it: entries take the same verbs as objects.
//!     let hop = switch.create(
//!         next_hop::Required { r#type: next_hop::Type::IP }
//!             .with(next_hop::IP, "10.0.0.1".parse().unwrap())
//!             .with(next_hop::ROUTER_INTERFACE_ID, interface),
//!     )?;
//!     let entry = RouteEntry {
//!         switch_id: switch.id().raw(),
//!         vr_id: router.raw(),
//!         destination: "192.0.2.0/24".parse().unwrap(),
//!     };
//!     switch.create(
//!         route_entry::Required { entry: entry.clone() }
//!             .with(route_entry::NEXT_HOP_ID, Some(hop.any())),
//!     )?;
//!     switch.remove(&entry)?;
//!
//!     // Statistics are typed by object too.
//!     let counts = switch.stats(port, &[port::Stat::IF_IN_OCTETS, port::Stat::IF_OUT_OCTETS])?;
//!     println!("in {} out {}", counts[0], counts[1]);
//!
//!     // What happened meanwhile.
//!     while let Some(notification) = changes.try_recv() {
//!         println!("{}", notification.name());
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Where things are
//!
//! | | |
//! |---|---|
//! | [`object`] | one module an object type, also at the crate's root: [`port`], [`vlan`], [`route_entry`], … |
//! | [`Session`], [`Switch`] | the typed verbs |
//! | [`types`] | the enums that belong to no one object type |
//! | [`entry`] | the keys of entries |
//! | [`notify`] | notifications |
//! | [`Backend`], [`Value`], [`ObjectRef`] | the dynamic core: what backends implement |
//! | [`meta`] | what SAI says about each object type, attribute, enum and statistic |
//!
//! Names are SAI's: `SAI_PORT_ATTR_SPEED` is [`port::SPEED`], `SAI_PORT_OPER_STATUS_UP` is
//! [`port::OperStatus::UP`]; searching the documentation for the C name finds each.
//!
//! # Errors
//!
//! An [`Error`] says which operation failed on which object, the attribute by its SAI name, the status and
//! the reason: `set SAI_OBJECT_TYPE_PORT oid:0x1000000000001, SAI_PORT_ATTR_MTU: 99999 is above the
//! port's limit of 9216 (SAI_STATUS_INVALID_ATTR_VALUE_0)`.

mod attr;
mod backend;
mod bulk;
mod enumeration;
mod error;
mod oid;
mod query;
mod session;
mod stats;
mod status;
mod value;

pub mod abi;
#[cfg(feature = "dylib")]
pub mod dylib;
pub mod entry;
pub mod layer;
pub mod meta;
pub mod notify;
pub mod object;
pub mod text;
pub mod types;

pub use attr::*;
pub use backend::*;
pub use entry::{Entry, ObjectRef};
pub use enumeration::SaiEnum;
pub use error::*;
pub use object::*;
pub use oid::*;
pub use session::*;
pub use status::*;
pub use types::{Api, ObjectType};
pub use value::*;
