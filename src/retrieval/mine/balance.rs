//! Negatives used by a bounded number of queries: deferred acceptance (Gale and Shapley 1962).
//!
//! Each unit asks for its candidates in order; a candidate keeps the units that prefer it most and turns the others
//! away, which then ask for their next. Both sides prefer by one measure (the margin, or the lot), so the outcome is
//! the one that a greedy pass over all pairs by that measure finds, in whatever order units ask.

use super::Sampling;
use super::lists::List;
use super::select::{Found, Selector};
use crate::compute::{Direction, Engine, Hit, TopK};
use crate::error::Result;
use crate::task::Task;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};

/// A unit's claim on a candidate: the greater is let go first.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Claim {
    /// The margin, or the lot.
    measure: f64,
    unit: u32,
}

impl Eq for Claim {}

impl Ord for Claim {
    fn cmp(&self, other: &Self) -> Ordering {
        self.measure
            .total_cmp(&other.measure)
            .then(self.unit.cmp(&other.unit))
    }
}

impl PartialOrd for Claim {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One unit's progress.
struct Asking {
    list: List,
    /// What it may take, in order of preference, as far as the list goes.
    wishes: Vec<Hit>,
    /// The list must be longer for more wishes.
    short: bool,
    /// A longer walk may find more wishes.
    more: bool,
    /// Wishes that it has asked for.
    asked: usize,
    holds: usize,
}

/// Takes for all units together, no candidate more than `most` times.
pub fn run(
    selector: &Selector<'_>,
    engine: &dyn Engine,
    first: &Direction,
    most: usize,
    task: &Task,
) -> Result<TopK> {
    let options = selector.options;
    let mut limit = 2 * options.k;
    let mut asking: Vec<Asking> = (0..selector.units.len())
        .into_par_iter()
        .map(|u| {
            let list = selector.first_list(u, first);
            let mut asking = Asking {
                list,
                wishes: Vec::new(),
                short: false,
                more: false,
                asked: 0,
                holds: 0,
            };
            asking.wish(selector, u, limit);
            asking
        })
        .collect();
    let mut held: HashMap<u32, BinaryHeap<Claim>> = HashMap::new();
    let mut page = first.negatives.k;
    let mut queue: Vec<usize> = (0..asking.len()).collect();
    loop {
        task.check()?;
        settle(selector, &mut asking, &mut held, queue, most);
        // Those that hold too few and may find more further down.
        let hungry: Vec<usize> = (0..asking.len())
            .filter(|&u| {
                let a = &asking[u];
                a.holds < options.k && a.asked == a.wishes.len() && a.more
            })
            .collect();
        if hungry.is_empty() {
            break;
        }
        limit *= 2;
        page = selector.next_page(page);
        task.begin("Looking further down", hungry.len() as u64);
        let (short, _): (Vec<usize>, Vec<usize>) = hungry.iter().partition(|&&u| asking[u].short);
        let waiting: Vec<(usize, List)> =
            short.iter().map(|&u| (u, asking[u].list.clone())).collect();
        for (u, list) in selector.further(engine, waiting, page, task)? {
            asking[u].list = list;
        }
        for &u in &hungry {
            asking[u].wish(selector, u, limit);
        }
        queue = hungry;
    }
    Ok(collect(selector, &held))
}

impl Asking {
    /// Walks down the list for `limit` wishes.
    fn wish(&mut self, selector: &Selector<'_>, u: usize, limit: usize) {
        let Wishes { hits, short, more } = Wishes::of(selector, u, &self.list, limit);
        (self.wishes, self.short, self.more) = (hits, short, more);
    }
}

/// What a unit may take, as far as its list goes.
pub struct Wishes {
    /// In order of preference.
    pub hits: Vec<Hit>,
    /// The list must be longer for more wishes.
    pub short: bool,
    /// A longer walk may find more.
    pub more: bool,
}

impl Wishes {
    /// Walks down the list for `limit` wishes. Of a random draw all of the window, by lot.
    pub fn of(selector: &Selector<'_>, u: usize, list: &List, limit: usize) -> Self {
        if let Sampling::Top = selector.options.sampling {
            let Found { hits, short } = selector.walk(u, list, limit);
            let more = short || hits.len() >= limit;
            return Self { hits, short, more };
        }
        let Found { mut hits, short } = selector.walk(u, list, usize::MAX);
        if short {
            // The lots of the rest are not known yet.
            hits.clear();
        }
        hits.sort_by_key(|hit| (selector.lot(u, hit.index), hit.index));
        let more = short;
        Self { hits, short, more }
    }
}

/// What units and candidates prefer by, the smaller the better: the margin, or the lot.
pub fn measure(selector: &Selector<'_>, u: usize, hit: Hit) -> f64 {
    match selector.options.sampling {
        Sampling::Top => f64::from(selector.units[u].score) - f64::from(hit.score),
        Sampling::Random { .. } => f64::from(selector.lot(u, hit.index)),
    }
}

/// Lets the queued units ask until each holds enough or has asked for all it knows.
fn settle(
    selector: &Selector<'_>,
    asking: &mut [Asking],
    held: &mut HashMap<u32, BinaryHeap<Claim>>,
    mut queue: Vec<usize>,
    most: usize,
) {
    while let Some(u) = queue.pop() {
        while asking[u].holds < selector.options.k
            && let Some(&hit) = asking[u].wishes.get(asking[u].asked)
        {
            asking[u].asked += 1;
            let measure = measure(selector, u, hit);
            let claims = held.entry(hit.index).or_default();
            claims.push(Claim {
                measure,
                unit: u as u32,
            });
            asking[u].holds += 1;
            if claims.len() > most
                && let Some(lost) = claims.pop()
            {
                let loser = lost.unit as usize;
                asking[loser].holds -= 1;
                if loser != u {
                    queue.push(loser);
                }
            }
        }
    }
}

/// What every unit holds, hardest first.
fn collect(selector: &Selector<'_>, held: &HashMap<u32, BinaryHeap<Claim>>) -> TopK {
    let k = selector.options.k;
    let (queries, candidates) = selector.lists.both();
    let mut of: Vec<Vec<Hit>> = vec![Vec::new(); selector.units.len()];
    for (&index, claims) in held {
        for claim in claims {
            let u = claim.unit as usize;
            let query = selector.units[u].query as usize;
            of[u].push(Hit {
                score: queries.dot(query, candidates, index as usize),
                index,
            });
        }
    }
    let mut out = TopK::empty(of.len(), k);
    for (u, mut hits) in of.into_iter().enumerate() {
        hits.sort_by(Hit::order);
        out.row_mut(u)[..hits.len()].copy_from_slice(&hits);
    }
    out
}
