//! What a switch has when it comes up, and the switch object itself.

use sai::meta::{self, AttrMeta};
use sai::object::bfd_session::OffloadType;
use sai::{
    AttrEntry, AttrId, MacAddr, ObjectId, ObjectRef, ObjectType, Result, StatId, Status, Value, bridge,
    bridge_port, hash, ingress_priority_group, port, port_serdes, queue, scheduler_group, switch, vlan,
    vlan_member,
};

use crate::feature::{Owner, Request, owner};
use crate::profile::Chip;
use crate::resources::Pool;
use crate::store::Origin;
use crate::switch::Switch;

const CPU_PORT: AttrId = switch::CPU_PORT.id();

fn at(id: AttrId, value: Value) -> AttrEntry {
    AttrEntry::new(id, value)
}

impl Switch {
    /// Whether this is the CPU port.
    pub fn is_cpu_port(&self, port: ObjectId) -> bool {
        self.default_object(CPU_PORT).is_none_or(|cpu| cpu == port)
    }

    /// An object that the switch made for itself: the value of `SAI_SWITCH_ATTR_CPU_PORT`,
    /// `SAI_SWITCH_ATTR_DEFAULT_VLAN_ID` and their like.
    pub fn default_object(&self, attr: AttrId) -> Option<ObjectId> {
        self.store.get(self.id)?.value(attr)?.as_oid()
    }

    /// Builds the default objects, in the order in which clients know them.
    pub(crate) fn boot(&mut self, attrs: &[AttrEntry]) {
        let this = self.make(ObjectType::SWITCH, attrs.to_vec(), Origin::Switch);
        debug_assert_eq!(this, self.id);
        crate::stats::mode::changed(self, &ObjectRef::Object(ObjectType::SWITCH, this), attrs);
        let cpu_attrs = vec![at(port::HW_LANE_LIST.id(), Value::U32List(vec![0]))];
        self.make_default(CPU_PORT, ObjectType::PORT, cpu_attrs);
        for queue in 0..self.profile.chip.cpu_queues {
            let cpu = self.default_object(CPU_PORT).expect("just made");
            self.make_queue(cpu, ObjectId::NULL, queue::Type::ALL.0, queue);
        }
        // SAI names the Ethernet fields and the port; without those of IP all routed traffic from one
        // neighbor would be one flow.
        use sai::types::NativeHashField as Field;
        let ethernet = [Field::SRC_MAC, Field::DST_MAC, Field::IN_PORT, Field::ETHERTYPE];
        let ip = [Field::SRC_IP, Field::DST_IP, Field::IP_PROTOCOL, Field::L4_SRC_PORT, Field::L4_DST_PORT];
        let fields = ethernet.into_iter().chain(ip).map(|f| f.0).collect();
        let hash = vec![at(hash::NATIVE_HASH_FIELD_LIST.id(), Value::I32List(fields))];
        self.make_default(switch::ECMP_HASH.id(), ObjectType::HASH, hash.clone());
        self.make_default(switch::LAG_HASH.id(), ObjectType::HASH, hash);
        crate::hash::derive_switch(self);
        let vlan_id = vec![at(vlan::VLAN_ID.id(), Value::U16(1))];
        let vlan = self.make_default(switch::DEFAULT_VLAN_ID.id(), ObjectType::VLAN, vlan_id);
        self.make_default(switch::DEFAULT_VIRTUAL_ROUTER_ID.id(), ObjectType::VIRTUAL_ROUTER, Vec::new());
        self.make_default(switch::DEFAULT_STP_INST_ID.id(), ObjectType::STP, Vec::new());
        let kind = vec![at(bridge::TYPE.id(), Value::I32(bridge::Type::TYPE_1Q.0))];
        let bridge = self.make_default(switch::DEFAULT_1Q_BRIDGE_ID.id(), ObjectType::BRIDGE, kind);
        self.make_default(switch::DEFAULT_TRAP_GROUP.id(), ObjectType::HOSTIF_TRAP_GROUP, Vec::new());
        self.boot_ports(vlan, bridge);
    }

