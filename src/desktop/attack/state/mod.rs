//! The attack lab: what is attacked and how, what came of it, how it is looked at.

mod looks;
mod plan;
mod words;

pub use looks::{Compare, Curve, Heat, Looks};
pub use plan::{SetLab, SetPlan, Which};
pub use words::{Vocabulary, WordsLab, WordsPlan};

use super::textures::Textures;
use crate::attack::{
    AttackRequest, AttackResult, AttackSettings, CaptionRanking, Goal, LiveSlot, Norm, Point,
    Threat,
};
use crate::compute::Grid;
use crate::desktop::core::{Basis, Derived, Identities, Session};
use std::sync::Arc;
use std::time::Instant;

/// Whether gradients reach the pixels of the open encoder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reach {
    /// Not looked at yet.
    #[default]
    Unknown,
    /// They do.
    Open,
    /// They do not, and this is why.
    Blocked(String),
}

/// The picture under attack before anything is done to it.
#[derive(Debug, Clone)]
pub struct Clean {
    /// Its row in the dataset.
    pub image: usize,
    /// At its own resolution?
    pub own_size: bool,
    /// Its shape.
    pub grid: Grid,
    /// Pixels in [0, 1], `[channels, height, width]`.
    pub pixels: Arc<Vec<f32>>,
    /// Where it stands.
    pub standing: Arc<CaptionRanking>,
}

/// An attack that was done, with what it was asked.
#[derive(Clone)]
pub struct Attempt {
    /// What came of it.
    pub result: Arc<AttackResult>,
    /// What was asked.
    pub request: Arc<AttackRequest>,
    /// The rank that each of the captions shown afterwards had before.
    pub came_from: Vec<u32>,
}

/// An attack under way.
pub struct Running {
    /// Where it puts its newest values.
    pub slot: LiveSlot,
    /// The picture.
    pub image: usize,
    /// Its steps so far.
    pub points: Vec<Point>,
    /// When it began.
    pub since: Instant,
}

/// A page of the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LabPage {
    /// One picture.
    #[default]
    Picture,
    /// The words of one of its captions.
    Words,
    /// The whole set.
    Set,
}

/// The state of the attack lab.
pub struct State {
    /// Its pictures.
    pub textures: Textures,
    /// The page shown.
    pub page: LabPage,
    /// The attack and its parameters.
    pub settings: AttackSettings,
    /// What it wants.
    pub goal: Goal,
    /// At the picture's own resolution?
    pub own_size: bool,
    /// The caption chosen as the target; `None` for the hardest negative.
    pub chosen: Option<usize>,
    /// The picture under attack, by its row.
    pub image: Option<usize>,
    /// That picture, once read.
    pub clean: Derived<Clean>,
    /// Whether there are gradients, and the operators that round and that these gradients pass as if they did not.
    pub gradients: Derived<(Reach, Vec<String>)>,
    /// The attack under way.
    pub running: Option<Running>,
    /// Attacks done, oldest first.
    pub done: Vec<Derived<Attempt>>,
    /// Attacks taken back, the last one at the end.
    pub undone: Vec<Derived<Attempt>>,
    /// How the lab is looked at.
    pub looks: Looks,
    /// The words of a caption.
    pub words: WordsLab,
    /// The whole set.
    pub set: SetLab,
}

impl Default for State {
    fn default() -> Self {
        Self {
            textures: Textures::default(),
            page: LabPage::default(),
            settings: AttackSettings {
                threat: Threat::linf(4.0 / 255.0),
                full: true,
                ..AttackSettings::default()
            },
            goal: Goal::default(),
            own_size: false,
            chosen: None,
            image: None,
            clean: Derived::default(),
            gradients: Derived::default(),
            running: None,
            done: Vec::new(),
            undone: Vec::new(),
            looks: Looks::default(),
            words: WordsLab::default(),
            set: SetLab::default(),
        }
    }
}

impl State {
    /// Bytes of pictures kept for undo.
    const KEPT: usize = 512 << 20;

    /// Forgets all that belongs to data and encoder; how to attack and look stays.
    pub fn clear(&mut self) {
        let old = std::mem::take(self);
        self.settings = old.settings;
        self.settings.threat.region = None;
        self.settings.threat.mask = None;
        self.goal = old.goal;
        self.looks = old.looks;
        self.page = old.page;
        self.words.plan = old.words.plan;
        self.set.plan = SetPlan {
            save: None,
            ..old.set.plan
        };
    }

