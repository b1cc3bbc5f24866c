//! The gradient of each pair's loss by the image head, as factors.
//!
//! `u = z / |z|`, `z = W_I x`, and likewise v of a caption. The loss of pair n (image i, caption c) is the two hinges
//! with the hardest negatives of VSE++ (arXiv 1707.05612), each from the pair's pool:
//! `l_n = max(0, a + u_i . v_c' - u_i . v_c) + max(0, a + u_i' . v_c - u_i . v_c)`,
//! c' the hardest caption, i' the hardest image. By z of its own image and of i' its gradients are `a_n` and `b_n`:
//!
//! - exact, rank 2: `g_n = a_n x_i' + b_n x_i''`; the gradient of `l_n` itself.
//! - signal, rank 1: `g_n = d_n x_i'`, `d_n = a_n` + sum of `b_m` over the pairs m of the pool whose hardest image is i:
//!   all that reaches the head through image i. Its mean is the same.

use super::gradients::{Gradients, Term};
use super::heads::LinearHeads;
use super::pairs::{Pairs, Unit};
use super::pools::{self, Hard};
use crate::error::{Error, Result};
use crate::names::named;
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Which gradient a pair gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// What reaches the head through the pair's own image; rank 1.
    #[default]
    Signal,
    /// The gradient of the pair's own loss; rank 2.
    Exact,
}

const FORMS: [(Form, &str, &str, &str); 2] = [
    (
        Form::Signal,
        "signal",
        "Signal",
        "What reaches the head through the pair's own image, also as another pair's negative",
    ),
    (
        Form::Exact,
        "exact",
        "Exact",
        "The gradient of the pair's own loss, through its image and its hardest negative image",
    ),
];

named!(
    Form,
    "form of the gradients",
    FORMS,
    |a, b| a == b,
    "What it holds."
);

/// What the gradients of all pairs are made of.
#[derive(Debug, Clone)]
pub struct Factors {
    /// Rows that factors are multiplied with, `[images, columns]`.
    pub rows: Arc<Vec<f64>>,
    /// Values of such a row.
    pub columns: usize,
    /// Values of a factor.
    pub outputs: usize,
    /// `a_n`: the loss by z of the pair's own image, `[pairs, outputs]`.
    pub own: Vec<f64>,
    /// `b_n`: the loss by z of its hardest image, likewise.
    pub negative: Vec<f64>,
    /// The image of each pair.
    pub images: Vec<u32>,
    /// The pair that owns each pair's hardest image, in its pool; itself where the pool has no other image.
    pub hardest_image: Vec<u32>,
    /// The pair that owns its hardest caption, likewise.
    pub hardest_text: Vec<u32>,
    /// Is each pair pushed away from its hardest caption: is that hinge above 0?
    pub pushed_text: Vec<bool>,
    /// `l_n`.
    pub losses: Vec<f64>,
    /// Pairs without any negative: the only ones of their pool. They give no gradient.
    pub alone: usize,
}

