//! A study in files.

use super::found::Study;
use super::words::headline;
use crate::error::Result;
use crate::files::{escape, replace, write_table};
use crate::learn::linear::Norm;
use crate::learn::linear::study::{Answer, words::of_largest};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// Writes robust accuracy of every classifier at every corner of its curve: method, norm, budget, accuracy.
///
/// # Errors
/// The file cannot be written.
pub fn write_curves(path: &Path, study: &Study) -> Result<()> {
    let runs = study.runs.iter();
    let lines = runs.flat_map(|ran| {
        Norm::ALL.into_iter().flat_map(move |norm| {
            let corners = ran.classifier.curves[norm.index()].corners();
            corners.into_iter().map(move |[budget, accuracy]| {
                [
                    ran.method.name().to_owned(),
                    norm.name().to_owned(),
                    budget.to_string(),
                    accuracy.to_string(),
                ]
            })
        })
    });
    write_table(
        path,
        &["optimizer", "norm", "epsilon", "robust_accuracy"],
        lines,
    )
}

/// Writes the margins along every training: method, step, logarithm of the loss, margin in each norm.
///
/// # Errors
/// The file cannot be written.
pub fn write_history(path: &Path, study: &Study) -> Result<()> {
    let runs = study.runs.iter();
    let lines = runs.flat_map(|ran| {
        ran.trained.history.iter().map(|moment| {
            let [l2, linf, l1, fourier] = moment.margins.map(|margin| margin.to_string());
            [
                ran.method.name().to_owned(),
                moment.step.to_string(),
                moment.log_loss.to_string(),
                l2,
                linf,
                l1,
                fourier,
            ]
        })
    });
    let columns = ["optimizer", "step", "log_loss", "l2", "linf", "l1", "flinf"];
    write_table(path, &columns, lines)
}

/// The place of a panel of robust accuracy: left, top, width, height; the next is so much to the right.
const PANEL: [f64; 5] = [60.0, 90.0, 190.0, 190.0, 235.0];
/// The inks of the methods, in their order.
const INKS: [&str; 5] = ["#1f6fc2", "#b06a00", "#803db0", "#5b616d", "#1f7a32"];

/// Writes robust accuracy in each norm, and the table of fractions, as SVG.
///
/// # Errors
/// The file cannot be written.
pub fn write_svg(path: &Path, study: &Study) -> Result<()> {
    let mut out = String::new();
    let tall = 340.0 + 24.0 * study.runs.len() as f64;
    // Writing to a string does not fail.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1000 {tall}\" font-family=\"sans-serif\" font-size=\"13\" \
         fill=\"#16181e\">\n<title>{0}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"20\" y=\"30\" font-size=\"16\">{0}</text>\n<text x=\"20\" y=\"54\" fill=\"#5b616d\">Robust accuracy in %, \
         exact worst case; below: margin in % of the largest</text>",
        escape(&headline(study))
    );
    let answer = Answer::of(study);
    for (n, norm) in Norm::ALL.into_iter().enumerate() {
        panel(&mut out, study, norm, n);
        for (line, run) in answer.runs.iter().enumerate() {
            let y = 345.0 + 24.0 * line as f64;
            let fraction = run.withstands.fraction[norm.name()];
            let told = fraction.map_or_else(|| "none".into(), of_largest);
            let x = PANEL[0] + PANEL[4] * n as f64 + 175.0;
            let _ = writeln!(
                out,
                "<text x=\"{x}\" y=\"{y}\" text-anchor=\"end\">{told}</text>"
            );
        }
    }
    for (line, ran) in study.runs.iter().enumerate() {
        let y = 345.0 + 24.0 * line as f64;
        let _ = writeln!(
            out,
            "<text x=\"20\" y=\"{y}\" fill=\"{}\">{}</text>",
            INKS[line % INKS.len()],
            escape(ran.method.title())
        );
    }
    out.push_str("</svg>\n");
    replace(path, |file| file.write_all(out.as_bytes()))
}

fn panel(out: &mut String, study: &Study, norm: Norm, n: usize) {
    let [left, top, wide, tall, apart] = PANEL;
    let left = left + apart * n as f64;
    let far = super::answer::farthest(study, norm).max(1e-300);
    let x = |budget: f64| left + (budget / far).min(1.0) * wide;
    let y = |accuracy: f64| top + (1.0 - accuracy) * tall;
    let _ = writeln!(
        out,
        "<text x=\"{left}\" y=\"80\">{}</text>\n<line x1=\"{left}\" x2=\"{2}\" y1=\"{1}\" y2=\"{1}\" stroke=\"#8a8f99\"/>\n\
         <text x=\"{2}\" y=\"{3}\" text-anchor=\"end\" fill=\"#5b616d\">epsilon to {far:.3}</text>",
        norm.title(),
        top + tall,
        left + wide,
        top + tall + 18.0
    );
    for (line, ran) in study.runs.iter().enumerate() {
        let corners = ran.classifier.curves[norm.index()].corners();
        let end = [far, ran.classifier.curves[norm.index()].accuracy(far)];
        let points: Vec<String> = corners
            .iter()
            .filter(|corner| corner[0] <= far)
            .chain([&end])
            .map(|&[budget, accuracy]| format!("{:.1},{:.1}", x(budget), y(accuracy)))
            .collect();
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke-width=\"1.6\" stroke=\"{}\"><title>{}</title></polyline>",
            points.join(" "),
            INKS[line % INKS.len()],
            escape(ran.method.title())
        );
    }
}