    fn boot_ports(&mut self, vlan: ObjectId, bridge: ObjectId) {
        let profile = self.profile.clone();
        let boot = &profile.boot;
        let ports: Vec<_> = profile
            .boot_ports()
            .into_iter()
            .map(|port| {
                let attrs = vec![
                    at(port::HW_LANE_LIST.id(), Value::U32List(port.lanes)),
                    at(port::SPEED.id(), Value::U32(port.speed)),
                    at(port::ADMIN_STATE.id(), Value::Bool(boot.ports_up)),
                ];
                self.make(ObjectType::PORT, attrs, Origin::Switch)
            })
            .collect();
        if !boot.bridge_ports {
            return;
        }
        let kind = |t: bridge_port::Type| at(bridge_port::TYPE.id(), Value::I32(t.0));
        let on = at(bridge_port::BRIDGE_ID.id(), Value::Oid(bridge));
        // It names no bridge: a bridge's list holds the bridge ports that clients may remove.
        let router = vec![kind(bridge_port::Type::TYPE_1Q_ROUTER)];
        self.make(ObjectType::BRIDGE_PORT, router, Origin::Switch);
        let members: Vec<_> = ports
            .iter()
            .map(|port| {
                let attrs = vec![
                    kind(bridge_port::Type::PORT),
                    at(bridge_port::PORT_ID.id(), Value::Oid(*port)),
                    on.clone(),
                    at(bridge_port::ADMIN_STATE.id(), Value::Bool(true)),
                ];
                self.make(ObjectType::BRIDGE_PORT, attrs, Origin::Switch)
            })
            .collect();
        if boot.vlan_members {
            for member in members {
                let untagged = Value::I32(vlan::TaggingMode::UNTAGGED.0);
                let attrs = vec![
                    at(vlan_member::VLAN_ID.id(), Value::Oid(vlan)),
                    at(vlan_member::BRIDGE_PORT_ID.id(), Value::Oid(member)),
                    at(vlan_member::VLAN_TAGGING_MODE.id(), untagged),
                ];
                self.make(ObjectType::VLAN_MEMBER, attrs, Origin::Switch);
            }
        }
    }

    fn make_default(&mut self, attr: AttrId, object_type: ObjectType, attrs: Vec<AttrEntry>) -> ObjectId {
        let id = self.make(object_type, attrs, Origin::Switch);
        let this = ObjectRef::Object(ObjectType::SWITCH, self.id);
        self.store.set(&this, at(attr, Value::Oid(id)));
        id
    }

    fn make_queue(&mut self, port: ObjectId, parent: ObjectId, kind: i32, index: u32) {
        let mut attrs = vec![
            at(queue::TYPE.id(), Value::I32(kind)),
            at(queue::PORT.id(), Value::Oid(port)),
            at(queue::INDEX.id(), Value::U8(index as u8)),
        ];
        if !parent.is_null() {
            attrs.push(at(queue::PARENT_SCHEDULER_NODE.id(), Value::Oid(parent)));
        }
        self.make(ObjectType::QUEUE, attrs, Origin::Owned(port));
    }

    fn make_scheduler_group(
        &mut self,
        port: ObjectId,
        level: u8,
        parent: ObjectId,
        children: u32,
    ) -> ObjectId {
        let attrs = vec![
            at(scheduler_group::PORT_ID.id(), Value::Oid(port)),
            at(scheduler_group::LEVEL.id(), Value::U8(level)),
            at(scheduler_group::MAX_CHILDS.id(), Value::U8(children as u8)),
            at(scheduler_group::PARENT_NODE.id(), Value::Oid(parent)),
        ];
        self.make(ObjectType::SCHEDULER_GROUP, attrs, Origin::Owned(port))
    }
}

/// Gives a port what goes with it: serdes, priority groups, the scheduler-group tree of three levels, and
/// the queues below its leaves.
pub(crate) fn equip_port(sw: &mut Switch, port: ObjectId) {
    let chip = sw.profile.chip.clone();
    let owned = Origin::Owned(port);
    let of_port = at(port_serdes::PORT_ID.id(), Value::Oid(port));
    sw.make(ObjectType::PORT_SERDES, vec![of_port], owned);
    for index in 0..chip.priority_groups {
        let attrs = vec![
            at(ingress_priority_group::PORT.id(), Value::Oid(port)),
            at(ingress_priority_group::INDEX.id(), Value::U8(index as u8)),
        ];
        sw.make(ObjectType::INGRESS_PRIORITY_GROUP, attrs, owned);
    }
    let leaves = scheduler_leaves(&chip);
    let root = sw.make_scheduler_group(port, 0, port, 2);
    let middle = [0, 1].map(|_| sw.make_scheduler_group(port, 1, root, leaves));
    let leaves: Vec<_> =
        (0..leaves).map(|i| sw.make_scheduler_group(port, 2, middle[i as usize % 2], 2)).collect();
    let unicast = queue::Type::UNICAST.0;
    let multicast = queue::Type::MULTICAST.0;
    for i in 0..chip.unicast_queues {
        sw.make_queue(port, leaves[i as usize], unicast, i);
    }
    for i in 0..chip.multicast_queues {
        sw.make_queue(port, leaves[i as usize], multicast, chip.unicast_queues + i);
    }
}

