//! Whatever a client sets and whatever comes in: the switch stays whole, packets balance, a vector does what its
//! packets do one by one, and the same calls give the same results.

use std::time::Duration;

use super::bed::*;
use super::full::{Change, Full};
use proptest::prelude::*;
use switch_sim::Timing;
use switch_sim::pipeline::Balance;
use switch_sim::wire::text;

/// Frames that meet in few stations, VLANs and networks, and bytes of no meaning.
fn frames() -> impl Strategy<Value = Vec<(usize, Vec<u8>)>> {
    let mac = || (0..14u8).prop_map(|n| if n > 11 { ALL } else { [2 + (n & 1), 0, 0, 0, 0, n] });
    let vid = || prop::sample::select(vec![0u16, 1, 10, 20, 40, 99]);
    let l2 = (mac(), mac(), vid(), any::<bool>(), 14..400usize).prop_map(|(d, s, vid, tag, len)| {
        let mut f = if tag { tagged(d, s, vid) } else { frame(d, s) };
        f.resize(len, 0x77);
        f
    });
    let texts = vec![
        "eth dst=02:00:00:00:00:01/ipv4 dst=10.1.2.3/udp",
        "eth dst=02:00:00:00:00:01/ipv4 dst=10.2.2.3/tcp",
        "eth dst=02:00:00:00:00:01/ipv4 dst=10.0.0.1/icmp",
        "eth dst=02:00:00:00:00:01/ipv4 dst=10.0.0.9 ttl=1/udp",
        "eth dst=02:00:00:00:00:01/vlan vid=40/ipv4 dst=10.1.2.3/udp",
        "eth dst=02:00:00:00:00:01/ipv6 dst=2001:db8::9/udp",
        "eth/arp",
        "eth/lldp",
        "eth/lacp",
        "eth/pause",
        "eth dst=01:00:5e:01:01:01/ipv4 dst=239.1.1.1/udp",
        "eth dst=33:33:00:00:00:09/ipv6 dst=ff0e::9/udp",
        "eth/qinq vid=10/vlan vid=5/ipv4/udp",
    ];
    let l3 = (prop::sample::select(texts), mac(), 0..900usize).prop_map(|(t, source, pad)| {
        let mut f = text::parse(t).unwrap();
        f[6..12].copy_from_slice(&source);
        f.resize(f.len().max(pad), 0);
        f
    });
    let bytes = prop::collection::vec(any::<u8>(), 0..120);
    prop::collection::vec((0..8usize, prop_oneof![4 => l2, 4 => l3, 1 => bytes]), 1..70)
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec(any::<Change>(), 0..60)
}

/// Configures a switch by the changes and runs the frames in vectors of up to `size`; answers what left, what became
/// of all, and the FDB.
fn run(changes: &[Change], frames: &[(usize, Vec<u8>)], size: usize) -> (Sent, Balance, Vec<(u64, u16)>) {
    let full = Full::new(Timing::Ideal);
    let objects = full.objects();
    changes.iter().for_each(|c| full.change(&objects, *c));
    super::bed::run(&full.bed, frames, size)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_vector_does_what_its_packets_do_one_by_one(
        changes in changes(), frames in frames(), size in 2..65usize,
    ) {
        let (one, one_balance, one_fdb) = run(&changes, &frames, 1);
        let (many, many_balance, many_fdb) = run(&changes, &frames, size);
        prop_assert!(one_balance.holds() && many_balance.holds(), "{:?} {:?}", one_balance, many_balance);
        prop_assert_eq!(one_balance, many_balance);
        prop_assert_eq!(one_fdb, many_fdb);
        for port in 0..16 {
            prop_assert_eq!(one.by(port), many.by(port), "port {}", port);
        }
    }

    /// Sets, frames, frames of the host and time, in any order.
    #[test]
    fn packets_balance_and_the_switch_stays_whole(
        steps in prop::collection::vec((any::<Change>(), frames(), 0..4usize, 0..2_000_000u64), 1..8),
        wire in any::<bool>(),
    ) {
        let full = Full::new(if wire { Timing::Wire } else { Timing::Ideal });
        let objects = full.objects();
        let bed = &full.bed;
        for (change, frames, host, time) in steps {
            full.change(&objects, change);
            for (n, (port, frame)) in frames.iter().enumerate() {
                if n % 4 == host {
                    let _ = bed.host_send(full.netdevs[n % full.netdevs.len()], frame);
                }
                bed.inject(*port, frame);
            }
            bed.wait(Duration::from_nanos(time));
            // It holds the balance to account, too.
            bed.sent();
            bed.sim.with_switch(bed.switch, |sw| sw.audit()).unwrap().unwrap();
        }
        bed.advance(1);
        bed.sent();
        let balance = bed.sim.with_switch(bed.switch, |sw| sw.plane.balance).unwrap();
        prop_assert_eq!(balance.queued, 0, "nothing waits for good");
    }

    #[test]
    fn the_same_calls_give_the_same_frames_and_traces(changes in changes(), frames in frames()) {
        let once = || {
            let full = Full::new(Timing::Wire);
            let objects = full.objects();
            changes.iter().for_each(|c| full.change(&objects, *c));
            let bed = &full.bed;
            let mut traces = String::new();
            for (port, frame) in &frames {
                let trace = bed.trace(*port, frame);
                traces += &serde_json::to_string(&trace).unwrap();
                bed.wait(Duration::from_nanos(700));
            }
            bed.advance(1);
            (bed.sent(), traces)
        };
        prop_assert_eq!(once(), once());
    }
}
