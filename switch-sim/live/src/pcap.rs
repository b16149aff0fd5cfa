//! Captures: pcap and pcapng files, read and written.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use pcap_file::pcap::{PcapHeader, PcapPacket, PcapReader, PcapWriter};
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketBlock;
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::pcapng::{Block, PcapNgReader, PcapNgWriter};
use pcap_file::{DataLink, PcapError, TsResolution};

/// Why a capture cannot be read or written; the text names the file.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct CaptureError {
    path: PathBuf,
    reason: String,
}

fn error(path: &Path, reason: impl std::fmt::Display) -> CaptureError {
    CaptureError { path: path.to_owned(), reason: reason.to_string() }
}

fn wrong(path: &Path, problem: &PcapError) -> CaptureError {
    match problem {
        PcapError::IncompleteBuffer => error(path, "the file is cut short"),
        PcapError::IoError(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
            error(path, "the file is cut short")
        }
        PcapError::IoError(e) => error(path, e),
        other => error(path, format_args!("this is no sound capture: {other}")),
    }
}

/// A captured frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// When, since 1970 or what the capture's clock counts from.
    pub at: Duration,
    /// The interface by its number in the file; 0 in a pcap file.
    pub interface: u32,
    /// The frame without FCS.
    pub frame: Vec<u8>,
}

/// Reads a capture, pcap or pcapng by its first bytes, frame by frame.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    form: Input,
}

enum Input {
    Pcap(PcapReader<BufReader<File>>),
    PcapNg(PcapNgReader<BufReader<File>>),
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Input::Pcap(_) => "pcap",
            Input::PcapNg(_) => "pcapng",
        })
    }
}

impl Reader {
    /// Opens a capture.
    ///
    /// # Errors
    /// When it cannot be read, is neither pcap nor pcapng, or holds no Ethernet frames.
    pub fn open(path: impl AsRef<Path>) -> Result<Reader, CaptureError> {
        let path = path.as_ref();
        let open = || File::open(path).map(BufReader::new).map_err(|e| error(path, e));
        let form = match PcapReader::new(open()?) {
            Ok(reader) => {
                ethernet(path, reader.header().datalink)?;
                Input::Pcap(reader)
            }
            Err(_) => Input::PcapNg(
                PcapNgReader::new(open()?)
                    .map_err(|_| error(path, "this is neither a pcap nor a pcapng file"))?,
            ),
        };
        Ok(Reader { path: path.to_owned(), form })
    }

