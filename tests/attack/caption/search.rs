//! The exchange of words.

use super::{close, demo, demo_words, dot};
use nearmiss::attack::caption::{Aim, Options, SearchMethod, split, substitute};
use nearmiss::task::Task;
use std::collections::HashSet;

#[test]
fn the_first_order_finds_what_asking_for_everything_finds() {
    let stage = demo();
    let words = demo_words();
    let captions: Vec<usize> = (0..stage.dataset.captions.len())
        .step_by(5)
        .take(30)
        .collect();
    // Measured: 18 and 0.88 in four rounds, 10 and 0.82 in one. The floors leave room for another engine's rounding.
    for (top, rounds, least, part) in [(64, 4, 15, 0.84), (64, 1, 7, 0.76)] {
        let (mut found, mut share) = (0, 0.0);
        for &j in &captions {
            let options = Options {
                top,
                rounds,
                ..Options::default()
            };
            let ours = stage.search(j, &options, true);
            assert_eq!(
                (ours.method, ours.queries),
                (SearchMethod::Gradient, top + 1)
            );
            let margin = f64::from(ours.edits[0].after.margin.unwrap());
            let best = stage.least_margin(j, &words);
            assert!(margin > best - 1e-5, "nothing can be better than the best");
            found += usize::from(margin < best + 1e-5);
            let before = f64::from(ours.before.margin.unwrap());
            share += (before - margin) / (before - best) / captions.len() as f64;
        }
        println!(
            "top {top}, {rounds} rounds: the best of all in {found} of {}, {share:.3} of its effect",
            captions.len()
        );
        assert!(found >= least && share > part);
    }
}

#[test]
fn asking_the_model_alone_finds_the_best_edit() {
    let stage = demo();
    for j in [0, 33] {
        let found = stage.search(j, &Options::default(), false);
        assert_eq!((found.method, found.gradients), (SearchMethod::Queries, 0));
        assert!(found.no_gradient.is_some());
        let best = stage.least_margin(j, &demo_words());
        assert!((f64::from(found.edits[0].after.margin.unwrap()) - best).abs() < 1e-5);
        // With fewer queries than there are edits they are kept to.
        let few = stage.search(
            j,
            &Options {
                most: 40,
                ..Options::default()
            },
            false,
        );
        let words = split(&stage.dataset.captions[j]).len();
        assert!(few.queries <= 41 + words, "{}", few.queries);
        assert!(few.edits[0].after.margin.unwrap() >= found.edits[0].after.margin.unwrap());
    }
}

#[test]
fn what_is_reported_is_what_the_model_gives_for_the_edited_text() {
    let stage = demo();
    for (j, words) in [(2, 1), (11, 2), (40, 2)] {
        let caption = &stage.dataset.captions[j];
        let image = stage.dataset.image_of(j);
        let found = stage.search(
            j,
            &Options {
                words,
                ..Options::default()
            },
            true,
        );
        close(
            found.before,
            stage.among_images(stage.embedded.texts.row(j), image),
        );
        assert_eq!(found.edits.len(), 10);
        let mut last = f32::NEG_INFINITY;
        for edit in &found.edits {
            let row = stage.embed(std::slice::from_ref(&edit.text));
            close(edit.after, stage.among_images(row.row(0), image));
            assert_eq!(edit.reached, edit.after.rank > 1);
            assert!((1..=words).contains(&edit.changes.len()));
            let mut text = caption.clone();
            for change in edit.changes.iter().rev() {
                assert_eq!(caption[change.start..change.end], change.from);
                assert_eq!(split(caption)[change.word].text, change.from);
                assert_ne!(change.from.to_lowercase(), change.to.to_lowercase());
                text.replace_range(change.start..change.end, &change.to);
            }
            assert_eq!(text, edit.text);
            assert!(edit.after.margin.unwrap() >= last, "best first");
            last = edit.after.margin.unwrap();
        }
        let distinct: HashSet<&str> = found.edits.iter().map(|e| e.text.as_str()).collect();
        assert_eq!(distinct.len(), found.edits.len());
        // The same call gives the same answer.
        let again = stage.search(
            j,
            &Options {
                words,
                ..Options::default()
            },
            true,
        );
        assert_eq!(again.edits, found.edits);
    }
}

#[test]
fn two_words_are_at_least_as_good_as_one() {
    let stage = demo();
    let (mut one_reached, mut two_reached, mut better) = (0, 0, 0);
    for j in (0..40).step_by(4) {
        let one = stage.search(j, &Options::default(), true);
        let two = stage.search(
            j,
            &Options {
                words: 2,
                ..Options::default()
            },
            true,
        );
        assert!(two.edits[0].after.margin <= one.edits[0].after.margin);
        assert!(two.queries > one.queries && two.gradients > one.gradients);
        better += usize::from(two.edits[0].changes.len() == 2);
        one_reached += usize::from(one.edits[0].reached);
        two_reached += usize::from(two.edits[0].reached);
    }
    println!("reached with one word {one_reached} of 10, with two {two_reached}");
    assert!(better > 5 && two_reached >= one_reached && one_reached > 0);
}

#[test]
fn every_aim_moves_the_margin_its_way() {
    let stage = demo();
    let caption = 12;
    let own = stage.dataset.image_of(caption);
    let text = &stage.dataset.captions[caption];
    let search = |aim, image| {
        let options = Options {
            aim,
            ..Options::default()
        };
        let (scene, task) = (stage.scene(), Task::detached());
        substitute(
            &scene,
            text,
            Some(caption),
            image,
            &options,
            Some(&stage.guide),
            &task,
        )
        .unwrap()
    };
    for (aim, image) in [
        (Aim::ImageLoses, own),
        (Aim::CaptionLoses, own),
        (Aim::ImageWins, own + 3),
        (Aim::CaptionWins, own + 3),
    ] {
        let found = search(aim, image);
        let (before, after) = (
            found.before.margin.unwrap(),
            found.edits[0].after.margin.unwrap(),
        );
        if matches!(aim, Aim::ImageLoses | Aim::CaptionLoses) {
            assert!(after < before, "{aim:?}");
        } else {
            assert!(after > before, "{aim:?}");
        }
        if aim == Aim::CaptionWins {
            // Its negatives are all captions but itself.
            let row = stage.embed(std::slice::from_ref(&found.edits[0].text));
            let score = dot(row.row(0), stage.embedded.images.row(image));
            let negatives = (0..stage.embedded.texts.rows()).filter(|j| *j != caption);
            let hardest = negatives.map(|j| {
                dot(
                    stage.embedded.texts.row(j),
                    stage.embedded.images.row(image),
                )
            });
            assert!((f64::from(after) - (score - hardest.fold(f64::MIN, f64::max))).abs() < 1e-5);
        }
    }
}
