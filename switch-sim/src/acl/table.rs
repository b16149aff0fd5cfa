//! ACL tables: which fields they look at, how those lie in a key, and the rules.

use sai::AclField;
use sai::acl_range::Type as RangeType;
use sai::meta;
use sai::types::{AclActionType, AclBindPointType, AclStage};
use sai::{AttrEntry, AttrId, Error, ObjectId, ObjectType, Result, Status, Value};
use sai::{acl_entry, acl_table as attr};

use super::action;
use super::counter::Ranges;
use super::field::{self, FIELDS, Field, Kind};
use super::list::Lists;
use super::look::{Col, Look, class};
use super::udf;
use crate::store::id::Parts;
use crate::switch::Switch;
use crate::table::ternary::{self, Classifier, KeyLayout, MAX_WORDS, Mismatch, Range, Rule, RuleId};

/// One step of making a key.
struct Op {
    read: fn(&Look<'_>) -> u64,
    word: u8,
    shift: u8,
}

/// A user-defined field of a table.
struct Udf {
    id: AttrId,
    group: usize,
    length: usize,
    /// The words that hold its bytes, and the bit that says that the packet has them.
    parts: Vec<ternary::Field>,
    has: ternary::Field,
}

/// An ACL table as packets see it.
pub(super) struct Table {
    pub id: ObjectId,
    pub stage: AclStage,
    /// A bit for each of [`FIELDS`].
    fields: u128,
    /// A bit for each `sai_acl_range_type_t`.
    ranges: u8,
    udfs: Vec<Udf>,
    /// A bit for each `sai_acl_action_type_t`; all where the table was made without a list.
    pub actions: u64,
    /// A bit for each `sai_acl_bind_point_type_t`; all where the table was made without a list.
    pub points: u8,
    /// The most entries; 0 for as many as the chip has.
    pub size: u32,
    /// Entries, those that are disabled included.
    pub entries: u32,
    /// Its fields are known as a packet comes in, from its headers, port and VLAN.
    pub early: bool,
    words: usize,
    places: [Option<ternary::Field>; Col::ALL.len()],
    program: Vec<Op>,
    /// Lists of in and out ports.
    lists: [Lists; 2],
    pub classifier: Classifier,
}

/// What a rule demands of keys.
#[derive(Default)]
struct Demand {
    value: [u64; MAX_WORDS],
    mask: [u64; MAX_WORDS],
    ranges: Vec<Range>,
    /// Two fields contradict each other: no packet matches.
    never: bool,
}

impl Demand {
    fn bits(&mut self, place: ternary::Field, shift: u8, value: u64, mask: u64) {
        let (word, shift) = (usize::from(place.word), place.shift + shift);
        let (value, mask) = ((value & mask) << shift, mask << shift);
        self.never |= (self.value[word] ^ value) & self.mask[word] & mask != 0;
        self.value[word] |= value;
        self.mask[word] |= mask;
    }
}

pub(super) fn name(object: ObjectType, id: AttrId) -> String {
    meta::attr(object, id).map_or_else(|| format!("{id:#x}"), |a| a.name_of(id).into_owned())
}

fn refuse(status: Status, n: usize, id: AttrId, why: String) -> Error {
    Error::because(status.nth(n), why).on_attr(name(ObjectType::ACL_TABLE, id))
}

fn set<T: Copy>(list: &[T], bit: impl Fn(T) -> i32) -> u64 {
    list.iter().map(|v| bit(*v)).filter(|b| (0..64).contains(b)).fold(0, |s, b| s | 1 << b)
}

impl Table {
    /// The table that these attributes describe, without entries.
    ///
    /// # Errors
    /// For a stage, field, action or match type that this switch cannot do, and for more fields than a key holds.
    pub fn new(sw: &Switch, id: ObjectId, attrs: &[AttrEntry]) -> Result<Table> {
        let mut table = Table {
            id,
            stage: AclStage::INGRESS,
            fields: 0,
            ranges: 0,
            udfs: Vec::new(),
            actions: u64::MAX,
            points: u8::MAX,
            size: 0,
            entries: 0,
            early: false,
            words: 1,
            places: [None; Col::ALL.len()],
            program: Vec::new(),
            lists: Default::default(),
            classifier: Classifier::new(1),
        };
        if let Some(Value::I32(stage)) = attrs.iter().find(|a| a.id == attr::ACL_STAGE.id()).map(|a| &a.value)
        {
            table.stage = AclStage(*stage);
        }
        let mut udfs = Vec::new();
        for (n, given) in attrs.iter().enumerate() {
            table.take(n, given, &mut udfs)?;
        }
        table.lay_out(sw, &udfs, [1, 1])?;
        Ok(table)
    }

