//! Several worker threads do what one thread does: the same frames, counters, stations and events.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::bed::*;
use super::express::{Net, frames, state};
use proptest::prelude::*;
use switch_sim::bridge::fdb;
use switch_sim::pipeline::{Sink, Workers};
use switch_sim::port::index;
use switch_sim::wire::PacketBuilder;

type Frame = (usize, Vec<u8>);

fn station(n: u8) -> [u8; 6] {
    [2, 0, 0, 0, 7, n]
}

fn workers(n: usize) -> Workers {
    Workers::new(NonZeroUsize::new(n).unwrap()).unwrap()
}

/// Frames that take the express lane: bridged with and without tags, by a LAG, routed.
fn plain(mac: [u8; 6]) -> Vec<Frame> {
    let udp =
        |eth: PacketBuilder, to: [u8; 4]| eth.ipv4([10, 7, 7, 7], to).udp(4000, 5000).pad_to(60).build();
    let eth = |from, to| PacketBuilder::ethernet(station(from), to);
    vec![
        (2, udp(eth(1, station(2)), [10, 8, 0, 1])),
        (3, udp(eth(2, station(1)), [10, 8, 0, 2])),
        (2, udp(eth(1, station(7)), [10, 8, 0, 3])),
        (4, udp(eth(4, station(3)).vlan(6), [10, 8, 0, 4])),
        (5, udp(eth(3, station(5)).vlan(6), [10, 8, 0, 5])),
        (0, udp(eth(101, mac), [10, 2, 0, 9])),
        (1, udp(eth(102, mac), [10, 3, 0, 9])),
        (1, udp(eth(102, mac), [10, 4, 0, 9])),
        (0, udp(eth(101, mac), [10, 2, 9, 9])),
    ]
}

/// Frames in one order: mostly plain ones, a random one after each `rare` of them, some of these from a station that
/// was not there, or stood elsewhere.
fn traffic(mac: [u8; 6], random: &[Frame], (seed, count, rare): (u64, usize, u64)) -> Vec<Frame> {
    let (plain, mut state) = (plain(mac), seed | 1);
    let mut draw = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % below
    };
    let one = |_| {
        if draw(rare as usize) > 0 {
            return plain[draw(plain.len())].clone();
        }
        let (port, mut frame) = random[draw(random.len())].clone();
        if draw(2) == 0 && frame.len() > 12 {
            frame[6..12].copy_from_slice(&station(draw(12) as u8));
        }
        (port, frame)
    };
    (0..count).map(one).collect()
}

impl Net {
    /// What left, and all that changed.
    fn forward(&self, frames: &[Frame], workers: &mut Workers) -> (Sent, Vec<String>) {
        let mut sent = Sent::default();
        let frames = frames.iter().map(|(port, frame)| (index(self.bed.ports[*port]), &frame[..]));
        let run = |sw: &mut switch_sim::switch::Shared| {
            workers.forward(sw, 1 << 20, frames, &mut sent);
            fdb::deliver(sw);
            let mut seen = state(sw);
            let (turns, groups) = (format!("{:?}", sw.lags), format!("{:?}", sw.router.groups));
            seen.extend([format!("{:?}", sw.plane), format!("{:?}", sw.events), turns, groups]);
            seen
        };
        let seen = self.bed.sim.with_shared(self.bed.switch, run).unwrap();
        (sent, seen)
    }
}

