//! Bytes as choices, and the memory that calls are given: what a call may write to has a fence behind it.

use sai::abi::{Arena, make_room};
use sai::meta::{AttrFlags, AttrMeta, ObjectMeta, ValueType};
use sai::{ObjectType, ValueKind, meta};
use sai_sys::*;

/// Choices, until the bytes are over; then the first of everything.
pub struct Input<'a>(pub &'a [u8]);

impl Input<'_> {
    pub fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub fn below(&mut self, n: usize) -> usize {
        let wide = usize::from(self.byte()) | if n > 256 { usize::from(self.byte()) << 8 } else { 0 };
        wide % n.max(1)
    }

    /// One time in `n`.
    pub fn rarely(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    pub fn pick<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        (!from.is_empty()).then(|| &from[self.below(from.len())])
    }

    /// Numbers at which things change.
    pub fn number(&mut self) -> u64 {
        match self.below(8) {
            0 => 0,
            1 => u64::MAX,
            2 => 1 << self.below(64),
            3 => u64::from_le_bytes(std::array::from_fn(|_| self.byte())),
            _ => u64::from(self.byte()),
        }
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.iter_mut().for_each(|b| *b = self.byte());
    }
}

/// An object that was seen: what calls are about.
pub type Known = (ObjectType, u64);

/// An id: of one of these types where there is one, sometimes another, sometimes none that was ever issued.
pub fn id(input: &mut Input<'_>, known: &[Known], types: &[ObjectType]) -> u64 {
    let fitting: Vec<u64> = known.iter().filter(|(t, _)| types.contains(t)).map(|(_, id)| *id).collect();
    match input.below(16) {
        0 => 0,
        1 => input.number(),
        2 => input.pick(known).map_or(0, |(_, id)| *id),
        3 => input.pick(known).map_or(0, |(_, id)| id ^ (1 << 40)),
        _ => input.pick(&fitting).copied().unwrap_or_default(),
    }
}

/// `n` values of a C type and a fence: bytes that no call may touch.
pub struct Fenced<T> {
    memory: Vec<T>,
    room: usize,
}

const FENCE: u8 = 0xA5;

impl<T: Copy> Fenced<T> {
    pub fn new(n: usize, value: T) -> Fenced<T> {
        let mut memory = vec![value; n + 2];
        // SAFETY: the two behind the room are ours, and never read as what they are.
        unsafe { memory.as_mut_ptr().add(n).write_bytes(FENCE, 2) };
        Fenced { memory, room: n }
    }

    /// The memory, or one time in sixteen a null pointer.
    pub fn or_null(&mut self, input: &mut Input<'_>) -> *mut T {
        if input.rarely(16) { std::ptr::null_mut() } else { self.memory.as_mut_ptr() }
    }

    pub fn get(&self, n: usize) -> T {
        assert!(n < self.room);
        self.memory[n]
    }

    /// Asserts that nothing was written past the end.
    pub fn check(&self) {
        let fence = self.memory[self.room..].as_ptr().cast::<u8>();
        // SAFETY: two values lie there, of which `new` wrote every byte.
        let bytes = unsafe { std::slice::from_raw_parts(fence, 2 * size_of::<T>()) };
        assert!(bytes.iter().all(|b| *b == FENCE), "a call wrote past the end");
    }
}

/// The size of an element of lists that hold plain numbers.
fn element(kind: ValueKind) -> Option<usize> {
    Some(match kind {
        ValueKind::U8List | ValueKind::I8List | ValueKind::Json => 1,
        ValueKind::U16List | ValueKind::I16List | ValueKind::VlanList => 2,
        ValueKind::U32List | ValueKind::I32List => 4,
        ValueKind::U16RangeList => 4,
        ValueKind::QosMapList => size_of::<sai_qos_map_t>(),
        ValueKind::MapList => size_of::<sai_map_t>(),
        ValueKind::TlvList => size_of::<sai_tlv_t>(),
        ValueKind::SegmentList => 16,
        ValueKind::IpAddressList => size_of::<sai_ip_address_t>(),
        _ => return None,
    })
}

/// The addresses of the union's words that hold a pointer: no number that is put there is as great.
fn pointers(c: &mut sai_attribute_value_t) -> Vec<*mut u64> {
    let words = (&raw mut *c).cast::<u64>();
    let all = (0..size_of::<sai_attribute_value_t>() / 8).map(|n| words.wrapping_add(n));
    // SAFETY: the words lie within the union, whose bytes are all written.
    all.filter(|w| unsafe { w.read() } > 1 << 32).collect()
}

