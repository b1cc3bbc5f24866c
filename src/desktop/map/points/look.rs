//! From where the plane is seen.

use crate::map::Area;
use egui::{Pos2, Rect, Vec2};

/// From where the plane is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// The place in the middle.
    pub middle: [f64; 2],
    /// Points of the screen for a unit of the plane.
    pub scale: f64,
}

impl Look {
    /// What is seen in an area of this size.
    pub fn area(&self, size: Vec2) -> Area {
        let half = [f64::from(size.x), f64::from(size.y)].map(|v| v / 2.0 / self.scale);
        Area {
            least: [0, 1].map(|axis| self.middle[axis] - half[axis]),
            most: [0, 1].map(|axis| self.middle[axis] + half[axis]),
        }
    }

    /// Where a place of the plane lies in `rect`.
    pub fn on_screen(&self, rect: Rect, at: [f64; 2]) -> Pos2 {
        let [x, y] = [0, 1].map(|axis| (at[axis] - self.middle[axis]) * self.scale);
        rect.center() + Vec2::new(x as f32, -y as f32)
    }

    /// The place of the plane at a point of the screen.
    pub fn place(&self, rect: Rect, at: Pos2) -> [f64; 2] {
        let from = at - rect.center();
        [
            self.middle[0] + f64::from(from.x) / self.scale,
            self.middle[1] - f64::from(from.y) / self.scale,
        ]
    }
}
