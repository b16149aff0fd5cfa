//! Flow hashes: which fields of a packet choose the member of a LAG or next-hop group that it leaves by.
//!
//! A hash object lists fields; the switch says which object serves which kind of packet in each [`Role`] (LAGs,
//! next-hop groups), and with what algorithm, seed, offset and symmetry. An object is compiled into a `Recipe`
//! when it is set; a packet is hashed where a choice has to be made, over the headers it came in with.

use sai::types::NativeHashField;
use sai::{AttrId, ObjectId, ObjectRef, Value};
use sai::{fine_grained_hash_field as fine, hash as attr, port, switch};

use crate::acl::Udfs;
use crate::feature::Owner;
use crate::pipeline::NONE;
use crate::store::Object;
use crate::store::id::Parts;
use crate::switch::Switch;
use crate::table::hash::{Algorithm, FlowHash};
use crate::wire::parse::{self, Headers, L3, Plain, Tpids};
use crate::wire::{ethertype, protocol, udp};

mod recipe;

use recipe::Recipe;

/// What of a packet, beside its bytes, hashes look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow<'a> {
    /// What nearly all packets are hashed by.
    pub outer: Outer,
    /// All headers that it came in with, for the hashes that look further.
    pub headers: Source<'a>,
    /// The VLAN that it was classified to.
    pub vid: u16,
    /// The port that it came in by.
    pub port: u16,
    /// The slots of the hash objects that ACLs chose for it, for next-hop groups and for LAGs.
    pub by: [u16; 2],
}

/// The outer headers of a packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outer {
    /// What stands at `l3`.
    pub kind: L3,
    /// The IP protocol.
    pub protocol: u8,
    /// Offset of the IP header.
    pub l3: u16,
    /// The EtherType after the tags.
    pub ethertype: u16,
    /// Source and destination port, where all packets of the flow have them.
    pub ports: Option<(u16, u16)>,
}

impl Outer {
    #[inline(always)]
    pub(crate) const fn of(h: &Headers) -> Outer {
        let ports = if has_ports(h) { Some((h.src_port, h.dst_port)) } else { None };
        Outer { kind: h.kind, protocol: h.protocol, l3: h.l3, ethertype: h.ethertype, ports }
    }

    #[inline(always)]
    pub(crate) const fn of_plain(h: &Plain) -> Outer {
        let (kind, ethertype) = if h.v6 { (L3::Ipv6, ethertype::IPV6) } else { (L3::Ipv4, ethertype::IPV4) };
        let ports = Some((h.src_port, h.dst_port));
        Outer { kind, protocol: h.protocol, l3: h.l3 as u16, ethertype, ports }
    }

    /// Whether it carries RDMA: RoCE v2.
    #[inline(always)]
    const fn is_rdma(&self) -> bool {
        self.protocol == protocol::UDP && matches!(self.ports, Some((_, udp::ROCE_V2)))
    }
}

/// Whether there are ports that all packets of the flow have: no fragment, and not the type of ICMP.
#[inline(always)]
const fn has_ports(h: &Headers) -> bool {
    h.flags & (parse::flag::L4 | parse::flag::FRAGMENT) == parse::flag::L4
        && !matches!(h.protocol, protocol::ICMP | protocol::ICMPV6 | protocol::IGMP)
}

