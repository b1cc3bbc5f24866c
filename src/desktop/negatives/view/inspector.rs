//! The pair looked at: its pictures, the words that pull, what speaks for it, what it costs, and the decision.

use super::View;
use super::{reading, words};
use crate::compute::Hit;
use crate::dataset::{Dataset, Verdict};
use crate::desktop::core;
use crate::desktop::negatives::{Command, Why};
use crate::desktop::shell::bidi;
use crate::desktop::shell::marks::{Room, Underlined};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{heading, picture_in, primary, score, signed, weak};
use crate::retrieval::mine::MinedPair;
use crate::retrieval::{Evidence, MAY_FIT, Reason, Side, differing};
use egui::{Align2, FontId, RichText, ScrollArea, Sense, Ui};

/// Draws the inspector.
pub fn inspector_ui(ui: &mut Ui, view: &mut View<'_>) {
    ui.add_space(8.0);
    heading(ui, "Pair");
    let session = view.session;
    let (Some(dataset), Some(set)) = (
        session.dataset().cloned(),
        view.state.set.get(session.now()).cloned(),
    ) else {
        weak(ui, "Choose a pair of the list.");
        return;
    };
    let Some(pair) = view.state.pair(session.now()).cloned() else {
        weak(ui, "Choose a pair of the list.");
        return;
    };
    let side = set.plan.side;
    ScrollArea::vertical()
        .id_salt("pair")
        .auto_shrink([false; 2])
        .show(ui, |ui| {
            reading::pictures_ui(ui, view, &dataset, side, &pair);
            let why = view.state.why.get(session.now()).cloned();
            let why = why.filter(|w| w.of == view.state.at);
            captions_ui(ui, &dataset, side, &pair, why.as_deref());
            ui.add_space(6.0);
            heading(ui, "Why it may be right after all");
            evidence_ui(ui, &pair.evidence, &pair.reasons);
            decision_ui(ui, view, &dataset, side, &pair);
            ui.add_space(6.0);
            heading(ui, "Contribution to the loss");
            loss_ui(ui, view, &pair, why.as_deref());
            lead_on_ui(ui, view, &dataset, side, &pair);
            if let Some(why) = why {
                ui.add_space(6.0);
                neighbours_ui(ui, view, &dataset, side, &why);
            }
            ui.add_space(10.0);
        });
}

/// What can be done with the pair's picture in the lab: from one that is right, break it; from one that is lost, repair it.
fn lead_on_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset, side: Side, pair: &MinedPair) {
    if view.session.encoder().is_none() {
        return;
    }
    let (image, caption) = pair.rows(side);
    // Of a caption as the query the right picture is repaired, so that this caption comes first for it.
    let (own, right) = match side {
        Side::Image => (pair.query as usize, pair.positive as usize),
        Side::Text => (pair.positive as usize, pair.query as usize),
    };
    let seen = |image: usize| {
        dataset
            .images
            .get(image)
            .is_some_and(|i| i.picture.is_some())
    };
    ui.horizontal_wrapped(|ui| {
        let lost = pair.margin() <= 0.0;
        let hint = match side {
            Side::Image => "Looks for the smallest change of the pixels that puts the right caption first",
            Side::Text => {
                "Looks for the smallest change of the right picture after which this caption is the first for it (I→T); where \
                 the caption looks for its picture, the wrong one may stay ahead"
            }
        };
        if lost && seen(own) && primary(ui, "Repair it").on_hover_text(hint).clicked() {
            view.ask(core::Command::RepairPair {
                image: own,
                caption: right,
            });
        }
        let hint = "Changes the pixels by at most 4 of 255 steps until the negative wins";
        if !lost && seen(image as usize) && primary(ui, "Break it").on_hover_text(hint).clicked() {
            view.ask(core::Command::BreakPair {
                image: image as usize,
                caption: Some(caption as usize),
            });
        }
        let hint = "Takes the pair to the lab, to choose the attack there";
        if ui
            .button("Attack towards this negative (A)")
            .on_hover_text(hint)
            .clicked()
        {
            view.ask(core::Command::AttackPair {
                image: image as usize,
                caption: Some(caption as usize),
            });
        }
    });
}

