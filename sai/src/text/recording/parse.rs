//! Reading of lines.

use super::*;

/// Reads a line; problems are collected in it.
pub(super) fn line(number: usize, text: &str) -> Line {
    let mut problems = Vec::new();
    let (time, op) = match text.split_once('|') {
        Some((time, rest)) if is_time(time) => (time, op(rest, &mut problems)),
        _ => {
            problems.push("no line of the form TIME|OP|BODY".to_owned());
            ("", Op::Unknown(text.to_owned()))
        }
    };
    Line { number, time: time.to_owned(), op, raw: None, problems }
}

/// `2026-08-20.14:03:55.123456`.
fn is_time(text: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00.00:00:00";
    let bytes = text.as_bytes();
    let fits = |(b, f): (&u8, &u8)| if *f == b'0' { b.is_ascii_digit() } else { b == f };
    bytes.len() >= FORM.len()
        && bytes.iter().zip(FORM).all(fits)
        && matches!(&bytes[FORM.len()..], [] | [b'.', ..])
        && bytes[FORM.len()..].iter().skip(1).all(u8::is_ascii_digit)
}

fn op(text: &str, problems: &mut Vec<String>) -> Op {
    let (letter, body) = text.split_once('|').unwrap_or((text, ""));
    try_op(letter, body, problems).unwrap_or_else(|e| {
        problems.push(e.to_string());
        Op::Unknown(text.to_owned())
    })
}

fn try_op(letter: &str, body: &str, problems: &mut Vec<String>) -> Result<Op, TextError> {
    Ok(match letter {
        "#" => Op::Comment(body.to_owned()),
        "a" => Op::Syncd(body.to_owned()),
        "A" => Op::SyncdAnswer(status(body)?),
        "c" => {
            let (key, attrs) = object(body, problems)?;
            Op::Create(key, attrs)
        }
        "r" => Op::Remove(object(body, problems)?.0),
        "s" => {
            let (key, attrs) = object(body, problems)?;
            let [attr] = <[Attr; 1]>::try_from(attrs)
                .map_err(|a| TextError::new(format!("a set has one attribute, this one {}", a.len())))?;
            Op::Set(key, attr)
        }
        "g" => {
            let (key, attrs) = object(body, problems)?;
            Op::Get(key, attrs)
        }
        "G" if body.contains("||") => {
            let mut parts = body.split("||");
            let first = status(parts.next().unwrap_or_default())?;
            let items = parts.map(|part| {
                let (status_text, rest) = part
                    .trim_start_matches('|')
                    .split_once('|')
                    .unwrap_or((part.trim_start_matches('|'), ""));
                Ok((status(status_text)?, attrs(rest, problems)))
            });
            Op::BulkAnswer(first, items.collect::<Result<_, TextError>>()?)
        }
        "G" => {
            let (first, rest) = body.split_once('|').unwrap_or((body, ""));
            Op::Answer(status(first)?, attrs(rest, problems))
        }
        "C" => bulk(BulkOp::Create, body, problems)?,
        "R" => bulk(BulkOp::Remove, body, problems)?,
        "S" => bulk(BulkOp::Set, body, problems)?,
        "B" => bulk(BulkOp::Get, body, problems)?,
        "E" => {
            let mut parts = body.split('|').filter(|part| !part.is_empty());
            let first = status(parts.next().unwrap_or_default())?;
            Op::Failed(first, parts.map(status).collect::<Result<_, _>>()?)
        }
        "f" => {
            let (key, rest) = body.split_once('|').unwrap_or((body, ""));
            let switch = key.strip_prefix("SAI_OBJECT_TYPE_FDB_FLUSH:").unwrap_or(key);
            Op::Flush(super::super::item(switch)?, attrs(rest, problems))
        }
        "F" => Op::FlushAnswer(status(body)?),
        "q" => {
            let mut fields = body.split('|').map(str::to_owned);
            Op::Query(fields.next().unwrap_or_default(), fields.collect())
        }
        "Q" => {
            let mut fields = body.split('|').map(str::to_owned);
            let name = fields.next().unwrap_or_default();
            let status = status(&fields.next().unwrap_or_default())?;
            Op::QueryAnswer(name, status, fields.collect())
        }
        "p" => Op::Polling(body.to_owned()),
        "n" => {
            let (name, json) = body.split_once('|').unwrap_or((body, ""));
            let json = json.strip_suffix('|').unwrap_or(json);
            serde_json::from_str::<serde::de::IgnoredAny>(json)?;
            Op::Notification(name.to_owned(), json.to_owned())
        }
        "@" => Op::Pause(number(body)?),
        other => return Err(TextError::new(format!("unknown operation '{other}'"))),
    })
}

