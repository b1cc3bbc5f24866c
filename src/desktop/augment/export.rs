//! What was learned in files.

use super::command::Kind;
use super::state::Studied;
use super::{AugmentLab, Event, Slot};
use crate::augment::Answer;
use crate::desktop::core::{Dialog, Filters, write_screen};
use crate::desktop::feature::Desk;
use crate::error::Result;
use crate::files::{replace, shown, write_json};
use egui::ColorImage;
use serde::Serialize;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const TABLES: Filters = &[("CSV", &["csv"])];
const FIGURES: Filters = &[("JSON", &["json"])];
const SCREENS: Filters = &[("PNG", &["png"])];

impl Kind {
    fn dialog(self) -> Dialog {
        match self {
            Self::Figures => Dialog::place("Write all figures", "augment.json", FIGURES),
            Self::History => Dialog::place("Write every step", "history.csv", TABLES),
            Self::Screen => Dialog::place("Write a picture", "augment.png", SCREENS),
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Figures => "json",
            Self::History => "csv",
            Self::Screen => "png",
        }
    }
}

/// What a file of figures holds.
#[derive(Serialize)]
struct Figures<'a> {
    #[serde(flatten)]
    answer: &'a Answer,
    /// The command that makes them, without its data.
    command: &'a str,
}

impl AugmentLab {
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
        desk.start(Slot::Export, "Writing figures", move |_| {
            write(&studied, kind, &path)?;
            Ok(Event::Kept(format!("Written to {}.", shown(&path))))
        });
    }

    /// Writes a picture of the view.
    pub(super) fn write_picture(desk: &mut Desk<'_, Self>, path: PathBuf, image: Arc<ColorImage>) {
        desk.start(Slot::Export, "Writing a picture", move |_| {
            write_screen(&path, &image)?;
            Ok(Event::Kept(format!("Written to {}.", shown(&path))))
        });
    }
}

fn write(studied: &Studied, kind: Kind, path: &Path) -> Result<()> {
    let answer = &studied.answer;
    match kind {
        Kind::Figures => write_json(
            path,
            &Figures {
                answer,
                command: &studied.command,
            },
        ),
        Kind::History => {
            let table = answer.history_table();
            replace(path, |out| out.write_all(table.as_bytes()))
        }
        Kind::Screen => Ok(()),
    }
}
