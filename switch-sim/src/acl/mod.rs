//! Access control lists.
//!
//! | file | what |
//! |---|---|
//! | `group` | tables, groups and chain groups as objects; what the switch says that it can |
//! | `entry` | entries: their store, compact, and their rules |
//! | `table`, `field`, `list` | how the fields of a table lie in a key, and what an entry demands of it |
//! | `look`, `udf` | what is asked of a packet: the columns of keys |
//! | `action`, `order` | what entries want done, at once and as copies leave |
//! | `bind` | bind points, and the tables that packets meet there |
//! | `run` | the packet half: which entries a packet hits |
//! | `lane` | the same of frames in the express lane |
//! | `verdict` | what becomes of it: the one rule by which verdicts merge |
//! | `counter` | ACL counters and ranges |
//!
//! A packet's key for a table is made once, from the columns of the table's fields alone; headers inside a
//! tunnel are read once a packet, when a table asks for them. The rules are in a
//! [`Classifier`](crate::table::ternary::Classifier). `docs/src/acl.md` says what is matched, what acts and
//! how verdicts merge.

use sai::types::{AclBindPointType, AclStage};
use sai::{AttrEntry, AttrId, ObjectId, ObjectRef, ObjectType, Value};
use sai::{acl_counter, acl_entry, acl_table};

use crate::snapshot::Stored;
use crate::store::id::{Parts, type_of};
use crate::switch::Switch;

mod action;
pub(crate) mod bind;
mod counter;
mod entry;
mod field;
mod group;
mod lane;
mod list;
mod look;
mod order;
mod run;
mod table;
mod udf;
mod verdict;

pub(crate) use counter::{CounterOwner, RangeOwner};
pub(crate) use entry::EntryOwner;
pub(crate) use group::{ANSWERED, ChainOwner, GroupOwner, MemberOwner, TableOwner};
pub(crate) use lane::{Permits, fits_lane, permitted};
pub(crate) use run::{carry_out, copies, egress, forbids_learning, ingress, post_ingress, pre_ingress};
pub(crate) use udf::{UdfGroupOwner, UdfMatchOwner, UdfOwner, Udfs};

/// The stages that tables can be of.
const STAGES: &[i32] =
    &[AclStage::INGRESS.0, AclStage::EGRESS.0, AclStage::PRE_INGRESS.0, AclStage::POST_INGRESS.0];

/// The bind points of a stage.
fn points(stage: AclStage) -> &'static [AclBindPointType] {
    const ALL: &[AclBindPointType] = &[
        AclBindPointType::PORT,
        AclBindPointType::LAG,
        AclBindPointType::VLAN,
        AclBindPointType::ROUTER_INTERFACE,
        AclBindPointType::SWITCH,
    ];
    if stage == AclStage::PRE_INGRESS { &ALL[4..] } else { ALL }
}

/// Everything of ACLs that packets read and write.
#[derive(Default)]
pub struct Acl {
    /// By slot of the table object.
    tables: Vec<Option<Box<table::Table>>>,
    /// By slot of the entry object.
    entries: Vec<entry::Entry>,
    /// By slot of the entry object.
    actions: Vec<action::Actions>,
    /// How many entries were made or changed.
    age: u64,
    pub(crate) counters: counter::Counters,
    ranges: counter::Ranges,
    pub(crate) udfs: udf::Udfs,
    bound: bind::Bound,
    orders: order::Book,
    /// Entries in force that forbid to learn.
    no_learn: u32,
    scratch: run::Scratch,
}

impl std::fmt::Debug for Acl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tables = self.tables.iter().flatten().count();
        f.debug_struct("Acl").field("tables", &tables).field("entries", &self.entries.len()).finish()
    }
}

impl Acl {
    fn at(&self, slot: u16) -> Option<&table::Table> {
        self.tables.get(usize::from(slot))?.as_deref()
    }

    fn table(&self, id: ObjectId) -> Option<&table::Table> {
        self.at(Parts::of(id).slot as u16).filter(|t| t.id == id)
    }

    /// The entries of a table, in no order.
    fn entries_of(&self, table: ObjectId) -> impl Iterator<Item = &entry::Entry> {
        let slot = Parts::of(table).slot as u16;
        self.entries.iter().filter(move |e| e.table == slot && !e.id.is_null())
    }

    /// Whether anything is bound before my-MAC.
    pub(crate) fn before_look_up(&self) -> bool {
        self.bound.any(bind::Stage::PreIngress)
    }
}

/// How many more entries or counters a table that is named can have.
pub(crate) fn availability(sw: &Switch, object_type: ObjectType, attrs: &[AttrEntry]) -> Option<u64> {
    let (of, left) = match object_type {
        ObjectType::ACL_ENTRY => (acl_entry::TABLE_ID.id(), acl_table::AVAILABLE_ACL_ENTRY.id()),
        ObjectType::ACL_COUNTER => (acl_counter::TABLE_ID.id(), acl_table::AVAILABLE_ACL_COUNTER.id()),
        _ => return None,
    };
    let table = attrs.iter().find(|a| a.id == of)?.value.as_oid()?;
    match sw.value(&ObjectRef::Object(ObjectType::ACL_TABLE, table), left) {
        Ok(Value::U32(left)) => Some(left.into()),
        _ => None,
    }
}

/// Writes what counters have counted into a snapshot's objects.
pub(crate) fn save_counts(sw: &Switch, objects: &mut [Stored]) {
    for object in objects.iter_mut().filter(|o| type_of(o.id) == Some(ObjectType::ACL_COUNTER)) {
        let counter = ObjectRef::Object(ObjectType::ACL_COUNTER, object.id);
        for id in [acl_counter::PACKETS.id(), acl_counter::BYTES.id()] {
            let Ok(value) = sw.value(&counter, id) else { continue };
            match object.attrs.binary_search_by_key(&id, |a| a.id) {
                Ok(at) => object.attrs[at].value = value,
                Err(_) if value == Value::U64(0) => {}
                Err(at) => object.attrs.insert(at, AttrEntry::new(id, value)),
            }
        }
    }
}

/// A read-only attribute of the switch about ACLs.
pub(crate) fn answer(sw: &Switch, asked: AttrId) -> Option<Value> {
    group::available(sw, asked)
}
