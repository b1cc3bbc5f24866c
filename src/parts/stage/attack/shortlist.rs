//! An attack on a set that a task cannot hold: each picture among the captions that are hardest for it, and what is found
//! held against the whole set.
//!
//! A rank among some captions is at most the rank among all, so that a picture that loses its right captions among those
//! of the shortlist has lost them in the whole set. What is reported of a perturbation is its exact rank in the whole set
//! nonetheless. What was not found among the shortlist might have been found among all: success is a lower bound.

use super::super::against::{Asking, against_all};
use super::super::gather::Set;
use super::super::whole::{Local, Whole};
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

/// A set that is too large for a task, and what ranks it.
pub(super) struct Beyond<'a> {
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
    /// What the whole set calls the rows.
    numbers: Arc<PartOf>,
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
        beyond: &Beyond<'_>,
        network: &Arc<Network>,
        pictures: &[usize],
        (captions, at): (usize, &[usize]),
        task: &Task,
    ) -> Result<Self> {
        let mut rows = Whole::new(beyond.set.run(), beyond.plan);
        let numbers: BTreeSet<u32> = pictures.iter().map(|&image| image as u32).collect();
        let own = rows.local(&numbers)?;
        let groups = &own.embedded.groups;
        let texts_of: Vec<Range<u32>> = (own.images.iter())
            .map(|&image| rows.texts_of(image))
            .collect::<Result<_>>()?;
        let owners: Vec<Range<u32>> = (own.images.iter().enumerate())
            .flat_map(|(i, &image)| groups.range(i).map(move |_| image..image + 1))
            .collect();
        let margin = Some(EvalOptions::default().margin);
        let of_images = Asking {
            rows: &own.embedded.images,
            own: &texts_of,
            scores: Queries {
                scores: &own.pairs,
                offsets: Some(groups.offsets()),
            },
        };
        let of_texts = Asking {
            rows: &own.embedded.texts,
            own: &owners,
            scores: Queries {
                scores: &own.pairs,
                offsets: None,
            },
        };
        let options = RankOptions {
            k: captions,
            margin,
        };
        let (i2t, first) = beyond.against(Side::Image, of_images, options, task)?;
        let options = RankOptions {
            k: neighbours(at),
            margin,
        };
        let (t2i, second) = beyond.against(Side::Text, of_texts, options, task)?;
        let hard: Vec<u32> = known(&i2t.top.hits).collect();
        let mut images: BTreeSet<u32> = known(&t2i.top.hits).chain(numbers).collect();
        for &text in &hard {
            images.insert(rows.owner(text)?);
        }
        let texts: BTreeSet<u32> = hard.into_iter().chain(own.texts.iter().copied()).collect();
        let (embedded, numbers) = part_of(rows.local(&images)?, &texts, beyond.plan.images())?;
        let found = |at: std::result::Result<usize, usize>| {
            at.map_err(|_| Error::plan("a shard has other rows than before"))
        };
        let image = |number: u32| found(numbers.images.binary_search(&number));
        let text = |number: u32| found(numbers.texts.binary_search(&number));
        let mut clean = Ranking {
            i2t: blank(numbers.images.len()),
            t2i: blank(numbers.texts.len()),
            ..Ranking::default()
        };
        for (q, &number) in own.images.iter().enumerate() {
            let at = image(number)?;
            clean.i2t.ranks[at] = i2t.above[q] + 1;
            let hardest = i2t.hardest[q];
            if hardest.index != u32::MAX {
                clean.i2t.hardest[at] = Hit {
                    index: text(hardest.index)? as u32,
                    ..hardest
                };
            }
        }
        for (q, &number) in own.texts.iter().enumerate() {
            clean.t2i.ranks[text(number)?] = t2i.above[q] + 1;
        }
        let pictures = pictures.iter().map(|&number| image(number as u32));
        let pictures = pictures.collect::<Result<_>>()?;
        let numbers = Arc::new(numbers);
        Ok(Self {
            set: attack::Set {
                network: Arc::clone(network),
                engine: Arc::clone(beyond.engine),
                embedded,
                part: Some(Arc::clone(&numbers)),
            },
            clean,
            pictures,
            hinges: first + second,
            numbers,
        })
    }

    /// Holds what was found for these pictures against the whole set, and gives pictures and captions their numbers there.
    ///
    /// # Errors
    /// As [`Shortlist::new`].
    pub fn verify(
        &self,
        beyond: &Beyond<'_>,
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
            let asked = self.asked(beyond, &finds)?;
            let options = RankOptions {
                k: ks.last().copied().unwrap_or(1),
                margin: None,
            };
            let (seen, _) = beyond.against(side, asked.asking(side), options, task)?;
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
            row.image = self.numbers.images[row.image] as usize;
            for unit in &mut row.units {
                unit.caption = unit.caption.map(|j| self.numbers.texts[j] as usize);
            }
        }
        Ok(())
    }

    /// Two queries for each of `finds`: exactly, and after rounding to 8 bits.
    fn asked(
        &self,
        beyond: &Beyond<'_>,
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
            let own = self.set.embedded.groups.range(*image);
            for e in embeddings {
                if let Some(j) = *caption {
                    of_texts = true;
                    values.extend_from_slice(texts.row(j));
                    let number = self.numbers.images[*image];
                    asked.own.push(number..number + 1);
                    asked.scores.push(cosine(e, texts.row(j)));
                } else {
                    values.extend_from_slice(e);
                    // All captions of a picture are in the part: their numbers follow each other.
                    let first = self.numbers.texts.get(own.start).copied().unwrap_or(0);
                    asked.own.push(first..first + own.len() as u32);
                    let scores = own.clone().map(|j| cosine(e, texts.row(j)));
                    asked.scores.extend(scores);
                }
                asked.offsets.push(asked.scores.len() as u32);
            }
        }
        asked.rows = beyond.set.embeddings(values, of_texts)?;
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

impl Beyond<'_> {
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

/// The numbers of real candidates.
fn known(hits: &[Hit]) -> impl Iterator<Item = u32> + '_ {
    let real = hits.iter().filter(|hit| hit.index != u32::MAX);
    real.map(|hit| hit.index)
}

/// The images of `local` with those of their captions that are among `texts`; `all`: images of the whole set.
fn part_of(local: Local, texts: &BTreeSet<u32>, all: usize) -> Result<(Embedded, PartOf)> {
    let Local {
        images,
        texts: numbers,
        embedded,
        ..
    } = local;
    let (mut kept, mut offsets) = (Vec::new(), vec![0]);
    for i in 0..images.len() {
        let own = embedded.groups.range(i);
        kept.extend(
            own.filter(|&j| texts.contains(&numbers[j]))
                .map(|j| j as u32),
        );
        offsets.push(kept.len() as u32);
    }
    let part = PartOf {
        images,
        texts: kept.iter().map(|&j| numbers[j as usize]).collect(),
        all,
    };
    let rows = Arc::new(embedded.texts.gather(&kept));
    let embedded = Embedded::shared(embedded.images, rows, Arc::new(Groups::new(offsets)?))?;
    Ok((embedded, part))
}

/// Nothing is said of so many queries.
fn blank(queries: usize) -> Direction {
    Direction {
        ranks: vec![0; queries],
        hardest: vec![Hit::NONE; queries],
        ..Direction::default()
    }
}
