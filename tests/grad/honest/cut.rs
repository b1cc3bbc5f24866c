//! Paths that are cut, and choices, which cut none.

use super::super::quantise::scalar;
use super::{assert_blocked, assert_exact, base};
use nearmiss::onnx::Tensor;
use nearmiss::onnx::node::int;

const FLAT: &str = "its slope is zero everywhere: no gradient passes it";
const CAST: &str = "the cast to integers cuts the path";
const RANDOM: &str = "it drops values at random in training mode";

#[test]
fn what_is_left_of_whole_steps_has_its_exact_slope() {
    let net = || {
        base()
            .constant("k", &scalar(5.0))
            .node("Mul", &["x", "k"], &["p"], &[])
    };
    assert_exact(
        &net()
            .node("Floor", &["p"], &["f"], &[])
            .node("Sub", &["p", "f"], &["y"], &[]),
    );
    // To the next whole number, bounded, as images are sampled between pixels.
    let sampled = || {
        net()
            .constant("one", &scalar(1.0))
            .constant("low", &scalar(-9.0))
            .constant("high", &scalar(9.0))
    };
    assert_exact(
        &sampled()
            .node("Floor", &["p"], &["f"], &[])
            .node("Add", &["f", "one"], &["n"], &[])
            .node("Clip", &["n", "low", "high"], &["c"], &[])
            .node("Sub", &["c", "p"], &["y"], &[]),
    );
    assert_exact(
        &sampled()
            .node("Cast", &["p"], &["i"], &[int("to", 7)])
            .node("Cast", &["i"], &["f"], &[int("to", 1)])
            .node("Sub", &["p", "f"], &["y"], &[]),
    );
    // x - k floor(x / k)
    assert_exact(
        &base()
            .constant("k", &scalar(0.3))
            .node("Div", &["x", "k"], &["d"], &[])
            .node("Floor", &["d"], &["f"], &[])
            .node("Mul", &["k", "f"], &["m"], &[])
            .node("Neg", &["m"], &["n"], &[])
            .node("Add", &["x", "n"], &["y"], &[]),
    );
}

#[test]
fn signs_and_one_hot_rows_block() {
    let net = |op: &str| {
        base()
            .weights("w", &[4, 4])
            .node("MatMul", &["x", "w"], &["a"], &[])
            .node(op, &["a"], &["b"], &[])
            .node("MatMul", &["b", "w"], &["c"], &[])
    };
    for op in ["Sign", "Hardmax"] {
        let only = net(op).node("Neg", &["c"], &["y"], &[]);
        assert_blocked(&only, &[(op, "the b")], FLAT);
        // Past another path too.
        let beside = net(op).node("Add", &["c", "x"], &["y"], &[]);
        assert_blocked(&beside, &[(op, "the b")], FLAT);
    }
}

#[test]
fn a_value_made_of_its_sign_and_its_size_is_exact() {
    assert_exact(
        &base()
            .constant("one", &scalar(1.0))
            .node("Sign", &["x"], &["s"], &[])
            .node("Abs", &["x"], &["a"], &[])
            .node("Add", &["a", "one"], &["b"], &[])
            .node("Log", &["b"], &["r"], &[])
            .node("Mul", &["s", "r"], &["y"], &[]),
    );
}

#[test]
fn casts_to_integers_cut_the_path() {
    for to in [2, 3, 6, 7] {
        let net = base()
            .constant("k", &scalar(9.0))
            .node("Mul", &["x", "k"], &["p"], &[])
            .node("Abs", &["p"], &["a"], &[])
            .node("Cast", &["a"], &["q"], &[int("to", to)])
            .node("Cast", &["q"], &["f"], &[int("to", 1)])
            .node("Neg", &["f"], &["y"], &[]);
        assert_blocked(&net, &[("Cast", "the q")], CAST);
    }
    // Through operators on integers, and beside another path.
    let net = base()
        .constant("two", &Tensor::ints(&[], &[2]))
        .constant("axis", &Tensor::ints(&[1], &[1]))
        .node("CastLike", &["x", "two"], &["q"], &[])
        .node("Mul", &["q", "two"], &["m"], &[])
        .node("ReduceSum", &["m", "axis"], &["s"], &[])
        .node("CastLike", &["s", "x"], &["f"], &[])
        .node("Add", &["x", "f"], &["y"], &[]);
    assert_blocked(&net, &[("CastLike", "the q")], CAST);
    let net = base()
        .constant("k", &scalar(9.0))
        .node("Mul", &["x", "k"], &["p"], &[])
        .node("Round", &["p"], &["r"], &[])
        .node("Cast", &["r"], &["q"], &[int("to", 6)])
        .node("Cast", &["q"], &["y"], &[int("to", 1)]);
    assert_blocked(&net, &[("Cast", "the q")], CAST);
}

