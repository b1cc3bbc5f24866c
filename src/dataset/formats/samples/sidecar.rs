//! Pictures with text files of the same name: `a.jpg` and `a.txt`, one caption a line, or `a.json`; folders within too.

use super::members::{Part, members};
use super::sample::{ENDINGS, Fault, Texts};
use crate::dataset::formats::builder::{DatasetBuilder, Reach};
use crate::dataset::formats::names::{split_extension, step};
use crate::dataset::formats::split::{Rule, Scan, Wanted};
use crate::dataset::picture::is_picture_name;
use crate::dataset::{Dataset, Reason, Stored};
use crate::error::{Error, Result};
use crate::files::{TEXT, file_name, read_all};
use crate::task::Task;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// How deep folders are searched.
const DEPTH: usize = 4;

/// Is there a picture with its text beside it, here or in one of the folders? JSON alone may be anything.
pub(crate) fn fits(folder: &Path) -> bool {
    let here = |folder: &Path| {
        let names: Vec<String> = entries(folder).iter().map(|path| file_name(path)).collect();
        let (mut pictures, mut texts) = (HashSet::new(), HashSet::new());
        for member in members(&names) {
            match member.part {
                Part::Picture => pictures.insert(member.key),
                Part::Text if member.ending != "json" => texts.insert(member.key),
                _ => false,
            };
        }
        !pictures.is_disjoint(&texts)
    };
    here(folder)
        || entries(folder)
            .iter()
            .any(|path| path.is_dir() && here(path))
}

/// Reads the folder; images in order of their paths.
pub(crate) fn open(folder: &Path, wanted: &Wanted, task: &Task) -> Result<Dataset> {
    task.begin("Looking for pictures", 0);
    let mut walk = Walk::new(Reach::new(folder, wanted.images.as_deref()));
    walk.enter(folder, task)?;
    let names: Vec<String> = walk.files.iter().map(|path| shown(folder, path)).collect();
    let mut samples: BTreeMap<String, Sample> = BTreeMap::new();
    let mut builder = DatasetBuilder::new(folder);
    for (at, member) in members(&names).into_iter().enumerate() {
        let name = &names[at];
        match member.part {
            Part::Picture => {
                let sample = samples.entry(member.key).or_default();
                if sample.picture.is_some() {
                    let what = "is a second picture of its name; the first is used";
                    builder.lost(name, what, Reason::SecondOfSample, 1, 0);
                } else {
                    sample.picture = Some(at);
                }
            }
            Part::Text => {
                let texts = &mut samples.entry(member.key).or_default().texts;
                texts.push((member.ending, at));
            }
            Part::Unread => {
                let what = "is a picture of a kind that cannot be decoded";
                builder.lost(name, what, Reason::UnknownEnding, 1, 0);
            }
            Part::Extra | Part::Service => {
                builder.note(Reason::UnknownEnding, "is no picture and no text", name);
            }
        }
    }
    walk.tell(folder, &mut builder);
    let mut order: Vec<(Option<usize>, Sample)> =
        samples.into_values().map(|s| (s.picture, s)).collect();
    // Pictures by their paths, then the texts without one.
    order.sort_by_key(|(picture, _)| (picture.is_none(), *picture));
    if order.first().is_none_or(|(picture, _)| picture.is_none()) {
        return Err(Error::dataset(
            folder,
            "holds no pictures",
            "Open the folder that holds them.",
        ));
    }
    let mut scan = Scan::default();
    for at in order.iter().filter_map(|(picture, _)| *picture) {
        scan.add(None, &names[at]);
    }
    let chosen = scan.decide(folder, wanted, Rule::Usual)?;
    task.begin("Reading captions", order.len() as u64);
    let mut alone = Vec::new();
    for (number, (picture, sample)) in (1u64..).zip(order) {
        step(task, number)?;
        let (captions, fault) = sample.captions(&walk.files, &names);
        let Some(at) = picture else {
            // A JSON file without a picture is one about the dataset.
            let text = sample.texts.iter().find(|(ending, _)| ending != "json");
            alone.extend(text.map(|(_, at)| (names[*at].clone(), captions.len().max(1) as u64)));
            continue;
        };
        let name = &names[at];
        let split = chosen.of(None, name);
        if builder.elsewhere(&chosen, split, name, captions.len()) {
            continue;
        }
        if captions.is_empty() {
            let (place, what, reason, lost) = fault.unwrap_or_else(|| {
                let text = file_name(&walk.files[at].with_extension("txt"));
                let what = format!("has no caption: there is no {text} beside it");
                (name.clone(), what, Reason::NoCaption, 0)
            });
            builder.lost(place, what, reason, 1, lost);
            continue;
        }
        if let Some((place, what, reason, lost)) = fault {
            builder.lost(place, what, reason, 0, lost);
        }
        let file = Stored::File(walk.files[at].clone());
        let (group, _) = builder.stored(name, Some(file));
        for caption in captions {
            builder.caption(group, &caption, || name.clone());
        }
    }
    alone.sort();
    for (place, captions) in alone {
        let what = "has no picture of that name beside it";
        builder.lost(place, what, Reason::NoPicture, 0, captions);
    }
    if !builder.has_captions() {
        return Err(Error::dataset(
            folder,
            "holds pictures, but no captions",
            "Put a text file of the same name beside each picture, one caption a line, or a captions.csv \
             with the columns image,caption.",
        ));
    }
    builder.finish_split("Pictures with text files", &chosen)
}

