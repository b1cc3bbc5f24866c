//! Networks that tools quantised.

use super::*;

/// The gradient of a model that ONNX Runtime's tools made (`tests/fixtures/quantised.py`) is about that of the floats.
fn made_by_tools(name: &str) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/quantised");
    let task = Task::detached();
    let found = |file: &str| -> (Vec<f32>, Vec<f32>) {
        let graph = Graph::open(&folder.join(format!("{file}.onnx"))).unwrap();
        let x = spread(
            &if name == "cnn" {
                vec![2, 3, 8, 8]
            } else {
                vec![2, 4, 8]
            },
            8,
        );
        let feeds = [("x".to_owned(), x)].into();
        let request = Request::new(feeds, Target::Input("x".into()), Objective::Vjp);
        let made = differentiate(&graph, &request, &engine(), &task)
            .unwrap_or_else(|e| panic!("{file}: {e}"));
        assert!(
            made.graph.domains.is_empty(),
            "{file}: only standard operators come out"
        );
        assert_eq!(made.survey.approximate.is_empty(), file == name, "{file}");
        let mut program = engine().load(&made.graph, Effort::Often).unwrap();
        let cotangent = spread(&made.graph.infos["y"].shape, 78);
        let results = program
            .run(
                &[("x", &request.feeds["x"]), (COTANGENT, &cotangent)],
                &task,
            )
            .unwrap();
        (
            results[1].to_floats().unwrap(),
            results[2].to_floats().unwrap(),
        )
    };
    let (output, gradient) = found(name);
    for form in ["qdq", "operators", "dynamic"] {
        let (y, g) = found(&format!("{name}-{form}"));
        let (output, gradient) = (cosine(&y, &output), cosine(&g, &gradient));
        assert!(
            output > 0.99 && gradient > 0.95,
            "{name}-{form}: output {output}, gradient {gradient}"
        );
    }
}

#[test]
fn convolutional_networks_made_by_tools() {
    made_by_tools("cnn");
}

#[test]
fn transformers_made_by_tools() {
    made_by_tools("transformer");
}

#[test]
fn operators_of_the_tools_own_domain() {
    let net = Net::new(18)
        .domain("com.microsoft", 1)
        .input("x", &[2, 3, 4])
        .constant("s", &scalar(0.01))
        .constant("t", &Tensor::floats(&[3], &[0.01, 0.02, 0.03]))
        .constant("z", &whole(I8, &[], &[3]))
        .constant("u", &whole(I8, &[3], &[3, -3, 0]))
        .node(
            "com.microsoft.QuantizeLinear",
            &["x", "s", "z"],
            &["q"],
            &[],
        )
        .node(
            "com.microsoft.DequantizeLinear",
            &["q", "t", "u"],
            &["y"],
            &[int("axis", 1)],
        );
    let (found, cotangent) = gradient(&net);
    let wanted: Vec<f32> = (0..24)
        .map(|i| cotangent[i] * [1.0, 2.0, 3.0][i / 4 % 3])
        .collect();
    close(&found, &wanted, 1e-5, "scaled");
}

#[test]
fn recurrent_layers_with_quantised_weights() {
    let (steps, batch, inputs, hidden) = (4, 2, 3, 2);
    let w = noise(I8, &[1, inputs, 4 * hidden], 200, 100);
    let r = noise(I8, &[1, hidden, 4 * hidden], 200, 100);
    let net = Net::new(18)
        .domain("com.microsoft", 1)
        .input("x", &[steps, batch, inputs])
        .constant("w", &w)
        .constant("r", &r)
        .weights("b", &[1, 8 * hidden])
        .constant("ws", &Tensor::floats(&[1], &[0.01]))
        .constant("rs", &Tensor::floats(&[1], &[0.02]))
        .constant("wz", &whole(I8, &[1], &[5]))
        .constant("rz", &whole(I8, &[1], &[0]))
        .node(
            "com.microsoft.DynamicQuantizeLSTM",
            &["x", "w", "r", "b", "", "", "", "", "ws", "wz", "rs", "rz"],
            &["y"],
            &[int("hidden_size", hidden as i64)],
        );
    // The standard operator has them the other way round.
    let turned = |t: &Tensor, rows: usize, scale: f32, zero: f32| -> Tensor {
        let values = t.to_floats().unwrap();
        let columns = 4 * hidden;
        let at = |i: usize| (values[i % rows * columns + i / rows] - zero) * scale;
        Tensor::floats(
            &[1, columns, rows],
            &(0..rows * columns).map(at).collect::<Vec<_>>(),
        )
    };
    let plain = Net::new(18)
        .input("x", &[steps, batch, inputs])
        .constant("w", &turned(&w, inputs, 0.01, 5.0))
        .constant("r", &turned(&r, hidden, 0.02, 0.0))
        .weights("b", &[1, 8 * hidden])
        .node(
            "LSTM",
            &["x", "w", "r", "b"],
            &["y"],
            &[int("hidden_size", hidden as i64)],
        );
    alike(&net, &plain, 0.03);
}
