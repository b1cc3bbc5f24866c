//! `Loop` and `Scan`: written out where the number of their trips is known, else refused with the reason.

use super::net::{Net, graph, node, subgraph, value};
use nearmiss::onnx::node::{int, ints};
use nearmiss::onnx::proto::{GraphProto, NodeProto};
use nearmiss::onnx::{Elem, Tensor};

/// The body of a loop with the states `carried`: it reads `i` and `go`, and yields `on` before `made`.
fn body(carried: &[&str], nodes: &[NodeProto], made: &[&str]) -> GraphProto {
    let inputs: Vec<&str> = ["i", "go"].iter().chain(carried).copied().collect();
    let outputs: Vec<&str> = ["on"].iter().chain(made).copied().collect();
    let mut body = subgraph(&inputs, nodes, &outputs);
    body.input[0] = value("i", Elem::I64, Some(&[]));
    body.input[1] = value("go", Elem::Bool, Some(&[]));
    body.output[0] = value("on", Elem::Bool, Some(&[]));
    body
}

/// A net with the constants that loops of `turns` trips read.
fn turning(turns: i64) -> Net {
    Net::new(18)
        .constant("turns", &Tensor::ints(&[], &[turns]))
        .constant("true", &Tensor::bools(&[], &[true]))
}

/// A loop over `of`, which it doubles in every trip.
fn doubling(net: Net, of: &str, made: &str) -> Net {
    let nodes = [
        node("Add", &["v", "v"], &["u"], &[]),
        node("Identity", &["go"], &["on"], &[]),
    ];
    let body = body(&["v"], &nodes, &["u"]);
    net.node(
        "Loop",
        &["turns", "true", of],
        &[made],
        &[graph("body", body)],
    )
}

#[test]
fn loops_are_written_out() {
    let net = doubling(turning(3).input("x", &[2]), "x", "z");
    let net = net.node("Mul", &["x", "z"], &["y"], &[]);
    net.check("x");
    // y = 8 x^2.
    let (_, gradient) = net.gradient("x");
    let x = net.feeds()["x"].to_floats().unwrap();
    let weights = super::harness::spread(&[2], 77).to_floats().unwrap();
    for (i, g) in gradient.to_floats().unwrap().iter().enumerate() {
        assert!((g - 16.0 * x[i] * weights[i]).abs() < 1e-4);
    }
    // Off the path, and of constants alone.
    let net = doubling(
        turning(3).input("x", &[2]).input("other", &[2]),
        "other",
        "z",
    );
    net.node("Mul", &["x", "z"], &["y"], &[]).check("x");
    let net = doubling(turning(3).input("x", &[2]).weights("w", &[2]), "w", "z");
    net.node("Mul", &["x", "z"], &["y"], &[]).check("x");
}

/// Two states, a row per trip, the number of the trip, weights from outside and constants inside.
#[test]
fn loops_carry_and_gather() {
    let mut half = node("Constant", &[], &["half"], &[]);
    half.attribute = vec![nearmiss::onnx::node::tensor(
        "value",
        Tensor::floats(&[], &[0.5]).to_proto("half"),
    )];
    let nodes = [
        half,
        node("Cast", &["i"], &["turn"], &[int("to", 1)]),
        node("Add", &["turn", "half"], &["factor"], &[]),
        node("MatMul", &["h", "w"], &["product"], &[]),
        node("Mul", &["product", "factor"], &["scaled"], &[]),
        node("Tanh", &["scaled"], &["next"], &[]),
        node("Add", &["sum", "next"], &["more"], &[]),
        node("Mul", &["next", "next"], &["row"], &[]),
        node("Identity", &["true"], &["on"], &[]),
    ];
    let body = body(&["h", "sum"], &nodes, &["next", "more", "row"]);
    let net = turning(4)
        .input("x", &[2, 3])
        .weights("w", &[3, 3])
        .weights("zero", &[2, 3])
        .node(
            "Loop",
            &["turns", "", "x", "zero"],
            &["last", "total", "rows"],
            &[graph("body", body)],
        )
        .node("Add", &["last", "total"], &["both"], &[])
        .node("Add", &["both", "rows"], &["y"], &[]);
    net.check("x");
}

