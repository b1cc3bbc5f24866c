//! Arrays by name in one file (safetensors), the same bytes for the same arrays: what tasks leave for those that follow.

use super::run::FileMark;
use crate::compute::{Hit, Seen, TopK};
use crate::error::{Error, Result};
use bytemuck::Pod;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

/// Arrays to be written.
#[derive(Default)]
pub(super) struct Arrays {
    all: Vec<(String, Dtype, Vec<usize>, Vec<u8>)>,
}

/// A number that arrays are made of.
pub(super) trait Kept: Pod {
    const KIND: Dtype;
}

impl Kept for f32 {
    const KIND: Dtype = Dtype::F32;
}
impl Kept for u32 {
    const KIND: Dtype = Dtype::U32;
}
impl Kept for u64 {
    const KIND: Dtype = Dtype::U64;
}
impl Kept for u8 {
    const KIND: Dtype = Dtype::U8;
}

impl Arrays {
    /// Adds the rows of `columns` values.
    pub fn add<T: Kept>(&mut self, name: impl Into<String>, values: &[T], columns: usize) {
        let shape = vec![values.len() / columns.max(1), columns];
        let bytes = bytemuck::cast_slice(values).to_vec();
        self.all.push((name.into(), T::KIND, shape, bytes));
    }

    /// Adds what was seen of some queries.
    pub fn add_seen(&mut self, side: &str, seen: &Seen) {
        self.add(format!("{side}.above"), &seen.above, 1);
        self.add_hits(&format!("{side}.hardest"), &seen.hardest, 1);
        self.add_hits(&format!("{side}.top"), &seen.top.hits, seen.top.k);
    }

    fn add_hits(&mut self, name: &str, hits: &[Hit], k: usize) {
        let scores: Vec<f32> = hits.iter().map(|hit| hit.score).collect();
        let indices: Vec<u32> = hits.iter().map(|hit| hit.index).collect();
        self.add(format!("{name}.scores"), &scores, k);
        self.add(format!("{name}.indices"), &indices, k);
    }

    /// The file's bytes.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        let views = self.all.iter().map(|(name, kind, shape, bytes)| {
            let view = TensorView::new(*kind, shape.clone(), bytes);
            view.map(|view| (name.as_str(), view))
        });
        let views = views.collect::<Result<Vec<_>, _>>();
        views
            .and_then(|views| safetensors::serialize(views, None))
            .map_err(|e| Error::request(format!("arrays cannot be written: {e}"), ""))
    }
}

/// Arrays that were read.
pub(super) struct Read<'a> {
    file: &'a FileMark,
    all: SafeTensors<'a>,
}

impl<'a> Read<'a> {
    /// Of the bytes of `file`.
    pub fn of(file: &'a FileMark, bytes: &'a [u8]) -> Result<Self> {
        match SafeTensors::deserialize(bytes) {
            Ok(all) => Ok(Self { file, all }),
            Err(e) => Err(wrong(file, &e.to_string())),
        }
    }

    /// The values of an array, and the length of its rows.
    pub fn get<T: Kept>(&self, name: &str) -> Result<(Vec<T>, usize)> {
        let view = self
            .all
            .tensor(name)
            .map_err(|e| wrong(self.file, &e.to_string()))?;
        match (view.dtype() == T::KIND, view.shape()) {
            (true, &[_, columns]) => {
                let values = bytemuck::pod_collect_to_vec(view.data());
                Ok((values, columns))
            }
            _ => Err(wrong(
                self.file,
                &format!("{name} is another kind of array"),
            )),
        }
    }

    /// What was seen of some queries.
    pub fn seen(&self, side: &str) -> Result<Seen> {
        let (above, _) = self.get(&format!("{side}.above"))?;
        let (hardest, _) = self.hits(&format!("{side}.hardest"))?;
        let (hits, k) = self.hits(&format!("{side}.top"))?;
        Ok(Seen {
            above,
            hardest,
            top: TopK { k, hits },
        })
    }

    fn hits(&self, name: &str) -> Result<(Vec<Hit>, usize)> {
        let (scores, k) = self.get::<f32>(&format!("{name}.scores"))?;
        let (indices, _) = self.get::<u32>(&format!("{name}.indices"))?;
        let hits = scores.into_iter().zip(indices);
        Ok((hits.map(|(score, index)| Hit { score, index }).collect(), k))
    }
}

fn wrong(file: &FileMark, why: &str) -> Error {
    Error::request(
        format!("{} is no file of this version: {why}", file.name),
        "Use the version of nearmiss that planned the run.",
    )
}
