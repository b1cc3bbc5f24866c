//! Coordinates of the points of a map as files: CSV, JSON lines or Parquet with a row for each point (`kind`, `row`,
//! `id`, `x`, `y`, and what else its writer knows), or `.npy` with `[points, 2]` values in the order of the map.

mod read;

pub use read::read;

use super::Dataset;
use super::export::{CoordinateRow, write_coordinates};
use super::npy;
use crate::error::{Error, Result};
use crate::task::Task;
use std::path::Path;

/// What a point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PointKind {
    /// An image.
    #[default]
    Image,
    /// A caption.
    Text,
}

impl PointKind {
    /// As files call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Text => "text",
        }
    }
}

/// What else a file says of its points.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Numbers; NaN where there is none.
    Numbers(Vec<f64>),
    /// Words; empty where there are none.
    Words(Vec<String>),
}

/// The points of a map.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Coordinates {
    /// What each point is, and its row among the images or captions.
    pub rows: Vec<(PointKind, u32)>,
    /// Where it lies.
    pub points: Vec<[f64; 2]>,
    /// Other columns, by name.
    pub columns: Vec<(String, Values)>,
}

/// The name of a point: its image's, for a caption with its number among the captions of the image.
pub fn id(dataset: &Dataset, kind: PointKind, row: usize) -> String {
    let name = |image: usize| dataset.images.get(image).map_or("", |i| &i.name);
    match kind {
        PointKind::Image => name(row).to_owned(),
        PointKind::Text if row < dataset.captions.len() => {
            let image = dataset.image_of(row);
            let number = row - dataset.captions_of(image).start;
            format!("{}#{number}", name(image))
        }
        PointKind::Text => String::new(),
    }
}

/// Refuses a name that says no kind of file of coordinates.
///
/// # Errors
/// Another extension than `.csv`, `.jsonl`, `.parquet` or `.npy`.
pub fn check(path: &Path) -> Result<()> {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
    let known = ["csv", "jsonl", "parquet", "npy"];
    if known.iter().any(|e| extension.eq_ignore_ascii_case(e)) {
        return Ok(());
    }
    Err(Error::request(
        format!("{} is no name of a file of coordinates", path.display()),
        "Name it .csv, .jsonl, .parquet or .npy.",
    ))
}

/// Writes the points of a map: images first, `images` of them, then captions. Names are empty without a dataset.
///
/// # Errors
/// Another extension than `.csv`, `.jsonl`, `.parquet` or `.npy`; the file cannot be written; cancellation.
pub fn write(
    path: &Path,
    points: &[[f32; 2]],
    images: usize,
    dataset: Option<&Dataset>,
    task: &Task,
) -> Result<()> {
    let extension = path.extension().and_then(|e| e.to_str());
    if extension.is_some_and(|e| e.eq_ignore_ascii_case("npy")) {
        let values: Vec<f32> = points.iter().flatten().copied().collect();
        return npy::write_array(path, &values, &[points.len(), 2]);
    }
    let row = |(at, point): (usize, &[f32; 2])| {
        let (kind, row) = if at < images {
            (PointKind::Image, at)
        } else {
            (PointKind::Text, at - images)
        };
        CoordinateRow {
            kind: kind.name(),
            row,
            id: dataset.map_or_else(String::new, |d| id(d, kind, row)),
            // In their own shortest form: as a float64 it would grow nine more digits.
            at: point.map(|v| v.to_string().parse().unwrap_or(f64::NAN)),
        }
    };
    write_coordinates(path, points.iter().enumerate().map(row), task)
}

