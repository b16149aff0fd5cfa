//! What stands behind the API: a vendor's library, the simulator, or a layer over another backend.

use std::fmt;
use std::sync::Arc;

use crate::entry::Entry;
use crate::notify::NotificationSink;
use crate::{AttrEntry, ObjectId, ObjectRef, ObjectType, Result, Status};

/// The number of an attribute, `sai_attr_id_t`.
pub type AttrId = u32;
/// The number of a statistic, `sai_stat_id_t`.
pub type StatId = u32;

/// What is to be created: an object that gets an id, or an entry that brings its key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target<'a> {
    /// An object of this type.
    Object(ObjectType),
    /// An entry with this key.
    Entry(&'a Entry),
}

impl Target<'_> {
    /// The type of what is to be created.
    pub fn object_type(&self) -> ObjectType {
        match self {
            Target::Object(t) => *t,
            Target::Entry(e) => e.object_type(),
        }
    }

    /// The reference by which it can be named once created with this id (null for an entry).
    pub fn to_ref(&self, id: ObjectId) -> ObjectRef {
        match self {
            Target::Object(t) => ObjectRef::Object(*t, id),
            Target::Entry(e) => ObjectRef::Entry((*e).clone()),
        }
    }
}

/// What a bulk call does when an object fails: `sai_bulk_op_error_mode_t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[doc(alias = "sai_bulk_op_error_mode_t")]
pub enum BulkErrorMode {
    /// Leave the rest [`Status::NOT_EXECUTED`].
    #[default]
    #[doc(alias = "SAI_BULK_OP_ERROR_MODE_STOP_ON_ERROR")]
    StopOnError,
    /// Go on with the next object.
    #[doc(alias = "SAI_BULK_OP_ERROR_MODE_IGNORE_ERROR")]
    IgnoreError,
}

/// One creation of a bulk call.
#[derive(Clone, Copy, Debug)]
pub struct BulkCreate<'a> {
    /// What.
    pub target: Target<'a>,
    /// Its attributes.
    pub attrs: &'a [AttrEntry],
}

/// One set of a bulk call.
#[derive(Clone, Copy, Debug)]
pub struct BulkSet<'a> {
    /// The object or entry.
    pub object: &'a ObjectRef,
    /// The attribute and its new value.
    pub attr: &'a AttrEntry,
}

/// One get of a bulk call.
#[derive(Debug)]
pub struct BulkGet<'a> {
    /// The object or entry.
    pub object: &'a ObjectRef,
    /// The attributes asked for; filled in place.
    pub attrs: &'a mut [AttrEntry],
}

/// A bulk call. All objects of one call have the same type.
#[derive(Debug)]
pub enum Bulk<'a, 'b> {
    /// Create; each result is the new id (null for an entry).
    Create {
        /// The switch on which.
        switch: ObjectId,
        /// What.
        items: &'a [BulkCreate<'b>],
    },
    /// Remove; each result is the null id.
    Remove(&'a [ObjectRef]),
    /// Set; each result is the null id.
    Set(&'a [BulkSet<'b>]),
    /// Get, in place; each result is the null id.
    Get(&'a mut [BulkGet<'b>]),
}

impl Bulk<'_, '_> {
    /// How many objects the call is about.
    pub fn len(&self) -> usize {
        match self {
            Bulk::Create { items, .. } => items.len(),
            Bulk::Remove(items) => items.len(),
            Bulk::Set(items) => items.len(),
            Bulk::Get(items) => items.len(),
        }
    }

    /// Whether the call is about nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What to do with statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatsOp {
    /// Read (`SAI_STATS_MODE_READ`, `SAI_STATS_MODE_BULK_READ`).
    Read,
    /// Read and set to zero with nothing lost between (`SAI_STATS_MODE_READ_AND_CLEAR`).
    ReadAndClear,
    /// Set to zero; the counters given are left as they are.
    Clear,
}

