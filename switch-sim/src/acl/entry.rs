//! ACL entries: their own store, compact, and their rules.

use sai::acl_entry as attr;
use sai::meta::{self, AttrMeta};
use sai::types::PacketAction;
use sai::{AclAction, AclField};
use sai::{AttrEntry, AttrId, Error, ObjectId, ObjectRef, ObjectType, Result, Status, Value};

use super::action::{self, Actions};
use super::field;
use super::table::{Table, name};
use crate::feature::{CompactTable, Owner};
use crate::meter::{Place, Policers};
use crate::store::id::Parts;
use crate::switch::Switch;
use crate::table::ternary::RuleId;

/// The lowest priority, and that of an entry that was given none.
const MIN_PRIORITY: u32 = 1;
/// The highest priority.
const MAX_PRIORITY: u32 = u16::MAX as u32;

/// An entry as it is stored.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    /// The object; null where there is none.
    pub id: ObjectId,
    pub table: u16,
    pub admin: bool,
    pub priority: u32,
    /// Its place in the order of creation.
    pub age: u64,
    pub rule: Option<RuleId>,
    /// Fields and actions, as [`pack`] writes them.
    body: Box<[u8]>,
}

impl Entry {
    /// The names of its actions, for a trace.
    pub fn actions(&self) -> Vec<String> {
        const PREFIX: &str = "SAI_ACL_ENTRY_ATTR_ACTION_";
        let say = |a: &AttrEntry| match &a.value {
            Value::AclAction(AclAction::I32(action)) if a.id == attr::ACTION_PACKET_ACTION.id() => {
                Some(PacketAction(*action).to_string().replace("SAI_PACKET_ACTION_", ""))
            }
            Value::AclAction(_) => Some(name(ObjectType::ACL_ENTRY, a.id).replace(PREFIX, "")),
            _ => None,
        };
        unpack(&self.body).iter().filter_map(say).collect()
    }
}

fn pack(attrs: &[AttrEntry]) -> Result<Box<[u8]>> {
    let bytes = postcard::to_stdvec(attrs).map_err(|e| Error::because(Status::FAILURE, e.to_string()))?;
    Ok(bytes.into())
}

fn unpack(body: &[u8]) -> Vec<AttrEntry> {
    postcard::from_bytes(body).unwrap_or_default()
}

/// An entry in the making: what was given, sorted out.
struct Draft {
    table: ObjectId,
    admin: bool,
    priority: u32,
    attrs: Vec<AttrEntry>,
}

impl Draft {
    fn of(attrs: &[AttrEntry]) -> Result<Draft> {
        let mut draft = Draft {
            table: ObjectId::NULL,
            admin: true,
            priority: MIN_PRIORITY,
            attrs: Vec::with_capacity(attrs.len()),
        };
        for (n, given) in attrs.iter().enumerate() {
            draft.put(n, given)?;
        }
        Ok(draft)
    }

    fn put(&mut self, n: usize, given: &AttrEntry) -> Result<()> {
        match &given.value {
            Value::Oid(table) if given.id == attr::TABLE_ID.id() => self.table = *table,
            Value::U32(priority) if given.id == attr::PRIORITY.id() => {
                if !(MIN_PRIORITY..=MAX_PRIORITY).contains(priority) {
                    let why = format!("{priority}: priorities are {MIN_PRIORITY} to {MAX_PRIORITY}");
                    return Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why)
                        .on_attr("SAI_ACL_ENTRY_ATTR_PRIORITY"));
                }
                self.priority = *priority;
            }
            Value::Bool(admin) if given.id == attr::ADMIN_STATE.id() => self.admin = *admin,
            value => {
                let at = self.attrs.iter().position(|a| a.id == given.id);
                let off = matches!(
                    value,
                    Value::AclField(AclField::Disabled) | Value::AclAction(AclAction::Disabled)
                );
                match at {
                    Some(at) if off => drop(self.attrs.remove(at)),
                    Some(at) => self.attrs[at].value = value.clone(),
                    None if off => {}
                    None => self.attrs.push(given.clone()),
                }
            }
        }
        Ok(())
    }
}

