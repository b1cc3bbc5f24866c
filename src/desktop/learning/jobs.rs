//! The jobs of the learning laboratory.

use super::form::Form;
use super::kept::name;
use super::state::Running;
use super::{Command, Event, Learning, Slot};
use crate::compute::Engine;
use crate::desktop::core::{Grounds, KeptRun, Level, Part, Parting, home_of_runs};
use crate::desktop::feature::Desk;
use crate::error::Result;
use crate::learn::{Course, Finish, Grouping, Live, Mined, Run, Setup, Start, train};
use crate::task::{Task, aside, lock};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Between two copies of a run for the window.
const BETWEEN: Duration = Duration::from_millis(120);

/// What a training tells the window.
#[derive(Default)]
struct Told {
    running: Option<Running>,
    done: Vec<KeptRun>,
}

/// What the window and the training under way share; each training has its own.
#[derive(Default)]
pub struct Shared {
    told: Arc<Mutex<Told>>,
    stop: Arc<AtomicBool>,
}

impl Shared {
    /// Asks the training under way to stop.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// A run to be trained.
struct Planned {
    id: String,
    setup: Setup,
    /// The run that goes on.
    before: Option<Arc<Run>>,
}

/// What all runs of a training share.
struct Lab {
    engine: Arc<dyn Engine>,
    grounds: Grounds,
    /// What captions are grouped by.
    by: Vec<Grouping>,
    told: Arc<Mutex<Told>>,
    stop: Arc<AtomicBool>,
}

impl Learning {
    /// Trains the runs of the form.
    pub(super) fn train(&mut self, desk: &mut Desk<'_, Self>) {
        if Self::is_busy_training(desk) {
            return;
        }
        let Some(embedded) = desk.session.embedded() else {
            return;
        };
        let form: &Form = &self.state.form;
        let parting = Parting::Asked(form.held_out.clone());
        let setups = form.setups(embedded.images.dim());
        match setups.and_then(|setups| Ok((setups, form.groupings(&desk.session)?))) {
            Ok((setups, by)) => {
                let planned = setups.into_iter().map(|setup| Planned {
                    id: name(&setup),
                    setup,
                    before: None,
                });
                let planned = planned.collect();
                let again = vec![Command::SetForm(Box::new(form.clone())), Command::Train];
                self.start(desk, planned, (parting, by), again);
            }
            Err(error) => desk
                .session
                .say(Level::Warning, error.to_string(), error.remedy()),
        }
    }

    /// Lets runs go on: to their end where they were stopped, else for `epochs` more.
    pub(super) fn go_on(&mut self, desk: &mut Desk<'_, Self>, ids: &[String], epochs: usize) {
        if Self::is_busy_training(desk) {
            return;
        }
        let now = desk.session.now();
        let mut planned = Vec::new();
        let mut known = None;
        for id in ids {
            let Some(kept) = self.state.run(now, id) else {
                continue;
            };
            let run = &kept.run;
            let mut setup = run.setup.clone();
            // One that was stopped goes on to its end.
            if run.finish == Finish::Finished {
                setup.epochs += epochs;
                if let Some(seconds) = &mut setup.budget {
                    // As many seconds again as it was given at first.
                    *seconds += *seconds / (run.legs.len() + 1) as f64;
                }
            }
            known = Some((Parting::Known(run.split.clone()), run.grouped_by().to_vec()));
            planned.push(Planned {
                id: id.clone(),
                setup,
                before: Some(Arc::clone(run)),
            });
        }
        if let Some(known) = known {
            let again = vec![Command::GoOn(ids.to_vec(), epochs)];
            self.start(desk, planned, known, again);
        }
    }

    /// Says that a training is under way, where one is: a second would end it.
    fn is_busy_training(desk: &mut Desk<'_, Self>) -> bool {
        let busy = desk.is_running(Slot::Train);
        if busy {
            let remedy = "Wait for it, or stop it first.";
            desk.session
                .say(Level::Info, "A training is under way.", remedy);
        }
        busy
    }

    fn start(
        &mut self,
        desk: &mut Desk<'_, Self>,
        planned: Vec<Planned>,
        (parting, by): (Parting, Vec<Grouping>),
        again: Vec<Command>,
    ) {
        let session = &desk.session;
        let (Some(grounds), Some(engine)) = (Grounds::of(session, parting), desk.engine.clone())
        else {
            return;
        };
        self.shared = Shared::default();
        let lab = Lab {
            engine,
            grounds,
            by,
            told: Arc::clone(&self.shared.told),
            stop: Arc::clone(&self.shared.stop),
        };
        let settings = told(&planned);
        let title = match planned.len() {
            1 => format!("Training, {}", planned[0].setup.title()),
            count => format!("Training {count} runs"),
        };
        let about = [Part::Data, Part::Encoder, Part::Measure, Part::Embeddings];
        desk.began(Slot::Train, "Training", settings, &about, again);
        desk.start(Slot::Train, title, move |task| {
            aside(|| lab.run(planned, task)).map(Event::Trained)
        });
    }

