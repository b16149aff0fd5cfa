//! The FDB against a naive model, and the tables of bridging against those derived from the store anew.

use std::collections::{BTreeMap, BTreeSet};

use super::bed::*;
use proptest::prelude::*;
use sai::vlan::TaggingMode;
use sai::{AttrEntry, Backend, ObjectId, ObjectType, Special, Value, bridge_port, port, switch, vlan};
use switch_sim::Switch;
use switch_sim::port::index;

/// Seconds after which a station is forgotten.
const AGING: u64 = 10;
/// The most stations of VLAN 5.
const LIMIT: usize = 3;

#[derive(Clone, Debug)]
enum Op {
    Send { port: usize, station: u8, vid: u16 },
    Wait(u64),
    Flush { port: Option<usize>, vid: Option<u16> },
    Down(usize),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let vid = || prop_oneof![Just(1u16), Just(5)];
    let op = prop_oneof![
        12 => (0..5usize, 0..8u8, vid()).prop_map(|(port, station, vid)| Op::Send { port, station, vid }),
        3 => (1..7u64).prop_map(Op::Wait),
        1 => (prop::option::of(0..5usize), prop::option::of(vid())).prop_map(|(port, vid)| Op::Flush { port, vid }),
        1 => (0..5usize).prop_map(Op::Down),
    ];
    prop::collection::vec(op, 1..80)
}

/// Where each station is and when it was last seen, by VLAN and number.
type Model = BTreeMap<(u16, u8), (usize, u64)>;

fn step(bed: &Bed, vlans: &[(u16, ObjectId)], model: &mut Model, now: &mut u64, op: &Op) {
    let id_of = |vid| vlans.iter().find(|(v, _)| *v == vid).unwrap().1;
    match *op {
        Op::Send { port, station, vid } => {
            bed.send(port, &tagged(B, [2, 0, 0, 0, 1, station], vid));
            let full = vid == 5 && model.keys().filter(|(v, _)| *v == 5).count() >= LIMIT;
            if !full || model.contains_key(&(vid, station)) {
                model.insert((vid, station), (port, *now));
            }
        }
        Op::Wait(seconds) => {
            bed.advance(seconds);
            *now += seconds;
            model.retain(|_, (_, seen)| *seen + AGING > *now);
        }
        Op::Flush { port, vid } => {
            let port_id = port.map(|p| Value::Oid(bed.bridge_ports[p]));
            let vlan_id = vid.map(|v| Value::Oid(id_of(v)));
            let attrs: Vec<AttrEntry> = [
                port_id.map(|v| attr(sai::fdb_flush::BRIDGE_PORT_ID.id(), v)),
                vlan_id.map(|v| attr(sai::fdb_flush::BV_ID.id(), v)),
            ]
            .into_iter()
            .flatten()
            .collect();
            bed.sim.special(bed.switch, Special::FlushFdb(&attrs)).unwrap();
            model.retain(|(v, _), (p, _)| port.is_some_and(|x| x != *p) || vid.is_some_and(|x| x != *v));
        }
        Op::Down(port) => {
            for up in [false, true] {
                let state = bridge_port::ADMIN_STATE.id();
                bed.set(ObjectType::BRIDGE_PORT, bed.bridge_ports[port], state, Value::Bool(up));
            }
            model.retain(|_, (p, _)| *p != port);
        }
    }
}

