//! `nearmiss bench`: how fast ranking and embedding are on this machine.

mod embed;
mod rank;

use crate::error::Result;
use clap::{Args, Subcommand};

/// Arguments of `bench`.
#[derive(Debug, Args)]
pub struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Time top-k and all ranks, both directions, on random unit vectors
    Rank(rank::Rank),
    /// Time the embedding of a dataset's images and captions, without the cache
    Embed(Box<embed::Embed>),
}

impl Bench {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<()> {
        match &self.what {
            What::Rank(arguments) => arguments.run(json),
            What::Embed(arguments) => arguments.run(json),
        }
    }
}
