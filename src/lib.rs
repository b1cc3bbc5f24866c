//! `nearmiss` shows what an image-text model nearly gets wrong.
//!
//! # The map
//!
//! One crate, layers that only look down (a test enforces it by reading `use crate::`):
//!
//! | module | what it holds |
//! |---|---|
//! | [`error`] | the one error type: cause, file, remedy |
//! | [`files`] | files read, regular ones alone; written whole or not at all, singly or in sets; what their paths are called |
//! | [`task`] | the handle that long work takes: progress, cancel; the threads that run it; the gate of memory, contained panics, what was left half written |
//! | [`dataset`] | images, captions, which belongs to which; `formats/` has one file per format, `export/` writes them, `vectors/` files of embeddings |
//! | [`onnx`] | a model as a graph: the protobuf view, static shapes, the graph builder |
//! | [`grad`] | the gradient transform: driver, objectives, lowering, `rules/` (one file per family of operators) |
//! | [`compute`] | where numbers are crunched: `Gpu` (wgpu and `shaders/`) and `Cpu`, one trait |
//! | [`encoder`] | runtime discovery, sessions, model folders, `beside/`: what the files beside a model say, trials of a model, preprocessing, tokenizing, embedding, cache |
//! | [`retrieval`] | ranks, metrics, ranking losses, relevance; `given/`: embeddings as they are given; `mine/`: hard negatives; `structure/`: where they lie; two encoders compared |
//! | [`report`] | an evaluation as one self-contained HTML page |
//! | [`attack`] | threat models, victims, attacks with gradients (`white/`) and by queries (`query/`), captions, sets, reports |
//! | [`session`] | what is open and selected, settings, workspaces; `Command`: all that can be asked for |
//! | [`ui`] | drawing only: shell, theme, widgets, one file per view; returns `Command`s |
//! | [`app`] | the running program: executes commands, starts and drains jobs |
//! | [`cli`] | headless commands; each prints JSON with `--json` |
//!
//! Data flows one way: files -> `Dataset` -> encoders -> `Embeddings` (cached on disk as the models gave them) -> similarity ->
//! ranks, metrics and hard negatives -> objective and
//! gradient -> attack -> ranks again -> view. Every arrow is one job that reports progress and can be cancelled.
//!
//! # Where to add things
//!
//! - a dataset format: one file in `dataset/formats/`, one line in its table; to write it, one function in
//!   `dataset/export/` and its lines in `dataset/export/format.rs`
//! - a benchmark with given negatives: one file in `dataset/formats/`, its line in `dataset/trials.rs`
//! - an operator with a gradient: one line in its family's table in `grad/rules/` (or `grad/lower/`), one in
//!   `grad/known/table.rs` with the versions and attributes that it handles, one test case
//! - a kernel: one file in `shaders/`, one method of [`compute::Engine`], one parity test
//! - an attack: one file in `attack/white/` or `attack/query/` with its description and a test case, its `mod` line and its
//!   line of the list in that folder's `mod.rs`; `NEARMISS_WRITE_DOCS=1 cargo test attacks_of_the_readme` writes its row
//!   of the README's table
//! - a view: one file in `ui/`, one line in the rail's table
//! - a headless command: one file in `cli/`, one line in its `Command` enum

pub mod app;
pub mod attack;
pub mod cli;
pub mod compute;
pub mod dataset;
pub mod encoder;
pub mod error;
pub mod files;
pub mod grad;
pub mod onnx;
pub mod report;
pub mod retrieval;
pub mod session;
pub mod task;
pub mod ui;
