//! The tags in the comments of SAI headers: `@type sai_uint32_t`.

use anyhow::{Result, bail};

/// The tags of one comment, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(Vec<(String, String)>);

impl Tags {
    /// Reads a comment with its `/**` and `*/`.
    ///
    /// The text of a tag goes on over the following lines until an empty line or another tag.
    pub fn parse(comment: &str) -> Tags {
        let text = comment.trim().trim_start_matches('/').trim_end_matches('/');
        let mut tags: Vec<(String, String)> = Vec::new();
        let mut open = false;
        for line in text.lines() {
            let line = line.trim().trim_matches('*').trim();
            if let Some(rest) = line.strip_prefix('@') {
                let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
                let (tag, value) = rest.split_at(end);
                tags.push((tag.to_owned(), value.trim().to_owned()));
                open = true;
            } else if line.is_empty() {
                open = false;
            } else if open && let Some((_, value)) = tags.last_mut() {
                value.push(' ');
                value.push_str(line);
            }
        }
        Tags(tags)
    }

    /// The text of a tag; of several of the same name, all, with spaces between.
    pub fn get(&self, tag: &str) -> Option<String> {
        let all: Vec<&str> = self.0.iter().filter(|(t, _)| t == tag).map(|(_, v)| v.as_str()).collect();
        (!all.is_empty()).then(|| all.join(" "))
    }

    /// The items of a tag.
    pub fn list(&self, tag: &str, separator: char) -> Vec<String> {
        let text = self.get(tag).unwrap_or_default();
        text.split(separator).map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
    }

    /// A tag that is `true` or `false`.
    pub fn bool(&self, tag: &str) -> Result<Option<bool>> {
        match self.get(tag).as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => bail!("@{tag} is `{other}`, which is neither true nor false"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_line_many_lines_and_repeated_tags() {
        let tags = Tags::parse("/** @passparam addr_family */");
        assert_eq!(tags.get("passparam").as_deref(), Some("addr_family"));
        let tags = Tags::parse(
            "/**\n * @brief A thing\n *   of two lines\n *\n * Not of it.\n * @count a[n]\n * @count b[m]\n */",
        );
        assert_eq!(tags.get("brief").as_deref(), Some("A thing of two lines"));
        assert_eq!(tags.get("count").as_deref(), Some("a[n] b[m]"));
        assert_eq!(tags.get("type"), None);
    }

    #[test]
    fn splits_lists_and_refuses_what_is_not_a_truth_value() {
        let tags = Tags::parse("/**\n * @flags MANDATORY_ON_CREATE|CREATE_ONLY | KEY\n * @isvlan yes\n */");
        assert_eq!(tags.list("flags", '|'), ["MANDATORY_ON_CREATE", "CREATE_ONLY", "KEY"]);
        assert_eq!(
            tags.bool("isvlan").unwrap_err().to_string(),
            "@isvlan is `yes`, which is neither true nor false"
        );
        assert_eq!(tags.bool("allownull").unwrap(), None);
    }
}
