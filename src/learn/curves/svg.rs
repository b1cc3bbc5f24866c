//! Recall of groups of runs as SVG: mean, 95 % band, name.

use crate::error::{Error, Result};
use crate::files::{escape, replace_with};
use crate::learn::{Band, Figure, Group, Point, title};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// Width and height of the picture.
const SIZE: [f64; 2] = [960.0, 560.0];
/// Room around the plot: left, top, right, bottom.
const ROOM: [f64; 4] = [64.0, 58.0, 230.0, 52.0];

/// The colours of losses: on dark ground, on light ground. They are told apart by the colour-blind.
const INKS: [(&str, u32, u32); 7] = [
    ("sh", 0x00e8_a33d, 0x0096_5f00),
    ("mh", 0x00c5_86f0, 0x0080_3db0),
    ("semi-hard", 0x00f0_7878, 0x00b0_3030),
    ("mixture", 0x00e6_e07a, 0x0070_6b00),
    ("infonce", 0x0056_c8e8, 0x0000_6f94),
    ("siglip", 0x007c_cf7c, 0x001f_7a32),
    ("order", 0x00b0_b6c4, 0x0055_5b68),
];

/// The colour of a loss, red, green and blue, on a ground that is dark or light.
pub fn ink(loss: &str, dark: bool) -> [u8; 3] {
    let found = INKS.iter().find(|(name, ..)| *name == loss);
    let &(_, on_dark, on_light) = found.unwrap_or(&INKS[6]);
    let [_, r, g, b] = if dark { on_dark } else { on_light }.to_be_bytes();
    [r, g, b]
}

/// What curves are drawn against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Axis {
    /// Steps.
    #[default]
    Steps,
    /// Seconds of training.
    Seconds,
    /// Share of the pairs drawn, in per cent.
    Data,
    /// Rounds of clients.
    Rounds,
    /// Megabytes (10^6) that clients sent and were sent.
    Bytes,
}

impl Axis {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Seconds => "seconds",
            Self::Data => "% of the pairs drawn",
            Self::Rounds => "rounds",
            Self::Bytes => "MB sent, both ways",
        }
    }

    /// Where a moment of a run with `pairs` pairs is.
    pub fn of(self, point: &Point, pairs: usize) -> f64 {
        match self {
            Self::Steps => point.step as f64,
            Self::Seconds => point.seconds,
            Self::Data => 100.0 * point.drawn as f64 / pairs.max(1) as f64,
            Self::Rounds => point.exchange.rounds as f64,
            Self::Bytes => point.exchange.bytes() as f64 / 1e6,
        }
    }
}

/// What is drawn.
pub struct Drawing<'a> {
    /// The runs.
    pub groups: &'a [Group],
    /// Which recall.
    pub figure: Figure,
    /// Against what.
    pub axis: Axis,
    /// A sentence above.
    pub headline: &'a str,
}

/// Writes `drawing`.
///
/// # Errors
/// The file cannot be written.
pub fn write_svg(path: &Path, drawing: &Drawing<'_>) -> Result<()> {
    let drawn = draw(drawing);
    replace_with(path, |out| {
        out.write_all(drawn.as_bytes())
            .map_err(Error::io("write", path))
    })
}

/// A curve: where, and the band there.
type Series = Vec<(f64, Band)>;

