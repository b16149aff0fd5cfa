//! Classes: which rules could share a tuple, and when they do.
//!
//! A rule belongs to the class of its mask, cut down. Classes wait in blocks until one of them, or several that
//! can be told apart by the bits that they have in common, are worth a tuple. A class of a new mask joins a
//! tuple that there is, if its rules have the tuple's bits. Where a tuple of several classes fills its chains
//! too often, as its rules turn out to agree in the common bits, each class goes its own way for good.

use hashbrown::HashTable;

use super::Classifier;
use super::MAX_WORDS;
use super::rule::{NONE, Place, Rank, Rules};
use super::tuple::{Tuple, hash, words_of};

/// So many rules in blocks that could share a tuple get one.
const PROMOTE: u32 = 128;
/// A tuple of fewer rules goes back to blocks.
const DEMOTE: usize = 16;
/// Refusals by full chains after which the classes of a tuple part: so many, and one for each `PART_SHARE` rules.
const PART: usize = 64;
const PART_SHARE: usize = 256;
/// Rules that are looked at to see whether a mask tells rules apart.
const SAMPLE: usize = 1024;
/// Classes, and tuples, that are tried for one that would share.
const TRIED: usize = 64;
/// Classes that are tried as the first of a tuple of several.
const SEEDS: usize = 4;

/// How much of a mask is hashed, in the order in which it is tried: cut down to whole units of so many bits.
const GRAINS: [u32; 3] = [8, 4, 1];

fn cut(mask: u64, grain: u32) -> u64 {
    match grain {
        8 => {
            let pairs = mask & mask >> 1;
            let nibbles = pairs & pairs >> 2;
            (nibbles & nibbles >> 4 & 0x0101_0101_0101_0101) * 0xff
        }
        4 => {
            let pairs = mask & mask >> 1;
            (pairs & pairs >> 2 & 0x1111_1111_1111_1111) * 0xf
        }
        _ => mask,
    }
}

/// The rules that could share a tuple of some mask.
struct Class {
    mask: Box<[u64]>,
    state: State,
    /// It shares no tuple with other classes.
    alone: bool,
}

enum State {
    /// Not in use.
    Free,
    /// They are in blocks, and linked.
    Waiting { head: u32, len: u32 },
    /// They are in a tuple.
    Tuple { number: u32, len: u32 },
}

/// The classes of a classifier.
pub(super) struct Classes {
    list: Vec<Class>,
    free: Vec<u32>,
    by_mask: HashTable<u32>,
    /// Rules that wait.
    waiting: u32,
    /// As many must wait before tuples of several classes are looked for again.
    patience: u32,
}

impl Default for Classes {
    fn default() -> Self {
        Self { list: Vec::new(), free: Vec::new(), by_mask: HashTable::new(), waiting: 0, patience: PROMOTE }
    }
}

