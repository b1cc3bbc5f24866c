//! The points of a chart as CSV.

use super::{Chart, Shape};
use crate::error::{Error, Result};

/// The points as lines: series, x and y in full precision, named as the axes are; for bars the right edge beside the left
/// one, for bands the lower and the upper y.
///
/// # Errors
/// None but those of memory.
pub fn csv(chart: &Chart) -> Result<String> {
    let has = |of: fn(&Shape) -> bool| chart.series.iter().any(|series| of(&series.shape));
    let (bars, bands) = (
        has(|shape| matches!(shape, Shape::Bars(_))),
        has(|shape| matches!(shape, Shape::Band(_))),
    );
    let mut head = vec!["series".to_owned(), chart.x.name.clone()];
    if bars {
        head.push(format!("{} to", chart.x.name));
    }
    head.push(chart.y.name.clone());
    if bands {
        head.extend(["low", "high"].map(|end| format!("{} {end}", chart.y.name)));
    }
    let mut out = ::csv::Writer::from_writer(Vec::new());
    let mut write = |cells: &[String]| out.write_record(cells).map_err(failed);
    write(&head)?;
    let line = |name: &str, x: [Option<f64>; 2], y: [Option<f64>; 3]| {
        let told = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
        let mut cells = vec![name.to_owned(), told(x[0])];
        if bars {
            cells.push(told(x[1]));
        }
        cells.push(told(y[0]));
        if bands {
            cells.extend([told(y[1]), told(y[2])]);
        }
        cells
    };
    for series in &chart.series {
        let name = &series.name;
        match &series.shape {
            Shape::Line { points, .. } => {
                for &[x, y] in points {
                    write(&line(name, [Some(x), None], [Some(y), None, None]))?;
                }
            }
            Shape::Band(points) => {
                for &[x, low, high] in points {
                    write(&line(name, [Some(x), None], [None, Some(low), Some(high)]))?;
                }
            }
            Shape::Bars(all) => {
                for bar in all {
                    let edges = [Some(bar.from), Some(bar.to)];
                    write(&line(name, edges, [Some(bar.value), None, None]))?;
                }
            }
        }
    }
    let bytes = out.into_inner().map_err(failed)?;
    String::from_utf8(bytes).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::request(format!("the points cannot be written: {error}"), "")
}
