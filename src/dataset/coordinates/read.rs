//! Reads coordinates.

use super::{Coordinates, PointKind, Values, id};
use crate::dataset::parquet_claims::guarded;
use crate::dataset::parquet_file::{Levels, ParquetFile, rows};
use crate::dataset::{Dataset, npy};
use crate::error::{Error, Result};
use crate::files::open_regular;
use crate::task::Task;
use ::parquet::column::reader::{ColumnReader, get_column_reader};
use ::parquet::errors::ParquetError;
use std::io::BufReader;
use std::path::Path;

/// Other columns that are kept, at most.
const MOST: usize = 64;

const COLUMNS: &str = "Give it columns kind, row, x and y, as nearmiss map writes them.";

/// Reads the coordinates in `path`: `.npy` `[points, 2]`, `.csv` or `.parquet` with columns x and y. Where it does not say
/// kinds and rows, points are images first, then captions, or one of the two, as `images` and `texts` tell. Where it
/// has ids and there is a `dataset`, they are compared with it.
///
/// # Errors
/// The file cannot be read, has no coordinates or some that are no numbers, or is of other points; cancellation.
pub fn read(
    path: &Path,
    images: usize,
    texts: usize,
    dataset: Option<&Dataset>,
    task: &Task,
) -> Result<Coordinates> {
    task.begin("Reading coordinates", 0);
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
    let mut columns = match extension.to_ascii_lowercase().as_str() {
        "npy" => {
            let (values, _, width) = npy::read_matrix(path, task)?;
            if width != 2 {
                let what = format!("has {width} values a row, not 2");
                return Err(Error::dataset(path, what, "Write it as [points, 2]."));
            }
            let axis = |axis| values.iter().skip(axis).step_by(2);
            vec![
                (
                    "x".to_owned(),
                    Values::Numbers(axis(0).map(|&v| f64::from(v)).collect()),
                ),
                (
                    "y".to_owned(),
                    Values::Numbers(axis(1).map(|&v| f64::from(v)).collect()),
                ),
            ]
        }
        "parquet" => parquet_columns(path, task)?,
        _ => csv_columns(path, task)?,
    };
    let mut take = |name: &str| {
        let at = columns
            .iter()
            .position(|(n, _)| n.eq_ignore_ascii_case(name));
        at.map(|at| columns.remove(at).1)
    };
    let (x, y) = (
        numbers(path, "x", take("x"))?,
        numbers(path, "y", take("y"))?,
    );
    let points: Vec<[f64; 2]> = x.into_iter().zip(y).map(|(x, y)| [x, y]).collect();
    if let Some(at) = points.iter().position(|p| !p.iter().all(|v| v.is_finite())) {
        let what = format!("has a coordinate that is no number, at point {at}");
        return Err(Error::dataset(path, what, "Leave no coordinate empty."));
    }
    let rows = which(path, take("kind"), take("row"), points.len(), images, texts)?;
    if let (Some(Values::Words(ids)), Some(dataset)) = (take("id"), dataset) {
        compare(path, &ids, &rows, dataset)?;
    }
    columns.truncate(MOST);
    Ok(Coordinates {
        rows,
        points,
        columns,
    })
}

fn numbers(path: &Path, name: &str, values: Option<Values>) -> Result<Vec<f64>> {
    match values {
        Some(Values::Numbers(values)) => Ok(values),
        Some(Values::Words(_)) => {
            let what = format!("has words in its column {name}");
            Err(Error::dataset(path, what, COLUMNS))
        }
        None => Err(Error::dataset(
            path,
            format!("has no column {name}"),
            COLUMNS,
        )),
    }
}

/// What each point is.
fn which(
    path: &Path,
    kinds: Option<Values>,
    rows: Option<Values>,
    points: usize,
    images: usize,
    texts: usize,
) -> Result<Vec<(PointKind, u32)>> {
    let is = |kind| move |row: usize| (kind, row as u32);
    let (image, text) = (is(PointKind::Image), is(PointKind::Text));
    let Some(Values::Words(kinds)) = kinds else {
        // By their number.
        return if points == images + texts {
            Ok((0..images).map(image).chain((0..texts).map(text)).collect())
        } else if points == images {
            Ok((0..images).map(image).collect())
        } else if points == texts {
            Ok((0..texts).map(text).collect())
        } else {
            Err(Error::dataset(
                path,
                format!(
                    "has {points} points, and does not say which: {images} images and {texts} captions are open"
                ),
                COLUMNS,
            ))
        };
    };
    let rows = match rows {
        Some(rows) => numbers(path, "row", Some(rows))?,
        None => return Err(Error::dataset(path, "says kinds but no rows", COLUMNS)),
    };
    let point = |(kind, row): (&String, f64)| {
        let kind = match kind.to_ascii_lowercase().as_str() {
            "image" => PointKind::Image,
            "text" | "caption" => PointKind::Text,
            other => {
                let what = format!("calls a point {other:?}");
                return Err(Error::dataset(path, what, "Kinds are image and text."));
            }
        };
        if row.fract() == 0.0 && (0.0..4e9).contains(&row) {
            return Ok((kind, row as u32));
        }
        Err(Error::dataset(
            path,
            format!("has {row} for a row"),
            COLUMNS,
        ))
    };
    kinds.iter().zip(rows).map(point).collect()
}

