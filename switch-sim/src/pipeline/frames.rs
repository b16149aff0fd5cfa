//! The bytes of the frames of a vector: one block of memory, a buffer a slot.

use std::ops::Range;

use super::engine::{HEADROOM, SLOTS};
use super::packet::Packet;

/// Bytes of the common frame, with its VLAN tags and FCS.
const COMMON: usize = 1536;

/// The buffers. All have the same size, that of the longest frame so far.
#[derive(Debug)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
    /// Bytes from one buffer to the next: an odd number of cache lines, so that the starts of frames spread
    /// over the sets of the cache.
    stride: usize,
}

/// A frame that a slot received, which most do not ask for its bytes.
#[derive(Clone, Copy)]
pub(crate) struct Bytes<'a> {
    frames: &'a Frames,
    slot: usize,
}

impl<'a> Bytes<'a> {
    /// Its bytes, of which there are so many.
    #[inline(always)]
    pub(crate) fn get(self, len: u16) -> &'a [u8] {
        self.frames.received(self.slot, len)
    }
}

impl Frames {
    pub(super) fn new() -> Frames {
        let stride = Frames::stride_for(COMMON);
        Frames { bytes: vec![0; SLOTS * stride], stride }
    }

    const fn stride_for(frame: usize) -> usize {
        (HEADROOM + frame).next_multiple_of(128) + 64
    }

    /// Puts a frame that came in into its slot.
    #[inline(always)]
    pub(super) fn put(&mut self, slot: usize, frame: &[u8]) {
        if HEADROOM + frame.len() > self.stride {
            self.grow(frame.len());
        }
        put(&mut self.bytes[slot * self.stride + HEADROOM..][..frame.len()], frame);
    }

    #[cold]
    fn grow(&mut self, frame: usize) {
        let stride = Frames::stride_for(frame);
        let mut bytes = vec![0; SLOTS * stride];
        for (to, from) in bytes.chunks_exact_mut(stride).zip(self.bytes.chunks_exact(self.stride)) {
            to[..from.len()].copy_from_slice(from);
        }
        (self.bytes, self.stride) = (bytes, stride);
    }

    /// The buffer of a slot.
    #[inline(always)]
    pub(super) fn slot(&self, slot: usize) -> &[u8] {
        &self.bytes[slot * self.stride..][..self.stride]
    }

    /// The frame of this length that a slot received.
    #[inline(always)]
    pub(super) fn received(&self, slot: usize, len: u16) -> &[u8] {
        &self.bytes[slot * self.stride + HEADROOM..][..usize::from(len)]
    }

    /// The buffers, each from the frame that it received.
    #[inline(always)]
    pub(super) fn all_received(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.chunks_exact(self.stride).map(|buffer| &buffer[HEADROOM..])
    }

    /// The frame that a slot received, to be cut out when it is asked for its bytes.
    #[inline(always)]
    pub(super) fn bytes(&self, slot: usize) -> Bytes<'_> {
        Bytes { frames: self, slot }
    }

    /// The buffers from a slot on, each from `room` bytes before the frame that it received.
    #[inline(always)]
    pub(super) fn buffers_mut(&mut self, slot: usize, room: usize) -> impl Iterator<Item = &mut [u8]> {
        let buffers = self.bytes[slot * self.stride..].chunks_exact_mut(self.stride);
        buffers.map(move |buffer| &mut buffer[HEADROOM - room..])
    }

    /// The bytes of a packet that stand in its own buffer.
    #[inline(always)]
    pub(crate) fn of(&self, slot: usize, p: &Packet) -> &[u8] {
        &self.bytes[slot * self.stride + p.start as usize..][..p.head as usize]
    }

    /// The bytes of a packet that stand in its own buffer, to be changed.
    #[inline(always)]
    pub(super) fn of_mut(&mut self, slot: usize, p: &Packet) -> &mut [u8] {
        &mut self.bytes[slot * self.stride + p.start as usize..][..p.head as usize]
    }

    /// Copies bytes of a slot's buffer behind the headroom of another's.
    pub(super) fn copy(&mut self, from: usize, bytes: Range<usize>, to: usize) {
        let at = from * self.stride;
        self.bytes.copy_within(at + bytes.start..at + bytes.end, to * self.stride + HEADROOM);
    }
}

/// Copies a frame to where it has just so much room.
#[inline(always)]
pub(super) fn put(to: &mut [u8], frame: &[u8]) {
    // The shortest frames are the most frequent: two copies of known size, which overlap, cost no call.
    if frame.len() <= 64
        && let (Some(to), Some(from)) = (to.first_chunk_mut::<32>(), frame.first_chunk::<32>())
    {
        *to = *from;
    } else {
        return to.copy_from_slice(frame);
    }
    if let (Some(to), Some(from)) = (to.last_chunk_mut::<32>(), frame.last_chunk::<32>()) {
        *to = *from;
    }
}
