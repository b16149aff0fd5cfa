//! Tables of random entries, held to a naive first match.

use proptest::prelude::*;
use switch_sim::wire::PacketBuilder;

use super::*;
use crate::suite::bed::Need;

/// What an entry of the model says: `None` for a field that it leaves open.
#[derive(Clone, Debug)]
struct Rule {
    priority: u32,
    src: Option<(u32, u32)>,
    dst: Option<(u32, u32)>,
    protocol: Option<u8>,
    port: Option<(u16, u16)>,
    ports: Option<u8>,
    tcp: Option<(u8, u8)>,
    fragment: bool,
}

#[derive(Clone, Debug)]
struct Packet {
    src: u32,
    dst: u32,
    tcp: bool,
    port: u16,
    flags: u8,
    from: usize,
    v6: bool,
}

impl Rule {
    fn matches(&self, p: &Packet) -> bool {
        let under = |field: Option<(u32, u32)>, value: u32| {
            field.is_none_or(|(v, m)| m == 0 || !p.v6 && (v ^ value) & m == 0)
        };
        under(self.src, p.src)
            && under(self.dst, p.dst)
            && self.protocol.is_none_or(|n| n == if p.tcp { 6 } else { 17 })
            && self.port.is_none_or(|(v, m)| (v ^ p.port) & m == 0)
            && self.ports.is_none_or(|set| set >> p.from & 1 != 0)
            && self.tcp.is_none_or(|(v, m)| m == 0 || p.tcp && (v ^ p.flags) & m == 0)
            && !self.fragment
    }

    fn attrs(&self, acl: &Acl) -> Vec<AttrEntry> {
        let ip = |(data, mask): (u32, u32)| AclField::Ipv4 { data: data.into(), mask: mask.into() };
        let fields = [
            self.src.map(|v| (acl_entry::FIELD_SRC_IP.id(), ip(v))),
            self.dst.map(|v| (acl_entry::FIELD_DST_IP.id(), ip(v))),
            self.protocol.map(|v| (acl_entry::FIELD_IP_PROTOCOL.id(), u8(v))),
            self.port.map(|(data, mask)| (acl_entry::FIELD_L4_DST_PORT.id(), AclField::U16 { data, mask })),
            self.ports.map(|set| {
                let list = (0..4).filter(|n| set >> n & 1 != 0).map(|n| acl.ports[n]).collect();
                (acl_entry::FIELD_IN_PORTS.id(), AclField::OidList(list))
            }),
            self.tcp.map(|(data, mask)| (acl_entry::FIELD_TCP_FLAGS.id(), AclField::U8 { data, mask })),
            self.fragment.then(|| {
                let any = AclField::I32 { data: sai::types::AclIpFrag::ANY.0, mask: -1 };
                (acl_entry::FIELD_ACL_IP_FRAG.id(), any)
            }),
        ];
        fields.into_iter().flatten().map(|(id, value)| field(id, value)).collect()
    }
}

