//! Decisions read and saved, and what the user must know of their files.

use super::outbox::SavedDecisions;
use super::{Event, Negatives, Slot};
use crate::dataset::Dataset;
use crate::desktop::core::{DataSource, DecisionsHome, Level, Part};
use crate::desktop::feature::Desk;
use crate::error::{Result, thousands};
use crate::files::shown;
use std::sync::Arc;

/// Reads what is kept about pairs of `dataset`.
pub fn read(source: &DataSource, dataset: &Dataset) -> Result<Event> {
    let home = DecisionsHome::of(&source.place()?);
    let kept = home.read()?;
    let notes = kept.notes(dataset);
    Ok(Event::Decisions { home, kept, notes })
}

impl Negatives {
    /// Saves what was decided since the last save, and what could not be saved before.
    pub(super) fn save_decisions(&mut self, desk: &mut Desk<'_, Self>) {
        // It leaves the rest to the save that follows.
        desk.cancel(Slot::SaveDecisions);
        let outbox = Arc::clone(&self.work.outbox);
        if let Some((home, changes)) = self.state.decided.unsaved() {
            outbox.put(home, &changes);
        }
        if outbox.is_empty() {
            return;
        }
        desk.start(Slot::SaveDecisions, "Saving decisions", move |task| {
            let done = outbox.save(task);
            Ok(Event::Saved(done))
        });
    }

    /// Takes up what a save found in the files.
    pub(super) fn decisions_saved(&mut self, desk: &mut Desk<'_, Self>, done: SavedDecisions) {
        let Some(dataset) = desk.session.dataset().cloned() else {
            return;
        };
        for (home, kept) in done.saved {
            let decided = &mut self.state.decided;
            let (taken, tell) = decided.take_saved(&home, &kept, &dataset);
            if let (true, Some(why)) = (tell, kept.elsewhere) {
                let remedy =
                    "They are read from there as well, as long as the data stays where it is.";
                desk.session.say(Level::Warning, why, remedy);
            }
            if taken > 0 {
                desk.session.open.renew(Part::Decisions);
                // What another decided since is not ours to take back.
                let all = &self.state.decided.all;
                let stands = |key: &(String, String)| all.get(&key.0, &key.1);
                desk.session.open.forget_overruled(stands);
                let noun = if taken == 1 { "decision" } else { "decisions" };
                let taken = thousands(taken as u64);
                let text = format!(
                    "Took over {taken} {noun} of others from {}",
                    shown(&kept.place)
                );
                desk.session.say(Level::Info, text, "");
            }
        }
        for error in done.failed {
            desk.fail(&error);
        }
    }
}
