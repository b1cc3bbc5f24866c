//! The section of the hardest pairs.

use super::{Block, Item, Pair, Section, Shown, Thumbnail};
use crate::dataset::Dataset;
use crate::error::Result;
use crate::retrieval::{Evaluation, Side};
use crate::task::Task;
use rayon::prelude::*;

/// The `count` queries of one side with the smallest margins, with their pictures.
///
/// # Errors
/// Cancellation.
pub fn pairs(
    dataset: &Dataset,
    evaluation: &Evaluation,
    side: Side,
    count: usize,
    task: &Task,
) -> Result<Section> {
    let direction = evaluation.direction(side);
    let mut order: Vec<usize> = (0..direction.ranks.len())
        .filter(|&q| direction.margin(q).is_finite())
        .collect();
    let hardest = |a: &usize, b: &usize| {
        direction
            .margin(*a)
            .total_cmp(&direction.margin(*b))
            .then(a.cmp(b))
    };
    if count < order.len() {
        order.select_nth_unstable_by(count, hardest);
        order.truncate(count);
    }
    order.sort_by(hardest);
    task.begin("Making small pictures", order.len() as u64);
    let pairs: Result<Vec<Pair>> = order
        .par_iter()
        .map(|&q| {
            task.check()?;
            let pair = pair(dataset, evaluation, side, q)?;
            task.add(1);
            Ok(pair)
        })
        .collect();
    let (title, note) = match side {
        Side::Image => (
            "Hardest pairs, image to text",
            "Images whose hardest wrong caption scores highest above the right one.",
        ),
        Side::Text => (
            "Hardest pairs, text to image",
            "Captions whose hardest wrong image scores highest above the right one.",
        ),
    };
    Ok(Section {
        title: title.into(),
        note: note.into(),
        blocks: vec![Block::Pairs(pairs?)],
    })
}

fn pair(dataset: &Dataset, evaluation: &Evaluation, side: Side, q: usize) -> Result<Pair> {
    let direction = evaluation.direction(side);
    let (positive, negative) = (direction.positive[q], direction.hardest[q]);
    let wrong = negative.index as usize;
    let shown = |i: usize| -> Result<Option<Shown>> {
        let small = Thumbnail::of(&dataset.images[i])?;
        Ok(Some(small.map_or(Shown::Missing, Shown::Picture)))
    };
    let caption = |j: usize, score| Item {
        text: dataset.captions[j].clone(),
        score,
        ..Item::default()
    };
    let image = |i: usize, score| -> Result<Item> {
        Ok(Item {
            picture: shown(i)?,
            text: dataset.images[i].name.clone(),
            score,
            ..Item::default()
        })
    };
    let (query, right, negative, own, other) = match side {
        Side::Image => {
            let own = dataset.captions_of(q);
            let pairs = &evaluation.ranking.pairs;
            let best = own
                .clone()
                .max_by(|&a, &b| pairs[a].total_cmp(&pairs[b]).then(b.cmp(&a)))
                .unwrap_or(own.start);
            let items = (
                image(q, None)?,
                caption(best, Some(positive)),
                Item {
                    belongs: shown(dataset.image_of(wrong))?,
                    ..caption(wrong, Some(negative.score))
                },
            );
            (items.0, items.1, items.2, own, wrong..wrong + 1)
        }
        Side::Text => {
            let own = dataset.image_of(q);
            let items = (
                caption(q, None),
                image(own, Some(positive))?,
                Item {
                    says: dataset.captions[dataset.captions_of(wrong).start].clone(),
                    ..image(wrong, Some(negative.score))?
                },
            );
            (
                items.0,
                items.1,
                items.2,
                q..q + 1,
                dataset.captions_of(wrong),
            )
        }
    };
    let margin = direction.margin(q);
    let mut tags = Vec::new();
    if margin.abs() <= evaluation.tie {
        tags.push("tie".to_owned());
    }
    let said: Vec<String> = dataset.captions[own].iter().map(|c| words(c)).collect();
    if dataset.captions[other]
        .iter()
        .any(|c| said.contains(&words(c)))
    {
        tags.push("same words: perhaps right too".to_owned());
    }
    Ok(Pair {
        query,
        right,
        negative,
        rank: direction.ranks[q],
        margin,
        tags,
    })
}

/// The words of a caption in lower case, without what is between them.
fn words(caption: &str) -> String {
    let parts = caption
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty());
    parts.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}
