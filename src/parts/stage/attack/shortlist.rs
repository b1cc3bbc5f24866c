//! An attack on a set that a task cannot hold: each picture among the captions that are hardest for it, and what is found
//! held against the whole set.
//!
//! A rank among some captions is at most the rank among all, so that a picture that loses its right captions among those
//! of the shortlist has lost them in the whole set. What is reported of a perturbation is its exact rank in the whole set
//! nonetheless. What was not found among the shortlist might have been found among all: success is a lower bound.

use super::super::against::{Asking, against_all};
use super::super::gather::Set;
use super::super::pick::{Picked, pick};
use crate::attack::{self, FoundPerturbation, Goal, Network, PartOf, RowDone};
use crate::compute::{
    Direction, Embedded, Embeddings, Engine, Groups, Hit, Queries, RankOptions, Ranking, cosine,
};
use crate::error::{Error, Result};
use crate::parts::plan::{AttackTerms, RankPlan};
use crate::retrieval::{EvalOptions, Side};
use crate::task::Task;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// A set that is too large for a task.
pub(super) struct Whole<'a> {
    pub set: Set<'a>,
    pub plan: &'a RankPlan,
    pub engine: &'a Arc<dyn Engine>,
}

/// Some pictures of it, with the captions that are hardest for them and the pictures that are hardest for their captions.
pub(super) struct Shortlist {
    /// The rows of the part.
    pub set: attack::Set,
    /// Where the pictures stand in the whole set, by the rows of the part. Of other rows nothing is said.
    pub clean: Ranking,
    /// The rows of the pictures in the part, in the order in which they were named.
    pub pictures: Vec<usize>,
    /// The sum of hinges of the pictures' pairs in the whole set, in the steps of [`crate::compute::Steps`].
    pub hinges: i128,
    /// What the part holds.
    part: Picked,
}

/// Pictures that are kept for a caption: one more than the deepest rank that is attacked for.
pub(super) fn neighbours(at: &[usize]) -> usize {
    at.last().map_or(1, |k| k + 1)
}

impl Shortlist {
    /// For these pictures, by their numbers, with `captions` of the hardest captions of each.
    ///
    /// # Errors
    /// A shard is missing, damaged or cannot be read; the engine fails; cancellation.
    pub fn new(
        whole: &Whole<'_>,
        network: &Arc<Network>,
        pictures: &[usize],
        (captions, at): (usize, &[usize]),
        task: &Task,
    ) -> Result<Self> {
        let numbers: BTreeSet<u32> = pictures.iter().map(|&image| image as u32).collect();
        let own = pick(&whole.set, &numbers, &BTreeSet::new(), true, task)?;
        let rows = whole.rows(own.image_rows.clone(), own.text_rows.clone())?;
        let options = |k| RankOptions {
            k,
            margin: Some(EvalOptions::default().margin),
        };
        let of_images = Asking {
            rows: &rows[0],
            own: &own.own,
            scores: Queries {
                scores: &own.pairs,
                offsets: Some(&own.offsets),
            },
        };
        let owners: Vec<Range<u32>> = (own.images.iter().enumerate())
            .flat_map(|(i, &image)| {
                (own.offsets[i]..own.offsets[i + 1]).map(move |_| image..image + 1)
            })
            .collect();
        let of_texts = Asking {
            rows: &rows[1],
            own: &owners,
            scores: Queries {
                scores: &own.pairs,
                offsets: None,
            },
        };
        let (i2t, first) = whole.against(Side::Image, of_images, options(captions), task)?;
        let near = neighbours(at);
        let (t2i, second) = whole.against(Side::Text, of_texts, options(near), task)?;
        let known = |hits: &[Hit]| -> Vec<u32> {
            let real = hits.iter().filter(|hit| hit.index != u32::MAX);
            real.map(|hit| hit.index).collect()
        };
        let texts = known(&i2t.top.hits).into_iter().chain(own.texts.clone());
        let images = known(&t2i.top.hits).into_iter().chain(numbers);
        let (images, texts) = (images.collect(), texts.collect());
        let part = pick(&whole.set, &images, &texts, false, task)?;
        let found =
            |at: Option<usize>| at.ok_or_else(|| Error::plan("a shard has other rows than before"));
        let mut clean = Ranking {
            i2t: blank(part.images.len()),
            t2i: blank(part.texts.len()),
            ..Ranking::default()
        };
        for (q, &image) in own.images.iter().enumerate() {
            let at = found(part.image(image))?;
            clean.i2t.ranks[at] = i2t.above[q] + 1;
            if let Some(text) = part.text(i2t.hardest[q].index) {
                clean.i2t.hardest[at] = Hit {
                    index: text as u32,
                    ..i2t.hardest[q]
                };
            }
        }
        for (q, &text) in own.texts.iter().enumerate() {
            clean.t2i.ranks[found(part.text(text))?] = t2i.above[q] + 1;
        }
        let [images, texts] = whole.rows(part.image_rows.clone(), part.text_rows.clone())?;
        let of_part = PartOf {
            images: part.images.clone(),
            texts: part.texts.clone(),
            all: whole.plan.images(),
        };
        Ok(Self {
            set: attack::Set {
                network: Arc::clone(network),
                engine: Arc::clone(whole.engine),
                embedded: Embedded::new(images, texts, Groups::new(part.offsets.clone())?)?,
                part: Some(Arc::new(of_part)),
            },
            clean,
            pictures: pictures
                .iter()
                .map(|&image| found(part.image(image as u32)))
                .collect::<Result<_>>()?,
            hinges: first + second,
            part,
        })
    }

