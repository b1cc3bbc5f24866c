//! The folder of heads that forgot.

use crate::cli::encoder::EncoderArgs;
use crate::cli::learn::output::{Parts, heads_of};
use crate::cli::material::Material;
use crate::error::{Error, Result};
use crate::files::write_json;
use crate::learn::export::Heads;
use crate::learn::forget::{Asked, Chosen, State, Study};
use crate::learn::{Run, Setup};
use crate::task::Task;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What reproduces heads that forgot, with the run in `before/`.
#[derive(Serialize)]
struct Kept<'a> {
    /// How the heads were trained.
    setup: &'a Setup,
    /// How they forgot.
    asked: &'a Asked,
    /// The images that they forgot, rows of the dataset.
    forgotten: &'a [u32],
    /// What they were trained on: the embeddings' mark.
    mark: &'a str,
    split: &'a str,
    engine: &'a str,
    steps: usize,
    figures: &'a [State; 3],
}

/// Writes for each seed the heads that forgot (`heads.safetensors`), what reproduces them (`forget.json`), the heads before
/// and those trained without (`before/`, `without/`), then the encoders. Returns the folder of each, and why it has no
/// encoder where one was asked for.
///
/// # Errors
/// A file cannot be written; cancellation.
pub fn write(
    out: &Path,
    (runs, studies): (&[Arc<Run>], &[Study]),
    (chosen, asked): (&Chosen, &Asked),
    (material, encoder): (&Material, &EncoderArgs),
    task: &Task,
) -> Result<Vec<(PathBuf, Option<String>)>> {
    let parts = Parts::of(material, encoder)?;
    let mut folders = Vec::with_capacity(runs.len());
    for (run, study) in runs.iter().zip(studies) {
        task.check()?;
        let (loss, seed) = (run.setup.loss.name(), run.setup.seed);
        let folder = out.join(format!("{loss}-seed{seed}"));
        for (name, run) in [("before", &**run), ("without", &study.without)] {
            let inner = folder.join(name);
            std::fs::create_dir_all(&inner).map_err(Error::io("create", &inner))?;
            heads_of(run).write(&inner.join("heads.safetensors"))?;
            run.save(&inner.join("run.json"))?;
        }
        let heads = Heads {
            shape: run.setup.head,
            weights: study.forgot.weights.clone(),
        };
        heads.write(&folder.join("heads.safetensors"))?;
        write_json(
            &folder.join("forget.json"),
            &Kept {
                setup: &run.setup,
                asked,
                forgotten: &chosen.images,
                mark: &run.mark,
                split: &run.split.told,
                engine: &run.engine,
                steps: study.forgot.steps,
                figures: &study.states,
            },
        )?;
        let note = match &parts {
            Some(parts) => parts.with(&heads, &folder, task)?,
            None => None,
        };
        folders.push((folder, note));
    }
    Ok(folders)
}
