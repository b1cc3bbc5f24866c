//! What jobs report, and how it changes the session.

use super::event::Event;
use super::running::{Change, Core};
use super::slot::Slot;
use super::{Basis, DataSource, Derived, Embedded, EncoderSource, Level, Part, Workspace};
use crate::compute::Engine;
use crate::dataset::Dataset;
use crate::encoder::{Encoder, EncoderInfo, EncoderOptions};
use crate::error::Error;
use std::sync::Arc;

impl Core {
    /// Shows an error once.
    pub fn fail(&mut self, error: &Error) {
        if let Error::Ask { path, question } = error {
            // What would be asked of the open encoder is said of any other.
            let remedy = "Open it as the encoder and answer there; then it can be compared with another one.";
            return self.fail(&Error::model(path, question.to_string(), remedy));
        }
        if !error.is_cancelled() {
            self.session
                .say(Level::Error, sentence(&error.to_string()), error.remedy());
        }
    }

    pub(super) fn job_failed(&mut self, slot: Slot, error: &Error) {
        if let (Slot::Encoder, Error::Ask { path, question }) = (slot, error) {
            self.session.question = Some((path.clone(), question.clone()));
            return;
        }
        if slot == Slot::Large {
            return self.large_failed(error);
        }
        self.broke_off(slot, &format!("Failed: {error}"));
        self.ended(slot);
        self.fail(error);
    }

    /// A job failed or was cancelled.
    pub(super) fn ended(&mut self, slot: Slot) {
        self.dropped(slot);
        if slot == Slot::Encoder {
            self.session.opening = None;
        }
        if matches!(slot, Slot::Data | Slot::Encoder) {
            self.session.pending = None;
            self.remember();
        }
    }

    /// The result of a job does not come; where it was about something that is no longer open, another job follows.
    pub(super) fn dropped(&mut self, slot: Slot) {
        self.broke_off(
            slot,
            "Ended: cancelled, or what it was about is not open any more",
        );
        if slot == Slot::Query {
            self.session.open.set_answer(None);
        }
        if slot == Slot::Browse {
            self.session.browser.is_listing = false;
        }
        if slot == Slot::Large {
            self.pictures.large = None;
        }
    }

    pub(super) fn take(&mut self, basis: Basis, event: Event) {
        match event {
            Event::Engines {
                runtime,
                engine,
                adapters,
                places,
            } => {
                self.session.runtime.places = places;
                match *runtime {
                    Ok(info) => self.session.runtime.runtime = Some(info),
                    Err(error) => self.fail(&error),
                }
                self.session.runtime.adapters = adapters;
                self.take_engine(engine);
            }
            Event::Engine(engine) => self.take_engine(engine),
            Event::Data {
                source,
                dataset,
                embedded,
                notes,
            } => {
                self.take_data(source, dataset, embedded);
                for note in notes {
                    self.session.say(Level::Warning, sentence(&note), "");
                }
            }
            Event::Encoder(encoder) => self.take_encoder(encoder),
            Event::Embedded {
                dataset,
                embedded,
                warnings,
            } => self.take_embedded(dataset, embedded, warnings),
            Event::Ranked { full, shown } => {
                self.evaluated(&shown);
                self.session.open.set_ranking(basis, full, shown);
                self.refresh_browser();
                if self.session.query().is_none() {
                    self.select_first();
                } else {
                    self.ask_query();
                }
            }
            Event::Answered(answer) => self.session.open.set_answer(Some((basis, answer))),
            Event::Picked(pick, paths) => self.picked(pick, paths),
            Event::Workspace(workspace, file) => self.open_workspace(*workspace, Some(file)),
            Event::Dataset(path) => self.open_data(DataSource::at(path)),
            Event::EncoderFolder(path) => {
                self.open_encoder(EncoderSource::Folder(path), EncoderOptions::default());
            }
            Event::Picture(query) => self.set_query(query),
            Event::Large {
                image,
                texture,
                size,
            } => self.take_large(image, texture, size),
            Event::Installed(path) => {
                self.session.runtime.restart = true;
                let text = format!("ONNX Runtime is installed in {}", path.display());
                self.session
                    .say(Level::Info, text, "It is used from the next start on.");
            }
            Event::WorkspaceSaved(path) => {
                self.session
                    .say(Level::Info, format!("Saved {}", path.display()), "");
                self.session.file = Some(path);
                self.remember();
            }
            Event::ImagesExported(folder, written) => self.images_exported(&folder, &written),
            Event::Listed(rows) => self.take_list(rows),
            Event::Found(text, rows) => self.session.found = Derived::new(basis, (text, rows)),
            Event::Copied(made) => self.copied = Some(made),
            Event::Placed(piece, form, dataset, path) => {
                self.write_piece(piece, form, dataset, path);
            }
            Event::PieceWritten(path) => {
                let text = format!("Wrote {}", path.display());
                self.session.say(Level::Info, text, "");
            }
            Event::Case(case) => self.take_case(basis, case),
            Event::SettingsSaved(saved) => self.settings_saved(&saved),
        }
    }

    fn take_engine(&mut self, engine: Arc<dyn Engine>) {
        self.session.runtime.engine = Some(engine.name());
        self.engine = Some(engine);
        self.session.open.renew(Part::Engine);
        self.rank_wanted = self.session.embedded().is_some();
    }

