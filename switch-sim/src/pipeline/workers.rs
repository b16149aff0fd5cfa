//! Several threads that forward one switch, with the same result as one.
//!
//! Frames are taken in by vectors of 64, [`ROUND`] of them a round. Whoever is free, a thread or the caller, decides
//! a vector by what the switch says, which nobody changes meanwhile (`engine::express`), and forwards it once all vectors
//! before it have been found plain too. From the first that is not the round goes on in order: the caller runs the
//! frames that are not plain through the stages, which may change the switch, and decides anew what that concerns; then
//! all forward the rest. Each thread counts by itself, and the switch takes over what it counted at the end. A
//! property test holds one, two and four threads to the same frames, counters, stations and events.

use std::io;
use std::iter::Peekable;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use super::engine::{Change, Load, Tally};
use super::{Engine, Sink};
use crate::switch::{Shared, Switch};

mod crew;
#[cfg(test)]
mod tests;

use crew::{Back, Crew, Desk, Line, Step};

/// Vectors of a round.
pub const ROUND: usize = 64;
/// Fewer vectors than this are not worth to wake a thread.
const FEW: usize = 4;
/// Vectors that wait for a thread that has one; more are done by the caller.
const AHEAD: usize = 2;
/// Vectors that one thread runs after a round in which less than half of the frames were plain.
const REST: u16 = 8 * ROUND as u16;

/// The threads, with the buffers of all. It belongs to no switch: between two runs it is empty.
#[derive(Debug)]
pub struct Workers {
    engine: Engine,
    crew: Crew,
    /// The caller's own place to work.
    desk: Desk,
    /// Loads that nobody uses.
    #[expect(clippy::vec_box, reason = "a load is big, and goes to and fro")]
    spare: Vec<Box<Load>>,
    /// The round, in order; none where a thread has it.
    round: Vec<Option<Box<Load>>>,
    /// Vectors that one thread is to run.
    rests: u16,
}

impl Default for Workers {
    /// The caller alone.
    fn default() -> Workers {
        Workers::of(Crew::default(), Arc::default())
    }
}

impl Workers {
    /// So many workers: the caller of [`forward`](Self::forward) and threads beside it.
    ///
    /// # Errors
    /// When the system has no more threads.
    pub fn new(workers: NonZeroUsize) -> io::Result<Workers> {
        let line = Arc::<Line>::default();
        Ok(Workers::of(Crew::new(workers.get() - 1, &line)?, line))
    }

    fn of(crew: Crew, line: Arc<Line>) -> Workers {
        Workers {
            engine: Engine::new(),
            crew,
            desk: Desk::new(line),
            spare: Vec::new(),
            round: Vec::new(),
            rests: 0,
        }
    }

    /// How many they are, the caller included.
    pub fn count(&self) -> usize {
        self.crew.threads() + 1
    }

