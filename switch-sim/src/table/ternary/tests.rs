use proptest::prelude::*;

use super::*;

/// Rules in order of insertion, and the definition of which one wins.
#[derive(Default)]
struct Naive(Vec<Model>);

#[derive(Clone, Debug)]
struct Model {
    id: RuleId,
    handle: u32,
    value: [u64; 2],
    mask: [u64; 2],
    ranges: Vec<Range>,
    priority: u32,
}

impl Model {
    fn matches(&self, key: [u64; 2]) -> bool {
        (0..2).all(|w| key[w] & self.mask[w] == self.value[w] & self.mask[w])
            && self.ranges.iter().all(|r| {
                let field = (key[r.word as usize] >> r.shift) & 0xffff;
                u64::from(r.low) <= field && field <= u64::from(r.high)
            })
    }
}

impl Naive {
    fn lookup(&self, key: [u64; 2]) -> Option<Match> {
        let mut winner: Option<&Model> = None;
        for rule in self.0.iter().filter(|r| r.matches(key)) {
            if winner.is_none_or(|w| rule.priority > w.priority) {
                winner = Some(rule);
            }
        }
        winner.map(|w| Match { rule: w.id, handle: w.handle, priority: w.priority })
    }
}

#[derive(Clone, Debug)]
enum Op {
    Insert {
        value: [u64; 2],
        mask: [u64; 2],
        ranges: Vec<Range>,
        priority: u32,
    },
    Remove(prop::sample::Index),
    SetPriority(prop::sample::Index, u32),
    /// A key: that of a rule, with some bits turned.
    Lookup(prop::sample::Index, [u64; 2]),
}

fn mask() -> impl Strategy<Value = [u64; 2]> {
    let few = [
        [0, 0],
        [u64::MAX, u64::MAX],
        [0xffff_ff00_0000_0000, 0],
        [0xffff_f000_ff00_0000, 0xff],
        [0xffff_ff00_ffff_0000, 0xffff],
        [0xffff_0000_ffff_ff00, 0],
        [0xffe0_0000_0000_0000, 0x1ff],
        [0x0000_0000_0000_00ff, 0xffff_ffff_0000_0000],
    ];
    prop_oneof![6 => prop::sample::select(few.to_vec()), 1 => any::<[u64; 2]>()]
}

/// Words whose bits are few, so that rules agree and overlap; or many, so that few bits tell rules of several masks
/// apart, which then share a tuple until too many of the others come.
fn value() -> impl Strategy<Value = [u64; 2]> {
    let few = (any::<[u64; 2]>(), any::<[u64; 2]>())
        .prop_map(|(a, b)| [a[0] & b[0] & 0x0f0f_1010_0101_0011, a[1] & b[1] & 0x1001_0000_0010_0101]);
    prop_oneof![1 => few, 2 => any::<[u64; 2]>()]
}

fn range() -> impl Strategy<Value = Range> {
    let ends = prop_oneof![
        any::<(u16, u16)>(),
        (0u16..300, 0u16..300),
        Just((1024, 65535)),
        Just((0, 65535)),
        (any::<u16>(), 0u16..20).prop_map(|(low, n)| (low, low.saturating_add(n))),
    ];
    (0u8..2, prop::sample::select(vec![0u8, 16, 32, 48, 4, 13]), ends)
        .prop_map(|(word, shift, (a, b))| Range { word, shift, low: a.min(b), high: a.max(b) })
}

fn op(removals: u32) -> impl Strategy<Value = Op> {
    let ranges = prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(range(), 1..3)];
    prop_oneof![
        6 => (value(), mask(), ranges, 0u32..40)
            .prop_map(|(value, mask, ranges, priority)| Op::Insert { value, mask, ranges, priority }),
        removals => any::<prop::sample::Index>().prop_map(Op::Remove),
        1 => (any::<prop::sample::Index>(), 0u32..40).prop_map(|(i, p)| Op::SetPriority(i, p)),
        2 => (any::<prop::sample::Index>(), value()).prop_map(|(i, flip)| Op::Lookup(i, flip)),
    ]
}

