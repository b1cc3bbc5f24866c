//! Candidates as a list of rows: bar, score, picture or text, signs.

use super::super::View;
use super::{Asked, Entry, act_ui, name_of};
use crate::dataset::Dataset;
use crate::desktop::core::AnswerView;
use crate::desktop::shell::large;
use crate::desktop::shell::marks::{Room, Underlined};
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{
    bar, named_area, picture_in, score, sign_ui, sign_width, weak,
};
use crate::retrieval::{Said, Side};
use egui::{Align2, CornerRadius, FontId, Rect, Role, Ui};

/// Height of a sign with the room around it, in points.
const SIGN: f32 = 20.0;

/// Draws the entries: what is listed, then the right ones further down.
pub fn list_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    dataset: &Dataset,
    answer: &AnswerView,
    entries: &[Entry],
) {
    let best = answer.hits.first().map_or(1.0, |h| h.score).max(1e-3);
    let own = dataset.captions.get(answer.positives.clone());
    let said = own.filter(|own| answer.of == Side::Text && !own.is_empty());
    let said = said.map(Said::by);
    ui.spacing_mut().item_spacing.y = 2.0;
    for entry in entries {
        if entry.at == answer.hits.len() {
            ui.add_space(8.0);
            weak(ui, "Right, further down");
        }
        let row = Row {
            entry,
            share: entry.hit.score / (best * 1.06),
            said: said.as_ref().filter(|_| !entry.standing.is_right()),
        };
        row_ui(ui, view, dataset, answer, &row);
    }
}

struct Row<'a> {
    entry: &'a Entry,
    /// Its part of the bar.
    share: f32,
    /// The words of the right ones, where the candidate's own are compared with them.
    said: Option<&'a Said>,
}

fn row_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset, answer: &AnswerView, row: &Row<'_>) {
    let t = tokens(ui);
    let entry = row.entry;
    let index = entry.hit.index as usize;
    let images = answer.of == Side::Image;
    let text = if images {
        let own = &dataset.captions[dataset.captions_of(index)];
        // Images without captions go by their names.
        own.first().unwrap_or(&dataset.images[index].name).as_str()
    } else {
        dataset.captions[index].as_str()
    };
    let signs = entry.standing.signs();
    let wide = ui.available_width() - 6.0;
    let bar_width = (wide * 0.2).clamp(60.0, 190.0);
    let left = 48.0 + bar_width + 64.0 + if images { 76.0 } else { 0.0 };
    let widths = signs.iter().map(|sign| sign_width(ui, sign.text));
    let signs_width = widths.fold(0.0, f32::max) + 16.0;
    let font = FontId::proportional(13.5);
    let strange = row.said.map_or_else(Vec::new, |said| said.lacks(text));
    let room = Room {
        wide: (wide - left - signs_width).max(80.0),
        rows: 3,
    };
    let least = SIGN * signs.len() as f32 + 10.0;
    let size = |text: f32| {
        let tall = if images { 76.0 } else { text + 12.0 };
        egui::vec2(wide, tall.max(least))
    };
    let highlighted = entry.place.is_some() && entry.place == Some(view.memory.highlighted);
    // Laying out what lies below the view would take most of the first frame.
    if ui.cursor().top() > ui.clip_rect().bottom() {
        let size = size(about(ui, text, &font, room));
        let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
        if highlighted && std::mem::take(&mut view.memory.reveal_highlighted) {
            ui.scroll_to_rect(rect, None);
        }
        return;
    }
    let caption = Underlined::new(ui, text, &strange, font, [t.text, t.bad], room);
    let (rect, _) = ui.allocate_exact_size(size(caption.size().y), egui::Sense::hover());
    if highlighted && std::mem::take(&mut view.memory.reveal_highlighted) {
        ui.scroll_to_rect(rect, None);
    }
    if !ui.is_rect_visible(rect) {
        return;
    }
    let name = name_of(dataset, answer, index);
    let id = ui.scope_id().with(("result", entry.at));
    let mut response = named_area(ui, rect, id, Role::ListItem, highlighted, || {
        entry.says(&name)
    });
    let look = Look {
        rect,
        bar_width,
        left,
        caption,
        highlighted,
        marked: entry.is_marked(view, answer),
    };
    paint_row(ui, row, &look, response.hovered(), &t);
    if images {
        let middle = egui::pos2(rect.left() + left - 40.0, rect.center().y);
        let picture = Rect::from_center_size(middle, egui::Vec2::splat(70.0));
        let opener = large::opener(ui, &mut view.shell, entry.hit.index, picture, &name);
        // With Ctrl or Shift the picture chooses too.
        if !ui.input(|i| i.modifiers.is_none()) {
            response = response.union(opener);
        }
        picture_in(ui, view.pictures, entry.hit.index, picture, true);
    }
    let asked = Asked { response, entry };
    act_ui(view, dataset, answer, asked);
}

/// About how tall a text is.
fn about(ui: &Ui, text: &str, font: &FontId, room: Room) -> f32 {
    let tall = ui.fonts_mut(|fonts| fonts.row_height(font));
    let wide = 0.48 * font.size * text.chars().count() as f32;
    tall * (wide / room.wide).ceil().clamp(1.0, room.rows as f32)
}

/// Where the parts of a row lie.
struct Look {
    rect: Rect,
    bar_width: f32,
    left: f32,
    caption: Underlined,
    highlighted: bool,
    /// Is it chosen, with others?
    marked: bool,
}

fn paint_row(ui: &Ui, row: &Row<'_>, look: &Look, hovered: bool, t: &Tokens) {
    let Look {
        rect,
        bar_width,
        left,
        ref caption,
        highlighted,
        marked,
    } = *look;
    let entry = row.entry;
    let (ink, back) = entry.standing.colours(t);
    if let Some(fill) = back.or(hovered.then_some(t.hover)) {
        ui.painter().rect_filled(rect, CornerRadius::same(4), fill);
    }
    if marked {
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
    let font = || FontId::proportional(13.0);
    if let Some(place) = entry.place {
        ui.painter()
            .text(at(34.0), Align2::RIGHT_CENTER, place + 1, font(), t.weak);
    }
    let place = Rect::from_center_size(at(48.0 + bar_width / 2.0), egui::vec2(bar_width, 6.0));
    bar(ui, place, row.share, ink);
    let said = score(entry.hit.score);
    let right = at(48.0 + bar_width + 50.0);
    ui.painter()
        .text(right, Align2::RIGHT_CENTER, said, font(), t.text);
    let corner = egui::pos2(rect.left() + left, middle - caption.size().y / 2.0);
    caption.paint(ui.painter(), corner, t.text);
    let signs = entry.standing.signs();
    let top = middle - SIGN * signs.len().saturating_sub(1) as f32 / 2.0;
    for (n, sign) in signs.iter().enumerate() {
        let ink = if sign.good { t.good } else { t.bad };
        let right = egui::pos2(rect.right() - 8.0, top + SIGN * n as f32);
        sign_ui(ui, right, sign.text, ink);
    }
}