/// The levels of a port's scheduler groups.
pub(crate) const SCHEDULER_LEVELS: u32 = 3;

/// The leaves of a port's scheduler-group tree; a group of the middle level has room for all.
fn scheduler_leaves(chip: &Chip) -> u32 {
    chip.unicast_queues.max(chip.multicast_queues)
}

/// The object types that a feature acts on and the profile allows; others are stored at most.
fn supported_types(sw: &Switch) -> Vec<i32> {
    let allowed = meta::OBJECTS.iter().filter(|m| !sw.refusals.object_type(m));
    allowed.filter(|m| owner(m).is_some()).map(|m| m.object_type.0).collect()
}

/// Owns `SAI_OBJECT_TYPE_SWITCH`.
#[derive(Debug)]
pub(crate) struct SwitchOwner;

macro_rules! answers {
    ($sw:ident; $($attr:ident => $value:expr,)*) => {
        /// The read-only attributes of the switch that follow from the profile and the store.
        const ANSWERED: &[AttrId] = &[$(switch::$attr.id()),*];

        fn answer($sw: &Switch, attr: AttrId) -> Option<Value> {
            $(if attr == switch::$attr.id() {
                return Some($value);
            })*
            None
        }
    };
}

answers! { sw;
    NUMBER_OF_ACTIVE_PORTS => Value::U32(front_ports(sw).len() as u32),
    MAX_NUMBER_OF_SUPPORTED_PORTS => Value::U32(sw.profile.max_ports()),
    PORT_LIST => Value::OidList(front_ports(sw)),
    PORT_MAX_MTU => Value::U32(sw.profile.chip.max_mtu),
    MAX_VIRTUAL_ROUTERS => Value::U32(sw.profile.limits.virtual_routers),
    FDB_TABLE_SIZE => Value::U32(sw.profile.limits.fdb),
    L3_NEIGHBOR_TABLE_SIZE => Value::U32(sw.profile.limits.ipv4_neighbors),
    L3_ROUTE_TABLE_SIZE => Value::U32(sw.profile.limits.ipv4_routes),
    LAG_MEMBERS => Value::U32(sw.profile.limits.lag_members),
    NUMBER_OF_LAGS => Value::U32(sw.profile.limits.lags),
    ECMP_MEMBERS => Value::U32(sw.profile.limits.ecmp_width),
    MAX_NUMBER_OF_FORWARDING_CLASSES => Value::U8(u8::MAX),
    MY_MAC_TABLE_MINIMUM_PRIORITY => Value::U32(0),
    MY_MAC_TABLE_MAXIMUM_PRIORITY => Value::U32(crate::router::MAX_MY_MAC_PRIORITY),
    MAX_ECMP_MEMBER_COUNT => Value::U32(sw.profile.limits.next_hop_group_members),
    NUMBER_OF_ECMP_GROUPS => Value::U32(sw.profile.limits.next_hop_groups),
    NUMBER_OF_UNICAST_QUEUES => Value::U32(sw.profile.chip.unicast_queues),
    NUMBER_OF_MULTICAST_QUEUES => Value::U32(sw.profile.chip.multicast_queues),
    NUMBER_OF_QUEUES => Value::U32(sw.profile.chip.unicast_queues + sw.profile.chip.multicast_queues),
    NUMBER_OF_CPU_QUEUES => Value::U32(sw.profile.chip.cpu_queues),
    OPER_STATUS => Value::I32(sai::object::switch::OperStatus::UP.0),
    ACL_TABLE_MINIMUM_PRIORITY => Value::U32(0),
    ACL_TABLE_MAXIMUM_PRIORITY => Value::U32(u32::from(u16::MAX)),
    ACL_ENTRY_MINIMUM_PRIORITY => Value::U32(1),
    ACL_ENTRY_MAXIMUM_PRIORITY => Value::U32(u32::from(u16::MAX)),
    ACL_TABLE_GROUP_MINIMUM_PRIORITY => Value::U32(0),
    ACL_TABLE_GROUP_MAXIMUM_PRIORITY => Value::U32(u32::from(u16::MAX)),
    MAX_STP_INSTANCE => Value::U32(sw.profile.limits.stp_instances),
    MAX_MIRROR_SESSION => Value::U32(sw.profile.limits.mirror_sessions),
    MAX_SAMPLED_MIRROR_SESSION => Value::U32(sw.profile.limits.mirror_sessions),
    QOS_MAX_NUMBER_OF_TRAFFIC_CLASSES => Value::U8(sw.profile.chip.traffic_classes),
    QOS_MAX_NUMBER_OF_SCHEDULER_GROUP_HIERARCHY_LEVELS => Value::U32(SCHEDULER_LEVELS),
    QOS_MAX_NUMBER_OF_CHILDS_PER_SCHEDULER_GROUP => Value::U32(scheduler_leaves(&sw.profile.chip)),
    SUPPORTED_OBJECT_TYPE_LIST => Value::I32List(supported_types(sw)),
    SUPPORTED_IPV4_BFD_SESSION_OFFLOAD_TYPE => Value::I32List(vec![OffloadType::NONE.0]),
    SUPPORTED_IPV6_BFD_SESSION_OFFLOAD_TYPE => Value::I32List(vec![OffloadType::NONE.0]),
    TOTAL_BUFFER_SIZE => Value::U64(sw.profile.chip.buffer_size),
    RESTART_TYPE => Value::I32(sai::object::switch::RestartType::ANY.0),
    MIN_PLANNED_RESTART_INTERVAL => Value::U32(0),
    DEFAULT_CPU_INGRESS_BUFFER_POOL => Value::Oid(ObjectId::NULL),
    DEFAULT_CPU_EGRESS_BUFFER_POOL => Value::Oid(ObjectId::NULL),
    NUMBER_OF_FABRIC_PORTS => Value::U32(0),
    FABRIC_PORT_LIST => Value::OidList(Vec::new()),
    NUMBER_OF_SYSTEM_PORTS => Value::U32(0),
    SYSTEM_PORT_LIST => Value::OidList(Vec::new()),
    SYNCE_CLOCK_LIST => Value::OidList(Vec::new()),
    MAX_SYNCE_CLOCK_COUNT => Value::U32(0),
    MY_MAC_LIST => Value::OidList(sw.store.ids(ObjectType::MY_MAC).collect()),
    INSTALLED_MY_MAC_ENTRIES => Value::U32(sw.store.count(ObjectType::MY_MAC) as u32),
}

