//! Packets over veth pairs in a network namespace: `cargo bench -p switch-sim-live --bench veth` as root.
//!
//! Prints what a packet socket receives and sends, what the running switch forwards, and how long API calls take while
//! a port is flooded. The machine also makes the packets, so the rate in wall time depends on its cores; the rate in
//! CPU time is that of a core of its own.
#![allow(unsafe_code)]

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sai::{AttrEntry, Backend, ObjectId, ObjectRef, ObjectType, Target, Value, port, switch};
use switch_sim::wire::text;
use switch_sim::{Profile, World};
use switch_sim_live::Runner;
use switch_sim_live::device::{BATCH, Device};
use switch_sim_live::frames::Frames;
use switch_sim_live::netdev::NetDev;

const FOR: Duration = Duration::from_secs(3);

fn main() {
    // SAFETY: no pointers; the process has one thread.
    if unsafe { libc::unshare(libc::CLONE_NEWNET) } != 0 {
        return println!("skipped: a network namespace needs root");
    }
    for pair in ["a", "b"] {
        ip(&format!("link add {pair}0 type veth peer name {pair}1"));
        ip(&format!("link set {pair}0 up"));
        ip(&format!("link set {pair}1 up"));
    }
    sockets();
    forwarding();
}

fn ip(args: &str) {
    assert!(Command::new("ip").args(args.split(' ')).status().expect("iproute2").success(), "ip {args}");
}

/// A batch of frames of 64 bytes (with FCS), all from different addresses where `many`.
fn batch(round: u32, many: bool) -> Frames {
    let mut frame =
        text::parse("eth dst=02:00:00:00:00:0b src=02:00:00:00:00:0a/ipv4/udp pad=60").expect("a frame");
    let mut frames = Frames::default();
    for n in 0..BATCH as u32 {
        if many {
            frame[8..12].copy_from_slice(&(round * BATCH as u32 + n).to_be_bytes());
        }
        frames.push(&frame);
    }
    frames
}

/// Sends without end on a thread of its own.
fn flood(device: &str, many: bool) -> (Arc<AtomicBool>, std::thread::JoinHandle<()>) {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let mut device = NetDev::open(device).expect("a device");
    let thread = std::thread::spawn(move || {
        let batches: Vec<Frames> = (0..256).map(|round| batch(round, many)).collect();
        while !stopped.load(Ordering::Relaxed) {
            batches.iter().for_each(|frames| device.send(frames));
        }
    });
    (stop, thread)
}

/// CPU time of a thread so far.
fn cpu(thread: i32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).expect("/proc");
    Duration::from_nanos(stat.split(' ').next().and_then(|n| n.parse().ok()).expect("nanoseconds"))
}

fn mpps(frames: u64, time: Duration) -> f64 {
    frames as f64 / time.as_secs_f64() / 1e6
}

fn sockets() {
    let mut from = NetDev::open("a1").expect("a device");
    let frames = batch(0, false);
    // SAFETY: no arguments.
    let me = unsafe { libc::gettid() };
    let (begin, used) = (Instant::now(), cpu(me));
    while begin.elapsed() < FOR {
        from.send(&frames);
    }
    let (sent, wall, used) = (from.counters().sent, begin.elapsed(), cpu(me) - used);
    println!("send:     {:.2} Mpps ({:.2} a CPU second)", mpps(sent, wall), mpps(sent, used));

    let mut to = NetDev::open("a0").expect("a device");
    let (stop, thread) = flood("a1", false);
    let mut frames = Frames::default();
    let (begin, used) = (Instant::now(), cpu(me));
    while begin.elapsed() < FOR {
        frames.clear();
        to.receive(&mut frames).expect("the device stays");
    }
    let (wall, used) = (begin.elapsed(), cpu(me) - used);
    stop.store(true, Ordering::Relaxed);
    thread.join().expect("the thread ends");
    let received = to.counters().received;
    println!("receive:  {:.2} Mpps ({:.2} a CPU second)", mpps(received, wall), mpps(received, used));
}

fn forwarding() {
    let mut profile = Profile::with_ports(2);
    profile.boot.ports_up = true;
    profile.port = profile.boot_ports();
    profile.port[0].device = Some("a0".into());
    profile.port[1].device = Some("b0".into());
    let world = World::real_time(1);
    let sim = world.simulator(profile);
    let init = AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true));
    let id = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &[init]).expect("a switch");
    let runner = Runner::start(world).expect("a thread");
    runner.attach_devices(&sim, id).expect("devices");
    let ports = runner.attachments();
    let named = |t: &String| {
        std::fs::read_to_string(format!("/proc/self/task/{t}/comm")).is_ok_and(|c| c.trim() == "switch-sim")
    };
    // It gives itself its name once it runs.
    let thread = loop {
        let tasks = std::fs::read_dir("/proc/self/task").expect("/proc");
        let mut names = tasks.filter_map(|e| e.ok()?.file_name().into_string().ok());
        if let Some(thread) = names.find(named).and_then(|t| t.parse().ok()) {
            break thread;
        }
        std::thread::yield_now();
    };

    for (many, what) in [(false, "one flow"), (true, "16384 addresses to learn")] {
        let (stop, flooder) = flood("a1", many);
        let sent = || runner.attachments()[1].counters.sent;
        while sent() == 0 {
            std::thread::yield_now();
        }
        let (begin, before, used) = (Instant::now(), sent(), cpu(thread));
        let mut delays = Vec::new();
        while begin.elapsed() < FOR {
            let call = Instant::now();
            let object = ObjectRef::Object(ObjectType::PORT, ports[0].port);
            sim.set(&object, &AttrEntry::new(port::MTU.id(), Value::U32(9100))).expect("a set");
            delays.push(call.elapsed());
            std::thread::sleep(Duration::from_micros(500));
        }
        let (wall, forwarded, used) = (begin.elapsed(), sent() - before, cpu(thread) - used);
        stop.store(true, Ordering::Relaxed);
        flooder.join().expect("the thread ends");
        delays.sort_unstable();
        println!(
            "forward:  {:.2} Mpps ({:.2} a CPU second), {what}; {} API calls meanwhile: median {:?}, 99 % {:?}, longest {:?}",
            mpps(forwarded, wall),
            mpps(forwarded, used),
            delays.len(),
            delays[delays.len() / 2],
            delays[delays.len() * 99 / 100],
            delays[delays.len() - 1],
        );
    }
}
