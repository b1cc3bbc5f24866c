//! Executes the lab's commands.

use super::command::{Choice, Command};
use super::repeat::Repeat;
use super::state::{LabPage, Vocabulary, Which};
use super::work::{open_mask, partial, set};
use super::{Attack, Event, Slot, Writing};
use crate::attack::{AttackSettings, Goal, Norm, Region, SetRequest, Threat};
use crate::desktop::core::{Derived, Dialog, Filters, JSON, Level, PICTURES, Query, WORDS};
use crate::desktop::feature::{Desk, Feature};
use crate::encoder::EncoderOptions;
use crate::retrieval::Side;
use std::path::PathBuf;
use std::sync::Arc;

impl Attack {
    pub(super) fn obey(&mut self, desk: &mut Desk<'_, Self>, command: Command) {
        let lab = &mut self.state;
        match command {
            Command::Choose(choice) => Self::choose(desk, choice),
            Command::SetSettings(settings) => {
                if settings.method == lab.settings.method {
                    lab.settings = *settings;
                } else {
                    lab.settings.steps = None;
                    lab.settings.method = settings.method;
                }
            }
            Command::SetNorm(norm) => {
                lab.set_norm(norm);
                if norm == Norm::Free && lab.settings.threat.region.is_none() {
                    let patch = self.patch(desk);
                    self.state.settings.threat.region = Some(patch);
                }
            }
            Command::SetGoal(goal) => lab.goal = goal,
            Command::SetTarget(target) => {
                lab.chosen = target;
                if target.is_some() && !matches!(lab.goal, Goal::Win | Goal::Match) {
                    lab.goal = Goal::Win;
                }
            }
            Command::SetLoss(loss) => lab.settings.loss = loss,
            Command::SetOwnSize(own) => lab.own_size = own,
            Command::SetMask(mask) => lab.settings.threat.mask = mask,
            Command::OpenMask(path) => {
                desk.start(Slot::Mask, "Reading the mask", move |_| open_mask(&path));
            }
            Command::Run => {
                desk.show(Self::TAB);
                self.work.run_wanted = lab.image;
                let known = self.work.network.get(desk.session.open.now()).is_some();
                if !known && !desk.is_running(Slot::Network) {
                    self.work.network_asked.clear();
                }
            }
            Command::Undo => lab.undo(desk.session.open.now()),
            Command::Redo => lab.redo(desk.session.open.now()),
            Command::SetLooks(looks) => lab.looks = looks,
            Command::Export(path) => self.export_attack(desk, path),
            Command::ShowPage(page) => {
                lab.page = page;
                desk.show(Self::TAB);
            }
            Command::SetCaption(caption) => lab.words.chosen = Some(caption),
            Command::SetWords(plan) => lab.words.plan = *plan,
            Command::RunWords => self.run_words(desk),
            Command::SetPlan(plan) => lab.set.plan = *plan,
            Command::OpenFound { image, eps } => self.open_found(desk, image, eps),
            Command::RunSet => {
                let images = self.images(desk);
                self.attack_set(desk, images);
            }
            Command::Repeat(repeat) => self.repeat(desk, *repeat),
            Command::ExportSet(path) => self.export_set(desk, path),
        }
    }

    /// Takes a picture to the lab, with the caption that is to win.
    pub(super) fn take_pair(
        &mut self,
        desk: &mut Desk<'_, Self>,
        image: usize,
        target: Option<usize>,
    ) {
        desk.show(Self::TAB);
        desk.set_query(Query::Row(Side::Image, image));
        self.state.page = LabPage::Picture;
        self.follow_selection(desk);
        self.state.chosen = target;
        if target.is_some() {
            self.state.goal = Goal::Win;
        }
    }

