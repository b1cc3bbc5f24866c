//! Training of heads: the loss, its gradient and the steps of every loss and optimizer.

use super::{Case, Made, Scale, numbers};
use crate::compute::Engine;
use crate::compute::train::losses::Scalars;
use crate::compute::train::{
    Activation, Batch, HeadShape, Hidden, Learned, Loss, Plan, Rule, SCALARS, Step,
};
use crate::error::Result;

/// Rounding of a step's sums.
const NEAR: f64 = 1e-3;

/// Every comparison of training: each loss with heads and an optimizer of its own, so that all kinds come up.
pub fn cases(scale: Scale) -> Vec<Case> {
    let (inputs, outputs, width) = (scale.of(24, 512), scale.of(16, 256), scale.of(20, 512));
    let linear = HeadShape::linear(inputs, outputs);
    let hidden = |activation| HeadShape {
        hidden: Some(Hidden { width, activation }),
        bias: true,
        ..linear
    };
    let shapes = [linear, hidden(Activation::Relu), hidden(Activation::Gelu)];
    let losses = Loss::all().enumerate();
    let case = |(n, loss): (usize, Loss)| {
        let about = loss.description();
        let plan = Plan {
            shape: shapes[n % shapes.len()],
            loss,
            margin: about.margin.unwrap_or(0.2),
            scalars: !matches!(about.scalars, Scalars::None),
            batch: scale.of(32, 1024),
        };
        let trained = Trained::new(plan, n);
        Case::new(format!("training by {}", about.title), move |engine, _| {
            trained.steps(engine)
        })
    };
    losses.map(case).collect()
}

/// A training that any engine can do.
struct Trained {
    plan: Plan,
    start: Learned,
    batch: Batch,
    step: Step,
}

impl Trained {
    fn new(plan: Plan, number: usize) -> Self {
        let mut weights = numbers(plan.shape.weights(), 0.1, number as u64);
        weights.extend(match plan.loss.description().scalars {
            Scalars::None => [0.0; SCALARS],
            Scalars::Temperature(temperature) => [(1.0 / temperature).ln(), 0.0],
            Scalars::Trained { scale, offset } => [scale.ln(), offset],
        });
        let images = numbers(plan.batch * plan.shape.inputs, 1.0, 21);
        let moved = numbers(images.len(), 0.5, 22);
        let texts = images.iter().zip(&moved).map(|(v, d)| v + d).collect();
        let (betas, epsilon) = ([0.9, 0.999], 1e-8);
        let rule = match number % 3 {
            0 => Rule::Sgd { momentum: 0.9 },
            1 => Rule::Adam {
                betas,
                epsilon,
                decoupled: true,
            },
            _ => Rule::AmsGrad { betas, epsilon },
        };
        Self {
            plan,
            start: Learned::new(weights),
            batch: Batch {
                images,
                texts,
                left_out: vec![1, plan.batch as u32 + 3],
            },
            step: Step {
                rule,
                rate: 1e-3,
                decay: 0.01,
                clip: 1.0,
                warmth: 0.3,
            },
        }
    }

    fn steps(&self, engine: &dyn Engine) -> Result<Vec<Made>> {
        let mut trainer = engine.trainer(self.plan, self.start.clone())?;
        let (loss, gradient) = trainer.gradient(&self.batch, &self.step)?;
        for _ in 0..4 {
            trainer.step(&self.batch, &self.step)?;
        }
        let steps = trainer.losses()?;
        let learned = trainer.learned()?;
        Ok(vec![
            Made::near(vec![loss.mean], NEAR),
            Made::near(loss.lines, NEAR),
            Made::near(gradient, NEAR),
            Made::near(steps.iter().map(|step| step.mean).collect(), NEAR),
            Made::near(learned.weights, NEAR),
        ])
    }
}