fn status(text: &str) -> Result<Status, TextError> {
    Status::from_name(text)
        .or_else(|| text.parse().ok().map(Status))
        .ok_or_else(|| TextError::new(format!("'{text}' is no status")))
}

/// `TYPE:id|attr=v|…`.
fn object(body: &str, problems: &mut Vec<String>) -> Result<(Key, Vec<Attr>), TextError> {
    let (typed, rest) = body.split_once('|').unwrap_or((body, ""));
    let (name, id) = typed
        .split_once(':')
        .ok_or_else(|| TextError::new(format!("'{typed}' is not of the form TYPE:id")))?;
    let key = match key::parse_type(name) {
        Ok(object_type) => known(object_type, id, problems),
        Err(e) => {
            problems.push(e.to_string());
            Key::Unknown(None, typed.to_owned())
        }
    };
    Ok((key, attrs(rest, problems)))
}

fn known(object_type: ObjectType, id: &str, problems: &mut Vec<String>) -> Key {
    key::parse(object_type, id).map(Key::Known).unwrap_or_else(|e| {
        problems.push(format!("{}: {e}", names::object_name(object_type)));
        Key::Unknown(Some(object_type), id.to_owned())
    })
}

fn bulk(op: BulkOp, body: &str, problems: &mut Vec<String>) -> Result<Op, TextError> {
    let mut parts = body.split("||");
    let object_type = key::parse_type(parts.next().unwrap_or_default())?;
    let mut items = Vec::new();
    for part in parts {
        let (id, rest) = part.split_once('|').unwrap_or((part, ""));
        items.push(BulkItem { key: known(object_type, id, problems), attrs: attrs(rest, problems) });
    }
    if op == BulkOp::Set && items.iter().any(|item| item.attrs.len() != 1) {
        return Err(TextError::new("each object of a bulk set has one attribute"));
    }
    Ok(Op::Bulk(op, object_type, items))
}

/// Attributes joined by `|`; a value may hold `|` itself (flags), its next part then has no `=`.
fn attrs(text: &str, problems: &mut Vec<String>) -> Vec<Attr> {
    let mut attrs = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = rest.find('|').unwrap_or(rest.len());
        while let Some(next) = rest.get(end + 1..) {
            let stop = next.find('|').unwrap_or(next.len());
            if next.is_empty() || next[..stop].contains('=') {
                break;
            }
            end += 1 + stop;
        }
        let part = &rest[..end];
        if part != "NULL=NULL" {
            attrs.push(attr(part, problems));
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    attrs
}

fn attr(part: &str, problems: &mut Vec<String>) -> Attr {
    let (name, text) = part.split_once('=').unwrap_or((part, ""));
    let unknown = |problems: &mut Vec<String>, reason: String| {
        problems.push(reason);
        Attr::Unknown { name: name.to_owned(), text: text.to_owned() }
    };
    let Some((meta, id)) = names::attr(name) else {
        return unknown(problems, format!("unknown attribute '{name}'"));
    };
    match value::parse(text, meta) {
        Ok(value) => Attr::Known(meta, AttrEntry { id, value }),
        Err(e) => match value::parse_count(text, meta) {
            Some(n) => Attr::Count(meta, n),
            None => unknown(problems, format!("{name}: {e}")),
        },
    }
}
