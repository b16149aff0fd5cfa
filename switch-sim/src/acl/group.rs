//! Tables, groups of tables and their members as SAI objects.

use sai::meta::AttrMeta;
use sai::types::{AclBindPointType, AclStage};
use sai::{AttrId, Error, ObjectId, ObjectRef, ObjectType, Result, Status, Value};
use sai::{acl_table, acl_table_chain_group as chain, acl_table_group as group};
use sai::{acl_table_group_member as member, switch};

use super::table::{Table, name};
use super::{action, bind, field};
use crate::feature::{Owner, Request};
use crate::resources::Pool;
use crate::store::Object;
use crate::store::id::Parts;
use crate::switch::Switch;

/// Owns `SAI_OBJECT_TYPE_ACL_TABLE`.
#[derive(Debug)]
pub(crate) struct TableOwner;

const TABLE: &[AttrId] = &[
    acl_table::ACL_STAGE.id(),
    acl_table::ACL_BIND_POINT_TYPE_LIST.id(),
    acl_table::SIZE.id(),
    acl_table::ACL_ACTION_TYPE_LIST.id(),
    acl_table::ACL_TABLE_MATCH_TYPE.id(),
    acl_table::FIELD_ACL_RANGE_TYPE.id(),
    acl_table::USER_DEFINED_FIELD_GROUP_MIN.id(),
];

impl Owner for TableOwner {
    fn enforced(&self) -> &'static [AttrId] {
        static ALL: std::sync::LazyLock<Vec<AttrId>> =
            std::sync::LazyLock::new(|| [TABLE, field::TABLE_FIELDS].concat());
        &ALL
    }

    fn answered(&self) -> &'static [AttrId] {
        const { &[acl_table::AVAILABLE_ACL_ENTRY.id(), acl_table::AVAILABLE_ACL_COUNTER.id()] }
    }

    fn values(&self, attr: AttrId) -> Option<&'static [i32]> {
        if attr == acl_table::ACL_STAGE.id() {
            return Some(super::STAGES);
        }
        if attr == acl_table::ACL_ACTION_TYPE_LIST.id() {
            return Some(action::TYPES);
        }
        (attr == acl_table::ACL_TABLE_MATCH_TYPE.id())
            .then_some(const { &[sai::acl_table::MatchType::TERNARY.0] })
    }

    fn stored_values(&self, attr: AttrId) -> &'static [i32] {
        if attr == acl_table::ACL_ACTION_TYPE_LIST.id() { action::WITHOUT_EFFECT } else { &[] }
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        let id = request.object.oid().unwrap_or_default();
        Table::new(sw, id, request.attrs).map(drop)
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let attrs = sw.store.get(id).map_or_else(Vec::new, |o| o.attrs().to_vec());
        let Ok(table) = Table::new(sw, id, &attrs) else { return };
        let slot = Parts::of(id).slot as usize;
        if sw.acl.tables.len() <= slot {
            sw.acl.tables.resize_with(slot + 1, || None);
        }
        sw.acl.tables[slot] = Some(Box::new(table));
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        if let Some(id) = object.oid() {
            sw.acl.tables[Parts::of(id).slot as usize] = None;
        }
    }

    fn get(&self, sw: &Switch, object: &ObjectRef, asked: &'static AttrMeta) -> Option<Result<Value>> {
        let table = sw.acl.table(object.oid()?)?;
        let value = match asked.id {
            id if id == acl_table::AVAILABLE_ACL_ENTRY.id() => {
                let left = sw.resources.left(Pool::AclEntries);
                Value::U32(match table.size {
                    0 => left,
                    size => left.min(size.saturating_sub(table.entries)),
                })
            }
            id if id == acl_table::AVAILABLE_ACL_COUNTER.id() => {
                Value::U32(sw.resources.left(Pool::AclCounters))
            }
            id if id == acl_table::ENTRY_LIST.id() => {
                Value::OidList(sw.acl.entries_of(table.id).map(|e| e.id).collect())
            }
            _ => return None,
        };
        Some(Ok(value))
    }
}

