//! Flickr token files: `name.jpg#0<TAB>caption` on each line (Flickr8k, Flickr30k).

use crate::dataset::Dataset;
use crate::dataset::formats::builder::DatasetBuilder;
use crate::dataset::formats::names::{split_extension, step};
use crate::dataset::formats::split::{Rule, Scan, Wanted};
use crate::dataset::formats::text::TextFile;
use crate::error::Result;
use crate::files::file_name;
use crate::task::Task;
use std::path::Path;

/// `captions.token.txt`, `Flickr8k.token.txt`, `results_20130124.token`.
pub(crate) fn named(name: &str) -> bool {
    let stem = name.strip_suffix(".txt").unwrap_or(name);
    split_extension(stem).1 == "token"
}

/// Does the first line have the form?
pub(crate) fn begins(head: &str) -> bool {
    head.lines()
        .find(|line| !line.trim().is_empty())
        .is_some_and(|line| split(line).is_some())
}

/// Reads the file; its images are in order of first mention.
pub(crate) fn open(path: &Path, wanted: &Wanted, task: &Task) -> Result<Dataset> {
    let file = TextFile::open(path)?;
    let mut scan = Scan::default();
    let names = file.text.lines().filter_map(split);
    names.for_each(|(name, _)| scan.add(None, name));
    let chosen = scan.decide(path, wanted, Rule::Usual)?;
    let mut builder = DatasetBuilder::new(path).reaching(wanted);
    file.note(&mut builder);
    task.begin("Reading captions", file.text.lines().count() as u64);
    for (number, line) in (1..).zip(file.text.lines()) {
        step(task, number)?;
        if line.trim().is_empty() {
            continue;
        }
        match split(line) {
            Some((name, caption)) => {
                let split = chosen.of(None, name);
                if !builder.elsewhere(&chosen, split, name, 1) {
                    builder.row(number, name, caption);
                }
            }
            None => builder.line_problem(number, "expected name.jpg#0, a tab and a caption"),
        }
    }
    builder.finish_split(format!("Flickr tokens ({})", file_name(path)), &chosen)
}

/// The picture's name and the caption of a line.
fn split(line: &str) -> Option<(&str, &str)> {
    let (key, caption) = line.split_once('\t')?;
    let (name, number) = key.trim().rsplit_once('#')?;
    let numbered = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    (numbered && !name.is_empty()).then_some((name, caption))
}
