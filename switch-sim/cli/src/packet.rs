//! Packets on the command line: hexadecimal, a capture, or a short text.

use std::path::Path;

use anyhow::{Result, bail};
use switch_sim::wire::text;
use switch_sim_live::control::hex;
use switch_sim_live::pcap::Reader;

use crate::args::Packet;

/// The frames that a packet on the command line stands for: one, or those of a capture.
pub fn frames(packet: &Packet) -> Result<Vec<Vec<u8>>> {
    let words = packet.words.join(" ");
    let is_capture = |p: &Path| p.extension().is_some_and(|e| e == "pcap" || e == "pcapng" || e == "cap");
    if packet.words.len() == 1 && is_capture(Path::new(&words)) {
        let frames = Reader::open(&words)?.map(|c| Ok(c?.frame)).collect::<Result<Vec<_>>>()?;
        if frames.is_empty() {
            bail!("{words}: the capture holds no frame");
        }
        return Ok(frames);
    }
    let digits = words.chars().filter(|c| !c.is_whitespace() && *c != ':');
    if words.starts_with(|c: char| c.is_ascii_hexdigit()) && digits.clone().all(|c| c.is_ascii_hexdigit()) {
        return match hex::parse(&words) {
            Ok(frame) => Ok(vec![frame]),
            Err(why) => bail!("{why}"),
        };
    }
    match text::parse(&words) {
        Ok(frame) => Ok(vec![frame]),
        Err(why) => bail!(
            "{why}\nA packet is hexadecimal, the name of a .pcap or .pcapng file, or a text like eth/ipv4/udp dst=10.0.0.1"
        ),
    }
}
