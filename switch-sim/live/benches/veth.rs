//! Packets over veth pairs in a network namespace: `cargo bench -p switch-sim-live --bench veth` as root.
//!
//! Prints for how long frames hold a switch, what a packet socket receives and sends, what the running switch forwards,
//! and how long API calls take while a port is flooded: of that, for how long they were ready while the system ran
//! something else; for how long they slept, waiting for the switch; and how much of this the thread that forwards ran,
//! the rest being time that the system stopped it amid a group. The machine also makes the packets,
//! so the rate in wall time depends on its cores; the rate in CPU time is that of a core of its own.
#![allow(unsafe_code)]

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sai::{AttrEntry, Backend, ObjectId, ObjectRef, ObjectType, Target, Value, port, switch};
use switch_sim::wire::text;
use switch_sim::world::{GROUP, GROUP_BYTES, GROUP_COPIES};
use switch_sim::{Profile, Simulator, World};
use switch_sim_live::Runner;
use switch_sim_live::device::{BATCH, Device};
use switch_sim_live::frames::Frames;
use switch_sim_live::netdev::NetDev;

const FOR: Duration = Duration::from_secs(3);

fn main() {
    holds();
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

/// CPU time of a thread so far, and for how long it was ready to run and did not.
fn schedule(thread: i32) -> (Duration, Duration) {
    let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).expect("/proc");
    let mut times = stat.split(' ').map_while(|n| n.parse().ok()).map(Duration::from_nanos);
    (times.next().expect("a time"), times.next().expect("a time"))
}

fn cpu(thread: i32) -> Duration {
    schedule(thread).0
}

fn me() -> i32 {
    // SAFETY: no arguments.
    unsafe { libc::gettid() }
}

/// CPU time of this thread, to the nanosecond.
fn own_cpu() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes the time.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn switch(world: &World, profile: Profile) -> (Simulator, ObjectId) {
    let sim = world.simulator(profile);
    let init = AttrEntry::new(switch::INIT_SWITCH.id(), Value::Bool(true));
    let id = sim.create(ObjectId::NULL, Target::Object(ObjectType::SWITCH), &[init]).expect("a switch");
    (sim, id)
}

/// For how long a group of frames holds a switch where it does most: each frame floods all ports.
fn holds() {
    for (ports, len) in [(32, 60), (32, GROUP_BYTES), (512, 60), (512, GROUP_BYTES)] {
        let mut profile = Profile::with_ports(ports);
        profile.boot.ports_up = true;
        let world = World::new(1);
        let (sim, id) = switch(&world, profile);
        let mut asked = [AttrEntry::ask(switch::PORT_LIST.id())];
        sim.get(&ObjectRef::Object(ObjectType::SWITCH, id), &mut asked).expect("a get");
        let Value::OidList(ids) = &asked[0].value else { unreachable!("a list of ports") };
        let group_of = (GROUP_COPIES / ports as usize).min(GROUP);
        let frame = text::parse(&format!("eth dst=ff:ff:ff:ff:ff:ff/ipv4/udp pad={len}")).expect("a frame");
        let group = || {
            let used = own_cpu();
            world.inject_all(&sim, ids[0], (0..group_of).map(|_| &frame[..])).expect("a port");
            let used = own_cpu() - used;
            ids.iter().for_each(|port| while world.receive(&sim, *port).expect("a port").is_some() {});
            used
        };
        let mut times: Vec<Duration> = (0..200).map(|_| group()).collect();
        times.sort_unstable();
        println!(
            "hold:     {group_of} broadcasts of {len} bytes to {} ports: median {:?}, longest {:?} of CPU",
            ports - 1,
            times[times.len() / 2],
            times[times.len() - 1],
        );
    }
}

fn mpps(frames: u64, time: Duration) -> f64 {
    frames as f64 / time.as_secs_f64() / 1e6
}

fn sockets() {
    let mut from = NetDev::open("a1").expect("a device");
    let frames = batch(0, false);
    let me = me();
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
    let (sim, id) = switch(&world, profile);
    let runner = Runner::start(world.clone()).expect("a thread");
    assert_eq!(runner.attach_devices(&sim, id).expect("a switch").0, 2);
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
        let mut calls = Vec::new();
        while begin.elapsed() < FOR {
            calls.push(Call::of(thread, || {
                let object = ObjectRef::Object(ObjectType::PORT, ports[0].port);
                sim.set(&object, &AttrEntry::new(port::MTU.id(), Value::U32(9100))).expect("a set");
            }));
            std::thread::sleep(Duration::from_micros(500));
        }
        let (wall, forwarded, used) = (begin.elapsed(), sent() - before, cpu(thread) - used);
        stop.store(true, Ordering::Relaxed);
        flooder.join().expect("the thread ends");
        println!(
            "forward:  {:.2} Mpps ({:.2} a CPU second), {what}; a group held the switch for at most {:?}",
            mpps(forwarded, wall),
            mpps(forwarded, used),
            world.longest_group(),
        );
        let show = |what, time: fn(&Call) -> Duration| {
            let mut times: Vec<Duration> = calls.iter().map(time).collect();
            times.sort_unstable();
            let at = |share: usize| times[(times.len() * share / 1000).min(times.len() - 1)];
            println!(
                "          {what}: median {:?}, 99 % {:?}, 99.9 % {:?}, longest {:?}",
                at(500),
                at(990),
                at(999),
                at(1000)
            );
        };
        println!("          {} API calls meanwhile", calls.len());
        show("each took", |c| c.took);
        show("ready, another thread ran", |c| c.ready);
        show("slept until the switch was free", |c| c.slept);
        show("of that, frames were forwarded", |c| c.slept.saturating_sub(c.stalled));
    }
}

/// What became of a call's time.
struct Call {
    took: Duration,
    ready: Duration,
    slept: Duration,
    /// For how long the thread that forwards was ready meanwhile and did not run.
    stalled: Duration,
}

impl Call {
    fn of(forwarder: i32, call: impl FnOnce()) -> Call {
        let me = me();
        let ((_, ready), (_, stalled)) = (schedule(me), schedule(forwarder));
        let (begin, used) = (Instant::now(), own_cpu());
        call();
        let (took, used) = (begin.elapsed(), own_cpu() - used);
        let (ready, stalled) = (schedule(me).1 - ready, schedule(forwarder).1 - stalled);
        Call { took, ready, slept: took.saturating_sub(used + ready), stalled }
    }
}
