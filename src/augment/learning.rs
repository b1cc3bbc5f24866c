//! Magnitudes learned on one parting of the images.

use super::asked::Asked;
use super::change::{CHANGES, Change, Changes, Magnitudes};
use super::draws::draws;
use super::ground::Ground;
use super::layer::Layer;
use super::levels::{Batch, Said, levels};
use super::parts::Parts;
use crate::error::Result;
use crate::task::Task;
use serde::Serialize;

/// A step, as whoever watches sees it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Moment {
    /// The seed of the parting.
    pub seed: u64,
    /// Steps done before.
    pub step: usize,
    /// The magnitudes that the losses are of.
    pub magnitudes: Magnitudes,
    /// The mean squared distance of this step's read-out training pictures to their captions.
    pub inner: f64,
    /// The loss of this step's held-out pairs.
    pub outer: f64,
    /// The derivative of that by each magnitude, in its unit.
    pub gradient: [f64; CHANGES],
}

/// Of Adam: how much of the averages of slopes and of their squares stays at a step, and what keeps a quotient finite
/// (Kingma and Ba, arXiv 1412.6980).
const FIRST: f64 = 0.9;
const SECOND: f64 = 0.99;
const TINY: f64 = 1e-12;

/// Magnitudes on their way.
struct Adam {
    learned: Changes,
    first: [f64; CHANGES],
    second: [f64; CHANGES],
    done: i32,
}

impl Adam {
    fn new(learned: Changes) -> Self {
        Self {
            learned,
            first: [0.0; CHANGES],
            second: [0.0; CHANGES],
            done: 0,
        }
    }

    /// One step down `gradient`. All magnitudes are measured in shares of their largest, of which `rate` is the length of the
    /// step, and stay between 0 and that.
    fn step(&mut self, magnitudes: &mut Magnitudes, gradient: &[f64; CHANGES], rate: f64) {
        self.done += 1;
        for change in self.learned.iter() {
            let at = change.index();
            let slope = gradient[at] * change.most();
            self.first[at] = FIRST * self.first[at] + (1.0 - FIRST) * slope;
            self.second[at] = SECOND * self.second[at] + (1.0 - SECOND) * slope * slope;
            let mean = self.first[at] / (1.0 - FIRST.powi(self.done));
            let square = self.second[at] / (1.0 - SECOND.powi(self.done));
            let share =
                magnitudes.get(change) / change.most() - rate * mean / (square.sqrt() + TINY);
            magnitudes.set(change, share.clamp(0.0, 1.0) * change.most());
        }
    }
}

/// The rate at `step` of `steps`: from `rate` down to 0 along half a cosine.
fn falling(rate: f64, step: usize, steps: usize) -> f64 {
    let share = step as f64 / steps.max(1) as f64;
    0.5 * rate * (1.0 + (std::f64::consts::PI * share).cos())
}

/// Learns the magnitudes of the changes in `learned` on `parts`; `watch` sees each step. The layer must make them all, and those
/// given. Reports progress in steps.
///
/// # Errors
/// As [`levels`].
pub fn learn(
    (ground, layer): (&Ground, &Layer),
    asked: &Asked,
    learned: Changes,
    (parts, seed): (&Parts, u64),
    watch: &mut dyn FnMut(&Moment),
    task: &Task,
) -> Result<(Magnitudes, Vec<Moment>)> {
    let mut magnitudes = asked.start(learned);
    let mut moments = Vec::new();
    if learned.is_empty() {
        return Ok((magnitudes, moments));
    }
    task.begin(asked.stage("Learning magnitudes", seed), asked.steps as u64);
    let mut random = fastrand::Rng::with_seed(seed ^ 0xa09e_6d11);
    let mut pools = [Pool::new(&parts.train), Pool::new(&parts.held)];
    let mut adam = Adam::new(learned);
    for step in 0..asked.steps {
        task.check()?;
        let [train, held] = pools
            .each_mut()
            .map(|pool| pool.draw(asked.batch, &mut random));
        let copies = asked.copies;
        let batch = Batch {
            draws: draws(&mut random, train.len() + held.len(), copies),
            train,
            held,
            copies,
        };
        let Said {
            inner,
            outer,
            gradient,
        } = levels((ground, layer), &magnitudes, &batch, asked.weighing, task)?;
        let moment = Moment {
            seed,
            step,
            magnitudes,
            inner,
            outer,
            gradient,
        };
        watch(&moment);
        moments.push(moment);
        adam.step(
            &mut magnitudes,
            &gradient,
            falling(asked.rate, step, asked.steps),
        );
        task.add(1);
    }
    Ok((magnitudes, moments))
}

/// Images that are drawn without coming again before all were drawn.
struct Pool {
    all: Vec<u32>,
    left: Vec<u32>,
}

impl Pool {
    fn new(all: &[u32]) -> Self {
        Self {
            all: all.to_vec(),
            left: Vec::new(),
        }
    }

    /// `count` of them, or all where there are not so many.
    fn draw(&mut self, count: usize, random: &mut fastrand::Rng) -> Vec<u32> {
        let count = count.min(self.all.len());
        if self.left.len() < count {
            self.left.clone_from(&self.all);
            random.shuffle(&mut self.left);
        }
        self.left.split_off(self.left.len() - count)
    }
}

/// Does a magnitude stand where it can go no further up?
pub fn is_at_most(change: Change, magnitude: f64) -> bool {
    magnitude >= change.most() * (1.0 - 1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_stay_in_bounds_and_fall() {
        let learned: Changes = [Change::Rotation, Change::Blur].into_iter().collect();
        let mut adam = Adam::new(learned);
        let mut magnitudes = Asked::default().start(learned);
        assert_eq!(magnitudes.get(Change::Shift), 0.0);
        let mut gradient = [1.0; CHANGES];
        gradient[Change::Rotation.index()] = -5.0;
        for step in 0..200 {
            adam.step(&mut magnitudes, &gradient, falling(0.05, step, 200));
        }
        assert!(is_at_most(
            Change::Rotation,
            magnitudes.get(Change::Rotation)
        ));
        assert_eq!(magnitudes.get(Change::Blur), 0.0);
        assert_eq!(magnitudes.get(Change::Shift), 0.0);
        assert!(falling(0.1, 0, 10) == 0.1 && falling(0.1, 10, 10) < 1e-12);
    }

    #[test]
    fn a_pool_gives_all_before_one_comes_again() {
        let mut pool = Pool::new(&[1, 2, 3, 4, 5, 6]);
        let mut random = fastrand::Rng::with_seed(1);
        let mut drawn = [pool.draw(3, &mut random), pool.draw(3, &mut random)].concat();
        drawn.sort_unstable();
        assert_eq!(drawn, [1, 2, 3, 4, 5, 6]);
        assert_eq!(pool.draw(9, &mut random).len(), 6);
    }
}
