//! Two encoders on the same data: what was found, and which queries are listed.

use crate::desktop::core::{Derived, Identities};
use crate::retrieval::compare::{CUTS, Shift, shift_of};
use crate::retrieval::{Comparison, Evaluation, Side};
use crate::source::EncoderSource;
use std::sync::Arc;

/// Where a query stands at k with both encoders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Right with both.
    Both,
    /// Right with the first alone.
    OnlyA,
    /// Right with the second alone.
    OnlyB,
    /// Wrong with both.
    Neither,
}

impl Outcome {
    /// Of two ranks at `k`.
    pub fn of(rank_a: u32, rank_b: u32, k: u32) -> Self {
        match (rank_a <= k, rank_b <= k) {
            (true, true) => Self::Both,
            (true, false) => Self::OnlyA,
            (false, true) => Self::OnlyB,
            (false, false) => Self::Neither,
        }
    }
}

/// A column of the list of queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CompareColumn {
    /// The dataset's order.
    Query,
    /// Rank with the first.
    RankA,
    /// Rank with the second.
    RankB,
    /// How far the rank moves.
    #[default]
    Shift,
    /// Score of the first one's hardest negative.
    HardestA,
    /// Score of the second one's hardest negative.
    HardestB,
}

/// What a comparison found.
#[derive(Debug, Clone)]
pub struct ComparedWith {
    /// The second encoder; another one may be at work by now.
    pub with: EncoderSource,
    /// The first encoder's ranking.
    pub first: Arc<Evaluation>,
    /// The second encoder's ranking.
    pub second: Arc<Evaluation>,
    /// The figures.
    pub figures: Arc<Comparison>,
}

impl ComparedWith {
    /// R@1 of both encoders in both directions, in words.
    pub fn figure(&self) -> String {
        let Comparison { i2t, t2i } = &*self.figures;
        format!(
            "R@1 of images {:.1} and {:.1} %, of captions {:.1} and {:.1} %",
            i2t.a.r1, i2t.b.r1, t2i.a.r1, t2i.b.r1
        )
    }

    /// Query `q` of one side.
    pub fn shift(&self, side: Side, q: usize) -> Shift {
        shift_of(self.first.direction(side), self.second.direction(side), q)
    }
}

/// The state of the comparison.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The second encoder that was asked for last.
    pub source: Option<EncoderSource>,
    /// What was found.
    pub found: Derived<ComparedWith>,
    /// Index in [`CUTS`] of the k at which a query is right.
    pub cut: usize,
    /// The queries listed; `None` for all.
    pub outcome: Option<Outcome>,
    /// Only queries whose rank moves by the first to the second; `None` for all.
    pub shifts: Option<[i64; 2]>,
    /// The column the list is sorted by, and whether it falls.
    pub sort: (CompareColumn, bool),
    /// Rows of the queries listed, in order.
    pub rows: Vec<u32>,
    /// The side that `rows` are of.
    listed: Side,
}

impl State {
    /// The k at which a query is right.
    pub fn k(&self) -> u32 {
        CUTS[self.cut.min(CUTS.len() - 1)]
    }

    /// Lists the queries of `side`, where those of the other are listed.
    pub fn turn(&mut self, side: Side, now: &Identities) {
        if self.listed != side {
            self.refresh(side, now);
        }
    }

    /// Lists the queries of one side anew.
    pub fn refresh(&mut self, side: Side, now: &Identities) {
        self.rows.clear();
        self.listed = side;
        let (k, outcome, (column, falls)) = (self.k(), self.outcome, self.sort);
        let Some(found) = self.found.get(now) else {
            return;
        };
        let (a, b) = (found.first.direction(side), found.second.direction(side));
        let shift = |q: usize| i64::from(b.ranks[q]) - i64::from(a.ranks[q]);
        let moved = |q: usize| {
            self.shifts
                .is_none_or(|[from, to]| (from..=to).contains(&shift(q)))
        };
        let keep = |q: usize| {
            moved(q) && outcome.is_none_or(|o| o == Outcome::of(a.ranks[q], b.ranks[q], k))
        };
        let rows: Vec<u32> = (0..a.ranks.len())
            .filter(|&q| keep(q))
            .map(|q| q as u32)
            .collect();
        self.rows = rows;
        self.rows.sort_by(|&x, &y| {
            let (p, q) = (x as usize, y as usize);
            let order = match column {
                CompareColumn::Query => x.cmp(&y),
                CompareColumn::RankA => a.ranks[p].cmp(&a.ranks[q]),
                CompareColumn::RankB => b.ranks[p].cmp(&b.ranks[q]),
                CompareColumn::Shift => shift(p).cmp(&shift(q)),
                CompareColumn::HardestA => a.hardest[p].score.total_cmp(&a.hardest[q].score),
                CompareColumn::HardestB => b.hardest[p].score.total_cmp(&b.hardest[q].score),
            };
            let order = if falls { order.reverse() } else { order };
            order.then(x.cmp(&y))
        });
    }
}
