//! The search for the smallest radius of one row.

/// The first radius tried, the one that nothing may reach, and the largest, in closed forms.
const FIRST: f64 = 1.01;
const BELOW: f64 = 0.9;
const LARGEST: f64 = 1.05;
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
            next: Some(FIRST * closed),
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
            None => (tried < LARGEST * self.closed).then_some(LARGEST * self.closed),
            Some(high) if self.stood > 0.0 => {
                (high - self.stood > FINE * high).then_some(f64::midpoint(self.stood, high))
            }
            Some(high) => {
                let below = BELOW * self.closed;
                let lower = if high > below { below } else { 0.5 * high };
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
            assert_eq!(found(closed, 1.06 * closed), (None, 2));
            let (radius, attempts) = found(closed, 0.0);
            assert!(radius.unwrap() < 1e-8 * closed && attempts < 50);
        }
    }
}
