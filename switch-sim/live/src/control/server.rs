//! Listens, and answers each connection on a thread of its own.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use sai::notify::{Notification, NotificationSink};
use sai::{Backend, Error, ObjectId, Result, Status};
use serde_json::{Value as Json, json};
use switch_sim::world::{Monitor, Seen, Way};

use super::operations::{self, failure};
use super::{Handle, Request, Site, hex, read};
use crate::sys::{Poll, Waker, hung_up};

/// The longest request.
const LONGEST: u64 = 1 << 20;
/// The most connections at a time.
const CONNECTIONS: usize = 64;
/// How many events wait for a slow client.
const EVENTS: usize = 4096;
/// How often a quiet stream looks whether its client is still there.
const LOOK: Duration = Duration::from_millis(250);

/// Where the control socket is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A Unix socket: who may open the file may control.
    Unix(PathBuf),
    /// TCP on the loopback interface: any user of the machine may control.
    Tcp(SocketAddr),
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Address, String> {
        match text.strip_prefix("unix:") {
            Some("") => return Err("unix: names no file; it is unix:PATH".into()),
            Some(path) => return Ok(Address::Unix(path.into())),
            None => {}
        }
        match text.strip_prefix("tcp:").unwrap_or(text).parse::<SocketAddr>() {
            Ok(address) if address.ip().is_loopback() => Ok(Address::Tcp(address)),
            Ok(address) => Err(format!(
                "{address} is no loopback address: the control socket has no passwords; use 127.0.0.1"
            )),
            Err(_) if text.contains('/') => Ok(Address::Unix(text.into())),
            Err(_) => Err(format!("'{text}' is neither unix:PATH nor 127.0.0.1:PORT")),
        }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
            Address::Tcp(address) => write!(f, "tcp:{address}"),
        }
    }
}

#[derive(Debug)]
enum Listener {
    Unix(UnixListener),
    Tcp(TcpListener),
}

