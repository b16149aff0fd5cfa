//! Choosing a member of a group by a packet's hash: next-hop groups and link aggregation.
//!
//! Every kind of group is a row of buckets, and the hash modulo their number picks one: constant time whatever
//! the weights. The kinds differ in how members get their buckets.

/// A group as packets see it: buckets that each hold a member, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<M> {
    buckets: Vec<Option<M>>,
    /// `2^64 / n`, rounded up: turns the modulo into two multiplications.
    reciprocal: u64,
}

impl<M> Default for Group<M> {
    fn default() -> Self {
        Group { buckets: Vec::new(), reciprocal: 0 }
    }
}

/// The most buckets that weights are laid out over; finer weights are rounded to them.
pub const MAX_WEIGHTED_BUCKETS: usize = 4096;

impl<M: Copy + Eq> Group<M> {
    /// A group of these buckets, as a fine-grained group gives them one by one.
    ///
    /// # Panics
    /// With `u32::MAX` buckets or more.
    pub fn from_buckets(buckets: Vec<Option<M>>) -> Self {
        assert!(buckets.len() < u32::MAX as usize, "{} buckets", buckets.len());
        let reciprocal = match buckets.len() as u64 {
            0 => 0,
            n => (u64::MAX / n).wrapping_add(1),
        };
        Group { buckets, reciprocal }
    }

    /// One bucket a member, in the order given: the member is `hash mod n`.
    pub fn ordered(members: impl IntoIterator<Item = M>) -> Self {
        Self::from_buckets(members.into_iter().map(Some).collect())
    }

    /// Members in the order given, each with buckets in proportion to its weight; weight 0 gets none. Exact as
    /// long as the weights, divided by their greatest common divisor, add up to [`MAX_WEIGHTED_BUCKETS`] or less.
    pub fn weighted(members: &[(M, u32)]) -> Self {
        let weight = members.first().map_or(0, |m| m.1);
        if weight != 0 && members.len() <= MAX_WEIGHTED_BUCKETS && members.iter().all(|m| m.1 == weight) {
            return Self::ordered(members.iter().map(|m| m.0));
        }
        let divisor = members.iter().fold(0, |a, m| gcd(a, m.1)).max(1);
        let total: u64 = members.iter().map(|m| u64::from(m.1 / divisor)).sum();
        let mut shares: Vec<Share> =
            members.iter().map(|m| Share { weight: m.1, count: m.1 / divisor }).collect();
        if total > MAX_WEIGHTED_BUCKETS as u64 {
            shares.iter_mut().for_each(|s| s.count = 0);
            for _ in 0..MAX_WEIGHTED_BUCKETS {
                let Some(poorest) = poorest(&shares) else { break };
                shares[poorest].count += 1;
            }
        }
        let buckets = members.iter().zip(&shares);
        Self::from_buckets(
            buckets.flat_map(|(m, s)| std::iter::repeat_n(Some(m.0), s.count as usize)).collect(),
        )
    }

    /// A resilient group without members yet: `buckets` of them, however many members come and go.
    pub fn resilient(buckets: usize) -> Self {
        Self::from_buckets(vec![None; buckets])
    }

    /// Gives the buckets to these members with these weights, moving as few as can be: who leaves gives up its
    /// own and nobody else's; who joins takes its share, and nothing else moves. A member given twice counts
    /// once, with its first weight; weight 0 gets none.
    pub fn redistribute(&mut self, members: &[(M, u32)]) {
        let mut shares: Vec<Share> = members.iter().map(|m| Share { weight: m.1, count: 0 }).collect();
        let index_of = |m: M| members.iter().position(|x| x.0 == m && x.1 > 0);
        for (i, member) in members.iter().enumerate() {
            if index_of(member.0) != Some(i) {
                shares[i].weight = 0;
            }
        }
        let mut owners: Vec<Option<usize>> =
            self.buckets.iter().map(|bucket| bucket.and_then(index_of)).collect();
        for owner in owners.iter().flatten() {
            shares[*owner].count += 1;
        }
        for owner in owners.iter_mut().filter(|owner| owner.is_none()) {
            let Some(poorest) = poorest(&shares) else { break };
            shares[poorest].count += 1;
            *owner = Some(poorest);
        }
        // Each round moves a bucket from who is furthest above its share to who is furthest below.
        while let (Some(poor), Some(rich)) = (poorest(&shares), richest(&shares)) {
            let (p, r) = (&shares[poor], &shares[rich]);
            let fairer = (2 * u64::from(r.count)).saturating_sub(1) * u64::from(p.weight)
                > (2 * u64::from(p.count) + 1) * u64::from(r.weight);
            if poor == rich || !fairer {
                break;
            }
            let Some(owner) = owners.iter_mut().rev().find(|owner| **owner == Some(rich)) else { break };
            *owner = Some(poor);
            shares[rich].count -= 1;
            shares[poor].count += 1;
        }
        for (bucket, owner) in self.buckets.iter_mut().zip(owners) {
            *bucket = owner.map(|i| members[i].0);
        }
    }

