//! The comparison: two encoders on the same data.

mod agreement;
mod inspector;
mod list;
mod shifts;
mod start;

use inspector::inspector_ui;
use list::Order;

use crate::desktop::compare::{Command, ComparedWith, Slot, State};
use crate::desktop::core::{self, DataSource, EncoderSource, Session};
use crate::desktop::shell::keys::{
    BACK, Binding, KeyLine, acts, back_keys, held, lines, once, plain,
};
use crate::desktop::shell::side_frame;
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{named_area, segmented, signed};
use crate::retrieval::compare::Compared;
use crate::retrieval::{Metrics, Side};
use egui::{
    Align, Align2, Context, CornerRadius, FontId, Key, Layout, Panel, Role, Sense, Stroke,
    StrokeKind, Ui,
};

/// What the comparison is drawn with.
pub type View<'a> = crate::desktop::feature::View<'a, super::Compare>;

/// What drawing the comparison remembers between frames.
#[derive(Default)]
pub struct Memory {
    compared: Option<(Side, usize)>,
    order: Option<Order>,
}

/// What both encoders are called.
pub struct Names {
    /// The open one.
    pub a: String,
    /// The second one.
    pub b: String,
}

impl Names {
    fn of(state: &State, session: &Session) -> Self {
        let encoder = session.workspace.encoder.as_ref().map(EncoderSource::title);
        let data = session.workspace.data.as_ref().map(DataSource::title);
        // What is shown is named after its own encoder, though another was asked for since.
        let shown = current(state, session).map(|found| &found.with);
        let second = shown.or(state.source.as_ref());
        let second = second.map(EncoderSource::title);
        Self {
            a: encoder.or(data).unwrap_or_default(),
            b: second.unwrap_or_default(),
        }
    }
}

/// The comparison of what is open.
fn current<'a>(state: &'a State, session: &Session) -> Option<&'a ComparedWith> {
    state.found.get(session.now())
}

/// Draws the inspector, once there is a comparison.
pub fn panels_ui(ui: &mut Ui, view: &mut View<'_>) {
    if current(view.state, view.session).is_none() {
        return;
    }
    let width = (ui.available_width() * 0.26).clamp(220.0, 318.0);
    Panel::right("compare inspector")
        .frame(side_frame(ui, 12))
        .default_size(width)
        .size_range(200.0..=460.0)
        .show(ui, |ui| inspector_ui(ui, view));
}

/// What a key does: so many lines further, or to the other side.
#[derive(Debug, Clone, Copy)]
enum Act {
    Step(isize),
    Turn,
}

const KEYS: [Binding<Act>; 5] = [
    held(
        &[plain(Key::ArrowDown)],
        Act::Step(1),
        "the next of the list",
    ),
    held(&[plain(Key::ArrowUp)], Act::Step(-1), "the one before"),
    held(&[plain(Key::PageDown)], Act::Step(10), "ten further"),
    held(&[plain(Key::PageUp)], Act::Step(-10), "ten back"),
    once(&[plain(Key::D)], Act::Turn, "the other direction"),
];

/// The lines of the list's keys.
pub fn key_lines() -> Vec<KeyLine> {
    lines(&KEYS).into_iter().chain(lines(&BACK)).collect()
}

/// Takes keys: through the list.
pub fn keys(ctx: &Context, view: &mut View<'_>, focused: bool) {
    back_keys(ctx, view);
    if focused {
        return;
    }
    for act in acts(ctx, &KEYS) {
        match act {
            Act::Step(step) => view.own(Command::Step(step)),
            Act::Turn => view.ask(core::Command::SetSide(view.session.side.other())),
        }
    }
}

/// Draws the comparison, or what is missing for one.
pub fn compare_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    let names = Names::of(view.state, session);
    if session.ranking().is_none() {
        start::waiting_ui(ui, view);
        return;
    }
    let Some(found) = current(view.state, session) else {
        start::start_ui(ui, view, &names);
        return;
    };
    head_ui(ui, view, &names);
    let side = session.side;
    let compared = found.figures.direction(side);
    cards_ui(ui, compared);
    ui.add_space(8.0);
    let tall = (ui.available_height() * 0.36).clamp(128.0, 190.0);
    let wide = ui.available_width();
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 18.0;
        let left = (wide * 0.46).clamp(250.0, 420.0);
        ui.allocate_ui(egui::vec2(left, tall), |ui| {
            ui.vertical(|ui| {
                ui.set_width(left);
                agreement::agreement_ui(ui, view, compared);
            });
        });
        ui.vertical(|ui| shifts::shifts_ui(ui, view, compared, tall));
    });
    ui.add_space(4.0);
    list::list_ui(ui, view, found);
}

