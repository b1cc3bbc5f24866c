//! Groups in files.

use super::command::Kind;
use super::state::Surveyed;
use super::{Event, Slot, StrataLab};
use crate::dataset::Dataset;
use crate::desktop::core::{Dialog, Filters, write_screen};
use crate::desktop::feature::Desk;
use crate::error::{Error, Result, thousands};
use crate::files::{shown, write_json};
use crate::learn::strata::Allocation;
use crate::learn::survey::files::{
    write_groups, write_kept, write_reduced, write_strata, write_svg,
};
use crate::learn::survey::{Answer, kept_pairs};
use crate::task::Task;
use egui::ColorImage;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const TABLES: Filters = &[("CSV", &["csv"])];
const FIGURES: Filters = &[("JSON", &["json"])];
const DRAWINGS: Filters = &[("SVG", &["svg"])];
const SCREENS: Filters = &[("PNG", &["png"])];
const SETS: Filters = &[("JSON lines", &["jsonl"])];

impl Kind {
    /// The dialog that asks for its file.
    fn dialog(self) -> Dialog {
        match self {
            Self::Strata => Dialog::place("Write groups and weights", "strata.csv", TABLES),
            Self::Groups => Dialog::place("Write the groups' figures", "groups.csv", TABLES),
            Self::Figures => Dialog::place("Write all figures", "strata.json", FIGURES),
            Self::Drawing => Dialog::place("Write a drawing", "strata.svg", DRAWINGS),
            Self::Screen => Dialog::place("Write a picture", "strata.png", SCREENS),
            Self::Reduced => Dialog::place("Write the reduced set", "kept.jsonl", SETS),
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Strata | Self::Groups => "csv",
            Self::Figures => "json",
            Self::Drawing => "svg",
            Self::Screen => "png",
            Self::Reduced => "jsonl",
        }
    }
}

/// What a file of figures holds.
#[derive(Serialize)]
struct Figures {
    #[serde(flatten)]
    answer: Answer,
    split: String,
    /// The command that makes them, without its data.
    command: String,
}

impl StrataLab {
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
        let Some(surveyed) = self.state.surveyed(desk.session.now()).cloned() else {
            return;
        };
        let writing = Writing {
            command: self.state.command_of(&surveyed.form),
            surveyed,
            dataset: desk.session.dataset().cloned(),
            count: self.state.count(),
            kept: self.state.kept,
            allocation: self.state.allocation,
        };
        desk.start(Slot::Export, "Writing groups", move |task| {
            let said = writing.write(kind, &path, task)?;
            Ok(Event::Exported(said))
        });
    }

    /// Writes a picture of the view.
    pub(super) fn write_picture(desk: &mut Desk<'_, Self>, path: PathBuf, image: Arc<ColorImage>) {
        desk.start(Slot::Export, "Writing a picture", move |_| {
            write_screen(&path, &image)?;
            Ok(Event::Exported(format!("Written to {}.", shown(&path))))
        });
    }
}

struct Writing {
    command: String,
    surveyed: Arc<Surveyed>,
    dataset: Option<Arc<Dataset>>,
    count: usize,
    kept: f64,
    allocation: Allocation,
}

impl Writing {
    /// Writes a file and says what was written.
    fn write(&self, kind: Kind, path: &Path, task: &Task) -> Result<String> {
        let survey = &self.surveyed.survey;
        let dataset = self.dataset.as_deref();
        let Some((_, at)) = self.surveyed.at(self.count) else {
            return Err(Error::request(
                format!("{} groups were not made", self.count),
                "Choose one of the numbers of groups that were.",
            ));
        };
        match kind {
            Kind::Strata => write_strata(path, survey, at, dataset)?,
            Kind::Groups => write_groups(path, at)?,
            Kind::Drawing => write_svg(path, at)?,
            Kind::Screen => {}
            Kind::Figures => write_json(
                path,
                &Figures {
                    answer: Answer::of(survey, self.surveyed.heads.clone()),
                    split: self.surveyed.split.clone(),
                    command: self.command.clone(),
                },
            )?,
            Kind::Reduced => {
                // As the slider has it: each group keeps one pair at least.
                let kept = at.kept_count(self.kept);
                let seed = survey.asked.seed;
                let pairs = kept_pairs(survey, at, kept, self.allocation, seed)?;
                let weights = path.with_extension("weights.csv");
                if weights.exists() {
                    return Err(Error::request(
                        format!("{} is there already", shown(&weights)),
                        "Choose another name: the weights are written beside the set, and no dialog asked about them.",
                    ));
                }
                write_kept(&weights, survey, &pairs, dataset)?;
                let mut changed = String::new();
                if let Some(dataset) = dataset {
                    let written = write_reduced(path, survey, &pairs, dataset, task)?;
                    if !written.changed.is_empty() {
                        changed = format!(
                            " {} images or captions were changed or left out.",
                            thousands(written.changed.len() as u64)
                        );
                    }
                }
                return Ok(format!(
                    "{} pairs written to {}, their weights to {}.{changed}",
                    thousands(pairs.len() as u64),
                    shown(path),
                    shown(&weights)
                ));
            }
        }
        Ok(format!("Written to {}.", shown(path)))
    }
}
