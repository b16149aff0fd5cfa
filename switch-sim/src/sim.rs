//! The backend: several switches, notifications delivered in order with no lock held.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, MutexGuard, OnceLock};
use std::thread::ThreadId;

use parking_lot::{Condvar, Mutex, RwLock};
use sai::layer::validate::{Level, rules};
use sai::notify::{Notification, NotificationSink};
use sai::{
    Answer, AttrEntry, Backend, Bulk, BulkErrorMode, Entry, Error, Info, ObjectId, ObjectRef, ObjectType,
    Query, Result, Special, SpecialAnswer, StatId, StatsOp, Status, Target, Value, switch,
};

use crate::bridge::fdb;
use crate::feature::{Request, owner};
use crate::hostif::{self, HostPacket};
use crate::pipeline::NoTrace;
use crate::profile::{Profile, ProfileError};
use crate::special;
use crate::store::id::{Parts, switch_id};
use crate::switch::{Shared, Switch, known};
use crate::turns::Turns;
use crate::view;
use crate::warm::Keys;
use crate::world::{Clock, Home, Wire, World};

/// How many items of a bulk call run under one lock.
const BULK_CHUNK: usize = 256;
/// How many items ahead the memory of an entry is asked for.
const BULK_AHEAD: usize = 12;

/// The simulator: a [`Backend`] that keeps switches of modelled chips.
///
/// A switch is created like any object; each has its own lock. Clones of one simulator share all.
#[derive(Clone)]
pub struct Simulator {
    inner: Arc<Inner>,
}

struct Inner {
    /// Never empty.
    profiles: Vec<Arc<Profile>>,
    clock: Clock,
    keys: Keys,
    world: OnceLock<Home>,
    switches: RwLock<BTreeMap<u8, Arc<Seat>>>,
    sinks: RwLock<Vec<Arc<dyn NotificationSink>>>,
    outbox: Mutex<Outbox>,
    /// A notification has been told.
    told: Condvar,
}

/// A switch under its lock, and beside it when it has something to do, which its world reads of each switch for
/// every step.
struct Seat {
    /// When the next packet that waits for a port leaves, [`NEVER`] if none waits.
    leaves: AtomicU64,
    /// When the next timer fires, [`NEVER`] if none runs.
    ages: AtomicU64,
    switch: Turns<Shared>,
}

/// A time that does not come.
const NEVER: u64 = u64::MAX;

impl Seat {
    fn new(switch: Switch) -> Seat {
        Seat { leaves: NEVER.into(), ages: NEVER.into(), switch: Turns::new(Shared::new(switch)) }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.switch.lock()
    }

    /// Notes when the switch has something to do, and answers the earlier; called under its lock after what may have
    /// changed that.
    fn note(&self, sw: &Switch) -> u64 {
        let leaves = sw.ports.servers.deadline().map_or(NEVER, |(at, _)| at);
        let ages = sw.bridge.fdb.deadline().unwrap_or(NEVER);
        self.leaves.store(leaves, Ordering::Release);
        self.ages.store(ages, Ordering::Release);
        leaves.min(ages)
    }
}

#[derive(Default)]
struct Outbox {
    waiting: VecDeque<Notification>,
    /// Who tells what waits.
    teller: Option<ThreadId>,
    /// How many were taken out to be told, and how many of these have been.
    taken: u64,
    told: u64,
}

/// Somebody tells what waits, until this is dropped: also where a receiver panics.
struct Telling<'a>(&'a Inner);

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        let mut outbox = self.0.outbox.lock();
        (outbox.teller, outbox.told) = (None, outbox.taken);
        drop(outbox);
        self.0.told.notify_all();
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("profile", &self.inner.profiles[0].name).finish_non_exhaustive()
    }
}

impl Default for Simulator {
    fn default() -> Simulator {
        Simulator::new(Profile::default())
    }
}

