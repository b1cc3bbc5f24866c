//! Rows that repeat: VSE++ and its kin store an image's row once for each of its captions.

use crate::error::Result;

/// The largest number that divides the length of every run of equal rows, so that all rows come in equal groups of that
/// many; 1 where they do not, or where all rows are equal.
///
/// Looks at `rows` rows from the first on, of which `same` tells whether one equals the one before, and no further than
/// needed. Where these are not `whole`, the last run may go on and is not counted.
///
/// # Errors
/// Those of `same`.
pub fn equal_runs(
    rows: usize,
    whole: bool,
    mut same: impl FnMut(usize) -> Result<bool>,
) -> Result<usize> {
    let (mut each, mut run) = (0, 1);
    for row in 1..rows {
        if same(row)? {
            run += 1;
            continue;
        }
        (each, run) = (divisor(each, run), 1);
        if each == 1 {
            return Ok(1);
        }
    }
    Ok(match each {
        0 => 1,
        each if whole => divisor(each, run),
        each => each,
    })
}

/// The largest number that divides both; the other where one is 0.
fn divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &str, whole: bool) -> usize {
        let rows = rows.as_bytes();
        equal_runs(rows.len(), whole, |i| Ok(rows[i] == rows[i - 1])).unwrap()
    }

    #[test]
    fn groups_are_found_by_what_divides_every_run() {
        assert_eq!(of("aaabbbccc", true), 3);
        // Two neighbours that are equal for another reason.
        assert_eq!(of("aabbbbcc", true), 2);
        assert_eq!((of("aabbbcc", true), of("abcdd", true)), (1, 1));
        assert_eq!(of("aaaa", true), 1);
        assert_eq!((of("aabbc", false), of("aabbc", true)), (2, 1));
        assert_eq!((of("", true), of("a", true)), (1, 1));
    }
}
