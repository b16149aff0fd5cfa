//! The rules that SAI's metadata states, as pure functions over what a [`View`] knows.
//!
//! A check that passes allocates nothing (but for calls with more than 64 attributes). A refusal is an
//! [`Error`] with the status that SAI prescribes, the attribute's position in the call where the status
//! carries one, the object, the attribute by name, and the rule in words.

use std::fmt::Write as _;

use crate::entry::Entry;
use crate::meta::{AttrFlags, AttrMeta, Condition, DefaultValue, ObjectMeta, Verbs};
use crate::{AttrEntry, AttrId, Error, ObjectId, ObjectRef, ObjectType, Result, Status, Target, Value};

use super::key::{self, UniqueKey};
use super::value;

/// How strictly the rules are applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Level {
    /// As sairedis' meta layer: an attribute whose condition does not hold is refused, entry keys name
    /// their switch, lists of objects hold no object twice and no two types, names are printable, a
    /// switch is created without object ids, a get asks for something, lists have at most 4,096
    /// elements.
    Strict,
    /// What real clients need: an attribute whose condition does not hold is checked for its type and
    /// passes, and a null `switch_id` in an entry's key means the only switch.
    #[default]
    Sai,
}

/// What is known of an object id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It names an object of this type, or may: a view that cannot know all answers this.
    Live(ObjectType),
    /// It is a well-formed id of this type, and there is no such object.
    Dead(ObjectType),
    /// No library of ours could have issued it.
    Impossible,
}

/// What the rules need to know about the objects that exist.
pub trait View {
    /// What an id names; never asked about the null id.
    fn presence(&self, id: ObjectId) -> Presence;

    /// The switch that an object belongs to; `None` where that is not known. A switch belongs to itself.
    fn switch_of(&self, id: ObjectId) -> Option<ObjectId>;

    /// Whether an entry exists; `None` where that is not known.
    fn entry_exists(&self, entry: &Entry) -> Option<bool>;

    /// The object that has this key, where there is one.
    fn key_owner(&self, key: &UniqueKey) -> Option<ObjectId>;

    /// How many references block the removal of an object. What the switch made for the object and
    /// dynamic FDB entries do not count.
    fn users(&self, id: ObjectId) -> usize;

    /// One of those that block the removal, for the message.
    fn a_user(&self, id: ObjectId) -> Option<ObjectRef> {
        let _ = id;
        None
    }

    /// Whether an attribute that the metadata does not know is the backend's business: one of the
    /// vendor's own.
    fn is_custom_attr(&self, object_type: ObjectType, id: AttrId) -> bool {
        let _ = (object_type, id);
        false
    }
}

/// The verb of the call that is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    Create,
    Set,
}

/// Checks the creation of an object or entry of the type that `meta` describes. `switch` is the call's
/// switch; an entry names its own in its key.
///
/// # Errors
/// In this order: `NOT_SUPPORTED` for a type that cannot be created; the key's object ids; each
/// attribute in turn (`UNKNOWN_ATTRIBUTE_n`, `INVALID_ATTRIBUTE_n` for one that is read-only or given
/// twice, its value); `ITEM_ALREADY_EXISTS` for an entry; `MANDATORY_ATTRIBUTE_MISSING`;
/// `INVALID_ATTRIBUTE_n` for one whose condition does not hold ([`Level::Strict`]);
/// `ITEM_ALREADY_EXISTS` for key attributes.
pub fn check_create<V: View + ?Sized>(
    view: &V,
    level: Level,
    meta: &'static ObjectMeta,
    switch: ObjectId,
    target: Target<'_>,
    attrs: &[AttrEntry],
) -> Result<()> {
    create(view, level, meta, switch, target, attrs).map_err(|e| e.on_object(&target.to_ref(ObjectId::NULL)))
}

