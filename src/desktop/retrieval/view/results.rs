//! The centre of the retrieval view: below the query, the ranked other side.

use super::View;
use super::query::query_ui;
use crate::compute::Hit;
use crate::dataset::Dataset;
use crate::desktop::core::{self, AnswerView, Cells, Query};
use crate::desktop::shell::bidi;
use crate::desktop::shell::empty::{NotReady, not_ready_ui};
use crate::desktop::shell::marks::underlined;
use crate::desktop::shell::select::List;
use crate::desktop::shell::take;
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{bar, named_area, picture_in, score, tag, weak};
use crate::retrieval::{Said, Side};
use egui::{Align2, CornerRadius, FontId, Galley, Rect, Role, ScrollArea, Ui};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

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
    let t = tokens(ui);
    let stale = view.session.query() != Some(&answer.query);
    if stale {
        ui.multiply_opacity(0.55);
    }
    let best = answer.hits.first().map_or(1.0, |h| h.score).max(1e-3);
    let hardest = answer
        .hits
        .iter()
        .position(|h| !answer.positives.contains(&(h.index as usize)));
    let known = !answer.positives.is_empty();
    let own = dataset.captions.get(answer.positives.clone());
    let said = own.filter(|own| !own.is_empty()).map(Said::by);
    view.memory.highlighted = view
        .memory
        .highlighted
        .min(answer.hits.len().saturating_sub(1));
    ScrollArea::vertical()
        .auto_shrink([false; 2])
        .id_salt(("results", answer.query.side()))
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            for (place, hit) in answer.hits.iter().enumerate() {
                let right = answer.positives.contains(&(hit.index as usize));
                let kind = if right {
                    Kind::Right
                } else if known && Some(place) == hardest {
                    Kind::Hardest
                } else {
                    Kind::Other
                };
                let row = Row {
                    place: Some(place),
                    hit: *hit,
                    share: hit.score / (best * 1.06),
                    kind,
                    said: said.as_ref(),
                };
                row_ui(ui, view, dataset, answer, &row, &t);
            }
            if !answer.below.is_empty() {
                ui.add_space(8.0);
                weak(ui, "Right, further down");
                for hit in &answer.below {
                    let row = Row {
                        place: None,
                        hit: *hit,
                        share: hit.score / (best * 1.06),
                        kind: Kind::Right,
                        said: None,
                    };
                    row_ui(ui, view, dataset, answer, &row, &t);
                }
            }
        });
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Right,
    Hardest,
    Other,
}

struct Row<'a> {
    place: Option<usize>,
    hit: Hit,
    share: f32,
    kind: Kind,
    /// The words of the right ones, where there are any.
    said: Option<&'a Said>,
}

