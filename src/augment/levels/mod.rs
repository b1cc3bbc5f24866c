//! Both levels at some magnitudes: the read-out of training pictures, the loss of held-out ones, and its derivative by the
//! magnitudes.

mod contrast;
mod mean;
mod readout;

pub use contrast::contrast;
pub use mean::Means;
pub use readout::ReadOut;

use super::change::{CHANGES, Magnitudes};
use super::draws::DRAWS;
use super::ground::Ground;
use super::layer::Layer;
use crate::compute::Embeddings;
use crate::error::{Error, Result};
use crate::grad::{COTANGENT, Objective};
use crate::task::Task;

/// Values of copies that are held at once.
const VALUES: usize = 1 << 23;

/// How pictures are read out and what is asked of held-out ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighing {
    /// What `|V - 1|^2` is weighed by in the inner level, against a mean of squares.
    pub ridge: f64,
    /// What cosines are divided by in the outer loss.
    pub temperature: f64,
}

impl Default for Weighing {
    fn default() -> Self {
        Self {
            ridge: 1e-2,
            temperature: 0.07,
        }
    }
}

/// The images of a step with their draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Images of the inner level.
    pub train: Vec<u32>,
    /// Images of the outer level; none is in both.
    pub held: Vec<u32>,
    /// Copies of each.
    pub copies: usize,
    /// `[train and held, copies, 7]`.
    pub draws: Vec<f32>,
}

/// What both levels say of magnitudes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Said {
    /// The mean squared distance of read-out training pictures to their captions.
    pub inner: f64,
    /// The loss of the held-out pairs.
    pub outer: f64,
    /// The derivative of [`Said::outer`] by each magnitude, in its unit; what it does to the read-out counted in.
    pub gradient: [f64; CHANGES],
}

/// Both levels on a batch, with the derivative by the magnitudes.
///
/// # Errors
/// The model or an engine fails; embeddings without a direction; cancellation.
pub fn levels(
    (ground, layer): (&Ground, &Layer),
    magnitudes: &Magnitudes,
    batch: &Batch,
    weighing: Weighing,
    task: &Task,
) -> Result<Said> {
    let (mut said, back) = forward((ground, layer), magnitudes, batch, weighing, task)?;
    if !layer.changes().is_empty() {
        said.gradient = gradient((ground, layer), magnitudes, batch, &back, task)?;
    }
    Ok(said)
}

/// Both levels on a batch, without derivatives.
///
/// # Errors
/// As [`levels`].
pub fn losses(
    (ground, layer): (&Ground, &Layer),
    magnitudes: &Magnitudes,
    batch: &Batch,
    weighing: Weighing,
    task: &Task,
) -> Result<Said> {
    Ok(forward((ground, layer), magnitudes, batch, weighing, task)?.0)
}

/// The losses, and the derivative by the embeddings of all copies.
fn forward(
    (ground, layer): (&Ground, &Layer),
    magnitudes: &Magnitudes,
    batch: &Batch,
    weighing: Weighing,
    task: &Task,
) -> Result<(Said, Vec<f32>)> {
    let images = [batch.train.as_slice(), &batch.held].concat();
    let values = embed(
        (ground, layer),
        magnitudes,
        &images,
        Noise::Own(&batch.draws, batch.copies),
        task,
    )?;
    let means = Means::of(&values, batch.copies, ground.dim())?;
    let (n, m) = (batch.train.len(), batch.held.len());
    let (train, held) = (
        means.rows.rows(0, n).into_owned(),
        means.rows.rows(n, m).into_owned(),
    );
    let readout = ReadOut::fit(&train, &ground.targets(&batch.train), weighing.ridge)?;
    let alike = |i: usize, j: usize| ground.share_a_caption(batch.held[i], batch.held[j]);
    let (outer, by) = contrast(
        &readout.read(&held),
        &ground.targets(&batch.held),
        &alike,
        weighing.temperature,
    );
    let [by_held, by_train] = readout.back(&held, &by);
    let mut by_rows = nalgebra::DMatrix::zeros(n + m, ground.dim());
    by_rows.rows_mut(0, n).copy_from(&by_train);
    by_rows.rows_mut(n, m).copy_from(&by_held);
    let said = Said {
        inner: readout.loss,
        outer,
        gradient: [0.0; CHANGES],
    };
    if !(said.inner.is_finite() && said.outer.is_finite()) {
        return Err(Error::compute(
            "the loss of the held-out pairs is not finite",
            "Look for embeddings that are not finite.",
        ));
    }
    Ok((said, means.back(&by_rows)))
}

