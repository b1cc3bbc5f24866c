//! The model view: a card for each of the encoder's models, with the standing of its operators and its gradient.

mod layers;
mod prepared;
mod verdict;

use crate::attack::possible;
use crate::desktop::core::{self, EncoderSource, ModelCard, Pick};
use crate::desktop::models::{Command, Slot};
use crate::desktop::shell::table::{Small, small_ui};
use crate::desktop::shell::terms::Term;
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{empty_state, figure, grouped, heading, weak};
use crate::error::{Blocking, bytes_told};
use crate::grad::{Card, Measured, Standing};
use crate::retrieval::Side;
use egui::{Color32, CornerRadius, Frame, Margin, RichText, ScrollArea, Stroke, Ui};
use layers::layers_ui;
use prepared::prepared_ui;
use verdict::{said_ui, verdict_ui};

/// What the models are drawn with.
pub type View<'a> = crate::desktop::feature::View<'a, super::Models>;

/// What drawing the view remembers between frames.
#[derive(Default)]
pub struct Memory {
    /// What layers are searched for, of the image model and the text model.
    filters: [String; 2],
}

/// Draws the cards, side by side where there is room.
pub fn models_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    let Some(encoder) = session.encoder() else {
        let title = "No encoder is open";
        let text =
            "Its models appear here, with what gradients they have and which attacks those allow.";
        if empty_state(ui, title, text, Some("Open an encoder…")) {
            view.ask(core::Command::Pick(Pick::EncoderFolder));
        }
        return;
    };
    let examining = view.is_running(Slot::Examine);
    ui.horizontal(|ui| {
        let title = session.workspace.encoder.as_ref().map(EncoderSource::title);
        heading(ui, title.as_deref().unwrap_or(&encoder.name));
        weak(
            ui,
            format!("{} · {}", encoder.engine, encoder.image_provider),
        );
        ui.add_enabled_ui(!examining, |ui| {
            if ui.button("Examine again").clicked() {
                view.own(Command::Examine);
            }
        });
    });
    ui.add_space(6.0);
    prepared_ui(ui, view, encoder);
    if session.open.cards().is_empty() {
        let (title, text) = if examining {
            (
                "Examining the models…",
                "Each is differentiated, run and compared with central differences.",
            )
        } else {
            (
                "Not examined",
                "The gradients of these models have not been looked at.",
            )
        };
        let button = (!examining).then_some("Examine the models");
        if empty_state(ui, title, text, button) {
            view.own(Command::Examine);
        }
        return;
    }
    let wide = ui.available_width() > 900.0;
    ScrollArea::vertical()
        .auto_shrink([false; 2])
        .show(ui, |ui| {
            if wide {
                ui.columns(session.open.cards().len(), |columns| {
                    for (ui, card) in columns.iter_mut().zip(session.open.cards()) {
                        card_ui(ui, view, card);
                    }
                });
            } else {
                for card in session.open.cards() {
                    card_ui(ui, view, card);
                    ui.add_space(10.0);
                }
            }
        });
}

fn card_ui(ui: &mut Ui, view: &mut View<'_>, model: &ModelCard) {
    let t = tokens(ui);
    Frame::NONE
        .fill(t.panel)
        .stroke(Stroke::new(1.0, t.line))
        .corner_radius(CornerRadius::same(8))
        .inner_margin(Margin::same(14))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().interact_size.y = 18.0;
            let title = match model.side {
                Side::Image => "Image model",
                Side::Text => "Text model",
            };
            heading(ui, title);
            let name = model
                .file
                .file_name()
                .map(|n| n.to_string_lossy().into_owned());
            weak(ui, name.unwrap_or_default()).on_hover_text(model.file.display().to_string());
            ui.add_space(8.0);
            size_ui(ui, model);
            match &model.card {
                Ok(card) => known_ui(ui, view, card, model.side),
                Err(why) => {
                    ui.label(RichText::new(why).color(t.bad));
                    weak(ui, "Attacks by queries alone remain possible.");
                }
            }
            ui.add_space(8.0);
            layers_ui(ui, view, model);
        });
}

fn known_ui(ui: &mut Ui, view: &mut View<'_>, card: &Card, side: Side) {
    let t = tokens(ui);
    let sound = card.supported() && card.fault().is_none();
    let inks = match (sound, card.survey.approximate.is_empty()) {
        (true, true) => [t.good, t.good_back],
        (true, false) => [t.warn, t.raised],
        (false, _) => [t.bad, t.bad_back],
    };
    said_ui(ui, &possible(card), inks);
    ui.add_space(8.0);
    times_ui(ui, card);
    verdict_ui(ui, card);
    ui.add_space(8.0);
    ports_ui(ui, card);
    for (op, why, nodes) in Blocking::grouped(&card.survey.blocking) {
        ui.label(RichText::new(format!("{op}: {why}")).color(t.bad));
        weak(ui, nodes.join(", "));
    }
    ui.add_space(8.0);
    heading(ui, "Operators");
    ui.add_space(2.0);
    operators_ui(ui, view, card, side);
}

