//! Declarations: types and functions.

use anyhow::{Context as _, Result, bail};
use clang::{Entity, EntityKind, Type, TypeKind};

use super::tags::Tags;
use super::{Place, Places};
use crate::ctype;
use crate::model::{Enum, EnumValue, Field, Function, Header, Param, Struct, Typedef};

fn tags(entity: &Entity<'_>) -> Tags {
    Tags::parse(&entity.get_comment().unwrap_or_default())
}

/// The tags of a member. libclang gives one that has no comment that of the member before it: `last`, the
/// place of that comment, tells.
fn member_tags(entity: &Entity<'_>, last: &mut Option<u32>) -> Tags {
    let at = entity.get_comment_range().map(|r| r.get_start().get_file_location().offset);
    if at.is_some() && at == *last {
        return Tags::default();
    }
    *last = at;
    tags(entity)
}

fn name(entity: &Entity<'_>, place: &Place) -> Result<String> {
    entity.get_name().with_context(|| format!("{place}: a declaration without a name"))
}

fn line_of(entity: &Entity<'_>, outer: &Place) -> Place {
    let line = entity.get_location().map_or(outer.line, |l| l.get_file_location().line);
    Place { file: outer.file.clone(), line }
}

fn spelled(ty: &Type<'_>) -> String {
    ctype::canonical(&ty.get_display_name())
}

/// Reads a `typedef`: an enum, a struct or union, a function pointer or an alias.
pub fn typedef(
    entity: &Entity<'_>,
    line: u32,
    into: &mut Header,
    places: &mut Places,
    place: &Place,
) -> Result<()> {
    let name = name(entity, place)?;
    let ty = entity.get_typedef_underlying_type().with_context(|| format!("{place}: {name}: no type"))?;
    // Only a type defined here belongs to the typedef; another is merely named by it.
    let own = match ty.get_kind() {
        TypeKind::Typedef => None,
        _ => ty.get_declaration().filter(|d| d.is_definition() && spelled(&ty).contains(' ')),
    };
    match own.map(|d| (d, d.get_kind())) {
        Some((decl, EntityKind::EnumDecl)) => into.enums.push(enumeration(&decl, name, line, places, place)?),
        Some((decl, kind @ (EntityKind::StructDecl | EntityKind::UnionDecl))) => {
            let kind = if kind == EntityKind::StructDecl { "struct" } else { "union" };
            into.structs.push(structure(&decl, &ty, kind, name, line, place)?);
        }
        _ => match ty.get_pointee_type().and_then(|p| p.get_result_type()) {
            Some(result) => {
                let params = entity.get_children();
                let params = params.into_iter().filter(|c| c.get_kind() == EntityKind::ParmDecl).collect();
                into.function_pointers.push(signature(entity, name, line, &result, params, place)?);
            }
            None => into.typedefs.push(Typedef { name, line, ty: spelled(&ty) }),
        },
    }
    Ok(())
}

/// Reads an exported function.
pub fn function(entity: &Entity<'_>, line: u32, place: &Place) -> Result<Function> {
    let name = name(entity, place)?;
    let result = entity.get_result_type().with_context(|| format!("{place}: {name}: no result type"))?;
    let params = entity.get_arguments().unwrap_or_default();
    let mut function = signature(entity, name, line, &result, params, place)?;
    function.since = tags(entity).get("since");
    Ok(function)
}

fn signature(
    entity: &Entity<'_>,
    name: String,
    line: u32,
    result: &Type<'_>,
    params: Vec<Entity<'_>>,
    place: &Place,
) -> Result<Function> {
    let dirs = directions(entity);
    let read = |(i, param): (usize, Entity<'_>)| {
        let at = line_of(&param, place);
        let ty = param.get_type().with_context(|| format!("{at}: a parameter of {name} without a type"))?;
        let param_name =
            param.get_name().with_context(|| format!("{at}: {name}: parameter {} has no name", i + 1))?;
        let dir = dirs.get(i).copied().unwrap_or("in").to_owned();
        Ok(Param { name: param_name, ty: spelled(&ty), dir })
    };
    let params = params.into_iter().enumerate().map(read).collect::<Result<_>>()?;
    let tags = tags(entity);
    Ok(Function {
        name,
        line,
        returns: spelled(result),
        params,
        count: tags.get("count"),
        objects: tags.list("objects", ','),
        since: None,
    })
}

