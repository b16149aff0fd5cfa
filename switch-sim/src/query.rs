//! Answers about what the switch can do and holds.

use sai::meta::{self, AttrFlags, ObjectMeta};
use sai::types::{AclStage, ObjectStage, StatsMode};
use sai::{
    Answer, AttrCapability, AttrEntry, Error, ObjectRef, ObjectType, Query, Result, StatCapability, Status,
    Value, ValueKind, hostif, switch,
};

use crate::feature::owner;
use crate::stats::mode;
use crate::store::relation;
use crate::switch::{Switch, known};

/// What the simulator does with an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// Giving or setting it changes what the switch does; or it answers a true value.
    Enforced,
    /// It changes nothing in the switch, but what stands around it: a notification attribute says whom `libsai.so`
    /// calls, the name of a host interface is that of its network device.
    Around,
    /// It is stored and answered.
    Stored,
    /// It answers `ATTR_NOT_SUPPORTED_n`, where it can be given for any value but the default.
    Refused,
}

/// The attributes that act around the switch: [`Support::Around`].
const AROUND: &[(ObjectType, sai::AttrId)] = &[
    (ObjectType::SWITCH, switch::SWITCH_STATE_CHANGE_NOTIFY.id()),
    (ObjectType::SWITCH, switch::FDB_EVENT_NOTIFY.id()),
    (ObjectType::SWITCH, switch::PORT_STATE_CHANGE_NOTIFY.id()),
    (ObjectType::SWITCH, switch::PACKET_EVENT_NOTIFY.id()),
    (ObjectType::HOSTIF, hostif::NAME.id()),
];

/// What the simulator does with an attribute, from the owners' declarations alone.
pub fn support(object_type: ObjectType, attr: sai::AttrId) -> Result<Support> {
    let meta = known(object_type)?;
    let attr = meta.attr(attr).ok_or_else(|| Error::new(Status::UNKNOWN_ATTRIBUTE_0))?;
    let owner = owner(meta);
    if attr.flags.contains(AttrFlags::READ_ONLY) {
        let answered = owner.is_some_and(|o| o.answered().contains(&attr.id))
            || relation::derived(object_type, attr.id).is_some();
        let stored = attr.default_value().is_some();
        return Ok(if answered {
            Support::Enforced
        } else if stored {
            Support::Stored
        } else {
            Support::Refused
        });
    }
    let enforced = owner.is_some_and(|o| o.enforced().contains(&attr.id)) || mode::acts(object_type, attr.id);
    Ok(if enforced {
        Support::Enforced
    } else if owner.is_some_and(|o| o.refused().iter().any(|(id, _)| *id == attr.id)) {
        Support::Refused
    } else if AROUND.contains(&(object_type, attr.id)) {
        Support::Around
    } else {
        Support::Stored
    })
}

