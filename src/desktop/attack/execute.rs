//! Executes the lab's commands.

use super::work::{open_mask, partial, set};
use super::{App, export};
use crate::desktop::core::events::Event;
use crate::attack::{AttackSettings, Goal, Norm, Region, SetRequest, Threat};
use crate::encoder::EncoderOptions;
use crate::retrieval::Side;
use crate::desktop::core::{AttackCommand, Derived, LabPage, Level, Pick, Query, Slot, Tab, Which};
use std::path::PathBuf;
use std::sync::Arc;

impl App {
    pub(in crate::app) fn execute_lab(&mut self, command: AttackCommand) {
        let lab = &mut self.session.lab;
        match command {
            AttackCommand::Take(image, target) => {
                self.session.tab = Tab::Attack;
                self.set_query(Query::Row(Side::Image, image));
                let lab = &mut self.session.lab;
                lab.page = LabPage::Picture;
                self.follow_selection();
                self.session.lab.chosen = target;
                if target.is_some() {
                    self.session.lab.goal = Goal::Win;
                }
            }
            AttackCommand::SetSettings(settings) => {
                if settings.method == lab.settings.method {
                    lab.settings = *settings;
                } else {
                    lab.settings.steps = None;
                    lab.settings.method = settings.method;
                }
            }
            AttackCommand::SetNorm(norm) => {
                lab.set_norm(norm);
                if norm == Norm::Free && lab.settings.threat.region.is_none() {
                    let patch = self.patch();
                    self.session.lab.settings.threat.region = Some(patch);
                }
            }
            AttackCommand::SetGoal(goal) => lab.goal = goal,
            AttackCommand::SetTarget(target) => {
                lab.chosen = target;
                if target.is_some() && !matches!(lab.goal, Goal::Win | Goal::Match) {
                    lab.goal = Goal::Win;
                }
            }
            AttackCommand::SetLoss(loss) => lab.settings.loss = loss,
            AttackCommand::SetOwnSize(own) => lab.own_size = own,
            AttackCommand::SetMask(mask) => lab.settings.threat.mask = mask,
            AttackCommand::OpenMask(path) => {
                self.start(Slot::Mask, "Reading the mask", move |_| {
                    open_mask(&path).map(Event::Lab)
                });
            }
            AttackCommand::Run => {
                self.lab.run_wanted = true;
                let known = self.lab.network.get(self.session.open.now()).is_some();
                if !known && !self.jobs.is_running(Slot::Network) {
                    self.lab.network_asked.clear();
                }
            }
            AttackCommand::Undo => lab.undo(self.session.open.now()),
            AttackCommand::Redo => lab.redo(self.session.open.now()),
            AttackCommand::SetLooks(looks) => lab.looks = looks,
            AttackCommand::Export(path) => self.export_attack(path),
            AttackCommand::ShowPage(page) => lab.page = page,
            AttackCommand::SetCaption(caption) => lab.words.chosen = Some(caption),
            AttackCommand::SetWords(plan) => lab.words.plan = *plan,
            AttackCommand::RunWords => self.run_words(),
            AttackCommand::SetPlan(plan) => lab.set.plan = *plan,
            AttackCommand::RunSet => self.run_set(),
            AttackCommand::ExportSet(path) => self.export_set(path),
        }
    }

    /// A patch of a quarter of the picture's side in its middle.
    fn patch(&self) -> Region {
        let grid = self.session.lab.clean(self.session.now()).map(|c| c.grid);
        let (height, width) = grid.map_or((224, 224), |g| (g.height as u32, g.width as u32));
        let side = |n: u32| (n / 4).max(1);
        Region {
            left: (width - side(width)) / 2,
            top: (height - side(height)) / 2,
            width: side(width),
            height: side(height),
        }
    }

    fn export_attack(&mut self, path: Option<PathBuf>) {
        let (Some(done), Some(dataset)) = (
            self.session.lab.last(self.session.now()).cloned(),
            self.session.dataset().cloned(),
        ) else {
            self.session.say(
                Level::Warning,
                "There is no attack to export",
                "Attack the picture first.",
            );
            return;
        };
        let Some(path) = path else {
            self.pick(Pick::ExportAttack);
            return;
        };
        self.start(Slot::AttackExport, "Exporting", move |_| {
            export::export_attempt(&path, &done, &dataset).map(Event::Lab)
        });
    }

    fn export_set(&mut self, path: Option<PathBuf>) {
        let Some(report) = self.session.lab.set.report.get(self.session.now()).cloned() else {
            return;
        };
        let Some(path) = path else {
            self.pick(Pick::ExportSet);
            return;
        };
        self.start(Slot::AttackExport, "Exporting", move |_| {
            export::export_set(&path, &report).map(Event::Lab)
        });
    }

    /// The pictures of the set that are asked for.
    fn images(&self) -> Vec<usize> {
        let Some(embedded) = self.session.embedded() else {
            return Vec::new();
        };
        let all = embedded.groups.images();
        let listed = || {
            let rows = self.session.browser.rows.iter().map(|&r| r as usize);
            let mut images: Vec<usize> = match self.session.side {
                Side::Image => rows.collect(),
                Side::Text => rows.map(|j| embedded.groups.owner(j)).collect(),
            };
            images.sort_unstable();
            images.dedup();
            images
        };
        match self.session.lab.set.plan.which {
            Which::First(n) => (0..n.min(all)).collect(),
            Which::Listed => listed(),
            Which::All => (0..all).collect(),
        }
    }

    fn run_set(&mut self) {
        let (Some(set_of), Some(encoder), Some(dataset)) = (
            self.set_of(),
            self.encoder.clone(),
            self.session.dataset().cloned(),
        ) else {
            self.session.say(
                Level::Warning,
                "The set cannot be attacked yet",
                "Wait until it is embedded and the model is looked at.",
            );
            return;
        };
        let images = self.images();
        let basis = self.basis(Slot::AttackSet);
        let lab = &mut self.session.lab;
        let plan = lab.set.plan.clone();
        lab.set.running = true;
        lab.set.stopped = Derived::new(basis.clone(), (0, images.len()));
        lab.set.asked = Derived::new(basis, (lab.settings.clone(), lab.goal, plan.clone()));
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
            providers: self.session.settings.providers.clone(),
            batch: self.session.settings.batch,
            ..EncoderOptions::default()
        };
        let done = Arc::clone(&self.lab.set_done);
        let ready = Arc::clone(&self.lab.set_order);
        self.jobs.cancel(Slot::PartialSet);
        self.start(Slot::AttackSet, "Attacking the set", move |task| {
            set(
                request,
                plan.transfer.as_deref(),
                &options,
                (&done, &ready),
                task,
            )
            .map(Event::Lab)
        });
    }

    /// What a job leaves that the user cancelled.
    pub(in crate::app) fn sum_up(&mut self, slot: Slot) {
        if slot == Slot::Attack {
            self.lab.run_wanted = false;
        }
        if slot == Slot::AttackSet {
            // What is done is worth seeing; the cancelled job lets go of it within a second.
            let done = Arc::clone(&self.lab.set_done);
            let request = Arc::clone(&self.lab.set_order);
            self.start(Slot::PartialSet, "Summing up what is done", move |task| {
                partial(&done, &request, task).map(Event::Lab)
            });
        }
    }
}
