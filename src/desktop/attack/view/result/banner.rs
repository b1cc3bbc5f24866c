//! The verdict in large type above the pictures: what became of the right caption, by how small a change, and whether a
//! saved picture still does it.

use super::super::View;
use super::verdict::{Tone, verdict};
use crate::attack::{AttackResult, Goal, Norm, levels};
use crate::compute::Measure;
use crate::dataset::Dataset;
use crate::desktop::attack::{Command, LabPage};
use crate::desktop::core::sentence;
use crate::desktop::shell::bidi;
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{grouped, primary};
use egui::text::LayoutJob;
use egui::{Color32, CornerRadius, FontId, Frame, Margin, Rect, RichText, TextFormat, Ui};

/// Draws the verdict of the last attack on the picture shown.
pub fn banner_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset) {
    let Some(done) = view.state.last(view.session.now()).cloned() else {
        return;
    };
    if view.state.live().is_some() {
        return;
    }
    let result = &done.result;
    let t = tokens(ui);
    let mut said = Said::of(result, dataset);
    if view.session.workspace.similarity == Measure::Dot {
        said.below += " Ranks of attacks are by cosine, not by dot product.";
    }
    let (ink, back, sign) = match said.tone {
        Tone::Good => (t.good, t.good_back, "✔"),
        Tone::Bad => (t.bad, t.bad_back, "✖"),
        Tone::Doubtful => (t.warn, t.raised, "!"),
    };
    let frame = Frame::NONE
        .fill(back)
        .corner_radius(CornerRadius::same(5))
        .inner_margin(Margin::symmetric(14, 8))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 3.0;
            ui.label(headline(
                &format!("{sign}  {}", said.head),
                ink,
                &t,
                ui.available_width(),
            ));
            bidi::label(ui, RichText::new(&said.below).color(t.text), 2);
            ui.horizontal_wrapped(|ui| buttons_ui(ui, view, result));
        });
    let rect = frame.response.rect;
    let edge = Rect::from_min_size(rect.min, egui::vec2(4.0, rect.height()));
    ui.painter().rect_filled(edge, CornerRadius::same(2), ink);
    ui.add_space(4.0);
}

fn buttons_ui(ui: &mut Ui, view: &mut View<'_>, result: &AttackResult) {
    let broken = result.goal == Goal::Lose;
    if broken {
        let hint = "What the same attack does to many pictures: the recall that is left at each size of the change";
        if primary(ui, "And the whole set")
            .on_hover_text(hint)
            .clicked()
        {
            view.own(Command::ShowPage(LabPage::Set));
        }
    }
    let hint = "Back to the picture before (Ctrl+Z)";
    if ui.button("Undo this").on_hover_text(hint).clicked() {
        view.own(Command::Undo);
    }
}

/// A line in large type, its figures after an arrow coloured.
fn headline(text: &str, ink: Color32, t: &Tokens, wide: f32) -> LayoutJob {
    let mut job = LayoutJob::default();
    job.wrap.max_width = wide;
    let mut after_arrow = false;
    for part in text.split_inclusive(' ') {
        let figures = part.chars().any(|c| c.is_ascii_digit()) && after_arrow;
        let sign = job.text.is_empty();
        let colour = if figures || sign { ink } else { t.text };
        after_arrow = part.starts_with('→');
        let format = TextFormat::simple(FontId::proportional(21.0), colour);
        job.append(part, 0.0, format);
    }
    job
}

/// What the banner says.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    head: String,
    below: String,
    tone: Tone,
}

impl Said {
    fn of(result: &AttackResult, dataset: &Dataset) -> Self {
        let own = dataset.captions_of(result.image);
        let repair = result.goal == Goal::Win && own.contains(&result.target);
        let (before, after) = (result.before.rank, result.after.rank);
        let rank = |rank: u32| grouped(rank as usize);
        let with = format!("with a change of {}", size(result));
        let (text, tone) = verdict(result);
        let (head, tone) = if repair && after == 1 && before > 1 {
            (
                format!("Repaired: right caption {} → 1 {with}", rank(before)),
                Tone::Good,
            )
        } else if repair && before > 1 {
            let is = rank(after);
            (
                format!("Not repaired: right caption {} → {is} {with}", rank(before)),
                Tone::Bad,
            )
        } else if after > before && before > 0 {
            (
                format!("Right caption {} → {} {with}", rank(before), rank(after)),
                tone,
            )
        } else {
            (format!("{} {with}", sentence(&text)), tone)
        };
        Self {
            head: format!("{head}."),
            below: below(result, dataset),
            tone,
        }
    }
}