impl Simulator {
    /// A simulator whose switches have this profile.
    ///
    /// It stands in no world, so its clock stands still and no packet comes; [`World::simulator`](crate::World::simulator)
    /// makes one that does.
    pub fn new(profile: Profile) -> Simulator {
        Simulator::build(vec![profile], Keys::default(), Clock::default())
    }

    /// A simulator with the profiles that these keys name, as [`Simulator::with_profiles`].
    ///
    /// # Errors
    /// When a file that a key names cannot be read or makes no sense.
    pub fn from_keys(keys: Keys) -> std::result::Result<Simulator, ProfileError> {
        Ok(Simulator::with_profiles(keys.profiles()?, keys))
    }

    /// A simulator with this profile and these keys; those that name a profile are not looked at.
    pub fn with_keys(profile: Profile, keys: Keys) -> Simulator {
        Simulator::build(vec![profile], keys, Clock::default())
    }

    /// A simulator whose switches choose among profiles: by [`Profile::hardware_info`], else by
    /// [`Profile::profile_id`], else the first (the default profile where the list is empty).
    pub fn with_profiles(profiles: Vec<Profile>, keys: Keys) -> Simulator {
        Simulator::build(profiles, keys, Clock::default())
    }

    /// A simulator in a world.
    pub(crate) fn build(mut profiles: Vec<Profile>, keys: Keys, clock: Clock) -> Simulator {
        if profiles.is_empty() {
            profiles.push(Profile::default());
        }
        Simulator {
            inner: Arc::new(Inner {
                profiles: profiles.into_iter().map(Arc::new).collect(),
                keys,
                clock,
                world: OnceLock::new(),
                switches: RwLock::default(),
                sinks: RwLock::default(),
                outbox: Mutex::default(),
                told: Condvar::new(),
            }),
        }
    }

    /// Calls `f` with each switch and when its next packet leaves and its next timer fires, [`NEVER`] if there is
    /// none. Takes no switch's lock.
    pub(crate) fn each_due(&self, mut f: impl FnMut(ObjectId, u64, u64)) {
        for (number, seat) in self.inner.switches.read().iter() {
            let (leaves, ages) = (seat.leaves.load(Ordering::Acquire), seat.ages.load(Ordering::Acquire));
            f(switch_id(*number), leaves, ages);
        }
    }

    /// How many threads wait for a switch.
    #[cfg(test)]
    pub(crate) fn waiting(&self, switch: ObjectId) -> u64 {
        self.switch(switch).map_or(0, |seat| seat.switch.waiting())
    }

    /// Its home, where it stands in a world.
    pub(crate) fn home_world(&self) -> Option<&Home> {
        self.inner.world.get()
    }

    /// Says in which world it stands.
    pub(crate) fn stand_in(&self, world: Home) {
        // A simulator is put into a world once, when that makes it.
        let _ = self.inner.world.set(world);
    }

    /// The world that frames of the host leave into: one of its own where it stands in none, so that they go
    /// nowhere from its ports.
    fn world(&self) -> World {
        let home = self.inner.world.get().and_then(|home| home.world(&self.inner.clock));
        home.unwrap_or_else(|| World::new(0))
    }

    /// The profile of its switches, the first where they choose among several.
    pub fn profile(&self) -> &Profile {
        &self.inner.profiles[0]
    }

    /// Whether this is a clone of the other.
    pub fn is(&self, other: &Simulator) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// The switches, in order of their numbers.
    pub fn switches(&self) -> Vec<ObjectId> {
        self.inner.switches.read().keys().copied().map(switch_id).collect()
    }

    /// Runs `f` on a switch and delivers the notifications that it caused.
    ///
    /// # Errors
    /// `ITEM_NOT_FOUND` when there is no such switch; a null id means the only one.
    pub fn with_switch<R>(&self, switch: ObjectId, f: impl FnOnce(&mut Switch) -> R) -> Result<R> {
        let switch = self.switch(switch)?;
        Ok(self.run(&switch, f))
    }

