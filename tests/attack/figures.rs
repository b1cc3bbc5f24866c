//! Robust figures against their definitions: each recall is that of an attack on it.

use super::sets::{request, run};
use super::victims::demo;
use crate::attack::method;
use nearmiss::attack::{
    Checkpoint, Figure, Goal, Loss, Method, Norm, Set, SetReport, SetRequest, Threat, attack_set,
};
use nearmiss::compute::{Band, Embedded, Embeddings, Groups, TIE};
use nearmiss::dataset::npy::read_array;
use nearmiss::retrieval::{EvalOptions, Side, evaluate, part, recall};
use nearmiss::task::Task;
use std::path::Path;

/// The order over all six figures.
fn all(method: Method, images: usize) -> SetRequest {
    SetRequest {
        at: SetRequest::AT.to_vec(),
        sides: SetRequest::SIDES.to_vec(),
        ..request(method, images, 8)
    }
}

/// The perturbed picture that stands for a figure of a query, by its file's name; `None` where there is none.
fn saved(folder: &Path, image: usize, query: &str, k: usize) -> Option<Vec<f32>> {
    let start = format!("{image:05}-");
    let wanted = |name: &str| {
        let (_, rest) = name.rsplit_once(query)?;
        let ranks = rest.strip_prefix("-at-")?.strip_suffix(".npy")?;
        let is_of = ranks.split('-').any(|r| r == k.to_string());
        (name.starts_with(&start) && is_of).then_some(())
    };
    let entries = std::fs::read_dir(folder.join("exact")).unwrap().flatten();
    let mut paths = entries.map(|e| e.path());
    let found = paths.find(|p| wanted(&p.file_name().unwrap().to_string_lossy()).is_some())?;
    Some(read_array(&found).unwrap().0)
}

/// Rank of the best of `right` among all others, ties against it.
fn rank(scores: &[f32], right: std::ops::Range<usize>) -> u32 {
    let best = scores[right.clone()]
        .iter()
        .copied()
        .fold(f32::MIN, f32::max);
    let above = |j: &usize| !right.contains(j) && scores[*j] >= best - TIE;
    1 + (0..scores.len()).filter(above).count() as u32
}

#[test]
fn every_figure_is_recall_over_pictures_attacked_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut request = all(method("pgd"), 16);
    request.eps = vec![2.0 / 255.0];
    request.save = Some(folder.path().to_path_buf());
    let report = run(&request);
    let set: &Set = &request.set;
    let task = Task::detached();
    let embedded = |x: &[f32]| {
        let (values, dim) = set.network.forward(x, 1, &task).unwrap();
        Embeddings::new(values, dim).unwrap()
    };
    for (figure, value) in &report.levels[0].robust.values {
        let mut ranks = Vec::new();
        for image in 0..16 {
            let own = set.embedded.groups.range(image);
            if figure.side == Side::Image {
                let x =
                    saved(folder.path(), image, "i2t", figure.k).expect("every picture has a file");
                let found = embedded(&x);
                let scores: Vec<f32> = (0..set.embedded.texts.rows())
                    .map(|j| found.dot(0, &set.embedded.texts, j))
                    .collect();
                ranks.push(rank(&scores, own));
                continue;
            }
            for j in own {
                let query = format!("t2i-caption-{j:05}");
                let mut scores: Vec<f32> = (0..set.embedded.images.rows())
                    .map(|i| set.embedded.images.dot(i, &set.embedded.texts, j))
                    .collect();
                if let Some(x) = saved(folder.path(), image, &query, figure.k) {
                    for (x, c) in x.iter().zip(demo().pixels(&[image])) {
                        assert!((x - c).abs() <= 2.0 / 255.0 + 1e-6 && (0.0..=1.0).contains(x));
                    }
                    scores[image] = embedded(&x).dot(0, &set.embedded.texts, j);
                }
                ranks.push(rank(&scores, image..image + 1));
            }
        }
        assert!(
            (recall(&ranks, figure.k) - value).abs() < 1e-9,
            "{figure}: {value}"
        );
    }
    // Every one is below the clean one here, and the deeper the rank the higher.
    for side in SetRequest::SIDES {
        let of = |k: usize| report.levels[0].robust.get(side, k).unwrap();
        assert!(of(1) <= of(5) && of(5) <= of(10));
        assert!(of(1) < report.clean_at.get(side, 1).unwrap());
    }
}

#[test]
fn an_attack_on_all_figures_is_at_least_as_strong_as_one_on_each() {
    for method in [method("pgd"), method("fgsm"), method("noise")] {
        let whole = run(&all(method, 12));
        for Figure { side, k } in all(method, 12).asked().figures() {
            let mut single = all(method, 12);
            (single.at, single.sides) = (vec![k], vec![side]);
            let single = run(&single);
            for (a, b) in whole.levels.iter().zip(&single.levels) {
                let (a, b) = (
                    a.robust.get(side, k).unwrap(),
                    b.robust.get(side, k).unwrap(),
                );
                assert!(
                    a <= b + 1e-9,
                    "{method:?}, {side:?} at {k}: {a} and alone {b}"
                );
            }
            // What was not attacked for is not there.
            let only = &single.levels[0].robust;
            assert_eq!(only.values.len(), 1);
            assert_eq!(only.rsum(), None);
            let json = serde_json::to_value(only).unwrap();
            let (own, other) = match side {
                Side::Image => ("i2t", "t2i"),
                Side::Text => ("t2i", "i2t"),
            };
            assert!(json.get(other).is_none() && json.get("rsum").is_none());
            let keys: Vec<_> = json[own].as_object().unwrap().keys().cloned().collect();
            assert_eq!(keys, [format!("r{k}")]);
        }
    }
}

