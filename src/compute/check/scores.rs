//! The similarity: ranks, hardest negatives, searches, blocks; layouts of maps.

use super::{Case, Made, Scale, numbers};
use crate::compute::{
    Attraction, Curve, Direction, Edges, Embeddings, Groups, RankOptions, Search,
};
use crate::error::Result;
use std::sync::Arc;

/// Rounding of a cosine.
const NEAR: f64 = 1e-5;
/// Ranks and places that a score within rounding of another can change.
const FEW: f64 = 5e-3;

/// Every comparison of scores.
///
/// # Errors
/// Inputs that cannot be made.
pub fn cases(scale: Scale) -> Result<Vec<Case>> {
    let (rows, each, dim) = (scale.of(300, 5_000), 5, scale.of(96, 512));
    let random = |rows: usize, seed| Embeddings::new(numbers(rows * dim, 1.0, seed), dim);
    let sides = Arc::new((random(rows, 11)?, random(rows * each, 12)?));
    let groups = Groups::uniform(rows, each);
    let mut cases = Vec::new();
    let of = Arc::clone(&sides);
    cases.push(Case::new(
        "ranks and hardest negatives",
        move |engine, task| {
            let options = RankOptions {
                k: 10,
                margin: Some(0.2),
            };
            let ranking = engine.rank(&of.0, &of.1, &groups, options, task)?;
            let ways = [&ranking.i2t, &ranking.t2i];
            let all = |of: fn(&Direction) -> Vec<f32>| ways.map(of).concat();
            let sums = vec![ranking.sum_of_hinges as f32, ranking.max_of_hinges as f32];
            Ok(vec![
                Made::few(
                    all(|way| way.ranks.iter().map(|&r| r as f32).collect()),
                    FEW,
                ),
                Made::near(all(|way| way.positive.clone()), NEAR),
                Made::near(
                    all(|way| way.hardest.iter().map(|h| h.score).collect()),
                    NEAR,
                ),
                Made::near(sums, NEAR),
            ])
        },
    ));
    let of = Arc::clone(&sides);
    cases.push(Case::new("best candidates", move |engine, task| {
        let search = Search {
            k: 10,
            ..Search::default()
        };
        let top = engine.search(&of.0, &of.1, &search, task)?;
        let hits = (0..of.0.rows()).flat_map(|q| top.row(q).to_vec());
        let hits: Vec<_> = hits.collect();
        Ok(vec![
            Made::few(hits.iter().map(|h| h.index as f32).collect(), FEW),
            Made::near(hits.iter().map(|h| h.score).collect(), NEAR),
        ])
    }));
    cases.push(Case::new(
        "blocks of the similarity",
        move |engine, task| {
            let made = engine.reduce(&sides.0, &sides.1, (37, 41), task)?;
            Ok(vec![
                Made::near(made.high, NEAR),
                Made::near(made.mean, 1e-4),
            ])
        },
    ));
    cases.push(layout(scale.of(700, 200_000)));
    Ok(cases)
}

/// Passes of a layout of a ring whose points are joined to the next ones.
fn layout(points: usize) -> Case {
    let starts: Vec<usize> = (0..=points).map(|i| 4 * i).collect();
    let around =
        move |i: usize| [1, 2, points - 2, points - 1].map(|by| ((i + by) % points) as u32);
    let targets: Vec<u32> = (0..points).flat_map(around).collect();
    let shares = [1.0, 0.4, 0.4, 1.0].repeat(points);
    let places = numbers(2 * points, 10.0, 13);
    Case::new("passes of a map's layout", move |engine, task| {
        let problem = Attraction {
            edges: Edges {
                starts: &starts,
                targets: &targets,
                shares: &shares,
            },
            curve: Curve { a: 1.577, b: 0.895 },
            epochs: 2,
            rate: 1.0,
            negatives: 5.0,
            seed: 11,
        };
        let start = places.chunks(2).map(|p| [p[0], p[1]]).collect();
        let laid = engine.attract(&problem, start, &mut |_| {}, task)?;
        Ok(vec![Made::near(laid.concat(), 1e-3)])
    })
}
