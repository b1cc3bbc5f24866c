//! Pictures of a dual encoder against all captions of a set.

mod aim;
mod candidate_set;

pub(in crate::attack) use aim::other_scores;
pub use aim::{Goal, RankedGoal};

use super::network::Network;
use super::{AscentLoss, ValueAndGradient, Verdict, Victim};
use crate::attack::loss::Loss;
use crate::compute::{Embedded, Embeddings, Engine, Grid, Hit, TIE, cosine};
use crate::error::{Error, Result};
use crate::grad::Objective;
use crate::task::Task;
use aim::Row;
use candidate_set::CandidateSet;
use std::sync::Arc;

/// Captions of its own that a gradient looks at, at most.
const OWN: usize = 8;

/// A batch of pictures under attack.
pub struct Pairs {
    network: Arc<Network>,
    engine: Arc<dyn Engine>,
    texts: Arc<Embeddings>,
    aim: RankedGoal,
    rows: Vec<Row>,
    /// The embedding of each row without perturbation.
    clean: Vec<Vec<f32>>,
    /// The embedding that each row is to match.
    wanted: Vec<Vec<f32>>,
    /// The captions that were hardest when the row was last looked at.
    near: Vec<Vec<Hit>>,
}

/// What stays the same for every batch of a set.
#[derive(Clone)]
pub struct Set {
    /// The image model.
    pub network: Arc<Network>,
    /// Ranks the captions.
    pub engine: Arc<dyn Engine>,
    /// The pictures without perturbation, and the captions.
    pub embedded: Embedded,
    /// Where these are some rows of a larger set, what that calls them. The embeddings of what is found are kept then, to
    /// be held against all of it.
    pub part: Option<Arc<PartOf>>,
}

/// What a larger set calls some of its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartOf {
    /// The number of each image, rising.
    pub images: Vec<u32>,
    /// The number of each caption, rising.
    pub texts: Vec<u32>,
    /// Images in all.
    pub all: usize,
}

impl Set {
    /// The number that the random draws of a query go by: that of a picture, or that of a caption after all pictures.
    pub(in crate::attack) fn draws(&self, image: usize, caption: Option<usize>) -> u32 {
        let Some(part) = &self.part else {
            let all = self.embedded.groups.images();
            return caption.map_or(image, |j| all + j) as u32;
        };
        match caption {
            None => part.images[image],
            Some(j) => (part.all as u32).wrapping_add(part.texts[j]),
        }
    }
}

impl Pairs {
    /// Pictures `images` of `set` (a picture may come several times), with a target for each where the aim has one.
    ///
    /// # Errors
    /// A picture without a caption where the right one is to be lost; a picture or target that does not exist.
    pub fn new(
        set: &Set,
        aim: impl Into<RankedGoal>,
        images: &[usize],
        targets: &[usize],
    ) -> Result<Self> {
        let aim = aim.into();
        let row = |(at, &image): (usize, &usize)| {
            Row::new(set, aim, image, targets.get(at).copied().unwrap_or(0))
        };
        let rows: Vec<Row> = images.iter().enumerate().map(row).collect::<Result<_>>()?;
        let clean = images
            .iter()
            .map(|&i| set.embedded.images.row(i).to_vec())
            .collect();
        let wanted = match aim {
            RankedGoal::Match => rows
                .iter()
                .map(|r| set.embedded.images.row(r.target).to_vec())
                .collect(),
            _ => Vec::new(),
        };
        Ok(Self {
            network: Arc::clone(&set.network),
            engine: Arc::clone(&set.engine),
            texts: Arc::clone(&set.embedded.texts),
            aim,
            near: vec![Vec::new(); rows.len()],
            rows,
            clean,
            wanted,
        })
    }

    /// Embeddings of unit norm of `x`, values of rows one after the other.
    ///
    /// # Errors
    /// The model fails, or `task` was cancelled.
    pub fn embed(&self, x: &[f32], task: &Task) -> Result<Embeddings> {
        let rows = x.len() / self.network.grid().len().max(1);
        let (values, dim) = self.network.forward(x, rows, task)?;
        Embeddings::new(values, dim)
    }

