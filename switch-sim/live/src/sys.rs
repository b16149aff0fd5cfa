//! The system calls of packet I/O, each as a safe function.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::io::{Error, ErrorKind, Result};
use std::mem::{size_of, zeroed};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use libc::{c_int, c_short, c_void};

/// The value of a system call, or its error.
fn check(value: c_int) -> Result<c_int> {
    if value < 0 { Err(Error::last_os_error()) } else { Ok(value) }
}

fn owned(fd: c_int) -> Result<OwnedFd> {
    let fd = check(fd)?;
    // SAFETY: the kernel has just made the descriptor, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A request that names an interface.
fn request(name: &str) -> Result<libc::ifreq> {
    // SAFETY: ifreq is plain data, for which all zeros are a value.
    let mut request: libc::ifreq = unsafe { zeroed() };
    if name.is_empty() || name.len() >= request.ifr_name.len() || name.contains(['\0', '/', ' ']) {
        return Err(Error::new(ErrorKind::InvalidInput, format!("'{name}' is no name of a network device")));
    }
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from as libc::c_char;
    }
    Ok(request)
}

/// An `ioctl` on an interface request, in and out.
fn ioctl(fd: RawFd, op: libc::Ioctl, request: &mut libc::ifreq) -> Result<()> {
    // SAFETY: the requests made here take a pointer to an ifreq, which lives through the call.
    check(unsafe { libc::ioctl(fd, op, std::ptr::from_mut(request)) }).map(drop)
}

fn control_socket() -> Result<OwnedFd> {
    // SAFETY: no pointers.
    owned(unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) })
}

/// The index of an interface.
pub(crate) fn interface_index(name: &str) -> Result<c_int> {
    let mut request = request(name)?;
    ioctl(control_socket()?.as_raw_fd(), libc::SIOCGIFINDEX, &mut request)?;
    // SAFETY: SIOCGIFINDEX fills this member.
    Ok(unsafe { request.ifr_ifru.ifru_ifindex })
}

fn interface_flags(socket: &OwnedFd, name: &str) -> Result<c_short> {
    let mut request = request(name)?;
    ioctl(socket.as_raw_fd(), libc::SIOCGIFFLAGS, &mut request)?;
    // SAFETY: SIOCGIFFLAGS fills this member.
    Ok(unsafe { request.ifr_ifru.ifru_flags })
}

/// Whether an interface is enabled and has a carrier.
pub(crate) fn interface_runs(name: &str) -> Result<bool> {
    let both = (libc::IFF_UP | libc::IFF_RUNNING) as c_short;
    Ok(interface_flags(&control_socket()?, name)? & both == both)
}

/// Whether an interface is enabled.
pub(crate) fn interface_is_up(name: &str) -> Result<bool> {
    Ok(interface_flags(&control_socket()?, name)? & libc::IFF_UP as c_short != 0)
}

/// Enables an interface.
pub(crate) fn enable_interface(name: &str) -> Result<()> {
    let socket = control_socket()?;
    let flags = interface_flags(&socket, name)?;
    let up = libc::IFF_UP as c_short;
    if flags & up != 0 {
        return Ok(());
    }
    let mut request = request(name)?;
    request.ifr_ifru.ifru_flags = flags | up;
    ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &mut request)
}

/// The names of all interfaces.
pub(crate) fn interfaces() -> Result<Vec<String>> {
    // SAFETY: no arguments; null means failure.
    let list = unsafe { libc::if_nameindex() };
    if list.is_null() {
        return Err(Error::last_os_error());
    }
    let mut names = Vec::new();
    for n in 0.. {
        // SAFETY: the array ends with an entry whose index is 0, at which the loop stops.
        let entry = unsafe { &*list.add(n) };
        if entry.if_index == 0 || entry.if_name.is_null() {
            break;
        }
        // SAFETY: the name is a C string that lives until the list is freed.
        names.push(unsafe { CStr::from_ptr(entry.if_name) }.to_string_lossy().into_owned());
    }
    // SAFETY: if_nameindex gave the list, and nothing refers to it any more.
    unsafe { libc::if_freenameindex(list) };
    Ok(names)
}

fn set_option<T>(socket: &OwnedFd, option: c_int, value: &T) -> Result<()> {
    let len = size_of::<T>() as libc::socklen_t;
    let value = std::ptr::from_ref(value).cast::<c_void>();
    // SAFETY: value points to `len` bytes that live through the call.
    check(unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_PACKET, option, value, len) }).map(drop)
}

