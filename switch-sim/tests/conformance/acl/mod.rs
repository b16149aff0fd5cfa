//! Access control: packets in, packets out.

mod actions;
mod bindings;
mod fields;
mod limits;
mod merging;
mod metadata;
mod model;
mod router;
mod watching;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Deref;

use super::bed::*;
use sai::types::{AclStage, PacketAction};
use sai::vlan::TaggingMode;
use sai::{
    AclAction, AclField, AttrEntry, AttrId, Error, MacAddr, ObjectId, ObjectRef, ObjectType, Target, Value,
};
use sai::{acl_counter, acl_entry, acl_table, acl_table_group, acl_table_group_member};
use switch_sim::wire::text;

/// The bed with VLAN 7 tagged on all ports beside VLAN 1.
pub(crate) struct Acl {
    pub(crate) bed: Bed,
    pub(crate) vlan7: ObjectId,
}

impl Deref for Acl {
    type Target = Bed;
    fn deref(&self) -> &Bed {
        &self.bed
    }
}

/// A frame from its text.
pub(crate) fn f(what: &str) -> Vec<u8> {
    text::parse(what).unwrap()
}

pub(crate) fn field(id: AttrId, value: AclField) -> AttrEntry {
    attr(id, Value::AclField(value))
}

pub(crate) fn action(id: AttrId, value: AclAction) -> AttrEntry {
    attr(id, Value::AclAction(value))
}

pub(crate) fn packet_action(what: PacketAction) -> AttrEntry {
    action(acl_entry::ACTION_PACKET_ACTION.id(), AclAction::I32(what.0))
}

pub(crate) fn u8(data: u8) -> AclField {
    AclField::U8 { data, mask: 0xff }
}

pub(crate) fn u16(data: u16) -> AclField {
    AclField::U16 { data, mask: 0xffff }
}

pub(crate) fn u32(data: u32) -> AclField {
    AclField::U32 { data, mask: u32::MAX }
}

pub(crate) fn v4(data: &str, mask: &str) -> AclField {
    AclField::Ipv4 { data: data.parse().unwrap(), mask: mask.parse::<Ipv4Addr>().unwrap() }
}

pub(crate) fn v6(data: &str, mask: &str) -> AclField {
    AclField::Ipv6 { data: data.parse().unwrap(), mask: mask.parse::<Ipv6Addr>().unwrap() }
}

pub(crate) fn mac(data: &str) -> AclField {
    AclField::Mac { data: data.parse().unwrap(), mask: MacAddr::BROADCAST }
}

impl Acl {
    pub(crate) fn new() -> Acl {
        let bed = Bed::new();
        let all: Vec<_> = (0..8).map(|n| (n, TaggingMode::TAGGED)).collect();
        let vlan7 = bed.vlan(7, &all);
        Acl { bed, vlan7 }
    }

    pub(crate) fn try_create(&self, ty: ObjectType, attrs: &[AttrEntry]) -> Result<ObjectId, Error> {
        self.backend().create(self.switch, Target::Object(ty), attrs)
    }

    pub(crate) fn read(&self, ty: ObjectType, id: ObjectId, attr: AttrId) -> Value {
        let mut asked = [AttrEntry::ask(attr)];
        self.backend().get(&ObjectRef::Object(ty, id), &mut asked).unwrap();
        asked[0].value.clone()
    }

    pub(crate) fn table_of(&self, stage: AclStage, fields: &[AttrId]) -> ObjectId {
        let mut attrs = vec![attr(acl_table::ACL_STAGE.id(), Value::I32(stage.0))];
        attrs.extend(fields.iter().map(|id| attr(*id, Value::Bool(true))));
        self.create(ObjectType::ACL_TABLE, &attrs)
    }

    pub(crate) fn table(&self, fields: &[AttrId]) -> ObjectId {
        self.table_of(AclStage::INGRESS, fields)
    }

    pub(crate) fn entry_attrs(table: ObjectId, priority: u32, attrs: &[AttrEntry]) -> Vec<AttrEntry> {
        let own = [
            attr(acl_entry::TABLE_ID.id(), Value::Oid(table)),
            attr(acl_entry::PRIORITY.id(), Value::U32(priority)),
        ];
        [&own[..], attrs].concat()
    }

    pub(crate) fn entry(&self, table: ObjectId, priority: u32, attrs: &[AttrEntry]) -> ObjectId {
        self.create(ObjectType::ACL_ENTRY, &Acl::entry_attrs(table, priority, attrs))
    }

    pub(crate) fn counter(&self, table: ObjectId) -> ObjectId {
        self.create(
            ObjectType::ACL_COUNTER,
            &[
                attr(acl_counter::TABLE_ID.id(), Value::Oid(table)),
                attr(acl_counter::ENABLE_PACKET_COUNT.id(), Value::Bool(true)),
                attr(acl_counter::ENABLE_BYTE_COUNT.id(), Value::Bool(true)),
            ],
        )
    }

    pub(crate) fn counts(&self, counter: ObjectId) -> (u64, u64) {
        let read = |id| match self.read(ObjectType::ACL_COUNTER, counter, id) {
            Value::U64(n) => n,
            other => panic!("{other:?}"),
        };
        (read(acl_counter::PACKETS.id()), read(acl_counter::BYTES.id()))
    }

    pub(crate) fn counted(&self, counter: ObjectId) -> AttrEntry {
        action(acl_entry::ACTION_COUNTER.id(), AclAction::Oid(counter))
    }

    pub(crate) fn bind_switch(&self, what: ObjectId) {
        self.set(ObjectType::SWITCH, self.switch, sai::switch::INGRESS_ACL.id(), Value::Oid(what));
    }

    pub(crate) fn bind_egress(&self, what: ObjectId) {
        self.set(ObjectType::SWITCH, self.switch, sai::switch::EGRESS_ACL.id(), Value::Oid(what));
    }

    pub(crate) fn group(
        &self,
        stage: AclStage,
        kind: acl_table_group::Type,
        members: &[(ObjectId, u32)],
    ) -> ObjectId {
        let group = self.create(
            ObjectType::ACL_TABLE_GROUP,
            &[
                attr(acl_table_group::ACL_STAGE.id(), Value::I32(stage.0)),
                attr(acl_table_group::TYPE.id(), Value::I32(kind.0)),
            ],
        );
        for (table, priority) in members {
            self.join(group, *table, *priority, &[]);
        }
        group
    }

    pub(crate) fn join(
        &self,
        group: ObjectId,
        table: ObjectId,
        priority: u32,
        more: &[AttrEntry],
    ) -> ObjectId {
        let own = [
            attr(acl_table_group_member::ACL_TABLE_GROUP_ID.id(), Value::Oid(group)),
            attr(acl_table_group_member::ACL_TABLE_ID.id(), Value::Oid(table)),
            attr(acl_table_group_member::PRIORITY.id(), Value::U32(priority)),
        ];
        self.create(ObjectType::ACL_TABLE_GROUP_MEMBER, &[&own[..], more].concat())
    }

    /// Whether a frame from port 0 leaves by any port.
    pub(crate) fn passes(&self, frame: &[u8]) -> bool {
        !self.to(0, frame).is_empty()
    }

    /// Packets given to the CPU by queue 0 since the last call.
    pub(crate) fn punted(&self) -> u64 {
        self.read_and_clear(ObjectType::QUEUE, self.cpu_queue(0), sai::queue::Stat::PACKETS.0)
    }
}
