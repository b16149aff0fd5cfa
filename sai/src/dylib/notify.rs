//! SAI's callbacks carry no user pointer: static functions copy what a library tells into a bounded queue,
//! from which a thread of ours takes it. User code never runs on the library's thread.

use std::collections::VecDeque;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parking_lot::{Condvar, Mutex, RwLock};
use sai_sys as sys;

use crate::abi::{Foreign, read_known_attrs, read_list, read_port_states};
use crate::meta::Release;
use crate::notify::*;
use crate::types::ObjectType;
use crate::{ObjectId, SaiEnum};

/// How many notifications may wait.
const CAPACITY: usize = 1 << 16;

/// Where the library's thread puts notifications, while a library is loaded.
static QUEUE: RwLock<Option<Arc<Queue>>> = RwLock::new(None);

/// Notifications on their way from the library's thread to ours.
#[derive(Debug)]
pub(super) struct Queue {
    release: Release,
    state: Mutex<State>,
    work: Condvar,
    /// All that waited has been delivered.
    idle: Condvar,
    sinks: RwLock<Vec<Arc<dyn NotificationSink>>>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Notification>,
    lost: u64,
    /// The sinks are being called.
    delivering: bool,
    closed: bool,
}

impl Queue {
    /// The queue of a library of this release, where its callbacks go from now on.
    pub(super) fn open(release: Release) -> Arc<Queue> {
        let queue = Arc::new(Queue {
            release,
            state: Mutex::default(),
            work: Condvar::new(),
            idle: Condvar::new(),
            sinks: RwLock::default(),
        });
        *QUEUE.write() = Some(queue.clone());
        queue
    }

    pub(super) fn subscribe(&self, sink: Arc<dyn NotificationSink>) {
        self.sinks.write().push(sink);
    }

    /// How many notifications found the queue full.
    pub(super) fn lost(&self) -> u64 {
        self.state.lock().lost
    }

    /// Delivers until the queue is closed and empty.
    pub(super) fn deliver(&self) {
        let mut state = self.state.lock();
        loop {
            if let Some(notification) = state.waiting.pop_front() {
                state.delivering = true;
                drop(state);
                let sinks = self.sinks.read().clone();
                sinks.iter().for_each(|s| s.notify(&notification));
                if sinks.iter().any(|s| s.is_closed()) {
                    self.sinks.write().retain(|s| !s.is_closed());
                }
                state = self.state.lock();
                state.delivering = false;
                continue;
            }
            self.idle.notify_all();
            if state.closed {
                return;
            }
            self.work.wait(&mut state);
        }
    }

    /// Waits until what the library has told until now has been delivered.
    pub(super) fn settle(&self) {
        let mut state = self.state.lock();
        while !state.closed && (state.delivering || !state.waiting.is_empty()) {
            self.idle.wait(&mut state);
        }
    }

    /// Ends [`deliver`](Queue::deliver), and takes nothing more from the library.
    pub(super) fn close(&self) {
        *QUEUE.write() = None;
        self.state.lock().closed = true;
        self.work.notify_all();
    }
}

/// Takes what a callback was called with. Nothing unwinds into the library.
fn take(read: impl FnOnce(Release) -> Option<Notification>) {
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let Some(queue) = QUEUE.read().clone() else { return };
        let Some(notification) = read(queue.release) else {
            tracing::warn!("a notification of the library has no meaning and is left out");
            return;
        };
        let mut state = queue.state.lock();
        if state.waiting.len() >= CAPACITY {
            if state.lost == 0 {
                tracing::warn!("notifications are not taken fast enough: some are lost");
            }
            state.lost += 1;
            return;
        }
        state.waiting.push_back(notification);
        drop(state);
        queue.work.notify_one();
    }));
}

/// The static functions of notifications that are a count and a list.
macro_rules! lists {
    ($($name:ident: $variant:ident of $ty:ident;)*) => {$(
        unsafe extern "C" fn $name(count: u32, data: *const <$ty as Foreign>::C) {
            // SAFETY: the library promises as many elements.
            take(|_| unsafe { read_list(count as usize, data) }.map(|data| Notification::$variant { data }));
        }
    )*};
}

lists! {
    bfd: BfdSessionStateChange of BfdSessionStateNotification;
    extended_port: ExtendedPortStateChange of ExtendedPortOperStatusNotification;
    fdb: FdbEvent of FdbEventNotificationData;
    ha_scope: HaScopeEvent of HaScopeEventData;
    ha_set: HaSetEvent of HaSetEventData;
    icmp_echo: IcmpEchoSessionStateChange of IcmpEchoSessionStateNotification;
    ipsec_sa: IpsecSaStatusChange of IpsecSaStatusNotification;
    nat: NatEvent of NatEventNotificationData;
    queue_deadlock: QueuePfcDeadlock of QueueDeadlockNotificationData;
    twamp: TwampSessionEvent of TwampSessionEventNotificationData;
}

unsafe extern "C" fn port(count: u32, data: *const sys::sai_port_oper_status_notification_t) {
    take(|release| {
        // SAFETY: the library promises as many elements, initialised as far as its release knows them.
        unsafe { read_port_states(release, count, data) }.map(|data| Notification::PortStateChange { data })
    });
}

unsafe extern "C" fn flow_bulk(
    session: u64,
    count: u32,
    data: *const sys::sai_flow_bulk_get_session_event_data_t,
) {
    take(|_| {
        // SAFETY: the library promises as many elements.
        let data = unsafe { read_list(count as usize, data) }?;
        Some(Notification::FlowBulkGetSessionEvent { flow_bulk_session_id: ObjectId(session), data })
    });
}

