//! What was done and can be taken back: queries, marks and sets, decisions. The kinds do not touch one another, so each can
//! be taken back without the others.

use super::query::Query;
use super::sets::SetsChange;
use crate::dataset::Verdict;
use std::collections::HashMap;

/// A decision about a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What the pair is kept under.
    pub key: (String, String),
    /// What was thought of it.
    pub before: Option<Verdict>,
    /// What is.
    pub after: Option<Verdict>,
}

/// Something that was done.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// Another query was chosen.
    Query {
        /// The one before.
        before: Query,
        /// The one chosen.
        after: Query,
    },
    /// Images were marked, sets named, shown or forgotten.
    Sets(SetsChange),
    /// A pair was decided.
    Decision(Decision),
}

/// Which deeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deeds {
    /// All of them.
    All,
    /// Queries alone: to go back and forward.
    Queries,
    /// Decisions alone.
    Decisions,
    /// All but queries.
    Changes,
}

impl Deeds {
    fn has(self, deed: &Deed) -> bool {
        let is_query = matches!(deed, Deed::Query { .. });
        match self {
            Self::All => true,
            Self::Queries => is_query,
            Self::Decisions => matches!(deed, Deed::Decision(_)),
            Self::Changes => !is_query,
        }
    }
}

/// What was done to the open dataset, oldest first, and what of it was taken back.
#[derive(Debug, Default)]
pub struct History {
    done: Vec<Deed>,
    undone: Vec<Deed>,
}

impl History {
    /// Deeds kept.
    const MOST: usize = 1000;
    /// Bytes of pictures and marks kept.
    const BYTES: usize = 64 << 20;

    /// Adds what was done now; what of its kind was taken back cannot be done again.
    pub fn record(&mut self, deed: Deed) {
        let kind = std::mem::discriminant(&deed);
        self.undone.retain(|d| std::mem::discriminant(d) != kind);
        self.done.push(deed);
        let many = self.done.len().saturating_sub(Self::MOST);
        self.done.drain(..many);
        let mut all: usize = self.done.iter().map(bytes).sum();
        while all > Self::BYTES && self.done.len() > 1 {
            all -= bytes(&self.done.remove(0));
        }
    }

    /// The last of these deeds, to be taken back.
    pub fn undo(&mut self, of: Deeds) -> Option<Deed> {
        let at = self.done.iter().rposition(|deed| of.has(deed))?;
        let deed = self.done.remove(at);
        self.undone.push(deed.clone());
        Some(deed)
    }

    /// The one of these deeds that was taken back last, to be done again.
    pub fn redo(&mut self, of: Deeds) -> Option<Deed> {
        let at = self.undone.iter().rposition(|deed| of.has(deed))?;
        let deed = self.undone.remove(at);
        self.done.push(deed.clone());
        Some(deed)
    }

    /// Is there one of these to take back?
    pub fn can_undo(&self, of: Deeds) -> bool {
        self.done.iter().any(|deed| of.has(deed))
    }

    /// Is there one of these to do again?
    pub fn can_redo(&self, of: Deeds) -> bool {
        self.undone.iter().any(|deed| of.has(deed))
    }

    /// The queries that were chosen and not taken back, the newest first; some come again.
    pub fn queries(&self) -> impl Iterator<Item = &Query> {
        let chosen = self.done.iter().rev().filter_map(|deed| match deed {
            Deed::Query { before, after } => Some([after, before]),
            _ => None,
        });
        chosen.flatten()
    }

    /// Forgets the decisions about pairs that stand otherwise now, since others decided: `verdict` is what is thought of a
    /// pair. Of a pair that was decided about several times the last of them tells.
    pub fn forget_overruled(&mut self, verdict: impl Fn(&(String, String)) -> Option<Verdict>) {
        let forget = |deeds: &mut Vec<Deed>, left: fn(&Decision) -> Option<Verdict>| {
            let mut stands = HashMap::new();
            for deed in deeds.iter().rev() {
                if let Deed::Decision(last) = deed {
                    let key = last.key.clone();
                    stands
                        .entry(key)
                        .or_insert_with(|| verdict(&last.key) == left(last));
                }
            }
            deeds.retain(|deed| match deed {
                Deed::Decision(decision) => stands[&decision.key],
                _ => true,
            });
        };
        forget(&mut self.done, |decision| decision.after);
        forget(&mut self.undone, |decision| decision.before);
    }
}

