//! Notifications: what a switch tells without being asked.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::types::HealthDataType;

mod data;
mod queue;

pub use data::*;
pub use queue::{Receiver, channel};

/// Receives notifications from a backend. Implementations return soon and never panic; they may call
/// the backend.
pub trait NotificationSink: Send + Sync + fmt::Debug {
    /// Takes one notification.
    fn notify(&self, notification: &Notification);

    /// Whether the receiver is gone, so that the backend may forget the sink.
    fn is_closed(&self) -> bool {
        false
    }
}

/// `sai_switch_health_data_t`: what a health event is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[doc(alias = "sai_switch_health_data_t")]
pub struct SwitchHealthData {
    /// Which sort of data there is.
    pub data_type: HealthDataType,
    /// The soft error, where `data_type` is [`HealthDataType::SER`].
    pub ser: Option<SerHealthData>,
}

/// `sai_ser_health_data_t`: a soft error, a bit of memory that flipped.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[doc(alias = "sai_ser_health_data_t")]
pub struct SerHealthData {
    /// Which sort of error it was.
    pub r#type: crate::types::SerType,
    /// How it was corrected.
    pub correction_type: crate::types::SerCorrectionType,
    /// Where it was logged: flags of [`SerLogType`](crate::types::SerLogType).
    pub ser_log_type: u32,
}

/// Declares the data of notifications, and how the object ids within are found.
macro_rules! data_struct {
    ($name:ident, $c:literal { $($(#[$doc:meta])* $field:ident: $ty:ty [$visit:ident],)* }) => {
        #[doc = concat!("`", $c, "`.")]
        #[doc(alias = $c)]
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub struct $name {
            $($(#[$doc])* pub $field: $ty,)*
        }

        impl $name {
            #[allow(unused_variables)]
            fn visit_oids_mut(&mut self, f: &mut dyn FnMut(&mut ObjectId, &'static [ObjectType])) {
                $(super::visit!($visit, &mut self.$field, f);)*
            }
        }
    };
}
use data_struct;

/// Calls `$f` with the object ids of a field of the given sort.
macro_rules! visit {
    (none, $x:expr, $f:ident) => {};
    (oid, $x:expr, $f:ident) => {
        $f($x, &[])
    };
    (inner, $x:expr, $f:ident) => {
        $x.visit_oids_mut($f)
    };
    (each, $x:expr, $f:ident) => {
        for item in $x {
            item.visit_oids_mut($f);
        }
    };
    (attrs, $x:expr, $f:ident) => {
        for attr in $x {
            attr.value.for_each_oid_mut(|id| $f(id, &[]));
        }
    };
}
use visit;

/// Declares [`Notification`].
macro_rules! notifications {
    ($($variant:ident = $name:literal, $c:literal { $($(#[$doc:meta])* $field:ident: $ty:ty [$visit:ident],)* })*) => {
        /// A notification. The variants are named after the C function types.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Notification {
            $(#[doc = concat!("`", $c, "`.")] #[doc(alias = $c)]
            $variant { $($(#[$doc])* $field: $ty,)* },)*
        }

        /// Which notification one is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum NotificationKind {
            $(#[doc = concat!("`", $c, "`.")] $variant,)*
        }

        impl NotificationKind {
            /// Every kind.
            pub const ALL: &[NotificationKind] = &[$(NotificationKind::$variant,)*];

            /// The name that recordings call it by, `port_state_change`.
            pub const fn name(self) -> &'static str {
                match self { $(NotificationKind::$variant => $name,)* }
            }

            /// The C function type, `sai_port_state_change_notification_fn`.
            pub const fn c_function(self) -> &'static str {
                match self { $(NotificationKind::$variant => $c,)* }
            }
        }

        impl Notification {
            /// Which one it is.
            pub const fn kind(&self) -> NotificationKind {
                match self { $(Notification::$variant { .. } => NotificationKind::$variant,)* }
            }

            /// Calls `f` with every object id in it, so that it can be replaced, and the object types that
            /// it may name where they are known.
            pub fn for_each_oid_mut(&mut self, mut f: impl FnMut(&mut ObjectId, &'static [ObjectType])) {
                let f: &mut dyn FnMut(&mut ObjectId, &'static [ObjectType]) = &mut f;
                match self {
                    $(
                        #[allow(unused_variables)]
                        Notification::$variant { $($field,)* } => { $(super::visit!($visit, $field, f);)* }
                    )*
                }
            }
        }
    };
}
use notifications;

impl NotificationKind {
    /// The kind of a name.
    pub fn from_name(name: &str) -> Option<NotificationKind> {
        NotificationKind::ALL.iter().find(|k| k.name() == name).copied()
    }
}

impl Notification {
    /// The name that recordings call it by, `port_state_change`.
    pub const fn name(&self) -> &'static str {
        self.kind().name()
    }
}
