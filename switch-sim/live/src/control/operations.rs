//! What each request does.

use std::path::Path;
use std::time::Duration;

use sai::text::json::value_from_json;
use sai::{
    Answer, AttrEntry, Backend, Error, ObjectId, ObjectRef, ObjectType, Query, Result, StatsOp, Status,
    Target, Value, meta,
};
use serde_json::{Map, Value as Json, json};
use switch_sim::snapshot::Snapshot;
use switch_sim::{Switch, World};

use super::{Handle, Request, Site, hex, read};
use crate::runner::Attachment;

/// Answers the text of a request that has one answer, with the JSON of the answer or of the error.
pub fn reply(site: &dyn Site, request: &str) -> Json {
    let answer = match serde_json::from_str(request) {
        Ok(request) => answer(site, &request),
        Err(e) => Err(read::invalid(format!("this is no request: {e}"))),
    };
    match answer {
        Ok(value) => json!({"ok": value}),
        Err(e) => failure(&e),
    }
}

/// The JSON of an error.
pub(super) fn failure(error: &Error) -> Json {
    json!({"error": {"status": error.status().to_string(), "message": error.to_string()}})
}

/// Answers a request that has one answer: any but [`Request::Watch`] and [`Request::Capture`].
///
/// # Errors
/// As the switch says; `INVALID_PARAMETER` for what cannot be understood.
pub fn answer(site: &dyn Site, request: &Request) -> Result<Json> {
    let world = site.world();
    match request {
        Request::Info => Ok(info(site)),
        Request::Ports { switch } => {
            let switches = match switch {
                Some(name) => vec![read::switch(site, Some(name))?],
                None => site.switches(),
            };
            let attachments = site.attachments();
            let mut all = Vec::new();
            for switch in &switches {
                all.extend(ports(switch, &attachments)?);
            }
            Ok(Json::Array(all))
        }
        Request::List { switch, object_type, limit } => {
            let switch = read::switch(site, switch.as_deref())?;
            let keys = read::keys(&switch, read::object_type(object_type)?)?;
            let wanted = keys.into_iter().take(limit.unwrap_or(usize::MAX));
            // What goes meanwhile is left out.
            Ok(wanted.filter_map(|key| read::document(&switch, key, None).ok()).collect())
        }
        Request::Get { switch, object, attrs } => {
            let switch = read::switch(site, switch.as_deref())?;
            read::document(&switch, read::object(&switch, object)?, attrs.as_deref())
        }
        Request::Create { switch, object, attrs } => {
            create(&read::switch(site, switch.as_deref())?, object, attrs)
        }
        Request::Remove { switch, object } => {
            let switch = read::switch(site, switch.as_deref())?;
            switch.backend.remove(&read::object(&switch, object)?).map(|()| Json::Null)
        }
        Request::Set { switch, object, attr, value } => {
            let switch = read::switch(site, switch.as_deref())?;
            let object = read::object(&switch, object)?;
            let attr = given(object.object_type(), attr, value)?;
            switch.backend.set(&object, &attr).map(|()| Json::Null)
        }
        Request::Stats { switch, object, clear } => {
            let switch = read::switch(site, switch.as_deref())?;
            stats(&switch, &read::object(&switch, object)?, *clear)
        }
        Request::Resources { switch } => resources(&read::switch(site, switch.as_deref())?),
        Request::Link { port, up } => {
            let (switch, port) = read::port(site, port)?;
            switch.sim.set_link(port, *up).map(|()| Json::Null)
        }
        Request::Inject { port, frame, count } => {
            let (switch, port) = read::port(site, port)?;
            let frame = hex::parse(frame).map_err(read::invalid)?;
            match count.unwrap_or(1) {
                0 => {}
                // Which refuses what is too long.
                1 => world.inject(&switch.sim, port, &frame)?,
                n => world.inject_all(&switch.sim, port, (0..n).map(|_| &frame[..]))?,
            }
            Ok(Json::Null)
        }
        Request::Trace { port, frame } => {
            let (switch, port) = read::port(site, port)?;
            let frame = hex::parse(frame).map_err(read::invalid)?;
            let trace = world.trace(&switch.sim, port, &frame)?;
            Ok(json!({"steps": trace.steps, "text": trace.to_string()}))
        }
        Request::Receive { port, limit } => {
            let (switch, port) = read::port(site, port)?;
            let mut frames = Vec::new();
            while frames.len() < limit.unwrap_or(usize::MAX) {
                match world.receive(&switch.sim, port)? {
                    Some(frame) => frames.push(hex::print(&frame)),
                    None => break,
                }
            }
            Ok(json!(frames))
        }
        Request::Advance { by } => {
            may_move(world)?;
            world.advance(Duration::from_nanos(*by))?;
            Ok(json!({"now": world.now()}))
        }
        Request::Settle => {
            may_move(world)?;
            world.run_until_idle()?;
            Ok(json!({"now": world.now()}))
        }
        Request::Snapshot { switch, path } => save(&read::switch(site, switch.as_deref())?, path),
        Request::Load { switch, path } => {
            load(&read::switch(site, switch.as_deref())?, Path::new(path)).map(|()| Json::Null)
        }
        Request::Check { switch } => check(&read::switch(site, switch.as_deref())?).map(|()| Json::Null),
        Request::SetStat { switch, object, stat, value } => {
            let switch = read::switch(site, switch.as_deref())?;
            let object = read::object(&switch, object)?;
            let (_, found) = meta::enum_value_by_name(stat)
                .ok_or_else(|| read::invalid(format!("{stat} is no statistic")))?;
            switch.sim.set_stat(&object, found.value as u32, *value).map(|()| Json::Null)
        }
        Request::HostSend { hostif, frame } => host_send(site, hostif, frame).map(|()| Json::Null),
        Request::Deliver => {
            site.deliver();
            Ok(Json::Null)
        }
        Request::Watch { .. } | Request::Capture { .. } => {
            Err(read::invalid("a stream has no single answer"))
        }
    }
}