/// A packet socket for all frames of an interface: with auxiliary data and a virtio header before each frame,
/// promiscuous, not blocking, without what the host itself sends.
///
/// Answers its index too.
pub(crate) fn packet_socket(name: &str) -> Result<(OwnedFd, c_int)> {
    const IGNORE_OUTGOING: c_int = 23;
    // Protocol 0: nothing arrives before all options are set.
    // SAFETY: no pointers.
    let socket = owned(unsafe {
        libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK, 0)
    })?;
    // After the socket: who may not have one is told that, whether the device is there or not.
    let index = interface_index(name)?;
    let on: c_int = 1;
    set_option(&socket, libc::PACKET_AUXDATA, &on)?;
    set_option(&socket, libc::PACKET_VNET_HDR, &on)?;
    // Linux before 4.20 does not have it; the packet type tells as well, later.
    let _ = set_option(&socket, IGNORE_OUTGOING, &on);
    // Nothing shapes what a switch's port sends.
    let _ = set_option(&socket, libc::PACKET_QDISC_BYPASS, &on);
    // SAFETY: plain data, for which all zeros are a value.
    let mut membership: libc::packet_mreq = unsafe { zeroed() };
    membership.mr_ifindex = index;
    membership.mr_type = libc::PACKET_MR_PROMISC as _;
    set_option(&socket, libc::PACKET_ADD_MEMBERSHIP, &membership)?;
    let size: c_int = 4 << 20;
    // SAFETY: the option takes an int. More than the system's limit is cut down, so no failure matters.
    unsafe {
        let value = std::ptr::from_ref(&size).cast::<c_void>();
        let len = size_of::<c_int>() as libc::socklen_t;
        libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_RCVBUF, value, len);
    }
    // SAFETY: plain data, for which all zeros are a value.
    let mut address: libc::sockaddr_ll = unsafe { zeroed() };
    address.sll_family = libc::AF_PACKET as _;
    address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
    address.sll_ifindex = index;
    let len = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
    let pointer = std::ptr::from_ref(&address).cast::<libc::sockaddr>();
    // SAFETY: the address lives through the call and has `len` bytes.
    check(unsafe { libc::bind(socket.as_raw_fd(), pointer, len) })?;
    Ok((socket, index))
}

/// A TAP device of this name, made if there is none; not blocking.
pub(crate) fn tap(name: &str) -> Result<OwnedFd> {
    let flags = libc::O_RDWR | libc::O_NONBLOCK | libc::O_CLOEXEC;
    // SAFETY: the path is a C string.
    let tap = owned(unsafe { libc::open(c"/dev/net/tun".as_ptr(), flags) })?;
    let mut request = request(name)?;
    request.ifr_ifru.ifru_flags = (libc::IFF_TAP | libc::IFF_NO_PI) as c_short;
    ioctl(tap.as_raw_fd(), libc::TUNSETIFF as libc::Ioctl, &mut request)?;
    Ok(tap)
}

/// Gives an interface a MAC address.
pub(crate) fn set_mac(name: &str, mac: [u8; 6]) -> Result<()> {
    let mut request = request(name)?;
    // SAFETY: plain data, for which all zeros are a value.
    let mut address: libc::sockaddr = unsafe { zeroed() };
    address.sa_family = libc::ARPHRD_ETHER;
    for (to, from) in address.sa_data.iter_mut().zip(mac) {
        *to = from as libc::c_char;
    }
    request.ifr_ifru.ifru_hwaddr = address;
    ioctl(control_socket()?.as_raw_fd(), libc::SIOCSIFHWADDR, &mut request)
}

/// Sets the longest packet of an interface, in bytes without the Ethernet header.
pub(crate) fn set_mtu(name: &str, mtu: c_int) -> Result<()> {
    let mut request = request(name)?;
    request.ifr_ifru.ifru_mtu = mtu;
    ioctl(control_socket()?.as_raw_fd(), libc::SIOCSIFMTU, &mut request)
}

/// Gives a TAP device a carrier, or takes it.
pub(crate) fn set_tap_carrier(tap: RawFd, on: bool) -> Result<()> {
    // _IOW('T', 226, int), which libc does not name.
    const TUNSETCARRIER: libc::Ioctl = 0x4004_54e2;
    let on = c_int::from(on);
    // SAFETY: the request takes a pointer to an int, which lives through the call.
    check(unsafe { libc::ioctl(tap, TUNSETCARRIER, std::ptr::from_ref(&on)) }).map(drop)
}

