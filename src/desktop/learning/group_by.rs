//! What captions are grouped by, as it is asked for.

use crate::desktop::core::Session;
use crate::error::{Error, Result};
use crate::learn::Grouping;
use crate::learn::concepts::Members;
use std::mem::discriminant;
use std::path::{Path, absolute};

/// What captions are grouped by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum GroupBy {
    /// By nothing.
    #[default]
    Nothing,
    /// By the folder of their image.
    Folder,
    /// By their length.
    Length,
    /// Those of images with a caption that holds these words, and all others.
    Words(String),
    /// Those of a named set of images, and all others.
    Set(String),
    /// By the numbers in a file.
    File(String),
}

impl GroupBy {
    /// Does it group at all?
    pub fn is_nothing(&self) -> bool {
        *self == Self::Nothing
    }

    /// Are both of one kind, and of one set where they are of sets?
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Set(a), Self::Set(b)) => a == b,
            _ => discriminant(self) == discriminant(other),
        }
    }

    /// What it is called in a menu.
    pub fn title(&self) -> &str {
        match self {
            Self::Nothing => "nothing",
            Self::Folder => "folder",
            Self::Length => "length",
            Self::Words(_) => "words",
            Self::Set(name) => name,
            Self::File(_) => "a file",
        }
    }

    /// The same with what is open; `None` for nothing.
    ///
    /// # Errors
    /// No words, no file, a set that is not there.
    pub fn grouping(&self, session: &Session) -> Result<Option<Grouping>> {
        let lacks = |what: &str, remedy: &str| Err(Error::request(what, remedy));
        Ok(Some(match self {
            Self::Nothing => return Ok(None),
            Self::Folder => Grouping::Folder,
            Self::Length => Grouping::Length,
            Self::Words(words) if words.trim().is_empty() => {
                return lacks(
                    "captions are to be grouped by words, and there are none",
                    "Type one that captions have.",
                );
            }
            Self::Words(words) => Grouping::Images(Members::Words(words.clone())),
            Self::Set(name) => {
                let Some(set) = session.sets.named.get(name) else {
                    let what = format!("there is no set {name:?}");
                    return lacks(&what, "Choose something else, or make the set again.");
                };
                Grouping::Images(Members::Rows(name.clone(), set.iter().copied().collect()))
            }
            Self::File(path) => {
                let path = Path::new(path.trim());
                if path.as_os_str().is_empty() {
                    return lacks(
                        "captions are to be grouped by a file, and none is named",
                        "Type its path: FILE.npy.",
                    );
                }
                Grouping::File(absolute(path).map_err(Error::io("find", path))?)
            }
        }))
    }
}