fn hash_mask(mask: &[u64]) -> u64 {
    let spread = |h: u64, w: &u64| (h ^ w).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    mask.iter().fold(0x51_7c_c1, spread).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

fn bits(mask: &[u64]) -> u32 {
    mask.iter().map(|w| w.count_ones()).sum()
}

fn common(a: &[u64], b: &[u64]) -> Box<[u64]> {
    a.iter().zip(b).map(|(a, b)| a & b).collect()
}

impl Classes {
    /// The number of the tuple that holds a class.
    pub fn tuple(&self, class: u32) -> u32 {
        let State::Tuple { number, .. } = self.list[class as usize].state else {
            unreachable!("a rule in a tuple names its class");
        };
        number
    }

    /// Bytes of memory in use.
    pub fn memory(&self) -> usize {
        let class = |c: &Class| size_of::<Class>() + size_of_val(&*c.mask);
        self.list.iter().map(class).sum::<usize>() + self.by_mask.allocation_size()
    }

    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.by_mask.len()
    }

    fn mask(&self, class: u32) -> &[u64] {
        &self.list[class as usize].mask
    }

    /// The class of a mask, made when new, and whether it is new.
    fn of(&mut self, mask: &[u64]) -> (u32, bool) {
        let Self { list, by_mask, .. } = self;
        let hash = hash_mask(mask);
        if let Some(&class) = by_mask.find(hash, |&c| *list[c as usize].mask == *mask) {
            return (class, false);
        }
        let new = Class { mask: mask.into(), state: State::Waiting { head: NONE, len: 0 }, alone: false };
        let class = match self.free.pop() {
            Some(class) => {
                list[class as usize] = new;
                class
            }
            None => {
                list.push(new);
                list.len() as u32 - 1
            }
        };
        by_mask.insert_unique(hash, class, |&c| hash_mask(&list[c as usize].mask));
        (class, true)
    }

    fn forget(&mut self, class: u32) {
        let gone = &mut self.list[class as usize];
        let mask = std::mem::take(&mut gone.mask);
        gone.state = State::Free;
        if let Ok(entry) = self.by_mask.find_entry(hash_mask(&mask), |&c| c == class) {
            entry.remove();
        }
        self.free.push(class);
    }

    /// Links a rule in a block to its class; returns how many there are.
    fn join(&mut self, rules: &mut Rules, class: u32, id: u32) -> u32 {
        let State::Waiting { head, len } = &mut self.list[class as usize].state else {
            unreachable!("only rules in blocks wait");
        };
        let next = std::mem::replace(head, id);
        *len += 1;
        self.waiting += 1;
        let meta = &mut rules.meta[id as usize];
        (meta.next, meta.prev) = (next, NONE);
        if next != NONE {
            rules.meta[next as usize].prev = id;
        }
        *len
    }

    /// Unlinks a rule that leaves its block.
    pub fn leave(&mut self, rules: &mut Rules, class: u32, id: u32) {
        let State::Waiting { head, len } = &mut self.list[class as usize].state else {
            unreachable!("only rules in blocks wait");
        };
        let (next, prev) = (rules.meta[id as usize].next, rules.meta[id as usize].prev);
        *len -= 1;
        self.waiting -= 1;
        if self.waiting < self.patience / 4 {
            self.patience = PROMOTE.max(self.patience / 2);
        }
        let empty = *len == 0;
        if prev == NONE {
            *head = next;
        } else {
            rules.meta[prev as usize].next = next;
        }
        if next != NONE {
            rules.meta[next as usize].prev = prev;
        }
        if empty {
            self.forget(class);
        }
    }

    /// The rules of a class that wait.
    fn waiting(&self, rules: &Rules, class: u32) -> impl Iterator<Item = u32> {
        let mut at = match self.list[class as usize].state {
            State::Waiting { head, .. } => head,
            _ => NONE,
        };
        std::iter::from_fn(move || {
            let id = at;
            (id != NONE).then(|| {
                at = rules.meta[id as usize].next;
                id
            })
        })
    }
}

/// Whether a mask tells rules apart: by a sample of `all` of them, one more on average is in the chain of each at
/// the most.
fn tells_apart(mask: &[u64], rules: &Rules, sample: impl Iterator<Item = u32>, all: usize) -> bool {
    let mask = words_of(mask);
    let mut hashes: Vec<u64> = sample.map(|id| hash(&mask, rules.words(id).0)).collect();
    hashes.sort_unstable();
    let pairs: usize = hashes.chunk_by(|a, b| a == b).map(|same| same.len() * (same.len() - 1)).sum();
    // Of so many more rules, pairs are more by the square.
    let scale = all as f64 / hashes.len().max(1) as f64;
    pairs as f64 * scale * scale <= all as f64
}

