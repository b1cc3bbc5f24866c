//! What stands above the table: the groups, what their rows hold, the steps.

use super::{View, is_studying};
use crate::desktop::core::Session;
use crate::desktop::linear::{Command, Form, Group, Kind, Page, Shown, Slot};
use crate::desktop::shell::labels;
use crate::desktop::shell::widgets::{menu_if, primary_if, segmented, weak};
use crate::learn::concepts::On;
use crate::learn::linear::Step;
use egui::{ComboBox, DragValue, TextEdit, Ui};

/// Draws the bar.
pub fn toolbar_ui(ui: &mut Ui, view: &mut View<'_>) {
    let mut form = view.state.form.clone();
    ui.horizontal_wrapped(|ui| {
        group_ui(ui, view, &mut form.groups[0], "First group");
        weak(ui, "against");
        group_ui(ui, view, &mut form.groups[1], "Second group");
        ui.add_space(6.0);
        weak(ui, "On");
        on_ui(ui, view, &mut form);
        ui.add_space(6.0);
        let steps = Step::ALL.map(|step| (step, step.title(), step.about()));
        if let Some(step) = segmented(ui, form.step, &steps) {
            form.step = step;
        }
        ui.name_inputs("Steps", |ui| {
            ui.add(
                DragValue::new(&mut form.steps)
                    .range(1..=100_000_000_u64)
                    .speed(500)
                    .suffix(" steps"),
            )
        });
        ui.add_space(6.0);
        actions_ui(ui, view);
    });
    if form != view.state.form {
        view.own(Command::SetForm(Box::new(form)));
    }
}

/// Words, a set or a label.
fn group_ui(ui: &mut Ui, view: &View<'_>, group: &mut Group, name: &str) {
    if let Group::Words(words) = group {
        ui.name_inputs(name, |ui| {
            ui.add(
                TextEdit::singleline(words)
                    .hint_text("words")
                    .desired_width(74.0),
            )
            .on_hover_text("Images with a caption that holds all these words")
        });
    }
    let text = match group {
        Group::Words(_) => "words",
        Group::Set(name) | Group::Label(name) => name.as_str(),
    };
    let text = text.to_owned();
    ui.name_inputs(format!("{name} is"), |ui| {
        ComboBox::from_id_salt(name)
            .selected_text(text)
            .width(58.0)
            .show_ui(ui, |ui| choices_ui(ui, view, group));
    });
}

fn choices_ui(ui: &mut Ui, view: &View<'_>, group: &mut Group) {
    let session: &Session = view.session;
    let is_words = matches!(group, Group::Words(_));
    if ui.selectable_label(is_words, "words of captions").clicked() && !is_words {
        *group = Group::Words(String::new());
    }
    for name in session.sets.named.keys() {
        let set = Group::Set(name.clone());
        let on = *group == set;
        if ui.selectable_label(on, format!("set {name}")).clicked() {
            *group = set;
        }
    }
    let labels = view.state.labels.get(session.now());
    for label in labels.into_iter().flatten() {
        let choice = Group::Label(label.clone());
        let on = *group == choice;
        if ui.selectable_label(on, format!("label {label}")).clicked() {
            *group = choice;
        }
    }
    if session.sets.named.is_empty() {
        weak(ui, "Sets are listed here; the map makes one of a lasso.");
    }
}

fn on_ui(ui: &mut Ui, view: &View<'_>, form: &mut Form) {
    let embedded = view.session.embedded().is_some();
    let text = match &form.on {
        On::Pixels { side, colour } => {
            format!(
                "{} pixels, {side}²",
                if *colour { "colour" } else { "grey" }
            )
        }
        On::Embeddings => "embeddings".into(),
        On::Layer(name) => name.clone(),
    };
    ui.name_inputs("What rows hold", |ui| {
        ComboBox::from_id_salt("rows hold")
            .selected_text(text)
            .width(110.0)
            .truncate()
            .show_ui(ui, |ui| {
                for (side, colour) in [(16, false), (28, false), (32, true), (64, false)] {
                    let on = On::Pixels { side, colour };
                    let name = on.to_string();
                    ui.selectable_value(&mut form.on, on, name);
                }
                ui.add_enabled_ui(embedded, |ui| {
                    let hint = "The embeddings of the open encoder: its last layer";
                    ui.selectable_value(&mut form.on, On::Embeddings, "embeddings")
                        .on_hover_text(hint)
                        .on_disabled_hover_text("This needs an encoder, or files of embeddings");
                });
                let layers = view.state.layers.get(view.session.now());
                for layer in layers.into_iter().flatten() {
                    let on = On::Layer(layer.clone());
                    ui.selectable_value(&mut form.on, on, format!("layer {layer}"));
                }
            });
    });
}

fn actions_ui(ui: &mut Ui, view: &mut View<'_>) {
    if is_studying(view) {
        if ui.button("Cancel").clicked() {
            view.cancel(Slot::Study);
            view.cancel(Slot::StudyEmbedded);
            view.cancel(Slot::StudyLayer);
        }
    } else {
        let asked = view.state.form.asked();
        let named = view.state.form.is_named();
        let why = match &asked {
            _ if !named => "Name both groups first".to_owned(),
            Ok(_) => {
                let hint = "Finds the largest margins and trains as set (Ctrl+Enter)";
                labels::keys(ui.ctx(), hint)
            }
            Err(error) => format!("{error}. {}", error.remedy()),
        };
        let button = primary_if(ui, named && asked.is_ok(), "Train");
        if button
            .on_hover_text(&why)
            .on_disabled_hover_text(&why)
            .clicked()
        {
            view.own(Command::Study);
        }
    }
    let studied = view.state.studied(view.session.now()).cloned();
    menu_if(ui, studied.is_some(), "Export", |ui| {
        let kinds = [
            (Kind::Curves, "Robust accuracy (CSV)…"),
            (Kind::History, "Margins along training (CSV)…"),
            (Kind::Figures, "All figures (JSON)…"),
            (Kind::Drawing, "Drawing (SVG)…"),
            (Kind::Screen, "Picture of the view (PNG)…"),
            (Kind::Model, "Classifier that is looked at (ONNX)…"),
        ];
        for (kind, text) in kinds {
            if ui.button(text).clicked() {
                view.own(Command::Export(kind));
                ui.close();
            }
        }
    });
    let hint = "A minute through this laboratory";
    if ui.button("Tour").on_hover_text(hint).clicked() {
        view.memory.tour = Some(0);
    }
    if studied.is_some() {
        let pages = [
            (
                Page::Classifiers,
                "Classifiers",
                "What each training withstands",
            ),
            (
                Page::Dataset,
                "Robust dataset",
                "Rows moved so that plain training on them is robust",
            ),
        ];
        if let Some(page) = segmented(ui, view.state.page, &pages) {
            view.own(Command::ShowPage(page));
        }
    }
    let on_classifiers = view.state.page == Page::Classifiers;
    if on_classifiers && studied.is_some_and(|studied| !studied.penalties.is_empty()) {
        let tables = [
            (Shown::Methods, "Optimizers", "What trainings ended at"),
            (Shown::Penalties, "Penalties", "What penalties choose"),
        ];
        if let Some(shown) = segmented(ui, view.state.shown, &tables) {
            view.own(Command::Show(shown));
        }
    }
}
