//! A chart as SVG, with the places, colours and sizes that it has in the window.

use super::{Axis, Bar, Chart, Mark, Note, Series, Shape};
use crate::files::escape;
use egui::Color32;
use egui_plot::{LineStyle, MarkerShape};
use std::fmt::Write as _;

/// What a chart is drawn on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paper {
    /// Width and height of the plot in points, without its title and legend.
    pub size: [f32; 2],
    /// Behind it.
    pub back: Color32,
    /// Words.
    pub text: Color32,
    /// Words of less weight.
    pub weak: Color32,
    /// The grid.
    pub line: Color32,
}

/// Height of a line of words.
const LINE: f32 = 16.0;
const FONT: f32 = 11.5;
const EDGE: f32 = 10.0;

/// Where the chart's inside lies, and what places are seen in it.
struct Frame {
    left: f32,
    top: f32,
    wide: f32,
    tall: f32,
    bounds: [(f64, f64); 2],
}

impl Frame {
    fn x(&self, place: f64) -> f32 {
        let (low, high) = self.bounds[0];
        self.left + self.wide * ((place - low) / (high - low)) as f32
    }

    fn y(&self, place: f64) -> f32 {
        let (low, high) = self.bounds[1];
        self.top + self.tall * (1.0 - (place - low) / (high - low)) as f32
    }

    fn right(&self) -> f32 {
        self.left + self.wide
    }

    fn bottom(&self) -> f32 {
        self.top + self.tall
    }
}

/// The chart as one SVG document.
pub fn svg(chart: &Chart, paper: &Paper) -> String {
    let [wide, tall] = paper.size.map(|side| side.max(60.0));
    let legend: Vec<&Series> = chart.series.iter().filter(|s| s.listed).collect();
    let head = EDGE + LINE + if legend.is_empty() { 4.0 } else { LINE + 4.0 };
    let foot = if chart.x.shown { 2.0 * LINE } else { LINE } + 4.0;
    let widest = |marks: &[Mark]| {
        let letters = marks.iter().map(|m| m.text.chars().count()).max();
        letters.unwrap_or(0) as f32 * FONT * 0.56
    };
    let mut frame = Frame {
        left: EDGE,
        top: head,
        wide,
        tall,
        bounds: chart.bounds(wide),
    };
    let upright = chart.y.marks(frame.bounds[1], tall);
    if chart.y.shown {
        frame.left += widest(&upright) + 6.0;
    }
    let full = [frame.right() + EDGE + 8.0, frame.bottom() + foot + EDGE];
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" \
         font-family=\"Ubuntu, sans-serif\" font-size=\"{FONT}\">\n<title>{2}</title>\n\
         <rect class=\"ground\" width=\"{0}\" height=\"{1}\" fill=\"{3}\"/>\n",
        full[0].ceil(),
        full[1].ceil(),
        escape(&chart.title),
        hex(paper.back)
    );
    let top = EDGE + FONT;
    words(
        &mut out,
        [EDGE, top],
        "start",
        paper.text,
        &format!("{} · {}", chart.title, chart.y.name),
    );
    legend_of(&mut out, &legend, top + LINE, paper);
    marks(&mut out, chart, &frame, &upright, paper);
    // What lies outside is cut off, as in the window.
    let _ = writeln!(
        out,
        "<clipPath id=\"inside\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>\n<g clip-path=\"url(#inside)\">",
        frame.left, frame.top, frame.wide, frame.tall
    );
    for series in &chart.series {
        draw(&mut out, chart, &frame, series);
    }
    for rule in &chart.rules {
        let ends = if rule.upright {
            let x = frame.x(chart.x.scale.place(rule.at));
            [x, frame.top, x, frame.bottom()]
        } else {
            let y = frame.y(chart.y.scale.place(rule.at));
            [frame.left, y, frame.right(), y]
        };
        line(&mut out, "rule", ends, rule.colour, dashes(rule.style));
    }
    out.push_str("</g>\n");
    for note in &chart.notes {
        noted(&mut out, chart, &frame, note);
    }
    out.push_str("</svg>\n");
    out
}

fn hex(colour: Color32) -> String {
    let [r, g, b, _] = colour.to_srgba_unmultiplied();
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// How much of what lies behind a colour covers, 1 for all.
fn cover(colour: Color32) -> f32 {
    f32::from(colour.a()) / 255.0
}

fn words(out: &mut String, [x, y]: [f32; 2], anchor: &str, colour: Color32, text: &str) {
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{}\">{}</text>",
        hex(colour),
        escape(text)
    );
}

