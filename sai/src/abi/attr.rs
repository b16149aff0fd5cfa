//! Attributes and lists of attributes.

use sai_sys as sys;
use smallvec::SmallVec;

use super::memory::{Arena, Fit, Lists};
use super::value;
use crate::meta::{AttrMeta, ObjectMeta};
use crate::{AttrEntry, Error, Status};

/// The attributes of a call: most calls have few, and then nothing is allocated.
pub type Attrs = SmallVec<[AttrEntry; 4]>;

/// What is wrong with an attribute in its C form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttrFault {
    /// The object type has no attribute of this id.
    Unknown(u32),
    /// The value has no meaning: a count without a list, an unknown address family, a mask with holes.
    Value(&'static str, u32),
    /// There is a count and no list of attributes.
    NoList,
}

impl AttrFault {
    /// The error that a call answers when the fault is in its `n`-th attribute.
    #[cold]
    pub fn at(self, n: usize) -> Error {
        match self {
            AttrFault::Unknown(id) => {
                Error::because(Status::UNKNOWN_ATTRIBUTE_0.nth(n), format!("no attribute has the id {id}"))
            }
            AttrFault::Value(name, _) => Error::because(
                Status::INVALID_ATTR_VALUE_0.nth(n),
                "the value has no meaning: a count without a list, an unknown address family or a mask with holes",
            )
            .on_attr(name),
            AttrFault::NoList => {
                Error::because(Status::INVALID_PARAMETER, "there is a count of attributes and no list")
            }
        }
    }
}

/// Reads an attribute of an object type.
///
/// # Safety
/// `c` can be read, and the lists in its value have as many elements as their counts say, or are null.
pub unsafe fn read_attr(object: &ObjectMeta, c: *const sys::sai_attribute_t) -> Result<AttrEntry, AttrFault> {
    // SAFETY: the caller promises that `c` can be read.
    let id = unsafe { (*c).id };
    let meta = object.attr(id).ok_or(AttrFault::Unknown(id))?;
    // SAFETY: the caller promises it of the value.
    let value = unsafe { value::read_value(meta.ty, &raw const (*c).value) };
    Ok(AttrEntry { id, value: value.ok_or(AttrFault::Value(meta.name, id))? })
}

/// Reads a list of attributes. An error carries the position of the attribute.
///
/// # Safety
/// `list` is null or has `count` elements, each as [`read_attr`] asks.
pub unsafe fn read_attrs(
    object: &ObjectMeta,
    count: u32,
    list: *const sys::sai_attribute_t,
) -> Result<Attrs, Error> {
    if list.is_null() && count > 0 {
        return Err(AttrFault::NoList.at(0));
    }
    let mut attrs = Attrs::new();
    for n in 0..count as usize {
        // SAFETY: the list has `count` elements.
        attrs.push(unsafe { read_attr(object, list.add(n)) }.map_err(|fault| fault.at(n))?);
    }
    Ok(attrs)
}

/// The C form of an attribute, its lists in `arena`.
pub fn write_attr(attr: &AttrEntry, arena: &mut Arena) -> sys::sai_attribute_t {
    let mut c = sys::sai_attribute_t { id: attr.id, ..Default::default() };
    // SAFETY: `c` is ours, and its lists go into the arena.
    unsafe { value::write_value(&attr.value, &raw mut c.value, &mut Lists::Own(arena)) };
    c
}

/// Stores an answer into the caller's attribute, its lists in the caller's memory. A list that is too
/// short gets the count that it should have and [`Fit::overflow`].
///
/// # Errors
/// When the value is not of the attribute's type; nothing is written then.
///
/// # Safety
/// `c` can be written, and its lists have as much room as their counts say, or are null.
pub unsafe fn store_attr(
    meta: &AttrMeta,
    answer: &AttrEntry,
    c: *mut sys::sai_attribute_t,
) -> Result<Fit, Error> {
    if answer.value.kind() != meta.ty.value_kind() {
        let reason = format!("the backend answered a value of kind {:?}", answer.value.kind());
        return Err(Error::because(Status::FAILURE, reason).on_attr(meta.name));
    }
    let mut fit = Fit::default();
    // SAFETY: as the caller promises, of the member that the attribute's type names.
    unsafe { value::write_value(&answer.value, &raw mut (*c).value, &mut Lists::Caller(&mut fit)) };
    Ok(fit)
}
