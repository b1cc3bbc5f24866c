//! Training: heads trained from a start to the end of their epochs, with the history of their recall.

use super::batches::Batches;
use super::clients;
use super::clock::Clock;
use super::course::Course;
use super::ease::eased;
use super::mined::Mined;
use super::moments::{EARLY, Moments, Told, hardest_of, recent};
use super::order::check_order;
use super::pace::pace;
use super::policy::{Making, Sampler};
use super::resume::{begin, bits, from_bits, mixed, resume};
use super::run::{Exchange, Finish, HardPair, Live, Run};
use crate::compute::train::{KEPT_LOSSES, Learned, Trainer};
use crate::error::{Error, Result};
use crate::task::Task;
use std::collections::VecDeque;
use std::time::Instant;

/// Trains heads from `start` on. `watch` sees the run and says whether it goes on.
///
/// # Errors
/// A setup that trains nothing, a batch larger than the pairs, an order that does not fit, a lost device, cancellation.
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
        mined,
    } = course;
    setup.check()?;
    if setup.optimizer.kind.by_clients() {
        return clients::train(course, start, watch, task);
    }
    if let Some(order) = order {
        check_order(order, ground, setup)?;
    }
    ground.fills(setup.batch)?;
    let making = Making {
        ground,
        engine,
        head: setup.head,
        margin: setup.grouping_margin(),
        seed: setup.seed,
        batch: setup.batch,
        epochs: setup.epochs,
        seconds: setup.budget.unwrap_or(0.0),
        expansion: setup.expansion,
        task,
    };
    let sampler = (setup.policy.description().make)(&making)?;
    let own = match (setup.mined > 0.0 && order.is_none(), mined) {
        (true, None) => Some(Mined::of(ground, engine, task)?),
        _ => None,
    };
    let mined = mined.or(own.as_ref()).filter(|_| setup.mined > 0.0);
    let mut under = Under {
        trainer: engine.trainer(setup.plan(), start)?,
        course,
        task,
        sampler,
        mined,
        moments: Moments::of(ground),
        clock: Clock::new(setup.budget),
        seen: vec![false; ground.owners.len()],
        pending: VecDeque::new(),
        losses: Vec::new(),
        drawn: 0,
        run: begin(&course)?,
    };
    if before.is_none() {
        under.moments.note(&mut under.run);
    }
    under.run(watch)?;
    Ok(under.run)
}

/// A run under way.
struct Under<'a> {
    trainer: Box<dyn Trainer + 'a>,
    course: Course<'a>,
    task: &'a Task,
    sampler: Box<dyn Sampler + 'a>,
    mined: Option<&'a Mined>,
    moments: Moments,
    clock: Clock,
    /// By caption: was it drawn?
    seen: Vec<bool>,
    /// Batches whose losses have not been read.
    pending: VecDeque<Vec<u32>>,
    /// Losses of the epoch so far.
    losses: Vec<f64>,
    drawn: u64,
    run: Run,
}

/// Does the run go on?
type GoesOn = bool;

