//! One switch: its objects, its features' tables, its ports.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sai::layer::validate::{Level, rules};
use sai::meta::{self, AttrFlags, ObjectMeta};
use sai::notify::Notification;
use sai::{AttrEntry, AttrId, Entry, Error, ObjectId, ObjectRef, ObjectType, Result, Status, Target, Value};

use crate::acl;
use crate::bridge::Bridge;
use crate::feature::{Owner, Request, owner};
use crate::fits;
use crate::hostif::Host;
use crate::lag::Lags;
use crate::meter::Policers;
use crate::pipeline::{Node, Plane};
use crate::port::{Links, Ports};
use crate::profile::{Profile, Refusals, Timing};
use crate::resources::Resources;
use crate::stats::{self, Stats};
use crate::store::{Object, Origin, Store, id};
use crate::world::Clock;

/// The state of one switch.
#[derive(Debug)]
pub struct Switch {
    /// Its own id.
    pub id: ObjectId,
    /// What the chip has and refuses.
    pub profile: Arc<Profile>,
    /// What the profile refuses.
    pub(crate) refusals: Refusals,
    /// The objects.
    pub store: Store,
    /// How full the tables are.
    pub resources: Resources,
    /// Statistics that were cleared or set.
    pub stats: Stats,
    /// The state of the links at the ports.
    pub links: Links,
    /// Ports as packets see them.
    pub ports: Ports,
    /// Bridging: domains, bridge ports, the FDB.
    pub bridge: Bridge,
    /// Link aggregation.
    pub lags: Lags,
    /// Which fields of packets choose members of LAGs and next-hop groups.
    pub hash: crate::hash::Hashes,
    /// Traps, CPU queues and host interfaces.
    pub host: Host,
    /// QoS maps.
    pub qos: crate::qos::Qos,
    /// Policers and storm control.
    pub policers: Policers,
    /// Mirror sessions and samplers.
    pub(crate) mirrors: crate::mirror::Mirrors,
    /// Debug counters.
    pub(crate) debug: crate::debug_counter::DebugCounters,
    /// What the packet pipeline keeps.
    pub plane: Plane,
    /// The world's clock.
    pub clock: Clock,
    /// Access control lists.
    pub acl: crate::acl::Acl,
    /// The tables of the router.
    pub router: crate::router::Router,
    /// Notifications to deliver once the call that caused them has taken effect.
    pub events: Vec<Notification>,
}

/// A switch that [`Workers`](crate::pipeline::Workers) may share among threads while they forward.
#[derive(Debug)]
pub struct Shared(Arc<Apart>);

/// The switch in cache lines of its own: what lies before it in memory counts who has it.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Apart(pub(crate) Switch);

impl Shared {
    pub(crate) fn new(switch: Switch) -> Shared {
        Shared(Arc::new(Apart(switch)))
    }

    /// Lets a worker read the switch. Nothing can change it until the worker has dropped this.
    pub(crate) fn lend(&self) -> Arc<Apart> {
        self.0.clone()
    }
}

impl Deref for Shared {
    type Target = Switch;
    #[inline(always)]
    fn deref(&self) -> &Switch {
        &self.0.0
    }
}

impl DerefMut for Shared {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Switch {
        let lent = "workers drop what is lent to them before they give work back";
        &mut Arc::get_mut(&mut self.0).expect(lent).0
    }
}

impl Switch {
    /// An empty switch with this number, not booted.
    pub(crate) fn empty(number: u8, profile: Arc<Profile>, clock: Clock) -> Switch {
        Switch {
            id: id::switch_id(number),
            resources: Resources::new(&profile),
            refusals: Refusals::new(&profile),
            store: Store::new(number),
            stats: Stats::default(),
            links: Links::default(),
            ports: Ports::new(profile.timing == Timing::Wire),
            profile,
            bridge: Bridge::new(u64::from(number)),
            lags: Lags::default(),
            hash: crate::hash::Hashes::default(),
            host: Host::default(),
            qos: crate::qos::Qos::default(),
            policers: Policers::default(),
            mirrors: crate::mirror::Mirrors::default(),
            debug: crate::debug_counter::DebugCounters::default(),
            plane: Plane { stages: 1 << Node::Traps as u32, ..Plane::default() },
            clock,
            acl: crate::acl::Acl::default(),
            router: crate::router::Router::default(),
            events: Vec::new(),
        }
    }

