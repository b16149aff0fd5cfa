//! Round trips over the whole model, and replays of what was recorded.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use proptest::prelude::*;

use super::json::{Document, parse_snapshot, print_snapshot};
use super::player::{DifferenceKind, Player};
use super::recording::{Line, Recording};
use super::{key, names, value};
use crate::entry::{FdbEntry, NatEntry, RouteEntry};
use crate::layer::Record;
use crate::layer::testing::Fake;
use crate::meta::{AttrMeta, OBJECTS, ValueType};
use crate::value::{AclAction, AclField, AclMask, ByteMatch, CharData, MacAddr, Range};
use crate::{
    AttrEntry, Backend, Bulk, BulkCreate, BulkErrorMode, ObjectId, ObjectRef, ObjectType, Special, StatsOp,
    Target, Value, ValueKind,
};

fn all_attrs() -> impl Iterator<Item = &'static AttrMeta> {
    OBJECTS.iter().flat_map(|o| o.attrs)
}

#[test]
fn the_zero_of_every_attribute_reads_back() {
    for meta in all_attrs() {
        let zero = value::zero(meta.ty);
        let text = value::print(&zero, meta);
        assert_eq!(value::parse(&text, meta).as_ref(), Ok(&zero), "{} {text}", meta.name);
        assert_eq!(names::attr(meta.name).map(|(_, id)| id), Some(meta.id), "{}", meta.name);
    }
}

#[test]
fn every_enum_value_of_every_attribute_reads_back() {
    for meta in all_attrs() {
        let Some(e) = meta.enumeration else { continue };
        let wrap: fn(i32) -> Value = match meta.ty {
            ValueType::Plain(ValueKind::I32) => Value::I32,
            ValueType::Plain(ValueKind::I32List) => |v| Value::I32List(vec![v, v]),
            ValueType::AclAction(ValueKind::I32) => |v| Value::AclAction(AclAction::I32(v)),
            ValueType::AclField(ValueKind::I32) => |v| Value::AclField(AclField::I32 { data: v, mask: -1 }),
            _ => continue,
        };
        for v in e.values {
            let text = value::print(&wrap(v.value), meta);
            assert!(text.contains(v.name), "{text}");
            assert_eq!(value::parse(&text, meta), Ok(wrap(v.value)), "{} {text}", meta.name);
        }
    }
}

fn list<T: std::fmt::Debug>(s: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    prop::collection::vec(s, 0..5)
}

/// A list of any values.
fn any_list<T: Arbitrary>() -> impl Strategy<Value = Vec<T>> {
    list(any::<T>())
}

fn range<T: Arbitrary + Copy>() -> impl Strategy<Value = Range<T>> {
    any::<(T, T)>().prop_map(|(min, max)| Range { min, max })
}

fn mac() -> impl Strategy<Value = MacAddr> {
    any::<[u8; 6]>().prop_map(MacAddr)
}

fn oid() -> impl Strategy<Value = ObjectId> {
    any::<u64>().prop_map(ObjectId)
}

