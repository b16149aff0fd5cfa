//! The typed verbs over a backend that keeps attributes in a map.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sai::entry::RouteEntry;
use sai::notify::{Notification, NotificationSink};
use sai::{
    Answer, AttrEntry, AttrId, Backend, BulkErrorMode, Error, Info, ObjectId, ObjectRef, ObjectType, Query,
    Result, Session, Special, SpecialAnswer, StatId, StatsOp, Status, Target, Value, lag, port, route_entry,
    switch, vlan,
};

/// Keeps what it is given, checks little: an MTU above 9216 is refused.
#[derive(Debug, Default)]
struct Map(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    next: u64,
    objects: HashMap<ObjectRef, HashMap<AttrId, Value>>,
    switch_told: Vec<ObjectId>,
    sinks: Vec<Arc<dyn NotificationSink>>,
}

impl Backend for Map {
    fn info(&self) -> Info {
        Info { name: "map".to_owned(), api_version: 11801 }
    }
    fn create(&self, switch: ObjectId, target: Target<'_>, attrs: &[AttrEntry]) -> Result<ObjectId> {
        let mut state = self.0.lock().unwrap();
        state.switch_told.push(switch);
        state.next += 1;
        let id = match target {
            Target::Object(_) => ObjectId(state.next),
            Target::Entry(_) => ObjectId::NULL,
        };
        let values = attrs.iter().map(|a| (a.id, a.value.clone())).collect();
        state.objects.insert(target.to_ref(id), values);
        Ok(id)
    }
    fn remove(&self, object: &ObjectRef) -> Result<()> {
        let gone = self.0.lock().unwrap().objects.remove(object);
        gone.map(drop).ok_or(Error::new(Status::ITEM_NOT_FOUND))
    }
    fn set(&self, object: &ObjectRef, attr: &AttrEntry) -> Result<()> {
        if attr.id == port::MTU.id() && matches!(attr.value, Value::U32(n) if n > 9216) {
            return Err(Error::because(Status::INVALID_ATTR_VALUE_0, "above the limit of 9216"));
        }
        let mut state = self.0.lock().unwrap();
        let values = state.objects.get_mut(object).ok_or(Error::new(Status::ITEM_NOT_FOUND))?;
        values.insert(attr.id, attr.value.clone());
        Ok(())
    }
    fn get(&self, object: &ObjectRef, attrs: &mut [AttrEntry]) -> Result<()> {
        let state = self.0.lock().unwrap();
        let values = state.objects.get(object).ok_or(Error::new(Status::ITEM_NOT_FOUND))?;
        for (i, attr) in attrs.iter_mut().enumerate() {
            let value = values.get(&attr.id).ok_or(Status::ATTR_NOT_SUPPORTED_0.nth(i))?;
            attr.value = value.clone();
        }
        Ok(())
    }
    fn stats(&self, _: &ObjectRef, stats: &[StatId], op: StatsOp, out: &mut [u64]) -> Result<()> {
        if op != StatsOp::Clear {
            out.iter_mut().zip(stats).for_each(|(out, stat)| *out = u64::from(*stat) + 100);
        }
        Ok(())
    }
    fn query(&self, _: ObjectId, query: Query<'_>) -> Result<Answer> {
        match query {
            Query::ObjectCount(ty) => {
                let state = self.0.lock().unwrap();
                Ok(Answer::Count(state.objects.keys().filter(|o| o.object_type() == ty).count() as u64))
            }
            Query::EnumValues(..) => Ok(Answer::EnumValues(vec![0, 1])),
            Query::ObjectKeys(_) => Ok(Answer::Count(7)),
            _ => Err(Status::NOT_SUPPORTED.into()),
        }
    }
    fn object_type(&self, id: ObjectId) -> Option<ObjectType> {
        let state = self.0.lock().unwrap();
        state.objects.keys().find(|o| o.oid() == Some(id)).map(ObjectRef::object_type)
    }
    fn switch_of(&self, _: ObjectId) -> Option<ObjectId> {
        None
    }
    fn special(&self, switch: ObjectId, call: Special<'_>) -> Result<SpecialAnswer> {
        let Special::RemoveAllNeighbors = call else { return Err(Status::NOT_IMPLEMENTED.into()) };
        let state = self.0.lock().unwrap();
        for sink in &state.sinks {
            sink.notify(&Notification::SwitchShutdownRequest { switch_id: switch });
        }
        Ok(SpecialAnswer::Done)
    }
    fn subscribe(&self, sink: Arc<dyn NotificationSink>) {
        self.0.lock().unwrap().sinks.push(sink);
    }
}

