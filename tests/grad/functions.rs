//! Functions, branches and loops, and what is refused.

use super::net::{Net, graph, node, reference, subgraph};
use nearmiss::onnx::Tensor;
use nearmiss::onnx::node::{int, ints};

#[test]
fn functions_are_inlined() {
    let inner = [
        node("Mul", &["a", "b"], &["t"], &[]),
        node("Add", &["t", "a"], &["r"], &[]),
    ];
    let outer = [
        node("local.Inner", &["p", "q"], &["t"], &[]),
        node("local.Inner", &["t", "p"], &["r"], &[]),
    ];
    Net::new(18)
        .domain("local", 1)
        .function("Inner", &["a", "b"], &inner, &["r"])
        .function("Outer", &["p", "q"], &outer, &["r"])
        .input("x", &[2, 3])
        .weights("w", &[3])
        // Names that the functions use inside too.
        .node("local.Outer", &["x", "w"], &["t"], &[])
        .node("local.Outer", &["t", "x"], &["y"], &[])
        .check("x");
}

#[test]
fn functions_take_attributes() {
    let body = [
        node(
            "Transpose",
            &["a"],
            &["t"],
            &[reference("perm", "order", 7)],
        ),
        node(
            "Concat",
            &["t", "t"],
            &["r"],
            &[reference("axis", "along", 2)],
        ),
    ];
    Net::new(18)
        .domain("local", 1)
        .function("Turned", &["a"], &body, &["r"])
        .taking(&["order", "along"])
        .input("x", &[2, 3, 4])
        .node(
            "local.Turned",
            &["x"],
            &["t"],
            &[ints("order", &[2, 0, 1]), int("along", 1)],
        )
        // Without its attribute the operator has its own default.
        .node("local.Turned", &["t"], &["y"], &[int("along", 0)])
        .check("x");
}

#[test]
fn functions_leave_inputs_and_outputs_out() {
    let body = [
        node(
            "Slice",
            &["a", "first", "last", "axes", "steps"],
            &["t"],
            &[],
        ),
        node("Mul", &["t", "t"], &["r"], &[]),
        node("Neg", &["t"], &["unused"], &[]),
    ];
    Net::new(18)
        .domain("local", 1)
        .function(
            "Part",
            &["a", "first", "last", "axes", "steps"],
            &body,
            &["unused", "r", "a"],
        )
        .input("x", &[3, 5])
        .constant("one", &Tensor::ints(&[2], &[1, 1]))
        .constant("end", &Tensor::ints(&[2], &[3, 5]))
        .constant("steps", &Tensor::ints(&[2], &[1, 2]))
        .node(
            "local.Part",
            &["x", "one", "end", "", "steps"],
            &["", "s", "same"],
            &[],
        )
        .node("Reshape", &["same", "flat"], &["rows"], &[])
        .constant("flat", &Tensor::ints(&[2], &[-1, 1]))
        .constant("pair", &Tensor::ints(&[2], &[2, 2]))
        .node("Reshape", &["s", "pair"], &["few"], &[])
        .node("Gather", &["few", "pick"], &["wide"], &[])
        .constant(
            "pick",
            &Tensor::ints(&[15], &[0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1]),
        )
        .node("Mul", &["rows", "wide"], &["y"], &[])
        .check("x");
}

#[test]
fn functions_of_nodes_without_names() {
    let mut body = [
        node("Neg", &["a"], &["t"], &[]),
        node("Mul", &["t", "a"], &["r"], &[]),
    ];
    for part in &mut body {
        part.name.clear();
    }
    let mut net = Net::new(18)
        .domain("local", 1)
        .function("Squared", &["a"], &body, &["r"])
        .input("x", &[3])
        .node("local.Squared", &["x"], &["t"], &[])
        .node("local.Squared", &["t"], &["y"], &[]);
    net.forget_names();
    net.check("x");
}

#[test]
fn functions_that_call_themselves_are_refused() {
    let body = [node("local.Loop", &["a"], &["r"], &[])];
    let error = Net::new(18)
        .domain("local", 1)
        .function("Loop", &["a"], &body, &["r"])
        .input("x", &[2])
        .node("local.Loop", &["x"], &["y"], &[])
        .read()
        .unwrap_err();
    assert!(error.to_string().contains("without end"), "{error}");
}

