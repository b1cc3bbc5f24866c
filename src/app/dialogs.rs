//! The system's file dialogs. They are made on the window's thread, as macOS demands, and waited for on another.

use super::App;
use super::events::Event;
use crate::dataset::{PICTURE_EXTENSIONS, vectors};
use crate::encoder::EncoderOptions;
use crate::error::Error;
use crate::session::{
    AttackCommand, CompareCommand, DataSource, EncoderSource, NegativesCommand, Pick, Slot,
    Vocabulary,
};
use rfd::AsyncFileDialog;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Kinds of files, with their endings.
type Filters = &'static [(&'static str, &'static [&'static str])];

const JSON: Filters = &[("JSON", &["json"])];
const PICTURES: Filters = &[("Pictures", &PICTURE_EXTENSIONS)];
const WORDS: Filters = &[("Words", &["txt", "csv"])];
const CAPTIONS: Filters = &[(
    "Captions",
    &[
        "json", "jsonl", "csv", "tsv", "txt", "token", "tar", "parquet",
    ],
)];
const LINES: Filters = &[("JSON lines", &["jsonl"])];
const TABLES: Filters = &[
    ("JSON lines", &["jsonl"]),
    ("CSV", &["csv"]),
    ("Parquet", &["parquet"]),
];

impl App {
    pub(super) fn pick(&mut self, pick: Pick) {
        match pick {
            Pick::DatasetFolder => self.pick_folder(pick, "Open a dataset folder"),
            Pick::EncoderFolder => self.pick_folder(pick, "Open an encoder folder"),
            Pick::TransferFolder | Pick::SecondEncoder => {
                self.pick_folder(pick, "The folder of a second encoder");
            }
            Pick::SetFolder => self.pick_folder(pick, "A folder for perturbed pictures"),
            Pick::ExportImages => self.pick_folder(pick, "A new, empty folder for these images"),
            Pick::DatasetFile => {
                self.pick_file(pick, "Open a caption file, an archive or a table", CAPTIONS);
            }
            Pick::Workspace => self.pick_file(pick, "Open a workspace", JSON),
            Pick::Picture => self.pick_file(pick, "Open a picture", PICTURES),
            Pick::Mask => self.pick_file(pick, "A mask: white where the attack may go", PICTURES),
            Pick::Vocabulary => {
                self.pick_file(pick, "A list of words that may come in, one a line", WORDS);
            }
            Pick::Synonyms => {
                let title = "Which word may stand for which: lines such as \"dog: hound, puppy\"";
                self.pick_file(pick, title, WORDS);
            }
            Pick::SaveWorkspace => {
                self.pick_place(pick, "Save the workspace", "nearmiss.json", JSON);
            }
            Pick::ExportAttack => {
                let title = "Export picture, exact values, heatmap and report";
                self.pick_place(pick, title, "adversarial.png", &[("PNG picture", &["png"])]);
            }
            Pick::ExportSet => {
                let title = "Export the figures of the set (JSON and CSV)";
                self.pick_place(pick, title, "attack.json", JSON);
            }
            Pick::ExportNegatives(layout) => {
                let filters = if layout.is_some() { TABLES } else { LINES };
                let title = "Export the hard negatives shown";
                self.pick_place(pick, title, "negatives.jsonl", filters);
            }
            Pick::SaveReport => {
                let title = "Write a report: one HTML page with its pictures";
                self.pick_place(pick, title, "report.html", &[("HTML page", &["html"])]);
            }
            Pick::EncoderPair => self.pick_two(
                pick,
                ["Image tower (.onnx)", "Text tower (.onnx)"],
                &["onnx"],
            ),
            Pick::Embeddings => self.pick_two(
                pick,
                ["Image embeddings", "Text embeddings"],
                &vectors::EXTENSIONS,
            ),
        }
    }

    fn pick_folder(&mut self, pick: Pick, title: &str) {
        let future = AsyncFileDialog::new().set_title(title).pick_folder();
        self.wait_for(pick, move || one(pollster::block_on(future)));
    }

    fn pick_file(&mut self, pick: Pick, title: &str, filters: Filters) {
        let future = asking(title, filters).pick_file();
        self.wait_for(pick, move || one(pollster::block_on(future)));
    }

    fn pick_place(&mut self, pick: Pick, title: &str, name: &str, filters: Filters) {
        let future = asking(title, filters).set_file_name(name).save_file();
        self.wait_for(pick, move || one(pollster::block_on(future)));
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
        self.start(Slot::Dialog, "Choosing a file", move |_| {
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
            (Pick::Mask, _) => self.execute_lab(AttackCommand::OpenMask(first)),
            (Pick::Vocabulary, _) => {
                self.session.lab.words.plan.vocabulary = Vocabulary::File(first);
            }
            (Pick::Synonyms, _) => self.session.lab.words.plan.synonyms = Some(first),
            (Pick::ExportAttack, _) => self.execute_lab(AttackCommand::Export(Some(first))),
            (Pick::ExportSet, _) => self.execute_lab(AttackCommand::ExportSet(Some(first))),
            (Pick::ExportNegatives(layout), _) => {
                self.execute_negatives(NegativesCommand::Export(layout, Some(first)));
            }
            (Pick::SetFolder, _) => self.session.lab.set.plan.save = Some(first),
            (Pick::TransferFolder, _) => self.session.lab.set.plan.transfer = Some(first),
            (Pick::ExportImages, _) => self.export_images(first),
            (Pick::SaveReport, _) => self.write_report(first),
            (Pick::SecondEncoder, _) => {
                self.execute_compare(CompareCommand::Open(EncoderSource::Folder(first)));
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

/// The path that was chosen, if any.
fn one(handle: Option<rfd::FileHandle>) -> Vec<PathBuf> {
    handle.map(|h| h.path().to_path_buf()).into_iter().collect()
}