/// Owns `SAI_OBJECT_TYPE_ACL_ENTRY`, and is its table.
#[derive(Debug)]
pub(crate) struct EntryOwner;

impl Owner for EntryOwner {
    fn enforced(&self) -> &'static [AttrId] {
        static ALL: std::sync::LazyLock<Vec<AttrId>> = std::sync::LazyLock::new(|| {
            const OWN: &[AttrId] = &[
                attr::TABLE_ID.id(),
                attr::PRIORITY.id(),
                attr::ADMIN_STATE.id(),
                attr::FIELD_ACL_RANGE_TYPE.id(),
                attr::USER_DEFINED_FIELD_GROUP_MIN.id(),
            ];
            [OWN, field::ENTRY_FIELDS, action::ENTRY_ACTIONS].concat()
        });
        &ALL
    }

    fn table(&self) -> Option<&'static dyn CompactTable> {
        Some(&EntryOwner)
    }
}

fn missing(object: &ObjectRef) -> Error {
    Error::because(Status::ITEM_NOT_FOUND, "there is no such ACL entry").on_object(object)
}

fn find<'a>(sw: &'a Switch, object: &ObjectRef) -> Result<&'a Entry> {
    let id = object.oid().unwrap_or_default();
    let entry = sw.acl.entries.get(Parts::of(id).slot as usize).filter(|e| e.id == id && !id.is_null());
    entry.ok_or_else(|| missing(object))
}

/// Checks fields and actions of an entry against its table; answers the actions.
fn check(
    sw: &Switch,
    table: &Table,
    attrs: &[AttrEntry],
    position: impl Fn(AttrId) -> usize,
) -> Result<Actions> {
    for given in attrs {
        table.check_field(sw, position(given.id), given)?;
    }
    Actions::of(sw, table, attrs, position)
}

/// Makes room for the lists of ports of an entry: with more lists than its keys can tell apart a table gets
/// wider keys.
fn make_room(sw: &mut Switch, slot: u16, attrs: &[AttrEntry]) -> Result<()> {
    while let Some(table) = sw.acl.at(slot)
        && let Err(out) = table.room(attrs)
    {
        let id = if out { attr::FIELD_OUT_PORTS.id() } else { attr::FIELD_IN_PORTS.id() };
        let mut wider = table.grown(sw, out).ok_or_else(|| {
            let why = "the table has as many different lists of ports as it can tell apart";
            Error::because(Status::TABLE_FULL, why).on_attr(name(ObjectType::ACL_ENTRY, id))
        })?;
        let acl = &mut sw.acl;
        let mut order: Vec<usize> = (0..acl.entries.len())
            .filter(|n| acl.entries[*n].table == slot && !acl.entries[*n].id.is_null())
            .collect();
        order.sort_by_key(|n| acl.entries[*n].age);
        for n in order {
            let entry = &mut acl.entries[n];
            if entry.admin {
                let attrs = unpack(&entry.body);
                entry.rule = wider.insert(&acl.ranges, &attrs, entry.priority, n as u32);
            }
        }
        acl.tables[usize::from(slot)] = Some(Box::new(wider));
    }
    Ok(())
}

/// Puts an entry's rule and actions in force, which were checked.
fn install(sw: &mut Switch, slot: usize, attrs: &[AttrEntry], actions: Actions) {
    let acl = &mut sw.acl;
    let entry = &mut acl.entries[slot];
    let Some(table) = acl.tables[usize::from(entry.table)].as_mut() else { return };
    let mut actions = actions;
    if let Some(mut orders) = actions.orders.take() {
        if let Some((_, entry)) = &mut orders.sampler {
            *entry = slot as u32;
        }
        actions.order = acl.orders.put(*orders);
    }
    if entry.admin {
        entry.rule = table.insert(&acl.ranges, attrs, entry.priority, slot as u32);
        count_policer(&mut sw.policers, table, &actions, 1);
        acl.no_learn += u32::from(actions.more.as_ref().is_some_and(|m| m.no_learn));
    }
    acl.actions[slot] = actions;
}

