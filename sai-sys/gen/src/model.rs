//! The SAI interface as data: one [`Header`] a JSON file, in the form of `sai-sys/model/`.
//!
//! Every key of every record is modelled; an unknown key is an error, so that a typing mistake in the
//! model cannot go unnoticed.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use serde::{Deserialize, Serialize};

/// A whole release of the interface.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// The headers, by file name: `experimental/` first, then `inc/`.
    pub headers: Vec<Header>,
}

/// One C header.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// File name, `saiport.h`.
    pub header: String,
    /// Whether it stands in `experimental/` instead of `inc/`.
    pub experimental: bool,
    /// The SAI headers that it includes, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub includes: Vec<String>,
    /// Macros with parameters, and empty macros.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub function_macros: Vec<FunctionMacro>,
    /// Constants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub defines: Vec<Define>,
    /// Status codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status_codes: Vec<StatusCode>,
    /// Plain type aliases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub typedefs: Vec<Typedef>,
    /// Enums, attribute enums among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enums: Vec<Enum>,
    /// Structs and unions, function tables among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub structs: Vec<Struct>,
    /// Function pointer types.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub function_pointers: Vec<Function>,
    /// Exported functions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<Function>,
}

impl Header {
    /// The name of the header's file in a model, `experimental-saiextensions.json`.
    pub fn file_name(&self) -> String {
        let stem = self.header.strip_suffix(".h").unwrap_or(&self.header);
        let prefix = if self.experimental { "experimental-" } else { "" };
        format!("{prefix}{stem}.json")
    }
}

/// A macro with parameters (or an empty one, when `params` is `None`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunctionMacro {
    /// Name.
    pub name: String,
    /// Line in the header it came from.
    pub line: u32,
    /// Names of the parameters.
    pub params: Option<Vec<String>>,
    /// What it means, in words.
    pub meaning: String,
}

/// `#define NAME value`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Define {
    /// Name.
    pub name: String,
    /// Line in the header it came from.
    pub line: u32,
    /// The replacement text.
    pub value: String,
}

/// A `SAI_STATUS_*` constant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusCode {
    /// Name.
    pub name: String,
    /// Line in the header it came from.
    pub line: u32,
    /// Value, zero or negative.
    pub value: i32,
}

/// `typedef type name;`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Typedef {
    /// Name.
    pub name: String,
    /// Line in the header it came from.
    pub line: u32,
    /// The C type, `uint8_t[6]` for an array.
    #[serde(rename = "type")]
    pub ty: String,
}

/// A C enum.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enum {
    /// Name, `sai_port_attr_t`.
    pub name: String,
    /// Line in the header it came from.
    pub line: u32,
    /// The values are not one flat family (flags or open ranges).
    #[serde(default, skip_serializing_if = "is_false")]
    pub free_form: bool,
    /// The values in order.
    pub values: Vec<EnumValue>,
}

/// One value of an enum; an attribute when `ty` is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnumValue {
    /// Name, `SAI_PORT_ATTR_SPEED`.
    pub name: String,
    /// Numeric value.
    pub value: i64,
    /// The initialiser as it was written, where one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init: Option<String>,
    /// The C type of an attribute, followed by its element type for lists and ACL types.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub ty: Option<String>,
    /// `MANDATORY_ON_CREATE`, `CREATE_ONLY`, `CREATE_AND_SET`, `READ_ONLY`, `KEY`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// Object types that an object id may name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<String>,
    /// Whether `SAI_NULL_OBJECT_ID` may stand there.
    #[serde(default, skip_serializing_if = "is_false")]
    pub allownull: bool,
    /// Default value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Must be given on create when this holds, and only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Has effect only when this holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validonly: Option<String>,
    /// Whether a 16-bit value is a VLAN id; said of 16-bit values alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isvlan: Option<bool>,
    /// The attribute distinguishes resources in availability queries.
    #[serde(default, skip_serializing_if = "is_false")]
    pub isresourcetype: bool,
    /// A block of ids of that size (the name of a constant).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// The condition is advice.
    #[serde(default, skip_serializing_if = "is_false")]
    pub relaxed: bool,
    /// Replaced by another.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deprecated: bool,
    /// A reason why the value takes no part in the metadata (an alias kept for compatibility).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore: Option<String>,
    /// The first release, from 1.13 on, that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// A struct or union.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Struct {
    /// Name, `sai_fdb_entry_t`.
    pub name: String,
    /// Line in the header it came from.
    pub line: u32,
    /// `struct` or `union`.
    pub kind: String,
    /// Size in bytes on x86-64 Linux.
    pub size: u32,
    /// Alignment in bytes on x86-64 Linux.
    pub align: u32,
    /// The fields in order.
    pub fields: Vec<Field>,
}

