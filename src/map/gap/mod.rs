//! The modality gap: how far images and texts lie apart in the joint space (Liang et al., arXiv 2203.02053).

mod discriminant;
mod separation;

use super::centre::mean;
use crate::compute::Embeddings;
use crate::error::{Error, Result};
use crate::task::Task;
use separation::separated;

/// How far two sides of a joint space lie apart. What is not defined, for want of rows, is `None`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// Euclidean distance of the sides' mean rows, 0 to 2.
    pub distance: f64,
    /// Mean cosine of two different images: 1 where all point one way, about 0 where they point everywhere. `None` for
    /// fewer than two.
    pub images_cosine: Option<f64>,
    /// Mean cosine of two different texts.
    pub texts_cosine: Option<f64>,
    /// Mean cosine of an image and a text.
    pub across_cosine: f64,
    /// Share of rows, the mean of both sides', that a linear classifier puts on the right side although it has not seen
    /// their group: 0.5 is chance. `None` for fewer groups than it takes.
    pub separable: Option<f64>,
    /// Rows of both sides that the classifier was measured by.
    pub classified: usize,
}

/// Measures the gap between the rows of `images` and `texts`. `group` of a text is the image that it describes: rows of
/// one group are never split between the classifier's training and its test. It sees at most 10,000 rows of a
/// side, in groups that `seed` draws.
///
/// # Errors
/// No rows on a side, rows of two lengths, as many groups as texts there are not, or cancellation.
pub fn measure(
    images: &Embeddings,
    texts: &Embeddings,
    group: &[u32],
    seed: u64,
    task: &Task,
) -> Result<Gap> {
    fitting(images, texts)?;
    if group.len() != texts.rows() || group.iter().any(|&g| g as usize >= images.rows()) {
        return Err(Error::request(
            format!(
                "{} groups are not those of {} texts of {} images",
                group.len(),
                texts.rows(),
                images.rows()
            ),
            "Give for each text the row of its image.",
        ));
    }
    task.begin("Measuring the modality gap", 0);
    let sides = [mean(images), mean(texts)];
    let off = sides[0].iter().zip(&sides[1]).map(|(a, b)| (a - b).powi(2));
    let across = sides[0].iter().zip(&sides[1]).map(|(a, b)| a * b);
    let (separable, classified) = separated(images, texts, group, seed, task)?;
    Ok(Gap {
        distance: off.sum::<f64>().sqrt(),
        images_cosine: cosine(images, &sides[0]),
        texts_cosine: cosine(texts, &sides[1]),
        across_cosine: across.sum(),
        separable,
        classified,
    })
}

fn fitting(images: &Embeddings, texts: &Embeddings) -> Result<()> {
    if images.rows() == 0 || texts.rows() == 0 || images.dim() != texts.dim() {
        return Err(Error::request(
            format!(
                "there is no gap between {} images of {} values and {} texts of {}",
                images.rows(),
                images.dim(),
                texts.rows(),
                texts.dim()
            ),
            "Take images and texts from one encoder, at least one of each.",
        ));
    }
    Ok(())
}

/// The mean cosine of two different rows: the squared norm of the sum of all rows holds each pair twice, and each row
/// with itself once.
fn cosine(side: &Embeddings, mean: &[f64]) -> Option<f64> {
    let n = side.rows() as f64;
    let own: f64 = side.data().iter().map(|&v| f64::from(v).powi(2)).sum();
    let all: f64 = mean.iter().map(|m| (m * n).powi(2)).sum();
    (n > 1.0).then(|| (all - own) / (n * (n - 1.0)))
}

#[cfg(test)]
mod tests {
    use super::super::centre::without;
    use super::*;

    fn centred(side: &Embeddings) -> Embeddings {
        without(side, &mean(side)).unwrap()
    }

    fn rows(data: &[f32], dim: usize) -> Embeddings {
        Embeddings::new(data.to_vec(), dim).unwrap()
    }

    #[test]
    fn a_case_by_hand() {
        let images = rows(&[1.0, 0.0, 0.6, 0.8], 2);
        let texts = rows(&[0.0, 1.0, 0.0, -1.0, -1.0, 0.0], 2);
        let gap = measure(&images, &texts, &[0, 1, 1], 0, &Task::detached()).unwrap();
        // Means (0.8, 0.4) and (-1/3, 0).
        assert!(
            (gap.distance - (0.8_f64 + 1.0 / 3.0).hypot(0.4)).abs() < 1e-7,
            "{gap:?}"
        );
        assert!((gap.images_cosine.unwrap() - 0.6).abs() < 1e-7);
        // Pairs: -1, 0, 0.
        assert!((gap.texts_cosine.unwrap() + 1.0 / 3.0).abs() < 1e-7);
        assert!((gap.across_cosine + 0.8 / 3.0).abs() < 1e-7);
        assert_eq!(gap.separable, None);
    }

    #[test]
    fn centring_takes_the_gap_away() {
        let mut random = fastrand::Rng::with_seed(2);
        let mut side = |rows: usize, first: f32| -> Vec<f32> {
            let mut value =
                |i: usize| f32::from(u8::from(i.is_multiple_of(6))) * first + random.f32() - 0.5;
            (0..6 * rows).map(&mut value).collect()
        };
        let (images, texts) = (rows(&side(300, 1.5), 6), rows(&side(600, -1.5), 6));
        let group: Vec<u32> = (0..600).map(|t| t / 2).collect();
        let task = Task::detached();
        let before = measure(&images, &texts, &group, 0, &task).unwrap();
        assert!(
            before.distance > 1.0 && before.separable > Some(0.99),
            "{before:?}"
        );
        let (images, texts) = (centred(&images), centred(&texts));
        let after = measure(&images, &texts, &group, 0, &task).unwrap();
        assert!(after.distance < 0.1, "{after:?}");
        assert!(after.separable.is_some_and(|s| (s - 0.5).abs() < 0.15));
        assert!(after.images_cosine.is_some_and(|c| c.abs() < 0.02));
        let norm = |row: &[f32]| row.iter().map(|v| v * v).sum::<f32>().sqrt();
        assert!((0..300).all(|i| (norm(images.row(i)) - 1.0).abs() < 1e-5));
    }

    #[test]
    fn few_and_equal_rows_are_no_fault() {
        let one = rows(&[1.0, 0.0], 2);
        let same = rows(&[1.0; 20], 2);
        let gap = measure(&one, &one, &[0], 0, &Task::detached()).unwrap();
        assert_eq!(
            (gap.distance, gap.images_cosine, gap.separable),
            (0.0, None, None)
        );
        let group: Vec<u32> = (0..10).collect();
        let gap = measure(&same, &same, &group, 0, &Task::detached()).unwrap();
        assert_eq!(gap.separable, Some(0.5));
        assert!((gap.images_cosine.unwrap() - 1.0).abs() < 1e-6);
        let images = centred(&same);
        assert!(images.data().iter().all(|&v| v == 0.0));
        assert!(measure(&one, &rows(&[1.0; 3], 3), &[0], 0, &Task::detached()).is_err());
        assert!(measure(&one, &one, &[1], 0, &Task::detached()).is_err());
        assert!(measure(&one, &rows(&[], 2), &[], 0, &Task::detached()).is_err());
    }
}
