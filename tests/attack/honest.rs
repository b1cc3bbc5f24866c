//! What a run says of itself: gradients that are zero or not finite, the file's own verdict, overshoot that is kept.

use super::minimal::{linear, run as run_on, space};
use crate::attack::method;
use nearmiss::attack::{
    Apgd, AscentLoss, Attack, AttackContext, AttackSettings, CarliniWagner, Classifier, Fgsm,
    Network, Norm, Outcome, Pgd, Space, Threat, Unwatched, ValueAndGradient, Verdict, Victim, run,
};
use nearmiss::compute::{Cpu, Grid};
use nearmiss::error::Result;
use nearmiss::onnx::proto::NodeProto;
use nearmiss::onnx::{Dim, Elem, Encoded, Graph, Port, Tensor};
use nearmiss::runtime::Provider;
use nearmiss::task::Task;
use std::path::PathBuf;
use std::sync::Arc;

/// A row of values whose sum is to rise above 3, with a gradient that is wrong in a way of its own.
struct Odd {
    grid: Grid,
    make: fn(&mut [f32]),
}

impl Odd {
    fn new(make: fn(&mut [f32])) -> Self {
        Self {
            grid: Grid {
                rows: 2,
                channels: 1,
                height: 2,
                width: 4,
            },
            make,
        }
    }
}

impl Victim for Odd {
    fn grid(&self) -> Grid {
        self.grid
    }

    fn has_gradient(&self) -> bool {
        true
    }

    fn predict(&mut self, _: &[usize], x: &[f32], _: &Task) -> Result<Vec<Verdict>> {
        let verdict = |row: &[f32]| {
            let wrong: f32 = row.iter().sum();
            Verdict {
                right: 3.0,
                wrong,
                fooled: wrong >= 3.0,
            }
        };
        Ok(x.chunks_exact(self.grid.len()).map(verdict).collect())
    }

    fn value_and_gradient(
        &mut self,
        rows: &[usize],
        x: &[f32],
        _: AscentLoss<'_>,
        task: &Task,
    ) -> Result<ValueAndGradient> {
        let verdicts = self.predict(rows, x, task)?;
        let mut gradient = vec![1.0; x.len()];
        gradient
            .chunks_exact_mut(self.grid.len())
            .for_each(self.make);
        Ok(ValueAndGradient {
            loss: verdicts.iter().map(Verdict::margin).collect(),
            verdicts,
            gradient,
        })
    }

    fn runner_ups(
        &mut self,
        rows: &[usize],
        _: &[f32],
        _: usize,
        _: &Task,
    ) -> Result<Vec<Vec<u32>>> {
        Ok(vec![Vec::new(); rows.len()])
    }
}

fn attacked(victim: &mut Odd, attack: &dyn Attack, norm: Norm) -> Outcome {
    let threat = Threat {
        norm,
        eps: if norm == Norm::Linf { 0.3 } else { 2.0 },
        ..Threat::default()
    };
    let clean = vec![0.2; victim.grid.total()];
    let space = Space::pictures(victim.grid, clean, &threat, vec![0, 1]).unwrap();
    let task = Task::detached();
    let mut watch = Unwatched;
    let mut context = AttackContext::new(victim, &space, &Cpu, &mut watch, 0, &task).unwrap();
    attack.run(&mut context).unwrap();
    context.finish()
}

#[test]
fn gradients_that_are_zero_are_counted() {
    let attacks: [&dyn Attack; 3] = [&Pgd::default(), &Apgd::default(), &Fgsm::default()];
    for attack in attacks {
        let found = attacked(&mut Odd::new(|g| g.fill(0.0)), attack, Norm::Linf);
        for (blind, gradients) in found.blind.iter().zip(&found.gradients) {
            assert!(*gradients > 0);
            assert_eq!((blind.zero, blind.not_finite), (*gradients, 0));
        }
        let sound = attacked(&mut Odd::new(|_| {}), attack, Norm::Linf);
        assert!(sound.blind.iter().all(|b| b.zero + b.not_finite == 0));
        assert!(sound.verdicts.iter().all(|v| v.fooled));
    }
}

#[test]
fn one_value_that_is_not_finite_does_not_freeze_a_picture() {
    for value in [f32::NAN, f32::INFINITY] {
        let make: fn(&mut [f32]) = if value.is_nan() {
            |g| g[3] = f32::NAN
        } else {
            |g| g[3] = f32::INFINITY
        };
        for norm in [Norm::Linf, Norm::L2] {
            let attacks: [&dyn Attack; 3] = [&Pgd::default(), &Apgd::default(), &Fgsm::default()];
            for attack in attacks {
                let found = attacked(&mut Odd::new(make), attack, norm);
                assert!(found.verdicts.iter().all(|v| v.fooled), "{value}, {norm:?}");
                assert!(
                    found.blind.iter().all(|b| b.not_finite > 0),
                    "and it is said"
                );
            }
        }
    }
}