/// The static functions of notifications that are an id and a number.
macro_rules! states {
    ($($name:ident: $variant:ident { $id:ident, $state:ident };)*) => {$(
        unsafe extern "C" fn $name(id: u64, state: i32) {
            take(|_| Some(Notification::$variant { $id: ObjectId(id), $state: SaiEnum::from_raw(state) }));
        }
    )*};
}

states! {
    ipsec_post: IpsecPostStatus { ipsec_id, ipsec_post_status };
    macsec_post: MacsecPostStatus { macsec_id, macsec_post_status };
    switch_ipsec_post: SwitchIpsecPostStatus { switch_id, switch_ipsec_post_status };
    switch_macsec_post: SwitchMacsecPostStatus { switch_id, switch_macsec_post_status };
    switch_state: SwitchStateChange { switch_id, switch_oper_status };
}

unsafe extern "C" fn host_tx_ready(switch: u64, port: u64, status: i32) {
    take(|_| {
        Some(Notification::PortHostTxReady {
            switch_id: ObjectId(switch),
            port_id: ObjectId(port),
            host_tx_ready_status: SaiEnum::from_raw(status),
        })
    });
}

unsafe extern "C" fn shutdown_request(switch: u64) {
    take(|_| Some(Notification::SwitchShutdownRequest { switch_id: ObjectId(switch) }));
}

unsafe extern "C" fn tel_type_config(tam_tel: u64) {
    take(|_| Some(Notification::TamTelTypeConfigChange { tam_tel_id: ObjectId(tam_tel) }));
}

/// The static functions of notifications that are an id, bytes and attributes.
macro_rules! packets {
    ($($name:ident: $variant:ident { $id:ident } with $ty:ident;)*) => {$(
        unsafe extern "C" fn $name(
            id: u64, size: usize, buffer: *const c_void, count: u32, attrs: *const sys::sai_attribute_t,
        ) {
            take(|_| {
                // SAFETY: the library promises as many bytes and attributes.
                let (buffer, attr_list) = unsafe {
                    (read_list(size, buffer.cast())?, read_known_attrs(ObjectType::$ty, count, attrs))
                };
                Some(Notification::$variant { $id: ObjectId(id), buffer, attr_list })
            });
        }
    )*};
}

packets! {
    packet: PacketEvent { switch_id } with HOSTIF_PACKET;
    tam: TamEvent { tam_event_id } with TAM_EVENT_ACTION;
}

/// The data is passed by value and grew in 1.15: [`function`] hands this to no older library.
unsafe extern "C" fn health(
    switch: u64,
    severity: i32,
    timestamp: sys::sai_timespec_t,
    category: i32,
    data: sys::sai_switch_health_data_t,
    description: sys::sai_u8_list_t,
) {
    take(|_| {
        // SAFETY: the arguments are ours; the library promises as many bytes.
        unsafe {
            Some(Notification::SwitchAsicSdkHealthEvent {
                switch_id: ObjectId(switch),
                severity: SaiEnum::from_raw(severity),
                timestamp: Foreign::read(&raw const timestamp)?,
                category: SaiEnum::from_raw(category),
                data: Foreign::read(&raw const data)?,
                description: read_list(description.count as usize, description.list)?,
            })
        }
    });
}

/// The address of the static function of a kind; 0 for one that a library of this release calls with
/// other arguments than ours.
pub(super) fn function(kind: NotificationKind, release: Release) -> usize {
    let function = match kind {
        NotificationKind::BfdSessionStateChange => bfd as *const c_void,
        NotificationKind::ExtendedPortStateChange => extended_port as *const c_void,
        NotificationKind::FdbEvent => fdb as *const c_void,
        NotificationKind::FlowBulkGetSessionEvent => flow_bulk as *const c_void,
        NotificationKind::HaScopeEvent => ha_scope as *const c_void,
        NotificationKind::HaSetEvent => ha_set as *const c_void,
        NotificationKind::IcmpEchoSessionStateChange => icmp_echo as *const c_void,
        NotificationKind::IpsecPostStatus => ipsec_post as *const c_void,
        NotificationKind::IpsecSaStatusChange => ipsec_sa as *const c_void,
        NotificationKind::MacsecPostStatus => macsec_post as *const c_void,
        NotificationKind::NatEvent => nat as *const c_void,
        NotificationKind::PacketEvent => packet as *const c_void,
        NotificationKind::PortHostTxReady => host_tx_ready as *const c_void,
        NotificationKind::PortStateChange => port as *const c_void,
        NotificationKind::QueuePfcDeadlock => queue_deadlock as *const c_void,
        // Its data is passed by value and grew in 1.15.
        NotificationKind::SwitchAsicSdkHealthEvent if release.minor < 15 => std::ptr::null(),
        NotificationKind::SwitchAsicSdkHealthEvent => health as *const c_void,
        NotificationKind::SwitchIpsecPostStatus => switch_ipsec_post as *const c_void,
        NotificationKind::SwitchMacsecPostStatus => switch_macsec_post as *const c_void,
        NotificationKind::SwitchShutdownRequest => shutdown_request as *const c_void,
        NotificationKind::SwitchStateChange => switch_state as *const c_void,
        NotificationKind::TamEvent => tam as *const c_void,
        NotificationKind::TamTelTypeConfigChange => tel_type_config as *const c_void,
        NotificationKind::TwampSessionEvent => twamp as *const c_void,
    };
    function as usize
}
