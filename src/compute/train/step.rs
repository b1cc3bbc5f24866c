//! One step of an optimizer.

/// How the gradient moves the weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// b = momentum b + g, w -= rate b; the first b is g.
    Sgd {
        /// 0 for plain descent.
        momentum: f64,
    },
    /// Adam (Kingma and Ba, arXiv 1412.6980, algorithm 1), epsilon outside the root; with `decoupled` the decay is not part
    /// of the gradient (`AdamW`, arXiv 1711.05101).
    Adam {
        /// Decay rates of both moments.
        betas: [f64; 2],
        /// What is added to the root.
        epsilon: f32,
        /// Is the decay taken off the weights themselves?
        decoupled: bool,
    },
    /// `AMSGrad` (Reddi, Kale and Kumar 2018, arXiv 1904.09237, algorithm 2): steps are divided by the root of the largest
    /// second moment so far, so that they never grow again. As there no moment is corrected for its start at 0; epsilon is
    /// added outside the root, as in Adam.
    AmsGrad {
        /// Decay rates of both moments.
        betas: [f64; 2],
        /// What is added to the root.
        epsilon: f32,
    },
}

/// What one step does besides its gradient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The optimizer.
    pub rule: Rule,
    /// Learning rate of this step.
    pub rate: f32,
    /// Weight decay; the scalars have none.
    pub decay: f32,
    /// Largest norm of the gradient over all weights; infinite for any.
    pub clip: f32,
    /// How far a mixture of losses has warmed up, 0 to 1.
    pub warmth: f32,
}

/// The factors of one update: what both engines compute alike for each weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::compute) struct Factors {
    /// Learning rate, for Adam divided by the correction of the first moment.
    pub rate: f32,
    /// 1 / sqrt(correction of the second moment).
    pub second: f32,
    /// What a weight keeps of itself: below 1 where the decay is decoupled.
    pub kept: f32,
    /// Times the weight, added to the gradient.
    pub decay: f32,
    /// Decay rates of both moments; of SGD the momentum alone.
    pub betas: [f32; 2],
    pub epsilon: f32,
    /// Share of the gradient in each moment.
    pub shares: [f32; 2],
    pub is_adam: bool,
    /// Is a step divided by the largest second moment so far?
    pub by_most: bool,
}

impl Step {
    /// The factors of step `number`, from 1.
    pub(in crate::compute) fn factors(&self, number: u64) -> Factors {
        let n = i32::try_from(number).unwrap_or(i32::MAX);
        match self.rule {
            Rule::Sgd { momentum } => Factors {
                rate: self.rate,
                second: 0.0,
                kept: 1.0,
                decay: self.decay,
                betas: [momentum as f32, 0.0],
                epsilon: 0.0,
                shares: [1.0, 0.0],
                is_adam: false,
                by_most: false,
            },
            Rule::AmsGrad { betas, epsilon } => Factors {
                rate: self.rate,
                second: 1.0,
                kept: 1.0,
                decay: self.decay,
                betas: betas.map(|beta| beta as f32),
                epsilon,
                shares: betas.map(|beta| (1.0 - beta) as f32),
                is_adam: true,
                by_most: true,
            },
            Rule::Adam {
                betas,
                epsilon,
                decoupled,
            } => {
                let left = |beta: f64| 1.0 - beta.powi(n);
                Factors {
                    rate: (f64::from(self.rate) / left(betas[0])) as f32,
                    second: (1.0 / left(betas[1]).sqrt()) as f32,
                    kept: if decoupled {
                        1.0 - self.rate * self.decay
                    } else {
                        1.0
                    },
                    decay: if decoupled { 0.0 } else { self.decay },
                    betas: betas.map(|beta| beta as f32),
                    epsilon,
                    shares: betas.map(|beta| (1.0 - beta) as f32),
                    is_adam: true,
                    by_most: false,
                }
            }
        }
    }

    /// What the gradient of norm `norm` is multiplied by.
    pub(in crate::compute) fn clipped(&self, norm: f64) -> f32 {
        if norm > f64::from(self.clip) {
            (f64::from(self.clip) / norm) as f32
        } else {
            1.0
        }
    }
}

impl Factors {
    /// Moves weights by their gradient times `clip`; `first` and `second` are the running moments, `most` the largest that
    /// the second one was.
    pub fn apply(
        &self,
        [weights, first, second, most]: [&mut [f32]; 4],
        gradient: &[f32],
        clip: f32,
    ) {
        let all = weights.iter_mut().zip(first).zip(second).zip(gradient);
        if self.by_most {
            for ((((w, m), v), g), most) in all.zip(most) {
                let g = g * clip + self.decay * *w;
                *m = self.betas[0] * *m + self.shares[0] * g;
                *v = self.betas[1] * *v + self.shares[1] * g * g;
                *most = most.max(*v);
                *w -= self.rate * *m / (most.sqrt() + self.epsilon);
            }
        } else if self.is_adam {
            for (((w, m), v), g) in all {
                let g = g * clip + self.decay * *w;
                *m = self.betas[0] * *m + self.shares[0] * g;
                *v = self.betas[1] * *v + self.shares[1] * g * g;
                *w = self.kept * *w - self.rate * *m / (v.sqrt() * self.second + self.epsilon);
            }
        } else {
            for (((w, m), _), g) in all {
                let g = g * clip + self.decay * *w;
                *m = self.betas[0] * *m + g;
                *w -= self.rate * *m;
            }
        }
    }

    /// The same without decay, for the scalars.
    #[must_use]
    pub fn without_decay(self) -> Self {
        Self {
            kept: 1.0,
            decay: 0.0,
            ..self
        }
    }
}
