//! Host interfaces as network devices of the kernel's: what SONiC calls `Ethernet0`.
//!
//! [`HostDevices`] is a backend over a simulator. When a client creates a `SAI_OBJECT_TYPE_HOSTIF` of type NETDEV
//! through it, the kernel gets a TAP device of that name, with the MAC address of the switch; what the switch traps
//! for the interface the kernel receives there, and what the kernel sends there the switch sends. The device goes
//! with the object, and has a carrier while `SAI_HOSTIF_ATTR_OPER_STATUS` is true.
//!
//! Making a TAP device needs `CAP_NET_ADMIN`. Where it cannot be made the creation of the host interface fails with
//! the reason, and nothing is left. The host interfaces that a switch has again after a warm restart get their devices
//! again; one whose device cannot be made stays without, and the log says so.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;
use sai::{
    Answer, AttrEntry, Backend, Bulk, BulkErrorMode, Error, ObjectId, ObjectRef, ObjectType, Query, Result,
    Status, Target, Value, hostif, switch,
};
use switch_sim::world::Wire;
use switch_sim::{Simulator, World};

use crate::device::BATCH;
use crate::sys::{self, Poll, Waker};

/// The longest frame that the devices carry, without the Ethernet header.
const MTU: i32 = 9216;
/// How long a removal waits for the reader, which may be held up by a receiver of notifications.
const LET_GO: Duration = Duration::from_secs(1);
/// The token of [`Poll`] that is no device's.
const WAKE: u64 = 0;

/// The kernel's end of a host interface.
#[derive(Debug)]
struct HostTap {
    name: String,
    tap: OwnedFd,
}

impl Wire for HostTap {
    fn send(&self, frame: &[u8]) {
        // A device that is down, or whose queue is full, loses the frame, as the kernel does.
        if let Err(error) = sys::write(self.tap.as_raw_fd(), frame) {
            tracing::debug!(device = self.name, %error, "a frame for the host is lost");
        }
    }
}

#[derive(Debug)]
enum Command {
    Add(ObjectId, Arc<HostTap>),
    /// The sender goes when the reader has let go of the device.
    Remove(ObjectId, SyncSender<()>),
    Stop,
}

#[derive(Debug)]
struct Shared {
    waker: Waker,
    commands: Mutex<Vec<Command>>,
    devices: Mutex<BTreeMap<ObjectId, Arc<HostTap>>>,
}

impl Shared {
    fn command(&self, command: Command) {
        self.commands.lock().push(command);
        self.waker.wake();
    }
}

