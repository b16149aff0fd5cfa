use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::Profile;
use crate::pipeline::Sent;
use crate::world::Clock;

fn load() -> Option<Box<Load>> {
    let mut load = Box::<Load>::default();
    load.receive(0, &[0; 60]);
    Some(load)
}

#[test]
fn a_thread_s_panic_is_the_caller_s_and_ends_nothing_else() {
    let mut workers = Workers::new(NonZeroUsize::new(3).expect("three")).expect("threads");
    let mut sw = Shared::new(Switch::empty(1, Arc::new(Profile::default()), Clock::default()));
    workers.round = vec![load(), load(), load()];
    workers.desk.begin_round();
    workers.share(0, Step::Decide(1), &sw);
    workers.share(1, Step::Panic, &sw);
    workers.share(2, Step::Decide(1), &sw);
    let panic = catch_unwind(AssertUnwindSafe(|| workers.gather())).expect_err("it comes here");
    assert_eq!(panic.downcast_ref(), Some(&"a defect"));
    workers.recall(&mut sw);
    sw.plane.balance.received = 0;
    let frames = [[0u8; 60]; 1000];
    workers.forward(&mut sw, 1, frames.iter().map(|frame| (0, &frame[..])), &mut Sent::default());
    assert_eq!((sw.plane.balance.received, sw.plane.balance.dropped), (1000, 1000));
}
