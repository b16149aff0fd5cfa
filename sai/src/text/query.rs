//! Queries and their answers as lines `q` and `Q` have them.

use serde_json::{Value as Json, json};

use super::value::{parse as parse_value, print};
use super::{TextError, item, key, names, number};
use crate::meta;
use crate::types::StatsMode;
use crate::{
    Answer, AttrCapability, AttrEntry, AttrId, ObjectId, ObjectRef, ObjectType, Query, SaiEnum,
    StatCapability, StatId, Value,
};

/// A question that a recording can hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Question {
    AttributeCapability(ObjectType, AttrId),
    EnumValues(ObjectType, AttrId),
    StatsCapability(ObjectType),
    StatsStCapability(ObjectType),
    Availability(ObjectType, Vec<AttrEntry>),
    GetStats(ObjectRef, Vec<StatId>),
    ClearStats(ObjectRef, Vec<StatId>),
}

impl Question {
    /// The query that it stands for; `None` for statistics.
    pub fn query(&self) -> Option<Query<'_>> {
        Some(match self {
            Question::AttributeCapability(t, id) => Query::AttributeCapability(*t, *id),
            Question::EnumValues(t, id) => Query::EnumValues(*t, *id),
            Question::StatsCapability(t) => Query::StatsCapability(*t),
            Question::StatsStCapability(t) => Query::StatsStCapability(*t),
            Question::Availability(t, attrs) => Query::Availability(*t, attrs),
            Question::GetStats(..) | Question::ClearStats(..) => return None,
        })
    }

    /// The question that a query is; `None` where recordings have no form for it.
    pub fn of(query: &Query<'_>) -> Option<Question> {
        Some(match *query {
            Query::AttributeCapability(t, id) => Question::AttributeCapability(t, id),
            Query::EnumValues(t, id) => Question::EnumValues(t, id),
            Query::StatsCapability(t) => Question::StatsCapability(t),
            Query::StatsStCapability(t) => Question::StatsStCapability(t),
            Query::Availability(t, attrs) => Question::Availability(t, attrs.to_vec()),
            _ => return None,
        })
    }

    pub fn name(&self) -> &'static str {
        match self {
            Question::AttributeCapability(..) => "attribute_capability",
            Question::EnumValues(..) => "attribute_enum_values_capability",
            Question::StatsCapability(_) => "stats_capability",
            Question::StatsStCapability(_) => "stats_st_capability",
            Question::Availability(..) => "object_type_get_availability",
            Question::GetStats(..) => "get_stats",
            Question::ClearStats(..) => "clear_stats",
        }
    }

    /// The fields of the line `q`; `size` is how long a list the answer was given.
    pub fn fields(&self, switch: ObjectId, size: usize) -> Vec<String> {
        let mut fields = vec![format!("SAI_OBJECT_TYPE_SWITCH:{switch}")];
        match self {
            Question::AttributeCapability(t, id) => fields.extend(attr_fields(*t, *id)),
            Question::EnumValues(t, id) => fields.push(format!("{}={size}", attr_text(*t, *id))),
            Question::StatsCapability(t) | Question::StatsStCapability(t) => {
                fields.push(format!("OBJECT_TYPE={}", names::object_name(*t)));
                fields.push(format!("LIST_SIZE={size}"));
            }
            Question::Availability(t, attrs) => {
                for attr in attrs {
                    if let Some(meta) = meta::attr(*t, attr.id) {
                        fields.push(format!("{}={}", meta.name, print(&attr.value, meta)));
                    }
                }
                fields.push(format!("OBJECT_TYPE={}", names::object_name(*t)));
            }
            Question::GetStats(object, stats) | Question::ClearStats(object, stats) => {
                fields[0] = key::print_typed(object);
                let table = meta::object(object.object_type());
                fields.extend(stats.iter().map(|id| match table.and_then(|t| t.stat(*id)) {
                    Some(stat) => format!("{}=", stat.name),
                    None => format!("{id}="),
                }));
            }
        }
        fields
    }

    /// Reads the fields of a line `q`; also the switch.
    pub fn parse(name: &str, fields: &[String]) -> Result<(ObjectId, Question), TextError> {
        let first = fields.first().ok_or_else(|| TextError::new("a query without an object"))?;
        if let "get_stats" | "clear_stats" = name {
            let object = key::parse_typed(first)?;
            let table = meta::object(object.object_type()).and_then(|m| m.stats);
            let ids = fields[1..].iter().map(|field| {
                let name = field.split('=').next().unwrap_or_default();
                names::read_enum(table, name).map(|id| id as StatId)
            });
            let ids = ids.collect::<Result<_, _>>()?;
            let question = if name == "get_stats" { Question::GetStats } else { Question::ClearStats };
            return Ok((ObjectId::NULL, question(object, ids)));
        }
        let switch = item(first.strip_prefix("SAI_OBJECT_TYPE_SWITCH:").unwrap_or(first))?;
        let mut object_type = None;
        let mut attr_id = None;
        let mut attrs = Vec::new();
        for field in fields[1..].iter().filter(|f| !f.is_empty()) {
            match field.split_once('=') {
                Some(("OBJECT_TYPE", t)) => object_type = Some(key::parse_type(t)?),
                Some(("ATTR_ID", a)) => attr_id = Some(known(a)?),
                Some(("LIST_SIZE", _)) => {}
                Some((attr, _)) if name == "attribute_enum_values_capability" => attr_id = Some(known(attr)?),
                Some((attr, text)) => attrs.push((known(attr)?, text)),
                None => return Err(TextError::new(format!("'{field}' is not of the form name=value"))),
            }
        }
        let attr = || attr_id.ok_or_else(|| TextError::new("the query names no attribute"));
        let of = object_type.or(attr_id.map(|(t, _)| t)).or(attrs.first().map(|((t, _), _)| *t));
        let of = of.ok_or_else(|| TextError::new("the query names no object type"))?;
        let question = match name {
            "attribute_capability" => Question::AttributeCapability(of, attr()?.1),
            "attribute_enum_values_capability" => Question::EnumValues(of, attr()?.1),
            "stats_capability" => Question::StatsCapability(of),
            "stats_st_capability" => Question::StatsStCapability(of),
            "object_type_get_availability" => {
                let read = |((t, id), text): ((ObjectType, AttrId), &str)| {
                    let meta = meta::attr(t, id).ok_or_else(|| TextError::new("unknown attribute"))?;
                    Ok(AttrEntry::new(id, parse_value(text, meta)?))
                };
                Question::Availability(of, attrs.into_iter().map(read).collect::<Result<_, TextError>>()?)
            }
            other => return Err(TextError::new(format!("unknown query '{other}'"))),
        };
        Ok((switch, question))
    }

    /// The fields of the line `Q` after the status, for an answer.
    pub fn answer_fields(&self, answer: &Answer) -> Vec<String> {
        match (self, answer) {
            (Question::AttributeCapability(t, id), Answer::AttributeCapability(c)) => {
                let [object_type, attr] = attr_fields(*t, *id);
                let can = [("CREATE_IMP", c.create), ("SET_IMP", c.set), ("GET_IMP", c.get)];
                let can = can.iter().map(|(name, can)| format!("{name}={can}"));
                [object_type, attr].into_iter().chain(can).collect()
            }
            (Question::EnumValues(t, id), Answer::EnumValues(values)) => {
                let mut text = String::new();
                let e = meta::attr(*t, *id).and_then(|m| m.enumeration);
                super::value::write(&mut text, &Value::I32List(values.clone()), e);
                vec![format!("{}={text}", attr_text(*t, *id))]
            }
            (_, Answer::Count(n)) => vec![format!("COUNT={n}")],
            (Question::StatsCapability(t), Answer::StatsCapability(list)) => {
                vec![stats_json(*t, list, false)]
            }
            (Question::StatsStCapability(t), Answer::StatsCapability(list)) => {
                vec![stats_json(*t, list, true)]
            }
            _ => Vec::new(),
        }
    }

    /// Reads the fields of a line `Q` after the status; `None` where only a length is told.
    pub fn parse_answer(&self, fields: &[String]) -> Result<Option<Answer>, TextError> {
        let field = |name: &str| {
            fields.iter().find_map(|f| f.split_once('=').filter(|(n, _)| *n == name).map(|(_, text)| text))
        };
        let missing = |name: &str| TextError::new(format!("the answer lacks {name}"));
        match self {
            Question::AttributeCapability(..) => {
                let can = |name| item::<bool>(field(name).ok_or_else(|| missing(name))?);
                let (create, set, get) = (can("CREATE_IMP")?, can("SET_IMP")?, can("GET_IMP")?);
                Ok(Some(Answer::AttributeCapability(AttrCapability { create, set, get })))
            }
            Question::EnumValues(t, id) => {
                if let Some(list) = field("ENUM_CAPABILITIES") {
                    let values = list.split(',').map(number).collect::<Result<_, _>>()?;
                    return Ok(Some(Answer::EnumValues(values)));
                }
                let name = attr_text(*t, *id);
                let text = field(&name).ok_or_else(|| missing(&name))?;
                if !text.contains(':') {
                    return Ok(None);
                }
                let e = meta::attr(*t, *id).and_then(|m| m.enumeration);
                match super::value::parse_kind(text, crate::ValueKind::I32List, e)? {
                    Value::I32List(values) => Ok(Some(Answer::EnumValues(values))),
                    _ => Ok(None),
                }
            }
            Question::Availability(..) => {
                let text = field("COUNT").or(field("OBJECT_COUNT")).ok_or_else(|| missing("COUNT"))?;
                Ok(Some(Answer::Count(number(text)?)))
            }
            Question::StatsCapability(t) | Question::StatsStCapability(t) => {
                read_stats(*t, &fields.join("|"))
            }
            Question::GetStats(..) | Question::ClearStats(..) => Ok(None),
        }
    }
}