/// Takes an entry's rule and actions out.
fn uninstall(sw: &mut Switch, slot: usize, attrs: &[AttrEntry]) {
    let acl = &mut sw.acl;
    let entry = &mut acl.entries[slot];
    let actions = std::mem::take(&mut acl.actions[slot]);
    acl.orders.remove(actions.order);
    if entry.admin {
        acl.no_learn -= u32::from(actions.more.as_ref().is_some_and(|m| m.no_learn));
        if let Some(table) = acl.tables[usize::from(entry.table)].as_mut() {
            table.remove(attrs, entry.rule.take());
            count_policer(&mut sw.policers, table, &actions, -1);
        }
    }
}

/// Tells a policer that an entry in force names it, or no longer does.
fn count_policer(policers: &mut Policers, table: &Table, actions: &Actions, by: i32) {
    if let Some(policer) = actions.more.as_ref().and_then(|m| m.policer) {
        policers.count_use(Place::Acl(table.stage.0 as u8), policer, by);
    }
}

fn reference(sw: &mut Switch, attrs: &[AttrEntry], by: i32) {
    for given in attrs {
        given.value.for_each_oid(|id| sw.store.reference(id, by));
    }
}

impl CompactTable for EntryOwner {
    fn create(&self, sw: &mut Switch, object: &ObjectRef, attrs: &[AttrEntry]) -> Result<ObjectId> {
        let draft = Draft::of(attrs)?;
        let table_slot = Parts::of(draft.table).slot as u16;
        let table = sw.acl.table(draft.table).ok_or_else(|| missing(object))?;
        if table.size != 0 && table.entries >= table.size {
            let why = format!("{} has its {} entries", table.id, table.size);
            return Err(Error::because(Status::TABLE_FULL, why).on_object(object));
        }
        let position = |id| attrs.iter().position(|a| a.id == id).unwrap_or(0);
        let actions = check(sw, table, &draft.attrs, position).map_err(|e| e.on_object(object))?;
        let body = pack(&draft.attrs)?;
        if draft.admin {
            make_room(sw, table_slot, &draft.attrs).map_err(|e| e.on_object(object))?;
        }
        let id = object.oid().unwrap_or_default();
        if !sw.store.is_live(id)
            && let Some(meta) = meta::object(ObjectType::ACL_ENTRY)
        {
            sw.store.reserve(meta);
        }
        let slot = Parts::of(id).slot as usize;
        let acl = &mut sw.acl;
        if acl.entries.len() <= slot {
            acl.entries.resize_with(slot + 1, Entry::default);
            acl.actions.resize_with(slot + 1, Actions::default);
        }
        acl.age += 1;
        acl.entries[slot] = Entry {
            id,
            table: table_slot,
            admin: draft.admin,
            priority: draft.priority,
            age: acl.age,
            rule: None,
            body,
        };
        if let Some(table) = acl.tables[usize::from(table_slot)].as_mut() {
            table.entries += 1;
        }
        install(sw, slot, &draft.attrs, actions);
        sw.store.reference(draft.table, 1);
        reference(sw, &draft.attrs, 1);
        Ok(id)
    }

    fn remove(&self, sw: &mut Switch, object: &ObjectRef) -> Result<()> {
        let entry = find(sw, object)?.clone();
        let slot = Parts::of(entry.id).slot as usize;
        let attrs = unpack(&entry.body);
        uninstall(sw, slot, &attrs);
        sw.acl.entries[slot] = Entry::default();
        if let Some(table) = sw.acl.tables[usize::from(entry.table)].as_mut() {
            table.entries -= 1;
            let table = table.id;
            sw.store.reference(table, -1);
        }
        reference(sw, &attrs, -1);
        sw.store.release(entry.id);
        Ok(())
    }