/// Whether the clock goes by requests.
fn may_move(world: &World) -> Result<()> {
    if world.clock().is_virtual() {
        return Ok(());
    }
    let why = "the clock is the system's and goes by itself; run with a virtual clock to move it";
    Err(Error::because(Status::NOT_SUPPORTED, why))
}

fn host_send(site: &dyn Site, hostif: &str, frame: &str) -> Result<()> {
    let id: ObjectId = hostif.parse().map_err(|_| read::invalid(format!("'{hostif}' is no object id")))?;
    let frame = hex::parse(frame).map_err(read::invalid)?;
    let home = site.switches().into_iter().find(|s| Some(s.switch) == s.sim.switch_of(id));
    let home =
        home.ok_or_else(|| Error::because(Status::ITEM_NOT_FOUND, format!("{hostif} is of no switch")))?;
    site.world().host_send(&home.sim, id, &frame)
}

/// Holds a switch to what must always be true.
fn check(switch: &Handle) -> Result<()> {
    let fail = |why: String| Error::because(Status::FAILURE, why);
    let (balance, audit) = switch.sim.with_switch(switch.switch, |sw| (sw.plane.balance, sw.audit()))?;
    audit.map_err(|e| fail(e.to_string()))?;
    if balance.holds() { Ok(()) } else { Err(fail(format!("packets do not balance: {balance:?}"))) }
}

fn save(switch: &Handle, path: &str) -> Result<Json> {
    let snapshot = switch.sim.with_switch(switch.switch, |sw| sw.snapshot())?;
    let fail = |e: &dyn std::fmt::Display| Error::because(Status::FAILURE, format!("{path}: {e}"));
    let bytes = snapshot.to_bytes().map_err(|e| fail(&e))?;
    std::fs::write(path, &bytes).map_err(|e| fail(&e))?;
    Ok(json!({"path": path, "bytes": bytes.len()}))
}

/// Puts a snapshot in the place of the switch that it is of.
fn load(switch: &Handle, path: &Path) -> Result<()> {
    let fail = |e: &dyn std::fmt::Display| {
        Error::because(Status::INVALID_NV_STORAGE, format!("{}: {e}", path.display()))
    };
    let bytes = std::fs::read(path).map_err(|e| fail(&e))?;
    let snapshot = Snapshot::from_bytes(&bytes).map_err(|e| fail(&e))?;
    switch.sim.with_switch(switch.switch, |sw| {
        let clock = sw.clock.clone();
        let back = Switch::restore_at(&snapshot, clock).map_err(|e| fail(&e))?;
        if back.id != sw.id {
            return Err(fail(&format_args!("it is of {}, not {}", back.id, sw.id)));
        }
        *sw = back;
        Ok(())
    })?
}

fn info(site: &dyn Site) -> Json {
    let world = site.world();
    let switch = |s: &Handle| {
        let ports = read::ports(s).map_or(0, |p| p.len());
        json!({"name": s.name, "id": s.switch, "profile": s.sim.profile().name, "ports": ports})
    };
    json!({
        "program": "switch-sim",
        "version": env!("CARGO_PKG_VERSION"),
        "sai": "1.18.1",
        "clock": if world.clock().is_virtual() { "virtual" } else { "system" },
        "now": world.now(),
        "switches": site.switches().iter().map(switch).collect::<Vec<_>>(),
    })
}

/// The statistics that `ports` tells, by their short names.
const PORT_STATS: &[(&str, sai::port::Stat)] = &[
    ("rx_octets", sai::port::Stat::IF_IN_OCTETS),
    ("rx_unicast", sai::port::Stat::IF_IN_UCAST_PKTS),
    ("rx_other", sai::port::Stat::IF_IN_NON_UCAST_PKTS),
    ("rx_discards", sai::port::Stat::IF_IN_DISCARDS),
    ("tx_octets", sai::port::Stat::IF_OUT_OCTETS),
    ("tx_unicast", sai::port::Stat::IF_OUT_UCAST_PKTS),
    ("tx_other", sai::port::Stat::IF_OUT_NON_UCAST_PKTS),
    ("tx_discards", sai::port::Stat::IF_OUT_DISCARDS),
];

