//! Rows and labels from files.

use super::Rows;
use crate::dataset::npy::{Doubles, read_doubles};
use crate::error::{Error, Result};
use crate::files::file_name;
use crate::learn::linear::{Problem, Shape};
use crate::task::Task;
use clap::Args;
use std::path::{Path, PathBuf};

/// Rows and labels from files.
#[derive(Debug, Args)]
pub struct GivenArgs {
    /// Rows (.npy): [rows, values], [rows, height, width] or [rows, channels, height, width], floats or bytes; with --y
    #[arg(long, value_name = "X.npy")]
    x: Option<PathBuf>,
    /// Their labels (.npy): +1 and -1, 0 and 1, or any two values, of which the larger is +1
    #[arg(long, value_name = "Y.npy")]
    y: Option<PathBuf>,
    /// How the values of a row lie: a line, height x width, or channels x height x width (default: as the file says)
    #[arg(long, value_name = "200|28x28|3x32x32", value_parser = sides)]
    shape: Option<Shape>,
}

impl GivenArgs {
    /// Was any of it given?
    pub fn is_given(&self) -> bool {
        self.x.is_some() || self.y.is_some() || self.shape.is_some()
    }

    /// Reads both.
    ///
    /// # Errors
    /// One of both alone; files that cannot be read, or that do not hold rows and two kinds of labels.
    pub fn rows(&self, task: &Task) -> Result<Rows> {
        let (Some(x), Some(y)) = (&self.x, &self.y) else {
            let lacks = if self.x.is_some() { "labels" } else { "rows" };
            return Err(Error::request(
                format!("there are no {lacks}"),
                "Give both, --x X.npy --y Y.npy.",
            ));
        };
        let mut notes = Vec::new();
        let Doubles {
            mut values,
            shape: dims,
            is_bytes,
        } = read_doubles(x, task)?;
        let shape = self.shape_of(x, &dims)?;
        if is_bytes {
            for value in &mut values {
                *value /= 255.0;
            }
            notes.push(format!(
                "The bytes of {} were divided by 255.",
                file_name(x)
            ));
        }
        let width = shape.values()?;
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Err(Error::dataset(
                x,
                format!("holds NaN or infinite values in row {}", at / width),
                "Leave such rows out, and their labels.",
            ));
        }
        let Labels { signs, names, note } = labels(y, dims[0], task)?;
        notes.extend(note);
        Ok(Rows {
            mean: vec![0.0; width],
            problem: Problem::new(values, &signs, shape)?,
            titles: names,
            on: format!("rows of {}", file_name(x)),
            notes,
            zero_shot: None,
            account: None,
        })
    }

    /// The shape of a row: as was said, else as the array `dims` has it.
    fn shape_of(&self, path: &Path, dims: &[usize]) -> Result<Shape> {
        let own = match *dims {
            [_, values] => Shape::line(values),
            [_, height, width] => Shape::plane(height, width),
            [_, channels, height, width] => Shape::picture(channels, height, width),
            _ => {
                return Err(Error::dataset(
                    path,
                    format!("has the dimensions {dims:?}, which are no rows"),
                    "Write an array [rows, values], [rows, height, width] or [rows, channels, height, width].",
                ));
            }
        };
        let Some(shape) = self.shape else {
            return Ok(own);
        };
        let (wanted, has) = (shape.values()?, own.values()?);
        if wanted != has {
            return Err(Error::request(
                format!(
                    "--shape {} x {} x {} has {wanted} values, and a row of {} has {has}",
                    shape.channels,
                    shape.height,
                    shape.width,
                    file_name(path)
                ),
                "Give a shape with as many values as a row, or leave it out.",
            ));
        }
        Ok(shape)
    }
}

/// Labels as signs.
#[derive(Debug)]
struct Labels {
    signs: Vec<i8>,
    /// What +1 and -1 are in the file.
    names: [String; 2],
    /// What became of others than +1 and -1.
    note: Option<String>,
}

fn labels(path: &Path, rows: usize, task: &Task) -> Result<Labels> {
    let Doubles { values, shape, .. } = read_doubles(path, task)?;
    let wrong = |what: String| {
        let remedy = "Write a vector with +1 or -1 for each row.";
        Err(Error::dataset(path, what, remedy))
    };
    let wide = shape.iter().filter(|side| **side != 1).count();
    if values.len() != rows || wide > 1 {
        return wrong(format!(
            "has the dimensions {shape:?}, and there are {rows} rows"
        ));
    }
    if values.iter().any(|value| !value.is_finite()) {
        return wrong("holds a label that is NaN or infinite".into());
    }
    let mut kinds = values.clone();
    kinds.sort_by(f64::total_cmp);
    kinds.dedup();
    let [low, high] = match *kinds {
        [low, high] => [low, high],
        [one] => return wrong(format!("has the label {one} for every row")),
        _ => return wrong(format!("has {} different labels, and not two", kinds.len())),
    };
    let plain = (low, high) == (-1.0, 1.0);
    Ok(Labels {
        signs: values
            .iter()
            .map(|&value| if value == high { 1 } else { -1 })
            .collect(),
        names: [high.to_string(), low.to_string()],
        note: (!plain).then(|| format!("The label {high} is taken for +1, {low} for -1.")),
    })
}

/// "200", "28x28", "3x32x32".
fn sides(text: &str) -> Result<Shape, String> {
    let wrong = || "say 200, 28x28 or 3x32x32".to_owned();
    let sides: Vec<usize> = text
        .split('x')
        .map(|side| side.trim().parse().map_err(|_| wrong()))
        .collect::<Result<_, _>>()?;
    match *sides {
        [length] => Ok(Shape::line(length)),
        [height, width] => Ok(Shape::plane(height, width)),
        [channels, height, width] => Ok(Shape::picture(channels, height, width)),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::npy::write_array;

    #[test]
    fn shapes_are_read() {
        assert_eq!(sides("200"), Ok(Shape::line(200)));
        assert_eq!(sides("3x32x16"), Ok(Shape::picture(3, 32, 16)));
        assert!(sides("").is_err() && sides("2x").is_err() && sides("1x1x1x1").is_err());
    }

    #[test]
    fn any_two_labels_are_signs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("y.npy");
        let of = |values: &[f32], shape: &[usize]| {
            write_array(&path, values, shape).unwrap();
            labels(&path, 3, &Task::detached())
        };
        let plain = of(&[1.0, -1.0, 1.0], &[3]).unwrap();
        assert_eq!((plain.signs, plain.note), (vec![1, -1, 1], None));
        let other = of(&[7.0, 3.0, 3.0], &[3, 1]).unwrap();
        assert_eq!(other.signs, [1, -1, -1]);
        assert_eq!(other.names, ["7", "3"]);
        assert!(other.note.unwrap().contains("7 is taken for +1"));
        for wrong in [[1.0; 3], [0.0, 1.0, 2.0], [0.0, f32::NAN, 1.0]] {
            assert!(of(&wrong, &[3]).is_err(), "{wrong:?}");
        }
        assert!(of(&[0.0, 1.0], &[2]).is_err());
    }
}
