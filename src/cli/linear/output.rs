//! What `linear` writes and prints.

use super::Printed;
use super::moving;
use crate::dataset::npy::write_doubles;
use crate::error::{Error, Result, thousands};
use crate::files::{replace, write_json};
use crate::learn::linear::study::files::{write_curves, write_history, write_svg};
use crate::learn::linear::study::words::{detail, headline, of_largest, percent};
use crate::learn::linear::study::{Study, Withstands};
use crate::learn::linear::{Method, Norm, classifier};
use crate::task::Task;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// Writes all files; what could not be written of a classifier that is none, in sentences.
///
/// # Errors
/// A file cannot be written; cancellation.
pub fn write(
    out: &Path,
    (study, mean): (&Study, &[f64]),
    printed: &Printed,
    task: &Task,
) -> Result<Vec<String>> {
    std::fs::create_dir_all(out).map_err(Error::io("create", out))?;
    write_json(&out.join("linear.json"), printed)?;
    task.check()?;
    write_curves(&out.join("curves.csv"), study)?;
    write_history(&out.join("history.csv"), study)?;
    write_svg(&out.join("linear.svg"), study)?;
    let mut notes = Vec::new();
    let mut all = Vec::with_capacity(study.runs.len() * study.problem.width());
    for ran in &study.runs {
        let weights = &ran.classifier.weights;
        all.extend_from_slice(weights);
        if weights.iter().all(|w| *w == 0.0) {
            notes.push(format!(
                "{} ended at 0, which is no model",
                ran.method.name()
            ));
            continue;
        }
        let offset = -weights.iter().zip(mean).map(|(w, m)| w * m).sum::<f64>();
        let model = classifier(weights, offset, study.problem.fourier().shape())?;
        let path = out.join(ran.method.name()).with_extension("onnx");
        replace(&path, |file| file.write_all(&model))?;
    }
    let shape = [study.runs.len(), study.problem.width()];
    write_doubles(&out.join("weights.npy"), &all, &shape)?;
    Ok(notes)
}

/// The answer as text.
pub fn describe(study: &Study, printed: &Printed) -> String {
    let answer = &printed.answer;
    let [first, second] = &printed.groups;
    let mut text = format!(
        "{first} ({} rows) and {second} ({}), {}: {} values\n{}\n{}\n",
        thousands(answer.rows[0] as u64),
        thousands(answer.rows[1] as u64),
        printed.on,
        thousands(answer.columns as u64),
        headline(study),
        detail(study)
    );
    // Writing to a string does not fail.
    if answer.separable {
        let _ = writeln!(
            text,
            "\n{:<24}{:>18}{:>12}{:>12}",
            "Maximal margin", "value", "gap", "seconds"
        );
        for norm in Norm::ALL {
            let Some(best) = &answer.max_margin[norm.name()] else {
                let _ = writeln!(text, "{:<24}{:>18}", norm.title(), "none");
                continue;
            };
            let _ = writeln!(
                text,
                "{:<24}{:>18.12}{:>12.1e}{:>12.2}",
                norm.title(),
                best.value,
                best.gap,
                best.seconds
            );
        }
    }
    if let Some(soft) = &answer.soft_margin {
        let _ = writeln!(
            text,
            "\nSoft margin: mean hinge {:.6}, penalty {:.1e}, gap {:.1e}",
            soft.hinge, soft.penalty, soft.gap
        );
    }
    let _ = write!(text, "\n{:<32}", "Margin, % of the largest");
    for norm in Norm::ALL {
        let _ = write!(text, "{:>15}", norm.title());
    }
    let _ = writeln!(text, "{:>12}{:>12}", "rows right", "seconds");
    let mut row = |title: &str, own: Option<Norm>, of: &Withstands, seconds: Option<f64>| {
        let _ = write!(text, "{title:<32}");
        for norm in Norm::ALL {
            let fraction = of.fraction[norm.name()];
            let told = fraction.map_or_else(|| "none".to_owned(), of_largest);
            let star = if own == Some(norm) { "*" } else { " " };
            let _ = write!(text, "{:>15}", told + star);
        }
        let _ = write!(text, "{:>12}", percent(of.accuracy));
        let _ = match seconds {
            Some(seconds) => writeln!(text, "{seconds:>12.2}"),
            None => writeln!(text),
        };
    };
    for run in &answer.runs {
        let method: Option<Method> = run.optimizer.parse().ok();
        let title = method.map_or(run.optimizer, Method::title);
        let own = method.map(Method::norm);
        row(title, own, &run.withstands, Some(run.seconds));
    }
    for penalty in &answer.penalties {
        let own = Norm::ALL
            .into_iter()
            .find(|norm| norm.name() == penalty.norm);
        let norm = own.map_or(penalty.norm, Norm::title);
        let title = format!("Penalty {} in {norm}", penalty.multiple);
        row(&title, own, &penalty.withstands, None);
    }
    if let Some(captions) = &printed.zero_shot {
        row("Zero-shot, of captions", None, captions, None);
    }
    let _ = writeln!(
        text,
        "* the norm whose maximal margin it goes towards\n\n{} steps each, {:.1} s in all",
        thousands(answer.asked.steps),
        answer.seconds
    );
    for note in &answer.notes {
        let _ = writeln!(text, "{note}");
    }
    if let Some(moved) = &printed.robust_dataset {
        moving::describe(&mut text, moved);
    }
    if let Some(out) = &printed.out {
        let _ = writeln!(text, "Written to {out}");
    }
    text
}
