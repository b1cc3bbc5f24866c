//! Rows of zeros: they have no direction, so no cosine.

use super::super::Side;
use super::notes::listed;
use super::told::{BARE, ZERO};
use super::{Given, Note};
use crate::compute::{Embedded, Embeddings, Groups, Measure};
use crate::dataset::{Dataset, Problem, Reason};
use crate::error::{Error, Result};

/// What becomes of rows of zeros where rows are compared by cosine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Zeros {
    /// They are left out, and it is said: for figures over a set.
    LeaveOut,
    /// They are refused: where rows go by their numbers, or must match those of another file.
    #[default]
    Refuse,
}

/// `given` without the images and captions whose rows are zero throughout, which is added to its notes. By dot product
/// all stay, and it is said. The account of the dataset has all of the notes, and the measure.
///
/// # Errors
/// There are such rows and they may not be left out, or nothing is left.
pub fn without_zeros(given: Given, zeros: Zeros) -> Result<Given> {
    let mut given = left(given, zeros)?;
    if let Some(dataset) = &mut given.dataset {
        given
            .notes
            .put_into(&mut dataset.origin, given.embedded.measure());
    }
    Ok(given)
}

fn left(given: Given, zeros: Zeros) -> Result<Given> {
    let Given {
        embedded,
        dataset,
        mut notes,
    } = given;
    let sides = found(&embedded.images, &embedded.texts, dataset.as_ref());
    if sides.is_empty() || embedded.measure() == Measure::Dot {
        for (side, names) in sides {
            notes.add(Note::Zeros { side, names });
        }
        return Ok(Given {
            embedded,
            dataset,
            notes,
        });
    }
    if zeros == Zeros::Refuse {
        refuse_zeros(
            &embedded.images,
            &embedded.texts,
            Measure::Cosine,
            dataset.as_ref(),
        )?;
    }
    let blank = Blank::of(&embedded);
    let (groups, no_image, no_text) = (&embedded.groups, &blank.images, &blank.texts);
    let keep = |i: usize| blank.keeps(groups, i);
    let images: Vec<u32> = (0..groups.images())
        .filter(|&i| keep(i))
        .map(|i| i as u32)
        .collect();
    let captions = |i: u32| groups.range(i as usize).filter(|&j| !no_text[j]);
    if images.is_empty() {
        return Err(Error::request(
            "no image is left that has a caption: all rows of one side are zero throughout",
            "The model or its export is faulty; embed the set again in float32.",
        ));
    }
    let mut offsets = vec![0_u32];
    let mut texts = Vec::new();
    for &i in &images {
        texts.extend(captions(i).map(|j| j as u32));
        offsets.push(texts.len() as u32);
    }
    let bare: Vec<String> = (0..groups.images())
        .filter(|&i| !no_image[i] && !keep(i))
        .map(|i| name(dataset.as_ref(), Side::Image, i))
        .collect();
    let followed = (0..groups.images())
        .filter(|&i| no_image[i])
        .flat_map(|i| groups.range(i))
        .filter(|&j| !no_text[j])
        .count();
    for (side, names) in sides {
        notes.add(Note::LeftOut { side, names });
    }
    if !bare.is_empty() {
        notes.add(Note::Bare { names: bare });
    }
    if followed > 0 {
        notes.add(Note::Followed { captions: followed });
    }
    let dataset = dataset.map(|dataset| blank.left_of(&dataset, groups, &images, &texts, &offsets));
    Ok(Given {
        embedded: Embedded::new(
            embedded.images.gather(&images),
            embedded.texts.gather(&texts),
            Groups::new(offsets)?,
        )?,
        dataset,
        notes,
    })
}

/// Which rows are zero throughout.
struct Blank {
    images: Vec<bool>,
    texts: Vec<bool>,
}

impl Blank {
    fn of(embedded: &Embedded) -> Self {
        Self {
            images: blank(&embedded.images),
            texts: blank(&embedded.texts),
        }
    }

    /// Does image `i` stay? Its row is not zero, nor are those of all its captions.
    fn keeps(&self, groups: &Groups, i: usize) -> bool {
        let own = groups.range(i);
        !self.images[i] && (own.is_empty() || own.clone().any(|j| !self.texts[j]))
    }