    /// The engine of the caller alone, for what threads cannot share: traced frames, and those of the host.
    pub fn alone(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// Forwards frames (without FCS) that ports received, at this time. What leaves goes to `sink`, in order.
    ///
    /// # Panics
    /// When a worker did; the frames that it had are lost, and the switch is nobody else's again.
    pub fn forward<'a, S: Sink>(
        &mut self,
        sw: &mut Shared,
        now: u64,
        frames: impl IntoIterator<Item = (u16, &'a [u8])>,
        sink: &mut S,
    ) {
        let run = AssertUnwindSafe(|| self.forward_all(sw, now, &mut frames.into_iter().peekable(), sink));
        if let Err(panic) = catch_unwind(run) {
            self.recall(sw);
            resume_unwind(panic);
        }
    }

    fn forward_all<'a, S: Sink>(
        &mut self,
        sw: &mut Shared,
        now: u64,
        frames: &mut Peekable<impl Iterator<Item = (u16, &'a [u8])>>,
        sink: &mut S,
    ) {
        while frames.peek().is_some() {
            let shared = self.crew.threads() > 0 && self.rests == 0 && Engine::is_shareable(sw);
            let most = if shared { FEW } else { 1 };
            while self.round.len() < most && frames.peek().is_some() {
                let load = self.fill(frames);
                self.round.push(Some(load));
            }
            if self.round.len() < FEW {
                self.run_alone(sw, now, sink);
                continue;
            }
            self.run_round(sw, now, frames);
            self.end_round(sw, sink);
        }
        self.settle(sw);
    }

    /// After a panic: waits until no thread has the switch, and forgets what they had.
    fn recall(&mut self, sw: &mut Shared) {
        while self.crew.wait().is_some() {}
        self.desk.give_up(|_, _| {});
        self.round.clear();
        self.settle(sw);
    }

    /// A load of the next frames.
    fn fill<'a>(&mut self, frames: &mut impl Iterator<Item = (u16, &'a [u8])>) -> Box<Load> {
        let mut load = self.spare.pop().unwrap_or_default();
        while !load.is_full()
            && let Some((port, frame)) = frames.next()
        {
            load.receive(port, frame);
        }
        load
    }

    /// Runs what has been taken in by one thread.
    fn run_alone<S: Sink>(&mut self, sw: &mut Switch, now: u64, sink: &mut S) {
        for mut load in self.round.drain(..).flatten() {
            load.alone().run(sw, now, &mut super::NoTrace, sink);
            self.rests = self.rests.saturating_sub(1);
            self.spare.push(load);
        }
    }

    /// Has loads decided, and forwarded as far as all before are plain, while more frames come in.
    fn run_round<'a>(
        &mut self,
        sw: &Shared,
        now: u64,
        frames: &mut Peekable<impl Iterator<Item = (u16, &'a [u8])>>,
    ) {
        self.desk.begin_round();
        let mut place = 0;
        while place < ROUND {
            if place == self.round.len() {
                if frames.peek().is_none() {
                    break;
                }
                let load = self.fill(frames);
                self.round.push(Some(load));
            }
            self.share(place, Step::Decide(now), sw);
            place += 1;
        }
        self.gather();
    }

    /// Runs what is not plain, then forwards what that held up.
    fn end_round<S: Sink>(&mut self, sw: &mut Shared, sink: &mut S) {
        let held = self.round.iter().position(|load| load.as_ref().is_some_and(|load| !load.is_done()));
        if let Some(first) = held {
            let switch = &mut **sw;
            let mut change = Change::None;
            for load in self.round[first..].iter_mut().flatten().filter(|load| !load.is_done()) {
                load.run_odd(switch, &mut change);
            }
            for place in first..self.round.len() {
                if self.round[place].as_ref().is_some_and(|load| !load.is_done()) {
                    self.share(place, Step::Forward, sw);
                }
            }
            self.gather();
        }
        let (mut plain, mut all) = (0, 0);
        let switch = &mut **sw;
        for mut load in self.round.drain(..).flatten() {
            plain += load.plain();
            all += load.frames();
            load.finish(switch, sink);
            self.spare.push(load);
        }
        switch.plane.balance.received += all as u64;
        if 2 * plain < all {
            self.rests = REST;
        }
    }

    /// Gives a load to a thread that is free, or else does it here.
    fn share(&mut self, place: usize, step: Step, sw: &Shared) {
        while let Some(back) = self.crew.look() {
            self.take_back(back);
        }
        let Some(load) = self.round[place].take() else { return };
        match self.crew.free(AHEAD) {
            Some(hand) => self.crew.give(hand, (step, place, load, sw.lend())),
            None => {
                let round = &mut self.round;
                self.desk.work((step, place, load, sw.lend()), |place, load| round[place] = Some(load));
            }
        }
    }

    fn take_back(&mut self, back: Back) {
        if let Back::Load(place, load) = back {
            self.round[place] = Some(load);
        }
    }

    /// Waits until all loads are back.
    fn gather(&mut self) {
        while let Some(back) = self.crew.wait() {
            self.take_back(back);
        }
        let round = &mut self.round;
        self.desk.give_up(|place, load| round[place] = Some(load));
        if let Some(panic) = self.crew.panic.take() {
            resume_unwind(panic);
        }
    }

    /// Adds to the switch what all have counted.
    fn settle(&mut self, sw: &mut Shared) {
        let switch = &mut **sw;
        self.desk.tally.settle(switch);
        self.crew.settle(|tally: &mut Tally| tally.settle(switch));
    }
}
