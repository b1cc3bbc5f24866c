//! What may come in, what cannot be done, and what is refused.

use super::{demo, demo_folder, open};
use nearmiss::attack::caption::{
    Guide, Options, Scene, SearchMethod, Substitution, Synonyms, importance, read_words, substitute,
};
use nearmiss::compute::{Embedded, Groups};
use nearmiss::error::Error;
use nearmiss::onnx::{Encoded, Graph, Tensor};
use nearmiss::runtime::Provider;
use nearmiss::task::Task;
use std::sync::Arc;

#[test]
fn only_what_is_allowed_comes_in() {
    let stage = demo();
    let some = |words: &[&str]| Some(words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>());
    let changes = |found: &Substitution| {
        let all = found.edits.iter().flat_map(|e| e.changes.clone());
        all.map(|c| (c.from.to_lowercase(), c.to))
            .collect::<Vec<_>>()
    };
    // What the tokenizer does not know, and what is no plain word, stays out.
    let vocabulary = some(&["blue", "zebra", "two words", ".", "[UNK]", "Blue"]);
    let found = stage.search(
        0,
        &Options {
            vocabulary,
            words: 2,
            ..Options::default()
        },
        true,
    );
    assert_eq!(found.candidates, 1);
    assert!(changes(&found).iter().all(|(_, to)| to == "blue"));

    let synonyms =
        Synonyms::parse("orange: red, blue\nCircle, cross, heart\nnowhere: green").unwrap();
    for guided in [true, false] {
        let options = Options {
            synonyms: Some(synonyms.clone()),
            words: 2,
            ..Options::default()
        };
        let found = stage.search(0, &options, guided);
        assert!(stage.dataset.captions[0].contains("orange"));
        assert!(!changes(&found).is_empty());
        for (from, to) in changes(&found) {
            let right = match from.as_str() {
                "orange" => ["red", "blue"].contains(&to.as_str()),
                "circle" => ["cross", "heart"].contains(&to.as_str()),
                _ => false,
            };
            assert!(right, "{from} -> {to}");
        }
    }
    let keep: Vec<String> = ["A", "orange", "blue"].map(String::from).into();
    let found = stage.search(
        0,
        &Options {
            keep,
            words: 2,
            shown: 50,
            ..Options::default()
        },
        true,
    );
    for (from, to) in changes(&found) {
        assert!(
            !["a", "orange"].contains(&from.as_str())
                && !["a", "orange", "blue"].contains(&to.as_str())
        );
    }
    let nothing = Options {
        vocabulary: some(&["zebra"]),
        ..Options::default()
    };
    let (scene, text) = (stage.scene(), &stage.dataset.captions[0]);
    let error =
        substitute(&scene, text, Some(0), 0, &nothing, None, &Task::detached()).unwrap_err();
    assert!(
        error.to_string().contains("no word may be exchanged"),
        "{error}"
    );
}

#[test]
fn a_model_without_a_gradient_is_asked_alone() {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(demo_folder().join("encoder")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    // A sequence of one, and its first: no rule knows either, and the embedding stays what it was.
    let model = folder.path().join("text_model.onnx");
    let mut graph = Graph::open(&model).unwrap();
    let output = graph.outputs[0].clone();
    let port = graph.ports_out().remove(0);
    graph.rename(&output, "before");
    let zero = graph.nodes[0].clone();
    for (op, inputs, made) in [
        ("SequenceConstruct", vec!["before"], "sequence"),
        ("SequenceAt", vec!["sequence", "first"], output.as_str()),
    ] {
        let mut node = zero.clone();
        (node.op_type, node.name) = (op.into(), op.into());
        node.input = inputs.into_iter().map(str::to_owned).collect();
        node.output = vec![made.to_owned()];
        node.attribute.clear();
        graph.nodes.push(node);
    }
    graph
        .constants
        .insert("first".into(), Tensor::ints(&[], &[0]));
    graph.declared.insert(output.clone(), port);
    graph.outputs = vec![output];
    std::fs::write(&model, graph.encode(Encoded::DATA).model).unwrap();

    let stage = demo();
    let encoder = open(folder.path());
    let guide = Guide::open(&encoder, &[Provider::Cpu]).unwrap();
    let scene = Scene::new(&encoder, &stage.embedded);
    let (text, task) = (&stage.dataset.captions[0], Task::detached());
    let found = substitute(
        &scene,
        text,
        Some(0),
        0,
        &Options::default(),
        Some(&guide),
        &task,
    )
    .unwrap();
    assert_eq!((found.method, found.gradients), (SearchMethod::Queries, 0));
    assert!(found.no_gradient.unwrap().contains("Sequence"));
    let plain = stage.search(0, &Options::default(), false);
    assert_eq!(found.edits[0].text, plain.edits[0].text);
    let weighed = importance(&scene, text, Some(0), 0, Some(&guide), &task).unwrap();
    assert!(weighed.no_gradient.is_some() && weighed.words[0].without.is_some());
}

#[test]
fn lists_of_words_are_read_and_faults_are_named() {
    let synonyms = Synonyms::parse(
        "\u{feff}# mine\n\nDog: hound, puppy ,hot dog\n\"cat\",\"kitten\"\ndog: cur",
    )
    .unwrap();
    assert_eq!(synonyms.of("DOG"), ["hound", "puppy", "cur"]);
    assert_eq!(synonyms.of("cat"), ["kitten"]);
    assert!(synonyms.of("bird").is_empty());
    assert_eq!((synonyms.left_out, synonyms.all().len()), (1, 4));
    for (text, part) in [
        ("dog: cur\n\ncat kitten", "line 3 has neither"),
        ("dog:", "line 1 gives no synonym for \"dog\""),
        ("dog: , ,", "line 1 gives no synonym"),
        ("hot dog: sausage", "line 1 starts with \"hot dog\""),
        (": dog", "line 1 starts with \"\""),
        ("# nothing\n", "holds no synonyms"),
    ] {
        let fault = Synonyms::parse(text).unwrap_err();
        assert!(fault.contains(part), "{fault}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("words.txt");
    std::fs::write(&path, "dog cat\n# bird\nfish, cow\n").unwrap();
    assert_eq!(read_words(&path).unwrap(), ["dog", "cat", "fish", "cow"]);
    std::fs::write(&path, "dog\nc4t\n").unwrap();
    let error = read_words(&path).unwrap_err().to_string();
    assert!(
        error.contains("words.txt") && error.contains("line 2 has \"c4t\""),
        "{error}"
    );
    std::fs::write(&path, [0xff, 0xfe, b'a']).unwrap();
    assert!(
        Synonyms::open(&path)
            .unwrap_err()
            .to_string()
            .contains("UTF-8")
    );
    assert!(matches!(
        Synonyms::open(&folder.path().join("none")),
        Err(Error::Io { .. })
    ));
}

#[test]
fn a_cancelled_search_stops() {
    let stage = demo();
    let task = Task::detached();
    task.cancel();
    for guide in [Some(&stage.guide), None] {
        let (scene, text) = (stage.scene(), &stage.dataset.captions[0]);
        let found = substitute(&scene, text, Some(0), 0, &Options::default(), guide, &task);
        assert!(found.is_err_and(|e| e.is_cancelled()));
        assert!(
            importance(&scene, text, Some(0), 0, guide, &task).is_err_and(|e| e.is_cancelled())
        );
    }
}

#[test]
fn sizes_that_do_not_fit_are_refused() {
    let stage = demo();
    let Embedded { images, texts, .. } = stage.embedded.clone();
    let groups = Arc::new(Groups::uniform(3, 1));
    assert!(Embedded::shared(images, texts, groups).is_err());
}
