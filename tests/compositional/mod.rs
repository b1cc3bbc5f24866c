//! Benchmarks with given negatives: their scores by hand; their files and the command on the demo's encoder.

mod command;

use nearmiss::compute::Embeddings;
use nearmiss::dataset::trials::{Benchmark, Trial, Trials, cropped};
use nearmiss::dataset::{Dataset, Image, Picture};
use nearmiss::retrieval::{Compositional, compositional};
use nearmiss::task::Task;

fn task() -> Task {
    Task::detached()
}

/// Trials whose image `i` has caption rows of its own, each trial in the category given.
fn made(benchmark: Benchmark, trials: Vec<Trial>, captions: usize, categories: &[&str]) -> Trials {
    let images = trials.iter().flat_map(|t| &t.images).max().unwrap() + 1;
    let image = |i| Image::file(format!("{i}.png"), "nowhere");
    let mut offsets: Vec<u32> = (0..images).collect();
    offsets.push(captions as u32);
    Trials {
        benchmark,
        dataset: Dataset {
            images: (0..images).map(image).collect(),
            captions: (0..captions).map(|c| c.to_string()).collect(),
            offsets,
            ..Dataset::default()
        },
        crops: vec![None; images as usize],
        trials,
        categories: categories.iter().map(|&c| c.to_owned()).collect(),
    }
}

/// A caption whose scores with the images (1, 0, 0) and (0, 1, 0) are `a` and `b`.
fn caption(a: f32, b: f32) -> [f32; 3] {
    [a, b, (1.0 - a * a - b * b).sqrt()]
}

fn near(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-9, "{a} is not {b}");
}