    /// The time in nanoseconds.
    pub fn now(&self) -> u64 {
        self.clock.now()
    }

    /// Brings near the memory that an operation on this entry reads and writes: while the rules are checked,
    /// or the entries before it are served.
    #[inline]
    pub(crate) fn prefetch(&self, entry: &Entry) {
        if let Some(table) = meta::object(entry.object_type()).and_then(owner).and_then(|o| o.table()) {
            table.prefetch(self, entry);
        }
    }

    /// Creates an object or entry on behalf of a client; answers the id, null for an entry.
    ///
    /// # Errors
    /// As the metadata's rules, the profile, the capacity and the feature that owns the type say.
    pub fn create(&mut self, target: Target<'_>, attrs: &[AttrEntry]) -> Result<ObjectId> {
        let meta = known(target.object_type())?;
        let named;
        let target = match target {
            Target::Entry(entry) if entry.switch_id().is_null() => {
                named = self.name_switch(entry);
                Target::Entry(&named)
            }
            other => other,
        };
        rules::check_create(self, Level::Sai, meta, self.id, target, attrs)?;
        self.check_profile(meta, attrs)?;
        let object = target.to_ref(match target {
            Target::Object(_) => self.store.next_id(meta),
            Target::Entry(_) => ObjectId::NULL,
        });
        let request = Request { meta, object: &object, attrs };
        let owner = owner(meta);
        self.check_owner(owner, &request)?;
        acl::bind::check(self, meta, attrs)?;
        stats::mode::check(self, meta, attrs)?;
        fits::check(self, meta, attrs)?;
        let pool = self.resources.admit(&self.store, &request)?;
        if let Some(table) = owner.and_then(|o| o.table()) {
            let id = table.create(self, &object, attrs)?;
            self.resources.took(pool);
            return Ok(id);
        }
        let implied = owner.and_then(|o| o.implied(self, &request));
        self.resources.count(&object, attrs, 1);
        let id = match target {
            Target::Object(_) => {
                let attrs = attrs.iter().cloned().chain(implied).collect();
                self.store.insert(meta, attrs, Origin::Client)
            }
            Target::Entry(entry) => {
                self.store.insert_entry(entry.clone(), attrs.to_vec());
                ObjectId::NULL
            }
        };
        if let Some(owner) = owner {
            owner.created(self, &object);
        }
        acl::bind::derive_given(self, meta.object_type, id, attrs);
        stats::mode::changed(self, &object, attrs);
        Ok(id)
    }

    /// What the owner of a type refuses of a creation.
    pub(crate) fn check_owner(&self, owner: Option<&dyn Owner>, request: &Request<'_>) -> Result<()> {
        Switch::check_values(request.meta, owner, request.attrs)
            .and_then(|()| owner.map_or(Ok(()), |o| o.check_create(self, request)))
            .map_err(|e| e.on_object(request.object))
    }

    /// What is refused of the attributes that a switch is to boot with.
    pub(crate) fn check_boot(&self, attrs: &[AttrEntry]) -> Result<()> {
        let meta = known(ObjectType::SWITCH)?;
        let object = ObjectRef::Object(ObjectType::SWITCH, self.id);
        self.check_profile(meta, attrs).map_err(|e| e.on_object(&object))?;
        self.check_owner(owner(meta), &Request { meta, object: &object, attrs })
    }

