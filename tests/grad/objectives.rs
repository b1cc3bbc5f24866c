//! Objectives: the loss against its definition in float64, the gradient against central differences of that loss.

use super::harness::{engine, port, spread};
use nearmiss::grad::{Differentiator, Form, Normalise, Objective, Request, Target};
use nearmiss::onnx::proto::NodeProto;
use nearmiss::onnx::{Graph, Tensor};
use nearmiss::task::Task;
use std::collections::BTreeMap;
use std::sync::Arc;

const BATCH: usize = 3;
const DIM: usize = 6;

/// `sin(x W)`, `x` of `[3, 5]`, `W` of `[5, 6]`.
fn model() -> (Graph, Vec<f32>) {
    let weights = spread(&[5, DIM], 3);
    let mut graph = Graph {
        opset: 18,
        inputs: vec![port("x", &[BATCH, 5])],
        outputs: vec!["y".into()],
        ..Graph::default()
    };
    graph.constants.insert("w".into(), weights.clone());
    for (op, inputs, output) in [("MatMul", &["x", "w"][..], "z"), ("Sin", &["z"], "y")] {
        graph.nodes.push(NodeProto {
            op_type: op.into(),
            input: inputs.iter().map(|&n| n.to_owned()).collect(),
            output: vec![output.into()],
            ..NodeProto::default()
        });
    }
    (graph, weights.to_floats().unwrap())
}

fn forward(x: &[f64], w: &[f32]) -> Vec<Vec<f64>> {
    (0..BATCH)
        .map(|i| {
            (0..DIM)
                .map(|j| {
                    (0..5)
                        .map(|k| x[i * 5 + k] * f64::from(w[k * DIM + j]))
                        .sum::<f64>()
                        .sin()
                })
                .collect()
        })
        .collect()
}

