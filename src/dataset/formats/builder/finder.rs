//! Finds the pictures that a caption file names.

use super::reach::Reach;
use crate::dataset::picture::is_picture_name;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// Folders above a caption file that its names may begin at.
const ABOVE: usize = 3;

/// How deep folders beside a caption file are looked through for pictures that no row names.
const DEPTH: usize = 4;

/// Entries that are looked at there.
const ENTRIES: usize = 300_000;

/// Names of folders that hold a dataset's pictures, in lower case, likeliest first.
const FOLDERS: [&str; 22] = [
    "images",
    "image",
    "imgs",
    "img",
    "pictures",
    "photos",
    "jpegimages",
    "flickr8k_images",
    "flicker8k_dataset",
    "flickr8k_dataset",
    "flickr30k_images",
    "flickr30k-images",
    "val2017",
    "train2017",
    "test2017",
    "val2014",
    "train2014",
    "test2014",
    "test",
    "val",
    "validation",
    "train",
];

/// Looks up pictures in the folder of a caption file and the usual folders beside it. Folders are listed once, so
/// that a hundred thousand names cost no system call each; the case of a file name may differ.
pub(crate) struct Finder {
    places: Vec<PathBuf>,
    /// The folder of the caption file, absolute: names may begin with its last parts.
    home: PathBuf,
    reach: Reach,
    /// Has a folder been passed over because it lies out of reach?
    refused: Cell<bool>,
    listings: RefCell<HashMap<PathBuf, Listing>>,
}

/// The files of one folder.
#[derive(Default)]
struct Listing {
    names: HashSet<OsString>,
    lower: HashMap<String, OsString>,
    /// Which of them are links, whose ends are looked at when they are asked for.
    links: HashSet<OsString>,
}

impl Finder {
    /// For a caption file in `folder`; pictures may also lie below `root`, where the user named it.
    pub(crate) fn new(folder: &Path, root: Option<&Path>) -> Self {
        let mut reach = Reach::new(folder, root);
        let mut places = vec![folder.to_path_buf()];
        let beside = known_folders(folder);
        // images/val2017 and its like.
        let nested = beside
            .iter()
            .flat_map(|place| known_folders(place))
            .collect::<Vec<_>>();
        places.extend(beside.into_iter().chain(nested));
        // coco/annotations/ beside coco/val2017/.
        if let Some(parent) = std::path::absolute(folder)
            .ok()
            .and_then(|f| f.parent().map(Path::to_path_buf))
        {
            for place in known_folders(&parent) {
                if place != folder {
                    reach.beside(&place, &parent);
                    places.push(place);
                }
            }
        }
        if let Some(root) = root {
            places.push(root.to_path_buf());
            places.extend(known_folders(root));
        }
        Self {
            places,
            home: plain(folder),
            reach,
            refused: Cell::new(false),
            listings: RefCell::default(),
        }
    }

    /// The file of the picture that a dataset calls `name`, if there is one.
    pub(crate) fn find(&self, name: &str) -> Option<PathBuf> {
        let name = name.replace('\\', "/");
        let relative = name.trim_start_matches("./");
        if relative.is_empty() {
            return None;
        }
        let leads_away = relative.starts_with('/');
        let here = (!leads_away).then(|| self.look(Path::new(relative)));
        here.flatten().or_else(|| {
            // A path of the machine the file was written on says where the picture was: its name still helps.
            let absolute = relative.starts_with('/') || relative.get(1..3) == Some(":/");
            if absolute {
                let whole = PathBuf::from(relative);
                if is_picture_name(&whole) && self.reach.file(&whole) {
                    return Some(whole);
                }
                return self.look(Path::new(relative.rsplit_once('/')?.1));
            }
            self.above(Path::new(relative))
        })
    }

    /// A name that is relative to a folder above, as `train/a.jpg` in the folder `train`, or `../train/a.jpg`: what is
    /// left of it here.
    fn above(&self, name: &Path) -> Option<PathBuf> {
        if name.starts_with("..") {
            let within = plain(&self.home.join(name));
            return self.look(within.strip_prefix(&self.home).ok()?);
        }
        let above = self.home.ancestors().skip(1).take(ABOVE);
        let tails = above.filter_map(|above| self.home.strip_prefix(above).ok());
        let mut left = tails.filter_map(|tail| name.strip_prefix(tail).ok());
        left.find_map(|left| self.look(left)).or_else(|| {
            // images/a.jpg in coco/annotations/ is coco/images/a.jpg.
            let first = name.iter().next()?.to_string_lossy().to_lowercase();
            let above = self
                .home
                .parent()
                .filter(|_| FOLDERS.contains(&first.as_str()))?;
            self.look_in(&[above.to_path_buf()], name)
        })
    }

