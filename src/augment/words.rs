//! What a study says, in sentences that hold.

use super::change::Change;
use super::learning::is_at_most;
use super::levels::Weighing;
use super::study::{Course, Study};
use crate::error::counted;
use crate::learn::Band;

/// "+3.1 ± 1.2", with a minus sign.
pub fn signed(band: Band) -> String {
    let told = band.told().replace('-', "−");
    let none = told.trim_start_matches(['−', '0', '.']).is_empty();
    if band.mean > 0.0 && !none {
        format!("+{told}")
    } else {
        told
    }
}

/// A magnitude with its band, to three places: "0.250 ± 0.012".
pub fn magnitude(band: Band) -> String {
    match band.half {
        Some(half) => format!("{:.3} ± {half:.3}", band.mean),
        None => format!("{:.3}", band.mean),
    }
}

/// Which magnitudes grew and what averaging brought.
pub fn headline(study: &Study) -> String {
    let text = courses(study);
    let Some(gain) = study.gain(true) else {
        return text;
    };
    let seeds = counted(study.runs.len(), "seed");
    let points = signed(gain);
    let what = "On images that neither level saw, the mean of the six recalls through the read-out";
    let gained = match gain.half {
        _ if study.magnitudes().made().is_empty() => {
            "No change is left to be averaged over: both encoders are the same.".to_owned()
        }
        None => format!(
            "{what} differs from the plain encoder's by {points} points, of one seed, which settles nothing."
        ),
        Some(_) if gain.is_settled() => {
            let way = if gain.mean > 0.0 { "higher" } else { "lower" };
            format!(
                "{what} is {way} for the averaged embedding than for the plain one: {points} points over {seeds}."
            )
        }
        Some(_) => format!(
            "{what} is not settled to be higher or lower for the averaged embedding than for the plain one: {points} points over {seeds}."
        ),
    };
    format!("{text} {gained}")
}

fn courses(study: &Study) -> String {
    let named = |course: Course| -> Vec<&str> {
        let all = Change::ALL.into_iter();
        all.filter(|change| study.course(*change) == course)
            .map(Change::title)
            .collect()
    };
    let parts = [
        (Course::Grew, "grew"),
        (Course::Fell, "fell"),
        (Course::NotSettled, "not settled"),
        (Course::Given, "given, not learned"),
    ];
    let parts = parts.into_iter().filter_map(|(course, words)| {
        let names = named(course);
        (!names.is_empty()).then(|| format!("{words}: {}", names.join(", ")))
    });
    let text = parts.collect::<Vec<String>>().join("; ");
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// What is to be known of the figures.
pub fn remarks(study: &Study) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some((change, why)) = &study.without_effect {
        notes.push(format!("{} is left out: {why}.", capital(change.title())));
    }
    if !study.approximate.is_empty() && !study.learned.is_empty() {
        notes.push(format!(
            "The image model rounds, and the gradient passes its {} as if they did not.",
            study.approximate.join(", ")
        ));
    }
    for change in study.learned.iter() {
        let ends = study.runs.iter().map(|run| run.magnitudes.get(change));
        let most = ends.filter(|end| is_at_most(change, *end)).count();
        if most > 0 {
            notes.push(format!(
                "{} reached its largest magnitude, {:.3} {}, with {} of {}: it might have gone further.",
                capital(change.title()),
                change.most(),
                change.unit(),
                most,
                counted(study.runs.len(), "seed")
            ));
        }
    }
    let asked = &study.asked;
    let sizes = study
        .runs
        .iter()
        .map(|run| run.parts.train.len().min(run.parts.held.len()));
    if let Some(least) = sizes
        .min()
        .filter(|least| *least < asked.batch && !study.learned.is_empty())
    {
        notes.push(format!(
            "A part has {least} images: each step takes those, and not {}.",
            asked.batch
        ));
    }
    let twice = study
        .runs
        .iter()
        .map(|run| run.seen_before)
        .max()
        .unwrap_or(0);
    if twice > 0 {
        notes.push(format!(
            "Up to {} of the images that recall is measured on are there twice: a picture with the same pixels is in another part.",
            counted(twice, "picture")
        ));
    }
    let captions: usize = study
        .runs
        .iter()
        .map(|run| run.judged.wordings)
        .min()
        .unwrap_or(0);
    let images = study.runs.first().map_or(0, |run| run.parts.judged.len());
    if captions < images {
        notes.push(format!(
            "The {images} images that recall is measured on have {captions} different captions: captions of the same words are one \
             candidate, right for each image that has it."
        ));
    }
    if study.runs.len() > 1 {
        notes.push(format!(
            "Bands are 95 % over {} of the same images.",
            counted(study.runs.len(), "random parting")
        ));
    }
    let Weighing { ridge, temperature } = asked.weighing;
    notes.push(format!(
        "Read-outs have a ridge of {ridge} towards the identity; the loss of held-out pairs has a temperature of {temperature}; an \
         averaged embedding is the mean over {}.",
        counted(asked.draws, "draw")
    ));
    notes
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}
