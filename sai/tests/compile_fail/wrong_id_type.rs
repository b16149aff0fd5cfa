use sai::{Oid, Session, port, vlan};

fn f(session: &Session, v: Oid<vlan::Vlan>) {
    session.set(v, port::SPEED, 100_000).unwrap();
}

fn main() {}