    fn take(&mut self, n: usize, given: &AttrEntry, udfs: &mut Vec<(AttrId, ObjectId)>) -> Result<()> {
        use Status as S;
        let bad = |why| Err(refuse(S::INVALID_ATTR_VALUE_0, n, given.id, why));
        match (given.id, &given.value) {
            (id, Value::I32(stage)) if id == attr::ACL_STAGE.id() && !super::STAGES.contains(stage) => {
                return bad(format!("{}: this switch has no such stage", AclStage(*stage)));
            }
            (id, Value::I32List(list)) if id == attr::ACL_BIND_POINT_TYPE_LIST.id() && !list.is_empty() => {
                self.points = set(list, |p| p) as u8;
            }
            (id, Value::U32(size)) if id == attr::SIZE.id() => self.size = *size,
            (id, Value::I32List(actions)) if id == attr::ACL_ACTION_TYPE_LIST.id() => {
                let able = action::at_stage(self.stage);
                let can = |a: i32| {
                    action::WITHOUT_EFFECT.contains(&a) || (0..64).contains(&a) && able >> a & 1 != 0
                };
                if let Some(no) = actions.iter().find(|a| !can(**a)) {
                    return bad(format!("{} is no action of stage {}", AclActionType(*no), self.stage));
                }
                if !actions.is_empty() {
                    self.actions = set(actions, |a| a);
                }
            }
            (id, Value::I32(ty))
                if id == attr::ACL_TABLE_MATCH_TYPE.id() && *ty != sai::acl_table::MatchType::TERNARY.0 =>
            {
                return bad("only ternary tables are supported".into());
            }
            (field::RANGES, Value::I32List(types)) => self.ranges = set(types, |t| t) as u8,
            (id, Value::Oid(group)) if id.wrapping_sub(field::UDF.0) < field::UDF.1 && !group.is_null() => {
                udfs.push((id, *group));
            }
            (id, Value::Bool(true)) if field::is_field(id) => match field::position(id) {
                None => {
                    let why = "this switch does not look at it".into();
                    return Err(refuse(S::ATTR_NOT_IMPLEMENTED_0, n, id, why));
                }
                Some(at) if !field::known_at(&FIELDS[at], self.stage) => {
                    let why = format!("it is not known at stage {}", self.stage);
                    return Err(refuse(S::ATTR_NOT_SUPPORTED_0, n, id, why));
                }
                Some(at) => self.fields |= 1 << at,
            },
            _ => {}
        }
        Ok(())
    }

    fn chosen(&self) -> impl Iterator<Item = &'static Field> + use<> {
        let fields = self.fields;
        FIELDS.iter().enumerate().filter(move |(n, _)| fields >> n & 1 != 0).map(|(_, f)| f)
    }

