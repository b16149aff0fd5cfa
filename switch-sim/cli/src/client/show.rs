//! `show`: tables for people, JSON for programs.

use std::io::Write;

use anyhow::Result;
use comfy_table::{Cell, CellAlignment, Table, presets};
use serde_json::Value as Json;
use switch_sim_live::control::Request;

use super::names::{Names, attr, port_names, text};
use crate::End;
use crate::args::{Cli, What};
use crate::way::Way;

/// Shows what running switches have.
pub fn show(cli: &Cli, what: &What, out: &mut dyn Write) -> Result<End> {
    let mut view = View { cli, way: Way::to_running(cli)?, out };
    match what {
        What::Switches => view.switches()?,
        What::Ports => view.ports()?,
        What::Vlans => view.members(&VLANS)?,
        What::Lags => view.members(&LAGS)?,
        What::Groups => view.members(&GROUPS)?,
        What::Fdb => view.entries(&FDB)?,
        What::Routes => view.entries(&ROUTES)?,
        What::Neighbors => view.entries(&NEIGHBORS)?,
        What::Counters { object: None } => view.counters()?,
        What::Counters { object: Some(object) } => {
            let switch = cli.switch.clone();
            let stats = view.way.call(&Request::Stats { switch, object: object.clone(), clear: false })?;
            let rows = stats.as_object().into_iter().flatten();
            let rows = rows.map(|(name, n)| vec![name.clone(), n.to_string()]).collect();
            view.print(&stats, &["statistic", "#count"], rows)?;
        }
        What::Resources => view.resources()?,
        What::Object { object } => view.object(object)?,
    }
    Ok(End::Good)
}

/// The end of an enum's name, in lower case: `SAI_PACKET_ACTION_FORWARD` is `forward`.
fn short(name: &str) -> String {
    let known =
        ["SAI_FDB_ENTRY_TYPE_", "SAI_PACKET_ACTION_", "SAI_VLAN_TAGGING_MODE_", "SAI_NEXT_HOP_GROUP_TYPE_"];
    known.iter().find_map(|p| name.strip_prefix(p)).map_or_else(|| name.to_owned(), str::to_lowercase)
}

/// A kind of entry.
struct Entries {
    object_type: &'static str,
    columns: &'static [&'static str],
    row: fn(&Names, &Json, Option<&str>) -> Vec<String>,
}

const FDB: Entries = Entries {
    object_type: "fdb-entry",
    columns: &["MAC", "in", "by", "type", "action"],
    row: |names, row, switch| {
        vec![
            text(&row["key"], "mac").to_owned(),
            names.of(text(&row["key"], "bvid"), switch),
            names.of(&attr(row, "SAI_FDB_ENTRY_ATTR_BRIDGE_PORT_ID"), switch),
            short(&attr(row, "SAI_FDB_ENTRY_ATTR_TYPE")),
            short(&attr(row, "SAI_FDB_ENTRY_ATTR_PACKET_ACTION")),
        ]
    },
};

const ROUTES: Entries = Entries {
    object_type: "route-entry",
    columns: &["destination", "to", "action", "router"],
    row: |names, row, switch| {
        vec![
            text(&row["key"], "dest").to_owned(),
            names.of(&attr(row, "SAI_ROUTE_ENTRY_ATTR_NEXT_HOP_ID"), switch),
            short(&attr(row, "SAI_ROUTE_ENTRY_ATTR_PACKET_ACTION")),
            text(&row["key"], "vr").to_owned(),
        ]
    },
};

const NEIGHBORS: Entries = Entries {
    object_type: "neighbor-entry",
    columns: &["address", "on", "MAC", "action"],
    row: |names, row, switch| {
        vec![
            text(&row["key"], "ip").to_owned(),
            names.of(text(&row["key"], "rif"), switch),
            attr(row, "SAI_NEIGHBOR_ENTRY_ATTR_DST_MAC_ADDRESS"),
            short(&attr(row, "SAI_NEIGHBOR_ENTRY_ATTR_PACKET_ACTION")),
        ]
    },
};