fn consistent(report: &SetReport) {
    for level in &report.levels {
        assert_eq!(level.success.len(), report.clean_at.values.len());
        for success in &level.success {
            let side = SetRequest::SIDES
                .into_iter()
                .find(|&s| nearmiss::attack::direction(s) == success.direction)
                .unwrap();
            let clean = report.clean_at.get(side, success.k).unwrap();
            let robust = level.robust.get(side, success.k).unwrap();
            assert!((success.drop - (clean - robust)).abs() < 1e-9);
            // Whatever was wrong stays wrong, so that both names say the same of different wholes.
            if let Some(of_right) = success.of_right {
                assert!((100.0 * of_right - 100.0 * success.drop / clean).abs() < 1e-9);
            }
        }
        let first = level
            .success
            .iter()
            .find(|s| (s.direction, s.k) == ("i2t", 1));
        assert_eq!(level.success_rate, first.and_then(|s| s.of_right));
    }
}

#[test]
fn success_has_both_names() {
    let report = run(&all(method("pgd"), 24));
    consistent(&report);
    assert!(report.levels[1].success_rate > report.levels[0].success_rate);
    assert!(
        report.levels[1].success_rate > Some(0.0),
        "4/255 breaks some of the demo"
    );
    let json = serde_json::to_value(&report).unwrap();
    let first = json["levels"][0]["success"][0].as_object().unwrap();
    let keys: Vec<_> = first.keys().map(String::as_str).collect();
    assert_eq!(keys, ["direction", "drop", "k", "of_right"]);
    assert!(
        json["levels"][0]["robust"]["i2t"].get("medr").is_none(),
        "medians are of clean pictures"
    );
    // Over another goal no recall is claimed.
    let mut other = all(method("pgd"), 4);
    other.goal = Goal::Away;
    let json = serde_json::to_value(run(&other)).unwrap();
    assert!(json["levels"][0]["robust"].get("i2t").is_none());
    assert!(json["levels"][0]["success_rate"].is_number());
}

#[test]
fn pictures_wrong_before_are_attacked_at_deeper_ranks() {
    let request = all(method("pgd"), 60);
    let mut done = Checkpoint::default();
    attack_set(&request, &mut done, &Task::detached()).unwrap();
    let mut deeper = 0;
    for unit in done.rows().flat_map(|r| &r.units) {
        let [one, five, _] = unit.before.reached[..] else {
            panic!("three ranks");
        };
        deeper += usize::from(one && !five && !unit.finds.is_empty());
    }
    assert!(deeper > 0, "some are wrong at rank 1 and right at rank 5");
}

#[test]
fn the_ball_is_the_one_that_was_used() {
    let mut request = request(method("fourier"), 6, 6);
    let report = run(&request);
    assert!(matches!(report.settings.threat.norm, Norm::Fourier(_)));
    // Of the smallest perturbations each counts at the radii that contain it, measured in that norm.
    for method in [method("cw"), method("deepfool"), method("fab")] {
        for norm in [Norm::Fourier(Band::ALL), Norm::L2, Norm::Linf, Norm::L1] {
            request.settings.method = method;
            request.settings.steps = Some(20);
            request.settings.threat.norm = norm;
            // No perturbation is as small as the first, whatever the norm.
            request.eps = vec![1e-9, 100.0];
            let mut done = Checkpoint::default();
            let report = attack_set(&request, &mut done, &Task::detached()).unwrap();
            assert_eq!(
                report.levels[0].robust.values, report.clean_at.values,
                "{method:?}, {norm:?}: nothing fits"
            );
            assert!(
                report.levels[1].success_rate > Some(0.0),
                "{method:?}, {norm:?}"
            );
            for find in done.rows().flat_map(|r| &r.units).flat_map(|u| &u.finds) {
                let size = find.norm.expect("a norm that is measured");
                // Parseval: the largest of n magnitudes is at least their root mean square.
                let least = match norm {
                    Norm::Fourier(_) => {
                        f64::from(find.size.l2) / (request.set.network.grid().len() as f64).sqrt()
                    }
                    Norm::L2 => f64::from(find.size.l2),
                    Norm::L1 => f64::from(find.size.l1),
                    _ => f64::from(find.size.linf),
                };
                assert!(
                    f64::from(size) >= least * 0.999,
                    "{method:?}, {norm:?}: {size} and {least}"
                );
            }
        }
    }
}

