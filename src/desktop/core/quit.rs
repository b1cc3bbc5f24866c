//! The end of the program: what is being saved is saved, what is being written is given up.

use super::running::Core;
use super::settings_file::{SavedSettings, SettingsFile};
use super::state::Level;
use std::sync::Mutex;
use std::time::Instant;

impl Core {
    /// Saves what is unsaved, and cancels all that is no save.
    pub fn closing(&mut self) {
        // A save that failed, or did not begin, is tried once more.
        let settings = &self.session.settings;
        let saved = |file: &Mutex<SettingsFile>| file.try_lock().is_ok_and(|f| f.holds(settings));
        if self.settings_file.as_deref().is_some_and(|f| !saved(f)) {
            self.save_settings();
        }
        self.jobs.closing();
    }

    /// Waits for the jobs that write, until a time, then cancels all.
    pub fn wait(&mut self, until: Instant) {
        self.jobs.wait(until);
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
