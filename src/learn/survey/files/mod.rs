//! A survey in files.

mod svg;

pub use svg::write_svg;

use super::found::{AtCount, Survey};
use super::kept::KeptPair;
use crate::dataset::Dataset;
use crate::dataset::export::{Format, Written, write as write_dataset};
use crate::error::Result;
use crate::files::write_table;
use crate::task::Task;
use std::collections::BTreeSet;
use std::path::Path;

/// Writes the groups by gradients with what sampling by them needs, a line for each pair: the rows of its image and caption,
/// what they are, its group; `probability`, with which it is drawn where one pair of its group is (`1 / N_k`), and `weight`,
/// that of its gradient then (`N_k / N`).
///
/// # Errors
/// The file cannot be written.
pub fn write_strata(
    path: &Path,
    survey: &Survey,
    at: &AtCount,
    dataset: Option<&Dataset>,
) -> Result<()> {
    let sizes = at.gradient().strata.sizes();
    let labels = at.gradient().strata.labels();
    let lines = (0..).zip(labels).map(|(pair, &group)| {
        let size = sizes[group as usize] as f64;
        let mut line = known(survey, pair, dataset);
        line.extend([
            group.to_string(),
            at.names[group as usize].clone(),
            sizes[group as usize].to_string(),
            (1.0 / size).to_string(),
            (size / survey.pairs() as f64).to_string(),
        ]);
        line
    });
    let columns = [
        "group",
        "group_name",
        "group_pairs",
        "probability",
        "weight",
    ];
    write(path, &columns, lines)
}

/// Writes the pairs that a reduced set keeps, a line each, with their weights, which add up to 1.
///
/// # Errors
/// The file cannot be written.
pub fn write_kept(
    path: &Path,
    survey: &Survey,
    kept: &[KeptPair],
    dataset: Option<&Dataset>,
) -> Result<()> {
    let lines = kept.iter().map(|kept| {
        let mut line = known(survey, kept.pair, dataset);
        line.extend([kept.group.to_string(), kept.weight.to_string()]);
        line
    });
    write(path, &["group", "weight"], lines)
}

/// Writes the captions that a reduced set keeps, with the names of their pictures, as lines of JSON.
///
/// # Errors
/// The file cannot be written; cancellation.
pub fn write_reduced(
    path: &Path,
    survey: &Survey,
    kept: &[KeptPair],
    dataset: &Dataset,
    task: &Task,
) -> Result<Written> {
    let rows = kept.iter().map(|kept| survey.captions[kept.pair as usize]);
    let rows: BTreeSet<u32> = rows.collect();
    let reduced = dataset.retain_captions(|j| rows.contains(&(j as u32)));
    let all: Vec<usize> = (0..reduced.images.len()).collect();
    write_dataset(&reduced, &all, path, Format::ImageFolder, task)
}

/// Writes what is known of each group by gradients, a line each.
///
/// # Errors
/// The file cannot be written.
pub fn write_groups(path: &Path, at: &AtCount) -> Result<()> {
    let maybe = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
    let lines = at.groups.iter().map(|group| {
        vec![
            group.stratum.to_string(),
            at.names[group.stratum].clone(),
            group.pairs.to_string(),
            maybe(group.pulls),
            maybe(group.redundancy()),
            maybe(group.share),
            maybe(group.cosine),
            group.scatter.to_string(),
        ]
    });
    let columns = [
        "group",
        "group_name",
        "pairs",
        "pulls",
        "redundancy",
        "share_of_step",
        "mean_cosine",
        "scatter",
    ];
    write_table(path, &columns, lines)
}

/// Rows of the pair's image and caption in the whole set, and what they are.
fn known(survey: &Survey, pair: u32, dataset: Option<&Dataset>) -> Vec<String> {
    let (image, caption) = (survey.images[pair as usize], survey.captions[pair as usize]);
    let name = dataset.and_then(|dataset| dataset.images.get(image as usize));
    let text = dataset.and_then(|dataset| dataset.captions.get(caption as usize));
    vec![
        image.to_string(),
        caption.to_string(),
        name.map_or_else(String::new, |image| image.name.clone()),
        text.cloned().unwrap_or_default(),
    ]
}

fn write(path: &Path, columns: &[&str], lines: impl Iterator<Item = Vec<String>>) -> Result<()> {
    let known = ["image", "caption", "image_name", "text"];
    write_table(path, &[&known, columns].concat(), lines)
}
