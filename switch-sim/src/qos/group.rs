//! Priority groups of ports: what they take in, and what of it waits.

use std::sync::LazyLock;

use sai::ingress_priority_group::{self as attr, Stat};
use sai::{AttrId, ObjectRef, ObjectType, StatId};

use super::{buffer, place};
use crate::feature::Owner;
use crate::port::Counters;
use crate::port::server::{Mark, Of};
use crate::store::Object;
use crate::switch::Switch;

impl Counters {
    /// Counts packets, and the octets of all, that another group than 0 takes.
    pub(crate) fn group_takes(&mut self, group: u8, [packets, octets]: [u64; 2]) {
        if group > 0 {
            let at = usize::from(group);
            if self.groups.len() <= at {
                self.groups.resize(at + 1, [0; 2]);
            }
            self.groups[at][0] += packets;
            self.groups[at][1] += octets;
        }
    }

    /// Counts a packet of this size that ends before it is given to a group.
    pub(crate) fn no_group_takes(&mut self, size: u64) {
        self.in_no_group[0] += 1;
        self.in_no_group[1] += size;
    }

    /// Packets and bytes that a group took: group 0 all that the others did not.
    fn group(&self, group: u8) -> [u64; 2] {
        if group > 0 {
            return self.groups.get(usize::from(group)).copied().unwrap_or_default();
        }
        let others = |of: usize| self.groups.iter().map(|g| g[of]).sum::<u64>() + self.in_no_group[of];
        [self.rx.packets() - others(0), self.rx.octets - others(1)]
    }
}

/// Owns `SAI_OBJECT_TYPE_INGRESS_PRIORITY_GROUP`.
#[derive(Debug)]
pub(crate) struct GroupOwner;

/// What waits, and did.
const LEVELS: &[StatId] = &[
    Stat::CURR_OCCUPANCY_BYTES.0 as StatId,
    Stat::WATERMARK_BYTES.0 as StatId,
    Stat::SHARED_CURR_OCCUPANCY_BYTES.0 as StatId,
    Stat::SHARED_WATERMARK_BYTES.0 as StatId,
    Stat::XOFF_ROOM_CURR_OCCUPANCY_BYTES.0 as StatId,
    Stat::XOFF_ROOM_WATERMARK_BYTES.0 as StatId,
];

impl GroupOwner {
    fn place(sw: &Switch, object: &ObjectRef) -> Option<(u16, u8)> {
        place(sw, object, attr::PORT.id(), attr::INDEX.id())
    }
}

impl Owner for GroupOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const { &[attr::BUFFER_PROFILE.id()] }
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        buffer::joined(sw, object);
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        buffer::derive(sw, object);
    }

    fn removed(&self, sw: &mut Switch, _: &ObjectRef, was: Object) {
        buffer::left(sw, ObjectType::INGRESS_PRIORITY_GROUP, &was);
    }

    fn counted(&self) -> &'static [StatId] {
        static ALL: LazyLock<Vec<StatId>> = LazyLock::new(|| {
            let counts = [Stat::PACKETS, Stat::BYTES, Stat::DROPPED_PACKETS].map(|s| s.0 as StatId);
            counts.iter().chain(LEVELS).copied().collect()
        });
        &ALL
    }

    fn levels(&self) -> &'static [StatId] {
        LEVELS
    }

    fn clear_level(&self, sw: &mut Switch, object: &ObjectRef, stat: StatId) {
        let mark = match Stat(stat as i32) {
            Stat::WATERMARK_BYTES => Mark::Bytes,
            Stat::SHARED_WATERMARK_BYTES => Mark::Shared,
            Stat::XOFF_ROOM_WATERMARK_BYTES => Mark::Headroom,
            _ => return,
        };
        if let Some((port, group)) = Self::place(sw, object) {
            sw.ports.servers.clear(Of::Group(port, group), mark);
        }
    }

    fn stat(&self, sw: &Switch, object: &ObjectRef, stat: StatId) -> Option<u64> {
        let (port, group) = Self::place(sw, object)?;
        let [packets, bytes] = sw.ports.counters.get(usize::from(port))?.group(group);
        let level = sw.ports.servers.level(Of::Group(port, group));
        Some(match Stat(stat as i32) {
            Stat::PACKETS => packets,
            Stat::BYTES => bytes,
            Stat::DROPPED_PACKETS => sw.ports.servers.lost(port, group),
            Stat::CURR_OCCUPANCY_BYTES => level.bytes,
            Stat::WATERMARK_BYTES => level.most.bytes,
            Stat::SHARED_CURR_OCCUPANCY_BYTES => level.shared,
            Stat::SHARED_WATERMARK_BYTES => level.most.shared,
            Stat::XOFF_ROOM_CURR_OCCUPANCY_BYTES => level.headroom,
            Stat::XOFF_ROOM_WATERMARK_BYTES => level.most.headroom,
            _ => return None,
        })
    }
}