/// A strategy for each simple kind, with the type that reads it.
pub(crate) fn plain() -> impl Strategy<Value = (ValueKind, Value)> {
    let chars = prop::collection::vec(1u8..=255, 0..=32).prop_map(|bytes| {
        let mut data = [0; 32];
        data[..bytes.len()].copy_from_slice(&bytes);
        Value::CharData(CharData(data))
    });
    let values = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        chars,
        any::<u8>().prop_map(Value::U8),
        any::<i8>().prop_map(Value::I8),
        any::<u16>().prop_map(Value::U16),
        any::<i16>().prop_map(Value::I16),
        any::<u32>().prop_map(Value::U32),
        any::<i32>().prop_map(Value::I32),
        any::<u64>().prop_map(Value::U64),
        any::<i64>().prop_map(Value::I64),
        any::<usize>().prop_map(Value::Pointer),
    ]
    .boxed();
    let addresses = prop_oneof![
        mac().prop_map(Value::Mac),
        any::<std::net::Ipv4Addr>().prop_map(Value::Ipv4),
        any::<std::net::Ipv6Addr>().prop_map(Value::Ipv6),
        any::<std::net::IpAddr>().prop_map(Value::IpAddress),
        oid().prop_map(Value::Oid),
        list(oid()).prop_map(Value::OidList),
        any_list().prop_map(Value::SegmentList),
        any_list().prop_map(Value::IpAddressList),
        (any::<std::net::Ipv6Addr>(), 0u8..=128)
            .prop_map(|(a, n)| Value::IpPrefix(ipnet::IpNet::new(a.into(), n).unwrap())),
    ]
    .boxed();
    let lists = prop_oneof![
        any_list().prop_map(Value::U8List),
        any_list().prop_map(Value::I8List),
        any_list().prop_map(Value::U16List),
        any_list().prop_map(Value::I16List),
        any_list().prop_map(Value::U32List),
        any_list().prop_map(Value::I32List),
        any_list().prop_map(Value::VlanList),
        range().prop_map(Value::U16Range),
        range().prop_map(Value::U32Range),
        range().prop_map(Value::I32Range),
        range().prop_map(Value::U64Range),
        list(range()).prop_map(Value::U16RangeList),
        list(range()).prop_map(Value::U64RangeList),
    ]
    .boxed();
    let keys = prop_oneof![
        any::<[u8; 32]>().prop_map(Value::EncryptKey),
        any::<[u8; 16]>().prop_map(Value::AuthKey),
        any::<[u8; 32]>().prop_map(Value::MacsecSak),
        any::<[u8; 16]>().prop_map(Value::MacsecAuthKey),
        any::<[u8; 12]>().prop_map(Value::MacsecSalt),
        any::<String>().prop_map(Value::Json),
        prop::collection::btree_map(any::<u32>(), any::<u16>(), 0..5).prop_map(|lanes| {
            Value::PortSnrList(
                lanes.into_iter().map(|(lane, snr)| crate::value::PortSnr { lane, snr }).collect(),
            )
        }),
        (1usize..4, 1usize..4)
            .prop_flat_map(|(taps, lanes)| {
                prop::collection::vec(prop::collection::vec(any::<i32>(), lanes), taps)
            })
            .prop_map(Value::TapsList),
        list(any::<([u8; 8], i32)>()).prop_map(|maps| {
            let params = |b: [u8; 8], color: i32| crate::value::QosMapParams {
                tc: b[0],
                dscp: b[1],
                dot1p: b[2],
                prio: b[3],
                pg: b[4],
                queue_index: b[5],
                mpls_exp: b[6],
                fc: b[7],
                color: crate::types::PacketColor(color),
            };
            let map = |(b, color)| crate::value::QosMap { key: params(b, color), value: params(b, 1) };
            Value::QosMapList(maps.into_iter().map(map).collect())
        }),
        list(any::<(u32, i32)>()).prop_map(|pairs| {
            Value::MapList(
                pairs.into_iter().map(|(key, value)| crate::value::MapEntry { key, value }).collect(),
            )
        }),
        any::<(u64, u32)>()
            .prop_map(|(tv_sec, tv_nsec)| Value::Timespec(crate::value::Timespec { tv_sec, tv_nsec })),
        any::<(bool, bool)>().prop_map(|(current_status, changed)| {
            Value::LatchStatus(crate::value::LatchStatus { current_status, changed })
        }),
    ]
    .boxed();
    prop_oneof![values, addresses, lists, keys].prop_map(|v| (v.kind(), v))
}

