//! Bridge ports.

use super::*;

/// Owns `SAI_OBJECT_TYPE_BRIDGE_PORT`.
#[derive(Debug)]
pub struct BridgePortOwner;

/// Changes what the port or LAG below a bridge port is attached to.
fn attach(sw: &mut Switch, below: ObjectId, change: impl FnOnce(&mut Attachment)) {
    match type_of(below) {
        Some(ObjectType::LAG) => crate::lag::attach(sw, index(below), change),
        Some(ObjectType::PORT) => {
            change(sw.ports.attachment_mut(index(below)));
            port::derive(sw, below);
        }
        _ => {}
    }
}

pub(super) fn derive_port(sw: &mut Switch, id: ObjectId) {
    let at = index(id);
    let store = &sw.store;
    let number = |attr| store.number(id, attr);
    let group = store.oid(id, port_attr::ISOLATION_GROUP);
    let below = store.oid(id, port_attr::PORT_ID);
    let bridge = index(store.oid(id, port_attr::BRIDGE_ID)).saturating_add(FIRST_1D);
    let mut record = BridgePort {
        id,
        plain: [false; 2],
        up: store.flag(id, port_attr::ADMIN_STATE),
        to: match type_of(below) {
            Some(ObjectType::LAG) => Target::Lag(index(below)),
            Some(ObjectType::PORT) => Target::Port(index(below)),
            _ => Target::None,
        },
        domain: if sw.bridge.domain(bridge).is_some() { bridge } else { NONE },
        vid: number(port_attr::VLAN_ID) as u16,
        untagged: number(port_attr::TAGGING_MODE) == i64::from(sai::bridge_port::TaggingMode::UNTAGGED.0),
        learning: match number(port_attr::FDB_LEARNING_MODE) {
            0 => Learning::Drop,
            1 => Learning::Disable,
            3 => Learning::CpuTrap,
            4 => Learning::CpuLog,
            5 => Learning::Notification,
            _ => Learning::Hw,
        },
        max_learned: number(port_attr::MAX_LEARNED_ADDRESSES) as u32,
        learned: sw.bridge.port(at).map_or(0, |b| b.learned),
        violation: number(port_attr::FDB_LEARNING_LIMIT_VIOLATION_PACKET_ACTION) as i32,
        ingress_filtering: store.flag(id, port_attr::INGRESS_FILTERING),
        egress_filtering: store.flag(id, port_attr::EGRESS_FILTERING),
        rx_drop: store.flag(id, port_attr::RX_DROP),
        tx_drop: store.flag(id, port_attr::TX_DROP),
        isolated: crate::bridge::isolation::members(store, group).into_iter().map(index).collect(),
        counts: sw.bridge.port(at).map(|b| b.counts).unwrap_or_default(),
    };
    record.plain = [record.admits_plainly(), record.sends_plainly()];
    if sw.bridge.ports.len() <= usize::from(at) {
        sw.bridge.ports.resize_with(usize::from(at) + 1, BridgePort::default);
    }
    sw.bridge.ports[usize::from(at)] = record;
}

fn flush_port(sw: &mut Switch, bridge_port: u16) {
    let gone = Flush { port: Some(bridge_port), dynamic: true, ..Flush::default() };
    fdb::flush_where(sw, gone);
    fdb::deliver(sw);
}

/// Puts a bridge port of an 802.1D bridge into its domain.
fn join(sw: &mut Switch, id: ObjectId) {
    let at = index(id);
    let Some(domain) = sw.bridge.port(at).map(|b| b.domain).filter(|d| *d != NONE) else { return };
    if let Some(d) = sw.bridge.domain_mut(domain) {
        d.members.push((id, at));
    }
    derive_member(sw, domain, id, at);
}

/// What of the boot's goes when a client takes a port for something else than bridging: its bridge port with
/// its VLAN members. `None` where one of a client's is there, or uses them.
fn of_the_boot(sw: &Switch, at: u16) -> Option<Vec<ObjectId>> {
    let id = sw.bridge.port(at)?.id;
    let made = |id: ObjectId| sw.store.get(id).filter(|o| o.origin == Origin::Switch);
    let on = |m: &ObjectId| sw.store.oid(*m, member::BRIDGE_PORT_ID) == id;
    let mut all: Vec<_> = sw.store.ids(ObjectType::VLAN_MEMBER).filter(on).collect();
    let unused = made(id)?.refs as usize == all.len();
    let own = unused && all.iter().all(|m| made(*m).is_some_and(|o| o.refs == 0));
    all.push(id);
    own.then_some(all)
}

