//! Enums as newtypes: those that belong to no object type, and the text of each for the object modules.

use std::fmt::Write as _;

use anyhow::Result;

use super::interface::{EnumInfo, Interface};
use super::{Output, RUST_BANNER, names};
use crate::model::Model;

/// Renders `sai/src/types.rs`.
pub fn render(model: &Model) -> Result<Vec<Output>> {
    let interface = Interface::new(model)?;
    let mut text = format!(
        "{RUST_BANNER}//! The enums that belong to no one object type, [`PacketAction`] and the like.\n//!\n\
         //! An enum of one object type stands in that object's module: [`crate::object::port::OperStatus`].\n\n\
         use crate::enumeration::sai_enum;\n\n"
    );
    for info in interface.enums.iter().filter(|e| e.owner.is_none() || e.in_types) {
        newtype(&mut text, info, &names::camel(info.stem));
    }
    Ok(vec![Output::new("sai/src/types.rs", text)])
}

/// Writes the declaration of an enum under the name `rust`.
pub fn newtype(text: &mut String, info: &EnumInfo<'_>, rust: &str) {
    let prefix = format!("SAI_{}_", info.stem.to_uppercase());
    let _ = writeln!(text, "sai_enum! {{ {rust}, \"{}\", {} {{", info.c_name, static_name(info));
    for v in &info.values {
        if let Some(since) = &v.since {
            let _ = writeln!(text, "    /// Since SAI {since}.\n    ///");
        }
        let _ = writeln!(text, "    {} = {}, \"{}\";", names::constant(&v.name, &prefix), v.value, v.name);
    }
    text.push_str("} }\n\n");
}

/// The name of the static that holds an enum's metadata.
pub fn static_name(info: &EnumInfo<'_>) -> String {
    info.stem.to_uppercase()
}
