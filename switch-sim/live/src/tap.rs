//! TAP devices: the kernel has the other end, as a network device of its own. Needs `/dev/net/tun` and
//! `CAP_NET_ADMIN`, or a persistent device that belongs to the user.

use std::io::{Error, ErrorKind, Result};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use crate::device::{BATCH, Counters, Device};
use crate::frames::Frames;
use crate::sys;

/// A TAP device.
#[derive(Debug)]
pub struct Tap {
    name: String,
    tap: OwnedFd,
    buffer: Vec<u8>,
    counters: Counters,
}

impl Tap {
    /// Attaches to the TAP device of this name; makes it where there is none, for as long as this lives.
    ///
    /// # Errors
    /// When the device cannot be made: no `/dev/net/tun`, no permission, or the name is another device's.
    pub fn open(name: &str) -> Result<Tap> {
        let explain = |e: Error| match e.kind() {
            ErrorKind::PermissionDenied => Error::new(
                e.kind(),
                format!(
                    "TAP device {name}: {e}; making one needs CAP_NET_ADMIN (run as root, or make it before: ip tuntap add {name} mode tap user $USER)"
                ),
            ),
            ErrorKind::NotFound => {
                Error::new(e.kind(), format!("TAP device {name}: no /dev/net/tun (modprobe tun)"))
            }
            _ => Error::new(e.kind(), format!("TAP device {name}: {e}")),
        };
        let tap = sys::tap(name).map_err(explain)?;
        if let Err(error) = sys::enable_interface(name) {
            tracing::warn!(device = name, %error, "the device is down and cannot be enabled");
        }
        Ok(Tap { name: name.to_owned(), tap, buffer: vec![0; 1 << 16], counters: Counters::default() })
    }
}

impl Device for Tap {
    fn name(&self) -> &str {
        &self.name
    }

    fn fd(&self) -> RawFd {
        self.tap.as_raw_fd()
    }

    fn receive(&mut self, into: &mut Frames) -> Result<()> {
        for _ in 0..BATCH {
            match sys::read(self.tap.as_raw_fd(), &mut self.buffer) {
                Ok(n) => {
                    into.push(&self.buffer[..n]);
                    self.counters.received += 1;
                }
                Err(e) => {
                    return match e.raw_os_error() {
                        // Nothing waits; or the kernel's end is down.
                        Some(libc::EAGAIN | libc::EINTR | libc::EIO) => Ok(()),
                        _ => Err(e),
                    };
                }
            }
        }
        Ok(())
    }

    fn send(&mut self, frames: &Frames) {
        for frame in frames.iter() {
            match sys::write(self.tap.as_raw_fd(), frame) {
                Ok(_) => self.counters.sent += 1,
                Err(_) => self.counters.unsent += 1,
            }
        }
    }

    fn has_carrier(&self) -> bool {
        sys::interface_is_up(&self.name).unwrap_or(false)
    }

    fn counters(&self) -> Counters {
        self.counters
    }
}
