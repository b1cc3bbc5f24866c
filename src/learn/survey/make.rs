//! Making a survey.

use super::asked::Asked;
use super::found::{AtCount, Grouped, Survey};
use super::way::Way;
use crate::error::{Result, thousands};
use crate::learn::ground::Ground;
use crate::learn::paired::Paired;
use crate::learn::strata::{
    Descent, Factors, Gradients, Keeping, LinearHeads, Strata, descend, factors, redundancies,
    variances,
};
use crate::retrieval::structure::{Concepts, group_names};
use crate::task::Task;
use std::sync::Arc;
use std::time::Instant;

/// A word names a group where so many captions, and this share of the group's, have it.
const LEAST: usize = 3;
const SHARE: f64 = 0.3;

/// Groups the pairs of `ground` by their gradients under `heads`, in all the ways that are asked for. `captions` are those
/// of the whole set, where they are known: groups are named by their words.
///
/// # Errors
/// As [`Asked::check`]; heads that do not fit; cancellation.
pub fn survey(
    ground: &Ground,
    heads: &LinearHeads,
    asked: &Asked,
    captions: Option<&[String]>,
    task: &Task,
) -> Result<Survey> {
    let began = Instant::now();
    let part = Paired::of(ground);
    asked.check(part.owners.len())?;
    let factors = factors(heads, &part.pairs(), asked.margin, task)?;
    let gradients = factors.gradients(asked.form)?;
    let concepts = captions
        .map(|captions| {
            let own = ground
                .pairs
                .iter()
                .filter_map(|&c| captions.get(c as usize));
            let own: Vec<String> = own.cloned().collect();
            Concepts::words(&own, LEAST, task)
        })
        .transpose()?;
    let making = Making {
        part: &part,
        factors: &factors,
        gradients: &gradients,
        concepts: concepts.as_ref(),
        asked,
        task,
    };
    let counts = asked.counts().into_iter().map(|count| making.at(count));
    let counts: Vec<AtCount> = counts.collect::<Result<_>>()?;
    let row = |image: u32| part.image_rows[image as usize];
    let pushed = (0..part.owners.len()).map(|n| factors.pushed_from(n).map(row));
    let hardest = factors.hardest_text.iter().zip(&factors.pushed_text);
    let hardest = hardest.map(|(&n, &pushed)| pushed.then(|| ground.pairs[n as usize]));
    let mut survey = Survey {
        asked: asked.clone(),
        images: Arc::new(part.owners.iter().map(|&i| row(i)).collect()),
        pushed: pushed.collect(),
        hardest: hardest.collect(),
        still: gradients.squares().iter().filter(|s| **s == 0.0).count(),
        captions: Arc::new(ground.pairs.clone()),
        counts,
        notes: ground.notes.clone(),
        seconds: 0.0,
        losses: factors.losses.clone(),
    };
    survey.notes.extend(notes(&survey, &factors));
    survey.seconds = began.elapsed().as_secs_f64();
    Ok(survey)
}

struct Making<'a> {
    part: &'a Paired,
    factors: &'a Factors,
    gradients: &'a Gradients,
    concepts: Option<&'a Concepts>,
    asked: &'a Asked,
    task: &'a Task,
}

impl Making<'_> {
    fn at(&self, count: usize) -> Result<AtCount> {
        let (asked, task) = (self.asked, self.task);
        let began = Instant::now();
        let descent = Descent {
            strata: count,
            restarts: asked.restarts,
            settled: asked.settled,
            seed: asked.seed,
            ..Descent::default()
        };
        let found = descend(self.gradients, &descent, None, task)?;
        let seconds = began.elapsed().as_secs_f64();
        let mut ways = vec![self.grouped(Way::Gradient, found.strata.clone())?];
        let given = asked.given.as_ref().filter(|given| given.count() == count);
        for &way in asked.ways.iter().filter(|way| **way != Way::Gradient) {
            let strata = if way == Way::Given {
                given.cloned()
            } else {
                task.begin(format!("Comparing with {}", way.title()), 0);
                way.strata(self.part, self.gradients, count, asked.seed, task)?
            };
            ways.extend(strata.map(|strata| self.grouped(way, strata)).transpose()?);
        }
        let mut groups = redundancies(self.gradients, &found.strata, Some(self.factors), task)?;
        for opposed in groups.iter_mut().flat_map(|group| &mut group.opposed) {
            opposed.image = self.part.image_rows[opposed.image as usize];
        }
        Ok(AtCount {
            count,
            names: self.names(&found.strata),
            keeping: Keeping::new(self.gradients, &found.strata, task)?,
            groups,
            ways,
            found,
            seconds,
        })
    }

    fn grouped(&self, way: Way, strata: Strata) -> Result<Grouped> {
        Ok(Grouped {
            way,
            variances: variances(self.gradients, &strata, self.task)?,
            strata,
        })
    }

    fn names(&self, strata: &Strata) -> Vec<String> {
        let Some(concepts) = self.concepts else {
            return vec![String::new(); strata.count()];
        };
        let labels = strata.labels().iter().copied().enumerate();
        let captions: Vec<(usize, u32)> = labels.collect();
        group_names(concepts, &captions, strata.count(), LEAST, SHARE)
    }
}

/// What is to be known of the figures.
fn notes(survey: &Survey, factors: &Factors) -> Vec<String> {
    let mut notes = Vec::new();
    let all = thousands(survey.pairs() as u64);
    if survey.still > 0 {
        let still = thousands(survey.still as u64);
        notes.push(format!(
            "{still} of {all} pairs give no gradient: their hinges are 0, so they move nothing at these heads."
        ));
    }
    if factors.alone > 0 {
        let alone = thousands(factors.alone as u64);
        notes.push(format!(
            "{alone} of {all} pairs have no other pair to be told apart from, and give no gradient: hard negatives are \
             looked for among captions of the same place at their image, and few images have as many captions."
        ));
    }
    for at in &survey.counts {
        if at.found.distinct <= at.count {
            notes.push(format!(
                "There are {} different gradients, so {} groups hold each alone, and the variance is 0.",
                thousands(at.found.distinct as u64),
                thousands(at.count as u64)
            ));
        } else if !at.found.settled {
            notes.push(format!(
                "{} groups: the descent ended after {} sweeps, while single pairs could still lower the variance.",
                thousands(at.count as u64),
                at.found.sweeps
            ));
        }
    }
    notes
}
