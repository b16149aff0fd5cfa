//! The world that switches stand in: its clock, the cables between ports, and what happens when.
//!
//! Time is virtual by default: nothing sleeps, and nothing happens but when a test calls. The same calls
//! with the same seed give the same packets, events and traces.
//!
//! A frame that a port sends waits at the port for [`World::receive`], or travels over a [`Cable`] to the
//! port at the other end, where it arrives in [`World::advance`] or [`World::run_until_idle`], or goes out of
//! the world by a [`Wire`].

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sai::{AttrEntry, Error, ObjectId, Result, Status};

use crate::bridge::fdb;
use crate::hostif;
use crate::pipeline::{Engine, MAX_FRAME, NoTrace, Trace, Tracer, VECTOR, Workers};
use crate::port::index;
use crate::random::Random;
use crate::store::id::{Parts, switch_id};
use crate::switch::Switch;
use crate::turns::Turns;
use crate::{Profile, Simulator};

mod alarm;
mod clock;
mod edge;
mod frames;
#[cfg(test)]
mod tests;

pub(crate) use alarm::Alarm;
pub use clock::Clock;
use clock::Source;
pub use edge::{Cable, Monitor, Seen, Way, Wire};
use frames::Frames;

/// What is plugged into a port.
#[derive(Clone, Debug)]
enum Plug {
    Cable(End, Cable),
    Wire(Arc<dyn Wire>),
}

/// A port of a simulator of the world.
type End = (usize, ObjectId);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Arrival {
    at: u64,
    seq: u64,
    end: End,
    frame: Vec<u8>,
}

#[derive(Debug)]
struct State {
    alarm: Arc<Alarm>,
    sims: Vec<Simulator>,
    plugs: BTreeMap<End, Plug>,
    arrivals: BinaryHeap<Reverse<Arrival>>,
    /// What ports with nothing plugged in sent.
    sent: BTreeMap<End, VecDeque<Vec<u8>>>,
    /// How many frames of a port that nobody takes are kept.
    kept: usize,
    monitors: Vec<Arc<dyn Monitor>>,
    /// Empty, for the next to send; its memory is used again.
    spare: Frames,
    seq: u64,
    random: Random,
}

/// A world of switches. Clones share all.
#[derive(Clone, Debug)]
pub struct World {
    seed: u64,
    clock: Clock,
    alarm: Arc<Alarm>,
    state: Arc<Mutex<State>>,
    workers: Arc<Turns<Workers>>,
    /// The longest that frames held a switch at one go, in nanoseconds.
    longest: Arc<AtomicU64>,
}

/// How many frames of a port with nothing plugged in wait for [`World::receive`] where the clock is the
/// system's; the oldest are lost. On a virtual clock, where only the caller's frames come, all wait.
pub const KEPT: usize = 4096;

/// How many frames run under one lock of a switch, at most.
pub const GROUP: usize = 32;
/// How many times as many it takes on a virtual clock where there are workers to share them.
pub const SHARED: usize = 64;
/// How many copies of frames are made under one lock of a switch, at most, should each frame leave by every port: a
/// switch of more than 128 ports takes fewer frames at one go.
pub const GROUP_COPIES: usize = 4096;
/// How many bytes the frames of a group have for each of its frames on average, at most, unless it is one frame.
pub const GROUP_BYTES: usize = 512;

/// How many frames [`World::run_until_idle`] follows before it says that the network loops.
pub const STORM: u64 = 1_000_000;

impl World {
    /// A world with a virtual clock.
    pub fn new(seed: u64) -> World {
        World::with_clock(Clock::default(), seed)
    }

    /// A world whose clock is the system's, for switches that talk to the outside.
    pub fn real_time(seed: u64) -> World {
        World::with_clock(Clock::new(Source::System(Instant::now())), seed)
    }

    fn with_clock(clock: Clock, seed: u64) -> World {
        let alarm = Arc::<Alarm>::default();
        let state = State {
            alarm: alarm.clone(),
            sims: Vec::new(),
            plugs: BTreeMap::new(),
            arrivals: BinaryHeap::new(),
            sent: BTreeMap::new(),
            kept: if clock.is_virtual() { usize::MAX } else { KEPT },
            monitors: Vec::new(),
            spare: Frames::default(),
            seq: 0,
            random: Random(seed),
        };
        World {
            seed,
            clock,
            alarm,
            state: Arc::new(Mutex::new(state)),
            workers: Arc::default(),
            longest: Arc::default(),
        }
    }

