//! Which regions of a picture a score comes from, without gradients: each is covered in turn (Zeiler and Fergus 2014,
//! arXiv 1311.2901, section 4.2).

use crate::compute::Embeddings;
use crate::dataset::Picture;
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::task::Task;

/// Longest side of the picture that is covered and encoded: more costs time and says no more.
const SIDE: u32 = 640;

/// What covering each region of a picture does to its scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Occlusion {
    /// Cells along each side.
    pub cells: usize,
    /// Score of the whole picture with each text.
    pub scores: Vec<f32>,
    /// For each text, `[cells, cells]` from the top left: the score less what is left of it while the two by two
    /// cells around this one are covered. Positive where the region raises the score.
    pub raises: Vec<Vec<f32>>,
}

/// Covers `cells` x `cells` regions of `picture` with its mean colour, one by one, and scores what is left against
/// every row of `texts`.
///
/// # Errors
/// No cells, embeddings of another length, a model that fails, or cancellation.
pub fn occlusion(
    encoder: &Encoder,
    picture: &Picture,
    texts: &Embeddings,
    cells: usize,
    task: &Task,
) -> Result<Occlusion> {
    if cells == 0 || texts.rows() == 0 {
        return Err(Error::request(
            "there is nothing to cover or to score",
            "Ask for one region and one caption at least.",
        ));
    }
    let picture = if picture.width.max(picture.height) > SIDE {
        picture.thumbnail(SIDE)
    } else {
        picture.clone()
    };
    let score = |picture: &Picture| -> Result<Vec<f32>> {
        let row = encoder.embed_picture(picture)?;
        if row.dim() != texts.dim() {
            return Err(Error::request(
                format!(
                    "the picture's embedding has {} values, the captions' {}",
                    row.dim(),
                    texts.dim()
                ),
                "Use the encoder that embedded the dataset.",
            ));
        }
        Ok((0..texts.rows()).map(|t| row.dot(0, texts, t)).collect())
    };
    task.begin("Covering regions", (cells * cells) as u64);
    let scores = score(&picture)?;
    let colour = mean(&picture);
    let mut raises = vec![Vec::with_capacity(cells * cells); texts.rows()];
    for cell in 0..cells * cells {
        task.check()?;
        let covered = cover(&picture, cells, cell, colour);
        for ((map, whole), left) in raises.iter_mut().zip(&scores).zip(score(&covered)?) {
            map.push(whole - left);
        }
        task.add(1);
    }
    Ok(Occlusion {
        cells,
        scores,
        raises,
    })
}

fn mean(picture: &Picture) -> [u8; 3] {
    let mut sums = [0_u64; 3];
    for pixel in picture.rgb.as_chunks::<3>().0 {
        for (sum, &value) in sums.iter_mut().zip(pixel) {
            *sum += u64::from(value);
        }
    }
    let count = (picture.rgb.len() as u64 / 3).max(1);
    sums.map(|sum| (sum / count) as u8)
}

/// The picture with half a cell around cell `cell` covered too.
fn cover(picture: &Picture, cells: usize, cell: usize, colour: [u8; 3]) -> Picture {
    let span = |at: usize, length: u32| {
        let edge = |half: usize| half * length as usize / (2 * cells);
        edge((2 * at).saturating_sub(1))..edge((2 * at + 3).min(2 * cells))
    };
    let (rows, columns) = (
        span(cell / cells, picture.height),
        span(cell % cells, picture.width),
    );
    let mut covered = picture.clone();
    let width = picture.width as usize;
    for row in rows {
        let line = 3 * (row * width + columns.start)..3 * (row * width + columns.end);
        for pixel in covered.rgb[line].as_chunks_mut::<3>().0 {
            *pixel = colour;
        }
    }
    covered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_covers_itself_and_half_of_its_neighbours() {
        let picture = Picture {
            width: 8,
            height: 8,
            rgb: [10, 20, 30].repeat(64),
        };
        assert_eq!(mean(&picture), [10, 20, 30]);
        let covered = |cell: usize| {
            let part = cover(&picture, 4, cell, [0, 0, 0]);
            part.rgb.chunks(3).filter(|p| p[0] == 0).count()
        };
        // A corner: 3 x 3 pixels; inside: 4 x 4.
        assert_eq!((covered(0), covered(5), covered(15)), (9, 16, 9));
    }
}
