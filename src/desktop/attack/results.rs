//! What the lab's jobs have found, and how it changes the session.

use super::{App, LabEvent};
use crate::attack::Method;
use crate::desktop::core::{Basis, Derived, Level, Reach, Slot};

impl App {
    /// Takes in what a job of the lab has found.
    pub(in crate::app) fn take_lab(&mut self, ctx: &egui::Context, basis: Basis, event: LabEvent) {
        match event {
            LabEvent::Network(network) => {
                let lab = &mut self.session.lab;
                let reach = match network.blocked() {
                    Some(why) => Reach::Blocked(why.to_owned()),
                    None => Reach::Open,
                };
                if reach != Reach::Open && lab.settings.method.needs_gradient() {
                    lab.settings.method = Method::without_gradient();
                    lab.settings.steps = None;
                }
                let found = (reach, network.approximate().to_vec());
                lab.gradients = Derived::new(basis.clone(), found);
                self.lab.network = Derived::new(basis, network);
            }
            LabEvent::Clean {
                clean,
                picture,
                original,
            } => {
                self.lab.picture = Some(picture);
                self.pictures.lab.original =
                    Some(crate::desktop::shell::Sheet::image(ctx, "original", "", original));
                self.session.lab.clean = Derived::new(basis, clean);
            }
            LabEvent::Shot(done) => {
                self.session.lab.running = None;
                let now = self.session.open.now();
                self.session.lab.push(basis, done, now);
            }
            LabEvent::Sheets {
                key,
                adversarial,
                difference,
                heat,
            } => self.take_sheets(ctx, key, adversarial, difference, heat),
            LabEvent::Saliency(map) => {
                if let Some(key) = self.lab.map_asked.get(self.session.now()) {
                    self.lab.map = Derived::new(basis, (*key, map));
                }
            }
            LabEvent::Mask(mask) => self.session.lab.settings.threat.mask = Some(mask),
            LabEvent::Weighed(caption, weighed) => {
                self.session.lab.words.weighed = Derived::new(basis, (caption, weighed));
            }
            LabEvent::Words(caption, plan, found) => {
                self.session.lab.words.running = false;
                self.session.lab.words.found = Derived::new(basis, (caption, plan, found));
            }
            LabEvent::Set(report) => {
                self.session.lab.set.running = false;
                self.session.lab.set.stopped.clear();
                self.session.lab.set.report = Derived::new(basis, report);
            }
            LabEvent::Partial(Some(report)) => {
                self.session.lab.set.report = Derived::new(basis, report);
            }
            LabEvent::Partial(None) => {}
            LabEvent::Exported(path) => {
                let text = format!("Exported {}", path.display());
                self.session.say(Level::Info, text, "");
            }
        }
    }

    /// What a job of the lab leaves whose result does not come.
    pub(in crate::app) fn lab_dropped(&mut self, slot: Slot) {
        match slot {
            Slot::Attack => self.session.lab.running = None,
            Slot::AttackSet => self.session.lab.set.running = false,
            Slot::Words => self.session.lab.words.running = false,
            Slot::Network => self.lab.run_wanted = false,
            Slot::Clean => {
                self.lab.run_wanted = false;
                self.session.lab.clean.clear();
            }
            _ => {}
        }
    }
}