pub(crate) fn acl() -> impl Strategy<Value = (ValueType, Value)> {
    use ValueKind as K;
    let field = |kind, f: AclField| (ValueType::AclField(kind), Value::AclField(f));
    let action = |kind, a: AclAction| (ValueType::AclAction(kind), Value::AclAction(a));
    let mask = |kind, m: AclMask| (ValueType::AclMask(kind), Value::AclMask(m));
    prop_oneof![
        any::<(u8, u8)>().prop_map(move |(data, mask)| field(K::U8, AclField::U8 { data, mask })),
        any::<(i8, i8)>().prop_map(move |(data, mask)| field(K::I8, AclField::I8 { data, mask })),
        any::<(i16, i16)>().prop_map(move |(data, mask)| field(K::I16, AclField::I16 { data, mask })),
        any::<(u32, u32)>().prop_map(move |(data, mask)| field(K::U32, AclField::U32 { data, mask })),
        any::<(i32, i32)>().prop_map(move |(data, mask)| field(K::I32, AclField::I32 { data, mask })),
        any::<(u64, u64)>().prop_map(move |(data, mask)| field(K::U64, AclField::U64 { data, mask })),
        (mac(), mac()).prop_map(move |(data, mask)| field(K::Mac, AclField::Mac { data, mask })),
        any::<(std::net::Ipv6Addr, std::net::Ipv6Addr)>()
            .prop_map(move |(data, mask)| field(K::Ipv6, AclField::Ipv6 { data, mask })),
        list(oid()).prop_map(move |ids| field(K::OidList, AclField::OidList(ids))),
        (any_list(), any_list()).prop_map(move |(data, mask)| field(
            K::U8List,
            AclField::U8List(Box::new(ByteMatch { data, mask }))
        )),
        any::<i32>().prop_map(move |v| action(K::I32, AclAction::I32(v))),
        list(oid()).prop_map(move |ids| action(K::OidList, AclAction::OidList(ids))),
        any::<i32>().prop_map(move |v| mask(K::I32, AclMask::I32(v))),
        list(any::<u8>()).prop_map(move |v| mask(K::U8List, AclMask::U8List(v))),
    ]
}

/// Metadata of an attribute of this type without an enum.
fn typed(ty: ValueType) -> AttrMeta {
    let like = crate::meta::attr_by_name("SAI_PORT_ATTR_MTU").unwrap();
    AttrMeta {
        id: 0,
        name: "SAI_TEST_ATTR",
        object_type: ObjectType::PORT,
        ty,
        enumeration: None,
        flags: like.flags,
        default: like.default,
        objects: &[],
        condition: None,
        valid_only: None,
        block: 1,
        notification: None,
        since: like.since,
    }
}

proptest! {
    #[test]
    fn values_read_back((kind, v) in plain()) {
        let meta = typed(ValueType::Plain(kind));
        prop_assert_eq!(value::parse(&value::print(&v, &meta), &meta), Ok(v.clone()));
        let json = super::json::value_to_json(&v, &meta);
        prop_assert_eq!(super::json::value_from_json(&json, &meta), Ok(v));
    }

    #[test]
    fn acl_values_read_back((ty, v) in acl()) {
        let meta = typed(ty);
        prop_assert_eq!(value::parse(&value::print(&v, &meta), &meta), Ok(v));
    }

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>(), n in any::<prop::sample::Index>()) {
        let attrs: Vec<_> = all_attrs().collect();
        let _ = value::parse(&text, attrs[n.index(attrs.len())]);
        let _ = key::parse_typed(&text);
        prop_assert_eq!(Recording::parse(&text).to_string(), text);
    }

    #[test]
    fn almost_lines_never_panic(op in "[a-zA-Z#@]", body in "(SAI_OBJECT_TYPE_(PORT|ROUTE_ENTRY|SWITCH|FDB_ENTRY))?[|:=,{}\"a-zA-Z_0-9]{0,40}") {
        let text = format!("2026-08-20.14:03:55.123456|{op}|{body}");
        prop_assert_eq!(Line::parse(1, &text).to_string(), text.clone());
        let report = Player::new(|| Arc::new(Fake::default())).play(&Recording::parse(&text));
        prop_assert_eq!(report.lines, 1);
    }
}

