//! Several targets in one graph, weights among them; the products with Jacobian and Hessian, on the command line too.

mod command;

use super::harness::{close, engine, spread};
use super::net::Net;
use nearmiss::grad::{
    COTANGENT, GRADIENT, HESSIAN_PRODUCT, JACOBIAN_PRODUCT, LOSS, Objective, Request, TANGENT,
    Target, differentiate, hessian_product, jacobian_product, named,
};
use nearmiss::onnx::node::int;
use nearmiss::onnx::{Effort, Graph, GraphEngine, Tensor};
use nearmiss::task::Task;
use std::collections::BTreeMap;

/// `y = tanh(x w + b) z`: two inputs, two weights, and others that are not read on the way.
fn net(weights_fed: bool) -> Net {
    let (w, b) = (spread(&[3, 4], 3), spread(&[4], 4));
    let net = Net::new(18).input("x", &[2, 3]).input("z", &[2, 4]);
    let net = if weights_fed {
        net.feed("w", w).feed("b", b)
    } else {
        net.constant("w", &w).constant("b", &b)
    };
    net.feed("order", Tensor::ints(&[2], &[1, 0]))
        .weights("apart", &[5])
        .constant("counts", &Tensor::ints(&[2], &[1, 2]))
        .node("MatMul", &["x", "w"], &["xw"], &[])
        .node("Add", &["xw", "b"], &["xwb"], &[])
        .node("Tanh", &["xwb"], &["h"], &[])
        .node("Mul", &["h", "z"], &["hz"], &[])
        .node("Gather", &["hz", "order"], &["y"], &[int("axis", 0)])
        .node("Gather", &["counts", "order"], &["other"], &[])
        .node("Neg", &["apart"], &["another"], &[])
}

fn request(net: &Net, names: &[&str]) -> Request {
    let graph = net.read().unwrap();
    let targets = names.iter().map(|n| Target::by_name(&graph, n).unwrap());
    let targets: Vec<Target> = targets.collect();
    let request = Request::new(net.feeds().clone(), targets[0].clone(), Objective::Vjp);
    Request { targets, ..request }
}

fn run(graph: &Graph, feeds: &BTreeMap<String, Tensor>) -> BTreeMap<String, Tensor> {
    let mut program = engine().load(graph, Effort::Once).unwrap();
    let ports = graph.inputs.iter();
    let fed: Vec<(&str, &Tensor)> = ports.map(|p| (p.name.as_str(), &feeds[&p.name])).collect();
    let made = program.run(&fed, &Task::detached()).unwrap();
    graph.outputs.iter().cloned().zip(made).collect()
}

#[test]
fn one_graph_yields_the_gradients_of_inputs_and_weights() {
    let names = ["w", "x", "b", "z", "apart"];
    let net = net(false);
    let task = Task::detached();
    let made = differentiate(
        &net.read().unwrap(),
        &request(&net, &names),
        &engine(),
        &task,
    );
    let made = made.unwrap();
    assert_eq!(made.wrt, names);
    assert_eq!(made.apart, ["apart"]);
    let wanted: Vec<String> = (0..names.len())
        .map(|i| named(GRADIENT, &made.wrt, i))
        .collect();
    assert_eq!(wanted[0], "nearmiss_gradient/w");
    assert_eq!(made.graph.outputs[..2], [LOSS.to_owned(), "y".to_owned()]);
    assert_eq!(made.graph.outputs[2..], wanted);
    // The weights stay in the graph.
    let fed: Vec<&str> = made.graph.inputs.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(fed, ["x", "z", "order", COTANGENT]);
    let mut feeds = net.feeds().clone();
    feeds.insert(COTANGENT.into(), spread(&[2, 4], 77));
    let results = run(&made.graph, &feeds);
    // Each alone, as an input, which central differences confirm.
    let fed = self::net(true);
    for name in ["x", "z", "w", "b"] {
        fed.check(name);
        let (_, alone) = fed.gradient(name);
        let together = &results[&format!("nearmiss_gradient/{name}")];
        assert_eq!(together.shape(), alone.shape());
        let (together, alone) = (together.to_floats().unwrap(), alone.to_floats().unwrap());
        close(&together, &alone, 1e-6, name);
    }
    let none = results["nearmiss_gradient/apart"].to_floats().unwrap();
    assert_eq!(none, [0.0; 5]);
}

