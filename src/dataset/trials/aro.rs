//! ARO: `visual_genome_relation.json`, `visual_genome_attribution.json`, and lists of captions in another order.

use super::supplied::{Collect, Object, crop, files, objects, text};
use super::{Benchmark, Trials};
use crate::dataset::formats::names::step;
use crate::dataset::formats::split::Wanted;
use crate::error::{Error, Result};
use crate::files::file_name;
use crate::task::Task;
use serde_json::Value;
use std::path::Path;

const EXPECTED: &str = r#"[{"image_path": "a.jpg", "true_caption": "one", "false_caption": "another"}] or [{"image": "a.jpg", "caption_options": ["the right one", "a wrong one"]}]"#;

/// Opens it; `None` where `path` is something else.
pub(super) fn open(path: &Path, wanted: &Wanted, task: &Task) -> Result<Option<Trials>> {
    let fits = |head: &str| {
        head.contains("\"true_caption\"") && head.contains("\"false_caption\"")
            || head.contains("\"caption_options\"")
    };
    let found = files(path, &[".json", ".jsonl"], fits)?;
    let path = match found.as_slice() {
        [] => return Ok(None),
        [one] => one,
        several => {
            let names: Vec<String> = several.iter().map(|p| file_name(p)).collect();
            return Err(Error::dataset(
                path,
                format!("holds several benchmarks: {}", names.join(", ")),
                "Open one of these files.",
            ));
        }
    };
    let rows = objects(path, "ARO", EXPECTED)?;
    let has = |key: &str| rows.iter().any(|(_, row)| row.contains_key(key));
    let benchmark = if has("caption_options") {
        Benchmark::AroOrder
    } else if has("relation_name") || !has("attributes") {
        Benchmark::AroRelation
    } else {
        Benchmark::AroAttribution
    };
    task.begin("Reading trials", rows.len() as u64);
    let mut collect = Collect::new(path, wanted);
    for (number, (place, row)) in (1..).zip(&rows) {
        step(task, number)?;
        if let Err(what) = add(&mut collect, row) {
            collect.problem(place.clone(), what, 2);
        }
    }
    collect.finish(benchmark).map(Some)
}

/// Adds the trial of one row.
fn add(collect: &mut Collect, row: &Object) -> Result<(), &'static str> {
    let name = text(row, &["image_path", "image"]).ok_or("the key \"image_path\" is missing")?;
    let captions: Vec<&str> = match row.get("caption_options").and_then(Value::as_array) {
        Some(options) => options.iter().filter_map(Value::as_str).collect(),
        None => ["true_caption", "false_caption"]
            .iter()
            .filter_map(|key| text(row, &[key]))
            .collect(),
    };
    if captions.len() < 2 {
        return Err("a right and a wrong caption are needed");
    }
    let category = match row.get("attributes").and_then(Value::as_array) {
        Some(pair) => {
            let words: Vec<&str> = pair.iter().filter_map(Value::as_str).collect();
            words.join("_")
        }
        None => text(row, &["relation_name"]).unwrap_or("all").to_owned(),
    };
    // A missing picture is listed already.
    match collect.image(name, crop(row)?) {
        Some(image) => collect.trial(&category, &[image], &captions),
        None => collect.lose(&category, captions.len()),
    }
    Ok(())
}
