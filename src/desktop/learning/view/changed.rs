//! What changed rank between two moments of a run.

use super::View;
use super::hardest::{ONE_LINE, moments};
use crate::dataset::Dataset;
use crate::desktop::core::{Cells, Query};
use crate::desktop::learning::Command;
use crate::desktop::shell::bidi;
use crate::desktop::shell::select::List;
use crate::desktop::shell::take::picture_ui;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, heading, named_area, picture_in, weak};
use crate::learn::{Run, Way};
use crate::retrieval::Side;
use egui::{Align, Align2, ComboBox, FontId, Layout, Rect, RichText, Role, Sense, Ui};
use std::sync::Arc;

/// Height of a row.
const TALL: f32 = 34.0;
/// Rows listed at most of those that rose, and of those that fell.
const LISTED: usize = 30;

/// How a rank moved.
struct Moved {
    /// The query: a row of the dataset.
    item: (Side, usize),
    /// Before and after.
    ranks: [u32; 2],
}

/// What changed rank between two moments, counted once.
pub struct Changed {
    of: (Arc<Run>, Way, usize, usize),
    rows: Vec<Moved>,
    counts: Counts,
}

/// How many did what.
#[derive(Default, Clone, Copy)]
struct Counts {
    better: usize,
    worse: usize,
    same: usize,
    came_first: usize,
    lost_first: usize,
}

/// Draws the section.
pub fn changed_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    let (Some(run), Some(dataset)) = (
        view.state.looked_at(session.now()).cloned(),
        session.dataset().cloned(),
    ) else {
        return;
    };
    let (from, to) = moments(view, run.points.len());
    let way = view.state.figure.way;
    let same = |changed: &Changed| {
        let (of, other_way, a, b) = &changed.of;
        Arc::ptr_eq(of, &run) && (*other_way, *a, *b) == (way, from, to)
    };
    let changed = view.memory.changed.take().filter(same).unwrap_or_else(|| {
        let (rows, counts) = moved(&run, &dataset, way, from, to);
        Changed {
            of: (Arc::clone(&run), way, from, to),
            rows,
            counts,
        }
    });
    let (rows, counts) = (&changed.rows, changed.counts);
    let narrow = ui.available_width() < ONE_LINE;
    ui.horizontal(|ui| {
        heading(ui, "What changed rank");
        weak(
            ui,
            format!("{}, seed {}, from step", run.setup.title(), run.setup.seed),
        );
        moment_ui(ui, view, &run, (from, to), true);
        weak(ui, "to");
        moment_ui(ui, view, &run, (from, to), false);
        if !narrow {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                counts_ui(ui, &counts);
            });
        }
    });
    if narrow {
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                counts_ui(ui, &counts);
            });
        });
    }
    if rows.is_empty() {
        weak(ui, "No rank changed between these steps.");
        view.memory.changed = Some(changed);
        return;
    }
    let wide = ui.available_width();
    let columns = if wide > 700.0 { 2 } else { 1 };
    let each = (wide - 16.0 * (columns as f32 - 1.0)) / columns as f32;
    for first in (0..rows.len()).step_by(columns) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 16.0;
            for at in first..(first + columns).min(rows.len()) {
                row_ui(ui, view, &dataset, (rows, at), each);
            }
        });
    }
    view.memory.changed = Some(changed);
}

fn counts_ui(ui: &mut Ui, counts: &Counts) {
    let t = tokens(ui);
    let text = |words: String, colour| RichText::new(words).size(12.0).color(colour);
    let rest = format!(
        "{} as before · {} came first, {} lost the first place",
        grouped(counts.same),
        grouped(counts.came_first),
        grouped(counts.lost_first)
    );
    ui.label(text(rest, t.weak));
    ui.label(text(format!("{} worse", grouped(counts.worse)), t.bad));
    ui.label(text(format!("{} better", grouped(counts.better)), t.good));
}

/// Those that moved most in proportion: risers and fallers by turns.
fn moved(run: &Run, dataset: &Dataset, way: Way, from: usize, to: usize) -> (Vec<Moved>, Counts) {
    let items = items(run, dataset, way);
    let side = usize::from(way == Way::TextToImage);
    let mut counts = Counts::default();
    let (Some(before), Some(after)) = (run.points.get(from), run.points.get(to)) else {
        return (Vec::new(), counts);
    };
    let pairs = before.ranks[side].iter().zip(&after.ranks[side]);
    let (mut rose, mut fell) = (Vec::new(), Vec::new());
    for (query, (&a, &b)) in pairs.enumerate() {
        counts.came_first += usize::from(a > 1 && b == 1);
        counts.lost_first += usize::from(a == 1 && b > 1);
        let Some(&item) = items.get(query) else {
            break;
        };
        let moved = Moved {
            item,
            ranks: [a, b],
        };
        match a.cmp(&b) {
            std::cmp::Ordering::Greater => rose.push(moved),
            std::cmp::Ordering::Less => fell.push(moved),
            std::cmp::Ordering::Equal => counts.same += 1,
        }
    }
    (counts.better, counts.worse) = (rose.len(), fell.len());
    // A place lost near the top matters more than one far down.
    let by = |m: &Moved| (f64::from(m.ranks[0]).ln() - f64::from(m.ranks[1]).ln()).abs();
    for list in [&mut rose, &mut fell] {
        list.sort_by(|a, b| by(b).total_cmp(&by(a)));
        list.truncate(LISTED);
    }
    let mut all = Vec::with_capacity(rose.len() + fell.len());
    let (mut rose, mut fell) = (rose.into_iter(), fell.into_iter());
    loop {
        let next: Vec<Moved> = rose.next().into_iter().chain(fell.next()).collect();
        if next.is_empty() {
            return (all, counts);
        }
        all.extend(next);
    }
}

