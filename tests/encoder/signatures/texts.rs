//! Text models: a vector for each token, scores instead of embeddings, a length that is not declared.

use super::*;

/// A text model that gives a vector `[id, id squared, 1]` for each token, and no embedding of the text.
fn hidden(path: &Path) {
    let axes = with(node("Constant", &[], "axes"), &[], &[("value_ints", &[2])]);
    let wide = |from: &str, to: &str| node("Unsqueeze", &[from, "axes"], to);
    let mask = named("attention_mask", INT64, &["batch", "seq"]);
    write(
        path,
        vec![named("input_ids", INT64, &["batch", "seq"]), mask],
        vec![
            axes,
            with(node("Cast", &["input_ids"], "f"), &[("to", 1)], &[]),
            node("Mul", &["f", "f"], "ff"),
            node("Div", &["f", "f"], "one"),
            wide("f", "a"),
            wide("ff", "b"),
            wide("one", "c"),
            with(
                node("Concat", &["a", "b", "c"], "last_hidden_state"),
                &[("axis", 2)],
                &[],
            ),
        ],
        vec![named("last_hidden_state", FLOAT, &["batch", "seq", ""])],
    );
}

fn unit(v: [f32; 3]) -> Vec<f32> {
    let norm = v.iter().map(|x| x * x).sum::<f32>().sqrt();
    v.map(|x| x / norm).to_vec()
}

#[test]
fn vectors_per_token_need_a_pooling() {
    let made = plain();
    hidden(&made.path().join("text_model.onnx"));
    let Error::Ask {
        question: Question::TextPool(_),
        ..
    } = refusal(&made)
    else {
        panic!("{}", refusal(&made));
    };
    let texts = ["two", "two three four"].map(String::from);
    let of = |encoder: &Encoder| encoder.embed_texts(&texts, None, &task()).unwrap();
    for (pool, long) in [
        (Pool::First, [2.0, 4.0, 1.0]),
        (Pool::Mean, [3.0, 29.0 / 3.0, 1.0]),
        (Pool::Last, [4.0, 16.0, 1.0]),
    ] {
        let options = EncoderOptions {
            text_pool: Some(pool),
            ..EncoderOptions::default()
        };
        let named = EncoderOptions {
            text_output: Some(format!("last_hidden_state[{}]", pool.name())),
            ..EncoderOptions::default()
        };
        for options in [options, named] {
            let rows = of(&open(&made, &options).unwrap());
            assert!(largest_difference(rows.row(0), &unit([2.0, 4.0, 1.0])) < 1e-6);
            assert!(
                largest_difference(rows.row(1), &unit(long)) < 1e-6,
                "{pool:?}"
            );
        }
    }
    let last = EncoderOptions {
        text_pool: Some(Pool::Last),
        ..EncoderOptions::default()
    };
    let last = open(&made, &last).unwrap();
    let refused = last.text_tower().graph().err().unwrap();
    assert!(refused.to_string().contains("last token"), "{refused}");
    // The folder of sentence-transformers says it.
    std::fs::create_dir(made.path().join("1_Pooling")).unwrap();
    let config = made.path().join("1_Pooling/config.json");
    std::fs::write(
        &config,
        r#"{"pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}"#,
    )
    .unwrap();
    let said = of(&open(&made, &EncoderOptions::default()).unwrap());
    assert!(largest_difference(said.row(1), &unit([3.0, 29.0 / 3.0, 1.0])) < 1e-6);
    std::fs::write(&config, r#"{"pooling_mode_max_tokens": true}"#).unwrap();
    assert!(
        refusal(&made)
            .to_string()
            .contains("pooling_mode_max_tokens")
    );
}

#[test]
fn scores_of_pairs_are_refused_whatever_they_are_called() {
    let made = tempfile::tempdir().unwrap();
    crate::encoder::models::write_settings(made.path());
    let sums = |from: &str, to: &str, axes: &[i64]| {
        with(
            node("ReduceMean", &[from], to),
            &[("keepdims", 0)],
            &[("axes", axes)],
        )
    };
    let widen = |from: &str, axes: &str, to: &str| node("Unsqueeze", &[from, axes], to);
    let constant = |name: &str, value: i64| {
        with(
            node("Constant", &[], name),
            &[],
            &[("value_ints", &[value])],
        )
    };
    write(
        &made.path().join("model.onnx"),
        vec![
            named("pixel_values", FLOAT, &["", "3", "8", "8"]),
            named("input_ids", INT64, &["", ""]),
        ],
        vec![
            constant("one", 1),
            constant("zero", 0),
            sums("pixel_values", "i", &[1, 2, 3]),
            with(node("Cast", &["input_ids"], "f"), &[("to", 1)], &[]),
            sums("f", "t", &[1]),
            widen("i", "one", "left"),
            widen("t", "zero", "right"),
            node("Mul", &["left", "right"], "out"),
        ],
        vec![named("out", FLOAT, &["", ""])],
    );
    let error = refusal(&made);
    assert!(error.to_string().contains("logits"), "{error}");
}

#[test]
fn a_length_that_the_graph_alone_knows_is_found() {
    let made = plain();
    write_text_sums(&made.path().join("text_model.onnx"));
    let path = made.path().join("text_model.onnx");
    // Sums of ids times their position, which a table of 77 rows gives.
    write(
        &path,
        vec![named("input_ids", INT64, &["batch", "seq"])],
        vec![
            {
                let mut range = node("Constant", &[], "places");
                let places: Vec<i64> = (1..=77).collect();
                range = with(range, &[], &[("value_ints", &places)]);
                range
            },
            node("Mul", &["input_ids", "places"], "weighted"),
            with(node("Cast", &["weighted"], "f"), &[("to", 1)], &[]),
            with(
                node("ReduceMean", &["f"], "a"),
                &[("keepdims", 1)],
                &[("axes", &[1])],
            ),
            node("Mul", &["a", "a"], "b"),
            node("Sub", &["a", "b"], "c"),
            with(
                node("Concat", &["a", "b", "c"], "text_embeds"),
                &[("axis", 1)],
                &[],
            ),
        ],
        vec![port("text_embeds", FLOAT, &[0, 3])],
    );
    let encoder = open(&made, &EncoderOptions::default()).unwrap();
    let tokens = encoder.tokenizer().encode(&["one two"]).unwrap();
    assert_eq!(tokens.cols, 77);
    let stated = encoder.describe().stated;
    let length = stated
        .iter()
        .find(|s| s.what == "tokens per caption")
        .unwrap();
    assert!(
        length.value == "77" && length.from.contains("tried"),
        "{length:?}"
    );
}
