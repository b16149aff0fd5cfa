//! The control half: creating a switch, and creating, reading, setting and removing objects.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sai::entry::RouteEntry;
use sai::{
    AttrEntry, Backend, Bulk, BulkCreate, BulkErrorMode, Entry, ObjectId, ObjectRef, ObjectType, Target,
    Value, route_entry, switch,
};
use switch_sim::{Profile, Simulator};

fn boot(profile: Profile) -> (Simulator, ObjectId) {
    let sim = Simulator::new(profile);
    let init = [AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true))];
    let id = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &init).expect("boots");
    (sim, id)
}

fn boots(c: &mut Criterion) {
    let mut group = c.benchmark_group("boot");
    group.sample_size(20);
    for (ports, text) in [
        (32, include_str!("../profiles/common.toml")),
        (64, include_str!("../profiles/64x400g.toml")),
        (512, include_str!("../profiles/512.toml")),
    ] {
        let profile = Profile::from_toml(text).expect("a shipped profile");
        group.bench_function(BenchmarkId::from_parameter(ports), |b| {
            b.iter_batched(|| profile.clone(), boot, BatchSize::PerIteration);
        });
    }
    group.finish();
}

const ROUTES: u32 = 100_000;

fn routes(c: &mut Criterion) {
    let (sim, id) = boot(Profile::with_ports(1));
    let this = ObjectRef::Object(ObjectType::SWITCH, id);
    let mut ask =
        [AttrEntry::ask(switch::DEFAULT_VIRTUAL_ROUTER_ID.id()), AttrEntry::ask(switch::CPU_PORT.id())];
    sim.get(&this, &mut ask).expect("the switch has them");
    let [vr_id, cpu] = ask.map(|a| a.value.as_oid().expect("an id"));
    let entries: Vec<Entry> = (0..ROUTES)
        .map(|n| {
            let ip = std::net::Ipv4Addr::from(0x0a00_0000 + (n << 8));
            let destination = ipnet::Ipv4Net::new(ip, 24).expect("a length").into();
            Entry::Route(RouteEntry { switch_id: id, vr_id, destination })
        })
        .collect();
    let refs: Vec<ObjectRef> = entries.iter().cloned().map(ObjectRef::Entry).collect();
    let via = [AttrEntry::new(route_entry::NEXT_HOP_ID.id(), Value::Oid(cpu))];
    let items: Vec<_> =
        entries.iter().map(|e| BulkCreate { target: Target::Entry(e), attrs: &via }).collect();
    let clear = || drop(sim.bulk(Bulk::Remove(&refs), BulkErrorMode::IgnoreError));
    let fill = || drop(sim.bulk(Bulk::Create { switch: id, items: &items }, BulkErrorMode::IgnoreError));
    let one_by_one = || {
        for entry in &entries {
            sim.create(id, Target::Entry(entry), &via).expect("room");
        }
    };
    let mut group = c.benchmark_group("routes");
    group.sample_size(10).throughput(Throughput::Elements(u64::from(ROUTES)));
    group.bench_function("create", |b| b.iter_batched(clear, |()| one_by_one(), BatchSize::PerIteration));
    group.bench_function("create in bulk", |b| b.iter_batched(clear, |()| fill(), BatchSize::PerIteration));
    fill();
    group.bench_function("get", |b| {
        let mut ask = [AttrEntry::ask(route_entry::NEXT_HOP_ID.id())];
        b.iter(|| refs.iter().for_each(|r| sim.get(r, &mut ask).expect("there")));
    });
    group.bench_function("set", |b| {
        b.iter(|| refs.iter().for_each(|r| sim.set(r, &via[0]).expect("there")));
    });
    let remove = || refs.iter().for_each(|r| sim.remove(r).expect("there"));
    group.bench_function("remove", |b| b.iter_batched(fill, |()| remove(), BatchSize::PerIteration));
    group.finish();
}

criterion_group!(benches, boots, routes);
criterion_main!(benches);
