//! Layers: backends over backends, stackable at run time.

#[cfg(test)]
pub(crate) mod testing;
pub mod validate;

pub use validate::Validate;
