//! Bind points: which tables packets meet where.
//!
//! A bound table or group is resolved into a [`Program`] once, shared by all that bind it. Packets find
//! programs by the index of their port, LAG, VLAN or interface; what is not bound costs a look at one index.

use sai::meta::ObjectMeta;
use sai::types::{AclBindPointType, AclStage};
use sai::{AttrEntry, AttrId, Error, ObjectId, ObjectType, Result, Status};
use sai::{acl_table, acl_table_chain_group, acl_table_group, acl_table_group_member};
use sai::{lag, port, router_interface, switch, vlan};

use super::table::name;
use crate::pipeline::{DropReason, NONE, Node};
use crate::store::id::{Parts, type_of};
use crate::switch::Switch;

/// Where tables are looked up, in the order in which a packet passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    PreIngress,
    Ingress,
    PostIngress,
    Egress,
}

impl Stage {
    const ALL: [Stage; 4] = [Stage::PreIngress, Stage::Ingress, Stage::PostIngress, Stage::Egress];

    fn of(stage: AclStage) -> Option<Stage> {
        Some(match stage {
            AclStage::PRE_INGRESS => Stage::PreIngress,
            AclStage::INGRESS => Stage::Ingress,
            AclStage::POST_INGRESS => Stage::PostIngress,
            AclStage::EGRESS => Stage::Egress,
            _ => return None,
        })
    }

    const fn node(self) -> Node {
        match self {
            Stage::PreIngress => Node::PreIngressAcl,
            Stage::Ingress => Node::IngressAcl,
            Stage::PostIngress => Node::PostIngressAcl,
            Stage::Egress => Node::EgressAcl,
        }
    }
}

/// What a table is bound to, the first to be looked up first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Point {
    Port,
    Lag,
    Vlan,
    Rif,
    Switch,
}

impl Point {
    fn of(object: ObjectType) -> Option<Point> {
        Some(match object {
            ObjectType::PORT => Point::Port,
            ObjectType::LAG => Point::Lag,
            ObjectType::VLAN => Point::Vlan,
            ObjectType::ROUTER_INTERFACE => Point::Rif,
            ObjectType::SWITCH => Point::Switch,
            _ => return None,
        })
    }

    const fn sai(self) -> AclBindPointType {
        match self {
            Point::Port => AclBindPointType::PORT,
            Point::Lag => AclBindPointType::LAG,
            Point::Vlan => AclBindPointType::VLAN,
            Point::Rif => AclBindPointType::ROUTER_INTERFACE,
            Point::Switch => AclBindPointType::SWITCH,
        }
    }

    /// What a drop by a table that is bound here is called.
    pub const fn reason(self, stage: Stage) -> DropReason {
        match (stage, self) {
            (Stage::Egress, Point::Port) => DropReason::AclEgressPort,
            (Stage::Egress, Point::Lag) => DropReason::AclEgressLag,
            (Stage::Egress, Point::Vlan) => DropReason::AclEgressVlan,
            (Stage::Egress, Point::Rif) => DropReason::AclEgressRif,
            (Stage::Egress, Point::Switch) => DropReason::AclEgressSwitch,
            (_, Point::Port) => DropReason::AclIngressPort,
            (_, Point::Lag) => DropReason::AclIngressLag,
            (_, Point::Vlan) => DropReason::AclIngressVlan,
            (_, Point::Rif) => DropReason::AclIngressRif,
            (_, Point::Switch) => DropReason::AclIngressSwitch,
        }
    }
}

/// Tables that are looked up together: all of a group, or those of one chain group.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Phase {
    /// The chain group; null without one.
    pub chain: ObjectId,
    /// All are looked up; else the first that matches ends it.
    pub parallel: bool,
    /// Slots of tables, the highest priority first.
    pub tables: Vec<u16>,
}

/// A bound table or group.
#[derive(Debug, Default)]
struct Program {
    object: ObjectId,
    users: u32,
    phases: Vec<Phase>,
}

