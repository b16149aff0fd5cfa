use std::net::UdpSocket;
use std::time::Duration;

use switch_sim::wire::PacketBuilder;
use switch_sim_live::device::Device;
use switch_sim_live::tap::Tap;

use crate::namespace::{ip, namespace, receive, send};

#[test]
fn the_kernel_has_the_other_end_of_a_tap() {
    namespace!();
    let mut tap = match Tap::open("tap0") {
        Ok(tap) => tap,
        Err(error) => return eprintln!("skipped: {error}"),
    };
    assert!(tap.has_carrier());
    ip("link set tap0 address 02:00:00:00:00:01");
    ip("addr add 10.0.0.1/24 dev tap0");
    ip("neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev tap0");
    let socket = UdpSocket::bind("10.0.0.1:7").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();

    socket.send_to(b"to the switch", "10.0.0.2:9").unwrap();
    let frame = receive(&mut tap, 1).remove(0);
    assert_eq!(frame[..12], [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]);
    assert_eq!(&frame[42..], b"to the switch");

    let frame = PacketBuilder::ethernet([2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 1])
        .ipv4([10, 0, 0, 2], [10, 0, 0, 1])
        .udp(9, 7)
        .payload(b"to the host")
        .build();
    send(&mut tap, &[&frame]);
    let mut buffer = [0; 64];
    let (len, from) = socket.recv_from(&mut buffer).unwrap();
    assert_eq!((&buffer[..len], from.to_string().as_str()), (&b"to the host"[..], "10.0.0.2:9"));
    assert_eq!((tap.counters().received, tap.counters().sent), (1, 1));

    ip("link set tap0 down");
    assert!(!tap.has_carrier());
}
