//! Embeddings as they are given: which row is whose, what their norms are, which rows cannot be compared; and what the
//! user must know of it.

mod notes;
mod told;
mod zeros;

pub use notes::{Note, Notes};
pub use zeros::{Zeros, refuse_zeros, without_zeros};

use super::Side;
use crate::compute::{Embedded, Embeddings, Groups, Measure, Norms, cosine};
use crate::dataset::runs::equal_runs;
use crate::dataset::vectors::Matrix;
use crate::dataset::{Account, Dataset};
use crate::error::{Error, Result, thousands};
use rayon::prelude::*;
use std::hash::{DefaultHasher, Hasher};

/// Rows whose cosine is above this are equal but for rounding.
const NEARLY: f32 = 1.0 - 1e-6;

/// How given embeddings are read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reading {
    /// How rows are compared.
    pub measure: Measure,
    /// Captions of each image, where the user says; from 1.
    pub each: Option<usize>,
    /// What becomes of rows of zeros.
    pub zeros: Zeros,
}

/// Both sides, with what a user must know of them.
#[derive(Debug, Clone)]
pub struct Given {
    /// The rows, and which caption belongs to which image.
    pub embedded: Embedded,
    /// Names and captions, where they are known.
    pub dataset: Option<Dataset>,
    /// What was done or guessed.
    pub notes: Notes,
}

impl Given {
    /// What was found, used and left out: of the dataset, else of the rows, whose files are called `files`.
    pub fn account(&self, files: String) -> Account {
        match &self.dataset {
            Some(dataset) => dataset.account(),
            None => self.notes.account(files, &self.embedded),
        }
    }
}

/// Puts the two sides of one set together. The groups are those of `dataset`, else the captions follow the images in
/// order, equally many each. Image rows that are repeated for each caption, as VSE++ stores them, are joined.
///
/// # Errors
/// Rows that do not fit the dataset or each other; a NaN; rows of zeros that may not be left out.
pub fn given(
    images: Matrix,
    texts: Matrix,
    dataset: Option<Dataset>,
    reading: &Reading,
) -> Result<Given> {
    without_zeros(joined(images, texts, dataset, reading)?, reading.zeros)
}

/// As [`given`], before rows of zeros are looked for.
///
/// # Errors
/// Rows that do not fit the dataset or each other; a NaN.
pub fn joined(
    mut images: Matrix,
    texts: Matrix,
    dataset: Option<Dataset>,
    reading: &Reading,
) -> Result<Given> {
    let mut notes = Notes::default();
    let (groups, keep) = match &dataset {
        Some(dataset) => matching(dataset, &images, &texts)?,
        None => uniform(&images, &texts, reading.each, &mut notes)?,
    };
    if let Some(every) = keep {
        notes.add(Note::Joined {
            rows: images.rows,
            images: groups.images(),
        });
        images = rows_at(&images, &every);
    }
    require(&groups, reading.each)?;
    let images = given_side(Side::Image, images, reading.measure, &mut notes)?;
    let texts = given_side(Side::Text, texts, reading.measure, &mut notes)?;
    Ok(Given {
        embedded: Embedded::new(images, texts, groups)?,
        dataset,
        notes,
    })
}

/// The rows of one side alone; see [`given`].
///
/// # Errors
/// A NaN.
pub fn given_side(
    side: Side,
    matrix: Matrix,
    measure: Measure,
    notes: &mut Notes,
) -> Result<Embeddings> {
    if measure == Measure::Cosine {
        let norms = Norms::of(&matrix.values, matrix.columns);
        notes.add_norms(side, &norms, matrix.rows);
    }
    Embeddings::measured(matrix.values, matrix.columns, measure)
}

/// The groups of `dataset`, and the image rows to keep where they are repeated.
fn matching(
    dataset: &Dataset,
    images: &Matrix,
    texts: &Matrix,
) -> Result<(Groups, Option<Vec<usize>>)> {
    let groups = Groups::new(dataset.offsets.clone())?;
    let (have, want) = ((images.rows, texts.rows), (groups.images(), groups.texts()));
    if have == want {
        return Ok((groups, None));
    }
    if have.1 == want.1
        && let Some(keep) = repeated(images, &groups)
    {
        return Ok((groups, Some(keep)));
    }
    let skipped = match dataset.problems.len() {
        0 => String::new(),
        n => format!(" ({} of its entries were skipped)", thousands(n as u64)),
    };
    Err(Error::request(
        format!(
            "the embeddings have {} images and {} captions, the dataset {} and {}{skipped}",
            have.0, have.1, want.0, want.1
        ),
        "Give the dataset these embeddings were made from, its captions grouped by image.",
    ))
}

