//! The jobs of the laboratory of changes.

use super::curves::Curves;
use super::form::{Form, command};
use super::lab::Lab;
use super::state::{Copies, Studied};
use super::{AugmentLab, Command, Event, Slot};
use crate::attack::Network;
use crate::attack::pictures::picture;
use crate::augment::{Answer, Changes, Ground, Layer, Magnitudes, Moment, Study, copies, study};
use crate::dataset::Picture;
use crate::desktop::core::{Derived, JobSlot, Level, Query, on_screen};
use crate::desktop::feature::{Desk, Feature};
use crate::error::Result;
use crate::retrieval::Side;
use crate::task::{Task, aside, lock};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Between two drawings of the curves of a learning under way.
const BETWEEN: Duration = Duration::from_millis(150);
/// Copies of a picture that are shown at most.
const SHOWN: usize = 15;

/// The curves of the learning under way, on their way to the window.
pub type Told = Arc<Mutex<Option<Arc<Curves>>>>;

impl AugmentLab {
    /// Looks for the gradient of the image model, once for each encoder.
    pub(super) fn examine(&mut self, desk: &mut Desk<'_, Self>) {
        let now = desk.session.now();
        if desk.session.tab != Self::TAB || self.examined.get(now).is_some() {
            return;
        }
        let Some(encoder) = desk.encoder.clone() else {
            return;
        };
        self.examined = Derived::new(desk.basis(Slot::Examine), ());
        let providers = desk.session.settings.providers.clone();
        desk.start(Slot::Examine, "Looking for gradients", move |task| {
            let network = Network::image_tower(&encoder, &providers, Network::BATCH, task)?;
            Ok(Event::Examined(Arc::new(network)))
        });
    }

    /// Learns magnitudes as the form says.
    pub(super) fn learn(&mut self, desk: &mut Desk<'_, Self>) {
        if desk.is_running(Slot::Learn) {
            return;
        }
        if let Some([text, remedy]) = self.state.refusal(&desk.session) {
            desk.session.say(Level::Warning, text, remedy);
            return;
        }
        let network = self.state.network.get(desk.session.now()).cloned();
        let Some(lab) = Lab::of(desk, network) else {
            return;
        };
        let form = self.state.form.clone();
        let again = [Command::SetForm(Box::new(form.clone())), Command::Learn];
        let settings = form.told();
        self.told = Told::default();
        self.state.live.clear();
        let told = Arc::clone(&self.told);
        let title = "Learning magnitudes of changes";
        desk.began(
            Slot::Learn,
            "Magnitudes of changes",
            settings,
            Slot::Learn.parts(),
            again,
        );
        desk.start(Slot::Learn, title, move |task| {
            let studied = aside(|| learned(lab, form, &told, task))?;
            Ok(Event::Studied(Arc::new(studied)))
        });
    }

    /// Takes in what the learning under way told.
    pub(super) fn collect(&mut self, desk: &Desk<'_, Self>) {
        let told = lock(&self.told).take();
        if let Some(curves) = told.filter(|_| desk.is_running(Slot::Learn)) {
            self.state.live = Derived::new(desk.basis(Slot::Learn), curves);
        }
    }

    /// Makes copies of the picture that is looked at, once for each.
    pub(super) fn make_copies(&mut self, desk: &mut Desk<'_, Self>) {
        let now = desk.session.now();
        let Some(studied) = self.state.studied(now).cloned() else {
            return;
        };
        if desk.session.tab != Self::TAB || !studied.makes_copies() {
            return;
        }
        let selected = selected(desk);
        if self.followed != selected {
            self.followed = selected;
            self.state.image.clear();
        }
        let chosen = self.state.image.get(now).copied();
        let image = chosen
            .or(selected)
            .or_else(|| studied.images.first().copied());
        let Some(image) = image else { return };
        if self.copies_asked.get(now) == Some(&image) {
            return;
        }
        self.copies_asked = Derived::new(desk.basis(Slot::Copies), image);
        desk.start(Slot::Copies, "Copies of a picture", move |task| {
            Ok(Event::Copies(copied(&studied, image, task)?))
        });
    }
}