fn run(ops: Vec<Op>) -> Result<(), TestCaseError> {
    let mut classifier = Classifier::new(2);
    let mut naive = Naive::default();
    let mut keys = Vec::new();
    for (n, op) in ops.into_iter().enumerate() {
        match op {
            Op::Insert { value, mask, ranges, priority } => {
                let handle = n as u32;
                let rule = Rule { value: &value, mask: &mask, ranges: &ranges, priority, handle };
                let id = classifier.insert(&rule).unwrap();
                naive.0.push(Model { id, handle, value, mask, ranges, priority });
            }
            Op::Remove(index) if !naive.0.is_empty() => {
                let gone = naive.0.remove(index.index(naive.0.len()));
                prop_assert_eq!(classifier.remove(gone.id), Some(gone.handle));
                prop_assert_eq!(classifier.remove(gone.id), None);
            }
            Op::SetPriority(index, priority) if !naive.0.is_empty() => {
                let len = naive.0.len();
                let rule = &mut naive.0[index.index(len)];
                rule.priority = priority;
                prop_assert!(classifier.set_priority(rule.id, priority));
            }
            Op::Lookup(index, flip) if !naive.0.is_empty() => {
                let rule = &naive.0[index.index(naive.0.len())];
                let mut key = [rule.value[0] ^ flip[0], rule.value[1] ^ flip[1]];
                if let Some(r) = rule.ranges.first() {
                    key[r.word as usize] &= !(0xffff << r.shift);
                    key[r.word as usize] |= u64::from(r.high) << r.shift;
                }
                prop_assert_eq!(classifier.lookup(&key), naive.lookup(key));
                prop_assert_eq!(classifier.mismatch(rule.id, &key).is_none(), rule.matches(key));
                keys.push(key);
            }
            _ => {}
        }
        prop_assert_eq!(classifier.len(), naive.0.len());
    }
    keys.extend(naive.0.iter().map(|r| r.value));
    let mut found = vec![None; keys.len()];
    classifier.lookup_batch(keys.as_flattened(), &mut found);
    for (&key, found) in keys.iter().zip(found) {
        prop_assert_eq!(found, naive.lookup(key));
        let explanation = classifier.explain(&key);
        prop_assert_eq!(explanation.winner, found);
        let mut looked_at = explanation.searched.iter().flat_map(|s| &s.looked_at);
        prop_assert!(found.is_none_or(|f| looked_at.any(|l| *l == (f.rule, true))));
        for (id, matched) in explanation.searched.iter().flat_map(|s| &s.looked_at) {
            let rule = naive.0.iter().find(|r| r.id == *id).unwrap();
            prop_assert_eq!(rule.matches(key), *matched);
        }
    }
    for rule in naive.0 {
        prop_assert_eq!(classifier.remove(rule.id), Some(rule.handle));
    }
    let shape = classifier.shape();
    prop_assert_eq!((shape.rules, shape.tuples, shape.blocks), (0, 0, 0));
    prop_assert_eq!(classifier.classes.count(), 0);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_first_match_of_a_growing_table_wins(ops in prop::collection::vec(op(1), 1..2500)) {
        run(ops)?;
    }

    #[test]
    fn the_first_match_of_a_table_in_flux_wins(ops in prop::collection::vec(op(5), 1..2500)) {
        run(ops)?;
    }

    #[test]
    fn a_range_matches_from_end_to_end(range in range(), field: u16, mask: u16, value: u16) {
        let mut classifier = Classifier::new(2);
        let place = |v: u16| {
            let mut words = [0; 2];
            words[range.word as usize] = u64::from(v) << range.shift;
            words
        };
        let rule = Rule { value: &place(value), mask: &place(mask), ranges: &[range], priority: 1, handle: 7 };
        classifier.insert(&rule).unwrap();
        let ends = [range.low, range.high, range.low.wrapping_sub(1), range.high.wrapping_add(1)];
        for field in ends.into_iter().chain([field, value]) {
            let hit = (range.low..=range.high).contains(&field) && (field ^ value) & mask == 0;
            prop_assert_eq!(classifier.lookup(&place(field)).is_some(), hit);
        }
    }

    #[test]
    fn fields_do_not_overlap(widths in prop::collection::vec(1u8..=64, 1..40)) {
        let mut layout = KeyLayout::new();
        let mut taken = [0; MAX_WORDS];
        let fields: Vec<Field> = widths.iter().filter_map(|&w| layout.field(w)).collect();
        for field in &fields {
            prop_assert_eq!(taken[field.word as usize] & field.mask(), 0);
            taken[field.word as usize] |= field.mask();
            prop_assert!(layout.words() > field.word.into());
            prop_assert!(field.width < 8 || field.shift % 8 == 0);
        }
        prop_assert!(fields.len() == widths.len() || layout.words() == MAX_WORDS);
    }
}

fn insert(classifier: &mut Classifier, value: u64, mask: u64, priority: u32, handle: u32) -> RuleId {
    let rule = Rule { value: &[value], mask: &[mask], ranges: &[], priority, handle };
    classifier.insert(&rule).unwrap()
}

