//! The page of a caption's words: what each carries, and which exchange changes the ranking most.

mod exchanges;
mod form;

pub use form::form_ui;

use super::View;
use crate::attack::caption::{Importance, Weight};
use crate::dataset::Dataset;
use crate::desktop::attack::Command;
use crate::desktop::shell::bidi;
use crate::desktop::shell::table::{Small, small_ui};
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{grouped, heading, named_area, picture_in, signed, weak};
use crate::retrieval::Side;
use egui::{Color32, CornerRadius, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo};

/// Side of the picture at the head of the page.
const PICTURE: f32 = 196.0;

/// Draws the page's centre.
pub fn words_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset) {
    super::head_ui(ui, view, dataset);
    let Some(image) = view.state.image else {
        return;
    };
    let own = dataset.captions_of(image);
    ui.horizontal_top(|ui| {
        let (rect, _) = ui.allocate_exact_size(egui::Vec2::splat(PICTURE), Sense::hover());
        picture_in(ui, view.pictures, image as u32, rect, false);
        ui.add_space(8.0);
        ui.vertical(|ui| {
            ui.set_max_height(PICTURE);
            ui.horizontal(|ui| {
                heading(ui, "Its captions");
                weak(ui, "with the rank at which each finds this image");
            });
            if own.is_empty() {
                weak(ui, "This picture has no caption.");
            }
            ScrollArea::vertical()
                .id_salt("own captions")
                .auto_shrink([false; 2])
                .show(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = 1.0;
                    for caption in own.clone() {
                        caption_ui(ui, view, dataset, caption);
                    }
                });
        });
    });
    let Some(caption) = view.state.caption(&own) else {
        return;
    };
    ui.add_space(6.0);
    let weighed = view.state.words.weighed.get(view.session.now()).cloned();
    let weighed = weighed.filter(|(of, _)| *of == caption).map(|(_, w)| w);
    let gap = ui.spacing().item_spacing.x * 2.0;
    let half = ((ui.available_width() - gap) / 2.0).floor();
    let tall = ui.available_height();
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        let column = |ui: &mut Ui, add: &mut dyn FnMut(&mut Ui)| {
            ui.allocate_ui(egui::vec2(half, tall), |ui| {
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.x = gap / 2.0;
                    ui.set_width(half);
                    add(ui);
                });
            });
        };
        column(ui, &mut |ui| weights_ui(ui, view, weighed.as_deref()));
        column(ui, &mut |ui| exchanges::exchanges_ui(ui, view, caption));
    });
}

/// One of the picture's captions: a click chooses it.
fn caption_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset, caption: usize) {
    let t = tokens(ui);
    let own = dataset.captions_of(dataset.image_of(caption));
    let chosen = view.state.caption(&own) == Some(caption);
    let ranks = view.session.direction(Side::Text).map(|d| &d.ranks);
    let rank = ranks.and_then(|r| r.get(caption).copied());
    let text = &dataset.captions[caption];
    let (rect, _) =
        ui.allocate_exact_size(egui::vec2(ui.available_width() - 4.0, 26.0), Sense::hover());
    let id = ui.scope_id().with(("own caption", caption));
    let said = rank.map_or_else(String::new, |r| format!(", finds its image at rank {r}"));
    let name = || format!("caption {text}{said}");
    let response = named_area(ui, rect, id, Role::ListItem, chosen, name);
    if chosen || response.hovered() || response.has_focus() {
        let fill = if chosen { t.accent_back } else { t.hover };
        ui.painter().rect_filled(rect, CornerRadius::same(4), fill);
    }
    let font = || egui::FontId::proportional(13.0);
    let left = rect.left_center() + egui::vec2(54.0, 0.0);
    if let Some(rank) = rank {
        let colour = if rank == 1 { t.good } else { t.bad };
        let at = left - egui::vec2(10.0, 0.0);
        let text = grouped(rank as usize);
        ui.painter()
            .text(at, egui::Align2::RIGHT_CENTER, text, font(), colour);
    }
    let room = (rect.right() - left.x - 4.0).max(40.0);
    let mut job = egui::text::LayoutJob::simple(text.clone(), font(), t.text, room);
    job.wrap.max_rows = 1;
    let galley = bidi::galley(ui, job);
    let at = left - egui::vec2(0.0, galley.size().y / 2.0);
    ui.painter().galley(at, galley, t.text);
    if response.clicked() {
        view.own(Command::SetCaption(caption));
    }
}

