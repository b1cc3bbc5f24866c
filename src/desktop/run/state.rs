//! What is shown of a run.

use super::textures::Textures;
use crate::error::Error;
use crate::parts::RunReport;
use crate::parts::status::Status;
use crate::parts::view::{Finished, Named, Negative, SideSurvey, Survey};
use crate::retrieval::Side;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// A page of what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Page {
    /// Recall, losses, ranks, margins.
    #[default]
    Figures,
    /// Queries with their hard negatives.
    Negatives,
    /// Candidates that are the hardest negative of many.
    Hubs,
}

/// Queries that are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Which {
    /// Those of the smallest margins.
    #[default]
    Smallest,
    /// Those of a merged range.
    Range(usize),
}

/// Why something is not shown, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Why.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl From<&Error> for Told {
    fn from(error: &Error) -> Self {
        Self {
            what: crate::desktop::core::sentence(&error.to_string()),
            remedy: error.remedy(),
        }
    }
}

/// What was found in a merged run.
pub struct Found {
    /// The run.
    pub finished: Arc<Finished>,
    /// Where its ranks and negatives lie.
    pub survey: Survey,
    /// Its figures, or why they are not shown.
    pub figures: Result<Box<RunReport>, Told>,
}

/// The results of a run.
#[derive(Clone, Default)]
pub enum Results {
    /// There are none yet.
    #[default]
    NotYet,
    /// They are being read.
    Reading,
    /// They are here.
    Found(Arc<Found>),
    /// They are not shown, for this reason.
    Refused(Told),
}

/// The queries of a merged range.
#[derive(Clone)]
pub enum Listed {
    /// They are being read.
    Reading,
    /// They are here.
    Here(Arc<Vec<Negative>>),
    /// They cannot be read.
    Refused(Told),
}

/// Names by kind (is it an image?) and number, or why they are not known.
pub type Known = HashMap<(bool, u32), Result<Named, String>>;

/// What is open, and how it is looked at.
#[derive(Default)]
pub struct State {
    /// The run; `None` where none is open.
    pub place: Option<String>,
    /// How far it was at the last look; `None` before the first.
    pub status: Option<Status>,
    /// When it was looked at last.
    pub looked: Option<Instant>,
    /// Is it looked at again and again?
    pub watching: bool,
    /// Why the last look saw nothing.
    pub trouble: Option<Told>,
    /// What came out.
    pub results: Results,
    /// The page.
    pub page: Page,
    /// Whose queries are shown.
    pub side: Side,
    /// Which queries are listed.
    pub which: Which,
    /// The line that is looked at.
    pub chosen: usize,
    /// The range that is listed.
    pub listed: Option<(usize, Listed)>,
    /// Names by kind (is it an image?) and number, or why they are not known.
    pub names: Known,
    /// Pictures by the number of their image.
    pub pictures: Textures,
    /// How often the place was asked for: each time its field gets the keyboard.
    pub asked: usize,
}

impl State {
    /// What was found, where it is here.
    pub fn found(&self) -> Option<&Arc<Found>> {
        match &self.results {
            Results::Found(found) => Some(found),
            _ => None,
        }
    }

    /// What was found of the side that is shown.
    pub fn survey<'a>(&self, found: &'a Found) -> &'a SideSurvey {
        &found.survey.sides[usize::from(self.side == Side::Text)]
    }

    /// The queries that are listed, once they are here.
    pub fn list<'a>(&'a self, found: &'a Found) -> Option<&'a [Negative]> {
        match (self.which, &self.listed) {
            (Which::Smallest, _) => Some(&self.survey(found).smallest),
            (Which::Range(n), Some((at, Listed::Here(list)))) if n == *at => Some(list),
            _ => None,
        }
    }

    /// Is everything of the run done?
    pub fn is_complete(&self) -> bool {
        self.found().is_some_and(|found| found.figures.is_ok())
    }
}
