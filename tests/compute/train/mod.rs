//! Training of heads: the GPU against the CPU, here on one batch.

mod differences;
mod steps;

use super::*;
use nearmiss::compute::train::losses::Scalars;
use nearmiss::compute::train::{
    Activation, Batch, HeadShape, Hidden, KEPT_LOSSES, LEFT_OUT, Learned, Loss, Plan, Rule,
    SCALARS, Step, StepLoss, Tower, Train, Trainer,
};

/// Descent without anything besides.
const PLAIN: Step = Step {
    rule: Rule::Sgd { momentum: 0.0 },
    rate: 0.1,
    decay: 0.0,
    clip: f32::INFINITY,
    warmth: 0.3,
};

fn hidden(width: usize, activation: Activation) -> Hidden {
    Hidden { width, activation }
}

/// Heads of every kind.
fn shapes(inputs: usize, outputs: usize, width: usize) -> [HeadShape; 5] {
    let linear = HeadShape::linear(inputs, outputs);
    let square = HeadShape {
        residual: true,
        ..HeadShape::linear(inputs, inputs)
    };
    [
        linear,
        HeadShape {
            hidden: Some(hidden(width, Activation::Relu)),
            bias: true,
            ..linear
        },
        HeadShape {
            hidden: Some(hidden(width, Activation::Gelu)),
            shared: true,
            ..linear
        },
        square,
        HeadShape {
            hidden: Some(hidden(width, Activation::Gelu)),
            bias: true,
            shared: true,
            ..square
        },
    ]
}

fn numbers(count: usize, size: f32, random: &mut fastrand::Rng) -> Vec<f32> {
    (0..count)
        .map(|_| (random.f32() * 2.0 - 1.0) * size)
        .collect()
}

/// A training by `loss` with random weights, its scalars where the loss starts them.
fn problem(loss: Loss, shape: HeadShape, batch: usize, seed: u64) -> (Plan, Learned, Batch) {
    let mut random = fastrand::Rng::with_seed(seed);
    let about = loss.description();
    let plan = Plan {
        shape,
        loss,
        margin: about.margin.unwrap_or(0.2),
        scalars: !matches!(about.scalars, Scalars::None),
        batch,
    };
    let mut weights = numbers(shape.weights(), 0.4, &mut random);
    weights.extend(match about.scalars {
        Scalars::None => [0.0; SCALARS],
        Scalars::Temperature(temperature) => [(1.0 / temperature).ln(), 0.0],
        Scalars::Trained { scale, offset } => [scale.ln(), offset],
    });
    (plan, Learned::new(weights), pairs(&plan, &mut random))
}

/// Random pairs; captions lie near their images, so that some hinges are met and others are not.
fn pairs(plan: &Plan, random: &mut fastrand::Rng) -> Batch {
    let images = numbers(plan.batch * plan.shape.inputs, 1.0, random);
    let texts = images.iter().map(|v| v + random.f32() - 0.5).collect();
    Batch {
        images,
        texts,
        left_out: Vec::new(),
    }
}

/// The largest difference, in parts of the largest value.
fn off(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    assert!(b.iter().all(|v| v.is_finite()));
    let most = a.iter().fold(1e-30_f32, |most, v| most.max(v.abs()));
    let far = a
        .iter()
        .zip(b)
        .fold(0.0_f32, |far, (a, b)| far.max((a - b).abs()));
    far / most
}

fn near(what: &str, a: &[f32], b: &[f32], most: f32) {
    let off = off(a, b);
    assert!(off <= most, "{what}: {off}");
}

fn near_losses(what: &str, a: &[StepLoss], b: &[StepLoss], most: f32) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (a, b) in a.iter().zip(b) {
        near(what, &[a.mean], &[b.mean], most);
        near(what, &a.lines, &b.lines, most);
    }
}

/// The same training on both engines, for `check` to compare: the CPU's first.
fn on_both(plan: Plan, start: &Learned, check: impl Fn([&mut dyn Trainer; 2])) {
    let engines = engines();
    let [mut cpu, mut gpu] =
        [0, 1].map(|e| engines[e].trainer(plan, start.clone()).expect("a trainer"));
    check([&mut *cpu, &mut *gpu]);
}

