//! The folder of what was learned.

use crate::cli::encoder::EncoderArgs;
use crate::cli::material::Material;
use crate::cli::output::warn;
use crate::error::{Error, Result};
use crate::learn::curves::{Axis, Drawing, write_csv, write_svg};
use crate::learn::export::{Heads, Trained, export};
use crate::learn::{Figure, Finish, Run, groups, headline, rate};
use crate::task::Task;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Writes what each run learned, and the curves of all; then the encoders. Returns the folder of each run, and why it has no
/// encoder where one was asked for.
///
/// # Errors
/// A file cannot be written; an encoder cannot be made; cancellation.
pub fn write(
    out: &Path,
    runs: &[Arc<Run>],
    material: &Material,
    encoder: &EncoderArgs,
    task: &Task,
) -> Result<Vec<(PathBuf, Option<String>)>> {
    let parts = match &material.encoder {
        Some(opened) => Some((opened, encoder.parts()?)),
        None => None,
    };
    let mut folders = Vec::with_capacity(runs.len());
    for run in runs {
        task.check()?;
        let setup = &run.setup;
        let folder = out.join(format!(
            "{}-{}-{}-seed{}",
            setup.loss.name(),
            setup.policy.name(),
            rate(setup.optimizer.rate),
            setup.seed
        ));
        std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        heads_of(run).write(&folder.join("heads.safetensors"))?;
        run.save(&folder.join("run.json"))?;
        write_csv(&folder.join("curve.csv"), [&**run])?;
        folders.push((folder, None));
    }
    write_csv(&out.join("curves.csv"), runs.iter().map(|run| &**run))?;
    let groups = groups(runs);
    let figure = Figure::default();
    let drawing = Drawing {
        groups: &groups,
        figure,
        axis: Axis::Steps,
        headline: &headline(&groups, figure),
    };
    write_svg(&out.join("curves.svg"), &drawing)?;
    let Some((encoder, (files, options))) = &parts else {
        return Ok(folders);
    };
    for (run, (folder, note)) in runs.iter().zip(&mut folders) {
        if run.setup.loss.description().by_order {
            *note = Some(
                "No encoder: these heads are compared by order, and encoders by product.".into(),
            );
            continue;
        }
        if run.finish == Finish::Diverged {
            *note = Some("No encoder: the run diverged.".into());
            continue;
        }
        let trained = Trained {
            encoder,
            files,
            options,
            heads: &heads_of(run),
        };
        // One that fails takes nothing of the others with it.
        match export(trained, &folder.join("encoder"), task) {
            Err(error) if error.is_cancelled() => return Err(error),
            Err(error) => {
                warn(&error);
                *note = Some(format!("No encoder: {error}"));
            }
            Ok(_) => {}
        }
    }
    Ok(folders)
}

fn heads_of(run: &Run) -> Heads {
    Heads {
        shape: run.setup.head,
        weights: run.learned.weights.clone(),
    }
}
