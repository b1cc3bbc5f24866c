//! What has which colour: a class for each point, by what the map is coloured by.

use super::super::state::{Colouring, ShownMap};
use super::Sources;
use super::palette::{KINDS, grey, rank_colour, rgb};
use crate::compute::Direction;
use crate::dataset::coordinates::Values;
use crate::map::picture::{RANKS, rank_class};
use crate::retrieval::Side;
use crate::retrieval::structure::folder_of;
use egui::Color32;
use std::collections::{BTreeMap, BTreeSet};

/// The classes of a colouring, and which one each item has.
pub struct Classes {
    /// Colour and name of each class.
    pub keys: Vec<(Color32, String)>,
    /// The class of a point, `None` where it has none.
    pub of: Box<dyn Fn(u32) -> Option<usize>>,
    /// What cannot be coloured so, in words.
    pub note: String,
}

/// The classes of a colouring.
pub fn classes(shown: &ShownMap, colouring: &Colouring, sources: &Sources) -> Classes {
    let images = shown.map.images as u32;
    let dark = sources.dark;
    let none = |note: &str| Classes {
        keys: Vec::new(),
        of: Box::new(|_| None),
        note: note.to_owned(),
    };
    let row = move |point: u32| {
        if point < images {
            point
        } else {
            point - images
        }
    };
    // Where there are images, they alone are coloured, so that captions do not hide them.
    let alone = images == 0;
    let coloured = move |point: u32| alone || point < images;
    let side = if alone { Side::Text } else { Side::Image };
    match colouring {
        Colouring::Modality => Classes {
            keys: vec![
                (rank_colour(0, dark), "images".into()),
                (grey(dark), "captions".into()),
            ],
            of: Box::new(move |point| Some(usize::from(point >= images))),
            note: String::new(),
        },
        Colouring::Rank | Colouring::Margin => {
            let Some(direction) = sources.ranking.as_ref().map(|r| r.direction(side).clone())
            else {
                return none("There is no ranking of this map yet.");
            };
            if *colouring == Colouring::Rank {
                ranks(direction, dark, row, coloured)
            } else {
                margins(direction, dark, row, coloured)
            }
        }
        Colouring::Cluster => {
            let of = shown.clusters.of.clone();
            let keys = shown.clusters.all.iter().enumerate();
            Classes {
                keys: keys
                    .map(|(at, c)| (rgb(KINDS[at % KINDS.len()]), c.name.clone()))
                    .collect(),
                of: Box::new(move |point| of.get(point as usize).map(|&c| c as usize)),
                note: "Colours repeat after eight clusters.".into(),
            }
        }
        Colouring::Folder => {
            let names = sources.dataset.iter().flat_map(|d| &d.images);
            let labels: Vec<&str> = names.map(|image| folder_of(&image.name)).collect();
            let owner = sources.dataset.clone();
            kinds(&labels, move |point| {
                if point < images {
                    return Some(point as usize);
                }
                owner
                    .as_ref()
                    .filter(|_| coloured(point))
                    .map(|d| d.image_of(row(point) as usize))
            })
        }
        Colouring::Sets => {
            if sources.sets.is_empty() {
                return none("No set is named yet: choose images, then make a set.");
            }
            let sets: Vec<BTreeSet<u32>> = sources.sets.values().cloned().collect();
            let keys = sources.sets.keys().enumerate();
            Classes {
                keys: keys
                    .map(|(at, name)| (rgb(KINDS[at % KINDS.len()]), name.clone()))
                    .collect(),
                of: Box::new(move |point| {
                    sets.iter()
                        .position(|set| point < images && set.contains(&point))
                }),
                note: "An image of several sets has the colour of the first.".into(),
            }
        }
        Colouring::Attacked => attacked(sources),
        Colouring::Column(name) => {
            match shown
                .columns
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, v)| v)
            {
                Some(Values::Words(words)) => {
                    let labels: Vec<&str> = words.iter().map(String::as_str).collect();
                    kinds(&labels, |point| Some(point as usize))
                }
                Some(Values::Numbers(numbers)) => fifths(numbers, dark),
                None => none("This map has no such column."),
            }
        }
    }
}

/// Ranks of the right one.
fn ranks(
    direction: Direction,
    dark: bool,
    row: impl Fn(u32) -> u32 + 'static,
    coloured: impl Fn(u32) -> bool + 'static,
) -> Classes {
    let keys = RANKS.iter().enumerate();
    Classes {
        keys: keys
            .map(|(class, r)| (rank_colour(class, dark), r.3.to_owned()))
            .collect(),
        of: Box::new(move |point| {
            let rank = direction.ranks.get(row(point) as usize);
            rank.filter(|_| coloured(point)).map(|&r| rank_class(r))
        }),
        note: String::new(),
    }
}

