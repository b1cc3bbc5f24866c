//! The job that fits random features.

use super::{Baseline, Command, Event, Learning, Slot};
use crate::desktop::core::{Grounds, Part, Parting};
use crate::desktop::feature::Desk;
use crate::error::Result;
use crate::learn::random_features::{Fitted, RandomFeatures, fit};
use crate::task::aside;

impl Learning {
    /// Fits the baseline beside the runs of the group that is looked at, by their seeds.
    pub(super) fn fit_baseline(&mut self, desk: &mut Desk<'_, Self>) {
        let session = &desk.session;
        let Some(group) = self.state.group_looked_at(session.now()) else {
            return;
        };
        let split = group.first().split.clone();
        let seeds: Vec<u64> = group.runs.iter().map(|run| run.setup.seed).collect();
        let grounds = Grounds::of(session, Parting::Known(split.clone()));
        let (Some(grounds), Some(engine)) = (grounds, desk.engine.clone()) else {
            return;
        };
        let asked = RandomFeatures::default();
        let settings = format!(
            "{} features a side, ridge {}, {} seeds",
            asked.features,
            asked.ridge,
            seeds.len()
        );
        let title = "Fitting random features";
        let about = [Part::Data, Part::Encoder, Part::Measure, Part::Embeddings];
        let again = vec![Command::FitBaseline];
        desk.began(Slot::Baseline, title, settings, &about, again);
        desk.start(Slot::Baseline, title, move |task| {
            aside(|| {
                let ground = grounds.make(task)?;
                let all = seeds
                    .into_iter()
                    .map(|seed| fit(&asked, &*engine, &ground, seed, task));
                let fitted: Vec<Fitted> = all.collect::<Result<_>>()?;
                Ok(Event::Baseline(Box::new(Baseline {
                    split,
                    asked,
                    fitted,
                })))
            })
        });
    }
}
