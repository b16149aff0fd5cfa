//! The model as the renderers of the `sai` crate see it: object types with their attributes, enums with
//! their Rust names, function tables as verbs. What the model leaves implicit is worked out here once,
//! and what does not fit is an error.

use std::collections::{HashMap, HashSet};

use anyhow::{Context as _, Result, bail, ensure};

use super::condition::{self, Condition};
use super::names;
use crate::model::{Enum, EnumValue, Field, Function, Model, Struct};

/// Extension object types, APIs and attributes number from here.
pub const EXTENSIONS: i64 = 0x2000_0000;

/// The interface.
#[derive(Debug)]
pub struct Interface<'m> {
    /// Every enum but those of attributes; an extension enum is part of the one it extends.
    pub enums: Vec<EnumInfo<'m>>,
    /// Every object type in ascending order of number.
    pub objects: Vec<ObjectInfo<'m>>,
    /// The types of notification functions.
    pub notifications: Vec<&'m Function>,
    structs: HashMap<&'m str, &'m Struct>,
    typedefs: HashMap<&'m str, &'m str>,
    enum_index: HashMap<&'m str, usize>,
    value_members: HashMap<&'m str, &'m str>,
    defines: HashMap<&'m str, &'m str>,
}

/// An enum.
#[derive(Debug)]
pub struct EnumInfo<'m> {
    /// `sai_port_oper_status_t`.
    pub c_name: &'m str,
    /// `port_oper_status`.
    pub stem: &'m str,
    /// The values in ascending order, without sentinels and second names.
    pub values: Vec<&'m EnumValue>,
    /// Second names of values.
    pub aliases: Vec<&'m EnumValue>,
    /// The values are flags or open ranges.
    pub free_form: bool,
    /// The object type in whose module it stands, by position.
    pub owner: Option<usize>,
    /// Whether it is declared in `types` although an object type owns it.
    pub in_types: bool,
}

/// An object type.
#[derive(Debug)]
pub struct ObjectInfo<'m> {
    /// `SAI_OBJECT_TYPE_PORT`.
    pub name: &'m str,
    /// Number of the type.
    pub value: i64,
    /// `port`.
    pub stem: String,
    /// Its attributes in ascending order of id.
    pub attrs: Vec<AttrInfo<'m>>,
    /// Second names of attributes with their ids.
    pub aliases: Vec<(&'m str, u32)>,
    /// The enum of its statistics, by position.
    pub stats: Option<usize>,
    /// The key, for an entry.
    pub key: Option<&'m Struct>,
    /// `SAI_API_PORT`.
    pub api: String,
    /// The functions of the API table that deal with it, as bits of `Verbs`.
    pub verbs: u16,
    /// Since when.
    pub since: Option<&'m str>,
}

impl ObjectInfo<'_> {
    /// Whether it is one of the experimental types.
    pub fn experimental(&self) -> bool {
        self.value >= EXTENSIONS
    }

    /// The Rust name of the marker type, `Port`; for an entry it is the key's.
    pub fn marker(&self) -> String {
        names::camel(&self.stem)
    }

    /// The constant of `ObjectType`, `PORT`.
    pub fn constant(&self) -> &str {
        &self.name["SAI_OBJECT_TYPE_".len()..]
    }
}

/// An attribute.
#[derive(Debug)]
pub struct AttrInfo<'m> {
    /// As in the model.
    pub value: &'m EnumValue,
    /// Its id.
    pub id: u32,
    /// What its values are.
    pub ty: AttrType<'m>,
    /// What it is when never set.
    pub default: Default,
    /// When it must be given.
    pub condition: Option<Condition>,
    /// When it has effect.
    pub valid_only: Option<Condition>,
    /// Size of the block of ids that begins here.
    pub block: u32,
}

impl AttrInfo<'_> {
    /// Whether the attribute has this flag.
    pub fn has(&self, flag: &str) -> bool {
        self.value.flags.iter().any(|f| f == flag)
    }

    /// Whether it must be given on create whatever the other attributes are.
    pub fn required(&self) -> bool {
        self.has("MANDATORY_ON_CREATE") && self.condition.is_none()
    }
}

/// The type of an attribute.
#[derive(Clone, Debug)]
pub struct AttrType<'m> {
    /// Plain, or the ACL wrapper.
    pub wrapper: Wrapper,
    /// The member of the C union; of an ACL value, that of its element.
    pub member: &'m str,
    /// The enum of the value or of its elements, by position.
    pub enumeration: Option<usize>,
    /// The function type of a pointer.
    pub function: Option<&'m str>,
}

