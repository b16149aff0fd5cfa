//! User-defined fields: bytes at an offset from a header, of the packets that a UDF match takes.

use sai::AclField;
use sai::udf::Base;
use sai::{AttrId, Error, ObjectId, ObjectRef, Result, Status, Value};
use sai::{acl_table, udf as attr, udf_group, udf_match};

use super::field;
use super::look::be;
use crate::feature::{Owner, Request};
use crate::store::Object;
use crate::store::id::Parts;
use crate::switch::Switch;
use crate::wire::parse::Headers;
use crate::wire::protocol;

/// The most bytes of a group.
const MAX_LENGTH: u16 = 16;

/// The packets that a match takes: value and mask of each condition.
#[derive(Clone, Copy, Debug, Default)]
struct Match {
    ethertype: (u16, u16),
    protocol: (u8, u8),
    gre: (u16, u16),
    l4_dst_port: (u16, u16),
    priority: u8,
}

impl Match {
    fn takes(&self, h: &Headers, frame: &[u8]) -> bool {
        let protocol_is = |p: u8| h.is_ip() && h.protocol == p;
        let gre = be(frame, usize::from(h.l4) + 2, 2) as u16;
        (h.ethertype ^ self.ethertype.0) & self.ethertype.1 == 0
            && (self.protocol.1 == 0 || h.is_ip() && (h.protocol ^ self.protocol.0) & self.protocol.1 == 0)
            && (self.gre.1 == 0 || protocol_is(protocol::GRE) && (gre ^ self.gre.0) & self.gre.1 == 0)
            && (self.l4_dst_port.1 == 0 || (h.dst_port ^ self.l4_dst_port.0) & self.l4_dst_port.1 == 0)
    }
}

#[derive(Clone, Debug)]
struct Extract {
    id: ObjectId,
    takes: Match,
    base: Base,
    offset: usize,
    /// `HASH_MASK`: what of the bytes hashes look at; empty for all.
    mask: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
struct Group {
    length: usize,
    /// The highest priority first, then the oldest.
    extracts: Vec<Extract>,
}

/// The groups by the slots of their objects.
#[derive(Debug, Default)]
pub(crate) struct Udfs(Vec<Group>);

impl Udfs {
    /// The bytes of a group in a packet, where a match takes it and it is long enough.
    pub(super) fn read<'a>(&self, group: usize, h: &Headers, frame: &'a [u8]) -> Option<&'a [u8]> {
        self.find(group, h, frame).map(|(bytes, _)| bytes)
    }

    /// The bytes of a group in a packet as hashes take them: masked. Answers them and how many they are.
    pub(crate) fn hashed(&self, group: u32, h: &Headers, frame: &[u8]) -> Option<([u8; 16], usize)> {
        let (bytes, mask) = self.find(group as usize, h, frame)?;
        let byte = |i: usize| bytes.get(i).map_or(0, |b| b & mask.get(i).unwrap_or(&0xff));
        Some((std::array::from_fn(byte), bytes.len().min(16)))
    }

    fn find<'a>(&self, group: usize, h: &Headers, frame: &'a [u8]) -> Option<(&'a [u8], &[u8])> {
        let group = self.0.get(group)?;
        let extract = group.extracts.iter().find(|e| e.takes.takes(h, frame))?;
        let base = match extract.base {
            Base::L2 => 0,
            Base::L3 => usize::from(h.l3),
            _ if h.l4 == 0 => return None,
            _ => usize::from(h.l4),
        };
        let bytes = frame.get(base + extract.offset..)?.get(..group.length)?;
        Some((bytes, &extract.mask))
    }

    fn at(&mut self, group: ObjectId) -> &mut Group {
        let slot = Parts::of(group).slot as usize;
        if self.0.len() <= slot {
            self.0.resize(slot + 1, Group::default());
        }
        &mut self.0[slot]
    }
}

/// The length of a group in bytes.
pub(super) fn length(sw: &Switch, group: ObjectId) -> usize {
    sw.store.number(group, udf_group::LENGTH.id()) as usize
}

