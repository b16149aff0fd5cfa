//! What members monitor: a member whose monitored object is down takes no traffic.

use sai::{ObjectId, ObjectType, Result, bridge_port, router_interface, vlan_member};

use super::{member, refuse};
use crate::port::index;
use crate::router::rif::{self, Base};
use crate::store::id;
use crate::switch::Switch;

/// Refuses objects whose state the switch does not follow.
pub(super) fn check(n: usize, monitored: ObjectId) -> Result<()> {
    let can = [
        ObjectType::PORT,
        ObjectType::LAG,
        ObjectType::ROUTER_INTERFACE,
        ObjectType::VLAN_MEMBER,
        ObjectType::BRIDGE_PORT,
    ];
    if monitored.is_null() || id::type_of(monitored).is_some_and(|t| can.contains(&t)) {
        return Ok(());
    }
    let why = format!("this switch does not follow the state of {monitored}");
    refuse(n, "SAI_NEXT_HOP_GROUP_MEMBER_ATTR_MONITORED_OBJECT", why)
}

/// Whether an object is up: a port that sends, a LAG with a member that does, a router interface, bridge port or
/// VLAN member on one of them (on a VLAN or bridge: on any). Null is always up.
pub(super) fn is_up(sw: &Switch, object: ObjectId) -> bool {
    let port = |at: u16| sw.ports.get(at).is_some_and(|p| p.tx);
    let lag = |at: u16| sw.lags.get(at).is_some_and(|l| !l.group.buckets().iter().all(Option::is_none));
    let bridge_port = |id: ObjectId| {
        let below = sw.store.oid(id, bridge_port::PORT_ID.id());
        sw.store.flag(id, bridge_port::ADMIN_STATE.id()) && !below.is_null() && is_up(sw, below)
    };
    match id::type_of(object) {
        None => true,
        Some(ObjectType::PORT) => port(index(object)),
        Some(ObjectType::LAG) => lag(index(object)),
        Some(ObjectType::BRIDGE_PORT) => bridge_port(object),
        Some(ObjectType::VLAN_MEMBER) => bridge_port(sw.store.oid(object, vlan_member::BRIDGE_PORT_ID.id())),
        Some(ObjectType::ROUTER_INTERFACE) => {
            let admin = |a| sw.store.flag(object, a);
            let enabled =
                admin(router_interface::ADMIN_V4_STATE.id()) || admin(router_interface::ADMIN_V6_STATE.id());
            let any = |domain: u16| {
                let members = sw.bridge.domain(domain).map_or(&[][..], |d| &d.members);
                members.iter().filter_map(|(_, at)| sw.bridge.port(*at)).any(|b| bridge_port(b.id))
            };
            enabled
                && match rif::at(&sw.router.rifs, index(object)).map(|r| r.base) {
                    Some(Base::Port(at)) => port(at),
                    Some(Base::Lag(at)) => lag(at),
                    Some(Base::Vlan(vid)) => any(vid),
                    Some(Base::Bridge(at)) => any(crate::bridge::FIRST_1D + at),
                    Some(Base::None) => true,
                    None => false,
                }
        }
        Some(_) => true,
    }
}

/// Keeps the list of the groups that monitor anything.
pub(super) fn watch(sw: &mut Switch, group: ObjectId) {
    let at = sw.router.monitoring.iter().position(|g| *g == group);
    match (at, member::monitors(sw, group)) {
        (None, true) => sw.router.monitoring.push(group),
        (Some(at), false) => drop(sw.router.monitoring.remove(at)),
        _ => {}
    }
}

/// A port, LAG, bridge port or router interface changed: members that monitor it see so.
pub(crate) fn changed(sw: &mut Switch) {
    for group in sw.router.monitoring.clone() {
        member::look_again(sw, group);
    }
}