/// How large the graph is.
fn size_ui(ui: &mut Ui, model: &ModelCard) {
    let size = match &model.size {
        Ok(size) => size,
        Err(why) => {
            ui.label(RichText::new(why).color(tokens(ui).bad));
            return;
        }
    };
    let width = third(ui);
    ui.horizontal(|ui| {
        let opset = size.opset.to_string();
        let parameters = grouped(size.parameters);
        figure(ui, width, &grouped(size.nodes), "nodes", Term::Operators);
        figure(ui, width, &parameters, "parameters", Term::Parameters);
        figure(ui, width, &opset, "operator set", Term::OperatorSet);
    });
    let made = match size.producer.as_str() {
        "" => String::new(),
        producer => format!(", written by {producer}"),
    };
    let (constants, files) = (bytes_told(size.constants), bytes_told(size.files));
    weak(
        ui,
        format!("{constants} of weights and constants, {files} of files{made}."),
    );
    ui.add_space(8.0);
}

/// The width of each of three figures side by side.
fn third(ui: &Ui) -> f32 {
    let space = ui.spacing().item_spacing.x;
    ((ui.available_width() - 2.0 * space) / 3.0).max(90.0)
}

/// How long the model takes, with its gradient and without.
fn times_ui(ui: &mut Ui, card: &Card) {
    let width = third(ui);
    let Some(m) = &card.measured else {
        return;
    };
    ui.horizontal(|ui| {
        let forward = format!("{} ms", short(m.forward_ms));
        figure(ui, width, &forward, "forward", Term::Forward);
        let gradient = format!("{} ms", short(m.gradient_ms));
        figure(ui, width, &gradient, &ratio(m), Term::Gradient);
        if let Some((error, check)) = m.check().and_then(|c| Some((c.max_rel_error?, c))) {
            let (error, what) = (
                format!("{error:.1e}"),
                format!("relative error, {} directions", check.samples),
            );
            figure(ui, width, &error, &what, Term::SelfCheck);
        }
    });
}

fn ratio(m: &Measured) -> String {
    format!(
        "with gradient, {:.1}×",
        m.gradient_ms / m.forward_ms.max(1e-9)
    )
}

fn short(ms: f64) -> String {
    if ms < 10.0 {
        format!("{ms:.2}")
    } else {
        format!("{ms:.0}")
    }
}

fn ports_ui(ui: &mut Ui, card: &Card) {
    let mut row = |what: &str, text: String| {
        ui.horizontal_wrapped(|ui| {
            weak(ui, what);
            ui.label(RichText::new(text).monospace().size(12.0));
        });
    };
    for port in &card.inputs {
        row("in", port.to_string());
    }
    for port in &card.outputs {
        row("out", port.to_string());
    }
    if card.tokens && !card.wrt.is_empty() {
        row("gradient at", card.wrt.join(", "));
    }
}

fn operators_ui(ui: &mut Ui, view: &mut View<'_>, card: &Card, side: Side) {
    let t = tokens(ui);
    let mut rows: Vec<(&String, usize, Standing)> = card
        .survey
        .ops
        .iter()
        .map(|(name, (n, s))| (name, *n, *s))
        .collect();
    rows.sort_by(|a, b| b.2.cmp(&a.2).then(b.1.cmp(&a.1)).then(a.0.cmp(b.0)));
    let row = |(name, count, standing): (&String, usize, Standing)| {
        let (word, colour) = word(&t, standing);
        vec![
            (name.clone(), t.text),
            (grouped(count), t.text),
            (word.to_owned(), colour),
        ]
    };
    let columns = [
        ("Operator", "", false),
        ("Nodes", "", true),
        ("Gradient", "How the gradient passes it", false),
    ];
    let table = Small {
        name: match side {
            Side::Image => "operators of the image model".to_owned(),
            Side::Text => "operators of the text model".to_owned(),
        },
        columns: columns
            .map(|(name, about, figure)| (name.to_owned(), about, figure))
            .into(),
        rows: rows.into_iter().map(row).collect(),
        ..Small::default()
    };
    small_ui(ui, view, &table);
}

fn word(t: &Tokens, standing: Standing) -> (&'static str, Color32) {
    match standing {
        Standing::Exact => ("exact", t.good),
        Standing::Approximate => ("approximate", t.warn),
        Standing::Blocking => ("blocking", t.bad),
        Standing::Idle => ("off the path", t.weak),
    }
}