    /// The picture under attack, once read.
    pub fn clean(&self, now: &Identities) -> Option<&Clean> {
        let clean = self.clean.get(now)?;
        (Some(clean.image) == self.image).then_some(clean)
    }

    /// Whether gradients reach the pixels.
    pub fn reach<'a>(&'a self, now: &Identities) -> &'a Reach {
        self.gradients.get(now).map_or(&Reach::Unknown, |g| &g.0)
    }

    /// The operators that round and that the gradients pass as if they did not.
    pub fn approximate(&self, now: &Identities) -> &[String] {
        self.gradients.get(now).map_or(&[], |g| &g.1)
    }

    /// The last attack on the picture shown.
    pub fn last(&self, now: &Identities) -> Option<&Attempt> {
        let at = self.place_of_last(&self.done, now)?;
        self.done[at].get(now)
    }

    /// Is there an attack on the picture shown to be done again?
    pub fn can_redo(&self, now: &Identities) -> bool {
        self.place_of_last(&self.undone, now).is_some()
    }

    fn place_of_last(&self, list: &[Derived<Attempt>], now: &Identities) -> Option<usize> {
        let mine = |d: &Derived<Attempt>| d.get(now).map(|d| d.result.image) == self.image;
        list.iter().rposition(mine)
    }

    /// The attack under way on the picture shown.
    pub fn live(&self) -> Option<&Running> {
        self.running
            .as_ref()
            .filter(|r| Some(r.image) == self.image)
    }

    /// Adds an attack that was done from `basis`.
    pub fn push(&mut self, basis: Basis, done: Attempt, now: &Identities) {
        let other = |d: &Derived<Attempt>| {
            d.get(now)
                .is_some_and(|d| d.result.image != done.result.image)
        };
        self.undone.retain(other);
        self.done.retain(|d| d.get(now).is_some());
        self.done.push(Derived::new(basis, done));
        let bytes = |d: &Derived<Attempt>| d.get(now).map_or(0, |d| d.result.adversarial.len() * 8);
        while self.done.len() > 1 && self.done.iter().map(bytes).sum::<usize>() > Self::KEPT {
            self.done.remove(0);
        }
    }

    /// Takes the last attack on the picture shown back.
    pub fn undo(&mut self, now: &Identities) {
        if let Some(at) = self.place_of_last(&self.done, now) {
            self.undone.push(self.done.remove(at));
        }
    }

    /// Brings back what was taken back last.
    pub fn redo(&mut self, now: &Identities) {
        if let Some(at) = self.place_of_last(&self.undone, now) {
            self.done.push(self.undone.remove(at));
        }
    }

    /// The caption whose words are looked at: the one chosen, else the first of the `own` captions of the picture.
    pub fn caption(&self, own: &std::ops::Range<usize>) -> Option<usize> {
        let first = (!own.is_empty()).then_some(own.start);
        self.words.chosen.filter(|j| own.contains(j)).or(first)
    }

    /// The caption that is the target: the one chosen, else the hardest negative.
    pub fn target(&self, now: &Identities) -> Option<usize> {
        let hardest = || self.clean.get(now)?.standing.wrong;
        self.chosen.or_else(|| hardest().map(|h| h.index as usize))
    }

    /// The row that is aimed at: a caption that is to win, or the picture of one that is to be matched.
    pub fn target_row(&self, session: &Session) -> Option<usize> {
        let target = self.target(session.now());
        match self.goal {
            Goal::Win => target,
            Goal::Match => target.and_then(|j| Some(session.embedded()?.groups.owner(j))),
            Goal::Lose | Goal::Away => None,
        }
    }

    /// Another norm, with a radius that is usual for it.
    pub fn set_norm(&mut self, norm: Norm) {
        let threat = &mut self.settings.threat;
        if threat.norm.is_like(norm) {
            threat.norm = norm;
            return;
        }
        threat.norm = norm;
        threat.eps = match norm {
            Norm::Linf | Norm::Fourier(_) => 4.0 / 255.0,
            Norm::L2 => 2.0,
            Norm::L1 | Norm::L0 => 100.0,
            Norm::Free => 1.0,
        };
    }
}
