//! XTD: `test_image_names.txt`, a name a line, and `test_1kcaptions_de.txt`, a caption a line, in several languages.

use crate::dataset::Dataset;
use crate::dataset::formats::builder::DatasetBuilder;
use crate::dataset::formats::names::step;
use crate::dataset::formats::split::Wanted;
use crate::dataset::formats::text::{TextFile, languages};
use crate::error::{Error, Result, thousands};
use crate::files::{file_name, folder_of};
use crate::task::Task;
use std::path::{Path, PathBuf};

/// How the file of names is called.
const NAMES: &str = "test_image_names.txt";

/// How files of captions are called, before their language.
const CAPTIONS: &str = "test_1kcaptions_";

/// `test_image_names.txt`, `test_1kcaptions_de.txt`.
pub(crate) fn named(name: &str) -> bool {
    name == NAMES || language(name).is_some()
}

/// A list of names looks like any text.
pub(crate) fn begins(_: &str) -> bool {
    false
}

/// Are there names with captions?
pub(crate) fn fits(folder: &Path) -> bool {
    folder.join(NAMES).is_file() && !captions(folder).is_empty()
}

/// Reads the captions of one language.
pub(crate) fn open(path: &Path, wanted: &Wanted, task: &Task) -> Result<Dataset> {
    let folder = if path.is_dir() { path } else { folder_of(path) };
    let found = captions(folder);
    let file = match (language(&file_name(path)), &wanted.language) {
        (Some(_), _) => path.to_path_buf(),
        (None, Some(asked)) => folder.join(format!("{CAPTIONS}{asked}.txt")),
        (None, None) => match found.as_slice() {
            [(_, one)] => one.clone(),
            several => {
                let names: Vec<String> = several.iter().map(|(name, _)| name.clone()).collect();
                return Err(languages(path, &names));
            }
        },
    };
    let (names, captions) = (TextFile::open(&folder.join(NAMES))?, TextFile::open(&file)?);
    let (names, lines): (Vec<&str>, Vec<&str>) = (
        names.text.lines().collect(),
        captions.text.lines().collect(),
    );
    if names.len() != lines.len() {
        return Err(Error::dataset(
            &file,
            format!(
                "has {} lines, {NAMES} {}",
                thousands(lines.len() as u64),
                thousands(names.len() as u64)
            ),
            "Give the captions of these names: one a line.",
        ));
    }
    task.begin("Reading captions", lines.len() as u64);
    let mut builder = DatasetBuilder::new(&file).reaching(wanted);
    captions.note(&mut builder);
    builder.by_language(true);
    for (number, (name, caption)) in (1u64..).zip(names.into_iter().zip(lines)) {
        step(task, number)?;
        builder.row(number, name, caption);
    }
    builder.finish(format!("XTD ({})", file_name(&file)))
}

/// The language that a file of captions is in.
fn language(name: &str) -> Option<&str> {
    name.strip_prefix(CAPTIONS)?.strip_suffix(".txt")
}

/// The files of captions, each with its language.
fn captions(folder: &Path) -> Vec<(String, PathBuf)> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<(String, PathBuf)> = files
        .filter_map(|entry| {
            let name = file_name(&entry.path());
            Some((language(&name)?.to_owned(), entry.path()))
        })
        .collect();
    found.sort();
    found
}
