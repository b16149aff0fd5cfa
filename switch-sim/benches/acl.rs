//! ACLs in the data plane and through SAI: `cargo bench -p switch-sim --bench acl`.
//!
//! Frames of 64 bytes are bridged between the ports of a switch on one core; what is bound to the switch
//! differs: nothing, 1,000 rules shaped as an access list is, rules of 16 masks. Then entries are created, set
//! and removed through the backend. Times are those that the thread spent on a processor.
#![allow(missing_docs)]

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sai::types::{AclStage, PacketAction};
use sai::{
    AclAction, AclField, AttrEntry, AttrId, Backend, Bulk, BulkCreate, BulkErrorMode, ObjectId, ObjectRef,
    ObjectType, Target, Value, acl_counter, acl_entry, acl_range, acl_table, switch,
};
use switch_sim::pipeline::{Engine, NoTrace, Sink, VECTOR};
use switch_sim::port::index;
use switch_sim::wire::PacketBuilder;
use switch_sim::{Profile, Simulator};

const PORTS: u32 = 32;
const FLOWS: usize = 8192;

/// The time that this thread has run on a processor, so that what else runs on the machine counts less; where
/// the kernel does not tell, time as it passes.
fn spent() -> Duration {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|t| t.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

/// A rule over the five-tuple: values under masks, and a range of destination ports.
#[derive(Clone, Copy, Default)]
struct Rule {
    src: (u32, u32),
    dst: (u32, u32),
    protocol: (u8, u8),
    src_port: (u16, u16),
    dst_port: (u16, u16),
    range: Option<(u16, u16)>,
}

fn prefix(random: &mut Random, networks: &[u32], length: u32) -> (u32, u32) {
    let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
    ((random.pick(networks) ^ random.below(4096) as u32) & mask, mask)
}

/// Rules distributed as those of an access list: nested prefixes, well-known ports, some ranges.
fn access_list(count: usize, random: &mut Random) -> Vec<Rule> {
    let networks: Vec<u32> = (0..60).map(|_| random.next() as u32 & 0xffff_ff00).collect();
    let source = [0, 16, 19, 21, 22, 23, 24, 24, 24, 25, 26, 27, 28, 30, 32, 32];
    let destination = [20, 24, 26, 27, 28, 29, 30, 31, 32, 32, 32, 32];
    let ports = [22, 25, 53, 80, 110, 123, 161, 443, 1521, 3306, 5060, 8080];
    (0..count)
        .map(|_| {
            let length = random.pick(&source);
            let src = prefix(random, &networks, length);
            let length = random.pick(&destination);
            let dst = prefix(random, &networks, length);
            let dice = random.below(100);
            Rule {
                src,
                dst,
                protocol: (random.pick(&[6, 6, 6, 17]), 0xff),
                src_port: (random.pick(&ports), if random.below(100) == 0 { 0xffff } else { 0 }),
                dst_port: (random.pick(&ports), if dice < 72 { 0xffff } else { 0 }),
                range: (dice >= 88).then_some((1024, 65535)),
            }
        })
        .collect()
}

/// Rules of 16 masks.
fn few_masks(count: usize, random: &mut Random) -> Vec<Rule> {
    (0..count)
        .map(|_| {
            let which = random.below(16) as usize;
            let src = 0xffff_ffffu32 << [16, 8, 4, 0][which & 3];
            let dst = 0xffff_ffffu32 << [12, 0][which >> 2 & 1];
            Rule {
                src: (random.next() as u32 & src, src),
                dst: (random.next() as u32 & dst, dst),
                protocol: (random.pick(&[6, 17]), 0xff),
                dst_port: (random.next() as u16 | 0x400, if which & 8 != 0 { 0xffff } else { 0 }),
                ..Rule::default()
            }
        })
        .collect()
}

fn attr(id: AttrId, value: Value) -> AttrEntry {
    AttrEntry::new(id, value)
}

struct Bench {
    sim: Simulator,
    switch: ObjectId,
    ports: Vec<ObjectId>,
}

impl Bench {
    fn new() -> Bench {
        let mut profile = Profile::with_ports(PORTS);
        (profile.boot.ports_up, profile.boot.link_up) = (true, true);
        (profile.limits.acl_entries, profile.limits.acl_counters) = (1 << 20, 1 << 20);
        let sim = Simulator::new(profile);
        let init = [attr(switch::INIT_SWITCH.id(), Value::Bool(true))];
        let switch = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &init).unwrap();
        let mut asked = [AttrEntry::ask(switch::PORT_LIST.id())];
        sim.get(&ObjectRef::Object(ObjectType::SWITCH, switch), &mut asked).unwrap();
        let Value::OidList(ports) = asked[0].value.clone() else { panic!("a list of ports") };
        Bench { sim, switch, ports }
    }

    fn create(&self, ty: ObjectType, attrs: &[AttrEntry]) -> ObjectId {
        self.sim.create(self.switch, Target::Object(ty), attrs).unwrap()
    }

    fn table(&self) -> ObjectId {
        let fields = [
            acl_table::FIELD_SRC_IP.id(),
            acl_table::FIELD_DST_IP.id(),
            acl_table::FIELD_IP_PROTOCOL.id(),
            acl_table::FIELD_L4_SRC_PORT.id(),
            acl_table::FIELD_L4_DST_PORT.id(),
        ];
        let ranges = Value::I32List(vec![acl_range::Type::L4_DST_PORT_RANGE.0]);
        let mut attrs = vec![
            attr(acl_table::ACL_STAGE.id(), Value::I32(AclStage::INGRESS.0)),
            attr(acl_table::FIELD_ACL_RANGE_TYPE.id(), ranges),
        ];
        attrs.extend(fields.iter().map(|id| attr(*id, Value::Bool(true))));
        self.create(ObjectType::ACL_TABLE, &attrs)
    }

    fn bind(&self, table: ObjectId) {
        let bind = attr(switch::INGRESS_ACL.id(), Value::Oid(table));
        self.sim.set(&ObjectRef::Object(ObjectType::SWITCH, self.switch), &bind).unwrap();
    }

    /// The attributes of the entries of rules; each permits and counts.
    fn entries(&self, table: ObjectId, rules: &[Rule]) -> Vec<Vec<AttrEntry>> {
        let mut ranges: Vec<((u16, u16), ObjectId)> = Vec::new();
        let count = Value::Bool(true);
        let counter = self.create(
            ObjectType::ACL_COUNTER,
            &[
                attr(acl_counter::TABLE_ID.id(), Value::Oid(table)),
                attr(acl_counter::ENABLE_PACKET_COUNT.id(), count),
            ],
        );
        let mut entry = |n: usize, rule: &Rule| {
            let mut attrs = vec![
                attr(acl_entry::TABLE_ID.id(), Value::Oid(table)),
                attr(acl_entry::PRIORITY.id(), Value::U32(65_535 - (n as u32 % 65_535))),
            ];
            let mut field = |id, value| attrs.push(attr(id, Value::AclField(value)));
            let ip = |(data, mask): (u32, u32)| AclField::Ipv4 {
                data: Ipv4Addr::from(data),
                mask: Ipv4Addr::from(mask),
            };
            field(acl_entry::FIELD_SRC_IP.id(), ip(rule.src));
            field(acl_entry::FIELD_DST_IP.id(), ip(rule.dst));
            let (data, mask) = rule.protocol;
            field(acl_entry::FIELD_IP_PROTOCOL.id(), AclField::U8 { data, mask });
            for (id, (data, mask)) in [
                (acl_entry::FIELD_L4_SRC_PORT.id(), rule.src_port),
                (acl_entry::FIELD_L4_DST_PORT.id(), rule.dst_port),
            ] {
                if mask != 0 {
                    field(id, AclField::U16 { data, mask });
                }
            }
            if let Some(limit) = rule.range {
                let known = ranges.iter().find(|(r, _)| *r == limit).map(|(_, id)| *id);
                let id = known.unwrap_or_else(|| {
                    let limits = sai::Range { min: limit.0.into(), max: limit.1.into() };
                    let ty = acl_range::Type::L4_DST_PORT_RANGE.0;
                    let id = self.create(
                        ObjectType::ACL_RANGE,
                        &[
                            attr(acl_range::TYPE.id(), Value::I32(ty)),
                            attr(acl_range::LIMIT.id(), Value::U32Range(limits)),
                        ],
                    );
                    ranges.push((limit, id));
                    id
                });
                field(acl_entry::FIELD_ACL_RANGE_TYPE.id(), AclField::OidList(vec![id]));
            }
            let forward = AclAction::I32(PacketAction::FORWARD.0);
            attrs.push(attr(acl_entry::ACTION_PACKET_ACTION.id(), Value::AclAction(forward)));
            attrs.push(attr(acl_entry::ACTION_COUNTER.id(), Value::AclAction(AclAction::Oid(counter))));
            attrs
        };
        rules.iter().enumerate().map(|(n, rule)| entry(n, rule)).collect()
    }
}

