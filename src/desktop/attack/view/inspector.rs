//! The form of the lab: what attacks, what it wants, what it may change; then what came of it.

use super::View;
use super::fields::{field, named};
use super::made_by::made_by_ui;
use super::target::{reached_ui, target_ui};
use super::{result, threat};
use crate::attack::{AttackSettings, Goal, Loss, Method, Parameter, by_queries};
use crate::desktop::attack::{Command, LabPage, Reach, Slot};
use crate::desktop::shell::labels;
use crate::desktop::shell::terms;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{heading, primary, weak};
use egui::{ComboBox, CornerRadius, Frame, Margin, RichText, ScrollArea, Ui};

/// Draws the inspector of the lab.
pub fn inspector_ui(ui: &mut Ui, view: &mut View<'_>) {
    ui.add_space(8.0);
    let page = view.state.page;
    let choices = [
        (
            LabPage::Picture,
            "Picture",
            "Attack the picture chosen, and watch",
        ),
        (
            LabPage::Words,
            "Words",
            "What each word of a caption carries, and which exchange changes the ranking",
        ),
        (
            LabPage::Set,
            "Whole set…",
            "Attack many pictures: recall against epsilon",
        ),
    ];
    if let Some(page) = super::segmented(ui, page, &choices) {
        view.own(Command::ShowPage(page));
    }
    ui.add_space(2.0);
    ScrollArea::vertical()
        .auto_shrink([false; 2])
        .id_salt(("lab inspector", page as u8))
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 7.0;
            if page == LabPage::Words {
                super::words::form_ui(ui, view);
                return;
            }
            heading(ui, "Attack");
            method_ui(ui, view);
            threat::threat_ui(ui, view, page == LabPage::Picture);
            numbers_ui(ui, view);
            ui.add_space(2.0);
            if page == LabPage::Set {
                super::set::form_ui(ui, view);
            } else {
                one_ui(ui, view);
            }
            ui.add_space(10.0);
        });
}

/// The rest of the form for one picture, and its result.
fn one_ui(ui: &mut Ui, view: &mut View<'_>) {
    let lab = view.state;
    let mut own = lab.own_size;
    let hint = "Through the resize, so that the picture's file itself is perturbed";
    if ui
        .checkbox(&mut own, "At the picture's own resolution")
        .on_hover_text(hint)
        .changed()
    {
        view.own(Command::SetOwnSize(own));
    }
    if view.state.settings.method.can_go_on() {
        let mut full = view.state.settings.full;
        let hint = "To the last step: the strongest perturbation, rather than the first that does";
        if ui
            .checkbox(&mut full, "Go on after success")
            .on_hover_text(hint)
            .changed()
        {
            change(view, |s| s.full = full);
        }
    }
    target_ui(ui, view);
    reached_ui(ui, view);
    ui.add_space(2.0);
    buttons_ui(ui, view);
    reach_ui(ui, view);
    if let Some(done) = view.state.last(view.session.now()).cloned() {
        ui.add_space(6.0);
        let (lab, asked) = (view.state, &done.request);
        let target = match lab.goal {
            Goal::Win | Goal::Match => view.state.target_row(view.session) == Some(asked.target),
            Goal::Lose | Goal::Away => true,
        };
        let same = asked.settings == lab.settings
            && asked.goal == lab.goal
            && asked.own_size == lab.own_size
            && target;
        let made = (&asked.settings, asked.goal);
        heading(ui, "Result");
        made_by_ui(ui, made, (&lab.settings, lab.goal), same, true);
        result::result_ui(ui, &done.result);
    }
    ui.add_space(6.0);
    result::gradient_ui(ui, view);
}

fn change(view: &mut View<'_>, edit: impl FnOnce(&mut AttackSettings)) {
    let mut settings = view.state.settings.clone();
    edit(&mut settings);
    if settings != view.state.settings {
        let settings = Box::new(settings);
        view.own(Command::SetSettings(settings));
    }
}

fn method_ui(ui: &mut Ui, view: &mut View<'_>) {
    let lab = view.state;
    let blocked = match lab.reach(view.session.now()) {
        Reach::Blocked(why) => Some(why.clone()),
        _ => None,
    };
    let (now, mut taken) = (lab.settings.method, None);
    field(ui, "Method", |ui| {
        ComboBox::from_id_salt("method")
            .width(ui.available_width() - 4.0)
            .height(460.0)
            .selected_text(now.title())
            .show_ui(ui, |ui| {
                for method in Method::all() {
                    let able = blocked.is_none() || !method.needs_gradient();
                    let button = egui::Button::selectable(method == now, method.title());
                    let why = blocked.as_deref().unwrap_or_default();
                    let response = ui
                        .add_enabled(able, button)
                        .on_hover_text(terms::attack(method))
                        .on_disabled_hover_text(format!("Needs gradients: {why}"));
                    if response.clicked() {
                        taken = Some(method);
                    }
                }
            });
    });
    if let Some(method) = taken {
        change(view, |s| s.method = method);
    }
    goal_ui(ui, view);
    if view.state.settings.method.takes(Parameter::Loss) {
        loss_ui(ui, view);
    }
}

fn goal_ui(ui: &mut Ui, view: &mut View<'_>) {
    let now = view.state.goal;
    field(ui, "Objective", |ui| {
        ComboBox::from_id_salt("goal")
            .width(ui.available_width() - 4.0)
            .selected_text(now.title())
            .show_ui(ui, |ui| {
                for goal in Goal::ALL {
                    let response = ui.selectable_label(goal == now, goal.title());
                    if response.on_hover_text(goal.about()).clicked() {
                        view.own(Command::SetGoal(goal));
                    }
                }
            });
    });
}