fn line(out: &mut String, class: &str, [x1, y1, x2, y2]: [f32; 4], colour: Color32, dash: &str) {
    let _ = writeln!(
        out,
        "<line class=\"{class}\" x1=\"{x1:.2}\" y1=\"{y1:.2}\" x2=\"{x2:.2}\" y2=\"{y2:.2}\" stroke=\"{}\" \
         stroke-opacity=\"{:.3}\"{dash}/>",
        hex(colour),
        cover(colour)
    );
}

fn dashes(style: LineStyle) -> &'static str {
    match style {
        LineStyle::Solid => "",
        LineStyle::Dashed { .. } => " stroke-dasharray=\"6 4\"",
        LineStyle::Dotted { .. } => " stroke-dasharray=\"2 3\"",
    }
}

fn legend_of(out: &mut String, legend: &[&Series], y: f32, paper: &Paper) {
    let mut x = EDGE;
    for series in legend {
        let dash = match &series.shape {
            Shape::Line { style, .. } => dashes(*style),
            _ => "",
        };
        let at = y - FONT * 0.35;
        line(out, "key", [x, at, x + 16.0, at], series.colour, dash);
        words(out, [x + 21.0, y], "start", paper.weak, &series.name);
        x += 34.0 + series.name.chars().count() as f32 * FONT * 0.56;
    }
}

/// The grid, the marks and the name of the horizontal axis.
fn marks(out: &mut String, chart: &Chart, frame: &Frame, upright: &[Mark], paper: &Paper) {
    let solid = "";
    if chart.y.shown {
        for mark in upright {
            let y = frame.y(mark.place);
            let ends = [frame.left, y, frame.right(), y];
            line(out, "grid", ends, paper.line, solid);
            let at = [frame.left - 5.0, y + FONT * 0.35];
            words(out, at, "end", paper.weak, &mark.text);
        }
    }
    let ends = [frame.left, frame.bottom(), frame.right(), frame.bottom()];
    line(out, "grid", ends, paper.line, solid);
    let below = frame.bottom() + FONT + 3.0;
    if chart.x.shown {
        for mark in level_marks(&chart.x, frame) {
            let x = frame.x(mark.place);
            let ends = [x, frame.bottom(), x, frame.bottom() + 3.0];
            line(out, "grid", ends, paper.line, solid);
            words(out, [x, below], "middle", paper.weak, &mark.text);
        }
    }
    let at = if chart.x.shown { below + LINE } else { below };
    let middle = [frame.left + frame.wide / 2.0, at];
    words(out, middle, "middle", paper.weak, &chart.x.name);
}

fn level_marks(axis: &Axis, frame: &Frame) -> Vec<Mark> {
    axis.marks(frame.bounds[0], frame.wide)
}

fn draw(out: &mut String, chart: &Chart, frame: &Frame, series: &Series) {
    let at = |x: f64, y: f64| {
        [
            frame.x(chart.x.scale.place(x)),
            frame.y(chart.y.scale.place(y)),
        ]
    };
    let ink = hex(series.colour);
    let cover = cover(series.colour);
    let list = |points: &mut dyn Iterator<Item = [f32; 2]>| {
        let pairs = points.map(|[x, y]| format!("{x:.2},{y:.2}"));
        pairs.collect::<Vec<_>>().join(" ")
    };
    match &series.shape {
        Shape::Line {
            points,
            width,
            style,
            dots,
            steps,
        } => {
            if *steps {
                stepped(out, chart, frame, (points, *width), series.colour);
                return;
            }
            let _ = writeln!(
                out,
                "<polyline class=\"line\" points=\"{}\" fill=\"none\" stroke=\"{ink}\" stroke-opacity=\"{cover:.3}\" \
                 stroke-width=\"{width}\"{}/>",
                list(&mut points.iter().map(|[x, y]| at(*x, *y))),
                dashes(*style)
            );
            if *dots > 0.0 {
                for &[x, y] in points {
                    sign(out, MarkerShape::Circle, at(x, y), *dots, series.colour);
                }
            }
        }
        Shape::Band(points) => {
            let low = points.iter().map(|[x, low, _]| at(*x, *low));
            let high = points.iter().rev().map(|[x, _, high]| at(*x, *high));
            let _ = writeln!(
                out,
                "<polygon class=\"band\" points=\"{}\" fill=\"{ink}\" fill-opacity=\"{cover:.3}\"/>",
                list(&mut low.chain(high))
            );
        }
        Shape::Bars(bars) => {
            for bar in bars {
                let [left, top] = at(bar.from, bar.value);
                let right = frame.x(chart.x.scale.place(bar.to));
                drawn_bar(out, bar, [left, right, top, frame.bottom()]);
            }
        }
    }
}

