//! What is open has an identity. What is computed carries the identities that it was computed from, and is read only
//! while they are the current ones: nothing outlives what it is about.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Something that values are computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The open dataset: its images and captions, in this order.
    Data,
    /// The open encoder.
    Encoder,
    /// The compute engine.
    Engine,
    /// How rows are compared.
    Measure,
    /// The margin of the losses and the folds of the evaluation.
    Protocol,
    /// The embeddings of both sides.
    Embeddings,
    /// The ranking of the full set.
    Ranking,
    /// What was decided about pairs.
    Decisions,
    /// The hard negatives that were mined.
    Negatives,
    /// The order of the rows and columns of the matrix.
    Arrangement,
}

impl Part {
    /// Is it computed, rather than opened or chosen?
    fn is_computed(self) -> bool {
        matches!(
            self,
            Self::Embeddings | Self::Ranking | Self::Negatives | Self::Arrangement
        )
    }
}

/// Identities of parts at one moment; `None` for what was not open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Basis(Vec<(Part, Option<u64>)>);

impl Basis {
    /// The identities of these parts alone, for what needs no others.
    #[must_use]
    pub fn only(&self, parts: &[Part]) -> Self {
        let kept = self.0.iter().filter(|(part, _)| parts.contains(part));
        Self(kept.copied().collect())
    }
}

/// The identity of one part: opened by the user, or computed from a basis.
#[derive(Debug, Clone)]
struct Mark {
    id: u64,
    basis: Basis,
}

/// The current identity of every part.
#[derive(Debug, Clone, Default)]
pub struct Identities(BTreeMap<Part, Mark>);

impl Identities {
    /// A number that changes when a part is another one, but for decisions, which change no list by themselves.
    pub fn stamp(&self) -> u64 {
        let parts = self.0.keys().filter(|&&part| part != Part::Decisions);
        // FNV-1a over the identities.
        parts.fold(0xcbf2_9ce4_8422_2325, |hash, &part| {
            let id = self.now(part).unwrap_or(0);
            (hash ^ id ^ ((part as u64) << 56)).wrapping_mul(0x0100_0000_01b3)
        })
    }

    /// `part` is another one from now on.
    pub fn renew(&mut self, part: Part) {
        self.replace(part, Basis::default());
    }

    /// `part` is another one from now on, as long as `basis` holds.
    pub fn replace(&mut self, part: Part, basis: Basis) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        self.0.insert(part, Mark { id, basis });
    }

    /// `part` is what is computed from `basis` alone: from the same basis, the same.
    pub fn derive(&mut self, part: Part, basis: Basis) {
        if self.0.get(&part).is_none_or(|mark| mark.basis != basis) {
            self.replace(part, basis);
        }
    }

    /// There is no such part any more.
    pub fn remove(&mut self, part: Part) {
        self.0.remove(&part);
    }

    /// The identity of `part`, unless it is missing or what it was computed from is gone.
    pub fn now(&self, part: Part) -> Option<u64> {
        let mark = self.0.get(&part)?;
        self.holds(&mark.basis).then_some(mark.id)
    }

    /// What `parts` are now. Where one that is computed is missing, this never holds.
    pub fn basis(&self, parts: &[Part]) -> Basis {
        Basis(parts.iter().map(|&part| (part, self.now(part))).collect())
    }

    /// Are all parts of `basis` still the same?
    pub fn holds(&self, basis: &Basis) -> bool {
        let same = |&(part, id): &(Part, Option<u64>)| {
            (id.is_some() || !part.is_computed()) && self.now(part) == id
        };
        basis.0.iter().all(same)
    }
}

/// A value that can be read while what it was computed from is current; nothing at first.
#[derive(Debug, Clone)]
pub struct Derived<T>(Option<(Basis, T)>);

impl<T> Default for Derived<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Derived<T> {
    /// `value`, computed from `basis`.
    pub fn new(basis: Basis, value: T) -> Self {
        Self(Some((basis, value)))
    }

    /// The value, if all it was computed from is current.
    pub fn get(&self, now: &Identities) -> Option<&T> {
        let (basis, value) = self.0.as_ref()?;
        now.holds(basis).then_some(value)
    }

    /// The value to be changed, if all it was computed from is current.
    pub fn get_mut(&mut self, now: &Identities) -> Option<&mut T> {
        let (basis, value) = self.0.as_mut()?;
        now.holds(basis).then_some(value)
    }

    /// The value; a new one, for what `parts` are now, where there is none or what it was computed from is gone.
    pub fn get_or_default(&mut self, now: &Identities, parts: &[Part]) -> &mut T
    where
        T: Default,
    {
        if self.get(now).is_none() {
            self.0 = None;
        }
        let (_, value) = self
            .0
            .get_or_insert_with(|| (now.basis(parts), T::default()));
        value
    }

    /// Forgets the value.
    pub fn clear(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> Identities {
        let mut now = Identities::default();
        now.renew(Part::Data);
        now.renew(Part::Encoder);
        now.derive(Part::Embeddings, now.basis(&[Part::Data, Part::Encoder]));
        now.derive(Part::Ranking, now.basis(&[Part::Embeddings]));
        now
    }

    #[test]
    fn a_value_ends_with_anything_that_it_was_computed_from() {
        let mut now = opened();
        let figure = Derived::new(now.basis(&[Part::Ranking]), 42);
        assert_eq!(figure.get(&now), Some(&42));
        now.renew(Part::Engine);
        assert_eq!(figure.get(&now), Some(&42), "nothing to do with it");
        // Two steps away: the ranking is of embeddings by the encoder before.
        now.renew(Part::Encoder);
        assert_eq!((now.now(Part::Ranking), figure.get(&now)), (None, None));
        now.derive(Part::Embeddings, now.basis(&[Part::Data, Part::Encoder]));
        assert_eq!(figure.get(&now), None, "the old ranking stays stale");
    }

    #[test]
    fn from_the_same_basis_comes_the_same() {
        let mut now = opened();
        let figure = Derived::new(now.basis(&[Part::Ranking]), ());
        now.derive(Part::Ranking, now.basis(&[Part::Embeddings]));
        assert!(figure.get(&now).is_some());
        now.replace(Part::Ranking, now.basis(&[Part::Embeddings]));
        assert!(figure.get(&now).is_none());
    }

    #[test]
    fn what_is_not_open_may_be_left_out_and_what_is_not_computed_may_not() {
        let mut now = opened();
        now.remove(Part::Encoder);
        let alone = Derived::new(now.basis(&[Part::Data, Part::Encoder]), ());
        assert!(alone.get(&now).is_some(), "no encoder is needed");
        assert!(!now.holds(&now.basis(&[Part::Embeddings])));
        now.renew(Part::Encoder);
        assert!(alone.get(&now).is_none(), "now there is one");
    }
}
