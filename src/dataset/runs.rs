//! Rows that repeat: VSE++ and its kin store an image's row once for each of its captions.

use crate::error::Result;

/// How rows repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Runs {
    /// Rows that equal the one before.
    pub repeated: usize,
    /// The largest number that divides the length of every run of equal rows, so that all rows come in equal groups of
    /// that many; 1 where they do not, or where all rows are equal.
    pub each: usize,
}

/// Looks at `rows` rows from the first on, of which `same` tells whether one equals the one before. Where these are not
/// `whole`, the last run may go on and is not counted.
///
/// # Errors
/// Those of `same`.
pub fn equal_runs(
    rows: usize,
    whole: bool,
    mut same: impl FnMut(usize) -> Result<bool>,
) -> Result<Runs> {
    let (mut repeated, mut each, mut run, mut runs) = (0, 0, 1, 0_usize);
    for row in 1..rows {
        if same(row)? {
            repeated += 1;
            run += 1;
            continue;
        }
        (each, run, runs) = (divisor(each, run), 1, runs + 1);
    }
    if whole && runs > 0 {
        each = divisor(each, run);
    }
    Ok(Runs {
        repeated,
        each: if runs > 0 { each } else { 1 },
    })
}

/// The largest number that divides both; the other where one is 0.
fn divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &str, whole: bool) -> Runs {
        let rows = rows.as_bytes();
        equal_runs(rows.len(), whole, |i| Ok(rows[i] == rows[i - 1])).unwrap()
    }

    #[test]
    fn groups_are_found_by_what_divides_every_run() {
        assert_eq!(
            of("aaabbbccc", true),
            Runs {
                repeated: 6,
                each: 3
            }
        );
        // Two neighbours that are equal for another reason.
        assert_eq!(of("aabbbbcc", true).each, 2);
        assert_eq!(
            of("aabbbcc", true),
            Runs {
                repeated: 4,
                each: 1
            }
        );
        assert_eq!(of("abcdd", true).each, 1);
        assert_eq!(
            of("aaaa", true),
            Runs {
                repeated: 3,
                each: 1
            }
        );
        assert_eq!((of("aabbc", false).each, of("aabbc", true).each), (2, 1));
        assert_eq!((of("", true).each, of("a", true).each), (1, 1));
    }
}