/// The groups that a table names.
pub(super) fn of_table(sw: &Switch, table: ObjectId) -> Vec<(AttrId, ObjectId)> {
    let Some(table) = sw.store.get(table) else { return Vec::new() };
    let first: AttrId = acl_table::USER_DEFINED_FIELD_GROUP_MIN.id();
    let groups = table.attrs().iter().filter(|a| a.id.wrapping_sub(first) < field::UDF.1);
    groups.filter_map(|a| Some((a.id, a.value.as_oid()?))).filter(|(_, id)| !id.is_null()).collect()
}

fn derive(sw: &mut Switch, group: ObjectId) {
    let ids: Vec<ObjectId> = sw
        .store
        .ids(sai::ObjectType::UDF)
        .filter(|id| sw.store.oid(*id, attr::GROUP_ID.id()) == group)
        .collect();
    let mut extracts: Vec<Extract> = ids
        .into_iter()
        .map(|id| Extract {
            id,
            takes: takes(sw, sw.store.oid(id, attr::MATCH_ID.id())),
            base: Base(sw.store.number(id, attr::BASE.id()) as i32),
            offset: sw.store.number(id, attr::OFFSET.id()) as usize,
            mask: match sw.store.get(id).and_then(|o| o.value(attr::HASH_MASK.id())) {
                Some(Value::U8List(mask)) => mask.clone(),
                _ => Vec::new(),
            },
        })
        .collect();
    extracts.sort_by_key(|e| (std::cmp::Reverse(e.takes.priority), e.id));
    let length = length(sw, group);
    *sw.acl.udfs.at(group) = Group { length, extracts };
}

fn takes(sw: &Switch, id: ObjectId) -> Match {
    let field = |attr| match sw.store.get(id).and_then(|o| o.value(attr)) {
        Some(Value::AclField(AclField::U8 { data, mask })) => (u16::from(*data), u16::from(*mask)),
        Some(Value::AclField(AclField::U16 { data, mask })) => (*data, *mask),
        _ => (0, 0),
    };
    let (protocol, mask) = field(udf_match::L3_TYPE.id());
    Match {
        ethertype: field(udf_match::L2_TYPE.id()),
        protocol: (protocol as u8, mask as u8),
        gre: field(udf_match::GRE_TYPE.id()),
        l4_dst_port: field(udf_match::L4_DST_PORT_TYPE.id()),
        priority: sw.store.number(id, udf_match::PRIORITY.id()) as u8,
    }
}

/// Owns `SAI_OBJECT_TYPE_UDF_GROUP`.
#[derive(Debug)]
pub(crate) struct UdfGroupOwner;

impl Owner for UdfGroupOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const { &[udf_group::TYPE.id(), udf_group::LENGTH.id()] }
    }

    fn check_create(&self, _: &Switch, request: &Request<'_>) -> Result<()> {
        match request.given(udf_group::LENGTH.id()) {
            Some((n, Value::U16(length))) if !(1..=MAX_LENGTH).contains(length) => {
                let why = format!("{length}: the length of a group is 1 to {MAX_LENGTH} bytes");
                Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why)
                    .on_attr("SAI_UDF_GROUP_ATTR_LENGTH"))
            }
            _ => Ok(()),
        }
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        if let Some(id) = object.oid() {
            derive(sw, id);
        }
    }
}

/// Owns `SAI_OBJECT_TYPE_UDF_MATCH`.
#[derive(Debug)]
pub(crate) struct UdfMatchOwner;

impl Owner for UdfMatchOwner {
    fn enforced(&self) -> &'static [AttrId] {
        use udf_match::*;
        const { &[L2_TYPE.id(), L3_TYPE.id(), GRE_TYPE.id(), L4_DST_PORT_TYPE.id(), udf_match::PRIORITY.id()] }
    }
}

/// Owns `SAI_OBJECT_TYPE_UDF`.
#[derive(Debug)]
pub(crate) struct UdfOwner;

impl Owner for UdfOwner {
    fn enforced(&self) -> &'static [AttrId] {
        use attr::*;
        const { &[MATCH_ID.id(), GROUP_ID.id(), BASE.id(), OFFSET.id(), HASH_MASK.id()] }
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        if let Some(id) = object.oid() {
            let group = sw.store.oid(id, attr::GROUP_ID.id());
            derive(sw, group);
        }
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        self.created(sw, object);
    }

    fn removed(&self, sw: &mut Switch, _: &ObjectRef, was: Object) {
        if let Some(group) = was.value(attr::GROUP_ID.id()).and_then(Value::as_oid) {
            derive(sw, group);
        }
    }
}
