//! Gates: what is written out as an activation.

use super::*;

/// The exact GELU, from its gate `1 + erf` on, in the orders that exporters multiply in.
#[test]
fn gelu_in_every_order() {
    let start = |op: &str, by: &str| {
        let graph = Written::new(&[3, 5]).scalars(&constants());
        graph.op(op, &["x", by], "u").op("Erf", &["u"], "e")
    };
    let gated = || start("Div", "root2").op("Add", &["e", "one"], "gate");
    let all = [
        gated()
            .op("Mul", &["x", "gate"], "a")
            .op("Mul", &["a", "half"], "y"),
        gated()
            .op("Mul", &["x", "half"], "a")
            .op("Mul", &["a", "gate"], "y"),
        gated()
            .op("Mul", &["half", "gate"], "a")
            .op("Mul", &["x", "a"], "y"),
        gated()
            .op("Div", &["gate", "two"], "a")
            .op("Mul", &["a", "x"], "y"),
        start("Mul", "inverse")
            .op("Add", &["one", "e"], "gate")
            .op("Mul", &["gate", "x"], "a")
            .op("Mul", &["half", "a"], "y"),
        start("Mul", "inverse")
            .op("Mul", &["e", "half"], "h")
            .op("Add", &["h", "half"], "gate")
            .op("Mul", &["x", "gate"], "y"),
    ];
    for graph in all {
        let made = graph.check();
        assert_eq!(
            (
                count(&made, "Erf"),
                count(&made, "Exp"),
                count(&made, "HardSigmoid")
            ),
            (1, 1, 1)
        );
        assert!(made.graph.nodes.len() <= 12, "{}", made.graph.nodes.len());
    }
}

#[test]
fn what_looks_like_gelu_but_is_not() {
    let gated = || {
        let graph = Written::new(&[3, 5])
            .scalars(&constants())
            .scalars(&[("most", 0.6)]);
        graph
            .op("Div", &["x", "root2"], "u")
            .op("Erf", &["u"], "e")
            .op("Add", &["e", "one"], "gate")
    };
    let all = [
        gated()
            .op("Mul", &["x", "gate"], "a")
            .op("Mul", &["a", "most"], "y"),
        gated()
            .op("Mul", &["u", "gate"], "a")
            .op("Mul", &["a", "half"], "y"),
        gated()
            .op("Mul", &["gate", "gate"], "a")
            .op("Mul", &["a", "half"], "y"),
        gated()
            .weights("w", &[5])
            .op("Mul", &["x", "w"], "v")
            .op("Mul", &["v", "gate"], "a")
            .op("Mul", &["a", "half"], "y"),
    ];
    for graph in all {
        assert_eq!(count(&graph.check(), "HardSigmoid"), 0);
    }
}

#[test]
fn gelu_of_a_product_and_times_a_scale() {
    let made = Written::new(&[3, 5])
        .scalars(&constants())
        .weights("w", &[5])
        .op("Mul", &["x", "w"], "v")
        .op("Div", &["v", "root2"], "u")
        .op("Erf", &["u"], "e")
        .op("Add", &["e", "one"], "gate")
        .op("Mul", &["v", "gate"], "a")
        .op("Mul", &["a", "half"], "b")
        .op("Mul", &["b", "w"], "y")
        .check();
    assert_eq!(count(&made, "HardSigmoid"), 1);
}

#[test]
fn gelu_by_tanh() {
    let root = (2.0 / std::f32::consts::PI).sqrt();
    let start = || {
        Written::new(&[3, 5])
            .scalars(&constants())
            .scalars(&[("root", root)])
    };
    let cubes = [
        start().op("Pow", &["x", "three"], "cube"),
        start()
            .op("Mul", &["x", "x"], "square")
            .op("Mul", &["square", "x"], "cube"),
    ];
    for graph in cubes {
        let made = graph
            .op("Mul", &["cube", "cubic"], "c")
            .op("Add", &["x", "c"], "d")
            .op("Mul", &["d", "root"], "t")
            .op("Tanh", &["t"], "h")
            .op("Add", &["h", "one"], "gate")
            .op("Mul", &["x", "half"], "a")
            .op("Mul", &["a", "gate"], "y")
            .check();
        assert_eq!((count(&made, "Tanh"), count(&made, "Sigmoid")), (0, 1));
    }
    let factored = start()
        .op("Mul", &["x", "cubic"], "a")
        .op("Mul", &["a", "x"], "b")
        .op("Add", &["b", "one"], "c")
        .op("Mul", &["x", "root"], "d")
        .op("Mul", &["d", "c"], "t")
        .op("Tanh", &["t"], "h")
        .op("Add", &["one", "h"], "gate")
        .op("Mul", &["gate", "half"], "e")
        .op("Mul", &["x", "e"], "y");
    assert_eq!(count(&factored.check(), "Sigmoid"), 1);
}

