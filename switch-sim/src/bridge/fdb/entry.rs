//! FDB entries as SAI objects: the FDB is their store.

use std::net::Ipv4Addr;

use sai::Value as Attr;
use sai::entry::{Entry, FdbEntry};
use sai::fdb_entry::Type;
use sai::meta::AttrMeta;
use sai::types::PacketAction;
use sai::{AttrEntry, AttrId, Error, MacAddr, ObjectId, ObjectRef, ObjectType, Result, Status};

use super::*;
use crate::feature::{CompactTable, Owner};

/// Owner and table of `SAI_OBJECT_TYPE_FDB_ENTRY`.
pub static FDB_ENTRY: FdbEntries = FdbEntries;

/// Owner and table of `SAI_OBJECT_TYPE_FDB_ENTRY`.
#[derive(Debug)]
pub struct FdbEntries;

impl Owner for FdbEntries {
    fn enforced(&self) -> &'static [AttrId] {
        &[
            attr::TYPE,
            attr::PACKET_ACTION,
            attr::BRIDGE_PORT_ID,
            attr::ALLOW_MAC_MOVE,
            attr::USER_TRAP_ID,
            attr::META_DATA,
            attr::COUNTER_ID,
        ]
    }

    fn refused(&self) -> &'static [(AttrId, &'static str)] {
        &[(attr::ENDPOINT_IP, "this switch has no bridge ports of type TUNNEL")]
    }

    fn table(&self) -> Option<&'static dyn CompactTable> {
        Some(&FDB_ENTRY)
    }
}

/// An entry in the making: the word of the table and what few have.
#[derive(Clone, Debug, Default)]
struct Draft {
    port: ObjectId,
    is_static: bool,
    may_move: bool,
    action: PacketAction,
    extra: Extra,
}

impl Draft {
    fn of(sw: &Switch, key: u64, value: Value) -> Draft {
        Draft {
            port: port_id(sw, value.port()),
            is_static: value.is_static(),
            may_move: value.has(MAY_MOVE),
            action: value.action(),
            extra: sw.bridge.fdb.extra(key),
        }
    }

    fn apply(&mut self, sw: &Switch, n: usize, a: &AttrEntry) -> Result<()> {
        let bad = |why: &'static str| Error::because(Status(Status::INVALID_ATTR_VALUE_0.0 - n as i32), why);
        match (a.id, &a.value) {
            (attr::TYPE, Attr::I32(ty)) => self.is_static = Type(*ty) == Type::STATIC,
            (attr::PACKET_ACTION, Attr::I32(action)) => self.action = PacketAction(*action),
            (attr::BRIDGE_PORT_ID, Attr::Oid(id)) => {
                if !id.is_null() && sw.bridge.port(index(*id)).is_none_or(|b| b.id != *id) {
                    return Err(bad("there is no such bridge port"));
                }
                self.port = *id;
            }
            (attr::META_DATA, Attr::U32(meta)) => self.extra.meta = *meta,
            (attr::USER_TRAP_ID, Attr::Oid(id)) => self.extra.user_trap = *id,
            (attr::COUNTER_ID, Attr::Oid(id)) => self.extra.counter = *id,
            // Nothing but the default comes this far.
            (attr::ENDPOINT_IP, Attr::IpAddress(_)) => {}
            (attr::ALLOW_MAC_MOVE, Attr::Bool(may)) => self.may_move = *may,
            _ => return Err(Status(Status::UNKNOWN_ATTRIBUTE_0.0 - n as i32).into()),
        }
        Ok(())
    }

    fn store(self, sw: &mut Switch, key: u64, now: u64) {
        let plain = self.extra == Extra::default();
        let bits = [(self.is_static, STATIC), (self.may_move, MAY_MOVE), (!plain, EXTRA)];
        let bits = bits.into_iter().filter(|(on, _)| *on).fold(0, |m, (_, bit)| m | bit);
        let value = Value::new(index(self.port), self.action, bits, now);
        if !plain {
            count_extra(sw, &self.extra, 1);
            sw.bridge.fdb.extras.insert(key, self.extra);
        }
        insert(sw, key, value);
    }
}

/// Counts the references of what few entries have.
pub(super) fn count_extra(sw: &mut Switch, extra: &Extra, by: i32) {
    sw.store.reference(extra.user_trap, by);
    sw.store.reference(extra.counter, by);
}