#[test]
fn winoground_scores_are_strict_and_in_both_directions() {
    // (s(c0, i0), s(c0, i1)), (s(c1, i0), s(c1, i1)), and what is right by the definition.
    let cases = [
        ([(0.6, 0.1), (0.2, 0.7)], "both"),
        ([(0.3, 0.5), (0.2, 0.6)], "text"),
        ([(0.3, 0.2), (0.5, 0.6)], "image"),
        ([(0.1, 0.6), (0.7, 0.2)], "neither"),
        ([(0.4, 0.4), (0.4, 0.4)], "ties are neither"),
        // The captions of the first image tie.
        ([(0.5, 0.1), (0.5, 0.6)], "image, text ties"),
    ];
    let (mut images, mut texts, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for (n, ([c0, c1], _)) in cases.iter().enumerate() {
        images.extend([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
        texts.extend(caption(c0.0, c0.1));
        texts.extend(caption(c1.0, c1.1));
        let n = n as u32;
        rows.push(Trial {
            category: n / 3,
            images: vec![2 * n, 2 * n + 1],
            captions: vec![2 * n, 2 * n + 1],
        });
    }
    let trials = made(Benchmark::Winoground, rows, 12, &["Object", "Relation"]);
    let images = Embeddings::new(images, 3).unwrap();
    let texts = Embeddings::new(texts, 3).unwrap();
    let report = compositional(&trials, &images, &texts).unwrap();
    let scores = report.scores.unwrap();
    near(scores.text, 100.0 * 2.0 / 6.0);
    near(scores.image, 100.0 * 3.0 / 6.0);
    near(scores.group, 100.0 / 6.0);
    near(report.accuracy, scores.group);
    near(report.chance, 100.0 / 6.0);
    let object = &report.categories[0];
    assert_eq!((object.name.as_str(), object.trials), ("Object", 3));
    near(object.accuracy, 100.0 / 3.0);
    near(object.scores.unwrap().text, 200.0 / 3.0);
    near(report.categories[1].accuracy, 0.0);
}

/// One trial per entry: its category and whether the right caption wins, ties with, or loses to the wrong one.
fn captions_only(
    benchmark: Benchmark,
    outcomes: &[(u32, f32)],
    categories: &[&str],
) -> Compositional {
    let (mut texts, mut rows) = (Vec::new(), Vec::new());
    for (n, &(category, lead)) in outcomes.iter().enumerate() {
        texts.extend(caption(0.5 + lead, 0.0));
        texts.extend(caption(0.5, 0.0));
        let n = n as u32;
        rows.push(Trial {
            category,
            images: vec![0],
            captions: vec![2 * n, 2 * n + 1],
        });
    }
    let trials = made(benchmark, rows, 2 * outcomes.len(), categories);
    let images = Embeddings::new(vec![1.0, 0.0, 0.0], 3).unwrap();
    compositional(&trials, &images, &Embeddings::new(texts, 3).unwrap()).unwrap()
}

#[test]
fn accuracy_is_the_mean_of_the_categories_and_ties_are_wrong() {
    let outcomes = [(0, 0.1), (0, 0.1), (0, 0.1), (0, 0.0), (1, -0.1)];
    for benchmark in [Benchmark::AroRelation, Benchmark::SugarCrepe] {
        let report = captions_only(benchmark, &outcomes, &["on", "eating", "empty"]);
        near(report.accuracy, 37.5);
        near(report.micro, 60.0);
        near(report.chance, 50.0);
        assert_eq!(report.scores, None);
        let ties: Vec<usize> = report.categories.iter().map(|c| c.ties).collect();
        assert_eq!((report.ties, ties), (1, vec![1, 0]));
        let counts: Vec<_> = report
            .categories
            .iter()
            .map(|c| (c.name.as_str(), c.trials))
            .collect();
        assert_eq!(counts, [("on", 4), ("eating", 1)]);
        // Wilson's interval of 3 in 4, from its closed form.
        assert!((report.categories[0].low - 30.064_184).abs() < 1e-4);
        assert!((report.categories[0].high - 95.441_273).abs() < 1e-4);
    }
}

#[test]
fn pairs_of_attributes_count_from_25_trials() {
    let mut outcomes: Vec<(u32, f32)> = (0..25)
        .map(|i| (0, if i < 20 { 0.1 } else { -0.1 }))
        .collect();
    outcomes.extend([(1, -0.1); 24]);
    let report = captions_only(Benchmark::AroAttribution, &outcomes, &["a_b", "c_d"]);
    near(report.accuracy, 80.0);
    near(report.micro, 100.0 * 20.0 / 49.0);
    assert_eq!(report.categories.len(), 2);
}

#[test]
fn embeddings_of_another_shape_are_refused() {
    let trial = Trial {
        category: 0,
        images: vec![0],
        captions: vec![0, 1],
    };
    let trials = made(Benchmark::AroOrder, vec![trial], 2, &["all"]);
    let rows = |n: usize, dim| Embeddings::new(vec![1.0; n * dim], dim).unwrap();
    assert!(compositional(&trials, &rows(1, 3), &rows(2, 3)).is_ok());
    assert!(compositional(&trials, &rows(2, 3), &rows(2, 3)).is_err());
    assert!(compositional(&trials, &rows(1, 3), &rows(3, 3)).is_err());
    assert!(compositional(&trials, &rows(1, 3), &rows(2, 4)).is_err());
}

#[test]
fn a_crop_is_cut_as_pillow_cuts_it() {
    let rgb: Vec<u8> = (0..4 * 3).flat_map(|i| [i, 100 + i, 200]).collect();
    let picture = Picture {
        width: 4,
        height: 3,
        rgb,
    };
    let red = |crop| -> Vec<u8> {
        let part = cropped(&picture, crop);
        assert_eq!(part.rgb.len(), 3 * (part.width * part.height) as usize);
        part.rgb.chunks(3).map(|p| p[0]).collect()
    };
    assert_eq!(red([1, 1, 2, 2]), [5, 6, 9, 10]);
    assert_eq!(red([0, 0, 4, 3]), (0..12).collect::<Vec<u8>>());
    // Beyond the edges is black.
    assert_eq!(red([-1, -1, 3, 2]), [0, 0, 0, 0, 0, 1]);
    assert_eq!(red([3, 2, 2, 2]), [11, 0, 0, 0]);
    assert_eq!(red([9, 9, 2, 1]), [0, 0]);
    assert_eq!(red([-9, 0, 2, 1]), [0, 0]);
}
