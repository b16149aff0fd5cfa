//! L2 multicast: groups, MCAST_FDB entries by MAC address, L2MC entries by IP group and source.

use std::net::IpAddr;

use hashbrown::HashMap;
use sai::entry::Entry;
use sai::types::PacketAction;
use sai::{AttrId, Error, MacAddr, ObjectId, ObjectRef, Result, Status, Value};

use super::fdb::domain_of;
use super::{Bridge, LookupKey};
use crate::attrs::{l2mc_entry, l2mc_group_member as member, mcast_fdb_entry};
use crate::feature::{Owner, Request};
use crate::pipeline::Packet;
use crate::port::index;
use crate::store::Object;
use crate::switch::Switch;
use crate::table::exact::mac_key;
use crate::wire::parse::L3;

/// What an entry says.
#[derive(Clone, Copy, Debug)]
struct Rule {
    action: PacketAction,
    group: u16,
    meta: u32,
}

/// A group of bridge ports.
#[derive(Debug, Default)]
struct Group {
    /// The member objects with their bridge ports.
    members: Vec<(ObjectId, u16)>,
    /// The bridge ports, each once, in order of creation.
    outputs: Vec<u16>,
}

/// Multicast entries and groups as packets see them.
#[derive(Debug, Default)]
pub struct Multicast {
    groups: Vec<Group>,
    by_mac: HashMap<u64, Rule>,
    /// By domain, group and source; without a source for any.
    by_ip: HashMap<(u16, IpAddr, Option<IpAddr>), Rule>,
}

/// What a look-up found.
pub(crate) struct Hit {
    pub table: &'static str,
    pub object: ObjectId,
    pub key: String,
    pub action: PacketAction,
    pub group: u16,
    pub meta: u32,
}

impl Multicast {
    /// The bridge ports of a group, each once, in order of creation.
    pub fn outputs(&self, group: u16) -> &[u16] {
        self.groups.get(usize::from(group)).map_or(&[], |group| &group.outputs)
    }

    /// Looks a multicast packet up as its VLAN says.
    pub(crate) fn look_up(&self, bridge: &Bridge, p: &Packet, frame: &[u8], mac: [u8; 6]) -> Option<Hit> {
        let hit = |table, key, rule: &Rule| Hit {
            table,
            object: ObjectId::NULL,
            key,
            action: rule.action,
            group: rule.group,
            meta: rule.meta,
        };
        let lookup = match p.headers.kind {
            L3::Ipv4 => bridge.domain(p.domain)?.by_group[0],
            L3::Ipv6 => bridge.domain(p.domain)?.by_group[1],
            _ => LookupKey::Mac,
        };
        if lookup == LookupKey::Mac {
            let rule = self.by_mac.get(&mac_key(p.domain, mac))?;
            return Some(hit("mcast_fdb", MacAddr(mac).to_string(), rule));
        }
        let at = usize::from(p.headers.l3);
        let (source, group): (IpAddr, IpAddr) = if p.headers.kind == L3::Ipv4 {
            let word = |at: usize| -> Option<[u8; 4]> { frame.get(at..at + 4)?.try_into().ok() };
            (word(at + 12)?.into(), word(at + 16)?.into())
        } else {
            let word = |at: usize| -> Option<[u8; 16]> { frame.get(at..at + 16)?.try_into().ok() };
            (word(at + 8)?.into(), word(at + 24)?.into())
        };
        let sg = || self.by_ip.get(&(p.domain, group, Some(source)));
        let xg = || self.by_ip.get(&(p.domain, group, None));
        let rule = match lookup {
            LookupKey::Source => sg(),
            LookupKey::Group => xg(),
            _ => sg().or_else(xg),
        }?;
        Some(hit("l2mc", format!("{source}, {group}"), rule))
    }
}

/// Owns `SAI_OBJECT_TYPE_L2MC_GROUP`.
#[derive(Debug)]
pub struct GroupOwner;

impl Owner for GroupOwner {
    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let at = usize::from(index(id));
        if sw.bridge.multicast.groups.len() <= at {
            sw.bridge.multicast.groups.resize_with(at + 1, Group::default);
        }
        sw.bridge.multicast.groups[at] = Group::default();
    }
}

/// Owns `SAI_OBJECT_TYPE_L2MC_GROUP_MEMBER`.
#[derive(Debug)]
pub struct GroupMemberOwner;

