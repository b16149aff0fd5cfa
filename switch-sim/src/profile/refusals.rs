//! What a profile refuses, in a form that every call can afford to ask.

use hashbrown::HashSet;
use sai::AttrId;
use sai::meta::{self, AttrFlags, ObjectMeta};
use sai::types::Api;

use super::Profile;

/// The refused object types and attributes.
#[derive(Debug)]
pub(crate) struct Refusals {
    /// By dense position of the type; empty where none is refused.
    types: Vec<bool>,
    /// By dense position of the type and attribute.
    attrs: HashSet<(u8, AttrId)>,
}

/// The key of `[features]` for an API: `acl` for `SAI_API_ACL`.
pub(super) fn feature(api: Api) -> String {
    api.to_string().trim_start_matches("SAI_API_").to_ascii_lowercase()
}

impl Refusals {
    /// Those of a profile.
    pub(crate) fn new(profile: &Profile) -> Refusals {
        let off = |m: &ObjectMeta| profile.features.get(&feature(m.api)) == Some(&false);
        let listed = |m: &ObjectMeta| profile.refuse.object_types.iter().any(|name| name == m.name);
        let types: Vec<bool> = meta::OBJECTS.iter().map(|m| off(m) || listed(m)).collect();
        let listed = profile.refuse.attributes.iter().filter_map(|name| meta::attr_by_name(name));
        let mut attrs: HashSet<_> =
            listed.filter_map(|a| Some((meta::object(a.object_type)?.dense, a.id))).collect();
        let none = !types.contains(&true);
        if none {
            return Refusals { types: Vec::new(), attrs };
        }
        // What can name only objects that cannot be made.
        let refused = |t: &sai::ObjectType| meta::object(*t).is_some_and(|m| types[m.dense as usize]);
        for m in meta::OBJECTS {
            let dead = m.attrs.iter().filter(|a| {
                let given = !a.flags.contains(AttrFlags::READ_ONLY);
                given && !a.objects.is_empty() && a.objects.iter().all(refused)
            });
            attrs.extend(dead.map(|a| (m.dense, a.id)));
        }
        Refusals { types, attrs }
    }

    /// Whether objects of a type are refused.
    #[inline]
    pub(crate) fn object_type(&self, meta: &ObjectMeta) -> bool {
        self.types.get(meta.dense as usize).copied().unwrap_or(false)
    }

    /// Whether an attribute is refused.
    #[inline]
    pub(crate) fn attr(&self, meta: &ObjectMeta, id: AttrId) -> bool {
        !self.attrs.is_empty() && meta.attr(id).is_some_and(|a| self.attrs.contains(&(meta.dense, a.id)))
    }
}
