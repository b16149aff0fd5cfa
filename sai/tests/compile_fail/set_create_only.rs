use sai::{Oid, Session, port};

fn f(session: &Session, p: Oid<port::Port>) {
    session.set(p, port::HW_LANE_LIST, vec![0, 1]).unwrap();
}

fn main() {}