impl Coordinates {
    /// Puts the points in the order of a map of `images` images and `texts` captions, and refuses what does not belong to
    /// it: a row that is not there or comes twice, another `id` than `dataset` has at that row. Returns the places, and
    /// which points the file has: all of the images, all of the captions, or both.
    ///
    /// # Errors
    /// The file has points of another set, or not all of a side.
    pub fn in_order(
        &self,
        path: &Path,
        images: usize,
        texts: usize,
    ) -> Result<(Vec<usize>, usize, usize)> {
        let count = |kind| self.rows.iter().filter(|(k, _)| *k == kind).count();
        let has = [count(PointKind::Image), count(PointKind::Text)];
        let fits = |has: usize, all: usize| has == 0 || has == all;
        if !fits(has[0], images) || !fits(has[1], texts) || self.rows.is_empty() {
            return Err(Error::dataset(
                path,
                format!(
                    "has points of {} images and {} captions; {images} images and {texts} captions are open",
                    has[0], has[1]
                ),
                "Open the dataset that the coordinates were made of.",
            ));
        }
        let mut order = vec![usize::MAX; self.rows.len()];
        for (at, &(kind, row)) in self.rows.iter().enumerate() {
            let place = match kind {
                PointKind::Image => row as usize,
                PointKind::Text => has[0] + row as usize,
            };
            let all = if kind == PointKind::Image {
                images
            } else {
                texts
            };
            match order.get_mut(place) {
                Some(free) if *free == usize::MAX && (row as usize) < all => *free = at,
                _ => {
                    return Err(Error::dataset(
                        path,
                        format!("names {} {row} twice, or there is none", kind.name()),
                        "Give each point its kind and its row, from 0.",
                    ));
                }
            }
        }
        Ok((order, has[0], has[1]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Image;

    fn dataset() -> Dataset {
        let image = |n: usize| Image {
            name: format!("{n}.png"),
            picture: None,
        };
        let pairs = (0..4).map(|n| (image(n), vec!["a, \"b\"".to_owned(); n % 2 + 1]));
        Dataset::from_groups("d", "d", pairs.collect(), Vec::new())
    }

    fn written(name: &str, points: &[[f32; 2]]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        let task = Task::detached();
        write(&path, points, 4, Some(&dataset()), &task).expect("written");
        (folder, path)
    }

    const POINTS: [[f32; 2]; 10] = [
        [0.1, -2.5],
        [1e-7, 3.0],
        [4.0, 5.25],
        [-1e9, 0.0],
        [1.0, 1.0],
        [2.0, 1.0],
        [3.0, 1.0],
        [4.0, 1.0],
        [5.0, 1.0],
        [6.0, 0.333_333_34],
    ];

    #[test]
    fn what_is_written_is_read_back() {
        let dataset = dataset();
        for name in ["m.csv", "m.parquet", "m.npy"] {
            let (_folder, path) = written(name, &POINTS);
            let task = Task::detached();
            let found = read(&path, 4, 6, Some(&dataset), &task).expect("read");
            let (order, images, texts) = found.in_order(&path, 4, 6).expect("fits");
            assert_eq!((images, texts), (4, 6), "{name}");
            let points: Vec<[f32; 2]> = order
                .iter()
                .map(|&at| found.points[at].map(|v| v as f32))
                .collect();
            assert_eq!(points, POINTS, "{name}");
        }
    }

    #[test]
    fn rows_in_any_order_and_other_columns_are_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("m.csv");
        let text = "Y,x,score,tag,row,kind\n1,2,0.5,cat,1,text\n3,4,,dog,0,text\n";
        std::fs::write(&path, text).expect("written");
        let found = read(&path, 4, 2, None, &Task::detached()).expect("read");
        assert_eq!(
            found.in_order(&path, 4, 2).expect("fits"),
            (vec![1, 0], 0, 2)
        );
        assert_eq!(found.points, [[2.0, 1.0], [4.0, 3.0]]);
        assert_eq!(
            found.columns[1],
            (
                "tag".into(),
                Values::Words(vec!["cat".into(), "dog".into()])
            )
        );
        let Values::Numbers(scores) = &found.columns[0].1 else {
            panic!("{:?}", found.columns[0]);
        };
        assert!(scores[0] == 0.5 && scores[1].is_nan());
    }

    #[test]
    fn other_points_than_those_open_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("m.csv");
        let cases = [
            ("x\n1\n", "no column y"),
            ("x,y\n1,2\n", "has 1 points"),
            ("x,y\n1,2\n1,2\n1,2\n1,\n", "no number, at point 3"),
            ("x,y,kind\n1,2,image\n", "kinds but no rows"),
            ("x,y,kind,row\n1,2,video,0\n", "\"video\""),
            ("x,y,kind,row\n1,2,image,0.5\n", "0.5 for a row"),
            ("x,y,kind,row\n1,2,image,0\n", "1 images and 0 captions"),
            (
                "x,y,kind,row\n1,2,image,0\n1,2,image,1\n1,2,image,1\n1,2,image,3\n",
                "image 1 twice",
            ),
            (
                "x,y,kind,row,id\n1,2,image,0,other.png\n",
                "in the open dataset that is \"0.png\"",
            ),
        ];
        for (text, why) in cases {
            std::fs::write(&path, text).expect("written");
            let found = read(&path, 4, 6, Some(&dataset()), &Task::detached());
            let found = found.and_then(|f| f.in_order(&path, 4, 6).map(drop));
            let told = found.expect_err(text).to_string();
            assert!(told.contains(why), "{text:?}: {told}");
        }
    }
}