/// A field of a struct or union.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Name.
    pub name: String,
    /// C type.
    #[serde(rename = "type")]
    pub ty: String,
    /// Offset in bytes on x86-64 Linux.
    pub offset: u32,
    /// Object types that an object id may name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<String>,
    /// What selects this member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validonly: Option<String>,
    /// What is handed down to select the union's member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passparam: Option<String>,
    /// Part of a serialised name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suffix: Option<String>,
    /// Flags, as of attributes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// A further parameter of a serialiser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extraparam: Option<String>,
    /// The first release, from 1.13 on, that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// A function pointer type or an exported function.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Name.
    pub name: String,
    /// Line in the header it came from.
    pub line: u32,
    /// C type of the result.
    pub returns: String,
    /// Parameters in order.
    pub params: Vec<Param>,
    /// Where a list's length stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<String>,
    /// Object types of parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<String>,
    /// The first release, from 1.13 on, that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// A parameter of a function.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Param {
    /// Name.
    pub name: String,
    /// C type.
    #[serde(rename = "type")]
    pub ty: String,
    /// `in`, `out` or `inout`.
    pub dir: String,
}

fn is_false(b: &bool) -> bool {
    !*b
}

impl Model {
    /// Reads every `*.json` of a directory, sorted by file name.
    pub fn load(dir: &Path) -> Result<Model> {
        let mut files: Vec<_> = std::fs::read_dir(dir)
            .with_context(|| format!("cannot read the model directory {}", dir.display()))?
            .collect::<std::io::Result<Vec<_>>>()?
            .into_iter()
            .map(|e| e.path())
            .filter(|p| p.extension().is_some_and(|e| e == "json"))
            .collect();
        files.sort();
        let mut headers = Vec::with_capacity(files.len());
        for file in files {
            let text =
                std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let header = parse(&text).with_context(|| file.display().to_string())?;
            headers.push(header);
        }
        Ok(Model { headers })
    }

    /// All enums of all headers.
    pub fn enums(&self) -> impl Iterator<Item = &Enum> {
        self.headers.iter().flat_map(|h| &h.enums)
    }

    /// All attributes of all headers.
    pub fn attributes(&self) -> impl Iterator<Item = &EnumValue> {
        self.enums().flat_map(|e| &e.values).filter(|v| v.ty.is_some())
    }

    /// All structs and unions of all headers.
    pub fn structs(&self) -> impl Iterator<Item = &Struct> {
        self.headers.iter().flat_map(|h| &h.structs)
    }
}

/// Reads a header; an error names the path of the key, the record and the line.
fn parse(text: &str) -> Result<Header> {
    let mut json = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut json).map_err(|e| {
        let line = text.lines().nth(e.inner().line().saturating_sub(1)).unwrap_or_default();
        let name = line.split_once("\"name\": \"").and_then(|(_, rest)| rest.split_once('"'));
        let record = name.map_or_else(String::new, |(name, _)| format!(" ({name})"));
        anyhow!("{}{record}: {}", e.path(), e.inner())
    })
}