    /// As [`with_switch`](Self::with_switch), for [`Workers`](crate::pipeline::Workers).
    ///
    /// # Errors
    /// As [`with_switch`](Self::with_switch).
    pub fn with_shared<R>(&self, switch: ObjectId, f: impl FnOnce(&mut Shared) -> R) -> Result<R> {
        let switch = self.switch(switch)?;
        Ok(self.run_shared(&switch, f))
    }

    /// Plugs or pulls the cable of a port.
    ///
    /// # Errors
    /// `ITEM_NOT_FOUND` when there is no such port.
    pub fn set_link(&self, port: ObjectId, up: bool) -> Result<()> {
        self.with_switch(switch_id(Parts::of(port).switch), |sw| sw.set_link(port, up))?
    }

    /// Gives what the switch sends to a host interface to a wire from now on (a device of the kernel's) instead of
    /// keeping it for `recv_hostif_packet`; `None` ends that. The other way is
    /// [`World::host_send`](crate::World::host_send).
    ///
    /// # Errors
    /// `ITEM_NOT_FOUND` when there is no such host interface.
    pub fn attach_host(&self, hostif: ObjectId, wire: Option<Arc<dyn Wire>>) -> Result<()> {
        self.with_switch(switch_id(Parts::of(hostif).switch), |sw| hostif::attach(sw, hostif, wire))?
    }

    /// Sets a statistic, for tests; what packets move goes on from there.
    ///
    /// # Errors
    /// When there is no such object or statistic.
    pub fn set_stat(&self, object: &ObjectRef, stat: StatId, value: u64) -> Result<()> {
        let switch = self.home(object)?;
        self.run(&switch, |sw| sw.set_stat(object, stat, value))
    }

    /// Wakes the thread that runs the world; whether there is one.
    #[cold]
    fn ring(&self) -> bool {
        self.inner.world.get().is_some_and(|home| home.alarm.ring())
    }

    /// Wakes the thread that runs the world, should it sleep for longer than until then.
    #[inline]
    fn wake_by(&self, due: u64) {
        if self.inner.world.get().is_some_and(|home| home.alarm.is_late(due)) {
            self.ring();
        }
    }

    fn run<R>(&self, seat: &Seat, f: impl FnOnce(&mut Switch) -> R) -> R {
        self.run_shared(seat, |switch| f(switch))
    }

    fn run_shared<R>(&self, seat: &Seat, f: impl FnOnce(&mut Shared) -> R) -> R {
        let mut locked = seat.lock();
        let result = f(&mut locked);
        // What the call made due does not wait for a thread that sleeps.
        self.wake_by(seat.note(&locked));
        if locked.events.is_empty() && locked.host.outbox.is_empty() {
            return result;
        }
        let to_host = std::mem::take(&mut locked.host.outbox);
        // Under the switch's lock, so that the order is that of the calls.
        self.inner.outbox.lock().waiting.extend(locked.events.drain(..));
        drop(locked);
        to_host.iter().for_each(|(wire, frame)| wire.send(frame));
        self.deliver();
        result
    }

    /// Delivers what waits, unless another call on the stack or another thread is at it: that one goes
    /// on until nothing waits, so the order holds. Where a thread runs the world, what came meanwhile is left to
    /// that: a caller does not go on for as long as a flooded port makes events.
    pub(crate) fn deliver(&self) {
        let mut outbox = self.inner.outbox.lock();
        if outbox.teller.is_some() || outbox.waiting.is_empty() {
            return;
        }
        outbox.teller = Some(std::thread::current().id());
        let telling = Telling(&self.inner);
        let mut own = outbox.waiting.len();
        while let Some(event) = outbox.waiting.pop_front() {
            outbox.taken += 1;
            drop(outbox);
            let sinks = self.inner.sinks.read().clone();
            sinks.iter().for_each(|s| s.notify(&event));
            if sinks.iter().any(|s| s.is_closed()) {
                self.inner.sinks.write().retain(|s| !s.is_closed());
            }
            outbox = self.inner.outbox.lock();
            outbox.told += 1;
            own = own.saturating_sub(1);
            if own == 0 && !outbox.waiting.is_empty() && self.ring() {
                break;
            }
        }
        drop(outbox);
        drop(telling);
    }

