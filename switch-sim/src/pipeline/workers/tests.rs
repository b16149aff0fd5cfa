use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::Profile;
use crate::pipeline::Sent;
use crate::world::Clock;

fn load() -> Box<Load> {
    let mut load = Box::<Load>::default();
    load.fill(&mut [(0, &[0; 60][..])].into_iter(), None);
    load
}

#[test]
fn a_thread_s_panic_is_the_caller_s_and_ends_nothing_else() {
    let mut workers = Workers::new(NonZeroUsize::new(3).expect("three")).expect("threads");
    let mut sw = Shared::new(Switch::empty(1, Arc::new(Profile::default()), Clock::default()));
    workers.round = vec![None, None, None];
    workers.desk.begin_round();
    for (place, step) in [Step::Decide(1), Step::Panic, Step::Decide(1)].into_iter().enumerate() {
        workers.crew.give(place % 2, (step, place, load(), sw.lend()));
    }
    let panic = catch_unwind(AssertUnwindSafe(|| workers.gather())).expect_err("it comes here");
    assert_eq!(panic.downcast_ref(), Some(&"a defect"));
    workers.recall(&mut sw);
    sw.plane.balance.received = 0;
    let frames = [[0u8; 60]; 1000];
    workers.forward(&mut sw, 1, frames.iter().map(|frame| (0, &frame[..])), &mut Sent::default());
    assert_eq!((sw.plane.balance.received, sw.plane.balance.dropped), (1000, 1000));
}
