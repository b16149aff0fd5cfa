//! Priority groups of ports: what they take in.

use sai::ingress_priority_group::{self as attr, Stat};
use sai::{ObjectRef, StatId};

use super::place;
use crate::feature::Owner;
use crate::port::Counters;
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

impl Owner for GroupOwner {
    fn counted(&self) -> &'static [StatId] {
        const { &[Stat::PACKETS.0 as StatId, Stat::BYTES.0 as StatId] }
    }

    fn stat(&self, sw: &Switch, object: &ObjectRef, stat: StatId) -> Option<u64> {
        let (port, group) = place(sw, object, attr::PORT.id(), attr::INDEX.id())?;
        let [packets, bytes] = sw.ports.counters.get(usize::from(port))?.group(group);
        match Stat(stat as i32) {
            Stat::PACKETS => Some(packets),
            Stat::BYTES => Some(bytes),
            _ => None,
        }
    }
}
