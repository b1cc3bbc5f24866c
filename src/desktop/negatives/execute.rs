//! Executes the workbench's commands.

use super::{Command, Event, Negatives, Slot, export};
use crate::dataset::export::Layout;
use crate::dataset::{Dataset, Verdict};
use crate::desktop::core::{Dialog, Filters, Level, Part, Query};
use crate::desktop::feature::{Desk, Feature};
use crate::retrieval::Side;
use crate::retrieval::mine::MinedPair;
use std::path::PathBuf;
use std::sync::Arc;

const LINES: Filters = &[("JSON lines", &["jsonl"])];
const TABLES: Filters = &[
    ("JSON lines", &["jsonl"]),
    ("CSV", &["csv"]),
    ("Parquet", &["parquet"]),
];

impl Negatives {
    pub(super) fn obey(&mut self, desk: &mut Desk<'_, Self>, command: Command) {
        let Some(dataset) = desk.session.dataset().cloned() else {
            return;
        };
        let negatives = &mut self.state;
        match command {
            Command::SetPlan(plan) => {
                negatives.plan = plan;
                self.mine_again();
            }
            Command::Mine => self.mine_again(),
            Command::Select(at) => self.look_at(desk, at),
            Command::Step(step) => {
                let last = negatives
                    .set
                    .get(desk.session.open.now())
                    .map_or(0, |s| s.pairs.len());
                let at = negatives.at.saturating_add_signed(step);
                self.look_at(desk, at.min(last.saturating_sub(1)));
            }
            Command::Decide(verdict) => {
                if !self.work.loaded {
                    let text = "The decisions about this dataset are not read yet";
                    let remedy = "If they cannot be read, the log says why.";
                    desk.session.say(Level::Warning, text, remedy);
                    return;
                }
                let (Some(set), Some(pair)) = (
                    negatives.set.get(desk.session.open.now()).cloned(),
                    negatives.pair(desk.session.open.now()),
                ) else {
                    return;
                };
                let rows = pair.rows(set.plan.side);
                let decision = negatives.decided.decide(&dataset, rows, verdict);
                let next = (negatives.at + 1).min(set.pairs.len().saturating_sub(1));
                if let Some(decision) = decision {
                    desk.session.open.decided(decision);
                    self.decided(desk);
                }
                if verdict.is_some() {
                    self.look_at(desk, next);
                }
            }
            Command::ShowRegions(show) => negatives.show_regions = show,
            Command::Export(layout, path) => {
                self.export_negatives(desk, layout, path, dataset);
            }
        }
    }

    /// Decides about a pair by its key again, or as it was.
    pub(super) fn decide_again(
        &mut self,
        desk: &mut Desk<'_, Self>,
        key: &(String, String),
        verdicts: [Option<Verdict>; 2],
    ) {
        let Some(dataset) = desk.session.dataset().cloned() else {
            return;
        };
        if self.state.decided.change(&dataset, key, verdicts) {
            self.decided(desk);
        } else {
            let text = "This decision stays: it was decided otherwise since";
            desk.session.say(Level::Info, text, "");
        }
    }

    /// Looks at a pair; the other views follow.
    pub(super) fn look_at(&mut self, desk: &mut Desk<'_, Self>, at: usize) {
        let negatives = &mut self.state;
        let Some(set) = negatives.set.get(desk.session.open.now()).cloned() else {
            return;
        };
        let Some(pair) = set.pairs.get(at) else {
            return;
        };
        negatives.at = at;
        desk.set_query(Query::Row(set.plan.side, pair.query as usize));
    }

    /// Shows the workbench at the first pair of an image; says so where none was mined.
    pub(super) fn show_image(&mut self, desk: &mut Desk<'_, Self>, image: u32) {
        desk.show(Self::TAB);
        let set = self.state.set.get(desk.session.now()).cloned();
        let (Some(set), Some(dataset)) = (set, desk.session.dataset().cloned()) else {
            return;
        };
        let of = |pair: &MinedPair| match set.plan.side {
            Side::Image => pair.query,
            Side::Text => dataset.image_of(pair.query as usize) as u32,
        };
        match set.pairs.iter().position(|pair| of(pair) == image) {
            Some(at) => self.look_at(desk, at),
            None => desk.session.say(
                Level::Info,
                "No pair of this image is among those mined.",
                "Mine more of them, or without a limit on the margin.",
            ),
        }
    }

    /// Saves what was decided and counts again.
    fn decided(&mut self, desk: &mut Desk<'_, Self>) {
        desk.session.open.renew(Part::Decisions);
        self.save_decisions(desk);
    }

    fn export_negatives(
        &mut self,
        desk: &mut Desk<'_, Self>,
        layout: Option<Layout>,
        path: Option<PathBuf>,
        dataset: Arc<Dataset>,
    ) {
        let Some(set) = self.state.set.get(desk.session.now()).cloned() else {
            let text = "There are no hard negatives to export";
            desk.session.say(Level::Warning, text, "Mine them first.");
            return;
        };
        let Some(path) = path else {
            let filters = if layout.is_some() { TABLES } else { LINES };
            let title = "Export the hard negatives shown";
            let dialog = Dialog::place(title, "negatives.jsonl", filters);
            let chosen = move |paths: Vec<PathBuf>| Event::Chosen(layout, paths);
            desk.choose(Slot::Dialog, dialog, chosen);
            return;
        };
        let (Some(ranking), Some(embedded)) = (
            desk.session.ranking().cloned(),
            desk.session.embedded().cloned(),
        ) else {
            return;
        };
        let confirmed = self.state.decided.confirmed.clone();
        desk.start(Slot::Export, "Exporting", move |task| {
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
            Ok(Event::Exported(path))
        });
    }
}
