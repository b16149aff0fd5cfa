//! C types as the model writes them: `const sai_attribute_t *`, `uint8_t[6]`, `_Bool`.

/// A declaration of `name` with the type `ty`: `uint8_t name[6]`.
pub fn declare(ty: &str, name: &str) -> String {
    let ty = ty.strip_prefix("_Bool").map_or(ty.to_owned(), |rest| format!("bool{rest}"));
    let (base, array) = ty.find('[').map_or((ty.as_str(), ""), |at| ty.split_at(at));
    let space = if base.ends_with('*') { "" } else { " " };
    format!("{}{space}{name}{array}", base.trim_end())
}

/// The spelling that the model uses of a type as libclang spells it, whatever its release.
pub fn canonical(spelled: &str) -> String {
    let text = spelled.replace(" [", "[");
    match text.strip_prefix("bool") {
        Some(rest) if !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') => format!("_Bool{rest}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declares_arrays_pointers_and_bool() {
        assert_eq!(declare("uint8_t[6]", "sai_mac_t"), "uint8_t sai_mac_t[6]");
        assert_eq!(declare("const sai_attribute_t **", "attr_list"), "const sai_attribute_t **attr_list");
        assert_eq!(declare("_Bool", "enable"), "bool enable");
        assert_eq!(declare("sai_status_t", "(*sai_remove_fn)"), "sai_status_t (*sai_remove_fn)");
    }

    #[test]
    fn spells_as_the_model_does() {
        assert_eq!(canonical("uint8_t [6]"), "uint8_t[6]");
        assert_eq!(canonical("bool"), "_Bool");
        assert_eq!(canonical("bool *"), "_Bool *");
        assert_eq!(canonical("boolean_t"), "boolean_t");
    }
}
