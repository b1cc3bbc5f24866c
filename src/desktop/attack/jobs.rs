//! Which jobs of the lab run.

use super::heat::Painter;
use super::state::{Heat, Reach, Running};
use super::{Attack, MapKey, Slot, work};
use crate::attack::{self, AttackRequest, LiveSlot};
use crate::desktop::core::{Derived, Embedded, Query};
use crate::desktop::feature::{Desk, Feature};
use crate::retrieval::Side;
use std::sync::Arc;
use std::time::Instant;

impl Attack {
    /// Starts what has become possible, while the lab is shown.
    pub(super) fn start_jobs(&mut self, desk: &mut Desk<'_, Self>) {
        if self.work.painter.is_none() {
            self.work.painter = Some(Painter::choose(desk.window.as_ref()));
        }
        self.follow_live(desk);
        self.count_set(desk);
        if desk.session.tab != Self::TAB {
            return;
        }
        self.veil_original(desk);
        if !desk.is_settled() {
            return;
        }
        self.follow_selection(desk);
        let (Some(dataset), Some(encoder), Some(embedded), Some(engine)) = (
            desk.session.dataset().cloned(),
            desk.encoder.clone(),
            desk.session.embedded().map(Embedded::by_cosine),
            desk.engine.clone(),
        ) else {
            return;
        };
        let now = desk.session.now();
        if self.work.network.get(now).is_none() && self.work.network_asked.get(now).is_none() {
            self.work.network_asked = Derived::new(desk.basis(Slot::Network), ());
            let providers = desk.session.settings.providers.clone();
            let encoder = Arc::clone(&encoder);
            desk.start(Slot::Network, "Looking for gradients", move |task| {
                work::open_network(&encoder, &providers, task)
            });
        }
        let own_size = self.state.own_size;
        if let Some(image) = self.state.image
            && self.work.clean_asked.get(desk.session.now()) != Some(&(image, own_size))
        {
            self.work.clean_asked = Derived::new(desk.basis(Slot::Clean), (image, own_size));
            desk.start(Slot::Clean, "Reading the picture", move |_| {
                work::look(&encoder, &dataset, &embedded, image, own_size)
            });
        }
        if self.work.run_wanted.is_some() && self.work.run_wanted == self.state.image {
            self.start_attack(desk);
        }
        self.make_map(desk);
        self.weigh_words(desk);
        self.make_textures(desk, &engine);
    }

    /// The picture under attack is that of the pair selected.
    pub(super) fn follow_selection(&mut self, desk: &mut Desk<'_, Self>) {
        let embedded = desk.session.embedded();
        let image = match desk.session.query() {
            Some(&Query::Row(Side::Image, i)) => Some(i),
            Some(&Query::Row(Side::Text, j)) => embedded
                .filter(|e| j < e.groups.texts())
                .map(|e| e.groups.owner(j)),
            _ => None,
        };
        let image = image.or(self.state.image).or(Some(0));
        let caption = match desk.session.query() {
            Some(&Query::Row(Side::Text, j)) => Some(j),
            _ => None,
        };
        let exists = |i: &usize| embedded.is_some_and(|e| *i < e.groups.images());
        let image = image.filter(exists);
        let lab = &mut self.state;
        if image != lab.image {
            // What was asked for was asked for the picture before.
            self.work.run_wanted = None;
            lab.image = image;
            lab.words.chosen = caption;
            lab.chosen = None;
            lab.clean.clear();
            self.forget_textures();
            self.work.textures_asked = None;
        }
    }

    /// Takes in the steps of the attack under way, without waiting for it.
    fn follow_live(&mut self, _desk: &mut Desk<'_, Self>) {
        let Some(running) = &mut self.state.running else {
            return;
        };
        if let Ok(live) = running.slot.try_lock()
            && let Some(new) = live.points.get(running.points.len()..)
        {
            running.points.extend_from_slice(new);
        }
    }

    /// How far a set came that has not ended; while its job still holds the lock, the next frame asks again.
    fn count_set(&mut self, desk: &mut Desk<'_, Self>) {
        let set = &mut self.state.set;
        if let Some((count, _)) = set.stopped.get_mut(desk.session.open.now())
            && !set.running
            && let Ok(done) = self.work.set_done.try_lock()
        {
            *count = done.len();
        }
    }

    /// What is to be attacked, once all is there.
    fn request(&self, desk: &Desk<'_, Self>) -> Option<AttackRequest> {
        let lab = &self.state;
        let now = desk.session.now();
        let clean = lab.clean(now)?;
        if clean.own_size != lab.own_size {
            return None;
        }
        let target = lab.target_row(&desk.session).unwrap_or(0);
        Some(AttackRequest {
            set: self.set_of(desk)?,
            encoder: desk.encoder.clone()?,
            picture: self.work.picture.clone()?,
            image: clean.image,
            goal: lab.goal,
            target,
            own_size: lab.own_size,
            settings: lab.settings.clone(),
        })
    }

    /// Model, captions and embeddings.
    pub(super) fn set_of(&self, desk: &Desk<'_, Self>) -> Option<attack::Set> {
        Some(attack::Set {
            network: self.work.network.get(desk.session.now()).cloned()?,
            engine: desk.engine.clone()?,
            embedded: desk.session.embedded()?.by_cosine(),
            part: None,
        })
    }

    fn start_attack(&mut self, desk: &mut Desk<'_, Self>) {
        let (Some(request), Some(embedded)) = (self.request(desk), desk.session.embedded()) else {
            return;
        };
        let embedded = embedded.by_cosine();
        self.work.run_wanted = None;
        let slot = LiveSlot::default();
        self.state.running = Some(Running {
            slot: Arc::clone(&slot),
            image: request.image,
            points: Vec::new(),
            since: Instant::now(),
        });
        self.began_attack(desk, &request);
        let title = request.settings.method.title();
        desk.start(Slot::Attack, title, move |task| {
            work::attack(request, &embedded, &slot, task)
        });
    }

    /// Makes the saliency map where one is asked for.
    fn make_map(&mut self, desk: &mut Desk<'_, Self>) {
        let lab = &self.state;
        let now = desk.session.now();
        if lab.looks.heat != Heat::Saliency || *lab.reach(now) != Reach::Open {
            return;
        }
        let (Some(request), Some(clean)) = (self.request(desk), lab.clean(now).cloned()) else {
            return;
        };
        let key = MapKey {
            image: request.image,
            own_size: request.own_size,
            goal: request.goal,
            target: request.target,
            kind: lab.looks.saliency,
        };
        if self.work.map_asked.get(now) == Some(&key) {
            return;
        }
        self.work.map_asked = Derived::new(desk.basis(Slot::Saliency), key);
        desk.start(Slot::Saliency, key.kind.title(), move |task| {
            work::map(&request, &clean, key.kind, task)
        });
    }
}
