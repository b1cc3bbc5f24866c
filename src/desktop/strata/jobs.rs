//! The jobs of the laboratory of gradient groups.

use super::form::{Form, Heads};
use super::state::Surveyed;
use super::{Command, Event, Slot, StrataLab};
use crate::desktop::core::{
    Derived, Grounds, KeptRun, Level, Part, Parting, home_of_runs, kept_runs,
};
use crate::desktop::feature::{Desk, Feature};
use crate::error::Result;
use crate::files::shown;
use crate::learn::strata::{Allocation, LinearHeads};
use crate::learn::survey::{Survey, curve, survey};
use crate::learn::{mark, start_heads};
use crate::task::{Task, aside};
use std::sync::Arc;

/// Points of a curve of what keeping a share costs.
const POINTS: usize = 90;

impl StrataLab {
    /// Reads the runs that were kept for these embeddings, each time the laboratory is shown anew: others may have been
    /// trained meanwhile.
    pub(super) fn load(&mut self, desk: &mut Desk<'_, Self>) {
        let is_seen = desk.session.tab == Self::TAB;
        let was_seen = std::mem::replace(&mut self.seen, is_seen);
        let now = desk.session.now();
        let known = self.asked.get(now).is_some();
        if !is_seen || (was_seen && known) {
            return;
        }
        let Some(embedded) = desk.session.embedded().cloned() else {
            return;
        };
        self.asked = Derived::new(desk.basis(Slot::Load), ());
        desk.start(Slot::Load, "Reading kept runs", move |task| {
            // What cannot be read is told where runs are.
            let (runs, _) = kept_runs(&embedded, task)?;
            let home = home_of_runs(&mark(&embedded))?;
            Ok(Event::Runs(runs, shown(&home)))
        });
    }

    /// Groups the pairs as the form says.
    pub(super) fn group(&mut self, desk: &mut Desk<'_, Self>) {
        if desk.is_running(Slot::Survey) {
            return;
        }
        let form = self.state.form.clone();
        let kept = match &form.heads {
            Heads::Start => None,
            Heads::Run(id) => {
                let runs = self.state.runs.get(desk.session.now());
                let kept = runs.and_then(|runs| runs.iter().find(|kept| kept.id == *id));
                if kept.is_none() {
                    let text = "The run that the weights are to be of is not there any more.";
                    let remedy = "Choose other weights.";
                    desk.session.say(Level::Warning, text, remedy);
                    return;
                }
                kept.cloned()
            }
        };
        let parting = match &kept {
            Some(kept) => Parting::Known(kept.run.split.clone()),
            None => Parting::Asked(form.held_out.clone()),
        };
        let Some(grounds) = Grounds::of(&desk.session, parting) else {
            return;
        };
        let decided = desk.basis_of(&[Part::Decisions]);
        let about = [Part::Data, Part::Encoder, Part::Measure, Part::Embeddings];
        let again = [Command::SetForm(Box::new(form.clone())), Command::Group];
        desk.began(Slot::Survey, "Gradient groups", form.told(), &about, again);
        desk.start(
            Slot::Survey,
            "Grouping pairs by their gradients",
            move |task| {
                let surveyed = aside(|| make(&grounds, form, kept.as_ref(), task))?;
                Ok(Event::Surveyed(Arc::new(surveyed), decided))
            },
        );
    }
}

fn make(grounds: &Grounds, form: Form, kept: Option<&KeptRun>, task: &Task) -> Result<Surveyed> {
    let asked = form.asked()?;
    let ground = grounds.make(task)?;
    let inputs = ground.embedded.images.dim();
    let (heads, told, moment) = if let Some(kept) = kept {
        let run = &kept.run;
        let setup = &run.setup;
        let moment = format!(
            "after {}, {} steps, seed {}",
            setup.loss.title(),
            run.steps(),
            setup.seed
        );
        let told = format!(
            "{}, seed {}, step {}",
            setup.title(),
            setup.seed,
            run.steps()
        );
        let heads = LinearHeads::of(&setup.head, &run.learned.weights)?;
        (heads, told, moment)
    } else {
        let (heads, told) = start_heads(inputs, form.outputs, form.seed)?;
        (heads, told, "at the start".to_owned())
    };
    let captions = grounds.dataset().map(|dataset| dataset.captions.as_slice());
    let survey = survey(&ground, &heads, &asked, captions, task)?;
    Ok(Surveyed {
        pictures: pictures(&survey),
        curves: survey
            .counts
            .iter()
            .map(|at| Allocation::ALL.map(|allocation| curve(at, allocation, POINTS)))
            .collect(),
        split: ground.split.told.clone(),
        heads: told,
        moment,
        form,
        survey,
    })
}

/// For each number of groups and each group its images, each once, those of the middle first.
fn pictures(survey: &Survey) -> Vec<Vec<Vec<u32>>> {
    let most = survey.images.iter().max().map_or(0, |&i| i as usize + 1);
    let mut seen = vec![usize::MAX; most];
    let mut mark = 0;
    let mut of = |members: &[u32]| -> Vec<u32> {
        mark += 1;
        let images = members.iter().map(|&pair| survey.images[pair as usize]);
        images
            .filter(|&image| std::mem::replace(&mut seen[image as usize], mark) != mark)
            .collect()
    };
    let counts = survey.counts.iter();
    counts
        .map(|at| at.groups.iter().map(|group| of(&group.members)).collect())
        .collect()
}
