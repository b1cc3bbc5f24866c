//! What the lab's jobs have found, and how it changes what is shown.

use super::state::Reach;
use super::textures::Texture;
use super::{Attack, Event, Slot, told};
use crate::attack::Method;
use crate::desktop::core::{Basis, Derived, Level};
use crate::desktop::feature::Desk;

impl Attack {
    /// Takes in what a job of the lab has found.
    pub(super) fn take_event(&mut self, desk: &mut Desk<'_, Self>, basis: Basis, event: Event) {
        match event {
            Event::Network(network) => {
                let lab = &mut self.state;
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
                self.work.network = Derived::new(basis, network);
            }
            Event::Clean {
                clean,
                picture,
                original,
            } => {
                self.work.picture = Some(picture);
                self.state.textures.original =
                    Some(Texture::image(desk.ctx, "original", "", original));
                self.state.clean = Derived::new(basis, clean);
            }
            Event::Chosen(choice, paths) => {
                for path in paths {
                    self.chosen(desk, choice, path);
                }
            }
            Event::Attacked(done) => {
                self.state.running = None;
                let result = &done.result;
                desk.ran(Slot::Attack, told::picture_figure(result));
                let found = self.work.found.take_if(|(image, _)| *image == result.image);
                if found.is_some_and(|(_, broke)| broke != result.after.verdict.fooled) {
                    let text = "Alone this picture did not end as it did in the set";
                    let remedy =
                        "Other settings are in use now, or the engine rounds otherwise in batches.";
                    desk.session.say(Level::Warning, text, remedy);
                }
                let now = desk.session.open.now();
                self.state.push(basis, done, now);
            }
            Event::Textures {
                key,
                adversarial,
                difference,
                heat,
            } => self.take_textures(desk, key, adversarial, difference, heat),
            Event::Saliency(map) => {
                if let Some(key) = self.work.map_asked.get(desk.session.now()) {
                    self.work.map = Derived::new(basis, (*key, map));
                }
            }
            Event::Mask(mask) => self.state.settings.threat.mask = Some(mask),
            Event::Weighed(caption, weighed) => {
                self.state.words.weighed = Derived::new(basis, (caption, weighed));
            }
            Event::Words(caption, plan, found) => {
                self.state.words.running = false;
                desk.ran(Slot::Words, told::words_figure(&found));
                self.state.words.found = Derived::new(basis, (caption, plan, found));
            }
            Event::Set(report) => {
                self.state.set.running = false;
                self.state.set.stopped.clear();
                desk.ran(Slot::AttackSet, told::set_figure(&report));
                self.state.set.report = Derived::new(basis, report);
            }
            Event::Partial(Some(report)) => {
                self.state.set.report = Derived::new(basis, report);
            }
            Event::Partial(None) => {}
            Event::Exported(path) => {
                let text = format!("Exported {}", path.display());
                desk.session.say(Level::Info, text, "");
            }
        }
    }

    /// What a job of the lab leaves whose result does not come.
    pub(super) fn drop_result(&mut self, slot: Slot) {
        match slot {
            Slot::Attack => self.state.running = None,
            Slot::AttackSet => self.state.set.running = false,
            Slot::Words => self.state.words.running = false,
            Slot::Network => self.work.run_wanted = None,
            Slot::Clean => {
                self.work.run_wanted = None;
                self.state.clean.clear();
            }
            _ => {}
        }
    }
}
