//! Models as files: one JSON file a header, one record a line, so that a diff of two releases reads well.

use std::io;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::model::{Enum, Header, Model, Struct};

/// Writes a model into `dir`, one file a header; the folder is made where it is not there.
pub fn save(model: &Model, dir: &Path) -> Result<()> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    for header in &model.headers {
        let path = dir.join(header.file_name());
        std::fs::write(&path, text(header)?).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// A header as the text of its file.
pub fn text(header: &Header) -> Result<String> {
    let mut parts = vec![
        format!(" \"header\": {}", line(&header.header)?),
        format!(" \"experimental\": {}", header.experimental),
    ];
    if !header.includes.is_empty() {
        parts.push(format!(" \"includes\": {}", line(&header.includes)?));
    }
    let mut section = |name: &str, records: Vec<String>| {
        if !records.is_empty() {
            parts.push(format!(" \"{name}\": [\n{}\n ]", records.join(",\n")));
        }
    };
    section("function_macros", records(&header.function_macros)?);
    section("defines", records(&header.defines)?);
    section("status_codes", records(&header.status_codes)?);
    section("typedefs", records(&header.typedefs)?);
    section("enums", header.enums.iter().map(enumeration).collect::<Result<_>>()?);
    section("structs", header.structs.iter().map(structure).collect::<Result<_>>()?);
    section("function_pointers", records(&header.function_pointers)?);
    section("functions", records(&header.functions)?);
    Ok(format!("{{\n{}\n}}\n", parts.join(",\n")))
}

fn records<T: Serialize>(all: &[T]) -> Result<Vec<String>> {
    all.iter().map(|r| Ok(format!("  {}", line(r)?))).collect()
}

fn enumeration(e: &Enum) -> Result<String> {
    nested(&line(&Enum { values: Vec::new(), ..e.clone() })?, &e.values)
}

fn structure(s: &Struct) -> Result<String> {
    nested(&line(&Struct { fields: Vec::new(), ..s.clone() })?, &s.fields)
}

/// A record whose last member, an empty list, is filled with one record a line.
fn nested<T: Serialize>(outer: &str, inner: &[T]) -> Result<String> {
    let head = outer.strip_suffix("[]}").context("the list is the last member of its record")?;
    let rows: Vec<String> = inner.iter().map(|r| Ok(format!("    {}", line(r)?))).collect::<Result<_>>()?;
    Ok(format!("  {head}[\n{}\n  ]}}", rows.join(",\n")))
}

/// A value on one line.
fn line<T: Serialize + ?Sized>(value: &T) -> Result<String> {
    let mut out = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut out, OneLine))?;
    Ok(String::from_utf8(out)?)
}

/// JSON on one line with a space after `:` and `,`.
struct OneLine;

impl Formatter for OneLine {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}
