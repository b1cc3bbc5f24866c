//! What a dataset listed and left out, on standard error.

use super::output::warn;
use crate::dataset::{Dataset, NAMES, Problem, Reason};
use crate::error::thousands;

/// Says on standard error what the dataset listed and skipped.
pub fn skipped(dataset: &Dataset) {
    let (lost, said): (Vec<Problem>, Vec<Problem>) =
        dataset.problems.iter().cloned().partition(Problem::is_loss);
    for problem in &said {
        warn(format!("{}: {}", problem.place, problem.what));
    }
    list("skipped", &lost);
    let unnamed = dataset.origin.bulk.iter();
    for bulk in unnamed.filter(|bulk| bulk.reason != Reason::OtherSplit) {
        let more = if bulk.costs.images > bulk.names.len() as u64 {
            ", .."
        } else {
            ""
        };
        warn(format!("{}: {}{more}", bulk.what, bulk.names.join(", ")));
    }
    for note in &dataset.origin.notes {
        let names: Vec<&str> = note.names.iter().take(SHOWN).map(String::as_str).collect();
        let more = match note.count.saturating_sub(names.len() as u64) {
            0 => String::new(),
            more => format!(" and {} more", thousands(more)),
        };
        warn(format!("{}{more}: {}", names.join(", "), note.what));
    }
}

/// Problems that are listed one by one.
const SHOWN: usize = 5;

/// Says on standard error what was done to which, the first few by name.
pub fn list(done: &str, problems: &[Problem]) {
    for problem in problems.iter().take(SHOWN) {
        warn(format!("{done} {}: {}", problem.place, problem.what));
    }
    let rest = problems.get(SHOWN..).unwrap_or_default();
    if !rest.is_empty() {
        let names: Vec<&str> = rest.iter().take(NAMES).map(|p| p.place.as_str()).collect();
        let dots = if rest.len() > names.len() { ", .." } else { "" };
        let count = thousands(rest.len() as u64);
        warn(format!("{done} {count} more: {}{dots}", names.join(", ")));
    }
}
