//! The nearest neighbours of every point, from which both layouts start.

use crate::error::{Error, Result};

/// For each of `n` points its `k` nearest others, nearest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Neighbours {
    /// Neighbours per point.
    pub k: usize,
    /// Rows of the neighbours, row-major `[n, k]`; the point itself is left out.
    pub rows: Vec<u32>,
    /// Their Euclidean distances, `[n, k]`, ascending in each row.
    pub distances: Vec<f32>,
}

impl Neighbours {
    /// Refuses neighbours that are not those of `points` points: what the layouts rely on.
    ///
    /// # Errors
    /// Lengths other than `points * k`; a neighbour that is no other point; a distance that is negative, not finite or
    /// smaller than the one before it.
    pub fn check(&self, points: usize) -> Result<()> {
        let fault = |what: String| {
            Err(Error::request(
                what,
                "Compute the nearest neighbours of these points again.",
            ))
        };
        let length = points * self.k;
        if self.rows.len() != length || self.distances.len() != length {
            return fault(format!(
                "{} neighbours and {} distances are not {} of each of {points} points",
                self.rows.len(),
                self.distances.len(),
                self.k
            ));
        }
        for point in 0..points {
            let (rows, distances) = self.of(point, self.k);
            let other = |&row: &u32| (row as usize) < points && row as usize != point;
            if !rows.iter().all(other) {
                return fault(format!(
                    "point {point} has a neighbour that is no other point"
                ));
            }
            let rising = distances.windows(2).all(|pair| pair[0] <= pair[1]);
            let real = distances.iter().all(|d| d.is_finite() && *d >= 0.0);
            if !rising || !real {
                return fault(format!(
                    "the distances of point {point} are not ascending numbers from 0 on"
                ));
            }
        }
        Ok(())
    }

    /// Refuses a start that is not one of these points, or has places that are no numbers.
    ///
    /// # Errors
    /// As [`Neighbours::check`], and a place that is not finite.
    pub fn check_start(&self, start: &[[f32; 2]]) -> Result<()> {
        self.check(start.len())?;
        if start.iter().flatten().all(|v| v.is_finite()) {
            return Ok(());
        }
        Err(Error::request(
            "a place that the map starts from is no number",
            "Start from the principal components of the embeddings.",
        ))
    }

    /// The `most` nearest of `point`, or all where there are fewer: rows and distances.
    pub fn of(&self, point: usize, most: usize) -> (&[u32], &[f32]) {
        let start = point * self.k;
        let range = start..start + most.min(self.k);
        (&self.rows[range.clone()], &self.distances[range])
    }
}

/// Neighbours of rows by the definition, for tests.
#[cfg(test)]
pub(super) fn by_force(data: &[f32], dim: usize, k: usize) -> Neighbours {
    let rows: Vec<&[f32]> = data.chunks(dim).collect();
    let k = k.min(rows.len().saturating_sub(1));
    let mut near = Neighbours {
        k,
        ..Neighbours::default()
    };
    for (i, row) in rows.iter().enumerate() {
        let others = (0..rows.len()).filter(|&j| j != i);
        let mut all: Vec<(f32, u32)> = others
            .map(|j| {
                let square = row.iter().zip(rows[j]).map(|(a, b)| (a - b).powi(2));
                (square.sum::<f32>().sqrt(), j as u32)
            })
            .collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        near.rows.extend(all[..k].iter().map(|n| n.1));
        near.distances.extend(all[..k].iter().map(|n| n.0));
    }
    near
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_layouts_could_not_use_is_refused() {
        let good = Neighbours {
            k: 1,
            rows: vec![1, 0],
            distances: vec![0.5, 0.5],
        };
        assert!(good.check(2).is_ok() && good.check(3).is_err());
        assert_eq!(good.of(1, 9), (&[0][..], &[0.5][..]));
        let itself = Neighbours {
            rows: vec![0, 0],
            ..good.clone()
        };
        assert!(itself.check(2).is_err());
        let outside = Neighbours {
            rows: vec![2, 0],
            ..good.clone()
        };
        assert!(outside.check(2).is_err());
        let not_a_number = Neighbours {
            distances: vec![f32::NAN, 0.5],
            ..good
        };
        assert!(not_a_number.check(2).is_err());
        let falling = Neighbours {
            k: 2,
            rows: vec![1, 2, 0, 2, 0, 1],
            distances: vec![0.5, 0.4, 0.1, 0.2, 0.1, 0.2],
        };
        assert!(falling.check(3).is_err());
        assert!(Neighbours::default().check(1).is_ok());
    }
}