fn refuse(object: ObjectType, n: usize, id: AttrId, why: String) -> Error {
    Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why).on_attr(name(object, id))
}

/// Owns `SAI_OBJECT_TYPE_ACL_TABLE_GROUP`.
#[derive(Debug)]
pub(crate) struct GroupOwner;

impl Owner for GroupOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const { &[group::ACL_STAGE.id(), group::ACL_BIND_POINT_TYPE_LIST.id(), group::TYPE.id()] }
    }

    fn answered(&self) -> &'static [AttrId] {
        const { &[group::CHAIN_GROUP_LIST.id()] }
    }

    fn values(&self, attr: AttrId) -> Option<&'static [i32]> {
        (attr == group::ACL_STAGE.id()).then_some(super::STAGES)
    }

    fn check_create(&self, _: &Switch, request: &Request<'_>) -> Result<()> {
        match request.given(group::ACL_STAGE.id()) {
            Some((n, Value::I32(stage))) if !super::STAGES.contains(stage) => {
                let why = format!("{}: this switch has no such stage", AclStage(*stage));
                Err(refuse(ObjectType::ACL_TABLE_GROUP, n, group::ACL_STAGE.id(), why))
            }
            _ => Ok(()),
        }
    }

    fn get(&self, sw: &Switch, object: &ObjectRef, asked: &'static AttrMeta) -> Option<Result<Value>> {
        if asked.id != group::CHAIN_GROUP_LIST.id() {
            return None;
        }
        let members = sw.store.get(object.oid()?)?.list(group::MEMBER_LIST.id());
        let mut chains: Vec<ObjectId> = members
            .iter()
            .map(|m| sw.store.oid(*m, member::ACL_TABLE_CHAIN_GROUP_ID.id()))
            .filter(|id| !id.is_null())
            .collect();
        chains.sort_unstable();
        chains.dedup();
        Some(Ok(Value::OidList(chains)))
    }
}

/// Owns `SAI_OBJECT_TYPE_ACL_TABLE_GROUP_MEMBER`.
#[derive(Debug)]
pub(crate) struct MemberOwner;

impl Owner for MemberOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const {
            &[
                member::ACL_TABLE_GROUP_ID.id(),
                member::ACL_TABLE_ID.id(),
                member::PRIORITY.id(),
                member::ACL_TABLE_CHAIN_GROUP_ID.id(),
            ]
        }
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        let oid = |id| request.given(id).and_then(|(n, v)| Some((n, v.as_oid()?)));
        if let (Some((_, of)), Some((n, table))) =
            (oid(member::ACL_TABLE_GROUP_ID.id()), oid(member::ACL_TABLE_ID.id()))
            && let Some(record) = sw.acl.table(table)
        {
            let bad =
                |why| Err(refuse(ObjectType::ACL_TABLE_GROUP_MEMBER, n, member::ACL_TABLE_ID.id(), why));
            let stage = AclStage(sw.store.number(of, group::ACL_STAGE.id()) as i32);
            if record.stage != stage {
                return bad(format!("{table} is of stage {}, {of} of {stage}", record.stage));
            }
            let points = sw.store.get(of).and_then(|o| o.value(group::ACL_BIND_POINT_TYPE_LIST.id()));
            if let Some(Value::I32List(points)) = points
                && let Some(point) = points.iter().find(|p| !record.binds_to(AclBindPointType(**p)))
            {
                let point = AclBindPointType(*point);
                return bad(format!("{table} was created without {of}'s bind point {point}"));
            }
        }
        if let Some((n, Value::U32(priority))) = request.given(member::PRIORITY.id())
            && *priority > u32::from(u16::MAX)
        {
            let why = format!("{priority}: priorities of tables are 0 to {}", u16::MAX);
            return Err(refuse(ObjectType::ACL_TABLE_GROUP_MEMBER, n, member::PRIORITY.id(), why));
        }
        Ok(())
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        if let Some(id) = object.oid() {
            let of = sw.store.oid(id, member::ACL_TABLE_GROUP_ID.id());
            bind::refresh(sw, of);
        }
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        self.created(sw, object);
    }

    fn removed(&self, sw: &mut Switch, _: &ObjectRef, was: Object) {
        if let Some(of) = was.value(member::ACL_TABLE_GROUP_ID.id()).and_then(Value::as_oid) {
            bind::refresh(sw, of);
        }
    }
}

