//! Winoground: `examples.jsonl`, two images and two captions a line, and a folder `images`.

use super::supplied::{Collect, files, objects, text};
use super::{Benchmark, Trials};
use crate::dataset::formats::names::step;
use crate::dataset::formats::split::Wanted;
use crate::error::Result;
use crate::task::Task;
use std::path::Path;

const EXPECTED: &str =
    r#"{"image_0": "a", "image_1": "b", "caption_0": "one", "caption_1": "another"}"#;

/// Opens it; `None` where `path` is something else.
pub(super) fn open(path: &Path, wanted: &Wanted, task: &Task) -> Result<Option<Trials>> {
    let fits = |head: &str| {
        ["image_0", "image_1", "caption_0", "caption_1"]
            .iter()
            .all(|key| head.contains(&format!("\"{key}\"")))
    };
    let found = files(path, &[".jsonl", ".json"], fits)?;
    let Some(path) = found.first() else {
        return Ok(None);
    };
    let rows = objects(path, "Winoground", EXPECTED)?;
    task.begin("Reading trials", rows.len() as u64);
    let mut collect = Collect::new(path, wanted);
    for (number, (place, row)) in (1..).zip(rows) {
        step(task, number)?;
        let get = |key: &str| text(&row, &[key]);
        let (Some(i0), Some(i1), Some(c0), Some(c1)) = (
            get("image_0"),
            get("image_1"),
            get("caption_0"),
            get("caption_1"),
        ) else {
            collect.problem(place, "two images and two captions are needed", 2);
            continue;
        };
        // Both are looked for, so that both are listed where both are missing.
        let images = [collect.image(i0, None), collect.image(i1, None)];
        let tag = text(&row, &["collapsed_tag", "tag"]).unwrap_or("all");
        let [Some(a), Some(b)] = images else {
            collect.lose(tag, 2);
            continue;
        };
        collect.trial(tag, &[a, b], &[c0, c1]);
    }
    collect.finish(Benchmark::Winoground).map(Some)
}