    /// Adds a simulator, whose switches have this profile.
    pub fn simulator(&self, profile: Profile) -> Simulator {
        self.simulator_with_keys(profile, crate::warm::Keys::default())
    }

    /// As [`World::simulator`], with profile keys; those that name a profile are not looked at.
    pub fn simulator_with_keys(&self, profile: Profile, keys: crate::warm::Keys) -> Simulator {
        self.simulator_with_profiles(vec![profile], keys)
    }

    /// As [`World::simulator_with_keys`], with several profiles, among which each switch chooses as
    /// [`Simulator::with_profiles`] says.
    pub fn simulator_with_profiles(&self, profiles: Vec<Profile>, keys: crate::warm::Keys) -> Simulator {
        let sim = Simulator::build(profiles, keys, self.clock.clone());
        let mut state = self.state.lock();
        sim.stand_in(Home {
            seed: self.seed,
            place: state.sims.len(),
            alarm: self.alarm.clone(),
            state: Arc::downgrade(&self.state),
            workers: Arc::downgrade(&self.workers),
            longest: self.longest.clone(),
        });
        state.sims.push(sim.clone());
        sim
    }

    /// Forwards by so many threads from now on, the caller's included, where many frames come at once
    /// ([`inject_all`](Self::inject_all)); 1, the default, by the caller alone. What comes of them is the same. On the
    /// system's clock groups of frames are too small to share: there a call waits for no more than one of them.
    ///
    /// # Errors
    /// When the system has no more threads.
    pub fn set_workers(&self, workers: NonZeroUsize) -> io::Result<()> {
        *self.workers.lock() = Workers::new(workers)?;
        Ok(())
    }

