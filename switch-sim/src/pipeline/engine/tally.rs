//! What a worker counts, until the switch takes it over.

use super::Ledger;
use crate::bridge::Count;
use crate::port::counters::Direction;
use crate::router::rif;
use crate::switch::Switch;

/// What a worker has counted since its switch last took it over.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    received: Rows<Direction>,
    sent: Rows<Direction>,
    /// By port and priority group.
    priority_groups: Rows<[u64; 2]>,
    /// By port and queue.
    queues: Rows<[u64; 2]>,
    bridge_ports: Rows<[Count; 2]>,
    domains: Rows<[Count; 2]>,
    interfaces: Rows<rif::Counts>,
    groups: Rows<u64>,
    lags: Rows<u32>,
    acls: Rows<[u64; 2]>,
    transmitted: u64,
}

impl Tally {
    /// Adds all to what the switch has counted; what the switch does not have counts nowhere, as in the switch itself.
    pub(crate) fn settle(&mut self, sw: &mut Switch) {
        self.received.drain(|port, row| add(sw.received(port as u16), &row));
        self.sent.drain(|port, row| add(sw.sent(port as u16), &row));
        self.priority_groups.drain(|at, row| sw.took_by((at >> 8) as u16, at as u8, row));
        self.queues.drain(|at, row| sw.sent_by((at >> 8) as u16, at as u8, row));
        self.bridge_ports.drain(|port, row| add(sw.bridge_port(port as u16), &row));
        self.domains.drain(|domain, row| add(sw.domain(domain as u16), &row));
        self.interfaces.drain(|rif, row| add(sw.interface(rif as u16), &row));
        self.groups.drain(|group, packets| sw.chose_of_group(group as u16, packets));
        self.lags.drain(|lag, packets| sw.chose_of_lag(lag as u16, packets));
        self.acls.drain(|counter, row| sw.permitted(counter, row));
        sw.transmitted(std::mem::take(&mut self.transmitted));
    }
}

fn add<T: Sum>(to: Option<&mut T>, row: &T) {
    if let Some(to) = to {
        to.add(row);
    }
}

/// A worker's place to count: its tally, beside the switch that it reads.
pub(super) struct Own<'a> {
    pub(super) switch: &'a Switch,
    pub(super) tally: &'a mut Tally,
}

impl Ledger for Own<'_> {
    #[inline(always)]
    fn switch(&self) -> &Switch {
        self.switch
    }

    #[inline(always)]
    fn received(&mut self, port: u16) -> Option<&mut Direction> {
        Some(self.tally.received.at(port.into()))
    }

    #[inline(always)]
    fn sent(&mut self, port: u16) -> Option<&mut Direction> {
        Some(self.tally.sent.at(port.into()))
    }

    fn took_by(&mut self, port: u16, group: u8, counts: [u64; 2]) {
        self.tally.priority_groups.at(u32::from(port) << 8 | u32::from(group)).add(&counts);
    }

    fn sent_by(&mut self, port: u16, queue: u8, counts: [u64; 2]) {
        self.tally.queues.at(u32::from(port) << 8 | u32::from(queue)).add(&counts);
    }

    #[inline(always)]
    fn bridge_port(&mut self, port: u16) -> Option<&mut [Count; 2]> {
        Some(self.tally.bridge_ports.at(port.into()))
    }

    #[inline(always)]
    fn domain(&mut self, domain: u16) -> Option<&mut [Count; 2]> {
        Some(self.tally.domains.at(domain.into()))
    }

    #[inline(always)]
    fn interface(&mut self, rif: u16) -> Option<&mut rif::Counts> {
        (rif != crate::pipeline::NONE).then(|| self.tally.interfaces.at(rif.into()))
    }

    #[inline(always)]
    fn chose_of_group(&mut self, group: u16, packets: u64) {
        *self.tally.groups.at(group.into()) += packets;
    }

    #[inline(always)]
    fn chose_of_lag(&mut self, lag: u16, packets: u32) {
        let turns = self.tally.lags.at(lag.into());
        *turns = turns.wrapping_add(packets);
    }

    #[inline(always)]
    fn permitted(&mut self, counter: u32, counts: [u64; 2]) {
        if counter != u32::MAX {
            self.tally.acls.at(counter).add(&counts);
        }
    }

    #[inline(always)]
    fn transmitted(&mut self, packets: u64) {
        self.tally.transmitted += packets;
    }
}

/// Rows of counters by index, and which of them counted anything.
#[derive(Debug)]
struct Rows<T> {
    rows: Vec<(bool, T)>,
    used: Vec<u32>,
}

impl<T> Default for Rows<T> {
    fn default() -> Rows<T> {
        Rows { rows: Vec::new(), used: Vec::new() }
    }
}

impl<T: Default> Rows<T> {
    /// A row that is about to count.
    #[inline(always)]
    fn at(&mut self, index: u32) -> &mut T {
        if index as usize >= self.rows.len() {
            self.grow(index);
        }
        let (used, row) = &mut self.rows[index as usize];
        if !*used {
            *used = true;
            self.used.push(index);
        }
        row
    }

    #[cold]
    fn grow(&mut self, index: u32) {
        self.rows.resize_with(index as usize + 1, Default::default);
        // So that noting a row's use never allocates.
        self.used.reserve(self.rows.len());
    }

    /// Takes all that was counted.
    fn drain(&mut self, mut each: impl FnMut(u32, T)) {
        for index in self.used.drain(..) {
            let (_, row) = std::mem::take(&mut self.rows[index as usize]);
            each(index, row);
        }
    }
}

/// Counters that add up.
pub(crate) trait Sum {
    /// Adds what another counted.
    fn add(&mut self, other: &Self);
}

impl Sum for u64 {
    #[inline(always)]
    fn add(&mut self, other: &u64) {
        *self += other;
    }
}

impl<T: Sum, const N: usize> Sum for [T; N] {
    #[inline(always)]
    fn add(&mut self, other: &[T; N]) {
        self.iter_mut().zip(other).for_each(|(a, b)| a.add(b));
    }
}

impl Sum for Count {
    fn add(&mut self, other: &Count) {
        let Count { octets, unicast, other: groups, drops } = other;
        self.octets += octets;
        self.unicast += unicast;
        self.other += groups;
        self.drops += drops;
    }
}
