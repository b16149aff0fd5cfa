//! Buffer pools and profiles, as queues and priority groups name them.

use std::sync::LazyLock;

use sai::buffer_pool::{self as pool, Stat};
use sai::buffer_profile::{self as profile, ThresholdMode};
use sai::meta::AttrMeta;
use sai::{
    AttrId, ObjectId, ObjectRef, ObjectType, Result, StatId, Value, ingress_priority_group as group, queue,
};

use crate::feature::Owner;
use crate::port::index;
use crate::port::queue::by_color;
use crate::port::server::{Limit, Mark, Of, Share};
use crate::store::Object;
use crate::switch::Switch;

/// What holds packets: the type, with its attributes for profile, port and index. A pool may be of either type: clients
/// do name ingress pools at queues.
const HOLDERS: [(ObjectType, AttrId, AttrId, AttrId); 2] = [
    (ObjectType::QUEUE, queue::BUFFER_PROFILE_ID.id(), queue::PORT.id(), queue::INDEX.id()),
    (ObjectType::INGRESS_PRIORITY_GROUP, group::BUFFER_PROFILE.id(), group::PORT.id(), group::INDEX.id()),
];

/// What a profile says; nothing where there is none, or one of no pool.
fn terms(sw: &Switch, by: ObjectId, ty: ObjectType) -> Option<Share> {
    let pool = sw.store.oid(by, profile::POOL_ID.id());
    sw.store.get(pool)?;
    let number = |attr: AttrId| sw.store.number(by, attr);
    let is_static = number(profile::THRESHOLD_MODE.id()) == i64::from(ThresholdMode::STATIC.0);
    let limit = match is_static {
        true => Limit::Static(number(profile::SHARED_STATIC_TH.id()) as u64),
        false => Limit::Dynamic(number(profile::SHARED_DYNAMIC_TH.id()) as i8),
    };
    let of_group = ty == ObjectType::INGRESS_PRIORITY_GROUP;
    Some(Share {
        pool: index(pool),
        reserved: number(profile::RESERVED_BUFFER_SIZE.id()) as u64,
        limit,
        headroom: if of_group { number(profile::XOFF_TH.id()) as u64 } else { 0 },
        xon: [profile::XON_TH.id(), profile::XON_OFFSET_TH.id()].map(|attr| number(attr) as u64),
    })
}

/// Has a queue or priority group hold what its profile allows.
pub(crate) fn derive(sw: &mut Switch, object: &ObjectRef) {
    let Some(id) = object.oid() else { return };
    for (ty, by, port, at) in HOLDERS.into_iter().filter(|h| h.0 == object.object_type()) {
        let terms = terms(sw, sw.store.oid(id, by), ty);
        if let Some((port, at)) = super::place(sw, object, port, at) {
            let now = sw.now();
            sw.ports.servers.provide(of(ty, port, at), terms, now);
        }
    }
}

const fn of(ty: ObjectType, port: u16, at: u8) -> Of {
    if ty.0 == ObjectType::QUEUE.0 { Of::Queue(port, at) } else { Of::Group(port, at) }
}

/// A queue or priority group is new: that matters where it has a profile.
pub(crate) fn joined(sw: &mut Switch, object: &ObjectRef) {
    let by = HOLDERS.iter().find(|h| h.0 == object.object_type()).map(|h| h.1);
    if let (Some(id), Some(by)) = (object.oid(), by)
        && !sw.store.oid(id, by).is_null()
    {
        derive(sw, object);
    }
}

/// A queue or priority group is gone.
pub(crate) fn left(sw: &mut Switch, ty: ObjectType, was: &Object) {
    for (ty, _, port, at) in HOLDERS.into_iter().filter(|h| h.0 == ty) {
        if let (Some(Value::Oid(port)), Some(Value::U8(at))) = (was.value(port), was.value(at)) {
            let now = sw.now();
            sw.ports.servers.provide(of(ty, index(*port), *at), None, now);
        }
    }
}

/// Owns `SAI_OBJECT_TYPE_BUFFER_PROFILE`.
#[derive(Debug)]
pub(crate) struct ProfileOwner;