    /// The time in nanoseconds.
    pub fn now(&self) -> u64 {
        self.clock.now()
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Shows every frame at every port to a monitor from now on, until it is closed.
    pub fn monitor(&self, monitor: Arc<dyn Monitor>) {
        self.state.lock().monitors.push(monitor);
    }

    /// Puts a cable between two ports. What was plugged into them before goes.
    ///
    /// # Errors
    /// `ITEM_NOT_FOUND` when a port is not of this world.
    pub fn connect(&self, a: (&Simulator, ObjectId), b: (&Simulator, ObjectId), cable: Cable) -> Result<()> {
        let (a, b) = (self.end(a.0, a.1)?, self.end(b.0, b.1)?);
        self.disconnect_end(a);
        self.disconnect_end(b);
        let mut state = self.state.lock();
        state.plugs.insert(a, Plug::Cable(b, cable));
        state.plugs.insert(b, Plug::Cable(a, cable));
        Ok(())
    }

    /// Attaches a port to the outside: what it sends goes to `wire`. What was plugged in before goes.
    ///
    /// # Errors
    /// `ITEM_NOT_FOUND` when the port is not of this world.
    pub fn attach(&self, sim: &Simulator, port: ObjectId, wire: Arc<dyn Wire>) -> Result<()> {
        let end = self.end(sim, port)?;
        self.disconnect_end(end);
        self.state.lock().plugs.insert(end, Plug::Wire(wire));
        Ok(())
    }

    /// Takes the cable or wire of a port away; frames on a cable still arrive.
    ///
    /// # Errors
    /// `ITEM_NOT_FOUND` when the port is not of this world.
    pub fn disconnect(&self, sim: &Simulator, port: ObjectId) -> Result<()> {
        self.disconnect_end(self.end(sim, port)?);
        Ok(())
    }

    fn disconnect_end(&self, end: End) {
        let mut state = self.state.lock();
        if let Some(Plug::Cable(other, _)) = state.plugs.remove(&end) {
            state.plugs.remove(&other);
        }
    }

    /// The place of a simulator in this world.
    fn place(&self, sim: &Simulator) -> Result<usize> {
        let home = sim.home_world().filter(|home| home.state.as_ptr() == Arc::as_ptr(&self.state));
        home.map(|home| home.place).ok_or_else(|| {
            Error::because(Status::ITEM_NOT_FOUND, "the simulator does not belong to this world")
        })
    }

    fn end(&self, sim: &Simulator, port: ObjectId) -> Result<End> {
        let place = self.place(sim)?;
        sim.with_switch(home(port), |sw| check_port(sw, port))??;
        Ok((place, port))
    }

    /// A port receives a frame (without FCS), now.
    ///
    /// # Errors
    /// `ITEM_NOT_FOUND` when the port is not of this world; `INVALID_PARAMETER` when the frame has more than
    /// 16383 bytes.
    pub fn inject(&self, sim: &Simulator, port: ObjectId, frame: &[u8]) -> Result<()> {
        self.inject_with(sim, port, frame, &mut NoTrace)
    }

    /// As [`inject`](Self::inject), and tells what happened to the frame in this switch.
    ///
    /// # Errors
    /// As [`inject`](Self::inject).
    pub fn trace(&self, sim: &Simulator, port: ObjectId, frame: &[u8]) -> Result<Trace> {
        let mut trace = Trace::default();
        self.inject_with(sim, port, frame, &mut trace)?;
        Ok(trace)
    }

    fn inject_with<T: Tracer>(&self, sim: &Simulator, port: ObjectId, frame: &[u8], t: &mut T) -> Result<()> {
        check_length(frame)?;
        self.enter((self.place(sim)?, sim, port), std::iter::once(frame), t)
    }

    /// The host sends a frame (without FCS) by a host interface, as the kernel sends by a network device: by
    /// the port or LAG that it stands for, or into its VLAN.
    ///
    /// # Errors
    /// `ITEM_NOT_FOUND` when there is no such host interface; `UNINITIALIZED` when its
    /// `SAI_HOSTIF_ATTR_OPER_STATUS` is false; `MANDATORY_ATTRIBUTE_MISSING` when it is no netdev;
    /// `INVALID_PARAMETER` when the frame is shorter than an Ethernet header or longer than 16383 bytes.
    pub fn host_send(&self, sim: &Simulator, hostif: ObjectId, frame: &[u8]) -> Result<()> {
        self.host_sends(sim, home(hostif), (hostif, frame, &[]), &mut NoTrace)
    }

    /// As [`host_send`](Self::host_send), and tells what happened to the frame in this switch.
    ///
    /// # Errors
    /// As [`host_send`](Self::host_send).
    pub fn trace_host_send(&self, sim: &Simulator, hostif: ObjectId, frame: &[u8]) -> Result<Trace> {
        let mut trace = Trace::default();
        self.host_sends(sim, home(hostif), (hostif, frame, &[]), &mut trace)?;
        Ok(trace)
    }

    /// `send_hostif_packet`, or a netdev's frame where there are no attributes.
    pub(crate) fn host_sends<T: Tracer>(
        &self,
        sim: &Simulator,
        switch: ObjectId,
        (hostif, frame, attrs): (ObjectId, &[u8], &[AttrEntry]),
        t: &mut T,
    ) -> Result<()> {
        let now = self.clock.now();
        let mut out = Frames::default();
        sim.with_switch(switch, |sw| {
            let sent = hostif::check_send(sw, hostif, frame, attrs)?;
            let mut workers = self.workers.lock();
            workers.alone().host_sends(sw, now, (sent.way, sent.queue, &sent.frame), t, &mut out);
            fdb::deliver(sw);
            hostif::deliver(sw);
            out.name(sw);
            Ok::<(), Error>(())
        })??;
        // What a switch that stands in no world sends goes nowhere.
        if let Ok(place) = self.place(sim) {
            self.state.lock().take(place, now, out);
        }
        Ok(())
    }

    /// As [`inject`](Self::inject) for many frames, in order, in vectors. The switch is locked for a group of them
    /// ([`GROUP`], [`GROUP_COPIES`], [`GROUP_BYTES`]), and calls that wait go before the next. Frames of more than
    /// 16383 bytes are dropped.
    ///
    /// # Errors
    /// `ITEM_NOT_FOUND` when the port is not of this world.
    pub fn inject_all<'a>(
        &self,
        sim: &Simulator,
        port: ObjectId,
        frames: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<()> {
        let place = self.place(sim)?;
        let ports = sim.with_switch(home(port), |sw| sw.ports.records.len())?;
        // On a virtual clock nobody waits while frames come, and workers want many at once.
        let share = if self.clock.is_virtual() && self.workers.lock().count() > 1 { SHARED } else { 1 };
        let most = (GROUP_COPIES / ports.max(1)).clamp(1, GROUP) * share;
        let mut frames = frames.into_iter().peekable();
        while frames.peek().is_some() {
            let (mut count, mut bytes) = (0, 0);
            let group = std::iter::from_fn(|| {
                let fits = |f: &&[u8]| count == 0 || count < most && bytes + f.len() <= most * GROUP_BYTES;
                let frame = frames.next_if(fits)?;
                count += 1;
                bytes += frame.len();
                Some(frame)
            });
            self.enter((place, sim, port), group, &mut NoTrace)?;
        }
        Ok(())
    }

    /// The longest that a group of frames has held the lock of a switch, by the world's clock (0 on a virtual one): what
    /// a call waits for at most, beside other calls and the scheduler of the system.
    pub fn longest_group(&self) -> Duration {
        Duration::from_nanos(self.longest.load(Ordering::Relaxed))
    }

    /// A port receives a frame at a time to come (now, if that is past), when the clock gets there.
    ///
    /// # Errors
    /// As [`inject`](Self::inject).
    pub fn inject_at(&self, sim: &Simulator, port: ObjectId, at: u64, frame: Vec<u8>) -> Result<()> {
        check_length(&frame)?;
        let end = self.end(sim, port)?;
        self.state.lock().arrive(at, end, frame);
        Ok(())
    }

    /// Runs frames through the switch of a port and takes along what that sends.
    fn enter<'a, T: Tracer>(
        &self,
        (place, sim, port): (usize, &Simulator, ObjectId),
        frames: impl IntoIterator<Item = &'a [u8]>,
        t: &mut T,
    ) -> Result<()> {
        let (monitors, mut out) = {
            let mut state = self.state.lock();
            state.monitors.retain(|m| !m.is_closed());
            (state.monitors.clone(), std::mem::take(&mut state.spare))
        };
        let see = |frame, at| {
            let seen = Seen { sim, port, way: Way::In, at, frame };
            monitors.iter().for_each(|m| m.frame(&seen));
        };
        let now = sim.with_shared(home(port), |shared| {
            check_port(shared, port)?;
            let now = self.clock.now();
            let mut workers = self.workers.lock();
            let frames = frames.into_iter().inspect(|frame| see(*frame, now));
            if !T::ON && workers.count() > 1 {
                workers.forward(shared, now, frames.map(|frame| (index(port), frame)), &mut out);
            } else {
                run_alone(workers.alone(), (shared, index(port)), now, frames, t, &mut out);
            }
            drop(workers);
            let sw = &mut **shared;
            fdb::deliver(sw);
            hostif::deliver(sw);
            out.name(sw);
            self.note_hold(self.clock.now() - now);
            Ok::<u64, Error>(now)
        })??;
        self.state.lock().take(place, now, out);
        Ok(())
    }

