//! `nearmiss` shows what an image-text model nearly gets wrong.
//!
//! # The map
//!
//! Layers that only look down (a test enforces it by reading `use crate::`). [`onnx`] and [`grad`] are a crate of their
//! own, `nearmiss-grad` in `src/grad/`, that knows nothing of this one:
//!
//! | module | what it holds |
//! |---|---|
//! | [`error`] | the one error type: cause, file, remedy |
//! | [`files`] | files read, regular ones alone; written whole or not at all, singly or in sets; what their paths are called |
//! | [`paths`] | where the program keeps what is its own: data and settings, the cache |
//! | [`task`] | the handle that long work takes: progress, cancel; the threads that run it; the gate of memory, contained panics, what was left half written |
//! | [`dataset`] | images, captions, which belongs to which; `formats/` has one file per format, in rooms by kind, `export/` writes them, `vectors/` files of embeddings |
//! | [`onnx`] | a model as a graph: the protobuf view, static shapes, the graph builder |
//! | [`grad`] | the gradient transform: driver, objectives, lowering, `rules/` (one file per family of operators); `guard/`: what bounds work on files that nobody vouches for |
//! | [`compute`] | ranking, search, attack steps, transforms, training of heads (`train/`): `Gpu` (wgpu and `shaders/`) and `Cpu`, one trait |
//! | [`runtime`] | the inference engine: ONNX Runtime found and installed, providers, sessions, the engine for graphs in memory; `tuned/`: graphs that run often, rewritten for the CPU |
//! | [`encoder`] | encoders: `folder/` finds their files, `beside/` reads what is said beside a model, `sides/` opens and tries each model, `preprocess/`, `tokenize/`, `tower/` (the inputs and outputs of a model), `embed/`, `cache/` |
//! | [`retrieval`] | ranks, metrics, ranking losses, relevance; `given/`: embeddings as they are given; `alike/`: what is there twice; `mine/`: hard negatives; `structure/`: where they lie; two encoders compared |
//! | [`map`] | both sides of the joint space in one plane: layouts (`pca/`, `tsne/`, `umap/`), clusters, `quality/`, the `gap/` between the sides, `picture/` |
//! | [`learn`] | heads learned on frozen embeddings: `policy/` which pairs are drawn, groups of captions with the recall of each, runs with their history, bands over seeds, `clients/` simulated clients that meet every R steps, `random_features/` a baseline in closed form, `export/` encoders made of them; `forget/` pairs unlearned; `strata/` gradient clustering and `survey/` what it says of the pairs; `linear/` classifiers, the perturbations they withstand, and rows moved so that they withstand more, `concepts/` two groups of images as their rows |
//! | [`names`] | names of what can be chosen, from one table for each kind |
//! | [`source`] | what is opened, for window and command line alike: a dataset with its embeddings, an encoder |
//! | [`report`] | an evaluation as one self-contained HTML page |
//! | [`attack`] | threat models, victims, attacks with gradients (`white/`) and by queries (`query/`), captions, sets, reports |
//! | [`augment`] | which changes of a picture the encoder should not see: `layer/` random copies as one graph, `levels/` the read-out, the loss of held-out pairs and its derivative by the magnitudes, learning, judging, `export/` averaged embeddings as an encoder |
//! | [`parts`] | the work on a set in parts that any engine can run on any number of machines: `plan/`, `stage/` what a task does, `merge/`, `store/` folders and object storage, `view/` what a merged run says |
//! | [`desktop`] | the window: `core/` what is open, with the identity of each part, jobs, commands, workspaces; `shell/` frame, palette, widgets; one folder per feature, all listed in `features.rs` |
//! | [`cli`] | headless commands; each prints JSON with `--json` |
//!
//! Data flows one way: files -> `Dataset` -> encoders -> `Embeddings` (cached on disk as the models gave them) -> similarity ->
//! ranks, metrics and hard negatives -> objective and
//! gradient -> attack -> ranks again -> view. Every arrow is one job that reports progress and can be cancelled.
//!
//! # Where to add things
//!
//! - a dataset format: one file with its test in a room of `dataset/formats/`, its `mod` in the room's `mod.rs`, one line in
//!   the table of `dataset/formats/mod.rs`; to write it, one function in `dataset/export/` and its lines in
//!   `dataset/export/format.rs`
//! - a benchmark with supplied negatives: one file in `dataset/trials/`, its `mod` and its line in the table there
//! - an operator with a gradient: one line in its family's table in `grad/src/rules/` (or `grad/src/lower/`), one in
//!   `grad/src/known/table.rs` with the versions and attributes that it handles, one test case
//! - a kernel: one file in `shaders/`, its line in `compute/gpu/kernels.rs`, one file in `compute/` (trait, both engines,
//!   the test that they agree), its two lines in `compute/mod.rs`
//! - an attack: one file in `attack/white/` or `attack/query/` with its description and a test case, its `mod` line and its
//!   line of the list in that folder's `mod.rs`; `NEARMISS_WRITE_DOCS=1 cargo test attacks_of_the_guide` writes its row
//!   of the guide's table
//! - a loss of the learning laboratory: one file in `compute/train/losses/` with its description and its function of one
//!   line of the similarity, its `mod` and its line of the list there; its shader `shaders/loss_NAME.wgsl` with its line in
//!   `compute/gpu/kernels.rs`; the tests go over all of them
//! - a way to group pairs, to compare gradient groups with: its line and its points in `learn/survey/way.rs`
//! - an optimizer of linear classifiers: one file in `learn/linear/train/`, its line of the table in `choices.rs` and of
//!   `start` in `run.rs`
//! - a change of pictures: its line and its unit in `augment/change.rs`, its draw in `draws.rs`, its operators in `layer/graph.rs`
//! - a sampling policy: one file in `learn/policy/`, its `mod` and its line of the list there
//! - an optimizer by clients: its kind in `learn/choices.rs`, what its server makes of a round in `learn/clients/server.rs`; a way
//!   to deal pairs to clients: a variant of `learn::ClientsBy`, its function in `learn/clients/deal.rs`
//! - a way to group captions: a variant of `learn::Grouping` with its groups, its word in `cli/learn/groups.rs`, its choice in
//!   `desktop/learning/group_by.rs`
//! - a view: one folder in `desktop/` that implements `desktop::feature::Feature` (state, commands, jobs; `view/` draws),
//!   its `mod` in `desktop/mod.rs` and one line in `desktop/features.rs`
//! - a page of the guide: one file in `assets/guide/`, its name in `desktop/guide/pages.rs`
//! - a term with its tooltip: one variant and one line in `desktop/shell/terms.rs`
//! - a key: one line of its view's table; the sheet of keys lists it
//! - a headless command: one file in `cli/`, one line in its `Command` enum

pub mod attack;
pub mod augment;
pub mod cli;
pub mod compute;
pub mod dataset;
pub mod desktop;
pub mod encoder;
pub mod error;
pub mod files;
pub mod learn;
pub mod map;
pub mod names;
pub mod parts;
pub mod paths;
pub mod report;
pub mod retrieval;
pub mod runtime;
pub mod source;
pub mod task;

pub use nearmiss_grad as grad;
pub use nearmiss_grad::onnx;