/// The FDB of a switch in the terms of the model, without the times.
fn known(bed: &Bed, sw: &Switch) -> BTreeMap<(u16, u8), usize> {
    let place = |at| bed.bridge_ports.iter().position(|bp| index(*bp) == at).unwrap();
    let split = switch_sim::table::exact::split_mac_key;
    sw.bridge.fdb.table.iter().map(|(k, v)| ((split(k).0, split(k).1[5]), place(v.port()))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_fdb_is_what_a_naive_model_says(ops in ops()) {
        let bed = Bed::new();
        let modes: Vec<_> = (0..5).map(|n| (n, TaggingMode::TAGGED)).collect();
        let five = bed.vlan(5, &modes);
        bed.set(ObjectType::VLAN, five, vlan::MAX_LEARNED_ADDRESSES.id(), Value::U32(LIMIT as u32));
        bed.set(ObjectType::SWITCH, bed.switch, switch::FDB_AGING_TIME.id(), Value::U32(AGING as u32));
        let (mut model, mut now) = (Model::new(), 0);
        for op in &ops {
            step(&bed, &[(1, bed.vlan1), (5, five)], &mut model, &mut now, op);
            let want: BTreeMap<_, _> = model.iter().map(|(k, (port, _))| (*k, *port)).collect();
            let (got, audit) = bed.sim.with_switch(bed.switch, |sw| (known(&bed, sw), sw.audit())).unwrap();
            prop_assert_eq!(got, want, "after {:?}", op);
            prop_assert_eq!(audit, Ok(()));
        }
    }
}

#[derive(Clone, Debug)]
enum Change {
    Join { vid: u16, port: usize, mode: i32 },
    Leave(usize),
    Stp { vid: u16, port: usize, state: i32 },
    Set { port: usize, what: usize, on: bool },
    Learn { port: usize, station: u8 },
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let vid = || 1..4u16;
    let change = prop_oneof![
        (vid(), 0..8usize, 0..3i32).prop_map(|(vid, port, mode)| Change::Join { vid, port, mode }),
        (0..12usize).prop_map(Change::Leave),
        (vid(), 0..8usize, 0..3i32).prop_map(|(vid, port, state)| Change::Stp { vid, port, state }),
        (0..8usize, 0..6usize, any::<bool>()).prop_map(|(port, what, on)| Change::Set { port, what, on }),
        (0..8usize, 0..9u8).prop_map(|(port, station)| Change::Learn { port, station }),
    ];
    prop::collection::vec(change, 1..60)
}

/// Everything that packets read of bridging, in words.
fn tables(sw: &Switch) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for d in sw.bridge.domains.iter().flatten() {
        let states: Vec<_> = d.states.iter().enumerate().filter(|(_, s)| **s != 0).collect();
        let members: BTreeSet<_> = d.members.iter().collect();
        let rest = (d.flood, d.learn_disable, d.max_learned, d.learned, d.stp, d.by_group, d.rif);
        all.insert(format!("{} {states:?} {members:?} {rest:?}", d.id));
    }
    for bp in sw.bridge.ports.iter().filter(|b| !b.id.is_null()) {
        let filters = (bp.ingress_filtering, bp.egress_filtering);
        let flags = (bp.up, bp.untagged, filters, bp.rx_drop, bp.tx_drop);
        let rest = (bp.to, bp.domain, bp.vid, bp.learning, bp.max_learned, bp.learned, bp.violation);
        all.insert(format!("{} {flags:?} {rest:?} {:?}", bp.id, bp.isolated));
    }
    all.extend(sw.ports.records.iter().filter(|r| !r.id.is_null()).map(|r| format!("{r:?}")));
    all.extend(sw.bridge.fdb.table.iter().map(|(k, v)| format!("{k:x} {} {}", v.port(), v.is_static())));
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn tables_derived_anew_are_those_kept_through_changes(changes in changes()) {
        let bed = Bed::new();
        let vlans = [bed.vlan1, bed.vlan(2, &[]), bed.vlan(3, &[])];
        let trees: Vec<_> = vlans.iter().map(|vlan| {
            let stp = bed.create(ObjectType::STP, &[]);
            bed.set(ObjectType::VLAN, *vlan, vlan::STP_INSTANCE.id(), Value::Oid(stp));
            stp
        }).collect();
        let mut members = Vec::new();
        let mut blocks = BTreeMap::new();
        let mut joined: BTreeSet<_> = (0..8).map(|port| (1, port)).collect();
        for change in changes {
            match change {
                Change::Join { vid, port, mode } => {
                    if joined.insert((vid, port)) {
                        let vlan = vlans[usize::from(vid) - 1];
                        members.push((bed.member(vlan, bed.bridge_ports[port], TaggingMode(mode)), (vid, port)));
                    }
                }
                Change::Leave(n) if n < members.len() => {
                    let (id, place) = members.swap_remove(n);
                    bed.remove(ObjectType::VLAN_MEMBER, id);
                    joined.remove(&place);
                }
                Change::Leave(_) => {}
                Change::Stp { vid, port, state } => match blocks.remove(&(vid, port)) {
                    Some(id) => bed.remove(ObjectType::STP_PORT, id),
                    None => {
                        let attrs = [
                            attr(sai::stp_port::STP.id(), Value::Oid(trees[usize::from(vid) - 1])),
                            attr(sai::stp_port::BRIDGE_PORT.id(), Value::Oid(bed.bridge_ports[port])),
                            attr(sai::stp_port::STATE.id(), Value::I32(state)),
                        ];
                        blocks.insert((vid, port), bed.create(ObjectType::STP_PORT, &attrs));
                    }
                },
                Change::Set { port: n, what, on } => {
                    let of_port = |a, v| bed.set(ObjectType::PORT, bed.ports[n], a, v);
                    let of_bridge_port = |a, v| bed.set(ObjectType::BRIDGE_PORT, bed.bridge_ports[n], a, v);
                    match what {
                        0 => of_port(port::ADMIN_STATE.id(), Value::Bool(on)),
                        1 => of_port(port::PORT_VLAN_ID.id(), Value::U16(1 + u16::from(on))),
                        2 => of_bridge_port(bridge_port::INGRESS_FILTERING.id(), Value::Bool(on)),
                        3 => of_bridge_port(bridge_port::EGRESS_FILTERING.id(), Value::Bool(on)),
                        4 => of_bridge_port(bridge_port::ADMIN_STATE.id(), Value::Bool(on)),
                        _ => of_bridge_port(bridge_port::TX_DROP.id(), Value::Bool(on)),
                    }
                }
                Change::Learn { port, station } => {
                    bed.send(port, &frame(B, [2, 0, 0, 0, 1, station]));
                }
            }
        }
        let (kept, anew) = bed.sim.with_switch(bed.switch, |sw| {
            (tables(sw), tables(&Switch::restore(&sw.snapshot()).unwrap()))
        }).unwrap();
        prop_assert_eq!(kept, anew);
    }
}
