//! What the program takes on its command line: parser, help, completions and man page come from here.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use switch_sim_live::control::Address;
use switch_sim_live::topology::Attach;

/// Software switches behind SAI: run them, look at them, replay recordings on them.
#[derive(Debug, Parser)]
#[command(name = "switch-sim", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// The control socket of running switches: unix:PATH or 127.0.0.1:PORT
    #[arg(long, global = true, env = "SWITCH_SIM_SOCKET", value_name = "ADDRESS")]
    pub socket: Option<Address>,
    /// The switch meant, where several run
    #[arg(long, global = true, value_name = "NAME")]
    pub switch: Option<String>,
    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    pub json: bool,
    /// How much to log, on standard error
    #[arg(long, global = true, value_enum, default_value_t = Level::Warn, value_name = "LEVEL")]
    pub log: Level,
    #[command(subcommand)]
    pub command: Command,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum Level {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a switch, or a topology of many, until it is told to stop
    Run(Run),
    /// Show what running switches have
    Show(Show),
    /// Set an attribute of an object
    Set {
        /// oid:0x…, TYPE:{key}, or the place of a port
        object: String,
        /// The attribute, SAI_PORT_ATTR_MTU or mtu
        attr: String,
        /// The value, as recordings write it
        value: String,
    },
    /// Create an object or an entry
    Create {
        /// A type (vlan), or an entry with its key (route-entry:{"dest":…})
        object: String,
        /// Attributes, as vlan-id=20
        #[arg(value_name = "ATTR=VALUE")]
        attrs: Vec<String>,
    },
    /// Remove an object or an entry
    Remove {
        /// oid:0x…, TYPE:{key}, or the place of a port
        object: String,
    },
    /// Plug or pull the cable of a port
    Link {
        /// PLACE, SWITCH:PLACE or oid:0x…
        port: String,
        /// up or down
        state: LinkState,
    },
    /// Put packets into a port
    Inject {
        /// PLACE, SWITCH:PLACE or oid:0x…
        port: String,
        #[command(flatten)]
        packet: Packet,
        /// How many times
        #[arg(long, default_value_t = 1)]
        count: u64,
    },
    /// Take the frames that a port with nothing plugged in has sent
    Receive {
        /// PLACE, SWITCH:PLACE or oid:0x…
        port: String,
    },
    /// Put packets into a port and print their paths through the pipeline
    Trace {
        /// PLACE, SWITCH:PLACE or oid:0x…
        port: String,
        #[command(flatten)]
        packet: Packet,
        /// Ask no running switch, but one booted from this topology for the purpose
        #[arg(long = "in", value_name = "TOPOLOGY")]
        inside: Option<String>,
    },
    /// Print notifications as they come
    Watch {
        /// End after this many
        #[arg(long, value_name = "N")]
        count: Option<u64>,
    },
    /// Write the frames at ports to a capture as they pass
    Capture {
        /// The file, pcapng where its name ends so, else pcap
        file: PathBuf,
        /// Ports; all where none is given
        #[arg(long = "port", value_name = "PORT")]
        ports: Vec<String>,
        /// End after this many frames
        #[arg(long, value_name = "N")]
        count: Option<u64>,
    },
    /// Let time pass on a virtual clock
    Advance {
        /// How long: 500ns, 10us, 1.5ms, 2s
        #[arg(value_parser = humantime::parse_duration)]
        by: Duration,
    },
    /// Write the state of a switch to a file
    Snapshot {
        /// The file
        file: PathBuf,
    },
    /// Print what differs between two snapshots, or between one and a running switch
    Diff {
        /// A snapshot
        before: PathBuf,
        /// Another; the running switch where left out
        after: Option<PathBuf>,
    },
    /// Replay a recording of SAI calls and print what differs
    Replay(Replay),
    /// Replay a recording on two backends and print in what they differ
    Compare {
        /// The recording
        file: PathBuf,
        /// sim, sim:PROFILE.toml or the path of a libsai.so
        before: String,
        /// The other
        after: String,
    },
    /// Measure the simulator on this machine
    Bench(Bench),
    /// Print what is supported: types, attributes, statistics
    Support,
    /// Say what works on this machine
    Doctor {
        /// A SAI library to look at as well
        #[arg(long, value_name = "PATH")]
        library: Option<PathBuf>,
    },
    /// Print a topology's ways to be run
    Topology {
        /// A file, or the name of a ready one; all ready ones are listed where left out
        name: Option<String>,
        /// Print the commands that make a pair of network devices for each link, to run each switch as a process
        #[arg(long)]
        devices: bool,
    },
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the man page, or write one for each command to a folder
    Man {
        /// The folder
        folder: Option<PathBuf>,
    },
}

/// Whether a cable is plugged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum LinkState {
    Up,
    Down,
}

