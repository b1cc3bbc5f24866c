//! The rounds of a run by clients.

use super::client::Client;
use super::deal::deal;
use super::server::Server;
use crate::compute::train::{KEPT_LOSSES, Learned, Plan, Trainer};
use crate::error::{Error, Result};
use crate::learn::clock::Clock;
use crate::learn::course::Course;
use crate::learn::moments::{EARLY, Moments, Told, hardest_of, recent};
use crate::learn::resume::{OTHER_SCHEDULE, begin, bits, from_bits, note_leg};
use crate::learn::run::{Exchange, Finish, HardPair, Live, Run};
use crate::task::Task;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Instant;

/// Trains heads from `start` on by the clients of the course's setup. `watch` sees the run and says whether it goes on.
///
/// # Errors
/// Pairs that cannot be dealt to so many clients, a round longer than the run, a given order, a run that goes on with other
/// clients; a lost device; cancellation.
pub fn train(
    course: Course<'_>,
    start: Learned,
    watch: &mut dyn FnMut(Live<'_>) -> bool,
    task: &Task,
) -> Result<Run> {
    let Course {
        engine,
        ground,
        setup,
        before,
        order,
        ..
    } = course;
    if order.is_some() {
        return Err(Error::request(
            "a given order says nothing of clients",
            "Leave it out, or train by an optimizer without clients.",
        ));
    }
    let dealt = deal(ground, &setup.federation, setup.seed, task)?;
    let sizes: Vec<usize> = dealt.iter().map(Vec::len).collect();
    if before.is_some_and(|run| run.client_pairs != sizes) {
        return Err(Error::request(
            "the clients of the run had other pairs than they would have now",
            "Train another run.",
        ));
    }
    let clients: Vec<Client> = dealt
        .into_iter()
        .enumerate()
        .map(|(n, pairs)| Client::new(n, pairs, setup.batch, setup.seed))
        .collect();
    let drawn: usize = clients.iter().map(|client| client.batch).sum();
    let steps = (ground.pairs.len() / drawn).max(1) as u64;
    let planned = steps * setup.epochs as u64;
    let sync = setup.federation.sync as u64;
    if sync > planned {
        return Err(Error::request(
            format!("a round of {sync} steps is longer than the run, which has {planned}"),
            "Choose a shorter round, more epochs, a smaller batch or fewer clients.",
        ));
    }
    let mut trainers = BTreeMap::new();
    for client in &clients {
        if let Entry::Vacant(free) = trainers.entry(client.batch) {
            let plan = Plan {
                batch: client.batch,
                ..setup.plan()
            };
            free.insert(engine.trainer(plan, start.clone())?);
        }
    }
    let local = before.map_or_else(Vec::new, |run| run.local.clone());
    let mut rounds = Rounds {
        course,
        task,
        trainers,
        server: Server::new(setup, start, local, sizes.clone()),
        // Where as many are largest, the first of them.
        largest: (0..sizes.len())
            .rev()
            .max_by_key(|&n| sizes[n])
            .unwrap_or(0),
        clients,
        moments: Moments::of(ground),
        clock: Clock::new(None),
        seen: vec![false; ground.owners.len()],
        losses: Vec::new(),
        drawn: 0,
        steps,
        planned,
        told: Instant::now(),
        run: begin(&course)?,
    };
    rounds.run.client_pairs = sizes;
    rounds.run.planned = planned;
    rounds.run(watch)?;
    Ok(rounds.run)
}

/// A run under way.
struct Rounds<'a> {
    course: Course<'a>,
    task: &'a Task,
    clients: Vec<Client>,
    /// The client with most pairs: the hardest of a batch are those of its.
    largest: usize,
    /// By the size of their batches: clients train in turn.
    trainers: BTreeMap<usize, Box<dyn Trainer + 'a>>,
    server: Server,
    moments: Moments,
    clock: Clock,
    /// By caption: was it drawn?
    seen: Vec<bool>,
    /// Losses since the moment before.
    losses: Vec<f64>,
    drawn: u64,
    /// Steps of an epoch, and of the run.
    steps: u64,
    planned: u64,
    /// When the window was told last.
    told: Instant,
    run: Run,
}

/// Does the run go on?
type GoesOn = bool;

/// The hardest pairs of a batch.
type Hard = Option<(Vec<HardPair>, f64)>;