/// Whether a bridge port yields to another use of what it stands on, as those of the boot do.
pub fn yields(sw: &Switch, at: u16) -> bool {
    at == NONE || of_the_boot(sw, at).is_some()
}

/// Takes away what [`yields`].
pub fn give_way(sw: &mut Switch, at: u16) {
    if at != NONE {
        of_the_boot(sw, at).into_iter().flatten().for_each(|id| sw.drop_object(id));
    }
}

/// Refuses a router interface that is not one of the bridge.
fn check_router(sw: &Switch, request: &Request<'_>, n: usize, rif: ObjectId) -> Result<()> {
    let kind = sai::bridge_port::Type::TYPE_1D_ROUTER.0;
    if !matches!(request.given(port_attr::TYPE), Some((_, Value::I32(k))) if *k == kind) {
        return Ok(());
    }
    let bridge = match request.given(port_attr::BRIDGE_ID) {
        Some((_, Value::Oid(bridge))) => *bridge,
        _ => ObjectId::NULL,
    };
    if sw.store.oid(rif, sai::router_interface::BRIDGE_ID.id()) != bridge || bridge.is_null() {
        let why = format!("{rif} is no router interface of the bridge");
        return Err(
            Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why).on_attr("SAI_BRIDGE_PORT_ATTR_RIF_ID")
        );
    }
    Ok(())
}

/// Lets a router interface into its bridge, or keeps it out, as its 1D_ROUTER bridge port says.
fn derive_router(sw: &mut Switch, id: ObjectId) {
    let rif = sw.store.oid(id, sai::bridge_port::RIF_ID.id());
    let Some(record) = sw.bridge.port(index(id)) else { return };
    let (domain, up) = (record.domain, record.up);
    if !rif.is_null() && domain != NONE {
        sw.bridge.attach_rif(domain, if up { index(rif) } else { NONE });
    }
}

/// The VLAN of a sub-port; others may carry one, which means nothing.
fn sub_port<'a>(given: impl Fn(AttrId) -> Option<&'a Value>) -> Option<u16> {
    let kind = Value::I32(sai::bridge_port::Type::SUB_PORT.0);
    match given(port_attr::VLAN_ID) {
        Some(Value::U16(vid)) if given(port_attr::TYPE) == Some(&kind) => Some(*vid),
        _ => None,
    }
}