impl Owner for GroupMemberOwner {
    fn enforced(&self) -> &'static [AttrId] {
        &[member::L2MC_GROUP_ID, member::L2MC_OUTPUT_ID]
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let group = usize::from(index(sw.store.oid(id, member::L2MC_GROUP_ID)));
        let output = index(sw.store.oid(id, member::L2MC_OUTPUT_ID));
        if let Some(Group { members, outputs }) = sw.bridge.multicast.groups.get_mut(group) {
            members.push((id, output));
            if !outputs.contains(&output) {
                outputs.push(output);
            }
        }
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, was: Object) {
        let was = |attr| index(was.value(attr).and_then(Value::as_oid).unwrap_or_default());
        let (group, output) = (was(member::L2MC_GROUP_ID), was(member::L2MC_OUTPUT_ID));
        if let Some(Group { members, outputs }) = sw.bridge.multicast.groups.get_mut(usize::from(group)) {
            members.retain(|(id, _)| Some(*id) != object.oid());
            if members.iter().all(|(_, other)| *other != output) {
                outputs.retain(|other| *other != output);
            }
        }
    }
}

/// Owns `SAI_OBJECT_TYPE_MCAST_FDB_ENTRY`, or `SAI_OBJECT_TYPE_L2MC_ENTRY`.
#[derive(Debug)]
pub struct EntryOwner {
    enforced: &'static [AttrId],
}

/// Owns `SAI_OBJECT_TYPE_MCAST_FDB_ENTRY`.
pub static MCAST_FDB_ENTRY: EntryOwner =
    EntryOwner { enforced: &[mcast_fdb_entry::GROUP_ID, mcast_fdb_entry::PACKET_ACTION] };
/// Owns `SAI_OBJECT_TYPE_L2MC_ENTRY`.
pub static L2MC_ENTRY: EntryOwner =
    EntryOwner { enforced: &[l2mc_entry::OUTPUT_GROUP_ID, l2mc_entry::PACKET_ACTION] };

enum Key {
    Mac(u64),
    Ip((u16, IpAddr, Option<IpAddr>)),
}

fn key_of(sw: &Switch, object: &ObjectRef) -> Option<Key> {
    Some(match object.entry()? {
        Entry::McastFdb(e) => Key::Mac(mac_key(domain_of(sw, e.bv_id)?, e.mac_address.0)),
        Entry::L2mc(e) => {
            let source = (e.r#type == sai::l2mc_entry::Type::SG).then_some(e.source);
            Key::Ip((domain_of(sw, e.bv_id)?, e.destination, source))
        }
        _ => return None,
    })
}

impl Owner for EntryOwner {
    fn enforced(&self) -> &'static [AttrId] {
        self.enforced
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        if key_of(sw, request.object).is_none() {
            let why = "bv_id names no VLAN and no 802.1D bridge";
            return Err(Error::because(Status::INVALID_PARAMETER, why));
        }
        Ok(())
    }

    fn derive(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(key) = key_of(sw, object) else { return };
        let Some(stored) = sw.store.lookup(object) else { return };
        let number = |attr| match stored.value(attr) {
            Some(Value::I32(n)) => *n,
            Some(Value::U32(n)) => *n as i32,
            _ => 0,
        };
        let oid = |attr| index(stored.value(attr).and_then(Value::as_oid).unwrap_or_default());
        match key {
            Key::Mac(key) => {
                let rule = Rule {
                    action: PacketAction(number(mcast_fdb_entry::PACKET_ACTION)),
                    group: oid(mcast_fdb_entry::GROUP_ID),
                    meta: number(mcast_fdb_entry::META_DATA) as u32,
                };
                sw.bridge.multicast.by_mac.insert(key, rule);
            }
            Key::Ip(key) => {
                let rule = Rule {
                    action: PacketAction(number(l2mc_entry::PACKET_ACTION)),
                    group: oid(l2mc_entry::OUTPUT_GROUP_ID),
                    meta: 0,
                };
                sw.bridge.multicast.by_ip.insert(key, rule);
            }
        }
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        match key_of(sw, object) {
            Some(Key::Mac(key)) => drop(sw.bridge.multicast.by_mac.remove(&key)),
            Some(Key::Ip(key)) => drop(sw.bridge.multicast.by_ip.remove(&key)),
            None => {}
        }
    }
}
