//! Whose turn it is at a port: the tree of its scheduler groups and queues, the port at its root.
//!
//! A node sends what its children send, one frame at a time, and keeps to its own maximum. Of the children that may
//! send now come, in this order,
//! - those that have not had their guaranteed rate: the one that is due for the longest time;
//! - the strict ones: the last of them;
//! - the others in turn, each for so many packets or bytes as its weight allows.
//!
//! What is sent by guarantee is not taken from the turn.

use super::Queue;
use super::rate::{Meter, Rate};
use crate::pipeline::packet::wire_len;

/// How a node stands among its siblings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Schedule {
    /// Before all that are not.
    Strict,
    /// In turn, for so many packets.
    Packets(u8),
    /// In turn, for so many times [`QUANTUM`] bytes; what it does not use since its next frame is longer it has in its
    /// next turn (deficit round robin).
    Bytes(u8),
}

/// The bytes for which a weight of one stands.
const QUANTUM: u64 = 512;

/// What a scheduler says of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub schedule: Schedule,
    /// The most that it sends.
    pub most: Rate,
    /// What it sends before its siblings send more than theirs.
    pub guaranteed: Rate,
}

impl Terms {
    /// A turn like the others', SAI's default.
    pub const EVEN: Terms = Terms {
        schedule: Schedule::Packets(1),
        most: Rate { rate: 0, burst: 0, packets: false },
        guaranteed: Rate { rate: 0, burst: 0, packets: false },
    };
}

/// A node of a tree that is to be: the root, which has no branch, is number 0, the first branch number 1. A parent
/// stands before its children.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Branch {
    /// What it stands for; while this is the same a node keeps what its rates have saved.
    pub name: u64,
    pub parent: usize,
    /// The queue, of a leaf.
    pub queue: Option<u8>,
    pub terms: Terms,
}

#[derive(Debug)]
struct Node {
    name: u64,
    parent: usize,
    queue: Option<u8>,
    schedule: Schedule,
    most: Meter,
    guaranteed: Meter,
    /// Packets or bytes that are left to it in its turn.
    credit: u64,
    children: Vec<usize>,
    /// The child whose turn it is, and whether it has begun.
    turn: usize,
    granted: bool,
}

impl Node {
    fn new(branch: &Branch) -> Node {
        let Branch { name, parent, queue, terms } = *branch;
        let (mut most, mut guaranteed) = (Meter::default(), Meter::default());
        most.set(terms.most);
        guaranteed.set(terms.guaranteed);
        Node {
            name,
            parent,
            queue,
            schedule: terms.schedule,
            most,
            guaranteed,
            credit: 0,
            children: Vec::new(),
            turn: 0,
            granted: false,
        }
    }
}

#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// The nodes of queues.
    leaves: Vec<usize>,
}

impl Default for Tree {
    fn default() -> Tree {
        let root = Branch { name: 0, parent: 0, queue: None, terms: Terms::EVEN };
        Tree { nodes: vec![Node::new(&root)], leaves: Vec::new() }
    }
}

impl Tree {
    /// Whether there is more in it than the port and its queues, which take turns.
    pub fn is_planted(&self) -> bool {
        self.nodes.iter().any(|n| n.name != 0)
    }

    /// The most that the port sends.
    pub fn shape(&mut self, rate: Rate) {
        self.nodes[0].most.set(rate);
    }

    /// Becomes the tree of these branches.
    pub fn plant(&mut self, branches: &[Branch]) {
        let old = std::mem::take(self);
        let root = &old.nodes[0];
        (self.nodes[0].most, self.nodes[0].turn) = (root.most, root.turn);
        for branch in branches {
            let mut node = Node::new(branch);
            if let Some(was) = old.nodes.iter().find(|n| n.name == branch.name) {
                (node.most, node.guaranteed, node.turn) = (was.most, was.guaranteed, was.turn);
                node.most.set(branch.terms.most);
                node.guaranteed.set(branch.terms.guaranteed);
            }
            self.add(node);
        }
        for node in &mut self.nodes {
            node.turn = if node.turn < node.children.len() { node.turn } else { 0 };
        }
    }

    /// Has leaves for so many queues: those that are not there take turns at the root.
    pub fn grow(&mut self, queues: usize) {
        self.leaves.resize(self.leaves.len().max(queues), 0);
        for queue in 0..queues {
            if self.leaves[queue] == 0 {
                self.add(Node::new(&Branch {
                    name: 0,
                    parent: 0,
                    queue: Some(queue as u8),
                    terms: Terms::EVEN,
                }));
            }
        }
    }

    fn add(&mut self, node: Node) {
        let at = self.nodes.len();
        self.nodes[node.parent].children.push(at);
        if let Some(queue) = node.queue {
            let queue = usize::from(queue);
            self.leaves.resize(self.leaves.len().max(queue + 1), 0);
            self.leaves[queue] = at;
        }
        self.nodes.push(node);
    }