/// Which program is bound to what at one stage.
#[derive(Debug)]
struct Points {
    /// Ports, LAGs, VLANs, interfaces: [`NONE`] or a program, by index.
    of: [Vec<u16>; 4],
    switch: u16,
    users: u32,
}

impl Default for Points {
    fn default() -> Points {
        Points { of: Default::default(), switch: NONE, users: 0 }
    }
}

impl Points {
    #[inline(always)]
    fn at(&self, point: Point, index: u16) -> u16 {
        match point {
            Point::Switch => self.switch,
            point => self.of[point as usize].get(usize::from(index)).copied().unwrap_or(NONE),
        }
    }

    fn slot(&mut self, point: Point, index: u16) -> &mut u16 {
        if point == Point::Switch {
            return &mut self.switch;
        }
        let list = &mut self.of[point as usize];
        if list.len() <= usize::from(index) {
            list.resize(usize::from(index) + 1, NONE);
        }
        &mut list[usize::from(index)]
    }
}

/// All bindings of a switch.
#[derive(Debug, Default)]
pub(super) struct Bound {
    programs: Vec<Program>,
    stages: [Points; 4],
}

impl Bound {
    /// The program that is bound to a point; [`NONE`] for none.
    #[inline(always)]
    pub fn program(&self, stage: Stage, point: Point, index: u16) -> u16 {
        self.stages[stage as usize].at(point, index)
    }

    /// Whether any point of this type has ever been bound at a stage.
    #[inline(always)]
    pub fn has(&self, stage: Stage, point: Point) -> bool {
        !self.stages[stage as usize].of[point as usize].is_empty()
    }

    /// What a program looks up.
    #[inline(always)]
    pub fn phases(&self, program: u16) -> &[Phase] {
        &self.programs[usize::from(program)].phases
    }

    /// The table of a program that has no other; [`NONE`] for one that has several.
    #[inline(always)]
    pub fn single(&self, program: u16) -> u16 {
        match self.phases(program) {
            [phase] if phase.tables.len() == 1 => phase.tables[0],
            _ => NONE,
        }
    }

    /// Whether anything is bound at a stage.
    pub fn any(&self, stage: Stage) -> bool {
        self.stages[stage as usize].users > 0
    }

    fn take(&mut self, object: ObjectId, resolve: impl FnOnce() -> Vec<Phase>) -> u16 {
        let at = match self.programs.iter().position(|p| p.users > 0 && p.object == object) {
            Some(at) => at,
            None => {
                let free = self.programs.iter().position(|p| p.users == 0).unwrap_or(self.programs.len());
                if free == self.programs.len() {
                    self.programs.push(Program::default());
                }
                self.programs[free] = Program { object, users: 0, phases: resolve() };
                free
            }
        };
        self.programs[at].users += 1;
        at as u16
    }
}

/// The attributes that bind, by the type of object that has them.
const BINDINGS: &[(ObjectType, AttrId, &[AclStage])] = &[
    (ObjectType::PORT, port::INGRESS_ACL.id(), IN),
    (ObjectType::PORT, port::EGRESS_ACL.id(), OUT),
    (ObjectType::LAG, lag::INGRESS_ACL.id(), IN),
    (ObjectType::LAG, lag::EGRESS_ACL.id(), OUT),
    (ObjectType::VLAN, vlan::INGRESS_ACL.id(), IN),
    (ObjectType::VLAN, vlan::EGRESS_ACL.id(), OUT),
    (ObjectType::ROUTER_INTERFACE, router_interface::INGRESS_ACL.id(), IN),
    (ObjectType::ROUTER_INTERFACE, router_interface::EGRESS_ACL.id(), OUT),
    (ObjectType::SWITCH, switch::PRE_INGRESS_ACL.id(), &[AclStage::PRE_INGRESS]),
    (ObjectType::SWITCH, switch::INGRESS_ACL.id(), IN),
    (ObjectType::SWITCH, switch::EGRESS_ACL.id(), OUT),
];

