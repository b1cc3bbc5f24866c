//! The exchanges of words that were found.

use super::View;
use crate::attack::caption::{Aim, Edit, SearchMethod, Substitution};
use crate::desktop::core::{self, Cells, Query};
use crate::desktop::shell::select::List;
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{grouped, heading, named_area, signed, weak};
use egui::text::{LayoutJob, TextFormat};
use egui::{CornerRadius, FontId, RichText, Role, ScrollArea, Sense, Ui};

/// Draws what the last search found for `caption`.
pub fn exchanges_ui(ui: &mut Ui, view: &mut View<'_>, caption: usize) {
    heading(ui, "Exchanges of words");
    let words = &view.state.words;
    let found = words
        .found
        .get(view.session.now())
        .cloned()
        .filter(|(of, ..)| *of == caption);
    let Some((_, plan, found)) = found else {
        if words.running {
            weak(ui, "Looking for words…");
        } else {
            weak(
                ui,
                "Search for the exchange of one or two words that changes the ranking most.",
            );
        }
        return;
    };
    if plan != words.plan && !words.running {
        let text =
            "What is set now: not searched yet. The exchanges below are of the search before.";
        let text = RichText::new(text).color(tokens(ui).warn);
        ui.add(egui::Label::new(text).wrap());
    }
    head_ui(ui, &found);
    ScrollArea::vertical()
        .id_salt("exchanges")
        .auto_shrink([false; 2])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            for (at, edit) in found.edits.iter().enumerate() {
                edit_ui(ui, view, at, edit, &found);
            }
        });
}

/// What was looked for, and how it went.
fn head_ui(ui: &mut Ui, found: &Substitution) {
    let t = tokens(ui);
    let reached = found.edits.iter().filter(|e| e.reached).count();
    let (text, colour) = match reached {
        0 => (format!("{}: not reached", title(found.aim)), t.good),
        n => (
            format!("{}: reached by {n} of those shown", title(found.aim)),
            t.bad,
        ),
    };
    ui.label(RichText::new(text).color(colour));
    let lead = match found.method {
        SearchMethod::Gradient => "led by the gradient",
        SearchMethod::Queries => "by queries alone",
    };
    weak(
        ui,
        format!(
            "from rank {}, {} words tried in {} captions, {lead}, {:.1} s",
            grouped(found.before.rank),
            grouped(found.candidates),
            grouped(found.queries),
            found.seconds
        ),
    );
}

/// What an aim is called in menus.
pub fn title(aim: Aim) -> &'static str {
    match aim {
        Aim::ImageLoses => "caption misses image",
        Aim::ImageWins => "caption finds image",
        Aim::CaptionLoses => "image misses caption",
        Aim::CaptionWins => "image finds caption",
    }
}