impl Switch {
    /// Answers a question.
    ///
    /// # Errors
    /// `INVALID_PARAMETER` for an object type or attribute that is none.
    pub fn query(&self, query: Query<'_>) -> Result<Answer> {
        let there = known(query.object_type())?;
        if self.refusals.object_type(there) {
            match query {
                Query::AttributeCapability(..) => return Ok(Answer::AttributeCapability(Default::default())),
                Query::EnumValues(..)
                | Query::StatsCapability(_)
                | Query::StatsStCapability(_)
                | Query::Availability(..) => return Err(self.refusal(there)),
                _ => {}
            }
        }
        Ok(match query {
            Query::AttributeCapability(object_type, id) => {
                let meta = known(object_type)?;
                let attr = meta.attr(id).ok_or_else(|| no_attr(meta.name, id))?;
                let support = support(object_type, id)?;
                let read_only = attr.flags.contains(AttrFlags::READ_ONLY);
                let refused = self.refuses(meta, id) || read_only && support == Support::Refused;
                let acts = matches!(support, Support::Enforced | Support::Around) && !refused;
                Answer::AttributeCapability(AttrCapability {
                    create: acts && attr.can_create(),
                    set: acts && attr.can_set(),
                    get: !refused,
                })
            }
            Query::EnumValues(object_type, id) => {
                let meta = known(object_type)?;
                let attr = meta.attr(id).ok_or_else(|| no_attr(meta.name, id))?;
                if self.refuses(meta, id) {
                    return Err(Status::NOT_SUPPORTED.into());
                }
                if attr.ty.value_kind() == ValueKind::Bool {
                    return Err(Error::because(
                        Status::INVALID_PARAMETER,
                        format!("{} is no enum", attr.name),
                    ));
                }
                let all = attr.enumeration.ok_or_else(|| {
                    Error::because(Status::INVALID_PARAMETER, format!("{} is no enum", attr.name))
                })?;
                if support(object_type, id)? != Support::Enforced {
                    let reason = format!("{} is stored at most: none of its values does anything", attr.name);
                    return Err(Error::because(Status::NOT_SUPPORTED, reason));
                }
                let mut values = match owner(meta).and_then(|o| o.values(id)) {
                    Some(values) => values.to_vec(),
                    None => all.values.iter().map(|v| v.value).collect(),
                };
                let stored = owner(meta).map_or(&[][..], |o| o.stored_values(id));
                values.retain(|v| !stored.contains(v));
                Answer::EnumValues(values)
            }
            Query::StatsCapability(object_type) => {
                let modes = (StatsMode::READ.0
                    | StatsMode::READ_AND_CLEAR.0
                    | StatsMode::BULK_READ.0
                    | StatsMode::BULK_CLEAR.0
                    | StatsMode::BULK_READ_AND_CLEAR.0) as u32;
                let counted = owner(known(object_type)?).map_or(&[][..], |o| o.counted());
                Answer::StatsCapability(
                    counted
                        .iter()
                        .map(|s| StatCapability { stat: *s, modes, min_polling_interval: 0 })
                        .collect(),
                )
            }
            // A library that answers is then asked for streams of telemetry, which there are not.
            Query::StatsStCapability(_) => return Err(Status::NOT_SUPPORTED.into()),
            Query::Availability(object_type, attrs) => {
                Answer::Count(self.availability(known(object_type)?, attrs)?)
            }
            Query::ObjectCount(object_type) => Answer::Count(self.count(object_type)? as u64),
            Query::ObjectKeys(object_type) => Answer::ObjectKeys(self.objects(object_type)?),
            Query::MaxAttributeCount(object_type) => Answer::Count(known(object_type)?.attrs.len() as u64),
            Query::ObjectStage(object_type, attrs) => {
                Answer::ObjectStage(stage(known(object_type)?, attrs)?.0)
            }
            _ => return Err(Status::NOT_IMPLEMENTED.into()),
        })
    }

    /// How many objects of a type there are.
    ///
    /// # Errors
    /// `INVALID_PARAMETER` for an object type that is none.
    pub fn count(&self, object_type: ObjectType) -> Result<usize> {
        let meta = known(object_type)?;
        Ok(match owner(meta).and_then(|o| o.table()) {
            Some(table) => table.count(self, object_type),
            None => self.store.count(object_type),
        })
    }

    /// The objects of a type, in a stable order.
    ///
    /// # Errors
    /// `INVALID_PARAMETER` for an object type that is none.
    pub fn objects(&self, object_type: ObjectType) -> Result<Vec<ObjectRef>> {
        let meta = known(object_type)?;
        if let Some(table) = owner(meta).and_then(|o| o.table()) {
            let mut objects = Vec::new();
            table.for_each(self, object_type, &mut |o| objects.push(o));
            return Ok(objects);
        }
        if !meta.is_entry() {
            return Ok(self.store.ids(object_type).map(|id| ObjectRef::Object(object_type, id)).collect());
        }
        let entries = self.store.entries().filter(|(e, _)| e.object_type() == object_type);
        let mut entries: Vec<_> = entries.map(|(e, _)| ObjectRef::Entry(e.clone())).collect();
        entries.sort();
        Ok(entries)
    }
}

