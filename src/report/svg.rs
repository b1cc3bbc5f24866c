//! Bar charts as inline SVG, in the page's own colours.

use super::{Chart, Tone};
use crate::files::escape;
use std::io::{Result, Write};

const SIZE: (f64, f64) = (420.0, 150.0);
/// Room for the labels below and the largest value above.
const BELOW: f64 = 18.0;
const ABOVE: f64 = 14.0;
/// Width of a label's character, about.
const LETTER: f64 = 6.2;

/// Writes `chart`.
pub fn write(out: &mut impl Write, chart: &Chart) -> Result<()> {
    let (wide, tall) = SIZE;
    let title = escape(&chart.title);
    writeln!(
        out,
        "<div><h3>{title}</h3><svg viewBox=\"0 0 {wide} {tall}\" role=\"img\" aria-label=\"{title}\">"
    )?;
    let most = chart.bars.iter().map(|b| b.value).fold(0.0, f64::max);
    let step = wide / chart.bars.len().max(1) as f64;
    let room = tall - BELOW - ABOVE;
    // A label is left out where it would touch the one before.
    let mut free = 0.0;
    for (i, bar) in chart.bars.iter().enumerate() {
        let height = if most > 0.0 {
            room * bar.value / most
        } else {
            0.0
        };
        let (left, top) = (i as f64 * step, tall - BELOW - height);
        let tone = match bar.tone {
            Tone::Plain => "plain",
            Tone::Good => "good",
            Tone::Bad => "bad",
        };
        let width = (step * 0.86).max(0.5);
        writeln!(
            out,
            "<rect class=\"{tone}\" x=\"{left:.2}\" y=\"{top:.2}\" width=\"{width:.2}\" height=\"{height:.2}\">\
             <title>{}</title></rect>",
            escape(&bar.hint)
        )?;
        if most > 0.0 && bar.value == most {
            let middle = (left + width / 2.0).clamp(16.0, wide - 16.0);
            let value = bar.value;
            writeln!(
                out,
                "<text x=\"{middle:.2}\" y=\"{:.2}\" text-anchor=\"middle\">{value}</text>",
                top - 3.0
            )?;
        }
        let long = bar.label.chars().count() as f64 * LETTER;
        let middle = (left + width / 2.0).clamp(long / 2.0, (wide - long / 2.0).max(long / 2.0));
        if !bar.label.is_empty() && middle - long / 2.0 >= free {
            free = middle + long / 2.0 + LETTER;
            writeln!(
                out,
                "<text x=\"{middle:.2}\" y=\"{:.2}\" text-anchor=\"middle\">{}</text>",
                tall - 5.0,
                escape(&bar.label)
            )?;
        }
    }
    let base = tall - BELOW;
    writeln!(
        out,
        "<line x1=\"0\" x2=\"{wide}\" y1=\"{base}\" y2=\"{base}\"/></svg></div>"
    )
}
