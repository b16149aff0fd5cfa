//! How full the tables are: capacities from the profile, `AVAILABLE_*`, and what to answer when one is
//! full.

use sai::meta::{ObjectMeta, Verbs};
use sai::types::IpAddrFamily;
use sai::{
    AttrEntry, AttrId, Entry, Error, ObjectRef, ObjectType, Result, Status, Value, fdb_entry, neighbor_entry,
    next_hop, next_hop_group as group, route_entry, switch,
};

use crate::feature::{Request, owner};
use crate::profile::{Limits, Profile};
use crate::store::Store;
use crate::switch::Switch;

macro_rules! pools {
    ($($pool:ident: $limit:ident $(=> $($attr:ident),*)?;)*) => {
        /// A table of the chip that entries and objects share.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum Pool { $($pool),* }

        impl Pool {
            /// Every pool.
            pub const ALL: &[Pool] = &[$(Pool::$pool),*];

            fn limit(self, limits: &Limits) -> u32 {
                match self { $(Pool::$pool => limits.$limit,)* }
            }

            /// The attributes of the switch that tell what is left.
            pub(crate) const ATTRS: &[AttrId] = &[$($($(switch::$attr.id(),)*)?)*];

            fn of_attr(attr: AttrId) -> Option<Pool> {
                $($($(if attr == switch::$attr.id() {
                    return Some(Pool::$pool);
                })*)?)*
                None
            }
        }
    };
}

pools! {
    Ipv4Routes: ipv4_routes => AVAILABLE_IPV4_ROUTE_ENTRY;
    Ipv6Routes: ipv6_routes => AVAILABLE_IPV6_ROUTE_ENTRY;
    Ipv4NextHops: ipv4_next_hops => AVAILABLE_IPV4_NEXTHOP_ENTRY;
    Ipv6NextHops: ipv6_next_hops => AVAILABLE_IPV6_NEXTHOP_ENTRY;
    Ipv4Neighbors: ipv4_neighbors => AVAILABLE_IPV4_NEIGHBOR_ENTRY;
    Ipv6Neighbors: ipv6_neighbors => AVAILABLE_IPV6_NEIGHBOR_ENTRY;
    NextHopGroups: next_hop_groups => AVAILABLE_NEXT_HOP_GROUP_ENTRY;
    NextHopGroupMembers: next_hop_group_members =>
        AVAILABLE_NEXT_HOP_GROUP_MEMBER_ENTRY, AVAILABLE_IP_NEXT_HOP_GROUP_MEMBER_ENTRY;
    Fdb: fdb => AVAILABLE_FDB_ENTRY;
    L2mc: l2mc => AVAILABLE_L2MC_ENTRY;
    Ipmc: ipmc => AVAILABLE_IPMC_ENTRY;
    Snat: snat => AVAILABLE_SNAT_ENTRY;
    Dnat: dnat => AVAILABLE_DNAT_ENTRY;
    DoubleNat: double_nat => AVAILABLE_DOUBLE_NAT_ENTRY;
    MySids: my_sids => AVAILABLE_MY_SID_ENTRY;
    MyMacs: my_macs => AVAILABLE_MY_MAC_ENTRIES;
    AclTables: acl_tables;
    AclTableGroups: acl_table_groups;
    AclEntries: acl_entries;
    AclCounters: acl_counters;
    VirtualRouters: virtual_routers;
    RouterInterfaces: router_interfaces;
    Lags: lags;
    StpInstances: stp_instances;
    MirrorSessions: mirror_sessions;
    DebugCounters: debug_counters;
    Inseg: inseg;
}

/// How many of each pool are used, and how many there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resources {
    used: Vec<u32>,
    limit: Vec<u32>,
    others: u32,
}

impl Resources {
    pub(crate) fn new(profile: &Profile) -> Resources {
        let limits = &profile.limits;
        Resources {
            used: vec![0; Pool::ALL.len()],
            limit: Pool::ALL.iter().map(|p| p.limit(limits)).collect(),
            others: limits.others,
        }
    }

    /// How many of a pool are in use.
    pub fn used(&self, pool: Pool) -> u32 {
        self.used[pool as usize]
    }

