//! Which concepts are taken for which: what the right answer has and the winner lacks, against what the winner has
//! instead.

use super::ConceptKind;
use super::concepts::{Concepts, without};
use crate::compute::{Groups, Ranking};
use crate::error::Result;
use crate::retrieval::Side;
use crate::task::Task;

/// Concepts that are counted, the most frequent: their square is held in memory.
const MOST: usize = 1024;
/// Pairs listed.
const LISTED: usize = 400;
/// Examples of a pair.
const EXAMPLES: usize = 5;

/// A query whose hardest negative scores at least as high as its best positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mistake {
    /// The query's row.
    pub query: u32,
    /// The caption or image that is right and scores best.
    pub positive: u32,
    /// The caption or image that wins.
    pub negative: u32,
}

/// The queries of one side that are lost. A tie counts against the positive, as in the ranks.
pub fn mistakes(ranking: &Ranking, groups: &Groups, side: Side) -> Vec<Mistake> {
    let direction = match side {
        Side::Image => &ranking.i2t,
        Side::Text => &ranking.t2i,
    };
    let owners = groups.owners();
    let best = |i: usize| {
        let score = |j: &usize| ranking.pairs[*j];
        let best = groups
            .range(i)
            .reduce(|a, b| if score(&b) > score(&a) { b } else { a });
        best.map(|j| j as u32)
    };
    (0..direction.ranks.len())
        .filter(|&q| direction.ranks[q] > 1 && direction.hardest[q].index != u32::MAX)
        .filter_map(|q| {
            Some(Mistake {
                query: q as u32,
                positive: match side {
                    Side::Image => best(q)?,
                    Side::Text => owners[q],
                },
                negative: direction.hardest[q].index,
            })
        })
        .collect()
}

/// One concept lost for another.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The concept of the right answer, by number.
    pub lost: u32,
    /// The concept of the winner, by number.
    pub gained: u32,
    /// Mistakes with both.
    pub count: usize,
    /// How much more often than if the two were independent: `count N / (N_lost N_gained)` over the N mistakes.
    pub lift: f64,
    /// Some of the mistakes, in the order of the queries.
    pub examples: Vec<Mistake>,
}

/// Concepts taken for one another in one direction.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Confusion {
    /// Name of each concept.
    pub names: Vec<String>,
    /// Mistakes in all.
    pub mistakes: usize,
    /// Mistakes in which some concept was lost for another.
    pub told: usize,
    /// Mistakes in which each concept was lost.
    pub lost: Vec<usize>,
    /// Mistakes in which each concept was gained.
    pub gained: Vec<usize>,
    /// The most frequent pairs, ties by name.
    pub pairs: Vec<Pair>,
    /// The concepts of [`Confusion::table`], by number, the most confused first.
    pub shown: Vec<u32>,
    /// Mistakes by concept lost (row) and gained (column), row-major over `shown`.
    pub table: Vec<u32>,
}

/// Concepts of the small table.
const SHOWN: usize = 20;

/// Counts the concepts of `mistakes` of one side's queries.
///
/// Words: those of the positive that the negative lacks against those of the negative that the positive lacks. An image
/// has the words that at least half of its captions hold, and lacks those that none of them holds. Labels: that of the
/// right image against that of the wrong one, where they differ. Only the 1,024 most frequent concepts are counted.
///
/// # Errors
/// Cancellation.
pub fn confusion(
    concepts: &Concepts,
    kind: ConceptKind,
    groups: &Groups,
    side: Side,
    mistakes: &[Mistake],
    task: &Task,
) -> Result<Confusion> {
    let n = concepts.names.len().min(MOST);
    let mut counts = vec![0_u32; n * n];
    let (mut lost, mut gained) = (vec![0; n], vec![0; n]);
    let mut told = 0;
    let exchange = Exchange {
        concepts,
        kind,
        groups,
        side,
        n: n as u32,
    };
    for (at, mistake) in mistakes.iter().enumerate() {
        if at % 1024 == 0 {
            task.check()?;
        }
        let (from, to) = exchange.of(mistake);
        told += usize::from(!from.is_empty() && !to.is_empty());
        for &b in &to {
            gained[b as usize] += 1;
        }
        for &a in &from {
            lost[a as usize] += 1;
            for &b in &to {
                counts[a as usize * n + b as usize] += 1;
            }
        }
    }
    let mut order: Vec<usize> = (0..n * n).filter(|&at| counts[at] > 0).collect();
    order.sort_by(|&a, &b| counts[b].cmp(&counts[a]).then(a.cmp(&b)));
    order.truncate(LISTED);
    let pair = |&at: &usize| {
        let (a, b, count) = (at / n, at % n, counts[at] as usize);
        Pair {
            lost: a as u32,
            gained: b as u32,
            count,
            lift: (count * mistakes.len()) as f64 / (lost[a] * gained[b]) as f64,
            examples: Vec::new(),
        }
    };
    let mut pairs: Vec<Pair> = order.iter().map(pair).collect();
    exchange.find_examples(&mut pairs, mistakes, task)?;
    let (shown, table) = small_table(&counts, n, kind);
    Ok(Confusion {
        names: concepts.names[..n].to_vec(),
        mistakes: mistakes.len(),
        told,
        lost,
        gained,
        pairs,
        shown,
        table,
    })
}