    /// Sees to it that all has been told which happened until now, by whomever; not what happens meanwhile, nor, from
    /// within a notification, what comes after that.
    fn tell_all(&self) {
        let own = Some(std::thread::current().id());
        let mut outbox = self.inner.outbox.lock();
        let until = outbox.taken + outbox.waiting.len() as u64;
        while outbox.told < until && outbox.teller != own {
            if outbox.teller.is_some() {
                self.inner.told.wait(&mut outbox);
            } else {
                drop(outbox);
                self.deliver();
                outbox = self.inner.outbox.lock();
            }
        }
    }

    fn switch(&self, id: ObjectId) -> Result<Arc<Seat>> {
        let switches = self.inner.switches.read();
        if id.is_null() {
            let mut all = switches.values();
            return match (all.next(), all.next()) {
                (Some(only), None) => Ok(only.clone()),
                (None, _) => Err(Error::because(Status::INVALID_OBJECT_ID, "there is no switch")),
                _ => Err(Error::because(
                    Status::INVALID_OBJECT_ID,
                    "the switch is null, which means the only one, and there are several",
                )),
            };
        }
        let parts = Parts::of(id);
        match parts.meta() {
            None => Err(Error::because(Status::INVALID_OBJECT_ID, format!("{id} was never issued"))),
            Some(m) if m.object_type != ObjectType::SWITCH => Err(Error::because(
                Status::INVALID_OBJECT_TYPE,
                format!("{id} is a {}, not a switch", m.name),
            )),
            Some(_) => switches
                .get(&parts.switch)
                .cloned()
                .ok_or_else(|| Error::because(Status::ITEM_NOT_FOUND, format!("there is no switch {id}"))),
        }
    }

    /// The switch that an object or entry belongs to.
    fn home(&self, object: &ObjectRef) -> Result<Arc<Seat>> {
        let found = match object {
            ObjectRef::Entry(entry) => self.switch(entry.switch_id()),
            ObjectRef::Object(_, id) if id.is_null() => {
                Err(Error::because(Status::INVALID_OBJECT_ID, "the object id is null"))
            }
            ObjectRef::Object(_, id) => {
                let parts = Parts::of(*id);
                match parts.meta() {
                    None => Err(Error::because(Status::INVALID_OBJECT_ID, format!("{id} was never issued"))),
                    Some(_) => self.switch(switch_id(parts.switch)),
                }
            }
        };
        found.map_err(|e| e.on_object(object))
    }