/// The captions of the pair, their words coloured once they are weighed.
fn captions_ui(ui: &mut Ui, dataset: &Dataset, side: Side, pair: &MinedPair, why: Option<&Why>) {
    let t = tokens(ui);
    let caption = |other: u32| match side {
        Side::Image => &dataset.captions[other as usize],
        Side::Text => &dataset.captions[pair.query as usize],
    };
    let names = match side {
        Side::Image => ["Right", "Negative"],
        Side::Text => ["For the right image", "For the negative"],
    };
    let weighed = why.and_then(|w| w.words.as_ref().ok());
    let strongest = weighed.map_or(0.0, words::strongest);
    let both = [(pair.positive, t.good), (pair.negative, t.bad)];
    let others = [caption(pair.negative), caption(pair.positive)];
    let marks = differing(caption(pair.positive), caption(pair.negative));
    for (i, (name, (other, colour))) in names.into_iter().zip(both).enumerate() {
        ui.add_space(2.0);
        let score = score(pair.scores[i]);
        ui.label(
            RichText::new(format!("{name}, {score}"))
                .size(12.0)
                .color(t.weak),
        );
        if let Some(both) = weighed {
            words::words_ui(ui, &both[i], strongest, colour, others[i]);
        } else {
            let font = FontId::proportional(13.5);
            let (wide, rows) = (ui.available_width(), usize::MAX);
            let (text, inks) = (caption(other), [t.text, colour]);
            let laid = Underlined::new(ui, text, &marks[i], font, inks, Room { wide, rows });
            laid.label_ui(ui, t.text);
        }
    }
    match why.map(|w| &w.words) {
        Some(Err(reason)) => {
            weak(ui, reason.clone());
        }
        Some(Ok(_)) => {
            weak(
                ui,
                "underlined: other words, or in another order; darker: the score falls more without it",
            );
        }
        None => {
            weak(ui, "weighing the words…");
        }
    }
}

fn evidence_ui(ui: &mut Ui, evidence: &Evidence, reasons: &[Reason]) {
    let t = tokens(ui);
    if !reasons.is_empty() {
        let why: Vec<String> = reasons.iter().map(|r| r.describe(evidence)).collect();
        let text = RichText::new(format!("{MAY_FIT}: {}", why.join(", ")));
        ui.add(egui::Label::new(text.color(t.warn).strong()).wrap());
    }
    let quantile = evidence.text_quantile;
    let lines = [
        ("equal text", yes(evidence.equal_text)),
        ("caption overlap", format!("{:.2}", evidence.overlap)),
        ("caption to caption", cosine(evidence.text_similarity)),
        (
            "text quantile",
            quantile.map_or_else(|| "unknown".into(), |q| format!("{q:.2}")),
        ),
        ("image to image", cosine(evidence.image_similarity)),
        (
            "reciprocal neighbours",
            evidence.reciprocal.map_or_else(|| "unknown".into(), yes),
        ),
    ];
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 10.0;
        // Lines of text, not of buttons.
        ui.spacing_mut().interact_size.y = 16.0;
        for (name, value) in lines {
            let text = RichText::new(format!("{name} {value}")).color(t.weak);
            ui.add(egui::Label::new(text).extend());
        }
    });
}

fn yes(holds: bool) -> String {
    if holds { "yes" } else { "no" }.to_owned()
}

fn cosine(value: f32) -> String {
    format!("{value:.2}").replace('-', "−")
}