impl Owner for BridgePortOwner {
    fn enforced(&self) -> &'static [AttrId] {
        &[
            port_attr::TYPE,
            port_attr::PORT_ID,
            port_attr::TAGGING_MODE,
            port_attr::VLAN_ID,
            port_attr::BRIDGE_ID,
            port_attr::FDB_LEARNING_MODE,
            port_attr::MAX_LEARNED_ADDRESSES,
            port_attr::FDB_LEARNING_LIMIT_VIOLATION_PACKET_ACTION,
            port_attr::ADMIN_STATE,
            port_attr::INGRESS_FILTERING,
            port_attr::EGRESS_FILTERING,
            port_attr::ISOLATION_GROUP,
            port_attr::RX_DROP,
            port_attr::TX_DROP,
            const { sai::bridge_port::RIF_ID.id() },
        ]
    }

    /// A 1Q_ROUTER stands for all VLAN interfaces; a 1D_ROUTER is how a router interface stands in its bridge.
    fn values(&self, attr: AttrId) -> Option<&'static [i32]> {
        use sai::bridge_port::Type;
        const TYPES: &[i32] =
            &[Type::PORT.0, Type::SUB_PORT.0, Type::TYPE_1Q_ROUTER.0, Type::TYPE_1D_ROUTER.0];
        (attr == port_attr::TYPE).then_some(TYPES)
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        if let Some((n, Value::Oid(rif))) = request.given(sai::bridge_port::RIF_ID.id()) {
            check_router(sw, request, n, *rif)?;
        }
        let Some((n, Value::Oid(below))) = request.given(port_attr::PORT_ID) else { return Ok(()) };
        let attached = match type_of(*below) {
            Some(ObjectType::LAG) => sw.lags.attachment(index(*below)),
            Some(ObjectType::PORT) => {
                if let Some(m) = sw.lags.membership(index(*below)) {
                    let why = format!("{below} is a member of {}: bridge that", m.lag);
                    return Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why)
                        .on_attr("SAI_BRIDGE_PORT_ATTR_PORT_ID"));
                }
                sw.ports.get(index(*below)).map(|r| &r.attached)
            }
            _ => None,
        };
        let Some(attached) = attached else { return Ok(()) };
        let given = |attr| request.given(attr).map(|(_, value)| value);
        let taken = match sub_port(given) {
            Some(vid) => attached.sub(vid).is_some(),
            None => attached.bridge_port != NONE,
        };
        if taken {
            let why = format!("{below} has such a bridge port already");
            return Err(
                Error::because(Status::ITEM_ALREADY_EXISTS, why).on_attr("SAI_BRIDGE_PORT_ATTR_PORT_ID")
            );
        }
        Ok(())
    }

    /// A bridge port of a port or LAG is on the default bridge unless it says otherwise.
    fn implied(&self, sw: &Switch, request: &Request<'_>) -> Option<AttrEntry> {
        let port = Value::I32(sai::bridge_port::Type::PORT.0);
        let (_, kind) = request.given(port_attr::TYPE)?;
        let named = matches!(request.given(port_attr::BRIDGE_ID), Some((_, Value::Oid(id))) if !id.is_null());
        if *kind != port || named {
            return None;
        }
        let bridge = sw.default_object(sai::switch::DEFAULT_1Q_BRIDGE_ID.id())?;
        Some(AttrEntry::new(port_attr::BRIDGE_ID, Value::Oid(bridge)))
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        derive_port(sw, id);
        join(sw, id);
        derive_router(sw, id);
        let (at, below) = (index(id), sw.store.oid(id, port_attr::PORT_ID));
        let vid = sub_port(|attr| sw.store.get(id)?.value(attr));
        attach(sw, below, |a| match vid {
            Some(vid) => a.set_sub(vid, Some(Sub::BridgePort(at))),
            None => a.bridge_port = at,
        });
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, attr: AttrId) {
        let Some(id) = object.oid() else { return };
        let before = sw.bridge.port(index(id)).map_or(NONE, |b| b.domain);
        derive_port(sw, id);
        let now = sw.bridge.port(index(id)).map_or(NONE, |b| b.domain);
        if before != now {
            leave(sw, before, id, index(id));
            join(sw, id);
        }
        derive_router(sw, id);
        crate::router::group::monitor::changed(sw);
        if attr == port_attr::ADMIN_STATE && !sw.store.flag(id, port_attr::ADMIN_STATE) {
            flush_port(sw, index(id));
        }
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, was: Object) {
        let Some(id) = object.oid() else { return };
        let at = index(id);
        flush_port(sw, at);
        let domain = sw.bridge.port(at).map_or(NONE, |b| b.domain);
        leave(sw, domain, id, at);
        let rif = given(&was, sai::bridge_port::RIF_ID.id());
        if !rif.is_null() {
            sw.bridge.attach_rif(domain, index(rif));
        }
        let vid = sub_port(|attr| was.value(attr));
        attach(sw, given(&was, port_attr::PORT_ID), |a| match vid {
            Some(vid) => a.set_sub(vid, None),
            None => a.bridge_port = NONE,
        });
        sw.bridge.ports[usize::from(at)] = BridgePort::default();
    }

    fn counted(&self) -> &'static [StatId] {
        &[0, 1, 2, 3]
    }

    fn stat(&self, sw: &Switch, object: &ObjectRef, stat: StatId) -> Option<u64> {
        let id = object.oid()?;
        let kind = sai::bridge_port::Type(sw.store.number(id, port_attr::TYPE) as i32);
        let of_router = |rif: Option<ObjectId>| crate::router::rif::bridged(sw, rif, stat);
        match kind {
            sai::bridge_port::Type::TYPE_1Q_ROUTER => of_router(None),
            sai::bridge_port::Type::TYPE_1D_ROUTER => {
                of_router(Some(sw.store.oid(id, sai::bridge_port::RIF_ID.id())))
            }
            _ => counts(ObjectType::BRIDGE_PORT, stat, sw.bridge.port(index(id))?.counts),
        }
    }
}