/// An attribute of this type with some value: mostly one that has a meaning. Its lists are as long as they say, or
/// null.
pub fn attribute(
    input: &mut Input<'_>,
    known: &[Known],
    meta: &AttrMeta,
    functions: &dyn Fn(&str) -> usize,
    arena: &mut Arena,
) -> sai_attribute_t {
    let mut c = sai_attribute_t { id: meta.id, ..Default::default() };
    // Room for one shows whether there are lists.
    // SAFETY: the value is ours; what it points to lives as long as the arena.
    unsafe { make_room(meta.ty, &raw mut c.value, 1, arena) };
    let listed = !pointers(&mut c.value).is_empty();
    let n = if input.rarely(8) { input.below(1200) } else { input.below(5) };
    // SAFETY: the value is ours; what it points to lives as long as the arena.
    unsafe { make_room(meta.ty, &raw mut c.value, n, arena) };
    let lists = pointers(&mut c.value);
    let value = (&raw mut c.value).cast::<u8>();
    match meta.ty {
        ValueType::Plain(ValueKind::Pointer) => {
            c.value.ptr = meta.notification.map_or(0, functions) as *mut _;
        }
        ValueType::AclField(_) | ValueType::AclAction(_) if listed => {
            // SAFETY: the first byte is `enable`, of which C may make any.
            unsafe { value.write(input.byte()) };
        }
        ValueType::Plain(ValueKind::OidList) => {
            // SAFETY: the list has that many elements.
            lists.iter().for_each(|list| unsafe {
                let list = list.cast::<*mut u64>().read();
                (0..n).for_each(|i| list.add(i).write(id(input, known, meta.objects)));
            });
        }
        ValueType::Plain(kind) if listed => {
            let Some(size) = element(kind) else { return c };
            // SAFETY: the list has that many bytes.
            lists.iter().for_each(|list| unsafe {
                let list = list.cast::<*mut u8>().read();
                (0..n * size).for_each(|i| list.add(i).write(input.byte()));
            });
        }
        _ if listed => {}
        _ => scalar(input, known, meta, &mut c.value),
    }
    // Counts without lists.
    for list in lists {
        if input.rarely(12) {
            // SAFETY: the word lies within the union.
            unsafe { list.write(0) };
        }
    }
    c
}

/// Any value without a list: no byte of it is a pointer.
fn scalar(input: &mut Input<'_>, known: &[Known], meta: &AttrMeta, c: &mut sai_attribute_value_t) {
    if input.rarely(12) {
        // SAFETY: any bytes are a value.
        let bytes = unsafe {
            std::slice::from_raw_parts_mut((&raw mut *c).cast::<u8>(), size_of::<sai_attribute_value_t>())
        };
        return input.fill(bytes);
    }
    let kind = match meta.ty {
        ValueType::Plain(kind) => kind,
        ValueType::AclField(kind) => {
            c.aclfield.enable = true;
            kind
        }
        ValueType::AclAction(kind) => {
            c.aclaction.enable = true;
            kind
        }
        ValueType::AclMask(kind) => kind,
    };
    let number = match (kind, meta.enumeration) {
        (ValueKind::Oid, _) => id(input, known, meta.objects),
        (ValueKind::I32, Some(e)) => input.pick(e.values).map_or(0, |v| v.value as u64),
        _ if meta.flags.contains(AttrFlags::VLAN) => 1 + input.number() % 4094,
        _ => input.number(),
    };
    match meta.ty {
        ValueType::AclField(_) => {
            c.aclfield.data.u64_ = number;
            c.aclfield.mask.u64_ = input.number();
        }
        ValueType::AclAction(_) => c.aclaction.parameter.oid = number,
        _ => c.u64_ = number,
    }
}

/// Attributes for a creation: what is mandatory, mostly, and some more.
pub fn attributes(
    input: &mut Input<'_>,
    known: &[Known],
    object: &ObjectMeta,
    functions: &dyn Fn(&str) -> usize,
    arena: &mut Arena,
) -> Vec<sai_attribute_t> {
    let mut chosen: Vec<&AttrMeta> = object
        .attrs
        .iter()
        .filter(|a| a.flags.contains(AttrFlags::MANDATORY_ON_CREATE))
        .filter(|a| a.condition.is_none() || input.rarely(3))
        .collect();
    if input.rarely(8) {
        chosen.truncate(1);
    }
    let more = if input.rarely(2) { input.below(4) } else { 0 };
    for _ in 0..more {
        let any = input.pick(object.attrs);
        chosen.extend(any.filter(|a| !a.flags.contains(AttrFlags::READ_ONLY) || input.rarely(8)));
    }
    let mut attrs: Vec<_> = chosen.iter().map(|a| attribute(input, known, a, functions, arena)).collect();
    if input.rarely(16)
        && let Some(first) = attrs.first_mut()
    {
        first.id = input.number() as u32;
        // What its value is, is not known any more: no pointer may stay in it.
        if object.attr(first.id).is_some() {
            first.value = sai_attribute_value_t::default();
        }
    }
    attrs
}

/// An object type: mostly one that the switch does something with.
pub fn object_type(input: &mut Input<'_>) -> &'static ObjectMeta {
    const USED: &[ObjectType] = &[
        ObjectType::PORT,
        ObjectType::VLAN,
        ObjectType::VLAN_MEMBER,
        ObjectType::BRIDGE_PORT,
        ObjectType::LAG,
        ObjectType::LAG_MEMBER,
        ObjectType::VIRTUAL_ROUTER,
        ObjectType::ROUTER_INTERFACE,
        ObjectType::NEXT_HOP,
        ObjectType::NEXT_HOP_GROUP,
        ObjectType::NEXT_HOP_GROUP_MEMBER,
        ObjectType::ROUTE_ENTRY,
        ObjectType::NEIGHBOR_ENTRY,
        ObjectType::FDB_ENTRY,
        ObjectType::ACL_TABLE,
        ObjectType::ACL_ENTRY,
        ObjectType::ACL_COUNTER,
        ObjectType::HOSTIF,
        ObjectType::HOSTIF_TRAP,
        ObjectType::POLICER,
        ObjectType::MIRROR_SESSION,
        ObjectType::DEBUG_COUNTER,
        ObjectType::SWITCH,
    ];
    let ty = if input.rarely(4) { None } else { input.pick(USED) };
    ty.and_then(|t| meta::object(*t)).unwrap_or_else(|| &meta::OBJECTS[input.below(meta::OBJECTS.len())])
}
