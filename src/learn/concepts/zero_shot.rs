//! The classifier that captions make.

use super::groups::Sources;
use super::members::Members;
use crate::error::{Error, Result};

/// The weights of the zero-shot classifier of two groups on embeddings (arXiv 2103.00020, section 3.1.4): the unit mean of
/// the embeddings of the captions that speak of the first group, less that of the second. An image is taken for the first
/// group where its embedding is nearer to the first mean. `images` are those of either group.
///
/// # Errors
/// No embeddings; a group of which no caption speaks.
pub fn zero_shot(
    sources: Sources<'_>,
    members: [&Members; 2],
    images: [&[u32]; 2],
) -> Result<Vec<f64>> {
    let Some(embedded) = sources.embedded else {
        return Err(Error::request(
            "there are no embeddings",
            "Open an encoder, or files of embeddings.",
        ));
    };
    let unit = embedded.by_cosine();
    let mean = |members: &Members, images: &[u32]| -> Result<Vec<f64>> {
        let own = images.iter().copied();
        let captions: Vec<u32> = own
            .flat_map(|image| members.captions(sources.dataset, image))
            .filter(|&j| (j as usize) < unit.texts.rows())
            .collect();
        let mut sum = vec![0.0; unit.texts.dim()];
        for &caption in &captions {
            for (sum, &value) in sum.iter_mut().zip(unit.texts.row(caption as usize)) {
                *sum += f64::from(value);
            }
        }
        let length = sum.iter().map(|v| v * v).sum::<f64>().sqrt();
        if captions.is_empty() || length == 0.0 {
            return Err(Error::request(
                format!("no caption speaks of {:?}", members.title()),
                "Name the groups by words that captions have.",
            ));
        }
        Ok(sum.into_iter().map(|v| v / length).collect())
    };
    let first = mean(members[0], images[0])?;
    let second = mean(members[1], images[1])?;
    Ok(first.iter().zip(&second).map(|(a, b)| a - b).collect())
}
