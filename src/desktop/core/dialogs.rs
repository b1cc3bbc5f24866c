//! The system's file dialogs. They are made on the window's thread, as macOS demands, and waited for on another. Where the
//! system has none, the path is asked for in the window.

use super::command::Pick;
use super::event::Event;
use super::paths::{PathKind, Paths};
use super::running::Core;
use super::slot::Slot;
use super::{DataSource, EncoderSource};
use crate::dataset::{PICTURE_EXTENSIONS, Wanted, vectors};
use crate::encoder::EncoderOptions;
use crate::error::{Error, Result};
use crate::task::Task;
use rfd::{AsyncFileDialog, FileHandle};
use std::path::PathBuf;
use std::pin::Pin;
use std::time::{Duration, Instant};

/// Kinds of files, with their endings.
pub type Filters = &'static [(&'static str, &'static [&'static str])];

/// Workspaces and figures.
pub const JSON: Filters = &[("JSON", &["json"])];
/// Pictures.
pub const PICTURES: Filters = &[("Pictures", &PICTURE_EXTENSIONS)];
/// Lists of words.
pub const WORDS: Filters = &[("Words", &["txt", "csv"])];
/// Files of captions, archives, tables.
pub const CAPTIONS: Filters = &[(
    "Captions",
    &[
        "json", "jsonl", "csv", "tsv", "txt", "token", "tar", "parquet",
    ],
)];
const MODELS: Filters = &[("onnx", &["onnx"])];
const VECTORS: Filters = &[("Embeddings", &vectors::EXTENSIONS)];

/// A dialog of the system.
pub struct Dialog {
    title: &'static str,
    what: What,
}