fn unit(v: &[f64]) -> Vec<f64> {
    let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
    v.iter().map(|x| x / norm).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Unit vectors, as many rows as `shape` has before its last dimension.
fn unit_rows(shape: &[usize], seed: u64) -> Tensor {
    let values = spread(shape, seed).to_floats().unwrap();
    let rows: Vec<f32> = values
        .chunks(DIM)
        .flat_map(|row| {
            let row: Vec<f64> = row.iter().map(|&v| f64::from(v)).collect();
            unit(&row).into_iter().map(|v| v as f32).collect::<Vec<_>>()
        })
        .collect();
    Tensor::floats(shape, &rows)
}

/// Runs `objective` and compares loss and gradient with `reference`, the loss of each row in float64.
fn check(objective: Objective, extra: &[(&str, Tensor)], reference: impl Fn(usize, &[f64]) -> f64) {
    let (graph, weights) = model();
    let x = spread(&[BATCH, 5], 9);
    let request = Request::new(
        BTreeMap::from([("x".to_owned(), x.clone())]),
        Target::Input("x".into()),
        objective,
    );
    let task = Task::detached();
    let differentiator = Differentiator::new(graph, Arc::new(engine()));
    let ready = differentiator.prepare(&request, &task).unwrap();
    assert!(
        Arc::ptr_eq(&ready, &differentiator.prepare(&request, &task).unwrap()),
        "built once"
    );
    let mut feeds: Vec<(&str, &Tensor)> = vec![("x", &x)];
    feeds.extend(extra.iter().map(|(n, t)| (*n, t)));
    let step = ready.run(&feeds, &task).unwrap();
    let base: Vec<f64> = x
        .to_floats()
        .unwrap()
        .iter()
        .map(|&v| f64::from(v))
        .collect();
    let losses = |x: &[f64]| -> Vec<f64> {
        forward(x, &weights)
            .iter()
            .enumerate()
            .map(|(i, e)| reference(i, e))
            .collect()
    };
    for (said, wanted) in step.loss.iter().zip(losses(&base)) {
        assert!(
            (f64::from(*said) - wanted).abs() < 1e-5,
            "{objective:?}: loss {said}, should be {wanted}"
        );
    }
    let gradient = step.gradient.to_floats().unwrap();
    for i in 0..base.len() {
        let at = |h: f64| {
            let mut moved = base.clone();
            moved[i] += h;
            losses(&moved).iter().sum::<f64>()
        };
        let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
        assert!(
            (slope - f64::from(gradient[i])).abs() < 1e-4 * slope.abs().max(1.0),
            "{objective:?}: element {i}: slope {slope}, gradient {}",
            gradient[i]
        );
    }
}

fn floats(tensor: &Tensor) -> Vec<f64> {
    tensor
        .to_floats()
        .unwrap()
        .iter()
        .map(|&v| f64::from(v))
        .collect()
}

/// Scores of row `i`: cosines to its K candidates, or the output.
fn scores(candidates: &[f64], k: usize, i: usize, e: &[f64]) -> Vec<f64> {
    if k == 0 {
        return e.to_vec();
    }
    let e = unit(e);
    (0..k)
        .map(|c| dot(&e, &candidates[(i * k + c) * DIM..][..DIM]))
        .collect()
}

fn sorted(z: &[f64]) -> Vec<f64> {
    let mut z = z.to_vec();
    z.sort_by(|a, b| b.total_cmp(a));
    z
}

fn other(z: &[f64], y: usize) -> f64 {
    let others = z.iter().enumerate().filter(|(k, _)| *k != y);
    others.fold(f64::MIN, |m, (_, v)| m.max(*v))
}

#[test]
fn one_target() {
    let target = unit_rows(&[BATCH, DIM], 4);
    let t = floats(&target);
    for towards in [false, true] {
        let sign = if towards { 1.0 } else { -1.0 };
        let cosine = |i: usize, e: &[f64]| sign * dot(&unit(e), &t[i * DIM..][..DIM]);
        check(
            Objective::Cosine { towards },
            &[(Objective::TARGET, target.clone())],
            cosine,
        );
        let distance = |i: usize, e: &[f64]| {
            let gap = e
                .iter()
                .zip(&t[i * DIM..])
                .map(|(a, b)| (a - b).powi(2))
                .sum::<f64>();
            -sign * gap
        };
        check(
            Objective::Distance { towards },
            &[(Objective::TARGET, target.clone())],
            distance,
        );
    }
}

#[test]
fn several_candidates_and_classifiers() {
    const LABELS: [usize; BATCH] = [1, 0, 3];
    const WANTED: [usize; BATCH] = [2, 3, 0];
    for k in [0, 5] {
        let candidates = unit_rows(&[BATCH, k.max(1), DIM], 8);
        let c = floats(&candidates);
        let int = |v: [usize; BATCH]| Tensor::ints(&[BATCH], &v.map(|x| x as i64));
        let mut extra = vec![
            (Objective::LABEL, int(LABELS)),
            (Objective::WANTED, int(WANTED)),
        ];
        if k > 0 {
            extra.push((Objective::CANDIDATES, candidates.clone()));
        }
        let z = |i: usize, e: &[f64]| scores(&c, k, i, e);
        let hinge = |i: usize, e: &[f64]| {
            let z = z(i, e);
            (0.2 + other(&z, LABELS[i]) - z[LABELS[i]]).max(0.0)
        };
        check(
            Objective::Margin {
                candidates: k,
                margin: 0.2,
                targeted: false,
            },
            &extra,
            hinge,
        );
        let reach = |i: usize, e: &[f64]| {
            let z = z(i, e);
            z[LABELS[i]] - other(&z, LABELS[i])
        };
        check(
            Objective::Margin {
                candidates: k,
                margin: 0.2,
                targeted: true,
            },
            &extra,
            reach,
        );
        for targeted in [false, true] {
            let entropy = |i: usize, e: &[f64]| {
                let z: Vec<f64> = z(i, e).iter().map(|v| v / 0.3).collect();
                let total = z.iter().map(|v| v.exp()).sum::<f64>().ln();
                let own = z[LABELS[i]] - total;
                if targeted { own } else { -own }
            };
            check(
                Objective::CrossEntropy {
                    candidates: k,
                    temperature: 0.3,
                    targeted,
                },
                &extra,
                entropy,
            );
        }
        let dlr = |i: usize, e: &[f64]| {
            let z = z(i, e);
            let s = sorted(&z);
            -(z[LABELS[i]] - other(&z, LABELS[i])) / (s[0] - s[2])
        };
        check(Objective::Dlr { candidates: k }, &extra, dlr);
        let targeted = |i: usize, e: &[f64]| {
            let z = z(i, e);
            let s = sorted(&z);
            -(z[LABELS[i]] - z[WANTED[i]]) / (s[0] - f64::midpoint(s[2], s[3]))
        };
        check(Objective::TargetedDlr { candidates: k }, &extra, targeted);
    }
}

#[test]
fn contests_between_several_right_and_several_wrong() {
    const RIGHT: [&[usize]; BATCH] = [&[1], &[0, 2], &[3, 4]];
    const WRONG: [&[usize]; BATCH] = [&[0, 2, 3, 4], &[1, 3], &[0]];
    for k in [0, 5] {
        let candidates = unit_rows(&[BATCH, k.max(1), DIM], 8);
        let c = floats(&candidates);
        let width = if k == 0 { DIM } else { k };
        let marks = |of: [&[usize]; BATCH]| {
            let mut values = vec![Objective::UNMARKED; BATCH * width];
            for (i, marked) in of.iter().enumerate() {
                marked.iter().for_each(|m| values[i * width + m] = 0.0);
            }
            Tensor::floats(&[BATCH, width], &values)
        };
        let mut extra = vec![
            (Objective::RIGHT, marks(RIGHT)),
            (Objective::WRONG, marks(WRONG)),
        ];
        if k > 0 {
            extra.push((Objective::CANDIDATES, candidates.clone()));
        }
        let z = |i: usize, e: &[f64]| scores(&c, k, i, e);
        let largest = |z: &[f64], of: &[usize]| of.iter().fold(f64::MIN, |m, &k| m.max(z[k]));
        let gap = |i: usize, e: &[f64]| {
            let z = z(i, e);
            largest(&z, WRONG[i]) - largest(&z, RIGHT[i])
        };
        let contest = |form| Objective::Contest {
            candidates: k,
            form,
        };
        check(contest(Form::Gap), &extra, gap);
        let ratio = |i: usize, e: &[f64]| {
            let s = sorted(&z(i, e));
            gap(i, e) / (s[0] - s[2])
        };
        check(contest(Form::Ratio), &extra, ratio);
        let ratio_to = |i: usize, e: &[f64]| {
            let s = sorted(&z(i, e));
            gap(i, e) / (s[0] - f64::midpoint(s[2], s[3]))
        };
        check(contest(Form::RatioTo), &extra, ratio_to);
        for towards in [false, true] {
            let entropy = |i: usize, e: &[f64]| {
                let z = z(i, e);
                let total = |of: &[usize]| of.iter().map(|&k| (z[k] / 0.3).exp()).sum::<f64>();
                let (right, wrong) = (total(RIGHT[i]), total(WRONG[i]));
                if towards {
                    (wrong / (right + wrong)).ln()
                } else {
                    -(right / (right + wrong)).ln()
                }
            };
            let form = Form::Entropy {
                temperature: 0.3,
                towards,
            };
            check(contest(form), &extra, entropy);
        }
    }
}

#[test]
fn pixels_are_normalised_inside() {
    let mut graph = Graph {
        opset: 18,
        inputs: vec![port("pixels", &[2, 3, 2, 2])],
        outputs: vec!["y".into()],
        ..Graph::default()
    };
    graph.nodes.push(NodeProto {
        op_type: "Exp".into(),
        input: vec!["pixels".into()],
        output: vec!["y".into()],
        ..NodeProto::default()
    });
    let (mean, std) = (vec![0.5, 0.4, 0.3], vec![0.2, 0.25, 0.5]);
    let x = spread(&[2, 3, 2, 2], 1);
    let target = Tensor::floats(&[2, 3, 2, 2], &[0.0; 24]);
    let mut request = Request::new(
        BTreeMap::from([("pixels".to_owned(), x.clone())]),
        Target::Input("pixels".into()),
        Objective::Distance { towards: false },
    );
    request.normalise = Some(Normalise {
        mean: mean.clone(),
        std: std.clone(),
    });
    let task = Task::detached();
    let ready = Differentiator::new(graph, Arc::new(engine()))
        .prepare(&request, &task)
        .unwrap();
    let step = ready
        .run(&[("pixels", &x), (Objective::TARGET, &target)], &task)
        .unwrap();
    let (x, g) = (x.to_floats().unwrap(), step.gradient.to_floats().unwrap());
    for i in 0..24 {
        let c = i / 4 % 3;
        let y = f64::from((x[i] - mean[c]) / std[c]).exp();
        let wanted = 2.0 * y * y / f64::from(std[c]);
        assert!(
            (f64::from(g[i]) - wanted).abs() < 1e-4 * wanted.max(1.0),
            "{i}: {} and {wanted}",
            g[i]
        );
    }
}

#[test]
fn what_does_not_fit_is_said() {
    let (graph, _) = model();
    let x = spread(&[BATCH, 5], 9);
    let ask = |objective, target: &str| {
        let request = Request::new(
            BTreeMap::from([("x".to_owned(), x.clone())]),
            Target::Input(target.into()),
            objective,
        );
        let made = Differentiator::new(graph.clone(), Arc::new(engine()))
            .prepare(&request, &Task::detached());
        made.err().map(|e| e.to_string()).unwrap()
    };
    assert!(ask(Objective::Vjp, "q").contains("no input q"));
    assert!(ask(Objective::Dlr { candidates: 2 }, "x").contains("at least 3 scores"));
}
