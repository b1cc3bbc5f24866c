//! The attack lab: what is attacked and how, what came of it, how it is looked at.

mod command;
mod looks;
mod plan;
mod words;

pub use command::AttackCommand;
pub use looks::{Compare, Curve, Heat, Looks};
pub use plan::{SetLab, SetPlan, Which};
pub use words::{Vocabulary, WordsLab, WordsPlan};

use crate::attack::{
    AttackRequest, AttackResult, AttackSettings, CaptionRanking, Goal, LiveSlot, Norm, Point,
    Threat,
};
use crate::compute::Grid;
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
    pub shot: Arc<AttackResult>,
    /// What was asked.
    pub order: Arc<AttackRequest>,
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
pub struct AttackLab {
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
    pub clean: Option<Clean>,
    /// Whether there are gradients.
    pub reach: Reach,
    /// The operators that round and that these gradients pass as if they did not.
    pub approximate: Vec<String>,
    /// The attack under way.
    pub running: Option<Running>,
    /// Attacks done, oldest first.
    pub done: Vec<Attempt>,
    /// Attacks taken back, the last one at the end.
    pub undone: Vec<Attempt>,
    /// How the lab is looked at.
    pub looks: Looks,
    /// The words of a caption.
    pub words: WordsLab,
    /// The whole set.
    pub set: SetLab,
}

impl Default for AttackLab {
    fn default() -> Self {
        Self {
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
            clean: None,
            reach: Reach::default(),
            approximate: Vec::new(),
            running: None,
            done: Vec::new(),
            undone: Vec::new(),
            looks: Looks::default(),
            words: WordsLab::default(),
            set: SetLab::default(),
        }
    }
}

impl AttackLab {
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

    /// The last attack on the picture shown.
    pub fn last(&self) -> Option<&Attempt> {
        let mine = |d: &&Attempt| Some(d.shot.image) == self.image;
        self.done.iter().rev().find(mine)
    }

    /// Is there an attack on the picture shown to be done again?
    pub fn can_redo(&self) -> bool {
        self.undone.iter().any(|d| Some(d.shot.image) == self.image)
    }

    /// The attack under way on the picture shown.
    pub fn live(&self) -> Option<&Running> {
        self.running
            .as_ref()
            .filter(|r| Some(r.image) == self.image)
    }

    /// Adds an attack that was done.
    pub fn push(&mut self, done: Attempt) {
        self.undone.retain(|d| d.shot.image != done.shot.image);
        self.done.push(done);
        let bytes = |d: &Attempt| d.shot.adversarial.len() * 8;
        while self.done.len() > 1 && self.done.iter().map(bytes).sum::<usize>() > Self::KEPT {
            self.done.remove(0);
        }
    }

    /// Takes the last attack on the picture shown back.
    pub fn undo(&mut self) {
        let at = self
            .done
            .iter()
            .rposition(|d| Some(d.shot.image) == self.image);
        if let Some(at) = at {
            self.undone.push(self.done.remove(at));
        }
    }

    /// Brings back what was taken back last.
    pub fn redo(&mut self) {
        let at = self
            .undone
            .iter()
            .rposition(|d| Some(d.shot.image) == self.image);
        if let Some(at) = at {
            self.done.push(self.undone.remove(at));
        }
    }

    /// The caption whose words are looked at: the one chosen, else the first of the `own` captions of the picture.
    pub fn caption(&self, own: &std::ops::Range<usize>) -> Option<usize> {
        let first = (!own.is_empty()).then_some(own.start);
        self.words.chosen.filter(|j| own.contains(j)).or(first)
    }

    /// The caption that is the target: the one chosen, else the hardest negative.
    pub fn target(&self) -> Option<usize> {
        let hardest = || self.clean.as_ref()?.standing.wrong;
        self.chosen.or_else(|| hardest().map(|h| h.index as usize))
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
