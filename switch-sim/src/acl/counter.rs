//! ACL ranges, and ACL counters.

use sai::acl_range::Type;
use sai::meta::AttrMeta;
use sai::{AttrEntry, AttrId, Error, ObjectId, ObjectRef, Result, Status, Value};
use sai::{acl_counter, acl_range as attr};

use crate::feature::{Owner, Request};
use crate::pipeline::Packet;
use crate::pipeline::packet::wire_len;
use crate::store::Object;
use crate::store::id::Parts;
use crate::switch::Switch;

/// A range over 16 bits, both ends included.
#[derive(Clone, Copy, Debug)]
pub(super) struct RangeRecord {
    pub ty: Type,
    pub low: u16,
    pub high: u16,
}

/// Ranges by the slots of their objects.
#[derive(Debug, Default)]
pub(super) struct Ranges(Vec<Option<RangeRecord>>);

impl Ranges {
    pub fn get(&self, id: ObjectId) -> Option<&RangeRecord> {
        self.0.get(Parts::of(id).slot as usize)?.as_ref()
    }

    fn put(&mut self, id: ObjectId, range: Option<RangeRecord>) {
        let slot = Parts::of(id).slot as usize;
        if self.0.len() <= slot {
            self.0.resize(slot + 1, None);
        }
        self.0[slot] = range;
    }
}

/// Owns `SAI_OBJECT_TYPE_ACL_RANGE`.
#[derive(Debug)]
pub(crate) struct RangeOwner;

impl Owner for RangeOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const { &[attr::TYPE.id(), attr::LIMIT.id()] }
    }

    fn check_create(&self, _: &Switch, request: &Request<'_>) -> Result<()> {
        match request.given(attr::LIMIT.id()) {
            Some((n, Value::U32Range(r))) if r.min > r.max || r.min > u32::from(u16::MAX) => {
                let why = format!("no packet is in the range {} to {}", r.min, r.max);
                Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why)
                    .on_attr("SAI_ACL_RANGE_ATTR_LIMIT"))
            }
            _ => Ok(()),
        }
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let ty = Type(sw.store.number(id, attr::TYPE.id()) as i32);
        let limit = match sw.store.get(id).and_then(|o| o.value(attr::LIMIT.id())) {
            Some(Value::U32Range(range)) => *range,
            _ => return,
        };
        let short = |n: u32| n.min(u32::from(u16::MAX)) as u16;
        sw.acl.ranges.put(id, Some(RangeRecord { ty, low: short(limit.min), high: short(limit.max) }));
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        if let Some(id) = object.oid() {
            sw.acl.ranges.put(id, None);
        }
    }
}

/// What an ACL counter has counted, and what it counts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counter {
    packets: u64,
    bytes: u64,
    counts_packets: bool,
    counts_bytes: bool,
}

/// Counters by the slots of their objects.
#[derive(Debug, Default)]
pub(crate) struct Counters(Vec<Counter>);

impl Counters {
    #[inline]
    pub fn count(&mut self, slot: u32, p: &Packet) {
        self.add(slot, [1, wire_len(p.len())]);
    }

    /// Counts packets, and the octets of all.
    #[inline]
    pub fn add(&mut self, slot: u32, [packets, octets]: [u64; 2]) {
        if let Some(counter) = self.0.get_mut(slot as usize) {
            counter.packets += if counter.counts_packets { packets } else { 0 };
            counter.bytes += if counter.counts_bytes { octets } else { 0 };
        }
    }

    fn at(&mut self, id: ObjectId) -> &mut Counter {
        let slot = Parts::of(id).slot as usize;
        if self.0.len() <= slot {
            self.0.resize(slot + 1, Counter::default());
        }
        &mut self.0[slot]
    }
}

/// Owns `SAI_OBJECT_TYPE_ACL_COUNTER`.
#[derive(Debug)]
pub(crate) struct CounterOwner;

impl Owner for CounterOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const {
            &[
                acl_counter::TABLE_ID.id(),
                acl_counter::ENABLE_PACKET_COUNT.id(),
                acl_counter::ENABLE_BYTE_COUNT.id(),
                acl_counter::PACKETS.id(),
                acl_counter::BYTES.id(),
            ]
        }
    }

    fn check_set(&self, _: &Switch, _: &ObjectRef, _: &AttrEntry) -> Result<()> {
        Ok(())
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let counter = Counter {
            packets: sw.store.number(id, acl_counter::PACKETS.id()) as u64,
            bytes: sw.store.number(id, acl_counter::BYTES.id()) as u64,
            counts_packets: sw.store.flag(id, acl_counter::ENABLE_PACKET_COUNT.id()),
            counts_bytes: sw.store.flag(id, acl_counter::ENABLE_BYTE_COUNT.id()),
        };
        *sw.acl.counters.at(id) = counter;
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, id: AttrId) {
        let Some(counter) = object.oid() else { return };
        let value = sw.store.number(counter, id) as u64;
        let counter = sw.acl.counters.at(counter);
        if id == acl_counter::PACKETS.id() {
            counter.packets = value;
        } else if id == acl_counter::BYTES.id() {
            counter.bytes = value;
        }
    }

    fn get(&self, sw: &Switch, object: &ObjectRef, asked: &'static AttrMeta) -> Option<Result<Value>> {
        let counter = sw.acl.counters.0.get(Parts::of(object.oid()?).slot as usize)?;
        match asked.id {
            id if id == acl_counter::PACKETS.id() => Some(Ok(Value::U64(counter.packets))),
            id if id == acl_counter::BYTES.id() => Some(Ok(Value::U64(counter.bytes))),
            _ => None,
        }
    }
}
