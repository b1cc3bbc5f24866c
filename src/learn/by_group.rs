//! Recall of the groups of the queries held out.

use super::ground::Ground;
use super::recall::Recalls;
use super::run::Point;
use super::words::Figure;

/// The groups of the queries held out, in the order in which they are ranked.
pub struct Queries {
    /// The group of each caption.
    captions: Vec<u32>,
    /// The image of each caption, by its place among those held out.
    owners: Vec<u32>,
    /// Captions of each image.
    each: Vec<u32>,
    groups: usize,
}

impl Queries {
    /// Those of `ground`; `None` where it has no groups.
    pub fn of(ground: &Ground) -> Option<Self> {
        let groups = ground.groups.as_ref()?;
        let labels = groups.strata.labels();
        let valid = &ground.split.valid;
        let count = |image: u32| ground.embedded.groups.range(image as usize).len();
        let each: Vec<u32> = valid.iter().map(|&image| count(image) as u32).collect();
        let owners = (0..).zip(&each);
        Some(Self {
            captions: ground.captions(valid).map(|c| labels[c as usize]).collect(),
            owners: owners
                .flat_map(|(image, &each)| std::iter::repeat_n(image, each as usize))
                .collect(),
            each,
            groups: groups.strata.count(),
        })
    }

    /// Recall of each group by ranks from 1 of the images and of the captions held out; `None` of a group without any of
    /// the captions. An image counts in a group by the share of its captions there, so that the means of the groups,
    /// weighted by what they hold, are the mean over all queries.
    pub fn recalls(&self, ranks: &[Vec<u32>; 2]) -> Vec<Option<Recalls>> {
        let mut held = vec![[0.0_f64; 2]; self.groups];
        let mut hits = vec![[[0.0_f64; 3]; 2]; self.groups];
        let [images, captions] = ranks;
        for (caption, &group) in self.captions.iter().enumerate() {
            let group = group as usize;
            let image = self.owners[caption] as usize;
            let share = 1.0 / f64::from(self.each[image]);
            for (way, (weight, rank)) in [(share, images[image]), (1.0, captions[caption])]
                .into_iter()
                .enumerate()
            {
                held[group][way] += weight;
                for (hit, k) in hits[group][way].iter_mut().zip([1, 5, 10]) {
                    *hit += if rank <= k { weight } else { 0.0 };
                }
            }
        }
        let recalls = held.iter().zip(&hits).map(|(held, hits)| {
            let of = |way: usize| hits[way].map(|hit| 100.0 * hit / held[way]);
            (held[1] > 0.0).then(|| Recalls {
                i2t: of(0),
                t2i: of(1),
            })
        });
        recalls.collect()
    }
}

impl Figure {
    /// Of the group held out that has least of it.
    pub fn worst(self) -> impl Fn(&Point) -> Option<f64> {
        move |point| {
            let all = point.by_group.iter().flatten();
            let all = all.map(|recalls| recalls.get(self.way, self.at));
            all.min_by(f64::total_cmp)
        }
    }

    /// Of the group with this number.
    pub fn of_group(self, group: usize) -> impl Fn(&Point) -> Option<f64> {
        move |point| {
            let recalls = point.by_group.get(group)?.as_ref()?;
            Some(recalls.get(self.way, self.at))
        }
    }
}
