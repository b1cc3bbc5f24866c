//! What is to be forgotten of what runs were trained on, and what came of it.

use crate::desktop::core::{Derived, Identities, Session};
use crate::learn::forget::{Asked, Table};

/// Which images are forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Which {
    /// Those that are marked.
    #[default]
    Marked,
    /// Those of a named set.
    Set(String),
}

impl Which {
    /// Its images; none of a set that is not there.
    pub fn images(&self, session: &Session) -> Vec<u32> {
        let set = match self {
            Self::Marked => Some(&session.sets.marked),
            Self::Set(name) => session.sets.named.get(name),
        };
        set.map_or_else(Vec::new, |set| set.iter().copied().collect())
    }

    /// What it is called.
    pub fn title(&self) -> String {
        match self {
            Self::Marked => "marked images".into(),
            Self::Set(name) => format!("set {name}"),
        }
    }
}

/// What is to be forgotten, and how.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Forgetting {
    /// Which images.
    pub which: Which,
    /// How.
    pub asked: Asked,
}

/// What runs of a kind forgot, beside runs that never saw it.
#[derive(Debug, Clone)]
pub struct Forgotten {
    /// The runs.
    pub ids: Vec<String>,
    /// What was forgotten, of what: "12 images (60 pairs) of 240 forgotten, energy 0.95".
    pub told: String,
    /// The figures.
    pub table: Table,
    /// What they say, in a sentence.
    pub says: String,
    /// What is to be known of them.
    pub notes: Vec<String>,
    /// The same as a command; the source of the data is left to the reader.
    pub command: String,
}

/// What the laboratory shows of forgetting.
#[derive(Default)]
pub struct Forgets {
    /// Is it shown?
    pub is_shown: bool,
    /// What is asked next.
    pub form: Forgetting,
    found: Derived<Forgotten>,
}

impl Forgets {
    /// What was forgotten last, of what is open.
    pub fn found(&self, now: &Identities) -> Option<&Forgotten> {
        self.found.get(now)
    }

    pub(super) fn take(&mut self, found: Derived<Forgotten>) {
        self.found = found;
    }
}
