//! Parts of the screen as pictures.

use crate::task::lock;
use egui::{ColorImage, Rect, Ui};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A picture of the screen on its way.
#[derive(Default)]
pub struct Screen {
    /// The file that the screen is being taken for.
    taking: Option<PathBuf>,
    /// The screen, once taken.
    taken: Arc<Mutex<Option<Arc<ColorImage>>>>,
}

impl Screen {
    /// The part of the screen in `area` with the file that it is `wanted` for, a frame or two after it is first.
    pub fn take(
        &mut self,
        ui: &Ui,
        wanted: Option<&Path>,
        area: Rect,
    ) -> Option<(PathBuf, Arc<ColorImage>)> {
        let Some(path) = wanted else {
            self.taking = None;
            return None;
        };
        let taken = Arc::clone(&self.taken);
        if self.taking.as_deref() != Some(path) {
            self.taking = Some(path.to_owned());
            *lock(&taken) = None;
            let ctx = ui.ctx().clone();
            let keep = move |image| {
                *lock(&taken) = Some(image);
                ctx.request_repaint();
            };
            ui.ctx().request_screenshot(keep);
            return None;
        }
        let image = lock(&taken).take()?;
        let seen = area.intersect(ui.clip_rect());
        let part = image.region(&seen, Some(ui.ctx().pixels_per_point()));
        Some((path.to_owned(), Arc::new(part)))
    }
}
