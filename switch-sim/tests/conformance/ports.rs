//! What a port takes in and sends: its state, its loops, its lanes and speed.

use super::bed::*;
use sai::notify::Notification;
use sai::port::{OperStatus, Stat};
use sai::vlan::TaggingMode;
use sai::{AttrId, ObjectId, ObjectRef, ObjectType, Status, Value, port};
use switch_sim::pipeline::{DropReason, Event, Fate, Trace};

/// The port states told since the last call.
fn told(bed: &Bed) -> Vec<(ObjectId, OperStatus)> {
    let states = |n| match n {
        Notification::PortStateChange { data } => data,
        _ => vec![],
    };
    bed.notifications().into_iter().flat_map(states).map(|d| (d.port_id, d.port_state)).collect()
}

fn set(bed: &Bed, n: usize, a: AttrId, value: Value) {
    bed.set(ObjectType::PORT, bed.ports[n], a, value);
}

/// Acts: SAI_PORT_ATTR_ADMIN_STATE.
#[test]
fn a_port_that_is_down_is_silent_both_ways_and_tells_when_it_changes() {
    needs!(Hands);
    let bed = Bed::new();
    let (down, up) = (Value::Bool(false), Value::Bool(true));
    set(&bed, 1, port::ADMIN_STATE.id(), down);
    assert_eq!(told(&bed), [(bed.ports[1], OperStatus::DOWN)]);
    assert_eq!(bed.to(0, &frame(ALL, A)), [2, 3, 4, 5, 6, 7]);
    assert!(bed.to(1, &frame(ALL, B)).is_empty());
    assert_eq!(bed.stat(ObjectType::PORT, bed.ports[1], Stat::IF_IN_DISCARDS.0), 1);
    assert_eq!(bed.stat(ObjectType::PORT, bed.ports[1], Stat::IF_IN_OCTETS.0), 0, "nothing was received");
    set(&bed, 1, port::ADMIN_STATE.id(), up);
    assert_eq!(told(&bed), [(bed.ports[1], OperStatus::UP)]);
    assert_eq!(bed.to(1, &frame(ALL, B)).len(), 7);
    // The link alone does the same.
    bed.set_link(1, false);
    assert_eq!(told(&bed), [(bed.ports[1], OperStatus::DOWN)]);
    assert!(bed.to(1, &frame(ALL, B)).is_empty());
    assert_eq!(
        bed.get(ObjectType::PORT, bed.ports[1], port::OPER_STATUS.id()),
        Value::I32(OperStatus::DOWN.0)
    );
}

/// Acts: SAI_PORT_ATTR_PKT_TX_ENABLE.
#[test]
fn a_port_that_may_not_send_still_receives() {
    let bed = Bed::new();
    set(&bed, 1, port::PKT_TX_ENABLE.id(), Value::Bool(false));
    assert_eq!(bed.to(0, &frame(ALL, A)), [2, 3, 4, 5, 6, 7]);
    assert_eq!(bed.stat(ObjectType::PORT, bed.ports[1], Stat::IF_OUT_DISCARDS.0), 1);
    assert_eq!(bed.to(1, &frame(A, B)), [0]);
}

/// Acts: SAI_PORT_ATTR_LOOPBACK_MODE, SAI_PORT_ATTR_INTERNAL_LOOPBACK_MODE.
#[test]
fn what_a_port_sends_comes_back_in_every_loopback_mode() {
    needs!(Hands);
    let modes = [
        (port::LOOPBACK_MODE.id(), port::LoopbackMode::PHY.0),
        (port::LOOPBACK_MODE.id(), port::LoopbackMode::MAC.0),
        (port::INTERNAL_LOOPBACK_MODE.id(), port::InternalLoopbackMode::PHY.0),
        (port::INTERNAL_LOOPBACK_MODE.id(), port::InternalLoopbackMode::MAC.0),
    ];
    for (a, mode) in modes {
        let bed = Bed::new();
        // VLAN 10 is what port 1 hears untagged; what it sends untagged is of VLAN 1.
        bed.vlan(10, &[(1, TaggingMode::UNTAGGED), (2, TaggingMode::TAGGED)]);
        set(&bed, 1, port::PORT_VLAN_ID.id(), Value::U16(10));
        set(&bed, 1, a, Value::I32(mode));
        let out = bed.send(0, &frame(ALL, A));
        assert!(!out.iter().any(|(n, _)| *n == 1), "nothing is on the wire");
        assert!(out.contains(&(2, tagged(ALL, A, 10))), "it came in again, in VLAN 10");
        assert_eq!(bed.stat(ObjectType::PORT, bed.ports[1], Stat::IF_OUT_BROADCAST_PKTS.0), 1);
        assert_eq!(bed.stat(ObjectType::PORT, bed.ports[1], Stat::IF_IN_BROADCAST_PKTS.0), 1);
        // It needs no partner, and ends with the mode.
        bed.set_link(1, false);
        assert!(bed.send(0, &frame(ALL, A)).contains(&(2, tagged(ALL, A, 10))));
        set(&bed, 1, a, Value::I32(0));
        assert!(!bed.send(0, &frame(ALL, A)).contains(&(2, tagged(ALL, A, 10))));
    }
}