fn create<V: View + ?Sized>(
    view: &V,
    level: Level,
    meta: &'static ObjectMeta,
    switch: ObjectId,
    target: Target<'_>,
    attrs: &[AttrEntry],
) -> Result<()> {
    if !meta.verbs.contains(Verbs::CREATE) {
        return Err(Error::because(Status::NOT_SUPPORTED, format!("{} cannot be created", meta.name)));
    }
    let is_switch = meta.object_type == ObjectType::SWITCH;
    let home = match target {
        Target::Entry(entry) => {
            if meta.key.is_none() || entry.object_type() != meta.object_type {
                return Err(wrong_sort(meta));
            }
            check_key(view, level, meta, entry)?;
            entry.switch_id()
        }
        Target::Object(_) if meta.key.is_some() => return Err(wrong_sort(meta)),
        Target::Object(_) if is_switch => ObjectId::NULL,
        Target::Object(_) => {
            if switch.is_null() {
                return Err(Error::because(
                    Status::INVALID_OBJECT_ID,
                    "the call's switch_id is null: every object but a switch is created on a switch",
                ));
            }
            check_oid(view, ObjectId::NULL, &[ObjectType::SWITCH], switch)
                .map_err(|f| f.of("the call's switch_id"))?;
            switch
        }
    };
    let at = Place { view, level, home };
    check_repeats(meta, attrs)?;
    for (n, given) in attrs.iter().enumerate() {
        let Some(attr) = find_attr(view, meta, n, given.id)? else { continue };
        check_access(attr, n, Call::Create)?;
        value::check(&at, attr, n, &given.value)?;
        if level == Level::Strict && is_switch && !attr.objects.is_empty() {
            return Err(refuse(
                attr,
                Status::INVALID_ATTRIBUTE_0.nth(n),
                "names objects, and a switch is created before any exists: set it afterwards",
            ));
        }
    }
    if let Target::Entry(entry) = target
        && view.entry_exists(entry) == Some(true)
    {
        return Err(Error::because(Status::ITEM_ALREADY_EXISTS, "an entry with this key exists already"));
    }
    check_mandatory(level, meta, attrs)?;
    check_unique(view, meta, home, attrs)
}

/// Checks the set of one attribute.
///
/// # Errors
/// The object ([`check_exists`]), then the attribute: `UNKNOWN_ATTRIBUTE_0`, `INVALID_ATTRIBUTE_0` for
/// one that is read-only, create-only or a key, then its value.
pub fn check_set<V: View + ?Sized>(
    view: &V,
    level: Level,
    meta: &'static ObjectMeta,
    object: &ObjectRef,
    given: &AttrEntry,
) -> Result<()> {
    check_exists(view, meta, object)?;
    let set = || {
        let Some(attr) = find_attr(view, meta, 0, given.id)? else { return Ok(()) };
        check_access(attr, 0, Call::Set)?;
        let home = match object {
            ObjectRef::Object(_, id) => view.switch_of(*id).unwrap_or(ObjectId::NULL),
            ObjectRef::Entry(entry) => entry.switch_id(),
        };
        value::check(&Place { view, level, home }, attr, 0, &given.value)
    };
    set().map_err(|e: Error| e.on_object(object))
}

/// Checks a get: the object exists and its type has every attribute asked for.
///
/// # Errors
/// [`check_exists`]; `UNKNOWN_ATTRIBUTE_n`; `INVALID_PARAMETER` for a get of nothing
/// ([`Level::Strict`]).
pub fn check_get<V: View + ?Sized>(
    view: &V,
    level: Level,
    meta: &'static ObjectMeta,
    object: &ObjectRef,
    attrs: &[AttrEntry],
) -> Result<()> {
    check_exists(view, meta, object)?;
    if attrs.is_empty() && level == Level::Strict {
        return Err(Error::because(Status::INVALID_PARAMETER, "a get of no attribute").on_object(object));
    }
    for (n, asked) in attrs.iter().enumerate() {
        find_attr(view, meta, n, asked.id).map_err(|e| e.on_object(object))?;
    }
    Ok(())
}

