//! The window: one folder per feature, on a common core and shell.
//!
//! - [`core`]: what is open, identities, jobs, commands, settings, workspaces
//! - [`shell`]: frame, palette, dialogs, widgets, theme: drawing only
//! - [`feature`]: the contract of a feature; `features.rs` lists them all
//! - one folder per feature: its state, commands and jobs, and in `view/` what draws it
//!
//! The window's thread only draws and hands over; everything that touches files, models or the GPU is a job.

pub mod attack;
pub mod augment;
pub mod compare;
pub mod core;
pub mod feature;
mod features;
mod frames;
pub mod guide;
mod host;
pub mod learning;
pub mod linear;
mod log;
pub mod map;
pub mod models;
pub mod negatives;
pub mod problems;
pub mod retrieval;
pub mod run;
pub mod shell;
pub mod strata;
pub mod structure;
mod window;

pub use window::run;

use self::core::{Attention, Command, Core, Request, Session, StoryCommand, Workspace};
use feature::Feature;
use host::Hosted;
use shell::help::KeyGroup;
use shell::{Memory, RailEntry, Shell};
use std::any::Any;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How the program starts.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// A workspace, dataset, encoder or picture to open instead of the last workspace.
    pub open: Option<PathBuf>,
    /// Where settings are kept; `None` to keep none.
    pub data_folder: Option<PathBuf>,
}

impl Start {
    /// Is nothing asked for, and nothing remembered where it would be?
    fn is_first(&self, session: &Session) -> bool {
        self.open.is_none() && self.data_folder.is_some() && session.settings.recent.is_empty()
    }
}

/// The application behind the window.
pub struct App {
    core: Core,
    features: Vec<Box<dyn Hosted>>,
    memory: Memory,
    frames: frames::Frames,
    attention: Attention,
    title: String,
    /// Are the colours those for the colour-blind?
    safe_colours: bool,
    ctx: egui::Context,
}

impl App {
    /// Starts with the last workspace, or the demo at the first start.
    pub fn new(ctx: &egui::Context, start: &Start) -> Self {
        shell::theme::install(ctx);
        let mut core = Core::new(ctx, features::HOME, start.data_folder.as_deref());
        core.ask(match &start.open {
            Some(path) => Command::OpenPath(path.clone()),
            None => match core.session.settings.recent.first() {
                Some(r) => Command::OpenWorkspace(Box::new(r.workspace.clone()), r.file.clone()),
                None => Command::OpenWorkspace(Box::new(Workspace::demo()), None),
            },
        });
        if start.is_first(&core.session) {
            core.ask(Command::Story(StoryCommand::Begin));
        }
        Self {
            core,
            features: features::all(ctx),
            memory: Memory::default(),
            frames: frames::Frames::default(),
            attention: Attention::default(),
            title: String::new(),
            safe_colours: false,
            ctx: ctx.clone(),
        }
    }

    /// What is open and selected.
    pub fn session(&self) -> &Session {
        &self.core.session
    }

    /// What feature `F` shows; `None` where the window does not have it.
    pub fn state<F: Feature>(&self) -> Option<&F::State> {
        let mut features = self.features.iter();
        features.find_map(|f| Some(f.as_any().downcast_ref::<F>()?.state()))
    }

    /// Executes a command, as if the user had asked for it.
    pub fn perform(&mut self, ctx: &egui::Context, command: Command) {
        self.core.ask(command);
        self.execute(ctx);
    }

    /// Executes a command of feature `F`, as if the user had asked for it.
    pub fn perform_of<F: Feature>(&mut self, ctx: &egui::Context, command: F::Command) {
        let mut features = self.features.iter_mut();
        if let Some(feature) = features.find(|f| f.as_any().is::<F>()) {
            feature.ask(Box::new(command));
        }
        self.execute(ctx);
    }

    /// Is anything under way?
    pub fn is_busy(&self) -> bool {
        self.core.is_busy() || self.features.iter().any(|f| f.is_busy())
    }

    /// Executes what was asked for, and tells the features what changed.
    fn execute(&mut self, ctx: &egui::Context) {
        for feature in &mut self.features {
            feature.execute(&mut self.core, ctx);
        }
        self.spread(ctx);
        for command in self.core.take_asked() {
            if let Command::Again(id) = command {
                self.run_again(id);
                continue;
            }
            let core = &mut self.core;
            if let Command::CancelJob(job) = command {
                self.features
                    .iter_mut()
                    .for_each(|f| f.cancel(core, ctx, job));
            }
            if !self
                .features
                .iter_mut()
                .any(|f| f.offered(core, ctx, &command))
            {
                self.core.execute(ctx, command);
            }
            self.spread(ctx);
        }
    }

    /// Asks for a run once more, where all that it was about is still open; else says why not.
    fn run_again(&mut self, id: u64) {
        let session = &mut self.core.session;
        let Some(ran) = session.runs.get(id) else {
            return;
        };
        if let Some(why) = ran.refused(session.now()) {
            let remedy = "Open what it was about, and run it there.";
            return session.say(core::Level::Info, why, remedy);
        }
        let begun = ran.begun.clone();
        self.core.show(begun.tab);
        for request in begun.again {
            match request {
                Request::Core(command) => self.core.ask(*command),
                Request::Own(make) => {
                    for feature in &mut self.features {
                        feature.ask(make());
                    }
                }
            }
        }
    }

