//! Frames from a line of text: `eth/ipv4/udp dst=10.0.0.1 ttl=1`.
//!
//! Names of layers, from the outside in, and fields as `name=value`, with blanks or `/` between. A field is that of
//! the nearest layer before it that has one of this name and can hold the value: in `eth/ipv4/udp dst=10.0.0.1
//! dst=53`, the address goes to IPv4 and the port to UDP, while `eth/ipv4 ttl=9/vxlan/eth/ipv4` sets the outer TTL.
//! Numbers are decimal, or hexadecimal after `0x`. What is not given has a default; lengths, checksums and types of
//! what follows are filled in. `pad=60` fills the frame up to a length with zeros, `payload hex=0102` gives bytes and
//! `payload zeros=100` a number of them. The error for an unknown name lists the layers, or the fields that the layers
//! before it have.

use std::fmt;

use super::PacketBuilder;

mod field;
mod layer;

/// Why a text is not a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// No layer is named.
    Empty,
    /// No layer has this name.
    UnknownLayer(String),
    /// A field stands before any layer.
    FieldFirst(String),
    /// No layer before it has this field.
    UnknownField {
        /// The field's name.
        field: String,
        /// The fields that the layers before it have.
        known: Vec<&'static str>,
    },
    /// The field cannot hold this value.
    Value {
        /// The field's name.
        field: String,
        /// The value.
        value: String,
        /// What the field holds.
        expected: String,
    },
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Empty => write!(f, "the packet has no layer; it could be eth/ipv4/udp"),
            Error::UnknownLayer(name) => {
                write!(
                    f,
                    "no layer is named {name:?}; there are {}",
                    layer::names().collect::<Vec<_>>().join(", ")
                )
            }
            Error::FieldFirst(field) => {
                write!(f, "the field {field:?} stands before the layer that it belongs to")
            }
            Error::UnknownField { field, known } => {
                write!(f, "no layer before it has a field {field:?}; they have {}", known.join(", "))
            }
            Error::Value { field, value, expected } => {
                write!(f, "{field:?} cannot be {value:?}: it is {expected}")
            }
        }
    }
}

/// The frame that a text describes.
///
/// ```
/// use switch_sim::wire::text;
///
/// let frame = text::parse("eth dst=02:00:00:00:00:09/vlan vid=5/ipv4/udp dst=10.0.0.1 ttl=1 dst=53")?;
/// assert_eq!(frame[..6], [2, 0, 0, 0, 0, 9]);
/// assert_eq!(frame[34..38], [10, 0, 0, 1]);
///
/// let error = text::parse("eth/ipv4 ttl=300").unwrap_err();
/// assert_eq!(error.to_string(), r#""ttl" cannot be "300": it is a number from 0 to 255"#);
/// # Ok::<(), text::Error>(())
/// ```
pub fn parse(text: &str) -> Result<Vec<u8>, Error> {
    Ok(builder(text)?.build())
}

/// As [`parse`], but the frame in the making, to change further.
pub fn builder(text: &str) -> Result<PacketBuilder, Error> {
    let mut packet = PacketBuilder::new();
    let words = text.split(|c: char| c == '/' || c.is_whitespace()).filter(|word| !word.is_empty());
    for word in words {
        packet = match word.split_once('=') {
            Some((name, value)) => field::set(packet, name, value)?,
            None => layer::push(packet, word)?,
        };
    }
    if packet.layers_mut().is_empty() { Err(Error::Empty) } else { Ok(packet) }
}

#[cfg(test)]
mod tests;