/// Checks a removal: the object exists and nothing uses it.
///
/// # Errors
/// [`check_exists`]; `NOT_SUPPORTED` for a type that cannot be removed; `OBJECT_IN_USE`. A switch is
/// removed whatever it holds.
pub fn check_remove<V: View + ?Sized>(view: &V, meta: &'static ObjectMeta, object: &ObjectRef) -> Result<()> {
    check_exists(view, meta, object)?;
    if !meta.verbs.contains(Verbs::REMOVE) {
        let reason = format!("{} cannot be removed", meta.name);
        return Err(Error::because(Status::NOT_SUPPORTED, reason).on_object(object));
    }
    if let ObjectRef::Object(object_type, id) = object
        && *object_type != ObjectType::SWITCH
    {
        let users = view.users(*id);
        if users > 0 {
            return Err(in_use(view, object, *id, users));
        }
    }
    Ok(())
}

/// Checks that a call is about something that exists.
///
/// # Errors
/// `INVALID_OBJECT_ID` for null and for an id that could not have been issued, `INVALID_OBJECT_TYPE`
/// for an object of another type, `ITEM_NOT_FOUND` where there is no such object or entry.
pub fn check_exists<V: View + ?Sized>(view: &V, meta: &'static ObjectMeta, object: &ObjectRef) -> Result<()> {
    match object {
        ObjectRef::Object(_, id) if meta.key.is_none() => {
            check_oid(view, ObjectId::NULL, &[meta.object_type], *id)
                .map_err(|fault| fault.of("the call's object id").on_object(object))
        }
        ObjectRef::Entry(entry) if entry.object_type() == meta.object_type => {
            if view.entry_exists(entry) == Some(false) {
                return Err(
                    Error::because(Status::ITEM_NOT_FOUND, "there is no such entry").on_object(object)
                );
            }
            Ok(())
        }
        _ => Err(wrong_sort(meta).on_object(object)),
    }
}

/// Checks the object ids of an entry's key.
fn check_key<V: View + ?Sized>(
    view: &V,
    level: Level,
    meta: &'static ObjectMeta,
    entry: &Entry,
) -> Result<()> {
    let home = entry.switch_id();
    let mut first = true;
    let mut result = Ok(());
    entry.for_each_oid(|id, allowed| {
        let is_switch = std::mem::take(&mut first);
        if result.is_err() || (is_switch && id.is_null() && level == Level::Sai) {
            return;
        }
        let at = if is_switch { ObjectId::NULL } else { home };
        if let Err(fault) = check_oid(view, at, allowed, id) {
            result = Err(fault.of(&format!("the key's {}", key_field(meta, is_switch, allowed))));
        }
    });
    result
}

/// The name of the key's field that takes these object types.
#[cold]
fn key_field(meta: &ObjectMeta, is_switch: bool, allowed: &[ObjectType]) -> &'static str {
    let fields = meta.key.unwrap_or_default();
    let mut fields = fields.iter().filter(|f| f.c_type == "sai_object_id_t");
    let found = if is_switch { fields.next() } else { fields.find(|f| f.objects == allowed) };
    found.map_or("object id", |f| f.name)
}

/// Where values are checked: the view, the level, and the switch that the ids must belong to (null: any).
pub(super) struct Place<'a, V: ?Sized> {
    pub(super) view: &'a V,
    pub(super) level: Level,
    pub(super) home: ObjectId,
}

/// What is wrong with an object id.
pub(super) struct OidFault {
    status: Status,
    rule: String,
}

impl OidFault {
    /// The error, with what the id is as the subject of its sentence.
    #[cold]
    pub(super) fn of(self, subject: &str) -> Error {
        Error::because(self.status, format!("{subject} {}", self.rule))
    }
}

/// Checks an id that must name an object of one of these types, on this switch (null: on any).
pub(super) fn check_oid<V: View + ?Sized>(
    view: &V,
    home: ObjectId,
    allowed: &[ObjectType],
    id: ObjectId,
) -> Result<(), OidFault> {
    if id.is_null() {
        return Err(oid_fault(Status::INVALID_OBJECT_ID, "is null, and null is not allowed".into()));
    }
    let (object_type, live) = match view.presence(id) {
        Presence::Live(t) => (t, true),
        Presence::Dead(t) => (t, false),
        Presence::Impossible => {
            return Err(oid_fault(Status::INVALID_OBJECT_ID, format!("is {id}, which was never issued")));
        }
    };
    if !allowed.contains(&object_type) {
        let names: Vec<String> = allowed.iter().map(ToString::to_string).collect();
        let rule = format!("is {id} of type {object_type}; allowed: {}", names.join(", "));
        return Err(oid_fault(Status::INVALID_OBJECT_TYPE, rule));
    }
    if !live {
        return Err(oid_fault(Status::ITEM_NOT_FOUND, format!("is {id}, and there is no such object")));
    }
    if !home.is_null()
        && let Some(other) = view.switch_of(id)
        && other != home
    {
        let rule = format!("is {id} of switch {other}; the call is on switch {home}");
        return Err(oid_fault(Status::INVALID_OBJECT_ID, rule));
    }
    Ok(())
}

