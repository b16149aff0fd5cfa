//! The calls of a [`Backend`], each to the switch that it is about.

use std::sync::Arc;

use sai::notify::NotificationSink;
use sai::{
    Answer, AttrEntry, Backend, Bulk, BulkErrorMode, Entry, Error, Info, ObjectId, ObjectRef, ObjectType,
    Query, Result, Special, SpecialAnswer, StatId, StatsOp, Status, Target,
};

use super::{Seat, Simulator};
use crate::bridge::fdb;
use crate::hostif::{self, HostPacket};
use crate::pipeline::NoTrace;
use crate::special;
use crate::store::id::{Parts, switch_id};
use crate::switch::Switch;
use crate::view;

/// How many items of a bulk call run under one lock.
const BULK_CHUNK: usize = 256;
/// How many items ahead the memory of an entry is asked for.
const BULK_AHEAD: usize = 12;

/// The switch that an object or entry names: null for an entry that leaves it out.
fn switch_named(object: &ObjectRef) -> ObjectId {
    match object {
        ObjectRef::Entry(entry) => entry.switch_id(),
        ObjectRef::Object(_, id) => match Parts::of(*id).meta() {
            Some(_) => switch_id(Parts::of(*id).switch),
            // Answers INVALID_OBJECT_ID by itself.
            None => ObjectId(u64::MAX),
        },
    }
}

impl Simulator {
    /// Runs `f` on the items of a bulk call by their positions, as many under one lock as lie on the same
    /// switch, up to [`BULK_CHUNK`]. `entry` tells the entry that an item is about, so that its memory is near
    /// when its turn comes.
    fn chunks<'a>(
        &self,
        mode: BulkErrorMode,
        items: usize,
        switch: impl Fn(usize) -> ObjectId,
        entry: impl Fn(usize) -> Option<&'a Entry>,
        mut f: impl FnMut(&mut Switch, usize) -> Result<ObjectId>,
    ) -> Vec<Result<ObjectId>> {
        let mut results = Vec::with_capacity(items);
        let stops = |failed: bool| failed && mode == BulkErrorMode::StopOnError;
        while results.len() < items {
            let first = results.len();
            let id = switch(first);
            let stopped = match self.switch(id) {
                Err(e) => {
                    results.push(Err(e));
                    stops(true)
                }
                Ok(home) => self.run(&home, |sw| {
                    let prefetch = |sw: &Switch, i: usize| {
                        if let Some(entry) = (i < items).then(|| entry(i)).flatten() {
                            sw.prefetch(entry);
                        }
                    };
                    (first..first + BULK_AHEAD).for_each(|i| prefetch(sw, i));
                    for i in first..items.min(first + BULK_CHUNK) {
                        if switch(i) != id {
                            break;
                        }
                        prefetch(sw, i + BULK_AHEAD);
                        let result = f(sw, i);
                        let stopped = stops(result.is_err());
                        results.push(result);
                        if stopped {
                            return true;
                        }
                    }
                    false
                }),
            };
            if stopped {
                results.resize_with(items, || Err(Status::NOT_EXECUTED.into()));
            }
        }
        results
    }
}

impl Backend for Simulator {
    fn info(&self) -> Info {
        Info { name: "switch-sim".into(), api_version: 11801 }
    }

    fn create(&self, switch: ObjectId, target: Target<'_>, attrs: &[AttrEntry]) -> Result<ObjectId> {
        let done = match target {
            Target::Object(ObjectType::SWITCH) => self.create_switch(attrs),
            Target::Object(_) if switch.is_null() => Err(Error::because(
                Status::INVALID_OBJECT_ID,
                "the call's switch_id is null: every object but a switch is created on a switch",
            )),
            Target::Object(_) => {
                self.switch(switch).and_then(|s| self.run(&s, |sw| sw.create(target, attrs)))
            }
            Target::Entry(entry) => self.switch(entry.switch_id()).and_then(|s| {
                self.run(&s, |sw| {
                    sw.prefetch(entry);
                    sw.create(target, attrs)
                })
            }),
        };
        done.map_err(|e| e.in_operation("create"))
    }

    fn remove(&self, object: &ObjectRef) -> Result<()> {
        let done = match object {
            ObjectRef::Object(ObjectType::SWITCH, id) if !id.is_null() => self.remove_switch(*id),
            _ => self.home(object).and_then(|s| {
                self.run(&s, |sw| {
                    object.entry().into_iter().for_each(|e| sw.prefetch(e));
                    sw.remove(object)
                })
            }),
        };
        done.map_err(|e| e.in_operation("remove").on_object(object))
    }

    fn set(&self, object: &ObjectRef, attr: &AttrEntry) -> Result<()> {
        let done = self.home(object).and_then(|s| {
            self.run(&s, |sw| {
                object.entry().into_iter().for_each(|e| sw.prefetch(e));
                sw.set(object, attr)
            })
        });
        done.map_err(|e| e.in_operation("set").on_object(object))
    }

    fn get(&self, object: &ObjectRef, attrs: &mut [AttrEntry]) -> Result<()> {
        let done = self.home(object).and_then(|s| s.lock().get(object, attrs));
        done.map_err(|e| e.in_operation("get").on_object(object))
    }

