//! The rows of a shard, as embedding leaves them.

use crate::compute::{Embedded, Embeddings, Groups, Measure, own_scores};
use crate::error::{Error, Result};
use crate::parts::run::{FileMark, Run};
use crate::parts::state::{Arrays, Read};

/// The rows of a shard.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ShardRows {
    /// Image rows: of unit norm by cosine, as they were by dot product.
    pub images: Vec<f32>,
    /// Caption rows likewise, grouped by image.
    pub texts: Vec<f32>,
    /// Length of a row; 0 without images.
    pub dim: usize,
    /// Captions of image `i` are `offsets[i]..offsets[i + 1]`.
    pub offsets: Vec<u32>,
    /// Score of each caption with its own image, in true units.
    pub pairs: Vec<f32>,
}

impl ShardRows {
    /// Of these embeddings.
    pub fn of(embedded: &Embedded) -> Self {
        let (images, texts, groups) = (&embedded.images, &embedded.texts, &embedded.groups);
        let factor = images.factor(texts);
        let pairs = own_scores(images, texts, groups);
        Self {
            images: images.values().into_owned(),
            texts: texts.values().into_owned(),
            dim: images.dim(),
            offsets: groups.offsets().to_vec(),
            pairs: pairs.into_iter().map(|score| score * factor).collect(),
        }
    }

    /// Images.
    pub fn image_count(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// The file's bytes; `lines` says where the line of each image begins in the file of names.
    pub(super) fn bytes(&self, lines: &[u64]) -> Result<Vec<u8>> {
        let mut arrays = Arrays::default();
        arrays.add("images", &self.images, self.dim);
        arrays.add("texts", &self.texts, self.dim);
        arrays.add("offsets", &self.offsets, 1);
        arrays.add("pairs", &self.pairs, 1);
        arrays.add("lines", lines, 1);
        arrays.bytes()
    }

    /// Of the bytes of `file`.
    pub(super) fn read(file: &FileMark, bytes: &[u8]) -> Result<Self> {
        let read = Read::of(file, bytes)?;
        let (images, dim) = read.get("images")?;
        let rows = Self {
            images,
            texts: read.get("texts")?.0,
            dim,
            offsets: read.get("offsets")?.0,
            pairs: read.get("pairs")?.0,
        };
        let groups = Groups::new(rows.offsets.clone())?;
        let fits = rows.images.len() == groups.images() * dim
            && rows.texts.len() == groups.texts() * dim
            && rows.pairs.len() == groups.texts();
        if fits {
            Ok(rows)
        } else {
            Err(Error::request(
                format!("the arrays of {} do not fit each other", file.name),
                "Let its task be done again.",
            ))
        }
    }
}

/// Reads the rows of a shard from the run, and checks that they are what was written.
///
/// # Errors
/// They are missing, damaged or cannot be read.
pub fn read_rows(run: &Run, file: &FileMark) -> Result<ShardRows> {
    ShardRows::read(file, &run.read(file)?)
}

/// Rows of several shards together, as another of these had them.
pub(super) fn embeddings(
    values: Vec<f32>,
    dim: usize,
    measure: Measure,
    most: f64,
) -> Result<Embeddings> {
    match measure {
        Measure::Cosine => Embeddings::part_by_cosine(values, dim),
        Measure::Dot => Embeddings::part_by_dot(values, dim, most),
    }
}