impl Classifier {
    /// Finds a rule its index: the first tuple with room by growing parts of its mask, else the blocks,
    /// where it counts for the first tuple that there could be.
    pub(super) fn place(&mut self, id: u32) {
        let mut last = [0; MAX_WORDS];
        let last = &mut last[..self.rules.width()];
        let mut crowded = None;
        for grain in GRAINS {
            let mut mask = [0; MAX_WORDS];
            let mask = &mut mask[..self.rules.width()];
            for (cut_down, whole) in mask.iter_mut().zip(self.rules.words(id).1) {
                *cut_down = cut(*whole, grain);
            }
            if mask == last {
                continue;
            }
            last.copy_from_slice(mask);
            let (class, new) = self.classes.of(mask);
            if let State::Tuple { number, .. } = self.classes.list[class as usize].state {
                if self.enter(number, class, id) {
                    return;
                }
                crowded = Some(number);
                continue;
            }
            if let Some(number) = new.then(|| self.home(mask)).flatten() {
                self.classes.list[class as usize].state = State::Tuple { number, len: 0 };
                if self.enter(number, class, id) {
                    self.tuples[number as usize].classes.push(class);
                    return;
                }
                crowded = Some(number);
                let class = &mut self.classes.list[class as usize];
                (class.state, class.alone) = (State::Waiting { head: NONE, len: 0 }, true);
            }
            self.wait(class, id);
            let waiting = self.classes.waiting;
            match self.classes.list[class as usize].state {
                State::Waiting { len, .. } if len >= PROMOTE => self.promote(class),
                _ if waiting >= self.classes.patience => self.gather(),
                _ => {}
            }
            return self.relieve(crowded);
        }
        self.rules.meta[id as usize].place = Place::Block { class: None, bit: 0 };
        self.blocks.insert(&mut self.rules, id);
        self.relieve(crowded);
    }

    /// Puts a rule of a class into a block.
    fn wait(&mut self, class: u32, id: u32) {
        self.rules.meta[id as usize].place = Place::Block { class: Some(class), bit: 0 };
        self.blocks.insert(&mut self.rules, id);
        self.classes.join(&mut self.rules, class, id);
    }

    /// Puts a rule into the tuple of its class; `false` when its chain is full.
    fn enter(&mut self, number: u32, class: u32, id: u32) -> bool {
        let entered = self.tuples[number as usize].insert(&mut self.rules, id, class);
        if entered {
            if let State::Tuple { len, .. } = &mut self.classes.list[class as usize].state {
                *len += 1;
            }
            self.reorder(number);
        }
        entered
    }

    /// Takes a rule out of the tuple of its class.
    pub(super) fn leave_tuple(&mut self, class: u32, id: u32) {
        let State::Tuple { number, len } = &mut self.classes.list[class as usize].state else {
            unreachable!("a rule in a tuple names its class");
        };
        let number = *number;
        *len -= 1;
        let empty = *len == 0;
        let tuple = &mut self.tuples[number as usize];
        tuple.remove(&mut self.rules, id);
        if empty && tuple.classes.len() > 1 {
            tuple.classes.retain(|c| *c != class);
            self.classes.forget(class);
        }
        if tuple.len < DEMOTE {
            self.demote(number);
        } else {
            self.reorder(number);
        }
    }

    /// The tuple that rules of a new class can join: of those whose bits they all have, the one of most bits.
    fn home(&self, mask: &[u64]) -> Option<u32> {
        let fits = |t: &&(Rank, u32)| {
            let tuple = &self.tuples[t.1 as usize];
            let shares = tuple.classes.iter().all(|c| !self.classes.list[*c as usize].alone);
            shares && tuple.mask().iter().all(|(word, bits)| bits & !mask[usize::from(*word)] == 0)
        };
        let bits = |t: &&(Rank, u32)| -> u32 {
            self.tuples[t.1 as usize].mask().iter().map(|m| m.1.count_ones()).sum()
        };
        self.order.iter().take(TRIED).filter(fits).max_by_key(bits).map(|t| t.1)
    }

