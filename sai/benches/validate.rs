//! What validation costs: the rules alone for a route with two attributes, and a create and a remove
//! through the validating layer.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use sai::entry::RouteEntry;
use sai::layer::Validate;
use sai::layer::validate::{Level, Presence, UniqueKey, View, rules};
use sai::notify::NotificationSink;
use sai::types::PacketAction;
use sai::{
    Answer, AttrEntry, Backend, Entry, Info, ObjectId, ObjectRef, ObjectType, Query, Result, Special,
    SpecialAnswer, StatId, StatsOp, Status, Target, Value, meta,
};

/// A backend that does nothing, for the cost of what is above it. Ids carry their type.
#[derive(Debug)]
struct Nothing;

const fn id(object_type: ObjectType, n: u64) -> ObjectId {
    ObjectId((object_type.0 as u64) << 32 | n)
}

const SWITCH: ObjectId = id(ObjectType::SWITCH, 1);

impl Backend for Nothing {
    fn info(&self) -> Info {
        Info { name: "nothing".into(), api_version: 11801 }
    }
    fn create(&self, _: ObjectId, target: Target<'_>, attrs: &[AttrEntry]) -> Result<ObjectId> {
        black_box((target, attrs));
        Ok(ObjectId::NULL)
    }
    fn remove(&self, _: &ObjectRef) -> Result<()> {
        Ok(())
    }
    fn set(&self, _: &ObjectRef, _: &AttrEntry) -> Result<()> {
        Ok(())
    }
    fn get(&self, _: &ObjectRef, _: &mut [AttrEntry]) -> Result<()> {
        Ok(())
    }
    fn stats(&self, _: &ObjectRef, _: &[StatId], _: StatsOp, _: &mut [u64]) -> Result<()> {
        Ok(())
    }
    fn query(&self, _: ObjectId, _: Query<'_>) -> Result<Answer> {
        Err(Status::NOT_IMPLEMENTED.into())
    }
    fn object_type(&self, id: ObjectId) -> Option<ObjectType> {
        Some(ObjectType((id.0 >> 32) as i32))
    }
    fn switch_of(&self, _: ObjectId) -> Option<ObjectId> {
        Some(SWITCH)
    }
    fn special(&self, _: ObjectId, _: Special<'_>) -> Result<SpecialAnswer> {
        Ok(SpecialAnswer::Done)
    }
    fn subscribe(&self, _: Arc<dyn NotificationSink>) {}
}

/// What a backend with dense ids knows: the type by the id, all live.
struct Dense;

impl View for Dense {
    fn presence(&self, id: ObjectId) -> Presence {
        Presence::Live(ObjectType((black_box(id).0 >> 32) as i32))
    }
    fn switch_of(&self, _: ObjectId) -> Option<ObjectId> {
        Some(SWITCH)
    }
    fn entry_exists(&self, entry: &Entry) -> Option<bool> {
        black_box(entry);
        Some(false)
    }
    fn key_owner(&self, _: &UniqueKey) -> Option<ObjectId> {
        None
    }
    fn users(&self, _: ObjectId) -> usize {
        0
    }
}

fn route() -> (Entry, [AttrEntry; 2]) {
    let destination = "10.1.2.0/24".parse().expect("a prefix");
    let vr_id = id(ObjectType::VIRTUAL_ROUTER, 1);
    let action = Value::I32(PacketAction::FORWARD.0);
    let hop = Value::Oid(id(ObjectType::NEXT_HOP, 1));
    let attr = |name, value| AttrEntry::new(meta::attr_by_name(name).expect("an attribute").id, value);
    (
        RouteEntry { switch_id: SWITCH, vr_id, destination }.into(),
        [attr("SAI_ROUTE_ENTRY_ATTR_PACKET_ACTION", action), attr("SAI_ROUTE_ENTRY_ATTR_NEXT_HOP_ID", hop)],
    )
}

fn validate(c: &mut Criterion) {
    let (entry, attrs) = route();
    let target = Target::Entry(&entry);

    let meta = meta::object(ObjectType::ROUTE_ENTRY).expect("routes are known");
    for level in [Level::Sai, Level::Strict] {
        c.bench_function(&format!("validation of a two-attribute route, {level:?}"), |b| {
            b.iter(|| rules::check_create(&Dense, level, meta, SWITCH, black_box(target), black_box(&attrs)));
        });
    }

    let layer: Arc<dyn Backend> = Arc::new(Validate::new(Arc::new(Nothing), Level::Sai));
    let object = ObjectRef::from(entry.clone());
    c.bench_function("create and remove of a route through Validate", |b| {
        b.iter(|| {
            layer.create(SWITCH, black_box(target), black_box(&attrs)).expect("allowed");
            layer.remove(black_box(&object)).expect("allowed");
        });
    });
}

criterion_group!(benches, validate);
criterion_main!(benches);
