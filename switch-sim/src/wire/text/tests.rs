//! Texts held to the builder, and errors that say what is wrong.

use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;

#[test]
fn a_text_is_what_the_builder_makes() {
    let text = "eth src=02:00:00:00:00:0a dst=2-0-0-0-0-b/vlan vid=7 pcp=3/ipv4/tcp dst=10.0.0.1 dst=0xb3 flags=2 dscp=9 \
                payload hex=00ff pad=64";
    let built = PacketBuilder::ethernet([2, 0, 0, 0, 0, 0xa], [2, 0, 0, 0, 0, 0xb])
        .vlan(7)
        .pcp(3)
        .ipv4([192, 0, 2, 1], [10, 0, 0, 1])
        .dscp(9)
        .tcp(49152, 179)
        .tcp_flags(2)
        .payload(&[0, 0xff])
        .pad_to(64);
    assert_eq!(parse(text).unwrap(), built.build());
}

#[test]
fn a_field_is_that_of_the_nearest_layer() {
    let text = "eth/ipv4 ttl=9/udp/vxlan vni=5/eth/ipv4 dst=10.0.0.9";
    let built = PacketBuilder::ethernet([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
        .ipv4([192, 0, 2, 1], [192, 0, 2, 2])
        .ttl(9)
        .udp(49152, 4789)
        .vxlan(5)
        .inner_ethernet([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
        .ipv4([192, 0, 2, 1], Ipv4Addr::new(10, 0, 0, 9));
    assert_eq!(parse(text).unwrap(), built.build());
}

#[test]
fn errors_say_what_is_wrong() {
    let said = |text: &str| parse(text).unwrap_err().to_string();
    assert_eq!(said(" / "), "the packet has no layer; it could be eth/ipv4/udp");
    assert!(said("eth/ip").starts_with(r#"no layer is named "ip"; there are eth, vlan, qinq"#));
    assert_eq!(said("dst=1/eth"), r#"the field "dst" stands before the layer that it belongs to"#);
    assert_eq!(said("eth foo=1"), r#"no layer before it has a field "foo"; they have src, dst, type"#);
    assert_eq!(said("eth/udp dst=70000"), r#""dst" cannot be "70000": it is a number from 0 to 65535"#);
    assert_eq!(
        said("arp target=x"),
        r#""target" cannot be "x": it is an IPv4 address like 10.0.0.1 or a MAC address like 02:00:00:00:00:01"#
    );
    assert_eq!(
        said("eth/payload hex=123"),
        r#""hex" cannot be "123": it is an even number of hexadecimal digits"#
    );
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_layers_and_fields_panic(words in prop::collection::vec(word(), 0..12)) {
        let _ = parse(&words.join(" "));
    }
}

/// Any layer, and fields with values that some can hold.
fn word() -> impl Strategy<Value = String> {
    let layers: Vec<_> = layer::names().map(str::to_owned).collect();
    let fields: Vec<_> = field::names().collect();
    let values = prop_oneof![
        any::<u32>().prop_map(|v| v.to_string()),
        (0..4u32).prop_map(|v| v.to_string()),
        any::<Ipv4Addr>().prop_map(|v| v.to_string()),
        any::<std::net::Ipv6Addr>().prop_map(|v| v.to_string()),
        "[0-9a-f]{2}(:[0-9a-f]{2}){5}",
    ];
    prop_oneof![
        prop::sample::select(layers),
        (prop::sample::select(fields), values).prop_map(|(name, value)| format!("{name}={value}")),
    ]
}
