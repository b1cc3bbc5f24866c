//! What the attack may change: the norm, its radius, and where.

use super::View;
use super::fields::{field, named, parse_levels};
use crate::attack::{Norm, Region, Threat, levels_and_value};
use crate::compute::Band;
use crate::desktop::attack::{Choice, Command};
use crate::desktop::shell::terms::{self, Explained, Term};
use crate::desktop::shell::widgets::weak;
use egui::{ComboBox, DragValue, Slider, Ui};

/// Largest radius of single values that the slider reaches, in levels.
const REACH: f64 = 32.0;

/// Draws the threat model; of `one` picture its radius and the brush too.
pub fn threat_ui(ui: &mut Ui, view: &mut View<'_>, one: bool) {
    let threat = view.state.settings.threat.clone();
    let title = threat.norm.title();
    field(ui, "Norm", |ui| {
        ComboBox::from_id_salt("norm")
            .width(ui.available_width() - 4.0)
            .selected_text(title)
            .show_ui(ui, |ui| {
                for norm in Norm::ALL {
                    let same = norm.is_like(threat.norm);
                    let response = ui
                        .selectable_label(same, norm.title())
                        .on_hover_text(terms::threat(norm));
                    if response.clicked() && !same {
                        view.own(Command::SetNorm(norm));
                    }
                }
            })
            .response
            .explained(Term::ThreatModel);
    });
    let mut new = threat.clone();
    let method = view.state.settings.method;
    let kept = method.natural(&threat).norm;
    if !kept.is_like(threat.norm) {
        weak(
            ui,
            format!("{} takes it as {}.", method.title(), kept.title()),
        );
    }
    if one {
        radius_ui(ui, &mut new);
    }
    if let Norm::Fourier(band) = &mut new.norm {
        band_ui(ui, band);
    }
    let mut on = new.region.is_some();
    on_ui(ui, &mut on);
    region_ui(ui, view, &mut new, on);
    mask_ui(ui, view, &threat, one);
    if one {
        super::brush::form_ui(ui, view);
    }
    if new != threat {
        let mut settings = view.state.settings.clone();
        settings.threat = new;
        let settings = Box::new(settings);
        view.own(Command::SetSettings(settings));
    }
}

fn on_ui(ui: &mut Ui, on: &mut bool) {
    let hint = "Only this part of the picture may be changed; it is framed in the original";
    ui.checkbox(on, "Only a rectangle").on_hover_text(hint);
}

fn radius_ui(ui: &mut Ui, threat: &mut Threat) {
    let eps = threat.eps;
    match threat.norm {
        Norm::Linf | Norm::Fourier(_) => {
            let mut n = f64::from(eps) * 255.0;
            let changed = field(ui, "Epsilon", |ui| {
                ui.spacing_mut().slider_width = ui.available_width() - 4.0;
                // A copy: the slider would round and clamp what was typed.
                let mut whole = n.round().min(REACH);
                let slider = Slider::new(&mut whole, 0.0..=REACH)
                    .step_by(1.0)
                    .show_value(false);
                let moved = ui.add(slider).changed();
                if moved {
                    n = whole;
                }
                moved
            });
            let typed = field(ui, "", |ui| {
                let drag = DragValue::new(&mut n)
                    .range(0.0..=255.0)
                    .speed(0.05)
                    .custom_formatter(|n, _| levels_and_value((n / 255.0) as f32))
                    .custom_parser(parse_levels);
                let hint = "In levels of 8 bits: 4/255, 4 or 0.0157";
                named(ui, "Epsilon, typed", drag)
                    .on_hover_text(format!("{hint}. {}", Term::Epsilon.hint()))
                    .changed()
            });
            if changed || typed {
                threat.eps = (n / 255.0) as f32;
            }
        }
        Norm::L2 => number(
            ui,
            &mut threat.eps,
            0.0..=100.0,
            0.01,
            "Euclidean norm over all pixels and channels, in pixels of [0, 1]",
        ),
        Norm::L1 => number(
            ui,
            &mut threat.eps,
            0.0..=100_000.0,
            1.0,
            "Sum over all pixels and channels, in pixels of [0, 1]",
        ),
        Norm::L0 => {
            let mut pixels = eps.max(1.0) as u32;
            let changed = field(ui, "Pixels", |ui| {
                let drag = DragValue::new(&mut pixels).range(1..=10_000_000).speed(1.0);
                named(ui, "Pixels", drag)
                    .on_hover_text("Pixels that may change")
                    .changed()
            });
            if changed {
                threat.eps = pixels as f32;
            }
        }
        Norm::Free => {}
    }
}

