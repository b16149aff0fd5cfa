//! A vector on its way through workers: decided by what the switch says, then forwarded by what was decided.

use super::tally::{Own, Tally};
use super::{Change, Engine, Sink, span};
use crate::pipeline::NoTrace;
use crate::switch::Switch;

/// Frames that left, one after the other.
#[derive(Debug, Default)]
pub struct Sent {
    bytes: Vec<u8>,
    /// The port of each and where it ends.
    frames: Vec<(u16, u32)>,
}

impl Sent {
    /// How many they are.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Each with its port, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &[u8])> {
        self.range(0, self.len())
    }

    fn range(&self, from: usize, to: usize) -> impl Iterator<Item = (u16, &[u8])> {
        let mut start = from.checked_sub(1).map_or(0, |before| self.frames[before].1 as usize);
        self.frames[from..to].iter().map(move |&(port, end)| {
            let frame = &self.bytes[start..end as usize];
            start = end as usize;
            (port, frame)
        })
    }

    /// Forgets them; the memory stays.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.frames.clear();
    }

    /// Puts others behind them.
    pub fn append(&mut self, others: &Sent) {
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(&others.bytes);
        self.frames.extend(others.frames.iter().map(|&(port, end)| (port, start + end)));
    }
}

impl Sink for Sent {
    #[inline]
    fn transmit(&mut self, port: u16, head: &[u8], tail: &[u8]) {
        self.bytes.extend_from_slice(head);
        if !tail.is_empty() {
            self.bytes.extend_from_slice(tail);
        }
        self.frames.push((port, self.bytes.len() as u32));
    }

    fn transmit_all(&mut self, sent: &mut Sent) {
        self.append(sent);
        sent.clear();
    }
}

/// A vector of frames and what became of it.
#[derive(Debug, Default)]
pub(crate) struct Load {
    engine: Engine,
    frames: usize,
    looked: u64,
    /// The plain ones.
    plain: u64,
    done: bool,
    sent: Sent,
    /// What those that are not plain sent.
    aside: Sent,
    rows: Vec<Row>,
}

/// Frames in a row that are not plain, and how many frames these and those before them sent.
#[derive(Debug)]
struct Row {
    from: usize,
    to: usize,
    sent: usize,
}

impl Load {
    /// Whether it takes no more frames.
    pub(crate) fn is_full(&self) -> bool {
        self.engine.is_full()
    }

    /// Takes a frame that a port received.
    #[inline(always)]
    pub(crate) fn receive(&mut self, port: u16, frame: &[u8]) {
        self.engine.receive(port, frame);
    }

    /// How many frames it has.
    pub(crate) const fn frames(&self) -> usize {
        self.frames
    }

    /// Its frames as an engine of its own, to be run by one thread.
    pub(crate) fn alone(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// What it needs no `&mut Switch` for: finds out which of its frames are plain, and where they go.
    pub(crate) fn decide(&mut self, sw: &Switch, now: u64) {
        self.frames = std::mem::take(&mut self.engine.filled);
        (self.engine.now, self.engine.next_copy, self.done) = (now, 0, false);
        self.looked = self.engine.look_at(sw, self.frames);
        self.plain = self.engine.decide(sw, self.looked);
    }

    /// Whether all its frames are plain.
    pub(crate) fn is_plain(&self) -> bool {
        self.plain == span(0, self.frames)
    }

    /// How many of its frames are plain.
    pub(crate) const fn plain(&self) -> usize {
        self.plain.count_ones() as usize
    }

    /// Whether its frames have left.
    pub(crate) const fn is_done(&self) -> bool {
        self.done
    }

    /// Runs the frames that are not plain through the stages, in order. What these changed after this load was decided,
    /// and in it, `change` gathers.
    pub(crate) fn run_odd(&mut self, sw: &mut Switch, change: &mut Change) {
        match change {
            Change::None => {}
            Change::Added => self.decide_again(sw, self.looked & !self.plain),
            Change::Any => self.decide_again(sw, self.looked),
        }
        let (n, mut at) = (self.frames, 0);
        loop {
            at += (self.plain >> at).trailing_ones() as usize;
            if at >= n {
                return;
            }
            let end = n.min(at + (self.plain >> at).trailing_zeros() as usize);
            self.engine.changed = Change::None;
            self.engine.run_stages(sw, at, end, &mut NoTrace, &mut self.aside);
            self.rows.push(Row { from: at, to: end, sent: self.aside.len() });
            let changed = self.engine.changed;
            *change = (*change).max(changed);
            at = end;
            if at >= n {
                return;
            }
            if changed != Change::None {
                self.decide_again(sw, self.looked & u64::MAX << at);
            }
        }
    }

    fn decide_again(&mut self, sw: &Switch, which: u64) {
        self.plain = self.plain & !which | self.engine.decide(sw, which);
    }

    /// Forwards what was decided.
    pub(crate) fn forward(&mut self, sw: &Switch, tally: &mut Tally) {
        let mut ledger = Own { switch: sw, tally };
        let (mut at, mut aside) = (0, 0);
        let end = Row { from: self.frames, to: self.frames, sent: self.aside.len() };
        for row in self.rows.drain(..).chain([end]) {
            if at < row.from {
                self.engine.send_plain(&mut ledger, at, row.from, &mut self.sent);
            }
            for (port, frame) in self.aside.range(aside, row.sent) {
                self.sent.transmit(port, frame, &[]);
            }
            (at, aside) = (row.to, row.sent);
        }
        self.aside.clear();
        self.done = true;
    }

    /// Tells the switch of the stations that were seen, and gives what left to the sink. Then it is empty.
    pub(crate) fn finish<S: Sink>(&mut self, sw: &mut Switch, sink: &mut S) {
        self.engine.note_ages(sw, self.plain);
        sink.transmit_all(&mut self.sent);
        self.sent.clear();
        (self.frames, self.looked, self.plain) = (0, 0, 0);
    }
}
