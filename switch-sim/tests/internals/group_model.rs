//! Next-hop groups and replication against naive models, through SAI.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sai::next_hop_group::Type;
use sai::vlan::TaggingMode;
use sai::{
    MacAddr, ObjectId, ObjectType, Target, Value, bridge_port, entry::McastFdbEntry, isolation_group,
    isolation_group_member, l2mc_group_member, mcast_fdb_entry, next_hop_group_member as member, port,
};
use switch_sim::warm::Keys;

use crate::suite::bed as suite;

use super::bed::routed::{HOST, Net, packet};
use super::bed::{ALL, Bed, attr, eight_ports, frame, tagged};

/// What happens to a group.
#[derive(Clone, Debug)]
enum Step {
    Join(usize, u32),
    Leave(usize),
    Weigh(usize, u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1..4usize, 0..5u32).prop_map(|(port, weight)| Step::Join(port, weight)),
        2 => (0..8usize).prop_map(Step::Leave),
        2 => (0..8usize, 0..5u32).prop_map(|(n, weight)| Step::Weigh(n, weight)),
    ];
    prop::collection::vec(step, 1..12)
}

const FLOWS: u16 = 192;

/// Where each flow goes.
fn flows(net: &Net) -> Vec<Option<usize>> {
    let one = |n| {
        let out = net.to(0, &packet(net.mac, HOST, "192.0.2.1", "20.0.0.1", 64, n));
        assert!(out.len() <= 1, "one packet left by {out:?}");
        out.first().copied()
    };
    (0..FLOWS).map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// A flow goes to one member of weight, the members share the flows by weight, and where groups are resilient a
    /// change moves flows only from who loses by it and to who gains.
    #[test]
    fn members_share_the_flows_of_a_group(steps in steps(), resilient in any::<bool>()) {
        let mut profile = eight_ports();
        profile.resilient.ecmp = if resilient { 512 } else { 0 };
        let net = Net::over(suite::Bed::with(profile, Keys::default()));
        let group = net.group(Type::DYNAMIC_UNORDERED_ECMP, &[]);
        net.route("20.0.0.0/8", group);
        // The model: the port and the weight of each member.
        let mut members: Vec<(ObjectId, usize, u32)> = Vec::new();
        let shares = |members: &[(ObjectId, usize, u32)]| {
            let mut weights = BTreeMap::<usize, u32>::new();
            let total: u32 = members.iter().map(|m| m.2).sum();
            members.iter().for_each(|m| *weights.entry(m.1).or_default() += m.2);
            let share = |weight| f64::from(weight) / f64::from(total.max(1));
            weights.into_iter().map(|(port, weight)| (port, share(weight))).collect::<BTreeMap<_, _>>()
        };
        let mut before = flows(&net);
        for step in steps {
            let had = shares(&members);
            match step {
                Step::Join(to, weight) => {
                    let attrs = [attr(member::WEIGHT.id(), Value::U32(weight))];
                    members.push((net.join(group, to, &attrs), to, weight));
                }
                Step::Leave(n) if n < members.len() => {
                    net.remove(ObjectType::NEXT_HOP_GROUP_MEMBER, members.remove(n).0);
                }
                Step::Weigh(n, weight) if n < members.len() => {
                    net.set(ObjectType::NEXT_HOP_GROUP_MEMBER, members[n].0, member::WEIGHT.id(), Value::U32(weight));
                    members[n].2 = weight;
                }
                _ => continue,
            }
            let (now, has) = (flows(&net), shares(&members));
            prop_assert_eq!(&now, &flows(&net), "a flow stays");
            for (port, share) in &has {
                let flows = f64::from(FLOWS);
                let found = now.iter().filter(|f| **f == Some(*port)).count() as f64;
                let spread = (flows * share * (1.0 - share)).sqrt();
                prop_assert!((found - flows * share).abs() <= 5.0 * spread + 2.0, "port {port}: {found} of {share}");
            }
            prop_assert!(now.iter().flatten().all(|port| has.get(port).is_some_and(|s| *s > 0.0)));
            let sum: f64 = has.values().sum();
            prop_assert_eq!(now.iter().all(Option::is_none), sum == 0.0, "weight 0 takes nothing");
            if resilient {
                for (was, is) in before.iter().zip(&now).filter(|(was, is)| was != is) {
                    let change = |port: &Option<usize>| {
                        let of = |shares: &BTreeMap<usize, f64>| port.and_then(|p| shares.get(&p).copied()).unwrap_or(0.0);
                        of(&has) - of(&had)
                    };
                    // Shares that are equal but for rounding may trade a bucket.
                    prop_assert!(was.is_none() || change(was) < 1e-9, "{was:?} -> {is:?}: {had:?} {has:?}");
                    prop_assert!(is.is_none() || change(is) > -1e-9, "{was:?} -> {is:?}: {had:?} {has:?}");
                }
            }
            before = now;
        }
    }

    /// A frame for all, and one for a group, leave by each port that a list of rules lets them out by, once, tagged
    /// as the VLAN says.
    #[test]
    fn copies_leave_by_the_ports_of_a_list_of_rules(
        members in prop::collection::vec(prop::option::of(any::<bool>()), 8),
        down in prop::collection::btree_set(0..8usize, 0..3),
        mute in prop::collection::btree_set(0..8usize, 0..3),
        isolated in prop::collection::btree_set(0..8usize, 0..4),
        filters in prop::collection::btree_set(0..8usize, 0..8),
        group in prop::collection::btree_set(0..8usize, 0..8),
        from in 0..8usize,
    ) {
        const VID: u16 = 30;
        let bed = Bed::new();
        let joined: Vec<(usize, TaggingMode)> = members
            .iter()
            .enumerate()
            .filter_map(|(n, m)| m.map(|t| (n, if t { TaggingMode::TAGGED } else { TaggingMode::UNTAGGED })))
            .collect();
        let vlan = bed.vlan(VID, &joined);
        let to_group = [1, 0, 0x5e, 1, 2, 3];
        let l2mc = bed.create(ObjectType::L2MC_GROUP, &[]);
        for n in &group {
            let of = attr(l2mc_group_member::L2MC_GROUP_ID.id(), Value::Oid(l2mc));
            let out = attr(l2mc_group_member::L2MC_OUTPUT_ID.id(), Value::Oid(bed.bridge_ports[*n]));
            bed.create(ObjectType::L2MC_GROUP_MEMBER, &[of, out]);
        }
        let entry = McastFdbEntry { switch_id: bed.switch, mac_address: MacAddr(to_group), bv_id: vlan }.into();
        let leads = attr(mcast_fdb_entry::GROUP_ID.id(), Value::Oid(l2mc));
        let act = attr(mcast_fdb_entry::PACKET_ACTION.id(), Value::I32(sai::types::PacketAction::FORWARD.0));
        bed.backend().create(bed.switch, Target::Entry(&entry), &[leads, act]).unwrap();
        for n in &mute {
            bed.set(ObjectType::BRIDGE_PORT, bed.bridge_ports[*n], bridge_port::TX_DROP.id(), Value::Bool(true));
        }
        let kind = Value::I32(isolation_group::Type::BRIDGE_PORT.0);
        let keep = bed.create(ObjectType::ISOLATION_GROUP, &[attr(isolation_group::TYPE.id(), kind)]);
        for n in &isolated {
            let of = attr(isolation_group_member::ISOLATION_GROUP_ID.id(), Value::Oid(keep));
            let from = attr(isolation_group_member::ISOLATION_OBJECT.id(), Value::Oid(bed.bridge_ports[*n]));
            bed.create(ObjectType::ISOLATION_GROUP_MEMBER, &[of, from]);
        }
        for n in &filters {
            let filter = bridge_port::EGRESS_FILTERING.id();
            bed.set(ObjectType::BRIDGE_PORT, bed.bridge_ports[*n], filter, Value::Bool(true));
        }
        let at = bed.bridge_ports[from];
        bed.set(ObjectType::BRIDGE_PORT, at, bridge_port::ISOLATION_GROUP.id(), Value::Oid(keep));
        bed.set(ObjectType::BRIDGE_PORT, at, bridge_port::INGRESS_FILTERING.id(), Value::Bool(true));
        for n in down.iter().filter(|n| **n != from) {
            bed.set(ObjectType::PORT, bed.ports[*n], port::ADMIN_STATE.id(), Value::Bool(false));
        }
        let source = [2, 0, 0, 0, 0, 9];
        for (dst, reaches) in [(ALL, (0..8).collect::<BTreeSet<_>>()), (to_group, group)] {
            let in_vlan = members[from].is_some();
            let out = |n: usize| {
                let may = n != from && !mute.contains(&n) && !isolated.contains(&n) && !down.contains(&n);
                // A flood goes to members alone, a group to others too, where they do not filter.
                let tags = members[n].or((dst == to_group && !filters.contains(&n)).then_some(true))?;
                (in_vlan && may && reaches.contains(&n)).then(|| {
                    (n, if tags { tagged(dst, source, VID) } else { frame(dst, source) })
                })
            };
            let expected: Vec<_> = (0..8).filter_map(out).collect();
            prop_assert_eq!(bed.send(from, &tagged(dst, source, VID)), expected);
        }
    }
}
