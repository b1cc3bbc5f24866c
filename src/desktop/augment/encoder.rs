//! The averaged embedding as an encoder.

use super::command::Use;
use super::state::Studied;
use super::{AugmentLab, Event, Slot};
use crate::augment::{Averaged, Exported, export};
use crate::desktop::core::{Dialog, read_json};
use crate::desktop::feature::Desk;
use crate::error::Result;
use crate::files::{shown, write_json};
use crate::paths::data_dir;
use crate::task::{Task, aside};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What an averaged encoder was made of, beside its models: by it one that is there is known again.
const MADE_OF: &str = "averaged.json";
/// Images whose pictures an averaged encoder is tried on.
const TRIED: usize = 4;

impl AugmentLab {
    /// Asks for a folder to keep the averaged encoder in.
    pub(super) fn ask_folder(desk: &mut Desk<'_, Self>) {
        let dialog = Dialog::folder("A new, empty folder for the averaged encoder");
        desk.choose(Slot::Dialog, dialog, |mut paths| {
            Event::Folder(paths.pop().unwrap_or_default())
        });
    }

    /// Makes the averaged encoder.
    pub(super) fn make_encoder(&mut self, desk: &mut Desk<'_, Self>, to: Use) {
        let Some(studied) = self.state.studied(desk.session.now()).cloned() else {
            return;
        };
        desk.start(Slot::Encoder, "Making the averaged encoder", move |task| {
            aside(|| match &to {
                Use::Keep(folder) => {
                    let exported = write(&studied, folder, task)?;
                    Ok(Event::Kept(format!(
                        "The averaged encoder is in {}: its embeddings are within {:.1e} of the mean over copies.",
                        shown(folder),
                        exported.deviation
                    )))
                }
                Use::Open | Use::Compare => Ok(Event::Encoder(at_home(&studied, task)?, to.clone())),
            })
        });
    }
}

/// Writes the averaged encoder to `folder`.
fn write(studied: &Studied, folder: &Path, task: &Task) -> Result<Exported> {
    let lab = &studied.lab;
    let files = lab.source.files()?;
    let few = &studied.images[..studied.images.len().min(TRIED)];
    let ground = lab.ground(few, task)?;
    let averaged = Averaged {
        encoder: &lab.encoder,
        files: &files,
        options: &lab.options,
        magnitudes: &studied.study.magnitudes(),
        draws: studied.study.asked.draws,
        ground: &ground,
    };
    export(averaged, folder, task)
}

/// The folder of the averaged encoder among the program's own: made where it is not there yet.
fn at_home(studied: &Studied, task: &Task) -> Result<PathBuf> {
    let made_of = json!({
        "encoder": studied.lab.source,
        "magnitudes": studied.study.magnitudes(),
        "draws": studied.study.asked.draws,
    });
    let home = data_dir()?.join("averaged");
    let title = studied.lab.source.title().replace(' ', "-");
    for number in 1.. {
        let folder = home.join(format!("{title}-averaged-{number}"));
        if !folder.exists() {
            write(studied, &folder, task)?;
            write_json(&folder.join(MADE_OF), &made_of)?;
            return Ok(folder);
        }
        let there = read_json::<Value>(&folder.join(MADE_OF), "note of an averaged encoder");
        if there.is_ok_and(|there| there == made_of) {
            return Ok(folder);
        }
    }
    Ok(home)
}