impl Owner for ProfileOwner {
    fn enforced(&self) -> &'static [AttrId] {
        use profile::*;
        const {
            &[
                POOL_ID.id(),
                RESERVED_BUFFER_SIZE.id(),
                THRESHOLD_MODE.id(),
                SHARED_DYNAMIC_TH.id(),
                SHARED_STATIC_TH.id(),
                XOFF_TH.id(),
                XON_TH.id(),
                XON_OFFSET_TH.id(),
            ]
        }
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        let this = object.oid().unwrap_or_default();
        for (ty, by, ..) in HOLDERS {
            let named = sw.store.ids(ty).filter(|id| sw.store.oid(*id, by) == this);
            for id in named.collect::<Vec<_>>() {
                derive(sw, &ObjectRef::Object(ty, id));
            }
        }
    }
}

/// Owns `SAI_OBJECT_TYPE_BUFFER_POOL`.
#[derive(Debug)]
pub(crate) struct PoolOwner;

/// What waits, and did.
const LEVELS: &[StatId] = &[
    Stat::CURR_OCCUPANCY_BYTES.0 as StatId,
    Stat::WATERMARK_BYTES.0 as StatId,
    Stat::XOFF_ROOM_CURR_OCCUPANCY_BYTES.0 as StatId,
    Stat::XOFF_ROOM_WATERMARK_BYTES.0 as StatId,
];

/// The first of the eight that count early drops by color, and of those that count marks, which follow.
const EARLY: i32 = Stat::GREEN_WRED_DROPPED_PACKETS.0;
const MARKED: i32 = Stat::GREEN_WRED_ECN_MARKED_PACKETS.0;

impl PoolOwner {
    /// Has a pool be of the size, and drop and mark, as its attributes say.
    pub(super) fn derive(sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let number = |attr: AttrId| sw.store.number(id, attr) as u64;
        let size = [pool::SIZE.id(), pool::XOFF_SIZE.id()].map(number);
        let red = super::wred::red(sw, sw.store.oid(id, pool::WRED_PROFILE_ID.id()));
        let now = sw.now();
        sw.ports.servers.set_pool(index(id), size, red, now);
    }
}

impl Owner for PoolOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const { &[pool::SIZE.id(), pool::XOFF_SIZE.id(), pool::WRED_PROFILE_ID.id()] }
    }

    fn answered(&self) -> &'static [AttrId] {
        const { &[pool::SHARED_SIZE.id()] }
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        Self::derive(sw, object);
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        Self::derive(sw, object);
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        sw.ports.servers.forget_pool(index(object.oid().unwrap_or_default()));
    }

    fn get(&self, sw: &Switch, object: &ObjectRef, attr: &'static AttrMeta) -> Option<Result<Value>> {
        let shared = sw.ports.servers.pool(index(object.oid()?))?.shared_size();
        (attr.id == pool::SHARED_SIZE.id()).then_some(Ok(Value::U64(shared)))
    }

    fn counted(&self) -> &'static [StatId] {
        static ALL: LazyLock<Vec<StatId>> = LazyLock::new(|| {
            let by_color = EARLY..MARKED + 8;
            let counts = by_color.map(|s| s as StatId).chain([Stat::DROPPED_PACKETS.0 as StatId]);
            LEVELS.iter().copied().chain(counts).collect()
        });
        &ALL
    }

    fn levels(&self) -> &'static [StatId] {
        LEVELS
    }

    fn clear_level(&self, sw: &mut Switch, object: &ObjectRef, stat: StatId) {
        let mark = match Stat(stat as i32) {
            Stat::WATERMARK_BYTES => Mark::Bytes,
            Stat::XOFF_ROOM_WATERMARK_BYTES => Mark::Headroom,
            _ => return,
        };
        sw.ports.servers.clear(Of::Pool(index(object.oid().unwrap_or_default())), mark);
    }

    fn stat(&self, sw: &Switch, object: &ObjectRef, stat: StatId) -> Option<u64> {
        let pool = sw.ports.servers.pool(index(object.oid()?))?;
        Some(match Stat(stat as i32) {
            Stat::CURR_OCCUPANCY_BYTES => pool.level.bytes,
            Stat::WATERMARK_BYTES => pool.level.most.bytes,
            Stat::XOFF_ROOM_CURR_OCCUPANCY_BYTES => pool.level.headroom,
            Stat::XOFF_ROOM_WATERMARK_BYTES => pool.level.most.headroom,
            Stat::DROPPED_PACKETS => pool.dropped + by_color(&pool.early, 6),
            Stat(s) if (EARLY..EARLY + 8).contains(&s) => by_color(&pool.early, s - EARLY),
            Stat(s) if (MARKED..MARKED + 8).contains(&s) => by_color(&pool.marked, s - MARKED),
            _ => return None,
        })
    }
}