impl Rounds<'_> {
    fn run(&mut self, watch: &mut dyn FnMut(Live<'_>) -> bool) -> Result<()> {
        let sync = self.course.setup.federation.sync as u64;
        self.begin();
        let mut at = self.run.steps();
        if self.run.points.is_empty() && !self.measure(Some(0), None, watch)? {
            self.run.finish = Finish::Stopped;
            return Ok(());
        }
        while at < self.planned {
            let to = ((at / sync + 1) * sync).min(self.planned);
            let due = self.due(at, to);
            self.clock.start();
            let Some(hard) = self.round(at..to, due.is_some(), watch)? else {
                self.run.finish = Finish::Stopped;
                return Ok(());
            };
            self.clock.stop();
            let numbers = self.server.learned.weights.iter();
            let all_finite = numbers.chain(&self.server.local).all(|v| v.is_finite());
            if !all_finite || self.losses.iter().any(|loss| !loss.is_finite()) {
                self.diverged(to, watch);
                return Ok(());
            }
            at = to;
            if let Some(epoch) = due
                && !self.measure(epoch, hard, watch)?
                && at < self.planned
            {
                self.run.finish = Finish::Stopped;
                return Ok(());
            }
            self.task.check()?;
        }
        self.run.finish = Finish::Finished;
        watch(Live::Point(&self.run));
        Ok(())
    }

    /// Goes on where a run was, or says of a new one what it is.
    fn begin(&mut self) {
        let setup = self.course.setup;
        self.run.finish = Finish::Going;
        let Some(last) = self.run.last() else {
            self.moments.note(&mut self.run);
            self.note();
            return;
        };
        let step = last.step;
        (self.drawn, self.clock.before) = (last.drawn, last.seconds);
        from_bits(&self.run.seen, &mut self.seen);
        let mut why = Vec::new();
        if !step.is_multiple_of(setup.federation.sync as u64) {
            why.push("its last round had ended early, with the run");
        }
        if setup.epochs != self.run.setup.epochs && !setup.follows_through() {
            why.push(OTHER_SCHEDULE);
        }
        note_leg(&mut self.run, step, &why);
        self.run.setup = setup.clone();
    }

    /// Says what is to be known of a run by clients.
    fn note(&mut self) {
        let setup = self.course.setup;
        let count = self.clients.len();
        self.run.notes.push(format!(
            "{} on this machine, simulated one after the other: seconds are those of all together, and what they would send is \
             counted, four bytes a value.",
            if count == 1 {
                "One client is".to_owned()
            } else {
                format!("{count} clients are")
            }
        ));
        let small = self
            .clients
            .iter()
            .filter(|client| client.batch < setup.batch)
            .count();
        if small > 0 {
            self.run.notes.push(format!(
                "{small} of {count} clients have fewer than the {} pairs of a batch: each of their steps is on all that they \
                 have.",
                setup.batch
            ));
        }
        let last = self.planned % setup.federation.sync as u64;
        if last > 0 {
            self.run.notes.push(format!(
                "The last round has {last} steps instead of {}: the run ends with it.",
                setup.federation.sync
            ));
        }
    }

    /// Is recall measured at the end of the round from step `from` to `to`, and how many epochs are whole then?
    #[expect(clippy::option_option, reason = "a moment may be within an epoch")]
    fn due(&self, from: u64, to: u64) -> Option<Option<usize>> {
        let whole = to / self.steps;
        if whole > from / self.steps {
            return Some(Some(whole as usize));
        }
        let early = EARLY.iter().map(|&part| self.steps / part as u64);
        let mut early = early.filter(|_| self.steps >= 8);
        (whole == 0 && early.any(|early| from < early && early <= to)).then_some(None)
    }

    /// One round: these steps of each client, then they meet. `None` where the run is to stop.
    fn round(
        &mut self,
        range: std::ops::Range<u64>,
        is_due: bool,
        watch: &mut dyn FnMut(Live<'_>) -> bool,
    ) -> Result<Option<Hard>> {
        let Course { ground, setup, .. } = self.course;
        let count = self.clients.len() as u64;
        let mut hard = None;
        for n in 0..self.clients.len() {
            let client = &mut self.clients[n];
            let Some(trainer) = self.trainers.get_mut(&client.batch) else {
                continue;
            };
            trainer.put(&self.server.given(n))?;
            let mut waiting = 0;
            for step in range.clone() {
                let captions = client.batch(step, &ground.owners);
                if is_due && n == self.largest && step + 1 == range.end {
                    // What is queued on a device is training.
                    take(&mut **trainer, &mut self.losses)?;
                    self.clock.stop();
                    hard = Some(hardest_of(&self.course, &mut **trainer, captions)?);
                    self.clock.start();
                }
                let within = (step % self.steps) as f64 / self.steps as f64;
                let done = ((step / self.steps) as f64 + within) / setup.epochs as f64;
                trainer.step(&self.course.batch(captions), &setup.step(done))?;
                self.drawn += captions.len() as u64;
                for &caption in captions {
                    self.seen[caption as usize] = true;
                }
                waiting += 1;
                if waiting == KEPT_LOSSES {
                    waiting = 0;
                    take(&mut **trainer, &mut self.losses)?;
                }
                if self.told.elapsed().as_millis() > 60 {
                    self.told = Instant::now();
                    self.task.check()?;
                    let own = step + 1 - range.start;
                    let all = n as u64 * (range.end - range.start) + own;
                    let seconds = self.clock.seconds();
                    self.clock.stop();
                    let goes_on = watch(Live::Step {
                        run: &self.run,
                        step: range.start + all / count,
                        planned: self.planned,
                        seconds,
                        loss: recent(&self.losses),
                    });
                    self.clock.start();
                    if !goes_on {
                        return Ok(None);
                    }
                }
            }
            take(&mut **trainer, &mut self.losses)?;
            let learned = trainer.learned()?;
            self.server.take(n, &learned);
        }
        self.server.meet(range.end);
        if self.run.first_loss.is_none() {
            self.run.first_loss = self.losses.first().copied();
        }
        Ok(Some(hard))
    }

    /// Measures recall under what all clients share.
    fn measure(
        &mut self,
        epoch: Option<usize>,
        hard: Hard,
        watch: &mut dyn FnMut(Live<'_>) -> bool,
    ) -> Result<GoesOn> {
        let learned = self.server.learned.clone();
        let told = Told {
            step: learned.steps,
            epoch,
            seconds: self.clock.seconds(),
            drawn: self.drawn,
            seen: &self.seen,
            losses: &self.losses,
            hard,
            exchange: self.exchange(learned.steps),
        };
        if let Some(trainer) = self.trainers.values_mut().next() {
            trainer.put(&learned)?;
            let point = self
                .moments
                .measure(&self.course, &mut **trainer, told, self.task)?;
            self.run.points.push(point);
        }
        self.losses.clear();
        self.run.learned = learned;
        self.run.local.clone_from(&self.server.local);
        self.run.seen = bits(&self.seen);
        Ok(watch(Live::Point(&self.run)))
    }

    /// What was sent in the rounds up to `step`: in each, of every client and each way, the vectors that its optimizer
    /// averages, four bytes a value that is trained.
    fn exchange(&self, step: u64) -> Exchange {
        let setup = self.course.setup;
        // Rounds that a run ended with before it went on were shorter than others.
        let before = self.run.last().filter(|last| last.step < step);
        let (from, known) = before.map_or((0, 0), |last| (last.step, last.exchange.rounds));
        let sync = setup.federation.sync as u64;
        let rounds = known + step.div_ceil(sync) - from / sync;
        let scalars = if setup.trains_scalars() {
            crate::compute::train::SCALARS
        } else {
            0
        };
        let values = (setup.head.weights() + scalars) as u64;
        let each = Server::vectors(setup.optimizer.kind) * values * 4;
        let bytes = rounds * self.clients.len() as u64 * each;
        Exchange {
            rounds,
            up: bytes,
            down: bytes,
        }
    }

    /// Ends the run at its last point.
    fn diverged(&mut self, step: u64, watch: &mut dyn FnMut(Live<'_>) -> bool) {
        self.run.finish = Finish::Diverged;
        self.run.notes.push(format!(
            "Loss or weights became infinite or no number within the round up to step {step}: the figures end before it. \
             Train with a smaller rate, or clip the gradient."
        ));
        watch(Live::Point(&self.run));
    }
}

/// The losses of a client's steps that were not taken yet.
fn take(trainer: &mut dyn Trainer, losses: &mut Vec<f64>) -> Result<()> {
    let read = trainer.losses()?;
    losses.extend(read.iter().map(|loss| f64::from(loss.mean)));
    Ok(())
}
