//! The sentence over the view at the first start: what is seen, and the button that makes the model wrong.

use crate::dataset::Dataset;
use crate::desktop::core::{Command, Query, StoryCommand};
use crate::desktop::shell::Shell;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, primary_if};
use crate::retrieval::{NearMiss, Said, Side};
use egui::{CornerRadius, Frame, Margin, RichText, Stroke, Ui};
use std::ops::Range;

/// Draws the sentence while its case is the query.
pub fn band_ui(ui: &mut Ui, shell: &mut Shell<'_>) {
    let session = shell.session;
    let (Some(case), Some(dataset)) = (session.case().copied(), session.dataset()) else {
        return;
    };
    if !session.story.shown || session.query() != Some(&Query::Row(Side::Image, case.image)) {
        return;
    }
    let t = tokens(ui);
    let picture = dataset.images.get(case.image);
    let ready = session.encoder().is_some() && picture.is_some_and(|i| i.picture.is_some());
    let text = sentence(dataset, &case);
    Frame::NONE
        .fill(t.accent_back)
        .stroke(Stroke::new(1.0, t.accent))
        .corner_radius(CornerRadius::same(6))
        .inner_margin(Margin::symmetric(14, 10))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.add(egui::Label::new(RichText::new(text).size(15.5).color(t.text)).wrap());
            ui.add_space(4.0);
            ui.horizontal_wrapped(|ui| {
                let hint =
                    "Changes the picture by at most 4 of 255 steps and ranks its captions again";
                let button = primary_if(ui, ready, "Make the model wrong");
                if button
                    .on_hover_text(hint)
                    .on_disabled_hover_text("Needs an encoder and the picture")
                    .clicked()
                {
                    shell.ask(Command::Story(StoryCommand::Break));
                }
                let tour = ui.button("Take the tour");
                if tour
                    .on_hover_text("Four steps, from here to a training file")
                    .clicked()
                {
                    shell.memory.start_tour();
                }
                if ui.button("Close").clicked() {
                    shell.ask(Command::Story(StoryCommand::Leave));
                }
            });
        });
    ui.add_space(8.0);
}

/// What is seen, in one sentence.
fn sentence(dataset: &Dataset, case: &NearMiss) -> String {
    let wrong = dataset.captions[case.wrong].as_str();
    let own = dataset.captions_of(case.image);
    let new = Said::by(&dataset.captions[own]).lacks(wrong);
    let how = match &new[..new.len().min(4)] {
        [] => String::new(),
        some => format!(" that says {}, as no right one does,", quoted(wrong, some)),
    };
    format!(
        "Of {} captions the model puts a right one first, but a wrong one{how} is only {} behind: a near miss, also called \
         a hard negative.",
        grouped(dataset.captions.len()),
        small(case.margin)
    )
}

/// A margin with as many digits as it needs to differ from 0.
fn small(margin: f32) -> String {
    if margin >= 0.0005 {
        format!("{margin:.3}")
    } else {
        format!("{margin:.1e}").replace('-', "−")
    }
}

/// The marked words, those that follow each other together.
fn quoted(text: &str, words: &[Range<usize>]) -> String {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for word in words {
        match runs.last_mut() {
            Some(last) if text[last.end..word.start].trim().is_empty() => last.end = word.end,
            _ => runs.push(word.clone()),
        }
    }
    let runs: Vec<String> = runs
        .into_iter()
        .map(|r| format!("“{}”", &text[r]))
        .collect();
    runs.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_follow_each_other_are_quoted_together() {
        let wrong = "a big wet dog and a cat";
        let new = Said::by(&["A brown dog on a bench".to_owned()]).lacks(wrong);
        assert_eq!(quoted(wrong, &new), "“big wet” and “cat”");
        assert_eq!(
            (small(0.0247), small(0.000_02)),
            ("0.025".into(), "2.0e−5".into())
        );
    }
}