fn draw(drawing: &Drawing<'_>) -> String {
    let series: Vec<(&Group, Series)> = drawing
        .groups
        .iter()
        .map(|group| (group, series(group, drawing)))
        .collect();
    let all = || series.iter().flat_map(|(_, points)| points);
    let far = all().map(|(x, _)| *x).fold(1e-9, f64::max);
    let top = all().map(|(_, band)| band.mean + band.half.unwrap_or(0.0));
    let top = (top.fold(1.0, f64::max) / 5.0).ceil() * 5.0;
    let [wide, tall] = SIZE;
    let x = |value: f64| ROOM[0] + value / far * (wide - ROOM[0] - ROOM[2]);
    let y = |value: f64| tall - ROOM[3] - value / top * (tall - ROOM[1] - ROOM[3]);
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {tall}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<title>{0}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"{1}\" y=\"26\" font-size=\"16\" fill=\"#16181e\">{0}</text>\n\
         <text x=\"{1}\" y=\"46\" fill=\"#5b616d\">{2}, %, images held out; the band is 95 % of the mean over seeds</text>",
        escape(drawing.headline),
        ROOM[0],
        drawing.figure.told(),
    );
    axes(&mut out, drawing.axis, [far, top], (&x, &y));
    let mut ends: Vec<(f64, String)> = Vec::new();
    for (group, points) in series.iter().filter(|(_, points)| !points.is_empty()) {
        let [r, g, b] = ink(group.first().setup.loss.name(), false);
        let colour = format!("#{r:02x}{g:02x}{b:02x}");
        let line = |of: &dyn Fn(&Band) -> f64, back: bool| {
            let at = |(px, band): &(f64, Band)| format!("{:.1},{:.1}", x(*px), y(of(band)));
            let mut all: Vec<String> = points.iter().map(at).collect();
            if back {
                all.reverse();
            }
            all.join(" ")
        };
        if points.iter().any(|(_, band)| band.half.is_some()) {
            let upper = line(
                &|band| (band.mean + band.half.unwrap_or(0.0)).min(top),
                false,
            );
            let lower = line(
                &|band| (band.mean - band.half.unwrap_or(0.0)).max(0.0),
                true,
            );
            let _ = writeln!(
                out,
                "<polygon points=\"{upper} {lower}\" fill=\"{colour}\" fill-opacity=\"0.14\"/>"
            );
        }
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            line(&|band| band.mean, false)
        );
        let Some((_, last)) = points.last() else {
            continue;
        };
        let setup = &group.first().setup;
        let mut rate = crate::learn::rate(setup.optimizer.rate);
        if setup.optimizer.kind.by_clients() {
            let federation = &setup.federation;
            rate = format!("{rate} N={} R={}", federation.clients, federation.sync);
        }
        let name = format!("{} {rate}: {}", title(group), last.told());
        let name = escape(&name);
        ends.push((y(last.mean), format!("fill=\"{colour}\">{name}</text>")));
    }
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut least = ROOM[1];
    for (at, name) in ends {
        let at = at.max(least);
        least = at + 17.0;
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" {name}",
            x(far) + 10.0,
            at + 4.5
        );
    }
    out.push_str("</svg>\n");
    out
}

/// A place of the picture by a value.
type Place<'a> = &'a dyn Fn(f64) -> f64;

/// Draws the grid with its numbers.
fn axes(out: &mut String, axis: Axis, [far, top]: [f64; 2], (x, y): (Place<'_>, Place<'_>)) {
    let [wide, tall] = SIZE;
    for n in 0..=5 {
        let value = top * f64::from(n) / 5.0;
        let at = y(value);
        let _ = writeln!(
            out,
            "<path d=\"M{} {at:.1}H{}\" stroke=\"#dfe2e8\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" \
             fill=\"#5b616d\">{value:.0}</text>",
            ROOM[0],
            wide - ROOM[2],
            ROOM[0] - 8.0,
            at + 4.5
        );
        let value = far * f64::from(n) / 5.0;
        let digits = usize::from(far < 20.0) + usize::from(far < 2.0);
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#5b616d\">{value:.digits$}</text>",
            x(value),
            tall - ROOM[3] + 20.0
        );
    }
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#5b616d\">{}</text>",
        x(far / 2.0),
        tall - 10.0,
        axis.name()
    );
}

fn series(group: &Group, drawing: &Drawing<'_>) -> Series {
    let pairs = group.first().pairs;
    let x = |point: &Point| drawing.axis.of(point, pairs);
    group.series(&x, &drawing.figure.valid())
}
