//! Layer normalization that is written out.

use super::*;

fn layer(twice: bool, root: &str) -> Written {
    let graph = Written::new(&[2, 3, 5])
        .scalars(&[
            ("epsilon", 1e-3),
            ("two", 2.0),
            ("one", 1.0),
            ("negative", -0.5),
        ])
        .ints("last", &[-1])
        .op("ReduceMean", &["x", "last"], "mean")
        .op("Sub", &["x", "mean"], "difference");
    let graph = if twice {
        graph
            .op("Sub", &["x", "mean"], "again")
            .op("Mul", &["again", "again"], "square")
    } else {
        graph.op("Pow", &["difference", "two"], "square")
    };
    let graph = graph.op("ReduceMean", &["square", "last"], "variance").op(
        "Add",
        &["variance", "epsilon"],
        "safe",
    );
    match root {
        "Div" => graph
            .op("Sqrt", &["safe"], "root")
            .op("Div", &["difference", "root"], "normal"),
        "Reciprocal" => {
            let graph = graph
                .op("Sqrt", &["safe"], "root")
                .op("Reciprocal", &["root"], "inverse");
            graph.op("Mul", &["difference", "inverse"], "normal")
        }
        _ => {
            let graph = graph
                .op("Sqrt", &["safe"], "root")
                .op("Div", &["one", "root"], "inverse");
            graph.op("Mul", &["inverse", "difference"], "normal")
        }
    }
}

#[test]
fn layer_normalization_written_out() {
    for twice in [false, true] {
        for root in ["Div", "Reciprocal", "Quotient"] {
            let made = layer(twice, root).check();
            assert_eq!(
                (count(&made, "LayerNormalization"), count(&made, "Sqrt")),
                (1, 0)
            );
            let made = layer(twice, root)
                .weights("w", &[5])
                .op("Mul", &["w", "normal"], "y")
                .check();
            assert_eq!(
                (count(&made, "LayerNormalization"), count(&made, "Sqrt")),
                (1, 0)
            );
            let made = layer(twice, root)
                .weights("w", &[5])
                .weights("b", &[1, 5])
                .op("Mul", &["normal", "w"], "scaled")
                .op("Add", &["scaled", "b"], "y")
                .check();
            assert_eq!(
                (count(&made, "LayerNormalization"), count(&made, "Sqrt")),
                (1, 0)
            );
            assert_eq!(
                made.graph
                    .nodes
                    .iter()
                    .find(|n| n.op_type == "LayerNormalization")
                    .unwrap()
                    .input
                    .len(),
                3
            );
        }
    }
}

#[test]
fn layer_normalization_through_casts_and_of_channels() {
    let made = Written::new(&[2, 6])
        .scalars(&[("epsilon", 1e-3), ("two", 2.0)])
        .with("Cast", &["x"], "wide", &[int("to", 1)])
        .op("Identity", &["wide"], "same")
        .with("ReduceMean", &["same"], "mean", &[])
        .ints("last", &[1])
        .op("Sub", &["same", "mean"], "difference")
        .op("Pow", &["difference", "two"], "square")
        .op("ReduceMean", &["square", "last"], "variance")
        .op("Add", &["variance", "epsilon"], "safe")
        .op("Sqrt", &["safe"], "root")
        .op("Div", &["difference", "root"], "y")
        .check();
    // The two means are over different dimensions.
    assert_eq!(count(&made, "LayerNormalization"), 0);
    let channels = Written::new(&[2, 3, 2, 2])
        .scalars(&[("epsilon", 1e-3)])
        .ints("first", &[1])
        .op("ReduceMean", &["x", "first"], "mean")
        .op("Sub", &["x", "mean"], "difference")
        .op("Mul", &["difference", "difference"], "square")
        .op("ReduceMean", &["square", "first"], "variance")
        .op("Add", &["variance", "epsilon"], "safe")
        .op("Sqrt", &["safe"], "root")
        .op("Div", &["difference", "root"], "y")
        .check();
    assert_eq!(count(&channels, "LayerNormalization"), 0);
}
