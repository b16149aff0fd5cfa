//! A page that shows running switches: front panels, tables, notifications, a packet's way through the pipeline.
//!
//! It is one file without outside assets; it asks by `POST /api` in the control protocol. It listens on loopback only,
//! and answers only what a page of its own origin asks, so that no other page can control the switches.

use std::collections::VecDeque;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::{Context, Result, anyhow, bail};
use parking_lot::Mutex;
use sai::Backend;
use sai::notify::{Notification, NotificationSink};
use serde_json::{Value as Json, json};
use switch_sim::wire::text;
use switch_sim_live::Network;
use switch_sim_live::control::{self, hex};
use tiny_http::{Header, Method, Request, Response, Server};

const PAGE: &str = include_str!("page.html");
/// How many notifications are kept for the page.
const KEPT: usize = 200;
/// The longest request.
const LONGEST: u64 = 1 << 16;

/// The page, until it is dropped.
pub struct Page {
    server: Arc<Server>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Page {
    /// Serves the page on a loopback address.
    pub fn start(network: Arc<Network>, address: SocketAddr) -> Result<Page> {
        if !address.ip().is_loopback() {
            bail!("--web {address}: the page has no passwords; give a loopback address, as 127.0.0.1:8080");
        }
        let server = Server::http(address).map_err(|e| anyhow!("--web {address}: {e}"))?;
        let server = Arc::new(server);
        let bound = server.server_addr().to_ip().context("the page has no address")?;
        let log = Arc::new(Log::default());
        for node in network.nodes() {
            node.sim.subscribe(Arc::new(Listener { switch: node.name.clone(), log: log.clone() }));
        }
        let shared = server.clone();
        let serve = move || {
            for request in shared.incoming_requests() {
                if let Err(error) = answer(&network, &log, request) {
                    tracing::debug!(%error, "a browser went away");
                }
            }
        };
        let thread = std::thread::Builder::new().name("web".into()).spawn(serve)?;
        Ok(Page { server, address: bound, thread: Some(thread) })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The last notifications, with the number of the next.
#[derive(Debug, Default)]
struct Log(Mutex<(u64, VecDeque<Json>)>);

impl Log {
    /// The notifications from a number on.
    fn since(&self, from: u64) -> Json {
        let (next, kept) = &*self.0.lock();
        let first = next - kept.len() as u64;
        let skip = from.saturating_sub(first) as usize;
        json!({"next": next, "events": kept.iter().skip(skip).collect::<Vec<_>>()})
    }
}

#[derive(Debug)]
struct Listener {
    switch: String,
    log: Arc<Log>,
}

impl NotificationSink for Listener {
    fn notify(&self, notification: &Notification) {
        let data: Json =
            serde_json::from_str(&sai::text::notification::print(notification)).unwrap_or_default();
        let event = json!({"switch": self.switch, "name": notification.name(), "data": data});
        let (next, kept) = &mut *self.log.0.lock();
        *next += 1;
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(event);
    }
}

fn answer(network: &Network, log: &Log, mut request: Request) -> std::io::Result<()> {
    let field = |request: &Request, name: &'static str| {
        let header = request.headers().iter().find(|h| h.field.equiv(name));
        header.map(|h| h.value.to_string()).unwrap_or_default()
    };
    // A name that leads to this address would let another site's page talk to us.
    let host = field(&request, "Host");
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    if !["127.0.0.1", "localhost", "[::1]"].contains(&name) {
        return refuse(request, 403, "this page is for the machine that it runs on");
    }
    let url = request.url().to_owned();
    let (path, query) = url.split_once('?').unwrap_or((&url, ""));
    match (request.method(), path) {
        (Method::Get, "/") => {
            let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'";
            let response = Response::from_string(PAGE)
                .with_header(header("Content-Type", "text/html; charset=utf-8"))
                .with_header(header("Content-Security-Policy", policy));
            request.respond(response)
        }
        (Method::Get, "/notifications") => {
            let from = query.strip_prefix("from=").and_then(|n| n.parse().ok()).unwrap_or(0);
            respond(request, &log.since(from))
        }
        (Method::Post, "/api" | "/trace") => {
            // Browsers ask before they send JSON from another origin, and we do not permit it.
            if !field(&request, "Content-Type").starts_with("application/json") {
                return refuse(request, 415, "the body is to be application/json");
            }
            let mut body = String::new();
            request.as_reader().take(LONGEST).read_to_string(&mut body)?;
            let reply = if path == "/api" { control::reply(network, &body) } else { trace(network, &body) };
            respond(request, &reply)
        }
        (_, "/" | "/notifications" | "/api" | "/trace") => {
            refuse(request, 405, "there is no such method here")
        }
        _ => refuse(request, 404, "there is no such page"),
    }
}

/// Traces a packet given as text or hexadecimal.
fn trace(network: &Network, body: &str) -> Json {
    let given: Json = serde_json::from_str(body).unwrap_or_default();
    let packet = given["packet"].as_str().unwrap_or_default();
    let frame = match text::parse(packet) {
        Ok(frame) => frame,
        Err(why) => match hex::parse(packet) {
            Ok(frame) if !frame.is_empty() => frame,
            _ => {
                return json!({"error": {"status": "SAI_STATUS_INVALID_PARAMETER", "message": why.to_string()}});
            }
        },
    };
    let request = json!({"op": "trace", "port": given["port"], "frame": hex::print(&frame)});
    control::reply(network, &request.to_string())
}

fn respond(request: Request, json: &Json) -> std::io::Result<()> {
    let response =
        Response::from_string(json.to_string()).with_header(header("Content-Type", "application/json"));
    request.respond(response.with_header(header("Cache-Control", "no-store")))
}

fn refuse(request: Request, code: u16, why: &str) -> std::io::Result<()> {
    request.respond(Response::from_string(format!("{why}\n")).with_status_code(code))
}

fn header(name: &str, value: &str) -> Header {
    Header::from_bytes(name, value).expect("a header of ASCII")
}
