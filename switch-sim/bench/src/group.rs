//! The control plane in process: members of next-hop groups of 64.

use sai::{
    AttrEntry, Backend, Bulk, BulkCreate, BulkErrorMode, BulkSet, ObjectId, ObjectRef, ObjectType, Result,
    Target, Value, next_hop_group_member as member,
};

use crate::rig::Rig;
use crate::{Case, Cpu, Options, forward};

/// The cases.
pub const CASES: &[Case] = &[
    rate("control/group-member/create", |o| rates(o, Work::Create)),
    rate("control/group-member/bulk-create", |o| rates(o, Work::BulkCreate)),
    rate("control/group-member/bulk-set", |o| rates(o, Work::BulkSet)),
    rate("control/group-member/get", |o| rates(o, Work::Get)),
    rate("control/group-member/bulk-remove", |o| rates(o, Work::BulkRemove)),
];

const fn rate(name: &'static str, run: fn(&Options) -> Vec<f64>) -> Case {
    Case { name, unit: "M/s", run }
}

/// The members of a group.
const WIDTH: usize = 64;

const TARGET: Target<'_> = Target::Object(ObjectType::NEXT_HOP_GROUP_MEMBER);

fn member_ref(id: ObjectId) -> ObjectRef {
    ObjectRef::Object(ObjectType::NEXT_HOP_GROUP_MEMBER, id)
}

#[derive(Clone, Copy, PartialEq)]
enum Work {
    Create,
    BulkCreate,
    BulkSet,
    Get,
    BulkRemove,
}

/// Groups, and what their members are made of.
struct Groups {
    rig: Rig,
    new: Vec<[AttrEntry; 2]>,
}

impl Groups {
    fn new(options: &Options) -> Groups {
        let (rig, hops) = forward::router().expect("the switch takes it");
        let mut new = Vec::new();
        for _ in 0..options.size(100_000).div_ceil(WIDTH) {
            let group = rig.group([]).expect("room").raw();
            new.extend(hops[..WIDTH].iter().map(|hop| {
                [
                    AttrEntry::new(member::NEXT_HOP_GROUP_ID.id(), Value::Oid(group)),
                    AttrEntry::new(member::NEXT_HOP_ID.id(), Value::Oid(hop.raw())),
                ]
            }));
        }
        Groups { rig, new }
    }

    fn create(&self) -> Vec<ObjectRef> {
        let switch = self.rig.switch.id().raw();
        let one = |attrs: &[AttrEntry; 2]| self.rig.sim.create(switch, TARGET, attrs).expect("room");
        self.new.iter().map(|attrs| member_ref(one(attrs))).collect()
    }

    fn bulk_create(&self) -> Vec<ObjectRef> {
        let made = self.new.chunks(WIDTH).flat_map(|group| {
            let items: Vec<_> = group.iter().map(|attrs| BulkCreate { target: TARGET, attrs }).collect();
            self.bulk(Bulk::Create { switch: self.rig.switch.id().raw(), items: &items })
        });
        made.map(member_ref).collect()
    }

    fn bulk_set(&self, members: &[ObjectRef], attr: &AttrEntry) {
        for group in members.chunks(WIDTH) {
            let items: Vec<_> = group.iter().map(|object| BulkSet { object, attr }).collect();
            self.bulk(Bulk::Set(&items));
        }
    }

    fn get(&self, members: &[ObjectRef]) {
        let mut asked = [AttrEntry::ask(member::NEXT_HOP_ID.id())];
        members.iter().for_each(|member| self.rig.sim.get(member, &mut asked).expect("there"));
    }

    fn bulk(&self, call: Bulk<'_, '_>) -> Vec<ObjectId> {
        let done = self.rig.sim.bulk(call, BulkErrorMode::IgnoreError);
        done.into_iter().collect::<Result<_>>().expect("each is possible")
    }
}

/// Millions of members a second; a set changes the next hop.
fn rates(options: &Options, work: Work) -> Vec<f64> {
    let groups = Groups::new(options);
    let one = |run: usize| {
        let (creating, members) = Cpu::of(|| match work {
            Work::Create => groups.create(),
            _ => groups.bulk_create(),
        });
        let hop = &groups.new[run % WIDTH][1];
        let (setting, ()) = Cpu::of(|| match work {
            Work::BulkSet => groups.bulk_set(&members, hop),
            Work::Get => groups.get(&members),
            _ => {}
        });
        let (removing, ()) =
            Cpu::of(|| members.chunks(WIDTH).for_each(|m| drop(groups.bulk(Bulk::Remove(m)))));
        let seconds = match work {
            Work::Create | Work::BulkCreate => creating,
            Work::BulkSet | Work::Get => setting,
            Work::BulkRemove => removing,
        };
        members.len() as f64 / seconds / 1e6
    };
    (0..options.runs.min(3)).map(one).collect()
}