/// A connection, either kind.
#[derive(Debug)]
pub(super) enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Stream {
    pub(super) fn connect(address: &Address) -> io::Result<Stream> {
        match address {
            Address::Unix(path) => UnixStream::connect(path).map(Stream::Unix),
            Address::Tcp(address) => TcpStream::connect(address).map(Stream::Tcp),
        }
    }

    pub(super) fn try_clone(&self) -> io::Result<Stream> {
        match self {
            Stream::Unix(s) => s.try_clone().map(Stream::Unix),
            Stream::Tcp(s) => s.try_clone().map(Stream::Tcp),
        }
    }

    pub(super) fn shutdown(&self) {
        // It is closed already, else.
        let _ = match self {
            Stream::Unix(s) => s.shutdown(std::net::Shutdown::Both),
            Stream::Tcp(s) => s.shutdown(std::net::Shutdown::Both),
        };
    }

    fn fd(&self) -> RawFd {
        match self {
            Stream::Unix(s) => s.as_raw_fd(),
            Stream::Tcp(s) => s.as_raw_fd(),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Unix(s) => s.read(into),
            Stream::Tcp(s) => s.read(into),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Unix(s) => s.write(bytes),
            Stream::Tcp(s) => s.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Shared {
    site: Arc<dyn Site>,
    stop: AtomicBool,
    connections: AtomicUsize,
    open: Mutex<Vec<(RawFd, Stream)>>,
}

/// The control socket of a site, until it is dropped.
pub struct Server {
    shared: Arc<Shared>,
    waker: Arc<Waker>,
    address: Address,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Server {
    /// Listens. A Unix socket that nobody listens on any more is replaced, another file is not; port 0 of TCP is any
    /// that is free.
    ///
    /// # Errors
    /// When the address is in use or not permitted.
    pub fn start(site: Arc<dyn Site>, address: &Address) -> io::Result<Server> {
        let (listener, address) = match address {
            Address::Unix(path) => {
                let is_socket = std::fs::metadata(path).is_ok_and(|m| m.file_type().is_socket());
                if is_socket && UnixStream::connect(path).is_err() {
                    std::fs::remove_file(path)?;
                }
                (Listener::Unix(UnixListener::bind(path)?), address.clone())
            }
            Address::Tcp(wanted) => {
                let listener = TcpListener::bind(wanted)?;
                let bound = listener.local_addr()?;
                (Listener::Tcp(listener), Address::Tcp(bound))
            }
        };
        let waker = Arc::new(Waker::new()?);
        let shared = Arc::new(Shared {
            site,
            stop: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
            open: Mutex::default(),
        });
        let mut poll = Poll::new()?;
        let fd = match &listener {
            Listener::Unix(l) => {
                l.set_nonblocking(true)?;
                l.as_raw_fd()
            }
            Listener::Tcp(l) => {
                l.set_nonblocking(true)?;
                l.as_raw_fd()
            }
        };
        poll.add(fd, 0)?;
        poll.add(waker.fd(), 1)?;
        let server = shared.clone();
        let accept = move || {
            while !server.stop.load(Ordering::Acquire) {
                if poll.wait(None).is_err() {
                    return;
                }
                let stream = match &listener {
                    Listener::Unix(l) => l.accept().map(|(s, _)| Stream::Unix(s)),
                    Listener::Tcp(l) => l.accept().map(|(s, _)| Stream::Tcp(s)),
                };
                if let Ok(stream) = stream {
                    server.clone().connected(stream);
                }
            }
        };
        let thread = std::thread::Builder::new().name("control".into()).spawn(accept)?;
        Ok(Server { shared, waker, address, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> &Address {
        &self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.waker.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if let Ok(open) = self.shared.open.lock() {
            open.iter().for_each(|(_, stream)| stream.shutdown());
        }
        if let Address::Unix(path) = &self.address {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Shared {
    /// Begins to answer a connection, unless there are too many.
    fn connected(self: Arc<Self>, stream: Stream) {
        let blocking = match &stream {
            Stream::Unix(s) => s.set_nonblocking(false),
            Stream::Tcp(s) => s.set_nonblocking(false).and_then(|()| s.set_nodelay(true)),
        };
        let Ok(copy) = blocking.and_then(|()| stream.try_clone()) else { return };
        if self.connections.fetch_add(1, Ordering::AcqRel) >= CONNECTIONS {
            self.connections.fetch_sub(1, Ordering::AcqRel);
            let error = Error::because(Status::INSUFFICIENT_RESOURCES, "too many connections");
            let mut stream = stream;
            let _ = writeln!(stream, "{}", failure(&error));
            return;
        }
        let fd = stream.fd();
        if let Ok(mut open) = self.open.lock() {
            open.push((fd, copy));
        }
        let serve = move || {
            // The client is gone, or will be told by the end of the connection.
            let _ = self.serve(stream);
            if let Ok(mut open) = self.open.lock() {
                open.retain(|(n, _)| *n != fd);
            }
            self.connections.fetch_sub(1, Ordering::AcqRel);
        };
        if let Err(error) = std::thread::Builder::new().name("control".into()).spawn(serve) {
            tracing::warn!(%error, "no thread for a control connection");
        }
    }

    fn serve(&self, stream: Stream) -> io::Result<()> {
        let mut out = BufWriter::new(stream.try_clone()?);
        let mut input = BufReader::new(stream);
        let mut line = String::new();
        loop {
            line.clear();
            if input.by_ref().take(LONGEST).read_line(&mut line)? == 0 {
                return Ok(());
            }
            if !line.ends_with('\n') && line.len() as u64 >= LONGEST {
                let why = format!("a request has at most {LONGEST} bytes");
                writeln!(out, "{}", failure(&read::invalid(why)))?;
                return out.flush();
            }
            if line.trim().is_empty() {
                continue;
            }
            match serde_json::from_str::<Request>(&line) {
                Ok(request @ (Request::Watch { .. } | Request::Capture { .. })) => {
                    match self.events(&request) {
                        Err(e) => writeln!(out, "{}", failure(&e))?,
                        Ok(events) => {
                            writeln!(out, "{}", json!({"ok": null}))?;
                            out.flush()?;
                            return self.stream(&events, &mut out, input.get_ref().fd());
                        }
                    }
                }
                _ => {
                    let reply = operations::reply(&*self.site, &line);
                    self.site.wake();
                    writeln!(out, "{reply}")?;
                }
            }
            out.flush()?;
        }
    }

    /// Begins what a stream tells.
    fn events(&self, request: &Request) -> Result<Events> {
        let (send, receive) = sync_channel(EVENTS);
        let feed = Arc::new(Feed { send, lost: AtomicU64::new(0), closed: AtomicBool::new(false) });
        match request {
            Request::Watch { switch } => {
                let switches = match switch {
                    Some(name) => vec![read::switch(&*self.site, Some(name))?],
                    None => self.site.switches(),
                };
                for switch in switches {
                    let Handle { name, sim, .. } = switch;
                    sim.subscribe(Arc::new(Watch { switch: name, feed: feed.clone() }));
                }
            }
            Request::Capture { ports } => {
                let only =
                    ports.iter().map(|name| read::port(&*self.site, name)).collect::<Result<Vec<_>>>()?;
                let switches = self.site.switches();
                self.site.world().monitor(Arc::new(Capture { switches, only, feed: feed.clone() }));
            }
            _ => {}
        }
        Ok(Events { feed, receive })
    }

    fn stream(&self, events: &Events, out: &mut BufWriter<Stream>, fd: RawFd) -> io::Result<()> {
        while !self.stop.load(Ordering::Acquire) {
            match events.receive.recv_timeout(LOOK) {
                Ok(event) => writeln!(out, "{}", json!({"event": event}))?,
                Err(RecvTimeoutError::Timeout) if hung_up(fd) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            // What else waits goes with it.
            for event in events.receive.try_iter().take(EVENTS) {
                writeln!(out, "{}", json!({"event": event}))?;
            }
            let lost = events.feed.lost.swap(0, Ordering::AcqRel);
            if lost > 0 {
                writeln!(out, "{}", json!({"event": {"lost": lost}}))?;
            }
            out.flush()?;
        }
        Ok(())
    }
}

/// The receiving end of a stream; closing it ends what feeds it.
struct Events {
    feed: Arc<Feed>,
    receive: Receiver<Json>,
}

impl Drop for Events {
    fn drop(&mut self) {
        self.feed.closed.store(true, Ordering::Release);
    }
}

/// The sending end of a stream.
#[derive(Debug)]
struct Feed {
    send: SyncSender<Json>,
    lost: AtomicU64,
    closed: AtomicBool,
}

impl Feed {
    fn tell(&self, event: Json) {
        if let Err(TrySendError::Full(_)) = self.send.try_send(event) {
            self.lost.fetch_add(1, Ordering::AcqRel);
        }
    }
}

#[derive(Debug)]
struct Watch {
    switch: String,
    feed: Arc<Feed>,
}

impl NotificationSink for Watch {
    fn notify(&self, notification: &Notification) {
        let text = sai::text::notification::print(notification);
        let data: Json = serde_json::from_str(&text).unwrap_or(Json::String(text));
        self.feed.tell(json!({"switch": self.switch, "name": notification.name(), "data": data}));
    }

    fn is_closed(&self) -> bool {
        self.feed.closed.load(Ordering::Acquire)
    }
}

#[derive(Debug)]
struct Capture {
    switches: Vec<Handle>,
    /// All ports where empty.
    only: Vec<(Handle, ObjectId)>,
    feed: Arc<Feed>,
}

impl Monitor for Capture {
    fn frame(&self, seen: &Seen<'_>) {
        let wanted = |(handle, port): &(Handle, ObjectId)| *port == seen.port && handle.sim.is(seen.sim);
        if !self.only.is_empty() && !self.only.iter().any(wanted) {
            return;
        }
        let switch = self.switches.iter().find(|s| s.sim.is(seen.sim)).map(|s| &s.name);
        self.feed.tell(json!({
            "switch": switch,
            "port": seen.port,
            "way": if seen.way == Way::In { "in" } else { "out" },
            "at": seen.at,
            "frame": hex::print(seen.frame),
        }));
    }

    fn is_closed(&self) -> bool {
        self.feed.closed.load(Ordering::Acquire)
    }
}