    #[inline]
    fn note_hold(&self, time: u64) {
        if time > self.longest.load(Ordering::Relaxed) {
            self.longest.fetch_max(time, Ordering::Relaxed);
        }
    }

    /// The next frame that a port with nothing plugged in sent.
    ///
    /// # Errors
    /// `ITEM_NOT_FOUND` when the port is not of this world.
    pub fn receive(&self, sim: &Simulator, port: ObjectId) -> Result<Option<Vec<u8>>> {
        let end = self.end(sim, port)?;
        Ok(self.state.lock().sent.get_mut(&end).and_then(VecDeque::pop_front))
    }

    /// Lets time pass: what is due happens, in order of time.
    ///
    /// # Errors
    /// When a switch fails; that is a defect.
    pub fn advance(&self, by: Duration) -> Result<()> {
        let until = self.clock.now().saturating_add(by.as_nanos() as u64);
        while self.step(until)? > 0 {}
        self.clock.set(until);
        Ok(())
    }

    /// Lets the frames that wait for ports or are on cables go on, and those that they cause. Timers (aging) that
    /// come later than the last frame do not fire.
    ///
    /// # Errors
    /// `FAILURE` after [`STORM`] frames: the network loops.
    pub fn run_until_idle(&self) -> Result<()> {
        self.run_until_idle_within(STORM)
    }

    /// As [`run_until_idle`](Self::run_until_idle), with another bound.
    ///
    /// # Errors
    /// `FAILURE` after `most` frames: the network loops.
    pub fn run_until_idle_within(&self, most: u64) -> Result<()> {
        let mut frames = 0;
        while frames < most {
            let Some((at, _)) = self.next(false) else { return Ok(()) };
            frames += self.step(at)?.max(1) as u64;
        }
        Err(Error::because(Status::FAILURE, format!("{most} frames and no end: the network loops")))
    }

