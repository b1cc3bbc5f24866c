//! The attack lab: the pictures, what the colours mean, the curves, and where the captions stand before and after.

mod brush;
mod canvas;
mod curves;
mod fields;
mod inspector;
mod keys;
mod lists;
mod made_by;
mod notes;
mod recall;
mod result;
mod set;
mod table;
mod target;
mod threat;
mod words;

pub use keys::{key_lines, keys};

use inspector::inspector_ui;

use crate::dataset::Dataset;
use crate::desktop::attack::{Command, Compare, Heat, LabPage, Looks, Reach};
use crate::desktop::core::{self, DataSource, Session};
use crate::desktop::shell::bidi;
use crate::desktop::shell::browser::browser_ui;
use crate::desktop::shell::empty::{NotReady, not_ready_ui};
use crate::desktop::shell::side_frame;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{column, segmented, weak};
use crate::desktop::shell::zoom::Zoom;
use egui::{Align, Layout, Panel, RichText, Ui};

/// What the lab is drawn with.
pub type View<'a> = crate::desktop::feature::View<'a, super::Attack>;

/// What drawing the lab remembers between frames.
pub struct Memory {
    /// From where the pictures are seen.
    zoom: Zoom,
    /// Where the slider divides the pictures, as a part of the width.
    divider: f32,
    /// Is the browser shown beside the lab?
    pub browser: bool,
    /// Paints where the attack may go.
    brush: brush::Brush,
    /// Turns of blinking per second.
    blink: f32,
    /// The epsilons of the set while they are typed.
    eps: Option<String>,
    /// The ranks of its recalls while they are typed.
    at: Option<String>,
    /// The order of the lines of the set's table.
    order: table::Order,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            zoom: Zoom::default(),
            divider: 0.5,
            browser: false,
            brush: brush::Brush::default(),
            blink: 1.0,
            eps: None,
            at: None,
            order: table::Order::default(),
        }
    }
}

/// Is there all that the lab needs?
fn is_ready(session: &Session) -> bool {
    session.dataset().is_some() && session.encoder().is_some() && session.embedded().is_some()
}

/// Draws the browser, where it is shown, and the inspector.
pub fn panels_ui(ui: &mut Ui, view: &mut View<'_>) {
    if !is_ready(view.session) {
        return;
    }
    if view.memory.browser {
        Panel::left("lab browser")
            .frame(side_frame(ui, 10))
            .default_size(210.0)
            .size_range(140.0..=420.0)
            .show(ui, |ui| browser_ui(ui, view));
    }
    Panel::right("lab inspector")
        .frame(side_frame(ui, 12))
        .default_size(318.0)
        .size_range(280.0..=460.0)
        .show(ui, |ui| inspector_ui(ui, view));
}

/// Draws the lab's centre.
pub fn attack_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    let Some(dataset) = session.dataset().cloned().filter(|_| is_ready(session)) else {
        missing_ui(ui, view);
        return;
    };
    match view.state.page {
        LabPage::Picture => {}
        LabPage::Words => return words::words_ui(ui, view, &dataset),
        LabPage::Set => return set::set_ui(ui, view, &dataset),
    }
    head_ui(ui, view, &dataset);
    result::banner_ui(ui, view, &dataset);
    let gap = ui.spacing().item_spacing.x;
    let wide = ui.available_width();
    let third = ((wide - 2.0 * gap) / 3.0).floor();
    // Above the pictures: their height is another one in each mode, and the buttons stay where they are.
    modes_ui(ui, view);
    ui.add_space(2.0);
    canvas::canvas_ui(ui, view, third);
    ui.add_space(4.0);
    let tall = ui.available_height();
    ui.horizontal_top(|ui| {
        let size = egui::vec2(third, tall);
        column(ui, size, |ui| curves::curves_ui(ui, view));
        column(ui, size, |ui| lists::before_ui(ui, view, &dataset));
        column(ui, size, |ui| lists::after_ui(ui, view, &dataset));
    });
}

fn missing_ui(ui: &mut Ui, view: &mut View<'_>) {
    let given = matches!(
        view.session.workspace.data,
        Some(DataSource::Embeddings { .. })
    );
    let says = NotReady {
        busy: [
            "Getting ready…",
            "The lab opens as soon as the pictures are embedded.",
        ],
        nothing: [
            "Nothing to attack",
            "An attack needs pictures, their captions, and an encoder to be fooled.",
        ],
        encoder: if given {
            "Attacks run the image model; embeddings alone cannot be attacked."
        } else {
            "Attacks run the image model of an ONNX dual encoder."
        },
        needs_encoder: true,
    };
    not_ready_ui(ui, view, &says);
}

