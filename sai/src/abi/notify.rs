//! Notifications as calls of C functions, and their data in both directions.

use std::ffi::c_void;
use std::ptr::{addr_of, addr_of_mut};

use sai_sys as sys;

use super::attr::{read_attr, write_attr};
use super::foreign::{CList, Foreign, count, read_field, read_list, write_field};
use super::memory::{Arena, Lists};
use crate::meta::{self, Release};
use crate::notify::*;
use crate::types::{HealthDataType, ObjectType};
use crate::{AttrEntry, SaiEnum as _};

/// A notification function of a client: an attribute of a switch holds its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Callback {
    kind: NotificationKind,
    address: usize,
}

/// Reads the attributes of a notification. One that is not known, or whose value has no meaning, is left
/// out: what else the notification says is worth having.
///
/// # Safety
/// `list` is null or has `n` elements as [`read_attr`] asks.
pub unsafe fn read_known_attrs(ty: ObjectType, n: u32, list: *const sys::sai_attribute_t) -> Vec<AttrEntry> {
    let Some(object) = meta::object(ty).filter(|_| !list.is_null()) else { return Vec::new() };
    // SAFETY: as the caller promises.
    (0..n as usize).filter_map(|i| unsafe { read_attr(object, list.add(i)) }.ok()).collect()
}

/// The C form of attributes, in the arena.
fn write_attrs(attrs: &[AttrEntry], arena: &mut Arena) -> *mut sys::sai_attribute_t {
    let list = arena.room::<sys::sai_attribute_t>(attrs.len());
    for (i, attr) in attrs.iter().enumerate() {
        let c = write_attr(attr, arena);
        // SAFETY: the arena has just made room for as many.
        unsafe { list.add(i).write(c) };
    }
    list
}

/// Declares the C form of data whose last fields are a count of attributes and their list.
macro_rules! with_attrs {
    ($($rust:ident = $c:ident { $($field:ident,)* } $list:ident: $rust_list:ident of $ty:ident;)*) => {$(
        impl Foreign for $rust {
            type C = sys::$c;
            unsafe fn read(c: *const Self::C) -> Option<Self> {
                // SAFETY: the fields of what the caller promises can be read.
                unsafe {
                    Some($rust {
                        $($field: read_field(addr_of!((*c).$field))?,)*
                        $rust_list: read_known_attrs(
                            ObjectType::$ty, addr_of!((*c).attr_count).read(), addr_of!((*c).$list).read()),
                    })
                }
            }
            unsafe fn write(&self, c: *mut Self::C, lists: &mut Lists<'_>) {
                let Lists::Own(arena) = lists else { return };
                let list = write_attrs(&self.$rust_list, arena);
                // SAFETY: the fields of what the caller promises can be written.
                unsafe {
                    $(write_field(&self.$field, addr_of_mut!((*c).$field), lists);)*
                    addr_of_mut!((*c).attr_count).write(count(self.$rust_list.len()));
                    addr_of_mut!((*c).$list).write(list);
                }
            }
        }
    )*};
}

with_attrs! {
    FdbEventNotificationData = sai_fdb_event_notification_data_t { event_type, fdb_entry, }
        attr: attr of FDB_ENTRY;
    FlowBulkGetSessionEventData = sai_flow_bulk_get_session_event_data_t { flow_entry, event_type, }
        attr: attr of FLOW_ENTRY;
    ExtendedPortOperStatusNotification = sai_extended_port_oper_status_notification_t
        { port_id, port_state, port_error_status, } attr_list: attr_list of PORT;
}

/// The error status was born in 1.15, in what was padding: reading it is [`read_port_states`]' affair.
impl Foreign for PortOperStatusNotification {
    type C = sys::sai_port_oper_status_notification_t;
    unsafe fn read(c: *const Self::C) -> Option<Self> {
        // SAFETY: the fields of what the caller promises can be read.
        unsafe {
            Some(PortOperStatusNotification {
                port_id: read_field(addr_of!((*c).port_id))?,
                port_state: read_field(addr_of!((*c).port_state))?,
                port_error_status: read_field(addr_of!((*c).port_error_status))?,
            })
        }
    }
    unsafe fn write(&self, c: *mut Self::C, lists: &mut Lists<'_>) {
        // SAFETY: the fields of what the caller promises can be written.
        unsafe {
            write_field(&self.port_id, addr_of_mut!((*c).port_id), lists);
            write_field(&self.port_state, addr_of_mut!((*c).port_state), lists);
            write_field(&self.port_error_status, addr_of_mut!((*c).port_error_status), lists);
        }
    }
}

