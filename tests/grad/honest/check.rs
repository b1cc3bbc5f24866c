//! The self-check of right and wrong gradients.

use super::super::harness::{engine, spread};
use super::base;
use nearmiss::onnx::Tensor;
use nearmiss::task::Task;

#[test]
fn a_gradient_that_the_slopes_contradict_fails() {
    let net = base()
        .weights("w", &[4, 4])
        .node("MatMul", &["x", "w"], &["y"], &[]);
    let made = net.differentiate("x").unwrap();
    let cotangent = spread(&[3, 4], 77);
    let check = |gradient: &Tensor, samples: usize| {
        let taken = nearmiss::grad::Taken {
            feeds: net.feeds(),
            cotangent: &cotangent,
            wrt: "x",
            gradient,
        };
        let graph = net.read().unwrap();
        nearmiss::grad::check(&graph, &made, &taken, samples, &engine(), &Task::detached()).unwrap()
    };
    let (_, right) = net.gradient("x");
    let values = right.to_floats().unwrap();
    assert!(check(&right, 4).passed);
    let scaled = |by: f32| {
        let scaled: Vec<f32> = values.iter().map(|v| v * by).collect();
        Tensor::floats(&[3, 4], &scaled)
    };
    // One direction has no other cosine than 1 and -1.
    for samples in [1, 8] {
        let found = check(&scaled(0.5), samples);
        assert!(
            !found.passed && found.max_rel_error.unwrap() > 0.4,
            "{found:?}"
        );
    }
    let none = check(&scaled(0.0), 4);
    assert_eq!((none.max_rel_error, none.cosine), (Some(1.0), Some(0.0)));
    assert!(!none.passed && none.zero);
    let mut broken = values.clone();
    broken[5] = f32::NAN;
    broken[7] = f32::INFINITY;
    let found = check(&Tensor::floats(&[3, 4], &broken), 4);
    assert_eq!(
        (found.not_finite, found.max_rel_error, found.cosine),
        (2, None, None)
    );
    assert!(!found.passed && !found.zero && !found.compared);
}
