//! Runs against independent float64 results: `labs/labA` of the material, whose README has conventions and tolerances.

use super::task;
use nearmiss::compute::train::{Batch, Learned, Loss};
use nearmiss::compute::{Choice, Embedded, Engine, Groups, choose};
use nearmiss::dataset::npy::{read_array, read_npy};
use nearmiss::learn::{Course, Ground, OptimizerKind, Run, Setup, Split, Start, train};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;

fn lab(name: &str) -> PathBuf {
    material().join("labs/labA").join(name)
}

fn material() -> PathBuf {
    PathBuf::from(
        std::env::var_os("NEARMISS_MATERIAL").expect("NEARMISS_MATERIAL names the folder"),
    )
}

fn expected() -> Value {
    serde_json::from_slice(&std::fs::read(lab("expected.json")).unwrap()).unwrap()
}

fn ground() -> Ground {
    let rows = |name: &str| {
        let (values, _, dim) =
            read_npy(&material().join("encoders/flickr8k-cca").join(name)).unwrap();
        nearmiss::compute::Embeddings::new(values, dim).unwrap()
    };
    let embedded = Embedded::new(
        rows("reference_image_embeds.npy"),
        rows("reference_text_embeds.npy"),
        Groups::uniform(1_000, 5),
    )
    .unwrap();
    let split = Split::ranges(0..800, 800..1_000, 1_000).unwrap();
    Ground::new(&embedded, split, &[]).unwrap()
}

fn start(suffix: &str, setup: &Setup) -> Learned {
    let side = |name: &str| read_npy(&lab(&format!("{name}{suffix}.npy"))).unwrap().0;
    Start::Given([side("WI0"), side("WT0")])
        .learned(setup)
        .unwrap()
}

fn captions(name: &str) -> Vec<Vec<u32>> {
    let (values, shape) = read_array(&lab(name)).unwrap();
    let each = *shape.last().unwrap();
    let rows = values.chunks_exact(each);
    rows.map(|row| row.iter().map(|&v| v as u32).collect())
        .collect()
}

fn setup(loss: &str, optimizer: OptimizerKind, dim: usize) -> Setup {
    let name = if loss == "nce" { "infonce" } else { loss };
    let mut setup = Setup::new(name.parse::<Loss>().unwrap(), 256, dim);
    setup.optimizer.kind = optimizer;
    setup.optimizer.rate = if optimizer == OptimizerKind::Sgd {
        0.2
    } else {
        2e-4
    };
    setup
}

fn engines() -> [Arc<dyn Engine>; 2] {
    [Choice::Cpu, Choice::Gpu].map(|choice| choose(choice).unwrap())
}