fn known(name: &str) -> Result<(ObjectType, AttrId), TextError> {
    let found = names::attr(name).map(|(meta, id)| (meta.object_type, id));
    found.ok_or_else(|| TextError::new(format!("unknown attribute '{name}'")))
}

fn attr_text(object_type: ObjectType, id: AttrId) -> String {
    meta::attr(object_type, id).map_or_else(|| id.to_string(), |m| names::attr_name(m, id).into_owned())
}

fn attr_fields(object_type: ObjectType, id: AttrId) -> [String; 2] {
    let object_name = names::object_name(object_type);
    [format!("OBJECT_TYPE={object_name}"), format!("ATTR_ID={}", attr_text(object_type, id))]
}

fn stats_json(object_type: ObjectType, list: &[StatCapability], streaming: bool) -> String {
    let meta = meta::object(object_type);
    let one = |c: &StatCapability| {
        let name =
            meta.and_then(|m| m.stat(c.stat)).map_or_else(|| c.stat.to_string(), |s| s.name.to_owned());
        let modes = StatsMode::META.values.iter().filter(|m| c.modes & m.value as u32 != 0);
        let modes: Vec<_> = modes.map(|m| m.name).collect();
        let mut json = json!({"stat_enum": name, "stat_modes": modes});
        if streaming {
            json["minimal_polling_interval"] = c.min_polling_interval.to_string().into();
        }
        json
    };
    json!({"count": list.len(), "list": list.iter().map(one).collect::<Vec<_>>()}).to_string()
}

fn read_stats(object_type: ObjectType, text: &str) -> Result<Option<Answer>, TextError> {
    let json: Json = serde_json::from_str(text)?;
    let Some(list) = json.get("list").and_then(Json::as_array) else { return Ok(None) };
    let stats = meta::object(object_type).and_then(|m| m.stats);
    let one = |j: &Json| {
        let text = |name: &str| j.get(name).and_then(Json::as_str);
        let modes = j.get("stat_modes").and_then(Json::as_array);
        let mut bits = 0;
        for mode in modes.into_iter().flatten().filter_map(Json::as_str) {
            bits |= names::read_enum(Some(StatsMode::META), mode)? as u32;
        }
        Ok(StatCapability {
            stat: names::read_enum(stats, text("stat_enum").unwrap_or_default())? as StatId,
            modes: bits,
            min_polling_interval: text("minimal_polling_interval").map_or(Ok(0), number)?,
        })
    };
    Ok(Some(Answer::StatsCapability(list.iter().map(one).collect::<Result<_, TextError>>()?)))
}
