//! Frames one after the other, in memory that is used again.

use super::Sink;
use crate::pipeline::frames::put;

/// Frames that left, one after the other.
#[derive(Debug, Default)]
pub struct Sent {
    /// As long as all of them once were.
    bytes: Vec<u8>,
    used: usize,
    /// The port of each and where it ends.
    frames: Vec<(u16, u32)>,
}

impl Sent {
    /// How many they are.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Each with its port, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &[u8])> {
        self.range(0, self.len())
    }

    pub(super) fn range(&self, from: usize, to: usize) -> impl Iterator<Item = (u16, &[u8])> {
        let mut start = from.checked_sub(1).map_or(0, |before| self.frames[before].1 as usize);
        self.frames[from..to].iter().map(move |&(port, end)| {
            let frame = &self.bytes[start..end as usize];
            start = end as usize;
            (port, frame)
        })
    }

    /// Room for more bytes.
    #[inline(always)]
    fn room(&mut self, len: usize) -> &mut [u8] {
        let start = self.used;
        self.used += len;
        if self.used > self.bytes.len() {
            self.grow();
        }
        &mut self.bytes[start..self.used]
    }

    #[cold]
    fn grow(&mut self) {
        self.bytes.resize(self.used.next_power_of_two().max(1 << 13), 0);
    }

    /// Forgets them; the memory stays.
    pub fn clear(&mut self) {
        self.used = 0;
        self.frames.clear();
    }

    /// Puts others behind them.
    pub fn append(&mut self, others: &Sent) {
        let start = self.used as u32;
        self.room(others.used).copy_from_slice(&others.bytes[..others.used]);
        self.frames.extend(others.frames.iter().map(|&(port, end)| (port, start + end)));
    }
}

impl Sink for Sent {
    #[inline]
    fn transmit(&mut self, port: u16, head: &[u8], tail: &[u8]) {
        put(self.room(head.len()), head);
        if !tail.is_empty() {
            self.room(tail.len()).copy_from_slice(tail);
        }
        self.frames.push((port, self.used as u32));
    }

    fn transmit_all(&mut self, sent: &mut Sent) {
        self.append(sent);
        sent.clear();
    }
}
