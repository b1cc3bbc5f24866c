//! `WebDataset`: tar archives in which the files of a sample share a name up to their ending.
//!
//! An archive is read once: headers and captions. Its pictures are skipped, and read later where they lie.

use super::members::{Part, members as of_samples};
use super::sample::{ENDINGS, Fault, Texts};
use crate::dataset::archive::{Archive, Member, members};
use crate::dataset::formats::builder::DatasetBuilder;
use crate::dataset::formats::names::split_extension;
use crate::dataset::formats::split::{Chosen, Rule, Scan, Wanted, shards};
use crate::dataset::picture::is_picture_name;
use crate::dataset::{Dataset, Reason, Stored};
use crate::error::{Error, Result};
use crate::files::{TEXT, file_name, read_text};
use crate::task::Task;
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most bytes that a caption's file is read for.
const LONGEST: u64 = 1 << 20;

/// `*.tar`.
pub(crate) fn named(name: &str) -> bool {
    split_extension(name).1 == "tar"
}

/// The mark in a tar archive's first header.
pub(crate) fn begins(head: &str) -> bool {
    head.chars().take(512).collect::<String>().contains("ustar")
}

/// Are there archives?
pub(crate) fn fits(folder: &Path) -> bool {
    shards::hold(folder, "tar")
}

/// Reads an archive or a folder of them; images in the archives' order.
pub(crate) fn open(path: &Path, wanted: &Wanted, task: &Task) -> Result<Dataset> {
    let shards = shards::find(path, "tar", wanted);
    let format = format!("WebDataset ({})", shards.note);
    // Files of their own say the split: their samples are asked for none.
    let within = if shards.is_split() {
        &Wanted::default()
    } else {
        wanted
    };
    let mut dataset = read(path, &shards.files, format, within, task)?;
    shards.tell(&mut dataset);
    Ok(dataset)
}

/// Reads the archives `files` of the dataset at `path`.
pub(crate) fn read(
    path: &Path,
    files: &[PathBuf],
    format: String,
    wanted: &Wanted,
    task: &Task,
) -> Result<Dataset> {
    task.begin("Reading archives", files.len() as u64);
    let classes = class_names(path, files);
    let mut builder = DatasetBuilder::new(path);
    let mut chosen = Chosen::default();
    let mut first_error = None;
    for file in files {
        let within = file.strip_prefix(path).ok().filter(|_| files.len() > 1);
        let prefix = within.map_or_else(String::new, |within| {
            prefix(&within.to_string_lossy().replace('\\', "/"))
        });
        let samples = match read_archive(file, &mut builder, task) {
            Ok(samples) => samples,
            Err(error) => {
                let Error::Dataset { what, .. } = &error else {
                    return Err(error);
                };
                builder.problem(file_name(file), what.clone(), Reason::Unreadable);
                first_error.get_or_insert(error);
                continue;
            }
        };
        if files.len() == 1 {
            let mut scan = Scan::default();
            for sample in samples.iter().filter(|s| s.picture.is_some()) {
                scan.add(None, &sample.name);
            }
            chosen = scan.decide(path, wanted, Rule::Usual)?;
        }
        for sample in samples {
            add(sample, file, &prefix, &classes, &chosen, &mut builder);
        }
        task.add(1);
    }
    match first_error {
        Some(error) if builder.is_empty() => Err(error),
        _ if !builder.has_captions() => Err(Error::dataset(
            path,
            "holds no picture with a caption",
            "Each picture needs a text of the same name in its archive: a.jpg with a.txt, a.json or a.cls.",
        )),
        _ => builder.finish_split(format, &chosen),
    }
}

/// Reads one of several archives of the dataset at `path`: that which is called `name` there and lies at `file`.
pub(crate) fn read_one(path: &Path, name: &str, file: &Path, task: &Task) -> Result<Dataset> {
    task.begin("Reading an archive", 1);
    let classes = class_names(path, &[path.join(name)]);
    let mut builder = DatasetBuilder::new(path);
    match read_archive(file, &mut builder, task) {
        Ok(samples) => {
            for sample in samples {
                let chosen = Chosen::default();
                add(sample, file, &prefix(name), &classes, &chosen, &mut builder);
            }
        }
        Err(Error::Dataset { what, .. }) => {
            builder.problem(file_name(file), what, Reason::Unreadable);
        }
        Err(error) => return Err(error),
    }
    Ok(builder.finish_part())
}

/// What precedes the names of an archive's samples: they need only be unique within it.
fn prefix(archive: &str) -> String {
    format!("{}/", split_extension(archive).0)
}

/// What shares a name in an archive.
struct Sample {
    name: String,
    picture: Option<Stored>,
    texts: Texts,
}

/// A file of an archive; a text's content is read with it.
struct Entry {
    offset: u64,
    length: u64,
    content: Option<Result<Vec<u8>, String>>,
}

