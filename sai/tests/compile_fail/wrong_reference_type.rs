use sai::{Oid, port, vlan_member};

fn f(p: Oid<port::Port>) {
    let _ = vlan_member::Required { vlan_id: p, bridge_port_id: p.cast() };
}

fn main() {}