/// Counts what leaves, after copying it out as a driver would.
struct Ring {
    buffer: Vec<u8>,
    at: usize,
    count: u64,
}

impl Sink for Ring {
    #[inline]
    fn transmit(&mut self, _: u16, head: &[u8], _: &[u8]) {
        self.buffer[self.at..self.at + head.len()].copy_from_slice(head);
        self.at = (self.at + 2112) % (256 * 2112);
        self.count += 1;
    }
}

fn station(n: u64) -> [u8; 6] {
    let [.., a, b] = n.to_be_bytes();
    [2, 0, 0, 0, a, b]
}

/// Frames between 1,024 stations; nine of ten match a rule.
fn flows(bench: &Bench, rules: &[Rule], random: &mut Random) -> Vec<(Vec<u8>, u16)> {
    (0..FLOWS)
        .map(|_| {
            let from = random.below(1024);
            let to = (from + 1 + random.below(PORTS as u64 - 1)) % 1024;
            let rule = random.pick(rules);
            let hit = random.below(10) != 0;
            let open = |(value, mask): (u32, u32), any: u32| if hit { value | any & !mask } else { any };
            let src = open(rule.src, random.next() as u32 & 0x5fff_ffff);
            let dst = open(rule.dst, random.next() as u32 & 0x5fff_ffff);
            let port = |p: (u16, u16), any: u16| if hit { p.0 & p.1 | any & !p.1 } else { any };
            let src_port = port(rule.src_port, random.next() as u16);
            let dst_port = match rule.range {
                Some((low, _)) if hit => low + random.below(1000) as u16,
                _ => port(rule.dst_port, random.next() as u16 | 0x400),
            };
            let frame = PacketBuilder::ethernet(station(from), station(to))
                .ipv4(Ipv4Addr::from(src), Ipv4Addr::from(dst));
            let frame = if rule.protocol.0 == 6 {
                frame.tcp(src_port, dst_port).pad_to(60)
            } else {
                frame.udp(src_port, dst_port).pad_to(60)
            };
            (frame.build(), index(bench.ports[from as usize % PORTS as usize]))
        })
        .collect()
}