fn start() -> (Arc<Map>, sai::Switch) {
    let map = Arc::new(Map::default());
    let session = Session::new(map.clone());
    let switch = session.create_switch(switch::Required { init_switch: true }).unwrap();
    (map, switch)
}

fn new_port(switch: &sai::Switch) -> sai::Oid<port::Port> {
    switch.create(port::Required { hw_lane_list: vec![0, 1], speed: 100_000 }.with(port::MTU, 9100)).unwrap()
}

#[test]
fn the_switch_is_created_with_null_and_named_in_what_follows() {
    let (map, switch) = start();
    new_port(&switch);
    assert_eq!(map.0.lock().unwrap().switch_told, [ObjectId::NULL, switch.id().raw()]);
}

#[test]
fn what_is_given_on_create_is_read_back_typed_and_together() {
    let (_, switch) = start();
    let port = new_port(&switch);
    let (speed, lanes, mtu) = switch.get(port, (port::SPEED, port::HW_LANE_LIST, port::MTU)).unwrap();
    assert_eq!((speed, lanes, mtu), (100_000, vec![0, 1], 9100));
    switch.set(port, port::FEC_MODE, port::FecMode::RS).unwrap();
    assert_eq!(switch.get(port, port::FEC_MODE).unwrap(), port::FecMode::RS);
    assert_eq!(switch.object_type(port), Some(ObjectType::PORT));
    switch.remove(port).unwrap();
    assert_eq!(switch.get(port, port::SPEED).unwrap_err().status(), Status::ITEM_NOT_FOUND);
}

#[test]
fn an_error_names_operation_object_attribute_and_reason() {
    let (_, switch) = start();
    let port = new_port(&switch);
    let error = switch.set(port, port::MTU, 10_000).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "set SAI_OBJECT_TYPE_PORT {port}, SAI_PORT_ATTR_MTU: above the limit of 9216 \
             (SAI_STATUS_INVALID_ATTR_VALUE_0)"
        )
    );
    let error = switch.get(port, (port::SPEED, port::OPER_STATUS)).unwrap_err();
    assert_eq!(error.attr(), Some("SAI_PORT_ATTR_OPER_STATUS"));
    assert_eq!(error.operation(), Some("get"));
}

#[test]
fn an_answer_of_another_kind_is_an_error_and_not_a_panic() {
    let (map, switch) = start();
    let port = new_port(&switch);
    let object = ObjectRef::Object(ObjectType::PORT, port.raw());
    map.set(&object, &AttrEntry::new(port::SPEED.id(), Value::Bool(true))).unwrap();
    let error = switch.get(port, port::SPEED).unwrap_err();
    assert!(error.to_string().contains("SAI_PORT_ATTR_SPEED: the backend answered a Bool"), "{error}");
    assert_eq!(switch.object_keys::<port::Port>().unwrap_err().status(), Status::FAILURE);
}

#[test]
fn entries_take_the_same_verbs() {
    let (_, switch) = start();
    let entry = RouteEntry {
        switch_id: switch.id().raw(),
        vr_id: ObjectId(3),
        destination: "10.0.0.0/8".parse().unwrap(),
    };
    let new = route_entry::Required { entry: entry.clone() };
    switch.create(new.with(route_entry::META_DATA, 5)).unwrap();
    assert_eq!(switch.get(&entry, route_entry::META_DATA).unwrap(), 5);
    switch.set(&entry, route_entry::NEXT_HOP_ID, None).unwrap();
    assert_eq!(switch.get(&entry, route_entry::NEXT_HOP_ID).unwrap(), None);
    assert_eq!(switch.object_count::<RouteEntry>().unwrap(), 1);
    switch.remove(&entry).unwrap();
    assert_eq!(switch.object_count::<RouteEntry>().unwrap(), 0);
}