/// Of image rows that are repeated, for each caption of their image or equally often, the first of each image.
fn repeated(images: &Matrix, groups: &Groups) -> Option<Vec<usize>> {
    let (rows, n) = (images.rows, groups.images());
    let starts: Vec<usize> = if n > 0 && rows == groups.texts() {
        groups.offsets().iter().map(|&o| o as usize).collect()
    } else if n > 0 && rows > n && rows.is_multiple_of(n) {
        (0..=n).map(|i| i * (rows / n)).collect()
    } else {
        return None;
    };
    let same = starts.windows(2).all(|w| equal(images, w[0]..w[1]));
    same.then(|| starts[..n].to_vec())
}

/// Image rows with one for each image of `dataset`: joined where they are repeated, `None` where they do not fit.
///
/// # Errors
/// A dataset whose captions are not grouped.
pub fn one_row_each(images: Matrix, dataset: &Dataset) -> Result<Option<Matrix>> {
    if images.rows == dataset.images.len() {
        return Ok(Some(images));
    }
    let groups = Groups::new(dataset.offsets.clone())?;
    Ok(repeated(&images, &groups).map(|rows| rows_at(&images, &rows)))
}

/// Embeddings alone: the captions follow the images in order, equally many each.
fn uniform(
    images: &Matrix,
    texts: &Matrix,
    each: Option<usize>,
    notes: &mut Notes,
) -> Result<(Groups, Option<Vec<usize>>)> {
    let (n, m) = (images.rows, texts.rows);
    let runs = equal_runs(n, true, |i| Ok(equal(images, i - 1..i + 1)))?;
    let joined = match each {
        Some(each) => (each > 1 && n == m && runs.is_multiple_of(each)).then_some(each),
        None => (n == m && runs > 1).then_some(runs),
    };
    if let Some(each) = joined {
        let rows = (0..n).step_by(each).collect();
        return Ok((Groups::uniform(n / each, each), Some(rows)));
    }
    let captions = each.unwrap_or(m / n.max(1));
    if n == 0 || captions == 0 || n.checked_mul(captions) != Some(m) {
        let why = if runs > 1 {
            format!("; the image rows are equal in groups of {runs}")
        } else {
            String::new()
        };
        return Err(Error::request(
            format!(
                "{m} caption rows are not {} for each of {n} images{why}",
                match each {
                    Some(each) => format!("{each} captions"),
                    None => "the same number of captions".into(),
                }
            ),
            "Give --captions-per-image N with N x images caption rows, or the --dataset that groups them.",
        ));
    }
    let again = again(images);
    if again > 0 {
        notes.add(Note::Repeated {
            rows: again,
            each: runs,
        });
    } else if let Some(each) = nearly(images)? {
        notes.add(Note::NearlyEqual { each });
    }
    if each.is_none() && captions > 1 {
        notes.add(Note::Divided {
            images: n,
            captions: m,
            each: captions,
        });
    }
    Ok((Groups::uniform(n, captions), None))
}

/// In groups of how many are the rows equal but for rounding?
fn nearly(images: &Matrix) -> Result<Option<usize>> {
    if images.columns == 0 {
        return Ok(None);
    }
    let rows = |i: usize| &images.values[i * images.columns..(i + 1) * images.columns];
    let runs = equal_runs(images.rows, true, |i| {
        let (a, b) = (rows(i - 1), rows(i));
        let norms = f64::from(cosine(a, a)) * f64::from(cosine(b, b));
        Ok(norms > 0.0 && f64::from(cosine(a, b)) / norms.sqrt() > f64::from(NEARLY))
    })?;
    Ok((runs > 1).then_some(runs))
}

/// Are these rows the same, bit by bit?
fn equal(matrix: &Matrix, rows: std::ops::Range<usize>) -> bool {
    let row = |i: usize| {
        let values = &matrix.values[i * matrix.columns..(i + 1) * matrix.columns];
        bytemuck::cast_slice::<f32, u8>(values)
    };
    rows.clone().skip(1).all(|i| row(i) == row(rows.start))
}

/// Rows that are the same as an earlier one, wherever that is.
fn again(matrix: &Matrix) -> usize {
    let mut hashes: Vec<u64> = matrix
        .values
        .par_chunks_exact(matrix.columns.max(1))
        .map(|row| {
            let mut hasher = DefaultHasher::new();
            hasher.write(bytemuck::cast_slice::<f32, u8>(row));
            hasher.finish()
        })
        .collect();
    hashes.par_sort_unstable();
    hashes.windows(2).filter(|w| w[0] == w[1]).count()
}

