//! Magnitudes and losses along the steps, means over seeds: points to be drawn.

use crate::augment::{Change, Changes, Magnitudes, Moment};
use crate::learn::Band;

/// Points of a curve at most.
const POINTS: usize = 300;

/// A curve: steps done, and the mean over the seeds that came so far.
pub type Curve = Vec<(f64, Band)>;

/// The curves of a learning.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curves {
    /// Of each change that is learned its magnitude, in per cent of its largest.
    pub magnitudes: Vec<(Change, Curve)>,
    /// The loss of held-out pairs.
    pub outer: Curve,
    /// Seeds that it is of.
    pub seeds: usize,
    /// Steps of the seed under way, or of all of them.
    pub done: usize,
    /// Steps of a seed in all.
    pub steps: usize,
}

impl Curves {
    /// Of the steps of each seed, of `steps`; `ends`: what each came to after its last.
    pub fn of(
        seeds: &[&[Moment]],
        learned: Changes,
        steps: usize,
        ends: Option<&[Magnitudes]>,
    ) -> Self {
        let stride = steps.div_ceil(POINTS).max(1);
        let along = |value: &dyn Fn(&Moment) -> f64| -> Curve {
            let at = |step: usize| {
                let there = seeds.iter().filter_map(|moments| moments.get(step));
                let band = Band::of(&there.map(value).collect::<Vec<f64>>())?;
                Some((step as f64, band))
            };
            (0..steps).step_by(stride).map_while(at).collect()
        };
        let share = |change: Change, of: &Magnitudes| 100.0 * of.get(change) / change.most();
        let magnitudes = learned.iter().map(|change| {
            let mut curve = along(&|moment| share(change, &moment.magnitudes));
            let ends = ends.unwrap_or_default().iter();
            let ends: Vec<f64> = ends.map(|end| share(change, end)).collect();
            curve.extend(Band::of(&ends).map(|end| (steps as f64, end)));
            (change, curve)
        });
        Self {
            magnitudes: magnitudes.collect(),
            outer: along(&|moment| moment.outer),
            seeds: seeds.len(),
            done: seeds.last().map_or(0, |moments| moments.len()),
            steps,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(seed: u64, step: usize, share: f64) -> Moment {
        let mut magnitudes = Magnitudes::default();
        magnitudes.set(Change::Shift, share * Change::Shift.most());
        Moment {
            seed,
            step,
            magnitudes,
            inner: 0.0,
            outer: step as f64,
            gradient: [0.0; 6],
        }
    }

    #[test]
    fn seeds_under_way_make_shorter_bands() {
        let first: Vec<Moment> = (0..3).map(|step| moment(1, step, 0.1)).collect();
        let second = [moment(2, 0, 0.3)];
        let learned: Changes = [Change::Shift].into_iter().collect();
        let curves = Curves::of(&[&first, &second], learned, 3, None);
        let (change, curve) = &curves.magnitudes[0];
        assert_eq!((*change, curve.len(), curves.done), (Change::Shift, 3, 1));
        assert!((curve[0].1.mean - 20.0).abs() < 1e-9 && curve[0].1.half.is_some());
        assert!((curve[1].1.mean - 10.0).abs() < 1e-9 && curve[1].1.half.is_none());
        assert_eq!(curves.outer.len(), 3);
        // Many steps are thinned.
        let many: Vec<Moment> = (0..5_000).map(|step| moment(1, step, 0.2)).collect();
        let ends = [many[0].magnitudes];
        let curves = Curves::of(&[&many], learned, 5_000, Some(&ends));
        let curve = &curves.magnitudes[0].1;
        assert!(curve.len() <= POINTS + 1);
        assert_eq!(curve.last().map(|(step, _)| *step), Some(5_000.0));
    }
}