/// A question about what a backend can do or holds.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Query<'a> {
    /// `sai_query_attribute_capability`.
    AttributeCapability(ObjectType, AttrId),
    /// `sai_query_attribute_enum_values_capability`.
    EnumValues(ObjectType, AttrId),
    /// `sai_query_stats_capability`.
    StatsCapability(ObjectType),
    /// `sai_query_stats_st_capability`.
    StatsStCapability(ObjectType),
    /// `sai_object_type_get_availability`.
    Availability(ObjectType, &'a [AttrEntry]),
    /// `sai_get_object_count`.
    ObjectCount(ObjectType),
    /// `sai_get_object_key`.
    ObjectKeys(ObjectType),
    /// `sai_get_maximum_attribute_count`.
    MaxAttributeCount(ObjectType),
    /// `sai_query_object_stage`.
    ObjectStage(ObjectType, &'a [AttrEntry]),
}

/// `sai_attr_capability_t`: in which calls an attribute is implemented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[doc(alias = "sai_attr_capability_t")]
pub struct AttrCapability {
    /// On create.
    pub create: bool,
    /// On set.
    pub set: bool,
    /// On get.
    pub get: bool,
}

/// `sai_stat_capability_t`: a statistic that is counted, and the modes in which it can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[doc(alias = "sai_stat_capability_t")]
pub struct StatCapability {
    /// The statistic.
    pub stat: StatId,
    /// A mask of `sai_stats_mode_t`.
    pub modes: u32,
    /// The shortest polling interval in nanoseconds, for streaming telemetry; else 0.
    pub min_polling_interval: u64,
}

impl Query<'_> {
    /// The object type that the question is about.
    pub const fn object_type(&self) -> ObjectType {
        match self {
            Query::AttributeCapability(t, _)
            | Query::EnumValues(t, _)
            | Query::StatsCapability(t)
            | Query::StatsStCapability(t)
            | Query::Availability(t, _)
            | Query::ObjectCount(t)
            | Query::ObjectKeys(t)
            | Query::MaxAttributeCount(t)
            | Query::ObjectStage(t, _) => *t,
        }
    }
}

/// The answer to a [`Query`], of the variant that the query asks for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// To [`Query::AttributeCapability`].
    AttributeCapability(AttrCapability),
    /// To [`Query::EnumValues`].
    EnumValues(Vec<i32>),
    /// To [`Query::StatsCapability`] and [`Query::StatsStCapability`].
    StatsCapability(Vec<StatCapability>),
    /// To [`Query::Availability`], [`Query::ObjectCount`] and [`Query::MaxAttributeCount`].
    Count(u64),
    /// To [`Query::ObjectKeys`].
    ObjectKeys(Vec<ObjectRef>),
    /// To [`Query::ObjectStage`]: `sai_object_stage_t`.
    ObjectStage(i32),
}

/// What does not fit create, remove, set and get.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Special<'a> {
    /// `flush_fdb_entries` with the attributes of `sai_fdb_flush_attr_t` as filters.
    FlushFdb(&'a [AttrEntry]),
    /// `remove_all_neighbor_entries`.
    RemoveAllNeighbors,
    /// `send_hostif_packet`: a frame without FCS, with attributes of `sai_hostif_packet_attr_t`.
    SendHostifPacket {
        /// The host interface, or the switch for CPU injection.
        hostif: ObjectId,
        /// The frame.
        frame: &'a [u8],
        /// The attributes.
        attrs: &'a [AttrEntry],
    },
    /// `recv_hostif_packet`: takes the next packet that waits on a file-descriptor host interface.
    RecvHostifPacket {
        /// The host interface.
        hostif: ObjectId,
    },
    /// `clear_port_all_stats`.
    ClearPortAllStats(ObjectId),
    /// `sai_dbg_generate_dump`: writes the state to this file.
    Dump(&'a str),
    /// Any other C function by the name of its table slot, for backends that have it.
    Call(&'a str, ObjectId, &'a [AttrEntry]),
}

/// The answer to a [`Special`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SpecialAnswer {
    /// It is done.
    Done,
    /// A packet with its attributes (`sai_hostif_packet_attr_t`).
    Packet {
        /// The frame without FCS.
        frame: Vec<u8>,
        /// The attributes.
        attrs: Vec<AttrEntry>,
    },
}

