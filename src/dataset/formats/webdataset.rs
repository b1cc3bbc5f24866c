//! `WebDataset`: tar archives in which the files of a sample share a name up to its first dot.
//!
//! An archive is read once: headers and captions. Its pictures are skipped, and read later where they lie.

use super::gather::{Gather, file_name, split_extension};
use super::sample::{ENDINGS, Texts};
use super::shards;
use crate::dataset::archive::{Member, members};
use crate::dataset::picture::is_picture_name;
use crate::dataset::{Dataset, Stored};
use crate::error::{Error, Result};
use crate::task::Task;
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most bytes that a caption's file is read for.
const LONGEST: u64 = 1 << 20;

/// `*.tar`.
pub(super) fn named(name: &str) -> bool {
    split_extension(name).1 == "tar"
}

/// The mark in a tar archive's first header.
pub(super) fn begins(head: &str) -> bool {
    head.chars().take(512).collect::<String>().contains("ustar")
}

/// Are there archives?
pub(super) fn fits(folder: &Path) -> bool {
    shards::hold(folder, "tar")
}

/// Reads an archive or a folder of them; images in the archives' order.
pub(super) fn open(path: &Path, task: &Task) -> Result<Dataset> {
    let shards = shards::find(path, "tar");
    read(
        path,
        &shards.files,
        format!("WebDataset ({})", shards.note),
        task,
    )
}

/// Reads the archives `files` of the dataset at `path`.
pub(super) fn read(path: &Path, files: &[PathBuf], format: String, task: &Task) -> Result<Dataset> {
    task.begin("Reading archives", files.len() as u64);
    let classes = class_names(path, files);
    let mut gather = Gather::new(path);
    let mut first_error = None;
    for file in files {
        // Names need only be unique within an archive.
        let within = file.strip_prefix(path).ok().filter(|_| files.len() > 1);
        let prefix = within.map_or_else(String::new, |within| {
            let name = within.to_string_lossy().replace('\\', "/");
            format!("{}/", split_extension(&name).0)
        });
        let read = read_archive(file, &prefix, &classes, &mut gather, task);
        if let Err(error) = read {
            let Error::Dataset { what, .. } = &error else {
                return Err(error);
            };
            gather.problem(file_name(file), what.clone());
            first_error.get_or_insert(error);
        }
        task.add(1);
    }
    match first_error {
        Some(error) if gather.is_empty() => Err(error),
        _ if !gather.has_captions() => Err(Error::dataset(
            path,
            "holds no picture with a caption",
            "Each picture needs a text of the same name in its archive: a.jpg with a.txt, a.json or a.cls.",
        )),
        _ => gather.finish(format),
    }
}

/// What shares a name in an archive.
struct Sample {
    name: String,
    picture: Option<Stored>,
    texts: Texts,
}

fn read_archive(
    path: &Path,
    prefix: &str,
    classes: &[String],
    gather: &mut Gather,
    task: &Task,
) -> Result<()> {
    let archive: Arc<Path> = path.into();
    let mut samples: Vec<Sample> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut problems = Vec::new();
    let wrong = members(path, |member, content| {
        task.check()?;
        let Some((key, ending)) = split(&member.name) else {
            return Ok(());
        };
        let at = *known.entry(key.clone()).or_insert_with(|| {
            samples.push(Sample {
                name: key,
                picture: None,
                texts: Texts::default(),
            });
            samples.len() - 1
        });
        let sample = &mut samples[at];
        let what = if ENDINGS.contains(&ending.as_str()) || ending == "cls" {
            text(member, &ending, content, &mut sample.texts)
        } else if !is_picture_name(Path::new(&format!("a.{ending}"))) || ending.contains('.') {
            // Masks, features and the like: "seg.png", "npy".
            Ok(())
        } else if sample.picture.is_some() {
            Err("is a second picture of its sample; the first is used".to_owned())
        } else {
            sample.name.clone_from(&member.name);
            sample.picture = Some(Stored::Span {
                archive: Arc::clone(&archive),
                offset: member.offset,
                length: member.length,
            });
            Ok(())
        };
        if let Err(what) = what {
            problems.push((format!("{}: {}", file_name(path), member.name), what));
        }
        Ok(())
    })?;
    for sample in samples {
        if sample.picture.is_none() {
            if !sample.texts.is_empty() {
                let place = format!("{}: {}", file_name(path), sample.name);
                problems.push((place, "has no picture".to_owned()));
            }
            continue;
        }
        let name = format!("{prefix}{}", sample.name);
        let (group, _) = gather.stored(&name, sample.picture);
        for caption in sample.texts.captions(classes) {
            gather.caption(group, &caption, || name.clone());
        }
    }
    problems.extend(wrong.map(|what| (file_name(path), what)));
    for (place, what) in problems {
        gather.problem(place, what);
    }
    Ok(())
}

/// A member's key and ending: `x/a.seg.png` is `seg.png` of `x/a`. Hidden and service files have none.
fn split(name: &str) -> Option<(String, String)> {
    let (folder, base) = match name.rsplit_once('/') {
        Some((folder, base)) => (format!("{folder}/"), base),
        None => (String::new(), name),
    };
    let (stem, ending) = base.split_once('.')?;
    let service = stem.is_empty() || stem.starts_with("__");
    (!service).then(|| (folder + stem, ending.to_lowercase()))
}

fn text(
    member: &Member,
    ending: &str,
    content: &mut dyn Read,
    texts: &mut Texts,
) -> Result<(), String> {
    if member.length > LONGEST {
        return Err(format!(
            "is too long for a caption: {} bytes",
            member.length
        ));
    }
    let mut bytes = Vec::new();
    content
        .read_to_end(&mut bytes)
        .map_err(|e| format!("cannot be read: {e}"))?;
    texts.add(ending, bytes)
}

/// `classnames.txt` beside the archives or above them, a name a line.
fn class_names(path: &Path, files: &[PathBuf]) -> Vec<String> {
    let folder = files.first().and_then(|file| file.parent());
    let places = [Some(path), folder, folder.and_then(Path::parent)];
    let texts = places
        .into_iter()
        .flatten()
        .find_map(|place| std::fs::read_to_string(place.join("classnames.txt")).ok());
    texts.map_or_else(Vec::new, |text| {
        text.lines().map(|l| l.trim().to_owned()).collect()
    })
}
