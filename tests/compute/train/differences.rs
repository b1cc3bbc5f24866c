//! The CPU's gradient against finite differences of its loss.

use super::*;

/// The gradient by every weight is that of central differences of the loss, at one step width or another.
#[test]
fn the_gradient_is_that_of_finite_differences() {
    for loss in Loss::all() {
        for (at, shape) in shapes(4, 3, 5).into_iter().enumerate() {
            let (plan, start, mut batch) = problem(loss, shape, 6, 20 + at as u64);
            batch.left_out = vec![2];
            let cost = |weights: Vec<f32>| -> f64 {
                let trainer = Cpu.trainer(plan, Learned::new(weights));
                let (cost, _) = trainer
                    .expect("a trainer")
                    .gradient(&batch, &PLAIN)
                    .expect("a gradient");
                let lines: f64 = cost.lines.iter().map(|&line| f64::from(line)).sum();
                lines / plan.batch as f64
            };
            let mut trainer = Cpu.trainer(plan, start.clone()).expect("a trainer");
            let (_, gradient) = trainer.gradient(&batch, &PLAIN).expect("a gradient");
            let most = f64::from(gradient.iter().fold(0.0_f32, |most, g| most.max(g.abs())));
            assert!(most > 1e-3, "{loss:?}, {shape:?}: nothing pulls");
            let here = cost(start.weights.clone());
            for (i, &found) in gradient.iter().enumerate() {
                if i >= shape.weights() && !plan.scalars {
                    assert_eq!(found, 0.0);
                    continue;
                }
                // What the loss changes by, and by how much the weight was moved: rounded as it is.
                let moved = |by: f32| {
                    let mut weights = start.weights.clone();
                    weights[i] += by;
                    let by = f64::from(weights[i]) - f64::from(start.weights[i]);
                    (cost(weights) - here, by)
                };
                // At a corner of a hinge within one width there is none at a smaller one.
                let off = [4e-3, 1e-3, 2.5e-4].map(|step| {
                    let [(up, above), (down, below)] = [moved(step), moved(-step)];
                    let numeric = (up - down) / (above - below);
                    (numeric - f64::from(found)).abs() / most
                });
                assert!(
                    off.iter().any(|&off| off < 3e-3),
                    "{loss:?}, {shape:?}, weight {i}: {found} is off by {off:?}"
                );
            }
        }
    }
}