    /// How many of a pool are left.
    pub fn left(&self, pool: Pool) -> u32 {
        self.limit[pool as usize].saturating_sub(self.used[pool as usize])
    }

    /// The pool that an object or entry takes from.
    pub fn pool_of(&self, object: &ObjectRef, attrs: &[AttrEntry]) -> Option<Pool> {
        let ip = |id: AttrId| attrs.iter().find(|a| a.id == id).map(|a| &a.value);
        let by_family = |v4: bool, four: Pool, six: Pool| Some(if v4 { four } else { six });
        match object {
            ObjectRef::Entry(Entry::Route(e)) => {
                by_family(e.destination.addr().is_ipv4(), Pool::Ipv4Routes, Pool::Ipv6Routes)
            }
            ObjectRef::Entry(Entry::Neighbor(e)) => {
                by_family(e.ip_address.is_ipv4(), Pool::Ipv4Neighbors, Pool::Ipv6Neighbors)
            }
            ObjectRef::Entry(Entry::Nat(e)) => Some(match e.nat_type {
                sai::types::NatType::SOURCE_NAT => Pool::Snat,
                sai::types::NatType::DESTINATION_NAT => Pool::Dnat,
                _ => Pool::DoubleNat,
            }),
            ObjectRef::Entry(Entry::Fdb(_)) => Some(Pool::Fdb),
            ObjectRef::Entry(Entry::L2mc(_)) => Some(Pool::L2mc),
            ObjectRef::Entry(Entry::Ipmc(_)) => Some(Pool::Ipmc),
            ObjectRef::Entry(Entry::MySid(_)) => Some(Pool::MySids),
            ObjectRef::Entry(Entry::Inseg(_)) => Some(Pool::Inseg),
            ObjectRef::Entry(_) => None,
            ObjectRef::Object(object_type, _) => Some(match *object_type {
                ObjectType::NEXT_HOP => match ip(next_hop::IP.id()) {
                    Some(Value::IpAddress(ip)) if ip.is_ipv6() => Pool::Ipv6NextHops,
                    _ => Pool::Ipv4NextHops,
                },
                ObjectType::NEXT_HOP_GROUP => Pool::NextHopGroups,
                ObjectType::NEXT_HOP_GROUP_MEMBER => Pool::NextHopGroupMembers,
                ObjectType::MY_MAC => Pool::MyMacs,
                ObjectType::ACL_TABLE => Pool::AclTables,
                ObjectType::ACL_TABLE_GROUP => Pool::AclTableGroups,
                ObjectType::ACL_ENTRY => Pool::AclEntries,
                ObjectType::ACL_COUNTER => Pool::AclCounters,
                ObjectType::VIRTUAL_ROUTER => Pool::VirtualRouters,
                ObjectType::ROUTER_INTERFACE => Pool::RouterInterfaces,
                ObjectType::LAG => Pool::Lags,
                ObjectType::STP => Pool::StpInstances,
                ObjectType::MIRROR_SESSION => Pool::MirrorSessions,
                ObjectType::DEBUG_COUNTER => Pool::DebugCounters,
                _ => return None,
            }),
        }
    }

    /// The members that a group of next hops lists itself: they have no objects, and lie where others do.
    fn listed(object: &ObjectRef, attrs: &[AttrEntry]) -> u32 {
        let kind = AttrEntry::new(group::TYPE.id(), Value::I32(group::Type::ECMP_WITH_MEMBERS.0));
        if object.object_type() != ObjectType::NEXT_HOP_GROUP || !attrs.contains(&kind) {
            return 0;
        }
        match attrs.iter().find(|a| a.id == group::NEXT_HOP_LIST.id()).map(|a| &a.value) {
            Some(Value::OidList(ways)) => ways.len() as u32,
            _ => 0,
        }
    }

    /// Whether a group may list so many members in place of others that it lists now.
    pub(crate) fn admit_members(&self, new: usize, old: usize) -> Result<()> {
        let left = self.left(Pool::NextHopGroupMembers) as usize + old;
        if new <= left {
            return Ok(());
        }
        let why = format!("{new} members, where there is room for {left} more in all groups");
        Err(Error::because(Status::INSUFFICIENT_RESOURCES, why))
    }

