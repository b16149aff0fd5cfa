//! Captures: what is written is read back, and what other programs write is understood.

use std::time::Duration;

use switch_sim::wire::text;
use switch_sim_live::pcap::{Captured, Reader, Writer};

fn frames() -> Vec<Captured> {
    ["eth/ipv4/udp", "eth/vlan vid=5/ipv4/udp dst=53/payload hex=01", "eth/vlan vid=9/vlan vid=7/ipv6/tcp"]
        .iter()
        .enumerate()
        .map(|(n, t)| Captured {
            at: Duration::new(1_700_000_000, 123_456_789 + n as u32),
            interface: n as u32 % 2,
            frame: text::parse(t).unwrap(),
        })
        .collect()
}

fn read(path: &std::path::Path) -> Result<Vec<Captured>, String> {
    Reader::open(path).and_then(Iterator::collect).map_err(|e| e.to_string())
}

#[test]
fn captures_are_read_back_to_the_nanosecond() {
    let folder = tempfile::tempdir().unwrap();
    for (name, interfaces) in [("all.pcapng", true), ("all.pcap", false)] {
        let path = folder.path().join(name);
        let mut writer = Writer::create(&path, &["Ethernet0", "Ethernet4"]).unwrap();
        for c in frames() {
            writer.write(c.at, c.interface, &c.frame).unwrap();
        }
        writer.flush().unwrap();
        let mut expected = frames();
        if !interfaces {
            expected.iter_mut().for_each(|c| c.interface = 0);
        }
        assert_eq!(read(&path).unwrap(), expected, "{name}");
    }
}

/// A pcapng file by hand: a section, an Ethernet interface with the given options, a packet.
fn pcapng(options: &[u8], units: u64, frame: &[u8], original: u32) -> Vec<u8> {
    let block = |kind: u32, body: &[u8]| {
        let padded = body.len().next_multiple_of(4);
        let len = (padded + 12) as u32;
        let mut block = [kind.to_le_bytes(), len.to_le_bytes()].concat();
        block.extend_from_slice(body);
        block.resize(8 + padded, 0);
        block.extend_from_slice(&len.to_le_bytes());
        block
    };
    let section = [&0x1A2B_3C4D_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat();
    let interface = [&[1, 0, 0, 0, 0, 0, 0, 0], options].concat();
    let words = [0, (units >> 32) as u32, units as u32, frame.len() as u32, original];
    let packet = [&words.map(u32::to_le_bytes).concat(), frame].concat();
    [block(0x0A0D_0D0A, &section), block(1, &interface), block(6, &packet)].concat()
}

#[test]
fn the_resolution_of_an_interface_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other");
    let frame = text::parse("eth/ipv4/udp").unwrap();
    let len = frame.len() as u32;
    for (options, units, at) in [
        (&[][..], 1_500_000, Duration::from_millis(1500)),
        (&[9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0], 1_500_000, Duration::from_micros(1500)),
        (&[9, 0, 1, 0, 0x8a, 0, 0, 0, 0, 0, 0, 0], 1536, Duration::from_millis(1500)),
    ] {
        std::fs::write(&path, pcapng(options, units, &frame, len)).unwrap();
        assert_eq!(read(&path).unwrap(), [Captured { at, interface: 0, frame: frame.clone() }]);
    }
}

#[test]
fn what_cannot_be_played_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.pcap");
    let refused = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let error = read(&path).unwrap_err();
        assert!(error.starts_with(path.to_str().unwrap()), "{error}");
        error
    };
    assert!(refused(b"not a capture").contains("neither a pcap nor a pcapng file"));
    let frame = text::parse("eth/ipv4/udp").unwrap();
    assert!(refused(&pcapng(&[], 0, &frame, 1500)).contains("of 1500 bytes of a frame were captured"));
    let mut radio = pcapng(&[], 0, &frame, frame.len() as u32);
    radio[36] = 127;
    assert!(refused(&radio).contains("only Ethernet"));

    let mut writer = Writer::create(&path, &[]).unwrap();
    writer.write(Duration::ZERO, 0, &frame).unwrap();
    drop(writer);
    let whole = std::fs::read(&path).unwrap();
    let error = refused(&whole[..whole.len() - 3]);
    assert!(error.contains("cut short"), "{error}");
    assert!(Reader::open(folder.path().join("none")).is_err());
}
