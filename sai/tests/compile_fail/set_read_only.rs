use sai::{Oid, Session, port};

fn f(session: &Session, p: Oid<port::Port>) {
    session.set(p, port::OPER_STATUS, port::OperStatus::UP).unwrap();
}

fn main() {}
