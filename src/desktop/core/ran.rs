//! The runs of this session: what was computed, with which settings, what came of it, and how it is done again.

use super::command::Command;
use super::identity::{Basis, Identities, Part};
use super::tab::Tab;
use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Runs that are kept.
const KEPT: usize = 500;

/// Something to be asked for.
#[derive(Clone)]
pub enum Request {
    /// A command of the core.
    Core(Box<Command>),
    /// A command of a feature, made anew each time.
    Own(Arc<dyn Fn() -> Box<dyn Any>>),
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Core(command) => command.fmt(f),
            Self::Own(_) => f.write_str("a command of a feature"),
        }
    }
}

/// A run that begins.
#[derive(Debug, Clone)]
pub struct Begun {
    /// What it is: "Evaluation".
    pub what: &'static str,
    /// Data and encoder that it is about.
    pub of: String,
    /// Its settings in words.
    pub settings: String,
    /// The view that shows what comes of it.
    pub tab: Tab,
    /// What must still be open for it to be done again.
    pub basis: Basis,
    /// What is asked for to do it again, with the same settings.
    pub again: Vec<Request>,
}

/// How a run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is under way.
    Going,
    /// It is done: its main figure.
    Done(String),
    /// It ended before: why.
    BrokenOff(String),
}

/// A run.
#[derive(Debug, Clone)]
pub struct Ran {
    /// Its number in this session, from 0.
    pub id: u64,
    /// What began.
    pub begun: Begun,
    /// How it stands.
    pub standing: Standing,
    /// When it began.
    pub at: Instant,
    /// How long it took; `None` while it is under way.
    pub took: Option<Duration>,
    /// The job that it is.
    key: String,
}

impl Ran {
    /// Why it cannot be done again now; `None` where it can.
    pub fn refused(&self, now: &Identities) -> Option<&'static str> {
        const REASONS: [(Part, &str); 4] = [
            (
                Part::Data,
                "The data that it was about is not open any more",
            ),
            (
                Part::Encoder,
                "The encoder that it was about is not open any more",
            ),
            (Part::Measure, "Rows are compared by another measure now"),
            (
                Part::Embeddings,
                "The embeddings that it was about are not there any more: they were made anew since",
            ),
        ];
        let basis = &self.begun.basis;
        let gone = REASONS
            .iter()
            .find(|(part, _)| !now.holds(&basis.only(&[*part])));
        match gone {
            Some((_, why)) => Some(*why),
            None if !now.holds(basis) => Some("What it was about is not open any more"),
            None if self.standing == Standing::Going => Some("It is under way"),
            None => None,
        }
    }
}

/// All runs of this session, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Runs {
    all: Vec<Ran>,
    next: u64,
}

impl Runs {
    /// All runs, oldest first.
    pub fn all(&self) -> &[Ran] {
        &self.all
    }

    /// The run of this number.
    pub fn get(&self, id: u64) -> Option<&Ran> {
        self.all.iter().find(|ran| ran.id == id)
    }

    /// Forgets those that have ended.
    pub fn clear(&mut self) {
        self.all.retain(|ran| ran.standing == Standing::Going);
    }

    /// A run begins as the job `key`; one that is under way there ends for it.
    pub fn begin(&mut self, key: String, begun: Begun) {
        self.break_off(&key, "The next run took its place");
        self.all.push(Ran {
            id: self.next,
            begun,
            standing: Standing::Going,
            at: Instant::now(),
            took: None,
            key,
        });
        self.next += 1;
        if self.all.len() > KEPT {
            self.all.remove(0);
        }
    }

    /// The run under way as the job `key` is done; `figure` is the main one of its result.
    pub fn done(&mut self, key: &str, figure: String) {
        self.end(key, Standing::Done(figure));
    }

    /// The run under way as the job `key` ended without a result.
    pub fn break_off(&mut self, key: &str, why: impl Into<String>) {
        self.end(key, Standing::BrokenOff(why.into()));
    }

    fn end(&mut self, key: &str, standing: Standing) {
        let going = |ran: &&mut Ran| ran.key == key && ran.standing == Standing::Going;
        if let Some(ran) = self.all.iter_mut().rev().find(going) {
            ran.took = Some(ran.at.elapsed());
            ran.standing = standing;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(now: &Identities) -> Begun {
        Begun {
            what: "Test",
            of: String::new(),
            settings: String::new(),
            tab: Tab {
                title: "t",
                hint: "",
                show: "",
                follows: false,
                is_lab: false,
            },
            basis: now.basis(&[Part::Data, Part::Encoder, Part::Embeddings]),
            again: Vec::new(),
        }
    }

    #[test]
    fn a_run_ends_once_and_the_next_of_its_job_takes_its_place() {
        let now = Identities::default();
        let mut runs = Runs::default();
        runs.begin("a".into(), begun(&now));
        runs.begin("b".into(), begun(&now));
        runs.begin("a".into(), begun(&now));
        runs.done("a", "R@1 50 %".into());
        runs.break_off("a", "cancelled");
        let standing: Vec<&Standing> = runs.all().iter().map(|ran| &ran.standing).collect();
        assert!(matches!(standing[0], Standing::BrokenOff(_)));
        assert_eq!(standing[1], &Standing::Going);
        assert_eq!(standing[2], &Standing::Done("R@1 50 %".into()));
        runs.clear();
        assert_eq!(runs.all().len(), 1);
        assert_eq!(runs.get(1).map(|ran| ran.id), Some(1));
    }

    #[test]
    fn what_is_not_open_any_more_is_not_done_again_and_says_why() {
        let mut now = Identities::default();
        now.renew(Part::Data);
        now.renew(Part::Encoder);
        now.derive(Part::Embeddings, now.basis(&[Part::Data, Part::Encoder]));
        let mut runs = Runs::default();
        runs.begin("a".into(), begun(&now));
        let refused = |runs: &Runs, now: &Identities| runs.all()[0].refused(now);
        assert_eq!(refused(&runs, &now), Some("It is under way"));
        runs.done("a", String::new());
        assert_eq!(refused(&runs, &now), None);
        let mut other = now.clone();
        other.renew(Part::Encoder);
        assert!(refused(&runs, &other).is_some_and(|why| why.contains("encoder")));
        let mut anew = now.clone();
        anew.renew(Part::Embeddings);
        assert!(refused(&runs, &anew).is_some_and(|why| why.contains("embeddings")));
        now.renew(Part::Data);
        assert!(refused(&runs, &now).is_some_and(|why| why.contains("data")));
    }
}