#[test]
fn bulk_calls_answer_one_result_an_object() {
    let (_, switch) = start();
    let new = |id| vlan::Required { vlan_id: id };
    let vlans: Vec<_> = switch
        .bulk_create([new(10), new(20), new(30)], BulkErrorMode::StopOnError)
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let ids = switch.bulk_get(vlans.iter().copied(), vlan::VLAN_ID, BulkErrorMode::StopOnError);
    assert_eq!(ids.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [10, 20, 30]);

    switch.remove(vlans[1]).unwrap();
    let status = |mode| {
        let results = switch.bulk_set(vlan::LEARN_DISABLE, vlans.iter().map(|v| (*v, true)), mode);
        results.into_iter().map(|r| r.map_err(|e| e.status())).collect::<Vec<_>>()
    };
    let missing = Err(Status::ITEM_NOT_FOUND);
    assert_eq!(status(BulkErrorMode::StopOnError), [Ok(()), missing, Err(Status::NOT_EXECUTED)]);
    assert_eq!(status(BulkErrorMode::IgnoreError), [Ok(()), missing, Ok(())]);
    let removed = switch.bulk_remove(vlans.iter().copied(), BulkErrorMode::IgnoreError);
    assert_eq!(removed[1].as_ref().unwrap_err().status(), Status::ITEM_NOT_FOUND);
    assert_eq!(switch.object_count::<vlan::Vlan>().unwrap(), 0);
}

#[test]
fn statistics_and_capabilities_are_typed() {
    let (_, switch) = start();
    let port = new_port(&switch);
    let stats = [port::Stat::IF_IN_UCAST_PKTS, port::Stat::IF_IN_OCTETS];
    assert_eq!(switch.stats(port, &stats).unwrap(), [101, 100]);
    assert_eq!(switch.bulk_stats(&[port, port], &stats).len(), 2);
    let modes = switch.enum_capability(port::FEC_MODE).unwrap();
    assert_eq!(modes, [port::FecMode::NONE, port::FecMode::RS]);
    assert_eq!(switch.availability(lag::Required {}).unwrap_err().status(), Status::NOT_SUPPORTED);
}

#[test]
fn notifications_arrive_in_order_and_overflow_is_counted() {
    let (map, switch) = start();
    let receiver = switch.subscribe(2);
    assert_eq!(receiver.recv_timeout(Duration::ZERO), None);
    for _ in 0..5 {
        switch.remove_all_neighbors().unwrap();
    }
    assert_eq!(receiver.len(), 2);
    assert_eq!(receiver.take_dropped(), 3);
    assert_eq!(receiver.take_dropped(), 0);
    let expected = Notification::SwitchShutdownRequest { switch_id: switch.id().raw() };
    assert_eq!(receiver.try_recv(), Some(expected.clone()));
    assert_eq!(receiver.recv_timeout(Duration::MAX), Some(expected));
    assert!(receiver.is_empty());
    assert!(!map.0.lock().unwrap().sinks[0].is_closed());
    drop(receiver);
    assert!(map.0.lock().unwrap().sinks[0].is_closed());
}

#[test]
fn a_waiting_receiver_is_woken() {
    let (_, switch) = start();
    let receiver = switch.subscribe(8);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| receiver.recv_timeout(Duration::from_secs(60)));
        switch.remove_all_neighbors().unwrap();
        assert_eq!(waiting.join().unwrap().unwrap().name(), "switch_shutdown_request");
    });
}

#[test]
fn a_loop_of_polls_learns_of_notifications() {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let (_, switch) = start();
    let receiver = switch.subscribe(8);
    let readable = || {
        let fd = receiver.pollable_fd().unwrap();
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&now)).unwrap() == 1
    };
    switch.remove_all_neighbors().unwrap();
    assert!(readable(), "what came before it was asked for counts too");
    switch.remove_all_neighbors().unwrap();
    assert!(receiver.try_recv().is_some());
    assert!(readable(), "one still waits");
    assert!(receiver.try_recv().is_some());
    assert!(!readable());
    switch.remove_all_neighbors().unwrap();
    assert!(readable());
    assert!(receiver.recv_timeout(Duration::ZERO).is_some());
    assert!(!readable());
}

#[cfg(feature = "stream")]
#[test]
fn a_receiver_is_a_stream() {
    use futures_core::Stream;
    let (_, switch) = start();
    let mut receiver = switch.subscribe(8);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(std::pin::pin!(&mut receiver).poll_next(&mut cx).is_pending());
    switch.remove_all_neighbors().unwrap();
    assert!(std::pin::pin!(&mut receiver).poll_next(&mut cx).is_ready());
    assert!(std::pin::pin!(&mut receiver).poll_next(&mut cx).is_pending());
}