    /// A group lists other members than it did.
    pub(crate) fn count_members(&mut self, new: usize, old: usize) {
        let used = &mut self.used[Pool::NextHopGroupMembers as usize];
        *used = *used + new as u32 - old as u32;
    }

    /// Whether there is room for one more.
    pub(crate) fn admit(&self, store: &Store, request: &Request<'_>) -> Result<Option<Pool>> {
        let pool = self.pool_of(request.object, request.attrs);
        let (used, limit) = match pool {
            Some(pool) => (self.used[pool as usize], self.limit[pool as usize]),
            None => (store.count(request.meta.object_type) as u32, self.others),
        };
        if used < limit {
            self.admit_members(Resources::listed(request.object, request.attrs) as usize, 0)
                .map_err(|e| e.on_object(request.object))?;
            return Ok(pool);
        }
        let status =
            if request.meta.is_entry() { Status::TABLE_FULL } else { Status::INSUFFICIENT_RESOURCES };
        let what = pool.map_or_else(|| request.meta.name.to_owned(), |p| format!("{p:?}"));
        Err(Error::because(status, format!("all {limit} of {what} are in use")).on_object(request.object))
    }

    pub(crate) fn took(&mut self, pool: Option<Pool>) {
        if let Some(pool) = pool.filter(|p| *p != Pool::Fdb) {
            self.used[pool as usize] += 1;
        }
    }

    pub(crate) fn gave(&mut self, pool: Option<Pool>) {
        if let Some(pool) = pool.filter(|p| *p != Pool::Fdb) {
            self.used[pool as usize] -= 1;
        }
    }

    /// The FDB tells its size itself: stations come and go without a call.
    pub(crate) fn fdb_holds(&mut self, entries: usize) {
        self.used[Pool::Fdb as usize] = entries as u32;
    }

    pub(crate) fn count(&mut self, object: &ObjectRef, attrs: &[AttrEntry], by: i32) {
        let pool = self.pool_of(object, attrs);
        let listed = Resources::listed(object, attrs) as usize;
        if by > 0 {
            self.took(pool);
            self.count_members(listed, 0);
        } else {
            self.gave(pool);
            self.count_members(0, listed);
        }
    }

    /// The value of an `AVAILABLE_*` attribute of the switch.
    pub(crate) fn available(&self, _: &Switch, attr: AttrId) -> Option<Value> {
        Pool::of_attr(attr).map(|pool| Value::U32(self.left(pool)))
    }

    /// The pool that new entries or objects with these attributes take from.
    fn pool_for(&self, object_type: ObjectType, attrs: &[AttrEntry]) -> Option<Pool> {
        let v6 = |id: AttrId| attrs.contains(&AttrEntry::new(id, Value::I32(IpAddrFamily::IPV6.0)));
        let by_family = |id, four, six| Some(if v6(id) { six } else { four });
        match object_type {
            ObjectType::ROUTE_ENTRY => {
                by_family(route_entry::IP_ADDR_FAMILY.id(), Pool::Ipv4Routes, Pool::Ipv6Routes)
            }
            ObjectType::NEIGHBOR_ENTRY => {
                by_family(neighbor_entry::IP_ADDR_FAMILY.id(), Pool::Ipv4Neighbors, Pool::Ipv6Neighbors)
            }
            ObjectType::FDB_ENTRY => Some(Pool::Fdb),
            ObjectType::L2MC_ENTRY => Some(Pool::L2mc),
            ObjectType::IPMC_ENTRY => Some(Pool::Ipmc),
            ObjectType::MY_SID_ENTRY => Some(Pool::MySids),
            ObjectType::INSEG_ENTRY => Some(Pool::Inseg),
            other => self.pool_of(&ObjectRef::Object(other, sai::ObjectId::NULL), attrs),
        }
    }

