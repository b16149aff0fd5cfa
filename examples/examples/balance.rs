//! How flows spread over an ECMP group and over a LAG, counted and drawn.
//!
//! 10,000 flows go to a group of eight next hops, then to a LAG of four ports, one of which is taken out and
//! put back. The picture is an SVG.
//!
//! `cargo run --release -p examples --example balance -- balance.svg`

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use plotters::prelude::*;
use sai::port::Port;
use sai::{
    MacAddr, Oid, Session, Switch, lag, lag_member, next_hop_group, next_hop_group_member, port,
    router_interface, switch,
};
use switch_sim::wire::PacketBuilder;
use switch_sim::{Profile, Simulator, World};

const FLOWS: u32 = 10_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let picture = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("balance.svg"), PathBuf::from);
    let world = World::new(1);
    let simulator = world.simulator(Profile::with_ports(16));
    let switch =
        Session::new(Arc::new(simulator.clone())).create_switch(switch::Required { init_switch: true })?;
    examples::unbridge(&switch)?;
    let ports = switch.ports()?;
    examples::routed_port(&switch, ports[0])?;
    let bed = Bed { world, simulator, switch, ports };

    let ecmp = bed.ecmp()?;
    let (lag, members) = bed.lag()?;
    let mut charts = vec![("ECMP: 8 next hops", bed.count(ecmp)?)];
    charts.push(("LAG: 4 members", bed.count(lag)?));
    bed.switch.set(members[1], lag_member::EGRESS_DISABLE, true)?;
    charts.push(("LAG: member 1 disabled", bed.count(lag)?));

    for (title, counts) in &charts {
        let (min, max) = (counts.iter().min().unwrap_or(&0), counts.iter().max().unwrap_or(&0));
        println!("{title}: {counts:?}, {FLOWS} flows, from {min} to {max}");
    }
    draw(&picture, &charts)?;
    println!("drawn: {}", picture.display());
    Ok(())
}

struct Bed {
    world: World,
    simulator: Simulator,
    switch: Switch,
    ports: Vec<Oid<Port>>,
}

/// A destination network, and the ports that may carry it.
#[derive(Clone, Copy)]
struct Way {
    network: [u8; 3],
    first: usize,
    ports: usize,
}

impl Bed {
    /// 203.0.113.0/24 over ports 1 to 8.
    fn ecmp(&self) -> sai::Result<Way> {
        let switch = &self.switch;
        let group = switch
            .create(next_hop_group::Required { r#type: next_hop_group::Type::DYNAMIC_UNORDERED_ECMP })?;
        for n in 1..=8u8 {
            let interface = examples::routed_port(switch, self.ports[n as usize])?;
            let address = IpAddr::from([10, 0, n, 2]);
            let hop = examples::neighbor(switch, interface, address, MacAddr::new(2, 0, 0, 0, n, 0x99))?;
            switch.create(next_hop_group_member::Required {
                next_hop_group_id: group,
                next_hop_id: hop.any(),
            })?;
        }
        examples::route(switch, "203.0.113.0/24", group.any())?;
        Ok(Way { network: [203, 0, 113], first: 1, ports: 8 })
    }

    /// 198.51.100.0/24 over a LAG of ports 9 to 12.
    fn lag(&self) -> sai::Result<(Way, Vec<Oid<lag_member::LagMember>>)> {
        let switch = &self.switch;
        let lag = switch.create(lag::Required {})?;
        let mut members = Vec::new();
        for &p in &self.ports[9..13] {
            switch.set(p, port::ADMIN_STATE, true)?;
            members.push(switch.create(lag_member::Required { lag_id: lag, port_id: p.cast() })?);
        }
        let virtual_router_id = switch.read(switch::DEFAULT_VIRTUAL_ROUTER_ID)?;
        let interface =
            router_interface::Required { virtual_router_id, r#type: router_interface::Type::PORT };
        let interface = switch.create(interface.with(router_interface::PORT_ID, lag.any()))?;
        let address = IpAddr::from([10, 0, 100, 2]);
        let hop = examples::neighbor(switch, interface, address, MacAddr::new(2, 0, 0, 0, 100, 0x99))?;
        examples::route(switch, "198.51.100.0/24", hop.any())?;
        Ok((Way { network: [198, 51, 100], first: 9, ports: 4 }, members))
    }

    /// Sends the flows and counts what each port of the way carried.
    fn count(&self, way: Way) -> sai::Result<Vec<u32>> {
        let router_mac = self.switch.read(switch::SRC_MAC_ADDRESS)?;
        let [a, b, c] = way.network;
        for flow in 0..FLOWS {
            // Spread like real flows, not one after the other.
            let [p, q, x, y] = flow.wrapping_mul(0x9e37_79b9).to_be_bytes();
            let frame = PacketBuilder::ethernet([2, 0, 0, 0, 0, 0xaa], router_mac.0)
                .ipv4([10, 1, p, q], [a, b, c, x])
                .udp(u16::from_be_bytes([q, y]), 80);
            self.world.inject(&self.simulator, self.ports[0].raw(), &frame.build())?;
        }
        let ports = &self.ports[way.first..way.first + way.ports];
        ports
            .iter()
            .map(|port| {
                let mut carried = 0;
                while self.world.receive(&self.simulator, port.raw())?.is_some() {
                    carried += 1;
                }
                Ok(carried)
            })
            .collect()
    }
}

/// One bar a port, with the even share as a line.
fn draw(path: &std::path::Path, charts: &[(&str, Vec<u32>)]) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::new(path, (960, 320)).into_drawing_area();
    area.fill(&WHITE)?;
    for (part, (title, counts)) in area.split_evenly((1, charts.len())).iter().zip(charts) {
        let bars = counts.len() as u32;
        let most = counts.iter().max().copied().unwrap_or(1) * 6 / 5;
        let mut chart = ChartBuilder::on(part)
            .caption(title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(32)
            .y_label_area_size(48)
            .build_cartesian_2d((0..bars - 1).into_segmented(), 0..most)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .x_desc("port")
            .y_desc("flows")
            .draw()?;
        let bar = Histogram::vertical(&chart).style(BLUE.mix(0.5).filled()).margin(6);
        chart.draw_series(bar.data(counts.iter().enumerate().map(|(i, n)| (i as u32, *n))))?;
        let busy = counts.iter().filter(|n| **n > 0).count().max(1) as u32;
        let even = FLOWS / busy;
        let line = [(SegmentValue::Exact(0), even), (SegmentValue::Last, even)];
        chart.draw_series(LineSeries::new(line, RED.stroke_width(2)))?;
    }
    area.present()?;
    Ok(())
}
