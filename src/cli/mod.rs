//! Headless commands: each is one file with its arguments and a `run`, and one line in [`Command`].
//!
//! They print readable text, or with `--json` one JSON object on standard output. Standard error carries warnings and how
//! far the work has come: a bar where it is a terminal, else a line a minute. Exit codes: 0 done, 1 failed, 2 wrong usage,
//! 130 and 143 ended by SIGINT and SIGTERM.

mod answer;
mod attack;
mod augment;
mod bench;
mod benchmark;
mod cache;
mod common;
mod compare;
mod convert;
mod doctor;
mod embed;
mod encoder;
mod eval;
mod forget;
mod grad;
mod ground;
mod help;
mod learn;
mod linear;
mod listed;
mod map;
mod material;
mod mine;
mod output;
mod part;
mod progress;
mod rank;
mod remedy;
mod report;
mod runtime;
mod signals;
mod skipped;
mod strata;
mod vectors;

use crate::error::{Error, Result};
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// See what an image-text model nearly gets wrong. Without a command, opens the window.
#[derive(Debug, Parser)]
#[command(
    name = "nearmiss",
    version,
    arg_required_else_help = false,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// What to do without a window; `None` opens it.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Workspace file or dataset to open in the window
    #[arg(value_name = "PATH", value_parser = existing)]
    pub open: Option<PathBuf>,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub json: bool,
}

/// The headless commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say which engines, libraries, adapters and folders are in use
    Doctor(doctor::Doctor),
    /// Embed a dataset and write the vectors as .npy, .safetensors or .parquet files
    Embed(Box<embed::Embed>),
    /// Write a dataset, or a part of it, in another format; embeddings in another container
    Convert(convert::Convert),
    /// Recall, median and mean rank, rsum and ranking losses, both directions
    Eval(Box<eval::Eval>),
    /// Two encoders on the same data: what one gets right and the other wrong
    Compare(Box<compare::Compare>),
    /// One self-contained HTML page of an evaluation, with the hardest pairs and their pictures
    Report(Box<report::Report>),
    /// The best-ranked other side of one image, caption, text or picture
    Rank(Box<rank::Rank>),
    /// Hard negatives: what the model nearly prefers to the right answer, or does
    Mine(Box<mine::Mine>),
    /// Both sides of the joint space in one plane, and how far to trust that
    Map(Box<map::Map>),
    /// Heads trained on frozen embeddings: what hard negatives do to recall while they teach
    Learn(Box<learn::Learn>),
    /// Pairs forgotten by heads that were trained with them, beside heads that were trained without
    Forget(Box<forget::Forget>),
    /// Pairs grouped by the gradients they give: which pull the same way, and what sampling by groups gains
    Strata(Box<strata::Strata>),
    /// Linear classifiers of two groups: which perturbations each way of training withstands, and the best that can be
    Linear(Box<linear::Linear>),
    /// Which changes of a picture the encoder should not see: magnitudes learned on held-out pairs
    Augment(Box<augment::Augment>),
    /// The gradient of a model with respect to its input: what supports it, how exact, how fast
    Grad(Box<grad::Grad>),
    /// Attack a captioned set, a classifier or a caption: how little it takes
    Attack(Box<attack::Attack>),
    /// The work on a set in parts, on any number of machines: plan, run, watch and merge
    Part(part::Part),
    /// Measure ranking, embedding or the kernels of a graphics processor
    Bench(bench::Bench),
    /// The embeddings that are kept: list or clear them
    Cache(cache::CacheArgs),
    /// Manage the inference runtime
    Runtime(runtime::Runtime),
    /// Help of a command; all of it as Markdown, manual pages or completions for a shell
    Help(help::Help),
}

/// Reads the arguments of this process. Where they ask for help or the version, or are wrong, that is printed, with `--json`
/// also as an object, and the exit code is returned.
///
/// # Errors
/// There is nothing left to do but to end with this exit code.
pub fn parse() -> Result<Cli, ExitCode> {
    Cli::try_parse().map_err(|error| {
        // Nobody is left to tell when the stream is closed.
        let _ = error.print();
        let wrong = error.use_stderr();
        if wrong && std::env::args_os().any(|argument| argument == "--json") {
            let said = error.to_string();
            let what = said.split("\n\nUsage:").next().unwrap_or(&said);
            let what = what.trim().trim_start_matches("error: ");
            output::object(&Error::request(what, USAGE));
        }
        ExitCode::from(if wrong { 2 } else { 0 })
    })
}

