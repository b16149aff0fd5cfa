//! What a typed create costs above the backend's own work: collecting the attributes, and the call
//! through `dyn Backend`.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use sai::notify::NotificationSink;
use sai::{
    Answer, AttrEntry, Backend, Info, ObjectId, ObjectRef, ObjectType, Query, Result, Session, Special,
    SpecialAnswer, StatId, StatsOp, Status, Target, port,
};

/// A backend that does nothing.
#[derive(Debug)]
struct Nothing;

impl Backend for Nothing {
    fn info(&self) -> Info {
        Info { name: "nothing".to_owned(), api_version: 11801 }
    }
    fn create(&self, _: ObjectId, target: Target<'_>, attrs: &[AttrEntry]) -> Result<ObjectId> {
        black_box((target, attrs));
        Ok(ObjectId(1))
    }
    fn remove(&self, _: &ObjectRef) -> Result<()> {
        Ok(())
    }
    fn set(&self, _: &ObjectRef, attr: &AttrEntry) -> Result<()> {
        black_box(attr);
        Ok(())
    }
    fn get(&self, _: &ObjectRef, _: &mut [AttrEntry]) -> Result<()> {
        Ok(())
    }
    fn stats(&self, _: &ObjectRef, _: &[StatId], _: StatsOp, _: &mut [u64]) -> Result<()> {
        Ok(())
    }
    fn query(&self, _: ObjectId, _: Query<'_>) -> Result<Answer> {
        Err(Status::NOT_SUPPORTED.into())
    }
    fn object_type(&self, _: ObjectId) -> Option<ObjectType> {
        None
    }
    fn switch_of(&self, _: ObjectId) -> Option<ObjectId> {
        None
    }
    fn special(&self, _: ObjectId, _: Special<'_>) -> Result<SpecialAnswer> {
        Err(Status::NOT_SUPPORTED.into())
    }
    fn subscribe(&self, _: Arc<dyn NotificationSink>) {}
}

fn dispatch(c: &mut Criterion) {
    use sai::{lag_member, virtual_router};
    let session = Session::new(Arc::new(Nothing));
    let lag = ObjectId(7).typed().expect("not null");
    let port: sai::Oid<port::Port> = ObjectId(8).typed().expect("not null");
    c.bench_function("create with two attributes through dyn Backend", |b| {
        b.iter(|| session.create(lag_member::Required { lag_id: lag, port_id: port.any() }));
    });
    let backend = session.backend().clone();
    let attrs =
        [AttrEntry::new(0, sai::Value::Oid(ObjectId(7))), AttrEntry::new(1, sai::Value::Oid(ObjectId(8)))];
    c.bench_function("dynamic create with two attributes", |b| {
        b.iter(|| backend.create(ObjectId(1), Target::Object(ObjectType::LAG_MEMBER), black_box(&attrs)));
    });
    c.bench_function("set", |b| b.iter(|| session.set(port, port::MTU, black_box(9100))));
    c.bench_function("create without attributes", |b| {
        b.iter(|| session.create(virtual_router::Required {}));
    });
}

criterion_group!(benches, dispatch);
criterion_main!(benches);
