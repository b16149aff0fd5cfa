//! Which kinds of an object may stand where: a group of ports isolates ports, a user-defined trap of routes is for
//! routes, and so on.

use sai::meta::ObjectMeta;
use sai::{AclAction, AttrEntry, AttrId, Error, ObjectId, ObjectType, Result, Status, Value};
use sai::{acl_entry, acl_table, bridge_port, fdb_entry, neighbor_entry, port, route_entry};
use sai::{hostif_user_defined_trap as user_trap, isolation_group, udf_group};

use crate::switch::Switch;

const TRAP: AttrId = user_trap::TYPE.id();
const ISOLATION: AttrId = isolation_group::TYPE.id();

/// An attribute that names an object, the attribute of that which tells its kind, and the kind that it must be.
const FITS: &[(ObjectType, AttrId, AttrId, i32)] = &[
    (ObjectType::ROUTE_ENTRY, route_entry::USER_TRAP_ID.id(), TRAP, user_trap::Type::ROUTER.0),
    (ObjectType::NEIGHBOR_ENTRY, neighbor_entry::USER_TRAP_ID.id(), TRAP, user_trap::Type::NEIGHBOR.0),
    (ObjectType::FDB_ENTRY, fdb_entry::USER_TRAP_ID.id(), TRAP, user_trap::Type::FDB.0),
    (ObjectType::ACL_ENTRY, acl_entry::ACTION_SET_USER_TRAP_ID.id(), TRAP, user_trap::Type::ACL.0),
    (ObjectType::PORT, port::ISOLATION_GROUP.id(), ISOLATION, isolation_group::Type::PORT.0),
    (
        ObjectType::BRIDGE_PORT,
        bridge_port::ISOLATION_GROUP.id(),
        ISOLATION,
        isolation_group::Type::BRIDGE_PORT.0,
    ),
];

/// The user-defined fields of a table, which hashes may not share.
const FIELDS: std::ops::Range<AttrId> = {
    let first = acl_table::USER_DEFINED_FIELD_GROUP_MIN.id();
    first..first + 256
};

/// Refuses attributes that name an object of another kind than stands there.
pub(crate) fn check(sw: &Switch, meta: &ObjectMeta, attrs: &[AttrEntry]) -> Result<()> {
    for (n, given) in attrs.iter().enumerate() {
        let id = match given.value {
            Value::Oid(id) | Value::AclAction(AclAction::Oid(id)) if !id.is_null() => id,
            _ => continue,
        };
        let fits = FITS.iter().find(|(ty, attr, ..)| *ty == meta.object_type && *attr == given.id);
        if let Some((_, _, kind, wanted)) = fits {
            is(sw, meta, n, given, (id, *kind, *wanted))?;
        } else if meta.object_type == ObjectType::ACL_TABLE && FIELDS.contains(&given.id) {
            is(sw, meta, n, given, (id, udf_group::TYPE.id(), udf_group::Type::GENERIC.0))?;
        }
    }
    Ok(())
}

fn is(
    sw: &Switch,
    meta: &ObjectMeta,
    n: usize,
    given: &AttrEntry,
    (id, kind, wanted): (ObjectId, AttrId, i32),
) -> Result<()> {
    let is = sw.store.number(id, kind) as i32;
    if is == wanted {
        return Ok(());
    }
    let kinds =
        crate::store::id::type_of(id).and_then(|of| sai::meta::attr(of, kind)).and_then(|a| a.enumeration);
    let name = |kind: i32| kinds.and_then(|k| k.name_of(kind)).unwrap_or("another kind");
    let why = format!("{id} is of {}, not {}", name(is), name(wanted));
    let attr = meta.attr(given.id).map_or("", |a| a.name);
    Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why).on_attr(attr))
}