    /// Gives a class a tuple: one that there is, if their common bits do, else its own.
    fn promote(&mut self, class: u32) {
        let State::Waiting { len, .. } = self.classes.list[class as usize].state else { return };
        let mut best: Option<(u32, Box<[u64]>)> = None;
        if !self.classes.list[class as usize].alone {
            for &(_, number) in self.order.iter().take(TRIED) {
                let tuple = &self.tuples[number as usize];
                if tuple.classes.iter().any(|c| self.classes.list[*c as usize].alone) {
                    continue;
                }
                let mut mask = self.classes.mask(class).to_vec();
                let mut whole = vec![0; mask.len()];
                for (word, bits) in tuple.mask() {
                    whole[usize::from(*word)] = *bits;
                }
                mask.iter_mut().zip(&whole).for_each(|(m, w)| *m &= w);
                if best.as_ref().is_some_and(|b| bits(&b.1) >= bits(&mask)) {
                    continue;
                }
                let all = tuple.len + len as usize;
                let share = (SAMPLE * tuple.len / all).max(SAMPLE / 8);
                let sample = tuple.sample(share).chain(self.classes.waiting(&self.rules, class));
                if tells_apart(&mask, &self.rules, sample.take(SAMPLE), all) {
                    best = Some((number, mask.into()));
                }
            }
        }
        match best {
            Some((number, mask)) => {
                let tuple = &self.tuples[number as usize];
                let mut classes = tuple.classes.clone();
                classes.push(class);
                let held = tuple.rules(&self.rules);
                self.unlist(number);
                self.make(&mask, &classes, held);
            }
            None => {
                let mask: Box<[u64]> = self.classes.mask(class).into();
                self.make(&mask, &[class], Vec::new());
            }
        }
    }

    /// Looks for classes that wait and are worth a tuple together.
    fn gather(&mut self) {
        let list = &self.classes.list;
        let mut open: Vec<(u32, u32)> = (0..)
            .zip(list)
            .filter_map(|(n, c)| match c.state {
                State::Waiting { len, .. } if !c.alone => Some((len, n)),
                _ => None,
            })
            .collect();
        open.sort_unstable_by_key(|&(len, n)| (std::cmp::Reverse(len), n));
        open.truncate(TRIED);
        for _ in 0..SEEDS {
            if open.is_empty() {
                break;
            }
            let (mut all, seed) = open.remove(0);
            let mut mask: Box<[u64]> = self.classes.mask(seed).into();
            let mut group = vec![seed];
            // Those first that leave the most bits.
            let mut left: Vec<(u32, u32)> = open.clone();
            while let Some(at) = (0..left.len())
                .max_by_key(|&k| (bits(&common(&mask, self.classes.mask(left[k].1))), std::cmp::Reverse(k)))
            {
                let (len, class) = left.swap_remove(at);
                let both = common(&mask, self.classes.mask(class));
                let members = group.iter().chain([&class]);
                let each = SAMPLE / (group.len() + 1);
                let sample = members.flat_map(|c| self.classes.waiting(&self.rules, *c).take(each));
                if tells_apart(&both, &self.rules, sample, (all + len) as usize) {
                    (mask, all) = (both, all + len);
                    group.push(class);
                }
            }
            if all >= PROMOTE {
                open.retain(|c| !group.contains(&c.1));
                self.make(&mask, &group, Vec::new());
            }
        }
        self.classes.patience = PROMOTE.max(self.classes.waiting * 2);
    }

    /// Makes a tuple of classes, of rules that no index holds and those that wait.
    fn make(&mut self, mask: &[u64], classes: &[u32], mut ids: Vec<u32>) {
        let held = ids.len();
        let number = self.tuples.len() as u32;
        for class in classes {
            ids.extend(self.classes.waiting(&self.rules, *class));
        }
        for &id in &ids[held..] {
            let Place::Block { class: Some(class), bit } = self.rules.meta[id as usize].place else {
                unreachable!("only rules in blocks wait");
            };
            self.blocks.remove(&mut self.rules, id, bit);
            self.rules.meta[id as usize].place = Place::Tuple { class };
        }
        self.classes.waiting -= (ids.len() - held) as u32;
        for class in classes {
            self.classes.list[*class as usize].state = State::Tuple { number, len: 0 };
        }
        let mut tuple = Tuple::new(mask);
        tuple.classes = classes.to_vec();
        self.tuples.push(tuple);
        self.order.push((Rank::LOWEST, number));
        let mut left = Vec::new();
        for id in ids {
            let Place::Tuple { class } = self.rules.meta[id as usize].place else { continue };
            if !self.enter(number, class, id) {
                left.push(id);
            }
        }
        let emptied = |c: &u32| matches!(self.classes.list[*c as usize].state, State::Tuple { len: 0, .. });
        let empty: Vec<u32> = classes.iter().copied().filter(emptied).collect();
        if empty.len() < classes.len() {
            for class in empty {
                self.tuples[number as usize].classes.retain(|c| *c != class);
                self.classes.forget(class);
            }
        }
        for id in left {
            self.place(id);
        }
    }

