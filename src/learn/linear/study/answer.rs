//! A study in plain figures.

use super::asked::Told;
use super::found::{Classifier, Study};
use super::words::{detail, headline};
use crate::learn::linear::Norm;
use serde::Serialize;
use std::collections::BTreeMap;

/// Budgets of robust accuracy: from 0 to this multiple of the maximal margin, or of the largest distance of a row.
const FARTHEST: f64 = 1.5;
const BUDGETS: usize = 31;

/// A study in plain figures; what a file of it holds.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    /// Does any classifier tell the groups apart?
    pub separable: bool,
    /// Rows of each group.
    pub rows: [usize; 2],
    /// Values of a row.
    pub columns: usize,
    /// Channels, height and width.
    pub shape: [usize; 3],
    /// By norm: the maximal margin between its bounds; null where there is none.
    pub max_margin: BTreeMap<&'static str, Option<MaxAnswer>>,
    /// The classifier that errs least, where no one tells the groups apart.
    pub soft_margin: Option<SoftAnswer>,
    /// The methods.
    pub runs: Vec<RunAnswer>,
    /// The penalties.
    pub penalties: Vec<PenaltyAnswer>,
    /// What was asked for.
    #[serde(flatten)]
    pub asked: Told,
    /// What the figures mean.
    pub says: String,
    /// What is to be known of the figures.
    pub notes: Vec<String>,
    /// Seconds of all.
    pub seconds: f64,
}

/// A maximal margin.
#[derive(Debug, Clone, Serialize)]
pub struct MaxAnswer {
    /// The middle of both bounds.
    pub value: f64,
    /// Upper less lower bound.
    pub gap: f64,
    /// The margin of the classifier that was found.
    pub lower: f64,
    /// What no margin is above.
    pub upper: f64,
    /// Seconds that it took.
    pub seconds: f64,
}

/// A soft margin.
#[derive(Debug, Clone, Serialize)]
pub struct SoftAnswer {
    /// Mean hinge.
    pub hinge: f64,
    /// Weight of |w|^2 / 2.
    pub penalty: f64,
    /// Objective less its bound.
    pub gap: f64,
    /// Share of rows that it is right about.
    pub right: f64,
}

/// What a classifier withstands.
#[derive(Debug, Clone, Serialize)]
pub struct Withstands {
    /// By norm: margin over the maximal one; null where there is none.
    pub fraction: BTreeMap<&'static str, Option<f64>>,
    /// By norm: the margin.
    pub margin: BTreeMap<&'static str, f64>,
    /// By norm: budgets, and the share of rows that no perturbation of that size changes.
    pub robust_accuracy: BTreeMap<&'static str, Robust>,
    /// Share of rows that it is right about.
    pub accuracy: f64,
}

/// Robust accuracy.
#[derive(Debug, Clone, Serialize)]
pub struct Robust {
    /// Budgets.
    pub epsilon: Vec<f64>,
    /// Share of rows at each, 0 to 1.
    pub accuracy: Vec<f64>,
}

/// A method.
#[derive(Debug, Clone, Serialize)]
pub struct RunAnswer {
    /// Its name.
    pub optimizer: &'static str,
    /// The norm whose maximal margin it goes towards.
    pub norm: &'static str,
    #[serde(flatten)]
    pub withstands: Withstands,
    /// Moments of its training.
    pub history: Vec<HistoryAnswer>,
    /// Seconds.
    pub seconds: f64,
}

/// A moment of a training.
#[derive(Debug, Clone, Serialize)]
pub struct HistoryAnswer {
    /// Steps done.
    pub step: u64,
    /// Natural logarithm of the loss.
    pub log_loss: f64,
    /// By norm: the margin.
    pub margin: BTreeMap<&'static str, f64>,
}

/// A penalty.
#[derive(Debug, Clone, Serialize)]
pub struct PenaltyAnswer {
    /// The norm in whose dual the weights are penalised.
    pub norm: &'static str,
    /// Its weight, as a multiple of the maximal margin.
    pub multiple: f64,
    /// The objective, and what no objective is below.
    pub objective: f64,
    /// The same.
    pub bound: f64,
    #[serde(flatten)]
    pub withstands: Withstands,
}

impl Answer {
    /// That of `study`.
    pub fn of(study: &Study) -> Self {
        let shape = study.problem.fourier().shape();
        let best = |norm: Norm| {
            study.best(norm).map(|best| MaxAnswer {
                value: best.value,
                gap: best.gap,
                lower: best.lower,
                upper: best.upper,
                seconds: study.best_seconds[norm.index()],
            })
        };
        Self {
            separable: study.is_separable(),
            rows: study.sizes(),
            columns: study.problem.width(),
            shape: [shape.channels, shape.height, shape.width],
            max_margin: by_norm(best),
            soft_margin: study.soft.as_ref().map(|(soft, _)| SoftAnswer {
                hinge: soft.hinge,
                penalty: soft.penalty,
                gap: soft.gap,
                right: soft.right,
            }),
            runs: study
                .runs
                .iter()
                .map(|ran| RunAnswer {
                    optimizer: ran.method.name(),
                    norm: ran.method.norm().name(),
                    withstands: Withstands::of(study, &ran.classifier),
                    history: ran
                        .trained
                        .history
                        .iter()
                        .map(|moment| HistoryAnswer {
                            step: moment.step,
                            log_loss: moment.log_loss,
                            margin: by_norm(|norm| moment.margins[norm.index()]),
                        })
                        .collect(),
                    seconds: ran.seconds,
                })
                .collect(),
            penalties: study
                .shrunk
                .iter()
                .map(|shrunk| PenaltyAnswer {
                    norm: shrunk.norm.name(),
                    multiple: shrunk.multiple,
                    objective: shrunk.penalised.objective,
                    bound: shrunk.penalised.bound,
                    withstands: Withstands::of(study, &shrunk.classifier),
                })
                .collect(),
            asked: (&study.asked).into(),
            says: format!("{} {}", headline(study), detail(study))
                .trim_end()
                .to_owned(),
            notes: study.notes.clone(),
            seconds: study.seconds,
        }
    }
}

impl Withstands {
    /// That of a classifier, at budgets that suit the study.
    pub fn of(study: &Study, classifier: &Classifier) -> Self {
        let robust = |norm: Norm| {
            let far = farthest(study, norm);
            let epsilon: Vec<f64> = (0..BUDGETS)
                .map(|n| far * n as f64 / (BUDGETS - 1) as f64)
                .collect();
            let curve = &classifier.curves[norm.index()];
            Robust {
                accuracy: epsilon.iter().map(|&e| curve.accuracy(e)).collect(),
                epsilon,
            }
        };
        Self {
            fraction: by_norm(|norm| classifier.fraction[norm.index()]),
            margin: by_norm(|norm| classifier.margins[norm.index()]),
            robust_accuracy: by_norm(robust),
            accuracy: classifier.right,
        }
    }
}

/// How far robust accuracy is told in `norm`.
pub fn farthest(study: &Study, norm: Norm) -> f64 {
    if let Some(best) = study.best(norm) {
        return FARTHEST * best.value;
    }
    let all = study.runs.iter().map(|ran| &ran.classifier);
    let soft = study.soft.iter().map(|(_, classifier)| classifier);
    all.chain(soft)
        .filter_map(|classifier| classifier.curves[norm.index()].radii().last())
        .fold(0.0, |far: f64, &radius| far.max(radius))
}

fn by_norm<T>(of: impl Fn(Norm) -> T) -> BTreeMap<&'static str, T> {
    Norm::ALL
        .into_iter()
        .map(|norm| (norm.name(), of(norm)))
        .collect()
}