fn head_ui(ui: &mut Ui, view: &mut View<'_>, names: &Names) {
    let t = tokens(ui);
    let (session, running) = (view.session, view.is_running(Slot::Compare));
    ui.horizontal(|ui| {
        let choices = [
            (Side::Image, "Images", "Images look for captions (D)"),
            (Side::Text, "Captions", "Captions look for images (D)"),
        ];
        if let Some(side) = segmented(ui, session.side, &choices) {
            view.ask(core::Command::SetSide(side));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui
                .button("Close")
                .on_hover_text("Forget the second encoder")
                .clicked()
            {
                view.own(Command::Close);
            }
            if ui.button("Another encoder…").clicked() {
                view.own(Command::Choose);
            }
            if running {
                ui.add(egui::Spinner::new().size(14.0));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let name = |letter: &str, name: &str, colour| {
                    let mut job = egui::text::LayoutJob::default();
                    let font = FontId::proportional(13.5);
                    let format = |c| egui::TextFormat::simple(font.clone(), c);
                    job.append(letter, 0.0, format(colour));
                    job.append(&format!(" {name}"), 0.0, format(t.text));
                    job
                };
                let half = ui.available_width() / 2.0 - 6.0;
                for (letter, text) in [("A", &names.a), ("B", &names.b)] {
                    ui.scope(|ui| {
                        ui.set_max_width(half.max(40.0));
                        let label = egui::Label::new(name(letter, text, of_letter(&t, letter)));
                        ui.add(label.truncate()).on_hover_text(text);
                    });
                }
            });
        });
    });
    ui.add_space(4.0);
}

/// The colour of an encoder.
fn of_letter(t: &Tokens, letter: &str) -> egui::Color32 {
    if letter == "A" { t.accent } else { t.warn }
}

/// Recall of both encoders, and the difference.
fn cards_ui(ui: &mut Ui, compared: &Compared) {
    let t = tokens(ui);
    let wide = (ui.available_width() - 3.0 * 8.0) / 4.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        let of = |get: fn(&Metrics) -> f64| (get(&compared.a), get(&compared.b));
        for (name, (a, b)) in [
            ("R@1", of(|m| m.r1)),
            ("R@5", of(|m| m.r5)),
            ("R@10", of(|m| m.r10)),
        ] {
            let text = format!("{name}: A {a:.1}, B {b:.1}");
            card_ui(ui, wide, &text, |ui, rect| {
                recalls_ui(ui, rect, name, [a, b]);
            });
        }
        let d = &compared.r1_difference;
        let signed = |v: f64| signed(v as f32, 1);
        let what = format!("R@1: B − A ({} to {})", signed(d.low), signed(d.high));
        let text = format!("{what}: {}", signed(d.difference));
        let response = card_ui(ui, wide, &text, |ui, rect| {
            let ink = match (d.is_clear(), d.difference > 0.0) {
                (false, _) => t.text,
                (true, true) => t.good,
                (true, false) => t.bad,
            };
            let at = |y: f32| rect.left_top() + egui::vec2(11.0, y);
            let value = signed(d.difference);
            let font = FontId::proportional(18.0);
            ui.painter()
                .text(at(19.0), Align2::LEFT_CENTER, value, font, ink);
            let font = FontId::proportional(11.5);
            let painter = ui.painter().with_clip_rect(rect.shrink(4.0));
            painter.text(at(40.0), Align2::LEFT_CENTER, &what, font, t.weak);
        });
        response.on_hover_text(format!(
            "Points of R@1 with their 95 % interval\nIt resamples images with all their captions, {} times",
            crate::retrieval::CompareOptions::default().samples
        ));
    });
}

/// The recalls of A and B beside each other; smaller where there is little room.
fn recalls_ui(ui: &Ui, rect: egui::Rect, name: &str, recalls: [f64; 2]) {
    let t = tokens(ui);
    let (large, gap) = if rect.width() < 150.0 {
        (15.0, 8.0)
    } else {
        (18.0, rect.width() * 0.16)
    };
    let painter = ui.painter().with_clip_rect(rect);
    let write = |x: f32, y: f32, text: String, size: f32, ink| {
        let at = egui::pos2(x, rect.top() + y);
        let font = FontId::proportional(size);
        painter
            .text(at, Align2::LEFT_CENTER, text, font, ink)
            .right()
    };
    let mut x = rect.left() + 11.0;
    for (letter, recall) in ["A", "B"].into_iter().zip(recalls) {
        x = write(x, 21.0, letter.to_owned(), 12.0, of_letter(&t, letter)) + 4.0;
        x = write(x, 19.0, format!("{recall:.1}"), large, t.text) + gap;
    }
    write(rect.left() + 11.0, 40.0, name.to_owned(), 11.5, t.weak);
}

fn card_ui(
    ui: &mut Ui,
    wide: f32,
    name: &str,
    paint: impl FnOnce(&Ui, egui::Rect),
) -> egui::Response {
    let t = tokens(ui);
    let (rect, _) = ui.allocate_exact_size(egui::vec2(wide, 54.0), Sense::hover());
    let response = ui.interact(rect, ui.scope_id().with(("card", name)), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(Role::Label, true, name));
    ui.painter().rect(
        rect,
        CornerRadius::same(5),
        t.raised,
        Stroke::new(1.0, t.line),
        StrokeKind::Inside,
    );
    paint(ui, rect);
    response
}

/// A clickable cell of a table.
fn cell(
    ui: &Ui,
    rect: egui::Rect,
    salt: impl std::hash::Hash + std::fmt::Debug,
    role: Role,
    chosen: bool,
    name: impl Fn() -> String,
) -> egui::Response {
    named_area(ui, rect, ui.scope_id().with(salt), role, chosen, name)
}
