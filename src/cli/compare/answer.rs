//! What `nearmiss compare` prints.

use crate::cli::output::counted;
use crate::compute::{Hit, Measure};
use crate::dataset::Dataset;
use crate::retrieval::compare::{Agreement, Compared, Interval, Shift, ShiftBin};
use crate::retrieval::{Metrics, Side};
use serde::Serialize;
use std::fmt::Write;

/// What `compare` prints. The keys of its JSON form are a contract.
#[derive(Serialize)]
pub struct Answer {
    pub a: String,
    pub b: String,
    pub images: usize,
    pub captions: usize,
    pub i2t: Way,
    pub t2i: Way,
    pub engine: String,
    pub seconds: f64,
}

/// One direction as [`Compared`], its listed queries by name.
#[derive(Serialize)]
pub struct Way {
    pub queries: usize,
    pub a: Metrics,
    pub b: Metrics,
    pub r1_difference: Interval,
    pub at: [Agreement; 3],
    pub spearman: Option<f64>,
    pub better: usize,
    pub worse: usize,
    pub same: usize,
    pub same_hardest: f64,
    pub shifts: Vec<ShiftBin>,
    pub largest: Vec<Listed>,
}

/// A query whose rank changes.
#[derive(Serialize)]
pub struct Listed {
    pub query: usize,
    pub name: Option<String>,
    pub rank_a: u32,
    pub rank_b: u32,
    pub shift: i64,
    pub hardest_a: Option<Negative>,
    pub hardest_b: Option<Negative>,
}

/// A hardest negative.
#[derive(Serialize)]
pub struct Negative {
    pub index: u32,
    pub score: f32,
    pub name: Option<String>,
}

/// One direction, with the names of `dataset`.
pub fn way(found: Compared, dataset: Option<&Dataset>, side: Side) -> Way {
    let name = |side: Side, row: usize| {
        let dataset = dataset?;
        Some(match side {
            Side::Image => dataset.images.get(row)?.name.clone(),
            Side::Text => dataset.captions.get(row)?.clone(),
        })
    };
    let negative = |hit: Hit| {
        (hit.index != u32::MAX).then(|| Negative {
            index: hit.index,
            score: hit.score,
            name: name(side.other(), hit.index as usize),
        })
    };
    let listed = |s: &Shift| Listed {
        query: s.query,
        name: name(side, s.query),
        rank_a: s.rank_a,
        rank_b: s.rank_b,
        shift: s.shift,
        hardest_a: negative(s.hardest_a),
        hardest_b: negative(s.hardest_b),
    };
    Way {
        largest: found.largest.iter().map(listed).collect(),
        queries: found.queries,
        a: found.a,
        b: found.b,
        r1_difference: found.r1_difference,
        at: found.at,
        spearman: found.spearman,
        better: found.better,
        worse: found.worse,
        same: found.same,
        same_hardest: found.same_hardest,
        shifts: found.shifts,
    }
}

/// The answer as text; rows were compared by `measure`.
pub fn describe(answer: &Answer, measure: Measure) -> String {
    let mut text = format!(
        "A: {}\nB: {}\n{}, {}, compared {} in {:.2} s on {}\n",
        answer.a,
        answer.b,
        counted(answer.images, "image"),
        counted(answer.captions, "caption"),
        measure.phrase(),
        answer.seconds,
        answer.engine
    );
    for (name, way) in [
        ("image to text", &answer.i2t),
        ("text to image", &answer.t2i),
    ] {
        describe_way(&mut text, name, way);
    }
    text
}

fn describe_way(text: &mut String, name: &str, way: &Way) {
    const SHOWN: usize = 5;
    let _ = writeln!(
        text,
        "\n{name:<14}{:>8}{:>8}{:>8}{:>8}{:>9}",
        "R@1 %", "R@5 %", "R@10 %", "MedR", "MeanR"
    );
    for (letter, m) in [("A", &way.a), ("B", &way.b)] {
        let _ = writeln!(
            text,
            "{letter:<14}{:>8.2}{:>8.2}{:>8.2}{:>8.1}{:>9.2}",
            m.r1, m.r5, m.r10, m.medr, m.meanr
        );
    }
    let d = &way.r1_difference;
    let _ = writeln!(
        text,
        "B - A at R@1: {:+.2} points, 95 % from {:+.2} to {:+.2}",
        d.difference, d.low, d.high
    );
    let _ = writeln!(
        text,
        "{:<6}{:>10}{:>9}{:>9}{:>12}{:>9}{:>8}{:>10}",
        "k", "both", "only A", "only B", "both wrong", "agree %", "kappa", "p"
    );
    for at in &way.at {
        let kappa = at.kappa.map_or_else(|| "-".into(), |k| format!("{k:.3}"));
        let p = if at.p_value < 1e-4 {
            format!("{:.1e}", at.p_value)
        } else {
            format!("{:.4}", at.p_value)
        };
        let _ = writeln!(
            text,
            "{:<6}{:>10}{:>9}{:>9}{:>12}{:>9.1}{kappa:>8}{p:>10}",
            at.k, at.both, at.only_a, at.only_b, at.neither, at.agreement
        );
    }
    let rho = way
        .spearman
        .map_or_else(|| "undefined".into(), |rho| format!("{rho:.3}"));
    let _ = writeln!(
        text,
        "ranks: {} better with B, {} worse, {} the same; Spearman {rho}; same hardest negative {:.1} %",
        way.better, way.worse, way.same, way.same_hardest
    );
    for listed in way.largest.iter().take(SHOWN) {
        let name = listed.name.as_deref().unwrap_or_default();
        let _ = writeln!(
            text,
            "  rank {:>6} -> {:<6} query {} {name}",
            listed.rank_a, listed.rank_b, listed.query
        );
    }
}
