//! Which files of a folder or an archive belong to one sample: those of one name up to their ending.
//!
//! The ending is what follows the last dot: dots before belong to the name, as in `Track 2.0 (a).jpg`. It has two parts
//! where the one before is the word of a role and what is left of the name is another file's: `a.seg.png` beside `a.jpg`.

use super::sample::ENDINGS;
use crate::dataset::formats::names::split_extension;
use crate::dataset::picture::PICTURE_EXTENSIONS;
use std::collections::{HashMap, HashSet};

/// Words before the ending of the sample's picture.
const PICTURES: [&str; 9] = [
    "image", "img", "jpg", "jpeg", "png", "webp", "rgb", "picture", "photo",
];

/// Words before the ending of the sample's text.
const TEXTS: [&str; 10] = [
    "caption", "captions", "text", "texts", "txt", "json", "title", "prompt", "meta", "metadata",
];

/// Words before the ending of what is neither.
const EXTRAS: [&str; 22] = [
    "seg",
    "segmentation",
    "semantic",
    "panoptic",
    "instance",
    "mask",
    "masks",
    "depth",
    "normal",
    "normals",
    "edge",
    "edges",
    "canny",
    "pose",
    "sketch",
    "thumb",
    "thumbnail",
    "bbox",
    "boxes",
    "flow",
    "alpha",
    "matte",
];

/// Endings of pictures that cannot be decoded.
const UNREAD: [&str; 12] = [
    "heic", "heif", "avif", "jxl", "jp2", "svg", "tga", "ico", "exr", "hdr", "dng", "psd",
];

/// What a file is to its sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Its picture.
    Picture,
    /// Its text.
    Text,
    /// A picture of a kind that cannot be decoded.
    Unread,
    /// A mask, features or the like.
    Extra,
    /// A file of the system or the archive: hidden, or beginning with `__`.
    Service,
}

/// A file and its sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// What the sample is called.
    pub key: String,
    /// What the file is.
    pub part: Part,
    /// What follows its last dot, in lower case.
    pub ending: String,
}

/// A file's name in parts.
struct Name<'a> {
    /// Up to the last dot.
    stem: &'a str,
    ending: String,
    part: Part,
    /// Up to the dot before, and the word between, where that says a role.
    role: Option<(&'a str, Role)>,
}

/// What a word before the ending says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Picture,
    Text,
    Extra,
    Number,
}

/// The samples of these files, whose names have forward slashes; a file for each.
pub(crate) fn members(names: &[String]) -> Vec<Member> {
    let names: Vec<Name> = names.iter().map(|name| parts(name)).collect();
    let mut owners: HashMap<&str, (bool, bool)> = HashMap::new();
    let mut shared: HashMap<&str, HashSet<&str>> = HashMap::new();
    for name in &names {
        let (picture, text) = owners.entry(name.stem).or_default();
        *picture |= name.part == Part::Picture;
        *text |= name.part == Part::Text;
        if let Some((base, role)) = name.role
            && role != Role::Number
        {
            shared.entry(base).or_default().insert(name.stem);
        }
    }
    let owned = |stem: &str| {
        owners
            .get(stem)
            .is_some_and(|(picture, text)| *picture || *text)
    };
    let member = |name: &Name| {
        let whole = owners.get(name.stem) == Some(&(true, true));
        let role = name.role.filter(|(base, role)| {
            let together = || shared.get(base).is_some_and(|stems| stems.len() > 1);
            !whole && (owned(base) || (*role != Role::Number && together()))
        });
        let (key, part) = match role {
            None => (name.stem, name.part),
            Some((base, Role::Extra)) => (base, Part::Extra),
            Some((base, _)) => (base, name.part),
        };
        Member {
            key: key.to_owned(),
            part,
            ending: name.ending.clone(),
        }
    };
    names.iter().map(member).collect()
}