/// The factors of all pairs. Pool k holds the pairs whose caption is the k-th of its image, in the order given: no image
/// twice, and one pool for each caption of the image that has most. Hardest is the first of equals.
///
/// # Errors
/// Heads that do not fit, images that are not there, cancellation.
pub fn factors(
    heads: &LinearHeads,
    pairs: &Pairs<'_>,
    margin: f64,
    task: &Task,
) -> Result<Factors> {
    let rows = heads.widened(pairs.images)?;
    let texts = heads.widened(pairs.texts)?;
    let columns = heads.columns();
    let (count, outputs) = (pairs.owners.len(), heads.outputs);
    let images = rows.len() / columns;
    if texts.len() != count * columns || pairs.owners.iter().any(|&i| i as usize >= images) {
        return Err(Error::request(
            "the captions and the images of the pairs do not fit together",
            "Give one caption and one image for each pair.",
        ));
    }
    let (u, norms) = heads.embedded(&heads.image, &rows)?;
    let (v, _) = heads.embedded(&heads.text, &texts)?;
    let pools = pools::pools(pairs.owners, images);
    task.begin("Finding hardest negatives", count as u64);
    let mut factors = Factors {
        rows: Arc::new(rows),
        columns,
        outputs,
        own: vec![0.0; count * outputs],
        negative: vec![0.0; count * outputs],
        images: pairs.owners.to_vec(),
        hardest_image: (0..count as u32).collect(),
        hardest_text: (0..count as u32).collect(),
        pushed_text: vec![false; count],
        losses: vec![0.0; count],
        alone: 0,
    };
    let unit = Unit {
        u: &u,
        v: &v,
        norms: &norms,
        outputs,
    };
    for pool in &pools {
        let hard = pools::hardest(pool, &unit, pairs, task)?;
        for (&n, hard) in pool.iter().zip(&hard) {
            factors.fill(n, hard, &unit, margin);
        }
        task.add(pool.len() as u64);
    }
    Ok(factors)
}

impl Factors {
    /// Loss and factors of pair `n` with these negatives.
    fn fill(&mut self, n: u32, hard: &Hard, unit: &Unit<'_>, margin: f64) {
        let (at, image) = (n as usize, self.images[n as usize]);
        let text = unit.text(n);
        let range = at * self.outputs..(at + 1) * self.outputs;
        if hard.image.is_none() && hard.text.is_none() {
            self.alone += 1;
        }
        let own = &mut self.own[range.clone()];
        if let Some((other, score)) = hard.text {
            self.hardest_text[at] = other;
            let hinge = margin + score - hard.own;
            if hinge > 0.0 {
                self.losses[at] += hinge;
                self.pushed_text[at] = true;
                for ((g, theirs), ours) in own.iter_mut().zip(unit.text(other)).zip(text) {
                    *g += theirs - ours;
                }
            }
        }
        if let Some((other, score)) = hard.image {
            self.hardest_image[at] = other;
            let hinge = margin + score - hard.own;
            if hinge > 0.0 {
                self.losses[at] += hinge;
                for (g, ours) in own.iter_mut().zip(text) {
                    *g -= ours;
                }
                let negative = &mut self.negative[range];
                negative.copy_from_slice(text);
                unit.backward(self.images[other as usize], negative);
            }
        }
        unit.backward(image, own);
    }

    /// The image that pair `n` is pushed away from; `None` where its second hinge is 0.
    pub fn pushed_from(&self, n: usize) -> Option<u32> {
        let negative = &self.negative[n * self.outputs..][..self.outputs];
        let pushed = negative.iter().any(|&v| v != 0.0);
        pushed.then(|| self.images[self.hardest_image[n] as usize])
    }

    /// The mean loss.
    pub fn mean_loss(&self) -> f64 {
        self.losses.iter().sum::<f64>() / self.losses.len().max(1) as f64
    }

    /// The gradients of this form.
    ///
    /// # Errors
    /// As [`Gradients::new`].
    pub fn gradients(&self, form: Form) -> Result<Gradients> {
        let own = Term {
            factors: self.own.clone(),
            images: self.images.clone(),
        };
        let terms = match form {
            Form::Signal => {
                let mut signal = own;
                for (b, &m) in self
                    .negative
                    .chunks_exact(self.outputs)
                    .zip(&self.hardest_image)
                {
                    let to = &mut signal.factors[m as usize * self.outputs..][..self.outputs];
                    for (to, b) in to.iter_mut().zip(b) {
                        *to += b;
                    }
                }
                vec![signal]
            }
            Form::Exact => {
                let images = self.hardest_image.iter();
                let negative = Term {
                    factors: self.negative.clone(),
                    images: images.map(|&m| self.images[m as usize]).collect(),
                };
                vec![own, negative]
            }
        };
        Gradients::new(Arc::clone(&self.rows), self.columns, self.outputs, terms)
    }
}