#[test]
fn other_gates() {
    let start = || {
        Written::new(&[3, 5])
            .scalars(&constants())
            .scalars(&[("a", 1.702), ("sixth", 1.0 / 6.0)])
    };
    let silu = start()
        .op("Sigmoid", &["x"], "s")
        .op("Mul", &["x", "s"], "y")
        .check();
    assert_eq!(count(&silu, "Sigmoid"), 1);
    assert!(silu.graph.nodes.len() <= 8, "{}", silu.graph.nodes.len());
    let quick = start()
        .op("Mul", &["x", "a"], "u")
        .op("Sigmoid", &["u"], "s")
        .op("Mul", &["s", "x"], "y")
        .check();
    assert_eq!(count(&quick, "Sigmoid"), 1);
    let mish = start()
        .op("Softplus", &["x"], "s")
        .op("Tanh", &["s"], "t")
        .op("Mul", &["x", "t"], "y")
        .check();
    assert_eq!((count(&mish, "Softplus"), count(&mish, "Tanh")), (0, 0));
    let third = [float("alpha", 1.0 / 6.0), float("beta", 0.5)];
    let swish = start()
        .with("HardSigmoid", &["x"], "h", &third)
        .op("Mul", &["x", "h"], "y")
        .check();
    assert_eq!(count(&swish, "HardSwish"), 1);
    let clip = || {
        start()
            .op("Add", &["x", "three"], "u")
            .op("Clip", &["u", "zero", "six"], "c")
    };
    let swish = clip()
        .op("Mul", &["x", "c"], "d")
        .op("Div", &["d", "six"], "y")
        .check();
    assert_eq!(count(&swish, "HardSwish"), 1);
    let swish = clip()
        .op("Mul", &["c", "sixth"], "d")
        .op("Mul", &["d", "x"], "y")
        .check();
    assert_eq!(count(&swish, "HardSwish"), 1);
    let sigmoid = clip().op("Div", &["c", "six"], "y").check();
    assert_eq!(count(&sigmoid, "HardSigmoid"), 1);
    let gate = start()
        .weights("w", &[5])
        .op("Mul", &["x", "w"], "u")
        .op("Sigmoid", &["u"], "s")
        .op("Mul", &["s", "x"], "y");
    gate.check();
}

/// Gates become operators that are newer than the graph: also where no gradient passes they must not stay so.
#[test]
fn gates_off_the_path_of_the_gradient() {
    let mut written = Written::new(&[3, 5])
        .scalars(&constants())
        .op("Sigmoid", &["z"], "s")
        .op("Mul", &["z", "s"], "gated")
        .op("Div", &["z", "root2"], "u")
        .op("Erf", &["u"], "e")
        .op("Add", &["e", "one"], "f")
        .op("Mul", &["z", "f"], "g")
        .op("Mul", &["g", "half"], "h")
        .op("Add", &["gated", "h"], "other")
        .op("Mul", &["x", "other"], "y");
    written.graph.inputs.push(port("z", &[3, 5]));
    let (engine, task) = (engine(), Task::detached());
    let (x, z) = (spread(&[3, 5], 1), spread(&[3, 5], 2));
    let feeds: BTreeMap<String, Tensor> =
        [("x".to_owned(), x.clone()), ("z".to_owned(), z.clone())].into();
    let request = Request::new(feeds, Target::Input("x".into()), Objective::Vjp);
    let made = differentiate(&written.graph, &request, &engine, &task).unwrap();
    assert_eq!(
        (
            made.graph.opset,
            count(&made, "Gelu"),
            count(&made, "Swish")
        ),
        (18, 0, 0)
    );
    let cotangent = Tensor::floats(&[3, 5], &[1.0; 15]);
    let fed = [("x", &x), ("z", &z), (COTANGENT, &cotangent)];
    let results = engine
        .load(&made.graph, Effort::Often)
        .unwrap()
        .run(&fed, &task)
        .unwrap();
    let mut program = engine.load(&written.graph, Effort::Once).unwrap();
    let output = program.run(&fed[..2], &task).unwrap();
    close(
        &results[1].to_floats().unwrap(),
        &output[0].to_floats().unwrap(),
        1e-5,
        "the output",
    );
    let slope: Vec<f32> = output[0]
        .to_floats()
        .unwrap()
        .iter()
        .zip(x.to_floats().unwrap())
        .map(|(y, x)| y / x)
        .collect();
    close(
        &results[2].to_floats().unwrap(),
        &slope,
        1e-4,
        "the gradient",
    );
}
