//! `nearmiss bench`: how fast ranking, embedding and the kernels are on this machine.

mod embed;
mod kernels;
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
    /// Compare every kernel of a graphics processor with the CPU's form of it, and time both
    Kernels(kernels::Kernels),
}

impl Bench {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<()> {
        match &self.what {
            What::Rank(arguments) => arguments.run(json),
            What::Embed(arguments) => arguments.run(json),
            What::Kernels(arguments) => arguments.run(json),
        }
    }
}
