//! Pictures of a dual encoder against all captions of a set.

mod contest;

use super::network::Network;
use super::{Slope, Uphill, Verdict, Victim};
use crate::compute::{Embeddings, Engine, Grid, Groups, Hit, TIE};
use crate::error::{Error, Result};
use crate::grad::Objective;
use crate::task::Task;
use contest::Contest;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;

/// What an attack on a picture wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// Some wrong caption ranks before every right one: right is the best of the picture's own captions, wrong the
    /// hardest of all others.
    #[default]
    Lose,
    /// A chosen caption ranks first: wrong is that one, right the best of all others.
    Win,
    /// The embedding comes nearer to that of another picture than to its own: wrong is the cosine to the other, right
    /// that to its own without perturbation.
    Match,
    /// The embedding leaves its place: right is the cosine to its own without perturbation, wrong is 0.5.
    Away,
}

impl Goal {
    /// Every goal, with its name on the command line and in menus.
    pub const ALL: [(Self, &str, &str); 4] = [
        (Self::Lose, "lose", "lose the right caption"),
        (Self::Win, "win", "make a caption win"),
        (Self::Match, "match", "match another picture"),
        (Self::Away, "away", "push the embedding away"),
    ];
}

/// One picture's part of the goal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// The captions that are right; may be empty unless the goal is [`Goal::Lose`].
    pub own: Range<usize>,
    /// The caption that is to win, or the row of `images` to match.
    pub target: usize,
}

/// Captions that a gradient looks at: the picture's own, and the hardest of the rest, found anew in each step.
const CANDIDATES: usize = 32;

/// A batch of pictures under attack.
pub struct Pairs {
    network: Arc<Network>,
    engine: Arc<dyn Engine>,
    texts: Arc<Embeddings>,
    goal: Goal,
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
    /// Embeddings of the pictures without perturbation.
    pub images: Arc<Embeddings>,
    /// Embeddings of the captions.
    pub texts: Arc<Embeddings>,
    /// Which captions belong to which picture.
    pub groups: Arc<Groups>,
}