/// Where all headers of a packet are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a> {
    /// Read before.
    Read(&'a Headers),
    /// To be read, with these TPIDs.
    Frame(&'a Tpids),
}

/// How packets are hashed.
#[derive(Debug, Default)]
pub struct Hashes {
    /// By slot of the hash object.
    recipes: Vec<Recipe>,
    /// For next-hop groups.
    pub ecmp: Role,
    /// For LAGs.
    pub lag: Role,
    /// The UDP port of VXLAN.
    vxlan: u16,
}

/// How packets are hashed for one purpose.
#[derive(Debug, Default)]
pub struct Role {
    /// Algorithm, seed and offset.
    pub flow: FlowHash,
    /// Its place in [`Flow::by`].
    number: usize,
    /// Whether source and destination may change places.
    symmetric: bool,
    /// Slots of the hash objects for IPv4, IPv6, IPv4 in IPv4, RDMA over IPv4, RDMA over IPv6, and all else.
    objects: [u32; 6],
}

/// What a port has in place of what the switch says of next-hop groups, for the packets that come in by it: each only
/// once it is given or set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OfPort {
    algorithm: Option<Algorithm>,
    seed: Option<u32>,
    offset: Option<u8>,
}

impl OfPort {
    /// Of a port that says nothing.
    pub const NONE: OfPort = OfPort { algorithm: None, seed: None, offset: None };

    /// What was given of a port.
    pub(crate) fn of(port: &Object) -> OfPort {
        OfPort {
            algorithm: match port.value(port::ECMP_HASH_ALGORITHM.id()) {
                Some(Value::I32(number)) => algorithm((*number).into()),
                _ => None,
            },
            seed: match port.value(port::ECMP_HASH_SEED.id()) {
                Some(Value::U32(seed)) => Some(*seed),
                _ => None,
            },
            offset: match port.value(port::ECMP_HASH_OFFSET.id()) {
                Some(Value::U8(offset)) => Some(*offset),
                _ => None,
            },
        }
    }

    /// The way of hashing, from that of the switch.
    pub(crate) fn over(self, of_switch: FlowHash) -> FlowHash {
        FlowHash {
            algorithm: self.algorithm.unwrap_or(of_switch.algorithm),
            seed: self.seed.unwrap_or(of_switch.seed),
            offset: self.offset.unwrap_or(of_switch.offset),
        }
    }
}

impl Hashes {
    /// The hash of a packet for a role, in this way, over the fields of the role's hash object or the one that an ACL
    /// chose.
    /// `turn` numbers the packets that are hashed for the same group or LAG.
    #[inline(always)]
    pub(crate) fn of(
        &self,
        role: &Role,
        way: FlowHash,
        udfs: &Udfs,
        flow: Flow<'_>,
        frame: &[u8],
        turn: u64,
    ) -> u32 {
        if !way.algorithm.reads_fields() {
            return way.hash(&[], turn);
        }
        let kind = match flow.outer.kind {
            L3::Ipv4 if flow.outer.protocol == protocol::IPIP => 2,
            L3::Ipv4 if flow.outer.is_rdma() => 3,
            L3::Ipv6 if flow.outer.is_rdma() => 4,
            L3::Ipv4 => 0,
            L3::Ipv6 => 1,
            _ => 5,
        };
        let object = match flow.by[role.number] {
            NONE => role.objects[kind] as usize,
            own => usize::from(own),
        };
        let Some(recipe) = self.recipes.get(object) else { return way.hash(&[], turn) };
        let key = recipe.outer(&flow, frame, role.symmetric);
        if recipe.looks_further() {
            let key = recipe.further(key.bytes(), udfs, flow, frame, (role.symmetric, self.vxlan));
            return way.hash(key.bytes(), turn);
        }
        way.hash(key.bytes(), turn)
    }
}

/// The algorithm that a `sai_hash_algorithm_t` names; `None` for `SAI_HASH_ALGORITHM_NONE`, which leaves it to
/// the switch.
pub(crate) const fn algorithm(number: i64) -> Option<Algorithm> {
    Some(match number {
        0 => Algorithm::Crc,
        1 => Algorithm::Xor,
        2 => Algorithm::Random,
        3 => Algorithm::Crc32Lo,
        4 => Algorithm::Crc32Hi,
        5 => Algorithm::CrcCcitt,
        6 => Algorithm::CrcXor,
        8 => Algorithm::RoundRobin,
        9 => Algorithm::JenkinsLo,
        10 => Algorithm::JenkinsHi,
        _ => return None,
    })
}

