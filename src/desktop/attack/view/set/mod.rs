//! The page of the whole set: what is asked, recall against epsilon, and every picture.

mod form;

pub use form::form_ui;

use super::View;
use super::made_by::made_by_ui;
use super::recall::recall_ui;
use super::table;
use crate::attack::{Goal, SetReport, SetRequest};
use crate::dataset::Dataset;
use crate::desktop::attack::{Command, Reach, Slot};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{empty_state, grouped, heading, primary, weak};
use egui::{RichText, Ui};
use std::sync::Arc;

fn run_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    let set = &view.state.set;
    ui.horizontal(|ui| {
        if set.running {
            if ui.button("Cancel").clicked() {
                view.cancel(Slot::AttackSet);
            }
            return;
        }
        let same = set
            .asked
            .get(session.now())
            .is_some_and(|(settings, goal, plan)| {
                *settings == view.state.settings && *goal == view.state.goal && *plan == set.plan
            });
        let done = set.stopped.get(session.now()).map_or(0, |(done, _)| *done);
        let text = if same && done > 0 {
            "Resume"
        } else {
            "Attack the set"
        };
        let ready =
            *view.state.reach(session.now()) != Reach::Unknown && session.ranking().is_some();
        if ui
            .add_enabled_ui(ready, |ui| primary(ui, text))
            .inner
            .clicked()
        {
            view.own(Command::RunSet);
        }
        let export = ui.add_enabled(
            set.report.get(session.now()).is_some(),
            egui::Button::new("Export…"),
        );
        if export
            .on_hover_text("The figures as JSON, the pictures as CSV beside it")
            .clicked()
        {
            view.own(Command::ExportSet(None));
        }
    });
    if let Some(p) = view.progress(Slot::AttackSet) {
        let size = egui::vec2(ui.available_width() - 4.0, 5.0);
        let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
        crate::desktop::shell::widgets::bar(ui, rect, p.share, tokens(ui).accent);
        let mut text = format!(
            "{} of {} pictures",
            grouped(p.done as usize),
            grouped(p.total as usize)
        );
        if !p.detail.is_empty() {
            text = format!("{text} · {}", p.detail);
        }
        weak(ui, text);
    } else if let Some(&(done, all)) = set.stopped.get(session.now()) {
        weak(
            ui,
            format!(
                "Stopped: {} of {} pictures are done and kept.",
                grouped(done),
                grouped(all)
            ),
        );
    }
}

/// Draws the page's centre.
pub fn set_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Arc<Dataset>) {
    let Some(report) = view.state.set.report.get(view.session.now()).cloned() else {
        let running = view.state.set.running;
        let (title, text) = if running {
            (
                "Attacking the set…",
                "Recall against epsilon appears when it is done; a cancelled run can be resumed.",
            )
        } else {
            (
                "The whole set",
                "Attack many pictures at several epsilons: recall, success rate, and how much each picture takes.",
            )
        };
        if empty_state(ui, title, text, (!running).then_some("Attack the set now")) {
            view.own(Command::RunSet);
        }
        return;
    };
    ui.horizontal(|ui| {
        let title = format!(
            "{} on {} pictures",
            report.settings.method.title(),
            grouped(report.images)
        );
        heading(ui, &title);
        let stopped = view.state.set.stopped.get(view.session.now());
        if let Some(&(done, all)) = stopped.filter(|(done, _)| *done == report.images) {
            let text = format!("stopped: {} of {} pictures", grouped(done), grouped(all));
            ui.label(RichText::new(text).color(tokens(ui).warn));
        }
        weak(
            ui,
            format!(
                "{} stood before · {:.1} s, {:.1} steps/s",
                grouped(report.stood_before),
                report.seconds,
                report.steps_per_second
            ),
        );
    });
    let (lab, set) = (view.state, &view.state.set);
    if let Some((settings, goal, plan)) = set.asked.get(view.session.now()) {
        // The radii are the plan's.
        let mut now = lab.settings.clone();
        now.threat.eps = settings.threat.eps;
        let same = *settings == now && *goal == lab.goal && *plan == set.plan;
        made_by_ui(ui, (settings, *goal), (&now, lab.goal), same, false);
    }
    ui.add(egui::Label::new(RichText::new(meaning(&report)).color(tokens(ui).weak)).wrap());
    if let Some(gradient) = &report.gradient {
        for said in gradient.warnings(report.images, "pictures") {
            ui.add(egui::Label::new(RichText::new(said).color(tokens(ui).warn)).wrap());
        }
    }
    if report.goal != Goal::Lose {
        table::levels_ui(ui, view, &report);
        ui.add_space(4.0);
        table::rows_ui(ui, view, dataset, &report);
        return;
    }
    let tall = (ui.available_height() * 0.34).clamp(130.0, 360.0);
    let gap = ui.spacing().item_spacing.x;
    let half = (ui.available_width() - gap) / 2.0;
    ui.horizontal_top(|ui| {
        for side in SetRequest::SIDES {
            ui.allocate_ui(egui::vec2(half, tall), |ui| {
                ui.vertical(|ui| {
                    ui.set_width(half);
                    recall_ui(ui, view, &report, side, tall - 26.0);
                });
            });
        }
    });
    table::levels_ui(ui, view, &report);
    ui.add_space(4.0);
    table::rows_ui(ui, view, dataset, &report);
}

/// What the figures are of: threat model and goal.
fn meaning(report: &SetReport) -> String {
    let norm = report.settings.threat.norm.title();
    if report.goal == Goal::Lose {
        format!(
            "Threat model {norm}. Each recall is left by an attack on that recall, on every picture: I→T pushes the best \
             right caption below rank k; T→I, for each caption, its picture below rank k among the others, unperturbed."
        )
    } else {
        format!(
            "Threat model {norm}. The attack had another goal than recall, so that no recall follows from it."
        )
    }
}