/// Which caption is first, how large the change is in steps that can be seen or not, and what a saved picture does.
fn below(result: &AttackResult, dataset: &Dataset) -> String {
    let mut parts = Vec::new();
    let own = dataset.captions_of(result.image);
    let first = result.after.hits.first().map(|hit| hit.index as usize);
    if let Some(text) = first
        .filter(|j| !own.contains(j))
        .and_then(|j| dataset.captions.get(j))
    {
        parts.push(format!("First is “{text}”."));
    }
    let steps = f64::from(result.size.linf) * 255.0;
    if steps > 0.0 && result.settings.threat.norm.is_in_pixels() {
        parts.push(format!(
            "No value moved by more than {} of the 255 steps of a picture: Blink shows both in turn.",
            at_most(steps)
        ));
    }
    parts.push(saved(result));
    parts.join(" ")
}

/// A bound in two digits or one decimal: never below the value.
fn at_most(value: f64) -> String {
    let unit = match value {
        v if v >= 0.1 => 0.1,
        v => 10.0_f64.powf(v.log10().floor() - 1.0),
    };
    // The float32 value of a whole number of steps lies a little off it.
    let up = (value / unit - 1e-3).ceil() * unit;
    let digits = (-unit.log10()).round().max(0.0) as usize;
    let text = format!("{up:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Whether the goal still holds in the picture that was written as PNG and read again.
fn saved(result: &AttackResult) -> String {
    let (exact, file) = (result.after.verdict.fooled, result.rounded.verdict.fooled);
    let place = match result.rounded.rank {
        0 => String::new(),
        rank => format!(": right caption at rank {}", grouped(rank as usize)),
    };
    match (result.goal, exact, file) {
        (Goal::Lose, true, true) => format!("Saved as PNG it still fails{place}."),
        (_, true, true) => format!("Saved as PNG it still holds{place}."),
        (_, true, false) => format!("Saved as PNG it does not hold{place}."),
        (_, false, true) => format!("Only saved as PNG it gets there{place}."),
        (_, false, false) if result.rounded.rank == result.after.rank => {
            format!("Saved as PNG it is the same{place}.")
        }
        (_, false, false) => format!("Saved as PNG it does not hold either{place}."),
    }
}

/// The size of the change in the measure of the threat model.
fn size(result: &AttackResult) -> String {
    let size = &result.size;
    match result.settings.threat.norm {
        Norm::Linf | Norm::Fourier(_) => levels(size.linf),
        Norm::L2 => format!("{:.3} in l2", size.l2),
        Norm::L1 => format!("{:.1} in l1", size.l1),
        Norm::L0 | Norm::Free => format!("{} pixels", grouped(size.l0 as usize)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::verdict::sample;
    use super::*;

    fn dataset() -> Dataset {
        Dataset {
            captions: ["a dog with a ball", "a dog", "a dog with a stick"]
                .map(str::to_owned)
                .to_vec(),
            offsets: vec![0, 2, 3],
            ..Dataset::default()
        }
    }

    #[test]
    fn the_size_and_the_saved_picture_are_said() {
        let mut result = sample(Goal::Lose, (1, false, 0), (27, true, 0));
        result.settings.threat = crate::attack::Threat::linf(4.0 / 255.0);
        result.size.linf = 4.0 / 255.0;
        let said = Said::of(&result, &dataset());
        assert_eq!(said.head, "Right caption 1 → 27 with a change of 4/255.");
        assert!(
            said.below.contains("more than 4 of the 255 steps"),
            "{}",
            said.below
        );
        assert!(
            said.below
                .ends_with("Saved as PNG it still fails: right caption at rank 27.")
        );
        assert_eq!(said.tone, Tone::Bad);
        result.rounded.verdict.fooled = false;
        result.rounded.rank = 1;
        let said = Said::of(&result, &dataset());
        assert!(
            said.below
                .ends_with("Saved as PNG it does not hold: right caption at rank 1.")
        );
    }

    #[test]
    fn a_bound_is_never_below_what_it_bounds() {
        for (value, told) in [
            (4.0, "4"),
            (12.34, "12.4"),
            (0.04, "0.04"),
            (0.0441, "0.045"),
            (0.5, "0.5"),
        ] {
            assert_eq!(at_most(value), told);
        }
        let mut result = sample(Goal::Win, (7, false, 1), (3, false, 1));
        result.rounded.rank = 5;
        let said = Said::of(&result, &dataset());
        assert!(
            said.below
                .ends_with("Saved as PNG it does not hold either: right caption at rank 5.")
        );
        result.rounded.rank = 3;
        assert!(
            Said::of(&result, &dataset())
                .below
                .ends_with("it is the same: right caption at rank 3.")
        );
    }

    #[test]
    fn a_right_caption_that_wins_is_a_repair() {
        let mut result = sample(Goal::Win, (7, false, 3), (1, true, 1));
        result.size.linf = 0.5 / 255.0;
        let said = Said::of(&result, &dataset());
        assert_eq!(
            said.head,
            "Repaired: right caption 7 → 1 with a change of 0.5/255."
        );
        assert_eq!(said.tone, Tone::Good);
        result.target = 2;
        assert!(
            Said::of(&result, &dataset())
                .head
                .starts_with("Right caption 7 → 1; the target wins")
        );
    }
}