/// A kind of object that has members.
struct Members {
    group: &'static str,
    member: &'static str,
    of: &'static str,
    columns: [&'static str; 3],
    /// What the second column says; the first is the id.
    kind: fn(&Json) -> String,
    name: fn(&Names, &Json, Option<&str>) -> String,
}

const VLANS: Members = Members {
    group: "vlan",
    member: "vlan-member",
    of: "SAI_VLAN_MEMBER_ATTR_VLAN_ID",
    columns: ["id", "VLAN", "members"],
    kind: |vlan| attr(vlan, "SAI_VLAN_ATTR_VLAN_ID"),
    name: |names, member, switch| {
        let port = names.of(&attr(member, "SAI_VLAN_MEMBER_ATTR_BRIDGE_PORT_ID"), switch);
        let mode = short(&attr(member, "SAI_VLAN_MEMBER_ATTR_VLAN_TAGGING_MODE"));
        format!("{port} {mode}")
    },
};

const LAGS: Members = Members {
    group: "lag",
    member: "lag-member",
    of: "SAI_LAG_MEMBER_ATTR_LAG_ID",
    columns: ["id", "PVID", "members"],
    kind: |lag| attr(lag, "SAI_LAG_ATTR_PORT_VLAN_ID"),
    name: |names, member, switch| names.of(&attr(member, "SAI_LAG_MEMBER_ATTR_PORT_ID"), switch),
};

const GROUPS: Members = Members {
    group: "next-hop-group",
    member: "next-hop-group-member",
    of: "SAI_NEXT_HOP_GROUP_MEMBER_ATTR_NEXT_HOP_GROUP_ID",
    columns: ["id", "type", "members"],
    kind: |group| short(&attr(group, "SAI_NEXT_HOP_GROUP_ATTR_TYPE")),
    name: |names, member, switch| {
        let hop = names.of(&attr(member, "SAI_NEXT_HOP_GROUP_MEMBER_ATTR_NEXT_HOP_ID"), switch);
        let weight = attr(member, "SAI_NEXT_HOP_GROUP_MEMBER_ATTR_WEIGHT");
        if weight == "1" || weight.is_empty() { hop } else { format!("{hop} x{weight}") }
    },
};

/// The counters of a port, as the protocol names them.
const COUNTERS: [&str; 8] = [
    "rx_octets",
    "rx_unicast",
    "rx_other",
    "rx_discards",
    "tx_octets",
    "tx_unicast",
    "tx_other",
    "tx_discards",
];

struct View<'a> {
    cli: &'a Cli,
    way: Way,
    out: &'a mut dyn Write,
}

