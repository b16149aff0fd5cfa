//! Where the express lane counts.

use crate::bridge::Count;
use crate::lag;
use crate::port::counters::Direction;
use crate::router::rif;
use crate::switch::Switch;

/// Where the express lane counts: in the switch itself where one thread forwards, else in a tally of the worker's own.
pub(crate) trait Ledger {
    /// The switch whose tables decide.
    fn switch(&self) -> &Switch;
    /// What a port received.
    fn received(&mut self, port: u16) -> Option<&mut Direction>;
    /// What a port sent.
    fn sent(&mut self, port: u16) -> Option<&mut Direction>;
    /// A port took packets of these octets in by a priority group.
    fn took_by(&mut self, port: u16, group: u8, counts: [u64; 2]);
    /// A port sent packets of these octets by a queue that is not the first.
    fn sent_by(&mut self, port: u16, queue: u8, counts: [u64; 2]);
    /// What a bridge port received and sent.
    fn bridge_port(&mut self, port: u16) -> Option<&mut [Count; 2]>;
    /// What a domain received and sent.
    fn domain(&mut self, domain: u16) -> Option<&mut [Count; 2]>;
    /// What a router interface counts.
    fn interface(&mut self, rif: u16) -> Option<&mut rif::Counts>;
    /// A group of next hops chose the way of packets.
    fn chose_of_group(&mut self, group: u16, packets: u64);
    /// A LAG chose the way of packets.
    fn chose_of_lag(&mut self, lag: u16, packets: u32);
    /// An ACL entry with this counter (`u32::MAX` for none) permitted packets of these octets.
    fn permitted(&mut self, counter: u32, counts: [u64; 2]);
    /// Packets left.
    fn transmitted(&mut self, packets: u64);
}

impl Ledger for Switch {
    #[inline(always)]
    fn switch(&self) -> &Switch {
        self
    }

    #[inline(always)]
    fn received(&mut self, port: u16) -> Option<&mut Direction> {
        Some(&mut self.ports.counters.get_mut(usize::from(port))?.rx)
    }

    #[inline(always)]
    fn sent(&mut self, port: u16) -> Option<&mut Direction> {
        Some(&mut self.ports.counters.get_mut(usize::from(port))?.tx)
    }

    fn took_by(&mut self, port: u16, group: u8, counts: [u64; 2]) {
        if let Some(counters) = self.ports.counters.get_mut(usize::from(port)) {
            counters.group_takes(group, counts);
        }
    }

    fn sent_by(&mut self, port: u16, queue: u8, counts: [u64; 2]) {
        if let Some(counters) = self.ports.counters.get_mut(usize::from(port)) {
            counters.queue_sends(queue, counts);
        }
    }

    #[inline(always)]
    fn bridge_port(&mut self, port: u16) -> Option<&mut [Count; 2]> {
        Some(&mut self.bridge.ports.get_mut(usize::from(port))?.counts)
    }

    #[inline(always)]
    fn domain(&mut self, domain: u16) -> Option<&mut [Count; 2]> {
        Some(&mut self.bridge.domain_mut(domain)?.counts)
    }

    #[inline(always)]
    fn interface(&mut self, rif: u16) -> Option<&mut rif::Counts> {
        self.router.rif_counts.get_mut(usize::from(rif))
    }

    #[inline(always)]
    fn chose_of_group(&mut self, group: u16, packets: u64) {
        if let Some(group) = self.router.groups.get_mut(usize::from(group)) {
            group.take_turns(packets);
        }
    }

    #[inline(always)]
    fn chose_of_lag(&mut self, lag: u16, packets: u32) {
        lag::take_turns(&mut self.lags, lag, packets);
    }

    #[inline(always)]
    fn permitted(&mut self, counter: u32, counts: [u64; 2]) {
        if counter != u32::MAX {
            self.acl.counters.add(counter, counts);
        }
    }

    #[inline(always)]
    fn transmitted(&mut self, packets: u64) {
        self.plane.balance.transmitted += packets;
    }
}
