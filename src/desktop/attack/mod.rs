//! The attack lab's half of the running program: which of its jobs run, and what their results change.

mod commands;
mod export;
mod heat;
mod results;
mod sheets;
mod words;
mod work;

use super::App;
use crate::desktop::core::events::Event;
use crate::attack::caption::{Importance, Substitution};
use crate::attack::{
    self, AttackRequest, Goal, LiveSlot, Mask, Network, Saliency, SaliencyKind, SetReport,
};
use crate::dataset::Picture;
use crate::retrieval::Side;
use crate::desktop::core::{
    Attempt, Clean, Derived, Embedded, Heat, Part, Query, Reach, Running, Slot, Tab, WordsPlan,
};
use egui::ColorImage;
pub(super) use heat::bar;
use heat::{Painted, Painter};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;
pub(super) use words::{SharedGuide, shared_guide};

/// The result of one of the lab's jobs.
pub enum LabEvent {
    /// The image model is ready to be attacked.
    Network(Arc<Network>),
    /// The picture was read.
    Clean {
        clean: Clean,
        picture: Arc<Picture>,
        original: ColorImage,
    },
    /// An attack is done.
    Shot(Attempt),
    /// The lab's pictures are made.
    Sheets {
        key: SheetsKey,
        adversarial: Option<ColorImage>,
        difference: Option<ColorImage>,
        heat: Option<Painted>,
    },
    /// A saliency map is made.
    Saliency(Arc<Saliency>),
    /// A mask was read.
    Mask(Mask),
    /// The words of this caption are weighed.
    Weighed(usize, Arc<Importance>),
    /// Words to exchange were looked for.
    Words(usize, WordsPlan, Arc<Substitution>),
    /// A set is done.
    Set(Arc<SetReport>),
    /// The figures of what is done of a set that was cancelled.
    Partial(Option<Arc<SetReport>>),
    /// Something was written here.
    Exported(PathBuf),
}

/// What the lab's pictures show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SheetsKey {
    image: usize,
    own_size: bool,
    /// Which attack: the address of its result, 0 for none.
    result: usize,
    /// Steps of the attack under way.
    live: usize,
    heat: Heat,
    amplify: u32,
    /// Which saliency map: its address, 0 for none.
    map: usize,
}

/// What a saliency map is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
struct MapKey {
    image: usize,
    own_size: bool,
    goal: Goal,
    target: usize,
    kind: SaliencyKind,
}

/// What the lab keeps besides what is shown.
#[derive(Default)]
pub struct Lab {
    network: Derived<Arc<Network>>,
    network_asked: Derived<()>,
    /// The picture under attack as its file has it.
    picture: Option<Arc<Picture>>,
    clean_asked: Derived<(usize, bool)>,
    /// Attack as soon as all that is needed is there.
    run_wanted: bool,
    painter: Option<Painter>,
    /// The window's own textures that the heatmaps use.
    natives: Vec<egui::TextureId>,
    sheets_asked: Option<SheetsKey>,
    live_taken: Option<Instant>,
    /// The mask that the original is shown with.
    veiled: Option<Arc<Vec<bool>>>,
    map: Derived<(MapKey, Arc<Saliency>)>,
    map_asked: Derived<MapKey>,
    weighed_asked: Derived<usize>,
    /// The gradient of the text model, once a job has made it.
    guide: Derived<words::SharedGuide>,
    set_done: Arc<Mutex<attack::Checkpoint>>,
    /// The set under attack, with its second encoder once that is open.
    set_order: Arc<Mutex<Option<attack::SetRequest>>>,
}

impl App {
    /// The gradient of the open encoder's text model, once a job has made it.
    pub(super) fn guide(&mut self) -> SharedGuide {
        let now = self.session.now();
        Arc::clone(self.lab.guide.get_or_default(now, &[Part::Encoder]))
    }

    /// Forgets what belongs to data and encoder; how to attack and look stays.
    pub(super) fn reset_lab(&mut self) {
        self.session.lab.clear();
        let old = std::mem::take(&mut self.lab);
        self.lab.painter = old.painter;
        self.lab.natives = old.natives;
        // They are read only while the encoder is the same.
        self.lab.network = old.network;
        self.lab.network_asked = old.network_asked;
        self.lab.guide = old.guide;
        self.forget_sheets();
    }

    /// Forgets the pictures shown; the mask over them is made again.
    fn forget_sheets(&mut self) {
        self.pictures.lab = crate::desktop::shell::Sheets::default();
        self.lab.veiled = None;
    }

    /// Decides once where heatmaps are coloured.
    pub(super) fn find_painter(&mut self, frame: &eframe::Frame) {
        if self.lab.painter.is_none() {
            self.lab.painter = Some(Painter::choose(frame.wgpu_render_state()));
        }
    }

