//! Names and objects, from text and to JSON.

use sai::text::json::Document;
use sai::text::key;
use sai::{Answer, AttrEntry, Backend, Error, ObjectId, ObjectRef, ObjectType, Query, Result, Status, meta};
use serde_json::Value as Json;

use super::{Handle, Site};

pub(super) fn invalid(why: impl Into<String>) -> Error {
    Error::because(Status::INVALID_PARAMETER, why.into())
}

/// The switch of this name; the only one where there is none.
pub(super) fn switch(site: &dyn Site, name: Option<&str>) -> Result<Handle> {
    let mut all = site.switches();
    let names = |all: &[Handle]| all.iter().map(|h| h.name.clone()).collect::<Vec<_>>().join(", ");
    match name {
        Some(name) => match all.iter().position(|h| h.name == name) {
            Some(at) => Ok(all.swap_remove(at)),
            None => {
                let why = format!("there is no switch {name}; there are {}", names(&all));
                Err(Error::because(Status::ITEM_NOT_FOUND, why))
            }
        },
        None if all.len() == 1 => Ok(all.swap_remove(0)),
        None => Err(invalid(format!("say which switch: {}", names(&all)))),
    }
}

/// The ports of a switch, in order.
pub(super) fn ports(switch: &Handle) -> Result<Vec<ObjectId>> {
    let mut asked = [AttrEntry::ask(sai::switch::PORT_LIST.id())];
    switch.sim.get(&ObjectRef::Object(ObjectType::SWITCH, switch.switch), &mut asked)?;
    let [AttrEntry { value: sai::Value::OidList(ports), .. }] = asked else { return Ok(Vec::new()) };
    Ok(ports)
}

/// A port by name: `leaf1:0`, `0`, `leaf1:oid:0x…`, `oid:0x…`.
pub(super) fn port(site: &dyn Site, name: &str) -> Result<(Handle, ObjectId)> {
    let (of, place) = match name.split_once(':') {
        Some(("oid", _)) | None => (None, name),
        Some((of, place)) => (Some(of), place),
    };
    if let Ok(id) = place.parse::<ObjectId>() {
        // The id says which switch, where the name does not.
        let home = |h: &Handle| of.is_none() && h.sim.switch_of(id) == Some(h.switch);
        let mut homes = site.switches().into_iter().filter(home);
        return match (homes.next(), homes.next()) {
            (Some(home), None) => Ok((home, id)),
            _ => Ok((switch(site, of)?, id)),
        };
    }
    let switch = switch(site, of)?;
    let place: usize = place.parse().map_err(|_| {
        invalid(format!("'{name}' names no port; a port is SWITCH:PLACE, as leaf1:0, or oid:0x…"))
    })?;
    let id = port_at(&switch, place)?;
    Ok((switch, id))
}

/// An object type by SAI's name or a short one: `route-entry`, `vlan`.
pub(super) fn object_type(name: &str) -> Result<ObjectType> {
    let full = if name.starts_with("SAI_") {
        name.to_owned()
    } else {
        format!("SAI_OBJECT_TYPE_{}", name.to_uppercase().replace('-', "_"))
    };
    match meta::object_by_name(&full) {
        Some(m) => Ok(m.object_type),
        None => Err(invalid(format!("there is no object type {full}"))),
    }
}

/// The port at a place.
fn port_at(switch: &Handle, place: usize) -> Result<ObjectId> {
    let ports = ports(switch)?;
    ports.get(place).copied().ok_or_else(|| {
        let why = format!("{} has no port {place}; it has {} of them, from 0", switch.name, ports.len());
        Error::because(Status::ITEM_NOT_FOUND, why)
    })
}

/// An object by `oid:0x…`, an object or entry with its type before, or a port by its place.
pub(super) fn object(switch: &Handle, text: &str) -> Result<ObjectRef> {
    if let Ok(place) = text.parse() {
        return Ok(ObjectRef::Object(ObjectType::PORT, port_at(switch, place)?));
    }
    if text.starts_with("oid:") {
        let id: ObjectId = text.parse().map_err(|e| invalid(format!("{e}")))?;
        return match switch.sim.object_type(id) {
            Some(t) => Ok(ObjectRef::Object(t, id)),
            None => Err(Error::because(Status::INVALID_OBJECT_ID, format!("{id} was never issued"))),
        };
    }
    let (name, rest) = text.split_once(':').ok_or_else(|| {
        invalid(format!(
            "'{text}' names no object; it is oid:0x…, TYPE:{{key}} as route-entry:{{\"dest\":…}}, or the place of a port"
        ))
    })?;
    key::parse(object_type(name)?, rest).map_err(|e| invalid(format!("{text}: {e}")))
}

/// An attribute of a type by SAI's name, or a short one: `admin-state`.
pub(super) fn attr(object_type: ObjectType, name: &str) -> Result<&'static meta::AttrMeta> {
    let found = meta::attr_by_name(name).filter(|a| a.object_type == object_type);
    let short = || {
        let wanted = name.to_uppercase().replace('-', "_");
        let ends = |a: &meta::AttrMeta| a.name.split_once("_ATTR_").is_some_and(|(_, end)| end == wanted);
        meta::object(object_type)?.attrs.iter().find(|a| ends(a))
    };
    found.or_else(short).ok_or_else(|| invalid(format!("{object_type} has no attribute {name}")))
}

/// The keys of all objects of a type.
pub(super) fn keys(switch: &Handle, object_type: ObjectType) -> Result<Vec<ObjectRef>> {
    match switch.sim.query(switch.switch, Query::ObjectKeys(object_type))? {
        Answer::ObjectKeys(keys) => Ok(keys),
        _ => Ok(Vec::new()),
    }
}

/// An object with these attributes, or with all that it has a value for.
pub(super) fn document(switch: &Handle, object: ObjectRef, wanted: Option<&[String]>) -> Result<Json> {
    let object_type = object.object_type();
    let mut attrs = Vec::new();
    match wanted {
        Some(names) => {
            for name in names {
                attrs.push(AttrEntry::ask(attr(object_type, name)?.id));
            }
            switch.sim.get(&object, &mut attrs)?;
        }
        None => {
            let all = meta::object(object_type).map_or(&[][..], |m| m.attrs);
            attrs.extend(all.iter().map(|a| AttrEntry::ask(a.id)));
            if switch.sim.get(&object, &mut attrs).is_err() {
                // Some have no value; which they are is told by asking one by one.
                let mut last = Ok(());
                attrs.retain_mut(|a| match switch.sim.get(&object, std::slice::from_mut(a)) {
                    Ok(()) => true,
                    Err(e) => {
                        last = Err(e);
                        false
                    }
                });
                if attrs.is_empty() {
                    last?;
                }
            }
        }
    }
    Ok(Document { object, attrs }.to_json())
}