impl Pairs {
    /// Pictures `images` of `set`, with a target for each where the goal has one.
    ///
    /// # Errors
    /// A picture without a caption where the right one is to be lost; a picture or target that does not exist.
    pub fn new(set: &Set, goal: Goal, images: &[usize], targets: &[usize]) -> Result<Self> {
        let row = |(at, &image): (usize, &usize)| {
            let own = if image < set.groups.images() {
                set.groups.range(image)
            } else {
                return Err(no_such("picture", image, set.groups.images()));
            };
            let target = targets.get(at).copied().unwrap_or(0);
            let (what, limit) = match goal {
                Goal::Win => ("caption", set.texts.rows()),
                _ => ("picture", set.images.rows()),
            };
            if matches!(goal, Goal::Win | Goal::Match) && target >= limit {
                return Err(no_such(what, target, limit));
            }
            if goal == Goal::Lose && (own.is_empty() || own.len() >= set.texts.rows()) {
                return Err(Error::request(
                    format!("picture {image} has no right caption to lose, or no wrong one"),
                    "Choose another goal for it: make a caption win, or push the embedding away.",
                ));
            }
            Ok(Row { own, target })
        };
        let rows: Vec<Row> = images.iter().enumerate().map(row).collect::<Result<_>>()?;
        let clean = images.iter().map(|&i| set.images.row(i).to_vec()).collect();
        let wanted = match goal {
            Goal::Match => rows
                .iter()
                .map(|r| set.images.row(r.target).to_vec())
                .collect(),
            _ => Vec::new(),
        };
        Ok(Self {
            network: Arc::clone(&set.network),
            engine: Arc::clone(&set.engine),
            texts: Arc::clone(&set.texts),
            goal,
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

    /// Embeddings and verdicts of `x` in one run.
    ///
    /// # Errors
    /// As [`Victim::judge`].
    pub fn see(
        &mut self,
        rows: &[usize],
        x: &[f32],
        task: &Task,
    ) -> Result<(Embeddings, Vec<Verdict>)> {
        let found = self.embed(x, task)?;
        let verdicts = self.look(rows, &found, task)?;
        Ok((found, verdicts))
    }

    /// Looks at all captions: keeps the nearest of each row, and says how the row stands.
    fn look(&mut self, rows: &[usize], found: &Embeddings, task: &Task) -> Result<Vec<Verdict>> {
        if matches!(self.goal, Goal::Match | Goal::Away) {
            return Ok((0..rows.len())
                .map(|at| self.apart(rows[at], found.row(at)))
                .collect());
        }
        let most_own = rows.iter().map(|&r| self.rows[r].own.len()).max();
        let k = CANDIDATES + most_own.unwrap_or(0) + 1;
        let top = self.engine.top_k(found, &self.texts, k, &task.quiet())?;
        let verdicts = rows.iter().enumerate().map(|(at, &r)| {
            self.near[r] = top.row(at).to_vec();
            let row = &self.rows[r];
            let score = |j: usize| found.dot(at, &self.texts, j);
            let best = |among: &dyn Fn(usize) -> bool| {
                let mut hits = top.row(at).iter();
                hits.find(|h| among(h.index as usize))
                    .map_or(f32::NEG_INFINITY, |h| score(h.index as usize))
            };
            if self.goal == Goal::Win {
                let (right, wrong) = (best(&|j| j != row.target), score(row.target));
                return Verdict {
                    right,
                    wrong,
                    fooled: wrong > right + TIE,
                };
            }
            let right = row.own.clone().map(score).fold(f32::MIN, f32::max);
            let wrong = best(&|j| !row.own.contains(&j));
            Verdict {
                right,
                wrong,
                fooled: wrong >= right - TIE,
            }
        });
        Ok(verdicts.collect())
    }

    /// The verdict of goals that know no captions.
    fn apart(&self, row: usize, embedding: &[f32]) -> Verdict {
        let cosine = |other: &[f32]| -> f32 {
            let products = embedding.iter().zip(other);
            products
                .map(|(&a, &b)| f64::from(a) * f64::from(b))
                .sum::<f64>() as f32
        };
        let right = cosine(&self.clean[row]);
        let wrong = self.wanted.get(row).map_or(0.5, |w| cosine(w));
        Verdict {
            right,
            wrong,
            fooled: wrong > right,
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

    fn judge(&mut self, rows: &[usize], x: &[f32], task: &Task) -> Result<Vec<Verdict>> {
        Ok(self.see(rows, x, task)?.1)
    }

    fn climb(
        &mut self,
        rows: &[usize],
        x: &[f32],
        uphill: Uphill<'_>,
        task: &Task,
    ) -> Result<Slope> {
        let len = self.network.grid().len();
        if self.goal == Goal::Away {
            let dim = self.texts.dim();
            let clean: Vec<f32> = rows.iter().flat_map(|&r| &self.clean[r]).copied().collect();
            let extra = [(Objective::TARGET, &[dim][..], clean.as_slice())];
            let objective = Objective::Cosine { towards: false };
            let (loss, output, gradient) =
                self.network
                    .gradient(objective, x, rows.len(), &extra, task)?;
            let found = Embeddings::new(output.0, output.1)?;
            let verdicts = self.look(rows, &found, task)?;
            return Ok(Slope {
                loss,
                verdicts,
                gradient,
            });
        }
        // The nearest captions of a row that was never looked at are not known yet.
        let fresh: Vec<usize> = (0..rows.len())
            .filter(|&at| self.near[rows[at]].is_empty())
            .collect();
        if !fresh.is_empty() && self.goal != Goal::Match {
            let which: Vec<usize> = fresh.iter().map(|&at| rows[at]).collect();
            self.judge(&which, &crate::attack::pick(x, len, &fresh), task)?;
        }
        let contests: Vec<Contest> = rows
            .iter()
            .enumerate()
            .map(|(at, &row)| match (self.goal, uphill) {
                (Goal::Match, _) => self.duel(row),
                (_, Uphill::To(to) | Uphill::DlrTo(to)) => {
                    self.contest(row, CANDIDATES, to.get(at).copied())
                }
                _ => self.contest(row, CANDIDATES, None),
            })
            .collect();
        let count = contests.first().map_or(0, |c| c.right.len());
        let gather = |of: fn(&Contest) -> &[f32]| -> Vec<f32> {
            contests.iter().flat_map(of).copied().collect()
        };
        let (vectors, right, wrong) = (
            gather(|c| &c.vectors),
            gather(|c| &c.right),
            gather(|c| &c.wrong),
        );
        let objective = Objective::Contest {
            candidates: count,
            form: self.form(uphill, count),
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
        if uphill == Uphill::Margin {
            // Over all captions, not only those that the gradient looked at.
            loss = verdicts.iter().map(Verdict::margin).collect();
        }
        Ok(Slope {
            loss,
            verdicts,
            gradient,
        })
    }

    fn rivals(
        &mut self,
        rows: &[usize],
        x: &[f32],
        k: usize,
        task: &Task,
    ) -> Result<Vec<Vec<u32>>> {
        if self.goal != Goal::Lose {
            return Ok(vec![Vec::new(); rows.len()]);
        }
        self.judge(rows, x, task)?;
        let of_row = |&r: &usize| {
            let own = &self.rows[r].own;
            let others = self.near[r].iter().map(|h| h.index);
            others
                .filter(|&j| !own.contains(&(j as usize)))
                .take(k)
                .collect()
        };
        Ok(rows.iter().map(of_row).collect())
    }
}
