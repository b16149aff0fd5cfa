//! Whatever a client sets and whatever comes in: the switch stays whole, packets balance, a vector does what its
//! packets do one by one, and the same calls give the same results.

use std::time::Duration;

use super::bed::*;
use proptest::prelude::*;
use sai::meta::{self, AttrFlags, AttrMeta, ValueType};
use sai::types::PacketAction;

use sai::vlan::TaggingMode;
use sai::{
    Answer, AttrEntry, Backend, MacAddr, ObjectId, ObjectRef, ObjectType, Query, Target, Value, bridge,
    bridge_port, hostif, hostif_table_entry as entry, hostif_trap as trap, router_interface as rif, switch,
};
use switch_sim::pipeline::Balance;
use switch_sim::wire::text;
use switch_sim::{Timing, World};

/// A set: which object, which of its attributes, and what to make the value of.
type Change = (u16, u16, u64);

/// A switch with something of each feature.
struct Full {
    bed: Bed,
    netdevs: Vec<ObjectId>,
}

impl Full {
    fn new(timing: Timing) -> Full {
        let mut profile = eight_ports();
        profile.timing = timing;
        profile.chip.queue_size = 2_000;
        let bed = Bed::with_profile(&World::new(9), profile);
        let mut netdevs = Vec::new();
        let tagged = TaggingMode::TAGGED;
        let vlan10 =
            bed.vlan(10, &[(0, tagged), (1, TaggingMode::UNTAGGED), (2, TaggingMode::PRIORITY_TAGGED)]);
        let lag = bed.lag(&[6, 7]);
        let on_lag = bed.bridge_port(lag);
        bed.member(vlan10, on_lag, tagged);
        let kind = attr(bridge::TYPE.id(), Value::I32(bridge::Type::TYPE_1D.0));
        let one_d = bed.create(ObjectType::BRIDGE, &[kind]);
        for n in [2, 3] {
            bed.create(
                ObjectType::BRIDGE_PORT,
                &[
                    attr(bridge_port::TYPE.id(), Value::I32(bridge_port::Type::SUB_PORT.0)),
                    attr(bridge_port::PORT_ID.id(), Value::Oid(bed.ports[n])),
                    attr(bridge_port::VLAN_ID.id(), Value::U16(20)),
                    attr(bridge_port::BRIDGE_ID.id(), Value::Oid(one_d)),
                    attr(bridge_port::ADMIN_STATE.id(), Value::Bool(true)),
                ],
            );
        }
        bed.free_port(5);
        let vr = bed.get(ObjectType::SWITCH, bed.switch, switch::DEFAULT_VIRTUAL_ROUTER_ID.id());
        let interface = |ty: rif::Type, more: &[AttrEntry]| {
            let attrs =
                [attr(rif::VIRTUAL_ROUTER_ID.id(), vr.clone()), attr(rif::TYPE.id(), Value::I32(ty.0))];
            bed.create(ObjectType::ROUTER_INTERFACE, &[&attrs, more].concat())
        };
        let vlan_rif = interface(rif::Type::VLAN, &[attr(rif::VLAN_ID.id(), Value::Oid(bed.vlan1))]);
        let port_rif = interface(rif::Type::PORT, &[attr(rif::PORT_ID.id(), Value::Oid(bed.ports[5]))]);
        let on_sub = [
            attr(rif::PORT_ID.id(), Value::Oid(bed.ports[4])),
            attr(rif::OUTER_VLAN_ID.id(), Value::U16(40)),
        ];
        interface(rif::Type::SUB_PORT, &on_sub);
        let add = |entry: sai::Entry, attrs: &[AttrEntry]| {
            bed.sim.create(bed.switch, Target::Entry(&entry), attrs).unwrap();
        };
        let mut hops = Vec::new();
        for (n, rif_id) in [(2u8, vlan_rif), (3, port_rif)] {
            let ip = Value::IpAddress([10, 0, 0, n].into());
            let neighbor =
                sai::entry::NeighborEntry { switch_id: bed.switch, rif_id, ip_address: [10, 0, 0, n].into() };
            let mac = Value::Mac(MacAddr([2, 0, 0, 0, 0, n]));
            add(neighbor.into(), &[attr(sai::neighbor_entry::DST_MAC_ADDRESS.id(), mac)]);
            hops.push(bed.create(
                ObjectType::NEXT_HOP,
                &[
                    attr(sai::next_hop::TYPE.id(), Value::I32(sai::next_hop::Type::IP.0)),
                    attr(sai::next_hop::ROUTER_INTERFACE_ID.id(), Value::Oid(rif_id)),
                    attr(sai::next_hop::IP.id(), ip),
                ],
            ));
        }
        let ecmp = Value::I32(sai::next_hop_group::Type::DYNAMIC_UNORDERED_ECMP.0);
        let group = bed.create(ObjectType::NEXT_HOP_GROUP, &[attr(sai::next_hop_group::TYPE.id(), ecmp)]);
        for hop in &hops {
            bed.create(
                ObjectType::NEXT_HOP_GROUP_MEMBER,
                &[
                    attr(sai::next_hop_group_member::NEXT_HOP_GROUP_ID.id(), Value::Oid(group)),
                    attr(sai::next_hop_group_member::NEXT_HOP_ID.id(), Value::Oid(*hop)),
                ],
            );
        }
        let cpu = bed.get(ObjectType::SWITCH, bed.switch, switch::CPU_PORT.id()).as_oid().unwrap();
        for (to, by) in [
            ("10.1.0.0/16", group),
            ("10.2.0.0/16", hops[0]),
            ("10.0.0.1/32", cpu),
            ("10.0.0.0/24", vlan_rif),
        ] {
            let route = sai::entry::RouteEntry {
                switch_id: bed.switch,
                vr_id: vr.as_oid().unwrap(),
                destination: to.parse().unwrap(),
            };
            add(route.into(), &[attr(sai::route_entry::NEXT_HOP_ID.id(), Value::Oid(by))]);
        }
        let traps = bed.create(ObjectType::HOSTIF_TRAP_GROUP, &[]);
        for ty in [trap::Type::ARP_REQUEST, trap::Type::LLDP, trap::Type::TTL_ERROR, trap::Type::IP2ME] {
            bed.create(
                ObjectType::HOSTIF_TRAP,
                &[
                    attr(trap::TRAP_TYPE.id(), Value::I32(ty.0)),
                    attr(trap::PACKET_ACTION.id(), Value::I32(PacketAction::TRAP.0)),
                    attr(trap::TRAP_GROUP.id(), Value::Oid(traps)),
                ],
            );
        }
        for on in [bed.ports[0], lag, vlan10] {
            netdevs.push(bed.create(
                ObjectType::HOSTIF,
                &[
                    attr(hostif::TYPE.id(), Value::I32(hostif::Type::NETDEV.0)),
                    attr(hostif::OBJ_ID.id(), Value::Oid(on)),
                    attr(hostif::NAME.id(), Value::CharData("dev".try_into().unwrap())),
                    attr(hostif::OPER_STATUS.id(), Value::Bool(true)),
                ],
            ));
        }
        let any = attr(entry::TYPE.id(), Value::I32(entry::Type::WILDCARD.0));
        let channel = Value::I32(entry::ChannelType::NETDEV_LOGICAL_PORT.0);
        bed.create(ObjectType::HOSTIF_TABLE_ENTRY, &[any, attr(entry::CHANNEL_TYPE.id(), channel)]);
        let l2mc = bed.create(ObjectType::L2MC_GROUP, &[]);
        for n in [1, 3] {
            let attrs = [
                attr(sai::l2mc_group_member::L2MC_GROUP_ID.id(), Value::Oid(l2mc)),
                attr(sai::l2mc_group_member::L2MC_OUTPUT_ID.id(), Value::Oid(bed.bridge_ports[n])),
            ];
            bed.create(ObjectType::L2MC_GROUP_MEMBER, &attrs);
        }
        let stp = bed.create(ObjectType::STP, &[]);
        for n in 0..4 {
            let attrs = [
                attr(sai::stp_port::STP.id(), Value::Oid(stp)),
                attr(sai::stp_port::BRIDGE_PORT.id(), Value::Oid(bed.bridge_ports[n])),
                attr(sai::stp_port::STATE.id(), Value::I32(sai::stp_port::State::FORWARDING.0)),
            ];
            bed.create(ObjectType::STP_PORT, &attrs);
        }
        let apart = Value::I32(sai::isolation_group::Type::BRIDGE_PORT.0);
        let group = bed.create(ObjectType::ISOLATION_GROUP, &[attr(sai::isolation_group::TYPE.id(), apart)]);
        let attrs = [
            attr(sai::isolation_group_member::ISOLATION_GROUP_ID.id(), Value::Oid(group)),
            attr(sai::isolation_group_member::ISOLATION_OBJECT.id(), Value::Oid(bed.bridge_ports[2])),
        ];
        bed.create(ObjectType::ISOLATION_GROUP_MEMBER, &attrs);
        Full { bed, netdevs }
    }