#[test]
fn among_equals_the_first_inserted_wins_even_after_its_priority_changed() {
    let mut classifier = Classifier::new(1);
    let first = insert(&mut classifier, 1, 1, 5, 100);
    insert(&mut classifier, 1, 3, 5, 200);
    assert_eq!(classifier.lookup(&[1]).unwrap().handle, 100);
    assert!(classifier.set_priority(first, 4));
    assert_eq!(classifier.lookup(&[1]).unwrap().handle, 200);
    assert!(classifier.set_priority(first, 5));
    assert_eq!(classifier.lookup(&[1]), Some(Match { rule: first, handle: 100, priority: 5 }));
    assert_eq!(classifier.lookup(&[0]), None);
}

#[test]
fn many_rules_of_one_mask_share_a_tuple_and_leave_it() {
    let mut classifier = Classifier::new(1);
    let ids: Vec<_> = (0..5000).map(|n| insert(&mut classifier, n << 8, 0xffff_ff00, 1, n as u32)).collect();
    let shape = classifier.shape();
    assert_eq!((shape.tuples, shape.in_tuples, shape.blocks), (1, 5000, 0));
    assert_eq!(classifier.lookup(&[4321 << 8 | 7]).unwrap().handle, 4321);
    for (n, id) in ids.into_iter().enumerate() {
        assert_eq!(classifier.remove(id), Some(n as u32));
        assert_eq!(classifier.lookup(&[(n as u64) << 8]), None);
        assert_eq!(classifier.lookup(&[4999 << 8]).is_some(), n < 4999);
    }
    assert_eq!((classifier.shape().tuples, classifier.shape().blocks), (0, 0));
}

#[test]
fn rules_that_agree_in_all_hashed_bits_are_found_by_other_means() {
    // A thousand nested and equal rules below one byte: no chain may hold them.
    let mut classifier = Classifier::new(1);
    for n in 0..1000u64 {
        insert(&mut classifier, 0xab00 | (n & 0xff), 0xff00 | (n & 0xff), 1000 - n as u32, n as u32);
    }
    let explanation = classifier.explain(&[0xab00]);
    assert_eq!(explanation.winner.unwrap().handle, 0);
    let looked_at: usize = explanation.searched.iter().map(|s| s.looked_at.len()).sum();
    assert!(looked_at < 40, "{looked_at} of 1000 rules looked at");
}

#[test]
fn thousands_of_masks_do_not_become_thousands_of_tuples() {
    let mut classifier = Classifier::new(1);
    let mut state = 1u64;
    let mut random = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        state ^ state >> 31
    };
    let rules: Vec<_> = (0..4000u32).map(|n| (random(), random() | random() & 0xffff, n)).collect();
    for &(value, mask, n) in &rules {
        insert(&mut classifier, value, mask, n, n);
    }
    let shape = classifier.shape();
    assert!(shape.tuples + shape.blocks <= 40, "{shape:?}");
    for &(value, mask, _) in &rules {
        let key = value ^ (random() & !mask);
        let winner = rules.iter().filter(|r| (r.0 ^ key) & r.1 == 0).max_by_key(|r| r.2);
        assert_eq!(classifier.lookup(&[key]).map(|m| m.handle), winner.map(|r| r.2));
    }
}

/// Rules of 16 masks that all have the top half, of values that differ in it where `spread` says so.
fn sixteen_masks(spread: impl Fn(u64) -> u64, count: u64) -> (Classifier, Vec<(u64, u64)>) {
    let mut classifier = Classifier::new(1);
    let rule = |n: u64| (spread(n) << 32 | n.wrapping_mul(0x9e37_79b1) & 0xffff_ffff, !(3 << (2 * (n % 16))));
    let rules: Vec<_> = (0..count).map(rule).collect();
    for (n, (value, mask)) in (0..).zip(&rules) {
        insert(&mut classifier, *value, *mask, n, n);
    }
    (classifier, rules)
}

fn first_of(rules: &[(u64, u64)], key: u64) -> Option<u32> {
    rules.iter().rposition(|r| (r.0 ^ key) & r.1 == 0).map(|n| n as u32)
}

#[test]
fn masks_whose_common_bits_tell_rules_apart_share_a_tuple() {
    let (classifier, rules) = sixteen_masks(|n| n.wrapping_mul(0x9e37_79b9) & 0xffff_ffff, 4000);
    let shape = classifier.shape();
    assert_eq!((shape.tuples, shape.in_tuples, shape.blocks), (1, 4000, 0));
    for (value, _) in &rules {
        assert_eq!(classifier.lookup(&[*value]).map(|m| m.handle), first_of(&rules, *value));
    }
}

