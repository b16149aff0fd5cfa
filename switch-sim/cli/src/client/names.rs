//! What people call objects: ports by place, the rest by what they stand for.

use std::collections::HashMap;

use anyhow::Result;
use serde_json::Value as Json;
use switch_sim_live::control::Request;

use crate::way::Way;

/// A port.
#[derive(Debug)]
pub struct Port {
    /// `SWITCH:PLACE`, or the place alone where there is one switch.
    pub name: String,
    /// The switch.
    pub switch: String,
    /// The place.
    pub place: String,
    /// The id, which is of this switch alone.
    pub id: String,
}

/// Names of objects.
#[derive(Debug, Default)]
pub struct Names {
    ports: Vec<Port>,
    /// Other objects of the switch that is looked at, by id: type and document.
    objects: HashMap<String, (String, Json)>,
}

/// A text field of a JSON object.
pub fn text<'a>(json: &'a Json, field: &str) -> &'a str {
    json[field].as_str().unwrap_or_default()
}

/// An attribute of a document as text; a list with blanks.
pub fn attr(document: &Json, name: &str) -> String {
    match &document["attrs"][name] {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Array(items) => {
            let text = |i: &Json| i.as_str().map_or_else(|| i.to_string(), str::to_owned);
            items.iter().map(text).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

/// What the rows of ports are called: places, with the switch before where there are several.
pub fn port_names(rows: &[Json]) -> Vec<String> {
    let several = rows.iter().any(|r| r["switch"] != rows[0]["switch"]);
    let name = |r: &Json| match several {
        true => format!("{}:{}", text(r, "switch"), r["place"]),
        false => r["place"].to_string(),
    };
    rows.iter().map(name).collect()
}

impl Names {
    /// The names of the ports.
    pub fn of_ports(way: &mut Way) -> Result<Names> {
        let ports = way.call(&Request::Ports { switch: None })?;
        let rows = ports.as_array().map_or(&[][..], Vec::as_slice);
        let port = |(row, name): (&Json, String)| Port {
            name,
            switch: text(row, "switch").to_owned(),
            place: row["place"].to_string(),
            id: text(row, "id").to_owned(),
        };
        Ok(Names { ports: rows.iter().zip(port_names(rows)).map(port).collect(), objects: HashMap::new() })
    }

    /// Adds the objects of these types of a switch.
    pub fn add(&mut self, way: &mut Way, switch: Option<&str>, types: &[&str]) -> Result<()> {
        for object_type in types {
            let switch = switch.map(str::to_owned);
            let list =
                way.call(&Request::List { switch, object_type: (*object_type).to_owned(), limit: None })?;
            for document in list.as_array().into_iter().flatten() {
                let id = text(document, "id").to_owned();
                self.objects.insert(id, ((*object_type).to_owned(), document.clone()));
            }
        }
        Ok(())
    }

    /// The ports, in order.
    pub fn ports(&self) -> &[Port] {
        &self.ports
    }

    /// The place of a port by its id.
    fn place(&self, id: &str, switch: Option<&str>) -> Option<&str> {
        let mut of = self.ports.iter().filter(|p| p.id == id && switch.is_none_or(|name| p.switch == name));
        of.next().map(|p| p.place.as_str())
    }

    /// What an object is called: the id where nothing better is known.
    pub fn of(&self, id: &str, switch: Option<&str>) -> String {
        if let Some(place) = self.place(id, switch) {
            return format!("port {place}");
        }
        let Some((object_type, document)) = self.objects.get(id) else { return id.to_owned() };
        let of = |name: &str| self.of(&attr(document, name), switch);
        match object_type.as_str() {
            "vlan" => format!("VLAN {}", attr(document, "SAI_VLAN_ATTR_VLAN_ID")),
            "bridge-port" => of("SAI_BRIDGE_PORT_ATTR_PORT_ID"),
            "next-hop" => format!(
                "{} on {}",
                attr(document, "SAI_NEXT_HOP_ATTR_IP"),
                of("SAI_NEXT_HOP_ATTR_ROUTER_INTERFACE_ID")
            ),
            "router-interface" => match &*attr(document, "SAI_ROUTER_INTERFACE_ATTR_TYPE") {
                "SAI_ROUTER_INTERFACE_TYPE_VLAN" => of("SAI_ROUTER_INTERFACE_ATTR_VLAN_ID"),
                "SAI_ROUTER_INTERFACE_TYPE_LOOPBACK" => "loopback".into(),
                _ => of("SAI_ROUTER_INTERFACE_ATTR_PORT_ID"),
            },
            "next-hop-group" => format!("group {id}"),
            "lag" => format!("LAG {id}"),
            _ => id.to_owned(),
        }
    }

    /// A text with the ids of ports called by their places, `port 3 (oid:0x…)`.
    pub fn with_ports(&self, mut text: &str, switch: Option<&str>) -> String {
        let mut out = String::new();
        while let Some(at) = text.find("oid:0x") {
            let (before, rest) = text.split_at(at);
            let end = rest[6..].find(|c: char| !c.is_ascii_hexdigit()).map_or(rest.len(), |n| n + 6);
            out.push_str(before);
            match self.place(&rest[..end], switch) {
                Some(place) => out.push_str(&format!("port {place} ({})", &rest[..end])),
                None => out.push_str(&rest[..end]),
            }
            text = &rest[end..];
        }
        out + text
    }
}
