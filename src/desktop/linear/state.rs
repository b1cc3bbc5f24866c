//! What the laboratory of linear classifiers shows.

use super::form::Form;
use crate::attack::confirm::Confirmed;
use crate::desktop::core::{Derived, Identities};
use crate::learn::concepts::{Members, On};
use crate::learn::linear::moving::{Asked, Found, Part};
use crate::learn::linear::study::{Classifier, Study};
use crate::learn::linear::{Method, Norm};
use egui::{ColorImage, TextureHandle};
use std::path::PathBuf;
use std::sync::Arc;

/// Which classifiers the table lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shown {
    /// Those of optimizers and architectures.
    #[default]
    Methods,
    /// Those of penalties.
    Penalties,
}

/// What the centre shows of a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Page {
    /// Classifiers and what they withstand.
    #[default]
    Classifiers,
    /// A changed dataset.
    Dataset,
}

/// A classifier of the table.
#[derive(Debug, Clone)]
pub struct Line {
    /// What made it.
    pub title: String,
    /// More of it.
    pub about: String,
    /// Its method, where it is one's.
    pub method: Option<Method>,
    /// The norm whose maximal margin it goes towards.
    pub own: Option<Norm>,
    /// What it withstands.
    pub classifier: Classifier,
    /// Robust accuracy in each norm as it is drawn: corners in per cent, and where half of the rows are left.
    pub drawn: [(Vec<[f64; 2]>, [f64; 2]); 4],
    /// Along its training: the logarithm of the steps and the fraction in each norm.
    pub history: Vec<(f64, [Option<f64>; 4])>,
}

/// A study, and what is drawn of it.
pub struct Studied {
    /// The study.
    pub study: Study,
    /// What it was asked for.
    pub form: Form,
    /// The images of the groups, as they were then.
    pub members: [Members; 2],
    /// What the groups are called.
    pub titles: [String; 2],
    /// What the rows hold.
    pub on: On,
    /// The image of each row.
    pub images: Vec<u32>,
    /// What was taken off every row.
    pub mean: Vec<f64>,
    /// The classifiers of methods, then that of the captions where there is one.
    pub methods: Vec<Line>,
    /// The classifiers of penalties.
    pub penalties: Vec<Line>,
    /// What is to be known, in sentences.
    pub notes: Vec<String>,
    /// How far robust accuracy is drawn in each norm.
    pub far: [f64; 4],
    /// Weights and spectrum of each classifier, methods first; none of rows without a shape.
    pub drawn: Vec<[ColorImage; 2]>,
}

impl Studied {
    /// How far robust accuracy is drawn in `norm`.
    pub fn far(&self, norm: Norm) -> f64 {
        self.far[norm.index()]
    }

    /// The classifiers of the table.
    pub fn lines(&self, shown: Shown) -> &[Line] {
        match shown {
            Shown::Methods => &self.methods,
            Shown::Penalties => &self.penalties,
        }
    }

    /// What a classifier adds to `w . x` of rows as they were before the mean was taken off.
    pub fn offset(&self, weights: &[f64]) -> f64 {
        -weights
            .iter()
            .zip(&self.mean)
            .map(|(w, m)| w * m)
            .sum::<f64>()
    }

    /// The place of a line of the table among [`Studied::drawn`].
    pub fn place(&self, shown: Shown, line: usize) -> usize {
        match shown {
            Shown::Methods => line,
            Shown::Penalties => self.methods.len() + line,
        }
    }
}

/// The worst change of a row, by norm.
pub struct Worst {
    /// The study.
    pub about: Arc<Studied>,
    /// The table and the classifier.
    pub of: (Shown, usize),
    /// The row.
    pub row: usize,
    /// The radius in each norm; below 0 where the row is wrong already.
    pub radii: [f64; 4],
    /// The change, and the row that is just undecided; none of rows without a shape.
    pub drawn: Option<[[ColorImage; 2]; 4]>,
}

/// What attacks found.
pub struct Attacked {
    /// The study.
    pub about: Arc<Studied>,
    /// The table and the classifier.
    pub of: (Shown, usize),
    /// Rows that were attacked.
    pub rows: usize,
    /// By row, norm and attack.
    pub found: Vec<Confirmed>,
    /// Seconds it took.
    pub seconds: f64,
}

