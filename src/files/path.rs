//! Paths are bytes: shown where only text will do, kept whole where they are read again.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::path::{Path, PathBuf};

/// A path as text, for JSON and for the screen: what is no Unicode in it shows as U+FFFD.
pub fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// `path` with `.ending` appended, where it does not end so already; the case of its letters does not count.
pub fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let there = path.extension();
    if there.is_some_and(|there| there.eq_ignore_ascii_case(ending)) {
        return path.to_path_buf();
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// A path in JSON that is only shown: [`shown`], as `#[serde(serialize_with = "as_shown")]`.
///
/// # Errors
/// Those of the serializer.
pub fn as_shown<S: Serializer>(path: &impl Kept, to: S) -> Result<S::Ok, S::Error> {
    path.path().map(shown).serialize(to)
}

/// A path in JSON that is read again: text, or where its bytes are no text, `{"bytes": [..]}`, which is read back as it was. As
/// `#[serde(with = "AsBytes")]` on a `PathBuf` or an `Option<PathBuf>`.
#[derive(Debug)]
pub struct AsBytes;

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Text(String),
    Bytes { bytes: Vec<u8> },
}

impl AsBytes {
    /// Writes it.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(path: &impl Kept, to: S) -> Result<S::Ok, S::Error> {
        path.path().map(form).serialize(to)
    }

    /// Reads it.
    ///
    /// # Errors
    /// It is neither text nor bytes; bytes that are no path of this system.
    pub fn deserialize<'de, D: Deserializer<'de>, P: Kept>(from: D) -> Result<P, D::Error> {
        let path = match Option::<Form>::deserialize(from)? {
            None => None,
            Some(Form::Text(text)) => Some(PathBuf::from(text)),
            Some(Form::Bytes { bytes }) => {
                Some(of_bytes(bytes).ok_or_else(|| D::Error::custom("no path of this system"))?)
            }
        };
        P::of(path).ok_or_else(|| D::Error::custom("a path is missing"))
    }
}

/// What [`AsBytes`] reads and writes.
pub trait Kept: Sized {
    /// The path, if there is one.
    fn path(&self) -> Option<&Path>;
    /// From a path; `None` where one is needed.
    fn of(path: Option<PathBuf>) -> Option<Self>;
}

impl Kept for PathBuf {
    fn path(&self) -> Option<&Path> {
        Some(self)
    }

    fn of(path: Option<PathBuf>) -> Option<Self> {
        path
    }
}

impl Kept for Option<PathBuf> {
    fn path(&self) -> Option<&Path> {
        self.as_deref()
    }

    fn of(path: Option<PathBuf>) -> Option<Self> {
        Some(path)
    }
}

fn form(path: &Path) -> Form {
    match path.to_str() {
        Some(text) => Form::Text(text.to_owned()),
        None => bytes_of(path),
    }
}

#[cfg(unix)]
fn bytes_of(path: &Path) -> Form {
    use std::os::unix::ffi::OsStrExt;
    Form::Bytes {
        bytes: path.as_os_str().as_bytes().to_vec(),
    }
}

#[cfg(not(unix))]
fn bytes_of(path: &Path) -> Form {
    Form::Text(shown(path))
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps)]
fn of_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    Some(std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn of_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Holder {
        #[serde(with = "AsBytes")]
        a: PathBuf,
        #[serde(with = "AsBytes", default)]
        b: Option<PathBuf>,
    }

    #[test]
    fn names_of_any_bytes_are_kept() {
        let odd = PathBuf::from(OsStr::from_bytes(b"n\xff"));
        for (a, b) in [("plain".into(), None), (odd.clone(), Some(odd.clone()))] {
            let holder = Holder { a, b };
            let text = serde_json::to_string(&holder).unwrap();
            assert_eq!(
                serde_json::from_str::<Holder>(&text).unwrap(),
                holder,
                "{text}"
            );
        }
        assert_eq!(shown(&odd), "n\u{fffd}");
        let text = serde_json::to_string(&Holder {
            a: "x".into(),
            b: None,
        })
        .unwrap();
        assert_eq!(text, r#"{"a":"x","b":null}"#);
    }
}
