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

/// How much of the groups is taken, and how.
#[derive(Debug, Clone, Copy, Default)]
pub struct Taken {
    /// Images of a group at most; `None` for all that there is room for.
    pub most: Option<usize>,
    /// Is the mean of all rows taken off each? A classifier of such rows is one with a bias of the rows themselves, and
    /// perturbations are the same.
    pub centred: bool,
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
    /// What was taken off every row: the mean of all, or zeros.
    pub mean: Vec<f64>,
    /// What is to be known of them, in sentences.
    pub notes: Vec<String>,
}

/// Makes rows of two groups, those of the first group first. Images of both groups are in neither; of more than [`Taken::most`]
/// images a group the first are taken.
///
/// # Errors
/// Groups without images of their own, rows that cannot be made, cancellation.
pub fn two_groups(
    sources: Sources<'_>,
    members: [&Members; 2],
    on: &On,
    taken: Taken,
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
    let most = taken.most.unwrap_or(MOST_ROWS / 2).min(MOST_ROWS / 2);
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
    let (mut rows, labels, images, zeros) = without_zeros(rows, labels, images);
    let mean = if taken.centred {
        centre(&mut rows, images.len())
    } else {
        vec![0.0; rows.len() / images.len().max(1)]
    };
    if zeros > 0 {
        notes.push(format!(
            "{zeros} images have rows of zeros, about which no classifier without bias is right: they were left out."
        ));
    }
    Ok(Groups {
        problem: Problem::new(rows, &labels, shape)?,
        images,
        titles,
        on: on.clone(),
        mean,
        notes,
    })
}

/// Takes the mean of all rows off each, and returns it.
fn centre(rows: &mut [f64], count: usize) -> Vec<f64> {
    let width = rows.len() / count.max(1);
    let mut mean = vec![0.0; width];
    for row in rows.chunks_exact(width.max(1)) {
        for (mean, value) in mean.iter_mut().zip(row) {
            *mean += value / count as f64;
        }
    }
    for row in rows.chunks_exact_mut(width.max(1)) {
        for (value, mean) in row.iter_mut().zip(&mean) {
            *value -= mean;
        }
    }
    mean
}

/// Rows with labels and images without those that are zero everywhere, and how many those are.
fn without_zeros(
    rows: Vec<f64>,
    labels: Vec<i8>,
    images: Vec<u32>,
) -> (Vec<f64>, Vec<i8>, Vec<u32>, usize) {
    let width = rows.len() / images.len().max(1);
    let kept: Vec<usize> = (0..images.len())
        .filter(|&n| rows[n * width..][..width].iter().any(|v| *v != 0.0))
        .collect();
    let zeros = images.len() - kept.len();
    if zeros == 0 {
        return (rows, labels, images, 0);
    }
    let values = kept.iter().flat_map(|&n| &rows[n * width..][..width]);
    (
        values.copied().collect(),
        kept.iter().map(|&n| labels[n]).collect(),
        kept.iter().map(|&n| images[n]).collect(),
        zeros,
    )
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