    /// Takes over the attributes that a client creates a switch with which a warm boot brings back.
    ///
    /// # Errors
    /// As [`set`](Self::set), and `INVALID_ATTR_VALUE_n` for one that cannot be set and is another than it was.
    pub(crate) fn take_over(&mut self, attrs: &[AttrEntry]) -> Result<()> {
        let meta = known(ObjectType::SWITCH)?;
        let this = ObjectRef::Object(ObjectType::SWITCH, self.id);
        for (n, attr) in attrs.iter().enumerate() {
            if self.value(&this, attr.id).is_ok_and(|was| was == attr.value) {
                continue;
            }
            let known = meta.attr(attr.id);
            if known.is_some_and(|a| a.flags.contains(AttrFlags::CREATE_ONLY)) {
                let why = "the switch that the warm boot brings back was created with another value";
                let error = Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why);
                return Err(error.on_object(&this).on_attr(known.map_or("", |a| a.name)));
            }
            self.set(&this, attr).map_err(|e| match e.status() {
                status if status.attr_index().is_some() => e.with_status(status.family().nth(n)),
                _ => e,
            })?;
        }
        Ok(())
    }

    /// Makes an object on behalf of the switch itself: no rules, no capacity.
    pub(crate) fn make(
        &mut self,
        object_type: ObjectType,
        attrs: Vec<AttrEntry>,
        origin: Origin,
    ) -> ObjectId {
        let meta = known(object_type).expect("the switch makes objects of known types");
        let id = self.store.insert(meta, attrs, origin);
        let object = ObjectRef::Object(object_type, id);
        self.resources.count(&object, self.store.get(id).map_or(&[], |o| o.attrs()), 1);
        if let Some(owner) = owner(meta) {
            owner.created(self, &object);
        }
        id
    }

    /// Removes an object or entry on behalf of a client, with what the switch made for it.
    ///
    /// # Errors
    /// `ITEM_NOT_FOUND`, `OBJECT_IN_USE`, and what the feature that owns the type says.
    pub fn remove(&mut self, object: &ObjectRef) -> Result<()> {
        let meta = known(object.object_type())?;
        let named = self.named(object);
        let object = named.as_ref().unwrap_or(object);
        rules::check_remove(self, meta, object)?;
        let owner = owner(meta);
        if let Some(owner) = owner {
            owner.check_remove(self, object).map_err(|e| e.on_object(object))?;
        }
        if let Some(table) = owner.and_then(|o| o.table()) {
            let pool = self.resources.pool_of(object, &[]);
            table.remove(self, object)?;
            self.resources.gave(pool);
            return Ok(());
        }
        if let ObjectRef::Object(_, id) = object {
            let owned = self.store.get(*id).map_or_else(Vec::new, |o| o.owned().to_vec());
            for child in owned.into_iter().rev() {
                self.drop_object(child);
            }
            self.drop_object(*id);
        } else if let Some(entry) = object.entry()
            && let Some(taken) = self.store.take_entry(entry)
        {
            self.dropped(meta, object, taken);
        }
        Ok(())
    }

    /// Takes an object out that nothing refers to any more.
    pub(crate) fn drop_object(&mut self, id: ObjectId) {
        let Some(object_type) = id::type_of(id) else { return };
        let Some(taken) = self.store.take(id) else { return };
        let meta = known(object_type).expect("ids are of known types");
        self.dropped(meta, &ObjectRef::Object(object_type, id), taken);
    }

    fn dropped(&mut self, meta: &ObjectMeta, object: &ObjectRef, taken: Object) {
        self.resources.count(object, taken.attrs(), -1);
        self.stats.forget(object);
        if let Some(id) = object.oid() {
            acl::bind::derive_given(self, meta.object_type, id, taken.attrs());
        }
        if let Some(owner) = owner(meta) {
            owner.removed(self, object, taken);
        }
    }

    /// Sets one attribute on behalf of a client.
    ///
    /// # Errors
    /// As the metadata's rules, the profile and the feature that owns the type say.
    pub fn set(&mut self, object: &ObjectRef, attr: &AttrEntry) -> Result<()> {
        let meta = known(object.object_type())?;
        let named = self.named(object);
        let object = named.as_ref().unwrap_or(object);
        rules::check_set(self, Level::Sai, meta, object, attr)?;
        self.check_profile(meta, std::slice::from_ref(attr))?;
        let owner = owner(meta);
        Switch::check_values(meta, owner, std::slice::from_ref(attr)).map_err(|e| e.on_object(object))?;
        if let Some(owner) = owner {
            owner.check_set(self, object, attr).map_err(|e| e.on_object(object))?;
        }
        acl::bind::check(self, meta, std::slice::from_ref(attr)).map_err(|e| e.on_object(object))?;
        stats::mode::check(self, meta, std::slice::from_ref(attr)).map_err(|e| e.on_object(object))?;
        fits::check(self, meta, std::slice::from_ref(attr)).map_err(|e| e.on_object(object))?;
        if let Some(table) = owner.and_then(|o| o.table()) {
            return table.set(self, object, attr);
        }
        self.store.set(object, attr.clone());
        if let Some(owner) = owner {
            owner.changed(self, object, attr.id);
        }
        if let Some(id) = object.oid() {
            acl::bind::changed(self, meta.object_type, id, attr.id);
        }
        stats::mode::changed(self, object, std::slice::from_ref(attr));
        Ok(())
    }

    /// Reads attributes; the values are filled in place.
    ///
    /// # Errors
    /// The first that fails; `ATTR_NOT_SUPPORTED_n` for one that has no true value.
    pub fn get(&self, object: &ObjectRef, attrs: &mut [AttrEntry]) -> Result<()> {
        let meta = known(object.object_type())?;
        let named = self.named(object);
        let object = named.as_ref().unwrap_or(object);
        rules::check_get(self, Level::Sai, meta, object, attrs)?;
        let mut first = None;
        for (n, asked) in attrs.iter_mut().enumerate() {
            match self.value(object, asked.id) {
                Ok(value) => asked.value = value,
                Err(e) => {
                    let status = e.status();
                    let error =
                        if status.attr_index().is_some() { e.with_status(status.family().nth(n)) } else { e };
                    first.get_or_insert(error.on_object(object));
                }
            }
        }
        first.map_or(Ok(()), Err)
    }

    /// Refuses a value of an enum that the owner of the type cannot do.
    fn check_values(meta: &ObjectMeta, owner: Option<&dyn Owner>, attrs: &[AttrEntry]) -> Result<()> {
        let Some(owner) = owner else { return Ok(()) };
        for (n, given) in attrs.iter().enumerate() {
            if let Some((_, why)) = owner.refused().iter().find(|(id, _)| *id == given.id) {
                let attr = meta.attr(given.id);
                if attr.and_then(|a| a.default_value()).as_ref() != Some(&given.value) {
                    let error = Error::because(Status::ATTR_NOT_SUPPORTED_0.nth(n), *why);
                    return Err(error.on_attr(attr.map_or("", |a| a.name)));
                }
            }
            let values = match &given.value {
                Value::I32(value) => std::slice::from_ref(value),
                Value::I32List(values) => values,
                _ => continue,
            };
            if let Some(value) = values.iter().find(|v| !owner.takes_value(given.id, **v)) {
                let attr = meta.attr(given.id);
                let name = attr.and_then(|a| a.enumeration).and_then(|e| e.name_of(*value));
                let why = match name {
                    Some(name) => format!("this switch cannot do {name}"),
                    None => format!("this switch cannot do {value}"),
                };
                let error = Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why);
                return Err(error.on_attr(attr.map_or("", |a| a.name)));
            }
        }
        Ok(())
    }

    /// Whether the profile refuses an attribute.
    pub(crate) fn refuses(&self, meta: &ObjectMeta, attr: AttrId) -> bool {
        self.refusals.attr(meta, attr)
    }

    /// Why there is no object of a type.
    pub(crate) fn refusal(&self, meta: &ObjectMeta) -> Error {
        let reason = format!("profile '{}' refuses {}", self.profile.name, meta.name);
        Error::because(Status::NOT_SUPPORTED, reason)
    }

    fn check_profile(&self, meta: &ObjectMeta, attrs: &[AttrEntry]) -> Result<()> {
        if self.refusals.object_type(meta) {
            return Err(self.refusal(meta));
        }
        match attrs.iter().position(|a| self.refuses(meta, a.id)) {
            None => Ok(()),
            Some(n) => Err(Error::because(
                Status::ATTR_NOT_SUPPORTED_0.nth(n),
                format!("profile '{}' refuses it", self.profile.name),
            )
            .on_attr(meta.attr(attrs[n].id).map_or("", |a| a.name))),
        }
    }

    /// The entry with the switch named, where it is null: null means the only switch.
    fn name_switch(&self, entry: &Entry) -> Entry {
        let mut entry = entry.clone();
        *entry.switch_id_mut() = self.id;
        entry
    }

    fn named(&self, object: &ObjectRef) -> Option<ObjectRef> {
        let entry = object.entry().filter(|e| e.switch_id().is_null())?;
        Some(ObjectRef::Entry(self.name_switch(entry)))
    }
}

pub(crate) fn known(object_type: ObjectType) -> Result<&'static ObjectMeta> {
    meta::object(object_type)
        .ok_or_else(|| Error::because(Status::INVALID_PARAMETER, format!("{object_type} is no object type")))
}
