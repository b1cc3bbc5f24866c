//! An attack that was run, to be run again with the same settings.

use super::state::{LabPage, SetPlan, WordsPlan};
use super::{Attack, Command, Slot, told};
use crate::attack::{AttackRequest, AttackSettings, Goal};
use crate::desktop::core::{Part, Query};
use crate::desktop::feature::Desk;
use crate::retrieval::Side;
use std::sync::Arc;

/// What runs of the lab are about.
pub const ABOUT: [Part; 4] = [Part::Data, Part::Encoder, Part::Measure, Part::Embeddings];

/// What was attacked, and how.
#[derive(Debug, Clone, PartialEq)]
pub enum Repeat {
    /// A picture.
    Picture {
        /// Its row.
        image: usize,
        /// The attack.
        settings: AttackSettings,
        /// What it wants.
        goal: Goal,
        /// The caption that was chosen to win; `None` for the hardest negative.
        target: Option<usize>,
        /// At the picture's own resolution?
        own_size: bool,
    },
    /// A set.
    Set {
        /// The rows of its pictures.
        images: Vec<usize>,
        /// The attack.
        settings: AttackSettings,
        /// What it wants.
        goal: Goal,
        /// What else was asked.
        plan: SetPlan,
    },
    /// The words of a caption.
    Words {
        /// The row of its picture.
        image: usize,
        /// The caption's row.
        caption: usize,
        /// What was asked.
        plan: WordsPlan,
    },
}

impl Attack {
    /// Runs what was run before.
    pub(super) fn repeat(&mut self, desk: &mut Desk<'_, Self>, repeat: Repeat) {
        match repeat {
            Repeat::Picture {
                image,
                settings,
                goal,
                target,
                own_size,
            } => {
                self.take_pair(desk, image, target);
                self.state.settings = settings;
                self.state.goal = goal;
                self.state.own_size = own_size;
                self.obey(desk, Command::Run);
            }
            Repeat::Set {
                images,
                settings,
                goal,
                plan,
            } => {
                self.state.page = LabPage::Set;
                self.state.settings = settings;
                self.state.goal = goal;
                self.state.set.plan = plan;
                // From the start: what is done of the one before is not gone on with.
                self.work.set_done = Arc::default();
                self.attack_set(desk, images);
            }
            Repeat::Words {
                image,
                caption,
                plan,
            } => {
                desk.set_query(Query::Row(Side::Image, image));
                self.state.page = LabPage::Words;
                self.follow_selection(desk);
                self.state.words.chosen = Some(caption);
                self.state.words.plan = plan;
                self.run_words(desk);
            }
        }
    }

    /// Keeps among the runs that the attack of `request` begins.
    pub(super) fn began_attack(&self, desk: &mut Desk<'_, Self>, request: &AttackRequest) {
        let AttackRequest {
            image,
            goal,
            own_size,
            ref settings,
            ..
        } = *request;
        let name = name(desk, image);
        let again = Repeat::Picture {
            image,
            settings: settings.clone(),
            goal,
            target: self.state.chosen,
            own_size,
        };
        let told = told::picture(settings, goal, own_size, &name);
        let again = [Command::Repeat(Box::new(again))];
        desk.began(Slot::Attack, "Attack", told, &ABOUT, again);
    }

    /// Keeps among the runs that the attack on a set begins.
    pub(super) fn began_set(desk: &mut Desk<'_, Self>, again: Repeat) {
        if let Repeat::Set {
            images,
            settings,
            goal,
            plan,
        } = &again
        {
            let told = told::set(settings, *goal, plan, images.len());
            let again = [Command::Repeat(Box::new(again))];
            desk.began(Slot::AttackSet, "Attack on a set", told, &ABOUT, again);
        }
    }
}

/// What the picture is called.
pub fn name(desk: &Desk<'_, Attack>, image: usize) -> String {
    let dataset = desk.session.dataset();
    let image = dataset.and_then(|dataset| dataset.images.get(image));
    image.map_or_else(String::new, |image| image.name.clone())
}
