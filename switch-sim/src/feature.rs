//! Who owns which object type, and what an owner may do.
//!
//! An operation runs in three steps. The metadata's rules and the owner's `check_*` see the request and
//! the switch as it is, and may refuse. Then the store takes the change. Then the owner derives its
//! forwarding tables from the store; that step cannot fail. So a refused operation leaves no trace, and
//! every table can be rebuilt from the store.

use std::sync::LazyLock;

use sai::meta::{self, AttrMeta, ObjectMeta};
use sai::{AttrEntry, AttrId, Entry, ObjectId, ObjectRef, ObjectType, Result, StatId, Value};

use crate::store::Object;
use crate::switch::Switch;

/// The owners, one line a type. An object type that is missing here is stored and answered.
const OWNERS: &[(ObjectType, &dyn Owner)] = &[
    (ObjectType::SWITCH, &crate::boot::SwitchOwner),
    (ObjectType::PORT, &crate::port::PortOwner),
    (ObjectType::HASH, &crate::hash::HashOwner),
    (ObjectType::FINE_GRAINED_HASH_FIELD, &crate::hash::FineGrainedOwner),
    (ObjectType::LAG, &crate::lag::LagOwner),
    (ObjectType::LAG_MEMBER, &crate::lag::LagMemberOwner),
    (ObjectType::VLAN, &crate::bridge::control::VlanOwner),
    (ObjectType::VLAN_MEMBER, &crate::bridge::control::VlanMemberOwner),
    (ObjectType::BRIDGE, &crate::bridge::control::BridgeOwner),
    (ObjectType::BRIDGE_PORT, &crate::bridge::control::BridgePortOwner),
    (ObjectType::FDB_ENTRY, &crate::bridge::fdb::FDB_ENTRY),
    (ObjectType::STP, &crate::bridge::control::StpOwner),
    (ObjectType::STP_PORT, &crate::bridge::control::StpPortOwner),
    (ObjectType::ISOLATION_GROUP, &crate::bridge::control::IsolationGroupOwner),
    (ObjectType::ISOLATION_GROUP_MEMBER, &crate::bridge::control::IsolationMemberOwner),
    (ObjectType::L2MC_GROUP, &crate::bridge::multicast::GroupOwner),
    (ObjectType::L2MC_GROUP_MEMBER, &crate::bridge::multicast::GroupMemberOwner),
    (ObjectType::L2MC_ENTRY, &crate::bridge::multicast::L2MC_ENTRY),
    (ObjectType::MCAST_FDB_ENTRY, &crate::bridge::multicast::MCAST_FDB_ENTRY),
    (ObjectType::VIRTUAL_ROUTER, &crate::router::vr::VrOwner),
    (ObjectType::ROUTER_INTERFACE, &crate::router::rif::RifOwner),
    (ObjectType::NEIGHBOR_ENTRY, &crate::router::neighbor::NeighborOwner),
    (ObjectType::NEXT_HOP, &crate::router::next_hop::NextHopOwner),
    (ObjectType::NEXT_HOP_GROUP, &crate::router::group::GroupOwner),
    (ObjectType::NEXT_HOP_GROUP_MEMBER, &crate::router::group::MemberOwner),
    (ObjectType::NEXT_HOP_GROUP_MAP, &crate::router::group::MapOwner),
    (ObjectType::MY_MAC, &crate::router::MyMacOwner),
    (ObjectType::IPMC_ENTRY, &crate::router::ipmc::EntryOwner),
    (ObjectType::IPMC_GROUP, &crate::router::ipmc::GroupOwner),
    (ObjectType::IPMC_GROUP_MEMBER, &crate::router::ipmc::GroupMemberOwner),
    (ObjectType::RPF_GROUP, &crate::router::ipmc::RpfGroupOwner),
    (ObjectType::RPF_GROUP_MEMBER, &crate::router::ipmc::RpfMemberOwner),
    (ObjectType::ROUTE_ENTRY, &crate::router::route::RouteOwner),
    (ObjectType::COUNTER, &crate::router::CounterOwner),
    (ObjectType::ACL_TABLE, &crate::acl::TableOwner),
    (ObjectType::ACL_TABLE_GROUP, &crate::acl::GroupOwner),
    (ObjectType::ACL_TABLE_GROUP_MEMBER, &crate::acl::MemberOwner),
    (ObjectType::ACL_TABLE_CHAIN_GROUP, &crate::acl::ChainOwner),
    (ObjectType::ACL_ENTRY, &crate::acl::EntryOwner),
    (ObjectType::ACL_COUNTER, &crate::acl::CounterOwner),
    (ObjectType::ACL_RANGE, &crate::acl::RangeOwner),
    (ObjectType::UDF, &crate::acl::UdfOwner),
    (ObjectType::UDF_MATCH, &crate::acl::UdfMatchOwner),
    (ObjectType::UDF_GROUP, &crate::acl::UdfGroupOwner),
    (ObjectType::HOSTIF, &crate::hostif::HostifOwner),
    (ObjectType::HOSTIF_TABLE_ENTRY, &crate::hostif::TableEntryOwner),
    (ObjectType::HOSTIF_TRAP, &crate::hostif::TrapOwner),
    (ObjectType::HOSTIF_TRAP_GROUP, &crate::hostif::TrapGroupOwner),
    (ObjectType::HOSTIF_USER_DEFINED_TRAP, &crate::hostif::UserTrapOwner),
    (ObjectType::POLICER, &crate::meter::PolicerOwner),
    (ObjectType::MIRROR_SESSION, &crate::mirror::SessionOwner),
    (ObjectType::SAMPLEPACKET, &crate::mirror::SamplepacketOwner),
    (ObjectType::DEBUG_COUNTER, &crate::debug_counter::DebugCounterOwner),
    (ObjectType::QUEUE, &crate::port::queue::QueueOwner),
    (ObjectType::SCHEDULER, &crate::port::scheduler::SchedulerOwner),
    (ObjectType::SCHEDULER_GROUP, &crate::port::scheduler::SchedulerGroupOwner),
    (ObjectType::WRED, &crate::qos::wred::WredOwner),
    (ObjectType::BUFFER_POOL, &crate::qos::buffer::PoolOwner),
    (ObjectType::BUFFER_PROFILE, &crate::qos::buffer::ProfileOwner),
    (ObjectType::QOS_MAP, &crate::qos::MapOwner),
    (ObjectType::INGRESS_PRIORITY_GROUP, &crate::qos::group::GroupOwner),
];

