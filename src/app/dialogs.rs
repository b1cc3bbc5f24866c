//! The system's file dialogs. They are made on the window's thread, as macOS demands, and waited for on another.

use super::App;
use super::events::Event;
use super::jobs::DIALOG;
use crate::dataset::{PICTURE_EXTENSIONS, vectors};
use crate::encoder::EncoderOptions;
use crate::error::Error;
use crate::session::{AttackCommand, DataSource, EncoderSource, Pick, Vocabulary};
use rfd::AsyncFileDialog;
use std::path::PathBuf;
use std::time::{Duration, Instant};

impl App {
    pub(super) fn pick(&mut self, pick: Pick) {
        let dialog = AsyncFileDialog::new();
        let one = |handle: Option<rfd::FileHandle>| {
            handle.map(|h| h.path().to_path_buf()).into_iter().collect()
        };
        match pick {
            Pick::DatasetFolder | Pick::EncoderFolder => {
                let title = if pick == Pick::DatasetFolder {
                    "Open a dataset folder"
                } else {
                    "Open an encoder folder"
                };
                let future = dialog.set_title(title).pick_folder();
                self.wait_for(pick, move || one(pollster::block_on(future)));
            }
            Pick::DatasetFile => {
                let dialog = dialog.set_title("Open a caption file, an archive or a table");
                let endings = [
                    "json", "jsonl", "csv", "tsv", "txt", "token", "tar", "parquet",
                ];
                let future = dialog.add_filter("Datasets", &endings).pick_file();
                self.wait_for(pick, move || one(pollster::block_on(future)));
            }
            Pick::Workspace => {
                let future = dialog
                    .set_title("Open a workspace")
                    .add_filter("Workspace", &["json"])
                    .pick_file();
                self.wait_for(pick, move || one(pollster::block_on(future)));
            }
            Pick::SaveWorkspace => {
                let dialog = dialog
                    .set_title("Save the workspace")
                    .add_filter("Workspace", &["json"]);
                let future = dialog.set_file_name("nearmiss.json").save_file();
                self.wait_for(pick, move || one(pollster::block_on(future)));
            }
            Pick::Picture => {
                let future = dialog
                    .set_title("Open a picture")
                    .add_filter("Pictures", &PICTURE_EXTENSIONS)
                    .pick_file();
                self.wait_for(pick, move || one(pollster::block_on(future)));
            }
            Pick::Mask => {
                let future = dialog
                    .set_title("A mask: white where the attack may go")
                    .add_filter("Pictures", &PICTURE_EXTENSIONS)
                    .pick_file();
                self.wait_for(pick, move || one(pollster::block_on(future)));
            }
            Pick::Vocabulary | Pick::Synonyms => {
                let title = if pick == Pick::Vocabulary {
                    "A list of words that may come in, one a line"
                } else {
                    "Which word may stand for which: lines such as \"dog: hound, puppy\""
                };
                let dialog = dialog.set_title(title);
                let future = dialog.add_filter("Words", &["txt", "csv"]).pick_file();
                self.wait_for(pick, move || one(pollster::block_on(future)));
            }
            Pick::ExportAttack => {
                let dialog = dialog
                    .set_title("Export picture, exact values, heatmap and report")
                    .add_filter("PNG picture", &["png"]);
                let future = dialog.set_file_name("adversarial.png").save_file();
                self.wait_for(pick, move || one(pollster::block_on(future)));
            }
            Pick::ExportSet => {
                let dialog = dialog
                    .set_title("Export the figures of the set (JSON and CSV)")
                    .add_filter("JSON", &["json"]);
                let future = dialog.set_file_name("attack.json").save_file();
                self.wait_for(pick, move || one(pollster::block_on(future)));
            }
            Pick::SetFolder | Pick::TransferFolder => {
                let title = if pick == Pick::SetFolder {
                    "A folder for perturbed pictures"
                } else {
                    "The folder of a second encoder"
                };
                let future = dialog.set_title(title).pick_folder();
                self.wait_for(pick, move || one(pollster::block_on(future)));
            }
            Pick::EncoderPair => {
                self.pick_two(
                    pick,
                    ["Image tower (.onnx)", "Text tower (.onnx)"],
                    &["onnx"],
                );
            }
            Pick::Embeddings => self.pick_two(
                pick,
                ["Image embeddings", "Text embeddings"],
                &vectors::EXTENSIONS,
            ),
        }
    }

    fn pick_two(
        &mut self,
        pick: Pick,
        titles: [&'static str; 2],
        extensions: &'static [&'static str],
    ) {
        let ask = |title: &str| {
            AsyncFileDialog::new()
                .set_title(title)
                .add_filter(extensions.join(", "), extensions)
                .pick_file()
        };
        let (first, second) = (ask(titles[0]), ask(titles[1]));
        self.wait_for(pick, move || {
            let Some(first) = pollster::block_on(first) else {
                return Vec::new();
            };
            let Some(second) = pollster::block_on(second) else {
                return Vec::new();
            };
            vec![first.path().to_path_buf(), second.path().to_path_buf()]
        });
    }

    fn wait_for(&mut self, pick: Pick, wait: impl FnOnce() -> Vec<PathBuf> + Send + 'static) {
        self.jobs.start(DIALOG, "Choosing a file", move |_| {
            let asked = Instant::now();
            let paths = wait();
            // Nobody cancels that fast: there is no dialog to be had on this desktop.
            if paths.is_empty() && asked.elapsed() < Duration::from_millis(250) {
                return Err(Error::request(
                    "the system's file dialog did not open",
                    "Drop the file or folder on the window, or install xdg-desktop-portal or zenity.",
                ));
            }
            Ok(Event::Picked(pick, paths))
        });
    }

    pub(super) fn picked(&mut self, pick: Pick, paths: Vec<PathBuf>) {
        let mut paths = paths.into_iter();
        let Some(first) = paths.next() else { return };
        match (pick, paths.next()) {
            (Pick::DatasetFolder | Pick::DatasetFile, _) => self.open_data(DataSource::Path(first)),
            (Pick::EncoderFolder, _) => {
                self.open_encoder(EncoderSource::Folder(first), EncoderOptions::default());
            }
            (Pick::Workspace, _) => self.open_path(first),
            (Pick::SaveWorkspace, _) => self.save_workspace_to(first.with_extension("json")),
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
            (Pick::Mask, _) => self.execute_lab(AttackCommand::OpenMask(first)),
            (Pick::Vocabulary, _) => {
                self.session.lab.words.plan.vocabulary = Vocabulary::File(first);
            }
            (Pick::Synonyms, _) => self.session.lab.words.plan.synonyms = Some(first),
            (Pick::ExportAttack, _) => self.execute_lab(AttackCommand::Export(Some(first))),
            (Pick::ExportSet, _) => self.execute_lab(AttackCommand::ExportSet(Some(first))),
            (Pick::SetFolder, _) => self.session.lab.set.plan.save = Some(first),
            (Pick::TransferFolder, _) => self.session.lab.set.plan.transfer = Some(first),
            (Pick::EncoderPair | Pick::Embeddings, None) => {}
        }
    }
}
