//! The head of the retrieval view: the query, the field to type one into, and where its right answer stands.

use super::View;
use super::pictures::pictures_ui;
use crate::dataset::Dataset;
use crate::desktop::core::{self, Query, Session};
use crate::desktop::shell::terms::{Explained, Term};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, margin_colour, signed, weak};
use crate::desktop::shell::{Field, bidi, labels};
use crate::retrieval::Side;
use egui::text::LayoutJob;
use egui::{FontId, Margin, RichText, Ui};

/// The pictures of the query and of what ranks first, the field to type into, and the figures of the current query.
pub fn query_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset) {
    ui.horizontal_top(|ui| {
        pictures_ui(ui, view, dataset);
        ui.vertical(|ui| {
            query_field_ui(ui, view);
            ui.add_space(2.0);
            query_text_ui(ui, view, dataset);
            unread_ui(ui, view);
            figures_ui(ui, view);
        });
    });
}

fn query_field_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    let ready = session.embedded().is_some() && session.encoder().is_some();
    let current = session.query();
    if view.memory.of.as_ref() != current {
        // What was typed is in the history; of another query it says nothing.
        view.memory.query = match current {
            Some(Query::Text(text)) => text.clone(),
            _ => String::new(),
        };
        view.memory.of = current.cloned();
    }
    let asked = session.open.asked();
    let room = if asked.is_empty() { 0.0 } else { 96.0 };
    let mut text = std::mem::take(&mut view.memory.query);
    let edit = egui::TextEdit::singleline(&mut text)
        .hint_text("Type a caption, or drop a picture…")
        .desired_width((ui.available_width() - room).max(80.0))
        .margin(Margin::symmetric(9, 6));
    let response = ui.horizontal(|ui| {
        let response = ui
            .add_enabled(ready, edit)
            .on_disabled_hover_text("Needs an open encoder");
        if !asked.is_empty() {
            ui.menu_button("History", |ui| history_ui(ui, view, &asked))
                .response
                .on_hover_text("Texts and pictures that were asked for before");
        }
        response
    });
    let response = response.inner;
    view.memory.query = text;
    if view
        .shell
        .memory
        .focus
        .take_if(|f| *f == Field::Query)
        .is_some()
    {
        response.request_focus();
    }
    let entered = response.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
    if entered && !view.memory.query.trim().is_empty() {
        let text = view.memory.query.trim().to_owned();
        view.ask(core::Command::Query(Query::Text(text)));
    }
}

/// The queries that were asked for by hand.
fn history_ui(ui: &mut Ui, view: &mut View<'_>, asked: &[Query]) {
    const SHOWN: usize = 20;
    ui.set_max_width(420.0);
    for query in asked.iter().take(SHOWN) {
        let (title, current) = match query {
            Query::Text(text) => (text.as_str(), view.session.query() == Some(query)),
            Query::Picture { name, .. } => (name.as_str(), view.session.query() == Some(query)),
            Query::Row(..) => continue,
        };
        if ui
            .add(egui::Button::selectable(current, title).truncate())
            .clicked()
        {
            view.ask(core::Command::Query(query.clone()));
        }
    }
}

/// Says what of the query's text the encoder does not know.
fn unread_ui(ui: &mut Ui, view: &View<'_>) {
    const NAMED: usize = 8;
    let session = view.session;
    let answer = session
        .answer()
        .filter(|a| Some(&a.query) == session.query());
    let Some(unread) = answer.and_then(|a| a.unread.as_ref()) else {
        return;
    };
    let text = if unread.all {
        "The encoder knows no word of this text: the ranking is that of an empty one.".to_owned()
    } else {
        let words: Vec<String> = unread
            .words
            .iter()
            .take(NAMED)
            .map(|w| format!("“{w}”"))
            .collect();
        let more = unread.words.len().saturating_sub(NAMED);
        let more = if more == 0 {
            String::new()
        } else {
            format!(" and {more} more")
        };
        format!(
            "The encoder does not know {}{more}: the ranking is by the other words alone.",
            words.join(", ")
        )
    };
    ui.add(egui::Label::new(RichText::new(text).color(tokens(ui).warn)).wrap());
}

