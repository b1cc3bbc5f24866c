//! The rows of a map: those of both sides of the joint space, images first.

use super::Of;
use super::centre::{mean, without};
use crate::compute::{Embedded, Embeddings};
use crate::error::{Error, Result};

/// The rows of a map.
#[derive(Debug, Clone)]
pub struct Rows {
    /// Rows of unit norm: images, then captions.
    pub rows: Embeddings,
    /// How many of them are images.
    pub images: usize,
    /// The mean of the images that was taken off, where it was.
    image_mean: Option<Vec<f64>>,
}

impl Rows {
    /// The sides of `embedded` that `of` has, by cosine; with `centre`, each side without its mean, and of unit norm again.
    ///
    /// # Errors
    /// There is nothing of that side.
    pub fn of(embedded: &Embedded, of: Of, centre: bool) -> Result<Self> {
        let sides = embedded.by_cosine();
        let (images, texts) = (&sides.images, &sides.texts);
        if of.has_texts() && texts.rows() == 0 {
            return Err(Error::request(
                "there are no captions for the map",
                "Make a map of the images alone.",
            ));
        }
        let kept = if of.has_images() { images.rows() } else { 0 };
        let both = of.has_images() && of.has_texts();
        let centre = centre && both;
        let means = centre.then(|| [mean(images), mean(texts)]);
        let mut values = Vec::with_capacity(sides_len(images, texts, of));
        for (at, side, wanted) in [(0, images, of.has_images()), (1, texts, of.has_texts())] {
            if !wanted {
                continue;
            }
            match &means {
                Some(means) => values.extend_from_slice(without(side, &means[at])?.data()),
                None => values.extend_from_slice(side.data()),
            }
        }
        Ok(Self {
            rows: Embeddings::new(values, images.dim())?,
            images: kept,
            image_mean: means.map(|[images, _]| images),
        })
    }

    /// Rows in all.
    pub fn len(&self) -> usize {
        self.rows.rows()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The images alone.
    pub fn image_rows(&self) -> Embeddings {
        self.rows.slice(0..self.images)
    }

    /// Other images as this map would have them: without the mean of its images, where that was taken off.
    ///
    /// # Errors
    /// Rows of another length.
    pub fn as_images(&self, others: &Embeddings) -> Result<Embeddings> {
        match &self.image_mean {
            Some(mean) => without(&others.to_cosine(), mean),
            None => Ok(others.to_cosine()),
        }
    }
}

fn sides_len(images: &Embeddings, texts: &Embeddings, of: Of) -> usize {
    let len = |side: &Embeddings, wanted: bool| if wanted { side.data().len() } else { 0 };
    len(images, of.has_images()) + len(texts, of.has_texts())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::Groups;

    #[test]
    fn centred_sides_have_one_mean_and_others_are_brought_along() {
        let mut random = fastrand::Rng::with_seed(2);
        // Two cones around opposite directions.
        let mut side = |rows: usize, to: f32| {
            let values = (0..rows * 8)
                .map(|i| random.f32() - 0.5 + if i.is_multiple_of(8) { to } else { 0.0 });
            Embeddings::new(values.collect(), 8).expect("whole rows")
        };
        let (images, texts) = (side(40, 3.0), side(80, -3.0));
        let set = Embedded::new(images.clone(), texts, Groups::uniform(40, 2)).expect("fits");
        let gap = |rows: &Rows| {
            let (a, b) = (rows.image_rows(), rows.rows.slice(rows.images..rows.len()));
            let both = mean(&a).into_iter().zip(mean(&b));
            both.map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
        };
        let plain = Rows::of(&set, Of::Both, false).expect("there");
        let centred = Rows::of(&set, Of::Both, true).expect("there");
        assert!(
            gap(&plain) > 1.5 && gap(&centred) < 0.2,
            "{} {}",
            gap(&plain),
            gap(&centred)
        );
        let again = centred.as_images(&images).expect("fits");
        assert_eq!(again, centred.image_rows());
        let alone = Rows::of(&set, Of::Texts, true).expect("there");
        assert_eq!((alone.len(), alone.images), (80, 0));
    }
}
