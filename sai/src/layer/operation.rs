//! The operations of a backend, as layers count and match them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Bulk, ObjectType};

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a backend was called for, or that it notified.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Operation {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl fmt::Display for Operation {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(Operation::$name => $text,)* })
            }
        }
    };
}

operations! {
    /// Create of one object, alone or in a bulk call.
    Create = "create",
    /// Remove of one object.
    Remove = "remove",
    /// Set of one attribute.
    Set = "set",
    /// Get from one object.
    Get = "get",
    /// A bulk create as a whole.
    BulkCreate = "bulk_create",
    /// A bulk remove as a whole.
    BulkRemove = "bulk_remove",
    /// A bulk set as a whole.
    BulkSet = "bulk_set",
    /// A bulk get as a whole.
    BulkGet = "bulk_get",
    /// Statistics.
    Stats = "stats",
    /// A query.
    Query = "query",
    /// A special call.
    Special = "special",
    /// A notification.
    Notify = "notify",
}

impl Operation {
    /// The operation that a bulk call is as a whole, the one that it does on each object, and their type
    /// (null for a call about nothing).
    pub fn of_bulk(call: &Bulk<'_, '_>) -> (Operation, Operation, ObjectType) {
        let null = ObjectType::NULL;
        match call {
            Bulk::Create { items, .. } => (
                Operation::BulkCreate,
                Operation::Create,
                items.first().map_or(null, |i| i.target.object_type()),
            ),
            Bulk::Remove(items) => {
                (Operation::BulkRemove, Operation::Remove, items.first().map_or(null, |i| i.object_type()))
            }
            Bulk::Set(items) => {
                (Operation::BulkSet, Operation::Set, items.first().map_or(null, |i| i.object.object_type()))
            }
            Bulk::Get(items) => {
                (Operation::BulkGet, Operation::Get, items.first().map_or(null, |i| i.object.object_type()))
            }
        }
    }
}
