//! A picture seen large, above everything: fitted at first, zoomed about the pointer, moved with a drag.

use super::Shell;
use super::dialogs::dialog;
use super::keys::{Binding, KeyLine, acts, held, lines, plain};
use super::take;
use super::theme::{Tokens, tokens};
use super::widgets::{grouped, named_area, weak};
use super::zoom::Zoom;
use crate::desktop::core::{Command, Key as PictureKey, Large, Opened, Piece};
use egui::{
    Align, Color32, Context, CornerRadius, Key, Label, Layout, Rect, Response, RichText, Role,
    Sense, Ui, Vec2, WidgetInfo,
};

/// How much closer a key or a button brings a picture.
const STEP: f32 = 1.4;
/// Room around it, in points.
const AROUND: f32 = 14.0;
/// Height of the line above it, in points.
const HEAD: f32 = 34.0;

/// From where the picture is seen that is open large.
#[derive(Default)]
pub struct Looks {
    of: Option<u32>,
    zoom: Zoom,
}

/// What a key does with a picture that is seen large.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Act {
    /// Zooms by a factor.
    Zoom(f32),
    /// Shows all of it.
    Fit,
}

const KEYS: [Binding<Act>; 3] = [
    held(
        &[plain(Key::Plus), plain(Key::Equals)],
        Act::Zoom(STEP),
        "closer",
    ),
    held(&[plain(Key::Minus)], Act::Zoom(1.0 / STEP), "further away"),
    held(&[plain(Key::Num0)], Act::Fit, "all of it"),
];

/// The keys of a picture that is seen large, for the sheet of keys.
pub fn key_lines() -> Vec<KeyLine> {
    let close = KeyLine {
        keys: "Escape".to_owned(),
        what: "close it",
    };
    lines(&KEYS).into_iter().chain([close]).collect()
}

/// Makes the picture of `image` that is drawn in `rect` one that a click or Enter opens large; `what` says which it is.
pub fn opener(ui: &Ui, shell: &mut Shell<'_>, image: u32, rect: Rect, what: &str) -> Response {
    let id = ui
        .scope_id()
        .with(("open large", image, rect.left() as i32, rect.top() as i32));
    let response = named_area(ui, rect, id, Role::Button, false, || {
        format!("Open large: {what}")
    });
    let response = response.on_hover_cursor(egui::CursorIcon::ZoomIn);
    let plain = ui.input(|i| i.modifiers.is_none());
    if response.clicked() && plain && take::has_picture(shell, image) {
        shell.ask(Command::OpenLarge(image));
    }
    response
}

/// Draws the picture that is open large, if one is.
pub fn large_ui(ctx: &Context, shell: &mut Shell<'_>) {
    let Some(large) = shell.pictures.large.clone() else {
        shell.memory.large = Looks::default();
        return;
    };
    if shell.memory.large.of != Some(large.image) {
        shell.memory.large = Looks {
            of: Some(large.image),
            zoom: Zoom::default(),
        };
    }
    // The dialog's own margin is 16 points.
    let room = ctx.content_rect().size() - Vec2::splat(2.0 * (AROUND + 16.0));
    let mut close = false;
    let modal = dialog(ctx, "large picture").show(ctx, |ui| {
        ui.set_width(room.x);
        ui.spacing_mut().item_spacing.y = 0.0;
        let corner = ui.cursor().min;
        let area = Rect::from_min_size(
            corner + egui::vec2(0.0, HEAD),
            egui::vec2(room.x, (room.y - HEAD).max(60.0)),
        );
        let (head, _) = ui.allocate_exact_size(egui::vec2(room.x, HEAD), Sense::hover());
        let mut head = ui.new_child(
            egui::UiBuilder::new()
                .max_rect(head)
                .layout(Layout::right_to_left(Align::Center)),
        );
        close = head_ui(&mut head, shell, &large, area);
        ui.allocate_rect(area, Sense::hover());
        picture_ui(ui, shell, &large, area);
    });
    if modal.is_top_modal
        && let Some(size) = pixels(&large)
    {
        let area = modal.response.rect.shrink(16.0);
        let area = area.with_min_y(area.top() + HEAD);
        for act in acts(ctx, &KEYS) {
            perform(ctx, &mut shell.memory.large.zoom, act, area, size);
        }
    }
    if close || modal.should_close() {
        shell.ask(Command::CloseLarge);
    }
}

/// Columns and rows of the picture, once it was read.
fn pixels(large: &Large) -> Option<Vec2> {
    match large.shown {
        Opened::Ready { size, .. } => Some(egui::vec2(size[0] as f32, size[1] as f32)),
        _ => None,
    }
}