#[test]
fn keys_of_every_entry_type_read_back() {
    let zero = |c: &str| match c {
        "sai_object_id_t" => "\"oid:0x5\"".to_owned(),
        "sai_mac_t" => "\"02:00:00:00:00:AB\"".to_owned(),
        "sai_ip_prefix_t" => "\"10.0.0.0/8\"".to_owned(),
        "sai_ip_address_t" => "\"10.0.0.1\"".to_owned(),
        "sai_ip6_t" => "\"fc00::1\"".to_owned(),
        c if c.ends_with("_range_t") => "\"1,5\"".to_owned(),
        "sai_nat_entry_data_t" => {
            let half =
                r#"{"dst_ip":"1.1.1.1","l4_dst_port":"1","l4_src_port":"2","proto":"6","src_ip":"2.2.2.2"}"#;
            format!(r#"{{"key":{half},"mask":{half}}}"#)
        }
        _ => "\"1\"".to_owned(),
    };
    for object in OBJECTS.iter().filter(|o| o.is_entry()) {
        let fields = object.key.unwrap().iter().map(|f| format!("\"{}\":{}", f.name, zero(f.c_type)));
        let text = format!("{{{}}}", fields.collect::<Vec<_>>().join(","));
        let read = key::parse(object.object_type, &text).unwrap_or_else(|e| panic!("{text}: {e}"));
        let printed = key::print(&read);
        assert_eq!(key::parse(object.object_type, &printed), Ok(read), "{printed}");
    }
}

#[test]
fn keys_are_spelled_as_sairedis_does() {
    let (switch_id, vr_id) = (ObjectId(0x21), ObjectId(3));
    let route = RouteEntry { switch_id, vr_id, destination: "0.0.0.0/0".parse().unwrap() };
    let fdb = FdbEntry { switch_id, mac_address: MacAddr::new(2, 0, 0, 0, 0, 0xab), bv_id: ObjectId(9) };
    assert_eq!(key::print(&route.into()), r#"{"dest":"0.0.0.0/0","switch_id":"oid:0x21","vr":"oid:0x3"}"#);
    assert_eq!(
        key::print(&fdb.into()),
        r#"{"bvid":"oid:0x9","mac":"02:00:00:00:00:AB","switch_id":"oid:0x21"}"#
    );
    let nat = r#"{"nat_data":{"key":{"dst_ip":"1.1.1.1","l4_dst_port":"1","l4_src_port":"2","proto":"6","src_ip":"2.2.2.2"},"mask":{"dst_ip":"0.0.0.0","l4_dst_port":"0","l4_src_port":"0","proto":"0","src_ip":"0.0.0.0"}},"nat_type":"SAI_NAT_TYPE_SOURCE_NAT","switch_id":"oid:0x21","vr":"oid:0x3"}"#;
    let read = key::parse(ObjectType::NAT_ENTRY, nat).unwrap();
    assert!(matches!(read.entry(), Some(crate::Entry::Nat(NatEntry { vr_id: ObjectId(3), .. }))));
    assert_eq!(key::print(&read), nat);
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().clone()).unwrap()
    }
}

fn recorder(inner: Arc<dyn Backend>) -> (Record, Buffer) {
    let (out, tick) = (Buffer::default(), AtomicU64::new(0));
    let clock = move || format!("2026-08-20.14:03:55.{:06}", tick.fetch_add(1, Ordering::Relaxed));
    (Record::new(inner, out.clone(), clock), out)
}

fn attr(name: &str, text: &str) -> AttrEntry {
    let (meta, id) = names::attr(name).unwrap();
    AttrEntry::new(id, value::parse(text, meta).unwrap())
}