    /// Takes in what the training under way told.
    pub(super) fn collect(&mut self, desk: &Desk<'_, Self>) {
        let told = {
            let mut told = lock(&self.shared.told);
            (told.running.take(), std::mem::take(&mut told.done))
        };
        let now = desk.session.now();
        for kept in told.1 {
            // The last one to end is looked at next.
            self.state.add(kept, now);
        }
        if let Some(mut running) = told.0.filter(|_| desk.is_running(Slot::Train)) {
            running.stopping = self.shared.stop.load(Ordering::Relaxed);
            self.state.run_on(running, now);
        }
    }
}

/// What is trained, in words: losses, epochs, batch, runs of each.
fn told(planned: &[Planned]) -> String {
    let mut titles: Vec<String> = Vec::new();
    for planned in planned {
        let title = planned.setup.title();
        if !titles.contains(&title) {
            titles.push(title);
        }
    }
    let setup = planned.first().map(|planned| {
        let setup = &planned.setup;
        format!(" · {} epochs · batches of {}", setup.epochs, setup.batch)
    });
    let on = if planned.iter().any(|planned| planned.before.is_some()) {
        "going on: "
    } else {
        ""
    };
    format!(
        "{on}{}{} · {} runs",
        titles.join("; "),
        setup.unwrap_or_default(),
        planned.len()
    )
}

impl Lab {
    /// Trains the runs one after the other; what could not be kept, in words.
    fn run(&self, planned: Vec<Planned>, task: &Task) -> Result<Option<String>> {
        let dataset = self.grounds.dataset().map(|dataset| &**dataset);
        let ground = self.grounds.make(task)?.grouped(&self.by, dataset, task)?;
        let count = planned.len();
        let mut unkept = None;
        let mixes = planned.iter().any(|planned| planned.setup.mined > 0.0);
        let mined = if mixes {
            Some(Mined::of(&ground, &*self.engine, task)?)
        } else {
            None
        };
        for (n, planned) in planned.into_iter().enumerate() {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            let setup = planned.setup;
            let before = planned.before.as_deref();
            let start = match before {
                Some(run) => run.learned.clone(),
                None => Start::Random.learned(&setup)?,
            };
            let course = Course {
                engine: &*self.engine,
                ground: &ground,
                setup: &setup,
                before,
                order: None,
                mined: mined.as_ref(),
            };
            let title = format!(
                "{}, seed {} ({} of {count})",
                setup.title(),
                setup.seed,
                n + 1
            );
            let planned_steps = (ground.pairs.len() / setup.pairs_a_step() * setup.epochs) as u64;
            task.begin(title, planned_steps);
            let mut done = before.map_or(0, Run::steps);
            let mut shown = None;
            let mut watch = |live: Live<'_>| {
                let step = self.tell(&live, [n + 1, count], &mut shown);
                task.add(step.saturating_sub(done));
                done = done.max(step);
                !self.stop.load(Ordering::Relaxed)
            };
            let run = train(course, start, &mut watch, task)?;
            // Of what is no longer open nothing is told.
            task.check()?;
            let folder = home_of_runs(&run.mark)?;
            let path = folder.join(format!("{}.json", planned.id));
            if let Err(error) = run.save(&path) {
                unkept = Some(format!("A run could not be kept: {error}"));
            }
            let mut told = lock(&self.told);
            told.running = None;
            told.done.push(KeptRun {
                id: planned.id,
                run: Arc::new(run),
            });
        }
        Ok(unkept)
    }

    /// Tells the window where a run is; returns its step. `shown` is what it knows of the run, with the moment from which
    /// on it is told again: a copy of all points for each would cost more than they do.
    fn tell(
        &self,
        live: &Live<'_>,
        at: [usize; 2],
        shown: &mut Option<(Arc<Run>, Instant)>,
    ) -> u64 {
        let copy = |run: &Run| (Arc::new(run.without_learned()), Instant::now() + BETWEEN);
        let ([step, planned], seconds, loss, run) = match live {
            Live::Point(run) => {
                let due = shown
                    .as_ref()
                    .is_none_or(|(_, next)| Instant::now() >= *next);
                if due || run.finish != Finish::Going {
                    *shown = Some(copy(run));
                }
                let loss = run.last().and_then(|point| point.loss);
                (
                    [run.steps(), run.planned],
                    run.seconds(),
                    loss.unwrap_or(f64::NAN),
                    *run,
                )
            }
            Live::Step {
                run,
                step,
                planned,
                seconds,
                loss,
            } => ([*step, *planned], *seconds, *loss, *run),
        };
        let (known, _) = shown.get_or_insert_with(|| copy(run));
        let [number, count] = at;
        lock(&self.told).running = Some(Running {
            run: Arc::clone(known),
            number,
            count,
            steps: [step, planned],
            seconds,
            loss,
            stopping: false,
        });
        step
    }
}