    /// Attacks a picture as the set was, at the radius that breaks it: from the same seed the same perturbation.
    fn open_found(&mut self, desk: &mut Desk<'_, Self>, image: usize, eps: Option<f32>) {
        let now = desk.session.now();
        let set = &self.state.set;
        let (Some((settings, goal, _)), Some(report)) = (set.asked.get(now), set.report.get(now))
        else {
            return self.take_pair(desk, image, None);
        };
        let (goal, mut settings) = (*goal, settings.clone());
        settings.full = false;
        let largest = report.levels.last().map(|level| level.eps);
        // An attack that looks for the smallest perturbation has no radius to keep to.
        if let Some(eps) = eps.or(largest).filter(|_| !settings.method.is_minimal()) {
            settings.threat.eps = eps;
        }
        self.take_pair(desk, image, None);
        self.state.settings = settings;
        self.state.goal = goal;
        self.state.own_size = false;
        self.work.found = Some((image, eps.is_some()));
        self.obey(desk, Command::Run);
    }

    /// Shows the dialog for a file or folder.
    fn choose(desk: &mut Desk<'_, Self>, choice: Choice) {
        const PNG: Filters = &[("PNG picture", &["png"])];
        let dialog = match choice {
            Choice::Mask => Dialog::file("A mask: white where the attack may go", PICTURES),
            Choice::Vocabulary => {
                Dialog::file("A list of words that may come in, one a line", WORDS)
            }
            Choice::Synonyms => {
                let title = "Which word may stand for which: lines such as \"dog: hound, puppy\"";
                Dialog::file(title, WORDS)
            }
            Choice::Export => {
                let title = "Export picture, exact values, heatmap and report";
                Dialog::place(title, "adversarial.png", PNG)
            }
            Choice::ExportSet => {
                let title = "Export the figures of the set (JSON and CSV)";
                Dialog::place(title, "attack.json", JSON)
            }
            Choice::SetFolder => Dialog::folder("A folder for perturbed pictures"),
            Choice::TransferFolder => Dialog::folder("The folder of a second encoder"),
        };
        let chosen = move |paths| Event::Chosen(choice, paths);
        desk.choose(Slot::Dialog, dialog, chosen);
    }

    /// A file or folder was chosen.
    pub(super) fn chosen(&mut self, desk: &mut Desk<'_, Self>, choice: Choice, path: PathBuf) {
        let state = &mut self.state;
        match choice {
            Choice::Mask => self.obey(desk, Command::OpenMask(path)),
            Choice::Vocabulary => state.words.plan.vocabulary = Vocabulary::File(path),
            Choice::Synonyms => state.words.plan.synonyms = Some(path),
            Choice::Export | Choice::ExportSet => match self.work.writing.take() {
                Some(writing) => writing.to(desk, path),
                None => desk.say_place_outdated(),
            },
            Choice::SetFolder => state.set.plan.save = Some(path),
            Choice::TransferFolder => state.set.plan.transfer = Some(path),
        }
    }

    /// A patch of a quarter of the picture's side in its middle.
    fn patch(&self, desk: &Desk<'_, Self>) -> Region {
        let grid = self.state.clean(desk.session.now()).map(|c| c.grid);
        let (height, width) = grid.map_or((224, 224), |g| (g.height as u32, g.width as u32));
        let side = |n: u32| (n / 4).max(1);
        Region {
            left: (width - side(width)) / 2,
            top: (height - side(height)) / 2,
            width: side(width),
            height: side(height),
        }
    }

    fn export_attack(&mut self, desk: &mut Desk<'_, Self>, path: Option<PathBuf>) {
        let (Some(done), Some(dataset)) = (
            self.state.last(desk.session.now()).cloned(),
            desk.session.dataset().cloned(),
        ) else {
            desk.session.say(
                Level::Warning,
                "There is no attack to export",
                "Attack the picture first.",
            );
            return;
        };
        self.export(desk, Writing::Attempt(done, dataset), path);
    }

    /// Writes to the path, or asks for one: what is written is what was there when it was asked for.
    fn export(&mut self, desk: &mut Desk<'_, Self>, writing: Writing, path: Option<PathBuf>) {
        if let Some(path) = path {
            return writing.to(desk, path);
        }
        let choice = match &writing {
            Writing::Attempt(..) => Choice::Export,
            Writing::Set(_) => Choice::ExportSet,
        };
        self.work.writing = Some(writing);
        Self::choose(desk, choice);
    }