#[test]
fn functions_hold_graphs_that_reach_outside() {
    // The branch takes `a` from the function and `w` from nowhere but the function's own nodes.
    let then = subgraph(&[], &[node("Mul", &["a", "w"], &["m"], &[])], &["m"]);
    let other = subgraph(&[], &[node("Neg", &["a"], &["m"], &[])], &["m"]);
    let body = [
        node("Shape", &["a"], &["s"], &[]),
        node("ReduceMax", &["s"], &["n"], &[int("keepdims", 0)]),
        node("Constant", &[], &["two"], &[int("value_int", 2)]),
        node("Greater", &["n", "two"], &["c"], &[]),
        node("Add", &["b", "b"], &["w"], &[]),
        node(
            "If",
            &["c"],
            &["r"],
            &[graph("then_branch", then), graph("else_branch", other)],
        ),
    ];
    let net = |shape: &[usize]| {
        Net::new(18)
            .domain("local", 1)
            .function("Chosen", &["a", "b"], &body, &["r"])
            .input("x", shape)
            .constant("v", &Tensor::floats(&[1], &[0.7]))
            .node("local.Chosen", &["x", "v"], &["t"], &[])
            .node("local.Chosen", &["t", "t"], &["y"], &[])
    };
    net(&[2, 3]).check("x");
    net(&[2, 1]).check("x");
}

/// y = the branch that a condition on `c` takes.
fn branching(net: Net, condition: &str) -> Net {
    let then = subgraph(&[], &[node("Mul", &["x", "x"], &["m"], &[])], &["m"]);
    let inner = subgraph(&[], &[node("Add", &["k", "x"], &["d"], &[])], &["d"]);
    let nested = [
        node("Neg", &["x"], &["k"], &[]),
        node(
            "If",
            &[condition],
            &["chosen"],
            &[
                graph("then_branch", inner.clone()),
                graph("else_branch", inner),
            ],
        ),
        node("Mul", &["chosen", "k"], &["m"], &[]),
    ];
    let other = subgraph(&[], &nested, &["m"]);
    net.node(
        "If",
        &[condition],
        &["y"],
        &[graph("then_branch", then), graph("else_branch", other)],
    )
}

#[test]
fn a_branch_that_the_shape_decides_is_taken() {
    for (size, batch) in [(3, 2), (2, 2)] {
        let net = Net::new(18)
            .input("x", &[batch, size])
            .constant("three", &Tensor::ints(&[], &[3]))
            .constant("last", &Tensor::ints(&[], &[1]))
            .node("Shape", &["x"], &["s"], &[])
            .node("Gather", &["s", "last"], &["width"], &[])
            .node("Equal", &["width", "three"], &["c"], &[]);
        branching(net, "c").check("x");
    }
}

#[test]
fn a_branch_that_the_input_decides_is_refused() {
    let net = Net::new(18)
        .input("x", &[2, 3])
        .constant("zero", &Tensor::floats(&[], &[0.0]))
        .node("ReduceSum", &["x"], &["sum"], &[int("keepdims", 0)])
        .node("Greater", &["sum", "zero"], &["c"], &[]);
    let refusal = branching(net, "c").refusal("x");
    assert!(
        refusal.contains("If") && refusal.contains("the y"),
        "{refusal}"
    );
}

#[test]
fn everything_that_blocks_is_named() {
    let refusal = Net::new(18)
        .domain("com.example", 1)
        .input("x", &[2, 3])
        .node("com.example.Magic", &["x"], &["a"], &[])
        .node("com.example.Magic", &["a"], &["b"], &[])
        .node("com.example.More", &["b"], &["c"], &[])
        .node("StringNormalizer", &["c"], &["d"], &[])
        .node("Add", &["d", "x"], &["y"], &[])
        .refusal("x");
    for part in [
        "com.example.Magic",
        "the a",
        "the b",
        "com.example.More",
        "the c",
        "StringNormalizer",
        "the d",
    ] {
        assert!(refusal.contains(part), "{part}: {refusal}");
    }
    assert!(!refusal.contains("Add"), "{refusal}");
}

#[test]
fn truth_values_carry_nothing() {
    // A mask made of the input is not on the path.
    Net::new(18)
        .input("x", &[3, 4])
        .constant("zero", &Tensor::floats(&[], &[0.0]))
        .constant("low", &Tensor::floats(&[], &[-0.5]))
        .node("Greater", &["x", "zero"], &["up"], &[])
        .node("Less", &["x", "low"], &["down"], &[])
        .node("Or", &["up", "down"], &["mask"], &[])
        .node("Not", &["mask"], &["no"], &[])
        .node("Where", &["no", "zero", "x"], &["y"], &[])
        .check("x");
}

#[test]
fn shapes_that_the_input_decides_are_refused() {
    let refusal = Net::new(18)
        .input("x", &[6])
        .constant("zero", &Tensor::floats(&[], &[0.0]))
        .constant("flat", &Tensor::ints(&[1], &[-1]))
        .node("Greater", &["x", "zero"], &["mask"], &[])
        .node("NonZero", &["mask"], &["where"], &[])
        .node("Reshape", &["where", "flat"], &["at"], &[])
        .node("Gather", &["x", "at"], &["y"], &[])
        .refusal("x");
    assert!(
        refusal.contains("input") && !refusal.contains("panic"),
        "{refusal}"
    );
}