/// The directions of the parameters, from the marks that stand before them.
fn directions(entity: &Entity<'_>) -> Vec<&'static str> {
    let Some(range) = entity.get_range() else { return Vec::new() };
    let mut dirs = Vec::new();
    for token in range.tokenize() {
        match token.get_spelling().as_str() {
            "_Out_" => dirs.push("out"),
            "_Inout_" => dirs.push("inout"),
            text if text.starts_with("_In_") => dirs.push("in"),
            _ => {}
        }
    }
    dirs
}

fn structure(
    decl: &Entity<'_>,
    ty: &Type<'_>,
    kind: &str,
    name: String,
    line: u32,
    place: &Place,
) -> Result<Struct> {
    let size = ty.get_sizeof().ok().with_context(|| format!("{place}: {name} has no size"))?;
    let align = ty.get_alignof().ok().with_context(|| format!("{place}: {name} has no alignment"))?;
    let (mut fields, mut last) = (Vec::new(), None);
    for child in decl.get_children() {
        if child.get_kind() == EntityKind::FieldDecl {
            fields.push(field(&child, &name, member_tags(&child, &mut last), &line_of(&child, place))?);
        }
    }
    if fields.is_empty() {
        bail!("{place}: {name} has no fields");
    }
    Ok(Struct {
        name,
        line,
        kind: kind.to_owned(),
        size: u32::try_from(size)?,
        align: u32::try_from(align)?,
        fields,
    })
}

fn field(entity: &Entity<'_>, owner: &str, tags: Tags, place: &Place) -> Result<Field> {
    let Some(name) = entity.get_name().filter(|n| !n.is_empty()) else {
        bail!("{place}: {owner}: a field without a name: the model has no place for it");
    };
    if entity.is_bit_field() {
        bail!("{place}: {owner}.{name}: a bit-field: its place depends on the compiler");
    }
    let ty = entity.get_type().map(|t| spelled(&t)).unwrap_or_default();
    if ty.is_empty() || ty.contains('(') {
        bail!("{place}: {owner}.{name}: its type has no name: give it a typedef");
    }
    let bits = entity
        .get_offset_of_field()
        .ok()
        .with_context(|| format!("{place}: {owner}.{name} has no offset"))?;
    Ok(Field {
        name,
        ty,
        offset: u32::try_from(bits / 8)?,
        objects: tags.list("objects", ','),
        validonly: tags.get("validonly"),
        passparam: tags.get("passparam"),
        suffix: tags.get("suffix"),
        flags: tags.list("flags", '|'),
        extraparam: tags.get("extraparam"),
        since: tags.get("since"),
    })
}

fn enumeration(
    decl: &Entity<'_>,
    name: String,
    line: u32,
    places: &mut Places,
    place: &Place,
) -> Result<Enum> {
    let free_form = tags(decl).get("flags").is_some();
    let (mut values, mut last) = (Vec::new(), None);
    for child in decl.get_children() {
        if child.get_kind() == EntityKind::EnumConstantDecl {
            let at = line_of(&child, place);
            let value = value(&child, member_tags(&child, &mut last), &at)?;
            places.insert(value.name.clone(), at);
            values.push(value);
        }
    }
    Ok(Enum { name, line, free_form, values })
}

fn value(entity: &Entity<'_>, tags: Tags, place: &Place) -> Result<EnumValue> {
    let name = name(entity, place)?;
    let (value, _) =
        entity.get_enum_constant_value().with_context(|| format!("{place}: {name} has no value"))?;
    let truth = |tag: &str| tags.bool(tag).with_context(|| format!("{place}: {name}"));
    Ok(EnumValue {
        value,
        init: initialiser(entity),
        ty: tags.get("type"),
        flags: tags.list("flags", '|'),
        objects: tags.list("objects", ','),
        allownull: truth("allownull")?.unwrap_or(false),
        default: tags.get("default"),
        condition: tags.get("condition"),
        validonly: tags.get("validonly"),
        isvlan: truth("isvlan")?,
        isresourcetype: truth("isresourcetype")?.unwrap_or(false),
        range: tags.get("range"),
        relaxed: truth("relaxed")?.unwrap_or(false),
        deprecated: truth("deprecated")?.unwrap_or(false),
        ignore: tags.get("ignore"),
        since: tags.get("since"),
        name,
    })
}

/// The initialiser of an enum value as it is written.
fn initialiser(entity: &Entity<'_>) -> Option<String> {
    let tokens: Vec<String> = entity.get_range()?.tokenize().iter().map(|t| t.get_spelling()).collect();
    let at = tokens.iter().position(|t| t == "=")?;
    Some(tokens[at + 1..].join(" "))
}