/// Reads what a library of this release says about ports; a field younger than it reads 0.
///
/// # Safety
/// `list` is null or has `n` elements, initialised as far as the release knows them.
pub unsafe fn read_port_states(
    release: Release,
    n: u32,
    list: *const sys::sai_port_oper_status_notification_t,
) -> Option<Vec<PortOperStatusNotification>> {
    if (release.major, release.minor) >= (1, 15) {
        // SAFETY: as the caller promises.
        return unsafe { read_list(n as usize, list) };
    }
    if list.is_null() {
        return (n == 0).then(Vec::new);
    }
    (0..n as usize)
        .map(|i| {
            // SAFETY: both fields are as old as the struct.
            unsafe {
                let c = list.add(i);
                Some(PortOperStatusNotification {
                    port_id: read_field(addr_of!((*c).port_id))?,
                    port_state: read_field(addr_of!((*c).port_state))?,
                    port_error_status: Default::default(),
                })
            }
        })
        .collect()
}

impl Foreign for TwampSessionStatsData {
    type C = sys::sai_twamp_session_stats_data_t;
    unsafe fn read(c: *const Self::C) -> Option<Self> {
        // SAFETY: the fields of what the caller promises can be read, and the lists have as many elements.
        unsafe {
            let n = addr_of!((*c).number_of_counters).read() as usize;
            Some(TwampSessionStatsData {
                index: addr_of!((*c).index).read(),
                counters_ids: read_list(n, addr_of!((*c).counters_ids).read().cast())?,
                counters: read_list(n, addr_of!((*c).counters).read())?,
            })
        }
    }
    unsafe fn write(&self, c: *mut Self::C, lists: &mut Lists<'_>) {
        let Lists::Own(arena) = lists else { return };
        let n = self.counters.len().min(self.counters_ids.len());
        let ids = arena.room::<i32>(n);
        let counters = arena.room::<u64>(n);
        // SAFETY: the arena has just made room; the fields of what the caller promises can be written.
        unsafe {
            for i in 0..n {
                ids.add(i).write(self.counters_ids[i].raw());
                counters.add(i).write(self.counters[i]);
            }
            addr_of_mut!((*c).index).write(self.index);
            addr_of_mut!((*c).number_of_counters).write(count(n));
            addr_of_mut!((*c).counters_ids).write(ids.cast());
            addr_of_mut!((*c).counters).write(counters);
        }
    }
}

/// The soft error is a union's only member: it is there when the data's type says so. The data came with
/// 1.15, three releases after the type.
impl Foreign for SwitchHealthData {
    type C = sys::sai_switch_health_data_t;
    unsafe fn read(c: *const Self::C) -> Option<Self> {
        // SAFETY: the fields of what the caller promises can be read.
        unsafe {
            let data_type: HealthDataType = read_field(addr_of!((*c).data_type))?;
            let ser = match data_type {
                HealthDataType::SER => Some(SerHealthData::read(addr_of!((*c).data.ser))?),
                _ => None,
            };
            Some(SwitchHealthData { data_type, ser })
        }
    }
    unsafe fn write(&self, c: *mut Self::C, lists: &mut Lists<'_>) {
        // SAFETY: the fields of what the caller promises can be written.
        unsafe {
            write_field(&self.data_type, addr_of_mut!((*c).data_type), lists);
            if let Some(ser) = &self.ser {
                ser.write(addr_of_mut!((*c).data.ser), lists);
            }
        }
    }
}

/// The C form of a struct that travels by value.
fn by_value<T: Foreign>(value: &T, arena: &mut Arena) -> T::C {
    let c = arena.room::<T::C>(1);
    // SAFETY: the arena has just made room for one, all bytes zero, which is a valid C form.
    unsafe {
        value.write(c, &mut Lists::Own(arena));
        c.read()
    }
}

impl Callback {
    /// The function at an address, for this kind of notification; `None` for the null address.
    ///
    /// # Safety
    /// The address is null or that of a function of the kind's C type, which can be called from any
    /// thread for as long as the callback is used.
    pub unsafe fn new(kind: NotificationKind, address: usize) -> Option<Callback> {
        (address != 0).then_some(Callback { kind, address })
    }

    /// Which notifications it takes.
    pub fn kind(self) -> NotificationKind {
        self.kind
    }

