//! The variance along a run that was kept.

use super::form::Heads;
use super::state::AlongRun;
use super::{Event, Slot, StrataLab};
use crate::desktop::core::{Grounds, KeptRun, Level, Parting};
use crate::desktop::feature::Desk;
use crate::learn::strata::{Descent, Form as Gradient};
use crate::learn::{Along, again};
use crate::task::aside;
use std::sync::Arc;

/// Moments at most, besides the start.
const MOMENTS: usize = 12;

impl StrataLab {
    /// Trains the run whose weights are chosen again and measures along it.
    pub(super) fn along(&mut self, desk: &mut Desk<'_, Self>) {
        if desk.is_running(Slot::Along) {
            return;
        }
        let Some(kept) = self.chosen_run(desk).cloned() else {
            let text = "Variances along a run need a run of the learning laboratory.";
            let remedy = "Choose one under Weights.";
            desk.session.say(Level::Info, text, remedy);
            return;
        };
        let parting = Parting::Known(kept.run.split.clone());
        let (Some(grounds), Some(engine)) =
            (Grounds::of(&desk.session, parting), desk.engine.clone())
        else {
            return;
        };
        let gradient: Gradient = self.state.form.gradient;
        let count = self.state.count();
        let margin = self.state.form.margin;
        let seed = self.state.form.seed;
        let title = format!("Measuring along {}", kept.run.setup.title());
        desk.start(Slot::Along, title, move |task| {
            let measured = aside(|| {
                let dataset = grounds.dataset().map(|dataset| &**dataset);
                let ground = grounds.make(task)?;
                let ground = ground.grouped(kept.run.grouped_by(), dataset, task)?;
                let asked = Along {
                    every: kept.run.setup.epochs.div_ceil(MOMENTS).max(1),
                    form: gradient,
                    margin: Some(margin),
                    descent: Descent {
                        strata: count,
                        seed,
                        ..Along::default().descent
                    },
                };
                again(&*engine, &ground, &kept.run, &asked, task)
            })?;
            let setup = &kept.run.setup;
            Ok(Event::Along(Arc::new(AlongRun {
                title: format!("{}, seed {}", setup.title(), setup.seed),
                id: kept.id,
                gradient,
                count,
                points: measured.points,
                notes: measured.notes,
            })))
        });
    }

    /// The kept run whose weights are chosen.
    fn chosen_run<'a>(&'a self, desk: &Desk<'_, Self>) -> Option<&'a KeptRun> {
        let Heads::Run(id) = &self.state.form.heads else {
            return None;
        };
        let runs = self.state.runs.get(desk.session.now())?;
        runs.iter().find(|kept| kept.id == *id)
    }
}
