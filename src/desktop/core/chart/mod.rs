//! A plot as data: from one description come the drawing in the window, the points as CSV, the SVG and the PNG. What is
//! copied is therefore what is seen.

mod axis;
mod csv;
mod png;
mod svg;

pub use axis::{Axis, Mark, Scale, plain, round};
pub use csv::csv;
pub use png::png;
pub use svg::{Paper, svg};

use egui::Color32;
use egui_plot::{LineStyle, MarkerShape};

/// A plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it shows; no other chart of a view has the same.
    pub title: String,
    /// To the right.
    pub x: Axis,
    /// Upwards.
    pub y: Axis,
    /// What is drawn, the first at the bottom.
    pub series: Vec<Series>,
    /// Lines across.
    pub rules: Vec<Rule>,
    /// Words and signs beside points.
    pub notes: Vec<Note>,
    /// Room for words at the right, in points.
    pub room: f32,
}

/// Values that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// Its colour.
    pub colour: Color32,
    /// Is it in the legend?
    pub listed: bool,
    /// The values, and how they are drawn.
    pub shape: Shape,
}

/// How values are drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A line through points, with dots of this radius on them (0 for none).
    Line {
        /// x and y.
        points: Vec<[f64; 2]>,
        /// Width in points.
        width: f32,
        /// Solid, dashed, dotted.
        style: LineStyle,
        /// Radius of the dots in points.
        dots: f32,
        /// Does each value hold until the next one, from 0 before the first?
        steps: bool,
    },
    /// The area between two heights: x, the lower and the upper one.
    Band(Vec<[f64; 3]>),
    /// Bars from the bottom.
    Bars(Vec<Bar>),
}

/// A bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Its left edge.
    pub from: f64,
    /// Its right edge.
    pub to: f64,
    /// Its height.
    pub value: f64,
    /// Its colour.
    pub colour: Color32,
    /// What it says.
    pub told: String,
}

/// A line across the plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What it stands for.
    pub name: String,
    /// Upright, at this x? Else level, at this y.
    pub upright: bool,
    /// Where.
    pub at: f64,
    /// Its colour.
    pub colour: Color32,
    /// Solid, dashed, dotted.
    pub style: LineStyle,
}

/// A sign at a point, and words beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// x and y of the sign.
    pub at: [f64; 2],
    /// The sign; `None` for words alone.
    pub marker: Option<MarkerShape>,
    /// The words, and their height (a y): they are set at the right of the plot.
    pub text: Option<(String, f64)>,
    /// Its colour.
    pub colour: Color32,
}

impl Chart {
    /// A chart with nothing in it.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Self {
            title: title.into(),
            x,
            y,
            series: Vec::new(),
            rules: Vec::new(),
            notes: Vec::new(),
            room: 0.0,
        }
    }

    /// With one more series.
    #[must_use]
    pub fn with(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// With one more line across.
    #[must_use]
    pub fn ruled(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// The places shown: from x to x, from y to y; `wide`: the width in points. What the axes leave open is as the data.
    pub fn bounds(&self, wide: f32) -> [(f64, f64); 2] {
        let (mut x, mut y) = (Range::default(), Range::default());
        for series in &self.series {
            series.each(|at, height| {
                x.add(self.x.scale.place(at));
                y.add(self.y.scale.place(height));
            });
        }
        let (left, right) = x.of(&self.x, 0.02);
        let (bottom, top) = y.of(&self.y, 0.06);
        let share = f64::from((wide - self.room).max(wide * 0.3).max(1.0) / wide.max(1.0));
        [(left, left + (right - left) / share), (bottom, top)]
    }

    /// The rule upright at `at`.
    pub fn upright(name: impl Into<String>, at: f64, colour: Color32) -> Rule {
        Rule {
            name: name.into(),
            upright: true,
            at,
            colour,
            style: LineStyle::Solid,
        }
    }
}

impl Series {
    /// A solid line.
    pub fn line(name: impl Into<String>, colour: Color32, points: Vec<[f64; 2]>) -> Self {
        Self {
            name: name.into(),
            colour,
            listed: true,
            shape: Shape::Line {
                points,
                width: 1.8,
                style: LineStyle::Solid,
                dots: 0.0,
                steps: false,
            },
        }
    }

    /// Bars.
    pub fn bars(name: impl Into<String>, colour: Color32, bars: Vec<Bar>) -> Self {
        Self {
            name: name.into(),
            colour,
            listed: false,
            shape: Shape::Bars(bars),
        }
    }

    /// The same line, `wide` points wide and drawn so.
    #[must_use]
    pub fn drawn(mut self, wide: f32, drawn: LineStyle) -> Self {
        if let Shape::Line { width, style, .. } = &mut self.shape {
            (*width, *style) = (wide, drawn);
        }
        self
    }

    /// The same line with dots on its points.
    #[must_use]
    pub fn dotted(mut self, radius: f32) -> Self {
        if let Shape::Line { dots, .. } = &mut self.shape {
            *dots = radius;
        }
        self
    }

    /// The same line in steps: each value holds until the next one.
    #[must_use]
    pub fn stepped(mut self) -> Self {
        if let Shape::Line { steps, .. } = &mut self.shape {
            *steps = true;
        }
        self
    }

    /// Values that it holds: points, bars.
    pub fn count(&self) -> usize {
        match &self.shape {
            Shape::Line { points, .. } => points.len(),
            Shape::Band(points) => points.len(),
            Shape::Bars(bars) => bars.len(),
        }
    }

    /// Calls `call` with every x and y that has to be in sight.
    fn each(&self, mut call: impl FnMut(f64, f64)) {
        match &self.shape {
            Shape::Line { points, .. } => points.iter().for_each(|[x, y]| call(*x, *y)),
            Shape::Band(points) => points.iter().for_each(|[x, low, high]| {
                call(*x, *low);
                call(*x, *high);
            }),
            Shape::Bars(bars) => bars.iter().for_each(|bar| {
                call(bar.from, bar.value);
                call(bar.to, bar.value);
            }),
        }
    }
}

/// The corners of the steps through `points`, up to x `last`.
pub fn corners(points: &[[f64; 2]], last: f64) -> Vec<[f64; 2]> {
    let mut corners = Vec::with_capacity(2 * points.len() + 1);
    let mut before = 0.0;
    for &[x, y] in points {
        corners.extend([[x, before], [x, y]]);
        before = y;
    }
    corners.push([last, before]);
    corners
}

/// The places of what is seen along one axis.
struct Range(f64, f64);

impl Default for Range {
    fn default() -> Self {
        Self(f64::INFINITY, f64::NEG_INFINITY)
    }
}

impl Range {
    fn add(&mut self, place: f64) {
        if place.is_finite() {
            (self.0, self.1) = (self.0.min(place), self.1.max(place));
        }
    }

    /// From end to end, with a margin of a `part` where the axis leaves an end open.
    fn of(self, axis: &Axis, part: f64) -> (f64, f64) {
        let (low, high) = if self.0 > self.1 {
            (0.0, 1.0)
        } else {
            (self.0, self.1)
        };
        let given = |value: Option<f64>| value.map(|v| axis.scale.place(v));
        let (first, last) = (given(axis.low).unwrap_or(low), given(axis.high));
        let last = last.unwrap_or(high.max(first));
        let margin = (last - first).max(1e-9) * part;
        let first = if axis.low.is_some() {
            first
        } else {
            first - margin
        };
        let last = if axis.high.is_some() {
            last
        } else {
            last + margin
        };
        if last > first {
            (first, last)
        } else {
            (first - 0.5, first + 0.5)
        }
    }
}