fn decision_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset, side: Side, pair: &MinedPair) {
    let negatives = view.state;
    let verdict = negatives.decided.verdict(dataset, pair.rows(side));
    let mut asked = None;
    ui.horizontal(|ui| {
        for (this, text, hint) in [
            (
                Verdict::Right,
                "Confirm (F)",
                "The caption fits the image: a false negative",
            ),
            (
                Verdict::Wrong,
                "Reject (R)",
                "The caption does not fit: a true negative",
            ),
        ] {
            let chosen = verdict == Some(this);
            let button = egui::Button::selectable(chosen, text).frame_when_inactive(true);
            if ui.add(button).on_hover_text(hint).clicked() {
                // A second press takes the decision back.
                asked = Some(Command::Decide((!chosen).then_some(this)));
            }
        }
        let undo = egui::Button::new("Undo");
        let can_undo = view.session.open.can_undo(core::Deeds::Decisions);
        if ui.add_enabled(can_undo, undo).clicked() {
            view.ask(core::Command::Undo(core::Deeds::Decisions));
        }
    });
    let counts = format!(
        "{} confirmed · {} rejected",
        negatives.decided.all.count(Verdict::Right),
        negatives.decided.all.count(Verdict::Wrong)
    );
    let label = weak(ui, counts);
    if let Some(place) = &negatives.decided.place {
        label.on_hover_text(format!("Kept in {}", place.display()));
    }
    if let (Some(figures), Some(ranking)) = (
        negatives.figures.get(view.session.now()),
        view.session.ranking(),
    ) {
        let now = &ranking.report;
        ui.label(format!(
            "R@1 if confirmed:\nI→T {:.1} → {:.1} · T→I {:.1} → {:.1}",
            now.i2t.r1, figures.i2t.r1, now.t2i.r1, figures.t2i.r1
        ));
    }
    if let Some(command) = asked {
        view.own(command);
    }
}

fn loss_ui(ui: &mut Ui, view: &View<'_>, pair: &MinedPair, why: Option<&Why>) {
    let a = view.session.workspace.margin;
    let hinge = (a - pair.margin()).max(0.0);
    let Some(why) = why else {
        ui.label(format!("This hinge {}", signed(hinge, 3)));
        return;
    };
    let most = if why.is_hardest { hinge } else { 0.0 };
    let text = format!(
        "Max of hinges {} · Sum of hinges {} of {:.2}",
        signed(most, 3),
        signed(hinge, 3),
        why.sum_of_hinges
    );
    let hint = format!(
        "At margin {a}: [{a} − margin]+ is this negative's part of its query's sum (VSE++ eq. 3), and of the \
         maximum (eq. 4) where it is the hardest"
    );
    ui.label(text).on_hover_text(hint);
}

fn neighbours_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset, side: Side, why: &Why) {
    heading(ui, "Neighbours");
    let (captions, images, names) = match side {
        Side::Image => (
            &why.like_negative,
            &why.like_query,
            ["Captions like the negative", "Images like the query"],
        ),
        Side::Text => (
            &why.like_query,
            &why.like_negative,
            ["Captions like the query", "Images like the negative"],
        ),
    };
    weak(ui, names[0]);
    for hit in captions.iter().take(3) {
        let text = format!(
            "{}  {}",
            cosine(hit.score),
            dataset.captions[hit.index as usize]
        );
        bidi::label(ui, RichText::new(text).size(12.5), 1);
    }
    weak(ui, names[1]);
    pictures_ui(ui, view, dataset, images);
}

/// Small pictures in a row, each with its cosine.
fn pictures_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset, hits: &[Hit]) {
    let t = tokens(ui);
    let (gap, count) = (5.0, hits.len().max(1) as f32);
    let side = ((ui.available_width() - gap * (count - 1.0) - 4.0) / count).floor();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        for hit in hits {
            let size = egui::vec2(side, side + 16.0);
            let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
            let name = format!(
                "{} {}",
                dataset.images[hit.index as usize].name,
                cosine(hit.score)
            );
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &name));
            let picture = egui::Rect::from_min_size(rect.min, egui::Vec2::splat(side));
            picture_in(ui, view.pictures, hit.index, picture, true);
            let font = FontId::proportional(11.5);
            let at = rect.center_bottom();
            let text = cosine(hit.score);
            ui.painter()
                .text(at, Align2::CENTER_BOTTOM, text, font, t.weak);
            response.on_hover_text(name);
        }
    });
}
