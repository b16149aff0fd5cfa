//! Link aggregation: packets in, packets out.

use std::collections::BTreeSet;

use super::bed::*;
use sai::vlan::TaggingMode;
use sai::{ObjectId, ObjectType, Target, Value, bridge_port, lag_member};

/// A LAG over ports 4 to 7, bridged in VLAN 1 like ports 0 to 3.
fn with_lag() -> (Bed, ObjectId, Vec<ObjectId>) {
    let bed = Bed::new();
    (4..8).for_each(|n| bed.free_port(n));
    let lag = bed.create(ObjectType::LAG, &[]);
    let members = (4..8).map(|n| bed.create(ObjectType::LAG_MEMBER, &member(lag, bed.ports[n]))).collect();
    let bp = bed.create(
        ObjectType::BRIDGE_PORT,
        &[
            attr(bridge_port::TYPE.id(), Value::I32(bridge_port::Type::PORT.0)),
            attr(bridge_port::PORT_ID.id(), Value::Oid(lag)),
            attr(bridge_port::ADMIN_STATE.id(), Value::Bool(true)),
        ],
    );
    bed.member(bed.vlan1, bp, TaggingMode::UNTAGGED);
    (bed, lag, members)
}

fn member(lag: ObjectId, port: ObjectId) -> [sai::AttrEntry; 2] {
    [attr(lag_member::LAG_ID.id(), Value::Oid(lag)), attr(lag_member::PORT_ID.id(), Value::Oid(port))]
}

/// The members by which the flows of 200 stations leave.
fn spread(bed: &Bed) -> BTreeSet<usize> {
    (0..200u8).flat_map(|n| bed.to(0, &frame([2, 9, 9, 9, 9, n], A))).filter(|port| *port >= 4).collect()
}

#[test]
fn a_flood_leaves_a_lag_once_and_flows_spread() {
    let (bed, ..) = with_lag();
    let out = bed.to(0, &frame(ALL, A));
    assert_eq!(out.len(), 4);
    assert_eq!(out[..3], [1, 2, 3]);
    assert_eq!(spread(&bed), BTreeSet::from([4, 5, 6, 7]));
    // What a member took in does not go back by another, and the station stands at the LAG.
    assert_eq!(bed.to(5, &frame(ALL, B)), [0, 1, 2, 3]);
    assert_eq!(bed.to(6, &frame(ALL, B)), [0, 1, 2, 3]);
    assert_eq!(bed.fdb_events().concat().len(), 2, "no move between members");
}

/// Acts: SAI_LAG_MEMBER_ATTR_EGRESS_DISABLE, SAI_LAG_MEMBER_ATTR_INGRESS_DISABLE,
/// SAI_LAG_MEMBER_ATTR_WEIGHT.
#[test]
fn disabled_and_dead_members_carry_nothing() {
    let (bed, _, members) = with_lag();
    bed.set(ObjectType::LAG_MEMBER, members[0], lag_member::EGRESS_DISABLE.id(), Value::Bool(true));
    bed.set_link(5, false);
    assert_eq!(spread(&bed), BTreeSet::from([6, 7]));
    bed.set(ObjectType::LAG_MEMBER, members[2], lag_member::WEIGHT.id(), Value::U32(0));
    assert_eq!(spread(&bed), BTreeSet::from([7]));
    bed.set(ObjectType::LAG_MEMBER, members[0], lag_member::INGRESS_DISABLE.id(), Value::Bool(true));
    assert!(bed.to(4, &frame(ALL, B)).is_empty());
    bed.remove(ObjectType::LAG_MEMBER, members[3]);
    assert!(spread(&bed).is_empty());
}

#[test]
fn a_port_is_in_one_lag() {
    let (bed, lag, _) = with_lag();
    let again =
        bed.backend().create(bed.switch, Target::Object(ObjectType::LAG_MEMBER), &member(lag, bed.ports[4]));
    assert!(again.unwrap_err().to_string().contains("is a member of"));
}
