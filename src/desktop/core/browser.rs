//! The browser's list: which images or captions, in which order.

use crate::compute::Direction;
use crate::dataset::Dataset;
use crate::error::thousands;
use crate::retrieval::Side;
use crate::retrieval::structure::MarginBins;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Order of the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Sort {
    /// As the dataset has it.
    #[default]
    File,
    /// Worst rank of the right one first.
    Rank,
    /// Smallest margin to the hardest negative first.
    Margin,
}

impl Sort {
    /// Every order, for menus.
    pub const ALL: [Self; 3] = [Self::File, Self::Rank, Self::Margin];

    /// Name in menus.
    pub fn title(self) -> &'static str {
        match self {
            Self::File => "dataset order",
            Self::Rank => "worst rank first",
            Self::Margin => "smallest margin first",
        }
    }
}

/// A bin of a histogram of queries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bin {
    /// Queries whose right one has a rank from the first to the second.
    Ranks(u32, u32),
    /// Queries whose margin lies in bin `at` of these.
    Margins {
        /// The bins.
        bins: MarginBins,
        /// The bin, from 0.
        at: usize,
    },
}

impl Bin {
    /// Is query `i` of `direction` in it?
    pub fn holds(&self, direction: &Direction, i: usize) -> bool {
        match self {
            Self::Ranks(from, to) => (*from..=*to).contains(&direction.ranks[i]),
            Self::Margins { bins, at } => bins.place(direction.margin(i)) == Some(*at),
        }
    }

    /// What it holds, in words.
    pub fn title(&self) -> String {
        match self {
            Self::Ranks(from, to) if from == to => format!("rank {}", thousands(u64::from(*from))),
            Self::Ranks(from, to) => {
                let [from, to] = [from, to].map(|rank| thousands(u64::from(*rank)));
                format!("rank {from}–{to}")
            }
            Self::Margins { bins, at } => {
                // As many decimals as tell the ends apart.
                let wide = (bins.edge(at + 1) - bins.edge(*at)).abs();
                let digits = (1.0 - wide.log10()).ceil().clamp(3.0, 9.0) as usize;
                let edge = |n: usize| format!("{:+.digits$}", bins.edge(n)).replace('-', "−");
                format!("margin {} to {}", edge(*at), edge(at + 1))
            }
        }
    }
}

/// What the browser shows.
#[derive(Debug, Clone, Default)]
pub struct Browser {
    /// Words that must occur in a name or caption; empty for all.
    pub filter: String,
    /// Only queries whose best positive does not rank first.
    pub wrong_only: bool,
    /// Only queries whose margin is below this; `None` for all.
    pub margin_below: Option<f32>,
    /// Only queries of this side in this bin of a histogram; `None` for all.
    pub bin: Option<(Side, Bin)>,
    /// Order of the list.
    pub sort: Sort,
    /// The rows shown, in order; none while they are listed anew.
    pub rows: Vec<u32>,
    /// Changes when the rows are others.
    pub listed: u64,
    /// Are they listed by a job that is under way?
    pub is_listing: bool,
}