/// The image that is selected, or whose caption is.
fn selected(desk: &Desk<'_, AugmentLab>) -> Option<u32> {
    let groups = &desk.session.embedded()?.groups;
    match *desk.session.query()? {
        Query::Row(Side::Image, image) if image < groups.images() => Some(image as u32),
        Query::Row(Side::Text, caption) if caption < groups.texts() => {
            Some(groups.owner(caption) as u32)
        }
        _ => None,
    }
}

/// Learns magnitudes on the images of `lab`.
fn learned(lab: Lab, form: Form, told: &Told, task: &Task) -> Result<Studied> {
    lab.check(task)?;
    let images = form.images(lab.images());
    let ground = lab.ground(&images, task)?;
    let mut asked = form.asked()?;
    // A change that does nothing here is left out and told, where others are left.
    if let (Some(only), Some((change, _))) = (&mut asked.only, ground.without_effect())
        && only.iter().count() > 1
    {
        only.remove(change);
    }
    let learned = asked.learned(&ground)?;
    let mut watcher = Watcher {
        seeds: Vec::new(),
        next: Instant::now(),
        learned,
        steps: asked.steps,
        told,
    };
    let mut watch = |moment: &Moment| watcher.see(moment);
    let found = study(&ground, &asked, &lab.providers, &mut watch, task)?;
    Ok(Studied {
        answer: Answer::of(&found),
        curves: curves(&found),
        command: command(&asked, form.most),
        study: found,
        form,
        images,
        lab: Arc::new(lab),
    })
}

/// The curves of what was learned.
fn curves(study: &Study) -> Curves {
    let seeds: Vec<&[Moment]> = study.runs.iter().map(|run| &run.moments[..]).collect();
    let ends: Vec<Magnitudes> = study.runs.iter().map(|run| run.magnitudes).collect();
    Curves::of(&seeds, study.learned, study.asked.steps, Some(&ends))
}

/// Sees each step and tells the window of it from time to time.
struct Watcher<'a> {
    seeds: Vec<Vec<Moment>>,
    next: Instant,
    learned: Changes,
    steps: usize,
    told: &'a Told,
}

impl Watcher<'_> {
    fn see(&mut self, moment: &Moment) {
        if moment.step == 0 {
            self.seeds.push(Vec::new());
        }
        if let Some(seed) = self.seeds.last_mut() {
            seed.push(*moment);
        }
        if Instant::now() < self.next {
            return;
        }
        let seeds: Vec<&[Moment]> = self.seeds.iter().map(Vec::as_slice).collect();
        let curves = Curves::of(&seeds, self.learned, self.steps, None);
        *lock(self.told) = Some(Arc::new(curves));
        self.next = Instant::now() + BETWEEN;
    }
}

/// Copies of `image` under what was learned.
fn copied(studied: &Studied, image: u32, task: &Task) -> Result<Copies> {
    let lab = &studied.lab;
    let ground = lab.ground(&[image], task)?;
    let magnitudes = studied.study.magnitudes();
    let layer = Layer::new(ground.grid(), magnitudes.made(), &lab.providers, task)?;
    let count = studied.study.asked.draws.min(SHOWN);
    let made = copies((&ground, &layer), &magnitudes, 0, count, task)?;
    Ok(Copies {
        image,
        pictures: [original(&ground)]
            .iter()
            .chain(&made)
            .map(on_screen)
            .collect(),
    })
}

/// The only picture of `ground`, as the model sees it.
fn original(ground: &Ground) -> Picture {
    let grid = ground.grid();
    let pixels = ground.pixels(&[0], 1);
    picture(&pixels, grid.channels, grid.height, grid.width)
}
