//! The worst case: several attacks that fail in different ways, in `AutoAttack`'s order (arXiv 2003.01690, section 5).

use super::Attack;
use super::context::AttackContext;
use super::description::{Description, Needs, Parameter, Seeks, Unit};
use super::loss::Loss;
use super::query::SquareAttack;
use super::threat::Norm;
use super::white::{Apgd, Fab, MultiEps};
use crate::error::Result;

/// What the attack says of itself.
pub const DESCRIPTION: Description = Description {
    name: "worst-case",
    title: "Worst case",
    about: "APGD, targeted APGD, multi-eps, FAB and Square in turn, stopping where one succeeds.",
    source: "Croce and Hein, arXiv 2003.01690",
    needs: Needs::GradientIfAny,
    seeks: Seeks::First,
    norms: &Norm::ALL,
    linf_becomes: None,
    takes: &[Parameter::Restarts],
    steps: 100,
    unit: Unit::Steps,
    step: 1.0,
    cost: None,
    build: |p| {
        Box::new(WorstCase {
            steps: p.steps,
            restarts: p.restarts,
            ..WorstCase::default()
        })
    },
};

/// APGD on cross-entropy, APGD on the targeted DLR, APGD through shrinking balls, targeted FAB and Square, each on the
/// rows that are still active. Without gradients only Square is left.
///
/// `AutoAttack` is these without [`MultiEps`]: that finds what starts inside the ball do not, on classifiers whose
/// counterexamples a verifier has proved to exist. Nothing is tuned to a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WorstCase {
    /// Steps of each run of APGD and FAB.
    pub steps: usize,
    /// Independent random starts of each part.
    pub restarts: usize,
    /// Runner-up classes that the targeted parts try.
    pub targets: usize,
    /// Balls that [`MultiEps`] shrinks through; 0 leaves it out.
    pub levels: usize,
    /// Queries of Square; 0 leaves it out.
    pub queries: usize,
}

impl Default for WorstCase {
    fn default() -> Self {
        Self {
            steps: 100,
            restarts: 1,
            targets: Apgd::TARGETS,
            levels: 30,
            queries: 5_000,
        }
    }
}

impl WorstCase {
    /// The parts in their order; those that need gradients only where there are any.
    fn parts(&self, gradient: bool) -> Vec<Box<dyn Attack>> {
        let Self {
            steps,
            restarts,
            targets,
            ..
        } = *self;
        let mut parts: Vec<Box<dyn Attack>> = Vec::new();
        if gradient {
            for loss in [Loss::CrossEntropy, Loss::TargetedDlr] {
                parts.push(Box::new(Apgd {
                    loss,
                    steps,
                    restarts,
                    targets,
                }));
            }
            if self.levels > 0 {
                parts.push(Box::new(MultiEps {
                    levels: self.levels,
                    steps: steps.div_ceil(2),
                    restarts,
                    targets,
                    ..MultiEps::default()
                }));
            }
            parts.push(Box::new(Fab {
                steps,
                restarts,
                targets,
                until_fooled: true,
                ..Fab::default()
            }));
        }
        if self.queries > 0 {
            parts.push(Box::new(SquareAttack {
                queries: self.queries,
                restarts,
                ..SquareAttack::default()
            }));
        }
        parts
    }
}

impl Attack for WorstCase {
    fn run(&self, context: &mut AttackContext<'_>) -> Result<()> {
        for (nth, part) in self.parts(context.has_gradient()).into_iter().enumerate() {
            let rows = context.active();
            if rows.is_empty() {
                break;
            }
            // Parts must not share their random starts.
            let seed = context.seed.wrapping_add((nth as u64) << 32);
            let space = context.space.pick(&rows);
            let found = context.within(&rows, &space, seed, part.as_ref())?;
            context.offer(&rows, &found.x, &found.verdicts);
        }
        Ok(())
    }

    fn steps(&self) -> usize {
        self.parts(true).iter().map(|part| part.steps()).sum()
    }
}
