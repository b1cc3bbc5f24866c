//! Parts of the screen that are copied as they are seen, once the menu that asked for it is gone.

use super::Shell;
use crate::desktop::core::Command;
use crate::task::lock;
use egui::{ColorImage, Context, Rect};
use std::sync::{Arc, Mutex};

/// Frames until a menu that was closed is off the screen.
const FRAMES: u8 = 3;

/// A part of the screen on its way to the clipboard.
#[derive(Default)]
pub struct Seen {
    wanted: Option<(Rect, u8)>,
    taken: Arc<Mutex<Option<ColorImage>>>,
}

impl Seen {
    /// Wants this part of the screen.
    pub fn want(&mut self, part: Rect) {
        self.wanted = Some((part, FRAMES));
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
