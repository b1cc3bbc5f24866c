//! Which pictures are drawn in this frame, and where: so that each has a menu, and can be opened large.

use egui::{Context, Id, LayerId, Rect, Ui};

/// A picture that is drawn: where, and which image of the dataset it is where it is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawn {
    /// Where.
    pub rect: Rect,
    /// Which image; [`Key::QUERY`](crate::desktop::core::Key::QUERY) for the query's own.
    pub image: Option<u32>,
    /// On what.
    pub layer: LayerId,
}

fn list() -> Id {
    Id::unique("pictures of this frame")
}

/// Says that a picture was drawn in `rect`: `image` of the dataset, or one that the program made. It has a menu then.
pub fn pictured(ui: &Ui, rect: Rect, image: Option<u32>) {
    let rect = rect.intersect(ui.clip_rect());
    if rect.is_positive() {
        let layer = ui.layer_id();
        ui.data_mut(|data| {
            let all: &mut Vec<Drawn> = data.get_temp_mut_or_default(list());
            all.push(Drawn { rect, image, layer });
        });
    }
}

/// The pictures that were drawn since the last call, those on top last.
pub fn taken(ctx: &Context) -> Vec<Drawn> {
    ctx.data_mut(|data| data.remove_temp(list()).unwrap_or_default())
}

fn taken_twice() -> Id {
    Id::unique("a double click of this frame")
}

/// Says that a double click of this frame has been taken: it does not open the picture below it.
pub fn take_double_click(ctx: &Context) {
    ctx.data_mut(|data| data.insert_temp(taken_twice(), true));
}

/// Was the double click of this frame taken?
pub fn is_double_click_taken(ctx: &Context) -> bool {
    let taken = ctx.data_mut(|data| data.remove_temp(taken_twice()));
    taken.unwrap_or(false)
}
