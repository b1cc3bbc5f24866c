//! What is open, and what is known of it. Read through accessors alone: none yields what is about something else than
//! what is open now.

use super::identity::{Basis, Derived, Identities, Part};
use super::query::{AnswerView, ModelCard, Query};
use crate::compute::Embedded;
use crate::dataset::Dataset;
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
    history: Vec<Derived<Query>>,
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

    /// Is there a query before this one?
    pub fn can_go_back(&self) -> bool {
        self.history.iter().any(|q| q.get(&self.now).is_some())
    }

    /// The texts and pictures that were asked for by hand, the newest first, each once.
    pub fn asked(&self) -> Vec<Query> {
        let mut asked: Vec<Query> = Vec::new();
        let all = self.history.iter().chain([&self.query]).rev();
        for query in all.filter_map(|q| q.get(&self.now)) {
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

    /// Makes `query` the current one and the one before it the newest of the history. A row that the dataset does not
    /// have is refused: false.
    pub fn set_query(&mut self, query: Query) -> bool {
        if !self.exists(&query) {
            return false;
        }
        // A row is of this dataset alone.
        let query = Derived::new(self.now.basis(&[Part::Data]), query);
        let before = std::mem::replace(&mut self.query, query);
        if before.get(&self.now).is_some() {
            self.history.push(before);
        }
        self.shorten_history();
        true
    }

    /// Drops what belongs to another dataset, then the oldest: too many queries, or pictures of too many bytes.
    fn shorten_history(&mut self) {
        const QUERIES: usize = 200;
        const BYTES: usize = 64 << 20;
        let now = &self.now;
        self.history.retain(|q| q.get(now).is_some());
        let many = self.history.len().saturating_sub(QUERIES);
        self.history.drain(..many);
        let bytes = |q: &Derived<Query>| match q.get(now) {
            Some(Query::Picture { picture, .. }) => picture.rgb.len(),
            _ => 0,
        };
        let mut all: usize = self.history.iter().map(bytes).sum();
        while all > BYTES
            && let Some(at) = self.history.iter().position(|q| bytes(q) > 0)
        {
            all -= bytes(&self.history[at]);
            self.history.remove(at);
        }
    }

    /// Takes the newest query of this dataset from the history.
    pub fn back(&mut self) -> Option<Query> {
        while let Some(before) = self.history.pop() {
            if let Some(query) = before.get(&self.now) {
                return Some(query.clone());
            }
        }
        None
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