    fn take_embedded(&mut self, dataset: Arc<Dataset>, embedded: Embedded, warnings: Vec<String>) {
        self.embedded(dataset.images.len(), dataset.captions.len());
        for warning in warnings {
            self.session.say(Level::Warning, warning, "");
        }
        let before = self.session.dataset().map_or(0, |d| d.problems.len());
        if dataset.problems.len() > before {
            let n = dataset.problems.len() - before;
            self.session.say(
                Level::Warning,
                format!("{n} pictures could not be read and were left out"),
                "See Problems.",
            );
        }
        let rows = |d: &Arc<Dataset>| (d.images.len(), d.captions.len());
        if self.session.dataset().map(rows) != Some(rows(&dataset)) {
            self.show_dataset(dataset);
        }
        self.session.open.set_embedded(embedded, true);
        self.reset();
        self.rank_wanted = true;
    }

    fn take_encoder(&mut self, encoder: Arc<Encoder>) {
        if let Some((source, options)) = self.session.opening.take() {
            self.session.workspace.encoder = Some(source);
            self.session.workspace.options = options;
        }
        let info = encoder.describe();
        if let Some(runtime) = &self.session.runtime.runtime {
            let notes: Vec<String> = info.fallbacks(&runtime.providers).cloned().collect();
            for note in notes {
                let remedy = "It runs on the next provider of your list instead.";
                self.session.say(Level::Warning, note, remedy);
            }
        }
        self.encoder = Some(encoder);
        self.encoder_changed(Some(info));
        // Embeddings whose pictures are not there stay: the encoder is for queries.
        let unseen = self.session.dataset().is_some_and(|d| !d.has_pictures());
        self.embed_wanted = !(unseen && self.session.embedded().is_some());
        self.settle(Slot::Encoder);
        self.remember();
    }

    /// Another encoder is open, or none: what was computed by the one before is no longer shown.
    fn encoder_changed(&mut self, info: Option<EncoderInfo>) {
        self.session.open.set_encoder(info);
        self.reset();
        self.refresh_browser();
        self.ask_query();
    }

    /// Forgets what every view holds of data and encoder.
    fn reset(&mut self) {
        self.changes.push(Change::Basis);
    }

    /// Data or encoder of the workspace that is being opened is here, by the slot that opened it. Once all of it is, its
    /// file is the one to save to; until then what is open belongs to no file.
    fn settle(&mut self, opened: Slot) {
        let Some(mut pending) = self.session.pending.take() else {
            return;
        };
        self.session.file = None;
        match opened {
            Slot::Data => pending.data = false,
            _ => pending.encoder = false,
        }
        // Sets, measure and protocol are about its data.
        if opened == Slot::Data || pending.workspace.data.is_none() {
            self.adopt(&pending.workspace);
        }
        if pending.data || pending.encoder {
            self.session.pending = Some(pending);
        } else {
            self.session.file = pending.file;
        }
    }

    /// Takes over what a workspace says besides data and encoder.
    fn adopt(&mut self, new: &Workspace) {
        let workspace = &mut self.session.workspace;
        workspace.margin = new.margin;
        workspace.fold = new.fold;
        workspace.similarity = new.similarity;
        workspace.sets.clone_from(&new.sets);
        workspace.map.clone_from(&new.map);
        self.session.open.renew(Part::Protocol);
        self.session.open.renew(Part::Measure);
        if new.encoder.is_none() {
            self.close_encoder();
        }
    }

    /// No encoder is open any more.
    fn close_encoder(&mut self) {
        self.jobs.cancel(Slot::Encoder);
        self.session.opening = None;
        self.session.workspace.encoder = None;
        self.encoder = None;
        self.encoder_changed(None);
    }

    fn take_data(&mut self, source: DataSource, dataset: Arc<Dataset>, embedded: Option<Embedded>) {
        let unseen = !dataset.has_pictures();
        if unseen && embedded.is_none() {
            self.session.say(
                Level::Warning,
                format!(
                    "{} opened with its captions only: no picture was found",
                    dataset.name
                ),
                "Put its pictures in a folder images/ beside the captions. See Problems.",
            );
        } else if let n @ 1.. = dataset.problems.iter().filter(|p| p.is_loss()).count() {
            self.session.say(
                Level::Warning,
                format!("{n} entries of {} were skipped", dataset.name),
                "See Problems.",
            );
        }
        if self.session.workspace.data.as_ref() != Some(&source) {
            // Coordinates are of the data before.
            self.session.workspace.map = None;
        }
        self.settle(Slot::Data);
        self.session.workspace.data = Some(source);
        self.show_dataset(dataset);
        match embedded {
            Some(embedded) => {
                self.session.open.set_embedded(embedded, false);
                self.embed_wanted = false;
                self.rank_wanted = true;
            }
            None => self.embed_wanted = !unseen,
        }
        self.changes.push(Change::Opened);
        self.remember();
    }

    /// Replaces the dataset shown; its pictures are loaded anew.
    fn show_dataset(&mut self, dataset: Arc<Dataset>) {
        self.pictures.clear();
        self.loader.set_dataset(Some(Arc::clone(&dataset)));
        self.session.open.set_dataset(dataset);
        self.session.open.clear_query();
        self.find_sets();
        self.refresh_browser();
        self.reset();
        self.select_first();
    }
}

/// The text with a capital letter in front, unless it begins with a path.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first)
            if first.is_alphabetic()
                && !text
                    .split(' ')
                    .next()
                    .is_some_and(|w| w.contains(['/', '\\', '.'])) =>
        {
            first.to_uppercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}
