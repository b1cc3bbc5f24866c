//! From where pictures are seen: a point of them in the middle, and a magnification.

use egui::{Pos2, Rect, Response, Ui, Vec2};

/// The strongest magnification of a picture that fits.
const CLOSEST: f32 = 64.0;

/// From where pictures are seen; several may share it, and are zoomed and moved together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zoom {
    /// Magnification, from 1: the whole picture fits.
    factor: f32,
    /// The point of the picture in the middle, as parts of its size.
    middle: Vec2,
}

impl Default for Zoom {
    fn default() -> Self {
        Self {
            factor: 1.0,
            middle: Vec2::splat(0.5),
        }
    }
}

impl Zoom {
    /// Magnification, from 1: the whole picture fits.
    pub fn factor(&self) -> f32 {
        self.factor
    }

    /// Shows the whole picture.
    pub fn fit(&mut self) {
        *self = Self::default();
    }

    /// Where a picture of `size` lies in `rect`, and which part of it is seen (parts of its size). What does not fit into
    /// `rect` is cut off.
    pub fn place(&self, rect: Rect, size: Vec2) -> (Rect, Rect) {
        let whole = self.whole(rect, size);
        let seen = (rect.size() / whole).min(Vec2::splat(1.0));
        let middle = settled(self.middle, seen);
        let target = Rect::from_center_size(rect.center(), seen * whole);
        (target, Rect::from_center_size(middle.to_pos2(), seen))
    }

    /// The size of the whole picture of `size` as it is magnified for `rect`, in points.
    pub fn whole(&self, rect: Rect, size: Vec2) -> Vec2 {
        size * (rect.size() / size).min_elem() * self.factor
    }

    /// Magnifies by a factor; the point of the picture at `at` stays where it is.
    pub fn zoom_by(&mut self, rect: Rect, size: Vec2, factor: f32, at: Pos2) {
        let (target, seen) = self.place(rect, size);
        let point = seen.min.to_vec2() + (at - target.min) / target.size() * seen.size();
        self.factor = (self.factor * factor).clamp(1.0, CLOSEST);
        self.middle = point - (at - rect.center()) / self.whole(rect, size);
        self.settle(rect, size);
    }

    /// Moves the picture by points of the screen.
    pub fn move_by(&mut self, rect: Rect, size: Vec2, by: Vec2) {
        self.middle -= by / self.whole(rect, size);
        self.settle(rect, size);
    }

    /// Zooms with the wheel (or two fingers) about the pointer where it is over the picture.
    pub fn wheel_ui(&mut self, ui: &Ui, response: &Response, rect: Rect, size: Vec2) {
        let Some(pointer) = response.hover_pos() else {
            return;
        };
        let factor = ui.input(|i| (i.smooth_scroll_delta().y * 0.005).exp() * i.zoom_delta());
        if factor != 1.0 {
            self.zoom_by(rect, size, factor, pointer);
        }
    }

    /// Zooms with the wheel, moves with a drag, shows all on a double click.
    pub fn pointer_ui(&mut self, ui: &Ui, response: &Response, rect: Rect, size: Vec2) {
        if response.double_clicked() {
            return self.fit();
        }
        if response.dragged() {
            self.move_by(rect, size, response.drag_delta());
        }
        self.wheel_ui(ui, response, rect, size);
    }

    /// Keeps the picture in sight.
    fn settle(&mut self, rect: Rect, size: Vec2) {
        let seen = (rect.size() / self.whole(rect, size)).min(Vec2::splat(1.0));
        self.middle = settled(self.middle, seen);
    }
}

/// The middle, moved so that a part as large as `seen` around it lies within the picture.
fn settled(middle: Vec2, seen: Vec2) -> Vec2 {
    let half = seen / 2.0;
    middle.clamp(half, Vec2::splat(1.0) - half)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECT: Rect = Rect {
        min: Pos2::new(40.0, 20.0),
        max: Pos2::new(1040.0, 620.0),
    };

    /// The point of the picture, as parts of its size, that is seen at `at`.
    fn under(zoom: &Zoom, size: Vec2, at: Pos2) -> Vec2 {
        let (target, seen) = zoom.place(RECT, size);
        seen.min.to_vec2() + (at - target.min) / target.size() * seen.size()
    }

    #[test]
    fn the_whole_picture_fits_at_first_with_its_proportions() {
        let (target, seen) = Zoom::default().place(RECT, Vec2::new(200.0, 200.0));
        assert_eq!(
            (target.size(), target.center()),
            (Vec2::splat(600.0), RECT.center())
        );
        assert_eq!((seen.min, seen.max), (Pos2::ZERO, Pos2::new(1.0, 1.0)));
        let (wide, _) = Zoom::default().place(RECT, Vec2::new(500.0, 50.0));
        assert_eq!(wide.size(), Vec2::new(1000.0, 100.0));
    }

    #[test]
    fn the_point_under_the_pointer_stays() {
        let size = Vec2::new(500.0, 300.0);
        let mut zoom = Zoom::default();
        let pointer = Pos2::new(640.0, 410.0);
        let before = under(&zoom, size, pointer);
        for _ in 0..30 {
            zoom.zoom_by(RECT, size, 1.2, pointer);
            let gap = (under(&zoom, size, pointer) - before).length();
            assert!(gap < 1e-4, "{gap} at {}", zoom.factor());
        }
        assert_eq!(zoom.factor(), CLOSEST);
        let moved = Vec2::new(30.0, -12.0);
        zoom.move_by(RECT, size, moved);
        assert!((under(&zoom, size, pointer + moved) - before).length() < 1e-4);
    }

    #[test]
    fn a_wide_picture_fills_the_room_when_it_is_magnified() {
        let size = Vec2::new(500.0, 50.0);
        let mut zoom = Zoom::default();
        zoom.zoom_by(RECT, size, 3.0, RECT.center());
        let (target, seen) = zoom.place(RECT, size);
        assert!((target.size() - Vec2::new(1000.0, 300.0)).length() < 1e-2);
        assert!((seen.size() - Vec2::new(1.0 / 3.0, 1.0)).length() < 1e-5);
        zoom.zoom_by(RECT, size, 4.0, RECT.center());
        let (target, _) = zoom.place(RECT, size);
        assert!((target.size() - RECT.size()).length() < 1e-2);
    }

    #[test]
    fn a_picture_is_never_moved_out_of_sight() {
        let size = Vec2::new(300.0, 200.0);
        let mut zoom = Zoom::default();
        zoom.move_by(RECT, size, Vec2::splat(5000.0));
        let (whole, seen) = zoom.place(RECT, size);
        assert!((whole.size() - Vec2::new(900.0, 600.0)).length() < 1e-2);
        assert!((seen.size() - Vec2::splat(1.0)).length() < 1e-5, "{seen:?}");
        zoom.zoom_by(RECT, size, 4.0, RECT.center());
        zoom.move_by(RECT, size, Vec2::splat(-1e6));
        let (target, seen) = zoom.place(RECT, size);
        assert!(RECT.expand(0.01).contains_rect(target));
        assert!((seen.max - Pos2::new(1.0, 1.0)).length() < 1e-5, "{seen:?}");
        zoom.fit();
        assert_eq!(zoom, Zoom::default());
    }
}