/// The stage of the pipeline in which an object with these attributes acts: the one that an attribute
/// names, else that of its type, else both.
fn stage(meta: &ObjectMeta, attrs: &[AttrEntry]) -> Result<ObjectStage> {
    for (n, given) in attrs.iter().enumerate() {
        let unknown = || no_attr(meta.name, given.id).with_status(Status::UNKNOWN_ATTRIBUTE_0.nth(n));
        let attr = meta.attr(given.id).ok_or_else(unknown)?;
        let Value::I32(value) = given.value else { continue };
        match attr.enumeration.map(|e| e.name) {
            Some("sai_object_stage_t") => return Ok(ObjectStage(value)),
            Some("sai_acl_stage_t") => {
                return Ok(match AclStage(value) {
                    AclStage::EGRESS | AclStage::EGRESS_MACSEC => ObjectStage::EGRESS,
                    _ => ObjectStage::INGRESS,
                });
            }
            _ => {}
        }
    }
    Ok(match meta.object_type {
        ObjectType::INGRESS_PRIORITY_GROUP | ObjectType::FDB_ENTRY | ObjectType::ROUTE_ENTRY => {
            ObjectStage::INGRESS
        }
        ObjectType::QUEUE | ObjectType::SCHEDULER | ObjectType::SCHEDULER_GROUP => ObjectStage::EGRESS,
        _ => ObjectStage::BOTH,
    })
}

fn no_attr(object: &str, id: sai::AttrId) -> Error {
    Error::because(Status::INVALID_PARAMETER, format!("{object} has no attribute {id}"))
}

/// What is done with the attributes of an object type, by name.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SupportOf {
    /// The object type: `SAI_OBJECT_TYPE_PORT`.
    pub object_type: &'static str,
    /// The attributes that act ([`Support::Enforced`]).
    pub acts: Vec<&'static str>,
    /// Those that act around the switch ([`Support::Around`]).
    pub around: Vec<&'static str>,
    /// Those that are stored.
    pub stored: Vec<&'static str>,
    /// Those that are refused.
    pub refused: Vec<&'static str>,
    /// Values of enum attributes that act which are stored alone, without effect.
    pub stored_values: Vec<&'static str>,
}

/// The support matrix: every object type but the experimental ones, in the order of their numbers.
pub fn support_table() -> Vec<SupportOf> {
    let of = |m: &'static meta::ObjectMeta| {
        let named = |wanted: Support| {
            let attrs = m.attrs.iter().filter(|a| support(m.object_type, a.id) == Ok(wanted));
            attrs.map(|a| a.name).collect()
        };
        SupportOf {
            object_type: m.name,
            acts: named(Support::Enforced),
            around: named(Support::Around),
            stored: named(Support::Stored),
            refused: named(Support::Refused),
            stored_values: stored_values(m),
        }
    };
    meta::OBJECTS.iter().filter(|m| !m.experimental).map(of).collect()
}

fn stored_values(m: &'static ObjectMeta) -> Vec<&'static str> {
    let values = |a: &'static meta::AttrMeta| {
        let stored = owner(m).map_or(&[][..], |o| o.stored_values(a.id));
        stored.iter().filter_map(|v| a.enumeration?.name_of(*v))
    };
    m.attrs.iter().flat_map(values).collect()
}

/// The support matrix of every object type, as Markdown.
pub fn support_matrix() -> String {
    use std::fmt::Write as _;
    let mut text = String::from(
        "<!-- @generated from the simulator's declarations. UPDATE_DOCS=1 cargo test -p switch-sim --test internals \
         support writes it. -->\n\n# What the simulator supports\n\n\
         *Acts*: giving or setting the attribute changes what the switch does, or it answers a state of the \
         switch. *Acts around the switch*: nothing in the switch depends on it; a notification attribute says whom \
         `libsai.so` calls, and the name of a host interface is that of its network device. *Stored*: accepted and \
         answered, without effect. *Refused*: answers `SAI_STATUS_ATTR_NOT_SUPPORTED_n`, where it can be given for any \
         value but the default. Attributes that are not listed are stored. *Stored values* of an attribute that acts \
         are accepted and answered, without effect.\n",
    );
    for SupportOf { object_type, acts, around, stored, refused, stored_values } in support_table() {
        let _ = write!(
            text,
            "\n## {object_type}\n\n{} act, {} stored, {} refused.\n",
            acts.len() + around.len(),
            stored.len(),
            refused.len()
        );
        let lists = [
            ("Acts", acts),
            ("Acts around the switch", around),
            ("Refused", refused),
            ("Stored values", stored_values),
        ];
        for (title, names) in lists {
            if !names.is_empty() {
                let _ = write!(text, "\n{title}: `{}`.\n", names.join("`, `"));
            }
        }
    }
    text
}
