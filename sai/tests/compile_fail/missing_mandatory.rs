use sai::{Session, port};

fn f(session: &Session) {
    session.create(port::Required { speed: 100_000 }).unwrap();
}

fn main() {}