#[test]
fn a_target_on_the_way_to_another_has_its_own_gradient() {
    // The embeddings lie behind nothing, the scale before and after them.
    let net = Net::new(18)
        .feed("ids", Tensor::ints(&[3], &[2, 0, 2]))
        .weights("table", &[4, 2])
        .node("Gather", &["table", "ids"], &["e"], &[])
        .node("Sin", &["e"], &["s"], &[])
        .node("Mul", &["s", "e"], &["y"], &[]);
    let task = Task::detached();
    let mut asked = request(&net, &["table"]);
    asked.targets.push(Target::Tokens);
    let Ok(made) = differentiate(&net.read().unwrap(), &asked, &engine(), &task) else {
        // A table that moves is no table that is looked up.
        return;
    };
    let mut feeds = net.feeds().clone();
    feeds.insert(COTANGENT.into(), spread(&[3, 2], 77));
    let results = run(&made.graph, &feeds);
    let [of_table, of_rows] = ["table", "e"].map(|n| {
        let name = format!("nearmiss_gradient/{n}");
        results[&name].to_floats().unwrap()
    });
    let sums = [
        of_rows[2],
        of_rows[3],
        0.0,
        0.0,
        of_rows[0] + of_rows[4],
        of_rows[1] + of_rows[5],
        0.0,
        0.0,
    ];
    close(&of_table, &sums, 1e-6, "rows are summed");
}

#[test]
fn products_of_several_targets_are_those_of_one_vector() {
    let names = ["x", "w"];
    let net = net(false);
    let (graph, asked, task) = (net.read().unwrap(), request(&net, &names), Task::detached());
    let v = [spread(&[2, 3], 21), spread(&[3, 4], 22)];
    let u = spread(&[2, 4], 77);
    let mut feeds = net.feeds().clone();
    feeds.insert(COTANGENT.into(), u.clone());
    for (name, tangent) in names.iter().zip(&v) {
        feeds.insert(format!("{TANGENT}/{name}"), tangent.clone());
    }
    let made = differentiate(&graph, &asked, &engine(), &task).unwrap();
    let gradients = run(&made.graph, &feeds);
    let made = jacobian_product(&graph, &asked, &engine(), &task).unwrap();
    assert_eq!(made.graph.outputs, ["y", JACOBIAN_PRODUCT]);
    let along = run(&made.graph, &feeds)[JACOBIAN_PRODUCT]
        .to_floats()
        .unwrap();
    let dot = |a: &[f32], b: &Tensor| -> f32 {
        let b = b.to_floats().unwrap();
        a.iter().zip(&b).map(|(a, b)| a * b).sum()
    };
    let said: f32 = (names.iter().zip(&v))
        .map(|(n, v)| {
            dot(
                &gradients[&format!("{GRADIENT}/{n}")].to_floats().unwrap(),
                v,
            )
        })
        .sum();
    assert!(
        (said - dot(&along, &u)).abs() < 1e-4 * said.abs().max(1.0),
        "{said}"
    );
    // The second derivatives by both, x and w mixed: differences of the gradients along both at once.
    let made = hessian_product(&graph, &asked, &engine(), &task).unwrap();
    let second = run(&made.graph, &feeds);
    let fed = self::net(true);
    let both = differentiate(
        &fed.read().unwrap(),
        &request(&fed, &names),
        &engine(),
        &task,
    );
    let both = both.unwrap();
    let at = |by: f32| {
        let mut moved = fed.feeds().clone();
        moved.insert(COTANGENT.into(), u.clone());
        for (name, tangent) in names.iter().zip(&v) {
            let base = moved[*name].to_floats().unwrap();
            let step = tangent.to_floats().unwrap();
            let values: Vec<f32> = base.iter().zip(&step).map(|(x, d)| x + by * d).collect();
            moved.insert((*name).into(), Tensor::floats(tangent.shape(), &values));
        }
        run(&both.graph, &moved)
    };
    let step = 1.0 / 128.0;
    let (after, before) = (at(step), at(-step));
    for name in names {
        let of = |list: &BTreeMap<String, Tensor>| {
            list[&format!("{GRADIENT}/{name}")].to_floats().unwrap()
        };
        let (after, before) = (of(&after), of(&before));
        let slope: Vec<f32> = after
            .iter()
            .zip(&before)
            .map(|(a, b)| (a - b) / (2.0 * step))
            .collect();
        let product = second[&format!("{HESSIAN_PRODUCT}/{name}")]
            .to_floats()
            .unwrap();
        close(&product, &slope, 3e-3, name);
    }
}

#[test]
fn a_model_that_rounds_has_no_second_derivatives() {
    let net = Net::new(18)
        .input("x", &[2, 3])
        .node("Round", &["x"], &["r"], &[])
        .node("Mul", &["x", "r"], &["y"], &[]);
    let asked = request(&net, &["x"]);
    let why = hessian_product(&net.read().unwrap(), &asked, &engine(), &Task::detached());
    let why = why.unwrap_err().to_string();
    assert!(
        why.contains("a model that rounds has no second derivatives: Round"),
        "{why}"
    );
}
