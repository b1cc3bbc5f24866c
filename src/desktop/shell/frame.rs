//! The frame of the window: top bar, rail, browser, centre, inspector, status bar.

use super::theme::{Tokens, tokens};
use super::widgets::{chip, grouped};
use super::{Shell, help, menus};
use crate::desktop::core::{Command, DataSource, Tab};
use crate::task::Progress;
use egui::{Align, CentralPanel, Frame, Layout, Margin, Panel, RichText, Ui};

/// A view in the rail.
pub struct RailEntry {
    /// Its title and hint.
    pub tab: Tab,
    /// A count beside the title.
    pub badge: Option<usize>,
}

/// The frame of a bar or panel.
fn bar_frame(t: &Tokens, x: i8, y: i8) -> Frame {
    Frame::NONE
        .fill(t.panel)
        .inner_margin(Margin::symmetric(x, y))
}

/// The frame of a panel beside the centre; `x`: room on the left and right.
pub fn side_frame(ui: &Ui, x: i8) -> Frame {
    bar_frame(&tokens(ui), x, 0)
}

/// Draws the bars around every view.
pub fn bars_ui(ui: &mut Ui, shell: &mut Shell<'_>, rail: &[RailEntry]) {
    let t = tokens(ui);
    Panel::top("top")
        .frame(bar_frame(&t, 12, 7))
        .show(ui, |ui| top_ui(ui, shell));
    Panel::bottom("status")
        .frame(bar_frame(&t, 12, 5))
        .show(ui, |ui| status_ui(ui, shell));
    Panel::left("rail")
        .frame(bar_frame(&t, 6, 8))
        .resizable(false)
        .exact_size(92.0)
        .show(ui, |ui| rail_ui(ui, shell, rail));
}

/// Draws the centre.
pub fn centre_ui(ui: &mut Ui, draw: impl FnOnce(&mut Ui)) {
    let frame = Frame::NONE
        .fill(tokens(ui).base)
        .inner_margin(Margin::symmetric(14, 12));
    CentralPanel::default().frame(frame).show(ui, draw);
}

fn top_ui(ui: &mut Ui, shell: &mut Shell<'_>) {
    let session = shell.session;
    ui.horizontal(|ui| {
        ui.label(RichText::new("nearmiss").size(14.5).strong());
        ui.menu_button("Open…", |ui| menus::open_ui(ui, shell));
        ui.menu_button("Encoder…", |ui| menus::encoder_ui(ui, shell));
        let chips = 420.0_f32.min(ui.available_width() * 0.62);
        let room = (ui.available_width() - chips).max(60.0);
        ui.scope(|ui| {
            ui.set_max_width(room);
            let title = session
                .file
                .as_ref()
                .and_then(|f| f.file_name())
                .map_or_else(
                    || session.workspace.title(),
                    |name| format!("{} · {}", name.to_string_lossy(), session.workspace.title()),
                );
            ui.add(egui::Label::new(RichText::new(title).color(tokens(ui).weak)).truncate());
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button("Ctrl K").on_hover_text("All commands").clicked() {
                shell.memory.palette = Some(super::palette::Palette::default());
            }
            ui.menu_button("?", |ui| help::menu_ui(ui, shell))
                .response
                .on_hover_text("Help: guide, keys, tour");
            if ui.button("Settings").clicked() {
                shell.memory.settings = Some(Box::new(session.settings.clone()));
            }
            chips_ui(ui, shell);
        });
    });
}

fn chips_ui(ui: &mut Ui, shell: &mut Shell<'_>) {
    let t = tokens(ui);
    let runtime = &shell.session.runtime;
    let (dot, text) = match &runtime.engine {
        None => (t.weak, "compute…".to_owned()),
        Some(name) if name.starts_with("GPU") => (t.good, "GPU compute".to_owned()),
        Some(_) => (t.good, "CPU compute".to_owned()),
    };
    let hover = runtime.engine.clone().unwrap_or_default();
    if chip(ui, dot, &text).on_hover_text(hover).clicked() {
        shell.memory.runtime = true;
    }
    let (dot, text, hover) = match &runtime.runtime {
        None => (t.weak, "runtime…".to_owned(), String::new()),
        Some(info) => {
            let version = info
                .version
                .split('.')
                .take(2)
                .collect::<Vec<_>>()
                .join(".");
            let provider = shell
                .session
                .encoder()
                .map(|e| e.image_provider.clone())
                .unwrap_or_default();
            let built_in = info.library.is_none();
            let name = if built_in {
                "Built-in engine".to_owned()
            } else {
                format!("{} {version}", info.engine)
            };
            let text = if provider.is_empty() || built_in {
                name
            } else {
                format!("{name} · {provider}")
            };
            (
                if built_in { t.warn } else { t.good },
                text,
                "What runs the encoders; click for details".to_owned(),
            )
        }
    };
    if chip(ui, dot, &text).on_hover_text(hover).clicked() {
        shell.memory.runtime = true;
    }
}