/// The attributes that name what the switch made for itself.
const DEFAULTS: &[AttrId] = &[
    CPU_PORT,
    switch::ECMP_HASH.id(),
    switch::LAG_HASH.id(),
    switch::DEFAULT_VLAN_ID.id(),
    switch::DEFAULT_VIRTUAL_ROUTER_ID.id(),
    switch::DEFAULT_STP_INST_ID.id(),
    switch::DEFAULT_1Q_BRIDGE_ID.id(),
    switch::DEFAULT_TRAP_GROUP.id(),
];

/// The attributes that act, but those of hashes and QoS maps.
const ENFORCED: &[AttrId] = &[
    switch::INIT_SWITCH.id(),
    switch::SRC_MAC_ADDRESS.id(),
    switch::FDB_AGING_TIME.id(),
    switch::MAX_LEARNED_ADDRESSES.id(),
    switch::FDB_UNICAST_MISS_PACKET_ACTION.id(),
    switch::FDB_MULTICAST_MISS_PACKET_ACTION.id(),
    switch::FDB_BROADCAST_MISS_PACKET_ACTION.id(),
    switch::TPID_OUTER_VLAN.id(),
    switch::TPID_INNER_VLAN.id(),
    switch::BCAST_CPU_FLOOD_ENABLE.id(),
    switch::MCAST_CPU_FLOOD_ENABLE.id(),
    switch::MIRROR_TC.id(),
    switch::PRE_INGRESS_ACL.id(),
    switch::INGRESS_ACL.id(),
    switch::EGRESS_ACL.id(),
    switch::QOS_DSCP_TO_FORWARDING_CLASS_MAP.id(),
    switch::VXLAN_DEFAULT_PORT.id(),
    switch::ECMP_MEMBER_COUNT.id(),
    switch::ECN_ECT_THRESHOLD_ENABLE.id(),
];

