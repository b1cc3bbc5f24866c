//! How the next map is laid out.

use super::super::View;
use crate::desktop::map::{Command, ShownMap};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{heading, primary, weak};
use crate::files::shown as path_text;
use crate::map::{MapOptions, Projection};
use egui::{DragValue, RichText, Ui};

/// How the next map is laid out.
pub fn layout_ui(ui: &mut Ui, view: &mut View<'_>, shown: Option<&ShownMap>) {
    heading(ui, "Layout");
    if let Some(shown) = shown {
        let text = match &shown.file {
            Some(path) => format!("Shown: coordinates of {}.", path_text(path)),
            None => format!(
                "Shown: {}, {:.1} s.",
                settings(&shown.map.options),
                shown.map.seconds
            ),
        };
        weak(ui, text);
        if shown.file.is_none() && shown.map.options != view.state.options {
            let t = tokens(ui);
            ui.label(RichText::new("What is set below is not laid out yet.").color(t.warn));
        }
    }
    let mut options = view.state.options.clone();
    match options.projection {
        Projection::Pca => {}
        Projection::Umap => {
            number_ui(ui, "Neighbours", &mut options.neighbours, 2..=200);
            let least = 0.0..=options.spread;
            ui.horizontal(|ui| {
                weak(ui, "Least distance");
                ui.name_inputs("Least distance", |ui| {
                    ui.add(
                        DragValue::new(&mut options.least_distance)
                            .range(least)
                            .speed(0.01),
                    )
                });
                weak(ui, "spread");
                ui.name_inputs("Spread", |ui| {
                    ui.add(
                        DragValue::new(&mut options.spread)
                            .range(0.1..=10.0)
                            .speed(0.05),
                    )
                });
            });
            options.least_distance = options.least_distance.min(options.spread);
        }
        Projection::Tsne => {
            ui.horizontal(|ui| {
                weak(ui, "Perplexity");
                ui.name_inputs("Perplexity", |ui| {
                    ui.add(
                        DragValue::new(&mut options.perplexity)
                            .range(2.0..=300.0)
                            .speed(0.5),
                    )
                });
            });
        }
    }
    if options.projection != Projection::Pca {
        ui.horizontal(|ui| {
            weak(ui, "Seed");
            ui.name_inputs("Seed", |ui| {
                ui.add(DragValue::new(&mut options.seed).speed(0.1))
            });
        });
    }
    if options.of.has_images() && options.of.has_texts() {
        ui.checkbox(&mut options.centre, "Centre both, for the map alone")
            .on_hover_text("Takes the mean of each side off before they are laid out, which closes the gap between them");
    }
    if options != view.state.options {
        view.own(Command::SetOptions(Box::new(options)));
    }
    ui.horizontal(|ui| {
        if primary(ui, "Lay out").clicked() {
            view.own(Command::LayOut);
        }
        let kept = view.state.pinned.get(view.session.now()).is_some();
        let hint = "Keeps this map on the left, so that another encoder's map, or another layout, can be seen beside it";
        if kept {
            if ui.button("Take the kept map away").clicked() {
                view.own(Command::Pin(false));
            }
        } else if ui
            .add_enabled(shown.is_some(), egui::Button::new("Keep beside"))
            .on_hover_text(hint)
            .clicked()
        {
            view.own(Command::Pin(true));
        }
    });
    ui.add_space(8.0);
}

fn number_ui(ui: &mut Ui, name: &str, value: &mut usize, range: std::ops::RangeInclusive<usize>) {
    ui.horizontal(|ui| {
        weak(ui, name);
        ui.name_inputs(name, |ui| {
            ui.add(DragValue::new(value).range(range).speed(0.2))
        });
    });
}

/// What made a map, in a line.
fn settings(options: &MapOptions) -> String {
    let title = options.projection.title();
    match options.projection {
        Projection::Pca => title.to_owned(),
        Projection::Umap => format!(
            "{title}, neighbours {}, least distance {}, spread {}, seed {}",
            options.neighbours, options.least_distance, options.spread, options.seed
        ),
        Projection::Tsne => {
            format!(
                "{title}, perplexity {}, seed {}",
                options.perplexity, options.seed
            )
        }
    }
}