#[cold]
fn oid_fault(status: Status, rule: String) -> OidFault {
    OidFault { status, rule }
}

/// The metadata of an attribute; `None` for one that is the backend's business.
fn find_attr<V: View + ?Sized>(
    view: &V,
    meta: &'static ObjectMeta,
    n: usize,
    id: AttrId,
) -> Result<Option<&'static AttrMeta>> {
    match meta.attr(id) {
        Some(attr) => Ok(Some(attr)),
        None if view.is_custom_attr(meta.object_type, id) => Ok(None),
        None => Err(unknown(meta, n, id)),
    }
}

fn check_access(attr: &'static AttrMeta, n: usize, call: Call) -> Result<()> {
    let rule = if attr.flags.contains(AttrFlags::READ_ONLY) {
        "is read-only"
    } else if call == Call::Set && attr.flags.contains(AttrFlags::KEY) {
        "is a key: it can be given on create only"
    } else if call == Call::Set && !attr.flags.contains(AttrFlags::CREATE_AND_SET) {
        "is create-only"
    } else {
        return Ok(());
    };
    Err(refuse(attr, Status::INVALID_ATTRIBUTE_0.nth(n), rule))
}

/// Refuses an attribute that is given twice.
fn check_repeats(meta: &'static ObjectMeta, attrs: &[AttrEntry]) -> Result<()> {
    if attrs.len() <= 64 {
        for (n, a) in attrs.iter().enumerate().skip(1) {
            if attrs[..n].iter().any(|b| b.id == a.id) {
                return Err(repeated(meta, n, a.id));
            }
        }
    } else {
        let mut seen = hashbrown::HashSet::with_capacity(attrs.len());
        if let Some((n, a)) = attrs.iter().enumerate().find(|(_, a)| !seen.insert(a.id)) {
            return Err(repeated(meta, n, a.id));
        }
    }
    Ok(())
}

