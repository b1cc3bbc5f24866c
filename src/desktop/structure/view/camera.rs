//! Where the matrix is looked at: a point of it in the middle, and a zoom.

use crate::retrieval::structure::matrix::Viewport;
use egui::{Pos2, Rect, Vec2};

/// Pixels of a row or column at the closest.
const CLOSEST: f64 = 44.0;

/// The part of the matrix that is seen.
#[derive(Debug, Clone, Copy)]
pub struct Camera {
    /// Row and column in the middle, as parts of all.
    middle: [f64; 2],
    /// Magnification; 1 shows everything.
    zoom: f64,
}

impl Default for Camera {
    fn default() -> Self {
        Self {
            middle: [0.5; 2],
            zoom: 1.0,
        }
    }
}

impl Camera {
    /// Everything.
    pub fn fit(&mut self) {
        *self = Self::default();
    }

    /// Magnification; 1 shows everything.
    pub fn zoom(&self) -> f64 {
        self.zoom
    }

    /// What is seen in an area of `area` points, of `size` rows and columns.
    pub fn viewport(&self, size: [usize; 2], area: Vec2) -> Viewport {
        let pixels = [f64::from(area.y.max(1.0)), f64::from(area.x.max(1.0))];
        let scale = [0, 1].map(|side| {
            let fit = size[side].max(1) as f64 / pixels[side];
            (fit / self.zoom).max(1.0 / CLOSEST).min(fit)
        });
        let first = [0, 1].map(|side| {
            let span = scale[side] * pixels[side];
            let total = size[side].max(1) as f64;
            (self.middle[side] * total - span / 2.0).clamp(0.0, (total - span).max(0.0))
        });
        Viewport {
            first,
            scale,
            pixels,
        }
    }

    /// Moves by points of the screen.
    pub fn move_by(&mut self, size: [usize; 2], area: Vec2, by: Vec2) {
        let seen = self.viewport(size, area);
        let by = [f64::from(by.y), f64::from(by.x)];
        for side in [0, 1] {
            let span = seen.scale[side] * seen.pixels[side];
            let middle = seen.first[side] + span / 2.0 + by[side] * seen.scale[side];
            self.middle[side] = (middle / size[side].max(1) as f64).clamp(0.0, 1.0);
        }
        self.settle(size, area);
    }

    /// Zooms by a factor; the point at `at`, in points from the area's corner, stays where it is.
    pub fn zoom_by(&mut self, size: [usize; 2], area: Vec2, factor: f64, at: Vec2) {
        let before = self.viewport(size, area);
        let at = [f64::from(at.y), f64::from(at.x)];
        let closest = [0, 1].map(|side| CLOSEST * size[side].max(1) as f64 / before.pixels[side]);
        let most = closest[0].max(closest[1]).max(1.0);
        self.zoom = (self.zoom * factor).clamp(1.0, most);
        let after = self.viewport(size, area);
        for side in [0, 1] {
            let point = before.first[side] + at[side] * before.scale[side];
            let middle = point + (after.pixels[side] / 2.0 - at[side]) * after.scale[side];
            self.middle[side] = (middle / size[side].max(1) as f64).clamp(0.0, 1.0);
        }
        self.settle(size, area);
    }

    /// Brings a row and a column to the middle.
    pub fn centre_on(&mut self, size: [usize; 2], row: usize, column: usize) {
        self.middle = [
            (row as f64 + 0.5) / size[0].max(1) as f64,
            (column as f64 + 0.5) / size[1].max(1) as f64,
        ];
    }

    /// Keeps the middle where the edges of the matrix let it be.
    fn settle(&mut self, size: [usize; 2], area: Vec2) {
        let seen = self.viewport(size, area);
        for side in [0, 1] {
            let middle = seen.first[side] + seen.scale[side] * seen.pixels[side] / 2.0;
            self.middle[side] = middle / size[side].max(1) as f64;
        }
    }
}

/// Row and column, fractional, at a point of the screen.
pub fn at(seen: &Viewport, area: Rect, point: Pos2) -> [f64; 2] {
    [
        seen.first[0] + f64::from(point.y - area.top()) * seen.scale[0],
        seen.first[1] + f64::from(point.x - area.left()) * seen.scale[1],
    ]
}

/// Where a row and a column lie on the screen.
pub fn place(seen: &Viewport, area: Rect, row: f64, column: f64) -> Pos2 {
    let offset = [
        (row - seen.first[0]) / seen.scale[0],
        (column - seen.first[1]) / seen.scale[1],
    ];
    Pos2::new(
        area.left() + offset[1] as f32,
        area.top() + offset[0] as f32,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: [usize; 2] = [1000, 5000];
    const AREA: Vec2 = Vec2::new(1000.0, 600.0);

    #[test]
    fn everything_is_seen_at_first_and_never_more() {
        let mut camera = Camera::default();
        let seen = camera.viewport(SIZE, AREA);
        assert_eq!(
            (seen.span(0, SIZE[0]), seen.span(1, SIZE[1])),
            (0..1000, 0..5000)
        );
        camera.move_by(SIZE, AREA, Vec2::new(300.0, -50.0));
        assert_eq!(camera.viewport(SIZE, AREA), seen);
    }

    #[test]
    fn the_point_under_the_pointer_stays() {
        let mut camera = Camera::default();
        let area = Rect::from_min_size(Pos2::new(40.0, 20.0), AREA);
        let pointer = Pos2::new(740.0, 310.0);
        let before = at(&camera.viewport(SIZE, AREA), area, pointer);
        for _ in 0..40 {
            camera.zoom_by(SIZE, AREA, 1.2, pointer - area.min);
            let after = at(&camera.viewport(SIZE, AREA), area, pointer);
            assert!((after[0] - before[0]).abs() < 1e-6 && (after[1] - before[1]).abs() < 1e-6);
        }
        let seen = camera.viewport(SIZE, AREA);
        assert_eq!(seen.scale, [1.0 / CLOSEST; 2]);
        let back = place(&seen, area, before[0], before[1]);
        assert!((back - pointer).length() < 1e-2);
    }
}
