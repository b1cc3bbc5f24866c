//! Heads that lie in a folder.

use super::export::Heads;
use super::run::Run;
use super::setup::Setup;
use super::start::Start;
use super::strata::LinearHeads;
use crate::compute::train::Loss;
use crate::dataset::npy::read_npy;
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// What heads that were trained are called.
const TRAINED: &str = "heads.safetensors";
/// What a run is.
const RUN: &str = "run.json";
/// Weights of the images' and of the captions' head.
const WEIGHTS: [&str; 2] = ["image.npy", "text.npy"];

/// The linear heads in `folder`, for embeddings of `inputs` values: what `learn` writes for each run (`heads.safetensors` or
/// `run.json`), the file of a run, or `image.npy` and `text.npy`, `[outputs, inputs]` each.
///
/// # Errors
/// None of these files, files that cannot be read, heads that are not linear or of other embeddings.
pub fn heads_in(folder: &Path, inputs: usize) -> Result<LinearHeads> {
    let [trained, run] = [TRAINED, RUN].map(|name| folder.join(name));
    // A run by its file.
    let run = if folder.is_file() {
        folder.to_path_buf()
    } else {
        run
    };
    let heads = if trained.is_file() {
        let heads = Heads::read(&trained)?;
        LinearHeads::of(&heads.shape, &heads.weights)?
    } else if run.is_file() {
        let run = Run::open(&run)?;
        LinearHeads::of(&run.setup.head, &run.learned.weights)?
    } else if WEIGHTS.iter().all(|name| folder.join(name).is_file()) {
        given(folder)?
    } else {
        return Err(nothing(folder));
    };
    if heads.inputs != inputs {
        return Err(Error::dataset(
            folder,
            format!(
                "has heads for embeddings of {} values; these have {inputs}",
                heads.inputs
            ),
            "Give heads that were trained on embeddings of this encoder.",
        ));
    }
    Ok(heads)
}

/// Random linear heads as a run of `seed` starts with, and what they are in words.
///
/// # Errors
/// Heads that cannot be.
pub fn start_heads(inputs: usize, outputs: usize, seed: u64) -> Result<(LinearHeads, String)> {
    let mut setup = Setup::new(Loss::default(), inputs, outputs);
    setup.seed = seed;
    let start = Start::Random.learned(&setup)?;
    let heads = LinearHeads::of(&setup.head, &start.weights)?;
    let told = format!("start heads, {inputs} to {outputs} values, seed {seed}");
    Ok((heads, told))
}

fn given(folder: &Path) -> Result<LinearHeads> {
    let mut shapes = Vec::new();
    let mut sides = Vec::new();
    for name in WEIGHTS {
        let path = folder.join(name);
        let (values, rows, columns) = read_npy(&path)?;
        if values.iter().any(|value| !value.is_finite()) {
            return Err(Error::dataset(
                &path,
                "holds values that are not finite",
                "Give weights without NaN and infinite values.",
            ));
        }
        shapes.push((rows, columns));
        sides.push(values.into_iter().map(f64::from).collect());
    }
    if shapes[0] != shapes[1] {
        return Err(Error::dataset(
            folder,
            format!(
                "has heads of two shapes: {:?} in {}, {:?} in {}",
                shapes[0], WEIGHTS[0], shapes[1], WEIGHTS[1]
            ),
            "Give one head per side, both [outputs, inputs].",
        ));
    }
    let (outputs, inputs) = shapes[0];
    let text = sides.pop().unwrap_or_default();
    Ok(LinearHeads {
        image: sides.pop().unwrap_or_default(),
        text,
        inputs,
        outputs,
        bias: false,
    })
}

/// What is said of a folder without heads; where its folders have some, they are named.
fn nothing(folder: &Path) -> Error {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut below: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.join(TRAINED).is_file() || path.join(RUN).is_file())
        .collect();
    below.sort();
    let remedy = match below.first() {
        Some(first) => format!(
            "It holds {} folders of runs: give one, such as {}.",
            below.len(),
            first.display()
        ),
        None => format!(
            "Give a run's folder that nearmiss learn --out wrote, or one with {} and {}.",
            WEIGHTS[0], WEIGHTS[1]
        ),
    };
    Error::dataset(
        folder,
        format!(
            "has neither {TRAINED} nor {RUN} nor {}",
            WEIGHTS.join(" and ")
        ),
        remedy,
    )
}
