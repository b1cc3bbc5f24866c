//! The figures of an attacked set as text.

use super::super::output::counted;
use crate::attack::{
    AttackSettings, Figure, Goal, Norm, Recalls, SetReport, SetRequest, Success, levels_and_value,
};
use crate::retrieval::Side;
use std::fmt::Write as _;

/// A radius as people write it.
fn radius(norm: Norm, eps: f32) -> String {
    if norm.is_in_pixels() {
        levels_and_value(eps)
    } else {
        norm.radius(eps)
    }
}

/// The threat model in words.
fn threat(settings: &AttackSettings) -> String {
    let norm = match settings.threat.norm {
        Norm::Fourier(band) if (band.low, band.high) != (0.0, 1.0) => {
            let title = settings.threat.norm.title();
            format!("{title}, band {}..{}", band.low, band.high)
        }
        Norm::Free => "anything".to_owned(),
        norm => norm.title().to_owned(),
    };
    let region = if settings.threat.region.is_some() {
        " in a rectangle"
    } else {
        ""
    };
    let mask = if settings.threat.mask.is_some() {
        " under a mask"
    } else {
        ""
    };
    format!("{norm}{region}{mask}")
}

/// The figures of a report, in the order of its tables.
fn figures(report: &SetReport) -> Vec<Figure> {
    report.clean_at.values.iter().map(|(f, _)| *f).collect()
}

/// Everything that a report says.
pub(in crate::cli) fn describe(report: &SetReport) -> String {
    let settings = &report.settings;
    let mut text = format!(
        "{} ({} steps at most), {}, on {} with {}; {:.1} s after {:.1} s of preparation, {:.1} steps/s\n",
        settings.method.title(),
        settings.steps(),
        threat(settings),
        counted(report.images, "picture"),
        counted(report.clean.captions, "caption"),
        report.seconds,
        report.prepare_seconds,
        report.steps_per_second
    );
    if report.goal == Goal::Lose {
        text.push_str(
            "Each recall is left by an attack on that recall, every picture attacked. I-T: the best right caption is \
             pushed below rank K;\nT-I: for each caption, its picture is pushed below rank K among the other pictures, \
             unperturbed. Ties count against the right one.\n",
        );
        recall_tables(&mut text, report);
    } else {
        goal_table(&mut text, report);
    }
    transfer_table(&mut text, report);
    text
}

/// One line: a name and a value for each column.
fn line(text: &mut String, name: &str, values: impl Iterator<Item = Option<f64>>) {
    // Writing to a string cannot fail.
    let _ = write!(text, "{name:<22}");
    for value in values {
        let _ = match value {
            Some(value) => write!(text, "{value:>10.2}"),
            None => write!(text, "{:>10}", "-"),
        };
    }
    text.push('\n');
}

fn head(text: &mut String, title: &str, figures: &[Figure]) {
    let _ = write!(text, "\n{title:<22}");
    for figure in figures {
        let arrow = match figure.side {
            Side::Image => "I-T",
            Side::Text => "T-I",
        };
        let _ = write!(text, "{:>10}", format!("{arrow} R@{}", figure.k));
    }
    text.push('\n');
}

fn recall_tables(text: &mut String, report: &SetReport) {
    let figures = figures(report);
    let norm = report.settings.threat.norm;
    let values = |recalls: &Recalls| -> Vec<Option<f64>> {
        let of = |f: &Figure| recalls.get(f.side, f.k);
        figures.iter().map(of).collect()
    };
    let table = |text: &mut String, title: &str, of: &dyn Fn(usize) -> Vec<Option<f64>>| {
        head(text, title, &figures);
        if title.starts_with("recall") || title.starts_with("after") {
            line(text, "clean", values(&report.clean_at).into_iter());
        }
        for (at, level) in report.levels.iter().enumerate() {
            line(text, &radius(norm, level.eps), of(at).into_iter());
        }
    };
    let success = |at: usize, of: &dyn Fn(&Success) -> Option<f64>| -> Vec<Option<f64>> {
        report.levels[at].success.iter().map(of).collect()
    };
    table(text, "recall, %", &|at| values(&report.levels[at].robust));
    table(text, "after 8 bits, %", &|at| {
        values(&report.levels[at].quantized)
    });
    table(text, "wrong of the right, %", &|at| {
        success(at, &|s| s.of_right.map(|share| 100.0 * share))
    });
    table(text, "drop of recall", &|at| success(at, &|s| Some(s.drop)));
    head(text, "cost", &figures);
    let costs = || report.figures.iter().map(|f| f.cost);
    line(text, "seconds", costs().map(|c| Some(c.seconds)));
    line(
        text,
        "searches",
        costs().map(|c| Some(f64::from(c.searches))),
    );
    text.push_str("\nmean change");
    for level in &report.levels {
        let _ = write!(
            text,
            "\n{:<22}l-inf {:.5}, l2 {:.4}",
            radius(norm, level.eps),
            level.mean_linf,
            level.mean_l2
        );
    }
    text.push('\n');
}

fn goal_table(text: &mut String, report: &SetReport) {
    let _ = writeln!(
        text,
        "The goal: {}; {} had not reached it before. No recall was attacked for.\n",
        report.goal.title(),
        counted(report.stood_before, "picture")
    );
    let _ = writeln!(
        text,
        "{:<22}{:>10}{:>12}{:>12}",
        "epsilon", "reached %", "mean l-inf", "mean l2"
    );
    for level in &report.levels {
        let reached = level
            .success_rate
            .map_or_else(|| "-".into(), |s| format!("{:.1}", 100.0 * s));
        let _ = writeln!(
            text,
            "{:<22}{reached:>10}{:>12.5}{:>12.4}",
            radius(report.settings.threat.norm, level.eps),
            level.mean_linf,
            level.mean_l2
        );
    }
}

fn transfer_table(text: &mut String, report: &SetReport) {
    let Some(transfer) = &report.transfer else {
        return;
    };
    let figures = figures(report);
    let _ = writeln!(
        text,
        "\nThe same perturbations, as saved pictures, for {}; what the first encoder had wrong already is not \
         perturbed.",
        transfer.encoder
    );
    head(text, "recall, %", &figures);
    let clean = |f: &Figure| {
        let metrics = match f.side {
            Side::Image => &transfer.clean.i2t,
            Side::Text => &transfer.clean.t2i,
        };
        let known = SetRequest::AT.iter().position(|&k| k == f.k);
        known.map(|at| [metrics.r1, metrics.r5, metrics.r10][at])
    };
    line(text, "clean", figures.iter().map(clean));
    for (level, recalls) in report.levels.iter().zip(&transfer.robust) {
        let values = figures.iter().map(|f| recalls.get(f.side, f.k));
        line(
            text,
            &radius(report.settings.threat.norm, level.eps),
            values,
        );
    }
}
