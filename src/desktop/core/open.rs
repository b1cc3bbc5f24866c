//! What is open, and what is known of it. Read through accessors alone: none yields what is about something else than
//! what is open now.

use super::history::{Decision, Deed, Deeds, History};
use super::identity::{Basis, Derived, Identities, Part};
use super::query::{AnswerView, ModelCard, Query};
use crate::compute::Embedded;
use crate::dataset::{Dataset, Verdict};
use crate::encoder::EncoderInfo;
use crate::retrieval::{Evaluation, Side};
use std::sync::Arc;

/// What is open, and what is known of it.
#[derive(Default)]
pub struct Open {
    now: Identities,
    dataset: Option<Arc<Dataset>>,
    encoder: Option<EncoderInfo>,
    embedded: Derived<Embedded>,
    ranking: Derived<Arc<Evaluation>>,
    evaluation: Derived<Arc<Evaluation>>,
    cards: Derived<Vec<ModelCard>>,
    query: Derived<Query>,
    answer: Derived<Arc<AnswerView>>,
    history: History,
}

impl Open {
    /// The current identity of every part.
    pub fn now(&self) -> &Identities {
        &self.now
    }

    /// The open dataset.
    pub fn dataset(&self) -> Option<&Arc<Dataset>> {
        self.dataset.as_ref()
    }

    /// The open encoder.
    pub fn encoder(&self) -> Option<&EncoderInfo> {
        self.encoder.as_ref()
    }

    /// The embeddings of the open dataset by the open encoder, or those that the dataset brings.
    pub fn embedded(&self) -> Option<&Embedded> {
        self.embedded.get(&self.now)
    }

    /// The ranking of the full set.
    pub fn ranking(&self) -> Option<&Arc<Evaluation>> {
        self.ranking.get(&self.now)
    }

    /// The evaluation of the full set or the folds, with the margin that is set.
    pub fn evaluation(&self) -> Option<&Arc<Evaluation>> {
        self.evaluation.get(&self.now)
    }

    /// The cards of the encoder's models, once examined.
    pub fn cards(&self) -> &[ModelCard] {
        self.cards.get(&self.now).map_or(&[], Vec::as_slice)
    }

    /// The current query.
    pub fn query(&self) -> Option<&Query> {
        self.query.get(&self.now)
    }

    /// The answer to the current query, or to the one before it while that is being answered.
    pub fn answer(&self) -> Option<&Arc<AnswerView>> {
        self.answer.get(&self.now)
    }

    /// Is there something of this kind to take back?
    pub fn can_undo(&self, of: Deeds) -> bool {
        self.history.can_undo(of)
    }

    /// Is there something of this kind to do again?
    pub fn can_redo(&self, of: Deeds) -> bool {
        self.history.can_redo(of)
    }

    /// Keeps what was done, so that it can be taken back while this dataset is open.
    pub fn record(&mut self, deed: Deed) {
        self.history.record(deed);
    }

    /// The last deed of this kind, to be taken back.
    pub fn undo(&mut self, of: Deeds) -> Option<Deed> {
        self.history.undo(of)
    }

    /// The deed of this kind that was taken back last, to be done again.
    pub fn redo(&mut self, of: Deeds) -> Option<Deed> {
        self.history.redo(of)
    }

    /// Keeps a decision, so that it can be taken back.
    pub fn decided(&mut self, decision: Decision) {
        self.record(Deed::Decision(decision));
    }

    /// Forgets the decisions that others overruled: `verdict` is what is thought of a pair now.
    pub fn forget_overruled(&mut self, verdict: impl Fn(&(String, String)) -> Option<Verdict>) {
        self.history.forget_overruled(verdict);
    }

    /// The texts and pictures that were asked for by hand, the newest first, each once.
    pub fn asked(&self) -> Vec<Query> {
        let mut asked: Vec<Query> = Vec::new();
        let shown = self.query.get(&self.now);
        for query in shown.into_iter().chain(self.history.queries()) {
            if !matches!(query, Query::Row(..)) && !asked.contains(query) {
                asked.push(query.clone());
            }
        }
        asked
    }

    /// Something was chosen anew: an engine, a measure, a protocol, a decision.
    pub fn renew(&mut self, part: Part) {
        self.now.renew(part);
    }

    /// Something was computed from `basis` that other things are computed from.
    pub fn replace(&mut self, part: Part, basis: Basis) {
        self.now.replace(part, basis);
    }

    /// Another dataset is open.
    pub fn set_dataset(&mut self, dataset: Arc<Dataset>) {
        self.dataset = Some(dataset);
        // Rows are of one dataset alone.
        self.history = History::default();
        self.now.renew(Part::Data);
    }

    /// Another encoder is open, or none.
    pub fn set_encoder(&mut self, encoder: Option<EncoderInfo>) {
        if encoder.is_some() {
            self.now.renew(Part::Encoder);
        } else {
            self.now.remove(Part::Encoder);
        }
        self.encoder = encoder;
    }

    /// The embeddings of what is open now, made by the encoder or not.
    pub fn set_embedded(&mut self, embedded: Embedded, by_encoder: bool) {
        let parts = [Part::Data, Part::Measure, Part::Encoder];
        let parts = if by_encoder { &parts[..] } else { &parts[..2] };
        let basis = self.now.basis(parts);
        self.now.replace(Part::Embeddings, basis.clone());
        self.embedded = Derived::new(basis, embedded);
    }

    /// The rankings computed from `basis`: of the full set, and by the protocol.
    pub fn set_ranking(&mut self, basis: Basis, full: Arc<Evaluation>, shown: Arc<Evaluation>) {
        let ranks = basis.only(&[Part::Embeddings, Part::Engine]);
        self.now.derive(Part::Ranking, ranks.clone());
        self.ranking = Derived::new(ranks, full);
        self.evaluation = Derived::new(basis, shown);
    }

    /// The cards of the models examined from `basis`.
    pub fn set_cards(&mut self, basis: Basis, cards: Vec<ModelCard>) {
        self.cards = Derived::new(basis, cards);
    }

    /// Forgets the cards, to examine again.
    pub fn clear_cards(&mut self) {
        self.cards.clear();
    }

    /// The answer computed from `basis`; `None` where there is none.
    pub fn set_answer(&mut self, answer: Option<(Basis, AnswerView)>) {
        self.answer = answer.map_or_else(Derived::default, |(basis, answer)| {
            Derived::new(basis, Arc::new(answer))
        });
    }

    /// Makes `query` the current one; the one before can be gone back to where it is `kept`. A row that the dataset does
    /// not have is refused: false.
    pub fn set_query(&mut self, query: Query, kept: bool) -> bool {
        if !self.exists(&query) {
            return false;
        }
        if let Some(before) = self.query().cloned().filter(|_| kept) {
            let after = query.clone();
            self.record(Deed::Query { before, after });
        }
        // A row is of this dataset alone.
        self.query = Derived::new(self.now.basis(&[Part::Data]), query);
        true
    }

    /// Forgets the query and its answer.
    pub fn clear_query(&mut self) {
        self.query.clear();
        self.answer.clear();
    }

    fn exists(&self, query: &Query) -> bool {
        let Query::Row(side, row) = query else {
            return true;
        };
        self.dataset.as_ref().is_some_and(|d| match side {
            Side::Image => *row < d.images.len(),
            Side::Text => *row < d.captions.len(),
        })
    }
}