/// Every port but the CPU port.
fn front_ports(sw: &Switch) -> Vec<ObjectId> {
    sw.store.ids(ObjectType::PORT).filter(|p| !sw.is_cpu_port(*p)).collect()
}

fn check(sw: &Switch, n: usize, attr: &AttrEntry) -> Result<()> {
    crate::qos::check(sw, ObjectType::SWITCH, n, attr)?;
    crate::router::group::check_count(sw, n, attr)
}

impl Owner for SwitchOwner {
    fn answered(&self) -> &'static [AttrId] {
        static ALL: std::sync::LazyLock<Vec<AttrId>> =
            std::sync::LazyLock::new(|| [ANSWERED, DEFAULTS, Pool::ATTRS, crate::acl::ANSWERED].concat());
        &ALL
    }

    fn enforced(&self) -> &'static [AttrId] {
        static ALL: std::sync::LazyLock<Vec<AttrId>> = std::sync::LazyLock::new(|| {
            [ENFORCED, &crate::hash::SWITCH_ATTRS, &crate::qos::SWITCH_ATTRS].concat()
        });
        &ALL
    }

    fn check_create(&self, sw: &Switch, request: &Request<'_>) -> Result<()> {
        request.attrs.iter().enumerate().try_for_each(|(n, attr)| check(sw, n, attr))
    }

    fn check_set(&self, sw: &Switch, _: &ObjectRef, attr: &AttrEntry) -> Result<()> {
        check(sw, 0, attr)
    }

    fn values(&self, asked: AttrId) -> Option<&'static [i32]> {
        let hash = [switch::ECMP_DEFAULT_HASH_ALGORITHM.id(), switch::LAG_DEFAULT_HASH_ALGORITHM.id()];
        hash.contains(&asked).then_some(crate::hash::ALGORITHMS)
    }

    fn counted(&self) -> &'static [StatId] {
        &crate::debug_counter::COUNTED
    }

    fn stat(&self, sw: &Switch, _: &ObjectRef, stat: StatId) -> Option<u64> {
        sw.debug.stat(None, stat)
    }

    fn created(&self, sw: &mut Switch, _: &ObjectRef) {
        crate::bridge::fdb::derive_switch(sw);
        crate::hash::derive_switch(sw);
        crate::router::derive_switch(sw);
        crate::mirror::derive_switch(sw);
    }

    fn changed(&self, sw: &mut Switch, _: &ObjectRef, attr: AttrId) {
        crate::bridge::fdb::derive_switch(sw);
        crate::hash::derive_switch(sw);
        crate::router::derive_switch(sw);
        crate::mirror::derive_switch(sw);
        crate::qos::switch_changed(sw, attr);
        if attr == switch::TPID_OUTER_VLAN.id() || attr == switch::TPID_INNER_VLAN.id() {
            crate::port::derive_all(sw);
        }
    }

    fn get(&self, sw: &Switch, _: &ObjectRef, attr: &'static AttrMeta) -> Option<Result<Value>> {
        if attr.id == switch::DEFAULT_OVERRIDE_VIRTUAL_ROUTER_ID.id() {
            return Some(Err(sai::Error::because(
                Status::ATTR_NOT_SUPPORTED_0,
                "there is no override virtual router",
            )));
        }
        let acl = || crate::acl::answer(sw, attr.id);
        if let Some(value) = answer(sw, attr.id).or_else(|| sw.resources.available(sw, attr.id)).or_else(acl)
        {
            return Some(Ok(value));
        }
        let given = sw.store.get(sw.id)?.value(attr.id).is_some();
        let mac = sw.profile.mac;
        if attr.id == switch::SRC_MAC_ADDRESS.id() && !given {
            return Some(Ok(Value::Mac(numbered(mac, sw.store.switch_number()))));
        }
        if attr.id == switch::ECMP_MEMBER_COUNT.id() && !given {
            return Some(Ok(Value::U32(sw.profile.limits.ecmp_width)));
        }
        if attr.id == switch::VXLAN_DEFAULT_ROUTER_MAC.id() && !given {
            return Some(Ok(Value::Mac(numbered(mac, sw.store.switch_number()))));
        }
        None
    }
}

/// The profile's MAC address, different for each switch of a process.
fn numbered(mac: MacAddr, switch: u8) -> MacAddr {
    let mut mac = mac;
    mac.0[3] = mac.0[3].wrapping_add(switch - 1);
    mac
}