    /// Does what is due by now, at most `most` things, without moving a virtual clock: what a thread calls that runs
    /// a world on the system's clock. Answers when the next thing is due, `None` if nothing is to come.
    ///
    /// # Errors
    /// When a switch fails; that is a defect.
    pub fn poll(&self, most: usize) -> Result<Option<u64>> {
        let now = self.clock.now();
        for _ in 0..most {
            if self.step(now)? == 0 {
                break;
            }
        }
        Ok(self.next(true).map(|(at, _)| at))
    }

    /// Says what wakes the thread that runs a world on the system's clock, which calls [`poll`](Self::poll),
    /// [`sleep`](Self::sleep) and [`wake_up`](Self::wake_up) in turn; `None` ends that. `wake` does not block, and
    /// does not call the world.
    pub fn set_alarm(&self, wake: Option<Arc<dyn Fn() + Send + Sync>>) {
        self.alarm.set(wake);
    }

    /// The thread that runs the world is about to sleep until the time that this answers (`None`: for ever). What
    /// becomes due before that time, by whose call ever, rings the alarm.
    pub fn sleep(&self) -> Option<u64> {
        // From here on all that is new rings; what is there already is looked at then.
        self.alarm.sleep_until(u64::MAX);
        let due = self.next(true).map(|(at, _)| at);
        self.alarm.sleep_until(due.unwrap_or(u64::MAX));
        due
    }

    /// The thread that runs the world is awake again. It delivers the notifications that callers have left to it.
    pub fn wake_up(&self) {
        self.alarm.sleep_until(0);
        let sims = self.state.lock().sims.clone();
        sims.iter().for_each(Simulator::deliver);
    }

    /// What happens next, and when: frames that arrive, then those that leave, before timers, which are left out
    /// where they are not asked for.
    fn next(&self, timers: bool) -> Option<(u64, Due)> {
        let state = self.state.lock();
        let arrival = state.arrivals.peek().map(|Reverse(a)| (a.at, Due::Arrival));
        let (mut departure, mut timer) = (None, None);
        let earlier = |at: u64, than: &Option<(u64, Due)>| at < than.map_or(u64::MAX, |(before, _)| before);
        for (n, sim) in state.sims.iter().enumerate() {
            sim.each_due(|switch, leaves, ages| {
                if earlier(leaves, &departure) {
                    departure = Some((leaves, Due::Departure(n, switch)));
                }
                if timers && earlier(ages, &timer) {
                    timer = Some((ages, Due::Timer(n, switch)));
                }
            });
        }
        let mut next = arrival;
        for (at, due) in departure.into_iter().chain(timer) {
            if earlier(at, &next) {
                next = Some((at, due));
            }
        }
        next
    }

    /// Does the next thing that is due by then, frames that arrive at one port at one time together. Answers how
    /// many frames that were (1 for what is no frame), 0 if nothing is due.
    fn step(&self, until: u64) -> Result<usize> {
        let Some((at, due)) = self.next(true).filter(|(at, _)| *at <= until) else { return Ok(0) };
        self.clock.set(at);
        match due {
            Due::Arrival => {
                let mut state = self.state.lock();
                let Some(Reverse(first)) = state.arrivals.pop() else { return Ok(0) };
                let (place, port) = first.end;
                let sim = state.sims[place].clone();
                let mut frames = vec![first.frame];
                while frames.len() < VECTOR
                    && let Some(next) = state.arrivals.peek_mut()
                    && (next.0.at, next.0.end) == (at, first.end)
                {
                    frames.push(PeekMut::pop(next).0.frame);
                }
                drop(state);
                // The port may have gone meanwhile; then so do the frames.
                let _ = self.inject_all(&sim, port, frames.iter().map(|f| &f[..]));
                return Ok(frames.len());
            }
            Due::Departure(n, switch) => {
                let sim = self.state.lock().sims[n].clone();
                let mut out = Frames::default();
                let _ = sim.with_switch(switch, |sw| {
                    let Some((_, port)) = sw.ports.servers.deadline().filter(|(due, _)| *due <= at) else {
                        return;
                    };
                    self.workers.lock().alone().depart(sw, at, port, &mut NoTrace, &mut out);
                    fdb::deliver(sw);
                    hostif::deliver(sw);
                    out.name(sw);
                });
                self.state.lock().take(n, at, out);
            }
            Due::Timer(n, switch) => {
                let sim = self.state.lock().sims[n].clone();
                let _ = sim.with_switch(switch, |sw| fdb::age(sw, at));
            }
        }
        Ok(1)
    }
}