/// Through the encoder's pixel gradient and the layer: the derivative by the magnitudes.
fn gradient(
    (ground, layer): (&Ground, &Layer),
    magnitudes: &Magnitudes,
    batch: &Batch,
    by_values: &[f32],
    task: &Task,
) -> Result<[f64; CHANGES]> {
    let dim = ground.dim();
    let copies = batch.copies;
    let images = [batch.train.as_slice(), &batch.held].concat();
    let mut sum = [0.0; CHANGES];
    for (at, some) in pieces(ground, &images, copies) {
        task.check()?;
        let rows = at * copies..(at + some.len()) * copies;
        let draws = &batch.draws[rows.start * DRAWS..rows.end * DRAWS];
        let pixels = ground.pixels(some, copies);
        let made = layer.copies(&pixels, draws, magnitudes, task)?;
        let cotangents = &by_values[rows.start * dim..rows.end * dim];
        let extra = [(COTANGENT, &[dim][..], cotangents)];
        let (_, _, by_pixels) =
            ground
                .network()
                .gradient(Objective::Vjp, &made, rows.len(), &extra, task)?;
        let part = layer.gradient((&pixels, draws), magnitudes, &by_pixels, task)?;
        for (sum, part) in sum.iter_mut().zip(part) {
            *sum += part;
        }
    }
    Ok(sum)
}

/// The draws of copies.
#[derive(Debug, Clone, Copy)]
pub enum Noise<'a> {
    /// `[images, copies, 7]`, and the number of copies.
    Own(&'a [f32], usize),
    /// `[copies, 7]`, the same for every image.
    Shared(&'a [f32]),
}

impl Noise<'_> {
    fn copies(self) -> usize {
        match self {
            Self::Own(_, copies) => copies,
            Self::Shared(draws) => draws.len() / DRAWS,
        }
    }

    fn of(self, at: usize, images: usize) -> Vec<f32> {
        match self {
            Self::Own(draws, copies) => {
                let each = copies * DRAWS;
                draws[at * each..(at + images) * each].to_vec()
            }
            Self::Shared(draws) => draws.repeat(images),
        }
    }
}

/// What the image model gives for the copies of `images`, `[images, copies, dim]`, not normalised. Reports no progress.
///
/// # Errors
/// The model or an engine fails, or gives vectors of another length than the captions have; cancellation.
pub fn embed(
    (ground, layer): (&Ground, &Layer),
    magnitudes: &Magnitudes,
    images: &[u32],
    noise: Noise<'_>,
    task: &Task,
) -> Result<Vec<f32>> {
    let copies = noise.copies();
    let mut all = Vec::with_capacity(images.len() * copies * ground.dim());
    for (at, some) in pieces(ground, images, copies) {
        task.check()?;
        let draws = noise.of(at, some.len());
        let pixels = ground.pixels(some, copies);
        let made = layer.copies(&pixels, &draws, magnitudes, task)?;
        let (values, dim) = ground.network().forward(&made, some.len() * copies, task)?;
        if dim != ground.dim() {
            return Err(Error::model(
                ground.network().path(),
                format!("gives {dim} values, and captions have {}", ground.dim()),
                "Choose the outputs after the projection into the shared space.",
            ));
        }
        all.extend(values);
    }
    Ok(all)
}

/// The averaged embeddings of `images`, unit rows, `[images, dim]`, by the same `draws` for each, `[copies, 7]`.
///
/// # Errors
/// As [`embed`]; embeddings without a direction.
pub fn averaged(
    (ground, layer): (&Ground, &Layer),
    magnitudes: &Magnitudes,
    images: &[u32],
    draws: &[f32],
    task: &Task,
) -> Result<Embeddings> {
    let noise = Noise::Shared(draws);
    let mut all = Vec::with_capacity(images.len() * ground.dim());
    for some in images.chunks(AT_ONCE) {
        let values = embed((ground, layer), magnitudes, some, noise, task)?;
        let means = Means::of(&values, noise.copies(), ground.dim())?;
        all.extend(means.rows.transpose().iter().map(|&value| value as f32));
        task.add(some.len() as u64);
    }
    Embeddings::new(all, ground.dim())
}

/// Images between two reports of progress.
const AT_ONCE: usize = 16;

/// Parts of `images` whose copies can be held at once, with where each begins.
fn pieces<'a>(
    ground: &Ground,
    images: &'a [u32],
    copies: usize,
) -> impl Iterator<Item = (usize, &'a [u32])> {
    let each = (VALUES / (copies * ground.grid().len()).max(1)).max(1);
    images
        .chunks(each)
        .enumerate()
        .map(move |(n, some)| (n * each, some))
}
