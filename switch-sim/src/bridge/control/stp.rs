//! Spanning tree instances and the states of their ports.

use super::*;

/// Owns `SAI_OBJECT_TYPE_STP_PORT`.
#[derive(Debug)]
pub struct StpPortOwner;

fn derive_stp(sw: &mut Switch, instance: ObjectId, bridge_port: u16, bits: Option<u8>) {
    match bits {
        Some(bits) => drop(sw.bridge.stp.insert((instance, bridge_port), bits)),
        None => drop(sw.bridge.stp.remove(&(instance, bridge_port))),
    }
    for at in 0..sw.bridge.domains.len() as u16 {
        let Some(domain) = sw.bridge.domain(at) else { continue };
        let old = domain.state(bridge_port);
        if old & state::MEMBER == 0 {
            continue;
        }
        let new = old & !(state::NO_LEARN | state::NO_FORWARD) | stp_state(sw, domain, bridge_port);
        if let Some(d) = sw.bridge.domain_mut(at) {
            d.set_state(bridge_port, new);
        }
    }
}

impl Owner for StpPortOwner {
    fn enforced(&self) -> &'static [AttrId] {
        &[attrs::stp_port::STP, attrs::stp_port::BRIDGE_PORT, attrs::stp_port::STATE]
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        let (Some((_, Value::Oid(instance))), Some((_, Value::Oid(port)))) =
            (request.given(attrs::stp_port::STP), request.given(attrs::stp_port::BRIDGE_PORT))
        else {
            return Ok(());
        };
        if sw.bridge.stp.contains_key(&(*instance, index(*port))) {
            let why = format!("{port} has a state in {instance} already");
            return Err(
                Error::because(Status::ITEM_ALREADY_EXISTS, why).on_attr("SAI_STP_PORT_ATTR_BRIDGE_PORT")
            );
        }
        Ok(())
    }

    fn derive(&self, sw: &mut Switch, object: &ObjectRef) {
        use sai::stp_port::State as PortState;
        let Some(id) = object.oid() else { return };
        let bits = match PortState(sw.store.number(id, attrs::stp_port::STATE) as i32) {
            PortState::FORWARDING => 0,
            PortState::LEARNING => state::NO_FORWARD,
            _ => state::NO_LEARN | state::NO_FORWARD,
        };
        let instance = sw.store.oid(id, attrs::stp_port::STP);
        let port = index(sw.store.oid(id, attrs::stp_port::BRIDGE_PORT));
        derive_stp(sw, instance, port, Some(bits));
    }

    fn removed(&self, sw: &mut Switch, _: &ObjectRef, was: Object) {
        let port = index(given(&was, attrs::stp_port::BRIDGE_PORT));
        derive_stp(sw, given(&was, attrs::stp_port::STP), port, None);
    }
}

/// Owns `SAI_OBJECT_TYPE_STP`.
#[derive(Debug)]
pub struct StpOwner;

impl Owner for StpOwner {
    fn answered(&self) -> &'static [AttrId] {
        &[attrs::stp::VLAN_LIST]
    }

    fn get(
        &self,
        sw: &Switch,
        object: &ObjectRef,
        attr: &'static sai::meta::AttrMeta,
    ) -> Option<Result<Value>> {
        if attr.id != attrs::stp::VLAN_LIST {
            return None;
        }
        let id = object.oid()?;
        let default = sw.default_object(sai::switch::DEFAULT_STP_INST_ID.id());
        let of = |d: &Domain| if d.stp.is_null() { default } else { Some(d.stp) };
        let vlans = (1..FIRST_1D).filter(|at| sw.bridge.domain(*at).is_some_and(|d| of(d) == Some(id)));
        Some(Ok(Value::VlanList(vlans.collect())))
    }
}
