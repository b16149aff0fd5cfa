//! A world on the system's clock, with ports attached to devices: frames are forwarded by a thread, also while no
//! call is made.
//!
//! The thread waits for frames, for what is due (aging, frames on cables and in queues), and for frames that other
//! threads put in; what a call makes due wakes it. It takes at most [`BATCH`](crate::device::BATCH) reads from a
//! device at a time, device by device. It holds the lock of a switch for a group of frames
//! ([`GROUP`](switch_sim::world::GROUP)), and whoever waits for the lock has it before the next group: a call waits for
//! one group, whatever the rate. System calls are made with no lock held.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{JoinHandle, ThreadId};
use std::time::Duration;

use parking_lot::Mutex;
use sai::ObjectId;
use switch_sim::world::Wire;
use switch_sim::{Simulator, World};

use crate::device::{Counters, Device};
use crate::frames::Frames;
use crate::sys::{Poll, Waker, link_events};

mod named;

/// How many frames of one port may wait for its device; more are lost, as in a full transmit queue.
pub const BACKLOG: usize = 4096;
/// How many things that are due happen before devices are looked at again.
const DUE: usize = 256;

/// The tokens of [`Poll`] that are no port's.
const WAKE: u64 = 0;
const LINKS: u64 = 1;
const FIRST: u64 = 2;

/// Why a port cannot be attached.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// There is no such port.
    #[error(transparent)]
    Port(#[from] sai::Error),
    /// The device cannot be opened.
    #[error(transparent)]
    Device(#[from] io::Error),
}

impl AttachError {
    /// Whether the device is not there.
    pub fn is_absence(&self) -> bool {
        matches!(self, AttachError::Device(e) if e.kind() == io::ErrorKind::NotFound)
    }
}

/// A port that was not attached, and why.
pub type LeftOut = (ObjectId, AttachError);

/// An attached port, as others see it.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// The simulator of the port.
    pub sim: Simulator,
    /// The port.
    pub port: ObjectId,
    /// The name of the device.
    pub device: String,
    /// What passed the device.
    pub counters: Counters,
}

/// A port, between the world and the device.
#[derive(Debug)]
struct Attached {
    sim: Simulator,
    port: ObjectId,
    name: String,
    out: Mutex<Frames>,
    waiting: AtomicBool,
    lost: AtomicU64,
    counters: Mutex<Counters>,
    shared: Arc<Wakeup>,
}

/// How the thread is woken.
#[derive(Debug)]
struct Wakeup {
    waker: Waker,
    thread: Mutex<Option<ThreadId>>,
}

impl Wire for Attached {
    fn send(&self, frame: &[u8]) {
        let mut out = self.out.lock();
        if out.len() >= BACKLOG {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        out.push(frame);
        if !self.waiting.swap(true, Ordering::Release)
            && *self.shared.thread.lock() != Some(std::thread::current().id())
        {
            self.shared.waker.wake();
        }
    }
}

#[derive(Debug)]
enum Command {
    Attach(u64, Plugged),
    Detach(u64),
}

#[derive(Debug, Default)]
struct State {
    /// For each thread.
    commands: Vec<Vec<Command>>,
    attached: BTreeMap<u64, Arc<Attached>>,
    /// Ports that wait for the device that their profile names.
    wanted: Vec<(Simulator, ObjectId)>,
    next: u64,
    stop: bool,
}

#[derive(Debug)]
struct Shared {
    world: World,
    /// Of each thread; the first runs the world.
    wakeups: Vec<Arc<Wakeup>>,
    state: Mutex<State>,
}

impl Shared {
    /// The thread that serves a port.
    fn thread_of(&self, token: u64) -> usize {
        (token - FIRST) as usize % self.wakeups.len()
    }

    /// [`Runner::attach`].
    fn attach(&self, sim: &Simulator, port: ObjectId, device: impl Device + 'static) -> sai::Result<()> {
        let token = {
            let mut state = self.state.lock();
            state.next += 1;
            FIRST + state.next - 1
        };
        let attached = Arc::new(Attached {
            sim: sim.clone(),
            port,
            name: device.name().to_owned(),
            out: Mutex::default(),
            waiting: AtomicBool::new(false),
            lost: AtomicU64::new(0),
            counters: Mutex::default(),
            shared: self.wakeups[self.thread_of(token)].clone(),
        });
        self.world.attach(sim, port, attached.clone())?;
        let carrier = device.has_carrier();
        sim.set_link(port, carrier)?;
        self.want_no_more(sim, port);
        let mut state = self.state.lock();
        let before: Vec<u64> = state
            .attached
            .iter()
            .filter(|(_, a)| a.port == port && a.sim.is(sim))
            .map(|(token, _)| *token)
            .collect();
        for token in before {
            state.attached.remove(&token);
            state.commands[self.thread_of(token)].push(Command::Detach(token));
        }
        state.attached.insert(token, attached.clone());
        let plugged = Plugged { attached, device: Box::new(device), carrier };
        state.commands[self.thread_of(token)].push(Command::Attach(token, plugged));
        drop(state);
        self.wake_all();
        Ok(())
    }

