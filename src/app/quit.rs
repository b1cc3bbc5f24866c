//! The end of the program: what is being saved is saved, what is being written is given up.

use super::App;
use crate::session::{Level, SavedSettings, SettingsFile, Slot};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long the end waits for jobs that write.
const WAIT: Duration = Duration::from_secs(1);

impl App {
    /// Ends all jobs. Short saves are finished, longer writing is cancelled and given the time to remove what is half
    /// written; neither is waited for longer than a second.
    pub(super) fn quit(&mut self) {
        let until = Instant::now() + WAIT;
        // A save that failed, or did not begin, is tried once more.
        let settings = &self.session.settings;
        let saved = |file: &Mutex<SettingsFile>| file.try_lock().is_ok_and(|f| f.holds(settings));
        if self.settings_file.as_deref().is_some_and(|f| !saved(f)) {
            self.save_settings();
        }
        self.save_decisions();
        self.jobs.cancel_all(|slot| !slot.is_save());
        self.jobs.wait(until, Slot::writes);
        self.jobs.cancel_all(|_| true);
    }

    /// Takes in what a save of the settings found.
    pub(super) fn settings_saved(&mut self, saved: &SavedSettings) {
        self.session.settings.take_saved(saved);
        if let Some(aside) = &saved.aside {
            let text = "The settings file was no longer a settings file of nearmiss";
            let remedy = format!(
                "It is kept as {}; the settings were saved anew.",
                aside.display()
            );
            self.session.say(Level::Warning, text, remedy);
        }
    }
}