fn ports(switch: &Handle, attachments: &[Attachment]) -> Result<Vec<Json>> {
    use sai::object::port::OperStatus;
    let device = |port| {
        let attached = attachments.iter().find(|a| a.port == port && a.sim.is(&switch.sim))?;
        Some(attached.device.as_str())
    };
    let row = |(place, id): (usize, ObjectId)| {
        let object = ObjectRef::Object(ObjectType::PORT, id);
        let mut asked = [
            AttrEntry::ask(sai::port::ADMIN_STATE.id()),
            AttrEntry::ask(sai::port::OPER_STATUS.id()),
            AttrEntry::ask(sai::port::SPEED.id()),
            AttrEntry::ask(sai::port::MTU.id()),
        ];
        switch.sim.get(&object, &mut asked)?;
        let ids: Vec<u32> = PORT_STATS.iter().map(|(_, stat)| stat.0 as u32).collect();
        let mut counts = vec![0; ids.len()];
        switch.sim.stats(&object, &ids, StatsOp::Read, &mut counts)?;
        let counters: Map<_, _> =
            PORT_STATS.iter().zip(&counts).map(|((name, _), n)| ((*name).to_owned(), json!(n))).collect();
        let up = asked[1].value == Value::I32(OperStatus::UP.0);
        Ok(json!({
            "switch": switch.name,
            "place": place,
            "id": id,
            "admin": asked[0].value == Value::Bool(true),
            "oper": up,
            "speed": if let Value::U32(speed) = asked[2].value { speed } else { 0 },
            "mtu": if let Value::U32(mtu) = asked[3].value { mtu } else { 0 },
            "device": device(id),
            "counters": counters,
        }))
    };
    read::ports(switch)?.into_iter().enumerate().map(row).collect()
}

/// An attribute given as JSON, or as the text of a value.
fn given(object_type: ObjectType, name: &str, value: &Json) -> Result<AttrEntry> {
    let attr = read::attr(object_type, name)?;
    let value = value_from_json(value, attr).map_err(|e| read::invalid(format!("{}: {e}", attr.name)))?;
    Ok(AttrEntry::new(attr.id, value))
}

fn create(switch: &Handle, object: &str, attrs: &Map<String, Json>) -> Result<Json> {
    let object_type = read::object_type(object.split(':').next().unwrap_or_default())?;
    let attrs: Vec<AttrEntry> =
        attrs.iter().map(|(name, value)| given(object_type, name, value)).collect::<Result<_>>()?;
    if object.contains(':') {
        let entry = read::object(switch, object)?;
        let Some(entry) = entry.entry() else {
            return Err(read::invalid(format!(
                "{object_type} gets its id from the switch; give the type alone"
            )));
        };
        switch.backend.create(switch.switch, Target::Entry(entry), &attrs)?;
        Ok(Json::Null)
    } else {
        Ok(json!(switch.backend.create(switch.switch, Target::Object(object_type), &attrs)?))
    }
}

fn stats(switch: &Handle, object: &ObjectRef, clear: bool) -> Result<Json> {
    let object_type = object.object_type();
    let Answer::StatsCapability(capable) =
        switch.sim.query(switch.switch, Query::StatsCapability(object_type))?
    else {
        return Ok(json!({}));
    };
    let ids: Vec<u32> = capable.iter().map(|c| c.stat).collect();
    let mut counts = vec![0; ids.len()];
    let op = if clear { StatsOp::ReadAndClear } else { StatsOp::Read };
    // Clearing changes the switch, and goes by its layers.
    let backend: &dyn Backend = if clear { &*switch.backend } else { &switch.sim };
    backend.stats(object, &ids, op, &mut counts)?;
    let names = meta::object(object_type);
    let name = |id: u32| names.and_then(|m| m.stat(id)).map_or_else(|| id.to_string(), |s| s.name.to_owned());
    Ok(Json::Object(ids.iter().zip(counts).map(|(id, n)| (name(*id), json!(n))).collect()))
}

fn resources(switch: &Handle) -> Result<Json> {
    let mut all = Vec::new();
    for m in meta::OBJECTS {
        let count = |query| match switch.sim.query(switch.switch, query) {
            Ok(Answer::Count(n)) => Some(n),
            _ => None,
        };
        let used = count(Query::ObjectCount(m.object_type)).unwrap_or(0);
        let available = count(Query::Availability(m.object_type, &[]));
        if used > 0 || available.is_some() {
            all.push(json!({"type": m.name, "used": used, "available": available}));
        }
    }
    Ok(Json::Array(all))
}