/// What became of the pictures that were attacked last.
fn attacked(sources: &Sources) -> Classes {
    let trails = sources.trails.clone().unwrap_or_default();
    let classes: BTreeMap<u32, usize> = trails
        .iter()
        .map(|trail| (trail.image, usize::from(!trail.is_broken())))
        .collect();
    let note = if trails.is_empty() {
        "No picture was attacked for this map yet: choose some, then Attack the chosen."
    } else {
        ""
    };
    Classes {
        keys: vec![
            (rgb(KINDS[5]), "broken".into()),
            (rgb(KINDS[0]), "held".into()),
        ],
        of: Box::new(move |point| classes.get(&point).copied()),
        note: note.into(),
    }
}

/// Margins: far below 0 to far above it.
fn margins(
    direction: Direction,
    dark: bool,
    row: impl Fn(u32) -> u32 + 'static,
    coloured: impl Fn(u32) -> bool + 'static,
) -> Classes {
    let steps = [-0.1_f32, -0.02, 0.0, 0.02, 0.1];
    let names = [
        "below −0.1",
        "−0.1 to −0.02",
        "−0.02 to 0",
        "0 to 0.02",
        "0.02 to 0.1",
        "above 0.1",
    ];
    let shades: [u32; 6] = if dark {
        [
            0x00ff_f0aa,
            0x00d9_b43e,
            0x00a8_9c6e,
            0x0086_9db8,
            0x0062_90de,
            0x003f_78e8,
        ]
    } else {
        [
            0x0069_4200,
            0x00a0_7a10,
            0x00a5_9a80,
            0x007f_9bb5,
            0x0043_85c8,
            0x0010_57b0,
        ]
    };
    Classes {
        keys: names
            .iter()
            .zip(shades)
            .map(|(name, hex)| (rgb(hex), (*name).to_owned()))
            .collect(),
        of: Box::new(move |point| {
            let at = row(point) as usize;
            if !coloured(point) || at >= direction.ranks.len() {
                return None;
            }
            Some(steps.partition_point(|step| *step < direction.margin(at)))
        }),
        note: String::new(),
    }
}

/// The most frequent labels; the others have no class.
fn kinds(labels: &[&str], label_of: impl Fn(u32) -> Option<usize> + 'static) -> Classes {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for label in labels.iter().filter(|l| !l.is_empty()) {
        *counts.entry(label).or_default() += 1;
    }
    let mut order: Vec<(&str, usize)> = counts.into_iter().collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let left = order.len().saturating_sub(KINDS.len());
    order.truncate(KINDS.len());
    let class = |label: &&str| order.iter().position(|(name, _)| name == label);
    let classes: Vec<Option<usize>> = labels.iter().map(class).collect();
    let keys = order.iter().enumerate();
    Classes {
        keys: keys
            .map(|(at, (name, _))| (rgb(KINDS[at]), (*name).to_owned()))
            .collect(),
        of: Box::new(move |point| classes.get(label_of(point)?).copied().flatten()),
        note: if left > 0 {
            format!("{left} rarer ones have no colour of their own.")
        } else {
            String::new()
        },
    }
}

/// Numbers in five classes of about as many points each.
fn fifths(numbers: &[f64], dark: bool) -> Classes {
    let mut sorted: Vec<f64> = numbers.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let mut steps: Vec<f64> = (1..5)
        .filter_map(|n| sorted.get(sorted.len() * n / 5).copied())
        .collect();
    steps.dedup();
    let text = |v: Option<&f64>| {
        v.map_or(String::new(), |v| {
            format!("{v:.4}")
                .trim_end_matches('0')
                .trim_end_matches('.')
                .to_owned()
        })
    };
    let name = |class: usize| match (
        class.checked_sub(1).and_then(|c| steps.get(c)),
        steps.get(class),
    ) {
        (None, high) => format!("below {}", text(high)),
        (low, None) => format!("from {}", text(low)),
        (low, high) => format!("{} to {}", text(low), text(high)),
    };
    let keys = (0..=steps.len())
        .map(|class| (rank_colour(class.min(4), dark), name(class)))
        .collect();
    let classes: Vec<Option<usize>> = numbers
        .iter()
        .map(|v| {
            v.is_finite()
                .then(|| steps.partition_point(|step| step <= v))
        })
        .collect();
    Classes {
        keys,
        of: Box::new(move |point| classes.get(point as usize).copied().flatten()),
        note: String::new(),
    }
}