    fn lay_out(&mut self, sw: &Switch, udfs: &[(AttrId, ObjectId)], lists: [usize; 2]) -> Result<()> {
        let mut cols: Vec<Col> = self.chosen().flat_map(|f| f.parts.iter().map(|p| p.col)).collect();
        let ranges = (0..5).filter(|t| self.ranges >> t & 1 != 0).map(RangeType);
        cols.extend(ranges.clone().filter_map(range_col).map(|(col, _)| col));
        let needs = self.chosen().fold(0, |n, f| n | f.needs | kind_needs(f.kind))
            | ranges.filter_map(range_col).fold(0, |n, (_, needs)| n | needs);
        if needs & 0xffff != 0 {
            cols.push(Col::Class);
        }
        if needs >> class::MORE != 0 {
            cols.push(Col::More);
        }
        let lists_ports = self.chosen().any(|f| matches!(f.kind, Kind::Ports { .. }));
        self.early = udfs.is_empty() && !lists_ports && cols.iter().all(|c| c.is_early());
        // The wide ones first, so that the narrow ones fill the gaps.
        cols.sort_by_key(|c| (std::cmp::Reverse(c.width()), *c as u8));
        cols.dedup();
        let mut layout = KeyLayout::new();
        let mut place = |width| {
            layout.field(width).ok_or_else(|| {
                let why =
                    format!("the fields of the table take more than the {} bits of a key", MAX_WORDS * 64);
                Error::because(Status::INSUFFICIENT_RESOURCES, why)
            })
        };
        for (n, out) in [false, true].into_iter().enumerate() {
            if self.chosen().any(|f| f.kind == Kind::Ports { out }) {
                let words: Result<Vec<_>> = (0..lists[n]).map(|_| place(64)).collect();
                self.lists[n] = Lists::new(words?.iter().map(|p| p.word).collect());
            }
        }
        self.udfs.clear();
        for (id, group) in udfs {
            let length = udf::length(sw, *group);
            let parts: Result<Vec<_>> = (0..length.div_ceil(8)).map(|_| place(64)).collect();
            let group = Parts::of(*group).slot as usize;
            self.udfs.push(Udf { id: *id, group, length, parts: parts?, has: place(1)? });
        }
        self.program.clear();
        for col in cols {
            let at = place(col.width())?;
            self.places[col as usize] = Some(at);
            self.program.push(Op { read: col.reader(), word: at.word, shift: at.shift });
        }
        self.words = layout.words();
        self.classifier = Classifier::new(self.words);
        Ok(())
    }

    /// The table with room for more lists of ports, without its rules. `None` when keys have no room.
    pub fn grown(&self, sw: &Switch, out: bool) -> Option<Table> {
        let groups = udf::of_table(sw, self.id);
        let mut lists = [0, 1].map(|n: usize| self.lists[n].words().max(1));
        lists[usize::from(out)] *= 2;
        let mut table = Table {
            udfs: Vec::new(),
            places: [None; Col::ALL.len()],
            program: Vec::new(),
            lists: Default::default(),
            classifier: Classifier::new(1),
            ..*self
        };
        table.lay_out(sw, &groups, lists).ok()?;
        Some(table)
    }

    /// The name of what a rule and a key differ in.
    pub fn column(&self, mismatch: Mismatch) -> String {
        let (word, bits) = match mismatch {
            Mismatch::Bits { word, bits } => (word, bits),
            Mismatch::Range(range) => (usize::from(range.word), 0xffff << range.shift),
        };
        let differs = |col: &&Col| {
            self.places[**col as usize]
                .is_some_and(|at| usize::from(at.word) == word && at.mask() & bits != 0)
        };
        match Col::ALL.iter().find(differs) {
            Some(Col::Class | Col::More) => "kind of packet".into(),
            Some(col) => format!("{col:?}"),
            None => "list of ports, or user-defined field,".into(),
        }
    }

    /// Whether the table has a field or range.
    pub fn has_field(&self, id: AttrId) -> bool {
        match field::position(id) {
            Some(at) => self.fields >> at & 1 != 0,
            None if id == field::RANGES => self.ranges != 0,
            None => self.udfs.iter().any(|u| u.id == id),
        }
    }