/// What stands around a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapper {
    /// Nothing.
    Plain,
    /// `sai_acl_field_data_t`.
    AclField,
    /// `sai_acl_action_data_t`.
    AclAction,
    /// `sai_acl_field_data_mask_t`.
    AclMask,
}

/// What an attribute is when never set.
#[derive(Clone, Debug)]
pub enum Default {
    /// It has none.
    None,
    /// A truth value.
    Bool(bool),
    /// A number.
    Int(i64),
    /// An enum value.
    Enum(i64),
    /// An IPv4 address.
    Ipv4(std::net::Ipv4Addr),
    /// An IPv6 address.
    Ipv6(std::net::Ipv6Addr),
    /// An empty list or text.
    Empty,
    /// A null id or pointer.
    Null,
    /// A disabled ACL field or action.
    Disabled,
    /// The switch makes it.
    Internal,
    /// Implementation defined, for good.
    Const,
    /// Implementation defined.
    Vendor,
    /// The value of another attribute: position of the object type, id.
    AttrValue(usize, u32),
}

impl<'m> Interface<'m> {
    /// Works the interface out of a model.
    pub fn new(model: &'m Model) -> Result<Interface<'m>> {
        let mut this = Interface {
            enums: Vec::new(),
            objects: Vec::new(),
            notifications: Vec::new(),
            structs: model.structs().map(|s| (s.name.as_str(), s)).collect(),
            typedefs: HashMap::new(),
            enum_index: HashMap::new(),
            value_members: HashMap::new(),
            defines: HashMap::new(),
        };
        for header in &model.headers {
            this.typedefs.extend(header.typedefs.iter().map(|t| (t.name.as_str(), t.ty.as_str())));
            this.defines.extend(header.defines.iter().map(|d| (d.name.as_str(), d.value.as_str())));
            this.notifications
                .extend(header.function_pointers.iter().filter(|f| f.name.ends_with("_notification_fn")));
        }
        this.notifications.sort_by_key(|f| &f.name);
        for field in &this.structure("sai_attribute_value_t")?.fields {
            this.value_members.insert(&field.ty, &field.name);
        }
        this.collect_enums(model)?;
        this.collect_objects(model)?;
        this.place_enums()?;
        Ok(this)
    }

    /// A struct or union by name.
    pub fn structure(&self, name: &str) -> Result<&'m Struct> {
        self.structs.get(name).copied().with_context(|| format!("the model has no struct {name}"))
    }

