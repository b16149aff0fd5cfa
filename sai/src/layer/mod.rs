//! Layers: backends over backends, stackable at run time.
//!
//! | layer | what it does |
//! |---|---|
//! | [`Validate`] | refuses what breaks a rule of the metadata before it reaches the backend below |
//! | [`Record`] | writes the calls and notifications in the sairedis recording format |
//! | [`Chaos`] | injects failures, delays and troubled notifications from a seed |
//! | `Measure` (feature `measure`) | counts calls and keeps histograms of their latency |

pub mod chaos;
mod forward;
#[cfg(feature = "measure")]
pub mod measure;
mod operation;
pub mod record;
#[cfg(test)]
pub(crate) mod testing;
pub mod validate;

pub use chaos::Chaos;
#[cfg(feature = "measure")]
pub use measure::Measure;
pub use operation::Operation;
pub use record::Record;
pub use validate::Validate;