const USAGE: &str = "See: nearmiss --help";

/// Runs the headless command of `arguments` and returns the exit code. Errors are printed with their remedy.
pub fn run(arguments: Cli) -> ExitCode {
    let Cli {
        command,
        open,
        json,
    } = arguments;
    let outcome = match (command, open) {
        (Some(command), None) => dispatch(command, json),
        (Some(_), Some(path)) => {
            return usage(&format!("{} stands before a command", path.display()), json);
        }
        (None, _) => return usage("no command given", json),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            // Whoever sent the signal needs no message.
            if let (true, Some(code)) = (error.is_cancelled(), signals::exit_code()) {
                return ExitCode::from(code);
            }
            output::failure(&error, json);
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command, json: bool) -> Result<ExitCode> {
    match command {
        // These have exit codes of their own.
        Command::Part(arguments) => return arguments.run(json),
        Command::Help(arguments) => return arguments.run(json),
        Command::Doctor(arguments) => arguments.run(json),
        Command::Embed(arguments) => arguments.run(json),
        Command::Convert(arguments) => arguments.run(json),
        Command::Eval(arguments) => arguments.run(json),
        Command::Compare(arguments) => arguments.run(json),
        Command::Report(arguments) => arguments.run(json),
        Command::Rank(arguments) => arguments.run(json),
        Command::Mine(arguments) => arguments.run(json),
        Command::Map(arguments) => arguments.run(json),
        Command::Learn(arguments) => arguments.run(json),
        Command::Forget(arguments) => arguments.run(json),
        Command::Strata(arguments) => arguments.run(json),
        Command::Linear(arguments) => arguments.run(json),
        Command::Augment(arguments) => arguments.run(json),
        Command::Grad(arguments) => arguments.run(json),
        Command::Attack(arguments) => arguments.run(json),
        Command::Bench(arguments) => arguments.run(json),
        Command::Cache(arguments) => arguments.run(json),
        Command::Runtime(arguments) => arguments.run(json),
    }
    .map(|()| ExitCode::SUCCESS)
}

fn usage(what: &str, json: bool) -> ExitCode {
    output::failure(&Error::request(what, USAGE), json);
    ExitCode::from(2)
}

/// A mistyped command would otherwise be taken for a file.
fn existing(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.exists() {
        Ok(path)
    } else {
        Err("no such command, file or folder".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(std::iter::once("nearmiss").chain(line.split_whitespace()))
    }

    #[test]
    fn arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_command_opens_the_window() {
        assert!(parse("").is_ok_and(|c| c.command.is_none() && c.open.is_none()));
        assert!(parse(".").is_ok_and(|c| c.command.is_none() && c.open.is_some()));
        assert!(parse("evall").is_err());
    }

    #[test]
    fn json_stands_anywhere() {
        for line in [
            "--json doctor",
            "doctor --json",
            "eval --dataset demo --encoder demo --json",
        ] {
            assert!(
                parse(line).is_ok_and(|c| c.json && c.command.is_some()),
                "{line}"
            );
        }
    }

    #[test]
    fn sources_exclude_each_other() {
        assert!(
            parse("eval --image-embeds a.npy --text-embeds b.npy --captions-per-image 5").is_ok()
        );
        assert!(parse("eval --dataset x --image-model a.onnx --text-model b.onnx").is_ok());
        // A dataset may bring its embeddings.
        assert!(parse("eval --dataset x").is_ok());
        assert!(parse("embed --dataset x").is_err());
        assert!(parse("eval --encoder demo").is_err());
        // One side alone is refused when it is run, with what it can be used for.
        assert!(parse("eval --dataset x --image-embeds a.npy").is_ok());
        assert!(parse("rank --image-embeds a.npy --encoder x --text words").is_ok());
        assert!(parse("rank --image-embeds a.npy --image 0").is_ok());
        assert!(
            parse("eval --dataset x --encoder demo --image-embeds a.npy --text-embeds b.npy")
                .is_err()
        );
        assert!(parse("rank --dataset x --encoder y --image 0 --caption 1").is_err());
        assert!(parse("rank --dataset x --encoder y").is_err());
        assert!(parse("runtime install cuda").is_ok());
        assert!(parse("bench rank --images 10 --captions 50 --dim 8").is_ok());
    }
}
