//! What must hold of a header set beyond its being C.

use anyhow::Result;

use super::Places;
use crate::model::Model;

/// Fails at the first thing that does not hold.
pub fn check(_model: &Model, _places: &Places) -> Result<()> {
    Ok(())
}