/// Takes an entry out with what few have.
pub(super) fn take(sw: &mut Switch, key: u64) -> Option<Value> {
    let value = remove(sw, key)?;
    if let Some(extra) = sw.bridge.fdb.extras.remove(&key) {
        count_extra(sw, &extra, -1);
    }
    Some(value)
}

fn found(sw: &Switch, object: &ObjectRef) -> Result<(u64, Value)> {
    let ObjectRef::Entry(Entry::Fdb(entry)) = object else {
        return Err(Status::INVALID_OBJECT_TYPE.into());
    };
    let missing = || Error::because(Status::ITEM_NOT_FOUND, "there is no such FDB entry");
    let key = key_of(sw, entry).map_err(|_| missing())?;
    Ok((key, *sw.bridge.fdb.table.get(key).ok_or_else(missing)?))
}

impl CompactTable for FdbEntries {
    fn create(&self, sw: &mut Switch, object: &ObjectRef, attrs: &[AttrEntry]) -> Result<ObjectId> {
        let ObjectRef::Entry(Entry::Fdb(entry)) = object else {
            return Err(Status::INVALID_OBJECT_TYPE.into());
        };
        let key = key_of(sw, entry)?;
        if sw.bridge.fdb.table.get(key).is_some() {
            return Err(Error::because(Status::ITEM_ALREADY_EXISTS, "the FDB knows this address"));
        }
        if sw.bridge.fdb.table.len() >= sw.bridge.fdb.capacity {
            return Err(Error::because(Status::TABLE_FULL, "the FDB is full"));
        }
        let mut draft = Draft { action: PacketAction::FORWARD, ..Draft::default() };
        for (n, a) in attrs.iter().enumerate() {
            draft.apply(sw, n, a)?;
        }
        let now = sw.now();
        draft.store(sw, key, now);
        Ok(ObjectId::NULL)
    }

    fn remove(&self, sw: &mut Switch, object: &ObjectRef) -> Result<()> {
        let (key, _) = found(sw, object)?;
        take(sw, key);
        Ok(())
    }

    fn set(&self, sw: &mut Switch, object: &ObjectRef, a: &AttrEntry) -> Result<()> {
        let (key, value) = found(sw, object)?;
        let mut draft = Draft::of(sw, key, value);
        draft.apply(sw, 0, a)?;
        take(sw, key);
        let now = sw.now();
        draft.store(sw, key, now);
        Ok(())
    }

    fn value(&self, sw: &Switch, object: &ObjectRef, meta: &'static AttrMeta) -> Result<Option<Attr>> {
        let (key, value) = found(sw, object)?;
        let draft = Draft::of(sw, key, value);
        let ty = if draft.is_static { Type::STATIC } else { Type::DYNAMIC };
        Ok(match meta.id {
            attr::TYPE => Some(Attr::I32(ty.0)),
            attr::PACKET_ACTION => Some(Attr::I32(draft.action.0)),
            attr::BRIDGE_PORT_ID => Some(Attr::Oid(draft.port)),
            attr::META_DATA => Some(Attr::U32(draft.extra.meta)),
            attr::USER_TRAP_ID => Some(Attr::Oid(draft.extra.user_trap)),
            attr::COUNTER_ID => Some(Attr::Oid(draft.extra.counter)),
            attr::ENDPOINT_IP => Some(Attr::IpAddress(Ipv4Addr::UNSPECIFIED.into())),
            attr::ALLOW_MAC_MOVE => Some(Attr::Bool(draft.may_move)),
            _ => None,
        })
    }

    fn contains(&self, sw: &Switch, object: &ObjectRef) -> bool {
        found(sw, object).is_ok()
    }

    fn count(&self, sw: &Switch, _: ObjectType) -> usize {
        sw.bridge.fdb.table.len()
    }

    fn for_each(&self, sw: &Switch, _: ObjectType, f: &mut dyn FnMut(ObjectRef)) {
        let mut keys: Vec<u64> = sw.bridge.fdb.table.iter().map(|(key, _)| key).collect();
        keys.sort_unstable();
        for key in keys {
            let (domain, mac) = split_mac_key(key);
            let entry =
                FdbEntry { switch_id: sw.id, mac_address: MacAddr(mac), bv_id: domain_id(sw, domain) };
            f(ObjectRef::Entry(Entry::Fdb(entry)));
        }
    }
}