/// What shares a name in a folder: places among its files.
#[derive(Default)]
struct Sample {
    picture: Option<usize>,
    /// Each with its ending.
    texts: Vec<(String, usize)>,
}

/// What is wrong with a text: where, what, why, and the captions that are lost.
type Wrong = (String, String, Reason, u64);

impl Sample {
    /// The captions in its texts, and what is wrong with the first that has something wrong.
    fn captions(&self, files: &[PathBuf], names: &[String]) -> (Vec<String>, Option<Wrong>) {
        let mut found = Texts::default();
        let mut wrong = None;
        let mut first = None;
        let rank = |ending: &String| ENDINGS.iter().position(|e| e == ending);
        let mut texts: Vec<&(String, usize)> = self.texts.iter().collect();
        // Classes, which are none of the endings, come last.
        texts.sort_by_key(|(ending, _)| rank(ending).unwrap_or(ENDINGS.len()));
        for (ending, at) in texts {
            if ending == "json" && !found.wants_json() {
                continue;
            }
            let content = read_all(&files[*at], TEXT);
            let content = content.map_err(|e| Fault::Broken(format!("cannot be read: {e}")));
            match content.and_then(|content| found.add(ending, content)) {
                Ok(()) => {
                    first.get_or_insert(*at);
                }
                Err(Fault::Broken(what)) => {
                    wrong.get_or_insert((names[*at].clone(), what, Reason::Malformed, 1));
                }
                Err(Fault::Second(what)) => {
                    wrong.get_or_insert((names[*at].clone(), what, Reason::SecondOfSample, 1));
                }
            }
        }
        let captions = found.captions(&[]);
        if captions.is_empty() && wrong.is_none() {
            wrong = first.map(|at| {
                let what = "holds no caption".to_owned();
                (names[at].clone(), what, Reason::NoCaption, 0)
            });
        }
        (captions, wrong)
    }
}

/// The files below a folder, and what of it is passed over.
pub(crate) struct Walk {
    reach: Reach,
    /// In order of their paths.
    pub files: Vec<PathBuf>,
    hidden: Vec<PathBuf>,
    deep: Vec<PathBuf>,
    /// What is no regular file, and links that lead elsewhere.
    outside: Vec<PathBuf>,
}

impl Walk {
    /// Of files that lie in `reach`.
    pub fn new(reach: Reach) -> Self {
        Self {
            reach,
            files: Vec::new(),
            hidden: Vec::new(),
            deep: Vec::new(),
            outside: Vec::new(),
        }
    }

    /// Takes what lies in a folder and in those below it. Links to folders are not followed.
    ///
    /// # Errors
    /// Cancellation.
    pub fn enter(&mut self, folder: &Path, task: &Task) -> Result<()> {
        self.below(folder, DEPTH, task)
    }

    /// Says what was passed over.
    fn tell(&self, folder: &Path, builder: &mut DatasetBuilder) {
        for path in &self.outside {
            let name = shown(folder, path);
            let root = self.reach.root();
            let what = format!(
                "is no regular file, or a link that leads out of {root}; --images ROOT allows another folder"
            );
            let (images, captions) = match (is_picture_name(path), split_extension(&name).1) {
                (true, _) => (1, 0),
                (false, "txt" | "caption") => (0, 1),
                _ => (0, 0),
            };
            builder.lost(name, what, Reason::Unreadable, images, captions);
        }
        for (what, path) in self.passed() {
            builder.note(Reason::NotUsed, what, shown(folder, path));
        }
    }

    /// What is no regular file, and links that lead elsewhere.
    pub fn outside(&self) -> impl Iterator<Item = &Path> {
        self.outside.iter().map(PathBuf::as_path)
    }

    /// What was passed over, and why.
    pub fn passed(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let hidden = self.hidden.iter();
        let hidden = hidden.map(|path| ("is hidden, and not looked into", path.as_path()));
        let deep = self.deep.iter();
        hidden.chain(deep.map(|path| ("lies too deep, and was not looked into", path.as_path())))
    }

    fn below(&mut self, folder: &Path, depth: usize, task: &Task) -> Result<()> {
        task.check()?;
        for path in all_entries(folder) {
            let kind = path.symlink_metadata().map(|meta| meta.file_type());
            let is_folder = kind.is_ok_and(|kind| kind.is_dir());
            if file_name(&path).starts_with('.') {
                self.hidden.push(path);
            } else if is_folder && depth > 0 {
                self.below(&path, depth - 1, task)?;
            } else if is_folder {
                self.deep.push(path);
            } else if self.reach.file(&path) {
                self.files.push(path);
            } else if !path.is_dir() {
                self.outside.push(path);
            }
        }
        Ok(())
    }
}

/// What lies in a folder, sorted, without hidden entries; nothing where it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths = all_entries(folder);
    paths.retain(|path| !file_name(path).starts_with('.'));
    paths
}

/// What lies in a folder, sorted.
fn all_entries(folder: &Path) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = listed.map(|e| e.path()).collect();
    paths.sort();
    paths
}

/// A path as shown: relative to the folder, with forward slashes.
pub(crate) fn shown(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}