    /// Holds what was found for these pictures against the whole set, and gives pictures and captions their numbers there.
    ///
    /// # Errors
    /// As [`Shortlist::new`].
    pub fn verify(
        &self,
        whole: &Whole<'_>,
        terms: &AttackTerms,
        rows: &mut [RowDone],
        task: &Task,
    ) -> Result<()> {
        // Captions of one image follow each other, and those of a lower one come before: as their images are searched.
        rows.sort_by_key(|row| row.image);
        let ks: &[usize] = if terms.goal == Goal::Lose {
            &terms.at
        } else {
            &[1]
        };
        for side in [Side::Image, Side::Text] {
            let mut finds: Vec<(usize, Option<usize>, &mut FoundPerturbation)> = Vec::new();
            for row in &mut *rows {
                for unit in row.units.iter_mut().filter(|unit| unit.side() == side) {
                    let (image, caption) = (row.image, unit.caption);
                    finds.extend(unit.finds.iter_mut().map(|find| (image, caption, find)));
                }
            }
            if finds.is_empty() {
                continue;
            }
            let asked = self.asked(whole, &finds)?;
            let options = RankOptions {
                k: ks.last().copied().unwrap_or(1),
                margin: None,
            };
            let (seen, _) = whole.against(side, asked.asking(side), options, task)?;
            for (n, (_, _, find)) in finds.iter_mut().enumerate() {
                let [exact, saved] = [2 * n, 2 * n + 1];
                let lost = |q: usize| -> Vec<bool> {
                    let rank = seen.above[q] as usize + 1;
                    ks.iter().map(|&k| rank > k).collect()
                };
                find.rank = seen.above[exact] + 1;
                if terms.goal == Goal::Lose {
                    let right = asked.right(side, exact);
                    let wrong = seen.top.row(exact);
                    let margin = |&k: &usize| {
                        let hit = wrong.get(k.wrapping_sub(1));
                        let hit = hit.filter(|hit| hit.index != u32::MAX);
                        hit.map(|hit| hit.score - right)
                    };
                    find.margins = ks.iter().map(margin).collect();
                    (find.reached, find.saved_reached) = (lost(exact), lost(saved));
                }
            }
        }
        for row in rows {
            row.image = self.part.images[row.image] as usize;
            for unit in &mut row.units {
                unit.caption = unit.caption.map(|j| self.part.texts[j] as usize);
            }
        }
        Ok(())
    }

    /// Two queries for each of `finds`: exactly, and after rounding to 8 bits.
    fn asked(
        &self,
        whole: &Whole<'_>,
        finds: &[(usize, Option<usize>, &mut FoundPerturbation)],
    ) -> Result<Asked> {
        let texts = &self.set.embedded.texts;
        let (mut values, mut of_texts) = (Vec::new(), false);
        let mut asked = Asked {
            offsets: vec![0],
            ..Asked::default()
        };
        for (image, caption, find) in finds {
            let embeddings = find.embeddings.as_deref();
            let embeddings =
                embeddings.ok_or_else(|| Error::plan("an attack kept no embedding"))?;
            for e in embeddings {
                let own = self.part.offsets[*image] as usize..self.part.offsets[image + 1] as usize;
                if let Some(j) = *caption {
                    of_texts = true;
                    values.extend_from_slice(texts.row(j));
                    let number = self.part.images[*image];
                    asked.own.push(number..number + 1);
                    asked.scores.push(cosine(e, texts.row(j)));
                } else {
                    values.extend_from_slice(e);
                    asked.own.push(self.part.own[*image].clone());
                    asked.scores.extend(own.map(|j| cosine(e, texts.row(j))));
                }
                asked.offsets.push(asked.scores.len() as u32);
            }
        }
        asked.rows = whole.set.embeddings(values, of_texts)?;
        Ok(asked)
    }
}

/// Queries of one side with what is right for them.
#[derive(Default)]
struct Asked {
    rows: Embeddings,
    own: Vec<Range<u32>>,
    scores: Vec<f32>,
    offsets: Vec<u32>,
}

impl Asked {
    fn queries(&self, side: Side) -> Queries<'_> {
        Queries {
            scores: &self.scores,
            offsets: (side == Side::Image).then_some(&self.offsets),
        }
    }

    fn asking(&self, side: Side) -> Asking<'_> {
        Asking {
            rows: &self.rows,
            own: &self.own,
            scores: self.queries(side),
        }
    }

    /// The score of the best right candidate of query `q`.
    fn right(&self, side: Side, q: usize) -> f32 {
        let scores = self.queries(side).of(q).iter();
        scores.copied().fold(f32::NEG_INFINITY, f32::max)
    }
}

impl Whole<'_> {
    /// Both sides' rows as they are compared.
    fn rows(&self, images: Vec<f32>, texts: Vec<f32>) -> Result<[Embeddings; 2]> {
        Ok([
            self.set.embeddings(images, false)?,
            self.set.embeddings(texts, true)?,
        ])
    }

    fn against(
        &self,
        side: Side,
        queries: Asking<'_>,
        options: RankOptions,
        task: &Task,
    ) -> Result<(crate::compute::Seen, i128)> {
        let engine = self.engine.as_ref();
        against_all((&self.set, self.plan), side, queries, options, engine, task)
    }
}

/// Nothing is said of so many queries.
fn blank(queries: usize) -> Direction {
    Direction {
        ranks: vec![0; queries],
        hardest: vec![Hit::NONE; queries],
        ..Direction::default()
    }
}
