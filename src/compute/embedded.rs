//! A set of images and captions, embedded: both sides, and which caption belongs to which image.

use super::{Embeddings, Groups, Measure};
use crate::error::{Error, Result};
use std::sync::{Arc, OnceLock};

/// Both sides' embeddings. The sizes fit each other, and both sides are compared by one measure. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Embedded {
    /// One row per image.
    pub images: Arc<Embeddings>,
    /// One row per caption, grouped by image; no rows where there are images alone.
    pub texts: Arc<Embeddings>,
    /// The captions of each image.
    pub groups: Arc<Groups>,
    /// Both sides by cosine, where they are compared by dot product and something needed them so.
    unit: Arc<OnceLock<[Arc<Embeddings>; 2]>>,
}

impl Embedded {
    /// Both sides, and which caption belongs to which image.
    ///
    /// # Errors
    /// Numbers of rows that do not fit `groups`; where there are captions, rows of different lengths or measures.
    pub fn new(images: Embeddings, texts: Embeddings, groups: Groups) -> Result<Self> {
        Self::shared(Arc::new(images), Arc::new(texts), Arc::new(groups))
    }

    /// As [`Embedded::new`], of parts that others hold too.
    ///
    /// # Errors
    /// As there.
    pub fn shared(
        images: Arc<Embeddings>,
        texts: Arc<Embeddings>,
        groups: Arc<Groups>,
    ) -> Result<Self> {
        let rows = images.rows() == groups.images() && texts.rows() == groups.texts();
        let alone = texts.rows() == 0;
        if !rows || !(alone || images.dim() == texts.dim()) {
            return Err(Error::request(
                format!(
                    "{} images of {} values and {} captions of {} do not fit {} images with {} captions",
                    images.rows(),
                    images.dim(),
                    texts.rows(),
                    texts.dim(),
                    groups.images(),
                    groups.texts()
                ),
                "Embed this dataset again with one encoder.",
            ));
        }
        if !alone && images.measure() != texts.measure() {
            return Err(Error::request(
                format!(
                    "images are compared by {} and captions by {}",
                    images.measure().words(),
                    texts.measure().words()
                ),
                "Compare both sides by one measure.",
            ));
        }
        Ok(Self {
            images,
            texts,
            groups,
            unit: Arc::default(),
        })
    }

    /// How rows are compared.
    pub fn measure(&self) -> Measure {
        self.images.measure()
    }

    /// To be compared by cosine, for what needs rows of unit norm: itself where it is so already.
    #[must_use]
    pub fn by_cosine(&self) -> Self {
        if self.measure() == Measure::Cosine {
            return self.clone();
        }
        let sides = [&self.images, &self.texts];
        let unit = self
            .unit
            .get_or_init(|| sides.map(|side| Arc::new(side.to_cosine())));
        Self {
            images: Arc::clone(&unit[0]),
            texts: Arc::clone(&unit[1]),
            groups: Arc::clone(&self.groups),
            unit: Arc::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize, measure: Measure) -> Embeddings {
        let values = (0..count).flat_map(|i| [i as f32 + 1.0, 2.0]).collect();
        Embeddings::measured(values, 2, measure).unwrap()
    }

    #[test]
    fn sides_that_do_not_fit_are_refused() {
        let two = || Groups::uniform(2, 2);
        let (cosine, dot) = (Measure::Cosine, Measure::Dot);
        let made = |images, texts, groups| Embedded::new(images, texts, groups).is_ok();
        assert!(made(rows(2, cosine), rows(4, cosine), two()));
        assert!(!made(rows(3, cosine), rows(4, cosine), two()));
        assert!(!made(rows(2, cosine), rows(3, cosine), two()));
        assert!(!made(rows(2, cosine), rows(4, dot), two()));
        let wide = Embeddings::new(vec![1.0; 12], 3).unwrap();
        assert!(!made(rows(2, cosine), wide, two()));
        let alone = Groups::new(vec![0, 0, 0]).unwrap();
        assert!(made(rows(2, dot), Embeddings::default(), alone));
    }

    #[test]
    fn rows_by_dot_product_become_rows_of_unit_norm_once() {
        let dot = Measure::Dot;
        let set = Embedded::new(rows(2, dot), rows(2, dot), Groups::uniform(2, 1)).unwrap();
        let unit = set.by_cosine();
        assert_eq!(unit.measure(), Measure::Cosine);
        assert!(Arc::ptr_eq(&unit.images, &set.by_cosine().images));
        assert!(Arc::ptr_eq(&unit.by_cosine().texts, &unit.texts));
    }
}
