//! Executes what is asked about sets of images.

use super::event::Event;
use super::history::Deed;
use super::running::{Change, Core};
use super::sets::SetsChange;
use super::slot::Slot;
use super::{Level, Query, Sets, SetsCommand};
use crate::dataset::export;
use crate::error::thousands;
use crate::retrieval::Side;
use std::path::{Path, PathBuf};

impl Core {
    pub(super) fn execute_sets(&mut self, command: SetsCommand) {
        let session = &mut self.session;
        let Some(dataset) = session.dataset().cloned() else {
            return;
        };
        let command = match command {
            SetsCommand::MarkQuery => {
                let image = match session.open.query() {
                    Some(&Query::Row(Side::Image, i)) => i as u32,
                    Some(&Query::Row(Side::Text, j)) => dataset.image_of(j) as u32,
                    _ => return,
                };
                SetsCommand::Mark(vec![image], !session.sets.marked.contains(&image))
            }
            SetsCommand::MarkShown => {
                let rows = session.browser.rows.iter();
                let images = match session.side {
                    Side::Image => rows.copied().collect(),
                    Side::Text => rows.map(|&j| dataset.image_of(j as usize) as u32).collect(),
                };
                SetsCommand::Mark(images, true)
            }
            other => other,
        };
        let change = session.sets.perform(command);
        self.sets_changed(&change);
        if !change.is_empty() {
            self.session.open.record(Deed::Sets(change));
        }
    }

    /// Makes a change of the sets again, or takes it `back`.
    pub(super) fn change_sets(&mut self, change: &SetsChange, back: bool) {
        self.session.sets.apply(change, back);
        self.sets_changed(change);
    }

    /// Keeps what a change left.
    fn sets_changed(&mut self, change: &SetsChange) {
        let session = &mut self.session;
        let Some(dataset) = session.dataset().cloned().filter(|_| change.is_lasting()) else {
            return;
        };
        let before = std::mem::take(&mut session.workspace.sets);
        session.workspace.sets = session.sets.names(&dataset);
        if before != session.workspace.sets {
            let gone = before.into_keys();
            let gone: Vec<String> = gone
                .filter(|name| !session.workspace.sets.contains_key(name))
                .collect();
            for name in gone {
                session.settings.forget_set(&session.workspace, name);
            }
            self.remember();
        }
        self.refresh_browser();
        self.changes.push(Change::Sets);
    }

    /// Writes the marked images with their captions as a dataset of their own.
    pub(super) fn export_images(&mut self, folder: PathBuf) {
        let Some(dataset) = self.session.dataset().cloned() else {
            return;
        };
        let marked = self.session.sets.marked.iter();
        let marked: Vec<usize> = marked.map(|&i| i as usize).collect();
        self.start(Slot::ImagesExport, "Exporting images", move |task| {
            let written = export::folder(&dataset, &marked, &folder, task)?;
            Ok(Event::ImagesExported(folder, written))
        });
    }

    /// Says what was written.
    pub(super) fn images_exported(&mut self, folder: &Path, written: &export::Written) {
        let text = format!(
            "Exported {} images with {} captions to {}",
            thousands(written.images as u64),
            thousands(written.captions as u64),
            folder.display()
        );
        self.session.say(Level::Info, text, "");
        if let Some(first) = written.changed.first() {
            let count = written.changed.len();
            let text = format!(
                "{count} things are not as they were: {}: {}",
                first.place, first.what
            );
            self.session.say(Level::Warning, text, "");
        }
    }

    /// Finds the saved sets in the dataset that is shown now.
    pub(super) fn find_sets(&mut self) {
        let session = &mut self.session;
        session.sets = session
            .dataset()
            .map_or_else(Sets::default, |d| Sets::find(&session.workspace.sets, d));
    }
}