/// Owns `SAI_OBJECT_TYPE_ACL_TABLE_CHAIN_GROUP`.
#[derive(Debug)]
pub(crate) struct ChainOwner;

impl Owner for ChainOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const { &[chain::TYPE.id(), chain::STAGE.id()] }
    }
}

/// What the switch's attributes say about ACLs.
pub(crate) fn available(sw: &Switch, asked: AttrId) -> Option<Value> {
    use sai::acl_table::SupportedMatchType;
    use sai::types::AclActionType;
    use sai::{AclCapability, AclChain, AclResource};
    let able = |set: u64| {
        Value::AclCapability(Box::new(AclCapability {
            is_action_list_mandatory: false,
            action_list: (0..64).filter(|a| set >> a & 1 != 0).map(AclActionType).collect(),
            supported_match_type: SupportedMatchType::TERNARY,
            is_non_contiguous_bits_exact_match_supported: false,
        }))
    };
    let at = super::action::at_stage;
    let resource = |pool: Pool| {
        let stages = super::STAGES.iter().map(|s| AclStage(*s));
        let rows = stages.flat_map(|stage| super::points(stage).iter().map(move |p| (stage, *p)));
        let avail_num = sw.resources.left(pool);
        Value::AclResourceList(
            rows.map(|(stage, bind_point)| AclResource { stage, bind_point, avail_num }).collect(),
        )
    };
    let actions = || super::STAGES.iter().fold(0, |set, s| set | at(AclStage(*s)));
    Some(match asked {
        id if id == switch::AVAILABLE_ACL_TABLE.id() => resource(Pool::AclTables),
        id if id == switch::AVAILABLE_ACL_TABLE_GROUP.id() => resource(Pool::AclTableGroups),
        id if id == switch::MAX_ACL_ACTION_COUNT.id() => Value::U32(actions().count_ones()),
        id if id == switch::MAX_ACL_RANGE_COUNT.id() => Value::U32(sw.profile.limits.others),
        id if id == switch::ACL_CAPABILITY.id() => able(actions()),
        id if id == switch::ACL_STAGE_PRE_INGRESS.id() => able(at(AclStage::PRE_INGRESS)),
        id if id == switch::ACL_STAGE_INGRESS.id() => able(at(AclStage::INGRESS)),
        id if id == switch::ACL_STAGE_POST_INGRESS.id() => able(at(AclStage::POST_INGRESS)),
        id if id == switch::ACL_STAGE_EGRESS.id() => able(at(AclStage::EGRESS)),
        id if id == switch::ACL_CHAIN_LIST.id() => Value::AclChainList(
            (0..4)
                .map(|n| AclChain {
                    chain_group_stage: chain::Stage(n),
                    supported_match_type: SupportedMatchType::TERNARY,
                })
                .collect(),
        ),
        _ => return None,
    })
}

/// The attributes that [`available`] answers.
pub(crate) const ANSWERED: &[AttrId] = &[
    switch::AVAILABLE_ACL_TABLE.id(),
    switch::AVAILABLE_ACL_TABLE_GROUP.id(),
    switch::MAX_ACL_ACTION_COUNT.id(),
    switch::MAX_ACL_RANGE_COUNT.id(),
    switch::ACL_CAPABILITY.id(),
    switch::ACL_STAGE_PRE_INGRESS.id(),
    switch::ACL_STAGE_INGRESS.id(),
    switch::ACL_STAGE_POST_INGRESS.id(),
    switch::ACL_STAGE_EGRESS.id(),
    switch::ACL_CHAIN_LIST.id(),
];
