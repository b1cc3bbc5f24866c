//! The rows that a gradient attack still works on, and the class that each is driven to.

use crate::attack::context::AttackContext;
use crate::attack::loss::Loss;
use crate::attack::space::{Space, pick};
use crate::attack::victim::{AscentLoss, Verdict};
use crate::error::Result;

/// Rows worked on at once; arrays of a run have one entry (or one row of values) for each.
pub(super) struct ActiveRows {
    /// Rows of the context.
    pub rows: Vec<usize>,
    /// Where they may go.
    pub space: Space,
    /// The class that each is driven to; empty where the loss is not targeted.
    pub to: Vec<u32>,
}

impl ActiveRows {
    /// What `loss` is for these rows; the margin where it takes classes and there are none.
    pub fn ascent(&self, loss: Loss) -> AscentLoss<'_> {
        AscentLoss::of(loss, &self.to)
    }

    /// Leaves only the rows at the places `keep`, in `arrays` of values too.
    pub fn keep(&mut self, keep: &[usize], arrays: &mut [&mut Vec<f32>]) {
        for values in arrays {
            **values = pick(values, self.space.len(), keep);
        }
        self.rows = keep.iter().map(|&at| self.rows[at]).collect();
        if !self.to.is_empty() {
            self.to = keep.iter().map(|&at| self.to[at]).collect();
        }
        self.space = self.space.pick(keep);
    }

    /// The places of the rows that are not fooled yet; `None` if that is all of them.
    pub fn left(verdicts: &[Verdict]) -> Option<Vec<usize>> {
        let active = |(at, v): (usize, &Verdict)| (!v.fooled).then_some(at);
        let left: Vec<usize> = verdicts.iter().enumerate().filter_map(active).collect();
        (left.len() < verdicts.len()).then_some(left)
    }

    /// A forward run at the last point of a run, at which no gradient is taken. `losses` are those of the point before.
    pub fn finish(
        &self,
        context: &mut AttackContext<'_>,
        x: &[f32],
        losses: &[f32],
        loss: Loss,
    ) -> Result<()> {
        let verdicts = context.predict(&self.rows, x)?;
        context.offer(&self.rows, x, &verdicts);
        if self.ascent(loss) == AscentLoss::Margin {
            let margins: Vec<f32> = verdicts.iter().map(Verdict::margin).collect();
            context.report_step(&self.rows, x, &margins, &verdicts);
        } else {
            context.report_step(&self.rows, x, losses, &verdicts);
        }
        Ok(())
    }
}

/// The classes that each row of an context may be driven to, strongest first at the clean point; none where the loss
/// takes none or the goal knows none.
pub(super) struct RunnerUps(Vec<Vec<u32>>);

impl RunnerUps {
    /// At most `k` for each active row.
    pub fn find(context: &mut AttackContext<'_>, loss: Loss, k: usize) -> Result<Self> {
        let mut of_row = vec![Vec::new(); context.space.rows()];
        let rows = context.active();
        if loss.is_targeted() && !rows.is_empty() {
            let clean = pick(context.space.clean(), context.space.len(), &rows);
            let found = context.runner_ups(&rows, &clean, k.max(1))?;
            for (row, runner_ups) in rows.into_iter().zip(found) {
                of_row[row] = runner_ups;
            }
        }
        Ok(Self(of_row))
    }

    /// Runs needed to try every class once.
    pub fn runs(&self) -> usize {
        self.0.iter().map(Vec::len).max().unwrap_or(0).max(1)
    }

    /// The active rows of run `nth`, those with a class and those without apart. A row that has
    /// no class `nth` is left out; where `again`, it starts over with its first.
    pub fn active(&self, context: &AttackContext<'_>, nth: usize, again: bool) -> Vec<ActiveRows> {
        let (mut aimed, mut to, mut free) = (Vec::new(), Vec::new(), Vec::new());
        for row in context.active() {
            let runner_ups = &self.0[row];
            let at = if again {
                nth % runner_ups.len().max(1)
            } else {
                nth
            };
            match runner_ups.get(at) {
                Some(&class) => {
                    aimed.push(row);
                    to.push(class);
                }
                None if runner_ups.is_empty() && (nth == 0 || again) => free.push(row),
                None => {}
            }
        }
        [(aimed, to), (free, Vec::new())]
            .into_iter()
            .filter(|(rows, _)| !rows.is_empty())
            .map(|(rows, to)| ActiveRows {
                space: context.space.pick(&rows),
                rows,
                to,
            })
            .collect()
    }
}