fn read_archive(path: &Path, builder: &mut DatasetBuilder, task: &Task) -> Result<Vec<Sample>> {
    let archive = Arc::new(Archive::new(path)?);
    let file = file_name(path);
    let (mut names, mut entries) = (Vec::new(), Vec::new());
    let ending = members(path, |member, content| {
        task.check()?;
        let ending = split_extension(&member.name).1.to_lowercase();
        let text = ENDINGS.contains(&ending.as_str()) || ending == "cls";
        names.push(member.name.clone());
        entries.push(Entry {
            offset: member.offset,
            length: member.length,
            content: text.then(|| text_of(member, content)),
        });
        Ok(())
    })?;
    let mut samples: Vec<Sample> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for ((name, entry), member) in names.iter().zip(entries).zip(of_samples(&names)) {
        let place = format!("{file}: {name}");
        match member.part {
            Part::Service => {
                builder.note(
                    Reason::NotUsed,
                    "is hidden, or of the archive itself",
                    place,
                );
                continue;
            }
            Part::Extra => {
                builder.note(Reason::UnknownEnding, "is no picture and no text", place);
                continue;
            }
            Part::Unread => {
                let what = "is a picture of a kind that cannot be decoded";
                builder.lost(place, what, Reason::UnknownEnding, 1, 0);
                continue;
            }
            Part::Picture | Part::Text => {}
        }
        let at = *known.entry(member.key.clone()).or_insert_with(|| {
            samples.push(Sample {
                name: member.key,
                picture: None,
                texts: Texts::default(),
            });
            samples.len() - 1
        });
        let sample = &mut samples[at];
        if member.part == Part::Text {
            let content = entry.content.unwrap_or_else(|| Ok(Vec::new()));
            add_text(&member.ending, content, &place, sample, builder);
        } else if sample.picture.is_some() {
            let what = "is a second picture of its sample; the first is used";
            builder.lost(place, what, Reason::SecondOfSample, 1, 0);
        } else {
            sample.name.clone_from(name);
            sample.picture = Some(Stored::Span {
                archive: Arc::clone(&archive),
                offset: entry.offset,
                length: entry.length,
            });
        }
    }
    for name in ending.links {
        let what = "is a link or another entry without a content of its own";
        let place = format!("{file}: {name}");
        if is_picture_name(Path::new(&name)) {
            builder.lost(place, what, Reason::Unreadable, 1, 0);
        } else {
            builder.note(Reason::NotUsed, what, place);
        }
    }
    if let Some(what) = ending.wrong {
        builder.problem(file, what, Reason::Unreadable);
    }
    Ok(samples)
}

/// Adds a text to its sample, or lists what is wrong with it.
fn add_text(
    ending: &str,
    content: Result<Vec<u8>, String>,
    place: &str,
    sample: &mut Sample,
    builder: &mut DatasetBuilder,
) {
    let lines = content.as_ref().map_or(1, |content| {
        let mut alone = Texts::default();
        let added = alone.add(ending, content.clone());
        added.map_or(1, |()| alone.captions(&[]).len()) as u64
    });
    let added = content
        .map_err(Fault::Broken)
        .and_then(|content| sample.texts.add(ending, content));
    match added {
        Ok(()) => {}
        Err(Fault::Broken(what)) => builder.lost(place, what, Reason::Malformed, 0, 1),
        Err(Fault::Second(what)) => builder.lost(place, what, Reason::SecondOfSample, 0, lines),
    }
}

/// Adds a sample, or lists it.
fn add(
    sample: Sample,
    file: &Path,
    prefix: &str,
    classes: &[String],
    chosen: &Chosen,
    builder: &mut DatasetBuilder,
) {
    let empty = sample.texts.is_empty();
    let captions = sample.texts.captions(classes);
    if sample.picture.is_none() {
        let place = format!("{}: {}", file_name(file), sample.name);
        if captions.is_empty() {
            if !empty {
                let what = "has neither a picture nor a caption";
                builder.note(Reason::NoPicture, what, place);
            }
            return;
        }
        let count = captions.len() as u64;
        builder.lost(place, "has no picture", Reason::NoPicture, 0, count);
        return;
    }
    let split = chosen.of(None, &sample.name);
    let name = format!("{prefix}{}", sample.name);
    if builder.elsewhere(chosen, split, &name, captions.len()) {
        return;
    }
    let (group, _) = builder.stored(&name, sample.picture);
    for caption in captions {
        builder.caption(group, &caption, || name.clone());
    }
}

/// The content of a text.
fn text_of(member: &Member, content: &mut dyn Read) -> Result<Vec<u8>, String> {
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
    Ok(bytes)
}

/// `classnames.txt` beside the archives or above them, a name a line.
fn class_names(path: &Path, files: &[PathBuf]) -> Vec<String> {
    let folder = files.first().and_then(|file| file.parent());
    let places = [Some(path), folder, folder.and_then(Path::parent)];
    let texts = places
        .into_iter()
        .flatten()
        .find_map(|place| read_text(&place.join("classnames.txt"), TEXT).ok());
    texts.map_or_else(Vec::new, |text| {
        text.lines().map(|l| l.trim().to_owned()).collect()
    })
}