/// Drives a backend through one of every sort of call.
fn drive(b: &dyn Backend, mtu: &str) -> ObjectId {
    let init = [attr("SAI_SWITCH_ATTR_INIT_SWITCH", "true")];
    let switch = b.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &init).unwrap();
    let vr = b.create(switch, Target::Object(ObjectType::VIRTUAL_ROUTER), &[]).unwrap();
    let port = b
        .create(
            switch,
            Target::Object(ObjectType::PORT),
            &[attr("SAI_PORT_ATTR_HW_LANE_LIST", "2:0,1"), attr("SAI_PORT_ATTR_MTU", mtu)],
        )
        .unwrap();
    let port = ObjectRef::Object(ObjectType::PORT, port);
    b.set(&port, &attr("SAI_PORT_ATTR_ADMIN_STATE", "true")).unwrap();
    let asked = |name| AttrEntry::ask(names::attr(name).unwrap().1);
    b.get(&port, &mut [asked("SAI_PORT_ATTR_MTU"), asked("SAI_PORT_ATTR_HW_LANE_LIST")]).unwrap();
    b.get(&port, &mut [asked("SAI_PORT_ATTR_SUPPORTED_SPEED")]).unwrap_err();
    let entries: Vec<crate::Entry> = ["10.0.0.0/8", "fc00::/7"]
        .map(|p| RouteEntry { switch_id: switch, vr_id: vr, destination: p.parse().unwrap() }.into())
        .to_vec();
    let drop = [attr("SAI_ROUTE_ENTRY_ATTR_PACKET_ACTION", "SAI_PACKET_ACTION_DROP")];
    let items: Vec<_> =
        entries.iter().map(|e| BulkCreate { target: Target::Entry(e), attrs: &drop }).collect();
    b.bulk(Bulk::Create { switch, items: &items }, BulkErrorMode::StopOnError);
    b.stats(&port, &[0, 1], StatsOp::ReadAndClear, &mut [0, 0]).unwrap();
    b.special(switch, Special::FlushFdb(&[])).unwrap();
    b.query(switch, crate::Query::AttributeCapability(ObjectType::PORT, 0)).unwrap_err();
    b.remove(&ObjectRef::Object(ObjectType::VIRTUAL_ROUTER, vr)).unwrap();
    switch
}

#[test]
fn what_is_recorded_replays_the_same() {
    let (record, out) = recorder(Arc::new(Fake::default()));
    drive(&record, "9100");
    let recording = Recording::parse(&out.text()).strict().unwrap();
    assert!(recording.lines().iter().all(Line::is_canonical));
    // The replaying backend counts ids from elsewhere.
    let fresh = || {
        let fake = Fake::default();
        fake.create(ObjectId::NULL, Target::Object(ObjectType::LAG), &[]).unwrap();
        Arc::new(fake) as Arc<dyn Backend>
    };
    let report = Player::new(fresh).play(&recording);
    assert!(report.is_same(), "{report}");
    assert_eq!((report.views, report.lines), (1, recording.lines().len()));
    assert!(report.calls >= 11, "{report}");
    assert_eq!(report.values, 4, "{report}");
}

#[test]
fn differences_are_told_by_line_and_kind() {
    let (record, out) = recorder(Arc::new(Fake::default()));
    drive(&record, "9100");
    let text = out.text();
    let line = |what: &str| text.lines().position(|l| l.contains(what)).unwrap() + 1;
    // Another value in an answer, a failure that did not happen, an id from nowhere.
    let text = text.replacen(
        "G|SAI_STATUS_SUCCESS|SAI_PORT_ATTR_MTU=9100",
        "G|SAI_STATUS_SUCCESS|SAI_PORT_ATTR_MTU=1500",
        1,
    );
    let text = format!(
        "{text}2026-08-20.14:03:55.1|r|SAI_OBJECT_TYPE_LAG:oid:0xdead\n\
         2026-08-20.14:03:55.2|c|SAI_OBJECT_TYPE_LAG:oid:0x2000000000001|NULL=NULL\n\
         2026-08-20.14:03:55.3|E|SAI_STATUS_TABLE_FULL\n\
         2026-08-20.14:03:55.4|n|port_state_change|[]|\n"
    );
    let recording = Recording::parse(&text);
    let last = recording.lines().len();
    let play = |stop| Player::new(|| Arc::new(Fake::default())).stop_at_difference(stop).play(&recording);
    let report = play(false);
    let found: Vec<_> = report.differences.iter().map(|d| (d.line, d.kind)).collect();
    let get = line("g|SAI_OBJECT_TYPE_PORT");
    assert_eq!(
        found,
        [
            (get, DifferenceKind::Value),
            (last - 3, DifferenceKind::Missing),
            (last - 2, DifferenceKind::Status)
        ],
        "{report}"
    );
    assert_eq!(report.differences[0].recorded, "1500");
    assert_eq!(report.differences[0].found, "9100");
    assert_eq!(report.notifications.len(), 1);
    assert_eq!(report.to_json()["differences"][0]["kind"], "value");
    assert_eq!(play(true).stopped_at, Some(get));
}

