//! What a run over a set has done so far: in memory, and in a folder where it is to be saved.

use super::super::pictures::picture;
use super::super::victim::Verdict;
use super::SetOrder;
use crate::compute::{Grid, Size};
use crate::error::{Error, Result};
use crate::files::replace;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// One picture at one radius.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LevelRow {
    /// The radius.
    pub eps: f32,
    /// What the victim says of the perturbed picture.
    pub verdict: Verdict,
    /// Size of the perturbation.
    pub size: Size,
    /// Embedding of the perturbed picture.
    pub embedding: Vec<f32>,
    /// The same after rounding to 8 bits.
    pub rounded: Vec<f32>,
    /// The second encoder's embedding of the rounded picture.
    pub elsewhere: Option<Vec<f32>>,
}

/// One picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowDone {
    /// Its row in the dataset.
    pub image: usize,
    /// What the victim says without perturbation.
    pub before: Verdict,
    /// One per radius, in their order.
    pub levels: Vec<LevelRow>,
    /// Gradients computed.
    pub gradients: u32,
    /// Forward runs besides.
    pub queries: u32,
    /// Its share of the time.
    pub seconds: f64,
    /// The second encoder's embedding of the picture without perturbation.
    pub elsewhere: Option<Vec<f32>>,
}

impl RowDone {
    /// A picture that was only looked at yet.
    pub fn new(image: usize, before: Verdict) -> Self {
        Self {
            image,
            before,
            levels: Vec::new(),
            gradients: 0,
            queries: 0,
            seconds: 0.0,
            elsewhere: None,
        }
    }
}

/// What is done of a set. A cancelled run goes on from it.
#[derive(Debug, Clone, Default)]
pub struct Done {
    /// What makes two runs the same: data, model and all parameters.
    fingerprint: String,
    rows: BTreeMap<usize, RowDone>,
    /// Seconds before the first step: graphs built, the clean set ranked.
    pub prepared: f64,
    batches: usize,
}

#[derive(Serialize, Deserialize)]
struct Batch {
    fingerprint: String,
    rows: Vec<RowDone>,
}

impl Done {
    /// Takes up what belongs to `order`, from memory or from its folder; anything else is forgotten.
    pub(super) fn begin(&mut self, order: &SetOrder) -> Result<()> {
        let fingerprint = fingerprint(order);
        if self.fingerprint != fingerprint {
            *self = Self {
                fingerprint,
                ..Self::default()
            };
        }
        let Some(folder) = &order.save else {
            return Ok(());
        };
        let batches = folder.join("batches");
        std::fs::create_dir_all(&batches).map_err(Error::io("create", &batches))?;
        let entries = std::fs::read_dir(&batches).map_err(Error::io("read", &batches))?;
        for entry in entries.flatten() {
            let read = std::fs::read(entry.path()).ok();
            let batch = read.and_then(|text| serde_json::from_slice::<Batch>(&text).ok());
            // A batch of another run, or one that was cut off, is done again.
            if let Some(batch) = batch.filter(|b| b.fingerprint == self.fingerprint) {
                self.batches += 1;
                self.rows
                    .extend(batch.rows.into_iter().map(|r| (r.image, r)));
            }
        }
        Ok(())
    }

    /// Was it done for the data, model and parameters of `order`?
    pub(super) fn is_of(&self, order: &SetOrder) -> bool {
        self.fingerprint == fingerprint(order)
    }

    /// Is this picture done?
    pub fn has(&self, image: usize) -> bool {
        self.rows.contains_key(&image)
    }

    /// How many pictures are done.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Is none done?
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The pictures that are done, by row.
    pub fn rows(&self) -> impl Iterator<Item = &RowDone> {
        self.rows.values()
    }

    pub(super) fn add(&mut self, order: &SetOrder, rows: Vec<RowDone>) -> Result<()> {
        if let (Some(folder), Some(first)) = (&order.save, rows.first()) {
            let path = folder
                .join("batches")
                .join(format!("{:08}.json", first.image));
            let batch = Batch {
                fingerprint: self.fingerprint.clone(),
                rows: rows.clone(),
            };
            let text = serde_json::to_vec(&batch)
                .map_err(|e| Error::request(format!("cannot write {}: {e}", path.display()), ""))?;
            replace(&path, |out| out.write_all(&text))?;
        }
        self.batches += 1;
        self.rows.extend(rows.into_iter().map(|r| (r.image, r)));
        Ok(())
    }
}

/// What makes two runs the same.
fn fingerprint(order: &SetOrder) -> String {
    let mut hash = blake3::Hasher::new();
    let parts = serde_json::json!({
        "settings": order.settings,
        "goal": order.goal,
        "eps": order.eps,
        "model": order.set.network.path(),
        "images": order.set.images.rows(),
        "transfer": order.transfer.as_ref().map(super::Transfer::name),
    });
    hash.update(parts.to_string().as_bytes());
    for values in [order.set.images.data(), order.set.texts.data()] {
        hash.update(bytemuck::cast_slice(values));
    }
    hash.finalize().to_hex().to_string()
}

/// Writes perturbed pictures: PNG as they look, `.npy` exactly.
pub(super) fn save_pictures(
    folder: &Path,
    order: &SetOrder,
    grid: Grid,
    images: &[usize],
    x: &[f32],
) -> Result<()> {
    for (&image, values) in images.iter().zip(x.chunks_exact(grid.len().max(1))) {
        let name = file_stem(&order.dataset.images[image].name, image);
        let made = picture(values, grid.channels, grid.height, grid.width);
        crate::dataset::write_png(&folder.join("pictures").join(format!("{name}.png")), &made)?;
        let shape = [grid.channels, grid.height, grid.width];
        let path = folder.join("exact").join(format!("{name}.npy"));
        crate::dataset::npy::write_array(&path, values, &shape)?;
    }
    Ok(())
}

/// A file name for picture `image`: its own without folder and ending, and its row, so that no two are alike.
pub fn file_stem(name: &str, image: usize) -> String {
    let stem = Path::new(name).file_stem().unwrap_or_default();
    let safe: String = stem
        .to_string_lossy()
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    format!("{image:05}-{safe}")
}
