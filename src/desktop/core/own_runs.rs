//! The runs of the core that the log lists: embedding and evaluation.

use super::command::Command;
use super::identity::Part;
use super::ran::{Begun, Request};
use super::running::Core;
use super::slot::Slot;
use super::tab::Tab;
use crate::error::{counted, thousands};
use crate::retrieval::Evaluation;

/// What a job of the core is called among the runs.
fn key(slot: Slot) -> String {
    format!("core {slot:?}")
}

impl Core {
    /// Data and encoder that a run would be about now, in words.
    pub fn about(&self) -> String {
        let workspace = &self.session.workspace;
        let data = workspace.data.as_ref().map(super::DataSource::title);
        let encoder = self.session.encoder().map(|encoder| encoder.name.clone());
        let both = [data, encoder].into_iter().flatten();
        both.collect::<Vec<_>>().join(" · ")
    }

    /// A run begins whose result `tab` shows: it can be done again by `again` while `parts` are the same.
    fn begin(
        &mut self,
        slot: Slot,
        what: &'static str,
        settings: String,
        (tab, parts): (Tab, &[Part]),
        again: Command,
    ) {
        let begun = Begun {
            what,
            of: self.about(),
            settings,
            tab,
            basis: self.session.now().basis(parts),
            again: vec![Request::Core(Box::new(again))],
        };
        self.session.runs.begin(key(slot), begun);
    }

    pub(super) fn begin_embedding(&mut self, home: Tab) {
        let measure = self.session.workspace.similarity;
        let batch = self.session.settings.batch;
        let settings = format!("compared {}, batches of {batch}", measure.phrase());
        let parts = [Part::Data, Part::Encoder, Part::Measure];
        let of = (home, &parts[..]);
        self.begin(Slot::Embed, "Embedding", settings, of, Command::Embed);
    }

    pub(super) fn embedded(&mut self, images: usize, captions: usize) {
        let (images, captions) = (counted(images, "image"), counted(captions, "caption"));
        let figure = format!("{images}, {captions} embedded");
        self.session.runs.done(&key(Slot::Embed), figure);
    }

    pub(super) fn begin_evaluation(&mut self, home: Tab) {
        let workspace = &self.session.workspace;
        let (margin, fold) = (workspace.margin, workspace.fold);
        let protocol = match fold {
            Some(fold) => format!("folds of {} images", thousands(fold as u64)),
            None => "full set".to_owned(),
        };
        let engine = self.session.runtime.engine.clone().unwrap_or_default();
        let measure = workspace.similarity.phrase();
        let settings = format!("{protocol}, margin {margin:.2}, compared {measure}, {engine}");
        let parts = [Part::Data, Part::Encoder, Part::Measure, Part::Embeddings];
        let again = Command::Evaluate { margin, fold };
        let of = (home, &parts[..]);
        self.begin(Slot::Rank, "Evaluation", settings, of, again);
    }

    pub(super) fn evaluated(&mut self, shown: &Evaluation) {
        let report = &shown.report;
        let figure = format!(
            "R@1 {:.1} % of images, {:.1} % of captions; rsum {:.1} ({})",
            report.i2t.r1, report.t2i.r1, report.rsum, report.protocol
        );
        self.session.runs.done(&key(Slot::Rank), figure);
    }

    /// A job of the core ends without a result.
    pub(super) fn broke_off(&mut self, slot: Slot, why: &str) {
        self.session.runs.break_off(&key(slot), why);
    }
}