    /// Why there is no picture called `name`: it is not there, or may not be reached.
    pub(crate) fn why_not(&self, name: &str) -> String {
        let name = name.replace('\\', "/");
        let name = Path::new(&name);
        let leads_away = || name.is_absolute() || name.starts_with("..");
        let mut places = self.places.iter();
        // The look-up of a name that stays inside costs no call to the system where nothing was refused.
        if (self.refused.get() || leads_away()) && places.any(|place| place.join(name).exists()) {
            let root = self.reach.root();
            return format!(
                "but that leads out of {root}, or to no regular file; --images ROOT allows another folder"
            );
        }
        "but there is no such file".into()
    }

    fn look(&self, name: &Path) -> Option<PathBuf> {
        self.look_in(&self.places, name)
    }

    fn look_in(&self, places: &[PathBuf], name: &Path) -> Option<PathBuf> {
        let file = name.file_name()?;
        let in_place = |exact: bool| {
            places.iter().find_map(|place| {
                let folder = place.join(name);
                let folder = folder.parent()?;
                let found = self.listed(folder, |listing| {
                    let name = if exact {
                        listing.names.get(file)
                    } else {
                        listing.lower.get(&file.to_string_lossy().to_lowercase())
                    };
                    let name = name?;
                    Some((name.clone(), listing.links.contains(name)))
                })?;
                let (name, is_link) = found;
                let path = folder.join(name);
                if is_link && !self.reach.file(&path) {
                    self.refused.set(true);
                    return None;
                }
                Some(path)
            })
        };
        in_place(true).or_else(|| in_place(false))
    }

    /// Reads the listing of a folder, which is made at its first use.
    fn listed<T>(&self, folder: &Path, read: impl FnOnce(&Listing) -> T) -> T {
        let mut listings = self.listings.borrow_mut();
        // `entry` would copy the path at each of a hundred thousand look-ups.
        if let Some(listing) = listings.get(folder) {
            return read(listing);
        }
        read(listings.entry(folder.to_path_buf()).or_insert_with(|| {
            if self.reach.folder(folder) {
                return Listing::of(folder);
            }
            self.refused.set(self.refused.get() || folder.is_dir());
            Listing::default()
        }))
    }
}

impl Listing {
    /// The regular files in `folder`, and its links; nothing where it cannot be read.
    fn of(folder: &Path) -> Self {
        let mut listing = Self::default();
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            match entry.file_type() {
                Ok(kind) if kind.is_symlink() => {
                    listing.links.insert(name.clone());
                }
                Ok(kind) if kind.is_file() => {}
                _ => continue,
            }
            listing
                .lower
                .insert(name.to_string_lossy().to_lowercase(), name.clone());
            listing.names.insert(name);
        }
        listing
    }
}

/// The folders in `folder` that usually hold pictures, likeliest first.
fn known_folders(folder: &Path) -> Vec<PathBuf> {
    let mut known: Vec<(usize, PathBuf)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().to_lowercase();
            let place = FOLDERS.iter().position(|&f| f == name)?;
            entry.path().is_dir().then(|| (place, entry.path()))
        })
        .collect();
    known.sort();
    known.into_iter().map(|(_, path)| path).collect()
}

/// Is there a picture in the folder, or in one of its folders?
pub(crate) fn holds_pictures(folder: &Path) -> bool {
    let picture_in = |folder: &Path| {
        std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .any(|e| is_picture_name(&e.path()))
    };
    picture_in(folder)
        || std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .any(|e| e.path().is_dir() && picture_in(&e.path()))
}

/// A path in full, without `.` and `..`; links stay.
pub(crate) fn plain(path: &Path) -> PathBuf {
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut plain = PathBuf::new();
    for part in full.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

/// The pictures in `folder` and below, and those beside the `hit` ones, sorted; `false` where there are too many
/// files to look at all of them. Hidden ones, and links to folders, are passed over.
pub(crate) fn beside(folder: &Path, hit: &HashSet<PathBuf>) -> (Vec<PathBuf>, bool) {
    let mut seen = HashSet::new();
    let home = plain(folder);
    let mut waiting: Vec<(PathBuf, usize)> = hit
        .iter()
        .filter_map(|path| path.parent())
        .collect::<HashSet<_>>()
        .into_iter()
        .map(|folder| (folder.to_path_buf(), 0))
        .collect();
    waiting.push((home, DEPTH));
    let (mut pictures, mut left) = (HashSet::new(), ENTRIES);
    // The folder of the file first: it leads to the others.
    while let Some((folder, depth)) = waiting.pop() {
        if !seen.insert(folder.clone()) {
            continue;
        }
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            if left == 0 {
                break;
            }
            left -= 1;
            let hidden = entry.file_name().to_string_lossy().starts_with(['.', '_']);
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                if depth > 0 && !hidden {
                    waiting.push((entry.path(), depth - 1));
                }
            } else if !hidden && is_picture_name(&entry.path()) {
                pictures.insert(entry.path());
            }
        }
    }
    let mut pictures: Vec<PathBuf> = pictures.into_iter().collect();
    pictures.sort();
    (pictures, left > 0)
}
