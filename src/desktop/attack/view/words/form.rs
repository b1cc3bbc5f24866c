//! The form of the search for words, in the inspector.

use super::View;
use super::exchanges::title;
use crate::attack::caption::Aim;
use crate::desktop::attack::view::fields::field;
use crate::desktop::attack::{Choice, Command, Slot, Vocabulary, WordsPlan};
use crate::desktop::shell::widgets::{heading, primary, segmented, weak};
use crate::files::file_name;
use egui::{ComboBox, Ui};

/// Draws the form.
pub fn form_ui(ui: &mut Ui, view: &mut View<'_>) {
    let old = view.state.words.plan.clone();
    let mut plan = old.clone();
    heading(ui, "Exchange words");
    field(ui, "Objective", |ui| {
        ComboBox::from_id_salt("aim")
            .width(ui.available_width() - 4.0)
            .selected_text(title(plan.aim))
            .show_ui(ui, |ui| {
                for aim in Aim::ALL {
                    ui.selectable_value(&mut plan.aim, aim, title(aim))
                        .on_hover_text(aim.about());
                }
            });
    });
    field(ui, "Words", |ui| {
        let choices = [
            (1, "One", "One word is exchanged"),
            (2, "Two", "Up to two words are exchanged"),
        ];
        if let Some(words) = segmented(ui, plan.words, &choices) {
            plan.words = words;
        }
    });
    vocabulary_ui(ui, view, &mut plan);
    synonyms_ui(ui, view, &mut plan);
    ui.checkbox(&mut plan.content_words, "Content words only")
        .on_hover_text("Articles, prepositions and the like neither go nor come (English)");
    if plan != old {
        view.own(Command::SetWords(Box::new(plan)));
    }
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        if view.state.words.running {
            if ui.button("Cancel").clicked() {
                view.cancel(Slot::Words);
            }
            ui.spinner();
        } else if primary(ui, "Search words").clicked() {
            view.own(Command::RunWords);
        }
    });
    ui.add_space(4.0);
    weak(
        ui,
        "Exchanges are ranked by the gradient at the caption's tokens, and the best asked of the model (HotFlip).",
    );
}

fn vocabulary_ui(ui: &mut Ui, view: &mut View<'_>, plan: &mut WordsPlan) {
    let mut file = false;
    let text = match &plan.vocabulary {
        Vocabulary::Encoder => "all that the encoder knows".to_owned(),
        Vocabulary::Dataset => "those of the captions".to_owned(),
        Vocabulary::File(path) => file_name(path),
    };
    field(ui, "From", |ui| {
        ComboBox::from_id_salt("vocabulary")
            .width(ui.available_width() - 4.0)
            .selected_text(text)
            .show_ui(ui, |ui| {
                let choices = [
                    (Vocabulary::Encoder, "all that the encoder knows"),
                    (Vocabulary::Dataset, "those of the captions"),
                ];
                for (vocabulary, text) in choices {
                    ui.selectable_value(&mut plan.vocabulary, vocabulary, text);
                }
                file = ui.selectable_label(false, "a list…").clicked();
            });
    });
    if file {
        view.own(Command::Choose(Choice::Vocabulary));
    }
}

fn synonyms_ui(ui: &mut Ui, view: &mut View<'_>, plan: &mut WordsPlan) {
    field(ui, "Synonyms", |ui| {
        let hint = "Only words that a list allows: lines such as \"dog: hound, puppy\"";
        if ui.button("List…").on_hover_text(hint).clicked() {
            view.own(Command::Choose(Choice::Synonyms));
        }
        match &plan.synonyms {
            Some(path) => {
                weak(ui, file_name(path)).on_hover_text(path.display().to_string());
                if ui.small_button("Remove").clicked() {
                    plan.synonyms = None;
                }
            }
            None => {
                weak(ui, "anything goes");
            }
        }
    });
}
