//! Executes what is asked about sets of images.

use super::event::Event;
use super::running::{Change, Core};
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
        let sets = &mut session.sets;
        let before = (sets.named.clone(), sets.only.clone());
        match command {
            SetsCommand::Mark(images, mark) => sets.mark(images, mark),
            SetsCommand::MarkQuery => {
                let image = match session.open.query() {
                    Some(&Query::Row(Side::Image, i)) => i,
                    Some(&Query::Row(Side::Text, j)) => dataset.image_of(j),
                    _ => return,
                };
                let mark = !sets.marked.contains(&(image as u32));
                sets.mark([image as u32], mark);
            }
            SetsCommand::MarkShown => {
                let rows = session.browser.rows.iter();
                match session.side {
                    Side::Image => sets.mark(rows.copied(), true),
                    Side::Text => {
                        sets.mark(rows.map(|&j| dataset.image_of(j as usize) as u32), true);
                    }
                }
            }
            SetsCommand::Clear => sets.marked.clear(),
            SetsCommand::Save(name) => sets.save(&name),
            SetsCommand::Keep(name, images) => sets.keep(&name, images),
            SetsCommand::Combine(name, how) => sets.combine(&name, how),
            SetsCommand::Delete(name) => sets.delete(&name),
            SetsCommand::Only(name) => sets.only = name,
        }
        let after = (sets.named.clone(), sets.only.clone());
        if after.0 != before.0 {
            session.workspace.sets = sets.names(&dataset);
            let gone = before.0.keys().filter(|name| !after.0.contains_key(*name));
            for name in gone {
                session
                    .settings
                    .forget_set(&session.workspace, name.clone());
            }
            self.remember();
        }
        if after != before {
            self.refresh_browser();
            self.changes.push(Change::Sets);
        }
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
