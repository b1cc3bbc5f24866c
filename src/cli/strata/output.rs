//! What `strata` writes and prints.

use crate::dataset::Dataset;
use crate::error::{Error, Result, thousands};
use crate::files::{shown, write_json};
use crate::learn::strata::Allocation;
use crate::learn::survey::files::{
    write_groups, write_kept, write_reduced, write_strata, write_svg,
};
use crate::learn::survey::words::{all_pull, change, pulls};
use crate::learn::survey::{Answer, Survey, Way, kept_pairs};
use crate::task::Task;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// What was written.
#[derive(Debug, Serialize)]
pub struct Out {
    /// The folder.
    pub folder: String,
    /// For each number of groups: what the reduced set keeps, and what that costs.
    pub kept: Vec<Kept>,
}

/// A reduced set.
#[derive(Debug, Serialize)]
pub struct Kept {
    /// Groups.
    pub k: usize,
    /// Pairs that are kept.
    pub pairs: usize,
    /// Images that have one of them.
    pub images: usize,
    /// Root mean square error of the mean gradient as a share of its length; null where that is 0.
    pub error: Option<f64>,
    /// The same where as many pairs are kept at random.
    pub error_at_random: Option<f64>,
    /// Pairs at random that are as good.
    pub as_good_at_random: Option<f64>,
    /// Captions that were changed or left out in the written set.
    pub changed: usize,
}

/// Writes all files; `keeping` is the share of the pairs that the reduced sets keep, and how.
///
/// # Errors
/// A file cannot be written; cancellation.
pub fn write(
    out: &Path,
    survey: &Survey,
    answer: &Answer,
    dataset: Option<&Dataset>,
    (share, allocation): (f64, Allocation),
    task: &Task,
) -> Result<Out> {
    std::fs::create_dir_all(out).map_err(Error::io("create", out))?;
    write_json(&out.join("strata.json"), answer)?;
    let mut all = Vec::new();
    for at in &survey.counts {
        task.check()?;
        let folder = out.join(format!("k{}", at.count));
        std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        write_strata(&folder.join("strata.csv"), survey, at, dataset)?;
        write_groups(&folder.join("groups.csv"), at)?;
        write_svg(&folder.join("strata.svg"), at)?;
        let kept = at.kept_count(share);
        let pairs = kept_pairs(survey, at, kept, allocation, survey.asked.seed)?;
        write_kept(&folder.join("kept.csv"), survey, &pairs, dataset)?;
        let path = folder.join("kept.jsonl");
        let written = dataset.map(|dataset| write_reduced(&path, survey, &pairs, dataset, task));
        let written = written.transpose()?;
        let images = pairs.iter().map(|kept| survey.images[kept.pair as usize]);
        let counts = at.keeping.counts(kept, allocation);
        let error = counts.and_then(|counts| at.keeping.error(&counts));
        all.push(Kept {
            k: at.count,
            pairs: kept,
            images: images.collect::<BTreeSet<u32>>().len(),
            error,
            error_at_random: at.keeping.error_at_random(kept),
            as_good_at_random: error.and_then(|error| at.keeping.as_good_at_random(error)),
            changed: written.map_or(0, |written| written.changed.len()),
        });
    }
    Ok(Out {
        folder: shown(out),
        kept: all,
    })
}

/// The answer as text.
pub fn describe(answer: &Answer, split: &str, out: Option<&Out>) -> String {
    let mut text = format!(
        "{split}: {} pairs of {} images, {} gradients at {}, mean loss {:.4}\n{}\n",
        thousands(answer.pairs as u64),
        thousands(answer.images as u64),
        answer.form,
        answer.heads,
        answer.loss,
        all_pull(answer.pairs, answer.pulls, answer.still),
    );
    for at in &answer.k {
        let uniform = at.variance["uniform"];
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "\n{} groups ({:.1} s). {}\n{:<22}{:>14}{:>12}{:>16}{:>16}",
            at.k, at.seconds, at.says, "", "variance", "of |g|^2", "one a group", "in proportion"
        );
        let above = |variance: f64| {
            if uniform > 0.0 {
                change(variance / uniform - 1.0)
            } else {
                String::new()
            }
        };
        let named = |name: &str| {
            let all = at.normalised.get(name).copied().flatten();
            all.map_or_else(String::new, |v| format!("{v:.3}"))
        };
        for (name, title) in [
            ("uniform", "uniform"),
            ("without_replacement", "no pair twice"),
        ] {
            let v = at.variance[name];
            let _ = writeln!(
                text,
                "{title:<22}{v:>14.6e}{:>12}{:>16}",
                named(name),
                above(v)
            );
        }
        for way in Way::ALL {
            let Some(&v) = at.variance.get(way.name()) else {
                continue;
            };
            let _ = writeln!(
                text,
                "{:<22}{v:>14.6e}{:>12}{:>16}{:>16}",
                way.title(),
                named(way.name()),
                above(v),
                above(at.proportional[way.name()])
            );
        }
        for group in at.groups.iter().take(5) {
            let Some(different) = group.pulls else {
                continue;
            };
            let name = match group.name.as_str() {
                "" => "no word in common",
                name => name,
            };
            let _ = writeln!(
                text,
                "  {name}: {} pairs pull like {}",
                thousands(group.pairs as u64),
                pulls(different)
            );
        }
    }
    for note in &answer.notes {
        let _ = writeln!(text, "{note}");
    }
    if let Some(out) = out {
        let _ = writeln!(text, "\nWritten to {}", out.folder);
        for kept in &out.kept {
            let error = |value: Option<f64>| value.map_or("none".into(), |v| format!("{v:.3}"));
            let _ = writeln!(
                text,
                "{} groups: {} pairs kept, error of the mean gradient {} (at random {})",
                kept.k,
                thousands(kept.pairs as u64),
                error(kept.error),
                error(kept.error_at_random)
            );
        }
    }
    text
}
