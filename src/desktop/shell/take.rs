//! What takes tables, plots, figures and pictures out of the window: the entries of menus, the same everywhere.

use super::Shell;
use super::widgets::named_area;
use crate::desktop::core::{Command, Form, Key, Piece, Query};
use egui::{Rect, Response, Role, Ui};

/// The menu of what was clicked with the second button: copies and saves it, in each form that it has.
pub fn menu(response: &Response, shell: &mut Shell<'_>, piece: impl FnOnce() -> Piece) {
    response.context_menu(|ui| entries_ui(ui, shell, piece));
}

/// The entries that copy and save `piece`.
pub fn entries_ui(ui: &mut Ui, shell: &mut Shell<'_>, piece: impl FnOnce() -> Piece) {
    let piece = piece();
    let forms: Vec<Form> = piece.forms().to_vec();
    let title = |form: Form| match (&piece, form) {
        (Piece::Plot(..), Form::Png) => "PNG at double size",
        (_, form) => form.title(),
    };
    let mut asked = None;
    for &form in &forms {
        if ui.button(format!("Copy as {}", title(form))).clicked() {
            asked = Some((form, true));
        }
    }
    ui.separator();
    for &form in &forms {
        if ui.button(format!("Save as {}…", title(form))).clicked() {
            asked = Some((form, false));
        }
    }
    if let Some((form, copy)) = asked {
        let piece = Box::new(piece);
        shell.ask(if copy {
            Command::CopyPiece(piece, form)
        } else {
            Command::SavePiece(piece, form)
        });
        ui.close();
    }
}

/// A small button in the upper right corner of `rect` that opens the same menu: for the keyboard, and for those who do
/// not look for it.
pub fn button(
    ui: &Ui,
    rect: Rect,
    shell: &mut Shell<'_>,
    what: &str,
    piece: impl FnOnce() -> Piece,
) {
    let size = egui::vec2(20.0, 16.0);
    let place = Rect::from_min_size(rect.right_top() + egui::vec2(-size.x, 0.0), size);
    let response = dots_ui(ui, place, what);
    egui::Popup::menu(&response).show(|ui| entries_ui(ui, shell, piece));
}

/// Three dots to press, for what copies and saves `what`: quiet until the pointer comes near.
pub fn dots_ui(ui: &Ui, place: Rect, what: &str) -> Response {
    let t = super::theme::tokens(ui);
    let id = ui.scope_id().with(("take", what));
    let response = named_area(ui, place, id, Role::Button, false, || {
        format!("Copy or save: {what}")
    });
    let near = response.hovered() || response.has_focus();
    if near {
        ui.painter().rect_filled(place, 4.0, t.hover);
    }
    let ink = if near { t.text } else { t.weak };
    for n in -1..=1 {
        let at = place.center() + egui::vec2(4.5 * n as f32, 0.0);
        ui.painter().circle_filled(at, 1.4, ink);
    }
    response.on_hover_text("Copy or save")
}

/// Is there a picture of this image to be opened? [`Key::QUERY`] is the query's own.
pub fn has_picture(shell: &Shell<'_>, image: u32) -> bool {
    if image == Key::QUERY {
        return matches!(shell.session.query(), Some(Query::Picture { .. }));
    }
    let images = shell.session.dataset().map(|d| &d.images);
    let there = images.and_then(|all| all.get(image as usize));
    there.is_some_and(|image| image.picture.is_some())
}

/// The entries that open large, copy and save the picture of an image of the dataset; the query's own is opened alone.
pub fn picture_ui(ui: &mut Ui, shell: &mut Shell<'_>, image: u32) {
    if !has_picture(shell, image) {
        return;
    }
    if ui.button("Open large").clicked() {
        shell.ask(Command::OpenLarge(image));
        ui.close();
    }
    if image == Key::QUERY {
        return;
    }
    let piece = || Box::new(Piece::Picture(image));
    if ui.button("Copy the picture").clicked() {
        shell.ask(Command::CopyPiece(piece(), Form::Png));
        ui.close();
    }
    if ui.button("Save the picture…").clicked() {
        shell.ask(Command::SavePiece(piece(), Form::Png));
        ui.close();
    }
}