    fn export_set(&mut self, desk: &mut Desk<'_, Self>, path: Option<PathBuf>) {
        let Some(report) = self.state.set.report.get(desk.session.now()).cloned() else {
            return;
        };
        self.export(desk, Writing::Set(report), path);
    }

    /// The pictures of the set that are asked for.
    fn images(&self, desk: &Desk<'_, Self>) -> Vec<usize> {
        let Some(embedded) = desk.session.embedded() else {
            return Vec::new();
        };
        let all = embedded.groups.images();
        let listed = || {
            let rows = desk.session.browser.rows.iter().map(|&r| r as usize);
            let mut images: Vec<usize> = match desk.session.side {
                Side::Image => rows.collect(),
                Side::Text => rows.map(|j| embedded.groups.owner(j)).collect(),
            };
            images.sort_unstable();
            images.dedup();
            images
        };
        match self.state.set.plan.which {
            Which::First(n) => (0..n.min(all)).collect(),
            Which::Listed => listed(),
            Which::All => (0..all).collect(),
        }
    }

    /// Attacks these pictures as the form says, going on from what is done.
    pub(super) fn attack_set(&mut self, desk: &mut Desk<'_, Self>, images: Vec<usize>) {
        let (Some(set_of), Some(encoder), Some(dataset)) = (
            self.set_of(desk),
            desk.encoder.clone(),
            desk.session.dataset().cloned(),
        ) else {
            desk.session.say(
                Level::Warning,
                "The set cannot be attacked yet",
                "Wait until it is embedded and the model is looked at.",
            );
            return;
        };
        let basis = desk.basis(Slot::AttackSet);
        let lab = &mut self.state;
        let plan = lab.set.plan.clone();
        lab.set.running = true;
        lab.set.stopped = Derived::new(basis.clone(), (0, images.len()));
        lab.set.asked = Derived::new(basis, (lab.settings.clone(), lab.goal, plan.clone()));
        let again = Repeat::Set {
            images: images.clone(),
            settings: lab.settings.clone(),
            goal: lab.goal,
            plan: plan.clone(),
        };
        let request = SetRequest {
            set: set_of,
            encoder,
            dataset,
            images,
            goal: lab.goal,
            settings: AttackSettings {
                // Of a set, the radius at which a picture breaks counts.
                full: false,
                ..lab.settings.clone()
            },
            at: plan.at,
            sides: plan.sides,
            adaptive: plan.eps.is_empty(),
            eps: if plan.eps.is_empty() {
                Threat::usual_radii(lab.settings.settled().threat.norm)
            } else {
                plan.eps
            },
            batch: plan.batch.max(1),
            save: plan.save,
            transfer: None,
        };
        let options = EncoderOptions {
            providers: desk.session.settings.providers.clone(),
            batch: desk.session.settings.batch,
            ..EncoderOptions::default()
        };
        let done = Arc::clone(&self.work.set_done);
        let ready = Arc::clone(&self.work.set_request);
        desk.cancel(Slot::PartialSet);
        Self::began_set(desk, again);
        desk.start(Slot::AttackSet, "Attacking the set", move |task| {
            set(
                request,
                plan.transfer.as_deref(),
                &options,
                (&done, &ready),
                task,
            )
        });
    }

    /// What a job leaves that the user cancelled.
    pub(super) fn sum_up(&mut self, desk: &mut Desk<'_, Self>, slot: Slot) {
        if slot == Slot::Attack {
            self.work.run_wanted = None;
        }
        if slot == Slot::AttackSet {
            // What is done is worth seeing; the cancelled job lets go of it within a second.
            let done = Arc::clone(&self.work.set_done);
            let request = Arc::clone(&self.work.set_request);
            desk.start(Slot::PartialSet, "Summing up what is done", move |task| {
                partial(&done, &request, task)
            });
        }
    }
}
