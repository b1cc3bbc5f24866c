//! The frame of the window: top bar, rail, browser, centre, inspector, status bar.

use super::theme::tokens;
use super::widgets::{chip, grouped};
use super::{
    View, attack, browser, compare, menus, models, negatives, results, structure, summary, views,
};
use crate::desktop::core::{Command, DataSource, Tab};
use crate::task::Progress;
use egui::{Align, CentralPanel, Frame, Layout, Margin, Panel, RichText, Ui};

/// The views of the rail: tab, title, what it shows.
pub const RAIL: [(Tab, &str, &str); 8] = [
    (
        Tab::Retrieval,
        "Retrieval",
        "Rank captions for an image and images for a caption",
    ),
    (
        Tab::Negatives,
        "Negatives",
        "What the model nearly prefers to the right answer, or does",
    ),
    (
        Tab::Attack,
        "Attack",
        "How little it takes: perturb a picture until the model prefers a wrong caption",
    ),
    (
        Tab::Structure,
        "Structure",
        "Where the near misses lie: the similarity matrix, margins, hubs, concepts, slices",
    ),
    (
        Tab::Compare,
        "Compare",
        "Two encoders on the same data: what one gets right and the other wrong",
    ),
    (
        Tab::Models,
        "Models",
        "What the encoder's models are, and what gradients they have",
    ),
    (
        Tab::Problems,
        "Problems",
        "Files of the dataset that were skipped, and why",
    ),
    (Tab::Log, "Log", "Messages of this session"),
];

/// Draws the whole window.
pub fn shell_ui(ui: &mut Ui, view: &mut View<'_>) {
    let t = tokens(ui);
    let bar = |x, y| {
        Frame::NONE
            .fill(t.panel)
            .inner_margin(Margin::symmetric(x, y))
    };
    Panel::top("top")
        .frame(bar(12, 7))
        .show(ui, |ui| top_ui(ui, view));
    Panel::bottom("status")
        .frame(bar(12, 5))
        .show(ui, |ui| status_ui(ui, view));
    Panel::left("rail")
        .frame(bar(6, 8))
        .resizable(false)
        .exact_size(92.0)
        .show(ui, |ui| rail_ui(ui, view));
    let lab = view.session.tab == Tab::Attack && attack::is_ready(view.session);
    if lab {
        if view.state.lab.browser {
            Panel::left("lab browser")
                .frame(bar(10, 0))
                .default_size(210.0)
                .size_range(140.0..=420.0)
                .show(ui, |ui| browser::browser_ui(ui, view));
        }
        Panel::right("lab inspector")
            .frame(bar(12, 0))
            .default_size(318.0)
            .size_range(280.0..=460.0)
            .show(ui, |ui| attack::inspector_ui(ui, view));
    }
    if view.session.tab == Tab::Negatives && negatives::is_ready(view.session) {
        Panel::right("negatives inspector")
            .frame(bar(12, 0))
            .default_size(318.0)
            .size_range(280.0..=520.0)
            .show(ui, |ui| negatives::inspector_ui(ui, view));
    }
    if view.session.tab == Tab::Structure && structure::is_ready(view.session) {
        Panel::right("structure inspector")
            .frame(bar(12, 0))
            .default_size(264.0)
            .size_range(200.0..=420.0)
            .show(ui, |ui| structure::inspector_ui(ui, view));
    }
    if view.session.tab == Tab::Compare && compare::is_ready(view.session) {
        let width = (ui.available_width() * 0.26).clamp(220.0, 318.0);
        Panel::right("compare inspector")
            .frame(bar(12, 0))
            .default_size(width)
            .size_range(200.0..=460.0)
            .show(ui, |ui| compare::inspector_ui(ui, view));
    }
    if view.session.tab == Tab::Retrieval && view.session.dataset().is_some() {
        let width = (ui.available_width() * 0.22).clamp(210.0, 420.0);
        Panel::left("browser")
            .frame(bar(10, 0))
            .default_size(width)
            .size_range(180.0..=620.0)
            .show(ui, |ui| {
                browser::browser_ui(ui, view);
            });
        Panel::right("inspector")
            .frame(bar(12, 0))
            .default_size(318.0)
            .size_range(250.0..=460.0)
            .show(ui, |ui| {
                summary::summary_ui(ui, view);
            });
    }
    CentralPanel::default()
        .frame(
            Frame::NONE
                .fill(t.base)
                .inner_margin(Margin::symmetric(14, 12)),
        )
        .show(ui, |ui| match view.session.tab {
            Tab::Retrieval => results::retrieval_ui(ui, view),
            Tab::Negatives => negatives::negatives_ui(ui, view),
            Tab::Attack => attack::attack_ui(ui, view),
            Tab::Structure => structure::structure_ui(ui, view),
            Tab::Compare => compare::compare_ui(ui, view),
            Tab::Models => models::models_ui(ui, view),
            Tab::Problems => views::problems_ui(ui, view),
            Tab::Log => views::log_ui(ui, view),
        });
}

fn top_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    ui.horizontal(|ui| {
        ui.label(RichText::new("nearmiss").size(14.5).strong());
        ui.menu_button("Open…", |ui| menus::open_ui(ui, view));
        ui.menu_button("Encoder…", |ui| menus::encoder_ui(ui, view));
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
                view.state.palette = Some(super::palette::Palette::default());
            }
            if ui.button("Settings").clicked() {
                view.state.settings = Some(Box::new(session.settings.clone()));
            }
            chips_ui(ui, view);
        });
    });
}

fn chips_ui(ui: &mut Ui, view: &mut View<'_>) {
    let t = tokens(ui);
    let runtime = &view.session.runtime;
    let (dot, text) = match &runtime.engine {
        None => (t.weak, "compute…".to_owned()),
        Some(name) if name.starts_with("GPU") => (t.good, "GPU compute".to_owned()),
        Some(_) => (t.good, "CPU compute".to_owned()),
    };
    let hover = runtime.engine.clone().unwrap_or_default();
    if chip(ui, dot, &text).on_hover_text(hover).clicked() {
        view.state.runtime = true;
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
            let provider = view
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
        view.state.runtime = true;
    }
}

fn rail_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    ui.vertical_centered_justified(|ui| {
        for (tab, title, hint) in RAIL {
            let problems = session.dataset().map_or(0, |d| d.problems.len());
            let text = if tab == Tab::Problems && problems > 0 {
                format!("{title} {}", grouped(problems))
            } else {
                title.to_owned()
            };
            let button =
                egui::Button::selectable(session.tab == tab, text).min_size(egui::vec2(0.0, 30.0));
            if ui.add(button).on_hover_text(hint).clicked() {
                view.commands.push(Command::Show(tab));
            }
        }
    });
}

fn status_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
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
                view.commands.push(Command::Cancel(job.slot));
            }
            ui.add_space(10.0);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            summary::line(ui, view);
            sets_button_ui(ui, view);
        });
    });
}

/// What is marked, and which set alone is shown; opens the dialog of sets.
fn sets_button_ui(ui: &mut Ui, view: &mut View<'_>) {
    let sets = &view.session.sets;
    if view.session.dataset().is_none() {
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
        view.state.sets = Some(String::new());
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