enum What {
    Folder,
    File(Filters),
    Place(&'static str, Filters),
    /// One file, then another one, under this title.
    Two(&'static str, Filters),
}

type Choice = Pin<Box<dyn Future<Output = Option<FileHandle>> + Send>>;

impl Dialog {
    /// For a folder.
    pub fn folder(title: &'static str) -> Self {
        let what = What::Folder;
        Self { title, what }
    }

    /// For a file that is there.
    pub fn file(title: &'static str, filters: Filters) -> Self {
        let what = What::File(filters);
        Self { title, what }
    }

    /// For a file to be written, called `name` at first.
    pub fn place(title: &'static str, name: &'static str, filters: Filters) -> Self {
        let what = What::Place(name, filters);
        Self { title, what }
    }

    fn two(titles: [&'static str; 2], filters: Filters) -> Self {
        let [title, second] = titles;
        let what = What::Two(second, filters);
        Self { title, what }
    }

    /// Shows it; what is returned waits for the paths that are chosen.
    ///
    /// # Errors
    /// It was closed without a choice ([`Error::Cancelled`]).
    pub fn show(self, paths: &Paths) -> impl FnOnce(&Task) -> Result<Vec<PathBuf>> + Send + use<> {
        let paths = paths.clone();
        let asked = self.asked();
        let dialogs = if paths.is_always() {
            Vec::new()
        } else {
            self.native()
        };
        move |task: &Task| {
            let since = Instant::now();
            let mut chosen = Vec::new();
            for dialog in dialogs {
                match pollster::block_on(dialog) {
                    Some(handle) => chosen.push(handle.path().to_path_buf()),
                    // Nobody cancels that fast: there is no dialog to be had on this desktop.
                    None if since.elapsed() < Duration::from_millis(250) => break,
                    None => return Err(Error::Cancelled),
                }
            }
            for (title, kind, name, filters) in asked.into_iter().skip(chosen.len()) {
                let endings: Vec<&str> = filters.iter().flat_map(|f| f.1).copied().collect();
                chosen.push(paths.ask((title, kind, name), &endings, task)?);
            }
            Ok(chosen)
        }
    }

    /// The paths that are asked for, one after the other.
    fn asked(&self) -> Vec<(&'static str, PathKind, &'static str, Filters)> {
        let title = self.title;
        match self.what {
            What::Folder => vec![(title, PathKind::Folder, "", &[])],
            What::File(filters) => vec![(title, PathKind::File, "", filters)],
            What::Place(name, filters) => vec![(title, PathKind::Place, name, filters)],
            What::Two(second, filters) => [title, second]
                .map(|title| (title, PathKind::File, "", filters))
                .into(),
        }
    }

    fn native(&self) -> Vec<Choice> {
        let asked = self.asked().into_iter();
        asked
            .map(|(title, kind, name, filters)| -> Choice {
                let dialog = asking(title, filters);
                match kind {
                    PathKind::Folder => Box::pin(dialog.pick_folder()),
                    PathKind::File => Box::pin(dialog.pick_file()),
                    PathKind::Place => Box::pin(dialog.set_file_name(name).save_file()),
                }
            })
            .collect()
    }
}

impl Core {
    pub(super) fn pick(&mut self, pick: Pick) {
        let dialog = match pick {
            Pick::DatasetFolder => Dialog::folder("Open a dataset folder"),
            Pick::EncoderFolder => Dialog::folder("Open an encoder folder"),
            Pick::PicturesFolder => Dialog::folder("A folder below which the pictures lie"),
            Pick::ExportImages => Dialog::folder("A new, empty folder for these images"),
            Pick::DatasetFile => {
                Dialog::file("Open a caption file, an archive or a table", CAPTIONS)
            }
            Pick::Workspace => Dialog::file("Open a workspace", JSON),
            Pick::Picture => Dialog::file("Open a picture", PICTURES),
            Pick::SaveWorkspace => Dialog::place("Save the workspace", "set.nearmiss.json", JSON),
            Pick::EncoderPair => Dialog::two(["Image tower (.onnx)", "Text tower (.onnx)"], MODELS),
            Pick::Embeddings => Dialog::two(["Image embeddings", "Text embeddings"], VECTORS),
        };
        let wait = dialog.show(&self.paths);
        self.start(Slot::Dialog, "Choosing a file", move |task| {
            Ok(Event::Picked(pick, wait(task)?))
        });
    }

    pub(super) fn picked(&mut self, pick: Pick, paths: Vec<PathBuf>) {
        let mut paths = paths.into_iter();
        let Some(first) = paths.next() else { return };
        match (pick, paths.next()) {
            (Pick::DatasetFolder | Pick::DatasetFile, _) => self.open_data(DataSource::at(first)),
            (Pick::EncoderFolder, _) => {
                self.open_encoder(EncoderSource::Folder(first), EncoderOptions::default());
            }
            (Pick::Workspace, _) => self.open_path(first),
            (Pick::SaveWorkspace, _) => self.save_workspace_as(first),
            (Pick::Picture, _) => self.query_picture(first),
            (Pick::EncoderPair, Some(second)) => {
                let pair = EncoderSource::Pair {
                    image: first,
                    text: second,
                };
                self.open_encoder(pair, EncoderOptions::default());
            }
            (Pick::Embeddings, Some(second)) => {
                self.open_data(DataSource::Embeddings {
                    images: first,
                    texts: second,
                });
            }
            (Pick::ExportImages, _) => self.export_images(first),
            (Pick::PicturesFolder, _) => {
                if let Some(DataSource::Path { part, .. }) = self.session.workspace.data.clone() {
                    let images = Some(first);
                    self.open_part(Wanted { images, ..part });
                }
            }
            (Pick::EncoderPair | Pick::Embeddings, None) => {}
        }
    }
}

/// A dialog with its title and kinds of files.
fn asking(title: &str, filters: Filters) -> AsyncFileDialog {
    let dialog = AsyncFileDialog::new().set_title(title);
    filters.iter().fold(dialog, |dialog, (name, endings)| {
        dialog.add_filter(*name, endings)
    })
}
