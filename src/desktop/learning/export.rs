//! What was learned, written: an encoder to be opened, curves in files.

use super::{Event, Learning, Slot};
use crate::compute::Embedded;
use crate::dataset::Dataset;
use crate::desktop::core::{DataSource, EncoderSource, Level, made_by, write_screen};
use crate::desktop::feature::Desk;
use crate::encoder::{Encoder, EncoderOptions};
use crate::error::Result;
use crate::learn::Run;
use crate::learn::curves::{Drawing, write_csv, write_svg};
use crate::learn::export::{Heads, Trained, export};
use crate::learn::headline;
use crate::paths::data_dir;
use crate::task::{Task, aside};
use egui::ColorImage;
use std::path::PathBuf;
use std::sync::Arc;

/// The heads beside the models, by which an encoder is known as that of a run.
const HEADS: &str = "heads.safetensors";

impl Learning {
    /// Writes what a run learned as an encoder; it is opened then, or compared with the one that is open.
    pub(super) fn encoder(&mut self, desk: &mut Desk<'_, Self>, id: &str, compare: bool) {
        let session = &desk.session;
        let (Some(kept), Some(source), Some(dataset), Some(embedded)) = (
            self.state.run(session.now(), id),
            session.workspace.encoder.clone(),
            session.dataset().cloned(),
            session.embedded().cloned(),
        ) else {
            return;
        };
        if matches!(session.workspace.data, Some(DataSource::Embeddings { .. })) {
            let text =
                "These embeddings were given as files, so no model is known to have made them.";
            let remedy = "Open the pictures with their encoder to have the heads appended to it.";
            desk.session.say(Level::Warning, text, remedy);
            return;
        }
        let run = Arc::clone(&kept.run);
        let options = session.workspace.options.clone();
        let name = format!("{}-{}", source.title(), super::kept::short(&run, id));
        desk.start(Slot::Encoder, "Making an encoder", move |task| {
            let folder =
                aside(|| write(&run, &source, &options, (&dataset, &embedded), &name, task))?;
            Ok(Event::Encoder(folder, compare))
        });
    }

    /// Writes the curves: by the ending of `path` all figures, or a picture.
    pub(super) fn export(&mut self, desk: &mut Desk<'_, Self>, path: PathBuf) {
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            // It is drawn on the screen first.
            Some("png") => self.state.picture = Some(path),
            Some("csv" | "svg") => {
                let groups = self.state.groups().to_vec();
                let (figure, axis) = (self.state.figure, self.state.axis);
                let is_svg = ending.as_deref() == Some("svg");
                desk.start(Slot::Export, "Writing the curves", move |_| {
                    if is_svg {
                        let headline = headline(&groups, figure);
                        let drawing = Drawing {
                            groups: &groups,
                            figure,
                            axis,
                            headline: &headline,
                        };
                        write_svg(&path, &drawing)?;
                    } else {
                        let runs = groups.iter().flat_map(|group| &group.runs);
                        write_csv(&path, runs.map(|run| &**run))?;
                    }
                    Ok(Event::Exported(path))
                });
            }
            _ => {
                let text = format!("{} is no file of curves.", path.display());
                desk.session
                    .say(Level::Warning, text, "Name it .csv, .svg or .png.");
            }
        }
    }

    /// Writes a picture of the curves.
    pub(super) fn write_picture(desk: &mut Desk<'_, Self>, path: PathBuf, image: Arc<ColorImage>) {
        desk.start(Slot::Export, "Writing the curves", move |_| {
            write_screen(&path, &image)?;
            Ok(Event::Exported(path))
        });
    }
}

/// The folder of the encoder that a run learned: made where it is not there yet.
fn write(
    run: &Run,
    source: &EncoderSource,
    options: &EncoderOptions,
    (dataset, embedded): (&Dataset, &Embedded),
    name: &str,
    task: &Task,
) -> Result<PathBuf> {
    let files = source.files()?;
    task.begin("Opening the encoder", 0);
    let encoder = Encoder::open(&files, options, task)?;
    made_by(&encoder, dataset, embedded, task)?;
    let heads = Heads {
        shape: run.setup.head,
        weights: run.learned.weights.clone(),
    };
    // A run that went on since has other heads, and what it gave before may be open: it gets a name of its own.
    let home = data_dir()?.join("learned");
    let mut folder = home.join(name);
    let mut number = 1;
    while folder.exists() {
        if Heads::read(&folder.join(HEADS)).is_ok_and(|there| there == heads) {
            return Ok(folder);
        }
        number += 1;
        folder = home.join(format!("{name}-{number}"));
    }
    let trained = Trained {
        encoder: &encoder,
        files: &files,
        options,
        heads: &heads,
    };
    export(trained, &folder, task)?;
    heads.write(&folder.join(HEADS))?;
    Ok(folder)
}
