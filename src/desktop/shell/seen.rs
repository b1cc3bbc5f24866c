//! Pictures of every view: their menu, and parts of the screen that are copied as they are seen, once the menu that asked
//! for it is gone.

use super::Shell;
use super::pictured::{Drawn, is_double_click_taken, taken};
use super::take::{has_picture, picture_ui};
use crate::desktop::core::Command;
use crate::task::lock;
use egui::{
    ColorImage, Context, Id, LayerId, PointerButton, Popup, PopupAnchor, PopupKind, Pos2, Rect,
};
use std::sync::{Arc, Mutex};

/// Frames until a menu that was closed is off the screen.
const FRAMES: u8 = 3;

/// The picture whose menu is open, and a part of the screen on its way to the clipboard.
#[derive(Default)]
pub struct Seen {
    menu: Option<(Drawn, Pos2)>,
    /// The picture that was clicked last: what the click does may have taken it away before the second one.
    clicked: Option<Drawn>,
    /// Was anything open above the views in the frame before?
    covered: bool,
    wanted: Option<(Rect, u8)>,
    taken: Arc<Mutex<Option<ColorImage>>>,
}

/// Opens the picture large that was clicked, where the click does nothing else, or that was clicked twice.
fn open_ui(ctx: &Context, shell: &mut Shell<'_>, drawn: &[Drawn], covered: bool) {
    let taken = is_double_click_taken(ctx);
    // A click that closes a menu does no more than that.
    let covered = std::mem::replace(&mut shell.memory.seen.covered, covered) || covered;
    let (clicked, twice) = ctx.input(|i| {
        let twice = i.pointer.button_double_clicked(PointerButton::Primary);
        let plain = i.modifiers.is_none();
        (i.pointer.primary_clicked() && plain, twice)
    });
    if !clicked || covered {
        return;
    }
    let found = ctx.pointer_interact_pos().and_then(|at| {
        let top = ctx.layer_id_at(at);
        let on_top =
            |drawn: &&Drawn| drawn.rect.contains(at) && top.is_none_or(|top| top == drawn.layer);
        drawn.iter().rev().find(on_top).copied()
    });
    let seen = &mut shell.memory.seen;
    let of = if twice {
        seen.clicked.take().filter(|_| !taken)
    } else {
        seen.clicked = found;
        let free = ctx.interaction_snapshot(|i| i.clicked.is_none());
        found.filter(|_| free)
    };
    if let Some(image) = of.and_then(|of| of.image)
        && has_picture(shell, image)
    {
        shell.ask(Command::OpenLarge(image));
    }
}

/// The menu of the picture that was clicked with the second button, where nothing else has one there.
pub fn menu_ui(ctx: &Context, shell: &mut Shell<'_>) {
    let drawn = taken(ctx);
    let id = Id::unique("menu of a picture");
    let clicked = ctx.input(|i| i.pointer.secondary_clicked());
    let covered = Popup::is_any_open(ctx) || ctx.memory(|m| m.top_modal_layer().is_some());
    open_ui(ctx, shell, &drawn, covered);
    if clicked && !covered {
        let at = ctx.pointer_interact_pos();
        let found = at.and_then(|at| {
            let mut on_top = drawn.iter().rev();
            Some((*on_top.find(|drawn| drawn.rect.contains(at))?, at))
        });
        shell.memory.seen.menu = found;
        if found.is_some() {
            Popup::open_id(ctx, id);
        }
    }
    let Some((of, at)) = shell.memory.seen.menu else {
        return;
    };
    Popup::new(
        id,
        ctx.clone(),
        PopupAnchor::Position(at),
        LayerId::background(),
    )
    .kind(PopupKind::Menu)
    .open_memory(None)
    .show(|ui| {
        if let Some(image) = of.image {
            picture_ui(ui, shell, image);
        }
        if ui.button("Copy the picture as it is seen").clicked() {
            shell.memory.seen.wanted = Some((of.rect, FRAMES));
            ui.close();
        }
    });
    if !Popup::is_id_open(ctx, id) {
        shell.memory.seen.menu = None;
    }
}

/// Takes the part that is wanted, and copies what was taken.
pub fn copy(ctx: &Context, shell: &mut Shell<'_>) {
    let taken = lock(&shell.memory.seen.taken).take();
    if let Some(image) = taken {
        shell.ask(Command::CopySeen(Arc::new(image)));
    }
    let Some((part, left)) = shell.memory.seen.wanted else {
        return;
    };
    ctx.request_repaint();
    if left > 0 {
        shell.memory.seen.wanted = Some((part, left - 1));
        return;
    }
    shell.memory.seen.wanted = None;
    let (taken, own) = (Arc::clone(&shell.memory.seen.taken), ctx.clone());
    let points = ctx.pixels_per_point();
    ctx.request_screenshot(move |image| {
        *lock(&taken) = Some(image.region(&part, Some(points)));
        own.request_repaint();
    });
}