/// The picture under attack, and the way to another.
fn head_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let browser =
                egui::Button::selectable(view.memory.browser, "Browser").frame_when_inactive(true);
            let hint = "Show every picture at the left";
            if ui.add(browser).on_hover_text(hint).clicked() {
                view.memory.browser = !view.memory.browser;
            }
            for (text, step, hint) in [
                ("Next", 1, "The next picture of the browser (right arrow)"),
                ("Previous", -1, "The picture before (left arrow)"),
            ] {
                if ui.button(text).on_hover_text(hint).clicked() {
                    view.ask(core::Command::Step(step));
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let image = view
                    .state
                    .image
                    .and_then(|i| Some((i, dataset.images.get(i)?)));
                let Some((at, image)) = image else {
                    weak(ui, "No picture is chosen.");
                    return;
                };
                ui.label(RichText::new(&image.name).size(14.5).strong());
                let own = dataset.captions_of(at);
                let caption = dataset.captions.get(own.start).filter(|_| !own.is_empty());
                let text = caption.map_or("it has no caption", String::as_str);
                let text = RichText::new(text).color(tokens(ui).weak);
                bidi::label(ui, text, 1);
            });
        });
    });
}

/// How the pictures are compared, and what the heatmap shows.
fn modes_ui(ui: &mut Ui, view: &mut View<'_>) {
    let looks = view.state.looks;
    let mut new = looks;
    ui.horizontal_wrapped(|ui| {
        let difference = format!("Difference ×{}", looks.amplify);
        let choices = [
            (
                Compare::SideBySide,
                "Side by side",
                "Both pictures, zoomed and moved together",
            ),
            (
                Compare::Slider,
                "Slider",
                "Drag the divider: left the original, right the adversarial picture",
            ),
            (Compare::Blink, "Blink", "One after the other, slowly"),
            (
                Compare::Difference,
                difference.as_str(),
                "Adversarial less original, amplified around grey",
            ),
        ];
        if let Some(compare) = segmented(ui, looks.compare, &choices) {
            new.compare = compare;
        }
        ui.add_space(10.0);
        heat_ui(ui, view, &mut new);
        ui.add_space(10.0);
        // What belongs to a choice alone stands at the end, so that no button moves.
        saliency_ui(ui, &mut new);
        compare_options_ui(ui, view, &mut new);
        if view.memory.zoom.factor() > 1.0 {
            let text = format!("{:.0} %", view.memory.zoom.factor() * 100.0);
            let hint =
                "Scroll to zoom, drag to move; click (or double-click a picture) to see all of it";
            if ui.button(text).on_hover_text(hint).clicked() {
                view.memory.zoom.fit();
            }
        }
    });
    if new != looks {
        view.own(Command::SetLooks(new));
    }
}

fn compare_options_ui(ui: &mut Ui, view: &mut View<'_>, looks: &mut Looks) {
    match looks.compare {
        Compare::Difference => {
            ui.name_inputs("Amplification", |ui| {
                egui::ComboBox::from_id_salt("amplify")
                    .width(62.0)
                    .selected_text(format!("×{}", looks.amplify))
                    .show_ui(ui, |ui| {
                        for factor in [1, 2, 4, 8, 16, 32, 64] {
                            ui.selectable_value(&mut looks.amplify, factor, format!("×{factor}"));
                        }
                    });
            });
        }
        Compare::Blink => {
            let drag = egui::DragValue::new(&mut view.memory.blink)
                .range(0.2..=2.0)
                .speed(0.02)
                .fixed_decimals(1)
                .suffix(" Hz");
            ui.name_inputs("Blinking rate", |ui| ui.add(drag));
        }
        Compare::SideBySide | Compare::Slider => {}
    }
}

/// Which saliency map, where one is shown.
fn saliency_ui(ui: &mut Ui, looks: &mut Looks) {
    use crate::attack::SaliencyKind;
    if looks.heat == Heat::Saliency {
        ui.name_inputs("Kind of saliency map", |ui| {
            egui::ComboBox::from_id_salt("saliency")
                .width(128.0)
                .selected_text(looks.saliency.title())
                .show_ui(ui, |ui| {
                    for kind in SaliencyKind::ALL {
                        ui.selectable_value(&mut looks.saliency, kind, kind.title());
                    }
                });
        });
    }
}

fn heat_ui(ui: &mut Ui, view: &View<'_>, looks: &mut Looks) {
    let space = std::mem::replace(&mut ui.spacing_mut().item_spacing.x, 4.0);
    for (heat, name, hint) in Heat::ALL {
        let blocked = heat == Heat::Saliency
            && matches!(view.state.reach(view.session.now()), Reach::Blocked(_));
        let button = egui::Button::selectable(looks.heat == heat, name).frame_when_inactive(true);
        let response = ui
            .add_enabled(!blocked, button)
            .on_hover_text(hint)
            .on_disabled_hover_text("Needs gradients, which this model does not have");
        if response.clicked() {
            looks.heat = heat;
        }
    }
    ui.spacing_mut().item_spacing.x = space;
}