    /// Runs `f` on the items of a bulk call by their positions, as many under one lock as lie on the same
    /// switch, up to [`BULK_CHUNK`]. `entry` tells the entry that an item is about, so that its memory is near
    /// when its turn comes.
    fn chunks<'a>(
        &self,
        mode: BulkErrorMode,
        items: usize,
        switch: impl Fn(usize) -> ObjectId,
        entry: impl Fn(usize) -> Option<&'a Entry>,
        mut f: impl FnMut(&mut Switch, usize) -> Result<ObjectId>,
    ) -> Vec<Result<ObjectId>> {
        let mut results = Vec::with_capacity(items);
        let stops = |failed: bool| failed && mode == BulkErrorMode::StopOnError;
        while results.len() < items {
            let first = results.len();
            let id = switch(first);
            let stopped = match self.switch(id) {
                Err(e) => {
                    results.push(Err(e));
                    stops(true)
                }
                Ok(home) => self.run(&home, |sw| {
                    let prefetch = |sw: &Switch, i: usize| {
                        if let Some(entry) = (i < items).then(|| entry(i)).flatten() {
                            sw.prefetch(entry);
                        }
                    };
                    (first..first + BULK_AHEAD).for_each(|i| prefetch(sw, i));
                    for i in first..items.min(first + BULK_CHUNK) {
                        if switch(i) != id {
                            break;
                        }
                        prefetch(sw, i + BULK_AHEAD);
                        let result = f(sw, i);
                        let stopped = stops(result.is_err());
                        results.push(result);
                        if stopped {
                            return true;
                        }
                    }
                    false
                }),
            };
            if stopped {
                results.resize_with(items, || Err(Status::NOT_EXECUTED.into()));
            }
        }
        results
    }

    fn create_switch(&self, attrs: &[AttrEntry]) -> Result<ObjectId> {
        let mut switches = self.inner.switches.write();
        let number = (1..=u8::MAX).find(|n| !switches.contains_key(n)).ok_or_else(|| {
            Error::because(Status::INSUFFICIENT_RESOURCES, "255 switches is as many as object ids can name")
        })?;
        let mut switch = Switch::empty(
            number,
            Profile::choose(&self.inner.profiles, attrs).clone(),
            self.inner.clock.clone(),
        );
        let (meta, target) = (known(ObjectType::SWITCH)?, Target::Object(ObjectType::SWITCH));
        rules::check_create(&switch, Level::Sai, meta, ObjectId::NULL, target, attrs)?;
        let object = ObjectRef::Object(ObjectType::SWITCH, switch.id);
        switch.check_owner(owner(meta), &Request { meta, object: &object, attrs })?;
        let connect = |a: &AttrEntry| a.id == switch::INIT_SWITCH.id() && a.value == Value::Bool(false);
        if let Some(n) = attrs.iter().position(connect) {
            let reason =
                "there is no running switch to connect to: every switch is initialised by its creation";
            return Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), reason)
                .on_attr("SAI_SWITCH_ATTR_INIT_SWITCH"));
        }
        match self.inner.keys.warm_boot(number, attrs, &self.inner.clock)? {
            Some(warm) => switch = warm,
            None => switch.boot(attrs),
        }
        let seed = self.inner.world.get().map_or(0, |home| home.seed);
        switch.mirrors.begin(seed.rotate_left(8) ^ u64::from(number));
        let id = switch.id;
        switch.events.push(Notification::SwitchStateChange {
            switch_id: id,
            switch_oper_status: sai::object::switch::OperStatus::UP,
        });
        self.inner.outbox.lock().waiting.extend(switch.events.drain(..));
        let seat = Seat::new(switch);
        // A warm boot brings stations that age.
        let due = seat.note(&seat.lock());
        switches.insert(number, Arc::new(seat));
        drop(switches);
        self.wake_by(due);
        self.deliver();
        Ok(id)
    }

    fn remove_switch(&self, id: ObjectId) -> Result<()> {
        let switch = self.switch(id)?;
        self.tell_all();
        self.inner.keys.warm_shutdown(&switch.lock())?;
        self.inner.switches.write().remove(&Parts::of(id).switch);
        Ok(())
    }
}

/// The switch that an object or entry names: null for an entry that leaves it out.
fn switch_named(object: &ObjectRef) -> ObjectId {
    match object {
        ObjectRef::Entry(entry) => entry.switch_id(),
        ObjectRef::Object(_, id) => match Parts::of(*id).meta() {
            Some(_) => switch_id(Parts::of(*id).switch),
            // Answers INVALID_OBJECT_ID by itself.
            None => ObjectId(u64::MAX),
        },
    }
}

impl Backend for Simulator {
    fn info(&self) -> Info {
        Info { name: "switch-sim".into(), api_version: 11801 }
    }

