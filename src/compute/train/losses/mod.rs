//! The losses: one file each, with its description, and one line in [`LOSSES`].
//!
//! A loss is what one line of the similarity costs: a query (an image or a caption of the batch) with its scores against
//! all candidates, of which one is its positive. `shaders/` has the same function for the GPU, named in the description.

mod hinges;
mod infonce;
mod maximum;
mod mixture;
mod order;
mod semi_hard;
mod siglip;
mod sum;

use crate::compute::gpu::Kernel;
use crate::names::described;

/// Every loss, in the order of menus.
static LOSSES: [&Description; 7] = [
    &sum::LOSS,
    &maximum::LOSS,
    &semi_hard::LOSS,
    &mixture::LOSS,
    &infonce::LOSS,
    &siglip::LOSS,
    &order::LOSS,
];

/// One query of a batch with its candidates.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// Its scores; [`super::LEFT_OUT`] for pairs that are left out.
    pub scores: &'a [f32],
    /// Where its positive is.
    pub own: usize,
    /// Margin a of the hinges.
    pub margin: f32,
    /// How far a mixture has warmed up, 0 to 1.
    pub warmth: f32,
    /// What scores are multiplied by: 1 / temperature.
    pub scale: f32,
    /// What is added to them then.
    pub offset: f32,
}

impl Line<'_> {
    /// Score of the positive.
    pub fn positive(&self) -> f32 {
        self.scores[self.own]
    }
}

/// What a line costs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// The loss.
    pub loss: f32,
    /// Its derivative by the logarithm of the scale.
    pub scale: f32,
    /// Its derivative by the offset.
    pub offset: f32,
}

/// What a line costs; writes its derivative by each score.
pub type LineLoss = fn(&Line<'_>, &mut [f32]) -> Cost;

/// What is trained of the scalars, and where they start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalars {
    /// The loss reads none.
    None,
    /// 1 / temperature is the scale; it is trained where the user wants it.
    Temperature(f32),
    /// Both are always trained; they start here.
    Trained {
        /// What scores are multiplied by.
        scale: f32,
        /// What is added then.
        offset: f32,
    },
}

/// What the program knows of a loss.
#[derive(Debug)]
pub struct Description {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its name in menus.
    pub title: &'static str,
    /// What it is, with its source.
    pub about: &'static str,
    /// The usual margin; `None` where it has none.
    pub margin: Option<f32>,
    /// The scalars that it reads.
    pub scalars: Scalars,
    /// Are rows compared by the order of their entries rather than by their product?
    pub by_order: bool,
    /// Does it change while it warms up?
    pub warms: bool,
    /// The function.
    pub line: LineLoss,
    /// The same on the GPU.
    pub kernel: Kernel,
}

described!(
    /// A loss.
    Loss,
    "loss",
    LOSSES,
    maximum::LOSS
);

impl Loss {
    /// Has it a temperature, which may be trained?
    pub fn has_temperature(self) -> bool {
        matches!(self.0.scalars, Scalars::Temperature(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::train::LEFT_OUT;

    /// The derivative of every loss by each score and scalar agrees with finite differences of the loss itself.
    #[test]
    fn derivatives_are_those_of_finite_differences() {
        let mut random = fastrand::Rng::with_seed(3);
        for loss in Loss::all() {
            for trial in 0..40 {
                let mut scores: Vec<f32> = (0..9).map(|_| random.f32() * 1.6 - 0.8).collect();
                let own = trial % 9;
                scores[(own + 4) % 9] = LEFT_OUT;
                let base = Line {
                    scores: &scores,
                    own,
                    margin: 0.2,
                    warmth: 0.3,
                    scale: 3.0,
                    offset: -1.0,
                };
                let cost = |scores: &[f32], scale: f32, offset: f32| {
                    let line = Line {
                        scores,
                        scale,
                        offset,
                        ..base
                    };
                    let mut unused = vec![0.0; 9];
                    f64::from((loss.description().line)(&line, &mut unused).loss)
                };
                let mut gradient = vec![f32::NAN; 9];
                let at = (loss.description().line)(&base, &mut gradient);
                let step = 1e-3_f32;
                for j in 0..9 {
                    if scores[j] == LEFT_OUT {
                        assert_eq!(gradient[j], 0.0, "{loss:?} pulls at what is left out");
                        continue;
                    }
                    let moved = |by: f32| {
                        let mut moved = scores.clone();
                        moved[j] += by;
                        cost(&moved, base.scale, base.offset)
                    };
                    let [up, down, here] = [moved(step), moved(-step), moved(0.0)];
                    let numeric = (up - down) / f64::from(2.0 * step);
                    // At a corner the two one-sided differences are not equal, and there is no derivative.
                    if ((up - here) - (here - down)).abs() > 1e-5 {
                        continue;
                    }
                    let off = (numeric - f64::from(gradient[j])).abs();
                    assert!(off < 2e-3, "{loss:?} {j}: {numeric} and {}", gradient[j]);
                }
                let by = |scale: f32, offset: f32| cost(&scores, scale, offset);
                let scale = (by(base.scale * step.exp(), base.offset)
                    - by(base.scale * (-step).exp(), base.offset))
                    / f64::from(2.0 * step);
                let offset = (by(base.scale, base.offset + step)
                    - by(base.scale, base.offset - step))
                    / f64::from(2.0 * step);
                assert!((scale - f64::from(at.scale)).abs() < 2e-3, "{loss:?}");
                assert!((offset - f64::from(at.offset)).abs() < 2e-3, "{loss:?}");
            }
        }
    }

    #[test]
    fn names_are_found_again() {
        for loss in Loss::all() {
            assert_eq!(loss.name().parse::<Loss>().ok(), Some(loss));
        }
        assert!("hinge".parse::<Loss>().is_err());
    }
}