fn rows_at(matrix: &Matrix, rows: &[usize]) -> Matrix {
    let width = matrix.columns;
    let values = rows
        .iter()
        .flat_map(|&i| &matrix.values[i * width..(i + 1) * width]);
    Matrix {
        values: values.copied().collect(),
        rows: rows.len(),
        columns: width,
    }
}

/// Refuses groups of another size than the user says.
///
/// # Errors
/// The first image with another number of captions.
pub fn require(groups: &Groups, each: Option<usize>) -> Result<()> {
    let Some(each) = each else { return Ok(()) };
    match (0..groups.images()).find(|&i| groups.range(i).len() != each) {
        Some(i) => Err(Error::request(
            format!(
                "image {i} has {} captions, not {each}",
                groups.range(i).len()
            ),
            "Leave out --captions-per-image: the dataset knows its groups.",
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: &[f32]) -> Matrix {
        Matrix {
            values: rows.iter().flat_map(|&x| [x, 1.0]).collect(),
            rows: rows.len(),
            columns: 2,
        }
    }

    fn groups(images: &[f32], texts: usize, each: Option<usize>) -> Result<(Groups, usize)> {
        let texts: Vec<f32> = (0..texts).map(|j| j as f32).collect();
        let mut notes = Notes::default();
        let found = uniform(&matrix(images), &matrix(&texts), each, &mut notes)?;
        Ok((found.0, notes.sentences().len()))
    }

    #[test]
    fn embeddings_alone_need_equal_groups() {
        let two = [1.0, 2.0];
        assert_eq!(groups(&two, 10, None).unwrap(), (Groups::uniform(2, 5), 1));
        assert_eq!(
            groups(&two, 10, Some(5)).unwrap(),
            (Groups::uniform(2, 5), 0)
        );
        assert!(groups(&two, 11, None).is_err() && groups(&two, 10, Some(4)).is_err());
        assert!(groups(&[], 0, None).is_err());
        assert!(require(&Groups::uniform(2, 5), Some(4)).is_err());
    }

    #[test]
    fn repeated_image_rows_are_joined() {
        let rows = [1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 3.0, 3.0];
        let joined = (Groups::uniform(4, 2), 0);
        assert_eq!(groups(&rows, 8, None).unwrap(), joined);
        assert_eq!(groups(&rows, 8, Some(2)).unwrap(), joined);
        // Each row an image, as the user says; a word on the equal rows.
        assert_eq!(
            groups(&rows, 8, Some(1)).unwrap(),
            (Groups::uniform(8, 1), 1)
        );
        // Groups of unequal length are not joined, but told.
        assert_eq!(
            groups(&rows[1..], 7, None).unwrap(),
            (Groups::uniform(7, 1), 1)
        );
        assert!(groups(&rows, 8, Some(4)).is_err());
        // One row throughout is a fault of the encoder, not one image.
        assert_eq!(
            groups(&[1.0; 4], 4, None).unwrap(),
            (Groups::uniform(4, 1), 1)
        );
    }

    #[test]
    fn rows_that_are_nearly_equal_are_told() {
        let near = [1.0, 1.000_1, 5.0, 5.000_1];
        assert_eq!(groups(&near, 4, None).unwrap(), (Groups::uniform(4, 1), 1));
        assert_eq!(groups(&[1.0, 2.0, 5.0, 9.0], 4, None).unwrap().1, 0);
    }

    #[test]
    fn a_dataset_groups_repeated_rows() {
        let image = |name: &str, n: usize| {
            let image = crate::dataset::Image::unseen(name);
            (image, (0..n).map(|c| format!("caption {c}")).collect())
        };
        let both = vec![image("a", 1), image("b", 2)];
        let dataset = Dataset::from_groups("set", "test", both, Vec::new());
        let kept = |images: &[f32]| {
            let found = matching(&dataset, &matrix(images), &matrix(&[1.0, 2.0, 3.0]));
            found.map(|(_, keep)| keep)
        };
        assert_eq!(kept(&[7.0, 8.0]).unwrap(), None);
        assert_eq!(kept(&[7.0, 8.0, 8.0]).unwrap(), Some(vec![0, 1]));
        assert_eq!(kept(&[7.0, 7.0, 8.0, 8.0]).unwrap(), Some(vec![0, 2]));
        assert!(kept(&[7.0, 7.0, 8.0]).is_err() && kept(&[7.0]).is_err());
    }
}
