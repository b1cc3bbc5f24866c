//! Clusters of a map, named by the words that set their captions apart.

use crate::dataset::Dataset;
use crate::error::Result;
use crate::retrieval::structure::{Concepts, group_names};
use crate::task::Task;
use rayon::prelude::*;

/// Points that the centres are made from.
const SAMPLE: usize = 20_000;
/// Rounds, at most.
const ROUNDS: usize = 40;
/// Clusters, at most: more names than this hide the map.
const MOST: usize = 24;
/// Captions of a cluster that a word must be in to name it.
const LEAST: usize = 3;
/// A cluster of points that lie together in the map.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedCluster {
    /// The words that set its captions apart, as "dog · frisbee"; its number where there are none.
    pub name: String,
    /// Its middle.
    pub at: [f32; 2],
    /// Its points.
    pub points: usize,
}

/// The clusters of a map.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NamedClusters {
    /// The largest first.
    pub all: Vec<NamedCluster>,
    /// The cluster of each point.
    pub of: Vec<u32>,
}

/// The clusters of `map`, whose first `images` points are images and the others captions of `dataset` (those of the images
/// alone where `texts` is false): k-means in the plane with k-means++ seeding, named by the words w with the largest
/// `n(w) ln(p(w) / q(w))`, n and p their number and share among the cluster's captions, q their share among all.
///
/// # Errors
/// Cancellation.
pub fn clusters(
    map: &[[f32; 2]],
    images: usize,
    dataset: Option<&Dataset>,
    seed: u64,
    task: &Task,
) -> Result<NamedClusters> {
    task.begin("Finding clusters", 0);
    let count = ((map.len() as f64 / 40.0).sqrt().round() as usize).clamp(1, MOST);
    let centres = centres(map, count, seed, task)?;
    let mut of = assigned(map, &centres);
    let sums = sums(map, &of, centres.len());
    let mut order: Vec<usize> = (0..sums.len()).filter(|&g| sums[g].1 > 0).collect();
    order.sort_by_key(|&g| (std::cmp::Reverse(sums[g].1), g));
    let mut number = vec![0_u32; sums.len()];
    for (new, &old) in order.iter().enumerate() {
        number[old] = new as u32;
    }
    for cluster in &mut of {
        *cluster = number[*cluster as usize];
    }
    task.check()?;
    let names = match dataset {
        Some(dataset) => names(&of, order.len(), images, dataset, task)?,
        None => vec![String::new(); order.len()],
    };
    let cluster = |(at, (&old, name)): (usize, (&usize, String))| {
        let (sum, points) = sums[old];
        NamedCluster {
            name: if name.is_empty() {
                format!("cluster {}", at + 1)
            } else {
                name
            },
            at: sum.map(|v| (v / points as f64) as f32),
            points,
        }
    };
    let all = order.iter().zip(names).enumerate().map(cluster).collect();
    Ok(NamedClusters { all, of })
}

/// Number and squared distance of the centre nearest to `at`.
fn nearest(centres: &[[f32; 2]], at: [f32; 2]) -> (usize, f64) {
    let gap = |c: &[f32; 2]| {
        let [x, y] = [f64::from(c[0] - at[0]), f64::from(c[1] - at[1])];
        x * x + y * y
    };
    let all = centres.iter().map(gap).enumerate();
    all.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
}

/// The centre nearest to each point.
fn assigned(points: &[[f32; 2]], centres: &[[f32; 2]]) -> Vec<u32> {
    let points = points.par_iter();
    points.map(|at| nearest(centres, *at).0 as u32).collect()
}

/// The sum and the number of the points of each cluster.
fn sums(points: &[[f32; 2]], of: &[u32], count: usize) -> Vec<([f64; 2], usize)> {
    let mut sums = vec![([0.0; 2], 0); count];
    for (at, &cluster) in points.iter().zip(of) {
        let (sum, points): &mut ([f64; 2], usize) = &mut sums[cluster as usize];
        sum[0] += f64::from(at[0]);
        sum[1] += f64::from(at[1]);
        *points += 1;
    }
    sums
}