fn rail_ui(ui: &mut Ui, shell: &mut Shell<'_>, rail: &[RailEntry]) {
    ui.vertical_centered_justified(|ui| {
        for (n, &RailEntry { tab, badge }) in rail.iter().enumerate() {
            // The laboratories stand together, between lines.
            let before = n > 0 && rail[n - 1].tab.is_lab;
            if tab.is_lab != before {
                ui.separator();
                if tab.is_lab {
                    ui.label(RichText::new("Labs").size(11.0).color(tokens(ui).weak));
                }
            }
            let text = match badge {
                Some(count) if count > 0 => format!("{} {}", tab.title, grouped(count)),
                _ => tab.title.to_owned(),
            };
            let button = egui::Button::selectable(shell.session.tab == tab, text)
                .min_size(egui::vec2(0.0, 30.0));
            if ui.add(button).on_hover_text(tab.hint).clicked() {
                shell.ask(Command::Show(tab));
            }
        }
    });
}

fn status_ui(ui: &mut Ui, shell: &mut Shell<'_>) {
    let session = shell.session;
    ui.horizontal(|ui| {
        ui.set_min_height(22.0);
        if session.jobs.is_empty() {
            let text = match (session.dataset(), &session.workspace.data) {
                (Some(d), Some(data)) => {
                    let kind = if matches!(data, DataSource::Demo) {
                        "demo scenes"
                    } else {
                        d.format.as_str()
                    };
                    format!(
                        "{} images · {} captions · {kind}",
                        grouped(d.images.len()),
                        grouped(d.captions.len())
                    )
                }
                _ => "Ready".to_owned(),
            };
            ui.add(
                egui::Label::new(RichText::new(text).size(12.5).color(tokens(ui).weak)).truncate(),
            );
        }
        for job in &session.jobs {
            job_ui(ui, &job.progress);
            if ui.small_button("Cancel").clicked() {
                shell.commands.push(Command::CancelJob(job.job));
            }
            ui.add_space(10.0);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            recalls_ui(ui, shell);
            sets_button_ui(ui, shell);
        });
    });
}

/// What is marked, and which set alone is shown; opens the dialog of sets.
fn sets_button_ui(ui: &mut Ui, shell: &mut Shell<'_>) {
    let sets = &shell.session.sets;
    if shell.session.dataset().is_none() {
        return;
    }
    let mut text = match sets.marked.len() {
        0 => "Sets…".to_owned(),
        n => format!("{} marked", grouped(n)),
    };
    if let Some(only) = &sets.only {
        text = format!("only {only} · {text}");
    }
    let hint = "Sets of images (Shift+M); M marks the image of the query";
    if ui.small_button(text).on_hover_text(hint).clicked() {
        shell.memory.sets = Some(String::new());
    }
}

fn job_ui(ui: &mut Ui, progress: &Progress) {
    let t = tokens(ui);
    let small = |text: String| RichText::new(text).size(12.5).color(t.weak);
    ui.label(small(progress.stage.clone()));
    if progress.total == 0 {
        ui.add(egui::Spinner::new().size(14.0));
        return;
    }
    let share = progress.share;
    let (rect, response) = ui.allocate_exact_size(egui::vec2(140.0, 5.0), egui::Sense::hover());
    super::widgets::bar(ui, rect, share, t.accent);
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, &progress.stage)
    });
    let (done, total) = (
        grouped(progress.done as usize),
        grouped(progress.total as usize),
    );
    let mut parts = vec![format!("{done} of {total}")];
    if progress.rate >= 1.0 {
        parts.push(format!("{}/s", grouped(progress.rate as usize)));
    }
    if let Some(left) = progress.left {
        parts.push(match left.as_secs() {
            seconds @ 0..100 => format!("{seconds} s left"),
            seconds => format!("{} min left", seconds.div_ceil(60)),
        });
    }
    ui.label(small(parts.join(" · ")));
}

/// The recalls of what is open.
fn recalls_ui(ui: &mut Ui, shell: &Shell<'_>) {
    if let Some(evaluation) = shell.session.evaluation() {
        let report = &evaluation.report;
        let text = format!(
            "I→T R@1 {:.1} · T→I R@1 {:.1} · ties count against",
            report.i2t.r1, report.t2i.r1
        );
        ui.label(RichText::new(text).size(12.5).color(tokens(ui).weak));
    }
}
