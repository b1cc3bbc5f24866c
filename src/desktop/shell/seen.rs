//! Pictures of every view: their menu, and parts of the screen that are copied as they are seen, once the menu that asked
//! for it is gone.

use super::Shell;
use super::pictured::{Drawn, taken};
use super::take::picture_ui;
use crate::desktop::core::Command;
use crate::task::lock;
use egui::{ColorImage, Context, Id, LayerId, Popup, PopupAnchor, PopupKind, Pos2, Rect};
use std::sync::{Arc, Mutex};

/// Frames until a menu that was closed is off the screen.
const FRAMES: u8 = 3;

/// The picture whose menu is open, and a part of the screen on its way to the clipboard.
#[derive(Default)]
pub struct Seen {
    menu: Option<(Drawn, Pos2)>,
    wanted: Option<(Rect, u8)>,
    taken: Arc<Mutex<Option<ColorImage>>>,
}

/// The menu of the picture that was clicked with the second button, where nothing else has one there.
pub fn menu_ui(ctx: &Context, shell: &mut Shell<'_>) {
    let drawn = taken(ctx);
    let id = Id::unique("menu of a picture");
    let clicked = ctx.input(|i| i.pointer.secondary_clicked());
    let covered = Popup::is_any_open(ctx) || ctx.memory(|m| m.top_modal_layer().is_some());
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
