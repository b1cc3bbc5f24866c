//! What the laboratory of gradient groups shows.

use super::form::{Form, Heads};
use crate::desktop::core::{Basis, Derived, Identities, KeptRun, Part};
use crate::learn::AlongPoint;
use crate::learn::strata::{Allocation, Form as Gradient, Redundancy};
use crate::learn::survey::{AtCount, KeepPoint, Survey};
use std::path::PathBuf;
use std::sync::Arc;

/// The order of groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// Those whose pairs repeat one another most first.
    #[default]
    Redundancy,
    /// Those that make most of the step first.
    Pull,
    /// Those of most pairs first.
    Size,
}

/// How pairs are drawn from groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Drawing {
    /// One pair from each, weighted by the size of its group.
    #[default]
    OneEach,
    /// As many from each as is its share of the pairs.
    InProportion,
}

/// A survey, and what is drawn of it.
pub struct Surveyed {
    /// The survey.
    pub survey: Survey,
    /// What it was asked for.
    pub form: Form,
    /// The heads, in words.
    pub heads: String,
    /// The same for a table: "at the start", "after MH, 900 steps".
    pub moment: String,
    /// How the images are parted.
    pub split: String,
    /// For each number of groups and each group, its images, those of the middle first.
    pub pictures: Vec<Vec<Vec<u32>>>,
    /// For each number of groups, what keeping a share costs: proportional, by spread.
    pub curves: Vec<[Vec<KeepPoint>; 2]>,
}

impl Surveyed {
    /// What the largest number of groups gains, in words.
    pub fn figure(&self) -> String {
        let Some(at) = self.survey.counts.last() else {
            return String::new();
        };
        let pairs = crate::error::thousands(self.survey.images.len() as u64);
        format!(
            "{pairs} pairs in {} groups, J {:.3e}",
            at.count, at.found.objective
        )
    }

    /// What was found for `count` groups, with its place.
    pub fn at(&self, count: usize) -> Option<(usize, &AtCount)> {
        let mut all = self.survey.counts.iter().enumerate();
        all.find(|(_, at)| at.count == count)
    }
}

/// Variances along a run.
pub struct AlongRun {
    /// What the run is called.
    pub id: String,
    /// The same in words.
    pub title: String,
    /// Which gradients.
    pub gradient: Gradient,
    /// Groups, and pairs drawn.
    pub count: usize,
    /// The moments so far.
    pub points: Vec<AlongPoint>,
    /// What is to be known of them.
    pub notes: Vec<String>,
}

/// What groups by gradients did to the variance, at some heads.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The heads.
    pub moment: String,
    /// Which gradients.
    pub gradient: Gradient,
    /// The heads in full.
    pub heads: String,
    /// What was grouped, and how: rows of another are no comparison.
    of: (String, f64, usize),
    /// Number of groups, and the change against uniform draws: one pair from each, in proportion.
    pub changes: Vec<(usize, [Option<f64>; 2])>,
}

/// What the laboratory shows.
pub struct State {
    /// The next grouping.
    pub form: Form,
    /// The folder of the runs.
    pub home: String,
    /// The runs that were kept for these embeddings.
    pub runs: Derived<Vec<KeptRun>>,
    /// The last grouping.
    pub surveyed: Derived<Arc<Surveyed>>,
    /// This one and those before, at other heads.
    rows: Derived<Vec<Row>>,
    /// Variances along the run that was measured last.
    pub along: Derived<Arc<AlongRun>>,
    /// The number of groups that is talked about.
    count: usize,
    /// The order of groups.
    pub sort: Sort,
    /// The groups that have pairs, in that order.
    order: Vec<usize>,
    /// The group that is looked at.
    group: Option<usize>,
    /// How pairs are drawn.
    pub drawing: Drawing,
    /// Share of the pairs that is kept.
    pub kept: f64,
    /// How many pairs each group keeps.
    pub allocation: Allocation,
    /// The decisions on pairs that the last grouping knew.
    pub decided: Option<Basis>,
    /// The file that a picture of the view is wanted for.
    pub picture: Option<PathBuf>,
}

/// What groups are of.
const PARTS: [Part; 2] = [Part::Data, Part::Embeddings];