/// Who a backend is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// A short name, `"switch-sim"` or the library's path.
    pub name: String,
    /// The release of SAI that it speaks, as `sai_query_api_version` gives it:
    /// `major * 10000 + minor * 100 + revision`.
    pub api_version: u64,
}

/// A SAI adapter: anything that keeps SAI's objects and acts on them.
///
/// # Contract
///
/// - **Validation** is the backend's. Callers may send anything; a backend refuses what it cannot do
///   with the status that SAI prescribes and never panics. The [`Validate`](crate::layer::Validate)
///   layer holds the metadata's rules for backends that do not check.
/// - **A failed operation changes nothing.** Where the status speaks of an attribute it carries the
///   attribute's position in the call.
/// - **Outputs.** [`get`](Backend::get) fills the entries in place, each with the variant of
///   [`Value`](crate::Value) that the attribute's metadata names; after a failure the values are
///   unspecified. Lists are whole: a backend that wraps C retries with the size that it was told.
/// - **Bulk calls** answer one result an object, in order, on every path. They are not atomic as a
///   whole. With [`BulkErrorMode::StopOnError`] the objects after the first failure answer
///   [`Status::NOT_EXECUTED`].
/// - **Threads.** Every method may be called from any thread at any time. A call has taken effect when
///   it returns.
/// - **Notifications** reach the subscribed sinks in the order in which things happened, each after the
///   call that caused it has taken effect, and with no lock of the backend held: a sink may call the
///   backend. A sink must return soon.
/// - **Switches.** A switch is an object: create it with a null `switch`. A backend may hold several.
pub trait Backend: Send + Sync + fmt::Debug {
    /// Who this is.
    fn info(&self) -> Info;

