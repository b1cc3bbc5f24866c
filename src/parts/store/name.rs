//! What files are called in a store.

use crate::error::{Error, Result};

/// `name`, where it can be one in every kind of store, and leads to no other place.
///
/// # Errors
/// It is empty, absolute, or has an empty part, `.`, `..`, a backslash or a control character.
pub(super) fn checked(name: &str) -> Result<&str> {
    let parts = |name: &str| name.split('/').all(|part| !["", ".", ".."].contains(&part));
    if parts(name) && !name.contains('\\') && !name.contains(|c: char| c.is_ascii_control()) {
        return Ok(name);
    }
    Err(Error::request(
        format!("{name:?} is no name in a store"),
        "A name is relative, with one / between its parts, without .. and \\ and control characters.",
    ))
}
