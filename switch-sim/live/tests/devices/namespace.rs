//! A network namespace for the calling thread, and what tests do in it.

use std::process::Command;

use switch_sim_live::device::Device;
use switch_sim_live::frames::Frames;
use switch_sim_live::netdev::NetDev;

/// Leaves the test if it cannot have a namespace, and says so.
macro_rules! namespace {
    () => {
        if let Err(why) = crate::namespace::enter() {
            eprintln!("skipped: {why}");
            return;
        }
    };
}
pub(crate) use namespace;

/// Moves the calling thread, and those that it starts, into a new network namespace without IPv6, so that the kernel
/// sends nothing by itself.
pub fn enter() -> Result<(), String> {
    // SAFETY: no pointers; the namespace is the thread's own.
    if unsafe { libc::unshare(libc::CLONE_NEWNET) } != 0 {
        return Err(format!("a network namespace needs root: {}", std::io::Error::last_os_error()));
    }
    let _ = std::fs::write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
    let _ = std::fs::write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
    match Command::new("ip").args(["link", "set", "lo", "up"]).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err("ip cannot enable lo".into()),
        Err(e) => Err(format!("ip (iproute2): {e}")),
    }
}

/// Runs `ip`; whether it did what was asked.
pub fn try_ip(args: &str) -> bool {
    Command::new("ip").args(args.split(' ')).status().unwrap().success()
}

/// Runs `ip`.
pub fn ip(args: &str) {
    assert!(try_ip(args), "ip {args}");
}

/// A pair of devices, both up.
pub fn veth(a: &str, b: &str) {
    ip(&format!("link add {a} type veth peer name {b}"));
    ip(&format!("link set {a} up"));
    ip(&format!("link set {b} up"));
}

/// A pair of devices with the second attached.
pub fn veth_with_peer(a: &str, b: &str) -> NetDev {
    veth(a, b);
    NetDev::open(b).unwrap()
}

/// Sends frames by a device.
pub fn send(device: &mut dyn Device, all: &[&[u8]]) {
    let mut frames = Frames::default();
    all.iter().for_each(|f| frames.push(f));
    device.send(&frames);
}

/// Waits until a device has given so many frames, and answers all that it gave.
pub fn receive(device: &mut dyn Device, count: usize) -> Vec<Vec<u8>> {
    let mut frames = Frames::default();
    while frames.len() < count {
        let mut fd = libc::pollfd { fd: device.fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one pollfd that lives through the call.
        let ready = unsafe { libc::poll(&raw mut fd, 1, 10_000) };
        assert_eq!(ready, 1, "{}: {} of {count} frames came", device.name(), frames.len());
        device.receive(&mut frames).unwrap();
    }
    frames.iter().map(<[u8]>::to_vec).collect()
}

/// What a device gives without waiting.
pub fn receive_now(device: &mut dyn Device) -> Vec<Vec<u8>> {
    let mut frames = Frames::default();
    device.receive(&mut frames).unwrap();
    frames.iter().map(<[u8]>::to_vec).collect()
}
