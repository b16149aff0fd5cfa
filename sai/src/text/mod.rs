//! Text and data forms: the sairedis text of values and keys, recordings (parse, print, replay), and
//! JSON documents of objects.
//!
//! - [`value`]: every [`Value`](crate::Value) as sairedis writes it.
//! - [`key`]: object ids and entry keys.
//! - [`recording`]: the lines of a `.rec` file.
//! - [`player`]: replays a recording on any [`Backend`](crate::Backend).
//! - [`notification`]: notifications as sairedis writes them.
//! - `toml` (feature `toml`): files of a program's own, with mistakes told in one line.
//! - [`json`]: objects and snapshots by SAI name.
//!
//! The [`Record`](crate::layer::Record) layer writes recordings.

use std::borrow::Cow;
use std::str::FromStr;

pub mod json;
pub mod key;
pub(crate) mod names;
pub mod notification;
pub mod player;
pub(crate) mod query;
pub mod recording;
mod structs;
#[cfg(feature = "toml")]
pub mod toml;
pub mod value;

/// Why a text is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TextError(Cow<'static, str>);

impl TextError {
    /// An error with this reason.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> TextError {
        TextError(reason.into())
    }
}

impl From<serde_json::Error> for TextError {
    fn from(error: serde_json::Error) -> TextError {
        TextError::new(format!("bad JSON: {error}"))
    }
}

/// Reads a decimal number, or a hexadecimal one after `0x`.
pub(crate) fn number<T: FromStr + TryFrom<u64>>(text: &str) -> Result<T, TextError> {
    let value = match text.strip_prefix("0x") {
        Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => {
            u64::from_str_radix(hex, 16).ok().and_then(|n| T::try_from(n).ok())
        }
        _ => text.parse().ok(),
    };
    value.ok_or_else(|| TextError::new(format!("'{text}' is no {}", std::any::type_name::<T>())))
}

/// Reads what has a [`FromStr`] of its own.
pub(crate) fn item<T: FromStr>(text: &str) -> Result<T, TextError>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|e| TextError::new(format!("'{text}': {e}")))
}

#[cfg(test)]
pub(crate) mod tests;
