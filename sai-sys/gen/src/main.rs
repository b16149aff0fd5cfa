//! `sai-gen`: renders everything repetitive from the SAI model.
fn main() {}
