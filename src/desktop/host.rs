//! What the window holds a feature by, whatever its types.

use super::core::{BoundJobs, Change, Command, Core, JobEnd, JobId, JobView, Session, Tab};
use super::feature::{Asked, Desk, Ended, Feature, View};
use super::shell::keys::KeyLine;
use super::shell::{PaletteEntry, Shell};
use egui::{Context, Ui};
use std::any::Any;
use std::time::Instant;

/// Why a run has no result whose data, encoder or settings are others now.
const OUTDATED: &str = "Ended: what it was about is not open any more";

/// A feature in the window.
pub trait Hosted {
    fn tab(&self) -> Tab;
    fn badge(&self, session: &Session) -> Option<usize>;
    /// Does the rail list it?
    fn is_listed(&self) -> bool;
    /// Takes in what its jobs have finished.
    fn drain(&mut self, core: &mut Core, ctx: &Context);
    /// Starts what has become possible.
    fn advance(&mut self, core: &mut Core, ctx: &Context);
    fn changed(&mut self, core: &mut Core, ctx: &Context, change: Change);
    fn offered(&mut self, core: &mut Core, ctx: &Context, command: &Command) -> bool;
    fn draw(&mut self, ui: &mut Ui, shell: &mut Shell<'_>);
    fn panels(&mut self, ui: &mut Ui, shell: &mut Shell<'_>);
    fn keys(&mut self, ctx: &Context, shell: &mut Shell<'_>, focused: bool);
    /// The keys that it takes.
    fn key_lines(&self) -> Vec<KeyLine>;
    /// The page of the guide that explains it.
    fn guide_page(&self) -> Option<&'static str>;
    /// Its entries of the palette; the command is one of [`Hosted::ask`].
    fn palette(&mut self, shell: &mut Shell<'_>) -> Vec<PaletteEntry<Box<dyn Any>>>;
    /// Keeps a command of this feature for [`Hosted::execute`]; another one is none of its business.
    fn ask(&mut self, command: Box<dyn Any>);
    /// Executes what was asked for.
    fn execute(&mut self, core: &mut Core, ctx: &Context);
    /// Its jobs that the status bar shows.
    fn jobs(&self) -> Vec<JobView>;
    fn is_busy(&self) -> bool;
    /// Seconds until the next frame while its jobs run; `None` while none does.
    fn pace(&self) -> Option<f32>;
    /// Cancels this job, where it is one of the feature's.
    fn cancel(&mut self, core: &mut Core, ctx: &Context, job: JobId);
    /// Saves what is unsaved, and cancels all that is no save: the program ends.
    fn closing(&mut self, core: &mut Core, ctx: &Context);
    /// Waits for the jobs that write, then cancels all.
    fn wait(&mut self, until: Instant);
    /// The feature, for those who know its type.
    fn as_any(&self) -> &dyn Any;
}

/// A feature with its jobs and what drawing remembers of it.
pub struct Host<F: Feature> {
    feature: F,
    jobs: BoundJobs<F::Slot, F::Event>,
    memory: F::Memory,
    asked: Vec<Asked<F>>,
}

impl<F: Feature> Host<F> {
    /// A feature whose jobs wake the window of `ctx`.
    pub fn new(ctx: &Context) -> Self {
        Self {
            feature: F::new(),
            jobs: BoundJobs::new(ctx),
            memory: F::Memory::default(),
            asked: Vec::new(),
        }
    }

    /// Calls `work` with the feature and what it works with.
    fn with<R>(
        &mut self,
        core: &mut Core,
        ctx: &Context,
        work: impl FnOnce(&mut F, &mut Desk<'_, F>) -> R,
    ) -> R {
        let jobs = &mut self.jobs;
        work(&mut self.feature, &mut Desk { core, jobs, ctx })
    }

    /// Calls `work` with what the feature is drawn with.
    fn view<R>(&mut self, shell: &mut Shell<'_>, work: impl FnOnce(&mut View<'_, F>) -> R) -> R {
        let mut view = View {
            session: shell.session,
            shell: Shell {
                session: shell.session,
                memory: &mut *shell.memory,
                pictures: &mut *shell.pictures,
                commands: Vec::new(),
            },
            state: self.feature.state(),
            memory: &mut self.memory,
            asked: Vec::new(),
            jobs: &self.jobs,
        };
        let result = work(&mut view);
        let (asked, commands) = (view.asked, view.shell.commands);
        self.asked.extend(asked);
        shell.commands.extend(commands);
        result
    }
}

impl<F: Feature> Hosted for Host<F> {
    fn tab(&self) -> Tab {
        F::TAB
    }

    fn badge(&self, session: &Session) -> Option<usize> {
        F::badge(session)
    }

    fn is_listed(&self) -> bool {
        self.feature.is_listed()
    }

    fn drain(&mut self, core: &mut Core, ctx: &Context) {
        while let Some((slot, outcome)) = self.jobs.next_end(core.session.now()) {
            self.with(core, ctx, |feature, desk| match outcome {
                JobEnd::Done(basis, event) => feature.take(desk, basis, event),
                JobEnd::Outdated => {
                    desk.broke_off(slot, OUTDATED);
                    feature.ended(desk, slot, Ended::Outdated);
                }
                JobEnd::Failed(error) => {
                    desk.broke_off(slot, &format!("Failed: {error}"));
                    feature.ended(desk, slot, Ended::Failed);
                    desk.fail(&error);
                }
            });
        }
        for slot in self.jobs.end_outdated(core.session.now()) {
            self.with(core, ctx, |feature, desk| {
                desk.broke_off(slot, OUTDATED);
                feature.ended(desk, slot, Ended::Outdated);
            });
        }
    }

    fn advance(&mut self, core: &mut Core, ctx: &Context) {
        self.with(core, ctx, F::advance);
    }

    fn changed(&mut self, core: &mut Core, ctx: &Context, change: Change) {
        self.with(core, ctx, |feature, desk| feature.changed(desk, change));
    }

    fn offered(&mut self, core: &mut Core, ctx: &Context, command: &Command) -> bool {
        self.with(core, ctx, |feature, desk| feature.offered(desk, command))
    }

    fn draw(&mut self, ui: &mut Ui, shell: &mut Shell<'_>) {
        self.view(shell, |view| F::draw(ui, view));
    }

    fn panels(&mut self, ui: &mut Ui, shell: &mut Shell<'_>) {
        self.view(shell, |view| F::panels(ui, view));
    }

    fn keys(&mut self, ctx: &Context, shell: &mut Shell<'_>, focused: bool) {
        self.view(shell, |view| F::keys(ctx, view, focused));
    }

    fn key_lines(&self) -> Vec<KeyLine> {
        F::key_lines()
    }

    fn guide_page(&self) -> Option<&'static str> {
        F::guide_page()
    }

    fn palette(&mut self, shell: &mut Shell<'_>) -> Vec<PaletteEntry<Box<dyn Any>>> {
        let entries = self.view(shell, |view| F::palette(view));
        let untyped = |entry: PaletteEntry<F::Command>| entry.map(|c| Box::new(c) as Box<dyn Any>);
        entries.into_iter().map(untyped).collect()
    }

    fn ask(&mut self, command: Box<dyn Any>) {
        if let Ok(command) = command.downcast::<F::Command>() {
            self.asked.push(Asked::Command(*command));
        }
    }

    fn execute(&mut self, core: &mut Core, ctx: &Context) {
        for asked in std::mem::take(&mut self.asked) {
            self.with(core, ctx, |feature, desk| match asked {
                Asked::Command(command) => feature.execute(desk, command),
                Asked::Cancel(slot) => {
                    desk.cancel(slot);
                    feature.ended(desk, slot, Ended::Cancelled);
                }
            });
        }
    }

    fn jobs(&self) -> Vec<JobView> {
        self.jobs.shown(|slot| self.feature.is_quiet(slot))
    }

    fn is_busy(&self) -> bool {
        !self.jobs.is_empty() || self.feature.is_busy()
    }

    fn pace(&self) -> Option<f32> {
        (!self.jobs.is_empty()).then(|| self.feature.pace())
    }

    fn cancel(&mut self, core: &mut Core, ctx: &Context, job: JobId) {
        if let Some(slot) = self.jobs.slot_of(job) {
            self.with(core, ctx, |feature, desk| {
                desk.cancel(slot);
                feature.ended(desk, slot, Ended::Cancelled);
            });
        }
    }

    fn closing(&mut self, core: &mut Core, ctx: &Context) {
        self.with(core, ctx, F::closing);
        self.jobs.closing();
    }

    fn wait(&mut self, until: Instant) {
        self.jobs.wait(until);
    }

    fn as_any(&self) -> &dyn Any {
        &self.feature
    }
}