    /// Creates an object or an entry. Answers the new id; null for an entry. `switch` is null when the
    /// target is a switch.
    fn create(&self, switch: ObjectId, target: Target<'_>, attrs: &[AttrEntry]) -> Result<ObjectId>;

    /// Removes an object or an entry.
    fn remove(&self, object: &ObjectRef) -> Result<()>;

    /// Sets one attribute.
    fn set(&self, object: &ObjectRef, attr: &AttrEntry) -> Result<()>;

    /// Reads attributes: the ids say which, the values are filled in place.
    fn get(&self, object: &ObjectRef, attrs: &mut [AttrEntry]) -> Result<()>;

    /// Creates, removes, sets or gets many objects of one type; one result an object, in order.
    fn bulk(&self, call: Bulk<'_, '_>, mode: BulkErrorMode) -> Vec<Result<ObjectId>> {
        bulk_by_singles(self, call, mode)
    }

    /// Reads or clears statistics of an object; `out` has the length of `stats`.
    fn stats(&self, object: &ObjectRef, stats: &[StatId], op: StatsOp, out: &mut [u64]) -> Result<()>;

    /// Reads or clears the same statistics of many objects of one type: `sai_bulk_object_get_stats`,
    /// `sai_bulk_object_clear_stats`. `out` holds the counters of each object in a row, and may be empty
    /// when they are cleared; those of an object that failed are 0. One result an object, in order: none
    /// stops the others.
    fn bulk_stats(
        &self,
        objects: &[ObjectRef],
        stats: &[StatId],
        op: StatsOp,
        out: &mut [u64],
    ) -> Vec<Result<()>> {
        bulk_stats_by_singles(self, objects, stats, op, out)
    }

    /// Answers a question. `switch` may be null where the answer does not depend on it.
    fn query(&self, switch: ObjectId, query: Query<'_>) -> Result<Answer>;

    /// The type of the object that an id names, or could have named; `None` for an id that the backend
    /// could not have issued. `sai_object_type_query`.
    fn object_type(&self, id: ObjectId) -> Option<ObjectType>;

    /// The switch that an object belongs to. `sai_switch_id_query`.
    fn switch_of(&self, id: ObjectId) -> Option<ObjectId>;

    /// Does what has no place among the other methods.
    fn special(&self, switch: ObjectId, call: Special<'_>) -> Result<SpecialAnswer>;

    /// Adds a receiver of notifications. It stays until the sink says that it is closed.
    fn subscribe(&self, sink: Arc<dyn NotificationSink>);
}

/// A bulk call as single calls, in order. What [`Backend::bulk`] does unless a backend knows better.
pub fn bulk_by_singles<B: Backend + ?Sized>(
    backend: &B,
    call: Bulk<'_, '_>,
    mode: BulkErrorMode,
) -> Vec<Result<ObjectId>> {
    match call {
        Bulk::Create { switch, items } => {
            each(mode, items, |item| backend.create(switch, item.target, item.attrs))
        }
        Bulk::Remove(items) => each(mode, items, |item| backend.remove(item).map(|()| ObjectId::NULL)),
        Bulk::Set(items) => {
            each(mode, items, |item| backend.set(item.object, item.attr).map(|()| ObjectId::NULL))
        }
        Bulk::Get(items) => {
            each(mode, items, |item| backend.get(item.object, item.attrs).map(|()| ObjectId::NULL))
        }
    }
}

/// A bulk call of statistics as single calls. What [`Backend::bulk_stats`] does unless a backend knows better.
pub fn bulk_stats_by_singles<B: Backend + ?Sized>(
    backend: &B,
    objects: &[ObjectRef],
    stats: &[StatId],
    op: StatsOp,
    out: &mut [u64],
) -> Vec<Result<()>> {
    each_row(objects, stats, op, out, |object, row| backend.stats(object, stats, op, row))
}

/// Calls `f` with each object of a bulk call of statistics and its row of counters, and collects the
/// results; the counters of one that fails become 0.
pub fn each_row(
    objects: &[ObjectRef],
    stats: &[StatId],
    op: StatsOp,
    out: &mut [u64],
    mut f: impl FnMut(&ObjectRef, &mut [u64]) -> Result<()>,
) -> Vec<Result<()>> {
    let width = stats.len();
    let mut none = vec![0; if out.is_empty() && op == StatsOp::Clear { width } else { 0 }];
    if none.is_empty() && out.len() != objects.len() * width {
        let reason = format!("{} counters for {width} of each of {} objects", out.len(), objects.len());
        let refused = || Err(crate::Error::because(Status::INVALID_PARAMETER, reason.clone()));
        return objects.iter().map(|_| refused()).collect();
    }
    let one = |(n, object)| {
        let row = if none.is_empty() { &mut out[n * width..][..width] } else { &mut none[..] };
        let result = f(object, row);
        if result.is_err() {
            row.fill(0);
        }
        result
    };
    objects.iter().enumerate().map(one).collect()
}

/// Calls `f` with each item and collects the results; after a failure the rest are
/// [`Status::NOT_EXECUTED`] if `mode` says so.
pub fn each<I: IntoIterator>(
    mode: BulkErrorMode,
    items: I,
    mut f: impl FnMut(I::Item) -> Result<ObjectId>,
) -> Vec<Result<ObjectId>> {
    let mut stopped = false;
    items
        .into_iter()
        .map(|item| {
            if stopped {
                return Err(Status::NOT_EXECUTED.into());
            }
            let result = f(item);
            stopped = result.is_err() && mode == BulkErrorMode::StopOnError;
            result
        })
        .collect()
}