    /// How many more objects of a type can be made: `sai_object_type_get_availability`.
    fn availability(&self, sw: &Switch, object_type: ObjectType, attrs: &[AttrEntry]) -> u64 {
        let used = sw.store.count(object_type) as u64;
        match (object_type, self.pool_for(object_type, attrs)) {
            // Each type of counter has indices of its own.
            (ObjectType::DEBUG_COUNTER, Some(pool)) => sw.debug.left(attrs).min(self.left(pool).into()),
            (_, Some(pool)) => u64::from(self.left(pool)),
            // The CPU port is one more.
            (ObjectType::PORT, _) => (u64::from(sw.profile.max_ports()) + 1).saturating_sub(used),
            (ObjectType::VLAN, _) => VLANS.saturating_sub(used),
            _ => u64::from(self.others).saturating_sub(used),
        }
    }
}

/// VLAN ids from 1 to 4094.
const VLANS: u64 = 4094;

impl Switch {
    /// How many more objects with these attributes can be made.
    ///
    /// # Errors
    /// `NOT_SUPPORTED` for a type that no client can make; `INVALID_PARAMETER` for an attribute that the type
    /// does not have.
    pub(crate) fn availability(&self, meta: &'static ObjectMeta, attrs: &[AttrEntry]) -> Result<u64> {
        if !meta.verbs.contains(Verbs::CREATE) {
            return Err(Error::because(Status::NOT_SUPPORTED, format!("{} cannot be created", meta.name)));
        }
        for given in attrs {
            let attr = meta.attr(given.id).ok_or_else(|| {
                let reason = format!("{} has no attribute {:#x}", meta.name, given.id);
                Error::because(Status::INVALID_PARAMETER, reason)
            })?;
            let cannot = |v: &i32| owner(meta).is_some_and(|o| !o.takes_value(given.id, *v));
            let none = match &given.value {
                Value::I32(v) => cannot(v),
                Value::I32List(list) => list.iter().any(cannot),
                _ => false,
            };
            if none || self.refuses(meta, attr.id) {
                return Ok(0);
            }
        }
        let of_parent = crate::acl::availability(self, meta.object_type, attrs)
            .or_else(|| crate::router::group::availability(self, meta.object_type, attrs));
        Ok(of_parent.unwrap_or_else(|| self.resources.availability(self, meta.object_type, attrs)))
    }

    /// Compares what is kept incrementally with what is computed from scratch: references, derived lists,
    /// unique keys and the use of the tables. For tests; looks at every object.
    ///
    /// # Errors
    /// Names the first difference.
    pub fn audit(&self) -> std::result::Result<(), String> {
        let mut outside: hashbrown::HashMap<sai::ObjectId, u32> = hashbrown::HashMap::new();
        let compact = |m: &sai::meta::ObjectMeta| owner(m).and_then(|o| o.table()).is_some();
        let mut see = |to: sai::ObjectId| *outside.entry(to).or_default() += u32::from(to != self.id);
        for m in sai::meta::OBJECTS.iter().filter(|m| compact(m)) {
            for object in self.objects(m.object_type).map_err(|e| e.to_string())? {
                let dynamic = m.object_type == ObjectType::FDB_ENTRY
                    && self.value(&object, fdb_entry::TYPE.id())
                        == Ok(Value::I32(fdb_entry::Type::DYNAMIC.0));
                if let Some(entry) = object.entry().filter(|_| !dynamic) {
                    entry.for_each_oid(|to, _| see(to));
                }
                for attr in m.attrs.iter().filter(|a| !(dynamic && a.id == fdb_entry::BRIDGE_PORT_ID.id())) {
                    if let Ok(value) = self.value(&object, attr.id) {
                        value.for_each_oid(&mut see);
                    }
                }
            }
        }
        self.store.audit(|id| outside.get(&id).copied().unwrap_or(0))?;
        let mut counted = Resources::new(&self.profile);
        counted.fdb_holds(self.count(ObjectType::FDB_ENTRY).map_err(|e| e.to_string())?);
        for m in sai::meta::OBJECTS {
            for object in self.objects(m.object_type).map_err(|e| e.to_string())? {
                counted.count(&object, self.store.lookup(&object).map_or(&[], |o| o.attrs()), 1);
            }
        }
        if counted == self.resources {
            return Ok(());
        }
        Err(format!("resources are {:?}, not {:?}", self.resources.used, counted.used))
    }
}