    /// Gives members with these weights their buckets: as few as will do, laid out anew; or always this many,
    /// of which as few as can be move.
    pub fn assign(&mut self, members: &[(M, u32)], buckets: usize) {
        if buckets == 0 {
            *self = Self::weighted(members);
            return;
        }
        if self.buckets.len() != buckets {
            *self = Self::resilient(buckets);
        }
        self.redistribute(members);
    }

    /// Gives the members other names, or takes them out of their buckets.
    pub fn relabel(&mut self, name: impl Fn(M) -> Option<M>) {
        for bucket in &mut self.buckets {
            *bucket = bucket.and_then(&name);
        }
    }

    /// Puts a member, or none, into one bucket of a fine-grained group; `false` if there is no such bucket.
    pub fn set_bucket(&mut self, index: usize, member: Option<M>) -> bool {
        self.buckets.get_mut(index).map(|bucket| *bucket = member).is_some()
    }

    /// The member for a packet with this hash; `None` if the group, or the bucket, is empty.
    #[inline(always)]
    pub fn select(&self, hash: u32) -> Option<M> {
        *self.buckets.get(self.bucket_of(hash))?
    }

    /// The bucket that [`select`](Self::select) looks at: `hash mod n`, 0 for an empty group.
    #[inline(always)]
    pub fn bucket_of(&self, hash: u32) -> usize {
        // Lemire, Kaser, Kurz: "Faster remainder by direct computation"; exact for 32-bit numbers.
        let fraction = self.reciprocal.wrapping_mul(u64::from(hash));
        ((u128::from(fraction) * self.buckets.len() as u128) >> 64) as usize
    }

    /// The buckets in order.
    pub fn buckets(&self) -> &[Option<M>] {
        &self.buckets
    }
}

struct Share {
    weight: u32,
    count: u32,
}

/// Who gets the next bucket: the least `(2 count + 1) / weight` (Sainte-Laguë), the first of equals. This way of
/// sharing out has the property that a member's leaving takes nothing from the others.
fn poorest(shares: &[Share]) -> Option<usize> {
    let claim = |s: &Share| (2 * u128::from(s.count) + 1, u128::from(s.weight));
    let members = shares.iter().enumerate().filter(|(_, s)| s.weight > 0);
    members.min_by(|(_, a), (_, b)| (claim(a).0 * claim(b).1).cmp(&(claim(b).0 * claim(a).1))).map(|(i, _)| i)
}