fn moment_ui(ui: &mut Ui, view: &mut View<'_>, run: &Run, (from, to): (usize, usize), first: bool) {
    let mut chosen = if first { from } else { to };
    let step = |n: usize| run.points[n].step.to_string();
    let (name, id) = if first {
        ("From step", "changed from")
    } else {
        ("To step", "changed to")
    };
    ui.name_inputs(name, |ui| {
        ComboBox::from_id_salt(id)
            .width(64.0)
            .selected_text(step(chosen))
            .show_ui(ui, |ui| {
                for n in 0..run.points.len() {
                    ui.selectable_value(&mut chosen, n, step(n));
                }
            });
    });
    let now = if first { (chosen, to) } else { (from, chosen) };
    if now != (from, to) {
        view.own(Command::SetMoments(now.0, now.1));
    }
}

const COLUMNS: [(&str, bool); 3] = [
    ("Query", false),
    ("Rank before", true),
    ("Rank after", true),
];

fn row_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    dataset: &Dataset,
    (rows, nth): (&[Moved], usize),
    wide: f32,
) {
    let (t, row) = (tokens(ui), &rows[nth]);
    let (side, item) = row.item;
    let (image, text) = match side {
        Side::Image => {
            let first = dataset.captions_of(item).next();
            (item, first.map_or("", |j| dataset.captions[j].as_str()))
        }
        Side::Text => (dataset.image_of(item), dataset.captions[item].as_str()),
    };
    let (rect, _) = ui.allocate_exact_size(egui::vec2(wide, TALL), Sense::hover());
    let id = ui.scope_id().with(("changed", side, item));
    let [before, after] = row.ranks;
    let name = || format!("rank {before} to {after}: {text}");
    let area = named_area(ui, rect, id, Role::Row, false, name);
    if area.hovered() {
        ui.painter().rect_filled(rect, 3.0, t.hover);
    }
    let thumb = Rect::from_min_size(rect.min + egui::vec2(2.0, 3.0), egui::vec2(28.0, 28.0));
    picture_in(ui, view.pictures, image as u32, thumb, true);
    let better = after < before;
    let (colour, word) = if better {
        (t.good, "up")
    } else {
        (t.bad, "down")
    };
    let left = rect.left_center();
    let font = FontId::proportional(13.0);
    let at = left + egui::vec2(40.0, 0.0);
    let ranks = format!("{} → {}", grouped(before as usize), grouped(after as usize));
    ui.painter()
        .text(at, Align2::LEFT_CENTER, ranks, font.clone(), t.text);
    let at = left + egui::vec2(124.0, 0.0);
    ui.painter().text(
        at,
        Align2::LEFT_CENTER,
        word,
        FontId::proportional(11.5),
        colour,
    );
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, t.text);
    job.wrap = egui::text::TextWrapping::truncate_at_width((wide - 168.0).max(20.0));
    let galley = bidi::galley(ui, job);
    let at = left + egui::vec2(164.0, -galley.size().y / 2.0);
    ui.painter().galley(at, galley, t.text);
    let list = List {
        name: "what changed rank",
        columns: &COLUMNS,
        count: rows.len(),
        order: 0,
    };
    let act = list.row(&bidi::hover(area, text), view, nth, |ui, shell, _| {
        picture_ui(ui, shell, image as u32);
    });
    if act.goes {
        view.ask(crate::desktop::core::Command::Query(Query::Row(side, item)));
    }
    if let Some(take) = act.take {
        let said = |row: &Moved| {
            let name = match row.item {
                (Side::Image, image) => dataset.images[image].name.clone(),
                (Side::Text, caption) => dataset.captions[caption].clone(),
            };
            let [before, after] = row.ranks.map(|rank| grouped(rank as usize));
            vec![name, before, after]
        };
        list.take(view, take, Cells::of(rows.iter().map(said).collect()));
    }
}

/// The rows of the dataset that ask, in the order of the ranks.
fn items(run: &Run, dataset: &Dataset, way: Way) -> Vec<(Side, usize)> {
    let images = run.split.valid.iter().map(|&image| image as usize);
    match way {
        Way::ImageToText => images.map(|image| (Side::Image, image)).collect(),
        Way::TextToImage => images
            .flat_map(|image| dataset.captions_of(image))
            .map(|caption| (Side::Text, caption))
            .collect(),
    }
}
