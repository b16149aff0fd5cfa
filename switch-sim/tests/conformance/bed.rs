//! The bench that a case runs on: a backend with a switch, and its ports' wires.

use std::time::Duration;

use sai::{AttrEntry, Backend, ObjectId, ObjectRef, ObjectType, Result, Target, Value, switch};
use switch_sim::warm::Keys;
use switch_sim::{Profile, Simulator, World};

/// What a case needs of a backend under test.
pub trait TestBed {
    /// The backend.
    fn backend(&self) -> &dyn Backend;
    /// Puts a frame on the wire into a port.
    fn inject(&self, port: ObjectId, frame: &[u8]);
    /// Takes the next frame that a port sent.
    fn receive(&self, port: ObjectId) -> Option<Vec<u8>>;
    /// Lets time pass.
    fn advance(&self, by: Duration);
}

/// The simulator in process.
pub struct InProcess {
    world: World,
    sim: Simulator,
}

impl InProcess {
    pub fn new(profile: Profile) -> InProcess {
        InProcess::with_keys(profile, Keys::default())
    }

    /// With the profile keys of a client.
    pub fn with_keys(profile: Profile, keys: Keys) -> InProcess {
        let world = World::new(1);
        let sim = world.simulator_with_keys(profile, keys);
        InProcess { world, sim }
    }
}

impl TestBed for InProcess {
    fn backend(&self) -> &dyn Backend {
        &self.sim
    }
    fn inject(&self, port: ObjectId, frame: &[u8]) {
        self.world.inject(&self.sim, port, frame).unwrap();
    }
    fn receive(&self, port: ObjectId) -> Option<Vec<u8>> {
        self.world.receive(&self.sim, port).unwrap()
    }
    fn advance(&self, by: Duration) {
        self.world.advance(by).unwrap();
    }
}

/// Creates a switch as managers do.
pub fn boot(bed: &dyn TestBed) -> ObjectId {
    let init = [AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true))];
    bed.backend().create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &init).unwrap()
}

/// Reads one attribute.
pub fn get(bed: &dyn TestBed, object: &ObjectRef, attr: u32) -> Result<Value> {
    let mut attrs = [AttrEntry::ask(attr)];
    bed.backend().get(object, &mut attrs)?;
    let [attr] = attrs;
    Ok(attr.value)
}

/// Reads an object id.
pub fn oid(bed: &dyn TestBed, object: &ObjectRef, attr: u32) -> ObjectId {
    get(bed, object, attr).unwrap().as_oid().unwrap()
}

/// Reads a list of object ids.
pub fn oids(bed: &dyn TestBed, object: &ObjectRef, attr: u32) -> Vec<ObjectId> {
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
pub fn create(bed: &dyn TestBed, switch: ObjectId, ty: ObjectType, attrs: &[AttrEntry]) -> Result<ObjectId> {
    bed.backend().create(switch, Target::Object(ty), attrs)
}

/// Sets one attribute.
pub fn set(bed: &dyn TestBed, object: &ObjectRef, attr: AttrEntry) -> Result<()> {
    bed.backend().set(object, &attr)
}