fn loss_ui(ui: &mut Ui, view: &mut View<'_>) {
    let now = view.state.settings.loss;
    field(ui, "Loss", |ui| {
        ComboBox::from_id_salt("loss")
            .width(ui.available_width() - 4.0)
            .selected_text(now.title())
            .show_ui(ui, |ui| {
                for loss in Loss::ALL {
                    let line = ui.selectable_label(loss == now, loss.title());
                    if line.on_hover_text(terms::attack_loss(loss)).clicked() {
                        view.own(Command::SetLoss(loss));
                    }
                }
            });
    });
}

/// Steps, restarts, seed.
fn numbers_ui(ui: &mut Ui, view: &mut View<'_>) {
    let settings = view.state.settings.clone();
    let name = settings.method.description().unit.title();
    let mut steps = settings.steps();
    let default = settings.method.description().steps;
    field(ui, name, |ui| {
        let drag = egui::DragValue::new(&mut steps)
            .range(1..=1_000_000)
            .speed(0.3);
        let changed = named(ui, name, drag)
            .on_hover_text("Drag, or click and type")
            .changed();
        if changed {
            change(view, |s| s.steps = Some(steps));
        }
        if settings.steps.is_some_and(|s| s != default) {
            let text = format!("Default {default}");
            if ui
                .button(text)
                .on_hover_text("Back to the attack's own number")
                .clicked()
            {
                change(view, |s| s.steps = None);
            }
        }
    });
    let (mut restarts, mut seed) = (settings.restarts, settings.seed);
    field(ui, "Restarts", |ui| {
        let drag = egui::DragValue::new(&mut restarts)
            .range(1..=1000)
            .speed(0.1);
        let hint = "Independent random starts, for attacks that begin at random";
        let response = named(ui, "Restarts", drag);
        if response.on_hover_text(hint).changed() {
            change(view, |s| s.restarts = restarts);
        }
        ui.add_space(12.0);
        weak(ui, "Seed");
        let drag = egui::DragValue::new(&mut seed)
            .range(0..=u64::MAX)
            .speed(0.1);
        let hint = "Of every random number: the same seed, the same result";
        let response = named(ui, "Seed", drag);
        if response.on_hover_text(hint).changed() {
            change(view, |s| s.seed = seed);
        }
    });
}

fn buttons_ui(ui: &mut Ui, view: &mut View<'_>) {
    let lab = view.state;
    ui.horizontal_wrapped(|ui| {
        if lab.running.is_some() {
            if ui.button("Cancel").on_hover_text("Escape").clicked() {
                view.cancel(Slot::Attack);
            }
        } else {
            let ready = lab.clean(view.session.now()).is_some()
                && *lab.reach(view.session.now()) != Reach::Unknown;
            let clicked = ui.add_enabled_ui(ready, |ui| primary(ui, "Attack")).inner;
            let hint = labels::keys(ui.ctx(), "Ctrl+Enter");
            if clicked.on_hover_text(hint).clicked() {
                view.own(Command::Run);
            }
        }
        let undo = ui.add_enabled(lab.last(view.session.now()).is_some(), egui::Button::new("Undo"));
        let hint = "Back to the attack before, at last to the clean picture (Ctrl+Z)";
        let hint = labels::keys(ui.ctx(), hint);
        if undo.on_hover_text(hint).clicked() {
            view.own(Command::Undo);
        }
        if lab.can_redo(view.session.now()) {
            let hint = labels::keys(ui.ctx(), "Ctrl+Shift+Z");
            let redo = ui.button("Redo").on_hover_text(hint);
            if redo.clicked() {
                view.own(Command::Redo);
            }
        }
        let export = ui.add_enabled(lab.last(view.session.now()).is_some(), egui::Button::new("Export…"));
        let hint = "The picture as PNG, its exact values as .npy, the heatmap, and a report that reproduces the run";
        if export.on_hover_text(hint).clicked() {
            view.own(Command::Export(None));
        }
    });
    progress_ui(ui, view);
}

/// How far the attack is.
fn progress_ui(ui: &mut Ui, view: &View<'_>) {
    let progress = view.progress(Slot::Attack);
    let (Some(p), Some(running)) = (progress, &view.state.running) else {
        return;
    };
    let share = p.share;
    let (rect, _) = ui.allocate_exact_size(
        egui::vec2(ui.available_width() - 4.0, 5.0),
        egui::Sense::hover(),
    );
    crate::desktop::shell::widgets::bar(ui, rect, share, tokens(ui).accent);
    let seconds = running.since.elapsed().as_secs_f32();
    weak(ui, format!("{} of {} · {seconds:.1} s", p.done, p.total));
}

/// Why there are no gradients.
fn reach_ui(ui: &mut Ui, view: &mut View<'_>) {
    match view.state.reach(view.session.now()) {
        Reach::Unknown => {
            weak(ui, "Looking for gradients…");
        }
        Reach::Open => {}
        Reach::Blocked(why) => {
            let t = tokens(ui);
            Frame::NONE
                .fill(t.raised)
                .corner_radius(CornerRadius::same(5))
                .inner_margin(Margin::symmetric(10, 8))
                .show(ui, |ui| {
                    ui.set_width(ui.available_width());
                    ui.label(RichText::new("No gradient").color(t.warn));
                    ui.add(egui::Label::new(why.clone()).wrap());
                    weak(
                        ui,
                        format!("Attacks by queries alone work: {}.", by_queries("and")),
                    );
                });
        }
    }
}