    /// Tells the features what changed in the core.
    fn spread(&mut self, ctx: &egui::Context) {
        for change in self.core.take_changes() {
            for feature in &mut self.features {
                feature.changed(&mut self.core, ctx, change);
            }
        }
    }

    /// Takes in what the jobs have finished and starts what has become possible; draws nothing.
    fn drain(&mut self, ctx: &egui::Context) {
        self.execute(ctx);
        self.core.drain(ctx);
        self.spread(ctx);
        for feature in &mut self.features {
            feature.drain(&mut self.core, ctx);
        }
        self.execute(ctx);
        for feature in &mut self.features {
            feature.advance(&mut self.core, ctx);
        }
        let core = &mut self.core;
        core.session.jobs = core.jobs();
        for feature in &self.features {
            core.session.jobs.extend(feature.jobs());
        }
        core.session.jobs.sort_by_key(|job| job.job);
        let ended = self
            .attention
            .long_ended(&core.session.jobs, Instant::now());
        if ended && ctx.input(|i| i.viewport().focused == Some(false)) {
            let kind = egui::UserAttentionType::Informational;
            ctx.send_viewport_cmd(egui::ViewportCommand::RequestUserAttention(kind));
        }
        if !core.session.jobs.is_empty() {
            let paces = self.features.iter().filter_map(|f| f.pace());
            ctx.request_repaint_after_secs(paces.fold(0.1, f32::min));
        }
    }

    /// Ends all jobs. Short saves are finished, longer writing is cancelled and given the time to remove what is half
    /// written; neither is waited for longer than a second.
    fn quit(&mut self) {
        const WAIT: Duration = Duration::from_secs(1);
        let until = Instant::now() + WAIT;
        let ctx = self.ctx.clone();
        self.core.closing();
        for feature in &mut self.features {
            feature.closing(&mut self.core, &ctx);
        }
        self.core.wait(until);
        self.features.iter_mut().for_each(|f| f.wait(until));
    }

    /// Draws the whole window; what was asked for waits in the core and the features.
    fn draw(&mut self, ui: &mut egui::Ui) {
        let ctx = ui.ctx().clone();
        let safe = self.core.session.settings.safe_colours;
        if std::mem::replace(&mut self.safe_colours, safe) != safe {
            shell::theme::colour(&ctx, safe);
        }
        let features = &mut self.features;
        let tabs: Vec<_> = features.iter().map(|f| f.tab()).collect();
        let mut shell = Shell {
            session: &self.core.session,
            memory: &mut self.memory,
            pictures: &mut self.core.pictures,
            commands: Vec::new(),
        };
        let plain = shell::keys::shell_keys(&ctx, &mut shell);
        let current = shell.session.tab;
        let page = features
            .iter()
            .find(|f| f.tab() == current)
            .and_then(|f| f.guide_page());
        let rail: Vec<RailEntry> = features
            .iter()
            .filter(|f| f.is_listed() || f.tab() == current)
            .map(|f| RailEntry {
                tab: f.tab(),
                badge: f.badge(shell.session),
            })
            .collect();
        if let Some(feature) = features.iter_mut().find(|f| f.tab() == current) {
            if plain {
                // A button that was clicked keeps the focus: plain keys are its own then, shortcuts are not.
                feature.keys(&ctx, &mut shell, ctx.egui_wants_keyboard_input());
            }
            shell::bars_ui(ui, &mut shell, &rail);
            feature.panels(ui, &mut shell);
            shell::centre_ui(ui, |ui| {
                if current == features::HOME {
                    shell::help::band_ui(ui, &mut shell);
                }
                feature.draw(ui, &mut shell);
            });
        }
        shell::above_ui(&ctx, &mut shell);
        shell::help::sheet_ui(&ctx, &mut shell, || {
            let own = features.iter().map(|f| KeyGroup {
                title: f.tab().title,
                lines: f.key_lines(),
            });
            KeyGroup::of_window().into_iter().chain(own).collect()
        });
        let own = |shell: &mut Shell<'_>| {
            let of = |(at, f): (usize, &mut Box<dyn Hosted>)| {
                let entries = f.palette(shell).into_iter();
                entries.map(move |entry| entry.map(|command| (at, command)))
            };
            features.iter_mut().enumerate().flat_map(of).collect()
        };
        let chosen: Option<(usize, Box<dyn Any>)> = shell::palette_ui(&ctx, &mut shell, &tabs, own);
        shell::overlays_ui(&ctx, &mut shell);
        let commands = shell.commands;
        if let Some((at, command)) = chosen {
            self.features[at].ask(command);
        }
        for command in commands {
            self.core.ask(match command {
                // The page that fits what is shown.
                Command::ShowGuide(None) => Command::ShowGuide(page),
                other => other,
            });
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        self.frames.record(frame.info().cpu_usage);
        self.core.window = frame.wgpu_render_state().cloned();
        self.drain(ctx);
        let title = format!("{} — nearmiss", self.core.session.workspace.title());
        if title != self.title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.draw(ui);
        let ctx = ui.ctx().clone();
        self.execute(&ctx);
        self.core.load_pictures();
        self.frames.drawn();
    }

    fn on_exit(&mut self) {
        self.quit();
        self.frames.write();
    }
}