    /// Embeddings and verdicts of `x` in one run of the file as it is.
    ///
    /// # Errors
    /// As [`Victim::predict`].
    pub fn see(
        &mut self,
        rows: &[usize],
        x: &[f32],
        task: &Task,
    ) -> Result<(Embeddings, Vec<Verdict>)> {
        let found = self.network.embed_as_filed(x, task)?;
        let verdicts = self.look(rows, &found, task)?;
        Ok((found, verdicts))
    }

    /// Looks at all captions: keeps the nearest of each row, and says how the row stands.
    fn look(&mut self, rows: &[usize], found: &Embeddings, task: &Task) -> Result<Vec<Verdict>> {
        if !matches!(self.aim, RankedGoal::Lose { .. } | RankedGoal::Win) {
            return Ok((0..rows.len())
                .map(|at| self.apart(rows[at], found.row(at)))
                .collect());
        }
        let most_own = rows.iter().map(|&r| self.rows[r].own.len()).max();
        let k = self.aim.candidates() + most_own.unwrap_or(0) + 1;
        let top = self.engine.top_k(found, &self.texts, k, &task.quiet())?;
        let passed_over = self.aim.passed_over();
        let verdicts = rows.iter().enumerate().map(|(at, &r)| {
            self.near[r] = top.row(at).to_vec();
            let row = &self.rows[r];
            let score = |j: usize| found.dot(at, &self.texts, j);
            let best = |skip: usize, among: &dyn Fn(usize) -> bool| {
                let mut hits = top.row(at).iter().filter(|h| among(h.index as usize));
                hits.nth(skip)
                    .map_or(f32::NEG_INFINITY, |h| score(h.index as usize))
            };
            if self.aim == RankedGoal::Win {
                let (right, wrong) = (best(0, &|j| j != row.target), score(row.target));
                return Verdict {
                    right,
                    wrong,
                    fooled: wrong > right + TIE,
                };
            }
            let right = row.own.clone().map(score).fold(f32::MIN, f32::max);
            let wrong = best(passed_over, &|j| !row.own.contains(&j));
            Verdict {
                right,
                wrong,
                fooled: wrong >= right - TIE,
            }
        });
        Ok(verdicts.collect())
    }

    /// The verdict of aims that compare nothing with all captions.
    fn apart(&self, row: usize, embedding: &[f32]) -> Verdict {
        if let RankedGoal::Hide { .. } = self.aim {
            let Row { target, bar, .. } = self.rows[row];
            let right = cosine(embedding, self.texts.row(target));
            return Verdict {
                right,
                wrong: bar,
                fooled: bar >= right - TIE,
            };
        }
        let right = cosine(embedding, &self.clean[row]);
        let wrong = self.wanted.get(row).map_or(0.5, |w| cosine(embedding, w));
        Verdict {
            right,
            wrong,
            fooled: wrong > right,
        }
    }

    /// The candidate set that the gradient of a row is taken of.
    fn candidates_of(&self, row: usize, ascent: AscentLoss<'_>, at: usize) -> CandidateSet {
        let only = match ascent {
            AscentLoss::TargetedMargin(to) | AscentLoss::TargetedDlr(to) => to.get(at).copied(),
            _ => None,
        };
        match self.aim {
            RankedGoal::Match => self.two_pictures(row),
            RankedGoal::Hide { .. } => self.own_score_alone(self.rows[row].target),
            _ => self.candidate_set(row, self.aim.candidates(), only),
        }
    }
}

fn no_such(what: &str, index: usize, count: usize) -> Error {
    Error::request(
        format!("there is no {what} {index}; there are {count}"),
        "They count from 0.",
    )
}

impl Victim for Pairs {
    fn grid(&self) -> Grid {
        self.network.grid().with_rows(self.rows.len())
    }

    fn has_gradient(&self) -> bool {
        self.network.blocked().is_none()
    }

