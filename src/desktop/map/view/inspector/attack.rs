//! The paths of attacked pictures.

use super::super::{View, cursor, scene};
use crate::desktop::map::{Command, MOST, ShownMap, Trail};
use crate::desktop::shell::widgets::{grouped, heading, weak};
use egui::{Slider, Ui};

/// The paths of attacked pictures.
pub fn attack_ui(ui: &mut Ui, view: &mut View<'_>, shown: Option<&ShownMap>) {
    heading(ui, "Path of an attack");
    let now = view.session.now();
    let dataset = view.session.dataset().cloned();
    let image = cursor(view.session)
        .zip(dataset.as_deref())
        .map(|(item, dataset)| scene::image_of(dataset, item) as u32);
    let can = shown.is_some_and(|s| s.map.images > 0)
        && view.session.encoder().is_some()
        && view.session.ranking().is_some();
    let trails = view.state.trails.get(now).cloned();
    match trails.as_ref().map(|t| &t[..]) {
        Some([trail]) => step_ui(ui, view, trail),
        Some(all @ [first, ..]) => {
            let broken = all.iter().filter(|t| t.is_broken()).count();
            ui.label(format!(
                "{broken} of {} pictures: the near miss ranks first. Arrows lead from clean to attacked; grey ones hold.",
                all.len()
            ));
            weak(ui, first.told.clone());
        }
        _ => {
            weak(
                ui,
                "The picture's embedding after each step, from its place to the near miss that wins.",
            );
        }
    }
    let images = view.session.dataset().map_or(0, |d| d.images.len()) as u32;
    let chosen = view.state.chosen(view.session).iter().copied();
    let chosen: Vec<u32> = chosen
        .filter(|&item| item < images)
        .take(MOST + 1)
        .collect();
    ui.horizontal_wrapped(|ui| {
        let button = ui.add_enabled(
            can && image.is_some(),
            egui::Button::new("Attack the query"),
        );
        let button = button.on_disabled_hover_text(
            "This needs a map with images, an encoder, a ranked set and a row as the query",
        );
        if let Some(image) = image.filter(|_| button.clicked()) {
            view.memory.step = usize::MAX;
            view.own(Command::Attack(vec![image]));
        }
        let several = chosen.len() > 1;
        let text = if chosen.len() > MOST {
            format!("Attack the first {MOST} chosen")
        } else {
            "Attack the chosen".to_owned()
        };
        if ui
            .add_enabled(can && several, egui::Button::new(text))
            .clicked()
        {
            view.own(Command::Attack(chosen.into_iter().take(MOST).collect()));
        }
        if trails.is_some() && ui.button("Forget").clicked() {
            view.own(Command::ForgetTrails);
        }
    });
}

/// The step of a path that is looked at.
fn step_ui(ui: &mut Ui, view: &mut View<'_>, trail: &Trail) {
    let last = trail.places.len().saturating_sub(1);
    view.memory.step = view.memory.step.min(last);
    ui.name_inputs("Step of the path", |ui| {
        ui.add(Slider::new(&mut view.memory.step, 0..=last).text("step"))
    });
    let at = view.memory.step;
    let of = |all: &[u32]| all.get(at).copied().unwrap_or(0) as usize;
    ui.label(format!(
        "Step {}: right caption at rank {}, the near miss at rank {}.",
        trail.steps.get(at).copied().unwrap_or(0),
        grouped(of(&trail.ranks)),
        grouped(of(&trail.aims))
    ));
    weak(ui, trail.told.clone());
}
