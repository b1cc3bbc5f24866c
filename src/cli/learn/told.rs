//! What `learn` prints, as text.

use super::answer::{Answer, RunAnswer};
use super::baseline::baseline;
use super::figures::{BandAnswer, said};
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
        let told = |band: &BandAnswer| band.band().told();
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
    baseline(&mut text, answer.random_features.as_ref());
    by_clients(&mut text, answer);
    groups(&mut text, answer);
    for difference in &answer.differences {
        let worst = difference.raw_worst.map(|raw| (", worst group", raw));
        for (what, raw) in [("", difference.raw)].into_iter().chain(worst) {
            let _ = writeln!(
                text,
                "{} less {}{what}: i2t R@1 {}, t2i R@1 {}",
                difference.first,
                difference.less,
                said(raw[0]),
                said(raw[3])
            );
        }
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

/// Recall against rounds, bytes and clients, a line for each kind of run by clients; nothing where there are none.
fn by_clients(text: &mut String, answer: &Answer) {
    let own = |key: &str| -> Option<&RunAnswer> { answer.runs.iter().find(|run| run.key == key) };
    let kinds = answer.bands.iter().filter_map(|(key, bands)| {
        let clients = &own(key)?.clients;
        Some((key, bands, clients, clients.clients?, clients.sync?))
    });
    let mut is_first = true;
    for (key, bands, about, clients, sync) in kinds {
        if is_first {
            is_first = false;
            let _ = writeln!(
                text,
                "\n{:<22}{:>9}{:>7}{:>9}{:>11}{:>11}{:>15}{:>15}",
                "simulated clients",
                "clients",
                "R",
                "rounds",
                "MB up",
                "MB down",
                "i2t R@1",
                "t2i R@1"
            );
        }
        let sent = &about.exchange;
        let megabytes = |bytes: Option<u64>| bytes.unwrap_or(0) as f64 / 1e6;
        let _ = writeln!(
            text,
            "{key:<22}{clients:>9}{sync:>7}{:>9}{:>11.2}{:>11.2}{:>15}{:>15}",
            sent.rounds.unwrap_or(0),
            megabytes(sent.bytes_up),
            megabytes(sent.bytes_down),
            bands.i2t.r1.band().told(),
            bands.t2i.r1.band().told(),
        );
    }
    if !is_first {
        text.push('\n');
    }
}

/// The worst group of each kind of run, and what the groups are.
fn groups(text: &mut String, answer: &Answer) {
    for group in &answer.groups {
        let _ = writeln!(
            text,
            "group {}: {} pairs to train on, {} captions held out",
            group.name, group.pairs, group.held_out
        );
    }
    for (key, found) in &answer.worst_group {
        let told = |band: &BandAnswer| band.band().told();
        let _ = writeln!(
            text,
            "{key}, worst group: i2t R@1 {} (on average worst: {}), t2i R@1 {} (on average worst: {})",
            told(&found.bands.i2t.r1),
            found.worst.i2t,
            told(&found.bands.t2i.r1),
            found.worst.t2i
        );
    }
}