impl View<'_> {
    fn list(&mut self, object_type: &str) -> Result<Json> {
        let switch = self.cli.switch.clone();
        self.way.call(&Request::List { switch, object_type: object_type.to_owned(), limit: None })
    }

    /// Prints a table, or the JSON that it was made from. A column named `#…` is of numbers.
    fn print(&mut self, json: &Json, columns: &[&str], rows: Vec<Vec<String>>) -> Result<()> {
        if self.cli.json {
            writeln!(self.out, "{json:#}")?;
            return Ok(());
        }
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        let cell = |(n, text): (usize, String)| {
            let number = columns.get(n).is_some_and(|c| c.starts_with('#'));
            Cell::new(text).set_alignment(if number { CellAlignment::Right } else { CellAlignment::Left })
        };
        let header = columns.iter().map(|c| c.trim_start_matches('#').to_uppercase());
        table.set_header(header.enumerate().map(cell));
        for row in rows {
            table.add_row(row.into_iter().enumerate().map(cell));
        }
        for line in table.lines() {
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn switches(&mut self) -> Result<()> {
        let info = self.way.call(&Request::Info)?;
        let row = |s: &Json| {
            let field = |f| text(s, f).to_owned();
            vec![field("name"), field("id"), s["ports"].to_string(), field("profile")]
        };
        let rows = info["switches"].as_array().into_iter().flatten().map(row).collect();
        self.print(&info, &["switch", "id", "#ports", "profile"], rows)?;
        if !self.cli.json {
            writeln!(self.out, " {} clock, {} ns", text(&info, "clock"), info["now"])?;
        }
        Ok(())
    }

    fn ports(&mut self) -> Result<()> {
        let ports = self.way.call(&Request::Ports { switch: self.cli.switch.clone() })?;
        let rows = ports.as_array().map_or(&[][..], Vec::as_slice);
        let state = |up: &Json| if *up == Json::Bool(true) { "up" } else { "down" }.to_owned();
        let row = |(r, name): (&Json, String)| {
            let count = |c: &str| r["counters"][c].as_u64().unwrap_or_default();
            vec![
                name,
                text(r, "id").to_owned(),
                state(&r["admin"]),
                state(&r["oper"]),
                format!("{}G", r["speed"].as_u64().unwrap_or_default() / 1000),
                r["mtu"].to_string(),
                r["device"].as_str().unwrap_or("-").to_owned(),
                (count("rx_unicast") + count("rx_other")).to_string(),
                (count("tx_unicast") + count("tx_other")).to_string(),
                (count("rx_discards") + count("tx_discards")).to_string(),
            ]
        };
        let columns = ["port", "id", "admin", "oper", "#speed", "#mtu", "device", "#rx", "#tx", "#dropped"];
        let rows = rows.iter().zip(port_names(rows)).map(row).collect();
        self.print(&ports, &columns, rows)
    }

    fn counters(&mut self) -> Result<()> {
        let ports = self.way.call(&Request::Ports { switch: self.cli.switch.clone() })?;
        let rows = ports.as_array().map_or(&[][..], Vec::as_slice);
        let row = |(r, name): (&Json, String)| {
            let counts = COUNTERS.iter().map(|c| r["counters"][c].to_string());
            std::iter::once(name).chain(counts).collect()
        };
        let names: Vec<String> = COUNTERS.iter().map(|c| format!("#{}", c.replace('_', " "))).collect();
        let columns: Vec<&str> = std::iter::once("port").chain(names.iter().map(String::as_str)).collect();
        let rows = rows.iter().zip(port_names(rows)).map(row).collect();
        self.print(&ports, &columns, rows)
    }

    fn resources(&mut self) -> Result<()> {
        let all = self.way.call(&Request::Resources { switch: self.cli.switch.clone() })?;
        let number = |n: &Json| n.as_u64().map_or_else(|| "-".into(), |n| n.to_string());
        let row = |r: &Json| {
            let name = text(r, "type").trim_start_matches("SAI_OBJECT_TYPE_");
            vec![name.to_lowercase().replace('_', "-"), number(&r["used"]), number(&r["available"])]
        };
        let rows = all.as_array().into_iter().flatten().map(row).collect();
        self.print(&all, &["type", "#used", "#available"], rows)
    }

    /// The names of what entries and members refer to.
    fn names(&mut self) -> Result<Names> {
        let mut names = Names::of_ports(&mut self.way)?;
        let types = ["vlan", "bridge-port", "router-interface", "next-hop", "next-hop-group", "lag"];
        names.add(&mut self.way, self.cli.switch.as_deref(), &types)?;
        Ok(names)
    }

    fn entries(&mut self, kind: &Entries) -> Result<()> {
        let list = self.list(kind.object_type)?;
        if self.cli.json {
            return self.print(&list, kind.columns, Vec::new());
        }
        let names = self.names()?;
        let switch = self.cli.switch.as_deref();
        let rows = list.as_array().into_iter().flatten().map(|r| (kind.row)(&names, r, switch)).collect();
        self.print(&list, kind.columns, rows)
    }

    fn members(&mut self, kind: &Members) -> Result<()> {
        let mut groups = self.list(kind.group)?;
        let members = self.list(kind.member)?;
        let members = members.as_array().map_or(&[][..], Vec::as_slice);
        let of = |group: &Json| -> Vec<Json> {
            members.iter().filter(|m| attr(m, kind.of) == text(group, "id")).cloned().collect()
        };
        if self.cli.json {
            for group in groups.as_array_mut().into_iter().flatten() {
                let own = of(group);
                group["members"] = Json::Array(own);
            }
            return self.print(&groups, &kind.columns, Vec::new());
        }
        let names = self.names()?;
        let switch = self.cli.switch.as_deref();
        let row = |group: &Json| {
            let list: Vec<_> = of(group).iter().map(|m| (kind.name)(&names, m, switch)).collect();
            vec![text(group, "id").to_owned(), (kind.kind)(group), list.join(", ")]
        };
        let rows = groups.as_array().into_iter().flatten().map(row).collect();
        self.print(&groups, &kind.columns, rows)
    }

    fn object(&mut self, object: &str) -> Result<()> {
        let switch = self.cli.switch.clone();
        let is_one = object.contains(':') || object.bytes().all(|b| b.is_ascii_digit());
        let documents = if is_one {
            self.way.call(&Request::Get { switch, object: object.to_owned(), attrs: None })?
        } else {
            self.list(object)?
        };
        if self.cli.json {
            writeln!(self.out, "{documents:#}")?;
            return Ok(());
        }
        let list = match &documents {
            Json::Array(list) => list.iter().collect(),
            one => vec![one],
        };
        for document in list {
            let key = match &document["key"] {
                Json::Null => text(document, "id").to_owned(),
                key => key.to_string(),
            };
            writeln!(self.out, "{} {key}", text(document, "type"))?;
            for (name, _) in document["attrs"].as_object().into_iter().flatten() {
                writeln!(self.out, "    {name} {}", attr(document, name))?;
            }
        }
        Ok(())
    }
}
