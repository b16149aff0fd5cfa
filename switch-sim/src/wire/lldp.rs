//! Link layer discovery (IEEE 802.1AB): a sequence of type-length-value items.

use super::{MacAddr, be16};

/// The group address that bridges do not forward.
pub const ADDRESS: MacAddr = [0x01, 0x80, 0xc2, 0, 0, 0x0e];

/// Type of the end of the sequence.
pub const END: u8 = 0;
/// Type of the chassis id: a subtype byte and the id.
pub const CHASSIS_ID: u8 = 1;
/// Type of the port id: a subtype byte and the id.
pub const PORT_ID: u8 = 2;
/// Type of the time to live, two bytes, in seconds.
pub const TTL: u8 = 3;
/// Type of the system's name.
pub const SYSTEM_NAME: u8 = 5;

/// Chassis id subtype of a MAC address.
pub const CHASSIS_MAC: u8 = 4;
/// Port id subtype of an interface name.
pub const PORT_NAME: u8 = 5;

/// The items of an LLDPDU, as type and value; ends at the end item, or where the bytes end.
#[derive(Clone, Debug)]
pub struct Items<'a>(pub &'a [u8]);

impl<'a> Iterator for Items<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let head = be16(self.0, 0)?;
        if head >> 9 == u16::from(END) {
            return None;
        }
        let (value, rest) = self.0[2..].split_at_checked(usize::from(head & 0x1ff))?;
        self.0 = rest;
        Some(((head >> 9) as u8, value))
    }
}

/// Appends an item. A value longer than 511 bytes is cut there.
pub fn push(bytes: &mut Vec<u8>, kind: u8, value: &[u8]) {
    let value = &value[..value.len().min(511)];
    bytes.extend_from_slice(&(u16::from(kind) << 9 | value.len() as u16).to_be_bytes());
    bytes.extend_from_slice(value);
}
