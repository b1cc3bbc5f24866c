//! `HopSkipJump`: a walk along the decision boundary.

mod normals;
mod start;
mod trail;

use super::frame::changeable;
use super::{at_least_one, rng};
use crate::attack::description::{Description, Needs, Seeks, StepCost, Unit};
use crate::attack::space::pick;
use crate::attack::threat::Norm;
use crate::attack::victim::Verdict;
use crate::attack::{Attack, AttackContext};
use crate::error::Result;
use normals::normals;
use trail::{Measure, Trail};

/// What the attack says of itself.
pub const DESCRIPTION: Description = Description {
    name: "hop-skip-jump",
    title: "HopSkipJump",
    about: "Walks along the decision boundary; needs no scores, only decisions.",
    source: "Chen et al., arXiv 1904.02144",
    needs: Needs::Decisions,
    seeks: Seeks::Smallest,
    norms: &[Norm::Linf, Norm::L2, Norm::Free],
    linf_becomes: None,
    takes: &[],
    steps: 5_000,
    unit: Unit::Queries,
    step: 1.0,
    cost: Some(StepCost {
        gradients: 0,
        queries: 1,
    }),
    build: |p| {
        Box::new(HopSkipJump {
            queries: p.steps,
            ..HopSkipJump::default()
        })
    },
};

/// `HopSkipJump` (Chen et al., arXiv 1904.02144, algorithm 2): looks only at whether a point reaches the goal. From a
/// point far away that does, it goes to the boundary by bisection, estimates the boundary's normal there from random
/// probes, jumps along it and bisects again, ever nearer to the clean row.
///
/// It minimises the l2 or the l-inf norm (in half the box's width for [`Ball::Box`](crate::compute::Ball::Box)), and
/// what is kept of each row is the smallest perturbation that fits the ball; where none does, the nearest point of
/// the boundary, projected. A row whose start nothing was found for stays clean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HopSkipJump {
    /// Queries of each row, at most.
    pub queries: usize,
    /// Probes of the first estimate, from 2; those of estimate t are `sqrt(t)` as many.
    pub samples: usize,
    /// Points tried as a start, at most.
    pub starts: usize,
}

impl Default for HopSkipJump {
    fn default() -> Self {
        Self {
            queries: 5_000,
            samples: 100,
            starts: 100,
        }
    }
}

/// Probes of an estimate at most (the paper, appendix).
pub(super) const MOST_SAMPLES: usize = 10_000;
/// Halvings of a jump at most.
const HALVINGS: usize = 12;

impl Attack for HopSkipJump {
    fn run(&self, context: &mut AttackContext<'_>) -> Result<()> {
        at_least_one("HopSkipJump", "number of queries", self.queries)?;
        at_least_one("HopSkipJump", "number of starts", self.starts)?;
        at_least_one(
            "HopSkipJump",
            "number of probes but one",
            self.samples.saturating_sub(1),
        )?;
        let measure = Measure::of(context.space)?;
        let rows = changeable(context.space, context.active());
        let mut trails = self.begin(context, measure, rows)?;
        for round in 1.. {
            // Every row ends a round at the boundary, so that it can stop after any.
            let on: Vec<usize> = (0..trails.len())
                .filter(|&at| self.probes(round, &trails[at]) >= 2)
                .collect();
            if on.is_empty() {
                break;
            }
            self.jump(context, measure, &mut trails, &on, round)?;
            approach(context, measure, &mut trails, &on)?;
            keep(context, &mut trails, &on)?;
            report_step(context, &trails, &on);
        }
        last_resort(context, &mut trails)
    }

    fn steps(&self) -> usize {
        let (mut rounds, mut left) = (1_usize, self.queries as f64);
        while left > 0.0 {
            left -= (self.samples.max(1) as f64 * (rounds as f64).sqrt()).min(MOST_SAMPLES as f64);
            rounds += 1;
        }
        rounds + 1
    }
}

