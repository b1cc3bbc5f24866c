//! Which pictures are drawn in this frame, and where: so that each has a menu.

use egui::{Context, Id, Rect, Ui};

/// A picture that is drawn: where, and which image of the dataset it is where it is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawn {
    /// Where.
    pub rect: Rect,
    /// Which image.
    pub image: Option<u32>,
}

fn list() -> Id {
    Id::unique("pictures of this frame")
}

/// Says that a picture was drawn in `rect`: `image` of the dataset, or one that the program made. It has a menu then.
pub fn pictured(ui: &Ui, rect: Rect, image: Option<u32>) {
    let rect = rect.intersect(ui.clip_rect());
    if rect.is_positive() {
        ui.data_mut(|data| {
            let all: &mut Vec<Drawn> = data.get_temp_mut_or_default(list());
            all.push(Drawn { rect, image });
        });
    }
}

/// The pictures that were drawn since the last call, those on top last.
pub fn taken(ctx: &Context) -> Vec<Drawn> {
    ctx.data_mut(|data| data.remove_temp(list()).unwrap_or_default())
}
