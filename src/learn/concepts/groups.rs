//! Rows of two groups.

use super::layer::layer;
use super::members::Members;
use super::on::On;
use super::pixels::pixels;
use crate::compute::Embedded;
use crate::dataset::Dataset;
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::learn::linear::{MOST_ROWS, Problem, Shape};
use crate::task::Task;
use std::collections::HashSet;

/// What rows are made from.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// Images and captions.
    pub dataset: &'a Dataset,
    /// Their embeddings, where there are.
    pub embedded: Option<&'a Embedded>,
    /// The encoder whose tensors are asked for.
    pub encoder: Option<&'a Encoder>,
}

/// Two groups as rows.
pub struct Groups {
    /// The rows and their labels: +1 for the first group.
    pub problem: Problem,
    /// The image of each row.
    pub images: Vec<u32>,
    /// What the groups are called.
    pub titles: [String; 2],
    /// What the rows hold.
    pub on: On,
    /// What is to be known of them, in sentences.
    pub notes: Vec<String>,
}

/// Makes rows of two groups, those of the first group first. Images of both groups are in neither; of more than `most`
/// images a group (all that there is room for, where it is `None`) the first are taken.
///
/// # Errors
/// Groups without images of their own, rows that cannot be made, cancellation.
pub fn two_groups(
    sources: Sources<'_>,
    members: [&Members; 2],
    on: &On,
    most: Option<usize>,
    task: &Task,
) -> Result<Groups> {
    on.check()?;
    let mut notes = Vec::new();
    let titles = members.map(|members| members.title().to_owned());
    let [first, second] = members.map(|members| members.images(sources.dataset));
    let (mut first, mut second) = (first?, second?);
    let both: HashSet<u32> = {
        let known: HashSet<u32> = first.iter().copied().collect();
        second
            .iter()
            .copied()
            .filter(|i| known.contains(i))
            .collect()
    };
    if !both.is_empty() {
        first.retain(|image| !both.contains(image));
        second.retain(|image| !both.contains(image));
        notes.push(format!(
            "{} images are in both groups, and were left out.",
            both.len()
        ));
    }
    if first.is_empty() || second.is_empty() {
        let which = usize::from(!first.is_empty());
        return Err(Error::request(
            format!(
                "all images of {:?} are in the other group too",
                titles[which]
            ),
            "Choose groups that differ.",
        ));
    }
    let most = most.unwrap_or(MOST_ROWS / 2).min(MOST_ROWS / 2);
    for (images, title) in [(&mut first, &titles[0]), (&mut second, &titles[1])] {
        if images.len() > most {
            notes.push(format!(
                "Of the {} images of {title:?} the first {most} are studied.",
                images.len()
            ));
            images.truncate(most);
        }
    }
    let labels: Vec<i8> = [vec![1; first.len()], vec![-1; second.len()]].concat();
    let images = [first, second].concat();
    let (rows, shape) = match on {
        On::Pixels { side, colour } => pixels(sources.dataset, &images, *side, *colour, task)?,
        On::Embeddings => embeddings(sources.embedded, &images)?,
        On::Layer(name) => match sources.encoder {
            Some(encoder) => layer(encoder, sources.dataset, &images, name, task)?,
            None => {
                return Err(Error::request(
                    format!("there is no encoder whose tensor {name:?} could be computed"),
                    "Open an encoder, or choose pixels or embeddings.",
                ));
            }
        },
    };
    Ok(Groups {
        problem: Problem::new(rows, &labels, shape)?,
        images,
        titles,
        on: on.clone(),
        notes,
    })
}

fn embeddings(embedded: Option<&Embedded>, images: &[u32]) -> Result<(Vec<f64>, Shape)> {
    let Some(embedded) = embedded else {
        return Err(Error::request(
            "there are no embeddings",
            "Open an encoder, or files of embeddings.",
        ));
    };
    let unit = embedded.by_cosine();
    let rows = images
        .iter()
        .flat_map(|&image| unit.images.row(image as usize))
        .map(|&value| f64::from(value));
    Ok((rows.collect(), Shape::line(unit.images.dim())))
}
