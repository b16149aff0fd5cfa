//! A safe, typed API to SAI, the Switch Abstraction Interface.

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