    /// Calls the function. A notification of another kind is not delivered.
    pub fn call(self, notification: &Notification) {
        if notification.kind() != self.kind {
            return;
        }
        let arena = &mut Arena::new();
        let f = self.address as *const c_void;
        // Calls the address as a function of the arguments' types.
        macro_rules! call {
            ($($arg:expr => $ty:ty),*) => {{
                // SAFETY: the address is that of a function of the kind's C type, whose parameters these are.
                unsafe { std::mem::transmute::<*const c_void, unsafe extern "C" fn($($ty),*)>(f)($($arg),*) }
            }};
        }
        macro_rules! list {
            ($data:expr) => {
                self.call_list($data, arena)
            };
        }
        match notification {
            Notification::BfdSessionStateChange { data } => list!(data),
            Notification::ExtendedPortStateChange { data } => list!(data),
            Notification::FdbEvent { data } => list!(data),
            Notification::HaScopeEvent { data } => list!(data),
            Notification::HaSetEvent { data } => list!(data),
            Notification::IcmpEchoSessionStateChange { data } => list!(data),
            Notification::IpsecSaStatusChange { data } => list!(data),
            Notification::NatEvent { data } => list!(data),
            Notification::PortStateChange { data } => list!(data),
            Notification::QueuePfcDeadlock { data } => list!(data),
            Notification::TwampSessionEvent { data } => list!(data),
            Notification::FlowBulkGetSessionEvent { flow_bulk_session_id, data } => {
                let c = by_value(data, arena);
                call!(flow_bulk_session_id.0 => u64, c.count => u32, c.list.cast() => *const c_void)
            }
            Notification::IpsecPostStatus { ipsec_id, ipsec_post_status } => {
                call!(ipsec_id.0 => u64, ipsec_post_status.0 => i32)
            }
            Notification::MacsecPostStatus { macsec_id, macsec_post_status } => {
                call!(macsec_id.0 => u64, macsec_post_status.0 => i32)
            }
            Notification::PacketEvent { switch_id: id, buffer, attr_list }
            | Notification::TamEvent { tam_event_id: id, buffer, attr_list } => {
                let attrs = write_attrs(attr_list, arena);
                call!(
                    id.0 => u64, buffer.len() => usize, buffer.as_ptr().cast() => *const c_void,
                    count(attr_list.len()) => u32, attrs => *const sys::sai_attribute_t
                )
            }
            Notification::PortHostTxReady { switch_id, port_id, host_tx_ready_status } => {
                call!(switch_id.0 => u64, port_id.0 => u64, host_tx_ready_status.0 => i32)
            }
            Notification::SwitchAsicSdkHealthEvent {
                switch_id,
                severity,
                timestamp,
                category,
                data,
                description,
            } => {
                let text = by_value(description, arena);
                call!(
                    switch_id.0 => u64, severity.0 => i32,
                    by_value(timestamp, arena) => sys::sai_timespec_t, category.0 => i32,
                    by_value(data, arena) => sys::sai_switch_health_data_t,
                    sys::sai_u8_list_t { count: text.count, list: text.list } => sys::sai_u8_list_t
                )
            }
            Notification::SwitchIpsecPostStatus { switch_id, switch_ipsec_post_status } => {
                call!(switch_id.0 => u64, switch_ipsec_post_status.0 => i32)
            }
            Notification::SwitchMacsecPostStatus { switch_id, switch_macsec_post_status } => {
                call!(switch_id.0 => u64, switch_macsec_post_status.0 => i32)
            }
            Notification::SwitchShutdownRequest { switch_id } => call!(switch_id.0 => u64),
            Notification::SwitchStateChange { switch_id, switch_oper_status } => {
                call!(switch_id.0 => u64, switch_oper_status.0 => i32)
            }
            Notification::TamTelTypeConfigChange { tam_tel_id } => call!(tam_tel_id.0 => u64),
        }
    }

    /// Calls a function of a count and a list.
    fn call_list<T: Foreign>(self, data: &Vec<T>, arena: &mut Arena)
    where
        T::C: Copy,
    {
        let CList { count, list } = by_value(data, arena);
        let f = self.address as *const c_void;
        // SAFETY: the kinds that come here have functions of these two parameters.
        unsafe {
            std::mem::transmute::<*const c_void, unsafe extern "C" fn(u32, *const c_void)>(f)(
                count,
                list.cast(),
            );
        }
    }
}