fn number(
    ui: &mut Ui,
    eps: &mut f32,
    range: std::ops::RangeInclusive<f32>,
    speed: f64,
    hint: &str,
) {
    field(ui, "Epsilon", |ui| {
        let drag = DragValue::new(eps)
            .range(range)
            .speed(speed)
            .max_decimals(3);
        named(ui, "Epsilon", drag).on_hover_text(hint);
    });
}

fn band_ui(ui: &mut Ui, band: &mut Band) {
    field(ui, "Band", |ui| {
        let (low, high) = (band.low, band.high);
        let hint =
            "Frequencies as parts of the highest: 0 is the mean, 1 the highest diagonal frequency";
        named(ui, "Lowest frequency", edge(&mut band.low, 0.0, high)).on_hover_text(hint);
        weak(ui, "to");
        named(ui, "Highest frequency", edge(&mut band.high, low, 1.0)).on_hover_text(hint);
    });
}

fn edge(value: &mut f32, from: f32, to: f32) -> DragValue<'_> {
    DragValue::new(value)
        .range(from..=to)
        .speed(0.005)
        .fixed_decimals(2)
}

/// The rectangle that may be changed.
fn region_ui(ui: &mut Ui, view: &View<'_>, threat: &mut Threat, on: bool) {
    let grid = view.state.clean.get(view.session.now()).map(|c| c.grid);
    let (tall, wide) = grid.map_or((224, 224), |g| (g.height as u32, g.width as u32));
    if on != threat.region.is_some() {
        let (w, h) = ((wide / 4).max(1), (tall / 4).max(1));
        threat.region = on.then_some(Region {
            left: (wide - w) / 2,
            top: (tall - h) / 2,
            width: w,
            height: h,
        });
    }
    let Some(region) = &mut threat.region else {
        return;
    };
    let drag = |ui: &mut Ui, value: &mut u32, from: u32, to: u32, name: &str| {
        let drag = DragValue::new(value).range(from..=to.max(from)).speed(0.3);
        named(ui, name, drag).on_hover_text(name);
    };
    field(ui, "From", |ui| {
        drag(ui, &mut region.left, 0, wide - 1, "First column");
        drag(ui, &mut region.top, 0, tall - 1, "First row");
    });
    field(ui, "Size", |ui| {
        drag(
            ui,
            &mut region.width,
            1,
            wide.saturating_sub(region.left),
            "Columns",
        );
        weak(ui, "×");
        drag(
            ui,
            &mut region.height,
            1,
            tall.saturating_sub(region.top),
            "Rows",
        );
    });
}

fn mask_ui(ui: &mut Ui, view: &mut View<'_>, threat: &Threat, paint: bool) {
    field(ui, "Mask", |ui| {
        let hint = "A picture whose light pixels (luma of 128 or more, of 255) may be changed; it is brought to the attacked size";
        if ui.button("File…").on_hover_text(hint).clicked() {
            view.own(Command::Choose(Choice::Mask));
        }
        if paint {
            let brush = &mut view.memory.brush;
            let hint = "Paint on the original where the attack may go";
            let button = egui::Button::selectable(brush.on, "Paint").frame_when_inactive(true);
            if ui.add(button).on_hover_text(hint).clicked() {
                brush.on = !brush.on;
            }
        }
        if let Some(mask) = &threat.mask {
            let free = mask.free.iter().filter(|f| **f).count();
            let share = 100.0 * free as f64 / mask.free.len().max(1) as f64;
            weak(ui, format!("{share:.0} %")).on_hover_text("This part of the mask may be changed");
            if ui.small_button("Remove").clicked() {
                view.own(Command::SetMask(None));
            }
        }
    });
}
