//! The search for the smallest radius of one row.

/// The radii tried first, in closed forms, until the answer changes: nothing may be needed beyond the last.
const RISING: [f64; 4] = [1.0 + 1e-5, 1.0 + 1e-4, 1.01, 1.05];
/// The radii tried where it has never stood; then halves.
const FALLING: [f64; 2] = [1.0 - 1e-5, 0.9];
/// Nothing smaller than this is tried where all that was tried changed the answer.
const LEAST: f64 = 1e-9;
/// How near the ends come, as a part of the upper one.
const FINE: f64 = 2e-6;

/// The largest radius at which the answer stood, and the smallest at which it changed.
pub(super) struct Bracket {
    closed: f64,
    /// 0 where it never stood.
    stood: f64,
    changed: Option<f64>,
    next: Option<f64>,
}

impl Bracket {
    /// Begins around `closed`, above 0.
    pub(super) fn new(closed: f64) -> Self {
        Self {
            closed,
            stood: 0.0,
            changed: None,
            next: Some(RISING[0] * closed),
        }
    }

    /// The radius to try; `None` once the search is over.
    pub(super) fn next(&self) -> Option<f64> {
        self.next
    }

    /// Did the answer change at [`Bracket::next`]?
    pub(super) fn saw(&mut self, changed: bool) {
        let Some(tried) = self.next else {
            return;
        };
        if changed {
            self.changed = Some(tried);
        } else {
            self.stood = tried;
        }
        self.next = match self.changed {
            None => RISING
                .into_iter()
                .map(|share| share * self.closed)
                .find(|radius| *radius > tried),
            Some(high) if self.stood > 0.0 => {
                (high - self.stood > FINE * high).then_some(f64::midpoint(self.stood, high))
            }
            Some(high) => {
                let lower = FALLING
                    .into_iter()
                    .map(|share| share * self.closed)
                    .find(|radius| *radius < high)
                    .unwrap_or(0.5 * high);
                (lower > LEAST * self.closed).then_some(lower)
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found where the answer changes from `threshold` on, and in how many attempts.
    fn found(closed: f64, threshold: f64) -> (Option<f64>, usize) {
        let mut bracket = Bracket::new(closed);
        let mut attempts = 0;
        while let Some(radius) = bracket.next() {
            bracket.saw(radius >= threshold);
            attempts += 1;
        }
        (bracket.changed, attempts)
    }

    #[test]
    fn thresholds_are_found_wherever_they_lie() {
        for closed in [1e-3, 1.0, 300.0] {
            for share in [1e-6, 0.1, 0.5, 0.909, 0.999_99, 1.0, 1.005, 1.02, 1.049] {
                let (radius, attempts) = found(closed, share * closed);
                let off = radius.unwrap() / (share * closed) - 1.0;
                assert!((0.0..=2e-6).contains(&off), "{share} of {closed}: {off}");
                assert!(attempts < 50, "{attempts}");
            }
            assert_eq!(found(closed, 1.06 * closed), (None, RISING.len()));
            assert!(found(closed, closed).1 < 8);
            let (radius, attempts) = found(closed, 0.0);
            assert!(radius.unwrap() < 1e-8 * closed && attempts < 50);
        }
    }
}
