//! Matrix products.

use super::harness::Case;
use nearmiss::grad::{Error, Monitor, Objective, Request, Result, Target, differentiate};
use nearmiss::onnx::node::{float, int};
use nearmiss::onnx::proto::NodeProto;
use nearmiss::onnx::{Dim, Effort, Elem, Graph, GraphEngine, Port, Program, Tensor, sample_feeds};
use nearmiss::task::Task;
use std::collections::BTreeMap;

#[test]
fn matmul_of_every_rank() {
    let shapes: [(&[usize], &[usize]); 9] = [
        (&[3, 5], &[5, 7]),
        (&[5], &[5]),
        (&[5], &[5, 3]),
        (&[3, 5], &[5]),
        (&[2, 3, 5], &[5, 4]),
        (&[2, 3, 5], &[2, 5, 4]),
        (&[2, 1, 3, 5], &[3, 5, 2]),
        (&[3, 5], &[2, 5, 4]),
        (&[2, 3, 5], &[5]),
    ];
    for (a, b) in shapes {
        Case::new("MatMul").input(a).input(b).check();
    }
}

#[test]
fn gemm_with_every_transposition() {
    for (ta, tb) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let a: &[usize] = if ta == 0 { &[3, 5] } else { &[5, 3] };
        let b: &[usize] = if tb == 0 { &[5, 4] } else { &[4, 5] };
        for c in [&[4][..], &[3, 4], &[3, 1], &[]] {
            Case::new("Gemm")
                .attr(int("transA", ta))
                .attr(int("transB", tb))
                .attr(float("alpha", 0.7))
                .attr(float("beta", 1.3))
                .input(a)
                .input(b)
                .input(c)
                .check();
        }
    }
    Case::new("Gemm").input(&[2, 3]).input(&[3, 2]).check();
}

/// An engine that says of every value that it is of three numbers, whatever the operator.
struct Flat;

impl GraphEngine for Flat {
    fn name(&self) -> String {
        "flat".into()
    }

    fn load(&self, graph: &Graph, _: Effort) -> Result<Box<dyn Program>> {
        let values = graph.nodes.iter().filter(|n| n.op_type == "Shape");
        let count = values.count() / 2;
        Ok(Box::new(Shapes(count)))
    }
}

struct Shapes(usize);

impl Program for Shapes {
    fn run(&mut self, _: &[(&str, &Tensor)], _: &dyn Monitor) -> Result<Vec<Tensor>> {
        let (ranks, sizes) = (vec![1; self.0], vec![3; self.0]);
        Ok(vec![
            Tensor::ints(&[self.0], &ranks),
            Tensor::ints(&[self.0], &sizes),
        ])
    }

    fn provider(&self) -> &'static str {
        "CPU"
    }
}

#[test]
fn nodes_that_no_engine_should_take_are_no_panic() {
    for (op, inputs) in [("Mul", &["x", "x", "x"][..]), ("Gemm", &["w", "x"])] {
        let graph = Graph {
            opset: 17,
            inputs: vec![Port {
                name: "x".into(),
                elem: Elem::F32,
                dims: vec![Dim::Fixed(3)],
                has_shape: true,
            }],
            constants: [("w".into(), Tensor::floats(&[3], &[1.0; 3]))].into(),
            nodes: vec![NodeProto {
                op_type: op.into(),
                input: inputs.iter().map(ToString::to_string).collect(),
                output: vec!["y".into()],
                ..NodeProto::default()
            }],
            outputs: vec!["y".into()],
            ..Graph::default()
        };
        let feeds = sample_feeds(&graph, &BTreeMap::new(), 1);
        let target = Target::first_input(&graph).unwrap();
        let request = Request::new(feeds, target, Objective::Vjp);
        let made = differentiate(&graph, &request, &Flat, &Task::detached());
        assert!(!matches!(made, Err(Error::Panic { .. })), "{op}: {made:?}");
    }
}
