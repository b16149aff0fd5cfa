//! Network devices, by batched packet sockets (`AF_PACKET`, `recvmmsg`, `sendmmsg`). Needs `CAP_NET_RAW`, and
//! `CAP_NET_ADMIN` to enable a device that is down.
//!
//! The kernel's ways are undone: it keeps the outer VLAN tag of a received frame beside the frame, leaves checksums
//! to the card, and hands over aggregates of up to 64 KB; it also shows what the host itself sends. Here a frame is
//! what was, or would have been, on the wire.
#![allow(unsafe_code)]

use std::io::{Error, ErrorKind, Result};
use std::mem::{MaybeUninit, size_of, zeroed};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use crate::device::{BATCH, Counters, Device};
use crate::frames::Frames;
use crate::offload::{self, Offload, Tag};
use crate::sys;

/// The longest frame that the kernel gives: an aggregate of 64 KB with its Ethernet header and tags.
const LONGEST: usize = (1 << 16) + 64;
const SLOT: usize = Offload::LEN + LONGEST;
/// Room for the auxiliary data of a frame.
const CONTROL: usize = 64;

/// The names of the network devices of this network namespace.
///
/// # Errors
/// As the system says.
pub fn list() -> Result<Vec<String>> {
    sys::interfaces()
}

/// A network device, attached promiscuously.
#[derive(Debug)]
pub struct NetDev {
    name: String,
    /// By which the kernel knows it.
    index: i32,
    socket: OwnedFd,
    /// A slot for each frame of a batch: virtio header, then frame.
    slots: Vec<u8>,
    counters: Counters,
}

impl NetDev {
    /// Attaches to a device, and enables it where permitted.
    ///
    /// # Errors
    /// When there is no such device in this network namespace, or the process has no `CAP_NET_RAW`.
    pub fn open(name: &str) -> Result<NetDev> {
        let explain = |e: Error| match e.kind() {
            ErrorKind::PermissionDenied => Error::new(
                e.kind(),
                format!(
                    "network device {name}: {e}; attaching needs CAP_NET_RAW (run as root, or setcap cap_net_raw,cap_net_admin+ep)"
                ),
            ),
            _ if e.raw_os_error() == Some(libc::ENODEV) => {
                let there = list().unwrap_or_default().join(", ");
                Error::new(
                    ErrorKind::NotFound,
                    format!("network device {name}: there is none; there are {there}"),
                )
            }
            _ => Error::new(e.kind(), format!("network device {name}: {e}")),
        };
        let (socket, index) = sys::packet_socket(name).map_err(explain)?;
        if let Err(error) = sys::enable_interface(name) {
            tracing::warn!(device = name, %error, "the device is down and cannot be enabled");
        }
        let counters = Counters::default();
        Ok(NetDev { name: name.to_owned(), index, socket, slots: vec![0; SLOT * BATCH], counters })
    }
}

impl Device for NetDev {
    fn name(&self) -> &str {
        &self.name
    }

