//! What a changed dataset says, in sentences.

use super::plain::Plain;
use super::study::{Found, Part};
use crate::error::counted;
use crate::learn::Band;
use std::collections::BTreeSet;

/// "41.7 ± 8.0": shares in per cent.
pub fn percent(band: Band) -> String {
    let told = Band {
        mean: 100.0 * band.mean,
        half: band.half.map(|half| 100.0 * half),
    };
    told.told().replace('-', "−")
}

/// Is the difference settled?
pub fn settled(gain: Band) -> &'static str {
    match gain.half {
        None => "one split, which settles nothing",
        Some(half) if half == 0.0 && gain.mean == 0.0 => "the same in every split",
        Some(_) if gain.is_settled() => "settled",
        Some(_) => "not settled",
    }
}

/// What plain training on the changed set withstands, against the unchanged one.
pub fn headline(found: &Found) -> String {
    let asked = &found.asked;
    if asked.radius == 0.0 {
        return "With a radius of 0 no row moves: both sets are the same.".into();
    }
    let size = asked.against();
    let part = Part::ALL
        .into_iter()
        .rev()
        .find(|part| found.compared(Plain::Ridge, *part).next().is_some());
    let part = part.unwrap_or(Part::Trained);
    let Some([before, after, gain]) = found.at(Plain::Ridge, part, size) else {
        return String::new();
    };
    let mut text = format!(
        "Perturbations of {size} ({}) leave plain ridge regression right about {} % of the {}, and {} % where it is trained on rows \
         moved by at most {}: {} ({}).",
        asked.norm.title(),
        percent(before),
        part.title(),
        percent(after),
        asked.radius,
        signed(gain),
        settled(gain)
    );
    if let Some([_, _, natural]) = found.at(Plain::Ridge, part, 0.0) {
        let told = signed(natural);
        text = format!(
            "{text} Without perturbation: {told} ({}).",
            settled(natural)
        );
    }
    text
}

/// "+37.5 ± 9.0".
pub fn signed(gain: Band) -> String {
    let told = percent(gain);
    if told.starts_with(['−', '0']) && gain.mean <= 0.0 {
        told
    } else {
        format!("+{told}")
    }
}

/// What is to be known of the figures.
pub fn remarks(found: &Found) -> Vec<String> {
    let mut notes = BTreeSet::new();
    for split in &found.splits {
        let has = |part| split.compared.iter().any(|c| c.part == part);
        if !has(Part::HeldOut) {
            notes.insert(
                "No rows of both groups are held out: the figures are of rows trained on."
                    .to_owned(),
            );
        }
        if split.moved.losses.len() > 1 && split.moved.best == 0 {
            notes.insert(
                "No step lowered the loss under attack: the rows of a split stay as they were."
                    .to_owned(),
            );
        }
    }
    if found.splits.len() > 1 {
        notes.insert(format!(
            "Bands are 95 % over {} of the same rows.",
            counted(found.splits.len(), "random split")
        ));
    }
    notes.into_iter().collect()
}