#[test]
fn a_second_create_of_the_switch_begins_a_view_on_a_fresh_backend() {
    let create = "2026-08-20.14:03:55.1|c|SAI_OBJECT_TYPE_SWITCH:oid:0x21000000000000|SAI_SWITCH_ATTR_INIT_SWITCH=true\n";
    let init = "2026-08-20.14:03:55.1|a|INIT_VIEW\n";
    let mut made = 0;
    for text in [format!("{create}{create}"), format!("{init}{create}{init}{create}")] {
        let report = Player::new(|| {
            made += 1;
            Arc::new(Fake::default())
        })
        .play(&Recording::parse(&text));
        assert_eq!(report.views, 2);
    }
    assert_eq!(made, 4);
}

#[test]
fn a_pause_is_handed_to_the_caller() {
    let mut waited = 0;
    let recording = Recording::parse("2026-08-20.14:03:55.1|@|250");
    Player::new(|| Arc::new(Fake::default())).on_pause(|ms| waited += ms).play(&recording);
    assert_eq!(waited, 250);
}

#[test]
fn notifications_are_recorded_as_long_as_the_layer_lives() {
    let note = crate::notify::Notification::SwitchShutdownRequest { switch_id: ObjectId(7) };
    let fake = Arc::new(Fake::default());
    let (record, out) = recorder(fake.clone());
    drive(&record, "9100");
    fake.send(&note);
    let last = out.text().lines().last().unwrap().to_owned();
    assert!(last.ends_with(r#"|n|switch_shutdown_request|{"switch_id":"oid:0x7"}|"#), "{last}");
    drop(record);
    fake.send(&note);
    assert_eq!(out.text().lines().last(), Some(last.as_str()), "nothing is written once the layer is gone");
}

#[test]
fn a_writer_that_fails_ends_the_recording_and_no_call() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("no space"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let record = Record::new(Arc::new(Fake::default()), Full, crate::layer::record::system_time);
    drive(&record, "9100");
    assert_eq!(record.error().as_deref(), Some("no space"));
    assert!(record.flush().is_err());
}

#[test]
fn the_time_of_the_system_has_the_form_of_recordings() {
    let text = format!("{}|#|now", crate::layer::record::system_time());
    assert!(Recording::parse(&text).strict().is_ok(), "{text}");
}

#[test]
fn a_snapshot_reads_back_and_errors_name_the_line() {
    let switch_id = ObjectId(0x21);
    let documents = vec![
        Document {
            object: ObjectRef::Object(ObjectType::PORT, ObjectId(0x1_0000)),
            attrs: vec![
                attr("SAI_PORT_ATTR_HW_LANE_LIST", "4:0,1,2,3"),
                attr("SAI_PORT_ATTR_ADMIN_STATE", "true"),
                attr("SAI_PORT_ATTR_FEC_MODE", "SAI_PORT_FEC_MODE_RS"),
            ],
        },
        Document {
            object: RouteEntry { switch_id, vr_id: ObjectId(3), destination: "10.0.0.0/8".parse().unwrap() }
                .into(),
            attrs: vec![attr("SAI_ROUTE_ENTRY_ATTR_NEXT_HOP_ID", "oid:0x4")],
        },
    ];
    let text = print_snapshot(&documents);
    let mut read = parse_snapshot(&text).unwrap();
    read.iter_mut().zip(&documents).for_each(|(d, original)| {
        d.attrs.sort_by_key(|a| original.attrs.iter().position(|o| o.id == a.id));
    });
    assert_eq!(read, documents);
    assert!(text.contains(r#""SAI_PORT_ATTR_HW_LANE_LIST":[0,1,2,3]"#), "{text}");
    let error = parse_snapshot(&text.replace("oid:0x4", "four")).unwrap_err();
    assert_eq!(error.line, 3);
    assert!(error.reason.starts_with("SAI_ROUTE_ENTRY_ATTR_NEXT_HOP_ID: 'four'"), "{error}");
    assert_eq!(parse_snapshot("[\n{]").unwrap_err().line, 2);
}