/// SAI has no attribute of its own for post-ingress tables: they bind where ingress tables do.
const IN: &[AclStage] = &[AclStage::INGRESS, AclStage::POST_INGRESS];
const OUT: &[AclStage] = &[AclStage::EGRESS];

fn binding(object: ObjectType, attr: AttrId) -> Option<&'static [AclStage]> {
    BINDINGS.iter().find(|(o, a, _)| *o == object && *a == attr).map(|(_, _, stages)| *stages)
}

fn stage_of(sw: &Switch, object: ObjectId) -> AclStage {
    let attr = match type_of(object) {
        Some(ObjectType::ACL_TABLE) => acl_table::ACL_STAGE.id(),
        _ => acl_table_group::ACL_STAGE.id(),
    };
    AclStage(sw.store.number(object, attr) as i32)
}

/// Refuses to bind a table or group of another stage, or made for other bind points.
pub(crate) fn check(sw: &Switch, meta: &ObjectMeta, attrs: &[AttrEntry]) -> Result<()> {
    let Some(point) = Point::of(meta.object_type) else { return Ok(()) };
    for (n, given) in attrs.iter().enumerate() {
        let Some(stages) = binding(meta.object_type, given.id) else { continue };
        let Some(object) = given.value.as_oid().filter(|id| !id.is_null()) else { continue };
        let refuse = |why: String| {
            Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why)
                .on_attr(name(meta.object_type, given.id)))
        };
        let stage = stage_of(sw, object);
        if !stages.contains(&stage) {
            return refuse(format!("{object} is of stage {stage}"));
        }
        let list = match type_of(object) {
            Some(ObjectType::ACL_TABLE) => acl_table::ACL_BIND_POINT_TYPE_LIST.id(),
            _ => acl_table_group::ACL_BIND_POINT_TYPE_LIST.id(),
        };
        if let Some(sai::Value::I32List(points)) = sw.store.get(object).and_then(|o| o.value(list))
            && !points.is_empty()
            && !points.contains(&point.sai().0)
        {
            return refuse(format!("{object} was created without the bind point {}", point.sai()));
        }
    }
    Ok(())
}

/// Binds what an object's attributes say, after it was created or one of them was set, or nothing where it is
/// gone.
pub(crate) fn derive(sw: &mut Switch, object: ObjectType, id: ObjectId, vid: u16) {
    let Some(point) = Point::of(object) else { return };
    let index = if point == Point::Vlan { vid } else { Parts::of(id).slot as u16 };
    let mut wanted = [ObjectId::NULL; 4];
    for (of, attr, _) in BINDINGS {
        let bound = if *of == object { sw.store.oid(id, *attr) } else { ObjectId::NULL };
        if !bound.is_null()
            && let Some(stage) = Stage::of(stage_of(sw, bound))
        {
            wanted[stage as usize] = bound;
        }
    }
    for (stage, wanted) in Stage::ALL.into_iter().zip(wanted) {
        put(sw, stage, point, index, wanted);
    }
}

/// Binds again when an attribute that binds was set.
pub(crate) fn changed(sw: &mut Switch, object: ObjectType, id: ObjectId, attr: AttrId) {
    if binding(object, attr).is_some() {
        let vid = sw.store.number(id, vlan::VLAN_ID.id()) as u16;
        derive(sw, object, id, vid);
    }
}

/// Binds what a new object names, and frees what one that is gone had.
pub(crate) fn derive_given(sw: &mut Switch, object: ObjectType, id: ObjectId, attrs: &[AttrEntry]) {
    let binds = |a: &AttrEntry| binding(object, a.id).is_some() && a.value.as_oid() != Some(ObjectId::NULL);
    if attrs.iter().any(binds) {
        let vid = attrs.iter().find(|a| object == ObjectType::VLAN && a.id == vlan::VLAN_ID.id());
        let vid = match vid.map(|a| &a.value) {
            Some(sai::Value::U16(vid)) => *vid,
            _ => 0,
        };
        derive(sw, object, id, vid);
    }
}

