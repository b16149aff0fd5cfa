//! The threads of [`Workers`](super::Workers), and how work goes to and fro: by channels, whole loads at a time.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;

use super::{AHEAD, ROUND};
use crate::pipeline::engine::{Load, Tally};
use crate::switch::Apart;

/// How often a thread looks whether the loads before its own are decided before it looks for other work, and how often
/// it does that before it gives its loads to the caller and sleeps: to be woken takes longer than a load.
const LOOKS: u32 = 32;
const PATIENCE: u32 = 64;

/// Loads that nobody uses.
pub(super) type Loads = Vec<Box<Load>>;

/// What is to be done with a load.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Decide at this time, and forward it if it and all before it are plain.
    Decide(u64),
    /// Forward what was decided.
    Forward,
    /// Fail as a defect would.
    #[cfg(test)]
    Panic,
}

/// What to do, the place of the load in its round, the load, and the switch.
pub(super) type Task = (Step, usize, Box<Load>, Arc<Apart>);

enum Order {
    Work(Task),
    /// Give what was counted for an empty tally.
    Settle(Box<Tally>),
}

/// What comes back from a thread.
pub(super) enum Back {
    /// A load, forwarded or not.
    Load(usize, Box<Load>),
    /// What it has counted.
    Tally(Box<Tally>),
    /// It panicked; the load is lost.
    Panic(Box<dyn Any + Send>),
}

/// Which loads of a round are decided, a bit each: the order in which they may be forwarded.
#[derive(Debug, Default)]
pub(super) struct Line {
    plain: AtomicU64,
    odd: AtomicU64,
}

const _: () = assert!(ROUND <= u64::BITS as usize);

impl Line {
    fn decided(&self, place: usize, plain: bool) {
        let bits = if plain { &self.plain } else { &self.odd };
        bits.fetch_or(1 << place, Ordering::Relaxed);
    }

    /// Whether all before are plain; none where that is not known yet.
    fn is_free(&self, place: usize) -> Option<bool> {
        let before = (1 << place) - 1;
        if self.odd.load(Ordering::Relaxed) & before != 0 {
            return Some(false);
        }
        (self.plain.load(Ordering::Relaxed) & before == before).then_some(true)
    }
}

/// Where one worker works.
#[derive(Debug)]
pub(super) struct Desk {
    line: Arc<Line>,
    pub(super) tally: Box<Tally>,
    /// Loads that are decided and wait for those before them.
    waiting: Vec<(usize, Box<Load>, Arc<Apart>)>,
}

impl Desk {
    pub(super) fn new(line: Arc<Line>) -> Desk {
        Desk { line, tally: Box::default(), waiting: Vec::with_capacity(ROUND) }
    }

    /// Nothing is decided yet.
    pub(super) fn begin_round(&self) {
        self.line.plain.store(0, Ordering::Relaxed);
        self.line.odd.store(0, Ordering::Relaxed);
    }

    /// Works on a load, and on those that waited for it; `give` gets what is through, or can get no further here.
    pub(super) fn work(&mut self, (step, place, mut load, sw): Task, mut give: impl FnMut(usize, Box<Load>)) {
        match step {
            Step::Decide(now) => {
                load.decide(&sw.0, now);
                self.line.decided(place, load.is_plain());
                if load.is_plain() {
                    self.waiting.push((place, load, sw));
                    return self.look(&mut give);
                }
            }
            Step::Forward => load.forward(&sw.0, &mut self.tally),
            #[cfg(test)]
            Step::Panic => panic!("a defect"),
        }
        drop(sw);
        give(place, load);
        self.look(&mut give);
    }

    /// Forwards what has waited long enough.
    fn look(&mut self, give: &mut impl FnMut(usize, Box<Load>)) {
        let mut at = 0;
        while let Some(&(place, ..)) = self.waiting.get(at) {
            let Some(free) = self.line.is_free(place) else {
                at += 1;
                continue;
            };
            let (place, mut load, sw) = self.waiting.remove(at);
            if free {
                load.forward(&sw.0, &mut self.tally);
            }
            drop(sw);
            give(place, load);
        }
    }

    /// Looks a while for loads whose turn has come.
    fn linger(&mut self, mut give: impl FnMut(usize, Box<Load>)) {
        for _ in 0..LOOKS {
            if self.waiting.iter().any(|(place, ..)| self.line.is_free(*place).is_some()) {
                return self.look(&mut give);
            }
            std::hint::spin_loop();
        }
    }

    /// Gives what waits, forwarded or not.
    pub(super) fn give_up(&mut self, mut give: impl FnMut(usize, Box<Load>)) {
        self.look(&mut give);
        for (place, load, sw) in self.waiting.drain(..) {
            drop(sw);
            give(place, load);
        }
    }
}

/// A thread, as the caller sees it.
#[derive(Debug)]
struct Hand {
    orders: SyncSender<Order>,
    /// How many loads it has.
    has: usize,
    /// Whether it may have counted.
    counted: bool,
    /// What it counts in next.
    tally: Box<Tally>,
    spare: Loads,
}

