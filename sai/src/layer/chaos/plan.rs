//! What to inject, and when: the configuration of [`Chaos`](super::Chaos).

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use crate::layer::Operation;
use crate::notify::NotificationKind;
use crate::{AttrId, ObjectType, SaiEnum as _, Status, meta};

/// Rules with the seed of their chances. It deserialises from any format; from TOML it reads
///
/// ```toml
/// seed = 7
///
/// [[rule]]                                # the third route is refused
/// operation = "create"
/// object_type = "SAI_OBJECT_TYPE_ROUTE_ENTRY"
/// nth = 3
/// status = "SAI_STATUS_TABLE_FULL"
///
/// [[rule]]                                # one set of the speed in ten takes 5 ms
/// attr = "SAI_PORT_ATTR_SPEED"
/// operation = "set"
/// probability = 0.1
/// delay_us = 5000
///
/// [[rule]]                                # FDB events come twice
/// notification = "fdb_event"
/// trouble = "double"
/// ```
///
/// A rule needs exactly one of `status`, `delay_us` and `trouble`; at most one of `nth` and
/// `probability`, and with neither it applies always. What it does not name it does not look at.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The seed: the same seed and the same calls give the same injections.
    #[serde(default)]
    pub seed: u64,
    /// The rules. Every delay that applies is waited for; of several statuses the first counts.
    #[serde(default, rename = "rule")]
    pub rules: Vec<Rule>,
}

/// What is injected where and when.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "RawRule")]
pub struct Rule {
    /// Only this operation; any call where there is none. Bulk calls count object by object.
    pub operation: Option<Operation>,
    /// Only objects of this type.
    pub object_type: Option<ObjectType>,
    /// Only calls with this attribute of `object_type`.
    pub attr: Option<AttrId>,
    /// Only this notification.
    pub notification: Option<NotificationKind>,
    /// When, among the calls that match.
    pub when: When,
    /// What.
    pub effect: Effect,
}

/// Which of the calls that match a rule it applies to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// All.
    Always,
    /// The n-th, from 1.
    Nth(u64),
    /// Each with this chance, 0 to 1.
    Probability(f64),
}

/// What is injected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    /// The call fails with this status and does not reach the backend. A status that carries an
    /// attribute's position gets that of the rule's attribute.
    Status(Status),
    /// The call waits first.
    Delay(Duration),
    /// A notification is troubled.
    Trouble(Trouble),
}

/// What happens to a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// It is lost.
    Lose,
    /// It comes twice.
    Double,
    /// It comes after the next one, or when [`Chaos::release`](super::Chaos::release) is called.
    Reorder,
}

impl Plan {
    /// Reads a plan from TOML.
    ///
    /// # Errors
    /// What does not fit, with its line and key.
    #[cfg(feature = "chaos-toml")]
    pub fn from_toml(text: &str) -> Result<Plan, crate::text::TextError> {
        crate::text::toml::read(text)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    operation: Option<Operation>,
    #[serde(default, deserialize_with = "object_type")]
    object_type: Option<ObjectType>,
    #[serde(default, deserialize_with = "attr")]
    attr: Option<(ObjectType, AttrId)>,
    #[serde(default, deserialize_with = "notification")]
    notification: Option<NotificationKind>,
    #[serde(default, deserialize_with = "nth")]
    nth: Option<u64>,
    #[serde(default, deserialize_with = "probability")]
    probability: Option<f64>,
    #[serde(default, deserialize_with = "status")]
    status: Option<Status>,
    delay_us: Option<u64>,
    trouble: Option<Trouble>,
}

impl TryFrom<RawRule> for Rule {
    type Error = &'static str;

    fn try_from(raw: RawRule) -> Result<Rule, Self::Error> {
        let effect = match (raw.status, raw.delay_us, raw.trouble) {
            (Some(status), None, None) => Effect::Status(status),
            (None, Some(us), None) => Effect::Delay(Duration::from_micros(us)),
            (None, None, Some(trouble)) => Effect::Trouble(trouble),
            _ => return Err("a rule needs exactly one of `status`, `delay_us` and `trouble`"),
        };
        let when = match (raw.nth, raw.probability) {
            (None, None) => When::Always,
            (Some(n), None) => When::Nth(n),
            (None, Some(p)) => When::Probability(p),
            _ => return Err("a rule has at most one of `nth` and `probability`"),
        };
        let about_notification = raw.notification.is_some()
            || raw.operation == Some(Operation::Notify)
            || matches!(effect, Effect::Trouble(_));
        let mut operation = raw.operation;
        if about_notification {
            if !matches!(operation, None | Some(Operation::Notify)) {
                return Err("`notification` and `trouble` go with `operation = \"notify\"` or none");
            }
            if raw.object_type.is_some() || raw.attr.is_some() {
                return Err("a rule about notifications has no `object_type` and no `attr`");
            }
            if matches!(effect, Effect::Status(_)) {
                return Err("a notification takes no `status`: use `trouble` or `delay_us`");
            }
            operation = Some(Operation::Notify);
        }
        let bulk = [Operation::BulkCreate, Operation::BulkRemove, Operation::BulkSet, Operation::BulkGet];
        if operation.is_some_and(|o| bulk.contains(&o)) {
            return Err("bulk calls are matched object by object: use `create`, `remove`, `set` or `get`");
        }
        let object_type = match (raw.object_type, raw.attr) {
            (Some(t), Some((of, _))) if t != of => return Err("`attr` is not one of `object_type`"),
            (t, attr) => t.or(attr.map(|(of, _)| of)),
        };
        let attr = raw.attr.map(|(_, id)| id);
        Ok(Rule { operation, object_type, attr, notification: raw.notification, when, effect })
    }
}

/// Reads a name and looks it up.
fn named<'de, D: Deserializer<'de>, T>(
    d: D,
    what: &str,
    find: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, D::Error> {
    let name = String::deserialize(d)?;
    match find(&name) {
        Some(found) => Ok(Some(found)),
        None => Err(de::Error::custom(format!("'{name}' is no {what}"))),
    }
}

fn object_type<'de, D: Deserializer<'de>>(d: D) -> Result<Option<ObjectType>, D::Error> {
    named(d, "object type", ObjectType::from_name)
}

fn attr<'de, D: Deserializer<'de>>(d: D) -> Result<Option<(ObjectType, AttrId)>, D::Error> {
    named(d, "attribute", |name| meta::attr_by_name(name).map(|a| (a.object_type, a.id)))
}

fn notification<'de, D: Deserializer<'de>>(d: D) -> Result<Option<NotificationKind>, D::Error> {
    named(d, "notification", NotificationKind::from_name)
}

fn status<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Status>, D::Error> {
    named(d, "status of a failure", |name| Status::from_name(name).filter(|s| !s.is_ok()))
}

fn nth<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u64>, D::Error> {
    match u64::deserialize(d)? {
        0 => Err(de::Error::custom("`nth` counts from 1")),
        n => Ok(Some(n)),
    }
}

fn probability<'de, D: Deserializer<'de>>(d: D) -> Result<Option<f64>, D::Error> {
    let p = f64::deserialize(d)?;
    if (0.0..=1.0).contains(&p) {
        Ok(Some(p))
    } else {
        Err(de::Error::custom(format!("`probability` is {p}; it goes from 0 to 1")))
    }
}