    fn set(&self, sw: &mut Switch, object: &ObjectRef, given: &AttrEntry) -> Result<()> {
        let old = find(sw, object)?.clone();
        let slot = Parts::of(old.id).slot as usize;
        let attrs = unpack(&old.body);
        let mut draft =
            Draft { table: ObjectId::NULL, admin: old.admin, priority: old.priority, attrs: attrs.clone() };
        draft.put(0, given).map_err(|e| e.on_object(object))?;
        if given.id == attr::PRIORITY.id() {
            sw.acl.entries[slot].priority = draft.priority;
            let rule = sw.acl.entries[slot].rule;
            if let (Some(rule), Some(table)) = (rule, sw.acl.tables[usize::from(old.table)].as_mut()) {
                table.classifier.set_priority(rule, draft.priority);
            }
            return Ok(());
        }
        let table = sw.acl.at(old.table).ok_or_else(|| missing(object))?;
        let actions = check(sw, table, &draft.attrs, |_| 0).map_err(|e| e.on_object(object))?;
        let body = pack(&draft.attrs)?;
        if draft.admin {
            make_room(sw, old.table, &draft.attrs).map_err(|e| e.on_object(object))?;
        }
        uninstall(sw, slot, &attrs);
        let acl = &mut sw.acl;
        acl.age += 1;
        let entry = &mut acl.entries[slot];
        (entry.admin, entry.body, entry.age) = (draft.admin, body, acl.age);
        install(sw, slot, &draft.attrs, actions);
        reference(sw, &draft.attrs, 1);
        reference(sw, &attrs, -1);
        Ok(())
    }

    fn value(&self, sw: &Switch, object: &ObjectRef, asked: &'static AttrMeta) -> Result<Option<Value>> {
        self.value_of(sw, object, asked, asked.id)
    }

    fn value_of(
        &self,
        sw: &Switch,
        object: &ObjectRef,
        _: &'static AttrMeta,
        id: AttrId,
    ) -> Result<Option<Value>> {
        let entry = find(sw, object)?;
        Ok(match id {
            id if id == attr::TABLE_ID.id() => sw.acl.at(entry.table).map(|table| Value::Oid(table.id)),
            id if id == attr::PRIORITY.id() => Some(Value::U32(entry.priority)),
            id if id == attr::ADMIN_STATE.id() => Some(Value::Bool(entry.admin)),
            id => unpack(&entry.body).into_iter().find(|a| a.id == id).map(|a| a.value),
        })
    }

    fn given(&self, sw: &Switch, object: &ObjectRef, attrs: &mut Vec<AttrEntry>) {
        let Ok(entry) = find(sw, object) else { return };
        let table = sw.acl.at(entry.table).map_or(ObjectId::NULL, |t| t.id);
        attrs.push(AttrEntry::new(attr::TABLE_ID.id(), Value::Oid(table)));
        attrs.push(AttrEntry::new(attr::PRIORITY.id(), Value::U32(entry.priority)));
        if !entry.admin {
            attrs.push(AttrEntry::new(attr::ADMIN_STATE.id(), Value::Bool(false)));
        }
        attrs.extend(unpack(&entry.body));
    }

    fn contains(&self, sw: &Switch, object: &ObjectRef) -> bool {
        find(sw, object).is_ok()
    }

    fn count(&self, sw: &Switch, object_type: ObjectType) -> usize {
        sw.store.count(object_type)
    }

    fn for_each(&self, sw: &Switch, object_type: ObjectType, f: &mut dyn FnMut(ObjectRef)) {
        // In order of creation, which decides between equal priorities: a snapshot keeps it.
        let mut all: Vec<&Entry> = sw.acl.entries.iter().filter(|e| !e.id.is_null()).collect();
        all.sort_by_key(|e| e.age);
        all.iter().for_each(|e| f(ObjectRef::Object(object_type, e.id)));
    }
}
