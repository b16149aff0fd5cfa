use std::net::UdpSocket;
use std::os::fd::AsRawFd;

use switch_sim::wire::checksum::Sum;
use switch_sim::wire::text;
use switch_sim_live::device::Device;
use switch_sim_live::netdev::{self, NetDev};

use crate::namespace::{ip, namespace, receive, receive_now, send, try_ip, veth};

#[test]
fn frames_arrive_as_they_were_sent_tags_and_all() {
    namespace!();
    veth("left", "right");
    let (mut left, mut right) = (NetDev::open("left").unwrap(), NetDev::open("right").unwrap());
    let mut frames: Vec<Vec<u8>> = [
        "eth/ipv4/udp",
        "eth/vlan vid=5 pcp=3/ipv4/udp dst=53",
        "eth/vlan vid=0 pcp=7/ipv4/udp",
        "eth/vlan vid=100/vlan vid=7/ipv4/udp",
        "eth/vlan vid=100/vlan vid=7/ipv4/udp",
        "eth type=0x88b5/payload zeros=1500",
        "eth/vlan vid=9/ipv4/udp/payload zeros=1472",
    ]
    .iter()
    .map(|t| text::parse(t).unwrap_or_else(|e| panic!("{t}: {e}")))
    .collect();
    // Q-in-Q: an outer tag of 802.1ad.
    frames[3][12..14].copy_from_slice(&[0x88, 0xA8]);
    let all: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    send(&mut left, &all);
    assert_eq!(receive(&mut right, all.len()), frames);
    assert_eq!(receive_now(&mut left), Vec::<Vec<u8>>::new(), "what a device sends it does not receive");
    assert_eq!((left.counters().sent, right.counters().received), (7, 7));

    // What does not fit is counted, and does not stop what comes after.
    let long = vec![0x5A; 4000];
    send(&mut left, &[&long, &frames[0]]);
    assert_eq!(receive(&mut right, 1), [frames[0].clone()]);
    assert_eq!((left.counters().sent, left.counters().unsent), (8, 1));
}

#[test]
fn a_tag_that_the_kernel_makes_is_in_the_frame() {
    namespace!();
    veth("left", "right");
    if !try_ip("link add link left name left.5 type vlan id 5") {
        return eprintln!("skipped: this kernel has no VLAN devices");
    }
    ip("link set left.5 up");
    ip("addr add 10.5.0.1/24 dev left.5");
    ip("neigh add 10.5.0.2 lladdr 02:00:00:00:00:02 dev left.5");
    let mut right = NetDev::open("right").unwrap();
    let socket = UdpSocket::bind("10.5.0.1:7").unwrap();
    socket.send_to(b"hello", "10.5.0.2:9").unwrap();
    let frame = receive(&mut right, 1).remove(0);
    assert_eq!(frame[..6], [2, 0, 0, 0, 0, 2]);
    assert_eq!(frame[12..18], [0x81, 0x00, 0x00, 0x05, 0x08, 0x00]);
    assert_eq!(frame[46..51], *b"hello");
}

#[test]
fn partial_checksums_are_completed_and_aggregates_split() {
    namespace!();
    veth("left", "right");
    ip("addr add 10.0.0.1/24 dev left");
    ip("neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev left");
    let mut right = NetDev::open("right").unwrap();
    let socket = UdpSocket::bind("10.0.0.1:7").unwrap();
    let right_sum = |frame: &[u8]| {
        let udp = &frame[34..];
        Sum::new().pseudo_v4([10, 0, 0, 1], [10, 0, 0, 2], 17, udp.len() as u16).bytes(udp).is_right()
    };

    socket.send_to(b"hello", "10.0.0.2:9").unwrap();
    let frame = receive(&mut right, 1).remove(0);
    assert_eq!(&frame[42..], b"hello");
    assert!(right_sum(&frame), "the kernel leaves the checksum to the card");

    // UDP_SEGMENT: the kernel makes one aggregate of what shall be datagrams of 1000 bytes.
    let size: libc::c_int = 1000;
    // SAFETY: the option takes an int.
    let set = unsafe {
        let value = (&raw const size).cast();
        libc::setsockopt(socket.as_raw_fd(), libc::SOL_UDP, libc::UDP_SEGMENT, value, 4)
    };
    assert_eq!(set, 0);
    let data: Vec<u8> = (0..2500).map(|n| n as u8).collect();
    socket.send_to(&data, "10.0.0.2:9").unwrap();
    let frames = receive(&mut right, 3);
    assert!(frames.iter().all(|f| right_sum(f)));
    assert_eq!(frames.iter().map(|f| f.len() - 42).collect::<Vec<_>>(), [1000, 1000, 500]);
    assert_eq!(frames.iter().flat_map(|f| f[42..].to_vec()).collect::<Vec<_>>(), data);
}

#[test]
fn devices_are_listed() {
    namespace!();
    veth("left", "right");
    let all = netdev::list().unwrap();
    assert!(["lo", "left", "right"].iter().all(|name| all.iter().any(|n| n == name)), "{all:?}");
}

#[test]
fn a_device_that_is_not_there_is_named() {
    let error = NetDev::open("nosuchdevice").unwrap_err().to_string();
    assert!(error.starts_with("network device nosuchdevice: "), "{error}");
    let error = NetDev::open("a name that no device can have").unwrap_err().to_string();
    assert!(error.contains("is no name of a network device"), "{error}");
}
