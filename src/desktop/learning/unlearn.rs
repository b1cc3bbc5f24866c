//! The job that lets runs forget.

use super::forget::Forgotten;
use super::state::State;
use super::{Event, Learning, Slot};
use crate::compute::Engine;
use crate::desktop::core::{Grounds, KeptRun, Level, Part, Parting, Session, home_of_runs};
use crate::desktop::feature::Desk;
use crate::error::{Error, Result, counted};
use crate::files::shown;
use crate::learn::Finish;
use crate::learn::forget::{Asked, Chosen, Table, can_forget, headline, remarks, study};
use crate::task::{Task, aside};
use std::collections::BTreeSet;

impl State {
    /// Why the kept runs of these names cannot forget, and what to do; `None` where they can.
    pub fn cannot_forget(&self, session: &Session, ids: &[String]) -> Option<Error> {
        let runs = ids.iter().filter_map(|id| self.run(session.now(), id));
        let runs: Vec<&KeptRun> = runs.collect();
        let Some(first) = runs.first() else {
            return Some(Error::request(
                "no kept run is looked at",
                "Wait for the training to end, or choose a run.",
            ));
        };
        if let Err(error) = can_forget(&first.run.setup) {
            return Some(error);
        }
        if runs.iter().any(|kept| kept.run.finish != Finish::Finished) {
            return Some(Error::request(
                "a run that did not end has no like that was trained without some of its pairs",
                "Let it go on to its end first.",
            ));
        }
        let images = self.forgets.form.which.images(session);
        let trained = |image: &&u32| first.run.split.train.binary_search(image).is_ok();
        let there = images.iter().filter(trained).count();
        if images.is_empty() {
            return Some(Error::request(
                "no image is chosen",
                "Mark images (M marks that of the query), or choose a set that was kept.",
            ));
        }
        (there < images.len()).then(|| {
            Error::request(
                format!(
                    "{} of the {} are not trained on, and there is nothing of them to forget",
                    images.len() - there,
                    counted(images.len(), "chosen image")
                ),
                "Choose images of the part that is trained on.",
            )
        })
    }
}

impl Learning {
    /// Lets runs of one kind forget what the form says.
    pub(super) fn forget(&mut self, desk: &mut Desk<'_, Self>, ids: &[String]) {
        if let Some(error) = self.state.cannot_forget(&desk.session, ids) {
            let (what, remedy) = (error.to_string(), error.remedy());
            desk.session.say(Level::Warning, what, remedy);
            return;
        }
        let session = &desk.session;
        let form = self.state.forgets.form.clone();
        let kept = ids
            .iter()
            .filter_map(|id| self.state.run(session.now(), id));
        let kept: Vec<KeptRun> = kept.cloned().collect();
        let split = kept.first().map(|first| first.run.split.clone());
        let grounds = split.and_then(|split| Grounds::of(session, Parting::Known(split)));
        let (Some(grounds), Some(engine)) = (grounds, desk.engine.clone()) else {
            return;
        };
        let images = form.which.images(session);
        let setup = &kept[0].run.setup;
        let settings = format!(
            "{} of {}: {}, energy {}",
            counted(images.len(), "image"),
            counted(kept.len(), "run"),
            setup.title(),
            form.asked.energy
        );
        let about = [Part::Data, Part::Encoder, Part::Measure, Part::Embeddings];
        // Marks are others later: it is not offered to be done again.
        desk.began(Slot::Unlearn, "Forgetting pairs", settings, &about, []);
        desk.start(Slot::Unlearn, "Forgetting pairs", move |task| {
            aside(|| forgotten(&grounds, &*engine, &kept, &images, &form.asked, task))
                .map(|found| Event::Unlearned(Box::new(found)))
        });
    }
}

fn forgotten(
    grounds: &Grounds,
    engine: &dyn Engine,
    kept: &[KeptRun],
    images: &[u32],
    asked: &Asked,
    task: &Task,
) -> Result<Forgotten> {
    let ground = grounds.make(task)?;
    let chosen = Chosen::of(&ground, images)?;
    let studies = kept
        .iter()
        .map(|kept| study(engine, &ground, &kept.run, &chosen, asked, task));
    let studies: Vec<_> = studies.collect::<Result<_>>()?;
    let table = Table::of(&studies);
    let table = table.ok_or_else(|| Error::request("no run forgot", "Choose a kept run."))?;
    let home = home_of_runs(&ground.mark)?;
    let files = kept
        .iter()
        .map(|kept| shown(&home.join(format!("{}.json", kept.id))));
    let rows = chosen.images.iter().map(u32::to_string);
    let command = format!(
        "nearmiss forget --run '{}' --forget {} {}",
        files.collect::<Vec<String>>().join(","),
        rows.collect::<Vec<String>>().join(","),
        asked.arguments()
    );
    let notes: BTreeSet<String> = remarks(&studies, asked).into_iter().collect();
    Ok(Forgotten {
        ids: kept.iter().map(|kept| kept.id.clone()).collect(),
        told: format!(
            "{} ({}) of {} forgotten, energy {}",
            counted(chosen.images.len(), "image"),
            counted(chosen.captions.len(), "pair"),
            ground.split.train.len(),
            asked.energy
        ),
        says: headline(&table),
        notes: notes.into_iter().collect(),
        table,
        command,
    })
}