impl Under<'_> {
    fn run(&mut self, watch: &mut dyn FnMut(Live<'_>) -> bool) -> Result<()> {
        let setup = self.course.setup;
        let first = self.begin(watch)?;
        let by_seconds = setup.policy.description().by_seconds;
        let mut epoch = first;
        // A budget is used to its end, however often that goes over the pairs.
        while by_seconds || epoch < setup.epochs {
            if !self.epoch(epoch, watch)? {
                return Ok(());
            }
            if self.clock.is_over() {
                break;
            }
            epoch += 1;
        }
        self.run.finish = Finish::Finished;
        watch(Live::Point(&self.run));
        Ok(())
    }

    /// The epoch to begin with: 0, or that after what a run has already.
    fn begin(&mut self, watch: &mut dyn FnMut(Live<'_>) -> bool) -> Result<usize> {
        let setup = self.course.setup;
        if setup.policy.description().by_seconds {
            let learned = self.trainer.learned()?;
            self.sampler.paced(pace(&self.course, learned, self.task)?);
        }
        let note = setup.policy.description().note;
        if let Some(note) = note.filter(|note| !self.run.notes.iter().any(|known| known == note)) {
            self.run.notes.push(note.into());
        }
        self.run.finish = Finish::Going;
        if self.run.points.is_empty() {
            let learned = self.trainer.learned()?;
            self.measure(Some(0), learned, None, watch)?;
            return Ok(0);
        }
        let resumed = resume(&mut self.run, setup);
        self.run.setup = setup.clone();
        self.run.learned = self.trainer.learned()?;
        self.clock.before = resumed.seconds;
        self.drawn = resumed.drawn;
        from_bits(&self.run.seen, &mut self.seen);
        Ok(resumed.epoch)
    }

    fn epoch(&mut self, epoch: usize, watch: &mut dyn FnMut(Live<'_>) -> bool) -> Result<GoesOn> {
        let setup = self.course.setup;
        self.clock.start();
        let mut random = fastrand::Rng::with_seed(mixed(setup.seed, epoch as u64));
        let batches = self.batches(epoch, &mut random)?;
        let count = batches.len().max(1);
        let left = (count * setup.epochs.saturating_sub(epoch)) as u64;
        self.run.planned = self.clock.planned(self.run.steps(), left);
        self.losses.clear();
        let mut told = Instant::now();
        for (n, captions) in batches.iter().enumerate() {
            let by_steps = (epoch as f64 + n as f64 / count as f64) / setup.epochs as f64;
            let done = self.clock.done(by_steps);
            let last = n + 1 == count;
            let early = epoch == 0 && EARLY.iter().any(|part| n + 1 == count / part && count >= 8);
            let hard = (last || early).then(|| self.hard(captions)).transpose()?;
            self.step(captions, done)?;
            if self.pending.len() >= KEPT_LOSSES || last || early {
                self.read()?;
            }
            if self.losses.last().is_some_and(|loss| !loss.is_finite()) {
                return Ok(self.diverged(epoch, watch));
            }
            let over = self.clock.is_over();
            if last || early || over {
                self.read()?;
                self.clock.stop();
                // Hinges of what is no number are 0: the weights tell.
                let learned = self.trainer.learned()?;
                if learned.weights.iter().any(|weight| !weight.is_finite()) {
                    return Ok(self.diverged(epoch, watch));
                }
                // Of a run that ends within an epoch: under the weights as they are now.
                let hard = match hard {
                    None => Some(self.hard(captions)?),
                    some => some,
                };
                self.clock.stop();
                let whole = last.then_some(epoch + 1);
                if !self.measure(whole, learned, hard, watch)? {
                    let ended = over || whole == Some(setup.epochs);
                    self.run.finish = if ended {
                        Finish::Finished
                    } else {
                        Finish::Stopped
                    };
                    return Ok(false);
                }
                if over {
                    return Ok(true);
                }
                self.clock.start();
            }
            if told.elapsed().as_millis() > 60 {
                told = Instant::now();
                self.task.check()?;
                if !self.tell(n as u64 + 1, watch) {
                    self.run.finish = Finish::Stopped;
                    return Ok(false);
                }
            }
        }
        self.clock.stop();
        self.task.check()?;
        Ok(true)
    }

    /// Ends the run at its last point.
    fn diverged(&mut self, epoch: usize, watch: &mut dyn FnMut(Live<'_>) -> bool) -> GoesOn {
        self.run.finish = Finish::Diverged;
        self.run.notes.push(format!(
            "Loss or weights became infinite or no number within epoch {}: the figures end before it. Train with a smaller \
             rate, or clip the gradient.",
            epoch + 1
        ));
        watch(Live::Point(&self.run));
        false
    }

    /// The captions of each step of an epoch.
    fn batches(&mut self, epoch: usize, random: &mut fastrand::Rng) -> Result<Vec<Vec<u32>>> {
        let (ground, setup) = (self.course.ground, self.course.setup);
        if let Some(order) = self.course.order {
            let each = order.len() / setup.epochs;
            return Ok(order[epoch * each..(epoch + 1) * each].to_vec());
        }
        let weights = &self.run.learned.weights;
        let drawn = self.sampler.epoch(epoch, weights, random)?;
        let mut batches: Vec<Vec<u32>> = Batches::new(drawn, &ground.owners, setup.batch).collect();
        if batches.is_empty() {
            return Err(Error::request(
                format!("the pairs that were drawn fill no batch of {}", setup.batch),
                "Choose a smaller batch, or more seconds.",
            ));
        }
        if let Some(mined) = self.mined {
            let count = (setup.batch as f64 * f64::from(setup.mined)).round() as usize;
            for batch in &mut batches {
                mined.mix(batch, count, ground, random);
            }
        }
        Ok(batches)
    }

    fn step(&mut self, captions: &[u32], done: f64) -> Result<()> {
        let setup = self.course.setup;
        let batch = self.course.batch(captions);
        let batch = eased(&mut *self.trainer, batch, setup, done)?;
        self.trainer.step(&batch, &setup.step(done))?;
        self.drawn += captions.len() as u64;
        for &caption in captions {
            self.seen[caption as usize] = true;
        }
        self.pending.push_back(captions.to_vec());
        Ok(())
    }

    /// Reads the losses of the steps whose losses have not been read.
    fn read(&mut self) -> Result<()> {
        for loss in self.trainer.losses()? {
            let mean = f64::from(loss.mean);
            self.run.first_loss.get_or_insert(mean);
            self.losses.push(mean);
            if let Some(captions) = self.pending.pop_front() {
                self.sampler.saw(&captions, &loss.lines);
            }
        }
        Ok(())
    }

    fn tell(&mut self, steps: u64, watch: &mut dyn FnMut(Live<'_>) -> bool) -> GoesOn {
        let seconds = self.clock.seconds();
        // What is told is no training.
        self.clock.stop();
        let goes_on = watch(Live::Step {
            run: &self.run,
            step: self
                .run
                .steps()
                .max(self.drawn / self.course.setup.batch as u64)
                .max(steps),
            planned: self.run.planned,
            seconds,
            loss: recent(&self.losses),
        });
        self.clock.start();
        goes_on
    }

    /// Measures recall under what is learned; `epoch` epochs are whole.
    fn measure(
        &mut self,
        epoch: Option<usize>,
        learned: Learned,
        hard: Option<(Vec<HardPair>, f64)>,
        watch: &mut dyn FnMut(Live<'_>) -> bool,
    ) -> Result<GoesOn> {
        let told = Told {
            step: learned.steps,
            epoch,
            seconds: self.clock.seconds(),
            drawn: self.drawn,
            seen: &self.seen,
            losses: &self.losses,
            hard,
            exchange: Exchange::default(),
        };
        let trainer = &mut *self.trainer;
        let point = self
            .moments
            .measure(&self.course, trainer, told, self.task)?;
        self.run.learned = learned;
        self.run.seen = bits(&self.seen);
        self.run.points.push(point);
        Ok(watch(Live::Point(&self.run)))
    }

    /// The pairs of a batch whose hardest negative is hardest, under the weights as they are.
    fn hard(&mut self, captions: &[u32]) -> Result<(Vec<HardPair>, f64)> {
        // What is queued on a device is training.
        self.read()?;
        self.clock.stop();
        let found = hardest_of(&self.course, &mut *self.trainer, captions)?;
        self.clock.start();
        Ok(found)
    }
}