    fn refuses(&self, loss: Loss) -> Option<String> {
        self.aim.refuses(loss, self.texts.rows())
    }

    fn predict(&mut self, rows: &[usize], x: &[f32], task: &Task) -> Result<Vec<Verdict>> {
        let found = self.embed(x, task)?;
        self.look(rows, &found, task)
    }

    fn confirm(&mut self, rows: &[usize], x: &[f32], task: &Task) -> Result<Vec<Verdict>> {
        Ok(self.see(rows, x, task)?.1)
    }

    fn value_and_gradient(
        &mut self,
        rows: &[usize],
        x: &[f32],
        ascent: AscentLoss<'_>,
        task: &Task,
    ) -> Result<ValueAndGradient> {
        let len = self.network.grid().len();
        if self.aim == RankedGoal::Away {
            let dim = self.texts.dim();
            let clean: Vec<f32> = rows.iter().flat_map(|&r| &self.clean[r]).copied().collect();
            let extra = [(Objective::TARGET, &[dim][..], clean.as_slice())];
            let objective = Objective::Cosine { towards: false };
            let (loss, output, gradient) =
                self.network
                    .gradient(objective, x, rows.len(), &extra, task)?;
            let found = Embeddings::new(output.0, output.1)?;
            let verdicts = self.look(rows, &found, task)?;
            return Ok(ValueAndGradient {
                loss,
                verdicts,
                gradient,
            });
        }
        // The nearest captions of a row that was never looked at are not known yet.
        let fresh: Vec<usize> = (0..rows.len())
            .filter(|&at| self.near[rows[at]].is_empty())
            .collect();
        if !fresh.is_empty() && matches!(self.aim, RankedGoal::Lose { .. } | RankedGoal::Win) {
            let which: Vec<usize> = fresh.iter().map(|&at| rows[at]).collect();
            self.predict(&which, &crate::attack::pick(x, len, &fresh), task)?;
        }
        let candidate_sets: Vec<CandidateSet> = rows
            .iter()
            .enumerate()
            .map(|(at, &row)| self.candidates_of(row, ascent, at))
            .collect();
        let count = candidate_sets.first().map_or(0, |c| c.right.len());
        let gather = |of: fn(&CandidateSet) -> &[f32]| -> Vec<f32> {
            candidate_sets.iter().flat_map(of).copied().collect()
        };
        let (vectors, right, wrong) = (
            gather(|c| &c.vectors),
            gather(|c| &c.right),
            gather(|c| &c.wrong),
        );
        let objective = Objective::Contest {
            candidates: count,
            form: self.form(ascent, count),
        };
        let extra = [
            (
                Objective::CANDIDATES,
                &[count, self.texts.dim()][..],
                vectors.as_slice(),
            ),
            (Objective::RIGHT, &[count][..], right.as_slice()),
            (Objective::WRONG, &[count][..], wrong.as_slice()),
        ];
        let (mut loss, output, gradient) =
            self.network
                .gradient(objective, x, rows.len(), &extra, task)?;
        let found = Embeddings::new(output.0, output.1)?;
        let verdicts = self.look(rows, &found, task)?;
        if ascent == AscentLoss::Margin || matches!(self.aim, RankedGoal::Hide { .. }) {
            // Over all captions, not only those that the gradient looked at.
            loss = verdicts.iter().map(Verdict::margin).collect();
        }
        Ok(ValueAndGradient {
            loss,
            verdicts,
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
        let RankedGoal::Lose { .. } = self.aim else {
            return Ok(vec![Vec::new(); rows.len()]);
        };
        self.predict(rows, x, task)?;
        let of_row = |&r: &usize| {
            let own = &self.rows[r].own;
            let others = self.near[r].iter().map(|h| h.index);
            others
                .filter(|&j| !own.contains(&(j as usize)))
                .skip(self.aim.passed_over())
                .take(k)
                .collect()
        };
        Ok(rows.iter().map(of_row).collect())
    }
}