    fn read(&mut self) -> Option<Result<Captured, CaptureError>> {
        let path = &self.path;
        match &mut self.form {
            Input::Pcap(reader) => Some(match reader.next_packet()? {
                Ok(p) => whole(
                    path,
                    p.orig_len,
                    Captured { at: p.timestamp, interface: 0, frame: p.data.into_owned() },
                ),
                Err(e) => Err(wrong(path, &e)),
            }),
            Input::PcapNg(reader) => loop {
                let packet = match reader.next_block()? {
                    Ok(Block::EnhancedPacket(packet)) => packet.into_owned(),
                    Ok(Block::SimplePacket(packet)) => EnhancedPacketBlock {
                        interface_id: 0,
                        timestamp: Duration::ZERO,
                        original_len: packet.original_len,
                        data: Cow::Owned(packet.data.into_owned()),
                        options: Vec::new(),
                    },
                    Ok(_) => continue,
                    Err(e) => return Some(Err(wrong(path, &e))),
                };
                let Some(interface) = reader.interfaces().get(packet.interface_id as usize) else {
                    return Some(Err(error(path, "a packet of an interface that is not described")));
                };
                if let Err(e) = ethernet(path, interface.linktype) {
                    return Some(Err(e));
                }
                let at = time(packet.timestamp.as_nanos() as u64, interface);
                let captured =
                    Captured { at, interface: packet.interface_id, frame: packet.data.into_owned() };
                return Some(whole(path, packet.original_len, captured));
            },
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Captured, CaptureError>;
    fn next(&mut self) -> Option<Self::Item> {
        self.read()
    }
}

fn ethernet(path: &Path, link: DataLink) -> Result<(), CaptureError> {
    if link == DataLink::ETHERNET {
        Ok(())
    } else {
        Err(error(path, format_args!("it holds frames of link type {link:?}; only Ethernet can be taken")))
    }
}

/// Refuses a frame of which only the beginning was captured: a switch would forward something else.
fn whole(path: &Path, original: u32, captured: Captured) -> Result<Captured, CaptureError> {
    if captured.frame.len() as u64 >= u64::from(original) {
        return Ok(captured);
    }
    let len = captured.frame.len();
    Err(error(
        path,
        format_args!("only {len} of {original} bytes of a frame were captured; capture with -s 0"),
    ))
}

/// The time that a count means on an interface: microseconds, or as `if_tsresol` says.
fn time(count: u64, interface: &InterfaceDescriptionBlock<'_>) -> Duration {
    let resolution = interface.options.iter().find_map(|o| match o {
        InterfaceDescriptionOption::IfTsResol(r) => Some(*r),
        _ => None,
    });
    let resolution = resolution.unwrap_or(6);
    let power = u32::from(resolution & 0x7f);
    let base: u128 = if resolution & 0x80 != 0 { 2 } else { 10 };
    let units = base.checked_pow(power).unwrap_or(u128::MAX);
    let nanoseconds = u128::from(count).saturating_mul(1_000_000_000) / units;
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

/// Writes a capture: pcapng where the file's name ends so, with an interface each port, else pcap.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    form: Output,
    file: Shared,
}

enum Output {
    Pcap(PcapWriter<Shared>),
    PcapNg(PcapNgWriter<Shared>),
}

/// The file; the writers keep theirs to themselves, and it is to be flushed.
#[derive(Clone, Debug)]
struct Shared(Arc<Mutex<BufWriter<File>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().flush()
    }
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Output::Pcap(_) => "pcap",
            Output::PcapNg(_) => "pcapng",
        })
    }
}

impl Writer {
    /// Makes the file, or empties it; with these interfaces, whose names a pcap file does not keep.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(path: impl AsRef<Path>, interfaces: &[&str]) -> Result<Writer, CaptureError> {
        let path = path.as_ref();
        let file = File::create(path).map_err(|e| error(path, e))?;
        let file = Shared(Arc::new(Mutex::new(BufWriter::new(file))));
        let form = if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("pcapng")) {
            let mut writer = PcapNgWriter::new(file.clone()).map_err(|e| wrong(path, &e))?;
            for name in interfaces {
                let mut block = InterfaceDescriptionBlock::new(DataLink::ETHERNET, 0);
                block.options.push(InterfaceDescriptionOption::IfName(Cow::Owned((*name).to_owned())));
                // Nanoseconds.
                block.options.push(InterfaceDescriptionOption::IfTsResol(9));
                writer.write_pcapng_block(block).map_err(|e| wrong(path, &e))?;
            }
            Output::PcapNg(writer)
        } else {
            let header = PcapHeader {
                datalink: DataLink::ETHERNET,
                ts_resolution: TsResolution::NanoSecond,
                ..PcapHeader::default()
            };
            Output::Pcap(PcapWriter::with_header(file.clone(), header).map_err(|e| wrong(path, &e))?)
        };
        Ok(Writer { path: path.to_owned(), form, file })
    }

    /// Appends a frame of an interface, by its place in the list that [`create`](Writer::create) took.
    ///
    /// # Errors
    /// When it cannot be written, or there is no such interface.
    pub fn write(&mut self, at: Duration, interface: u32, frame: &[u8]) -> Result<(), CaptureError> {
        let original_len = frame.len() as u32;
        let written = match &mut self.form {
            Output::Pcap(writer) => writer.write_packet(&PcapPacket::new(at, original_len, frame)),
            Output::PcapNg(writer) => writer.write_pcapng_block(EnhancedPacketBlock {
                interface_id: interface,
                timestamp: at,
                original_len,
                data: Cow::Borrowed(frame),
                options: Vec::new(),
            }),
        };
        written.map(drop).map_err(|e| wrong(&self.path, &e))
    }

    /// Brings what was written to the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn flush(&mut self) -> Result<(), CaptureError> {
        self.file.flush().map_err(|e| error(&self.path, e))
    }
}
