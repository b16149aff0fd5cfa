use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value as Json, json};

use crate::bed::{Running, ends};

struct Page {
    address: String,
    switch: Running,
}

fn page() -> Page {
    let switch = Running::start(&["--ports", "3", "--virtual-clock", "--web", "127.0.0.1:0"]);
    let address =
        switch.greeting[1].strip_prefix("showing on http://").unwrap().trim_end_matches('/').to_owned();
    Page { address, switch }
}

impl Page {
    /// Status line with headers, and body.
    fn ask(&self, first: &str, headers: &str, body: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let request = format!(
            "{first} HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    fn get(&self, path: &str) -> (String, String) {
        self.ask(&format!("GET {path}"), &format!("Host: {}\r\n", self.address), "")
    }

    fn post(&self, path: &str, body: &Json) -> Json {
        let headers = format!("Host: {}\r\nContent-Type: application/json\r\n", self.address);
        let (head, body) = self.ask(&format!("POST {path}"), &headers, &body.to_string());
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        serde_json::from_str(&body).unwrap()
    }
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let page = page();
    let (head, body) = page.get("/");
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("default-src 'none'"), "{head}");
    assert!(body.contains("<title>switch-sim</title>"));
    for outside in ["src=\"", "href=\"", "@import", "url("] {
        assert!(!body.contains(outside), "{outside}");
    }
}

#[test]
fn the_page_is_told_ports_traces_and_notifications() {
    let page = page();
    let ports = page.post("/api", &json!({"op": "ports"}));
    assert_eq!(ports["ok"].as_array().unwrap().len(), 3);
    let packet = "eth dst=ff:ff:ff:ff:ff:ff src=02:00:00:00:00:0a/ipv4/udp";
    let trace = page.post("/trace", &json!({"port": "switch:0", "packet": packet}));
    let ends: Vec<_> =
        trace["ok"]["steps"].as_array().unwrap().iter().filter(|s| s["event"].get("end").is_some()).collect();
    assert_eq!(ends.len(), 2, "out by two ports: {trace}");
    let news = |from: u64| -> Json {
        serde_json::from_str(&page.get(&format!("/notifications?from={from}")).1).unwrap()
    };
    let all = news(0);
    assert_eq!(all["events"][0]["name"], json!("fdb_event"), "{all}");
    page.switch.says(&["link", "2", "down"]);
    let new = news(all["next"].as_u64().unwrap());
    assert_eq!(new["events"].as_array().unwrap().len(), 1, "{new}");
    assert_eq!(new["events"][0]["name"], json!("port_state_change"));

    let wrong = page.post("/trace", &json!({"port": "switch:0", "packet": "eth/ipv4 ttl=300"}));
    assert!(wrong["error"]["message"].as_str().unwrap().contains("it is a number from 0 to 255"), "{wrong}");
    let wrong = page.post("/api", &json!({"op": "fly"}));
    assert!(wrong["error"]["message"].as_str().unwrap().contains("this is no request"), "{wrong}");
}

#[test]
fn pages_of_other_origins_get_nothing() {
    let page = page();
    let status =
        |first: &str, headers: &str| page.ask(first, headers, "{\"op\":\"info\"}").0[..12].to_owned();
    let own = format!("Host: {}\r\n", page.address);
    assert_eq!(status("GET /", "Host: attacker.example\r\n"), "HTTP/1.1 403");
    assert_eq!(status("POST /api", &format!("{own}Content-Type: text/plain\r\n")), "HTTP/1.1 415");
    assert_eq!(status("GET /api", &own), "HTTP/1.1 405");
    assert_eq!(status("GET /secret", &own), "HTTP/1.1 404");
    let folder = tempfile::tempdir().unwrap();
    let socket = format!("unix:{}", folder.path().join("socket").display());
    let (code, _, error) = ends(&["run", "--ports", "2", "--web", "0.0.0.0:0", "--socket", &socket]);
    assert!(code == 2 && error.contains("give a loopback address"), "{error}");
}
