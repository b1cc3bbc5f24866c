//! The contract between the window and a feature: one folder of `desktop/`, one line in `features.rs`.
//!
//! A feature sees [`core`](super::core) (what is open, its identities, commands) and [`shell`](super::shell) (widgets,
//! theme), never another feature. What one asks of another is a command of the core.

use super::core::{
    Basis, Begun, BoundJobs, Change, Command, Core, Dialog, JobSlot, Level, Part, Request, Session,
    Tab,
};
use super::shell::keys::KeyLine;
use super::shell::{PaletteEntry, Shell};
use crate::error::Result;
use crate::task::{Progress, Task};
use egui::{Context, Ui};
use std::fmt::Debug;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::Arc;

/// A view of the window with all that belongs to it.
pub trait Feature: Sized + 'static {
    /// What can be asked of it.
    type Command: Clone + Debug + 'static;
    /// Its kinds of jobs.
    type Slot: JobSlot;
    /// What its jobs report.
    type Event: Send + 'static;
    /// What drawing reads.
    type State: 'static;
    /// What drawing remembers between frames: text being typed, what was scrolled to.
    type Memory: Default + 'static;

    /// Its place in the rail.
    const TAB: Tab;

    /// Nothing computed, nothing asked for.
    fn new() -> Self;

    /// What drawing reads.
    fn state(&self) -> &Self::State;

    /// Executes a command. Each is short: anything long becomes a job.
    fn execute(&mut self, desk: &mut Desk<'_, Self>, command: Self::Command);

    /// Takes in what a job has found; it was started when `basis` was current, and that still is.
    fn take(&mut self, desk: &mut Desk<'_, Self>, basis: Basis, event: Self::Event);

    /// A job failed, was cancelled, or is about what is no longer open: its result does not come.
    fn ended(&mut self, _desk: &mut Desk<'_, Self>, _slot: Self::Slot, _how: Ended) {}

    /// Something changed in the core.
    fn changed(&mut self, _desk: &mut Desk<'_, Self>, _change: Change) {}

    /// Saves what is unsaved: the program ends.
    fn closing(&mut self, _desk: &mut Desk<'_, Self>) {}

    /// Starts what has become possible; called once a frame.
    fn advance(&mut self, _desk: &mut Desk<'_, Self>) {}

    /// Executes a command of the core that is this feature's to execute; false where it is not.
    fn offered(&mut self, _desk: &mut Desk<'_, Self>, _command: &Command) -> bool {
        false
    }

    /// Is this kind of job left out of the status bar?
    fn is_quiet(&self, slot: Self::Slot) -> bool {
        slot.is_quiet()
    }

    /// Does the rail list it? It always does while it is shown.
    fn is_listed(&self) -> bool {
        true
    }

    /// Is anything to be taken in that is no job?
    fn is_busy(&self) -> bool {
        false
    }

    /// Seconds until the next frame while one of its jobs runs.
    fn pace(&self) -> f32 {
        0.1
    }

    /// Draws the centre of the window.
    fn draw(ui: &mut Ui, view: &mut View<'_, Self>);

    /// Draws the panels beside the centre.
    fn panels(_ui: &mut Ui, _view: &mut View<'_, Self>) {}

    /// Takes the keys that were pressed while its tab is shown and no text is edited; `focused`: something has the focus.
    fn keys(ctx: &Context, view: &mut View<'_, Self>, focused: bool) {
        super::shell::keys::common_keys(ctx, view, focused);
    }

    /// The keys that [`Feature::keys`] takes, for the sheet of keys.
    fn key_lines() -> Vec<KeyLine> {
        super::shell::keys::common_lines()
    }

    /// The page of the guide that explains it, by its name.
    fn guide_page() -> Option<&'static str> {
        None
    }

    /// Its entries of the palette.
    fn palette(_view: &View<'_, Self>) -> Vec<PaletteEntry<Self::Command>> {
        Vec::new()
    }

    /// A count shown beside its title in the rail.
    fn badge(_session: &Session) -> Option<usize> {
        None
    }
}

/// Why the result of a job does not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It failed.
    Failed,
    /// The user cancelled it.
    Cancelled,
    /// What it was about is no longer open.
    Outdated,
}

/// What a feature works with: the core, and its own jobs.
pub struct Desk<'a, F: Feature> {
    /// What is open and what runs.
    pub core: &'a mut Core,
    /// The feature's jobs.
    pub jobs: &'a mut BoundJobs<F::Slot, F::Event>,
    /// The window.
    pub ctx: &'a Context,
}

impl<F: Feature> Deref for Desk<'_, F> {
    type Target = Core;

    fn deref(&self) -> &Core {
        self.core
    }
}

impl<F: Feature> DerefMut for Desk<'_, F> {
    fn deref_mut(&mut self) -> &mut Core {
        self.core
    }
}

impl<F: Feature> Desk<'_, F> {
    /// Starts a job about what is open now; once that is not so any more, it ends and its result is dropped.
    pub fn start(
        &mut self,
        slot: F::Slot,
        title: impl Into<String>,
        work: impl FnOnce(&Task) -> Result<F::Event> + Send + 'static,
    ) {
        self.jobs.start(self.core.session.now(), slot, title, work);
    }

    /// Shows a dialog of the system; `event` makes of the paths that were chosen, at least one, what the job reports.
    pub fn choose(
        &mut self,
        slot: F::Slot,
        dialog: Dialog,
        event: impl FnOnce(Vec<PathBuf>) -> F::Event + Send + 'static,
    ) {
        let wait = dialog.show(self.core.paths());
        self.start(slot, "Choosing a file", move |task| wait(task).map(event));
    }

    /// Says that a place was chosen for what is no longer shown: nothing is written.
    pub fn say_place_outdated(&mut self) {
        let text = "Nothing is written: what was to be written has changed since";
        let remedy = "Ask for it again.";
        self.core.session.say(Level::Warning, text, remedy);
    }

    /// What a job in `slot` would be about now.
    pub fn basis(&self, slot: F::Slot) -> Basis {
        self.basis_of(slot.parts())
    }

    /// What `parts` are now.
    pub fn basis_of(&self, parts: &[Part]) -> Basis {
        self.core.session.now().basis(parts)
    }

    /// Keeps among the runs that one begins in `slot`: what it is and its settings in words. It can be done again by
    /// `again` while `parts` are the same.
    pub fn began(
        &mut self,
        slot: F::Slot,
        what: &'static str,
        settings: String,
        parts: &[Part],
        again: impl IntoIterator<Item = F::Command>,
    ) {
        let own = |command: F::Command| Request::Own(Arc::new(move || Box::new(command.clone())));
        let begun = Begun {
            what,
            of: self.core.about(),
            settings,
            tab: F::TAB,
            basis: self.basis_of(parts),
            again: again.into_iter().map(own).collect(),
        };
        self.core.session.runs.begin(run_key::<F>(slot), begun);
    }

    /// The run in `slot` is done; `figure` is the main one of its result.
    pub fn ran(&mut self, slot: F::Slot, figure: String) {
        self.core.session.runs.done(&run_key::<F>(slot), figure);
    }

    /// The run in `slot`, where there is one, ended without a result.
    pub fn broke_off(&mut self, slot: F::Slot, why: &str) {
        self.core.session.runs.break_off(&run_key::<F>(slot), why);
    }

    /// Cancels a job; its result will not arrive.
    pub fn cancel(&mut self, slot: F::Slot) {
        self.jobs.cancel(slot);
        self.broke_off(slot, "Cancelled");
    }

    /// Is such a job under way?
    pub fn is_running(&self, slot: F::Slot) -> bool {
        self.jobs.is_running(slot)
    }
}

/// What a job of a feature is called among the runs.
fn run_key<F: Feature>(slot: F::Slot) -> String {
    format!("{} {slot:?}", F::TAB.title)
}

/// What is asked for while a feature is drawn.
pub enum Asked<F: Feature> {
    /// One of its commands.
    Command(F::Command),
    /// To cancel one of its jobs.
    Cancel(F::Slot),
}

/// What a feature is drawn with.
pub struct View<'a, F: Feature> {
    /// What is open and selected.
    pub session: &'a Session,
    /// What every drawing function works with.
    pub shell: Shell<'a>,
    /// What was found, and how it is looked at.
    pub state: &'a F::State,
    /// What drawing remembers.
    pub memory: &'a mut F::Memory,
    /// What was asked for.
    pub asked: Vec<Asked<F>>,
    pub(super) jobs: &'a BoundJobs<F::Slot, F::Event>,
}

impl<'a, F: Feature> Deref for View<'a, F> {
    type Target = Shell<'a>;

    fn deref(&self) -> &Shell<'a> {
        &self.shell
    }
}

impl<F: Feature> DerefMut for View<'_, F> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.shell
    }
}

impl<F: Feature> View<'_, F> {
    /// Asks for a command of the core.
    pub fn ask(&mut self, command: Command) {
        self.shell.ask(command);
    }

    /// Asks for one of the feature's commands.
    pub fn own(&mut self, command: F::Command) {
        self.asked.push(Asked::Command(command));
    }

    /// Asks to cancel one of the feature's jobs.
    pub fn cancel(&mut self, slot: F::Slot) {
        self.asked.push(Asked::Cancel(slot));
    }

    /// Is such a job under way?
    pub fn is_running(&self, slot: F::Slot) -> bool {
        self.jobs.is_running(slot)
    }

    /// How far such a job is.
    pub fn progress(&self, slot: F::Slot) -> Option<Progress> {
        self.jobs.progress(slot)
    }
}

/// The commands, jobs and events of a feature that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nothing {}

impl JobSlot for Nothing {
    fn parts(self) -> &'static [Part] {
        match self {}
    }
}