    /// A struct by name, where there is one.
    pub fn find_struct(&self, name: &str) -> Option<&'m Struct> {
        self.structs.get(name).copied()
    }

    /// What a typedef stands for, through all its steps.
    pub fn resolve<'a>(&self, mut ty: &'a str) -> &'a str
    where
        'm: 'a,
    {
        while let Some(next) = self.typedefs.get(ty) {
            ty = next;
        }
        ty
    }

    /// An enum by its C name.
    pub fn find_enum(&self, c_name: &str) -> Option<&EnumInfo<'m>> {
        self.enum_index.get(c_name).map(|i| &self.enums[*i])
    }

    /// The path of an enum's Rust type, `crate::types::PacketAction`.
    pub fn enum_path(&self, info: &EnumInfo<'_>) -> String {
        match info.owner {
            Some(o) if !info.in_types => {
                format!("crate::object::{}::{}", self.objects[o].stem, self.enum_rust(info))
            }
            _ => format!("crate::types::{}", names::camel(info.stem)),
        }
    }

    /// The short name that an enum has in its owner's module, or its full one in `types`.
    pub fn enum_rust(&self, info: &EnumInfo<'_>) -> String {
        match info.owner {
            Some(o) => names::camel(&info.stem[self.objects[o].stem.len() + 1..]),
            None => names::camel(info.stem),
        }
    }

    fn collect_enums(&mut self, model: &'m Model) -> Result<()> {
        let all: HashMap<&str, &'m Enum> = model.enums().map(|e| (e.name.as_str(), e)).collect();
        for e in model.enums() {
            if is_attr_enum(&e.name) || e.name.ends_with("_extensions_t") {
                continue;
            }
            let stem = stem_of(&e.name)?;
            let prefix = format!("SAI_{}_", stem.to_uppercase());
            let extension = all.get(format!("sai_{stem}_extensions_t").as_str());
            let mut info = EnumInfo {
                c_name: &e.name,
                stem,
                values: Vec::new(),
                aliases: Vec::new(),
                free_form: e.free_form,
                owner: None,
                in_types: false,
            };
            let mut seen = HashSet::new();
            for v in e.values.iter().chain(extension.iter().flat_map(|x| &x.values)) {
                let short = v.name.strip_prefix(&prefix).with_context(|| {
                    format!("{} of {}: its name does not begin with {prefix}", v.name, e.name)
                })?;
                ensure!(i32::try_from(v.value).is_ok(), "{}: {} does not fit an enum", v.name, v.value);
                if v.ignore.is_some() {
                    info.aliases.push(v);
                } else if !is_sentinel(short) {
                    if seen.insert(v.value) { info.values.push(v) } else { info.aliases.push(v) }
                }
            }
            info.values.sort_by_key(|v| v.value);
            self.enum_index.insert(&e.name, self.enums.len());
            self.enums.push(info);
        }
        Ok(())
    }

    fn collect_objects(&mut self, model: &'m Model) -> Result<()> {
        let types = self.enum_index["sai_object_type_t"];
        let types = self.enums[types].values.clone();
        for v in types {
            if v.value == 0 {
                continue;
            }
            let stem = v.name["SAI_OBJECT_TYPE_".len()..].to_lowercase();
            self.objects.push(ObjectInfo {
                name: &v.name,
                value: v.value,
                attrs: Vec::new(),
                aliases: Vec::new(),
                stats: self.enum_index.get(format!("sai_{stem}_stat_t").as_str()).copied(),
                key: None,
                api: String::new(),
                verbs: 0,
                since: v.since.as_deref(),
                stem,
            });
        }
        for field in &self.structure("sai_object_key_entry_t")?.fields {
            if field.name == "object_id" {
                continue;
            }
            let key = self.structure(&field.ty)?;
            let stem = stem_of(&field.ty)?;
            let object = self.objects.iter_mut().find(|o| o.stem == stem);
            object.with_context(|| format!("{}: a key of no object type", field.ty))?.key = Some(key);
        }
        let attrs = self.attr_ids(model)?;
        for o in 0..self.objects.len() {
            let stem = self.objects[o].stem.clone();
            for name in [format!("sai_{stem}_attr_t"), format!("sai_{stem}_attr_extensions_t")] {
                let Some(e) = model.enums().find(|e| e.name == name) else {
                    ensure!(name.contains("_extensions_"), "the model has no {name}");
                    continue;
                };
                for v in &e.values {
                    if v.ignore.is_some() {
                        self.objects[o].aliases.push((&v.name, v.value as u32));
                    } else if v.ty.is_some() {
                        let info = self.attr(o, v, &attrs).with_context(|| v.name.clone())?;
                        self.objects[o].attrs.push(info);
                    }
                }
            }
            self.objects[o].attrs.sort_by_key(|a| a.id);
            self.find_verbs(model, o)?;
        }
        Ok(())
    }

    /// Every attribute by name: the position of its object type and its id.
    fn attr_ids(&self, model: &'m Model) -> Result<HashMap<&'m str, (usize, u32)>> {
        let mut ids = HashMap::new();
        for e in model.enums().filter(|e| is_attr_enum(&e.name)) {
            let stem = e.name.trim_start_matches("sai_");
            let stem = stem.trim_end_matches("_t").trim_end_matches("_extensions").trim_end_matches("_attr");
            let object = self.objects.iter().position(|o| o.stem == stem);
            let object = object.with_context(|| format!("{}: attributes of no object type", e.name))?;
            ids.extend(e.values.iter().map(|v| (v.name.as_str(), (object, v.value as u32))));
        }
        Ok(ids)
    }

    fn attr(
        &self,
        object: usize,
        v: &'m EnumValue,
        ids: &HashMap<&'m str, (usize, u32)>,
    ) -> Result<AttrInfo<'m>> {
        let ty = self.attr_type(v.ty.as_deref().unwrap_or_default())?;
        let value_of = |name: &str| self.enum_value(name).map(|v| v.value);
        let own = |name: &str| ids.get(name).filter(|i| i.0 == object).map(|i| i.1);
        let parse =
            |text: &Option<String>| text.as_deref().map(|t| condition::parse(t, own, value_of)).transpose();
        Ok(AttrInfo {
            value: v,
            id: u32::try_from(v.value).context("its id is no 32-bit number")?,
            default: match &v.default {
                None => Default::None,
                Some(text) => self.default(&ty, text, ids).with_context(|| format!("default '{text}'"))?,
            },
            condition: parse(&v.condition)?,
            valid_only: parse(&v.validonly)?,
            block: match &v.range {
                None => 1,
                Some(name) => {
                    let last = self.defines.get(name.as_str());
                    1 + last.and_then(|t| number(t)).with_context(|| format!("no number {name}"))? as u32
                }
            },
            ty,
        })
    }

    /// A value of any enum by name.
    fn enum_value(&self, name: &str) -> Option<&'m EnumValue> {
        self.enums.iter().flat_map(|e| e.values.iter().chain(&e.aliases)).find(|v| v.name == name).copied()
    }

    fn attr_type(&self, text: &'m str) -> Result<AttrType<'m>> {
        let (head, tail) = text.split_once(' ').map_or((text, None), |(h, t)| (h, Some(t)));
        let plain = |member, enumeration, function| AttrType {
            wrapper: Wrapper::Plain,
            member,
            enumeration,
            function,
        };
        let wrapper = match head {
            "sai_acl_field_data_t" => Wrapper::AclField,
            "sai_acl_action_data_t" => Wrapper::AclAction,
            "sai_acl_field_data_mask_t" => Wrapper::AclMask,
            _ => Wrapper::Plain,
        };
        if wrapper != Wrapper::Plain {
            let inner = self.attr_type(tail.context("an ACL type without its element")?)?;
            return Ok(AttrType { wrapper, ..inner });
        }
        if let Some(&e) = self.enum_index.get(head) {
            return Ok(plain("s32", Some(e), None));
        }
        match (head, tail) {
            ("bool", None) => Ok(plain("booldata", None, None)),
            ("char", None) => Ok(plain("chardata", None, None)),
            ("sai_pointer_t", function) => Ok(plain("ptr", None, function)),
            ("sai_port_err_status_list_t", None) => {
                Ok(plain("porterror", self.enum_index.get("sai_port_err_status_t").copied(), None))
            }
            _ => {
                let member = self.value_members.get(head);
                let member = member.with_context(|| format!("no member of the union is a {head}"))?;
                let enumeration = match tail {
                    None => None,
                    Some(name) => {
                        Some(*self.enum_index.get(name).with_context(|| format!("no enum {name}"))?)
                    }
                };
                Ok(plain(member, enumeration, None))
            }
        }
    }

    fn default(
        &self,
        ty: &AttrType<'m>,
        text: &'m str,
        ids: &HashMap<&'m str, (usize, u32)>,
    ) -> Result<Default> {
        let list =
            ty.member.ends_with("list") || matches!(ty.member, "qosmap" | "aclresource" | "portserdestaps");
        Ok(match text {
            "internal" => Default::Internal,
            "vendor" => Default::Vendor,
            "const" => Default::Const,
            "empty" if list => Default::Empty,
            "\"\"" if ty.member == "chardata" => Default::Empty,
            "disabled" if matches!(ty.wrapper, Wrapper::AclField | Wrapper::AclAction) => Default::Disabled,
            "NULL" if ty.member == "ptr" => Default::Null,
            "SAI_NULL_OBJECT_ID" if ty.member == "oid" => Default::Null,
            "true" | "false" if ty.member == "booldata" => Default::Bool(text == "true"),
            _ => {
                if let Some(name) = text.strip_prefix("attrvalue ") {
                    let (object, id) = ids.get(name).context("names no attribute")?;
                    return Ok(Default::AttrValue(*object, *id));
                }
                if let Some(e) = ty.enumeration {
                    let e = &self.enums[e];
                    let named = e.values.iter().chain(&e.aliases).find(|v| v.name == text);
                    let v = named.with_context(|| format!("is no value of {}", e.c_name))?;
                    return Ok(Default::Enum(v.value));
                }
                match ty.member {
                    "ip4" | "ipaddr" => Default::Ipv4(text.parse()?),
                    "ip6" => Default::Ipv6(text.parse()?),
                    "u8" | "u16" | "u32" | "u64" | "s8" | "s16" | "s32" | "s64" | "timespec" => {
                        Default::Int(number(text).context("is no number")?)
                    }
                    _ => bail!("has a form that is not known for {}", ty.member),
                }
            }
        })
    }

    /// Finds the function table that creates an object type, and which of its functions it has.
    fn find_verbs(&mut self, model: &'m Model, o: usize) -> Result<()> {
        let stem = self.objects[o].stem.clone();
        for table in model.structs().filter(|s| s.name.ends_with("_api_t")) {
            let verbs = table.fields.iter().filter_map(|f| verb(&stem, &f.name)).fold(0, |v, b| v | 1 << b);
            if verbs != 0 {
                self.objects[o].verbs |= verbs;
                self.objects[o].api =
                    format!("SAI_{}", table.name[4..].trim_end_matches("_api_t").to_uppercase());
            }
        }
        let object = &mut self.objects[o];
        if object.verbs == 0 {
            // Attribute sets of a single function (FDB flush, host-interface packets): the header's API.
            let header = model
                .headers
                .iter()
                .find(|h| h.enums.iter().any(|e| e.name == format!("sai_{stem}_attr_t")))
                .and_then(|h| h.structs.iter().find(|s| s.name.ends_with("_api_t")))
                .with_context(|| format!("{}: no function table", object.name))?;
            object.api = format!("SAI_{}", header.name[4..].trim_end_matches("_api_t").to_uppercase());
        }
        object.api = object.api.replacen("SAI_", "SAI_API_", 1);
        let api = object.api.clone();
        ensure!(self.enum_value(&api).is_some(), "{}: no {api}", self.objects[o].name);
        Ok(())
    }

    /// Decides in which module each enum stands.
    fn place_enums(&mut self) -> Result<()> {
        let mut core = HashSet::new();
        for function in &self.notifications {
            for param in &function.params {
                self.enums_within(&param.ty, &mut core);
            }
        }
        for object in &self.objects {
            if let Some(key) = object.key {
                self.enums_within(&key.name, &mut core);
            }
        }
        for i in 0..self.enums.len() {
            let stem = self.enums[i].stem;
            let owner = self
                .objects
                .iter()
                .enumerate()
                .filter(|(_, o)| stem.strip_prefix(o.stem.as_str()).is_some_and(|r| r.starts_with('_')))
                .max_by_key(|(_, o)| o.stem.len());
            if let Some((o, object)) = owner {
                self.enums[i].owner = Some(o);
                self.enums[i].in_types = object.experimental() && core.contains(self.enums[i].c_name);
            }
        }
        Ok(())
    }

    fn enums_within(&self, ty: &str, found: &mut HashSet<&'m str>) {
        let ty = bare(ty);
        if let Some((name, _)) = self.enum_index.get_key_value(ty) {
            found.insert(name);
        } else if let Some(s) = self.structs.get(ty)
            && ty != "sai_attribute_t"
        {
            for Field { ty, .. } in &s.fields {
                self.enums_within(ty, found);
            }
        }
    }
}