#[test]
fn loops_inside_loops() {
    let inner = [
        node("Mul", &["v", "v0"], &["u"], &[]),
        node("Identity", &["within"], &["inside"], &[]),
    ];
    let mut inner = body(&["v"], &inner, &["u"]);
    // A graph may not use the names of the one around it for values of its own.
    inner.input[0].name = "j".into();
    inner.input[1].name = "within".into();
    inner.output[0].name = "inside".into();
    let outer = [
        node("Sin", &["v0"], &["v1"], &[]),
        node(
            "Loop",
            &["turns", "true", "v1"],
            &["v2"],
            &[graph("body", inner)],
        ),
        node("Identity", &["go"], &["on"], &[]),
    ];
    let outer = body(&["v0"], &outer, &["v2"]);
    turning(2)
        .input("x", &[3])
        .node(
            "Loop",
            &["turns", "true", "x"],
            &["y"],
            &[graph("body", outer)],
        )
        .check("x");
}

#[test]
fn loops_whose_trips_are_not_known_block() {
    let counting = |net: Net, nodes: &[NodeProto], inputs: &[&str]| {
        let body = body(&["v"], nodes, &["u"]);
        net.node("Loop", inputs, &["y"], &[graph("body", body)])
            .refusal("x")
    };
    let double = node("Add", &["v", "v"], &["u"], &[]);
    let on = node("Identity", &["go"], &["on"], &[]);
    let net = || turning(3).input("x", &[2]);
    // How often it runs comes from x, or it ends itself.
    let counted = net()
        .node("ReduceSum", &["x"], &["sum"], &[int("keepdims", 0)])
        .node("Cast", &["sum"], &["count"], &[int("to", 7)]);
    let said = counting(
        counted,
        &[double.clone(), on.clone()],
        &["count", "true", "x"],
    );
    assert!(
        said.contains("Loop (how often it runs depends on the input's values; the y)"),
        "{said}"
    );
    let stop = [
        double.clone(),
        node("ReduceMax", &["u"], &["most"], &[int("keepdims", 0)]),
        node("Less", &["most", "limit"], &["on"], &[]),
    ];
    let limited = net().constant("limit", &Tensor::floats(&[], &[100.0]));
    let said = counting(limited, &stop, &["turns", "true", "x"]);
    assert!(
        said.contains("Loop (whether it goes on depends on values that it makes; the y)"),
        "{said}"
    );
    let long = turning(5000).input("x", &[2]);
    let said = counting(long, &[double, on], &["turns", "true", "x"]);
    assert!(
        said.contains("Loop (it runs too often to be written out; the y)"),
        "{said}"
    );
}

/// A recurrence over rows, which it also puts out.
fn recurrent() -> GraphProto {
    subgraph(
        &["state", "row"],
        &[
            node("MatMul", &["state", "w"], &["moved"], &[]),
            node("Add", &["moved", "row"], &["sum"], &[]),
            node("Tanh", &["sum"], &["next"], &[]),
            node("Mul", &["next", "row"], &["out"], &[]),
        ],
        &["next", "out"],
    )
}

#[test]
fn scans_are_written_out() {
    let of = graph("body", recurrent());
    let net = || Net::new(18).weights("w", &[2, 2]).weights("start", &[2]);
    let scan = |net: Net, more: &[nearmiss::onnx::proto::AttributeProto]| {
        let how = [&[of.clone(), int("num_scan_inputs", 1)], more].concat();
        net.node("Scan", &["start", "x"], &["last", "rows"], &how)
    };
    let plain = scan(net().input("x", &[4, 2]), &[]);
    plain.node("Mul", &["last", "rows"], &["y"], &[]).check("x");
    // Backwards, along the last axis, put out along the last axis and backwards.
    let turned = scan(
        net().input("x", &[2, 3]),
        &[
            ints("scan_input_axes", &[-1]),
            ints("scan_input_directions", &[1]),
            ints("scan_output_axes", &[1]),
            ints("scan_output_directions", &[1]),
        ],
    );
    turned
        .node("Transpose", &["rows"], &["across"], &[])
        .node("Mul", &["across", "last"], &["y"], &[])
        .check("x");
    // One row.
    let once = scan(net().input("x", &[1, 2]), &[]);
    once.node("Mul", &["last", "rows"], &["y"], &[]).check("x");
    let many = scan(net().input("x", &[5000, 2]), &[]);
    let said = many
        .node("Mul", &["last", "rows"], &["y"], &[])
        .refusal("x");
    assert!(
        said.contains("Scan (it runs too often to be written out; the last)"),
        "{said}"
    );
}

#[test]
fn the_scan_of_operator_set_8_is_refused() {
    let said = Net::new(8)
        .weights("w", &[2, 2])
        .weights("start", &[1, 2])
        .input("x", &[1, 4, 2])
        .node(
            "Scan",
            &["", "start", "x"],
            &["last", "y"],
            &[graph("body", recurrent()), int("num_scan_inputs", 1)],
        )
        .refusal("x");
    assert!(said.contains("version 8 of Scan"), "{said}");
}