fn forward(c: &mut Criterion) {
    let mut group = c.benchmark_group("acl/forward");
    group.sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    group.throughput(Throughput::Elements(FLOWS as u64));
    let mut random = Random(1);
    let sets = [
        ("unbound", access_list(1_000, &mut random), false),
        ("access list 1000", access_list(1_000, &mut random), true),
        ("16 masks 1000", few_masks(1_000, &mut random), true),
        ("16 masks 100000", few_masks(100_000, &mut random), true),
    ];
    for (name, rules, bound) in sets {
        let bench = Bench::new();
        let table = bench.table();
        for entry in bench.entries(table, &rules) {
            bench.create(ObjectType::ACL_ENTRY, &entry);
        }
        if bound {
            bench.bind(table);
        }
        let flows = flows(&bench, &rules, &mut random);
        let mut engine = Engine::new();
        let mut ring = Ring { buffer: vec![0; 257 * 2112], at: 0, count: 0 };
        bench
            .sim
            .with_switch(bench.switch, |sw| {
                for n in 0..1024 {
                    let frame = PacketBuilder::ethernet(station(n), [2, 0, 0, 0, 9, 9]).pad_to(60).build();
                    engine.receive(index(bench.ports[n as usize % PORTS as usize]), &frame);
                    engine.run(sw, 1, &mut NoTrace, &mut ring);
                }
                group.bench_function(BenchmarkId::from_parameter(name), |b| {
                    b.iter_custom(|rounds| {
                        ring.count = 0;
                        let start = spent();
                        for chunk in (0..rounds).flat_map(|_| flows.chunks_exact(VECTOR)) {
                            for (frame, port) in chunk {
                                engine.receive(*port, frame);
                            }
                            engine.run(sw, 1, &mut NoTrace, &mut ring);
                        }
                        assert_eq!(ring.count, FLOWS as u64 * rounds, "each leaves once");
                        spent() - start
                    });
                });
            })
            .unwrap();
    }
    group.finish();
}

fn control(_: &mut Criterion) {
    const COUNT: usize = 100_000;
    let mut random = Random(7);
    for (name, rules) in
        [("16 masks", few_masks(COUNT, &mut random)), ("access list", access_list(COUNT, &mut random))]
    {
        let rate = |start: Duration| COUNT as f64 / (spent() - start).as_secs_f64() / 1e3;
        let mut runs: Vec<[f64; 4]> = (0..5)
            .map(|_| {
                let bench = Bench::new();
                let table = bench.table();
                let entries = bench.entries(table, &rules);
                let start = spent();
                let ids: Vec<ObjectId> =
                    entries.iter().map(|e| bench.create(ObjectType::ACL_ENTRY, e)).collect();
                let create = rate(start);
                let start = spent();
                let priority = attr(acl_entry::PRIORITY.id(), Value::U32(7));
                for id in &ids {
                    bench.sim.set(&ObjectRef::Object(ObjectType::ACL_ENTRY, *id), &priority).unwrap();
                }
                let set = rate(start);
                let start = spent();
                for id in &ids {
                    bench.sim.remove(&ObjectRef::Object(ObjectType::ACL_ENTRY, *id)).unwrap();
                }
                let remove = rate(start);
                let items: Vec<BulkCreate<'_>> = entries
                    .iter()
                    .map(|e| BulkCreate { target: Target::Object(ObjectType::ACL_ENTRY), attrs: e })
                    .collect();
                let start = spent();
                let made = bench
                    .sim
                    .bulk(Bulk::Create { switch: bench.switch, items: &items }, BulkErrorMode::IgnoreError);
                let bulk = rate(start);
                assert!(made.iter().all(Result::is_ok));
                [create, bulk, set, remove]
            })
            .collect();
        let mut median = |n: usize| {
            runs.sort_by(|a, b| a[n].total_cmp(&b[n]));
            runs[2][n]
        };
        println!(
            "acl/control/{name} {COUNT}: create {:.0}k/s, bulk {:.0}k/s, priority {:.0}k/s, remove {:.0}k/s (medians of 5)",
            median(0),
            median(1),
            median(2),
            median(3)
        );
    }
}

criterion_group!(benches, forward, control);
criterion_main!(benches);