/// What a deed holds of memory, about.
fn bytes(deed: &Deed) -> usize {
    let picture = |query: &Query| match query {
        Query::Picture { picture, .. } => picture.rgb.len(),
        _ => 0,
    };
    match deed {
        // A picture is shared by the two deeds that name it.
        Deed::Query { before, after } => picture(before).max(picture(after)),
        Deed::Sets(change) => 8 * change.len(),
        Deed::Decision(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sets::{Combine, Sets, SetsCommand};
    use super::*;
    use crate::retrieval::Side;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    type Key = (String, String);

    /// All that can be changed.
    #[derive(Debug, Clone, PartialEq, Default)]
    struct World {
        query: usize,
        sets: Sets,
        decided: BTreeMap<Key, Verdict>,
    }

    #[derive(Debug, Clone)]
    enum Act {
        Query(usize),
        Sets(SetsCommand),
        Decide(u8, Option<Verdict>),
    }

    impl World {
        fn act(&mut self, act: Act, history: &mut History) {
            match act {
                Act::Query(to) => {
                    let row = |n| Query::Row(Side::Image, n);
                    let (before, after) = (row(self.query), row(to));
                    if before != after {
                        self.query = to;
                        history.record(Deed::Query { before, after });
                    }
                }
                Act::Sets(command) => {
                    let change = self.sets.perform(command);
                    if !change.is_empty() {
                        history.record(Deed::Sets(change));
                    }
                }
                Act::Decide(pair, after) => {
                    let key = (pair.to_string(), "c".to_owned());
                    let before = self.decided.get(&key).copied();
                    if before != after {
                        self.set(&key, after);
                        history.record(Deed::Decision(Decision { key, before, after }));
                    }
                }
            }
        }

        fn set(&mut self, key: &Key, verdict: Option<Verdict>) {
            match verdict {
                Some(verdict) => self.decided.insert(key.clone(), verdict),
                None => self.decided.remove(key),
            };
        }

        fn play(&mut self, deed: &Deed, back: bool) {
            match deed {
                Deed::Query { before, after } => {
                    if let Query::Row(_, to) = if back { before } else { after } {
                        self.query = *to;
                    }
                }
                Deed::Sets(change) => self.sets.apply(change, back),
                Deed::Decision(d) => self.set(&d.key, if back { d.before } else { d.after }),
            }
        }
    }

    fn act() -> impl Strategy<Value = Act> {
        let images = || proptest::collection::vec(0_u32..6, 0..5);
        let name = || prop_oneof![Just("a".to_owned()), Just("b".to_owned()), Just(" ".into())];
        let how = prop_oneof![
            Just(Combine::Add),
            Just(Combine::Common),
            Just(Combine::TakeAway)
        ];
        let verdict = prop_oneof![
            Just(None),
            Just(Some(Verdict::Right)),
            Just(Some(Verdict::Wrong))
        ];
        prop_oneof![
            (0_usize..4).prop_map(Act::Query),
            (images(), any::<bool>()).prop_map(|(i, m)| Act::Sets(SetsCommand::Mark(i, m))),
            Just(Act::Sets(SetsCommand::Clear)),
            images().prop_map(|i| Act::Sets(SetsCommand::MarkOnly(i))),
            name().prop_map(|n| Act::Sets(SetsCommand::Save(n))),
            (name(), images()).prop_map(|(n, i)| Act::Sets(SetsCommand::Keep(n, i))),
            (name(), how).prop_map(|(n, how)| Act::Sets(SetsCommand::Combine(n, how))),
            name().prop_map(|n| Act::Sets(SetsCommand::Delete(n))),
            proptest::option::of(name()).prop_map(|n| Act::Sets(SetsCommand::Only(n))),
            (0_u8..3, verdict).prop_map(|(pair, v)| Act::Decide(pair, v)),
        ]
    }

    proptest! {
        #[test]
        fn all_that_is_done_can_be_taken_back_and_done_again(
            acts in proptest::collection::vec(act(), 0..40),
            kinds in proptest::bool::ANY,
        ) {
            let (mut world, mut history) = (World::default(), History::default());
            for act in acts {
                world.act(act, &mut history);
            }
            let done = world.clone();
            // All in turn, or one kind after the other: it comes to the same.
            let order = if kinds {
                vec![Deeds::Queries, Deeds::Decisions, Deeds::Changes]
            } else {
                vec![Deeds::All]
            };
            for &of in &order {
                while let Some(deed) = history.undo(of) {
                    world.play(&deed, true);
                }
            }
            prop_assert_eq!(&world, &World::default());
            for &of in &order {
                while let Some(deed) = history.redo(of) {
                    world.play(&deed, false);
                }
            }
            prop_assert_eq!(&world, &done);
        }
    }

    #[test]
    fn what_is_done_anew_ends_what_was_taken_back_of_its_kind_alone() {
        let (mut world, mut history) = (World::default(), History::default());
        world.act(Act::Query(1), &mut history);
        world.act(Act::Decide(0, Some(Verdict::Right)), &mut history);
        for of in [Deeds::Queries, Deeds::Changes] {
            let deed = history.undo(of).unwrap();
            world.play(&deed, true);
        }
        world.act(Act::Query(2), &mut history);
        assert!(!history.can_redo(Deeds::Queries) && history.can_redo(Deeds::Changes));
        // Another window decided otherwise: that is not ours to change.
        history.forget_overruled(|_| Some(Verdict::Wrong));
        assert!(!history.can_redo(Deeds::All) && history.can_undo(Deeds::Queries));
        assert!(!history.can_undo(Deeds::Decisions));
    }

    #[test]
    fn what_others_decided_about_one_pair_leaves_the_chain_of_another() {
        let decided = |key: &str, before, after| {
            let key = (key.to_owned(), String::new());
            Deed::Decision(Decision { key, before, after })
        };
        let (right, wrong) = (Some(Verdict::Right), Some(Verdict::Wrong));
        let mut history = History::default();
        for deed in [
            decided("a", None, right),
            decided("b", None, wrong),
            decided("a", right, wrong),
        ] {
            history.record(deed);
        }
        // Others found b right.
        history.forget_overruled(|(image, _)| if image == "a" { wrong } else { right });
        let left = std::iter::from_fn(|| history.undo(Deeds::All));
        assert_eq!(
            left.collect::<Vec<_>>(),
            [decided("a", right, wrong), decided("a", None, right)]
        );
    }
}