    /// Checks that an entry may have a field with this value.
    pub fn check_field(&self, sw: &Switch, n: usize, given: &AttrEntry) -> Result<()> {
        let refuse = |why: String| {
            Err(Error::because(Status::INVALID_ATTR_VALUE_0.nth(n), why)
                .on_attr(name(ObjectType::ACL_ENTRY, given.id)))
        };
        let Value::AclField(value) = &given.value else { return Ok(()) };
        if *value == AclField::Disabled {
            return Ok(());
        }
        if !self.has_field(given.id) {
            return refuse(format!("{} was created without this field", self.id));
        }
        match value {
            AclField::OidList(ids) if given.id == field::RANGES => {
                for id in ids {
                    let ty = sw.acl.ranges.get(*id).map_or(-1, |r| r.ty.0);
                    if !(0..8).contains(&ty) || self.ranges >> ty & 1 == 0 {
                        return refuse(format!(
                            "{id} is a range of a type that {} was created without",
                            self.id
                        ));
                    }
                }
            }
            AclField::U8List(bytes) => {
                let length = self.udfs.iter().find(|u| u.id == given.id).map_or(0, |u| u.length);
                if bytes.data.len() != length || bytes.mask.len() != length {
                    let (data, mask) = (bytes.data.len(), bytes.mask.len());
                    return refuse(format!(
                        "{data} bytes with a mask of {mask}: the group's length is {length}"
                    ));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the lists of ports of an entry fit; else which kind of list is used up.
    pub fn room(&self, attrs: &[AttrEntry]) -> Result<(), bool> {
        let full = |(out, set): &(bool, Vec<u16>)| !self.lists[usize::from(*out)].has_room(set);
        port_lists(attrs).find(full).map_or(Ok(()), |(out, _)| Err(out))
    }

    /// Adds the rule of an entry, whose fields were checked and have room. `None` where no packet can match.
    pub fn insert(
        &mut self,
        ranges: &Ranges,
        attrs: &[AttrEntry],
        priority: u32,
        handle: u32,
    ) -> Option<RuleId> {
        let mut demand = Demand::default();
        for given in attrs {
            let Value::AclField(value) = &given.value else { continue };
            self.demand(&mut demand, ranges, given.id, value);
        }
        let (value, mask) = (&demand.value[..self.words], &demand.mask[..self.words]);
        if demand.never {
            return None;
        }
        self.classifier.insert(&Rule { value, mask, ranges: &demand.ranges, priority, handle }).ok()
    }

    /// Takes an entry's rule out, and what its lists of ports hold.
    pub fn remove(&mut self, attrs: &[AttrEntry], rule: Option<RuleId>) {
        for (out, set) in port_lists(attrs) {
            self.lists[usize::from(out)].give(&set);
        }
        if let Some(rule) = rule {
            self.classifier.remove(rule);
        }
    }

    fn demand(&mut self, demand: &mut Demand, ranges: &Ranges, id: AttrId, value: &AclField) {
        if id == field::RANGES {
            if let AclField::OidList(ids) = value {
                ids.iter().filter_map(|id| ranges.get(*id)).for_each(|r| {
                    let Some((col, needs)) = range_col(r.ty) else { return };
                    let Some(at) = self.places[col as usize] else { return };
                    demand.ranges.push(Range { word: at.word, shift: at.shift, low: r.low, high: r.high });
                    self.need(demand, needs, needs);
                });
            }
            return;
        }
        if let AclField::U8List(given) = value
            && let Some(udf) = self.udfs.iter().find(|u| u.id == id)
        {
            let parts = field::bytes(given, udf.length);
            let any = parts.zip(&udf.parts).fold(false, |any, ((value, mask), at)| {
                demand.bits(*at, 0, value, mask);
                any || mask != 0
            });
            if any {
                demand.bits(udf.has, 0, 1, 1);
            }
            return;
        }
        let Some(field) = field::position(id).map(|n| &FIELDS[n]) else { return };
        match (field.kind, value) {
            (Kind::IpType, AclField::I32 { data, .. }) => {
                let (value, mask) = field::ip_type(*data);
                self.need(demand, value, mask);
            }
            (Kind::IpFrag, AclField::I32 { data, .. }) => {
                let (value, mask) = field::ip_frag(*data);
                self.need(demand, value, mask);
            }
            (Kind::Ports { out }, AclField::OidList(ids)) => {
                if let Some((word, bit)) = self.lists[usize::from(out)].take(&indices(ids)) {
                    demand.bits(ternary::Field { word, shift: 0, width: 64 }, bit, 1, 1);
                }
            }
            (Kind::Port, AclField::Oid(id)) => {
                let lag = crate::store::id::type_of(*id) == Some(ObjectType::LAG);
                self.part(demand, field, usize::from(lag), u64::from(crate::port::index(*id)), 0xffff);
            }
            (Kind::Vrf, AclField::Oid(id)) => {
                self.part(demand, field, 0, u64::from(Parts::of(*id).slot), 0xffff);
            }
            (kind, value) => {
                let Some((value, mask)) = field::number(value) else { return };
                let (mut value, mut mask) = match kind {
                    Kind::Word(n) => (value >> (32 * n), mask >> (32 * n)),
                    _ => (value, mask),
                };
                // From the least significant part up.
                let mut any = false;
                for (n, part) in field.parts.iter().enumerate().rev() {
                    let ones = u64::MAX >> (64 - part.width);
                    let low = mask as u64 & ones;
                    self.part(demand, field, n, value as u64 & ones, low);
                    any |= low != 0;
                    if part.width < 128 {
                        (value, mask) = (value >> part.width, mask >> part.width);
                    }
                }
                if any {
                    self.need(demand, field.needs, field.needs);
                }
            }
        }
    }

    fn part(&self, demand: &mut Demand, field: &Field, n: usize, value: u64, mask: u64) {
        let part = field.parts[n];
        if let Some(at) = self.places[part.col as usize] {
            demand.bits(at, part.shift, value, mask);
        }
    }

    fn need(&self, demand: &mut Demand, value: u32, mask: u32) {
        let halves = [(Col::Class, 0), (Col::More, class::MORE)];
        for (col, shift) in halves {
            let (value, mask) = (u64::from(value >> shift & 0xffff), u64::from(mask >> shift & 0xffff));
            if mask != 0
                && let Some(at) = self.places[col as usize]
            {
                demand.bits(at, 0, value, mask);
            }
        }
    }

    /// Makes the key of a packet; answers its words.
    #[inline]
    pub fn key<'k>(&self, look: &Look<'_>, key: &'k mut [u64; MAX_WORDS]) -> &'k [u64] {
        let key = &mut key[..self.words];
        key.fill(0);
        for op in &self.program {
            key[usize::from(op.word)] |= (op.read)(look) << op.shift;
        }
        for (out, lists) in self.lists.iter().enumerate() {
            if lists.words() > 0 {
                lists.read(look.port(out == 1), key);
            }
        }
        for udf in &self.udfs {
            if let Some(bytes) = look.sw.acl.udfs.read(udf.group, look.h, look.frame) {
                udf.has.set(key, 1);
                for (at, part) in udf.parts.iter().zip(bytes.chunks(8)) {
                    let mut whole = [0; 8];
                    whole[8 - part.len()..].copy_from_slice(part);
                    at.set(key, u64::from_be_bytes(whole));
                }
            }
        }
        key
    }

    /// Whether a bind point of this type was named when the table was made.
    pub fn binds_to(&self, point: AclBindPointType) -> bool {
        self.points >> point.0 & 1 != 0
    }
}

fn kind_needs(kind: Kind) -> u32 {
    match kind {
        Kind::IpType | Kind::IpFrag => class::IP,
        _ => 0,
    }
}

/// The column that a range is asked of, and what a packet must have.
fn range_col(ty: RangeType) -> Option<(Col, u32)> {
    Some(match ty {
        RangeType::L4_SRC_PORT_RANGE => (Col::SrcPort, class::PORTS),
        RangeType::L4_DST_PORT_RANGE => (Col::DstPort, class::PORTS),
        RangeType::OUTER_VLAN => (Col::OuterVid, 0),
        RangeType::INNER_VLAN => (Col::InnerVid, class::INNER_TAG),
        RangeType::PACKET_LENGTH => (Col::Length, 0),
        _ => return None,
    })
}

fn indices(ids: &[ObjectId]) -> Vec<u16> {
    let mut set: Vec<u16> = ids.iter().map(|id| crate::port::index(*id)).collect();
    set.sort_unstable();
    set.dedup();
    set
}

/// The lists of ports of an entry: whether of out ports, and the ports.
fn port_lists(attrs: &[AttrEntry]) -> impl Iterator<Item = (bool, Vec<u16>)> {
    attrs.iter().filter_map(|a| match &a.value {
        Value::AclField(AclField::OidList(ids)) if a.id == acl_entry::FIELD_IN_PORTS.id() => {
            Some((false, indices(ids)))
        }
        Value::AclField(AclField::OidList(ids)) if a.id == acl_entry::FIELD_OUT_PORTS.id() => {
            Some((true, indices(ids)))
        }
        _ => None,
    })
}
