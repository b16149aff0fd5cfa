//! How orchestration code is tested: the code under test at the top, tests of it below. Each test has a
//! switch of its own, takes milliseconds, and needs no privileges.

// ANCHOR: code
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use sai::next_hop_group::NextHopGroup;
use sai::next_hop_group_member::NextHopGroupMember;
use sai::notify::Notification;
use sai::port::{OperStatus, Port};
use sai::{AnyOid, MacAddr, ObjectId, Oid, Result, Switch, next_hop_group, next_hop_group_member, port};

/// Keeps a next-hop group to the hops whose port is up.
struct Failover {
    group: Oid<NextHopGroup>,
    hops: BTreeMap<ObjectId, AnyOid>,
    members: BTreeMap<ObjectId, Oid<NextHopGroupMember>>,
}

impl Failover {
    fn new(switch: &Switch, hops: impl IntoIterator<Item = (Oid<Port>, AnyOid)>) -> Result<Failover> {
        let r#type = next_hop_group::Type::DYNAMIC_UNORDERED_ECMP;
        let group = switch.create(next_hop_group::Required { r#type })?;
        let hops: BTreeMap<_, _> = hops.into_iter().map(|(port, hop)| (port.raw(), hop)).collect();
        let mut failover = Failover { group, hops, members: BTreeMap::new() };
        for port in failover.hops.keys().copied().collect::<Vec<_>>() {
            failover.port_is(switch, port, OperStatus::UP)?;
        }
        Ok(failover)
    }

    fn handle(&mut self, switch: &Switch, event: &Notification) -> Result<()> {
        if let Notification::PortStateChange { data } = event {
            for change in data {
                self.port_is(switch, change.port_id, change.port_state)?;
            }
        }
        Ok(())
    }

    fn port_is(&mut self, switch: &Switch, port: ObjectId, state: OperStatus) -> Result<()> {
        let Some(hop) = self.hops.get(&port) else { return Ok(()) };
        if state == OperStatus::UP && !self.members.contains_key(&port) {
            let member = next_hop_group_member::Required { next_hop_group_id: self.group, next_hop_id: *hop };
            self.members.insert(port, switch.create(member)?);
        } else if state != OperStatus::UP
            && let Some(member) = self.members.remove(&port)
        {
            switch.remove(member)?;
        }
        Ok(())
    }
}
// ANCHOR_END: code

// ANCHOR: bed
use sai::layer::chaos::{Chaos, Plan, SystemClock};
use sai::notify::Receiver;
use sai::{Backend, Session, Status, switch};
use switch_sim::wire::PacketBuilder;
use switch_sim::{Profile, Simulator, World};

struct Bed {
    world: World,
    simulator: Simulator,
    switch: Switch,
    events: Receiver,
    ports: Vec<Oid<Port>>,
    failover: Failover,
}

impl Bed {
    /// Port 0 is where packets come in; 203.0.113.0/24 goes over ports 1 to 3. `over` may put layers between
    /// the code under test and the simulator.
    fn new(over: impl FnOnce(Simulator) -> Arc<dyn Backend>) -> Result<Bed> {
        let world = World::new(1);
        let simulator = world.simulator(Profile::with_ports(4));
        let session = Session::new(over(simulator.clone()));
        let switch = session.create_switch(switch::Required { init_switch: true })?;
        examples::unbridge(&switch)?;
        let ports = switch.ports()?;
        let mut hops = Vec::new();
        for (n, port) in (0u8..).zip(&ports) {
            let interface = examples::routed_port(&switch, *port)?;
            let mac = MacAddr::new(2, 0, 0, 0, n, 0x99);
            let hop = examples::neighbor(&switch, interface, IpAddr::from([10, 0, n, 2]), mac)?;
            hops.push((*port, hop.any()));
        }
        let events = switch.subscribe(64);
        let failover = Failover::new(&switch, hops.into_iter().skip(1))?;
        examples::route(&switch, "203.0.113.0/24", failover.group.any())?;
        Ok(Bed { world, simulator, switch, events, ports, failover })
    }

    /// What a daemon's main loop does.
    fn handle_events(&mut self) -> Result<()> {
        while let Some(event) = self.events.try_recv() {
            self.failover.handle(&self.switch, &event)?;
        }
        Ok(())
    }

    /// How many of 300 flows leave by each port.
    fn spread(&self) -> Result<Vec<usize>> {
        let mac = self.switch.read(switch::SRC_MAC_ADDRESS)?;
        for flow in 0..300 {
            let frame = PacketBuilder::ethernet([2, 0, 0, 0, 0, 0xaa], mac.0)
                .ipv4([10, 0, 0, 2], [203, 0, 113, 9])
                .udp(1000 + flow, 80)
                .build();
            self.world.inject(&self.simulator, self.ports[0].raw(), &frame)?;
        }
        let count = |port: &Oid<Port>| {
            let mut frames = 0;
            while self.world.receive(&self.simulator, port.raw())?.is_some() {
                frames += 1;
            }
            Ok(frames)
        };
        self.ports.iter().map(count).collect()
    }
}
// ANCHOR_END: bed

// ANCHOR: tests
#[test]
fn flows_move_away_from_a_port_that_goes_down_and_back() -> Result<()> {
    let mut bed = Bed::new(|simulator| Arc::new(simulator))?;
    assert!(bed.spread()?[1..].iter().all(|n| *n > 50));

    bed.simulator.set_link(bed.ports[2].raw(), false)?;
    bed.handle_events()?;
    let without = bed.spread()?;
    assert_eq!((without[2], without.iter().sum()), (0, 300));

    bed.simulator.set_link(bed.ports[2].raw(), true)?;
    bed.handle_events()?;
    assert!(bed.spread()?[2] > 50);
    Ok(())
}

#[test]
fn a_refused_member_is_reported_and_the_rest_carries_on() -> Result<()> {
    // The fourth member, created when the port comes back, is refused.
    let plan = r#"
        [[rule]]
        operation = "create"
        object_type = "SAI_OBJECT_TYPE_NEXT_HOP_GROUP_MEMBER"
        nth = 4
        status = "SAI_STATUS_INSUFFICIENT_RESOURCES"
    "#;
    let plan = Plan::from_toml(plan).expect("a plan");
    let mut bed =
        Bed::new(|simulator| Arc::new(Chaos::new(Arc::new(simulator), plan, Arc::new(SystemClock))))?;
    let port = bed.ports[2];
    for up in [false, true] {
        bed.simulator.set_link(port.raw(), up)?;
        let handled = bed.handle_events();
        assert_eq!(handled.err().map(|e| e.status()), up.then_some(Status::INSUFFICIENT_RESOURCES));
    }
    assert_eq!(bed.switch.get(port, port::OPER_STATUS)?, OperStatus::UP);
    assert_eq!(bed.spread()?.iter().sum::<usize>(), 300, "two members carry all");
    Ok(())
}
// ANCHOR_END: tests
