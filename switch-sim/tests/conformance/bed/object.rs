//! Calls by name, for cases that look at their results.

use sai::{AttrEntry, Error, ObjectId, ObjectRef, ObjectType, Result, Target, Value, switch};

use super::{Bed, Need, TestBed};
use crate::opener;

/// Creates a switch as managers do.
pub fn boot(bed: &dyn TestBed) -> ObjectId {
    let init = [AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true))];
    bed.backend().create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &init).unwrap()
}

/// Reads one attribute.
pub fn get(bed: &Bed, object: &ObjectRef, attr: u32) -> Result<Value> {
    let mut attrs = [AttrEntry::ask(attr)];
    bed.backend().get(object, &mut attrs)?;
    let [attr] = attrs;
    Ok(attr.value)
}

/// Reads an object id.
pub fn oid(bed: &Bed, object: &ObjectRef, attr: u32) -> ObjectId {
    get(bed, object, attr).unwrap().as_oid().unwrap()
}

/// Reads a list of object ids.
pub fn oids(bed: &Bed, object: &ObjectRef, attr: u32) -> Vec<ObjectId> {
    match get(bed, object, attr).unwrap() {
        Value::OidList(ids) => ids,
        other => panic!("{other:?} is no list"),
    }
}

/// A switch as an object.
pub fn this(id: ObjectId) -> ObjectRef {
    ObjectRef::Object(ObjectType::SWITCH, id)
}

/// Creates an object.
pub fn create(bed: &Bed, switch: ObjectId, ty: ObjectType, attrs: &[AttrEntry]) -> Result<ObjectId> {
    bed.backend().create(switch, Target::Object(ty), attrs)
}

/// Sets one attribute.
pub fn set(bed: &Bed, object: &ObjectRef, attr: AttrEntry) -> Result<()> {
    bed.backend().set(object, &attr)
}

/// Asserts that an error says this, where errors have words.
#[track_caller]
pub fn says(error: &Error, words: &str) {
    assert!(!opener::has(Need::Words) || error.to_string().contains(words), "{error}");
}