#[test]
fn a_loop_within_the_switch_ends() {
    needs!(Trace);
    let bed = Bed::new();
    for n in [1, 2] {
        set(&bed, n, port::LOOPBACK_MODE.id(), Value::I32(port::LoopbackMode::MAC.0));
    }
    let trace = bed.trace(0, &frame(ALL, A));
    let ends = trace.fates().filter(|f| **f == Fate::Dropped(DropReason::RecirculationLimit));
    assert!(ends.count() > 0);
    bed.sent();
}

/// Acts: SAI_PORT_ATTR_HW_LANE_LIST.
#[test]
fn a_port_stands_on_lanes_that_nobody_has() {
    needs!(Profile);
    let mut bed = Bed::new();
    bed.free_port(7);
    let last = bed.ports.pop().unwrap();
    bed.remove(ObjectType::PORT, last);
    let create = |lanes: Vec<u32>| {
        let attrs = [
            attr(port::HW_LANE_LIST.id(), Value::U32List(lanes)),
            attr(port::SPEED.id(), Value::U32(10_000)),
            attr(port::ADMIN_STATE.id(), Value::Bool(true)),
        ];
        bed.try_create(ObjectType::PORT, &attrs)
    };
    assert_eq!(create(vec![]).unwrap_err().status(), Status::INVALID_ATTR_VALUE_0);
    assert_eq!(create(vec![99]).unwrap_err().status(), Status::INVALID_ATTR_VALUE_0);
    let id = create(vec![8]).unwrap();
    assert_eq!(bed.get(ObjectType::PORT, id, port::OPER_STATUS.id()), Value::I32(OperStatus::UP.0));
    let on_it = bed.bridge_port(id);
    bed.member(bed.vlan1, on_it, TaggingMode::UNTAGGED);
    bed.wires().inject(id, &frame(ALL, B));
    assert_eq!(bed.sent().len(), 7);
}

/// Acts: SAI_PORT_ATTR_AUTO_NEG_MODE, SAI_PORT_ATTR_ADVERTISED_SPEED.
#[test]
fn a_negotiated_speed_is_the_fastest_that_is_advertised() {
    needs!(Profile);
    let bed = Bed::new();
    let speed = || bed.get(ObjectType::PORT, bed.ports[0], port::OPER_SPEED.id());
    assert_eq!(speed(), Value::U32(100_000));
    set(&bed, 0, port::ADVERTISED_SPEED.id(), Value::U32List(vec![10_000, 25_000]));
    assert_eq!(speed(), Value::U32(100_000));
    set(&bed, 0, port::AUTO_NEG_MODE.id(), Value::Bool(true));
    assert_eq!(speed(), Value::U32(25_000));
    let object = ObjectRef::Object(ObjectType::PORT, bed.ports[0]);
    let wrong = attr(port::ADVERTISED_SPEED.id(), Value::U32List(vec![7]));
    assert_eq!(bed.backend().set(&object, &wrong).unwrap_err().status(), Status::INVALID_ATTR_VALUE_0);
    assert_eq!(speed(), Value::U32(25_000));
}

#[test]
fn a_trace_survives_as_json() {
    needs!(Trace);
    let bed = Bed::new();
    bed.vlan(10, &[(0, TaggingMode::TAGGED), (1, TaggingMode::UNTAGGED)]);
    let trace = bed.trace(0, &tagged(ALL, A, 10));
    let json = serde_json::to_string(&trace).unwrap();
    assert_eq!(serde_json::from_str::<Trace>(&json).unwrap(), trace);
    // What a program reads of it: stages by name, entries by table, object and key, rewrites, the end.
    let steps = serde_json::to_value(&trace).unwrap()["steps"].clone();
    let events: Vec<_> = steps.as_array().unwrap().iter().map(|s| s["event"].clone()).collect();
    assert_eq!(events[0], serde_json::json!({"stage": "port-in"}));
    let hit = |table: &str| events.iter().find(|e| e["hit"]["table"] == table).map(|e| e["hit"].clone());
    let port = serde_json::to_value(bed.ports[0]).unwrap();
    assert_eq!(hit("port"), Some(serde_json::json!({"table": "port", "object": port, "key": "tag 10"})));
    let rewrite = serde_json::json!({"rewrite": {"field": "VLAN tag", "from": "10", "to": "none"}});
    assert!(events.contains(&rewrite), "{json}");
    let out = serde_json::to_value(bed.ports[1]).unwrap();
    assert_eq!(events.last(), Some(&serde_json::json!({"end": {"transmitted": {"port": out}}})));
    let dropped = bed.trace(0, &tagged(ALL, A, 77));
    let last = dropped.steps.last().unwrap();
    assert_eq!(last.event, Event::End(Fate::Dropped(DropReason::IngressVlanFilter)));
    assert_eq!(
        serde_json::to_value(last).unwrap(),
        serde_json::json!({"copy": 0, "event": {"end": {"dropped": "SAI_IN_DROP_REASON_INGRESS_VLAN_FILTER"}}})
    );
}
