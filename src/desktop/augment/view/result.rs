//! What was learned: the sentence, the magnitudes, the recalls.

use super::View;
use super::looks::looks;
use crate::augment::{Change, Course, magnitude, mean, signed};
use crate::desktop::augment::{Command, Studied, plain};
use crate::desktop::shell::table::{Small, small_ui};
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{heading, segmented, weak};
use crate::error::thousands;
use crate::learn::{Band, Recalls};
use egui::{Color32, Label, RichText, Ui};

/// Draws the sentence, and what else is to be known.
pub fn headline_ui(ui: &mut Ui, view: &View<'_>, studied: &Studied) {
    let t = tokens(ui);
    let answer = &studied.answer;
    let says = RichText::new(&answer.says).size(17.0).color(t.text);
    ui.add(Label::new(says).wrap());
    let [train, held, judged] = answer.parts;
    let text = format!(
        "{} images in thirds: {train} for the read-out, {held} held out to learn from, {judged} that neither saw. {:.1} s in all.",
        thousands(answer.images as u64),
        answer.seconds
    );
    ui.add(Label::new(RichText::new(text).color(t.weak)).wrap());
    if studied.form != view.state.form {
        let text = format!(
            "Not learned yet as the settings say. Below: {}.",
            studied.form.told()
        );
        ui.add(Label::new(RichText::new(text).size(12.0).color(t.warn)).wrap());
    }
    for note in &answer.notes {
        ui.add(Label::new(RichText::new(note).size(12.0).color(t.weak)).wrap());
    }
    ui.add_space(8.0);
}

/// Draws the table of magnitudes.
pub fn magnitudes_ui(ui: &mut Ui, view: &mut View<'_>, studied: &Studied) {
    heading(ui, "What became of the magnitudes");
    let t = tokens(ui);
    let dark = ui.visuals().dark_mode;
    let study = &studied.study;
    let column = |name: &str, about, figure| (name.to_owned(), about, figure);
    let mut table = Small {
        name: "magnitudes of changes".to_owned(),
        columns: vec![
            column("Change", "", false),
            column(
                "Start",
                "A magnitude that is learned begins at a tenth of its largest",
                true,
            ),
            column(
                "Learned",
                "Mean over seeds with the 95 % band: full turns, shares of the side, natural logarithm of the factor, share of the \
                 range, share of the distance to grey, share of the shorter side",
                true,
            ),
            column(
                "Copies differ by",
                "What copies under the learned magnitude do at most",
                false,
            ),
            column(
                "Course",
                "Grew and fell are said where the 95 % band of the last less the first lies on one side of 0",
                false,
            ),
        ],
        ..Small::default()
    };
    for change in Change::ALL {
        let course = study.course(change);
        let end = study.end(change);
        let is_made = end.is_some_and(|end| end.mean > 0.0);
        let words = |told: String| {
            if course == Course::LeftOut {
                String::new()
            } else {
                told
            }
        };
        let (ink, _) = looks(change, dark);
        table.rows.push(vec![
            (
                change.title().to_owned(),
                if is_made { ink } else { t.weak },
            ),
            (words(format!("{:.3}", study.start.get(change))), t.weak),
            (words(end.map_or_else(String::new, magnitude)), t.text),
            (
                words(end.map_or_else(String::new, |end| plain(change, end.mean))),
                t.text,
            ),
            (course.title().to_owned(), course_ink(course, &t)),
        ]);
        table.hints.push(match study.growth(change) {
            Some(growth) if matches!(course, Course::Grew | Course::Fell | Course::NotSettled) => {
                format!(
                    "Last less first: {} {}. The largest that can be is {:.3}.",
                    told(growth),
                    change.unit(),
                    change.most()
                )
            }
            _ => String::new(),
        });
    }
    small_ui(ui, view, &table);
}

fn course_ink(course: Course, t: &Tokens) -> Color32 {
    match course {
        Course::Grew | Course::Fell => t.text,
        Course::NotSettled | Course::Given | Course::LeftOut => t.weak,
    }
}

/// "+0.012 ± 0.003".
fn told(growth: Band) -> String {
    let text = magnitude(growth).replace('-', "−");
    if growth.mean > 0.0 {
        format!("+{text}")
    } else {
        text
    }
}

/// Draws the table of recalls.
pub fn recalls_ui(ui: &mut Ui, view: &mut View<'_>, studied: &Studied) {
    let read_out = view.state.read_out;
    heading(ui, "Recall on images that neither level saw");
    ui.horizontal(|ui| {
        let ways = [
            (
                true,
                "With the read-out",
                "Both encoders through a read-out that is fitted in one way to the first third",
            ),
            (false, "As they are", "Both encoders without a read-out"),
        ];
        if let Some(read_out) = segmented(ui, read_out, &ways) {
            view.own(Command::ShowReadOut(read_out));
        }
    });
    ui.add_space(2.0);
    let t = tokens(ui);
    let study = &studied.study;
    let at = usize::from(read_out);
    let mut table = Small {
        name: "recalls".to_owned(),
        columns: [
            (
                "Recall, %",
                "Per cent of the queries with a right one among the first 1, 5 or 10; captions of the same words are one candidate",
                false,
            ),
            ("Plain", "The encoder as it is", true),
            ("Averaged", "The unit mean over the copies of a picture", true),
            (
                "Averaged less plain",
                "Paired by seed, in points, with the 95 % band; coloured where the band lies on one side of 0",
                true,
            ),
        ]
        .map(|(name, about, figure)| (name.to_owned(), about, figure))
        .into(),
        ..Small::default()
    };
    for (name, of) in lines() {
        let bands = [
            study.over(|run| of(&run.judged.plain[at])),
            study.over(|run| of(&run.judged.averaged[at])),
            study.over(|run| of(&run.judged.averaged[at]) - of(&run.judged.plain[at])),
        ];
        let [Some(plain), Some(averaged), Some(less)] = bands else {
            continue;
        };
        let ink = match less {
            _ if !less.is_settled() => t.weak,
            _ if less.mean > 0.0 => t.good,
            _ => t.bad,
        };
        table.rows.push(vec![
            (name.to_owned(), t.text),
            (plain.told(), t.text),
            (averaged.told(), t.text),
            (signed(less), ink),
        ]);
    }
    small_ui(ui, view, &table);
    weak(
        ui,
        "I→T: images look for captions; T→I: captions look for images.",
    );
}

/// A recall of the six, or their mean.
type Line = (&'static str, fn(&Recalls) -> f64);

fn lines() -> [Line; 7] {
    [
        ("I→T R@1", |recalls| recalls.i2t[0]),
        ("I→T R@5", |recalls| recalls.i2t[1]),
        ("I→T R@10", |recalls| recalls.i2t[2]),
        ("T→I R@1", |recalls| recalls.t2i[0]),
        ("T→I R@5", |recalls| recalls.t2i[1]),
        ("T→I R@10", |recalls| recalls.t2i[2]),
        ("mean of the six", mean),
    ]
}
