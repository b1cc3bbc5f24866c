//! The centre of the retrieval view: below the query, the ranked other side, as a list or as a grid of pictures.

mod grid;
mod list;
mod standing;

use super::View;
use super::query::query_ui;
use crate::compute::Hit;
use crate::dataset::Dataset;
use crate::desktop::core::{self, AnswerView, Cells, Query};
use crate::desktop::shell::empty::{NotReady, not_ready_ui};
use crate::desktop::shell::select::{List, order_of};
use crate::desktop::shell::take;
use crate::desktop::shell::widgets::{segmented, weak};
use crate::retrieval::Side;
use egui::{Response, ScrollArea, Ui};
use grid::grid_ui;
use list::list_ui;
use standing::Standing;

/// Draws the retrieval view's centre.
pub fn retrieval_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    let Some(dataset) = session.dataset().cloned() else {
        missing_ui(ui, view, ["Opening…", "The status bar says how far it is."]);
        return;
    };
    query_ui(ui, view, &dataset);
    ui.add_space(6.0);
    let answer = session.answer().cloned();
    match answer {
        Some(answer) => results_ui(ui, view, &dataset, &answer),
        None if session.embedded().is_none() => {
            let text = "Results appear as soon as both sides are embedded.";
            missing_ui(ui, view, ["Embedding…", text]);
        }
        None => {
            weak(
                ui,
                "Choose an image or a caption on the left, or type a caption above.",
            );
        }
    }
}

/// Says what is missing; `busy`: title and text while jobs run.
fn missing_ui(ui: &mut Ui, view: &mut View<'_>, busy: [&str; 2]) {
    let says = NotReady {
        busy,
        nothing: [
            "Nothing is open",
            "Drop a folder with images and captions here, or an encoder's folder.",
        ],
        encoder: "Open the folder of an ONNX-exported dual encoder: CLIP, SigLIP, MobileCLIP, VSE++.",
        needs_encoder: false,
    };
    not_ready_ui(ui, view, &says);
}

fn results_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset, answer: &AnswerView) {
    let stale = view.session.query() != Some(&answer.query);
    if stale {
        ui.multiply_opacity(0.55);
    }
    let highlighted = &mut view.memory.highlighted;
    *highlighted = (*highlighted).min(answer.hits.len().saturating_sub(1));
    let grid = answer.of == Side::Image && view.session.settings.result_grid;
    if answer.of == Side::Image {
        let choices = [
            (false, "List", "A row for each image, with a caption of it"),
            (true, "Grid", "Pictures, with their places and scores"),
        ];
        if let Some(grid) = segmented(ui, grid, &choices) {
            view.memory.reveal_highlighted = true;
            view.ask(core::Command::SetResultGrid(grid));
        }
    }
    let entries = entries(answer);
    ScrollArea::vertical()
        .auto_shrink([false; 2])
        .id_salt(("results", answer.query.side(), grid))
        .show(ui, |ui| {
            if grid {
                grid_ui(ui, view, dataset, answer, &entries);
            } else {
                list_ui(ui, view, dataset, answer, &entries);
            }
        });
}

/// A candidate that is shown.
struct Entry {
    /// Its place among all that are shown, from 0.
    at: usize,
    /// Its place in the ranking, from 0; `None` for right ones further down.
    place: Option<usize>,
    hit: Hit,
    standing: Standing,
}

impl Entry {
    /// What it is, for AccessKit: its place, name, score and signs.
    fn says(&self, name: &str) -> String {
        let place = self.place.map(|place| format!("{}. ", place + 1));
        format!(
            "{}{name}, score {:.3}{}",
            place.unwrap_or_default(),
            self.hit.score,
            self.standing.said()
        )
    }

    /// Is it chosen, with others?
    fn is_marked(&self, view: &mut View<'_>, answer: &AnswerView) -> bool {
        self.place.is_some() && listed(answer).has(view, self.at)
    }
}

/// The best candidates, then the right ones further down.
fn entries(answer: &AnswerView) -> Vec<Entry> {
    let hardest = answer.hits.iter().position(|hit| !answer.is_right(hit));
    let all = answer.hits.iter().chain(&answer.below).enumerate();
    all.map(|(at, hit)| Entry {
        at,
        place: (at < answer.hits.len()).then_some(at),
        hit: *hit,
        standing: Standing::of(answer, *hit, Some(at) == hardest),
    })
    .collect()
}

/// What a candidate is called.
fn name_of(dataset: &Dataset, answer: &AnswerView, index: usize) -> String {
    match answer.of {
        Side::Image => format!("image {}", dataset.images[index].name),
        Side::Text => format!("caption {}", dataset.captions[index]),
    }
}

/// An entry, and what was done with it.
struct Asked<'a> {
    response: Response,
    entry: &'a Entry,
}

/// Explains the entry's signs, and does what was asked for: makes it the query, chooses it, or takes it out.
fn act_ui(view: &mut View<'_>, dataset: &Dataset, answer: &AnswerView, asked: Asked<'_>) {
    let Asked { response, entry } = asked;
    let response = match entry.standing.hints() {
        Some(hints) => response.on_hover_text(hints),
        None => response,
    };
    let list = listed(answer);
    let act = list.row(&response, view, entry.at, |ui, shell, chosen| {
        if ui.button("Copy the text").clicked() {
            let texts: Vec<String> = chosen
                .iter()
                .map(|&at| texts(dataset, answer, at)[1].clone())
                .collect();
            shell.ask(core::Command::Copy(texts.join("\n")));
            ui.close();
        }
        if answer.of == Side::Image {
            take::picture_ui(ui, shell, entry.hit.index);
        }
    });
    if act.goes {
        let query = Query::Row(answer.of, entry.hit.index as usize);
        view.ask(core::Command::Query(query));
    }
    if let Some(take) = act.take {
        let rows = 0..list.count;
        let cells = Cells::of(rows.map(|at| texts(dataset, answer, at).into()).collect());
        list.take(view, take, cells);
    }
}

/// The answer as a list whose rows can be chosen together.
fn listed(answer: &AnswerView) -> List<'static> {
    const COLUMNS: [(&str, bool); 4] = [
        ("Place", true),
        ("Candidate", false),
        ("Score", true),
        ("Right", false),
    ];
    // Another query is another list.
    List {
        name: "results",
        columns: &COLUMNS,
        count: answer.hits.len() + answer.below.len(),
        order: order_of(&answer.hits.iter().map(|hit| hit.index).collect::<Vec<_>>()),
    }
}

/// What a row says: its place (none for right ones further down), the candidate, its score, whether it is right.
fn texts(dataset: &Dataset, answer: &AnswerView, at: usize) -> [String; 4] {
    let below = || answer.below.get(at - answer.hits.len());
    let Some(hit) = answer.hits.get(at).or_else(below) else {
        return Default::default();
    };
    let index = hit.index as usize;
    let candidate = match answer.of {
        Side::Image => dataset.images.get(index).map(|image| image.name.clone()),
        Side::Text => dataset.captions.get(index).cloned(),
    };
    let place = (at < answer.hits.len()).then(|| (at + 1).to_string());
    let right = answer.is_right(hit);
    [
        place.unwrap_or_default(),
        candidate.unwrap_or_default(),
        format!("{:.4}", hit.score).replace('-', "−"),
        if right { "right" } else { "" }.to_owned(),
    ]
}
