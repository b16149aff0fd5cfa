//! A backend of your own: a chip driver, a mock, a proxy. It implements one trait, and everything else works
//! on it: the typed session, the validating layer, the recorder, and the export as a `libsai.so`.
//!
//! This one is a media converter: two ports, nothing but their attributes. SAI's rules (mandatory attributes,
//! types, ranges, what may be set) come from the `Validate` layer on top.
//!
//! `cargo run -p examples --example own_backend`

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sai::layer::validate::{Level, Validate};
use sai::notify::{Notification, NotificationSink, PortOperStatusNotification};
use sai::{
    Answer, AttrEntry, Backend, Error, Info, MacAddr, ObjectId, ObjectRef, ObjectType, Query, Result,
    Session, Special, SpecialAnswer, StatId, StatsOp, Status, Target, Value, meta, port, switch,
};

const SWITCH: ObjectId = ObjectId(0x1000);
const PORTS: [ObjectId; 2] = [ObjectId(1), ObjectId(2)];

#[derive(Debug, Default)]
struct MediaConverter {
    /// What clients set.
    values: Mutex<BTreeMap<(ObjectId, u32), Value>>,
    sinks: Mutex<Vec<Arc<dyn NotificationSink>>>,
}

impl MediaConverter {
    /// What the device knows of itself.
    fn built_in(&self, id: ObjectId, attr: u32) -> Option<Value> {
        let is = |a: u32| attr == a;
        if id == SWITCH {
            return match () {
                () if is(switch::PORT_LIST.id()) => Some(Value::OidList(PORTS.to_vec())),
                () if is(switch::NUMBER_OF_ACTIVE_PORTS.id()) => Some(Value::U32(PORTS.len() as u32)),
                () if is(switch::SRC_MAC_ADDRESS.id()) => Some(Value::Mac(MacAddr::new(2, 0, 0, 0, 0, 1))),
                () => None,
            };
        }
        match () {
            () if is(port::HW_LANE_LIST.id()) => Some(Value::U32List(vec![id.0 as u32])),
            () if is(port::SPEED.id()) => Some(Value::U32(10_000)),
            () if is(port::OPER_STATUS.id()) => Some(Value::I32(self.oper_status(id).0)),
            () => None,
        }
    }

    fn oper_status(&self, port: ObjectId) -> port::OperStatus {
        let values = self.values.lock().expect("nobody panics");
        match values.get(&(port, port::ADMIN_STATE.id())) {
            Some(Value::Bool(true)) => port::OperStatus::UP,
            _ => port::OperStatus::DOWN,
        }
    }

    /// The id, if the device has such an object.
    fn known(&self, object: &ObjectRef) -> Result<ObjectId> {
        match object {
            ObjectRef::Object(ObjectType::SWITCH, SWITCH) => Ok(SWITCH),
            ObjectRef::Object(ObjectType::PORT, id) if PORTS.contains(id) => Ok(*id),
            _ => Err(Status::ITEM_NOT_FOUND.into()),
        }
    }
}

impl Backend for MediaConverter {
    fn info(&self) -> Info {
        Info { name: "media-converter".into(), api_version: 11801 }
    }

    fn create(&self, _: ObjectId, target: Target<'_>, _: &[AttrEntry]) -> Result<ObjectId> {
        match target {
            Target::Object(ObjectType::SWITCH) => Ok(SWITCH),
            _ => {
                Err(Error::because(Status::NOT_SUPPORTED, "the ports are soldered on, and there is no more"))
            }
        }
    }

    fn remove(&self, object: &ObjectRef) -> Result<()> {
        match self.known(object)? {
            SWITCH => {
                self.values.lock().expect("nobody panics").clear();
                Ok(())
            }
            _ => Err(Error::because(Status::NOT_SUPPORTED, "the ports are soldered on")),
        }
    }

    fn set(&self, object: &ObjectRef, attr: &AttrEntry) -> Result<()> {
        let id = self.known(object)?;
        let before = self.oper_status(id);
        self.values.lock().expect("nobody panics").insert((id, attr.id), attr.value.clone());
        let port_state = self.oper_status(id);
        if port_state != before {
            let port_error_status = port::ErrorStatus::CLEAR;
            let data = vec![PortOperStatusNotification { port_id: id, port_state, port_error_status }];
            // No lock is held here: a receiver may call back.
            let sinks = self.sinks.lock().expect("nobody panics").clone();
            sinks.iter().for_each(|s| s.notify(&Notification::PortStateChange { data: data.clone() }));
        }
        Ok(())
    }

    fn get(&self, object: &ObjectRef, attrs: &mut [AttrEntry]) -> Result<()> {
        let id = self.known(object)?;
        for (n, asked) in attrs.iter_mut().enumerate() {
            let stored = self.values.lock().expect("nobody panics").get(&(id, asked.id)).cloned();
            let default = || meta::attr(object.object_type(), asked.id)?.default_value();
            asked.value = stored
                .or_else(|| self.built_in(id, asked.id))
                .or_else(default)
                .ok_or(Status::ATTR_NOT_SUPPORTED_0.nth(n))?;
        }
        Ok(())
    }

    fn stats(&self, object: &ObjectRef, _: &[StatId], _: StatsOp, _: &mut [u64]) -> Result<()> {
        self.known(object)?;
        Err(Error::because(Status::NOT_SUPPORTED, "a media converter does not count"))
    }

    fn query(&self, _: ObjectId, query: Query<'_>) -> Result<Answer> {
        match query {
            Query::ObjectCount(ObjectType::PORT) => Ok(Answer::Count(PORTS.len() as u64)),
            _ => Err(Status::NOT_SUPPORTED.into()),
        }
    }

    fn object_type(&self, id: ObjectId) -> Option<ObjectType> {
        match id {
            SWITCH => Some(ObjectType::SWITCH),
            _ => PORTS.contains(&id).then_some(ObjectType::PORT),
        }
    }

    fn switch_of(&self, id: ObjectId) -> Option<ObjectId> {
        self.object_type(id).map(|_| SWITCH)
    }

    fn special(&self, _: ObjectId, _: Special<'_>) -> Result<SpecialAnswer> {
        Err(Status::NOT_SUPPORTED.into())
    }

    fn subscribe(&self, sink: Arc<dyn NotificationSink>) {
        self.sinks.lock().expect("nobody panics").push(sink);
    }
}

fn main() -> Result<()> {
    let checked = Validate::new(Arc::new(MediaConverter::default()), Level::Sai);
    let switch = Session::new(Arc::new(checked)).create_switch(switch::Required { init_switch: true })?;
    let events = switch.subscribe(16);

    let first = switch.ports()?[0];
    println!("{first} runs at {} Mbps", switch.get(first, port::SPEED)?);
    switch.set(first, port::ADMIN_STATE, true)?;
    println!("it is {} now", switch.get(first, port::OPER_STATUS)?);
    while let Some(event) = events.try_recv() {
        println!("heard: {}", event.name());
    }

    // The layer knows SAI's rules, the backend what it can do; either's refusal names the reason.
    println!("refused: {}", switch.set(first, port::PORT_VLAN_ID, 5000).expect_err("no such VLAN"));
    let third = switch.create(port::Required { hw_lane_list: vec![3], speed: 10_000 });
    println!("refused: {}", third.expect_err("two ports is all"));
    Ok(())
}
