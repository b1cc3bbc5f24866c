//! Which negatives are mined: the arguments.

use crate::cli::common::positive;
use crate::retrieval::mine::{Distinct, Measured, MineOptions, Sampling};
use clap::{Args, ValueEnum};

#[derive(Debug, Clone, Copy, ValueEnum)]
enum From {
    /// The query's best positive, as recall is
    Best,
    /// Its lowest-scoring positive, as sentence-transformers does
    Lowest,
    /// Each positive by itself, as the losses are
    Each,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Strategy {
    /// The hardest
    Top,
    /// Drawn at random
    Random,
}

/// The filters; their names are those of sentence-transformers' `mine_hard_negatives`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Filters")]
pub struct Filters {
    /// Pass over this many of the hardest negatives that the other filters leave
    #[arg(long, value_name = "N", default_value_t = 0)]
    range_min: usize,
    /// Look at the hardest N negatives only
    #[arg(long, value_name = "N", value_parser = positive)]
    range_max: Option<usize>,
    /// Least score of a negative
    #[arg(long, value_name = "S", allow_hyphen_values = true)]
    min_score: Option<f32>,
    /// Highest score of a negative
    #[arg(long, value_name = "S", allow_hyphen_values = true)]
    max_score: Option<f32>,
    /// Margin (positive less negative) at least this
    #[arg(long, value_name = "A", allow_hyphen_values = true)]
    absolute_margin: Option<f32>,
    /// Margin at least this part of the positive's score, such as 0.05
    #[arg(long, value_name = "PART")]
    relative_margin: Option<f32>,
    /// Margin below this: 0 for negatives that win
    #[arg(long, value_name = "A", allow_hyphen_values = true)]
    margin_below: Option<f32>,
    /// Semi-hard: margin above 0 and below this
    #[arg(long, value_name = "A")]
    semi_hard: Option<f32>,
    /// Which positive margins are measured from
    #[arg(long, value_name = "WHICH", default_value = "best")]
    margin_from: From,
    /// Which of the negatives that pass
    #[arg(long, value_name = "HOW", default_value = "top")]
    sampling: Strategy,
    /// Seed of what is drawn at random
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Captions that share this part of their content words count as one (equal ones always do)
    #[arg(long, value_name = "PART", conflicts_with = "keep_equal")]
    near_equal: Option<f32>,
    /// Keep negatives whose caption is equal to another's or to the query's own
    #[arg(long)]
    keep_equal: bool,
    /// Use no negative more than M times
    #[arg(long, value_name = "M", value_parser = positive)]
    most_uses: Option<usize>,
    /// Leave out negatives that may fit after all: those marked "may fit: check"
    #[arg(long)]
    drop_doubtful: bool,
}

impl Filters {
    /// The seed of what is drawn.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The options with `k` negatives per query.
    pub fn options(&self, k: usize) -> MineOptions {
        MineOptions {
            k,
            measured: match self.margin_from {
                From::Best => Measured::Best,
                From::Lowest => Measured::Lowest,
                From::Each => Measured::Each,
            },
            range_min: self.range_min,
            range_max: self.range_max,
            min_score: self.min_score,
            max_score: self.max_score,
            absolute_margin: self.absolute_margin,
            relative_margin: self.relative_margin,
            margin_below: self.margin_below,
            semi_hard: self.semi_hard,
            sampling: match self.sampling {
                Strategy::Top => Sampling::Top,
                Strategy::Random => Sampling::Random { seed: self.seed },
            },
            distinct: match self.near_equal {
                Some(part) => Distinct::Near(part),
                None if self.keep_equal => Distinct::All,
                None => Distinct::Equal,
            },
            most_uses: self.most_uses,
            drop_doubtful: self.drop_doubtful,
        }
    }
}
