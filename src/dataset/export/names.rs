//! File names for pictures: none leads out of the folder, none is taken twice, each ends like a picture's.

use crate::dataset::{Image, PICTURE_EXTENSIONS, is_picture_name};
use std::collections::HashSet;
use std::path::Path;

/// The names that are taken.
pub(super) struct Names {
    /// Does the name before the extension have to be unique too?
    by_stem: bool,
    /// In lower case, since not every file system tells `A.jpg` from `a.jpg`.
    taken: HashSet<String>,
}

impl Names {
    /// With none taken; `by_stem` where captions lie beside pictures under the same stem.
    pub fn new(by_stem: bool) -> Self {
        Self {
            by_stem,
            taken: HashSet::new(),
        }
    }

    /// A name for `image`, its own where that will do; `one_dot` where a dot begins the extension.
    pub fn name(&mut self, image: &Image, one_dot: bool) -> String {
        let safe = safe(&image.name);
        let (mut stem, extension) = match safe.rsplit_once('.') {
            Some((stem, extension)) if is_picture_name(Path::new(&safe)) && !stem.is_empty() => {
                (stem.to_owned(), extension.to_owned())
            }
            _ => (safe.clone(), extension(image)),
        };
        if one_dot {
            // Only in the last part: a folder may be called v1.0.
            let at = stem.rfind('/').map_or(0, |at| at + 1);
            stem = format!("{}{}", &stem[..at], stem[at..].replace('.', "_"));
        }
        let mut name = format!("{stem}.{extension}");
        let mut number = 2;
        while !self.take(&stem_of(&name, self.by_stem)) {
            name = format!("{stem}-{number}.{extension}");
            number += 1;
        }
        name
    }

    /// Takes `name` as it is; was it taken before?
    pub fn is_taken(&mut self, name: &str) -> bool {
        !self.taken.insert(name.to_owned())
    }

    fn take(&mut self, name: &str) -> bool {
        self.taken.insert(name.to_lowercase())
    }
}

fn stem_of(name: &str, by_stem: bool) -> String {
    match name.rsplit_once('.') {
        Some((stem, _)) if by_stem => stem.to_owned(),
        _ => name.to_owned(),
    }
}

/// The extension of an image whose name has none: that of its file, else what its first bytes say.
fn extension(image: &Image) -> String {
    let of_file = || {
        let extension = image.place().extension()?.to_str()?.to_ascii_lowercase();
        PICTURE_EXTENSIONS
            .contains(&extension.as_str())
            .then_some(extension)
    };
    let of_bytes = || {
        let bytes = image.bytes().ok()?;
        let format = image::guess_format(&bytes).ok()?;
        Some(format.extensions_str().first()?.to_string())
    };
    of_file().or_else(of_bytes).unwrap_or_else(|| "jpg".into())
}

/// `name` without a drive, a root, `.` and `..`, and with `_` for what file systems refuse.
fn safe(name: &str) -> String {
    let forward = name.replace('\\', "/");
    let relative = match forward.get(1..2) {
        Some(":") => &forward[2..],
        _ => forward.as_str(),
    };
    let clean = |part: &str| -> String {
        let plain = |c: char| {
            let refused = c.is_control() || "<>:\"|?*".contains(c);
            if refused { '_' } else { c }
        };
        part.trim().chars().map(plain).collect()
    };
    let parts: Vec<String> = relative
        .split('/')
        .map(clean)
        .filter(|part| !part.is_empty() && part != "." && part != "..")
        .collect();
    if parts.is_empty() {
        "image".into()
    } else {
        parts.join("/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str], by_stem: bool, one_dot: bool) -> Vec<String> {
        let mut taken = Names::new(by_stem);
        let image = |name: &&str| Image::file(*name, "x.png");
        names
            .iter()
            .map(|name| taken.name(&image(name), one_dot))
            .collect()
    }

    #[test]
    fn names_stay_inside_and_apart() {
        assert_eq!(
            named(
                &[
                    "a.jpg",
                    "A.jpg",
                    "sub/a.jpg",
                    "../../etc/a.jpg",
                    "/home/b.jpg",
                    "C:\\photos\\c.JPG",
                    "plain",
                    "..",
                    "tab\t?.png",
                    "a.jpg",
                ],
                false,
                false
            ),
            [
                "a.jpg",
                "A-2.jpg",
                "sub/a.jpg",
                "etc/a.jpg",
                "home/b.jpg",
                "photos/c.JPG",
                "plain.png",
                "image.png",
                "tab__.png",
                "a-3.jpg",
            ]
        );
    }

    #[test]
    fn stems_are_apart_where_texts_lie_beside() {
        assert_eq!(
            named(&["a.jpg", "a.png", "v1.0/b.c.jpg"], true, true),
            ["a.jpg", "a-2.png", "v1.0/b_c.jpg"]
        );
    }
}