/// Where two texts begin to differ.
fn difference(a: &str, b: &str) -> String {
    let at = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let around =
        |s: &str| s.get(at.saturating_sub(300)..s.len().min(at + 100)).unwrap_or_default().to_owned();
    format!("{}\nand\n{}", around(a), around(b))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn workers_do_what_one_thread_does(
        random in frames(Net::new().mac),
        count in prop_oneof![1 => 1..300usize, 3 => 300..6000usize],
        seed in any::<u64>(),
        rare in prop_oneof![Just(3u64), Just(40), Just(400), Just(u64::MAX >> 1)],
    ) {
        let counts = [1, 2, 4];
        let nets = counts.map(|_| Net::new());
        let mut crews = counts.map(workers);
        let frames = traffic(nets[0].mac, &random, (seed, count, rare));
        let net_ports = nets[0].bed.ports.clone();
        let mut counters = Vec::new();
        for phase in 0..4 {
            match phase {
                0 => {}
                1 => nets.iter().for_each(Net::take_turns),
                2 => nets.iter().for_each(Net::mark),
                _ => counters = nets.iter().map(Net::permit).collect(),
            }
            let mut runs = nets.iter().zip(&mut crews).map(|(net, crew)| net.forward(&frames, crew));
            let (sent, seen) = runs.next().expect("one thread");
            for (sent_too, seen_too) in runs {
                for (a, b) in seen.iter().zip(&seen_too) {
                    prop_assert!(a == b, "{}", difference(a, b));
                }
                for port in net_ports.iter().map(|p| index(*p)) {
                    prop_assert!(sent.by(port) == sent_too.by(port), "port {}", port);
                }
                prop_assert_eq!(sent.0.len(), sent_too.0.len());
            }
            for (net, counters) in nets.iter().zip(&counters) {
                prop_assert_eq!(net.counts(counters), nets[0].counts(counters));
            }
        }
    }
}

/// A sink that fails at a frame.
struct Fails(usize);

impl Sink for Fails {
    fn transmit(&mut self, _: u16, _: &[u8], _: &[u8]) {
        self.0 -= 1;
        assert!(self.0 > 0, "no more");
    }
}

#[test]
fn a_switch_outlives_a_panic_among_its_workers() {
    let (net, mut crew) = (Net::new(), workers(3));
    let frames = traffic(net.mac, &[], (7, 3000, u64::MAX >> 1));
    let forward = |crew: &mut Workers, frames: &mut dyn Iterator<Item = &Frame>, sink: &mut Fails| {
        let frames = frames.map(|(port, frame)| (index(net.bed.ports[*port]), &frame[..]));
        let run = |sw: &mut switch_sim::switch::Shared| crew.forward(sw, 1, frames, sink);
        catch_unwind(AssertUnwindSafe(|| net.bed.sim.with_shared(net.bed.switch, run).unwrap()))
    };
    assert!(forward(&mut crew, &mut frames.iter(), &mut Fails(2000)).is_err(), "the sink fails");
    let mut until = frames.iter().enumerate().map(|(n, frame)| {
        assert!(n < 1000, "the source fails while threads work");
        frame
    });
    assert!(forward(&mut crew, &mut until, &mut Fails(usize::MAX)).is_err());
    let before = net.bed.sim.with_switch(net.bed.switch, |sw| sw.plane.balance.transmitted).unwrap();
    forward(&mut crew, &mut frames.iter(), &mut Fails(usize::MAX)).unwrap();
    let after = net.bed.sim.with_switch(net.bed.switch, |sw| sw.plane.balance.transmitted).unwrap();
    assert_eq!(after - before, 3000, "then all goes on");
}

#[test]
fn a_world_has_workers() {
    let run = |n| {
        let world = switch_sim::World::new(7);
        world.set_workers(NonZeroUsize::new(n).unwrap()).unwrap();
        let bed = Bed::in_world(&world);
        bed.send(1, &frame([0xff; 6], station(2)));
        let known = PacketBuilder::ethernet(station(1), station(2)).ipv4([10, 0, 0, 1], [10, 0, 0, 2]);
        let frames: Vec<Vec<u8>> = (0..2000).map(|n| known.clone().udp(n, 80).pad_to(60).build()).collect();
        world.inject_all(&bed.sim, bed.ports[0], frames.iter().map(|frame| &frame[..])).unwrap();
        let mut all = Vec::new();
        while let Some(frame) = world.receive(&bed.sim, bed.ports[1]).unwrap() {
            all.push(frame);
        }
        assert_eq!(all.len(), 2000);
        all
    };
    assert_eq!(run(1), run(2));
}
