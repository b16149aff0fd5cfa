//! Frames that many cases send.

pub const A: [u8; 6] = [2, 0, 0, 0, 0, 0xA];
pub const B: [u8; 6] = [2, 0, 0, 0, 0, 0xB];
pub const ALL: [u8; 6] = [0xff; 6];

/// An untagged frame of 60 bytes with an EtherType of no meaning.
pub fn frame(dst: [u8; 6], src: [u8; 6]) -> Vec<u8> {
    let mut f = [&dst[..], &src, &[0x88, 0xB5]].concat();
    f.resize(60, 0x5A);
    f
}

/// The same with a tag.
pub fn tagged(dst: [u8; 6], src: [u8; 6], tci: u16) -> Vec<u8> {
    let mut f = frame(dst, src);
    let tag = [&[0x81, 0x00][..], &tci.to_be_bytes()].concat();
    f.splice(12..12, tag);
    f
}