/// The concepts of the most frequent pairs, and how often each is taken for each.
fn small_table(counts: &[u32], n: usize, kind: ConceptKind) -> (Vec<u32>, Vec<u32>) {
    let weight = |id: usize| -> u64 {
        let row: u64 = counts[id * n..(id + 1) * n]
            .iter()
            .map(|&c| u64::from(c))
            .sum();
        let column: u64 = (0..n).map(|a| u64::from(counts[a * n + id])).sum();
        // Labels are few: those that are confused most. Words that everything is taken for say little: the largest
        // single confusion counts.
        match kind {
            ConceptKind::Folder => row + column,
            ConceptKind::Word => {
                let in_row = counts[id * n..(id + 1) * n].iter().max();
                let in_column = (0..n).map(|a| counts[a * n + id]).max();
                u64::from(in_row.copied().unwrap_or(0)) + u64::from(in_column.unwrap_or(0))
            }
        }
    };
    let mut weights: Vec<(u64, usize)> = (0..n).map(|id| (weight(id), id)).collect();
    weights.retain(|w| w.0 > 0);
    weights.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    weights.truncate(SHOWN);
    let shown: Vec<u32> = weights.iter().map(|w| w.1 as u32).collect();
    let table = shown
        .iter()
        .flat_map(|&a| {
            shown
                .iter()
                .map(move |&b| counts[a as usize * n + b as usize])
        })
        .collect();
    (shown, table)
}

/// What a mistake exchanges for what.
struct Exchange<'a> {
    concepts: &'a Concepts,
    kind: ConceptKind,
    groups: &'a Groups,
    side: Side,
    n: u32,
}

impl Exchange<'_> {
    /// The concepts lost and gained.
    fn of(&self, mistake: &Mistake) -> (Vec<u32>, Vec<u32>) {
        let (query, positive, negative) = (
            mistake.query as usize,
            mistake.positive as usize,
            mistake.negative as usize,
        );
        let concepts = self.concepts;
        let (mut lost, mut gained) = match (self.kind, self.side) {
            (ConceptKind::Word, Side::Image) => {
                let (right, wrong) = (concepts.of(positive), concepts.of(negative));
                (without(right, wrong), without(wrong, right))
            }
            (ConceptKind::Word, Side::Text) => {
                let right = concepts.of(query);
                let wrong = concepts.of_image(self.groups, negative);
                let half = self.groups.range(negative).len().div_ceil(2);
                let any: Vec<u32> = wrong.iter().map(|w| w.0).collect();
                let most: Vec<u32> = wrong.iter().filter(|w| w.1 >= half).map(|w| w.0).collect();
                (without(right, &any), without(&most, right))
            }
            (ConceptKind::Folder, Side::Image) => {
                let wrong = self.groups.owner(negative);
                self.labels(query, wrong)
            }
            (ConceptKind::Folder, Side::Text) => self.labels(positive, negative),
        };
        lost.retain(|&id| id < self.n);
        gained.retain(|&id| id < self.n);
        (lost, gained)
    }

    fn labels(&self, right: usize, wrong: usize) -> (Vec<u32>, Vec<u32>) {
        let (right, wrong) = (self.concepts.of(right), self.concepts.of(wrong));
        (without(right, wrong), without(wrong, right))
    }

    /// Fills in the examples of `pairs` by going through the mistakes once more.
    fn find_examples(&self, pairs: &mut [Pair], mistakes: &[Mistake], task: &Task) -> Result<()> {
        let place: std::collections::HashMap<(u32, u32), usize> = pairs
            .iter()
            .enumerate()
            .map(|(at, pair)| ((pair.lost, pair.gained), at))
            .collect();
        let mut open = pairs.len();
        for (at, mistake) in mistakes.iter().enumerate() {
            if at % 1024 == 0 {
                task.check()?;
            }
            if open == 0 {
                break;
            }
            let (from, to) = self.of(mistake);
            for key in from.iter().flat_map(|&a| to.iter().map(move |&b| (a, b))) {
                let Some(&at) = place.get(&key) else { continue };
                let most = EXAMPLES.min(pairs[at].count);
                let examples = &mut pairs[at].examples;
                if examples.len() < most {
                    examples.push(*mistake);
                    open -= usize::from(examples.len() == most);
                }
            }
        }
        Ok(())
    }
}