fn edit_ui(ui: &mut Ui, view: &mut View<'_>, at: usize, edit: &Edit, found: &Substitution) {
    let t = tokens(ui);
    let wide = ui.available_width() - 4.0;
    let left = 150.0;
    let galley = ui
        .painter()
        .layout_job(layout(edit, (wide - left - 6.0).max(60.0), &t));
    let tall = (galley.size().y + 8.0).max(26.0);
    let (rect, _) = ui.allocate_exact_size(egui::vec2(wide, tall), Sense::hover());
    if !ui.is_rect_visible(rect) {
        return;
    }
    let margin = edit.after.margin.unwrap_or(edit.after.score);
    let name = || {
        let changes: Vec<String> = edit
            .changes
            .iter()
            .map(|c| format!("{} for {}", c.to, c.from))
            .collect();
        format!(
            "exchange {}: {}, rank {}, margin {}{}",
            changes.join(" and "),
            edit.text,
            edit.after.rank,
            signed(margin, 3),
            if edit.reached { ", reached" } else { "" }
        )
    };
    let id = ui.scope_id().with(("exchange", at));
    let response = named_area(ui, rect, id, Role::ListItem, false, name);
    let lit = response.hovered() || response.has_focus();
    if edit.reached || lit {
        let fill = if lit { t.hover } else { t.bad_back };
        ui.painter().rect_filled(rect, CornerRadius::same(4), fill);
    }
    let font = || FontId::proportional(13.0);
    let middle = rect.center().y;
    let cell = |x: f32, text: String, colour| {
        let at = egui::pos2(rect.left() + x, middle);
        ui.painter()
            .text(at, egui::Align2::RIGHT_CENTER, text, font(), colour);
    };
    let ink = if edit.reached { t.bad } else { t.text };
    let moved = format!(
        "{} → {}",
        grouped(found.before.rank),
        grouped(edit.after.rank)
    );
    cell(78.0, moved, ink);
    cell(138.0, signed(margin, 3), t.text);
    let place = egui::pos2(rect.left() + left, middle - galley.size().y / 2.0);
    ui.painter().galley(place, galley, t.text);
    let response =
        response.on_hover_text("Rank and margin with these words. Click to search the images so");
    let list = List {
        name: "exchanges of words",
        columns: &COLUMNS,
        count: found.edits.len(),
        order: 0,
    };
    let act = list.row(&response, view, at, |ui, shell, _| {
        if ui.button("Copy the text").clicked() {
            shell.ask(core::Command::Copy(edit.text.clone()));
            ui.close();
        }
    });
    if act.goes {
        view.ask(core::Command::Query(Query::Text(edit.text.clone())));
    }
    if let Some(take) = act.take {
        let row = |edit: &Edit| {
            vec![
                edit.text.clone(),
                grouped(found.before.rank),
                grouped(edit.after.rank),
                signed(edit.after.margin.unwrap_or(edit.after.score), 4),
                if edit.reached { "reached" } else { "" }.to_owned(),
            ]
        };
        let cells = Cells::of(found.edits.iter().map(row).collect());
        list.take(view, take, cells);
    }
}

const COLUMNS: [(&str, bool); 5] = [
    ("Caption", false),
    ("Rank before", true),
    ("Rank after", true),
    ("Margin", true),
    ("Aim", false),
];

/// The edited text with the new words set off.
fn layout(edit: &Edit, width: f32, t: &Tokens) -> LayoutJob {
    let plain = TextFormat::simple(FontId::proportional(13.5), t.text);
    let new = TextFormat {
        color: t.bad,
        underline: egui::Stroke::new(1.0, t.bad),
        ..plain.clone()
    };
    let mut job = LayoutJob::default();
    job.wrap.max_width = width;
    let mut shown = 0;
    for (from, to) in places(edit) {
        job.append(&edit.text[shown..from], 0.0, plain.clone());
        job.append(&edit.text[from..to], 0.0, new.clone());
        shown = to;
    }
    job.append(&edit.text[shown..], 0.0, plain);
    job
}

/// Where the new words stand in the edited text, in bytes.
fn places(edit: &Edit) -> Vec<(usize, usize)> {
    let mut places = Vec::with_capacity(edit.changes.len());
    let (mut grown, mut shrunk) = (0, 0);
    for change in &edit.changes {
        let from = change.start + grown - shrunk;
        let to = from + change.to.len();
        if to > edit.text.len()
            || !edit.text.is_char_boundary(from)
            || !edit.text.is_char_boundary(to)
        {
            break;
        }
        places.push((from, to));
        grown += change.to.len();
        shrunk += change.end - change.start;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::caption::{Change, PairRank};

    #[test]
    fn new_words_are_found_in_the_edited_text() {
        let change = |word, start, end, from: &str, to: &str| Change {
            word,
            start,
            end,
            from: from.into(),
            to: to.into(),
        };
        let edit = Edit {
            text: "An elephant runs.".into(),
            changes: vec![
                change(0, 0, 1, "A", "An"),
                change(1, 2, 5, "dog", "elephant"),
            ],
            after: PairRank {
                score: 0.0,
                margin: None,
                rank: 1,
            },
            reached: false,
        };
        let words: Vec<&str> = places(&edit)
            .into_iter()
            .map(|(a, b)| &edit.text[a..b])
            .collect();
        assert_eq!(words, ["An", "elephant"]);
    }
}