fn query_text_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset) {
    let strong = |ui: &mut Ui, text: &str| {
        bidi::label(ui, RichText::new(text).size(14.5).strong(), usize::MAX);
    };
    match view.session.query() {
        Some(Query::Row(Side::Image, i)) => {
            strong(ui, &dataset.images[*i].name);
            let own = dataset.captions_of(*i);
            let noun = if own.len() == 1 {
                "caption"
            } else {
                "captions"
            };
            let text = match dataset.captions[own.clone()].first() {
                Some(first) => format!("{} {noun}: {first}", own.len()),
                None => "no captions: the images most like it".into(),
            };
            let text = RichText::new(text).color(tokens(ui).weak);
            bidi::label(ui, text, 1);
        }
        Some(Query::Row(Side::Text, j)) => {
            strong(ui, &dataset.captions[*j]);
            weak(
                ui,
                format!("caption of {}", dataset.images[dataset.image_of(*j)].name),
            );
        }
        Some(Query::Text(text)) => {
            strong(ui, text);
            weak(ui, "typed; no answer is known to be right");
        }
        Some(Query::Picture { name, .. }) => {
            strong(ui, name);
            weak(ui, "dropped; no answer is known to be right");
        }
        None => {}
    }
}

/// Rank and margin of the right one, and what can be done with the pair.
fn figures_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    let t = tokens(ui);
    let Some(answer) = session
        .answer()
        .filter(|a| Some(&a.query) == session.query())
    else {
        return;
    };
    let noun = match answer.of {
        Side::Text => "caption",
        Side::Image => "image",
    };
    if let (Some(rank), Some(margin)) = (answer.rank, answer.margin) {
        let mut job = LayoutJob::default();
        let mut part = |text: String, colour| {
            let font = FontId::proportional(13.5);
            job.append(&text, 0.0, egui::TextFormat::simple(font, colour));
        };
        part(format!("Rank of the right {noun} "), t.weak);
        part(
            grouped(rank as usize),
            if rank == 1 { t.good } else { t.bad },
        );
        part(
            format!(
                " of {} · margin to the hardest negative ",
                grouped(answer.candidates)
            ),
            t.weak,
        );
        part(signed(margin, 3), margin_colour(&t, margin));
        job.wrap.max_width = ui.available_width();
        ui.label(job).explained(Term::Margin);
    } else {
        weak(ui, format!("{} {noun}s ranked", grouped(answer.candidates)));
    }
    ui.add_space(4.0);
    ui.horizontal_wrapped(|ui| {
        let negative = answer.hits.iter().find(|hit| !answer.is_right(hit));
        if let (Query::Row(side, _), Some(negative)) = (&answer.query, negative)
            && answer.of != *side
        {
            let hint = "Make the hardest negative the query (Enter opens the highlighted result)";
            if ui
                .button("Query the hardest negative")
                .on_hover_text(hint)
                .clicked()
            {
                view.ask(core::Command::Query(Query::Row(
                    side.other(),
                    negative.index as usize,
                )));
            }
            attack_button_ui(
                ui,
                view.session,
                &mut view.commands,
                &answer.query,
                negative.index,
            );
            let (text, row) = match side {
                Side::Image => (
                    "T→I instead",
                    Query::Row(Side::Text, answer.positives.start),
                ),
                Side::Text => (
                    "I→T instead",
                    Query::Row(Side::Image, answer.positives.start),
                ),
            };
            if ui
                .button(text)
                .on_hover_text("The same pair, the other way round")
                .clicked()
            {
                view.ask(core::Command::Query(row));
            }
        }
        let can = session.open.can_undo(core::Deeds::Queries);
        let back = ui.add_enabled(can, egui::Button::new("Back"));
        if back
            .on_hover_text(labels::keys(ui.ctx(), "Alt+Left"))
            .clicked()
        {
            view.ask(core::Command::Undo(core::Deeds::Queries));
        }
    });
}

/// Takes the pair to the attack lab: the picture, and the caption that is to win.
fn attack_button_ui(
    ui: &mut Ui,
    session: &Session,
    commands: &mut Vec<core::Command>,
    query: &Query,
    negative: u32,
) {
    let (Some(dataset), Query::Row(side, row)) = (session.dataset(), query) else {
        return;
    };
    // A caption's pair is its own image: the hardest negative of that is found in the lab.
    let (image, target) = match side {
        Side::Image => (*row, Some(negative as usize)),
        Side::Text => (dataset.image_of(*row), None),
    };
    let picture = dataset.images.get(image).and_then(|i| i.picture.as_ref());
    let ready = session.encoder().is_some() && picture.is_some();
    let hint = "How little must the pixels change until the hardest negative wins?";
    let button = ui
        .add_enabled(ready, egui::Button::new("Attack this pair"))
        .on_hover_text(hint)
        .on_disabled_hover_text("Needs an encoder and the picture");
    if button.clicked() {
        commands.push(core::Command::AttackPair {
            image,
            caption: target,
        });
    }
}
