//! How much a word matters.

use super::{demo, demo_folder, dot};
use nearmiss::attack::caption::importance;
use nearmiss::compute::TIE;
use nearmiss::grad::lookup;
use nearmiss::onnx::{Dim, Effort, Elem, Graph, GraphEngine, Port, Tensor};
use nearmiss::runtime::{Provider, RuntimeEngine};
use nearmiss::task::Task;

/// The demo's text model from the embeddings of its tokens on.
fn from_embeddings() -> (Graph, String) {
    let mut graph = Graph::open(&demo_folder().join("encoder/text_model.onnx")).unwrap();
    let table = lookup(&graph).unwrap();
    assert_eq!(table.outputs.len(), 1);
    let name = table.outputs[0].clone();
    graph.nodes.retain(|n| !n.output.contains(&name));
    let dims = vec![Dim::Unknown, Dim::Unknown, Dim::Fixed(96)];
    graph.inputs.push(Port {
        name: name.clone(),
        elem: Elem::F32,
        dims,
        has_shape: true,
    });
    graph.prune();
    graph.drop_unread_inputs();
    (graph, name)
}

#[test]
fn the_gradient_of_words_agrees_with_differences() {
    let stage = demo();
    let task = Task::detached();
    let (graph, name) = from_embeddings();
    let mut program = RuntimeEngine::new(&[Provider::Cpu])
        .load(&graph, Effort::Often)
        .unwrap();
    let weights = Graph::open(&demo_folder().join("encoder/text_model.onnx")).unwrap();
    let table = weights.constants["words.weight"].to_floats().unwrap();
    for j in [0, 7, 50] {
        let text = &stage.dataset.captions[j];
        let image = stage.dataset.image_of(j);
        let found = importance(
            &stage.scene(),
            text,
            Some(j),
            image,
            Some(&stage.guide),
            &task,
        )
        .unwrap();
        assert_eq!(found.no_gradient, None);
        let tokens = stage.encoder.tokenizer().encode(&[text]).unwrap();
        let rows = tokens
            .ids
            .iter()
            .map(|&id| &table[id as usize * 96..(id as usize + 1) * 96]);
        let embedded: Vec<f32> = rows.flatten().copied().collect();
        let mut score = |values: &[f32]| {
            let fed = Tensor::floats(&[1, tokens.cols, 96], values);
            let mask = Tensor::ints(&[1, tokens.cols], &tokens.mask);
            let out = program
                .run(&[(&name, &fed), ("attention_mask", &mask)], &task)
                .unwrap();
            let e = out[0].to_floats().unwrap();
            dot(&e, stage.embedded.images.row(image)) / dot(&e, &e).sqrt()
        };
        // The demo's tokens are [CLS], then each word or mark on its own.
        let pieces: Vec<&str> = text.split_whitespace().collect();
        let at = |word: &str, nth: usize| {
            1 + pieces
                .iter()
                .enumerate()
                .filter(|(_, p)| **p == word)
                .nth(nth)
                .unwrap()
                .0
        };
        for (i, word) in found.words.iter().enumerate() {
            let nth = found.words[..i]
                .iter()
                .filter(|w| w.text == word.text)
                .count();
            let column = at(&word.text, nth);
            assert_eq!(
                (word.tokens, &text[word.start..word.end]),
                (1, word.text.as_str())
            );
            let mut moved = |change: &dyn Fn(usize, f32) -> f32| {
                let mut values = embedded.clone();
                for (d, v) in values[column * 96..(column + 1) * 96]
                    .iter_mut()
                    .enumerate()
                {
                    *v += change(d, *v);
                }
                score(&values)
            };
            let step = 5e-3_f32;
            let grown =
                (moved(&|_, v| v * step) - moved(&|_, v| -v * step)) / f64::from(2.0 * step);
            let ours = f64::from(word.gradient.unwrap());
            assert!(
                (ours - grown).abs() < 2e-4 + 1e-2 * grown.abs(),
                "{}: {ours} {grown}",
                word.text
            );
            if i < 3 {
                #[allow(clippy::type_complexity)]
                let slope = |d: usize, moved: &mut dyn FnMut(&dyn Fn(usize, f32) -> f32) -> f64| {
                    let by = |sign: f32| {
                        move |at: usize, _: f32| if at == d { sign * step } else { 0.0 }
                    };
                    (moved(&by(1.0)) - moved(&by(-1.0))) / f64::from(2.0 * step)
                };
                let norm = (0..96)
                    .map(|d| slope(d, &mut moved).powi(2))
                    .sum::<f64>()
                    .sqrt();
                let ours = f64::from(word.norm.unwrap());
                assert!(
                    (ours - norm).abs() < 1e-2 * norm + 1e-4,
                    "{}: {ours} {norm}",
                    word.text
                );
            }
        }
    }
}

#[test]
fn leaving_a_word_out_is_what_the_model_says() {
    let stage = demo();
    let text = "A little orange cross with a small pink circle above .";
    let found = importance(&stage.scene(), text, None, 0, None, &Task::detached()).unwrap();
    assert_eq!(found.words.len(), 10);
    assert_eq!(found.queries, 11);
    let pieces: Vec<&str> = text.split(' ').collect();
    let whole = stage.embed(&[text.to_owned()]);
    for (i, word) in found.words.iter().enumerate() {
        let rest: Vec<&str> = pieces
            .iter()
            .enumerate()
            .filter(|(k, _)| *k != i)
            .map(|(_, p)| *p)
            .collect();
        let row = stage.embed(&[rest.join(" ")]);
        let change = dot(row.row(0), stage.embedded.images.row(0))
            - dot(whole.row(0), stage.embedded.images.row(0));
        let without = word.without.unwrap();
        assert!((f64::from(without.change) - change).abs() < 1e-5);
        assert!(word.gradient.is_none() && word.norm.is_none());
        // Its negatives are the captions of the other images.
        let own = stage.embedded.groups.range(0);
        let score = f64::from(without.standing.score);
        let above = (0..stage.embedded.texts.rows())
            .filter(|j| !own.contains(j))
            .filter(|&j| {
                dot(stage.embedded.texts.row(j), stage.embedded.images.row(0))
                    >= score - f64::from(TIE)
            });
        assert_eq!(without.standing.rank, 1 + above.count());
    }
    let one = importance(
        &stage.scene(),
        "circle",
        None,
        0,
        Some(&stage.guide),
        &Task::detached(),
    );
    let one = one.unwrap();
    assert!(one.words[0].without.is_none() && one.words[0].gradient.is_some());
    assert!(importance(&stage.scene(), " . ", None, 0, None, &Task::detached()).is_err());
    assert!(importance(&stage.scene(), "circle", None, 999, None, &Task::detached()).is_err());
}