    fn create(&self, switch: ObjectId, target: Target<'_>, attrs: &[AttrEntry]) -> Result<ObjectId> {
        let done = match target {
            Target::Object(ObjectType::SWITCH) => self.create_switch(attrs),
            Target::Object(_) if switch.is_null() => Err(Error::because(
                Status::INVALID_OBJECT_ID,
                "the call's switch_id is null: every object but a switch is created on a switch",
            )),
            Target::Object(_) => {
                self.switch(switch).and_then(|s| self.run(&s, |sw| sw.create(target, attrs)))
            }
            Target::Entry(entry) => self.switch(entry.switch_id()).and_then(|s| {
                self.run(&s, |sw| {
                    sw.prefetch(entry);
                    sw.create(target, attrs)
                })
            }),
        };
        done.map_err(|e| e.in_operation("create"))
    }

    fn remove(&self, object: &ObjectRef) -> Result<()> {
        let done = match object {
            ObjectRef::Object(ObjectType::SWITCH, id) if !id.is_null() => self.remove_switch(*id),
            _ => self.home(object).and_then(|s| {
                self.run(&s, |sw| {
                    object.entry().into_iter().for_each(|e| sw.prefetch(e));
                    sw.remove(object)
                })
            }),
        };
        done.map_err(|e| e.in_operation("remove").on_object(object))
    }

    fn set(&self, object: &ObjectRef, attr: &AttrEntry) -> Result<()> {
        let done = self.home(object).and_then(|s| {
            self.run(&s, |sw| {
                object.entry().into_iter().for_each(|e| sw.prefetch(e));
                sw.set(object, attr)
            })
        });
        done.map_err(|e| e.in_operation("set").on_object(object))
    }

    fn get(&self, object: &ObjectRef, attrs: &mut [AttrEntry]) -> Result<()> {
        let done = self.home(object).and_then(|s| s.lock().get(object, attrs));
        done.map_err(|e| e.in_operation("get").on_object(object))
    }

    fn bulk(&self, call: Bulk<'_, '_>, mode: BulkErrorMode) -> Vec<Result<ObjectId>> {
        let null = |()| ObjectId::NULL;
        match call {
            Bulk::Create { items, .. }
                if items.iter().any(|i| i.target.object_type() == ObjectType::SWITCH) =>
            {
                sai::bulk_by_singles(self, call, mode)
            }
            Bulk::Create { switch, items } => self.chunks(
                mode,
                items.len(),
                |i| match items[i].target {
                    Target::Object(_) => switch,
                    Target::Entry(entry) => entry.switch_id(),
                },
                |i| match items[i].target {
                    Target::Object(_) => None,
                    Target::Entry(entry) => Some(entry),
                },
                |sw, i| sw.create(items[i].target, items[i].attrs).map_err(|e| e.in_operation("create")),
            ),
            Bulk::Remove(items) if items.iter().any(|i| i.object_type() == ObjectType::SWITCH) => {
                sai::bulk_by_singles(self, call, mode)
            }
            Bulk::Remove(items) => self.chunks(
                mode,
                items.len(),
                |i| switch_named(&items[i]),
                |i| items[i].entry(),
                |sw, i| {
                    sw.remove(&items[i]).map(null).map_err(|e| e.in_operation("remove").on_object(&items[i]))
                },
            ),
            Bulk::Set(items) => self.chunks(
                mode,
                items.len(),
                |i| switch_named(items[i].object),
                |i| items[i].object.entry(),
                |sw, i| {
                    let done = sw.set(items[i].object, items[i].attr).map(null);
                    done.map_err(|e| e.in_operation("set").on_object(items[i].object))
                },
            ),
            Bulk::Get(items) => {
                let objects: Vec<&ObjectRef> = items.iter().map(|i| i.object).collect();
                self.chunks(
                    mode,
                    items.len(),
                    |i| switch_named(objects[i]),
                    |i| objects[i].entry(),
                    |sw, i| {
                        let done = sw.get(objects[i], items[i].attrs).map(null);
                        done.map_err(|e| e.in_operation("get").on_object(objects[i]))
                    },
                )
            }
        }
    }

