//! `SugarCrepe`: `add_att.json` and its like, an object of trials each; a folder of them is one benchmark.

use super::supplied::{Collect, files, objects, text};
use super::{Benchmark, Trials};
use crate::dataset::formats::names::{split_extension, step};
use crate::dataset::formats::split::Wanted;
use crate::error::Result;
use crate::files::file_name;
use crate::task::Task;
use std::path::Path;

const EXPECTED: &str =
    r#"{"0": {"filename": "a.jpg", "caption": "one", "negative_caption": "another"}}"#;

/// Opens it; `None` where `path` is something else.
pub(super) fn open(path: &Path, wanted: &Wanted, task: &Task) -> Result<Option<Trials>> {
    let fits = |head: &str| head.contains("\"negative_caption\"") && head.contains("\"filename\"");
    let found = files(path, &[".json"], fits)?;
    let Some(first) = found.first() else {
        return Ok(None);
    };
    let mut collect = Collect::new(first, wanted);
    for file in &found {
        let name = file_name(file);
        let category = split_extension(&name).0;
        let rows = objects(file, "SugarCrepe", EXPECTED)?;
        task.begin("Reading trials", rows.len() as u64);
        for (number, (place, row)) in (1..).zip(rows) {
            step(task, number)?;
            let get = |key: &str| text(&row, &[key]);
            let (Some(image), Some(right), Some(wrong)) =
                (get("filename"), get("caption"), get("negative_caption"))
            else {
                collect.problem(place, "a file name and two captions are needed", 2);
                continue;
            };
            match collect.image(image, None) {
                Some(image) => collect.trial(category, &[image], &[right, wrong]),
                None => collect.lose(category, 2),
            }
        }
    }
    collect.finish(Benchmark::SugarCrepe).map(Some)
}