    fn fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    fn receive(&mut self, into: &mut Frames) -> Result<()> {
        let mut control = [Control([0; CONTROL]); BATCH];
        // SAFETY: iovec, sockaddr_ll and mmsghdr are plain data, for which all zeros are a value.
        let (mut parts, mut from, mut messages): (
            [libc::iovec; BATCH],
            [libc::sockaddr_ll; BATCH],
            [libc::mmsghdr; BATCH],
        ) = unsafe { (zeroed(), zeroed(), zeroed()) };
        for n in 0..BATCH {
            parts[n].iov_base = self.slots[n * SLOT..].as_mut_ptr().cast();
            parts[n].iov_len = SLOT;
            let header = &mut messages[n].msg_hdr;
            header.msg_iov = &raw mut parts[n];
            header.msg_iovlen = 1;
            header.msg_name = (&raw mut from[n]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
            header.msg_control = control[n].0.as_mut_ptr().cast();
            header.msg_controllen = CONTROL;
        }
        let (fd, len) = (self.socket.as_raw_fd(), BATCH as libc::c_uint);
        // SAFETY: each header points to a slot, an address and a control buffer of the lengths given, all of which
        // outlive the call and are not otherwise used during it; a null timeout is allowed.
        let got = unsafe {
            libc::recvmmsg(fd, messages.as_mut_ptr(), len, libc::MSG_DONTWAIT as _, std::ptr::null_mut())
        };
        let Ok(got) = usize::try_from(got) else {
            let error = Error::last_os_error();
            return match error.raw_os_error() {
                // Nothing waits; or the device went down, which its carrier tells.
                Some(libc::EAGAIN | libc::EINTR | libc::ENETDOWN) => Ok(()),
                _ => Err(error),
            };
        };
        let before = into.len();
        for (n, message) in messages[..got].iter().enumerate() {
            if from[n].sll_pkttype == libc::PACKET_OUTGOING {
                continue;
            }
            let len = message.msg_len as usize;
            let whole = message.msg_hdr.msg_flags & libc::MSG_TRUNC == 0;
            let slot = &mut self.slots[n * SLOT..][..len.min(SLOT)];
            let taken = slot.split_first_chunk_mut::<{ Offload::LEN }>().is_some_and(|(header, frame)| {
                let tag = tag_of(&message.msg_hdr);
                whole && offload::finish(frame, Offload::read(header), tag, into)
            });
            self.counters.refused += u64::from(!taken);
        }
        self.counters.received += (into.len() - before) as u64;
        Ok(())
    }

    fn send(&mut self, frames: &Frames) {
        /// An empty virtio header: the frame is complete.
        static COMPLETE: [u8; Offload::LEN] = [0; Offload::LEN];
        let mut frames = frames.iter();
        // SAFETY: iovec and mmsghdr are plain data, for which all zeros are a value.
        let (mut parts, mut messages): ([[libc::iovec; 2]; BATCH], [libc::mmsghdr; BATCH]) =
            unsafe { (zeroed(), zeroed()) };
        loop {
            let mut len = 0;
            for frame in frames.by_ref().take(BATCH) {
                parts[len] = [COMPLETE.as_slice(), frame]
                    .map(|p| libc::iovec { iov_base: p.as_ptr().cast_mut().cast(), iov_len: p.len() });
                messages[len].msg_hdr.msg_iov = parts[len].as_mut_ptr();
                messages[len].msg_hdr.msg_iovlen = 2;
                len += 1;
            }
            if len == 0 {
                return;
            }
            let mut at = 0;
            while at < len {
                let (fd, rest) = (self.socket.as_raw_fd(), (len - at) as libc::c_uint);
                // SAFETY: each header points to two parts that live through the call; the kernel only reads what
                // they point to, the empty header and the caller's frame.
                let sent =
                    unsafe { libc::sendmmsg(fd, messages[at..].as_mut_ptr(), rest, libc::MSG_DONTWAIT as _) };
                if let Ok(sent) = usize::try_from(sent) {
                    self.counters.sent += sent as u64;
                    at += sent;
                    continue;
                }
                match Error::last_os_error().raw_os_error() {
                    Some(libc::EINTR) => {}
                    // The queue is full, or the device is down: so it is for the rest.
                    Some(libc::EAGAIN | libc::ENOBUFS | libc::ENETDOWN | libc::ENXIO | libc::ENODEV) => {
                        self.counters.unsent += rest as u64;
                        break;
                    }
                    // This frame alone: too long, or too short to be one.
                    _ => {
                        self.counters.unsent += 1;
                        at += 1;
                    }
                }
            }
        }
    }

    fn has_carrier(&self) -> bool {
        sys::interface_runs(&self.name).unwrap_or(false)
    }

    fn is_gone(&self) -> bool {
        match sys::interface_index(&self.name) {
            Ok(index) => index != self.index,
            Err(error) => error.raw_os_error() == Some(libc::ENODEV),
        }
    }

    fn counters(&self) -> Counters {
        self.counters
    }
}

/// A control buffer, aligned as its headers must be.
#[derive(Clone, Copy)]
#[repr(align(8))]
struct Control([u8; CONTROL]);

/// The tag that the kernel took out of a frame.
fn tag_of(header: &libc::msghdr) -> Option<Tag> {
    // SAFETY: msg_control and msg_controllen describe a buffer that lives, filled by the kernel.
    let mut next = unsafe { libc::CMSG_FIRSTHDR(header) };
    while !next.is_null() {
        // SAFETY: CMSG_FIRSTHDR and CMSG_NXTHDR answer headers within the buffer, or null.
        let control = unsafe { &*next };
        if control.cmsg_level == libc::SOL_PACKET && control.cmsg_type == libc::PACKET_AUXDATA {
            let mut aux = MaybeUninit::<libc::tpacket_auxdata>::uninit();
            // SAFETY: a control message of this type holds a tpacket_auxdata, perhaps not aligned for it.
            let aux = unsafe {
                let from = libc::CMSG_DATA(next);
                std::ptr::copy_nonoverlapping(from, aux.as_mut_ptr().cast(), size_of_val(&aux));
                aux.assume_init()
            };
            if aux.tp_status & libc::TP_STATUS_VLAN_VALID == 0 {
                return None;
            }
            let told = aux.tp_status & libc::TP_STATUS_VLAN_TPID_VALID != 0;
            return Some((if told { aux.tp_vlan_tpid } else { 0x8100 }, aux.tp_vlan_tci));
        }
        // SAFETY: as above.
        next = unsafe { libc::CMSG_NXTHDR(header, next) };
    }
    None
}