/// All that is asked of one batch agrees.
fn agree(name: &str, [cpu, gpu]: [&mut dyn Trainer; 2], batch: &Batch) {
    let scores = cpu.scores(batch).expect("scores");
    // Beside the score of what is left out all others would be nothing.
    let seen =
        |scores: Vec<f32>| -> Vec<f32> { scores.into_iter().filter(|&s| s != LEFT_OUT).collect() };
    let found = gpu.scores(batch).expect("scores");
    near(
        &format!("{name}: scores"),
        &seen(scores),
        &seen(found),
        1e-5,
    );
    let [a, b] = [&mut *cpu, &mut *gpu].map(|t| t.gradient(batch, &PLAIN).expect("a gradient"));
    near_losses(&format!("{name}: loss"), &[a.0], &[b.0], 1e-4);
    near(&format!("{name}: gradient"), &a.1, &b.1, 1e-4);
    for (tower, rows) in [(Tower::Image, &batch.images), (Tower::Text, &batch.texts)] {
        let [a, b] = [&mut *cpu, &mut *gpu].map(|t| t.embed(tower, rows).expect("embedded"));
        near(&format!("{name}: {tower:?}"), &a, &b, 1e-5);
    }
}

#[test]
fn engines_agree_on_loss_gradient_scores_and_rows() {
    for loss in Loss::all() {
        for (at, shape) in shapes(19, 11, 23).into_iter().enumerate() {
            let (plan, start, batch) = problem(loss, shape, 37, at as u64);
            let name = format!("{loss:?}, {shape:?}");
            on_both(plan, &start, |trainers| agree(&name, trainers, &batch));
        }
        // More than one block, and more candidates than a workgroup has threads.
        let (plan, start, batch) = problem(loss, shapes(131, 77, 90)[1], 150, 7);
        let name = format!("{loss:?}, large");
        on_both(plan, &start, |trainers| agree(&name, trainers, &batch));
    }
}

#[test]
fn engines_agree_where_pairs_are_left_out_and_rows_are_zero() {
    for loss in Loss::all() {
        let (plan, start, mut batch) = problem(loss, HeadShape::linear(19, 11), 37, 3);
        // One is named twice, one is beyond the batch, and a whole row but its positive is out.
        batch.left_out = vec![1, 40, 40, 37 * 36, 37 * 37];
        batch
            .left_out
            .extend((0..37).filter(|&j| j != 9).map(|j| 9 * 37 + j));
        batch.images[4 * 19..5 * 19].fill(0.0);
        let name = format!("{loss:?}, left out");
        on_both(plan, &start, |[cpu, gpu]| {
            let out = gpu.scores(&batch).expect("scores");
            let count = out.iter().filter(|&&score| score == LEFT_OUT).count();
            assert_eq!((out[1], out[40], count), (LEFT_OUT, LEFT_OUT, 39));
            agree(&name, [cpu, gpu], &batch);
            // The pairs of the next batch are its own.
            let next = Batch {
                left_out: vec![2],
                ..batch.clone()
            };
            agree(&name, [cpu, gpu], &next);
        });
    }
}

#[test]
fn rows_are_embedded_in_parts() {
    let shape = shapes(9, 5, 7)[1];
    let (plan, start, _) = problem(Loss::default(), shape, 4, 6);
    let rows = numbers(9 * 2500, 1.0, &mut fastrand::Rng::with_seed(4));
    on_both(plan, &start, |[cpu, gpu]| {
        let [a, b] = [&mut *cpu, &mut *gpu].map(|t| t.embed(Tower::Text, &rows).expect("rows"));
        assert_eq!(a.len(), 5 * 2500);
        near("rows in parts", &a, &b, 1e-5);
        assert!(gpu.embed(Tower::Image, &[]).expect("no rows").is_empty());
    });
}

#[test]
fn what_does_not_fit_is_refused() {
    let (plan, start, batch) = problem(Loss::default(), HeadShape::linear(6, 4), 5, 2);
    for engine in engines() {
        let mut trainer = engine.trainer(plan, start.clone()).expect("a trainer");
        let short = Batch {
            images: batch.images[6..].to_vec(),
            ..batch.clone()
        };
        assert!(trainer.step(&short, &PLAIN).is_err());
        assert!(trainer.scores(&short).is_err());
        assert!(trainer.embed(Tower::Image, &[0.0; 7]).is_err());
        assert!(trainer.losses().expect("losses").is_empty());
        let mut other = start.clone();
        other.weights.pop();
        assert!(engine.trainer(plan, other).is_err());
        assert!(
            engine
                .trainer(Plan { batch: 1, ..plan }, start.clone())
                .is_err()
        );
    }
    let huge = Plan {
        batch: 1 << 20,
        ..plan
    };
    let refused = engines()[1].trainer(huge, start).err().expect("refused");
    assert!(refused.to_string().contains("1048576 pairs"), "{refused}");
    assert!(refused.remedy().contains("smaller batches"));
}
