//! Normalisation by constants as elementwise work.

use super::program::{Op, Operand, Program, Step};
use super::units::{Known, Layout, Over, Pointwise, Read};
use crate::onnx::node::{Attributes, is_default};
use crate::onnx::proto::{NodeProto, TensorProto};
use crate::onnx::{Elem, Tensor};
use std::collections::HashMap;

/// A `BatchNormalization` by constants as a product and a sum, each with one value for each channel, and the constants that
/// these read; `None` where it is another operator.
pub fn norm(
    node: &NodeProto,
    known: &mut Known,
    weights: &HashMap<&str, &TensorProto>,
) -> Option<(Pointwise, [TensorProto; 2])> {
    let ([x, constants @ ..], [output]) = (node.input.as_slice(), node.output.as_slice()) else {
        return None;
    };
    let is_norm = is_default(&node.domain)
        && node.op_type == "BatchNormalization"
        && node.int("training_mode").unwrap_or(0) == 0;
    let layout = known.layouts.get(x).cloned()?;
    let &[_, channels, _, _] = layout.shape.as_slice() else {
        return None;
    };
    if !is_norm || layout.lanes != 1 || !known.floats.contains(x) {
        return None;
    }
    let values = constants.iter().map(|name| {
        let tensor = Tensor::from_proto(weights.get(name.as_str())?, None).ok()?;
        let values = tensor.to_floats()?;
        (values.len() == channels).then_some(values)
    });
    let values = values.collect::<Option<Vec<_>>>()?;
    let [scale, bias, mean, variance] = values.as_slice() else {
        return None;
    };
    let epsilon = node.float_or("epsilon", 1e-5);
    let factor: Vec<f32> = (0..channels)
        .map(|c| scale[c] / (variance[c] + epsilon).sqrt())
        .collect();
    let shift: Vec<f32> = (0..channels)
        .map(|c| bias[c] - mean[c] * factor[c])
        .collect();
    // Of all rows: a graph may take any number of them.
    let shape = [1, channels, 1, 1];
    let mut constant = |what: &str, values: &[f32]| {
        let name = format!("{output}/{what}");
        let layout = Layout {
            shape: shape.to_vec(),
            lanes: 1,
        };
        known.insert(&name, layout, Elem::F32);
        Tensor::floats(&shape, values).to_proto(&name)
    };
    let made = [constant("factor", &factor), constant("shift", &shift)];
    let read = |name: &str, over: Over| Read {
        name: name.to_owned(),
        over,
    };
    let step = |op: Op, a: Operand, b: Operand| Step {
        op,
        reads: vec![a, b],
    };
    let work = Pointwise {
        program: Program {
            steps: vec![
                step(Op::Mul, Operand::Input(0), Operand::Input(1)),
                step(Op::Add, Operand::Step(0), Operand::Input(2)),
            ],
        },
        reads: vec![
            read(x, Over::One),
            read(&made[0].name, Over::Plane),
            read(&made[1].name, Over::Plane),
        ],
        output: output.clone(),
        layout,
        node: Some(node.clone()),
    };
    known.insert(output, work.layout.clone(), Elem::F32);
    Some((work, made))
}
