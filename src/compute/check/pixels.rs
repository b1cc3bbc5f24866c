//! Steps, projections, noise and sizes of perturbations; Fourier transforms; colours.

use super::{Case, Made, Scale, numbers};
use crate::compute::{Ball, Band, Bounds, Colours, Engine, Grid, Noise, Square};
use crate::error::Result;
use std::sync::Arc;

/// Rounding of a few sums and products of values near 1.
const NEAR: f64 = 1e-5;
/// Elements whose order in a selection rounding can change.
const FEW: f64 = 1e-3;

/// A batch of random pictures with a gradient.
struct Batch {
    grid: Grid,
    clean: Vec<f32>,
    lower: Vec<f32>,
    upper: Vec<f32>,
    x: Vec<f32>,
    gradient: Vec<f32>,
    sizes: Vec<f32>,
}

impl Batch {
    fn new(rows: usize, side: usize) -> Self {
        let grid = Grid {
            rows,
            channels: 3,
            height: side,
            // Of a size that is no power of two, and not the other side's.
            width: side + 3,
        };
        let count = grid.total();
        let clean: Vec<f32> = numbers(count, 0.5, 1).iter().map(|x| x + 0.5).collect();
        let moved = numbers(count, 0.1, 2);
        let x = clean.iter().zip(&moved);
        Self {
            x: x.map(|(c, d)| (c + d).clamp(0.0, 1.0)).collect(),
            lower: vec![0.0; count],
            upper: vec![1.0; count],
            gradient: numbers(count, 1e-3, 3),
            sizes: (0..grid.rows)
                .map(|row| 0.01 * (row % 5 + 1) as f32)
                .collect(),
            clean,
            grid,
        }
    }

    fn bounds(&self) -> Bounds<'_> {
        Bounds::new(&self.clean, &self.lower, &self.upper)
    }

    /// Two of PGD's steps, then one of APGD's.
    fn step(&self, engine: &dyn Engine, ball: Ball) -> Result<[Vec<f32>; 2]> {
        let (mut x, mut before) = (self.x.clone(), self.clean.clone());
        let (grid, bounds) = (self.grid, self.bounds());
        engine.project(grid, ball, bounds, &mut x)?;
        for _ in 0..2 {
            engine.ascend(grid, ball, bounds, &mut x, &self.gradient, &self.sizes)?;
        }
        engine.momentum_step(
            grid,
            ball,
            bounds,
            &mut x,
            &mut before,
            &self.gradient,
            &self.sizes,
            0.75,
        )?;
        Ok([x, before])
    }
}

/// Steps in every ball: in that of Fourier magnitudes with `few` pictures.
fn steps(batch: &Arc<Batch>, few: &Arc<Batch>) -> Vec<Case> {
    let values = batch.grid.len() as f32;
    let plane = batch.grid.plane() as u32;
    let mut cases = Vec::new();
    for (name, ball, chosen) in [
        ("steps in the box", Ball::Box, false),
        ("steps in an l-inf ball", Ball::Linf(8.0 / 255.0), false),
        ("steps in an l2 ball", Ball::L2(0.02 * values.sqrt()), false),
        ("steps in an l1 ball", Ball::L1(0.01 * values), true),
        ("steps of few pixels (l0)", Ball::L0(plane / 10), true),
        (
            "steps in a Fourier ball",
            Ball::Fourier(0.2, Band::ALL),
            false,
        ),
    ] {
        let of = if matches!(ball, Ball::Fourier(..)) {
            few
        } else {
            batch
        };
        let batch = Arc::clone(of);
        cases.push(Case::new(name, move |engine, _| {
            let made = batch.step(engine, ball)?.concat();
            // Which elements are chosen hangs on sums whose order differs: those that are not are far off.
            Ok(vec![if chosen {
                Made::few(made.iter().map(|x| (x * 1e4).round()).collect(), FEW)
            } else {
                Made::near(made, NEAR)
            }])
        }));
    }
    cases
}

/// Every comparison of pixels.
pub fn cases(scale: Scale) -> Vec<Case> {
    let side = scale.of(56, 224);
    let batch = Arc::new(Batch::new(scale.of(3, 64), side));
    // Its projection goes to and fro between the ball and the box.
    let few = Arc::new(Batch::new(scale.of(1, 4), side));
    let mut cases = steps(&batch, &few);
    let of = Arc::clone(&batch);
    cases.push(Case::new("accumulated gradients", move |engine, _| {
        let mut velocity = of.x.clone();
        engine.accumulate(of.grid, &mut velocity, &of.gradient, 0.9)?;
        Ok(vec![Made::near(velocity, 1e-4)])
    }));
    let of = Arc::clone(&batch);
    cases.push(Case::new("noise", move |engine, _| {
        let keys: Vec<u32> = (0..of.grid.rows as u32).collect();
        let kinds = [Noise::Uniform, Noise::Sign, Noise::Normal];
        let made = kinds.map(|kind| engine.noise(of.grid, kind, 7, 1, &keys));
        let [uniform, sign, normal] = made;
        Ok(vec![
            Made::near([uniform?, sign?].concat(), 0.0),
            Made::near(normal?, NEAR),
        ])
    }));
    let of = Arc::clone(&batch);
    cases.push(Case::new("painted squares", move |engine, _| {
        let mut x = of.x.clone();
        let side = of.grid.height as u32 / 3;
        let square = |row: usize| Square {
            top: row as u32 % side,
            left: (7 * row) as u32 % side,
            height: side,
            width: side + 1,
        };
        let squares: Vec<Square> = (0..of.grid.rows).map(square).collect();
        let signs: Vec<u32> = (0..of.grid.rows as u32).collect();
        engine.paint_squares(of.grid, of.bounds(), &mut x, 0.05, &squares, &signs)?;
        Ok(vec![Made::near(x, 0.0)])
    }));
    let of = Arc::clone(&batch);
    cases.push(Case::new("sizes of perturbations", move |engine, _| {
        let sizes = engine.measure(of.grid, &of.clean, &of.x)?;
        let rows = sizes.iter();
        let exact = rows.clone().flat_map(|s| [s.linf, s.l0 as f32]).collect();
        let means = rows.clone().map(|s| s.mean).collect();
        Ok(vec![
            Made::near(exact, 0.0),
            Made::near(rows.flat_map(|s| [s.l2, s.l1]).collect(), NEAR),
            Made::near(means, 1e-2),
        ])
    }));
    let of = Arc::clone(&batch);
    cases.push(Case::new("Fourier magnitudes", move |engine, _| {
        let made = engine.magnitudes(of.grid, &of.gradient)?;
        Ok(vec![Made::near(made, NEAR)])
    }));
    // Lines that no workgroup holds whole.
    let long = Grid {
        rows: 1,
        channels: 1,
        height: 4,
        width: 1500,
    };
    cases.push(Case::new("Fourier magnitudes, long", move |engine, _| {
        let values = numbers(long.total(), 1.0, 4);
        Ok(vec![Made::near(engine.magnitudes(long, &values)?, NEAR)])
    }));
    cases.push(Case::new("heatmap colours", move |engine, _| {
        let kinds = [Colours::Signed, Colours::Magma];
        let mut made = Vec::new();
        for colours in kinds {
            let bytes = engine.colour(&batch.gradient, colours, 1e-3)?;
            made.extend(bytes.into_iter().map(f32::from));
        }
        Ok(vec![Made::near(made, 0.0)])
    }));
    cases
}
