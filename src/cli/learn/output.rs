//! The folder of what was learned.

use crate::cli::encoder::EncoderArgs;
use crate::cli::material::Material;
use crate::cli::output::warn;
use crate::encoder::{Encoder, EncoderFiles, EncoderOptions};
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
    let parts = Parts::of(material, encoder)?;
    let mut folders = Vec::with_capacity(runs.len());
    for run in runs {
        task.check()?;
        let setup = &run.setup;
        let clients = if setup.optimizer.kind.by_clients() {
            let federation = &setup.federation;
            format!("-n{}-r{}", federation.clients, federation.sync)
        } else {
            String::new()
        };
        let folder = out.join(format!(
            "{}-{}-{}{clients}-seed{}",
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
    let Some(parts) = &parts else {
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
        *note = parts.with(&heads_of(run), folder, task)?;
    }
    Ok(folders)
}

/// An encoder that heads can be appended to.
pub struct Parts<'a> {
    encoder: &'a Encoder,
    files: EncoderFiles,
    options: EncoderOptions,
}

impl<'a> Parts<'a> {
    /// The encoder of `material`, where one was opened.
    ///
    /// # Errors
    /// It is one of two models.
    pub fn of(material: &'a Material, named: &EncoderArgs) -> Result<Option<Self>> {
        let Some(encoder) = &material.encoder else {
            return Ok(None);
        };
        let (files, options) = named.parts()?;
        Ok(Some(Self {
            encoder,
            files,
            options,
        }))
    }

    /// Writes the encoder with `heads` appended into `folder`; why there is none, where it cannot be made: one that fails
    /// takes nothing of the others with it.
    ///
    /// # Errors
    /// Cancellation.
    pub fn with(&self, heads: &Heads, folder: &Path, task: &Task) -> Result<Option<String>> {
        let trained = Trained {
            encoder: self.encoder,
            files: &self.files,
            options: &self.options,
            heads,
        };
        match export(trained, &folder.join("encoder"), task) {
            Err(error) if error.is_cancelled() => Err(error),
            Err(error) => {
                warn(&error);
                Ok(Some(format!("No encoder: {error}")))
            }
            Ok(_) => Ok(None),
        }
    }
}

/// What a run learned, as heads.
pub fn heads_of(run: &Run) -> Heads {
    Heads {
        shape: run.setup.head,
        weights: run.learned.weights.clone(),
    }
}
