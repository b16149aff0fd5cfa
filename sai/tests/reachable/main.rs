//! Every attribute and statistic of the model is reachable by a typed constant of the right number, and
//! every default is a value of the constant's type.

use std::collections::HashSet;

use sai::meta::{self, OBJECTS};
use sai::{Attr, AttrValue, Object};

mod list;

#[derive(Default)]
struct Seen {
    attrs: HashSet<&'static str>,
    stats: HashSet<&'static str>,
}

impl Seen {
    fn attr<T: Object, V: AttrValue, A>(&mut self, attr: Attr<T, V, A>, name: &'static str) {
        let meta = attr.meta().unwrap_or_else(|| panic!("{name} has no metadata"));
        assert_eq!(meta.name, name);
        assert_eq!(meta.object_type, T::TYPE, "{name}");
        if let Some(default) = meta.default_value() {
            let kind = default.kind();
            let null = default.as_oid().is_some_and(|id| id.is_null());
            let typed = V::from_value(default.clone());
            if null && typed.is_none() {
                assert!(!meta.flags.contains(meta::AttrFlags::ALLOW_NULL), "{name} allows null");
            } else {
                let typed = typed.unwrap_or_else(|| panic!("{name}: its type has no {kind:?}"));
                assert_eq!(typed.into_value(), default, "{name}");
            }
        }
        assert!(self.attrs.insert(name), "{name} twice");
    }

    fn stat(&mut self, raw: i32, name: &'static str) {
        let (_, value) = meta::enum_value_by_name(name).unwrap_or_else(|| panic!("{name} is unknown"));
        assert_eq!(value.value, raw, "{name}");
        assert!(self.stats.insert(name), "{name} twice");
    }
}

#[test]
fn every_attribute_and_statistic_has_its_constant() {
    let mut seen = Seen::default();
    list::visit(&mut seen);
    let all = cfg!(feature = "experimental");
    for object in OBJECTS.iter().filter(|o| all || !o.experimental) {
        for attr in object.attrs.iter().filter(|a| all || a.id < 0x2000_0000) {
            assert!(seen.attrs.remove(attr.name), "{} has no constant", attr.name);
        }
        for stat in object.stats.iter().flat_map(|s| s.values) {
            assert!(seen.stats.remove(stat.name), "{} has no constant", stat.name);
        }
    }
    assert!(seen.attrs.is_empty() && seen.stats.is_empty(), "constants of nothing");
}