    fn stats(&self, object: &ObjectRef, stats: &[StatId], op: StatsOp, out: &mut [u64]) -> Result<()> {
        let done = self.home(object).and_then(|s| self.run(&s, |sw| sw.stats(object, stats, op, out)));
        done.map_err(|e| e.in_operation("stats").on_object(object))
    }

    fn bulk_stats(
        &self,
        objects: &[ObjectRef],
        stats: &[StatId],
        op: StatsOp,
        out: &mut [u64],
    ) -> Vec<Result<()>> {
        // A run of objects on one switch looks it up once.
        let mut held: Option<(ObjectId, Arc<Seat>)> = None;
        sai::each_row(objects, stats, op, out, |object, row| {
            let name = switch_named(object);
            if held.as_ref().is_none_or(|(id, _)| *id != name) {
                held = Some((name, self.home(object)?));
            }
            let (_, switch) = held.as_ref().expect("just found");
            let done = switch.lock().stats(object, stats, op, row);
            done.map_err(|e| e.in_operation("bulk stats").on_object(object))
        })
    }

    fn query(&self, switch: ObjectId, query: Query<'_>) -> Result<Answer> {
        let done = self.switch(switch).and_then(|s| s.lock().query(query));
        done.map_err(|e| e.in_operation("query"))
    }

    fn object_type(&self, id: ObjectId) -> Option<ObjectType> {
        view::object_type(id)
    }

    fn switch_of(&self, id: ObjectId) -> Option<ObjectId> {
        Parts::of(id).meta().map(|_| switch_id(Parts::of(id).switch))
    }

    fn special(&self, switch: ObjectId, call: Special<'_>) -> Result<SpecialAnswer> {
        let done = match call {
            Special::FlushFdb(attrs) => self
                .with_switch(switch, |sw| fdb::flush(sw, attrs))
                .and_then(|r| r)
                .map(|()| SpecialAnswer::Done),
            Special::SendHostifPacket { hostif, frame, attrs } => {
                let hostif = if hostif.is_null() { switch } else { hostif };
                let on = switch_id(Parts::of(hostif).switch);
                let sent = (hostif, frame, attrs);
                self.world().host_sends(self, on, sent, &mut NoTrace).map(|()| SpecialAnswer::Done)
            }
            Special::RecvHostifPacket { hostif } => self
                .with_switch(switch_id(Parts::of(hostif).switch), |sw| hostif::receive(sw, hostif))
                .and_then(|r| r)
                .and_then(|packet| match packet {
                    Some(HostPacket { frame, attrs }) => Ok(SpecialAnswer::Packet { frame, attrs }),
                    None => {
                        Err(Error::because(Status::ITEM_NOT_FOUND, format!("no packet waits on {hostif}")))
                    }
                }),
            Special::RemoveAllNeighbors => self
                .with_switch(switch, special::remove_all_neighbors)
                .and_then(|r| r)
                .map(|()| SpecialAnswer::Done),
            Special::ClearPortAllStats(port) => {
                let object = ObjectRef::Object(ObjectType::PORT, port);
                self.home(&object)
                    .and_then(|s| self.run(&s, |sw| special::clear_port_all_stats(sw, port)))
                    .map(|()| SpecialAnswer::Done)
            }
            Special::Dump(path) => {
                let ids = if switch.is_null() { self.switches() } else { vec![switch] };
                let snapshots = ids.into_iter().map(|id| self.with_switch(id, |sw| sw.snapshot()));
                snapshots
                    .collect::<Result<Vec<_>>>()
                    .and_then(|all| special::dump(path, &all))
                    .map(|()| SpecialAnswer::Done)
            }
            _ => Err(Status::NOT_IMPLEMENTED.into()),
        };
        done.map_err(|e| e.in_operation("special"))
    }

    fn subscribe(&self, sink: Arc<dyn NotificationSink>) {
        self.inner.sinks.write().push(sink);
    }
}