/// A backend whose host interfaces are network devices. See the [module](self).
#[derive(Debug)]
pub struct HostDevices {
    inner: Arc<dyn Backend>,
    sim: Simulator,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl HostDevices {
    /// A layer over `inner`, which is `sim` or a layer over it; `world` is where `sim` stands. Host interfaces that
    /// are there already are left alone.
    ///
    /// # Errors
    /// When the system has no more threads or descriptors.
    pub fn new(inner: Arc<dyn Backend>, world: World, sim: Simulator) -> io::Result<HostDevices> {
        let shared =
            Arc::new(Shared { waker: Waker::new()?, commands: Mutex::default(), devices: Mutex::default() });
        let poll = Poll::new()?;
        poll.add(shared.waker.fd(), WAKE)?;
        let reader = Reader { world, sim: sim.clone(), shared: shared.clone(), devices: BTreeMap::new() };
        let thread =
            std::thread::Builder::new().name("switch-sim-host".into()).spawn(move || reader.run(poll))?;
        Ok(HostDevices { inner, sim, shared, thread: Some(thread) })
    }

    /// The host interfaces that have a device, with its name.
    pub fn devices(&self) -> Vec<(ObjectId, String)> {
        self.shared.devices.lock().iter().map(|(id, tap)| (*id, tap.name.clone())).collect()
    }

    /// Gives a new host interface its device; one that is no netdev needs none.
    fn plug(&self, switch: ObjectId, id: ObjectId) -> Result<()> {
        let object = ObjectRef::Object(ObjectType::HOSTIF, id);
        let mut asked = [
            AttrEntry::ask(hostif::TYPE.id()),
            AttrEntry::ask(hostif::NAME.id()),
            AttrEntry::ask(hostif::OPER_STATUS.id()),
        ];
        self.inner.get(&object, &mut asked)?;
        let [AttrEntry { value: Value::I32(kind), .. }, AttrEntry { value: Value::CharData(name), .. }, oper] =
            asked
        else {
            return Ok(());
        };
        if hostif::Type(kind) != hostif::Type::NETDEV {
            return Ok(());
        }
        let name = name.to_str_lossy().into_owned();
        let mut mac = [AttrEntry::ask(switch::SRC_MAC_ADDRESS.id())];
        self.inner.get(&ObjectRef::Object(ObjectType::SWITCH, switch), &mut mac)?;
        let mac = match mac[0].value {
            Value::Mac(mac) => Some(mac.0),
            _ => None,
        };
        let tap = open(&name, mac)
            .map_err(|e| Error::because(Status::FAILURE, format!("network device {name}: {e}")))?;
        let tap = Arc::new(HostTap { name, tap });
        set_carrier(&tap, oper.value == Value::Bool(true));
        self.sim.attach_host(id, Some(tap.clone()))?;
        self.shared.devices.lock().insert(id, tap.clone());
        self.shared.command(Command::Add(id, tap));
        Ok(())
    }

    /// Gives the host interfaces that a switch has from before a warm restart their devices.
    fn plug_restored(&self, switch: ObjectId) {
        let Ok(Answer::ObjectKeys(restored)) =
            self.inner.query(switch, Query::ObjectKeys(ObjectType::HOSTIF))
        else {
            return;
        };
        for id in restored.iter().filter_map(ObjectRef::oid) {
            if let Err(error) = self.plug(switch, id) {
                tracing::warn!(hostif = %id, "a host interface stays without its device: {error}");
            }
        }
    }

    fn unplug(&self, id: ObjectId) {
        if self.shared.devices.lock().remove(&id).is_some() {
            // The object may be gone, and its wire with it.
            let _ = self.sim.attach_host(id, None);
            let (done, gone) = sync_channel(0);
            self.shared.command(Command::Remove(id, done));
            // The device is gone when this returns, unless the reader itself, in a notification, asks for it.
            let reader = self.thread.as_ref().map(|t| t.thread().id());
            if reader != Some(std::thread::current().id()) {
                let _ = gone.recv_timeout(LET_GO);
            }
        }
    }

    /// Takes away the devices of host interfaces that are gone: a switch was removed.
    fn sweep(&self) {
        let ids: Vec<ObjectId> = self.shared.devices.lock().keys().copied().collect();
        for id in ids {
            let mut asked = [AttrEntry::ask(hostif::TYPE.id())];
            if self.inner.get(&ObjectRef::Object(ObjectType::HOSTIF, id), &mut asked).is_err() {
                self.unplug(id);
            }
        }
    }
}

impl Drop for HostDevices {
    fn drop(&mut self) {
        let ids: Vec<ObjectId> = self.shared.devices.lock().keys().copied().collect();
        ids.into_iter().for_each(|id| self.unplug(id));
        self.shared.command(Command::Stop);
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

fn open(name: &str, mac: Option<[u8; 6]>) -> io::Result<OwnedFd> {
    let tap = sys::tap(name).map_err(|e| match e.kind() {
        io::ErrorKind::PermissionDenied => {
            io::Error::new(e.kind(), format!("{e}; making one needs CAP_NET_ADMIN (run as root)"))
        }
        io::ErrorKind::NotFound => io::Error::new(e.kind(), "no /dev/net/tun (modprobe tun)"),
        _ => e,
    })?;
    if let Some(mac) = mac {
        sys::set_mac(name, mac)?;
    }
    sys::set_mtu(name, MTU)?;
    Ok(tap)
}

/// Gives a device a carrier or takes it.
fn set_carrier(tap: &HostTap, on: bool) {
    // Kernels before 4.20 cannot: the device then always has one.
    if let Err(error) = sys::set_tap_carrier(tap.tap.as_raw_fd(), on) {
        tracing::debug!(device = tap.name, %error, "the carrier cannot be set");
    }
}

/// The thread that takes what the kernel sends.
struct Reader {
    world: World,
    sim: Simulator,
    shared: Arc<Shared>,
    devices: BTreeMap<u64, (ObjectId, Arc<HostTap>)>,
}

impl Reader {
    fn run(mut self, mut poll: Poll) {
        let mut buffer = vec![0; 1 << 16];
        let mut next = WAKE + 1;
        loop {
            let ready = match poll.wait(None) {
                Ok(ready) => ready,
                Err(error) => {
                    tracing::error!(%error, "waiting for frames of the host fails");
                    return;
                }
            };
            for token in ready {
                if token == WAKE {
                    self.shared.waker.clear();
                    if !self.take_commands(&poll, &mut next) {
                        return;
                    }
                } else if let Some((id, tap)) = self.devices.get(&token) {
                    self.receive(*id, tap.tap.as_raw_fd(), &mut buffer);
                }
            }
        }
    }

    /// Does what was asked for; false at the end.
    fn take_commands(&mut self, poll: &Poll, next: &mut u64) -> bool {
        for command in std::mem::take(&mut *self.shared.commands.lock()) {
            match command {
                Command::Add(id, tap) => {
                    match poll.add(tap.tap.as_raw_fd(), *next) {
                        Ok(()) => drop(self.devices.insert(*next, (id, tap))),
                        Err(error) => {
                            tracing::error!(device = tap.name, %error, "cannot wait for frames of the host");
                        }
                    }
                    *next += 1;
                }
                Command::Remove(id, _done) => self.devices.retain(|_, (of, _)| *of != id),
                Command::Stop => return false,
            }
        }
        true
    }

    fn receive(&self, id: ObjectId, tap: RawFd, buffer: &mut [u8]) {
        for _ in 0..BATCH {
            // It fails when nothing waits, or when the kernel's end is down.
            let Ok(n) = sys::read(tap, buffer) else { return };
            // Refused where the interface is down or gone meanwhile.
            if let Err(error) = self.world.host_send(&self.sim, id, &buffer[..n]) {
                tracing::debug!(hostif = %id, %error, "a frame of the host is not sent");
            }
        }
    }
}

impl Backend for HostDevices {
    sai::forward_backend!(inner: info, get, stats, bulk_stats, query, object_type, switch_of, special, subscribe);

    fn create(&self, switch: ObjectId, target: Target<'_>, attrs: &[AttrEntry]) -> Result<ObjectId> {
        let id = self.inner.create(switch, target, attrs)?;
        if target == Target::Object(ObjectType::SWITCH) {
            self.plug_restored(id);
        }
        if target == Target::Object(ObjectType::HOSTIF)
            && let Err(error) = self.plug(switch, id)
        {
            let object = ObjectRef::Object(ObjectType::HOSTIF, id);
            self.inner.remove(&object)?;
            return Err(error.in_operation("create").on_object(&object));
        }
        Ok(id)
    }

    fn remove(&self, object: &ObjectRef) -> Result<()> {
        self.inner.remove(object)?;
        match object {
            ObjectRef::Object(ObjectType::HOSTIF, id) => self.unplug(*id),
            ObjectRef::Object(ObjectType::SWITCH, _) => self.sweep(),
            _ => {}
        }
        Ok(())
    }

    fn set(&self, object: &ObjectRef, attr: &AttrEntry) -> Result<()> {
        self.inner.set(object, attr)?;
        if let (ObjectRef::Object(ObjectType::HOSTIF, id), Value::Bool(up)) = (object, &attr.value)
            && attr.id == hostif::OPER_STATUS.id()
            && let Some(tap) = self.shared.devices.lock().get(id)
        {
            set_carrier(tap, *up);
        }
        Ok(())
    }

    fn bulk(&self, call: Bulk<'_, '_>, mode: BulkErrorMode) -> Vec<Result<ObjectId>> {
        let ours = |t: ObjectType| t == ObjectType::HOSTIF || t == ObjectType::SWITCH;
        let is_ours = match &call {
            Bulk::Create { items, .. } => items.iter().any(|i| ours(i.target.object_type())),
            Bulk::Remove(items) => items.iter().any(|i| ours(i.object_type())),
            Bulk::Set(items) => items.iter().any(|i| ours(i.object.object_type())),
            Bulk::Get(_) => false,
        };
        if is_ours { sai::bulk_by_singles(self, call, mode) } else { self.inner.bulk(call, mode) }
    }
}