/// Does what a key asks for: about the pointer where it is over the picture, else about the middle.
fn perform(ctx: &Context, zoom: &mut Zoom, act: Act, area: Rect, size: Vec2) {
    match act {
        Act::Zoom(factor) => {
            let pointer = ctx.pointer_hover_pos().filter(|&at| area.contains(at));
            zoom.zoom_by(area, size, factor, pointer.unwrap_or(area.center()));
        }
        Act::Fit => zoom.fit(),
    }
}

/// The line above the picture, from the right: what can be done, and its name and size. Is it to be closed?
fn head_ui(ui: &mut Ui, shell: &mut Shell<'_>, large: &Large, area: Rect) -> bool {
    let t = tokens(ui);
    let close = ui.button("Close").on_hover_text("Escape").clicked();
    if let Some(size) = pixels(large) {
        if large.image != PictureKey::QUERY {
            let (dots, _) = ui.allocate_exact_size(egui::vec2(24.0, 16.0), Sense::hover());
            let image = large.image;
            take::button(ui, dots, shell, &large.name, || Piece::Picture(image));
        }
        let zoom = &mut shell.memory.large.zoom;
        let mut act = None;
        for (text, does, hint) in [
            ("+", Act::Zoom(STEP), "Closer (+, or scroll)"),
            ("Fit", Act::Fit, "All of it (0, or a double click)"),
            ("−", Act::Zoom(1.0 / STEP), "Further away (−, or scroll)"),
        ] {
            if ui.button(text).on_hover_text(hint).clicked() {
                act = Some(does);
            }
        }
        if let Some(act) = act {
            // The pointer is over the button.
            match act {
                Act::Zoom(factor) => zoom.zoom_by(area, size, factor, area.center()),
                Act::Fit => zoom.fit(),
            }
        }
        let scale = zoom.whole(area, size).x * ui.pixels_per_point() / size.x;
        weak(ui, format!("{:.0} %", scale * 100.0))
            .on_hover_text("Pixels of the screen for each pixel of the picture, along a side");
    }
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        ui.add(Label::new(RichText::new(&large.name).strong().color(t.text)).truncate());
        if let Some(said) = size_of(large) {
            ui.add(Label::new(RichText::new(said).color(t.weak)).truncate());
        }
    });
    close
}

/// How large the picture is, and whether all of its pixels are shown.
fn size_of(large: &Large) -> Option<String> {
    let Opened::Ready { texture, size } = &large.shown else {
        return None;
    };
    let sides = |[columns, rows]: [usize; 2]| format!("{} × {}", grouped(columns), grouped(rows));
    let own = size.map(|side| side as usize);
    let said = format!("{} pixels", sides(own));
    if texture.size() == own {
        return Some(said);
    }
    Some(format!(
        "{said}, seen reduced to {}: the graphics adapter holds no more",
        sides(texture.size())
    ))
}

/// The picture, or what there is to say in its place.
fn picture_ui(ui: &mut Ui, shell: &mut Shell<'_>, large: &Large, area: Rect) {
    let t = tokens(ui);
    ui.painter()
        .rect_filled(area, CornerRadius::same(4), t.base);
    let id = ui.scope_id().with("the picture");
    let response = ui.interact(area, id, Sense::click_and_drag());
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Image, true, format!("Large picture: {}", large.name))
    });
    match &large.shown {
        Opened::Loading => {
            let spinner = Rect::from_center_size(area.center(), Vec2::splat(28.0));
            ui.put(spinner, egui::Spinner::new().size(28.0));
        }
        Opened::Ready { texture, size } => {
            let size = egui::vec2(size[0] as f32, size[1] as f32);
            let zoom = &mut shell.memory.large.zoom;
            zoom.pointer_ui(ui, &response, area, size);
            let (target, seen) = zoom.place(area, size);
            let shape = egui::epaint::RectShape::filled(target, 0.0, Color32::WHITE)
                .with_texture(texture.id(), seen);
            ui.painter().with_clip_rect(area).add(shape);
        }
        Opened::Failed(said) => failed_ui(ui, area, said, &t),
    }
}

fn failed_ui(ui: &mut Ui, area: Rect, [cause, remedy]: &[String; 2], t: &Tokens) {
    let size = egui::vec2((area.width() - 40.0).min(620.0), 120.0);
    let place = Rect::from_center_size(area.center(), size);
    let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(place));
    ui.vertical_centered(|ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        ui.add(Label::new(
            RichText::new("This picture cannot be shown")
                .strong()
                .color(t.text),
        ));
        ui.add(Label::new(RichText::new(cause).color(t.bad)).wrap());
        ui.add(Label::new(RichText::new(remedy).color(t.weak)).wrap());
    });
}
