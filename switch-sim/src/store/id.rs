//! How an object id is built: switch 8 bits, dense type 8, generation 16, slot 32.
//!
//! A look-up is an index. A slot that is used again gets a new generation, so a stale id never names a
//! new object.

use sai::meta::{self, ObjectMeta};
use sai::{ObjectId, ObjectType};

/// The parts of an [`ObjectId`] that the simulator issues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Parts {
    /// Number of the switch, from 1.
    pub switch: u8,
    /// Position of the type in [`meta::OBJECTS`].
    pub dense: u8,
    /// How often the slot was used before.
    pub generation: u16,
    /// The slot.
    pub slot: u32,
}

impl Parts {
    /// Takes an id apart.
    pub const fn of(id: ObjectId) -> Parts {
        Parts {
            switch: (id.0 >> 56) as u8,
            dense: (id.0 >> 48) as u8,
            generation: (id.0 >> 32) as u16,
            slot: id.0 as u32,
        }
    }

    /// Puts an id together.
    pub const fn id(self) -> ObjectId {
        ObjectId(
            (self.switch as u64) << 56
                | (self.dense as u64) << 48
                | (self.generation as u64) << 32
                | self.slot as u64,
        )
    }

    /// The metadata of the type, where the id could have been issued at all.
    pub fn meta(self) -> Option<&'static ObjectMeta> {
        let meta = meta::OBJECTS.get(self.dense as usize)?;
        (self.switch != 0 && meta.key.is_none()).then_some(meta)
    }
}

/// The type of an id, where the simulator could have issued it.
pub fn type_of(id: ObjectId) -> Option<ObjectType> {
    Some(Parts::of(id).meta()?.object_type)
}

/// The id of the switch with this number.
pub fn switch_id(number: u8) -> ObjectId {
    let dense = meta::object(ObjectType::SWITCH).expect("the switch is an object type").dense;
    Parts { switch: number, dense, generation: 0, slot: 0 }.id()
}