fn parts(name: &str) -> Name<'_> {
    let folder = name.rfind('/').map_or(0, |at| at + 1);
    let base = &name[folder..];
    let service = base.starts_with('.') || base.starts_with("__");
    let dot = base.rfind('.').filter(|_| !service);
    let Some(dot) = dot else {
        let part = if service { Part::Service } else { Part::Extra };
        return Name {
            stem: name,
            ending: String::new(),
            part,
            role: None,
        };
    };
    let stem = &name[..folder + dot];
    let ending = base[dot + 1..].to_lowercase();
    let is = |list: &[&str]| list.contains(&ending.as_str());
    let part = if is(&PICTURE_EXTENSIONS) {
        Part::Picture
    } else if is(&ENDINGS) || ending == "cls" {
        Part::Text
    } else if is(&UNREAD) {
        Part::Unread
    } else {
        Part::Extra
    };
    let (before, word) = split_extension(&stem[folder..]);
    let role = Some(word.to_lowercase())
        .filter(|word| !word.is_empty() && !before.is_empty())
        .and_then(|word| role(&word))
        .map(|role| (&stem[..folder + before.len()], role));
    Name {
        stem,
        ending,
        part,
        role,
    }
}

fn role(word: &str) -> Option<Role> {
    let is = |list: &[&str]| list.contains(&word);
    if word.bytes().all(|b| b.is_ascii_digit()) {
        Some(Role::Number)
    } else if is(&PICTURES) {
        Some(Role::Picture)
    } else if is(&TEXTS) {
        Some(Role::Text)
    } else {
        is(&EXTRAS).then_some(Role::Extra)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> Vec<(String, Part)> {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        members(&names)
            .into_iter()
            .map(|m| (m.key, m.part))
            .collect()
    }

    #[test]
    fn dots_belong_to_the_name_unless_a_role_says_otherwise() {
        use Part::{Extra, Picture, Service, Text, Unread};
        type Case<'a> = (&'a [&'a str], &'a [(&'a str, Part)]);
        let cases: [Case<'_>; 8] = [
            (
                &[
                    "22.0/1.1.png",
                    "22.0/1.1.txt",
                    "22.0/1.2.png",
                    "22.0/1.2.txt",
                ],
                &[
                    ("22.0/1.1", Picture),
                    ("22.0/1.1", Text),
                    ("22.0/1.2", Picture),
                    ("22.0/1.2", Text),
                ],
            ),
            (
                &["0.jpg", "0.seg.png", "0.caption.txt", "0.captions.json"],
                &[("0", Picture), ("0", Extra), ("0", Text), ("0", Text)],
            ),
            (
                &["0.image.jpg", "0.text.txt"],
                &[("0", Picture), ("0", Text)],
            ),
            (
                &["0.0.jpg", "0.1.jpg", "0.txt"],
                &[("0", Picture), ("0", Picture), ("0", Text)],
            ),
            (
                &["v1.0.jpg", "v1.0.seg.png", "v1.0.txt"],
                &[("v1.0", Picture), ("v1.0", Extra), ("v1.0", Text)],
            ),
            // A name that ends in a word of a role, with picture and text, is a sample of its own.
            (
                &["a.jpg", "a.txt", "a.mask.jpg", "a.mask.txt"],
                &[
                    ("a", Picture),
                    ("a", Text),
                    ("a.mask", Picture),
                    ("a.mask", Text),
                ],
            ),
            (
                &["x.heic", "noext", "._a.txt", "__key__"],
                &[
                    ("x", Unread),
                    ("noext", Extra),
                    ("._a.txt", Service),
                    ("__key__", Service),
                ],
            ),
            (
                &["A.JPG", "A.TXT", "a.npy"],
                &[("A", Picture), ("A", Text), ("a", Extra)],
            ),
        ];
        for (names, expected) in cases {
            let expected: Vec<_> = expected
                .iter()
                .map(|(k, p)| ((*k).to_owned(), *p))
                .collect();
            assert_eq!(keys(names), expected);
        }
    }
}