/// Largest difference of two vectors.
fn off(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .fold(0.0, |m: f32, (a, b)| m.max((a - b).abs()))
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn losses_and_gradients_at_the_start_are_the_labs() {
    let (ground, expected) = (ground(), expected());
    let first = captions("order.npy").swap_remove(0);
    for engine in engines() {
        for loss in ["sh", "mh", "nce"] {
            let setup = setup(loss, OptimizerKind::Adam, 64);
            let mut trainer = engine.trainer(setup.plan(), start("", &setup)).unwrap();
            let batch: Batch = ground.batch(&first, true);
            let (cost, gradient) = trainer.gradient(&batch, &setup.step(0.0)).unwrap();
            let wanted = expected["step0"][loss]["loss"].as_f64().unwrap();
            let relative = (f64::from(cost.mean) / wanted - 1.0).abs();
            assert!(relative < 1e-5, "{} {loss}: {relative}", engine.name());
            for (part, side) in setup.head.parts().iter().zip(["WI", "WT"]) {
                let (reference, ..) = read_npy(&lab(&format!("grad0_{loss}_{side}.npy"))).unwrap();
                let largest = reference.iter().fold(1.0_f32, |m, v| m.max(v.abs()));
                let off = off(part.first.of(&gradient), &reference) / largest;
                assert!(off < 1e-5, "{} {loss} {side}: {off}", engine.name());
            }
        }
    }
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn captions_of_one_image_are_left_out_or_not_as_in_the_lab() {
    let (ground, expected) = (ground(), expected());
    let (captions, _) = read_array(&lab("collision_batch.npy")).unwrap();
    let captions: Vec<u32> = captions.iter().map(|&v| v as u32).collect();
    for loss in ["sh", "mh", "nce"] {
        let mut setup = setup(loss, OptimizerKind::Adam, 64);
        setup.batch = captions.len();
        let side = |name: &str| {
            read_npy(&lab(&format!("final_adam_mh_{name}.npy")))
                .unwrap()
                .0
        };
        let learned = Start::Given([side("WI"), side("WT")])
            .learned(&setup)
            .unwrap();
        for engine in engines() {
            let mut trainer = engine.trainer(setup.plan(), learned.clone()).unwrap();
            for (left_out, key) in [(true, "same_image"), (false, "diag")] {
                let batch = ground.batch(&captions, left_out);
                let (cost, gradient) = trainer.gradient(&batch, &setup.step(0.0)).unwrap();
                let wanted = &expected["collision"][format!("{loss}_{key}")];
                let relative =
                    (f64::from(cost.mean) / wanted["loss"].as_f64().unwrap() - 1.0).abs();
                assert!(relative < 1e-5, "{loss} {key}: {relative}");
                for (part, name) in setup.head.parts().iter().zip(["WI_fro", "WT_fro"]) {
                    let squares = part.first.of(&gradient).iter();
                    let norm = squares.map(|g| f64::from(g * g)).sum::<f64>().sqrt();
                    let relative = (norm / wanted[name].as_f64().unwrap() - 1.0).abs();
                    assert!(relative < 1e-4, "{loss} {key} {name}: {relative}");
                }
            }
        }
    }
}

fn replayed(
    engine: &dyn Engine,
    ground: &Ground,
    setup: &Setup,
    suffix: &str,
    epochs: usize,
) -> Run {
    let order = captions("order.npy");
    let setup = Setup {
        epochs,
        ..setup.clone()
    };
    let course = Course {
        engine,
        ground,
        setup: &setup,
        before: None,
        order: Some(&order[..30 * epochs]),
        mined: None,
    };
    train(course, start(suffix, &setup), &mut |_| true, &task()).unwrap()
}

fn check(run: &Run, reference: &Value) {
    let title = format!("{} {}", run.engine, run.setup.title());
    let log = reference["log"].as_array().unwrap();
    let number = |value: &Value| value.as_f64().unwrap();
    for (point, wanted) in run.epochs().zip(&log[1..]) {
        let relative = (point.loss.unwrap() / number(&wanted["loss"]) - 1.0).abs();
        assert!(relative < 1e-3, "{title}: loss {relative}");
        let recalls = wanted["recall"].as_array().unwrap();
        for (k, (mine, wanted)) in point.valid.all().iter().zip(recalls).enumerate() {
            let most = if k < 3 { 2.0 } else { 1.0 };
            let off = (mine - 100.0 * number(wanted)).abs();
            assert!(off <= most + 1e-9, "{title}: recall {k} {off}");
        }
    }
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn the_labs_order_replayed_gives_its_losses_and_recalls() {
    let (ground, expected) = (ground(), expected());
    let cpu = choose(Choice::Cpu).unwrap();
    for (optimizer, name) in [(OptimizerKind::Adam, "adam"), (OptimizerKind::Sgd, "sgd")] {
        for loss in ["sh", "mh", "nce"] {
            for (dim, suffix) in [(64, ""), (16, "_16")] {
                let reference = &expected["runs"][format!("{name}_{loss}{suffix}")];
                if reference.is_null() {
                    continue;
                }
                let setup = setup(loss, optimizer, dim);
                let run = replayed(&*cpu, &ground, &setup, suffix, 30);
                assert_eq!(run.epochs().count(), 30);
                check(&run, reference);
                let (reference, ..) =
                    read_npy(&lab(&format!("final_{name}_{loss}{suffix}_WI.npy"))).unwrap();
                let first = run.setup.head.parts()[0].first;
                assert!(off(first.of(&run.learned.weights), &reference) < 1e-2);
            }
        }
    }
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn the_gpu_replays_the_labs_order_too() {
    // Three epochs of each: on a software adapter a step takes longer by far.
    let (ground, expected) = (ground(), expected());
    let gpu = choose(Choice::Gpu).unwrap();
    for (optimizer, name) in [(OptimizerKind::Adam, "adam"), (OptimizerKind::Sgd, "sgd")] {
        for loss in ["sh", "mh", "nce"] {
            let setup = setup(loss, optimizer, 64);
            let run = replayed(&*gpu, &ground, &setup, "", 3);
            check(&run, &expected["runs"][format!("{name}_{loss}")]);
        }
    }
}