    /// The node of a queue; the root where it has none.
    fn leaf(&self, queue: u8) -> usize {
        self.leaves.get(usize::from(queue)).copied().unwrap_or(0)
    }

    /// The node above another.
    fn above(&self, at: usize) -> Option<usize> {
        (at != 0).then(|| self.nodes[at].parent)
    }

    /// From when on no maximum holds a queue back.
    pub fn opens(&self, queue: u8) -> u64 {
        let way = std::iter::successors(Some(self.leaf(queue)), |at| self.above(*at));
        way.map(|at| self.nodes[at].most.from).max().unwrap_or(0)
    }

    /// Counts a frame that a queue sends.
    pub fn count(&mut self, queue: u8, now: u64, size: u64) {
        let mut next = Some(self.leaf(queue));
        while let Some(at) = next {
            let node = &mut self.nodes[at];
            node.most.count(now, size);
            if node.guaranteed.has_room(now) {
                node.guaranteed.count(now, size);
            }
            next = self.above(at);
        }
    }

    /// Whether any queue may send its next frame, if the port is free.
    pub fn is_ready(&self, queues: &[Queue], now: u64) -> bool {
        self.ready(0, queues, now)
    }

    /// Takes the turn of the queue that sends next.
    pub fn next(&mut self, queues: &[Queue], now: u64) -> Option<u8> {
        if !self.is_ready(queues, now) {
            return None;
        }
        let queue = self.choose(0, queues, now)?;
        let size = head(queues, queue);
        let mut next = Some(self.leaf(queue));
        while let Some(at) = next {
            let node = &mut self.nodes[at];
            if !node.guaranteed.has_room(now) {
                node.credit = node.credit.saturating_sub(match node.schedule {
                    Schedule::Strict => 0,
                    Schedule::Packets(_) => 1,
                    Schedule::Bytes(_) => size,
                });
            }
            next = self.above(at);
        }
        Some(queue)
    }

    fn ready(&self, at: usize, queues: &[Queue], now: u64) -> bool {
        let node = &self.nodes[at];
        node.most.from <= now
            && match node.queue {
                Some(queue) => queues.get(usize::from(queue)).is_some_and(|q| q.is_ready(now)),
                None => node.children.iter().any(|c| self.ready(*c, queues, now)),
            }
    }

    /// Whether anything waits below a node.
    fn waits(&self, at: usize, queues: &[Queue]) -> bool {
        let node = &self.nodes[at];
        match node.queue {
            Some(queue) => queues.get(usize::from(queue)).is_some_and(|q| !q.held.is_empty()),
            None => node.children.iter().any(|c| self.waits(*c, queues)),
        }
    }

    /// The queue that a node which is ready sends from next. Turns pass on to the one that sends, which is not charged.
    fn choose(&mut self, at: usize, queues: &[Queue], now: u64) -> Option<u8> {
        if let Some(queue) = self.nodes[at].queue {
            return Some(queue);
        }
        let children = &self.nodes[at].children;
        let ready = || children.iter().copied().filter(|c| self.ready(*c, queues, now));
        let due = ready().filter(|c| self.nodes[*c].guaranteed.has_room(now));
        let strict = || ready().rfind(|c| self.nodes[*c].schedule == Schedule::Strict);
        if let Some(first) = due.min_by_key(|c| self.nodes[*c].guaranteed.from).or_else(strict) {
            return self.choose(first, queues, now);
        }
        // Somebody is ready, and gets more with every turn.
        ready().next()?;
        loop {
            let Node { turn, granted, ref children, .. } = self.nodes[at];
            let child = children[turn];
            if self.ready(child, queues, now) {
                self.nodes[at].granted = true;
                let queue = self.choose(child, queues, now)?;
                let cost = match self.nodes[child].schedule {
                    Schedule::Bytes(_) => head(queues, queue),
                    _ => 1,
                };
                let node = &mut self.nodes[child];
                match node.schedule {
                    _ if granted => {}
                    Schedule::Strict => {}
                    Schedule::Packets(weight) => node.credit = weight.into(),
                    Schedule::Bytes(weight) => node.credit += u64::from(weight) * QUANTUM,
                }
                if cost <= node.credit {
                    return Some(queue);
                }
            } else if !self.waits(child, queues) {
                // One that has to wait for its rate loses its turn, not what it has saved.
                self.nodes[child].credit = 0;
            }
            let node = &mut self.nodes[at];
            (node.turn, node.granted) = ((turn + 1) % node.children.len(), false);
        }
    }
}

/// The size of the frame that comes next in a queue.
fn head(queues: &[Queue], queue: u8) -> u64 {
    let held = queues.get(usize::from(queue)).and_then(|q| q.held.front());
    held.map_or(0, |h| wire_len(h.frame.len()))
}
