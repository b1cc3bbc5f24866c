//! Variances as bars, and the error of a reduced set, as SVG.

use crate::error::{Result, thousands};
use crate::files::{escape, replace};
use crate::learn::strata::Allocation;
use crate::learn::survey::words::{change, headline};
use crate::learn::survey::{AtCount, curve};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// Width and height of the picture.
const SIZE: [f64; 2] = [960.0, 420.0];
/// Where bars lie: left and right of what they can reach, the middle, the top, the height of a line.
const BARS: [f64; 5] = [150.0, 390.0, 300.0, 96.0, 34.0];
/// A bar beyond this change is cut off.
const MOST: f64 = 0.2;
/// Where the curve lies: left, top, right, bottom.
const CURVE: [f64; 4] = [560.0, 90.0, 930.0, 370.0];

/// Writes what groups by gradients and other ways do to the variance, and what keeping a share of the pairs costs.
///
/// # Errors
/// The file cannot be written.
pub fn write_svg(path: &Path, at: &AtCount) -> Result<()> {
    let mut out = String::new();
    let [wide, tall] = SIZE;
    // Writing to a string does not fail.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {tall}\" font-family=\"sans-serif\" \
         font-size=\"13\" fill=\"#16181e\">\n<title>{0}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"20\" y=\"30\" font-size=\"16\">{0}</text>\n\
         <text x=\"20\" y=\"64\" fill=\"#5b616d\">Variance of the mean gradient at {1} pairs a step, against uniform \
         draws</text>",
        escape(&headline(at)),
        thousands(at.count as u64)
    );
    bars(&mut out, at);
    keeping(&mut out, at);
    out.push_str("</svg>\n");
    replace(path, |file| file.write_all(out.as_bytes()))
}

fn bars(out: &mut String, at: &AtCount) {
    let [left, right, middle, top, tall] = BARS;
    let own = &at.gradient().variances;
    let without = ("no pair twice", own.without_replacement);
    let ways = at.ways.iter();
    let mut all: Vec<(&str, f64)> = ways
        .map(|way| (way.way.title(), way.variances.stratified))
        .collect();
    all.insert(1, without);
    for (n, (title, variance)) in all.into_iter().enumerate() {
        let Some(above) = own.above_uniform(variance) else {
            continue;
        };
        let y = top + n as f64 * tall;
        let reach = (above.clamp(-MOST, MOST) / MOST) * (right - middle).min(middle - left);
        let (x, width) = (middle + reach.min(0.0), reach.abs());
        let fill = if above <= 0.0 { "#2a6fb8" } else { "#b06a00" };
        let _ = writeln!(
            out,
            "<text x=\"20\" y=\"{0}\">{1}</text>\n<rect x=\"{x}\" y=\"{2}\" width=\"{width}\" height=\"16\" \
             fill=\"{fill}\"/>\n<text x=\"470\" y=\"{0}\" text-anchor=\"end\">{3}</text>",
            y + 13.0,
            escape(title),
            y,
            escape(&change(above))
        );
    }
    let bottom = top + 8.0 * tall;
    let _ = writeln!(
        out,
        "<line x1=\"{middle}\" x2=\"{middle}\" y1=\"{}\" y2=\"{bottom}\" stroke=\"#8a8f99\"/>",
        top - 8.0
    );
}

fn keeping(out: &mut String, at: &AtCount) {
    let [left, top, right, bottom] = CURVE;
    let _ = writeln!(
        out,
        "<text x=\"{left}\" y=\"64\" fill=\"#5b616d\">Error of the mean gradient when a share of the pairs is kept</text>"
    );
    let points = curve(at, Allocation::Neyman, 60);
    let highest = points.iter().flat_map(|p| [p.groups, p.random]);
    let highest = highest.flatten().fold(0.0, f64::max).max(1e-9);
    let x = |share: f64| left + share * (right - left);
    let y = |error: f64| bottom - error / highest * (bottom - top);
    for (of, style, name) in [
        (
            (|p: &crate::learn::survey::KeepPoint| p.random) as fn(&_) -> Option<f64>,
            "stroke=\"#6b7280\" stroke-dasharray=\"5 4\"",
            "at random",
        ),
        (|p| p.groups, "stroke=\"#2a6fb8\"", "by groups"),
    ] {
        let path: Vec<String> = points
            .iter()
            .filter_map(|p| Some(format!("{:.1},{:.1}", x(p.share), y(of(p)?))))
            .collect();
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke-width=\"2\" {style}><title>{name}</title></polyline>",
            path.join(" ")
        );
    }
    let _ = writeln!(
        out,
        "<line x1=\"{left}\" x2=\"{right}\" y1=\"{bottom}\" y2=\"{bottom}\" stroke=\"#8a8f99\"/>\n\
         <text x=\"{left}\" y=\"{0}\" fill=\"#5b616d\">0 %</text>\n\
         <text x=\"{right}\" y=\"{0}\" text-anchor=\"end\" fill=\"#5b616d\">100 % kept; dashed: at random</text>\n\
         <text x=\"{1}\" y=\"{2}\" text-anchor=\"end\" fill=\"#5b616d\">{highest:.2}</text>",
        bottom + 20.0,
        left - 6.0,
        top + 5.0
    );
}
