//! What `learn` prints, as text.

use super::answer::{Answer, BandAnswer, RunAnswer};
use crate::learn::Band;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The answer as text.
pub fn describe(answer: &Answer) -> String {
    let mut text = format!(
        "{}: {} pairs, recall on {} images held out, {}\n\n",
        answer.split, answer.pairs, answer.valid_images, answer.engine
    );
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "{:<22}{:>15}{:>15}{:>15}{:>15}{:>9}{:>10}",
        "validation, %", "i2t R@1", "i2t R@5", "t2i R@1", "t2i R@5", "in train", "ms a step"
    );
    for (key, bands) in &answer.bands {
        let told = |band: &BandAnswer| {
            Band {
                mean: band.mean,
                half: band.half_width,
            }
            .told()
        };
        let own: Vec<&RunAnswer> = answer.runs.iter().filter(|run| run.key == *key).collect();
        let mean = |of: &dyn Fn(&RunAnswer) -> f64| {
            own.iter().map(|run| of(run)).sum::<f64>() / own.len().max(1) as f64
        };
        let _ = writeln!(
            text,
            "{key:<22}{:>15}{:>15}{:>15}{:>15}{:>9.1}{:>10.3}",
            told(&bands.i2t.r1),
            told(&bands.i2t.r5),
            told(&bands.t2i.r1),
            told(&bands.t2i.r5),
            mean(&|run| run.train.as_ref().map_or(0.0, |train| train.i2t.r1)),
            mean(&|run| 1e3 * run.seconds / run.steps.max(1) as f64),
        );
    }
    if answer.runs.len() > answer.bands.len() {
        text.push_str("± is half the width of the 95 % band of the mean over seeds.\n");
    }
    for (key, found) in &answer.efficiency {
        let told = |band: &BandAnswer| {
            let half = band.half_width;
            let half = half.map_or_else(String::new, |half| format!(" ± {half:.0}"));
            format!("{:.0}{half}", band.mean)
        };
        let _ = writeln!(
            text,
            "{key}: nine tenths of its last R@1 took {} pairs (i2t), {} (t2i); mean R@1 on the way {:.1}, {:.1}",
            told(&found.i2t.pairs_for_90),
            told(&found.t2i.pairs_for_90),
            found.i2t.area.mean,
            found.t2i.area.mean
        );
    }
    for difference in &answer.differences {
        let said = |k: usize| {
            let band = difference.raw[k];
            let settled = match band.half {
                None => "one seed settles nothing",
                Some(_) if band.is_settled() => "settled",
                Some(_) => "not settled by these seeds",
            };
            format!(
                "{:+.1}{} ({settled})",
                band.mean,
                band.half.map_or_else(String::new, |h| format!(" ± {h:.1}"))
            )
        };
        let _ = writeln!(
            text,
            "{} less {}: i2t R@1 {}, t2i R@1 {}",
            difference.first,
            difference.less,
            said(0),
            said(3)
        );
    }
    let notes = answer.runs.iter().flat_map(|run| &run.notes);
    let unique: BTreeSet<&String> = answer.notes.iter().chain(notes).collect();
    for note in unique {
        let _ = writeln!(text, "{note}");
    }
    if let Some(out) = &answer.out {
        let _ = writeln!(text, "Written to {out}");
    }
    text
}