impl Browser {
    /// Recomputes `rows` for one side of `dataset`; `direction` is that side's ranking where there is one; `only` the
    /// images that alone are shown. False, with the rows as they were, where `stop` said so before the end.
    pub fn refresh(
        &mut self,
        dataset: &Dataset,
        side: Side,
        direction: Option<&Direction>,
        only: Option<&BTreeSet<u32>>,
        stop: impl Fn() -> bool,
    ) -> bool {
        /// Rows between two looks at whether to stop.
        const STRIDE: usize = 4096;
        let needles: Vec<String> = self
            .filter
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let count = match side {
            Side::Image => dataset.images.len(),
            Side::Text => dataset.captions.len(),
        };
        let matches = |i: usize| {
            if needles.is_empty() {
                return true;
            }
            let mut text = match side {
                Side::Image => {
                    let mut text = dataset.images[i].name.to_lowercase();
                    for caption in &dataset.captions[dataset.captions_of(i)] {
                        text.push('\n');
                        text.push_str(caption);
                    }
                    text
                }
                Side::Text => dataset.captions[i].clone(),
            };
            text = text.to_lowercase();
            needles.iter().all(|n| text.contains(n))
        };
        let ranked = |i: usize| {
            let Some(direction) = direction else {
                return true;
            };
            (!self.wrong_only || direction.ranks[i] > 1)
                && self.margin_below.is_none_or(|m| direction.margin(i) < m)
                && self
                    .bin
                    .is_none_or(|(of, bin)| of != side || bin.holds(direction, i))
        };
        let kept = |i: usize| {
            only.is_none_or(|only| {
                let image = match side {
                    Side::Image => i,
                    Side::Text => dataset.image_of(i),
                };
                only.contains(&(image as u32))
            })
        };
        let mut rows = Vec::new();
        for from in (0..count).step_by(STRIDE) {
            if stop() {
                return false;
            }
            let all = from..count.min(from + STRIDE);
            let shown = all.filter(|&i| kept(i) && ranked(i) && matches(i));
            rows.extend(shown.map(|i| i as u32));
        }
        let before = std::mem::replace(&mut self.rows, rows);
        self.sort_rows(direction);
        self.listed += u64::from(before != self.rows);
        true
    }

    fn sort_rows(&mut self, direction: Option<&Direction>) {
        let Some(direction) = direction else {
            return;
        };
        let margin = |i: &u32| direction.margin(*i as usize);
        match self.sort {
            Sort::File => {}
            Sort::Rank => self.rows.sort_by(|a, b| {
                let rank = |i: &u32| direction.ranks[*i as usize];
                rank(b).cmp(&rank(a)).then(margin(a).total_cmp(&margin(b)))
            }),
            Sort::Margin => self.rows.sort_by(|a, b| margin(a).total_cmp(&margin(b))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::Hit;
    use crate::dataset::Image;

    fn dataset() -> Dataset {
        let image = |name: &str| Image::unseen(name);
        let groups = vec![
            (
                image("a.png"),
                vec!["A red star".to_string(), "star, red".into()],
            ),
            (image("b.png"), vec!["A blue ring".to_string()]),
            (image("c.png"), vec!["A RED ring".to_string()]),
        ];
        Dataset::from_groups("test", "test", groups, Vec::new())
    }

    fn direction() -> Direction {
        let hit = |score| Hit { score, index: 0 };
        Direction {
            ranks: vec![1, 3, 2],
            positive: vec![0.9, 0.5, 0.5],
            hardest: vec![hit(0.1), hit(0.6), hit(0.8)],
            ..Direction::default()
        }
    }

    #[test]
    fn filters_by_words_of_any_caption_whatever_the_case() {
        let mut browser = Browser {
            filter: "Red".into(),
            ..Browser::default()
        };
        browser.refresh(&dataset(), Side::Image, None, None, || false);
        assert_eq!(browser.rows, [0, 2]);
        browser.filter = "ring red".into();
        browser.refresh(&dataset(), Side::Text, None, None, || false);
        assert_eq!(browser.rows, [3]);
    }

    #[test]
    fn a_list_that_is_stopped_stays_as_it_was() {
        let mut browser = Browser::default();
        assert!(browser.refresh(&dataset(), Side::Text, None, None, || false));
        browser.filter = "ring".into();
        assert!(!browser.refresh(&dataset(), Side::Text, None, None, || true));
        assert_eq!(browser.rows, [0, 1, 2, 3]);
    }

    #[test]
    fn sorts_by_rank_and_by_margin() {
        let mut browser = Browser {
            sort: Sort::Rank,
            ..Browser::default()
        };
        browser.refresh(&dataset(), Side::Image, Some(&direction()), None, || false);
        assert_eq!(browser.rows, [1, 2, 0]);
        browser.sort = Sort::Margin;
        browser.wrong_only = true;
        browser.refresh(&dataset(), Side::Image, Some(&direction()), None, || false);
        assert_eq!(browser.rows, [2, 1]);
    }
}
