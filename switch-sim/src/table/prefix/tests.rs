use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn p4(text: &str) -> Prefix<u32> {
    text.parse::<Ipv4Net>().unwrap().into()
}

fn a4(text: &str) -> u32 {
    text.parse::<Ipv4Addr>().unwrap().to_bits()
}

#[derive(Clone, Debug)]
enum Op<A: Address> {
    Insert(Prefix<A>, u32),
    Point(Prefix<A>, u32),
    Remove(Prefix<A>),
}

/// Addresses that fall near each other, so that prefixes nest.
fn address4() -> impl Strategy<Value = u32> + Clone {
    (0..3u32, 0..4u32, 0..4u32, any::<u8>())
        .prop_map(|(a, b, c, d)| ((a * 0x35) << 24) | ((b * 0x4f) << 16) | ((c * 0x41) << 8) | u32::from(d))
}

fn address6() -> impl Strategy<Value = u128> + Clone {
    (address4(), address4(), prop_oneof![Just(0u64), any::<u64>(), 0..16u64])
        .prop_map(|(a, b, c)| (u128::from(a) << 96) | (u128::from(b) << 64) | u128::from(c))
}

fn ops<A: Address>(address: impl Strategy<Value = A> + Clone) -> impl Strategy<Value = Vec<Op<A>>> {
    let prefix = move || (address.clone(), 0..=A::BITS).prop_map(|(a, len)| Prefix::new(a, len).unwrap());
    let op = prop_oneof![
        4 => (prefix(), 1..50u32).prop_map(|(p, v)| Op::Insert(p, v)),
        1 => (prefix(), 1..50u32).prop_map(|(p, v)| Op::Point(p, v)),
        3 => prefix().prop_map(Op::Remove),
    ];
    prop::collection::vec(op, 0..120)
}

type Model<A> = BTreeMap<Prefix<A>, u32>;

fn naive<A: Address>(model: &Model<A>, address: A) -> Option<(Prefix<A>, u32)> {
    model.iter().filter(|(p, _)| p.contains(address)).max_by_key(|(p, _)| p.len()).map(|(p, v)| (*p, *v))
}

/// Both edges of each prefix, and the addresses right outside.
fn probes<A: Address>(model: &Model<A>, extra: &[A], last: impl Fn(Prefix<A>) -> [A; 4]) -> Vec<A> {
    model.keys().flat_map(|p| last(*p)).chain(extra.iter().copied()).collect()
}

fn check<A: Address>(ops: &[Op<A>], extra: &[A], edges: impl Fn(Prefix<A>) -> [A; 4] + Copy) {
    let mut table = RouteTable::<A, u64>::new();
    let mut model = Model::new();
    for op in ops {
        // Removals of what is there are as likely as of what is not.
        match *op {
            Op::Insert(prefix, adjacency) => {
                let old = table.insert(prefix, adjacency, u64::from(adjacency) * 3);
                assert_eq!(old.map(|r| r.adjacency()), model.insert(prefix, adjacency));
            }
            Op::Point(prefix, adjacency) => {
                let prefix = model.keys().find(|p| p.len() >= prefix.len()).copied().unwrap_or(prefix);
                assert_eq!(table.set_adjacency(prefix, adjacency), model.contains_key(&prefix));
                model.entry(prefix).and_modify(|a| *a = adjacency);
            }
            Op::Remove(prefix) => {
                let prefix = model.keys().find(|p| p.len() >= prefix.len()).copied().unwrap_or(prefix);
                assert_eq!(table.remove(prefix).map(|r| r.adjacency()), model.remove(&prefix));
            }
        }
    }
    let addresses = probes(&model, extra, edges);
    let mut batch = vec![0; addresses.len()];
    table.lookup_batch(&addresses, &mut batch);
    for (&address, &batched) in addresses.iter().zip(&batch) {
        let expected = naive(&model, address);
        let adjacency = expected.map_or(0, |e| e.1);
        assert_eq!(table.lookup(address), adjacency, "{:?}", Prefix::host(address));
        assert_eq!(batched, adjacency);
        assert_eq!(table.longest_match(address).map(|(p, r)| (p, r.adjacency())), expected);
    }
    let stored: Vec<_> = table.iter().map(|(p, r)| (p, r.adjacency())).collect();
    assert_eq!(stored, model.iter().map(|(p, a)| (*p, *a)).collect::<Vec<_>>());
    for &prefix in model.keys() {
        let parent =
            model.iter().filter(|(p, _)| p.covers(prefix) && **p != prefix).max_by_key(|(p, _)| p.len());
        assert_eq!(table.parent(prefix).map(|(p, _)| p), parent.map(|(p, _)| *p));
    }
    for prefix in model.into_keys() {
        assert!(table.remove(prefix).is_some());
    }
    assert!(addresses.iter().all(|a| table.lookup(*a) == 0));
    assert!(table.fib().is_vacant(), "an emptied table holds no node or chunk");
}

