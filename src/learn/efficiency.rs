//! How much recall a number of pairs brings: recall against pairs drawn, as learning curves of data efficiency are read
//! (arXiv 2209.14624).

use super::run::Point;

/// Share of a run's last recall that [`Efficiency::needed`] is about.
pub const SHARE: f64 = 0.9;

/// A figure against the pairs that were drawn, from none to those of the last moment. Between moments at which it was
/// measured it is taken to be a straight line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Efficiency {
    /// Its mean over the pairs drawn: the area under the curve as a part of the width, in the figure's own unit.
    pub area: f64,
    /// Pairs drawn when it first was [`SHARE`] of what it is at the end; pairs drawn again count again.
    pub needed: f64,
}

impl Efficiency {
    /// Of a run's moments; `None` where nothing was drawn, or where the figure is not above 0 at the end or was not
    /// measured at every moment.
    pub fn of(points: &[Point], figure: &dyn Fn(&Point) -> Option<f64>) -> Option<Self> {
        let curve = points
            .iter()
            .map(|point| Some((point.drawn as f64, figure(point)?)));
        Self::of_curve(&curve.collect::<Option<Vec<_>>>()?)
    }

    fn of_curve(curve: &[(f64, f64)]) -> Option<Self> {
        let (&(first, _), &(last, end)) = (curve.first()?, curve.last()?);
        if last <= first || end <= 0.0 {
            return None;
        }
        let pieces = || curve.windows(2).map(|pair| (pair[0], pair[1]));
        let under = pieces().map(|((a, low), (b, high))| (b - a) * (low + high) / 2.0);
        let goal = SHARE * end;
        let crossing = pieces().find_map(|((a, low), (b, high))| match (low, high) {
            _ if low >= goal => Some(a),
            _ if high >= goal => Some(a + (b - a) * (goal - low) / (high - low)),
            _ => None,
        });
        Some(Self {
            area: under.sum::<f64>() / (last - first),
            needed: crossing?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_curve_by_hand() {
        // 0 to 80 over 100 pairs, then flat: area (40 x 100 + 80 x 300) / 400; 72 is reached after 90 pairs.
        let found = Efficiency::of_curve(&[(0.0, 0.0), (100.0, 80.0), (400.0, 80.0)]).unwrap();
        assert!((found.area - 70.0).abs() < 1e-12);
        assert!((found.needed - 90.0).abs() < 1e-12);
        // One that was good from the start needed nothing; one that falls reached it at the start too.
        let flat = Efficiency::of_curve(&[(0.0, 5.0), (10.0, 5.0)]).unwrap();
        assert!((flat.area - 5.0).abs() < 1e-12 && flat.needed.abs() < 1e-12);
        let falls = Efficiency::of_curve(&[(0.0, 50.0), (10.0, 20.0)]).unwrap();
        assert!(falls.needed.abs() < 1e-12);
        for nothing in [
            &[(0.0, 5.0)][..],
            &[(0.0, 5.0), (0.0, 6.0)],
            &[(0.0, 5.0), (9.0, 0.0)],
        ] {
            assert_eq!(Efficiency::of_curve(nothing), None);
        }
    }

    proptest! {
        #[test]
        fn it_is_within_the_curve_and_a_moment_on_the_line_changes_nothing(
            heights in proptest::collection::vec(0.1_f64..100.0, 2..8), cut in 0.01_f64..0.99,
        ) {
            let curve: Vec<(f64, f64)> = heights.iter().enumerate().map(|(n, &h)| (n as f64 * 50.0, h)).collect();
            let found = Efficiency::of_curve(&curve).unwrap();
            let [low, high] = [heights.iter().copied().fold(f64::INFINITY, f64::min), heights.iter().copied().fold(0.0, f64::max)];
            prop_assert!(found.area >= low - 1e-9 && found.area <= high + 1e-9);
            prop_assert!(found.needed >= 0.0 && found.needed <= curve[curve.len() - 1].0);
            let mut more = curve.clone();
            let ((a, p), (b, q)) = (curve[0], curve[1]);
            more.insert(1, (a + (b - a) * cut, p + (q - p) * cut));
            let again = Efficiency::of_curve(&more).unwrap();
            prop_assert!((again.area - found.area).abs() < 1e-9);
            prop_assert!((again.needed - found.needed).abs() < 1e-6);
        }
    }
}
