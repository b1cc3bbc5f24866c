//! Compares the open encoder with a second one: one job that opens, embeds, ranks and compares.

use super::App;
use crate::desktop::core::events::Event;
use crate::dataset::Dataset;
use crate::encoder::{Cache, Encoder, EncoderOptions};
use crate::error::{Error, Result};
use crate::retrieval::{CompareOptions, EvalOptions, Evaluation, compare, evaluate};
use crate::desktop::core::{
    Basis, CompareCommand, ComparedWith, Derived, Embedded, EncoderSource, Level, Pick, Query,
    Slot, Tab,
};
use crate::task::Task;
use std::sync::Arc;

impl App {
    pub(super) fn execute_compare(&mut self, command: CompareCommand) {
        let side = self.session.side;
        let state = &mut self.session.compare;
        match command {
            CompareCommand::Open(source) => {
                self.session.tab = Tab::Compare;
                self.compare_with(source);
            }
            CompareCommand::Again => match state.source.clone() {
                Some(source) => self.compare_with(source),
                None => self.pick(Pick::SecondEncoder),
            },
            CompareCommand::Close => {
                self.jobs.cancel(Slot::Compare);
                self.session.compare = crate::desktop::core::CompareLab::default();
            }
            CompareCommand::SetK(k) => {
                let cuts = crate::retrieval::compare::CUTS;
                state.cut = cuts.iter().position(|&cut| cut == k).unwrap_or(0);
                state.refresh(side, self.session.open.now());
            }
            CompareCommand::Show(outcome) => {
                state.outcome = outcome;
                state.refresh(side, self.session.open.now());
            }
            CompareCommand::Sort(column) => {
                let (old, falls) = state.sort;
                state.sort = (column, old == column && !falls);
                state.refresh(side, self.session.open.now());
            }
            CompareCommand::Step(step) => {
                let now = self.session.selected();
                let rows = &self.session.compare.rows;
                let at = now.and_then(|i| rows.iter().position(|&r| r as usize == i));
                let next = match at {
                    Some(at) => at
                        .saturating_add_signed(step)
                        .min(rows.len().saturating_sub(1)),
                    None => 0,
                };
                if let Some(&row) = rows.get(next) {
                    self.set_query(Query::Row(side, row as usize));
                }
            }
        }
    }

    fn compare_with(&mut self, source: EncoderSource) {
        let (Some(dataset), Some(embedded), Some(first), Some(engine)) = (
            self.session.dataset().cloned(),
            self.session.embedded().cloned(),
            self.session.ranking().cloned(),
            self.engine.clone(),
        ) else {
            let remedy = "Open a dataset and an encoder, and wait until they are ranked.";
            self.session.say(
                Level::Warning,
                "There is nothing to compare with yet",
                remedy,
            );
            return;
        };
        let options = EncoderOptions {
            providers: self.session.settings.providers.clone(),
            batch: self.session.settings.batch,
            // The answers about the same encoder hold for it here too.
            ..if self.session.workspace.encoder.as_ref() == Some(&source) {
                self.session.workspace.options.clone()
            } else {
                EncoderOptions::default()
            }
        };
        self.session.compare.source = Some(source.clone());
        let title = format!("Comparing with {}", source.title());
        self.start(Slot::Compare, title, move |task| {
            let encoder = source.open(&options, task)?;
            let second = rank_with(&encoder, &dataset, &embedded, &*engine, task)?;
            let options = CompareOptions::default();
            let figures = compare(&first, &second, &embedded.groups, &options, task)?;
            Ok(Event::Compared(ComparedWith {
                with: source,
                first,
                second: Arc::new(second),
                figures: Arc::new(figures),
            }))
        });
    }

    pub(super) fn take_compared(&mut self, basis: Basis, found: ComparedWith) {
        self.session.compare.found = Derived::new(basis, found);
        let now = self.session.open.now();
        self.session.compare.refresh(self.session.side, now);
    }
}

/// The rows of `first`, embedded and ranked by a second encoder.
fn rank_with(
    encoder: &Encoder,
    dataset: &Dataset,
    first: &Embedded,
    engine: &dyn crate::compute::Engine,
    task: &Task,
) -> Result<Evaluation> {
    // Without a cache it only takes longer the next time.
    let cache = Cache::open().ok();
    let found = encoder.embed_by(dataset, cache.as_ref(), first.images.measure(), task)?;
    if found.dataset.images != dataset.images {
        return Err(Error::request(
            format!(
                "{} cannot read every picture of the dataset",
                encoder.name()
            ),
            "Leave those pictures out of the dataset.",
        ));
    }
    let options = EvalOptions::default();
    evaluate(
        engine,
        &found.embedded.images,
        &found.embedded.texts,
        &first.groups,
        &options,
        task,
    )
}