proptest! {
    #[test]
    fn ipv4_answers_as_a_naive_model(ops in ops(address4()), extra in prop::collection::vec(any::<u32>(), 20)) {
        check(&ops, &extra, |p| {
            let last = p.address() | !u32::MAX.masked(p.len());
            [p.address(), last, p.address().wrapping_sub(1), last.wrapping_add(1)]
        });
    }

    #[test]
    fn ipv6_answers_as_a_naive_model(ops in ops(address6()), extra in prop::collection::vec(any::<u128>(), 20)) {
        check(&ops, &extra, |p| {
            let last = p.address() | !u128::MAX.masked(p.len());
            [p.address(), last, p.address().wrapping_sub(1), last.wrapping_add(1)]
        });
    }
}

#[test]
fn a_removed_route_gives_way_to_the_one_around_it() {
    let mut table = RouteTable::<u32, ()>::new();
    for (prefix, adjacency) in [("0.0.0.0/0", 1), ("10.0.0.0/8", 2), ("10.1.0.0/16", 3), ("10.1.2.0/30", 4)] {
        assert_eq!(table.insert(p4(prefix), adjacency, ()), None);
    }
    assert_eq!(table.lookup(a4("10.1.2.3")), 4);
    table.remove(p4("10.1.0.0/16"));
    assert_eq!(table.lookup(a4("10.1.2.3")), 4);
    assert_eq!(table.lookup(a4("10.1.2.4")), 2);
    table.remove(p4("10.1.2.0/30"));
    assert_eq!(table.lookup(a4("10.1.2.3")), 2);
    table.remove(p4("10.0.0.0/8"));
    assert_eq!(table.lookup(a4("10.1.2.3")), 1);
    table.remove(p4("0.0.0.0/0"));
    assert_eq!(table.lookup(a4("10.1.2.3")), 0);
}

#[test]
fn a_default_route_or_a_few_routes_stay_small() {
    let mut table = RouteTable::<u32, u64>::new();
    assert_eq!(table.memory(), 0);
    table.insert(p4("0.0.0.0/0"), 7, 0);
    assert!(table.memory() < 64 << 10, "{} bytes", table.memory());
    assert_eq!(table.lookup(a4("198.51.100.1")), 7);
}

/// Sites of one provider, subnets of one site, and the hosts of one subnet: each level overflows what holds a few
/// prefixes.
#[test]
fn crowded_ipv6_prefixes_are_told_apart() {
    let at = |text: &str| text.parse::<Ipv6Addr>().unwrap().to_bits();
    let mut table = RouteTable::<u128, ()>::new();
    table.insert(Prefix::new(at("2001:db8::"), 32).unwrap(), 1, ());
    for n in 0..40u128 {
        table.insert(Prefix::new(at("2001:db8::") | n << 80, 48).unwrap(), 100 + n as u32, ());
        table.insert(Prefix::new(at("2001:db8:7::") | n << 64, 64).unwrap(), 200 + n as u32, ());
        table.insert(Prefix::host(at("2001:db8:7:9::") | n), 300 + n as u32, ());
    }
    for n in 0..40u128 {
        let found = |text: &str, shift: u32| table.lookup(at(text) | n << shift);
        assert_eq!(found("2001:db8:0:ffff::1", 80), 100 + n as u32);
        assert_eq!(found("2001:db8:7::ffff:0:0:1", 64), 200 + n as u32);
        assert_eq!(found("2001:db8:7:9::", 0), 300 + n as u32);
    }
    assert_eq!(table.lookup(at("2001:db8:ff::1")), 1);
    assert_eq!(table.lookup(at("2001:db8:7:9::ff")), 209);
    assert_eq!(table.lookup(at("2001:db8:7:ff::1")), 107);
}

#[test]
fn prefixes_have_one_form() {
    assert_eq!(Prefix::new(a4("10.1.2.3"), 16), Some(p4("10.1.0.0/16")));
    assert_eq!(Prefix::new(a4("10.1.2.3"), 33), None);
    assert_eq!(p4("10.1.0.0/16").to_string(), "10.1.0.0/16");
    assert_eq!(
        Prefix::<u128>::from("2001:db8::/32".parse::<Ipv6Net>().unwrap()).to_string(),
        "2001:db8::/32"
    );
    assert!(p4("10.0.0.0/8").covers(p4("10.1.0.0/16")) && !p4("10.1.0.0/16").covers(p4("10.0.0.0/8")));
    assert!(p4("0.0.0.0/0").contains(u32::MAX));
}

#[test]
#[should_panic(expected = "adjacency 0")]
fn adjacency_zero_is_refused() {
    RouteTable::<u32, ()>::new().insert(p4("10.0.0.0/8"), 0, ());
}
