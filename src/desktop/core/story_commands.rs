//! Executes what is asked of the first minute: looks for the case, shows it, leads on from it.

use super::event::Event;
use super::identity::{Basis, Derived};
use super::running::Core;
use super::slot::Slot;
use super::{Command, Deeds, Level, Query, StoryCommand};
use crate::retrieval::{NearMiss, Side, near_miss};

impl Core {
    pub(super) fn execute_story(&mut self, command: StoryCommand) {
        match command {
            StoryCommand::Begin => {
                self.session.story.wanted = true;
                self.session.story.shown = true;
            }
            StoryCommand::Break => {
                if let Some(case) = self.session.case().copied() {
                    self.ask(Command::BreakPair {
                        image: case.image,
                        caption: None,
                    });
                }
            }
            StoryCommand::Leave => {
                self.session.story.shown = false;
                self.session.story.wanted = false;
            }
        }
    }

    /// Looks for the case, or shows it, once all is there that it is chosen from.
    pub(super) fn tell_story(&mut self) {
        if !self.session.story.wanted || self.jobs.is_running(Slot::Story) {
            return;
        }
        if let Some(case) = self.session.story.case.get(self.session.now()).copied() {
            self.session.story.wanted = false;
            return self.show_case(case);
        }
        let (Some(dataset), Some(embedded), Some(ranking)) = (
            self.session.dataset().cloned(),
            self.session.embedded().cloned(),
            self.session.ranking().cloned(),
        ) else {
            let waits = !self.jobs.is_empty() || self.embed_wanted || self.rank_wanted;
            if !waits && self.session.pending.is_none() && self.session.question.is_none() {
                self.session.story.wanted = false;
                let text = "No near miss can be shown: nothing is ranked";
                let remedy = "Open captioned images and an encoder first.";
                self.session.say(Level::Info, text, remedy);
            }
            return;
        };
        self.start(Slot::Story, "Choosing a case", move |task| {
            let i2t = ranking.direction(Side::Image);
            let case = near_miss(i2t, &embedded, &dataset.captions, task)?;
            Ok(Event::Case(case))
        });
    }

    pub(super) fn take_case(&mut self, basis: Basis, case: Option<NearMiss>) {
        self.session.story.case = Derived::new(basis, case);
    }

    fn show_case(&mut self, case: Option<NearMiss>) {
        let Some(case) = case else {
            self.session.story.shown = false;
            let text =
                "No picture of this set is barely right with a wrong caption like the right one";
            self.session
                .say(Level::Info, text, "Look at Negatives instead.");
            return;
        };
        let query = Query::Row(Side::Image, case.image);
        if self.session.query() != Some(&query) {
            // What was shown while the case was looked for was nobody's choice.
            if !self.session.open.can_undo(Deeds::Queries) {
                self.session.open.clear_query();
            }
            self.set_query(query);
        }
        self.show_answer();
    }
}
