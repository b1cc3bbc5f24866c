//! GRU, LSTM and RNN.

use super::harness::Case;
use nearmiss::onnx::node::{int, ints, text};
use nearmiss::onnx::proto::AttributeProto;
use nearmiss::onnx::{Elem, Tensor, integers_as};

const STEPS: usize = 4;
const BATCH: usize = 3;
const INPUT: usize = 5;
const HIDDEN: usize = 2;

/// What a recurrent operator is given beside its weights.
#[derive(Clone, Copy, PartialEq)]
enum Given {
    Nothing,
    Bias,
    /// Lengths that are part of the model.
    Lengths,
    /// Lengths that are fed.
    Fed,
    State,
    Everything,
}

fn lengths() -> Tensor {
    integers_as(Elem::I32, &[BATCH], &[4, 1, 3])
}

fn strings(name: &str, values: &[&str]) -> AttributeProto {
    AttributeProto {
        strings: values.iter().map(|v| v.as_bytes().to_vec()).collect(),
        r#type: 8,
        s: Vec::new(),
        ..ints(name, &[])
    }
}

fn floats(name: &str, values: &[f32]) -> AttributeProto {
    AttributeProto {
        floats: values.to_vec(),
        r#type: 6,
        ..ints(name, &[])
    }
}

fn case(op: &str, direction: &str, given: Given) -> Case {
    let gates = match op {
        "GRU" => 3,
        "LSTM" => 4,
        _ => 1,
    };
    let dirs = if direction == "bidirectional" { 2 } else { 1 };
    let mut case = Case::new(op)
        .attr(int("hidden_size", HIDDEN as i64))
        .attr(text("direction", direction))
        .input(&[STEPS, BATCH, INPUT])
        .input(&[dirs, gates * HIDDEN, INPUT])
        .input(&[dirs, gates * HIDDEN, HIDDEN]);
    if given == Given::Nothing {
        return case
            .outputs(&outputs(op))
            .not_on_tract("it wants no missing outputs");
    }
    case = match given {
        Given::State => case.missing(),
        _ => case.within(&[dirs, 2 * gates * HIDDEN], -0.5, 0.5),
    };
    case = match given {
        Given::Lengths | Given::Everything => case.constant(lengths()),
        Given::Fed => case.fed(lengths()),
        Given::State => case.missing(),
        _ => case,
    };
    if matches!(given, Given::State | Given::Everything) {
        case = case.input(&[dirs, BATCH, HIDDEN]);
        if op == "LSTM" {
            case = case
                .input(&[dirs, BATCH, HIDDEN])
                .input(&[dirs, 3 * HIDDEN]);
        }
    }
    case.outputs(&outputs(op))
}

fn outputs(op: &str) -> Vec<Elem> {
    vec![Elem::F32; if op == "LSTM" { 3 } else { 2 }]
}

const ALL: [Given; 6] = [
    Given::Nothing,
    Given::Bias,
    Given::Lengths,
    Given::Fed,
    Given::State,
    Given::Everything,
];

#[test]
fn gru_in_every_direction() {
    for direction in ["forward", "reverse", "bidirectional"] {
        for given in ALL {
            for reset in [0, 1] {
                let case = case("GRU", direction, given).attr(int("linear_before_reset", reset));
                case.agrees().check();
            }
        }
    }
}

#[test]
fn lstm_in_every_direction() {
    for direction in ["forward", "reverse", "bidirectional"] {
        for given in ALL {
            case("LSTM", direction, given).agrees().check();
        }
    }
}

#[test]
fn rnn_in_every_direction() {
    for direction in ["forward", "reverse", "bidirectional"] {
        for given in ALL {
            case("RNN", direction, given).agrees().check();
        }
    }
}

#[test]
fn other_functions() {
    let alpha = || floats("activation_alpha", &[0.3, 0.15]);
    let beta = || floats("activation_beta", &[0.45]);
    case("GRU", "forward", Given::Bias)
        .attr(strings("activations", &["HardSigmoid", "LeakyRelu"]))
        .attr(alpha())
        .attr(beta())
        .agrees();
    case("LSTM", "bidirectional", Given::Everything)
        .attr(strings(
            "activations",
            &["Sigmoid", "Softsign", "Tanh", "Sigmoid", "Elu", "Softplus"],
        ))
        .attr(alpha())
        .agrees()
        .check();
    for name in ["Affine", "ScaledTanh", "ThresholdedRelu", "Relu"] {
        case("RNN", "forward", Given::Bias)
            .attr(strings("activations", &[name]))
            .attr(floats("activation_alpha", &[0.7]))
            .attr(floats("activation_beta", &[0.6]))
            .agrees();
    }
}

#[test]
fn one_step_and_one_output() {
    Case::new("GRU")
        .attr(int("hidden_size", 3))
        .input(&[1, 1, 2])
        .input(&[1, 9, 2])
        .input(&[1, 9, 3])
        .agrees()
        .check();
    Case::new("LSTM")
        .attr(int("hidden_size", 3))
        .input(&[7, 1, 1])
        .input(&[1, 12, 1])
        .input(&[1, 12, 3])
        .agrees()
        .check();
}