impl Default for State {
    fn default() -> Self {
        Self {
            form: Form::default(),
            home: String::new(),
            runs: Derived::default(),
            surveyed: Derived::default(),
            rows: Derived::default(),
            along: Derived::default(),
            count: 64,
            sort: Sort::default(),
            order: Vec::new(),
            group: None,
            drawing: Drawing::default(),
            kept: 0.25,
            allocation: Allocation::default(),
            decided: None,
            picture: None,
        }
    }
}

impl State {
    /// The last grouping of what is open.
    pub fn surveyed(&self, now: &Identities) -> Option<&Arc<Surveyed>> {
        self.surveyed.get(now)
    }

    /// Its part for the number of groups that is talked about, with its place.
    pub fn at<'a>(&self, surveyed: &'a Surveyed) -> Option<(usize, &'a AtCount)> {
        surveyed.at(self.count)
    }

    /// The form as arguments of the command line.
    pub fn command_of(&self, form: &Form) -> String {
        let run = match &form.heads {
            Heads::Run(id) => Some(format!("{}/{id}.json", self.home)),
            Heads::Start => None,
        };
        form.command(run.as_deref())
    }

    /// This grouping and those before, the oldest first.
    pub fn rows(&self, now: &Identities) -> &[Row] {
        self.rows.get(now).map_or(&[], Vec::as_slice)
    }

    /// The groups that have pairs, in order.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// The number of groups that is talked about.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The group that is looked at: the chosen one, or the first.
    pub fn group(&self) -> Option<usize> {
        self.group.or_else(|| self.order.first().copied())
    }

    /// Looks at a group.
    pub fn choose(&mut self, group: usize) {
        self.group = self.order.contains(&group).then_some(group);
    }

    /// Takes a grouping in.
    pub fn take(&mut self, basis: Basis, surveyed: Arc<Surveyed>, now: &Identities) {
        let row = row(&surveyed);
        let rows = self.rows.get_or_default(now, &PARTS);
        rows.retain(|other| {
            let same = other.heads == row.heads && other.gradient == row.gradient;
            other.of == row.of && !same
        });
        rows.push(row);
        let counts = &surveyed.survey.counts;
        if surveyed.at(self.count).is_none()
            && let Some(most) = counts.last()
        {
            self.count = most.count;
        }
        self.surveyed = Derived::new(basis, surveyed);
        self.group = None;
        self.reorder(now);
    }

    /// Talks about another number of groups.
    pub fn set_count(&mut self, count: usize, now: &Identities) {
        let known = self.surveyed(now).is_some_and(|s| s.at(count).is_some());
        if known && count != self.count {
            self.count = count;
            self.group = None;
            self.reorder(now);
        }
    }

    /// Sorts groups otherwise.
    pub fn set_sort(&mut self, sort: Sort, now: &Identities) {
        self.sort = sort;
        self.reorder(now);
    }

    fn reorder(&mut self, now: &Identities) {
        let surveyed = self.surveyed(now).cloned();
        let at = surveyed.as_ref().and_then(|s| s.at(self.count));
        let Some((_, at)) = at else {
            self.order.clear();
            return;
        };
        let value = |group: &Redundancy| match self.sort {
            Sort::Redundancy => group.redundancy().unwrap_or(-1.0),
            Sort::Pull => group.share.unwrap_or(0.0),
            Sort::Size => group.pairs as f64,
        };
        let mut order: Vec<usize> = (0..at.groups.len())
            .filter(|&k| at.groups[k].pairs > 0)
            .collect();
        order.sort_by(|&a, &b| {
            let by = value(&at.groups[b]).total_cmp(&value(&at.groups[a]));
            by.then(a.cmp(&b))
        });
        self.order = order;
    }
}

fn row(surveyed: &Surveyed) -> Row {
    let counts = surveyed.survey.counts.iter();
    Row {
        moment: surveyed.moment.clone(),
        gradient: surveyed.survey.asked.form,
        heads: surveyed.heads.clone(),
        of: (
            surveyed.split.clone(),
            surveyed.survey.asked.margin,
            surveyed.survey.asked.restarts,
        ),
        changes: counts
            .map(|at| {
                let v = &at.gradient().variances;
                let changes = [v.stratified, v.proportional].map(|each| v.above_uniform(each));
                (at.count, changes)
            })
            .collect(),
    }
}
