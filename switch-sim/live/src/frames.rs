//! A batch of frames in one buffer.

/// Frames, one after the other in one buffer that is used again.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Frames {
    /// Forgets the frames; the memory stays.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Appends a frame.
    pub fn push(&mut self, frame: &[u8]) {
        self.push_parts(&[frame]);
    }

    /// Appends a frame that lies in parts.
    pub fn push_parts(&mut self, parts: &[&[u8]]) {
        parts.iter().for_each(|p| self.bytes.extend_from_slice(p));
        self.ends.push(self.bytes.len());
    }

    /// How many frames there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The frame at a position.
    ///
    /// # Panics
    /// When there are not as many.
    pub fn get(&self, n: usize) -> &[u8] {
        let start = n.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[n]]
    }

    /// The frames, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        (0..self.len()).map(|n| self.get(n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_as_they_were_put_in() {
        let mut frames = Frames::default();
        frames.push(b"one");
        frames.push(b"");
        frames.push_parts(&[b"th", b"ree"]);
        assert_eq!(frames.iter().collect::<Vec<_>>(), [&b"one"[..], b"", b"three"]);
        frames.clear();
        assert!(frames.is_empty());
        frames.push(b"again");
        assert_eq!(frames.iter().next(), Some(&b"again"[..]));
    }
}