/// Every mandatory attribute is given, its condition counted; strictly, none whose condition does not
/// hold.
fn check_mandatory(level: Level, meta: &'static ObjectMeta, attrs: &[AttrEntry]) -> Result<()> {
    for attr in meta.attrs {
        let mandatory = attr.flags.contains(AttrFlags::MANDATORY_ON_CREATE);
        if !mandatory && attr.condition.is_none() {
            continue;
        }
        let holds = attr.condition.is_none_or(|c| condition_holds(c, meta, attrs));
        let given = attrs.iter().position(|a| a.id == attr.id);
        match given {
            None if holds && mandatory && !attr.flags.contains(AttrFlags::DEPRECATED) => {
                let rule = match attr.condition {
                    None => "is mandatory on create".to_owned(),
                    Some(c) => format!("is mandatory on create when {}", describe(c, meta)),
                };
                return Err(refuse(attr, Status::MANDATORY_ATTRIBUTE_MISSING, rule));
            }
            Some(n) if !holds && level == Level::Strict && !attr.flags.contains(AttrFlags::RELAXED) => {
                let condition = attr.condition.map_or_else(String::new, |c| describe(c, meta));
                let rule = format!("may be given only when {condition}");
                return Err(refuse(attr, Status::INVALID_ATTRIBUTE_0.nth(n), rule));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a condition holds for an object that is created with these attributes; those not given have
/// their defaults, and one that has neither fails any comparison.
pub fn condition_holds(condition: &Condition, meta: &ObjectMeta, attrs: &[AttrEntry]) -> bool {
    let current = |id: AttrId| match attrs.iter().find(|a| a.id == id) {
        Some(given) => value::as_int(&given.value),
        None => match meta.attr(id)?.default {
            DefaultValue::Bool(b) => Some(b.into()),
            DefaultValue::Int(i) => Some(i),
            _ => None,
        },
    };
    condition.holds(&mut { current })
}

/// A condition in words: `SAI_BRIDGE_PORT_ATTR_TYPE == SAI_BRIDGE_PORT_TYPE_TUNNEL`.
pub fn describe(condition: &Condition, meta: &ObjectMeta) -> String {
    let compare = |id: AttrId, op: &str, wanted: i64| {
        let Some(attr) = meta.attr(id) else { return format!("attribute {id} {op} {wanted}") };
        let name = attr.enumeration.and_then(|e| e.name_of(i32::try_from(wanted).ok()?));
        match (name, &attr.default) {
            (Some(name), _) => format!("{} {op} {name}", attr.name),
            (None, DefaultValue::Bool(_)) => format!("{} {op} {}", attr.name, wanted != 0),
            _ => format!("{} {op} {wanted}", attr.name),
        }
    };
    let join = |parts: &[Condition], word: &str| {
        let parts: Vec<String> = parts.iter().map(|c| describe(c, meta)).collect();
        parts.join(word)
    };
    match condition {
        Condition::Eq(id, v) => compare(*id, "==", *v),
        Condition::Ne(id, v) => compare(*id, "!=", *v),
        Condition::All(all) => join(all, " and "),
        Condition::AnyOf(any) => join(any, " or "),
    }
}

fn check_unique<V: View + ?Sized>(
    view: &V,
    meta: &'static ObjectMeta,
    switch: ObjectId,
    attrs: &[AttrEntry],
) -> Result<()> {
    let mut result = Ok(());
    key::for_each(meta, switch, attrs, |unique, attr| {
        if result.is_ok()
            && let Some(owner) = view.key_owner(&unique)
        {
            result =
                Err(refuse(attr, Status::ITEM_ALREADY_EXISTS, format!("is part of a key that {owner} has")));
        }
    });
    result
}

/// An error about an attribute.
#[cold]
pub(super) fn refuse(attr: &'static AttrMeta, status: Status, rule: impl AsRef<str>) -> Error {
    Error::because(status, format!("the attribute {}", rule.as_ref())).on_attr(attr.name)
}

#[cold]
fn repeated(meta: &'static ObjectMeta, n: usize, id: AttrId) -> Error {
    let error = Error::because(Status::INVALID_ATTRIBUTE_0.nth(n), "the attribute is given twice");
    match meta.attr(id) {
        Some(attr) => error.on_attr(attr.name),
        None => error.on_attr(format!("attribute {id:#x}")),
    }
}

#[cold]
fn unknown(meta: &ObjectMeta, n: usize, id: AttrId) -> Error {
    let reason = format!("{} has no attribute {id:#x}", meta.name);
    Error::because(Status::UNKNOWN_ATTRIBUTE_0.nth(n), reason).on_attr(format!("attribute {id:#x}"))
}

#[cold]
fn wrong_sort(meta: &ObjectMeta) -> Error {
    let rule =
        if meta.key.is_some() { "is an entry: it is named by its key" } else { "is named by an object id" };
    Error::because(Status::INVALID_OBJECT_TYPE, format!("{} {rule}", meta.name))
}

#[cold]
fn in_use<V: View + ?Sized>(view: &V, object: &ObjectRef, id: ObjectId, users: usize) -> Error {
    let mut reason = String::from("the object is used by ");
    let _ = match view.a_user(id) {
        Some(user) if users == 1 => write!(reason, "{user}"),
        Some(user) => write!(reason, "{users} others, {user} among them"),
        None => write!(reason, "{users} {}", if users == 1 { "other" } else { "others" }),
    };
    Error::because(Status::OBJECT_IN_USE, reason).on_object(object)
}

/// The value given for an attribute.
pub(super) fn given(attrs: &[AttrEntry], id: AttrId) -> Option<&Value> {
    attrs.iter().find(|a| a.id == id).map(|a| &a.value)
}