/// The attributes of the switch that say how packets are hashed.
pub(crate) const SWITCH_ATTRS: [AttrId; 18] = [
    switch::ECMP_DEFAULT_HASH_ALGORITHM.id(),
    switch::ECMP_DEFAULT_HASH_SEED.id(),
    switch::ECMP_DEFAULT_HASH_OFFSET.id(),
    switch::ECMP_DEFAULT_SYMMETRIC_HASH.id(),
    switch::ECMP_HASH_IPV4.id(),
    switch::ECMP_HASH_IPV6.id(),
    switch::ECMP_HASH_IPV4_IN_IPV4.id(),
    switch::ECMP_HASH_IPV4_RDMA.id(),
    switch::ECMP_HASH_IPV6_RDMA.id(),
    switch::LAG_DEFAULT_HASH_ALGORITHM.id(),
    switch::LAG_DEFAULT_HASH_SEED.id(),
    switch::LAG_DEFAULT_HASH_OFFSET.id(),
    switch::LAG_DEFAULT_SYMMETRIC_HASH.id(),
    switch::LAG_HASH_IPV4.id(),
    switch::LAG_HASH_IPV6.id(),
    switch::LAG_HASH_IPV4_IN_IPV4.id(),
    switch::LAG_HASH_IPV4_RDMA.id(),
    switch::LAG_HASH_IPV6_RDMA.id(),
];

/// The algorithms that the switch has, `SAI_HASH_ALGORITHM_NONE` not among them.
pub(crate) const ALGORITHMS: &[i32] = &[0, 1, 2, 3, 4, 5, 6, 8, 9, 10];

/// What a group, LAG or port may have for itself: one of those, or `SAI_HASH_ALGORITHM_NONE` for the switch's.
pub(crate) const OWN_ALGORITHMS: &[i32] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/// Derives both roles from the switch's attributes.
pub(crate) fn derive_switch(sw: &mut Switch) {
    let at = |base: usize, default: AttrId| {
        let [algorithm_id, seed, offset, symmetric, v4, v6, ip_in_ip, rdma_v4, rdma_v6] =
            std::array::from_fn(|i| SWITCH_ATTRS[base + i]);
        let default = sw.store.oid(sw.id, default);
        let general = |id: ObjectId, other: ObjectId| if id.is_null() { other } else { id };
        let v4 = general(sw.store.oid(sw.id, v4), default);
        let v6 = general(sw.store.oid(sw.id, v6), default);
        let ip_in_ip = general(sw.store.oid(sw.id, ip_in_ip), v4);
        let rdma_v4 = general(sw.store.oid(sw.id, rdma_v4), v4);
        let rdma_v6 = general(sw.store.oid(sw.id, rdma_v6), v6);
        Role {
            flow: FlowHash {
                algorithm: algorithm(sw.store.number(sw.id, algorithm_id)).unwrap_or_default(),
                seed: sw.store.number(sw.id, seed) as u32,
                offset: sw.store.number(sw.id, offset) as u8,
            },
            number: usize::from(base > 0),
            symmetric: sw.store.flag(sw.id, symmetric),
            objects: [v4, v6, ip_in_ip, rdma_v4, rdma_v6, default].map(|id| Parts::of(id).slot),
        }
    };
    sw.hash.vxlan = sw.store.number(sw.id, switch::VXLAN_DEFAULT_PORT.id()) as u16;
    (sw.hash.ecmp, sw.hash.lag) = (at(0, switch::ECMP_HASH.id()), at(9, switch::LAG_HASH.id()));
}

/// The fields that the switch hashes by: every native field, and `NONE`, which stands for nothing.
const FIELDS: [i32; 36] = {
    let mut fields = [0; 36];
    let mut at = 0;
    while at < 36 {
        fields[at] = at as i32;
        at += 1;
    }
    fields
};

