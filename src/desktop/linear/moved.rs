//! Rows that are moved so that plain training on them is robust: the job, and what is drawn of it.

use super::drawing::{pixels, signed};
use super::state::{Moved, Page, Studied};
use super::{Command, Event, LinearLab, Slot};
use crate::desktop::core::Level;
use crate::desktop::feature::Desk;
use crate::error::Result;
use crate::learn::concepts::On;
use crate::learn::linear::moving::{Asked, Found, Part, Plain, study};
use crate::task::{Task, aside};
use egui::ColorImage;
use std::sync::Arc;

/// Rows that are shown of each group.
const SHOWN: usize = 4;
/// Sizes at which robust accuracy is drawn.
const SIZES: usize = 91;

impl LinearLab {
    /// Moves the rows of the last study.
    pub(super) fn move_rows(&mut self, desk: &mut Desk<'_, Self>) {
        if desk.is_running(Slot::Move) {
            return;
        }
        let now = desk.session.now();
        let Some(studied) = self.state.studied(now).cloned() else {
            return;
        };
        let asked = self.state.moving.clone();
        if let Err(error) = asked.check_of(&studied.study.problem) {
            desk.session
                .say(Level::Warning, error.to_string(), error.remedy());
            return;
        }
        let told = format!(
            "{} against {}: {} within {} ({}), {} steps",
            studied.titles[0],
            studied.titles[1],
            studied.on,
            asked.radius,
            asked.norm.title(),
            asked.steps
        );
        let again = [
            Command::ShowPage(Page::Dataset),
            Command::SetMoving(asked.clone()),
            Command::Move,
        ];
        desk.began(Slot::Move, "Rows moved", told, &[], again);
        desk.start(Slot::Move, "Moving rows", move |task| {
            let moved = aside(|| moved(studied, &asked, task))?;
            Ok(Event::Moved(Arc::new(moved)))
        });
    }
}

fn moved(about: Arc<Studied>, asked: &Asked, task: &Task) -> Result<Moved> {
    let found = study(Arc::clone(&about.study.problem), asked, task)?;
    let far = found.farthest();
    let line = |part: Part| {
        let of = |set: usize| {
            let sizes = (0..SIZES).map(|n| far * n as f64 / (SIZES - 1) as f64);
            let points = sizes.filter_map(|size| {
                let band = found.at(Plain::Ridge, part, size)?[set];
                Some([size, 100.0 * band.mean, 100.0 * band.half.unwrap_or(0.0)])
            });
            points.collect::<Vec<[f64; 3]>>()
        };
        (part, [of(0), of(1)])
    };
    let lines = Part::ALL.map(line).into_iter();
    let lines = lines
        .filter(|(_, [before, _])| !before.is_empty())
        .collect();
    let drawn = pictures(&about, &found)?;
    Ok(Moved {
        about,
        found,
        lines,
        drawn,
    })
}

/// Some rows of each group of the first split.
fn pictures(about: &Studied, found: &Found) -> Result<Vec<(usize, [ColorImage; 3])>> {
    let Some(split) = found.splits.first() else {
        return Ok(Vec::new());
    };
    if !matches!(about.on, On::Pixels { .. }) {
        return Ok(Vec::new());
    }
    let shape = found.problem.fourier().shape();
    let labels = split.moved.problem.labels();
    let of = |label: i8| {
        let own = (0..labels.len()).filter(move |&n| labels[n] == label);
        own.take(SHOWN)
    };
    let rows = of(1).chain(of(-1)).map(|n| {
        let place = split.places[0][n];
        let (was, is) = (found.problem.row(place)?, split.moved.problem.row(n)?);
        let change: Vec<f64> = is.iter().zip(&was).map(|(is, was)| is - was).collect();
        let whole =
            |row: &[f64]| -> Vec<f64> { row.iter().zip(&about.mean).map(|(v, m)| v + m).collect() };
        let drawn = [
            pixels(&whole(&was), shape),
            pixels(&whole(&is), shape),
            signed(&change, shape)?,
        ];
        Ok((place, drawn))
    });
    rows.collect()
}
