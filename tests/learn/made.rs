//! Models made on the spot, for what the demo does not do.

use crate::encoder::models::{FLOAT, INT64, named, node, port, with, write};
use nearmiss::onnx::proto::{AttributeProto, Message as _, ModelProto, NodeProto, TensorProto};
use std::path::Path;

/// A constant of integers.
fn ints(name: &str, values: &[i64]) -> NodeProto {
    with(node("Constant", &[], name), &[], &[("value_ints", values)])
}

/// An image model that gives the three channels of each pixel, and no embedding of the picture.
pub fn pixels(path: &Path) {
    let turned = with(
        node("Transpose", &["flat"], "last_hidden_state"),
        &[],
        &[("perm", &[0, 2, 1])],
    );
    write(
        path,
        vec![port("pixel_values", FLOAT, &[0, 3, 8, 8])],
        vec![
            ints("shape", &[0, 3, 64]),
            node("Reshape", &["pixel_values", "shape"], "flat"),
            turned,
        ],
        vec![port("last_hidden_state", FLOAT, &[0, 64, 3])],
    );
}

/// A text model that gives `[id, id squared, 1]` for each token, in type `elem`; a token of id 0, as padding has it, gives
/// NaN. It takes an attention mask, or none.
pub fn tokens(path: &Path, masked: bool, elem: i32) {
    let wide = |from: &str, to: &str| node("Unsqueeze", &[from, "axes"], to);
    let mut inputs = vec![named("input_ids", INT64, &["batch", "seq"])];
    let mut ids = vec![node("Identity", &["input_ids"], "ids")];
    if masked {
        inputs.push(named("attention_mask", INT64, &["batch", "seq"]));
        // The mask has a part in it, so that it is no input that nothing reads.
        ids = vec![node("Mul", &["input_ids", "attention_mask"], "ids")];
    }
    ids.extend([
        ints("axes", &[2]),
        with(node("Cast", &["ids"], "f"), &[("to", 1)], &[]),
        node("Mul", &["f", "f"], "ff"),
        node("Div", &["f", "f"], "one"),
        wide("f", "a"),
        wide("ff", "b"),
        wide("one", "c"),
        with(node("Concat", &["a", "b", "c"], "all"), &[("axis", 2)], &[]),
        with(
            node("Cast", &["all"], "last_hidden_state"),
            &[("to", elem.into())],
            &[],
        ),
    ]);
    let output = named("last_hidden_state", elem, &["batch", "seq", "3"]);
    write(path, inputs, ids, vec![output]);
}

/// A text model with a table of embeddings, of which each token gets its own, squared, in `last_hidden_state`. It reads no
/// mask.
pub fn embedded(path: &Path) {
    let values = TensorProto {
        dims: vec![5, 3],
        data_type: FLOAT,
        float_data: (0..15).map(|i| (i as f32 * 0.7).sin()).collect(),
        ..TensorProto::default()
    };
    let mut table = node("Constant", &[], "table");
    table.attribute.push(AttributeProto {
        name: "value".into(),
        t: Some(values),
        r#type: 4,
        ..AttributeProto::default()
    });
    let rows = named("last_hidden_state", FLOAT, &["batch", "seq", "3"]);
    write(
        path,
        vec![
            named("input_ids", INT64, &["batch", "seq"]),
            named("attention_mask", INT64, &["batch", "seq"]),
        ],
        vec![
            table,
            node("Gather", &["table", "input_ids"], "h"),
            node("Mul", &["h", "h"], "last_hidden_state"),
        ],
        vec![rows],
    );
}

/// Gives the model at `path` another operator set.
pub fn of_opset(path: &Path, version: i64) {
    let mut model = ModelProto::decode(&*std::fs::read(path).unwrap()).unwrap();
    model.opset_import[0].version = version;
    std::fs::write(path, model.encode_to_vec()).unwrap();
}

/// An image model of one picture without a batch, that gives `[3]`.
pub fn single(path: &Path) {
    let mean = with(
        node("ReduceMean", &["image"], "features"),
        &[("keepdims", 0)],
        &[("axes", &[1, 2])],
    );
    write(
        path,
        vec![port("image", FLOAT, &[3, 8, 8])],
        vec![mean],
        vec![port("features", FLOAT, &[3])],
    );
}