/// Binds all that a snapshot brought back.
pub(crate) fn derive_all(sw: &mut Switch) {
    for object in [
        ObjectType::PORT,
        ObjectType::LAG,
        ObjectType::VLAN,
        ObjectType::ROUTER_INTERFACE,
        ObjectType::SWITCH,
    ] {
        for id in sw.store.ids(object).collect::<Vec<_>>() {
            let attrs = sw.store.get(id).map_or_else(Vec::new, |o| o.attrs().to_vec());
            derive_given(sw, object, id, &attrs);
        }
    }
}

fn put(sw: &mut Switch, stage: Stage, point: Point, index: u16, object: ObjectId) {
    let old = sw.acl.bound.stages[stage as usize].at(point, index);
    if old == NONE && object.is_null() {
        return;
    }
    if old != NONE {
        sw.acl.bound.programs[usize::from(old)].users -= 1;
        sw.acl.bound.stages[stage as usize].users -= 1;
    }
    let new = if object.is_null() {
        NONE
    } else {
        let store = &*sw;
        let phases = resolve(store, object);
        sw.acl.bound.stages[stage as usize].users += 1;
        sw.acl.bound.take(object, || phases)
    };
    *sw.acl.bound.stages[stage as usize].slot(point, index) = new;
    let used = sw.acl.bound.any(stage);
    sw.plane.use_stage(stage.node(), used);
    if stage == Stage::PreIngress {
        sw.ports.records.iter_mut().for_each(|r| r.pre_acl = used);
    }
}

/// The tables of a table or group in the order in which they are looked up.
fn resolve(sw: &Switch, object: ObjectId) -> Vec<Phase> {
    use acl_table_group_member as member;
    let slot = |table: ObjectId| Parts::of(table).slot as u16;
    if type_of(object) == Some(ObjectType::ACL_TABLE) {
        return vec![Phase { chain: ObjectId::NULL, parallel: false, tables: vec![slot(object)] }];
    }
    let Some(group) = sw.store.get(object) else { return Vec::new() };
    let mut members: Vec<_> = group
        .list(acl_table_group::MEMBER_LIST.id())
        .iter()
        .map(|id| {
            let chain = sw.store.oid(*id, member::ACL_TABLE_CHAIN_GROUP_ID.id());
            let stage = sw.store.number(chain, acl_table_chain_group::STAGE.id());
            let priority = sw.store.number(*id, member::PRIORITY.id());
            (stage, chain, std::cmp::Reverse(priority), slot(sw.store.oid(*id, member::ACL_TABLE_ID.id())))
        })
        .collect();
    members.sort_by_key(|(stage, chain, priority, _)| (*stage, *chain, *priority));
    let mut phases: Vec<Phase> = Vec::new();
    for (_, chain, _, table) in members {
        match phases.last_mut().filter(|p| p.chain == chain) {
            Some(phase) => phase.tables.push(table),
            None => {
                let parallel = match chain.is_null() {
                    true => {
                        sw.store.number(object, acl_table_group::TYPE.id())
                            == i64::from(acl_table_group::Type::PARALLEL.0)
                    }
                    false => {
                        sw.store.number(chain, acl_table_chain_group::TYPE.id())
                            == i64::from(acl_table_chain_group::Type::PARALLEL.0)
                    }
                };
                phases.push(Phase { chain, parallel, tables: vec![table] });
            }
        }
    }
    phases
}

/// Resolves a group again whose members changed.
pub(super) fn refresh(sw: &mut Switch, group: ObjectId) {
    let bound = sw.acl.bound.programs.iter().position(|p| p.users > 0 && p.object == group);
    if let Some(at) = bound {
        let phases = resolve(sw, group);
        sw.acl.bound.programs[at].phases = phases;
    }
}
