//! The half of the running program that no feature owns: opening, embedding, ranking, answering, settings.

use super::bound_jobs::{BoundJobs, JobEnd};
use super::command::Command;
use super::event::Event;
use super::guide::SharedGuide;
use super::identity::{Derived, Part};
use super::loader::Loader;
use super::paths::Paths;
use super::pictures::Pictures;
use super::piece::Made;
use super::settings::Settings;
use super::settings_file::SettingsFile;
use super::slot::{JobSlot, JobView, Slot};
use super::state::Session;
use super::tab::Tab;
use crate::compute::Engine;
use crate::encoder::Encoder;
use crate::error::Result;
use crate::task::{JobId, Task};
use eframe::egui_wgpu::RenderState;
use egui::Context;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// What changed in the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Data was opened.
    Opened,
    /// Dataset, encoder or embeddings are others.
    Basis,
    /// Other images are marked, named or shown.
    Sets,
    /// Another view is shown.
    Tab,
}

/// What is open, and the jobs that open it.
pub struct Core {
    /// What is open and selected; drawing reads it.
    pub session: Session,
    /// Textures of the dataset's pictures.
    pub pictures: Pictures,
    /// The compute engine, once chosen.
    pub engine: Option<Arc<dyn Engine>>,
    /// The open encoder.
    pub encoder: Option<Arc<Encoder>>,
    /// The window's own device, once it is drawn with one.
    pub window: Option<RenderState>,
    pub(super) jobs: BoundJobs<Slot, Event>,
    pub(super) loader: Loader,
    /// The questions for paths.
    pub(super) paths: Paths,
    /// What is to be put on the clipboard.
    pub(super) copied: Option<Made>,
    /// Where settings are kept; `None` to keep none.
    pub(super) settings_file: Option<Arc<Mutex<SettingsFile>>>,
    /// Dataset or encoder changed since the last embedding was started.
    pub(super) embed_wanted: bool,
    /// The embeddings or the protocol changed since the last ranking was started.
    pub(super) rank_wanted: bool,
    /// What changed, for the features.
    pub(super) changes: Vec<Change>,
    /// Commands that wait to be executed.
    pub(super) asked: Vec<Command>,
    /// The gradient of the text model, once a job has made it.
    guide: Derived<SharedGuide>,
    home: Tab,
}

impl Core {
    /// Nothing open; `home` is the view that answers queries.
    pub fn new(ctx: &Context, home: Tab, data_folder: Option<&Path>) -> Self {
        let opened = data_folder.map(SettingsFile::open);
        let (file, settings) = opened.unzip();
        let mut core = Self {
            session: Session::new(Settings::default(), home),
            pictures: Pictures::default(),
            engine: None,
            encoder: None,
            window: None,
            guide: Derived::default(),
            jobs: BoundJobs::new(ctx),
            loader: Loader::new(ctx),
            paths: Paths::new(ctx),
            copied: None,
            settings_file: file.map(|file| Arc::new(Mutex::new(file))),
            embed_wanted: false,
            rank_wanted: false,
            changes: Vec::new(),
            asked: Vec::new(),
            home,
        };
        match settings {
            Some(Ok(settings)) => core.session.settings = settings,
            Some(Err(error)) => core.fail(&error),
            None => {}
        }
        core.apply_settings(ctx);
        core.find_engines();
        core
    }

    /// The questions for paths.
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// Asks for a command, to be executed after what is under way.
    pub fn ask(&mut self, command: Command) {
        self.asked.push(command);
    }

    /// What was asked for since the last call.
    pub fn take_asked(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.asked)
    }

    /// What changed since the last call.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// The gradient of the open encoder's text model, once a job has made it.
    pub fn guide(&mut self) -> SharedGuide {
        let now = self.session.open.now();
        Arc::clone(self.guide.get_or_default(now, &[Part::Encoder]))
    }

    /// Is neither data nor encoder being opened, nor anything to be embedded?
    pub fn is_settled(&self) -> bool {
        let unsettled = [Slot::Data, Slot::Encoder, Slot::Embed];
        !self.embed_wanted && !unsettled.iter().any(|&slot| self.jobs.is_running(slot))
    }

    /// Is anything under way?
    pub fn is_busy(&self) -> bool {
        !self.jobs.is_empty() || self.loader.is_busy()
    }

    /// The jobs that the status bar shows.
    pub fn jobs(&self) -> Vec<JobView> {
        self.jobs.shown(JobSlot::is_quiet)
    }

    /// Starts a job that is about what is open now; once that is not so any more, it ends and its result is dropped.
    pub(super) fn start(
        &mut self,
        slot: Slot,
        title: impl Into<String>,
        work: impl FnOnce(&Task) -> Result<Event> + Send + 'static,
    ) {
        self.jobs.start(self.session.now(), slot, title, work);
    }

    /// Takes in what the jobs have finished; draws nothing.
    pub fn drain(&mut self, ctx: &Context) {
        while let Some((slot, outcome)) = self.jobs.next_end(self.session.now()) {
            match outcome {
                JobEnd::Done(basis, event) => self.take(basis, event),
                JobEnd::Outdated => self.dropped(slot),
                JobEnd::Failed(error) => self.job_failed(slot, &error),
            }
        }
        self.end_outdated();
        self.put_on_clipboard(ctx);
        self.session.path_question = self.paths.question();
        for (key, image) in self.loader.drain() {
            self.pictures.insert(ctx, key, image);
        }
        if self.loader.has_more() {
            ctx.request_repaint();
        }
        self.advance();
    }

    /// Loads the pictures that were drawn and are not there.
    pub fn load_pictures(&mut self) {
        self.loader.want(self.pictures.take_wanted());
    }

    fn end_outdated(&mut self) {
        for slot in self.jobs.end_outdated(self.session.now()) {
            self.dropped(slot);
        }
    }

    /// Cancels a job of the core, where it is one.
    pub fn cancel_job(&mut self, job: JobId) {
        if let Some(slot) = self.jobs.slot_of(job) {
            self.jobs.cancel(slot);
            self.ended(slot);
        }
    }

    /// Shows another view.
    pub fn show(&mut self, tab: Tab) {
        if self.session.tab != tab {
            self.session.tab = tab;
            self.changes.push(Change::Tab);
        }
    }

    /// The view that answers queries.
    pub(super) fn home(&self) -> Tab {
        self.home
    }

    /// Shows the answer to the query.
    pub fn show_answer(&mut self) {
        self.show(self.home);
    }
}
