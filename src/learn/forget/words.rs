//! What forgetting came to, in words that hold.

use super::ascent::Ended;
use super::asked::Asked;
use super::study::Study;
use super::table::{Row, Table};
use crate::learn::Band;
use crate::learn::words::number;

/// "24.0 ± 2.1", with so many digits after the point.
pub fn told(band: Band, digits: usize) -> String {
    match band.half {
        Some(half) => format!("{:.digits$} ± {half:.digits$}", band.mean),
        None => format!("{:.digits$}", band.mean),
    }
}

/// One sentence: how far recall of the forgotten pairs and membership are from those of heads that never saw them.
pub fn headline(table: &Table) -> String {
    let (Some(recall), Some(membership)) = (table.row("forgotten_i2t_r1"), table.row("membership"))
    else {
        return String::new();
    };
    let [before, after, _] = recall.bands;
    format!(
        "Image to text R@1 of the forgotten pairs goes from {} to {} %, {}; membership (AUC) goes from {} to {}, {}.",
        told(before, 1),
        told(after, 1),
        beside(recall, table.seeds, " %"),
        told(membership.bands[0], 3),
        told(membership.bands[1], 3),
        beside(membership, table.seeds, "")
    )
}

/// "level with the 20.3 ± 1.0 % of heads trained without them (+1.0 ± 2.0, not settled by five seeds)".
fn beside(row: &Row, seeds: usize, unit: &str) -> String {
    let digits = row.figure.digits;
    let less = row.less[1];
    let without = told(row.bands[2], digits);
    let apart = |word: &str, settled: &str| {
        let half = less.half;
        let half = half.map_or_else(String::new, |half| format!(" ± {half:.digits$}"));
        format!(
            "{word} the {without}{unit} of heads trained without them ({:+.digits$}{half}, {settled})",
            less.mean
        )
    };
    match less.half {
        None => apart("beside", "which one seed does not settle"),
        Some(_) if !less.is_settled() => {
            apart("beside", &format!("not settled by {} seeds", number(seeds)))
        }
        Some(_) if less.mean > 0.0 => apart("still above", "settled"),
        Some(_) => apart("below", "settled"),
    }
}

/// What is to be known of the figures, in sentences: how steps ended, and what studies say.
pub fn remarks(studies: &[Study], asked: &Asked) -> Vec<String> {
    let of = |ended: Ended| {
        studies
            .iter()
            .filter(move |study| study.forgot.ended == ended)
    };
    let mut notes = Vec::new();
    let count = of(Ended::Steps).count();
    if count > 0 {
        notes.push(format!(
            "{count} of {} seeds took all {} steps, and their forgotten pairs are still more alike than pairs held out: \
             they remember. Give more steps, a larger rate or a smaller energy.",
            studies.len(),
            asked.steps
        ));
    }
    let count = of(Ended::NoGradient).count();
    if count > 0 {
        notes.push(format!(
            "In {count} of {} seeds the loss of the forgotten pairs has no slope left to go up. Let another \
             loss go up, such as InfoNCE.",
            studies.len()
        ));
    }
    let at_once = of(Ended::Reached)
        .filter(|study| study.forgot.steps == 0)
        .count();
    if at_once > 0 {
        notes.push(format!(
            "In {at_once} of {} seeds the forgotten pairs were no more alike than pairs held out to begin with: nothing was \
             changed.",
            studies.len()
        ));
    }
    notes.extend(studies.iter().flat_map(|study| study.notes.clone()));
    notes
}