/// The centres of `count` clusters, from a sample of the points.
fn centres(map: &[[f32; 2]], count: usize, seed: u64, task: &Task) -> Result<Vec<[f32; 2]>> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut sample: Vec<[f32; 2]> = if map.len() > SAMPLE {
        (0..SAMPLE)
            .map(|_| map[random.usize(..map.len())])
            .collect()
    } else {
        map.to_vec()
    };
    sample.retain(|at| at.iter().all(|v| v.is_finite()));
    let Some(&first) = sample.get(random.usize(..sample.len().max(1))) else {
        return Ok(vec![[0.0; 2]]);
    };
    let mut centres = vec![first];
    let mut gaps: Vec<f64> = sample.iter().map(|at| nearest(&centres, *at).1).collect();
    while centres.len() < count {
        task.check()?;
        let mut left = random.f64() * gaps.iter().sum::<f64>();
        let chosen = gaps.iter().position(|gap| {
            left -= gap;
            left < 0.0
        });
        let Some(chosen) = chosen else {
            break;
        };
        let new = sample[chosen];
        centres.push(new);
        for (gap, at) in gaps.iter_mut().zip(&sample) {
            *gap = gap.min(nearest(&[new], *at).1);
        }
    }
    for _ in 0..ROUNDS {
        task.check()?;
        let sums = sums(&sample, &assigned(&sample, &centres), centres.len());
        let mean = |(old, (sum, points)): (&[f32; 2], &([f64; 2], usize))| match points {
            0 => *old,
            _ => sum.map(|v| (v / *points as f64) as f32),
        };
        let new: Vec<[f32; 2]> = centres.iter().zip(&sums).map(mean).collect();
        if new == centres {
            break;
        }
        centres = new;
    }
    Ok(centres)
}

/// The name of each cluster; empty where no word sets it apart.
fn names(
    of: &[u32],
    count: usize,
    images: usize,
    dataset: &Dataset,
    task: &Task,
) -> Result<Vec<String>> {
    let concepts = Concepts::words(&dataset.captions, LEAST, task)?;
    // Captions in the map count where they lie, else those of the images.
    let captions: Vec<(usize, u32)> = if of.len() > images {
        of[images..].iter().copied().enumerate().collect()
    } else {
        let each = of.iter().take(images).enumerate();
        each.filter(|(image, _)| *image < dataset.images.len())
            .flat_map(|(image, &cluster)| dataset.captions_of(image).map(move |j| (j, cluster)))
            .collect()
    };
    Ok(group_names(&concepts, &captions, count, LEAST, 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Image;

    #[test]
    fn groups_are_where_points_lie_and_are_named_by_their_own_words() {
        let mut random = fastrand::Rng::with_seed(5);
        let middles = [[0.0, 0.0], [40.0, 0.0], [0.0, 40.0], [40.0, 40.0]];
        let words = [
            "a red kite flies",
            "two dogs run",
            "snow on a hill",
            "one boat sails",
        ];
        let image = |n: usize| Image {
            name: format!("{n}.png"),
            picture: None,
        };
        let pairs = (0..200).map(|n| (image(n), vec![words[n % 4].to_owned(); 2]));
        let dataset = Dataset::from_groups("d", "d", pairs.collect(), Vec::new());
        let mut at = |n: usize| middles[n % 4].map(|v: f32| v + random.f32() - 0.5);
        let mut map: Vec<[f32; 2]> = (0..200).map(&mut at).collect();
        map.extend((0..400).map(|j| at(j / 2)));
        let found = clusters(&map, 200, Some(&dataset), 1, &Task::detached()).expect("runs");
        assert_eq!(found.of.len(), 600);
        for cluster in &found.all {
            let (corner, gap) = nearest(&middles, cluster.at);
            assert!(gap < 1.0, "{cluster:?} is at no middle");
            let own = words[corner];
            assert!(
                cluster.name.split(" · ").all(|w| own.contains(w)),
                "{cluster:?} of {own}"
            );
        }
        let alone = clusters(&map[..200], 200, Some(&dataset), 1, &Task::detached()).expect("runs");
        assert!(alone.all.iter().all(|g| !g.name.starts_with("cluster")));
        let bare = clusters(&map, 200, None, 1, &Task::detached()).expect("runs");
        assert_eq!(bare.all[0].name, "cluster 1");
        assert_eq!(
            clusters(&[], 0, None, 1, &Task::detached())
                .expect("runs")
                .all,
            []
        );
        let same = clusters(&[[2.0, 3.0]; 90], 90, None, 1, &Task::detached()).expect("runs");
        assert_eq!((same.all.len(), same.all[0].at), (1, [2.0, 3.0]));
    }
}