    /// Starts what has become possible, while the lab is shown.
    pub(super) fn advance_lab(&mut self, ctx: &egui::Context) {
        self.follow_live();
        self.count_set();
        if self.session.tab != Tab::Attack {
            return;
        }
        self.veil_original(ctx);
        let unsettled = [Slot::Data, Slot::Encoder, Slot::Embed];
        if self.embed_wanted || unsettled.iter().any(|&slot| self.jobs.is_running(slot)) {
            return;
        }
        self.follow_selection();
        let (Some(dataset), Some(encoder), Some(embedded), Some(engine)) = (
            self.session.dataset().cloned(),
            self.encoder.clone(),
            self.session.embedded().map(Embedded::by_cosine),
            self.engine.clone(),
        ) else {
            return;
        };
        let now = self.session.now();
        if self.lab.network.get(now).is_none() && self.lab.network_asked.get(now).is_none() {
            self.lab.network_asked = Derived::new(self.basis(Slot::Network), ());
            let providers = self.session.settings.providers.clone();
            let encoder = Arc::clone(&encoder);
            self.start(Slot::Network, "Looking for gradients", move |task| {
                work::open_network(&encoder, &providers, task).map(Event::Lab)
            });
        }
        let own_size = self.session.lab.own_size;
        if let Some(image) = self.session.lab.image
            && self.lab.clean_asked.get(self.session.now()) != Some(&(image, own_size))
        {
            self.lab.clean_asked = Derived::new(self.basis(Slot::Clean), (image, own_size));
            self.start(Slot::Clean, "Reading the picture", move |_| {
                work::look(&encoder, &dataset, &embedded, image, own_size).map(Event::Lab)
            });
        }
        if self.lab.run_wanted {
            self.start_attack();
        }
        self.make_map();
        self.weigh_words();
        self.make_sheets(&engine);
    }

    /// The picture under attack is that of the pair selected.
    fn follow_selection(&mut self) {
        let embedded = self.session.embedded();
        let image = match self.session.query() {
            Some(&Query::Row(Side::Image, i)) => Some(i),
            Some(&Query::Row(Side::Text, j)) => embedded
                .filter(|e| j < e.groups.texts())
                .map(|e| e.groups.owner(j)),
            _ => None,
        };
        let image = image.or(self.session.lab.image).or(Some(0));
        let caption = match self.session.query() {
            Some(&Query::Row(Side::Text, j)) => Some(j),
            _ => None,
        };
        let exists = |i: &usize| embedded.is_some_and(|e| *i < e.groups.images());
        let image = image.filter(exists);
        let lab = &mut self.session.lab;
        if image != lab.image {
            lab.image = image;
            lab.words.chosen = caption;
            lab.chosen = None;
            lab.clean.clear();
            self.forget_sheets();
            self.lab.sheets_asked = None;
        }
    }

    /// Takes in the steps of the attack under way, without waiting for it.
    fn follow_live(&mut self) {
        let Some(running) = &mut self.session.lab.running else {
            return;
        };
        if let Ok(live) = running.slot.try_lock()
            && let Some(new) = live.points.get(running.points.len()..)
        {
            running.points.extend_from_slice(new);
        }
    }

    /// How far a set came that has not ended; while its job still holds the lock, the next frame asks again.
    fn count_set(&mut self) {
        let set = &mut self.session.lab.set;
        if let Some((count, _)) = set.stopped.get_mut(self.session.open.now())
            && !set.running
            && let Ok(done) = self.lab.set_done.try_lock()
        {
            *count = done.len();
        }
    }

    /// What is to be attacked, once all is there.
    fn request(&self) -> Option<AttackRequest> {
        let (lab, embedded) = (&self.session.lab, self.session.embedded()?);
        let now = self.session.now();
        let clean = lab.clean(now)?;
        if clean.own_size != lab.own_size {
            return None;
        }
        let target = match lab.goal {
            Goal::Win => lab.target(now).unwrap_or(0),
            Goal::Match => lab.target(now).map_or(0, |j| embedded.groups.owner(j)),
            Goal::Lose | Goal::Away => 0,
        };
        Some(AttackRequest {
            set: self.set_of()?,
            encoder: self.encoder.clone()?,
            picture: self.lab.picture.clone()?,
            image: clean.image,
            goal: lab.goal,
            target,
            own_size: lab.own_size,
            settings: lab.settings.clone(),
        })
    }

    /// Model, captions and embeddings.
    fn set_of(&self) -> Option<attack::Set> {
        Some(attack::Set {
            network: self.lab.network.get(self.session.now()).cloned()?,
            engine: self.engine.clone()?,
            embedded: self.session.embedded()?.by_cosine(),
        })
    }

    fn start_attack(&mut self) {
        let (Some(request), Some(embedded)) = (self.request(), self.session.embedded()) else {
            return;
        };
        let embedded = embedded.by_cosine();
        self.lab.run_wanted = false;
        let slot = LiveSlot::default();
        self.session.lab.running = Some(Running {
            slot: Arc::clone(&slot),
            image: request.image,
            points: Vec::new(),
            since: Instant::now(),
        });
        let title = request.settings.method.title();
        self.start(Slot::Attack, title, move |task| {
            work::attack(request, &embedded, &slot, task).map(Event::Lab)
        });
    }

    /// Makes the saliency map where one is asked for.
    fn make_map(&mut self) {
        let lab = &self.session.lab;
        let now = self.session.now();
        if lab.looks.heat != Heat::Saliency || *lab.reach(now) != Reach::Open {
            return;
        }
        let (Some(request), Some(clean)) = (self.request(), lab.clean(now).cloned()) else {
            return;
        };
        let key = MapKey {
            image: request.image,
            own_size: request.own_size,
            goal: request.goal,
            target: request.target,
            kind: lab.looks.saliency,
        };
        if self.lab.map_asked.get(now) == Some(&key) {
            return;
        }
        self.lab.map_asked = Derived::new(self.basis(Slot::Saliency), key);
        self.start(Slot::Saliency, key.kind.title(), move |task| {
            work::map(&request, &clean, key.kind, task).map(Event::Lab)
        });
    }
}