/// The threads. Dropping it ends them.
#[derive(Default)]
pub(super) struct Crew {
    hands: Vec<Hand>,
    back: Option<Receiver<(usize, Back)>>,
    threads: Vec<JoinHandle<()>>,
    /// What a thread panicked with.
    pub(super) panic: Option<Box<dyn Any + Send>>,
}

impl std::fmt::Debug for Crew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crew").field("hands", &self.hands).finish_non_exhaustive()
    }
}

impl Crew {
    pub(super) fn new(threads: usize, line: &Arc<Line>) -> io::Result<Crew> {
        let (give, back) = sync_channel(threads * (AHEAD + 2));
        let mut crew = Crew::default();
        crew.back = Some(back);
        for n in 0..threads {
            let (orders, ordered) = sync_channel(AHEAD + 2);
            let (desk, give) = (Desk::new(line.clone()), give.clone());
            let name = format!("switch-sim-{}", n + 1);
            let serve = move || serve(desk, &ordered, |back| give.send((n, back)).is_ok());
            crew.threads.push(std::thread::Builder::new().name(name).spawn(serve)?);
            let (tally, spare) = (Box::default(), Vec::new());
            crew.hands.push(Hand { orders, has: 0, counted: false, tally, spare });
        }
        Ok(crew)
    }

    pub(super) fn threads(&self) -> usize {
        self.hands.len()
    }

    /// A thread that has fewer than `most` loads, one that has the fewest.
    pub(super) fn free(&self, most: usize) -> Option<usize> {
        let least = self.hands.iter().enumerate().min_by_key(|(_, hand)| hand.has)?;
        (least.1.has < most).then_some(least.0)
    }

    /// Gives a load to a thread.
    pub(super) fn give(&mut self, hand: usize, task: Task) {
        let hand = &mut self.hands[hand];
        hand.has += 1;
        hand.counted = true;
        // A thread lives as long as its channel.
        let _ = hand.orders.send(Order::Work(task));
    }

    /// How many loads a thread has.
    pub(super) fn has(&self, hand: usize) -> usize {
        self.hands[hand].has
    }

    /// Loads that were filled for a thread and nobody uses.
    pub(super) fn spare(&mut self, hand: usize) -> &mut Loads {
        &mut self.hands[hand].spare
    }

    /// A load that has come back, and its place.
    pub(super) fn look(&mut self) -> Option<(usize, Box<Load>)> {
        loop {
            let (hand, back) = self.back.as_ref()?.try_recv().ok()?;
            if let Some(load) = self.returned(hand, back) {
                return Some(load);
            }
        }
    }

    /// The load that comes back next; none when no thread has one.
    pub(super) fn wait(&mut self) -> Option<(usize, Box<Load>)> {
        while self.hands.iter().any(|hand| hand.has > 0) {
            let back = self.back.as_ref()?;
            let soon = (0..PATIENCE * LOOKS).find_map(|_| {
                std::hint::spin_loop();
                back.try_recv().ok()
            });
            let (hand, back) = match soon {
                Some(back) => back,
                None => back.recv().ok()?,
            };
            if let Some(load) = self.returned(hand, back) {
                return Some(load);
            }
        }
        None
    }

    fn returned(&mut self, hand: usize, back: Back) -> Option<(usize, Box<Load>)> {
        self.hands[hand].has -= 1;
        match back {
            Back::Load(place, load) => return Some((place, load)),
            Back::Panic(panic) => self.panic = Some(panic),
            Back::Tally(_) => {}
        }
        None
    }

    /// Shows `each` what the threads have counted.
    pub(super) fn settle(&mut self, mut each: impl FnMut(&mut Tally)) {
        let Some(back) = &self.back else { return };
        for hand in self.hands.iter_mut().filter(|hand| hand.counted) {
            hand.counted = false;
            let empty = std::mem::take(&mut hand.tally);
            let _ = hand.orders.send(Order::Settle(empty));
            if let Ok((_, Back::Tally(mut tally))) = back.recv() {
                each(&mut tally);
                hand.tally = tally;
            }
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.hands.clear();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// What a thread does, until its channel closes.
fn serve(mut desk: Desk, orders: &Receiver<Order>, give: impl Fn(Back) -> bool) {
    let load = |place, load| {
        give(Back::Load(place, load));
    };
    while let Some(order) = next(&mut desk, orders, load) {
        let task = match order {
            Order::Work(task) => task,
            Order::Settle(spare) => {
                give(Back::Tally(std::mem::replace(&mut desk.tally, spare)));
                continue;
            }
        };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| desk.work(task, load))) {
            give(Back::Panic(panic));
        }
    }
}

/// What a thread does next; until that comes it looks for loads that wait at its desk, then it sleeps.
fn next(desk: &mut Desk, orders: &Receiver<Order>, give: impl Fn(usize, Box<Load>)) -> Option<Order> {
    for _ in 0..PATIENCE {
        match orders.try_recv() {
            Ok(order) => return Some(order),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => desk.linger(&give),
        }
    }
    desk.give_up(give);
    orders.recv().ok()
}
