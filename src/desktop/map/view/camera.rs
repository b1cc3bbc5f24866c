//! From where a map is seen: a place in the middle, and a zoom.

use crate::desktop::map::Look;
use egui::{Pos2, Rect, Vec2};

/// The closest and the farthest zoom; 1 shows everything.
const ZOOM: std::ops::RangeInclusive<f64> = 0.5..=1e8;
/// Part of the area that the map takes where everything is seen.
const FILLED: f64 = 0.92;

/// From where a map is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    middle: [f64; 2],
    zoom: f64,
    /// Points of the screen at the right that other things take: the middle lies left of them.
    pub taken: f32,
}

impl Default for Camera {
    fn default() -> Self {
        Self {
            middle: [0.0; 2],
            zoom: 1.0,
            taken: 0.0,
        }
    }
}

impl Camera {
    /// Shows everything.
    pub fn fit(&mut self) {
        *self = Self {
            taken: self.taken,
            ..Self::default()
        };
    }

    /// Magnification; 1 shows everything.
    pub fn zoom(&self) -> f64 {
        self.zoom
    }

    /// What it sees in an area of this size.
    pub fn look(&self, size: Vec2) -> Look {
        let side = f64::from((size.x - self.taken).min(size.y).max(1.0));
        let scale = self.zoom * side / 2.0 * FILLED;
        let shift = f64::from(self.taken) / 2.0 / scale;
        Look {
            middle: [self.middle[0] + shift, self.middle[1]],
            scale,
        }
    }

    /// Moves the map by points of the screen.
    pub fn move_by(&mut self, size: Vec2, by: Vec2) {
        let scale = self.look(size).scale;
        let at = [
            self.middle[0] - f64::from(by.x) / scale,
            self.middle[1] + f64::from(by.y) / scale,
        ];
        self.middle = at.map(|v| v.clamp(-1.2, 1.2));
    }

    /// Zooms by a factor; what is at `at` stays there.
    pub fn zoom_by(&mut self, rect: Rect, factor: f64, at: Pos2) {
        let before = self.look(rect.size()).place(rect, at);
        self.zoom = (self.zoom * factor).clamp(*ZOOM.start(), *ZOOM.end());
        let after = self.look(rect.size()).place(rect, at);
        for axis in 0..2 {
            self.middle[axis] = (self.middle[axis] + before[axis] - after[axis]).clamp(-1.2, 1.2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_under_the_pointer_stays_there() {
        let rect = Rect::from_min_size(Pos2::new(90.0, 60.0), Vec2::new(800.0, 420.0));
        let mut camera = Camera {
            taken: 200.0,
            ..Camera::default()
        };
        let pointer = Pos2::new(610.0, 200.0);
        let before = camera.look(rect.size()).place(rect, pointer);
        for _ in 0..60 {
            camera.zoom_by(rect, 1.3, pointer);
            let after = camera.look(rect.size()).place(rect, pointer);
            let gap = (after[0] - before[0]).abs() + (after[1] - before[1]).abs();
            assert!(gap < 1e-9, "{gap:e}");
        }
        assert!(camera.zoom() > 1e6);
        let look = camera.look(rect.size());
        camera.move_by(rect.size(), Vec2::new(30.0, -8.0));
        let moved = camera
            .look(rect.size())
            .on_screen(rect, look.place(rect, pointer));
        assert!((moved - pointer - Vec2::new(30.0, -8.0)).length() < 0.05);
    }
}
