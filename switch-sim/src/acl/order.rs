//! What entries want done to each copy of a packet as it leaves.

use std::sync::Arc;

use sai::{MacAddr, ObjectId};

use super::look::{parse_out, tunneled};
use crate::bridge::isolation;
use crate::mirror;
use crate::pipeline::packet::flag;
use crate::pipeline::{DropReason, Engine, Event, Packet, Tracer};
use crate::switch::Switch;
use crate::wire::edit::{self, End};
use crate::wire::parse::{Headers, L3, Tci};

/// The changes, `None` for what stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Orders {
    pub src_mac: Option<[u8; 6]>,
    pub dst_mac: Option<[u8; 6]>,
    pub inner_src_mac: Option<[u8; 6]>,
    pub inner_dst_mac: Option<[u8; 6]>,
    pub src_ip: Option<[u8; 4]>,
    pub dst_ip: Option<[u8; 4]>,
    pub src_ipv6: Option<[u8; 16]>,
    pub dst_ipv6: Option<[u8; 16]>,
    pub dscp: Option<u8>,
    pub ecn: Option<u8>,
    pub l4_src_port: Option<u16>,
    pub l4_dst_port: Option<u16>,
    pub outer_vid: Option<u16>,
    pub outer_pri: Option<u8>,
    pub inner_vid: Option<u16>,
    pub inner_pri: Option<u8>,
    pub add_vid: Option<u16>,
    pub add_pri: Option<u8>,
    /// Mirror sessions that get a copy of what leaves.
    pub mirror: u16,
    /// The samplepacket that takes of what leaves, and the number of the entry that names it.
    pub sampler: Option<(u16, u32)>,
    /// Lower the TTL of a packet that is not routed.
    pub ttl: bool,
    /// Ports by which no copy leaves.
    pub block: Option<Arc<[u16]>>,
    /// An isolation group, by whose members no copy leaves.
    pub isolation: Option<ObjectId>,
}

macro_rules! first {
    ($self:ident, $later:ident: $($field:ident)*) => {
        $(if $self.$field.is_none() { $self.$field.clone_from(&$later.$field); })*
    };
}

impl Orders {
    /// Takes what only later orders want.
    pub fn add(&mut self, later: &Orders) {
        first!(self, later: src_mac dst_mac inner_src_mac inner_dst_mac src_ip dst_ip src_ipv6 dst_ipv6 dscp
            ecn l4_src_port l4_dst_port outer_vid outer_pri inner_vid inner_pri add_vid add_pri block isolation
            sampler);
        self.ttl |= later.ttl;
        self.mirror |= later.mirror;
    }
}

/// The orders of entries and of packets that several entries match, by number.
///
/// A packet carries the number: 24 bits of slot below 8 bits that say how often the slot was used, so that
/// what waits in a queue never meets the orders of a later entry.
#[derive(Debug, Default)]
pub(super) struct Book {
    pages: Vec<Page>,
    free: Vec<u32>,
    /// Orders of several entries together, dropped when one of them changes.
    merged: Vec<([u32; 2], u32)>,
}

#[derive(Debug, Default)]
struct Page {
    used: u8,
    orders: Option<Orders>,
}

const SLOT: u32 = 0xff_ffff;

impl Book {
    pub fn get(&self, number: u32) -> Option<&Orders> {
        let page = self.pages.get((number & SLOT) as usize)?;
        if page.used == (number >> 24) as u8 { page.orders.as_ref() } else { None }
    }

    /// Keeps orders; `u32::MAX` when there is no room for more.
    pub fn put(&mut self, orders: Orders) -> u32 {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None if self.pages.len() as u32 >= SLOT => return u32::MAX,
            None => {
                self.pages.push(Page::default());
                self.pages.len() as u32 - 1
            }
        };
        let page = &mut self.pages[slot as usize];
        page.orders = Some(orders);
        slot | u32::from(page.used) << 24
    }

    fn tear(&mut self, number: u32) {
        let slot = number & SLOT;
        if let Some(page) = self.pages.get_mut(slot as usize)
            && page.orders.take().is_some()
        {
            page.used = page.used.wrapping_add(1);
            self.free.push(slot);
        }
    }

    /// Forgets the orders of an entry, and all that were made of several.
    pub fn remove(&mut self, number: u32) {
        if number == u32::MAX {
            return;
        }
        self.tear(number);
        for (_, merged) in std::mem::take(&mut self.merged) {
            self.tear(merged);
        }
    }

    /// The number of what the first wants, and the later where that does not contradict it.
    pub fn merge(&mut self, first: u32, later: u32) -> u32 {
        if first == u32::MAX || first == later {
            return later;
        }
        if let Some((_, both)) = self.merged.iter().find(|(of, _)| *of == [first, later]) {
            return *both;
        }
        let (Some(a), Some(b)) = (self.get(first), self.get(later)) else { return first };
        let mut both = a.clone();
        both.add(b);
        let number = self.put(both);
        self.merged.push(([first, later], number));
        number
    }
}

