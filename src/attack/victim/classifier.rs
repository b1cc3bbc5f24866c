//! Any ONNX classifier: rows of raw values, logits, a label for each row.

use super::network::Network;
use super::{AscentLoss, ValueAndGradient, Verdict, Victim};
use crate::attack::loss::Loss;
use crate::compute::Grid;
use crate::error::{Error, Result};
use crate::grad::{Form, Objective};
use crate::task::Task;
use std::sync::Arc;

/// Rows of a classifier, each with the label that the attack takes away from. Fooled: some other logit is at least as
/// high as the label's.
pub struct Classifier {
    network: Arc<Network>,
    labels: Vec<usize>,
    classes: usize,
}

/// Margins below this part of the largest logit may be a matter of the order of sums.
const DOUBTFUL: f32 = 1e-5;

impl Classifier {
    /// Rows with these labels.
    pub fn new(network: Arc<Network>, labels: Vec<usize>) -> Self {
        Self {
            network,
            labels,
            classes: 0,
        }
    }

    fn label(&self, row: usize) -> usize {
        self.labels.get(row).copied().unwrap_or(usize::MAX)
    }

    fn verdict(&self, row: usize, logits: &[f32]) -> Result<Verdict> {
        let label = self.label(row);
        let Some(&right) = logits.get(label) else {
            return Err(Error::request(
                format!(
                    "row {row} has label {label}; the model gives {} logits",
                    logits.len()
                ),
                "Labels count from 0.",
            ));
        };
        let others = logits.iter().enumerate().filter(|(k, _)| *k != label);
        let wrong = others.fold(f32::NEG_INFINITY, |m, (_, v)| m.max(*v));
        Ok(Verdict {
            right,
            wrong,
            fooled: wrong - right >= 0.0,
        })
    }

    /// Verdicts of `x` by their logits. Where sums in another order may decide, the row is run alone.
    fn verdicts(
        &mut self,
        rows: &[usize],
        x: &[f32],
        (output, classes): (&[f32], usize),
        task: &Task,
    ) -> Result<Vec<Verdict>> {
        self.classes = classes;
        let len = self.grid().len();
        let mut verdicts = Vec::with_capacity(rows.len());
        for (at, logits) in output.chunks_exact(classes.max(1)).enumerate() {
            let mut verdict = self.verdict(rows[at], logits)?;
            let largest = logits.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
            if verdict.margin().abs() <= DOUBTFUL * largest {
                let row = &x[at * len..(at + 1) * len];
                verdict = self.verdict(rows[at], &self.network.singly(row, 1, task)?.0)?;
            }
            verdicts.push(verdict);
        }
        Ok(verdicts)
    }
}

impl Victim for Classifier {
    fn grid(&self) -> Grid {
        self.network.grid().with_rows(self.labels.len())
    }

    fn has_gradient(&self) -> bool {
        self.network.blocked().is_none()
    }

    fn refuses(&self, loss: Loss) -> Option<String> {
        let (n, least) = (self.classes, loss.compares());
        (n > 0 && n < least).then(|| {
            let title = loss.title();
            format!("the loss {title} compares {least} logits, the model gives {n}")
        })
    }

    fn predict(&mut self, rows: &[usize], x: &[f32], task: &Task) -> Result<Vec<Verdict>> {
        let (output, classes) = self.network.forward(x, rows.len(), task)?;
        self.verdicts(rows, x, (&output, classes), task)
    }

    fn confirm(&mut self, rows: &[usize], x: &[f32], task: &Task) -> Result<Vec<Verdict>> {
        let (output, classes) = self.network.singly(x, rows.len(), task)?;
        let logits = output.chunks_exact(classes.max(1));
        let pairs = rows.iter().zip(logits);
        pairs.map(|(&r, logits)| self.verdict(r, logits)).collect()
    }

    fn value_and_gradient(
        &mut self,
        rows: &[usize],
        x: &[f32],
        ascent: AscentLoss<'_>,
        task: &Task,
    ) -> Result<ValueAndGradient> {
        if self.classes == 0 {
            let len = self.grid().len();
            self.predict(&rows[..1.min(rows.len())], &x[..len], task)?;
        }
        let n = self.classes;
        let form = match ascent {
            AscentLoss::CrossEntropy => Form::Entropy {
                temperature: 1.0,
                towards: false,
            },
            AscentLoss::Dlr if n >= 3 => Form::Ratio,
            AscentLoss::TargetedDlr(_) if n >= 4 => Form::RatioTo,
            _ => Form::Gap,
        };
        let mut right = vec![Objective::UNMARKED; rows.len() * n];
        let mut wrong = vec![0.0; rows.len() * n];
        for (at, &row) in rows.iter().enumerate() {
            let label = self.label(row).min(n - 1);
            right[at * n + label] = 0.0;
            match ascent {
                AscentLoss::TargetedMargin(to) | AscentLoss::TargetedDlr(to) => {
                    wrong[at * n..(at + 1) * n].fill(Objective::UNMARKED);
                    let class = to.get(at).map_or(0, |&k| k as usize).min(n - 1);
                    wrong[at * n + class] = 0.0;
                }
                _ => wrong[at * n + label] = Objective::UNMARKED,
            }
        }
        let objective = Objective::Contest {
            candidates: 0,
            form,
        };
        let marks = [
            (Objective::RIGHT, &[n][..], right.as_slice()),
            (Objective::WRONG, &[n][..], wrong.as_slice()),
        ];
        let (loss, (output, classes), gradient) =
            self.network
                .gradient(objective, x, rows.len(), &marks, task)?;
        Ok(ValueAndGradient {
            loss,
            verdicts: self.verdicts(rows, x, (&output, classes), task)?,
            gradient,
        })
    }

    fn runner_ups(
        &mut self,
        rows: &[usize],
        x: &[f32],
        k: usize,
        task: &Task,
    ) -> Result<Vec<Vec<u32>>> {
        let (output, classes) = self.network.forward(x, rows.len(), task)?;
        let of_row = |(&row, logits): (&usize, &[f32])| {
            let label = self.label(row);
            let mut others: Vec<u32> = (0..classes as u32)
                .filter(|&c| c as usize != label)
                .collect();
            others.sort_by(|&a, &b| logits[b as usize].total_cmp(&logits[a as usize]));
            others.truncate(k);
            others
        };
        Ok(rows
            .iter()
            .zip(output.chunks_exact(classes.max(1)))
            .map(of_row)
            .collect())
    }
}
