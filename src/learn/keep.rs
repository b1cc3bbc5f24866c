//! Runs in files: what can be read in a JSON file, and beside it, in `.safetensors`, what is learned and the ranks.

use super::run::Run;
use crate::compute::Embedded;
use crate::compute::train::Learned;
use crate::error::{Error, Result};
use crate::files::{hash, put_together, read_all, replace, write_json};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

/// What such a file says it is.
const KIND: &str = "nearmiss run";

/// Bytes of a run's JSON at most, and of its tensors.
const MOST: [u64; 2] = [1 << 28, 1 << 32];

/// What the JSON file has.
#[derive(Serialize, Deserialize)]
struct Kept<R> {
    kind: String,
    version: u32,
    /// Hash of the file of tensors, so that none of another run is taken for its own.
    tensors: String,
    #[serde(flatten)]
    run: R,
}

impl Run {
    /// Writes the run to `path` (`.json`) and what is learned beside it (`.safetensors`).
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let beside = path.with_extension("safetensors");
        put_together(&[&beside, path], |[tensors, json]| {
            self.write_tensors(tensors)?;
            write_json(
                json,
                &Kept {
                    kind: KIND.into(),
                    version: 1,
                    tensors: hash(tensors).map_err(Error::io("read", tensors))?,
                    run: self,
                },
            )
        })
    }

    /// Reads a run that was written to `path`.
    ///
    /// # Errors
    /// A file cannot be read, is no run, or belongs to another one.
    pub fn open(path: &Path) -> Result<Self> {
        let wrong =
            |what: String| Error::dataset(path, what, "Take it away, or train the run again.");
        let text = read_all(path, MOST[0]).map_err(Error::io("read", path))?;
        let kept: Kept<Self> = serde_json::from_slice(&text)
            .map_err(|error| wrong(format!("is no run that this program kept: {error}")))?;
        if kept.kind != KIND || kept.version != 1 {
            return Err(wrong("is no run that this program can read".into()));
        }
        let beside = path.with_extension("safetensors");
        let bytes = read_all(&beside, MOST[1]).map_err(Error::io("read", &beside))?;
        if blake3::hash(&bytes).to_hex().as_str() != kept.tensors {
            return Err(wrong(
                "and the file of tensors beside it are not of one run".into(),
            ));
        }
        let mut run = kept.run;
        run.setup.check()?;
        let tensors = SafeTensors::deserialize(&bytes)
            .map_err(|error| wrong(format!("has tensors that cannot be read: {error}")))?;
        let values = |name: &str| -> Result<&[u8]> {
            let tensor = tensors.tensor(name);
            tensor
                .map(|tensor| tensor.data())
                .map_err(|_| wrong(format!("lacks its tensor {name}")))
        };
        let floats = |name: &str| values(name).map(|bytes| numbers(bytes, f32::from_le_bytes));
        let indices = |name: &str| values(name).map(|bytes| numbers(bytes, u32::from_le_bytes));
        let steps = run.last().map_or(0, |point| point.step);
        run.learned = Learned {
            weights: floats("weights")?,
            first: floats("first")?,
            second: floats("second")?,
            most: Vec::new(),
            steps,
        };
        // Runs of other optimizers have none, as have all that were kept before there was one with it.
        run.learned.most = match tensors.tensor("most") {
            Ok(most) => numbers(most.data(), f32::from_le_bytes),
            Err(_) => vec![0.0; run.learned.weights.len()],
        };
        if let Ok(local) = tensors.tensor("local") {
            run.local = numbers(local.data(), f32::from_le_bytes);
        }
        run.split.train = Arc::new(indices("train")?);
        run.split.valid = Arc::new(indices("valid")?);
        run.seen = indices("seen")?;
        let all = [indices("ranks.i2t")?, indices("ranks.t2i")?];
        let points = run.points.len();
        let fits = all
            .iter()
            .all(|ranks| points > 0 && ranks.len().is_multiple_of(points));
        let count = run.setup.head.count();
        let learned = &run.learned;
        let sized = [
            &learned.weights,
            &learned.first,
            &learned.second,
            &learned.most,
        ];
        let local = run.local.len();
        if !fits
            || sized.iter().any(|values| values.len() != count)
            || (local != 0 && local != count * run.client_pairs.len())
        {
            return Err(wrong("has tensors of other sizes than it says".into()));
        }
        for (n, point) in run.points.iter_mut().enumerate() {
            point.ranks = [0, 1].map(|way| {
                let each = all[way].len() / points;
                all[way][n * each..(n + 1) * each].to_vec()
            });
        }
        Ok(run)
    }

    /// Is it of `embedded`, by its mark and by every row that it names?
    pub fn fits(&self, mark: &str, embedded: &Embedded) -> bool {
        let (images, captions) = (embedded.groups.images(), embedded.groups.texts());
        let inside = |rows: &[u32], count: usize| rows.iter().all(|&row| (row as usize) < count);
        let held_out = self.split.valid.iter();
        let texts: usize = if inside(&self.split.valid, images) {
            held_out
                .map(|&image| embedded.groups.range(image as usize).len())
                .sum()
        } else {
            return false;
        };
        let sizes = [self.split.valid.len(), texts];
        self.mark == mark
            && self.setup.head.inputs == embedded.images.dim()
            && inside(&self.split.train, images)
            && self.points.iter().all(|point| {
                let ranks = [0, 1].map(|way| point.ranks[way].len());
                let pairs = point
                    .hard
                    .iter()
                    .flat_map(|pair| [pair.caption, pair.negative]);
                ranks == sizes && pairs.into_iter().all(|row| (row as usize) < captions)
            })
    }

    fn write_tensors(&self, path: &Path) -> Result<()> {
        let ranks = [0, 1].map(|way| -> Vec<u32> {
            let all = self.points.iter().flat_map(|point| &point.ranks[way]);
            all.copied().collect()
        });
        let learned = &self.learned;
        let mut floats = vec![
            ("weights", &learned.weights),
            ("first", &learned.first),
            ("second", &learned.second),
        ];
        if learned.most.iter().any(|&most| most != 0.0) {
            floats.push(("most", &learned.most));
        }
        if !self.local.is_empty() {
            floats.push(("local", &self.local));
        }
        let indices = [
            ("train", self.split.train.as_slice()),
            ("valid", &self.split.valid),
            ("seen", &self.seen),
            ("ranks.i2t", &ranks[0]),
            ("ranks.t2i", &ranks[1]),
        ];
        let mut views = Vec::new();
        for (name, values) in floats {
            views.push((
                name,
                view(Dtype::F32, values.len(), bytemuck::cast_slice(values))?,
            ));
        }
        for (name, values) in indices {
            views.push((
                name,
                view(Dtype::U32, values.len(), bytemuck::cast_slice(values))?,
            ));
        }
        let bytes = safetensors::serialize(views, None).map_err(|error| unwritable(&error))?;
        replace(path, |out| out.write_all(&bytes))
    }
}

fn view(dtype: Dtype, count: usize, bytes: &[u8]) -> Result<TensorView<'_>> {
    TensorView::new(dtype, vec![count], bytes).map_err(|error| unwritable(&error))
}

fn unwritable(error: &dyn std::fmt::Display) -> Error {
    Error::request(
        format!("a run cannot be written: {error}"),
        "Train it again.",
    )
}

fn numbers<T>(bytes: &[u8], from: impl Fn([u8; 4]) -> T) -> Vec<T> {
    let (whole, _) = bytes.as_chunks::<4>();
    whole.iter().map(|&chunk| from(chunk)).collect()
}