/// Reads what fits.
pub(crate) fn read(fd: RawFd, into: &mut [u8]) -> Result<usize> {
    // SAFETY: the buffer has that many bytes, and the kernel only writes to it.
    let n = unsafe { libc::read(fd, into.as_mut_ptr().cast(), into.len()) };
    usize::try_from(n).map_err(|_| Error::last_os_error())
}

/// Writes what fits.
pub(crate) fn write(fd: RawFd, bytes: &[u8]) -> Result<usize> {
    // SAFETY: the buffer has that many bytes, and the kernel only reads it.
    let n = unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
    usize::try_from(n).map_err(|_| Error::last_os_error())
}

/// Whether the other end of a connection is closed.
pub(crate) fn hung_up(fd: RawFd) -> bool {
    let mut poll = libc::pollfd { fd, events: libc::POLLRDHUP, revents: 0 };
    // SAFETY: one pollfd that lives through the call.
    let n = unsafe { libc::poll(&raw mut poll, 1, 0) };
    n > 0 && poll.revents & (libc::POLLRDHUP | libc::POLLHUP | libc::POLLERR) != 0
}

/// A socket that becomes readable when an interface of the network namespace changes.
pub(crate) fn link_events() -> Result<OwnedFd> {
    let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: no pointers.
    let socket = owned(unsafe { libc::socket(libc::AF_NETLINK, kind, libc::NETLINK_ROUTE) })?;
    // SAFETY: plain data, for which all zeros are a value.
    let mut address: libc::sockaddr_nl = unsafe { zeroed() };
    address.nl_family = libc::AF_NETLINK as _;
    address.nl_groups = libc::RTMGRP_LINK as u32;
    let len = size_of::<libc::sockaddr_nl>() as libc::socklen_t;
    let pointer = std::ptr::from_ref(&address).cast::<libc::sockaddr>();
    // SAFETY: the address lives through the call and has `len` bytes.
    check(unsafe { libc::bind(socket.as_raw_fd(), pointer, len) })?;
    Ok(socket)
}

/// Wakes a thread that waits on a [`Poll`].
#[derive(Debug)]
pub(crate) struct Waker(OwnedFd);

impl Waker {
    pub(crate) fn new() -> Result<Waker> {
        // SAFETY: no pointers.
        owned(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) }).map(Waker)
    }

    pub(crate) fn wake(&self) {
        // It fails only when as many wakes as fit are pending already.
        let _ = write(self.fd(), &1u64.to_ne_bytes());
    }

    pub(crate) fn clear(&self) {
        let _ = read(self.fd(), &mut [0; 8]);
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Waits for descriptors to become readable.
#[derive(Debug)]
pub(crate) struct Poll {
    epoll: OwnedFd,
    ready: Vec<libc::epoll_event>,
}

impl Poll {
    pub(crate) fn new() -> Result<Poll> {
        // SAFETY: no pointers.
        let epoll = owned(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        Ok(Poll { epoll, ready: vec![libc::epoll_event { events: 0, u64: 0 }; 64] })
    }

    /// Watches a descriptor; closing it ends that.
    pub(crate) fn add(&self, fd: RawFd, token: u64) -> Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: token };
        let add = libc::EPOLL_CTL_ADD;
        // SAFETY: the event lives through the call.
        check(unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), add, fd, &raw mut event) }).map(drop)
    }

    /// Waits until a watched descriptor is readable or the time is over (`None`: for ever); the tokens of those
    /// that are.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> Result<Vec<u64>> {
        // Rounded up, so that what is due then is due when the wait ends.
        let milliseconds =
            timeout.map_or(-1, |t| c_int::try_from(t.as_nanos().div_ceil(1_000_000)).unwrap_or(c_int::MAX));
        let len = self.ready.len() as c_int;
        // SAFETY: the array has `len` events, and the kernel only writes to it.
        let n = check(unsafe {
            libc::epoll_wait(self.epoll.as_raw_fd(), self.ready.as_mut_ptr(), len, milliseconds)
        });
        match n {
            Ok(n) => Ok(self.ready[..n as usize].iter().map(|e| e.u64).collect()),
            Err(e) if e.kind() == ErrorKind::Interrupted => Ok(Vec::new()),
            Err(e) => Err(e),
        }
    }
}