/// Who gives a bucket up first: the greatest `(2 count - 1) / weight`, the last of equals.
fn richest(shares: &[Share]) -> Option<usize> {
    let claim = |s: &Share| (2 * u128::from(s.count) - 1, u128::from(s.weight));
    let members = shares.iter().enumerate().filter(|(_, s)| s.weight > 0 && s.count > 0);
    members.max_by(|(_, a), (_, b)| (claim(a).0 * claim(b).1).cmp(&(claim(b).0 * claim(a).1))).map(|(i, _)| i)
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn counts(group: &Group<u8>) -> BTreeMap<u8, usize> {
        let mut counts = BTreeMap::new();
        group.buckets().iter().flatten().for_each(|m| *counts.entry(*m).or_default() += 1);
        counts
    }

    proptest! {
        #[test]
        fn an_ordered_group_takes_the_hash_modulo_its_size(n in 1..600usize, hash: u32) {
            let members: Vec<u32> = (0..n as u32).collect();
            prop_assert_eq!(Group::ordered(members).select(hash), Some(hash % n as u32));
        }

        #[test]
        fn weights_are_exact(weights in prop::collection::vec(0..40u32, 1..20)) {
            let members: Vec<(u8, u32)> = weights.iter().enumerate().map(|(i, w)| (i as u8, *w)).collect();
            let counts = counts(&Group::weighted(&members));
            for (a, wa) in &members {
                let count = |m| counts.get(m).copied().unwrap_or(0) as u32;
                for (b, wb) in &members {
                    prop_assert_eq!(count(a) * wb, count(b) * wa);
                }
            }
        }

        #[test]
        fn only_the_changed_member_s_flows_move(
            buckets in 1..300usize,
            weights in prop::collection::vec(1..5u32, 1..20),
            changes in prop::collection::vec(0..20u8, 1..20),
        ) {
            let mut members: Vec<(u8, u32)> = weights.iter().enumerate().map(|(i, w)| (i as u8, *w)).collect();
            let mut group = Group::resilient(buckets);
            group.redistribute(&members);
            for change in changes {
                let before = group.clone();
                let leaving = members.iter().position(|m| m.0 == change);
                match leaving {
                    Some(at) => drop(members.remove(at)),
                    None => members.push((change, 2)),
                }
                group.redistribute(&members);
                for (old, new) in before.buckets().iter().zip(group.buckets()) {
                    let own = if leaving.is_some() { *old } else { *new };
                    prop_assert!(old == new || own == Some(change) || old.is_none());
                    prop_assert_eq!(new.is_some(), !members.is_empty());
                }
                let (total, counts) = (members.iter().map(|m| m.1).sum::<u32>(), counts(&group));
                for (member, weight) in &members {
                    let fair = buckets as f64 * f64::from(*weight) / f64::from(total);
                    let got = counts.get(member).copied().unwrap_or(0) as f64;
                    prop_assert!((got - fair).abs() < 3.0, "{got} buckets where {fair} are fair");
                }
            }
        }
    }

    #[test]
    fn equal_members_share_evenly_after_any_change() {
        let mut group = Group::resilient(64);
        group.redistribute(&[(1, 1), (2, 1), (3, 1), (4, 1)]);
        assert!(counts(&group).values().all(|n| *n == 16));
        group.redistribute(&[(1, 1), (3, 1), (4, 1)]);
        assert_eq!(counts(&group).into_values().collect::<Vec<_>>(), [22, 21, 21]);
        group.redistribute(&[(1, 1), (3, 1), (4, 1), (2, 1)]);
        assert!(counts(&group).values().all(|n| *n == 16));
    }

    #[test]
    fn big_weights_are_rounded() {
        let group = Group::weighted(&[(1u8, 1_000_003), (2, 2_000_003), (3, 0)]);
        assert_eq!(group.buckets().len(), MAX_WEIGHTED_BUCKETS);
        let counts = counts(&group);
        assert!((counts[&1] * 2).abs_diff(counts[&2]) <= 2 && !counts.contains_key(&3));
    }

    #[test]
    fn an_empty_group_or_bucket_selects_nothing() {
        assert_eq!(Group::<u8>::default().select(7), None);
        assert_eq!(Group::<u8>::ordered([]).select(7), None);
        assert_eq!(Group::weighted(&[(1u8, 0)]).select(7), None);
        let mut fine = Group::from_buckets(vec![Some(1u8), None]);
        assert_eq!((fine.select(2), fine.select(3)), (Some(1), None));
        assert!(fine.set_bucket(1, Some(5)) && !fine.set_bucket(2, None));
        assert_eq!(fine.select(3), Some(5));
        let mut resilient = Group::resilient(4);
        resilient.redistribute(&[(9u8, 1), (9, 7)]);
        assert_eq!(resilient.buckets(), [Some(9); 4]);
        resilient.redistribute(&[]);
        assert_eq!(resilient.select(1), None);
    }
}
