//! The running program: executes [`Command`](crate::session::Command)s, starts jobs, drains their results.
//!
//! The window's thread only draws and hands over; everything that touches files, models or the GPU is a job.

mod compare;
mod dialogs;
mod events;
mod examine;
mod execute;
mod frames;
mod jobs;
mod lab;
mod loader;
mod negatives;
mod quit;
mod report;
mod sets;
mod structure;
mod window;
mod work;

pub use window::run;

use crate::compute::Engine;
use crate::encoder::Encoder;
use crate::error::Result;
use crate::session::{Basis, JobView, Session, Settings, SettingsFile, Slot, Workspace};
use crate::task::{Jobs, Task};
use crate::ui::{Pictures, UiState};
use events::Event;
use loader::Loader;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// How the program starts.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// A workspace, dataset, encoder or picture to open instead of the last workspace.
    pub open: Option<PathBuf>,
    /// Where settings are kept; `None` to keep none.
    pub data_folder: Option<PathBuf>,
}

/// The application behind the window.
pub struct App {
    session: Session,
    ui: UiState,
    pictures: Pictures,
    jobs: Jobs<Slot, Event>,
    /// What each job under way is about.
    bases: HashMap<Slot, Basis>,
    loader: Loader,
    engine: Option<Arc<dyn Engine>>,
    encoder: Option<Arc<Encoder>>,
    /// Where settings are kept; `None` to keep none.
    settings_file: Option<Arc<Mutex<SettingsFile>>>,
    frames: frames::Frames,
    lab: lab::Lab,
    negatives: negatives::NegativesLab,
    structure: structure::Work,
    /// Dataset or encoder changed since the last embedding was started.
    embed_wanted: bool,
    /// The embeddings or the protocol changed since the last ranking was started.
    rank_wanted: bool,
    title: String,
}

impl App {
    /// Starts with the last workspace, or the demo at the first start.
    pub fn new(ctx: &egui::Context, start: &Start) -> Self {
        crate::ui::install_theme(ctx);
        let opened = start.data_folder.as_deref().map(SettingsFile::open);
        let (file, settings) = opened.unzip();
        let waker = ctx.clone();
        let mut app = Self {
            session: Session::new(Settings::default()),
            ui: UiState::default(),
            pictures: Pictures::default(),
            jobs: Jobs::new(move || waker.request_repaint()),
            bases: HashMap::new(),
            loader: Loader::new(ctx),
            engine: None,
            encoder: None,
            settings_file: file.map(|file| Arc::new(Mutex::new(file))),
            frames: frames::Frames::default(),
            lab: lab::Lab::default(),
            negatives: negatives::NegativesLab::default(),
            structure: structure::Work::default(),
            embed_wanted: false,
            rank_wanted: false,
            title: String::new(),
        };
        match settings {
            Some(Ok(settings)) => app.session.settings = settings,
            Some(Err(error)) => app.fail(&error),
            None => {}
        }
        app.apply_settings(ctx);
        app.find_engines();
        if let Some(path) = &start.open {
            app.open_path(path.clone());
        } else {
            let last = app.session.settings.recent.first();
            let (workspace, file) = last.map_or_else(
                || (Workspace::demo(), None),
                |r| (r.workspace.clone(), r.file.clone()),
            );
            app.open_workspace(workspace, file);
        }
        app
    }

    /// What is open and selected.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Executes a command, as if the user had asked for it.
    pub fn perform(&mut self, ctx: &egui::Context, command: crate::session::Command) {
        self.execute(ctx, command);
    }

    /// Is anything under way?
    pub fn is_busy(&self) -> bool {
        !self.jobs.running().is_empty() || self.loader.is_busy() || self.structure.is_busy()
    }

    /// Starts a job that is about what is open now; once that is not so any more, it ends and its result is dropped.
    fn start(
        &mut self,
        slot: Slot,
        title: impl Into<String>,
        work: impl FnOnce(&Task) -> Result<Event> + Send + 'static,
    ) {
        self.bases.insert(slot, self.basis(slot));
        self.jobs.start(slot, title, work);
    }

    /// What a job in `slot` would be about now.
    fn basis(&self, slot: Slot) -> Basis {
        self.session.now().basis(slot.parts())
    }

    /// Ends the jobs that are about what is no longer open.
    fn end_outdated(&mut self) {
        for (slot, _) in self.jobs.running() {
            let current = self.bases.get(&slot);
            if current.is_some_and(|basis| !self.session.now().holds(basis)) {
                self.jobs.cancel(slot);
                self.dropped(slot);
            }
        }
    }

    /// Takes in what the jobs have finished; draws nothing.
    fn drain(&mut self, ctx: &egui::Context) {
        for (slot, outcome) in self.jobs.drain() {
            let basis = self.bases.remove(&slot).unwrap_or_default();
            if !self.session.now().holds(&basis) {
                self.dropped(slot);
                continue;
            }
            match outcome {
                Ok(Event::Lab(event)) => self.take_lab(ctx, basis, event),
                Ok(Event::Negatives(event)) => self.take_negatives(basis, event),
                Ok(Event::Structure(event)) => self.take_structure(basis, event),
                Ok(event) => self.take(basis, event),
                Err(error) => self.job_failed(slot, error),
            }
        }
        self.end_outdated();
        for (key, image) in self.loader.drain() {
            self.pictures.insert(ctx, key, image);
        }
        if self.loader.has_more() {
            ctx.request_repaint();
        }
        self.advance();
        self.advance_negatives();
        self.advance_lab(ctx);
        self.advance_structure(ctx);
        let exact = self.session.structure.matrix.looks.exact;
        let quiet = |slot: Slot| slot.is_quiet() || (slot == Slot::Tiles && !exact);
        self.session.jobs = self
            .jobs
            .running()
            .into_iter()
            .filter(|(slot, _)| !quiet(*slot))
            .map(|(slot, job)| JobView {
                slot,
                progress: job.task.progress(),
            })
            .collect();
        if !self.session.jobs.is_empty() {
            let attack = self.session.lab.running.is_some();
            ctx.request_repaint_after_secs(if attack { 0.066 } else { 0.1 });
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        self.frames.record(frame.info().cpu_usage);
        self.find_painter(frame);
        self.drain(ctx);
        let title = format!("{} — nearmiss", self.session.workspace.title());
        if title != self.title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let commands = crate::ui::draw(ui, &self.session, &mut self.ui, &mut self.pictures);
        let ctx = ui.ctx().clone();
        for command in commands {
            self.execute(&ctx, command);
        }
        self.loader.want(self.pictures.take_wanted());
    }

    fn on_exit(&mut self) {
        self.quit();
        self.frames.write();
    }
}