#[test]
fn nothing_but_values_that_are_not_finite_is_said_too() {
    let found = attacked(
        &mut Odd::new(|g| g.fill(f32::NAN)),
        &Pgd::default(),
        Norm::Linf,
    );
    for (blind, gradients) in found.blind.iter().zip(&found.gradients) {
        assert_eq!(blind.not_finite, *gradients);
    }
}

#[test]
fn the_overshoot_that_is_asked_for_is_kept() {
    let (mut net, clean) = linear(6, 40, 5, 1);
    let space = space(net.grid, clean, Norm::L2, 50.0);
    let mut last = 0.0;
    for kappa in [0.0, 0.2, 1.0] {
        let attack = CarliniWagner {
            steps: 400,
            searches: 6,
            kappa,
            ..CarliniWagner::default()
        };
        let outcome = run_on(&attack, &mut net, &space).unwrap();
        assert!(outcome.verdicts.iter().all(|v| v.fooled));
        let least = outcome
            .verdicts
            .iter()
            .map(Verdict::margin)
            .fold(f32::MAX, f32::min);
        assert!(least >= kappa, "{least} for {kappa}");
        let sizes = space.measure(&Cpu, &outcome.x).unwrap();
        let mean = sizes.iter().map(|s| s.l2).sum::<f32>() / 6.0;
        assert!(mean > last, "more costs more: {mean} after {last}");
        last = mean;
    }
}

/// `y = [1.0005, x + 0.0004]` in float16: the sum must reach 1.00097 there, and 1.0005 in float32.
fn half() -> PathBuf {
    let operator = |op: &str, input: &[&str], output: &str, to: i64| {
        let mut node = NodeProto {
            op_type: op.into(),
            input: input.iter().map(|n| (*n).to_owned()).collect(),
            output: vec![output.into()],
            ..NodeProto::default()
        };
        if op == "Cast" {
            node.attribute.push(nearmiss::onnx::node::int("to", to));
        }
        if op == "Concat" {
            node.attribute.push(nearmiss::onnx::node::int("axis", 1));
        }
        node
    };
    let float16 = |value: f32, shape: &[usize]| {
        let bits = half::f16::from_f32(value).to_bits().to_le_bytes();
        Tensor::new(Elem::F16, shape.to_vec(), bits.to_vec()).unwrap()
    };
    let port = |name: &str, width: usize| Port {
        name: name.into(),
        elem: Elem::F32,
        dims: vec![Dim::Fixed(1), Dim::Fixed(width)],
        has_shape: true,
    };
    let graph = Graph {
        opset: 18,
        inputs: vec![port("x", 1)],
        outputs: vec!["y".into()],
        nodes: vec![
            operator("Cast", &["x"], "h", 10),
            operator("Add", &["h", "shift"], "wrong", 0),
            operator("Mul", &["h", "zero"], "nothing", 0),
            operator("Add", &["nothing", "own"], "right", 0),
            operator("Concat", &["right", "wrong"], "both", 0),
            operator("Cast", &["both"], "y", 1),
        ],
        constants: [
            ("shift".to_owned(), float16(0.0004, &[1, 1])),
            ("zero".to_owned(), float16(0.0, &[1, 1])),
            ("own".to_owned(), float16(1.0006, &[1, 1])),
        ]
        .into(),
        declared: [("y".to_owned(), port("y", 2))].into(),
        ..Graph::default()
    };
    let folder = std::env::temp_dir().join("nearmiss-honest");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("half-{}.onnx", std::process::id()));
    std::fs::write(&path, graph.encode(Encoded::DATA).model).unwrap();
    path
}

#[test]
fn a_float16_file_s_own_verdict_ends_a_row() {
    let task = Task::detached();
    let network = Network::open(&half(), &[Provider::Cpu], &task).unwrap();
    assert_eq!(network.blocked(), None);
    let mut victim = Classifier::new(Arc::new(network), vec![0]);
    // From 0.9, in steps of a hundredth of half the box: float32 is fooled a step before float16.
    let space = Space::boxed(victim.grid(), vec![0.998], vec![1.002], vec![0]).unwrap();
    for method in [method("pgd"), method("apgd")] {
        let settings = AttackSettings {
            method,
            steps: Some(60),
            step: Some(0.05),
            ..AttackSettings::default()
        };
        let found = run(&mut victim, &space, &settings, &Cpu, &mut Unwatched, &task).unwrap();
        let verdict = found.verdicts[0];
        assert!(
            verdict.fooled && verdict.margin() >= 0.0,
            "{method:?}: {verdict:?}"
        );
        // The file computes in float16: its values are multiples of 2^-10 there.
        assert_eq!((verdict.wrong * 1024.0).fract(), 0.0);
    }
}