    /// Every object that the switch has, of types that act on packets.
    fn objects(&self) -> Vec<ObjectRef> {
        let types = [
            ObjectType::SWITCH,
            ObjectType::PORT,
            ObjectType::LAG,
            ObjectType::LAG_MEMBER,
            ObjectType::VLAN,
            ObjectType::VLAN_MEMBER,
            ObjectType::BRIDGE,
            ObjectType::BRIDGE_PORT,
            ObjectType::STP_PORT,
            ObjectType::VIRTUAL_ROUTER,
            ObjectType::ROUTER_INTERFACE,
            ObjectType::NEIGHBOR_ENTRY,
            ObjectType::NEXT_HOP,
            ObjectType::NEXT_HOP_GROUP,
            ObjectType::NEXT_HOP_GROUP_MEMBER,
            ObjectType::ROUTE_ENTRY,
            ObjectType::HOSTIF,
            ObjectType::HOSTIF_TRAP,
            ObjectType::HOSTIF_TRAP_GROUP,
            ObjectType::HASH,
        ];
        let list = |ty| match self.bed.sim.query(self.bed.switch, Query::ObjectKeys(ty)) {
            Ok(Answer::ObjectKeys(all)) => all,
            other => panic!("{ty}: {other:?}"),
        };
        // The types in turn, so that each is as likely as another.
        let lists: Vec<Vec<ObjectRef>> = types.into_iter().map(list).filter(|l| !l.is_empty()).collect();
        (0..64).flat_map(|n| lists.iter().map(move |l| l[n % l.len()].clone())).collect()
    }