/// Runs frames of one port through its switch in vectors, by one thread.
fn run_alone<'a, T: Tracer>(
    engine: &mut Engine,
    (sw, port): (&mut Switch, u16),
    now: u64,
    frames: impl Iterator<Item = &'a [u8]>,
    t: &mut T,
    out: &mut Frames,
) {
    for frame in frames {
        if engine.is_full() {
            engine.run(sw, now, t, out);
        }
        engine.receive(port, frame);
    }
    engine.run(sw, now, t, out);
}

/// An injected delay passes on the world's clock: a virtual one advances, and what is due meanwhile happens.
impl sai::layer::chaos::Clock for World {
    fn wait(&self, time: Duration) {
        if self.clock.is_virtual() {
            // It fails when a switch does, which is a defect that the next call shows.
            let _ = self.advance(time);
        } else {
            std::thread::sleep(time);
        }
    }
}

/// What is due.
#[derive(Clone, Copy, Debug)]
enum Due {
    /// The first of the arrivals.
    Arrival,
    /// A packet leaves a switch of a simulator.
    Departure(usize, ObjectId),
    /// A switch of a simulator has a timer.
    Timer(usize, ObjectId),
}

fn check_port(sw: &Switch, port: ObjectId) -> Result<()> {
    match sw.ports.get(index(port)).is_some_and(|r| r.id == port) {
        true => Ok(()),
        false => Err(Error::because(Status::ITEM_NOT_FOUND, format!("{port} is no port"))),
    }
}

fn check_length(frame: &[u8]) -> Result<()> {
    if frame.len() > MAX_FRAME {
        let why = format!("the frame has {} bytes; at most {MAX_FRAME} are taken", frame.len());
        return Err(Error::because(Status::INVALID_PARAMETER, why));
    }
    Ok(())
}

fn home(port: ObjectId) -> ObjectId {
    switch_id(Parts::of(port).switch)
}

/// The world of a simulator, which the world keeps and not the other way round.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    pub(crate) seed: u64,
    /// Its place among the simulators of the world.
    place: usize,
    pub(crate) alarm: Arc<Alarm>,
    state: Weak<Mutex<State>>,
    workers: Weak<Turns<Workers>>,
    longest: Arc<AtomicU64>,
}

impl Home {
    /// The world, if it is there still.
    pub(crate) fn world(&self, clock: &Clock) -> Option<World> {
        let (state, workers) = (self.state.upgrade()?, self.workers.upgrade()?);
        let (alarm, longest) = (self.alarm.clone(), self.longest.clone());
        Some(World { seed: self.seed, clock: clock.clone(), alarm, state, workers, longest })
    }
}

impl State {
    /// Takes along what a switch of this simulator sent.
    fn take(&mut self, sim: usize, now: u64, mut out: Frames) {
        for (port, frame) in out.iter() {
            let seen = Seen { sim: &self.sims[sim], port, way: Way::Out, at: now, frame };
            self.monitors.iter().for_each(|m| m.frame(&seen));
            self.send((sim, port), now, frame);
        }
        out.clear();
        self.spare = out;
    }

    fn send(&mut self, from: End, now: u64, frame: &[u8]) {
        match self.plugs.get(&from) {
            None => {
                let sent = self.sent.entry(from).or_default();
                if sent.len() >= self.kept {
                    sent.pop_front();
                }
                sent.push_back(frame.to_vec());
            }
            Some(Plug::Wire(wire)) => wire.send(frame),
            Some(Plug::Cable(end, cable)) => {
                let (end, cable) = (*end, *cable);
                if cable.loss > 0.0 && self.random.share() < cable.loss {
                    return;
                }
                let delay = (cable.delay.as_nanos() as u64).max(1);
                self.arrive(now + delay, end, frame.to_vec());
            }
        }
    }

    fn arrive(&mut self, at: u64, end: End, frame: Vec<u8>) {
        self.seq += 1;
        self.arrivals.push(Reverse(Arrival { at, seq: self.seq, end, frame }));
        if self.alarm.is_late(at) {
            self.alarm.ring();
        }
    }
}
