//! What the kernel leaves to a network card, done here: checksums completed, aggregates split, tags put back.

use switch_sim::wire::checksum::Sum;

use crate::frames::Frames;

/// `struct virtio_net_hdr`: how a frame of the kernel's differs from one on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offload {
    /// The checksum of the bytes from `start` on is missing at `start + offset`, which holds the pseudo-header's.
    pub checksum: Option<(u16, u16)>,
    /// `VIRTIO_NET_HDR_GSO_…`, 0 for a single frame.
    pub gso: u8,
    /// The payload of each frame of an aggregate in bytes.
    pub gso_size: u16,
}

/// `VIRTIO_NET_HDR_GSO_TCPV4`.
pub const GSO_TCPV4: u8 = 1;
/// `VIRTIO_NET_HDR_GSO_TCPV6`.
pub const GSO_TCPV6: u8 = 4;
/// `VIRTIO_NET_HDR_GSO_UDP_L4`.
pub const GSO_UDP_L4: u8 = 5;
/// `VIRTIO_NET_HDR_GSO_ECN`, a flag: the aggregate has CWR set.
const GSO_ECN: u8 = 0x80;
const NEEDS_CSUM: u8 = 1;

const FIN: u8 = 0x01;
const PSH: u8 = 0x08;
const CWR: u8 = 0x80;

impl Offload {
    /// The length of the header.
    pub const LEN: usize = 10;

    /// Reads the header, in the byte order of the host.
    pub fn read(header: &[u8; Offload::LEN]) -> Offload {
        let word = |at: usize| u16::from_ne_bytes([header[at], header[at + 1]]);
        Offload {
            checksum: (header[0] & NEEDS_CSUM != 0).then(|| (word(6), word(8))),
            gso: header[1] & !GSO_ECN,
            gso_size: word(4),
        }
    }

    /// Whether the frame is as on the wire.
    pub const fn is_none(&self) -> bool {
        self.gso == 0 && self.checksum.is_none()
    }
}

/// A tag that the kernel took out of a frame: TPID and TCI.
pub type Tag = (u16, u16);