/// The owner of an object type, where a feature owns it.
pub fn owner(meta: &ObjectMeta) -> Option<&'static dyn Owner> {
    static BY_DENSE: LazyLock<Vec<Option<&'static dyn Owner>>> = LazyLock::new(|| {
        let of = |m: &ObjectMeta| OWNERS.iter().find(|(t, _)| *t == m.object_type).map(|(_, o)| *o);
        meta::OBJECTS.iter().map(of).collect()
    });
    BY_DENSE[meta.dense as usize]
}

/// What an owner does with objects of its types. Every method has a default: an object type that is
/// only stored needs none.
pub trait Owner: Sync {
    /// The attributes that change what the switch does when they are given or set. What is not listed
    /// is stored and answered, and the support matrix says so.
    fn enforced(&self) -> &'static [AttrId] {
        &[]
    }

    /// The read-only attributes that [`Owner::get`] answers.
    fn answered(&self) -> &'static [AttrId] {
        &[]
    }

    /// The attributes of which this switch can do nothing but the default, each with the reason. Other values are
    /// refused with `ATTR_NOT_SUPPORTED_n`.
    fn refused(&self) -> &'static [(AttrId, &'static str)] {
        &[]
    }

    /// The values of an enum attribute, or of a list of enums, that the owner can do; `None` for all that the
    /// enum has.
    fn values(&self, _: AttrId) -> Option<&'static [i32]> {
        None
    }

    /// The values of an enum attribute that acts which are taken and answered all the same, without effect.
    fn stored_values(&self, _: AttrId) -> &'static [i32] {
        &[]
    }

    /// Whether a value of an enum attribute is taken. Others are refused before [`Owner::check_create`] and
    /// [`Owner::check_set`].
    fn takes_value(&self, attr: AttrId, value: i32) -> bool {
        self.values(attr).is_none_or(|can| can.contains(&value)) || self.stored_values(attr).contains(&value)
    }

    /// Refuses a creation that the metadata's rules allow.
    fn check_create(&self, _: &Switch, _: &Request<'_>) -> Result<()> {
        Ok(())
    }

    /// What the switch itself gives to a new object when the client does not: the default bridge of a bridge
    /// port, say.
    fn implied(&self, _: &Switch, _: &Request<'_>) -> Option<AttrEntry> {
        None
    }

    /// Refuses a new value that the metadata's rules allow.
    fn check_set(&self, _: &Switch, _: &ObjectRef, _: &AttrEntry) -> Result<()> {
        Ok(())
    }

    /// Refuses a removal of an object that nothing refers to.
    fn check_remove(&self, _: &Switch, _: &ObjectRef) -> Result<()> {
        Ok(())
    }

    /// Derives the tables of an object from what is stored, where creation and change need the same.
    fn derive(&self, _: &mut Switch, _: &ObjectRef) {}

    /// Derives tables after an object was stored.
    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        self.derive(sw, object);
    }

    /// Derives tables of an object that came back from a snapshot; what it names is back already.
    fn restored(&self, sw: &mut Switch, object: &ObjectRef) {
        self.created(sw, object);
    }

    /// Derives tables after an attribute was set.
    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        self.derive(sw, object);
    }

    /// Derives tables after an object was taken out of the store.
    fn removed(&self, _: &mut Switch, _: &ObjectRef, _: Object) {}

    /// Answers an attribute that is not simply what was set: a state, a derived list, an implementation
    /// defined default. `None` leaves it to the store and the default.
    fn get(&self, _: &Switch, _: &ObjectRef, _: &'static AttrMeta) -> Option<Result<Value>> {
        None
    }

    /// The statistics that packets or features move.
    fn counted(&self) -> &'static [StatId] {
        &[]
    }

    /// The count since boot of a statistic that packets move; it never falls, clearing is the core's.
    /// `None` for one that only a test moves.
    fn stat(&self, _: &Switch, _: &ObjectRef, _: StatId) -> Option<u64> {
        None
    }

    /// Those of [`Owner::counted`] that are levels, not counts: they may fall.
    fn levels(&self) -> &'static [StatId] {
        &[]
    }

    /// Clears a level: a watermark starts again from what is there now.
    fn clear_level(&self, _: &mut Switch, _: &ObjectRef, _: StatId) {}

    /// The owner's own compact table, where it keeps objects of this type itself.
    fn table(&self) -> Option<&'static dyn CompactTable> {
        None
    }
}

