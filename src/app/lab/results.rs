//! What the lab's jobs have found, and how it changes the session.

use super::{App, LabEvent};
use crate::app::jobs::{LAB_ATTACK, LAB_CLEAN, LAB_NETWORK, LAB_SET, LAB_WORDS};
use crate::attack::Method;
use crate::session::{Level, Reach};

impl App {
    /// Takes in what a job of the lab has found.
    pub(in crate::app) fn take_lab(&mut self, ctx: &egui::Context, event: LabEvent) {
        match event {
            LabEvent::Network(network) => {
                let lab = &mut self.session.lab;
                lab.reach = match network.blocked() {
                    Some(why) => Reach::Blocked(why.to_owned()),
                    None => Reach::Open,
                };
                lab.approximate = network.approximate().to_vec();
                if lab.reach != Reach::Open && lab.settings.method.needs_gradient() {
                    lab.settings.method = Method::without_gradient();
                    lab.settings.steps = None;
                }
                self.lab.network = Some(network);
            }
            LabEvent::Clean {
                clean,
                picture,
                original,
            } => {
                self.lab.picture = Some(picture);
                self.pictures.lab.original =
                    Some(crate::ui::Sheet::image(ctx, "original", "", original));
                self.session.lab.clean = Some(clean);
            }
            LabEvent::Shot(done) => {
                self.session.lab.running = None;
                self.session.lab.push(done);
            }
            LabEvent::Sheets {
                key,
                adversarial,
                difference,
                heat,
            } => self.take_sheets(ctx, key, adversarial, difference, heat),
            LabEvent::Saliency(map) => {
                if let Some(key) = self.lab.map_asked {
                    self.lab.map = Some((key, map));
                }
            }
            LabEvent::Mask(mask) => self.session.lab.settings.threat.mask = Some(mask),
            LabEvent::Weighed(caption, weighed) => {
                self.session.lab.words.weighed = Some((caption, weighed));
            }
            LabEvent::Words(caption, plan, found) => {
                self.session.lab.words.running = false;
                self.session.lab.words.found = Some((caption, plan, found));
            }
            LabEvent::Set(report) => {
                self.session.lab.set.running = false;
                self.session.lab.set.stopped = None;
                self.session.lab.set.report = Some(report);
            }
            LabEvent::Partial(Some(report)) => self.session.lab.set.report = Some(report),
            LabEvent::Partial(None) => {}
            LabEvent::Exported(path) => {
                let text = format!("Exported {}", path.display());
                self.session.say(Level::Info, text, "");
            }
        }
    }

    /// A job of the lab failed or was cancelled.
    pub(in crate::app) fn lab_ended(&mut self, slot: &str) {
        match slot {
            LAB_ATTACK => self.session.lab.running = None,
            LAB_SET => self.session.lab.set.running = false,
            LAB_WORDS => self.session.lab.words.running = false,
            LAB_NETWORK => self.lab.run_wanted = false,
            LAB_CLEAN => {
                self.lab.run_wanted = false;
                self.session.lab.clean = None;
            }
            _ => {}
        }
    }
}
