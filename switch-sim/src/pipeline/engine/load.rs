//! A vector on its way through workers: decided by what the switch says, then forwarded by what was decided.

use super::tally::{Own, Tally};
use super::{Change, Engine, MAX_FRAME, Sent, Sink, VECTOR, span};
use crate::pipeline::NoTrace;
use crate::switch::Switch;

/// A vector of frames and what became of it.
#[derive(Debug, Default)]
pub(crate) struct Load {
    engine: Engine,
    /// The thread that it was filled for; none for the caller.
    pub(crate) hand: Option<usize>,
    /// Frames that have come in and are not in the engine's buffers yet.
    input: Sent,
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
    /// Takes the frames that ports receive next, as many as it can. For another thread they are laid one behind the
    /// other, which is all that goes from one processor's cache to the other's.
    #[inline(always)]
    pub(crate) fn fill<'a>(
        &mut self,
        frames: &mut impl Iterator<Item = (u16, &'a [u8])>,
        hand: Option<usize>,
    ) {
        self.hand = hand;
        for (port, frame) in frames.take(VECTOR) {
            match hand {
                None => self.engine.receive(port, frame),
                Some(_) => self.input.transmit(port, &frame[..frame.len().min(MAX_FRAME + 1)], &[]),
            }
        }
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
        for (port, frame) in self.input.iter() {
            self.engine.receive(port, frame);
        }
        self.input.clear();
        self.frames = std::mem::take(&mut self.engine.filled);
        (self.engine.now, self.engine.next_copy) = (now, 0);
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

    /// Gives what left to the sink.
    pub(crate) fn leave<S: Sink>(&mut self, sink: &mut S) {
        sink.transmit_all(&mut self.sent);
        self.sent.clear();
        self.done = false;
    }

    /// Whether the switch is to be told of stations that were seen.
    pub(crate) const fn has_ages(&self) -> bool {
        self.engine.aged & self.plain != 0
    }

    /// Tells the switch of the stations that were seen.
    pub(crate) fn note_ages(&mut self, sw: &mut Switch) {
        self.engine.note_ages(sw, self.plain);
    }
}
