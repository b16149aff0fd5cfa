//! The library that `$SAI_LIBRARY` names, its ports at network devices: real frames, in real time.

use std::collections::VecDeque;
use std::os::fd::RawFd;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sai::dylib::{Dylib, Options};
use sai::{AttrEntry, Backend, ObjectId, ObjectRef, ObjectType, Result, StatId, Value, switch};
use switch_sim::pipeline::Trace;
use switch_sim_live::device::Device;
use switch_sim_live::frames::Frames;
use switch_sim_live::netdev::NetDev;

use super::Turn;
use crate::suite::bed::TestBed;

/// The library under test, where one is named.
pub fn library() -> Option<PathBuf> {
    std::env::var_os("SAI_LIBRARY").map(PathBuf::from)
}

/// How long nothing must happen before all that a frame causes has happened: `$SAI_QUIET` milliseconds.
fn quiet() -> Duration {
    static QUIET: OnceLock<Duration> = OnceLock::new();
    *QUIET.get_or_init(|| {
        let told = std::env::var("SAI_QUIET").ok();
        Duration::from_millis(
            told.map_or(50, |ms| ms.parse().expect("SAI_QUIET is a number of milliseconds")),
        )
    })
}

/// The library, and the other ends of its ports' cables.
pub struct Vendor {
    wires: Mutex<Wires>,
    library: Dylib,
    _turn: Turn,
}

/// The network devices that `$SAI_PORTS` names, in the order of the switch's list of ports.
struct Wires {
    devices: Vec<NetDev>,
    received: Vec<VecDeque<Vec<u8>>>,
    /// When a frame was last seen, or a call made.
    last: Instant,
}

impl Wires {
    fn open() -> Wires {
        let names = std::env::var("SAI_PORTS").unwrap_or_default();
        let names = names.split(',').filter(|n| !n.is_empty());
        let devices: Vec<_> =
            names.map(|n| NetDev::open(n).unwrap_or_else(|e| panic!("SAI_PORTS: {n}: {e}"))).collect();
        let received = devices.iter().map(|_| VecDeque::new()).collect();
        Wires { devices, received, last: Instant::now() }
    }

    /// Takes what comes until nothing has come for a while.
    fn listen(&mut self) {
        let mut frames = Frames::default();
        while let Some(left) = quiet().checked_sub(self.last.elapsed()) {
            let fds: Vec<RawFd> = self.devices.iter().map(|d| d.fd()).collect();
            wait(&fds, left);
            for (device, received) in self.devices.iter_mut().zip(&mut self.received) {
                frames.clear();
                device.receive(&mut frames).unwrap();
                if !frames.is_empty() {
                    received.extend(frames.iter().map(<[u8]>::to_vec));
                    self.last = Instant::now();
                }
            }
        }
    }
}

/// Waits until one of these can be read, or the time is over.
fn wait(fds: &[RawFd], time: Duration) {
    let mut fds: Vec<_> =
        fds.iter().map(|fd| libc::pollfd { fd: *fd, events: libc::POLLIN, revents: 0 }).collect();
    let milliseconds = time.as_millis() as i32 + 1;
    // SAFETY: the list lives through the call and is as long as it says.
    unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, milliseconds) };
}

impl Vendor {
    pub fn open(path: &PathBuf) -> Vendor {
        let turn = Turn::take();
        let mut options = Options::new();
        if let Some(file) = std::env::var_os("SAI_PROFILE") {
            options = options.profile_text(&std::fs::read_to_string(file).unwrap());
        }
        let library = options.load(path).unwrap();
        Vendor { wires: Mutex::new(Wires::open()), library, _turn: turn }
    }

    /// Which wire leads to a port.
    fn wire(&self, port: ObjectId) -> usize {
        let switch = self.library.switch_of(port).expect("the library tells whose a port is");
        let mut asked = [AttrEntry::ask(switch::PORT_LIST.id())];
        self.library.get(&ObjectRef::Object(ObjectType::SWITCH, switch), &mut asked).unwrap();
        let Value::OidList(ports) = &asked[0].value else { panic!("a list of ports") };
        let at = ports.iter().position(|p| *p == port).expect("a port of the switch");
        let wires = self.wires.lock().devices.len();
        assert!(at < wires, "SAI_PORTS names {wires} devices, and none for port {at}");
        at
    }
}

impl TestBed for Vendor {
    fn backend(&self) -> &dyn Backend {
        // Calls cause frames and notifications too.
        self.wires.lock().last = Instant::now();
        &self.library
    }
    fn inject(&self, port: ObjectId, frame: &[u8]) {
        let at = self.wire(port);
        let mut frames = Frames::default();
        frames.push(frame);
        let mut wires = self.wires.lock();
        wires.devices[at].send(&frames);
        wires.last = Instant::now();
    }
    fn receive(&self, port: ObjectId) -> Option<Vec<u8>> {
        let at = self.wire(port);
        let mut wires = self.wires.lock();
        if wires.received[at].is_empty() {
            wires.listen();
        }
        wires.received[at].pop_front()
    }
    fn advance(&self, by: Duration) {
        std::thread::sleep(by);
    }
    fn trace(&self, _: ObjectId, _: &[u8]) -> Trace {
        unreachable!("the case needs a trace")
    }
    fn set_link(&self, _: ObjectId, _: bool) {
        unreachable!("the case needs hands")
    }
    fn set_stat(&self, _: &ObjectRef, _: StatId, _: u64) {
        unreachable!("the case needs hands")
    }
    fn host_send(&self, _: ObjectId, _: &[u8]) -> Result<()> {
        unreachable!("the case needs hands")
    }
    fn settle(&self) {
        self.wires.lock().listen();
        self.library.settle();
    }
    fn reload(&self, _: ObjectId) {
        unreachable!("the case needs hands")
    }
}