#[test]
fn the_usual_radii_end_where_nothing_is_left() {
    let mut request = request(method("pgd"), 6, 6);
    request.settings.steps = Some(10);
    request.eps = Threat::usual_radii(Norm::Linf);
    request.adaptive = true;
    let report = run(&request);
    assert!(
        report.levels.len() < request.eps.len(),
        "the demo does not last"
    );
    let recall = |at: usize| report.levels[at].robust.get(Side::Image, 1).unwrap();
    let last = report.levels.len() - 1;
    assert_eq!(recall(last), 0.0);
    assert!(recall(last - 1) > 0.0 && recall(0) > 0.0);
    request.adaptive = false;
    assert_eq!(run(&request).levels.len(), request.eps.len());
}

#[test]
fn the_figures_of_a_part_are_of_that_part() {
    let set = &demo().set;
    let task = Task::detached();
    let options = EvalOptions::default();
    let (images, texts, groups) = (
        &set.embedded.images,
        &set.embedded.texts,
        &set.embedded.groups,
    );
    let whole = evaluate(&*set.engine, images, texts, groups, &options, &task).unwrap();
    let rows = [3_usize, 4, 9, 30];
    let found = part(&whole, (images, texts, groups), &rows, &task).unwrap();
    let (mut sum, mut most, mut pairs) = (0.0, 0.0, 0);
    for &i in &rows {
        for c in groups.range(i) {
            let own = images.dot(i, texts, c);
            let hinge = |s: f32| f64::from((options.margin + s - own).max(0.0));
            let captions: Vec<f64> = (0..texts.rows())
                .filter(|j| !groups.range(i).contains(j))
                .map(|j| hinge(images.dot(i, texts, j)))
                .collect();
            let others: Vec<f64> = (0..images.rows())
                .filter(|&o| o != i)
                .map(|o| hinge(images.dot(o, texts, c)))
                .collect();
            let top = |all: &[f64]| all.iter().copied().fold(0.0, f64::max);
            sum += captions.iter().chain(&others).sum::<f64>();
            most += top(&captions) + top(&others);
            pairs += 1;
        }
    }
    assert_eq!((found.images, found.captions), (4, pairs));
    assert!(
        (found.loss_sh - sum / pairs as f64).abs() < 1e-3 * found.loss_sh,
        "{} and {}",
        found.loss_sh,
        sum / pairs as f64
    );
    assert!((found.loss_mh - most / pairs as f64).abs() < 1e-5);
    assert!(
        (found.loss_sh - whole.report.loss_sh).abs() > 1e-3,
        "not that of the whole set"
    );
    // All rows are the whole.
    let every: Vec<usize> = (0..groups.images()).collect();
    assert_eq!(
        part(&whole, (images, texts, groups), &every, &task).unwrap(),
        whole.report
    );
}

#[test]
fn a_loss_that_compares_more_than_there_is_is_refused() {
    let demo = demo();
    let captions: Vec<u32> = (0..2)
        .map(|i| demo.set.embedded.groups.range(i).start as u32)
        .collect();
    let set = Set {
        embedded: Embedded::new(
            demo.set.embedded.images.slice(0..2),
            demo.set.embedded.texts.gather(&captions),
            Groups::new(vec![0, 1, 2]).unwrap(),
        )
        .unwrap(),
        ..demo.set.clone()
    };
    for (loss, least) in [(Loss::Dlr, "3"), (Loss::TargetedDlr, "4")] {
        let mut request = request(method("pgd"), 2, 2);
        request.set = set.clone();
        request.settings.loss = loss;
        let refused = attack_set(&request, &mut Checkpoint::default(), &Task::detached());
        let said = refused.unwrap_err().to_string();
        assert!(said.contains(least) && said.contains("DLR"), "{said}");
    }
    // Two captions have a margin and a cross-entropy; no fifth rank can be lost, which is no error.
    for loss in [Loss::Margin, Loss::CrossEntropy] {
        let mut request = all(method("pgd"), 2);
        request.set = set.clone();
        request.settings.loss = loss;
        let report = run(&request);
        assert_eq!(report.levels[1].robust.get(Side::Image, 5), Some(100.0));
    }
    let mut goals = request(method("pgd"), 2, 2);
    goals.goal = Goal::Away;
    goals.settings.loss = Loss::Dlr;
    assert!(attack_set(&goals, &mut Checkpoint::default(), &Task::detached()).is_err());
}

#[test]
fn a_number_of_pixels_is_whole() {
    let mut request = request(method("pgd"), 2, 2);
    request.settings.threat.norm = Norm::L0;
    request.eps = vec![8.0 / 255.0];
    let said = attack_set(&request, &mut Checkpoint::default(), &Task::detached());
    let said = said.unwrap_err();
    assert!(said.to_string().contains("pixels"), "{said}");
    request.eps = vec![10.0, 100.0];
    let mut done = Checkpoint::default();
    attack_set(&request, &mut done, &Task::detached()).unwrap();
    for find in done.rows().flat_map(|r| &r.units).flat_map(|u| &u.finds) {
        assert!(f64::from(find.size.l0) <= f64::from(find.eps));
    }
}