/// A create request after the metadata's rules have passed it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The type.
    pub meta: &'static ObjectMeta,
    /// The entry, or the id that the object will get.
    pub object: &'a ObjectRef,
    /// What was given.
    pub attrs: &'a [AttrEntry],
}

impl Request<'_> {
    /// The value that was given for an attribute, and its position in the call.
    pub fn given(&self, id: AttrId) -> Option<(usize, &Value)> {
        self.attrs.iter().position(|a| a.id == id).map(|i| (i, &self.attrs[i].value))
    }
}

/// A table that stores the objects of one type compactly and forwards by them: routes, FDB and neighbor
/// entries, next-hop-group members, ACL entries. The metadata's rules have passed each call. The table
/// counts the references that it holds ([`Store::reference`](crate::store::Store::reference)).
pub trait CompactTable: Sync {
    /// Stores and applies a new object or entry; refuses without a trace.
    fn create(&self, sw: &mut Switch, object: &ObjectRef, attrs: &[AttrEntry]) -> Result<ObjectId>;
    /// Removes.
    fn remove(&self, sw: &mut Switch, object: &ObjectRef) -> Result<()>;
    /// Sets one attribute.
    fn set(&self, sw: &mut Switch, object: &ObjectRef, attr: &AttrEntry) -> Result<()>;
    /// The value of an attribute that was given or set, or `None` for the default. Fails with
    /// `ITEM_NOT_FOUND` when there is no such object.
    fn value(&self, sw: &Switch, object: &ObjectRef, attr: &'static AttrMeta) -> Result<Option<Value>>;
    /// As [`CompactTable::value`], of one attribute of a block of ids, which share their metadata.
    fn value_of(
        &self,
        sw: &Switch,
        object: &ObjectRef,
        attr: &'static AttrMeta,
        _: AttrId,
    ) -> Result<Option<Value>> {
        self.value(sw, object, attr)
    }
    /// Adds what must be given to create the object again: what is not the default.
    fn given(&self, sw: &Switch, object: &ObjectRef, attrs: &mut Vec<AttrEntry>) {
        let Some(meta) = meta::object(object.object_type()) else { return };
        for attr in meta.attrs.iter().filter(|a| a.can_create()) {
            if let Ok(Some(value)) = self.value(sw, object, attr)
                && attr.default_value().as_ref() != Some(&value)
            {
                attrs.push(AttrEntry::new(attr.id, value));
            }
        }
    }
    /// Whether the object is there.
    fn contains(&self, sw: &Switch, object: &ObjectRef) -> bool;
    /// Whether the entry is there.
    fn contains_entry(&self, sw: &Switch, entry: &Entry) -> bool {
        self.contains(sw, &ObjectRef::Entry(entry.clone()))
    }
    /// Brings near the memory that an operation on this entry reads and writes.
    fn prefetch(&self, _: &Switch, _: &Entry) {}
    /// How many there are.
    fn count(&self, sw: &Switch, object_type: ObjectType) -> usize;
    /// Calls `f` with each, in a stable order.
    fn for_each(&self, sw: &Switch, object_type: ObjectType, f: &mut dyn FnMut(ObjectRef));
}