#[test]
fn outputs_of_choices_alone_block() {
    let masked = base()
        .constant("low", &scalar(0.1))
        .node("Greater", &["x", "low"], &["m"], &[])
        .node("Cast", &["m"], &["y"], &[int("to", 1)]);
    assert_blocked(&masked, &[("Greater", "the m")], FLAT);
    let looked_up = base()
        .weights("table", &[4, 5])
        .node(
            "ArgMax",
            &["x"],
            &["i"],
            &[int("axis", 1), int("keepdims", 0)],
        )
        .node("Gather", &["table", "i"], &["y"], &[]);
    assert_blocked(&looked_up, &[("ArgMax", "the i")], FLAT);
    // By way of a type alone the input is no part of it.
    let typed = base()
        .constant("low", &scalar(0.1))
        .node("Less", &["x", "low"], &["m"], &[])
        .node("CastLike", &["m", "x"], &["y"], &[]);
    assert_blocked(&typed, &[("Less", "the m")], FLAT);
    // A position that goes on as a number.
    let counted = base()
        .node("ArgMax", &["x"], &["i"], &[int("axis", 1)])
        .node("Cast", &["i"], &["f"], &[int("to", 1)])
        .node("Add", &["x", "f"], &["y"], &[]);
    assert_blocked(&counted, &[("ArgMax", "the i")], FLAT);
}

#[test]
fn choices_are_exact() {
    let pick = || base().constant("low", &scalar(0.1));
    assert_exact(&pick().node("Greater", &["x", "low"], &["m"], &[]).node(
        "Where",
        &["m", "x", "low"],
        &["y"],
        &[],
    ));
    assert_exact(
        &pick()
            .node("Less", &["x", "low"], &["m"], &[])
            .node("Cast", &["m"], &["f"], &[int("to", 1)])
            .node("Mul", &["f", "x"], &["y"], &[]),
    );
    assert_exact(
        &pick()
            .node("ArgMax", &["x"], &["i"], &[int("axis", 1)])
            .node("GatherElements", &["x", "i"], &["y"], &[int("axis", 1)]),
    );
    assert_exact(
        &base()
            .constant("k", &Tensor::ints(&[1], &[2]))
            .node("TopK", &["x", "k"], &["v", "i"], &[])
            .node("GatherElements", &["x", "i"], &["y"], &[int("axis", 1)]),
    );
    // A cast that makes an index.
    assert_exact(
        &base()
            .constant("k", &scalar(2.0))
            .node("Abs", &["x"], &["a"], &[])
            .node("Mul", &["a", "k"], &["p"], &[])
            .node("Floor", &["p"], &["f"], &[])
            .node("Cast", &["f"], &["i"], &[int("to", 7)])
            .node("GatherElements", &["x", "i"], &["y"], &[int("axis", 1)]),
    );
    // Shapes, however they are computed.
    assert_exact(
        &base()
            .constant("half", &scalar(0.5))
            .node("Shape", &["x"], &["s"], &[])
            .node("Cast", &["s"], &["f"], &[int("to", 1)])
            .node("Mul", &["f", "half"], &["h"], &[])
            .node("Floor", &["h"], &["w"], &[])
            .node("Cast", &["w"], &["i"], &[int("to", 7)])
            .node("ReduceSum", &["i"], &["n"], &[])
            .node("Cast", &["n"], &["g"], &[int("to", 1)])
            .node("Mul", &["x", "g"], &["y"], &[]),
    );
}

#[test]
fn dropout_blocks_where_it_drops() {
    let net = |ratio: f32, trains: bool| {
        base()
            .constant("ratio", &scalar(ratio))
            .constant("on", &Tensor::bools(&[], &[trains]))
            .node("Dropout", &["x", "ratio", "on"], &["d"], &[])
            .node("Neg", &["d"], &["y"], &[])
    };
    assert_blocked(&net(0.5, true), &[("Dropout", "the d")], RANDOM);
    assert_exact(&net(0.5, false));
    assert_exact(&net(0.0, true));
    let attribute = base()
        .node("Dropout", &["x"], &["d"], &[int("training_mode", 1)])
        .node("Neg", &["d"], &["y"], &[]);
    let graph = attribute.read().unwrap();
    let survey = nearmiss::grad::Survey::of(&graph, "x", "y");
    assert_eq!(survey.blocking[0].why, RANDOM);
    let fed = base()
        .constant("ratio", &scalar(0.5))
        .feed("on", Tensor::bools(&[], &[false]))
        .node("Dropout", &["x", "ratio", "on"], &["y"], &[]);
    let refusal = fed.refusal("x");
    assert!(
        refusal.contains("at random") && refusal.contains("the y"),
        "{refusal}"
    );
}