/// A type without `const` and pointers.
pub fn bare(ty: &str) -> &str {
    ty.trim_start_matches("const ").trim_end_matches('*').trim_end()
}

/// Which of an object type's functions a slot is, by the slot's name: a position in [`VERBS`].
pub fn verb(stem: &str, slot: &str) -> Option<usize> {
    let mut plurals = vec![format!("{stem}s")];
    if let Some(y) = stem.strip_suffix('y') {
        plurals.push(format!("{y}ies"));
    }
    let four = |s: &str| {
        [
            format!("create_{s}"),
            format!("remove_{s}"),
            format!("set_{s}_attribute"),
            format!("get_{s}_attribute"),
        ]
    };
    let stats = [format!("get_{stem}_stats"), format!("get_{stem}_stats_ext"), format!("clear_{stem}_stats")];
    let at = |names: &[String]| names.iter().position(|n| n == slot);
    at(&four(stem))
        .or_else(|| plurals.iter().find_map(|p| at(&four(p))).map(|i| i + 4))
        .or_else(|| at(&stats).map(|i| i + 8))
}

/// The functions that an object type may have, in the order of the bits of `Verbs`.
pub const VERBS: [&str; 11] = [
    "create",
    "remove",
    "set",
    "get",
    "bulk_create",
    "bulk_remove",
    "bulk_set",
    "bulk_get",
    "get_stats",
    "get_stats_ext",
    "clear_stats",
];

/// `sai_port_oper_status_t` → `port_oper_status`.
pub fn stem_of(c_name: &str) -> Result<&str> {
    c_name
        .strip_prefix("sai_")
        .and_then(|n| n.strip_suffix("_t"))
        .with_context(|| format!("{c_name} is not of the form sai_*_t"))
}

fn is_attr_enum(name: &str) -> bool {
    name.ends_with("_attr_t") || name.ends_with("_attr_extensions_t")
}

/// Whether a value, named without its prefix, only marks an end of the enum or of a range in it.
fn is_sentinel(short: &str) -> bool {
    matches!(short, "START" | "END" | "MAX")
        || ["RANGE_BASE", "RANGE_START", "RANGE_END"].iter().any(|s| short.ends_with(s))
}

fn number(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}