    /// Sets what a change says, as far as the switch lets it.
    fn change(&self, objects: &[ObjectRef], (object, attr_at, seed): Change) {
        let object = &objects[usize::from(object) % objects.len()];
        let settable = |a: &&AttrMeta| !a.flags.intersects(AttrFlags::READ_ONLY | AttrFlags::CREATE_ONLY);
        let attrs: Vec<&AttrMeta> =
            meta::object(object.object_type()).unwrap().attrs.iter().filter(settable).collect();
        if attrs.is_empty() {
            return;
        }
        let a = attrs[usize::from(attr_at) % attrs.len()];
        if let Some(value) = value(a, seed, objects) {
            let _ = self.bed.sim.set(object, &AttrEntry::new(a.id, value));
        }
    }
}

/// A value that an attribute may well take.
fn value(a: &AttrMeta, seed: u64, objects: &[ObjectRef]) -> Option<Value> {
    let of_type = |n: u64| {
        let fitting: Vec<_> = objects.iter().filter(|o| a.objects.contains(&o.object_type())).collect();
        let found = fitting.get((n as usize).checked_rem(fitting.len())?)?.oid()?;
        (!n.is_multiple_of(4)).then_some(found)
    };
    let ValueType::Plain(kind) = a.ty else { return None };
    Some(match kind.c_member() {
        "booldata" => Value::Bool(seed & 1 != 0),
        "u8" => Value::U8((seed % 9) as u8),
        "u16" => Value::U16([1, 10, 20, 0x8100, 0x88A8, 0, 4094][seed as usize % 7]),
        "u32" => Value::U32([0, 1, 2, 7, 64, 128, 1500, 9000][seed as usize % 8]),
        "s32" => match a.enumeration {
            Some(e) => Value::I32(e.values[seed as usize % e.values.len()].value),
            None => Value::I32((seed % 8) as i32),
        },
        "mac" => Value::Mac(MacAddr([2, 0, 0, 0, 0, (seed % 12) as u8])),
        "oid" => Value::Oid(of_type(seed).unwrap_or_default()),
        "objlist" => Value::OidList(of_type(seed).into_iter().collect()),
        _ => return None,
    })
}

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