    /// `dataset` with these rows of `images` and `texts` alone; what is left out is among its problems.
    fn left_of(
        &self,
        dataset: &Dataset,
        groups: &Groups,
        images: &[u32],
        texts: &[u32],
        offsets: &[u32],
    ) -> Dataset {
        let mut kept = Dataset {
            images: images
                .iter()
                .map(|&i| dataset.images[i as usize].clone())
                .collect(),
            captions: texts
                .iter()
                .map(|&j| dataset.captions[j as usize].clone())
                .collect(),
            offsets: offsets.to_vec(),
            ..dataset.clone()
        };
        let lost =
            |side, row, what, reason| Problem::new(name(Some(dataset), side, row), what, reason);
        for (i, &blank_image) in self.images.iter().enumerate() {
            let own = groups.range(i);
            if blank_image {
                let problem = lost(Side::Image, i, ZERO, Reason::ZeroRow);
                kept.problems.push(problem.costing(1, own.len() as u64));
                continue;
            }
            let blank = own.filter(|&j| self.texts[j]);
            let blank = blank.map(|j| lost(Side::Text, j, ZERO, Reason::ZeroRow).costing(0, 1));
            kept.problems.extend(blank);
            if !self.keeps(groups, i) {
                let problem = lost(Side::Image, i, BARE, Reason::NoCaption);
                kept.problems.push(problem.costing(1, 0));
            }
        }
        kept
    }
}

/// Refuses rows of zeros where rows are compared by cosine.
///
/// # Errors
/// There are such rows: the side with its first twenty.
pub fn refuse_zeros(
    images: &Embeddings,
    texts: &Embeddings,
    measure: Measure,
    dataset: Option<&Dataset>,
) -> Result<()> {
    match found(images, texts, dataset).first() {
        Some((side, names)) if measure == Measure::Cosine => Err(Error::request(
            format!(
                "{} are zero throughout: a row of zeros has no cosine with any other",
                listed(*side, names)
            ),
            "Leave them out of both sides, or embed them again; by --similarity dot they may stay.",
        )),
        _ => Ok(()),
    }
}

/// The names of the rows of zeros of each side that has some.
fn found(
    images: &Embeddings,
    texts: &Embeddings,
    dataset: Option<&Dataset>,
) -> Vec<(Side, Vec<String>)> {
    let sides = [(Side::Image, images), (Side::Text, texts)].map(|(side, rows)| {
        let blank = blank(rows);
        let rows = (0..blank.len()).filter(|&row| blank[row]);
        (
            side,
            rows.map(|row| name(dataset, side, row)).collect::<Vec<_>>(),
        )
    });
    let some = sides.into_iter().filter(|(_, names)| !names.is_empty());
    some.collect()
}

/// Which rows are zero throughout?
fn blank(rows: &Embeddings) -> Vec<bool> {
    let zero = |i: usize| rows.row(i).iter().all(|&v| v == 0.0);
    (0..rows.rows()).map(zero).collect()
}

fn name(dataset: Option<&Dataset>, side: Side, row: usize) -> String {
    match (dataset, side) {
        (Some(dataset), Side::Image) if row < dataset.images.len() => {
            dataset.images[row].name.clone()
        }
        (Some(dataset), Side::Text) if row < dataset.captions.len() => {
            let owner = dataset.image_of(row);
            let place = row - dataset.captions_of(owner).start + 1;
            format!("caption {place} of {}", dataset.images[owner].name)
        }
        _ => row.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Notes;
    use super::*;

    fn given(images: &[f32], texts: &[f32], offsets: &[u32], measure: Measure) -> Given {
        let rows = |values: &[f32]| {
            let rows = values.iter().flat_map(|&v| [v, 0.0]).collect();
            Embeddings::measured(rows, 2, measure).unwrap()
        };
        let groups = Groups::new(offsets.to_vec()).unwrap();
        Given {
            embedded: Embedded::new(rows(images), rows(texts), groups).unwrap(),
            dataset: None,
            notes: Notes::default(),
        }
    }

    #[test]
    fn rows_of_zeros_are_left_out_with_what_hangs_on_them() {
        // Image 0 is blank and takes its caption along; image 2 has blank captions alone; one of image 1's is blank.
        let (images, texts) = ([0.0, 1.0, 2.0], [1.0, 0.0, 3.0, 0.0]);
        let of = |measure| given(&images, &texts, &[0, 1, 3, 4], measure);
        let kept = without_zeros(of(Measure::Cosine), Zeros::LeaveOut).unwrap();
        let rows = &kept.embedded;
        assert_eq!((rows.images.rows(), rows.texts.rows()), (1, 1));
        assert_eq!(rows.groups.offsets(), [0, 1]);
        assert_eq!(kept.notes.all().len(), 4, "{:?}", kept.notes.sentences());
        assert!(without_zeros(of(Measure::Cosine), Zeros::Refuse).is_err());
        let all = without_zeros(of(Measure::Dot), Zeros::Refuse).unwrap();
        assert_eq!((all.embedded.images.rows(), all.notes.all().len()), (3, 2));
        let none = given(&[0.0], &[1.0], &[0, 1], Measure::Cosine);
        assert!(without_zeros(none, Zeros::LeaveOut).is_err());
    }
}