/// Owns `SAI_OBJECT_TYPE_HASH`.
#[derive(Debug)]
pub(crate) struct HashOwner;

impl Owner for HashOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const {
            &[
                attr::NATIVE_HASH_FIELD_LIST.id(),
                attr::FINE_GRAINED_HASH_FIELD_LIST.id(),
                attr::UDF_GROUP_LIST.id(),
            ]
        }
    }

    fn values(&self, asked: AttrId) -> Option<&'static [i32]> {
        (asked == attr::NATIVE_HASH_FIELD_LIST.id()).then_some(&FIELDS)
    }

    fn created(&self, sw: &mut Switch, object: &ObjectRef) {
        let Some(id) = object.oid() else { return };
        let slot = Parts::of(id).slot as usize;
        let recipe = compile(sw, id);
        if sw.hash.recipes.len() <= slot {
            sw.hash.recipes.resize_with(slot + 1, Recipe::default);
        }
        sw.hash.recipes[slot] = recipe;
    }

    fn changed(&self, sw: &mut Switch, object: &ObjectRef, _: AttrId) {
        self.created(sw, object);
    }

    fn removed(&self, sw: &mut Switch, object: &ObjectRef, _: Object) {
        if let Some(id) = object.oid() {
            sw.hash.recipes[Parts::of(id).slot as usize] = Recipe::default();
        }
    }
}

fn compile(sw: &Switch, id: ObjectId) -> Recipe {
    let mut recipe = Recipe::default();
    if let Some(Value::I32List(fields)) =
        sw.store.get(id).and_then(|o| o.value(attr::NATIVE_HASH_FIELD_LIST.id()))
    {
        // The list is a set: its order does not matter.
        let mut fields = fields.clone();
        fields.sort_unstable();
        fields.dedup();
        fields.into_iter().for_each(|f| recipe.add(NativeHashField(f)));
    }
    let mut steps: Vec<_> = sw
        .store
        .oids(id, attr::FINE_GRAINED_HASH_FIELD_LIST.id())
        .into_iter()
        .map(|f| {
            let sequence = sw.store.number(f, fine::SEQUENCE_ID.id()) as u32;
            let field = NativeHashField(sw.store.number(f, fine::NATIVE_HASH_FIELD.id()) as i32);
            (sequence, field, mask(sw, f))
        })
        .collect();
    steps.sort_by_key(|(sequence, field, _)| (*sequence, field.0));
    steps.into_iter().for_each(|(sequence, field, mask)| recipe.add_fine(field, mask, sequence));
    for group in sw.store.oids(id, attr::UDF_GROUP_LIST.id()) {
        recipe.add_udf(Parts::of(group).slot);
    }
    recipe
}

/// The mask of a fine-grained field: of IPv4 in the first four bytes.
fn mask(sw: &Switch, field: ObjectId) -> [u8; 16] {
    let given = |a| sw.store.get(field).and_then(|o| o.value(a));
    match (given(fine::IPV4_MASK.id()), given(fine::IPV6_MASK.id())) {
        (Some(Value::Ipv4(mask)), _) => {
            let [a, b, c, d] = mask.octets();
            let mut bytes = [0xff; 16];
            bytes[..4].copy_from_slice(&[a, b, c, d]);
            bytes
        }
        (_, Some(Value::Ipv6(mask))) => mask.octets(),
        _ => [0xff; 16],
    }
}

/// Owns `SAI_OBJECT_TYPE_FINE_GRAINED_HASH_FIELD`.
#[derive(Debug)]
pub(crate) struct FineGrainedOwner;

impl Owner for FineGrainedOwner {
    fn enforced(&self) -> &'static [AttrId] {
        const {
            &[
                fine::NATIVE_HASH_FIELD.id(),
                fine::IPV4_MASK.id(),
                fine::IPV6_MASK.id(),
                fine::SEQUENCE_ID.id(),
            ]
        }
    }
}
