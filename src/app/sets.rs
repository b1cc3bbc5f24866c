//! Executes what is asked about sets of images.

use super::App;
use crate::retrieval::Side;
use crate::session::{Query, Sets, SetsCommand};

impl App {
    pub(super) fn execute_sets(&mut self, command: SetsCommand) {
        let session = &mut self.session;
        let Some(dataset) = session.dataset.clone() else {
            return;
        };
        let sets = &mut session.sets;
        let before = (sets.named.clone(), sets.only.clone());
        match command {
            SetsCommand::Mark(images, mark) => sets.mark(images, mark),
            SetsCommand::MarkQuery => {
                let image = match session.query {
                    Some(Query::Row(Side::Image, i)) => i,
                    Some(Query::Row(Side::Text, j)) => dataset.image_of(j),
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
            SetsCommand::Combine(name, how) => sets.combine(&name, how),
            SetsCommand::Delete(name) => sets.delete(&name),
            SetsCommand::Only(name) => sets.only = name,
        }
        let after = (sets.named.clone(), sets.only.clone());
        if after.0 != before.0 {
            session.workspace.sets = sets.names(&dataset);
            self.remember();
        }
        if after != before {
            self.session.refresh_browser();
            self.mine_again();
        }
    }

    /// Finds the saved sets in the dataset that is shown now.
    pub(super) fn find_sets(&mut self) {
        let session = &mut self.session;
        session.sets = session
            .dataset
            .as_ref()
            .map_or_else(Sets::default, |d| Sets::find(&session.workspace.sets, d));
    }
}