/// A packet on the command line.
#[derive(Debug, Args)]
pub struct Packet {
    /// Hexadecimal, a capture (FILE.pcap, FILE.pcapng), or a short text: eth/ipv4/udp dst=10.0.0.1 ttl=1
    #[arg(required = true, value_name = "PACKET")]
    pub words: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Run {
    /// A topology: a TOML file, or the name of a ready one (leaf-spine-4x2, fat-tree-20)
    #[arg(conflicts_with_all = ["ports", "profile", "attach", "state", "recording", "chaos", "setup"])]
    pub topology: Option<String>,
    /// Run only this switch of the topology, its links as network devices SWITCH-PLACE
    #[arg(long, requires = "topology", value_name = "SWITCH")]
    pub only: Option<String>,
    /// Without a topology: how many ports, up and in VLAN 1
    #[arg(long, conflicts_with = "profile", value_name = "N")]
    pub ports: Option<u32>,
    /// Without a topology: the profile of the modelled chip
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// Attach the port at a place: 0=netdev:eth1, 1=tap:tap0, 2=pcap:IN:OUT
    #[arg(long, value_parser = attach, value_name = "PLACE=WHAT")]
    pub attach: Vec<(String, Attach)>,
    /// Begin from this snapshot if it is there, and leave it when stopped
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Record calls and notifications in the sairedis form
    #[arg(long, value_name = "FILE")]
    pub recording: Option<PathBuf>,
    /// Inject the faults of this plan
    #[arg(long, value_name = "FILE")]
    pub chaos: Option<PathBuf>,
    /// Set the switch up by playing this recording
    #[arg(long, value_name = "FILE")]
    pub setup: Option<PathBuf>,
    /// Make host interfaces of type NETDEV network devices of the kernel's
    #[arg(long)]
    pub host_devices: bool,
    /// Time passes only by `advance`
    #[arg(long)]
    pub virtual_clock: bool,
    /// What chance is drawn from
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How many threads forward
    #[arg(long, value_parser = threads, value_name = "N")]
    pub workers: Option<NonZeroUsize>,
    /// Also listen for control on this TCP port of the loopback interface
    #[arg(long, value_name = "PORT")]
    pub tcp: Option<u16>,
    /// Serve a page that shows the switches, on loopback: 8080 or 127.0.0.1:8080
    #[arg(long, value_parser = web, value_name = "ADDRESS")]
    pub web: Option<SocketAddr>,
}

#[derive(Debug, Args)]
pub struct Show {
    #[command(subcommand)]
    pub what: What,
}

#[derive(Debug, Subcommand)]
pub enum What {
    /// The switches, their clock and its time
    Switches,
    /// Ports with their states and counters
    Ports,
    /// VLANs with their members
    Vlans,
    /// The forwarding database
    Fdb,
    /// Routes
    Routes,
    /// Neighbors
    Neighbors,
    /// Next-hop groups with their members
    Groups,
    /// LAGs with their members
    Lags,
    /// The statistics of an object, of all ports where none is given
    Counters {
        /// oid:0x…, TYPE:{key}, or the place of a port
        object: Option<String>,
    },
    /// How many objects there are of each type, and how many more fit
    Resources,
    /// All attributes of an object, or all objects of a type
    Object {
        /// oid:0x…, TYPE:{key}, the place of a port, or a type
        object: String,
    },
}

#[derive(Debug, Args)]
pub struct Replay {
    /// The recording
    pub file: PathBuf,
    /// The profile of the simulated chip
    #[arg(long, conflicts_with = "library", value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// Replay on a switch of this many ports, as 'run --ports N' runs
    #[arg(long, conflicts_with_all = ["library", "profile"], value_name = "N")]
    pub ports: Option<u32>,
    /// Replay on this SAI library instead
    #[arg(long, value_name = "PATH")]
    pub library: Option<PathBuf>,
    /// End at the first difference
    #[arg(long)]
    pub stop: bool,
}

#[derive(Debug, Args)]
pub struct Bench {
    /// Only cases whose name holds this
    pub filter: Option<String>,
    /// How often each case runs; least, median and greatest are told
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub runs: usize,
    /// Small tables and few packets, to see that all works; the figures mean little
    #[arg(long)]
    pub quick: bool,
    /// The libsai.so that the cases control/c/… drive [default: the one built beside this program]
    #[arg(long, value_name = "FILE")]
    pub library: Option<PathBuf>,
    /// Only list the cases
    #[arg(long)]
    pub list: bool,
}

fn threads(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "it is a number of threads, from 1".to_owned())
}

fn web(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse() {
        return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }
    text.parse().map_err(|_| "it is a port or an address of loopback, as 8080 or 127.0.0.1:8080".to_owned())
}

fn attach(text: &str) -> Result<(String, Attach), String> {
    let (place, what) =
        text.split_once('=').ok_or_else(|| format!("'{text}' is no PLACE=WHAT, as 0=netdev:eth1"))?;
    place
        .parse::<usize>()
        .map_err(|_| format!("'{place}' is no place of a port; places are numbers from 0"))?;
    Ok((place.to_owned(), what.parse()?))
}
