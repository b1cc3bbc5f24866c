//! Executes the workbench's commands.

use super::{App, NegativesEvent, export};
use crate::app::events::Event;
use crate::dataset::Dataset;
use crate::dataset::export::Layout;
use crate::session::{Level, NegativesCommand, Part, Pick, Query, Slot};
use std::path::PathBuf;
use std::sync::Arc;

impl App {
    pub(in crate::app) fn execute_negatives(&mut self, command: NegativesCommand) {
        let Some(dataset) = self.session.dataset().cloned() else {
            return;
        };
        let negatives = &mut self.session.negatives;
        match command {
            NegativesCommand::SetPlan(plan) => {
                negatives.plan = plan;
                self.mine_again();
            }
            NegativesCommand::Mine => self.mine_again(),
            NegativesCommand::Select(at) => self.look_at(at),
            NegativesCommand::Step(step) => {
                let last = negatives
                    .set
                    .get(self.session.open.now())
                    .map_or(0, |s| s.pairs.len());
                let at = negatives.at.saturating_add_signed(step);
                self.look_at(at.min(last.saturating_sub(1)));
            }
            NegativesCommand::Decide(verdict) => {
                if !self.negatives.loaded {
                    let text = "The decisions about this dataset are not read yet";
                    let remedy = "If they cannot be read, the log says why.";
                    self.session.say(Level::Warning, text, remedy);
                    return;
                }
                let (Some(set), Some(pair)) = (
                    negatives.set.get(self.session.open.now()).cloned(),
                    negatives.pair(self.session.open.now()),
                ) else {
                    return;
                };
                let rows = pair.rows(set.plan.side);
                let changed = negatives.decided.decide(&dataset, rows, verdict);
                let next = (negatives.at + 1).min(set.pairs.len().saturating_sub(1));
                if changed {
                    self.decided();
                }
                if verdict.is_some() {
                    self.look_at(next);
                }
            }
            NegativesCommand::Undo => {
                if negatives.decided.undo(&dataset) {
                    self.decided();
                }
            }
            NegativesCommand::Redo => {
                if negatives.decided.redo(&dataset) {
                    self.decided();
                }
            }
            NegativesCommand::ShowRegions(show) => negatives.show_regions = show,
            NegativesCommand::Export(layout, path) => {
                self.export_negatives(layout, path, dataset);
            }
        }
    }

    /// Looks at a pair; the other views follow.
    pub(in crate::app) fn look_at(&mut self, at: usize) {
        let negatives = &mut self.session.negatives;
        let Some(set) = negatives.set.get(self.session.open.now()).cloned() else {
            return;
        };
        let Some(pair) = set.pairs.get(at) else {
            return;
        };
        negatives.at = at;
        self.set_query(Query::Row(set.plan.side, pair.query as usize));
    }

    /// Saves what was decided and counts again.
    fn decided(&mut self) {
        self.session.open.renew(Part::Decisions);
        self.save_decisions();
    }

    fn export_negatives(
        &mut self,
        layout: Option<Layout>,
        path: Option<PathBuf>,
        dataset: Arc<Dataset>,
    ) {
        let Some(set) = self.session.negatives.set.get(self.session.now()).cloned() else {
            let text = "There are no hard negatives to export";
            self.session.say(Level::Warning, text, "Mine them first.");
            return;
        };
        let Some(path) = path else {
            self.pick(Pick::ExportNegatives(layout));
            return;
        };
        let (Some(ranking), Some(embedded)) = (
            self.session.ranking().cloned(),
            self.session.embedded().cloned(),
        ) else {
            return;
        };
        let confirmed = self.session.negatives.decided.confirmed.clone();
        self.start(Slot::NegativesExport, "Exporting", move |task| {
            let shown = export::Shown {
                set: &set,
                dataset: &dataset,
                groups: &embedded.groups,
                pairs: &ranking.ranking.pairs,
                confirmed: &confirmed,
            };
            let path = export::place(&path, layout)?;
            match layout {
                None => shown.lines(&path, task)?,
                Some(layout) => shown.examples(&path, layout, task)?,
            }
            Ok(Event::Negatives(NegativesEvent::Exported(path)))
        });
    }
}