#[test]
fn masks_part_when_their_common_bits_no_longer_tell_rules_apart() {
    // The first rules differ in the common bits, all later ones agree.
    let spread = |n: u64| if n < 200 { n } else { 7 };
    let (mut classifier, rules) = sixteen_masks(spread, 3000);
    let keys: Vec<u64> = rules.iter().map(|r| r.0).collect();
    for key in &keys {
        assert_eq!(classifier.lookup(&[*key]).map(|m| m.handle), first_of(&rules, *key));
    }
    let shape = classifier.shape();
    assert!(shape.tuples > 1 && shape.blocks <= 4, "{shape:?}");
    // None of what they share is left behind when they go.
    for n in 0..3000 {
        assert_eq!(classifier.remove(RuleId(n)), Some(n));
    }
    assert_eq!((classifier.shape().tuples, classifier.shape().blocks), (0, 0));
    assert_eq!(classifier.classes.count(), 0);
}

#[test]
fn an_explanation_names_the_rules_looked_at_and_what_was_skipped() {
    let mut classifier = Classifier::new(1);
    for n in 0..200 {
        insert(&mut classifier, n, 0xffff, 10, n as u32);
    }
    let winner = insert(&mut classifier, 0, 0, 20, 999);
    let explanation = classifier.explain(&[7]);
    assert_eq!(explanation.winner, Some(Match { rule: winner, handle: 999, priority: 20 }));
    let [block] = &explanation.searched[..] else { panic!("{explanation:?}") };
    assert_eq!(
        (block.index.clone(), block.rules, &block.looked_at[..]),
        (Index::Block, 1, &[(winner, true)][..])
    );
    assert_eq!(explanation.skipped, 1);

    classifier.remove(winner);
    let explanation = classifier.explain(&[7]);
    assert_eq!(explanation.searched[0].index, Index::Tuple(vec![(0, 0xffff)]));
    assert_eq!(explanation.winner.unwrap().handle, 7);
}

#[test]
fn a_mismatch_names_bits_or_range() {
    let mut classifier = Classifier::new(1);
    let range = Range { word: 0, shift: 16, low: 80, high: 90 };
    let rule = Rule { value: &[0x10], mask: &[0xf0], ranges: &[range], priority: 0, handle: 0 };
    let id = classifier.insert(&rule).unwrap();
    assert_eq!(classifier.mismatch(id, &[85 << 16 | 0x1f]), None);
    assert_eq!(classifier.mismatch(id, &[85 << 16 | 0x30]), Some(Mismatch::Bits { word: 0, bits: 0x20 }));
    assert_eq!(classifier.mismatch(id, &[91 << 16 | 0x10]), Some(Mismatch::Range(range)));
}

#[test]
fn bad_rules_are_refused_and_change_nothing() {
    let mut classifier = Classifier::new(2);
    let good = Rule { value: &[0, 0], mask: &[0, 0], ranges: &[], priority: 0, handle: 0 };
    let words = classifier.insert(&Rule { mask: &[0], ..good }).unwrap_err();
    assert_eq!(words.to_string(), "value has 2 words and mask 1, where keys have 2");
    let range = Range { word: 2, shift: 0, low: 0, high: 0 };
    assert!(matches!(
        classifier.insert(&Rule { ranges: &[range], ..good }),
        Err(RuleError::RangePlace { .. })
    ));
    let range = Range { word: 1, shift: 49, ..range };
    assert!(matches!(
        classifier.insert(&Rule { ranges: &[range], ..good }),
        Err(RuleError::RangePlace { .. })
    ));
    let range = Range { word: 1, shift: 48, low: 5, high: 4 };
    assert_eq!(
        classifier.insert(&Rule { ranges: &[range], ..good }),
        Err(RuleError::RangeEmpty { low: 5, high: 4 })
    );
    assert!(classifier.is_empty());
    assert_eq!(classifier.lookup(&[0, 0]), None);
    assert!(!classifier.set_priority(RuleId(0), 1));
    assert_eq!(classifier.remove(RuleId(0)), None);
}

#[test]
fn a_set_of_ports_is_a_mask_over_one_bit_a_port() {
    let mut classifier = Classifier::new(1);
    let ports = 1 << 3 | 1 << 40;
    insert(&mut classifier, 0, !ports, 1, 1);
    let hits: Vec<u32> = (0..64).filter(|p| classifier.lookup(&[1 << p]).is_some()).collect();
    assert_eq!(hits, [3, 40]);
}
