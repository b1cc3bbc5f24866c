//! The job that opens, embeds, ranks and compares.

use super::state::ComparedWith;
use super::{Command, Compare, Event, Slot};
use crate::dataset::Dataset;
use crate::desktop::core::{Embedded, EncoderSource, Level, Part};
use crate::desktop::feature::Desk;
use crate::encoder::{Cache, Encoder, EncoderOptions};
use crate::error::{Error, Result};
use crate::retrieval::{CompareOptions, EvalOptions, Evaluation, compare, evaluate};
use crate::task::Task;
use std::sync::Arc;

impl Compare {
    /// Compares what is open with the encoder of `source`.
    pub(super) fn compare_with(&mut self, desk: &mut Desk<'_, Self>, source: EncoderSource) {
        let (Some(dataset), Some(embedded), Some(first), Some(engine)) = (
            desk.session.dataset().cloned(),
            desk.session.embedded().cloned(),
            desk.session.ranking().cloned(),
            desk.engine.clone(),
        ) else {
            let remedy = "Open a dataset and an encoder, and wait until they are ranked.";
            desk.session.say(
                Level::Warning,
                "There is nothing to compare with yet",
                remedy,
            );
            return;
        };
        let options = EncoderOptions {
            providers: desk.session.settings.providers.clone(),
            batch: desk.session.settings.batch,
            // The answers about the same encoder hold for it here too.
            ..if desk.session.workspace.encoder.as_ref() == Some(&source) {
                desk.session.workspace.options.clone()
            } else {
                EncoderOptions::default()
            }
        };
        self.state.source = Some(source.clone());
        let title = format!("Comparing with {}", source.title());
        let about = [Part::Data, Part::Encoder, Part::Measure, Part::Embeddings];
        let again = [Command::Open(source.clone())];
        desk.began(
            Slot::Compare,
            "Comparison",
            format!("with {}", source.title()),
            &about,
            again,
        );
        desk.start(Slot::Compare, title, move |task| {
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