    /// Lets the classes of a tuple part when too many of their rules found no room.
    fn relieve(&mut self, crowded: Option<u32>) {
        let Some(number) = crowded else { return };
        let Some(tuple) = self.tuples.get(number as usize) else { return };
        if tuple.classes.len() < 2 || tuple.refused < PART + tuple.len / PART_SHARE {
            return;
        }
        let (classes, ids) = (tuple.classes.clone(), tuple.rules(&self.rules));
        self.unlist(number);
        for &class in &classes {
            let class = &mut self.classes.list[class as usize];
            (class.state, class.alone) = (State::Waiting { head: NONE, len: 0 }, true);
        }
        let mut by_class: Vec<(u32, u32)> = ids
            .into_iter()
            .filter_map(|id| match self.rules.meta[id as usize].place {
                Place::Tuple { class } => Some((class, id)),
                _ => None,
            })
            .collect();
        by_class.sort_unstable();
        for one in by_class.chunk_by(|a, b| a.0 == b.0) {
            let class = one[0].0;
            if one.len() >= PROMOTE as usize {
                let mask: Box<[u64]> = self.classes.mask(class).into();
                self.make(&mask, &[class], one.iter().map(|o| o.1).collect());
            } else {
                one.iter().for_each(|o| self.wait(class, o.1));
            }
        }
        // Those that no tuple took may have one now.
        for id in self.blocks.ids() {
            if let Place::Block { class: None, bit } = self.rules.meta[id as usize].place {
                self.blocks.remove(&mut self.rules, id, bit);
                self.place(id);
            }
        }
    }

    /// Takes a tuple out of the list; its rules are left to the caller.
    fn unlist(&mut self, number: u32) -> Tuple {
        let tuple = self.tuples.swap_remove(number as usize);
        self.order.retain(|o| o.1 != number);
        let moved = self.tuples.len() as u32;
        if let Some(last) = self.tuples.get(number as usize) {
            for class in &last.classes {
                if let State::Tuple { number: of, .. } = &mut self.classes.list[*class as usize].state {
                    *of = number;
                }
            }
            for (_, n) in &mut self.order {
                if *n == moved {
                    *n = number;
                }
            }
        }
        tuple
    }

    /// Moves the rules of a tuple back to blocks.
    fn demote(&mut self, number: u32) {
        let tuple = self.unlist(number);
        for class in &tuple.classes {
            self.classes.list[*class as usize].state = State::Waiting { head: NONE, len: 0 };
        }
        for id in tuple.rules(&self.rules) {
            if let Place::Tuple { class } = self.rules.meta[id as usize].place {
                self.wait(class, id);
            }
        }
        for class in tuple.classes {
            if let State::Waiting { len: 0, .. } = self.classes.list[class as usize].state {
                self.classes.forget(class);
            }
        }
    }

    /// Moves a tuple to where its `top` belongs.
    pub(super) fn reorder(&mut self, number: u32) {
        let top = self.tuples[number as usize].top;
        let Some(from) = self.order.iter().position(|o| o.1 == number) else { return };
        if self.order[from].0 == top {
            return;
        }
        self.order[from].0 = top;
        let before = self.order[..from].partition_point(|o| o.0 > top);
        let to =
            if before < from { before } else { from + self.order[from + 1..].partition_point(|o| o.0 > top) };
        if to < from {
            self.order[to..=from].rotate_right(1);
        } else {
            self.order[from..=to].rotate_left(1);
        }
    }
}
