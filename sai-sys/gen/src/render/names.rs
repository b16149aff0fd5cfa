//! C names as Rust names.

/// `port_oper_status` → `PortOperStatus`.
pub fn camel(stem: &str) -> String {
    stem.split('_')
        .map(|word| {
            let mut chars = word.chars();
            chars.next().map_or(String::new(), |c| c.to_uppercase().chain(chars).collect())
        })
        .collect()
}

/// The constant for a C name without `prefix`: a name that would begin with a digit keeps the last word
/// of the prefix (`SAI_BRIDGE_TYPE_1Q` → `TYPE_1Q`).
pub fn constant(c_name: &str, prefix: &str) -> String {
    let short = c_name.strip_prefix(prefix).unwrap_or(c_name);
    if short.starts_with(|c: char| c.is_ascii_digit()) {
        let word = prefix.trim_end_matches('_').rsplit('_').next().unwrap_or_default();
        format!("{word}_{short}")
    } else {
        short.to_owned()
    }
}

/// A field name, escaped where Rust has it as a keyword.
pub fn field(name: &str) -> String {
    if name == "type" { "r#type".to_owned() } else { name.to_owned() }
}
