//! What `learn` prints of groups of captions.

use super::figures::{BandAnswer, BandsAnswer, Measured, six};
use crate::learn::{Figure, Ground, Group, Run, Way};
use serde::Serialize;

/// A group of captions.
#[derive(Serialize)]
pub struct GroupAnswer {
    pub name: String,
    /// Pairs of it to train on.
    pub pairs: usize,
    /// Captions of it held out.
    pub held_out: usize,
}

/// The groups of `ground`; none where it has none.
pub fn groups(ground: &Ground) -> Vec<GroupAnswer> {
    let about = ground.groups.as_ref().map(|groups| &groups.about);
    let all = about.into_iter().flat_map(|about| {
        let sizes = about.train.iter().zip(&about.valid);
        about.names.iter().zip(sizes)
    });
    all.map(|(name, (&pairs, &held_out))| GroupAnswer {
        name: name.clone(),
        pairs,
        held_out,
    })
    .collect()
}

/// Recall of one group at the end of a run.
#[derive(Serialize)]
pub struct GroupRecall {
    name: String,
    /// Null where none of its captions is held out.
    #[serde(flatten)]
    recall: Option<Measured>,
}

/// Recall of each group at the end of `run`; none where it has none.
pub fn recalls(run: &Run) -> Vec<GroupRecall> {
    let (Some(about), Some(last)) = (&run.grouped, run.last()) else {
        return Vec::new();
    };
    let all = about.names.iter().zip(&last.by_group);
    all.map(|(name, recalls)| GroupRecall {
        name: name.clone(),
        recall: recalls.as_ref().map(Measured::from),
    })
    .collect()
}

/// The worst group of each run, over seeds.
#[derive(Serialize)]
pub struct WorstAnswer {
    /// Recall of the group that has least of it, which may be another one for each seed and figure.
    #[serde(flatten)]
    pub bands: BandsAnswer,
    /// The group that has the lowest R@1 on average over seeds.
    pub worst: OfBoth<String>,
    /// R@1 of each group over seeds.
    pub groups: Vec<GroupBands>,
}

#[derive(Serialize)]
pub struct OfBoth<T> {
    pub i2t: T,
    pub t2i: T,
}

/// R@1 of a group over seeds.
#[derive(Serialize)]
pub struct GroupBands {
    pub name: String,
    pub i2t: BandAnswer,
    pub t2i: BandAnswer,
}

impl WorstAnswer {
    /// Of runs that have groups.
    pub fn of(group: &Group) -> Option<Self> {
        let about = group.first().grouped.as_ref()?;
        let bands = six(|figure| group.last(&figure.worst()))?;
        let band = |way: Way, n: usize| {
            let figure = Figure { way, at: 0 };
            group.last(&figure.of_group(n))
        };
        let worst = |way: Way| {
            let all = about.names.iter().enumerate();
            let all = all.filter_map(|(n, name)| Some((name, band(way, n)?.mean)));
            let (name, _) = all.min_by(|a, b| a.1.total_cmp(&b.1))?;
            Some(name.clone())
        };
        let all = about.names.iter().enumerate();
        let all = all.filter_map(|(n, name)| {
            Some(GroupBands {
                name: name.clone(),
                i2t: band(Way::ImageToText, n)?.into(),
                t2i: band(Way::TextToImage, n)?.into(),
            })
        });
        Some(Self {
            bands: BandsAnswer::new(&bands, group.runs.len()),
            worst: OfBoth {
                i2t: worst(Way::ImageToText)?,
                t2i: worst(Way::TextToImage)?,
            },
            groups: all.collect(),
        })
    }
}