/// The caption with its words coloured by what they carry, and the figures.
fn weights_ui(ui: &mut Ui, view: &mut View<'_>, weighed: Option<&Importance>) {
    heading(ui, "What each word carries");
    let t = tokens(ui);
    let Some(weighed) = weighed else {
        weak(ui, "The words are being weighed…");
        return;
    };
    let most = weighed.words.iter().map(|w| change(w).abs());
    let most = most.fold(0.0_f32, f32::max).max(1e-9);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        for word in &weighed.words {
            word_ui(ui, word, tint(change(word) / most, &t), &t);
        }
    });
    weak(ui, "green: the score falls without the word; red: it rises");
    ui.add_space(2.0);
    ScrollArea::both()
        .id_salt("weights")
        .auto_shrink([false; 2])
        .show(ui, |ui| {
            small_ui(ui, view, &table(weighed, most, &t));
            if let Some(why) = &weighed.no_gradient {
                ui.add_space(4.0);
                let text = format!("Without gradients: {why}");
                ui.add(egui::Label::new(RichText::new(text).color(t.warn)).wrap());
            }
        });
}

/// A word on its ground.
fn word_ui(ui: &mut Ui, word: &Weight, ground: Color32, t: &Tokens) {
    let font = egui::FontId::proportional(15.0);
    let galley = ui.painter().layout_no_wrap(word.text.clone(), font, t.text);
    let size = galley.size() + egui::vec2(12.0, 6.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &word.text));
    ui.painter()
        .rect_filled(rect, CornerRadius::same(4), ground);
    let at = rect.min + egui::vec2(6.0, 3.0);
    ui.painter().galley(at, galley, t.text);
}

/// The figures of each word.
fn table(weighed: &Importance, most: f32, t: &Tokens) -> Small {
    let columns = [
        ("Word", "", false),
        ("", "", false),
        (
            "Left out",
            "Score of the caption without the word, less that of the whole (arXiv 1612.08220)",
            true,
        ),
        (
            "Rank then",
            "Rank of the caption without the word, among those of other pictures",
            true,
        ),
        (
            "Gradient × embedding",
            "To first order, how far the score falls when the word's embedding becomes zero (arXiv 1605.01713)",
            true,
        ),
        (
            "Gradient",
            "Length of the score's gradient at the word: how far it can be moved there",
            true,
        ),
    ];
    let none = || "–".to_owned();
    let row = |word: &Weight| {
        let left_out = word.without.map(|w| w.change);
        let rank = word.without.map(|w| w.standing.rank);
        let colour = match rank {
            Some(rank) if rank > weighed.standing.rank => t.bad,
            _ => t.text,
        };
        vec![
            (word.text.clone(), t.text),
            (String::new(), t.text),
            (left_out.map_or_else(none, |c| signed(c, 3)), t.text),
            (rank.map_or_else(none, grouped), colour),
            (word.gradient.map_or_else(none, |g| signed(g, 3)), t.text),
            (word.norm.map_or_else(none, |n| format!("{n:.3}")), t.text),
        ]
    };
    let bar = |word: &Weight| {
        let share = change(word) / most;
        (share.abs(), if share <= 0.0 { t.good } else { t.bad })
    };
    Small {
        name: "weights of the words".to_owned(),
        columns: columns
            .map(|(name, about, figure)| (name.to_owned(), about, figure))
            .into(),
        rows: weighed.words.iter().map(row).collect(),
        bars: Some((1, weighed.words.iter().map(bar).collect())),
        ..Small::default()
    }
}

/// What leaving the word out does to the score; 0 where it cannot be left out.
fn change(word: &Weight) -> f32 {
    word.without.map_or(0.0, |w| w.change)
}

/// A ground for a word: green where its loss costs, red where it gains, the stronger the more.
fn tint(share: f32, t: &Tokens) -> Color32 {
    let to = if share <= 0.0 { t.good } else { t.bad };
    t.raised.lerp_to_gamma(to, 0.55 * share.abs())
}