impl HopSkipJump {
    /// Probes that a row can afford in a round, its jump and its way back to the boundary paid for.
    fn probes(&self, round: usize, trail: &Trail) -> usize {
        let wanted = (self.samples as f64 * (round as f64).sqrt()) as usize;
        let rest = trail.left.saturating_sub(trail.bisections + HALVINGS + 1);
        wanted.min(MOST_SAMPLES).min(rest)
    }

    /// Finds a start for each row and takes it to the boundary.
    fn begin(
        &self,
        context: &mut AttackContext<'_>,
        measure: Measure,
        rows: Vec<usize>,
    ) -> Result<Vec<Trail>> {
        let mut trails = Vec::new();
        let key = |row: usize| context.space.keys()[row];
        let mut open: Vec<_> = rows
            .into_iter()
            .map(|r| (r, rng(context.seed, key(r), 0)))
            .collect();
        // One query is left for the last resort.
        for attempt in 0..self.starts.min(self.queries.saturating_sub(1)) {
            let rows: Vec<usize> = open.iter().map(|(row, _)| *row).collect();
            let mut x = Vec::new();
            for (row, rng) in &mut open {
                x.extend(start::point(context.space, *row, attempt, rng));
            }
            let verdicts = context.predict(&rows, &x)?;
            for (at, row) in rows
                .iter()
                .enumerate()
                .filter(|(at, _)| verdicts[*at].fooled)
            {
                let len = context.space.len();
                let x = x[at * len..(at + 1) * len].to_vec();
                let left = self.queries - attempt - 1;
                trails.push(Trail::new(
                    context.space,
                    measure,
                    *row,
                    x,
                    verdicts[at],
                    left,
                ));
            }
            let mut standing = verdicts.iter().map(|v| !v.fooled);
            open.retain(|_| standing.next().unwrap_or(false));
            if open.is_empty() {
                break;
            }
        }
        trails.sort_by_key(|t| t.row);
        let all: Vec<usize> = (0..trails.len()).collect();
        approach(context, measure, &mut trails, &all)?;
        keep(context, &mut trails, &all)?;
        report_step(context, &trails, &all);
        Ok(trails)
    }

    /// Estimates the normal at each row and jumps along it, as far as the goal stays reached (algorithm 2).
    fn jump(
        &self,
        context: &mut AttackContext<'_>,
        measure: Measure,
        trails: &mut [Trail],
        on: &[usize],
        round: usize,
    ) -> Result<()> {
        let probes: Vec<usize> = on
            .iter()
            .map(|&at| self.probes(round, &trails[at]))
            .collect();
        let normals = normals(context, measure, trails, on, &probes, round)?;
        let mut open: Vec<usize> = (0..on.len()).collect();
        for halving in 0..=HALVINGS as i32 {
            let rows: Vec<usize> = open.iter().map(|&i| trails[on[i]].row).collect();
            let mut x = Vec::new();
            for &i in &open {
                let trail = &mut trails[on[i]];
                trail.left -= 1;
                let size = trail.distance / (round as f64).sqrt() * 0.5_f64.powi(halving);
                x.extend(trail.moved(context.space, &normals[i], size));
            }
            let verdicts = context.predict(&rows, &x)?;
            for ((&i, x), verdict) in open
                .iter()
                .zip(x.chunks(context.space.len()))
                .zip(&verdicts)
            {
                if verdict.fooled {
                    trails[on[i]].arrive(context.space, measure, x, *verdict);
                }
            }
            let mut standing = verdicts.iter().map(|v| !v.fooled);
            open.retain(|_| standing.next().unwrap_or(false));
            if open.is_empty() {
                break;
            }
        }
        Ok(())
    }
}