    fn wake_all(&self) {
        self.wakeups.iter().for_each(|wakeup| wakeup.waker.wake());
    }
}

/// The threads that run a world. Dropping it stops them and detaches the devices; the world stays.
#[derive(Debug)]
pub struct Runner {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Runner {
    /// Runs a world whose clock is the system's ([`World::real_time`]), by one thread.
    ///
    /// # Errors
    /// When the system has no more threads or descriptors.
    pub fn start(world: World) -> io::Result<Runner> {
        Runner::start_with(world, NonZeroUsize::MIN)
    }

    /// As [`start`](Self::start), by so many threads, which the ports are dealt out to: each takes frames from the
    /// devices of its ports and sends what these send. What one port receives goes through the switch in order.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(world: World, threads: NonZeroUsize) -> io::Result<Runner> {
        let wakeup = |_| Ok(Arc::new(Wakeup { waker: Waker::new()?, thread: Mutex::default() }));
        let wakeups = (0..threads.get()).map(wakeup).collect::<io::Result<Vec<_>>>()?;
        let commands = wakeups.iter().map(|_| Vec::new()).collect();
        let state = Mutex::new(State { commands, ..State::default() });
        let shared = Arc::new(Shared { world, wakeups, state });
        let alarm = shared.wakeups[0].clone();
        shared.world.set_alarm(Some(Arc::new(move || alarm.waker.wake())));
        let runner = Runner { shared: shared.clone(), threads: Mutex::default() };
        for index in 0..threads.get() {
            let worker = Worker::new(shared.clone(), index)?;
            let name = if index == 0 { "switch-sim".into() } else { format!("switch-sim-{index}") };
            let thread = std::thread::Builder::new().name(name).spawn(|| worker.run())?;
            runner.threads.lock().push(thread);
        }
        Ok(runner)
    }

    /// The world that it runs.
    pub fn world(&self) -> &World {
        &self.shared.world
    }

    /// Attaches a port to a device: what the device receives the port receives, what the port sends the device sends,
    /// and the port has a link while the device has a carrier. A port has one device; the one before goes.
    ///
    /// # Errors
    /// `ITEM_NOT_FOUND` when the port is not of this world.
    pub fn attach(&self, sim: &Simulator, port: ObjectId, device: impl Device + 'static) -> sai::Result<()> {
        self.shared.attach(sim, port, device)
    }

    /// Detaches a port from its device; whether it had one. What the port sends then waits in the world.
    pub fn detach(&self, sim: &Simulator, port: ObjectId) -> bool {
        self.shared.want_no_more(sim, port);
        let mut state = self.shared.state.lock();
        let Some((token, attached)) = state
            .attached
            .iter()
            .find(|(_, a)| a.port == port && a.sim.is(sim))
            .map(|(token, a)| (*token, a.clone()))
        else {
            return false;
        };
        state.attached.remove(&token);
        state.commands[self.shared.thread_of(token)].push(Command::Detach(token));
        drop(state);
        // The port may have gone meanwhile, and its wire with it.
        let _ = self.shared.world.disconnect(&attached.sim, port);
        // Another port may have waited for the device.
        self.shared.look_for_devices();
        self.shared.wake_all();
        true
    }

    /// The attached ports, in the order in which they were attached.
    pub fn attachments(&self) -> Vec<Attachment> {
        let state = self.shared.state.lock();
        let show = |a: &Arc<Attached>| {
            let mut counters = *a.counters.lock();
            counters.unsent += a.lost.load(Ordering::Relaxed);
            Attachment { sim: a.sim.clone(), port: a.port, device: a.name.clone(), counters }
        };
        state.attached.values().map(show).collect()
    }

    /// Stops the threads and lets the devices go; nothing is forwarded any more.
    pub fn stop(&self) {
        self.shared.state.lock().stop = true;
        self.shared.world.set_alarm(None);
        self.shared.wake_all();
        let threads = std::mem::take(&mut *self.threads.lock());
        for thread in threads.into_iter().filter(|t| t.thread().id() != std::thread::current().id()) {
            let _ = thread.join();
        }
    }

    /// Makes the thread look at once for what is due.
    pub fn wake(&self) {
        self.shared.wakeups[0].waker.wake();
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.stop();
    }
}

/// An attached port, as the thread has it.
#[derive(Debug)]
struct Plugged {
    attached: Arc<Attached>,
    device: Box<dyn Device>,
    carrier: bool,
}

/// What a thread has.
struct Worker {
    shared: Arc<Shared>,
    /// Which it is; the first runs the world.
    index: usize,
    poll: Poll,
    links: std::os::fd::OwnedFd,
    ports: BTreeMap<u64, Plugged>,
    batch: Frames,
}

impl Worker {
    fn new(shared: Arc<Shared>, index: usize) -> io::Result<Worker> {
        let poll = Poll::new()?;
        poll.add(shared.wakeups[index].waker.fd(), WAKE)?;
        let links = link_events()?;
        poll.add(std::os::fd::AsRawFd::as_raw_fd(&links), LINKS)?;
        Ok(Worker { shared, index, poll, links, ports: BTreeMap::new(), batch: Frames::default() })
    }

