//! Crisscrossed Captions: tables of pairs and what raters think of their similarity.

use super::{Annotations, Ratings};
use crate::dataset::{Problem, Reason};
use crate::error::{Error, Result, thousands};
use crate::files::{file_name, open_regular};
use crate::task::Task;
use csv::{ReaderBuilder, StringRecord};
use std::collections::BTreeMap;
use std::path::Path;

/// A caption and an image with at least this score belong together (Parekh et al. 2021, section 3).
const RIGHT: f32 = 3.0;

/// Rows between two looks at the task.
const EVERY: u64 = 4_096;

/// Is this (in lower case) one of the tables of mean scores? The raters' single scores end in `_raw.csv`.
pub fn is_table(name: &str) -> bool {
    let stem = name.strip_suffix(".csv");
    kind(name).is_some() && stem.is_some_and(|stem| !stem.ends_with("_raw"))
}

fn kind(name: &str) -> Option<&'static str> {
    ["sits_", "sis_", "sts_"]
        .into_iter()
        .find(|start| name.starts_with(start))
}

/// Reads the tables. Pairs of a caption and an image rated 3 or higher are right, the original pairs among them;
/// a caption or image that has none is no query, as in ECCV Caption's own reading of these files.
pub fn open(files: &[&Path], task: &Task) -> Result<Annotations> {
    let mut all = Annotations {
        name: "cxc".into(),
        ..Annotations::default()
    };
    for file in files {
        let name = file_name(file).to_lowercase();
        let Ratings { sits, sis, sts } = &mut all.ratings;
        match kind(&name) {
            Some("sits_") => read(file, [caption, image], sits, &mut all.problems, task)?,
            Some("sis_") => read(file, [image, image], sis, &mut all.problems, task)?,
            _ => read(file, [caption, caption], sts, &mut all.problems, task)?,
        }
    }
    let add = |map: &mut BTreeMap<u64, Vec<u64>>, from: u64, to: u64| {
        let list = map.entry(from).or_default();
        if !list.contains(&to) {
            list.push(to);
        }
    };
    for &(caption, image, score) in &all.ratings.sits {
        if score >= RIGHT {
            add(&mut all.image_to_captions, image, caption);
            add(&mut all.caption_to_images, caption, image);
        }
    }
    Ok(all)
}

/// `COCO_val2014:sentid:732091`.
fn caption(text: &str) -> Option<u64> {
    text.rsplit(':').next()?.trim().parse().ok()
}

/// `COCO_val2014_000000365325.jpg`.
fn image(text: &str) -> Option<u64> {
    super::ids::image_id(text.trim())
}

fn read(
    path: &Path,
    ids: [fn(&str) -> Option<u64>; 2],
    rows: &mut Vec<(u64, u64, f32)>,
    problems: &mut Vec<Problem>,
    task: &Task,
) -> Result<()> {
    let file = open_regular(path).map_err(Error::io("open", path))?;
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .from_reader(std::io::BufReader::new(file));
    let header = reader.headers().cloned().unwrap_or_default();
    let Some(score_at) = header.iter().position(|name| name.trim() == "agg_score") else {
        return Err(Error::dataset(
            path,
            "is no table of Crisscrossed Captions: the column agg_score is missing",
            "Expected caption,image,agg_score,sampling_method in the first line.",
        ));
    };
    let before = rows.len();
    let mut record = StringRecord::new();
    for number in 1_u64.. {
        if number.is_multiple_of(EVERY) {
            task.check()?;
        }
        let line = reader.position().line();
        let mut skip = |what: String| {
            let place = format!("{}, line {}", file_name(path), thousands(line));
            problems.push(Problem::new(place, what, Reason::Malformed));
        };
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(e) => {
                skip(format!("cannot be read: {e}"));
                if e.is_io_error() {
                    break;
                }
                continue;
            }
        }
        let id = |at: usize| record.get(at).and_then(ids[at]);
        let score = record
            .get(score_at)
            .and_then(|s| s.trim().parse::<f32>().ok())
            .filter(|s| s.is_finite());
        match (id(0), id(1), score) {
            (Some(a), Some(b), Some(score)) => rows.push((a, b, score)),
            _ => skip("expected two COCO ids and a score".into()),
        }
    }
    if rows.len() == before {
        return Err(Error::dataset(
            path,
            "holds no rated pair",
            "Copy or download it again.",
        ));
    }
    Ok(())
}