/// Takes rows to the boundary on their way to the clean ones, by bisection (algorithm 1): they stay on the goal's
/// side.
fn approach(
    context: &mut AttackContext<'_>,
    measure: Measure,
    trails: &mut [Trail],
    on: &[usize],
) -> Result<()> {
    let mut ranges: Vec<[f64; 2]> = vec![[0.0, 1.0]; on.len()];
    let far: Vec<(Vec<f32>, f64)> = on.iter().map(|&at| trails[at].place()).collect();
    let most = on
        .iter()
        .map(|&at| trails[at].bisections)
        .max()
        .unwrap_or_default();
    for step in 0..most {
        let open: Vec<usize> = (0..on.len())
            .filter(|&i| step < trails[on[i]].bisections && trails[on[i]].left > 1)
            .collect();
        let rows: Vec<usize> = open.iter().map(|&i| trails[on[i]].row).collect();
        let mut x = Vec::new();
        for &i in &open {
            let trail = &mut trails[on[i]];
            trail.left -= 1;
            let share = f64::midpoint(ranges[i][0], ranges[i][1]);
            x.extend(trail.between(context.space, measure, &far[i], share));
        }
        let verdicts = context.predict(&rows, &x)?;
        for ((&i, x), verdict) in open
            .iter()
            .zip(x.chunks(context.space.len()))
            .zip(&verdicts)
        {
            let share = f64::midpoint(ranges[i][0], ranges[i][1]);
            if verdict.fooled {
                ranges[i][1] = share;
                trails[on[i]].arrive(context.space, measure, x, *verdict);
            } else {
                ranges[i][0] = share;
            }
        }
    }
    Ok(())
}

/// Keeps what fits the ball and is smaller than what was kept before.
fn keep(context: &mut AttackContext<'_>, trails: &mut [Trail], on: &[usize]) -> Result<()> {
    let radius = f64::from(context.space.radius());
    let smaller = |t: &Trail| t.distance <= radius && t.kept.is_none_or(|kept| t.distance < kept);
    let on: Vec<usize> = on
        .iter()
        .copied()
        .filter(|&at| smaller(&trails[at]))
        .collect();
    if on.is_empty() {
        return Ok(());
    }
    let rows: Vec<usize> = on.iter().map(|&at| trails[at].row).collect();
    let mut x: Vec<f32> = on.iter().flat_map(|&at| &trails[at].x).copied().collect();
    context.space.pick(&rows).project(context.engine, &mut x)?;
    for (i, &at) in on.iter().enumerate() {
        let len = context.space.len();
        let x = pick(&x, len, &[i]);
        let trail = &mut trails[at];
        let mut verdict = trail.verdict;
        if x != trail.x {
            // The projection rounded it: it is another point.
            if trail.left <= 1 {
                continue;
            }
            trail.left -= 1;
            verdict = context
                .predict(&[trail.row], &x)?
                .first()
                .copied()
                .unwrap_or_default();
        }
        if verdict.fooled {
            trail.kept = Some(trail.distance);
            context.replace(&[trail.row], &x, &[verdict]);
        }
    }
    Ok(())
}

/// Offers the projection of where the rows stand of which nothing fits the ball.
fn last_resort(context: &mut AttackContext<'_>, trails: &mut [Trail]) -> Result<()> {
    let out: Vec<&Trail> = trails
        .iter()
        .filter(|t| t.kept.is_none() && t.left > 0)
        .collect();
    let rows: Vec<usize> = out.iter().map(|t| t.row).collect();
    let mut x: Vec<f32> = out.iter().flat_map(|t| &t.x).copied().collect();
    context.space.pick(&rows).project(context.engine, &mut x)?;
    let verdicts = context.predict(&rows, &x)?;
    context.offer(&rows, &x, &verdicts);
    Ok(())
}

/// Tells of rows: their loss is minus the distance.
fn report_step(context: &mut AttackContext<'_>, trails: &[Trail], on: &[usize]) {
    let rows: Vec<usize> = on.iter().map(|&at| trails[at].row).collect();
    let x: Vec<f32> = on.iter().flat_map(|&at| &trails[at].x).copied().collect();
    let loss: Vec<f32> = on.iter().map(|&at| -trails[at].distance as f32).collect();
    let verdicts: Vec<Verdict> = on.iter().map(|&at| trails[at].verdict).collect();
    context.report_step(&rows, &x, &loss, &verdicts);
}