/// Appends a frame of the kernel's as it is on the wire, an aggregate as the frames that it stands for.
///
/// Answers false, with nothing appended, for an aggregate that cannot be split: of another kind than TCP and UDP, or
/// with headers that contradict what the kernel says.
pub fn finish(frame: &mut [u8], offload: Offload, tag: Option<Tag>, out: &mut Frames) -> bool {
    if offload.gso != 0 {
        return split(frame, offload, tag, out).is_some();
    }
    if let Some((start, offset)) = offload.checksum {
        let start = usize::from(start);
        let at = start + usize::from(offset);
        if frame.len() < at + 2 {
            return false;
        }
        let sum = Sum::new().bytes(&frame[start..]).checksum();
        // A UDP checksum of 0 would mean that there is none (RFC 768).
        let sum = if sum == 0 && offset == 6 { 0xffff } else { sum };
        frame[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    }
    push(frame, tag, out);
    true
}

fn push(frame: &[u8], tag: Option<Tag>, out: &mut Frames) {
    match tag {
        Some((tpid, tci)) if frame.len() >= 12 => {
            let [a, b] = tpid.to_be_bytes();
            let [c, d] = tci.to_be_bytes();
            out.push_parts(&[&frame[..12], &[a, b, c, d], &frame[12..]]);
        }
        _ => out.push(frame),
    }
}

/// Splits an aggregate; `None` if its headers make no sense.
fn split(frame: &[u8], offload: Offload, tag: Option<Tag>, out: &mut Frames) -> Option<()> {
    let tcp = match offload.gso {
        GSO_TCPV4 | GSO_TCPV6 => true,
        GSO_UDP_L4 => false,
        _ => return None,
    };
    let size = usize::from(offload.gso_size);
    let l4 = usize::from(offload.checksum?.0);
    let l3 = network_header(frame)?;
    let v4 = frame.get(l3)? >> 4 == 4;
    if size == 0 || l4 < l3 + if v4 { 20 } else { 40 } {
        return None;
    }
    let headers = l4 + if tcp { usize::from(frame.get(l4 + 12)? >> 4) * 4 } else { 8 };
    if headers < l4 + if tcp { 20 } else { 8 } || headers >= frame.len() {
        return None;
    }
    let (head, payload) = frame.split_at(headers);
    let mut one = Vec::with_capacity(headers + size);
    let last = payload.len().div_ceil(size) - 1;
    for (n, part) in payload.chunks(size).enumerate() {
        one.clear();
        one.extend_from_slice(head);
        one.extend_from_slice(part);
        let len = one.len();
        if tcp {
            let sequence = u32::from_be_bytes(*one[l4 + 4..].first_chunk()?);
            let sequence = sequence.wrapping_add((n * size) as u32);
            one[l4 + 4..l4 + 8].copy_from_slice(&sequence.to_be_bytes());
            if n != last {
                one[l4 + 13] &= !(FIN | PSH);
            }
            if n != 0 {
                one[l4 + 13] &= !CWR;
            }
        } else {
            one[l4 + 4..l4 + 6].copy_from_slice(&u16::try_from(len - l4).ok()?.to_be_bytes());
        }
        let at = l4 + if tcp { 16 } else { 6 };
        one[at..at + 2].fill(0);
        let protocol = if tcp { 6 } else { 17 };
        let l4_len = len - l4;
        let pseudo = if v4 {
            let id = u16::from_be_bytes(*one[l3 + 4..].first_chunk()?).wrapping_add(n as u16);
            one[l3 + 2..l3 + 4].copy_from_slice(&u16::try_from(len - l3).ok()?.to_be_bytes());
            one[l3 + 4..l3 + 6].copy_from_slice(&id.to_be_bytes());
            one[l3 + 10..l3 + 12].fill(0);
            let header = Sum::new().bytes(&one[l3..l3 + usize::from(one[l3] & 0xf) * 4]).checksum();
            one[l3 + 10..l3 + 12].copy_from_slice(&header.to_be_bytes());
            let address = |at: usize| one[at..].first_chunk::<4>().copied();
            Sum::new().pseudo_v4(address(l3 + 12)?, address(l3 + 16)?, protocol, l4_len as u16)
        } else {
            one[l3 + 4..l3 + 6].copy_from_slice(&u16::try_from(len - l3 - 40).ok()?.to_be_bytes());
            let address = |at: usize| one[at..].first_chunk::<16>();
            Sum::new().pseudo_v6(address(l3 + 8)?, address(l3 + 24)?, protocol, l4_len as u32)
        };
        let sum = match pseudo.bytes(&one[l4..]).checksum() {
            0 if !tcp => 0xffff,
            sum => sum,
        };
        one[at..at + 2].copy_from_slice(&sum.to_be_bytes());
        push(&one, tag, out);
    }
    Some(())
}

/// Where the IP header begins, after the tags that are still in the frame.
fn network_header(frame: &[u8]) -> Option<usize> {
    let mut at = 12;
    loop {
        match u16::from_be_bytes(*frame.get(at..)?.first_chunk()?) {
            0x8100 | 0x88A8 => at += 4,
            0x0800 | 0x86DD => return Some(at + 2),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use switch_sim::wire::PacketBuilder;

    use super::*;

    const MACS: ([u8; 6], [u8; 6]) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);

    fn udp(payload: usize) -> Vec<u8> {
        PacketBuilder::ethernet(MACS.0, MACS.1)
            .ipv4([10, 0, 0, 1], [10, 0, 0, 2])
            .udp(7, 8)
            .payload(&vec![0x5A; payload])
            .build()
    }

    fn finished(frame: &[u8], offload: Offload, tag: Option<Tag>) -> Option<Vec<Vec<u8>>> {
        let mut out = Frames::default();
        let done = finish(&mut frame.to_vec(), offload, tag, &mut out);
        assert!(done || out.is_empty());
        done.then(|| out.iter().map(<[u8]>::to_vec).collect())
    }

    #[test]
    fn a_partial_checksum_is_completed() {
        let whole = udp(9);
        let mut partial = whole.clone();
        let pseudo = Sum::new().pseudo_v4([10, 0, 0, 1], [10, 0, 0, 2], 17, 17).folded();
        partial[40..42].copy_from_slice(&pseudo.to_be_bytes());
        let offload = Offload { checksum: Some((34, 6)), ..Offload::default() };
        assert_eq!(finished(&partial, offload, None), Some(vec![whole.clone()]));
        let outside = Offload { checksum: Some((34, 600)), ..Offload::default() };
        assert_eq!(finished(&partial, outside, None), None);
    }

    #[test]
    fn a_tag_is_put_back_before_one_that_stayed() {
        let inner = PacketBuilder::ethernet(MACS.0, MACS.1).vlan(7).ipv4([1; 4], [2; 4]).udp(1, 2).build();
        let both = finished(&inner, Offload::default(), Some((0x88A8, 0x6005))).unwrap();
        assert_eq!(both[0][..12], inner[..12]);
        assert_eq!(both[0][12..20], [0x88, 0xA8, 0x60, 0x05, 0x81, 0x00, 0x00, 0x07]);
        assert_eq!(both[0][20..], inner[16..]);
    }

    #[test]
    fn an_aggregate_of_udp_becomes_the_datagrams_that_it_stands_for() {
        let offload = Offload { checksum: Some((34, 6)), gso: GSO_UDP_L4, gso_size: 100 };
        let parts = finished(&udp(250), offload, Some((0x8100, 5))).unwrap();
        let expected: Vec<_> = [100, 100, 50].into_iter().map(udp).collect();
        for (n, (part, mut whole)) in parts.iter().zip(expected).enumerate() {
            // The identification goes up from datagram to datagram.
            let id = u16::from_be_bytes([whole[18], whole[19]]) + n as u16;
            whole[18..20].copy_from_slice(&id.to_be_bytes());
            whole[24..26].fill(0);
            let sum = Sum::new().bytes(&whole[14..34]).checksum();
            whole[24..26].copy_from_slice(&sum.to_be_bytes());
            whole.splice(12..12, [0x81, 0x00, 0x00, 0x05]);
            assert_eq!(*part, whole, "datagram {n}");
        }
        assert_eq!(parts.len(), 3);
    }

    #[test]
    fn an_aggregate_of_tcp_is_split_by_sequence_number() {
        let mut frame = PacketBuilder::ethernet(MACS.0, MACS.1)
            .ipv6([0x20; 16], [0x30; 16])
            .tcp(7, 8)
            .payload(&[1; 2500])
            .build();
        frame[54 + 4..54 + 8].copy_from_slice(&0xffff_ff00_u32.to_be_bytes());
        frame[54 + 13] = FIN | PSH | CWR | 0x10;
        let offload = Offload { checksum: Some((54, 16)), gso: GSO_TCPV6, gso_size: 1000 };
        let parts = finished(&frame, offload, None).unwrap();
        let tcp: Vec<_> = parts
            .iter()
            .map(|p| {
                let len = p.len() as u32 - 54;
                assert!(Sum::new().pseudo_v6(&[0x20; 16], &[0x30; 16], 6, len).bytes(&p[54..]).is_right());
                assert_eq!(u32::from(u16::from_be_bytes([p[18], p[19]])), len);
                (u32::from_be_bytes([p[58], p[59], p[60], p[61]]), p[67], len - 20)
            })
            .collect();
        let ack = 0x10;
        assert_eq!(tcp, [(0xffff_ff00, CWR | ack, 1000), (0x2e8, ack, 1000), (0x6d0, FIN | PSH | ack, 500)]);
    }

    #[test]
    fn aggregates_that_make_no_sense_are_refused() {
        let whole = udp(250);
        let good = Offload { checksum: Some((34, 6)), gso: GSO_UDP_L4, gso_size: 100 };
        for bad in [
            Offload { gso: 3, ..good },
            Offload { gso_size: 0, ..good },
            Offload { checksum: None, ..good },
            Offload { checksum: Some((12, 6)), ..good },
            Offload { checksum: Some((9000, 6)), ..good },
        ] {
            assert_eq!(finished(&whole, bad, None), None, "{bad:?}");
        }
        for len in 0..42 {
            assert_eq!(finished(&whole[..len], good, None), None, "{len} bytes");
        }
    }
}
