//! The simulator: several switches, each under its lock, on the clock of their world.

mod backend;
mod outbox;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, MutexGuard, OnceLock};

use parking_lot::{Condvar, Mutex, RwLock};
use sai::layer::validate::{Level, rules};
use sai::notify::{Notification, NotificationSink};
use sai::{AttrEntry, Error, ObjectId, ObjectRef, ObjectType, Result, StatId, Status, Target, Value, switch};

use self::outbox::Outbox;
use crate::hostif;
use crate::profile::{Profile, ProfileError};
use crate::store::id::{Parts, switch_id};
use crate::switch::{Shared, Switch, known};
use crate::turns::Turns;
use crate::warm::Keys;
use crate::world::{Clock, Home, Wire, World};

/// The simulator: a [`Backend`](sai::Backend) that keeps switches of modelled chips.
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

    fn create_switch(&self, attrs: &[AttrEntry]) -> Result<ObjectId> {
        let mut switches = self.inner.switches.write();
        let number = (1..=u8::MAX).find(|n| !switches.contains_key(n)).ok_or_else(|| {
            Error::because(Status::INSUFFICIENT_RESOURCES, "255 switches is as many as object ids can name")
        })?;
        let warm = self.inner.keys.warm_boot(number, &self.inner.clock)?;
        let is_warm = warm.is_some();
        let mut switch = warm.unwrap_or_else(|| {
            let profile = Profile::choose(&self.inner.profiles, attrs).clone();
            Switch::empty(number, profile, self.inner.clock.clone())
        });
        let (meta, target) = (known(ObjectType::SWITCH)?, Target::Object(ObjectType::SWITCH));
        rules::check_create(&switch, Level::Sai, meta, ObjectId::NULL, target, attrs)?;
        let connect = |a: &AttrEntry| a.id == switch::INIT_SWITCH.id() && a.value == Value::Bool(false);
        if let Some(n) = attrs.iter().position(connect) {
            let reason =
                "there is no running switch to connect to: every switch is initialised by its creation";
            return Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), reason)
                .on_attr("SAI_SWITCH_ATTR_INIT_SWITCH"));
        }
        match is_warm {
            true => switch.take_over(attrs)?,
            false => {
                let attrs = self.inner.keys.cold_boot(attrs);
                switch.check_boot(&attrs)?;
                switch.boot(&attrs);
            }
        }
        let seed = self.inner.world.get().map_or(0, |home| home.seed);
        let seed = seed.rotate_left(8) ^ u64::from(number);
        switch.mirrors.begin(seed);
        switch.ports.servers.begin(seed);
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