    fn bulk(&self, call: Bulk<'_, '_>, mode: BulkErrorMode) -> Vec<Result<ObjectId>> {
        let null = |()| ObjectId::NULL;
        match call {
            Bulk::Create { items, .. }
                if items.iter().any(|i| i.target.object_type() == ObjectType::SWITCH) =>
            {
                sai::bulk_by_singles(self, call, mode)
            }
            Bulk::Create { switch, items } => self.chunks(
                mode,
                items.len(),
                |i| match items[i].target {
                    Target::Object(_) => switch,
                    Target::Entry(entry) => entry.switch_id(),
                },
                |i| match items[i].target {
                    Target::Object(_) => None,
                    Target::Entry(entry) => Some(entry),
                },
                |sw, i| sw.create(items[i].target, items[i].attrs).map_err(|e| e.in_operation("create")),
            ),
            Bulk::Remove(items) if items.iter().any(|i| i.object_type() == ObjectType::SWITCH) => {
                sai::bulk_by_singles(self, call, mode)
            }
            Bulk::Remove(items) => self.chunks(
                mode,
                items.len(),
                |i| switch_named(&items[i]),
                |i| items[i].entry(),
                |sw, i| {
                    sw.remove(&items[i]).map(null).map_err(|e| e.in_operation("remove").on_object(&items[i]))
                },
            ),
            Bulk::Set(items) => self.chunks(
                mode,
                items.len(),
                |i| switch_named(items[i].object),
                |i| items[i].object.entry(),
                |sw, i| {
                    let done = sw.set(items[i].object, items[i].attr).map(null);
                    done.map_err(|e| e.in_operation("set").on_object(items[i].object))
                },
            ),
            Bulk::Get(items) => {
                let objects: Vec<&ObjectRef> = items.iter().map(|i| i.object).collect();
                self.chunks(
                    mode,
                    items.len(),
                    |i| switch_named(objects[i]),
                    |i| objects[i].entry(),
                    |sw, i| {
                        let done = sw.get(objects[i], items[i].attrs).map(null);
                        done.map_err(|e| e.in_operation("get").on_object(objects[i]))
                    },
                )
            }
        }
    }

    fn stats(&self, object: &ObjectRef, stats: &[StatId], op: StatsOp, out: &mut [u64]) -> Result<()> {
        let done = self.home(object).and_then(|s| self.run(&s, |sw| sw.stats(object, stats, op, out)));
        done.map_err(|e| e.in_operation("stats").on_object(object))
    }

    fn bulk_stats(
        &self,
        objects: &[ObjectRef],
        stats: &[StatId],
        op: StatsOp,
        out: &mut [u64],
    ) -> Vec<Result<()>> {
        // A run of objects on one switch looks it up once.
        let mut held: Option<(ObjectId, Arc<Seat>)> = None;
        sai::each_row(objects, stats, op, out, |object, row| {
            let name = switch_named(object);
            if held.as_ref().is_none_or(|(id, _)| *id != name) {
                held = Some((name, self.home(object)?));
            }
            let (_, switch) = held.as_ref().expect("just found");
            let done = switch.lock().stats(object, stats, op, row);
            done.map_err(|e| e.in_operation("bulk stats").on_object(object))
        })
    }

    fn query(&self, switch: ObjectId, query: Query<'_>) -> Result<Answer> {
        let done = self.switch(switch).and_then(|s| s.lock().query(query));
        done.map_err(|e| e.in_operation("query"))
    }

    fn object_type(&self, id: ObjectId) -> Option<ObjectType> {
        view::object_type(id)
    }

    fn switch_of(&self, id: ObjectId) -> Option<ObjectId> {
        Parts::of(id).meta().map(|_| switch_id(Parts::of(id).switch))
    }

    fn special(&self, switch: ObjectId, call: Special<'_>) -> Result<SpecialAnswer> {
        let done = match call {
            Special::FlushFdb(attrs) => self
                .with_switch(switch, |sw| fdb::flush(sw, attrs))
                .and_then(|r| r)
                .map(|()| SpecialAnswer::Done),
            Special::SendHostifPacket { hostif, frame, attrs } => {
                let hostif = if hostif.is_null() { switch } else { hostif };
                let on = switch_id(Parts::of(hostif).switch);
                let sent = (hostif, frame, attrs);
                self.world().host_sends(self, on, sent, &mut NoTrace).map(|()| SpecialAnswer::Done)
            }
            Special::RecvHostifPacket { hostif } => self
                .with_switch(switch_id(Parts::of(hostif).switch), |sw| hostif::receive(sw, hostif))
                .and_then(|r| r)
                .and_then(|packet| match packet {
                    Some(HostPacket { frame, attrs }) => Ok(SpecialAnswer::Packet { frame, attrs }),
                    None => {
                        Err(Error::because(Status::ITEM_NOT_FOUND, format!("no packet waits on {hostif}")))
                    }
                }),
            Special::RemoveAllNeighbors => self
                .with_switch(switch, special::remove_all_neighbors)
                .and_then(|r| r)
                .map(|()| SpecialAnswer::Done),
            Special::ClearPortAllStats(port) => {
                let object = ObjectRef::Object(ObjectType::PORT, port);
                self.home(&object)
                    .and_then(|s| self.run(&s, |sw| special::clear_port_all_stats(sw, port)))
                    .map(|()| SpecialAnswer::Done)
            }
            Special::Dump(path) => {
                let ids = if switch.is_null() { self.switches() } else { vec![switch] };
                let snapshots = ids.into_iter().map(|id| self.with_switch(id, |sw| sw.snapshot()));
                snapshots
                    .collect::<Result<Vec<_>>>()
                    .and_then(|all| special::dump(path, &all))
                    .map(|()| SpecialAnswer::Done)
            }
            _ => Err(Status::NOT_IMPLEMENTED.into()),
        };
        done.map_err(|e| e.in_operation("special"))
    }

    fn subscribe(&self, sink: Arc<dyn NotificationSink>) {
        self.inner.sinks.write().push(sink);
    }
}
