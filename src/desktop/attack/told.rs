//! What was asked of the lab and what came of it, in words.

use super::state::{SetPlan, Which, WordsPlan};
use crate::attack::caption::Substitution;
use crate::attack::{AttackResult, AttackSettings, Goal, SetReport};
use crate::error::thousands;
use crate::retrieval::Side;

/// Attack, norm, steps and, where one was chosen, the radius in a line.
pub fn settings_line(settings: &AttackSettings, radius: bool) -> String {
    let settled = settings.settled();
    let threat = &settled.threat;
    let radius = if radius && !settled.method.is_minimal() {
        format!(" at {}", threat.norm.radius(threat.eps))
    } else {
        String::new()
    };
    let mut parts = vec![
        format!(
            "{}, {}{radius}",
            settled.method.title(),
            threat.norm.title()
        ),
        format!("{} steps", settled.steps()),
    ];
    if settled.restarts > 1 {
        parts.push(format!("{} starts", settled.restarts));
    }
    if threat.region.is_some() {
        parts.push("in a region".to_owned());
    }
    if threat.mask.is_some() {
        parts.push("under a mask".to_owned());
    }
    parts.join(" · ")
}

/// An attack on one picture, called `name`.
pub fn picture(settings: &AttackSettings, goal: Goal, own_size: bool, name: &str) -> String {
    let size = if own_size { " · at its own size" } else { "" };
    let line = settings_line(settings, true);
    format!(
        "{name}: {line} · {}{size} · seed {}",
        goal.title(),
        settings.seed
    )
}

/// Where a picture stood and stands.
pub fn picture_figure(result: &AttackResult) -> String {
    let reached = if result.after.verdict.fooled {
        "goal reached"
    } else {
        "goal not reached"
    };
    let ranks = [&result.before, &result.after, &result.rounded].map(|ranking| ranking.rank);
    if ranks.contains(&0) {
        return reached.to_owned();
    }
    let [before, after, rounded] = ranks;
    format!("{reached}: right caption from rank {before} to {after}, as PNG {rounded}")
}

/// An attack on so many pictures.
pub fn set(settings: &AttackSettings, goal: Goal, plan: &SetPlan, images: usize) -> String {
    let which = match plan.which {
        Which::First(_) => "first",
        Which::Listed => "listed",
        Which::All => "all",
    };
    let radii = if plan.eps.is_empty() {
        "the usual radii".to_owned()
    } else {
        let norm = settings.settled().threat.norm;
        let radii = plan.eps.iter().map(|eps| norm.radius(*eps));
        radii.collect::<Vec<_>>().join(", ")
    };
    let second = plan.transfer.as_ref().map(|folder| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        format!(" · second encoder {name}")
    });
    format!(
        "{which} {} pictures: {} · {} · {radii} · seed {}{}",
        thousands(images as u64),
        settings_line(settings, false),
        goal.title(),
        settings.seed,
        second.unwrap_or_default()
    )
}

/// What is left of the first figure at the largest radius.
pub fn set_figure(report: &SetReport) -> String {
    let Some(level) = report.levels.last() else {
        return "no radius was tried".to_owned();
    };
    let radius = report.settings.threat.norm.radius(level.eps);
    let robust = level.robust.values.first();
    match (report.clean_at.values.first(), robust) {
        (Some((figure, before)), Some((_, after))) => {
            let side = match figure.side {
                Side::Image => "images",
                Side::Text => "captions",
            };
            let k = figure.k;
            format!("R@{k} of {side} from {before:.1} to {after:.1} % at {radius}")
        }
        _ => match level.success_rate {
            Some(rate) => format!("{:.1} % fall at {radius}", 100.0 * rate),
            None => "none stood before".to_owned(),
        },
    }
}

/// An exchange of words in a caption of the picture `name`.
pub fn words(plan: &WordsPlan, name: &str) -> String {
    let most = match plan.words {
        1 => "one word".to_owned(),
        n => format!("up to {n} words"),
    };
    let content = if plan.content_words {
        ", content words alone"
    } else {
        ""
    };
    format!("caption of {name}: {most}{content}. {}", plan.aim.about())
}

/// The best exchange.
pub fn words_figure(found: &Substitution) -> String {
    match found.edits.first() {
        None => "no exchange was found".to_owned(),
        Some(edit) => {
            let reached = if edit.reached {
                "reached"
            } else {
                "not reached"
            };
            let (before, after) = (found.before.rank, edit.after.rank);
            format!("{reached}: rank {before} to {after}, {}", edit.text)
        }
    }
}
