//! How many members groups may have.

use sai::object::next_hop_group::Type;
use sai::{
    AttrEntry, Error, ObjectType, Result, Status, Value, next_hop_group, next_hop_group_member, switch,
};

use super::{NextHopGroup, refuse};
use crate::resources::Pool;
use crate::store::id::Parts;
use crate::switch::Switch;

/// The most ways of a group: members are named by 16 bits.
const MAX_MEMBERS: usize = u16::MAX as usize;

/// The most ways of a group: `SAI_SWITCH_ATTR_ECMP_MEMBER_COUNT`, which is as many as the chip can until it is set.
pub(super) fn width(sw: &Switch) -> usize {
    let chip = (sw.profile.limits.ecmp_width as usize).min(MAX_MEMBERS);
    match sw.store.get(sw.id).and_then(|o| o.value(switch::ECMP_MEMBER_COUNT.id())) {
        Some(Value::U32(count)) => chip.min(*count as usize),
        _ => chip,
    }
}

/// Refuses an `ECMP_MEMBER_COUNT` that the chip cannot do, or that a group exceeds already.
pub(crate) fn check_count(sw: &Switch, n: usize, given: &AttrEntry) -> Result<()> {
    let Value::U32(count) = given.value else { return Ok(()) };
    if given.id != switch::ECMP_MEMBER_COUNT.id() {
        return Ok(());
    }
    let (name, chip) = ("SAI_SWITCH_ATTR_ECMP_MEMBER_COUNT", sw.profile.limits.ecmp_width);
    if count == 0 || count > chip {
        return refuse(n, name, format!("{count}: a group of this chip can have 1 to {chip} members"));
    }
    let size = |g: &NextHopGroup| g.members.len().max(g.size);
    match sw.router.groups.iter().find(|g| size(g) > count as usize) {
        Some(group) => {
            let why = format!("{} has {} members, and nobody says which are to go", group.id, size(group));
            Err(Error::because(Status::NOT_IMPLEMENTED, why).on_attr(name))
        }
        None => Ok(()),
    }
}

/// How many more members a group that is named can have.
pub(crate) fn availability(sw: &Switch, object_type: ObjectType, attrs: &[AttrEntry]) -> Option<u64> {
    if object_type != ObjectType::NEXT_HOP_GROUP_MEMBER {
        return None;
    }
    let group =
        attrs.iter().find(|a| a.id == next_hop_group_member::NEXT_HOP_GROUP_ID.id())?.value.as_oid()?;
    let group = sw.router.groups.get(Parts::of(group).slot as usize).filter(|g| g.id == group)?;
    let left = match group.kind {
        Type::ECMP_WITH_MEMBERS => 0,
        Type::FINE_GRAIN_ECMP | Type::CLASS_BASED => group.size.saturating_sub(group.members.len()),
        _ => width(sw).saturating_sub(group.members.len()),
    };
    Some(u64::from(sw.resources.left(Pool::NextHopGroupMembers)).min(left as u64))
}

/// Refuses more ways than a group can have.
pub(super) fn check_width(sw: &Switch, n: usize, given: &AttrEntry) -> Result<()> {
    let width = width(sw);
    let (count, name) = match &given.value {
        Value::OidList(list) if given.id == next_hop_group::NEXT_HOP_LIST.id() => {
            (list.len(), "SAI_NEXT_HOP_GROUP_ATTR_NEXT_HOP_LIST")
        }
        Value::U32(size) if given.id == next_hop_group::CONFIGURED_SIZE.id() => {
            (*size as usize, "SAI_NEXT_HOP_GROUP_ATTR_CONFIGURED_SIZE")
        }
        _ => return Ok(()),
    };
    if count > width {
        return refuse(n, name, format!("{count} ways; the widest group has {width}"));
    }
    Ok(())
}
