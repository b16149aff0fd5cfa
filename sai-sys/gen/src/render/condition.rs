//! Conditions over attributes: `SAI_X_ATTR_A == SAI_Y and (SAI_X_ATTR_B == true or …)`.

use anyhow::{Context as _, Result, bail, ensure};

/// A parsed condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The attribute has this value.
    Eq(u32, i64),
    /// The attribute has another value.
    Ne(u32, i64),
    /// All hold.
    All(Vec<Condition>),
    /// At least one holds.
    AnyOf(Vec<Condition>),
}

/// Parses a condition: `attr` gives the id of an attribute, `value` the number of an enum value.
pub fn parse(
    text: &str,
    attr: impl Fn(&str) -> Option<u32>,
    value: impl Fn(&str) -> Option<i64>,
) -> Result<Condition> {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let condition = group(&mut words, &attr, &value).with_context(|| format!("condition '{text}'"))?;
    ensure!(words.next().is_none(), "condition '{text}': a parenthesis closes that none opened");
    Ok(condition)
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn group(
    words: &mut Words<'_>,
    attr: &impl Fn(&str) -> Option<u32>,
    value: &impl Fn(&str) -> Option<i64>,
) -> Result<Condition> {
    let mut terms = vec![term(words, attr, value)?];
    let mut joined: Option<&str> = None;
    while let Some(word) = words.next_if(|w| *w != ")") {
        ensure!(matches!(word, "and" | "or"), "'{word}' instead of 'and' or 'or'");
        ensure!(joined.is_none_or(|j| j == word), "'and' and 'or' mixed without parentheses");
        joined = Some(word);
        terms.push(term(words, attr, value)?);
    }
    Ok(match joined {
        None => terms.remove(0),
        Some("and") => Condition::All(terms),
        Some(_) => Condition::AnyOf(terms),
    })
}

fn term(
    words: &mut Words<'_>,
    attr: &impl Fn(&str) -> Option<u32>,
    value: &impl Fn(&str) -> Option<i64>,
) -> Result<Condition> {
    let name = words.next().context("it ends early")?;
    if name == "(" {
        let inner = group(words, attr, value)?;
        ensure!(words.next() == Some(")"), "a parenthesis is not closed");
        return Ok(inner);
    }
    let id = attr(name).with_context(|| format!("{name} is no attribute"))?;
    let operator = words.next().context("it ends early")?;
    let right = words.next().context("it ends early")?;
    let right = match right {
        "true" => 1,
        "false" => 0,
        _ => right.parse().ok().or_else(|| value(right)).with_context(|| format!("{right} is no value"))?,
    };
    Ok(match operator {
        "==" => Condition::Eq(id, right),
        "!=" => Condition::Ne(id, right),
        _ => bail!("'{operator}' is no comparison"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Condition> {
        parse(text, |n| n.strip_prefix('A')?.parse().ok(), |n| n.strip_prefix('V')?.parse().ok())
    }

    #[test]
    fn parses_what_the_model_has() {
        use Condition::{All, AnyOf, Eq, Ne};
        assert_eq!(read("A1 == true").unwrap(), Eq(1, 1));
        assert_eq!(read("A1 != 25000").unwrap(), Ne(1, 25000));
        assert_eq!(read("A1 == V2 or A1 == V3").unwrap(), AnyOf(vec![Eq(1, 2), Eq(1, 3)]));
        assert_eq!(
            read("A1 == V2 and (A2 == V3 or A2 == V4)").unwrap(),
            All(vec![Eq(1, 2), AnyOf(vec![Eq(2, 3), Eq(2, 4)])])
        );
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for text in ["", "A1", "A1 ==", "A1 == X", "B1 == V1", "A1 > V1", "(A1 == V1", "A1 == V1)"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read("A1 == V1 and A2 == V2 or A3 == V3").is_err());
    }
}