/// A changed dataset, and what is drawn of it.
pub struct Moved {
    /// The study whose rows were moved.
    pub about: Arc<Studied>,
    /// What was found.
    pub found: Found,
    /// Robust accuracy by ridge regression: the rows asked about, and for the unchanged and the changed set x, the mean and
    /// half its band, both in per cent.
    pub lines: Vec<(Part, [Vec<[f64; 3]>; 2])>,
    /// Some rows trained on: their places among all rows of the study, and as pictures unchanged, changed and the change; none
    /// of rows without a shape.
    pub drawn: Vec<(usize, [ColorImage; 3])>,
}

impl Studied {
    /// A radius to begin with in `norm`, with two digits: the largest margin, or half of how far the first classifier's rows
    /// are from its boundary at most.
    pub fn radius(&self, norm: Norm) -> f64 {
        let best = self.study.best(norm).map(|best| best.value);
        let first = || {
            let radii = self.methods.first()?.classifier.curves[norm.index()].radii();
            radii.last().map(|most| 0.5 * most)
        };
        let size = best
            .or_else(first)
            .filter(|size| *size > 0.0)
            .unwrap_or(0.05);
        let unit = 10_f64.powf(size.log10().floor() - 1.0);
        let digits = (size / unit).round();
        if unit < 1.0 {
            // Divided by a whole number, so that the decimals are those that are told.
            digits / (1.0 / unit).round()
        } else {
            digits * unit
        }
    }
}

/// What the laboratory shows.
#[derive(Default)]
pub struct State {
    /// The next study.
    pub form: Form,
    /// Labels of the images: the folders in their names.
    pub labels: Derived<Vec<String>>,
    /// Tensors of the image model that rows can hold.
    pub layers: Derived<Vec<String>>,
    /// The last study.
    pub studied: Derived<Arc<Studied>>,
    /// Weights and spectra of it.
    pub textures: Vec<[TextureHandle; 2]>,
    /// Which classifiers are listed.
    pub shown: Shown,
    /// The classifier that is looked at.
    pub line: usize,
    /// The row that is looked at.
    pub row: usize,
    /// Its worst changes.
    pub worst: Derived<Arc<Worst>>,
    /// The same as textures.
    pub worst_textures: Vec<[TextureHandle; 2]>,
    /// What attacks found.
    pub attacked: Derived<Arc<Attacked>>,
    /// What the centre shows.
    pub page: Page,
    /// How rows are moved the next time.
    pub moving: Asked,
    /// Rows that were moved.
    pub moved: Derived<Arc<Moved>>,
    /// Some of them as textures: unchanged, changed, the change.
    pub moved_textures: Vec<[TextureHandle; 3]>,
    /// The file that a picture of the view is wanted for.
    pub picture: Option<PathBuf>,
}

impl State {
    /// The last study of what is open.
    pub fn studied(&self, now: &Identities) -> Option<&Arc<Studied>> {
        self.studied.get(now)
    }

    /// The classifier that is looked at.
    pub fn looked_at<'a>(&self, studied: &'a Studied) -> Option<&'a Line> {
        studied.lines(self.shown).get(self.line)
    }

    /// The worst changes of what is looked at.
    pub fn worst(&self, now: &Identities) -> Option<&Arc<Worst>> {
        let worst = self.worst.get(now)?;
        let same = self
            .studied(now)
            .is_some_and(|s| Arc::ptr_eq(s, &worst.about));
        (same && worst.of == (self.shown, self.line) && worst.row == self.row).then_some(worst)
    }

    /// What was moved of the last study.
    pub fn moved(&self, now: &Identities) -> Option<&Arc<Moved>> {
        let moved = self.moved.get(now)?;
        let studied = self.studied(now)?;
        Arc::ptr_eq(studied, &moved.about).then_some(moved)
    }

    /// What attacks found of what is looked at.
    pub fn attacked(&self, now: &Identities) -> Option<&Arc<Attacked>> {
        let attacked = self.attacked.get(now)?;
        let same = self
            .studied(now)
            .is_some_and(|s| Arc::ptr_eq(s, &attacked.about));
        (same && attacked.of == (self.shown, self.line)).then_some(attacked)
    }
}