fn row_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    dataset: &Dataset,
    answer: &AnswerView,
    row: &Row<'_>,
    t: &Tokens,
) {
    let index = row.hit.index as usize;
    let images = answer.of == Side::Image;
    let (text, name) = if images {
        let image = &dataset.images[index].name;
        (
            // Images without captions go by their names.
            dataset.captions[dataset.captions_of(index)]
                .first()
                .unwrap_or(image)
                .as_str(),
            format!("image {image}"),
        )
    } else {
        (
            dataset.captions[index].as_str(),
            format!("caption {}", dataset.captions[index]),
        )
    };
    let wide = ui.available_width() - 6.0;
    let bar_width = (wide * 0.2).clamp(60.0, 190.0);
    let left = 48.0 + bar_width + 64.0 + if images { 76.0 } else { 0.0 };
    let tag_width = if row.kind == Kind::Other { 8.0 } else { 118.0 };
    let font = FontId::proportional(13.5);
    let wrong = row.kind != Kind::Right;
    let said = row.said.filter(|_| wrong && answer.of == Side::Text);
    let strange = said.map_or_else(Vec::new, |said| said.lacks(text));
    let mut job = underlined(text, &strange, &font, t.text, t.bad);
    job.wrap.max_width = (wide - left - tag_width).max(80.0);
    job.wrap.max_rows = 3;
    let galley = bidi::galley(ui, job);
    let tall = if images {
        76.0
    } else {
        (galley.size().y + 12.0).max(30.0)
    };
    let (rect, _) = ui.allocate_exact_size(egui::vec2(wide, tall), egui::Sense::hover());
    let highlighted = row.place == Some(view.memory.highlighted);
    if highlighted && std::mem::take(&mut view.memory.reveal_highlighted) {
        ui.scroll_to_rect(rect, None);
    }
    if !ui.is_rect_visible(rect) {
        return;
    }
    let side = answer.of;
    let id = ui.scope_id().with(("result", row.place, index));
    let describe = || {
        let mark = match row.kind {
            Kind::Right => ", right",
            Kind::Hardest => ", hardest negative",
            Kind::Other => "",
        };
        let place = row
            .place
            .map_or_else(String::new, |p| format!("{}. ", p + 1));
        format!("{place}{name}, score {:.3}{mark}", row.hit.score)
    };
    let response = named_area(ui, rect, id, Role::ListItem, highlighted, describe);
    let look = Look {
        rect,
        bar_width,
        left,
        galley,
        highlighted,
        marked: row.place.is_some_and(|at| listed(answer).has(view, at)),
    };
    paint_row(ui, view, row, &look, images, response.hovered(), t);
    let list = listed(answer);
    // Right ones further down follow those that are listed.
    let further = || answer.below.iter().position(|h| h.index == row.hit.index);
    let at = row.place.or_else(|| Some(answer.hits.len() + further()?));
    let act = list.row(&response, view, at.unwrap_or(0), |ui, shell, chosen| {
        if ui.button("Copy the text").clicked() {
            let texts: Vec<String> = chosen
                .iter()
                .map(|&at| texts(dataset, answer, at)[1].clone())
                .collect();
            shell.ask(core::Command::Copy(texts.join("\n")));
            ui.close();
        }
        if images {
            take::picture_ui(ui, shell, row.hit.index);
        }
    });
    if act.goes {
        view.ask(core::Command::Query(Query::Row(side, index)));
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
    let mut order = DefaultHasher::new();
    answer
        .hits
        .iter()
        .for_each(|hit| hit.index.hash(&mut order));
    List {
        name: "results",
        columns: &COLUMNS,
        count: answer.hits.len() + answer.below.len(),
        order: order.finish(),
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
    let right = answer.positives.contains(&index);
    [
        place.unwrap_or_default(),
        candidate.unwrap_or_default(),
        format!("{:.4}", hit.score).replace('-', "−"),
        if right { "right" } else { "" }.to_owned(),
    ]
}

/// Where the parts of a row lie.
struct Look {
    rect: Rect,
    bar_width: f32,
    left: f32,
    galley: Arc<Galley>,
    highlighted: bool,
    /// Is it chosen, with others?
    marked: bool,
}

fn paint_row(
    ui: &Ui,
    view: &mut View<'_>,
    row: &Row<'_>,
    look: &Look,
    images: bool,
    hovered: bool,
    t: &Tokens,
) {
    let Look {
        rect,
        bar_width,
        left,
        ref galley,
        highlighted,
        ..
    } = *look;
    let (ink, back) = match row.kind {
        Kind::Right => (t.good, Some(t.good_back)),
        Kind::Hardest => (t.bad, Some(t.bad_back)),
        Kind::Other => (t.bar, None),
    };
    if let Some(fill) = back.or(hovered.then_some(t.hover)) {
        ui.painter().rect_filled(rect, CornerRadius::same(4), fill);
    }
    if look.marked {
        let fill = t.accent_back.gamma_multiply(0.7);
        ui.painter().rect_filled(rect, CornerRadius::same(4), fill);
    }
    if highlighted {
        let mark = Rect::from_min_size(rect.min, egui::vec2(2.5, rect.height()));
        ui.painter()
            .rect_filled(mark, CornerRadius::same(1), t.accent);
    }
    let middle = rect.center().y;
    let at = |x: f32| egui::pos2(rect.left() + x, middle);
    if let Some(place) = row.place {
        ui.painter().text(
            at(34.0),
            Align2::RIGHT_CENTER,
            place + 1,
            FontId::proportional(13.0),
            t.weak,
        );
    }
    bar(
        ui,
        Rect::from_center_size(at(48.0 + bar_width / 2.0), egui::vec2(bar_width, 6.0)),
        row.share,
        ink,
    );
    let score = score(row.hit.score);
    ui.painter().text(
        at(48.0 + bar_width + 50.0),
        Align2::RIGHT_CENTER,
        score,
        FontId::proportional(13.0),
        t.text,
    );
    if images {
        let picture = Rect::from_center_size(at(left - 40.0), egui::Vec2::splat(70.0));
        picture_in(ui, view.pictures, row.hit.index, picture, true);
    }
    ui.painter().galley(
        egui::pos2(rect.left() + left, middle - galley.size().y / 2.0),
        Arc::clone(galley),
        t.text,
    );
    let right = rect.right_center() - egui::vec2(8.0, 0.0);
    match row.kind {
        Kind::Right => {
            tag(ui, right, "right", t.good, t.good.gamma_multiply(0.22));
        }
        Kind::Hardest => {
            tag(
                ui,
                right,
                "hardest negative",
                t.bad,
                t.bad.gamma_multiply(0.22),
            );
        }
        Kind::Other => {}
    }
}
