//! Frames as hexadecimal text.

use std::fmt::Write;

/// The digits of bytes, in lower case.
pub fn print(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The bytes of a text of pairs of digits, with blanks, colons and line ends between as anybody likes.
///
/// # Errors
/// Says what is wrong with the text.
pub fn parse(text: &str) -> Result<Vec<u8>, String> {
    let digits = text.chars().filter(|c| !c.is_whitespace() && *c != ':');
    let digits: Option<Vec<u8>> = digits.map(|c| c.to_digit(16).map(|d| d as u8)).collect();
    match digits {
        Some(digits) if digits.len() % 2 == 0 => Ok(digits.chunks(2).map(|d| d[0] << 4 | d[1]).collect()),
        Some(_) => Err("the frame has an odd number of hexadecimal digits".into()),
        None => Err(format!("'{}' is not hexadecimal", text.chars().take(40).collect::<String>())),
    }
}