/// A line in steps: up at each of its points.
fn stepped(
    out: &mut String,
    chart: &Chart,
    frame: &Frame,
    (points, width): (&[[f64; 2]], f32),
    colour: Color32,
) {
    let x = |value: f64| frame.x(chart.x.scale.place(value));
    let y = |value: f64| frame.y(chart.y.scale.place(value));
    let first = points.first().map_or(0.0, |p| p[0]);
    let mut path = format!("M{:.2} {:.2}", x(first), y(0.0));
    for &[right, high] in points {
        let _ = write!(path, "H{:.2}V{:.2}", x(right), y(high));
    }
    let _ = writeln!(
        out,
        "<path class=\"steps\" d=\"{path}H{:.2}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\"/>",
        frame.right(),
        hex(colour)
    );
}

fn drawn_bar(out: &mut String, bar: &Bar, [left, right, top, bottom]: [f32; 4]) {
    let gap = ((right - left) * 0.09).min(2.0);
    let _ = writeln!(
        out,
        "<rect class=\"bar\" x=\"{:.2}\" y=\"{top:.2}\" width=\"{:.2}\" height=\"{:.2}\" fill=\"{}\" \
         fill-opacity=\"{:.3}\"><title>{}</title></rect>",
        left + gap,
        (right - left - 2.0 * gap).max(0.0),
        (bottom - top).max(0.0),
        hex(bar.colour),
        cover(bar.colour),
        escape(&bar.told)
    );
}

fn noted(out: &mut String, chart: &Chart, frame: &Frame, note: &Note) {
    let [x, y] = note.at;
    let at = [
        frame.x(chart.x.scale.place(x)),
        frame.y(chart.y.scale.place(y)),
    ];
    if let Some(marker) = note.marker {
        sign(out, marker, at, 4.5, note.colour);
    }
    if let Some((text, height)) = &note.text {
        let y = frame.y(chart.y.scale.place(*height)) + FONT * 0.35;
        words(out, [at[0] + 10.0, y], "start", note.colour, text);
    }
}

/// A sign at a point.
fn sign(out: &mut String, marker: MarkerShape, [x, y]: [f32; 2], r: f32, colour: Color32) {
    let ink = hex(colour);
    if marker == MarkerShape::Circle {
        let _ = writeln!(
            out,
            "<circle class=\"dot\" cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{r}\" fill=\"{ink}\"/>"
        );
        return;
    }
    let d = r * 0.8;
    let lines = |ends: &[[f32; 4]]| -> String {
        let each = ends
            .iter()
            .map(|[a, b, c, d]| format!("M{a:.2} {b:.2}L{c:.2} {d:.2}"));
        each.collect()
    };
    let closed = |corners: &[[f32; 2]]| -> String {
        let each = corners.iter().enumerate().map(|(n, [a, b])| {
            let step = if n == 0 { 'M' } else { 'L' };
            format!("{step}{a:.2} {b:.2}")
        });
        each.collect::<String>() + "Z"
    };
    let cross = [[x - d, y - d, x + d, y + d], [x - d, y + d, x + d, y - d]];
    let plus = [[x - r, y, x + r, y], [x, y - r, x, y + r]];
    let (path, filled) = match marker {
        MarkerShape::Cross => (lines(&cross), false),
        MarkerShape::Plus => (lines(&plus), false),
        MarkerShape::Asterisk => (lines(&cross) + &lines(&plus), false),
        MarkerShape::Square => (
            closed(&[
                [x - d, y - d],
                [x + d, y - d],
                [x + d, y + d],
                [x - d, y + d],
            ]),
            true,
        ),
        MarkerShape::Down => (closed(&[[x - r, y - d], [x + r, y - d], [x, y + r]]), true),
        MarkerShape::Left => (closed(&[[x + d, y - r], [x + d, y + r], [x - r, y]]), true),
        MarkerShape::Right => (closed(&[[x - d, y - r], [x - d, y + r], [x + r, y]]), true),
        MarkerShape::Up => (closed(&[[x - r, y + d], [x + r, y + d], [x, y - r]]), true),
        MarkerShape::Diamond | MarkerShape::Circle => (
            closed(&[[x - r, y], [x, y - r], [x + r, y], [x, y + r]]),
            true,
        ),
    };
    let how = if filled {
        format!("fill=\"{ink}\"")
    } else {
        format!("fill=\"none\" stroke=\"{ink}\" stroke-width=\"1.4\"")
    };
    let _ = writeln!(out, "<path class=\"dot\" d=\"{path}\" {how}/>");
}
