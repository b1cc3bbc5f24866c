//! Decisions read and saved, and what the user must know of their files.

use super::outbox::SavedDecisions;
use super::{App, NegativesEvent};
use crate::app::events::Event;
use crate::dataset::Dataset;
use crate::error::{Result, thousands};
use crate::files::shown;
use crate::session::{DataSource, DecisionsHome, Level, Part, Slot};
use std::sync::Arc;

/// Reads what is kept about pairs of `dataset`.
pub fn read(source: &DataSource, dataset: &Dataset) -> Result<NegativesEvent> {
    let home = DecisionsHome::of(&source.place()?);
    let kept = home.read()?;
    let mut notes: Vec<String> = kept.elsewhere.iter().cloned().collect();
    let repeated = dataset.row_keys.as_ref().map(|keys| keys.repeated());
    if let Some([images, captions]) = repeated.filter(|[a, b]| a + b > 0) {
        notes.push(format!(
            "{} image rows and {} caption rows are equal to others: equal rows share their decisions",
            thousands(images as u64),
            thousands(captions as u64)
        ));
    }
    let numbered = kept.all.numbered(dataset);
    if numbered > 0 {
        notes.push(format!(
            "{} decisions were kept by the numbers of rows, by an older version: they hold for the rows that have these \
             numbers now",
            thousands(numbered as u64)
        ));
    }
    Ok(NegativesEvent::Decisions { home, kept, notes })
}

impl App {
    /// Saves what was decided since the last save, and what could not be saved before.
    pub(in crate::app) fn save_decisions(&mut self) {
        // It leaves the rest to the save that follows.
        self.jobs.cancel(Slot::SaveDecisions);
        let outbox = Arc::clone(&self.negatives.outbox);
        if let Some((home, changes)) = self.session.negatives.decided.unsaved() {
            outbox.put(home, &changes);
        }
        if outbox.is_empty() {
            return;
        }
        self.start(Slot::SaveDecisions, "Saving decisions", move |task| {
            let done = outbox.save(task);
            Ok(Event::Negatives(NegativesEvent::Saved(done)))
        });
    }

    /// Takes up what a save found in the files.
    pub(super) fn decisions_saved(&mut self, done: SavedDecisions) {
        let Some(dataset) = self.session.dataset().cloned() else {
            return;
        };
        for (home, kept) in done.saved {
            let decided = &mut self.session.negatives.decided;
            let (taken, tell) = decided.take_saved(&home, &kept, &dataset);
            if let (true, Some(why)) = (tell, kept.elsewhere) {
                let remedy =
                    "They are read from there as well, as long as the data stays where it is.";
                self.session.say(Level::Warning, why, remedy);
            }
            if taken > 0 {
                self.session.open.renew(Part::Decisions);
                let noun = if taken == 1 { "decision" } else { "decisions" };
                let taken = thousands(taken as u64);
                let text = format!(
                    "Took over {taken} {noun} of others from {}",
                    shown(&kept.place)
                );
                self.session.say(Level::Info, text, "");
            }
        }
        for error in done.failed {
            self.fail(&error);
        }
    }
}