impl Packet {
    fn frame(&self) -> Vec<u8> {
        let frame = PacketBuilder::ethernet([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
        let frame = if self.v6 {
            frame.ipv6(Ipv6Addr::from(u128::from(self.src)), Ipv6Addr::from(u128::from(self.dst)))
        } else {
            frame.ipv4(Ipv4Addr::from(self.src), Ipv4Addr::from(self.dst))
        };
        if self.tcp {
            frame.tcp(1000, self.port).tcp_flags(self.flags).build()
        } else {
            frame.udp(1000, self.port).build()
        }
    }
}

/// Few values, so that rules meet packets.
fn address() -> impl Strategy<Value = u32> {
    prop::sample::select(vec![0x0a00_0001u32, 0x0a00_0002, 0x0a01_0001, 0xc0a8_0001, 0])
}

fn prefix() -> impl Strategy<Value = Option<(u32, u32)>> {
    let mask = prop::sample::select(vec![0u32, 0xff00_0000, 0xffff_0000, u32::MAX, 0x0000_00ff]);
    prop::option::of((address(), mask))
}

fn rule() -> impl Strategy<Value = Rule> {
    let port = (0u16..4, prop::sample::select(vec![0xffffu16, 1, 2]));
    let tcp = (0u8..4, 0u8..4);
    let protocol = prop::sample::select(vec![6u8, 17]);
    (
        1u32..6,
        prefix(),
        prefix(),
        prop::option::of(protocol),
        prop::option::of(port),
        prop::option::of(1u8..16),
        prop::option::weighted(0.2, tcp),
        prop::bool::weighted(0.05),
    )
        .prop_map(|(priority, src, dst, protocol, port, ports, tcp, fragment)| Rule {
            priority,
            src,
            dst,
            protocol,
            port,
            ports,
            tcp,
            fragment,
        })
}

fn packet() -> impl Strategy<Value = Packet> {
    (address(), address(), any::<bool>(), 0u16..4, 0u8..4, 0usize..4, prop::bool::weighted(0.2))
        .prop_map(|(src, dst, tcp, port, flags, from, v6)| Packet { src, dst, tcp, port, flags, from, v6 })
}

#[derive(Clone, Debug)]
enum Step {
    Add(Rule),
    Remove(prop::sample::Index),
    Priority(prop::sample::Index, u32),
    Switch(prop::sample::Index, bool),
    Send(Packet),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => rule().prop_map(Step::Add),
        1 => any::<prop::sample::Index>().prop_map(Step::Remove),
        1 => (any::<prop::sample::Index>(), 1u32..6).prop_map(|(i, p)| Step::Priority(i, p)),
        1 => (any::<prop::sample::Index>(), any::<bool>()).prop_map(|(i, on)| Step::Switch(i, on)),
        6 => packet().prop_map(Step::Send),
    ]
}

/// Few cases where time is real, and those as they are.
fn config() -> ProptestConfig {
    match crate::opener::has(Need::Clock) {
        true => ProptestConfig::with_cases(48),
        false => ProptestConfig { max_shrink_iters: 0, ..ProptestConfig::with_cases(4) },
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_winner_is_that_of_a_first_match(steps in prop::collection::vec(step(), 1..120)) {
        let acl = Acl::new();
        let table = acl.table(&[
            acl_table::FIELD_SRC_IP.id(),
            acl_table::FIELD_DST_IP.id(),
            acl_table::FIELD_IP_PROTOCOL.id(),
            acl_table::FIELD_L4_DST_PORT.id(),
            acl_table::FIELD_IN_PORTS.id(),
            acl_table::FIELD_TCP_FLAGS.id(),
            acl_table::FIELD_ACL_IP_FRAG.id(),
        ]);
        acl.bind_switch(table);
        // Each entry counts for itself; those in force, in order of creation or re-creation.
        let mut rules: Vec<(Rule, bool, ObjectId, ObjectId, u64)> = Vec::new();
        for step in steps {
            match step {
                Step::Add(rule) => {
                    let counter = acl.counter(table);
                    let mut attrs = rule.attrs(&acl);
                    attrs.push(acl.counted(counter));
                    let entry = acl.entry(table, rule.priority, &attrs);
                    rules.push((rule, true, entry, counter, 0));
                }
                Step::Remove(at) if !rules.is_empty() => {
                    let (_, _, entry, counter, count) = rules.remove(at.index(rules.len()));
                    prop_assert_eq!(acl.counts(counter).0, count);
                    acl.remove(ObjectType::ACL_ENTRY, entry);
                    acl.remove(ObjectType::ACL_COUNTER, counter);
                }
                Step::Priority(at, priority) if !rules.is_empty() => {
                    let at = at.index(rules.len());
                    rules[at].0.priority = priority;
                    acl.set(ObjectType::ACL_ENTRY, rules[at].2, acl_entry::PRIORITY.id(), Value::U32(priority));
                }
                Step::Switch(at, on) if !rules.is_empty() => {
                    // What is set anew is the youngest.
                    let mut rule = rules.remove(at.index(rules.len()));
                    rule.1 = on;
                    acl.set(ObjectType::ACL_ENTRY, rule.2, acl_entry::ADMIN_STATE.id(), Value::Bool(on));
                    rules.push(rule);
                }
                Step::Send(packet) => {
                    acl.send(packet.from, &packet.frame());
                    let matching = rules.iter_mut().filter(|r| r.1 && r.0.matches(&packet));
                    // The first of the highest: `max_by_key` would answer the last.
                    if let Some(winner) = matching.reduce(|a, b| if b.0.priority > a.0.priority { b } else { a }) {
                        winner.4 += 1;
                    }
                }
                _ => {}
            }
        }
        for (rule, _, _, counter, count) in &rules {
            prop_assert_eq!(acl.counts(*counter).0, *count, "{:?}", rule);
        }
        acl.wires().audit();
    }
}