/// Carries the orders of a packet out on the frame of a copy that leaves.
pub(super) fn carry_out<T: Tracer>(
    sw: &mut Switch,
    engine: &mut Engine,
    i: usize,
    orders: &Orders,
    t: &mut T,
) {
    let (p, _) = engine.packet(i);
    let p = *p;
    if let Some(reason) = held_back(sw, &p, orders) {
        return engine.drop(i, reason);
    }
    mirror::copy_to(engine.packet(i).0, orders.mirror);
    if let Some((sampler, entry)) = orders.sampler {
        mirror::sample_out(sw, engine, i, sampler, entry);
    }
    let (head, tail) = engine.frame(i);
    let whole;
    let all = if tail.is_empty() {
        head
    } else {
        whole = [head, tail].concat();
        &whole[..]
    };
    let h = parse_out(sw, &p, all);
    let inner = match (orders.inner_src_mac, orders.inner_dst_mac) {
        (None, None) => None,
        _ => tunneled(sw, &h, all).and_then(|i| i.ethernet),
    };
    if orders.ttl && !p.has(flag::ROUTED) && h.is_ip() {
        if h.ttl <= 1 {
            return engine.drop(i, DropReason::Ttl);
        }
        tell(t, &p, "TTL", || (h.ttl.to_string(), (h.ttl - 1).to_string()));
        edit::decrement_ttl(engine.packet(i).1, &h);
    }
    let frame = engine.packet(i).1;
    set_macs(frame, 0, orders.dst_mac, orders.src_mac, &p, t);
    if let Some(at) = inner {
        set_macs(frame, at, orders.inner_dst_mac, orders.inner_src_mac, &p, t);
    }
    set_ip(frame, &h, orders, &p, t);
    if h.tags > 0 {
        set_tag(frame, 14, h.outer, orders.outer_vid, orders.outer_pri, &p, t);
    }
    if h.tags > 1 {
        set_tag(frame, 18, h.inner, orders.inner_vid, orders.inner_pri, &p, t);
    }
    if orders.add_vid.is_some() || orders.add_pri.is_some() {
        let tci = Tci::new(orders.add_vid.unwrap_or(0), orders.add_pri.unwrap_or(0), false);
        let tpid = sw.ports.get(p.out_port).map_or(0x8100, |r| r.tpid);
        tell(t, &p, "VLAN tag", || ("none".into(), tci.vid().to_string()));
        edit::push_tag(engine.push_front(i, 4), tpid, tci);
    }
}

/// Why a copy may not leave by its port.
fn held_back(sw: &Switch, p: &Packet, orders: &Orders) -> Option<DropReason> {
    let blocked = orders.block.as_ref().is_some_and(|ports| ports.contains(&p.out_port));
    let isolated = orders.isolation.is_some_and(|group| {
        let out_port = sw.ports.get(p.out_port).map(|r| r.id);
        let bridge_port = sw.bridge.port(p.out_bridge_port).map(|b| b.id);
        let mut members = isolation::members(&sw.store, group).into_iter();
        members.any(|m| Some(m) == out_port || Some(m) == bridge_port)
    });
    (blocked || isolated).then_some(DropReason::Isolation)
}

fn tell<T: Tracer>(t: &mut T, p: &Packet, field: &str, values: impl FnOnce() -> (String, String)) {
    if T::ON {
        let (from, to) = values();
        t.event(p, Event::Rewrite { field: field.into(), from, to });
    }
}

fn set_macs<T: Tracer>(
    frame: &mut [u8],
    at: usize,
    dst: Option<[u8; 6]>,
    src: Option<[u8; 6]>,
    p: &Packet,
    t: &mut T,
) {
    let names = if at == 0 {
        ["destination MAC", "source MAC"]
    } else {
        ["inner destination MAC", "inner source MAC"]
    };
    for (name, at, new) in [(names[0], at, dst), (names[1], at + 6, src)] {
        if let (Some(new), Some(place)) = (new, frame.get_mut(at..at + 6)) {
            let mut old = [0; 6];
            old.copy_from_slice(place);
            tell(t, p, name, || (MacAddr(old).to_string(), MacAddr(new).to_string()));
            place.copy_from_slice(&new);
        }
    }
}

fn set_ip<T: Tracer>(frame: &mut [u8], h: &Headers, orders: &Orders, p: &Packet, t: &mut T) {
    if !h.is_ip() {
        return;
    }
    if orders.dscp.is_some() || orders.ecn.is_some() {
        let tos = orders.dscp.unwrap_or(h.dscp()) << 2 | orders.ecn.unwrap_or(h.ecn());
        tell(t, p, "TOS", || (h.tos.to_string(), tos.to_string()));
        edit::set_tos(frame, h, tos);
    }
    for (end, v4, v6, port) in [
        (End::Source, orders.src_ip, orders.src_ipv6, orders.l4_src_port),
        (End::Destination, orders.dst_ip, orders.dst_ipv6, orders.l4_dst_port),
    ] {
        if let Some(ip) = v4.filter(|_| h.kind == L3::Ipv4) {
            tell(t, p, "address", || (format!("{end:?}"), std::net::Ipv4Addr::from(ip).to_string()));
            edit::set_ipv4(frame, h, end, ip);
        }
        if let Some(ip) = v6.filter(|_| h.kind == L3::Ipv6) {
            tell(t, p, "address", || (format!("{end:?}"), std::net::Ipv6Addr::from(ip).to_string()));
            edit::set_ipv6(frame, h, end, ip);
        }
        if let Some(port) = port {
            tell(t, p, "L4 port", || (format!("{end:?}"), port.to_string()));
            edit::set_port(frame, h, end, port);
        }
    }
}

fn set_tag<T: Tracer>(
    frame: &mut [u8],
    at: usize,
    old: Tci,
    vid: Option<u16>,
    pri: Option<u8>,
    p: &Packet,
    t: &mut T,
) {
    let new = Tci::new(vid.unwrap_or(old.vid()), pri.unwrap_or(old.pcp()), old.dei());
    if let Some(tag) = frame.get_mut(at..at + 2)
        && new != old
    {
        tell(t, p, "VLAN tag", || (format!("{:#06x}", old.0), format!("{:#06x}", new.0)));
        tag.copy_from_slice(&new.0.to_be_bytes());
    }
}
