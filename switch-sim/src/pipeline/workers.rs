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

use crew::{Crew, Desk, Line, Loads, Step};

/// Vectors of a round.
pub const ROUND: usize = 64;
/// Fewer vectors than this are not worth to wake a thread.
const FEW: usize = 4;
/// The most vectors that a thread has: what it works at, what waits for those before it, what it does next.
const AHEAD: usize = 6;
/// Vectors that one thread runs after a round in which less than half of the frames were plain.
const REST: u16 = 8 * ROUND as u16;

/// The threads, with the buffers of all. It belongs to no switch: between two runs it is empty.
#[derive(Debug)]
pub struct Workers {
    engine: Engine,
    crew: Crew,
    /// The caller's own place to work.
    desk: Desk,
    /// Loads that the caller filled and nobody uses.
    spare: Loads,
    /// The round, in order; none where a thread has it.
    round: Vec<Option<Box<Load>>>,
    /// How many loads of the round have left, how many frames they had, and how many of these were plain.
    left: usize,
    taken: usize,
    plain: usize,
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
            left: 0,
            taken: 0,
            plain: 0,
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
            let few = if shared { FEW } else { 1 };
            while self.round.len() < few && frames.peek().is_some() {
                let load = fill(&mut self.spare, frames, None);
                self.round.push(Some(load));
            }
            if !shared || frames.peek().is_none() {
                self.run_alone(sw, now, sink);
                continue;
            }
            self.run_round(sw, now, frames, sink);
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

    /// Runs what has been taken in by one thread.
    fn run_alone<S: Sink>(&mut self, sw: &mut Switch, now: u64, sink: &mut S) {
        for mut load in self.round.drain(..).flatten() {
            load.alone().run(sw, now, &mut super::NoTrace, sink);
            self.rests = self.rests.saturating_sub(1);
            self.spare.push(load);
        }
    }

    /// Has loads decided, and forwarded as far as all before are plain, while more frames come in.
    fn run_round<'a, S: Sink>(
        &mut self,
        sw: &Shared,
        now: u64,
        frames: &mut Peekable<impl Iterator<Item = (u16, &'a [u8])>>,
        sink: &mut S,
    ) {
        self.desk.begin_round();
        (self.left, self.taken, self.plain) = (0, 0, 0);
        // Threads first, so that they have something to do while the caller has.
        let mut own = 0..self.round.len();
        loop {
            self.take_back();
            while self.round.len() < ROUND
                && let Some(hand) = self.crew.free(self.ahead())
                && frames.peek().is_some()
            {
                let load = fill(self.crew.spare(hand), frames, Some(hand));
                self.crew.give(hand, (Step::Decide(now), self.round.len(), load, sw.lend()));
                self.round.push(None);
            }
            let place = match own.next() {
                Some(place) => place,
                None if self.round.len() < ROUND && frames.peek().is_some() => {
                    self.round.push(Some(fill(&mut self.spare, frames, None)));
                    self.round.len() - 1
                }
                None => break,
            };
            self.work(place, Step::Decide(now), sw);
            self.let_go(sink);
        }
        self.gather();
    }

    /// Gives the sink what those loads sent that are next and done. The ones that have nothing to tell the switch are
    /// used again while they are near.
    fn let_go<S: Sink>(&mut self, sink: &mut S) {
        let done = |slot: &mut Option<Box<Load>>| slot.take_if(|load| load.is_done());
        while let Some(mut load) = self.round.get_mut(self.left).and_then(done) {
            self.taken += load.frames();
            self.plain += load.plain();
            load.leave(sink);
            match load.has_ages() {
                true => self.round[self.left] = Some(load),
                false => self.put_away(load),
            }
            self.left += 1;
        }
    }

    /// Runs what is not plain, then forwards what that held up.
    fn end_round<S: Sink>(&mut self, sw: &mut Shared, sink: &mut S) {
        let switch = &mut **sw;
        let mut change = Change::None;
        for load in self.round[self.left..].iter_mut().flatten().filter(|load| !load.is_done()) {
            load.run_odd(switch, &mut change);
        }
        for place in self.left..self.round.len() {
            let Some(load) = self.round[place].take_if(|load| !load.is_done()) else { continue };
            match load.hand.filter(|hand| self.crew.has(*hand) < self.ahead()) {
                Some(hand) => self.crew.give(hand, (Step::Forward, place, load, sw.lend())),
                None => {
                    self.round[place] = Some(load);
                    self.work(place, Step::Forward, sw);
                    self.take_back();
                }
            }
        }
        self.gather();
        self.let_go(sink);
        let switch = &mut **sw;
        while let Some(slot) = self.round.pop() {
            let Some(mut load) = slot else { continue };
            load.note_ages(switch);
            self.put_away(load);
        }
        switch.plane.balance.received += self.taken as u64;
        if 2 * self.plain < self.taken {
            self.rests = REST;
        }
    }

    /// How many vectors a thread may have: few towards the end of a round, so that all come to it together.
    fn ahead(&self) -> usize {
        (2 + (ROUND - self.round.len()) / (2 * self.count())).min(AHEAD)
    }

    /// Keeps a load for whoever filled it, in whose cache it is.
    fn put_away(&mut self, load: Box<Load>) {
        match load.hand {
            Some(hand) => self.crew.spare(hand).push(load),
            None => self.spare.push(load),
        }
    }

    /// Does a load here.
    fn work(&mut self, place: usize, step: Step, sw: &Shared) {
        let Some(load) = self.round[place].take() else { return };
        let round = &mut self.round;
        self.desk.work((step, place, load, sw.lend()), |place, load| round[place] = Some(load));
    }

    /// Takes what threads have done.
    fn take_back(&mut self) {
        while let Some((place, load)) = self.crew.look() {
            self.round[place] = Some(load);
        }
    }

    /// Waits until all loads are back.
    fn gather(&mut self) {
        while let Some((place, load)) = self.crew.wait() {
            self.round[place] = Some(load);
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

/// A load of the next frames, for a thread or the caller.
fn fill<'a>(
    spare: &mut Loads,
    frames: &mut impl Iterator<Item = (u16, &'a [u8])>,
    hand: Option<usize>,
) -> Box<Load> {
    let mut load = spare.pop().unwrap_or_default();
    load.fill(frames, hand);
    load
}
