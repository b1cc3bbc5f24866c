//! Chinese-CLIP's files: `test_imgs.tsv`, an id and a picture as base64 a line, and `test_texts.jsonl`, captions with the
//! ids of their images.

use crate::dataset::formats::builder::DatasetBuilder;
use crate::dataset::formats::names::step;
use crate::dataset::formats::split::{Wanted, choose};
use crate::dataset::formats::text::{TextFile, captions_in};
use crate::dataset::{Dataset, Reason, Split, Stored};
use crate::error::{Error, Result};
use crate::files::{file_name, folder_of};
use crate::task::Task;
use serde_json::Value;
use std::path::Path;

/// How the files of pictures end.
const PICTURES: &str = "_imgs.tsv";

/// How the files of captions end.
const TEXTS: &str = "_texts.jsonl";

/// `test_imgs.tsv`, `test_texts.jsonl`.
pub(crate) fn named(name: &str) -> bool {
    name.ends_with(PICTURES) || name.ends_with(TEXTS)
}

/// A table of numbers and texts looks like any other.
pub(crate) fn begins(_: &str) -> bool {
    false
}

/// Are there pictures with their texts?
pub(crate) fn fits(folder: &Path) -> bool {
    !splits(folder).is_empty()
}

/// Reads a split, of a folder the test split.
pub(crate) fn open(path: &Path, wanted: &Wanted, task: &Task) -> Result<Dataset> {
    let folder = if path.is_dir() { path } else { folder_of(path) };
    let all = splits(folder);
    let own = file_name(path);
    let own = own.strip_suffix(PICTURES).or(own.strip_suffix(TEXTS));
    let asked = own.or(wanted.split.as_deref());
    let names = || all.iter().map(String::as_str);
    let split = match asked {
        Some(asked) => names().find(|name| *name == asked),
        None => choose(names()).or(names().next()),
    };
    let Some(split) = split else {
        let what = format!(
            "has no {0}{PICTURES} with {0}{TEXTS}; it has: {1}",
            asked.unwrap_or_default(),
            all.join(", ")
        );
        return Err(Error::dataset(
            path,
            what,
            "Name one of these with --split.",
        ));
    };
    let (pictures, texts) = (
        folder.join(format!("{split}{PICTURES}")),
        folder.join(format!("{split}{TEXTS}")),
    );
    let mut builder = DatasetBuilder::new(&pictures).reaching(wanted);
    read_pictures(&pictures, &mut builder, task)?;
    read_texts(&texts, &mut builder, task)?;
    let mut dataset =
        builder.finish(format!("Chinese-CLIP ({split}{PICTURES}, {split}{TEXTS})"))?;
    if all.len() > 1 {
        for other in all.iter().filter(|name| *name != split) {
            let what = "holds another split, and was not read";
            let file = format!("{other}{PICTURES}");
            dataset.origin.note(Reason::OtherSplit, what, file);
        }
    }
    dataset.origin.split = Some(Split {
        name: split.to_owned(),
        by: "the file name".into(),
        all: vec![(split.to_owned(), dataset.origin.found.images)],
    });
    Ok(dataset)
}

/// The splits that have both files.
fn splits(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = files.map(|entry| file_name(&entry.path()));
    let mut found: Vec<String> = names
        .filter_map(|name| Some(name.strip_suffix(PICTURES)?.to_owned()))
        .filter(|split| folder.join(format!("{split}{TEXTS}")).is_file())
        .collect();
    found.sort();
    found
}

fn read_pictures(path: &Path, builder: &mut DatasetBuilder, task: &Task) -> Result<()> {
    let file = TextFile::open(path)?;
    task.begin("Reading pictures", file.text.lines().count() as u64);
    let start = file.text.as_ptr() as usize;
    for (number, line) in (1u64..).zip(file.text.lines()) {
        step(task, number)?;
        let Some((id, picture)) = line.split_once('\t') else {
            let place = format!("{}, line {number}", file_name(path));
            builder.lost(
                place,
                "expected an id, a tab and a picture",
                Reason::Malformed,
                1,
                0,
            );
            continue;
        };
        let from = picture.as_ptr() as usize - start;
        let stored = Stored::Base64(Box::new(file.stored(from..from + picture.len())));
        let (_, repeated) = builder.stored(id.trim(), Some(stored));
        if repeated {
            let place = format!("{}, line {number}", file_name(path));
            let what = format!("is a second picture {}; the first is used", id.trim());
            builder.lost(place, what, Reason::SecondOfSample, 1, 0);
        }
    }
    Ok(())
}

fn read_texts(path: &Path, builder: &mut DatasetBuilder, task: &Task) -> Result<()> {
    let file = TextFile::open(path)?;
    file.note(builder);
    task.begin("Reading captions", file.text.lines().count() as u64);
    for (number, line) in (1u64..).zip(file.text.lines()) {
        step(task, number)?;
        let place = || format!("{}, line {number}", file_name(path));
        let row: Value = match serde_json::from_str(line) {
            Ok(row) => row,
            Err(e) => {
                let what = format!("is not valid JSON: {e}");
                builder.lost(place(), what, Reason::Malformed, 0, 1);
                continue;
            }
        };
        let captions = captions_in(row.get("text").unwrap_or(&Value::Null));
        let ids = row.get("image_ids").and_then(Value::as_array);
        let (Some(caption), Some(ids)) = (captions.first(), ids) else {
            let what = "expected the keys \"text\" and \"image_ids\"";
            builder.lost(place(), what, Reason::Malformed, 0, 1);
            continue;
        };
        for id in ids {
            let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            if let Some(group) = builder.known(&id) {
                builder.caption(group, caption, place);
            } else {
                let what = format!("names the picture {id}, which is not there");
                builder.lost(place(), what, Reason::NoPicture, 0, 1);
            }
        }
    }
    Ok(())
}
