//! The path of a picture under attack through the joint space: its embedding before, and after each step.

use super::{AttackRequest, CaptionRanking, pairs, scores, start, victim};
use crate::attack::context::{StepEvent, Watch};
use crate::attack::run;
use crate::attack::space::Space;
use crate::attack::victim::Goal;
use crate::compute::Embeddings;
use crate::error::Result;
use crate::task::Task;

/// A picture's path through the joint space.
#[derive(Debug, Clone)]
pub struct Path {
    /// One row before the attack, then one after each step; of unit norm.
    pub embeddings: Embeddings,
    /// How the captions rank at each.
    pub rankings: Vec<CaptionRanking>,
    /// The step of each.
    pub steps: Vec<usize>,
}

/// The pictures after each step.
struct Steps<'a> {
    kept: Vec<(usize, Vec<f32>)>,
    task: &'a Task,
}

impl Watch for Steps<'_> {
    fn step(&mut self, event: &StepEvent<'_>) {
        let len = event.x.len() / event.rows.len().max(1);
        if let Some(x) = event.x.get(..len) {
            self.kept.push((event.step, x.to_vec()));
        }
        self.task.add(1);
    }
}

/// Attacks one picture and keeps where it is after each step. What is embedded is what the file's own model gives.
///
/// # Errors
/// As [`super::attack_picture`].
pub fn attack_path(request: &AttackRequest, task: &Task) -> Result<Path> {
    let settings = request.settings.settled();
    let (grid, clean) = start(
        request.encoder.preprocess(),
        &request.picture,
        request.own_size,
    )?;
    settings.method.runs_on(&request.set.network)?;
    let mut victim = victim(request, grid)?;
    let space = Space::pictures(
        grid,
        clean.clone(),
        &settings.threat,
        vec![request.image as u32],
    )?;
    task.begin(settings.method.title(), settings.attack().steps() as u64);
    let mut watch = Steps {
        kept: vec![(0, clean)],
        task,
    };
    let engine = request.set.engine.as_ref();
    let outcome = run(victim.as_mut(), &space, &settings, engine, &mut watch, task)?;
    let mut kept = watch.kept;
    // The best is what the attack ends with, which need not be its last step.
    if kept.last().is_some_and(|(_, x)| *x != outcome.x) {
        let step = kept.last().map_or(0, |(step, _)| *step);
        kept.push((step, outcome.x));
    }
    task.begin("Embedding each step", kept.len() as u64);
    let mut pairs = pairs(request)?;
    let own = request.set.embedded.groups.range(request.image);
    let target = (request.goal == Goal::Win).then_some(request.target);
    let (mut values, mut rankings, mut dim) = (Vec::new(), Vec::new(), 1);
    for (_, x) in &kept {
        let (found, verdicts) = pairs.see(&[0], x, task)?;
        let scores = scores(&found, 0, &request.set.embedded.texts);
        rankings.push(CaptionRanking::of(&scores, &own, target, verdicts[0]));
        dim = found.dim();
        values.extend_from_slice(found.data());
        task.add(1);
    }
    Ok(Path {
        embeddings: Embeddings::new(values, dim)?,
        rankings,
        steps: kept.iter().map(|(step, _)| *step).collect(),
    })
}
