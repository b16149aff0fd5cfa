//! Each statistic that the switch says it counts, moved by packets: exactly those that a case names, by exactly what
//! it says, and no other statistic of any object that is watched.

use std::collections::{BTreeMap, BTreeSet};

use super::bed::*;
use sai::bridge_port::Stat as BridgePort;
use sai::port::Stat as Port;
use sai::queue::Stat as Queue;
use sai::router_interface::{self as rif, Stat as Rif};
use sai::vlan::Stat as Vlan;
use sai::{
    Answer, MacAddr, ObjectId, ObjectRef, ObjectType, Query, StatsOp, Target, Value, bridge_port,
    hostif_trap as trap, hostif_trap_group as group, port, switch,
};
use switch_sim::Timing;
use switch_sim::warm::Keys;
use switch_sim::wire::ethernet::MAC_CONTROL_ADDRESS;
use switch_sim::wire::{PacketBuilder, text};

/// Statistics of an object, by position in [`Watch::objects`], number and what they moved by.
type Moves = BTreeMap<(usize, u32), i64>;

struct Watch<'a> {
    bed: &'a Bed,
    objects: Vec<(ObjectType, ObjectId)>,
    moved: std::cell::RefCell<BTreeSet<(i32, u32)>>,
}

impl Watch<'_> {
    fn new<'a>(bed: &'a Bed, objects: &[(ObjectType, ObjectId)]) -> Watch<'a> {
        Watch { bed, objects: objects.to_vec(), moved: Default::default() }
    }

    fn counted(&self, ty: ObjectType) -> Vec<u32> {
        match self.bed.backend().query(self.bed.switch, Query::StatsCapability(ty)).unwrap() {
            Answer::StatsCapability(all) => all.into_iter().map(|s| s.stat).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn read(&self) -> Moves {
        let mut all = Moves::new();
        for (n, (ty, id)) in self.objects.iter().enumerate() {
            let stats = self.counted(*ty);
            let mut values = vec![0; stats.len()];
            self.bed
                .backend()
                .stats(&ObjectRef::Object(*ty, *id), &stats, StatsOp::Read, &mut values)
                .unwrap();
            all.extend(stats.into_iter().zip(values).map(|(stat, value)| ((n, stat), value as i64)));
        }
        all
    }

    /// Does something and holds what moves to what is expected.
    fn case(&self, name: &str, act: impl FnOnce(), expected: &[(usize, Vec<(i32, i64)>)]) {
        let before = self.read();
        act();
        let moves: Moves = self
            .read()
            .into_iter()
            .map(|(key, now)| (key, now - before[&key]))
            .filter(|(_, by)| *by != 0)
            .collect();
        let mut wanted = Moves::new();
        for (object, stats) in expected {
            for (stat, by) in stats {
                *wanted.entry((*object, *stat as u32)).or_default() += by;
            }
        }
        wanted.retain(|_, by| *by != 0);
        let named = |m: &Moves| -> Vec<String> {
            m.iter().map(|((n, s), by)| format!("{n} {}: {by}", self.name(*n, *s))).collect()
        };
        assert_eq!(named(&moves), named(&wanted), "{name}");
        self.moved.borrow_mut().extend(moves.keys().map(|(n, s)| (self.objects[*n].0.0, *s)));
    }

    fn name(&self, object: usize, stat: u32) -> String {
        let meta = sai::meta::object(self.objects[object].0).unwrap();
        meta.stat(stat).map_or_else(|| stat.to_string(), |s| s.name.to_owned())
    }

    /// Every statistic of a type that is said to be counted has moved.
    fn all_moved(&self, ty: ObjectType) {
        let moved = self.moved.borrow();
        let at = self.objects.iter().position(|o| o.0 == ty).unwrap();
        let still = self.counted(ty).into_iter().filter(|s| !moved.contains(&(ty.0, *s)));
        // Debug counters, WRED and colors, and what flow control sends have tests of their own.
        const ELSEWHERE: &[&str] = &[
            "CONFIGURED_DROP_REASONS",
            "WRED",
            "ECN_MARKED",
            "QUEUE_STAT_YELLOW",
            "QUEUE_STAT_RED",
            "_TX_PKTS",
        ];
        let elsewhere = |name: &String| ELSEWHERE.iter().any(|part| name.contains(part));
        let still: Vec<String> = still.map(|s| self.name(at, s)).filter(|name| !elsewhere(name)).collect();
        assert!(still.is_empty(), "never seen moving: {still:#?}");
    }
}

/// The bins of a direction (`IN`, `OUT`) or of both (`STATS`) that a frame of this size counts in, by name.
fn bins(family: &str, size: i64) -> Vec<(i32, i64)> {
    sai::meta::object(ObjectType::PORT)
        .unwrap()
        .stats
        .unwrap()
        .values
        .iter()
        .filter_map(|s| {
            let range = s.name.strip_prefix("SAI_PORT_STAT_ETHER_")?.strip_prefix(family)?;
            let range = range.strip_prefix("_PKTS_")?.strip_suffix("_OCTETS")?;
            let (low, high) = range.split_once("_TO_").unwrap_or((range, range));
            let within = (low.parse().ok()?..=high.parse::<i64>().ok()?).contains(&size);
            within.then_some((s.value, 1))
        })
        .collect()
}

/// What a port counts of a frame that it receives: its size on the wire, and class (0 unicast, 1 multicast, 2
/// broadcast).
fn received(size: i64, class: usize) -> Vec<(i32, i64)> {
    let mut all = vec![
        (Port::IF_IN_OCTETS.0, size),
        (Port::ETHER_STATS_OCTETS.0, size),
        (Port::ETHER_STATS_PKTS.0, 1),
        (Port::ETHER_STATS_RX_NO_ERRORS.0, 1),
    ];
    all.extend(match class {
        0 => vec![(Port::IF_IN_UCAST_PKTS.0, 1)],
        1 => vec![
            (Port::IF_IN_NON_UCAST_PKTS.0, 1),
            (Port::IF_IN_MULTICAST_PKTS.0, 1),
            (Port::ETHER_STATS_MULTICAST_PKTS.0, 1),
        ],
        _ => vec![
            (Port::IF_IN_NON_UCAST_PKTS.0, 1),
            (Port::IF_IN_BROADCAST_PKTS.0, 1),
            (Port::ETHER_STATS_BROADCAST_PKTS.0, 1),
        ],
    });
    [all, bins("IN", size), bins("STATS", size)].concat()
}

/// What a port counts of a frame that it sends.
fn transmitted(size: i64, class: usize) -> Vec<(i32, i64)> {
    let mut all = vec![
        (Port::IF_OUT_OCTETS.0, size),
        (Port::ETHER_STATS_OCTETS.0, size),
        (Port::ETHER_STATS_PKTS.0, 1),
        (Port::ETHER_STATS_TX_NO_ERRORS.0, 1),
    ];
    all.extend(match class {
        0 => vec![(Port::IF_OUT_UCAST_PKTS.0, 1)],
        1 => vec![
            (Port::IF_OUT_NON_UCAST_PKTS.0, 1),
            (Port::IF_OUT_MULTICAST_PKTS.0, 1),
            (Port::ETHER_STATS_MULTICAST_PKTS.0, 1),
        ],
        _ => vec![
            (Port::IF_OUT_NON_UCAST_PKTS.0, 1),
            (Port::IF_OUT_BROADCAST_PKTS.0, 1),
            (Port::ETHER_STATS_BROADCAST_PKTS.0, 1),
        ],
    });
    [all, bins("OUT", size), bins("STATS", size)].concat()
}

fn discarded_in() -> Vec<(i32, i64)> {
    vec![(Port::IF_IN_DISCARDS.0, 1), (Port::IN_DROPPED_PKTS.0, 1)]
}

fn discarded_out() -> Vec<(i32, i64)> {
    vec![(Port::IF_OUT_DISCARDS.0, 1), (Port::OUT_DROPPED_PKTS.0, 1)]
}

fn packet(text: &str) -> Vec<u8> {
    text::parse(&format!("eth src=02:00:00:00:00:0a {text} pad=60")).unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// A switch whose VLAN 1 is left with the ports 0 and 1, B behind port 1; and 10.5.0.0/16 behind port 5.
fn bed() -> Bed {
    let mut profile = eight_ports();
    profile.timing = Timing::Wire;
    profile.chip.queue_size = 640;
    let bed = Bed::with(profile, Keys::default());
    for n in 2..8 {
        bed.free_port(n);
    }
    for n in [0, 1] {
        bed.set(ObjectType::PORT, bed.ports[n], port::MTU.id(), Value::U32(10_240));
        bed.send(n, &if n == 0 { frame(B, A) } else { frame(A, B) });
    }
    let of = |a| bed.get(ObjectType::SWITCH, bed.switch, a);
    let vr = attr(rif::VIRTUAL_ROUTER_ID.id(), of(switch::DEFAULT_VIRTUAL_ROUTER_ID.id()));
    let kind = |ty: rif::Type| attr(rif::TYPE.id(), Value::I32(ty.0));
    bed.create(
        ObjectType::ROUTER_INTERFACE,
        &[vr.clone(), kind(rif::Type::VLAN), attr(rif::VLAN_ID.id(), Value::Oid(bed.vlan1))],
    );
    let out = bed.create(
        ObjectType::ROUTER_INTERFACE,
        &[vr, kind(rif::Type::PORT), attr(rif::PORT_ID.id(), Value::Oid(bed.ports[5]))],
    );
    for ip in [std::net::IpAddr::from([10, 5, 0, 2]), "2001:db8:5::2".parse().unwrap()] {
        let neighbor = sai::entry::NeighborEntry { switch_id: bed.switch, rif_id: out, ip_address: ip };
        let mac = attr(sai::neighbor_entry::DST_MAC_ADDRESS.id(), Value::Mac(MacAddr(B)));
        bed.backend().create(bed.switch, Target::Entry(&neighbor.into()), &[mac]).unwrap();
    }
    idle(&bed);
    bed
}

/// Lets all that waits leave.
fn idle(bed: &Bed) {
    bed.advance(1);
    bed.sent();
}

fn router_mac(bed: &Bed) -> String {
    match bed.get(ObjectType::SWITCH, bed.switch, switch::SRC_MAC_ADDRESS.id()) {
        Value::Mac(mac) => mac.to_string(),
        other => panic!("{other:?}"),
    }
}

fn rif_on(bed: &Bed, ty: rif::Type) -> ObjectId {
    let all = match bed.backend().query(bed.switch, Query::ObjectKeys(ObjectType::ROUTER_INTERFACE)).unwrap()
    {
        Answer::ObjectKeys(all) => all,
        other => panic!("{other:?}"),
    };
    let mut ids = all.into_iter().filter_map(|o| o.oid());
    ids.find(|id| bed.get(ObjectType::ROUTER_INTERFACE, *id, rif::TYPE.id()) == Value::I32(ty.0)).unwrap()
}

/// Acts: SAI_PORT_ATTR_MTU.
#[test]
fn ports_count_sizes_classes_and_discards_by_cause() {
    needs!(Profile, Clock);
    let bed = bed();
    let watch = Watch::new(&bed, &[0, 1, 5].map(|n| (ObjectType::PORT, bed.ports[n])));
    let (from, to, out) = (0, 1, 2);
    let act = |f: &[u8]| {
        bed.send(0, f);
        idle(&bed);
    };
    let sizes =
        [64, 65, 127, 128, 255, 256, 511, 512, 1023, 1024, 1518, 1519, 2047, 2048, 2500, 2501, 4095, 4096];
    for size in sizes.into_iter().chain([9000, 9001, 9216, 9217, 10_244]) {
        let mut f = frame(B, A);
        f.resize(size as usize - 4, 0);
        let name = format!("{size} bytes");
        watch.case(&name, || act(&f), &[(from, received(size, 0)), (to, transmitted(size, 0))]);
    }
    watch.case(
        "a short one is padded",
        || act(&frame(B, A)[..20]),
        &[(from, received(64, 0)), (to, transmitted(64, 0))],
    );
    for (class, dst) in [(1, [1, 0, 0x5E, 9, 9, 9]), (2, ALL)] {
        let expected = [(from, received(64, class)), (to, transmitted(64, class))];
        watch.case("a group", || act(&frame(dst, A)), &expected);
    }

    // IP, by family, with its own length.
    let ip = [
        ("dst=02:00:00:00:00:0b/ipv4/udp/payload zeros=2", 0, 30, false),
        ("dst=01:00:5e:01:01:01/ipv4 dst=239.1.1.1/udp/payload zeros=2", 1, 30, false),
        ("dst=02:00:00:00:00:0b/ipv6/udp/payload zeros=2", 0, 50, true),
        ("dst=33:33:00:00:00:09/ipv6 dst=ff0e::9/udp/payload zeros=2", 1, 50, true),
    ];
    for (text, class, len, six) in ip {
        let f = packet(text);
        let size = f.len() as i64 + 4;
        let (mut rx, mut tx) = (received(size, class), transmitted(size, class));
        if six {
            rx.extend([(Port::IPV6_IN_RECEIVES.0, 1), (Port::IPV6_IN_OCTETS.0, len)]);
            tx.push((Port::IPV6_OUT_OCTETS.0, len));
            if class == 0 {
                rx.push((Port::IPV6_IN_UCAST_PKTS.0, 1));
                tx.push((Port::IPV6_OUT_UCAST_PKTS.0, 1));
            } else {
                rx.extend([(Port::IPV6_IN_NON_UCAST_PKTS.0, 1), (Port::IPV6_IN_MCAST_PKTS.0, 1)]);
                tx.extend([(Port::IPV6_OUT_NON_UCAST_PKTS.0, 1), (Port::IPV6_OUT_MCAST_PKTS.0, 1)]);
            }
        } else {
            rx.extend([(Port::IP_IN_RECEIVES.0, 1), (Port::IP_IN_OCTETS.0, len)]);
            tx.push((Port::IP_OUT_OCTETS.0, len));
            let (i, o) = if class == 0 {
                (Port::IP_IN_UCAST_PKTS, Port::IP_OUT_UCAST_PKTS)
            } else {
                (Port::IP_IN_NON_UCAST_PKTS, Port::IP_OUT_NON_UCAST_PKTS)
            };
            rx.push((i.0, 1));
            tx.push((o.0, 1));
        }
        watch.case(text, || act(&f), &[(from, rx), (to, tx)]);
    }

    // Discards on the way in.
    let vlan = [received(68, 2), discarded_in(), vec![(Port::IF_IN_VLAN_DISCARDS.0, 1)]].concat();
    watch.case("a VLAN that is not there", || act(&tagged(ALL, A, 77)), &[(from, vlan)]);
    let broken =
        [received(64, 0), vec![(Port::ETHER_STATS_RX_NO_ERRORS.0, -1), (Port::IF_IN_ERRORS.0, 1)]].concat();
    watch.case("no Ethernet header", || act(&[2, 0, 0, 0, 0, 0xB]), &[(from, broken)]);
    let pause = [received(64, 1), vec![(Port::PAUSE_RX_PKTS.0, 1)]].concat();
    watch.case("PAUSE", || act(&packet("/pause")), &[(from, pause)]);
    let pfc = |named: u8| {
        let times = std::array::from_fn(|n| (named >> n & 1 != 0).then_some(0xffff));
        PacketBuilder::ethernet(A, MAC_CONTROL_ADDRESS).pfc(times).pad_to(60).build()
    };
    let stats = [
        [Port::PFC_0_RX_PKTS, Port::PFC_2_RX_PKTS, Port::PFC_5_RX_PKTS, Port::PFC_7_RX_PKTS],
        [Port::PFC_1_RX_PKTS, Port::PFC_3_RX_PKTS, Port::PFC_4_RX_PKTS, Port::PFC_6_RX_PKTS],
    ];
    for (named, stats) in [0b1010_0101, 0b0101_1010].into_iter().zip(stats) {
        let counted = [received(64, 1), stats.map(|s| (s.0, 1)).to_vec()].concat();
        watch.case("PFC", || act(&pfc(named)), &[(from, counted)]);
    }
    let mut other = pfc(0xff);
    other[14..16].copy_from_slice(&[0, 9]);
    watch.case("another MAC control", || act(&other), &[(from, received(64, 1))]);
    bed.set(ObjectType::PORT, bed.ports[0], port::MTU.id(), Value::U32(1000));
    let mut long = frame(B, A);
    long.resize(1001, 0);
    let oversize = [(Port::ETHER_RX_OVERSIZE_PKTS.0, 1), (Port::ETHER_STATS_OVERSIZE_PKTS.0, 1)];
    let expected = [received(1005, 0), discarded_in(), oversize.to_vec()].concat();
    watch.case("longer than the MTU", || act(&long), &[(from, expected)]);
    long.truncate(1000);
    watch.case("as long", || act(&long), &[(from, received(1004, 0)), (to, transmitted(1004, 0))]);
    // And on the way out.
    bed.set(ObjectType::PORT, bed.ports[1], port::MTU.id(), Value::U32(999));
    let oversize = [(Port::ETHER_TX_OVERSIZE_PKTS.0, 1), (Port::ETHER_STATS_OVERSIZE_PKTS.0, 1)];
    let expected = [(from, received(1004, 0)), (to, [discarded_out(), oversize.to_vec()].concat())];
    watch.case("longer than the MTU out", || act(&long), &expected);

    // The router's.
    let me = router_mac(&bed);
    for (text, six) in [("/ipv4 dst=10.66.0.1", false), ("/ipv6 dst=2001:db8:66::1", true)] {
        let f = packet(&format!("dst={me} {text}"));
        let mut rx = [received(64, 0), discarded_in()].concat();
        rx.extend(if six {
            [
                (Port::IPV6_IN_RECEIVES.0, 1),
                (Port::IPV6_IN_OCTETS.0, 40),
                (Port::IPV6_IN_UCAST_PKTS.0, 1),
                (Port::IPV6_IN_DISCARDS.0, 1),
            ]
        } else {
            [
                (Port::IP_IN_RECEIVES.0, 1),
                (Port::IP_IN_OCTETS.0, 20),
                (Port::IP_IN_UCAST_PKTS.0, 1),
                (Port::IP_IN_DISCARDS.0, 1),
            ]
        });
        watch.case(text, || act(&f), &[(from, rx)]);
    }
    bed.set(ObjectType::PORT, bed.ports[5], port::ADMIN_STATE.id(), Value::Bool(false));
    for (text, six) in [("/ipv4 dst=10.5.0.2", false), ("/ipv6 dst=2001:db8:5::2", true)] {
        let f = packet(&format!("dst={me} {text}"));
        let mut rx = received(64, 0);
        rx.extend(if six {
            [(Port::IPV6_IN_RECEIVES.0, 1), (Port::IPV6_IN_OCTETS.0, 40), (Port::IPV6_IN_UCAST_PKTS.0, 1)]
        } else {
            [(Port::IP_IN_RECEIVES.0, 1), (Port::IP_IN_OCTETS.0, 20), (Port::IP_IN_UCAST_PKTS.0, 1)]
        });
        let stat = if six { Port::IPV6_OUT_DISCARDS.0 } else { Port::IP_OUT_DISCARDS.0 };
        let expected = [(from, rx), (out, [discarded_out(), vec![(stat, 1)]].concat())];
        watch.case("out of a port that is down", || act(&f), &expected);
    }

    // What waits, at 1 Gbit/s, and what finds the queue of 640 bytes full.
    bed.set(ObjectType::PORT, bed.ports[1], port::SPEED.id(), Value::U32(1_000));
    let many = |n: i64, of: Vec<(i32, i64)>| of.into_iter().map(|(s, by)| (s, by * n)).collect::<Vec<_>>();
    let waiting = vec![
        (Port::IF_OUT_QLEN.0, 10),
        (Port::OUT_CURR_OCCUPANCY_BYTES.0, 640),
        (Port::OUT_SHARED_CURR_OCCUPANCY_BYTES.0, 640),
        (Port::OUT_WATERMARK_BYTES.0, 640),
        (Port::OUT_SHARED_WATERMARK_BYTES.0, 640),
        (Port::ETHER_STATS_DROP_EVENTS.0, 1),
    ];
    let burst = || (0..12).for_each(|_| bed.inject(0, &frame(B, A)));
    let expected =
        [(from, many(12, received(64, 0))), (to, [transmitted(64, 0), waiting, discarded_out()].concat())];
    watch.case("twelve at once", burst, &expected);
    watch.all_moved(ObjectType::PORT);
}

#[test]
fn vlans_bridge_ports_and_interfaces_count_what_passes_them() {
    needs!(Profile, Clock);
    let bed = bed();
    let (in_rif, out_rif) = (rif_on(&bed, rif::Type::VLAN), rif_on(&bed, rif::Type::PORT));
    let watch = Watch::new(
        &bed,
        &[
            (ObjectType::VLAN, bed.vlan1),
            (ObjectType::BRIDGE_PORT, bed.bridge_ports[0]),
            (ObjectType::BRIDGE_PORT, bed.bridge_ports[1]),
            (ObjectType::ROUTER_INTERFACE, in_rif),
            (ObjectType::ROUTER_INTERFACE, out_rif),
        ],
    );
    let [vlan, from, to, rif_in, rif_out] = [0, 1, 2, 3, 4];
    let act = |f: &[u8]| {
        bed.send(0, f);
        idle(&bed);
    };
    let of_vlan = |octets: i64, group: bool, out: bool| {
        let (i, o) = if group {
            (Vlan::IN_NON_UCAST_PKTS, Vlan::OUT_NON_UCAST_PKTS)
        } else {
            (Vlan::IN_UCAST_PKTS, Vlan::OUT_UCAST_PKTS)
        };
        let mut all = vec![(Vlan::IN_OCTETS.0, octets), (Vlan::IN_PACKETS.0, 1), (i.0, 1)];
        if out {
            all.extend([(Vlan::OUT_OCTETS.0, octets), (Vlan::OUT_PACKETS.0, 1), (o.0, 1)]);
        }
        all
    };
    let bp_in = |octets| vec![(BridgePort::IN_OCTETS.0, octets), (BridgePort::IN_PACKETS.0, 1)];
    let of_rif = |octets| vec![(Rif::OUT_OCTETS.0, octets), (Rif::OUT_PACKETS.0, 1)];
    let bp_out = |octets| vec![(BridgePort::OUT_OCTETS.0, octets), (BridgePort::OUT_PACKETS.0, 1)];
    for (dst, group) in [(B, false), (ALL, true)] {
        let expected = [(vlan, of_vlan(64, group, true)), (from, bp_in(64)), (to, bp_out(64))];
        watch.case("bridged", || act(&frame(dst, A)), &expected);
    }
    // Dropped by the VLAN: on its way in, and on its way out.
    let dropped = [(vlan, vec![(Vlan::IN_DISCARDS.0, 1)])];
    watch.case("a source that is a group", || act(&frame(B, [3, 0, 0, 0, 0, 1])), &dropped);
    let member = bed.members_of(1)[0];
    let mute = |on| bed.set(ObjectType::VLAN_MEMBER, member, sai::vlan_member::TX_DROP.id(), Value::Bool(on));
    mute(true);
    let expected =
        [(vlan, [of_vlan(64, false, false), vec![(Vlan::OUT_DISCARDS.0, 1)]].concat()), (from, bp_in(64))];
    watch.case("a member that is mute", || act(&frame(B, A)), &expected);
    mute(false);
    // Routed: in by the VLAN's interface, out by the port's.
    let me = router_mac(&bed);
    let routed = packet(&format!("dst={me}/ipv4 dst=10.5.0.2"));
    let expected = [
        (vlan, of_vlan(64, false, false)),
        (from, bp_in(64)),
        (rif_in, vec![(Rif::IN_OCTETS.0, 64), (Rif::IN_PACKETS.0, 1)]),
        (rif_out, of_rif(64)),
    ];
    watch.case("routed", || act(&routed), &expected);
    let lost = packet(&format!("dst={me}/ipv4 dst=10.66.0.1"));
    let errors = vec![
        (Rif::IN_OCTETS.0, 64),
        (Rif::IN_PACKETS.0, 1),
        (Rif::IN_ERROR_OCTETS.0, 64),
        (Rif::IN_ERROR_PACKETS.0, 1),
    ];
    let in_vlan = [of_vlan(64, false, false), vec![(Vlan::IN_DISCARDS.0, 1)]].concat();
    watch.case("without a route", || act(&lost), &[(vlan, in_vlan), (from, bp_in(64)), (rif_in, errors)]);
    // Routed, and nothing can leave.
    let last = bed.get(ObjectType::ROUTER_INTERFACE, out_rif, rif::PORT_ID.id());
    let last = last.as_oid().expect("a port");
    bed.set(ObjectType::PORT, last, port::PKT_TX_ENABLE.id(), Value::Bool(false));
    let expected = [
        (vlan, of_vlan(64, false, false)),
        (from, bp_in(64)),
        (rif_in, vec![(Rif::IN_OCTETS.0, 64), (Rif::IN_PACKETS.0, 1)]),
        (rif_out, [of_rif(64), vec![(Rif::OUT_ERROR_OCTETS.0, 64), (Rif::OUT_ERROR_PACKETS.0, 1)]].concat()),
    ];
    watch.case("out of a port that does not transmit", || act(&routed), &expected);
    for ty in [ObjectType::VLAN, ObjectType::BRIDGE_PORT, ObjectType::ROUTER_INTERFACE] {
        watch.all_moved(ty);
    }
}

#[test]
fn bridges_count_what_passes_them() {
    needs!(Profile, Clock);
    use sai::bridge::{self, Stat};
    let bed = bed();
    let kind = attr(bridge::TYPE.id(), Value::I32(bridge::Type::TYPE_1D.0));
    let id = bed.create(ObjectType::BRIDGE, &[kind]);
    for n in [2, 3] {
        bed.create(
            ObjectType::BRIDGE_PORT,
            &[
                attr(bridge_port::TYPE.id(), Value::I32(bridge_port::Type::PORT.0)),
                attr(bridge_port::PORT_ID.id(), Value::Oid(bed.ports[n])),
                attr(bridge_port::BRIDGE_ID.id(), Value::Oid(id)),
                attr(bridge_port::ADMIN_STATE.id(), Value::Bool(true)),
            ],
        );
    }
    let watch = Watch::new(&bed, &[(ObjectType::BRIDGE, id)]);
    let moves = vec![
        (Stat::IN_OCTETS.0, 64),
        (Stat::IN_PACKETS.0, 1),
        (Stat::OUT_OCTETS.0, 64),
        (Stat::OUT_PACKETS.0, 1),
    ];
    watch.case("flooded", || drop(bed.send(2, &frame(ALL, A))), &[(0, moves)]);
    watch.all_moved(ObjectType::BRIDGE);
}

#[test]
fn queues_and_the_cpu_port_count_what_they_send_and_lose() {
    needs!(Profile, Clock);
    let bed = bed();
    let cpu = bed.get(ObjectType::SWITCH, bed.switch, switch::CPU_PORT.id()).as_oid().unwrap();
    bed.set(ObjectType::PORT, bed.ports[1], port::SPEED.id(), Value::U32(1_000));
    let watch = Watch::new(
        &bed,
        &[
            (ObjectType::QUEUE, bed.queue(bed.ports[1], 0)),
            (ObjectType::QUEUE, bed.queue(bed.ports[1], 10)),
            (ObjectType::QUEUE, bed.cpu_queue(0)),
            (ObjectType::QUEUE, bed.cpu_queue(4)),
            (ObjectType::PORT, cpu),
        ],
    );
    let [unicast, multicast, cpu_0, cpu_4, cpu_port] = [0, 1, 2, 3, 4];
    let sent = |n: i64| vec![(Queue::PACKETS.0, n), (Queue::BYTES.0, 64 * n)];
    watch.case("one to a station", || drop(bed.send(0, &frame(B, A))), &[(unicast, sent(1))]);
    idle(&bed);
    watch.case("one to all", || drop(bed.send(0, &frame(ALL, A))), &[(multicast, sent(1))]);
    idle(&bed);
    let burst = || (0..13).for_each(|_| bed.inject(0, &frame(B, A)));
    let full = vec![
        (Queue::DROPPED_PACKETS.0, 2),
        (Queue::DROPPED_BYTES.0, 128),
        (Queue::GREEN_DROPPED_PACKETS.0, 2),
        (Queue::GREEN_DROPPED_BYTES.0, 128),
        (Queue::CURR_OCCUPANCY_BYTES.0, 640),
        (Queue::SHARED_CURR_OCCUPANCY_BYTES.0, 640),
        (Queue::WATERMARK_BYTES.0, 640),
        (Queue::SHARED_WATERMARK_BYTES.0, 640),
    ];
    watch.case("thirteen at once", burst, &[(unicast, [sent(1), full].concat())]);
    let drained = vec![
        (Queue::CURR_OCCUPANCY_BYTES.0, -640),
        (Queue::SHARED_CURR_OCCUPANCY_BYTES.0, -640),
        (Queue::DELAY_WATERMARK_NS.0, 10 * 672),
    ];
    watch.case("the rest", || idle(&bed), &[(unicast, [sent(10), drained].concat())]);
    // The CPU's queues, by group.
    let queue = attr(group::QUEUE.id(), Value::U32(4));
    let in_group =
        attr(trap::TRAP_GROUP.id(), Value::Oid(bed.create(ObjectType::HOSTIF_TRAP_GROUP, &[queue])));
    let copy = Value::I32(sai::types::PacketAction::TRAP.0);
    for (ty, more) in [(trap::Type::LLDP, vec![in_group]), (trap::Type::EAPOL, vec![])] {
        let attrs =
            [attr(trap::TRAP_TYPE.id(), Value::I32(ty.0)), attr(trap::PACKET_ACTION.id(), copy.clone())];
        bed.create(ObjectType::HOSTIF_TRAP, &[&attrs[..], &more].concat());
    }
    let to_cpu = transmitted(64, 1);
    watch.case(
        "LLDP",
        || drop(bed.send(0, &packet("/lldp"))),
        &[(cpu_4, sent(1)), (cpu_port, to_cpu.clone())],
    );
    let eapol = packet("dst=01:80:c2:00:00:03 type=0x888e");
    watch.case("EAPOL", || drop(bed.send(0, &eapol)), &[(cpu_0, sent(1)), (cpu_port, to_cpu)]);
    watch.all_moved(ObjectType::QUEUE);
}
