//! What the learning laboratory shows.

use super::baseline::Baseline;
use super::forget::Forgets;
use super::form::Form;
use crate::desktop::core::{Basis, Derived, Identities, KeptRun, Part};
use crate::learn::curves::Axis;
use crate::learn::{Figure, Group, Run, groups};
use std::path::PathBuf;
use std::sync::Arc;

/// What is plotted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Quantity {
    /// Recall.
    #[default]
    Recall,
    /// The loss.
    Loss,
}

/// The training under way.
#[derive(Debug, Clone)]
pub struct Running {
    /// The run so far, without what is learned.
    pub run: Arc<Run>,
    /// Which of all runs, from 1.
    pub number: usize,
    /// All runs.
    pub count: usize,
    /// Steps taken, and in all.
    pub steps: [u64; 2],
    /// Seconds of training.
    pub seconds: f64,
    /// Mean loss of the last steps.
    pub loss: f64,
    /// Was it asked to stop?
    pub stopping: bool,
}

/// What the laboratory shows.
#[derive(Default)]
pub struct State {
    /// The next training.
    pub form: Form,
    /// The runs of these embeddings, the oldest first.
    runs: Derived<Vec<KeptRun>>,
    /// The same by groups, with that under way.
    groups: Vec<Group>,
    /// The training under way.
    pub running: Option<Running>,
    /// The run that is looked at.
    chosen: Option<String>,
    /// Which recall is talked about.
    pub figure: Figure,
    /// What is plotted.
    pub quantity: Quantity,
    /// Against what.
    pub axis: Axis,
    /// The moments between which ranks are compared; `None` for from before training to the last one.
    pub moments: Option<(usize, usize)>,
    /// The file that a picture of the curves is wanted for.
    pub picture: Option<PathBuf>,
    /// Random features, beside the runs.
    pub baseline: Derived<Baseline>,
    /// Forgetting pairs.
    pub forgets: Forgets,
    /// Reading the kept runs was asked for.
    pub asked: Derived<()>,
}

/// What runs are of.
const PARTS: [Part; 2] = [Part::Data, Part::Embeddings];

impl State {
    /// The runs of what is open.
    pub fn runs(&self, now: &Identities) -> &[KeptRun] {
        self.runs.get(now).map_or(&[], Vec::as_slice)
    }

    /// The run of this name.
    pub fn run(&self, now: &Identities, id: &str) -> Option<&KeptRun> {
        self.runs(now).iter().find(|kept| kept.id == id)
    }

    /// What a run is called.
    pub fn id_of(&self, now: &Identities, run: &Arc<Run>) -> Option<&str> {
        let mut all = self.runs(now).iter();
        let kept = all.find(|kept| Arc::ptr_eq(&kept.run, run))?;
        Some(&kept.id)
    }

    /// What the kept runs of a group are called.
    pub fn ids_of(&self, now: &Identities, group: &Group) -> Vec<String> {
        let runs = group.runs.iter();
        runs.filter_map(|run| self.id_of(now, run).map(str::to_owned))
            .collect()
    }

    /// What the run that ended last reached on the images held out, in words.
    pub fn last_told(&self, now: &Identities) -> String {
        let last = self.runs(now).last().map(|kept| &kept.run);
        let reached = last.and_then(|run| Some((run.setup.title(), &run.last()?.valid)));
        reached.map_or_else(String::new, |(title, valid)| {
            let (images, captions) = (valid.i2t[0], valid.t2i[0]);
            format!("the last, {title}: R@1 held out {images:.1} % of images, {captions:.1} % of captions")
        })
    }

    /// The runs by groups, with that under way.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The run that is looked at: that under way, that which was chosen, or the last one.
    pub fn looked_at<'a>(&'a self, now: &Identities) -> Option<&'a Arc<Run>> {
        if let Some(id) = &self.chosen
            && let Some(kept) = self.run(now, id)
        {
            return Some(&kept.run);
        }
        let running = self.running.as_ref().map(|running| &running.run);
        running.or_else(|| self.runs(now).last().map(|kept| &kept.run))
    }

    /// The group of the run that is looked at; `None` where that is another seed under way.
    pub fn group_looked_at(&self, now: &Identities) -> Option<&Group> {
        let run = self.looked_at(now)?;
        self.groups.iter().find(|group| group.has(run))
    }

    /// Looks at a run.
    pub fn choose(&mut self, id: String, now: &Identities) {
        if self.run(now, &id).is_some() {
            self.chosen = Some(id);
            self.moments = None;
        }
    }

    /// Takes the runs in that were kept; what was trained meanwhile stays.
    pub fn loaded(&mut self, basis: Basis, mut kept: Vec<KeptRun>, now: &Identities) {
        for run in self.runs(now) {
            if kept.iter().all(|other| other.id != run.id) {
                kept.push(run.clone());
            }
        }
        self.runs = Derived::new(basis, kept);
        self.regroup(now);
    }

    /// Takes a run in: a new one, or one that went on.
    pub fn add(&mut self, kept: KeptRun, now: &Identities) {
        let runs = self.runs.get_or_default(now, &PARTS);
        match runs.iter_mut().find(|other| other.id == kept.id) {
            Some(other) => *other = kept,
            None => runs.push(kept),
        }
        self.regroup(now);
    }

    /// Takes runs away.
    pub fn remove(&mut self, ids: &[String], now: &Identities) {
        let runs = self.runs.get_or_default(now, &PARTS);
        runs.retain(|kept| !ids.contains(&kept.id));
        self.chosen = self.chosen.take().filter(|id| !ids.contains(id));
        self.moments = None;
        self.regroup(now);
    }

    /// The training under way is here now.
    pub fn run_on(&mut self, running: Running, now: &Identities) {
        let moved = self
            .running
            .as_ref()
            .is_none_or(|before| !Arc::ptr_eq(&before.run, &running.run));
        self.running = Some(running);
        if moved {
            self.regroup(now);
        }
    }

    /// No training is under way any more; was one?
    pub fn end(&mut self, now: &Identities) -> bool {
        let was = self.running.take().is_some();
        self.regroup(now);
        was
    }

    /// Forgets what is of other embeddings.
    pub fn turn(&mut self, now: &Identities) {
        if self.runs.get(now).is_none() && !self.groups.is_empty() && self.running.is_none() {
            self.groups.clear();
            self.chosen = None;
            self.moments = None;
        }
    }

    fn regroup(&mut self, now: &Identities) {
        let kept = self.runs(now).iter().map(|kept| Arc::clone(&kept.run));
        let mut all: Vec<Arc<Run>> = kept.collect();
        // Another seed of a group under way would cut its curves short.
        let running = self.running.as_ref().map(|running| &running.run);
        let new = running.filter(|run| all.iter().all(|other| !other.is_of_setup(run)));
        all.extend(new.cloned());
        self.groups = groups(&all);
    }
}