/// Refuses coordinates whose ids are not those of the dataset.
fn compare(
    path: &Path,
    ids: &[String],
    rows: &[(PointKind, u32)],
    dataset: &Dataset,
) -> Result<()> {
    for (said, &(kind, row)) in ids.iter().zip(rows).filter(|(said, _)| !said.is_empty()) {
        let own = id(dataset, kind, row as usize);
        if *said != own {
            return Err(Error::dataset(
                path,
                format!(
                    "calls {} {row} {said:?}; in the open dataset that is {own:?}",
                    kind.name()
                ),
                "Open the dataset that the coordinates were made of.",
            ));
        }
    }
    Ok(())
}

/// A column of texts as numbers, where all that are there are numbers.
fn sorted_out(texts: Vec<String>) -> Values {
    let number = |text: &String| match text.trim() {
        "" => Some(f64::NAN),
        text => text.parse().ok(),
    };
    match texts.iter().map(number).collect::<Option<Vec<f64>>>() {
        Some(numbers) if texts.iter().any(|t| !t.trim().is_empty()) => Values::Numbers(numbers),
        _ => Values::Words(texts),
    }
}

fn csv_columns(path: &Path, task: &Task) -> Result<Vec<(String, Values)>> {
    let unreadable = |e: csv::Error| Error::dataset(path, format!("cannot be read: {e}"), COLUMNS);
    let file = open_regular(path).map_err(Error::io("open", path))?;
    let mut reader = csv::Reader::from_reader(BufReader::with_capacity(1 << 20, file));
    let names: Vec<String> = reader
        .headers()
        .map_err(unreadable)?
        .iter()
        .map(str::to_owned)
        .collect();
    let mut columns = vec![Vec::new(); names.len()];
    let mut record = csv::StringRecord::new();
    let mut count = 0_u64;
    while reader.read_record(&mut record).map_err(unreadable)? {
        for (column, text) in columns.iter_mut().zip(&record) {
            column.push(text.to_owned());
        }
        count += 1;
        if count.is_multiple_of(4096) {
            task.check()?;
        }
    }
    Ok(names
        .into_iter()
        .zip(columns.into_iter().map(sorted_out))
        .collect())
}

fn parquet_columns(path: &Path, task: &Task) -> Result<Vec<(String, Values)>> {
    let file = ParquetFile::open(path)?;
    let mut found = Vec::new();
    for column in file
        .columns()
        .iter()
        .filter(|c| !c.repeated && c.path.len() == 1)
    {
        let mut texts = Vec::new();
        let mut numbers = Vec::new();
        for group in 0..file.groups().len() {
            task.check()?;
            let pages = Box::new(file.pages(group, column.leaf)?);
            let descriptor = file.descriptor(column.leaf);
            let levels = Levels::of(&descriptor);
            let first = |row: Vec<f64>| row.first().copied().unwrap_or(f64::NAN);
            let of = |found: Result<Vec<Vec<f64>>, ParquetError>| {
                found.map(|all| all.into_iter().map(first).collect::<Vec<f64>>())
            };
            let read = || match get_column_reader(descriptor, pages) {
                ColumnReader::ByteArrayColumnReader(reader) => {
                    let text = |v: &::parquet::data_type::ByteArray| {
                        String::from_utf8_lossy(v.data()).into_owned()
                    };
                    let all = rows(reader, levels, text)?;
                    texts.extend(
                        all.into_iter()
                            .map(|row| row.into_iter().next().unwrap_or_default()),
                    );
                    Ok(Vec::new())
                }
                ColumnReader::BoolColumnReader(r) => {
                    of(rows(r, levels, |&v| f64::from(u8::from(v))))
                }
                ColumnReader::Int32ColumnReader(r) => of(rows(r, levels, |&v| f64::from(v))),
                ColumnReader::Int64ColumnReader(r) => of(rows(r, levels, |&v| v as f64)),
                ColumnReader::FloatColumnReader(r) => of(rows(r, levels, |&v| f64::from(v))),
                ColumnReader::DoubleColumnReader(r) => of(rows(r, levels, |&v| v)),
                _ => Ok(Vec::new()),
            };
            numbers.extend(guarded(path, read)?.map_err(|e: ParquetError| file.damaged(&e))?);
        }
        let total: usize = file.groups().iter().sum();
        let values = if texts.len() == total && total > 0 {
            Values::Words(texts)
        } else if numbers.len() == total {
            Values::Numbers(numbers)
        } else {
            continue;
        };
        found.push((column.path[0].clone(), values));
    }
    Ok(found)
}
