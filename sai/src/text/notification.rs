//! Notifications as sairedis writes them: a name and JSON.

use serde_json::{Value as Json, json};

use super::{key, names, value};
use crate::meta;
use crate::notify::{FdbEventNotificationData, Notification};
use crate::{Entry, ObjectRef};

/// The JSON of a notification, in sairedis' form where it has one; else its fields by their SAI names.
pub fn print(notification: &Notification) -> String {
    let json = match notification {
        Notification::FdbEvent { data } => data.iter().map(fdb_event).collect(),
        Notification::NatEvent { data } => data
            .iter()
            .map(|event| {
                json!({
                    "nat_event": event.event_type,
                    "nat_entry": key::print(&ObjectRef::Entry(Entry::Nat(event.nat_entry.clone()))),
                })
            })
            .collect(),
        Notification::QueuePfcDeadlock { data } => {
            data.iter().map(|d| json!({"queue_id": d.queue_id, "event": d.event})).collect()
        }
        Notification::PortHostTxReady { switch_id, port_id, host_tx_ready_status } => json!([{
            "switch_id": switch_id, "port_id": port_id, "host_tx_ready_status": host_tx_ready_status,
        }]),
        Notification::SwitchStateChange { switch_id, switch_oper_status } => {
            json!({"switch_id": switch_id, "status": switch_oper_status})
        }
        Notification::SwitchMacsecPostStatus { switch_id, switch_macsec_post_status } => {
            json!({"switch_id": switch_id, "macsec_post_status": switch_macsec_post_status})
        }
        other => fields(other),
    };
    json.to_string()
}

/// The fields by name; of a notification that is a list of events, the list.
fn fields(notification: &Notification) -> Json {
    let fields = match serde_json::to_value(notification) {
        // A notification serialises as a map of one item, its variant.
        Ok(Json::Object(map)) => map.into_iter().next().map_or(Json::Null, |(_, fields)| fields),
        _ => Json::Null,
    };
    match fields {
        Json::Object(mut map) if map.len() == 1 => map.remove("data").unwrap_or(Json::Object(map)),
        fields => fields,
    }
}

fn fdb_event(event: &FdbEventNotificationData) -> Json {
    let attr = |a: &crate::AttrEntry| {
        let meta = meta::attr(crate::ObjectType::FDB_ENTRY, a.id)?;
        Some(json!({"id": names::attr_name(meta, a.id), "value": value::print(&a.value, meta)}))
    };
    json!({
        "fdb_event": event.event_type,
        "fdb_entry": key::print(&ObjectRef::Entry(Entry::Fdb(event.fdb_entry.clone()))),
        "list": event.attr.iter().filter_map(attr).collect::<Vec<_>>(),
    })
}