    /// Waits for what there is to do; the first thread also for what is due in the world.
    fn wait(&mut self) -> io::Result<Vec<u64>> {
        if self.index > 0 {
            self.flush();
            return self.poll.wait(None);
        }
        if let Err(error) = self.shared.world.poll(DUE) {
            tracing::error!(%error, "the world stopped");
        }
        self.flush();
        let world = &self.shared.world;
        let wait = world.sleep().map(|at| Duration::from_nanos(at.saturating_sub(world.now())));
        let ready = self.poll.wait(wait);
        world.wake_up();
        ready
    }

    fn run(mut self) {
        *self.shared.wakeups[self.index].thread.lock() = Some(std::thread::current().id());
        while self.take_commands() {
            let ready = self.wait();
            let ready = match ready {
                Ok(ready) => ready,
                Err(error) => {
                    tracing::error!(%error, "waiting for frames fails; forwarding ends");
                    return;
                }
            };
            for token in ready {
                match token {
                    WAKE => self.shared.wakeups[self.index].waker.clear(),
                    LINKS => self.look_at_links(),
                    token => self.receive(token),
                }
            }
        }
    }

    /// Does what was asked for; false at the end.
    fn take_commands(&mut self) -> bool {
        let mut state = self.shared.state.lock();
        let commands = std::mem::take(&mut state.commands[self.index]);
        if state.stop {
            return false;
        }
        drop(state);
        for command in commands {
            match command {
                Command::Detach(token) => drop(self.ports.remove(&token)),
                Command::Attach(token, plugged) => match self.poll.add(plugged.device.fd(), token) {
                    Ok(()) => {
                        self.ports.insert(token, plugged);
                        self.look_at_links();
                    }
                    Err(error) => {
                        tracing::error!(device = plugged.device.name(), %error, "cannot wait for frames");
                    }
                },
            }
        }
        true
    }

    /// Takes frames from a device and runs them through the switch.
    fn receive(&mut self, token: u64) {
        let Some(Plugged { attached, device, .. }) = self.ports.get_mut(&token) else { return };
        self.batch.clear();
        let received = device.receive(&mut self.batch);
        *attached.counters.lock() = device.counters();
        if let Err(error) = received {
            return self.lose(token, error);
        }
        if self.shared.world.inject_all(&attached.sim, attached.port, self.batch.iter()).is_err() {
            tracing::info!(device = attached.name, port = %attached.port, "the port is gone; its device is detached");
            return self.forget(token);
        }
        self.flush();
    }

    /// A device is gone: its port is down until one of its name is there.
    fn lose(&mut self, token: u64, why: impl std::fmt::Display) {
        let Some(Plugged { attached, .. }) = self.ports.get(&token) else { return };
        let (sim, port) = (attached.sim.clone(), attached.port);
        tracing::warn!(device = attached.name, %port, %why, "the port has lost its device and is down");
        let _ = sim.set_link(port, false);
        self.forget(token);
        self.shared.want(&sim, port);
    }

    fn forget(&mut self, token: u64) {
        self.ports.remove(&token);
        self.shared.state.lock().attached.remove(&token);
    }

    /// Sends what ports have sent.
    fn flush(&mut self) {
        for Plugged { attached, device, .. } in self.ports.values_mut() {
            if !attached.waiting.load(Ordering::Acquire) {
                continue;
            }
            self.batch.clear();
            {
                let mut out = attached.out.lock();
                attached.waiting.store(false, Ordering::Release);
                std::mem::swap(&mut *out, &mut self.batch);
            }
            device.send(&self.batch);
            *attached.counters.lock() = device.counters();
        }
    }

    /// Brings the links of ports in line with the carriers of their devices.
    fn look_at_links(&mut self) {
        let mut buffer = [0; 4096];
        while crate::sys::read(std::os::fd::AsRawFd::as_raw_fd(&self.links), &mut buffer).is_ok_and(|n| n > 0)
        {
        }
        let gone: Vec<u64> = self.ports.iter().filter(|(_, p)| p.device.is_gone()).map(|(t, _)| *t).collect();
        let lost = !gone.is_empty();
        gone.into_iter().for_each(|token| self.lose(token, "it left the machine"));
        if self.index == 0 || lost {
            self.shared.look_for_devices();
        }
        for port in self.ports.values_mut() {
            let carrier = port.device.has_carrier();
            if std::mem::replace(&mut port.carrier, carrier) != carrier {
                tracing::info!(device = port.device.name(), carrier, "the carrier changed");
                let _ = port.attached.sim.set_link(port.attached.port, carrier);
            }
        }
    }
}
