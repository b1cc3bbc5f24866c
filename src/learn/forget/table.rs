//! What several seeds say together.

use super::figures::{FIGURES, Figure};
use super::study::Study;
use crate::learn::Band;

/// The figures of several seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Seeds.
    pub seeds: usize,
    /// One row for each of [`FIGURES`].
    pub rows: Vec<Row>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Which.
    pub figure: &'static Figure,
    /// Before, after forgetting, of heads trained without.
    pub bands: [Band; 3],
    /// Before less without, and after less without, paired by seed.
    pub less: [Band; 2],
}

impl Table {
    /// Of these studies; `None` for none.
    pub fn of(studies: &[Study]) -> Option<Self> {
        let rows = FIGURES.iter().enumerate().map(|(n, figure)| {
            let band = |of: &dyn Fn(&Study) -> f64| {
                Band::of(&studies.iter().map(of).collect::<Vec<f64>>())
            };
            let at = |study: &Study, state: usize| study.states[state].values()[n];
            let state = |state: usize| band(&|study| at(study, state));
            let less = |state: usize| band(&|study| at(study, state) - at(study, 2));
            Some(Row {
                figure,
                bands: [state(0)?, state(1)?, state(2)?],
                less: [less(0)?, less(1)?],
            })
        });
        Some(Self {
            seeds: studies.len(),
            rows: rows.collect::<Option<_>>()?,
        })
    }

    /// The figure of this key.
    pub fn row(&self, key: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.figure.key == key)
    }
}
