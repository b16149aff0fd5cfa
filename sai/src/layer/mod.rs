//! Layers: backends over backends, stackable at run time.

pub mod record;
#[cfg(test)]
pub(crate) mod testing;
pub mod validate;

pub use record::Record;
pub use validate::Validate;
