//! Images that answer a query as a grid of pictures.

use super::super::View;
use super::standing::Standing;
use super::{Asked, Entry, act_ui, name_of};
use crate::dataset::Dataset;
use crate::desktop::core::AnswerView;
use crate::desktop::shell::large;
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{named_area, picture_in, score, sign_ui, weak};
use egui::{Align2, Color32, CornerRadius, FontId, Rect, Role, Sense, Stroke, StrokeKind, Ui};

/// Room between pictures, in points.
const GAP: f32 = 8.0;
/// How much wider a picture is than a thumbnail of the browser, at least.
const WIDER: f32 = 1.8;
/// Height of the line with place and score, and of each sign, in points.
const LINE: f32 = 21.0;

/// Draws the entries: what is listed, then the right ones further down.
pub fn grid_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    dataset: &Dataset,
    answer: &AnswerView,
    entries: &[Entry],
) {
    let wide = ui.available_width() - 6.0;
    let least = view.session.settings.thumbnail * WIDER;
    let columns = ((wide + GAP) / (least + GAP)).floor().max(1.0) as usize;
    let side = (wide - GAP * (columns - 1) as f32) / columns as f32;
    let signs = entries.iter().map(|entry| signs(entry.standing).len());
    let signs = signs.max().unwrap_or(0);
    let tall = side + 4.0 + LINE * (1 + signs) as f32;
    ui.spacing_mut().item_spacing.y = GAP;
    let (listed, below) = entries.split_at(answer.hits.len());
    for (n, part) in [listed, below].into_iter().enumerate() {
        if n == 1 && !part.is_empty() {
            weak(ui, "Right, further down");
        }
        for line in part.chunks(columns) {
            let (strip, _) = ui.allocate_exact_size(egui::vec2(wide, tall), Sense::hover());
            for (column, entry) in line.iter().enumerate() {
                let corner = strip.min + egui::vec2(column as f32 * (side + GAP), 0.0);
                let cell = Rect::from_min_size(corner, egui::vec2(side, tall));
                cell_ui(ui, view, dataset, answer, entry, cell);
            }
        }
    }
}

/// What is written below a picture: its signs; a wrong one that has none is called so.
fn signs(standing: Standing) -> Vec<(&'static str, bool)> {
    let signs = standing.signs();
    if standing.is_plainly_wrong() {
        return vec![("wrong", false)];
    }
    signs.iter().map(|sign| (sign.text, sign.good)).collect()
}

fn cell_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    dataset: &Dataset,
    answer: &AnswerView,
    entry: &Entry,
    cell: Rect,
) {
    let t = tokens(ui);
    let highlighted = entry.place.is_some() && entry.place == Some(view.memory.highlighted);
    if highlighted && std::mem::take(&mut view.memory.reveal_highlighted) {
        ui.scroll_to_rect(cell, None);
    }
    if !ui.is_rect_visible(cell) {
        return;
    }
    let picture = Rect::from_min_size(cell.min, egui::Vec2::splat(cell.width()));
    let below = cell.with_min_y(picture.bottom());
    let name = name_of(dataset, answer, entry.hit.index as usize);
    let id = ui.scope_id().with(("result", entry.at));
    let says = || {
        let says = entry.says(&name);
        if entry.standing.is_plainly_wrong() {
            format!("{says}, wrong")
        } else {
            says
        }
    };
    let mut response = named_area(ui, below, id, Role::ListItem, highlighted, says);
    let hovered = response.hovered();
    let opener = large::opener(ui, &mut view.shell, entry.hit.index, picture, &name);
    // With Ctrl or Shift the picture chooses too.
    if !ui.input(|i| i.modifiers.is_none()) {
        response = response.union(opener);
    }
    let (_, back) = entry.standing.colours(&t);
    if let Some(fill) = back.or(hovered.then_some(t.hover)) {
        ui.painter().rect_filled(cell, CornerRadius::same(5), fill);
    }
    picture_in(
        ui,
        view.pictures,
        entry.hit.index,
        picture.shrink(3.0),
        true,
    );
    below_ui(ui, entry, below, &t);
    let marked = entry.is_marked(view, answer);
    if highlighted || marked {
        let ink = if highlighted {
            t.accent
        } else {
            t.accent.gamma_multiply(0.6)
        };
        let stroke = Stroke::new(2.5, ink);
        ui.painter()
            .rect_stroke(cell, CornerRadius::same(5), stroke, StrokeKind::Inside);
    }
    let asked = Asked { response, entry };
    act_ui(view, dataset, answer, asked);
}

/// Place, score and signs.
fn below_ui(ui: &Ui, entry: &Entry, below: Rect, t: &Tokens) {
    let middle = below.top() + 4.0 + LINE / 2.0;
    let painter = ui.painter().with_clip_rect(below.intersect(ui.clip_rect()));
    let text = |x: f32, align: Align2, text: String, ink: Color32| {
        painter.text(
            egui::pos2(x, middle),
            align,
            text,
            FontId::proportional(13.0),
            ink,
        );
    };
    if let Some(place) = entry.place {
        let left = below.left() + 8.0;
        text(left, Align2::LEFT_CENTER, (place + 1).to_string(), t.weak);
    }
    let right = below.right() - 8.0;
    text(right, Align2::RIGHT_CENTER, score(entry.hit.score), t.text);
    for (n, (word, good)) in signs(entry.standing).into_iter().enumerate() {
        let y = middle + LINE * (n + 1) as f32;
        let ink = match (good, entry.standing.is_plainly_wrong()) {
            (true, _) => t.good,
            (false, false) => t.bad,
            (false, true) => t.weak,
        };
        sign_ui(ui, egui::pos2(right, y), word, ink);
    }
}
