//! A study in files.

use super::command::Kind;
use super::state::{Moved, Shown, Studied};
use super::{Event, LinearLab, Slot};
use crate::desktop::core::{Dialog, Filters, write_screen};
use crate::desktop::feature::Desk;
use crate::error::{Error, Result};
use crate::files::{replace, shown, write_json};
use crate::learn::linear::classifier;
use crate::learn::linear::moving::{Answer as MovedAnswer, write_rows};
use crate::learn::linear::study::files::{write_curves, write_history, write_svg};
use crate::learn::linear::study::{Answer, Withstands};
use egui::ColorImage;
use serde::Serialize;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const TABLES: Filters = &[("CSV", &["csv"])];
const FIGURES: Filters = &[("JSON", &["json"])];
const DRAWINGS: Filters = &[("SVG", &["svg"])];
const SCREENS: Filters = &[("PNG", &["png"])];
const ROWS: Filters = &[("NumPy", &["npy"])];
const MODELS: Filters = &[("ONNX", &["onnx"])];

impl Kind {
    fn dialog(self) -> Dialog {
        match self {
            Self::Curves => Dialog::place("Write robust accuracy", "robust-accuracy.csv", TABLES),
            Self::History => Dialog::place("Write margins along training", "margins.csv", TABLES),
            Self::Figures => Dialog::place("Write all figures", "linear.json", FIGURES),
            Self::Drawing => Dialog::place("Write a drawing", "linear.svg", DRAWINGS),
            Self::Screen => Dialog::place("Write a picture", "linear.png", SCREENS),
            Self::Model => Dialog::place("Write the classifier", "classifier.onnx", MODELS),
            Self::Rows => Dialog::place("Write the moved rows", "robust.npy", ROWS),
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Curves | Self::History => "csv",
            Self::Figures => "json",
            Self::Drawing => "svg",
            Self::Screen => "png",
            Self::Model => "onnx",
            Self::Rows => "npy",
        }
    }
}

/// What a file of figures holds.
#[derive(Serialize)]
struct Figures {
    #[serde(flatten)]
    answer: Answer,
    groups: [String; 2],
    /// The classifier that captions make.
    zero_shot: Option<Withstands>,
    on: String,
    /// A changed dataset, where rows were moved.
    robust_dataset: Option<MovedAnswer>,
    /// The command that makes them, without its data.
    command: String,
}

impl LinearLab {
    /// Asks where to write.
    pub(super) fn ask_where(desk: &mut Desk<'_, Self>, kind: Kind) {
        desk.choose(Slot::Dialog, kind.dialog(), move |mut paths| {
            Event::Picked(kind, paths.pop().unwrap_or_default())
        });
    }

    /// Writes what is shown.
    pub(super) fn export(&mut self, desk: &mut Desk<'_, Self>, kind: Kind, path: PathBuf) {
        if !desk.session.ends_with(&path, kind.ending()) {
            return;
        }
        if kind == Kind::Screen {
            // It is drawn on the screen first.
            self.state.picture = Some(path);
            return;
        }
        let Some(studied) = self.state.studied(desk.session.now()).cloned() else {
            return;
        };
        let of = (self.state.shown, self.state.line);
        let moved = self.state.moved(desk.session.now()).cloned();
        desk.start(Slot::Export, "Writing a study", move |_| {
            write((&studied, moved.as_deref()), of, kind, &path)?;
            Ok(Event::Exported(path))
        });
    }

    /// Writes a picture of the view.
    pub(super) fn write_picture(desk: &mut Desk<'_, Self>, path: PathBuf, image: Arc<ColorImage>) {
        desk.start(Slot::Export, "Writing a picture", move |_| {
            write_screen(&path, &image)?;
            Ok(Event::Exported(path))
        });
    }
}

fn write(
    (studied, moved): (&Studied, Option<&Moved>),
    of: (Shown, usize),
    kind: Kind,
    path: &Path,
) -> Result<()> {
    let study = &studied.study;
    let captions = studied.methods.iter().find(|line| line.method.is_none());
    match kind {
        Kind::Curves => write_curves(path, study),
        Kind::History => write_history(path, study),
        Kind::Drawing => write_svg(path, study),
        Kind::Screen => Ok(()),
        Kind::Figures => write_json(
            path,
            &Figures {
                answer: Answer {
                    notes: studied.notes.clone(),
                    ..Answer::of(study)
                },
                zero_shot: captions.map(|line| Withstands::of(study, &line.classifier)),
                groups: studied.titles.clone(),
                robust_dataset: moved.map(|moved| MovedAnswer::of(&moved.found)),
                on: studied.on.to_string(),
                command: {
                    let command = studied.form.command(&studied.members);
                    let asked = moved.map(|moved| moved.found.asked.arguments());
                    asked.map_or(command.clone(), |asked| format!("{command} {asked}"))
                },
            },
        ),
        Kind::Rows => {
            let moved =
                moved.ok_or_else(|| Error::request("no rows were moved", "Move them first."))?;
            let beside = |what: &str| {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                path.with_file_name(format!("{stem}-{what}.npy"))
            };
            let others = [beside("labels"), beside("rows")];
            write_rows([path, &others[0], &others[1]], &moved.found, &studied.mean)
        }
        Kind::Model => {
            let line = studied.lines(of.0).get(of.1).ok_or_else(|| {
                Error::request("no classifier is chosen", "Choose one in the table.")
            })?;
            let shape = study.problem.fourier().shape();
            let weights = &line.classifier.weights;
            let bytes = classifier(weights, studied.offset(weights), shape)?;
            replace(path, |out| out.write_all(&bytes))
        }
    }
}

/// What is said of a file that was written.
pub fn said(path: &Path) -> String {
    format!("Written to {}.", shown(path))
}
